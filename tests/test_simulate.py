"""The simulator: does the athlete move like the script says and like a body can, and do the nodes err as told?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hiphold import wire
from hiphold.samples import G_MPS2, Floats, Frame
from hiphold.simulation.athlete import Athlete
from hiphold.simulation.body import MIRROR_EARTH, MIRROR_SEGMENT
from hiphold.simulation.curves import Curve
from hiphold.simulation.link import Link
from hiphold.simulation.node import ideal_signals
from hiphold.simulation.script import Script
from hiphold.simulation.sensor import Sensor, Unit
from hiphold.simulation.truth import Truth
from hiphold.sources.replay import play
from hiphold.sources.simulate import EPOCH_NS, Simulation, simulate

ONE_HOLD = Script(ritual=False, hold_s=(11.0,), variation=0.0)
PERFECT = Athlete.perfect()
SIDES = ("right", "left")


@cache
def demo(side: str = "right", mounting: str = "any") -> Simulation:
    return simulate(5, side, mounting=mounting)


@cache
def one_hold(side: str, athlete: Athlete) -> Truth:
    return simulate(5, side, athlete, ONE_HOLD, placements=("pelvis",)).truth


def times(truth: Truth, kind: str = "hold", step_s: float = 0.01) -> Floats:
    """While the first move of a kind is at its top."""
    move = next(move for move in truth.moves if move.kind == kind)
    return np.arange(move.top_s, move.leave_s, step_s)


def messages(received: list[Frame], node: str) -> list[tuple[Frame, object]]:
    return [(frame, message) for frame in received if frame.node == node for message in wire.messages(frame.data)]


def samples(received: list[Frame], node: str) -> list[tuple[Frame, wire.Samples]]:
    return [(frame, m) for frame, m in messages(received, node) if isinstance(m, wire.Samples)]


def counts(received: list[Frame], node: str) -> tuple[Floats, Floats]:
    """Sequence numbers (n,) and counts (n, 10), by sequence number."""
    by_seq = {m.seq: np.frombuffer(m.payload, "<i2").reshape(m.count, 10) for _, m in samples(received, node)}
    seq = np.concatenate([np.arange(len(by_seq[first])) + first for first in sorted(by_seq)])
    return seq.astype(float), np.concatenate([by_seq[first] for first in sorted(by_seq)]).astype(float)


def sample_times(unit: Unit, seq: Floats) -> Floats:
    return np.asarray(unit.first_sample_s + seq * unit.period_s)


# The athlete: signs and geometry


@pytest.mark.parametrize("side", SIDES)
def test_a_perfect_athlete_does_exactly_what_the_script_asks(side: str) -> None:
    truth = one_hold(side, PERFECT)
    time_s = times(truth, step_s=0.001)
    angles = truth.angles(time_s, side)
    asked = truth.plan.moves[0].elevation_deg
    np.testing.assert_allclose(angles.femur_elevation_deg, asked, atol=1e-6)
    np.testing.assert_allclose(truth.rezeroed_elevation_deg(time_s, side), asked, atol=1e-6)
    assert angles.hip_rotation_deg.min() == pytest.approx(-25.0, abs=1e-3)
    assert angles.hip_rotation_deg.max() == pytest.approx(25.0, abs=1e-3)
    assert angles.thigh_azimuth_deg.min() == pytest.approx(-10.0, abs=1e-3)
    assert angles.thigh_azimuth_deg.max() == pytest.approx(10.0, abs=1e-3)
    for still in (angles.pelvis_tilt_deg, angles.pelvis_obliquity_deg, angles.pelvis_rotation_deg):
        np.testing.assert_allclose(still, 0.0, atol=1e-9)
    (hold,) = truth.runs(side)
    assert hold.hold_s == pytest.approx(11.0, abs=0.003)
    assert not hold.grazes


def test_with_the_pelvis_upright_a_flexion_of_120_is_an_elevation_of_30() -> None:
    truth = one_hold("right", replace(PERFECT, hold_elevation_deg=(30.0, 30.0), azimuth_deg=0.0))
    angles = truth.angles(times(truth), "right")
    np.testing.assert_allclose(angles.hip_flexion_deg, 120.0, atol=1e-6)
    np.testing.assert_allclose(angles.hip_adduction_deg, 0.0, atol=1e-6)


def test_the_pelvis_supplies_its_share_of_the_raise() -> None:
    """Murray 2002: about 98 degrees at the joint and 22 of posterior pelvic tilt."""
    athlete = replace(PERFECT, hold_elevation_deg=(30.0, 30.0), azimuth_deg=0.0, pelvis_tilt_per_elevation=0.18)
    truth = one_hold("right", athlete)
    angles = truth.angles(times(truth), "right")
    np.testing.assert_allclose(angles.pelvis_tilt_deg, -21.6, atol=1e-6)
    np.testing.assert_allclose(angles.hip_flexion_deg, 98.4, atol=1e-6)
    np.testing.assert_allclose(angles.femur_elevation_deg, 30.0, atol=1e-6)


@pytest.mark.parametrize("side", SIDES)
def test_signs_follow_the_measured_side(side: str) -> None:
    athlete = replace(PERFECT, pelvis_hike_deg=5.0, pelvis_rotation_per_hip_rotation=0.2)
    truth = one_hold(side, athlete)
    time_s = times(truth)
    angles = truth.angles(time_s, side)
    to_measured_side = 1.0 if side == "right" else -1.0
    hip = to_measured_side * truth.motion.pose(time_s, "pelvis").r_earth_from_segment[:, :, 2]
    knee = -truth.motion.pose(time_s, f"thigh_{side}").r_earth_from_segment[:, :, 1]
    assert np.all(hip[:, 2] > 0.0)
    np.testing.assert_allclose(angles.pelvis_obliquity_deg, 5.0, atol=1e-6)
    outward, across = np.argmin(angles.thigh_azimuth_deg), np.argmax(angles.thigh_azimuth_deg)
    left = knee[:, 1] * to_measured_side  # earth y: for the right leg, across
    assert left[outward] < 0.0 < left[across]
    assert angles.hip_rotation_deg[outward] < 0.0 < angles.hip_rotation_deg[across]
    back, forward = np.argmin(angles.pelvis_rotation_deg), np.argmax(angles.pelvis_rotation_deg)
    assert hip[back, 0] < 0.0 < hip[forward, 0]
    assert np.argmin(angles.hip_rotation_deg[:300]) < np.argmax(angles.hip_rotation_deg[:300])


def test_internal_rotation_turns_the_front_of_the_thigh_inward() -> None:
    truth = one_hold("right", replace(PERFECT, azimuth_deg=0.0))
    time_s = times(truth)
    rotation = truth.angles(time_s, "right").hip_rotation_deg
    front = truth.motion.pose(time_s, "thigh_right").r_earth_from_segment[:, :, 0]
    assert front[np.argmax(rotation), 1] > 0.4  # to the left
    assert front[np.argmin(rotation), 1] < -0.4


def test_the_bow_tilts_the_pelvis_forward_over_nearly_still_thighs() -> None:
    truth = demo().truth
    time_s = times(truth, "bow")
    tilt = truth.angles(time_s, "right").pelvis_tilt_deg
    stood = truth.rezeroed_elevation_deg(np.array([time_s[0] - 2.5]), "right")
    assert 22.0 < tilt.min() < tilt.max() < 40.0
    assert np.abs(truth.rezeroed_elevation_deg(time_s, "right") - stood).max() < 8.0


def test_left_is_the_mirror_image_of_right() -> None:
    right, left = demo("right").truth, demo("left").truth
    time_s = np.arange(0.0, right.duration_s, 0.05)
    mine, theirs = right.angles(time_s, "right"), left.angles(time_s, "left")
    for name in vars(mine):
        np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), atol=1e-9, err_msg=name)
    for placement in wire.PLACEMENTS:
        other = placement.replace("left", "RIGHT").replace("right", "left").replace("RIGHT", "right")
        a, b = right.motion.pose(time_s, placement), left.motion.pose(time_s, other)
        mirrored = MIRROR_EARTH @ a.r_earth_from_segment @ MIRROR_SEGMENT
        np.testing.assert_array_equal(b.r_earth_from_segment, mirrored)
        np.testing.assert_array_equal(b.sensor_m, a.sensor_m @ MIRROR_EARTH)
    assert [run.hold_s for run in right.runs("right")] == pytest.approx([run.hold_s for run in left.runs("left")])


def test_segments_hang_together() -> None:
    truth = demo().truth
    time_s = np.array([1.0])
    height = {place: truth.motion.pose(time_s, place).sensor_m[0, 2] for place in wire.PLACEMENTS}
    assert 0.2 < height["shank_right"] < height["thigh_right"] < 0.8 < height["pelvis"] < height["trunk"] < 1.6
    middle = truth.motion.pose(time_s, "pelvis").sensor_m[0]
    assert truth.motion.pose(time_s, "thigh_right").sensor_m[0, 1] < middle[1] - 0.1
    assert truth.motion.pose(time_s, "thigh_left").sensor_m[0, 1] > middle[1] + 0.1
    raised = times(truth)
    shank = truth.motion.pose(raised, "shank_right").r_earth_from_segment[:, :, 1]
    assert np.all(shank[:, 2] > 0.5)  # the shank hangs from the raised knee


# The athlete: imperfections, and the script


def test_imperfections_have_the_size_they_are_set_to() -> None:
    script = Script(ritual=False, hold_s=(2.0,), stand_s=2.0, rest_s=2.0)
    athlete = replace(Athlete(), sway_deg=0.0, tremor_deg=0.0)
    standing, put_back = [], []
    for seed in range(120):
        truth = simulate(seed, athlete=athlete, script=script, placements=("trunk",)).truth
        angles = truth.angles(np.array([1.0, truth.duration_s - 1.0]), "right")
        three = np.stack((angles.hip_flexion_deg, angles.hip_adduction_deg, angles.hip_rotation_deg))
        standing.append(three[:, 0])
        put_back.append(three[:, 1] - three[:, 0])
    np.testing.assert_allclose(np.std(standing, axis=0), (2.5, 2.0, 4.0), rtol=0.25)
    np.testing.assert_allclose(np.std(put_back, axis=0), 3.0, rtol=0.25)


def test_sway_and_tremor_have_the_size_they_are_set_to() -> None:
    for athlete, rms in ((replace(PERFECT, sway_deg=0.4), 0.4), (replace(PERFECT, tremor_deg=0.5), 0.05)):
        found = []
        for seed in range(12):
            truth = simulate(seed, athlete=athlete, script=Script(60.0, False, hold_s=()), placements=("trunk",)).truth
            flexion = truth.angles(np.arange(0.0, 60.0, 0.02), "right").femur_elevation_deg + 90.0
            found.append(np.sqrt(np.mean(flexion**2)))
        # Elevation sees flexion and adduction at once: the distance from vertical.
        assert np.mean(found) == pytest.approx(rms * np.sqrt(2.0), rel=0.15)


def test_a_hold_sags_turns_and_trembles_more_towards_its_end() -> None:
    sags, tremor = [], []
    for seed in range(6):
        truth = simulate(seed, placements=("trunk",)).truth
        for move in (move for move in truth.moves if move.kind == "hold"):
            time_s = np.arange(move.top_s, move.leave_s, 0.005)
            angles = truth.angles(time_s, "right")
            assert -35.0 < angles.hip_rotation_deg.min() < -18.0
            assert 18.0 < angles.hip_rotation_deg.max() < 36.0
            azimuth = angles.thigh_azimuth_deg[180:]  # by then what came with the raise is gone
            assert -15.0 < azimuth.min() < -6.0
            assert 6.0 < azimuth.max() < 15.0
            sags.append(angles.femur_elevation_deg[:300].mean() - angles.femur_elevation_deg[-300:].mean())
            jerk = np.diff(angles.femur_elevation_deg, 3)
            tremor.append(np.std(jerk[-400:]) / np.std(jerk[:400]))
    assert 1.5 < np.mean(sags) < 4.5
    assert max(sags) < 7.5
    assert 1.4 < np.mean(tremor) < 2.2


def test_the_default_session_has_a_stand_two_raises_a_bow_and_three_holds() -> None:
    for seed in range(3):
        truth = simulate(seed, placements=("trunk",)).truth
        assert [move.kind for move in truth.moves] == ["raise", "raise", "bow", "hold", "hold", "hold"]
        assert truth.stands[0][0] == 0.0
        assert min(end - start for start, end in (truth.stands[0], *truth.stands[-3:])) >= 4.0
        runs = truth.runs("right")
        assert len(runs) == 3
        assert all(9.5 < hold.hold_s < 12.5 and not hold.grazes for hold in runs)
        for move in truth.moves[:2]:
            peak = truth.angles(np.arange(move.start_s, move.end_s, 0.01), "right").femur_elevation_deg.max()
            assert 0.0 < peak < 24.0
            assert move.leave_s - move.top_s < 1.0


def test_a_hold_that_is_broken_off_is_an_attempt() -> None:
    truth = simulate(3, script=Script(hold_s=(11.0, 3.0)), placements=("pelvis",)).truth
    (attempt,) = truth.attempts("right")
    assert 2.0 < attempt.hold_s < 4.0
    assert len(truth.holds("right")) == 1
    assert truth.runs("left") == ()


def test_both_legs_take_turns() -> None:
    truth = simulate(3, "both", script=Script(ritual=True, hold_s=(6.0, 6.0)), placements=("pelvis",)).truth
    assert [move.side for move in truth.moves if move.kind == "raise"] == ["right", "left", "right", "left"]
    (right,), (left,) = truth.holds("right"), truth.holds("left")
    assert right.end_s < left.start_s
    peak = truth.angles(np.arange(left.start_s, left.end_s, 0.01), "left")
    assert peak.hip_rotation_deg.max() > 18.0
    assert peak.pelvis_obliquity_deg.mean() > 0.5  # the raised side is up, whichever it is


def test_a_hold_that_ends_along_the_threshold_is_said_to_graze() -> None:
    truth = one_hold("right", replace(PERFECT, hold_elevation_deg=(25.5, 25.5)))
    assert [run.grazes for run in truth.runs("right")] == [True]


def test_switching_one_imperfection_off_leaves_the_others() -> None:
    athletes = (Athlete(), replace(Athlete(), sag_deg=0.0, tremor_deg=0.0, posture_sd_deg=(0.0, 0.0, 0.0)))
    with_all, without = (simulate(4, athlete=athlete, placements=("pelvis",)).truth for athlete in athletes)
    time_s = np.arange(0.0, with_all.duration_s, 0.1)
    np.testing.assert_array_equal(
        with_all.motion.pose(time_s, "pelvis").r_earth_from_segment,
        without.motion.pose(time_s, "pelvis").r_earth_from_segment,
    )


def test_curves_are_smooth_and_constant_outside() -> None:
    curve = Curve(np.array((1.0, 2.0, 3.0)), np.array((0.0, 4.0, -4.0)))
    np.testing.assert_array_equal(curve(np.array((0.0, 1.0, 1.5, 2.0, 3.0, 9.0))), (0.0, 0.0, 2.0, 4.0, -4.0, -4.0))
    acceleration = np.diff(curve(np.arange(0.5, 3.5, 1e-4)), 2) / 1e-8
    assert np.abs(np.diff(acceleration)).max() < 0.1


# What the sensors feel


@pytest.mark.parametrize("placement", wire.PLACEMENTS)
def test_standing_still_a_sensor_feels_gravity_and_no_turning(placement: str) -> None:
    simulation = simulate(2, athlete=PERFECT, sensor=Sensor.ideal(), placements=(placement,))
    acc, gyr = ideal_signals(simulation.truth.motion, simulation.units[0], np.linspace(0.5, 3.5, 50))
    np.testing.assert_allclose(np.linalg.norm(acc, axis=1), G_MPS2, atol=1e-6)
    np.testing.assert_allclose(gyr, 0.0, atol=1e-9)


def test_in_any_mounting_gravity_points_up_and_every_mounting_occurs() -> None:
    ups = []
    for seed in range(40):
        simulation = simulate(seed, script=Script(0.5, False, hold_s=()), placements=("thigh_right",))
        acc, _ = ideal_signals(simulation.truth.motion, simulation.units[0], np.linspace(0.1, 0.4, 20))
        assert np.linalg.norm(acc.mean(axis=0)) == pytest.approx(G_MPS2, abs=0.1)
        ups.append(acc.mean(axis=0) / G_MPS2)
    assert np.linalg.norm(np.mean(ups, axis=0)) < 0.4
    assert np.ptp(ups, axis=0).min() > 1.4


@pytest.mark.parametrize("side", SIDES)
def test_worn_by_the_marks_the_case_is_up_and_the_lid_faces_its_side(side: str) -> None:
    errors = []
    for seed in range(20):
        simulation = simulate(seed, side, PERFECT, Script(0.5, False, hold_s=()), mounting="worn")
        for unit in simulation.units:
            r = simulation.truth.motion.pose(np.array([0.1]), unit.placement).r_earth_from_segment[0]
            case = r @ unit.r_segment_from_sensor
            faces = {"back": (-1.0, 0.0, 0.0), "right": (0.0, -1.0, 0.0), "left": (0.0, 1.0, 0.0)}[unit.lid]
            assert unit.lid == ("back" if unit.placement == "pelvis" else side)
            errors += [np.arccos(case[2, 1]), np.arccos(case[:, 2] @ faces)]
    assert np.degrees(np.sqrt(np.mean(np.square(errors)))) == pytest.approx(4.0 * np.sqrt(2.0), rel=0.2)


@pytest.mark.parametrize("placement", ["pelvis", "thigh_right"])
def test_adding_up_the_gyroscope_gives_the_pose(placement: str) -> None:
    simulation = demo()
    unit = next(unit for unit in simulation.units if unit.placement == placement)
    time_s = np.arange(0.0, 10.0, 0.0005)
    _, gyr = ideal_signals(simulation.truth.motion, unit, time_s)
    turned = Rotation.identity()
    for step in Rotation.from_rotvec(0.5 * (gyr[1:] + gyr[:-1]) * 0.0005):
        turned = turned * step
    pose = simulation.truth.motion.pose(time_s[[0, -1]], placement).r_earth_from_segment @ unit.r_segment_from_sensor
    error = turned.inv() * Rotation.from_matrix(pose[0].T @ pose[1])
    assert np.degrees(error.magnitude()) < 0.01


@pytest.mark.parametrize("placement", ["pelvis", "thigh_right"])
def test_specific_force_and_gravity_give_the_acceleration_of_the_sensor(placement: str) -> None:
    simulation = demo()
    unit = next(unit for unit in simulation.units if unit.placement == placement)
    time_s = np.arange(0.0, simulation.truth.duration_s, 0.002)
    pose = simulation.truth.motion.pose(time_s, placement)
    acc, _ = ideal_signals(simulation.truth.motion, unit, time_s)
    felt = np.einsum("nij,nj->ni", pose.r_earth_from_segment @ unit.r_segment_from_sensor, acc) - (0.0, 0.0, G_MPS2)
    moved = np.gradient(np.gradient(pose.sensor_m, 0.002, axis=0), 0.002, axis=0)
    np.testing.assert_allclose(felt[5:-5], moved[5:-5], atol=0.06)
    assert np.abs(felt).max() < 25.0  # nobody raises a knee with more than that
    assert np.std(felt) > 0.05


def test_mirrored_sensors_feel_mirrored_motion() -> None:
    right, left = demo("right", "worn"), demo("left", "worn")
    time_s = np.arange(0.0, 30.0, 0.05)
    for a, b in zip(right.units, left.units):
        (acc_a, gyr_a), (acc_b, gyr_b) = (
            [signal @ unit.r_segment_from_sensor.T for signal in ideal_signals(sim.truth.motion, unit, time_s)]
            for sim, unit in ((right, a), (left, b))
        )
        np.testing.assert_allclose(acc_b, acc_a @ MIRROR_SEGMENT, atol=1e-6)
        np.testing.assert_allclose(gyr_b, -gyr_a @ MIRROR_SEGMENT, atol=1e-9)  # turning is an axial vector


# What the nodes send


def test_every_frame_is_a_sound_packet_in_order_of_arrival() -> None:
    simulation = demo()
    arrivals = [frame.arrival_ns for frame in simulation.frames]
    assert arrivals == sorted(arrivals)
    assert arrivals[0] >= EPOCH_NS
    for unit in simulation.units:
        kinds = [type(message) for _, message in messages(simulation.frames, unit.name)]
        assert kinds[:2] == [wire.Info, wire.Calibration]
        assert kinds.count(wire.Info) == 1 + int(simulation.truth.duration_s // 10.0)
        assert kinds.count(wire.Time) > simulation.truth.duration_s / 2.0 - 2.0
        info = messages(simulation.frames, unit.name)[0][1]
        assert isinstance(info, wire.Info)
        assert (info.name, info.placement, info.lid) == (unit.name, unit.placement, unit.lid)
        found = [message for _, message in samples(simulation.frames, unit.name)]
        assert {m.count for m in found[:-1]} == {wire.MAX_SAMPLES}
        assert [m.seq for m in found] == list(range(0, len(found) * wire.MAX_SAMPLES, wire.MAX_SAMPLES))
        assert not any(m.flags for m in found)
        rate = 1e9 / np.median([m.period_ns for m in found])
        assert rate == pytest.approx(info.rate_hz, rel=0.05)
        span_s = (found[-1].node_us - found[0].node_us) * 1e-6
        assert span_s == pytest.approx(found[-1].seq * found[0].period_ns * 1e-9, abs=1e-4)


def test_an_ideal_sensor_errs_by_its_rounding_only() -> None:
    simulation = simulate(5, sensor=Sensor.ideal())
    for unit in simulation.units:
        seq, rows = counts(simulation.frames, unit.name)
        acc, gyr = ideal_signals(simulation.truth.motion, unit, sample_times(unit, seq))
        assert np.abs(rows[:, :3] * 122e-6 * G_MPS2 - acc).max() < 0.51 * 122e-6 * G_MPS2
        assert np.abs(np.radians(rows[:, 3:6] * 35e-3) - gyr).max() < np.radians(0.51 * 35e-3)


def test_noise_bias_and_scale_have_the_size_they_are_set_to() -> None:
    script = Script(2.0, False, hold_s=())
    left, noise = [], []
    for seed in range(40):
        simulation = simulate(seed, athlete=PERFECT, script=script, placements=("pelvis", "thigh_right"))
        for unit in simulation.units:
            _, rows = counts(simulation.frames, unit.name)
            assert unit.calibration is not None
            gyr = rows[:, 3:6] * 35e-3 - np.degrees(unit.calibration.gyr_zero_radps)
            left.append(np.concatenate((unit.acc_bias_mps2 - unit.calibration.acc_offset_mps2, gyr.mean(axis=0))))
            noise.append(gyr.std(axis=0))
    spread = np.std(left, axis=0)
    np.testing.assert_allclose(spread[:3], 5e-3 * G_MPS2, rtol=0.3)
    np.testing.assert_allclose(spread[3:], 0.03, rtol=0.3)
    expected = np.hypot(2.8e-3 * np.sqrt(60.0), 35e-3 / np.sqrt(12.0))
    np.testing.assert_allclose(np.mean(noise, axis=0), expected, rtol=0.1)


def test_the_budget_part_needs_its_zero() -> None:
    simulation = simulate(5, athlete=PERFECT, script=Script(2.0, False, hold_s=()), sensor=Sensor.mpu6050())
    for unit in simulation.units:
        _, rows = counts(simulation.frames, unit.name)
        raw = (rows[:, 3:6] / 65.5).mean(axis=0)
        assert unit.calibration is not None
        assert np.abs(raw).max() > 1.0
        np.testing.assert_allclose(raw, np.degrees(unit.calibration.gyr_zero_radps), atol=0.25)
    unzeroed = replace(Sensor.mpu6050(), gyr_left_sd_radps=None)
    simulation = simulate(5, script=Script(2.0, False, hold_s=()), sensor=unzeroed)
    assert all(unit.calibration is None for unit in simulation.units)
    kinds = {type(m) for _, m in messages(simulation.frames, simulation.units[0].name)}
    assert wire.Calibration not in kinds


def test_the_node_knows_about_where_up_is() -> None:
    simulation = demo()
    for unit in simulation.units:
        seq, rows = counts(simulation.frames, unit.name)
        q = rows[:, 6:] / wire.QUATERNION_ONE
        np.testing.assert_allclose(np.linalg.norm(q, axis=1), 1.0, atol=1e-3)
        up = Rotation.from_quat(q, scalar_first=True).inv().apply((0.0, 0.0, 1.0))
        pose = simulation.truth.motion.pose(sample_times(unit, seq), unit.placement)
        true_up = (pose.r_earth_from_segment @ unit.r_segment_from_sensor)[:, 2, :]
        error = np.degrees(np.arccos(np.clip(np.sum(up * true_up, axis=1), -1.0, 1.0)))
        assert np.sqrt(np.mean(error**2)) < 2.0


def test_beyond_the_range_readings_clip_and_the_frame_says_so() -> None:
    narrow = replace(Sensor.ideal(), gyr_code=0)
    simulation = simulate(5, sensor=narrow, placements=("thigh_right",))
    (unit,) = simulation.units
    clipped = 0
    for _, message in samples(simulation.frames, unit.name):
        gyr = np.frombuffer(message.payload, "<i2").reshape(-1, 10)[:, 3:6]
        at_end = bool(np.any((gyr == 32767) | (gyr == -32768)))
        assert bool(message.flags & wire.CLIPPED) == at_end
        clipped += at_end
    seq, rows = counts(simulation.frames, unit.name)
    _, rate = ideal_signals(simulation.truth.motion, unit, sample_times(unit, seq))
    beyond = np.abs(np.degrees(rate)) > 32768 * 4.375e-3
    assert clipped > 0
    assert np.all(np.abs(rows[:, 3:6][beyond]) >= 32767)
    assert np.all(np.sign(rows[:, 3:6][beyond]) == np.sign(rate[beyond]))


def test_fast_rates_send_several_messages_in_a_packet() -> None:
    fast = replace(Sensor(), rate_hz=480)
    simulation = simulate(5, script=Script(2.0, False, hold_s=()), sensor=fast, placements=("pelvis",))
    sizes = [
        len(wire.messages(f.data)) for f in simulation.frames if isinstance(wire.messages(f.data)[0], wire.Samples)
    ]
    assert max(sizes) == 3
    seq, _ = counts(simulation.frames, simulation.units[0].name)
    np.testing.assert_array_equal(seq, np.arange(len(seq)))


def test_offset_and_skew_can_be_had_from_the_clock_exchanges() -> None:
    simulation = simulate(5, sensor=replace(Sensor(), clock_skew_sd_ppm=5000.0))
    for unit in simulation.units:
        exchanges = [(f.arrival_ns, m) for f, m in messages(simulation.frames, unit.name) if isinstance(m, wire.Time)]
        host = np.array([(m.host_us * 1000 - EPOCH_NS + arrival - EPOCH_NS) / 2e9 for arrival, m in exchanges])
        node = np.array([(m.node_rx_us + m.node_tx_us) / 2e6 for _, m in exchanges])
        travel = np.array([(arrival / 1000 - m.host_us) / 1e6 for arrival, m in exchanges])
        assert np.all(np.abs(node - unit.node_s(host)) <= travel / 2.0 + 1e-5)
        assert 0.005 < np.median(travel) < 0.06
        skew, offset = np.polyfit(host, node, 1)
        assert skew - 1.0 == pytest.approx(unit.clock_skew, abs=300e-6)
        assert offset == pytest.approx(unit.clock_offset_s, abs=0.01)


def test_sample_stamps_are_the_nodes_own_clock() -> None:
    simulation = demo()
    assert simulation.first_sample_s == min(unit.first_sample_s for unit in simulation.units)
    for unit in simulation.units:
        for frame, message in samples(simulation.frames, unit.name):
            taken_s = unit.first_sample_s + message.seq * unit.period_s
            assert message.node_us * 1e-6 == pytest.approx(float(unit.node_s(np.array(taken_s))), abs=2e-6)
            last_s = taken_s + (message.count - 1) * unit.period_s
            assert 0.003 < (frame.arrival_ns - EPOCH_NS) * 1e-9 - last_s < 0.04


# The radio


def test_about_as_many_frames_are_lost_as_asked_for() -> None:
    whole, lossy = demo(), simulate(5, link=Link(loss=0.2))
    for unit in whole.units:
        sent, received = samples(whole.frames, unit.name), samples(lossy.frames, unit.name)
        expected = 0.8 * len(sent)
        assert abs(len(received) - expected) < 4.0 * np.sqrt(0.2 * expected)
        assert isinstance(messages(lossy.frames, unit.name)[0][1], wire.Info)


def test_nothing_arrives_from_inside_a_hole() -> None:
    holed = simulate(5, link=Link(holes=((10.0, 2.0),)))
    for unit in holed.units:
        seq, _ = counts(holed.frames, unit.name)
        missing = sample_times(unit, seq[:-1])[np.diff(seq) > 1.5]
        assert len(missing) == 1
        assert 9.8 < missing[0] < 10.1
        assert np.diff(seq).max() * unit.period_s == pytest.approx(2.0, abs=0.15)
    many = simulate(5, link=Link(holes_per_min=40.0))
    lost = [len(samples(demo().frames, u.name)) - len(samples(many.frames, u.name)) for u in many.units]
    assert min(lost) > 20


def test_late_frames_say_so_and_come_after_their_successors() -> None:
    simulation = simulate(5, link=Link(late=0.1))
    for unit in simulation.units:
        found = [message for _, message in samples(simulation.frames, unit.name)]
        assert sorted(m.seq for m in found) == list(range(0, len(found) * wire.MAX_SAMPLES, wire.MAX_SAMPLES))
        in_time = [m.seq for m in found if not m.flags & wire.RESENT]
        assert in_time == sorted(in_time)
        late = [i for i, m in enumerate(found) if m.flags & wire.RESENT]
        assert 0.05 < len(late) / len(found) < 0.15
        overtaken = [any(m.seq > found[i].seq for m in found[:i]) for i in late]
        assert np.mean(overtaken) > 0.6


# One seed, one session


def test_the_same_seed_gives_the_same_bytes() -> None:
    again, other = simulate(5), simulate(6)
    assert again.frames == demo().frames
    assert other.frames != again.frames
    assert again.truth.runs("right") == demo().truth.runs("right") != other.truth.runs("right")


def test_link_and_sensor_change_nothing_of_the_motion() -> None:
    whole = demo()
    time_s = np.arange(0.0, whole.truth.duration_s, 0.1)
    for changed in (simulate(5, link=Link(loss=0.3, late=0.2)), simulate(5, sensor=Sensor.mpu6050())):
        for placement in wire.PLACEMENTS:
            a, b = (sim.truth.motion.pose(time_s, placement) for sim in (whole, changed))
            np.testing.assert_array_equal(a.r_earth_from_segment, b.r_earth_from_segment)
            np.testing.assert_array_equal(a.sensor_m, b.sensor_m)
    lossy = simulate(5, link=Link(loss=0.3))
    for unit in whole.units:
        sent = {m.seq: m for _, m in samples(whole.frames, unit.name)}
        assert all(message == sent[message.seq] for _, message in samples(lossy.frames, unit.name))


def test_another_node_changes_nothing_of_the_first() -> None:
    more = simulate(5, placements=("trunk", "pelvis", "thigh_right", "shank_right"))
    names = {unit.name for unit in demo().units}
    assert [frame for frame in more.frames if frame.node in names] == demo().frames
    assert [unit.placement for unit in simulate(5, "both").units] == ["pelvis", "thigh_right", "thigh_left"]


@pytest.mark.parametrize("speed", [0.0, 1e6])
def test_the_source_yields_every_frame_in_order(speed: float) -> None:
    async def collect() -> list[Frame]:
        return [frame async for frame in play(demo().frames, speed)]

    assert asyncio.run(collect()) == demo().frames
