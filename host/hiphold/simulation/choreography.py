"""The movements that an athlete makes of a plan.

Angles here are what the athlete intends or errs by, as curves over time in degrees, for the lead leg as if it were
the right one. `body` adds the trembling and turns them into rotations.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hiphold.samples import Floats
from hiphold.simulation.acts import FEET_MOVE, OTHER_ACTS
from hiphold.simulation.athlete import Athlete
from hiphold.simulation.curves import Curve
from hiphold.simulation.plan import HANGING_DEG, WEIGHT_SHIFT_S, Move, Plan
from hiphold.simulation.score import LEGS, Score
from hiphold.simulation.script import BOWS

QUIET_TREMOR = 0.1  # of the tremor, in a leg that stands
LEAST_BACKWARD_DEG = 27.0
BACK_ONLY_SHARE = 0.2  # of the bow, in the pelvis, when only the back is bent
POSTURE = ("flexion", "adduction", "rotation")


class _Choreographer:
    """Writes each move of a plan into the score, with this athlete's errors.

    Every error is drawn whether its size is zero or not, so that switching one off leaves the others as they were.
    """

    def __init__(self, athlete: Athlete, rng: np.random.Generator) -> None:
        self.athlete, self.rng, self.score = athlete, rng, Score()
        self.posture = {leg: np.array(athlete.posture_sd_deg) * rng.standard_normal(3) for leg in LEGS}
        for leg in LEGS:
            self.score.begin(f"{leg}_elevation", HANGING_DEG)
            self.score.begin(f"{leg}_knee", 4.0)
            self.score.begin(f"{leg}_tremor", QUIET_TREMOR)
            for name, value in zip(POSTURE, self.posture[leg]):
                self.score.begin(f"{leg}_{name}", value)
        self.score.begin("sway", 1.0)
        self.faced = {"pelvis_rotation": 0.0, "trunk_rotation": 0.0}  # where the athlete faces, degrees

    def draw(self, sd: float) -> float:
        return sd * self.rng.standard_normal()

    def perform(self, move: Move) -> None:
        if move.kind in BOWS:
            self.bow(move)
        elif move.kind == "raise":
            self.leg_up(move)
            self.leg_down(move)
        elif move.kind in OTHER_ACTS:
            OTHER_ACTS[move.kind](self.score, move, self.rng)
            self.faced = {channel: self.score.now(channel) for channel in self.faced}
            for leg in LEGS if move.kind in FEET_MOVE else ():
                self.foot_back(leg, move)
        else:
            self.hold(move)

    def bow(self, move: Move) -> None:
        """Hips back, trunk and pelvis forward, thighs nearly still; the other bows are like it another way."""
        angle = self.athlete.bow_deg * (1.0 + self.draw(0.07))
        if move.kind == "bow_backward":
            angle = -max(angle, LEAST_BACKWARD_DEG)
        sideways = move.kind == "bow_sideways"
        if sideways and move.leg == "lead":
            angle = -angle  # obliquity and lean are + with the lead side up
        pelvis, trunk, spared = ("obliquity", "lean", "tilt") if sideways else ("tilt", "tilt", "obliquity")
        share = BACK_ONLY_SHARE if move.kind == "bow_back_only" else 1.0
        self.score.there_and_back(f"pelvis_{pelvis}", move, share * angle)
        self.score.there_and_back(f"trunk_{trunk}", move, 1.1 * angle)
        for channel in ("pelvis_rotation", f"pelvis_{spared}"):
            self.score.there_and_back(channel, move, self.draw(self.athlete.bow_crosstalk_sd_deg))
        lean = self.draw(self.athlete.bow_thigh_sd_deg)
        for leg in LEGS:
            # Over feet that stay, hips that go to one side take one thigh inward and the other outward.
            outward = sideways and leg == "other"
            channel = f"{leg}_adduction" if sideways else f"{leg}_flexion"
            self.score.there_and_back(channel, move, -lean if outward else lean)
        away = 0.06 if (angle < 0.0) != sideways else -0.06  # the hips go where the trunk does not
        self.score.there_and_back("root_right" if sideways else "root_forward", move, away)

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
        yaw = self.faced["pelvis_rotation"] + self.draw(athlete.raise_yaw_sd_deg)
        score.go("pelvis_rotation", move.start_s, move.top_s, yaw)
        score.go("pelvis_obliquity", move.start_s, move.top_s, sign * athlete.pelvis_hike_deg)
        score.go("root_right", move.start_s - WEIGHT_SHIFT_S, move.start_s + 0.6, -0.04 * sign)
        score.go("root_up", move.start_s - WEIGHT_SHIFT_S, move.start_s + 0.6, 0.008)
        score.go("sway", move.start_s, move.top_s, athlete.one_leg_sway)
        score.go(f"{leg}_tremor", move.start_s, move.top_s, 1.0)

    def foot_back(self, leg: str, move: Move) -> None:
        """The foot finds the floor again, not quite where it was."""
        stand = self.posture[leg] + self.athlete.foot_sd_deg * self.rng.standard_normal(3)
        for name, value in zip(POSTURE, stand):
            self.score.go(f"{leg}_{name}", move.leave_s, move.end_s, value)

    def leg_down(self, move: Move) -> None:
        """Back to standing on both feet."""
        leg = move.leg
        self.foot_back(leg, move)
        back = {f"{leg}_elevation": HANGING_DEG, f"{leg}_knee": 4.0, f"{leg}_tremor": QUIET_TREMOR, "sway": 1.0}
        back |= dict.fromkeys(("pelvis_tilt", "pelvis_obliquity", "trunk_tilt", "root_right", "root_up"), 0.0)
        back |= self.faced
        for channel, value in back.items():
            self.score.go(channel, move.leave_s, move.end_s, value)

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
        score.follow(f"{leg}_rotation", move.top_s, time_s, hip)
        score.follow(f"{leg}_azimuth", move.top_s, time_s + late_s, azimuth)
        score.follow("pelvis_rotation", move.top_s, time_s, self.faced["pelvis_rotation"] + pelvis)
        score.follow("pelvis_obliquity", move.top_s, time_s, hike)
        turned = self.faced["trunk_rotation"] + athlete.trunk_per_pelvis * pelvis
        score.follow("trunk_rotation", move.top_s, time_s, turned)
        score.go(f"{leg}_adduction", move.top_s, min(move.top_s + 0.9, move.leave_s), 0.0)

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
        self.score.go(f"{move.leg}_tremor", move.top_s, move.leave_s, self.athlete.tremor_growth)
        up_s = move.top_s
        for sink in move.sinks:
            self.stay_up(replace(move, top_s=up_s, leave_s=sink.leave_s), sag)
            self.thigh_to(move.leg, sink.leave_s, sink.low_s, sink.elevation_deg)
            self.thigh_to(move.leg, sink.rise_s, sink.back_s, move.elevation_deg)
            up_s = sink.back_s
        self.stay_up(replace(move, top_s=up_s), sag)
        self.leg_down(move)

    def stay_up(self, move: Move, sag: float) -> None:
        """Sink a little and turn to and fro."""
        self.score.go(f"{move.leg}_elevation", move.top_s, move.leave_s, move.elevation_deg - sag)
        self.sweep(move)

    def thigh_to(self, leg: str, start_s: float, end_s: float, elevation_deg: float) -> None:
        """To another elevation, the pelvis with it."""
        tilt = -self.athlete.pelvis_tilt_per_elevation * (elevation_deg - HANGING_DEG)
        self.score.go(f"{leg}_elevation", start_s, end_s, elevation_deg)
        self.score.go("pelvis_tilt", start_s, end_s, tilt)
        self.score.go("trunk_tilt", start_s, end_s, self.athlete.trunk_per_pelvis * tilt)


def choreograph(athlete: Athlete, plan: Plan, rng: np.random.Generator) -> dict[str, Curve]:
    """The plan as this athlete does it: one curve over session time per channel, degrees (root_*: metres)."""
    writer = _Choreographer(athlete, rng)
    for move in plan.moves:
        writer.perform(move)
    return writer.score.curves()
