"""Logs of x-IMU3 sensors: a folder with one folder per sensor, as the x-IMU3 software writes them. Read only.

What the files hold is in the x-IMU3 user manual, section "CSV files": Inertial.csv in deg/s and g,
Quaternion.csv earth from sensor with z up, both stamped in us by the sensor's own clock.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from hiphold.errors import BadInputError
from hiphold.formats.cells import Table, read_table
from hiphold.formats.imported import (
    ACC_LIMIT_MPS2,
    GYR_LIMIT_RADPS,
    TIME_LIMIT_S,
    check_plausible,
    check_span,
    imported_frames,
    lids_by_placement,
    merged,
)
from hiphold.samples import G_MPS2, Floats, Frame

STAMP = "Timestamp (us)"
GYR = ("Gyroscope X (deg/s)", "Gyroscope Y (deg/s)", "Gyroscope Z (deg/s)")
ACC = ("Accelerometer X (g)", "Accelerometer Y (g)", "Accelerometer Z (g)")
QUATERNION = ("W", "X", "Y", "Z")

_TRUNK = re.compile(r"\b(chest|trunk|torso|back)\b")
_EXPECTED = (
    "One folder per sensor is expected, with Inertial.csv in it, named for where the sensor was worn: "
    "pelvis, Left Upper Leg, Right Upper Leg, Left Lower Leg, Right Lower Leg or chest."
)


@dataclass(frozen=True)
class _Sensor:
    """One sensor's log in SI units."""

    folder: Path
    placement: str
    time_s: Floats
    """(n,) by the sensor's own clock"""
    acc_mps2: Floats
    gyr_radps: Floats
    q_earth_from_sensor: Floats | None
    """(n, 4), NaN where none came"""
    stray_quaternions: int
    """quaternions without a sample of the same time"""


def placement_of(folder_name: str) -> str | None:
    """Where a sensor was worn, from the name of its folder; None when the name does not say."""
    name = re.sub(r"[\W_]+", " ", folder_name.lower())
    side = re.search(r"\b(left|right)\b", name)
    if side and re.search(r"\bupper leg\b", name):
        return f"thigh_{side[1]}"
    if side and re.search(r"\blower leg\b", name):
        return f"shank_{side[1]}"
    if re.search(r"\bpelvis\b", name):
        return "pelvis"
    return "trunk" if _TRUNK.search(name) else None


def read(folder: Path | str, lids: dict[str, str] | None = None) -> tuple[list[Frame], list[str], str | None]:
    """The frames of all sensors, notes on what was left out, and when it began by the earliest sensor's clock.

    `lids`: where the lid faces, by placement, where not as by default. Raises BadInputError when the folder is
    not such a log, with file and line where a file is to blame.
    """
    folder = Path(folder)
    sides = lids_by_placement(lids)
    folders, notes = _sensor_folders(folder)
    sensors = [_read_sensor(path, placement) for placement, path in folders.items()]
    zero_s = check_span(folder, [sensor.time_s for sensor in sensors])
    for sensor in sensors:
        if sensor.stray_quaternions:
            notes.append(
                f"{sensor.folder.name}: {sensor.stray_quaternions} quaternions have no sample of the same time."
            )
    frames = merged([_frames(sensor, sides[sensor.placement], zero_s) for sensor in sensors])
    return frames, notes, _started_at(list(folders.values()), notes)


