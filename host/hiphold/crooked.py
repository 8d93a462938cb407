"""What speaks against how a sensor seems to sit without saying what is right: doubts that empty nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hiphold import ritual
from hiphold.mounting import FACING_SD_DEG, MARK_AGREES_DEG, Case, Mounting, axes_by_marks
from hiphold.quaternion import known
from hiphold.ritual import Axes, Excursion
from hiphold.samples import Floats

TIP_SD_DEG, HIKE_SD_DEG = 5.0, 8.0
"""1 SD of the axis about which the pelvis tips in one raise, and of what all raises of one leg have in common: 3
degrees of hike or drop in 20 of tilt. With the other leg that goes the other way: both together are free of it"""
ASTRAY_SD = 3.0
"""standard deviations that are chance in one session of 400"""
OPPOSITE_DEG = 180.0 - MARK_AGREES_DEG
"""further apart, the lid faces the other way"""


def astray(found: Mounting, case: Case, y_sensor: Floats, by_leg: Sequence[Sequence[Excursion]]) -> Mounting:
    """The pelvis with a doubt, where its bow or marks do not agree with how it tips in raises; these by leg.

    Beside a bow the marks count too, where they agree with the raises: then the case is on by them.
    """
    if found.axes is None or found.by not in FACING_SD_DEG:
        return found
    shown = _by_raises(found.axes, y_sensor, by_leg)
    marks = axes_by_marks(case, y_sensor) if found.by == "bow" else ""
    if shown and isinstance(marks, Axes):
        marked_deg = float(_about_y_deg(found.axes, marks.z_sensor[None])[0])
        shown = _both(shown, (marked_deg, FACING_SD_DEG["marks"]))
    facing_sd_deg = FACING_SD_DEG[found.by] / np.sqrt(max(found.times, 1))
    if shown is None or abs(shown[0]) <= ASTRAY_SD * np.hypot(shown[1], facing_sd_deg):
        return found
    what = "bow was crooked" if found.by == "bow" else "case is on crooked"
    why = f"in the raises the pelvis tips {abs(shown[0]):.0f} degrees from where it seems to face: its {what},"
    return replace(found, doubt=f"{why} and obliquity takes some of the tilt; bow again, straight forward.")


def _by_raises(axes: Axes, y_sensor: Floats, by_leg: Sequence[Sequence[Excursion]]) -> tuple[float, float] | None:
    """By how much, degrees, the raises say that these axes are turned about up, and its SD; None without raises."""
    off = [_about_y_deg(axes, ritual.z_axes_of(y_sensor, lifted, +1)) for lifted in by_leg]
    off = [each for each in off if len(each)]
    if not off:
        return None
    tip_deg = TIP_SD_DEG / np.sqrt(sum(len(each) for each in off))
    sd_deg = float(np.hypot(tip_deg, HIKE_SD_DEG if len(off) == 1 else 0.0))
    return float(np.mean([np.median(each) for each in off])), sd_deg


def _both(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    """Value and SD of two together, where they agree; else the first."""
    if abs(a[0] - b[0]) > ASTRAY_SD * np.hypot(a[1], b[1]):
        return a
    weight = np.array((a[1], b[1])) ** -2.0
    return float(weight @ (a[0], b[0]) / weight.sum()), float(weight.sum() ** -0.5)


def _about_y_deg(axes: Axes, z_sensor: Floats) -> Floats:
    """(k,) by how much each known one of other medio-lateral axes (m, 3) is turned about up."""
    x, _, z = axes.r_sensor_from_segment.T
    turned = z_sensor[known(z_sensor)]
    return np.asarray(np.rad2deg(np.arctan2(turned @ x, turned @ z)))


def opposite(found: Mounting, case: Case, y_sensor: Floats) -> bool:
    """Whether the lid of a sensor faces the other way than its raises say, though its up mark is up."""
    marks = axes_by_marks(case, y_sensor)
    if found.axes is None or found.by != "raises" or not isinstance(marks, Axes):
        return False
    return ritual.between_deg(found.axes, marks) > OPPOSITE_DEG
