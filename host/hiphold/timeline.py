"""Frames to samples on one time axis: counts to units, node clocks to the host's, what is missing.

Offline (`assemble`) every message of a node is put in order first, so that samples sent again fill their
gaps. Live (`NodeStream`) each frame becomes a block as it comes; what arrives late is dropped. Both turn
messages into blocks with the same functions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from hiphold import wire
from hiphold.clock import NS, Clock, Exchange, exchange, fit_clock
from hiphold.orientation import typical_period
from hiphold.quaternion import norm
from hiphold.samples import G_MPS2, Block, Bools, Floats, Frame, Interval, NodeData, concatenate, empty_block

EXCHANGES_KEPT = 64
"""clock exchanges a live node remembers; at one in 2 s that is two minutes, longer than a clock drifts unseen"""

_NO_CALIBRATION = wire.Calibration((0.0,) * 3, (0.0,) * 3, (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))


@dataclass
class _Log:
    """What came from one node, as decoded, in order of arrival."""

    node: str
    info: wire.Info | None = None
    calibration: wire.Calibration = _NO_CALIBRATION
    samples: dict[tuple[int, ...], tuple[wire.Calibration, list[wire.Samples]]] = field(default_factory=dict)
    """messages that share start, kind, scales and calibration, so that they are converted at once"""
    imported: list[wire.Imported] = field(default_factory=list)
    exchanges: deque[Exchange] = field(default_factory=deque)
    ahead: dict[int, float] = field(default_factory=dict)
    """start of the node -> least (arrival - node time) so far; the keys are its starts in order"""
    clocks: dict[int, Clock] = field(default_factory=dict)
    broken: int = 0

    def add(self, frame: Frame, epoch_ns: int) -> None:
        """Sort the messages of one frame; a frame that is not of this protocol is counted, not lost from the file."""
        try:
            messages = wire.messages(frame.data)
        except wire.WireError:
            self.broken += 1
            return
        arrival_s = (frame.arrival_ns - epoch_ns) / NS
        for message in messages:
            if isinstance(message, wire.Samples):
                self._add_samples(message, arrival_s)
            elif isinstance(message, wire.Imported):
                self.imported.append(message)
            elif isinstance(message, wire.Info):
                self.info = message
            elif isinstance(message, wire.Calibration):
                self.calibration = self.calibration if message == self.calibration else message
            elif isinstance(message, wire.Time):
                self.exchanges.append(exchange(message, arrival_s, epoch_ns))
                self.clocks.pop(message.boot, None)

    def _add_samples(self, message: wire.Samples, arrival_s: float) -> None:
        key = (message.boot, message.kind, message.acc_code, message.gyr_code, id(self.calibration))
        if key not in self.samples:
            self.samples[key] = (self.calibration, [])
        self.samples[key][1].append(message)
        if not self.exchanges or message.boot not in self.ahead:
            last_us = message.node_us + (message.count - 1) * message.period_ns / 1000
            self.ahead[message.boot] = min(self.ahead.get(message.boot, np.inf), arrival_s - 1e-6 * last_us)

    def clock(self, boot: int) -> Clock:
        """The node's clock since that start, fitted anew after each exchange."""
        if boot not in self.clocks:
            self.clocks[boot] = fit_clock([e for e in self.exchanges if e.boot == boot], self.ahead[boot])
        return self.clocks[boot]


def _in_units(payload: bytes, first: wire.Samples, calibration: wire.Calibration) -> tuple[Floats, Bools]:
    """(n, 10) acc m/s2, gyr rad/s, quaternion; and which samples stand at the end of the range."""
    columns = (wire.SAMPLE_SIZE if first.kind == wire.SAMPLES else wire.ORIENTATION_SIZE) // 2
    counts = np.frombuffer(payload, "<i2").reshape(-1, columns)
    values = counts.astype(np.float64)
    q = values[:, -4:]
    length = norm(q)
    q /= np.where(length > wire.QUATERNION_ONE / 2, length, np.nan)  # four zeros are no orientation
    if first.kind == wire.ORIENTATION:
        return np.hstack((np.full((len(q), 6), np.nan), q)), np.zeros(len(q), bool)
    # true = M (scale counts - offset) for the accelerometer, scale counts - zero for the gyroscope
    matrix = np.reshape(calibration.acc_matrix, (3, 3))
    acc_scale = wire.ACC_G_PER_COUNT[first.acc_code] * G_MPS2
    values[:, :3] = values[:, :3] @ (acc_scale * matrix.T) - matrix @ np.array(calibration.acc_offset_mps2)
    values[:, 3:6] *= np.deg2rad(wire.GYR_DPS_PER_COUNT[first.gyr_code])
    values[:, 3:6] -= calibration.gyr_zero_radps
    ends = [(column == 32767) | (column == -32768) for column in counts[:, :6].T]
    return values, np.logical_or.reduce(ends)


