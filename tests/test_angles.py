"""Bringing the headings of two sensors together, on poses made by hand with a heading error put in."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hiphold import angles
from hiphold.angles import Ahead, Angles
from hiphold.ritual import Axes
from hiphold.samples import Bools, Floats, Interval

both_sides = pytest.mark.parametrize("side", ["right", "left"])
RIGHT = {"right": 1, "left": -1}
TIME_S = np.arange(0.0, 120.0, 0.5)
STANDS: list[Interval] = [(0.0, 4.0), (58.0, 62.0), (114.0, 119.0)]
UPRIGHT = np.column_stack(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)))


def standing(time_s: Floats) -> Bools:
    """(n,) which samples lie in a stand."""
    return np.asarray(np.any([(time_s >= a) & (time_s <= b) for a, b in STANDS], axis=0))


def yawed(heading_deg: Floats | float, poses: Floats) -> Floats:
    """(n, 3, 3) poses turned about the earth's up axis."""
    turns = np.broadcast_to(heading_deg, len(poses))[:, None]
    return np.asarray(Rotation.from_euler("z", turns, degrees=True).as_matrix() @ poses)


def thigh_and_pelvis(side: str) -> tuple[Floats, Floats, Bools]:
    """Poses in one earth frame: upright in the stands; else hip 90, 10, 20 and pelvis 5, 3, 15. Also (n,) which."""
    stood, sign = standing(TIME_S), RIGHT[side]
    turned = Rotation.from_euler("YXZ", (sign * 15, -sign * 3, -5), degrees=True).as_matrix()
    hip = Rotation.from_euler("ZXY", (90, sign * 10, sign * 20), degrees=True).as_matrix()
    pelvis = np.where(stood[:, None, None], UPRIGHT, UPRIGHT @ turned)
    thigh = np.where(stood[:, None, None], pelvis, pelvis @ hip)
    return thigh, pelvis, stood


ITSELF = Axes(np.eye(3), 0.0)
"""of a sensor that sits on its segment axis on axis"""


def orientations(poses: Floats) -> Floats:
    """(n, 4) of poses (n, 3, 3); NaN where they are."""
    known = np.isfinite(poses).all(axis=(1, 2))
    q = np.full((len(poses), 4), np.nan)
    q[known] = Rotation.from_matrix(poses[known]).as_quat(scalar_first=True)
    return q


def facing(poses: Floats, stands: list[Interval]) -> Floats:
    """(m,) heading in the stands."""
    return angles.facing_rad(angles.at_stands(TIME_S, orientations(poses), stands), ITSELF)


def related(
    side: str, thigh: Floats, pelvis: Floats, trunk: Floats | None = None, stands: list[Interval] = STANDS
) -> tuple[Angles, Ahead]:
    """Angles with the headings brought together at the stands, and how far the thigh's was ahead of the pelvis'."""
    faced = facing(pelvis, stands)
    ahead = angles.ahead_of_pelvis(stands, facing(thigh, stands), faced)
    r_trunk = None
    if trunk is not None:
        trunk_ahead = angles.ahead_of_pelvis(stands, facing(trunk, stands), faced)
        r_trunk = angles.turned(trunk, -trunk_ahead.at(TIME_S))
    r_thigh = angles.turned(thigh, -ahead.at(TIME_S))
    first_rad = angles.ahead_of_pelvis(stands, faced, 0.0).first(TIME_S)
    return angles.side_angles(side, r_thigh, pelvis, first_rad, r_trunk), ahead


def check(found: Angles, stood: Bools, atol: float = 1e-6) -> None:
    for values, expected in (
        (found.hip_flexion_deg, 90),
        (found.hip_adduction_deg, 10),
        (found.hip_rotation_deg, 20),
        (found.pelvis_tilt_deg, 5),
        (found.pelvis_obliquity_deg, 3),
        (found.pelvis_rotation_deg, 15),
    ):
        np.testing.assert_allclose(values, np.where(stood, 0, expected), atol=atol)


# Thigh and pelvis


