"""A node's clock against the host's, from two-way exchanges.

Each exchange bounds the node's clock from both sides, whatever the radio did: the question was received after it was
sent, the answer arrived after it was given. All lines host = offset + rate * node that obey every bound form a
polygon; its centre is the estimate, and its spread says how sure that is (Moon, Skelly, Towsley 1999,
doi 10.1109/INFCOM.1999.749287, bound one way so; Mills 1991, doi 10.1109/26.103043, has the exchange). By how much the
shortest way there differs from the shortest way back cannot be seen: all that lies between them is equally likely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hiphold import wire
from hiphold.samples import Bools, Floats

NS = 1_000_000_000
USUAL_SKEW = 60e-6
"""standard deviation over pairs of clocks: crystals of 10 to 40 ppm, and the warmth of a body"""
MOST_SKEW = 1e-3
"""what a damaged exchange is judged by"""
SKEW_STEPS = (2e-2, 1e-3, 5e-5, 2e-6)
"""half-widths of the ranges searched, each around the best of the one before; where the bounds meet, they are wide"""
WINDOW_S = 240.0
"""a clock is taken for even so long; its rate follows the temperature"""
FAR_S = 1e7
SPREAD_95 = 1.96
LONGEST_DELAY_S = 10.0
STAMP_S = 1e-6
"""stamps are whole microseconds"""
_RATES = 401
_ENOUGH = 8


@dataclass(frozen=True)
class Clock:
    """host_s = node_s + ahead_s, in seconds since the session's first frame and the node's start."""

    node_s: Floats
    """(k,) rising"""
    ahead_s: Floats
    """(k,) host clock minus node clock then, linear in between"""
    spread_s: Floats
    """(k,) one standard deviation of ahead_s; NaN when there was no exchange"""

    def host_s(self, node_us: Floats) -> Floats:
        """Node time in us to host time in s."""
        node_s = 1e-6 * node_us
        return np.asarray(node_s + np.interp(node_s, self.node_s, self.ahead_s))

    def uncertainty_95_s(self, node_us: Floats) -> Floats:
        """Half-width of the 95 % interval of host_s; NaN when there was no exchange."""
        return np.asarray(SPREAD_95 * np.interp(1e-6 * node_us, self.node_s, self.spread_s))

    def skew(self, node_us: Floats) -> Floats:
        """By how much the host's clock is faster there, relative; NaN when it is not known."""
        if len(self.node_s) < 2:
            return np.full(np.shape(node_us), np.nan)
        piece = np.clip(np.searchsorted(self.node_s, 1e-6 * node_us) - 1, 0, len(self.node_s) - 2)
        return np.asarray(np.diff(self.ahead_s)[piece] / np.diff(self.node_s)[piece])


@dataclass(frozen=True)
class Exchange:
    """One question and answer; host times in seconds since the session's first frame, node times since its start."""

    boot: int
    """which start of the node answered"""
    asked_s: float
    """by the host's clock"""
    received_s: float
    """by the node's clock"""
    answered_s: float
    """by the node's clock"""
    arrived_s: float
    """by the host's clock"""

    @property
    def delay_s(self) -> float:
        """Time on the way, there and back."""
        return (self.arrived_s - self.asked_s) - (self.answered_s - self.received_s)

    @property
    def ahead_s(self) -> float:
        """Host clock minus node clock, within half the delay."""
        return 0.5 * (self.asked_s + self.arrived_s - self.received_s - self.answered_s)


def exchange(message: wire.Time, arrival_s: float, epoch_ns: int) -> Exchange | None:
    """The exchange that a TIME message ends, arrival_s since epoch_ns; None for times that cannot be."""
    asked_s = (message.host_us * 1000 - epoch_ns) / NS
    found = Exchange(message.boot, asked_s, 1e-6 * message.node_rx_us, 1e-6 * message.node_tx_us, arrival_s)
    sound = found.answered_s >= found.received_s and -4 * STAMP_S <= found.delay_s <= LONGEST_DELAY_S
    return found if sound else None


def fit_clock(exchanges: Sequence[Exchange], least_ahead_s: float) -> Clock:
    """The clock that all exchanges agree on, piece by piece where they span more than WINDOW_S.

    Without any, the fastest frame stands in: least_ahead_s = min(arrival - node time), late by one unknown radio delay.
    """
    if not exchanges:
        return Clock(np.zeros(1), np.array((least_ahead_s,)), np.full(1, np.nan))
    table = np.array([(e.asked_s, e.received_s, e.answered_s, e.arrived_s) for e in exchanges])
    node_s = table[:, 1]
    first_s, last_s = float(node_s.min()), float(node_s.max())
    lines = [_line(_agreeing(table[near]), float(node_s[near].mean())) for near in _windows(node_s)]
    middles_s = [line.middle_s for line in lines]
    knots_s = np.array((first_s - FAR_S, first_s, *middles_s, last_s, last_s + FAR_S))
    picked = (lines[0], lines[0], *lines, lines[-1], lines[-1])
    values = [line.at(knot_s) for line, knot_s in zip(picked, knots_s)]
    return Clock(knots_s, np.array([value[0] for value in values]), np.array([value[1] for value in values]))


