"""The command line: arguments in, files and tables out; no logic.

Exit codes: 0 whenever femur elevation could be measured; 1 when there is no thigh, no stand, or the data are
malformed; 2 for usage. Heavy modules are imported inside the commands, so that --help is quick.
"""

from __future__ import annotations

import errno
import io
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hiphold import __version__, cli_capture, cli_live, cli_node
from hiphold.arguments import EXISTING, FOLDER, Number, Output, apart, examples, lid_option, say, settings_options
from hiphold.errors import HipholdError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hiphold.measurement import Measurement
    from hiphold.recording import Recording
    from hiphold.samples import Settings

WIDTH = 110
"""columns of a result that goes to a file and has no width of its own"""


class _Commands(click.Group):
    """Shows what went wrong as a sentence, never as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HipholdError as error:
            click.echo(f"hiphold: {error}", err=True)
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of our output went away: click ends quietly
                raise
            name = f" ({error.filename})" if error.filename else ""
            click.echo(f"hiphold: {error.strerror or error}{name}.", err=True)
        return ctx.exit(1)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        "hiphold demo                             a whole session, simulated",
        "hiphold import csv walk.csv walk.mcap    bring in other sensors' data",
        "hiphold measure walk.mcap                the result as a table",
    ),
)
@click.version_option(__version__, prog_name="hiphold")
def main() -> None:
    """Measure the standing psoas hold with clip-on inertial sensors.

    For training and research; informative, not diagnostic.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without the degree sign still gets the numbers


