"""An arc that turns while something goes on."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from hiphold.session.texts import text
from hiphold.view.painting import painting
from hiphold.view.theme import current, mark, scaled

SPIN_MS = 40


class Spinner(QWidget):
    """An arc that turns while something goes on; a mark where it failed."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.setObjectName("spinner")
        self.setAccessibleName(text("finding_view.busy"))
        self._pixels, self._angle, self._failed = pixels, 0, False
        self._timer = QTimer(self, interval=SPIN_MS)
        self._timer.timeout.connect(self._turn)

    def spin(self, on: bool, failed: bool = False) -> None:
        """Turn, or hide, or show that it failed."""
        self._failed = failed
        self.setVisible(on or failed)
        self.update()
        if on and not failed:
            self._timer.start()
        else:
            self._timer.stop()

    def _turn(self) -> None:
        self._angle = (self._angle - 12) % 360
        self.update()

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(scaled(self._pixels), scaled(self._pixels))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw a ring and the arc upon it."""
        with painting(self) as painter:
            self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        if self._failed:
            mark(painter, "fault", QRectF(self.rect()), "fault")
            return
        wide = max(self._pixels / 10, 3.0)
        side = min(self.width(), self.height()) - 2 * wide
        ring = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        for colour, start, span in ((current().line, 0, 360), (current().accent, self._angle, 100)):
            painter.setPen(QPen(QColor(colour), wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawArc(ring, start * 16, span * 16)
