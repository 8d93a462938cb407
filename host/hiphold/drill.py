"""The drill: from femur elevation to phases, bouts above the target, raises.

`step` is pure: state and a block of angles in, state and what ended in the block out. The whole recording is one
block; live it is one frame. The result does not depend on how blocks are cut.

A bout starts at the first sample above target - band of a run that lasts RUN_S, and ends at the first sample below
target - band - HYSTERESIS_DEG of a run that lasts RUN_S. Bouts of HOLD_MIN_S are holds, shorter ones attempts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from hiphold.samples import PHASES, Bools, Codes, Event, Floats, Interval, Settings

RUN_S = 0.3
HYSTERESIS_DEG = 3.0
HOLD_MIN_S = 5.0
STAND_DEG = -90.0
"""elevation of the thigh in the reference stand, by definition"""
RAISE_MIN_DEG = 45.0
"""how far above the stand a peak must reach to be a raise"""
RAISE_SEPARATION_DEG = 10.0
"""how far below that height the thigh must come down before the next raise"""
LIFTED_DEG = 15.0
"""above the stand by more than this, the leg is being raised, held or lowered"""
SLOPE_S = 0.3
SLOPE_DEG = 3.0
"""rising or falling: by this much over the last SLOPE_S"""

ABOVE, BETWEEN, BELOW = 1, 0, -1
NONE, RAISE, LOWER, HOLD, STAND = range(len(PHASES))


@dataclass(frozen=True)
class Bout:
    """A stretch above the target band's lower edge."""

    start_s: float
    end_s: float
    complete: bool = True
    """False when the samples ended first"""

    @property
    def hold_s(self) -> float:
        """end_s - start_s"""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class DrillState:
    """All that is remembered between blocks."""

    code: int = BETWEEN
    """where the run that reaches to the last sample lies"""
    run_start_s: float = 0.0
    holding_since_s: float | None = None
    way: int = RAISE
    """how the leg last moved, RAISE or LOWER"""
    tail_s: Floats = field(default_factory=lambda: np.empty(0))
    tail_deg: Floats = field(default_factory=lambda: np.empty(0))
    """the last SLOPE_S of samples"""


@dataclass(frozen=True)
class Raise:
    """A peak of elevation."""

    peak_s: float
    peak_deg: float


def _runs(codes: Codes | Bools) -> list[tuple[int, int]]:
    """First and one-past-last index of each run of equal codes."""
    edges = np.concatenate(([0], np.flatnonzero(np.diff(codes)) + 1, [len(codes)]))
    return list(zip(edges[:-1].tolist(), edges[1:].tolist()))


def step(
    state: DrillState, time_s: Floats, elevation_deg: Floats, settings: Settings
) -> tuple[DrillState, list[Bout], Codes]:
    """The next block of one thigh: new state, bouts that ended, and (n,) phase codes as known at each sample.

    elevation_deg may be NaN where nothing is known; such samples neither start nor end anything.
    """
    if not len(time_s):
        return state, [], np.empty(0, np.int8)
    low = settings.target_deg - settings.band_deg
    codes = (elevation_deg > low).astype(np.int8) - (elevation_deg < low - HYSTERESIS_DEG)
    state, phase = _lifting(state, time_s, elevation_deg)
    bouts = []
    for first, end in _runs(codes):
        start_s = state.run_start_s if codes[first] == state.code and first == 0 else float(time_s[first])
        state = replace(state, code=int(codes[first]), run_start_s=start_s)
        known = first + int(np.searchsorted(time_s[first:end], start_s + RUN_S - 1e-9))
        since = state.holding_since_s
        if known < end and state.code == ABOVE and since is None:
            state = replace(state, holding_since_s=start_s)
            phase[known:end] = HOLD
        elif known < end and state.code == BELOW and since is not None:
            bouts.append(Bout(since, start_s))
            state = replace(state, holding_since_s=None)
            phase[first:known] = HOLD
        elif since is not None:
            phase[first:end] = HOLD
    return state, bouts, phase


def finish(state: DrillState, last_s: float) -> list[Bout]:
    """The bout that the samples did not see the end of, if there is one."""
    since = state.holding_since_s
    return [] if since is None else [Bout(since, last_s, complete=False)]


