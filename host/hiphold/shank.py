"""The rotation of the femur that skin does not hide: where the knee is bent, the shank shows it.

A thigh sensor on a strap follows about half of the femur's rotation about its own long axis (Wren 2008, doi
10.1016/j.gaitpost.2007.07.006). Where the knee is bent, the shank swings with that rotation as a pointer, so that the
plane through thigh and shank gives the femur's medio-lateral axis, as knee alignment devices of gait laboratories do
(Schache 2006, doi 10.1016/j.gaitpost.2005.08.002). Only the shank's long axis counts: that the tibia, or the sensor on
it, turns about that axis changes nothing. It rests on a knee that bends in one plane: varus or valgus of v degrees
against how thigh and shank stood is v / sin(bend) of rotation, the same all through a hold: peaks move, ranges do not.

Segment frames (ISB): x anterior, y up the bone, z right; both legs alike.
"""

from __future__ import annotations

import numpy as np

from hiphold.quaternion import cross, known
from hiphold.ritual import Axes, around
from hiphold.samples import Floats

BENT_DEG = 20.0, 40.0
"""a knee bent by less than the first shows nothing of the femur's rotation, by more than the second all of it"""
SMOOTH_S = 0.4
"""span of the smoothing: slower than tremor and the wobble of skin, faster than the turns of a hold"""
LEAST_AGREEMENT = 0.8
"""of shank and thigh turning together: below, the shank swung for itself, or the hip did not rotate"""
RANGE_SD_DEG, RANGE_SD_SHARE = 0.3, 0.03
"""1 SD of a range of hip rotation by the shank: at once, and of the range. Simulated knees are hinges, and half of this
would do (tests/accuracy/test_shank_rotation.py); the rest is for ligaments that give, which is assumed"""


def shank_axes(y_shank: Floats, gyr_shank_radps: Floats, rotation_radps: Floats, period_s: float) -> Axes | None:
    """How a shank sensor sits, from holds in which the hip rotates; None when they do not show it.

    y_shank (3,): up in the sensor in the stand. gyr_shank_radps (m, 3): its rates at m instants of holds, period_s
    apart, and rotation_radps (m,) there that of the thigh about its own y axis. A knee that stays bent by k carries the
    shank about the thigh's long axis, which in the shank is (-sin k, cos k, 0): what of the shank's rate goes with the
    thigh's rotation, across y, is -x. Knee and hip flexion that do not keep time with the rotation fall out. A knee
    that swings in time with it, by a share s of the rotation, turns the axis by atan(s / sin k).
    """
    both = np.column_stack((rotation_radps, gyr_shank_radps))[known(gyr_shank_radps) & np.isfinite(rotation_radps)]
    if not len(both) * period_s > 2 * SMOOTH_S:
        return None
    bell = np.hanning(round(SMOOTH_S / period_s) + 2)
    smooth = np.column_stack([np.convolve(column, bell, "valid") for column in both.T])
    rotation, across = smooth[:, 0], smooth[:, 1:] @ (np.eye(3) - np.outer(y_shank, y_shank))
    together = across.T @ rotation
    size, most = float(np.linalg.norm(together)), float(np.linalg.norm(across) * np.linalg.norm(rotation))
    if not size > LEAST_AGREEMENT * most:
        return None
    strayed_deg = float(np.rad2deg(np.arccos(min(size / most, 1.0))))
    return around(y_shank, np.cross(-together / size, y_shank), strayed_deg)


def range_sd_deg(range_deg: float) -> float:
    """1 SD of a range of hip rotation that the shank shows."""
    return float(np.hypot(RANGE_SD_DEG, RANGE_SD_SHARE * range_deg))


def knee_bend_deg(r_thigh: Floats, r_shank: Floats) -> Floats:
    """(n,) angle between the long axes of thigh and shank (n, 3, 3) in one earth frame; 0 is straight."""
    y_thigh, y_shank = r_thigh[:, :, 1], r_shank[:, :, 1]
    sine = np.linalg.norm(cross(y_shank, y_thigh), axis=1)
    return np.asarray(np.rad2deg(np.arctan2(sine, np.einsum("ij,ij->i", y_thigh, y_shank))))


def hidden_rad(r_thigh: Floats, r_shank: Floats) -> Floats:
    """(n,) by how much the femur is turned about y against the thigh's sensor, in a right-handed sense.

    r_thigh, r_shank (n, 3, 3): in one earth frame. A shank that a knee bent by k is Rz(-k) of the thigh, so that
    y_shank cross y_thigh = sin(k) z. Of no use while the knee is straight.
    """
    normal = cross(r_shank[:, :, 1], r_thigh[:, :, 1])
    along = np.einsum("ij,ijk->ik", normal, r_thigh)
    return np.asarray(np.arctan2(along[:, 0], along[:, 2]))


def femur_rotation(r_thigh: Floats, r_shank: Floats) -> Floats:
    """(n, 3, 3) R_earth_from_femur: the thigh's y axis, with z at right angles to the plane of thigh and shank.

    r_thigh, r_shank (n, 3, 3): in one earth frame, by the sensors. While the knee is bent by less than BENT_DEG, and
    where the shank is not known, the thigh's own.
    """
    none, full = BENT_DEG
    share = np.clip((knee_bend_deg(r_thigh, r_shank) - none) / (full - none), 0.0, 1.0)
    turn = np.where(share > 0, share * hidden_rad(r_thigh, r_shank), 0.0)[:, None]
    x, y, z = np.moveaxis(r_thigh, 2, 0)
    cosine, sine = np.cos(turn), np.sin(turn)
    return np.stack((cosine * x - sine * z, y, cosine * z + sine * x), axis=2)
