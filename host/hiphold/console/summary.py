"""An athlete's session at its end: what was held, what could not be measured, where it is kept."""

from __future__ import annotations

import textwrap

from textual.app import ComposeResult
from textual.containers import Vertical

from hiphold.console import cells, gauges, wording
from hiphold.console.line import Line, Look
from hiphold.console.repetitions import RepTable
from hiphold.session.scene import WARNING, Summary
from hiphold.session.texts import text


class SummaryPage(Vertical):
    """The figures, the list of repetitions, and what became of the recording."""

    DEFAULT_CSS = """
    SummaryPage { height: 1fr; }
    SummaryPage #figures { text-style: bold; margin: 1 0 0 0; }
    SummaryPage DataTable { margin: 1 0 0 0; }
    """

    def __init__(self, terminal: Look) -> None:
        super().__init__(classes="page")
        self._marks = terminal.marks
        self._figures = Line(terminal, name="figures")
        self._bests = Line(terminal, name="summary_bests")
        self._none = Line(terminal, name="none")
        self.table = RepTable(terminal, newest_first=False)
        self._reasons = Line(terminal, name="reasons")
        self._written = Line(terminal, name="written")

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._figures
        yield self._bests
        yield self._none
        yield self.table
        yield self._reasons
        yield self._written

    def show(self, summary: Summary, width: int) -> None:
        """Show this session in so many columns."""
        holds, attempts = cells.tally(summary.reps)
        length = gauges.clock(summary.duration_s)
        self._figures.show(text("terminal.summary_line", clock=length, holds=holds, attempts=attempts))
        self._bests.show(wording.bests(summary.bests, width, self._marks))
        self._none.show("" if summary.reps else text("terminal.reps_none"), "faint")
        self.table.display = bool(summary.reps)
        self.table.show(summary.reps, width)
        self._reasons.show(self._why(summary), WARNING)
        self._written.show(_where(summary, width), "faint")

    def _why(self, summary: Summary) -> str:
        lines = [f"{self._marks.warning} {text('terminal.not_measured')}: {each}" for each in summary.reasons]
        if summary.lost:
            lines.append(f"{self._marks.warning} {text('terminal.lost_samples', count=summary.lost)}")
        return "\n".join(lines)


def _where(summary: Summary, width: int) -> str:
    said = {"written": summary.path or text("terminal.written_nowhere"), "again": summary.command}
    lines: list[str] = []
    for key, each in said.items():
        lines += textwrap.wrap(
            f"{text(f'terminal.{key}'):{wording.LABEL}}{each}" if each else "",
            width,
            subsequent_indent=" " * wording.LABEL,
            break_on_hyphens=False,
        )
    return "\n".join(lines)
