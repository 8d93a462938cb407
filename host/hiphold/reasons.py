"""Why what is empty is empty, and what of the rest should be doubted: one sentence each, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from hiphold import drill
from hiphold.metrics import Hold
from hiphold.samples import Reason
from hiphold.segments import MEASURED, THIGHS, Oriented, Segment

DISAGREEMENT_LIMIT_DEG = 3.0
CLIPPED_S = 0.05
"""a knock is shorter"""


def why_empty(
    segments: Sequence[Segment],
    known: Collection[str],
    oriented: Sequence[Oriented],
    bouts: dict[str, list[drill.Bout]],
    holds: Sequence[Hold],
    damage: tuple[str, ...],
) -> Iterator[Reason]:
    """All reasons of one measurement. known: sides of which hip and pelvis are; bouts: those that count;
    damage: what the file lost.
    """
    for sentence in (*damage, *(warning for o in oriented for warning in o.data.warnings)):
        yield Reason("recording", sentence)
    measured = {segment.data.placement for segment in segments}
    for o in oriented:
        yield from _doubts(o, o.data.placement in measured)
    for segment in segments:
        if segment.mounting.slipped:
            yield Reason(_rests_on(segment), segment.mounting.slipped)
        if segment.mounting.doubt:
            yield Reason(_doubtful(segment), segment.mounting.doubt)
        if segment.method == "recorded" and segment.data.placement in THIGHS and holds:
            yield Reason(
                "tremor", "with recorded orientation there is no acceleration beside gravity to tell tremor from."
            )
        for sentence in segment.alignment.bone.refused:
            yield Reason("femur_elevation", sentence)
        if segment.data.placement in THIGHS:
            yield from _unseen(segment, bouts[segment.side])
        elif segment.data.placement == "pelvis":
            yield from _unseen_pelvis(segment, holds)
    yield from _no_hip(segments, known, any(o.data.placement == "pelvis" for o in oriented))
    yield from _not_known(segments, known, holds)
    yield from _no_stance(segments, holds)
    yield from _no_trunk(segments, any(o.data.placement == "trunk" for o in oriented))


def _doubts(oriented: Oriented, measured: bool) -> Iterator[Reason]:
    """What speaks against one node."""
    placement, off_deg = oriented.data.placement, oriented.disagreement_deg
    if off_deg is not None and off_deg > DISAGREEMENT_LIMIT_DEG:
        why = f"host and recorded orientation of {placement} disagree by {off_deg:.1f} degrees RMS."
        yield Reason("orientation", why + " One of them is wrong: check the sensor before trusting either.")
    clipped = oriented.data.saturated or 0
    if measured and clipped * oriented.data.period_s > CLIPPED_S:
        why = f"{clipped} samples of {placement} are at the end of its sensor's range: angles and times may be wrong;"
        yield Reason(placement, why + " fasten it so that nothing knocks it, or raise the leg less briskly.")
    if oriented.method is None:
        yield Reason(placement, f"{placement} brought no orientation of its own; measure with --orientation host.")
    elif placement in MEASURED and not measured:
        yield Reason(placement, f"{placement} was never seen to stand still; stand still for 3 s with all sensors on.")


def _unseen(thigh: Segment, bouts: Sequence[drill.Bout]) -> Iterator[Reason]:
    """What the samples do not show of a thigh's holds."""
    leg, placement = thigh.side, thigh.data.placement
    for bout in bouts:
        if not bout.complete:
            why = f"the recording ends {bout.hold_s:.1f} s into a hold of the {leg} leg;"
            why += " keep recording until the leg is down."
            yield Reason("hold_s", why)
    for start_s, end_s in (*thigh.data.gaps, *thigh.unseen):
        if end_s - start_s > drill.RUN_S and any(b.start_s < end_s and start_s < b.end_s for b in bouts):
            why = f"{end_s - start_s:.1f} s of {placement} are missing at {start_s:.1f} s, in a hold;"
            yield Reason("hold_s", why + " the leg may have come down unseen. Keep the sensor near the host.")


def _unseen_pelvis(pelvis: Segment, holds: Sequence[Hold]) -> Iterator[Reason]:
    """Gaps of the pelvis in holds, of which hip and pelvis then say only the rest."""
    for start_s, end_s in pelvis.data.gaps:
        if end_s - start_s > drill.RUN_S and any(h.start_s < end_s and start_s < h.end_s for h in holds):
            why = f"{end_s - start_s:.1f} s of pelvis are missing at {start_s:.1f} s, in a hold; its figures say"
            why += " nothing of them, and live nothing of hip and azimuth from there to the next stand."
            yield Reason("hip, thigh_azimuth, pelvis", why + " Keep the sensor near the host.")


