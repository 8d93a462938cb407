"""The results: the last repetition large, those before it as cards, left against right. It stays until the next one."""

from __future__ import annotations

from math import isnan, nan

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from hiphold.session.scene import Best, Rep, Scene
from hiphold.session.texts import text
from hiphold.view.dial import LEFT, RIGHT, degrees, seconds
from hiphold.view.readings import LEAST
from hiphold.view.theme import Painted, colour, mark, pen

SHARES = (0.37, 0.70)
"""where the last repetition ends and where the comparison begins"""
FEWEST_CARDS = 3
"""beside each other"""
TWO_ROWS_FROM = 110
"""pixels of height"""
SIDES = ("left", "right")


class Results(Painted):
    """All repetitions so far."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("results", parent)
        self._reps: tuple[Rep, ...] = ()
        self._bests: tuple[Best, ...] = ()
        self._shown: object = None
        self.show_scene(Scene())

    def show_scene(self, scene: Scene) -> None:
        """Show the repetitions and the bests."""
        if scene.reps is self._reps and scene.bests is self._bests and self._shown is not None:
            return
        shown = repr((scene.reps, scene.bests))  # a NaN is the same as itself there
        if shown != self._shown:
            self._shown, self._reps, self._bests = shown, scene.reps, scene.bests
            self.tell(self._words())

    def draw(self, painter: QPainter) -> None:
        """Paint it."""
        room = self.card(painter)
        first, second = (room.x() + share * room.width() for share in SHARES)
        gap = self.pixels(14)
        last = QRectF(room.x(), room.y(), first - room.x() - gap, room.height())
        if self._reps:
            self._last(painter, last, self._reps[-1])
            self._earlier(painter, QRectF(first, room.y(), second - first - gap, room.height()))
        else:
            empty = QRectF(room.x(), room.y(), second - room.x() - gap, room.height())
            self.write(painter, empty, text("athlete_view.no_reps"), 22, ink="faint", wrap=True)
        painter.setPen(pen("line", 1))
        for x in (second - gap / 2, first - gap / 2) if self._reps else (second - gap / 2,):
            painter.drawLine(int(x), int(room.top()), int(x), int(room.bottom()))
        self._compared(painter, QRectF(second + gap / 2, room.y(), room.right() - second - gap / 2, room.height()))

    def _words(self) -> str:
        if not self._reps:
            return text("athlete_view.no_reps")
        rep = self._reps[-1]
        parts = [_title(rep), _held(rep), *_details(rep), *(_best(best) for best in self._bests)]
        return "; ".join([*parts, text("athlete_view.rep_count", count=len(self._reps))])

    def _last(self, painter: QPainter, box: QRectF, rep: Rep) -> None:
        rows = [QRectF(box.x(), box.y() + a * box.height(), box.width(), (b - a) * box.height()) for a, b in _ROWS]
        side = rows[0].height() * 0.9
        bar = QRectF(box.x(), rows[0].y() + side * 0.1, side * 0.28, side * 0.8)
        painter.fillRect(bar, colour(rep.side))
        title = rows[0].adjusted(side * 0.55, 0, 0, 0)
        if rep.best or rep.full:
            kind, ink = ("star", "warning") if rep.best else ("check", "good")
            mark(painter, kind, QRectF(title.right() - side, title.y(), side, side), ink)
            words = text("athlete_view.best" if rep.best else "athlete_view.full")
            right = title.adjusted(title.width() * 0.52, 0, -side * 1.2, 0)
            self.write(painter, right, words, 18, bold=True, align=RIGHT)
            title = title.adjusted(0, 0, -title.width() * 0.5, 0)
        self.write(painter, title, _title(rep), 18, ink="faint", align=LEFT)
        self.write(painter, rows[1], _held(rep), 62, bold=True, align=LEFT)
        for row, words in zip(rows[2:], _details(rep)):
            self.write(painter, row, words, 21, align=LEFT)

    def _earlier(self, painter: QPainter, box: QRectF) -> None:
        """Cards of those before the last, the newest first; what has no room is counted."""
        earlier = self._reps[-2::-1]
        gap = self.pixels(8)
        narrowest = min(self.pixels(96), box.width() / FEWEST_CARDS - gap)
        columns = max(int((box.width() + gap) / (narrowest + gap)), 1)
        rows = 2 if box.height() > TWO_ROWS_FROM else 1
        more = len(earlier) - columns * rows
        shown = earlier if more <= 0 else earlier[: columns * rows - 1]
        wide = (box.width() - gap * (columns - 1)) / columns
        high = (box.height() - gap * (rows - 1)) / rows
        spots = [
            QRectF(box.x() + column * (wide + gap), box.y() + row * (high + gap), wide, high)
            for row in range(rows)
            for column in range(columns)
        ]
        for spot, rep in zip(spots, shown):
            self._small(painter, spot, rep)
        if more > 0:
            self.write(painter, spots[-1], text("athlete_view.more_reps", count=more + 1), 18, ink="faint", wrap=True)
        if not earlier:
            self.write(painter, box, text("athlete_view.no_earlier"), 17, ink="faint", wrap=True)

    def _small(self, painter: QPainter, box: QRectF, rep: Rep) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("background"))
        painter.drawRoundedRect(box, self.pixels(6), self.pixels(6))
        painter.setBrush(colour(rep.side))
        painter.drawRect(QRectF(box.x(), box.y() + box.height() * 0.15, self.pixels(3), box.height() * 0.7))
        room = box.adjusted(self.pixels(9), box.height() * 0.05, -self.pixels(6), -box.height() * 0.05)
        high = room.height()
        if rep.best or rep.full:
            kind, ink = ("star", "warning") if rep.best else ("check", "good")
            size = high * 0.28
            mark(painter, kind, QRectF(room.right() - size, room.y(), size, size), ink)
        top = QRectF(room.x(), room.y(), room.width() * 0.68, high * 0.3)
        letter = text(f"athlete_view.letter_{rep.side}")
        number = text("athlete_view.card", number=rep.number, letter=letter)
        self.write(painter, top, number, 15, ink="faint", align=LEFT)
        held = text("athlete_view.card_held", held=seconds(rep.hold_s))
        middle = QRectF(room.x(), room.y() + high * 0.29, room.width(), high * 0.42)
        self.write(painter, middle, held, 24, bold=True, align=LEFT, like="88.8 s")
        below = QRectF(room.x(), room.y() + high * 0.7, room.width(), high * 0.3)
        words = degrees(rep.elevation_deg) if rep.is_hold else text("athlete_view.card_attempt")
        self.write(painter, below, words, 15, ink="faint", align=LEFT)

    def _compared(self, painter: QPainter, box: QRectF) -> None:
        """Bars from a middle line: best and last hold, left to the left and right to the right."""
        line = box.height() * 0.2
        half, gap = box.width() / 2, self.pixels(6)
        for k, side in enumerate(SIDES):
            head = QRectF(box.x() + k * half, box.y(), half, line).adjusted(gap, 0, -gap, 0)
            self.write(
                painter, head, text(f"athlete_view.{side}"), 18, ink=side, bold=True, align=RIGHT if k == 0 else LEFT
            )
        best = {each.side: each.hold_s for each in self._bests}
        last = {each.side: each.hold_s for each in self._reps if each.is_hold}
        longest = max([*best.values(), *last.values(), 1.0])
        high = (box.height() - line) / 2
        stars = {each.side: each.today for each in self._bests}
        for k, (key, held, starred) in enumerate((("best_hold", best, stars), ("last_hold", last, {}))):
            row = QRectF(box.x(), box.y() + line + k * high, box.width(), high)
            for side in SIDES:
                self._bar(painter, row, side, held.get(side, nan), longest, starred.get(side))
                self._bar_title(painter, row, side, text(f"athlete_view.{key}"), starred.get(side))
        painter.setPen(pen("faint", self.pixels(1.5)))
        painter.drawLine(int(box.center().x()), int(box.y() + 2), int(box.center().x()), int(box.bottom()))

    def _bar_title(self, painter: QPainter, row: QRectF, side: str, words: str, today: bool | None) -> None:
        if today is not None:
            words = text("athlete_view.of_today" if today else "athlete_view.of_before", what=words)
        half, gap = row.width() / 2, self.pixels(6)
        left = side == "left"
        box = QRectF(row.x() if left else row.center().x() + gap, row.y() + row.height() * 0.04, half - gap, 0)
        box.setHeight(row.height() * 0.36)
        self.write(painter, box, words, 15, ink="faint", align=RIGHT if left else LEFT)

    def _bar(
        self, painter: QPainter, row: QRectF, side: str, held_s: float, longest_s: float, today: bool | None
    ) -> None:
        """A bar from the middle outward, a star beside it (filled: of today; None: no star), the seconds at its end."""
        way = -1 if side == "left" else 1
        y, thick = row.y() + row.height() * 0.44, row.height() * 0.42
        length = (0.0 if isnan(held_s) else max(held_s, 0.0)) / longest_s * row.width() * 0.22
        edge = row.center().x() + way * length
        painter.fillRect(_between(row.center().x(), edge, y, thick), colour(side))
        edge += way * self.pixels(5)
        if today is not None:
            size = way * thick * 0.9
            mark(painter, "star", _between(edge, edge + size, y, thick), "warning", filled=today)
            edge += size + way * self.pixels(3)
        words = seconds(held_s) if isnan(held_s) else text("athlete_view.card_held", held=seconds(held_s))
        room = _between(edge, row.right() if way > 0 else row.left(), y - thick * 0.1, thick * 1.2)
        self.write(painter, room, words, 19, bold=True, align=LEFT if way > 0 else RIGHT, like="88.8 s")


_ROWS = (0.0, 0.17), (0.18, 0.60), (0.62, 0.80), (0.81, 0.99)
"""title, held, elevation, rotation: from and to, as shares of the height"""


def _between(a: float, b: float, y: float, high: float) -> QRectF:
    return QRectF(min(a, b), y, abs(b - a), high)


def _title(rep: Rep) -> str:
    return text("athlete_view.rep", number=rep.number, side=text(f"side.{rep.side}"))


def _held(rep: Rep) -> str:
    key = "held_hold" if rep.is_hold else "held_attempt"
    return text(f"athlete_view.{key}", held=_with(seconds(rep.hold_s), rep.hold_uncertainty_s))


def _details(rep: Rep) -> tuple[str, str]:
    elevation = text("athlete_view.elevation", angle=_with(f"{rep.elevation_deg:.1f}", rep.elevation_uncertainty_deg))
    if isnan(rep.elevation_deg):
        elevation = text("athlete_view.elevation_unknown")
    if isnan(rep.rotation_out_deg) or isnan(rep.rotation_in_deg):
        return elevation, text("athlete_view.range_unknown")
    out, across = degrees(-rep.rotation_out_deg, signed=False), degrees(rep.rotation_in_deg, signed=False)
    whole = degrees(rep.rotation_range_deg, signed=False)
    return elevation, text("athlete_view.range", out=out, across=across, whole=whole)


def _with(value: str, uncertainty: float) -> str:
    return value if isnan(uncertainty) else f"{value} ± {max(uncertainty, LEAST):.1f}"


def _best(best: Best) -> str:
    key = "best_today" if best.today else "best_before"
    return text(f"athlete_view.{key}", side=text(f"side.{best.side}"), held=seconds(best.hold_s))
