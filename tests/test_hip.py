"""Hip angles and thigh azimuth of poses written out by hand: what a physiotherapist sees, and the sign it must have.

Earth z is up. The athlete faces earth +x, so left is +y and right is -y. Segments: x anterior, y up the bone, z right.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hiphold.hip import hip_angles_deg, thigh_azimuth_deg
from hiphold.samples import Floats

both_sides = pytest.mark.parametrize("side", ["right", "left"])
TO_THE_LEFT = {"right": 1, "left": -1}
"""towards the other leg: to the athlete's left for the right leg"""


def segment(x: tuple[float, float, float], y: tuple[float, float, float], z: tuple[float, float, float]) -> Floats:
    """(3, 3) R_earth_from_segment from its axes in the earth."""
    return np.column_stack((x, y, z))


def sincos(deg: float) -> tuple[float, float]:
    return float(np.sin(np.deg2rad(deg))), float(np.cos(np.deg2rad(deg)))


UPRIGHT = segment((1, 0, 0), (0, 0, 1), (0, -1, 0))


def knee_forward(deg: float) -> Floats:
    """The knee swung forward and up by so much from hanging: the femur points along (sin, 0, -cos)."""
    s, c = sincos(deg)
    return segment((c, 0, s), (-s, 0, c), (0, -1, 0))


def knee_to_the_left(deg: float) -> Floats:
    """The hanging leg moved sideways: the femur points along (0, sin, -cos)."""
    s, c = sincos(deg)
    return segment((1, 0, 0), (0, -s, c), (0, -c, -s))


def toes_to_the_left(deg: float) -> Floats:
    """The hanging leg turned about its length, counter-clockwise seen from above; upright pelves turn this way too."""
    s, c = sincos(deg)
    return segment((c, s, 0), (0, 0, 1), (s, -c, 0))


def level_and_to_the_left(deg: float) -> Floats:
    """The thigh level, its front upwards, the femur along (cos, sin, 0)."""
    s, c = sincos(deg)
    return segment((0, 0, 1), (-c, -s, 0), (s, -c, 0))


def tipped_forward(deg: float) -> Floats:
    """A pelvis whose front went down by so much."""
    s, c = sincos(deg)
    return segment((c, 0, -s), (s, 0, c), (0, -1, 0))


def hip(thigh: Floats, side: str, pelvis: Floats = UPRIGHT) -> Floats:
    return np.asarray(hip_angles_deg((pelvis.T @ thigh)[None], side)[0])


def azimuth(thigh: Floats, side: str, pelvis: Floats = UPRIGHT) -> float:
    return float(thigh_azimuth_deg(thigh[None], pelvis[None], side)[0])


@both_sides
def test_standing_is_zero(side: str) -> None:
    np.testing.assert_allclose(hip(UPRIGHT, side), 0, atol=1e-12)


@both_sides
def test_knee_lifted_flexion_positive(side: str) -> None:
    np.testing.assert_allclose(hip(knee_forward(40), side), (40, 0, 0), atol=1e-9)


@both_sides
def test_knee_behind_the_body_flexion_negative(side: str) -> None:
    np.testing.assert_allclose(hip(knee_forward(-15), side), (-15, 0, 0), atol=1e-9)


@both_sides
def test_leg_moved_across_the_midline_adduction_positive(side: str) -> None:
    np.testing.assert_allclose(hip(knee_to_the_left(20 * TO_THE_LEFT[side]), side), (0, 20, 0), atol=1e-9)


@both_sides
def test_leg_moved_away_from_the_midline_adduction_negative(side: str) -> None:
    np.testing.assert_allclose(hip(knee_to_the_left(-20 * TO_THE_LEFT[side]), side), (0, -20, 0), atol=1e-9)


@both_sides
def test_toes_turned_in_internal_rotation_positive(side: str) -> None:
    np.testing.assert_allclose(hip(toes_to_the_left(25 * TO_THE_LEFT[side]), side), (0, 0, 25), atol=1e-9)


@both_sides
def test_toes_turned_out_internal_rotation_negative(side: str) -> None:
    np.testing.assert_allclose(hip(toes_to_the_left(-25 * TO_THE_LEFT[side]), side), (0, 0, -25), atol=1e-9)


