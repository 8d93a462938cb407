"""Frames to samples on one time axis: counts to units, node clocks to the host's, what is missing.

Offline (`assemble`) every message of a node is put in order first, so that samples sent again fill their
gaps. Live (`NodeStream`) each frame becomes a block as it comes; what arrives late is dropped. Both turn
messages into blocks with the same functions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from statistics import median

import numpy as np

from hiphold import wire
from hiphold.orientation import typical_period
from hiphold.samples import Block, Bools, Floats, Frame, Interval, NodeData, empty_block
from hiphold.unpack import Integers, NodeLog, Rows, in_order, pick

EXCHANGES_KEPT = 300
"""clock exchanges a live node remembers; at five a second that is a minute"""
SILENT_S = 2.0
"""nothing from a node for so long at the end is said"""
UNSURE_S = 10e-3
"""a clock that is less sure than this is warned of: a leg that is raised turns by two degrees in it"""


def missing(rows: Rows, period_s: float) -> Integers:
    """(n - 1,) how many samples are missing between each pair: by number or by the sensor's own time, the more of them.

    Where the node started anew, both begin again, and the host's time tells.
    """
    restart, time_s = _restarts(rows), rows.block.time_s
    steps = np.where(restart, time_s[1:] - time_s[:-1], rows.own_s[1:] - rows.own_s[:-1]) / period_s
    by_time = np.where(steps > 1.5, np.rint(steps) - 1, 0).astype(np.int64)
    return np.maximum(by_time, np.where(restart, 0, rows.seq[1:] - rows.seq[:-1] - 1))


def _restarts(rows: Rows) -> Bools:
    """(n - 1,) between which samples the node started anew."""
    return np.asarray(rows.boot[1:] != rows.boot[:-1])


def _holes(rows: Rows, lost: Integers) -> list[Interval]:
    """From the last sample before to the first after each hole and each start."""
    time_s, (before,) = rows.block.time_s, ((lost > 0) | _restarts(rows)).nonzero()
    return [(float(time_s[i]), float(time_s[i + 1])) for i in before]


def _rising(rows: Rows) -> Rows:
    """With times that never fall: a node that started anew may overlap itself by a clock error."""
    return replace(rows, block=rows.block.not_before(-np.inf))


def _clock_of(log: NodeLog, own_s: Floats) -> tuple[float, float]:
    """95 % half-width of a node's place on the host's time axis in s, and its skew in ppm; NaN where not known."""
    clock = None if log.is_import else log.clock()
    if clock is None:
        return np.nan, np.nan
    middle_us = np.array(1e6 * np.median(own_s))
    return float(clock.uncertainty_95_s(middle_us)), float(1e6 * clock.skew(middle_us))


def _warnings(log: NodeLog, restarts: int, clock_uncertainty_s: float) -> tuple[str, ...]:
    broken = f"{log.broken} packets of {log.node} were not of this protocol and are left out."
    strange = f"{log.strange} packets of {log.node} contradict all others, so they were damaged, and are left out."
    restarted = f"{log.node} restarted {restarts} times while recording."
    bare = f"{log.node} sent no calibration; its gyroscope zero and accelerometer are taken as they are."
    unsure = f"{log.node} may be {1e3 * clock_uncertainty_s:.0f} ms off in time against the other sensors."
    said = (
        (broken, log.broken > 0),
        (strange, log.strange > 0),
        (restarted, restarts > 0),
        (bare, not (log.is_import or log.calibrated)),
        (unsure, clock_uncertainty_s > UNSURE_S),
    )
    return tuple(sentence for sentence, true in said if true)


def _node_data(log: NodeLog, rows: Rows) -> NodeData:
    """A node's samples with what is known of the missing ones. The time axis is still the node's own."""
    rows = _rising(rows)
    period_s = typical_period(rows.block.time_s)
    lost, info = missing(rows, period_s), log.info
    clock_uncertainty_s, clock_skew_ppm = _clock_of(log, rows.own_s[rows.boot == rows.boot[-1]])
    return NodeData(
        node=log.node,
        placement=info.placement if info else "unknown",
        lid=info.lid if info else "back",
        block=rows.block,
        period_s=period_s,
        lost=int(lost.sum()),
        gaps=tuple(_holes(rows, lost)),
        saturated=None if log.is_import else int(rows.saturated.sum()),
        warnings=_warnings(log, int(np.count_nonzero(_restarts(rows))), clock_uncertainty_s),
        chip=info.chip if info else "",
        zeroed=log.zeroed,
        levelled=log.levelled,
        clock_uncertainty_s=clock_uncertainty_s,
        clock_skew_ppm=clock_skew_ppm,
    )


def _shifted(data: NodeData, zero_s: float) -> NodeData:
    """The same node with its times counted from zero_s."""
    gaps: tuple[Interval, ...] = tuple((a - zero_s, z - zero_s) for a, z in data.gaps)
    return replace(data, block=data.block.shifted(-zero_s), gaps=gaps)


def _with_silence(data: NodeData, end_s: float) -> NodeData:
    """With a warning when it sent nothing at the end: no number shows how many samples are missing there."""
    silent_s = end_s - float(data.block.time_s[-1])
    if silent_s < SILENT_S:
        return data
    sentence = f"{data.node} sent nothing in the last {silent_s:.0f} s; what it took then is not counted as lost."
    return replace(data, warnings=(*data.warnings, sentence))


def assemble(frames: Iterable[Frame]) -> list[NodeData]:
    """All nodes of a recording, whole and in order, on one time axis.

    Time zero is the earliest sample, or the input's own zero for imported samples that bring one.
    """
    logs: dict[str, NodeLog] = {}
    epoch_ns = None
    for frame in frames:
        epoch_ns = frame.arrival_ns if epoch_ns is None else epoch_ns
        if frame.node not in logs:
            logs[frame.node] = NodeLog(frame.node)
        logs[frame.node].add(frame, epoch_ns)
    found = {name: log.take() for name, log in logs.items()}
    nodes = [_node_data(logs[name], in_order(rows)) for name, rows in found.items() if rows]
    if not nodes or any(log.own_zero for log in logs.values()):
        return nodes
    zero_s = min(float(data.block.time_s[0]) for data in nodes)
    end_s = max(float(data.block.time_s[-1]) for data in nodes)
    return [_shifted(_with_silence(data, end_s), zero_s) for data in nodes]


class NodeStream:
    """One node live: each frame becomes the block of samples that are new in it."""

    def __init__(self, node: str, epoch_ns: int) -> None:
        """epoch_ns: arrival of the session's first frame, the same for all its nodes."""
        self.node = node
        self._log = NodeLog(node, exchanges=deque(maxlen=EXCHANGES_KEPT))
        self._epoch_ns = epoch_ns
        self._last: Rows | None = None
        self._periods: deque[float] = deque(maxlen=25)
        self.lost = 0
        self._restarts = 0
        self.gaps: list[Interval] = []
        self.saturated = 0
        self.elapsed_s = np.empty(0)
        """(n,) of the last block: since the first sample, by the node's own clock. Host time is corrected as it goes
        on, and a correction in the middle of a raise is no time in which the leg turned"""

    @property
    def info(self) -> wire.Info | None:
        """Who the node says it is; None until it has said so."""
        return self._log.info

    @property
    def zeroed(self) -> bool:
        """Whether a zero of the gyroscope is off its rates."""
        return self._log.zeroed

    @property
    def levelled(self) -> bool:
        """Whether its accelerometer was calibrated in six positions."""
        return self._log.levelled

    @property
    def chip(self) -> str:
        """What the node says it measures with; empty until it has said so."""
        return self._log.info.chip if self._log.info else ""

    @property
    def own_zero(self) -> bool:
        """Whether the samples bring their own time axis."""
        return self._log.own_zero

    @property
    def imported(self) -> bool:
        """Whether they come from a file of another system."""
        return self._log.is_import

    @property
    def period_s(self) -> float:
        """Median sample period of the last frames; for frames of one sample, what the node says; NaN at first."""
        return median(self._periods) if self._periods else self._log.said_period_s

    def push(self, frame: Frame) -> Block:
        """The new samples of a frame, in host time; empty when it has none or came too late."""
        self._log.add(frame, self._epoch_ns)
        found = self._log.take()
        return self._follow(found) if found else empty_block()

    def _follow(self, found: list[Rows]) -> Block:
        last = self._last
        rows = in_order([last, *found] if last else found)
        if last:  # what is before it came too late
            rows = pick(rows, slice(int(rows.place.searchsorted(last.place[0])), None))
        new = slice(1 if last else 0, None)
        if not len(rows.seq[new]):
            return empty_block()
        period_s = typical_period(rows.block.time_s[new])
        if period_s > 0:
            self._periods.append(period_s)
        rows = _rising(rows)
        self._count(rows)
        self.saturated += int(np.count_nonzero(rows.saturated[new]))
        self._last = pick(rows, slice(-1, None))
        self._measure_elapsed(rows, len(rows.seq[new]))
        return rows.block.select(new)

    def _measure_elapsed(self, rows: Rows, n: int) -> None:
        steps = np.where(_restarts(rows), np.diff(rows.block.time_s), np.diff(rows.own_s))
        since_s = self.elapsed_s[-1] if len(self.elapsed_s) else 0.0
        self.elapsed_s = since_s + np.cumsum(np.concatenate((np.zeros(n - len(steps)), np.maximum(steps, 0.0))))

    def _count(self, rows: Rows) -> None:
        lost = missing(rows, self.period_s)
        self.gaps += _holes(rows, lost)
        self.lost += int(lost.sum())
        self._restarts += int(np.count_nonzero(_restarts(rows)))

    def data(self, block: Block, zero_s: float) -> NodeData:
        """What `assemble` says of a node, for samples that were kept outside; times counted from zero_s."""
        info = self.info
        clock_uncertainty_s, clock_skew_ppm = _clock_of(self._log, self._last.own_s if self._last else np.zeros(1))
        return NodeData(
            node=self._log.node,
            placement=info.placement if info else "unknown",
            lid=info.lid if info else "back",
            block=block,
            period_s=self.period_s,
            lost=self.lost,
            gaps=tuple((a - zero_s, z - zero_s) for a, z in self.gaps),
            saturated=None if self.imported else self.saturated,
            warnings=_warnings(self._log, self._restarts, clock_uncertainty_s),
            chip=info.chip if info else "",
            zeroed=self.zeroed,
            levelled=self.levelled,
            clock_uncertainty_s=clock_uncertainty_s,
            clock_skew_ppm=clock_skew_ppm,
        )
