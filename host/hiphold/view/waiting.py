"""What is shown while no node can be chosen: what goes on, or what went wrong and what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from hiphold.session.scene import Finding
from hiphold.session.texts import text
from hiphold.view.copied import Copied
from hiphold.view.sheet import card, give, label, named
from hiphold.view.spinner import Spinner
from hiphold.view.theme import scaled

OTHER_WAYS = {
    "other_doctor": "hiphold doctor",
    "other_usb": "hiphold live --usb PORT",
    "other_simulate": "hiphold live --simulate",
}
"""what else can be done when no node is found, with its command"""
WIDEST = 960


class Waiting(QWidget):
    """A mark that turns, a sentence, and after a failure what can be done."""

    again_wanted = Signal()
    """look again, please"""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("finding_waiting")
        self.spinner, self.sentence = Spinner(84), label("waiting_text", "subtitle")
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.again = named(QPushButton(text("finding_view.again")), "waiting_again")
        give(self.again, "primary")
        self.again.clicked.connect(self.again_wanted)
        self.others = _other_ways()
        self._lay_out()

    def _lay_out(self) -> None:
        centre = Qt.AlignmentFlag.AlignHCenter
        column = QWidget()
        column.setMaximumWidth(scaled(WIDEST))
        inside = QVBoxLayout(column)
        inside.setSpacing(scaled(22))
        inside.addWidget(self.spinner, 0, centre)
        inside.addWidget(self.sentence)
        inside.addWidget(self.again, 0, centre)
        inside.addSpacing(scaled(14))
        inside.addWidget(self.others)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(column, 1000)
        middle.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addStretch(2)
        rows.addLayout(middle)
        rows.addStretch(3)

    def show_finding(self, finding: Finding) -> None:
        """Show what goes on."""
        failed = finding.state == "failed"
        self.sentence.setText(finding.text)
        self.spinner.spin(finding.state in ("looking", "connecting"), failed)
        self.again.setVisible(failed)
        self.others.setVisible(failed)


def _other_ways() -> QFrame:
    frame, inside = card("card_others")
    inside.addWidget(label("others_heading", "heading", text("finding_view.others")))
    for name, command in OTHER_WAYS.items():
        way = Copied(name, text(f"finding_view.{name}"), wide=330)
        way.show_text(command)
        inside.addWidget(way)
    return frame
