"""A line that can be selected and copied, with its name before it."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QPushButton, QWidget

from hiphold.session.texts import text
from hiphold.view.sheet import label, named
from hiphold.view.theme import scaled
from hiphold.view.tooltips import tip


class Copied(QWidget):
    """The line, and the button that copies it."""

    def __init__(self, name: str, heading: str, wide: int = 110) -> None:
        """wide: of the heading, in pixels before scaling, so that lines below each other begin at one edge."""
        super().__init__()
        self.line = named(QLineEdit(), name)
        self.line.setReadOnly(True)
        self.line.setAccessibleName(heading)
        self.button = named(QPushButton(text("window.copy")), f"copy_{name}")
        self.button.setAccessibleName(text("window.copy_what", what=heading))
        self.button.clicked.connect(lambda: QApplication.clipboard().setText(self.line.text()))
        before = label(f"{name}_label", "faint", heading)
        before.setFixedWidth(scaled(wide))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(scaled(8))
        row.addWidget(before)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)

    def show_text(self, words: str, otherwise: str = "") -> None:
        """Show it, or say why there is none."""
        self.line.setText(words or otherwise)
        self.line.setCursorPosition(0)
        self.line.setAccessibleDescription(self.line.text())
        self.line.setToolTip(tip(words))
        self.button.setEnabled(bool(words))
