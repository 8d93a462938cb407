"""What worn shanks add to a measurement: hip rotation as the bone turns, and what is said of it.

`shank` has the geometry; here is when a shank may be believed, and for which holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hiphold import drill, slips
from hiphold.angles import Angles
from hiphold.measurement import Measurement
from hiphold.metrics import Hold
from hiphold.mounting import Mounting
from hiphold.samples import Bools, Reason
from hiphold.segments import Segment
from hiphold.shank import range_sd_deg, shank_axes
from hiphold.stability import spread
from hiphold.stillness import Poses

SHANK = {"left": "shank_left", "right": "shank_right"}
"""by side"""


def learned(shank: Segment, thigh: Segment, poses: Poses) -> Segment:
    """The same shank with how its sensor sits; until it hangs otherwise, if it does."""
    block, y_sensor, leg = shank.data.block, shank.alignment.y_sensor, thigh.data.block
    rotation_radps = np.interp(block.time_s, leg.time_s, leg.gyr_radps @ thigh.alignment.y_sensor)
    held = np.zeros(len(block), bool)
    for bout in (b for b in thigh.bouts if b.hold_s >= drill.HOLD_MIN_S):
        held |= (block.time_s >= bout.start_s) & (block.time_s <= bout.end_s)
    axes = shank_axes(y_sensor, block.gyr_radps[held], rotation_radps[held], shank.data.period_s)
    raised_s = [e.start_s for e in thigh.excursions]
    otherwise = slips.hangs_otherwise(y_sensor, poses.stands, shank.q_stands, raised_s)
    return replace(shank, mounting=Mounting(axes, "holds", until_s=otherwise[0] if otherwise else np.inf))


def told(
    found: Measurement, shanks: Sequence[Segment], angles: dict[str, Angles], alone: dict[str, Angles]
) -> Measurement:
    """The same with what the shanks changed: how much more of the hip's rotation range they show, or why none.

    angles, alone: by side, with and without shanks.
    """
    quality, reasons, holds = dict(found.calibration.quality), list(found.reasons), list(found.holds)
    for shank in shanks:
        place, side = shank.data.placement, shank.data.placement.removeprefix("shank_")
        held = [(h.start_s, h.end_s) for h in found.holds if h.side == side]
        if held and (why := _why_alone(shank, held[-1][1])):
            reasons.append(Reason(f"hip_rotation ({side})", f"{why}, which skin lets see only about half of it."))
        times_s = next((track.time_s for track in found.tracks if track.side == side), np.empty(0))
        sound = [each for each in held if each[1] <= shank.mounting.until_s]
        inside = [(times_s >= start_s) & (times_s <= end_s) for start_s, end_s in sound]
        more = [_range_deg(angles, side, each) - _range_deg(alone, side, each) for each in inside]
        if shank.mounting.axes and more and np.isfinite(more).all():
            quality[f"{place}_rotation_range_more_deg"] = float(np.mean(more))
            holds = [
                _stated(hold) if hold.side == side and (hold.start_s, hold.end_s) in sound else hold for hold in holds
            ]
    calibration = replace(found.calibration, quality=quality)
    return replace(found, reasons=tuple(reasons), calibration=calibration, holds=tuple(holds))


def _stated(hold: Hold) -> Hold:
    """The same with the interval of a rotation that the shank shows."""
    known_deg = hold.hip_rotation_range_deg
    return (
        hold if known_deg is None else replace(hold, hip_rotation_range_uncertainty_95=1.96 * range_sd_deg(known_deg))
    )


def _why_alone(shank: Segment, last_s: float) -> str:
    """Why hip rotation, or that of the last holds, is not the shank's; empty when it is."""
    place, own = shank.data.placement, "hip rotation is the thigh sensor's own"
    if not shank.mounting.axes:
        return f"no hold shows how {place} sits (turn the hip out and in there, the knee bent); {own}"
    if shank.mounting.until_s < last_s:
        return f"{place} slipped after {shank.mounting.until_s:.0f} s (fasten it and begin anew); from there {own}"
    return ""


def _range_deg(angles: dict[str, Angles], side: str, inside: Bools) -> float:
    """Of hip rotation, P95 - P5; NaN where it is not known."""
    rotation_deg = angles[side].hip_rotation_deg[inside] if side in angles else np.empty(0)
    return spread(rotation_deg) if np.isfinite(rotation_deg).any() else float("nan")
