"""What was wrong in each hold of a session: one row per true hold, whatever the method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from told import BASELINE_S, COLUMNS, truth, wrapped

from hiphold import drill
from hiphold.measurement import Measurement
from hiphold.metrics import Hold, Stability
from hiphold.samples import Bools, Floats, Interval, Settings
from hiphold.simulation.truth import TrueHold
from hiphold.sources.simulate import Simulation

ANGLES = COLUMNS[:8]
"""without the trunk, which is not worn"""
RANGE, TIME = "rotation_range", "hold_time"
FIGURES = (*ANGLES[:5], RANGE, *ANGLES[5:], TIME)
"""in the order of the page; degrees, hold time in s"""
STATED = ("elevation_rezeroed", "elevation_absolute", RANGE, *ANGLES[5:], TIME)
"""figures that come with a 95 % interval"""
UPRIGHT = "elevation_upright"
"""truth only: against true vertical, not against the athlete's own stand"""
GRID_S = 0.01


@dataclass(frozen=True)
class Measured:
    """What a method says of a session, in session time."""

    time_s: Floats
    """(n,)"""
    series: Mapping[str, Floats]
    """(n,) each of ANGLES, degrees; NaN where not known"""
    held: tuple[Interval, ...]
    """the holds it found"""
    stated: tuple[Hold, ...] = ()
    """the same with intervals, where a method states any"""


@dataclass(frozen=True)
class HoldRow:
    """One true hold as a method saw it."""

    seed: int
    side: str
    number: int
    """within the session, from 0"""
    found: bool
    grazes: bool
    """lingers at the threshold: nobody can tell when it begins or ends, and its time is left out"""
    errors: Mapping[str, float] = field(default_factory=dict)
    """RMS over the hold of each of ANGLES; RANGE and TIME as they are off, with sign; no entry: not known"""
    inside: Mapping[str, bool] = field(default_factory=dict)
    """whether each of STATED holds the truth"""


@dataclass(frozen=True)
class Told:
    """The truth of one session: what all methods are judged against."""

    seed: int
    side: str
    """the trained one"""
    holds: tuple[TrueHold, ...]
    baselines: tuple[Interval, ...]
    """where the pelvic baseline of each hold is taken"""
    time_s: Floats
    """(n,) session time, every GRID_S"""
    angles: Mapping[str, Floats]
    """(n,) each of ANGLES, re-zeroed in the first stand, and UPRIGHT; degrees"""

    def at(self, time_s: Floats) -> dict[str, Floats]:
        """The angles at other times: on straight lines, which is right to a few thousandths of a degree."""
        return {name: np.interp(time_s, self.time_s, values) for name, values in self.angles.items()}


def told(simulation: Simulation, seed: int) -> Told:
    """Truth of a session with one trained leg."""
    true, side = simulation.truth, simulation.truth.sides[0]
    holds, time_s = true.holds(side), np.arange(0.0, true.duration_s, GRID_S)
    starts_s = [next(m.start_s for m in true.moves if m.start_s < hold.start_s < m.end_s) for hold in holds]
    baselines = tuple((start_s - BASELINE_S[0], start_s - BASELINE_S[1]) for start_s in starts_s)
    angles = truth(simulation, time_s, side) | {UPRIGHT: true.angles(time_s, side).femur_elevation_deg}
    return Told(seed, side, holds, baselines, time_s, angles)


def of_hiphold(simulation: Simulation, result: Measurement) -> Measured:
    """hiphold's own result in session time."""
    (track,), zero_s = result.tracks, simulation.first_sample_s
    unknown = np.full(len(track.time_s), np.nan)
    series = {name: track.others.get(f"{name}_deg", unknown) for name in ANGLES[1:]}
    held = tuple((hold.start_s + zero_s, hold.end_s + zero_s) for hold in result.holds)
    return Measured(track.time_s + zero_s, {ANGLES[0]: track.elevation_deg} | series, held, result.holds)


def of_series(time_s: Floats, series: Mapping[str, Floats]) -> Measured:
    """A method that gives angles only; its holds are found by the same definition."""
    state, ended, _ = drill.step(drill.DrillState(), time_s, series[ANGLES[0]], Settings())
    bouts = (*ended, *drill.finish(state, float(time_s[-1])))
    return Measured(time_s, series, tuple((b.start_s, b.end_s) for b in bouts if b.hold_s >= drill.HOLD_MIN_S))