@both_sides
@pytest.mark.parametrize("offset_deg", [0.0, 30.0, 180.0, -150.0])
def test_a_heading_offset_between_the_sensors_is_removed(side: str, offset_deg: float) -> None:
    thigh, pelvis, stood = thigh_and_pelvis(side)
    found, ahead = related(side, yawed(offset_deg - 70, thigh), yawed(-70, pelvis))
    check(found, stood)
    assert ahead.drift_deg_per_min == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(np.cos(ahead.angle_rad - np.deg2rad(offset_deg)), 1)


@both_sides
@pytest.mark.parametrize(("drift_deg_per_min", "atol"), [(6.0, 0.4), (-3.0, 0.2), (80.0, 5.0)])
def test_a_steady_drift_is_followed_between_stands_and_reported(
    side: str, drift_deg_per_min: float, atol: float
) -> None:
    """Starts near the half turn so that it wraps. A twentieth of it is taken for feet that were put back otherwise."""
    thigh, pelvis, stood = thigh_and_pelvis(side)
    found, ahead = related(side, yawed(175 + drift_deg_per_min * TIME_S / 60, thigh), pelvis)
    assert ahead.drift_deg_per_min == pytest.approx(drift_deg_per_min, abs=1e-6)
    inner = (TIME_S >= 2.0) & (TIME_S <= 116.5)  # from the middle of the first stand to the middle of the last
    for values, expected in (
        (found.hip_flexion_deg, 90),
        (found.hip_adduction_deg, 10),
        (found.hip_rotation_deg, 20),
    ):
        np.testing.assert_allclose(values[inner], np.where(stood, 0, expected)[inner], atol=atol)


def test_outside_the_stands_the_nearest_difference_is_kept_and_one_stand_shows_no_drift() -> None:
    thigh, pelvis, _ = thigh_and_pelvis("right")
    found, ahead = related("right", yawed(6 * TIME_S / 60, thigh), pelvis, stands=STANDS[1:2])
    off_deg = 6 * (TIME_S[0] - 60) / 60  # a thigh that faces to the right of the pelvis: turned outward
    assert found.hip_rotation_deg[0] == pytest.approx(off_deg)
    assert ahead.drift_deg_per_min is None


def test_pelvic_rotation_is_from_the_reference_stand_and_keeps_its_drift() -> None:
    thigh, pelvis, _ = thigh_and_pelvis("right")
    found, _ = related("right", thigh, yawed(170 + 6 * TIME_S / 60, pelvis))
    at_60_s = int(np.searchsorted(TIME_S, 60.0))
    assert found.pelvis_rotation_deg[at_60_s] == pytest.approx(6 * (60 - 2) / 60)


@both_sides
def test_azimuth_is_of_the_thigh_brought_to_the_pelvis_heading(side: str) -> None:
    """The thigh level, 35 degrees across, seen by a sensor whose heading is wrong by 100."""
    stood = standing(TIME_S)
    level = np.column_stack(((0.0, 0.0, 1.0), (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)))
    across = yawed(35.0 * RIGHT[side], np.tile(level, (len(TIME_S), 1, 1)))
    thigh = np.where(stood[:, None, None], UPRIGHT, across)
    found, _ = related(side, yawed(100, thigh), np.tile(UPRIGHT, (len(TIME_S), 1, 1)))
    assert np.isnan(found.thigh_azimuth_deg[stood]).all()
    np.testing.assert_allclose(found.thigh_azimuth_deg[~stood], 35, atol=1e-9)


def test_no_stand_with_both_gives_no_difference_of_headings() -> None:
    thigh, pelvis, stood = thigh_and_pelvis("right")
    pelvis = np.where(stood[:, None, None], np.nan, pelvis)
    ahead = angles.ahead_of_pelvis(STANDS, facing(thigh, STANDS), facing(pelvis, STANDS))
    assert len(ahead.middle_s) == len(ahead.angle_rad) == 0
    assert ahead.drift_deg_per_min is None
    assert np.isnan(ahead.at(TIME_S)).all()
    assert np.isnan(ahead.first(TIME_S)).all()


