"""From arrays of foreign samples to the frames that every later stage takes.

Here too: where the lid faces when nobody says, and what no body-worn sensor can have measured.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hiphold import wire
from hiphold.errors import BadInputError
from hiphold.samples import Floats, Frame

DEFAULT_LID = {
    "pelvis": "back",
    "thigh_left": "left",
    "thigh_right": "right",
    "shank_left": "left",
    "shank_right": "right",
    "trunk": "back",
}
"""Where the lid faces, by placement: the outer side of a leg, the back of the trunk."""

ROWS_PER_MESSAGE = 10
INFO_EVERY_ROWS = 500  # a file that lost its beginning still says where the sensor was worn

ACC_LIMIT_MPS2 = 2000.0
GYR_LIMIT_RADPS = 100.0
TIME_LIMIT_S = 1e10
SPAN_LIMIT_S = 1e7
_PLAUSIBLE_ACC_MPS2 = (5.0, 20.0)
SLOWEST_S = 0.5  # no motion sensor is as slow; milliseconds taken for seconds are
_SLOW_ROWS = 20  # a few rows made by hand may be
_DEAD_ROWS = 20  # a few quantised readings of a sensor at rest may all be zero


def lids_by_placement(lids: dict[str, str] | None) -> dict[str, str]:
    """`DEFAULT_LID` with what the user said. Raises BadInputError for an unknown placement or side."""
    for placement, side in (lids or {}).items():
        if placement not in wire.PLACEMENTS:
            raise BadInputError(f"{placement!r} is not a placement; known are {', '.join(wire.PLACEMENTS)}.")
        if side not in wire.LID_SIDES:
            raise BadInputError(f"{side!r} is not a side of {placement}; known are {', '.join(wire.LID_SIDES)}.")
    return DEFAULT_LID | (lids or {})


def check_plausible(path: Path, placement: str, acc_mps2: Floats, gyr_radps: Floats) -> None:
    """Raise BadInputError where a whole sensor cannot be right: it says nothing, or its scale is wrong.

    `acc_mps2` and `gyr_radps` are the (n, 3) samples of one placement.
    """
    for name, values in (("accelerometer", acc_mps2), ("gyroscope", gyr_radps)):
        if len(values) >= _DEAD_ROWS and not values.any():
            raise BadInputError(f"{path}: the {name} of {placement} is zero throughout; the sensor gave no data.")
    median = float(np.median(np.linalg.norm(acc_mps2, axis=1)))
    low, high = _PLAUSIBLE_ACC_MPS2
    if not low <= median <= high:
        raise BadInputError(
            f"{path}: the accelerometer of {placement} reads {median:.3g} m/s2 in the median; a body-worn sensor "
            f"reads about 9.8, gravity included. Check its unit and that gravity was not removed."
        )


def check_span(path: Path, times_s: Iterable[Floats]) -> float:
    """The earliest of all stamps, each array rising. Raises BadInputError when they lie absurdly far apart."""
    times_s = list(times_s)
    for time_s in times_s:
        if len(time_s) >= _SLOW_ROWS and (step_s := float(np.median(np.diff(time_s)))) > SLOWEST_S:
            raise BadInputError(f"{path}: the samples follow each other by {step_s:.3g} s; check the unit of the time.")
    ends = [(float(time_s[0]), float(time_s[-1])) for time_s in times_s]
    first, last = min(start for start, _ in ends), max(end for _, end in ends)
    if last - first > SPAN_LIMIT_S:
        raise BadInputError(f"{path}: the samples are {last - first:.3g} s apart; check the unit of the time.")
    return first


def imported_frames(
    node: str,
    placement: str,
    lid: str,
    time_s: Floats,
    acc_mps2: Floats | None,
    gyr_radps: Floats | None,
    q_earth_from_sensor: Floats | None,
    *,
    device_clock: bool,
    zero_s: float,
    chip: str = "imported",
) -> list[Frame]:
    """One sensor as frames: who it is, then its samples bit for bit.

    `time_s` (n,), `acc_mps2` and `gyr_radps` (n, 3) or both None, `q_earth_from_sensor` (n, 4) or None, NaN
    where there is none. A frame arrives with its last sample, counted from `zero_s`, the earliest of all
    sensors. `device_clock`: the stamps count from the device's own start. `chip`: one of wire.CHIPS.
    """
    has_raw = acc_mps2 is not None and gyr_radps is not None
    columns = [time_s, acc_mps2, gyr_radps] if has_raw else [time_s]
    flags = (wire.HAS_RAW if has_raw else 0) | (wire.DEVICE_CLOCK if device_clock else 0)
    if q_earth_from_sensor is not None:
        columns, flags = [*columns, q_earth_from_sensor], flags | wire.HAS_QUATERNION
    rows = np.column_stack([column for column in columns if column is not None]).astype("<f8")
    arrival_ns = np.rint((time_s - zero_s) * 1e9).astype(np.int64).tolist()
    frames = [Frame(node, arrival_ns[0], _info(node, placement, lid, chip))]
    for first in range(0, len(rows), ROWS_PER_MESSAGE):
        if first and first % INFO_EVERY_ROWS == 0:
            frames.append(Frame(node, arrival_ns[first], frames[0].data))
        part = rows[first : first + ROWS_PER_MESSAGE]
        message = wire.encode_imported(wire.Imported(flags, len(part), first, part.tobytes()))
        frames.append(Frame(node, arrival_ns[first + len(part) - 1], message))
    return frames


def _info(node: str, placement: str, lid: str, chip: str) -> bytes:
    return wire.encode_info(wire.Info(0, placement, lid, chip, (0, 0, 0), 0, 0, 0, 0, node))


def merged(nodes: Iterable[list[Frame]]) -> list[Frame]:
    """The frames of all nodes in order of arrival; those of one node keep theirs."""
    return list(heapq.merge(*nodes, key=lambda frame: frame.arrival_ns))
