"""One repetition after the other: which leg is up, the count, how far it has turned, and what is to be heard.

Times are the session's own, so that a replay or a faster simulation counts the same.
"""

from __future__ import annotations

from collections import deque
from math import nan

import numpy as np

from hiphold import drill
from hiphold.angles import wrapped_deg
from hiphold.samples import Floats
from hiphold.segments import THIGHS
from hiphold.shown import Snapshot

UP_DEG = drill.STAND_DEG + drill.LIFTED_DEG
BASELINE_S, BEFORE_S = 1.4, 0.3
"""for display, the pelvis is shown against its mean over so long, ending so long before the leg was seen lifted"""
TIRED_S, RISING_DEGPS = 1.2, 8.0
"""a leg below the band that has risen no faster than this for so long is told "higher" """
TURN_DEG, TURN_AFTER_S = 10.0, 1.5
"""a turn of the leg that is less than this, so long into the hold, is asked for"""
LEVEL_DEG, LEVEL_S, AGAIN_S = 12.0, 1.0, 5.0
"""a pelvis further off than this for so long is told "hips level", and again after AGAIN_S. Healthy people on one leg
move through 11 +- 5 degrees (Bailey 2016), so this is no norm: it is where correcting is worth a word"""


class Repetition:
    """The leg that is up, or was last."""

    def __init__(self, count_s: int) -> None:
        self.count_s = count_s
        self.side = "right"
        self.lifted = False
        self.elevation_deg = self.held_s = nan
        self.count = 0
        self.over = False
        """a hold or attempt has ended, and the leg is not down yet"""
        self.rotation_deg = self.rotation_out_deg = self.rotation_in_deg = self.azimuth_deg = nan
        self.pelvis_deg: Floats = np.full(3, nan)
        """tilt, obliquity, rotation against before the raise"""
        self._hung: dict[str, deque[tuple[float, Floats]]] = {side: deque() for side in THIGHS.values()}
        self._before: Floats = np.zeros(3)
        self._elevations: dict[str, float] = {}
        self._since: dict[str, float] = {}
        self._told: dict[str, float] = {}

    def take(self, snapshot: Snapshot) -> list[str]:
        """The next samples of a thigh; what is to be heard, of scene.CUES."""
        side, now_s = THIGHS[snapshot.placement], float(snapshot.block.time_s[-1])
        self._elevations[side] = float(snapshot.angle_deg[-1])
        self._watch_pelvis(side, snapshot, now_s)
        up = [each for each, elevation in self._elevations.items() if elevation > UP_DEG]
        if up and (not self.lifted or self.side not in up):
            self._begin(max(up, key=self._elevations.__getitem__), now_s)
        self.lifted = bool(up)
        if side != self.side:
            return []
        cues = self._follow(snapshot, now_s)
        return cues + (self._advise(now_s) if self.lifted else [])

    def _watch_pelvis(self, side: str, snapshot: Snapshot, now_s: float) -> None:
        """Where the pelvis is while that leg hangs."""
        hung = self._hung[side]
        if snapshot.angles and self._elevations[side] <= UP_DEG:
            hung.append((now_s, _pelvis_at_end(snapshot)))
        while hung and hung[0][0] < now_s - 30.0:
            hung.popleft()

    def _begin(self, side: str, now_s: float) -> None:
        """Another leg goes up, or the same again."""
        self.side, self.count, self.held_s, self.over = side, 0, nan, False
        self.rotation_out_deg = self.rotation_in_deg = nan
        self._since.clear()
        self._told.clear()
        self._since["lifted"] = now_s
        end_s = now_s - BEFORE_S
        stood = [angles for at_s, angles in self._hung[side] if end_s - BASELINE_S <= at_s <= end_s]
        known = [angles for angles in stood if np.isfinite(angles).all()]
        self._before = np.mean(known, axis=0) if known else np.zeros(3)

    def _follow(self, snapshot: Snapshot, now_s: float) -> list[str]:
        before, rising_deg = self.count, float(snapshot.angle_deg[-1]) - self.elevation_deg
        took_s = max(now_s - self._since.get("last", now_s), 1e-3)
        self._since["last"] = now_s
        self.elevation_deg = float(snapshot.angle_deg[-1])
        if rising_deg / took_s > RISING_DEGPS:
            self._since["rising"] = now_s
        if snapshot.angles:
            self.rotation_deg = float(snapshot.angles.hip_rotation_deg[-1])
            self.azimuth_deg = float(snapshot.angles.thigh_azimuth_deg[-1])
            self.pelvis_deg = np.asarray(wrapped_deg(_pelvis_at_end(snapshot) - self._before))
            self._reach(snapshot.angles.hip_rotation_deg[snapshot.phase == drill.HOLD])
        held_s = nan if snapshot.held_s is None else snapshot.held_s
        if not np.isnan(held_s) and np.isnan(self.held_s):
            self.count, before, self.over = 0, 0, False
            self.rotation_out_deg = self.rotation_in_deg = nan
            self._since["hold"] = now_s - held_s
        self.held_s = held_s
        if not np.isnan(held_s):
            self.count = int(held_s)
        return [*self._counted(before), *self._ended(snapshot)]

    def _reach(self, held_rotation_deg: Floats) -> None:
        known = held_rotation_deg[np.isfinite(held_rotation_deg)]
        if len(known):
            self.rotation_out_deg = float(np.fmin(self.rotation_out_deg, known.min()))
            self.rotation_in_deg = float(np.fmax(self.rotation_in_deg, known.max()))

    def _counted(self, before: int) -> list[str]:
        """A tick for each whole second, a chime at the end of the count."""
        if self.count <= before:
            return []
        if before < self.count_s <= self.count:
            return ["chime", "done"]
        return ["tick"]

    def _ended(self, snapshot: Snapshot) -> list[str]:
        for bout in snapshot.bouts:
            self.count, self.over = int(bout.hold_s), True
        return ["drop"] if any(bout.hold_s < self.count_s for bout in snapshot.bouts) else []

    def _advise(self, now_s: float) -> list[str]:
        """Spoken cues, of which at most one at a time."""
        if np.isnan(self.held_s):
            stuck = now_s - max(self._since.get("rising", -np.inf), self._since.get("lifted", now_s)) > TIRED_S
            low = self.elevation_deg > -40.0 and not self.over
            return self._once("higher", now_s, AGAIN_S) if stuck and low else []
        if self.count >= self.count_s:
            return []
        off = abs(self.pelvis_deg[1]) > LEVEL_DEG
        self._since["level"] = self._since.get("level", now_s) if off else now_s
        if now_s - self._since["level"] > LEVEL_S:
            return self._once("hips_level", now_s, AGAIN_S)
        if self.held_s > TURN_AFTER_S and self.rotation_out_deg > -TURN_DEG:
            return self._once("rotate_out", now_s, np.inf)
        if self.rotation_out_deg <= -TURN_DEG and self.rotation_deg > self.rotation_out_deg + TURN_DEG / 2:
            return self._once("across", now_s, np.inf) if self.rotation_in_deg < TURN_DEG else []
        return []

    def _once(self, cue: str, now_s: float, again_s: float) -> list[str]:
        if now_s - self._told.get(cue, -np.inf) < again_s:
            return []
        self._told[cue] = now_s
        return [cue]


def _pelvis_at_end(snapshot: Snapshot) -> Floats:
    angles = snapshot.angles
    if angles is None:
        return np.full(3, nan)
    shown = angles.pelvis_tilt_deg, angles.pelvis_obliquity_deg, angles.pelvis_rotation_deg
    return np.array([values[-1] for values in shown])
