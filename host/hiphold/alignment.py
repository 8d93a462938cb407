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

BOW_MIN_DEG = 20.0
BOW_MIN_S = 0.4
THIGH_STILL_DEG = 25.0
"""in a bow the pelvis tips and the thighs stay nearly where they are"""


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
    sway = np.rad2deg(np.sqrt(np.mean(np.square(angle_between(up_sensor[inside], y)))))
    force = np.linalg.norm(block.acc_mps2[inside].mean(axis=0))
    return Alignment(y, stand, float(sway), float(force / G_MPS2 - 1))


def tipped_deg(up_sensor: Floats, alignment: Alignment) -> Floats:
    """(n,) angle between the segment's y axis and the vertical."""
    return np.asarray(np.rad2deg(angle_between(up_sensor, alignment.y_sensor)))


def femur_elevation_deg(up_sensor: Floats, alignment: Alignment) -> Floats:
    """(n,) hip-to-knee axis against the horizontal: asin(-y . up), -90 hanging, +90 straight up."""
    return np.asarray(np.rad2deg(np.arcsin(np.clip(-up_sensor @ alignment.y_sensor, -1, 1))))


def find_bows(time_s: Floats, pelvis_deg: Floats, thigh_time_s: Floats, thigh_deg: Floats) -> list[Interval]:
    """Where the pelvis tips by BOW_MIN_DEG or more while the thigh hangs.

    pelvis_deg, thigh_deg: angle of each segment from the vertical, at its own times.
    """
    still = np.interp(time_s, thigh_time_s, thigh_deg) < THIGH_STILL_DEG
    edges = np.flatnonzero(np.diff(np.concatenate(([False], still & (pelvis_deg > BOW_MIN_DEG), [False]))))
    runs = [(float(time_s[a]), float(time_s[z - 1])) for a, z in zip(edges[::2], edges[1::2])]
    return [(a, z) for a, z in runs if z - a >= BOW_MIN_S]
