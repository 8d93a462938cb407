"""How each sensor sits on its segment: axes from raises and bows, or from the marks on the case in quick start.

A thigh is learned from its raises, pelvis and trunk from bows. Where those are missing, gravity and the side that the
lid faces tell, if the case is on as its marks ask. What contradicts itself gives no axes, and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from hiphold import drill, ritual, slips
from hiphold.quaternion import angle_between, known
from hiphold.ritual import Axes, Excursion
from hiphold.samples import Event, Floats

BOW_MIN_DEG = ritual.PELVIS.deep_deg
BOW_MAX_DEG = {"pelvis": 75.0, "trunk": 120.0}
"""nobody tips by more with the legs still"""
BOW_MIN_S = 0.4
MARKED_BOW_MIN_DEG = 10.0
"""a bow that an event marks may be smaller"""
HANGING_DEG = 25.0
"""in a bow the pelvis tips and the thighs stay within this of where they hung"""
CONTRADICTION_DEG = 60.0
"""in a raise the pelvis tips backward; by how far that may lie from the axis that the bow gave"""
LIKE_A_THIGH_DEG = 80.0
"""a pelvis that tips so far with the leg down is worn on a leg; a knee raise is more"""
UP_MARK_DEG, LID_DEG = 30.0, 35.0
"""how far the up mark may be from up, and the lid from facing level"""
MARK_AGREES_DEG = 25.0
"""one raise and the marks, both a few degrees off, agree within this"""
FACING_SD_DEG = {"bow": 3.0, "marks": 4.0}
"""1 SD of the way the pelvis is taken to face: a bow of 30 degrees that goes 1.5 astray; a case put on by its marks"""
ENOUGH_RAISES = 2
ANEW = "a new recording, a still stand, raises, bow"
NO_UP_MARK = ("x-imu3",)
"""cases without an up mark: at most where the lid of the pelvis sensor faces is known of them"""

_LID_AXIS = {"front": (0, 1), "back": (0, -1), "right": (2, 1), "left": (2, -1)}
# which segment axis the lid faces along: x anterior, z right


class Case(Protocol):
    """What a node says of how it is worn."""

    @property
    def placement(self) -> str:
        """One of wire.PLACEMENTS."""

    @property
    def lid(self) -> str:
        """One of wire.LID_SIDES: where the lid faces."""

    @property
    def chip(self) -> str:
        """One of wire.CHIPS."""


@dataclass(frozen=True)
class Mounting:
    """What is known of how a sensor sits on its segment."""

    axes: Axes | None = None
    by: str = ""
    """raises, bow, or marks; empty when not known"""
    times: int = 0
    """how many raises or bows"""
    why: str = ""
    """a sentence: why there are no axes, or why part of the angles cannot be had from them"""
    until_s: float = np.inf
    """from then on the sensor does not sit as it was learned"""
    slipped: str = ""
    """a sentence on that"""
    hangs_off_deg: float = 0.0
    """how far it hangs from how it stood at first, from until_s on"""
    doubt: str = ""
    """a sentence on what is to be doubted, though nothing is empty because of it"""

    @property
    def faces_surely(self) -> bool:
        """Whether it is known well enough which way the segment faces, for more than flexion and tilt."""
        return self.axes is not None and not self.why


UNKNOWN = Mounting()


def axes_by_marks(case: Case, y_sensor: Floats) -> Axes | str:
    """Axes from gravity and the side that the lid faces; a sentence where the marks do not allow it.

    Case frame: y the up mark, z out of the lid (docs/reference/conventions.md).
    """
    if case.chip in NO_UP_MARK and case.placement != "pelvis":
        return "its case has no up mark"
    tilted_deg = abs(90 - float(np.rad2deg(angle_between(y_sensor, np.array((0.0, 0.0, 1.0))))))
    off_deg = float(np.rad2deg(angle_between(y_sensor, np.array((0.0, 1.0, 0.0)))))
    if tilted_deg > LID_DEG:
        return f"its lid faces {tilted_deg:.0f} degrees up or down"
    if case.chip not in NO_UP_MARK and off_deg > UP_MARK_DEG:
        return f"its up mark points {off_deg:.0f} degrees away from up"
    level = np.array((0.0, 0.0, 1.0)) - y_sensor * y_sensor[2]
    level /= np.linalg.norm(level)
    axis, way = _LID_AXIS[case.lid]
    return ritual.around(y_sensor, way * level if axis == 2 else np.cross(way * level, y_sensor), float("nan"))


def kind(excursion: Excursion, placement: str) -> str:
    """What there is to learn from an excursion; the latest of each kind are remembered live."""
    if excursion.other_deg > drill.RAISE_MIN_DEG or (placement.startswith("thigh_") and is_raise(excursion)):
        return "raise"
    return "bow" if excursion.deep_s >= BOW_MIN_S else "other"


def is_raise(excursion: Excursion) -> bool:
    """Whether a thigh went as high as in a raise."""
    return excursion.top_deg >= drill.RAISE_MIN_DEG


def is_bow(excursion: Excursion, placement: str = "pelvis") -> bool:
    """Whether pelvis or trunk tipped as in a bow, with the thighs hanging."""
    deep = excursion.deep_s >= BOW_MIN_S and excursion.top_deg <= BOW_MAX_DEG[placement]
    return deep and not excursion.other_deg > HANGING_DEG


def _overlap(excursion: Excursion, events: Sequence[Event]) -> bool:
    return any(event.start_s <= excursion.end_s and excursion.start_s <= event.end_s for event in events)


def raises_of(
    excursions: Sequence[Excursion], side: str, events: Sequence[Event], bouts: Sequence[drill.Bout]
) -> list[Excursion]:
    """The raises to learn from. Events `raise_<side>` win: then only those marked, and those that lead into holds."""
    raises = [e for e in excursions if is_raise(e)]
    marked = [event for event in events if event.label == f"raise_{side}"]
    if not marked:
        return raises
    holds = [b for b in bouts if b.hold_s >= drill.HOLD_MIN_S]
    return [e for e in raises if _overlap(e, marked) or any(b.start_s < e.end_s and e.start_s < b.end_s for b in holds)]


def bows_of(excursions: Sequence[Excursion], events: Sequence[Event], placement: str = "pelvis") -> list[Excursion]:
    """The bows to learn from. Events `bow` win: then only those marked, however small."""
    marked = [event for event in events if event.label == "bow"]
    if not marked:
        return [e for e in excursions if is_bow(e, placement)]
    return [e for e in excursions if _overlap(e, marked) and MARKED_BOW_MIN_DEG <= e.top_deg <= BOW_MAX_DEG[placement]]


def thigh(case: Case, y_sensor: Floats, raises: Sequence[Excursion]) -> Mounting:
    """How a thigh sensor sits: from its raises; from the marks where there is none."""
    leg = case.placement.removeprefix("thigh_")
    split = slips.turns_otherwise(y_sensor, raises)
    if split:
        found = thigh(case, y_sensor, raises[: split[0]])
        why = f"since {raises[split[0]].start_s:.0f} s the {leg} thigh turns about another axis, {split[1]:.0f} degrees"
        why += f" off: the strap slipped; fasten it and begin anew: {ANEW}."
        return replace(found, until_s=raises[split[0]].start_s, slipped=why) if not found.slipped else found
    turned = ritual.axes(y_sensor, ritual.total(raises), +1)
    marks = axes_by_marks(case, y_sensor)
    if turned is None:
        if isinstance(marks, Axes):
            return Mounting(marks, "marks")
        raised = "raised too slowly to show which way it turns" if raises else "never raised"
        why = f"the {leg} leg was {raised}, and {marks}; raise the knee of the leg that wears the sensor twice."
        return Mounting(why=why)
    if len(raises) >= ENOUGH_RAISES:
        return Mounting(turned, "raises", len(raises))
    if isinstance(marks, Axes) and ritual.between_deg(turned, marks) < MARK_AGREES_DEG:
        return Mounting(_between(turned, marks), "marks", len(raises))
    why = f"the {leg} knee was raised only once, so which way the thigh faces is not known well; raise it twice."
    return Mounting(turned, "raises", len(raises), why)


def _between(turned: Axes, marks: Axes) -> Axes:
    """The axes halfway between two that are about equally good."""
    y = turned.r_sensor_from_segment[:, 1]
    z = turned.z_sensor + marks.z_sensor
    return ritual.around(y, z / np.linalg.norm(z), turned.spread_deg)


def pelvis(
    case: Case,
    y_sensor: Floats,
    excursions: Sequence[Excursion],
    bows: Sequence[Excursion],
    raised: bool,
    marked: bool = False,
) -> Mounting:
    """How the pelvis sensor sits: from its bows; from the marks where there is none.

    raised: whether every thigh was seen to rise. In raises the pelvis tips backward, about the same axis as in a bow.
    marked: whether events say where the bows are.
    """
    deepest = max((e.top_deg for e in excursions if not e.other_deg > HANGING_DEG), default=0.0)
    if deepest > LIKE_A_THIGH_DEG and not raised:
        why = f"the pelvis sensor was lifted like a leg ({deepest:.0f} degrees) and a thigh sensor never was;"
        return Mounting(why=why + " they seem to be swapped: wear or place each where it belongs.")
    lifted = ritual.z_axes_of(y_sensor, [e for e in excursions if e.other_deg > drill.RAISE_MIN_DEG], +1)
    lifted = lifted[known(lifted)]
    # a raise of a leg without a sensor tips the pelvis as a bow does, but the other way
    bowed = ritual.z_axes_of(y_sensor, bows, -1)
    forward = [e for e, z in zip(bows, bowed) if _median_deg(z, lifted) <= CONTRADICTION_DEG]
    no_bow = "there is no bow where the event says one is" if marked else _no_bow(deepest)
    found = _by_bow_or_marks(case, y_sensor, forward or bows, no_bow)
    if found.axes is None or (off_deg := _median_deg(found.axes.z_sensor, lifted)) <= CONTRADICTION_DEG:
        return found
    bow = "the bow was not straight forward" if found.by == "bow" else "the lid does not face where it is said to"
    what = "bow once, straight forward from the hips" if found.by == "bow" else "set --lid, or bow once"
    return Mounting(why=f"{bow}: in the raises the pelvis tips {off_deg:.0f} degrees from there; {what}.")


def _median_deg(z_sensor: Floats, others: Floats) -> float:
    """How far other axes (m, 3) of a segment lie from this (3,), in the median; 0 of none; NaN when it is not known."""
    if not np.isfinite(z_sensor).all():
        return float("nan")
    return float(np.median(np.rad2deg(angle_between(others, z_sensor)))) if len(others) else 0.0


def trunk(case: Case, y_sensor: Floats, bows: Sequence[Excursion], pelvis_bows: Sequence[Excursion]) -> Mounting:
    """How the trunk sensor sits: from the bows that the pelvis made too, where it made any."""
    both = [e for e in bows if any(p.start_s < e.end_s and e.start_s < p.end_s for p in pelvis_bows)]
    return _by_bow_or_marks(case, y_sensor, both or bows, "there is no bow to find its axes from")


def _no_bow(deepest_deg: float) -> str:
    most = f"{deepest_deg:.0f}" if deepest_deg else f"less than {ritual.PELVIS.from_deg:.0f}"
    asked = f"the pelvis tipped by {most} degrees with the legs down, and a bow is {BOW_MIN_DEG:.0f} or more"
    if deepest_deg > BOW_MIN_DEG:
        asked = f"the pelvis tipped by {most} degrees, but too shortly or too far for a bow"
    return f"there is no bow to find its axes from ({asked})"


def _by_bow_or_marks(case: Case, y_sensor: Floats, bows: Sequence[Excursion], no_bow: str) -> Mounting:
    turned = ritual.axes(y_sensor, ritual.total(bows), -1)
    if turned is not None:
        return Mounting(turned, "bow", len(bows))
    marks = axes_by_marks(case, y_sensor)
    if isinstance(marks, Axes):
        return Mounting(marks, "marks")
    return Mounting(why=f"{no_bow}, and {marks}; bow once from the hips after the stand.")
