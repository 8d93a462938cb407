"""Which samples to ask for again now: few at once, in turn, and again when nothing comes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

SAMPLES_AT_ONCE = 220
"""in one request: 20 frames"""
REQUESTS = 3
"""on the way at once"""
PATIENCE_S = 1.0
"""a request that brings nothing for so long is made again"""
PAUSE_S = 0.5
"""after the node has refused one"""

Range = tuple[int, int]
"""first, one beyond the last"""


@dataclass(frozen=True)
class _Request:
    first: int
    end: int
    sent_s: float


class Requests:
    """What one node has been asked for and has not sent yet."""

    def __init__(self) -> None:
        self._waiting: list[_Request] = []
        self._progress_s = -math.inf
        self._paused_until_s = -math.inf
        self._turn = 0

    def forget(self) -> None:
        """The node no longer knows of them: the link was lost, or it started anew."""
        self._waiting.clear()
        self._turn = 0  # the oldest first: the node overwrites it next

    def progressed(self, now_s: float) -> None:
        """Something came that had been asked for."""
        self._progress_s = now_s

    def refused(self, now_s: float) -> None:
        """The node did not take a request; they are answered in order."""
        del self._waiting[:1]
        self._paused_until_s = now_s + PAUSE_S

    def due(self, now_s: float, missing: list[Range]) -> tuple[list[Range], float]:
        """What to ask for now, and when to look again."""
        self._waiting = [each for each in self._waiting if self._is_open(each, now_s, missing)]
        if not missing:
            return [], math.inf
        if now_s < self._paused_until_s:
            return [], self._paused_until_s
        asked: list[Range] = []
        while len(self._waiting) < REQUESTS and (free := self._free(missing)):
            asked.append(self._next(free))
            self._waiting.append(_Request(*asked[-1], now_s))
            self._turn = asked[-1][1]
        return asked, now_s + PATIENCE_S / 4

    def _is_open(self, request: _Request, now_s: float, missing: list[Range]) -> bool:
        waits = now_s - max(request.sent_s, self._progress_s) < PATIENCE_S
        return waits and any(first < request.end and request.first < end for first, end in missing)

    def _free(self, missing: list[Range]) -> list[Range]:
        """What is missing and not asked for."""
        free = []
        for first, end in missing:
            for request in sorted(self._waiting, key=lambda each: each.first):
                if request.first < end and first < request.end:
                    free.append((first, request.first))
                    first = request.end
            free.append((first, end))
        return [(first, end) for first, end in free if first < end]

    def _next(self, free: list[Range]) -> Range:
        """The next piece going round from old to new: what never comes must not keep the rest waiting."""
        first, end = next(((max(a, self._turn), z) for a, z in free if z > self._turn), free[0])
        return first, min(end, first + SAMPLES_AT_ONCE)
