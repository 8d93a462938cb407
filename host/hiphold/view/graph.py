"""One plot with its heading: curves over seconds before now, the target band, markers and the cursor.

What it shows and when is decided by `plots`; here it is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsRectItem,
    QGraphicsScene,
    QGraphicsSimpleTextItem,
    QVBoxLayout,
    QWidget,
)

from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.heading import Heading
from hiphold.view.readings import figure
from hiphold.view.series import KEEP_S, Kind, Window
from hiphold.view.strokes import add_curve, add_lines, curve, hairline, line_pen, straight
from hiphold.view.words import elided

CLOSE_S = {10: 5, 30: 10, 60: 20}
WIDE_S = {10: 2, 30: 5, 60: 10}
"""span -> seconds between two numbers below a narrow and a wide plot"""
WIDE_FROM = 330
"""from so many pixels on, unscaled, a plot is wide"""
NOTES = 6
"""so many notes of markers are written at once"""
NOTE_WIDTH = 110
STEP_DEG = 20
"""the vertical range grows in such steps"""
FAR = 1000
"""further than any plot goes, in seconds and in degrees"""


class _TimeBox(pg.ViewBox):  # type: ignore[misc]
    """Drag and wheel on the curves move and zoom time; on the vertical axis they move and zoom degrees."""

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        """Zoom while the mouse may; else let the page have the wheel."""
        if any(self.mouseEnabled()):
            super().wheelEvent(event, 0 if axis is None else axis)
        else:
            event.ignore()

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        """Move along time."""
        super().mouseDragEvent(event, 0 if axis is None else axis)


class _SecondsAxis(pg.AxisItem):  # type: ignore[misc]
    """Seconds before now."""

    def tickStrings(self, values: list[float], _scale: float, spacing: float) -> list[str]:
        """With a real minus sign and a unit."""
        digits = max(0, ceil(-np.log10(spacing))) if spacing < 1 else 0
        return [figure(value, " s", digits) for value in values]


class Graph(QWidget):
    """One plot with its heading; `last`: it bears the numbers of seconds."""

    def __init__(self, kind: Kind, *, last: bool) -> None:
        super().__init__()
        self.kind, self._last = kind, last
        self.heading = Heading(kind)
        self.box = _TimeBox(enableMenu=False, enableMouse=False)
        self.view = self._make_view()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.heading)
        layout.addWidget(self.view, 1)
        self._band = QGraphicsRectItem(0, 0, 0, 0)
        self._band.setVisible(False)
        self.box.addItem(self._band, ignoreBounds=True)
        self._grid, self._marks, self._cursor = (add_lines(self.box) for _ in range(3))
        self._curves = [add_curve(self.box) for _ in kind.lines]
        self._notes = [self._make_note() for _ in range(NOTES if kind.name == "elevation" else 0)]
        self._reach, self._known = (0.0, 0.0), (kind.low_deg, kind.high_deg)
        """the range that is shown, and the one that the curves need"""
        self._target_deg: float | None = None
        self.restyle()
        self._stretch(kind.low_deg, kind.high_deg)

    def _make_view(self) -> pg.PlotWidget:
        axes = {"bottom": _SecondsAxis("bottom"), "left": pg.AxisItem("left")}
        view = pg.PlotWidget(viewBox=self.box, axisItems=axes, enableMenu=False)
        view.setObjectName(f"plot_{self.kind.name}")
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        view.setMinimumSize(0, 0)
        view.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self._item = view.getPlotItem()
        self._item.hideButtons()
        self._item.showAxis("bottom", self._last)
        self.box.disableAutoRange()
        self.box.setLimits(xMin=-KEEP_S - 5, xMax=5, minXRange=0.2, yMin=-400, yMax=400, minYRange=2)
        return view

    def _make_note(self) -> QGraphicsSimpleTextItem:
        note = QGraphicsSimpleTextItem()
        note.setFlag(QGraphicsSimpleTextItem.GraphicsItemFlag.ItemIgnoresTransformations)
        self.box.addItem(note, ignoreBounds=True)
        return note

    def restyle(self) -> None:
        """Take the colours and sizes that are in use now."""
        colours = theme.current()
        self.view.setBackground(colours.panel)
        self.view.setMinimumHeight(theme.scaled(60 if self._last else 56 if self._notes else 42))
        for name in ("left", "bottom"):
            self._restyle_axis(self._item.getAxis(name))
        self._item.layout.setContentsMargins(0, 0, theme.scaled(16), 0)
        self._item.getAxis("left").setWidth(theme.scaled(34))
        if self._last:
            self._item.getAxis("bottom").setHeight(theme.scaled(18))
        self._band.setBrush(pg.mkBrush(colours.band))
        self._band.setPen(pg.mkPen(None))
        self._grid.setPen(hairline(colours.line))
        self._marks.setPen(hairline(colours.faint, Qt.PenStyle.DashLine))
        self._cursor.setPen(hairline(colours.text))
        for note in self._notes:
            note.setData(0, None)  # it is shortened anew
            note.setFont(theme.font(10))
            note.setBrush(QColor(colours.faint))
        self.heading.updateGeometry()

    def _restyle_axis(self, axis: pg.AxisItem) -> None:
        colours = theme.current()
        axis.setPen(pg.mkPen(colours.line, width=1))
        axis.setTextPen(pg.mkPen(colours.faint))
        axis.setStyle(tickFont=theme.font(10), tickLength=-theme.scaled(3), tickTextOffset=theme.scaled(4))
        axis.setStyle(hideOverlappingLabels=theme.scaled(24))
        axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def show_band(self, target_deg: float, band_deg: float) -> None:
        """Show the target and its band."""
        self._band.setRect(QRectF(-FAR, target_deg - band_deg, 2 * FAR, 2 * band_deg))
        self._band.setVisible(True)
        self._target_deg = target_deg
        self._rule()

    def draw(self, windows: Mapping[str, Window], side: str, now_s: float, *, grow: bool) -> None:
        """Draw these windows of each side's samples; `side` is the leg that is up."""
        low, high = self.kind.low_deg, self.kind.high_deg
        for item, line in zip(self._curves, self.kind.lines):
            window = windows.get(line.side or side)
            item.setVisible(window is not None and len(window.time_s) > 0)
            if window is None or not len(window.time_s):
                continue
            degrees = window.quantity(line.quantity)
            low, high = float(np.fmin.reduce(degrees, initial=low)), float(np.fmax.reduce(degrees, initial=high))
            item.setPath(curve(window, line.quantity, now_s))
            start_px = float(window.time_s[0]) / self.pixel_s()
            item.setPen(line_pen(line, start_px, self.devicePixelRatioF()))
        self._known = low, high
        if grow:
            self._stretch(low, high)

    def mark(self, markers: list[tuple[float, str]]) -> None:
        """Draw markers at these seconds before now, with their notes where there is room."""
        self._marks.setPath(straight([(when, -FAR) for when, _ in markers], 0, 2 * FAR))
        if not self._notes:
            return
        (left, edge), (_, top) = self.box.viewRange()
        free = list(self._notes)
        for when, words in sorted(markers, reverse=True):
            if free and self._place_note(free[-1], words, when, left, edge, top):
                free.pop()
                edge = when
        for note in free:
            note.setVisible(False)

    def _place_note(
        self, note: QGraphicsSimpleTextItem, words: str, when: float, left: float, edge: float, top: float
    ) -> bool:
        """Write a note right of its marker; False when it would go beyond the edge."""
        if note.data(0) != words:
            note.setData(0, words)
            note.setText(elided(words, note.font(), theme.scaled(NOTE_WIDTH)))
        pixel_s = self.pixel_s()
        if not left <= when <= edge - (note.boundingRect().width() + theme.scaled(8)) * pixel_s:
            return False
        note.setPos(when + theme.scaled(4) * pixel_s, top)
        note.setVisible(True)
        return True

    def point(self, when: float | None) -> None:
        """Draw the cursor at this second before now, or none."""
        self._cursor.setPath(straight([] if when is None else [(when, -FAR)], 0, 2 * FAR))

    def free(self, paused: bool, span_s: float) -> None:
        """Let the mouse zoom and move, or go back to the span that ends now."""
        self.box.setMouseEnabled(paused, paused)
        self._item.getAxis("bottom").setTicks(None if paused else [self._ticks(span_s)])
        if not paused:
            self.box.setXRange(-span_s, 0, padding=0)
            self._reach = (0.0, 0.0)
            self._stretch(*self._known)

    def _ticks(self, span_s: float) -> list[tuple[float, str]]:
        """Where numbers of seconds stand while the plots run."""
        steps = WIDE_S if self.width() > theme.scaled(WIDE_FROM) else CLOSE_S
        seconds = np.arange(-span_s, 0.1, steps.get(round(span_s), span_s / 5))
        seconds[0] *= 0.9999  # a hair inside the plot, so that its number is drawn
        return [(float(x), figure(x, " s") if x else text("coach_view.now")) for x in seconds]

    def pixel_s(self) -> float:
        """How many seconds one pixel is."""
        left, right = self.box.viewRange()[0]
        return float(right - left) / max(float(self.box.width()), 1.0)

    def _stretch(self, low: float, high: float) -> None:
        """Make the vertical range hold these, in steps beyond the plot's own."""
        reach = (
            self.kind.low_deg - STEP_DEG * ceil((self.kind.low_deg - low) / STEP_DEG),
            self.kind.high_deg + STEP_DEG * ceil((high - self.kind.high_deg) / STEP_DEG),
        )
        if reach != self._reach:
            self._reach = reach
            self.box.setYRange(*reach, padding=0)
            self._rule()

    def _rule(self) -> None:
        """Lines and numbers at round degrees, and at the target."""
        low, high = self._reach
        step = self.kind.tick_deg * ceil((high - low) / (6 * self.kind.tick_deg))
        ticks = [float(tick) for tick in range(-FAR // step * step, FAR, step) if low < tick < high]
        if self._target_deg is not None:
            ticks = [tick for tick in ticks if abs(tick - self._target_deg) > step / 2] + [self._target_deg]
        self._item.getAxis("left").setTicks([[(tick, figure(tick, "")) for tick in ticks]])
        self._grid.setPath(straight([(-FAR, tick) for tick in ticks], 2 * FAR, 0))
