"""The stick figure: from the side and as in a mirror, moving as the athlete moves, or showing a pose to take.

The leg that is up wears the colour of its side and a letter; the target band is a wedge from its hip.
"""

from __future__ import annotations

from dataclasses import astuple
from math import cos, isnan, radians, sin
from time import monotonic

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPolygonF, QShowEvent
from PySide6.QtWidgets import QWidget

from hiphold.session.body import BONES, THIGH, Joints, front_view, joints, pose, side_view
from hiphold.session.scene import Posture, Scene
from hiphold.session.texts import text
from hiphold.view.dial import LEFT, steps_of
from hiphold.view.theme import Painted, colour, pen, tint

TALL_M = 1.82
"""what must fit between the top and the ground"""
WIDE_M = {"side": (-0.42, 0.78), "front": (-0.54, 0.54)}
"""from and to, across each pane"""
LIMB_M = 0.065
HEAD_M = 0.10
STEP_DEG = 1.0
FRAME_MS = 50
LOOP_S = {"stand": 4.0, "raise_right": 4.0, "raise_left": 4.0, "bow": 4.0}
"""how long the picture of a pose takes to begin again"""
LEGS = {"raise_right": "right", "raise_left": "left"}

Pane = tuple[float, QPointF]
"""pixels to a metre, and where the origin is"""


