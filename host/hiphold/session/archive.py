"""Where recordings go, and what an athlete achieved before: a folder per athlete, a recording beside its figures.

    anna/2026-11-30_181500.mcap
    anna/2026-11-30_181500.json

Rule 1: nothing that is there is overwritten, and a recording and its figures always have the same stem.
Rule 2: figures that are read may be anyone's: bounded in size, checked, and passed over when they are not right.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import isnan, nan
from pathlib import Path

from hiphold.errors import BadInputError
from hiphold.files import told, write
from hiphold.measurement import SCHEMA
from hiphold.session.preferences import SIDES, is_code, why_no_code
from hiphold.session.scene import Best
from hiphold.session.texts import text

MAX_BYTES = 5_000_000
"""larger figures are not read: a session of an hour has a twentieth of it"""
LONGEST_S = 86_400.0
_TRIES = 1000
_NAME_LENGTH, _NAME_BYTES = 60, 150


def new_recording(folder: Path, athlete: str, started: datetime) -> Path:
    """A free path for a recording, named after its start; the athlete's folder is made.

    Raises BadInputError when the athlete's code is none, or the folder cannot be made.
    """
    why = why_no_code(athlete)
    if why:
        raise BadInputError(text("archive.no_athlete", code=repr(athlete), why=why))
    own = folder / athlete
    with told(own):
        own.mkdir(parents=True, exist_ok=True)
    stem = f"{started:%Y-%m-%d_%H%M%S}"
    free = (
        name for name in _numbered(stem) if not (own / f"{name}.mcap").exists() and not _figures(own, name).exists()
    )
    return own / f"{_first(free, own, stem)}.mcap"


def save(recording: Path, measurement_json: str, name: str = "") -> Path:
    """Put the figures beside their recording, and give both this name, if any. Returns the recording's path.

    The name loses what cannot be in a file's name, and gets a number when it is taken. Figures that stand beside
    the recording already are replaced, as they are of the same recording. Raises BadInputError when something cannot be
    written: the recording is then where it was.
    """
    stem = safe_name(name) or recording.stem
    if stem == recording.stem:
        write(recording.with_suffix(".json"), measurement_json)
        return recording
    if not recording.is_file():
        raise BadInputError(text("archive.no_recording", path=recording))
    target = _reserved(recording.parent, stem, recording.suffix)
    try:
        write(target.with_suffix(".json"), measurement_json)
        with told(recording):
            recording.replace(target)
    except Exception:
        for path in (target, target.with_suffix(".json")):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise
    with suppress(OSError):  # the former figures
        recording.with_suffix(".json").unlink(missing_ok=True)
    return target


def safe_name(name: str) -> str:
    """What of a name can be in a file's name on every system; may be empty."""
    plain = unicodedata.normalize("NFC", name)
    kept = "".join(c if _is_part(c) else " " if c.isspace() else "_" for c in plain)
    short = "-".join(kept.split())[:_NAME_LENGTH].encode()[:_NAME_BYTES].decode(errors="ignore").strip("-_")
    return f"{short}_" if re.fullmatch(r"(?i)con|prn|aux|nul|(com|lpt)[0-9¹²³]", short) else short


def _is_part(character: str) -> bool:
    """Letters, digits and marks of any script, - and _."""
    return character in "-_" or unicodedata.category(character)[0] in "LNM"


def _figures(folder: Path, stem: str) -> Path:
    return folder / f"{stem}.json"


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}-{number}" for number in range(2, _TRIES))


def _first(names: Iterator[str], folder: Path, stem: str) -> str:
    found = next(names, None)
    if found is None:
        raise BadInputError(text("archive.full", stem=stem, folder=folder))
    return found


def _reserved(folder: Path, stem: str, suffix: str) -> Path:
    """A free name, taken by two empty files, so that nobody else can take it meanwhile."""
    return folder / (
        _first((name for name in _numbered(stem) if _reserve(folder, name, suffix)), folder, stem) + suffix
    )


