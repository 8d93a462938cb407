"""What the tests of the rig's chips share: register access, a start of each chip, and what its FIFO holds."""

from __future__ import annotations

import numpy as np

from hiphold.samples import G_MPS2, Floats
from hiphold.simulation.sensor import DPS_RADPS
from rig.chips import Chip
from rig.skin import Still

RATE_HZ = {"lsm6dsv16x": 120, "mpu6050": 100, "icm42688p": 100}
START_S = 0.2


class Shaken:
    """At rest, but for a push of 0.5 g along x from `at_s` on for 50 ms."""

    def __init__(self, at_s: float) -> None:
        self.at_s = at_s

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        force, rate = Still().at(time_s)
        force[:, 0] += 0.5 * G_MPS2 * ((time_s >= self.at_s) & (time_s < self.at_s + 0.05))
        return force, rate


def put(chip: Chip, now_s: float, *writes: tuple[int, int]) -> None:
    for register, value in writes:
        chip.write(register, bytes((value,)), now_s)


def get(chip: Chip, register: int, now_s: float) -> int:
    return chip.read(register, 1, now_s)[0]


def start(name: str, chip: Chip, now_s: float = START_S) -> None:
    """+-4 g, +-1000 dps, all into the FIFO, at the default rate, FIFO emptied at now_s."""
    if name == "lsm6dsv16x":
        put(chip, 0.0, (0x17, 1), (0x15, 3), (0x09, 0x66), (0x10, 6), (0x11, 6))
        put(chip, 0.0, (0x01, 0x80), (0x44, 2), (0x04, 2), (0x01, 0))
        put(chip, now_s, (0x0A, 0), (0x0A, 6))
    elif name == "mpu6050":
        put(chip, 0.0, (0x6B, 1), (0x1A, 3), (0x19, 9), (0x1C, 8), (0x1B, 0x10), (0x23, 0x78))
        put(chip, now_s, (0x6A, 4), (0x6A, 0x40))
    else:
        put(chip, 0.0, (0x4F, 0x28), (0x50, 0x48), (0x5F, 0x0F), (0x4C, 0x70), (0x4E, 0x0F))
        put(chip, now_s, (0x16, 0), (0x16, 0x40))


def level(name: str, chip: Chip, now_s: float) -> int:
    """Whole samples in the FIFO."""
    if name == "lsm6dsv16x":
        low, high = chip.read(0x1B, 2, now_s)
        return (low | (high & 1) << 8) // 3
    high, low = chip.read(0x72 if name == "mpu6050" else 0x2E, 2, now_s)
    return (high << 8 | low) // (12 if name == "mpu6050" else 1)


def rows(name: str, chip: Chip, count: int, now_s: float) -> np.ndarray:
    """(count, 6) counts, as a decoder that trusts the stream reads them."""
    if name == "lsm6dsv16x":
        words = np.frombuffer(chip.read(0x78, 21 * count, now_s), np.uint8).reshape(-1, 7)
        values = np.ascontiguousarray(words[:, 1:]).view("<i2")
        sensor = words[:, 0] >> 3
        return np.hstack((values[sensor == 2], values[sensor == 1]))
    if name == "mpu6050":
        return np.frombuffer(chip.read(0x74, 12 * count, now_s), ">i2").reshape(-1, 6)
    packets = np.frombuffer(chip.read(0x30, 16 * count, now_s), np.uint8).reshape(-1, 16)
    return np.ascontiguousarray(packets[:, 1:13]).view(">i2")


def per_count(name: str) -> tuple[float, float]:
    return (122e-6 * G_MPS2, 35e-3 * DPS_RADPS) if name == "lsm6dsv16x" else (G_MPS2 / 8192, DPS_RADPS / 32.8)
