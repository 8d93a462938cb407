"""What a widget says beyond what it has room for: in its tooltip, which comes by the mouse and with the focus.

Names of nodes and athletes are written by others. Qt takes what looks like markup for markup, so a tooltip is made
from its text here, as it is.
"""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from hiphold.view import theme

BY_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


def tip(words: str) -> str:
    """What to give `setToolTip` so that these words are shown as they are; empty for none."""
    return f"<p>{escape(words).replace(chr(10), '<br>')}</p>" if words else ""


def show_tip(widget: QWidget, event: QFocusEvent) -> None:
    """Show the tooltip below a widget that the keys have come to, a moment later: the change of focus hides it."""
    if event.reason() in BY_KEYS:
        QTimer.singleShot(0, widget, lambda: _show(widget))


def _show(widget: QWidget) -> None:
    if widget.toolTip() and widget.hasFocus():
        QToolTip.showText(widget.mapToGlobal(widget.rect().bottomLeft()), widget.toolTip(), widget)


def frame_focus(painter: QPainter, widget: QWidget) -> None:
    """A frame around a widget that has the focus."""
    if widget.hasFocus():
        painter.setPen(QPen(QColor(theme.current().accent), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(widget.rect().adjusted(1, 1, -1, -1))
