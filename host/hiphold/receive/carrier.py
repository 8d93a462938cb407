"""A dialogue over a link that comes and goes: connect, talk, connect again, until it has come to its end.

What kind of link it is, is the opener's business: an async context that connects, gives a function that writes one
command, and disconnects. It tells of each packet and of the end of the link by the two functions it is given.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from hiphold.clock import NS
from hiphold.errors import HipholdError
from hiphold.receive.dialogue import FINISH_S, Dialogue
from hiphold.samples import Frame

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 5.0
"""between attempts to connect; doubled each time in between"""
LOOK_S = 1.0
"""a link is looked at this often even when nothing is due"""

Write = Callable[[bytes], Awaitable[None]]
Received = Callable[[float, bytes], None]
"""when, by the event loop's clock, and what"""
Opener = Callable[[Received, Callable[[], None]], AbstractAsyncContextManager[Write]]


class LinkError(HipholdError):
    """There is no link now; trying again may help."""


async def frames(dialogue: Dialogue, opener: Opener, stop: asyncio.Event) -> AsyncGenerator[Frame, None]:
    """Every packet of one node as it comes, over as many connections as it takes.

    Ends within seconds after `stop` is set: missing samples are fetched first. Closing it breaks off at once.
    Raises HipholdError when the node or this computer cannot do it at all.
    """
    carrier = _Carrier(dialogue, opener)
    task = asyncio.create_task(carrier.run(stop))
    task.add_done_callback(lambda _: carrier.inbox.put_nowait(None))
    try:
        while (frame := await carrier.inbox.get()) is not None:
            yield frame
        await task
    finally:
        await _end(task)


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


class _Carrier:
    def __init__(self, dialogue: Dialogue, opener: Opener) -> None:
        self.inbox: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._dialogue = dialogue
        self._opener = opener
        self._now_s = asyncio.get_running_loop().time
        self._wake = asyncio.Event()
        self._link: asyncio.Timeout | None = None
        self._connection: object | None = None
        self._random = random.Random(dialogue.node)  # noqa: S311 (it spreads attempts over time)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep connected; once stopped, come to the end in bounded time."""
        keeping = asyncio.create_task(self._keep_connected())
        stopping = asyncio.create_task(_wait(stop))
        try:
            await asyncio.wait((keeping, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not keeping.done():
                self._dialogue.finish(self._now_s())
                self._wake.set()
                left_s = 0.0 if self._dialogue.finished and not self._link else FINISH_S + LOOK_S
                await asyncio.wait((keeping,), timeout=left_s)
        finally:
            await _end(keeping, stopping)
            self._dialogue.disconnected(self._now_s())
            self._dialogue.due(self._now_s())
        if not keeping.cancelled():
            keeping.result()

    @property
    def _over(self) -> bool:
        return bool(self._dialogue.finished or self._dialogue.refusal)

    async def _keep_connected(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._over:
            packets = self._dialogue.packets
            try:
                await self._talk()
            except LinkError as error:
                self._dialogue.problem = str(error).removeprefix(f"{self._dialogue.node}: ")
            self._dialogue.disconnected(self._now_s())
            wait_s = FIRST_WAIT_S if self._dialogue.packets > packets else min(2 * wait_s, LONGEST_WAIT_S)
            if not self._over:
                await asyncio.sleep(wait_s * self._random.uniform(0.6, 1.0))
        if self._dialogue.refusal:
            raise HipholdError(self._dialogue.refusal)

    async def _talk(self) -> None:
        """One connection, until it is lost or all is said."""
        mine = self._connection = object()
        async with self._opener(self._received, lambda: self._lost(mine)) as write:
            self._dialogue.connected(self._now_s())
            try:
                async with asyncio.timeout(None) as self._link:
                    while not self._over and not self._dialogue.silent(self._now_s()):
                        for command in self._dialogue.due(self._now_s()):
                            await write(command)
                        await self._until(min(self._dialogue.next_s, self._now_s() + LOOK_S))
            except TimeoutError:
                raise LinkError("the connection was lost") from None
            finally:
                self._link = self._connection = None

    async def _until(self, at_s: float) -> None:
        """Wait for the time or for a packet."""
        self._wake.clear()
        if at_s > self._now_s() and not self._over:
            handle = asyncio.get_running_loop().call_at(at_s, self._wake.set)
            await self._wake.wait()
            handle.cancel()

    def _received(self, at_s: float, packet: bytes) -> None:
        self.inbox.put_nowait(Frame(self._dialogue.node, self._dialogue.epoch_ns + round(at_s * NS), packet))
        self._dialogue.received(at_s, packet)
        self._wake.set()

    def _lost(self, connection: object) -> None:
        """A link has ended: break off whatever waits for it. Some systems tell it twice, or of an earlier one late."""
        if self._link and self._connection is connection:
            self._connection = None
            self._link.reschedule(self._now_s())


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
