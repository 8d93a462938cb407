"""Excursions and axes of thigh and pelvis from a raise and a bow made by hand, the sensor mounted any way round."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hiphold import ritual
from hiphold.ritual import PELVIS, THIGH, Axes, Excursion, Following, Limits
from hiphold.samples import Floats

PERIOD_S = 0.01
Y_UP = np.array((0.0, 1.0, 0.0))


def mounting(seed: int) -> Floats:
    """(3, 3) R_sensor_from_segment."""
    return np.asarray(Rotation.random(random_state=seed).as_matrix())


def tipping(top_deg: float, speed_degps: float = 120.0) -> Floats:
    """From the stand to the top and back at a constant speed, a second of rest before, at the top and after."""
    rise = np.arange(0.0, top_deg, speed_degps * PERIOD_S)
    return np.concatenate((np.zeros(100), rise, np.full(100, top_deg), rise[::-1], np.zeros(100)))


def rate_degps(angle_deg: Floats) -> Floats:
    return np.asarray(np.gradient(angle_deg, PERIOD_S))


def about(x: Floats | float, y: Floats | float, z: Floats) -> Floats:
    """(n, 3) rates about the segment's axes, in rad/s of what is given in deg/s."""
    return np.asarray(np.deg2rad(np.column_stack((np.broadcast_to(x, z.shape), np.broadcast_to(y, z.shape), z))))


def seconds(n: int) -> Floats:
    return PERIOD_S * np.arange(float(n))


def excursions(
    limits: Limits, tipped_deg: Floats, gyr_radps: Floats | None = None, other_deg: Floats | None = None
) -> list[Excursion]:
    """Of a whole recording, with the one that its samples did not see the end of."""
    n = len(tipped_deg)
    gyr = np.zeros((n, 3)) if gyr_radps is None else gyr_radps
    other = np.full(n, np.nan) if other_deg is None else other_deg
    rate = rate_degps(tipped_deg) if n > 1 else np.zeros(n)
    state, ended = ritual.step(Following(), limits, seconds(n), tipped_deg, rate, gyr, other)
    return ended + ritual.finish(state)


def thigh(r: Floats, tipped_deg: Floats, gyr_segment: Floats | None = None) -> Axes | None:
    """Axes of a thigh from all its excursions that are raises; it turns about z alone unless something else is said."""
    turning = about(0.0, 0.0, rate_degps(tipped_deg)) if gyr_segment is None else gyr_segment
    found = [e for e in excursions(THIGH, tipped_deg, turning @ r.T) if e.top_deg > THIGH.deep_deg]
    return ritual.axes(r[:, 1], ritual.total(found), +1)


# Excursions


def test_an_excursion_is_from_where_the_segment_leaves_the_stand_to_where_it_is_back() -> None:
    """A pelvis counts as tipped above 10 degrees, as deep above 20."""
    tipped = np.array((0.0, 9.0, 11.0, 19.0, 21.0, 30.0, 21.0, 19.0, 9.0, 0.0))
    (found,) = excursions(PELVIS, tipped)
    assert (found.start_s, found.end_s) == pytest.approx((0.02, 0.07))
    assert found.top_deg == 30
    assert found.deep_s == pytest.approx(3 * PERIOD_S)


def test_a_segment_that_stays_in_its_stand_makes_no_excursion() -> None:
    assert excursions(THIGH, np.full(100, 15.0)) == []
    assert excursions(PELVIS, np.empty(0)) == []


def test_two_raises_are_two_excursions() -> None:
    found = excursions(THIGH, np.concatenate((tipping(120), tipping(100))))
    assert [round(e.top_deg) for e in found] == [120, 100]


def test_an_excursion_tells_how_far_a_thigh_was_tipped_meanwhile_and_at_no_other_time() -> None:
    tipped = np.array((0.0, 30.0, 30.0, 30.0, 0.0))
    other = np.array((90.0, 4.0, np.nan, 7.0, 90.0))
    (found,) = excursions(PELVIS, tipped, other_deg=other)
    assert found.other_deg == 7


def test_of_thighs_that_were_not_seen_nothing_is_said() -> None:
    (found,) = excursions(PELVIS, np.array((0.0, 30.0, 0.0)))
    assert np.isnan(found.other_deg)


