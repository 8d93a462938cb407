"""What people do besides the ritual and the holds: walk, step, turn, sit, lean, get knocked, stand restlessly.

Each function writes one move into the score, from the athlete's standing and back to it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from hiphold.samples import Floats
from hiphold.simulation.plan import HANGING_DEG, Move
from hiphold.simulation.score import ANKLE_TO_HIP_M, LEGS, Score

STEP_S = 0.55  # half of a stride
SWING_DEG = (30.0, -15.0)
SWING_KNEE_DEG = (50.0, 60.0)
WALK_PELVIS_DEG = 4.0
BOUNCE_M = 0.015

LIFT_S = 0.6
LIFT_DEG = (31.0, 39.0)

SEAT_TILT_DEG, SEAT_KNEE_DEG = -15.0, 84.0
SEAT_M = {"root_forward": -0.40, "root_up": -0.38}  # the hips from where they are when standing
REACH_DEG = {"pelvis_tilt": 20.0, "trunk_tilt": 35.0}  # on the way down and up the trunk balances the hips

KNOCKS = (4, 6)
KNOCK_S = (0.02, 0.03)
KNOCK_EVERY_S = 0.25  # no faster
KNOCK_MPS2 = (14.0, 28.0)
JERK_PEAK = 5.7735  # peak acceleration of a minimum-jerk movement, in way / time**2

LEAN_DEG = (4.0, 8.0)
LEAN_S = 1.4  # about; from 1 to 2.5

STAND_LEAN_DEG = (4.0, 10.0)

PLATE_HZ = (8.0, 25.0)  # of a vibration plate, or of the deck of a treadmill under somebody else's steps
PLATE_MPS2 = (0.1, 5.0)

TURN_DEG = (90.0, 180.0)

Writer = Callable[[Score, Move, np.random.Generator], None]


def _beats(move: Move, each_s: float, rng: np.random.Generator) -> Floats:
    """From start_s through top_s and leave_s to end_s, in between about each_s apart."""
    n = max(1, round((move.leave_s - move.top_s) / each_s))
    share = rng.uniform(0.95, 1.05, n)
    inner = move.top_s + (move.leave_s - move.top_s) * np.cumsum(share) / np.sum(share)
    return np.array((move.start_s, move.top_s, *inner, move.end_s))


def _in_turn(move: Move, beat: int) -> tuple[str, str, float]:
    """Which leg moves in a beat, which does not, and the sign of that side."""
    moving = move.leg if beat % 2 == 0 else LEGS[move.leg == "lead"]
    return moving, LEGS[moving == "lead"], 1.0 if moving == "lead" else -1.0


def walk(score: Score, move: Move, rng: np.random.Generator) -> None:
    """Steps that go nowhere, as on a treadmill; the last brings the feet together."""
    beats, faced = _beats(move, STEP_S, rng), score.now("pelvis_rotation")
    for i, (start, end) in enumerate(pairwise(beats.tolist())):
        size = rng.uniform(0.92, 1.08, 2) if end < beats[-1] else np.zeros(2)
        ahead, behind, sign = _in_turn(move, i)
        middle = 0.5 * (start + end)
        score.go(f"{ahead}_elevation", start, end, HANGING_DEG + SWING_DEG[0] * size[0])
        score.go(f"{behind}_elevation", start, end, HANGING_DEG + SWING_DEG[1] * size[1])
        straight = score.now(f"{ahead}_knee")
        score.go(f"{ahead}_knee", start, middle, rng.uniform(*SWING_KNEE_DEG))
        score.go(f"{ahead}_knee", middle, end, straight)
        # The side of the leg that swings goes forward with it, and hangs while the other leg carries.
        score.go("pelvis_rotation", start, end, faced + sign * WALK_PELVIS_DEG * size[0])
        score.go("trunk_rotation", start, end, faced - 0.5 * sign * WALK_PELVIS_DEG * size[0])
        score.go("pelvis_obliquity", start, middle, -sign * WALK_PELVIS_DEG)
        score.go("pelvis_obliquity", middle, end, 0.0)
        score.go("root_up", start, middle, BOUNCE_M)
        score.go("root_up", middle, end, -BOUNCE_M if end < beats[-1] else 0.0)


def step(score: Score, move: Move, rng: np.random.Generator) -> None:
    """Lift one leg after the other on the spot; the knee bends so that the shank hangs."""
    beats = _beats(move, LIFT_S, rng)
    for i, (start, end) in enumerate(pairwise(beats.tolist())):
        leg, _, sign = _in_turn(move, i)
        lift, middle = rng.uniform(*LIFT_DEG), 0.5 * (start + end)
        there = {f"{leg}_elevation": lift, f"{leg}_knee": 1.5 * lift, "pelvis_obliquity": 2.0 * sign}
        there |= {"root_right": -0.03 * sign, "root_up": 0.005}
        for channel, change in there.items():
            before = score.now(channel)
            score.go(channel, start, middle, before + change)
            score.go(channel, middle, end, before)


def sit(score: Score, move: Move, rng: np.random.Generator) -> None:
    """Down onto a chair behind, still, and up."""
    for leg in LEGS:
        score.there_and_back(f"{leg}_elevation", move, move.elevation_deg - HANGING_DEG)
        score.there_and_back(f"{leg}_knee", move, SEAT_KNEE_DEG)
    for channel, change in SEAT_M.items():
        score.there_and_back(channel, move, change)
    score.there_and_back("sway", move, -0.7)
    seated = {"pelvis_tilt": SEAT_TILT_DEG + rng.uniform(-2.0, 2.0), "trunk_tilt": rng.uniform(-5.0, 5.0)}
    for channel, reach in REACH_DEG.items():
        down, up = (move.start_s, move.top_s, seated[channel]), (move.leave_s, move.end_s, score.now(channel))
        for start, end, value in (down, up):
            middle = 0.5 * (start + end)
            score.go(channel, start, middle, reach)
            score.go(channel, middle, end, value)


def tap(score: Score, move: Move, rng: np.random.Generator) -> None:
    """Short jolts of the whole body in any direction, without a turn."""
    span = move.leave_s - move.top_s
    n = max(1, min(int(rng.integers(KNOCKS[0], KNOCKS[1] + 1)), int(span / KNOCK_EVERY_S)))
    each_s = span / n
    for i in range(n):
        start = move.top_s + (i + rng.uniform(0.1, 0.5)) * each_s
        length = rng.uniform(*KNOCK_S)
        direction = rng.standard_normal(3)
        way = direction / np.linalg.norm(direction) * rng.uniform(*KNOCK_MPS2) * length**2 / JERK_PEAK
        for channel, change in zip(("root_forward", "root_up", "root_right"), way.tolist()):
            before = score.now(channel)
            score.go(channel, start, start + length, before + change)
            score.go(channel, start + length, start + 3.0 * length, before)


def _to_and_fro(move: Move, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Instants up to end_s, and how far (degrees) is leant then: one way, the other way, ...; upright at the end."""
    span = move.end_s - move.start_s
    n = max(2, round(span / LEAN_S))
    share = rng.uniform(0.75, 1.25, n)
    lean = rng.uniform(*LEAN_DEG, n) * rng.choice((-1.0, 1.0)) * (-1.0) ** np.arange(n)
    lean[-1] = 0.0
    return move.start_s + span * np.cumsum(share) / np.sum(share), lean


