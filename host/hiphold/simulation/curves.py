"""Smooth scalar functions of time: minimum-jerk keyframes for what is meant, sums of sines for what is not.

Both are closed formulas, so a motion can be asked for at any instant, and twice differentiable, so that the
accelerations made from it are finite and free of steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiphold.samples import Floats

COMPONENTS = 12


def minimum_jerk(progress: Floats) -> Floats:
    """From 0 to 1 with no speed and no acceleration at either end.

    Flash and Hogan 1985, doi 10.1523/JNEUROSCI.05-07-01688.1985.
    `progress`: any shape, clipped to 0..1.
    """
    s = np.clip(progress, 0.0, 1.0)
    return np.asarray(s * s * s * (10.0 + s * (6.0 * s - 15.0)))


def minimum_jerk_progress(value: float) -> float:
    """The progress at which `minimum_jerk` has reached `value` (0..1)."""
    grid = np.linspace(0.0, 1.0, 4001)
    return float(np.interp(value, minimum_jerk(grid), grid))


@dataclass(frozen=True, eq=False)
class Curve:
    """Keyframes joined by minimum-jerk movements; constant before the first and after the last."""

    time_s: Floats
    """(m,) rising, m >= 2"""
    value: Floats
    """(m,)"""

    def __call__(self, time_s: Floats) -> Floats:
        """The value at each instant, same shape as `time_s`."""
        i = np.clip(np.searchsorted(self.time_s, time_s, "right") - 1, 0, len(self.time_s) - 2)
        length = np.diff(self.time_s)
        step = np.diff(self.value)
        return np.asarray(self.value[i] + step[i] * minimum_jerk((time_s - self.time_s[i]) / length[i]))


@dataclass(frozen=True, eq=False)
class Wobble:
    """A sum of sines with an RMS of 1 over long times."""

    frequency_hz: Floats
    amplitude: Floats
    phase_rad: Floats

    def __call__(self, time_s: Floats) -> Floats:
        """The value at each instant, same shape as `time_s`."""
        total = np.zeros_like(time_s)
        for frequency, amplitude, phase in zip(self.frequency_hz, self.amplitude, self.phase_rad):
            total += amplitude * np.sin(2.0 * np.pi * frequency * time_s + phase)
        return total


def draw_wobble(rng: np.random.Generator, low_hz: float, high_hz: float, slope: float) -> Wobble:
    """Sines spread evenly over the logarithm of a band, amplitudes falling with frequency to the power `slope`."""
    place = (np.arange(COMPONENTS) + rng.uniform(0.0, 1.0, COMPONENTS)) / COMPONENTS
    frequency = low_hz * (high_hz / low_hz) ** place
    amplitude = frequency**-slope
    amplitude *= np.sqrt(2.0 / np.sum(amplitude**2))
    return Wobble(frequency, amplitude, rng.uniform(0.0, 2.0 * np.pi, COMPONENTS))
