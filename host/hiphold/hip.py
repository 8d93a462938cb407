"""The hip: joint angles of pelvis and thigh, and where the thigh points in the horizontal plane.

Segment frames (ISB): x anterior, y up the bone, z right. Signs are the same for both legs; the left one is mirrored.
"""

from __future__ import annotations

import numpy as np

from hiphold.pelvis import heading_rad
from hiphold.samples import Floats

MIRROR = np.array(((1.0, 1.0, -1.0), (1.0, 1.0, -1.0), (-1.0, -1.0, 1.0)))
"""left to right: diag(1, 1, -1) R diag(1, 1, -1), element by element"""
VERTICAL_DEG = 20.0
"""a thigh closer to vertical than this points nowhere in the horizontal plane"""


def hip_angles_deg(r_pelvis_from_thigh: Floats, side: str) -> Floats:
    """(n, 3) flexion, adduction, internal rotation of (n, 3, 3): ISB joint coordinate system.

    R = Rz(flexion) Rx(adduction) Ry(internal rotation), so that
    R e_y = (-sin f cos a, cos f cos a, sin a) and e_z^T R = (-cos a sin r, sin a, cos a cos r).
    Wu et al. 2002, doi 10.1016/S0021-9290(01)00222-6; Grood and Suntay 1983, doi 10.1115/1.3138397.
    """
    r = r_pelvis_from_thigh if side == "right" else r_pelvis_from_thigh * MIRROR
    flexion = np.arctan2(-r[:, 0, 1], r[:, 1, 1])
    adduction = np.arcsin(np.clip(r[:, 2, 1], -1, 1))
    rotation = np.arctan2(-r[:, 2, 0], r[:, 2, 2])
    return np.asarray(np.rad2deg(np.column_stack((flexion, adduction, rotation))))


def thigh_azimuth_deg(r_earth_from_thigh: Floats, r_earth_from_pelvis: Floats, side: str) -> Floats:
    """(n,) direction of hip to knee in the horizontal plane minus the pelvis' forward direction, across the body +.

    Both (n, 3, 3) in one earth frame. NaN while the thigh is within VERTICAL_DEG of vertical.
    """
    femur = -r_earth_from_thigh[:, :, 1]  # hip to knee
    ahead = np.arctan2(femur[:, 1], femur[:, 0]) - heading_rad(r_earth_from_pelvis)
    across = np.angle(np.exp(1j * ahead)) * (1 if side == "right" else -1)  # seen from above, left is counter-clockwise
    lying = np.hypot(femur[:, 0], femur[:, 1]) > np.sin(np.deg2rad(VERTICAL_DEG))
    return np.where(lying, np.rad2deg(across), np.nan)
