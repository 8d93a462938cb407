"""How high the thigh is, as a dial that an athlete reads from three metres; and how all dials write their numbers."""

from __future__ import annotations

from math import cos, isfinite, isnan, radians, sin

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from hiphold.session.scene import ENDED, READY, Scene
from hiphold.session.texts import text
from hiphold.view.readings import figure
from hiphold.view.theme import Painted, colour, mark, pen, tint

HANGING_DEG = -90.0
TOP_DEG = 60.0
"""the dial's ends, where the band asks for no more"""
HIGHEST_DEG = 80.0
"""the hand goes no further"""
ZONES = {"below": ("up", "accent"), "in": ("check", "good"), "above": ("down", "warning")}
"""zone -> its mark and its colour"""

ROWS = (0, 9), (18, 58), (62, 80), (84, 93)
"""title, number, zone, target: from and to, in hundredths of the height"""

LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight


def degrees(value: float, *, signed: bool = True) -> str:
    """Whole degrees with their sign, or without; a dash for NaN."""
    return figure(value if signed else abs(value), plus=signed)


def seconds(value: float) -> str:
    """Seconds with one decimal; a dash for NaN."""
    return figure(value, "", 1)


def steps_of(value: float, step: float) -> float | None:
    """A value in whole steps, so that what differs less counts as the same; None for NaN."""
    return round(value / step) * step if isfinite(value) else None


