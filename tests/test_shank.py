"""The femur's rotation from shanks that hang by hinges written out here, with rotations by scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hiphold.hip import MIRROR, hip_angles_deg
from hiphold.samples import Floats
from hiphold.shank import femur_rotation, hidden_rad, knee_bend_deg, range_sd_deg, shank_axes

LOST = 0.5
"""of the femur's rotation by the sensor on the thigh"""
both_sides = pytest.mark.parametrize("side", ["right", "left"])


def turns(order: str, *angles_deg: float | Floats) -> Rotation:
    """Rotations about the axes of `order`, one after the other."""
    return Rotation.from_euler(order, np.column_stack(np.broadcast_arrays(*map(np.atleast_1d, angles_deg))), True)


def thigh(flexion_deg: float, adduction_deg: float, rotation_deg: float | Floats) -> Rotation:
    """A right thigh beside an upright pelvis, by the joint coordinate system."""
    return turns("ZXY", flexion_deg, adduction_deg, rotation_deg)


def knee(bend_deg: float | Floats, valgus_deg: float = 0.0, tibia_deg: float | Floats = 0.0) -> Rotation:
    """A right thigh's frame from that of its shank."""
    return turns("ZXY", -np.asarray(bend_deg), -valgus_deg, tibia_deg)


def seen(r: Rotation, side: str) -> Floats:
    """(n, 3, 3) in the pelvis; the left leg is the right one in a mirror."""
    return np.asarray(r.as_matrix() if side == "right" else r.as_matrix() * MIRROR)


def rotation_deg(r_pelvis_from_thigh: Floats, side: str) -> Floats:
    return hip_angles_deg(r_pelvis_from_thigh, side)[:, 2]


@both_sides
@given(st.floats(40, 140), st.floats(-25, 25), st.floats(-45, 45), st.floats(45, 140), st.floats(-30, 30))
def test_a_bent_knee_shows_what_skin_hides(
    side: str, flexion: float, adduction: float, rotation: float, bend: float, tibia: float
) -> None:
    """However the thigh points, and however the tibia turns about itself."""
    bone, skin = thigh(flexion, adduction, rotation), thigh(flexion, adduction, (1 - LOST) * rotation)
    shank = seen(bone * knee(bend, 0.0, tibia), side)
    found = femur_rotation(seen(skin, side), shank)
    np.testing.assert_allclose(found, seen(bone, side), atol=1e-9)
    assert rotation_deg(found, side)[0] == pytest.approx(rotation)
    assert knee_bend_deg(seen(skin, side), shank)[0] == pytest.approx(bend)
    outward = 1 if side == "right" else -1
    assert np.rad2deg(hidden_rad(seen(skin, side), shank))[0] == pytest.approx(outward * LOST * rotation)


@pytest.mark.parametrize(("bend_deg", "share"), [(0.0, 0.0), (5.0, 0.0), (20.0, 0.0), (30.0, 0.5), (40.0, 1.0)])
def test_a_straight_knee_shows_nothing(bend_deg: float, share: float) -> None:
    bone, skin = thigh(30.0, 0.0, 20.0), thigh(30.0, 0.0, 10.0)
    found = femur_rotation(skin.as_matrix(), (bone * knee(bend_deg)).as_matrix())
    assert rotation_deg(found, "right")[0] == pytest.approx(10.0 + 10.0 * share)


def test_where_the_shank_is_not_known_the_thigh_sensor_counts() -> None:
    bone, skin = thigh(120.0, 0.0, np.array((20.0, -20.0, 8.0))), thigh(120.0, 0.0, np.array((10.0, -10.0, 4.0)))
    shank = (bone * knee(100.0)).as_matrix()
    shank[1] = np.nan
    np.testing.assert_allclose(
        rotation_deg(femur_rotation(skin.as_matrix(), shank), "right"), (20.0, -10.0, 8.0), atol=1e-9
    )
    lost = skin.as_matrix()
    lost[0] = np.nan
    assert np.isnan(rotation_deg(femur_rotation(lost, shank), "right")).tolist() == [True, False, False]


def test_a_knee_out_of_its_plane_moves_peaks_but_no_range() -> None:
    """v degrees of valgus are v / sin(bend) of rotation, at every rotation the same."""
    true = np.linspace(-25.0, 25.0, 21)
    bone = thigh(120.0, 0.0, true)
    found = femur_rotation(bone.as_matrix(), (bone * knee(80.0, valgus_deg=5.0)).as_matrix())
    off = rotation_deg(found, "right") - true
    assert np.abs(off).mean() == pytest.approx(5.0 / np.sin(np.deg2rad(80.0)), abs=0.1)
    assert np.ptp(off) < 1e-6


def test_a_shank_turned_about_the_vertical_costs_little_of_the_range() -> None:
    """Hip flexed by 120 and knee by 100 degrees: the shank hangs 20 off vertical, and 10 of heading cost 3 or 4."""
    true = np.linspace(-25.0, 25.0, 51)
    bone = thigh(120.0, 0.0, true)
    turned = Rotation.from_euler("y", 10.0, degrees=True) * bone * knee(100.0)
    off = rotation_deg(femur_rotation(bone.as_matrix(), turned.as_matrix()), "right") - true
    assert 2.5 < abs(off.mean()) < 4.5
    assert np.ptp(off) < 2.0


