"""Athletes on stage: the same session as `simulate` makes at once, but in pieces, at its pace, and several together."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from dataclasses import replace
from functools import cache
from itertools import islice

import numpy as np
import pytest

from hiphold import wire
from hiphold.live import measure_causal
from hiphold.measurement import Measurement
from hiphold.samples import Frame, Settings
from hiphold.simulation.cast import LATE, Part, play_part, repetitions_for
from hiphold.simulation.link import Link
from hiphold.simulation.truth import Truth
from hiphold.sources.simulate import Simulation, simulate
from hiphold.sources.stage import EPOCH_NS, perform, stage, stream

KINDS = ("good", "shaky", "tired", "dropping")


def at_once(part: Part) -> Simulation:
    """The same part by `simulate`."""
    worn = (part.sensor, part.links, part.placements, part.mounting, part.slips, part.says)
    return simulate(part.seed, part.side, part.athlete, part.script, *worn)


@cache
def lossless() -> Part:
    return replace(play_part("good", 3, 1), links={})


def samples(frames: list[Frame], node: str) -> list[tuple[Frame, wire.Samples]]:
    found = [(frame, m) for frame in frames if frame.node == node for m in wire.messages(frame.data)]
    return [(frame, m) for frame, m in found if isinstance(m, wire.Samples)]


def session_s(frame: Frame, epoch_ns: int = EPOCH_NS) -> float:
    return (frame.arrival_ns - epoch_ns) * 1e-9


def worst_rms_deg(result: Measurement, truth: Truth, zero_s: float) -> float:
    """RMS of measured minus true elevation, of the worst hold."""
    worst = 0.0
    for hold in result.holds:
        track = next(track for track in result.tracks if track.side == hold.side)
        inside = (track.time_s >= hold.start_s) & (track.time_s <= hold.end_s)
        true_deg = truth.rezeroed_elevation_deg(track.time_s[inside] + zero_s, hold.side)
        worst = max(worst, float(np.sqrt(np.mean((track.elevation_deg[inside] - true_deg) ** 2))))
    return worst


# The same session


def test_athlete_and_nodes_are_those_of_simulate() -> None:
    pieces, whole = stage(lossless()), at_once(lossless())
    assert pieces.truth.plan == whole.truth.plan
    time_s = np.linspace(0.0, pieces.truth.duration_s, 500)
    for placement in lossless().placements:
        poses = [truth.motion.pose(time_s, placement) for truth in (pieces.truth, whole.truth)]
        np.testing.assert_array_equal(poses[0].r_earth_from_segment, poses[1].r_earth_from_segment)
    for one, other in zip(pieces.units, whole.units, strict=True):
        assert (one.name, one.boot, one.clock_offset_s) == (other.name, other.boot, other.clock_offset_s)
        np.testing.assert_array_equal(one.r_segment_from_sensor, other.r_segment_from_sensor)
        np.testing.assert_array_equal(one.gyr_bias_radps, other.gyr_bias_radps)
    assert pieces.first_sample_s == whole.first_sample_s


def test_samples_are_those_of_simulate_but_for_noise() -> None:
    pieces, whole = list(stage(lossless()).frames), at_once(lossless())
    for unit in whole.units:
        ours, theirs = ([m for _, m in samples(frames, unit.name)] for frames in (pieces, whole.frames))
        assert [(m.seq, m.count, m.boot, m.period_ns) for m in ours] == [
            (m.seq, m.count, m.boot, m.period_ns) for m in theirs
        ]
        assert max(abs(a.node_us - b.node_us) for a, b in zip(ours, theirs, strict=True)) <= 1
        rows, expected = (
            np.concatenate([np.frombuffer(m.payload, "<i2").reshape(-1, 10) for m in each]).astype(float)
            for each in (ours, theirs)
        )
        off = np.sqrt(np.mean((rows - expected) ** 2, axis=0))
        assert off[:6].max() < 8.0  # counts: noise of both
        assert off[:6].min() > 0.5
        assert off[6:].max() < 32767 * np.radians(0.1)  # the node's own orientation


def test_other_messages_are_those_of_simulate() -> None:
    def others(frames: list[Frame]) -> list[list[object]]:
        found = [[m for m in wire.messages(frame.data) if not isinstance(m, wire.Samples)] for frame in frames]
        return sorted((each for each in found if each), key=repr)

    assert others(list(stage(lossless()).frames)) == others(at_once(lossless()).frames)


def test_the_epoch_moves_arrivals_and_clock_questions() -> None:
    epoch_ns = EPOCH_NS + 123_456_789_000
    here, there = stage(lossless()).frames, stage(lossless(), epoch_ns).frames
    for a, b in zip(islice(here, 400), islice(there, 400), strict=True):
        assert b.arrival_ns - a.arrival_ns == 123_456_789_000
        for one, other in zip(wire.messages(a.data), wire.messages(b.data), strict=True):
            if isinstance(one, wire.Time):
                assert other == one._replace(host_us=one.host_us + 123_456_789)
            else:
                assert other == one


# The link


def test_frames_come_in_order_after_their_delay() -> None:
    part = lossless()
    performance = stage(part)
    frames = list(performance.frames)
    arrivals = [frame.arrival_ns for frame in frames]
    assert arrivals == sorted(arrivals)
    for unit in performance.units:
        found = samples(frames, unit.name)
        assert [m.seq for _, m in found] == sorted(m.seq for _, m in found)
        last_s = np.array([unit.first_sample_s + (m.seq + m.count - 1) * unit.period_s for _, m in found])
        delays_s = np.array([session_s(frame) for frame, _ in found]) - last_s
        assert Link().base_delay_s <= delays_s.min() < 0.005
        assert 0.02 < delays_s.max() <= Link().base_delay_s + Link().jitter_s + 1e-6


def test_some_are_sent_again_late_and_none_is_lost() -> None:
    part = play_part("good", 4)
    performance = stage(part)
    frames = list(performance.frames)
    assert [frame.arrival_ns for frame in frames] == sorted(frame.arrival_ns for frame in frames)
    for unit in performance.units:
        found = samples(frames, unit.name)
        again = [m.seq for _, m in found if m.flags & wire.RESENT]
        first_try = [m.seq for _, m in found if not m.flags & wire.RESENT]
        assert first_try == sorted(first_try)
        assert len(again) / len(found) == pytest.approx(LATE, abs=0.02)
        assert sorted(again + first_try) == list(range(0, wire.MAX_SAMPLES * len(found), wire.MAX_SAMPLES))
        behind = [m.seq < max(n.seq for _, n in found[:i]) for i, (_, m) in enumerate(found) if i and m.seq in again]
        assert np.mean(behind) > 0.5


def test_what_is_lost_for_good_is_lost_and_a_hole_is_one() -> None:
    holed = Link(loss=0.05, holes=((10.0, 5.0),))
    part = replace(lossless(), links=dict.fromkeys(lossless().placements, holed))
    performance = stage(part)
    frames = list(performance.frames)
    assert not any(10.04 < session_s(frame) < 15.0 for frame in frames)
    for unit in performance.units:
        seen = {m.seq for _, m in samples(frames, unit.name)}
        outside = [
            seq
            for seq in range(0, max(seen) + 1, wire.MAX_SAMPLES)
            if not 9.9 < unit.first_sample_s + seq * unit.period_s < 15.1
        ]
        assert np.mean([seq not in seen for seq in outside]) == pytest.approx(0.05, abs=0.03)


def test_equal_arguments_give_equal_bytes() -> None:
    first, again, another = (list(islice(stream("shaky", seed), 300)) for seed in (5, 5, 6))
    assert first == again != another


# As good, cheap and lasting


def test_figures_are_as_good_as_with_simulate(is_long: bool) -> None:
    part = play_part("good", 7, repetitions_for("good", 10.0 if is_long else 1.0))
    performance = stage(part)
    result = measure_causal(performance.frames, Settings())
    assert len(result.holds) == len([move for move in performance.truth.moves if move.kind == "hold"])
    off_deg = worst_rms_deg(result, performance.truth, performance.first_sample_s)
    whole = at_once(part)
    at_once_deg = worst_rms_deg(measure_causal(whole.frames, Settings()), whole.truth, whole.first_sample_s)
    assert off_deg < 1.0
    assert off_deg == pytest.approx(at_once_deg, abs=0.2)


def test_an_hour_begins_at_once_and_costs_little() -> None:
    started_s = time.process_time()
    frames = stream("good", 1, 60.0)
    next(frames)
    first_s = time.process_time()
    last = next(frame for frame in frames if session_s(frame) > 60.0)
    assert first_s - started_s < 1.0
    assert time.process_time() - first_s < 0.05 * session_s(last)


def test_memory_does_not_grow() -> None:
    frames = stream("good", 1, 60.0)

    def until(end_s: float) -> int:
        next(frame for frame in frames if session_s(frame) > end_s)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early, late = until(20.0), until(80.0)
    finally:
        tracemalloc.stop()
    assert late - early < 200_000  # bytes; a minute of frames alone is about 1.5 MB


# Several at once, in time


def taken(kinds: tuple[str, ...], speed: float, **more: object) -> list[tuple[float, int, Frame]]:
    """Seconds by the loop's clock since the start, lane, frame; the last row is the end."""

    async def take() -> list[tuple[float, int, Frame]]:
        clock = asyncio.get_running_loop().time
        started_s, got = clock(), []
        async for lane, frame in perform(kinds, 1, speed, 0, **more):  # type: ignore[arg-type]
            got.append((clock() - started_s, lane, frame))
        return [*got, (clock() - started_s, -1, got[-1][2])]

    return asyncio.run(take())


