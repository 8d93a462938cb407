"""How the thigh bone stood in the reference stand: its angle, and how well that is known.

By definition a thigh is at -90 degrees in the reference stand. A real bone is some degrees off: the knee is before the
hip or, more often, behind it. What tells is an inclinometer held along the thigh, a pose in which the thigh's
elevation is known, or hip and knee centres from motion. All of them say one number, `forward_deg`, and its SD.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hiphold.joint_centres import Femur, sagittal_sd_deg
from hiphold.quaternion import known
from hiphold.samples import Floats

HANGING_DEG = -90.0
ASSUMED_SD_DEG = 4.0
"""of "the thigh hung straight down", between the 2.5 degrees of a careful stand and the 7 of a careless one"""
INCLINOMETER_SD_DEG = 2.5
"""trochanter found to 15 mm and epicondyle to 6 over 420 (2.2 degrees), inclinometer and stand to 1"""
LEVEL_SD_DEG = 3.0
"""how the bone lies in a thigh that lies level (2: it tapers), and how level and flush it lies (2)"""
SKIN_SD_DEG = 2.0
"""what skin costs the axis from motion: by so much it changes with the smoothing in recordings of people"""
FORWARD_LIMIT_DEG = 15.0
"""nobody stands upright with the thigh further off"""
RAISED_DEG = 45.0
"""from the stand: a thigh that is tipped by this shows which way is forward"""
AGREE_SD = 3.0


@dataclass(frozen=True)
class Posture:
    """How the bone stood."""

    way: str
    """assumed, inclinometer, level or joint_centres"""
    forward_deg: float
    """the knee before the hip in the reference stand: the bone's elevation there is -90 + forward_deg, or, when it is
    negative, as far off vertical with the knee behind"""
    sd_deg: float
    """1 SD of forward_deg"""


ASSUMED = Posture("assumed", 0.0, ASSUMED_SD_DEG)


def forward_axis(y_sensor: Floats, up_sensor: Floats) -> Floats:
    """(3,) unit vector to the front of the thigh at right angles to y, from its raises; NaN when it was never raised.

    Up (n, 3) is along y while the thigh hangs and goes to its front when it is raised.
    """
    up = up_sensor[known(up_sensor)]
    tipped = up[up @ y_sensor < np.cos(np.deg2rad(RAISED_DEG))]
    return _across(y_sensor, tipped.sum(axis=0)) if len(tipped) else np.full(3, np.nan)


def bone_axis(y_sensor: Floats, forward_sensor: Floats, forward_deg: float) -> Floats:
    """(3,) the bone's axis, knee to hip: y of the stand turned about the thigh's medio-lateral axis.

    A bone with the knee a before the hip has up at (sin a, cos a) in its x and y; so its y is cos a y - sin a x of
    the stand's.
    """
    a = np.deg2rad(forward_deg)
    return np.asarray(np.cos(a) * y_sensor - np.sin(a) * forward_sensor)


def shifted_deg(elevation_deg: Floats, forward_deg: float) -> Floats:
    """(n,) elevation of the bone from that of the stand's axis, when it is not known which way is forward.

    Right for a thigh that is raised straight ahead. Turned by r about its length, it is wrong by
    forward_deg (1 - cos r): 0.4 degrees for 4 degrees and a hip rotated by 25.
    """
    return np.asarray(elevation_deg + forward_deg)


def by_inclinometer(standing_elevation_deg: float, sd_deg: float = INCLINOMETER_SD_DEG) -> Posture | str:
    """From the angle of the line trochanter - epicondyle in the stand: -86 with the knee before the hip, -94 behind."""
    return _possible(Posture("inclinometer", standing_elevation_deg - HANGING_DEG, sd_deg))


def by_level(
    y_sensor: Floats, up_level: Floats, elevation_deg: float = 0.0, sd_deg: float = LEVEL_SD_DEG
) -> Posture | str:
    """From a pose in which the bone's elevation is known; up_level (3,): the mean up in the sensor in that pose."""
    if not np.isfinite(up_level).all():
        return "the thigh sensor has no samples where the thigh is said to lie level; mark when it lies there."
    cosine = float(up_level @ y_sensor / np.linalg.norm(up_level))
    measured_deg = -float(np.rad2deg(np.arcsin(np.clip(cosine, -1, 1))))
    if not measured_deg - HANGING_DEG > RAISED_DEG:
        return f"the thigh is at {measured_deg:.0f} degrees where it is said to lie level; mark when it lies there."
    return _possible(Posture("level", elevation_deg - measured_deg, sd_deg))


def by_joint_centres(y_sensor: Floats, forward_sensor: Floats, femur: Femur, acc_sd_deg: float = 0.0) -> Posture | str:
    """From the bone's axis in the thigh's sensor; acc_sd_deg: 1 SD of what the accelerometer tilts up by."""
    if not np.isfinite(forward_sensor).all():
        return "the thigh was never raised, so its bone does not show; raise the knee briskly three times."
    sd_deg = sagittal_sd_deg(femur, forward_sensor)
    if isinstance(sd_deg, str):
        return sd_deg
    forward_deg = -float(np.rad2deg(np.arctan2(femur.y_sensor @ forward_sensor, femur.y_sensor @ y_sensor)))
    whole_sd_deg = float(np.sqrt(sd_deg**2 + acc_sd_deg**2 + SKIN_SD_DEG**2))
    return _possible(Posture("joint_centres", forward_deg, whole_sd_deg))


def best(found: Sequence[Posture]) -> Posture:
    """The one that is known best; the first of equals; `assumed` when there is none."""
    return min((*found, ASSUMED), key=lambda posture: posture.sd_deg)


def contradiction(found: Sequence[Posture]) -> str:
    """A sentence when two ways differ by more than they may; empty when all agree."""
    used = best(found)
    for other in found:
        apart_deg = abs(other.forward_deg - used.forward_deg)
        if apart_deg > AGREE_SD * np.hypot(other.sd_deg, used.sd_deg):
            return (
                f"{used.way} and {other.way} differ by {apart_deg:.0f} degrees on how the thigh stood; "
                "measure the standing thigh again."
            )
    return ""


def _possible(posture: Posture) -> Posture | str:
    if abs(posture.forward_deg) <= FORWARD_LIMIT_DEG:
        return posture
    return (
        f"the thigh would have stood {abs(posture.forward_deg):.0f} degrees off vertical by {posture.way}; "
        "measure it again in an upright stand."
    )


def _across(y_sensor: Floats, direction: Floats) -> Floats:
    """(3,) unit vector along what of a direction is at right angles to y."""
    across = direction - y_sensor * (direction @ y_sensor)
    return np.asarray(across / np.linalg.norm(across))
