"""One repetition after the other: the count, what is heard and when, how far the leg has turned."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from hiphold import drill
from hiphold.angles import Angles
from hiphold.samples import Block, Settings
from hiphold.session.repetition import Repetition
from hiphold.shown import Snapshot

STEP_S = 0.1


class Athlete:
    """A thigh that goes where it is told, a snapshot each tenth of a second."""

    def __init__(self, count_s: int = 10, side: str = "right") -> None:
        self.repetition = Repetition(count_s)
        self.cues: list[tuple[float, str]] = []
        self._side, self._now_s, self._drill = side, 0.0, drill.DrillState()

    def stay(
        self, elevation_deg: float, seconds: float, rotation_deg: float = 0.0, obliquity_deg: float = 0.0
    ) -> Athlete:
        for _ in range(round(seconds / STEP_S)):
            self._step(elevation_deg, rotation_deg, obliquity_deg)
        return self

    def move(self, start_deg: float, end_deg: float, seconds: float) -> Athlete:
        for elevation in np.linspace(start_deg, end_deg, round(seconds / STEP_S)).tolist():
            self._step(elevation, 0.0, 0.0)
        return self

    def _step(self, elevation_deg: float, rotation_deg: float, obliquity_deg: float) -> None:
        time_s = self._now_s + np.arange(1, 11) * STEP_S / 10
        self._now_s = float(time_s[-1])
        elevation = np.full(10, elevation_deg)
        self._drill, bouts, phase = drill.step(self._drill, time_s, elevation, Settings())
        values = {field.name: np.zeros(10) for field in fields(Angles)}
        values |= {"hip_rotation_deg": np.full(10, rotation_deg), "pelvis_obliquity_deg": np.full(10, obliquity_deg)}
        since = self._drill.holding_since_s
        held_s = None if since is None else self._now_s - since
        block = Block(time_s, np.zeros((10, 3)), np.zeros((10, 3)), np.full((10, 4), np.nan))
        snapshot = Snapshot(
            f"thigh_{self._side}", block, elevation, block.q_recorded, Angles(**values), phase, held_s, tuple(bouts), ()
        )
        self.cues += [(self._now_s, cue) for cue in self.repetition.take(snapshot)]

    def heard(self, *kinds: str) -> list[str]:
        return [cue for _, cue in self.cues if not kinds or cue in kinds]


def up(athlete: Athlete) -> Athlete:
    return athlete.stay(-90, 3).move(-90, 30, 1.2)


def down(athlete: Athlete) -> Athlete:
    return athlete.move(30, -90, 1.2).stay(-90, 2)


def test_each_second_ticks_and_the_tenth_chimes() -> None:
    athlete = down(up(Athlete()).stay(30, 11.5, rotation_deg=-20))
    assert athlete.heard("tick", "chime", "drop", "done") == [*["tick"] * 9, "chime", "done", "tick"]
    times = [at_s for at_s, cue in athlete.cues if cue in ("tick", "chime")]
    assert np.diff(times) == pytest.approx(1.0, abs=0.15)
    assert athlete.repetition.count == 11


def test_falling_out_before_the_count_is_heard_and_after_it_is_not() -> None:
    assert down(up(Athlete()).stay(30, 6)).heard("drop", "chime") == ["drop"]
    assert down(up(Athlete(count_s=5)).stay(30, 6)).heard("drop", "chime") == ["chime"]


def test_the_count_stays_until_the_leg_goes_up_again() -> None:
    athlete = down(up(Athlete()).stay(30, 7))
    assert athlete.repetition.count == 7
    assert not athlete.repetition.lifted
    up(athlete)
    assert athlete.repetition.count == 0


def test_a_second_hold_in_one_lift_is_counted_from_nothing() -> None:
    athlete = up(Athlete()).stay(30, 6).move(30, 0, 0.5).stay(0, 1).move(0, 30, 0.5).stay(30, 3.5)
    assert athlete.repetition.count == 3
    assert not athlete.repetition.over


def test_the_reach_is_that_of_the_hold() -> None:
    athlete = up(Athlete()).stay(30, 2).stay(30, 2, -31).stay(30, 2, 22).stay(30, 2, 5)
    found = athlete.repetition
    assert (found.rotation_out_deg, found.rotation_in_deg, found.rotation_deg) == (-31, 22, 5)


def test_a_leg_that_hangs_below_the_band_is_told_higher_and_not_all_the_time() -> None:
    athlete = Athlete().stay(-90, 3).move(-90, 10, 1.0).stay(10, 4.5)
    assert athlete.heard() == ["higher"]
    assert athlete.stay(10, 3).heard() == ["higher", "higher"]


def test_no_one_is_told_higher_on_the_way_up_or_down() -> None:
    assert down(up(Athlete()).stay(30, 7, -20)).heard("higher") == []


def test_turning_is_asked_for_once_and_only_where_it_is_missing() -> None:
    assert up(Athlete()).stay(30, 9).heard("rotate_out", "across") == ["rotate_out"]
    turning = up(Athlete()).stay(30, 1, -5).stay(30, 1, -25).stay(30, 1, -15).stay(30, 5, 0)
    assert turning.heard("rotate_out", "across") == ["across"]
    both = up(Athlete()).stay(30, 1, -25).stay(30, 1, 20).stay(30, 5, 0)
    assert both.heard("rotate_out", "across") == []


def test_hips_that_are_off_for_a_second_are_told() -> None:
    athlete = up(Athlete()).stay(30, 1, -20).stay(30, 0.8, -20, -15).stay(30, 1, -20)
    assert athlete.heard("hips_level") == []
    athlete.stay(30, 2, -20, -15)
    assert athlete.heard("hips_level") == ["hips_level"]
    assert athlete.repetition.pelvis_deg[1] == pytest.approx(-15)


def test_the_pelvis_is_shown_against_before_the_raise() -> None:
    athlete = Athlete().stay(-90, 3, obliquity_deg=4.0).move(-90, 30, 1.0).stay(30, 1, obliquity_deg=9.0)
    assert athlete.repetition.pelvis_deg[1] == pytest.approx(5.0)
