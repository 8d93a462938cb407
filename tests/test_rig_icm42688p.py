"""The rig's ICM-42688-P, register by register, against DS-000347. No driver is involved."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from chip_registers import START_S, Shaken, get, level, put, rows, start
from rig.chips import CHIPS, Chip, Flaws, MisuseError
from rig.skin import Still


def icm(flaws: Flaws | None = None) -> Chip:
    return CHIPS["icm42688p"](Still(), flaws)


def test_icm_values_after_reset_and_sensors_are_off() -> None:
    chip = icm()
    expected = {0x13: 5, 0x4C: 0x30, 0x4D: 0x91, 0x4E: 0, 0x4F: 6, 0x50: 6, 0x51: 0x16, 0x54: 0x23, 0x64: 0x10, 0x76: 0}
    assert {register: get(chip, register, 0.0) for register in expected} == expected
    assert chip.read(0x1F, 12, 1.0) == b"\x80\x00" * 6
    put(chip, 1.0, (0x11, 1))
    with pytest.raises(MisuseError, match="1 ms"):
        get(chip, 0x75, 1.0005)
    assert get(chip, 0x2D, 1.002) == 0x10
    assert get(chip, 0x2D, 1.002) == 0


def test_icm_wants_200_us_after_switching_on() -> None:
    chip = icm()
    put(chip, 0.0, (0x4E, 0x0F))
    with pytest.raises(MisuseError, match="200 us"):
        put(chip, 0.0001, (0x4F, 8))
    put(chip, 0.0003, (0x4F, 8))


def test_icm_banks_hide_each_other() -> None:
    chip = icm()
    put(chip, 0.0, (0x76, 4), (0x4A, 98))
    assert get(chip, 0x4A, 0.0) == 98
    assert get(chip, 0x75, 0.0) == 0
    put(chip, 0.0, (0x76, 0))
    assert get(chip, 0x75, 0.0) == 0x47


def test_icm_packet_3_has_header_temperature_and_time() -> None:
    chip = icm(Flaws(temperature_degc=35.0))
    start("icm42688p", chip)
    first, second = (chip.read(0x30, 16, 0.25) for _ in range(2))
    assert first[0] == 0x6B  # rates have changed before it
    assert second[0] == 0x68
    assert struct.unpack(">6h", second[1:13]) == (0, 0, 8192, 0, 0, 0)
    assert second[13] == 21
    stamps = [struct.unpack(">H", packet[14:])[0] for packet in (first, second)]
    assert (stamps[1] - stamps[0]) & 0xFFFF == pytest.approx(10000, abs=1)
    assert chip.read(0x1D, 2, 0.25) == (1325).to_bytes(2, "big")


def test_icm_endianness_and_bytes_or_records() -> None:
    chip = icm()
    start("icm42688p", chip)
    put(chip, START_S, (0x4C, 0x30))
    assert chip.read(0x2E, 2, 0.4) == (20 * 16).to_bytes(2, "big")
    put(chip, 0.4, (0x4C, 0x40))
    assert chip.read(0x2E, 2, 0.4) == (20).to_bytes(2, "little")
    chip.read(0x30, 16 * 20, 0.4)
    assert struct.unpack("<3h", chip.read(0x30, 7, 0.411)[1:]) == (0, 0, 8192)


def test_icm_gyroscope_has_no_samples_for_30_ms() -> None:
    chip = icm()
    start("icm42688p", chip, 0.0003)
    values = rows("icm42688p", chip, 6, 0.065)
    assert values[:, 5].tolist() == [-32768, -32768, 0, 0, 0, 0]


def test_icm_empty_fifo_reads_ff() -> None:
    chip = icm()
    start("icm42688p", chip)
    assert chip.read(0x30, 20, START_S) == b"\xff" * 20


def test_icm_packet_read_in_part_is_read_again() -> None:
    chip = icm()
    start("icm42688p", chip)
    packet = chip.read(0x30, 24, 0.3)
    assert chip.read(0x30, 8, 0.3) == packet[16:]
    put(chip, 0.3, (0x5F, 0x4F))
    head = chip.read(0x30, 8, 0.35)
    assert chip.read(0x30, 8, 0.35)[0] != head[0]


def test_icm_fifo_full_counts_the_lost_packets() -> None:
    chip = icm()
    start("icm42688p", chip)
    get(chip, 0x2D, START_S)
    assert level("icm42688p", chip, 1.4) == 120
    assert get(chip, 0x2D, 1.4) == 0x08
    assert level("icm42688p", chip, 2.2) == 127
    assert get(chip, 0x2D, 2.2) == 0x0A
    assert chip.read(0x6C, 2, 2.2) == (200 - 127).to_bytes(2, "little")
    put(chip, 2.2, (0x4B, 2))
    assert level("icm42688p", chip, 2.2) == 0
    assert get(chip, 0x4B, 2.2) == 0


def test_icm_stop_on_full_keeps_the_oldest() -> None:
    chip, other = icm(), icm()
    start("icm42688p", chip)
    put(chip, START_S, (0x16, 0), (0x16, 0x80))
    level("icm42688p", chip, 5.0)
    start("icm42688p", other)
    assert chip.read(0x30, 320, 5.0) == other.read(0x30, 320, 0.5)


def test_icm_self_test_agrees_with_its_factory_codes() -> None:
    for fails in (False, True):
        chip = icm(Flaws(seed=5, self_test_fails=fails))
        put(chip, 0.0, (0x4F, 0x66), (0x50, 0x66), (0x4E, 0x0F))
        off = np.frombuffer(chip.read(0x1F, 12, 0.1), ">i2").astype(float)
        put(chip, 0.1, (0x70, 0x3F))
        unpowered = np.frombuffer(chip.read(0x1F, 12, 0.3), ">i2")
        assert np.abs(unpowered - off)[:3].max() < 2
        put(chip, 0.3, (0x70, 0x7F))
        on = np.frombuffer(chip.read(0x1F, 12, 0.5), ">i2")
        put(chip, 0.5, (0x76, 1))
        codes = list(chip.read(0x5F, 3, 0.5))
        put(chip, 0.5, (0x76, 2))
        codes = [*chip.read(0x3B, 3, 0.5), *codes]
        ratio = np.abs(on - off) / (2620 * 1.01 ** (np.array(codes) - 1.0))
        assert (ratio < 0.5).all() if fails else ((ratio > 0.5) & (ratio < 1.5)).all()


@pytest.mark.parametrize("polarity", [0, 1])
def test_icm_wakes_on_motion_at_the_pin_that_was_prepared(polarity: int) -> None:
    chip = CHIPS["icm42688p"](Shaken(1.0))
    put(chip, 0.0, (0x76, 4), (0x4A, 30), (0x4B, 30), (0x4C, 30), (0x76, 0), (0x50, 0x49), (0x4E, 2))
    put(chip, 0.1, (0x14, 4 | polarity), (0x66, 7), (0x57, 5))
    assert chip.interrupt(0.99) != polarity
    assert chip.interrupt(1.5) != polarity  # INT_ASYNC_RESET still 1: the pin does not work
    put(chip, 1.5, (0x64, 0))
    assert chip.interrupt(1.5) == polarity
    assert get(chip, 0x2D, 1.5) & 0x10  # the start itself is announced at the pin, unless INT_SOURCE0 is cleared
    assert chip.interrupt(1.5) == polarity
    assert get(chip, 0x37, 1.5) == 1
    assert chip.interrupt(1.5) != polarity
