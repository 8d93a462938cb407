"""The athlete's body in space: rotations and positions of the segments at any instant.

Segment frames are ISB: x anterior, y up the bone, z right. Earth is x where the athlete faces, y left, z up. All is
worked out for a lead leg on the right; when the left leg leads, the finished motion is seen in a mirror, so both
sides are equal to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiphold.samples import Floats
from hiphold.simulation.athlete import Athlete
from hiphold.simulation.choreography import choreograph
from hiphold.simulation.curves import Curve, Wobble, draw_wobble
from hiphold.simulation.plan import Plan
from hiphold.simulation.score import ANKLE_TO_HIP_M, LEGS

SWAY_HZ, SWAY_SLOPE = (0.1, 1.5), 1.0
TREMOR_HZ, TREMOR_SLOPE = (4.0, 12.0), 2.0

# Facing earth x and upright: x_segment = x_earth, y_segment = z_earth, z_segment = -y_earth.
R_EARTH_FROM_UPRIGHT = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
MIRROR_SEGMENT = np.diag((1.0, 1.0, -1.0))  # the plane between left and right, in segment axes
MIRROR_EARTH = np.diag((1.0, -1.0, 1.0))  # the same plane in earth axes


def _about(axis: int, angle_rad: Floats) -> Floats:
    """(n, 3, 3) right-handed rotations about x (0), y (1) or z (2)."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    rotation = np.zeros((*np.shape(angle_rad), 3, 3))
    rotation[..., axis, axis] = 1.0
    rotation[..., first, first] = rotation[..., second, second] = np.cos(angle_rad)
    rotation[..., second, first] = np.sin(angle_rad)
    rotation[..., first, second] = -rotation[..., second, first]
    return rotation


def rotate_x(angle_rad: Floats) -> Floats:
    """Right-handed rotations about x."""
    return _about(0, angle_rad)


def rotate_y(angle_rad: Floats) -> Floats:
    """Right-handed rotations about y."""
    return _about(1, angle_rad)


def rotate_z(angle_rad: Floats) -> Floats:
    """Right-handed rotations about z."""
    return _about(2, angle_rad)


@dataclass(frozen=True)
class Anatomy:
    """Lengths, metres; points are in the frame of their segment, for a lead leg on the right."""

    thigh_m: float
    hip_from_middle_m: float
    sensor_m: dict[str, Floats]
    """by role: pelvis from between the hips, thighs from the hip, shanks from the knee, trunk from its base"""
    trunk_base_m: Floats
    """in the pelvis, from between the hips"""


def draw_anatomy(rng: np.random.Generator) -> Anatomy:
    """An adult. Lengths after Winter 2009, Biomechanics and Motor Control of Human Movement, figure 4.1."""
    thigh = 0.42 + 0.025 * rng.standard_normal()
    hip = 0.088 + 0.007 * rng.standard_normal()
    # Behind and above the hips lies the sacrum: a lever arm of about a hand's breadth.
    sensor = {"pelvis": np.array((-0.11, 0.06, 0.0)) + (0.012, 0.02, 0.01) * rng.standard_normal(3)}
    sensor["trunk"] = np.array((-0.10, 0.36, 0.0)) + (0.01, 0.03, 0.01) * rng.standard_normal(3)
    for leg, outward in zip(LEGS, (1.0, -1.0)):
        down, ahead, tissue = rng.uniform(0.5, 0.7), 0.02 * rng.standard_normal(), 0.075 + 0.01 * rng.standard_normal()
        sensor[f"thigh_{leg}"] = np.array((ahead, -down * thigh, outward * tissue))
        sensor[f"shank_{leg}"] = np.array((0.02, -0.15, 0.05 * outward)) + 0.01 * rng.standard_normal(3)
    return Anatomy(thigh, hip, sensor, np.array((-0.05, 0.10, 0.0)))


@dataclass(frozen=True, eq=False)
class Pose:
    """One segment over time."""

    r_earth_from_segment: Floats
    """(n, 3, 3)"""
    sensor_m: Floats
    """(n, 3) where the sensor is attached, earth frame"""