def _working(message: str) -> Any:
    """A context that shows that something goes on: a spinner on a terminal, a line elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        say(f"{message} ...")
    return console.status(f"{message} ...")


def _print(measurement: Measurement) -> None:
    from rich.console import Console

    from hiphold import report

    narrow = sys.stdout.isatty()
    console = Console(highlight=False, markup=False, emoji=False, width=None if narrow else WIDTH)
    for part in report.tables(measurement):
        console.print(part, soft_wrap=not narrow)


def _read(path: Path) -> Recording:
    from hiphold import recording

    with _working(f"reading {path.name}"):
        return recording.read(path)


def _measure(found: Recording, settings: Settings) -> Measurement:
    from hiphold.live import measure_causal
    from hiphold.measure import measure

    stages = measure_causal if settings.causal else measure
    with _working("measuring"), _telling(found):
        return stages(found.frames, settings, found.events, found.damage, found.started_at)


@contextmanager
def _telling(found: Recording) -> Iterator[None]:
    """When nothing can be measured, say what the file lost: it may be why."""
    try:
        yield
    except HipholdError:
        for sentence in found.damage:
            say(sentence)
        raise


@main.command(
    epilog=examples(
        "hiphold measure session.mcap",
        "hiphold measure session.mcap --json hold.json --series hold.csv",
        "hiphold measure session.mcap --picture hold.png",
        "hiphold measure seated.mcap --target-deg -15",
        "hiphold measure session.mcap --causal              what the live view showed",
    ),
    short_help="The result of a recording: tables, JSON, series, picture.",
)
@click.argument("recording", type=EXISTING)
@click.option("--json", "json_path", type=Output(), help="Write the measurement as JSON.")
@click.option("--series", "series_path", type=Output(), help="Write the angles over time as CSV.")
@click.option("--picture", "picture_path", type=Output(".png", ".svg"), help="Draw the angles over time: .png or .svg.")
@click.option("--causal", is_flag=True, help="Exactly what the live view showed: each figure from the past only.")
@click.option("--shank", is_flag=True, help="Learn from shank sensors how the thigh stood, and how the hip rotates "
              "under the skin; not with --causal.")  # fmt: skip
@settings_options
def measure(
    recording: Path,
    json_path: Path | None,
    series_path: Path | None,
    picture_path: Path | None,
    causal: bool,
    shank: bool,
    **choices: Any,
) -> None:
    """Measure a RECORDING: raises, holds and attempts, with femur elevation."""
    from hiphold import files, measurement, report
    from hiphold.samples import Settings

    apart(recording, json_path, series_path, picture_path)
    if causal and shank:
        raise click.UsageError("--shank learns from the whole recording, which --causal must not; leave one out.")
    result = _measure(_read(recording), Settings(causal=causal, shank=shank, **choices))
    if picture_path:
        report.draw(result, picture_path)
    if json_path:
        files.write(json_path, measurement.to_json(result))
    if series_path:
        files.write(series_path, measurement.to_series_csv(result))
    _print(result)


@main.command(
    epilog=examples(
        "hiphold demo",
        "hiphold demo --out trial --seed 7",
        "hiphold demo --firmware     the nodes' firmware, on a virtual radio",
    ),
    short_help="A whole session with a simulated athlete.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("demo"), show_default=True,
              help="Folder for session.mcap, session.json and session.png.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another number, another athlete.")
@click.option("--firmware", is_flag=True, help="Let the nodes' firmware record it, in the virtual rig of a clone.")
def demo(out: Path, seed: int, firmware: bool) -> None:
    """A whole session with a simulated athlete: calibration and two holds with each leg, recorded and measured."""
    from hiphold import demo as session

    _print((session.run_firmware if firmware else session.run)(out, seed, say))


@main.group(
    name="import",
    cls=click.Group,
    epilog=examples("hiphold import csv walk.csv walk.mcap", "hiphold import ximu3 Logs/2023-09-16 walk.mcap"),
)
def import_() -> None:
    """Bring recordings of other sensors into a recording file."""


@import_.command(
    name="csv",
    epilog=examples(
        "hiphold import csv walk.csv walk.mcap",
        "hiphold import csv walk.csv walk.mcap --lid thigh_left=front",
    ),
    short_help="The interchange CSV: SI units, one row per sample.",
)
@click.argument("source", type=EXISTING)
@click.argument("recording", type=Output())
@lid_option
def import_csv(source: Path, recording: Path, lids: dict[str, str]) -> None:
    """Import the interchange CSV at SOURCE (and its .events.csv, if there is one) into RECORDING."""
    from hiphold import recording as file
    from hiphold.formats import interchange

    apart(source, recording, interchange.events_path(source))
    with _working(f"reading {source.name}"):
        frames, events = interchange.read(source, lids)
        file.write(recording, frames, events)
    say(f"wrote {recording}")


@import_.command(
    name="ximu3",
    epilog=examples("hiphold import ximu3 Logs/2023-09-16 walk.mcap"),
    short_help="A log of x-IMU3 sensors.",
)
@click.argument("folder", type=FOLDER)
@click.argument("recording", type=Output())
@lid_option
def import_ximu3(folder: Path, recording: Path, lids: dict[str, str]) -> None:
    """Import an x-IMU3 log FOLDER, one folder per sensor named by its placement, into RECORDING."""
    from hiphold import recording as file
    from hiphold.formats import ximu3

    with _working(f"reading {folder.name}"):
        frames, notes, started_at = ximu3.read(folder, lids)
        file.write(recording, frames, (), started_at)
    for note in notes:
        say(note)
    say(f"wrote {recording}")


@main.command(epilog=examples("hiphold export session.mcap --format csv -o exported"))
@click.argument("recording", type=EXISTING)
@click.option("--format", "form", type=click.Choice(("csv",)), required=True, help="csv: the interchange CSV.")
@click.option(
    "-o", "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write to."
)
def export(recording: Path, form: str, out: Path) -> None:
    """Write a RECORDING's samples in an open format."""
    from hiphold import timeline
    from hiphold.formats import interchange

    target = out / f"{recording.stem}.{form}"
    apart(recording, target)
    found = _read(recording)
    out.mkdir(parents=True, exist_ok=True)
    with _working(f"writing {target}"):
        interchange.write(target, timeline.assemble(found.frames), found.events)
    for sentence in found.damage:
        say(sentence)
    say(f"wrote {target}")


@main.command(
    epilog=examples("hiphold replay session.mcap", "hiphold replay session.mcap --speed 0"),
    short_help="Play a recording as an athlete would have seen it.",
)
@click.argument("recording", type=EXISTING)
@click.option("--speed", type=Number(0), default=1.0, show_default=True, metavar="FACTOR",
              help="2: twice as fast; 0: at once.")  # fmt: skip
@settings_options
def replay(recording: Path, speed: float, **choices: Any) -> None:
    """Play a RECORDING through the live stages and show what an athlete would have seen."""
    import asyncio

    from hiphold import live, terminal
    from hiphold.samples import Settings
    from hiphold.sources.replay import play

    found = _read(recording)
    session = live.Live(Settings(causal=True, **choices), found.events)
    snapshots = live.follow(play(found.frames, speed), session)
    kept = asyncio.run(terminal.show(snapshots, click.echo))
    with _telling(found):
        result = session.conclude(kept, found.damage, found.started_at)
    _print(result)


main.add_command(cli_capture.scan)
main.add_command(cli_capture.record)
main.add_command(cli_live.live)
main.add_command(cli_node.node)
main.add_command(cli_node.doctor)