@dataclass(frozen=True)
class _Rows:
    """Samples in units with what orders them: start of the node, number since then."""

    boot: npt.NDArray[np.int64]
    seq: npt.NDArray[np.int64]
    saturated: Bools
    block: Block


def _rows(messages: list[wire.Samples], calibration: wire.Calibration, boot_order: int, clock: Clock) -> _Rows:
    """Messages that share start, kind, scales and calibration."""
    values, saturated = _in_units(b"".join(m.payload for m in messages), messages[0], calibration)
    count = np.array([m.count for m in messages])
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    seq = np.repeat(np.array([m.seq for m in messages], np.int64), count) + within
    first_us = np.repeat(np.array([m.node_us for m in messages], np.float64), count)
    period_us = np.repeat(np.array([m.period_ns for m in messages]) / 1000, count)
    block = Block(clock.host_s(first_us + within * period_us), values[:, :3], values[:, 3:6], values[:, 6:])
    return _Rows(np.full(len(seq), boot_order), seq, saturated, block)


def _node_rows(log: _Log) -> list[_Rows]:
    """All samples of a node's log."""
    boots = list(log.ahead)
    return [
        _rows(messages, calibration, boots.index(key[0]), log.clock(key[0]))
        for key, (calibration, messages) in log.samples.items()
    ]


def _imported_rows(messages: list[wire.Imported]) -> list[_Rows]:
    """Imported samples, in groups with the same columns; their stamps are left as they are."""
    out = []
    for flags in dict.fromkeys(m.flags for m in messages):
        group = [m for m in messages if m.flags == flags]
        table = np.frombuffer(b"".join(m.payload for m in group), "<f8").reshape(-1, wire.imported_columns(flags))
        seq = np.concatenate([m.seq + np.arange(m.count, dtype=np.int64) for m in group])
        blank = np.full((len(table), 6), np.nan)
        raw = table[:, 1:7] if flags & wire.HAS_RAW else blank
        q = table[:, -4:] if flags & wire.HAS_QUATERNION else blank[:, :4]
        block = Block(table[:, 0], raw[:, :3], raw[:, 3:], q)
        out.append(_Rows(np.zeros(len(seq), np.int64), seq, np.zeros(len(seq), bool), block))
    return out


def _pick(rows: _Rows, which: npt.NDArray[np.int64] | Bools) -> _Rows:
    return _Rows(rows.boot[which], rows.seq[which], rows.saturated[which], rows.block.select(which))


def _in_order(found: list[_Rows]) -> _Rows:
    """One sequence without duplicates: each sample once, by start of the node and number since then."""
    rows = _Rows(
        np.concatenate([r.boot for r in found]),
        np.concatenate([r.seq for r in found]),
        np.concatenate([r.saturated for r in found]),
        concatenate([r.block for r in found]),
    )
    boot_step, seq_step = np.diff(rows.boot), np.diff(rows.seq)
    if ((boot_step > 0) | ((boot_step == 0) & (seq_step > 0))).all():
        return rows
    rows = _pick(rows, np.lexsort((rows.seq, rows.boot)))
    fresh = np.concatenate(([True], (np.diff(rows.boot) != 0) | (np.diff(rows.seq) != 0)))
    return _pick(rows, fresh)


def missing(time_s: Floats, seq_step: npt.NDArray[np.int64], period_s: float) -> npt.NDArray[np.int64]:
    """(n - 1,) how many samples are missing between each pair, by number and by time."""
    steps = np.diff(time_s) / period_s
    by_time = np.where(steps > 1.5, np.rint(steps) - 1, 0).astype(np.int64)
    return np.maximum(by_time, seq_step - 1)


def _warnings(log: _Log, restarts: int) -> tuple[str, ...]:
    broken = f"{log.broken} packets of {log.node} were not of this protocol and are left out."
    restarted = f"{log.node} restarted {restarts} times while recording."
    return (*([broken] if log.broken else []), *([restarted] if restarts else []))


def _node_data(log: _Log, rows: _Rows) -> NodeData:
    """A node's samples with what is known of the missing ones. The time axis is still the node's own."""
    block = rows.block.not_before(-np.inf)  # a node that started anew may overlap itself by a clock error
    period_s = typical_period(block.time_s)
    restart = np.diff(rows.boot) != 0
    lost = missing(block.time_s, np.where(restart, 1, np.diff(rows.seq)), period_s)
    gaps = [(float(block.time_s[i]), float(block.time_s[i + 1])) for i in np.flatnonzero((lost > 0) | restart)]
    info = log.info
    return NodeData(
        node=log.node,
        placement=info.placement if info else "unknown",
        lid=info.lid if info else "back",
        block=block,
        period_s=period_s,
        lost=int(lost.sum()),
        gaps=tuple(gaps),
        saturated=None if log.imported else int(rows.saturated.sum()),
        warnings=_warnings(log, int(restart.sum())),
    )


