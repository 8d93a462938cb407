"""The dialog that sets a marker with a note. Its time is when the dialog was opened, not when the note was written."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QVBoxLayout, QWidget

from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.aims import buttons, faint, heading
from hiphold.view.readings import clock

NOTE_MAX = 200
"""characters that the session keeps of a note"""


class MarkerDialog(QDialog):
    """One line of note, which may be empty. Enter sets the marker, Esc does not."""

    def __init__(self, athlete: str, time_s: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("marker")
        self.setWindowTitle(text("dialog.marker_title"))
        self.time_s = time_s
        """since the session's first sample"""
        self._note = QLineEdit()
        self._note.setObjectName("marker_note")
        self._note.setMaxLength(NOTE_MAX)
        self._note.setMinimumHeight(theme.scaled(40))
        self._note.setPlaceholderText(text("dialog.marker_hint"))
        self._note.setAccessibleName(text("dialog.marker_note"))
        self._note.textChanged.connect(self._describe)
        self._left = QLabel()
        self._left.setObjectName("marker_left")
        self._at = faint(text("dialog.marker_at", time=clock(time_s, 1)))
        label = QLabel(text("dialog.marker_note"))
        label.setBuddy(self._note)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*4 * (theme.scaled(24),))
        layout.setSpacing(theme.scaled(12))
        for widget in (heading(text("dialog.marker_of", athlete=athlete)), self._at, label, self._note, self._left):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(buttons(self, text("dialog.set_marker")))
        self.setMinimumWidth(theme.scaled(480))
        self._describe()
        self._note.setFocus()

    @property
    def note(self) -> str:
        """What was written, without spaces around it."""
        return self._note.text().strip()

    def _describe(self) -> None:
        left = text("dialog.marker_left", left=NOTE_MAX - len(self._note.text()))
        self._left.setText(left)
        self._note.setAccessibleDescription(left)
        self.setAccessibleDescription(f"{self._at.text()}. {self.note}")
