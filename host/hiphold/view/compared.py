"""Left against right at the end of a session: the means of the holds, as bars and figures."""

from __future__ import annotations

from math import isnan, nan

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from hiphold.session.scene import Rep
from hiphold.session.texts import text
from hiphold.view.painting import painting
from hiphold.view.readings import with_half_width
from hiphold.view.theme import current, font, scaled


class Compared(QWidget):
    """Left against right: the means of the holds, as bars to both sides of a middle, each with its figure."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("compared")
        self._rows: list[tuple[str, str, float, float]] = []
        self.setAccessibleName(text("summary_view.sides"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_reps(self, reps: tuple[Rep, ...]) -> None:
        """Compare the holds of these repetitions."""
        holds = {side: [rep for rep in reps if rep.is_hold and rep.side == side] for side in ("left", "right")}
        self._rows = []
        for name, unit, field in (
            ("mean_held", " s", "hold_s"),
            ("mean_elevation", "°", "elevation_deg"),
            ("mean_range", "°", "rotation_range_deg"),
        ):
            left, right = (_mean([getattr(rep, field) for rep in holds[side]]) for side in ("left", "right"))
            self._rows.append((text(f"summary_view.{name}"), unit, left, right))
        sides = text("side.left"), text("side.right")
        self.setAccessibleDescription(
            ". ".join(
                f"{name}: {sides[0]} {with_half_width(a, u)}, {sides[1]} {with_half_width(b, u)}"
                for name, u, a, b in self._rows
            )
        )
        self.update()

    def sizeHint(self) -> QSize:
        """A heading and a row for each figure."""
        return QSize(scaled(300), scaled(26 + 50 * 3))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw it; a side that was not held has a dash and no bar."""
        with painting(self) as painter:
            self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        theme, middle = current(), self.width() / 2
        painter.setFont(font(14, bold=True))
        for side, colour, x in (("left", theme.left, 0.0), ("right", theme.right, middle + scaled(6))):
            align = Qt.AlignmentFlag.AlignLeft if side == "left" else Qt.AlignmentFlag.AlignRight
            painter.setPen(QColor(colour))
            painter.drawText(QRectF(x, 0, middle - scaled(6), scaled(22)), align, text(f"summary_view.{side}"))
        for at, (name, unit, left, right) in enumerate(self._rows):
            top = scaled(26 + 50 * at)
            painter.setFont(font(13))
            painter.setPen(QColor(theme.faint))
            painter.drawText(QRectF(0, top, self.width(), scaled(18)), Qt.AlignmentFlag.AlignHCenter, name)
            most = max((abs(each) for each in (left, right) if not isnan(each)), default=1.0) or 1.0
            self._bar(painter, left, unit, most, top, -1)
            self._bar(painter, right, unit, most, top, 1)

    def _bar(self, painter: QPainter, value: float, unit: str, most: float, top: float, way: int) -> None:
        theme, middle, words = current(), self.width() / 2, scaled(70)
        room = middle - words - scaled(4)
        long = 0.0 if isnan(value) else room * abs(value) / most
        box = QRectF(middle + scaled(2) if way > 0 else middle - scaled(2) - long, top + scaled(21), long, scaled(16))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.right if way > 0 else theme.left))
        painter.drawRoundedRect(box, scaled(3), scaled(3))
        painter.setFont(font(15, bold=True))
        painter.setPen(QColor(theme.text))
        x = box.right() + scaled(6) if way > 0 else box.left() - words - scaled(6)
        align = Qt.AlignmentFlag.AlignLeft if way > 0 else Qt.AlignmentFlag.AlignRight
        painter.drawText(QRectF(x, top + scaled(18), words, scaled(22)), align, with_half_width(value, unit))


def _mean(values: list[float]) -> float:
    known = [value for value in values if not isnan(value)]
    return sum(known) / len(known) if known else nan
