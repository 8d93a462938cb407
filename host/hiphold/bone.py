"""The thigh's bone in its sensor, by the best of what a recording and the person beside it tell of its posture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hiphold import posture
from hiphold.joint_centres import Carried, carried, femur
from hiphold.posture import ASSUMED, Posture
from hiphold.quaternion import known
from hiphold.samples import Block, Event, Floats

LEVEL = {"left": "level_left", "right": "level_right"}
"""the events that say when a thigh lies on a level bench"""


@dataclass(frozen=True)
class Bone:
    """How the bone of one thigh stood, and so how it lies in the sensor."""

    posture: Posture = ASSUMED
    axis_sensor: Floats | None = None
    """(3,) knee to hip; None when the stand's y is all there is, or which way is forward is not known"""
    refused: tuple[str, ...] = ()
    """a sentence on each way that was offered and does not serve, and where two contradict each other"""


def told(standing_deg: Mapping[str, float], side: str) -> Bone:
    """From what was read off an inclinometer alone: all that a live session knows. standing_deg: by side."""
    if side not in standing_deg:
        return Bone()
    found = posture.by_inclinometer(standing_deg[side])
    return Bone(refused=(found,)) if isinstance(found, str) else Bone(found)


def find(
    side: str,
    thigh: Block,
    up_sensor: Floats,
    y_sensor: Floats,
    standing_deg: Mapping[str, float],
    events: Sequence[Event],
    neighbours: Mapping[str, Carried],
) -> Bone:
    """From a whole recording: the best of all ways there are.

    thigh: its forces without what its accelerometer is known to be wrong by. up_sensor (n, 3): at each of its samples;
    y_sensor (3,): by the reference stand. neighbours: pelvis and shanks by placement, where they were worn; none when
    the forces were made from orientations, which do not accelerate.
    """
    forward = posture.forward_axis(y_sensor, up_sensor)
    ways = [posture.by_inclinometer(standing_deg[side])] if side in standing_deg else []
    lying = [event for event in events if event.label == LEVEL[side]][:1]
    ways += [posture.by_level(y_sensor, _mean_up(thigh.time_s, up_sensor, event)) for event in lying]
    pelvis, shank = neighbours.get("pelvis"), neighbours.get(f"shank_{side}")
    if pelvis and shank:
        seen = femur(carried(thigh, up_sensor), pelvis, shank, y_sensor)
        ways.append(seen if isinstance(seen, str) else posture.by_joint_centres(y_sensor, forward, seen))
    found = [way for way in ways if isinstance(way, Posture)]
    refused = [way for way in ways if isinstance(way, str)] + [s for s in [posture.contradiction(found)] if s]
    best = posture.best(found)
    told_more = best.way != ASSUMED.way and np.isfinite(forward).all()
    axis = posture.bone_axis(y_sensor, forward, best.forward_deg) if told_more else None
    return Bone(best, axis, tuple(refused))


def _mean_up(time_s: Floats, up_sensor: Floats, event: Event) -> Floats:
    """(3,) NaN without samples."""
    up = up_sensor[(time_s >= event.start_s) & (time_s <= event.end_s) & known(up_sensor)]
    return np.asarray(up.mean(axis=0)) if len(up) else np.full(3, np.nan)
