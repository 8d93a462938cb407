"""The hold by its definition, word by word, on trajectories made by hand; and that blocks may be cut anywhere."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hiphold import drill
from hiphold.drill import Bout, DrillState, find_raises, finish, mark, where_marked
from hiphold.samples import PHASES, Event, Floats, Settings

DEFAULT = Settings()
PERIOD_S = 0.1
"""coarse, so that the trajectories can be read; RUN_S of 0.3 s is four samples"""


def run(time_s: Floats, elevation_deg: Floats, settings: Settings = DEFAULT) -> tuple[list[Bout], list[str]]:
    """All bouts, the open one included, and the phase names as known at each sample."""
    state, bouts, phase = drill.step(DrillState(), time_s, elevation_deg, settings)
    return bouts + finish(state, float(time_s[-1])), [PHASES[code] for code in phase]


def path(*parts: tuple[float, int]) -> tuple[Floats, Floats]:
    """(elevation, number of samples) one after the other."""
    elevation = np.concatenate([np.full(n, value) for value, n in parts])
    return PERIOD_S * np.arange(float(len(elevation))), elevation


def bouts(*parts: tuple[float, int], settings: Settings = DEFAULT) -> list[tuple[float, float, bool]]:
    found, _ = run(*path(*parts), settings=settings)
    return [(round(b.start_s, 6), round(b.end_s, 6), b.complete) for b in found]


# Start


def test_a_hold_starts_at_the_first_sample_above_and_ends_at_the_first_below() -> None:
    assert bouts((-90, 10), (30, 60), (-90, 10)) == [(1.0, 7.0, True)]


@pytest.mark.parametrize(("samples", "starts"), [(3, False), (4, True)])
def test_a_run_of_three_tenths_starts_it(samples: int, starts: bool) -> None:
    """Three samples last 0.2 s from the first to the last, four last 0.3 s."""
    assert bool(bouts((-90, 10), (30, samples), (-90, 10))) is starts


def test_the_threshold_is_target_less_band_and_must_be_exceeded() -> None:
    assert bouts((-90, 5), (25.0, 20), (-90, 5)) == []
    assert bouts((-90, 5), (25.001, 20), (-90, 5)) == [(0.5, 2.5, True)]
    assert bouts((-90, 5), (-4.0, 20), (-90, 5), settings=Settings(target_deg=5, band_deg=10)) == [(0.5, 2.5, True)]
    assert bouts((-90, 5), (-5.0, 20), (-90, 5), settings=Settings(target_deg=5, band_deg=10)) == []


def test_short_reaches_before_it_do_not_add_up() -> None:
    assert bouts((0, 5), (30, 3), (24, 1), (30, 3), (24, 1), (30, 10), (-90, 5)) == [(1.3, 2.3, True)]


def test_a_recording_that_begins_in_a_hold() -> None:
    assert bouts((30, 20), (-90, 5)) == [(0.0, 2.0, True)]


# End


@pytest.mark.parametrize(("sunk_to", "ends"), [(22.0, False), (21.999, True)])
def test_three_degrees_of_hysteresis(sunk_to: float, ends: bool) -> None:
    whole = bouts((-90, 5), (30, 20), (sunk_to, 10), (30, 10), (-90, 5))
    assert whole == ([(0.5, 2.5, True), (3.5, 4.5, True)] if ends else [(0.5, 4.5, True)])


@pytest.mark.parametrize(("samples", "ends"), [(3, False), (4, True)])
def test_a_brief_dip_does_not_end_it(samples: int, ends: bool) -> None:
    whole = bouts((-90, 5), (30, 20), (-20, samples), (30, 20), (-90, 5))
    assert len(whole) == (2 if ends else 1)
    assert whole[0][1] == (2.5 if ends else pytest.approx(4.5 + 0.1 * samples))


def test_dips_do_not_add_up() -> None:
    assert bouts((30, 10), (0, 3), (23, 1), (0, 3), (23, 1), (0, 3), (30, 10), (-90, 5)) == [(0.0, 3.1, True)]


def test_the_end_is_where_the_run_below_begins_not_where_it_is_known() -> None:
    assert bouts((30, 10), (24, 5), (10, 5)) == [(0.0, 1.5, True)]


# Length


def test_there_is_no_upper_limit() -> None:
    assert bouts((-90, 10), (40, 36_000), (-90, 10)) == [(1.0, 3601.0, True)]


def test_two_holds_without_a_rest_between_are_two() -> None:
    assert bouts((-90, 5), (30, 60), (20, 4), (30, 60), (-90, 5)) == [(0.5, 6.5, True), (6.9, 12.9, True)]


def test_a_recording_that_ends_in_a_hold() -> None:
    assert bouts((-90, 5), (30, 60)) == [(0.5, 6.4, False)]
    assert bouts((-90, 5), (30, 60), (-90, 3)) == [(0.5, 6.7, False)]  # the run below has not lasted yet
    assert bouts((-90, 5), (30, 3)) == []


@pytest.mark.parametrize(("samples", "hold"), [(49, False), (50, True)])
def test_under_five_seconds_it_is_an_attempt(samples: int, hold: bool) -> None:
    ((found,), _) = run(*path((-90, 5), (30, samples), (-90, 5)))
    assert found.hold_s == pytest.approx(0.1 * samples)
    assert (found.hold_s >= drill.HOLD_MIN_S - 1e-9) is hold


# What is not known


def test_nan_neither_starts_nor_ends() -> None:
    nan = float("nan")
    assert bouts((-90, 5), (nan, 50), (-90, 5)) == []
    assert bouts((-90, 5), (30, 10), (nan, 50), (30, 10), (-90, 5)) == [(0.5, 7.5, True)]
    assert bouts((-90, 5), (30, 2), (nan, 50), (-90, 5)) == []
    assert bouts((30, 10), (-90, 2), (nan, 50), (30, 5), (-90, 5)) == [(0.0, 6.7, True)]


def test_time_counts_and_not_the_number_of_samples() -> None:
    """Two samples that stand 0.3 s apart are a run; so is what lies across a gap."""
    time_s = np.array((0.0, 0.1, 0.4, 9.0, 9.1, 9.4))
    (found,), _ = run(time_s, np.array((-90.0, 30.0, 30.0, 30.0, 0.0, 0.0)))
    assert (found.start_s, found.end_s) == (0.1, 9.1)


def test_no_samples_change_nothing() -> None:
    state = DrillState(holding_since_s=3.0)
    after, found, phase = drill.step(state, np.empty(0), np.empty(0), DEFAULT)
    assert after is state
    assert (found, len(phase)) == ([], 0)


# The definition again, as slowly and plainly as it can be written


def by_definition(time_s: Floats, elevation_deg: Floats) -> list[tuple[float, float]]:
    def first_run(begin: int, inside: list[bool]) -> int | None:
        """The first sample from `begin` on of a run that lasts 0.3 s; a run may have begun before `begin`."""
        for i in range(len(time_s)):
            if inside[i] and not (i > 0 and inside[i - 1]):
                end = i
                while end + 1 < len(time_s) and inside[end + 1]:
                    end += 1
                if i >= begin and time_s[end] - time_s[i] >= 0.3 - 1e-9:
                    return i
        return None

    above, below = (elevation_deg > 25.0).tolist(), (elevation_deg < 22.0).tolist()
    found, at = [], 0
    while (start := first_run(at, above)) is not None:
        end = first_run(start, below)
        found.append((float(time_s[start]), float(time_s[-1] if end is None else time_s[end])))
        if end is None:
            break
        at = end
    return found


steps = st.lists(st.sampled_from([0.0, 0.1, 0.1, 0.1, 0.4]), min_size=80, max_size=80)
levels = st.lists(
    st.tuples(st.sampled_from([30.0, 30.0, 23.0, 10.0, -60.0, -90.0, float("nan")]), st.integers(1, 8)),
    min_size=4,
    max_size=20,
)


def trajectory(steps: list[float], levels: list[tuple[float, int]]) -> tuple[Floats, Floats]:
    elevation = np.concatenate([np.full(n, level) for level, n in levels])[:80]
    return np.round(np.cumsum(steps)[: len(elevation)], 6), elevation


@hypothesis_settings(max_examples=300)
@given(steps, levels)
def test_any_trajectory_gives_the_bouts_of_the_definition(steps: list[float], levels: list[tuple[float, int]]) -> None:
    time_s, elevation = trajectory(steps, levels)
    found, _ = run(time_s, elevation)
    assert [(b.start_s, b.end_s) for b in found] == by_definition(time_s, elevation)


@hypothesis_settings(max_examples=300)
@given(steps, levels, st.lists(st.integers(0, 80), max_size=20))
def test_the_result_does_not_depend_on_how_blocks_are_cut(
    steps: list[float], levels: list[tuple[float, int]], cuts: list[int]
) -> None:
    time_s, elevation = trajectory(steps, levels)
    whole_state, whole_bouts, whole_phase = drill.step(DrillState(), time_s, elevation, DEFAULT)
    state, found, phases = DrillState(), [], []
    edges = [0, *sorted(min(cut, len(time_s)) for cut in cuts), len(time_s)]
    for a, z in pairwise(edges):
        state, ended, phase = drill.step(state, time_s[a:z], elevation[a:z], DEFAULT)
        found += ended
        phases.append(phase)
    assert found == whole_bouts
    np.testing.assert_array_equal(np.concatenate(phases), whole_phase)
    assert state.holding_since_s == whole_state.holding_since_s


# Phases


def test_phases_as_they_are_known_live() -> None:
    """Up at 60 deg/s, a second at 30, down again; the hold is known 0.3 s after it began, its end 0.3 s after it."""
    time_s = 0.1 * np.arange(70.0)
    elevation = np.interp(time_s, (1.0, 3.0, 4.5, 6.5), (-90.0, 30.0, 30.0, -90.0))
    (found,), phases = run(time_s, elevation)
    assert found.start_s == pytest.approx(3.0)  # 24 degrees at 2.9 s
    assert found.end_s == pytest.approx(4.7)  # 24 at 4.6, 18 at 4.7
    assert phases[:13] == [""] * 13  # -75 or lower
    assert phases[14:33] == ["raise"] * 19
    assert phases[33:50] == ["hold"] * 17
    assert phases[50:62] == ["lower"] * 12
    assert phases[63:] == [""] * 7


def marked(codes: tuple[int, ...], bout: Bout) -> list[str]:
    before = np.array(codes, np.int8)
    after = mark(before, 0.1 * np.arange(float(len(codes))), [(0.0, 0.25)], [bout])
    assert before.tolist() == list(codes)
    return [PHASES[code] for code in after]


def test_marked_phases_lie_where_bouts_and_stands_truly_were() -> None:
    """The hold was known two samples late, and its end three."""
    times = 0.1 * np.arange(12.0)
    names = marked((0, 0, 1, 1, 1, 3, 3, 3, 3, 3, 2, 0), Bout(times[3], times[7]))
    assert names == ["stand"] * 2 + ["raise"] + ["hold"] * 4 + ["lower"] * 4 + [""]


def test_a_marked_hold_that_was_not_finished_reaches_to_the_end() -> None:
    names = marked((0, 1, 1, 1, 3, 3), Bout(0.3, 0.5, complete=False))
    assert names == ["stand", "raise", "raise", "hold", "hold", "hold"]


# Raises


def raises(*elevation_deg: float) -> list[tuple[float, float]]:
    return [(r.peak_s, r.peak_deg) for r in find_raises(np.arange(float(len(elevation_deg))), np.array(elevation_deg))]


def test_a_raise_is_a_peak_of_45_degrees_above_the_stand() -> None:
    assert raises(-90, -60, -45.1, -60, -90) == []
    assert raises(-90, -60, -45.0, -60, -90) == [(2.0, -45.0)]
    assert raises(-90, 0, 31, 30, -90) == [(2.0, 31.0)]


def test_the_next_raise_needs_the_thigh_to_come_down_by_10_degrees_more() -> None:
    assert raises(-90, -20, -54.9, -10, -90) == [(3.0, -10.0)]
    assert raises(-90, -20, -55.1, -10, -90) == [(1.0, -20.0), (3.0, -10.0)]


def test_a_raise_that_is_cut_off_counts_and_what_is_not_known_does_not() -> None:
    assert raises(10, 20, -90, -30) == [(1.0, 20.0), (3.0, -30.0)]
    assert raises(float("nan"), -90, float("nan")) == []


# Events


def test_hold_events_select_bouts_and_do_not_move_them() -> None:
    first, second = Bout(1.0, 12.0), Bout(20.0, 32.0)
    events = (Event(11.9, 15.0, "hold_left"), Event(0.0, 100.0, "hold_right"), Event(0.0, 100.0, "still"))
    assert where_marked([first, second], events, "left") == [first]
    assert where_marked([first, second], events, "right") == [first, second]


def test_an_event_that_only_touches_a_bout_does_not_select_it() -> None:
    assert where_marked([Bout(1.0, 12.0)], (Event(12.0, 15.0, "hold_left"),), "left") == []


def test_without_hold_events_of_this_side_all_bouts_stay() -> None:
    found = [Bout(1.0, 12.0)]
    assert where_marked(found, (Event(50.0, 60.0, "hold_right"), Event(0, 1, "bow")), "left") == found
