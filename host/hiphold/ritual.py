"""The medio-lateral axis of a segment from how it turns: a thigh in the raises, the pelvis in the bow.

z is the first eigenvector of the sum of w w^T over the turning, at right angles to y, signed by which way the segment
went (axes from motion: Seel et al. 2014, doi 10.3390/s140406891). Raises that lead into holds count too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hiphold import drill
from hiphold.quaternion import known
from hiphold.samples import Block, Bools, Floats, Interval

RAISE_DEGPS = 60.0
"""a thigh that rises or falls more slowly than this is not in the clean part of a raise"""
CLEAN_BELOW_DEG = 40.0
BOW_DEGPS = 10.0
BOW_MARGIN_S = 1.0
"""a bow begins and ends before it is as deep as find_bows asks"""


@dataclass(frozen=True)
class Axes:
    """A segment in its sensor."""

    r_sensor_from_segment: Floats
    """(3, 3) columns x anterior, y up, z right"""
    spread_deg: float
    """how far the turning strayed from one axis, RMS"""


def _axes(y_sensor: Floats, gyr_radps: Floats, forward: Floats) -> Axes:
    """Axes from rates (n, 3) while the segment turned by `forward` (n,), positive about +z."""
    across = np.eye(3) - np.outer(y_sensor, y_sensor)  # what is along y is no part of z
    power, directions = np.linalg.eigh(across @ (gyr_radps.T @ gyr_radps) @ across)
    z = directions[:, 2] * np.sign(forward @ (gyr_radps @ directions[:, 2]))
    x = np.cross(y_sensor, z)
    return Axes(np.column_stack((x, y_sensor, z)), float(np.rad2deg(np.arctan(np.sqrt(max(power[1], 0) / power[2])))))


def _lifted_in_raises(time_s: Floats, elevation_deg: Floats, raises: Sequence[drill.Raise]) -> Bools:
    """(n,) the excursions that hold a raise's peak; stepping is none."""
    lifted = elevation_deg > drill.STAND_DEG + drill.LIFTED_DEG
    edges = np.flatnonzero(np.diff(np.concatenate(([False], lifted, [False]))))
    inside = np.zeros(len(time_s), bool)
    peaks = [found.peak_s for found in raises]
    for first, end in zip(edges[::2], edges[1::2]):
        inside[first:end] = any(time_s[first] <= peak_s <= time_s[end - 1] for peak_s in peaks)
    return inside


def thigh_axes(y_sensor: Floats, block: Block, elevation_deg: Floats) -> Axes | None:
    """Axes of a thigh from every raise there is; None without one. Rising turns it about +z."""
    slope = np.gradient(elevation_deg, block.time_s) if len(block) > 1 else np.zeros(len(block))
    inside = _lifted_in_raises(block.time_s, elevation_deg, drill.find_raises(block.time_s, elevation_deg))
    clean = inside & (np.abs(slope) > RAISE_DEGPS) & (elevation_deg < CLEAN_BELOW_DEG) & known(block.gyr_radps)
    return _axes(y_sensor, block.gyr_radps[clean], slope[clean]) if clean.any() else None


def pelvis_axes(y_sensor: Floats, block: Block, tipped_deg: Floats, bows: Sequence[Interval]) -> Axes | None:
    """Axes of the pelvis from its bows; None without one. Tipping forward turns it about -z."""
    slope = np.gradient(tipped_deg, block.time_s) if len(block) > 1 else np.zeros(len(block))
    inside = np.zeros(len(block), bool)
    for start_s, end_s in bows:
        inside |= (block.time_s > start_s - BOW_MARGIN_S) & (block.time_s < end_s + BOW_MARGIN_S)
    clean = inside & (np.abs(slope) > BOW_DEGPS) & known(block.gyr_radps)
    return _axes(y_sensor, block.gyr_radps[clean], -slope[clean]) if clean.any() else None