def _sensor_folders(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Placement -> folder, and a note for each folder that is left out."""
    try:
        inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise BadInputError(f"{folder} cannot be read: {error.strerror or error}. {_EXPECTED}") from error
    folders: dict[str, Path] = {}
    notes = []
    for path in inside:
        placement = placement_of(path.name)
        if placement is None:
            notes.append(f"{path.name}: skipped, its name is none of the placements that are measured.")
        elif placement in folders:
            raise BadInputError(
                f"{folder}: {folders[placement].name!r} and {path.name!r} are both {placement}; move one away."
            )
        else:
            folders[placement] = path
    if not folders:
        raise BadInputError(f"{folder} has no folder of a sensor that can be placed. {_EXPECTED}")
    return folders, notes


def _read_sensor(folder: Path, placement: str) -> _Sensor:
    path = folder / "Inertial.csv"
    if not path.is_file():
        raise BadInputError(f"{folder} has no Inertial.csv; log the inertial messages of each sensor.")
    table = read_table(path, (STAMP, *GYR, *ACC))
    _check_stamps(table)
    acc_mps2, gyr_radps = table.columns(ACC) * G_MPS2, table.columns(GYR) * (math.pi / 180)
    for columns, values, limit in ((ACC, acc_mps2, ACC_LIMIT_MPS2), (GYR, gyr_radps, GYR_LIMIT_RADPS)):
        for column, beyond in zip(columns, (np.abs(values) > limit).T, strict=True):
            table.refuse_first(beyond, column, "{:g} is more than the sensor can measure; the file is damaged.")
    check_plausible(path, placement, acc_mps2, gyr_radps)
    q, stray = _quaternions(folder / "Quaternion.csv", table.numbers[STAMP])
    return _Sensor(folder, placement, table.numbers[STAMP] / 1e6, acc_mps2, gyr_radps, q, stray)


def _check_stamps(table: Table) -> None:
    stamp_us = table.numbers[STAMP]
    if not len(stamp_us):
        raise BadInputError(f"{table.path} has no rows after its header; nothing was logged.")
    table.refuse_first(np.abs(stamp_us) > TIME_LIMIT_S * 1e6, STAMP, "{:g} is no time in microseconds.")
    falls = np.diff(stamp_us, prepend=-math.inf) <= 0
    table.refuse_first(falls, STAMP, "{:.0f} is not later than the row before; the rows must be in order of time.")


def _quaternions(path: Path, stamp_us: Floats) -> tuple[Floats | None, int]:
    """(n, 4) at the given stamps, None without any; and how many quaternions fit no stamp."""
    if not path.exists():
        return None, 0
    table = read_table(path, (STAMP, *QUATERNION))
    if not len(table.numbers[STAMP]):
        return None, 0
    _check_stamps(table)
    q_logged = table.columns(QUATERNION)
    norm = np.linalg.norm(q_logged, axis=1)
    table.refuse_first((norm < 0.9) | (norm > 1.1), "W", "the quaternion of this row does not have length 1.")
    _, to, source = np.intersect1d(stamp_us, table.numbers[STAMP], assume_unique=True, return_indices=True)
    q = np.full((len(stamp_us), 4), np.nan)
    q[to] = q_logged[source]
    return (q if len(to) else None), len(q_logged) - len(to)


def _frames(sensor: _Sensor, lid: str, zero_s: float) -> list[Frame]:
    return imported_frames(
        _node_name(sensor.folder.name),
        sensor.placement,
        lid,
        sensor.time_s,
        sensor.acc_mps2,
        sensor.gyr_radps,
        sensor.q_earth_from_sensor,
        device_clock=True,
        zero_s=zero_s,
        chip="x-imu3",
    )


def _node_name(folder_name: str) -> str:
    """The folder's name without the kind of connection: "pelvis 64F0EDBF (UDP)" -> "pelvis 64F0EDBF"."""
    name = re.sub(r"\s*\([^)]*\)$", "", folder_name) or folder_name
    return name.encode(errors="replace").decode()


def _started_at(folders: list[Path], notes: list[str]) -> str | None:
    """The earliest time that the sensors' clocks gave at the start, ISO 8601 without a zone."""
    times = []
    for folder in folders:
        try:
            times += _clock_times(folder / "Command.json")
        except (OSError, ValueError, TypeError, RecursionError):
            notes.append(f"{folder.name}: Command.json gives no date and time.")
    return min(times).isoformat() if times else None


def _clock_times(path: Path) -> list[datetime]:
    commands = json.loads(path.read_bytes())
    found = [datetime.fromisoformat(command["time"]) for command in commands if "time" in command]
    if not found:
        raise ValueError("no time in it")
    return [time.replace(tzinfo=None) for time in found]
