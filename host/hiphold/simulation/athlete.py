"""Who the athlete is: how well they move, and the movements that this makes of a plan.

Angles here are what the athlete intends or errs by, as curves over time in degrees, for the lead leg as if it were
the right one. `body` adds the trembling and turns them into rotations.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from hiphold.samples import Floats
from hiphold.simulation.curves import Curve
from hiphold.simulation.script import HANGING_DEG, WEIGHT_SHIFT_S, Move, Plan

LEGS = ("lead", "other")
QUIET_TREMOR = 0.1  # of the tremor, in a leg that stands


@dataclass(frozen=True)
class Athlete:
    """Settings of one athlete. `_sd` values are one standard deviation, drawn anew for every seed."""

    hold_elevation_deg: tuple[float, float] = (30.0, 36.0)
    """bounds of the femur elevation held, against the athlete's own stand"""
    sag_deg: float = 6.0
    """elevation lost over a hold, at most"""
    rotation_deg: float = 25.0
    """hip rotation in the hold, to either side"""
    azimuth_deg: float = 10.0
    """thigh azimuth in the hold, to either side"""
    turn_variation: float = 0.06
    """relative SD of each turn of rotation and azimuth"""
    cycle_s: tuple[float, float] = (3.6, 5.0)
    """bounds of one outward-inward cycle"""
    posture_sd_deg: tuple[float, float, float] = (2.5, 2.0, 4.0)
    """thigh off vertical when standing: flexion, adduction, internal rotation"""
    foot_sd_deg: float = 3.0
    """change of each of these when the foot is put back"""
    crosstalk_sd_deg: float = 5.0
    """adduction and rotation that come with a raise"""
    raise_yaw_sd_deg: float = 4.0
    """pelvic rotation that comes with a raise"""
    bow_deg: float = 30.0
    bow_crosstalk_sd_deg: float = 1.5
    """pelvic rotation and obliquity that come with the bow"""
    bow_thigh_sd_deg: float = 2.0
    """how far the thighs lean in the bow"""
    sway_deg: float = 0.4
    """RMS of each angle of pelvis, thighs and trunk while standing, 0.1 to 1.5 Hz"""
    one_leg_sway: float = 2.0
    """the same on one leg, as a multiple"""
    tremor_deg: float = 0.03
    """RMS of each angle of the raised thigh, 4 to 12 Hz"""
    tremor_growth: float = 2.0
    """tremor at the end of a hold, as a multiple of that at its start"""
    pelvis_tilt_per_elevation: float = 0.18
    """posterior tilt with a raise: 18 % of hip flexion when standing (Murray 2002)"""
    pelvis_rotation_per_hip_rotation: float = 0.15
    """how far the pelvis follows the rotating leg; 0 is full dissociation"""
    pelvis_obliquity_per_hip_rotation: float = 0.08
    pelvis_hike_deg: float = 3.0
    """raised side up in a raise or hold"""
    pelvis_drop_deg: float = 0.0
    """how far that side sinks over a hold"""
    trunk_per_pelvis: float = 0.3
    """how far the trunk follows the pelvis in a raise"""

    @staticmethod
    def perfect() -> Athlete:
        """Does exactly what the script asks, with an unmoved pelvis."""
        return Athlete(
            sag_deg=0.0,
            turn_variation=0.0,
            posture_sd_deg=(0.0, 0.0, 0.0),
            foot_sd_deg=0.0,
            crosstalk_sd_deg=0.0,
            raise_yaw_sd_deg=0.0,
            bow_crosstalk_sd_deg=0.0,
            bow_thigh_sd_deg=0.0,
            sway_deg=0.0,
            tremor_deg=0.0,
            pelvis_tilt_per_elevation=0.0,
            pelvis_rotation_per_hip_rotation=0.0,
            pelvis_obliquity_per_hip_rotation=0.0,
            pelvis_hike_deg=0.0,
        )


