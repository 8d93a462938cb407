"""Sensor to segment: elevation of poses worked out by hand, from any mounting."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hiphold.alignment import NOTHING_KNOWN, Alignment, align_to_stand, corrected, femur_elevation_deg, tipped_deg
from hiphold.gravity import Correction
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


def test_samples_of_which_not_all_is_known_do_not_count() -> None:
    """Neither without an acceleration nor without an orientation."""
    poses = np.full(100, -90.0)
    up, acc = up_in_thigh(poses), G_MPS2 * up_in_thigh(poses)
    up[:10], acc[10:20] = np.nan, np.nan
    up[20:30] = up_in_thigh(np.full(10, -80.0))
    block = Block(0.01 * np.arange(100.0), acc, np.zeros((100, 3)), np.full((100, 4), np.nan))
    aligned = align_to_stand(block, up, (0.0, 1.0))
    np.testing.assert_allclose(aligned.y_sensor, (0.0, 1.0, 0.0), atol=1e-12)
    assert aligned.sway_deg == pytest.approx(10 * np.sqrt(10 / 80))
    assert aligned.gravity_error == pytest.approx(0)


def test_a_stand_of_which_nothing_is_known_gives_no_up_axis() -> None:
    # As by recorded orientation, when a sensor sent no quaternion while it stood.
    nothing = np.full((100, 3), np.nan)
    aligned = align_to_stand(block_of(nothing), nothing, (0.0, 1.0))
    assert np.isnan(aligned.y_sensor).all()
    assert np.isnan(aligned.force_mps2).all()
    assert np.isnan(corrected(aligned, WRONG).y_sensor).all()


# Accelerometers that are wrong


WRONG = Correction(np.array((0.3, -0.2, 0.1, 0.01, -0.01, 0.005, 0.004, 0.0, -0.003)), 1e-4 * np.eye(9))


@pytest.mark.parametrize("mounting", MOUNTINGS)
def test_up_is_where_gravity_is_without_what_the_accelerometer_is_wrong_by(mounting: Rotation) -> None:
    """Forces as they come, up as it is: by a twentieth of a degree, as errors are taken off to the first order."""
    poses = np.concatenate((np.full(200, -90.0), np.linspace(-80.0, 80.0, 17)))
    up = mounting.apply(up_in_thigh(poses))
    s = np.array(((0.01, 0.004, 0.0), (0.004, -0.01, -0.003), (0.0, -0.003, 0.005)))
    raw = block_of(up + up @ s + WRONG.errors[:3] / G_MPS2)
    known, not_known = (align_to_stand(raw, up, (0.0, 1.99), each) for each in (WRONG, NOTHING_KNOWN))
    np.testing.assert_allclose(femur_elevation_deg(up[200:], known), poses[200:], atol=0.05)
    assert known.sway_deg < 0.05 < not_known.sway_deg
    np.testing.assert_allclose(known.force_mps2, raw.acc_mps2[0])
    assert known.gravity_error == not_known.gravity_error == pytest.approx(np.linalg.norm(raw.acc_mps2[0]) / G_MPS2 - 1)
    assert known.correction is WRONG


def test_an_alignment_is_corrected_as_if_it_had_been_known_from_the_first() -> None:
    up = up_in_thigh(np.full(100, -90.0))
    before = align_to_stand(block_of(up), up, (0.0, 1.0))
    after, at_once = corrected(before, WRONG), align_to_stand(block_of(up), up, (0.0, 1.0), WRONG)
    np.testing.assert_array_equal(after.y_sensor, at_once.y_sensor)
    np.testing.assert_array_equal(after.force_mps2, at_once.force_mps2)
    assert after.correction is WRONG
    assert (after.stand, after.gravity_error) == (before.stand, before.gravity_error)
    np.testing.assert_array_equal(corrected(after, NOTHING_KNOWN).y_sensor, before.y_sensor)
