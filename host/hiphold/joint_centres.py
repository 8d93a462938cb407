"""Where hip and knee lie in a thigh's sensor, from motion: the line between them is the bone's long axis.

Two sensors on either side of a joint must agree on how the joint's centre accelerates (Seel, Schauer, Raisch 2012,
doi 10.1109/CCA.2012.6402423). Of that only the vertical part is used here: with u (n, 3) the earth's up in a sensor and
o (3,) the way from the centre to that sensor, o . u is how far the sensor is above the centre, so

    u1 . a1 - o1 . u1'' = u2 . a2 - o2 . u2''

which is linear in o1 and o2, needs no heading, and is as true after any smoothing of both sides in time: smoothing
takes the wobble of skin out. What the accelerometers are wrong by (b, fixed in each sensor) is solved for with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiphold.quaternion import angle_between, known
from hiphold.samples import Block, Bools, Floats

STEP_S = 0.01
"""of the common time axis"""
SMOOTH_S = 0.15
"""SD of the smoothing: slower than skin that wobbles, faster than a knee raise"""
SEEN_S = 0.05
"""what is further from a sample than this is not used"""
REACH_M = 0.3
"""1 SD of how far a sensor is from a joint"""
FEMUR_M, FEMUR_SD_M = 0.42, 0.05
"""hip to knee of an adult (Winter 2009, figure 4.1), and by how much any part of that vector may be otherwise"""
ACC_BIAS_MPS2 = 0.1
NOISE_MPS2 = 0.03
"""the least that the two sides are taken to differ by, whatever they show"""
SOLVED = 4
"""times that the noise is taken from what was left the time before"""
FEMUR_LIMITS_M = 0.34, 0.52
OFF_LIMIT_DEG = 20.0
REST_LIMIT_MPS2 = 0.3
SD_LIMIT_DEG = 3.0
"""an axis that is known less well than this is no better than that of the stand"""


@dataclass(frozen=True)
class Carried:
    """One sensor as it is carried through space."""

    time_s: Floats
    """(n,)"""
    up_sensor: Floats
    """(n, 3) the earth's up in the sensor"""
    up_mps2: Floats
    """(n,) specific force along it"""


@dataclass(frozen=True)
class Centre:
    """The centre of the joint between two sensors."""

    centre_m: Floats
    """(3,) in the frame of the first sensor, from that sensor"""
    covariance_m2: Floats
    """(3, 3)"""
    rest_mps2: float
    """RMS of what the two sensors still disagree by"""


@dataclass(frozen=True)
class Femur:
    """The long axis of a thigh bone in the thigh's sensor."""

    y_sensor: Floats
    """(3,) unit vector from the knee to the hip"""
    length_m: float
    covariance_rad2: Floats
    """(3, 3) of y_sensor"""
    rest_mps2: float
    """the larger of the two joints'"""

    def sd_deg(self, direction_sensor: Floats) -> float:
        """1 SD of the axis towards a direction (3,), by what the motion shows."""
        return float(np.rad2deg(np.sqrt(direction_sensor @ self.covariance_rad2 @ direction_sensor)))


def carried(block: Block, up_sensor: Floats) -> Carried:
    """A sensor from its samples and the estimated up (n, 3) at each of them; what is not known is left out."""
    whole = known(up_sensor) & known(block.acc_mps2)
    up = up_sensor[whole]
    return Carried(block.time_s[whole], up, np.einsum("ij,ij->i", up, block.acc_mps2[whole]))


def femur(thigh: Carried, pelvis: Carried, shank: Carried, y_sensor: Floats) -> Femur | str:
    """The bone of a thigh; a sentence where the motion does not show it. y_sensor (3,): its axis by the stand.

    What the motion does not show (a raise straight ahead hardly tells how far inward of the sensor the joints lie) is
    taken as in the stand: the knee is looked for FEMUR_M below the hip.
    """
    hip = joint_centre(thigh, pelvis, np.zeros(3), REACH_M)
    if hip is None:
        return "the thigh and the pelvis sensor have no motion in common."
    knee = joint_centre(thigh, shank, hip.centre_m - FEMUR_M * y_sensor, FEMUR_SD_M)
    if knee is None:
        return "the thigh and the shank sensor have no motion in common."
    along = hip.centre_m - knee.centre_m
    length = float(np.linalg.norm(along))
    rest = max(hip.rest_mps2, knee.rest_mps2)
    found = Femur(along / length, length, (hip.covariance_m2 + knee.covariance_m2) / length**2, rest)
    return _why_not(found, y_sensor) or found


