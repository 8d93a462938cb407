"""A node's time: its clock against the rig's, what it does later than it says so, and its watchdog."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class NodeClock:
    """Microseconds by a quartz that is `skew_ppm` fast, counted from `offset_us` at each start of the node."""

    def __init__(self, offset_us: int, skew_ppm: float) -> None:
        self._offset_us = offset_us
        self._rate = 1e6 * (1 + skew_ppm * 1e-6)
        self._started_s = 0.0

    def start(self, now_s: float) -> int:
        """The node starts; gives what its clock shows."""
        self._started_s = now_s
        return self._offset_us

    def local_us(self, true_s: float) -> int:
        """What the node's clock shows at a time of the rig."""
        return self._offset_us + round((true_s - self._started_s) * self._rate)

    def true_s(self, node_us: int) -> float:
        """The rig's time at which the node's clock shows this."""
        return self._started_s + (node_us - self._offset_us) / self._rate


class Deferred:
    """Acts whose time has not come yet, because bus transfers carried the node's clock ahead; done in their order."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._acts: deque[tuple[Callable[[bytes], None], bytes, asyncio.TimerHandle]] = deque()

    def add(self, act: Callable[[bytes], None], body: bytes, due_s: float) -> None:
        if due_s <= self._loop.time() and not self._acts:
            act(body)
        else:
            self._acts.append((act, body, self._loop.call_at(due_s, self._do)))

    def _do(self) -> None:
        act, body, _ = self._acts.popleft()
        act(body)

    def clear(self) -> None:
        for _, _, timer in self._acts:
            timer.cancel()
        self._acts.clear()


class Watchdog:
    """Calls `bite` when it has been fed and then not again in time."""

    def __init__(self, bite: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._bite = bite
        self._until_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_armed(self) -> bool:
        return self._timer is not None

    def feed(self, until_s: float) -> None:
        self._until_s = until_s
        if self._timer is None:
            self._timer = self._loop.call_at(until_s, self._look)

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        if self._until_s > self._loop.time():
            self._timer = self._loop.call_at(self._until_s, self._look)
        else:
            self._timer = None
            self._bite()
