"""Four plots of one athlete over the same time: femur elevation, hip rotation, thigh azimuth, pelvis.

Time runs in seconds before now, so that the axis stands still and only the curves are painted anew. Paused, the
samples of that moment stay, to be looked at with the mouse (drag, wheel) or with the keys: left and right move the
cursor, up and down zoom around it, Home and End go to the ends.
"""

from __future__ import annotations

from math import nan

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hiphold.session.preferences import SPANS_S
from hiphold.session.scene import Scene, Trace
from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.graph import Graph
from hiphold.view.painting import painting
from hiphold.view.readings import figure
from hiphold.view.recent import Recent
from hiphold.view.series import KINDS
from hiphold.view.tooltips import frame_focus

READ_S = 0.2
"""how often the newest values are written above the plots"""
STRETCH = {"elevation": 14, "rotation": 10, "azimuth": 10, "pelvis": 12}
"""how the plots share the height; the last one bears the axis"""
NEAR_PX = 8
"""a marker so near to the cursor is read"""


class AthletePlots(QWidget):
    """The four plots of one athlete."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("plots")
        self.setAccessibleName(text("coach_view.plots"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._recent = Recent()
        self._scene = Scene()
        self._aim: tuple[float, float] | None = None
        self._read_s = nan
        """when values were written last"""
        self._span_s = float(SPANS_S[0])
        self._cursor: float | None = None
        """seconds before now"""
        self._changed, self._moving = True, False
        self.plots = tuple(Graph(kind, last=kind is KINDS[-1]) for kind in KINDS)
        self._lay_out()
        self._describe()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.scaled(2))
        layout.setContentsMargins(4, 4, 4, 4)
        for plot in self.plots:
            layout.addWidget(plot, STRETCH[plot.kind.name])
            plot.view.scene().sigMouseMoved.connect(lambda where, box=plot.box: self._mouse(box, where))
            plot.box.sigXRangeChanged.connect(self._moved)
            plot.free(paused=False, span_s=self._span_s)

    @property
    def paused(self) -> bool:
        """Whether the plots stand still to be looked at."""
        return self._recent.paused

    @property
    def span_s(self) -> float:
        """How many seconds are shown while the plots run."""
        return self._span_s

    @property
    def cursor_s(self) -> float | None:
        """Where the cursor is, in seconds before now (not above 0 on the curves); None without one."""
        return self._cursor

    def show_scene(self, scene: Scene) -> None:
        """Show this target band, these markers, and the pelvis of this leg, at the next tick."""
        if self._aim != (aim := (scene.target_deg, scene.band_deg)):
            self._aim = aim
            self.plots[0].show_band(*aim)
        if scene is not self._scene:  # the last one again, when a lane is laid out anew, says nothing of now
            self._recent.forget_later(scene.time_s)
        self._scene, self._changed = scene, True

    def add(self, traces: tuple[Trace, ...]) -> None:
        """Take new samples; they are drawn at the next tick."""
        for trace in traces:
            self._recent.add(trace)
            self._changed = True

    def tick(self) -> None:
        """Draw what is new. Costs nothing while paused or out of sight."""
        if self._changed and not self.paused and not self.visibleRegion().isEmpty():
            self._changed = False
            self._recent.go_on(self._scene.time_s)
            self._draw()

    def set_span(self, seconds: float) -> None:
        """Show so many seconds up to now; a paused view shows so many up to the moment of the pause."""
        self._span_s = float(seconds)
        for plot in self.plots:
            plot.free(self.paused, self._span_s)
        if self.paused:
            self._view(-self._span_s, 0.0)
        self._again()

    def set_paused(self, paused: bool) -> None:
        """Stand still, with a cursor at the newest sample; or run on, from now."""
        if paused == self.paused:
            return
        if paused:
            self._recent.go_on(self._scene.time_s)  # they may have been out of sight until now
            self._recent.pause()
        else:
            self._recent.resume()
        self._cursor = (self._cursor or 0.0) if paused else None
        for plot in self.plots:
            plot.free(paused, self._span_s)
        self._again()

    def move_cursor(self, when: float | None) -> None:
        """Read the values at this second before now; the view follows. None: no cursor."""
        self._cursor = None if when is None else min(max(when, self._recent.oldest_s()), 0.0)
        low, high = self._range()
        if self._cursor is not None and self.paused and not low <= self._cursor <= high:
            off = self._cursor - (low if self._cursor < low else high)
            self._view(low + off, high + off)
        self._point()

    def restyle(self) -> None:
        """Take the colours and sizes that are in use now."""
        for plot in self.plots:
            plot.restyle()
        self._again()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """While paused: move the cursor, zoom around it."""
        low, high = self._range()
        fine = 0.1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        at, step = self._cursor or 0.0, fine * (high - low) / 100
        places = {Qt.Key.Key_Left: at - step, Qt.Key.Key_Right: at + step, Qt.Key.Key_End: 0.0}
        places[Qt.Key.Key_Home] = self._recent.oldest_s()
        zooms = {Qt.Key.Key_Up: 0.8, Qt.Key.Key_Down: 1.25}
        if self.paused and event.key() in places:
            self.move_cursor(places[Qt.Key(event.key())])
        elif self.paused and event.key() in zooms:
            zoom = zooms[Qt.Key(event.key())]
            self._view(at - (at - low) * zoom, at + (high - at) * zoom)
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Without the mouse there is no cursor, unless paused."""
        if not self.paused:
            self.move_cursor(None)
        super().leaveEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """A frame that shows where the keys go."""
        with painting(self) as painter:
            frame_focus(painter, self)

    def resizeEvent(self, _event: QResizeEvent) -> None:
        """Dashes and numbers depend on the width."""
        for plot in self.plots:
            plot.free(self.paused, self._span_s)
        self._again()

    def _again(self) -> None:
        """Draw at the next tick, or now when no tick draws."""
        self._changed, self._read_s = True, nan
        if self.paused:
            self._draw()
        self._describe()

    def _draw(self) -> None:
        low, high = self._range()
        windows = self._recent.windows(low, high)
        if self._scene.sides:
            windows = {side: window for side, window in windows.items() if side in self._scene.sides}
        markers = [(when - self._recent.now_s, note) for when, note in self._scene.markers]
        seen = [(when, note or text("coach_view.marker")) for when, note in markers if low <= when <= high]
        for plot in self.plots:
            plot.draw(windows, self._scene.side, self._recent.now_s, grow=not self.paused)
            plot.mark(seen)
        self._point()

    def _point(self) -> None:
        """Draw the cursor and write the values: those at the cursor, else now and then the newest."""
        for plot in self.plots:
            plot.point(self._cursor)
        now_s = self._recent.now_s
        if self._cursor is None and abs(now_s - self._read_s) < READ_S:
            return
        self._read_s = now_s if self._cursor is None else nan
        values = {side: self._recent.values(side, self._cursor) for side in self._recent.sides}
        for plot in self.plots:
            entries = [
                (line, figure(values[side][line.quantity]))
                for line in plot.kind.lines
                if (side := line.side or self._scene.side) in values
            ]
            plot.heading.tell(entries, self._remark() if plot is self.plots[0] else "")
        self._describe()

    def _remark(self) -> str:
        parts = [text("coach_view.paused")] if self.paused else []
        if self._cursor is not None:
            parts.append(figure(self._cursor, " s", 2))
            near = NEAR_PX * self.plots[0].pixel_s()
            at_s = self._recent.now_s + self._cursor
            parts += [note for when, note in self._scene.markers if abs(when - at_s) < near]
        return " · ".join(part for part in parts if part)

    def _describe(self) -> None:
        state = text(
            "coach_view.plots_paused" if self.paused else "coach_view.plots_live", seconds=f"{self._span_s:.0f}"
        )
        headings = [plot.heading.accessibleDescription() for plot in self.plots]
        parts = [state, self._remark() if self._cursor is not None else "", *headings]
        self.setAccessibleDescription(". ".join(part for part in parts if part))

    def _range(self) -> tuple[float, float]:
        low, high = self.plots[0].box.viewRange()[0]
        return float(low), float(high)

    def _view(self, low: float, high: float) -> None:
        self.plots[0].box.setXRange(low, high, padding=0)

    def _moved(self, box: pg.ViewBox, span: tuple[float, float]) -> None:
        """All plots go where one went."""
        if self._moving or not self.paused:
            return
        self._moving = True
        for plot in self.plots:
            if plot.box is not box:
                plot.box.setXRange(*span, padding=0)
        self._moving = False
        self._draw()

    def _mouse(self, box: pg.ViewBox, where: QPointF) -> None:
        if box.sceneBoundingRect().contains(where):
            self.move_cursor(box.mapSceneToView(where).x())
