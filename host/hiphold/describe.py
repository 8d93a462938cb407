"""What the stages found, put together as a measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hiphold import drill, metrics, stability
from hiphold.angles import Angles, facing_rad, wrapped_deg
from hiphold.measurement import Calibration, Measurement, NodeReport, RaiseReport, RecordingReport, Stretch
from hiphold.mounting import FACING_SD_DEG
from hiphold.quaternion import mean_direction, up_in_sensor
from hiphold.reasons import why_empty
from hiphold.samples import G_MPS2, Codes, Event, Interval, Settings, Track
from hiphold.segments import THIGHS, Oriented, Segment, ahead_in_stands

GRAVITY_ERROR = 0.02
RETURNS_DEG = 3.0
"""over feet of which one stays, a pelvis faces after a hold as before it within this"""
SHORT_STAND_S, SWAYED_DEG = 2.0, 1.5
"""a stand that is shorter, or moves more, is one to be doubted"""


@dataclass(frozen=True)
class Judged:
    """What the drill says of one side."""

    holds: tuple[metrics.Hold, ...]
    bouts: tuple[drill.Bout, ...]
    """those that count: the holds', and attempts"""
    track: Track | None
    """the series; None when it is not wanted"""
    has_angles: bool
    """whether hip and pelvis were ever known"""


def describe(
    segments: Sequence[Segment],
    judged: dict[str, Judged],
    oriented: Sequence[Oriented],
    stands: Sequence[Interval],
    settings: Settings,
    damage: tuple[str, ...],
    started_at: str | None,
) -> Measurement:
    """Put together what the stages found. judged: by side."""
    thighs = by_side(segments)
    holds = sorted((hold for each in judged.values() for hold in each.holds), key=lambda hold: hold.start_s)
    bouts = {side: list(each.bouts) for side, each in judged.items()}
    known = [side for side, each in judged.items() if each.has_angles]
    attempts = [
        metrics.Attempt(side, bout.start_s, bout.end_s, bout.hold_s)
        for side in thighs
        for bout in bouts[side]
        if bout.hold_s < drill.HOLD_MIN_S
    ]
    raises = [
        RaiseReport(side, found.peak_s, found.peak_deg) for side, thigh in thighs.items() for found in thigh.raises
    ]
    return Measurement(
        settings=settings,
        recording=RecordingReport(_duration_s(oriented), started_at),
        nodes=tuple(_node_report(o, drift_deg_per_min(o.data.placement, segments, stands)) for o in oriented),
        calibration=_calibration(segments, stands[0], bool(known)),
        reasons=tuple(why_empty(segments, known, oriented, bouts, holds, damage)),
        raises=tuple(sorted(raises, key=lambda r: r.peak_s)),
        attempts=tuple(sorted(attempts, key=lambda a: a.start_s)),
        holds=tuple(holds),
        tracks=tuple(each.track for each in judged.values() if each.track),
        stands=tuple(Stretch(*stand) for stand in stands),
    )


def by_side(segments: Sequence[Segment]) -> dict[str, Segment]:
    """The thighs among them."""
    return {THIGHS[s.data.placement]: s for s in segments if s.data.placement in THIGHS}


def describe_hold(
    side: str,
    bout: drill.Bout,
    segments: Sequence[Segment],
    angles: dict[str, Angles],
    settings: Settings,
    stands: Sequence[Interval] = (),
) -> metrics.Hold:
    """Every figure of one hold. The segments and angles (by side) must reach from the baseline to the end of it.

    stands: those before and after it, where these are known already.
    """
    thighs = by_side(segments)
    thigh = thighs[side]
    sd_deg = _elevation_sd_deg(thigh, bout, settings)
    found = thigh.data.block.time_s, thigh.angle_deg, bout, sd_deg, thigh.data, settings
    pelvis = next((s for s in segments if s.data.placement == "pelvis"), None)
    hold = metrics.describe_hold(side, *found, thigh.alignment.bone.posture.sd_deg)
    return _with_angles(hold, thighs, pelvis, angles, settings, stands)