def _reserve(folder: Path, stem: str, suffix: str) -> bool:
    made: list[Path] = []
    with told(folder):
        try:
            for path in (folder / f"{stem}{suffix}", _figures(folder, stem)):
                path.open("x").close()
                made.append(path)
        except FileExistsError:
            for path in made:
                path.unlink()
            return False
    return True


def athletes(folder: Path) -> list[str]:
    """The codes of all who have a folder, sorted; none when there is nothing."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if is_code(entry.name) and entry.is_dir())
    except (OSError, ValueError):
        return []


def move(recording: Path, folder: Path, athlete: str) -> Path:
    """Put a recording into another athlete's folder; where it is then. Raises BadInputError."""
    target = new_recording(folder, athlete, datetime.now().astimezone())
    target = _reserved(target.parent, recording.stem, recording.suffix)
    with told(recording):
        recording.replace(target)
    return target


@dataclass(frozen=True)
class Achieved:
    """What an athlete's figures say."""

    bests: dict[str, Best]
    """by side"""
    sessions: int
    """that could be read"""
    skipped: int
    """files that are no figures of this program, or are damaged"""


Longest = dict[str, tuple[float, float]]
"""side -> the longest hold of a session, s, and its mean elevation, deg"""

_read: dict[str, tuple[tuple[int, int], Longest | None]] = {}
"""path -> its time and size, and what was in it; None when that was nothing"""


def bests(folder: Path, athlete: str) -> dict[str, Best]:
    """The longest hold of each side before today's session. Never raises."""
    return achieved(folder, athlete).bests


def achieved(folder: Path, athlete: str) -> Achieved:
    """What all figures in the athlete's folder say; each is read once, and again when it changes. Never raises."""
    found = [_longest(entry) for entry in _entries(folder, athlete)]
    read = [longest for longest in found if longest is not None]
    top: Longest = {}
    for longest in read:
        _improve(top, longest)
    known = {side: Best(side, *top[side], today=False) for side in SIDES if side in top}
    return Achieved(known, len(read), len(found) - len(read))


def _entries(folder: Path, athlete: str) -> list[os.DirEntry[str]]:
    if not is_code(athlete):
        return []
    try:
        with os.scandir(folder / athlete) as entries:
            return [entry for entry in entries if entry.name.endswith(".json") and not entry.name.startswith(".")]
    except (OSError, ValueError):
        return []


def _longest(entry: os.DirEntry[str]) -> Longest | None:
    try:
        status = entry.stat()
        stamp = status.st_mtime_ns, status.st_size
        if entry.path not in _read or _read[entry.path][0] != stamp:
            whole = entry.is_file() and status.st_size <= MAX_BYTES
            _read[entry.path] = stamp, _holds(_content(Path(entry.path))) if whole else None
        return _read[entry.path][1]
    except OSError:
        return None


def _content(path: Path) -> bytes:
    """Bounded, as a file may have grown since it was looked at."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _holds(content: bytes) -> Longest | None:
    """The longest hold of each side; None when these are no figures."""
    try:
        tree = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(tree, dict) or tree.get("schema") != SCHEMA or not isinstance(tree.get("holds"), list):
        return None
    longest: Longest = {}
    for hold in tree["holds"]:
        one = _hold(hold)
        if one is None:
            return None
        _improve(longest, one)
    return longest


def _hold(hold: object) -> Longest | None:
    """One hold; None when it is malformed."""
    if not isinstance(hold, dict) or hold.get("side") not in SIDES:
        return None
    elevation = hold.get("femur_elevation_deg")
    mean_deg = _number(elevation.get("mean"), -90, 90) if isinstance(elevation, dict) else nan
    length_s = _number(hold.get("hold_s"), 0, LONGEST_S)
    return None if isnan(length_s) else {hold["side"]: (length_s, mean_deg)}


def _number(value: object, low: float, high: float) -> float:
    """NaN for what is no number in this range."""
    is_one = isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
    return float(value) if is_one else nan  # type: ignore[arg-type]


def _improve(top: Longest, longest: Longest) -> None:
    for side, (length_s, mean_deg) in longest.items():
        if side not in top or length_s > top[side][0]:
            top[side] = length_s, mean_deg
