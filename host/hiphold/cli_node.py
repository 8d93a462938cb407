"""The commands for one node at hand, and for this computer: `node ...` and `doctor`. Arguments in, lines out; no logic.

The context's object may carry what cli_capture's carries: "runner", "scanner" and "client".
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hiphold import wire
from hiphold.arguments import EXISTING, examples, say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from hiphold.setup.node import Talk

WIDTH = 110
SCAN_S = 5.0
SETTLE_S = 2.0
"""to let go of a node, before it is measured at rest"""


def _name(value: str) -> str:
    """A node's name as it can be sent; a usage error for another."""
    if not value.strip() or not value.isprintable():
        raise click.BadParameter("use printable characters.")
    if len(value.encode()) > wire.MAX_NAME:
        raise click.BadParameter(f"{value!r} is too long; at most {wire.MAX_NAME} bytes are kept.")
    return value


_usb = click.option("--usb", "port", metavar="PORT", help="The node at this serial port, instead of by radio.")


@click.group(
    cls=click.Group,
    epilog=examples(
        "hiphold node info                         the only node in reach",
        "hiphold node place hip-1 thigh_left       where it is worn from now on",
        "hiphold node calibrate hip-1",
        "hiphold node install --chip mpu6050       firmware onto a board at USB",
    ),
)
def node() -> None:
    """Set up one node: name, placement, calibration, firmware.

    NAME is a node's name, its address, or how its name begins.
    """


@asynccontextmanager
async def _talk(ctx: click.Context, name: str | None, port: str | None) -> AsyncIterator[Talk]:
    """A conversation with the node that is meant."""
    from hiphold.setup.node import pick, talk

    if port is None:
        from hiphold.receive.capture import distinct
        from hiphold.sources import ble

        given = ctx.obj or {}
        say("looking for nodes ...")
        seen = pick(distinct(await ble.scan(SCAN_S, given.get("scanner"))), name)
        opener = ble.opener(seen.device, seen.name, asyncio.Lock(), given.get("client"), given.get("scanner"))
        label, wanted = seen.name, None
    else:
        from hiphold.sources import usb

        opener, label, wanted = usb.opener(port), port, name
    async with talk(opener, label, wanted) as found:
        yield found


def _run(ctx: click.Context, name: str | None, port: str | None, act: Callable[[Talk], Any]) -> Any:
    """What `act` gives, done with the node that is meant."""

    async def session() -> Any:
        async with _talk(ctx, name, port) as found:
            return await act(found)

    return ((ctx.obj or {}).get("runner") or asyncio.run)(session())


def _demand(name: str | None, port: str | None) -> None:
    """A usage error when neither says which node is meant."""
    if not (name or port):
        raise click.UsageError("Name the node, or its port with --usb.")


def _print(rows: Sequence[tuple[str, ...]]) -> None:
    try:
        from rich.box import SIMPLE
        from rich.console import Console
        from rich.table import Table
    except ImportError:  # `doctor` is there to say so
        click.echo("\n".join("  ".join(row) for row in rows))
        return
    table = Table(box=SIMPLE, pad_edge=False, show_header=False)
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else WIDTH).print(table)


@node.command(
    epilog=examples("hiphold node info", "hiphold node info hip-1", "hiphold node info --usb /dev/ttyACM0"),
    short_help="Who a node is, how it is, and what to do about it.",
)
@click.argument("name", required=False)
@_usb
@click.pass_context
def info(ctx: click.Context, name: str | None, port: str | None) -> None:
    """Who a node is and how it is: settings, faults and what to do about them, calibration, counters."""
    from hiphold.setup.node import describe

    async def act(found: Talk) -> list[tuple[str, str]]:
        return describe(found.info, found.calibration, await found.counters())

    _print(_run(ctx, name, port, act))


@node.command(epilog=examples("hiphold node identify hip-1"))
@click.argument("name", required=False)
@_usb
@click.pass_context
def identify(ctx: click.Context, name: str | None, port: str | None) -> None:
    """Have a node blink and beep, to know it among the others."""

    async def act(found: Talk) -> str:
        await found.must(wire.IDENTIFY)
        return found.name

    click.echo(f"{_run(ctx, name, port, act)} blinks now")


@node.command(epilog=examples("hiphold node name hiphold-3fa2 hip-1"))
@click.argument("old")
@click.argument("new", callback=lambda _ctx, _param, value: _name(value))
@_usb
@click.pass_context
def name(ctx: click.Context, old: str, new: str, port: str | None) -> None:
    """Give the node OLD the name NEW."""

    async def act(found: Talk) -> str:
        before = found.name
        await found.change(wire.SET_NAME, name=new)
        return before

    click.echo(f"{_run(ctx, old, port, act)} is called {new} now")