class Figure(Painted):
    """Two panes with the athlete, or with a pose to take."""

    def __init__(self, name: str = "figure", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._posture = Posture()
        self._side: str | None = None
        self._band: tuple[float, float] | None = None
        self._shown: object = None
        self.show_posture(self._posture)

    def show_scene(self, scene: Scene) -> None:
        """Show how the athlete stands."""
        self.show_posture(scene.posture, scene.side, (scene.low_deg, scene.target_deg + scene.band_deg))

    def show_posture(
        self, posture: Posture, side: str | None = None, band: tuple[float, float] | None = None, words: str = ""
    ) -> None:
        """Show a posture: `side` is the leg that is up, `band` the edges of the target, `words` what to call it."""
        shown = (*(steps_of(value, STEP_DEG) for value in astuple(posture)), side, band, words)
        if shown != self._shown:
            self._shown, self._posture, self._side, self._band = shown, posture, side, band
            self.tell(words or self._words())

    def draw(self, painter: QPainter) -> None:
        """Paint it: the side view, a line, the front view."""
        room = self.card(painter)
        found = joints(self._posture)
        wide = {key: high - low for key, (low, high) in WIDE_M.items()}
        between, gap = room.x() + room.width() * wide["side"] / sum(wide.values()), self.pixels(6)
        self._pane(painter, QRectF(room.topLeft(), QPointF(between - gap, room.bottom())), "side", side_view(found))
        self._pane(painter, QRectF(QPointF(between + gap, room.top()), room.bottomRight()), "front", front_view(found))
        painter.setPen(pen("line", 1))
        painter.drawLine(QPointF(between, room.top()), QPointF(between, room.bottom()))

    def _words(self) -> str:
        if self._side is None:
            return text("athlete_view.figure")
        elevation = getattr(self._posture, f"elevation_{self._side}_deg")
        high = text("athlete_view.unknown") if isnan(elevation) else f"{elevation:.0f}"
        return text("athlete_view.figure_leg", side=text(f"side.{self._side}"), angle=high)

    def _pane(self, painter: QPainter, box: QRectF, key: str, points: Joints) -> None:
        line = min(self.pixels(20), box.height() * 0.1)
        self.write(painter, QRectF(box.x(), box.y(), box.width(), line), text(f"athlete_view.{key}"), 14, ink="faint",
                   align=LEFT)  # fmt: skip
        stage = box.adjusted(0, line * 0.4, 0, -self.pixels(4))
        low, high = WIDE_M[key]
        per_m = min(stage.height() / TALL_M, stage.width() / (high - low))
        origin = QPointF(stage.center().x() - per_m * (low + high) / 2, stage.bottom())
        pane = per_m, origin
        painter.setPen(pen("line", self.pixels(2)))
        painter.drawLine(_at(pane, low + 0.05, 0.0), _at(pane, high - 0.05, 0.0))
        if key == "side":
            self._wedge(painter, pane, points)
        self._body(painter, pane, points, key)
        self._letters(painter, pane, points, key, stage)

    def _wedge(self, painter: QPainter, pane: Pane, points: Joints) -> None:
        """Where the thigh is meant to be: a wedge from the hip, a little longer than a thigh."""
        if self._band is None or self._side is None:
            return
        hip, reach = points[f"hip_{self._side}"], THIGH * 1.3
        rays = [_at(pane, hip[0] + reach * cos(radians(deg)), hip[1] + reach * sin(radians(deg))) for deg in self._band]
        painter.setPen(pen("good", self.pixels(1.5)))
        painter.setBrush(tint("band", 0.7))
        painter.drawPolygon(QPolygonF([_at(pane, *hip), *rays]))

    def _body(self, painter: QPainter, pane: Pane, points: Joints, key: str) -> None:
        """All bones: the other leg and the arms first, the leg that is up last."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for a, b in sorted(BONES, key=lambda bone: self._is_up(bone[1])):
            if key == "side" and {a, b} == {"hip_left", "hip_right"}:
                continue
            thick = 1.4 if a.startswith("hip") and not b.startswith("knee") else 0.6 if _is_arm(b) else 1.0
            painter.setPen(pen(self._ink(b), pane[0] * LIMB_M * thick))
            painter.drawLine(_at(pane, *points[a]), _at(pane, *points[b]))
        painter.setPen(pen("panel", pane[0] * 0.02))
        painter.setBrush(colour("text"))
        painter.drawEllipse(_at(pane, *points["head"]), pane[0] * HEAD_M, pane[0] * HEAD_M)

    def _is_up(self, joint: str) -> int:
        """The order of painting: arms, the rest, the leg that is up."""
        if _is_arm(joint):
            return 0
        return 2 if self._ink(joint) == self._side else 1

    def _ink(self, joint: str) -> str:
        leg = joint.startswith(("knee", "ankle", "toe"))
        if leg and self._side is not None and joint.endswith(self._side):
            return self._side
        return "faint" if _is_arm(joint) else "text"

    def _letters(self, painter: QPainter, pane: Pane, points: Joints, key: str, stage: QRectF) -> None:
        """L and R: at both feet in the mirror, at the knee of the leg that is up from the side."""
        size = max(self.pixels(20), pane[0] * 0.1)
        for side in ("left", "right"):
            if key == "side" and side != self._side:
                continue
            knee = _at(pane, *points[f"knee_{side}"])
            beside = (pane[0] * LIMB_M * 0.7 + size * 0.5) * (1 if key == "side" or side == "right" else -1)
            box = QRectF(knee.x() + beside - size / 2, knee.y() - size / 2, size, size)
            box.moveLeft(min(max(box.x(), stage.left()), stage.right() - size))
            self.write(painter, box, text(f"athlete_view.letter_{side}"), 18, ink=side, bold=True)


class Pose(Figure):
    """The pose to take, in motion while it is seen."""

    def __init__(self) -> None:
        self._key = "stand"
        super().__init__("pose")
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self.move_on)

    def show_pose(self, key: str) -> None:
        """Show this one, of STEPS."""
        self._key = key
        self.move_on()

    def move_on(self) -> None:
        """Show where the motion is now."""
        loop_s = LOOP_S[self._key]
        phase = monotonic() % loop_s / loop_s
        self.show_posture(pose(self._key, phase), LEGS.get(self._key), words=text(f"calibration_view.pose_{self._key}"))

    def showEvent(self, event: QShowEvent) -> None:
        """It moves from now on."""
        self._timer.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody sees it move."""
        self._timer.stop()
        super().hideEvent(event)


def _is_arm(joint: str) -> bool:
    return joint.startswith(("elbow", "hand"))


def _at(pane: Pane, across_m: float, up_m: float) -> QPointF:
    per_m, origin = pane
    return QPointF(origin.x() + per_m * across_m, origin.y() - per_m * up_m)
