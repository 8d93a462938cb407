"""From frames to a measurement: the one place that knows the order of the stages.

Offline every stage takes the whole recording as one block. Live (`live.py`) it takes a frame at a time; `--causal`
runs a recording through that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hiphold import alignment, drill, metrics, orientation, quaternion, stillness, timeline
from hiphold.alignment import Alignment
from hiphold.errors import BadInputError, NothingToMeasureError
from hiphold.measurement import Calibration, Measurement, NodeReport, RaiseReport, RecordingReport, Stretch
from hiphold.samples import Block, Event, Floats, Frame, Interval, NodeData, Reason, Settings, Track

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
    phase: npt.NDArray[np.int8]
    """(n,) codes of drill.PHASES, as known at each sample"""
    bouts: tuple[drill.Bout, ...]


@dataclass(frozen=True)
class Oriented:
    """One node with its orientation."""

    data: NodeData
    q_earth_from_sensor: Floats
    """(n, 4); NaN where it could not be had"""
    disagreement_deg: float | None
    """RMS angle between the host's and the node's own up; None when only one of them is there"""
    has_orientation: bool = True
    """whether there is any; recorded ones may not be"""


def measure(
    frames: Iterable[Frame],
    settings: Settings,
    events: tuple[Event, ...] = (),
    damage: tuple[str, ...] = (),
    started_at: str | None = None,
) -> Measurement:
    """Measure a whole recording.

    damage: sentences on what the file lost. Raises NothingToMeasureError without a thigh or a stand, BadInputError for
    a recording that contradicts itself.
    """
    nodes = check_placements(timeline.assemble(frames))
    oriented = [orient(data, settings) for data in nodes]
    worn = check_oriented(oriented)
    stands = find_stands(worn, events)
    segments = [follow(o, stands[0], settings) for o in worn]
    return describe(segments, oriented, stands, settings, events, damage, started_at)


def check_placements(nodes: Sequence[NodeData]) -> list[NodeData]:
    """The nodes that say where they are worn. Raises without a thigh, or with two nodes in one place."""
    known = [data for data in nodes if data.placement != "unknown"]
    placements = [data.placement for data in known]
    for placement in placements:
        if placements.count(placement) > 1:
            names = " and ".join(data.node for data in known if data.placement == placement)
            raise BadInputError(f"two nodes are placed at {placement} ({names}); give each its own placement.")
    if not set(placements) & set(THIGHS):
        nameless = ", ".join(f"{data.node}, which never said where it is worn" for data in nodes if data not in known)
        found = ", ".join([*placements, *([nameless] if nameless else [])]) or "no sensor at all"
        raise NothingToMeasureError(
            f"there is no thigh sensor in this recording (found: {found}); wear one on a thigh."
        )
    return known


def check_oriented(oriented: Sequence[Oriented]) -> list[Oriented]:
    """The worn nodes with an orientation. Raises when no thigh has one, which only happens to recorded ones."""
    worn = [o for o in oriented if o.data.placement in WORN and o.has_orientation]
    if not any(o.data.placement in THIGHS for o in worn):
        raise BadInputError("no thigh sensor brought an orientation of its own; measure with --orientation host.")
    return worn


def orient(data: NodeData, settings: Settings) -> Oriented:
    """Orientation of one node over the whole recording."""

    def estimate(time_s: Floats, gyr_radps: Floats, acc_mps2: Floats) -> Floats:
        return orientation.estimate_orientation(time_s, gyr_radps, acc_mps2, settings.method)

    fused = fuse(data.block, estimate)
    difference = orientation.inclination_difference(fused, data.block.q_recorded)
    block, q = choose(data.block, fused, settings)
    return Oriented(data.with_block(block), q, rms_deg(difference), bool(np.isfinite(q).any()))


def fuse(block: Block, estimate: Callable[[Floats, Floats, Floats], Floats]) -> Floats:
    """(n, 4) the host's orientation where there are raw samples, NaN elsewhere."""
    raw = np.asarray(quaternion.known(block.acc_mps2) & quaternion.known(block.gyr_radps))
    if raw.all():
        return estimate(block.time_s, block.gyr_radps, block.acc_mps2)
    fused, some = np.full((len(block), 4), np.nan), block.select(raw)
    fused[raw] = estimate(some.time_s, some.gyr_radps, some.acc_mps2) if len(some) else fused[raw]
    return fused