@node.command(
    epilog=f"PLACEMENT is one of {', '.join(wire.PLACEMENTS)}.\n\n"
    + examples("hiphold node place hip-1 thigh_left", "hiphold node place hip-2 pelvis --lid back")
)
@click.argument("name")
@click.argument("placement", type=click.Choice(wire.PLACEMENTS), metavar="PLACEMENT")
@click.option(
    "--lid", type=click.Choice(wire.LID_SIDES), help="Where its lid faces when worn; left as it is if not given."
)
@_usb
@click.pass_context
def place(ctx: click.Context, name: str, placement: str, lid: str | None, port: str | None) -> None:
    """Say where a node is worn, and where its lid faces."""

    async def act(found: Talk) -> str:
        await found.change(wire.SET_PLACEMENT, wire.PLACEMENTS.index(placement))
        if lid:
            await found.change(wire.SET_LID, wire.LID_SIDES.index(lid))
        await found.learn()
        return f"{found.name} is worn at {found.info.placement} now, its lid facing {found.info.lid}"

    click.echo(_run(ctx, name, port, act))


@node.command(epilog=examples("hiphold node rate hip-1 240"), short_help="Set how many times a second a node measures.")
@click.argument("name")
@click.argument("hz", type=click.IntRange(1, 65535))
@_usb
@click.pass_context
def rate(ctx: click.Context, name: str, hz: int, port: str | None) -> None:
    """Set how many times a second a node measures; which rates there are depends on its chip."""
    from hiphold.setup.node import set_rate

    async def act(found: Talk) -> str:
        await set_rate(found, hz)
        return found.name

    click.echo(f"{_run(ctx, name, port, act)} measures at {hz} Hz now")


@node.command(
    epilog=examples("hiphold node zero hip-1", "hiphold node zero --usb /dev/ttyACM0"),
    short_help="Measure what a gyroscope reads at rest.",
)
@click.argument("name", required=False)
@_usb
@click.pass_context
def zero(ctx: click.Context, name: str | None, port: str | None) -> None:
    """Measure what a node's gyroscope reads at rest. Lay the node still first; it takes about five seconds."""
    from hiphold.setup import node as talks

    _demand(name, port)

    async def act(found: Talk) -> str:
        say(f"lay {found.name} still and let go; in {SETTLE_S:.0f} s it measures for 3 s ...")
        await asyncio.sleep(SETTLE_S)
        x, y, z = await talks.zero(found)
        return f"{found.name} is zeroed at {x:+.2f} {y:+.2f} {z:+.2f} deg/s"

    click.echo(_run(ctx, name, port, act))


@node.command(
    epilog=examples("hiphold node calibrate hip-1", "hiphold node calibrate --usb /dev/ttyACM0"),
    short_help="Calibrate the accelerometer from six positions.",
)
@click.argument("name", required=False)
@_usb
@click.pass_context
def calibrate(ctx: click.Context, name: str | None, port: str | None) -> None:
    """Calibrate a node's accelerometer: lay it down on each of its six faces, in any order.

    Nothing is changed in the node before all six are measured; Ctrl-C leaves it as it was.
    """
    from hiphold.setup import accelerometer as six
    from hiphold.setup.node import millig

    _demand(name, port)

    async def act(found: Talk) -> str:
        with _showing() as show:
            result = await six.calibrate(found, say, show)
        scale = " ".join(f"{value:.4f}" for value in result.scale)
        return (
            f"{found.name} is calibrated: {millig(result.offset_mps2.tolist())}, scale {scale}, "
            f"good to {result.left_mg:.1f} mg (95 %)"
        )

    click.echo(_run(ctx, name, port, act))


@contextmanager
def _showing() -> Iterator[Callable[[str], None]]:
    """What shows the present state: a line that changes on a terminal, nothing elsewhere."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, markup=False)
    if not console.is_terminal:
        yield lambda _text: None
        return
    with console.status("") as status:
        yield status.update


@node.command(
    epilog=examples(
        "hiphold node install      the only board at USB; its config.py is kept",
        "hiphold node install --chip mpu6050",
        "hiphold node install --port /dev/ttyACM0 --config my_config.py",
    ),
    short_help="Put the firmware onto a board that runs MicroPython.",
)
@click.option("--port", metavar="PORT", help="The board's serial port; the only one there if not given.")
@click.option(
    "--chip", type=click.Choice(("lsm6dsv16x", "mpu6050", "icm42688p")), help="Write this chip into config.py."
)
@click.option("--config", type=EXISTING, help="Put this file onto the board as its config.py.")
def install(port: str | None, chip: str | None, config: Path | None) -> None:
    """Put the firmware onto a board that runs MicroPython, compiled for it, and check what arrived.

    The board's own config.py is kept unless --chip or --config is given; its settings are kept always.
    """
    from hiphold.setup import install as installer

    click.echo(installer.install(port, chip, config, say))


@click.command(
    epilog=examples("hiphold doctor", "hiphold doctor --scan"), short_help="Can this computer record? What is missing?"
)
@click.option("--scan", is_flag=True, help="Also listen for nodes, for five seconds.")
@click.pass_context
def doctor(ctx: click.Context, scan: bool) -> None:
    """Check what recording needs on this computer, and say how to mend what is wrong.

    Ends with 0 when nodes can be received by Bluetooth or by USB, with 1 when by neither.
    """
    from hiphold.setup import doctor as checks

    given = ctx.obj or {}
    found = (given.get("runner") or asyncio.run)(checks.examine(SCAN_S if scan else None, given.get("scanner")))
    _print([(each.state, each.what, each.said) for each in found])
    if not checks.can_record(found):
        say("hiphold: Nodes can be received neither by Bluetooth nor by USB; mend one of them, as said above.")
        ctx.exit(1)
