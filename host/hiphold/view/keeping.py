"""Where an ended session is kept: under which athlete and name, in which file, and who comes next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from hiphold.session.preferences import why_no_code
from hiphold.session.scene import Command, Summary
from hiphold.session.texts import text
from hiphold.view.athlete_code import CodeField
from hiphold.view.copied import Copied
from hiphold.view.sheet import card, give, label, named
from hiphold.view.theme import scaled

OPEN, SAVING, SAVED, NOTHING = "open", "saving", "saved", "nothing"
"""nothing: there is no recording to keep"""
MAX_NAME = 60


class Keeping(QWidget):
    """Fields, two buttons, and lines to copy. What a person asks for leaves by its signals."""

    asked = Signal(object)
    """Command"""
    next_wanted = Signal()
    """the next athlete, please"""

    def __init__(self) -> None:
        super().__init__()
        self.summary: Summary | None = None
        self.state = OPEN
        self.touched = False
        """whether something was written here that is not saved"""
        self.path = Copied("path", text("summary_view.path"))
        self.command = Copied("command", text("summary_view.command"))
        self.code = CodeField("summary_athlete")
        self.name = named(QLineEdit(), "session_name")
        self.name.setMaxLength(MAX_NAME)
        self.name.setPlaceholderText(text("summary_view.name_example"))
        self.name.setAccessibleName(text("summary_view.name"))
        self.save_button = named(QPushButton(text("summary_view.save")), "save")
        self.next_button = named(QPushButton(text("summary_view.next")), "next")
        self.saved = label("saved", "faint", text("summary_view.open"))
        self._lay_out()
        self.save_button.clicked.connect(self.save)
        self.next_button.clicked.connect(self.next_wanted)
        self.code.edit.textEdited.connect(self._edited)
        self.name.textEdited.connect(self._edited)

    def _lay_out(self) -> None:
        frame, inside = card("card_keeping")
        inside.addLayout(self._fields())
        inside.addWidget(self.path)
        inside.addWidget(self.command)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)

    def _fields(self) -> QHBoxLayout:
        named_as = QVBoxLayout()
        named_as.setSpacing(scaled(4))
        named_as.addWidget(self.name)
        named_as.addWidget(self.saved)
        fields = QHBoxLayout()
        fields.setSpacing(scaled(12))
        top = Qt.AlignmentFlag.AlignTop
        fields.addWidget(self.code, 2, top)
        fields.addLayout(named_as, 3)
        fields.addWidget(self.save_button, 0, top)
        fields.addWidget(self.next_button, 0, top)
        return fields

    def show_summary(self, summary: Summary) -> None:
        """Show where it is. The same athlete's again, after `save` was asked for, says that it is kept."""
        kept = self.state == SAVING and self.summary is not None and summary.lane == self.summary.lane
        again = self.summary == summary and not kept
        self.summary = summary
        self.path.show_text(summary.path, text("summary_view.not_recorded"))
        self.command.show_text(summary.command, text("summary_view.not_recorded"))
        if again:
            return
        if not kept:
            self.name.clear()
        self.code.edit.setText(summary.athlete)
        self._become(SAVED if kept else OPEN if summary.path else NOTHING)

    def _become(self, state: str) -> None:
        self.state = state
        self.touched = False
        over = state in (SAVED, NOTHING)
        self.save_button.setEnabled(state == OPEN)
        give(self.save_button, "" if over else "primary")
        give(self.next_button, "primary" if over else "")
        self.saved.setText(text(f"summary_view.{state}"))
        give(self.saved, "heading" if state == SAVED else "faint")
        if state == SAVED:
            self.next_button.setFocus()  # else the next key, N, would go into the name

    def _edited(self) -> None:
        if self.state == SAVED:
            self._become(OPEN)
        self.touched = self.state != NOTHING

    def save(self) -> bool:
        """Ask for the session to be kept under these names; False, and the reason shown, when the code is none."""
        if self.summary is None or self.state != OPEN:
            return False
        if why_no_code(self.code.code()):
            self.code.insist()
            return False
        said: dict[str, object] = {"athlete": self.code.code(), "name": self.name.text().strip()}
        self._become(SAVING)
        self.asked.emit(Command("save", self.summary.lane, said))
        return True

    def refuse(self) -> None:
        """It could not be kept: let it be tried again."""
        if self.state == SAVING:
            self._become(OPEN)

    def go_on(self) -> None:
        """Save, or ask for the next athlete when nothing is left to save."""
        if self.state in (SAVED, NOTHING):
            self.next_wanted.emit()
        else:
            self.save()
