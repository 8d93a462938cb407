"""What the commands share: argument types and options, checked before any work begins, and how they talk.

Whatever is refused here is a usage error (exit code 2) and says what to write instead.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hiphold import wire

if TYPE_CHECKING:
    from collections.abc import Callable

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def examples(*lines: str) -> str:
    """Examples below a command's help, as they are typed."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def say(message: str) -> None:
    """Tell the user something that is not the result: it goes to standard error."""
    click.echo(message, err=True)


class Output(click.Path):
    """A file to write; refused before the work when it cannot be written."""

    def __init__(self, *endings: str) -> None:
        super().__init__(dir_okay=False, path_type=Path)
        self._endings = endings

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, when something can be written there."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if self._endings and path.suffix.lower() not in self._endings:
            self.fail(f"'{path}' must end in {' or '.join(self._endings)}.", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"There is no folder '{path.parent}'; make it first.", param, ctx)
        if path.exists() and not path.is_file():
            self.fail(f"'{path}' is not a file.", param, ctx)
        if not all(os.access(each, os.W_OK) for each in (path.parent, path) if each.exists()):
            self.fail(f"'{path}' cannot be written; choose another place.", param, ctx)
        return path


class Number(click.FloatRange):
    """A number in a range; not-a-number, which every comparison lets through, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, when it is one."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


def apart(*paths: Path | None) -> None:
    """Raise a usage error when two of these are one file: an output never replaces the input or another output."""
    files = [path.resolve() for path in paths if path]
    for path in files:
        if files.count(path) > 1:
            raise click.UsageError(f"'{path.name}' is named twice; give each output a file of its own.")


FORWARD_LIMIT_DEG = 15.0
"""as in `posture`, which would bring numpy with it"""


def _standing(ctx: click.Context, option: click.Parameter, text: str) -> tuple[tuple[str, float], ...]:
    """`right=-94,left=-92` as pairs; a usage error when it is not of that form."""
    found: dict[str, float] = {}
    for part in text.split(",") if text else ():
        side, _, angle = (word.strip() for word in part.partition("="))
        if side not in ("left", "right") or side in found:
            raise click.BadParameter(f"{part!r} is not left=DEG or right=DEG, each once.", ctx, option)
        try:
            found[side] = float(angle)
        except ValueError:
            raise click.BadParameter(f"{angle!r} is not a number of degrees.", ctx, option) from None
        if not abs(found[side] + 90) <= FORWARD_LIMIT_DEG:
            hint = "-90 hangs straight down, -86 has the knee before the hip, -94 behind it."
            raise click.BadParameter(f"{angle} is no standing thigh: {hint}", ctx, option)
    return tuple(sorted(found.items()))


def standing_option() -> Callable[..., Any]:
    """The option that says how the thigh stood."""
    return click.option("--standing-elevation", "standing_elevation_deg", default="", callback=_standing,
                        metavar="SIDE=DEG[,SIDE=DEG]", help="What an inclinometer along the standing thigh shows: "
                        "-94 has the knee 4 degrees behind the hip.")  # fmt: skip


def settings_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say what is aimed at and how it is estimated."""
    options = (
        click.option("--target-deg", type=Number(-90, 90), default=30.0, show_default=True, metavar="DEG",
                     help="Femur elevation aimed at: -90 hanging, 0 level, 90 straight up."),
        click.option("--band-deg", type=Number(0, 60, min_open=True), default=5.0, show_default=True, metavar="DEG",
                     help="Half-width of the target band, above 0 and up to 60."),
        click.option("--method", type=click.Choice(("vqf", "madgwick", "mahony", "ekf")), default="vqf",
                     show_default=True, help="Filter that fuses raw samples."),
        click.option("--orientation", type=click.Choice(("host", "recorded")), default="host", show_default=True,
                     help="Fuse raw samples here, or use the orientation that came with them."),
        standing_option(),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _lids(ctx: click.Context, option: click.Parameter, text: str) -> dict[str, str]:
    """`thigh_left=front,pelvis=back` as a dictionary; a usage error when it is not of that form."""
    lids: dict[str, str] = {}
    for part in text.split(",") if text else ():
        placement, _, side = (word.strip() for word in part.partition("="))
        for word, kind, known in ((placement, "placement", wire.PLACEMENTS), (side, "side", wire.LID_SIDES)):
            if word not in known:
                what = f"{word!r} in {part!r} is not a {kind}; known are {', '.join(known)}."
                raise click.BadParameter(what, ctx, option)
        if placement in lids:
            raise click.BadParameter(f"{placement} is there twice.", ctx, option)
        lids[placement] = side
    return lids


lid_option = click.option(
    "--lid",
    "lids",
    default="",
    callback=_lids,
    metavar="PLACEMENT=SIDE,...",
    help="Where lids face, if not back (pelvis, trunk) and outwards (legs): front, back, left or right.",
)
