"""The stages of `measure`, a frame at a time: what an athlete sees, and what `--causal` writes.

Work and memory per frame are bounded: each node keeps the last seconds of samples to learn a stand from, what its
filters remember, and its latest raises and bows. Figures are made from what has arrived; samples that come late do not
change what was shown, and what is learned later does not either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hiphold import drill, quaternion, stillness
from hiphold.alignment import Alignment
from hiphold.angles import (
    Angles,
    joined,
    segment_rotation,
    side_angles,
    turned,
    unknown,
    until,
    without_facing,
)
from hiphold.calibrate import mount
from hiphold.clock import NS
from hiphold.describe import describe
from hiphold.measure import check_oriented, check_placements, marked_stands, no_stand, nothing_there
from hiphold.measurement import Measurement
from hiphold.mounting import UNKNOWN
from hiphold.ritual import Excursion, finish
from hiphold.samples import Block, Codes, Event, Floats, Frame, Interval, NodeData, Settings, concatenate, empty_block
from hiphold.segments import MEASURED, THIGHS, WORN, Oriented, Segment
from hiphold.timeline import NodeStream
from hiphold.worn import WornSensor

RESTLESS_S = 5.0
"""after so much rest of the thighs, a pelvis that never rests no longer keeps them from a stand"""
LOOKED_AT = 20
"""so many stands back a heading is still good for something"""
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
    q_earth_from_sensor: Floats
    """(n, 4)"""
    angles: Angles | None
    """(n,) of a thigh: hip, azimuth, pelvis and trunk as far as they are known by now"""
    phase: Codes
    """(n,) codes of drill.PHASES"""
    held_s: float | None
    """how long the current hold has lasted; None outside one"""
    bouts: tuple[drill.Bout, ...]
    """holds and attempts that ended in this frame"""
    excursions: tuple[Excursion, ...]
    """times away from the stand that ended in this frame"""


class Live:
    """A session as it goes on."""

    def __init__(self, settings: Settings, events: tuple[Event, ...] = ()) -> None:
        self._settings = settings
        self._events = events
        self._marked = marked_stands(events)
        self._untaken = list(self._marked)
        self._nodes: dict[str, WornSensor] = {}
        self._epoch_ns: int | None = None
        self._zero_s: float | None = None
        self.poses = stillness.Poses()
        self._headings: dict[str, float] | None = None
        self._lifted_s = -np.inf  # when a leg was last seen off the floor

    def push(self, frame: Frame) -> Snapshot | None:
        """Take the next frame in order of arrival; None when it adds no samples of a placed sensor."""
        self._epoch_ns = frame.arrival_ns if self._epoch_ns is None else self._epoch_ns
        if frame.node not in self._nodes:
            self._nodes[frame.node] = WornSensor(frame.node, self._epoch_ns, self._settings)
        node = self._nodes[frame.node]
        block = node.stream.push(frame)
        if node.placement == "unknown":
            node.nameless += len(block)
        if not len(block) or node.placement == "unknown":
            return None
        if self._zero_s is None:
            self._zero_s = self._zero(node.stream, block, frame.arrival_ns)
        breaks = len(node.breaks_s)
        block, q = node.orient(block.shifted(-self._zero_s))
        if len(node.breaks_s) != breaks:
            self._headings = None
        if node.placement in MEASURED:
            self._learn_stand()
        return self._judge(node, block, q)

    def _zero(self, stream: NodeStream, block: Block, arrival_ns: int) -> float:
        """Where the session's time begins on the stream's: at the first sample there was, as far as that is known."""
        if stream.own_zero:
            return 0.0
        if stream.imported:  # these arrive with their last sample, counted from the earliest of all
            return float(block.time_s[-1]) - (arrival_ns - (self._epoch_ns or 0)) / NS
        return float(block.time_s[0])

    def _judge(self, node: WornSensor, block: Block, q: Floats) -> Snapshot:
        up_sensor = quaternion.up_in_sensor(q)
        angle_deg = node.angle_deg(up_sensor)
        is_thigh = node.placement in THIGHS
        tipped_deg = angle_deg - drill.STAND_DEG if is_thigh else angle_deg
        excursions = node.excurse(block, up_sensor, tipped_deg, self._thighs())
        bouts: list[drill.Bout] = []
        phase, held_s, angles = np.zeros(len(block), np.int8), None, None
        if is_thigh and node.alignment:
            node.drill, bouts, phase = drill.step(node.drill, block.time_s, angle_deg, self._settings)
            node.bouts.extend(bouts)
            if phase.any():
                self._lifted_s = float(block.time_s[np.flatnonzero(phase)[-1]])
            since = node.drill.holding_since_s
            held_s = None if since is None else float(block.time_s[-1]) - since
            if self._standing():
                phase[phase == drill.NONE] = drill.STAND
        if excursions:
            self._mount()
        if is_thigh:
            angles = self._angles(node, block.time_s, q)
        return Snapshot(node.placement, block, angle_deg, q, angles, phase, held_s, tuple(bouts), tuple(excursions))

    def _mount(self) -> None:
        """Learn anew how each sensor sits."""
        measured = [node for node in self._nodes.values() if node.placement in MEASURED]
        seen = [node.seen(self.poses) for node in measured]
        found = mount([each for each in seen if each], self.poses, self._events)
        for node in measured:
            node.mounting = found.get(node.placement, UNKNOWN)
        self._headings = None

    def _angles(self, thigh: WornSensor, time_s: Floats, q: Floats) -> Angles:
        """Hip, azimuth, pelvis and trunk at a thigh's samples, with the headings of the last stand."""
        pelvis, trunk = self._placed("pelvis"), self._placed("trunk")
        if pelvis is None or pelvis.mounting.axes is None:
            return unknown(len(time_s))
        if self._headings is None:
            self._headings = self._face(pelvis)
        ahead_rad = self._headings[thigh.placement]
        r_thigh = np.full((len(time_s), 3, 3), np.nan)
        if thigh.mounting.axes and np.isfinite(ahead_rad):
            r_thigh = turned(segment_rotation(q, thigh.mounting.axes), -ahead_rad)
        r_trunk = turned(trunk.rotation_at(time_s), -self._headings["trunk"]) if trunk else None
        r_pelvis = pelvis.rotation_at(time_s)
        angles = side_angles(THIGHS[thigh.placement], r_thigh, r_pelvis, self._headings["pelvis"], r_trunk)
        slipped_s = (node.mounting.until_s if node else np.inf for node in (thigh, pelvis, trunk))
        angles = until(angles, time_s, *slipped_s)
        return angles if thigh.mounting.faces_surely else without_facing(angles)

    def _face(self, pelvis: WornSensor) -> dict[str, float]:
        """Of the pelvis its heading in the first stand, of others theirs minus its in the last stand, rad, or NaN."""
        numbered = list(enumerate(self.poses.stands))
        faced = (pelvis.facing_rad(*each) for each in numbered)
        found = {"pelvis": _first_known(faced)}
        for placement in MEASURED[1:]:
            node = self._placed(placement)
            last = reversed(numbered[-LOOKED_AT:])
            ahead = (node.facing_rad(*each) - pelvis.facing_rad(*each) for each in last) if node else ()
            found[placement] = _first_known(ahead)
        return found

    def _placed(self, placement: str) -> WornSensor | None:
        """The node worn there that has samples."""
        return next((n for n in self._nodes.values() if n.placement == placement and n.has_samples), None)

    def _thighs(self) -> list[WornSensor]:
        return [n for n in self._nodes.values() if n.placement in THIGHS and n.has_samples]

    def _worn(self) -> list[WornSensor]:
        """Those on the body whose samples come; one that fell silent, or only said who it is, holds nothing up."""
        worn = [node for node in self._nodes.values() if node.placement in WORN and node.has_samples]
        latest_s = max((node.kept.span[1] for node in worn), default=0.0)
        return [node for node in worn if latest_s - node.kept.span[1] < SILENT_S]

    def _candidates(self, resting: list[WornSensor]) -> list[Interval]:
        """Stretches that may be stands: what all resting sensors were quiet for, or what an event says."""
        if self._marked:
            seen_s = min(node.kept.span[1] for node in resting)
            past = [stand for stand in self._untaken if stand[1] <= seen_s]
            return [stand for stand in past if all(node.covers(stand) for node in resting)]
        seen_s = max((poses[-1][1] for poses in (self.poses.stands, self.poses.elsewhere) if poses), default=-np.inf)
        quiet = stillness.common([node.quiet for node in resting])
        return [(a, z) for a, z in quiet if z - a >= stillness.STAND_MIN_S and z > seen_s]

    def _standing(self) -> bool:
        """Whether the latest stand reaches to what came last, and no leg was lifted since."""
        latest_s = max(node.kept.span[1] for node in self._worn())
        since_s = max(latest_s - stillness.WINDOW_S, self._lifted_s)
        return bool(self.poses.stands) and self.poses.stands[-1][1] >= since_s

    def _learn_stand(self) -> None:
        """Take candidates as stands, the reference or later ones, or as other poses; align what can be aligned."""
        resting = self._resting()
        for interval in self._candidates(resting) if any(node.placement in THIGHS for node in resting) else []:
            stands, elsewhere = self.poses.stands, self.poses.elsewhere
            grows = bool(stands) and not self._marked and interval[0] <= stands[-1][1]
            if self._marked:
                self._untaken.remove(interval)
            elif not grows and not self._as_in_reference(resting, interval):
                self._rest(resting, elsewhere, interval, grows=bool(elsewhere) and interval[0] <= elsewhere[-1][1])
                continue
            self._rest(resting, stands, interval, grows=grows)

    def _resting(self) -> list[WornSensor]:
        """The worn sensors, without those that do not rest at all while a thigh rests for longer than a stand takes."""
        worn = self._worn()
        quiet = [node.quiet[-1] for node in worn if node.placement in THIGHS and node.quiet]
        start_s, end_s = max(quiet, key=lambda each: each[1] - each[0], default=(0.0, 0.0))
        if end_s - start_s < RESTLESS_S:
            return worn
        return [node for node in worn if any(z > start_s and a < end_s for a, z in node.quiet)]

    def _as_in_reference(self, resting: list[WornSensor], interval: Interval) -> bool:
        known = [(node.direction(interval), node.alignment.y_sensor) for node in resting if node.alignment]
        return stillness.same_pose([a for a, _ in known], [b for _, b in known])

    def _rest(self, resting: list[WornSensor], poses: list[Interval], interval: Interval, *, grows: bool) -> None:
        """Add a pose, or make the last one longer; the first stand is the reference.

        The trunk need not be quiet: it takes part where it has samples.
        """
        poses[-1:] = [(poses[-1][0], interval[1])] if grows else [*poses[-1:], interval]
        standing = poses is self.poses.stands
        self._headings, anew = None, not grows
        trunk = self._placed("trunk")
        for node in [*resting, *([trunk] if trunk and trunk.covers(poses[-1]) else [])]:
            align = standing and (node.alignment is None or len(poses) == 1)
            node.rest(node.q_stands if standing else node.q_elsewhere, len(poses) - 1, poses[-1], align=align)
            anew = anew or align
        if anew:
            self._mount()

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
        if self._marked and not self.poses.stands:
            raise nothing_there(self._marked[0])
        if not any(node.alignment and node.placement in THIGHS for node in self._nodes.values()):
            raise no_stand()
        stands = self.poses.stands
        segments = [
            self._segment(node, node.alignment, data[node.stream.node], found)
            for node, found in nodes
            if found and node.alignment and node.placement in MEASURED
        ]
        angles = {
            s.side: shown
            for s in segments
            if s.data.placement in THIGHS and (shown := _shown(by_placement[s.data.placement]))
        }
        lost = (*damage, *self._late())
        return describe(segments, angles, oriented, stands, self._settings, self._events, lost, started_at)

    def _segment(self, node: WornSensor, aligned: Alignment, data: NodeData, found: Sequence[Snapshot]) -> Segment:
        """One sensor over the session, from what was shown of it."""
        end_s = float(found[-1].block.time_s[-1])
        bouts = [*(bout for s in found for bout in s.bouts), *drill.finish(node.drill, end_s)]
        excursions = [*(e for s in found for e in s.excursions), *finish(node.following)]
        return Segment(
            data,
            aligned,
            np.concatenate([s.angle_deg for s in found]),
            np.concatenate([s.phase for s in found]),
            tuple(bouts),
            node.method or "",
            np.concatenate([s.q_earth_from_sensor for s in found]),
            *node.at(self.poses),
            tuple(excursions),
            node.mounting,
        )

    def _late(self) -> list[str]:
        return [
            f"{n.nameless} samples of {n.stream.node} came before it said where it is worn and are not used."
            for n in self._nodes.values()
            if n.nameless
        ]


def _first_known(values: Iterable[float]) -> float:
    """The first that is finite, asking for no more; NaN when none is."""
    return next((value for value in values if np.isfinite(value)), float("nan"))


def _shown(snapshots: Sequence[Snapshot]) -> Angles | None:
    """The angles that a thigh's snapshots showed; None when they never showed any."""
    angles = joined([s.angles or unknown(len(s.block)) for s in snapshots])
    return angles if np.isfinite(angles.pelvis_tilt_deg).any() else None


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
