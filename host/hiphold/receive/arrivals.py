"""What came of one node's samples, over all its starts: counted, and judged before it is believed.

A frame that was damaged and still decodes must not send the host after millions of samples that never were. So each is
held against what came before it; what does not fit changes nothing, until the node says that it has started anew, or
until enough frames in a row fit each other.
"""

from __future__ import annotations

import math

from hiphold import wire
from hiphold.receive.spans import Span, Spans

AHEAD_S = 10.0
"""a sample this much further ahead of the host's clock than any before was not taken then"""
STRANGERS = 3
"""so many frames that fit each other, but not what came before, are a new start of the node"""


class _Start:
    """One start of the node, as far as its frames tell."""

    def __init__(self, boot: int) -> None:
        self.boot = boot
        self.spans = Spans()
        self.taken: list[tuple[wire.Samples, int]] = []
        """frames and how many of their samples are new, while it is not believed"""
        self._ahead_s = math.inf  # least of (arrival - node time)

    def fits(self, now_s: float, message: wire.Samples) -> bool:
        """Whether a frame can be of this start: number, node time and arrival agree with what came before."""
        part = _span(message)
        in_time = self._ahead_s == math.inf or now_s - 1e-6 * part.last_us > self._ahead_s - AHEAD_S
        after_hole = message.flags & (wire.GAP | wire.OVERRUN) != 0
        fits = in_time and self.spans.fits(part, _period_us(message), after_hole)
        return bool(message.boot == self.boot and fits)

    def add(self, now_s: float, message: wire.Samples) -> int:
        """Take a frame in; how many of its samples are new."""
        part = _span(message)
        self._ahead_s = min(self._ahead_s, now_s - 1e-6 * part.last_us)
        return self.spans.add(part, _period_us(message))


class Arrivals:
    """The samples of one node."""

    def __init__(self) -> None:
        self.samples = self.resent = self.duplicates = 0
        """different ones that came; of these on request; those that came again"""
        self.strange = 0
        """frames that did not fit"""
        self.restarts = 0
        self.rate_hz = 0.0
        self.said_boot: int | None = None
        """the node's present start by its own word, outside of frames; None until it has said so"""
        self._current: _Start | None = None
        self._other: _Start | None = None  # what may turn out to be a new start
        self._absent_before = 0  # missing in earlier starts

    @property
    def boot(self) -> int | None:
        """The start that the samples are of; None before the first."""
        return self._current.boot if self._current else None

    def missing(self, ring_samples: int) -> list[tuple[int, int]]:
        """(first, end) of what is missing and can still come from a node that keeps its newest ring_samples."""
        if self._current is None or self.said_boot not in (None, self._current.boot):
            return []
        return self._current.spans.missing(ring_samples)

    @property
    def absent(self) -> int:
        """All samples that are missing, whether they may still come or not; none for the time a node was off."""
        return self._absent_before + (self._current.spans.absent() if self._current else 0)

    def settle(self, ring_samples: int) -> None:
        """Forget where holes are that nothing can fill any more."""
        if self._current:
            self._current.spans.settle(ring_samples)

    def take(self, now_s: float, message: wire.Samples) -> bool:
        """One frame; False when it does not fit."""
        if self._current and self._current.fits(now_s, message):
            self._other = None
            self._count(message, self._current.add(now_s, message))
            return True
        self.strange += 1
        if self._other is None or not self._other.fits(now_s, message):
            self._other = _Start(message.boot)
        self._other.taken.append((message, self._other.add(now_s, message)))
        is_new = message.boot == self.said_boot != self.boot
        if not is_new and len(self._other.taken) < STRANGERS:
            return False
        self._go_on_with(self._other)
        return True

    def _go_on_with(self, start: _Start) -> None:
        self._absent_before = self.absent
        if self._current is not None and start.boot != self._current.boot:
            self.restarts += 1
            start.spans.want_from_the_beginning()  # it was worn all the while
        self._current, self._other = start, None
        self.strange -= len(start.taken)
        for message, new in start.taken:
            self._count(message, new)
        start.taken.clear()

    def _count(self, message: wire.Samples, new: int) -> None:
        self.samples += new
        self.duplicates += message.count - new
        self.resent += new if message.flags & wire.RESENT else 0
        self.rate_hz = 1e9 / message.period_ns


def _period_us(message: wire.Samples) -> float:
    return 1e-3 * float(message.period_ns)


def _span(message: wire.Samples) -> Span:
    last_us = message.node_us + (message.count - 1) * _period_us(message)
    return Span(message.seq, message.seq + message.count, message.node_us, last_us)