def test_only_stands_that_show_both_count() -> None:
    """The middle of the second, in which the pelvis is not seen, is not among them."""
    ahead = angles.ahead_of_pelvis(STANDS, np.array((0.3, 0.4, 0.5)), np.array((0.1, np.nan, 0.1)))
    np.testing.assert_allclose(ahead.middle_s, (2.0, 116.5))
    np.testing.assert_allclose(ahead.angle_rad, (0.2, 0.4))
    at = ahead.at(np.array((0.0, 2.0, 59.25, 116.5)))
    np.testing.assert_allclose(at, (0.2, 0.2, 0.3, 0.4), atol=0.005)


def test_the_first_heading_is_that_of_the_first_stand_that_shows_it() -> None:
    stands: list[Interval] = [(0.0, 4.0), (10.0, 12.0), (20.0, 22.0), (30.0, 32.0)]
    first = angles.ahead_of_pelvis(stands, np.array((np.nan, np.nan, 3.0, 4.0)), 0.0).first(np.array((-1.0, 0.0, 99.0)))
    np.testing.assert_allclose(first, (3.0, 3.0, 3.0))
    assert np.isnan(angles.ahead_of_pelvis(stands[:1], np.array((np.nan,)), 0.0).first(TIME_S)).all()
    assert np.isnan(angles.ahead_of_pelvis([], np.empty(0), 0.0).first(TIME_S)).all()
    assert angles.ahead_of_pelvis(stands[:1], np.array((1.0,)), 0.0).first(np.empty(0)).shape == (0,)


# Headings that began anew


FOUR: list[Interval] = [(0.0, 2.0), (20.0, 22.0), (60.0, 62.0), (80.0, 82.0)]


def anew(*breaks_s: float, ahead_rad: tuple[float, ...] = (0.1, 0.3, 2.0, 2.4)) -> Ahead:
    """Stands about 1, 21, 61 and 81 s."""
    return angles.ahead_of_pelvis(FOUR, np.array(ahead_rad), 0.0, breaks_s)


def test_nothing_is_carried_from_one_side_of_a_break_to_the_other() -> None:
    """To either side as if there were nothing on the other, up to the break itself."""
    before_s, after_s = np.array((0.0, 11.0, 30.0, 39.99)), np.array((40.0, 55.0, 71.0, 99.0))
    found = anew(40.0).at(np.concatenate((before_s, after_s)))
    others = anew(40.0, ahead_rad=(0.1, 0.3, -1.0, -1.1)), anew(40.0, ahead_rad=(-2.0, 1.0, 2.0, 2.4))
    np.testing.assert_allclose(found[:4], others[0].at(before_s))
    np.testing.assert_allclose(found[4:], others[1].at(after_s))
    np.testing.assert_allclose(found[:4], angles.ahead_of_pelvis(FOUR[:2], np.array((0.1, 0.3)), 0.0).at(before_s))
    assert (anew().at(before_s) > found[:4] + 0.05).tolist() == [False, True, True, True]


def test_between_two_breaks_without_a_stand_nothing_is_known() -> None:
    time_s = np.array((0.0, 29.0, 30.0, 49.0, 50.0, 99.0))
    for ahead in (anew(30.0, 50.0), anew(50.0, 30.0)):
        np.testing.assert_array_equal(np.isnan(ahead.at(time_s)), (False, False, True, True, False, False))
        np.testing.assert_allclose(ahead.first(time_s), (0.1, 0.1, np.nan, np.nan, 2.0, 2.0))


def test_before_the_first_stand_of_all_and_after_a_break_with_none_left_nothing_is_known() -> None:
    assert np.isnan(anew(-5.0).at(np.array((-10.0, -5.1)))).all()
    assert np.isnan(anew(90.0).at(np.array((90.0, 120.0)))).all()
    assert np.isfinite(anew(90.0).at(np.array((89.9,)))).all()


def test_the_first_stand_of_all_is_exact_and_the_first_after_a_break_is_not() -> None:
    """A foot was put back before that one as before all others: the two that follow have as much to say."""
    ahead = anew(15.0, ahead_rad=(0.1, 1.0, 1.05, 0.95))
    first, second = ahead.at(np.array((1.0, 21.0)))
    assert first == pytest.approx(0.1, abs=1e-9)
    assert second == pytest.approx(1.0, abs=0.05)
    assert abs(second - 1.0) > 1e-4


