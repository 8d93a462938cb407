"""Whole sessions of simulated athletes: calibration, count, results, and what stands in the file afterwards."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from hiphold import recording
from hiphold.live import measure_causal
from hiphold.measure import measure
from hiphold.measurement import Measurement, to_json
from hiphold.samples import Settings
from hiphold.session.course import Aims
from hiphold.session.engine import Engine
from hiphold.session.plan import REPLAYED, Plan
from hiphold.session.preferences import AthleteSettings, Preferences
from hiphold.session.scene import CALIBRATING, ENDED, HOLDING, LIFTING, READY, Command, Summary
from live_sessions import Told, attend, simulated
from rig import clock


@cache
def again(path: str | Path, **settings: object) -> Measurement:
    """The recording as `measure --causal` sees it."""
    found = recording.read(path)
    assert found.damage == ()
    return measure_causal(found.frames, replace(Settings(causal=True), **settings), found.events, (), found.started_at)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return simulated(tmp_path_factory.mktemp("good"), "good", reps=2)


def test_a_session_goes_from_the_stand_to_the_summary(good: Told) -> None:
    stages = [scene.stage for scene in good.scenes()]
    order = [stage for i, stage in enumerate(stages) if i == 0 or stage != stages[i - 1]]
    assert order[:3] == ["finding", CALIBRATING, READY]
    assert order[3:7] == [LIFTING, HOLDING, LIFTING, READY]
    assert order[-1] == ENDED
    (summary,) = good.summaries()
    assert [(rep.side, rep.is_hold, rep.full) for rep in summary.reps] == [
        ("right", True, True),
        ("left", True, True),
        ("right", True, True),
        ("left", True, True),
    ]
    assert good.notices() == []
    assert summary.lost == 0


def test_what_was_shown_is_what_measure_causal_makes_of_the_recording(good: Told) -> None:
    (summary,) = good.summaries()
    found = again(summary.path)
    assert len(found.holds) == 4
    for rep, hold in zip(summary.reps, found.holds, strict=True):
        assert (rep.side, rep.start_s, rep.hold_s) == (hold.side, hold.start_s, hold.hold_s)
        assert rep.hold_uncertainty_s == hold.hold_s_uncertainty_95
        assert rep.elevation_deg == hold.femur_elevation_deg.mean
        assert rep.elevation_uncertainty_deg == hold.femur_elevation_deg.uncertainty_rezeroed_95
        assert rep.rotation_out_deg == hold.hip_rotation_deg.external_peak
        assert rep.rotation_in_deg == hold.hip_rotation_deg.internal_peak
        assert rep.rotation_range_deg == hold.hip_rotation_range_deg
        assert rep.pelvis_obliquity_deg == hold.pelvis.obliquity_deg.mean_shift
    shown_first = next(scene.reps for scene in good.scenes() if len(scene.reps) == 4)
    assert shown_first == summary.reps


def test_the_count_is_the_whole_seconds_of_what_was_held(good: Told) -> None:
    counts = [scene.count for scene in good.scenes() if scene.stage == HOLDING]
    assert set(counts) == set(range(max(counts) + 1))
    (summary,) = good.summaries()
    for rep in summary.reps:
        after = [s.count for s in good.scenes() if len(s.reps) == rep.number and s.stage != HOLDING]
        assert after[0] == int(rep.hold_s)


def test_ticks_and_chimes_are_those_of_the_count(good: Told) -> None:
    cues = good.cues()
    assert cues.count("chime") == 4
    assert cues.count("tick") == sum(int(rep.hold_s) - 1 for rep in good.summaries()[0].reps)
    assert cues.count("step") == 6  # stand, four raises, bow
    assert "drop" not in cues


def test_the_figures_lie_beside_the_recording(good: Told) -> None:
    path = Path(good.summaries()[0].path)
    text = path.with_suffix(".json").read_text()
    found = again(path)
    assert text == to_json(found)


def test_the_command_in_the_summary_makes_them_again(good: Told) -> None:
    summary = good.summaries()[0]
    assert summary.command == f"hiphold measure {summary.path} --causal --target-deg 30 --band-deg 5"


def test_four_athletes_at_once_are_told_what_each_needs_and_do_not_mix(tmp_path: Path) -> None:
    """With a count that nobody reaches."""
    told = simulated(tmp_path, "tired", "dropping", "good", "good", reps=1, aims=Aims(count_s=13))
    for lane, (athlete, cue) in enumerate(
        (("tired", "drop"), ("dropping", "hips_level"), ("good-3", "tick"), ("good-4", "across"))
    ):
        (summary,) = told.summaries(lane)
        assert (summary.athlete, Path(summary.path).parent.name) == (athlete, athlete)
        assert {rep.side for rep in summary.reps} == {"left", "right"}
        assert cue in told.cues(lane)
    tired = told.summaries(0)[0]
    assert [h.hold_s for h in again(tired.path).holds] == [rep.hold_s for rep in tired.reps if rep.is_hold]


def test_a_ritual_that_goes_wrong_says_what_to_do_and_is_made_good_by_doing_it(tmp_path: Path) -> None:
    told = simulated(tmp_path, "good", reps=1, faults=("moved", "small_raise", "wrong_leg", "bad_bow"))
    restless = [scene.still.level for scene in told.scenes() if scene.still and scene.time_s < 4]
    assert np.nanmax(restless) > 1
    refused = list(dict.fromkeys(s.refused for scene in told.scenes() for s in scene.steps if s.refused))
    for words in ("° only. Lift the knee", "two thigh sensors are swapped", "bow once, straight forward"):
        assert [words in each for each in refused].count(True) == 1, refused
    (summary,) = told.summaries()
    assert len(summary.reps) == 2
    assert again(summary.path).calibration.method == "full"


def test_a_node_that_is_lost_and_comes_back_is_told_of_and_costs_no_session(tmp_path: Path) -> None:
    told = simulated(tmp_path, "good", reps=2, faults=("lost_node",))
    assert "silent" in told.notices()
    assert not told.scene().notices
    (summary,) = told.summaries()
    assert len(summary.reps) == 4
    assert summary.lost > 500
    assert Path(summary.path).with_suffix(".json").read_text() == to_json(again(summary.path))
    assert any("missing" in reason for reason in summary.reasons)


def test_who_walks_away_is_called_back(tmp_path: Path) -> None:
    told = simulated(tmp_path, "good", reps=1, faults=("walks_away", "swapped"))
    refused = [s.refused for scene in told.scenes() for s in scene.steps]
    assert any("two thigh sensors are swapped" in each for each in refused)
    silent = [n.text for s in told.scenes() for n in s.notices if n.key == "silent"]
    assert "Come closer" in silent[-1]
    assert Path(told.summaries()[0].path).exists()


def test_a_low_battery_and_a_slip_are_told_of(tmp_path: Path) -> None:
    told = simulated(tmp_path, "good", reps=2, faults=("low_battery", "slips"))
    assert {"battery", "slipped"} <= set(told.notices())
    assert [node.placement for node in told.scene().nodes if node.battery_low] == ["pelvis"]


async def _aim_lower(engine: Engine, told: Told) -> None:
    await told.until(lambda scene: len(scene.reps) == 1)
    engine.tell(Command("retarget", 0, {"target_deg": 20.0, "band_deg": 4.0, "count_s": 8}))
    await told.until_summary()


def test_other_aims_judge_the_whole_session_anew(tmp_path: Path) -> None:
    told = simulated(tmp_path, "tired", reps=1, person=_aim_lower)
    (summary,) = told.summaries()
    assert "--target-deg 20 --band-deg 4" in summary.command
    found = again(summary.path, target_deg=20.0, band_deg=4.0)
    assert [h.hold_s for h in found.holds] == [rep.hold_s for rep in summary.reps if rep.is_hold]
    assert told.scene().count_s == 8


async def _mark_and_rezero(engine: Engine, told: Told) -> None:
    first = await told.until(lambda scene: len(scene.reps) == 1)
    engine.tell(Command("mark", 0, {"note": "pain\tin the knee", "time_s": first.time_s - 2.0}))
    engine.tell(Command("mark", 0, {"note": "still"}))
    await told.until(lambda scene: scene.stage == READY)
    engine.tell(Command("rezero", 0))
    await told.until_summary()


def test_markers_and_declared_stands_are_in_the_file_and_change_no_stand_of_before(tmp_path: Path) -> None:
    told = simulated(tmp_path, "good", reps=1, person=_mark_and_rezero)
    (summary,) = told.summaries()
    found = recording.read(summary.path)
    labels = [event.label for event in found.events]
    assert labels == ["note: pain in the knee", "note: still", "rezero"]
    assert [note for _, note in told.scene().markers] == ["pain in the knee", "still"]
    holds = again(summary.path).holds
    assert [h.hip_rotation_range_deg for h in holds] == [rep.rotation_range_deg for rep in summary.reps]
    offline = measure(found.frames, Settings(), found.events)
    assert len(offline.stands) > 3  # a note called "still" is no event `still`, which would be the only stand


async def _save_and_next(engine: Engine, told: Told) -> None:
    await told.until_summary()
    engine.tell(Command("save", 0, {"athlete": "anna", "name": "first try"}))
    await told.until_summary(number=2)
    engine.tell(Command("next", 0, {"athlete": "anna"}))
    await told.until(lambda scene: scene.stage == CALIBRATING)
    engine.tell(Command("next", 0, {"athlete": "ben"}))
    await told.until(lambda scene: len(scene.reps) == 1 and scene.athlete == "ben")
    engine.tell(Command("end"))
    await told.until_summary(number=3)


def test_a_session_is_saved_and_the_next_athlete_begins(tmp_path: Path) -> None:
    preferences = Preferences(folder=tmp_path, athletes={"ben": AthleteSettings(target_deg=20.0, count_s=6)})
    told = simulated(tmp_path, "good", reps=1, person=_save_and_next, preferences=preferences)
    _, saved, second = told.summaries()
    assert Path(saved.path) == tmp_path / "anna" / "first-try.mcap"
    assert json.loads((tmp_path / "anna" / "first-try.json").read_text())["schema"] == "hiphold.measurement/1"
    assert not list((tmp_path / "good").glob("*.mcap"))
    later = [scene.bests for scene in told.scenes() if scene.athlete == "anna" and scene.stage == CALIBRATING][-1]
    assert {best.side: best.hold_s for best in later} == {rep.side: rep.hold_s for rep in saved.reps}
    assert not any(best.today for best in later)
    assert second.athlete == "ben"
    assert told.scene().target_deg == 20.0
    assert len(again(second.path, target_deg=20.0).holds) == 1
    assert "anna" in preferences.athletes


async def _quit_in_a_hold(engine: Engine, told: Told) -> None:  # noqa: ARG001
    await told.until(lambda scene: scene.stage == HOLDING and scene.count == 6)


def test_ending_in_the_middle_of_a_hold_keeps_all_of_it(tmp_path: Path) -> None:
    simulated(tmp_path, "good", reps=1, person=_quit_in_a_hold)
    (path,) = tmp_path.glob("good/*.mcap")
    (hold,) = again(path).holds
    assert hold.hold_s >= 6.0
    assert path.with_suffix(".json").exists()


async def _anew(engine: Engine, told: Told) -> None:
    await told.until(lambda scene: len(scene.reps) == 1)
    engine.tell(Command("anew", 0, {"quick": True}))
    await told.until(lambda scene: len(scene.reps) == 2)


def test_beginning_anew_is_another_recording_and_keeps_the_first(tmp_path: Path) -> None:
    told = simulated(tmp_path, "good", reps=1, person=_anew)
    first, second = sorted(tmp_path.glob("good/*.mcap"))
    assert len(again(first).holds) == len(again(second).holds) == 1
    assert first.with_suffix(".json").exists()
    assert [rep.number for rep in told.scene().reps] == [1, 2]
    assert any(scene.quick and [s.key for s in scene.steps] == ["stand"] for scene in told.scenes())


def test_a_recording_that_is_not_wanted_is_gone_at_the_end(tmp_path: Path) -> None:
    async def hold_once(engine: Engine, told: Told) -> None:
        await told.until(lambda scene: len(scene.reps) == 1)
        engine.tell(Command("end"))
        await told.until_summary()

    told = simulated(tmp_path, "good", reps=1, keep=False, person=hold_once)
    assert told.summaries()[0].path == ""
    assert len(told.summaries()[0].reps) == 1
    assert not list(tmp_path.rglob("*"))


def test_a_recording_is_replayed_as_it_was_seen(good: Told, tmp_path: Path) -> None:
    (summary,) = good.summaries()
    plan = Plan(source=REPLAYED, recording=Path(summary.path))

    async def watch(_engine: Engine, told: Told) -> None:
        await told.until_summary()

    told = clock.run(attend(plan, Preferences(folder=tmp_path), watch))
    assert told.summaries()[0].reps == summary.reps
    assert not list(tmp_path.rglob("*.mcap"))


def test_orders_that_make_no_sense_are_refused_in_a_sentence(tmp_path: Path) -> None:
    async def ask(engine: Engine, told: Told) -> None:
        engine.tell(Command("retarget", 0, {"target_deg": float("nan"), "band_deg": 5.0, "count_s": 10}))
        engine.tell(Command("retarget", 0, {"target_deg": "high"}))
        engine.tell(Command("save", 0, {"athlete": "../x"}))
        engine.tell(Command("unheard of", 0))
        engine.tell(Command("mark", 7, {"note": "nobody"}))
        engine.tell(Command("look"))
        await told.until(lambda scene: scene.stage == CALIBRATING)
        await asyncio.sleep(1.0)

    told = simulated(tmp_path, "good", person=ask)
    assert len(told.said()) == 3
    assert not any("Traceback" in each or "Error" in each for each in told.said())


def test_summary_of_nothing(tmp_path: Path) -> None:
    async def end_at_once(engine: Engine, told: Told) -> None:
        engine.tell(Command("end", 0))
        await told.until_summary()

    told = simulated(tmp_path, "good", person=end_at_once)
    summary: Summary = told.summaries()[0]
    assert summary.reps == ()
    assert summary.reasons or not summary.path
