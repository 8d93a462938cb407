"""All that follows from the frames of one recording: measurement, calibration, repetitions, what is drawn.

A course is fed frames and markers in order and knows no clock, no file and no node: from the same frames it becomes the
same again, which is how a session is judged by other aims.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import nan

import numpy as np

from hiphold import drill
from hiphold.known import Learned
from hiphold.live import Live
from hiphold.measure import REZERO
from hiphold.measurement import Measurement
from hiphold.metrics import Hold
from hiphold.samples import Event, Frame, Settings
from hiphold.segments import THIGHS
from hiphold.session.guide import Guide
from hiphold.session.repetition import Repetition
from hiphold.session.scene import (
    CALIBRATING,
    FINDING,
    HOLDING,
    LIFTING,
    READY,
    Best,
    Posture,
    Rep,
    Scene,
    Trace,
)
from hiphold.session.texts import text
from hiphold.shown import Snapshot

NOTE = "note: "
"""begins the label of a marker's event, so that no note is taken for `still` or `bow`"""
REZERO_S = 1.0
"""a person who declares a stand stands for so long"""


@dataclass(frozen=True)
class Aims:
    """What an athlete aims at."""

    target_deg: float = 30.0
    band_deg: float = 5.0
    count_s: int = 10
    standing_elevation_deg: tuple[tuple[str, float], ...] = ()
    """as in Settings: no aim, but asked for with them, and gone with the session"""

    @property
    def settings(self) -> Settings:
        """What the measurement is told of it."""
        return Settings(
            target_deg=self.target_deg,
            band_deg=self.band_deg,
            causal=True,
            standing_elevation_deg=self.standing_elevation_deg,
        )


@dataclass
class Change:
    """What one frame brought."""

    traces: list[Trace] = field(default_factory=list)
    cues: list[str] = field(default_factory=list)