PERIOD_S = 0.01
TIME_S = np.arange(0.0, 12.0, PERIOD_S)
CASE = Rotation.from_euler("zyx", (200.0, 35.0, -70.0), degrees=True)
"""the shank's sensor from the shank: any way round"""


def rates(r: Rotation) -> Floats:
    """(n, 3) rad/s in the frame's own axes."""
    step = (r[:-1].inv() * r[1:]).as_rotvec() / PERIOD_S
    return np.concatenate((step[:1], step))


def trembling(deg: float, seed: int) -> Floats:
    """(n,) about so much at 6 to 10 Hz."""
    rng = np.random.default_rng(seed)
    waves = [np.sin(2 * np.pi * hz * TIME_S + rng.uniform(0.0, 6.0)) for hz in (6.1, 7.7, 9.6)]
    return np.asarray(deg * np.sum(waves, axis=0))


def hold(swing_share: float = 0.0, rotation: float = 25.0) -> tuple[Rotation, Rotation]:
    """A thigh and its shank in a hold: three cycles, a sinking thigh, and a knee that also swings in its own time."""
    turn = rotation * np.sin(2 * np.pi * TIME_S / 4.0)
    bone = turns("ZXY", 120.0 - 0.5 * TIME_S, 5.0 * np.sin(2 * np.pi * TIME_S / 4.0 + 0.4), turn)
    return bone, bone * knee(100.0 + swing_share * turn + 3.0 * np.sin(2 * np.pi * TIME_S / 1.7))


def axes_off_deg(bone: Rotation, shank: Rotation) -> float:
    """How far the axes that are found are from the true ones."""
    found = shank_axes(CASE.apply((0.0, 1.0, 0.0)), CASE.apply(rates(shank)), rates(bone)[:, 1] * (1 - LOST), PERIOD_S)
    assert found is not None
    off = CASE.inv() * Rotation.from_matrix(found.r_sensor_from_segment)
    np.testing.assert_allclose(off.apply((0.0, 1.0, 0.0)), (0.0, 1.0, 0.0), atol=1e-9)
    return float(np.rad2deg(off.as_rotvec()[1]))


def test_the_hold_shows_how_the_shank_sensor_sits() -> None:
    assert abs(axes_off_deg(*hold())) < 2.0


def test_a_trembling_leg_shows_it_too() -> None:
    """The shank's rate is mostly tremor then, of which the thigh's sensor has another."""
    bone, shank = hold(rotation=12.0)
    trembles = turns("ZXY", trembling(0.3, 1), trembling(0.3, 2), trembling(0.3, 3))
    assert abs(axes_off_deg(bone, shank * trembles)) < 3.0


def test_a_knee_that_keeps_time_with_the_hip_turns_the_axes() -> None:
    """As said: by atan(share / sin bend)."""
    expected = np.rad2deg(np.arctan(0.2 / np.sin(np.deg2rad(100.0))))
    assert abs(axes_off_deg(*hold(swing_share=0.2))) == pytest.approx(expected, abs=2.0)


def test_a_hip_that_does_not_rotate_shows_nothing() -> None:
    bone, shank = hold(rotation=0.0)
    noise = np.random.default_rng(3).normal(0.0, 0.01, len(TIME_S))
    assert shank_axes(np.array((0.0, 1.0, 0.0)), rates(shank), rates(bone)[:, 1] + noise, PERIOD_S) is None


def test_the_shank_of_the_other_leg_shows_nothing() -> None:
    """It stands still, but for the sensor's noise."""
    bone, _ = hold()
    noise = np.random.default_rng(3).normal(0.0, 0.01, (len(TIME_S), 3))
    assert shank_axes(np.array((0.0, 1.0, 0.0)), noise, rates(bone)[:, 1], PERIOD_S) is None


@pytest.mark.parametrize(("n", "rate"), [(0, 1.0), (50, np.nan), (20, 1.0)])
def test_without_a_hold_nothing_is_found(n: int, rate: float) -> None:
    """No sample, none that is known, and too few."""
    assert shank_axes(np.array((0.0, 1.0, 0.0)), np.full((n, 3), rate), np.ones(n), PERIOD_S) is None


def test_samples_that_are_not_known_are_left_out() -> None:
    bone, shank = hold()
    gyr, rotation = rates(shank), rates(bone)[:, 1]
    some = shank_axes(np.array((0.0, 1.0, 0.0)), gyr[100:], rotation[100:], PERIOD_S)
    gyr[:100] = np.nan
    holed = shank_axes(np.array((0.0, 1.0, 0.0)), gyr, rotation, PERIOD_S)
    assert some is not None
    assert holed is not None
    np.testing.assert_array_equal(some.z_sensor, holed.z_sensor)


def test_what_is_stated_holds_a_knee_whose_axes_are_off() -> None:
    """Ten degrees of heading, as above, are within the 95 % that is stated for the range."""
    true = np.linspace(-25.0, 25.0, 51)
    bone = thigh(120.0, 0.0, true)
    turned = Rotation.from_euler("y", -10.0, degrees=True) * bone * knee(100.0)
    found = rotation_deg(femur_rotation(bone.as_matrix(), turned.as_matrix()), "right")
    assert 0.1 < abs(np.ptp(found) - np.ptp(true)) < 1.96 * range_sd_deg(float(np.ptp(found)))
    assert range_sd_deg(0.0) == pytest.approx(0.3)
