"""Sensor to segment: which way the bone points in its sensor, and how well that is known.

The up axis y of a segment is the mean specific force over the reference stand (as Kong et al. 2016, doi
10.3390/s16122011): the definition of standing is "this is -90 degrees". Whether the thigh then truly hung straight
down is not in the data of that sensor; `Alignment` carries what is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from hiphold import gravity
from hiphold.bone import Bone
from hiphold.gravity import Correction
from hiphold.posture import shifted_deg
from hiphold.quaternion import angle_between, known, normalize
from hiphold.samples import G_MPS2, Block, Floats, Interval

NOTHING_KNOWN = gravity.nothing_known()
HUNG_STRAIGHT = Bone()


@dataclass(frozen=True)
class Alignment:
    """The up axis of a segment in its sensor, from one stand."""

    y_sensor: Floats
    """(3,) unit vector in the sensor frame, proximal"""
    stand: Interval
    sway_deg: float
    """RMS angle between up and y over the stand"""
    gravity_error: float
    """mean specific force over standard gravity, minus one: what the accelerometer is wrong by, at the least"""
    correction: Correction = NOTHING_KNOWN
    """of the accelerometer; y has it"""
    force_mps2: Floats = field(default_factory=lambda: np.full(3, np.nan))
    """(3,) mean specific force over the stand, as it was measured"""
    bone: Bone = HUNG_STRAIGHT
    """how the bone of a thigh stood"""


def align_to_stand(
    block: Block, up_sensor: Floats, stand: Interval, correction: Correction = NOTHING_KNOWN
) -> Alignment:
    """Alignment of a segment; up_sensor (n, 3) is the estimated up at each sample of the block, its forces are raw."""
    inside = (block.time_s >= stand[0]) & (block.time_s <= stand[1]) & known(up_sensor) & known(block.acc_mps2)
    if not inside.any():
        return Alignment(np.full(3, np.nan), stand, float("nan"), float("nan"), correction)
    force = block.acc_mps2[inside].mean(axis=0)
    y = normalize(correction.apply(force))
    sway = np.rad2deg(np.sqrt(np.mean(np.square(angle_between(up_sensor[inside], y)))))
    return Alignment(y, stand, float(sway), float(np.linalg.norm(force) / G_MPS2 - 1), correction, force)


def corrected(alignment: Alignment, correction: Correction) -> Alignment:
    """The same by what is known of the accelerometer now."""
    return replace(alignment, y_sensor=normalize(correction.apply(alignment.force_mps2)), correction=correction)


def tipped_deg(up_sensor: Floats, alignment: Alignment) -> Floats:
    """(n,) angle between the segment's y axis and the vertical."""
    return np.asarray(np.rad2deg(angle_between(up_sensor, alignment.y_sensor)))


def femur_elevation_deg(up_sensor: Floats, alignment: Alignment) -> Floats:
    """(n,) hip-to-knee axis against the horizontal: asin(-y . up), -90 hanging, +90 straight up.

    y is the bone's axis where it is known, else that of the stand, shifted by what is known of the posture.
    """
    bone = alignment.bone
    if bone.axis_sensor is None:
        return shifted_deg(_elevation_deg(up_sensor, alignment.y_sensor), bone.posture.forward_deg)
    return _elevation_deg(up_sensor, bone.axis_sensor)


def _elevation_deg(up_sensor: Floats, axis_sensor: Floats) -> Floats:
    return np.asarray(np.rad2deg(np.arcsin(np.clip(-up_sensor @ axis_sensor, -1, 1))))
