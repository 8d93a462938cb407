"""Hip, azimuth and pelvis of one side at the thigh's instants, with the two sensors' headings brought together.

Without a magnetometer each sensor has a heading of its own, which drifts. At every stand thigh and pelvis face the same
way by definition; between stands the difference is interpolated, outside them kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hiphold import quaternion
from hiphold.hip import hip_angles_deg, thigh_azimuth_deg
from hiphold.pelvis import heading_rad, pelvis_angles_deg
from hiphold.ritual import Axes
from hiphold.samples import Floats, Interval


@dataclass(frozen=True)
class Angles:
    """All (n,) in degrees at the thigh's samples; NaN where not known."""

    hip_flexion_deg: Floats
    hip_adduction_deg: Floats
    hip_rotation_deg: Floats
    """internal +"""
    thigh_azimuth_deg: Floats
    """across the body +, not zeroed"""
    pelvis_tilt_deg: Floats
    """anterior +"""
    pelvis_obliquity_deg: Floats
    """measured side up +"""
    pelvis_rotation_deg: Floats
    """measured side forward +, from where the pelvis faced in the first stand that shows it, with the drift since"""
    heading_drift_deg_per_min: float | None
    """of the thigh's heading against the pelvis', from the stands; None with fewer than two"""


def segment_rotation(q_earth_from_sensor: Floats, axes: Axes) -> Floats:
    """(n, 3, 3) R_earth_from_segment."""
    flat = quaternion.to_matrix(q_earth_from_sensor).reshape(-1, 3) @ axes.r_sensor_from_segment  # one product, not n
    return np.asarray(flat.reshape(-1, 3, 3))


def relative_heading(
    time_s: Floats, r_earth_from_thigh: Floats, r_earth_from_pelvis: Floats, stands: Sequence[Interval]
) -> tuple[Floats, Floats]:
    """Thigh's heading minus the pelvis', rad, unwrapped (m,), and the middle (m,) of each stand that shows both."""
    ahead = np.exp(1j * (heading_rad(r_earth_from_thigh) - heading_rad(r_earth_from_pelvis)))
    middle, difference = [], []
    for start_s, end_s in stands:
        inside = ahead[np.searchsorted(time_s, start_s) : np.searchsorted(time_s, end_s, "right")]
        inside = inside[np.isfinite(inside)]
        if len(inside):
            middle.append((start_s + end_s) / 2)
            difference.append(np.angle(inside.mean()))
    return np.array(middle), np.unwrap(np.array(difference))


def _turned(r_earth: Floats, angle_rad: Floats) -> Floats:
    """(n, 3, 3) the same turned about the earth's z axis by (n,) angles: Rz(angle) R."""
    cosine, sine = np.cos(angle_rad)[:, None], np.sin(angle_rad)[:, None]
    x, y, z = np.moveaxis(r_earth, 1, 0)
    return np.stack((cosine * x - sine * y, sine * x + cosine * y, z), axis=1)


def side_angles(
    side: str, time_s: Floats, r_earth_from_thigh: Floats, r_earth_from_pelvis: Floats, stands: Sequence[Interval]
) -> Angles | None:
    """Angles of one side from both segments (n, 3, 3) at the thigh's instants; None when no stand shows both."""
    middle_s, difference = relative_heading(time_s, r_earth_from_thigh, r_earth_from_pelvis, stands)
    if not len(middle_s):
        return None
    thigh = _turned(r_earth_from_thigh, -np.interp(time_s, middle_s, difference))
    hip = hip_angles_deg(np.einsum("nki,nkj->nij", r_earth_from_pelvis, thigh), side)
    drift = 60 * np.rad2deg(np.polyfit(middle_s, difference, 1)[0]) if len(middle_s) > 1 else None
    pelvis = pelvis_angles_deg(r_earth_from_pelvis, side)
    edges = np.searchsorted(time_s, np.array(stands)).tolist()
    each = [mean_angle_deg(pelvis[first : end + 1, 2]) for first, end in edges]
    faced_deg = next(mean for mean in each if np.isfinite(mean))
    return Angles(
        hip_flexion_deg=hip[:, 0],
        hip_adduction_deg=hip[:, 1],
        hip_rotation_deg=hip[:, 2],
        thigh_azimuth_deg=thigh_azimuth_deg(thigh, r_earth_from_pelvis, side),
        pelvis_tilt_deg=pelvis[:, 0],
        pelvis_obliquity_deg=pelvis[:, 1],
        pelvis_rotation_deg=wrapped_deg(pelvis[:, 2] - faced_deg),
        heading_drift_deg_per_min=None if drift is None else float(drift),
    )


def wrapped_deg(angle_deg: Floats) -> Floats:
    """The same angles in [-180, 180)."""
    return np.asarray((angle_deg + 180) % 360 - 180)


def mean_angle_deg(angle_deg: Floats) -> float:
    """Circular mean of the known ones; NaN of none."""
    some = angle_deg[np.isfinite(angle_deg)]
    return float(np.rad2deg(np.angle(np.exp(1j * np.deg2rad(some)).mean()))) if len(some) else float("nan")
