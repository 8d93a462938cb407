"""The interchange CSV: one row per sample and placement, SI units, with events in a second file beside it.

NAME.csv has the columns `NUMBERS` and `placement`, optionally `QUATERNION` (earth from sensor). NAME.events.csv,
where there is one, has `start_s,end_s,label`. The format is defined in docs/reference/conventions.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from hiphold import wire
from hiphold.errors import BadInputError
from hiphold.files import replacing
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
from hiphold.samples import G_MPS2, Block, Bools, Event, Frame, NodeData

ACC = ("acc_x_mps2", "acc_y_mps2", "acc_z_mps2")
GYR = ("gyr_x_radps", "gyr_y_radps", "gyr_z_radps")
QUATERNION = ("quat_w", "quat_x", "quat_y", "quat_z")
NUMBERS = ("time_s", *ACC, *GYR)
COLUMNS = ("time_s", "placement", *ACC, *GYR)
EVENT_COLUMNS = ("start_s", "end_s", "label")
EVENT_LABELS = ("still", "raise_left", "raise_right", "bow", "hold_left", "hold_right")

_G_RANGE = (0.5, 2.0)  # median norm of an accelerometer in g
_GYR_PEAK_RADPS = 35.0  # a gyroscope of +-2000 deg/s ends at 34.9 rad/s


def events_path(path: Path | str) -> Path:
    """The events file that belongs to an interchange CSV."""
    path = Path(path)
    return path.with_name(f"{path.stem}.events.csv")


def read(path: Path | str, lids: dict[str, str] | None = None) -> tuple[list[Frame], tuple[Event, ...]]:
    """The samples of an interchange CSV as frames, and the events beside it.

    `lids`: where the lid faces, by placement, where not as by default. Raises BadInputError with line and
    column for whatever is not as the format says.
    """
    path = Path(path)
    sides = lids_by_placement(lids)
    table = read_table(path, NUMBERS, ("placement",), QUATERNION)
    rows = _rows_by_placement(table)
    _check_numbers(table)
    _check_times(table, rows)
    for placement, mine in rows.items():
        _check_units(table, placement, mine)
    zero_s = check_span(path, [table.numbers["time_s"][mine] for mine in rows.values()])
    frames = merged([_frames(table, placement, mine, sides[placement], zero_s) for placement, mine in rows.items()])
    return frames, _read_events(events_path(path))


def _rows_by_placement(table: Table) -> dict[str, Bools]:
    """Placement -> mask of its rows, in the order of wire.PLACEMENTS."""
    names = table.words["placement"]
    found = set(names)
    if not found:
        raise BadInputError(f"{table.path} has no rows after its header; there is nothing to import.")
    unknown = found.difference(wire.PLACEMENTS)
    if unknown:
        row = min(map(names.index, unknown))
        known = ", ".join(wire.PLACEMENTS)
        table.refuse(row, "placement", f"{names[row][:40]!r} is not a placement; known are {known}.")
    code = np.fromiter(map(wire.PLACEMENTS.index, names), np.int8, len(names))
    return {name: code == k for k, name in enumerate(wire.PLACEMENTS) if name in found}


def _check_numbers(table: Table) -> None:
    """No value is beyond what can be."""
    _check_limit(table, ("time_s",), TIME_LIMIT_S, "{:g} is no time in seconds; check its unit.")
    _check_limit(table, ACC, ACC_LIMIT_MPS2, "{:g} m/s2 is more than a sensor on a body can measure; check its unit.")
    gyr = "{:g} rad/s is more than a gyroscope can measure; if it is in deg/s, multiply by pi/180."
    _check_limit(table, GYR, GYR_LIMIT_RADPS, gyr)
    if QUATERNION[0] in table.numbers:
        norm = np.linalg.norm(table.columns(QUATERNION), axis=1)
        what = "the quaternion of this row does not have length 1; give w,x,y,z of a rotation or leave all four empty."
        table.refuse_first((norm < 0.9) | (norm > 1.1), QUATERNION[0], what)


def _check_limit(table: Table, columns: Iterable[str], limit: float, what: str) -> None:
    for column in columns:
        table.refuse_first(np.abs(table.numbers[column]) > limit, column, what)


def _check_times(table: Table, rows: dict[str, Bools]) -> None:
    """Rows are sorted by time; the times of one placement rise."""
    time_s = table.numbers["time_s"]
    what = "{:.9g} s is earlier than the row before; sort the rows by time."
    table.refuse_first(np.diff(time_s, prepend=-math.inf) < 0, "time_s", what)
    for placement, mine in rows.items():
        again = np.zeros(len(time_s), bool)
        again[mine] = np.diff(time_s[mine], prepend=-math.inf) <= 0
        table.refuse_first(again, "time_s", f"{{:.9g}} s is there twice for {placement}; keep one row of each instant.")


def _check_units(table: Table, placement: str, mine: Bools) -> None:
    acc, gyr = table.columns(ACC)[mine], table.columns(GYR)[mine]
    median = float(np.median(np.linalg.norm(acc, axis=1)))
    if _G_RANGE[0] <= median <= _G_RANGE[1]:
        raise BadInputError(
            f"{table.path}: the accelerometer of {placement} reads {median:.3g} in the median, so it is in g; "
            f"multiply {', '.join(ACC)} by {G_MPS2}."
        )
    peak = float(np.abs(gyr).max())
    if peak > _GYR_PEAK_RADPS:
        raise BadInputError(
            f"{table.path}: the gyroscope of {placement} reads up to {peak:.3g}, so it is in deg/s; "
            f"multiply {', '.join(GYR)} by pi/180."
        )
    check_plausible(table.path, placement, acc, gyr)


def _frames(table: Table, placement: str, mine: Bools, lid: str, zero_s: float) -> list[Frame]:
    q = table.columns(QUATERNION)[mine] if QUATERNION[0] in table.numbers else None
    return imported_frames(
        placement,
        placement,
        lid,
        table.numbers["time_s"][mine],
        table.columns(ACC)[mine],
        table.columns(GYR)[mine],
        None if q is None or np.isnan(q).all() else q,
        device_clock=False,
        zero_s=zero_s,
    )


def _read_events(path: Path) -> tuple[Event, ...]:
    if not path.exists():
        return ()
    table = read_table(path, ("start_s", "end_s"), ("label",))
    start_s, end_s, labels = table.numbers["start_s"], table.numbers["end_s"], table.words["label"]
    for row, label in enumerate(labels):
        if label not in EVENT_LABELS:
            table.refuse(row, "label", f"{label[:40]!r} is not a label; known are {', '.join(EVENT_LABELS)}.")
    _check_limit(table, ("start_s", "end_s"), TIME_LIMIT_S, "{:g} is no time in seconds; check its unit.")
    table.refuse_first(end_s < start_s, "end_s", "the event ends at {:.9g} s, before it starts; exchange the two.")
    return tuple(map(Event, start_s.tolist(), end_s.tolist(), labels))


def write(path: Path | str, nodes: list[NodeData], events: Iterable[Event] = ()) -> None:
    """Samples and events as an interchange CSV that reads back bit for bit. Atomic.

    Events with labels of their own (notes) have no place in the format and are left out; an older events file
    beside `path` is replaced, or removed when there are none. Raises BadInputError for samples that the format
    cannot hold, or when a file cannot be written.
    """
    path = Path(path)
    _check_writable(path, nodes)
    with replacing(path) as part:
        part.write_text("".join(_lines(nodes)), encoding="utf-8", newline="")
        _write_events(events_path(path), [event for event in events if event.label in EVENT_LABELS])


def _check_writable(path: Path, nodes: list[NodeData]) -> None:
    if not any(len(node.block) for node in nodes):
        raise BadInputError(f"There are no samples to write to {path}.")
    for node in nodes:
        if node.placement not in wire.PLACEMENTS:
            raise BadInputError(f"{path} cannot hold {node.node}: it never said where it is worn.")
    if len({node.placement for node in nodes}) < len(nodes):
        raise BadInputError(f"{path} can hold one sensor for each placement; two are worn at the same place.")
    for node in nodes:
        block = node.block
        if not (np.isfinite(block.acc_mps2).all() and np.isfinite(block.gyr_radps).all()):
            raise BadInputError(f"{path} cannot hold {node.placement}: it has quaternions without raw samples.")
        if (np.diff(block.time_s) <= 0).any():
            raise BadInputError(f"{path} cannot hold {node.placement}: some of its samples have the same time.")


def _lines(nodes: list[NodeData]) -> Iterator[str]:
    """The header, and the rows of all nodes by time."""
    with_q = any(np.isfinite(node.block.q_recorded).any() for node in nodes)
    yield ",".join(COLUMNS + (QUATERNION if with_q else ())) + "\n"
    rows = [row for node in nodes for row in _node_lines(node.placement, node.block, with_q)]
    order = np.argsort(np.concatenate([node.block.time_s for node in nodes]), kind="stable")
    yield from map(rows.__getitem__, order.tolist())


def _node_lines(placement: str, block: Block, with_q: bool) -> Iterator[str]:
    raw = np.column_stack([block.acc_mps2, block.gyr_radps]).tolist()
    turns = block.q_recorded.tolist() if with_q else [[]] * len(block)
    for time_s, values, q in zip(block.time_s.tolist(), raw, turns, strict=True):
        # repr of a float is the shortest text that reads back to the same bits
        cells = [repr(time_s), placement, *map(repr, values), *("" if math.isnan(sum(q)) else repr(x) for x in q)]
        yield ",".join(cells) + "\n"


def _write_events(path: Path, events: list[Event]) -> None:
    if not events:
        path.unlink(missing_ok=True)
        return
    lines = [
        ",".join(EVENT_COLUMNS),
        *(f"{float(event.start_s)!r},{float(event.end_s)!r},{event.label}" for event in events),
    ]
    with replacing(path) as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
