"""The calibration of one athlete: what to do, which steps are done, how still everything is."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from hiphold.console import gauges, wording
from hiphold.console.line import Line, Look
from hiphold.session.scene import WARNING, Scene
from hiphold.session.texts import text

FIGURES = {
    "stand": ("   o   ", "  /|\\  ", "  / \\  ", "  | |  "),
    "raise_right": ("   o   ", "  /|\\_ ", "  /  | ", "  |    "),
    "raise_left": ("   o   ", " _/|\\  ", " |  \\  ", "    |  "),
    "bow": ("  ____o", "  |  | ", "  |    ", "  |    "),
}
"""pose, of scene.STEPS -> a person as in a mirror; the bow from the side"""
PICTURE_FROM = 50
"""columns from which on there is room for the person"""


class Calibration(Vertical):
    """The steps with their check marks, the pose, and the stillness."""

    DEFAULT_CSS = """
    Calibration { height: 1fr; }
    Calibration > Horizontal { height: auto; margin: 1 0 0 0; }
    Calibration #pose { width: 10; color: $accent; }
    Calibration #steps { width: 1fr; }
    Calibration #still { margin: 1 0 0 0; }
    Calibration #countdown { margin: 1 0 0 11; }
    Calibration #refused { margin: 1 0 0 0; }
    """

    def __init__(self, terminal: Look) -> None:
        super().__init__(classes="page")
        self._marks = terminal.marks
        self._title = Line(terminal, name="steps_title", classes="caption")
        self._pose = Line(terminal, name="pose")
        self._steps = Line(terminal, name="steps")
        self._refused = Line(terminal, name="refused")
        self._still = Line(terminal, name="still")
        self._verdict = Line(terminal, name="verdict")
        self._countdown = Line(terminal, name="countdown")

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._title
        with Horizontal():
            yield self._pose
            yield self._steps
        yield self._refused
        yield self._still
        yield self._verdict
        yield self._countdown

    def show(self, scene: Scene, width: int, height: int) -> None:
        """Draw this scene in so many columns and lines."""
        self._title.show(text("terminal.quick_steps" if scene.quick else "terminal.steps"), "faint")
        self._pose.show("\n".join(FIGURES.get(scene.pose, FIGURES["stand"])) if width >= PICTURE_FROM else "")
        current = next((k for k, each in enumerate(scene.steps) if not each.complete), -1)
        steps = (
            wording.step(each, current=k == current, number_=k + 1, marks=self._marks)
            for k, each in enumerate(scene.steps)
        )
        self._steps.show("\n".join(steps))
        refused = [each.refused for each in scene.steps if each.refused]
        self._refused.show("\n".join(f"{self._marks.warning} {each}" for each in refused), WARNING)
        self._show_still(scene, width, height)

    def _show_still(self, scene: Scene, width: int, height: int) -> None:
        still = scene.still
        bar, verdict = wording.stillness(still, width, self._marks) if still else ("", "")
        self._still.show(bar, gauge=True)
        self._verdict.show(verdict, WARNING if still and still.level > 1 else "good")
        seconds = wording.seconds_left(still)
        big = gauges.large(seconds, 1 if height >= 26 else 0, self._marks)
        word = text("terminal.seconds_left")
        self._countdown.show(gauges.beside(big, word, width, 0) if seconds else "", "active")