def _why_not(found: Femur, y_sensor: Floats) -> str:
    """Why an axis is refused; empty when it is not."""
    off_deg = float(np.rad2deg(angle_between(found.y_sensor, y_sensor)))
    if found.rest_mps2 > REST_LIMIT_MPS2:
        return f"thigh and neighbours disagree by {found.rest_mps2:.1f} m/s2; fasten the straps and record again."
    if not FEMUR_LIMITS_M[0] <= found.length_m <= FEMUR_LIMITS_M[1]:
        return f"hip and knee came out {100 * found.length_m:.0f} cm apart; raise the knee briskly three times."
    if off_deg > OFF_LIMIT_DEG:
        return f"the bone came out {off_deg:.0f} degrees off the stand; begin anew with a still, upright stand."
    return ""


def sagittal_sd_deg(found: Femur, forward_sensor: Floats) -> float | str:
    """1 SD of the axis in the plane of a raise; a sentence when that is no better than the stand.

    forward_sensor: (3,) unit vector to the front of the thigh.
    """
    sd_deg = found.sd_deg(forward_sensor)
    if sd_deg <= SD_LIMIT_DEG:
        return sd_deg
    return f"the thigh moved too little to show its bone (to {sd_deg:.1f} degrees); raise the knee briskly three times."


def joint_centre(first: Carried, second: Carried, expected_m: Floats, sd_m: float) -> Centre | None:
    """The joint between two sensors, by least squares; None when they share too little time.

    expected_m (3,), sd_m: where the centre is in the first sensor, as far as it is known beforehand.
    """
    if (time_s := _common(first, second)) is None:
        return None
    rows, wanted = _equations(first, second, time_s)
    if len(rows) < SMOOTH_S / STEP_S * rows.shape[1]:
        return None
    # 12 unknowns: o1, o2, b1, b2
    before = np.concatenate((-expected_m, np.zeros(9)))
    weight = np.diag(1 / np.repeat((sd_m, REACH_M, ACC_BIAS_MPS2, ACC_BIAS_MPS2), 3) ** 2)
    together = 2 * np.sqrt(np.pi) * SMOOTH_S / STEP_S  # rows that smoothing made one
    found, covariance, rest = before, weight, 2 * REST_LIMIT_MPS2
    for _ in range(SOLVED):
        noise = together * max(rest, NOISE_MPS2) ** 2
        covariance = np.linalg.inv(rows.T @ rows / noise + weight)
        found = covariance @ (rows.T @ wanted / noise + weight @ before)
        rest = float(np.sqrt(np.mean(np.square(wanted - rows @ found))))
    return Centre(-found[:3], covariance[:3, :3], rest)


def _common(first: Carried, second: Carried) -> Floats | None:
    """(m,) instants of both."""
    if not len(first.time_s) or not len(second.time_s):
        return None
    start_s, end_s = max(first.time_s[0], second.time_s[0]), min(first.time_s[-1], second.time_s[-1])
    return np.arange(start_s, end_s, STEP_S) if end_s - start_s > 20 * SMOOTH_S else None


def _equations(first: Carried, second: Carried, time_s: Floats) -> tuple[Floats, Floats]:
    """(k, 12) rows and (k,) right sides of o1 . u1'' - o2 . u2'' + b1 . u1 - b2 . u2 = u1 . a1 - u2 . a2, smoothed."""
    smooth, bend = _kernels()
    ups = [_at(time_s, each.time_s, each.up_sensor) for each in (first, second)]
    forces = [np.interp(time_s, each.time_s, each.up_mps2) for each in (first, second)]
    columns = [sign * _filtered(up, kernel) for kernel in (bend, smooth) for sign, up in zip((1, -1), ups)]
    wanted = np.convolve(forces[0] - forces[1], smooth, "valid")
    seen = _near(time_s, first.time_s) & _near(time_s, second.time_s)
    whole = np.convolve(~seen, np.ones(len(smooth)), "valid") < 0.5
    return np.concatenate(columns, axis=1)[whole], wanted[whole]


def _kernels() -> tuple[Floats, Floats]:
    """A Gaussian of SD SMOOTH_S, and the second derivative of that."""
    t = np.arange(-round(4 * SMOOTH_S / STEP_S), round(4 * SMOOTH_S / STEP_S) + 1) * STEP_S
    bell = np.exp(-0.5 * (t / SMOOTH_S) ** 2)
    bell /= bell.sum()
    return bell, bell * (t**2 / SMOOTH_S**4 - 1 / SMOOTH_S**2)


def _filtered(vectors: Floats, kernel: Floats) -> Floats:
    return np.column_stack([np.convolve(column, kernel, "valid") for column in vectors.T])


def _at(at_s: Floats, time_s: Floats, vectors: Floats) -> Floats:
    return np.column_stack([np.interp(at_s, time_s, column) for column in vectors.T])


def _near(at_s: Floats, time_s: Floats) -> Bools:
    """(m,) whether there are samples on both sides, SEEN_S away at most."""
    after = np.clip(np.searchsorted(time_s, at_s), 1, len(time_s) - 1)
    return np.asarray((time_s[after] - at_s <= SEEN_S) & (at_s - time_s[after - 1] <= SEEN_S))
