"""What an accelerometer is wrong by, learned from the session itself: held still, it must feel gravity, any way round.

A sensor that stands, is raised and bows is held in several directions. In each, the length of the specific force says
how wrong the sensor is along that direction (calibration in the field: Tedaldi et al. 2014, doi
10.1109/ICRA.2014.6907297; Frosio et al. 2009, doi 10.1109/TIM.2008.2006137). With u the direction of the force f,

    |f| - g = u . offset + g u^T S u + what moves,      S symmetric,

is linear in three offsets and six scales. They are found by least squares over windows of WINDOW_S, beside what is
known of such a sensor beforehand; windows in which the sensor moves count little. What a turn of the whole
accelerometer against the gyroscope would do is not seen, and does no harm: it turns stand and hold alike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hiphold.samples import G_MPS2, Block, Floats

WINDOW_S = 0.5
STILL_SD_MPS2 = 0.003
"""1 SD of the mean force of a window in which nothing moves: 0.3 mg"""
MOVING_SHARE = 0.2
"""what moves swings to and fro: of its SD within a window so much is left in the mean"""
LEVER_M = 0.3
"""a rate of w makes w^2 LEVER_M of acceleration: from the joint to the sensor"""
COMMON_SCALE = 0.004
"""1 SD of a scale that all axes share, which tilts nothing: gravity is 0.3 % more or less elsewhere"""
REMEMBERED = 1200
"""windows: ten minutes"""
ROUNDS = 6
"""of weighing anew: what does not fit gravity in any way moved"""
_PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
"""the elements of S"""


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrix), np.float64)


@dataclass(frozen=True)
class Prior:
    """What is known of a kind of accelerometer beforehand, 1 SD per axis."""

    offset_mps2: float
    scale: float
    """relative"""

    @property
    def information(self) -> Floats:
        """(9, 9) inverse of the covariance of offsets and S; S holds half of what two axes are askew."""
        covariance = np.diag([self.offset_mps2**2] * 3 + [self.scale**2] * 3 + [(0.5 * self.scale) ** 2] * 3)
        covariance[3:6, 3:6] += COMMON_SCALE**2
        return _inverse(covariance)


CALIBRATED = Prior(0.005 * G_MPS2, 0.003)
"""in six positions"""
AS_SOLDERED = {"mpu6050": Prior(0.03 * G_MPS2, 0.01)}
"""by chip: offsets of 50 and 80 mg at most (MPU-6050 PS rev 3.4, section 6.2), taken as soldered to a board"""
ELSE_AS_SOLDERED = Prior(0.015 * G_MPS2, 0.003)


def prior(chip: str, levelled: bool) -> Prior:
    """By chip, of wire.CHIPS, and whether it was calibrated in six positions."""
    return CALIBRATED if levelled else AS_SOLDERED.get(chip, ELSE_AS_SOLDERED)


@dataclass(frozen=True)
class Correction:
    """What an accelerometer is wrong by, and how well that is known."""

    errors: Floats
    """(9,) offsets in m/s2, then xx, yy, zz, xy, xz, yz of S"""
    covariance: Floats
    """(9, 9)"""

    def shift_sd_rad(self, axis: Floats, before: Floats, held: Floats) -> float:
        """1 SD of what is still wrong of a tilt about an axis from one direction of up to another, unit vectors (3,).

        A tilt of up by T(u) d(errors) is one about the axis by as much of it as lies along axis x u.
        """
        per_error = np.cross(axis, held) @ tilt_per_error(held) - np.cross(axis, before) @ tilt_per_error(before)
        return float(np.sqrt(per_error @ self.covariance @ per_error))

    def apply(self, acc_mps2: Floats) -> Floats:
        """(n, 3) or (3,) the specific force without these errors: (1 - S)(f - offset)."""
        return np.asarray((acc_mps2 - self.errors[:3]) @ (np.eye(3) - _matrix(self.errors[3:])))


def _matrix(elements: Floats) -> Floats:
    """(3, 3) S from its elements (6,)."""
    found = np.empty((3, 3))
    for (i, j), value in zip(_PAIRS, elements.tolist()):
        found[i, j] = found[j, i] = value
    return found


def nothing_known(beforehand: Prior = CALIBRATED) -> Correction:
    """No errors, as unsure as beforehand."""
    return Correction(np.zeros(9), _inverse(beforehand.information))


def _along(u: Floats) -> Floats:
    """(m, 9) what one unit of each error adds to the length of the force, in directions u (m, 3)."""
    squares = [(1.0 if i == j else 2.0) * G_MPS2 * u[:, i] * u[:, j] for i, j in _PAIRS]
    return np.column_stack((u, *squares))


def tilt_per_error(u: Floats) -> Floats:
    """(3, 9) by what one unit of each error turns the direction of gravity u (3,), rad: the part of it across u."""
    force = np.zeros((3, 9))
    force[:, :3] = np.eye(3)
    for k, (i, j) in enumerate(_PAIRS):
        force[i, 3 + k] += G_MPS2 * u[j]
        force[j, 3 + k] += G_MPS2 * u[i] * (i != j)
    return np.asarray((np.eye(3) - np.outer(u, u)) @ force / G_MPS2)


def learn(windows: Floats, beforehand: Prior) -> Correction:
    """The errors that windows (m, 5) tell of, as `Watch` makes them: direction, length - g, and its own SD.

    Gauss-Newton: in each round by the directions that the errors found until then leave.
    """
    force, variance, known = windows[:, :3] * (windows[:, 3:4] + G_MPS2), windows[:, 4] ** 2, beforehand.information
    found = Correction(np.zeros(9), _inverse(known))
    for _ in range(ROUNDS):
        right = found.apply(force)
        length = np.sqrt(np.einsum("ij,ij->i", right, right))
        along, off = _along(right / length[:, None]), length - G_MPS2
        # a residual r beside its SD s counts as Cauchy's distribution has it: the variance is s^2 + r^2
        weighted = along / (variance + off**2)[:, None]
        information = weighted.T @ along + known
        errors = np.linalg.solve(information, weighted.T @ (off + along @ found.errors))
        found = Correction(np.asarray(errors, np.float64), _inverse(information))
    return found


def _window(acc_mps2: Floats, gyr_radps: Floats) -> Floats:
    """(5,) mean direction of the force, its mean length - g, and how wrong that is likely to be, 1 SD."""
    length = np.sqrt(np.einsum("ij,ij->i", acc_mps2, acc_mps2))
    direction = acc_mps2.mean(axis=0)
    turning = LEVER_M * np.einsum("ij,ij->", gyr_radps, gyr_radps) / len(gyr_radps)
    sd = np.sqrt(STILL_SD_MPS2**2 + MOVING_SHARE**2 * length.var() + turning**2)
    return np.array((*(direction / np.sqrt(direction @ direction)), length.mean() - G_MPS2, sd))


class Watch:
    """One accelerometer as its samples come in. The result does not depend on how blocks are cut."""

    def __init__(self, period_s: float, beforehand: Prior) -> None:
        self._n = 3 if np.isnan(period_s) else max(3, round(WINDOW_S / period_s))
        self._beforehand = beforehand
        self._begun = np.empty((0, 6))
        self._windows: deque[Floats] = deque(maxlen=REMEMBERED)
        self._known: Correction | None = None

    @property
    def correction(self) -> Correction:
        """By all that was felt until now."""
        if self._known is None:
            self._known = learn(np.array(self._windows).reshape(-1, 5), self._beforehand)
        return self._known

    def feel(self, block: Block) -> None:
        """Take the next samples."""
        for part in self._parts(block):
            self._gather(part)

    def step(self, block: Block) -> Floats:
        """(n, 3) the specific force of the next samples, each without the errors that those before it told of."""
        corrected = [np.empty((0, 3))]
        for part in self._parts(block):
            corrected.append(self.correction.apply(part[:, :3]))
            self._gather(part)
        return np.concatenate(corrected)

    def _parts(self, block: Block) -> Iterator[Floats]:
        """Forces and rates (k, 6), cut where windows end."""
        raw = np.column_stack((block.acc_mps2, block.gyr_radps))
        while len(raw):
            room = self._n - len(self._begun)
            yield raw[:room]
            raw = raw[room:]

    def _gather(self, part: Floats) -> None:
        self._begun = np.concatenate((self._begun, part))
        if len(self._begun) == self._n:
            acc, gyr = self._begun[:, :3], self._begun[:, 3:]
            self._begun = self._begun[:0]
            felt = np.isfinite(acc).all() and np.isfinite(gyr).all() and acc.any(axis=1).all()
            if felt and np.linalg.norm(acc.mean(axis=0)) > 0.1 * G_MPS2:  # else it falls, or swings to and fro
                self._windows.append(_window(acc, gyr))
                self._known = None


def correction(block: Block, period_s: float, beforehand: Prior) -> Correction:
    """What a whole recording says of its accelerometer."""
    watch = Watch(period_s, beforehand)
    watch.feel(block)
    return watch.correction
