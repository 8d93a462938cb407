"""What viper buys on the way from the chip's FIFO to the ring: `python tests/bench/sampler.py`.

The same firmware twice under the MicroPython of the tests, as it is and with its decorators taken off, so that it
runs as plain bytecode and pays for the objects it allocates. Taken in turns, A B A B ..., and the median of the pairs'
ratios is quoted. The times are of this machine and say nothing about an ESP32's.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FIRMWARE, SCRIPTS = REPOSITORY / "firmware", REPOSITORY / "tests/micropython"
PAIRS, SECONDS = 5, 0.1
STAGES = ("unpack", "fusion", "framing", "all")

POINTERS = """
import uctypes

def ptr16(buffer):
    return uctypes.struct(uctypes.addressof(buffer), {"a": (uctypes.ARRAY, 1 << 16 | uctypes.UINT16)}).a

def ptr32(buffer):
    return uctypes.struct(uctypes.addressof(buffer), {"a": (uctypes.ARRAY, 1 << 16 | uctypes.UINT32)}).a
"""
"""viper's pointers for bytecode: a buffer seen as words of another size"""


def strip(folder: Path) -> None:
    """The firmware without viper and native, into `folder`."""
    (folder / "pointers.py").write_text(POINTERS, "utf-8")
    for path in FIRMWARE.glob("*.py"):
        text = re.sub(r"^ *@micropython\.(viper|native)\n", "", path.read_text("utf-8"), flags=re.MULTILINE)
        text = text.replace("import micropython\n", "import micropython\nfrom pointers import ptr16, ptr32\n", 1)
        (folder / path.name).write_text(text, "utf-8")


def stage_us(firmware: Path, driver: str) -> dict[str, float]:
    interpreter = Path(sys.executable).with_name("micropython")
    folders = ":".join(map(str, (firmware, REPOSITORY / "host/hiphold", SCRIPTS)))
    command = [str(interpreter), str(SCRIPTS / "sampler_speed.py"), driver, str(SECONDS)]
    done = subprocess.run(command, env={"MICROPYPATH": folders}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{driver}: {done.stdout}{done.stderr}")
    taken: dict[str, float] = json.loads(done.stdout)
    return taken


def main() -> None:
    print(f"{'us per sample':<14}{'stage':<9}{'viper':>8}{'bytecode':>10}{'ratio':>7}")
    with tempfile.TemporaryDirectory() as name:
        strip(Path(name))
        for path in sorted(FIRMWARE.glob("imu_*.py")):
            driver = path.stem.removeprefix("imu_")
            pairs = [(stage_us(FIRMWARE, driver), stage_us(Path(name), driver)) for _ in range(PAIRS)]
            for stage in STAGES:
                if stage in pairs[0][0]:
                    viper, plain = (statistics.median(pair[side][stage] for pair in pairs) for side in (0, 1))
                    ratio = statistics.median(b[stage] / a[stage] for a, b in pairs)
                    print(f"{driver:<14}{stage:<9}{viper:>8.3f}{plain:>10.3f}{ratio:>7.1f}")


if __name__ == "__main__":
    main()
