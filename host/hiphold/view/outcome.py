"""What came of a session, beside the table: the longest holds, left against right, and what could not be measured."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from hiphold.session.scene import Best, Summary
from hiphold.session.texts import text
from hiphold.view.compared import Compared
from hiphold.view.readings import NOTHING, with_half_width
from hiphold.view.sheet import card, label, named, scrolling
from hiphold.view.theme import scaled

WIDTH = 350


class Outcome(QWidget):
    """A card of three parts, the last when something could not be measured; it scrolls where there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self.bests = {side: label(f"best_{side}", "value") for side in ("left", "right")}
        self.compared = Compared()
        self.reasons_heading = label("reasons_heading", "heading", text("summary_view.reasons"))
        self.reasons = label("reasons")
        column = QWidget()
        inside = QVBoxLayout(column)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(scaled(8))
        inside.addWidget(label("bests_heading", "heading", text("summary_view.bests")))
        inside.addLayout(self._lay_out_bests())
        inside.addSpacing(scaled(6))
        inside.addWidget(label("sides_heading", "heading", text("summary_view.sides")))
        inside.addWidget(self.compared)
        inside.addWidget(self.reasons_heading)
        inside.addWidget(self.reasons)
        inside.addStretch(1)
        frame, around = card("card_aside")
        area = named(scrolling(column), "outcome")
        area.setAccessibleName(text("summary_view.bests"))
        area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        around.addWidget(area)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        self.setMinimumSize(scaled(WIDTH), scaled(340))

    def _lay_out_bests(self) -> QGridLayout:
        grid = QGridLayout()
        for at, (side, value) in enumerate(self.bests.items()):
            grid.addWidget(label(f"best_{side}_label", "faint", text(f"summary_view.{side}")), 0, at)
            grid.addWidget(value, 1, at)
        return grid

    def show_summary(self, summary: Summary) -> None:
        """Show what came of it."""
        for side, value in self.bests.items():
            _show_best(value, next((each for each in summary.bests if each.side == side), None))
        self.compared.show_reps(summary.reps)
        self.reasons.setText("\n".join(f"• {reason}" for reason in summary.reasons))
        self.reasons.setVisible(bool(summary.reasons))
        self.reasons_heading.setVisible(bool(summary.reasons))


def _show_best(value: QLabel, best: Best | None) -> None:
    """The longest hold of one side, with a star when it is of this session."""
    if best is None:
        shown, when = NOTHING, ""
    else:
        shown = with_half_width(best.hold_s, " s") + " ★" * best.today
        when = text("summary_view.best_today" if best.today else "summary_view.best_before")
    value.setText(shown)
    value.setToolTip(when)
    value.setAccessibleDescription(when)
