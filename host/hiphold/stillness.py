"""Quiet intervals of one sensor, and the stands that all sensors share.

Quiet, over the last WINDOW_S: the gyroscope varies little, the accelerometer varies little, and the mean rate is
small. The limits leave room for a standing person's sway (0.4 degrees RMS is about 1.5 deg/s) and for a gyroscope
zero that was never taken (an MPU-6050 has up to 5 deg/s), and close on a slow raise (10 deg/s).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hiphold.quaternion import angle_between, known, norm
from hiphold.samples import Block, Bools, Floats, Interval, concatenate, empty_block

WINDOW_S = 0.5
GYR_SD_RADPS = np.deg2rad(4.0)
"""root of the summed variances of the three axes"""
ACC_SD_MPS2 = 0.2
"""the same; 0.2 m/s2 is what 0.5 s of turning at 8 deg/s makes of gravity"""
GYR_MEAN_RADPS = np.deg2rad(10.0)
STAND_MIN_S = 1.0
STAND_CONE_DEG = 15.0
"""a later quiet interval is a stand only with the thigh this close to the reference stand: a seat is none"""


def _window_sums(values: Floats, n: int) -> Floats:
    """(len - n + 1, k) sums over each run of n rows."""
    total = np.cumsum(np.concatenate((np.zeros((1, values.shape[1])), values)), axis=0)
    return np.asarray(total[n:] - total[:-n])


def _spread(values: Floats, n: int) -> tuple[Floats, Floats]:
    """Over each run of n rows: root of the summed variances of the columns, and the mean (m, k).

    sum of var(x_i) = mean |x|^2 - |mean x|^2
    """
    centred = values - values[0]  # keeps the sums of squares small
    mean = _window_sums(centred, n) / n
    mean_square = _window_sums(np.einsum("ij,ij->i", centred, centred)[:, None], n)[:, 0] / n
    variance = mean_square - np.einsum("ij,ij->i", mean, mean)
    return np.sqrt(np.maximum(variance, 0)), mean + values[0]


def _quiet_windows(block: Block, n: int) -> Bools:
    """(len - n + 1,) for each run of n samples, whether the sensor was quiet in it and none were missing."""
    gyr_sd, gyr_mean = _spread(block.gyr_radps, n)
    acc_sd, _ = _spread(block.acc_mps2, n)
    whole = block.time_s[n - 1 :] - block.time_s[: len(block) - n + 1] < 1.5 * WINDOW_S
    slow = norm(gyr_mean)[:, 0] < GYR_MEAN_RADPS
    return np.asarray(whole & slow & (gyr_sd < GYR_SD_RADPS) & (acc_sd < ACC_SD_MPS2))


class Stillness:
    """Quiet intervals of one sensor as its samples come in."""

    def __init__(self, period_s: float) -> None:
        # one sample has no period (NaN), and is never quiet
        self._n = 3 if np.isnan(period_s) else max(3, round(WINDOW_S / period_s))
        self._tail = empty_block()
        self.open: Interval | None = None
        """the latest quiet interval, as far as it goes; it may still grow"""

    def step(self, block: Block) -> list[Interval]:
        """Take the next samples; the quiet intervals that ended in them."""
        # NaN would spread over the sums; without these samples a window is too long to be whole, if many are missing
        whole = known(block.acc_mps2) & known(block.gyr_radps)
        joined = concatenate([self._tail, block if whole.all() else block.select(np.asarray(whole))])
        n, self._tail = self._n, joined.select(slice(max(0, len(joined) - self._n + 1), None))
        if len(joined) < n:
            return []
        quiet = _quiet_windows(joined, n)
        closed = []
        for run in np.split(np.arange(len(quiet)), np.flatnonzero(np.diff(quiet)) + 1):
            # a window that is quiet makes all its samples quiet; quiet stretches that overlap are one
            start_s, last_start_s = float(joined.time_s[run[0]]), float(joined.time_s[run[-1]])
            if self.open and (start_s if quiet[run[0]] else last_start_s) > self.open[1]:
                closed.append(self.open)
                self.open = None
            if quiet[run[0]]:
                self.open = (self.open[0] if self.open else start_s, float(joined.time_s[run[-1] + n - 1]))
        return closed


def quiet_intervals(block: Block, period_s: float) -> list[Interval]:
    """All quiet intervals of a whole recording."""
    stillness = Stillness(period_s)
    closed = stillness.step(block)
    return closed + ([stillness.open] if stillness.open else [])


def common(many: Sequence[Sequence[Interval]]) -> list[Interval]:
    """The intervals in which all of several sensors are quiet."""
    shared = list(many[0])
    for other in many[1:]:
        pairs = ((max(a[0], b[0]), min(a[1], b[1])) for a in shared for b in other if a[0] < b[1] and b[0] < a[1])
        shared = sorted(pairs)
    return shared


def gravity_direction(block: Block, interval: Interval) -> Floats:
    """(3,) unit vector of the mean specific force in the interval; NaN without samples."""
    acc = block.between(interval).acc_mps2
    acc = acc[np.isfinite(acc).all(axis=1)]
    mean = acc.mean(axis=0) if len(acc) else np.full(3, np.nan)
    return np.asarray(mean / np.linalg.norm(mean))


def same_pose(directions: Sequence[Floats], reference: Sequence[Floats]) -> bool:
    """Whether every thigh's gravity direction (3,) is within STAND_CONE_DEG of its own in the reference stand."""
    return all(np.rad2deg(angle_between(a, b)) <= STAND_CONE_DEG for a, b in zip(directions, reference))


def find_stands(quiet: Sequence[Sequence[Interval]], thighs: Sequence[Block]) -> list[Interval]:
    """The reference stand, then every later one. Empty when nothing was quiet for long enough.

    quiet: the quiet intervals of each sensor; thighs: their samples.
    """
    long = [(a, z) for a, z in common(quiet) if z - a >= STAND_MIN_S]
    reference = [gravity_direction(block, long[0]) for block in thighs] if long else []
    return [i for i in long if same_pose([gravity_direction(block, i) for block in thighs], reference)]
