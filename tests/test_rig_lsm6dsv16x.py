"""The rig's LSM6DSV16X, register by register, against DS13510 and AN5763. No driver is involved."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from chip_registers import START_S, Shaken, get, put, start
from hiphold import quaternion
from rig.chips import CHIPS, Chip, Flaws, MisuseError
from rig.skin import Still, Turning


def lsm(flaws: Flaws | None = None, up: tuple[float, float, float] = (0.0, 0.0, 1.0)) -> Chip:
    return CHIPS["lsm6dsv16x"](Still(up), flaws)


def test_lsm_values_after_reset_and_reset_takes_time() -> None:
    chip = lsm()
    expected = {0x01: 0, 0x02: 0x23, 0x0A: 0, 0x10: 0, 0x11: 0, 0x12: 0x44, 0x50: 0, 0x54: 4}
    assert {register: get(chip, register, 0.0) for register in expected} == expected
    put(chip, 0.0, (0x10, 6), (0x12, 0x45))
    assert get(chip, 0x12, 0.0001) == 0x45
    with pytest.raises(MisuseError, match="resets"):
        put(chip, 0.0001, (0x10, 6))
    assert get(chip, 0x12, 0.001) == 0x44
    assert get(chip, 0x10, 0.001) == 0


def test_lsm_has_a_second_page_of_registers() -> None:
    chip = lsm()
    put(chip, 0.0, (0x01, 0x80))
    assert get(chip, 0x5E, 0.0) == 0x5B
    assert get(chip, 0x0F, 0.0) == 0
    put(chip, 0.0, (0x5E, 0x63), (0x01, 0))
    assert get(chip, 0x5E, 0.0) == 0  # MD1_CFG, untouched
    assert get(chip, 0x0F, 0.0) == 0x70


def test_lsm_burst_increments_unless_told_not_to() -> None:
    chip = lsm()
    assert chip.read(0x0F, 4, 0.0) == bytes((0x70, 0, 0, 0x44))
    put(chip, 0.0, (0x12, 0x40))
    assert chip.read(0x0F, 3, 0.0) == bytes((0x70,) * 3)


def test_lsm_tags_name_sensor_and_slot_and_the_gyroscope_comes_later() -> None:
    chip = lsm()
    put(chip, 0.0, (0x0A, 6))
    start("lsm6dsv16x", chip, 0.0)
    words = np.frombuffer(chip.read(0x78, 7 * 21, 0.1), np.uint8).reshape(-1, 7)
    sensors, slots = words[:, 0] >> 3, words[:, 0] >> 1 & 3
    assert sensors[:3].tolist() == [2, 2, 2]  # 25 ms without gyroscope
    assert set(sensors[3:12].tolist()) == {1, 2, 0x13}
    assert not (words[:, 0] & 1).any()
    assert (np.diff(slots[sensors == 2].astype(int)) & 3 == 1).all()
    assert slots[3] == slots[4] == slots[5]


def test_lsm_marks_what_is_not_settled() -> None:
    chip = lsm()
    put(chip, 0.0, (0x13, 8))
    start("lsm6dsv16x", chip, 0.0)
    words = np.frombuffer(chip.read(0x78, 7 * 4, 0.02), np.uint8).reshape(-1, 7)
    gyr = np.ascontiguousarray(words[words[:, 0] >> 3 == 1][:, 1:]).view("<i2")
    assert (gyr == 0x7FFF).all()
    assert len(gyr) == 2


def test_lsm_empty_fifo_says_so() -> None:
    assert lsm().read(0x78, 14, 0.0) == bytes(14)


def test_lsm_tag_alone_does_not_take_the_word() -> None:
    chip = lsm()
    start("lsm6dsv16x", chip)
    before = get(chip, 0x1B, 0.3)
    tag = get(chip, 0x78, 0.3)
    assert get(chip, 0x78, 0.3) == tag
    assert get(chip, 0x1B, 0.3) == before
    chip.read(0x79, 6, 0.3)
    assert get(chip, 0x1B, 0.3) == before - 1


def test_lsm_overrun_is_latched_until_read_and_the_oldest_words_go() -> None:
    chip = lsm()
    put(chip, 0.0, (0x07, 30))
    start("lsm6dsv16x", chip)
    assert chip.read(0x1B, 2, 0.25) == bytes((18, 0))
    assert chip.read(0x1B, 2, 0.5)[1] == 0x80
    low, high = chip.read(0x1B, 2, 2.0)
    assert low | (high & 1) << 8 == 256
    assert high & 0xF8 == 0xE8
    assert get(chip, 0x1C, 2.0) & 0xF8 == 0xE0
    chip.read(0x78, 7 * 256, 3.0)
    assert get(chip, 0x1C, 3.0) == 0x08
    assert get(chip, 0x1C, 3.0) == 0


def test_lsm_fifo_mode_keeps_the_oldest() -> None:
    chip = lsm()
    start("lsm6dsv16x", chip)
    put(chip, START_S, (0x0A, 0), (0x0A, 1))
    chip.read(0x1B, 2, 5.0)
    first = chip.read(0x78, 7 * 256, 5.0)
    assert len(first) // 7 == 256
    other = lsm()
    start("lsm6dsv16x", other)
    assert other.read(0x78, 7 * 30, 0.5) == first[: 7 * 30]


def test_lsm_temperature_rate_trim_and_output_registers() -> None:
    chip = lsm(Flaws(temperature_degc=31.5, rate_error=-0.0026), (0.0, 1.0, 0.0))
    start("lsm6dsv16x", chip)
    assert struct.unpack("<h", chip.read(0x20, 2, 0.3)) == (1664,)
    assert struct.unpack("b", chip.read(0x4F, 1, 0.3)) == (-2,)
    assert struct.unpack("<6h", chip.read(0x22, 12, 0.3)) == (0, 0, 0, 0, 8197, 0)


def test_lsm_data_ready_goes_with_the_reading() -> None:
    chip = lsm()
    put(chip, 0.0, (0x10, 6), (0x11, 6), (0x0D, 1))
    assert get(chip, 0x1E, 0.009) & 3 == 1
    assert get(chip, 0x1E, 0.05) & 3 == 3
    assert chip.interrupt(0.05)
    chip.read(0x28, 6, 0.05)
    assert get(chip, 0x1E, 0.05) & 3 == 2
    assert not chip.interrupt(0.05)
    assert get(chip, 0x1E, 0.06) & 3 == 3


@pytest.mark.parametrize("sign", [1, 2])
def test_lsm_self_test_is_inside_table_3(sign: int) -> None:
    chip, failing = lsm(Flaws(seed=7)), lsm(Flaws(seed=7, self_test_fails=True))
    responses = []
    for each in (chip, failing):
        put(each, 0.0, (0x10, 6), (0x11, 7), (0x15, 4), (0x17, 1))
        off = np.frombuffer(each.read(0x22, 12, 0.2), "<i2").astype(float)
        put(each, 0.2, (0x19, sign | sign << 2))
        on = np.frombuffer(each.read(0x22, 12, 0.4), "<i2")
        responses.append((on - off) * (-1 if sign == 2 else 1))
    gyr_dps, acc_mg = responses[0][:3] * 0.07, responses[0][3:] * 0.122
    assert ((gyr_dps > 150) & (gyr_dps < 700)).all()
    assert ((acc_mg > 50) & (acc_mg < 1700)).all()
    assert (responses[1][:3] * 0.07 < 150).all()
    assert (responses[1][3:] * 0.122 < 50).all()


def test_lsm_wakes_up_by_motion_and_latches_it() -> None:
    chip = CHIPS["lsm6dsv16x"](Shaken(1.0))
    put(chip, 0.0, (0x10, 0x45), (0x5B, 8), (0x54, 0x14), (0x56, 1), (0x5E, 0x20), (0x50, 0x80))  # 8 * 15.6 mg
    assert not chip.interrupt(0.99)
    assert chip.interrupt(1.05)
    assert chip.interrupt(3.0)
    assert get(chip, 0x45, 3.0) == 0x0C  # x
    assert not chip.interrupt(3.0)


def test_lsm_game_rotation_vector_is_the_orientation_in_half_precision() -> None:
    skin = Turning((0.4, 0.2, 0.0), from_s=2.0)
    chip = CHIPS["lsm6dsv16x"](skin, Flaws(gyr_bias_radps=np.radians((0.5, -0.3, 0.2))))
    start("lsm6dsv16x", chip)
    taken = b"".join(chip.read(0x78, 7 * 3 * 12, 0.3 + 0.1 * i) for i in range(45))
    words = np.frombuffer(taken, np.uint8).reshape(-1, 7)
    words = words[words[:, 0] >> 3 == 0x13]
    xyz = np.ascontiguousarray(words[:, 1:]).view("<f2").astype(float)
    w = np.sqrt(np.maximum(1.0 - (xyz**2).sum(axis=1), 0.0))
    up = quaternion.up_in_sensor(np.column_stack((w, xyz)))
    time_s = (np.arange(len(up)) + 25) / 120.0
    error = quaternion.angle_between(up, skin.at(time_s)[0])
    assert np.degrees(error).max() < 1.0
    assert len(up) > 500


def test_lsm_game_rotation_vector_restarts_on_command() -> None:
    chip = CHIPS["lsm6dsv16x"](Turning((0.0, 0.0, 1.0)))
    start("lsm6dsv16x", chip)
    late = np.frombuffer(chip.read(0x78, 21 * 12, 0.3)[-7:], np.uint8)
    put(chip, 0.3, (0x01, 0x80), (0x66, 2), (0x01, 0))
    fresh = np.frombuffer(chip.read(0x78, 21, 0.31)[-7:], np.uint8)
    z_late, z_fresh = (float(word[5:7].copy().view("<f2")[0]) for word in (late, fresh))
    assert z_late > 0.05 > abs(z_fresh)
