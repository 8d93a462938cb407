"""A text on the screen that is sent again only when it changed, in the characters that the terminal has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import groupby

from textual.content import Content
from textual.widgets import Static

from hiphold.console.gauges import ASCII, UNICODE, Marks, printable
from hiphold.session.scene import FAULT, INFO, WARNING

TONES = ("good", WARNING, FAULT, "faint", "active", INFO)


@dataclass(frozen=True)
class Look:
    """What the terminal can show."""

    encoding: str
    marks: Marks

    @property
    def plain(self) -> bool:
        """Whether there is ASCII only."""
        return self.marks is ASCII


def look(encoding: str | None) -> Look:
    """What a terminal of this encoding can show. The Linux console has no glyphs for most signs."""
    plain = (encoding or "ascii").lower().replace("-", "") != "utf8" or os.environ.get("TERM") == "linux"
    return Look(encoding or "ascii", ASCII if plain else UNICODE)


class Line(Static):
    """Text of one or more lines; takes no room while it is empty."""

    DEFAULT_CSS = """
    Line { width: 100%; height: auto; }
    Line.-good { color: $success; }
    Line.-warning { color: $warning; }
    Line.-fault { color: $error; text-style: bold; }
    Line.-faint { color: $faint; }
    Line.-active { color: $accent; }
    """

    def __init__(self, terminal: Look, *, name: str, classes: str = "") -> None:
        super().__init__("", id=name, classes=classes, markup=False)
        self._terminal = terminal
        self._shown: tuple[str, str] | None = None
        self.display = False

    @property
    def text(self) -> str:
        """What is shown now."""
        return self._shown[0] if self._shown else ""

    def show(self, said: str, tone: str = "", *, gauge: bool = False) -> None:
        """Show this text; tone: of TONES, or empty. A gauge gets its colours by character."""
        said = printable(said, self._terminal.encoding)
        if (said, tone) == self._shown:
            return
        self._shown = said, tone
        self.update(_painted(said, self._terminal.marks) if gauge else Content(said))
        for each in TONES:
            self.set_class(each == tone, f"-{each}")
        self.display = bool(said)


def _painted(said: str, marks: Marks) -> Content:
    styles = {
        **dict.fromkeys([marks.full, *marks.parts, marks.reached], "$accent"),
        **dict.fromkeys([marks.empty, marks.track], "$line"),
        marks.band: "$success",
        marks.edges[0]: "$success",
        marks.here: "bold $foreground",
        marks.limit: "bold $warning",
    }
    painted, at = Content(said), 0
    for style, run in groupby(said, key=lambda each: styles.get(each, "")):
        length = len(list(run))
        if style:
            painted = painted.stylize(style, at, at + length)
        at += length
    return painted
