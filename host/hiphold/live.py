"""The stages of `measure`, a frame at a time: what an athlete sees, and what `--causal` writes.

Work and memory per frame are bounded: each node keeps the last KEPT_S of samples to learn the stand from, and what its
filters remember. Figures are made from what has arrived; samples that come late do not change what was shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hiphold import alignment, drill, orientation, quaternion, stillness
from hiphold.alignment import Alignment
from hiphold.clock import NS
from hiphold.describe import THIGHS, WORN, Oriented, Segment, describe
from hiphold.measure import (
    check_oriented,
    check_placements,
    check_stands,
    choose,
    fuse,
    marked_stands,
    nothing_there,
)
from hiphold.measurement import Measurement
from hiphold.samples import Block, Event, Floats, Frame, Interval, Settings, concatenate, empty_block
from hiphold.timeline import NodeStream

KEPT_S = 12.0
"""samples kept per node; a stand is learned from at most so much"""
SILENT_S = 3.0
"""a node this far behind the others is not waited for"""


@dataclass(frozen=True)
class Snapshot:
    """What one frame of a worn sensor adds."""

    placement: str
    block: Block
    """the new samples, on the session's time axis"""
    angle_deg: Floats
    """(n,) thigh: femur elevation; pelvis: how far it is tipped; NaN before the reference stand and for others"""
    phase: npt.NDArray[np.int8]
    """(n,) codes of drill.PHASES"""
    held_s: float | None
    """how long the current hold has lasted; None outside one"""
    bouts: tuple[drill.Bout, ...]
    """holds and attempts that ended in this frame"""


class _LiveNode:
    """One sensor: its stream, its filters, and the alignment it has now."""

    def __init__(self, node: str, epoch_ns: int, settings: Settings) -> None:
        self.stream = NodeStream(node, epoch_ns)
        self._settings = settings
        self._filter: orientation.OrientationFilter | None = None
        self._stillness: stillness.Stillness | None = None
        self._ended: list[Interval] = []
        self._kept: deque[tuple[Block, Floats]] = deque()
        self._square_sum, self._compared = 0.0, 0
        self.method: str | None = None
        """whose orientation it is; None before there was any"""
        self.nameless = 0
        """samples that came before the node said where it is worn"""
        self.alignment: Alignment | None = None
        self.drill = drill.DrillState()

    @property
    def placement(self) -> str:
        return self.stream.info.placement if self.stream.info else "unknown"

    @property
    def has_samples(self) -> bool:
        return bool(self._kept)

    def orient(self, block: Block) -> tuple[Block, Floats]:
        """The block as the later stages use it, and (n, 3) up in the sensor."""
        if self._filter is None or self._stillness is None:
            self._filter = orientation.OrientationFilter(self._settings.method, self.stream.period_s)
            self._stillness = stillness.Stillness(self.stream.period_s)
        fused = fuse(block, self._filter.step)
        difference = orientation.inclination_difference(fused, block.q_recorded)
        self._square_sum, self._compared = (
            self._square_sum + float(difference @ difference),
            self._compared + len(difference),
        )
        block, q, method = choose(block, fused, self._settings)
        self.method = method or self.method
        up_sensor = quaternion.up_in_sensor(q)
        self._ended += self._stillness.step(block)
        self._kept.append((block, up_sensor))
        while block.time_s[-1] - self._kept[0][0].time_s[-1] > KEPT_S:
            self._kept.popleft()
        self._ended = [interval for interval in self._ended if interval[1] > self.kept[0]]
        return block, up_sensor

    @property
    def disagreement_deg(self) -> float | None:
        """RMS angle between host's and node's up so far."""
        return float(np.rad2deg(np.sqrt(self._square_sum / self._compared))) if self._compared else None

    @property
    def quiet(self) -> list[Interval]:
        """Quiet intervals, as far as samples are kept; the last may still grow."""
        latest = [self._stillness.open] if self._stillness and self._stillness.open else []
        return [(max(a, self.kept[0]), z) for a, z in self._ended + latest]

    @property
    def kept(self) -> Interval:
        """From the first to the last sample that is kept."""
        return float(self._kept[0][0].time_s[0]), float(self._kept[-1][0].time_s[-1])

    def direction(self, interval: Interval) -> Floats:
        """(3,) gravity in the interval."""
        return stillness.gravity_direction(concatenate([block for block, _ in self._kept]), interval)

    def covers(self, interval: Interval) -> bool:
        """Whether a kept sample lies in the interval."""
        return any(len(block.between(interval)) for block, _ in self._kept)

    def align(self, stand: Interval) -> None:
        """Learn the up axis from a stand whose samples are kept."""
        block = concatenate([block for block, _ in self._kept])
        up_sensor = np.concatenate([up for _, up in self._kept])
        self.alignment = alignment.align_to_stand(block, up_sensor, stand)