def _shifted(data: NodeData, zero_s: float) -> NodeData:
    """The same node with its times counted from zero_s."""
    gaps: tuple[Interval, ...] = tuple((a - zero_s, z - zero_s) for a, z in data.gaps)
    return replace(data, block=data.block.shifted(-zero_s), gaps=gaps)


def _own_zero(messages: list[wire.Imported]) -> bool:
    """Imported samples whose stamps are the user's own time axis."""
    return any(not message.flags & wire.DEVICE_CLOCK for message in messages)


def assemble(frames: Iterable[Frame]) -> list[NodeData]:
    """All nodes of a recording, whole and in order, on one time axis.

    Time zero is the earliest sample, or the input's own zero for imported samples that bring one.
    """
    logs: dict[str, _Log] = {}
    epoch_ns = None
    for frame in frames:
        epoch_ns = frame.arrival_ns if epoch_ns is None else epoch_ns
        if frame.node not in logs:
            logs[frame.node] = _Log(frame.node)
        logs[frame.node].add(frame, epoch_ns)
    found = {name: _node_rows(log) or _imported_rows(log.imported) for name, log in logs.items()}
    nodes = [_node_data(logs[name], _in_order(rows)) for name, rows in found.items() if rows]
    if not nodes or any(_own_zero(log.imported) for log in logs.values()):
        return nodes
    zero_s = min(float(data.block.time_s[0]) for data in nodes)
    return [_shifted(data, zero_s) for data in nodes]


class NodeStream:
    """One node live: each frame becomes the block of samples that are new in it."""

    def __init__(self, node: str, epoch_ns: int) -> None:
        """epoch_ns: arrival of the session's first frame, the same for all its nodes."""
        self.node = node
        self._log = _Log(node, exchanges=deque(maxlen=EXCHANGES_KEPT))
        self._epoch_ns = epoch_ns
        self._last: _Rows | None = None
        self._periods: deque[float] = deque(maxlen=25)
        self._said_period_s = float("nan")
        self.own_zero = False
        """whether the samples bring their own time axis"""
        self.imported = False
        """whether they come from a file of another system"""
        self.lost = 0
        self._restarts = 0
        self.gaps: list[Interval] = []
        self.saturated = 0

    @property
    def info(self) -> wire.Info | None:
        """Who the node says it is; None until it has said so."""
        return self._log.info

    @property
    def period_s(self) -> float:
        """Median sample period of the last frames; for frames of one sample, what the node says; NaN at first."""
        return float(np.median(self._periods)) if self._periods else self._said_period_s

    def push(self, frame: Frame) -> Block:
        """The new samples of a frame, in host time; empty when it has none or came too late."""
        self._log.add(frame, self._epoch_ns)
        self.own_zero |= _own_zero(self._log.imported)
        self.imported |= bool(self._log.imported)
        for _, messages in self._log.samples.values():
            self._said_period_s = 1e-9 * messages[-1].period_ns
        found = _node_rows(self._log) or _imported_rows(self._log.imported)
        self._log.samples.clear()
        self._log.imported.clear()
        return self._follow(_in_order(found)) if found else empty_block()

    def _follow(self, rows: _Rows) -> Block:
        last = self._last
        if last is not None:
            later = (rows.boot > last.boot) | ((rows.boot == last.boot) & (rows.seq > last.seq))
            rows = _pick(rows, later)
        if not len(rows.seq):
            return empty_block()
        if len(rows.seq) > 1:
            self._periods.append(typical_period(rows.block.time_s))
        rows = replace(rows, block=rows.block.not_before(-np.inf if last is None else float(last.block.time_s[0])))
        self._count(rows if last is None else _in_order([last, rows]), new=rows)
        self._last = _pick(rows, np.array([len(rows.seq) - 1]))
        return rows.block

    def _count(self, joined: _Rows, new: _Rows) -> None:
        restart = np.diff(joined.boot) != 0
        time_s = joined.block.time_s
        lost = missing(time_s, np.where(restart, 1, np.diff(joined.seq)), self.period_s)
        self.gaps += [(float(time_s[i]), float(time_s[i + 1])) for i in np.flatnonzero((lost > 0) | restart)]
        self.lost += int(lost.sum())
        self._restarts += int(restart.sum())
        self.saturated += int(new.saturated.sum())

    def data(self, block: Block, zero_s: float) -> NodeData:
        """What `assemble` says of a node, for samples that were kept outside; times counted from zero_s."""
        info = self.info
        return NodeData(
            node=self._log.node,
            placement=info.placement if info else "unknown",
            lid=info.lid if info else "back",
            block=block,
            period_s=self.period_s,
            lost=self.lost,
            gaps=tuple((a - zero_s, z - zero_s) for a, z in self.gaps),
            saturated=None if self.imported else self.saturated,
            warnings=_warnings(self._log, self._restarts),
        )