class _Score:
    """Keyframes of all channels while a plan is written out."""

    def __init__(self) -> None:
        self.keys: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def begin(self, channel: str, value: float) -> None:
        self.keys[channel].append((0.0, value))

    def now(self, channel: str) -> float:
        """Where the channel was last sent; 0 when never."""
        return self.keys[channel][-1][1] if self.keys[channel] else 0.0

    def go(self, channel: str, start_s: float, end_s: float, value: float) -> None:
        """Stay until start_s, be at `value` at end_s."""
        before = self.now(channel)
        if not self.keys[channel] or start_s > self.keys[channel][-1][0]:
            self.keys[channel].append((start_s, before))
        self.keys[channel].append((end_s, value))

    def curves(self) -> dict[str, Curve]:
        """One curve per channel that was ever touched."""
        padded = {name: [*keys, (keys[-1][0] + 1.0, keys[-1][1])] for name, keys in self.keys.items()}
        return {name: Curve(*np.array(keys).T) for name, keys in padded.items()}


class _Choreographer:
    """Writes each move of a plan into the score, with this athlete's errors.

    Every error is drawn whether its size is zero or not, so that switching one off leaves the others as they were.
    """

    def __init__(self, athlete: Athlete, rng: np.random.Generator) -> None:
        self.athlete, self.rng, self.score = athlete, rng, _Score()
        self.posture = {leg: np.array(athlete.posture_sd_deg) * rng.standard_normal(3) for leg in LEGS}
        for leg in LEGS:
            self.score.begin(f"{leg}_elevation", HANGING_DEG)
            self.score.begin(f"{leg}_knee", 4.0)
            self.score.begin(f"{leg}_tremor", QUIET_TREMOR)
            for name, value in zip(("flexion", "adduction", "rotation"), self.posture[leg]):
                self.score.begin(f"{leg}_{name}", value)
        self.score.begin("sway", 1.0)

    def draw(self, sd: float) -> float:
        return sd * self.rng.standard_normal()

    def there_and_back(self, channel: str, move: Move, change: float) -> None:
        before = self.score.now(channel)
        self.score.go(channel, move.start_s, move.top_s, before + change)
        self.score.go(channel, move.leave_s, move.end_s, before)

    def bow(self, move: Move) -> None:
        """Hips back, trunk and pelvis forward, thighs nearly still."""
        angle = self.athlete.bow_deg * (1.0 + self.draw(0.07))
        self.there_and_back("pelvis_tilt", move, angle)
        self.there_and_back("trunk_tilt", move, 1.1 * angle)
        for channel in ("pelvis_rotation", "pelvis_obliquity"):
            self.there_and_back(channel, move, self.draw(self.athlete.bow_crosstalk_sd_deg))
        lean = self.draw(self.athlete.bow_thigh_sd_deg)
        for leg in LEGS:
            self.there_and_back(f"{leg}_flexion", move, lean)
        self.there_and_back("root_forward", move, -0.06)

    def leg_up(self, move: Move) -> None:
        """What raise and hold have in common: the leg goes up and comes back to a slightly other stand."""
        athlete, score, leg = self.athlete, self.score, move.leg
        sign = 1.0 if leg == "lead" else -1.0
        rise = move.elevation_deg - HANGING_DEG
        # While raised the error of flexion is that of the first stand: the athlete goes by their own vertical.
        score.go(f"{leg}_flexion", move.start_s, move.top_s, self.posture[leg][0])
        for name in ("adduction", "rotation"):
            score.go(f"{leg}_{name}", move.start_s, move.top_s, self.draw(athlete.crosstalk_sd_deg))
        score.go(f"{leg}_elevation", move.start_s, move.top_s, move.elevation_deg)
        score.go(f"{leg}_knee", move.start_s, move.top_s, self.rng.uniform(85.0, 110.0))
        tilt = -athlete.pelvis_tilt_per_elevation * rise
        score.go("pelvis_tilt", move.start_s, move.top_s, tilt)
        score.go("trunk_tilt", move.start_s, move.top_s, athlete.trunk_per_pelvis * tilt)
        score.go("pelvis_rotation", move.start_s, move.top_s, self.draw(athlete.raise_yaw_sd_deg))
        score.go("pelvis_obliquity", move.start_s, move.top_s, sign * athlete.pelvis_hike_deg)
        score.go("root_right", move.start_s - WEIGHT_SHIFT_S, move.start_s + 0.6, -0.04 * sign)
        score.go("root_up", move.start_s - WEIGHT_SHIFT_S, move.start_s + 0.6, 0.008)
        score.go("sway", move.start_s, move.top_s, athlete.one_leg_sway)
        score.go(f"{leg}_tremor", move.start_s, move.top_s, 1.0)

    def leg_down(self, move: Move) -> None:
        """The foot finds the floor again, not quite where it was."""
        score, leg = self.score, move.leg
        stand = self.posture[leg] + self.athlete.foot_sd_deg * self.rng.standard_normal(3)
        back = {f"{leg}_{name}": value for name, value in zip(("flexion", "adduction", "rotation"), stand)}
        back |= {f"{leg}_elevation": HANGING_DEG, f"{leg}_knee": 4.0, f"{leg}_tremor": QUIET_TREMOR, "sway": 1.0}
        back |= dict.fromkeys(("pelvis_tilt", "pelvis_rotation", "pelvis_obliquity"), 0.0)
        back |= dict.fromkeys(("trunk_tilt", "trunk_rotation", "root_right", "root_up"), 0.0)
        for channel, value in back.items():
            score.go(channel, move.leave_s, move.end_s, value)

    def sweep(self, move: Move) -> None:
        """Outward first, then across the body inward, two or three times; the pelvis and trunk follow a little."""
        athlete, score, leg = self.athlete, self.score, move.leg
        sign = 1.0 if leg == "lead" else -1.0
        time_s, side = self.turns(move)
        hip = side * athlete.rotation_deg * (1.0 + athlete.turn_variation * self.rng.standard_normal(len(side)))
        azimuth = side * athlete.azimuth_deg * (1.0 + athlete.turn_variation * self.rng.standard_normal(len(side)))
        late_s = self.rng.uniform(0.0, 0.25)  # the thigh swings across a moment after it turns
        pelvis = sign * athlete.pelvis_rotation_per_hip_rotation * hip
        sunk = athlete.pelvis_drop_deg * (time_s - move.top_s) / (move.leave_s - move.top_s)
        hike = sign * (athlete.pelvis_hike_deg - sunk + athlete.pelvis_obliquity_per_hip_rotation * hip)
        self.follow(f"{leg}_rotation", move.top_s, time_s, hip)
        self.follow(f"{leg}_azimuth", move.top_s, time_s + late_s, azimuth)
        self.follow("pelvis_rotation", move.top_s, time_s, pelvis)
        self.follow("pelvis_obliquity", move.top_s, time_s, hike)
        self.follow("trunk_rotation", move.top_s, time_s, athlete.trunk_per_pelvis * pelvis)
        score.go(f"{leg}_adduction", move.top_s, min(move.top_s + 0.9, move.leave_s), 0.0)

    def follow(self, channel: str, start_s: float, time_s: Floats, values: Floats) -> None:
        """From start_s through each value at its instant."""
        for begin, end, value in zip((start_s, *time_s), time_s, values):
            self.score.go(channel, begin, end, value)

    def turns(self, move: Move) -> tuple[Floats, Floats]:
        """Instants of the turns, and which way each goes: -1 outward, +1 across, 0 at the end; empty if too short."""
        span = move.leave_s - move.top_s - 0.3
        wanted = self.rng.uniform(*self.athlete.cycle_s)
        jitter = 1.0 + 0.08 * self.rng.uniform(-1.0, 1.0, 64)
        if span < 1.5:
            return np.empty(0), np.empty(0)
        cycles = min(max(1, round(span / wanted)), 30)
        side = np.append(np.tile((-1.0, 1.0), cycles), 0.0)
        share = np.abs(np.diff(side, prepend=0.0)) ** 0.6 * jitter[: len(side)]
        return move.top_s + span * np.cumsum(share) / np.sum(share), side

    def hold(self, move: Move) -> None:
        """The raise, what is done up there, and the way down."""
        self.leg_up(move)
        sag = self.athlete.sag_deg * self.rng.uniform()
        self.score.go(f"{move.leg}_elevation", move.top_s, move.leave_s, move.elevation_deg - sag)
        self.score.go(f"{move.leg}_tremor", move.top_s, move.leave_s, self.athlete.tremor_growth)
        self.sweep(move)
        self.leg_down(move)


def choreograph(athlete: Athlete, plan: Plan, rng: np.random.Generator) -> dict[str, Curve]:
    """The plan as this athlete does it: one curve over session time per channel, degrees (root_*: metres)."""
    writer = _Choreographer(athlete, rng)
    for move in plan.moves:
        if move.kind == "bow":
            writer.bow(move)
        elif move.kind == "hold":
            writer.hold(move)
        else:
            writer.leg_up(move)
            writer.leg_down(move)
    return writer.score.curves()
