"""What the athlete sees while calibrating: the pose to take, moving; the steps; what went wrong; how still all is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from hiphold.session.scene import Scene, Step
from hiphold.session.texts import text
from hiphold.view.athlete import share_rows
from hiphold.view.dial import LEFT, RIGHT
from hiphold.view.figure import Pose
from hiphold.view.header import Header, Line
from hiphold.view.notices import Notices
from hiphold.view.quietness import Stillness
from hiphold.view.theme import Painted, mark, pen, tint

ROWS = (13, 8, 74, 6)
"""heights of header, notices, middle, keys against each other"""


class Steps(Painted):
    """What the ritual asks for, with what is done; a step that was refused says why."""

    def __init__(self) -> None:
        super().__init__("steps")
        self._steps: tuple[Step, ...] = ()
        self._quick = False
        self._pose = ""

    def show_scene(self, scene: Scene) -> None:
        """Show the steps."""
        if (scene.steps, scene.quick, scene.pose) != (self._steps, self._quick, self._pose):
            self._steps, self._quick, self._pose = scene.steps, scene.quick, scene.pose
            self.tell("; ".join([self._title(), *(f"{_name(step)}: {self._state(step)}" for step in self._steps)]))

    def draw(self, painter: QPainter) -> None:
        """Paint it: a title, and a row for each step."""
        room = self.card(painter)
        line = min(self.pixels(28), room.height() * 0.13)
        self.write(painter, QRectF(room.x(), room.y(), room.width(), line), self._title(), 18, ink="faint", align=LEFT)
        rest = room.adjusted(0, line * 1.25, 0, 0)
        high = min(rest.height() / max(len(self._steps), 1), self.pixels(74))
        for k, step in enumerate(self._steps):
            self._row(painter, QRectF(rest.x(), rest.y() + k * high, rest.width(), high), step)

    def _title(self) -> str:
        return text("calibration_view.quick" if self._quick else "calibration_view.steps")

    def _is_next(self, step: Step) -> bool:
        return step.key == self._pose and not step.complete

    def _state(self, step: Step) -> str:
        if step.refused:
            return text("calibration_view.again")
        if step.complete:
            return text("calibration_view.done")
        key = "now" if self._is_next(step) else "open"
        return text(f"calibration_view.{key}")

    def _row(self, painter: QPainter, box: QRectF, step: Step) -> None:
        next_one = self._is_next(step)
        ink = "fault" if step.refused else "accent"
        if next_one or step.refused:
            painter.setPen(pen(ink, self.pixels(2)))
            painter.setBrush(tint(ink, 0.12))
            painter.drawRoundedRect(box.adjusted(1, 2, -1, -2), self.pixels(8), self.pixels(8))
        size = min(box.height() * 0.56, self.pixels(34))
        spot = QRectF(box.x() + self.pixels(12), box.center().y() - size / 2, size, size)
        if step.refused:
            mark(painter, "warning", spot, "fault")
        elif step.complete:
            mark(painter, "check", spot, "good")
        else:
            mark(painter, "dot", spot, ink if next_one else "faint", filled=False)
        words = QRectF(spot.right() + self.pixels(14), box.y(), box.width() * 0.62, box.height() * 0.98)
        ink = "text" if next_one else "faint"
        longest = max(map(_name, self._steps), key=len)
        self.write(painter, words, _name(step), 23, bold=True, align=LEFT, ink=ink, like=longest)
        state = QRectF(words.right() + 4, box.y(), box.right() - words.right() - self.pixels(14), box.height())
        self.write(painter, state, self._state(step), 17, bold=next_one, ink=ink, align=RIGHT)


class Advice(Painted):
    """How the pose is done; or why a step did not count and what to do, large and framed."""

    def __init__(self) -> None:
        super().__init__("advice")
        self._words = ""
        self._refused = False

    def show_scene(self, scene: Scene) -> None:
        """Show the reasons of the steps that were refused, or else how the pose is done."""
        reasons = "\n".join(step.refused for step in scene.steps if step.refused)
        words = reasons or text(f"calibration_view.pose_{scene.pose}")
        if words != self._words:
            self._words, self._refused = words, bool(reasons)
            self.tell(words)

    def draw(self, painter: QPainter) -> None:
        """Paint it."""
        room = self.card(painter)
        kind, ink = ("warning", "fault") if self._refused else ("info", "accent")
        if self._refused:
            painter.setBrush(tint("fault", 0.16))
            painter.setPen(pen("fault", self.pixels(3)))
            edge, radius = self.pixels(1.5), self.pixels(10)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(edge, edge, -edge, -edge), radius, radius)
        size = min(room.height() * 0.7, self.pixels(44 if self._refused else 32))
        mark(painter, kind, QRectF(room.x() + 4, room.center().y() - size / 2, size, size), ink)
        words = room.adjusted(size + self.pixels(18), 0, 0, 0)
        self.write(painter, words, self._words, 25 if self._refused else 21, bold=self._refused, wrap=True, align=LEFT)


class CalibrationPage(QWidget):
    """The whole page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("calibration_page")
        self.setAccessibleName(text("calibration_view.page"))
        self._header, self._notices = Header(), Notices()
        self._pose, self._steps, self._stillness, self._advice = Pose(), Steps(), Stillness(), Advice()
        self._keys = Line("keys", 18, ink="faint", align=Qt.AlignmentFlag.AlignCenter)
        self._keys.show_words(text("calibration_view.keys"))
        self._rows = QVBoxLayout(self)
        self._rows.addWidget(self._header)
        self._rows.addWidget(self._notices)
        self._rows.addLayout(self._middle())
        self._rows.addWidget(self._keys)
        self._share()

    def show_scene(self, scene: Scene) -> None:
        """Show where the calibration is."""
        self._header.show_scene(scene)
        self._notices.show_notices(scene.notices)
        self._pose.show_pose(scene.pose)
        self._steps.show_scene(scene)
        self._stillness.show_still(scene.still)
        self._stillness.setVisible(scene.waiting or scene.pose == "stand")  # else somebody is asked to move
        self._advice.show_scene(scene)
        keys = "keys_waiting" if scene.waiting else "keys_quick" if scene.quick else "keys"
        self._keys.show_words(text(f"calibration_view.{keys}"))

    def changeEvent(self, event: QEvent) -> None:
        """With another size of everything, the rows share the height otherwise."""
        if event.type() == QEvent.Type.FontChange and self.layout() is not None:
            self._share()
        super().changeEvent(event)

    def _middle(self) -> QHBoxLayout:
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self._steps, 50)
        right.addWidget(self._stillness, 32)
        right.addWidget(self._advice, 21)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._pose, 60)
        row.addLayout(right, 52)
        return row

    def _share(self) -> None:
        share_rows(self._rows, ROWS, steady=2)


def _name(step: Step) -> str:
    """What the step is called, with how many of how many."""
    name = text(f"calibration_view.step_{step.key}")
    if step.needed <= 1:
        return name
    return text("calibration_view.step_of", name=name, done=min(step.done, step.needed), needed=step.needed)
