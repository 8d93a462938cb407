"""What the chips have in common: a specimen's flaws, the bus side, the sensing up to the conversion.

A model is lazy: whenever it is accessed, it takes all samples that were due since the last access, in the rig's true
time `now_s`. It is deterministic: equal skin, flaws and accesses give equal bytes, however far apart the accesses are.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import numpy as np

from hiphold.samples import Floats
from rig.chips.parts import Fifo, Indices, Stimulus, Ticks


class BusError(OSError):
    """The transaction failed: nobody answers (ENODEV), or it broke off (EIO)."""


class MisuseError(Exception):
    """The driver did what the datasheet forbids, or uses what this model does not have. The real chip says nothing."""


class Skin(Protocol):
    """What the sensor feels."""

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        """True specific force (n, 3) m/s2 and angular rate (n, 3) rad/s in the sensor frame, at rig times (n,)."""
        ...


@dataclass(frozen=True, eq=False)
class Flaws:
    """How one specimen differs from the ideal chip: measured = matrix @ true + bias + noise."""

    rate_error: float = 0.0
    """relative; the chip samples at nominal * (1 + rate_error)"""
    acc_bias_mps2: Floats = field(default_factory=lambda: np.zeros(3))
    gyr_bias_radps: Floats = field(default_factory=lambda: np.zeros(3))
    acc_matrix: Floats = field(default_factory=lambda: np.eye(3))
    gyr_matrix: Floats = field(default_factory=lambda: np.eye(3))
    acc_noise_mps2_rthz: float = 0.0
    gyr_noise_radps_rthz: float = 0.0
    fail_rate: float = 0.0
    """probability that a transaction breaks off after some of its bytes, with EIO"""
    dead_from_s: float = np.inf
    dead_until_s: float = np.inf
    """between these, nobody answers: ENODEV"""
    who_am_i: int | None = None
    """another chip's identity; None: the right one"""
    self_test_fails: bool = False
    seed: int = 0
    temperature_degc: float = 25.0


class Chip:
    """The bus side of a chip and the signal chain up to the conversion. A chip's own file has its registers."""

    ADDRESS = 0
    MAP: Mapping[int, tuple[int, int]] = MappingProxyType({})
    """key (bank << 8 | register) -> value after reset, bits that can be written"""

    def __init__(self, skin: Skin, flaws: Flaws | None = None) -> None:
        self.flaws = flaws or Flaws()
        self._skin = skin
        for_noise, for_bus, for_trim = np.random.SeedSequence(self.flaws.seed).spawn(3)
        self._noise, self._bus = np.random.default_rng(for_noise), np.random.default_rng(for_bus)
        self._trim = np.random.default_rng(for_trim)
        self._acc_test, self._gyr_test = Stimulus(), Stimulus()
        self._ticks, self._fifo = Ticks(), Fifo()
        self._now_s = 0.0
        self._regs = {key: reset for key, (reset, _) in self.MAP.items()}

    def read(self, register: int, size: int, now_s: float) -> bytes:
        """One read transaction. Raises BusError."""
        whole = self._bytes_until_failure(size, now_s)
        self._catch_up(now_s)
        self._opened()
        data = bytearray()
        for _ in range(size if whole is None else whole):
            data.append(self._get(register))
            register = self._after(register)
        if whole is not None:
            raise BusError(errno.EIO, "the transaction broke off")
        return bytes(data)

    def write(self, register: int, data: bytes, now_s: float) -> None:
        """One write transaction. Raises BusError, and MisuseError for what the datasheet forbids."""
        whole = self._bytes_until_failure(len(data), now_s)
        self._catch_up(now_s)
        self._opened()
        for value in data[:whole]:
            self._put(register, value)
            register = self._after(register)
        if whole is not None:
            raise BusError(errno.EIO, "the transaction broke off")

    def interrupt(self, now_s: float) -> bool:
        """Level of the pin INT1 (INT): True is high, whatever the chip is told to call active."""
        self._catch_up(now_s)
        return self._pin()

    def _bytes_until_failure(self, size: int, now_s: float) -> int | None:
        """How many bytes get across before the transaction breaks off; None: all, and it does not."""
        if self.flaws.dead_from_s <= now_s < self.flaws.dead_until_s:
            raise BusError(errno.ENODEV, "nobody answers")
        if self._bus.random() >= self.flaws.fail_rate:
            return None
        return int(self._bus.integers(size + 1))

    def _catch_up(self, now_s: float) -> None:
        self._now_s = max(self._now_s, now_s)
        for k, time_s in self._ticks.due(self._now_s):
            self._sample(k, time_s)

    def _measure(self, time_s: Floats, acc_hz: float, gyr_hz: float) -> tuple[Floats, Floats]:
        """(n, 3) m/s2 and (n, 3) rad/s as this specimen senses them, with white noise of the given bandwidths."""
        force, rate = self._skin.at(time_s)
        flaws, noise = self.flaws, self._noise.standard_normal((len(time_s), 6))
        acc_noise, gyr_noise = flaws.acc_noise_mps2_rthz * acc_hz**0.5, flaws.gyr_noise_radps_rthz * gyr_hz**0.5
        acc = force @ flaws.acc_matrix.T + flaws.acc_bias_mps2 + acc_noise * noise[:, :3]
        gyr = rate @ flaws.gyr_matrix.T + flaws.gyr_bias_radps + gyr_noise * noise[:, 3:]
        return acc + self._acc_test.at(time_s), gyr + self._gyr_test.at(time_s)

    def _store(self, key: int, value: int) -> int:
        """Keep what is written and return the value before. Reserved bits keep the value that they have after reset."""
        reset, writable = self.MAP.get(key, (0, 0))
        if (value ^ reset) & ~writable & 0xFF:
            raise MisuseError(
                f"{value:#04x} to register {key:#05x}: bits {~writable & 0xFF:#04x} are reserved or not modelled"
            )
        before = self._regs.get(key, 0)
        self._regs[key] = value
        return before

    def _forget(self) -> None:
        """All registers as after reset."""
        self._regs = {key: reset for key, (reset, _) in self.MAP.items()}

    # What each chip has of its own.

    def _opened(self) -> None:
        """A transaction begins."""

    def _get(self, register: int) -> int:
        """One byte is read, with all that follows from it."""
        raise NotImplementedError

    def _put(self, register: int, value: int) -> None:
        """One byte is written, with all that follows from it."""
        raise NotImplementedError

    def _after(self, register: int) -> int:
        """The register after this one in a longer transaction."""
        return register + 1

    def _sample(self, k: Indices, time_s: Floats) -> None:
        """Take the samples that are due."""
        raise NotImplementedError

    def _pin(self) -> bool:
        raise NotImplementedError
