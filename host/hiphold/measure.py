"""From frames to a measurement: the one place that knows the order of the stages.

Offline every stage takes the whole recording as one block. Live (`live.py`) it takes a frame at a time; `--causal`
runs a recording through that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from hiphold import alignment, bone, drill, gravity, lower_leg, orientation, quaternion, ritual, stillness, timeline
from hiphold.angles import (
    Angles,
    at_stands,
    segment_rotation,
    side_angles,
    turned,
    until,
    without_facing,
)
from hiphold.describe import by_side, describe, judge
from hiphold.errors import BadInputError, NothingToMeasureError
from hiphold.joint_centres import Carried, carried
from hiphold.lower_leg import SHANK
from hiphold.measurement import Measurement
from hiphold.samples import Block, Event, Floats, Frame, Interval, NodeData, Settings
from hiphold.segments import THIGHS, WORN, Oriented, Segment, ahead_in_stands, faces_in_stands, mounted
from hiphold.shank import femur_rotation
from hiphold.stillness import Poses

BESIDE = ("pelvis", "shank_left", "shank_right")
"""what moves at either end of a thigh"""
REZERO = "rezero"
"""the event by which a person declares a stand in which headings begin anew; it need not be quiet"""


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
    poses, stood = find_stands(check_oriented(oriented), events)
    beside = [o for o in oriented if o.data.placement in BESIDE and o.method not in (None, "recorded")]
    neighbours = {o.data.placement: carry(o) for o in beside} if settings.shank else {}
    followed = [follow(o, poses, settings, events, neighbours) for o in with_trunk(stood, oriented, poses)]
    segments = learn(followed, poses, events)
    shanks = shanks_of(oriented, segments, poses, settings) if settings.shank else []
    angles = relate([*segments, *shanks], poses.stands)
    judged = {side: judge(side, segments, angles, poses.stands, settings, events) for side in by_side(segments)}
    lost = (*damage, *nameless_nodes(nodes))
    found = describe(segments, judged, oriented, poses.stands, settings, lost, started_at)
    return lower_leg.told(found, shanks, angles, relate(segments, poses.stands)) if shanks else found


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
        return orientation.estimate_orientation(time_s, gyr_radps, acc_mps2, settings.method, zeroed=data.zeroed)

    correction = gravity.correction(data.block, data.period_s, gravity.prior(data.chip, data.levelled))
    fused = fuse(replace(data.block, acc_mps2=correction.apply(data.block.acc_mps2)), estimate)
    difference = orientation.inclination_difference(fused, data.block.q_recorded)
    block, q, method = choose(data.block, fused, settings)
    span = float(block.time_s[0]), float(block.time_s[-1])
    return Oriented(data.with_block(block), q, rms_deg(difference), method, len(block), span, correction)


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


def find_stands(worn: Sequence[Oriented], events: tuple[Event, ...]) -> tuple[Poses, list[Oriented]]:
    """Reference stand first, and the nodes that stood. Events `still` win.

    A sensor that fell silent or never is quiet must not cost the others their result: when all together make no stand,
    it is tried without the pelvis, then with one thigh. Raises NothingToMeasureError when there is none at all.
    """
    marked = marked_stands(events)
    for some in _fewer(worn):
        poses = _poses_of(some, marked)
        if poses.stands:
            return _rezeroed(poses, some, events), some
    if marked:
        raise nothing_there(marked[0])
    raise no_stand()


def _fewer(worn: Sequence[Oriented]) -> Iterator[list[Oriented]]:
    """All worn nodes, then without the pelvis, then each thigh with and without it."""
    pelvis = [o for o in worn if o.data.placement == "pelvis"]
    thighs = [o for o in worn if o.data.placement in THIGHS]
    yield list(worn)
    yield thighs
    for thigh in thighs:
        yield [*pelvis, thigh]
        yield [thigh]


def _poses_of(worn: Sequence[Oriented], marked: list[Interval]) -> Poses:
    """The stands that all of these share; empty when they share none."""
    if marked:
        return Poses(marked if all(len(o.data.block.between(marked[0])) for o in worn) else [])
    quiet = [stillness.quiet_intervals(o.data.block, o.data.period_s) for o in worn]
    return stillness.find_stands(quiet, [o.data.block for o in worn])


def with_trunk(stood: Sequence[Oriented], oriented: Sequence[Oriented], poses: Poses) -> list[Oriented]:
    """Those that stood, and the trunk where it was there: it need not be quiet to be measured."""
    trunk = [o for o in oriented if o.data.placement == "trunk" and o.method]
    return [*stood, *(o for o in trunk if any(len(o.data.block.between(stand)) for stand in poses.stands))]


def _rezeroed(poses: Poses, worn: Sequence[Oriented], events: tuple[Event, ...]) -> Poses:
    """With the stands that a person declared by `rezero`, quiet or not, where they are stands at all."""
    stands, anew_s = list(poses.stands), []
    reference = [stillness.gravity_direction(o.data.block, stands[0]) for o in worn]
    for start_s, end_s in asked_stands(events):
        quiet_s = [a for a, z in stands[1:] if a <= end_s and start_s <= z]
        anew_s += quiet_s[:1]  # who declares a stand while standing quietly means that one
        new = start_s > stands[0][1] and not quiet_s
        if new and stillness.same_pose(
            [stillness.gravity_direction(o.data.block, (start_s, end_s)) for o in worn], reference
        ):
            stands.append((start_s, end_s))
            anew_s.append(start_s)
    return Poses(sorted(stands), poses.elsewhere, anew_s)


def asked_stands(events: tuple[Event, ...]) -> list[Interval]:
    """The events `rezero`, by time."""
    return sorted((event.start_s, event.end_s) for event in events if event.label == REZERO)


def marked_stands(events: tuple[Event, ...]) -> list[Interval]:
    """The events `still`, by time."""
    return sorted((event.start_s, event.end_s) for event in events if event.label == "still")


def nothing_there(marked: Interval) -> BadInputError:
    """The error for an event `still` without samples."""
    return BadInputError(f"the event still at {marked[0]:g} s lies where a worn sensor has no samples.")


def no_stand() -> NothingToMeasureError:
    """The error for a recording without a stand."""
    return NothingToMeasureError(
        f"there is no quiet stand of at least {stillness.STAND_MIN_S:g} s in this recording; "
        "stand still for 3 s before the first raise."
    )


def carry(oriented: Oriented) -> Carried:
    """A sensor as it is carried through space."""
    return carried(_levelled(oriented), quaternion.up_in_sensor(oriented.q_earth_from_sensor))


def _levelled(oriented: Oriented) -> Block:
    """The samples without what the accelerometer is known to be wrong by."""
    block = oriented.data.block
    return replace(block, acc_mps2=oriented.correction.apply(block.acc_mps2))


def follow(
    oriented: Oriented,
    poses: Poses,
    settings: Settings,
    events: tuple[Event, ...] = (),
    neighbours: Mapping[str, Carried] = MappingProxyType({}),
) -> Segment:
    """One worn sensor from orientation to the angle from its stand and, for a thigh, to the drill."""
    data, time_s = oriented.data, oriented.data.block.time_s
    q, method = oriented.q_earth_from_sensor, oriented.method or ""
    up_sensor = quaternion.up_in_sensor(q)
    stand = next((each for each in poses.stands if len(data.block.between(each))), poses.stands[0])
    correction = (
        gravity.nothing_known(gravity.prior(data.chip, data.levelled)) if method == "recorded" else oriented.correction
    )
    aligned = alignment.align_to_stand(data.block, up_sensor, stand, correction)
    breaks_s = tuple(sorted([*orientation.breaks(time_s).tolist(), *poses.anew_s]))
    q_poses = at_stands(time_s, q, poses.stands), at_stands(time_s, q, poses.elsewhere)
    if data.placement not in THIGHS:
        tipped = alignment.tipped_deg(up_sensor, aligned)
        phase = np.zeros(len(time_s), np.int8)
        return Segment(data, aligned, tipped, phase, (), method, q, *q_poses, breaks_s=breaks_s)
    standing_deg, beside = dict(settings.standing_elevation_deg), {} if method == "recorded" else neighbours
    side, y_sensor = THIGHS[data.placement], aligned.y_sensor
    found = bone.find(side, _levelled(oriented), up_sensor, y_sensor, standing_deg, events, beside)
    aligned = replace(aligned, bone=found)
    elevation = alignment.femur_elevation_deg(up_sensor, aligned)
    state, ended, phase = drill.step(drill.DrillState(), time_s, elevation, settings)
    bouts = (*ended, *drill.finish(state, float(time_s[-1])))
    return Segment(
        data,
        aligned,
        elevation,
        phase,
        bouts,
        method,
        q,
        *q_poses,
        raises=tuple(drill.find_raises(time_s, elevation)),
        unseen=tuple(drill.unseen(time_s, elevation)),
        breaks_s=breaks_s,
    )


def learn(segments: Sequence[Segment], poses: Poses, events: tuple[Event, ...]) -> list[Segment]:
    """The segments with their excursions from the stand, and how each sensor sits by these."""
    first_s = poses.stands[0][0]  # before it nothing stood as it was learned
    seen = [replace(s, excursions=tuple(e for e in excursions(s, segments) if e.start_s > first_s)) for s in segments]
    return mounted(seen, poses, events)


def excursions(segment: Segment, segments: Sequence[Segment]) -> list[ritual.Excursion]:
    """All excursions of one segment; of pelvis and trunk beside what the thighs did meanwhile."""
    time_s, gyr_radps = segment.data.block.time_s, segment.data.block.gyr_radps
    y_sensor = segment.alignment.y_sensor
    rate = ritual.tip_rate_degps(quaternion.up_in_sensor(segment.q_earth_from_sensor), y_sensor, gyr_radps)
    if segment.data.placement in THIGHS:
        limits, other = ritual.THIGH, np.full(len(time_s), np.nan)
    else:
        thighs = [(s.data.block.time_s, s.tipped_deg) for s in segments if s.data.placement in THIGHS]
        limits, other = ritual.PELVIS, np.fmax.reduce([np.interp(time_s, *thigh) for thigh in thighs])
    state, ended = ritual.step(ritual.Following(), limits, time_s, segment.tipped_deg, rate, gyr_radps, other)
    return ended + ritual.finish(state)


def shanks_of(
    oriented: Sequence[Oriented], segments: Sequence[Segment], poses: Poses, settings: Settings
) -> list[Segment]:
    """The shanks beside measured thighs, with how their sensors sit where holds show it."""
    thighs = {SHANK[side]: thigh for side, thigh in by_side(segments).items()}
    worn = [o for o in oriented if o.data.placement in thighs and o.method]
    return [lower_leg.learned(follow(o, poses, settings), thighs[o.data.placement], poses) for o in worn]


def relate(segments: Sequence[Segment], stands: Sequence[Interval]) -> dict[str, Angles]:
    """Hip, azimuth, pelvis and trunk by side, as far as it is known how the sensors sit."""
    placed = {segment.data.placement: segment for segment in segments}
    thighs = [placed[place] for place in THIGHS if place in placed]
    found = {thigh.side: _side(thigh, placed, stands) for thigh in thighs}
    return {side: angles for side, angles in found.items() if angles}


def _side(thigh: Segment, placed: Mapping[str, Segment], stands: Sequence[Interval]) -> Angles | None:
    """Angles at a thigh's samples; None without a pelvis to measure against."""
    pelvis, trunk, shank = placed.get("pelvis"), placed.get("trunk"), placed.get(SHANK[thigh.side])
    if pelvis is None or pelvis.mounting.axes is None:
        return None
    time_s = thigh.data.block.time_s
    faced_rad = faces_in_stands(pelvis, stands).first(time_s)
    r_thigh = _beside_pelvis(thigh, thigh.q_earth_from_sensor, time_s, pelvis, stands)
    if shank:
        sound = np.where(time_s < shank.mounting.until_s, 1.0, np.nan)[:, None, None]
        r_thigh = femur_rotation(r_thigh, sound * _beside_pelvis(shank, _at(time_s, shank), time_s, pelvis, stands))
    r_pelvis = segment_rotation(_at(time_s, pelvis), pelvis.mounting.axes)
    r_trunk = _beside_pelvis(trunk, _at(time_s, trunk), time_s, pelvis, stands) if trunk else None
    angles = side_angles(thigh.side, r_thigh, r_pelvis, faced_rad, r_trunk)
    slipped_s = (s.mounting.until_s if s else np.inf for s in (thigh, pelvis, trunk))
    angles = until(angles, time_s, *slipped_s)
    return angles if thigh.mounting.faces_surely else without_facing(angles)


def _beside_pelvis(segment: Segment, q: Floats, time_s: Floats, pelvis: Segment, stands: Sequence[Interval]) -> Floats:
    """(n, 3, 3) a segment in the pelvis' earth frame, from its orientation q (n, 4) at time_s; NaN where not known."""
    ahead = ahead_in_stands(segment, pelvis, stands)
    if segment.mounting.axes is None or not len(ahead.middle_s):
        return np.full((len(time_s), 3, 3), np.nan)
    return turned(segment_rotation(q, segment.mounting.axes), -ahead.at(time_s))


def _at(time_s: Floats, segment: Segment) -> Floats:
    block = segment.data.block
    return quaternion.interpolate(time_s, block.time_s, segment.q_earth_from_sensor, orientation.MAX_BRIDGE_S)