def test_where_the_angle_is_not_known_an_excursion_ends() -> None:
    tipped = np.array((0.0, 50.0, 60.0, np.nan, 70.0, 50.0, 0.0))
    found = excursions(THIGH, tipped)
    assert [(round(e.start_s, 3), round(e.end_s, 3), e.top_deg) for e in found] == [(0.01, 0.02, 60), (0.04, 0.05, 70)]


def test_an_excursion_that_the_samples_did_not_see_the_end_of_is_finished() -> None:
    tipped = np.array((0.0, 50.0, 60.0))
    nothing = np.zeros((3, 3))
    state, ended = ritual.step(Following(), THIGH, seconds(3), tipped, np.zeros(3), nothing, np.full(3, np.nan))
    assert ended == []
    (found,) = ritual.finish(state)
    assert (found.start_s, found.end_s, found.top_deg) == (0.01, 0.02, 60)
    assert ritual.finish(Following()) == []


def test_samples_without_an_angular_rate_are_left_out_of_the_turning() -> None:
    r, tipped = mounting(7), tipping(120)
    gyr = about(0.0, 0.0, rate_degps(tipped))
    gyr[120:140] = np.nan
    rate = np.where(np.isfinite(gyr[:, 2]), rate_degps(tipped), np.nan)
    n = len(tipped)
    _, (found,) = ritual.step(Following(), THIGH, seconds(n), tipped, rate, gyr @ r.T, np.full(n, np.nan))
    axes = ritual.axes(r[:, 1], found.turning, +1)
    assert axes is not None
    np.testing.assert_allclose(axes.r_sensor_from_segment, r, atol=1e-9)


levels = st.lists(
    st.tuples(st.sampled_from([0.0, 9.0, 12.0, 25.0, 25.0, 60.0, 100.0, float("nan")]), st.integers(1, 8)),
    min_size=3,
    max_size=20,
)
cuts = st.lists(st.integers(0, 80), max_size=20)


@given(levels, cuts, st.sampled_from([THIGH, PELVIS]), st.integers(0, 1000))
def test_the_result_does_not_depend_on_how_blocks_are_cut(
    levels: list[tuple[float, int]], cuts: list[int], limits: Limits, seed: int
) -> None:
    tipped = np.concatenate([np.full(n, level) for level, n in levels])[:80]
    n, rng = len(tipped), np.random.default_rng(seed)
    time_s = np.cumsum(rng.uniform(0.001, 0.1, n))
    rate, gyr = rng.normal(0, 100, n), rng.normal(0, 2, (n, 3))
    rate[rng.random(n) < 0.1] = np.nan
    other = np.where(rng.random(n) < 0.3, np.nan, rng.uniform(0, 100, n))
    whole_state, whole = ritual.step(Following(), limits, time_s, tipped, rate, gyr, other)
    state, found = Following(), list[Excursion]()
    for a, z in pairwise([0, *sorted(min(cut, n) for cut in cuts), n]):
        state, ended = ritual.step(state, limits, time_s[a:z], tipped[a:z], rate[a:z], gyr[a:z], other[a:z])
        found += ended
    assert len(found) == len(whole)
    assert state.last_s == whole_state.last_s
    for a_part, a_whole in zip(found + ritual.finish(state), whole + ritual.finish(whole_state), strict=True):
        assert (a_part.start_s, a_part.end_s) == (a_whole.start_s, a_whole.end_s)
        assert a_part.top_deg == a_whole.top_deg
        np.testing.assert_equal(a_part.other_deg, a_whole.other_deg)
        assert a_part.deep_s == pytest.approx(a_whole.deep_s)
        np.testing.assert_allclose(a_part.turning.power, a_whole.turning.power, atol=1e-9)
        np.testing.assert_allclose(a_part.turning.outward, a_whole.turning.outward, atol=1e-9)


# The rate of tipping


