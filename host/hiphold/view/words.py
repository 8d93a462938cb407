"""A text in one or a few lines with a sign before it, shortened or made smaller to fit.

What is shortened is whole in the tooltip, in the description, and below the line when it has the focus.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QFont, QFontMetrics, QPainter, QPaintEvent, QTextLayout
from PySide6.QtWidgets import QSizePolicy, QWidget

from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.painting import painting
from hiphold.view.signs import SIGN_WIDTH, draw_sign
from hiphold.view.tooltips import frame_focus, show_tip, tip

SIZES = (1.0, 0.92, 0.84, 0.76, 0.7, 0.64)
"""how far words may shrink to fit"""


class Words(QWidget):
    """Text in one or a few lines, with a sign before it where there is one, shortened to the room there is."""

    def __init__(
        self,
        name: str,
        pixels: float,
        *,
        bold: bool = False,
        colour: str = "text",
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        lines: int = 1,
        shrinks: bool = False,
    ) -> None:
        """Words that shrink are written smaller instead of being shortened."""
        super().__init__()
        self.setObjectName(name)
        self.words, self.sign, self.colour, self.whole = "", "", colour, ""
        self._bold, self._align, self._shrinks = bold, align, shrinks
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.resize_text(pixels, lines)

    def resize_text(self, pixels: float, lines: int = 1) -> None:
        """Write in this size, in so many lines."""
        self._pixels, self._lines = pixels, lines
        self.updateGeometry()

    def show_words(self, words: str, *, sign: str = "", colour: str = "", whole: str = "") -> None:
        """Show this; `whole` is what the tooltip and the description say, when it is more."""
        shown = (words, sign, colour or self.colour, whole or words)
        if shown == (self.words, self.sign, self.colour, self.whole):
            return
        self.words, self.sign, self.colour, self.whole = shown
        self.setToolTip(tip(self.whole))
        self.setAccessibleName(self.whole)
        self.setAccessibleDescription(
            f"{text(f'coach_view.sign_{sign}')}: {self.whole}" if sign and self.whole else self.whole
        )
        self.update()

    def sizeHint(self) -> QSize:
        """Its lines high; as wide as it is given."""
        return QSize(0, QFontMetrics(self._font()).height() * self._lines)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """The sign, then the lines; the last one is shortened."""
        with painting(self) as painter:
            self._draw(painter)
            frame_focus(painter, self)

    def _draw(self, painter: QPainter) -> None:
        high = QFontMetrics(self._font()).height()
        left = theme.scaled(SIGN_WIDTH) if self.sign else 0
        draw_sign(painter, 0, high, self.sign)
        room = self.width() - left
        font = self.fitting(room)
        painter.setFont(font)
        painter.setPen(QColor(getattr(theme.current(), self.colour)))
        for k, line in enumerate(broken(self.words, font, room, self._lines)):
            painter.drawText(QRectF(left, k * high, room, high), self._align | Qt.AlignmentFlag.AlignVCenter, line)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Who comes by the keys reads the whole text."""
        super().focusInEvent(event)
        show_tip(self, event)

    def _font(self) -> QFont:
        return theme.font(self._pixels, bold=self._bold)

    def fitting(self, room: float) -> QFont:
        """The font for so many pixels of width, smaller when the words shrink to fit."""
        font = self._font()
        wanted = QFontMetrics(font).horizontalAdvance(self.words)
        if self._shrinks and wanted > room:
            font.setPixelSize(max(int(font.pixelSize() * max(room / wanted, SIZES[-1])), theme.SMALLEST_PIXELS))
        return font


def elided(words: str, font: QFont, width: float) -> str:
    """The words on one line, cut short where they do not fit into so many pixels."""
    return QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, max(int(width), 0))


def broken(words: str, font: QFont, width: float, count: int) -> list[str]:
    """The words in at most `count` lines; the last is cut short where they do not fit."""
    if count == 1 or QFontMetrics(font).horizontalAdvance(words) <= width:
        return [elided(words, font, width)]
    lines: list[str] = []
    layout, end = QTextLayout(words, font), 0
    layout.beginLayout()
    while len(lines) < count - 1 and (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        end = line.textStart() + line.textLength()
        lines.append(words[line.textStart() : end].strip())
    layout.endLayout()
    return [*lines, elided(words[end:], font, width)]
