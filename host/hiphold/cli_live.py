"""The command `live`. Arguments in, a window or a terminal out; no logic.

The context's object may carry what cli_capture's carries: "runner", "scanner" and "client".
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from hiphold.arguments import EXISTING, Number, examples, say, standing_option
from hiphold.errors import HipholdError, MissingExtraError

if TYPE_CHECKING:
    from hiphold.session.plan import Plan
    from hiphold.session.preferences import Preferences
    from hiphold.session.worker import Worker

KINDS = ("good", "shaky", "tired", "dropping")
NO_SCREEN = "There is no screen here that a window could open on; add --terminal to have the session in this terminal."
NO_GUI = 'The window needs PySide6 and pyqtgraph; `pip install "hiphold[gui]"` brings them, or add --terminal.'

NO_LIBRARY = "Qt lacks a library of this system; on Debian `make qt-packages` brings what it needs, or add --terminal."


def _kinds(_ctx: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...]:
    kinds = tuple(word.strip() for word in value.split(",")) if value else ()
    for kind in kinds:
        if kind not in KINDS:
            raise click.BadParameter(f"{kind!r} is no simulated athlete; there are {', '.join(KINDS)}.")
    if len(kinds) > 4:
        raise click.BadParameter("at most four athletes at once.")
    return kinds


def _faults(_ctx: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    from hiphold.simulation.cast import FAULTS

    for fault in value:
        if fault not in FAULTS:
            raise click.BadParameter(f"{fault!r} is none; there are {', '.join(FAULTS)}.")
    return value


def _codes(_ctx: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    from hiphold.session.preferences import why_no_code

    for code in value:
        if why := why_no_code(code):
            raise click.BadParameter(why)
    return value


@click.command(
    epilog=examples(
        "hiphold live                           your nodes, or new ones",
        "hiphold live --simulate                to try it out, without nodes",
        "hiphold live --simulate good,shaky,tired,dropping",
        "hiphold live --replay session.mcap     a recording as it was seen",
        "hiphold live --terminal                in this terminal, also over ssh",
    ),
    short_help="A session as it goes on: calibration, count, results.",
)
@click.option("--simulate", "kinds", is_flag=False, flag_value="good", callback=_kinds, metavar="ATHLETE,...",
              help=f"Simulated athletes instead of nodes, up to four of {', '.join(KINDS)}.")  # fmt: skip
@click.option("--replay", "recording", type=EXISTING, help="Play this recording instead.")
@click.option("--node", "nodes", multiple=True, metavar="NAME", help="Only this node, by name or address; repeatable.")
@click.option("--usb", "ports", multiple=True, metavar="PORT", help="The node at this serial port; repeatable.")
@click.option("--athlete", "athletes", multiple=True, callback=_codes, metavar="CODE",
              help="Who trains, by a code; repeatable. Without it, whose nodes are heard.")  # fmt: skip
@click.option("--quick", is_flag=True, help="Quick start: stand still only; by the marks on the cases.")
@click.option("--target-deg", type=Number(-90, 90), metavar="DEG", help="Femur elevation aimed at; else as last time.")
@click.option("--band-deg", type=Number(1, 60), metavar="DEG", help="Half-width of the target band.")
@click.option("--count", "count_s", type=click.IntRange(1, 600), metavar="SECONDS", help="How long to hold.")
@standing_option()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for recordings; remembered.")
@click.option("--no-record", is_flag=True, help="Keep no recording.")
@click.option("--terminal", is_flag=True, help="In this terminal instead of a window.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another simulated day.")
@click.option("--reps", type=click.IntRange(1, 1000), default=3, show_default=True,
              help="Simulated repetitions of each leg.")  # fmt: skip
@click.option("--fault", "faults", multiple=True, callback=_faults, metavar="FAULT",
              help="What befalls the first simulated athlete, such as bad_bow or lost_node; repeatable.")  # fmt: skip
@click.option("--speed", type=Number(0.1, 100), default=1.0, show_default=True, metavar="FACTOR",
              help="Simulated or replayed so many times faster.")  # fmt: skip
@click.pass_context
def live(ctx: click.Context, /, terminal: bool, **given: Any) -> None:
    """Train with live feedback: calibration, count, result of each repetition, for one athlete or up to four.

    Everything is recorded from the first stand on. All keys are shown by H.
    """
    from hiphold.session import preferences

    chosen, problem = preferences.load()
    if problem:
        say(problem)
    plan = _plan(chosen, **given)
    if terminal:
        _in_terminal(ctx, plan, chosen)
    else:
        _in_window(ctx, plan, chosen)


def _plan(chosen: Preferences, **given: Any) -> Plan:
    from hiphold.session.course import Aims
    from hiphold.session.plan import NODES, REPLAYED, SIMULATED, Plan

    ways = [bool(given["kinds"]), bool(given["recording"]), bool(given["nodes"] or given["ports"])]
    if sum(ways) > 1:
        raise click.UsageError("Choose one of --simulate, --replay, and --node or --usb.")
    if given["out"]:
        chosen.folder = given["out"].resolve()
    if given["standing_elevation_deg"] and not given["athletes"]:
        raise click.UsageError("--standing-elevation is one athlete's own; name the athlete by --athlete CODE.")
    asked = {name: given[name] for name in ("target_deg", "band_deg", "count_s") if given[name] is not None}
    taken = (
        "kinds",
        "faults",
        "seed",
        "reps",
        "speed",
        "recording",
        "nodes",
        "ports",
        "athletes",
        "standing_elevation_deg",
    )
    return Plan(
        source=SIMULATED if ways[0] else REPLAYED if ways[1] else NODES,
        keep=not given["no_record"],
        quick=given["quick"] or chosen.quick,
        aims=Aims(**asked) if asked else None,
        **{name: given[name] for name in taken},
    )


def _worker(ctx: click.Context, plan: Plan, chosen: Preferences) -> Worker:
    import asyncio

    from hiphold.session.nodes import Radio
    from hiphold.session.worker import Worker

    own = ctx.obj or {}
    return Worker(plan, chosen, Radio(own.get("scanner"), own.get("client")), own.get("runner") or asyncio.run)


def _in_window(ctx: click.Context, plan: Plan, chosen: Preferences) -> None:
    if not has_screen(os.environ):
        raise HipholdError(NO_SCREEN)
    try:
        from hiphold.view import program
    except ImportError as error:
        if (error.name or "").startswith("hiphold"):  # a fault of ours
            raise
        library = "shared object" in str(error)  # of the system's, not of Python's
        raise MissingExtraError(f"{NO_LIBRARY if library else NO_GUI} ({error})") from error
    worker = _worker(ctx, plan, chosen)
    program.show(worker, chosen)
    _tell(worker, chosen)


def _in_terminal(ctx: click.Context, plan: Plan, chosen: Preferences) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HipholdError("--terminal needs a terminal to show the session in and to take keys from.")
    from hiphold.console.app import SessionApp
    from hiphold.session import texts
    from hiphold.session.scene import Command

    texts.speak(chosen.language)
    worker = _worker(ctx, plan, chosen)
    worker.start()
    Thread(target=_outlive_terminal, args=(worker, chosen), daemon=True).start()
    try:
        SessionApp(worker, bell=not chosen.muted).run(mouse=False)
    finally:
        worker.tell(Command("quit"))
        worker.join()
    _tell(worker, chosen)


def _outlive_terminal(worker: Worker, chosen: Preferences) -> None:
    """A connection that breaks takes the terminal away, and nobody could end the session: end it, keep everything."""
    from hiphold.session.scene import Command

    while worker.alive and sys.stdin.isatty():
        time.sleep(1.0)
    if worker.alive:
        worker.tell(Command("quit"))
        worker.join()
        chosen.save()
        os._exit(1)  # the screen waits for a terminal that is gone


def _tell(worker: Worker, chosen: Preferences) -> None:
    """Where everything is, after the screen has gone."""
    for summary in worker.summaries:
        if summary.path:
            say(f"{summary.athlete}: {len(summary.reps)} repetitions, recorded in {summary.path}")
            say(f"the same figures again: {summary.command}")
    if why := chosen.save():
        say(why)


def has_screen(environment: Any) -> bool:
    """Whether a window can open: on Linux somebody must have said where. Qt would abort without."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY") or environment.get("QT_QPA_PLATFORM"))
