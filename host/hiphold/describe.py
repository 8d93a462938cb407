"""What the stages found, put together as a measurement, and why what is empty is empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hiphold import alignment, drill, metrics, stability
from hiphold.alignment import Alignment
from hiphold.angles import Angles
from hiphold.measurement import Calibration, Measurement, NodeReport, RaiseReport, RecordingReport, Stretch
from hiphold.quaternion import up_in_sensor
from hiphold.samples import Block, Codes, Event, Floats, Interval, NodeData, Reason, Settings, Track

THIGHS = {"thigh_left": "left", "thigh_right": "right"}
WORN = ("pelvis", *THIGHS)
"""the placements that must be quiet together to make a stand"""
DISAGREEMENT_LIMIT_DEG = 3.0


@dataclass(frozen=True)
class Segment:
    """One worn sensor, measured over time."""

    data: NodeData
    alignment: Alignment
    angle_deg: Floats
    """(n,) thigh: femur elevation; pelvis: how far it is tipped from its stand"""
    phase: Codes
    """(n,) codes of drill.PHASES, as known at each sample"""
    bouts: tuple[drill.Bout, ...]
    method: str
    """whose orientation the angles are from"""
    q_earth_from_sensor: Floats
    """(n, 4); empty live, where only elevation is measured"""


@dataclass(frozen=True)
class Oriented:
    """One node with its orientation."""

    data: NodeData
    q_earth_from_sensor: Floats
    """(n, 4); NaN where it could not be had"""
    disagreement_deg: float | None
    """RMS angle between the host's and the node's own up; None when only one of them is there"""
    method: str | None = None
    """whose orientation it is: the host's filter by name, or `recorded`; None when there is none"""


def describe(
    segments: Sequence[Segment],
    angles: dict[str, Angles],
    oriented: Sequence[Oriented],
    stands: Sequence[Interval],
    settings: Settings,
    events: tuple[Event, ...],
    damage: tuple[str, ...],
    started_at: str | None,
) -> Measurement:
    """Put together what the stages found."""
    thighs = {THIGHS[s.data.placement]: s for s in segments if s.data.placement in THIGHS}
    bouts = {side: drill.where_marked(list(s.bouts), events, side) for side, s in thighs.items()}
    holds = [
        metrics.describe_hold(
            side,
            thigh.data.block.time_s,
            thigh.angle_deg,
            bout,
            metrics.elevation_sd_deg(thigh.alignment, thigh.method, settings.causal),
            thigh.data,
            settings,
        )
        for side, thigh in thighs.items()
        for bout in bouts[side]
        if bout.hold_s >= drill.HOLD_MIN_S
    ]
    holds = [_with_angles(hold, thighs, angles) for hold in holds]
    attempts = [
        metrics.Attempt(side, bout.start_s, bout.end_s, bout.hold_s)
        for side in thighs
        for bout in bouts[side]
        if bout.hold_s < drill.HOLD_MIN_S
    ]
    raises = [
        RaiseReport(side, found.peak_s, found.peak_deg)
        for side, thigh in thighs.items()
        for found in drill.find_raises(thigh.data.block.time_s, thigh.angle_deg)
    ]
    return Measurement(
        settings=settings,
        recording=RecordingReport(_duration_s([o.data.block for o in oriented]), started_at),
        nodes=tuple(_node_report(o, angles) for o in oriented),
        calibration=_calibration(thighs, stands[0], settings, bool(angles)),
        reasons=tuple(_reasons(segments, angles, oriented, bouts, damage)),
        raises=tuple(sorted(raises, key=lambda r: r.peak_s)),
        attempts=tuple(sorted(attempts, key=lambda a: a.start_s)),
        holds=tuple(sorted(holds, key=lambda h: h.start_s)),
        tracks=tuple(
            _track(side, thigh, angles.get(side), stands, bouts[side], settings) for side, thigh in thighs.items()
        ),
        stands=tuple(Stretch(*stand) for stand in stands),
    )


def _duration_s(blocks: Sequence[Block]) -> float:
    return float(max(b.time_s[-1] for b in blocks) - min(b.time_s[0] for b in blocks))


def _track(
    side: str,
    thigh: Segment,
    angles: Angles | None,
    stands: Sequence[Interval],
    bouts: list[drill.Bout],
    settings: Settings,
) -> Track:
    time_s = thigh.data.block.time_s
    # live, a hold is known 0.3 s after it started, and the series shows what was known
    put_in: tuple[list[Interval], list[drill.Bout]] = ([], []) if settings.causal else (list(stands), bouts)
    others = {name: value for name, value in vars(angles).items() if name.endswith("_deg")} if angles else {}
    return Track(side, time_s, thigh.angle_deg, drill.mark(thigh.phase, time_s, *put_in), others)


def _with_angles(hold: metrics.Hold, thighs: dict[str, Segment], angles: dict[str, Angles]) -> metrics.Hold:
    """The hold with what hip, pelvis, tremor and the other leg add to it."""
    thigh, other = thighs[hold.side], "left" if hold.side == "right" else "right"
    time_s = thigh.data.block.time_s
    inside = slice(np.searchsorted(time_s, hold.start_s), np.searchsorted(time_s, hold.end_s, "right"))
    if len(thigh.q_earth_from_sensor):
        free = thigh.data.block.acc_mps2[inside], up_in_sensor(thigh.q_earth_from_sensor[inside])
        hold = replace(hold, tremor_mps2=stability.tremor(*free, thigh.data.period_s))
    if hold.side in angles:
        before = stability.baseline(time_s, thigh.angle_deg, hold.start_s)
        hold = stability.with_angles(hold, time_s, angles[hold.side], inside, before)
    if other in angles:
        stance = thighs[other].data.block.time_s, angles[other].hip_flexion_deg
        hold = replace(hold, stance_hip_flexion_deg=stability.stance(*stance, hold.start_s, hold.end_s))
    return hold


