"""Playing frames back: their order, their pace, and nothing else."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from hiphold.samples import Frame
from hiphold.sources.replay import play

FRAMES = [Frame("a", 5_000_000_000 + ms * 1_000_000, bytes([ms % 256])) for ms in (0, 100, 100, 250, 1000)]


class Clock:
    """A loop's clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept_s: list[float] = []

    def time(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept_s.append(seconds)
        self.now_s += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    stand_in = SimpleNamespace(get_running_loop=lambda: clock, sleep=clock.sleep)
    monkeypatch.setattr("hiphold.sources.replay.asyncio", stand_in)
    return clock


def played(frames: list[Frame], speed: float, clock: Clock, work_s: float = 0.0) -> list[tuple[float, Frame]]:
    """Each frame with the time since the start at which it came; the taker works for `work_s` on each."""

    async def take() -> list[tuple[float, Frame]]:
        got = []
        async for frame in play(frames, speed):
            got.append((round(clock.now_s - 100.0, 9), frame))
            clock.now_s += work_s
        return got

    return asyncio.run(take())


@pytest.mark.parametrize(
    ("speed", "times_s"),
    [(1.0, [0, 0.1, 0.1, 0.25, 1.0]), (2.0, [0, 0.05, 0.05, 0.125, 0.5]), (0.5, [0, 0.2, 0.2, 0.5, 2.0])],
)
def test_pace(clock: Clock, speed: float, times_s: list[float]) -> None:
    assert played(FRAMES, speed, clock) == list(zip(times_s, FRAMES, strict=True))


def test_speed_0_waits_for_nothing(clock: Clock) -> None:
    assert played(FRAMES, 0, clock) == [(0.0, frame) for frame in FRAMES]
    assert clock.slept_s == []


def test_a_slow_taker_does_not_shift_what_comes_later(clock: Clock) -> None:
    assert [time_s for time_s, _ in played(FRAMES, 1.0, clock, work_s=0.2)] == [0, 0.2, 0.4, 0.6, 1.0]


def test_nothing_to_play(clock: Clock) -> None:
    assert played([], 1.0, clock) == []


def test_it_lets_others_run() -> None:
    seen: list[str] = []

    async def take() -> None:
        seen.extend([f"frame {frame.data[0]}" async for frame in play(FRAMES[:3], 100.0)])

    async def other() -> None:
        seen.append("other")

    async def both() -> None:
        await asyncio.gather(take(), other())

    asyncio.run(both())
    assert seen == ["other", "frame 0", "frame 100", "frame 100"]
