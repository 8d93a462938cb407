"""What a node does by itself, on real MicroPython: battery, sleep, watchdog, light and sound, and counting the hold.

The count is compared with the host's measurement of the same simulated session from the same orientation.
"""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hiphold import drill, timeline, wire
from hiphold.measure import measure
from hiphold.samples import Floats, Settings
from hiphold.simulation.script import Script
from hiphold.sources.simulate import simulate

TESTS = Path(__file__).parent
SCRIPTS = TESTS / "micropython"
TICK, TEN, DROPPED = 1, 2, 3
TOLERANCE_S = 0.1
POLL_S, DITHER_S = 0.045, 0.005


def run(micropython: str, node: Path, script: str, *arguments: str) -> str:
    command = [micropython, "-X", "heapsize=32m", str(SCRIPTS / script), *arguments]
    environment = {"MICROPYPATH": str(node)}
    done = subprocess.run(command, cwd=node, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_battery_idle_sleep_and_watchdog(micropython: str, node: Path) -> None:
    run(micropython, node, "life_power.py")


def test_each_state_has_a_rhythm_of_its_own(micropython: str, node: Path) -> None:
    rhythms = json.loads(run(micropython, node, "life_signals.py"))
    advertising, connected, streaming, _, fault, identify, sleeping = rhythms
    assert advertising == [50, 1950, 50, 1950]
    assert connected == [50, 150, 50, 1750] * 2
    assert streaming == [500, 1500, 500, 1500]
    assert [on for on in fault[::2] if on <= 100] == [100] * 6, "three quick ones, twice in 4 s"
    assert set(identify) == {80}
    assert sleeping == [0, 4000]
    assert len({tuple(rhythm) for rhythm in rhythms}) == len(rhythms)


def polls(time_s: Floats) -> list[tuple[int, int]]:
    """(samples, ms) of each poll of a node that reads its chip every 40 to 50 ms."""
    rng = np.random.default_rng(0)
    at_s = np.cumsum(POLL_S + DITHER_S * rng.uniform(-1, 1, int(time_s[-1] / POLL_S * 1.2)))
    upto = np.searchsorted(time_s, at_s, "right")
    counts = np.diff(upto, prepend=0)
    return [(int(n), round(1000 * s)) for n, s in zip(counts, at_s) if s <= time_s[-1] + POLL_S]


def count(
    micropython: str, node: Path, folder: Path, time_s: Floats, q: Floats, zero_ms: int = -1
) -> tuple[list[tuple[float, int]], int]:
    """(seconds, event) of all events, and how many holds, as the node counts them from its orientation q (n, 4)."""
    rows = np.zeros((len(time_s), 10), "<i2")
    rows[:, 6:] = np.rint(q * wire.QUATERNION_ONE)
    rows.tofile(folder / "rows")
    (folder / "times").write_text("".join(f"{taken} {ms}\n" for taken, ms in polls(time_s)))
    arguments = str(folder / "rows"), str(folder / "times"), str(zero_ms)
    events, holds = json.loads(run(micropython, node, "life_count.py", *arguments))
    return [(ms / 1000, event) for ms, event in events], holds


def due(start_s: float, end_s: float, ticks: int) -> list[tuple[float, int]]:
    """What the node shall say of a hold or attempt, and when: each full second, and at last that it is over."""
    seconds = [(start_s + second, TICK if second % 10 else TEN) for second in range(1, ticks + 1)]
    return [*seconds, (end_s + drill.RUN_S, DROPPED)]


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_node_counts_what_the_host_measures(micropython: str, node: Path, tmp_path: Path, seed: int) -> None:
    script = Script(hold_s=(12.0, 3.0, 8.0), ritual=seed % 2 == 0)
    simulation = simulate(seed, script=script, placements=("thigh_right",), mounting="worn")
    found = measure(simulation.frames, Settings(orientation="recorded"))
    block = timeline.assemble(simulation.frames)[0].block
    events, holds = count(micropython, node, tmp_path, block.time_s, block.q_recorded)
    assert holds == len(found.holds) == 2
    bouts = [(hold.start_s, hold.end_s) for hold in found.holds]
    bouts += [(attempt.start_s, attempt.end_s) for attempt in found.attempts]
    for start_s, end_s in bouts:
        told = [(s, event) for s, event in events if start_s < s < end_s + 1]
        events = [each for each in events if each not in told]
        ticks = len(told) - 1  # a second that is full just when the hold ends may be told or not
        assert math.floor(end_s - start_s - TOLERANCE_S) <= ticks <= math.floor(end_s - start_s + TOLERANCE_S)
        expected = due(start_s, end_s, ticks)
        assert [event for _, event in told] == [event for _, event in expected]
        assert [s for s, _ in told] == pytest.approx([s for s, _ in expected], abs=TOLERANCE_S)
    assert not events


def turned_about_x(elevation_deg: Floats) -> Floats:
    """(n, 4) orientation of a sensor whose up mark points up while the thigh hangs, and which turns about its x."""
    half = np.deg2rad(elevation_deg + 180.0) / 2
    return np.column_stack((np.cos(half), np.sin(half), np.zeros_like(half), np.zeros_like(half)))


def path(*parts: tuple[float, float]) -> tuple[Floats, Floats]:
    """(degrees, seconds) one after the other -> time_s, elevation_deg at 120 Hz."""
    elevation_deg = np.concatenate([np.full(round(120 * seconds), degrees) for degrees, seconds in parts])
    return np.arange(len(elevation_deg)) / 120, elevation_deg


@pytest.mark.parametrize("seed", range(4))
def test_starts_and_ends_by_the_definition(micropython: str, node: Path, tmp_path: Path, seed: int) -> None:
    """Jumps between levels around both thresholds, for times around 0.3 s, against the host's definition."""
    rng = np.random.default_rng(seed)
    levels, times = (
        rng.choice([-90.0, 21.8, 22.2, 24.8, 25.2, 40.0, 85.0], 300),
        rng.choice([0.2, 0.25, 0.35, 2.0], 300),
    )
    time_s, elevation_deg = path((-90.0, 2.0), *zip(levels, times), (-90.0, 2.0))
    events, holds = count(micropython, node, tmp_path, time_s, turned_about_x(elevation_deg))
    _, bouts, _ = drill.step(drill.DrillState(), time_s, elevation_deg, Settings())
    assert len(bouts) > 20
    nearly = [drill.HOLD_MIN_S + slack_s for slack_s in (0.02, -0.02)]
    least, most = (sum(bout.hold_s >= limit_s for bout in bouts) for limit_s in nearly)
    assert 0 < least <= holds <= most
    known_s = [bout.end_s + drill.RUN_S for bout in bouts]
    assert [s for s, event in events if event == DROPPED] == pytest.approx(known_s, abs=TOLERANCE_S)
    ticks_s = [s for s, event in events if event != DROPPED]
    assert all(any(bout.start_s + 1 <= s < bout.end_s + TOLERANCE_S for bout in bouts) for s in ticks_s)


HOLD = (40.0, 7.0)


@pytest.mark.parametrize(
    ("parts", "holds"),
    [
        (((-90.0, 1.2), HOLD, (-90.0, 2.0)), 1),
        (((-90.0, 0.8), HOLD, (-90.0, 2.0)), 0),  # no quiet second before it
        (((0.0, 20.0), HOLD, (0.0, 2.0)), 0),  # a seat, or a table: the mark does not point up
        (((0.0, 20.0), (-90.0, 1.2), HOLD, (-90.0, 2.0)), 1),
        (((-90.0, 1.2), (-80.0, 9.0), (26.0, 7.0), (-90.0, 2.0)), 1),  # another way to stand: the first one counts
        (((-50.0, 1.2), (-90.0, 2.0), HOLD, (-90.0, 2.0)), 0),  # that was no stand; 2 s are not enough to tell
        (((-50.0, 1.2), (-90.0, 3.2), HOLD, (-90.0, 2.0)), 1),
    ],
)
def test_what_is_taken_for_the_stand(
    micropython: str, node: Path, tmp_path: Path, parts: tuple[tuple[float, float], ...], holds: int
) -> None:
    time_s, elevation_deg = path(*parts)
    events, found = count(micropython, node, tmp_path, time_s, turned_about_x(elevation_deg))
    assert found == holds
    assert bool(events) is bool(holds)


def test_zero_makes_the_next_stand_count(micropython: str, node: Path, tmp_path: Path) -> None:
    time_s, elevation_deg = path((-80.0, 150.0), (-90.0, 1.2), (28.0, 7.0), (-90.0, 2.0))
    q = turned_about_x(elevation_deg)
    assert count(micropython, node, tmp_path, time_s, q)[1] == 0
    assert (
        count(micropython, node, tmp_path, time_s, q, zero_ms=148_500)[1] == 0
    )  # it stands the same way for another second
    assert count(micropython, node, tmp_path, time_s, q, zero_ms=149_700)[1] == 1


def test_without_orientation_it_counts_nothing(micropython: str, node: Path, tmp_path: Path) -> None:
    time_s, _ = path((-90.0, 10.0))
    assert count(micropython, node, tmp_path, time_s, np.zeros((len(time_s), 4))) == ([], 0)
