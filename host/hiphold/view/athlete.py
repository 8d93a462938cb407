"""What the athlete sees between and during sets: what to do, the dial, the count, the body, the results.

Everything has its place and its share of the height; nothing moves when texts come and go.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from hiphold.session.scene import Scene
from hiphold.session.texts import text
from hiphold.view.count import Count
from hiphold.view.dial import Dial
from hiphold.view.figure import Figure
from hiphold.view.header import Header
from hiphold.view.level import Level
from hiphold.view.notices import Notices
from hiphold.view.reps import Results
from hiphold.view.sweep import Sweep
from hiphold.view.theme import current_scale, scaled

ROWS = (12, 7, 58, 25)
"""heights of header, notices, middle, results against each other"""
COLUMNS = (54, 33, 45)
"""widths of dial, count, body against each other"""


class AthletePage(QWidget):
    """The whole page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("athlete_page")
        self.setAccessibleName(text("athlete_view.page"))
        self._header, self._notices = Header(), Notices()
        self._dial, self._count, self._figure = Dial(), Count(), Figure()
        self._sweep, self._level, self._results = Sweep(), Level(), Results()
        self._rows = QVBoxLayout(self)
        self._rows.addWidget(self._header)
        self._rows.addWidget(self._notices)
        self._rows.addLayout(self._middle())
        self._rows.addWidget(self._results)
        self._share()

    def show_scene(self, scene: Scene) -> None:
        """Show all of one athlete; only what changed is painted anew."""
        self._header.show_scene(scene)
        self._notices.show_notices(scene.notices)
        for part in (self._dial, self._count, self._figure, self._sweep, self._level, self._results):
            part.show_scene(scene)

    def changeEvent(self, event: QEvent) -> None:
        """With another size of everything, the rows share the height otherwise."""
        if event.type() == QEvent.Type.FontChange and self.layout() is not None:
            self._share()
        super().changeEvent(event)

    def _middle(self) -> QHBoxLayout:
        small = QHBoxLayout()
        small.setSpacing(scaled(12))
        small.addWidget(self._sweep, 1)
        small.addWidget(self._level, 1)
        body = QVBoxLayout()
        body.setSpacing(scaled(12))
        body.addWidget(self._figure, 60)
        body.addLayout(small, 40)
        row = QHBoxLayout()
        row.setSpacing(scaled(12))
        row.addWidget(self._dial, COLUMNS[0])
        row.addWidget(self._count, COLUMNS[1])
        row.addLayout(body, COLUMNS[2])
        return row

    def _share(self) -> None:
        share_rows(self._rows, ROWS, steady=2)


def share_rows(rows: QVBoxLayout, heights: tuple[int, ...], steady: int) -> None:
    """Give each row its share of the height; larger letters get more of it, all but the `steady` row."""
    larger = min(max(current_scale(), 1.0), 1.35)
    for k, height in enumerate(heights):
        rows.setStretch(k, height * 10 if k == steady else round(height * 10 * larger))
    margin = min(scaled(14), 20)
    rows.setContentsMargins(margin, margin, margin, margin)
    rows.setSpacing(min(scaled(12), 16))
    rows.activate()  # else it waits for the next change of size
