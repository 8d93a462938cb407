"""Frames to samples in units: what one node sent, taken apart. What is missing, and when it was, is `timeline`'s.

A frame that fills its packet is by far the most frequent thing a node sends, so these are kept as bytes and taken apart
all at once, with the header written down as a numpy type; everything else goes through `wire` message by message. A
test holds the two against each other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from hiphold import wire
from hiphold.clock import NS, Clock, Exchange, exchange, fit_clock
from hiphold.quaternion import norm, normalize
from hiphold.samples import G_MPS2, Block, Bools, Floats, Frame, concatenate

Integers = npt.NDArray[np.int64]

_NO_CALIBRATION = wire.Calibration((0.0,) * 3, (0.0,) * 3, (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
_HEAD = wire.SAMPLES << 4 | wire.VERSION
_FULL_PAYLOAD = wire.MAX_SAMPLES * wire.SAMPLE_SIZE
_FULL_SIZE = wire.FRAME_SIZE + _FULL_PAYLOAD
FULL_FRAME = np.dtype(
    [
        ("head", "u1"),
        ("flags", "u1"),
        ("count", "u1"),
        ("boot", "u1"),
        ("seq", "<u4"),
        ("node_us", "<u8"),
        ("period_ns", "<u4"),
        ("acc_code", "u1"),
        ("gyr_code", "u1"),
        ("temperature_cdegc", "<i2"),
        ("payload", "V", _FULL_PAYLOAD),
    ]
)
"""a packet that is one SAMPLES message of wire.MAX_SAMPLES samples"""


@dataclass(frozen=True)
class Rows:
    """Samples in units with what orders them: start of the node, number since then."""

    boot: Integers
    """counts the node's starts from 0, in order of arrival"""
    seq: Integers
    own_s: Floats
    """by the sensor's own clock"""
    saturated: Bools
    block: Block
    """on the node's own clock brought to the host's; imported samples as they came"""


@dataclass(frozen=True)
class _Kind:
    """What messages must share to be brought to units at once."""

    boot: int
    kind: int
    acc_code: int
    gyr_code: int
    calibration: wire.Calibration


