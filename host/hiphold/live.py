"""The stages of `measure`, a frame at a time: what an athlete sees, and what `--causal` writes.

Work and memory per frame are bounded: each node keeps the last seconds of samples to learn a stand from, what its
filters remember, and its latest raises and bows. Figures are made from what has arrived; samples that come late do not
change what was shown, and what is learned later does not either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace

import numpy as np

from hiphold import drill, quaternion, stillness
from hiphold.angles import (
    Ahead,
    Angles,
    ahead_of_pelvis,
    segment_rotation,
    side_angles,
    turned,
    unknown,
    until,
    without_facing,
)
from hiphold.calibrate import mount
from hiphold.clock import NS
from hiphold.describe import Judged, describe, describe_hold, track
from hiphold.known import Condition, Learned, condition, learned, outline
from hiphold.measure import check_oriented, check_placements, no_stand, nothing_there
from hiphold.measurement import Measurement
from hiphold.metrics import slowness
from hiphold.mounting import UNKNOWN
from hiphold.samples import Block, Event, Floats, Frame, Settings, concatenate, empty_block
from hiphold.segments import MEASURED, THIGHS, Oriented, Segment
from hiphold.shown import LOOK_BACK_S, Kept, Shown, Snapshot, shown_angles
from hiphold.standing import Standing
from hiphold.timeline import NodeStream
from hiphold.worn import WornSensor

LOOKED_AT = 20
"""so many stands back, and the first, tell of a heading"""


class Live:
    """A session as it goes on."""

    def __init__(self, settings: Settings, events: tuple[Event, ...] = ()) -> None:
        self._settings = settings
        self._events = events
        self._nodes: dict[str, WornSensor] = {}
        self._shown: dict[str, Shown] = {}
        self._epoch_ns: int | None = None
        self._zero_s: float | None = None
        self._standing = Standing(self._nodes.values, events)
        self._headings: dict[str, Ahead] | None = None
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
        snapshot = self._judge(node, block, q)
        self._shown.setdefault(node.stream.node, Shown()).add(snapshot)
        if snapshot.bouts:
            snapshot = self._with_holds(node, snapshot)
        self._forget(float(block.time_s[-1]))
        return snapshot

    def ask(self, event: Event) -> None:
        """A person declares a stand that has not begun yet: `rezero`."""
        self._standing.ask(event)

    @property
    def poses(self) -> stillness.Poses:
        """When all worn sensors were quiet together: stands, and other poses."""
        return self._standing.poses

    @property
    def now_s(self) -> float:
        """The latest sample of any sensor, on the session's time axis; 0 before there was one."""
        return max((node.kept.span[1] for node in self._nodes.values() if node.has_samples), default=0.0)

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
            if self._standing.goes_on(self._lifted_s):
                phase[phase == drill.NONE] = drill.STAND
        if excursions:
            self._mount()
        if is_thigh:
            angles = self._angles(node, block.time_s, q)
        return Snapshot(node.placement, block, angle_deg, q, angles, phase, held_s, tuple(bouts), tuple(excursions))

    def _learn_stand(self) -> None:
        changed, anew = self._standing.learn()
        if changed:
            self._headings = None
        if anew:
            self._mount()

    def _mount(self) -> None:
        """Learn anew how each sensor sits."""
        measured = [node for node in self._nodes.values() if node.placement in MEASURED]
        seen = [node.seen(self.poses) for node in measured]
        found = mount([each for each in seen if each], self.poses, self._events)
        for node in measured:
            node.mounting = found.get(node.placement, UNKNOWN)
        self._headings = None

    def _angles(self, thigh: WornSensor, time_s: Floats, q: Floats) -> Angles:
        """Hip, azimuth, pelvis and trunk at a thigh's samples, with headings as the stands until now tell."""
        pelvis, trunk = self._placed("pelvis"), self._placed("trunk")
        if pelvis is None or pelvis.mounting.axes is None:
            return unknown(len(time_s))
        if self._headings is None:
            self._headings = self._face(pelvis)
        r_thigh = np.full((len(time_s), 3, 3), np.nan)
        if thigh.mounting.axes:
            r_thigh = turned(segment_rotation(q, thigh.mounting.axes), -self._headings[thigh.placement].at(time_s))
        r_trunk = turned(trunk.rotation_at(time_s), -self._headings["trunk"].at(time_s)) if trunk else None
        faced_rad, r_pelvis = self._headings["pelvis"].first(time_s), pelvis.rotation_at(time_s)
        angles = side_angles(THIGHS[thigh.placement], r_thigh, r_pelvis, faced_rad, r_trunk)
        slipped_s = (node.mounting.until_s if node else np.inf for node in (thigh, pelvis, trunk))
        angles = until(angles, time_s, *slipped_s)
        return angles if thigh.mounting.faces_surely else without_facing(angles)

    def _face(self, pelvis: WornSensor) -> dict[str, Ahead]:
        """The heading of the pelvis in all stands, and of the others against it in the first and the latest."""
        stands = self.poses.stands
        few = [k for k in range(len(stands)) if k == 0 or k >= len(stands) - LOOKED_AT]
        hub_rad = pelvis.facing_rad(range(len(stands)))
        found = {place: ahead_of_pelvis([], np.empty(0), 0.0) for place in MEASURED}  # who comes later: until a stand
        found["pelvis"] = ahead_of_pelvis(stands, hub_rad, 0.0, pelvis.breaks_s)
        for node in filter(None, map(self._placed, MEASURED[1:])):
            anew_s, zeroed = sorted([*node.breaks_s, *pelvis.breaks_s]), node.zeroed and pelvis.zeroed
            both = node.facing_rad(few), hub_rad[few]
            found[node.placement] = ahead_of_pelvis([stands[k] for k in few], *both, anew_s, zeroed)
        return found

    def _placed(self, placement: str) -> WornSensor | None:
        """The node worn there that has samples."""
        return next((n for n in self._nodes.values() if n.placement == placement and n.has_samples), None)

    def _thighs(self) -> list[WornSensor]:
        return [n for n in self._nodes.values() if n.placement in THIGHS and n.has_samples]

    # Figures

    def _with_holds(self, thigh: WornSensor, snapshot: Snapshot) -> Snapshot:
        """The same with the figures of the holds that ended in it, which are final."""
        kept = [self._hold(thigh, bout) for bout in snapshot.bouts if bout.hold_s >= drill.HOLD_MIN_S]
        shown = self._shown[thigh.stream.node]
        shown.holds += kept
        shown.recent[-1] = replace(snapshot, holds=tuple(each.hold for each in kept))
        return shown.recent[-1]

    def _hold(self, thigh: WornSensor, bout: drill.Bout) -> Kept:
        """The figures of one hold, from what was shown until now."""
        recent = {node.placement: self._shown[node.stream.node].recent for node in self._measured()}
        segments = {node.placement: self._segment(node, recent[node.placement]) for node in self._measured()}
        of_thighs = {THIGHS[place]: shown_angles(recent[place]) for place in recent if place in THIGHS}
        angles = {side: found for side, found in of_thighs.items() if found}
        hold = describe_hold(THIGHS[thigh.placement], bout, list(segments.values()), angles, self._settings)
        mine = segments[thigh.placement]
        trusted = bout.start_s <= thigh.mounting.until_s
        return Kept(hold, slowness(mine.data.block.time_s, mine.angle_deg, bout), trusted)

    def _forget(self, now_s: float) -> None:
        """Keep what a hold that goes on, or begins now, will be described from."""
        since = [node.drill.holding_since_s for node in self._thighs()]
        for shown in self._shown.values():
            shown.forget(min([now_s, *(each for each in since if each is not None)]) - LOOK_BACK_S)

    def _measured(self) -> list[WornSensor]:
        """Those that stood, so that they can be measured."""
        return [n for n in self._nodes.values() if n.placement in MEASURED and n.has_samples and n.alignment]

    def _segment(self, node: WornSensor, found: Sequence[Snapshot]) -> Segment:
        """One sensor, with these of its snapshots."""
        shown, zero_s = self._shown[node.stream.node], self._zero_s or 0.0
        return Segment(
            node.stream.data(concatenate([s.block for s in found]), zero_s),
            node.aligned,
            np.concatenate([np.empty(0), *(s.angle_deg for s in found)]),
            np.concatenate([np.empty(0, np.int8), *(s.phase for s in found)]),
            (*shown.bouts, *drill.finish(node.drill, shown.span[1])),
            node.method or "",
            np.concatenate([np.empty((0, 4)), *(s.q_earth_from_sensor for s in found)]),
            *node.at(self.poses),
            node.excursions,
            node.mounting,
            shown.raises,
            tuple(shown.unseen),
            tuple(node.breaks_s),
        )

    # What is known

    def learned(self) -> list[Learned]:
        """What is known by now of each sensor that is measured."""
        return [learned(n) for n in self._nodes.values() if n.placement in MEASURED and n.has_samples]

    def conditions(self) -> list[Condition]:
        """How each node does, those that have not said where they are worn among them."""
        segments = [outline(node, self.poses) for node in self._measured()]
        shown = [self._shown.get(node.stream.node, Shown()) for node in self._nodes.values()]
        return [condition(node, each, segments, self.poses.stands) for node, each in zip(self._nodes.values(), shown)]

    # The end

    def conclude(
        self, snapshots: Iterable[Snapshot] = (), damage: tuple[str, ...] = (), started_at: str | None = None
    ) -> Measurement:
        """The measurement of a session: the figures that were shown, no others. Series only of the given snapshots.

        Raises as `measure.measure` does.
        """
        by_placement: dict[str, list[Snapshot]] = {}
        for snapshot in snapshots:
            by_placement.setdefault(snapshot.placement, []).append(snapshot)
        oriented = self._all_oriented()
        if self._standing.marked and not self.poses.stands:
            raise nothing_there(self._standing.marked[0])
        measured = self._measured()
        if not any(node.placement in THIGHS for node in measured):
            raise no_stand()
        segments = [self._segment(node, by_placement.get(node.placement, [])) for node in measured]
        judged = {
            s.side: self._judged(s, by_placement.get(s.data.placement, []))
            for s in segments
            if s.data.placement in THIGHS
        }
        lost = (*damage, *self._late())
        return describe(segments, judged, oriented, self.poses.stands, self._settings, lost, started_at)

    def _all_oriented(self) -> list[Oriented]:
        """All nodes with samples. Raises when they cannot be measured."""
        zero_s, nothing = self._zero_s or 0.0, empty_block()
        known = [(n, self._shown[n.stream.node]) for n in self._nodes.values() if n.stream.node in self._shown]
        data = [n.stream.data(nothing, zero_s) for n, _ in known]
        nameless = [n.stream.data(nothing, zero_s) for n in self._nodes.values() if n.placement == "unknown"]
        check_placements([*data, *nameless])
        oriented = [
            Oriented(each, np.empty((0, 4)), n.disagreement_deg, n.method, shown.samples, shown.span)
            for each, (n, shown) in zip(data, known)
        ]
        check_oriented(oriented)
        return oriented

    def _judged(self, thigh: Segment, found: Sequence[Snapshot]) -> Judged:
        """One side at the end: what was shown, and the hold that the samples did not see the end of."""
        shown = self._shown[thigh.data.node]
        bouts = drill.where_marked(list(thigh.bouts), self._events, thigh.side)
        node = self._nodes[thigh.data.node]
        open_bouts = [b for b in drill.finish(node.drill, shown.span[1]) if b.hold_s >= drill.HOLD_MIN_S]
        kept = [*shown.holds, *(self._hold(node, bout) for bout in open_bouts)]
        holds = [each.known_later(thigh.mounting.until_s, thigh.mounting.hangs_off_deg) for each in kept]
        counted = {bout.start_s for bout in bouts}
        # live, a hold is known 0.3 s after it started, and the series shows what was known
        series = track(thigh.side, thigh, shown_angles(found), thigh.phase) if found else None
        return Judged(tuple(h for h in holds if h.start_s in counted), tuple(bouts), series, shown.has_angles)

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
