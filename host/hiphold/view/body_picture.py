"""A body seen from behind with the six places where a node can be worn: the wearer's left is at the left."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QWidget

from hiphold.session.texts import text
from hiphold.view.one_of import choose_none, grouped
from hiphold.view.painting import painting
from hiphold.view.theme import current, font, scaled
from hiphold.view.tooltips import tip

SPOTS = {
    "trunk": (0.0, 0.27, 0.27, -1),
    "pelvis": (0.0, 0.47, 0.40, 1),
    "thigh_left": (-0.135, 0.60, 0.60, -1),
    "thigh_right": (0.135, 0.60, 0.60, 1),
    "shank_left": (-0.112, 0.80, 0.80, -1),
    "shank_right": (0.112, 0.80, 0.80, 1),
}
"""placement -> where on the body, in body heights from the middle and from the top; how far down its button is, and
whether that is at the left (-1) or the right"""
UNITS = 1000.0
"""of the outline to the body's height: curves are flattened to about one of them"""


def place(placement: str) -> str:
    """A placement as a person reads it; also that of a node that has not said any."""
    return text(f"finding_view.place_{placement}" if placement in SPOTS else "finding_view.no_place")


class Place(QAbstractButton):
    """One place of the body: what it is, and which node is there."""

    def __init__(self, placement: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.placement = placement
        self.worn_by = ""
        self.setObjectName(f"place_{placement}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setText(place(placement))
        self.show_worn("")

    def show_worn(self, name: str) -> None:
        """Say which node is worn there; empty for none."""
        self.worn_by = name
        here = text("finding_view.place_taken", name=name) if name else text("finding_view.place_free")
        self.setAccessibleName(self.text())
        self.setAccessibleDescription(here)
        self.setToolTip(tip(here))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw it: chosen ones are filled and have a tick."""
        with painting(self) as painter:
            self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        theme = current()
        rim = theme.text if self.hasFocus() else theme.accent if self.isChecked() else theme.line
        painter.setPen(QPen(QColor(rim), scaled(2)))
        painter.setBrush(QColor(theme.accent if self.isChecked() else theme.panel))
        box = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        painter.drawRoundedRect(box, scaled(8), scaled(8))
        colour = QColor(theme.background if self.isChecked() else theme.text)
        painter.setPen(colour)
        painter.setFont(font(15, bold=self.isChecked()))
        tick = "✓ " if self.isChecked() else ""
        upper = QRectF(box.left(), box.top(), box.width(), box.height() * (0.6 if self.worn_by else 1))
        painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, tick + self.text())
        painter.setPen(colour if self.isChecked() else QColor(theme.faint))
        self._write_wearer(painter, box)

    def _write_wearer(self, painter: QPainter, box: QRectF) -> None:
        painter.setFont(font(12))
        lower = QRectF(box.left() + 6, box.center().y(), box.width() - 12, box.height() / 2 - 2)
        name = painter.fontMetrics().elidedText(self.worn_by, Qt.TextElideMode.ElideRight, round(lower.width()))
        painter.drawText(lower, Qt.AlignmentFlag.AlignCenter, name)


class BodyPicture(QWidget):
    """A body from behind; each place is a button, and the arrow keys go from one to the next."""

    chosen = Signal(str)
    """the placement that was chosen by hand"""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("body")
        self.setAccessibleName(text("finding_view.where"))
        self.setAccessibleDescription(text("finding_view.behind"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.places = {placement: Place(placement, self) for placement in SPOTS}
        self._group = grouped(self.places.values(), QButtonGroup(self))
        for button in self.places.values():
            button.clicked.connect(lambda _checked=False, which=button.placement: self.chosen.emit(which))
            button.toggled.connect(lambda _checked: self.update())

    def placement(self) -> str:
        """What is chosen; empty when nothing is."""
        return next((name for name, button in self.places.items() if button.isChecked()), "")

    def choose(self, placement: str) -> None:
        """Show this placement as chosen; none, when it is not known."""
        if placement in self.places:
            self.places[placement].setChecked(True)
        else:
            choose_none(self._group)

    def minimumSizeHint(self) -> QSize:
        """Small enough for a small window."""
        return QSize(scaled(400), scaled(270))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons beside their places."""
        super().resizeEvent(event)
        width, height = scaled(128), scaled(46)
        for placement, (_, _, y, side) in SPOTS.items():
            x = self.width() / 2 + side * scaled(205) - (width if side > 0 else 0)
            top = min(self._body().top() + y * self._body().height() - height / 2, self.height() - height)
            self.places[placement].setGeometry(round(x), round(top), width, height)

    def _body(self) -> QRectF:
        """Where the body stands: as high as there is room, in the middle."""
        height = min(self.height() - 4.0, scaled(560))
        return QRectF(self.width() / 2 - height * 0.25, (self.height() - height) / 2, height * 0.5, height)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw the body, the nodes on it, and lines to their buttons."""
        with painting(self) as painter:
            self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        theme = current()
        body = self._body()
        painter.save()
        painter.translate(body.center().x(), body.top())
        painter.scale(body.height() / UNITS, body.height() / UNITS)
        painter.setPen(QPen(QColor(theme.faint), 4))
        painter.setBrush(QColor(theme.line))
        painter.drawPath(_outline())
        painter.restore()
        for placement, (x, y, _, side) in SPOTS.items():
            self._draw_node(painter, placement, body.center().x() + x * body.height(), body, y, side)

    def _draw_node(self, painter: QPainter, placement: str, x: float, body: QRectF, y: float, side: int) -> None:
        theme, button = current(), self.places[placement]
        at = QPointF(x, body.top() + y * body.height())
        edge = button.geometry().right() if side < 0 else button.geometry().left()
        chosen = button.isChecked()
        painter.setPen(QPen(QColor(theme.accent if chosen else theme.faint), scaled(2) if chosen else 1))
        painter.drawLine(at, QPointF(edge, button.geometry().center().y()))
        size = scaled(12) if chosen else scaled(9)
        painter.setBrush(QColor(theme.accent if chosen else theme.faint if button.worn_by else theme.background))
        painter.drawRoundedRect(QRectF(at.x() - size * 0.75, at.y() - size, size * 1.5, size * 2), 3, 3)


def _outline() -> QPainterPath:
    """A standing body, UNITS high: x from the middle, y from the top."""
    half = (
        (0.035, 0.135), (0.040, 0.165), (0.125, 0.190), (0.150, 0.235), (0.185, 0.400), (0.215, 0.530),
        (0.190, 0.540), (0.150, 0.410), (0.118, 0.290), (0.098, 0.390), (0.132, 0.480), (0.140, 0.600),
        (0.112, 0.720), (0.118, 0.800), (0.088, 0.945), (0.110, 0.985), (0.040, 0.985), (0.046, 0.940),
        (0.034, 0.800), (0.040, 0.710), (0.012, 0.520),
    )  # fmt: skip
    points = [QPointF(x, y) * UNITS for x, y in (*half, *((-x, y) for x, y in reversed(half)))]
    body = QPainterPath(points[0])
    for at, point in enumerate(points[1:], 1):
        after = points[(at + 1) % len(points)]
        body.quadTo(point, (point + after) / 2)
    body.closeSubpath()
    head = QPainterPath()
    head.addEllipse(QPointF(0.0, 0.075) * UNITS, 0.055 * UNITS, 0.070 * UNITS)
    return body.united(head)
