"""Errors of an accelerometer, put on poses made by hand and found again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hiphold import gravity
from hiphold.gravity import CALIBRATED, ELSE_AS_SOLDERED, Correction, Prior, Watch, correction, learn, prior
from hiphold.samples import G_MPS2, Block, Floats
from hiphold.wire import CHIPS

PERIOD_S = 0.01
N = 50
"""samples of a window"""
MPU6050 = Prior(0.03 * G_MPS2, 0.01)
ERRORS = np.array((0.12, -0.2, 0.08, 0.008, -0.006, 0.003, 0.004, -0.005, 0.002))


def all_round(seed: int = 0, m: int = 60) -> Floats:
    """(m, 3) directions."""
    drawn = np.random.default_rng(seed).standard_normal((m, 3))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1)[:, None])


def drill(seed: int = 0) -> Floats:
    """(40, 3) up in a sensor put on any way round: two stands, two raises, a hold and a bow, in degrees of one axis."""
    deg = np.deg2rad(np.repeat((0.0, 90.0, 0.0, 100.0, 0.0, 120.0, 0.0, -35.0), 5))
    mounting = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0]
    return np.asarray(np.column_stack((np.sin(deg), np.cos(deg), 0 * deg)) @ mounting)


def matrix(errors: Floats) -> Floats:
    """(3, 3) S, written apart from the code that is tested."""
    xx, yy, zz, xy, xz, yz = errors[3:].tolist()
    return np.array(((xx, xy, xz), (xy, yy, yz), (xz, yz, zz)))


def felt(up: Floats, errors: Floats) -> Floats:
    """(m, 3) what a sensor with these errors feels of gravity along up."""
    return np.asarray(G_MPS2 * (up + up @ matrix(errors)) + errors[:3])


def block_of(acc_mps2: Floats, gyr_radps: Floats | None = None) -> Block:
    n = len(acc_mps2)
    gyr = np.zeros((n, 3)) if gyr_radps is None else gyr_radps
    return Block(PERIOD_S * np.arange(float(n)), acc_mps2, gyr, np.full((n, 4), np.nan))


def held(up: Floats, errors: Floats, seed: int = 1, off_mps2: float = gravity.STILL_SD_MPS2) -> Block:
    """A window in each direction, in each of which the length is off by so much (1 SD), beside the noise of samples."""
    rng = np.random.default_rng(seed)
    forces = felt(up, errors) + off_mps2 * rng.standard_normal((len(up), 1)) * up
    forces = np.repeat(forces, N, axis=0)
    return block_of(forces + 0.01 * rng.standard_normal(forces.shape))


def sds(found: Correction) -> Floats:
    return np.sqrt(np.diag(found.covariance))


def whitened(found: Correction, errors: Floats) -> Floats:
    """(9,) what is left of the errors, in SDs of independent parts."""
    return np.asarray(np.linalg.solve(np.linalg.cholesky(found.covariance), found.errors - errors))


# What is found


@pytest.mark.parametrize("seed", range(5))
def test_errors_felt_in_many_directions_are_found(seed: int) -> None:
    found = correction(held(all_round(seed, 120), ERRORS, seed), PERIOD_S, MPU6050)
    assert (sds(found)[:3] < 0.002).all()
    np.testing.assert_allclose(found.errors[:3], ERRORS[:3], atol=0.01)
    np.testing.assert_allclose(found.errors[3:], ERRORS[3:], atol=0.001)


def test_gravity_that_is_right_any_way_round_leaves_nothing_to_correct() -> None:
    found = correction(held(all_round(), np.zeros(9), off_mps2=0.0), PERIOD_S, CALIBRATED)
    np.testing.assert_allclose(found.errors[:3], 0, atol=1e-3)
    np.testing.assert_allclose(found.errors[3:], 0, atol=1e-4)


def test_one_direction_tells_of_what_lies_along_it_and_of_nothing_across() -> None:
    up = np.tile((0.0, 0.0, 1.0), (100, 1))
    found = correction(held(up, np.array((0.1, 0.1, 0.1, *[0.0] * 6))), PERIOD_S, Prior(0.15, 1e-6))
    np.testing.assert_allclose(found.errors[:3], (0, 0, 0.1), atol=0.01)
    np.testing.assert_allclose(sds(found)[:2], 0.15, rtol=0.01)
    assert sds(found)[2] < 1.1 * gravity.COMMON_SCALE * G_MPS2  # gravity itself may be another there


def angle_rad(a: Floats, b: Floats) -> float:
    return float(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))


@pytest.mark.parametrize(
    ("beforehand", "poses"),
    [(CALIBRATED, drill), (ELSE_AS_SOLDERED, drill), (MPU6050, drill), (CALIBRATED, all_round)],
    ids=["calibrated", "as soldered", "mpu6050", "calibrated, all round"],
)
def test_what_is_left_is_as_large_as_is_said(beforehand: Prior, poses: Callable[[int], Floats]) -> None:
    """Errors drawn as they are beforehand, and the angle from the first pose to another one, in SDs.

    Windows count a little less than their noise deserves, in case they moved.
    """
    rng, sd = np.random.default_rng(3), 1 / np.sqrt(np.diag(beforehand.information))
    left, turned = [], []
    for seed in range(60):
        errors, up = sd * rng.standard_normal(9), poses(seed)
        found = correction(held(up, errors, seed), PERIOD_S, beforehand)
        left.append((found.errors - errors) / sds(found))
        a, b = up[0], up[25]
        per_error = (b @ gravity.tilt_per_error(a) + a @ gravity.tilt_per_error(b)) / np.linalg.norm(np.cross(a, b))
        off_rad = angle_rad(*found.apply(felt(up[[0, 25]], errors))) - angle_rad(a, b)
        turned.append(off_rad / np.sqrt(per_error @ found.covariance @ per_error))
    for ratios in (left, turned):
        assert 0.7 < np.sqrt(np.mean(np.square(ratios))) < 1.25
    assert np.abs(np.mean(left)) < 0.15


def test_a_drill_tells_enough_to_better_the_angle_from_stand_to_hold() -> None:
    """The part of the error that turns the one against the other."""
    rng, before, after = np.random.default_rng(4), [], []
    for seed in range(60):
        up, errors = drill(seed), np.concatenate((0.015 * G_MPS2 * rng.standard_normal(3), np.zeros(6)))
        found = correction(held(up, errors, seed), PERIOD_S, ELSE_AS_SOLDERED)
        stand, hold = felt(up[[0, 25]], errors)
        true_rad = angle_rad(up[0], up[25])
        before.append(np.rad2deg(angle_rad(stand, hold) - true_rad))
        after.append(np.rad2deg(angle_rad(found.apply(stand), found.apply(hold)) - true_rad))
    assert np.std(before) > 1.0
    assert np.std(after) < 0.5 * np.std(before)


def test_a_scale_far_beyond_what_is_known_of_such_a_sensor_is_followed() -> None:
    """Ten times the SD: 3 %."""
    errors = np.array((0.05, -0.05, 0.05, 0.03, -0.03, 0.03, 0.0, 0.0, 0.0))
    up = all_round(m=200)
    found = correction(held(up, errors), PERIOD_S, ELSE_AS_SOLDERED)
    np.testing.assert_allclose(found.errors[3:6], errors[3:6], atol=0.003)
    lengths = np.linalg.norm(found.apply(felt(up, errors)), axis=1)
    np.testing.assert_allclose(lengths, G_MPS2, rtol=0.004)


# What moves, and what is not there


def test_a_sensor_that_moves_counts_little() -> None:
    """As long again of walking, of which the mean force is too long by 3 %."""
    still = held(all_round(), ERRORS)
    swing = np.sin(2 * np.pi * 1.8 * still.time_s)[:, None]
    moving = 1.03 * held(all_round(5), ERRORS, 6).acc_mps2 * (1 + 0.3 * swing)
    both = block_of(np.concatenate((still.acc_mps2, moving)))
    alone = correction(still, PERIOD_S, MPU6050)
    found = correction(both, PERIOD_S, MPU6050)
    assert np.abs((found.errors - alone.errors) / sds(alone)).max() < 1.5


def test_a_sensor_that_turns_counts_little() -> None:
    """At 4 rad/s, 30 cm from the joint: 4.8 m/s2 towards it, steady, so that nothing but the rate tells."""
    still = held(all_round(), ERRORS)
    turning = held(all_round(5), ERRORS, 6).acc_mps2 * (1 + 4.8 / G_MPS2)
    gyr = np.concatenate((np.zeros_like(turning), np.tile((0.0, 0.0, 4.0), (len(turning), 1))))
    both = block_of(np.concatenate((still.acc_mps2, turning)), gyr)
    alone, found = (correction(block, PERIOD_S, MPU6050) for block in (still, both))
    assert np.abs((found.errors - alone.errors) / sds(alone)).max() < 0.1


NAN, ZERO = np.full(3, np.nan), np.zeros(3)


@pytest.mark.parametrize(
    "bad",
    [NAN, ZERO, np.array((np.inf, 0.0, 0.0)), np.array((0.0, 0.0, np.nan))],
    ids=["nan", "zero", "inf", "one nan"],
)
@pytest.mark.parametrize("rows", [slice(0, 1), slice(120, 130), slice(75, 225)])
def test_windows_with_rows_of_which_not_all_is_known_are_left_out(bad: Floats, rows: slice) -> None:
    block = held(all_round(m=40), ERRORS)
    acc = block.acc_mps2.copy()
    acc[rows] = bad
    whole = np.ones(len(acc), bool)
    whole[rows.start // N * N : -(-rows.stop // N) * N] = False
    expected = correction(block.select(whole), PERIOD_S, MPU6050)
    found = correction(block_of(acc), PERIOD_S, MPU6050)
    np.testing.assert_array_equal(found.errors, expected.errors)
    np.testing.assert_array_equal(found.covariance, expected.covariance)


def test_rates_that_are_not_known_leave_a_window_out_too() -> None:
    block = held(all_round(m=4), ERRORS)
    nothing = np.full_like(block.gyr_radps, np.nan)
    found = correction(block_of(block.acc_mps2, nothing), PERIOD_S, MPU6050)
    np.testing.assert_array_equal(found.errors, np.zeros(9))


@pytest.mark.parametrize("swing_mps2", [G_MPS2, 1e-3, 156.0])
def test_a_force_without_a_direction_is_left_out(swing_mps2: float) -> None:
    """It turns over at each sample, so that its mean is nothing."""
    acc = np.tile(((swing_mps2, 0.0, 0.0), (-swing_mps2, 0.0, 0.0)), (4 * N, 1))
    found = correction(block_of(acc), PERIOD_S, CALIBRATED)
    np.testing.assert_array_equal(found.errors, np.zeros(9))


def test_a_sensor_at_the_end_of_its_range_does_no_harm() -> None:
    """A knock of half a second in which each axis reads 4 g at most, and one that stays there for ten."""
    block = held(all_round(), ERRORS)
    clipped = np.clip(
        block.acc_mps2 + 80 * np.random.default_rng(7).standard_normal((len(block), 3)), -4 * G_MPS2, 4 * G_MPS2
    )
    alone = correction(block, PERIOD_S, MPU6050)
    for rows in (slice(500, 560), slice(500, 1500)):
        acc = block.acc_mps2.copy()
        acc[rows] = clipped[rows]
        found = correction(block_of(acc), PERIOD_S, MPU6050)
        assert np.abs((found.errors - ERRORS) / sds(found)).max() < 4
    stuck = np.concatenate((block.acc_mps2, np.tile((4 * G_MPS2,) * 3, (1000, 1))))
    found = correction(block_of(stuck), PERIOD_S, MPU6050)
    assert np.abs((found.errors - alone.errors) / sds(alone)).max() < 0.5


def test_without_a_whole_window_nothing_is_known_but_what_was_beforehand() -> None:
    for n in (0, 1, N - 1):
        found = correction(held(all_round(m=1), ERRORS).select(slice(0, n)), PERIOD_S, ELSE_AS_SOLDERED)
        expected = gravity.nothing_known(ELSE_AS_SOLDERED)
        np.testing.assert_array_equal(found.errors, np.zeros(9))
        np.testing.assert_allclose(found.covariance, expected.covariance)


# What is known beforehand


def test_beforehand_by_chip_and_calibration() -> None:
    assert prior("mpu6050", levelled=False) == MPU6050
    for chip in ("", *CHIPS):
        assert prior(chip, levelled=True) == CALIBRATED
        assert chip == "mpu6050" or prior(chip, levelled=False) == ELSE_AS_SOLDERED
    assert set(gravity.AS_SOLDERED) <= set(CHIPS)
    assert CALIBRATED.offset_mps2 < ELSE_AS_SOLDERED.offset_mps2 < MPU6050.offset_mps2


def test_what_is_known_beforehand_is_the_covariance_of_no_sample() -> None:
    known = gravity.nothing_known(Prior(0.2, 0.01))
    np.testing.assert_allclose(sds(known)[:6], [0.2] * 3 + [np.hypot(0.01, gravity.COMMON_SCALE)] * 3)
    assert (sds(known)[6:] < 0.01).all()


def test_little_is_learned_of_a_sensor_that_is_taken_to_be_good() -> None:
    windows = np.array([(0.0, 0.0, 1.0, 0.1, 0.05)])
    strict, loose = (learn(windows, Prior(offset, 1e-6)).errors[2] for offset in (0.01, 1.0))
    assert 0 < strict < 0.005
    assert loose == pytest.approx(0.1, rel=0.01)


# The correction


def test_what_is_corrected_is_gravity_again_to_the_second_order() -> None:
    up = all_round(m=50)
    found = Correction(ERRORS, np.eye(9)).apply(felt(up, ERRORS))
    np.testing.assert_allclose(found, G_MPS2 * up, atol=5e-3)
    assert np.abs(felt(up, ERRORS) - G_MPS2 * up).max() > 0.2


def test_one_force_or_many_are_corrected_alike_and_unknown_ones_stay_unknown() -> None:
    acc = felt(all_round(m=4), ERRORS)
    acc[2] = np.nan
    many = Correction(ERRORS, np.eye(9)).apply(acc)
    np.testing.assert_array_equal(np.isnan(many).all(axis=1), (False, False, True, False))
    for one, row in zip(acc, many):
        np.testing.assert_allclose(Correction(ERRORS, np.eye(9)).apply(one), row)
    np.testing.assert_array_equal(gravity.nothing_known().apply(acc), acc)


def direction(up: Floats, errors: Floats) -> Floats:
    force = felt(up[None], errors)[0]
    return np.asarray(force / np.linalg.norm(force))


@pytest.mark.parametrize("up", [*all_round(m=10), *np.eye(3)], ids=str)
def test_by_what_an_error_turns_gravity(up: Floats) -> None:
    steps = 1e-6 * np.eye(9)
    expected = np.column_stack([(direction(up, step) - direction(up, -step)) / 2e-6 for step in steps])
    np.testing.assert_allclose(gravity.tilt_per_error(up), expected, atol=1e-8)


def turned_about(axis: Floats, deg: float, up: Floats) -> Floats:
    return np.asarray(Rotation.from_rotvec(np.deg2rad(deg) * axis).apply(up))


@pytest.mark.parametrize("seed", range(5))
def test_by_what_errors_change_a_tilt_about_an_axis(seed: int) -> None:
    """By errors drawn and put on both directions; the angle about the axis is that of what lies across it."""
    rng, axis = np.random.default_rng(seed), all_round(seed, 1)[0]
    across = np.cross(axis, all_round(seed + 10, 1)[0])
    before = across / np.linalg.norm(across)
    held_up = turned_about(axis, 40.0, before)
    mixed = rng.standard_normal((9, 9)) * ([0.05] * 3 + [0.003] * 6)
    found = Correction(np.zeros(9), mixed.T @ mixed)
    shifts = []
    for errors in rng.multivariate_normal(np.zeros(9), found.covariance, 3000):
        a, b = felt(np.array((before, held_up)), errors)
        shifts.append(np.arctan2(np.cross(a, b) @ axis, a @ b - (a @ axis) * (b @ axis)) - np.deg2rad(40.0))
    assert found.shift_sd_rad(axis, before, held_up) == pytest.approx(np.std(shifts), rel=0.05)
    assert found.shift_sd_rad(axis, before, before) == pytest.approx(0, abs=1e-9)


# As samples come


cuts = st.lists(st.integers(0, 640), max_size=12).map(sorted)
bad_rows = st.lists(st.tuples(st.integers(0, 639), st.sampled_from((0.0, np.nan, 156.9))), max_size=3)


@given(cuts, bad_rows, st.sampled_from((0.01, 0.004, 0.5, float("nan"))))
def test_it_does_not_matter_how_blocks_are_cut(cuts: list[int], bad: list[tuple[int, float]], period_s: float) -> None:
    """Neither to what is learned, nor to each corrected sample; and what is learned at the end is `correction`."""
    block = held(all_round(m=13), ERRORS).select(slice(0, 640))
    for row, value in bad:
        block.acc_mps2[row] = value
    edges = [0, *cuts, 640]
    watches = Watch(period_s, MPU6050), Watch(period_s, MPU6050)
    whole = Watch(period_s, MPU6050).step(block)
    parts = []
    for a, z in pairwise(edges):
        part = block.select(slice(a, z))
        parts.append(watches[0].step(part))
        watches[1].feel(part)
    np.testing.assert_allclose(
        np.concatenate(parts), whole, rtol=1e-12
    )  # products of long and short blocks round apart
    for found in (watches[0].correction, watches[1].correction):
        np.testing.assert_array_equal(found.errors, correction(block, period_s, MPU6050).errors)
        np.testing.assert_array_equal(found.covariance, correction(block, period_s, MPU6050).covariance)


def test_each_sample_is_corrected_by_the_windows_before_it() -> None:
    block = held(all_round(m=4), ERRORS)
    found = Watch(PERIOD_S, MPU6050).step(block)
    np.testing.assert_array_equal(found[:N], block.acc_mps2[:N])
    for k in range(1, 4):
        known = correction(block.select(slice(0, k * N)), PERIOD_S, MPU6050)
        rows = slice(k * N, (k + 1) * N)
        np.testing.assert_allclose(found[rows], known.apply(block.acc_mps2[rows]), rtol=1e-12)


def test_nothing_comes_of_no_samples() -> None:
    watch = Watch(PERIOD_S, CALIBRATED)
    assert watch.step(block_of(np.empty((0, 3)))).shape == (0, 3)
    np.testing.assert_array_equal(watch.correction.errors, np.zeros(9))


def test_a_correction_stays_the_same_object_until_a_window_ends() -> None:
    """By which who uses it knows that nothing changed."""
    block, watch = held(all_round(m=2), ERRORS), Watch(PERIOD_S, CALIBRATED)
    watch.feel(block.select(slice(0, N)))
    first = watch.correction
    watch.feel(block.select(slice(N, 2 * N - 1)))
    assert watch.correction is first
    watch.feel(block.select(slice(2 * N - 1, 2 * N)))
    assert watch.correction is not first


def test_what_was_felt_more_than_ten_minutes_ago_is_forgotten() -> None:
    """In windows of three samples: first with one offset, then for as long as is remembered with another."""
    up = all_round(m=gravity.REMEMBERED + 100)
    offsets = np.where(np.arange(len(up)) < 100, 0.2, -0.2)[:, None] * np.ones(3)
    acc = np.repeat(G_MPS2 * up + offsets, 3, axis=0)
    expected = correction(block_of(acc[300:]), float("nan"), MPU6050)
    np.testing.assert_array_equal(correction(block_of(acc), float("nan"), MPU6050).errors, expected.errors)
    assert (expected.errors[:3] < -0.19).all()


def test_a_window_lasts_half_a_second_and_three_samples_at_least() -> None:
    up = all_round(m=1).repeat(300, axis=0)
    block = block_of(felt(up, ERRORS))
    for period_s, n in ((0.01, 50), (0.005, 100), (0.4, 3), (float("nan"), 3)):
        watch = Watch(period_s, MPU6050)
        watch.feel(block.select(slice(0, n - 1)))
        np.testing.assert_array_equal(watch.correction.errors, np.zeros(9))
        watch.feel(block.select(slice(n - 1, n)))
        assert watch.correction.errors.any()
