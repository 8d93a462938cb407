"""What to attend to, on the athlete's pages: beside each other, the most urgent first."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFocusEvent, QPainter

from hiphold.session.scene import Notice
from hiphold.session.texts import text
from hiphold.view.dial import LEFT
from hiphold.view.signs import SIGNS, by_severity, described
from hiphold.view.theme import Painted, mark, pen, tint
from hiphold.view.tooltips import frame_focus, show_tip, tip

NOTICES_MOST = 2
"""so many are shown; the others are counted"""


class Notices(Painted):
    """At most NOTICES_MOST of them; the place stays when there is nothing. Who comes by the keys reads all."""

    def __init__(self, name: str = "notices") -> None:
        super().__init__(name)
        self._notices: tuple[Notice, ...] = ()

    def show_notices(self, notices: tuple[Notice, ...]) -> None:
        """Show these; what has no room is counted, and read out by the description and the tool tip."""
        ordered = by_severity(notices)
        if ordered != self._notices:
            self._notices = ordered
            words = described(ordered)
            self.setToolTip(tip(words))
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus if ordered else Qt.FocusPolicy.NoFocus)
            self.tell(words)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show all of them in full."""
        super().focusInEvent(event)
        show_tip(self, event)

    def draw(self, painter: QPainter) -> None:
        """Paint it: at most two beside each other, each with mark and edge of its severity."""
        shown = self._notices[:NOTICES_MOST]
        gap = self.pixels(12)
        more = len(self._notices) - len(shown)
        room = QRectF(self.rect()).adjusted(1, 1, -1 - (self.pixels(84) if more else 0), -1)
        wide = (room.width() - gap * (len(shown) - 1)) / max(len(shown), 1)
        for k, notice in enumerate(shown):
            self._notice(painter, QRectF(room.x() + k * (wide + gap), room.y(), wide, room.height()), notice)
        if more:
            box = QRectF(room.right() + gap / 2, room.y(), self.width() - room.right() - gap / 2, room.height())
            self.write(painter, box, text("athlete_view.more_notices", count=more), 16, ink="faint", wrap=True)
        frame_focus(painter, self)

    def _notice(self, painter: QPainter, box: QRectF, notice: Notice) -> None:
        shape, ink = SIGNS[notice.severity]
        painter.setPen(pen(ink, self.pixels(2)))
        painter.setBrush(tint(ink, 0.14, "background"))
        painter.drawRoundedRect(box, self.pixels(8), self.pixels(8))
        size = min(box.height() * 0.6, self.pixels(30))
        spot = QRectF(box.x() + self.pixels(10), box.center().y() - size / 2, size, size)
        mark(painter, shape, spot, ink)
        words = QRectF(spot.right() + self.pixels(10), box.y() + 3, 0, box.height() - 6)
        words.setRight(box.right() - self.pixels(8))
        self.write(painter, words, notice.text, 18, wrap=True, align=LEFT)
