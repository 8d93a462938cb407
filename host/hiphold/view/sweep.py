"""Rotation of the leg as a sweep: out to one side, across to the other, with the range that has been reached.

Drawn as the athlete sees the own leg: for the right leg, out is on the right; for the left leg all is mirrored.
"""

from __future__ import annotations

from math import cos, isnan, radians, sin

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from hiphold.session.scene import Scene
from hiphold.session.texts import text
from hiphold.view.dial import LEFT, RIGHT, degrees, steps_of
from hiphold.view.theme import Painted, colour, pen, tint

MOST_DEG = 90.0
TICKS_DEG = (-60, -30, 0, 30, 60)


class Sweep(Painted):
    """A half circle with a hand at the present rotation and a wedge from furthest out to furthest across."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("sweep", parent)
        self._scene = Scene()
        self._shown: object = None
        self.show_scene(self._scene)

    def show_scene(self, scene: Scene) -> None:
        """Show the rotation of the leg that is up, or was last."""
        values = scene.rotation_deg, scene.rotation_out_deg, scene.rotation_in_deg
        shown = (scene.side, *(steps_of(value, 1.0) for value in values))
        if shown != self._shown:
            self._shown, self._scene = shown, scene
            self.tell(f"{text('athlete_view.rotation')}: {self._now()}; {'; '.join(self._reached())}")

    def draw(self, painter: QPainter) -> None:
        """Paint it: title and present angle above, the fan, the two reached numbers below."""
        room = self.card(painter)
        line = min(room.height() * 0.14, self.pixels(26))
        above = QRectF(room.x(), room.y(), room.width(), line)
        self.write(painter, above.adjusted(0, 0, -room.width() * 0.5, 0), self._title(), 16, ink="faint", align=LEFT)
        self.write(painter, above.adjusted(room.width() * 0.5, 0, 0, 0), self._now(), 19, bold=True, align=RIGHT)
        fan = room.adjusted(0, line * 1.3, 0, -line * 1.6)
        radius = max(min(fan.width() / 2 - 4, fan.height()), 4.0)
        pivot = QPointF(fan.center().x(), fan.center().y() + radius / 2)
        self._fan(painter, pivot, radius)
        self._hand(painter, pivot, radius)
        self._ends(painter, QRectF(room.x(), room.bottom() - line * 1.3, room.width(), line * 1.3))

    def _title(self) -> str:
        return text("athlete_view.rotation")

    def _now(self) -> str:
        """The present angle in words: out 12 degrees, across 8 degrees; a dash when it is not known."""
        if isnan(self._scene.rotation_deg):
            return text("athlete_view.unknown")
        return self._words(self._scene.rotation_deg, "out" if self._scene.rotation_deg < 0 else "across")

    def _reached(self) -> tuple[str, str]:
        return self._words(self._scene.rotation_out_deg, "out"), self._words(self._scene.rotation_in_deg, "across")

    def _words(self, value: float, way: str) -> str:
        if isnan(value):
            return text(f"athlete_view.{way}", angle=text("athlete_view.unknown"))
        outward = value if way == "across" else -value
        return text(f"athlete_view.{way}", angle=degrees(outward, signed=outward < -0.5))

    def _way(self) -> float:
        """+1 where across is drawn to the right."""
        return 1.0 if self._scene.side == "left" else -1.0

    def _fan(self, painter: QPainter, pivot: QPointF, radius: float) -> None:
        square = QRectF(pivot.x() - radius, pivot.y() - radius, 2 * radius, 2 * radius)
        painter.setPen(pen("line", self.pixels(2)))
        painter.setBrush(colour("background"))
        painter.drawPie(square, 0, 180 * 16)
        out, across = self._scene.rotation_out_deg, self._scene.rotation_in_deg
        if not isnan(out) and not isnan(across):
            start, end = sorted(90.0 - self._way() * _clipped(value) for value in (out, across))
            painter.setPen(pen(self._scene.side, self.pixels(2)))
            painter.setBrush(tint(self._scene.side, 0.35, "background"))
            painter.drawPie(square, round(start * 16), round((end - start) * 16))
        painter.setPen(pen("faint", self.pixels(1.5)))
        for deg in TICKS_DEG:
            painter.drawLine(self._at(pivot, radius * (0.9 if deg else 0.82), deg), self._at(pivot, radius, deg))

    def _hand(self, painter: QPainter, pivot: QPointF, radius: float) -> None:
        """The shank from above: the knee at the pivot, a knob at the foot."""
        known = not isnan(self._scene.rotation_deg)
        painter.setPen(pen("text" if known else "line", self.pixels(5)))
        if known:
            foot = self._at(pivot, radius * 0.86, _clipped(self._scene.rotation_deg))
            painter.drawLine(pivot, foot)
            painter.setBrush(colour("text"))
            painter.drawEllipse(foot, radius * 0.06, radius * 0.06)
        painter.setBrush(colour("panel"))
        painter.drawEllipse(pivot, radius * 0.06, radius * 0.06)

    def _ends(self, painter: QPainter, box: QRectF) -> None:
        """What was reached, on the side where it was reached."""
        out, across = self._reached()
        left, right = (out, across) if self._way() > 0 else (across, out)
        middle = box.width() * 0.52
        widest = max(left, right, key=len)
        self.write(painter, box.adjusted(0, 0, -middle, 0), left, 19, bold=True, align=LEFT, like=widest)
        self.write(painter, box.adjusted(middle, 0, 0, 0), right, 19, bold=True, align=RIGHT, like=widest)

    def _at(self, pivot: QPointF, radius: float, deg: float) -> QPointF:
        angle = radians(90.0 - self._way() * deg)
        return QPointF(pivot.x() + radius * cos(angle), pivot.y() - radius * sin(angle))


def _clipped(deg: float) -> float:
    return min(max(deg, -MOST_DEG), MOST_DEG)
