"""The figures of one athlete on the coach's page: who it is, what goes on, and the two numbers that count."""

from __future__ import annotations

from math import isnan

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from hiphold.session.scene import HOLDING, LIFTING, Scene
from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.coach_forms import BIG
from hiphold.view.readings import figure
from hiphold.view.signs import GOOD
from hiphold.view.words import Words

UP = (LIFTING, HOLDING)
"""the stages in which a leg is up"""


class Figures(QWidget):
    """Who it is, what goes on, and the two numbers that count."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("figures")
        at_right = Qt.AlignmentFlag.AlignRight
        self.athlete = Words("athlete", 18, bold=True)
        self.chosen = Words("selected", 12, bold=True, colour="accent", align=at_right, shrinks=True)
        self.stage = Words("stage", 14, bold=True, shrinks=True)
        self.aim = Words("aim", 13, colour="faint", align=at_right, shrinks=True)
        self.elevation = Words("elevation", 44, bold=True, shrinks=True)
        self.count = Words("count", 44, bold=True, align=at_right, shrinks=True)
        self.zone = Words("zone", 13, shrinks=True)
        self.held = Words("held", 13, align=at_right, shrinks=True)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for left, right, shares in (
            (self.athlete, self.chosen, (3, 1)),
            (self.stage, self.aim, (1, 1)),
            (self.elevation, self.count, (3, 2)),
            (self.zone, self.held, (1, 1)),
        ):
            rows.addLayout(_side_by_side(left, right, shares))

    def show_scene(self, scene: Scene, lane: int, *, chosen: bool) -> None:
        """Show the figures of this scene."""
        self.athlete.show_words(text("coach_view.athlete", number=lane + 1, athlete=scene.athlete))
        self.chosen.show_words(text("coach_view.selected") if chosen else "")
        self.stage.show_words(_stage(scene), colour="accent" if scene.stage == HOLDING else "text")
        aim = {"target": figure(scene.target_deg, ""), "band": figure(scene.band_deg), "count": scene.count_s}
        self.aim.show_words(text("coach_view.aim", **aim), whole=text("coach_view.aim_whole", **aim))
        elevation = figure(scene.elevation_deg)
        self.elevation.show_words(elevation, whole=text("coach_view.elevation", elevation=elevation))
        count = text("coach_view.count_whole", count=scene.count, of=scene.count_s)
        self.count.show_words(figure(scene.count, ""), whole=count)
        self._show_zone(scene)
        key = "coach_view.counted" if isnan(scene.held_s) else "coach_view.held"
        self.held.show_words(text(key, of=scene.count_s, held=figure(scene.held_s, "", 1)))

    def _show_zone(self, scene: Scene) -> None:
        if not scene.zone or scene.stage not in UP:
            self.zone.show_words("")
            return
        off = abs(scene.elevation_deg - scene.target_deg) - scene.band_deg
        words = text(f"coach_view.zone_{scene.zone}", off=figure(max(off, 1.0)))
        within = scene.zone == "in"
        self.zone.show_words(words, sign=GOOD if within else "", colour="good" if within else "text")

    def arrange(self, form: str) -> None:
        """Write the numbers as large as this form allows."""
        for words in (self.elevation, self.count):
            words.resize_text(BIG[form])


def _side_by_side(left: Words, right: Words, shares: tuple[int, int]) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(theme.scaled(8))
    line.addWidget(left, shares[0])
    line.addWidget(right, shares[1])
    return line


def _stage(scene: Scene) -> str:
    """What goes on, and with which leg."""
    stage = text(f"coach_view.stage_{scene.stage}")
    if scene.stage not in UP:
        return stage
    return text("coach_view.stage_side", stage=stage, side=text(f"side.{scene.side}"))
