"""The athlete's body as a stick figure: where the joints are for a posture, and the postures of the ritual's poses.

Metres; x forward, y left, z up, origin on the ground between the feet. The measures are those of nobody: the figure
shows angles, not a person. A NaN in a posture counts as standing.
"""

from __future__ import annotations

from dataclasses import astuple
from math import cos, isnan, pi, radians, sin

import numpy as np

from hiphold.samples import Floats
from hiphold.session.scene import STEPS, Posture

HIP_HEIGHT = 0.95
HIP_HALF = 0.10
THIGH = 0.43
SHANK = 0.43
FOOT = 0.19
TRUNK = 0.50
"""hips to the root of the neck"""
SHOULDER_HALF = 0.19
NECK = 0.09
HEAD = 0.12
"""from the root of the neck to its top, and on to the middle of the head"""
BEND_MOST_DEG = 120.0
"""the knee bends as the thigh rises, so that the shank hangs, up to this"""
AZIMUTH_FROM_DEG = 20.0
"""nearer to hanging than this, a thigh has no azimuth; it comes in over as much again"""
RAISED_DEG = 30.0
BOWED_DEG = 60.0
"""what the pictures of the poses show"""

BONES = (
    ("hip_left", "hip_right"),
    ("hips", "neck"),
    ("shoulder_left", "shoulder_right"),
    ("neck", "head"),
    *((f"{a}_{side}", f"{b}_{side}") for side in ("left", "right") for a, b in (
        ("hip", "knee"), ("knee", "ankle"), ("ankle", "toe"), ("shoulder", "elbow"), ("elbow", "hand")
    )),
)  # fmt: skip
"""pairs of joints with a line between them"""

Joints = dict[str, Floats]
_STANDING = astuple(Posture())


def joints(posture: Posture) -> Joints:
    """Joint -> position (3,): head, neck, hips, and for `_left` and `_right` shoulder, elbow, hand, hip, knee, ankle,
    toe. The hands are behind the head.
    """
    there = Posture(*(own if not isnan(own) else still for own, still in zip(astuple(posture), _STANDING)))
    pelvis = _about_z(there.turn_deg) @ _about_x(-there.obliquity_deg)
    hips = np.array([0.0, 0.0, HIP_HEIGHT])
    found = {"hips": hips} | _upper(there, hips)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        hip = hips + pelvis @ np.array([0.0, sign * HIP_HALF, 0.0])
        found |= _leg(there, side, hip)
    return found


def _upper(posture: Posture, hips: Floats) -> Joints:
    """Trunk, head and arms. A trunk that nobody measures is exactly upright; it goes with the pelvis' tilt."""
    lean_deg = posture.trunk_deg or posture.tilt_deg
    trunk = _about_z(posture.turn_deg) @ _about_y(lean_deg)
    neck = hips + trunk @ np.array([0.0, 0.0, TRUNK])
    found = {"neck": neck, "head": neck + trunk @ np.array([0.02, 0.0, NECK + HEAD])}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        found[f"shoulder_{side}"] = neck + trunk @ np.array([0.0, sign * SHOULDER_HALF, -0.03])
        found[f"elbow_{side}"] = neck + trunk @ np.array([0.17, sign * 0.38, 0.15])
        found[f"hand_{side}"] = neck + trunk @ np.array([-0.06, sign * 0.05, NECK + HEAD])
    return found


def _leg(posture: Posture, side: str, hip: Floats) -> Joints:
    inward = 1.0 if side == "right" else -1.0
    raised_deg = getattr(posture, f"elevation_{side}_deg") + 90.0
    known = min(max(raised_deg / AZIMUTH_FROM_DEG - 1.0, 0.0), 1.0)
    across_deg = inward * known * getattr(posture, f"azimuth_{side}_deg")
    inner_deg = inward * getattr(posture, f"rotation_{side}_deg")
    thigh = _about_z(posture.turn_deg + across_deg) @ _about_y(-raised_deg) @ _about_z(inner_deg)
    shank = thigh @ _about_y(min(max(raised_deg, 0.0), BEND_MOST_DEG))
    knee = hip + thigh @ np.array([0.0, 0.0, -THIGH])
    ankle = knee + shank @ np.array([0.0, 0.0, -SHANK])
    toe = ankle + shank @ np.array([FOOT, 0.0, -0.05])
    return {f"hip_{side}": hip, f"knee_{side}": knee, f"ankle_{side}": ankle, f"toe_{side}": toe}


def side_view(found: Joints) -> Joints:
    """Joint -> (forward, up) in metres: seen from the athlete's right."""
    return {name: at[[0, 2]] for name, at in found.items()}


def front_view(found: Joints) -> Joints:
    """Joint -> (to the athlete's right, up) in metres: as in a mirror, the right leg on the right."""
    return {name: at[[1, 2]] * (-1.0, 1.0) for name, at in found.items()}


def pose(key: str, phase: float) -> Posture:
    """The posture of a picture of the ritual, `key` of STEPS, at a phase 0 to 1 of a loop without a jump."""
    if key not in STEPS:
        raise ValueError(f"no pose {key!r}; there are {', '.join(STEPS)}")
    if key == "stand":
        breath = sin(2 * pi * phase)
        return Posture(tilt_deg=0.6 * breath, trunk_deg=1.0 + 0.8 * breath)
    share = _there_and_back(phase)
    if key == "bow":
        return Posture(tilt_deg=0.7 * BOWED_DEG * share, trunk_deg=BOWED_DEG * share)
    elevation_deg = -90.0 + (RAISED_DEG + 90.0) * share
    if key == "raise_left":
        return Posture(elevation_left_deg=elevation_deg)
    return Posture(elevation_right_deg=elevation_deg)


def _there_and_back(phase: float) -> float:
    """0 to 1 and back over a phase of 1, resting a little at both ends."""
    swing = min(max(0.5 - 0.75 * cos(2 * pi * phase), 0.0), 1.0)
    return swing * swing * (3.0 - 2.0 * swing)


def _about_x(deg: float) -> Floats:
    c, s = cos(radians(deg)), sin(radians(deg))
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def _about_y(deg: float) -> Floats:
    c, s = cos(radians(deg)), sin(radians(deg))
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def _about_z(deg: float) -> Floats:
    c, s = cos(radians(deg)), sin(radians(deg))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