def test_the_rate_of_tipping_is_the_derivative_of_the_angle() -> None:
    """A sensor that turns about all its axes at once, from any start."""
    time_s = np.arange(0.0, 2.0, 1e-4)
    gyr = np.column_stack((np.sin(3 * time_s), 0.7 * np.cos(2 * time_s), 0.5 + 0 * time_s))
    y, steps = np.array((0.6, 0.0, 0.8)), Rotation.from_rotvec(gyr * 1e-4)
    up, at = np.empty((len(time_s), 3)), Rotation.from_euler("xyz", (40, -20, 10), degrees=True)
    for i in range(len(time_s)):
        up[i] = at.inv().apply((0.0, 0.0, 1.0))
        at = at * steps[i]
    angle_deg = np.rad2deg(np.arccos(up @ y))
    found = ritual.tip_rate_degps(up, y, gyr)
    np.testing.assert_allclose(found[1:-1], np.gradient(angle_deg, time_s)[1:-1], atol=0.05)


def test_a_knee_that_comes_up_tips_the_thigh_by_as_much_as_it_turns() -> None:
    """About z, to the right: up, which was y, moves towards the front of the thigh."""
    up = np.array(((np.sin(0.5), np.cos(0.5), 0.0),))
    assert ritual.tip_rate_degps(up, Y_UP, np.array(((0.0, 0.0, np.deg2rad(90.0)),)))[0] == pytest.approx(90)
    assert ritual.tip_rate_degps(up, Y_UP, np.array(((0.0, 0.0, -np.deg2rad(90.0)),)))[0] == pytest.approx(-90)


def test_turning_about_the_length_of_the_bone_or_the_vertical_does_not_tip_it() -> None:
    up = np.array(((np.sin(0.5), np.cos(0.5), 0.0),))
    assert ritual.tip_rate_degps(up, Y_UP, Y_UP[None])[0] == pytest.approx(0)
    assert ritual.tip_rate_degps(up, Y_UP, up)[0] == pytest.approx(0)


def test_a_bone_that_points_straight_up_or_down_tips_at_no_rate() -> None:
    """Whichever way it turns it will be tipped; the angle has no derivative there."""
    up, gyr = np.array((Y_UP, -Y_UP)), np.ones((2, 3))
    np.testing.assert_array_equal(ritual.tip_rate_degps(up, Y_UP, gyr), (0, 0))


def test_the_rate_of_tipping_is_not_known_where_rate_or_orientation_is_not() -> None:
    up, gyr = np.array(((1.0, 0.0, 0.0), (np.nan,) * 3)), np.array(((np.nan,) * 3, (0.0, 0.0, 1.0)))
    found = ritual.tip_rate_degps(up, Y_UP, gyr)
    assert np.isnan(found[0])
    assert not abs(found[1]) > 0


# Axes


@pytest.mark.parametrize("seed", range(5))
def test_a_raise_gives_the_thigh_in_any_mounting(seed: int) -> None:
    """The knee comes up: a turn about +z."""
    r = mounting(seed)
    found = thigh(r, tipping(120))
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)
    np.testing.assert_array_equal(found.z_sensor, found.r_sensor_from_segment[:, 2])
    assert found.spread_deg == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_a_bow_gives_the_pelvis_in_any_mounting(seed: int) -> None:
    """The buckle goes down: a turn about -z."""
    r, tipped = mounting(seed), tipping(30, speed_degps=30)
    (bow,) = excursions(PELVIS, tipped, about(0.0, 0.0, -rate_degps(tipped)) @ r.T)
    found = ritual.axes(r[:, 1], bow.turning, -1)
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)
    assert found.spread_deg == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("part", ["rising", "falling"])
def test_the_sign_is_right_when_the_gyroscope_saw_only_half_of_the_raise(part: str) -> None:
    r, tipped = mounting(1), tipping(120)
    half = np.arange(len(tipped)) < len(tipped) // 2
    found = thigh(r, tipped, about(0.0, 0.0, rate_degps(tipped) * (half if part == "rising" else ~half)))
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)


def test_the_axes_are_right_handed_and_keep_the_given_y() -> None:
    r, tipped = mounting(2), tipping(120)
    rate = rate_degps(tipped)
    found = thigh(r, tipped, about(0.3 * np.abs(rate), 0.2 * rate, rate))
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment.T @ found.r_sensor_from_segment, np.eye(3), atol=1e-9)
    assert np.linalg.det(found.r_sensor_from_segment) == pytest.approx(1)
    np.testing.assert_array_equal(found.r_sensor_from_segment[:, 1], r[:, 1])


