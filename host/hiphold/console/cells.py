"""The cells of the list of repetitions, for the room there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isfinite

from hiphold.console.gauges import Marks, number, signed
from hiphold.session.scene import Rep
from hiphold.session.texts import text

WITH_ROTATION, WITH_PELVIS = 66, 78
"""columns from which on a table of repetitions shows these"""
COLUMNS = ("number", "leg", "held", "elevation", "rotation", "pelvis", "best")


def columns(width: int) -> tuple[str, ...]:
    """Which columns of the table of repetitions there is room for."""
    needed = {"rotation": WITH_ROTATION, "pelvis": WITH_PELVIS}
    return tuple(each for each in COLUMNS if width >= needed.get(each, 0))


def row(rep: Rep, shown: Sequence[str], marks: Marks) -> tuple[str, ...]:
    """One repetition as the cells of these columns; without uncertainties and words where there is little room."""
    short = "rotation" not in shown
    rotation_deg = (rep.rotation_out_deg, rep.rotation_in_deg)
    pelvis_deg = (rep.pelvis_tilt_deg, rep.pelvis_obliquity_deg, rep.pelvis_rotation_deg)
    held, angle = number(rep.hold_s, 1, marks), signed(rep.elevation_deg, marks, marks.degree)
    cells = {
        "number": str(rep.number),
        "leg": text(f"side.{rep.side}"),
        "held": held if short else _with_uncertainty(held, rep.hold_uncertainty_s, marks),
        "elevation": angle if short else _with_uncertainty(angle, rep.elevation_uncertainty_deg, marks),
        "rotation": _several(rotation_deg, marks),
        "pelvis": _several(pelvis_deg, marks),
        "best": _merit(rep, marks, short=short),
    }
    return tuple(cells[each] for each in shown)


def _several(values: Sequence[float], marks: Marks) -> str:
    """Numbers side by side, or one sign for nothing when none is known."""
    return "/".join(signed(each, marks) for each in values) if any(map(isfinite, values)) else marks.nothing


def _with_uncertainty(said: str, uncertainty: float, marks: Marks) -> str:
    return f"{said} {marks.plus_minus}{uncertainty:.1f}" if isfinite(uncertainty) and said != marks.nothing else said


def _merit(rep: Rep, marks: Marks, *, short: bool) -> str:
    if not rep.is_hold:
        return text("terminal.attempt")
    merits = ((rep.full, marks.done, "full"), (rep.best, marks.best, "is_best"))
    return " ".join(sign if short else f"{sign} {text(f'terminal.{key}')}" for has, sign, key in merits if has)


def tally(reps: Sequence[Rep]) -> tuple[int, int]:
    """How many holds and how many attempts."""
    counts = Counter(rep.is_hold for rep in reps)
    return counts[True], counts[False]