class Live:
    """A session as it goes on."""

    def __init__(self, settings: Settings, events: tuple[Event, ...] = ()) -> None:
        self._settings = settings
        self._events = events
        self._marked = marked_stands(events)
        self._untaken = list(self._marked)
        self._nodes: dict[str, _LiveNode] = {}
        self._epoch_ns: int | None = None
        self._zero_s: float | None = None
        self.stands: list[Interval] = []

    def push(self, frame: Frame) -> Snapshot | None:
        """Take the next frame in order of arrival; None when it adds no samples of a placed sensor."""
        self._epoch_ns = frame.arrival_ns if self._epoch_ns is None else self._epoch_ns
        if frame.node not in self._nodes:
            self._nodes[frame.node] = _LiveNode(frame.node, self._epoch_ns, self._settings)
        node = self._nodes[frame.node]
        block = node.stream.push(frame)
        if node.placement == "unknown":
            node.nameless += len(block)
        if not len(block) or node.placement == "unknown":
            return None
        if self._zero_s is None:
            self._zero_s = self._zero(node.stream, block, frame.arrival_ns)
        block, up_sensor = node.orient(block.shifted(-self._zero_s))
        if node.placement in WORN:
            self._learn_stand()
        return self._judge(node, block, up_sensor)

    def _zero(self, stream: NodeStream, block: Block, arrival_ns: int) -> float:
        """Where the session's time begins on the stream's: at the first sample there was, as far as that is known."""
        if stream.own_zero:
            return 0.0
        if stream.imported:  # these arrive with their last sample, counted from the earliest of all
            return float(block.time_s[-1]) - (arrival_ns - (self._epoch_ns or 0)) / NS
        return float(block.time_s[0])

    def _judge(self, node: _LiveNode, block: Block, up_sensor: Floats) -> Snapshot:
        nothing = np.full(len(block), np.nan), np.zeros(len(block), np.int8)
        if node.alignment is None:
            return Snapshot(node.placement, block, *nothing, None, ())
        if node.placement not in THIGHS:
            tipped = alignment.tipped_deg(up_sensor, node.alignment)
            return Snapshot(node.placement, block, tipped, nothing[1], None, ())
        elevation = alignment.femur_elevation_deg(up_sensor, node.alignment)
        node.drill, bouts, phase = drill.step(node.drill, block.time_s, elevation, self._settings)
        since = node.drill.holding_since_s
        held_s = None if since is None else float(block.time_s[-1]) - since
        if self._standing():
            phase[phase == drill.NONE] = drill.STAND
        return Snapshot(node.placement, block, elevation, phase, held_s, tuple(bouts))

    def _worn(self) -> list[_LiveNode]:
        """Those on the body whose samples come; one that fell silent, or only said who it is, holds nothing up."""
        worn = [node for node in self._nodes.values() if node.placement in WORN and node.has_samples]
        latest_s = max((node.kept[1] for node in worn), default=0.0)
        return [node for node in worn if latest_s - node.kept[1] < SILENT_S]

    def _candidates(self) -> list[Interval]:
        """Stretches that may be stands: what all worn sensors were quiet for, or what an event says."""
        worn = self._worn()
        if self._marked:
            seen_s = min(node.kept[1] for node in worn)
            past = [stand for stand in self._untaken if stand[1] <= seen_s]
            return [stand for stand in past if all(node.covers(stand) for node in worn)]
        long = [(a, z) for a, z in stillness.common([node.quiet for node in worn]) if z - a >= stillness.STAND_MIN_S]
        return [interval for interval in long if not self.stands or interval[1] > self.stands[-1][1]]

    def _standing(self) -> bool:
        """Whether the latest stand reaches to what came last."""
        return bool(self.stands) and self.stands[-1][1] >= max(n.kept[1] for n in self._worn()) - stillness.WINDOW_S

    def _learn_stand(self) -> None:
        """Take candidates as stands, the reference or later ones, and align what can be aligned to them."""
        thighs = [node for node in self._worn() if node.placement in THIGHS]
        for start_s, end_s in self._candidates() if thighs else []:
            grows = bool(self.stands) and not self._marked and start_s <= self.stands[-1][1]
            known = [(n.direction((start_s, end_s)), n.alignment.y_sensor) for n in thighs if n.alignment]
            if self._marked:
                self._untaken.remove((start_s, end_s))
            elif not grows and not stillness.same_pose([a for a, _ in known], [b for _, b in known]):
                continue
            self.stands[-1:] = [(self.stands[-1][0], end_s)] if grows else [*self.stands[-1:], (start_s, end_s)]
            for node in self._worn():
                if node.alignment is None or len(self.stands) == 1:
                    node.align((start_s, end_s))

    def conclude(
        self, snapshots: Iterable[Snapshot], damage: tuple[str, ...] = (), started_at: str | None = None
    ) -> Measurement:
        """The measurement of a session from all its snapshots: the figures that were shown, no others."""
        by_placement: dict[str, list[Snapshot]] = {}
        for snapshot in snapshots:
            by_placement.setdefault(snapshot.placement, []).append(snapshot)
        zero_s = self._zero_s or 0.0
        nodes = [(n, by_placement.get(n.placement, [])) for n in self._nodes.values()]
        data = {
            n.stream.node: n.stream.data(concatenate([s.block for s in found]), zero_s) for n, found in nodes if found
        }
        nameless = [n.stream.data(empty_block(), zero_s) for n in self._nodes.values() if n.placement == "unknown"]
        check_placements([*data.values(), *nameless])
        oriented = [
            Oriented(data[n.stream.node], np.empty((0, 4)), n.disagreement_deg, n.method) for n, found in nodes if found
        ]
        check_oriented(oriented)
        if self._marked and not self.stands:
            raise nothing_there(self._marked[0])
        aligned = any(node.alignment and node.placement in THIGHS for node in self._nodes.values())
        stands = check_stands(self.stands if aligned else [])
        segments = []
        for node, found in nodes:
            if found and node.alignment and node.placement in WORN:
                end_s = float(found[-1].block.time_s[-1])
                bouts = (*(bout for s in found for bout in s.bouts), *drill.finish(node.drill, end_s))
                angle, phase = np.concatenate([s.angle_deg for s in found]), np.concatenate([s.phase for s in found])
                segments.append(
                    Segment(
                        data[node.stream.node], node.alignment, angle, phase, bouts, node.method or "", np.empty((0, 4))
                    )
                )
        return describe(
            segments, {}, oriented, stands, self._settings, self._events, (*damage, *self._late()), started_at
        )

    def _late(self) -> list[str]:
        return [
            f"{n.nameless} samples of {n.stream.node} came before it said where it is worn and are not used."
            for n in self._nodes.values()
            if n.nameless
        ]


def measure_causal(
    frames: Iterable[Frame],
    settings: Settings,
    events: tuple[Event, ...] = (),
    damage: tuple[str, ...] = (),
    started_at: str | None = None,
) -> Measurement:
    """Measure a recording as it would have been measured live; arguments and errors as in `measure.measure`."""
    live = Live(settings, events)
    snapshots = [snapshot for frame in frames if (snapshot := live.push(frame)) is not None]
    return live.conclude(snapshots, damage, started_at)


async def follow(frames: AsyncIterator[Frame], live: Live) -> AsyncIterator[Snapshot]:
    """Snapshots from any source, as its frames come."""
    async for frame in frames:
        snapshot = live.push(frame)
        if snapshot is not None:
            yield snapshot
