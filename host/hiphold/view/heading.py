"""What stands above a plot: what it shows, how each curve is drawn with its value, and a remark at the right."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.painting import painting
from hiphold.view.series import Kind, Line
from hiphold.view.strokes import sample_pen
from hiphold.view.tooltips import tip
from hiphold.view.words import SIZES, elided

WIDEST = "−88°"
"""a value keeps the room of this one, so that nothing moves when it changes"""


class Heading(QWidget):
    """One line above a plot, smaller where there is little room."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.setObjectName(f"heading_{kind.name}")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._title = text(f"coach_view.plot_{kind.name}")
        self._entries: list[tuple[Line, str]] = []
        self.remark = ""
        self.setAccessibleDescription(self._title)

    def tell(self, entries: list[tuple[Line, str]], remark: str) -> None:
        """Show these curves with their values, and this remark."""
        if (entries, remark) == (self._entries, self.remark):
            return
        self._entries, self.remark = entries, remark
        parts = [f"{text(f'coach_view.line_{line.label}')} {value}" for line, value in entries]
        self.setAccessibleDescription(": ".join(part for part in (self._title, ", ".join(parts)) if part))
        self.setToolTip(tip("\n".join(part for part in (self.accessibleDescription(), remark) if part)))
        self.update()

    def sizeHint(self) -> QSize:
        """One line of small text."""
        return QSize(0, theme.scaled(18))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Title, then a stroke, a label and a value for each curve; the remark has what is left."""
        with painting(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            size = next((size for size in SIZES if self._draw(None, size) <= self.width()), SIZES[-1])
            self._draw_remark(painter, self._draw(painter, size))

    def _draw_remark(self, painter: QPainter, left: float) -> None:
        font = theme.font(11)
        remark = elided(self.remark, font, self.width() - left)
        at = self.width() - QFontMetrics(font).horizontalAdvance(remark)
        _write(painter, at, self.height(), remark, 11, theme.current().faint)

    def _draw(self, painter: QPainter | None, size: float) -> float:
        """Draw title and entries, or only measure them; returns how far they go."""
        colours, height = theme.current(), self.height()
        left = _write(painter, 0, height, self._title, 12 * size, colours.text, bold=True) + theme.scaled(8 * size)
        slot = QFontMetrics(theme.font(11 * size, bold=True)).horizontalAdvance(WIDEST)
        for line, value in self._entries:
            left = self._sample(painter, left, theme.scaled(18 * size), line)
            label = text(f"coach_view.line_{line.label}")
            left = _write(painter, left + theme.scaled(3), height, label, 11 * size, colours.faint)
            _write(painter, left + theme.scaled(3), height, value, 11 * size, colours.text, bold=True)
            left += slot + theme.scaled(11 * size)
        return left - theme.scaled(8 * size)

    def _sample(self, painter: QPainter | None, left: float, length: float, line: Line) -> float:
        if painter:
            painter.setPen(sample_pen(line))
            painter.drawLine(QPointF(left, self.height() / 2), QPointF(left + length, self.height() / 2))
        return left + length


def _write(
    painter: QPainter | None, left: float, height: int, words: str, pixels: float, colour: str, *, bold: bool = False
) -> float:
    """Write on one line, or only measure; returns where the words end."""
    font = theme.font(pixels, bold=bold)
    width = QFontMetrics(font).horizontalAdvance(words)
    if painter:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        painter.drawText(QRectF(left, 0, width + 2, height), Qt.AlignmentFlag.AlignVCenter, words)
    return left + width
