"""What is drawn with a pen in the plots: curves, straight lines, and the samples of both in a heading."""

from __future__ import annotations

from collections.abc import Iterable

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from hiphold.view import theme
from hiphold.view.series import Line, Window


class _Curve(QGraphicsPathItem):
    """Qt's own item: pyqtgraph's curve spends more time in Python than in painting."""

    def boundingRect(self) -> QRectF:
        """Where it is, without the outline that Qt works out for a pen that is not a hairline."""
        return self.path().controlPointRect()


def add_lines(box: pg.ViewBox) -> QGraphicsPathItem:
    """Straight lines in a plot, which `straight` makes."""
    return _added(QGraphicsPathItem(), box)


def add_curve(box: pg.ViewBox) -> QGraphicsPathItem:
    """A curve in a plot, which `curve` makes."""
    return _added(_Curve(), box)


def _added(item: QGraphicsPathItem, box: pg.ViewBox) -> QGraphicsPathItem:
    box.addItem(item, ignoreBounds=True)
    return item


def hairline(colour: str, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """One pixel of the screen wide, which Qt paints fastest."""
    return QPen(QColor(colour), 0, style)


def line_pen(line: Line, start_px: float, ratio: float) -> QPen:
    """For a curve on a screen with so many pixels to each that Qt counts: one of Qt's wide.

    Dashes begin where they do because of the time there, not at the edge: so they move with the curve.
    """
    pen = hairline(getattr(theme.current(), line.colour))
    width = max(round(ratio), 1)
    if width > 1:
        pen.setWidth(width)
        pen.setCosmetic(True)
    if line.dash[1]:
        pen.setDashPattern([float(part) for part in line.dash])
        pen.setDashOffset(start_px * ratio / width % sum(line.dash))
    return pen


def sample_pen(line: Line) -> QPen:
    """For a short sample of a curve, twice as wide."""
    pen = QPen(QColor(getattr(theme.current(), line.colour)), theme.scaled(2))
    if line.dash[1]:
        pen.setDashPattern([float(part) / 2 for part in line.dash])
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def curve(window: Window, quantity: str, now_s: float) -> QPainterPath:
    """The curve of one quantity, in seconds before now and degrees."""
    path, degrees, when = QPainterPath(), window.quantity(quantity), window.time_s - now_s
    for first, end in window.stretches(quantity):
        path.addPolygon(pg.functions.arrayToQPolygonF(when[first:end], degrees[first:end]))
    return path


def straight(starts: Iterable[tuple[float, float]], right: float, up: float) -> QPainterPath:
    """A straight line from each of these."""
    path = QPainterPath()
    for x, y in starts:
        path.moveTo(x, y)
        path.lineTo(x + right, y + up)
    return path
