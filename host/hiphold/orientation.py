"""Raw samples to orientation: vqf by default, filters of ahrs to compare with. The only importer of vqf and ahrs.

All filters use accelerometer and gyroscope only: gyms are full of iron. The heading is therefore free; what is
estimated is where up is, and how the heading changes.

vqf takes samples of one fixed period. Real ones jitter, repeat and stop. So each rate is scaled by the time it
stands for, `gyr * dt / period`, which keeps the turned angle right whatever the stamps; gaps up to MAX_BRIDGE_S
are bridged on straight lines; after a longer one the filter starts again from gravity.
"""

from __future__ import annotations

from collections.abc import Callable
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
MAX_BRIDGE_S = 1.0
"""the longest gap that is bridged: over it, a thigh can have gone anywhere"""


class _Filter(Protocol):
    def update(self, gyr_radps: Floats, acc_mps2: Floats) -> Floats: ...

    def restart(self) -> None: ...


class _Vqf:
    """VQF, forward in time. Laidig and Seel 2023, doi 10.1016/j.inffus.2022.10.014."""

    def __init__(self, period_s: float) -> None:
        from vqf import VQF

        self._filter = VQF(period_s)

    def update(self, gyr_radps: Floats, acc_mps2: Floats) -> Floats:
        return np.asarray(self._filter.updateBatch(gyr_radps, acc_mps2)["quat6D"])

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


def _make(method: str, period_s: float) -> _Filter:
    if method == "vqf":
        return _Vqf(period_s)
    if method == "basicvqf":
        return _BasicVqf(period_s)
    if method in METHODS:
        return _Ahrs(method, period_s)
    raise BadInputError(f"there is no orientation method {method!r}; choose one of {', '.join(METHODS)}.")


def typical_period(time_s: Floats) -> float:
    """Median of the positive steps in s; NaN when there are none."""
    steps = np.diff(time_s)
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else float("nan")


def _or_any(period_s: float) -> float:
    """A period to run a filter with: one sample has none (NaN), and any gives its inclination."""
    return 0.01 if np.isnan(period_s) else period_s


def _stretches(time_s: Floats) -> list[slice]:
    """The stretches between gaps that are too long to bridge."""
    ends = [0, *(np.flatnonzero(np.diff(time_s) > MAX_BRIDGE_S) + 1).tolist(), len(time_s)]
    return [slice(first, end) for first, end in pairwise(ends)]


def _bridge(
    time_s: Floats, gyr: Floats, acc: Floats, period_s: float
) -> tuple[Floats, Floats, Floats, slice | npt.NDArray[np.int64]]:
    """Straight lines over missing samples; the last value says where the given ones now stand."""
    steps = np.maximum(1, np.rint(np.diff(time_s) / period_s)).astype(np.int64)
    if not len(steps) or steps.max() == 1:
        return time_s, gyr, acc, slice(None)
    index = np.concatenate(([0], np.cumsum(steps)))
    every = np.arange(index[-1] + 1)

    def fill(values: Floats) -> Floats:
        return np.column_stack([np.interp(every, index, column) for column in values.T])

    return np.interp(every, index, time_s), fill(gyr), fill(acc), index


def _scaled(time_s: Floats, gyr_radps: Floats, period_s: float) -> Floats:
    """Rates that turn as far in one period as the given ones in the time since the sample before."""
    dt = np.diff(time_s, prepend=time_s[0] - period_s)
    return np.ascontiguousarray(gyr_radps * (dt / period_s)[:, None])


class OrientationFilter:
    """Causal orientation of one node, a block at a time. The result does not depend on how blocks are cut."""

    def __init__(self, method: str, period_s: float) -> None:
        self._period_s = _or_any(period_s)
        self._filter = _make(method, self._period_s)
        self._last: tuple[Floats, Floats, Floats] | None = None

    def step(self, time_s: Floats, gyr_radps: Floats, acc_mps2: Floats) -> Floats:
        """(n, 4) q_earth_from_sensor at each of the n samples that follow those given before."""
        return np.concatenate([self._run(time_s[p], gyr_radps[p], acc_mps2[p]) for p in _stretches(time_s)])

    def _run(self, time_s: Floats, gyr_radps: Floats, acc_mps2: Floats) -> Floats:
        if not len(time_s):
            return np.empty((0, 4))
        last, self._last = self._last, (time_s[-1:], gyr_radps[-1:], acc_mps2[-1:])
        if last is not None and time_s[0] - last[0][0] > MAX_BRIDGE_S:
            self._filter.restart()
            last = None
        if last is None:
            t, gyr, acc, kept = _bridge(time_s, gyr_radps, acc_mps2, self._period_s)
            return self._filter.update(_scaled(t, gyr, self._period_s), np.ascontiguousarray(acc))[kept]
        t, gyr, acc = (np.concatenate(pair) for pair in zip(last, (time_s, gyr_radps, acc_mps2)))
        t, gyr, acc, kept = _bridge(t, gyr, acc, self._period_s)
        q = self._filter.update(_scaled(t, gyr, self._period_s)[1:], np.ascontiguousarray(acc[1:]))
        return q if isinstance(kept, slice) else q[kept[1:] - 1]


def _offline_vqf(time_s: Floats, gyr_radps: Floats, acc_mps2: Floats, period_s: float) -> Floats:
    """VQF run both ways in time over each stretch without a long gap."""
    from vqf import offlineVQF

    out = np.empty((len(time_s), 4))
    for part in _stretches(time_s):
        t, gyr, acc, kept = _bridge(time_s[part], gyr_radps[part], acc_mps2[part], period_s)
        q = offlineVQF(_scaled(t, gyr, period_s), np.ascontiguousarray(acc), None, period_s)["quat6D"]
        out[part] = q[kept]
    return out


def estimate_orientation(
    time_s: Floats, gyr_radps: Floats, acc_mps2: Floats, method: str = "vqf", causal: bool = False
) -> Floats:
    """Orientation of a sensor from its raw samples.

    time_s (n,): when each sample was taken; may repeat and have gaps, must not fall.
    gyr_radps (n, 3), acc_mps2 (n, 3): sensor frame; specific force, +g up at rest.
    method: one of METHODS. causal: use only the past (vqf offline uses both directions; the others always
    are causal).

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
        return _offline_vqf(time_s, gyr_radps, acc_mps2, period_s)
    return OrientationFilter(method, period_s).step(time_s, gyr_radps, acc_mps2)


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


def inclination_difference(q_a: Floats, q_b: Floats) -> Floats:
    """(m,) angle in rad between the up directions of two orientations (n, 4) of one sensor, where both are known.

    Every DIFFERENCE_STEP-th sample: it changes far more slowly than samples come.
    """
    q_a, q_b = q_a[::DIFFERENCE_STEP], q_b[::DIFFERENCE_STEP]
    both = quaternion.known(q_a) & quaternion.known(q_b)
    return np.asarray(quaternion.angle_between(quaternion.up_in_sensor(q_a[both]), quaternion.up_in_sensor(q_b[both])))