def choose(block: Block, fused: Floats, settings: Settings) -> tuple[Block, Floats]:
    """The samples and the orientation that the stages after this work on.

    With recorded orientation, gravity is where the quaternions say, so that stand and hold are judged by the same
    estimate; so it is for a node that sent nothing else.
    """
    if settings.orientation == "host" and np.isfinite(fused).any():
        return block, fused
    return orientation.raw_from_quaternions(block), block.q_recorded


def rms_deg(angles_rad: Floats) -> float | None:
    """Root mean square in degrees; None of nothing."""
    return float(np.rad2deg(np.sqrt(np.mean(np.square(angles_rad))))) if len(angles_rad) else None


def find_stands(worn: Sequence[Oriented], events: tuple[Event, ...]) -> list[Interval]:
    """Reference stand first. Events `still` win. Raises NothingToMeasureError when there is none."""
    marked = marked_stands(events)
    if marked and not all(len(o.data.block.between(marked[0])) for o in worn):
        raise nothing_there(marked[0])
    quiet = [] if marked else [stillness.quiet_intervals(o.data.block, o.data.period_s) for o in worn]
    thighs = [o.data.block for o in worn if o.data.placement in THIGHS]
    stands = marked or stillness.find_stands(quiet, thighs)
    return check_stands(stands)


def marked_stands(events: tuple[Event, ...]) -> list[Interval]:
    """The events `still`, by time."""
    return sorted((event.start_s, event.end_s) for event in events if event.label == "still")


def nothing_there(marked: Interval) -> BadInputError:
    """The error for an event `still` without samples."""
    return BadInputError(f"the event still at {marked[0]:g} s lies where a worn sensor has no samples.")


def check_stands(stands: list[Interval]) -> list[Interval]:
    """The same stands; raises when there is none."""
    if not stands:
        raise NothingToMeasureError(
            f"there is no quiet stand of at least {stillness.STAND_MIN_S:g} s in this recording; "
            "stand still for 3 s before the first raise."
        )
    return stands


def follow(oriented: Oriented, stand: Interval, settings: Settings) -> Segment:
    """One worn sensor from orientation to angle and, for a thigh, to the drill."""
    data, time_s = oriented.data, oriented.data.block.time_s
    up_sensor = quaternion.up_in_sensor(oriented.q_earth_from_sensor)
    aligned = alignment.align_to_stand(data.block, up_sensor, stand)
    if data.placement not in THIGHS:
        tipped = alignment.tipped_deg(up_sensor, aligned)
        return Segment(data, aligned, tipped, np.zeros(len(time_s), np.int8), ())
    elevation = alignment.femur_elevation_deg(up_sensor, aligned)
    state, bouts, phase = drill.step(drill.DrillState(), time_s, elevation, settings)
    return Segment(data, aligned, elevation, phase, (*bouts, *drill.finish(state, float(time_s[-1]))))


def describe(
    segments: Sequence[Segment],
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
            metrics.elevation_sd_deg(thigh.alignment, settings),
            thigh.data,
            settings,
        )
        for side, thigh in thighs.items()
        for bout in bouts[side]
        if bout.hold_s >= drill.HOLD_MIN_S
    ]
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
        nodes=tuple(_node_report(o) for o in oriented),
        calibration=_calibration(thighs, stands[0], settings),
        reasons=tuple(_reasons(segments, oriented, bouts, damage)),
        raises=tuple(sorted(raises, key=lambda r: r.peak_s)),
        attempts=tuple(sorted(attempts, key=lambda a: a.start_s)),
        holds=tuple(sorted(holds, key=lambda h: h.start_s)),
        tracks=tuple(_track(side, thigh, stands, bouts[side], settings) for side, thigh in thighs.items()),
        stands=tuple(Stretch(*stand) for stand in stands),
    )


def _duration_s(blocks: Sequence[Block]) -> float:
    return float(max(b.time_s[-1] for b in blocks) - min(b.time_s[0] for b in blocks))


