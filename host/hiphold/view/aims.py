"""The dialog that sets one athlete's aims: how high, within what band, for how long."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from hiphold.session.scene import AIM_LIMITS
from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.readings import figure


class AimsDialog(QDialog):
    """Target, band and count of one athlete. Enter applies, Esc leaves all as it was."""

    def __init__(
        self, athlete: str, target_deg: float, band_deg: float, count_s: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("aims")
        self.setWindowTitle(text("dialog.aims_title"))
        self._target = _degrees("aims_target", AIM_LIMITS["target_deg"], target_deg)
        self._band = _degrees("aims_band", AIM_LIMITS["band_deg"], band_deg)
        self._count = QSpinBox()
        low, high = AIM_LIMITS["count_s"]
        self._count.setRange(int(low), int(high))
        self._count.setSuffix(text("dialog.seconds"))
        self._count.setValue(count_s)
        self._range = QLabel()
        self._range.setObjectName("aims_range")
        form = QFormLayout()
        form.setHorizontalSpacing(theme.scaled(24))
        form.setVerticalSpacing(theme.scaled(12))
        for key, box in (("aims_target", self._target), ("aims_band", self._band), ("aims_count", self._count)):
            box.setObjectName(key)
            box.setMinimumSize(theme.scaled(120), theme.scaled(36))
            box.setAlignment(Qt.AlignmentFlag.AlignRight)
            box.setAccessibleName(text(f"dialog.{key}"))
            box.setAccessibleDescription(f"{box.minimum():g} – {box.maximum():g}{box.suffix()}")
            box.setToolTip(box.accessibleDescription())
            box.valueChanged.connect(self._describe)
            form.addRow(text(f"dialog.{key}"), box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*4 * (theme.scaled(24),))
        layout.setSpacing(theme.scaled(16))
        layout.addWidget(heading(text("dialog.aims_of", athlete=athlete)))
        layout.addLayout(form)
        layout.addWidget(self._range)
        layout.addWidget(faint(text("dialog.aims_note")))
        layout.addStretch(1)
        layout.addWidget(buttons(self, text("dialog.accept")))
        self.setMinimumWidth(theme.scaled(440))
        self._describe()
        self._target.setFocus()
        self._target.selectAll()

    def aims(self) -> tuple[float, float, int]:
        """target_deg, band_deg and count_s as they are set."""
        return self._target.value(), self._band.value(), self._count.value()

    def arguments(self) -> dict[str, object]:
        """The aims as the command `retarget` takes them."""
        return dict(zip(("target_deg", "band_deg", "count_s"), self.aims()))

    def _describe(self) -> None:
        target_deg, band_deg, _ = self.aims()
        words = text("dialog.aims_range", low=figure(target_deg - band_deg), high=figure(target_deg + band_deg))
        self._range.setText(words)
        self.setAccessibleDescription(f"{words} {text('dialog.aims_note')}")


def heading(words: str) -> QLabel:
    """What a dialog is about."""
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setFont(theme.font(20, bold=True))
    return label


def faint(words: str) -> QLabel:
    """Something to know, in lesser text."""
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    palette = label.palette()
    palette.setColor(label.foregroundRole(), theme.current().faint)
    label.setPalette(palette)
    return label


def buttons(dialog: QDialog, accept: str) -> QDialogButtonBox:
    """The buttons of a dialog; Enter presses `accept`, Esc the other."""
    found = QDialogButtonBox()
    yes = found.addButton(accept, QDialogButtonBox.ButtonRole.AcceptRole)
    no = found.addButton(text("dialog.cancel"), QDialogButtonBox.ButtonRole.RejectRole)
    for button in (yes, no):
        button.setMinimumSize(theme.scaled(120), theme.scaled(40))
    yes.setDefault(True)
    found.accepted.connect(dialog.accept)
    found.rejected.connect(dialog.reject)
    return found


def _degrees(name: str, limits: tuple[float, float], value: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setObjectName(name)
    box.setRange(*limits)
    box.setDecimals(1)
    box.setSuffix(text("dialog.degrees"))
    box.setValue(value)
    return box
