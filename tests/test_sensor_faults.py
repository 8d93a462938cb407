"""Sensors that fail on purpose in the simulator: another rate, warming up, a range too small, a second unheard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hiphold import wire
from hiphold.measure import measure
from hiphold.samples import G_MPS2, Floats, NodeData, Settings
from hiphold.simulation.link import Link
from hiphold.simulation.node import ideal_signals
from hiphold.simulation.script import Act, Script
from hiphold.simulation.sensor import Sensor, Unit
from hiphold.sources.simulate import Simulation, simulate
from hiphold.timeline import assemble

SHORT = Script(acts=(Act("stand", seconds=3.0),))
MINUTE = Script(acts=(Act("stand", seconds=60.0),))
RAISE = Script(acts=(Act("stand"), Act("raise"), Act("stand")))
FULL_SCALE = (32767, -32768)


def unit_at(simulation: Simulation, placement: str) -> Unit:
    return next(unit for unit in simulation.units if unit.placement == placement)


def node(simulation: Simulation, placement: str) -> NodeData:
    return next(data for data in assemble(simulation.frames) if data.placement == placement)


def messages(simulation: Simulation, placement: str) -> list[wire.Samples]:
    name = unit_at(simulation, placement).name
    found = (m for frame in simulation.frames if frame.node == name for m in wire.messages(frame.data))
    return [message for message in found if isinstance(message, wire.Samples)]


def counts(message: wire.Samples) -> Floats:
    """(n, 6) accelerometer and gyroscope."""
    return np.frombuffer(message.payload, "<i2").reshape(message.count, 10)[:, :6].astype(float)


@pytest.mark.parametrize("error", [0.05, -0.05, 0.0])
def test_a_rate_error_that_is_given_is_kept_exactly_and_changes_no_other_draw(error: float) -> None:
    drawn, given = (simulate(5, script=SHORT, sensor=replace(Sensor(), rate_error=each)) for each in (None, error))
    for before, after in zip(drawn.units, given.units):
        assert 1.0 / after.period_s == pytest.approx(120.0 * (1.0 + error), rel=1e-12)
        assert (after.name, after.clock_skew, after.calibration) == (before.name, before.clock_skew, before.calibration)
        assert 1.0 / node(given, after.placement).period_s == pytest.approx(120.0 * (1.0 + error), rel=1e-3)


def test_a_warming_sensor_drifts_in_a_line_and_its_calibration_does_not_know() -> None:
    warming = replace(Sensor.ideal(), gyr_ramp_dps_per_min=3.0, acc_ramp_mg_per_min=40.0)
    simulation = simulate(5, script=MINUTE, sensor=warming)
    ways = []
    for unit in simulation.units:
        rows = np.concatenate([counts(message) for message in messages(simulation, unit.placement)])
        time_s: Floats = np.asarray(unit.first_sample_s + unit.period_s * np.arange(len(rows)))
        acc, gyr = ideal_signals(simulation.truth.motion, unit, time_s)
        off_mg = 1e3 * (rows[:, :3] * wire.ACC_G_PER_COUNT[1] - acc / G_MPS2)
        off_dps = rows[:, 3:] * wire.GYR_DPS_PER_COUNT[3] - np.degrees(gyr)
        for off, per_min, rounding in ((off_mg, 40.0, 0.07), (off_dps, 3.0, 0.02)):
            way = off[-100:].mean(axis=0) / np.linalg.norm(off[-100:].mean(axis=0))
            np.testing.assert_allclose(off, np.outer(time_s / 60.0 * per_min, way), atol=2.0 * rounding)
            ways.append(way)
        assert unit.calibration is None
    assert max(abs(a @ b) for k, a in enumerate(ways) for b in ways[:k]) < 0.98


def test_warming_changes_no_draw_of_the_specimen() -> None:
    cold, warm = (simulate(5, script=SHORT, sensor=replace(Sensor(), gyr_ramp_dps_per_min=each)) for each in (0.0, 6.0))
    for before, after in zip(cold.units, warm.units):
        assert np.linalg.norm(before.gyr_ramp_radps_per_s) == 0.0
        assert np.linalg.norm(after.gyr_ramp_radps_per_s) == pytest.approx(np.radians(0.1))
        for name in ("name", "period_s", "calibration", "clock_skew"):
            assert getattr(before, name) == getattr(after, name)
        np.testing.assert_array_equal(before.gyr_matrix, after.gyr_matrix)
        np.testing.assert_array_equal(before.gyr_bias_radps, after.gyr_bias_radps)


def test_a_gyroscope_range_too_small_saturates_and_every_frame_says_so() -> None:
    wide, narrow = (simulate(5, script=RAISE, sensor=replace(Sensor.ideal(), gyr_code=code)) for code in (3, 0))
    assert all(data.saturated == 0 for data in assemble(wide.frames))
    assert not any(message.flags for message in messages(wide, "thigh_right"))
    unit = unit_at(narrow, "thigh_right")
    at_the_end = 0
    for message in messages(narrow, "thigh_right"):
        assert message.gyr_code == 0
        rows = counts(message)
        ends = np.isin(rows, FULL_SCALE)
        assert not ends[:, :3].any()
        assert bool(message.flags & wire.CLIPPED) == bool(ends.any())
        time_s = unit.first_sample_s + unit.period_s * (message.seq + np.arange(message.count))
        _, gyr = ideal_signals(narrow.truth.motion, unit, time_s)
        beyond = np.abs(np.degrees(gyr)) > 32767.5 * wire.GYR_DPS_PER_COUNT[0]
        np.testing.assert_array_equal(ends[:, 3:], beyond)
        at_the_end += int(ends.any(axis=1).sum())
    assert at_the_end > 20
    assert node(narrow, "thigh_right").saturated == at_the_end
    assert node(narrow, "pelvis").saturated == 0


def test_a_hole_of_one_second_takes_one_second_of_one_node_and_no_more() -> None:
    whole, holed = (simulate(5, link={"thigh_right": Link(holes=holes)}) for holes in ((), ((20.0, 1.0),)))
    before, after = node(whole, "thigh_right"), node(holed, "thigh_right")
    ((start, end),) = after.gaps
    assert end - start == pytest.approx(1.0, abs=0.12)  # packets come every 50 ms or more
    assert start + holed.first_sample_s == pytest.approx(20.0, abs=0.12)
    assert after.lost == len(before.block) - len(after.block) == pytest.approx(120, abs=12)
    assert node(holed, "pelvis").lost == 0
    assert not node(holed, "pelvis").gaps


def test_a_sensor_at_the_end_of_its_range_is_named_in_the_measurement() -> None:
    narrow, wide = (simulate(1, sensor=replace(Sensor.good(), gyr_code=code)) for code in (0, 3))
    said = [
        [r.what for r in measure(s.frames, Settings()).reasons if "its sensor's range" in r.why] for s in (narrow, wide)
    ]
    assert said == [["thigh_right"], []]