@dataclass(frozen=True, eq=False)
class Motion:
    """Everything that moves, as functions of the time since the session began."""

    anatomy: Anatomy
    curves: dict[str, Curve]
    sway: dict[str, Wobble]
    tremor: dict[str, Wobble]
    sway_deg: float
    tremor_deg: float
    lead: str
    """right or left: the side of the leg that leads"""

    def pose(self, time_s: Floats, placement: str) -> Pose:
        """Rotation and sensor position of one of `wire.PLACEMENTS` at any instants, shape (n,)."""
        role = self.role(placement)
        rotation = self._rotation(time_s, role)
        sensor = self._sensor_m(time_s, role, rotation)
        if self.lead == "right":
            return Pose(rotation, sensor)
        return Pose(MIRROR_EARTH @ rotation @ MIRROR_SEGMENT, sensor @ MIRROR_EARTH)

    def rotation(self, time_s: Floats, placement: str) -> Floats:
        """(n, 3, 3) earth from segment: the same as in `pose`, at half the cost."""
        rotation = self._rotation(time_s, self.role(placement))
        return rotation if self.lead == "right" else np.asarray(MIRROR_EARTH @ rotation @ MIRROR_SEGMENT)

    def role(self, placement: str) -> str:
        """A placement by what its leg does: thigh_right is thigh_lead when the right leg leads."""
        segment, _, side = placement.partition("_")
        if not side:
            return segment
        return f"{segment}_lead" if side == self.lead else f"{segment}_other"

    def _curve(self, channel: str, time_s: Floats) -> Floats:
        curve = self.curves.get(channel)
        return curve(time_s) if curve else np.zeros_like(time_s)

    def _angle_rad(self, channel: str, time_s: Floats) -> Floats:
        """What is meant, and sway and tremor where the channel has them."""
        angle = self._curve(channel, time_s)
        if channel in self.sway and self.sway_deg > 0.0:
            angle = angle + self.sway_deg * self._curve("sway", time_s) * self.sway[channel](time_s)
        if channel in self.tremor and self.tremor_deg > 0.0:
            size = self._curve(channel.partition("_")[0] + "_tremor", time_s)
            angle = angle + self.tremor_deg * size * self.tremor[channel](time_s)
        return np.radians(angle)

    def _pelvis(self, time_s: Floats) -> Floats:
        # Rotation, obliquity, tilt in that order (Baker 2001). For the right side, + means:
        #   rotation, right hip forward:  Ry(a) z = (sin a, 0, cos a)   goes to +x, so Ry(+rotation)
        #   obliquity, right hip up:      Rx(a) z = (0, -sin a, cos a)  goes to -y, so Rx(-obliquity)
        #   anterior tilt, top forward:   Rz(a) y = (-sin a, cos a, 0)  goes to -x, so Rz(-tilt)
        rotation, obliquity, tilt = (
            self._angle_rad(f"pelvis_{name}", time_s) for name in ("rotation", "obliquity", "tilt")
        )
        return np.asarray(R_EARTH_FROM_UPRIGHT @ rotate_y(rotation) @ rotate_x(-obliquity) @ rotate_z(-tilt))

    def _trunk(self, time_s: Floats) -> Floats:
        rotation, lean, tilt = (self._angle_rad(f"trunk_{name}", time_s) for name in ("rotation", "lean", "tilt"))
        return np.asarray(R_EARTH_FROM_UPRIGHT @ rotate_y(rotation) @ rotate_x(-lean) @ rotate_z(-tilt))

    def _thigh(self, leg: str, time_s: Floats) -> Floats:
        # The leg rides on the pelvis' rotation, not on its tilt and obliquity: the athlete aims at a height.
        # From the hip to the knee, right leg, x forward, y up, z right, for elevation E and azimuth A (+ across):
        #   d = (cos E cos A, sin E, -cos E sin A)
        # and Rz(F) Rx(a) Ry(r) takes -y, down the femur, to (sin F cos a, -cos F cos a, -sin a), hence
        #   F = atan2(d_x, -d_y), a = asin(-d_z);  upright pelvis: F = 90 + E, so flexion 120 is elevation 30.
        # Tilting the pelvis forward adds to hip flexion: Rz(-tilt)^T Rz(F) = Rz(F + tilt).
        elevation, azimuth = (self._angle_rad(f"{leg}_{name}", time_s) for name in ("elevation", "azimuth"))
        flexion = np.arctan2(np.cos(elevation) * np.cos(azimuth), -np.sin(elevation))
        adduction = np.arcsin(np.cos(elevation) * np.sin(azimuth))
        flexion = flexion + self._angle_rad(f"{leg}_flexion", time_s)
        adduction = adduction + self._angle_rad(f"{leg}_adduction", time_s)
        hip = rotate_z(flexion) @ rotate_x(adduction) @ rotate_y(self._angle_rad(f"{leg}_rotation", time_s))
        if leg == "other":
            hip = MIRROR_SEGMENT @ hip @ MIRROR_SEGMENT
        return np.asarray(R_EARTH_FROM_UPRIGHT @ rotate_y(self._angle_rad("pelvis_rotation", time_s)) @ hip)

    def _root_m(self, time_s: Floats) -> Floats:
        """(n, 3) the point between the hips: shifted on purpose, and swaying above the ankles."""
        swing = ANKLE_TO_HIP_M * np.stack([self._angle_rad(f"ankle_{name}", time_s) for name in ("x", "z")], axis=-1)
        forward, up, right = (self._curve(f"root_{name}", time_s) for name in ("forward", "up", "right"))
        upright = np.stack((forward + swing[..., 0], up + ANKLE_TO_HIP_M, right + swing[..., 1]), axis=-1)
        return np.asarray(upright @ R_EARTH_FROM_UPRIGHT.T)

    def _rotation(self, time_s: Floats, role: str) -> Floats:
        segment, _, leg = role.partition("_")
        if segment == "pelvis":
            return self._pelvis(time_s)
        if segment == "trunk":
            return self._trunk(time_s)
        thigh = self._thigh(leg, time_s)
        if segment == "thigh":
            return thigh
        # Knee flexion k brings the shank backwards: Rz(-k) (-y) = (-sin k, -cos k, 0).
        return np.asarray(thigh @ rotate_z(-self._angle_rad(f"{leg}_knee", time_s)))

    def _sensor_m(self, time_s: Floats, role: str, rotation: Floats) -> Floats:
        """(n, 3) from the point between the hips outward, along the segments."""
        segment, _, leg = role.partition("_")
        on_segment = self._root_m(time_s) + rotation @ self.anatomy.sensor_m[role]
        if segment == "pelvis":
            return np.asarray(on_segment)
        outward = 1.0 if leg == "lead" else -1.0
        hip = np.array((0.0, 0.0, outward * self.anatomy.hip_from_middle_m))
        origin = self._pelvis(time_s) @ (self.anatomy.trunk_base_m if segment == "trunk" else hip)
        if segment == "shank":
            origin = origin + self._thigh(leg, time_s) @ np.array((0.0, -self.anatomy.thigh_m, 0.0))
        return np.asarray(on_segment + origin)


def draw_motion(athlete: Athlete, plan: Plan, lead: str, seed: np.random.SeedSequence) -> Motion:
    """The whole motion of a session. Body, movement and trembling are drawn separately."""
    body, movement, trembling = (np.random.default_rng(child) for child in seed.spawn(3))
    swaying = [f"{part}_{name}" for part in LEGS for name in ("flexion", "adduction", "rotation")]
    swaying += [f"pelvis_{name}" for name in ("rotation", "obliquity", "tilt")]
    swaying += [f"trunk_{name}" for name in ("rotation", "lean", "tilt")] + ["ankle_x", "ankle_z"]
    sway = {channel: draw_wobble(trembling, *SWAY_HZ, SWAY_SLOPE) for channel in swaying}
    tremor = {channel: draw_wobble(trembling, *TREMOR_HZ, TREMOR_SLOPE) for channel in swaying[:6]}
    curves = choreograph(athlete, plan, movement)
    return Motion(draw_anatomy(body), curves, sway, tremor, athlete.sway_deg, athlete.tremor_deg, lead)
