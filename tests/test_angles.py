"""Bringing the headings of two sensors together, on poses made by hand with a heading error put in."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hiphold import angles
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


def check(found: angles.Angles | None, stood: Bools, atol: float = 1e-6) -> None:
    assert found is not None
    for values, expected in (
        (found.hip_flexion_deg, 90),
        (found.hip_adduction_deg, 10),
        (found.hip_rotation_deg, 20),
        (found.pelvis_tilt_deg, 5),
        (found.pelvis_obliquity_deg, 3),
        (found.pelvis_rotation_deg, 15),
    ):
        np.testing.assert_allclose(values, np.where(stood, 0, expected), atol=atol)


@both_sides
@pytest.mark.parametrize("offset_deg", [0.0, 30.0, 180.0, -150.0])
def test_a_heading_offset_between_the_sensors_is_removed(side: str, offset_deg: float) -> None:
    thigh, pelvis, stood = thigh_and_pelvis(side)
    found = angles.side_angles(side, TIME_S, yawed(offset_deg - 70, thigh), yawed(-70, pelvis), STANDS)
    check(found, stood)
    assert found is not None
    assert found.heading_drift_deg_per_min == pytest.approx(0, abs=1e-6)


@both_sides
@pytest.mark.parametrize("drift_deg_per_min", [6.0, -3.0, 80.0])
def test_a_steady_drift_is_interpolated_between_stands_and_reported(side: str, drift_deg_per_min: float) -> None:
    """Starts near the half turn so that it wraps. Within a stand the drift goes on; its middle is what counts."""
    thigh, pelvis, stood = thigh_and_pelvis(side)
    drifted = yawed(175 + drift_deg_per_min * TIME_S / 60, thigh)
    found = angles.side_angles(side, TIME_S, drifted, pelvis, STANDS)
    assert found is not None
    assert found.heading_drift_deg_per_min == pytest.approx(drift_deg_per_min, abs=1e-6)
    inner = (TIME_S >= 2.0) & (TIME_S <= 116.5)  # from the middle of the first stand to the middle of the last
    np.testing.assert_allclose(found.hip_flexion_deg[inner], np.where(stood, 0, 90)[inner], atol=1e-6)
    np.testing.assert_allclose(found.hip_adduction_deg[inner], np.where(stood, 0, 10)[inner], atol=1e-6)
    np.testing.assert_allclose(found.hip_rotation_deg[inner], np.where(stood, 0, 20)[inner], atol=1e-6)


def test_outside_the_stands_the_nearest_difference_is_kept() -> None:
    thigh, pelvis, _ = thigh_and_pelvis("right")
    drifted = yawed(6 * TIME_S / 60, thigh)
    found = angles.side_angles("right", TIME_S, drifted, pelvis, STANDS[1:2])
    assert found is not None
    off_deg = 6 * (TIME_S[0] - 60) / 60  # a thigh that faces to the right of the pelvis: turned outward
    assert found.hip_rotation_deg[0] == pytest.approx(off_deg)
    assert found.heading_drift_deg_per_min is None


def test_pelvic_rotation_is_from_the_reference_stand_and_keeps_its_drift() -> None:
    thigh, pelvis, _ = thigh_and_pelvis("right")
    found = angles.side_angles("right", TIME_S, thigh, yawed(170 + 6 * TIME_S / 60, pelvis), STANDS)
    assert found is not None
    at_60_s = int(np.searchsorted(TIME_S, 60.0))
    assert found.pelvis_rotation_deg[at_60_s] == pytest.approx(6 * (60 - 2) / 60)


@both_sides
def test_azimuth_is_of_the_thigh_brought_to_the_pelvis_heading(side: str) -> None:
    """The thigh level, 35 degrees across, seen by a sensor whose heading is wrong by 100."""
    stood = standing(TIME_S)
    level = np.column_stack(((0.0, 0.0, 1.0), (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)))
    across = yawed(35.0 * RIGHT[side], np.tile(level, (len(TIME_S), 1, 1)))
    thigh = np.where(stood[:, None, None], UPRIGHT, across)
    pelvis = np.tile(UPRIGHT, (len(TIME_S), 1, 1))
    found = angles.side_angles(side, TIME_S, yawed(100, thigh), pelvis, STANDS)
    assert found is not None
    assert np.isnan(found.thigh_azimuth_deg[stood]).all()
    np.testing.assert_allclose(found.thigh_azimuth_deg[~stood], 35, atol=1e-9)


def test_no_stand_with_both_gives_no_angles() -> None:
    thigh, pelvis, stood = thigh_and_pelvis("right")
    pelvis = np.where(stood[:, None, None], np.nan, pelvis)
    assert angles.side_angles("right", TIME_S, thigh, pelvis, STANDS) is None
    assert angles.side_angles("right", TIME_S, thigh, pelvis, []) is None


def test_where_the_pelvis_has_no_samples_nothing_is_known() -> None:
    thigh, pelvis, stood = thigh_and_pelvis("right")
    gone = (TIME_S > 20) & (TIME_S < 60)  # half of the second stand with it
    found = angles.side_angles("right", TIME_S, thigh, np.where(gone[:, None, None], np.nan, pelvis), STANDS)
    assert found is not None
    for name in ("hip_flexion_deg", "hip_adduction_deg", "hip_rotation_deg", "pelvis_tilt_deg", "pelvis_rotation_deg"):
        np.testing.assert_array_equal(np.isnan(getattr(found, name)), gone, err_msg=name)
    assert np.isnan(found.thigh_azimuth_deg[gone]).all()
    np.testing.assert_allclose(found.hip_flexion_deg[~gone], np.where(stood, 0, 90)[~gone], atol=1e-6)


def test_a_pelvis_sensor_that_came_after_the_reference_stand_still_gives_its_rotation() -> None:
    """From the first stand that shows it."""
    thigh, pelvis, stood = thigh_and_pelvis("right")
    late = TIME_S < 20
    found = angles.side_angles("right", TIME_S, thigh, np.where(late[:, None, None], np.nan, pelvis), STANDS)
    assert found is not None
    np.testing.assert_allclose(found.pelvis_rotation_deg[~late], np.where(stood, 0, 15)[~late], atol=1e-6)


def test_segment_rotation_is_sensor_in_earth_times_segment_in_sensor() -> None:
    earth, mounted = Rotation.random(4, random_state=1), Rotation.random(random_state=2)
    found = angles.segment_rotation(earth.as_quat(scalar_first=True), Axes(mounted.as_matrix(), 0.0))
    np.testing.assert_allclose(found, (earth * mounted).as_matrix(), atol=1e-12)


def test_wrapped_deg() -> None:
    wrapped = angles.wrapped_deg(np.array((0.0, 179.0, 180.0, 181.0, -180.0, -190.0, 725.0)))
    np.testing.assert_allclose(wrapped, (0, 179, -180, -179, -180, 170, 5))


def test_mean_angle_deg() -> None:
    assert angles.mean_angle_deg(np.array((10.0, 20.0, np.nan))) == pytest.approx(15)
    assert abs(angles.mean_angle_deg(np.array((170.0, -170.0)))) == pytest.approx(180)
    assert angles.mean_angle_deg(np.array((175.0, -165.0))) == pytest.approx(-175)
    assert np.isnan(angles.mean_angle_deg(np.array((np.nan,))))
