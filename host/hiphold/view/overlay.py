"""All keys in groups over the whole window, and what is to be known of them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from hiphold.session.texts import text
from hiphold.view.keys import GROUPS, draw_cap, shown_key
from hiphold.view.painting import painting
from hiphold.view.theme import current, font, scaled

COLUMN, ROW, ROWS, EDGE = 370, 33, 14, 32
"""width and height of what is drawn, in pixels before scaling"""
LARGEST = 1.4
"""so much larger in a large window"""


class KeysOverlay(QWidget):
    """All keys in groups over the whole window; a click closes it too."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._under = parent
        self.setObjectName("keys_overlay")
        self.setAccessibleName(text("window.keys_title"))
        listed = [f"{shown_key(name)}: {text(f'action.{name}')}" for names in GROUPS.values() for name in names]
        self.setAccessibleDescription(". ".join([*listed, text("window.keys_sound"), text("window.keys_more")]))
        self.hide()

    def toggle(self) -> None:
        """Show it, or hide it again."""
        self.setGeometry(self._under.rect())
        self.setVisible(self.isHidden())
        self.raise_()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002
        """Close it."""
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw the card, smaller where the window is."""
        with painting(self) as painter:
            self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        dim = QColor(current().background)
        dim.setAlpha(225)
        painter.fillRect(self.rect(), dim)
        size = QSize(3 * scaled(COLUMN) + 2 * scaled(EDGE), ROWS * scaled(ROW) + 2 * scaled(EDGE))
        fits = min((self.width() - 24) / size.width(), (self.height() - 24) / size.height())
        shrink = min(LARGEST, fits)
        painter.translate(self.width() / 2, self.height() / 2)
        painter.scale(shrink, shrink)
        painter.translate(-size.width() / 2, -size.height() / 2)
        self._draw_card(painter, size)
        top = scaled(EDGE) + 1.9 * scaled(ROW)
        for at, names in enumerate((("session",), ("view",), ("sound", "help"))):
            left = QPointF(scaled(EDGE) + at * scaled(COLUMN), top)
            below = self._draw_column(painter, left, names)
        self._draw_notes(painter, below)

    def _draw_card(self, painter: QPainter, size: QSize) -> None:
        theme, edge, row = current(), scaled(EDGE), scaled(ROW)
        painter.setPen(QColor(theme.line))
        painter.setBrush(QColor(theme.panel))
        painter.drawRoundedRect(QRectF(0, 0, size.width(), size.height()), scaled(12), scaled(12))
        painter.setPen(QColor(theme.text))
        painter.setFont(font(22, bold=True))
        painter.drawText(QPointF(edge, edge + row * 0.6), text("window.keys_title"))
        painter.setPen(QColor(theme.faint))
        painter.setFont(font(14))
        closing = QRectF(edge, edge, size.width() - 2 * edge, row)
        painter.drawText(closing, Qt.AlignmentFlag.AlignRight, text("window.keys_close"))

    def _draw_column(self, painter: QPainter, at: QPointF, groups: tuple[str, ...]) -> QPointF:
        """Draw these groups below each other; where the next would begin."""
        theme, row, y = current(), scaled(ROW), at.y()
        for group in groups:
            painter.setFont(font(15, bold=True))
            painter.setPen(QColor(theme.accent))
            painter.drawText(QPointF(at.x(), y), text(f"window.menu_{group}").replace("&", ""))
            painter.setFont(font(15))
            for name in GROUPS[group]:
                y += row
                draw_cap(painter, QPointF(at.x(), y - scaled(5)), scaled(25), shown_key(name))
                painter.setPen(QColor(theme.text))
                painter.drawText(QPointF(at.x() + scaled(84), y), text(f"action.{name}"))
            y += 1.6 * row
        return QPointF(at.x(), y)

    def _draw_notes(self, painter: QPainter, at: QPointF) -> None:
        """What is to be known beside the keys."""
        painter.setPen(QColor(current().faint))
        painter.setFont(font(14))
        box = QRectF(at.x(), at.y() - scaled(ROW) * 0.6, scaled(COLUMN), 4 * scaled(ROW))
        painter.drawText(
            box, int(Qt.TextFlag.TextWordWrap), f"{text('window.keys_sound')}\n\n{text('window.keys_more')}"
        )
