"""Frames to samples in units: what one node sent, taken apart. What is missing, and when it was, is `timeline`'s.

A frame that fills its packet is by far the most frequent thing a node sends, so these are kept as bytes and taken apart
all at once, with the header written down as a numpy type; everything else goes through `wire` message by message. A
test holds the two against each other.
"""

from __future__ import annotations

import math
import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from hiphold import wire
from hiphold.clock import NS, Clock, Exchange, exchange, fit_clock
from hiphold.quaternion import cross, multiply, norm, normalize, up_in_sensor
from hiphold.receive.arrivals import STRANGERS, Arrivals
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
_ACC_CODES, _GYR_CODES = len(wire.ACC_G_PER_COUNT), len(wire.GYR_DPS_PER_COUNT)
_FULL_HEADER = struct.Struct("<BBBBIQIBBh")
_SHARED = itemgetter(*(dict(FULL_FRAME.fields or {})[name][1] for name in ("count", "boot", "acc_code", "gyr_code")))
"""packet -> what full frames must share, which are single bytes"""
_HEADERS = ("seq", "node_us", "period_ns")
"""what they need not share"""
REFIT_PART = 10
_SEQ_BITS = 40
"""a sample's number takes at most 33: four bytes, and its place in the message"""


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

    @property
    def place(self) -> Integers:
        """(n,) where each belongs among all of the node: one number for its start and the number since then."""
        return np.asarray((self.boot << _SEQ_BITS) + self.seq)


