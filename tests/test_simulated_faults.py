"""The simulator beyond the perfect ritual: do people do what the acts say, and do sensors, names and clocks err so?"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.signal import find_peaks
from scipy.spatial.transform import Rotation

from hiphold import wire
from hiphold.samples import G_MPS2, Bools, Floats, NodeData
from hiphold.simulation.athlete import Athlete
from hiphold.simulation.link import Link
from hiphold.simulation.node import ideal_signals
from hiphold.simulation.script import KINDS, Act, Script
from hiphold.simulation.sensor import SLIP_S, Sensor, Slip, Unit
from hiphold.simulation.truth import Angles, TrueMove, Truth
from hiphold.sources.simulate import Simulation, simulate
from hiphold.stillness import common, quiet_intervals
from hiphold.timeline import assemble

PERFECT = Athlete.perfect()
SIDES = ("right", "left")
STAND = Act("stand")
SHORT = Script(acts=(Act("stand", seconds=3.0),))


@cache
def one(act: Act, seed: int = 5, side: str = "right", athlete: Athlete = PERFECT) -> Simulation:
    """A session of standing, doing one thing, and standing; times as the act says."""
    return simulate(seed, side, athlete, Script(acts=(STAND, act, STAND), variation=0.0))


def other_side(side: str) -> str:
    return "left" if side == "right" else "right"


def move_of(simulation: Simulation) -> TrueMove:
    (move,) = simulation.truth.moves
    return move


def whole_s(simulation: Simulation) -> Floats:
    """All of the one move."""
    move = move_of(simulation)
    return np.arange(move.start_s, move.end_s, 0.005)


def top_s(simulation: Simulation) -> Floats:
    """While the one move is at its top."""
    move = move_of(simulation)
    return np.arange(move.top_s, move.leave_s, 0.005)


def angles(simulation: Simulation, time_s: Floats, side: str = "right") -> Angles:
    return simulation.truth.angles(time_s, side)


def unit_at(simulation: Simulation, placement: str) -> Unit:
    return next(unit for unit in simulation.units if unit.placement == placement)


def felt(simulation: Simulation, placement: str, time_s: Floats) -> tuple[Floats, Floats]:
    """m/s2 and degrees/s."""
    acc, gyr = ideal_signals(simulation.truth.motion, unit_at(simulation, placement), time_s)
    return acc, np.degrees(gyr)


def node(nodes: list[NodeData], placement: str) -> NodeData:
    return next(data for data in nodes if data.placement == placement)


def lengths(truth: Truth, side: str = "right") -> list[float]:
    return [run.hold_s for run in truth.runs(side)]


def longest_s(mask: Bools, step_s: float) -> float:
    edges = np.flatnonzero(np.diff(np.concatenate(((False,), mask, (False,)))))
    return float(np.max(np.diff(edges)[::2], initial=0)) * step_s


# Acts in place of the built-in sequence


@pytest.mark.parametrize("side", [*SIDES, "both"])
def test_the_built_in_session_can_be_written_as_acts(side: str) -> None:
    legs = ("lead", "other") if side == "both" else ("lead",)
    acts = [Act("stand", seconds=4.0)]
    for leg in legs * 2:
        acts += [Act("raise", leg), Act("stand", seconds=2.0)]
    acts += [Act("bow"), Act("stand", seconds=3.0)]
    for leg in (legs * 3)[:3]:
        acts += [Act("hold", leg, 11.0), Act("stand", seconds=4.2)]
    assert simulate(8, side, script=Script(acts=tuple(acts))).frames == simulate(8, side).frames


def test_an_elevation_that_is_said_leaves_all_else_as_it_was() -> None:
    drawn, said = (one(Act("hold", elevation_deg=elevation)).truth for elevation in (None, 33.0))
    assert drawn.plan.moves[0].elevation_deg != said.plan.moves[0].elevation_deg == 33.0
    assert drawn.duration_s == pytest.approx(said.duration_s, abs=0.3)  # the way up takes as long
    assert drawn.moves[0].top_s == said.moves[0].top_s


def test_unknown_acts_and_legs_are_refused() -> None:
    with pytest.raises(ValueError, match="jump"):
        Act("jump")
    with pytest.raises(ValueError, match="third"):
        Act("hold", "third")


def test_every_kind_is_named_in_truth_and_ends_in_a_stand() -> None:
    kinds = sorted((kind for kind in KINDS if kind != "stand"), key="turn_around".__eq__)
    acts = tuple(act for kind in kinds for act in (Act(kind, seconds=6.0), STAND))
    truth = simulate(3, athlete=PERFECT, script=Script(acts=(STAND, *acts)), placements=("pelvis",)).truth
    assert [move.kind for move in truth.moves] == kinds
    assert len(truth.stands) == len(KINDS)
    first = truth.angles(np.array([1.0]), "right")
    for stand in truth.stands[1:]:
        again = truth.angles(np.array([stand[0] + 0.1, stand[1]]), "right")
        for name in vars(first):
            # who turned around, which is the last of all, faces elsewhere
            if stand is not truth.stands[-1] or name not in ("pelvis_rotation_deg", "trunk_rotation_deg"):
                np.testing.assert_allclose(getattr(again, name), getattr(first, name)[[0, 0]], atol=1e-9, err_msg=name)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("stand", "tap")])
def test_adding_up_the_gyroscope_gives_the_pose_in_every_act(kind: str) -> None:
    simulation = one(Act(kind, seconds=6.0), athlete=Athlete())
    move, unit = move_of(simulation), unit_at(simulation, "thigh_right")
    time_s = np.arange(move.start_s, move.end_s, 0.001)
    _, gyr = ideal_signals(simulation.truth.motion, unit, time_s)
    turned = Rotation.identity()
    for step in Rotation.from_rotvec(0.5 * (gyr[1:] + gyr[:-1]) * 0.001):
        turned = turned * step
    pose = simulation.truth.motion.rotation(time_s[[0, -1]], "thigh_right") @ unit.r_segment_from_sensor
    error = turned.inv() * Rotation.from_matrix(pose[0].T @ pose[1])
    assert np.degrees(error.magnitude()) < 0.02


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("stand", "tap")])
def test_no_act_is_more_violent_than_a_body(kind: str) -> None:
    simulation = one(Act(kind), athlete=Athlete())
    for placement in ("pelvis", "thigh_right"):
        acc, gyr = felt(simulation, placement, whole_s(simulation))
        assert np.linalg.norm(acc, axis=1).max() < 25.0
        assert np.linalg.norm(gyr, axis=1).max() < 400.0


def test_a_stand_of_less_than_a_second_is_no_reference() -> None:
    acts = (Act("stand", seconds=0.5), Act("hold", seconds=6.0), STAND)
    truth = simulate(5, script=Script(acts=acts), placements=("pelvis",)).truth
    time_s = np.arange(truth.stands[1][0], truth.stands[1][1], 0.01)
    assert truth.rezeroed_elevation_deg(time_s, "right").mean() == pytest.approx(-90.0, abs=1.5)
    np.testing.assert_array_equal(
        truth.rezeroed_elevation_deg(time_s, "right"), truth.rezeroed_elevation_deg(time_s, "right", truth.stands[1])
    )


# Holds


@pytest.mark.parametrize("seconds", [2.0, 3.5, 11.0, 60.0])
def test_a_hold_lasts_as_long_as_it_says(seconds: float) -> None:
    truth = one(Act("hold", seconds=seconds, elevation_deg=34.0)).truth
    assert lengths(truth) == pytest.approx([seconds], abs=0.01)
    assert len(truth.attempts("right")) == (seconds < 5.0)
    assert (
        truth.angles(top_s(one(Act("hold", seconds=seconds, elevation_deg=34.0))), "right").femur_elevation_deg.max()
        < 34.001
    )


@pytest.mark.parametrize("side", SIDES)
def test_the_other_leg_can_be_raised_though_one_side_is_trained(side: str) -> None:
    simulation = one(Act("hold", "other", 8.0), side=side)
    assert lengths(simulation.truth, side) == []
    assert lengths(simulation.truth, other_side(side)) == pytest.approx([8.0], abs=0.01)
    assert move_of(simulation).side == other_side(side)


@pytest.mark.parametrize("athlete", [PERFECT, Athlete()])
def test_a_dip_makes_two_holds_and_a_graze_leaves_one(athlete: Athlete) -> None:
    for seed in range(6):
        dip, graze = one(Act("dip"), seed, athlete=athlete), one(Act("graze_dip"), seed, athlete=athlete)
        assert len(dip.truth.runs("right")) == 2
        assert len(graze.truth.runs("right")) == 1
        assert not any(run.grazes for each in (dip, graze) for run in each.truth.runs("right"))
        first, second = dip.truth.holds("right")
        assert second.end_s - first.start_s == pytest.approx(14.0, abs=0.2)
        assert 1.0 < second.start_s - first.end_s < 1.8
        assert lengths(graze.truth) == pytest.approx([11.0], abs=0.2)


def test_a_dip_goes_to_12_and_a_graze_to_20_degrees() -> None:
    for act, bottom_deg, below_s in ((Act("dip"), 12.0, 1.25), (Act("graze_dip"), 20.0, 0.15)):
        simulation = one(act)
        elevation = angles(simulation, top_s(simulation)).femur_elevation_deg
        assert elevation.min() == pytest.approx(bottom_deg, abs=0.3)
        assert longest_s(elevation < 22.0, 0.005) == pytest.approx(below_s, abs=0.12 if act.kind == "dip" else 0.011)
    elevation = angles(one(Act("dip")), top_s(one(Act("dip")))).femur_elevation_deg
    assert longest_s(elevation < 12.01, 0.005) == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize("athlete", [PERFECT, Athlete()])
def test_double_is_two_holds_without_a_stand_between(athlete: Athlete) -> None:
    simulation = one(Act("double", seconds=7.0), athlete=athlete)
    assert lengths(simulation.truth) == pytest.approx([7.0, 7.0], abs=0.01 if athlete == PERFECT else 0.25)
    first, second = simulation.truth.holds("right")
    between = np.arange(first.end_s, second.start_s, 0.005)
    lowest = simulation.truth.rezeroed_elevation_deg(between, "right").min()
    assert lowest == pytest.approx(-20.0, abs=3.0)
    assert len(simulation.truth.stands) == 2


# Bows


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("leg", ["lead", "other"])
def test_a_sideways_bow_tips_over_its_leg_and_not_forward(side: str, leg: str) -> None:
    simulation = one(Act("bow_sideways", leg), side=side, athlete=Athlete())
    bent = side if leg == "lead" else other_side(side)
    found = angles(simulation, top_s(simulation), bent)
    assert -40.0 < found.pelvis_obliquity_deg.min() < found.pelvis_obliquity_deg.max() < -22.0
    assert np.abs(found.pelvis_tilt_deg).max() < 7.0
    assert np.abs(found.trunk_tilt_deg).max() < 7.0
    right = simulation.truth.motion.rotation(top_s(simulation), "trunk")[:, :, 2]
    down = right if bent == "right" else -right
    assert np.degrees(np.arcsin(down[:, 2])).max() < -22.0
    for each in SIDES:
        assert simulation.truth.rezeroed_elevation_deg(top_s(simulation), each).max() < -80.0


@pytest.mark.parametrize("seed", range(8))
def test_other_bows_go_backward_or_spare_the_pelvis(seed: int) -> None:
    back = one(Act("bow_backward"), seed, athlete=Athlete())
    found = angles(back, top_s(back))
    assert -45.0 < found.pelvis_tilt_deg.min() < found.pelvis_tilt_deg.max() < -25.0
    assert found.trunk_tilt_deg.max() < -25.0
    only = one(Act("bow_back_only"), seed, athlete=Athlete())
    found = angles(only, top_s(only))
    assert 3.0 < found.pelvis_tilt_deg.min() < found.pelvis_tilt_deg.max() < 9.0
    assert found.trunk_tilt_deg.min() > 22.0
    bow = one(Act("bow"), seed, athlete=Athlete())
    np.testing.assert_allclose(found.trunk_tilt_deg.mean(), angles(bow, top_s(bow)).trunk_tilt_deg.mean(), atol=1.0)


def test_a_raise_or_bow_stays_as_long_as_it_says() -> None:
    for kind in ("raise", "bow"):
        move = move_of(one(Act(kind, seconds=2.0)))
        assert move.leave_s - move.top_s == pytest.approx(2.0)
    simulation = one(Act("raise", elevation_deg=12.0))
    assert angles(simulation, top_s(simulation)).femur_elevation_deg.max() == pytest.approx(12.0, abs=1e-6)


# Walking, sitting, knocks, restlessness


@pytest.mark.parametrize("leg", ["lead", "other"])
def test_walking_swings_both_legs_in_turn(leg: str) -> None:
    simulation = one(Act("walk", leg, 8.0))
    time_s = whole_s(simulation)
    assert time_s[-1] - time_s[0] == pytest.approx(8.0, abs=0.01)
    swings = [angles(simulation, time_s, side).hip_flexion_deg for side in SIDES]
    for swing in swings:
        assert swing.max() == pytest.approx(30.0, abs=4.5)
        assert swing.min() == pytest.approx(-15.0, abs=4.5)
        strides, _ = find_peaks(swing, height=20.0)
        np.testing.assert_allclose(np.diff(time_s[strides]), 1.1, atol=0.12)
    assert np.asarray(np.corrcoef(swings))[0, 1] < -0.9
    first = SIDES[int(leg == "other")]
    early = np.array([move_of(simulation).top_s])
    assert angles(simulation, early, first).hip_flexion_deg[0] > 25.0
    found = angles(simulation, time_s)
    for turned in (found.pelvis_rotation_deg, found.pelvis_obliquity_deg):
        assert turned.max() == pytest.approx(4.0, abs=0.5)
        assert turned.min() == pytest.approx(-4.0, abs=0.5)
    assert np.asarray(np.corrcoef(found.pelvis_rotation_deg, swings[0]))[0, 1] > 0.8  # with the right leg the right hip
    pelvis = simulation.truth.motion.pose(time_s, "pelvis").sensor_m
    assert 0.01 < np.ptp(pelvis[:, 2]) < 0.06
    thigh, shank = (simulation.truth.motion.rotation(time_s, f"{s}_right")[:, :, 1] for s in ("thigh", "shank"))
    assert 50.0 < np.degrees(np.arccos(np.sum(thigh * shank, axis=1))).max() < 62.0
    assert lengths(simulation.truth) == []


def test_stepping_on_the_spot_lifts_each_leg_in_turn() -> None:
    simulation = one(Act("step", seconds=9.0))
    time_s = whole_s(simulation)
    lifts = [angles(simulation, time_s, side).femur_elevation_deg + 90.0 for side in SIDES]
    found = []
    for lift in lifts:
        tops, _ = find_peaks(lift, height=20.0)
        assert np.all((lift[tops] > 30.0) & (lift[tops] < 40.0))
        np.testing.assert_allclose(np.diff(time_s[tops]), 1.2, atol=0.12)
        found.append(time_s[tops])
    assert np.all(np.minimum(*lifts) < 0.5)  # one foot is always down
    assert len(found[0]) + len(found[1]) == 15
    assert found[0][0] < found[1][0]


@pytest.mark.parametrize("athlete", [PERFECT, Athlete()])
def test_sitting_is_still_but_no_stand(athlete: Athlete) -> None:
    simulation = one(Act("sit", seconds=7.0), athlete=athlete)
    time_s = top_s(simulation)
    assert time_s[-1] - time_s[0] == pytest.approx(7.0, abs=0.01)
    for side in SIDES:
        slack = 0.5 if athlete == PERFECT else 12.0
        elevation = angles(simulation, time_s, side).femur_elevation_deg
        np.testing.assert_allclose(elevation, -8.0, atol=2.0 + slack)
        assert np.ptp(elevation) < 2.0
    np.testing.assert_allclose(angles(simulation, time_s).pelvis_tilt_deg, -15.0, atol=3.5)
    height = [simulation.truth.motion.pose(np.array([t]), "pelvis").sensor_m[0, 2] for t in (1.0, time_s[100])]
    assert 0.3 < height[0] - height[1] < 0.5
    _, gyr = felt(simulation, "thigh_right", time_s)
    assert np.sqrt(np.mean(gyr**2)) < 1.0
    assert len(simulation.truth.stands) == 2
    assert lengths(simulation.truth) == []
    given = one(Act("sit", elevation_deg=3.0))
    np.testing.assert_allclose(angles(given, top_s(given)).femur_elevation_deg, 3.0, atol=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_knocks_jolt_every_sensor_and_turn_none(seed: int) -> None:
    simulation = one(Act("tap"), seed)
    move = move_of(simulation)
    assert move.end_s - move.start_s == pytest.approx(2.0)
    time_s = np.arange(move.start_s, move.end_s, 0.0005)
    still = [simulation.truth.motion.rotation(time_s[[0, -1]], unit.placement)[0] for unit in simulation.units]
    for unit, pose in zip(simulation.units, still):
        acc, gyr = felt(simulation, unit.placement, time_s)
        turned = simulation.truth.motion.rotation(time_s, unit.placement)
        np.testing.assert_allclose(turned - pose, 0.0, atol=1e-9)
        np.testing.assert_allclose(gyr, 0.0, atol=1e-6)
        gravity = turned[:, 2, :] @ unit.r_segment_from_sensor * G_MPS2
        jolt = np.linalg.norm(acc - gravity, axis=1)
        knocks, _ = find_peaks(jolt, height=10.0, distance=200)
        assert 4 <= len(knocks) <= 6
        assert np.all(jolt[knocks] < 30.0)
        assert longest_s(jolt > 0.5, 0.0005) < 0.1
        way = np.linalg.norm(np.ptp(simulation.truth.motion.pose(time_s, unit.placement).sensor_m, axis=0))
        assert 0.0008 < way < 0.01


def test_who_is_restless_stands_on_both_feet_but_never_still() -> None:
    for seed in range(6):
        simulation = one(Act("restless", seconds=8.0), seed, athlete=Athlete())
        time_s = whole_s(simulation)
        assert time_s[-1] - time_s[0] == pytest.approx(8.0, abs=0.01)
        found = angles(simulation, time_s)
        for swing in (found.pelvis_tilt_deg, found.pelvis_obliquity_deg):
            assert swing.min() < -3.0
            assert swing.max() > 3.0
            assert np.abs(swing).max() < 9.5
        turns, _ = find_peaks(np.abs(angles(one(Act("restless", seconds=8.0), seed), time_s).pelvis_tilt_deg))
        assert np.all(np.diff(time_s[turns]) > 0.9)
        assert np.all(np.diff(time_s[turns]) < 2.5)
        for side in SIDES:
            elevation = simulation.truth.rezeroed_elevation_deg(time_s, side)
            assert 4.0 < elevation.max() + 90.0 < 14.0
        quiet = common([quiet_intervals(data.block, data.period_s) for data in assemble(simulation.frames)])
        inside = [(a, z) for a, z in quiet if move_of(simulation).start_s < a + simulation.first_sample_s]
        assert max((z - a for a, z in inside if z < time_s[-1]), default=0.0) < 2.0


def test_restless_feet_stay_where_they_are() -> None:
    simulation = one(Act("restless", seconds=8.0))
    time_s = whole_s(simulation)
    motion, anatomy = simulation.truth.motion, simulation.truth.motion.anatomy
    for side, role in (("right", "lead"), ("left", "other")):
        pose = motion.pose(time_s, f"shank_{side}")
        down = np.array((0.0, -(0.9 - anatomy.thigh_m), 0.0)) - anatomy.sensor_m[f"shank_{role}"]
        ankle = pose.sensor_m + pose.r_earth_from_segment @ down
        assert np.ptp(ankle, axis=0).max() < 0.06  # while the hips go to and fro by 20 cm
    assert np.ptp(motion.pose(time_s, "pelvis").sensor_m[:, 0]) > 0.12


# Sensors that slip, nodes that claim another place


SLIP = Slip("thigh_right", 12.0, (10.0, 25.0, -5.0))


def test_a_slip_is_felt_by_the_gyroscope_and_lasts() -> None:
    whole, slipped = simulate(5, athlete=PERFECT), simulate(5, athlete=PERFECT, slips=(SLIP,))
    before, after = unit_at(whole, "thigh_right"), unit_at(slipped, "thigh_right")
    np.testing.assert_array_equal(after.r_segment_from_sensor, before.r_segment_from_sensor)
    motion, vector = whole.truth.motion, np.radians(SLIP.rotation_deg)
    time_s = np.arange(SLIP.at_s - 1.0, SLIP.at_s + 1.0, 0.0005)
    np.testing.assert_array_equal(
        motion.rotation(time_s, "thigh_right"), slipped.truth.motion.rotation(time_s, "thigh_right")
    )
    (acc_a, gyr_a), (acc_b, gyr_b) = (ideal_signals(motion, unit, time_s) for unit in (before, after))
    early, late = time_s < SLIP.at_s - 0.01, time_s > SLIP.at_s + SLIP_S + 0.01
    np.testing.assert_array_equal(gyr_a[early], gyr_b[early])
    np.testing.assert_array_equal(acc_a[early], acc_b[early])
    turned = before.r_segment_from_sensor.T @ Rotation.from_rotvec(vector).as_matrix() @ before.r_segment_from_sensor
    np.testing.assert_allclose(acc_b[late] @ turned.T, acc_a[late], atol=1e-6)
    np.testing.assert_allclose(gyr_b[late] @ turned.T, gyr_a[late], atol=1e-6)
    felt_turn = Rotation.identity()
    for step in Rotation.from_rotvec(0.5 * (gyr_b[1:] + gyr_b[:-1]) * 0.0005):
        felt_turn = felt_turn * step
    poses = motion.rotation(time_s[[0, -1]], "thigh_right") @ after.worn(time_s[[0, -1]])
    error = felt_turn.inv() * Rotation.from_matrix(poses[0].T @ poses[1])
    assert np.degrees(error.magnitude()) < 0.02
    assert np.degrees(np.abs(gyr_b).max()) > 100.0


def test_a_slip_changes_no_other_node_and_no_draw() -> None:
    whole, slipped = simulate(5), simulate(5, slips=(SLIP,))
    thigh = unit_at(whole, "thigh_right").name
    assert [f for f in slipped.frames if f.node != thigh] == [f for f in whole.frames if f.node != thigh]
    pairs = list(zip(*([f for f in each.frames if f.node == thigh] for each in (whole, slipped))))
    assert [a.arrival_ns for a, _ in pairs] == [b.arrival_ns for _, b in pairs]
    alike = [a.arrival_ns for a, b in pairs if a == b]
    assert 11.5 < (max(t for t in alike if t < alike[0] + 12 * 10**9) - alike[0]) * 1e-9 < 12.2
    assert any(a != b for a, b in pairs)


def test_slips_add_up_in_segment_axes() -> None:
    script = Script(acts=(Act("stand", seconds=8.0),))
    slips = (Slip("pelvis", 4.0, (0.0, 90.0, 0.0)), Slip("pelvis", 2.0, (90.0, 0.0, 0.0)))
    unit = unit_at(simulate(5, script=script, slips=slips), "pelvis")
    r0, r1, r2 = unit.worn(np.array((1.0, 3.0, 5.0)))
    about_x, about_y = (Rotation.from_euler(axis, 90.0, degrees=True).as_matrix() for axis in "xy")
    np.testing.assert_allclose(r0, unit.r_segment_from_sensor, atol=1e-12)
    np.testing.assert_allclose(r1, about_x @ r0, atol=1e-12)
    np.testing.assert_allclose(r2, about_y @ about_x @ r0, atol=1e-12)


def test_swapped_nodes_claim_each_others_places() -> None:
    says = {"pelvis": "thigh_right", "thigh_right": "pelvis"}
    true, swapped = simulate(5, script=SHORT), simulate(5, script=SHORT, says=says)
    for before, after in zip(true.units, swapped.units):
        assert (after.placement, after.says) == (before.placement, says[before.placement])
        assert after.lid == {"pelvis": "back", "thigh_right": "right"}[after.says]
        np.testing.assert_array_equal(after.r_segment_from_sensor, before.r_segment_from_sensor)
        rename = {before.name: after.name}
        mine, theirs = (
            [f for f in each.frames if f.node == unit.name] for each, unit in ((true, before), (swapped, after))
        )
        assert [(rename[f.node], f.arrival_ns) for f in mine] == [(f.node, f.arrival_ns) for f in theirs]
        infos = [m for f in theirs for m in wire.messages(f.data) if isinstance(m, wire.Info)]
        assert {(info.name, info.placement, info.lid) for info in infos} == {(after.name, after.says, after.lid)}
        others = [(a.data, b.data) for a, b in zip(mine, theirs) if not isinstance(wire.messages(a.data)[0], wire.Info)]
        assert all(a == b for a, b in others)


# Another sensor or link for each node


@pytest.mark.parametrize("rate", [100, 120, 200, 240])
def test_sensors_sample_at_the_rate_they_are_set_to(rate: int) -> None:
    simulation = simulate(5, script=SHORT, sensor=replace(Sensor(), rate_hz=rate))
    for data in assemble(simulation.frames):
        assert 1.0 / data.period_s == pytest.approx(rate, rel=0.04)
        assert data.lost == 0
        assert len(data.block) == pytest.approx(simulation.truth.duration_s * rate, rel=0.04)


def test_each_node_can_have_its_own_sensor() -> None:
    usual, mixed = (
        simulate(5, script=SHORT),
        simulate(5, script=SHORT, sensor={"pelvis": replace(Sensor(), rate_hz=200)}),
    )
    rates = {data.placement: 1.0 / data.period_s for data in assemble(mixed.frames)}
    assert rates == {"pelvis": pytest.approx(200.0, rel=0.04), "thigh_right": pytest.approx(120.0, rel=0.04)}
    thigh = unit_at(usual, "thigh_right").name
    assert [f for f in mixed.frames if f.node == thigh] == [f for f in usual.frames if f.node == thigh]


def test_each_node_can_have_its_own_link() -> None:
    usual, mixed = simulate(5), simulate(5, link={"thigh_right": Link(loss=0.3)})
    lost = {data.placement: data.lost for data in assemble(mixed.frames)}
    assert lost["pelvis"] == 0 < lost["thigh_right"]
    pelvis = unit_at(usual, "pelvis").name
    assert [f for f in mixed.frames if f.node == pelvis] == [f for f in usual.frames if f.node == pelvis]


def test_a_fault_for_a_sensor_that_nobody_wears_is_refused() -> None:
    with pytest.raises(ValueError, match="trunk"):
        simulate(5, script=SHORT, slips=(Slip("trunk", 1.0, (1.0, 0.0, 0.0)),))
    with pytest.raises(ValueError, match="thigh_left"):
        simulate(5, script=SHORT, says={"thigh_left": "pelvis"})
    with pytest.raises(ValueError, match="shank_right"):
        simulate(5, script=SHORT, link={"shank_right": Link()})


@pytest.mark.parametrize("asymmetry_s", [0.04, 0.1])
def test_a_longer_way_out_puts_a_nodes_samples_half_of_it_too_early(asymmetry_s: float) -> None:
    usual = simulate(5)
    skewed = simulate(5, link={"pelvis": Link(asymmetry_s=asymmetry_s)})
    spread = {}
    for name, simulation in (("usual", usual), ("skewed", skewed)):
        nodes = assemble(simulation.frames)
        first = {place: float(node(nodes, place).block.time_s[0]) for place in ("pelvis", "thigh_right")}
        true = {place: unit_at(simulation, place).first_sample_s for place in first}
        spread[name] = (first["pelvis"] - true["pelvis"]) - (first["thigh_right"] - true["thigh_right"])
    assert abs(spread["usual"]) < 0.005
    assert spread["skewed"] - spread["usual"] == pytest.approx(-0.5 * asymmetry_s, abs=0.002)


# Who leans, is shaken, or faces elsewhere


@pytest.mark.parametrize("seed", range(6))
def test_who_leans_is_still_and_turns_pelvis_and_thighs_alike(seed: int) -> None:
    simulation = one(Act("lean_stand", seconds=8.0), seed)
    found = angles(simulation, top_s(simulation))
    lean = np.hypot(found.pelvis_tilt_deg, found.pelvis_obliquity_deg)
    assert np.ptp(lean) < 1e-6
    assert 3.9 < lean[0] < 10.1
    for side in SIDES:
        hangs = simulation.truth.rezeroed_elevation_deg(top_s(simulation), side) + 90.0
        np.testing.assert_allclose(hangs, lean, atol=0.2)
    quiet = common([quiet_intervals(data.block, data.period_s) for data in assemble(simulation.frames)])
    middle_s = 0.5 * sum(top_s(simulation)[[0, -1]].tolist()) - simulation.first_sample_s
    assert any(a < middle_s < z for a, z in quiet)


@pytest.mark.parametrize("seed", range(6))
def test_a_shaken_floor_turns_nothing_and_shakes_all_alike(seed: int) -> None:
    simulation = one(Act("vibrate", seconds=5.0), seed)
    time_s = np.arange(move_of(simulation).start_s + 0.2, move_of(simulation).end_s - 0.2, 0.001)
    shaking = []
    for unit in simulation.units:
        acc, gyr = felt(simulation, unit.placement, time_s)
        assert np.abs(gyr).max() < 1e-6
        shaking.append(np.abs(np.linalg.norm(acc, axis=1) - G_MPS2).max())
    assert 0.09 < shaking[0] < 5.1
    np.testing.assert_allclose(shaking, shaking[0], rtol=0.05)


@pytest.mark.parametrize("side", SIDES)
def test_who_turned_around_goes_on_as_before_facing_elsewhere(side: str) -> None:
    turn, hold = Act("turn_around"), Act("hold", seconds=6.0)
    plain, after = (
        simulate(5, side, PERFECT, Script(acts=(STAND, *acts, STAND), variation=0.0)).truth
        for acts in ((turn, STAND, hold, STAND, Act("walk")), (turn, STAND, Act("raise")))
    )
    faces = plain.angles(np.array([1.0, *(stand[0] + 1.0 for stand in plain.stands[1:])]), side).pelvis_rotation_deg
    assert 90.0 < abs(faces[1] - faces[0]) < 180.0
    np.testing.assert_allclose(faces[1:], faces[1], atol=1e-6)
    rotation = after.angles(np.array([stand[0] + 1.0 for stand in after.stands]), side)
    np.testing.assert_allclose(rotation.hip_rotation_deg, rotation.hip_rotation_deg[0], atol=1e-6)
    np.testing.assert_allclose(rotation.trunk_rotation_deg, rotation.pelvis_rotation_deg, atol=1e-6)
