"""Raw samples to orientation: vqf by default, filters of ahrs to compare with. The only importer of vqf and ahrs.

All filters use accelerometer and gyroscope only: gyms are full of iron. The heading is therefore free; what is
estimated is where up is, and how the heading changes.

vqf takes samples of one fixed period. Real ones jitter, repeat and stop. So each rate is scaled by the time it
stands for, `gyr * dt / period`, which keeps the turned angle right whatever the stamps; gaps up to MAX_BRIDGE_S
are bridged on straight lines; after a longer one the filter starts again from gravity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hiphold import quaternion
from hiphold.errors import BadInputError
from hiphold.samples import G_MPS2, Block, Floats

METHODS = ("vqf", "madgwick", "mahony", "ekf")
"""what a user may choose; `basicvqf` stands in for a sensor chip's own fusion in the simulator"""

DIFFERENCE_STEP = 5
ZEROED_SD_DEGPS = 0.05
"""1 SD of the rate that is left after a gyroscope was zeroed at rest; VQF takes 0.5 without"""
WANDER_S = 400.0
"""such a zero wanders by 0.1 deg/s in this time; VQF takes 100 without, and learns the sway of a stand as a bias"""
STILL_S, STILL_GYR_DEGPS, STILL_ACC_MPS2 = 1.0, 0.3, 0.1
"""a sensor whose rates and forces vary by less than this, 1 SD per axis, for so long lies on something"""
FAR_OFF_DEGPS, FARTHEST_DEGPS = 1.5, 15.0
"""what it then reads beyond the first is an offset that VQF, which takes 2 at most, must be told of; none is farther"""
FAR_OFF = {"biasClip": FARTHEST_DEGPS}
FORWARD = {"biasSigmaMotion": 0.05, "biasForgettingTime": 50.0}
"""VQF forward in time learns the offset of a gyroscope from motion twice as surely as by default (0.1, 100)"""
MAX_BRIDGE_S = 1.0
"""the longest gap that is bridged: over it, a thigh can have gone anywhere"""

Samples = tuple[Floats, Floats, Floats]
"""time in s (n,), rate in rad/s (n, 3), specific force in m/s2 (n, 3)"""
Where = slice | npt.NDArray[np.int64]
"""places in the samples that a filter takes"""


class _Filter(Protocol):
    def update(self, gyr_radps: Floats, acc_mps2: Floats) -> Floats: ...

    def restart(self) -> None: ...


def _vqf_parameters(zeroed: bool) -> dict[str, float]:
    """What VQF is told of this gyroscope, where its own defaults are not right."""
    return {"biasSigmaInit": ZEROED_SD_DEGPS, "biasForgettingTime": WANDER_S} if zeroed else {}


def far_off_radps(gyr_radps: Floats, acc_mps2: Floats) -> Floats | None:
    """(3,) what a gyroscope reads while its sensor lies still over all n samples, if that is far off; else None."""
    still = gyr_radps.std(axis=0).max() < np.deg2rad(STILL_GYR_DEGPS) and acc_mps2.std(axis=0).max() < STILL_ACC_MPS2
    rate = gyr_radps.mean(axis=0)
    return rate if still and FAR_OFF_DEGPS < np.rad2deg(np.linalg.norm(rate)) < FARTHEST_DEGPS else None


