"""Pelvic angles of poses written out by hand, one sign each, from both sides; nothing else may change.

Earth z is up. The athlete faces earth +x, so left is +y and right is -y. Segments: x anterior, y up, z right.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hiphold.pelvis import heading_rad, pelvis_angles_deg
from hiphold.samples import Floats

both_sides = pytest.mark.parametrize("side", ["right", "left"])
RIGHT = {"right": 1, "left": -1}
UPRIGHT = np.column_stack(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)))


def sincos(deg: float) -> tuple[float, float]:
    return float(np.sin(np.deg2rad(deg))), float(np.cos(np.deg2rad(deg)))


def buckle_down(deg: float) -> Floats:
    """The front of the pelvis, x, tips below the horizon."""
    s, c = sincos(deg)
    return np.column_stack(((c, 0, -s), (s, 0, c), (0, -1, 0)))


def right_side_up(deg: float) -> Floats:
    """The right side, z, rises above the horizon and the top leans to the left."""
    s, c = sincos(deg)
    return np.column_stack(((1, 0, 0), (0, s, c), (0, -c, s)))


def right_side_forward(deg: float) -> Floats:
    """The right side, z, comes forward: a turn to the left."""
    s, c = sincos(deg)
    return np.column_stack(((c, s, 0), (0, 0, 1), (s, -c, 0)))


def angles(pelvis: Floats, side: str) -> Floats:
    return np.asarray(pelvis_angles_deg(pelvis[None], side)[0])


@both_sides
def test_upright_is_zero(side: str) -> None:
    np.testing.assert_allclose(angles(UPRIGHT, side), 0, atol=1e-12)


@both_sides
def test_belt_buckle_tipped_forward_down_tilt_positive(side: str) -> None:
    np.testing.assert_allclose(angles(buckle_down(15), side), (15, 0, 0), atol=1e-9)


@both_sides
def test_tail_tucked_under_tilt_negative(side: str) -> None:
    np.testing.assert_allclose(angles(buckle_down(-15), side), (-15, 0, 0), atol=1e-9)


@both_sides
def test_measured_side_hitched_up_obliquity_positive(side: str) -> None:
    np.testing.assert_allclose(angles(right_side_up(10 * RIGHT[side]), side), (0, 10, 0), atol=1e-9)


@both_sides
def test_measured_side_dropped_obliquity_negative(side: str) -> None:
    np.testing.assert_allclose(angles(right_side_up(-10 * RIGHT[side]), side), (0, -10, 0), atol=1e-9)


@both_sides
def test_measured_side_turned_forward_rotation_positive(side: str) -> None:
    np.testing.assert_allclose(angles(right_side_forward(20 * RIGHT[side]), side), (0, 0, 20), atol=1e-9)


@both_sides
def test_measured_side_turned_back_rotation_negative(side: str) -> None:
    np.testing.assert_allclose(angles(right_side_forward(-20 * RIGHT[side]), side), (0, 0, -20), atol=1e-9)


@both_sides
@given(tilt=st.floats(-80, 80), obliquity=st.floats(-80, 80), rotation=st.floats(-179, 179))
def test_round_trip(side: str, tilt: float, obliquity: float, rotation: float) -> None:
    """Rotation about the earth's up, then obliquity about the forward axis, then tilt about the axis to the right."""
    turns = (RIGHT[side] * rotation, -RIGHT[side] * obliquity, -tilt)
    made = UPRIGHT @ Rotation.from_euler("YXZ", turns, degrees=True).as_matrix()
    np.testing.assert_allclose(angles(made, side), (tilt, obliquity, rotation), atol=1e-7)


@given(heading=st.floats(-179, 179), tipped=st.floats(-170, 170))
def test_heading_is_counter_clockwise_from_above_and_not_moved_by_tipping(heading: float, tipped: float) -> None:
    pelvis = Rotation.from_euler("z", heading, degrees=True).as_matrix() @ buckle_down(tipped)
    assert np.rad2deg(heading_rad(pelvis[None])[0]) == pytest.approx(heading, abs=1e-7)


@pytest.mark.parametrize(
    ("forward", "right", "heading_deg"),
    [
        ((1, 0, 0), (0, -1, 0), 0),
        ((0, 1, 0), (1, 0, 0), 90),
        ((0, -1, 0), (-1, 0, 0), -90),
    ],
)
def test_heading_ahead_left_and_right(
    forward: tuple[int, int, int], right: tuple[int, int, int], heading_deg: float
) -> None:
    facing = np.column_stack((forward, (0.0, 0.0, 1.0), right))
    assert np.rad2deg(heading_rad(facing[None])[0]) == pytest.approx(heading_deg)


def test_facing_back_is_a_half_turn() -> None:
    back = np.column_stack(((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)))
    assert abs(heading_rad(back[None])[0]) == pytest.approx(np.pi)
