"""Accelerometer calibration from six positions at rest: offset and scale of each axis, and how good they are.

Only the length of what is measured is used, |S (a - b)| = g for offset b and diagonal S (Lotters et al. 1998,
doi 10.1016/S0924-4247(97)01690-8, calibrate from lengths at rest): a case that stands a few degrees askew on its edge
does no harm, whereas the textbook's "exactly up" would turn that into an error of the axes. g is standard gravity:
another true value scales all axes alike and turns no direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hiphold.errors import BadInputError
from hiphold.samples import G_MPS2, Block, Floats

FACES = ("x up", "x down", "y up", "y down", "z up", "z down")
"""the axis of the case that points upwards or downwards"""
REST_S = 2.0
"""a position is averaged over so long"""

_ASKEW_DEG = 25.0
_ACC_SPREAD_MPS2 = 0.06
_GYR_SPREAD_RADPS = np.radians(1.0)
_MOST_OFFSET_MPS2 = 1.5
_MOST_SCALE = 0.06
_LEAST_NOISE_MPS2 = 2e-3
_BAD_LEFT_MG = 5.0
_ROUNDS = 8


@dataclass(frozen=True)
class Position:
    """One position at rest."""

    face: int
    """index into FACES"""
    acc_mps2: Floats
    """(3,) mean of what was measured"""
    noise_mps2: float
    """standard error of that mean, by the spread over time; drift and vibration included"""


@dataclass(frozen=True)
class SixPositions:
    """What the six positions tell: true = diag(scale) (measured - offset)."""

    offset_mps2: Floats
    """(3,)"""
    scale: Floats
    """(3,)"""
    left_mg: float
    """95 % of what is left of the offset of the worst axis"""


def face_of(acc_mps2: Floats) -> int | None:
    """Index into FACES of the axis that points along (3,); None when that is askew by more than 25 degrees."""
    axis = int(np.argmax(np.abs(acc_mps2)))
    along = abs(acc_mps2[axis]) / max(float(np.linalg.norm(acc_mps2)), 1e-9)
    return 2 * axis + int(acc_mps2[axis] < 0) if along > np.cos(np.radians(_ASKEW_DEG)) else None


def position(block: Block) -> Position | None:
    """The position that these samples were taken in; None when the sensor moved or stood on no face."""
    acc, gyr = block.acc_mps2, block.gyr_radps
    if len(block) < 8 or block.time_s[-1] - block.time_s[0] < 0.9 * REST_S:
        return None
    if acc.std(axis=0).max() > _ACC_SPREAD_MPS2 or gyr.std(axis=0).max() > _GYR_SPREAD_RADPS:
        return None
    face = face_of(acc.mean(axis=0))
    quarters = np.array([part.mean(axis=0) for part in np.array_split(acc, 4)])
    noise = float(np.linalg.norm(quarters.std(axis=0, ddof=1))) / 2.0
    return None if face is None else Position(face, acc.mean(axis=0), noise)


def solve(positions: Mapping[int, Position]) -> SixPositions:
    """Offset and scale from one position per face. Raises BadInputError, which says what to do, for a bad set."""
    absent = [name for face, name in enumerate(FACES) if face not in positions]
    if absent:
        raise BadInputError(f"The positions {', '.join(absent)} are missing; lay the sensor down on each of its faces.")
    measured = np.array([positions[face].acc_mps2 for face in range(6)])
    offset, scale = _fit(measured)
    noise = max(_LEAST_NOISE_MPS2, *(positions[face].noise_mps2 for face in range(6)))
    left_mg = 1.96e3 * noise * float(_amplification(measured, offset, scale).max()) / G_MPS2
    _check(offset, scale, left_mg)
    return SixPositions(offset, scale, left_mg)


def _jacobian(measured: Floats, offset: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Residuals (6,) of the lengths and their derivatives (6, 6) after offset and scale."""
    true = scale * (measured - offset)
    length = np.linalg.norm(true, axis=1)
    by_true = true / length[:, None]
    return length - G_MPS2, np.hstack((-by_true * scale, by_true * (measured - offset)))


def _fit(measured: Floats) -> tuple[Floats, Floats]:
    """Newton's method from the middles of opposite faces, which are right for a sensor that stood exactly upright."""
    up, down = measured[::2], measured[1::2]
    offset = 0.5 * (np.diag(up) + np.diag(down))
    scale = 2 * G_MPS2 / (np.diag(up) - np.diag(down))
    for _ in range(_ROUNDS):
        residual, jacobian = _jacobian(measured, offset, scale)
        step = np.linalg.lstsq(jacobian, -residual, rcond=None)[0]
        offset, scale = offset + step[:3], scale + step[3:]
    return offset, scale


def _amplification(measured: Floats, offset: Floats, scale: Floats) -> Floats:
    """(3,) standard deviation of the offset for noise of 1 in each length."""
    inverse = np.linalg.pinv(_jacobian(measured, offset, scale)[1])
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", inverse, inverse))[:3])


def _check(offset: Floats, scale: Floats, left_mg: float) -> None:
    again = "lay it down anew, on something that does not rock, and touch it only between the positions."
    if not (np.isfinite(offset).all() and np.isfinite(scale).all()):
        raise BadInputError(f"The six positions contradict each other: {again}")
    if np.abs(offset).max() > _MOST_OFFSET_MPS2 or np.abs(scale - 1).max() > _MOST_SCALE:
        raise BadInputError(
            f"They would mean an offset of {1e3 * np.abs(offset).max() / G_MPS2:.0f} mg and a scale that is "
            f"{100 * np.abs(scale - 1).max():.0f} % off, which no sound sensor has: {again}"
        )
    if left_mg > _BAD_LEFT_MG:
        raise BadInputError(f"They leave {left_mg:.1f} mg of doubt, more than {_BAD_LEFT_MG:.0f}: {again}")
