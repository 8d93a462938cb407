"""From frames to a measurement: the one place that knows the order of the stages.

Offline every stage takes the whole recording as one block. Live (`live.py`) it takes a frame at a time; `--causal`
runs a recording through that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from hiphold import alignment, drill, orientation, quaternion, ritual, stillness, timeline
from hiphold.angles import Angles, segment_rotation, side_angles
from hiphold.describe import THIGHS, WORN, Oriented, Segment, bows_of, describe
from hiphold.errors import BadInputError, NothingToMeasureError
from hiphold.measurement import Measurement
from hiphold.samples import Block, Event, Floats, Frame, Interval, NodeData, Settings


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
    nodes = timeline.assemble(frames)
    oriented = [orient(data, settings) for data in check_placements(nodes)]
    stands, worn = find_stands(check_oriented(oriented), events)
    segments = [follow(o, stands[0], settings) for o in worn]
    angles = relate(segments, stands)
    lost = (*damage, *nameless_nodes(nodes))
    return describe(segments, angles, oriented, stands, settings, events, lost, started_at)


def check_placements(nodes: Sequence[NodeData]) -> list[NodeData]:
    """The nodes that say where they are worn. Raises without a thigh, or with two nodes in one place."""
    known = [data for data in nodes if data.placement != "unknown"]
    placements = [data.placement for data in known]
    for placement in placements:
        if placements.count(placement) > 1:
            names = " and ".join(data.node for data in known if data.placement == placement)
            raise BadInputError(f"two nodes are placed at {placement} ({names}); give each its own placement.")
    if not set(placements) & set(THIGHS):
        found = ", ".join(placements) or "no sensor at all"
        nameless = " ".join(nameless_nodes(nodes))
        message = f"there is no thigh sensor in this recording (found: {found}); wear one on a thigh. {nameless}"
        raise NothingToMeasureError(message.strip())
    return known


def nameless_nodes(nodes: Sequence[NodeData]) -> list[str]:
    """A sentence on each node that never said where it is worn."""
    return [
        f"{data.node} never said where it is worn; its {len(data.block)} samples are not used."
        for data in nodes
        if data.placement == "unknown"
    ]


def check_oriented(oriented: Sequence[Oriented]) -> list[Oriented]:
    """The worn nodes with an orientation. Raises when no thigh has one, which only happens to recorded ones."""
    worn = [o for o in oriented if o.data.placement in WORN and o.method]
    if not any(o.data.placement in THIGHS for o in worn):
        raise BadInputError("no thigh sensor brought an orientation of its own; measure with --orientation host.")
    return worn


def orient(data: NodeData, settings: Settings) -> Oriented:
    """Orientation of one node over the whole recording."""

    def estimate(time_s: Floats, gyr_radps: Floats, acc_mps2: Floats) -> Floats:
        return orientation.estimate_orientation(time_s, gyr_radps, acc_mps2, settings.method)

    fused = fuse(data.block, estimate)
    difference = orientation.inclination_difference(fused, data.block.q_recorded)
    block, q, method = choose(data.block, fused, settings)
    return Oriented(data.with_block(block), q, rms_deg(difference), method)


def fuse(block: Block, estimate: Callable[[Floats, Floats, Floats], Floats]) -> Floats:
    """(n, 4) the host's orientation where there are raw samples, NaN elsewhere."""
    raw = np.asarray(quaternion.known(block.acc_mps2) & quaternion.known(block.gyr_radps))
    if raw.all():
        return estimate(block.time_s, block.gyr_radps, block.acc_mps2)
    fused, some = np.full((len(block), 4), np.nan), block.select(raw)
    fused[raw] = estimate(some.time_s, some.gyr_radps, some.acc_mps2) if len(some) else fused[raw]
    return fused


def choose(block: Block, fused: Floats, settings: Settings) -> tuple[Block, Floats, str | None]:
    """The samples and the orientation that the stages after this work on, and whose most of it is.

    With recorded orientation, gravity is where the quaternions say, so that stand and hold are judged by the same
    estimate; so it is for samples that are nothing but a quaternion.
    """
    host = quaternion.known(fused) if settings.orientation == "host" else np.zeros(len(block), bool)
    if host.all():
        return block, fused, settings.method
    recorded, pick = orientation.raw_from_quaternions(block), host[:, None]
    q = np.where(pick, fused, block.q_recorded)
    acc, gyr = np.where(pick, block.acc_mps2, recorded.acc_mps2), np.where(pick, block.gyr_radps, recorded.gyr_radps)
    named = settings.method if host.sum() * 2 > len(block) else "recorded"
    return Block(block.time_s, acc, gyr, block.q_recorded), q, named if quaternion.known(q).any() else None


