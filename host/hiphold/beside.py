"""What the sensors show of one another: in which poses the thighs hang, and which sensor hangs otherwise alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hiphold import drill, slips
from hiphold.alignment import Alignment
from hiphold.mounting import Case
from hiphold.quaternion import angle_between, up_in_sensor
from hiphold.ritual import Excursion
from hiphold.samples import Bools, Floats, Interval
from hiphold.stillness import STAND_CONE_DEG, Poses

LIFTED_DEG = 2 * drill.LIFTED_DEG
"""a thigh that went so far and came back was put down elsewhere"""


@dataclass(frozen=True)
class Seen:
    """What the mounting of one segment is learned from."""

    case: Case
    alignment: Alignment
    q_stands: Floats
    """(m, 4) mean orientation in each stand; NaN where it is not known"""
    q_elsewhere: Floats
    """(k, 4) the same in each quiet pose that is no stand"""
    excursions: Sequence[Excursion]
    bouts: Sequence[drill.Bout] = ()
    """of a thigh"""
    breaks_s: Sequence[float] = ()
    """when its heading began anew, after a gap"""
    zeroed: bool = False
    open: Excursion | None = None
    """live: the one that goes on"""


def hanging(by_placement: dict[str, Seen], poses: Poses) -> Bools:
    """(k,) in which poses elsewhere the thighs hang, or may be said to: a seat is no stand that looks otherwise."""
    hanging = np.ones(len(poses.elsewhere), bool)
    for place, seen in by_placement.items():
        if place.startswith("thigh_") and len(poses.stands) > 1:
            up = up_in_sensor(seen.q_elsewhere)
            hanging &= ~(np.rad2deg(angle_between(up, seen.alignment.y_sensor)) > slips.AWAY_DEG[1])
    return hanging


def _on_the_legs(by_placement: dict[str, Seen]) -> dict[str, Seen]:
    """Without the trunk, which leans as it likes."""
    return {place: seen for place, seen in by_placement.items() if place == "pelvis" or place.startswith("thigh_")}


def lifted(by_placement: dict[str, Seen]) -> list[Interval]:
    """When a leg was lifted, as far as the thighs show it: well beyond what makes an excursion of a lean or a slip."""
    out = (e for seen in _thighs(by_placement) for e in (*seen.excursions, *([seen.open] if seen.open else [])))
    return [(e.start_s, e.end_s) for e in out if e.top_deg > LIFTED_DEG]


def _thighs(by_placement: dict[str, Seen]) -> list[Seen]:
    return [seen for place, seen in by_placement.items() if place.startswith("thigh_")]


def _as_they_stood(by_placement: dict[str, Seen], place: str) -> Bools:
    """(k,) in which poses elsewhere all other sensors are as in the reference stand; in none without others."""
    others = [seen for other, seen in _on_the_legs(by_placement).items() if other != place]
    away_rad = [angle_between(up_in_sensor(seen.q_elsewhere), seen.alignment.y_sensor) for seen in others]
    if not others:
        return np.zeros(len(by_placement[place].q_elsewhere), bool)
    return np.asarray((np.rad2deg(np.array(away_rad)) <= STAND_CONE_DEG).all(axis=0))


def alone(by_placement: dict[str, Seen], place: str, poses: Poses) -> tuple[float, float] | None:
    """Since when, s, and by how much, degrees, a sensor hangs otherwise though all others are as they stood."""
    seen = by_placement[place]
    stood = _as_they_stood(by_placement, place)
    others = seen.alignment.y_sensor, poses.stands, [p for p, s in zip(poses.elsewhere, stood) if s]
    legs = [seen] if place.startswith("thigh_") else _thighs(by_placement)
    held = [(bout.start_s, bout.end_s) for leg in legs for bout in leg.bouts]
    out = [(e.start_s, e.end_s) for e in seen.excursions]
    signs = (
        slips.left_alone(*others, seen.q_elsewhere[stood]),
        slips.never_back(*others, seen.q_elsewhere[stood], out, held),
    )
    return min((sign for sign in signs if sign), default=None)


def over_still_feet(by_placement: dict[str, Seen], poses: Poses) -> dict[str, tuple[float, float]]:
    """Since when, s, and by how much, degrees, a sensor hangs otherwise though the feet stayed where they were."""
    legs = _on_the_legs(by_placement)
    if not legs:
        return {}
    every = [*poses.stands, *poses.elsewhere]
    order = np.argsort([start_s for start_s, _ in every])
    by_time = [every[i] for i in order]
    ups = [up_in_sensor(np.concatenate((seen.q_stands, seen.q_elsewhere)))[order] for seen in legs.values()]
    shifted = slips.over_still_feet(np.array(ups), slips.feet_stayed(by_time, lifted(by_placement)))
    found = {}
    for number, before in shifted.items():
        place, up = list(legs)[number], ups[number][before + 1]
        off_deg = float(np.rad2deg(angle_between(up, legs[place].alignment.y_sensor)))
        found[place] = by_time[before][1], off_deg
    return found
