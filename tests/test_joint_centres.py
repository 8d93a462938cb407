"""Joint centres from motion: a pendulum worked out by hand, the simulated drill, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from hiphold import joint_centres, timeline
from hiphold.joint_centres import Carried, Femur, carried, femur, joint_centre
from hiphold.orientation import estimate_orientation
from hiphold.quaternion import up_in_sensor
from hiphold.samples import G_MPS2, Block, Floats, Interval
from hiphold.simulation.script import Act, Script
from hiphold.simulation.sensor import Sensor
from hiphold.sources.simulate import Simulation, simulate
from hiphold.stillness import gravity_direction

WORN = ("thigh_right", "pelvis", "shank_right")
FROM_JOINT_M = np.array((0.05, -0.25, 0.08))
TIME_S = np.arange(0.0, 20.0, 0.008)


def pendulum(bias_mps2: Floats | None = None) -> tuple[Carried, Carried]:
    """A thigh that swings about z through a joint at rest, and a sensor that rests beside it.

    With the angle q forward, up in the thigh is (sin q, cos q, 0); the sensor is r = R o from the joint.
    """
    swing = 2 * np.pi * 0.4
    angle = 0.9 - 0.9 * np.cos(swing * TIME_S)
    rate, bend = 0.9 * swing * np.sin(swing * TIME_S), 0.9 * swing**2 * np.cos(swing * TIME_S)
    up = np.column_stack((np.sin(angle), np.cos(angle), 0 * angle))
    # in the thigh: centripetal -rate^2 o, tangential bend z x o, both across z
    x, y, _ = FROM_JOINT_M
    force = G_MPS2 * up + np.column_stack((-(rate**2) * x - bend * y, -(rate**2) * y + bend * x, 0 * angle))
    force = force + (0.0 if bias_mps2 is None else bias_mps2)
    rest = np.tile((0.0, 0.0, 1.0), (len(TIME_S), 1))
    blank = np.full((len(TIME_S), 4), np.nan)
    return (
        carried(Block(TIME_S, force, np.zeros_like(force), blank), up),
        carried(Block(TIME_S, G_MPS2 * rest, np.zeros_like(rest), blank), rest),
    )


@pytest.mark.parametrize(("bias_mps2", "most_m"), [(None, 0.002), (np.array((0.15, -0.1, 0.1)), 0.007)])
def test_a_pendulum_shows_its_joint(bias_mps2: Floats | None, most_m: float) -> None:
    """Also when the accelerometer is wrong by 20 mg, which moves it by 19 mm when it is not solved for.

    How far inward the joint lies does not show: that stays as expected.
    """
    found = joint_centre(*pendulum(bias_mps2), expected_m=np.array((0.0, 0.0, -0.03)), sd_m=0.3)
    assert found is not None
    np.testing.assert_allclose(found.centre_m[:2], -FROM_JOINT_M[:2], atol=most_m)
    assert found.centre_m[2] == pytest.approx(-0.03, abs=1e-6)
    sd_m = np.sqrt(np.diag(found.covariance_m2))
    assert (sd_m[:2] < 0.02).all()
    assert sd_m[2] == pytest.approx(0.3)
    assert found.rest_mps2 < 0.01


def test_a_gap_in_one_sensor_is_left_out() -> None:
    """Drawn over by a straight line, 0.6 s of a swing would move the joint by centimetres."""
    first, second = pendulum()
    there = (first.time_s < 5.3) | (first.time_s > 5.9)
    holed = Carried(first.time_s[there], first.up_sensor[there], first.up_mps2[there])
    found = joint_centre(holed, second, np.zeros(3), 0.3)
    assert found is not None
    np.testing.assert_allclose(found.centre_m[:2], -FROM_JOINT_M[:2], atol=0.002)


def test_what_is_not_known_is_left_out() -> None:
    block = Block(TIME_S[:3], np.full((3, 3), 1.0), np.zeros((3, 3)), np.full((3, 4), np.nan))
    up = np.array(((0.0, 1.0, 0.0), (np.nan, np.nan, np.nan), (1.0, 0.0, 0.0)))
    found = carried(block, up)
    np.testing.assert_array_equal(found.time_s, TIME_S[[0, 2]])
    np.testing.assert_array_equal(found.up_mps2, (1.0, 1.0))


@dataclass(frozen=True)
class Worn:
    """A session as the stages before leave it."""

    sensors: dict[str, Carried]
    y_sensor: Floats
    r_bone_from_sensor: Floats
    simulation: Simulation

    def femur(self, **other: Carried) -> Femur | str:
        thigh, pelvis, shank = ((self.sensors | other)[place] for place in WORN)
        return femur(thigh, pelvis, shank, self.y_sensor)


def worn(seed: int, script: Script = Script(), sensor: Sensor = Sensor.ideal()) -> Worn:  # noqa: B008
    simulation = simulate(seed, script=script, sensor=sensor, placements=WORN)
    nodes = {data.placement: data for data in timeline.assemble(simulation.frames)}
    sensors = {}
    for place, data in nodes.items():
        block = data.block
        q = estimate_orientation(block.time_s, block.gyr_radps, block.acc_mps2, zeroed=data.zeroed)
        sensors[place] = carried(block, up_in_sensor(q))
    stand: Interval = (0.3, 3.5)
    thigh = next(unit for unit in simulation.units if unit.placement == "thigh_right")
    y_sensor = gravity_direction(nodes["thigh_right"].block, stand)
    return Worn(sensors, y_sensor, thigh.r_segment_from_sensor, simulation)


@pytest.fixture(scope="module")
def drill() -> Worn:
    return worn(4)


def test_the_drill_shows_the_bone(drill: Worn) -> None:
    """To a degree in the plane of the raise; the sideways part is that of the stand, within the posture's degrees."""
    found = drill.femur()
    assert isinstance(found, Femur)
    x, y, z = drill.r_bone_from_sensor @ found.y_sensor
    stood_x, *_ = drill.r_bone_from_sensor @ drill.y_sensor
    assert np.rad2deg(np.arctan2(x, y)) == pytest.approx(0.0, abs=0.5)
    assert abs(np.rad2deg(np.arcsin(stood_x))) > 1.0  # so it is not the stand that did it
    assert abs(np.rad2deg(np.arcsin(z))) < 5.0
    assert found.length_m == pytest.approx(drill.simulation.truth.motion.anatomy.thigh_m, abs=0.01)
    assert found.sd_deg(drill.r_bone_from_sensor.T @ (1.0, 0.0, 0.0)) < 1.0
    assert found.rest_mps2 < 0.05


