"""A table that is painted: as wide as it is given, each row with a sign before it and perhaps a smaller line below."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from hiphold.view import theme
from hiphold.view.painting import painting
from hiphold.view.signs import SIGN_WIDTH, draw_sign
from hiphold.view.tooltips import frame_focus, show_tip, tip
from hiphold.view.words import SIZES, elided

SPACE, EDGE = 10, 3
"""between columns, and at the right for the frame of the focus"""
TEXT, SMALL = 12, 11
"""how high a row and a line below one are written"""
LINE, BELOW = 17, 15
"""how high they are"""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    cells: tuple[str, ...]
    sign: str = ""
    colours: tuple[tuple[int, str], ...] = ()
    """column and which of the theme's colours, where it is not that of text"""
    below: str = ""
    """a second, smaller line"""


class Rows(QWidget):
    """A table that is painted: column `wide` gives way where there is little room; columns `right` stand at the right.

    What is shortened is whole in the tooltip, in the description, and below the table when it has the focus.
    """

    def __init__(self, name: str, *, wide: int, right: tuple[int, ...]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.rows: tuple[Row, ...] = ()
        self._heads: tuple[str, ...] = ()
        self._wide, self._right = wide, right
        self._reserved = 0

    def show_rows(self, rows: tuple[Row, ...], heads: tuple[str, ...] = (), *, whole: str, reserved: int = 0) -> None:
        """Show these under these heads, in the height of at least `reserved` rows; `whole` says all of it as text."""
        shown = (rows, heads, reserved, whole)
        if shown == (self.rows, self._heads, self._reserved, self.accessibleDescription()):
            return
        before = self.sizeHint()
        self.rows, self._heads, self._reserved, _ = shown
        self.setToolTip(tip(whole))
        self.setAccessibleDescription(whole)
        if self.sizeHint() != before:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """All rows high."""
        lines = max(len(self.rows), self._reserved) + bool(self._heads)
        below = sum(bool(row.below) for row in self.rows)
        return QSize(0, lines * theme.scaled(LINE) + below * theme.scaled(BELOW))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Heads, then the rows, each with its sign."""
        with painting(self) as painter:
            self._draw(painter)
            frame_focus(painter, self)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Who comes by the keys reads the whole text."""
        super().focusInEvent(event)
        show_tip(self, event)

    def _draw(self, painter: QPainter) -> None:
        size = next((size for size in SIZES if self._natural(size) <= self._room()), SIZES[-1])
        widths, gap = self._columns(size)
        painter.setFont(theme.font(TEXT * size))
        top, line = 0, theme.scaled(LINE)
        if self._heads:
            self._draw_cells(painter, top, widths, gap, _faint(self._heads))
            top += line
        for row in self.rows:
            if top + line > self.height() + 1:
                break
            draw_sign(painter, top, line, row.sign)
            self._draw_cells(painter, top, widths, gap, row)
            top += line
            if row.below:
                self._draw_below(painter, top, row.below)
                top += theme.scaled(BELOW)

    def _draw_cells(self, painter: QPainter, top: int, widths: list[int], gap: float, row: Row) -> None:
        left, colours = float(theme.scaled(SIGN_WIDTH)), dict(row.colours)
        for k, (words, width) in enumerate(zip(row.cells, widths)):
            painter.setPen(QColor(getattr(theme.current(), colours.get(k, "text"))))
            side = Qt.AlignmentFlag.AlignRight if k in self._right else Qt.AlignmentFlag.AlignLeft
            box = QRectF(left, top, width + 1, theme.scaled(LINE))
            painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, elided(words, painter.font(), width + 1))
            left += width + gap

    def _draw_below(self, painter: QPainter, top: int, words: str) -> None:
        left, room = theme.scaled(SIGN_WIDTH), self._room()
        wanted = QFontMetrics(theme.font(SMALL)).horizontalAdvance(words)
        painter.save()
        painter.setFont(theme.font(SMALL * max(min(1.0, room / max(wanted, 1)), SIZES[-1])))
        painter.setPen(QColor(theme.current().faint))
        painter.drawText(QRectF(left, top, room, theme.scaled(BELOW)), 0, elided(words, painter.font(), room))
        painter.restore()

    def _columns(self, size: float) -> tuple[list[int], float]:
        """The width of each column, and what is left between them."""
        widths, gap = self._widths(size), size * theme.scaled(SPACE)
        gaps = max(len(widths) - 1, 0)
        spare = int(self._room() - sum(widths) - gap * gaps)
        if widths and spare < 0:
            widths[self._wide] = max(widths[self._wide] + spare, 0)
        return widths, gap + max(spare, 0) / max(gaps, 1)

    def _natural(self, size: float) -> float:
        """How wide the table is when nothing is shortened."""
        widths = self._widths(size)
        return sum(widths) + size * theme.scaled(SPACE) * max(len(widths) - 1, 0)

    def _room(self) -> int:
        """What the columns share."""
        return self.width() - theme.scaled(SIGN_WIDTH) - theme.scaled(EDGE)

    def _widths(self, size: float) -> list[int]:
        metrics = QFontMetrics(theme.font(TEXT * size))
        lines = [row.cells for row in self.rows] + ([self._heads] if self._heads else [])
        return [max(metrics.horizontalAdvance(cell) for cell in column) for column in zip(*lines)]


def _faint(heads: tuple[str, ...]) -> Row:
    return Row(heads, colours=tuple((k, "faint") for k in range(len(heads))))
