"""The athletes that a live session can be tried out with, by a word each, and what can go wrong for them.

A part is all that is known before the first sample: the athlete, what they do and when, and what their nodes and links
are asked for. `sources.stage` makes frames of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate, count, takewhile

import numpy as np

from hiphold.simulation.athlete import Athlete
from hiphold.simulation.body import draw_motion
from hiphold.simulation.link import Link
from hiphold.simulation.plan import Move, Plan, draw_plan
from hiphold.simulation.script import Act, Script
from hiphold.simulation.sensor import Sensor, Slip
from hiphold.simulation.truth import Truth

SIDES = {"right": ("right",), "left": ("left",), "both": ("right", "left")}
"""which legs are trained, in turn"""

FIRST_STAND_S, RITUAL_STAND_S, BEFORE_HOLDS_S, REST_S, LAST_STAND_S = 4.0, 2.2, 4.0, 5.0, 3.0
LEAST_RAISING_S = 1.5
"""of a repetition, outside its hold"""
VARIATION = 0.04
"""of all that the script says, so that a good hold stays one"""
SENSOR = Sensor.good()
LATE = 0.03
"""share of the packets that are lost at first, and sent again late"""

FAULTS = (
    "moved",
    "bad_bow",
    "small_raise",
    "wrong_leg",
    "lost_node",
    "low_battery",
    "swapped",
    "walks_away",
    "slips",
)
"""moved: restless where the first stand should be. bad_bow: the first bow goes sideways, the second is right.
small_raise: one more raise before the others, to 50 degrees below horizontal. wrong_leg: asked for the first leg,
raises the other. lost_node: the first leg's node is out of reach in the rest after the first repetition, and shortly in
the last hold with that leg. low_battery: of the first node. swapped: the thighs wear each other's node. walks_away: out
of reach for the last 20 s. slips: the pelvis sensor, in the rest after the second repetition."""
RESTLESS_S = 5.0
SMALL_RAISE_DEG = -50.0
LONG_REST_S, OUT_OF_REACH_S = 9.0, 6.0
"""the rest in which a node is lost, and for how long"""
BRIEFLY_OUT_S = 3.0
LOW_BATTERY_MV = 3200
AWAY_S = 20.0
SLIP_DEG = (15.0, 0.0, 20.0)
"""25 degrees about an axis between forward and right"""


@dataclass(frozen=True)
class Character:
    """A kind of athlete, and how their repetitions go."""

    athlete: Athlete
    repetitions: tuple[tuple[str, float], ...]
    """kind (of script.KINDS) and seconds of each repetition of the first leg; begun again when there are more"""
    others: tuple[tuple[str, float], ...] = ()
    """the same of the second leg; empty: as the first"""

    def repetition(self, number: int, leg: str) -> Act:
        """The number-th (from 0) repetition of the lead or other leg."""
        all_of_leg = self.others if leg == "other" and self.others else self.repetitions
        kind, seconds = all_of_leg[number % len(all_of_leg)]
        return Act(kind, leg, seconds)


CAST = {
    "good": Character(Athlete.good(), (("hold", 11.5),)),
    "shaky": Character(Athlete.shaky(), (("graze_dip", 11.5), ("hold", 11.0), ("dip", 14.0))),
    "tired": Character(
        Athlete.tired(),
        (("hold", 11.0), ("hold", 8.5), ("hold", 6.0)),
        (("hold", 11.0), ("hold", 8.5), ("hold", 3.0)),
    ),
    "dropping": Character(Athlete.dropping(), (("hold", 10.8),)),
}
"""the athletes, by word"""


@dataclass(frozen=True, eq=False)
class Part:
    """One athlete's session before it is played. The fields are what `sources.simulate.simulate` takes, too."""

    seed: int
    side: str
    athlete: Athlete
    script: Script
    placements: tuple[str, ...]
    truth: Truth
    """the plan and the motion that this seed draws"""
    sensor: Sensor = SENSOR
    links: Mapping[str, Link] = field(default_factory=dict)
    """by placement"""
    mounting: str = "worn"
    slips: tuple[Slip, ...] = ()
    says: Mapping[str, str] = field(default_factory=dict)
    """true placement -> what the node claims"""
    low_battery: tuple[str, ...] = ()
    """placements whose node says that its battery is low"""


def play_part(
    kind: str,
    seed: int,
    reps: int = 3,
    side: str = "both",
    placements: tuple[str, ...] = (),
    faults: tuple[str, ...] = (),
) -> Part:
    """The session of one of CAST: a stand, the ritual, and `reps` repetitions with each leg in turn.

    `side`: right, left or both. `placements`: from wire.PLACEMENTS; empty: pelvis and the trained thighs.
    `faults`: of FAULTS. Raises ValueError for an unknown kind or fault, and for a fault of what is not there.
    """
    if kind not in CAST:
        raise ValueError(f"there is no athlete {kind!r}; there are {', '.join(CAST)}")
    if strange := set(faults) - set(FAULTS):
        raise ValueError(f"there is no fault {', '.join(sorted(strange))}; there are {', '.join(FAULTS)}")
    legs = ("lead", "other")[: len(SIDES[side])]
    placements = placements or ("pelvis", *sorted(f"thigh_{each}" for each in SIDES[side]))
    first_thigh = f"thigh_{SIDES[side][0]}"
    _refuse_absent(faults, placements, first_thigh, reps)
    athlete = CAST[kind].athlete
    script = Script(variation=VARIATION, acts=tuple(_acts(CAST[kind], legs, reps, faults)))
    truth = _draw_truth(seed, side, athlete, script, legs)
    return Part(
        seed,
        side,
        athlete,
        script,
        placements,
        truth,
        links={place: Link(late=LATE, holes=_holes(truth.plan, faults, place == first_thigh)) for place in placements},
        slips=(Slip("pelvis", _rest(truth.plan, 1)[0] + 1.0, SLIP_DEG),) if "slips" in faults else (),
        says={"thigh_left": "thigh_right", "thigh_right": "thigh_left"} if "swapped" in faults else {},
        low_battery=placements[:1] if "low_battery" in faults else (),
    )


