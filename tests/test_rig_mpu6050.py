"""The rig's MPU-6050, register by register, against RM-MPU-6000A-00 r4.2 and PS-MPU-6000A. No driver is involved."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from chip_registers import Shaken, get, level, put, start
from rig.chips import CHIPS, Flaws, MisuseError
from rig.skin import Still


def test_mpu_sleeps_after_reset_which_takes_time() -> None:
    chip = CHIPS["mpu6050"](Still())
    assert get(chip, 0x6B, 0.0) == 0x40
    assert chip.read(0x3B, 6, 1.0) == bytes(6)
    put(chip, 1.0, (0x6B, 0x01))
    assert chip.read(0x3B, 6, 1.1) != bytes(6)
    put(chip, 1.1, (0x6B, 0x80))
    assert get(chip, 0x6B, 1.11) & 0x80
    with pytest.raises(MisuseError, match="resets"):
        put(chip, 1.11, (0x6B, 0))
    assert get(chip, 0x6B, 1.2) == 0x40


def test_mpu_sample_rate_divides_1_or_8_khz() -> None:
    for config, divider, hz in ((0, 79, 100), (1, 4, 200), (3, 9, 100), (6, 19, 50)):
        chip = CHIPS["mpu6050"](Still())
        put(chip, 0.0, (0x1A, config), (0x19, divider), (0x23, 0x08), (0x6A, 0x40), (0x6B, 1))
        assert chip.read(0x72, 2, 0.5) == (hz // 2 * 6).to_bytes(2, "big")


def test_mpu_fifo_is_in_order_of_registers_high_byte_first() -> None:
    chip = CHIPS["mpu6050"](Still((0.0, 0.0, 1.0)), Flaws(temperature_degc=36.53 + 1.0))
    put(chip, 0.0, (0x6B, 1), (0x1A, 3), (0x19, 9), (0x23, 0xF8))
    put(chip, 0.5, (0x6A, 0x40))
    assert struct.unpack(">7h", chip.read(0x74, 14, 0.511)) == (0, 0, 16384, 340, 0, 0, 0)


def test_mpu_empty_fifo_repeats_its_last_byte() -> None:
    chip = CHIPS["mpu6050"](Still((0.0, 1.0, 1.0)))
    start("mpu6050", chip)
    last = chip.read(0x74, 4, 0.211)[-1]
    chip.read(0x74, 8, 0.211)
    put(chip, 0.211, (0x23, 0))
    assert last
    repeated = chip.read(0x74, 5, 0.3)
    assert repeated == repeated[:1] * 5
    assert chip.read(0x72, 2, 0.3) == bytes(2)


def test_mpu_overflow_loses_bytes_and_with_them_the_alignment() -> None:
    chip = CHIPS["mpu6050"](Still((0.0, 1.0, 2.0)))
    start("mpu6050", chip)
    assert level("mpu6050", chip, 0.9) == 70
    assert get(chip, 0x3A, 0.9) == 0x01
    assert chip.read(0x72, 2, 2.0) == (1024).to_bytes(2, "big")
    assert get(chip, 0x3A, 2.0) == 0x11
    assert get(chip, 0x3A, 2.0) == 0
    aligned = CHIPS["mpu6050"](Still((0.0, 1.0, 2.0)))
    start("mpu6050", aligned)
    row = aligned.read(0x74, 12, 0.25)
    taken = chip.read(0x74, 1024, 2.0)
    assert taken[:12] != row
    assert taken[1024 % 12 :][:12] == row


def test_mpu_fifo_reset_needs_the_fifo_disabled() -> None:
    chip = CHIPS["mpu6050"](Still())
    start("mpu6050", chip)
    put(chip, 0.5, (0x6A, 0x44))
    assert level("mpu6050", chip, 0.5) > 0
    put(chip, 0.5, (0x6A, 0x04), (0x6A, 0x40))
    assert level("mpu6050", chip, 0.5) == 0
    assert get(chip, 0x6A, 0.5) == 0x40


def test_mpu_count_is_taken_with_its_high_byte() -> None:
    chip = CHIPS["mpu6050"](Still())
    start("mpu6050", chip)
    high = get(chip, 0x72, 0.6)
    low = get(chip, 0x73, 0.9)
    assert high << 8 | low == 40 * 12


def test_mpu_gyroscope_starts_off_its_value() -> None:
    chip = CHIPS["mpu6050"](Still())
    put(chip, 0.0, (0x1B, 0x10), (0x6B, 1))
    early, late = (abs(struct.unpack(">3h", chip.read(0x43, 6, t))[0]) / 32.8 for t in (0.005, 0.031))
    assert early > 5.0
    assert late < 1.1


@pytest.mark.parametrize("seed", range(5))
def test_mpu_self_test_agrees_with_its_factory_trim(seed: int) -> None:
    for fails in (False, True):
        chip = CHIPS["mpu6050"](Still(), Flaws(seed=seed, self_test_fails=fails))
        put(chip, 0.0, (0x6B, 1), (0x1A, 3), (0x1B, 0), (0x1C, 0x10))
        off = np.frombuffer(chip.read(0x3B, 14, 0.3), ">i2").astype(float)
        put(chip, 0.3, (0x1B, 0xE0), (0x1C, 0xF0))
        on = np.frombuffer(chip.read(0x3B, 14, 0.6), ">i2")
        trim = chip.read(0x0D, 4, 0.6)
        acc_code = [trim[i] >> 3 & 0x1C | trim[3] >> 4 - 2 * i & 3 for i in range(3)]
        acc = [4096 * 0.34 * (0.92 / 0.34) ** ((code - 1) / 30) for code in acc_code]
        gyr = [sign * 25 * 131 * 1.046 ** ((code & 31) - 1) for sign, code in zip((1, -1, 1), trim)]
        change = np.abs((on - off)[[0, 1, 2, 4, 5, 6]] / np.array(acc + gyr) - 1.0)
        assert (change > 0.14).all() if fails else (change < 0.14).all()


def test_mpu_motion_needs_its_high_pass_and_is_cleared_by_reading() -> None:
    for high_pass, moves in ((0, False), (1, True)):
        chip = CHIPS["mpu6050"](Shaken(1.0))
        put(chip, 0.0, (0x6B, 0x20), (0x6C, 0xC7), (0x1C, high_pass), (0x1F, 4), (0x20, 1), (0x37, 0x20), (0x38, 0x40))
        assert not chip.interrupt(0.99)
        assert chip.interrupt(1.5) == moves
        assert bool(get(chip, 0x3A, 1.5) & 0x40) == moves
        assert not chip.interrupt(1.5)
