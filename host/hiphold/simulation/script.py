"""What the athlete is asked to do, and when: the session script, and the timed plan that is drawn from it.

The plan speaks of the `lead` and the `other` leg; which of them is right or left is decided by the body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiphold.samples import Interval
from hiphold.simulation.curves import minimum_jerk_progress

HOLD_START_DEG = 25.0  # target - band: a hold starts above this
HOLD_END_DEG = 22.0  # target - band - 3: and ends below this
HANGING_DEG = -90.0
WEIGHT_SHIFT_S = 0.3  # the weight moves to the standing leg this long before the foot leaves the floor
RAISE_S = (1.0, 1.6)
RITUAL_ELEVATION_DEG = (5.0, 20.0)
RITUAL_TOP_S = (0.2, 0.7)
BOW_S = (1.3, 1.8)


@dataclass(frozen=True)
class Script:
    """A session. Durations vary by the relative amount `variation`; stands and rests only ever grow."""

    stand_s: float = 4.0
    """the first, quiet stand"""
    ritual: bool = True
    """two raises with each measured leg and one bow before the holds"""
    between_s: float = 2.0
    """stand between the parts of the ritual"""
    before_holds_s: float = 3.0
    """stand between the ritual and the first hold"""
    hold_s: tuple[float, ...] = (11.0, 11.0, 11.0)
    """each repetition's time above the threshold; 2 to 4 s make a broken-off attempt"""
    rest_s: float = 4.2
    """stand between holds and after the last"""
    variation: float = 0.07


@dataclass(frozen=True)
class Move:
    """One departure from standing: out between start_s and top_s, back between leave_s and end_s."""

    kind: str
    """raise, hold or bow"""
    leg: str
    """lead or other; lead for a bow"""
    start_s: float
    top_s: float
    leave_s: float
    end_s: float
    elevation_deg: float
    """what the thigh is raised to; hanging for a bow"""


@dataclass(frozen=True)
class Plan:
    """The script with all times fixed, seconds since the session began."""

    stands: tuple[Interval, ...]
    moves: tuple[Move, ...]
    duration_s: float


class _Planner:
    """Lays moves and stands end to end."""

    def __init__(self, script: Script, rng: np.random.Generator) -> None:
        self.script, self.rng = script, rng
        self.now_s = 0.0
        self.stands: list[Interval] = []
        self.moves: list[Move] = []

    def vary(self, seconds: float) -> float:
        return seconds * (1.0 + self.script.variation * self.rng.uniform(-1.0, 1.0))

    def stand(self, seconds: float) -> None:
        length = seconds * (1.0 + 2.0 * self.script.variation * self.rng.uniform())
        self.stands.append((self.now_s, self.now_s + length))
        self.now_s += length

    def move(self, kind: str, leg: str, out_s: float, top_s: float, back_s: float, elevation_deg: float) -> None:
        start = self.now_s + WEIGHT_SHIFT_S
        top = start + float(out_s)
        leave = top + float(top_s)
        self.now_s = leave + float(back_s)
        self.moves.append(Move(kind, leg, start, top, leave, self.now_s, elevation_deg))

    def raise_leg(self, leg: str) -> None:
        elevation = self.rng.uniform(*RITUAL_ELEVATION_DEG)
        out, back = self.rng.uniform(*RAISE_S, 2)
        self.move("raise", leg, out, self.rng.uniform(*RITUAL_TOP_S), back, elevation)

    def bow(self) -> None:
        out, back = self.rng.uniform(*BOW_S, 2)
        self.move("bow", "lead", out, self.rng.uniform(*RITUAL_TOP_S), back, HANGING_DEG)

    def hold(self, leg: str, seconds: float, elevation_deg: float) -> None:
        """`seconds` run from crossing the one threshold upwards to crossing the other downwards."""
        out, back = self.rng.uniform(*RAISE_S, 2)
        whole = elevation_deg - HANGING_DEG
        above_s = out * (1.0 - minimum_jerk_progress((HOLD_START_DEG - HANGING_DEG) / whole))
        below_s = back * minimum_jerk_progress((elevation_deg - HOLD_END_DEG) / whole)
        self.move("hold", leg, out, max(seconds - above_s - below_s, 0.1), back, elevation_deg)


def draw_plan(
    script: Script, legs: tuple[str, ...], elevation_deg: tuple[float, float], rng: np.random.Generator
) -> Plan:
    """All times of a session. `legs` take turns in the holds; `elevation_deg` are the bounds of where they are held."""
    planner = _Planner(script, rng)
    planner.stand(script.stand_s)
    if script.ritual:
        for leg in legs * 2:
            planner.raise_leg(leg)
            planner.stand(script.between_s)
        planner.bow()
        planner.stand(script.before_holds_s)
    for i, seconds in enumerate(script.hold_s):
        planner.hold(legs[i % len(legs)], planner.vary(seconds), rng.uniform(*elevation_deg))
        planner.stand(script.rest_s)
    return Plan(tuple(planner.stands), tuple(planner.moves), planner.now_s)
