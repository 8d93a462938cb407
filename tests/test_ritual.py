"""Axes of thigh and pelvis from a raise and a bow made by hand, the sensor mounted any way round."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hiphold import ritual
from hiphold.samples import Block, Floats

PERIOD_S = 0.01
STAND_DEG = -90.0


def mounting(seed: int) -> Floats:
    """(3, 3) R_sensor_from_segment."""
    return np.asarray(Rotation.random(random_state=seed).as_matrix())


def excursion(top_deg: float, speed_degps: float = 120.0, rest_deg: float = STAND_DEG) -> Floats:
    """From rest to the top and back at a constant speed, a second of rest before, at the top and after."""
    rise = np.arange(rest_deg, top_deg, np.sign(top_deg - rest_deg) * speed_degps * PERIOD_S)
    return np.concatenate((np.full(100, rest_deg), rise, np.full(100, top_deg), rise[::-1], np.full(100, rest_deg)))


def rate_radps(angle_deg: Floats) -> Floats:
    return np.asarray(np.deg2rad(np.gradient(angle_deg, PERIOD_S)))


def block(r_sensor_from_segment: Floats, gyr_segment: Floats) -> Block:
    n = len(gyr_segment)
    gyr = gyr_segment @ r_sensor_from_segment.T
    return Block(PERIOD_S * np.arange(float(n)), np.full((n, 3), np.nan), gyr, np.full((n, 4), np.nan))


def about(x: Floats | float, y: Floats | float, z: Floats) -> Floats:
    """(n, 3) rates about the segment's axes."""
    return np.column_stack((np.broadcast_to(x, z.shape), np.broadcast_to(y, z.shape), z))


def thigh(r: Floats, elevation_deg: Floats, gyr_segment: Floats | None = None) -> ritual.Axes | None:
    turning = about(0.0, 0.0, rate_radps(elevation_deg)) if gyr_segment is None else gyr_segment
    return ritual.thigh_axes(r[:, 1], block(r, turning), elevation_deg)


@pytest.mark.parametrize("seed", range(5))
def test_a_raise_gives_the_thigh_in_any_mounting(seed: int) -> None:
    r = mounting(seed)
    found = thigh(r, excursion(30))
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)
    assert found.spread_deg == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_a_bow_gives_the_pelvis_in_any_mounting(seed: int) -> None:
    """The buckle goes down: a turn about -z."""
    r, tipped = mounting(seed), excursion(30, speed_degps=30, rest_deg=0)
    found = ritual.pelvis_axes(r[:, 1], block(r, about(0.0, 0.0, -rate_radps(tipped))), tipped, [(1.5, 3.5)])
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)
    assert found.spread_deg == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("part", ["rising", "falling"])
def test_the_sign_is_right_when_the_gyroscope_saw_only_half_of_the_raise(part: str) -> None:
    r, elevation = mounting(1), excursion(30)
    half = np.arange(len(elevation)) < len(elevation) // 2
    turning = rate_radps(elevation) * (half if part == "rising" else ~half)
    found = thigh(r, elevation, about(0.0, 0.0, turning))
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)


def test_the_axes_are_right_handed_and_keep_the_given_y() -> None:
    r, elevation = mounting(2), excursion(30)
    crooked = about(0.3 * np.abs(rate_radps(elevation)), 0.2 * rate_radps(elevation), rate_radps(elevation))
    found = thigh(r, elevation, crooked)
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment.T @ found.r_sensor_from_segment, np.eye(3), atol=1e-9)
    assert np.linalg.det(found.r_sensor_from_segment) == pytest.approx(1)
    np.testing.assert_array_equal(found.r_sensor_from_segment[:, 1], r[:, 1])


def test_turning_about_the_length_of_the_thigh_does_not_matter() -> None:
    r, elevation = mounting(3), excursion(30)
    found = thigh(r, elevation, about(0.0, 0.5 * rate_radps(elevation), rate_radps(elevation)))
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)


def test_stepping_beside_a_raise_does_not_count() -> None:
    """Steps lift the thigh by 30 degrees, fast, and turn it about another axis altogether."""
    r, raised, steps = mounting(4), excursion(30), np.tile(excursion(-60), 5)
    turning = np.vstack((about(rate_radps(steps), 0.0, np.zeros(len(steps))), about(0.0, 0.0, rate_radps(raised))))
    found = thigh(r, np.concatenate((steps, raised)), turning)
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)


def test_every_raise_counts() -> None:
    """Two raises whose axes lean 10 degrees to either side of z: z is between them."""
    r, elevation, lean = mounting(5), excursion(30), np.tan(np.deg2rad(10))
    rate = rate_radps(elevation)
    turning = np.vstack((about(lean * rate, 0.0, rate), about(-lean * rate, 0.0, rate)))
    found = thigh(r, np.tile(elevation, 2), turning)
    assert found is not None
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)
    assert found.spread_deg == pytest.approx(10)


@pytest.mark.parametrize("elevation", [np.full(500, STAND_DEG), excursion(-60), np.full(500, np.nan), np.empty(0)])
def test_no_raise_no_axes(elevation: Floats) -> None:
    assert (
        ritual.thigh_axes(np.array((0.0, 1.0, 0.0)), block(np.eye(3), np.ones((len(elevation), 3))), elevation) is None
    )


def test_a_raise_too_slow_to_be_clean_gives_no_axes() -> None:
    assert thigh(mounting(0), excursion(30, speed_degps=50)) is None


@pytest.mark.parametrize("tipped", [np.zeros(500), excursion(30, speed_degps=30, rest_deg=0), np.empty(0)])
def test_no_bow_no_axes(tipped: Floats) -> None:
    """A tipping that is in no bow counts as little as none."""
    assert (
        ritual.pelvis_axes(np.array((0.0, 1.0, 0.0)), block(np.eye(3), np.ones((len(tipped), 3))), tipped, []) is None
    )


def test_a_bow_in_which_nothing_tips_gives_no_axes() -> None:
    still = block(np.eye(3), np.zeros((500, 3)))
    assert ritual.pelvis_axes(np.array((0.0, 1.0, 0.0)), still, np.zeros(500), [(1.0, 3.0)]) is None


@pytest.mark.parametrize("stray", [0.05, 0.2, 0.5])
def test_spread_is_the_angle_of_the_stray_turning(stray: float) -> None:
    """About x the same way up and down: no part of one axis; its RMS is `stray` of that about z."""
    elevation = excursion(30)
    rate = rate_radps(elevation)
    found = thigh(mounting(6), elevation, about(stray * np.abs(rate), 0.0, rate))
    assert found is not None
    assert found.spread_deg == pytest.approx(np.rad2deg(np.arctan(stray)), rel=0.02)