@dataclass
class NodeLog:
    """What came from one node, in order of arrival."""

    node: str
    exchanges: deque[Exchange] = field(default_factory=deque)
    info: wire.Info | None = None
    broken: int = 0
    """packets that were not of this protocol"""
    is_import: bool = False
    """whether the samples come from a file of another system"""
    own_zero: bool = False
    """whether they bring the user's own time axis"""
    said_period_s: float = np.nan
    """sample period by the node's word"""
    _calibration: wire.Calibration = _NO_CALIBRATION
    _first: wire.Calibration | None = None
    _full: dict[int, tuple[wire.Calibration, list[bytes], list[float]]] = field(default_factory=dict)
    _imported: list[wire.Imported] = field(default_factory=list)
    _samples: dict[_Kind, list[wire.Samples]] = field(default_factory=dict)
    _first_s: dict[int, float] = field(default_factory=dict)
    """start of the node -> when its first frame arrived"""
    _ahead_s: dict[int, float] = field(default_factory=dict)
    """start of the node -> least (arrival - node time)"""
    _clocks: dict[int, Clock] = field(default_factory=dict)

    def add(self, frame: Frame, epoch_ns: int) -> None:
        """Keep what one frame says; a frame that is not of this protocol is counted, not lost from the file."""
        data, arrival_s = frame.data, (frame.arrival_ns - epoch_ns) / NS
        if len(data) == _FULL_SIZE and data[0] == _HEAD:
            kept = self._full.setdefault(id(self._calibration), (self._calibration, [], []))
            kept[1].append(data)
            kept[2].append(arrival_s)
            return
        try:
            messages = wire.messages(data)
        except wire.WireError:
            self.broken += 1
            return
        for message in messages:
            self._add(message, arrival_s, epoch_ns)

    def _add(self, message: object, arrival_s: float, epoch_ns: int) -> None:
        if isinstance(message, wire.Samples):
            key = _Kind(message.boot, message.kind, message.acc_code, message.gyr_code, self._calibration)
            self._samples.setdefault(key, []).append(message)
            self.said_period_s = 1e-9 * message.period_ns
            last_us = message.node_us + (message.count - 1) * message.period_ns / 1000
            self._arrived(message.boot, arrival_s, arrival_s - 1e-6 * last_us)
        elif isinstance(message, wire.Imported):
            self._imported.append(message)
            self.is_import = True
            self.own_zero |= not message.flags & wire.DEVICE_CLOCK
        elif isinstance(message, wire.Info):
            self.info = message
        elif isinstance(message, wire.Calibration):
            if message != self._calibration:  # the old object stays, because samples are kept by its identity
                self._calibration = message
            self._first = self._first or message
        elif isinstance(message, wire.Time):
            self.exchanges.append(exchange(message, arrival_s, epoch_ns))
            self._clocks.pop(message.boot, None)

    def _known(self, calibration: wire.Calibration) -> wire.Calibration:
        """The calibration that samples came with, or the first that came after them."""
        return self._first or calibration if calibration is _NO_CALIBRATION else calibration

    def _arrived(self, boot: int, first_s: float, ahead_s: float) -> None:
        self._first_s[boot] = min(first_s, self._first_s.get(boot, np.inf))
        self._ahead_s[boot] = min(ahead_s, self._ahead_s.get(boot, np.inf))

    def _clock(self, boot: int) -> Clock:
        """The node's clock since that start, fitted anew after each exchange."""
        if boot not in self._clocks:
            exchanges = [e for e in self.exchanges if e.boot == boot]
            self._clocks[boot] = fit_clock(exchanges, self._ahead_s[boot])
        return self._clocks[boot]

    @property
    def calibrated(self) -> bool:
        """Whether the node said what to correct its counts by."""
        return self._first is not None

    def take(self) -> list[Rows]:
        """All samples that were added since the last call, in groups that each are in order of arrival."""
        full = [part for kept in self._full.values() for part in self._take_full(*kept)]
        boots = sorted(self._first_s, key=self._first_s.__getitem__)
        others = [
            (replace(key, calibration=self._known(key.calibration)), _headers(messages), _payload(messages))
            for key, messages in self._samples.items()
        ]
        rows = [_rows(*group, boots.index(group[0].boot), self._clock(group[0].boot)) for group in (*full, *others)]
        rows += _imported_rows(self._imported)
        for taken in (self._full, self._samples, self._imported):
            taken.clear()
        return rows

    def _take_full(
        self, calibration: wire.Calibration, packets: list[bytes], arrivals_s: list[float]
    ) -> list[tuple[_Kind, Floats, bytes]]:
        """Full frames by what they share; those that `wire` would refuse are counted as broken."""
        calibration = self._known(calibration)
        table, arrival_s = np.frombuffer(b"".join(packets), FULL_FRAME), np.array(arrivals_s)
        known = (table["acc_code"] < len(wire.ACC_G_PER_COUNT)) & (table["gyr_code"] < len(wire.GYR_DPS_PER_COUNT))
        good = known & (table["count"] == wire.MAX_SAMPLES) & (table["period_ns"] > 0)
        self.broken += int((~good).sum())
        out = []
        for boot, acc_code, gyr_code in {*zip(*(table[good][n].tolist() for n in ("boot", "acc_code", "gyr_code")))}:
            same = good & (table["boot"] == boot) & (table["acc_code"] == acc_code) & (table["gyr_code"] == gyr_code)
            part, arrived_s = table[same], arrival_s[same]
            last_us = part["node_us"] + (wire.MAX_SAMPLES - 1) * part["period_ns"] / 1000
            self._arrived(boot, float(arrived_s[0]), float((arrived_s - 1e-6 * last_us).min()))
            headers = np.column_stack([part[name].astype(np.float64) for name in _HEADERS])
            key = _Kind(boot, wire.SAMPLES, acc_code, gyr_code, calibration)
            out.append((key, headers, part["payload"].tobytes()))
        return out


_HEADERS = ("count", "seq", "node_us", "period_ns")


def _headers(messages: list[wire.Samples]) -> Floats:
    """(m, 4) count, seq, node_us, period_ns of each message; all are exact in float64."""
    return np.array([(m.count, m.seq, m.node_us, m.period_ns) for m in messages], np.float64)


def _payload(messages: list[wire.Samples]) -> bytes:
    return b"".join(message.payload for message in messages)