def test_when_the_first_stand_lies_after_a_break_none_is_exact() -> None:
    """It is not the reference stand, by which all headings are zero."""
    assert anew().at(np.array((1.0,)))[0] == pytest.approx(0.1, abs=1e-9)
    assert abs(anew(-5.0).at(np.array((1.0,)))[0] - 0.1) > 1e-3


def test_the_first_heading_is_that_of_the_first_stand_since_the_last_break() -> None:
    time_s = np.array((-9.0, 0.0, 39.9, 40.0, 70.0, 200.0))
    np.testing.assert_allclose(anew(40.0).first(time_s), (0.1, 0.1, 0.1, 2.0, 2.0, 2.0))
    np.testing.assert_allclose(anew().first(time_s), np.full(6, 0.1))


def test_on_either_side_of_a_break_the_heading_goes_on_where_it_wraps() -> None:
    """Through the half turn after the break, and not before it."""
    ahead = anew(40.0, ahead_rad=(0.0, 0.2, 3.0, -3.0))
    middle = ahead.at(np.array((11.0, 71.0)))
    np.testing.assert_allclose(np.angle(np.exp(1j * (middle - (0.1, np.pi)))), 0, atol=0.04)


def test_drift_is_that_before_the_first_break() -> None:
    assert anew(40.0).drift_deg_per_min == pytest.approx(60 * np.rad2deg(0.2 / 20))
    assert anew(40.0, 70.0).drift_deg_per_min == pytest.approx(60 * np.rad2deg(0.2 / 20))
    assert anew(10.0).drift_deg_per_min is None
    assert anew(-1.0).drift_deg_per_min is None


# The course of a heading


KNOWN_S = np.array((2.0, 25.0, 60.0, 61.0, 140.0))
either = pytest.mark.parametrize("zeroed", [False, True])


def drawn(level_rad: float, zeroed: bool, time_s: Floats, n: int, seed: int = 0) -> tuple[Floats, Floats]:
    """n courses as `drifting` supposes them, step by step: (n, m) seen at KNOWN_S, (n, k) true at time_s, rising."""
    rng = np.random.default_rng(seed)
    at_s = np.unique(np.concatenate((KNOWN_S, time_s)))
    rate, walk = angles.DRIFT_RADPS[zeroed], angles.WALK_RAD2PS[zeroed]
    steps = rng.standard_normal((n, len(at_s) - 1)) * np.sqrt(walk * np.diff(at_s))
    course = np.zeros((n, len(at_s)))
    course[:, 1:] = np.cumsum(steps, axis=1)
    course += level_rad * rng.standard_normal((n, 1)) + rate * rng.standard_normal((n, 1)) * (at_s - KNOWN_S[0])
    seen = course[:, np.searchsorted(at_s, KNOWN_S)] + angles.FOOT_RAD * rng.standard_normal((n, len(KNOWN_S)))
    if not level_rad:
        seen[:, 0] = 0.0
    return seen, course[:, np.searchsorted(at_s, time_s)]


@either
@pytest.mark.parametrize("level_rad", [0.0, np.pi])
def test_no_straight_rule_for_the_course_of_a_heading_is_better(zeroed: bool, level_rad: float) -> None:
    """Against the best that least squares finds from many drawn courses, and against a line from stand to stand."""
    time_s = np.array((2.0, 10.0, 25.0, 45.0, 100.0, 140.0, 170.0))
    seen, true = drawn(level_rad, zeroed, time_s, 20_000)
    fitted = np.linalg.lstsq(seen, true)[0]
    seen, true = drawn(level_rad, zeroed, time_s, 3_000, seed=1)
    found = np.array([angles.drifting(time_s, KNOWN_S, each, level_rad, zeroed) for each in seen])
    straight = np.array([np.interp(time_s, KNOWN_S, each) for each in seen])
    of_found, of_fitted, of_straight = (
        np.sqrt(np.mean((x - true) ** 2, axis=0)) for x in (found, seen @ fitted, straight)
    )
    np.testing.assert_allclose(of_found, of_fitted, rtol=0.02, atol=1e-6)
    assert (of_found[1:] < 0.99 * of_straight[1:]).all()


