"""Sensor to segment: which way the bone points in its sensor, and how well that is known.

The up axis y of a segment is the mean specific force over the reference stand: the definition of standing is
"this is -90 degrees". Whether the thigh then truly hung straight down is not in the data; `Alignment` carries
what is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiphold.quaternion import angle_between, known
from hiphold.samples import G_MPS2, Block, Floats, Interval
from hiphold.stillness import gravity_direction


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


def align_to_stand(block: Block, up_sensor: Floats, stand: Interval) -> Alignment:
    """Alignment of a segment; up_sensor (n, 3) is the estimated up at each sample of the block."""
    inside = (block.time_s >= stand[0]) & (block.time_s <= stand[1]) & known(up_sensor) & known(block.acc_mps2)
    y = gravity_direction(block, stand)
    if not inside.any():
        return Alignment(y, stand, float("nan"), float("nan"))
    sway = np.rad2deg(np.sqrt(np.mean(np.square(angle_between(up_sensor[inside], y)))))
    force = np.linalg.norm(block.acc_mps2[inside].mean(axis=0))
    return Alignment(y, stand, float(sway), float(force / G_MPS2 - 1))


def tipped_deg(up_sensor: Floats, alignment: Alignment) -> Floats:
    """(n,) angle between the segment's y axis and the vertical."""
    return np.asarray(np.rad2deg(angle_between(up_sensor, alignment.y_sensor)))


def femur_elevation_deg(up_sensor: Floats, alignment: Alignment) -> Floats:
    """(n,) hip-to-knee axis against the horizontal: asin(-y . up), -90 hanging, +90 straight up."""
    return np.asarray(np.rad2deg(np.arcsin(np.clip(-up_sensor @ alignment.y_sensor, -1, 1))))
