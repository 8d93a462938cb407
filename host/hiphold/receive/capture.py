"""Many nodes received at once: found, named, recorded packet by packet, and handed on in order of arrival.

Rule 1: a packet is in the recorder before anything else sees it.
Rule 2: what befalls one node does not end the others; only a recording that cannot be written ends all.
Rule 3: time is the event loop's; the wall clock is read once, at the beginning.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from hiphold import wire
from hiphold.clock import NS
from hiphold.errors import BadInputError, HipholdError
from hiphold.receive.dialogue import Dialogue, refusal
from hiphold.recording import Recorder
from hiphold.samples import Frame

if TYPE_CHECKING:
    from hiphold.sources.ble import Client, Scanner, Seen

SHOW_EVERY_S = 1.0
SCAN_S = 5.0


@dataclass(frozen=True)
class Found:
    """A node that can be received, by its name within the session."""

    name: str
    seen: Seen | None = None
    """over the air"""
    port: str = ""
    """or at this serial port"""


@dataclass
class Node:
    """A node that is being received."""

    found: Found
    dialogue: Dialogue
    source: AsyncIterator[Frame] = field(repr=False)
    ended: str = ""
    """why it is received no more, as a sentence; empty while it is"""


def distinct(seen: Sequence[Seen]) -> list[Found]:
    """Names that stay apart: two nodes of one name get the end of their address as well."""
    names = [each.name for each in seen]
    short = [f"{each.name}-{each.address.replace(':', '')[-4:]}" for each in seen]
    shown = [name if names.count(name) == 1 else by for name, by in zip(names, short)]
    whole = [f"{each.name}-{each.address.replace(':', '')}" for each in seen]
    return [Found(name if shown.count(name) == 1 else by, each) for name, by, each in zip(shown, whole, seen)]


async def find(
    nodes: Sequence[str],
    ports: Sequence[str],
    say: Callable[[str], None],
    scan_s: float = SCAN_S,
    scanner: Scanner | None = None,
) -> list[Found]:
    """The nodes to record: those of these names, addresses or beginnings of them, and ports; else all that are heard.

    Raises HipholdError when one that was named is not heard, or none is, or none can be received.
    """
    found = [Found(name, port=port) for name, port in zip(_port_names(ports), ports)]
    if nodes or not ports:
        from hiphold.sources import ble

        heard = distinct(await ble.scan(scan_s, scanner))
        found += _received(_chosen(nodes, heard), say)
    return found


def _port_names(ports: Sequence[str]) -> list[str]:
    names = [PurePath(port).name for port in ports]
    return [name if names.count(name) == 1 else port for name, port in zip(names, ports)]


def _chosen(names: Sequence[str], heard: list[Found]) -> list[Found]:
    if not heard:
        raise HipholdError(
            "No node was heard; switch the nodes on, bring them within a few metres, and charge those whose light "
            "stays dark."
        )
    chosen: dict[str, Found] = {}
    for name in names:
        named = [(each, _names(each, each.seen)) for each in heard if each.seen]
        fitting = [each for each, names in named if name.lower() in names]
        begins = [each for each, names in named if any(n.startswith(name.lower()) for n in names)]
        if not fitting and len(begins) > 1:
            there = ", ".join(each.name for each in begins)
            raise HipholdError(f"{there} all begin with {name!r}; write more of the name.")
        fitting = fitting or begins
        if not fitting:
            there = ", ".join(each.name for each in heard)
            raise HipholdError(f"No node {name!r} was heard, only {there}; switch it on, or choose among these.")
        chosen |= {each.name: each for each in fitting}
    return list(chosen.values()) or heard


def _names(found: Found, seen: Seen) -> tuple[str, ...]:
    return found.name.lower(), seen.name.lower(), seen.address.lower()


def _received(chosen: list[Found], say: Callable[[str], None]) -> list[Found]:
    """Those that speak our version; of the others it is said what to update."""
    refused = [each for each in chosen if each.seen and each.seen.advert.version != wire.VERSION]
    sentences = [refusal(each.name, each.seen.advert.version) for each in refused if each.seen]
    if len(refused) == len(chosen):
        raise HipholdError(" ".join(sentences))
    for sentence in sentences:
        say(sentence)
    return [each for each in chosen if each not in refused]


class Capture:
    """Nodes that are received at once. `stop` ends it in bounded time, with what is missing fetched."""

    def __init__(
        self,
        found: Sequence[Found],
        recorder: Recorder | None = None,
        stop: asyncio.Event | None = None,
        scanner: Scanner | None = None,
        client: Client | None = None,
        adapter: asyncio.Lock | None = None,
    ) -> None:
        """adapter: what captures that go on beside this one share; whoever scans or connects holds it."""
        self.epoch_ns = time.time_ns() - round(asyncio.get_running_loop().time() * NS)
        self.stop = stop or asyncio.Event()
        self._recorder = recorder
        self._adapter = adapter or asyncio.Lock()
        self._radio = client, scanner
        self.nodes = [self._node(seed, each) for seed, each in enumerate(found)]

    def _node(self, seed: int, found: Found) -> Node:
        dialogue = Dialogue(found.name, self.epoch_ns, seed)
        if found.seen:
            from hiphold.sources import ble

            source = ble.frames(found.seen.device, dialogue, self.stop, self._adapter, *self._radio)
        else:
            from hiphold.sources import usb

            source = usb.frames(found.port, dialogue, self.stop)
        return Node(found, dialogue, source)

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """Every packet of every node as it comes, recorded already; ends when all nodes have ended.

        Raises BadInputError when the recording cannot be written.
        """
        inbox: asyncio.Queue[Frame | None] = asyncio.Queue()
        pumps = [asyncio.create_task(self._pump(node, inbox)) for node in self.nodes]
        ending = asyncio.create_task(_tell_end(pumps, inbox))
        try:
            while (frame := await inbox.get()) is not None:
                yield frame
            for pump in pumps:
                if pump.done():
                    pump.result()
        finally:
            for task in (*pumps, ending):
                task.cancel()
            await asyncio.wait((*pumps, ending))

    async def _pump(self, node: Node, inbox: asyncio.Queue[Frame | None]) -> None:
        try:
            async for frame in node.source:
                if self._recorder:
                    self._recorder.frame(frame)
                inbox.put_nowait(frame)
        except BadInputError:  # the recording's
            raise
        except HipholdError as error:  # the node's
            node.ended = str(error)
        except Exception as error:  # a fault of ours, or of the system's Bluetooth: the other nodes go on
            node.ended = f"{node.found.name} is received no more, because something failed here: {error!r}."

    def conflicts(self) -> list[str]:
        """Sentences on nodes that say they are worn in the same place."""
        known = [(node.found.name, node.dialogue.info.placement) for node in self.nodes if node.dialogue.info]
        return [
            f"{a} and {b} both say that they are worn at {placement}: only one of them can be measured; "
            "give the other its own place."
            for (a, placement), (b, other) in combinations(known, 2)
            if placement == other
        ]


async def _tell_end(pumps: list[asyncio.Task[None]], inbox: asyncio.Queue[Frame | None]) -> None:
    await asyncio.wait(pumps, return_when=asyncio.FIRST_EXCEPTION)
    inbox.put_nowait(None)


def check_new(path: Path) -> None:
    """Raise BadInputError when there is something at `path` already."""
    if path.exists():
        raise BadInputError(f"{path} exists already; choose another name, a recording is never overwritten.")


async def record(
    path: Path,
    found: Sequence[Found],
    stop: asyncio.Event,
    say: Callable[[str], None],
    show: Callable[[Sequence[Node]], None],
    seconds: float | None = None,
    scanner: Scanner | None = None,
    client: Client | None = None,
) -> list[Node]:
    """Record these nodes into a new file until `stop` is set, or for so many seconds from the first packet on.

    `show` is called about once a second with the nodes as they are, `say` with sentences on what to attend to.
    Returns the nodes as they were at the end. Raises HipholdError when nothing came, and leaves no file then;
    BadInputError when the file cannot be written: what was written stays.
    """
    with _told_where(path), Recorder(path, datetime.now().astimezone().isoformat(timespec="seconds")) as recorder:
        capture = Capture(found, recorder, stop, scanner, client)
        said: set[str] = set()
        watching = asyncio.create_task(_watch(capture, say, show, said))
        try:
            async for _ in capture.frames():
                if seconds is not None:
                    asyncio.get_running_loop().call_later(seconds, stop.set)
                    seconds = None
        finally:
            watching.cancel()
            await asyncio.wait((watching,))
    _show(show, capture, say, said)
    if not any(node.dialogue.arrivals.samples for node in capture.nodes):
        path.unlink()
        raise HipholdError(" ".join(["Nothing was received.", *map(why_nothing, capture.nodes)]))
    _say_new(capture, say, said)
    return capture.nodes


@contextmanager
def _told_where(path: Path) -> Iterator[None]:
    """When the disk is full, say that what was received until then is not lost."""
    try:
        yield
    except BadInputError as error:
        if path.exists() and path.stat().st_size and not isinstance(error.__cause__, FileExistsError):
            raise BadInputError(f"{error} What was received until then is in it: measure it as it is.") from error
        raise


async def _watch(
    capture: Capture, say: Callable[[str], None], show: Callable[[Sequence[Node]], None], said: set[str]
) -> None:
    while True:
        await asyncio.sleep(SHOW_EVERY_S)
        _show(show, capture, say, said)
        _say_new(capture, say, said)


def _show(show: Callable[[Sequence[Node]], None], capture: Capture, say: Callable[[str], None], said: set[str]) -> None:
    """Show how it goes; a display that fails does not end a recording."""
    try:
        show(capture.nodes)
    except Exception as error:
        _say_once(f"How it goes cannot be shown ({error!r}); the recording goes on.", say, said)


def _say_new(capture: Capture, say: Callable[[str], None], said: set[str]) -> None:
    """Say what is to be attended to, each thing once."""
    for sentence in (*capture.conflicts(), *(node.ended for node in capture.nodes if node.ended)):
        _say_once(sentence, say, said)


def _say_once(sentence: str, say: Callable[[str], None], said: set[str]) -> None:
    if sentence not in said:
        said.add(sentence)
        say(sentence)


def why_nothing(node: Node) -> str:
    """Why a node sent no samples, as a sentence that begins with its name."""
    if node.ended:
        return f"{node.found.name}: {node.ended}"
    return f"{node.found.name}: {(node.dialogue.problem or 'it did not answer').rstrip('.')}."