class _Vqf:
    """VQF, forward in time. Laidig and Seel 2023, doi 10.1016/j.inffus.2022.10.014.

    A gyroscope that was never zeroed and turns out to be far off begins anew with what it read while it lay still.
    """

    def __init__(self, period_s: float, zeroed: bool) -> None:
        from vqf import VQF

        self._new, self._period_s = VQF, period_s
        self._filter = VQF(period_s, **(_vqf_parameters(zeroed) or FORWARD))
        self._n = round(STILL_S / period_s)
        self._watched: Floats | None = None if zeroed else np.empty((0, 6))

    def update(self, gyr_radps: Floats, acc_mps2: Floats) -> Floats:
        q = [np.empty((0, 4))]
        while self._watched is not None and len(gyr_radps):
            room = self._n - len(self._watched)
            q.append(self._update(gyr_radps[:room], acc_mps2[:room]))
            self._watch(np.column_stack((gyr_radps[:room], acc_mps2[:room])))
            gyr_radps, acc_mps2 = gyr_radps[room:], acc_mps2[room:]
        return np.concatenate((*q, self._update(gyr_radps, acc_mps2))) if len(gyr_radps) else np.concatenate(q)

    def _update(self, gyr_radps: Floats, acc_mps2: Floats) -> Floats:
        gyr_radps, acc_mps2 = np.ascontiguousarray(gyr_radps), np.ascontiguousarray(acc_mps2)
        return np.asarray(self._filter.updateBatch(gyr_radps, acc_mps2)["quat6D"])

    def _watch(self, raw: Floats) -> None:
        watched = np.concatenate((raw[:0] if self._watched is None else self._watched, raw))
        self._watched = watched if len(watched) < self._n else watched[:0]
        if len(watched) == self._n and (rate := far_off_radps(watched[:, :3], watched[:, 3:])) is not None:
            self._watched = None
            self._filter = self._new(self._period_s, **FORWARD, **FAR_OFF)
            self._filter.setBiasEstimate(rate, np.deg2rad(STILL_GYR_DEGPS))

    def restart(self) -> None:
        bias, sigma = self._filter.getBiasEstimate()
        self._filter.resetState()
        self._filter.setBiasEstimate(bias, sigma)  # the gyroscope is still the same one


class _BasicVqf:
    """VQF without bias estimation: about as good as the fusion inside a sensor chip."""

    def __init__(self, period_s: float) -> None:
        from vqf import BasicVQF

        self._filter = BasicVQF(period_s)

    def update(self, gyr_radps: Floats, acc_mps2: Floats) -> Floats:
        return np.asarray(self._filter.updateBatch(gyr_radps, acc_mps2)["quat6D"])

    def restart(self) -> None:
        self._filter.resetState()


class _Ahrs:
    """A filter of the ahrs package, sample by sample (it is pure Python), started from gravity."""

    def __init__(self, method: str, period_s: float) -> None:
        self._step = _ahrs_step(method, period_s)
        self._q: Floats | None = None

    def update(self, gyr_radps: Floats, acc_mps2: Floats) -> Floats:
        out = np.empty((len(gyr_radps), 4))
        for i, (gyr, acc) in enumerate(zip(gyr_radps, acc_mps2)):
            if self._q is None:
                self._q = quaternion.from_up(acc) if acc.any() else np.array((1.0, 0.0, 0.0, 0.0))
            else:
                # ahrs leaves out the correction by gravity when the rate is exactly zero
                self._q = self._step(self._q, gyr if gyr.any() else gyr + 1e-12, acc)
            out[i] = self._q
        return out

    def restart(self) -> None:
        self._q = None


def _ahrs_step(method: str, period_s: float) -> Callable[[Floats, Floats, Floats], Floats]:
    """One update of the named filter: (q, gyr, acc) -> q. Gains as in its paper, or tuned in none."""
    from ahrs import filters

    if method == "madgwick":  # Madgwick 2010
        step: Callable[[Floats, Floats, Floats], Floats] = filters.Madgwick(Dt=period_s, gain_imu=0.033).updateIMU
    elif method == "mahony":  # Mahony 2008, doi 10.1109/TAC.2008.923738
        step = filters.Mahony(Dt=period_s, k_P=1.0, k_I=0.3).updateIMU
    else:  # its "NED" reference is (0, 0, +1), which is up for +g at rest; its "ENU" comes out upside down
        step = filters.EKF(Dt=period_s, frequency=1 / period_s, frame="NED").update
    return step


def _make(method: str, period_s: float, zeroed: bool = False) -> _Filter:
    if method == "vqf":
        return _Vqf(period_s, zeroed)
    if method == "basicvqf":
        return _BasicVqf(period_s)
    if method in METHODS:
        return _Ahrs(method, period_s)
    raise BadInputError(f"there is no orientation method {method!r}; choose one of {', '.join(METHODS)}.")