def restless(score: Score, move: Move, rng: np.random.Generator) -> None:
    """Lean with straight legs over feet that stay, and tip the pelvis, each in its own time.

    So one moves while another turns about. Leaning forward by a brings the hips before the knees, a flexion of -a;
    leaning to the lead side puts the knees on the other side of the hips, which is inward (adduction +a) for the lead
    leg and outward for the other.
    """
    forward, sideways, tilt, obliquity = (_to_and_fro(move, rng) for _ in range(4))
    leaning = [(f"{leg}_flexion", forward, -1.0) for leg in LEGS]
    leaning += [("lead_adduction", sideways, 1.0), ("other_adduction", sideways, -1.0)]
    leaning += [("pelvis_tilt", tilt, 1.0), ("trunk_tilt", tilt, 0.8)]
    leaning += [("pelvis_obliquity", obliquity, 1.0), ("trunk_lean", obliquity, 0.8)]
    for channel, (time_s, lean), share in leaning:
        score.follow(channel, move.start_s, time_s, score.now(channel) + share * lean)
    for channel, (time_s, lean) in (("root_forward", forward), ("root_right", sideways)):
        way = ANKLE_TO_HIP_M * np.sin(np.radians(lean))
        score.follow(channel, move.start_s, time_s, score.now(channel) + way)


def lean_stand(score: Score, move: Move, rng: np.random.Generator) -> None:
    """Lean to one way as a stiff whole, over feet that stay; see `restless` for the signs."""
    lean, way = rng.uniform(*STAND_LEAN_DEG), rng.uniform(0.0, 2.0 * np.pi)
    forward, sideways = (lean * np.array((np.cos(way), np.sin(way)))).tolist()
    leaning = {f"{leg}_flexion": -forward for leg in LEGS} | {"lead_adduction": sideways, "other_adduction": -sideways}
    leaning |= {"pelvis_tilt": forward, "trunk_tilt": forward, "pelvis_obliquity": sideways, "trunk_lean": sideways}
    leaning |= {"root_forward": ANKLE_TO_HIP_M * np.sin(np.radians(forward))}
    leaning |= {"root_right": ANKLE_TO_HIP_M * np.sin(np.radians(sideways))}
    for channel, change in leaning.items():
        score.there_and_back(channel, move, change)


def vibrate(score: Score, move: Move, rng: np.random.Generator) -> None:
    """The floor shakes everything up and down, at one rate and strength."""
    hz, before = rng.uniform(*PLATE_HZ), score.now("root_up")
    strength = float(np.exp(rng.uniform(*np.log(PLATE_MPS2))))
    turns_s = np.arange(move.start_s, move.end_s - 0.5 / hz, 0.5 / hz)[1:]
    way = strength / (JERK_PEAK * (2.0 * hz) ** 2)
    heights = before + 0.5 * way * (-1.0) ** np.arange(len(turns_s))
    score.follow("root_up", move.start_s, np.append(turns_s, move.end_s), np.append(heights, before))


def turn_around(score: Score, move: Move, rng: np.random.Generator) -> None:
    """Step on the spot, and face elsewhere at the end."""
    turn = rng.uniform(*TURN_DEG) * rng.choice((-1.0, 1.0))
    step(score, move, rng)
    for channel in ("pelvis_rotation", "trunk_rotation"):
        score.go(channel, move.start_s, move.end_s, score.now(channel) + turn)


OTHER_ACTS: dict[str, Writer] = {
    "walk": walk,
    "step": step,
    "sit": sit,
    "tap": tap,
    "restless": restless,
    "lean_stand": lean_stand,
    "vibrate": vibrate,
    "turn_around": turn_around,
}
"""kind -> who writes it"""
FEET_MOVE = ("walk", "step", "turn_around")
"""acts after which the feet stand a little elsewhere"""
