"""Virtual time for asyncio: a loop whose clock stands still while anything runs and leaps to the next timer.

`run(main)` is asyncio.run in virtual time; `pace=1.0` ties it to real time (2.0: twice as fast). Jobs in threads
(`asyncio.to_thread`) hold an unpaced clock until they are done. Real file descriptors are looked at, never waited
for, unless there is nothing else to wait for; what talks to the world outside needs a pace.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
START_S = 0.0
STUCK_S = 10.0  # real time without any event, timer or thread before a loop counts as stuck
REBASE_S = 0.5  # a paced loop that has fallen this far behind does not try to catch up


class VirtualSelector(selectors.BaseSelector):
    """A selector that moves the virtual clock instead of waiting."""

    def __init__(self, pace: float | None) -> None:
        self.jobs = 0
        self._now_s = START_S
        self._real = selectors.DefaultSelector()
        self._pace = pace
        self._origin = time.monotonic(), START_S  # one instant on both clocks, for pacing
        self._until_s: float | None = None  # while a paced loop waits, other threads see time go on up to here

    def now_s(self) -> float:
        return self._now_s if self._until_s is None else max(self._now_s, min(self._until_s, self._paced_s()))

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = self._real.select(0)
        if events or timeout == 0:
            return events
        if self._pace is not None:
            return self._wait(math.inf if timeout is None else self._now_s + timeout, self._pace)
        if timeout is None or self.jobs:
            return self._block()
        self._now_s += timeout
        return []

    def _block(self) -> list[tuple[selectors.SelectorKey, int]]:
        events = self._real.select(STUCK_S)
        while not events and self.jobs:
            events = self._real.select(STUCK_S)
        if not events:
            raise RuntimeError("the loop is stuck: no timer is set, no thread runs, and nothing has arrived for 10 s")
        return events

    def _wait(self, until_s: float, pace: float) -> list[tuple[selectors.SelectorKey, int]]:
        wait_s = (until_s - self._paced_s()) / pace
        if wait_s < -REBASE_S:
            self._origin = time.monotonic(), until_s
        self._until_s = until_s
        events = self._real.select(None if wait_s == math.inf else max(wait_s, 0.0))
        self._now_s, self._until_s = self.now_s() if events else until_s, None
        return events

    def _paced_s(self) -> float:
        real_s, virtual_s = self._origin
        return virtual_s + (time.monotonic() - real_s) * (self._pace or 0.0)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self, pace: float | None = None) -> None:
        self.virtual = VirtualSelector(pace)
        super().__init__(self.virtual)

    def time(self) -> float:
        return self.virtual.now_s()

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self.virtual.jobs += 1
        future.add_done_callback(self._job_done)
        return future

    def _job_done(self, _: asyncio.Future[Any]) -> None:
        self.virtual.jobs -= 1


def run(main: Coroutine[Any, Any, T], pace: float | None = None) -> T:
    """asyncio.run in virtual time. Returns what `main` returns, raises what it raises."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(pace)) as runner:
        return runner.run(main)