@both_sides
def test_thirty_degrees_above_level_is_a_flexion_of_120(side: str) -> None:
    thigh = knee_forward(120)
    np.testing.assert_allclose(-thigh[:, 1], (np.sqrt(0.75), 0, 0.5), atol=1e-12)  # the femur, 30 degrees above level
    np.testing.assert_allclose(hip(thigh, side), (120, 0, 0), atol=1e-9)


@both_sides
def test_posterior_pelvic_tilt_under_the_same_thigh_is_less_flexion(side: str) -> None:
    np.testing.assert_allclose(hip(knee_forward(120), side, tipped_forward(-20)), (100, 0, 0), atol=1e-9)
    np.testing.assert_allclose(hip(knee_forward(120), side, tipped_forward(20)), (140, 0, 0), atol=1e-9)


angle = st.floats(-170, 170)


@both_sides
@given(flexion=angle, adduction=st.floats(-80, 80), internal=angle, pelvis=st.tuples(angle, angle, angle))
def test_round_trip(
    side: str, flexion: float, adduction: float, internal: float, pelvis: tuple[float, float, float]
) -> None:
    """Rz(flexion) Rx(adduction) Ry(internal rotation); the left leg's sideways angles mirrored."""
    mirrored = TO_THE_LEFT[side]
    made = Rotation.from_euler("ZXY", (flexion, mirrored * adduction, mirrored * internal), degrees=True)
    r_earth_from_pelvis = Rotation.from_euler("zyx", pelvis, degrees=True).as_matrix()
    thigh = r_earth_from_pelvis @ made.as_matrix()
    np.testing.assert_allclose(hip(thigh, side, r_earth_from_pelvis), (flexion, adduction, internal), atol=1e-7)


@both_sides
def test_thigh_level_and_pointing_ahead_has_no_azimuth_to_either_side(side: str) -> None:
    assert azimuth(level_and_to_the_left(0), side) == pytest.approx(0, abs=1e-9)


@both_sides
def test_thigh_level_and_pointing_across_the_body_azimuth_positive(side: str) -> None:
    assert azimuth(level_and_to_the_left(35 * TO_THE_LEFT[side]), side) == pytest.approx(35)


@both_sides
def test_thigh_level_and_pointing_outward_azimuth_negative(side: str) -> None:
    assert azimuth(level_and_to_the_left(-50 * TO_THE_LEFT[side]), side) == pytest.approx(-50)


@both_sides
@pytest.mark.parametrize("facing", [-170.0, -90.0, 0.0, 100.0, 179.0])
def test_azimuth_is_from_where_the_pelvis_faces(side: str, facing: float) -> None:
    thigh = level_and_to_the_left(facing + 35 * TO_THE_LEFT[side])
    assert azimuth(thigh, side, toes_to_the_left(facing)) == pytest.approx(35)


@both_sides
def test_a_pelvis_turned_towards_the_leg_under_the_same_thigh_takes_azimuth_away(side: str) -> None:
    thigh = level_and_to_the_left(35 * TO_THE_LEFT[side])
    assert azimuth(thigh, side, toes_to_the_left(10 * TO_THE_LEFT[side])) == pytest.approx(25)


@both_sides
def test_turning_the_thigh_about_its_length_is_rotation_and_no_azimuth(side: str) -> None:
    """Thigh level and ahead: its front leans to the athlete's left as the right thigh turns outward or the left inward.

    x = (0, sin, cos), y = (-1, 0, 0), z = x cross y = (0, -cos, sin).
    """
    s, c = sincos(30)
    thigh = segment((0, s, c), (-1, 0, 0), (0, -c, s))
    assert azimuth(thigh, side) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(hip(thigh, side), (90, 0, 30 * TO_THE_LEFT[side]), atol=1e-9)


@both_sides
def test_hanging_thigh_has_no_azimuth(side: str) -> None:
    assert np.isnan(azimuth(UPRIGHT, side))
    assert np.isnan(azimuth(knee_forward(19.9), side))
    assert azimuth(knee_forward(20.1), side) == pytest.approx(0, abs=1e-9)


@both_sides
def test_thigh_straight_up_has_no_azimuth(side: str) -> None:
    assert np.isnan(azimuth(knee_forward(170), side))


@both_sides
def test_unknown_stays_unknown(side: str) -> None:
    nowhere = np.full((1, 3, 3), np.nan)
    assert np.isnan(hip_angles_deg(nowhere, side)).all()
    assert np.isnan(thigh_azimuth_deg(knee_forward(90)[None], nowhere, side)).all()
