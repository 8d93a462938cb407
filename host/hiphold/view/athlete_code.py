"""Who the athlete is: a code of letters, digits, - and _, its field, and the dialog that asks for the next athlete."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget

from hiphold.session.preferences import CODE_LENGTH, why_no_code
from hiphold.session.texts import text
from hiphold.view.sheet import give, label, named
from hiphold.view.theme import font, scaled


class CodeField(QWidget):
    """A field for a code, and below it what is wrong with what is written there."""

    changed = Signal(str)
    """what is written now"""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = named(QLineEdit(), name)
        self.edit.setPlaceholderText(text("window.code_example"))
        self.edit.setAccessibleName(text("window.code"))
        self.edit.setAccessibleDescription(text("window.code_rule", most=CODE_LENGTH))
        self.edit.setToolTip(text("window.code_rule", most=CODE_LENGTH))
        self.said = label(f"{name}_said", "faint", text("window.code_rule", most=CODE_LENGTH))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(scaled(4))
        rows.addWidget(self.edit)
        rows.addWidget(self.said)
        self.setFocusProxy(self.edit)
        self.edit.textChanged.connect(self._judge)

    def code(self) -> str:
        """What is written, without blanks around it."""
        return str(self.edit.text()).strip()

    def _judge(self) -> None:
        wrong = why_no_code(self.code()) if self.code() else ""
        self.said.setText(wrong or text("window.code_rule", most=CODE_LENGTH))
        give(self.said, "warning" if wrong else "faint")
        self.changed.emit(self.code())

    def insist(self) -> None:
        """Say what is wrong, an empty field included, and go there."""
        self.said.setText(why_no_code(self.code()))
        give(self.said, "warning")
        self.edit.setFocus()


class CodeDialog(QDialog):
    """Asks for the code of the athlete who comes next."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("code_dialog")
        self.setWindowTitle(text("action.next_athlete"))
        self.field = CodeField("next_code")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setText(text("window.begin"))
        ok.setObjectName("code_ok")
        give(ok, "primary")
        buttons.button(QDialogButtonBox.StandardButton.Cancel).setText(text("window.cancel"))
        buttons.accepted.connect(self._accept_code)
        buttons.rejected.connect(self.reject)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(*[scaled(24)] * 4)
        rows.setSpacing(scaled(14))
        rows.addWidget(label("code_question", "heading", text("window.next_question")))
        rows.addWidget(self.field)
        rows.addWidget(buttons)
        self.setMinimumWidth(scaled(480))
        self.field.said.setMinimumHeight(2 * QFontMetrics(font(15)).lineSpacing())
        self.field.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.field.setFocus()

    def _accept_code(self) -> None:
        if why_no_code(self.field.code()):
            self.field.insist()
        else:
            self.accept()
