"""A live session in a terminal: a line for each change, no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np

from hiphold import drill, terminal
from hiphold.drill import Bout
from hiphold.formats import interchange
from hiphold.live import Live, follow
from hiphold.samples import Block, Settings
from hiphold.shown import Snapshot
from hiphold.sources.replay import play
from made_sessions import HOLD_S, session


def snapshot(
    time_s: float,
    code: int,
    held_s: float | None = None,
    bouts: tuple[Bout, ...] = (),
    placement: str = "thigh_right",
    angle_deg: float = -89.96,
) -> Snapshot:
    block = Block(np.array([time_s]), np.zeros((1, 3)), np.zeros((1, 3)), np.full((1, 4), np.nan))
    phase = np.array([code], np.int8)
    return Snapshot(placement, block, np.array([angle_deg]), block.q_recorded, None, phase, held_s, bouts, ())


def shown(*snapshots: Snapshot) -> list[str]:
    async def source() -> AsyncIterator[Snapshot]:
        for each in snapshots:
            yield each

    lines: list[str] = []
    kept = asyncio.run(terminal.show(source(), lines.append))
    assert kept == list(snapshots)
    return lines


def test_a_line_tells_when_which_leg_how_high_and_what() -> None:
    assert shown(snapshot(1.04, drill.STAND)) == ["     1.0 s  right   -90.0°  stand"]
    left = snapshot(100.0, drill.RAISE, placement="thigh_left", angle_deg=30.0)
    assert shown(left) == ["   100.0 s  left    +30.0°  raise"]


def test_only_changes_are_told_and_of_each_leg_its_own() -> None:
    lines = shown(
        snapshot(0.0, drill.NONE),
        snapshot(0.1, drill.STAND),
        snapshot(0.2, drill.STAND),
        snapshot(0.3, drill.STAND, placement="thigh_left"),
        snapshot(0.4, drill.STAND),
        snapshot(0.5, drill.NONE),
        snapshot(0.6, drill.STAND),
        snapshot(0.7, drill.RAISE),
        snapshot(0.8, drill.STAND),
    )
    assert [(line.split()[0], line.split()[2], line.split()[-1]) for line in lines] == [
        ("0.1", "right", "stand"),
        ("0.3", "left", "stand"),
        ("0.7", "right", "raise"),
        ("0.8", "right", "stand"),
    ]


def test_whole_seconds_of_a_hold_are_counted_once() -> None:
    lines = shown(*(snapshot(t, drill.HOLD, held_s=t) for t in (0.31, 0.9, 1.0, 1.99, 2.5, 2.6)))
    assert [line.split("  ")[-1] for line in lines] == ["hold 0", "hold 1", "hold 2"]


def test_what_ended_is_a_hold_from_5_s_on() -> None:
    long, short = Bout(10.0, 15.0), Bout(20.0, 24.9)
    lines = shown(snapshot(25.0, drill.LOWER, bouts=(long, short)))
    assert [line.split("  ")[-1] for line in lines] == [
        "hold of 5.0 s from 10.0 s",
        "attempt of 4.9 s from 20.0 s",
        "lower",
    ]


def test_other_sensors_are_kept_but_not_told() -> None:
    assert shown(snapshot(1.0, drill.STAND, placement="pelvis"), snapshot(1.0, drill.STAND, placement="trunk")) == []


def test_a_whole_session(tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    path.write_text(session())
    frames, _ = interchange.read(path)
    live, lines = Live(Settings(causal=True)), list[str]()
    kept = asyncio.run(terminal.show(follow(play(frames, 0), live), lines.append))
    said = [line.split("  ")[-1] for line in lines]
    assert said[0] == "stand"
    assert [each for each in said if each.startswith("hold of")] == [f"hold of {_held_s(live, kept):.1f} s from 3.9 s"]
    assert said[-1] == "stand"


def _held_s(live: Live, kept: list[Snapshot]) -> float:
    (hold,) = live.conclude(kept).holds
    assert abs(hold.hold_s - HOLD_S) < 1
    return hold.hold_s
