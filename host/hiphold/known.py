"""What is known by now of each sensor of a session: how far it is learned, and how it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hiphold import stillness
from hiphold.describe import drift_deg_per_min
from hiphold.mounting import Mounting, is_bow, is_raise
from hiphold.samples import Interval, NodeData, empty_block
from hiphold.segments import THIGHS, Segment
from hiphold.shown import Shown
from hiphold.stillness import Poses
from hiphold.worn import WornSensor


@dataclass(frozen=True)
class Learned:
    """What is known by now of one sensor that is measured."""

    node: str
    placement: str
    stood: bool
    """whether it took part in the reference stand"""
    mounting: Mounting
    raises: int
    bows: int
    restlessness: float
    """how much it moves now, as a share of what is quiet; infinite while that is not known"""
    quiet_s: float
    """for how long it has been quiet, up to its last sample"""
    last_s: float
    """its last sample, on the session's time axis"""


@dataclass(frozen=True)
class Condition:
    """How one node does."""

    node: str
    placement: str
    samples: int
    lost: int
    """samples known to be missing in what was shown"""
    rate_hz: float
    """NaN while not known"""
    last_s: float
    """its last sample, on the session's time axis; NaN before the first"""
    drift_deg_per_min: float | None
    """of its heading against the pelvis'; None where it cannot be seen"""
    disagreement_deg: float | None
    """RMS angle between its own up and the host's; None when only one of them is there"""


def learned(node: WornSensor) -> Learned:
    """What a sensor that has samples has shown of how it sits."""
    excursions, last_s, quiet = node.excursions, node.kept.span[1], node.quiet[-1:]
    is_thigh = node.placement in THIGHS
    return Learned(
        node=node.stream.node,
        placement=node.placement,
        stood=node.alignment is not None,
        mounting=node.mounting,
        raises=sum(is_raise(e) for e in excursions) if is_thigh else 0,
        bows=0 if is_thigh else sum(is_bow(e, node.placement) for e in excursions),
        restlessness=node.restlessness,
        quiet_s=quiet[0][1] - quiet[0][0] if quiet and quiet[0][1] >= last_s - stillness.WINDOW_S else 0.0,
        last_s=last_s,
    )


def outline(node: WornSensor, poses: Poses) -> Segment:
    """A sensor that stood, without its samples: how it sits and faced."""
    stream = node.stream
    data = NodeData(stream.node, node.placement, "back", empty_block(), stream.period_s, zeroed=stream.zeroed)
    nothing = np.empty(0), np.empty(0, np.int8), (), node.method or "", np.empty((0, 4))
    return Segment(data, node.aligned, *nothing, *node.at(poses), mounting=node.mounting, breaks_s=tuple(node.breaks_s))


def condition(node: WornSensor, shown: Shown, segments: Sequence[Segment], stands: Sequence[Interval]) -> Condition:
    """How a node does; segments: the outlines of all that stood."""
    period_s = node.stream.period_s
    return Condition(
        node=node.stream.node,
        placement=node.placement,
        samples=shown.samples,
        lost=node.stream.lost,
        rate_hz=1.0 / period_s if period_s > 0 else float("nan"),
        last_s=shown.span[1],
        drift_deg_per_min=drift_deg_per_min(node.placement, segments, stands),
        disagreement_deg=node.disagreement_deg,
    )
