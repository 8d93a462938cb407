"""The commands that receive nodes: `scan` and `record`. Arguments in, lines out; no logic.

The context's object may carry "runner", "scanner" and "client": what runs a coroutine, and what makes bleak's objects.
Tests put their own there.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hiphold.arguments import Number, Output, examples, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from rich.table import Table

    from hiphold.receive.capture import Found, Node
    from hiphold.sources.ble import Seen
    from hiphold.sources.usb import Port

PLAIN_EVERY = 5
"""one in so many reports is printed where there is no terminal"""
WIDTH = 110
SILENT_S = 2.0
COLUMNS = ("node", "worn at", "state", "signal", "samples", "missing", "lost", "battery", "clock")
WHOLE = ("node", "worn at", "signal")
"""columns that are of no use when cut"""
COUNTED = ("samples", "missing", "lost")
"""columns whose values are bare numbers"""


def _given(ctx: click.Context, name: str) -> Any:
    return (ctx.obj or {}).get(name)


def _run(ctx: click.Context, coroutine: Any) -> Any:
    return (_given(ctx, "runner") or asyncio.run)(coroutine)


@click.command(
    epilog=examples("hiphold scan", "hiphold scan --seconds 20"),
    short_help="Which nodes are there, and how they are.",
)
@click.option("--seconds", type=Number(0, min_open=True), default=5.0, show_default=True, help="How long to listen.")
@click.pass_context
def scan(ctx: click.Context, seconds: float) -> None:
    """List the nodes that can be heard: place, lid, signal, battery, faults; and USB ports that may be nodes."""
    from rich.console import Console

    from hiphold.errors import HipholdError
    from hiphold.sources import ble, usb

    ports = usb.ports()
    say(f"listening for {seconds:g} s ...")
    try:
        seen = _run(ctx, ble.scan(seconds, _given(ctx, "scanner")))
    except HipholdError as error:
        if not ports:
            raise
        say(str(error))
        seen = []
    if not seen and not ports:
        raise HipholdError("No node was heard; switch the nodes on and bring them within a few metres.")
    console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else WIDTH)
    console.print(_scan_table(seen, ports))


def _scan_table(seen: Sequence[Seen], ports: Sequence[Port]) -> Table:
    from hiphold.receive.capture import distinct

    table = _table("node", "worn at", "lid", "signal", "battery", "state")
    for found in distinct(seen):
        table.add_row(*_heard_row(found))
    for port in ports:
        table.add_row(port.device, "", "", "USB", "", f"{port.kind}, perhaps a node")
    return table


def _table(*columns: str) -> Table:
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column in WHOLE)
    return table


def _heard_row(found: Found) -> tuple[str, ...]:
    from hiphold import wire
    from hiphold.receive.dialogue import fault_words, refusal

    seen = found.seen
    if seen is None:
        return (found.name,)
    advert, signal_dbm = seen.advert, f"{seen.rssi_dbm} dBm"
    if advert.version != wire.VERSION:
        return found.name, "", "", signal_dbm, "", refusal("it", advert.version)
    battery = "none" if advert.battery_percent == wire.NO_PERCENT else f"{advert.battery_percent} %"
    taken = "sends to a computer" if advert.state & wire.STREAMING else "free"
    return found.name, advert.placement, advert.lid, signal_dbm, battery, fault_words(advert.faults) or taken


@click.command(
    epilog=examples(
        "hiphold record session.mcap             all nodes in reach, until Ctrl-C",
        "hiphold record session.mcap --node hip-1 --node hip-2",
        "hiphold record session.mcap --usb /dev/ttyACM0 --seconds 60",
    ),
    short_help="Record nodes into a file, until Ctrl-C.",
)
@click.argument("recording", type=Output(".mcap"))
@click.option("--node", "nodes", multiple=True, metavar="NAME", help="Only this node, by name or address; repeatable.")
@click.option("--usb", "ports", multiple=True, metavar="PORT", help="The node at this serial port; repeatable.")
@click.option("--seconds", type=Number(0, min_open=True), help="End by itself so long after the first packet.")
@click.pass_context
def record(
    ctx: click.Context, recording: Path, nodes: tuple[str, ...], ports: tuple[str, ...], seconds: float | None
) -> None:
    """Record nodes into RECORDING: every packet, kept as it came.

    Without --node and --usb, all nodes that are heard. Ctrl-C ends the recording: what was lost on the way is fetched
    first, which takes up to five seconds; a second Ctrl-C ends it at once.
    """
    from hiphold.receive import capture

    capture.check_new(recording)
    scanner, client = _given(ctx, "scanner"), _given(ctx, "client")

    async def receive() -> Sequence[Node]:
        if nodes or not ports:
            say("looking for nodes ...")
        found = await capture.find(nodes, ports, say, scanner=scanner)
        say(f"recording {', '.join(each.name for each in found)}; Ctrl-C ends it")
        stop = asyncio.Event()
        with _interrupting(stop), _showing() as show:
            return await capture.record(recording, found, stop, say, show, seconds, scanner, client)

    ended = _run(ctx, receive())
    last_s = max(node.dialogue.packet_s or 0.0 for node in ended)
    for node in ended:
        click.echo(_summary(node, last_s))
    say(f"wrote {recording}; next: hiphold measure {recording}")


@contextmanager
def _interrupting(stop: asyncio.Event) -> Iterator[None]:
    """The first SIGINT or SIGTERM sets `stop`; the next does what it always does."""
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {}

    def restore() -> None:
        while before:
            signal.signal(*before.popitem())

    def end() -> None:
        stop.set()
        say("ending: fetching what is still missing, a few seconds at most; Ctrl-C again ends at once")

    def handle(*_: object) -> None:
        restore()
        loop.call_soon_threadsafe(end)

    with suppress(ValueError):  # signals come to the main thread only
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        restore()


def _showing() -> AbstractContextManager[Callable[[Sequence[Node]], None]]:
    """What shows the nodes once a second: a table that stays on a terminal, now and then plain lines elsewhere."""
    if sys.stderr.isatty():
        return _live_table()
    count = 0

    def show(nodes: Sequence[Node]) -> None:
        nonlocal count
        count += 1
        if count % PLAIN_EVERY == 1:
            for node in nodes:
                shown = ((name, part) for name, part in zip(COLUMNS, _status_row(node)) if part)
                say("  ".join(f"{part} {name}" if name in COUNTED else part for name, part in shown))

    return nullcontext(show)


@contextmanager
def _live_table() -> Iterator[Callable[[Sequence[Node]], None]]:
    from rich.console import Console
    from rich.live import Live

    def table(nodes: Sequence[Node]) -> Table:
        shown = _table(*COLUMNS)
        for node in nodes:
            shown.add_row(*_status_row(node))
        return shown

    with Live(table(()), console=Console(stderr=True), auto_refresh=False) as live:
        yield lambda nodes: live.update(table(nodes), refresh=True)


def _status_row(node: Node) -> tuple[str, ...]:
    talk = node.dialogue
    battery_mv = talk.info.battery_mv if talk.info else 0
    skew_ppm = talk.skew_ppm
    seen = node.found.seen
    return (
        node.found.name,
        talk.info.placement if talk.info else "",
        _state(node),
        f"{seen.rssi_dbm} dBm" if seen else "USB",
        str(talk.arrivals.samples),
        str(talk.missing),
        str(talk.lost),
        f"{battery_mv / 1000:.2f} V" if battery_mv else "",
        "" if skew_ppm is None else f"{skew_ppm:+.0f} ppm",
    )


def _state(node: Node) -> str:
    from hiphold.receive.dialogue import fault_words

    talk = node.dialogue
    if node.ended or talk.finished:
        return "ended"
    if not talk.connected_now:
        return "connecting again" if talk.link_losses else "connecting"
    if not talk.streaming:
        return talk.problem or "starting"
    faults = fault_words(talk.info.faults) if talk.info else ""
    return f"receiving, {faults}" if faults else "receiving"


def _summary(node: Node, last_s: float) -> str:
    from hiphold.receive.capture import why_nothing

    talk = node.dialogue
    if not talk.arrivals.samples:
        return f"no samples of {why_nothing(node)}"
    worn = f" ({talk.info.placement})" if talk.info else ""
    silent_s = last_s - (talk.packet_s or 0.0)
    silent = f", silent for the last {silent_s:.0f} s" if silent_s > SILENT_S else ""
    return (
        f"{node.found.name}{worn}: {talk.arrivals.samples} samples, {talk.lost} lost, {talk.arrivals.resent} sent "
        f"again; connection lost {talk.link_losses} times, restarted {talk.arrivals.restarts} times{silent}"
    )
