"""Stands in for the sensor fusion of the LSM6DSV16X (SFLP), whose algorithm is not published."""

from __future__ import annotations

import numpy as np

from hiphold.orientation import OrientationFilter
from hiphold.samples import Floats
from rig.chips.parts import Counts


class Sflp:
    """The game rotation vector. ST does not publish its algorithm: VQF with bias estimation stands in for it.

    What is like the chip: 6 axes, gyroscope bias estimated on the way, the chip's own idea of time (nominal periods),
    x y z in half precision of the quaternion with w >= 0 (AN, "Sensor fusion low-power"). What is not known to be: how
    fast it settles, how well it does, and where its heading starts.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz, self._taken = rate_hz, 0
        self._filter = OrientationFilter("vqf", 1.0 / rate_hz)

    def update(self, gyr_radps: Floats, acc_mps2: Floats) -> Counts:
        """(n, 3) bit patterns."""
        time_s = (self._taken + np.arange(len(gyr_radps))) / self._rate_hz
        self._taken += len(gyr_radps)
        q = self._filter.step(time_s, gyr_radps, acc_mps2)
        q = np.where(q[:, :1] < 0, -q, q)
        return q[:, 1:].astype("<f2").view("<i2")
