"""Sensor to segment: elevation of poses worked out by hand, from any mounting, and bows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hiphold.alignment import Alignment, align_to_stand, femur_elevation_deg, find_bows, tipped_deg
from hiphold.samples import G_MPS2, Block, Floats

MOUNTINGS = [
    *Rotation.from_quat(np.random.default_rng(1).standard_normal((20, 4))),
    Rotation.from_euler("x", [[180.0]], degrees=True)[0],  # upside down
    Rotation.identity(),
]
"""sensor from segment"""


def up_in_thigh(elevation_deg: Floats) -> Floats:
    """(n, 3) up in segment axes (x anterior, y proximal): raised forward by the angle from hanging at -90.

    Hanging, up is y. With the knee level in front, up is what was anterior: x.
    """
    raised = np.deg2rad(elevation_deg + 90.0)
    return np.column_stack((np.sin(raised), np.cos(raised), 0 * raised))


def block_of(up: Floats, size: float = 1.0) -> Block:
    n = len(up)
    return Block(0.01 * np.arange(float(n)), size * G_MPS2 * up, np.zeros((n, 3)), np.full((n, 4), np.nan))


def standing(mounting: Rotation) -> Alignment:
    up = mounting.apply(up_in_thigh(np.full(200, -90.0)))
    return align_to_stand(block_of(up), up, (0.0, 1.99))


@pytest.mark.parametrize("mounting", MOUNTINGS)
def test_elevation_of_known_poses_from_any_mounting(mounting: Rotation) -> None:
    """Hanging, a quarter up, level, 30 above, straight up."""
    poses = np.array((-90.0, -45.0, 0.0, 30.0, 90.0))
    found = femur_elevation_deg(mounting.apply(up_in_thigh(poses)), standing(mounting))
    np.testing.assert_allclose(found, poses, atol=1e-5)


def test_elevation_by_hand() -> None:
    """The sensor's y is proximal. Level means that up has nothing along it; 30 above means y points down by half."""
    aligned = Alignment(np.array((0.0, 1.0, 0.0)), (0.0, 1.0), 0.0, 0.0)
    up = np.array(((0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.6, 0.0, 0.8), (np.sqrt(0.75), -0.5, 0.0), (0.0, -1.0, 0.0)))
    np.testing.assert_allclose(femur_elevation_deg(up, aligned), (-90.0, 0.0, 0.0, 30.0, 90.0), atol=1e-9)


def test_raising_to_the_side_is_raising() -> None:
    aligned = Alignment(np.array((0.0, 1.0, 0.0)), (0.0, 1.0), 0.0, 0.0)
    assert femur_elevation_deg(np.array(((0.0, 0.5, np.sqrt(0.75)),)), aligned)[0] == pytest.approx(-30.0)


def test_an_unknown_orientation_has_no_elevation() -> None:
    aligned = Alignment(np.array((0.0, 1.0, 0.0)), (0.0, 1.0), 0.0, 0.0)
    assert np.isnan(femur_elevation_deg(np.full((1, 3), np.nan), aligned)).all()


def test_the_stand_is_averaged_and_nothing_outside_it() -> None:
    """Sway of 2 degrees to either side about hanging: y is hanging, the sway is its RMS."""
    poses = np.concatenate((np.where(np.arange(100) % 2, -88.0, -92.0), np.full(100, 20.0)))
    up = up_in_thigh(poses)
    aligned = align_to_stand(block_of(up), up, (0.0, 0.99))
    np.testing.assert_allclose(aligned.y_sensor, (0.0, 1.0, 0.0), atol=1e-12)
    assert aligned.sway_deg == pytest.approx(2.0)
    assert aligned.gravity_error == pytest.approx(np.cos(np.deg2rad(2.0)) - 1)
    assert aligned.stand == (0.0, 0.99)


@pytest.mark.parametrize("size", [0.97, 1.0, 1.03])
def test_a_wrong_gravity_is_told(size: float) -> None:
    up = up_in_thigh(np.full(100, -90.0))
    assert align_to_stand(block_of(up, size), up, (0.0, 1.0)).gravity_error == pytest.approx(size - 1)


def test_tipped_is_the_angle_from_the_vertical_whichever_way() -> None:
    aligned = Alignment(np.array((0.0, 1.0, 0.0)), (0.0, 1.0), 0.0, 0.0)
    up = np.array(((0.0, 2.0, 0.0), (1.0, 1.0, 0.0), (-1.0, 1.0, 0.0), (0.0, 0.0, 3.0)))
    np.testing.assert_allclose(tipped_deg(up, aligned), (0.0, 45.0, 45.0, 90.0), atol=1e-9)


# Bows: the pelvis at 100 Hz, the thigh at 50 Hz

PELVIS_S, THIGH_S = 0.01 * np.arange(1000.0), 0.02 * np.arange(500.0)


def bump(time_s: Floats, start_s: float, length_s: float, height_deg: float) -> Floats:
    return np.where((time_s >= start_s) & (time_s < start_s + length_s), height_deg, 2.0)


def test_a_bow_is_found_where_the_pelvis_tips_and_the_thigh_hangs() -> None:
    ((start_s, end_s),) = find_bows(PELVIS_S, bump(PELVIS_S, 3.0, 1.0, 30.0), THIGH_S, np.full(500, 4.0))
    assert (start_s, end_s) == pytest.approx((3.0, 3.99))


@pytest.mark.parametrize(("height_deg", "found"), [(19.9, 0), (20.1, 1)])
def test_a_nod_is_no_bow(height_deg: float, found: int) -> None:
    assert len(find_bows(PELVIS_S, bump(PELVIS_S, 3.0, 1.0, height_deg), THIGH_S, np.full(500, 4.0))) == found


@pytest.mark.parametrize(("length_s", "found"), [(0.35, 0), (0.45, 1)])
def test_a_jerk_is_no_bow(length_s: float, found: int) -> None:
    assert len(find_bows(PELVIS_S, bump(PELVIS_S, 3.0, length_s, 30.0), THIGH_S, np.full(500, 4.0))) == found


@pytest.mark.parametrize(("thigh_deg", "found"), [(24.0, 1), (26.0, 0)])
def test_sitting_down_is_no_bow(thigh_deg: float, found: int) -> None:
    thigh = bump(THIGH_S, 2.0, 3.0, thigh_deg)
    assert len(find_bows(PELVIS_S, bump(PELVIS_S, 3.0, 1.0, 30.0), THIGH_S, thigh)) == found


def test_two_bows_are_two_and_one_may_reach_to_the_end() -> None:
    pelvis = np.maximum(bump(PELVIS_S, 1.0, 1.0, 30.0), bump(PELVIS_S, 9.0, 5.0, 40.0))
    found = find_bows(PELVIS_S, pelvis, THIGH_S, np.zeros(500))
    np.testing.assert_allclose(found, [(1.0, 1.99), (9.0, 9.99)])
    assert find_bows(PELVIS_S, np.zeros(1000), THIGH_S, np.zeros(500)) == []
