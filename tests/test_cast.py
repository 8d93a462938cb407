"""The athletes by word: do they do what their word says, and is what goes wrong for them really wrong?"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from hiphold import wire
from hiphold.live import measure_causal
from hiphold.measure import measure
from hiphold.measurement import Measurement
from hiphold.metrics import Hold
from hiphold.samples import Frame, Settings
from hiphold.simulation.cast import CAST, FAULTS, Part, play_part, repetitions_for
from hiphold.sources.stage import EPOCH_NS, stage

WAYS = {"offline": measure, "causal": measure_causal}

each_seed_and_way = pytest.mark.parametrize(("seed", "way"), [(1, "causal"), (2, "offline")])


@cache
def played(kind: str, seed: int, faults: tuple[str, ...] = (), reps: int = 3) -> tuple[Part, list[Frame]]:
    part = play_part(kind, seed, reps, faults=faults)
    return part, list(stage(part).frames)


@cache
def measured(kind: str, seed: int, way: str, faults: tuple[str, ...] = (), reps: int = 3) -> Measurement:
    return WAYS[way](played(kind, seed, faults, reps)[1], Settings())


def of(hold: Hold) -> dict[str, float]:
    """The figures of a hold that tell the athletes apart; NaN where there is none."""
    known = {
        "tremor": hold.tremor_mps2.first_3s,
        "growth": (hold.tremor_mps2.last_3s or np.nan) / (hold.tremor_mps2.first_3s or np.nan),
        "dissociation": hold.dissociation,
        "obliquity": hold.pelvis.obliquity_deg.mean_shift,
        "rotation": hold.hip_rotation_range_deg,
        "sway": hold.pelvis.sway_area_deg2,
        "slope": hold.femur_elevation_deg.slope_deg_per_s,
    }
    return {name: np.nan if value is None else value for name, value in known.items()}


def mean(result: Measurement, name: str) -> float:
    """Over all holds; NaN when it is not known of every one."""
    return float(np.mean([of(hold)[name] for hold in result.holds]))


def reasons(result: Measurement) -> str:
    return " ".join(f"{reason.what}: {reason.why}" for reason in result.reasons)


# The athletes


@pytest.mark.parametrize("kind", CAST)
@each_seed_and_way
def test_everybody_is_calibrated_in_full(kind: str, seed: int, way: str) -> None:
    result = measured(kind, seed, way)
    assert (result.calibration.method, result.calibration.warnings) == ("full", ())
    assert [reason.what for reason in result.reasons] == ["trunk"]  # nobody wears a sensor there
    assert [rise.side for rise in result.raises[:4]] == ["right", "left", "right", "left"]


@each_seed_and_way
def test_good_holds_for_the_whole_count_at_32_degrees(seed: int, way: str) -> None:
    result = measured("good", seed, way)
    assert [hold.side for hold in result.holds] == ["right", "left"] * 3
    assert all(10.5 < hold.hold_s < 12.5 for hold in result.holds)
    assert all(hold.femur_elevation_deg.mean == pytest.approx(32, abs=2.0) for hold in result.holds)
    assert result.attempts == ()
    assert mean(result, "rotation") > 50.0
    assert all(of(hold)["dissociation"] < 0.2 for hold in result.holds)


@each_seed_and_way
def test_shaky_trembles_sways_and_drops(seed: int, way: str) -> None:
    good, shaky = measured("good", seed, way), measured("shaky", seed, way)
    assert mean(shaky, "tremor") > 4 * mean(good, "tremor")
    assert mean(shaky, "sway") > 4 * mean(good, "sway")
    ranges = [[of(hold)["rotation"] for hold in result.holds if hold.hold_s > 9.0] for result in (good, shaky)]
    assert np.std(ranges[1]) > 2 * np.std(ranges[0])
    assert len(shaky.holds) + len(shaky.attempts) > len(good.holds)  # one that drops is two


@each_seed_and_way
def test_tired_sinks_and_holds_shorter_and_shorter(seed: int, way: str) -> None:
    result = measured("tired", seed, way)
    lengths = {side: [hold.hold_s for hold in result.holds if hold.side == side] for side in ("right", "left")}
    assert lengths["right"] == pytest.approx([11.0, 8.5, 6.0], abs=0.7)
    assert lengths["left"] == pytest.approx([11.0, 8.5], abs=0.7)
    assert [attempt.hold_s for attempt in result.attempts] == pytest.approx([3.0], abs=0.5)
    assert mean(result, "slope") < -0.3
    assert mean(result, "growth") > 2.0


@each_seed_and_way
def test_dropping_sinks_at_the_hip_and_turns_with_the_leg(seed: int, way: str) -> None:
    good, dropping = measured("good", seed, way), measured("dropping", seed, way)
    assert all(of(hold)["obliquity"] < -5.0 for hold in dropping.holds)
    assert all(of(hold)["obliquity"] > 0.0 for hold in good.holds)
    assert mean(dropping, "dissociation") > 3 * mean(good, "dissociation")
    assert all(15.0 < (hold.pelvis.obliquity_deg.range or 0.0) < 22.0 for hold in dropping.holds)


@pytest.mark.parametrize("side", ["right", "left"])
def test_one_leg_alone(side: str) -> None:
    part = play_part("good", 1, 2, side)
    assert part.placements == ("pelvis", f"thigh_{side}")
    result = measure(stage(part).frames, Settings())
    assert [hold.side for hold in result.holds] == [side] * 2
    assert result.calibration.method == "full"


def test_a_trunk_sensor_can_be_worn() -> None:
    part = play_part("good", 1, 1, placements=("pelvis", "thigh_left", "thigh_right", "trunk"))
    result = measure(stage(part).frames, Settings())
    assert result.reasons == ()
    assert all(hold.trunk.tilt_deg.mean_shift is not None for hold in result.holds)


@pytest.mark.parametrize("kind", CAST)
@pytest.mark.parametrize("minutes", [0.0, 5.0, 60.0])
def test_so_many_repetitions_fill_the_time(kind: str, minutes: float) -> None:
    duration_s = play_part(kind, 1, repetitions_for(kind, minutes)).truth.duration_s
    assert 60 * minutes < duration_s < 60 * minutes * 1.2 + 90


def test_unknown_words_are_refused() -> None:
    with pytest.raises(ValueError, match="no athlete 'lazy'"):
        play_part("lazy", 1)
    with pytest.raises(ValueError, match="no fault rain"):
        play_part("good", 1, faults=("rain",))
    with pytest.raises(ValueError, match="swapped needs a sensor on thigh_left"):
        play_part("good", 1, side="right", faults=("swapped",))
    with pytest.raises(ValueError, match="slips needs a repetition"):
        play_part("good", 1, 0, faults=("slips",))


# What goes wrong


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_changes_something(fault: str) -> None:
    assert played("good", 1, (fault,), 1)[1] != played("good", 1, (), 1)[1]


def test_moved_comes_to_rest_after_five_seconds() -> None:
    result = measured("good", 1, "causal", ("moved",), 1)
    assert result.calibration.method == "full"
    assert 4.5 < result.calibration.stand.start_s < 5.5
    assert result.calibration.stand.end_s - result.calibration.stand.start_s > 3.5


def test_bad_bow_is_followed_by_a_good_one() -> None:
    part, _ = played("good", 1, ("bad_bow",), 1)
    assert [move.kind for move in part.truth.moves[4:6]] == ["bow_sideways", "bow"]
    result, without = measured("good", 1, "offline", ("bad_bow",), 1), measured("good", 1, "offline", (), 1)
    assert result.calibration.method == "full"
    assert mean(result, "dissociation") == pytest.approx(mean(without, "dissociation"), abs=0.05)


def test_without_the_good_bow_the_pelvis_would_not_be_known() -> None:
    part, frames = played("good", 1, ("bad_bow",), 1)
    end_s = part.truth.moves[4].end_s + 1.0
    result = measure([frame for frame in frames if frame.arrival_ns < EPOCH_NS + end_s * 1e9], Settings())
    assert "the bow was not straight forward" in reasons(result)


def test_small_raise_is_no_raise() -> None:
    part, _ = played("good", 1, ("small_raise",), 1)
    move = part.truth.moves[0]
    top_deg = part.truth.rezeroed_elevation_deg(np.array([move.top_s]), "right")
    assert top_deg == pytest.approx(-50.0, abs=2.0)
    result = measured("good", 1, "offline", ("small_raise",), 1)
    assert result.calibration.method == "full"
    assert [rise.side for rise in result.raises] == ["right", "left", "right", "left", "right", "left"]


def test_wrong_leg_comes_first() -> None:
    result = measured("good", 1, "offline", ("wrong_leg",), 1)
    assert result.calibration.method == "full"
    assert [rise.side for rise in result.raises[:5]] == ["left", "right", "left", "right", "left"]


@pytest.mark.parametrize("way", WAYS)
def test_lost_node_is_out_of_reach_in_a_rest_and_in_a_hold(way: str) -> None:
    part, _ = played("good", 1, ("lost_node",))
    result = measured("good", 1, way, ("lost_node",))
    gaps = {node.placement: [g for g in node.gaps if g.end_s - g.start_s > 1.0] for node in result.nodes}
    assert [(g.end_s - g.start_s) for g in gaps["thigh_right"]] == pytest.approx([6.0, 3.0], abs=0.3)
    assert gaps["pelvis"] == gaps["thigh_left"] == []
    rest, hold = gaps["thigh_right"]
    assert any(a < rest.start_s and rest.end_s < z for a, z in part.truth.stands)
    assert any(h.start_s < hold.start_s and hold.end_s < h.end_s for h in result.holds if h.side == "right")
    assert len(result.holds) == 6
    assert "are missing" in reasons(result)


def infos(frames: list[Frame]) -> dict[str, set[tuple[int, int]]]:
    """What each placement says of its faults and its battery."""
    said: dict[str, set[tuple[int, int]]] = {}
    for message in (m for frame in frames for m in wire.messages(frame.data)):
        if isinstance(message, wire.Info):
            said.setdefault(message.placement, set()).add((message.faults, message.battery_mv))
    return said


def test_low_battery_is_said_by_the_pelvis_node() -> None:
    well = {(0, 3900)}
    sick = {(wire.LOW_BATTERY, 3200)}
    assert infos(played("good", 1, (), 1)[1]) == dict.fromkeys(("pelvis", "thigh_left", "thigh_right"), well)
    assert infos(played("good", 1, ("low_battery",), 1)[1])["pelvis"] == sick
    assert infos(played("good", 1, ("low_battery",), 1)[1])["thigh_left"] == well


def test_swapped_thighs_show_the_other_leg() -> None:
    result = measured("good", 1, "offline", ("swapped",), 1)
    assert [hold.side for hold in result.holds] == ["left", "right"]
    part, frames = played("good", 1, ("swapped",), 1)
    assert part.truth.moves[-2].side == "right"
    assert {frame.node.split("-")[0] for frame in frames} == {"pelvis", "thigh_left", "thigh_right"}


def test_walks_away_is_out_of_reach_at_the_end() -> None:
    part, frames = played("good", 1, ("walks_away",), 1)
    last_s = {frame.node: (frame.arrival_ns - EPOCH_NS) * 1e-9 for frame in frames}
    assert part.truth.duration_s - np.array([*last_s.values()]) == pytest.approx(np.full(3, 20.0), abs=0.7)
    assert len(measured("good", 1, "offline", ("walks_away",), 1).holds) == 2


@pytest.mark.parametrize("way", WAYS)
def test_slips_is_noticed_after_the_second_repetition(way: str) -> None:
    result = measured("good", 1, way, ("slips",))
    assert "pelvis hangs 25 degrees" in reasons(result)
    known = [hold.pelvis.tilt_deg.mean_shift is not None for hold in result.holds]
    assert known[:2] == [True, True]
    assert not known[-1]
