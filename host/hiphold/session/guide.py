"""The calibration: what is asked for next, what counted, and why something did not.

It looks at what `live` has learned, so that a step is done when the measurement has it, and not before. The raises of
both legs are asked for in turn, but count in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import nan

import numpy as np

from hiphold import drill, mounting, ritual
from hiphold.known import Learned
from hiphold.ritual import Excursion
from hiphold.samples import Interval
from hiphold.segments import THIGHS
from hiphold.session.scene import Step, Still
from hiphold.session.texts import text

STAND_S = 3.0
"""a live session asks for so long a reference stand"""
RAISES, BOWS = mounting.ENOUGH_RAISES, 1
ENDED_S = 0.7
"""a stand that does not reach so near the last sample is over"""
SETTLING_S = 2.0
"""a stand after the last step: from it the first repetition is measured"""


class Guide:
    """One calibration as it goes on."""

    def __init__(self, quick: bool) -> None:
        self.quick = quick
        self.steps: tuple[Step, ...] = (Step("stand", 0, 1),)
        self.still = Still(nan, 0.0, STAND_S)
        self.done = False
        """latched: what is learned later does not take it back"""
        self.anew = ""
        """why it must begin anew, as a sentence; empty while it need not"""
        self._refused: dict[str, str] = {}

    @property
    def asked(self) -> Step | None:
        """The step that is to be done now; None when all are."""
        open_steps = [step for step in self.steps if not step.complete]
        raises = [step for step in open_steps if step.key.startswith("raise")]
        if open_steps and open_steps[0] in raises:  # in turn, the right leg first
            return min(raises, key=lambda step: step.done)
        return open_steps[0] if open_steps else None

    def take(
        self, learned: Sequence[Learned], stands: Sequence[Interval], ended: Mapping[str, Sequence[Excursion]]
    ) -> bool:
        """What is known after one more frame; ended: excursions by placement. Whether a step was completed by it."""
        if self.done or not learned:
            return False
        before = sum(step.done for step in self.steps)
        by_place = {each.placement: each for each in learned}
        self.still = _still(learned)
        self._judge_stand(learned, stands)
        for placement, excursions in ended.items():
            for excursion in excursions:
                self._judge_excursion(placement, excursion, by_place)
        self.steps = self._all_steps(by_place, stands)
        self.done = not self.anew and all(step.complete for step in self.steps)
        return sum(step.done for step in self.steps) > before

    def _judge_stand(self, learned: Sequence[Learned], stands: Sequence[Interval]) -> None:
        if not stands or self.anew:
            return
        start_s, end_s = stands[0]
        over = len(stands) > 1 or max(each.last_s for each in learned) - end_s > ENDED_S
        if over and end_s - start_s < STAND_S - ENDED_S:
            self.anew = text("guide.moved_after", seconds=end_s - start_s)
        elif any(each.mounting.why.startswith("it moved while standing") for each in learned):
            self.anew = text("guide.swayed")

    def _judge_excursion(self, placement: str, excursion: Excursion, by_place: dict[str, Learned]) -> None:
        """Say why a movement does not count as what was asked for."""
        asked = self.asked
        if asked is None or asked.key == "stand":
            return
        if placement in THIGHS:
            self._judge_thigh(THIGHS[placement], excursion, asked, by_place)
        elif placement == "pelvis" and not excursion.other_deg > mounting.HANGING_DEG:
            self._judge_pelvis(excursion, asked, by_place["pelvis"])

    def _judge_thigh(self, side: str, excursion: Excursion, asked: Step, by_place: dict[str, Learned]) -> None:
        mine, raised = f"raise_{side}", mounting.is_raise(excursion)
        self._refused.pop(mine, None)
        if not raised:
            height_deg = drill.STAND_DEG + excursion.top_deg
            self._refused[mine] = text("guide.small_raise", degrees=height_deg, side=text(f"side.{side}"))
        elif asked.key.startswith("raise") and asked.key != mine and asked.done == 0:
            sides = {"moved": text(f"side.{side}"), "asked": text(f"side.{asked.key.removeprefix('raise_')}")}
            first = sum(each.raises for each in by_place.values()) <= 1
            self._refused[asked.key] = text("guide.wrong_leg" if first else "guide.other_knee", **sides)
        else:
            seen = by_place.get(f"thigh_{side}")
            if seen and seen.raises >= RAISES and seen.mounting.axes is None:
                self._refused[mine] = seen.mounting.why

    def _judge_pelvis(self, excursion: Excursion, asked: Step, pelvis: Learned) -> None:
        if asked.key.startswith("raise"):
            if asked.done == 0 and excursion.top_deg > ritual.PELVIS.from_deg:
                side = text(f"side.{asked.key.removeprefix('raise_')}")
                self._refused[asked.key] = text("guide.other_leg", side=side)
            return
        self._refused.pop("bow", None)
        if pelvis.mounting.by == "bow":
            return
        small = excursion.top_deg < mounting.BOW_MIN_DEG
        why = pelvis.mounting.why or text("guide.no_bow")
        self._refused["bow"] = text("guide.small_bow", degrees=excursion.top_deg) if small else _sentence(why)

    def _all_steps(self, by_place: dict[str, Learned], stands: Sequence[Interval]) -> tuple[Step, ...]:
        stood_s = stands[0][1] - stands[0][0] if stands else 0.0
        steps = [Step("stand", int(stood_s >= STAND_S - 0.05), 1, self.anew)]
        if self.quick:
            return tuple(steps)
        for place in ("thigh_right", "thigh_left"):
            if place in by_place:
                key = f"raise_{THIGHS[place]}"
                steps.append(Step(key, min(by_place[place].raises, RAISES), RAISES, self._refused.get(key, "")))
        if "pelvis" in by_place:
            bows = int(by_place["pelvis"].mounting.by == "bow")
            steps.append(Step("bow", bows, BOWS, "" if bows else self._refused.get("bow", "")))
        return tuple(
            replace(step, refused="") if step.done >= step.needed and step.key != "stand" else step for step in steps
        )


def _still(learned: Sequence[Learned]) -> Still:
    worst = max(learned, key=lambda each: each.restlessness)
    level = worst.restlessness if np.isfinite(worst.restlessness) else nan  # too few samples yet, or some are missing
    return Still(level, min(each.quiet_s for each in learned), STAND_S, worst.placement)


def _sentence(why: str) -> str:
    """With a capital letter."""
    return why[:1].upper() + why[1:]
