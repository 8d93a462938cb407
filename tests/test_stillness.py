"""Quiet intervals and stands: what is quiet, how it is pieced together, and which of it is a stand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hiphold import stillness
from hiphold.samples import G_MPS2, Block, Floats, Interval, concatenate
from hiphold.stillness import Poses, Stillness, common, find_stands, gravity_direction, quiet_intervals, same_pose

PERIOD_S = 0.01
UP = (0.0, G_MPS2, 0.0)


def resting(duration_s: float, start_s: float = 0.0, up: tuple[float, float, float] = UP) -> Block:
    time_s = start_s + PERIOD_S * np.arange(float(round(duration_s / PERIOD_S)))
    n = len(time_s)
    return Block(time_s, np.tile(up, (n, 1)), np.zeros((n, 3)), np.full((n, 4), np.nan))


def with_rate(block: Block, rate_radps: Floats) -> Block:
    """The same with a rate (n,) about the vertical, which leaves gravity where it is."""
    gyr = block.gyr_radps.copy()
    gyr[:, 1] = rate_radps
    return Block(block.time_s, block.acc_mps2, gyr, block.q_recorded)


def with_force(block: Block, force_mps2: Floats) -> Block:
    """The same with more specific force (n,) along x."""
    acc = block.acc_mps2.copy()
    acc[:, 0] += force_mps2
    return Block(block.time_s, acc, block.gyr_radps, block.q_recorded)


def shaken(duration_s: float, start_s: float) -> Block:
    block = resting(duration_s, start_s)
    return with_rate(block, 2.0 * np.sin(20 * block.time_s))


def tilted(degrees: float) -> tuple[float, float, float]:
    angle = np.deg2rad(degrees)
    return 0.0, float(G_MPS2 * np.cos(angle)), float(G_MPS2 * np.sin(angle))


def intervals(*pairs: Interval) -> list[Interval]:
    return list(pairs)


def test_rest_is_one_quiet_interval_from_the_first_to_the_last_sample() -> None:
    (found,) = quiet_intervals(resting(3.0, start_s=10.0), PERIOD_S)
    assert found == pytest.approx((10.0, 12.99))


def test_moving_is_not_quiet_and_ends_what_was() -> None:
    block = concatenate([resting(2.0), shaken(2.0, 2.0), resting(1.5, 4.0)])
    first, second = quiet_intervals(block, PERIOD_S)
    # the window may reach a little into the motion before it varies too much
    assert first == pytest.approx((0.0, 2.0), abs=0.1)
    assert second == pytest.approx((4.0, 5.49), abs=0.1)


def test_less_than_a_window_is_nothing() -> None:
    assert quiet_intervals(resting(0.49), PERIOD_S) == []
    assert len(quiet_intervals(resting(0.50), PERIOD_S)) == 1


def test_one_sample_is_nothing() -> None:
    assert quiet_intervals(resting(PERIOD_S), float("nan")) == []


@pytest.mark.parametrize(("degps", "quiet"), [(9.9, True), (10.1, False)])
def test_a_slow_even_rotation_is_quiet_up_to_10_degrees_per_second(degps: float, quiet: bool) -> None:
    """As a gyroscope looks whose zero was never taken; only its mean tells."""
    block = resting(2.0)
    assert bool(quiet_intervals(with_rate(block, np.full(len(block), np.deg2rad(degps))), PERIOD_S)) is quiet


@pytest.mark.parametrize(("sd_degps", "quiet"), [(3.9, True), (4.1, False)])
def test_a_rate_may_vary_by_4_degrees_per_second(sd_degps: float, quiet: bool) -> None:
    """+ and - in turn: the SD is the size."""
    block = resting(2.0)
    rate = np.deg2rad(sd_degps) * np.where(np.arange(len(block)) % 2, 1.0, -1.0)
    assert bool(quiet_intervals(with_rate(block, rate), PERIOD_S)) is quiet


@pytest.mark.parametrize(("sd_mps2", "quiet"), [(0.195, True), (0.205, False)])
def test_a_force_may_vary_by_a_fifth_of_a_metre_per_second_squared(sd_mps2: float, quiet: bool) -> None:
    block = resting(2.0)
    force = sd_mps2 * np.where(np.arange(len(block)) % 2, 1.0, -1.0)
    assert bool(quiet_intervals(with_force(block, force), PERIOD_S)) is quiet


def test_the_variances_of_the_axes_add_up() -> None:
    """0.15 m/s2 on each of two axes is 0.21 together."""
    block = resting(2.0)
    sign = np.where(np.arange(len(block)) % 2, 1.0, -1.0)
    acc = block.acc_mps2 + 0.15 * np.column_stack((sign, 0 * sign, -sign))
    both = Block(block.time_s, acc, block.gyr_radps, block.q_recorded)
    assert quiet_intervals(both, PERIOD_S) == []
    assert len(quiet_intervals(with_force(block, 0.15 * sign), PERIOD_S)) == 1


@pytest.mark.parametrize(("gap_s", "pieces"), [(0.2, 1), (0.3, 2), (5.0, 2)])
def test_a_window_may_miss_half_of_itself_and_no_more(gap_s: float, pieces: int) -> None:
    block = concatenate([resting(2.0), resting(2.0, 2.0 + gap_s)])
    found = quiet_intervals(block, PERIOD_S)
    assert len(found) == pieces
    assert (found[0][0], found[-1][1]) == pytest.approx((0.0, 3.99 + gap_s))


def test_quiet_windows_that_overlap_are_one_interval() -> None:
    """A single knock makes the windows over it loud; with 0.3 s between two knocks nothing in between is quiet."""
    block = resting(3.0)
    knocks = np.zeros(len(block))
    knocks[[140, 170]] = 10.0
    first, second = quiet_intervals(with_force(block, knocks), PERIOD_S)
    assert first == pytest.approx((0.0, 1.39))
    assert second == pytest.approx((1.71, 2.99))


def test_samples_without_raw_values_are_passed_over() -> None:
    """A node that begins without an orientation, measured from its orientation: the rest is as quiet as ever."""
    block = resting(3.0)
    acc = block.acc_mps2.copy()
    acc[:20] = np.nan
    (found,) = quiet_intervals(Block(block.time_s, acc, block.gyr_radps, block.q_recorded), PERIOD_S)
    assert found == pytest.approx((0.2, 2.99))


MIXED = concatenate(
    [resting(1.3), shaken(0.7, 1.3), resting(0.6, 2.0), resting(1.2, 3.5), shaken(0.05, 4.7), resting(2.0, 4.75)]
)


@hypothesis_settings(max_examples=60)
@given(cuts=st.lists(st.integers(0, len(MIXED)), max_size=30))
def test_the_result_does_not_depend_on_how_blocks_are_cut(cuts: list[int]) -> None:
    pieces, edges = Stillness(PERIOD_S), [0, *sorted(cuts), len(MIXED)]
    closed = [i for a, z in pairwise(edges) for i in pieces.step(MIXED.select(slice(a, z)))]
    found = closed + ([pieces.open] if pieces.open else [])
    whole = quiet_intervals(MIXED, PERIOD_S)
    assert len(whole) >= 4
    assert found == whole


@pytest.mark.parametrize("seed", range(5))
def test_nor_does_it_where_quiet_is_a_matter_of_rounding(seed: int) -> None:
    random = np.random.default_rng(seed)
    still = resting(8.0)
    loud = random.uniform(0.2, 2.0, (16, 1)).repeat(50, axis=0)
    acc = still.acc_mps2 + 0.115 * loud * random.normal(size=(800, 3))
    block = Block(still.time_s, acc, 0.04 * loud * random.normal(size=(800, 3)), still.q_recorded)
    pieces = Stillness(PERIOD_S)
    closed = [i for k in range(0, 800, 11) for i in pieces.step(block.select(slice(k, k + 11)))]
    found = closed + ([pieces.open] if pieces.open else [])
    assert found == quiet_intervals(block, PERIOD_S)
    assert len(found) > 1


def test_what_is_open_grows_with_each_sample() -> None:
    block, growing = resting(1.0), Stillness(PERIOD_S)
    ends = []
    for i in range(len(block)):
        assert growing.step(block.select(slice(i, i + 1))) == []
        ends.append(growing.open[1] if growing.open else None)
    assert ends[:49] == [None] * 49
    np.testing.assert_allclose(np.array(ends[49:], float), block.time_s[49:])


def test_common_is_where_all_are_quiet() -> None:
    a, b, c = intervals((0, 5), (6, 10)), intervals((1, 3), (4, 7), (9, 12)), intervals((2, 11))
    assert common([a]) == a
    assert common([a, b]) == intervals((1, 3), (4, 5), (6, 7), (9, 10))
    assert common([a, b, c]) == intervals((2, 3), (4, 5), (6, 7), (9, 10))
    assert common([intervals((0, 1)), intervals((1, 2))]) == []
    assert common([a, []]) == []


def test_gravity_direction_is_the_mean_in_the_interval() -> None:
    block = concatenate([resting(1.0, 0.0, (0.0, 0.0, 9.0)), resting(1.0, 1.0, (9.0, 0.0, 0.0))])
    np.testing.assert_allclose(gravity_direction(block, (0.0, 0.5)), (0, 0, 1))
    np.testing.assert_allclose(gravity_direction(block, (0.5, 1.495)), (np.sqrt(0.5), 0, np.sqrt(0.5)), atol=1e-9)
    assert np.isnan(gravity_direction(block, (5.0, 6.0))).all()


@pytest.mark.parametrize(("degrees", "same"), [(0.0, True), (14.9, True), (15.1, False), (90.0, False)])
def test_the_pose_is_the_same_within_15_degrees(degrees: float, same: bool) -> None:
    here, there = np.array(UP), np.array(tilted(degrees))
    assert same_pose([there], [here]) is same
    assert same_pose([here, there], [here, here]) is same


def stands_of(*worn: Block) -> Poses:
    return find_stands([quiet_intervals(block, PERIOD_S) for block in worn], worn)


def test_the_reference_stand_is_the_first_quiet_second() -> None:
    block = concatenate([resting(0.9), shaken(1.0, 0.9), resting(1.5, 1.9), shaken(1.0, 3.4), resting(2.0, 4.4)])
    found = stands_of(block)
    first, second = found.stands
    assert first == pytest.approx((1.9, 3.4), abs=0.1)
    assert second == pytest.approx((4.4, 6.39), abs=0.1)
    assert found.elsewhere == []


@pytest.mark.parametrize(("length_s", "stands"), [(0.999, 0), (1.0, 1)])
def test_a_stand_lasts_a_second(length_s: float, stands: int) -> None:
    assert len(find_stands([intervals((0.0, length_s))], [resting(2.0)]).stands) == stands
    assert stillness.STAND_MIN_S == 1.0


@pytest.mark.parametrize(("length_s", "poses"), [(0.9, 0), (1.1, 1)])
def test_a_pose_that_is_no_stand_lasts_a_second_too(length_s: float, poses: int) -> None:
    block = concatenate([resting(2.0), shaken(1.0, 2.0), resting(length_s, 3.0, tilted(40)), shaken(1.0, 3 + length_s)])
    assert len(stands_of(block).elsewhere) == poses


@pytest.mark.parametrize(("degrees", "is_stand"), [(14.0, True), (16.0, False)])
def test_a_seat_is_no_stand(degrees: float, is_stand: bool) -> None:
    """Quiet for long, but the thigh points elsewhere."""
    block = concatenate([resting(2.0), shaken(1.0, 2.0), resting(60.0, 3.0, tilted(degrees))])
    found = stands_of(block)
    (pose,) = found.stands[1:] if is_stand else found.elsewhere
    assert pose == pytest.approx((3.0, 62.99), abs=0.1)
    assert len(found.stands) + len(found.elsewhere) == 2
    assert len(found.stands) == 1 + is_stand


@pytest.mark.parametrize("tipped", ["pelvis", "thigh_left", "thigh_right"])
def test_every_worn_sensor_must_be_as_in_the_reference_stand(tipped: str) -> None:
    """A bow held still tips the pelvis over thighs that hang; of two thighs either may be on a stool."""
    still = concatenate([resting(2.0), shaken(1.0, 2.0), resting(5.0, 3.0), shaken(1.0, 8.0), resting(3.0, 9.0)])
    away = concatenate(
        [resting(2.0), shaken(1.0, 2.0), resting(5.0, 3.0, tilted(40)), shaken(1.0, 8.0), resting(3.0, 9.0)]
    )
    found = stands_of(*(away if place == tipped else still for place in ("pelvis", "thigh_left", "thigh_right")))
    assert [round(start_s) for start_s, _ in found.stands] == [0, 9]
    assert [round(start_s) for start_s, _ in found.elsewhere] == [3]


def test_poses_are_in_the_order_of_time_and_each_once() -> None:
    pieces = [
        piece
        for i, degrees in enumerate((0.0, 30.0, 5.0, 80.0, -30.0, -5.0))
        for piece in (resting(2.0, 3.0 * i, tilted(degrees)), shaken(1.0, 3.0 * i + 2))
    ]
    found = stands_of(concatenate(pieces))
    assert [round(start_s) for start_s, _ in found.stands] == [0, 6, 15]
    assert [round(start_s) for start_s, _ in found.elsewhere] == [3, 9, 12]


def test_all_worn_sensors_must_be_quiet_together() -> None:
    thigh, pelvis = resting(6.0), concatenate([resting(2.0), shaken(1.0, 2.0), resting(3.0, 3.0)])
    for worn in ((pelvis, thigh), (thigh, pelvis)):
        first, second = stands_of(*worn).stands
        assert first[1] == pytest.approx(2.0, abs=0.1)
        assert second[0] == pytest.approx(3.0, abs=0.1)


def test_without_quiet_there_is_no_stand() -> None:
    assert find_stands([[]], [resting(1.0)]) == Poses([], [])