class Course:
    """One recording as it goes on."""

    def __init__(self, aims: Aims, quick: bool, bests: Mapping[str, Best], events: tuple[Event, ...] = ()) -> None:
        self.aims = aims
        self.live = Live(aims.settings, events)
        self.guide = Guide(quick)
        self.reps: list[Rep] = []
        self.bests: dict[str, Best] = dict(bests)
        self.markers: list[tuple[float, str]] = []
        for event in events:
            self._mark(event)
        self._repetition = Repetition(aims.count_s)
        self._posture = Posture()
        self._learned: list[Learned] = []
        self._has_samples = False

    def take(self, frame: Frame) -> Change:
        """The next frame, in order of arrival."""
        change = Change()
        snapshot = self.live.push(frame)
        if snapshot is None:
            return change
        if not self.guide.done:
            self._learned = self.live.learned()
            ended = {snapshot.placement: snapshot.excursions}
            if self.guide.take(self._learned, self.live.poses.stands, ended):
                change.cues.append("step")
        self._pose(snapshot)
        if snapshot.placement in THIGHS:
            self._has_samples = True
            change.traces.append(_trace(snapshot))
            cues = self._repetition.take(snapshot)
            if self._repetition.held_s > drill.HOLD_MIN_S:  # who holds already is not asked for a ritual any more
                self.guide.done = True
            change.cues += cues if self.guide.done else []
            self._finish_reps(snapshot)
        return change

    def note(self, event: Event) -> None:
        """A marker, or a stand that was declared."""
        if event.label == REZERO:
            self.live.ask(event)
        self._mark(event)

    def _mark(self, event: Event) -> None:
        if event.label.startswith(NOTE):
            self.markers.append((event.start_s, event.label.removeprefix(NOTE)))

    @property
    def now_s(self) -> float:
        """The latest sample's time."""
        return self.live.now_s

    def conclude(self, damage: tuple[str, ...] = (), started_at: str | None = None) -> Measurement:
        """The measurement, as `measure --causal` makes it of the same frames. Raises as that does."""
        return self.live.conclude((), damage, started_at)

    def _finish_reps(self, snapshot: Snapshot) -> None:
        side, holds = THIGHS[snapshot.placement], {hold.start_s: hold for hold in snapshot.holds}
        for bout in snapshot.bouts:
            if bout.start_s in holds or self.guide.done:  # a raise of the ritual is no attempt
                self.add_rep(side, bout, holds.get(bout.start_s))

    def add_rep(self, side: str, bout: drill.Bout, hold: Hold | None) -> None:
        """One more repetition; hold: its figures, None for an attempt."""
        full = bout.hold_s >= self.aims.count_s
        rep = Rep(len(self.reps) + 1, side, hold is not None, bout.start_s, bout.hold_s, full=full)
        rep = _with_figures(rep, hold) if hold else rep
        better = improved(self.bests, [rep])
        self.reps.append(replace(rep, best=better != self.bests))
        self.bests = better

    def reps_of(self, measurement: Measurement | None) -> list[Rep]:
        """The repetitions by what is known at the end: intervals may have grown, figures have not changed."""
        holds = {(hold.side, hold.start_s): hold for hold in measurement.holds} if measurement else {}
        found = [(rep, holds.pop((rep.side, rep.start_s), None)) for rep in self.reps]
        reps = [_with_figures(rep, hold) if hold else rep for rep, hold in found]
        for hold in holds.values():  # that the samples did not see the end of
            full = hold.hold_s >= self.aims.count_s
            rep = Rep(len(reps) + 1, hold.side, True, hold.start_s, hold.hold_s, full=full)
            reps.append(_with_figures(rep, hold))
        return reps

    def _pose(self, snapshot: Snapshot) -> None:
        """How the athlete stands now, for the stick figure."""
        side = THIGHS.get(snapshot.placement)
        if side is None:
            return
        elevation_deg = float(snapshot.angle_deg[-1])
        found = {f"elevation_{side}_deg": elevation_deg if np.isfinite(elevation_deg) else -90.0}
        if snapshot.angles:
            at_end = {name: float(values[-1]) for name, values in vars(snapshot.angles).items()}
            found |= {f"azimuth_{side}_deg": at_end["thigh_azimuth_deg"]}
            found |= {f"rotation_{side}_deg": at_end["hip_rotation_deg"]}
            sign = 1.0 if side == "right" else -1.0
            if side == self._repetition.side:
                found |= {"tilt_deg": at_end["pelvis_tilt_deg"], "turn_deg": sign * at_end["pelvis_rotation_deg"]}
                found |= {"obliquity_deg": sign * at_end["pelvis_obliquity_deg"]}
                found |= {"trunk_deg": at_end["pelvis_tilt_deg"] + _or_zero(at_end["trunk_tilt_deg"])}
        self._posture = replace(self._posture, **{name: _or_zero(value) for name, value in found.items()})

    def scene(self, athlete: str) -> Scene:
        """What of all this is shown."""
        repetition, guide, aims = self._repetition, self.guide, self.aims
        asked = guide.asked
        stage = self._stage()
        side = repetition.side if repetition.lifted or not self._sides() else self.next_side()
        shown_side = repetition.side
        prompt, hint = self._prompts(stage, side)
        tilt_deg, obliquity_deg, turn_deg = repetition.pelvis_deg.tolist()
        return Scene(
            athlete=athlete,
            stage=stage,
            time_s=self.now_s,
            prompt=prompt,
            hint=hint,
            pose=asked.key if asked else "stand",
            steps=guide.steps,
            quick=guide.quick,
            still=guide.still,
            sides=self._sides(),
            side=shown_side if repetition.lifted or self.reps else side,
            target_deg=aims.target_deg,
            band_deg=aims.band_deg,
            count_s=aims.count_s,
            elevation_deg=repetition.elevation_deg,
            held_s=repetition.held_s,
            count=repetition.count if guide.done else 0,
            rotation_deg=repetition.rotation_deg,
            rotation_out_deg=repetition.rotation_out_deg,
            rotation_in_deg=repetition.rotation_in_deg,
            azimuth_deg=repetition.azimuth_deg,
            tilt_deg=tilt_deg,
            obliquity_deg=obliquity_deg,
            turn_deg=turn_deg,
            posture=self._posture,
            reps=tuple(self.reps),
            bests=tuple(self.bests.values()),
            markers=tuple(self.markers),
        )

    def _sides(self) -> tuple[str, ...]:
        placements = {each.placement for each in self._learned}
        return tuple(side for place, side in THIGHS.items() if place in placements)

    def next_side(self) -> str:
        """The leg with fewer holds; the right one of two that are even."""
        sides = self._sides() or ("right",)
        done = {side: sum(rep.side == side for rep in self.reps) for side in sides}
        return min(sorted(sides, reverse=True), key=lambda side: done[side])

    def _stage(self) -> str:
        if not self._has_samples:
            return FINDING
        if not self.guide.done:
            return CALIBRATING
        if not self._repetition.lifted:
            return READY
        return LIFTING if np.isnan(self._repetition.held_s) else HOLDING

    def _prompts(self, stage: str, side: str) -> tuple[str, str]:
        """What to do now, large and small."""
        words = {"side": text(f"side.{side}")}
        if stage == CALIBRATING:
            asked = self.guide.asked
            key = asked.key if asked else "stand"
            return text(f"guide.{key}"), text(f"guide.{key}_hint")
        if stage == HOLDING:
            over = self._repetition.count >= self.aims.count_s
            return (
                (text("guide.done"), text("guide.done_hint"))
                if over
                else (self._turn_prompt(), text("guide.hold_hint"))
            )
        if stage == LIFTING and self._repetition.over:
            return text("guide.down"), text("guide.down_hint")
        if stage == LIFTING:
            return text("guide.lift"), text("guide.lift_hint", **words)
        if stage == READY:
            return text("guide.ready", **words), text("guide.ready_hint", count=self.aims.count_s)
        return text("guide.waiting"), ""

    def _turn_prompt(self) -> str:
        """First outward, then across."""
        out_deg, in_deg = self._repetition.rotation_out_deg, self._repetition.rotation_in_deg
        if np.isnan(out_deg):
            return text("guide.hold")
        if out_deg > -10.0:
            return text("guide.rotate_out")
        return text("guide.across") if in_deg < 10.0 else text("guide.hold")


