"""One athlete's part of the screen: the calibration, then the raise and the hold, then the summary."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from hiphold.console import gauges, wording
from hiphold.console.calibration import Calibration
from hiphold.console.line import Line, Look
from hiphold.console.repetitions import RepTable
from hiphold.console.summary import SummaryPage
from hiphold.session.scene import CALIBRATING, FINDING, HOLDING, INFO, LIFTING, WARNING, Scene, Summary
from hiphold.session.texts import text

OTHER_ROWS = 22
"""lines that a panel needs beside the big numbers"""
DIGITS = 3
WORD = 20
"""columns for the words beside a big number"""
LOW, LOWEST = 26, 20
"""with fewer lines, a panel leaves out what matters least"""


class Drill(Vertical):
    """The two big numbers, the gauges and the repetitions."""

    DEFAULT_CSS = """
    Drill { height: 1fr; }
    Drill #numbers { height: auto; margin: 1 0 1 0; }
    Drill #numbers Vertical { width: 1fr; height: auto; }
    Drill #elevation_number, Drill #count_number { text-style: bold; }
    """

    def __init__(self, terminal: Look) -> None:
        super().__init__(classes="page")
        self._marks = terminal.marks
        names = (
            "elevation_caption", "elevation_number", "zone", "count_caption", "count_number", "full", "elevation",
            "elevation_scale", "rotation", "rotation_values", "pelvis", "bests",
        )  # fmt: skip
        self._lines = {name: Line(terminal, name=name) for name in names}
        self.table = RepTable(terminal, newest_first=True)

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        lines = self._lines
        with Horizontal(id="numbers"):
            yield Vertical(lines["elevation_caption"], lines["elevation_number"])
            yield Vertical(lines["count_caption"], lines["count_number"])
        for name in ("elevation", "elevation_scale", "rotation", "rotation_values", "pelvis"):
            yield lines[name]
        yield self.table
        yield lines["bests"]

    def show(self, scene: Scene, width: int, height: int) -> None:
        """Draw this scene in so many columns and lines."""
        self._show_numbers(scene, width, height)
        lines, marks = self._lines, self._marks
        bar, scale = wording.elevation(scene, width, marks)
        lines["elevation"].show(bar, gauge=True)
        lines["elevation_scale"].show(scale, "faint")
        bar, values = wording.rotation(scene, width, marks, low=height < LOW and width >= wording.NARROW)
        lines["rotation"].show(bar, gauge=True)
        lines["rotation_values"].show(values, "faint")
        lines["pelvis"].show(wording.pelvis(scene, width, marks), gauge=True)
        self.table.show(scene.reps, width)
        lines["bests"].show(wording.bests(scene.bests, width, marks) if height >= LOWEST else "")

    def _show_numbers(self, scene: Scene, width: int, height: int) -> None:
        lines, marks, half = self._lines, self._marks, width // 2
        size = gauges.large_size(DIGITS, half - 2, height - OTHER_ROWS)
        above, held = wording.captions(scene, half - 1, marks)
        lines["elevation_caption"].show(above, "faint")
        lines["count_caption"].show(held, "faint")
        known = scene.elevation_deg == scene.elevation_deg
        number = gauges.signed(scene.elevation_deg, marks) if known else "--"
        zone = wording.zone(scene, marks)
        tone = {"below": "active", "in": "good", "above": WARNING}.get(scene.zone, "") if zone else "faint"
        lines["elevation_number"].show(gauges.beside(gauges.large(number, size, marks), zone, half - 1, WORD), tone)
        tone = "good" if scene.stage == HOLDING else ""
        full = f"{marks.done} {text('terminal.full')}" if scene.count >= scene.count_s else ""
        lines["count_number"].show(
            gauges.beside(gauges.large(str(scene.count), size, marks), full, half - 1, WORD), tone
        )


class AthletePanel(Vertical):
    """All of one athlete."""

    DEFAULT_CSS = """
    AthletePanel { width: 1fr; height: 100%; padding: 0 1; }
    AthletePanel #title { color: $faint; }
    AthletePanel.-chosen #title { color: $accent; text-style: bold; }
    AthletePanel #prompt { text-style: bold; margin: 1 0 0 0; }
    AthletePanel.-low #prompt { margin: 0; }
    AthletePanel.-beside #prompt { min-height: 2; }
    AthletePanel.-beside #hint { min-height: 2; }
    AthletePanel.-low #prompt, AthletePanel.-low #hint { min-height: 1; }
    AthletePanel.-low #numbers { margin: 1 0 0 0; }
    AthletePanel.-lowest #numbers { margin: 0; }
    AthletePanel RepTable { margin: 1 0 0 0; }
    AthletePanel.-low RepTable { margin: 0; }
    AthletePanel #notices, AthletePanel #health { margin: 1 0 0 0; }
    AthletePanel.-low #notices, AthletePanel.-low #health { margin: 0; }
    AthletePanel #hint { color: $faint; }
    """

    def __init__(self, terminal: Look, lane: int) -> None:
        super().__init__(id=f"lane_{lane + 1}")
        self.lane = lane
        self.scene: Scene | None = None
        self.summary: Summary | None = None
        self._terminal = terminal
        self._title = Line(terminal, name="title")
        self._prompt = Line(terminal, name="prompt")
        self._hint = Line(terminal, name="hint")
        self._calibration = Calibration(terminal)
        self._drill = Drill(terminal)
        self._notices = Line(terminal, name="notices")
        self._health = Line(terminal, name="health")
        self.summary_page = SummaryPage(terminal)
        self._drawn: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._title
        yield self._prompt
        yield self._hint
        yield self._calibration
        yield self._drill
        yield self._notices
        yield self._health
        yield self.summary_page

    def update_scene(self, scene: Scene) -> None:
        """Take a newer scene; one of a session that goes on ends the summary of the last."""
        self.scene = scene
        if scene.stage != "ended":
            self.summary = None

    @property
    def phase(self) -> str:
        """waiting, calibration, drill or summary."""
        if self.summary:
            return "summary"
        if self.scene is None:
            return "waiting"
        return "calibration" if self.scene.stage in (FINDING, CALIBRATING) else "drill"

    @property
    def _is_marked(self) -> bool:
        return self.has_class("-beside") and self.has_class("-chosen")

    def focus_table(self) -> None:
        """Have the arrow keys scroll this athlete's repetitions."""
        table = self.summary_page.table if self.phase == "summary" else self._drill.table
        table.focus()

    def draw(self, *, chosen: bool) -> None:
        """Show the latest scene, or the summary, if anything changed since the last time."""
        width, height = self.content_region.width, self.content_region.height
        state = (self.scene, self.summary, chosen, self.has_class("-beside"), width, height)
        if width < 1 or state == self._drawn:
            return
        self._drawn = state
        self.set_class(chosen, "-chosen")
        self.set_class(height < LOW, "-low")
        self.set_class(height < LOWEST, "-lowest")
        phase = self.phase
        for page, name in ((self._calibration, "calibration"), (self._drill, "drill"), (self.summary_page, "summary")):
            page.display = phase == name
        if self.summary:
            self._show_summary(self.summary, width)
        elif self.scene:
            self._show_scene(self.scene, width, height)

    def _show_summary(self, summary: Summary, width: int) -> None:
        for line in (self._prompt, self._hint, self._notices, self._health):
            line.show("")
        name = summary.athlete or text("terminal.nobody", number=self.lane + 1)
        mark = f"{self._terminal.marks.now} " if self._is_marked else ""
        self._title.show(mark + text("terminal.summary", athlete=name))
        self.summary_page.show(summary, width)

    def _show_scene(self, scene: Scene, width: int, height: int) -> None:
        marks = self._terminal.marks
        self._title.show(wording.title(scene, self.lane, width, marks, marked=self._is_marked))
        self._prompt.show(scene.prompt, "active" if scene.stage in (LIFTING, HOLDING) else "")
        self._hint.show(scene.hint or " ")
        if self.phase == "calibration":
            self._calibration.show(scene, width, height)
        else:
            self._drill.show(scene, width, height)
        said, severity = wording.notices(
            scene.notices, width, 1 if height < LOWEST else 2 if height < LOW else 6, marks
        )
        self._notices.show(said, severity)
        said, severity = wording.health(scene.nodes, width, 1 if height < LOW else 4, marks)
        self._health.show(said, "faint" if severity == INFO else severity)
