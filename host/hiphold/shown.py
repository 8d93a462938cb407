"""What was shown of one sensor live: kept as far back as figures of a hold need it, and counted beyond that.

An hour of session is not kept in memory: a hold is described when it ends, and what it was described from may go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hiphold import drill, stability
from hiphold.angles import Angles, joined, unknown
from hiphold.metrics import Hold, doubted
from hiphold.ritual import Excursion
from hiphold.samples import Block, Codes, Floats, Interval
from hiphold.segments import THIGHS

LOOK_BACK_S = stability.LOOK_BACK_S + 5.0
"""before the start of a hold: the raise, and the baseline before it"""


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
    holds: tuple[Hold, ...] = ()
    """the figures of those bouts that are holds; nothing that comes later changes them"""


@dataclass(frozen=True)
class Kept:
    """One hold as it was shown, and what widens its intervals when the sensor turns out to have slipped before."""

    hold: Hold
    slowness: float
    """see metrics.slowness"""
    trusted: bool
    """no slip was known of then"""

    def known_later(self, slipped_s: float, off_deg: float) -> Hold:
        """The hold by what is known now: since when the sensor hangs otherwise, and by how much."""
        late = self.trusted and self.hold.start_s > slipped_s
        return doubted(self.hold, off_deg, self.slowness) if late else self.hold


class Shown:
    """All that was shown of one sensor, in bounded memory."""

    def __init__(self) -> None:
        self.recent: deque[Snapshot] = deque()
        self.samples = 0
        self.span: Interval = (np.nan, np.nan)
        """from the first to the last of them"""
        self.has_angles = False
        """whether hip and pelvis were ever known"""
        self.bouts: list[drill.Bout] = []
        self.holds: list[Kept] = []
        """those that have ended"""
        self.unseen: list[Interval] = []
        """stretches of a thigh without an elevation"""
        self._raises: list[drill.Raise] = []
        self._top: drill.Raise | None = None
        self._tail_s, self._tail_deg = np.empty(0), np.empty(0)  # the last known elevation, and whether NaN followed

    @property
    def raises(self) -> tuple[drill.Raise, ...]:
        """Those of a thigh, with the one that goes on."""
        return (*self._raises, *drill.finish_raises(self._top))

    def add(self, snapshot: Snapshot) -> None:
        """Take part in the account."""
        time_s = snapshot.block.time_s
        self.recent.append(snapshot)
        self.span = (float(time_s[0]) if not self.samples else self.span[0], float(time_s[-1]))
        self.samples += len(time_s)
        self.bouts += snapshot.bouts
        if snapshot.placement in THIGHS:
            self._watch(time_s, snapshot.angle_deg)
            self.has_angles = self.has_angles or _any_known(snapshot.angles)

    def _watch(self, time_s: Floats, elevation_deg: Floats) -> None:
        self._top, ended = drill.step_raises(self._top, time_s, elevation_deg)
        self._raises += ended
        time_s, elevation_deg = np.append(self._tail_s, time_s), np.append(self._tail_deg, elevation_deg)
        self.unseen += drill.unseen(time_s, elevation_deg)
        known = np.flatnonzero(np.isfinite(elevation_deg))
        if len(known):
            tail = [known[-1]] + ([-1] if known[-1] < len(time_s) - 1 else [])
            self._tail_s, self._tail_deg = time_s[tail], elevation_deg[tail]

    def forget(self, before_s: float) -> None:
        """Let go of the snapshots that end before that."""
        while self.recent and self.recent[0].block.time_s[-1] < before_s:
            self.recent.popleft()


def _any_known(angles: Angles | None) -> bool:
    return angles is not None and bool(np.isfinite(angles.pelvis_tilt_deg).any())


def shown_angles(snapshots: Sequence[Snapshot]) -> Angles | None:
    """The angles that a thigh's snapshots showed; None when they never showed any."""
    if not any(_any_known(each.angles) for each in snapshots):
        return None
    return joined([each.angles or unknown(len(each.block)) for each in snapshots])
