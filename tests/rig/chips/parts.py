"""Parts of a chip that know nothing of registers: the instants of sampling, the FIFO, self-test, the conversion."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from hiphold.samples import Bools, Floats

Counts = npt.NDArray[np.int16]
Indices = npt.NDArray[np.int64]

BATCH = 2048  # samples taken at once: bounds memory after a long silence
TOLERANCE = 1e-6  # of a period: a sample due exactly now is taken now


class Ticks:
    """The instants of sampling: start_s + k * period_s for k = 1, 2, ..."""

    def __init__(self) -> None:
        self._start_s, self._period_s, self._done = 0.0, np.inf, 0

    def start(self, at_s: float, period_s: float) -> None:
        """Begin anew; an infinite period stops."""
        self._start_s, self._period_s, self._done = at_s, period_s, 0

    def due(self, until_s: float) -> Iterator[tuple[Indices, Floats]]:
        """k (n,) and times (n,) of what was not taken yet, in batches."""
        end = int((until_s - self._start_s) / self._period_s + TOLERANCE)
        while self._done < end:
            k = np.arange(self._done + 1, min(self._done + BATCH, end) + 1, dtype=np.int64)
            self._done = int(k[-1])
            yield k, np.asarray(self._start_s + k * self._period_s, np.float64)


class Fifo:
    """Bytes in whole units: words, packets, or single bytes. `lost` counts units that did not fit or were dropped."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.unit, self.capacity, self.lost = 1, 0, 0

    def shape(self, unit: int, capacity: int) -> None:
        """Empty it; from now on it holds `capacity` units of `unit` bytes."""
        self.data.clear()
        self.unit, self.capacity, self.lost = unit, capacity, 0

    @property
    def level(self) -> int:
        """Units in it."""
        return len(self.data) // self.unit

    def push(self, units: bytes, stops: bool) -> int:
        """Add whole units and return how many were lost: new ones when it `stops`, otherwise the oldest."""
        self.data += units
        surplus = max(self.level - self.capacity, 0)
        size = surplus * self.unit
        if stops:
            del self.data[len(self.data) - size :]
        else:
            del self.data[:size]
        self.lost += surplus
        return surplus

    def pop(self) -> bytes:
        """The oldest unit, or nothing."""
        unit = bytes(self.data[: self.unit])
        del self.data[: self.unit]
        return unit


class Stimulus:
    """What the self-test adds to a sensor's three axes. It takes its time to come and to go."""

    SETTLING_S = 0.01

    def __init__(self) -> None:
        self._from, self._to, self._at_s = np.zeros(3), np.zeros(3), 0.0

    def at(self, time_s: Floats) -> Floats:
        """(n, 3) at the given times (n,)."""
        left = np.exp(-np.maximum(time_s - self._at_s, 0.0) / self.SETTLING_S)[:, None]
        return np.asarray(self._to + (self._from - self._to) * left)

    def aim(self, target: Floats, at_s: float) -> None:
        """Go to another value (3,) from here on."""
        self._from = self.at(np.array((at_s,)))[0]
        self._to, self._at_s = target, at_s


def counts(values: Floats, per_count: float, low: int = -32768) -> Counts:
    """Rounded and limited to what int16 holds; `low`: a chip may keep -32768 for "no sample"."""
    return np.clip(np.rint(values / per_count), low, 32767).astype(np.int16)


def every(k: Indices, base_hz: float, rate_hz: float) -> Bools:
    """(n,) whether something of this rate is due at the k-th tick of a clock that runs at base_hz; never at rate 0."""
    return np.asarray(k % max(round(base_hz / rate_hz), 1) == 0) if rate_hz else np.zeros(len(k), bool)
