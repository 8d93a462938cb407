"""How the bone stood: each way against angles worked out by hand, from any mounting."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hiphold import posture
from hiphold.alignment import Alignment, femur_elevation_deg
from hiphold.joint_centres import Femur
from hiphold.posture import ASSUMED, Posture
from hiphold.samples import Floats

MOUNTINGS = [*Rotation.from_quat(np.random.default_rng(2).standard_normal((10, 4))), Rotation.identity()]
"""sensor from bone"""
FORWARD_DEG = (-8.0, -4.0, 0.0, 4.0, 8.0)


def up_in_bone(elevation_deg: Floats, turned_deg: float = 0.0) -> Floats:
    """(n, 3) up in the bone's axes: raised straight ahead from hanging at -90, then turned about its own length."""
    raised = np.deg2rad(elevation_deg + 90.0)
    up = np.column_stack((np.sin(raised), np.cos(raised), 0 * raised))
    return np.asarray(Rotation.from_euler("y", turned_deg, degrees=True).apply(up))


def elevation(up_sensor: Floats, y_sensor: Floats) -> Floats:
    return femur_elevation_deg(up_sensor, Alignment(y_sensor, (0.0, 1.0), 0.0, 0.0))


def stood(mounting: Rotation, forward_deg: float) -> tuple[Floats, Floats]:
    """y of the stand in the sensor, and the front of the thigh at right angles to it."""
    y = mounting.apply(up_in_bone(np.array((-90.0 + forward_deg,))))[0]
    return y, mounting.apply(up_in_bone(np.array((forward_deg,))))[0]


@pytest.mark.parametrize("forward_deg", FORWARD_DEG)
@pytest.mark.parametrize("mounting", MOUNTINGS)
def test_the_bones_axis_gives_the_bones_elevation(mounting: Rotation, forward_deg: float) -> None:
    y, forward = stood(mounting, forward_deg)
    poses = np.array((-90.0, -45.0, 0.0, 30.0, 80.0))
    for turned_deg in (0.0, 25.0, -40.0):
        up = mounting.apply(up_in_bone(poses, turned_deg))
        np.testing.assert_allclose(elevation(up, posture.bone_axis(y, forward, forward_deg)), poses, atol=1e-5)


@pytest.mark.parametrize("forward_deg", FORWARD_DEG)
def test_the_front_is_where_up_goes_when_the_thigh_is_raised(forward_deg: float) -> None:
    """Turned out and in alike; unknown samples and the stand itself do not count."""
    mounting = MOUNTINGS[3]
    y, forward = stood(mounting, forward_deg)
    poses = np.linspace(-90.0, 30.0, 50)
    up = np.concatenate([mounting.apply(up_in_bone(poses, turned)) for turned in (-25.0, 25.0)])
    found = posture.forward_axis(y, np.concatenate((up, np.full((3, 3), np.nan))))
    np.testing.assert_allclose(found, forward, atol=1e-9)


def test_a_thigh_that_never_rose_has_no_front() -> None:
    up = up_in_bone(np.linspace(-90.0, -50.0, 9))
    assert np.isnan(posture.forward_axis(np.array((0.0, 1.0, 0.0)), up)).all()


@pytest.mark.parametrize(("turned_deg", "off_deg"), [(0.0, 0.0), (25.0, 0.37), (90.0, 4.0)])
def test_a_shift_is_right_straight_ahead_and_off_as_said(turned_deg: float, off_deg: float) -> None:
    y, _ = stood(Rotation.identity(), 4.0)
    up = up_in_bone(np.array((0.0,)), turned_deg)
    assert posture.shifted_deg(elevation(up, y), 4.0)[0] == pytest.approx(off_deg, abs=0.02)


@pytest.mark.parametrize(("standing_deg", "forward_deg"), [(-90.0, 0.0), (-86.0, 4.0), (-94.0, -4.0)])
def test_an_inclinometer_says_it_directly(standing_deg: float, forward_deg: float) -> None:
    assert posture.by_inclinometer(standing_deg) == Posture("inclinometer", forward_deg, 2.5)


