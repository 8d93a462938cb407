"""The session in a thread of its own: one asyncio loop, a queue out, commands in. A slow screen delays nothing here.

The screen calls `drain` from its own timer, and `tell` whenever it likes; neither waits. What a screen that hangs does
not take is dropped from the far end: scenes carry all that has happened, so only points of plots and sounds are lost.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from hiphold.session.engine import Engine
from hiphold.session.nodes import Radio
from hiphold.session.plan import Plan
from hiphold.session.preferences import Preferences
from hiphold.session.scene import FAULT, Command, Message, Said, Summary
from hiphold.session.texts import text

WAITING = 5000
"""messages that may wait for a screen: half a minute of four athletes"""

Runner = Callable[[Coroutine[Any, Any, None]], None]


class Worker:
    """A session that runs beside a screen."""

    def __init__(
        self, plan: Plan, preferences: Preferences, radio: Radio | None = None, runner: Runner = asyncio.run
    ) -> None:
        """runner: what runs the session's coroutine, in the thread."""
        self._plan, self._preferences, self._radio, self._runner = plan, preferences, radio, runner
        self._messages: deque[Message] = deque(maxlen=WAITING)
        self._early: list[Command] = []
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.summaries: list[Summary] = []
        """of the sessions that were still going on at the end, and of those that ended before"""
        self._thread = threading.Thread(target=self._work, name="hiphold-session", daemon=False)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """False once all is closed and written."""
        return self._thread.is_alive()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait for that."""
        self._thread.join(timeout_s)

    def tell(self, command: Command) -> None:
        """Ask something of the session."""
        with self._lock:
            if self._loop is None or self._engine is None:
                self._early.append(command)
            elif self._thread.is_alive() and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._engine.tell, command)

    def drain(self) -> list[Message]:
        """What it said since the last call, in order."""
        taken: list[Message] = []
        while self._messages:
            taken.append(self._messages.popleft())
        return taken

    def _work(self) -> None:
        try:
            self._runner(self._run())
        except Exception as error:  # nobody would see it in a thread
            self._messages.append(Said(text("notice.session_failed", error=repr(error)), FAULT))

    async def _run(self) -> None:
        engine = Engine(self._plan, self._preferences, self._messages.append, self._radio)
        with self._lock:
            self._loop, self._engine = asyncio.get_running_loop(), engine
            for command in self._early:
                engine.tell(command)
        try:
            await engine.run()
        finally:
            with self._lock:
                self._engine = None
            self.summaries = [lane.summary for lane in engine.lanes.values() if lane.summary]