def rms_deg(angles_rad: Floats) -> float | None:
    """Root mean square in degrees; None of nothing."""
    return float(np.rad2deg(np.sqrt(np.mean(np.square(angles_rad))))) if len(angles_rad) else None


def find_stands(worn: Sequence[Oriented], events: tuple[Event, ...]) -> tuple[list[Interval], list[Oriented]]:
    """Reference stand first, and the nodes that stood. Events `still` win.

    A sensor that fell silent or never is quiet must not cost the others their result: when all together make no stand,
    it is tried without the pelvis, then with one thigh. Raises NothingToMeasureError when there is none at all.
    """
    marked = marked_stands(events)
    for some in _fewer(worn):
        stands = _stands_of(some, marked)
        if stands:
            return stands, some
    if marked:
        raise nothing_there(marked[0])
    return check_stands([]), []


def _fewer(worn: Sequence[Oriented]) -> Iterator[list[Oriented]]:
    """All worn nodes, then without the pelvis, then each thigh with and without it."""
    pelvis = [o for o in worn if o.data.placement == "pelvis"]
    thighs = [o for o in worn if o.data.placement in THIGHS]
    yield list(worn)
    yield thighs
    for thigh in thighs:
        yield [*pelvis, thigh]
        yield [thigh]


def _stands_of(worn: Sequence[Oriented], marked: list[Interval]) -> list[Interval]:
    """The stands that all of these share; empty when they share none."""
    if marked:
        return marked if all(len(o.data.block.between(marked[0])) for o in worn) else []
    quiet = [stillness.quiet_intervals(o.data.block, o.data.period_s) for o in worn]
    return stillness.find_stands(quiet, [o.data.block for o in worn if o.data.placement in THIGHS])


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
    q, method = oriented.q_earth_from_sensor, oriented.method or ""
    up_sensor = quaternion.up_in_sensor(q)
    aligned = alignment.align_to_stand(data.block, up_sensor, stand)
    if data.placement not in THIGHS:
        tipped = alignment.tipped_deg(up_sensor, aligned)
        return Segment(data, aligned, tipped, np.zeros(len(time_s), np.int8), (), method, q)
    elevation = alignment.femur_elevation_deg(up_sensor, aligned)
    state, ended, phase = drill.step(drill.DrillState(), time_s, elevation, settings)
    bouts = (*ended, *drill.finish(state, float(time_s[-1])))
    return Segment(data, aligned, elevation, phase, bouts, method, q)


def relate(segments: Sequence[Segment], stands: Sequence[Interval]) -> dict[str, Angles]:
    """Hip, azimuth and pelvis by side, where the ritual shows the axes of thigh and pelvis."""
    pelvis = next((s for s in segments if s.data.placement == "pelvis"), None)
    found = {}
    for thigh in (s for s in segments if s.data.placement in THIGHS):
        angles = _side(thigh, pelvis, stands) if pelvis else None
        if angles:
            found[THIGHS[thigh.data.placement]] = angles
    return found


def _side(thigh: Segment, pelvis: Segment, stands: Sequence[Interval]) -> Angles | None:
    blocks = thigh.data.block, pelvis.data.block
    thigh_axes = ritual.thigh_axes(thigh.alignment.y_sensor, blocks[0], thigh.angle_deg)
    bows = bows_of(pelvis, thigh)
    pelvis_axes = ritual.pelvis_axes(pelvis.alignment.y_sensor, blocks[1], pelvis.angle_deg, bows)
    if thigh_axes is None or pelvis_axes is None:
        return None
    time_s = blocks[0].time_s
    r_thigh = segment_rotation(thigh.q_earth_from_sensor, thigh_axes)
    q_pelvis = quaternion.interpolate(time_s, blocks[1].time_s, pelvis.q_earth_from_sensor)
    return side_angles(THIGHS[thigh.data.placement], time_s, r_thigh, segment_rotation(q_pelvis, pelvis_axes), stands)
