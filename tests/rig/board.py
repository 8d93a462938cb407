"""What is soldered to a node: chips on the bus, pins, the battery's divider. Times are the rig's true time."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable
from typing import Protocol


class Chip(Protocol):
    """A register model, see tests/rig/chips."""

    def read(self, register: int, size: int, now_s: float) -> bytes: ...

    def write(self, register: int, data: bytes, now_s: float) -> None: ...

    def interrupt(self, now_s: float) -> bool: ...


class Board:
    """One board. What the firmware did with its pins is in `levels` (by pin) and in `history`.

    make_chips: called at power-on, gives the chips by bus address (registers do not survive a loss of power).
    int1_pin: the pin that the first chip's interrupt drives. inputs: level of other pins by time.
    analog_uv: voltage at an ADC pin by pin number and time.
    """

    def __init__(
        self,
        make_chips: Callable[[], dict[int, Chip]] = dict,
        *,
        int1_pin: int | None = None,
        analog_uv: Callable[[int, float], int] = lambda _pin, _now_s: 0,
    ) -> None:
        self._make_chips = make_chips
        self.chips: dict[int, Chip] = {}
        self.inputs: dict[int, Callable[[float], bool]] = {}
        self.analog_uv = analog_uv
        self.levels: dict[int, int] = {}
        self.history: list[tuple[float, int, int]] = []  # time, pin, level or (for PWM) duty 0 to 65535
        self._int1_pin = int1_pin

    def power_on(self) -> None:
        self.chips = self._make_chips()
        if self._int1_pin is not None and self.chips:
            self.inputs[self._int1_pin] = next(iter(self.chips.values())).interrupt

    def transfer(self, body: bytes, now_s: float) -> bytes:
        """Bus, address, register, bytes to read (0: write), bytes to write. Raises OSError as the port does."""
        _, address, register, size = struct.unpack_from("<BBBH", body)
        chip = self.chips.get(address)
        if chip is None:
            raise OSError(errno.ENODEV, "nobody answers at this address")
        if size:
            return chip.read(register, size, now_s)
        chip.write(register, body[5:], now_s)
        return b""

    def scan(self, _body: bytes, _now_s: float) -> bytes:
        return bytes(sorted(self.chips))

    def level(self, pin: int, now_s: float) -> bool:
        return pin in self.inputs and self.inputs[pin](now_s)

    def read_pin(self, body: bytes, now_s: float) -> bytes:
        return bytes((self.level(body[0], now_s),))

    def read_analog(self, body: bytes, now_s: float) -> bytes:
        return struct.pack("<i", self.analog_uv(body[0], now_s))

    def write_pin(self, body: bytes, now_s: float) -> None:
        self._set(body[0], body[1], now_s)

    def write_pwm(self, body: bytes, now_s: float) -> None:
        pin, _, duty = struct.unpack("<BIH", body)
        self._set(pin, duty, now_s)

    def _set(self, pin: int, level: int, now_s: float) -> None:
        if self.levels.get(pin) != level:
            self.levels[pin] = level
            self.history.append((now_s, pin, level))