def _lifting(state: DrillState, time_s: Floats, elevation_deg: Floats) -> tuple[DrillState, Codes]:
    """(n,) RAISE or LOWER while the leg is lifted, by the way it last moved; else NONE."""
    joined_s, joined = np.concatenate((state.tail_s, time_s)), np.concatenate((state.tail_deg, elevation_deg))
    change = elevation_deg - joined[np.searchsorted(joined_s, time_s - SLOPE_S)]
    moved = np.where(change > SLOPE_DEG, RAISE, np.where(change < -SLOPE_DEG, LOWER, NONE))
    latest = np.maximum.accumulate(np.where(moved != NONE, np.arange(len(moved)), -1))
    way = np.where(latest >= 0, moved[latest], state.way)
    keep = int(np.searchsorted(joined_s, joined_s[-1] - SLOPE_S))
    state = replace(state, way=int(way[-1]), tail_s=joined_s[keep:], tail_deg=joined[keep:])
    return state, np.where(elevation_deg > STAND_DEG + LIFTED_DEG, way, NONE).astype(np.int8)


def mark(codes: Codes, time_s: Floats, stands: list[Interval], bouts: list[Bout]) -> Codes:
    """(n,) phase codes with stands and bouts put in where they truly start and end (known only afterwards)."""
    codes = codes.copy()
    for start_s, end_s in stands:
        stood = codes[np.searchsorted(time_s, start_s) : np.searchsorted(time_s, end_s, "right")]
        stood[stood == NONE] = STAND
    for bout in bouts:
        first, end, known = np.searchsorted(time_s, (bout.start_s, bout.end_s, bout.end_s + RUN_S - 1e-9))
        codes[first:end] = HOLD
        if bout.complete:  # until its end was known, it seemed to go on
            after = codes[end:known]
            after[after == HOLD] = LOWER
    return codes


def step_raises(top: Raise | None, time_s: Floats, elevation_deg: Floats) -> tuple[Raise | None, list[Raise]]:
    """The next block of one thigh: the highest point of the excursion that goes on, and the raises that ended.

    A raise is the highest point of an excursion that reaches RAISE_MIN_DEG above the stand. NaN is passed over.
    """
    known = np.isfinite(elevation_deg)
    time_s, elevation_deg = time_s[known], elevation_deg[known]
    if not len(time_s):
        return top, []
    ended = []
    up = elevation_deg > STAND_DEG + RAISE_MIN_DEG - RAISE_SEPARATION_DEG
    for first, end in _runs(up):
        if up[first]:
            best = int(first + np.argmax(elevation_deg[first:end]))
            here = Raise(float(time_s[best]), float(elevation_deg[best]))
            top = here if top is None or here.peak_deg > top.peak_deg else top
        else:
            ended += finish_raises(top)
            top = None
    return top, ended


def finish_raises(top: Raise | None) -> list[Raise]:
    """The excursion that the samples did not see the end of, if it is a raise."""
    return [top] if top and top.peak_deg >= STAND_DEG + RAISE_MIN_DEG else []


def find_raises(time_s: Floats, elevation_deg: Floats) -> list[Raise]:
    """All raises of a whole recording."""
    top, ended = step_raises(None, time_s, elevation_deg)
    return [*ended, *finish_raises(top)]


def unseen(time_s: Floats, elevation_deg: Floats) -> list[Interval]:
    """From the last known to the next known elevation around each stretch without any."""
    known = np.flatnonzero(np.isfinite(elevation_deg))
    return [(float(time_s[known[i]]), float(time_s[known[i + 1]])) for i in np.flatnonzero(np.diff(known) > 1)]


def where_marked(bouts: list[Bout], events: tuple[Event, ...], side: str) -> list[Bout]:
    """The bouts that a `hold_<side>` event overlaps; all of them when there is no such event."""
    marked = [event for event in events if event.label == f"hold_{side}"]
    if not marked:
        return bouts
    return [b for b in bouts if any(e.start_s < b.end_s and b.start_s < e.end_s for e in marked)]