@either
def test_the_reference_stand_is_exact_whatever_comes_after(zeroed: bool) -> None:
    for angle in np.random.default_rng(2).uniform(-1, 1, (20, 5)):
        found = angles.drifting(np.array((-9.0, 0.0, 2.0)), KNOWN_S, angle, 0.0, zeroed)
        np.testing.assert_allclose(found, angle[0], atol=1e-9)


@either
@pytest.mark.parametrize("level_rad", [0.0, np.pi])
def test_one_stand_holds_for_ever_and_a_constant_stays_constant(zeroed: bool, level_rad: float) -> None:
    time_s = np.array((-50.0, 2.0, 3.0, 1000.0))
    np.testing.assert_allclose(angles.drifting(time_s, KNOWN_S[:1], np.array((0.7,)), level_rad, zeroed), 0.7)
    np.testing.assert_allclose(angles.drifting(time_s, KNOWN_S, np.full(5, 0.7), level_rad, zeroed), 0.7)


@either
def test_a_steady_drift_goes_on_after_the_last_stand(zeroed: bool) -> None:
    """As fast as such a sensor may drift: found to a tenth of it, from stands for ten minutes."""
    known_s = np.arange(2.0, 600.0, 30.0)
    rate = angles.DRIFT_RADPS[zeroed]
    found = angles.drifting(np.array((660.0,)), known_s, 0.4 + rate * (known_s - 2), 0.0, zeroed)
    assert found[0] == pytest.approx(0.4 + rate * 658, abs=0.1 * rate * 90)


@either
def test_two_stands_at_one_instant_are_both_heard(zeroed: bool) -> None:
    at_s, known_s = np.array((50.0,)), np.array((2.0, 50.0, 50.0))
    found = angles.drifting(at_s, known_s, np.array((0.0, 0.0, 0.04)), 0.0, zeroed)
    middle = angles.drifting(at_s, known_s, np.array((0.0, 0.02, 0.02)), 0.0, zeroed)
    np.testing.assert_allclose(found, middle)


def test_headings_of_zeroed_gyroscopes_are_taken_to_drift_less() -> None:
    """So a later stand that differs is rather taken for a foot."""
    both = [angles.ahead_of_pelvis(STANDS, np.array((0.0, 0.0, 0.1)), 0.0, (), zeroed) for zeroed in (False, True)]
    usual, zeroed = (ahead.at(np.array((116.5,)))[0] for ahead in both)
    assert 0 < zeroed < usual < 0.1


@both_sides
def test_a_thigh_whose_heading_began_anew_is_brought_to_the_pelvis_on_either_side_of_the_gap(side: str) -> None:
    """After 40 s it is 100 degrees further. Two of the three stands are after that."""
    thigh, pelvis, stood = thigh_and_pelvis(side)
    thigh = yawed(np.where(TIME_S < 40, 10.0, 110.0), thigh)
    ahead = angles.ahead_of_pelvis(STANDS, facing(thigh, STANDS), facing(pelvis, STANDS), (40.0,))
    first_rad = angles.ahead_of_pelvis(STANDS, facing(pelvis, STANDS), 0.0).first(TIME_S)
    check(angles.side_angles(side, angles.turned(thigh, -ahead.at(TIME_S)), pelvis, first_rad, None), stood)


@both_sides
def test_a_pelvis_whose_heading_began_anew_rotates_from_its_first_stand_after_the_gap(side: str) -> None:
    thigh, pelvis, stood = thigh_and_pelvis(side)
    pelvis = yawed(np.where(TIME_S < 40, 10.0, -130.0), pelvis)
    faced = facing(pelvis, STANDS)
    ahead = angles.ahead_of_pelvis(STANDS, facing(thigh, STANDS), faced, (40.0,))
    first_rad = angles.ahead_of_pelvis(STANDS, faced, 0.0, (40.0,)).first(TIME_S)
    check(angles.side_angles(side, angles.turned(thigh, -ahead.at(TIME_S)), pelvis, first_rad, None), stood)


