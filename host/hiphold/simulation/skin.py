"""Soft tissue: how a sensor turns against the bone under it, because skin and muscle give.

Found in print:

- Thigh markers on wands showed 43 (SD 13, proximal) and 53 (SD 10, distal) percent of an isolated hip rotation; one on
  the patella 98 (SD 8). Wren 2008, doi 10.1016/j.gaitpost.2007.07.006.
- Skin markers against dual fluoroscopy lost up to 21.8 degrees of the range of hip rotation, and saw the hip 1.9
  degrees too extended and 0.6 too adducted. Fiorentino 2017, doi 10.1016/j.gaitpost.2017.03.033.
- In walking, a cluster of markers on the thigh turned by about 10 degrees against the femur, one on the shank by about
  7 against the tibia; both differ much between people (PMC8631460, six knee prostheses, fluoroscopy).
- The artefact is greatest at the thigh, has the frequencies of the motion itself, and is another in every person and
  task. Leardini 2005, doi 10.1016/j.gaitpost.2004.05.002.
- Muscle under the skin swings faster and with more damping the more it is tensed. Wakeling 2001, J Appl Physiol 90:412.

Assumed, as no measurement of a strapped sensor at 120 degrees of hip flexion was found: that a strapped sensor loses
rotation like Wren's wands, in a raised leg, too; all sizes of tilt, that they grow in proportion to hip flexion, and in
which direction; frequency, damping and share of the wobble. The sensor turns but is not displaced.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiphold.quaternion import from_rotation_vector, to_matrix
from hiphold.samples import Floats
from hiphold.simulation.truth import STAND_S, Truth

STEP_S = 0.004  # twenty to each period of the fastest tremor
MARGIN_S = 0.1
TILTED_AT_DEG = 120.0  # hip flexion of the hold, at which tilts are said
MOST_LOST = 0.9
MIRROR_TURN = np.array((-1.0, -1.0, 1.0))  # a rotation vector seen in the plane between left and right

Bounds = tuple[float, float]


@dataclass(frozen=True)
class Skin:
    """Settings of one athlete's soft tissue. Bounds and standard deviations are of draws, anew for every seed."""

    rotation_loss: float = 0.0
    """share of the hip's rotation away from the reference stand that a thigh sensor does not follow, mean"""
    rotation_loss_sd: float = 0.0
    thigh_tilt_deg: Bounds = (0.0, 0.0)
    """against the bone at 120 degrees of hip flexion, about a drawn axis across the thigh"""
    shank_tilt_deg: Bounds = (0.0, 0.0)
    """the same, with the flexion of the hip above, as the knee bends with it"""
    pelvis_tilt_deg: Bounds = (0.0, 0.0)
    """at 120 degrees of flexion of one hip, about an axis drawn for each hip"""
    trunk_tilt_deg: Bounds = (0.0, 0.0)
    """the same"""
    wobble: float = 0.0
    """how far the sensor hangs in its tissue as on a spring: 0 not at all, 1 by it alone"""
    wobble_hz: Bounds = (3.0, 8.0)
    """natural frequency, drawn for each sensor"""
    wobble_damping: float = 0.2
    """of the critical"""

    @staticmethod
    def none() -> Skin:
        """Sensors sit on the bone."""
        return Skin()

    @staticmethod
    def typical() -> Skin:
        """An adult with sensors on straps; the module says what of it was measured and what is assumed."""
        return Skin(
            rotation_loss=0.5,
            rotation_loss_sd=0.12,
            thigh_tilt_deg=(1.0, 5.0),
            shank_tilt_deg=(0.5, 2.0),
            pelvis_tilt_deg=(1.0, 2.0),
            trunk_tilt_deg=(0.2, 1.0),
            wobble=0.5,
        )

    def draw_loss(self, rng: np.random.Generator) -> float:
        """Share of hip rotation lost by one athlete, the same for both thighs."""
        return float(np.clip(self.rotation_loss + self.rotation_loss_sd * rng.standard_normal(), 0.0, MOST_LOST))

    def tilt_deg(self, segment: str) -> Bounds:
        """Of a pelvis, thigh, shank or trunk."""
        bounds: Bounds = getattr(self, f"{segment}_tilt_deg")
        return bounds


