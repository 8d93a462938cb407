"""The top of the athlete's pages: who it is, what to do now, and whether it is recorded."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from hiphold.session.scene import RecordingState, Scene
from hiphold.session.texts import text
from hiphold.view.dial import LEFT, RIGHT
from hiphold.view.readings import clock
from hiphold.view.theme import Painted, mark, scaled
from hiphold.view.tooltips import tip


class Line(Painted):
    """One text, as large as its place allows up to a height."""

    def __init__(
        self, name: str, largest: float, *, bold: bool = False, ink: str = "text", align: Qt.AlignmentFlag = LEFT
    ) -> None:
        super().__init__(name)
        self._words = ""
        self._largest, self._bold, self._ink, self._align = largest, bold, ink, align

    def show_words(self, words: str) -> None:
        """Show this text."""
        if words != self._words:
            self._words = words
            self.tell(words)

    def draw(self, painter: QPainter) -> None:
        """Paint it, in two lines where it is long."""
        self.write(
            painter,
            QRectF(self.rect()),
            self._words,
            self._largest,
            bold=self._bold,
            ink=self._ink,
            align=self._align,
            wrap=True,
        )


class Recorded(Painted):
    """Whether a recording is being written: a dot and the time, or a hollow one, or a cross."""

    def __init__(self) -> None:
        super().__init__("recording")
        self._state = ""
        self._words = ""
        self.show_state(RecordingState("off"))

    def show_state(self, state: RecordingState) -> None:
        """Show this state of the recording."""
        words = text(f"athlete_view.rec_{state.state}", clock=clock(state.seconds))
        if (words, state.state) != (self._words, self._state):
            self._words, self._state = words, state.state
            self.setToolTip(tip(state.why or state.path))
            self.tell(f"{words}: {state.why}" if state.why else words)

    def draw(self, painter: QPainter) -> None:
        """Paint it: the mark left of the words, both to the right."""
        box = QRectF(self.rect())
        stands = self.write(painter, box.adjusted(box.width() * 0.2, 0, 0, 0), self._words, 20, bold=True, align=RIGHT)
        size = min(self.pixels(16), stands.height() * 0.8)
        spot = QRectF(stands.left() - size * 1.5, box.center().y() - size / 2, size, size)
        kind, ink = ("cross", "fault") if self._state == "failed" else ("dot", "fault")
        mark(painter, kind, spot, ink if self._state in ("recording", "failed") else "faint", self._state != "off")


class Header(QWidget):
    """Who it is, what to do now, and whether it is recorded."""

    def __init__(self) -> None:
        super().__init__()
        self._athlete = Line("athlete", 22, bold=True, ink="faint")
        self._prompt = Line("prompt", 46, bold=True, align=Qt.AlignmentFlag.AlignCenter)
        self._hint = Line("hint", 22, ink="faint", align=Qt.AlignmentFlag.AlignCenter)
        self._recording = Recorded()
        middle = QVBoxLayout()
        middle.setSpacing(2)
        middle.addWidget(self._prompt, 62)
        middle.addWidget(self._hint, 34)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(scaled(12))
        row.addWidget(self._athlete, 16)
        row.addLayout(middle, 68)
        row.addWidget(self._recording, 16)

    def show_scene(self, scene: Scene) -> None:
        """Show these."""
        self._athlete.show_words(scene.athlete or text("athlete_view.nobody"))
        self._prompt.show_words(scene.prompt)
        self._hint.show_words(scene.hint)
        self._recording.show_state(scene.recording)