def _track(side: str, thigh: Segment, stands: Sequence[Interval], bouts: list[drill.Bout], settings: Settings) -> Track:
    time_s = thigh.data.block.time_s
    # live, a hold is known 0.3 s after it started, and the series shows what was known
    put_in: tuple[list[Interval], list[drill.Bout]] = ([], []) if settings.causal else (list(stands), bouts)
    return Track(side, time_s, thigh.angle_deg, drill.mark(thigh.phase, time_s, *put_in))


def _node_report(oriented: Oriented) -> NodeReport:
    data = oriented.data
    return NodeReport(
        placement=data.placement,
        rate_hz=None if np.isnan(data.period_s) else 1 / data.period_s,
        samples=len(data.block),
        lost=data.lost,
        gaps=tuple(Stretch(*gap) for gap in data.gaps),
        saturated=data.saturated,
        heading_drift_deg_per_min=None,
        orientation_disagreement_deg=oriented.disagreement_deg,
    )


def _calibration(thighs: dict[str, Segment], stand: Interval, settings: Settings) -> Calibration:
    quality, warnings = {}, []
    for side, thigh in thighs.items():
        aligned = thigh.alignment
        quality[f"thigh_{side}_stand_sway_deg"] = aligned.sway_deg
        quality[f"thigh_{side}_gravity_error_percent"] = 100 * aligned.gravity_error
        quality[f"thigh_{side}_elevation_sd_deg"] = metrics.elevation_sd_deg(aligned, settings)
        if abs(aligned.gravity_error) > 0.02:
            warnings.append(
                f"the accelerometer of thigh_{side} shows gravity {100 * aligned.gravity_error:+.1f} % wrong; "
                "calibrate it in six positions."
            )
    return Calibration("stand", Stretch(*stand), quality, tuple(warnings))


def _reasons(
    segments: Sequence[Segment],
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
        for bout in bouts.get(THIGHS.get(segment.data.placement, ""), []):
            yield from _unseen(segment.data, bout)
    yield _why_no_hip(segments)


def _doubts(oriented: Oriented, measured: bool) -> Iterator[Reason]:
    """What speaks against one node."""
    placement, off_deg = oriented.data.placement, oriented.disagreement_deg
    if off_deg is not None and off_deg > DISAGREEMENT_LIMIT_DEG:
        why = f"host and recorded orientation of {placement} disagree by {off_deg:.1f} degrees RMS."
        yield Reason("orientation", why + " One of them is wrong: check the sensor before trusting either.")
    if not oriented.has_orientation:
        yield Reason(placement, f"{placement} brought no orientation of its own; measure with --orientation host.")
    elif placement in WORN and not measured:
        yield Reason(placement, f"{placement} was never seen to stand still; stand still for 3 s with all sensors on.")


def _unseen(data: NodeData, bout: drill.Bout) -> Iterator[Reason]:
    """What the samples do not show of a bout."""
    if not bout.complete:
        leg = THIGHS[data.placement]
        why = f"the recording ends {bout.hold_s:.1f} s into a hold of the {leg} leg; its end is not known."
        yield Reason("hold_s", why)
    for start_s, end_s in data.gaps:
        if end_s - start_s > drill.RUN_S and bout.start_s < end_s and start_s < bout.end_s:
            why = f"{end_s - start_s:.1f} s of {data.placement} are missing at {start_s:.1f} s, in a hold;"
            yield Reason("hold_s", why + " the leg may have come down unseen.")


def _why_no_hip(segments: Sequence[Segment]) -> Reason:
    """Why everything but elevation is empty."""
    what = "hip, thigh_azimuth, pelvis, trunk, stance, tremor"
    pelvis = next((s for s in segments if s.data.placement == "pelvis"), None)
    if pelvis is None:
        return Reason(what, "there is no pelvis sensor in this recording; wear one to measure hip and pelvis.")
    thigh = next(s for s in segments if s.data.placement in THIGHS)
    times = (pelvis.data.block.time_s, thigh.data.block.time_s)
    bows = alignment.find_bows(times[0], pelvis.angle_deg, times[1], thigh.angle_deg + 90)
    if not bows:
        return Reason(what, "there is no bow in this recording to find the pelvis axes from; bow once after the stand.")
    return Reason(what, "a stand, raises and a bow are there, but this version measures femur elevation only.")
