"""Boots the machine, waits for it to switch itself off, and reports. `make test-bluez`.

Exit 0 when every check passed, 1 when one failed, the machine did not come to its end, or it cannot be made here.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from bluez import build
from bluez.checks import checks
from hiphold.errors import HipholdError

LIMIT_S = 600.0  # real time, on a computer with much else to do
TAIL = 25  # lines of a log that are shown when something failed


def folder(tag: str, path: Path, options: str = "") -> list[str]:
    """A folder of this computer, for the machine to mount under `tag`."""
    shared = f"local,id={tag},path={str(path).replace(',', ',,')},security_model=none{options}"
    return ["-fsdev", shared, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]


def command(made: Path, out: Path) -> list[str]:
    return [
        *("setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64"),  # it must not outlive us, however we end
        *(
            "-machine",
            "q35",
            "-accel",
            "tcg",
            "-icount",
            "shift=0,sleep=off",
            "-cpu",
            "Nehalem",
            "-smp",
            "1",
            "-m",
            "2048",
        ),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio"),
        *("-kernel", str(made / "vmlinuz"), "-initrd", str(made / "root.cpio")),
        *("-append", "console=ttyS0 quiet panic=-1 loglevel=3"),
        *folder("repository", build.REPOSITORY, ",readonly=on"),
        *folder("out", out),
    ]


def boot(made: Path, out: Path) -> bool:
    """Whether the machine came to its own end in time."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    with (out / "console.log").open("wb") as console:
        machine = subprocess.Popen(command(made, out), stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        try:
            machine.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            return False
        finally:
            machine.kill()
            machine.wait()
    return (out / "exit-code").exists()


def report(out: Path) -> bool:
    """Print a line per check. Whether all passed."""
    passed = []
    try:
        for check in checks(out):
            print(f"{'PASS' if check.passed else 'FAIL'}  {check.name}: {check.found}")
            passed.append(check.passed)
    except (OSError, KeyError, HipholdError) as error:
        print(f"FAIL  the machine left no account of it: {type(error).__name__} {error}")
        return False
    return all(passed)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        made = build.make()
    except build.BuildError as error:
        print(error, file=sys.stderr)
        return 1
    out = made / "out"
    print(f"booting Debian {build.SUITE}; this takes three minutes, more on a busy computer ...", flush=True)
    began_s = time.monotonic()
    ended = boot(made, out)
    print(f"the machine ran for {time.monotonic() - began_s:.0f} s")
    if ended and report(out):
        return 0
    print("FAILED" if ended else f"FAILED: the machine did not come to its end within {LIMIT_S:.0f} s")
    for log in ("console.log", "inside.log"):
        if (out / log).exists():
            print(f"--- {out / log}", *(out / log).read_text("utf-8", "replace").splitlines()[-TAIL:], sep="\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