@dataclass(frozen=True)
class _Kind:
    """What messages must share to be brought to units at once."""

    kind: int
    count: int
    boot: int
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
    _full: dict[tuple[tuple[int, ...], int], tuple[_Kind, list[bytes], list[float]]] = field(default_factory=dict)
    _imported: list[wire.Imported] = field(default_factory=list)
    _samples: dict[_Kind, list[wire.Samples]] = field(default_factory=dict)
    _first_s: dict[int, float] = field(default_factory=dict)
    """start of the node -> when its first frame arrived"""
    _ahead_s: dict[int, float] = field(default_factory=dict)
    """start of the node -> least (arrival - node time)"""
    _clocks: dict[int, Clock] = field(default_factory=dict)
    _arrivals: Arrivals = field(default_factory=Arrivals)
    _held: deque[tuple[float, wire.Samples, bytes]] = field(default_factory=lambda: deque(maxlen=STRANGERS + 1))
    _unheard: int = 0
    """exchanges since a clock was fitted"""

    def add(self, frame: Frame, epoch_ns: int) -> None:
        """Keep what one frame says; a frame that is not of this protocol is counted, not lost from the file."""
        data, arrival_s = frame.data, (frame.arrival_ns - epoch_ns) / NS
        if len(data) == _FULL_SIZE and data[0] == _HEAD and (header := _header(data)):
            self._judge(arrival_s, header, data)
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
            self._judge(arrival_s, message, b"")
        elif isinstance(message, wire.Imported):
            self._imported.append(message)
            self.is_import = True
            self.own_zero |= not message.flags & wire.DEVICE_CLOCK
        elif isinstance(message, wire.Info):
            self.info = message
            self._arrivals.said_boot = message.boot
        elif isinstance(message, wire.Calibration):
            if message != self._calibration:  # the old object stays, because samples are kept by its identity
                self._calibration = message
            self._first = self._first or message
        elif isinstance(message, wire.Time):
            self._arrivals.said_boot = message.boot
            self._exchanged(exchange(message, arrival_s, epoch_ns))

    def _judge(self, arrival_s: float, message: wire.Samples, full: bytes) -> None:
        """Keep a frame that fits those before it.

        One that does not may have been damaged, or be the first of a new start: it is held until others bear it out.
        """
        if self._arrivals.said_boot is None:
            self._arrivals.said_boot = message.boot
        strange = self._arrivals.strange
        self._held.append((arrival_s, message, full))
        if not self._arrivals.take(arrival_s, message):
            return
        borne_out = 1 + strange - self._arrivals.strange
        for held in list(self._held)[-borne_out:]:
            self._keep(*held)
        self._held.clear()

    def _keep(self, arrival_s: float, message: wire.Samples, full: bytes) -> None:
        if full:
            self._keep_full(full, arrival_s)
            return
        shared = message.count, message.boot, message.acc_code, message.gyr_code
        self._samples.setdefault(_Kind(message.kind, *shared, self._calibration), []).append(message)
        self.said_period_s = 1e-9 * message.period_ns
        last_us = message.node_us + (message.count - 1) * message.period_ns / 1000
        self._arrived(message.boot, arrival_s, arrival_s - 1e-6 * last_us)

    def _keep_full(self, data: bytes, arrival_s: float) -> None:
        key = _SHARED(data), id(self._calibration)
        if key not in self._full:
            count, boot, acc_code, gyr_code = key[0]
            self._full[key] = _Kind(wire.SAMPLES, count, boot, acc_code, gyr_code, self._calibration), [], []
        _, packets, arrivals_s = self._full[key]
        packets.append(data)
        arrivals_s.append(arrival_s)

    def _exchanged(self, found: Exchange | None) -> None:
        if found is None:
            return
        self.exchanges.append(found)
        self._unheard += 1
        if self._unheard * REFIT_PART >= len(self.exchanges):
            self._clocks.pop(found.boot, None)

    def _known(self, kind: _Kind) -> _Kind:
        """With the calibration that samples came with, or the first that came after them."""
        return replace(kind, calibration=self._first) if self._first and kind.calibration is _NO_CALIBRATION else kind

    def _arrived(self, boot: int, first_s: float, ahead_s: float) -> None:
        self._first_s[boot] = min(first_s, self._first_s.get(boot, np.inf))
        self._ahead_s[boot] = min(ahead_s, self._ahead_s.get(boot, np.inf))

    def _clock(self, boot: int) -> Clock:
        """The node's clock since that start, fitted anew whenever a tenth of the exchanges is new."""
        if boot not in self._clocks:
            self._unheard = 0
            exchanges = [e for e in self.exchanges if e.boot == boot]
            self._clocks[boot] = fit_clock(exchanges, self._ahead_s[boot])
        return self._clocks[boot]

    def clock(self) -> Clock | None:
        """The clock of the latest start that sent samples; None for a log without any."""
        return self._clock(max(self._first_s, key=self._first_s.__getitem__)) if self._first_s else None

    @property
    def calibrated(self) -> bool:
        """Whether the node said what to correct its counts by."""
        return self._first is not None

    @property
    def zeroed(self) -> bool:
        """Whether a zero of the gyroscope is among it."""
        return self._first is not None and any(self._first.gyr_zero_radps)

    @property
    def levelled(self) -> bool:
        """Whether a calibration of the accelerometer in six positions is among it."""
        return self._first is not None and self._first[1:] != _NO_CALIBRATION[1:]

    @property
    def strange(self) -> int:
        """Frames that fitted nothing else that came."""
        return self._arrivals.strange

    def take(self) -> list[Rows]:
        """All samples that were added since the last call, in groups that each are in order of arrival."""
        full = [self._take_full(*kept) for kept in self._full.values()]
        others = [(kind, _headers(messages), _payload(messages)) for kind, messages in self._samples.items()]
        boots = sorted(self._first_s, key=self._first_s.__getitem__)
        rows = [
            _rows(self._known(kind), headers, payload, boots.index(kind.boot), self._clock(kind.boot))
            for kind, headers, payload in (*full, *others)
        ]
        rows += _imported_rows(self._imported)
        for taken in (self._full, self._samples, self._imported):
            taken.clear()
        return rows

    def _take_full(self, kind: _Kind, packets: list[bytes], arrivals_s: list[float]) -> tuple[_Kind, Floats, bytes]:
        table, arrival_s = np.frombuffer(b"".join(packets), FULL_FRAME), np.array(arrivals_s)
        headers = np.array([table[name] for name in _HEADERS], np.float64)
        last_us = headers[1] + (kind.count - 1) * headers[2] / 1000
        self._arrived(kind.boot, float(arrival_s[0]), float((arrival_s - 1e-6 * last_us).min()))
        return kind, headers, table["payload"].tobytes()


def _header(data: bytes) -> wire.Samples | None:
    """What a full frame says of itself, its samples left where they are; None for what `wire` would refuse."""
    _, flags, count, boot, seq, node_us, period_ns, acc_code, gyr_code, temperature = _FULL_HEADER.unpack_from(data)
    if count != wire.MAX_SAMPLES or acc_code >= _ACC_CODES or gyr_code >= _GYR_CODES or not period_ns:
        return None
    return wire.Samples(wire.SAMPLES, flags, count, boot, seq, node_us, period_ns, acc_code, gyr_code, temperature, b"")


