"""From all that was seen of all sensors to how each sits: what one says against another is settled here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hiphold import beside, slips
from hiphold.angles import facing_rad
from hiphold.beside import Seen
from hiphold.crooked import astray, opposite
from hiphold.mounting import (
    ANEW,
    LIKE_A_THIGH_DEG,
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
from hiphold.samples import Bools, Event, Interval
from hiphold.stillness import Poses

MOVED_DEG = 2.0
"""RMS sway in a stand that is no stand"""
SIT_DOWN_S = 3.0
"""it takes so long to get into a pose and out of it"""


def mount(segments: Sequence[Seen], poses: Poses, events: Sequence[Event]) -> dict[str, Mounting]:
    """How every sensor sits, by placement. Shanks are recorded, not measured."""
    by_placement = {seen.case.placement: seen for seen in segments}
    found = _swapped(_as_turned(by_placement, poses, events), by_placement)
    if _is_on_a_leg(by_placement):  # what is said to be a thigh is none, and leans as a pelvis does
        return found
    hanging = beside.hanging(by_placement, poses)
    shifted = beside.over_still_feet(by_placement, poses)
    for place, seen in by_placement.items():
        if place in found:
            alone = beside.alone(by_placement, place, poses)
            found[place] = _doubted(found[place], seen, poses, hanging, [alone, shifted.get(place)])
    found = _leaned(found, by_placement, poses, hanging)
    if "pelvis" not in found:
        return found
    if (axes := found["pelvis"].axes) is None:  # all that a slip could empty is empty, and has its reason
        return found | {"pelvis": Mounting(why=found["pelvis"].why)}
    pelvis_rad, hub = facing_rad(by_placement["pelvis"].q_stands, axes), by_placement["pelvis"]
    jumps = {}
    for place, mounting in found.items():
        if place.startswith("thigh_") and mounting.axes:
            leg = by_placement[place]
            ahead_rad = facing_rad(leg.q_stands, mounting.axes) - pelvis_rad
            breaks_s, zeroed = [*hub.breaks_s, *leg.breaks_s], hub.zeroed and leg.zeroed
            stayed = slips.feet_stayed(poses.stands, beside.lifted(by_placement))
            jumps[place] = slips.faces_otherwise(poses.stands, ahead_rad, breaks_s, zeroed, stayed)
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


def _leaned(
    found: dict[str, Mounting], by_placement: dict[str, Seen], poses: Poses, hanging: Bools
) -> dict[str, Mounting]:
    """With thighs that are doubted too where the pelvis says that the reference stand was no proper one.

    A foot that is put back hides more of a lean than the pelvis does. By how much they are off is what they show.
    """
    since_s = found["pelvis"].until_s if "pelvis" in found else np.inf
    if any(end_s < since_s for _, end_s in beside.lifted(by_placement)) or np.isinf(since_s):
        return found
    for place in [place for place in found if place.startswith("thigh_")]:
        seen = by_placement[place]
        after = np.array([start_s >= since_s for start_s, _ in poses.stands], bool)
        up = up_in_sensor(np.concatenate((seen.q_stands[after], seen.q_elsewhere[hanging])))
        mean = up[np.isfinite(up).all(axis=1)].sum(axis=0)
        if mean.any():
            off_deg = float(np.rad2deg(angle_between(mean, seen.alignment.y_sensor)))
            found[place] = _hanging_off(found[place], place, (since_s, off_deg))
    return found


def _is_on_a_leg(by_placement: dict[str, Seen]) -> bool:
    """Whether the pelvis sensor was lifted like a leg and no thigh sensor was."""
    thighs = [seen for place, seen in by_placement.items() if place.startswith("thigh_")]
    pelvis_seen = [by_placement["pelvis"]] if "pelvis" in by_placement else []
    high, low = ([e.top_deg > LIKE_A_THIGH_DEG for s in some for e in s.excursions] for some in (pelvis_seen, thighs))
    return any(high) and not any(low)


def _in_pose(excursion: Excursion, poses: Sequence[Interval]) -> bool:
    """Whether the excursion is part of getting into such a pose and out of it."""
    return any(a - SIT_DOWN_S < excursion.end_s and excursion.start_s < z + SIT_DOWN_S for a, z in poses)


def _with(excursions: Sequence[Excursion], leg: Seen) -> list[Excursion]:
    """Those of the pelvis in which this leg was raised, without its holds if there are others: there it may sink."""
    up = [e for e in leg.excursions if is_raise(e)]
    brief = [e for e in up if not any(b.start_s < e.end_s and e.start_s < b.end_s for b in leg.bouts)]
    return [e for e in excursions if any(e.start_s <= r.end_s and r.start_s <= e.end_s for r in brief or up)]


def _swapped(found: dict[str, Mounting], by_placement: dict[str, Seen]) -> dict[str, Mounting]:
    """With a doubt on both thighs, where the lids of both face the other way."""
    thighs = [place for place in found if place.startswith("thigh_")]
    seen = [by_placement[place] for place in thighs]
    if len(thighs) < 2 or not all(
        opposite(found[place], s.case, s.alignment.y_sensor) for place, s in zip(thighs, seen)
    ):
        return found
    why = "the lids of thigh_left and thigh_right both face the other way than they are set to: the two seem to be"
    why += " swapped, left is right and right is left; wear each where it belongs."
    return found | {place: replace(found[place], doubt=why) for place in thighs}


def _doubted(
    mounting: Mounting,
    seen: Seen,
    poses: Poses,
    hanging: Bools,
    signs: Sequence[tuple[float, float] | None],
) -> Mounting:
    """The same mounting, unless the segment moved in the reference stand, or hangs otherwise later."""
    place, sway_deg = seen.case.placement, seen.alignment.sway_deg
    if sway_deg > MOVED_DEG:
        why = f"it moved while standing, by {sway_deg:.1f} degrees RMS from {seen.alignment.stand[0]:.0f} s;"
        return Mounting(why=why + " stand still for 3 s, then do the raises and the bow again.")
    y_sensor = seen.alignment.y_sensor
    raised_s = [e.start_s for e in seen.excursions if is_raise(e)]
    is_thigh = place.startswith("thigh_")
    moved_s = raised_s if is_thigh else [start_s for start_s, _ in poses.stands]
    sd_deg = slips.LEAN_SD_DEG if is_thigh else slips.PELVIS_LEAN_SD_DEG
    otherwise = slips.hangs_otherwise(y_sensor, poses.stands, seen.q_stands, moved_s, sd_deg)
    elsewhere = [pose for pose, hangs in zip(poses.elsewhere, hanging) if hangs]
    otherwise = otherwise or slips.stands_otherwise(y_sensor, poses.stands, elsewhere, seen.q_elsewhere[hanging])
    otherwise = min((each for each in (otherwise, *signs) if each), default=None)
    return _hanging_off(mounting, place, otherwise)


def _hanging_off(mounting: Mounting, place: str, otherwise: tuple[float, float] | None) -> Mounting:
    """The same mounting, unless the segment hangs otherwise since then; then since the earlier of the two times."""
    if otherwise is None:
        return mounting
    since_s, off_deg = otherwise
    if since_s > mounting.until_s:
        return replace(mounting, hangs_off_deg=mounting.hangs_off_deg or off_deg)
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
        hub = pelvis(seen.case, y_sensor, standing, bows["pelvis"], all(lifted), marked)
        found["pelvis"] = astray(hub, seen.case, y_sensor, [_with(standing, by_placement[place]) for place in raises])
    if seen := by_placement.get("trunk"):
        found["trunk"] = trunk(seen.case, seen.alignment.y_sensor, bows["trunk"], bows.get("pelvis", ()))
    return found