NOTHING = Measured(np.empty(0), {name: np.empty(0) for name in ANGLES}, ())
"""of a method that refuses the session: every hold is missed"""


def _between(time_s: Floats, interval: Interval) -> Bools:
    return np.asarray((time_s >= interval[0]) & (time_s <= interval[1]))


def _overlap(a: Interval, b: Interval) -> float:
    return min(a[1], b[1]) - max(a[0], b[0])


def rows(told: Told, measured: Measured) -> list[HoldRow]:
    """One row for each true hold. Angles are judged over the true hold, found or not."""
    return [_row(told, number, hold, measured) for number, hold in enumerate(told.holds)]


def _row(told: Told, number: int, hold: TrueHold, measured: Measured) -> HoldRow:
    span = hold.start_s, hold.end_s
    most = max(range(len(measured.held)), key=lambda k: _overlap(measured.held[k], span), default=None)
    found = most is not None and _overlap(measured.held[most], span) > hold.hold_s / 2
    row = (told.seed, hold.side, number, found, hold.grazes)
    inside = _between(measured.time_s, span)
    if not inside.any():
        return HoldRow(*row)
    before = _between(measured.time_s, told.baselines[number])
    some = inside | before
    true = told.at(measured.time_s[some])
    errors = _angle_errors({name: values[some] for name, values in measured.series.items()}, true, inside[some])
    if most is None or not found:
        return HoldRow(*row, errors)
    stretch = _between(measured.time_s, measured.held[most])
    range_deg, wide_deg = _spread(measured.series["hip_rotation"][stretch]), _spread(true["hip_rotation"][inside[some]])
    errors |= {RANGE: range_deg - wide_deg} if np.isfinite(range_deg) else {}
    start_s, end_s = measured.held[most]
    errors |= {} if hold.grazes else {TIME: end_s - start_s - hold.hold_s}
    if not measured.stated:
        return HoldRow(*row, errors)
    said = measured.stated[most]
    return HoldRow(*row, errors, _inside(said, true, inside[some], errors))


def _spread(values_deg: Floats) -> float:
    return float(np.diff(np.percentile(values_deg, (5, 95)))[0])


def _angle_errors(series: Mapping[str, Floats], true: Mapping[str, Floats], inside: Bools) -> dict[str, float]:
    """RMS over the hold; pelvic angles against the baseline before it."""
    found = {}
    for name in ANGLES:
        off = wrapped(series[name] - true[name])
        if name.startswith("pelvis") and np.isfinite(off[~inside]).any():
            off = wrapped(off - np.nanmean(off[~inside]))
        if np.isfinite(off[inside]).any():
            found[name] = float(np.sqrt(np.nanmean(np.square(off[inside]))))
    return found


def _inside(said: Hold, true: Mapping[str, Floats], inside: Bools, errors: Mapping[str, float]) -> dict[str, bool]:
    """Whether each stated 95 % interval of a hold holds the truth; no entry where none is stated."""
    mean_deg = said.femur_elevation_deg.mean
    off: dict[str, tuple[float, float | None]] = {
        "elevation_rezeroed": (
            mean_deg - float(true["femur_elevation"][inside].mean()),
            said.femur_elevation_deg.uncertainty_rezeroed_95,
        ),
        "elevation_absolute": (
            mean_deg - float(true[UPRIGHT][inside].mean()),
            said.femur_elevation_deg.uncertainty_95,
        ),
    }
    if RANGE in errors:
        off[RANGE] = errors[RANGE], said.hip_rotation_range_uncertainty_95
    if TIME in errors:
        off[TIME] = errors[TIME], said.hold_s_uncertainty_95
    for name in ANGLES[5:]:
        stability: Stability = getattr(said.pelvis, f"{name.removeprefix('pelvis_')}_deg")
        if stability.mean_shift is not None:
            shift = float(true[name][inside].mean() - true[name][~inside].mean())
            off[name] = float(wrapped(np.array(stability.mean_shift - shift))), stability.uncertainty_95
    return {name: abs(wrong) <= half for name, (wrong, half) in off.items() if half is not None}