def _headers(messages: list[wire.Samples]) -> Floats:
    """(3, m) what _HEADERS names of each message; all are exact in float64."""
    return np.array([(m.seq, m.node_us, m.period_ns) for m in messages], np.float64).T


def _payload(messages: list[wire.Samples]) -> bytes:
    return b"".join(message.payload for message in messages)


@lru_cache(maxsize=64)
def _acc_scale(calibration: wire.Calibration, acc_code: int) -> tuple[Floats, Floats]:
    """(3, 3) and (3,): acc m/s2 = counts @ the first - the second, for true = M (scale counts - offset)."""
    matrix = np.reshape(calibration.acc_matrix, (3, 3))
    scale = wire.ACC_G_PER_COUNT[acc_code] * G_MPS2
    return scale * matrix.T, matrix @ np.array(calibration.acc_offset_mps2)


def _levelled(q: Floats, calibration: wire.Calibration) -> Floats:
    """(n, 4) the node's orientation, whose "up" follows its raw accelerometer, leaned by what calibration says of it.

    Where it rests on gravity, it has up = (f + error) / g; f = M (g up - offset) is up in truth. Heading stays.
    """
    if calibration[1:] == _NO_CALIBRATION[1:]:
        return q
    up = up_in_sensor(q)
    matrix, offset = np.reshape(calibration.acc_matrix, (3, 3)), np.array(calibration.acc_offset_mps2)
    true_up = normalize((G_MPS2 * up - offset) @ matrix.T)
    lean = np.concatenate((1.0 + np.einsum("ij,ij->i", true_up, up)[:, None], cross(true_up, up)), axis=1)
    return multiply(q, normalize(lean))


def _in_units(payload: bytes, key: _Kind) -> tuple[Floats, Bools]:
    """(n, 10) acc m/s2, gyr rad/s, quaternion; and which samples stand at the end of the range."""
    columns = (wire.SAMPLE_SIZE if key.kind == wire.SAMPLES else wire.ORIENTATION_SIZE) // 2
    counts = np.frombuffer(payload, "<i2").reshape(-1, columns)
    values = counts.astype(np.float64)
    q = values[:, -4:]
    length = norm(q)
    q /= np.where(length > wire.QUATERNION_ONE / 2, length, np.nan)  # four zeros are no orientation
    q[:] = _levelled(q, key.calibration)
    if key.kind == wire.ORIENTATION:
        return np.hstack((np.full((len(q), 6), np.nan), q)), np.zeros(len(q), bool)
    acc_matrix, acc_offset = _acc_scale(key.calibration, key.acc_code)
    values[:, :3] = values[:, :3] @ acc_matrix - acc_offset
    values[:, 3:6] *= math.radians(wire.GYR_DPS_PER_COUNT[key.gyr_code])
    values[:, 3:6] -= key.calibration.gyr_zero_radps
    raw = np.ascontiguousarray(counts[:, :6].T)
    return values, ((raw == 32767) | (raw == -32768)).any(axis=0)


def _rows(key: _Kind, headers: Floats, payload: bytes, boot_order: int, clock: Clock) -> Rows:
    """The samples of messages that share a kind."""
    values, saturated = _in_units(payload, key)
    seq, first_us, period_ns = headers[..., None]
    within = np.arange(key.count)
    own_us = (first_us + within * period_ns / 1000).ravel()
    block = Block(clock.host_s(own_us), values[:, :3], values[:, 3:6], values[:, 6:])
    number = (seq + within).astype(np.int64).ravel()
    return Rows(np.full(len(number), boot_order), number, 1e-6 * own_us, saturated, block)


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


def pick(rows: Rows, which: Integers | slice) -> Rows:
    """The samples picked by indices or a slice."""
    return Rows(rows.boot[which], rows.seq[which], rows.own_s[which], rows.saturated[which], rows.block.select(which))


def in_order(found: Sequence[Rows]) -> Rows:
    """One sequence without duplicates: each sample once, the first that was found, by its place."""
    rows = Rows(
        np.concatenate([r.boot for r in found]),
        np.concatenate([r.seq for r in found]),
        np.concatenate([r.own_s for r in found]),
        np.concatenate([r.saturated for r in found]),
        concatenate([r.block for r in found]),
    )
    place = rows.place
    if (place[1:] > place[:-1]).all():
        return rows
    order = np.argsort(place, kind="stable")
    place = place[order]
    return pick(rows, order[np.concatenate(([True], place[1:] != place[:-1]))])