def test_both_joints_are_where_they_are(drill: Worn) -> None:
    anatomy, thigh = drill.simulation.truth.motion.anatomy, drill.sensors["thigh_right"]
    from_hip = anatomy.sensor_m["thigh_lead"]
    from_knee = from_hip + np.array((0.0, anatomy.thigh_m, 0.0))
    for other, from_joint in (("pelvis", from_hip), ("shank_right", from_knee)):
        found = joint_centre(thigh, drill.sensors[other], np.zeros(3), 0.3)
        assert found is not None
        np.testing.assert_allclose((drill.r_bone_from_sensor @ found.centre_m)[:2], -from_joint[:2], atol=0.01)


def test_a_thigh_that_stays_shows_nothing() -> None:
    still = worn(1, Script(acts=(Act("stand", seconds=20.0),)))
    found = still.femur()
    forward = still.r_bone_from_sensor.T @ (1.0, 0.0, 0.0)
    assert isinstance(found, Femur)
    said = joint_centres.sagittal_sd_deg(found, forward)
    assert isinstance(said, str)
    assert "moved too little to show its bone" in said


def test_sensors_that_do_not_belong_together_are_refused(drill: Worn) -> None:
    """The shank of another session, then one that is half a second late."""
    shank = drill.sensors["shank_right"]
    for wrong in (worn(5).sensors["shank_right"], replace(shank, time_s=shank.time_s + 0.5)):
        found = drill.femur(shank_right=wrong)
        assert isinstance(found, str)
        assert "; " in found


def test_nothing_in_common_is_refused(drill: Worn) -> None:
    shank, nothing = drill.sensors["shank_right"], Carried(np.empty(0), np.empty((0, 3)), np.empty(0))
    later = replace(shank, time_s=shank.time_s + 1000.0)
    assert drill.femur(shank_right=later) == "the thigh and the shank sensor have no motion in common."
    assert drill.femur(shank_right=nothing) == "the thigh and the shank sensor have no motion in common."
    assert drill.femur(pelvis=nothing) == "the thigh and the pelvis sensor have no motion in common."