def _no_hip(segments: Sequence[Segment], known: Collection[str], has_pelvis: bool) -> Iterator[Reason]:
    """Why hip, azimuth and pelvis of a side are empty, as far as they are."""
    pelvis = next((s for s in segments if s.data.placement == "pelvis"), None)
    sides = [s for s in segments if s.data.placement in THIGHS]
    everything = ", ".join(f"hip, thigh_azimuth, pelvis ({s.side})" for s in sides)
    if pelvis is None and has_pelvis:
        yield Reason(everything, "the pelvis sensor could not be used; stand still for 3 s with all sensors on.")
    elif pelvis is None:
        yield Reason(everything, "there is no pelvis sensor in this recording; wear one to measure hip and pelvis.")
    elif pelvis.mounting.axes is None:
        yield Reason(everything, f"pelvis: {pelvis.mounting.why}")
    for thigh in sides:
        if thigh.mounting.axes is None:
            yield Reason(f"hip, thigh_azimuth ({thigh.side})", f"{thigh.data.placement}: {thigh.mounting.why}")
        elif thigh.side in known and not thigh.mounting.faces_surely:
            what = f"hip_adduction, hip_rotation, thigh_azimuth ({thigh.side})"
            yield Reason(what, f"{thigh.data.placement}: {thigh.mounting.why}")
        elif pelvis and pelvis.mounting.axes and thigh.side not in known:
            why = "no stand shows pelvis and thigh together; stand still for 3 s with both sensors on."
            yield Reason(f"hip, thigh_azimuth, pelvis ({thigh.side})", why)


def _not_known(segments: Sequence[Segment], known: Collection[str], holds: Sequence[Hold]) -> Iterator[Reason]:
    """Why figures of single holds are empty though the others have them. What came after a slip has its reason."""
    until_s = {s.data.placement: s.mounting.until_s for s in segments}
    facing = {s.side: s.mounting.faces_surely for s in segments if s.data.placement in THIGHS}
    for hold in holds:
        hub_s, leg_s = until_s.get("pelvis", np.inf), until_s.get(f"thigh_{hold.side}", np.inf)
        if not (hold.side in known and facing.get(hold.side)) or hold.start_s >= hub_s:
            continue
        if hold.start_s < leg_s:
            yield from _not_known_in(hold)
        elif hold.pelvis.tilt_deg.mean_shift is None:
            why = f"at the hold from {hold.start_s:.0f} s it was not yet known which sensor had slipped;"
            yield Reason(f"pelvis ({hold.side})", why + " measure without --causal to see the pelvis.")


def _not_known_in(hold: Hold) -> Iterator[Reason]:
    when, side = f"at the hold from {hold.start_s:.0f} s", hold.side
    shifted, flexed = hold.pelvis.tilt_deg.mean_shift is not None, hold.hip_flexion_deg.mean is not None
    if flexed and hold.hip_rotation_deg.internal_peak is None:
        why = f"{when} the {side} knee had not been seen to rise twice. Stand still, then do the ritual,"
        yield Reason(f"hip_adduction, hip_rotation, thigh_azimuth ({side})", why + " before the first hold.")
    elif flexed and not shifted:
        why = f"{when} the leg was not seen to hang before the raise; stand for 2 s before each hold."
        yield Reason(f"pelvis ({side})", why)
    elif not flexed:
        what = f"hip, thigh_azimuth ({side})" if shifted else f"hip, thigh_azimuth, pelvis ({side})"
        why = f"{when} it was not known how pelvis and thigh stood to each other: a sensor sent nothing,"
        yield Reason(what, why + " or the ritual came later. Keep the sensors near, and begin with the ritual.")


def _no_stance(segments: Sequence[Segment], holds: Sequence[Hold]) -> Iterator[Reason]:
    """Why nothing is said of the stance leg in any hold."""
    if holds and all(hold.stance_hip_flexion_deg.mean is None for hold in holds):
        placements = {segment.data.placement for segment in segments}
        if not placements >= set(THIGHS):
            yield Reason("stance_hip_flexion", "only one thigh wears a sensor; wear one on each.")
        elif "pelvis" in placements:
            yield Reason("stance_hip_flexion", "how the other thigh sits is not known; raise each knee twice.")


def _no_trunk(segments: Sequence[Segment], has_trunk: bool) -> Iterator[Reason]:
    placed = {segment.data.placement: segment for segment in segments}
    if not has_trunk:
        yield Reason("trunk", "there is no trunk sensor in this recording; wear one to measure the trunk.")
    elif "trunk" in placed and placed["trunk"].mounting.axes is None:
        yield Reason("trunk", f"trunk: {placed['trunk'].mounting.why}")
    elif "pelvis" not in placed:
        yield Reason("trunk", "the trunk is measured against the pelvis; wear a sensor there too.")


def _doubtful(segment: Segment) -> str:
    """What a doubt on this sensor is about."""
    if segment.data.placement in THIGHS:
        return f"femur_elevation, hip, thigh_azimuth, pelvis ({segment.side})"
    return "hip, thigh_azimuth, pelvis"


def _rests_on(segment: Segment) -> str:
    """What cannot be had when this sensor slips."""
    if segment.data.placement in THIGHS:
        hanging = "femur_elevation, " if segment.mounting.hangs_off_deg else ""
        return f"{hanging}hip, thigh_azimuth ({segment.side})"
    return "hip, thigh_azimuth, pelvis" if segment.data.placement == "pelvis" else "trunk"