def test_where_the_pelvis_has_no_samples_nothing_is_known() -> None:
    thigh, pelvis, stood = thigh_and_pelvis("right")
    gone = (TIME_S > 20) & (TIME_S < 60)  # half of the second stand with it
    found, _ = related("right", thigh, np.where(gone[:, None, None], np.nan, pelvis))
    for name in ("hip_flexion_deg", "hip_adduction_deg", "hip_rotation_deg", "pelvis_tilt_deg", "pelvis_rotation_deg"):
        np.testing.assert_array_equal(np.isnan(getattr(found, name)), gone, err_msg=name)
    assert np.isnan(found.thigh_azimuth_deg[gone]).all()
    np.testing.assert_allclose(found.hip_flexion_deg[~gone], np.where(stood, 0, 90)[~gone], atol=1e-6)


def test_a_pelvis_sensor_that_came_after_the_reference_stand_still_gives_its_rotation() -> None:
    """From the first stand that shows it."""
    thigh, pelvis, stood = thigh_and_pelvis("right")
    late = TIME_S < 20
    found, _ = related("right", thigh, np.where(late[:, None, None], np.nan, pelvis))
    np.testing.assert_allclose(found.pelvis_rotation_deg[~late], np.where(stood, 0, 15)[~late], atol=1e-6)


# Trunk


def upright_then(pose: Floats) -> tuple[Floats, Bools]:
    """(n, 3, 3) upright in the stands, so between them; and which is in a stand."""
    stood = standing(TIME_S)
    return np.where(stood[:, None, None], UPRIGHT, pose), stood


def leaning_forward(deg: float) -> Floats:
    """The chest towards the floor: what pointed forward points down."""
    s, c = float(np.sin(np.deg2rad(deg))), float(np.cos(np.deg2rad(deg)))
    return np.column_stack(((c, 0.0, -s), (s, 0.0, c), (0.0, -1.0, 0.0)))


def turned_to_the_left(deg: float) -> Floats:
    """The right shoulder forward."""
    return np.asarray(yawed(deg, UPRIGHT[None])[0])


STILL = np.tile(UPRIGHT, (len(TIME_S), 1, 1))


@both_sides
@pytest.mark.parametrize("offset_deg", [0.0, 100.0, -150.0])
def test_in_the_stands_the_trunk_is_at_zero_whatever_its_heading(side: str, offset_deg: float) -> None:
    trunk, stood = upright_then(leaning_forward(20))
    found, _ = related(side, STILL, STILL, yawed(offset_deg, trunk))
    np.testing.assert_allclose(found.trunk_tilt_deg[stood], 0, atol=1e-6)
    np.testing.assert_allclose(found.trunk_rotation_deg[stood], 0, atol=1e-6)


@both_sides
@pytest.mark.parametrize("deg", [20.0, -12.0])
def test_a_trunk_that_leans_forward_is_tilted_positive_of_both_legs(side: str, deg: float) -> None:
    trunk, stood = upright_then(leaning_forward(deg))
    found, _ = related(side, STILL, STILL, yawed(100, trunk))
    np.testing.assert_allclose(found.trunk_tilt_deg[~stood], deg, atol=1e-6)
    np.testing.assert_allclose(found.trunk_rotation_deg[~stood], 0, atol=1e-6)


@both_sides
def test_a_trunk_that_brings_the_measured_side_forward_is_rotated_positive(side: str) -> None:
    """To the left for the right leg, to the right for the left one."""
    trunk, stood = upright_then(turned_to_the_left(25.0 * RIGHT[side]))
    found, _ = related(side, STILL, STILL, yawed(-130, trunk))
    np.testing.assert_allclose(found.trunk_rotation_deg[~stood], 25, atol=1e-6)
    np.testing.assert_allclose(found.trunk_tilt_deg[~stood], 0, atol=1e-6)


