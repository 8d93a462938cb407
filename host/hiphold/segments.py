"""One worn sensor as the stages hand it on: oriented, then measured over time, then tied to its segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hiphold import drill
from hiphold.alignment import NOTHING_KNOWN, Alignment
from hiphold.angles import Ahead, ahead_of_pelvis, facing_rad
from hiphold.beside import Seen
from hiphold.calibrate import mount
from hiphold.gravity import Correction
from hiphold.mounting import UNKNOWN, Mounting
from hiphold.ritual import Excursion
from hiphold.samples import Codes, Event, Floats, Interval, NodeData
from hiphold.stillness import Poses

THIGHS = {"thigh_left": "left", "thigh_right": "right"}
WORN = ("pelvis", *THIGHS)
"""the placements that must be quiet together to make a stand"""
MEASURED = (*WORN, "trunk")


@dataclass(frozen=True)
class Oriented:
    """One node with its orientation."""

    data: NodeData
    q_earth_from_sensor: Floats
    """(n, 4); NaN where it could not be had"""
    disagreement_deg: float | None
    """RMS angle between the host's and the node's own up; None when only one of them is there"""
    method: str | None = None
    """whose orientation it is: the host's filter by name, or `recorded`; None when there is none"""
    samples: int = 0
    """how many came"""
    span: Interval = (np.nan, np.nan)
    """from the first to the last of them"""
    correction: Correction = NOTHING_KNOWN
    """of the accelerometer"""


@dataclass(frozen=True)
class Segment:
    """One worn sensor, measured over time."""

    data: NodeData
    alignment: Alignment
    angle_deg: Floats
    """(n,) thigh: femur elevation; pelvis and trunk: how far they are tipped from their stand"""
    phase: Codes
    """(n,) codes of drill.PHASES, as known at each sample"""
    bouts: tuple[drill.Bout, ...]
    method: str
    """whose orientation the angles are from"""
    q_earth_from_sensor: Floats
    """(n, 4)"""
    q_stands: Floats
    """(m, 4) mean orientation in each stand; NaN where there are no samples"""
    q_elsewhere: Floats
    """(k, 4) the same in each quiet pose that is no stand"""
    excursions: tuple[Excursion, ...] = ()
    mounting: Mounting = UNKNOWN
    raises: tuple[drill.Raise, ...] = ()
    """of a thigh"""
    unseen: tuple[Interval, ...] = ()
    """stretches of a thigh without an elevation, from the last to the next known one"""
    breaks_s: tuple[float, ...] = ()
    """when its heading began anew, after a gap that no filter bridges or because a person said so"""

    @property
    def side(self) -> str:
        """Left or right, of a thigh."""
        return THIGHS[self.data.placement]

    @property
    def zeroed(self) -> bool:
        """Whether the filter that its orientation is from was told of a zeroed gyroscope."""
        return self.data.zeroed and self.method == "vqf"

    @property
    def tipped_deg(self) -> Floats:
        """(n,) angle from the stand."""
        if self.data.placement not in THIGHS:
            return self.angle_deg
        return self.angle_deg - drill.STAND_DEG - self.alignment.bone.posture.forward_deg


def mounted(segments: Sequence[Segment], poses: Poses, events: tuple[Event, ...]) -> list[Segment]:
    """The same segments with how each sensor sits, by their excursions."""
    seen = [
        Seen(s.data, s.alignment, s.q_stands, s.q_elsewhere, s.excursions, s.bouts, s.breaks_s, s.zeroed)
        for s in segments
    ]
    found = mount(seen, poses, events)
    return [replace(s, mounting=found.get(s.data.placement, UNKNOWN)) for s in segments]


def ahead_in_stands(segment: Segment, pelvis: Segment, stands: Sequence[Interval]) -> Ahead:
    """The segment's heading minus the pelvis' in the stands that show both, before one of them slipped.

    Empty while an axis is not known.
    """
    if segment.mounting.axes is None or pelvis.mounting.axes is None:
        return Ahead(np.empty(0), np.empty(0), np.empty(0))
    until_s = min(segment.mounting.until_s, pelvis.mounting.until_s)
    sound = [k for k, stand in enumerate(stands) if stand[1] <= until_s]
    mine = facing_rad(segment.q_stands[sound], segment.mounting.axes)
    hub = facing_rad(pelvis.q_stands[sound], pelvis.mounting.axes)
    breaks_s, zeroed = [*segment.breaks_s, *pelvis.breaks_s], segment.zeroed and pelvis.zeroed
    return ahead_of_pelvis([stands[k] for k in sound], mine, hub, breaks_s, zeroed)


def faces_in_stands(pelvis: Segment, stands: Sequence[Interval]) -> Ahead:
    """The heading of the pelvis itself in the stands that show it; its axes must be known."""
    axes = pelvis.mounting.axes
    headings = np.full(len(stands), np.nan) if axes is None else facing_rad(pelvis.q_stands, axes)
    return ahead_of_pelvis(stands, headings, 0.0, pelvis.breaks_s)
