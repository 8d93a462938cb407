"""The list of repetitions, in as many columns as there is room for."""

from __future__ import annotations

from textual.actions import SkipAction
from textual.widgets import DataTable

from hiphold.console import cells
from hiphold.console.gauges import printable
from hiphold.console.line import Look
from hiphold.session.scene import Rep
from hiphold.session.texts import text


class RepTable(DataTable[str]):
    """Repetitions in as many columns as there is room for."""

    DEFAULT_CSS = """
    RepTable { height: 1fr; min-height: 3; background: $background; overflow-x: hidden; }
    RepTable > .datatable--header { background: $surface; color: $faint; text-style: none; }
    RepTable > .datatable--odd-row, RepTable > .datatable--even-row { background: $background; }
    RepTable:focus { background-tint: $background 0%; }
    RepTable:focus > .datatable--header { background: $surface; color: $accent; text-style: bold; }
    """

    def __init__(self, terminal: Look, *, newest_first: bool) -> None:
        super().__init__(cursor_type="none", zebra_stripes=False, cell_padding=1)
        self._terminal = terminal
        self._newest_first = newest_first
        self._shown: tuple[tuple[Rep, ...], tuple[str, ...]] | None = None

    def show(self, reps: tuple[Rep, ...], width: int) -> None:
        """Show these repetitions; nothing is sent when they are the same."""
        columns = cells.columns(width)
        if (reps, columns) == self._shown:
            return
        if self._shown is None or self._shown[1] != columns:
            self.clear(columns=True)
            for each in columns:
                short = "_short" if each == "elevation" and "rotation" not in columns else ""
                self.add_column(text(f"terminal.column_{each}{short}"), key=each)
        else:
            self.clear()
        self._shown = reps, columns
        for rep in reversed(reps) if self._newest_first else reps:
            said = cells.row(rep, columns, self._terminal.marks)
            self.add_row(*(printable(each, self._terminal.encoding) for each in said))

    def action_select_cursor(self) -> None:
        """There is nothing to select here: Enter belongs to the screen. Raises SkipAction."""
        raise SkipAction
