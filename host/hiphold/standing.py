"""The stands of a session as it goes on, and the other quiet poses: found, made longer, and learned from.

The sensors that are worn must be quiet together; one that fell silent, or never rests, holds up nobody for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from hiphold import stillness
from hiphold.measure import asked_stands, marked_stands
from hiphold.samples import Event, Interval
from hiphold.segments import THIGHS, WORN
from hiphold.worn import WornSensor

RESTLESS_S = 5.0
"""after so much rest of the thighs, a pelvis that never rests no longer keeps them from a stand"""
SILENT_S = 3.0
"""a node this far behind the others is not waited for"""


class Standing:
    """All poses of a session, by the sensors of it."""

    def __init__(self, nodes: Callable[[], Collection[WornSensor]], events: tuple[Event, ...]) -> None:
        """nodes: all there are by now, those of no use among them."""
        self._nodes = nodes
        self.poses = stillness.Poses()
        self.marked = marked_stands(events)
        self._untaken = list(self.marked)
        self._asked = asked_stands(events)
        self._changed = self._anew = False

    def ask(self, event: Event) -> None:
        """A person declares a stand that has not begun yet: `rezero`."""
        self._asked += asked_stands((event,))

    def learn(self) -> tuple[bool, bool]:
        """Look at what the sensors have by now; whether any pose changed, and whether one came or taught an axis."""
        self._changed = self._anew = False
        self._take_quiet()
        self._take_asked()
        return self._changed, self._anew

    def _worn(self) -> list[WornSensor]:
        """Those on the body whose samples come; one that fell silent, or only said who it is, holds nothing up."""
        worn = [node for node in self._nodes() if node.placement in WORN and node.has_samples]
        latest_s = max((node.kept.span[1] for node in worn), default=0.0)
        return [node for node in worn if latest_s - node.kept.span[1] < SILENT_S]

    def _candidates(self, resting: list[WornSensor]) -> list[Interval]:
        """Stretches that may be stands: what all resting sensors were quiet for, or what an event says."""
        if self.marked:
            seen_s = min(node.kept.span[1] for node in resting)
            past = [stand for stand in self._untaken if stand[1] <= seen_s]
            return [stand for stand in past if all(node.covers(stand) for node in resting)]
        seen_s = max((poses[-1][1] for poses in (self.poses.stands, self.poses.elsewhere) if poses), default=-np.inf)
        quiet = stillness.common([node.quiet for node in resting])
        return [(a, z) for a, z in quiet if z - a >= stillness.STAND_MIN_S and z > seen_s]

    def goes_on(self, lifted_s: float) -> bool:
        """Whether the latest stand reaches to what came last, and no leg was lifted since, at lifted_s."""
        latest_s = max(node.kept.span[1] for node in self._worn())
        since_s = max(latest_s - stillness.WINDOW_S, lifted_s)
        return bool(self.poses.stands) and self.poses.stands[-1][1] >= since_s

    def _take_quiet(self) -> None:
        """Take candidates as stands, the reference or later ones, or as other poses; align what can be aligned."""
        resting = self._resting()
        for interval in self._candidates(resting) if any(node.placement in THIGHS for node in resting) else []:
            stands, elsewhere = self.poses.stands, self.poses.elsewhere
            grows = bool(stands) and not self.marked and interval[0] <= stands[-1][1]
            if self.marked:
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
        standing, self._changed = poses is self.poses.stands, True
        anew = not grows
        trunk = next((node for node in self._nodes() if node.placement == "trunk" and node.has_samples), None)
        for node in [*resting, *([trunk] if trunk and trunk.covers(poses[-1]) else [])]:
            align = standing and (node.alignment is None or len(poses) == 1)
            node.rest(node.q_stands if standing else node.q_elsewhere, len(poses) - 1, poses[-1], align=align)
            anew = anew or align
        self._anew = self._anew or anew

    def _take_asked(self) -> None:
        """Stands that a person declared, once all worn sensors have seen them: there headings begin anew."""
        stands, worn = self.poses.stands, self._worn()
        if not (self._asked and stands):
            return
        seen_s = min(node.kept.span[1] for node in worn)
        for interval in [each for each in self._asked if each[1] <= seen_s]:
            self._asked.remove(interval)
            # who declares a stand while standing quietly means that one
            quiet_s = [a for a, z in stands[1:] if a <= interval[1] and interval[0] <= z][:1]
            for node in worn if quiet_s else []:
                node.breaks_s += quiet_s
                self._changed = True
            new = interval[0] > stands[-1][1] and all(node.covers(interval) for node in worn)
            if new and self._as_in_reference(worn, interval):
                for node in worn:
                    node.breaks_s.append(interval[0])
                self._rest(worn, stands, interval, grows=False)