def _in_units(payload: bytes, key: _Kind) -> tuple[Floats, Bools]:
    """(n, 10) acc m/s2, gyr rad/s, quaternion; and which samples stand at the end of the range."""
    columns = (wire.SAMPLE_SIZE if key.kind == wire.SAMPLES else wire.ORIENTATION_SIZE) // 2
    counts = np.frombuffer(payload, "<i2").reshape(-1, columns)
    values = counts.astype(np.float64)
    q = values[:, -4:]
    length = norm(q)
    q /= np.where(length > wire.QUATERNION_ONE / 2, length, np.nan)  # four zeros are no orientation
    if key.kind == wire.ORIENTATION:
        return np.hstack((np.full((len(q), 6), np.nan), q)), np.zeros(len(q), bool)
    # true = M (scale counts - offset) for the accelerometer, scale counts - zero for the gyroscope
    calibration = key.calibration
    matrix = np.reshape(calibration.acc_matrix, (3, 3))
    acc_scale = wire.ACC_G_PER_COUNT[key.acc_code] * G_MPS2
    values[:, :3] = values[:, :3] @ (acc_scale * matrix.T) - matrix @ np.array(calibration.acc_offset_mps2)
    values[:, 3:6] *= np.deg2rad(wire.GYR_DPS_PER_COUNT[key.gyr_code])
    values[:, 3:6] -= calibration.gyr_zero_radps
    ends = [(column == 32767) | (column == -32768) for column in counts[:, :6].T]
    return values, np.logical_or.reduce(ends)


def _rows(key: _Kind, headers: Floats, payload: bytes, boot_order: int, clock: Clock) -> Rows:
    """The samples of messages that share a kind."""
    values, saturated = _in_units(payload, key)
    count = headers[:, 0].astype(np.int64)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    seq, first_us, period_ns = (np.repeat(column, count) for column in headers[:, 1:].T)
    own_us = first_us + within * period_ns / 1000
    block = Block(clock.host_s(own_us), values[:, :3], values[:, 3:6], values[:, 6:])
    return Rows(np.full(len(seq), boot_order), seq.astype(np.int64) + within, 1e-6 * own_us, saturated, block)


def _imported_rows(messages: list[wire.Imported]) -> list[Rows]:
    """Imported samples, in groups with the same columns; their stamps are left as they are."""
    out = []
    for flags in dict.fromkeys(m.flags for m in messages):
        group = [m for m in messages if m.flags == flags]
        table = np.frombuffer(b"".join(m.payload for m in group), "<f8").reshape(-1, wire.imported_columns(flags))
        seq = np.concatenate([m.seq + np.arange(m.count, dtype=np.int64) for m in group])
        blank = np.full((len(table), 6), np.nan)
        raw = table[:, 1:7] if flags & wire.HAS_RAW else blank
        q = normalize(table[:, -4:]) if flags & wire.HAS_QUATERNION else blank[:, :4]
        block = Block(table[:, 0], raw[:, :3], raw[:, 3:], q)
        out.append(Rows(np.zeros(len(seq), np.int64), seq, block.time_s, np.zeros(len(seq), bool), block))
    return out


def pick(rows: Rows, which: Integers | Bools) -> Rows:
    """The samples picked by a mask or indices."""
    return Rows(rows.boot[which], rows.seq[which], rows.own_s[which], rows.saturated[which], rows.block.select(which))


def in_order(found: Sequence[Rows]) -> Rows:
    """One sequence without duplicates: each sample once, by start of the node and number since then."""
    rows = Rows(
        np.concatenate([r.boot for r in found]),
        np.concatenate([r.seq for r in found]),
        np.concatenate([r.own_s for r in found]),
        np.concatenate([r.saturated for r in found]),
        concatenate([r.block for r in found]),
    )
    boot_step, seq_step = np.diff(rows.boot), np.diff(rows.seq)
    if ((boot_step > 0) | ((boot_step == 0) & (seq_step > 0))).all():
        return rows
    rows = pick(rows, np.lexsort((rows.seq, rows.boot)))
    fresh = np.concatenate(([True], (np.diff(rows.boot) != 0) | (np.diff(rows.seq) != 0)))
    return pick(rows, fresh)