class Dial(Painted):
    """Femur elevation from hanging to above level, with the target band as a thick arc."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("dial", parent)
        self._scene = Scene()
        self._shown: object = None
        self.show_scene(self._scene)

    def show_scene(self, scene: Scene) -> None:
        """Show the elevation of the leg that is up, or was last."""
        near = steps_of(scene.elevation_deg, 0.5)
        shown = (near, degrees(scene.elevation_deg), _zone(scene), scene.side, scene.target_deg, scene.band_deg)
        if shown != self._shown:
            self._shown, self._scene = shown, scene
            self.tell(f"{self._title()}: {degrees(scene.elevation_deg)}, {self._zone()}; {self._target()}")

    def draw(self, painter: QPainter) -> None:
        """Paint it: the number and the zone to the left, the dial to the right."""
        room = self.card(painter)
        pivot, radius = self._place(room)
        self._arc(painter, pivot, radius)
        self._ticks(painter, pivot, radius)
        self._hand(painter, pivot, radius)
        self._numbers(painter, QRectF(room.topLeft(), QPointF(pivot.x() - radius * 0.14, room.bottom())))

    def _title(self) -> str:
        return text("athlete_view.thigh", side=text(f"side.{self._scene.side}"))

    def _zone(self) -> str:
        return text(f"athlete_view.zone_{_zone(self._scene)}")

    def _target(self) -> str:
        low, high = self._edges()
        return text("athlete_view.target", low=degrees(low), high=degrees(high))

    def _edges(self) -> tuple[float, float]:
        return self._scene.low_deg, self._scene.target_deg + self._scene.band_deg

    def _top_deg(self) -> float:
        return min(max(TOP_DEG, self._edges()[1] + 5.0), HIGHEST_DEG)

    def _place(self, room: QRectF) -> tuple[QPointF, float]:
        """Where the hip is, and the dial's radius."""
        beside, above = self.pixels(52), self.pixels(24)
        high = (room.height() - 2 * above) / (1 + sin(radians(self._top_deg())))
        radius = max(min(high, room.width() * 0.55 - beside), 8.0)
        spare = room.height() - 2 * above - radius * (1 + sin(radians(self._top_deg())))
        return QPointF(room.right() - beside - radius, room.bottom() - above - radius - spare / 2), radius

    def _arc(self, painter: QPainter, pivot: QPointF, radius: float) -> None:
        low, high = self._edges()
        within = self._scene.zone == "in"
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self._bend(painter, pivot, radius, HANGING_DEG, self._top_deg(), pen("line", radius * 0.045))
        self._wedge(painter, pivot, radius, low, high)
        if not isnan(self._scene.elevation_deg):
            risen = pen(self._scene.side, radius * 0.045)
            reached = min(max(self._scene.elevation_deg, HANGING_DEG), self._top_deg())
            self._bend(painter, pivot, radius, HANGING_DEG, reached, risen)
        broad = QPen(colour("good" if within else "band"), radius * 0.17, c=Qt.PenCapStyle.FlatCap)
        self._bend(painter, pivot, radius, low, high, broad)
        for edge in (low, high):
            painter.setPen(pen("good", self.pixels(3)))
            painter.drawLine(around(pivot, radius * 0.9, edge), around(pivot, radius * 1.1, edge))

    def _bend(self, painter: QPainter, pivot: QPointF, radius: float, start: float, end: float, with_pen: QPen) -> None:
        painter.setPen(with_pen)
        square = QRectF(pivot.x() - radius, pivot.y() - radius, 2 * radius, 2 * radius)
        painter.drawArc(square, round(start * 16), round((end - start) * 16))

    def _wedge(self, painter: QPainter, pivot: QPointF, radius: float, low: float, high: float) -> None:
        """Where the thigh is meant to be, from the hip out."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint("band", 0.55))
        square = QRectF(pivot.x() - radius, pivot.y() - radius, 2 * radius, 2 * radius)
        painter.drawPie(square, round(low * 16), round((high - low) * 16))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _ticks(self, painter: QPainter, pivot: QPointF, radius: float) -> None:
        target = self._scene.target_deg
        marks = [(HANGING_DEG, "faint"), (0.0, "faint"), (target, "text")]
        wide, high = self.pixels(52), self.pixels(24)
        for deg, ink in marks:
            painter.setPen(pen(ink, self.pixels(2)))
            painter.drawLine(around(pivot, radius * 0.95, deg), around(pivot, radius * 1.05, deg))
            if deg == 0.0 and abs(target) < 12.0:
                continue  # the two would be written upon each other
            middle = around(pivot, radius * 1.1 + wide / 2, deg) if deg > HANGING_DEG else pivot + QPointF(0, radius)
            box = QRectF(middle.x() - wide / 2, middle.y() - high / 2, wide, high)
            if deg == HANGING_DEG:
                box.moveTop(pivot.y() + radius * 1.05)
            self.write(painter, self._inside(box), degrees(deg), 17, ink=ink, bold=deg == target)

    def _inside(self, box: QRectF) -> QRectF:
        """The box, moved so that it lies within the widget."""
        box.moveRight(min(box.right(), self.width() - 3.0))
        box.moveTop(max(min(box.top(), self.height() - 2.0 - box.height()), 2.0))
        return box

    def _hand(self, painter: QPainter, pivot: QPointF, radius: float) -> None:
        """The thigh: broad at the hip, slender at the knee."""
        side, elevation = self._scene.side, self._scene.elevation_deg
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(side if not isnan(elevation) else "line"))
        painter.drawEllipse(pivot, radius * 0.10, radius * 0.10)
        if isnan(elevation):
            return
        deg = min(max(elevation, HANGING_DEG - 5.0), HIGHEST_DEG)
        knee = around(pivot, radius * 0.84, deg)
        hip, end = around(QPointF(), radius * 0.10, deg + 90.0), around(QPointF(), radius * 0.045, deg + 90.0)
        painter.drawPolygon(QPolygonF([pivot + hip, knee + end, knee - end, pivot - hip]))
        painter.drawEllipse(knee, radius * 0.055, radius * 0.055)
        painter.setBrush(colour("panel"))
        painter.drawEllipse(pivot, radius * 0.04, radius * 0.04)

    def _numbers(self, painter: QPainter, box: QRectF) -> None:
        part = box.height() / 100
        rows = [QRectF(box.x(), box.y() + a * part, box.width(), (b - a) * part) for a, b in ROWS]
        self.write(painter, rows[0], self._title(), 20, ink="faint", align=LEFT)
        number = degrees(self._scene.elevation_deg)
        self.write(painter, rows[1], number, 150, bold=True, like="−88°")
        self._chip(painter, rows[2])
        self.write(painter, rows[3], self._target(), 18, ink="faint")

    def _chip(self, painter: QPainter, box: QRectF) -> None:
        """The zone: a mark and a word in a pill, filled when all is well."""
        kind, ink = ZONES.get(_zone(self._scene), ("", "faint"))
        if _zone(self._scene) == "rest":
            return
        high = min(box.height(), self.pixels(60), box.width() * 0.3)
        pill = QRectF(box.x() + 2, box.center().y() - high / 2, box.width() - 4, high)
        painter.setPen(pen(ink, self.pixels(2)))
        painter.setBrush(colour(ink) if kind == "check" else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(pill, high / 2, high / 2)
        words = pill.adjusted(high * 0.3, 0, -high * 0.35, 0)
        if kind:
            icon = QRectF(pill.x() + high * 0.3, pill.y() + high * 0.22, high * 0.56, high * 0.56)
            mark(painter, kind, icon, "panel" if kind == "check" else ink, filled=kind != "check")
            words.setLeft(icon.right() + high * 0.15)
        self.write(painter, words, self._zone(), 28, ink="panel" if kind == "check" else "text", bold=True)


def _zone(scene: Scene) -> str:
    """Where the thigh is; `rest` while nothing is asked of it, so that nobody who stands is told to go higher."""
    if scene.stage in (READY, ENDED):
        return "rest"
    return scene.zone or "unknown"


def around(pivot: QPointF, radius: float, deg: float) -> QPointF:
    """The point so far from the pivot, at an angle that counts up from level."""
    return QPointF(pivot.x() + radius * cos(radians(deg)), pivot.y() - radius * sin(radians(deg)))