def judge(
    side: str,
    segments: Sequence[Segment],
    angles: dict[str, Angles],
    stands: Sequence[Interval],
    settings: Settings,
    events: tuple[Event, ...],
) -> Judged:
    """One side of a whole recording."""
    thigh = by_side(segments)[side]
    bouts = drill.where_marked(list(thigh.bouts), events, side)
    holds = [describe_hold(side, b, segments, angles, settings, stands) for b in bouts if b.hold_s >= drill.HOLD_MIN_S]
    codes = drill.mark(thigh.phase, thigh.data.block.time_s, list(stands), bouts)
    return Judged(tuple(holds), tuple(bouts), track(side, thigh, angles.get(side), codes), side in angles)


def track(side: str, thigh: Segment, angles: Angles | None, phase: Codes) -> Track:
    """The series of one side; phase (n,) as it is to be shown."""
    others = {name: value for name, value in vars(angles).items() if name.endswith("_deg")} if angles else {}
    return Track(side, thigh.data.block.time_s, thigh.angle_deg, phase, others)


def _elevation_sd_deg(thigh: Segment, bout: drill.Bout, settings: Settings) -> float:
    """1 SD against the athlete's own stand; more where the thigh hangs otherwise by now."""
    held = _inside(thigh, (bout.start_s, bout.end_s))
    up_sensor = mean_direction(up_in_sensor(thigh.q_earth_from_sensor[held]))
    sd_deg = metrics.elevation_sd_deg(thigh.alignment, up_sensor, thigh.method, settings.causal)
    return float(np.hypot(sd_deg, thigh.mounting.hangs_off_deg)) if bout.start_s > thigh.mounting.until_s else sd_deg


def _shift_sd_deg(pelvis: Segment, before: Interval, held: Interval) -> tuple[float, float]:
    """1 SD of tilt and obliquity in a hold against the baseline, by the accelerometer."""
    if pelvis.mounting.axes is None:
        return 0.0, 0.0
    x, _, z = pelvis.mounting.axes.r_sensor_from_segment.T
    ups = [mean_direction(up_in_sensor(pelvis.q_earth_from_sensor[_inside(pelvis, each)])) for each in (before, held)]
    if not np.isfinite(ups).all():
        return 0.0, 0.0
    tilt_rad, obliquity_rad = (pelvis.alignment.correction.shift_sd_rad(axis, *ups) for axis in (z, x))
    return float(np.rad2deg(tilt_rad)), float(np.rad2deg(obliquity_rad))


def _drift_degps(pelvis: Segment, stands: Sequence[Interval], held: Interval) -> float:
    """By how much more than people do the pelvis seems to have turned from the stand before a hold to that after it."""
    before = [k for k, stand in enumerate(stands) if stand[1] <= held[0]][-1:]
    after = [k for k, stand in enumerate(stands) if stand[0] >= held[1]][:1]
    if pelvis.mounting.axes is None or not (before and after):
        return 0.0
    around = [*before, *after]
    first, last = np.rad2deg(facing_rad(pelvis.q_stands[around], pelvis.mounting.axes)).tolist()
    turned_deg = abs(float(wrapped_deg(np.array(last - first))))
    seconds = (sum(stands[after[0]]) - sum(stands[before[0]])) / 2
    return max(0.0, turned_deg - RETURNS_DEG) / seconds if np.isfinite(turned_deg) else 0.0


def _inside(segment: Segment, interval: Interval) -> slice:
    """Its samples in an interval."""
    first, last = np.searchsorted(segment.data.block.time_s, interval)
    return slice(int(first), int(last) + 1)


def _duration_s(oriented: Sequence[Oriented]) -> float:
    return float(max(o.span[1] for o in oriented) - min(o.span[0] for o in oriented))


