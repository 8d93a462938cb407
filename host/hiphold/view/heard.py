"""A node in reach, as a row of a list: in words for all who read, and drawn."""

from __future__ import annotations

import sys

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QListWidget, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from hiphold.session.scene import Heard
from hiphold.session.texts import text
from hiphold.view.body_picture import place
from hiphold.view.theme import current, font, scaled

HEARD = Qt.ItemDataRole.UserRole
BARS_DBM = (-85.0, -75.0, -65.0, -55.0)
"""a signal at least so strong has one bar more"""


def bars(signal: str) -> int:
    """How many of four bars a signal like "-60 dBm" has: 4 for a cable, 1 at least when it is known, else 0."""
    if signal.upper().startswith("USB"):
        return len(BARS_DBM)
    try:
        strength_dbm = float(signal.split()[0])
    except (ValueError, IndexError):
        return 0
    return max(1, sum(strength_dbm >= least for least in BARS_DBM))


def signal_word(signal: str) -> str:
    """A signal in a word, with its figure."""
    word = text(f"finding_view.signal_{bars(signal)}")
    return f"{word} ({signal})" if signal else word


def described(node: Heard) -> str:
    """All that is known of a node, in words."""
    parts = [node.name, place(node.placement), node.owner]
    battery = text("finding_view.battery", battery=node.battery) if node.battery else ""
    return ", ".join(filter(None, [*parts, signal_word(node.signal), battery, node.problem]))


class NodeRow(QStyledItemDelegate):
    """Draws a node in the list: whether it is worn, its name, where, whose, its signal and battery, its problem."""

    def __init__(self, heard: QListWidget) -> None:
        super().__init__(heard)
        self._list = heard

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: ARG002
        """Two lines, and as many more as the problem needs."""
        node = index.data(HEARD)
        width = max(self._list.viewport().width() - scaled(70), 100)
        return QSize(100, scaled(66) + (self._problem_height(node, width) if node and node.problem else 0))

    def _problem_height(self, node: Heard, width: int) -> int:
        metrics = QFontMetrics(font(14))
        box = metrics.boundingRect(0, 0, width, 1000, int(Qt.TextFlag.TextWordWrap), node.problem)
        return int(box.height()) + scaled(8)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one row; what fails ends here, as in `painting`."""
        painter.save()
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._row(painter, option, index)
        except Exception as error:
            sys.excepthook(type(error), error, error.__traceback__)
        finally:
            painter.restore()

    def _row(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        node, theme = index.data(HEARD), current()
        box = QRectF(option.rect).adjusted(4, 3, -4, -3)
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            focused = bool(state & QStyle.StateFlag.State_HasFocus)
            painter.setPen(QPen(QColor(theme.accent if focused else theme.line), scaled(2)))
            painter.setBrush(QColor(theme.background))
            painter.drawRoundedRect(box, scaled(8), scaled(8))
        self._tick(painter, box, Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Checked)
        left, right, line = box.left() + scaled(44), box.right() - scaled(12), scaled(24)
        top, at_right = box.top() + scaled(7), Qt.AlignmentFlag.AlignRight
        beside = QRectF(left, top, right - left - scaled(34), line)
        taken = self._write(painter, beside, signal_word(node.signal), theme.faint, 13, at_right)
        beside.setRight(beside.right() - taken)
        self._write(painter, beside, node.name, theme.text, 16, bold=True)
        where = place(node.placement)
        whose = f"{where} · {node.owner}" if node.owner else where
        battery = text("finding_view.battery", battery=node.battery) if node.battery else ""
        lower = QRectF(left, top + line, right - left, line)
        lower.setRight(right - self._write(painter, lower, battery, theme.faint, 13, at_right))
        self._write(painter, lower, whose, theme.faint, 14)
        self._bars(painter, QPointF(right - scaled(26), top + scaled(19)), bars(node.signal))
        if node.problem:
            painter.setPen(QColor(theme.warning))
            painter.setFont(font(14))
            below = QRectF(left, top + 2 * line + scaled(2), right - left, box.bottom() - top - 2 * line)
            painter.drawText(below, int(Qt.TextFlag.TextWordWrap), node.problem)

    def _write(
        self,
        painter: QPainter,
        box: QRectF,
        words: str,
        colour: str,
        size: int,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        bold: bool = False,
    ) -> float:
        """Write on one line, cut short where it must be; how wide it is, with a gap."""
        painter.setFont(font(size, bold=bold))
        painter.setPen(QColor(colour))
        words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, words)
        return painter.fontMetrics().horizontalAdvance(words) + scaled(10)

    def _tick(self, painter: QPainter, row: QRectF, on: bool) -> None:
        theme, size = current(), scaled(20)
        box = QRectF(row.left() + scaled(12), row.top() + scaled(20), size, size)
        painter.setPen(QPen(QColor(theme.accent if on else theme.faint), scaled(2)))
        painter.setBrush(QColor(theme.accent if on else theme.panel))
        painter.drawRoundedRect(box, scaled(4), scaled(4))
        if on:
            painter.setPen(QPen(QColor(theme.background), scaled(3)))
            tick = ((0.2, 0.5), (0.42, 0.72), (0.8, 0.28))
            painter.drawPolyline([QPointF(box.left() + x * size, box.top() + y * size) for x, y in tick])

    def _bars(self, painter: QPainter, at: QPointF, lit: int) -> None:
        """Four bars that rise, their foot at `at`."""
        theme = current()
        painter.setPen(Qt.PenStyle.NoPen)
        for k in range(4):
            painter.setBrush(QColor(theme.text if k < lit else theme.line))
            height = scaled(5 + 4 * k)
            painter.drawRect(QRectF(at.x() + k * scaled(6.5), at.y() - height, scaled(4.5), height))
