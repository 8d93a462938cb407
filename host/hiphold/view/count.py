"""The whole seconds of the hold, huge, in a ring of as many pips as the count has."""

from __future__ import annotations

from math import isnan, pi

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from hiphold.session.scene import HOLDING, Scene
from hiphold.session.texts import text
from hiphold.view.dial import LEFT, around, seconds
from hiphold.view.theme import Painted, colour, pen

PIPS_MOST = 60


class Count(Painted):
    """The whole seconds of the hold, huge, in a ring of as many pips as the count has."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("count", parent)
        self._scene = Scene()
        self._shown: object = None
        self.show_scene(self._scene)

    def show_scene(self, scene: Scene) -> None:
        """Show the count of the hold that runs, or of the last one."""
        shown = (scene.count, scene.count_s, seconds(scene.held_s), scene.stage == HOLDING)
        if shown != self._shown:
            self._shown, self._scene = shown, scene
            self.tell(f"{self._title()}: {scene.count}; {self._held()}")

    def draw(self, painter: QPainter) -> None:
        """Paint it: the title above, the ring with the number, the held time below."""
        room = self.card(painter)
        line = min(room.height() * 0.09, self.pixels(34))
        self.write(painter, QRectF(room.x(), room.y(), room.width(), line), self._title(), 20, ink="faint", align=LEFT)
        below = QRectF(room.x(), room.bottom() - line, room.width(), line)
        self.write(painter, below, self._held(), 22, ink="text" if self._running() else "faint")
        ring = room.adjusted(0, line, 0, -line * 1.15)
        middle, radius = ring.center(), min(ring.width(), ring.height()) / 2
        self._pips(painter, middle, radius)
        half = radius * (0.7 if self._scene.count < 10 else 0.6)
        number = QRectF(middle.x() - half, middle.y() - half, 2 * half, 2 * half)
        ink = "text" if self._scene.count or self._running() else "faint"
        self.write(
            painter, number, str(self._scene.count), 400, bold=True, ink=ink, like="8" * len(str(self._scene.count))
        )

    def _running(self) -> bool:
        return self._scene.stage == HOLDING or not isnan(self._scene.held_s)

    def _complete(self) -> bool:
        return self._scene.count >= self._scene.count_s

    def _title(self) -> str:
        return text("athlete_view.count", count=self._scene.count_s)

    def _held(self) -> str:
        if self._running():
            return text("athlete_view.held", held=seconds(self._scene.held_s))
        return text("athlete_view.complete" if self._complete() else "athlete_view.not_holding")

    def _pips(self, painter: QPainter, middle: QPointF, radius: float) -> None:
        """Filled for seconds held, hollow rings for those to come; clockwise from the top."""
        number = min(max(self._scene.count_s, 1), PIPS_MOST)
        size = min(radius * 0.115, radius * 0.86 * pi / number * 0.72)
        done = number if self._complete() else self._scene.count * number // max(self._scene.count_s, 1)
        for k in range(number):
            at = around(middle, radius - radius * 0.13, 90.0 - 360.0 * k / number)
            filled = k < done
            painter.setPen(Qt.PenStyle.NoPen if filled else pen("faint", max(size * 0.16, 1.0)))
            painter.setBrush(colour("good") if filled else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, size if filled else size * 0.72, size if filled else size * 0.72)