def _node_report(oriented: Oriented, angles: dict[str, Angles]) -> NodeReport:
    data = oriented.data
    hip = angles.get(THIGHS.get(data.placement, ""))
    return NodeReport(
        placement=data.placement,
        rate_hz=None if np.isnan(data.period_s) else 1 / data.period_s,
        samples=len(data.block),
        lost=data.lost,
        gaps=tuple(Stretch(*gap) for gap in data.gaps),
        saturated=data.saturated,
        heading_drift_deg_per_min=hip.heading_drift_deg_per_min if hip else None,
        orientation_disagreement_deg=oriented.disagreement_deg,
    )


def _calibration(thighs: dict[str, Segment], stand: Interval, settings: Settings, full: bool) -> Calibration:
    quality, warnings = {}, []
    for side, thigh in thighs.items():
        aligned = thigh.alignment
        quality[f"thigh_{side}_stand_sway_deg"] = aligned.sway_deg
        quality[f"thigh_{side}_gravity_error_percent"] = 100 * aligned.gravity_error
        quality[f"thigh_{side}_elevation_sd_deg"] = metrics.elevation_sd_deg(aligned, thigh.method, settings.causal)
        if abs(aligned.gravity_error) > 0.02:
            warnings.append(
                f"the accelerometer of thigh_{side} shows gravity {100 * aligned.gravity_error:+.1f} % wrong; "
                "calibrate it in six positions."
            )
    return Calibration("full" if full else "stand", Stretch(*stand), quality, tuple(warnings))


def _reasons(
    segments: Sequence[Segment],
    angles: dict[str, Angles],
    oriented: Sequence[Oriented],
    bouts: dict[str, list[drill.Bout]],
    damage: tuple[str, ...],
) -> Iterator[Reason]:
    for sentence in (*damage, *(warning for o in oriented for warning in o.data.warnings)):
        yield Reason("recording", sentence)
    measured = {segment.data.placement for segment in segments}
    for o in oriented:
        yield from _doubts(o, o.data.placement in measured)
    for segment in segments:
        if segment.data.placement in THIGHS:
            yield from _unseen(segment, bouts[THIGHS[segment.data.placement]])
    yield from _why_no_hip(segments, angles)
    yield Reason("trunk", "trunk angles are not measured by this version.")


def _doubts(oriented: Oriented, measured: bool) -> Iterator[Reason]:
    """What speaks against one node."""
    placement, off_deg = oriented.data.placement, oriented.disagreement_deg
    if off_deg is not None and off_deg > DISAGREEMENT_LIMIT_DEG:
        why = f"host and recorded orientation of {placement} disagree by {off_deg:.1f} degrees RMS."
        yield Reason("orientation", why + " One of them is wrong: check the sensor before trusting either.")
    if oriented.method is None:
        yield Reason(placement, f"{placement} brought no orientation of its own; measure with --orientation host.")
    elif placement in WORN and not measured:
        yield Reason(placement, f"{placement} was never seen to stand still; stand still for 3 s with all sensors on.")


def _unseen(thigh: Segment, bouts: Sequence[drill.Bout]) -> Iterator[Reason]:
    """What the samples do not show of a thigh's holds."""
    leg, placement = THIGHS[thigh.data.placement], thigh.data.placement
    for bout in bouts:
        if not bout.complete:
            why = f"the recording ends {bout.hold_s:.1f} s into a hold of the {leg} leg; its end is not known."
            yield Reason("hold_s", why)
    for start_s, end_s in (*thigh.data.gaps, *_unknown(thigh)):
        if end_s - start_s > drill.RUN_S and any(b.start_s < end_s and start_s < b.end_s for b in bouts):
            why = f"{end_s - start_s:.1f} s of {placement} are missing at {start_s:.1f} s, in a hold;"
            yield Reason("hold_s", why + " the leg may have come down unseen.")


def _unknown(thigh: Segment) -> list[Interval]:
    """From the last known to the first known elevation around each stretch without any."""
    known = np.flatnonzero(np.isfinite(thigh.angle_deg))
    time_s = thigh.data.block.time_s
    return [(float(time_s[known[i]]), float(time_s[known[i + 1]])) for i in np.flatnonzero(np.diff(known) > 1)]


def _why_no_hip(segments: Sequence[Segment], angles: dict[str, Angles]) -> Iterator[Reason]:
    """Why hip, azimuth and pelvis of a side are empty, when they are."""
    pelvis = next((s for s in segments if s.data.placement == "pelvis"), None)
    for thigh in (s for s in segments if s.data.placement in THIGHS):
        if THIGHS[thigh.data.placement] in angles:
            continue
        what = f"hip, thigh_azimuth, pelvis ({THIGHS[thigh.data.placement]})"
        if not len(thigh.q_earth_from_sensor):
            yield Reason(
                what, "live, this version measures femur elevation only; measure the recording without --causal."
            )
        elif pelvis is None:
            yield Reason(what, "there is no pelvis sensor in this recording; wear one to measure hip and pelvis.")
        elif not bows_of(pelvis, thigh):
            why = "there is no bow in this recording to find the pelvis axes from; bow once after the stand."
            yield Reason(what, why)
        else:
            yield Reason(what, "this leg was never raised, so the thigh's axes are not known; raise the knee twice.")


def bows_of(pelvis: Segment, thigh: Segment) -> list[Interval]:
    """The bows: pelvis tipped, thigh hanging."""
    tipped = thigh.angle_deg - drill.STAND_DEG
    return alignment.find_bows(pelvis.data.block.time_s, pelvis.angle_deg, thigh.data.block.time_s, tipped)
