"""Quiet intervals of one sensor, and the stands that all sensors share.

Quiet, over the last WINDOW_S: the gyroscope varies little, the accelerometer varies little, and the mean rate is
small. The limits leave room for a standing person's sway (0.4 degrees RMS is about 1.5 deg/s) and for a gyroscope
zero that was never taken (an MPU-6050 has up to 5 deg/s), and close on a slow raise (10 deg/s).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from hiphold.quaternion import angle_between, norm
from hiphold.samples import Block, Bools, Floats, Interval

WINDOW_S = 0.5
GYR_SD_RADPS = np.deg2rad(4.0)
"""root of the summed variances of the three axes"""
ACC_SD_MPS2 = 0.2
"""the same; 0.2 m/s2 is what 0.5 s of turning at 8 deg/s makes of gravity"""
GYR_MEAN_RADPS = np.deg2rad(10.0)
STAND_MIN_S = 1.0
STAND_CONE_DEG = 15.0
"""a later quiet interval is a stand only with thighs and pelvis this close to how they were in the reference stand"""


def _squares(vectors: Floats) -> Floats:
    """(2, n) squared lengths of the rates and the forces in (6, n)."""
    both = vectors.reshape(2, 3, -1)
    return np.asarray(np.einsum("ijk,ijk->ik", both, both))


def _restlessness(time_s: Floats, sums: Floats, centre: Floats, n: int) -> Floats:
    """(m,) for each run of n samples, how much it moved as a share of what is quiet; infinite when some are missing.

    time_s (m + n,), sums (8, m + n): as `Stillness` keeps them, of rates and forces less centre (6, 1).
    """
    mean = (sums[:, n:] - sums[:, :-n]) / n
    # sum of var(x_i) = mean |x|^2 - |mean x|^2
    gyr_sd, acc_sd = np.sqrt(np.maximum(mean[6:] - _squares(mean[:6]), 0))
    whole = time_s[n:] - time_s[1 : 1 - n] < 1.5 * WINDOW_S
    turning = norm((mean[:3] + centre[:3]).T)[:, 0] / GYR_MEAN_RADPS
    moved = np.maximum(np.maximum(gyr_sd / GYR_SD_RADPS, acc_sd / ACC_SD_MPS2), turning)
    return np.where(whole, moved, np.inf)


@dataclass(frozen=True)
class Poses:
    """When all worn sensors were quiet together."""

    stands: list[Interval] = field(default_factory=list)
    """the reference stand first"""
    elsewhere: list[Interval] = field(default_factory=list)
    """after it, in another pose"""
    anew_s: list[float] = field(default_factory=list)
    """when stands began that a person declared: headings begin anew there"""


class Stillness:
    """Quiet intervals of one sensor as its samples come in. The result does not depend on how blocks are cut."""

    def __init__(self, period_s: float) -> None:
        # one sample has no period (NaN), and is never quiet
        self._n = 3 if np.isnan(period_s) else max(3, round(WINDOW_S / period_s))
        self._centre: Floats | None = None
        """(6, 1) the first rate and force; the others less these keep the sums of squares small"""
        self._time_s = np.array([np.nan])
        """when each of the last n samples was taken; before the first of all there is one that was not"""
        self._sums = np.zeros((8, 1))
        """sums over all samples up to and with each of these: rates, forces, and the squared lengths of both"""
        self.open: Interval | None = None
        """the latest quiet interval, as far as it goes; it may still grow"""
        self.level = np.inf
        """how much the sensor moved in the last WINDOW_S, as a share of what is quiet"""

    def step(self, block: Block) -> list[Interval]:
        """Take the next samples; the quiet intervals that ended in them."""
        time_s, raw = block.time_s, np.concatenate((block.gyr_radps.T, block.acc_mps2.T))
        # NaN would spread over the sums; without these samples a window is too long to be whole, if many are missing
        if not np.isfinite(raw).all():
            whole = np.isfinite(raw).all(axis=0)
            time_s, raw = time_s[whole], raw[:, whole]
        return self._take(time_s, raw) if len(time_s) else []

    def _take(self, time_s: Floats, raw: Floats) -> list[Interval]:
        n, centre = self._n, raw[:, :1] if self._centre is None else self._centre
        less = raw - centre
        new = np.concatenate((self._sums[:, -1:], np.concatenate((less, _squares(less)))), axis=1)
        sums = np.concatenate((self._sums[:, :-1], new.cumsum(axis=1)), axis=1)
        time_s = np.concatenate((self._time_s, time_s))
        self._centre, self._time_s, self._sums = centre, time_s[-n:], sums[:, -n:]
        if len(time_s) <= n:
            return []
        moved = _restlessness(time_s, sums, centre, n)
        self.level = float(moved[-1])
        return self._follow(time_s[1:], moved < 1.0)

    def _follow(self, time_s: Floats, quiet: Bools) -> list[Interval]:
        """Quiet intervals that end in these windows, of which the i-th begins at time_s[i]."""
        closed, turns = [], (quiet[1:] != quiet[:-1]).nonzero()[0] + 1
        for first, end in pairwise([0, *turns.tolist(), len(quiet)]):
            # a window that is quiet makes all its samples quiet; quiet stretches that overlap are one
            start_s, last_start_s = float(time_s[first]), float(time_s[end - 1])
            if self.open and (start_s if quiet[first] else last_start_s) > self.open[1]:
                closed.append(self.open)
                self.open = None
            if quiet[first]:
                self.open = (self.open[0] if self.open else start_s, float(time_s[end + self._n - 2]))
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
    """Whether every sensor's gravity direction (3,) is within STAND_CONE_DEG of its own in the reference stand."""
    return all(np.rad2deg(angle_between(a, b)) <= STAND_CONE_DEG for a, b in zip(directions, reference))


def find_stands(quiet: Sequence[Sequence[Interval]], worn: Sequence[Block]) -> Poses:
    """The stands, and the other quiet poses after the reference stand. Empty when nothing was quiet for long enough.

    quiet: the quiet intervals of each sensor; worn: their samples. A seat is no stand, nor a bow held still.
    """
    long = [(a, z) for a, z in common(quiet) if z - a >= STAND_MIN_S]
    reference = [gravity_direction(block, long[0]) for block in worn] if long else []
    standing = [same_pose([gravity_direction(block, i) for block in worn], reference) for i in long]
    stands, elsewhere = ([i for i, stood in zip(long, standing) if stood is wanted] for wanted in (True, False))
    return Poses(stands, elsewhere)