def typical_period(time_s: Floats) -> float:
    """Median of the positive steps in s; NaN when there are none."""
    steps = time_s[1:] - time_s[:-1]
    steps = steps[steps > 0]
    if not len(steps):
        return float("nan")
    low, high = (len(steps) - 1) // 2, len(steps) // 2
    ordered = np.partition(steps, (low, high))
    return float(ordered[low] + ordered[high]) / 2


def _or_any(period_s: float) -> float:
    """A period to run a filter with: one sample has none (NaN), and any gives its inclination."""
    return 0.01 if np.isnan(period_s) else period_s


def _stretches(last: Samples | None, samples: Samples, period_s: float) -> Iterator[tuple[bool, Floats, Floats, Where]]:
    """Samples as ones of one period, a stretch at a time between gaps that are too long to bridge.

    Each: whether a gap is before it, rates, forces, and where the given samples stand in these.
    """
    time_s, gyr, acc = samples
    before = last or (time_s[:1] - period_s, gyr[:1], acc[:1])
    time_s = np.concatenate((before[0], time_s))
    dt = time_s[1:] - time_s[:-1]
    gaps = (dt > MAX_BRIDGE_S).nonzero()[0].tolist()
    dt[gaps] = period_s
    for first, end in pairwise(sorted({0, *gaps, len(dt)})):
        part = slice(first, end)
        yield first in gaps, *_evened(dt[part] / period_s, before, gyr[part], acc[part])


def _evened(periods: Floats, before: Samples, gyr: Floats, acc: Floats) -> tuple[Floats, Floats, Where]:
    """Rates, forces, and where the given n samples stand in these, with straight lines over missing ones.

    periods (n,): time since the sample before. The rates turn as far in one period as the given ones in their time.
    """
    counts = np.rint(periods)
    if counts.max() <= 1:
        return np.ascontiguousarray(gyr * periods[:, None]), np.ascontiguousarray(acc), slice(None)
    counts = np.maximum(counts, 1).astype(np.int64)
    index = np.cumsum(counts)

    def fill(first: Floats, values: Floats) -> Floats:
        columns = np.concatenate((first, values)).T
        lines = [np.interp(np.arange(1, index[-1] + 1), np.append(0, index), column) for column in columns]
        return np.ascontiguousarray(np.column_stack(lines))

    rates = fill(before[1], gyr) * np.repeat(periods / counts, counts)[:, None]
    return rates, fill(before[2], acc), index - 1


class OrientationFilter:
    """Causal orientation of one node, a block at a time. The result does not depend on how blocks are cut."""

    def __init__(self, method: str, period_s: float, zeroed: bool = False) -> None:
        """zeroed: whether what the gyroscope reads at rest was taken off already."""
        self._period_s = _or_any(period_s)
        self._filter = _make(method, self._period_s, zeroed)
        self._last: Samples | None = None

    def step(self, time_s: Floats, gyr_radps: Floats, acc_mps2: Floats) -> Floats:
        """(n, 4) q_earth_from_sensor at each of the n samples that follow those given before."""
        if not len(time_s):
            return np.empty((0, 4))
        last, self._last = self._last, (time_s[-1:], gyr_radps[-1:], acc_mps2[-1:])
        q = []
        for after_gap, gyr, acc, given in _stretches(last, (time_s, gyr_radps, acc_mps2), self._period_s):
            if after_gap:
                self._filter.restart()
            q.append(self._filter.update(gyr, acc)[given])
        return np.concatenate(q)


def _offline_vqf(time_s: Floats, gyr_radps: Floats, acc_mps2: Floats, period_s: float, zeroed: bool) -> Floats:
    """VQF run both ways in time over each stretch without a long gap."""
    from vqf import offlineVQF

    parameters = _vqf_parameters(zeroed) or _wide(gyr_radps, acc_mps2, max(1, round(STILL_S / period_s)))
    stretches = _stretches(None, (time_s, gyr_radps, acc_mps2), period_s)
    fused = [(offlineVQF(gyr, acc, None, period_s, parameters), given) for _, gyr, acc, given in stretches]
    return np.concatenate([each["quat6D"][given] for each, given in fused])


