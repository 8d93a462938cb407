"""Makes what the virtual machine boots, once: a kernel, and Debian with our Python packages as one initramfs.

All of it lies in .build/bluez and is made anew when its recipe changes. It takes no root rights and no mounts.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from shlex import quote

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
BUILD = REPOSITORY / ".build" / "bluez"
INIT = HERE / "init.sh"
VERSION = REPOSITORY / "host" / "hiphold" / "__init__.py"

SUITE, PYTHON = "bookworm", "3.11"  # a Debian release and its Python
PACKAGES = (
    "linux-image-amd64",
    "kmod",
    "mount",
    "iproute2",
    "busybox-static",
    "dbus",
    "bluez",
    "python3",
    "libstdc++6",
)
MODULES = (
    *("arch", "crypto", "lib", "fs/9p", "fs/fscache", "fs/netfs", "net/9p", "net/bluetooth", "net/rfkill"),
    *("drivers/virtio", "drivers/bluetooth/hci_vhci"),
)
LEFT_OUT = (
    *("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"),
    "/etc/kernel/postinst.d/*",  # else an initramfs is made that nobody boots
    *("/lib/modules/*/kernel/*", "/usr/lib/modules/*/kernel/*"),
)
PACK = """set -e
cp "$1"/boot/vmlinuz-* "$1"/kernel.out
chroot "$1" depmod "$(ls "$1"/lib/modules)"
chroot "$1" sh -c "find . -xdev '(' -path ./boot -o -path ./var/cache -o -path ./var/lib/apt -o -name '*.out' ')' \
    -prune -o -print | busybox cpio -o -H newc >root.out\""""
PIP = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_24_x86_64", "manylinux2014_x86_64")
PROGRAMS = {"micropython": "micropython_unix", "hiphold": "hiphold.cli"}
TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "mmdebstrap": "mmdebstrap"}
LIMIT_S = 900.0


class BuildError(Exception):
    """It cannot be made here; the message is a sentence for the person who started it."""


def make() -> Path:
    """The folder with vmlinuz and root.cpio, made when it is not there yet. Raises BuildError."""
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        raise BuildError(f"This test needs Debian's {' and '.join(missing)}: `sudo apt install {' '.join(missing)}`.")
    made = BUILD / SUITE
    made.mkdir(parents=True, exist_ok=True)
    site = [*_site_recipe(), VERSION.read_text("utf-8")]
    _once(made / "site", site, f"packages for its Python {PYTHON}", _make_site)
    _once(made / "root.cpio", [*_root_recipe(), INIT.read_text("utf-8"), *site], "its file system", _make_root)
    return made


def _once(target: Path, recipe: Sequence[str], what: str, maker: Callable[[Path], None]) -> None:
    stamp = target.with_name(target.name + ".recipe")
    digest = hashlib.sha256("\0".join(recipe).encode()).hexdigest()
    if target.exists() and stamp.exists() and stamp.read_text() == digest:
        return
    print(f"making Debian {SUITE} with BlueZ, once: {what} ...", flush=True)
    stamp.unlink(missing_ok=True)
    maker(target)
    stamp.write_text(digest)


def _root_recipe() -> list[str]:
    included = [f"{top}/modules/*/kernel/{part}*" for top in ("/lib", "/usr/lib") for part in MODULES]
    return [
        *("mmdebstrap", "--quiet", "--variant=essential", "--format=null", f"--include={','.join(PACKAGES)}"),
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
        *(f"--dpkgopt=path-include={pattern}" for pattern in included),
        f"--customize-hook=upload {quote(str(INIT))} /init",
        '--customize-hook=chmod 755 "$1"/init',
    ]


def _make_root(target: Path) -> None:
    site, kernel = target.with_name("site"), target.with_name("vmlinuz")
    hooks = (
        f"copy-in {quote(str(site))} /",
        PACK,
        f"download /kernel.out {quote(str(kernel))}",
        f"download /root.out {quote(str(target))}",
    )
    _run([*_root_recipe(), *(f"--customize-hook={hook}" for hook in hooks), SUITE, "/dev/null"])


def _site_recipe() -> list[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    needed = project["dependencies"] + project["optional-dependencies"]["rig"]
    return [
        *(*PIP, "--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp"),
        *(part for platform in PLATFORMS for part in ("--platform", platform)),
        *(requirement.partition(";")[0].strip() for requirement in needed),  # markers would be judged for our Python
    ]


def _make_site(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    _run([*_site_recipe(), "--target", str(target)])
    _run([*PIP, "--no-deps", "--target", str(target), str(REPOSITORY)])
    shutil.rmtree(target / "hiphold")  # only its metadata: the code is the repository's, as it is when it runs
    for program, module in PROGRAMS.items():  # pip's own begin with the path of our Python
        launcher = target / "bin" / program
        launcher.write_text(f"#!/usr/bin/python3\nfrom {module} import main\n\nmain()\n", "utf-8")
        launcher.chmod(0o755)


def _run(command: Sequence[str]) -> None:
    try:
        subprocess.run(command, check=True, timeout=LIMIT_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{Path(command[0]).name} failed; see above. It needs the network.") from error