def repetitions_for(kind: str, minutes: float, side: str = "both") -> int:
    """How many repetitions with each leg fill at least so many minutes."""
    legs = ("lead", "other")[: len(SIDES[side])]
    extra_s = (REST_S + LEAST_RAISING_S) * len(legs)
    rounds = (extra_s + sum(CAST[kind].repetition(i, leg).seconds or 0.0 for leg in legs) for i in count())
    return 1 + sum(1 for _ in takewhile(lambda end_s: end_s < 60.0 * minutes, accumulate(rounds)))


def _acts(character: Character, legs: tuple[str, ...], reps: int, faults: tuple[str, ...]) -> list[Act]:
    """All that is done, in order."""
    acts = [Act("restless", seconds=RESTLESS_S)] if "moved" in faults else []
    acts.append(Act("stand", seconds=FIRST_STAND_S))
    acts += _then_stand(_ritual(legs, faults), RITUAL_STAND_S)[:-1]
    acts.append(Act("stand", seconds=BEFORE_HOLDS_S))
    for number in range(reps):
        for leg in legs:
            acts += [character.repetition(number, leg), Act("stand", seconds=REST_S)]
    if "lost_node" in faults:
        acts[-2 * reps * len(legs) + 1] = Act("stand", seconds=LONG_REST_S)
    return [*acts[:-1], Act("stand", seconds=AWAY_S + LAST_STAND_S)] if "walks_away" in faults else acts


def _ritual(legs: tuple[str, ...], faults: tuple[str, ...]) -> list[Act]:
    """Two raises with each leg and a bow, and what goes wrong in them."""
    raised = [*legs, *legs]
    if "wrong_leg" in faults:
        raised.insert(0, "other")
    raises = [Act("raise", leg) for leg in raised]
    if "small_raise" in faults:
        raises.insert(0, Act("raise", "lead", elevation_deg=SMALL_RAISE_DEG))
    return [*raises, *([Act("bow_sideways")] if "bad_bow" in faults else []), Act("bow")]


def _then_stand(acts: list[Act], seconds: float) -> list[Act]:
    return [each for act in acts for each in (act, Act("stand", seconds=seconds))]


def _draw_truth(seed: int, side: str, athlete: Athlete, script: Script, legs: tuple[str, ...]) -> Truth:
    """As `sources.simulate` draws it."""
    for_motion = np.random.SeedSequence(seed).spawn(3)[0]
    for_plan, for_body = for_motion.spawn(2)
    plan = draw_plan(script, legs, athlete.hold_elevation_deg, np.random.default_rng(for_plan))
    return Truth(draw_motion(athlete, plan, SIDES[side][0], for_body), plan, SIDES[side])


def _repetitions(plan: Plan) -> list[Move]:
    return [move for move in plan.moves if move.kind in ("hold", "graze_dip", "dip")]


def _rest(plan: Plan, number: int) -> tuple[float, float]:
    """The stand after the number-th repetition (from 0), or after the last one there is."""
    end_s = _repetitions(plan)[: number + 1][-1].end_s
    return next(stand for stand in plan.stands if stand[0] >= end_s)


def _holes(plan: Plan, faults: tuple[str, ...], first_thigh: bool) -> tuple[tuple[float, float], ...]:
    """When nothing of a node gets through: start and length, s."""
    holes = []
    if "lost_node" in faults and first_thigh:
        last = [move for move in _repetitions(plan) if move.leg == "lead"][-1]
        middle_s = 0.5 * (last.top_s + last.leave_s)
        holes += [(_rest(plan, 0)[0] + 1.5, OUT_OF_REACH_S), (middle_s - 0.5 * BRIEFLY_OUT_S, BRIEFLY_OUT_S)]
    if "walks_away" in faults:
        holes.append((plan.duration_s - AWAY_S, 2.0 * AWAY_S))
    return tuple(holes)


def _refuse_absent(faults: tuple[str, ...], placements: tuple[str, ...], first_thigh: str, reps: int) -> None:
    """A fault of a sensor that nobody wears would go unnoticed, and so would one in a hold that never comes."""
    needed = {"lost_node": (first_thigh,), "swapped": ("thigh_left", "thigh_right"), "slips": ("pelvis",)}
    for fault in faults:
        if absent := set(needed.get(fault, ())) - set(placements):
            raise ValueError(f"{fault} needs a sensor on {', '.join(sorted(absent))}")
    if reps < 1 and (early := {"lost_node", "slips"} & set(faults)):
        raise ValueError(f"{', '.join(sorted(early))} needs a repetition")
