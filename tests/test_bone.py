"""The best of all ways on one simulated session: an inclinometer, a bench, a shank sensor, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from hiphold import bone, timeline
from hiphold.bone import Bone
from hiphold.joint_centres import Carried, carried
from hiphold.orientation import estimate_orientation
from hiphold.posture import ASSUMED, Posture
from hiphold.quaternion import up_in_sensor
from hiphold.samples import Block, Event, Floats
from hiphold.simulation.athlete import Athlete
from hiphold.simulation.script import Act, Script
from hiphold.simulation.sensor import Sensor
from hiphold.sources.simulate import simulate
from hiphold.stillness import gravity_direction

REST = Act("stand", seconds=4.0)
SCRIPT = Script(acts=(REST, Act("raise"), REST, Act("raise"), REST, Act("sit", seconds=6.0, elevation_deg=0.0), REST))
LEANING = Athlete(posture_sd_deg=(6.0, 0.0, 0.0), foot_sd_deg=0.0)
WORN = ("thigh_right", "pelvis", "shank_right")


@dataclass(frozen=True)
class Worn:
    """One session up to the stand."""

    thigh: Block
    up_sensor: Floats
    y_sensor: Floats
    neighbours: dict[str, Carried]
    level: Event
    forward_deg: float
    """true"""
    seat_deg: float
    """true"""
    bone_sensor: Floats
    """true"""

    def find(self, *events: Event, shank: bool = False, **standing_deg: float) -> Bone:
        neighbours = self.neighbours if shank else {}
        return bone.find("right", self.thigh, self.up_sensor, self.y_sensor, standing_deg, events, neighbours)


@pytest.fixture(scope="module")
def worn() -> Worn:
    simulation = simulate(3, athlete=LEANING, script=SCRIPT, sensor=Sensor.ideal(), placements=WORN)
    nodes = {data.placement: data.block for data in timeline.assemble(simulation.frames)}
    ups = {place: up_in_sensor(estimate_orientation(b.time_s, b.gyr_radps, b.acc_mps2)) for place, b in nodes.items()}
    (seat,) = (move for move in simulation.truth.moves if move.kind == "sit")
    zero_s = simulation.first_sample_s
    level = Event(seat.top_s + 1.0 - zero_s, seat.leave_s - 1.0 - zero_s, "level_right")
    truth = simulation.truth.angles(np.array((2.0, 0.5 * (seat.top_s + seat.leave_s))), "right")
    unit = next(unit for unit in simulation.units if unit.placement == "thigh_right")
    return Worn(
        nodes["thigh_right"],
        ups["thigh_right"],
        gravity_direction(nodes["thigh_right"], (0.3, 3.5)),
        {place: carried(nodes[place], ups[place]) for place in WORN[1:]},
        level,
        float(truth.hip_flexion_deg[0]),
        float(truth.femur_elevation_deg[1]),
        unit.r_segment_from_sensor.T @ (0.0, 1.0, 0.0),
    )


def off_deg(found: Bone, worn: Worn) -> float:
    assert found.axis_sensor is not None
    return float(np.rad2deg(np.arccos(np.clip(found.axis_sensor @ worn.bone_sensor, -1, 1))))


def test_the_athlete_leans(worn: Worn) -> None:
    assert abs(worn.forward_deg) > 3.0


def test_nothing_is_assumed_to_be_more(worn: Worn) -> None:
    assert worn.find() == Bone(ASSUMED, None, ())
    assert worn.find(Event(0.0, 1.0, "level_left"), left=-86.0) == Bone(ASSUMED, None, ())


def test_an_inclinometer_gives_the_axis(worn: Worn) -> None:
    found = worn.find(right=-90.0 + worn.forward_deg)
    assert found.posture.way == "inclinometer"
    assert off_deg(found, worn) < 1.0


def test_a_bench_gives_it(worn: Worn) -> None:
    """Level is taken as 0; this seat is not quite, and by so much the figure is off."""
    found = worn.find(worn.level)
    assert found.posture.way == "level"
    assert found.posture.forward_deg == pytest.approx(worn.forward_deg - worn.seat_deg, abs=0.7)


def test_a_shank_sensor_gives_it_and_wins(worn: Worn) -> None:
    found = worn.find(shank=True, right=-90.0 + worn.forward_deg + 2.0)
    assert found.posture.way == "joint_centres"
    assert found.posture.forward_deg == pytest.approx(worn.forward_deg, abs=0.7)
    assert off_deg(found, worn) < 1.0
    assert found.refused == ()


def test_what_does_not_serve_is_told_and_the_rest_is_used(worn: Worn) -> None:
    standing = Event(0.5, 2.0, "level_right")
    found = worn.find(standing, right=-92.0)
    assert found.posture == Posture("inclinometer", -2.0, 2.5)
    assert ["where it is said to lie level" in said for said in found.refused] == [True]
    assert "no samples" in worn.find(Event(900.0, 901.0, "level_right")).refused[0]


def test_a_contradiction_is_told(worn: Worn) -> None:
    found = worn.find(shank=True, right=-90.0 + worn.forward_deg + np.copysign(9.0, -worn.forward_deg) * 1.1)
    assert found.posture.way == "joint_centres"
    assert ["differ by 10 degrees" in said for said in found.refused] == [True]


def test_a_thigh_that_was_never_raised_has_no_axis(worn: Worn) -> None:
    first = worn.thigh.time_s < 3.5
    found = bone.find("right", worn.thigh.select(first), worn.up_sensor[first], worn.y_sensor, {"right": -94.0}, (), {})
    assert found == Bone(Posture("inclinometer", -4.0, 2.5), None, ())


def test_live_knows_what_was_read_off() -> None:
    assert bone.told({"right": -94.0}, "right") == Bone(Posture("inclinometer", -4.0, 2.5), None, ())
    assert bone.told({"right": -94.0}, "left") == Bone()
    assert bone.told({"left": -60.0}, "left").posture == ASSUMED
    assert "off vertical" in bone.told({"left": -60.0}, "left").refused[0]