@pytest.mark.parametrize("standing_deg", [-70.0, -110.0, 0.0, 86.0])
def test_an_impossible_stand_is_refused(standing_deg: float) -> None:
    found = posture.by_inclinometer(standing_deg)
    assert isinstance(found, str)
    assert "degrees off vertical by inclinometer; measure it again" in found


@pytest.mark.parametrize("forward_deg", FORWARD_DEG)
@pytest.mark.parametrize("lying_deg", [0.0, -6.0, 10.0])
@pytest.mark.parametrize("mounting", MOUNTINGS[:4])
def test_a_level_thigh_tells_how_it_stood(mounting: Rotation, lying_deg: float, forward_deg: float) -> None:
    y, _ = stood(mounting, forward_deg)
    up = 9.7 * mounting.apply(up_in_bone(np.array((lying_deg,))))[0]
    found = posture.by_level(y, up, lying_deg)
    assert isinstance(found, Posture)
    assert (found.way, found.sd_deg) == ("level", posture.LEVEL_SD_DEG)
    assert found.forward_deg == pytest.approx(forward_deg, abs=1e-6)


@pytest.mark.parametrize(
    ("lying_deg", "said"),
    [(-88.0, "at -88 degrees where it is said to lie level"), (25.0, "stood 25 degrees off vertical by level")],
)
def test_a_thigh_that_does_not_lie_level_is_refused(lying_deg: float, said: str) -> None:
    found = posture.by_level(np.array((0.0, 1.0, 0.0)), up_in_bone(np.array((lying_deg,)))[0])
    assert isinstance(found, str)
    assert said in found


def test_what_is_not_known_is_refused() -> None:
    y, nothing = np.array((0.0, 1.0, 0.0)), np.full(3, np.nan)
    assert "no samples where" in str(posture.by_level(y, nothing))
    assert "never raised" in str(posture.by_joint_centres(y, nothing, seen_femur(y, 1.0)))


def seen_femur(bone_sensor: Floats, sd_deg: float) -> Femur:
    return Femur(bone_sensor, 0.42, np.eye(3) * np.deg2rad(sd_deg) ** 2, 0.05)


@pytest.mark.parametrize("forward_deg", FORWARD_DEG)
@pytest.mark.parametrize("sideways_deg", [0.0, 6.0])
def test_joint_centres_count_in_the_plane_of_a_raise_only(sideways_deg: float, forward_deg: float) -> None:
    mounting = MOUNTINGS[1]
    y, forward = stood(mounting, forward_deg)
    lean = Rotation.from_rotvec(np.deg2rad(sideways_deg) * forward)
    bone = lean.apply(posture.bone_axis(y, forward, forward_deg))
    found = posture.by_joint_centres(y, forward, seen_femur(bone, 1.0), acc_sd_deg=0.5)
    assert isinstance(found, Posture)
    assert found.forward_deg == pytest.approx(forward_deg, abs=0.06)
    assert found.sd_deg == pytest.approx(np.sqrt(1.0 + 0.25 + posture.SKIN_SD_DEG**2))


def test_joint_centres_that_say_nothing_are_refused() -> None:
    y, forward = stood(Rotation.identity(), 2.0)
    found = posture.by_joint_centres(y, forward, seen_femur(y, 3.5))
    assert found == "the thigh moved too little to show its bone (to 3.5 degrees); raise the knee briskly three times."


def test_the_best_known_wins() -> None:
    phone, bench = Posture("inclinometer", -4.0, 2.5), Posture("level", -2.0, 3.0)
    assert posture.best([]) == ASSUMED == Posture("assumed", 0.0, 4.0)
    assert posture.best([bench, phone]) == phone
    assert posture.best([Posture("level", 5.0, 6.0)]) == ASSUMED


@pytest.mark.parametrize(("bench_deg", "agrees"), [(-4.0, True), (7.0, True), (8.0, False), (-16.0, False)])
def test_ways_that_differ_by_too_much_are_told(bench_deg: float, agrees: bool) -> None:
    """3 sqrt(2.5^2 + 3^2) is 11.7 degrees."""
    said = posture.contradiction([Posture("inclinometer", -4.0, 2.5), Posture("level", bench_deg, 3.0)])
    assert said == "" if agrees else "inclinometer and level differ by 12 degrees" in said