@both_sides
def test_a_trunk_that_goes_with_the_pelvis_stays_at_zero(side: str) -> None:
    for pose in (leaning_forward(20), turned_to_the_left(170)):
        both, _ = upright_then(pose)
        found, _ = related(side, STILL, both, yawed(40, both))
        np.testing.assert_allclose(found.trunk_tilt_deg, 0, atol=1e-6)
        np.testing.assert_allclose(found.trunk_rotation_deg, 0, atol=1e-6)


def test_without_a_trunk_sensor_nothing_is_known_of_the_trunk() -> None:
    found, _ = related("right", STILL, STILL)
    assert np.isnan(found.trunk_tilt_deg).all()
    assert np.isnan(found.trunk_rotation_deg).all()
    np.testing.assert_allclose(found.hip_flexion_deg, 0, atol=1e-6)


# What is put together and what is left out


NAMES = list(vars(angles.unknown(0)))


def numbered(n: int) -> Angles:
    """Every value is another one."""
    return Angles(*np.arange(float(n * len(NAMES))).reshape(len(NAMES), n))


def test_of_what_is_unknown_nothing_is_known() -> None:
    found = angles.unknown(3)
    assert len(found) == 3
    for name in NAMES:
        np.testing.assert_array_equal(getattr(found, name), (np.nan, np.nan, np.nan))
    assert len(angles.unknown(0)) == 0


def test_joined_angles_are_end_to_end() -> None:
    found = angles.joined([numbered(2), angles.unknown(0), angles.unknown(1), numbered(3)])
    assert len(found) == 6
    for name in NAMES:
        expected = (*getattr(numbered(2), name), np.nan, *getattr(numbered(3), name))
        np.testing.assert_array_equal(getattr(found, name), expected)


def test_of_a_thigh_that_may_face_any_way_flexion_is_left_and_rotation_adduction_and_azimuth_are_not() -> None:
    found, before = angles.without_facing(numbered(4)), numbered(4)
    for name in NAMES:
        gone = name in ("hip_adduction_deg", "hip_rotation_deg", "thigh_azimuth_deg")
        expected = np.full(4, np.nan) if gone else getattr(before, name)
        np.testing.assert_array_equal(getattr(found, name), expected, err_msg=name)


@pytest.mark.parametrize(
    ("slipped", "emptied"),
    [("thigh", ("hip", "thigh")), ("pelvis", ("hip", "thigh", "pelvis", "trunk")), ("trunk", ("trunk",))],
)
def test_from_when_a_sensor_slipped_what_rests_on_it_is_empty(slipped: str, emptied: tuple[str, ...]) -> None:
    time_s, before = np.array((1.0, 2.0, 3.0, 4.0)), numbered(4)
    found = angles.until(before, time_s, *(3.0 if name == slipped else np.inf for name in ("thigh", "pelvis", "trunk")))
    for name in NAMES:
        values = getattr(before, name)
        expected = np.where(time_s < 3, values, np.nan) if name.split("_")[0] in emptied else values
        np.testing.assert_array_equal(getattr(found, name), expected, err_msg=name)


def test_of_sensors_that_never_slipped_all_is_left() -> None:
    found = angles.until(numbered(2), np.array((1.0, 2.0)), np.inf, np.inf, np.inf)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(found, name), getattr(numbered(2), name))
    assert len(angles.until(angles.unknown(0), np.empty(0), 1.0, 1.0, 1.0)) == 0


# Orientations


def test_segment_rotation_is_sensor_in_earth_times_segment_in_sensor() -> None:
    earth, mounted = Rotation.random(4, random_state=1), Rotation.random(random_state=2)
    found = angles.segment_rotation(earth.as_quat(scalar_first=True), Axes(mounted.as_matrix(), 0.0))
    np.testing.assert_allclose(found, (earth * mounted).as_matrix(), atol=1e-12)


def test_turned_is_a_turn_about_the_vertical() -> None:
    """Counter-clockwise seen from above; each by its own angle, or all by one."""
    poses = Rotation.random(5, random_state=3).as_matrix()
    each = np.array((0.0, 30.0, 90.0, 180.0, -100.0))
    np.testing.assert_allclose(angles.turned(poses, np.deg2rad(each)), yawed(each, poses), atol=1e-12)
    np.testing.assert_allclose(angles.turned(poses, np.deg2rad(40.0)), yawed(40.0, poses), atol=1e-12)