def _with_angles(
    hold: metrics.Hold,
    thighs: dict[str, Segment],
    pelvis: Segment | None,
    angles: dict[str, Angles],
    settings: Settings,
    stands: Sequence[Interval],
) -> metrics.Hold:
    """The hold with what hip, pelvis, tremor and the other leg add to it."""
    thigh, other = thighs[hold.side], "left" if hold.side == "right" else "right"
    time_s = thigh.data.block.time_s
    inside = slice(np.searchsorted(time_s, hold.start_s), np.searchsorted(time_s, hold.end_s, "right"))
    if thigh.method != "recorded":  # where the quaternions say, there is nothing but gravity
        free = thigh.data.block.acc_mps2[inside], up_in_sensor(thigh.q_earth_from_sensor[inside])
        hold = replace(hold, tremor_mps2=stability.tremor(*free, thigh.data.period_s))
    if hold.side in angles:
        before = stability.baseline(time_s, thigh.tipped_deg + drill.STAND_DEG, hold.start_s)
        facing_sd_deg = FACING_SD_DEG.get(pelvis.mounting.by, 0.0) if pelvis else 0.0
        repetition = stability.Repetition(time_s, inside, before, facing_sd_deg, False, settings.causal)
        if pelvis:
            repetition = replace(
                repetition,
                zeroed=pelvis.zeroed,
                acc_sd_deg=_shift_sd_deg(pelvis, before, (hold.start_s, hold.end_s)),
                drift_degps=_drift_degps(pelvis, stands, (hold.start_s, hold.end_s)),
                chip=pelvis.data.chip,
                method=pelvis.method,
            )
        hold = stability.with_angles(hold, angles[hold.side], repetition)
    if other in angles:
        stance = thighs[other].data.block.time_s, angles[other].hip_flexion_deg
        hold = replace(hold, stance_hip_flexion_deg=stability.stance(*stance, hold.start_s, hold.end_s))
    return hold


def drift_deg_per_min(placement: str, segments: Sequence[Segment], stands: Sequence[Interval]) -> float | None:
    """Of the heading of one sensor against the pelvis'; None for the pelvis itself, and where it cannot be seen."""
    placed = {segment.data.placement: segment for segment in segments}
    if placement == "pelvis" or placement not in placed or "pelvis" not in placed:
        return None
    return ahead_in_stands(placed[placement], placed["pelvis"], stands).drift_deg_per_min


def _node_report(oriented: Oriented, drift: float | None) -> NodeReport:
    data = oriented.data
    return NodeReport(
        placement=data.placement,
        rate_hz=None if np.isnan(data.period_s) else 1 / data.period_s,
        samples=oriented.samples,
        lost=data.lost,
        gaps=tuple(Stretch(*gap) for gap in data.gaps),
        saturated=data.saturated,
        heading_drift_deg_per_min=drift,
        orientation_disagreement_deg=oriented.disagreement_deg,
    )


def _calibration(segments: Sequence[Segment], stand: Interval, hip_known: bool) -> Calibration:
    quality: dict[str, float | str] = {}
    warnings = []
    if stand[1] - stand[0] < SHORT_STAND_S:
        warnings.append(
            f"the reference stand lasted only {stand[1] - stand[0]:.1f} s; stand still for 3 s at the start."
        )
    for segment in segments:
        name, aligned, mounting = segment.data.placement, segment.alignment, segment.mounting
        quality[f"{name}_stand_sway_deg"] = aligned.sway_deg
        quality[f"{name}_gravity_error_percent"] = 100 * aligned.gravity_error
        if name in THIGHS:
            offset_mg = 1000 * np.linalg.norm(aligned.correction.errors[:3]) / G_MPS2
            quality[f"{name}_accelerometer_offset_mg"] = float(offset_mg)
            quality[f"{name}_posture"] = aligned.bone.posture.way
            quality[f"{name}_posture_forward_deg"] = aligned.bone.posture.forward_deg
            quality[f"{name}_posture_sd_deg"] = aligned.bone.posture.sd_deg
        if mounting.axes and np.isfinite(mounting.axes.spread_deg):
            quality[f"{name}_axis_spread_deg"] = mounting.axes.spread_deg
        if aligned.sway_deg > SWAYED_DEG:
            moved = f"{name} moved by {aligned.sway_deg:.1f} degrees RMS in the reference stand"
            warnings.append(f"{moved}; stand still for 3 s.")
        elif abs(aligned.gravity_error) > GRAVITY_ERROR:
            warnings.append(
                f"the accelerometer of {name} shows gravity {100 * aligned.gravity_error:+.1f} % wrong; "
                "calibrate it in six positions."
            )
    return Calibration(_method(segments) if hip_known else "stand", Stretch(*stand), quality, tuple(warnings))


def _method(segments: Sequence[Segment]) -> str:
    """Full when all that could be learned from motion was; quick when marks stood in for some of it."""
    if not any(segment.mounting.axes for segment in segments if segment.data.placement in THIGHS):
        return "stand"
    return "quick" if any(segment.mounting.by == "marks" for segment in segments) else "full"
