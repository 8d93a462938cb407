"""When everything happens: the timed plan that is drawn from a script."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hiphold.samples import Interval
from hiphold.simulation.curves import minimum_jerk_progress
from hiphold.simulation.script import BOWS, DEFAULT_S, Act, Script

HOLD_START_DEG = 25.0  # target - band: a hold starts above this
HOLD_END_DEG = 22.0  # target - band - 3: and ends below this
HANGING_DEG = -90.0
WEIGHT_SHIFT_S = 0.3  # the weight moves to the standing leg this long before the foot leaves the floor
RAISE_S = (1.0, 1.6)
RITUAL_ELEVATION_DEG = (5.0, 20.0)
RITUAL_TOP_S = (0.2, 0.7)
BOW_S = (1.3, 1.8)
LEAST_TOP_S = 0.1

DIP_DEG, DIP_MOVE_S, DIP_S = 12.0, 0.45, 0.8
GRAZE_DIP_DEG, GRAZE_DIP_BELOW_S = 20.0, 0.15
DOUBLE_DEG, DOUBLE_MOVE_S, DOUBLE_LOW_S = -20.0, 0.9, 0.15

SIT_S = (1.5, 2.0)
SEAT_ELEVATION_DEG = (-10.0, -6.0)
SPELLS = {
    "walk": 0.55,
    "step": 0.6,
    "restless": 0.0,
    "tap": 0.0,
    "lean_stand": 1.2,
    "vibrate": 0.0,
    "turn_around": 0.6,
}
"""acts that go on for a while -> how long they take to begin and to end, s"""


@dataclass(frozen=True)
class Sink:
    """The thigh comes down in the middle of a hold: down between leave_s and low_s, up between rise_s and back_s."""

    leave_s: float
    low_s: float
    rise_s: float
    back_s: float
    elevation_deg: float
    """how far down"""


@dataclass(frozen=True)
class Move:
    """One departure from standing: out between start_s and top_s, back between leave_s and end_s."""

    kind: str
    """of script.KINDS, but no stand"""
    leg: str
    """lead or other; lead for a bow"""
    start_s: float
    top_s: float
    leave_s: float
    end_s: float
    elevation_deg: float
    """what the thigh is raised to; hanging for a bow"""
    sinks: tuple[Sink, ...] = ()
    """only in a hold, between top_s and leave_s"""


@dataclass(frozen=True)
class Plan:
    """The script with all times fixed, seconds since the session began."""

    stands: tuple[Interval, ...]
    moves: tuple[Move, ...]
    duration_s: float


def _above_s(out_s: float, low_deg: float, high_deg: float) -> float:
    """How much of a way up is above the threshold where a hold starts."""
    return out_s * (1.0 - minimum_jerk_progress((HOLD_START_DEG - low_deg) / (high_deg - low_deg)))


def _until_below_s(back_s: float, high_deg: float, low_deg: float) -> float:
    """How long a way down takes to the threshold where a hold ends."""
    return back_s * minimum_jerk_progress((high_deg - HOLD_END_DEG) / (high_deg - low_deg))


@dataclass(frozen=True)
class _WayDown:
    """How a thigh sinks in the middle of a hold."""

    down_s: float
    low_s: float
    up_s: float
    bottom_deg: float

    @property
    def whole_s(self) -> float:
        return self.down_s + self.low_s + self.up_s

    def sink(self, leave_s: float) -> Sink:
        low = leave_s + self.down_s
        rise = low + self.low_s
        return Sink(leave_s, low, rise, rise + self.up_s, self.bottom_deg)


class _Planner:
    """Lays moves and stands end to end.

    All is drawn whether an act says it or not, so that saying it leaves the others as they were.
    """

    def __init__(self, script: Script, elevation_deg: Interval, rng: np.random.Generator) -> None:
        self.variation, self.elevation_deg, self.rng = script.variation, elevation_deg, rng
        self.now_s = 0.0
        self.stands: list[Interval] = []
        self.moves: list[Move] = []

    def perform(self, act: Act) -> None:
        if act.kind == "stand":
            self.stand(act)
        elif act.kind == "raise":
            self.raise_leg(act)
        elif act.kind in BOWS:
            self.bow(act)
        elif act.kind == "sit":
            self.sit(act)
        elif act.kind in SPELLS:
            self.spell(act)
        else:
            self.hold(act)

    def seconds(self, act: Act) -> float:
        """Not varied."""
        return DEFAULT_S[act.kind] if act.seconds is None else act.seconds

    def vary(self, seconds: float) -> float:
        return seconds * (1.0 + self.variation * self.rng.uniform(-1.0, 1.0))

    def stand(self, act: Act) -> None:
        length = self.seconds(act) * (1.0 + 2.0 * self.variation * self.rng.uniform())
        self.stands.append((self.now_s, self.now_s + length))
        self.now_s += length

    def move(self, act: Act, out_s: float, top_s: float, back_s: float, elevation_deg: float = HANGING_DEG) -> Move:
        start = self.now_s + WEIGHT_SHIFT_S
        top = start + float(out_s)
        leave = top + float(top_s)
        self.now_s = leave + float(back_s)
        self.moves.append(Move(act.kind, act.leg, start, top, leave, self.now_s, elevation_deg))
        return self.moves[-1]

    def elevation(self, act: Act, bounds_deg: Interval) -> float:
        drawn = self.rng.uniform(*bounds_deg)
        return drawn if act.elevation_deg is None else act.elevation_deg

    def moment(self, act: Act) -> float:
        drawn = self.rng.uniform(*RITUAL_TOP_S)
        return drawn if act.seconds is None else act.seconds

    def raise_leg(self, act: Act) -> None:
        elevation = self.elevation(act, RITUAL_ELEVATION_DEG)
        out, back = self.rng.uniform(*RAISE_S, 2)
        self.move(act, out, self.moment(act), back, elevation)

    def bow(self, act: Act) -> None:
        out, back = self.rng.uniform(*BOW_S, 2)
        self.move(act, out, self.moment(act), back)

    def sit(self, act: Act) -> None:
        seconds, elevation = self.vary(self.seconds(act)), self.elevation(act, SEAT_ELEVATION_DEG)
        out, back = self.rng.uniform(*SIT_S, 2)
        self.move(act, out, seconds, back, elevation)

    def spell(self, act: Act) -> None:
        """`seconds` from beginning to end, but no less than it takes to begin, go on as long again, and end."""
        either = SPELLS[act.kind]
        seconds = self.vary(self.seconds(act))
        self.move(act, either, max(seconds - 2.0 * either, either, LEAST_TOP_S), either)

    def hold(self, act: Act) -> None:
        """`seconds` run from crossing the one threshold upwards to crossing the other downwards."""
        seconds, high = self.vary(self.seconds(act)), self.elevation(act, self.elevation_deg)
        out, back = self.rng.uniform(*RAISE_S, 2)
        left_s = seconds - _above_s(out, HANGING_DEG, high)
        before_end_s = _until_below_s(back, high, HANGING_DEG)
        if act.kind == "hold":
            self.move(act, out, max(left_s - before_end_s, LEAST_TOP_S), back, high)
            return
        way = self.way_down(act.kind, high)
        if act.kind == "double":
            first = left_s - _until_below_s(way.down_s, high, way.bottom_deg)
            second = seconds - _above_s(way.up_s, way.bottom_deg, high) - before_end_s
        else:
            first = second = 0.5 * (left_s - before_end_s - way.whole_s)
        first, second = max(first, LEAST_TOP_S), max(second, LEAST_TOP_S)
        move = self.move(act, out, first + way.whole_s + second, back, high)
        self.moves[-1] = replace(move, sinks=(way.sink(move.top_s + first),))

    def way_down(self, kind: str, high_deg: float) -> _WayDown:
        """For dip, graze_dip or double, from where the thigh is held."""
        down, up = self.rng.uniform(0.9, 1.1, 2).tolist()
        if kind == "dip":
            return _WayDown(DIP_MOVE_S * down, DIP_S, DIP_MOVE_S * up, DIP_DEG)
        if kind == "double":
            return _WayDown(DOUBLE_MOVE_S * down, DOUBLE_LOW_S, DOUBLE_MOVE_S * up, DOUBLE_DEG)
        # The bottom is left at once: only the last part of the way down and the first of the way up are below.
        share_below = 1.0 - minimum_jerk_progress((high_deg - HOLD_END_DEG) / (high_deg - GRAZE_DIP_DEG))
        way_s = 0.5 * GRAZE_DIP_BELOW_S / share_below
        return _WayDown(way_s, 0.0, way_s, GRAZE_DIP_DEG)


def draw_plan(
    script: Script, legs: tuple[str, ...], elevation_deg: tuple[float, float], rng: np.random.Generator
) -> Plan:
    """All times of a session. `legs` take turns in the holds; `elevation_deg` are the bounds of where they are held."""
    planner = _Planner(script, elevation_deg, rng)
    for act in script.all_acts(legs):
        planner.perform(act)
    return Plan(tuple(planner.stands), tuple(planner.moves), planner.now_s)