def test_turned_leaves_what_it_was_given_as_it_was() -> None:
    poses = Rotation.random(2, random_state=3).as_matrix()
    before = poses.copy()
    angles.turned(poses, 1.0)
    np.testing.assert_array_equal(poses, before)
    assert angles.turned(poses[:0], np.empty(0)).shape == (0, 3, 3)


def swaying(n: int, seed: int = 4) -> tuple[Rotation, Floats]:
    """An orientation, and (2 n, 4) that sway by a few degrees to either side of it."""
    middle = Rotation.random(random_state=seed)
    sway = np.random.default_rng(seed).normal(0, np.deg2rad(3), (n, 3))
    return middle, (middle * Rotation.from_rotvec(np.vstack((sway, -sway)))).as_quat(scalar_first=True)


def off_deg(q: Floats, middle: Rotation) -> float:
    return float(np.rad2deg((Rotation.from_quat(q, scalar_first=True) * middle.inv()).magnitude()))


def test_the_mean_orientation_is_in_the_middle() -> None:
    middle, q = swaying(50)
    assert off_deg(angles.mean_orientation(q), middle) < 0.01
    assert np.linalg.norm(angles.mean_orientation(q)) == pytest.approx(1)


def test_the_mean_orientation_does_not_depend_on_the_signs() -> None:
    """q and -q are one rotation."""
    middle, q = swaying(50)
    for signs in (np.resize((1.0, -1.0), 100), np.resize((-1.0, 1.0, 1.0), 100)):
        assert off_deg(angles.mean_orientation(signs[:, None] * q), middle) < 0.01


def test_the_mean_orientation_leaves_out_what_is_not_known() -> None:
    middle, q = swaying(50)
    with_gaps = np.repeat(q, 2, axis=0)
    with_gaps[::2] = np.nan
    assert off_deg(angles.mean_orientation(with_gaps), middle) < 0.01
    assert np.isnan(angles.mean_orientation(np.full((3, 4), np.nan))).all()
    assert angles.mean_orientation(np.empty((0, 4))).shape == (4,)


def test_at_stands_is_the_mean_of_the_samples_in_each_stand() -> None:
    """A sensor that turns at 5 degrees a second, has nothing in the last stand, and is NaN in the fourth."""
    time_s = np.arange(0.0, 20.0, 0.1)
    q = Rotation.from_euler("z", 5 * time_s[:, None], degrees=True).as_quat(scalar_first=True)
    q[150:] = np.nan
    found = angles.at_stands(time_s, q, [(0.0, 2.0), (1.0, 1.0), (6.0, 8.0), (16.0, 18.0), (30.0, 32.0)])
    assert found.shape == (5, 4)
    heading = Rotation.from_quat(found[:3], scalar_first=True).as_euler("zyx", degrees=True)[:, 0]
    np.testing.assert_allclose(heading, (5, 5, 35), atol=1e-6)
    assert np.isnan(found[3:]).all()


@pytest.mark.parametrize("deg", [0.0, 70.0, 180.0, -100.0])
def test_a_segment_faces_where_its_front_points_however_the_sensor_sits(deg: float) -> None:
    r = Rotation.random(random_state=5).as_matrix()
    q = orientations(yawed(deg, UPRIGHT[None]) @ r.T)
    found = angles.facing_rad(q, Axes(r, 0.0))
    np.testing.assert_allclose(np.exp(1j * found), np.exp(1j * np.deg2rad(deg)), atol=1e-9)
    assert np.isnan(angles.facing_rad(np.full((1, 4), np.nan), Axes(r, 0.0))).all()


def test_wrapped_deg() -> None:
    wrapped = angles.wrapped_deg(np.array((0.0, 179.0, 180.0, 181.0, -180.0, -190.0, 725.0)))
    np.testing.assert_allclose(wrapped, (0, 179, -180, -179, -180, 170, 5))
