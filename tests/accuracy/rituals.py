"""Rituals as people do them, good ones and faulty ones, drawn from a seed; and what a measurement makes of each.

A headline value is right when the truth lies within twice its stated 95 % interval, wrong when it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from told import BASELINE_S, truth, wrapped

from hiphold.errors import NothingToMeasureError
from hiphold.live import measure_causal
from hiphold.measure import measure
from hiphold.measurement import Measurement
from hiphold.metrics import Hold
from hiphold.samples import Floats, Reason, Settings
from hiphold.simulation.athlete import Athlete
from hiphold.simulation.plan import Plan, draw_plan
from hiphold.simulation.script import Act, Script
from hiphold.simulation.sensor import Slip
from hiphold.simulation.truth import MINIMUM_HOLD_S, STAND_S, TrueHold, TrueMove
from hiphold.sources.simulate import SIDES, Simulation, simulate

ATHLETES = (Athlete(), Athlete.good(), Athlete.shaky(), Athlete.tired(), Athlete.dropping())
STRANGE = ("trunk", "stance_hip_flexion")
"""reasons that are no refusal: these athletes wear no trunk sensor, and some only one thigh"""
BEFORE_S = 0.2
"""an upright moment before anything else, for truth; too short to be learned from"""


@dataclass(frozen=True)
class Ritual:
    """What `simulate` takes."""

    seed: int
    side: str
    athlete: Athlete
    acts: tuple[Act, ...]
    mounting: str = "any"
    slips: tuple[Slip, ...] = ()
    says: Mapping[str, str] = field(default_factory=dict)

    @property
    def legs(self) -> tuple[str, ...]:
        """The legs that wear a sensor, as the script calls them."""
        return ("lead", "other")[: len(SIDES[self.side])]

    @property
    def placements(self) -> tuple[str, ...]:
        return ("pelvis", *(f"thigh_{side}" for side in SIDES[self.side]))

    def planned(self) -> Plan:
        """When everything happens, as `simulate` draws it."""
        for_plan = np.random.SeedSequence(self.seed).spawn(3)[0].spawn(2)[0]
        script = Script(acts=self.acts)
        return draw_plan(script, self.legs, self.athlete.hold_elevation_deg, np.random.default_rng(for_plan))

    def played(self) -> Simulation:
        script = Script(acts=self.acts)
        return simulate(
            self.seed, self.side, self.athlete, script, mounting=self.mounting, slips=self.slips, says=self.says
        )


Fault = Callable[[Ritual, np.random.Generator], Ritual]


def good(seed: int) -> Ritual:
    """A stand, two raises with each leg that wears a sensor, a bow, and two or three holds with each."""
    rng = np.random.default_rng((seed, 1))
    side = ("right", "left", "both")[int(rng.integers(3))]
    drawn = ATHLETES[int(rng.integers(len(ATHLETES)))]
    athlete = replace(drawn, pelvis_tilt_per_elevation=rng.uniform(0.12, 0.22))
    acts = [_stand(rng, 3.2, 5.0)]
    legs = ("lead", "other")[: len(SIDES[side])]
    for leg in legs * 2:
        acts += [Act("raise", leg), _stand(rng, 2.0, 3.0)]
    acts += [Act("bow"), _stand(rng, 3.0, 4.0)]
    for leg in legs * (2 if len(legs) == 2 else int(rng.integers(2, 4))):
        acts += [Act("hold", leg, rng.uniform(6.0, 11.0)), _stand(rng, 4.0, 6.0)]
    return Ritual(seed, side, athlete, tuple(acts), ("any", "worn")[int(rng.integers(2))])


def _stand(rng: np.random.Generator, least_s: float, most_s: float) -> Act:
    return Act("stand", seconds=rng.uniform(least_s, most_s))


def _instead_of_stand(ritual: Ritual, rng: np.random.Generator, act: Act) -> Ritual:
    """The act where the first stand should be, and mostly a stand before the first raise after all."""
    stand = [_stand(rng, 1.0, 4.0)] if rng.uniform() < 0.7 else []
    return replace(ritual, acts=(Act("stand", seconds=BEFORE_S), act, *stand, *ritual.acts[1:]))


def moved(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """Restless where the first stand should be."""
    return _instead_of_stand(ritual, rng, Act("restless", seconds=rng.uniform(3.0, 6.0)))


def leaned(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """Leans by 4 to 10 degrees, any way, where the first stand should be, and is upright afterwards."""
    return _instead_of_stand(ritual, rng, Act("lean_stand", seconds=rng.uniform(5.5, 8.0)))


def small_raise(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """The raises of the ritual go to 20 to 70 degrees below horizontal; sometimes only the first ones do."""
    n = len(ritual.legs) * int(rng.integers(1, 3))
    return _with_raises(ritual, lambda i, act: replace(act, elevation_deg=rng.uniform(-70.0, -20.0)) if i < n else act)


def wrong_leg(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """Raises the other leg in the whole ritual, or half of it."""
    n = len(ritual.legs) * int(rng.integers(1, 3))
    other = {"lead": "other", "other": "lead" if len(ritual.legs) == 1 else "other"}
    return _with_raises(ritual, lambda i, act: replace(act, leg=other[act.leg]) if i < n else act)


def _with_raises(ritual: Ritual, change: Callable[[int, Act], Act]) -> Ritual:
    acts, number = list(ritual.acts), 0
    for i, act in enumerate(acts):
        if act.kind == "raise":
            acts[i] = change(number, act)
            number += 1
    return replace(ritual, acts=tuple(acts))


def no_bow(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """No bow at all, or one of the back only, or one of 5 to 18 degrees."""
    way = int(rng.integers(3))
    if way == 0:
        return replace(ritual, acts=tuple(act for act in ritual.acts if act.kind != "bow"))
    if way == 1:
        return _bowing(ritual, Act("bow_back_only"))
    return replace(ritual, athlete=replace(ritual.athlete, bow_deg=rng.uniform(5.0, 18.0)))


def bad_bow(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """Sideways, backward, or crooked: with obliquity and rotation of 5 to 20 degrees, 1 SD."""
    way = int(rng.integers(3))
    if way == 0:
        crooked = replace(ritual.athlete, bow_crosstalk_sd_deg=rng.uniform(5.0, 20.0))
        return replace(ritual, athlete=crooked)
    leg = ("lead", "other")[int(rng.integers(2))]
    return _bowing(ritual, Act(("bow_sideways", "bow_backward")[way - 1], leg))


def _bowing(ritual: Ritual, bow: Act) -> Ritual:
    return replace(ritual, acts=tuple(bow if act.kind == "bow" else act for act in ritual.acts))


def hub_swapped(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """The nodes of the pelvis and of one thigh."""
    thigh = ritual.placements[int(rng.integers(1, len(ritual.placements)))]
    return replace(ritual, says={"pelvis": thigh, thigh: "pelvis"})


def thighs_swapped(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """The nodes of both thighs, in cases that are on by their marks."""
    legs = [Act("raise", leg) for leg in ("lead", "other") * 2]
    acts = [_stand(rng, 3.2, 5.0)]
    for act in (*legs, Act("bow"), *(Act("hold", leg, rng.uniform(6.0, 11.0)) for leg in ("lead", "other") * 2)):
        acts += [act, _stand(rng, 3.0, 4.0)]
    says = {"thigh_left": "thigh_right", "thigh_right": "thigh_left"}
    return replace(ritual, side="both", mounting="worn", says=says, acts=tuple(acts))


def thighs_swapped_anyhow(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """The same in cases that are on any way round: without marks, left and right look alike."""
    return replace(thighs_swapped(ritual, rng), mounting="any")


def backward(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """Quick start, no ritual, and a case put on by its marks but turned about the vertical, or upside down."""
    place = ritual.placements[int(rng.integers(len(ritual.placements)))]
    turn = ((0.0, 180.0, 0.0), (0.0, 90.0, 0.0), (0.0, -90.0, 0.0), (180.0, 0.0, 0.0))[int(rng.integers(4))]
    first = next(i for i, act in enumerate(ritual.acts) if act.kind == "hold")
    acts = (ritual.acts[0], *ritual.acts[first:])
    return replace(ritual, mounting="worn", slips=(Slip(place, -9.0, turn),), acts=acts)


def slipped(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """One sensor turns by 5 to 40 degrees about any axis, at any time from after the ritual to the last hold."""
    return _slip(ritual, rng, rng.uniform(5.0, 40.0))


def reclipped(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """One sensor is taken off and put on another way round, by 60 to 180 degrees, in the same time."""
    return _slip(ritual, rng, rng.uniform(60.0, 180.0))


def _slip(ritual: Ritual, rng: np.random.Generator, size_deg: float) -> Ritual:
    place = ritual.placements[int(rng.integers(len(ritual.placements)))]
    axis = rng.standard_normal(3)
    turn = size_deg * axis / np.linalg.norm(axis)
    plan = ritual.planned()
    holds = [move for move in plan.moves if move.kind == "hold"]
    ritual_s = next(stand for stand in plan.stands[::-1] if stand[1] < holds[0].start_s)[0]
    # mostly between calibration and hold, where somebody touches it; else whenever it likes
    calm = rng.uniform() < 0.6
    at_s = rng.uniform(ritual_s, holds[0].start_s - 0.5 if calm else holds[-1].leave_s)
    return replace(ritual, slips=(Slip(place, float(at_s), (float(turn[0]), float(turn[1]), float(turn[2]))),))


def vibrated(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """A treadmill or a plate: walks or shakes where the first stand should be, or in all stands of the ritual."""
    kind = ("walk", "vibrate")[int(rng.integers(2))]
    if rng.uniform() < 0.5:
        return _instead_of_stand(ritual, rng, Act(kind, seconds=rng.uniform(3.0, 6.0)))
    first = next(i for i, act in enumerate(ritual.acts) if act.kind == "hold")
    acts = [replace(act, kind=kind) if act.kind == "stand" else act for act in ritual.acts[: first - 1]]
    return replace(ritual, acts=(Act("stand", seconds=BEFORE_S), *acts, *ritual.acts[first - 1 :]))


def turned_around(ritual: Ritual, rng: np.random.Generator) -> Ritual:
    """Faces elsewhere after some of the holds; nothing is wrong with that."""
    acts: list[Act] = []
    for act in ritual.acts:
        acts.append(act)
        if act.kind == "hold" and rng.uniform() < 0.7:
            acts += [_stand(rng, 1.5, 2.5), Act("turn_around", seconds=rng.uniform(2.0, 4.0))]
    return replace(ritual, acts=tuple(acts))


FAULTS: dict[str, Fault] = {
    "moved while standing": moved,
    "leaned in the stand": leaned,
    "raise too small": small_raise,
    "wrong leg raised": wrong_leg,
    "no bow": no_bow,
    "bow not forward": bad_bow,
    "pelvis and thigh swapped": hub_swapped,
    "thighs swapped": thighs_swapped,
    "case on backward, quick start": backward,
    "strap slipped": slipped,
    "sensor clipped on anew": reclipped,
    "vibration": vibrated,
}
UNSEEN: dict[str, Fault] = {"thighs swapped, cases on anyhow": thighs_swapped_anyhow}
"""what cannot be noticed"""
HARMLESS: dict[str, Fault] = {"as it should be": lambda ritual, _: ritual, "turned around": turned_around}


def drawn(kind: str, seed: int) -> Ritual:
    """A ritual of one kind."""
    return (FAULTS | UNSEEN | HARMLESS)[kind](good(seed), np.random.default_rng((seed, 2)))


@dataclass(frozen=True)
class Value:
    """One headline value of one hold."""

    name: str
    side: str
    start_s: float
    off: float
    """measured minus true; infinite when there was no such hold; NaN where the value is empty"""
    stated: float
    """half-width of its 95 % interval"""
    doubted: bool
    """whether a sentence names it or a sensor that it rests on"""

    @property
    def empty(self) -> bool:
        return bool(np.isnan(self.off))

    @property
    def wrong(self) -> bool:
        """Outside twice the interval."""
        return bool(abs(self.off) > 2.0 * self.stated)


@dataclass(frozen=True)
class Verdict:
    """What became of a ritual."""

    values: tuple[Value, ...]
    said: tuple[Reason, ...]
    """what speaks against anything; without what is not worn"""
    lost: int
    """true holds that were not found"""

    @property
    def unseen(self) -> list[Value]:
        """Wrong values that nothing warns of."""
        return [value for value in self.values if value.wrong and not value.doubted]

    @property
    def outcome(self) -> str:
        """wrong, or refused: a value is empty; or warned, or right."""
        if self.unseen:
            return "WRONG"
        if not self.values or self.lost or any(value.empty for value in self.values):
            return "refused"
        return "warned" if self.said else "right"


def judged(ritual: Ritual, causal: bool = False) -> Verdict:
    """Play it and measure it."""
    simulation, settings = ritual.played(), Settings(causal=causal)
    try:
        frames = simulation.frames
        result = measure_causal(frames, settings) if causal else measure(frames, settings)
    except NothingToMeasureError as error:
        return Verdict((), (Reason("everything", str(error)),), 0)
    said = [reason for reason in result.reasons if reason.what not in STRANGE]
    said += [Reason("calibration", warning) for warning in result.calibration.warnings]
    told = Told(_where_it_stood(simulation, result))
    values = tuple(value for hold in result.holds for value in _values(told, hold, said))
    return Verdict(values, tuple(said), told.lost(result))


def _where_it_stood(simulation: Simulation, result: Measurement) -> Simulation:
    """The session with the measured reference stand as its first, when that was a stand; else with its own first."""
    true, zero_s = simulation.truth, simulation.first_sample_s
    start_s, end_s = result.stands[0].start_s + zero_s, result.stands[0].end_s + zero_s
    shaken = [(move.start_s, move.end_s) for move in true.moves if move.kind == "vibrate"]
    upright_s = sum(max(0.0, min(end_s, z) - max(start_s, a)) for a, z in (*true.stands, *shaken))
    if upright_s < 0.5 * (end_s - start_s):
        return simulation
    stands = ((start_s, end_s), *(stand for stand in true.stands if stand[0] > end_s))
    return replace(simulation, truth=replace(true, plan=replace(true.plan, stands=stands)))


class Told:
    """What really happened in a session."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation, self.zero_s = simulation, simulation.first_sample_s
        self.runs = {side: simulation.truth.runs(side) for side in simulation.truth.sides}

    def lost(self, result: Measurement) -> int:
        """How many true holds the measurement does not have, on any side."""
        true = [run for runs in self.runs.values() for run in runs if run.hold_s >= MINIMUM_HOLD_S and not run.grazes]
        return sum(not any(self.overlap(hold, run) for hold in result.holds) for run in true)

    def overlap(self, hold: Hold, other: TrueHold | TrueMove) -> bool:
        return hold.start_s + self.zero_s < other.end_s and other.start_s < hold.end_s + self.zero_s

    def values(self, hold: Hold) -> dict[str, float] | None:
        """The headline values of the true hold then on that side; None when there is none. NaN: not to be told."""
        moves = [move for move in self.simulation.truth.moves if move.kind == "hold" and move.side == hold.side]
        move = next((move for move in moves if self.overlap(hold, move)), None)
        if move is None or hold.side not in self.runs:
            return None
        inside = np.arange(hold.start_s, hold.end_s, 0.02) + self.zero_s
        before = np.arange(move.start_s - BASELINE_S[0], move.start_s - BASELINE_S[1], 0.02)
        angles = truth(self.simulation, np.concatenate((before, inside)), hold.side)
        stood, held = ({name: each[part] for name, each in angles.items()} for part in _parts(len(before)))
        low, high = np.percentile(held["hip_rotation"], (5, 95))
        found = {"femur_elevation": float(held["femur_elevation"].mean()), "hip_rotation_range": float(high - low)}
        for name in ("pelvis_tilt", "pelvis_obliquity", "pelvis_rotation"):
            zero_deg = float(stood[name][0])
            found[name] = _mean(held[name], zero_deg) - _mean(stood[name], zero_deg)
        return found | {"hold_s": self._length_s(hold)}

    def _length_s(self, hold: Hold) -> float:
        """How long the hold was; NaN when it lingers at a threshold, or was not seen to stand before it."""
        runs = [run for run in self.runs[hold.side] if self.overlap(hold, run)]
        stood_s = np.diff(self.simulation.truth.stands[0])[0]
        return float("nan") if stood_s < STAND_S or len(runs) != 1 or runs[0].grazes else runs[0].hold_s