def test_all_lanes_play_together() -> None:
    *rows, _ = taken(KINDS, 0.0)
    arrivals = [frame.arrival_ns for _, _, frame in rows]
    assert arrivals == sorted(arrivals)
    for lane, kind in enumerate(KINDS):
        alone = list(stage(play_part(kind, 1 + lane, 0)).frames)
        assert [frame for _, each, frame in rows if each == lane] == alone
    assert len({frame.node for _, _, frame in rows}) == 3 * len(KINDS)


def test_frames_are_due_by_the_clock_of_the_loop() -> None:
    epoch_ns = time.time_ns()
    *rows, end = taken(("good", "tired"), 10.0, epoch_ns=epoch_ns)
    late_s = np.array([at_s - session_s(frame, epoch_ns) / 10.0 for at_s, _, frame in rows])
    assert late_s.min() > -0.002
    assert np.percentile(late_s, 5) < 0.05  # more of them on a machine that has nothing else to do
    whole_s = max(play_part(kind, 1 + lane, 0).truth.duration_s for lane, kind in enumerate(("good", "tired")))
    assert end[0] >= whole_s / 10.0


def test_faults_belong_to_their_lane() -> None:
    *rows, end = taken(("good", "good"), 100.0, faults={1: ("walks_away",)})
    last_s = {lane: session_s(frame) for _, lane, frame in rows}
    alone_s = play_part("good", 1, 0).truth.duration_s
    away_s = play_part("good", 2, 0, faults=("walks_away",)).truth.duration_s
    assert last_s[0] == pytest.approx(alone_s, abs=0.5)
    assert last_s[1] == pytest.approx(away_s - 20.0, abs=0.7)
    assert end[0] >= away_s / 100.0  # out of reach, but not done


@pytest.mark.parametrize("speed", [0.0, 1e6])
def test_others_may_run(speed: float) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def both() -> int:
        task = asyncio.create_task(other())
        count = 0
        async for _ in perform(("good",), 1, speed, 0):
            count += 1
        task.cancel()
        return count

    count = asyncio.run(both())
    assert turns >= count / 20


def test_unknown_kinds_are_refused_before_the_first_frame() -> None:
    with pytest.raises(ValueError, match="no athlete"):
        taken(("good", "lazy"), 0.0)
