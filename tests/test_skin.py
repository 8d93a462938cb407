"""Soft tissue in the simulator: do sensors turn against the bone as told, and does nothing else change?"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.signal import lsim
from scipy.spatial.transform import Rotation

from hiphold import wire
from hiphold.measure import measure
from hiphold.samples import Floats, Settings
from hiphold.simulation.athlete import Athlete
from hiphold.simulation.body import MIRROR_SEGMENT
from hiphold.simulation.node import ideal_signals
from hiphold.simulation.script import Script
from hiphold.simulation.sensor import Sensor, Slip, Unit
from hiphold.simulation.skin import STEP_S, Give, Skin
from hiphold.simulation.truth import Angles
from hiphold.sources.simulate import Simulation, simulate

SIDES = ("right", "left")
ALL = wire.PLACEMENTS
ONE_HOLD = Script(ritual=False, hold_s=(8.0,))
UPRIGHT = replace(Athlete.perfect(), hold_elevation_deg=(30.0, 30.0), azimuth_deg=0.0)
"""120 degrees of hip flexion in the hold"""
FEW = replace(Sensor(), rate_hz=20)
"""enough where only the motion is looked at, and fast"""


@cache
def session(
    skin: Skin, seed: int = 5, side: str = "right", athlete: Athlete = UPRIGHT, placements: tuple[str, ...] = ALL
) -> Simulation:
    return simulate(seed, side, athlete, ONE_HOLD, FEW, placements=placements, skin=skin)


def unit_at(simulation: Simulation, placement: str) -> Unit:
    return next(unit for unit in simulation.units if unit.placement == placement)


def give_at(simulation: Simulation, placement: str) -> Give:
    give = unit_at(simulation, placement).give
    assert give is not None
    return give


def turned_deg(simulation: Simulation, placement: str, time_s: Floats) -> Floats:
    """(n, 3) rotation vectors of the skin against the bone, segment axes."""
    return np.asarray(Rotation.from_matrix(give_at(simulation, placement).rotation(time_s)).as_rotvec(degrees=True))


def held_s(simulation: Simulation) -> Floats:
    (move,) = simulation.truth.moves
    return np.arange(move.top_s + 0.5, move.leave_s - 0.5, 0.01)


def stood_s(simulation: Simulation) -> Floats:
    return np.arange(*simulation.truth.stands[0], 0.01)


def angles(simulation: Simulation, time_s: Floats, side: str) -> Angles:
    return simulation.truth.angles(time_s, side)


# Nothing else changes


def test_skin_changes_samples_and_nothing_else() -> None:
    plain, soft = session(Skin.none()), session(Skin.typical())
    assert [unit.give for unit in plain.units] == [None] * len(ALL)
    assert [(f.node, f.arrival_ns) for f in plain.frames] == [(f.node, f.arrival_ns) for f in soft.frames]
    unlike = [(a.data, b.data) for a, b in zip(plain.frames, soft.frames) if a != b]
    assert len(unlike) > 0.3 * len(plain.frames)
    for pair in unlike:
        mine, theirs = (list(wire.messages(data)) for data in pair)
        for a, b in zip(mine, theirs, strict=True):
            assert isinstance(a, wire.Samples)
            assert isinstance(b, wire.Samples)
            assert a == b._replace(payload=a.payload)
    time_s = np.arange(0.0, plain.truth.duration_s, 0.1)
    for name, values in vars(angles(plain, time_s, "right")).items():
        np.testing.assert_array_equal(values, getattr(angles(soft, time_s, "right"), name))


def test_one_soft_part_leaves_the_draws_of_the_others() -> None:
    whole, less = session(Skin.typical()), session(replace(Skin.typical(), thigh_tilt_deg=(0.0, 0.0)))
    for placement in ("pelvis", "trunk", "shank_left", "shank_right"):
        np.testing.assert_array_equal(give_at(whole, placement).turn_rad, give_at(less, placement).turn_rad)
    pelvis_alone = simulate(5, "right", UPRIGHT, ONE_HOLD, placements=("pelvis",), skin=Skin.typical())
    np.testing.assert_array_equal(give_at(whole, "pelvis").turn_rad, give_at(pelvis_alone, "pelvis").turn_rad)


@pytest.mark.parametrize("pair", [("pelvis", "trunk"), ("thigh_right", "shank_right")])
def test_every_sensor_has_its_own_draws(pair: tuple[str, str]) -> None:
    one_size = Skin(0.0, 0.0, (2.0, 2.0), (2.0, 2.0), (2.0, 2.0), (2.0, 2.0))
    simulation = session(one_size)
    a, b = (turned_deg(simulation, placement, held_s(simulation)[:1])[0] for placement in pair)
    assert np.linalg.norm(a - b) > 0.1


@pytest.mark.parametrize("placement", ALL)
def test_left_is_the_mirror_image_of_right(placement: str) -> None:
    right, left = (session(Skin.typical(), side=side, athlete=Athlete()) for side in SIDES)
    other = placement.replace("left", "RIGHT").replace("right", "left").replace("RIGHT", "right")
    time_s = np.arange(0.0, right.truth.duration_s, 0.05)
    mirrored = MIRROR_SEGMENT @ give_at(right, placement).rotation(time_s) @ MIRROR_SEGMENT
    np.testing.assert_allclose(give_at(left, other).rotation(time_s), mirrored, atol=1e-9)


# What gives


@pytest.mark.parametrize("side", SIDES)
def test_a_thigh_sensor_follows_its_share_of_hip_rotation_and_all_else(side: str) -> None:
    simulation = session(Skin(rotation_loss=0.4), side=side, athlete=Athlete())
    time_s = np.concatenate((stood_s(simulation), held_s(simulation)))
    standing = np.arange(len(time_s)) < len(stood_s(simulation))
    motion, thigh = simulation.truth.motion, f"thigh_{side}"
    worn = motion.rotation(time_s, thigh) @ give_at(simulation, thigh).rotation(time_s)
    joint = np.swapaxes(motion.rotation(time_s, "pelvis"), 1, 2) @ worn
    flexion, adduction, rotation = Rotation.from_matrix(joint).as_euler("ZXY", degrees=True).T
    sign = 1.0 if side == "right" else -1.0
    bone = angles(simulation, time_s, side)
    np.testing.assert_allclose(flexion, bone.hip_flexion_deg, atol=1e-6)
    np.testing.assert_allclose(sign * adduction, bone.hip_adduction_deg, atol=1e-6)
    stood = bone.hip_rotation_deg[standing].mean()
    np.testing.assert_allclose(sign * rotation - stood, 0.6 * (bone.hip_rotation_deg - stood), atol=0.01)
    assert np.ptp(bone.hip_rotation_deg[~standing]) > 35.0
    for placement in ("pelvis", "trunk", f"shank_{side}"):
        np.testing.assert_array_equal(turned_deg(simulation, placement, time_s), 0.0)


def test_athletes_lose_as_much_as_wands_on_thighs_do() -> None:
    lost = [Skin.typical().draw_loss(np.random.default_rng(seed)) for seed in range(400)]
    assert np.mean(lost) == pytest.approx(0.5, abs=0.03)  # Wren 2008: 0.47 and 0.57
    assert np.std(lost) == pytest.approx(0.12, abs=0.02)  # 0.10 and 0.13
    assert [Skin(rotation_loss=mean).draw_loss(np.random.default_rng(0)) for mean in (-1.0, 2.0)] == [0.0, 0.9]
    axial = []
    for seed in range(4):
        simulation = session(
            Skin(rotation_loss=0.5, rotation_loss_sd=0.2), seed, athlete=Athlete(), placements=("thigh_right",)
        )
        turn, bone = (
            np.ptp(v)
            for v in (
                turned_deg(simulation, "thigh_right", held_s(simulation))[:, 1],
                angles(simulation, held_s(simulation), "right").hip_rotation_deg,
            )
        )
        axial.append(turn / bone)
    assert np.ptp(axial) > 0.1


@pytest.mark.parametrize(("placement", "bounds"), [("thigh_right", (2.0, 4.0)), ("shank_right", (0.5, 1.0))])
def test_a_sensor_on_the_leg_tilts_across_the_bone_as_the_hip_bends(
    placement: str, bounds: tuple[float, float]
) -> None:
    skin = Skin(thigh_tilt_deg=(2.0, 4.0), shank_tilt_deg=(0.5, 1.0))
    sizes, ways = [], []
    for seed in range(6):
        simulation = session(skin, seed, placements=(placement,))
        time_s = np.arange(0.0, simulation.truth.duration_s, 0.01)
        turn = turned_deg(simulation, placement, time_s)
        top = turned_deg(simulation, placement, held_s(simulation))[0]
        flexion = angles(simulation, time_s, "right").hip_flexion_deg
        assert flexion.max() == pytest.approx(120.0, abs=0.01)
        np.testing.assert_allclose(turn, flexion[:, None] / 120.0 * top, atol=1e-3)
        assert abs(top[1]) < 1e-6
        sizes.append(np.linalg.norm(top))
        ways.append(top / sizes[-1])
    assert bounds[0] - 1e-3 < min(sizes) < max(sizes) < bounds[1] + 1e-3
    assert np.ptp(sizes) > 0.4 * (bounds[1] - bounds[0])
    assert np.linalg.norm(np.mean(ways, axis=0)) < 0.7


@pytest.mark.parametrize("placement", ["pelvis", "trunk"])
def test_pelvis_and_trunk_tilt_a_little_with_the_raised_leg_and_not_in_the_stand(placement: str) -> None:
    for seed in range(4):
        simulation = session(replace(Skin.typical(), wobble=0.0), seed, placements=(placement,))
        held = np.linalg.norm(turned_deg(simulation, placement, held_s(simulation)), axis=1)
        low, high = Skin.typical().tilt_deg(placement)
        assert low - 1e-3 < held.min() < held.max() < high + 1e-3
        np.testing.assert_allclose(turned_deg(simulation, placement, stood_s(simulation)), 0.0, atol=1e-6)


@pytest.mark.parametrize("placement", ["thigh_right", "pelvis"])
def test_the_wobble_is_that_of_a_mass_on_a_damped_spring(placement: str) -> None:
    skin = Skin(wobble=1.0, wobble_hz=(4.0, 4.0), wobble_damping=0.2)
    plain, soft = (session(each, athlete=Athlete()) for each in (Skin.none(), skin))
    give, w = give_at(soft, placement), 8.0 * np.pi
    time_s: Floats = np.asarray(give.start_s + STEP_S * np.arange(len(give.turn_rad)))
    unit = unit_at(plain, placement)
    _, rate = ideal_signals(plain.truth.motion, unit, time_s)
    rate = rate @ unit.r_segment_from_sensor.T
    for axis in range(3):
        _, lag, _ = lsim(([-1.0, 0.0], [1.0, 0.4 * w, w * w]), rate[:, axis], time_s - time_s[0])
        inside = slice(250, -250)  # it had swung before, and will after
        np.testing.assert_allclose(give.turn_rad[inside, axis], lag[inside], atol=np.radians(0.005))
    assert np.degrees(np.abs(give.turn_rad)).max() > 0.1


def test_the_wobble_is_small_and_only_where_something_moves() -> None:
    for seed in range(4):
        simulation = session(Skin(wobble=Skin.typical().wobble), seed, placements=("thigh_right",))
        turn = np.linalg.norm(
            turned_deg(simulation, "thigh_right", np.arange(0.0, simulation.truth.duration_s, 0.01)), axis=1
        )
        assert 0.05 < turn.max() < 2.0
        assert np.linalg.norm(turned_deg(simulation, "thigh_right", stood_s(simulation)), axis=1)[:-50].max() < 0.02


# What the sensors feel, and what is made of it


def test_adding_up_the_gyroscope_gives_the_pose_of_the_skin() -> None:
    slip = Slip("thigh_right", 6.0, (10.0, 0.0, -5.0))
    simulation = simulate(5, slips=(slip,), skin=Skin.typical(), script=ONE_HOLD)
    unit, step_s = unit_at(simulation, "thigh_right"), 0.001
    time_s = np.arange(4.0, 10.0, step_s)
    _, gyr = ideal_signals(simulation.truth.motion, unit, time_s)
    turned = Rotation.identity()
    for step in Rotation.from_rotvec(0.5 * (gyr[1:] + gyr[:-1]) * step_s):
        turned = turned * step
    ends_s = time_s[[0, -1]]
    slipped = slip.rotation(ends_s) @ unit.r_segment_from_sensor
    poses = simulation.truth.motion.rotation(ends_s, "thigh_right") @ give_at(simulation, "thigh_right").rotation(
        ends_s
    )
    poses = poses @ slipped
    error = turned.inv() * Rotation.from_matrix(poses[0].T @ poses[1])
    assert np.degrees(error.magnitude()) < 0.02
    assert np.degrees(np.abs(np.diff(gyr, axis=0))).max() < 4.0  # in 1 ms: no steps


def test_a_measurement_shows_the_rotation_that_the_skin_lets_through() -> None:
    simulation = simulate(2, sensor=Sensor.ideal(), skin=Skin(rotation_loss=0.5))
    result = measure(simulation.frames, Settings())
    assert len(result.holds) == 3
    for hold in result.holds:
        time_s = np.arange(hold.start_s, hold.end_s, 0.01) + simulation.first_sample_s
        low, high = np.percentile(angles(simulation, time_s, "right").hip_rotation_deg, (5, 95))
        assert hold.hip_rotation_range_deg == pytest.approx(0.5 * (high - low), abs=1.5)
