"""From all that was seen of all sensors to how each sits: what one says against another is settled here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hiphold import drill, slips
from hiphold.alignment import Alignment
from hiphold.angles import facing_rad
from hiphold.mounting import (
    ANEW,
    LIKE_A_THIGH_DEG,
    Case,
    Mounting,
    bows_of,
    is_raise,
    pelvis,
    raises_of,
    thigh,
    trunk,
)
from hiphold.quaternion import angle_between, up_in_sensor
from hiphold.ritual import Excursion
from hiphold.samples import Bools, Event, Floats, Interval
from hiphold.stillness import Poses

MOVED_DEG = 2.0
"""RMS sway in a stand that is no stand"""
SIT_DOWN_S = 3.0
"""it takes so long to get into a pose and out of it"""


@dataclass(frozen=True)
class Seen:
    """What the mounting of one segment is learned from."""

    case: Case
    alignment: Alignment
    q_stands: Floats
    """(m, 4) mean orientation in each stand; NaN where it is not known"""
    q_elsewhere: Floats
    """(k, 4) the same in each quiet pose that is no stand"""
    excursions: Sequence[Excursion]
    bouts: Sequence[drill.Bout] = ()
    """of a thigh"""
    breaks_s: Sequence[float] = ()
    """when its heading began anew, after a gap"""
    zeroed: bool = False


def mount(segments: Sequence[Seen], poses: Poses, events: Sequence[Event]) -> dict[str, Mounting]:
    """How every sensor sits, by placement. Shanks are recorded, not measured."""
    by_placement = {seen.case.placement: seen for seen in segments}
    found = _as_turned(by_placement, poses, events)
    hanging = _hanging(by_placement, poses)
    found = {place: _doubted(found[place], by_placement[place], poses, hanging) for place in found}
    if "pelvis" not in found or (axes := found["pelvis"].axes) is None:
        return found
    pelvis_rad, hub = facing_rad(by_placement["pelvis"].q_stands, axes), by_placement["pelvis"]
    jumps = {}
    for place, mounting in found.items():
        if place.startswith("thigh_") and mounting.axes:
            leg = by_placement[place]
            ahead_rad = facing_rad(leg.q_stands, mounting.axes) - pelvis_rad
            breaks_s, zeroed = [*hub.breaks_s, *leg.breaks_s], hub.zeroed and leg.zeroed
            jumps[place] = slips.faces_otherwise(poses.stands, ahead_rad, breaks_s, zeroed)
    for place, jump in sorted(jumps.items(), key=lambda pair: pair[1] or (np.inf, 0.0)):
        # one thigh of two that jumps slipped itself; so did one whose raises say so
        slipped = place if found[place].slipped or not all(jumps.values()) else "pelvis"
        found[slipped] = _jumped(found[slipped], place, jump)
    return found


def _jumped(mounting: Mounting, place: str, otherwise: tuple[float, float] | None) -> Mounting:
    """The mounting of one of the two, unless a thigh suddenly faces another way beside the pelvis."""
    if otherwise is None or otherwise[0] >= mounting.until_s:
        return mounting
    since_s, jump_deg = otherwise
    why = f"{place} and pelvis face {jump_deg:.0f} degrees otherwise since {since_s:.0f} s: the strap of one slipped;"
    why += f" fasten both and begin anew: {ANEW}."
    return replace(mounting, until_s=since_s, slipped=mounting.slipped or why)


def _in_pose(excursion: Excursion, poses: Sequence[Interval]) -> bool:
    """Whether the excursion is part of getting into such a pose and out of it."""
    return any(a - SIT_DOWN_S < excursion.end_s and excursion.start_s < z + SIT_DOWN_S for a, z in poses)


def _hanging(by_placement: dict[str, Seen], poses: Poses) -> Bools:
    """(k,) in which poses elsewhere the thighs hang, or may be said to: a seat is no stand that looks otherwise."""
    hanging = np.ones(len(poses.elsewhere), bool)
    for place, seen in by_placement.items():
        if place.startswith("thigh_") and len(poses.stands) > 1:
            up = up_in_sensor(seen.q_elsewhere)
            hanging &= ~(np.rad2deg(angle_between(up, seen.alignment.y_sensor)) > slips.AWAY_DEG[1])
    return hanging


def _doubted(mounting: Mounting, seen: Seen, poses: Poses, hanging: Bools) -> Mounting:
    """The same mounting, unless the segment moved in the reference stand, or hangs otherwise later."""
    place, sway_deg = seen.case.placement, seen.alignment.sway_deg
    if sway_deg > MOVED_DEG:
        why = f"it moved while standing, by {sway_deg:.1f} degrees RMS from {seen.alignment.stand[0]:.0f} s;"
        return Mounting(why=why + " stand still for 3 s, then do the raises and the bow again.")
    y_sensor = seen.alignment.y_sensor
    raised_s = [e.start_s for e in seen.excursions if is_raise(e)]
    moved_s = raised_s if place.startswith("thigh_") else [start_s for start_s, _ in poses.stands]
    otherwise = slips.hangs_otherwise(y_sensor, poses.stands, seen.q_stands, moved_s)
    elsewhere = [pose for pose, hangs in zip(poses.elsewhere, hanging) if hangs]
    otherwise = otherwise or slips.stands_otherwise(y_sensor, poses.stands, elsewhere, seen.q_elsewhere[hanging])
    if otherwise is None or otherwise[0] > mounting.until_s:
        return mounting
    since_s, off_deg = otherwise
    why = f"{place} hangs {off_deg:.0f} degrees from how it stood at first, since {since_s:.0f} s: the strap slipped,"
    why += f" or it was no proper stand; fasten it and begin anew: {ANEW}."
    return replace(mounting, until_s=since_s, slipped=why, hangs_off_deg=off_deg)


def _as_turned(by_placement: dict[str, Seen], poses: Poses, events: Sequence[Event]) -> dict[str, Mounting]:
    """By raises, bows and marks."""
    raises = {
        place: raises_of(seen.excursions, place.removeprefix("thigh_"), events, seen.bouts)
        for place, seen in by_placement.items()
        if place.startswith("thigh_")
    }
    found = {
        place: thigh(by_placement[place].case, by_placement[place].alignment.y_sensor, raises[place])
        for place in raises
    }
    bows = {
        place: bows_of(by_placement[place].excursions, events, place)
        for place in ("pelvis", "trunk")
        if place in by_placement
    }
    if seen := by_placement.get("pelvis"):
        lifted = [any(e.top_deg > LIKE_A_THIGH_DEG for e in by_placement[place].excursions) for place in raises]
        y_sensor = seen.alignment.y_sensor
        standing = [e for e in seen.excursions if not _in_pose(e, poses.elsewhere)]  # on a seat the thighs are up too
        marked = any(event.label == "bow" for event in events)
        found["pelvis"] = pelvis(seen.case, y_sensor, standing, bows["pelvis"], all(lifted), marked)
    if seen := by_placement.get("trunk"):
        found["trunk"] = trunk(seen.case, seen.alignment.y_sensor, bows["trunk"], bows.get("pelvis", ()))
    return found