def improved(bests: Mapping[str, Best], reps: Iterable[Rep]) -> dict[str, Best]:
    """The longest hold of each side, with those of these repetitions that are longer."""
    known = dict(bests)
    for rep in reps:
        if rep.is_hold and (rep.side not in known or rep.hold_s > known[rep.side].hold_s):
            known[rep.side] = Best(rep.side, rep.hold_s, rep.elevation_deg, today=True)
    return known


def _or_zero(value: float) -> float:
    return value if np.isfinite(value) else 0.0


def _or_nan(value: float | None) -> float:
    return nan if value is None else value


def _with_figures(rep: Rep, hold: Hold) -> Rep:
    elevation, pelvis = hold.femur_elevation_deg, hold.pelvis
    return replace(
        rep,
        hold_uncertainty_s=hold.hold_s_uncertainty_95,
        elevation_deg=elevation.mean,
        elevation_uncertainty_deg=elevation.uncertainty_rezeroed_95,
        rotation_out_deg=_or_nan(hold.hip_rotation_deg.external_peak),
        rotation_in_deg=_or_nan(hold.hip_rotation_deg.internal_peak),
        rotation_range_deg=_or_nan(hold.hip_rotation_range_deg),
        pelvis_tilt_deg=_or_nan(pelvis.tilt_deg.mean_shift),
        pelvis_obliquity_deg=_or_nan(pelvis.obliquity_deg.mean_shift),
        pelvis_rotation_deg=_or_nan(pelvis.rotation_deg.mean_shift),
    )


def _trace(snapshot: Snapshot) -> Trace:
    angles, n = snapshot.angles, len(snapshot.block)
    nothing = np.full(n, nan)
    parts = (
        (
            angles.hip_rotation_deg,
            angles.thigh_azimuth_deg,
            angles.pelvis_tilt_deg,
            angles.pelvis_obliquity_deg,
            angles.pelvis_rotation_deg,
        )
        if angles
        else (nothing,) * 5
    )
    return Trace(THIGHS[snapshot.placement], snapshot.block.time_s, snapshot.angle_deg, *parts)


def again(
    course: Course, frames: Iterable[Frame], events: Iterable[Event], aims: Aims, bests: Mapping[str, Best]
) -> Course:
    """The same session from its frames, judged by other aims."""
    fresh = Course(aims, course.guide.quick, bests, tuple(events))
    for frame in frames:
        fresh.take(frame)
    return fresh
