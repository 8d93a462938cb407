"""The coach's page: one to four athletes side by side."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from hiphold.session.scene import Scene, Trace
from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.coach_forms import form_for
from hiphold.view.coach_lane import Lane
from hiphold.view.rows import Rows
from hiphold.view.words import Words


class CoachPage(QWidget):
    """One to four athletes side by side. Keys act on the selected one."""

    selection_changed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("coach")
        self.setAccessibleName(text("coach_view.page"))
        self.lanes: dict[int, Lane] = {}
        self.selected = 0
        self._span_s: float | None = None
        self._paused = False
        self._inside = QWidget()
        self._row = QHBoxLayout(self._inside)
        self._empty = Words("no_athletes", 18, colour="faint", align=Qt.AlignmentFlag.AlignHCenter)
        self._empty.show_words(text("coach_view.no_athletes"))
        self._row.addWidget(self._empty)
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(self._inside)
        self._area.horizontalScrollBar().rangeChanged.connect(self._bring_into_view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._area)
        self._arrange()

    def show_scenes(self, scenes: dict[int, Scene]) -> None:
        """Show these athletes, by lane; lanes that are not there any more go."""
        if sorted(scenes) != sorted(self.lanes):
            self._make(sorted(scenes))
        for lane, scene in scenes.items():
            self.lanes[lane].show_scene(scene)

    def add_traces(self, lane: int, traces: tuple[Trace, ...]) -> None:
        """New samples of this athlete; a lane that has no scene yet takes none."""
        if lane in self.lanes:
            self.lanes[lane].plots.add(traces)

    def tick(self) -> None:
        """Draw what is new, of what can be seen."""
        for lane in self.lanes.values():
            lane.plots.tick()

    def set_span(self, seconds: float) -> None:
        """Show so many seconds in all plots."""
        self._span_s = seconds
        for lane in self.lanes.values():
            lane.plots.set_span(seconds)

    def set_paused(self, paused: bool) -> None:
        """Have all plots stand still, the selected athlete's with the keys; or run on."""
        self._paused = paused
        for lane in self.lanes.values():
            lane.plots.set_paused(paused)
        if paused and self.selected in self.lanes:
            self.lanes[self.selected].plots.setFocus()

    def select(self, lane: int) -> None:
        """Have keys act on this lane, and bring it into view; a lane that is not there changes nothing."""
        if lane not in self.lanes:
            return
        changed, self.selected = lane != self.selected, lane
        for each in self.lanes.values():
            each.select(selected=each.lane == lane)
        self._bring_into_view()
        if self._paused:
            self.lanes[lane].plots.setFocus()
        if changed:
            self.selection_changed.emit(lane)

    def changeEvent(self, event: QEvent) -> None:
        """Colours or sizes are others."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self.restyle()

    def restyle(self) -> None:
        """Take the colours and sizes that are in use now."""
        for lane in self.lanes.values():
            lane.plots.restyle()
            for words in lane.findChildren(Words) + lane.findChildren(Rows):
                words.updateGeometry()
            lane.arrange(lane.form, compact=lane.compact)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """How much fits depends on the size."""
        super().resizeEvent(event)
        self._arrange()

    def _bring_into_view(self) -> None:
        """Scroll sideways to the selected lane, when lanes are so wide that not all can be seen."""
        if self.selected in self.lanes:
            bar, box = self._area.horizontalScrollBar(), self.lanes[self.selected].geometry()
            bar.setValue(min(max(bar.value(), box.right() + 1 - self._area.viewport().width()), box.left()))

    def _make(self, lanes: list[int]) -> None:
        for lane in set(self.lanes) - set(lanes):
            gone = self.lanes.pop(lane)
            self._row.removeWidget(gone)
            gone.deleteLater()
        for lane in lanes:
            if lane not in self.lanes:
                self.lanes[lane] = self._lane(lane)
            self._row.removeWidget(self.lanes[lane])
            self._row.addWidget(self.lanes[lane], 1)
        self._empty.setVisible(not lanes)
        self._arrange()
        if lanes:
            self.select(self.selected if self.selected in lanes else lanes[0])

    def _lane(self, number: int) -> Lane:
        lane = Lane(number)
        lane.chosen.connect(self.select)
        if self._span_s is not None:
            lane.plots.set_span(self._span_s)
        lane.plots.set_paused(self._paused)
        return lane

    def _arrange(self) -> None:
        """Give each lane the form for the room there is."""
        gap = theme.scaled(8)
        self._row.setContentsMargins(gap, gap, gap, gap)
        self._row.setSpacing(gap)
        count = max(len(self.lanes), 1)
        scale = theme.current_scale()
        width = (self.width() - gap * (count + 1)) / count
        form, compact = form_for(count, width / scale, self.height() / scale)
        for lane in self.lanes.values():
            if (form, compact) != (lane.form, lane.compact):
                lane.arrange(form, compact=compact)
