"""Frames from a recording, or any list of them, at the pace they came in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from hiphold.samples import Frame


async def play(frames: Iterable[Frame], speed: float = 1.0) -> AsyncIterator[Frame]:
    """Yield frames in order of arrival; speed 2 plays twice as fast, 0 as fast as they are taken."""
    clock = asyncio.get_running_loop().time
    started_s, first_ns = clock(), None
    for frame in frames:
        first_ns = frame.arrival_ns if first_ns is None else first_ns
        if speed > 0:
            due_s = started_s + (frame.arrival_ns - first_ns) * 1e-9 / speed
            await asyncio.sleep(max(0.0, due_s - clock()))
        yield frame
