"""Where the frames of one athlete come from: a simulated athlete, a recording, or nodes. All are one kind of iterator.

A feed also tells of the links to its nodes, as far as it has any.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from hiphold import recording
from hiphold.samples import Event, Frame
from hiphold.session.notices import CABLE, SILENT_S, Link
from hiphold.session.plan import Plan

if TYPE_CHECKING:
    from hiphold.receive.capture import Capture, Found, Node
    from hiphold.sources.ble import Client, Scanner


class Feed(Protocol):
    """What a lane is fed from."""

    def frames(self) -> AsyncIterator[Frame]:
        """Every packet in order of arrival, until there are no more."""

    def links(self) -> Mapping[str, Link]:
        """What is known of the connections, by node."""

    async def stop(self) -> None:
        """Come to an end within seconds."""


class Simulated:
    """A simulated athlete."""

    def __init__(self, plan: Plan, lane: int, turn: int) -> None:
        """turn: 0 for the first session of the lane; each next one is another day of the same athlete."""
        self._kind = plan.kinds[min(lane, len(plan.kinds) - 1)]
        self._seed = plan.seed + lane + 10 * turn
        self._faults = {0: plan.faults} if lane == 0 and turn == 0 else {}
        self._plan = plan

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """As a node would send them, at the plan's speed."""
        from hiphold.sources import stage

        plan = self._plan
        played = stage.perform([self._kind], self._seed, plan.speed, plan.reps, self._faults, epoch_ns=time.time_ns())
        async for _, frame in played:
            yield frame

    def links(self) -> Mapping[str, Link]:
        """None are known."""
        return {}

    async def stop(self) -> None:
        """Nothing is to be closed."""


class Replayed:
    """A recording, played again."""

    def __init__(self, plan: Plan) -> None:
        self._path, self._speed = plan.recording, plan.speed
        self.events: tuple[Event, ...] = ()

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """As they came. Raises BadInputError for what is no recording."""
        from hiphold.sources.replay import play

        if self._path is None:
            return
        found = await asyncio.to_thread(recording.read, self._path)
        self.events = found.events
        async for frame in play(found.frames, self._speed):
            yield frame

    def links(self) -> Mapping[str, Link]:
        """None are known."""
        return {}

    async def stop(self) -> None:
        """Nothing is to be closed."""


class Received:
    """Nodes over Bluetooth and cable."""

    def __init__(
        self,
        found: Sequence[Found],
        adapter: asyncio.Lock,
        scanner: Scanner | None = None,
        client: Client | None = None,
    ) -> None:
        from hiphold.receive.capture import Capture

        self._began_s = asyncio.get_running_loop().time()
        self.addresses = tuple(each.seen.address if each.seen else each.port for each in found)
        # since when each has been there and not sending: what ended the last link is still said for a moment
        self._refuses_s: dict[str, float] = {}
        self._stop = asyncio.Event()
        self._capture: Capture = Capture(found, None, self._stop, scanner, client, adapter)

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """Until `stop`, over as many connections as it takes; what was missed is fetched."""
        async for frame in self._capture.frames():
            yield frame

    def links(self) -> Mapping[str, Link]:
        """How each node is connected."""
        now_s = asyncio.get_running_loop().time()
        found = {node.found.name: _link(node, now_s - self._began_s) for node in self._capture.nodes}
        since_s = {name: self._refuses_s.get(name, now_s) for name, link in found.items() if link.refuses}
        self._refuses_s = since_s
        passing = {name for name, each_s in since_s.items() if now_s - each_s < SILENT_S}
        return {name: replace(link, problem="") if name in passing else link for name, link in found.items()}

    async def stop(self) -> None:
        """Fetch what is missing, let go of the nodes."""
        self._stop.set()


def _link(node: Node, waited_s: float) -> Link:
    talk, seen = node.dialogue, node.found.seen
    ended = bool(node.ended) or talk.finished
    return Link(
        connected=talk.connected_now and not ended,
        problem=node.ended or talk.problem,
        missing=talk.missing,
        signal=f"{seen.rssi_dbm} dBm" if seen else CABLE,
        placement=seen.advert.placement if seen else "unknown",
        waited_s=0.0 if talk.packets else waited_s,
    )
