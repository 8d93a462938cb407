"""How values are written for the eye: numbers with a real minus sign, durations as a clock, placements in words."""

from __future__ import annotations

from math import isfinite, nan

from hiphold.session.texts import text

NOTHING = "–"
LEAST = 0.1
"""the smallest half-width that a tenth can show"""


def figure(value: float, unit: str = "°", digits: int = 0, *, plus: bool = False) -> str:
    """A number with so many decimals and its unit; `plus`: with a sign before what is above zero, too."""
    if not isfinite(value):
        return NOTHING
    rounded = round(value, digits) + 0.0  # no minus before a zero
    sign = "−" if rounded < 0 else "+" if plus and rounded > 0 else ""
    return f"{sign}{abs(rounded):.{digits}f}{unit}"


def with_half_width(value: float, unit: str = "", uncertainty: float = nan, signed: bool = False) -> str:
    """A value with its 95 % half-width where known, to a tenth; a dash where the value is not known.

    A half-width below a tenth is shown as one: 0.0 would say that the value is exact.
    """
    shown = figure(value, "" if isfinite(uncertainty) else unit, 1, plus=signed)
    return f"{shown} ± {max(uncertainty, LEAST):.1f}{unit}" if isfinite(value) and isfinite(uncertainty) else shown


def clock(seconds: float, digits: int = 0) -> str:
    """Minutes and seconds, with hours from the first on: 0:05, 1:02:05; with so many decimals, rounded as a whole."""
    if not isfinite(seconds):
        return NOTHING
    ticks = 10**digits
    whole, part = divmod(int(seconds) if digits == 0 else round(seconds * ticks), ticks)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    decimals = f".{part:0{digits}d}" if digits else ""
    return (f"{hours}:{minute:02d}" if hours else f"{minute}") + f":{second:02d}{decimals}"


def place(placement: str) -> str:
    """Where a node is worn, in words; of wire.PLACEMENTS, or unknown."""
    return text(f"notice.placement_{placement}")