def test_turning_about_the_length_of_the_thigh_does_not_matter() -> None:
    r, tipped = mounting(3), tipping(120)
    found = thigh(r, tipped, about(0.0, 0.5 * rate_degps(tipped), rate_degps(tipped)))
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)


def test_stepping_beside_a_raise_does_not_count() -> None:
    """Steps lift the thigh by 30 degrees, fast, and turn it about another axis altogether."""
    r, raised, steps = mounting(4), tipping(120), np.tile(tipping(30), 5)
    turning = np.vstack((about(rate_degps(steps), 0.0, np.zeros(len(steps))), about(0.0, 0.0, rate_degps(raised))))
    found = thigh(r, np.concatenate((steps, raised)), turning)
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)


def test_what_a_thigh_does_above_130_degrees_does_not_count() -> None:
    r, tipped = mounting(4), tipping(150)
    rate = rate_degps(tipped)
    found = thigh(r, tipped, about(np.where(tipped > 130, rate, 0.0), 0.0, np.where(tipped > 130, 0.0, rate)))
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)


def test_every_raise_counts() -> None:
    """Two raises whose axes lean 10 degrees to either side of z: z is between them."""
    r, tipped, lean = mounting(5), tipping(120), np.tan(np.deg2rad(10))
    rate = rate_degps(tipped)
    found = thigh(r, np.tile(tipped, 2), np.vstack((about(lean * rate, 0.0, rate), about(-lean * rate, 0.0, rate))))
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)
    assert found.spread_deg == pytest.approx(10)


@pytest.mark.parametrize("way", [+1, -1])
def test_a_segment_that_did_not_turn_has_no_axes(way: int) -> None:
    assert ritual.axes(Y_UP, ritual.Turning(), way) is None
    assert ritual.axes(Y_UP, ritual.total([]), way) is None
    (still,) = excursions(PELVIS, tipping(30, speed_degps=30))
    assert ritual.axes(Y_UP, still.turning, way) is None


def test_a_segment_that_turned_about_its_length_only_has_no_axes() -> None:
    tipped = tipping(120)
    assert thigh(np.eye(3), tipped, about(0.0, rate_degps(tipped), np.zeros(len(tipped)))) is None


@pytest.mark.parametrize("seed", range(3))
def test_a_segment_that_turned_about_its_length_only_has_no_axes_in_any_mounting(seed: int) -> None:
    # The power across y is not zero but about 1e-16 of that along y.
    tipped = tipping(120)
    assert thigh(mounting(seed), tipped, about(0.0, rate_degps(tipped), np.zeros(len(tipped)))) is None


def test_a_segment_whose_up_axis_is_not_known_has_no_axes() -> None:
    # A pelvis sensor without a quaternion in a stand that an event marks, measured by recorded orientation.
    assert ritual.axes(np.full(3, np.nan), ritual.Turning(), -1) is None


@pytest.mark.parametrize("tipped", [np.zeros(500), tipping(30), np.full(500, np.nan), np.empty(0)])
def test_no_raise_no_axes(tipped: Floats) -> None:
    assert thigh(np.eye(3), tipped, np.ones((len(tipped), 3))) is None


def test_a_raise_too_slow_to_be_clean_gives_no_axes() -> None:
    assert thigh(mounting(0), tipping(120, speed_degps=50)) is None


@pytest.mark.parametrize("stray", [0.05, 0.2, 0.5])
def test_spread_is_the_angle_of_the_stray_turning(stray: float) -> None:
    """About x the same way up and down: no part of one axis; its RMS is `stray` of that about z."""
    tipped = tipping(120)
    rate = rate_degps(tipped)
    found = thigh(mounting(6), tipped, about(stray * np.abs(rate), 0.0, rate))
    assert found is not None
    assert found.spread_deg == pytest.approx(np.rad2deg(np.arctan(stray)), rel=0.02)


@pytest.mark.parametrize("off_deg", [0.0, 25.0, 90.0, 180.0])
def test_two_mountings_are_apart_by_the_angle_of_their_medio_lateral_axes(off_deg: float) -> None:
    turned = mounting(8) @ Rotation.from_euler("y", off_deg, degrees=True).as_matrix()
    found = ritual.between_deg(Axes(mounting(8), 0.0), Axes(turned, 3.0))
    assert found == pytest.approx(off_deg, abs=1e-6)
