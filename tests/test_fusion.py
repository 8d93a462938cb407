"""firmware/fusion.py: fits in 32 bits, gives the same bits everywhere, finds up and keeps the heading."""

from __future__ import annotations

import itertools
from array import array
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.transform import Rotation

import node_fusion
from hiphold import wire
from hiphold.samples import Floats
from node_fusion import Rows, Setup

LOW, HIGH = -32768, 32767
CORNERS = np.array(list(itertools.product((LOW, HIGH), repeat=6)), np.float64)
ACC_CODES, GYR_CODES = range(len(wire.ACC_G_PER_COUNT)), range(len(wire.GYR_DPS_PER_COUNT))
PERIODS_NS = (20_000_000, 2_000_000, 10**9, 0)  # 50 Hz, 500 Hz, and beyond what is taken
ZEROS = ((2**30, 2**30, 2**30), (-(2**30), -(2**30), -(2**30)), (2**30, -(2**30), 0), (0, 0, 0))

SOURCE = node_fusion.SOURCE.read_text("utf-8")
make_checked = node_fusion.load(SOURCE, checked=True)["Fusion"]
make_plain = node_fusion.load(SOURCE, checked=False)["Fusion"]


def rows_of(acc: Floats, gyr: Floats) -> Rows:
    """Rows of readings in counts."""
    rows = np.zeros((len(acc), 10), np.int16)
    rows[:, :3] = np.clip(np.rint(acc), LOW, HIGH)
    rows[:, 3:6] = np.clip(np.rint(gyr), LOW, HIGH)
    return rows


def orientation(rows: Rows) -> Rotation:
    return Rotation.from_quat(rows[:, 6:] / 32767, scalar_first=True)


def inclination_deg(estimated: Rotation, up_in_sensor: npt.ArrayLike) -> Floats:
    """Angle between the earth's z and where the estimate puts what is up."""
    up_in_earth: Floats = estimated.apply(up_in_sensor)
    return np.rad2deg(np.arccos(np.clip(up_in_earth[:, 2], -1, 1)))


def wild_rows(rng: np.random.Generator, count: int) -> Rows:
    """Ends of the range, zeros and anything, each kept for 1 to 8 samples."""
    kinds = rng.integers(0, 4, (count, 6))
    rows = np.where(kinds == 0, LOW, np.where(kinds == 1, HIGH, rng.integers(LOW, HIGH + 1, (count, 6))))
    rows[kinds == 3] //= 64
    rows = np.repeat(rows, rng.integers(1, 9, count), axis=0)[:count]
    return rows_of(rows[:, :3], rows[:, 3:])


def wild_state(node: Any, rng: np.random.Generator) -> None:
    """Any state that can be kept from one sample to the next."""
    q = rng.standard_normal(4) * rng.integers(0, 2, 4) + (0, 0, 0, 1e-9)
    node._q[:] = array("i", [round(v) for v in q / np.linalg.norm(q) * 2**29 * rng.uniform(0.999, 1.001)])
    node._q15[:] = array("i", [(v + 2**13) >> 14 for v in node._q])
    for state, most in ((node._lag, 0xFFFFFF), (node._zero, 2**29), (node._mean, 2**29)):
        state[:] = array("i", rng.choice((-most, most, 0, int(rng.integers(-most, most))), len(state)).tolist())
    node._zero_set[:] = node._mean[3:]
    node._pull, node._learn = (int(2 ** rng.uniform(15, 29)) for _ in range(2))
    node._still = 10**6


def test_check_sees_what_does_not_fit() -> None:
    source = "import micropython\n@micropython.viper\ndef f(a, b):\n    a *= b\n    x[0] = a\n    return a >> b\n"
    names = node_fusion.load(source, checked=True)
    names["x"] = [0]
    assert names["f"](3, 5) == 0
    for a, b, why in ((2**16, 2**15, "32 bits"), (2**15, 2**15, "small int"), (0, -1, "shift by")):
        with pytest.raises(OverflowError, match=why):
            names["f"](a, b)


