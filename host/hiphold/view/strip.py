"""The strip in the bottom line that says what concerns nobody in particular: for 8 s, a fault until the next one."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from hiphold.session.scene import FAULT, INFO, WARNING, Said
from hiphold.session.texts import text
from hiphold.view.painting import painting
from hiphold.view.roomy import room_of
from hiphold.view.theme import colour, font, mark, scaled
from hiphold.view.tooltips import tip

STAYS_MS = 8000
WIDEST = 620
INKS = {INFO: "accent", WARNING: "warning", FAULT: "fault"}


class Strip(QWidget):
    """A mark and a sentence on two lines at most; the whole of it is its tool tip and accessible description."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.said = Said("")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._timer = QTimer(self, singleShot=True, interval=STAYS_MS)
        self._timer.timeout.connect(lambda: self.say(Said("")))
        self.say(self.said)

    def say(self, said: Said) -> None:
        """Say this now, in place of what was said before."""
        self.said = said
        self._timer.stop()
        if said.text and said.severity != FAULT:
            self._timer.start()
        words = f"{text(f'window.{said.severity}')}: {said.text}" if said.text else ""
        self.setAccessibleName(text(f"window.{said.severity}") if said.text else "")
        self.setAccessibleDescription(words)
        self.setToolTip(tip(said.text))
        self.rescale()

    def rescale(self) -> None:
        """Take the room that the sentence needs at the size in use."""
        self.setFixedSize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the sentence, but no wider than two lines need, nor than half the window."""
        room = room_of(self)
        metrics = QFontMetrics(font(14 * room))
        widest = min(scaled(WIDEST * room), round(0.5 * self.window().width()))
        long = metrics.horizontalAdvance(self.said.text)
        beside = scaled(40 * room)
        wide = min(long, max(widest - beside, long // 2 + scaled(80 * room))) if long else 0
        return QSize(min(wide + beside, widest) if wide else 0, scaled(40 * room))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw the mark and the sentence."""
        if not self.said.text:
            return
        with painting(self) as painter:
            room, severity = room_of(self), self.said.severity
            side = scaled(20 * room)
            mark(painter, severity, QRectF(0, (self.height() - side) / 2, side, side), INKS[severity])
            painter.setFont(font(14 * room))
            painter.setPen(colour("text"))
            box = QRectF(side + scaled(10), 0, self.width() - side - scaled(10), self.height())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextWordWrap), self.said.text)