def _wide(gyr_radps: Floats, acc_mps2: Floats, n: int) -> dict[str, float]:
    """What VQF is told when any n samples in a row show a gyroscope that is far off."""
    parts = (slice(i, i + n) for i in range(0, len(gyr_radps) - n + 1, n))
    return FAR_OFF if any(far_off_radps(gyr_radps[p], acc_mps2[p]) is not None for p in parts) else {}


def estimate_orientation(
    time_s: Floats,
    gyr_radps: Floats,
    acc_mps2: Floats,
    method: str = "vqf",
    causal: bool = False,
    zeroed: bool = False,
) -> Floats:
    """Orientation of a sensor from its raw samples.

    time_s (n,): when each sample was taken; may repeat and have gaps, must not fall.
    gyr_radps (n, 3), acc_mps2 (n, 3): sensor frame; specific force, +g up at rest.
    method: one of METHODS. causal: use only the past (vqf offline uses both directions; the others always
    are causal). zeroed: whether what the gyroscope reads at rest was taken off already, which vqf then trusts.

    Returns (n, 4) q_earth_from_sensor, earth z up, heading arbitrary and drifting slowly.
    Raises BadInputError for wrong shapes, values that are not finite, or time that falls.
    """
    time_s, gyr_radps, acc_mps2 = (np.asarray(a, dtype=np.float64) for a in (time_s, gyr_radps, acc_mps2))
    n = time_s.size
    if time_s.shape != (n,) or gyr_radps.shape != (n, 3) or acc_mps2.shape != (n, 3):
        shapes = f"{time_s.shape}, {gyr_radps.shape} and {acc_mps2.shape}"
        raise BadInputError(f"orientation needs time (n,), gyr (n, 3) and acc (n, 3); got {shapes}.")
    if not (np.isfinite(time_s).all() and np.isfinite(gyr_radps).all() and np.isfinite(acc_mps2).all()):
        raise BadInputError("orientation needs finite values; leave out samples that are not.")
    if (np.diff(time_s) < 0).any():
        raise BadInputError(f"time falls at sample {int(np.argmin(np.diff(time_s))) + 1}; sort the samples by time.")
    if method not in (*METHODS, "basicvqf"):
        _make(method, 0.01)
    if n == 0:
        return np.empty((0, 4))
    period_s = _or_any(typical_period(time_s))
    if method == "vqf" and not causal:
        return _offline_vqf(time_s, gyr_radps, acc_mps2, period_s, zeroed)
    return OrientationFilter(method, period_s, zeroed).step(time_s, gyr_radps, acc_mps2)


def raw_from_quaternions(block: Block) -> Block:
    """The same block with rates and gravity as its recorded quaternions imply, for nodes that send nothing else.

    Rate: rotation vector of q[i-1]^-1 q[i] over its time step. Specific force: gravity alone.
    """
    q = block.q_recorded
    turn = quaternion.rotation_vector(quaternion.multiply(quaternion.conjugate(q[:-1]), q[1:]))
    dt = np.diff(block.time_s)[:, None]
    rate = np.divide(turn, dt, out=np.zeros_like(turn), where=dt > 0)
    gyr = np.concatenate((rate[:1], rate)) if len(rate) else np.zeros((len(q), 3))
    return Block(block.time_s, G_MPS2 * quaternion.up_in_sensor(q), gyr, q)


def breaks(time_s: Floats) -> Floats:
    """(b,) the times of the samples before which a filter began anew: the heading from there on is another one."""
    return time_s[1:][np.diff(time_s) > MAX_BRIDGE_S]


def inclination_difference(q_a: Floats, q_b: Floats) -> Floats:
    """(m,) angle in rad between the up directions of two orientations (n, 4) of one sensor, where both are known.

    Every DIFFERENCE_STEP-th sample: it changes far more slowly than samples come.
    """
    q = np.concatenate((q_a[::DIFFERENCE_STEP], q_b[::DIFFERENCE_STEP]))
    up, half = quaternion.up_in_sensor(q), len(q) // 2
    angle = quaternion.angle_between(up[:half], up[half:])
    return angle[np.isfinite(angle)]