def _windows(node_s: Floats) -> list[Bools]:
    """Which exchanges are fitted together, in windows that overlap by three quarters; those with new ones in them."""
    first_s, last_s = float(node_s.min()), float(node_s.max())
    steps = int(np.ceil(max(0.0, last_s - first_s - WINDOW_S) / (WINDOW_S / 4)))
    half_s = WINDOW_S / 2 if steps else last_s - first_s
    middles_s = np.linspace(first_s + half_s, max(last_s - half_s, first_s + half_s), steps + 1)
    found: list[Bools] = []
    for middle_s in middles_s:
        near = np.abs(node_s - middle_s) <= half_s
        if near.any() and not (found and (near == found[-1]).all()):
            found.append(near)
    return found


def _agreeing(table: Floats) -> Floats:
    """The exchanges whose own bounds reach what most others say; a few that were damaged on the way do not."""
    asked_s, received_s, answered_s, arrived_s = table.T
    ahead_s = 0.5 * (asked_s + arrived_s - received_s - answered_s)
    reach_s = 0.5 * ((arrived_s - asked_s) - (answered_s - received_s))
    apart_s = reach_s + np.median(reach_s) + MOST_SKEW * np.ptp(received_s)
    near = np.abs(ahead_s - np.median(ahead_s)) <= apart_s
    return np.asarray(table[near] if near.any() else table)


@dataclass(frozen=True)
class _Line:
    """ahead_s = offset + skew (node_s - middle), with the moments of all lines that obey the bounds."""

    middle_s: float
    offset_s: float
    skew: float
    variances: tuple[float, float, float]
    """of offset, of offset with skew, of skew"""
    broken_s: float = 0.0
    """by how much it breaks the bounds"""

    def at(self, node_s: float) -> tuple[float, float]:
        """ahead_s there and its standard deviation."""
        away_s = node_s - self.middle_s
        variance = self.variances[0] + 2 * away_s * self.variances[1] + away_s**2 * self.variances[2]
        return self.offset_s + self.skew * away_s, float(np.sqrt(max(0.0, variance)))


def _line(table: Floats, middle_s: float) -> _Line:
    """The centre of the polygon that all but a tenth of the exchanges agree on."""
    for _ in range(1 + len(table) // 10):
        line = _fitted(table, middle_s)
        if line.broken_s <= 0:
            break
        table = _without_the_worst(table, middle_s, line.skew)
    return line


def _without_the_worst(table: Floats, middle_s: float, skew: float) -> Floats:
    """Less the exchange that contradicts most others: a host that stood still stamps too late or too early."""
    asked_s, received_s, answered_s, arrived_s = table.T
    most = (arrived_s - answered_s) - skew * (answered_s - middle_s)
    least = (asked_s - received_s) - skew * (received_s - middle_s)
    against_upper = len(least) - np.searchsorted(np.sort(least), most.min(), "right")
    against_lower = np.searchsorted(np.sort(most), least.max(), "left")
    worst = int(np.argmin(most)) if against_upper > against_lower else int(np.argmax(least))
    return np.asarray(np.delete(table, worst, axis=0))


def _fitted(table: Floats, middle_s: float) -> _Line:
    """The centre, or where the bounds contradict each other the line that breaks them least."""
    best = 0.0
    for most in SKEW_STEPS:
        skews = best + np.linspace(-most, most, _RATES)
        width = np.subtract(*_edges(table, middle_s, skews))
        allowed = np.flatnonzero(width > 0)
        if len(allowed) > _ENOUGH:
            low, high = max(allowed[0] - 1, 0), min(allowed[-1] + 1, _RATES - 1)
            return _centre(table, middle_s, np.linspace(skews[low], skews[high], _RATES))
        best = float(skews[np.argmax(width - STAMP_S * np.abs(skews))])  # of equal ones the least
    return _least_wrong(table, middle_s, best)


def _edges(table: Floats, middle_s: float, skews: Floats) -> tuple[Floats, Floats]:
    """The greatest and the least offset that the bounds allow at each skew."""
    asked_s, received_s, answered_s, arrived_s = table.T
    most = (arrived_s - answered_s) - skews[:, None] * (answered_s - middle_s)
    least = (asked_s - received_s) - skews[:, None] * (received_s - middle_s)
    return most.min(axis=1) + STAMP_S, least.max(axis=1) - STAMP_S


def _centre(table: Floats, middle_s: float, skews: Floats) -> _Line:
    upper, lower = _edges(table, middle_s, skews)
    width, offsets = np.maximum(upper - lower, 0.0), 0.5 * (upper + lower)
    weight = width * np.exp(-0.5 * np.minimum(np.abs(skews) / USUAL_SKEW, 6.0) ** 2)
    weight /= weight.sum()
    offset, skew = float(weight @ offsets), float(weight @ skews)
    off, on = offsets - offset, skews - skew
    # A slice is uniform between its edges: variance width^2 / 12, beside that of the slices' middles.
    variances = float(weight @ (off**2 + width**2 / 12)), float(weight @ (off * on)), float(weight @ on**2)
    return _Line(middle_s, offset, skew, variances)


def _least_wrong(table: Floats, middle_s: float, skew: float) -> _Line:
    """No line obeys every bound: the one that breaks them least, as unsure as they are broken."""
    (upper,), (lower,) = _edges(table, middle_s, np.array((skew,)))
    broken_s = float(lower - upper)
    return _Line(middle_s, 0.5 * float(upper + lower), skew, (broken_s**2, 0.0, 0.0), broken_s)
