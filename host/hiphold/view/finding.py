"""Before a session: which nodes are in reach, which one is which, where each is worn, and who wears them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from hiphold.session.preferences import why_no_code
from hiphold.session.scene import Command, Finding, Heard
from hiphold.session.texts import text
from hiphold.view.athlete_code import CodeField
from hiphold.view.body_picture import place
from hiphold.view.node_list import NodeList
from hiphold.view.placing import PlacingPanel
from hiphold.view.sheet import SideBySide, card, give, label, named, scrolling
from hiphold.view.spinner import Spinner
from hiphold.view.theme import scaled
from hiphold.view.waiting import Waiting
from hiphold.view.wearable import owner_of, why_not_worn

NARROW = 940
"""where the two columns stand below each other"""


class FindingPage(QWidget):
    """What is in reach and what to do about it. What a person asks for leaves by `asked`."""

    asked = Signal(object)
    """Command; its lane is for the window to fill in"""
    back_wanted = Signal()
    """back to those who are measured"""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("finding_page")
        self.finding = Finding("looking", text("finding.looking"))
        self.title = label("finding_title", "title", text("finding_view.title"))
        self.sentence = label("finding_text")
        self.busy, self.busy_text = Spinner(22), label("finding_busy", "faint")
        self.again = named(QPushButton(text("finding_view.again")), "look_again")
        self.back = named(QPushButton(text("finding_view.back")), "back")
        self.list, self.placing, self.code = NodeList(), PlacingPanel(), CodeField("athlete")
        self.begin_button = named(QPushButton(text("finding_view.begin")), "begin")
        give(self.begin_button, "primary")
        self.obstacle = label("obstacle", "faint")
        self.waiting, self.choosing = Waiting(), named(QWidget(), "finding_choosing")
        self._lay_out()
        self._connect()
        self.let_back(False)
        self.show_finding(self.finding)

    def _connect(self) -> None:
        for look in (self.again.clicked, self.waiting.again_wanted):
            look.connect(lambda: self.asked.emit(Command("look")))
        self.back.clicked.connect(self.back_wanted)
        self.list.currentItemChanged.connect(lambda: self._show_chosen())
        self.list.ticked.connect(self._ticked)
        self.placing.blink.connect(lambda address: self.asked.emit(Command("identify", 0, {"address": address})))
        self.placing.put.connect(self._put)
        self.code.changed.connect(self._code_changed)
        self.begin_button.clicked.connect(self.begin)

    # How it is laid out.

    def _lay_out(self) -> None:
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(scaled(28), scaled(14), scaled(28), scaled(14))
        rows.setSpacing(scaled(12))
        rows.addLayout(self._head())
        rows.addWidget(self.waiting, 1)
        rows.addWidget(self.choosing, 1)
        self._lay_out_choosing()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolling(inside))

    def _head(self) -> QHBoxLayout:
        said = QVBoxLayout()
        said.setSpacing(scaled(2))
        said.addWidget(self.title)
        said.addWidget(self.sentence)
        self.busy_text.setWordWrap(False)
        head = QHBoxLayout()
        head.setSpacing(scaled(12))
        head.addLayout(said, 1)
        head.addWidget(self.busy)
        head.addWidget(self.busy_text)
        head.addWidget(self.again, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.back, 0, Qt.AlignmentFlag.AlignVCenter)
        return head

    def _lay_out_choosing(self) -> None:
        columns = SideBySide(NARROW)
        for number, part in ((1, self.list), (2, self.placing)):
            frame, column = card(f"card_{number}")
            column.addWidget(label(f"step_{number}", "step", text(f"finding_view.step_{number}")))
            column.addWidget(part, 1)
            columns.put(frame, 1)
        rows = QVBoxLayout(self.choosing)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(scaled(14))
        rows.addWidget(columns, 1)
        rows.addWidget(self._beginning())

    def _beginning(self) -> QWidget:
        frame, column = card("card_3")
        row = QHBoxLayout()
        row.setSpacing(scaled(20))
        row.addWidget(self.code, 2)
        self.obstacle.setContentsMargins(0, scaled(9), 0, 0)
        row.addWidget(self.obstacle, 3, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.begin_button, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(label("step_3", "step", text("finding_view.step_3")))
        column.addLayout(row)
        return frame

    # What is shown.

    def show_finding(self, finding: Finding) -> None:
        """Show what is in reach now; what is chosen and written stays."""
        arrived = finding.state == "choose" != self.finding.state
        self.finding = finding
        choosing = finding.state == "choose" or (finding.state == "looking" and bool(finding.heard))
        self.waiting.setVisible(not choosing)
        self.choosing.setVisible(choosing)
        self.waiting.show_finding(finding)
        self._show_head(choosing)
        if not self.code.code():
            self.code.edit.setText(owner_of(finding.heard, ""))
        self._fill()
        if arrived:
            self._focus_first()

    def let_back(self, on: bool) -> None:
        """Whether somebody is measured, to whom one can go back."""
        self.back.setVisible(on)

    def _show_head(self, choosing: bool) -> None:
        finding = self.finding
        self.sentence.setText(finding.text if choosing else "")
        self.again.setVisible(choosing)
        self.again.setEnabled(finding.state == "choose" and not finding.busy)
        self.busy.spin(choosing and bool(finding.busy or finding.state == "looking"))
        self.busy_text.setText(finding.busy)
        self.busy_text.setVisible(bool(finding.busy))
        self.setAccessibleDescription(" ".join(filter(None, (finding.state + ":", finding.text, finding.busy))))

    def _focus_first(self) -> None:
        """Begin where everything is known; else where something is to be said."""
        (self.list if self._why_not_begin()[0] else self.begin_button).setFocus()

    def _fill(self) -> None:
        self.list.show_heard(self.finding.heard, owner_of(self.finding.heard, self.code.code()))
        self._show_chosen()
        self._judge()

    def worn(self) -> list[Heard]:
        """The nodes that are to be worn."""
        return self.list.worn()

    def _show_chosen(self) -> None:
        self.placing.show_node(self.list.chosen(), bool(self.finding.busy))
        worn: dict[str, str] = {}
        for node in sorted(self.finding.heard, key=lambda node: node not in self.worn()):
            worn[node.placement] = ", ".join(filter(None, (worn.get(node.placement), node.name)))
        self.placing.show_worn(worn)

    def _ticked(self) -> None:
        self._show_chosen()
        self._judge()

    def _code_changed(self) -> None:
        self._fill()

    def _judge(self) -> None:
        why, _ = self._why_not_begin()
        names = ", ".join(place(node.placement).lower() for node in self.worn())
        self.obstacle.setText(why or text("finding_view.can_begin", athlete=self.code.code(), places=names))
        give(self.obstacle, "faint")
        self.begin_button.setAccessibleDescription(self.obstacle.text())

    def _why_not_begin(self) -> tuple[str, QWidget]:
        """Why these nodes cannot be worn by this athlete, and where to mend it; an empty sentence when they can."""
        why = why_not_worn(self.worn())
        if why:
            return why, self.list
        if why_no_code(self.code.code()):
            return why_no_code(self.code.code()), self.code
        return (self.finding.busy, self.list) if self.finding.busy else ("", self.begin_button)

    # What a person asks.

    def begin(self) -> None:
        """Begin with what is chosen, or say what stands against it and go there."""
        why, where = self._why_not_begin()
        if why:
            give(self.obstacle, "warning")
            where.setFocus()
            return
        addresses = tuple(node.address for node in self.worn())
        self.asked.emit(Command("wear", 0, {"athlete": self.code.code(), "addresses": addresses}))

    def _put(self, address: str, name: str, placement: str, lid: str) -> None:
        said: dict[str, object] = {"address": address, "name": name, "placement": placement, "lid": lid}
        self.asked.emit(Command("setup", 0, said))

    def go_on(self) -> None:
        """What Space and Enter do: look again after a failure, choose the node that has the focus, or begin."""
        if self.finding.state == "failed":
            self.waiting.again.click()
        elif self.finding.state == "choose" and self.list.hasFocus() and self.list.chosen():
            self.list.toggle(self.list.currentItem())
        elif self.finding.state == "choose":
            self.begin()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter begins, wherever the focus is."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        focused = self.focusWidget()
        if isinstance(focused, QAbstractButton) and focused.hasFocus():
            focused.click()
        elif self.finding.state == "choose":
            self.begin()
        else:
            self.go_on()
