"""The pelvis as a spirit level: is it still where it was before the raise?

Drawn as in a mirror: the athlete's right is on the right. Obliquity is shown larger than it is, so that it is seen.
"""

from __future__ import annotations

from math import cos, isnan, nan, radians, sin

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from hiphold.session.scene import Scene
from hiphold.session.texts import text
from hiphold.view.dial import LEFT, degrees, steps_of
from hiphold.view.theme import Painted, colour, mark, pen

LEVEL_DEG = 5.0
"""hips are called level while they drop less than this"""
LARGER = 2.0
MOST_DEG = 12.0
"""the bar leans no further than for this obliquity"""
SHIFT_MOST_DEG = 20.0
"""the ends of the small scales of tilt and turn"""


class Level(Painted):
    """A bar that leans with obliquity, and small scales of tilt and turn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("level", parent)
        self._scene = Scene()
        self._shown: object = None
        self.show_scene(self._scene)

    def show_scene(self, scene: Scene) -> None:
        """Show the pelvis against before the raise."""
        values = scene.obliquity_deg, scene.tilt_deg, scene.turn_deg
        shown = (scene.side, self._state(scene), *(steps_of(value, 0.5) for value in values))
        if shown != self._shown:
            self._shown, self._scene = shown, scene
            parts = f"{self._verdict()} ({degrees(scene.obliquity_deg)})", *self._small().values()
            self.tell("; ".join(parts))

    def draw(self, painter: QPainter) -> None:
        """Paint it: the verdict above, the bar, the two small scales below."""
        room = self.card(painter)
        line = min(room.height() * 0.16, self.pixels(30))
        self._say(painter, QRectF(room.x(), room.y(), room.width(), line))
        below = QRectF(room.x(), room.bottom() - 1.4 * line, room.width(), 1.4 * line)
        self._bar(painter, QRectF(room.x(), room.y() + line, room.width(), below.top() - room.y() - line))
        half = room.width() / 2
        values = (self._scene.tilt_deg, self._scene.turn_deg)
        for k, (words, value) in enumerate(zip(self._small().values(), values)):
            self._scale(painter, QRectF(below.x() + k * half, below.y(), half, below.height()), words, value)

    @staticmethod
    def _state(scene: Scene) -> str:
        if isnan(scene.obliquity_deg):
            return "unknown"
        if abs(scene.obliquity_deg) < LEVEL_DEG:
            return "level"
        measured_drops = scene.obliquity_deg < 0
        return scene.side if measured_drops else {"left": "right", "right": "left"}[scene.side]

    def _verdict(self) -> str:
        state = self._state(self._scene)
        if state in ("left", "right"):
            return text("athlete_view.hip_drops", side=text(f"side.{state}"))
        return text(f"athlete_view.hips_{state}")

    def _small(self) -> dict[str, str]:
        return {
            "tilt": text("athlete_view.tilt", angle=degrees(self._scene.tilt_deg)),
            "turn": text("athlete_view.turn", angle=degrees(self._scene.turn_deg)),
        }

    def _right_up_deg(self) -> float:
        value = self._scene.obliquity_deg if self._scene.side == "right" else -self._scene.obliquity_deg
        return min(max(value, -MOST_DEG), MOST_DEG) * LARGER if not isnan(value) else nan

    def _say(self, painter: QPainter, box: QRectF) -> None:
        state = self._state(self._scene)
        kind, ink = {"level": ("check", "good"), "unknown": ("", "faint")}.get(state, ("warning", "warning"))
        if kind:
            mark(painter, kind, QRectF(box.x(), box.y(), box.height(), box.height()), ink)
            box = box.adjusted(box.height() * 1.35, 0, 0, 0)
        self.write(painter, box, self._verdict(), 21, ink="text" if kind else "faint", bold=True, align=LEFT)

    def _bar(self, painter: QPainter, box: QRectF) -> None:
        """The bar over a level line, a bubble in it, L and R at its ends."""
        lean_deg = self._right_up_deg()
        middle = box.center()
        letter = min(self.pixels(24), box.height() * 0.25)
        steepest = (box.height() - letter) / 2 / sin(radians(MOST_DEG * LARGER))
        half = max(min(box.width() / 2 - letter, steepest - letter * 0.6), 4.0)
        thick = min(half * 0.2, box.height() * 0.2)
        painter.setPen(QPen(colour("line"), self.pixels(1.5), Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(box.left(), middle.y()), QPointF(box.right(), middle.y()))
        painter.save()
        painter.translate(middle)
        painter.rotate(0.0 if isnan(lean_deg) else -lean_deg)
        level = self._state(self._scene) == "level"
        painter.setPen(pen("good" if level else "line" if isnan(lean_deg) else "warning", self.pixels(2)))
        painter.setBrush(colour("background"))
        painter.drawRoundedRect(QRectF(-half, -thick / 2, 2 * half, thick), thick / 2, thick / 2)
        if not isnan(lean_deg):
            self._bubble(painter, half, thick, lean_deg / (MOST_DEG * LARGER), level)
        painter.restore()
        self._letters(painter, middle, half, letter, 0.0 if isnan(lean_deg) else lean_deg)

    def _bubble(self, painter: QPainter, half: float, thick: float, share: float, level: bool) -> None:
        """It rises to the higher end; two strokes bound where it may be."""
        reach = half * 0.8
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("good" if level else "warning"))
        painter.drawEllipse(QPointF(share * reach, 0), thick * 0.62, thick * 0.36)
        painter.setPen(pen("text", self.pixels(1.5)))
        for edge in (-1, 1):
            x = edge * (reach * LEVEL_DEG / MOST_DEG + thick * 0.5)
            painter.drawLine(QPointF(x, -thick / 2), QPointF(x, thick / 2))

    def _letters(self, painter: QPainter, middle: QPointF, half: float, letter: float, lean_deg: float) -> None:
        for key, edge in (("left", -1), ("right", 1)):
            reach = half + letter * 0.6
            x = middle.x() + edge * reach * cos(radians(lean_deg))
            y = middle.y() - edge * reach * sin(radians(lean_deg))
            box = QRectF(x - letter / 2, y - letter / 2, letter, letter)
            self.write(painter, box, text(f"athlete_view.letter_{key}"), 17, ink=key, bold=True)

    def _scale(self, painter: QPainter, box: QRectF, words: str, value: float) -> None:
        """A number, and under it a stroke with a dot where it stands."""
        high = box.height() * 0.62
        self.write(painter, QRectF(box.x(), box.y(), box.width(), high), words, 17)
        y, half = box.y() + box.height() * 0.84, box.width() * 0.36
        painter.setPen(pen("line", self.pixels(2)))
        painter.drawLine(QPointF(box.center().x() - half, y), QPointF(box.center().x() + half, y))
        painter.drawLine(QPointF(box.center().x(), y - high * 0.16), QPointF(box.center().x(), y + high * 0.16))
        if not isnan(value):
            share = min(max(value / SHIFT_MOST_DEG, -1.0), 1.0)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("text"))
            painter.drawEllipse(QPointF(box.center().x() + share * half, y), high * 0.16, high * 0.16)
