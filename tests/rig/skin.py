"""What a sensor feels: at rest, turning, or worn by a simulated athlete. The rig's Worn has no error of its own."""

from __future__ import annotations

import numpy as np

from hiphold import quaternion
from hiphold.samples import G_MPS2, Floats
from hiphold.simulation.body import Motion
from hiphold.simulation.node import ideal_signals
from hiphold.simulation.sensor import Sensor, Unit
from rig.chips.model import Flaws


class Still:
    """At rest, `up` (3,) being the direction of up in the sensor frame."""

    def __init__(self, up: tuple[float, float, float] = (0.0, 0.0, 1.0)) -> None:
        self._force = G_MPS2 * np.array(up) / np.linalg.norm(up)

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        """Specific force and rate."""
        return np.tile(self._force, (len(time_s), 1)), np.zeros((len(time_s), 3))


class Turning:
    """Turning about an axis fixed in sensor and earth, at a constant rate from `from_s` on; z is up before."""

    def __init__(self, rate_radps: tuple[float, float, float], from_s: float = 0.0) -> None:
        self._rate, self._from_s = np.array(rate_radps), from_s

    def orientation(self, time_s: Floats) -> Floats:
        """(n, 4) true q_earth_from_sensor."""
        turned = np.maximum(time_s - self._from_s, 0.0)[:, None] * self._rate
        return quaternion.from_rotation_vector(turned)

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        """Specific force and rate."""
        rate = np.where((time_s >= self._from_s)[:, None], self._rate, 0.0)
        return G_MPS2 * quaternion.up_in_sensor(self.orientation(time_s)), rate


class Worn:
    """On a simulated athlete, whose session begins at `start_s` of the rig's time; at rest before and after it."""

    def __init__(self, motion: Motion, unit: Unit, duration_s: float, start_s: float = 0.0) -> None:
        self._motion, self._unit, self._end_s, self._start_s = motion, unit, duration_s, start_s

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        """Specific force and rate."""
        time_s = time_s - self._start_s
        inside_s = np.clip(time_s, 0.0, self._end_s)
        force, rate = ideal_signals(self._motion, self._unit, inside_s)
        at_rest = inside_s != time_s
        if at_rest.any():
            held_s = inside_s[at_rest]
            r = self._motion.rotation(held_s, self._unit.placement) @ self._unit.worn(held_s)
            force[at_rest], rate[at_rest] = G_MPS2 * r[:, 2, :], 0.0
        return force, rate


def flaws_of(unit: Unit, sensor: Sensor) -> Flaws:
    """The very specimen that the pure simulation draws, for a chip of the rig."""
    return Flaws(
        rate_error=1.0 / (unit.period_s * sensor.rate_hz) - 1.0,
        acc_bias_mps2=unit.acc_bias_mps2,
        gyr_bias_radps=unit.gyr_bias_radps,
        acc_matrix=unit.acc_matrix,
        gyr_matrix=unit.gyr_matrix,
        acc_noise_mps2_rthz=sensor.acc_noise_mps2_rthz,
        gyr_noise_radps_rthz=sensor.gyr_noise_radps_rthz,
        seed=unit.boot,
        temperature_degc=31.0,
    )
