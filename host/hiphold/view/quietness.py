"""How quietly the athlete stands while calibrating: a countdown of the stand, a bar of the worst sensor's movement."""

from __future__ import annotations

from math import ceil, isnan

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from hiphold.session.scene import Still
from hiphold.session.texts import text
from hiphold.view.dial import LEFT
from hiphold.view.readings import place
from hiphold.view.theme import Painted, colour, mark, pen

LEVEL_MOST = 2.0
"""the end of the bar; what is allowed stands in its middle"""


class Stillness(Painted):
    """The countdown of the stand in a ring, and a bar of how restless the worst sensor is."""

    def __init__(self) -> None:
        super().__init__("stillness")
        self._still: Still | None = None
        self._shown: object = None
        self.show_still(None)

    def show_still(self, still: Still | None) -> None:
        """Show how still the sensors are; None when nobody knows."""
        shown = None if still is None else (_level(still), _left_s(still), round(_share(still), 2), still.placement)
        if shown != self._shown or not self.accessibleDescription():
            self._shown, self._still = shown, still
            self.tell(f"{self._verdict()}; {self._left()}" if still else self._verdict())

    def draw(self, painter: QPainter) -> None:
        """Paint it: ring left, verdict and bar right."""
        room = self.card(painter)
        size = min(room.height(), room.width() * 0.34)
        self._ring(painter, QRectF(room.x(), room.center().y() - size / 2, size, size))
        rest = room.adjusted(size + self.pixels(20), 0, 0, 0)
        self._judged(painter, QRectF(rest.x(), rest.y(), rest.width(), rest.height() * 0.42))
        self._bar(painter, QRectF(rest.x(), rest.y() + rest.height() * 0.45, rest.width(), rest.height() * 0.55))

    def _moved(self) -> bool:
        return self._still is not None and _level(self._still) > 1.0

    def _verdict(self) -> str:
        if self._still is None or isnan(self._still.level):
            return text("calibration_view.still_unknown")
        if not self._moved():
            return text("calibration_view.still_enough")
        if not self._still.placement:
            return text("calibration_view.moved")
        return text("calibration_view.moved_by", placement=place(self._still.placement))

    def _left(self) -> str:
        return text("calibration_view.left", left=_left_s(self._still)) if self._still else ""

    def _ring(self, painter: QPainter, box: QRectF) -> None:
        """The seconds that are still to come, in a ring that fills."""
        wide = box.width() * 0.09
        square = box.adjusted(wide / 2 + 1, wide / 2 + 1, -wide / 2 - 1, -wide / 2 - 1)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen("line", wide))
        painter.drawEllipse(square)
        inner = box.adjusted(*(box.width() * share for share in (0.18, 0.16, -0.18, -0.32)))
        if self._still is None:
            self.write(painter, inner, text("athlete_view.unknown"), 90, bold=True, ink="faint")
            return
        share = _share(self._still)
        if share > 0:
            painter.setPen(QPen(colour("good"), wide, c=Qt.PenCapStyle.FlatCap))
            painter.drawArc(square, 90 * 16, -round(share * 360 * 16))
        if share >= 1.0:
            mark(painter, "check", inner.adjusted(0, inner.height() * 0.1, 0, inner.height() * 0.2), "good")
            return
        self.write(painter, inner, str(_left_s(self._still)), 120, bold=True, like="8")
        unit = QRectF(inner.x(), inner.bottom(), inner.width(), box.height() * 0.14)
        self.write(painter, unit, text("calibration_view.unit"), 17, ink="faint")

    def _judged(self, painter: QPainter, box: QRectF) -> None:
        if self._still is not None and not isnan(self._still.level):
            size = min(box.height() * 0.72, self.pixels(34))
            spot = QRectF(box.x(), box.center().y() - size / 2, size, size)
            mark(painter, "cross" if self._moved() else "check", spot, "fault" if self._moved() else "good")
            box = box.adjusted(size + self.pixels(12), 0, 0, 0)
        self.write(painter, box, self._verdict(), 27, bold=True, align=LEFT, wrap=True)

    def _bar(self, painter: QPainter, box: QRectF) -> None:
        """A bar to twice what is allowed; the limit is a stroke across it with a word."""
        thick = min(box.height() * 0.42, self.pixels(30))
        track = QRectF(box.x(), box.y() + box.height() * 0.08, box.width(), thick)
        painter.setPen(pen("line", 1.5))
        painter.setBrush(colour("background"))
        painter.drawRoundedRect(track, thick / 4, thick / 4)
        if self._still is not None and not isnan(self._still.level):
            filled = QRectF(track)
            filled.setWidth(track.width() * min(max(self._still.level, 0.0) / LEVEL_MOST, 1.0))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("fault" if self._moved() else "good"))
            painter.drawRoundedRect(filled, thick / 4, thick / 4)
        x = track.center().x()
        painter.setPen(pen("text", self.pixels(3)))
        painter.drawLine(int(x), int(track.top() - thick * 0.12), int(x), int(track.bottom() + thick * 0.25))
        below = QRectF(
            box.x(), track.bottom() + thick * 0.28, box.width(), box.bottom() - track.bottom() - thick * 0.28
        )
        self.write(painter, below, text("calibration_view.limit"), 16, ink="faint")


def _level(still: Still) -> float:
    """In steps that can be seen, but never across the limit."""
    near = round(still.level, 2) if not isnan(still.level) else -1.0
    return 1.01 if still.level > 1.0 >= near else near


def _left_s(still: Still) -> int:
    return max(ceil(round(still.needed_s - still.still_s, 3)), 0)


def _share(still: Still) -> float:
    """Of the needed time, 0 to 1."""
    return min(max(still.still_s / still.needed_s, 0.0), 1.0) if still.needed_s > 0 else 1.0