def _parts(n: int) -> tuple[slice, slice]:
    return slice(0, n), slice(n, None)


def _mean(angle_deg: Floats, zero_deg: float) -> float:
    """From zero_deg, so that nothing is cut where an angle wraps."""
    return float(wrapped(angle_deg - zero_deg).mean())


def _values(told: Told, hold: Hold, said: list[Reason]) -> list[Value]:
    """All headline values of one hold against truth."""
    pelvis = hold.pelvis
    measured = {
        "femur_elevation": (hold.femur_elevation_deg.mean, hold.femur_elevation_deg.uncertainty_rezeroed_95),
        "hold_s": (hold.hold_s, hold.hold_s_uncertainty_95),
        "hip_rotation_range": (hold.hip_rotation_range_deg, hold.hip_rotation_range_uncertainty_95),
        "pelvis_tilt": (pelvis.tilt_deg.mean_shift, pelvis.tilt_deg.uncertainty_95),
        "pelvis_obliquity": (pelvis.obliquity_deg.mean_shift, pelvis.obliquity_deg.uncertainty_95),
        "pelvis_rotation": (pelvis.rotation_deg.mean_shift, pelvis.rotation_deg.uncertainty_95),
    }
    true = told.values(hold)
    found = []
    for name, (value, stated) in measured.items():
        off = np.nan if value is None else np.inf if true is None else value - true[name]
        if np.isnan(off) and value is not None:  # truth does not tell
            continue
        doubted = any(_names(reason, name, hold.side) for reason in said)
        found.append(Value(name, hold.side, hold.start_s, float(off), stated or 0.0, doubted))
    return found


def _names(reason: Reason, name: str, side: str) -> bool:
    """Whether the sentence is about this value, or about a sensor that it rests on."""
    if "(" in reason.what and f"({side})" not in reason.what:
        return False
    sensors = {f"thigh_{side}"} if name in ("femur_elevation", "hold_s") else {f"thigh_{side}", "pelvis"}
    if any(sensor in reason.why for sensor in (*sensors, f"{side} thigh")):
        return True
    about = {"hip_rotation_range": ("hip",), "femur_elevation": ("femur_elevation",), "hold_s": ("hold_s",)}
    return any(each in reason.what for each in about.get(name, ("pelvis",)))
