"""The last samples of a sensor, and its orientation between and shortly after them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hiphold.kept import EXTRAPOLATED_S, KEPT_S, Kept
from hiphold.quaternion import angle_between, up_in_sensor
from hiphold.samples import Block, Floats, concatenate


def made(time_s: Floats, seed: int = 0) -> tuple[Block, Floats]:
    """Samples of which no two are alike."""
    rng, n = np.random.default_rng(seed), len(time_s)
    block = Block(time_s, rng.normal(size=(n, 3)), rng.normal(size=(n, 3)), rng.normal(size=(n, 4)))
    return block, rng.normal(size=(n, 4))


def room(kept: Kept) -> int:
    """Samples that there is memory for."""
    base = kept.q_earth_from_sensor.base
    assert base is not None
    return len(base)


def turning(time_s: Floats, degps: float = 100.0) -> Floats:
    """(n, 4) a sensor that is on crooked and turns about a slanted axis."""
    turned = Rotation.from_rotvec(np.outer(np.deg2rad(degps) * time_s, (0.6, 0.0, 0.8)))
    crooked = Rotation.from_euler("xyz", (40, -70, 130), degrees=True)
    return np.asarray((crooked * turned).as_quat(scalar_first=True))


def kept_turning(time_s: Floats, degps: float = 100.0) -> Kept:
    kept = Kept()
    kept.add(made(time_s)[0], turning(time_s, degps))
    return kept


def off_deg(a: Floats, b: Floats) -> Floats:
    """(n,) angle between orientations."""
    turns = Rotation.from_quat(a, scalar_first=True).inv() * Rotation.from_quat(b, scalar_first=True)
    return np.asarray(np.rad2deg(turns.magnitude()))


# What is kept


@given(st.lists(st.integers(1, 700), min_size=1, max_size=40), st.integers(0, 100))
def test_what_is_kept_are_the_last_12_s_end_to_end_in_bounded_memory(sizes: list[int], seed: int) -> None:
    rng, kept = np.random.default_rng(seed), Kept()
    blocks, orientations, most = [], [], 0
    start_s = 0.0
    for i, n in enumerate(sizes):
        time_s = start_s + np.cumsum(rng.uniform(0.0, rng.choice([0.01, 0.05]), n))
        start_s = float(time_s[-1])
        block, q = made(time_s, i)
        most = max(most, len(kept) + n)
        kept.add(block, q)
        blocks.append(block)
        orientations.append(q)
        whole = concatenate(blocks)
        first = int(np.searchsorted(whole.time_s, start_s - KEPT_S))
        expected = whole.select(slice(first, None))
        assert len(kept) == len(expected)
        for name in ("time_s", "acc_mps2", "gyr_radps", "q_recorded"):
            np.testing.assert_array_equal(getattr(kept.block, name), getattr(expected, name), err_msg=name)
        np.testing.assert_array_equal(kept.time_s, expected.time_s)
        np.testing.assert_array_equal(kept.q_earth_from_sensor, np.concatenate(orientations)[first:])
        assert kept.span == (expected.time_s[0], start_s)
        assert room(kept) <= max(256, 2 * most)


def test_an_hour_takes_no_more_memory_than_half_a_minute() -> None:
    kept, rooms = Kept(), []
    for i in range(36_000):
        time_s = 0.1 * i + 0.01 * np.arange(10.0)
        kept.add(Block(time_s, np.zeros((10, 3)), np.zeros((10, 3)), np.zeros((10, 4))), np.zeros((10, 4)))
        rooms.append(room(kept))
    assert len(kept) == pytest.approx(KEPT_S / 0.01, abs=1)
    assert max(rooms) == max(rooms[:300]) <= 2 * (len(kept) + 10)


def test_after_a_long_silence_nothing_from_before_it_is_kept() -> None:
    kept = Kept()
    kept.add(*made(np.arange(0.0, 10.0, 0.01)))
    kept.add(*made(np.array((100.0, 100.01))))
    assert kept.time_s.tolist() == [100.0, 100.01]
    assert len(kept.block) == len(kept) == 2


def test_what_is_exactly_12_s_old_is_kept() -> None:
    kept = Kept()
    kept.add(*made(np.array((0.0, 1.0, 1.0 + KEPT_S))))
    assert kept.time_s.tolist() == [1.0, 13.0]


def test_at_first_nothing_is_kept() -> None:
    assert len(Kept()) == 0
    assert len(Kept().block) == 0


def test_what_is_kept_is_seen_without_being_copied() -> None:
    kept = kept_turning(np.arange(0.0, 1.0, 0.01))
    assert np.shares_memory(kept.block.acc_mps2, kept.block.acc_mps2)
    assert np.shares_memory(kept.block.time_s, kept.time_s)


# Orientation


TIME_S = np.arange(0.0, 3.0, 0.01)


def test_between_the_samples_the_orientation_is_between_theirs() -> None:
    kept = kept_turning(TIME_S)
    for at_s in (np.array((0.0, 0.005, 1.2345, 2.99)), np.array((2.981, 2.985)), np.array((0.5,))):
        assert off_deg(kept.orientation_at(at_s), turning(at_s)).max() < 1e-3


def test_between_samples_of_either_sign_it_is_the_same() -> None:
    """q and -q are one rotation."""
    kept, q = Kept(), turning(TIME_S)
    kept.add(made(TIME_S)[0], np.where(np.arange(len(q))[:, None] % 3, q, -q))
    at_s = np.array((0.105, 1.505, 2.985, 3.1))
    assert off_deg(kept.orientation_at(at_s), turning(at_s)).max() < 0.5


@pytest.mark.parametrize("degps", [0.0, 30.0, -100.0, 300.0])
def test_shortly_after_the_last_sample_it_goes_on_turning_at_the_rate_it_had(degps: float) -> None:
    """Within 1 degree, up to 0.3 s later, with or without an instant between samples beside it."""
    kept, last_s = kept_turning(TIME_S, degps), float(TIME_S[-1])
    after_s = last_s + np.array((0.001, 0.01, 0.1, 0.2, EXTRAPOLATED_S - 1e-9))
    for at_s in (after_s, np.concatenate(([0.5, 2.5], after_s))):
        assert off_deg(kept.orientation_at(at_s), turning(at_s, degps)).max() < 1


def test_the_rate_is_that_of_the_last_0_05_s() -> None:
    """It stood until then."""
    began_s = float(TIME_S[-1]) - 0.055
    kept = Kept()
    kept.add(made(TIME_S)[0], turning(np.maximum(TIME_S - began_s, 0)))
    at_s = TIME_S[-1:] + 0.1
    assert off_deg(kept.orientation_at(at_s), turning(at_s - began_s))[0] < 0.1


def test_what_lies_later_or_before_the_first_sample_is_not_known() -> None:
    kept, last_s = kept_turning(TIME_S), float(TIME_S[-1])
    found = kept.orientation_at(np.array((-0.01, 0.0, 1.0, last_s + 0.29, last_s + 0.31, last_s + 5)))
    assert np.isnan(found).all(axis=1).tolist() == [True, False, False, False, True, True]
    assert np.isnan(kept.orientation_at(np.array((-2.0, -1.0)))).all()
    assert np.isnan(kept.orientation_at(np.array((last_s + 1, last_s + 2)))).all()


def test_it_does_not_depend_on_what_else_is_asked() -> None:
    kept, at_s = kept_turning(TIME_S), np.array((0.105, 1.0, 2.945, 2.985, 3.1))
    together = kept.orientation_at(at_s)
    for i in range(len(at_s)):
        assert off_deg(kept.orientation_at(at_s[i:]), together[i:]).max() < 1e-6


def test_what_was_dropped_is_not_known_any_more() -> None:
    kept = Kept()
    for start_s in np.arange(0.0, 30.0, 0.5):
        time_s = start_s + np.arange(0.0, 0.5, 0.01)
        kept.add(made(time_s)[0], turning(time_s))
    found = kept.orientation_at(np.array((5.0, 17.9, 18.1, 29.0)))
    assert np.isnan(found).any(axis=1).tolist() == [True, True, False, False]
    assert off_deg(found[2:], turning(np.array((18.1, 29.0)))).max() < 1e-3


def test_of_a_single_sample_only_its_own_instant_is_known() -> None:
    kept = kept_turning(np.array((1.0,)))
    found = kept.orientation_at(np.array((0.9, 1.0, 1.1)))
    assert np.isnan(found).any(axis=1).tolist() == [True, False, True]
    assert off_deg(found[1:2], turning(np.array((1.0,))))[0] < 1e-6


def test_two_samples_are_enough_to_go_on() -> None:
    kept = kept_turning(np.array((1.0, 1.02)))
    at_s = np.array((1.01, 1.1))
    assert off_deg(kept.orientation_at(at_s), turning(at_s)).max() < 0.5


def test_beside_samples_without_orientation_it_is_not_known() -> None:
    kept, q = Kept(), turning(TIME_S)
    q[100:110] = np.nan
    kept.add(made(TIME_S)[0], q)
    found = kept.orientation_at(np.array((0.985, 1.05, 1.115)))
    assert np.isnan(found).any(axis=1).tolist() == [False, True, False]


def test_two_samples_of_one_instant_do_no_harm() -> None:
    # Times may repeat where a node started anew. Nothing else came in the 0.05 s before.
    kept = kept_turning(np.array((0.0, 1.0, 1.0)))
    found = kept.orientation_at(np.array((1.0, 1.1)))
    assert off_deg(found[:1], turning(np.array((1.0,))))[0] < 1e-6


def test_a_sensor_of_10_samples_a_second_is_followed_too() -> None:
    kept = kept_turning(np.arange(0.0, 3.0, 0.1))
    at_s = np.array((1.05, 2.85))
    up = up_in_sensor(kept.orientation_at(at_s)), up_in_sensor(turning(at_s))
    assert np.rad2deg(angle_between(*up)).max() < 0.5


def test_a_sensor_of_10_samples_a_second_goes_on_turning_too() -> None:
    # Nor does one of 100 whose latest packet is a single sample after a loss.
    kept = kept_turning(np.arange(0.0, 3.0, 0.1))
    at_s = np.array((2.95, 3.1))
    assert off_deg(kept.orientation_at(at_s), turning(at_s)).max() < 1