def test_corners_fit_in_32_bits() -> None:
    """Every corner of the six inputs in turn, for every range, rate and zero, each kept for six samples."""
    for i, (gyr_code, period_ns, zero) in enumerate(itertools.product(GYR_CODES, PERIODS_NS, ZEROS)):
        corners = np.repeat(np.roll(CORNERS, 7 * i, axis=0), 6, axis=0)
        rows = rows_of(corners[:, :3], corners[:, 3:])
        acc_code = (i + i // 16) % len(ACC_CODES)
        node_fusion.on_cpython(make_checked, rows, Setup(acc_code, gyr_code, period_ns, zero))


@pytest.mark.parametrize("acc_code", ACC_CODES)
def test_first_samples_fit_in_32_bits(acc_code: int) -> None:
    node = make_checked(acc_code, 5, 50)
    for corner in CORNERS:
        node.reset()
        node.update(array("h", [*corner.astype(int).tolist(), 0, 0, 0, 0]), 1)


def test_random_search_fits_in_32_bits(is_long: bool) -> None:
    """100 000 samples (a million with --long) from any state, of any ranges, rate and zero."""
    rng = np.random.default_rng(1)
    for _ in range(5000 if is_long else 500):
        node = make_checked(int(rng.choice(ACC_CODES)), int(rng.choice(GYR_CODES)), 100)
        node.set_period_ns(int(rng.integers(10**6, 23 * 10**6)))
        node.set_gyr_zero(*rng.integers(-(2**19), 2**19, 3).tolist())
        rows = array("h", wild_rows(rng, 200).tobytes())
        node.update(rows, 1)
        for at in range(0, len(rows), 200):
            wild_state(node, rng)
            node.update(rows[at : at + 200], 20)


def motion_rows(rng: np.random.Generator, count: int) -> Rows:
    """Smooth turns with gravity, rests between them, and a wild stretch."""
    slow = np.cumsum(rng.standard_normal((count, 6)), axis=0) * 60
    slow[count // 3 : 2 * count // 3] = slow[count // 3]
    rows = rows_of(slow[:, :3] + (0, 0, 8192), slow[:, 3:])
    rows[-count // 10 :] = wild_rows(rng, count // 10)
    return rows


def same_bits(interpreter: str) -> None:
    rng = np.random.default_rng(2)
    for gyr_code in GYR_CODES:
        zero = (0, 0, 0) if gyr_code < 5 else (int(rng.integers(-9999, 9999)), 17, -5)
        setup = Setup(gyr_code % len(ACC_CODES), gyr_code, int(rng.integers(2 * 10**6, 2 * 10**7)), zero)
        rows = motion_rows(rng, 3000)
        expected = node_fusion.on_cpython(make_checked, rows, setup)
        actual, _ = node_fusion.under_micropython(interpreter, rows, setup)
        np.testing.assert_array_equal(actual, expected)
        assert len(np.unique(actual[:, 6])) > 100


def test_same_bits_under_micropython(micropython: str) -> None:
    same_bits(micropython)


def test_same_bits_in_32_bits(micropython32: str) -> None:
    same_bits(micropython32)


def test_result_does_not_depend_on_how_samples_come() -> None:
    rows, setup = motion_rows(np.random.default_rng(3), 1000), Setup()
    node = make_plain(setup.acc_code, setup.gyr_code, 100)
    parts: list[int] = []
    for at in range(0, len(rows), 7):
        part = array("h", rows[at : at + 7].tobytes())
        node.update(part, len(part) // 10)
        parts += part
    np.testing.assert_array_equal(np.reshape(parts, (-1, 10)), node_fusion.on_cpython(make_plain, rows, setup))
    node.update(array("h"), 0)


@pytest.mark.parametrize("acc_code", ACC_CODES)
def test_finds_up_with_the_first_sample(acc_code: int) -> None:
    per_g = 1 / wire.ACC_G_PER_COUNT[acc_code]
    ups = Rotation.random(30, rng=4).apply((0, 0, 1))
    for up in (*ups, (0, 0, -1), (0, 0, 1), (1, 0, 0), (0, -1, 0)):
        rows = rows_of(np.tile(np.multiply(up, per_g), (200, 1)), np.zeros((200, 3)))
        error = inclination_deg(orientation(node_fusion.on_cpython(make_plain, rows[:1], Setup(acc_code))), up)
        assert error[0] < 0.05
    later = inclination_deg(orientation(node_fusion.on_cpython(make_plain, rows, Setup(acc_code))), up)
    assert later.max() < 0.05


@pytest.mark.parametrize("first_g", [(0, 0, 0), (4, 0, 0), (-4, 4, -4), (0, 0.1, -0.1)], ids=str)
def test_recovers_from_a_wrong_start(first_g: tuple[float, float, float]) -> None:
    """One sample in free fall, in a blow or saturated, then rest at 90 degrees from level: right within 2 s."""
    acc = np.tile((0.0, -8192.0, 0.0), (1000, 1))
    acc[0] = np.multiply(first_g, 8192)
    error = inclination_deg(orientation(node_fusion.on_cpython(make_plain, rows_of(acc, acc * 0), Setup())), (0, -1, 0))
    assert error[200:].max() < 0.5


@pytest.mark.parametrize("reading", [0, LOW, HIGH])
def test_recovers_from_bad_stretches(reading: int) -> None:
    """5 s of free fall or of saturated readings in the middle of rest: up is found again within 20 s."""
    rows = rows_of(np.tile((0.0, 0.0, 8192.0), (4500, 1)), np.zeros((4500, 3)))
    rows[1000:1500, :6] = reading
    filled = node_fusion.on_cpython(make_plain, rows, Setup())
    assert np.abs(np.linalg.norm(filled[:, 6:] / 32767, axis=1) - 1).max() < 2e-4
    error = inclination_deg(orientation(filled), (0, 0, 1))
    assert error[:1000].max() < 0.02
    assert error[3500:].max() < 0.5
    if reading == 0:
        assert error.max() < 0.02


def test_learns_a_raw_gyroscope_and_rests(micropython: str) -> None:
    """Ten minutes still, 4.5 deg/s off: after 10 s neither up nor heading moves any more."""
    rng = np.random.default_rng(5)
    bias = np.array((4.5, -4.5, 3.0)) / wire.GYR_DPS_PER_COUNT[8]
    noise = 20 * rng.standard_normal((2, 60000, 3))
    up = np.array((0.6, 0.0, 0.8))
    rows, _ = node_fusion.under_micropython(micropython, rows_of(up * 8192 + noise[0], bias + noise[1] / 7), Setup())
    settled = orientation(rows[1000:])
    assert inclination_deg(settled, up).max() < 0.3
    assert np.rad2deg((settled[-1] * settled[0].inv()).magnitude()) < 1.0


def test_turns_as_far_as_the_gyroscope_says(micropython: str) -> None:
    """A minute of turns about changing axes in free fall (nothing but the gyroscope counts), against doubles."""
    for gyr_code, rate_hz, most_deg in ((6, 100, 0.2), (9, 400, 0.2), (3, 480, 0.2)):
        time_s = np.arange(60 * rate_hz) / rate_hz
        dps = np.column_stack([200 * np.sin(2 * np.pi * f * time_s + f) + 20 for f in (0.31, 0.47, 0.83)])
        rows = rows_of(np.zeros_like(dps), dps / wire.GYR_DPS_PER_COUNT[gyr_code])
        setup = Setup(5, gyr_code, 10**9 // rate_hz)
        filled, _ = node_fusion.under_micropython(micropython, rows, setup)
        exact = Rotation.identity()
        turns = np.deg2rad(rows[:, 3:6] * wire.GYR_DPS_PER_COUNT[gyr_code]) * setup.period_s
        for turn in turns:
            exact = exact * Rotation.from_rotvec(turn)
        assert np.rad2deg((exact.inv() * orientation(filled[-1:])).magnitude()[0]) < most_deg


def test_zero_and_period_are_those_given() -> None:
    """Turning about the vertical by 90 degrees, with a known zero and another period than the rate says."""
    gyr = np.tile((0.0, 0.0, 45 * 32.8 + 500), (200, 1))
    gyr[::2] += 200  # not at rest
    gyr[1::2] -= 200
    rows = rows_of(np.tile((0.0, 0.0, 8192.0), (200, 1)), gyr)
    setup = Setup(5, 8, 10_000_000, (0, 0, 500 * 16))
    node = make_plain(5, 8, 50)
    node.set_gyr_zero(*setup.zero)
    node.set_period_ns(setup.period_ns)
    filled = array("h", rows.tobytes())
    for _ in range(2):  # the zero outlives a reset
        node.update(filled, 200)
        q = orientation(np.array(filled, np.int16).reshape(-1, 10)[-1:])
        np.testing.assert_allclose(np.rad2deg(q.as_rotvec()[0]), (0, 0, 90), atol=0.3)
        node.reset()
