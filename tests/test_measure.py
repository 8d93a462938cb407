"""From frames to a measurement, offline: on movements made by hand, and on simulated sessions."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from hiphold import quaternion, recording, wire
from hiphold.errors import BadInputError, NothingToMeasureError
from hiphold.formats.imported import imported_frames, merged
from hiphold.live import measure_causal
from hiphold.measure import measure
from hiphold.measurement import Measurement, to_json, to_series_csv
from hiphold.samples import G_MPS2, PHASES, Event, Floats, Frame, Settings
from hiphold.simulation.link import Link
from hiphold.simulation.script import Script
from hiphold.sources.simulate import Simulation, simulate

SETTINGS = Settings()
PERIOD_S = 0.01

# Time and elevation of a session by hand: stand, a raise to 0, stand, a hold at 33 for about 8 s, stand.
DRILL = ((0, 4, 5, 6, 8, 9.2, 17.2, 18.4, 22), (-90, -90, 0, -90, -90, 33, 33, -90, -90))
# 123 degrees in 1.2 s: 25 is crossed 1.1220 s after 8, and 22 is 0.1073 s after 17.2
START_S, END_S = 8 + 1.2 * 115 / 123, 17.2 + 1.2 * 11 / 123


def moved(angles: tuple[tuple[float, ...], tuple[float, ...]]) -> tuple[Floats, Floats, Floats]:
    """Time, specific force, rates of a thigh whose case stands as the thigh does: x forward, y up, raised about z."""
    time_s = PERIOD_S * np.arange(float(round(angles[0][-1] / PERIOD_S)))
    raised = np.deg2rad(np.interp(time_s, *angles) + 90.0)
    zero = np.zeros_like(raised)
    acc = G_MPS2 * np.column_stack((np.sin(raised), np.cos(raised), zero))
    return time_s, acc, np.column_stack((zero, zero, np.diff(raised, prepend=raised[0]) / PERIOD_S))


def worn(
    placement: str,
    angles: tuple[tuple[float, ...], tuple[float, ...]] = DRILL,
    *,
    raw: bool = True,
    quaternion_off_deg: float | None = None,
    name: str = "",
    gravity: float = 1.0,
    upside_down: bool = False,
) -> list[Frame]:
    """A sensor's frames; its own orientation, when it has one, is tipped sideways by quaternion_off_deg.

    upside_down: the case is on with its mark down, so that its marks tell nothing.
    """
    time_s, acc, gyr = moved(angles)
    if upside_down:
        acc, gyr = acc * (-1, -1, 1), gyr * (-1, -1, 1)
    q = None
    if quaternion_off_deg is not None:
        off = np.deg2rad(quaternion_off_deg)
        tipped = quaternion.multiply(
            np.array((np.cos(off / 2), np.sin(off / 2), 0.0, 0.0)), np.array([quaternion.from_up(up) for up in acc])
        )
        q = tipped
    force, rate = (gravity * acc, gyr) if raw else (None, None)
    return imported_frames(name or placement, placement, "back", time_s, force, rate, q, device_clock=False, zero_s=0.0)


@cache
def session(seed: int, side: str = "right", placements: tuple[str, ...] = ()) -> Simulation:
    return simulate(seed, side, placements=placements)


@cache
def measured(seed: int, side: str = "right", placements: tuple[str, ...] = ()) -> Measurement:
    return measure(session(seed, side, placements).frames, SETTINGS)


def whys(found: Measurement, what: str) -> list[str]:
    return [reason.why for reason in found.reasons if reason.what == what]


# By hand


def test_a_drill_by_hand() -> None:
    found = measure(worn("thigh_left"), SETTINGS)
    (hold,) = found.holds
    assert hold.side == "left"
    assert hold.start_s == pytest.approx(START_S, abs=0.03)
    assert hold.end_s == pytest.approx(END_S, abs=0.03)
    assert hold.femur_elevation_deg.max == pytest.approx(33.0, abs=0.3)
    assert hold.femur_elevation_deg.slope_deg_per_s == pytest.approx(0.0, abs=0.05)
    assert [r.side for r in found.raises] == ["left", "left"]
    assert found.raises[0].peak_s == pytest.approx(5.0, abs=0.05)
    assert found.raises[0].femur_elevation_peak_deg == pytest.approx(0.0, abs=1.0)
    assert found.attempts == ()
    assert (found.calibration.stand.start_s, found.calibration.stand.end_s) == pytest.approx((0.0, 4.0), abs=0.2)
    assert len(found.stands) == 3
    assert found.recording.duration_s == pytest.approx(21.99)
    assert found.nodes[0].rate_hz == pytest.approx(100.0)
    assert (found.nodes[0].samples, found.nodes[0].lost, found.nodes[0].saturated) == (2200, 0, None)


def test_the_series_of_a_drill_by_hand() -> None:
    found = measure(worn("thigh_left"), SETTINGS)
    (track,) = found.tracks
    time_s, _, _ = moved(DRILL)
    np.testing.assert_array_equal(track.time_s, time_s)
    np.testing.assert_allclose(track.elevation_deg, np.interp(time_s, *DRILL), atol=1.0)
    (hold,) = found.holds
    names = np.array(PHASES)[track.phase]
    np.testing.assert_array_equal(names == "hold", (time_s >= hold.start_s) & (time_s < hold.end_s))
    assert set(names[time_s < 3.5]) == {"stand"}
    assert set(names[(time_s > 8.5) & (time_s < 9.0)]) == {"raise"}
    assert set(names[(time_s > 17.6) & (time_s < 18.0)]) == {"lower"}


def test_target_and_band_are_the_users() -> None:
    assert measure(worn("thigh_left"), Settings(target_deg=40.0)).holds == ()
    (low,) = measure(worn("thigh_left"), Settings(target_deg=-30.0, band_deg=10.0)).holds
    assert low.start_s == pytest.approx(8 + 1.2 * 50 / 123, abs=0.03)
    assert low.end_s == pytest.approx(17.2 + 1.2 * 76 / 123, abs=0.03)


def test_a_short_hold_is_an_attempt_and_an_unfinished_one_says_so() -> None:
    short = ((0, 4, 5, 8, 9, 15, 16, 18), (-90, -90, 33, 33, -90, -90, 33, 33))
    found = measure(worn("thigh_right", short), SETTINGS)
    assert [(a.side, round(a.start_s), round(a.end_s)) for a in found.attempts] == [("right", 5, 8), ("right", 16, 18)]
    assert found.holds == ()
    (why,) = whys(found, "hold_s")
    assert "ends 2.1 s into a hold of the right leg" in why


@pytest.mark.parametrize(("event", "holds"), [((10.0, 12.0), 1), ((1.0, 3.0), 0)])
def test_hold_events_say_where_to_look(event: tuple[float, float], holds: int) -> None:
    found = measure(worn("thigh_left"), SETTINGS, (Event(*event, "hold_left"),))
    assert len(found.holds) == holds
    for hold in found.holds:
        assert hold.start_s == pytest.approx(START_S, abs=0.03)


# Stands

LEANING = ((0, 3, 3.5, 8, 9, 16, 17, 20), (-78, -78, -90, -90, 30, 30, -90, -90))


def test_an_event_still_wins_over_an_earlier_quiet_stretch() -> None:
    """The athlete leaned 12 degrees at first; by that stand everything is 12 degrees too low."""
    by_itself = measure(worn("thigh_left", LEANING), SETTINGS)
    told = measure(worn("thigh_left", LEANING), SETTINGS, (Event(5.0, 7.0, "still"),))
    assert by_itself.calibration.stand.end_s < 3.5
    assert (told.calibration.stand.start_s, told.calibration.stand.end_s) == (5.0, 7.0)
    assert told.holds[0].femur_elevation_deg.mean == pytest.approx(30.0, abs=0.5)
    assert by_itself.raises[0].femur_elevation_peak_deg == pytest.approx(18.0, abs=1.0)


def test_the_first_still_event_in_time_is_the_reference() -> None:
    events = (Event(5.0, 7.0, "still"), Event(1.0, 2.0, "still"))
    assert measure(worn("thigh_left", LEANING), SETTINGS, events).calibration.stand.start_s == 1.0


@pytest.mark.parametrize("event", [(-5.0, -3.0), (100.0, 103.0), (2.001, 2.002)])
def test_a_still_event_without_samples_is_refused(event: tuple[float, float]) -> None:
    with pytest.raises(BadInputError, match=f"still at {event[0]:g} s"):
        measure(worn("thigh_left"), SETTINGS, (Event(*event, "still"),))


def test_a_sensor_that_a_still_event_does_not_cover_is_left_out() -> None:
    late_s, acc, gyr = moved(DRILL)
    pelvis = imported_frames("p", "pelvis", "back", late_s + 5.0, acc, gyr, None, device_clock=False, zero_s=0.0)
    found = measure(merged([worn("thigh_left"), pelvis]), SETTINGS, (Event(1.0, 3.0, "still"),))
    assert (found.calibration.stand.start_s, found.calibration.stand.end_s) == (1.0, 3.0)
    assert next(reason.what for reason in found.reasons) == "pelvis"


def test_without_a_stand_there_is_nothing_to_measure() -> None:
    restless = (tuple(float(t) for t in range(20)), (-90.0, -40.0) * 10)
    with pytest.raises(NothingToMeasureError, match="no quiet stand"):
        measure(worn("thigh_left", restless), SETTINGS)


def test_a_seat_is_no_stand() -> None:
    seated = ((0, 4, 5, 65, 66, 70), (-90, -90, 0, 0, -90, -90))
    first, second = measure(worn("thigh_left", seated), SETTINGS).stands
    assert first.end_s < 5.0
    assert second.start_s > 65.0


# Who is there


def test_without_a_thigh_there_is_nothing_to_measure() -> None:
    with pytest.raises(NothingToMeasureError, match=r"no thigh sensor.*found: pelvis, trunk"):
        measure([*worn("pelvis"), *worn("trunk")], SETTINGS)
    with pytest.raises(NothingToMeasureError, match="no sensor at all"):
        measure([], SETTINGS)


def test_two_nodes_in_one_place_are_refused_by_name() -> None:
    frames = [*worn("thigh_left", name="red"), *worn("thigh_left", name="blue")]
    with pytest.raises(BadInputError, match=r"thigh_left \(red and blue\)"):
        measure(frames, SETTINGS)


def test_a_node_that_never_said_where_it_is_worn_is_left_out() -> None:
    stranger = [frame for frame in worn("pelvis", name="stranger") if len(frame.data) > 60]
    found = measure([*stranger, *worn("thigh_left")], SETTINGS)
    assert [node.placement for node in found.nodes] == ["thigh_left"]


def test_a_sensor_with_a_single_sample_costs_the_others_nothing() -> None:
    one = imported_frames(
        "p", "pelvis", "back", np.zeros(1), np.array(((0, G_MPS2, 0),)), np.zeros((1, 3)), None,
        device_clock=False, zero_s=0.0,
    )  # fmt: skip
    found = measure([*one, *worn("thigh_left")], SETTINGS)
    assert found.holds
    assert any(reason.what == "pelvis" and "never seen to stand still" in reason.why for reason in found.reasons)


def test_shank_and_trunk_are_reported_and_need_not_be_still() -> None:
    restless = (tuple(float(t) for t in range(22)), (-90.0, -40.0) * 11)
    frames = [*worn("thigh_left"), *worn("trunk", restless), *worn("shank_left", restless)]
    found = measure(frames, SETTINGS)
    assert [node.placement for node in found.nodes] == ["thigh_left", "trunk", "shank_left"]
    assert len(found.holds) == 1


def test_both_thighs_are_measured_each_for_itself() -> None:
    other = ((0, 10, 11, 18, 19, 22), (-90, -90, 31, 31, -90, -90))
    found = measure(merged([worn("thigh_right"), worn("thigh_left", other)]), SETTINGS)
    assert [hold.side for hold in found.holds] == ["right", "left"]
    assert [track.side for track in found.tracks] == ["right", "left"]
    assert [r.side for r in found.raises] == ["right", "right", "left"]
    assert [round(hold.start_s) for hold in found.holds] == [9, 11]


# Orientation: the host's and the node's own


@pytest.mark.parametrize(("off_deg", "told"), [(0.0, False), (2.8, False), (3.2, True), (30.0, True)])
def test_a_disagreement_beyond_3_degrees_is_a_fault(off_deg: float, told: bool) -> None:
    for orientation in ("host", "recorded"):
        found = measure(worn("thigh_left", quaternion_off_deg=off_deg), Settings(orientation=orientation))
        assert found.nodes[0].orientation_disagreement_deg == pytest.approx(off_deg, abs=0.2)
        assert bool(whys(found, "orientation")) is told
        assert all("thigh_left disagree by" in why for why in whys(found, "orientation"))


def test_recorded_orientation_is_used_when_asked_for() -> None:
    """Its quaternions run half a second ahead of the samples, so that one sees whose they are."""
    time_s, acc, gyr = moved(DRILL)
    ahead = np.array([quaternion.from_up(up) for up in np.roll(acc, -50, axis=0)])
    frames = imported_frames("t", "thigh_left", "left", time_s, acc, gyr, ahead, device_clock=False, zero_s=0.0)
    starts = [measure(frames, Settings(orientation=o)).holds[0].start_s for o in ("host", "recorded")]
    assert starts == pytest.approx([START_S, START_S - 0.5], abs=0.03)


def test_quaternions_alone_are_enough() -> None:
    frames = worn("thigh_left", raw=False, quaternion_off_deg=0.0)
    for settings in (SETTINGS, Settings(orientation="recorded")):
        found = measure(frames, settings)
        assert found.holds[0].start_s == pytest.approx(START_S, abs=0.011)
        assert found.nodes[0].orientation_disagreement_deg is None


def test_recorded_orientation_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadInputError, match="no thigh sensor brought an orientation of its own"):
        measure(worn("thigh_left"), Settings(orientation="recorded"))


def test_a_first_second_without_recorded_orientation_costs_only_that_second() -> None:
    time_s, acc, gyr = moved(DRILL)
    q = np.array([quaternion.from_up(up) for up in acc])
    q[:120] = np.nan
    frames = imported_frames("t", "thigh_left", "left", time_s, acc, gyr, q, device_clock=False, zero_s=0.0)
    found = measure(frames, Settings(orientation="recorded"))
    assert found.calibration.stand.start_s == pytest.approx(1.2, abs=0.05)
    assert found.holds[0].start_s == pytest.approx(START_S, abs=0.03)
    assert np.isnan(found.tracks[0].elevation_deg[:120]).all()
    json.loads(to_json(found), parse_constant=lambda word: pytest.fail(word))
    assert to_series_csv(found).splitlines()[1].split(",")[2] == ""


# What is said about what is missing


BOW = ((0, 6, 6.8, 7.6, 22), (-90, -90, -55, -90, -90))
HANGING = ((0.0, 22.0), (-90.0, -90.0))
both_ways = pytest.mark.parametrize("causal", [False, True], ids=["offline", "causal"])


def beside(thigh: list[Frame], *pelvis: list[Frame], causal: bool = False) -> Measurement:
    """The measurement of a left thigh and a pelvis, or of the thigh alone."""
    frames = merged([thigh, *pelvis])
    return measure_causal(frames, Settings(causal=True)) if causal else measure(frames, SETTINGS)


@both_ways
def test_every_empty_figure_has_its_reason(causal: bool) -> None:
    side, everything = "hip, thigh_azimuth (left)", "hip, thigh_azimuth, pelvis (left)"
    alone = beside(worn("thigh_left"), causal=causal)
    unbowed = beside(worn("thigh_left"), worn("pelvis", HANGING, upside_down=True), causal=causal)
    idle = beside(worn("thigh_left", HANGING, upside_down=True), worn("pelvis", BOW), causal=causal)
    for found, what, said in (
        (alone, everything, "no pelvis sensor"),
        (unbowed, everything, "there is no bow"),
        (idle, side, "left leg was never raised"),
    ):
        (why,) = whys(found, what)
        assert said in why
        assert not np.isfinite(found.tracks[0].others.get("hip_flexion_deg", np.full(1, np.nan))).any()
    assert idle.calibration.method == "stand"
    assert np.isfinite(idle.tracks[0].others["pelvis_tilt_deg"]).any()
    assert whys(idle, everything) == []
    for found in (alone, unbowed):
        assert found.calibration.method == "stand"
        assert found.holds[0].hip_flexion_deg.mean is None
        assert whys(found, "stance_hip_flexion") == ["only one thigh wears a sensor; wear one on each."]


def test_after_raises_and_a_bow_nothing_is_empty() -> None:
    found = beside(worn("thigh_left"), worn("pelvis", BOW))
    assert {reason.what for reason in found.reasons} == {"stance_hip_flexion", "trunk"}
    assert found.calibration.method == "full"
    assert found.holds[0].hip_flexion_deg.mean == pytest.approx(123.0, abs=0.5)
    assert found.holds[0].hip_rotation_range_deg == pytest.approx(0.0, abs=0.5)


def test_marks_stand_in_for_the_bow() -> None:
    found = beside(worn("thigh_left"), worn("pelvis", HANGING))
    assert {reason.what for reason in found.reasons} == {"stance_hip_flexion", "trunk"}
    assert found.calibration.method == "quick"
    assert found.holds[0].hip_flexion_deg.mean == pytest.approx(123.0, abs=0.5)
    assert found.holds[0].pelvis.tilt_deg.mean_shift == pytest.approx(0.0, abs=0.1)


def test_live_a_hold_before_the_second_raise_shows_less_and_says_so() -> None:
    found = beside(worn("thigh_left"), worn("pelvis", BOW), causal=True)
    (why,) = [reason.why for reason in found.reasons if "thigh_azimuth (left)" in reason.what]
    assert "at the hold from 9 s the left knee had not been seen to rise twice" in why
    assert found.holds[0].hip_rotation_range_deg is None
    assert found.holds[0].thigh_azimuth_range_deg is None


def test_damage_and_warnings_are_passed_on() -> None:
    frames = worn("thigh_left")
    frames.insert(5, Frame("thigh_left", frames[4].arrival_ns, b"\xff"))
    found = measure(frames, SETTINGS, damage=("the file ends early.",), started_at="2026-11-22T10:00:00+00:00")
    assert whys(found, "recording") == [
        "the file ends early.",
        "1 packets of thigh_left were not of this protocol and are left out.",
    ]
    assert found.recording.started_at == "2026-11-22T10:00:00+00:00"


@pytest.mark.parametrize(("gravity", "warned"), [(1.01, False), (1.03, True), (0.97, True)])
def test_an_accelerometer_that_shows_a_wrong_gravity_is_named(gravity: float, warned: bool) -> None:
    calibration = measure(worn("thigh_left", gravity=gravity), SETTINGS).calibration
    assert bool(calibration.warnings) is warned
    assert calibration.quality["thigh_left_gravity_error_percent"] == pytest.approx(100 * (gravity - 1))
    offset_mg = calibration.quality["thigh_left_accelerometer_offset_mg"]
    assert isinstance(offset_mg, float)
    # too long in stand and hold, as offsets: y = 1, and x sin 123 + y cos 123 = 1; a good part of it is taken for scale
    assert 0 < offset_mg < 0.8 * 1000 * abs(gravity - 1) * np.hypot(1.0, (1 + 0.545) / 0.839)


@pytest.mark.parametrize(("until_s", "warned"), [(1.4, True), (1.8, True), (2.4, False)])
def test_a_short_reference_stand_is_doubted(until_s: float, warned: bool) -> None:
    angles = ((0, until_s, until_s + 0.5, until_s + 1, 5, 6, 14, 15, 18), (-90, -90, -40, -90, -90, 33, 33, -90, -90))
    found = measure(worn("thigh_left", angles), SETTINGS, (Event(0.0, until_s, "still"),))
    said = f"the reference stand lasted only {until_s:.1f} s; stand still for 3 s at the start."
    assert found.calibration.warnings == ((said,) if warned else ())


@pytest.mark.parametrize(("sway_deg", "warned"), [(0.5, False), (1.4, False), (1.7, True), (3.0, True)])
def test_a_swaying_reference_stand_is_doubted(sway_deg: float, warned: bool) -> None:
    """To and fro by a sine wave, whose root mean square is told."""
    time_s = np.arange(0.0, 4.01, 0.05)
    swaying = -90.0 + np.sqrt(2.0) * sway_deg * np.sin(np.pi * time_s)
    angles = ((*time_s.tolist(), 6, 7, 15, 16, 20), (*swaying.tolist(), -90, 33, 33, -90, -90))
    found = measure(worn("thigh_left", angles), SETTINGS, (Event(0.0, 4.0, "still"),))
    assert found.calibration.quality["thigh_left_stand_sway_deg"] == pytest.approx(sway_deg, rel=0.1)
    assert len(found.calibration.warnings) == warned
    for warning in found.calibration.warnings:
        assert re.fullmatch(
            r"thigh_left moved by \d\.\d degrees RMS in the reference stand; stand still for 3 s\.", warning
        )


@both_ways
def test_recorded_orientation_has_no_tremor(causal: bool) -> None:
    frames, way = worn("thigh_left", quaternion_off_deg=0.0), measure_causal if causal else measure
    host, recorded = (way(frames, Settings(orientation=each, causal=causal)) for each in ("host", "recorded"))
    assert host.holds[0].tremor_mps2.first_3s is not None
    assert whys(host, "tremor") == []
    tremor = recorded.holds[0].tremor_mps2
    assert (tremor.first_3s, tremor.last_3s) == (None, None)
    (why,) = whys(recorded, "tremor")
    assert why == "with recorded orientation there is no acceleration beside gravity to tell tremor from."
    idle = way(worn("thigh_left", HANGING, quaternion_off_deg=0.0), Settings(orientation="recorded", causal=causal))
    assert whys(idle, "tremor") == []


@both_ways
def test_a_standing_leg_that_was_never_raised_has_its_reason(causal: bool) -> None:
    other = worn("thigh_right", HANGING, upside_down=True)
    found = beside(worn("thigh_left"), other, worn("pelvis", BOW), causal=causal)
    assert found.holds[0].stance_hip_flexion_deg.mean is None
    assert whys(found, "stance_hip_flexion") == ["how the other thigh sits is not known; raise each knee twice."]


@both_ways
def test_a_trunk_without_a_pelvis_is_not_measured(causal: bool) -> None:
    found = beside(worn("thigh_left"), worn("trunk", BOW), causal=causal)
    assert whys(found, "trunk") == ["the trunk is measured against the pelvis; wear a sensor there too."]


# Simulated sessions


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_holds_are_those_that_were_done(seed: int, side: str) -> None:
    simulation, found = session(seed, side), measured(seed, side)
    truth = simulation.truth.holds(side)
    assert len(truth) == 3
    assert [hold.side for hold in found.holds] == [side] * 3
    for hold, true in zip(found.holds, truth):
        if not true.grazes:
            assert hold.start_s + simulation.first_sample_s == pytest.approx(true.start_s, abs=0.1)
            assert hold.end_s + simulation.first_sample_s == pytest.approx(true.end_s, abs=0.1)
    time_s = found.tracks[0].time_s
    true_deg = simulation.truth.rezeroed_elevation_deg(time_s + simulation.first_sample_s, side)
    assert np.sqrt(np.mean((found.tracks[0].elevation_deg - true_deg) ** 2)) < 1.5


def test_left_is_the_mirror_image_of_right() -> None:
    left, right = measured(3, "left"), measured(3, "right")
    for a, b in zip(left.holds, right.holds, strict=True):
        assert (a.start_s, a.end_s) == pytest.approx((b.start_s, b.end_s), abs=0.05)
        assert a.femur_elevation_deg.mean == pytest.approx(b.femur_elevation_deg.mean, abs=0.3)
    assert [r.peak_s for r in left.raises] == pytest.approx([r.peak_s for r in right.raises], abs=0.3)


def test_a_thigh_alone_gives_the_same_elevation() -> None:
    alone, both = measured(2, "right", ("thigh_right",)), measured(2)
    assert [hold.hold_s for hold in alone.holds] == pytest.approx([hold.hold_s for hold in both.holds], abs=0.05)


def test_all_six_placements_at_once() -> None:
    places = ("pelvis", "thigh_left", "thigh_right", "shank_left", "shank_right", "trunk")
    found = measured(4, "both", places)
    assert sorted(node.placement for node in found.nodes) == sorted(places)
    assert {hold.side for hold in found.holds} == {"left", "right"}


def test_lost_frames_are_counted_and_late_ones_are_not_lost() -> None:
    script = Script(ritual=False, hold_s=(6.0,))
    late = measure(simulate(1, script=script, link=Link(late=0.1)).frames, SETTINGS)
    lossy = measure(simulate(1, script=script, link=Link(loss=0.1)).frames, SETTINGS)
    assert [node.lost for node in late.nodes] == [0, 0]
    for node in lossy.nodes:
        assert node.lost > 50
        assert len(node.gaps) > 3
    assert late.holds[0].hold_s == pytest.approx(lossy.holds[0].hold_s, abs=0.1)


# What a broken session still gives


def test_a_damaged_beginning_costs_only_itself(tmp_path: Path) -> None:
    """The first chunk holds the name and placement of an imported sensor; both come again later."""
    path = tmp_path / "whole.mcap"
    recording.write(path, worn("thigh_left"))
    whole = path.read_bytes()
    for at in (300, 800, 1500):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        found = recording.read(path)
        assert found.damage
        assert measure(found.frames, SETTINGS, damage=found.damage).tracks[0].side == "left"


def test_a_pelvis_that_never_rests_costs_the_thigh_nothing() -> None:
    alone, both = (
        measure(merged([worn("thigh_left"), *more]), SETTINGS)
        for more in ([], [worn("pelvis", (tuple(float(t) for t in range(22)), (-90.0, -40.0) * 11))])
    )
    assert both.holds == alone.holds
    assert any(reason.what == "pelvis" for reason in both.reasons)


def test_a_sensor_without_a_place_is_named() -> None:
    frames = [frame for frame in simulate(1).frames if not (frame.node.startswith("pelvis") and info_in(frame))]
    for found in (measure(frames, SETTINGS), measure_causal(frames, Settings(causal=True))):
        assert any("never said where it is worn" in r.why or "came before it said" in r.why for r in found.reasons)


def info_in(frame: Frame) -> bool:
    return any(isinstance(message, wire.Info) for message in wire.messages(frame.data))


def test_recorded_quaternions_need_not_be_of_unit_length() -> None:
    time_s, acc, gyr = moved(DRILL)
    q = quaternion_of(acc)
    lengths = [
        measure(
            imported_frames("t", "thigh_left", "left", time_s, acc, gyr, k * q, device_clock=False, zero_s=0.0),
            Settings(orientation="recorded"),
        )
        for k in (1.0, 0.92)
    ]
    np.testing.assert_allclose(lengths[0].tracks[0].elevation_deg, lengths[1].tracks[0].elevation_deg, atol=1e-6)


def quaternion_of(up_sensor: Floats) -> Floats:
    return np.array([quaternion.from_up(up) for up in up_sensor])


def test_a_node_that_changes_to_orientation_only_is_measured_through() -> None:
    frames = simulate(1).frames
    bare = [half_bare(frame, frames[0].arrival_ns + 30 * 10**9) for frame in frames]
    found, whole = measure(bare, SETTINGS), measure(frames, SETTINGS)
    assert [hold.hold_s for hold in found.holds] == pytest.approx([hold.hold_s for hold in whole.holds], abs=0.3)


def half_bare(frame: Frame, from_ns: int) -> Frame:
    """The frame without raw samples from an instant on."""
    out = b""
    for message in wire.messages(frame.data):
        if not isinstance(message, wire.Samples) or frame.arrival_ns < from_ns:
            return frame
        rows = np.frombuffer(message.payload, "<i2").reshape(-1, 10)
        out += wire.encode_samples(message._replace(kind=wire.ORIENTATION, payload=rows[:, 6:].tobytes()))
    return Frame(frame.node, frame.arrival_ns, out)


def test_missing_orientation_in_a_hold_is_said() -> None:
    time_s, acc, gyr = moved(DRILL)
    q = quaternion_of(acc)
    found = measure(
        imported_frames("t", "thigh_left", "left", time_s, acc, gyr, q, device_clock=False, zero_s=0.0),
        Settings(orientation="recorded"),
    )
    middle = (found.holds[0].start_s + found.holds[0].end_s) / 2
    q[np.abs(time_s - middle) < 1.0] = np.nan
    gone = measure(
        imported_frames("t", "thigh_left", "left", time_s, acc, gyr, q, device_clock=False, zero_s=0.0),
        Settings(orientation="recorded"),
    )
    assert len(gone.raises) == len(found.raises)
    assert any(reason.what == "hold_s" and "missing" in reason.why for reason in gone.reasons)
