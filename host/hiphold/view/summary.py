"""The page of a session at its end: its repetitions, what came of them, and where they are kept."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from hiphold.session.scene import Summary
from hiphold.session.texts import text
from hiphold.view.keeping import Keeping
from hiphold.view.outcome import Outcome
from hiphold.view.repetitions import Repetitions
from hiphold.view.sheet import SideBySide, label, scrolling
from hiphold.view.theme import scaled

NARROW = 1060
"""where what came of it stands below the table"""


def lasting(seconds: float) -> str:
    """A duration in minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return text("summary_view.minutes", minutes=minutes, seconds=rest)


class SummaryPage(QWidget):
    """One athlete's session at its end. What a person asks for leaves by `asked`."""

    asked = Signal(object)
    """Command"""
    next_wanted = Signal()
    """the next athlete, please"""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("summary_page")
        self.summary: Summary | None = None
        self.title = label("summary_title", "title")
        self.overview = label("summary_overview", "faint")
        self.table, self.outcome, self.keeping = Repetitions(), Outcome(), Keeping()
        self.keeping.asked.connect(self.asked)
        self.keeping.next_wanted.connect(self.next_wanted)
        self._lay_out()

    def _lay_out(self) -> None:
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(scaled(28), scaled(14), scaled(28), scaled(14))
        rows.setSpacing(scaled(12))
        head = QVBoxLayout()
        head.setSpacing(scaled(2))
        head.addWidget(self.title)
        head.addWidget(self.overview)
        rows.addLayout(head)
        columns = SideBySide(NARROW)
        columns.put(self.table, 1)
        columns.put(self.outcome, 0)
        rows.addWidget(columns, 1)
        rows.addWidget(self.keeping)
        self.table.setMinimumHeight(scaled(230))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolling(inside))

    def show_summary(self, summary: Summary) -> None:
        """Show it."""
        self.summary = summary
        self.title.setText(text("summary_view.title", athlete=summary.athlete or text("summary_view.nobody")))
        self.overview.setText(_overview(summary))
        self.table.show_reps(summary.reps)
        self.outcome.show_summary(summary)
        self.keeping.show_summary(summary)
        self.setAccessibleDescription(f"{self.title.text()}. {self.overview.text()}")

    def restyle(self) -> None:
        """Take the colours and sizes that are in use now."""
        if self.summary:
            self.table.show_reps(self.summary.reps)

    def focus_first(self) -> None:
        """Let keys go to what is to be done here."""
        button = self.keeping.save_button if self.keeping.save_button.isEnabled() else self.keeping.next_button
        button.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter saves, wherever the focus is."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        focused = self.focusWidget()
        if isinstance(focused, QAbstractButton) and focused.hasFocus():
            focused.click()
        else:
            self.keeping.go_on()


def _overview(summary: Summary) -> str:
    """How long it was, what came of it and what was lost, in a line."""
    holds = sum(rep.is_hold for rep in summary.reps)
    lost = text("summary_view.lost", lost=summary.lost) if summary.lost else text("summary_view.none_lost")
    counts = text("summary_view.counts", holds=holds, attempts=len(summary.reps) - holds)
    return " · ".join((lasting(summary.duration_s), counts, lost))