@dataclass(frozen=True, eq=False)
class Give:
    """How one sensor turns on its segment over a session; constant before the first and after the last instant."""

    start_s: float
    """session time of the first row; they are STEP_S apart"""
    turn_rad: Floats
    """(m, 3) rotation vectors, segment axes"""

    def rotation(self, time_s: Floats) -> Floats:
        """(n, 3, 3) bone from skin at session times (n,), segment axes: cubic between the rows."""
        turn, slope = self.turn_rad, np.gradient(self.turn_rad, axis=0)
        place = np.clip((time_s - self.start_s) / STEP_S, 0.0, len(turn) - 1.0)
        i = np.minimum(place.astype(int), len(turn) - 2)
        u = (place - i)[:, None]
        # Hermite's cubic: values and slopes at both ends, so that the rate of turn has no steps.
        left = (1.0 - u) ** 2 * ((1.0 + 2.0 * u) * turn[i] + u * slope[i])
        right = u**2 * ((3.0 - 2.0 * u) * turn[i + 1] - (1.0 - u) * slope[i + 1])
        return to_matrix(from_rotation_vector(left + right))


def draw_give(skin: Skin, truth: Truth, placement: str, loss: float, rng: np.random.Generator) -> Give | None:
    """How the sensor at one of `wire.PLACEMENTS` turns; None when nothing gives. `loss`: from `Skin.draw_loss`.

    For a right thigh, with flexion f and internal rotation i of the hip as changes from the reference stand:
    turn = tilt f / 120 deg - loss i y + wobble, y up the bone. Others without the loss; pelvis and trunk by both hips.
    """
    if skin == Skin.none():
        return None
    segment, _, side = placement.partition("_")
    lead = truth.motion.lead
    legs = (side,) if side else (lead, "left" if lead == "right" else "right")
    axes = np.array([_draw_axis(bool(side), rng) for _ in legs])
    tilts = rng.uniform(*skin.tilt_deg(segment), len(legs))[:, None] * axes
    natural_hz = rng.uniform(*skin.wobble_hz)

    time_s = np.arange(-MARGIN_S, truth.duration_s + MARGIN_S, STEP_S)
    turn_deg = np.zeros((len(time_s), 3))
    for leg, tilt_deg in zip(legs, tilts):
        flexion_deg, rotation_deg = _from_stand(truth, time_s, leg)
        turn_deg += flexion_deg[:, None] / TILTED_AT_DEG * tilt_deg
        if segment == "thigh":
            turn_deg[:, 1] -= loss * rotation_deg
    turn = np.radians(turn_deg * MIRROR_TURN if (side or lead) == "left" else turn_deg)
    rate = _rate_radps(truth.motion.rotation(time_s, placement))
    return Give(-MARGIN_S, turn + skin.wobble * _lag_rad(rate, natural_hz, skin.wobble_damping))


def _draw_axis(across: bool, rng: np.random.Generator) -> Floats:
    """(3,) a unit vector in any direction, or in any across the bone: what turns about the bone is the loss."""
    axis = rng.standard_normal(3) * ((1.0, 0.0, 1.0) if across else (1.0, 1.0, 1.0))
    return np.asarray(axis / np.linalg.norm(axis))


def _from_stand(truth: Truth, time_s: Floats, side: str) -> tuple[Floats, Floats]:
    """Flexion and internal rotation (n,) of a hip, degrees, from their mean in the reference stand."""
    start, end = next((stand for stand in truth.stands if stand[1] - stand[0] >= STAND_S), (0.0, STAND_S))
    angles, standing = truth.angles(time_s, side), (time_s >= start) & (time_s <= end)
    flexion, rotation = angles.hip_flexion_deg, angles.hip_rotation_deg
    return flexion - flexion[standing].mean(), rotation - rotation[standing].mean()


def _rate_radps(r_earth_from_segment: Floats) -> Floats:
    """(n, 3) rate of turn in segment axes of rotations (n, 3, 3) that are STEP_S apart."""
    step = np.swapaxes(r_earth_from_segment[:-1], -1, -2) @ r_earth_from_segment[1:]
    # For the degree that one step may have, its skew part is the angle along the axis.
    turn = 0.5 * np.stack(
        (step[:, 2, 1] - step[:, 1, 2], step[:, 0, 2] - step[:, 2, 0], step[:, 1, 0] - step[:, 0, 1]), 1
    )
    return np.concatenate((turn[:1], 0.5 * (turn[:-1] + turn[1:]), turn[-1:])) / STEP_S


def _lag_rad(rate_radps: Floats, natural_hz: float, damping: float) -> Floats:
    """(n, 3) how far what hangs on a damped spring turns against its turning support, from the support's rate.

    lag'' + 2 damping w lag' + w^2 lag = -rate', so lag / rate = -s / (s^2 + 2 damping w s + w^2).
    """
    s = 2j * np.pi * np.fft.rfftfreq(len(rate_radps), STEP_S)[:, None]
    w = 2.0 * np.pi * natural_hz
    response = -s / (s * s + 2.0 * damping * w * s + w * w)
    return np.fft.irfft(response * np.fft.rfft(rate_radps, axis=0), len(rate_radps), axis=0)
