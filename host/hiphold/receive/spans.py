"""Which samples of one start of a node have come, by number and by the node's own time; what is missing between them.

Samples may come in any order and more than once. Unbroken stretches are kept, not samples, so the memory is that of
the holes; holes that nothing can fill any more become a number.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

SLOWEST = 0.5
"""a sample takes at least this part of its period: a number further ahead than time allows is no number"""
SAME_PERIOD = 0.1
"""a sample period that changes by more than this part has been damaged, or set anew"""
SETTLED = 2048
"""a hole this much older than what can be asked for is never filled"""


@dataclass
class Span:
    """Samples without a number missing between them."""

    first: int
    end: int
    """one beyond the last"""
    first_us: float
    """when the first was taken, by the node's clock"""
    last_us: float
    """when the last was taken"""


def hole(before: Span, after: Span, period_us: float) -> int:
    """Samples missing between two stretches: by number or by the node's time, whichever is more (as `timeline`)."""
    steps = (after.first_us - before.last_us) / period_us
    return max(after.first - before.end, round(steps) - 1 if steps > 1.5 else 0)


class Spans:
    """The samples of one start of a node."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._settled = 0  # missing in holes that were closed
        self._period_us = 1.0
        self.samples = 0
        """different ones that came"""

    @property
    def end(self) -> int:
        """One beyond the newest number that came."""
        return self._spans[-1].end if self._spans else 0

    @property
    def first(self) -> int:
        """The oldest number that came."""
        return self._spans[0].first if self._spans else 0

    def fits(self, part: Span, period_us: float, after_hole: bool) -> bool:
        """Whether these samples can be of this start, judged by what came before and after them in number.

        after_hole: the node says that it took no samples just before them.
        """
        if self._spans and not abs(period_us / self._period_us - 1) < SAME_PERIOD:
            return False
        at = self._after(part.first)
        if at and part.first >= self._spans[at - 1].end:
            before = self._spans[at - 1]
            steps, samples = (part.first_us - before.last_us) / period_us, part.first - before.end + 1
            if steps < SLOWEST * samples or (samples == 1 and steps > 1.5 and not after_hole):
                return False
        if at < len(self._spans) and part.end <= self._spans[at].first:
            after = self._spans[at]
            return (after.first_us - part.last_us) / period_us >= SLOWEST * (after.first - part.end + 1)
        return True

    def add(self, part: Span, period_us: float) -> int:
        """Take samples in; how many of them are new."""
        self._period_us = period_us
        fresh = [Span(first, end, *_within(part, first, end)) for first, end in self._holes_in(part.first, part.end)]
        new = sum(each.end - each.first for each in fresh)
        for each in fresh:
            self._insert(each)
        self.samples += new
        return new

    def want_from_the_beginning(self) -> None:
        """Number 0 was taken, too: what lies before the oldest that came is a hole like any other."""
        oldest = self._spans[0]
        before_us = oldest.first_us - (oldest.first + 1) * self._period_us
        self._spans.insert(0, Span(0, 0, before_us, before_us))

    def missing(self, ring_samples: int) -> list[tuple[int, int]]:
        """(first, end) of each hole as far as the node, which keeps its newest ring_samples, can still fill it."""
        oldest = self.end - ring_samples
        holes = ((max(a.end, oldest), b.first) for a, b in self._pairs())
        return [(first, end) for first, end in holes if first < end]

    def absent(self) -> int:
        """All that is missing between the first and the newest sample, whether it may still come or not."""
        return self._settled + sum(hole(a, b, self._period_us) for a, b in self._pairs())

    def settle(self, ring_samples: int) -> None:
        """Keep only the number of what is missing in holes too old to be filled."""
        oldest = self.end - 2 * ring_samples - SETTLED
        while len(self._spans) > 1 and self._spans[1].first < oldest:
            self._join(0)

    def _pairs(self) -> Iterator[tuple[Span, Span]]:
        return zip(self._spans, self._spans[1:])

    def _after(self, number: int) -> int:
        """Index of the first stretch that starts beyond a number."""
        return bisect_right(self._spans, number, key=lambda span: span.first)

    def _holes_in(self, first: int, end: int) -> list[tuple[int, int]]:
        """What of [first, end) has not come."""
        found = []
        for span in self._spans[max(0, self._after(first) - 1) :]:
            if span.first >= end:
                break
            if first < span.first:
                found.append((first, span.first))
            first = max(first, span.end)
        return [*found, (first, end)] if first < end else found

    def _insert(self, part: Span) -> None:
        at = self._after(part.first)
        self._spans.insert(at, part)
        if at + 1 < len(self._spans) and self._spans[at + 1].first == part.end:
            self._join(at)
        if at and self._spans[at - 1].end == part.first:
            self._join(at - 1)

    def _join(self, at: int) -> None:
        """Two neighbours become one; what was missing between them stays counted."""
        before, after = self._spans[at], self._spans.pop(at + 1)
        self._settled += hole(before, after, self._period_us)
        before.end, before.last_us = after.end, after.last_us


def _within(part: Span, first: int, end: int) -> tuple[float, float]:
    """When the first and the last of the samples [first, end) of a stretch were taken."""
    count = part.end - part.first
    step_us = (part.last_us - part.first_us) / (count - 1) if count > 1 else 0.0
    return part.first_us + (first - part.first) * step_us, part.first_us + (end - 1 - part.first) * step_us
