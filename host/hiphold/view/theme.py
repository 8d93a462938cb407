"""The colours, sizes and fonts in use, the marks, and the kind of widget that paints itself with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QWidget

from hiphold.view.colours import DARK, THEMES, Theme
from hiphold.view.marks import MARKS, ROUND
from hiphold.view.painting import painting

DESIGNED_FOR = 1280, 800
"""the window that lengths are given for; in a larger one they grow with it"""
SMALLEST_PIXELS = 8
_RIGHT = Qt.TextElideMode.ElideRight


@dataclass
class _Current:
    theme: Theme = DARK
    scale: float = 1.0


_current = _Current()


def current() -> Theme:
    """The colours in use now; widgets that paint ask at each painting."""
    return _current.theme


def current_scale() -> float:
    """The chosen size of everything; 1 by default."""
    return _current.scale


def scaled(pixels: float) -> int:
    """A length for the chosen size of everything."""
    return round(pixels * _current.scale)


def font(pixels: float, *, bold: bool = False) -> QFont:
    """The window's font in this height, scaled."""
    return QFont(_sized(scaled(pixels), bold))


@lru_cache(256)
def _sized(pixels: float, bold: bool) -> QFont:
    found = QFont(QApplication.font())
    found.setPixelSize(max(round(pixels), SMALLEST_PIXELS))
    found.setBold(bold)
    return found


@lru_cache(256)
def _metrics(pixels: float, bold: bool) -> QFontMetricsF:
    return QFontMetricsF(_sized(pixels, bold))


def colour(name: str, alpha: float = 1.0) -> QColor:
    """A colour of the theme in use by its name there; alpha 0 (not seen) to 1."""
    found = QColor(getattr(_current.theme, name))
    found.setAlphaF(alpha)
    return found


def tint(name: str, share: float, upon: str = "panel") -> QColor:
    """A colour of the theme mixed with what it lies upon: paints three times as fast as a transparent one."""
    over, under = colour(name), colour(upon)
    pairs = (over.red(), under.red()), (over.green(), under.green()), (over.blue(), under.blue())
    return QColor(*(round(share * a + (1 - share) * b) for a, b in pairs))


def pen(name: str, width: float) -> QPen:
    """A round pen in a colour of the theme."""
    return QPen(colour(name), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def mark(painter: QPainter, kind: str, box: QRectF, ink: str, filled: bool = True) -> None:
    """Paint one of MARKS into the largest square in the middle of a box: shapes that differ without their colour."""
    side = min(box.width(), box.height())
    painter.save()
    painter.translate(box.center().x() - side / 2, box.center().y() - side / 2)
    painter.scale(side, side)
    painter.setPen(pen(ink, 0.09))
    painter.setBrush(colour(ink) if filled else Qt.BrushStyle.NoBrush)
    outline, *strokes = MARKS[kind]
    if outline == ROUND:
        painter.drawEllipse(QRectF(0.05, 0.05, 0.9, 0.9))
    elif outline:
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in outline]))
    painter.setPen(pen("panel" if outline and filled else ink, 0.13))
    for stroke in strokes:
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in stroke]))
    painter.restore()


@lru_cache(4096)
def fitting(words: str, bold: bool, width: int, height: int, largest: int, wrap: bool) -> int:
    """The largest font height, in pixels, at which the words fit into the box; never below SMALLEST_PIXELS."""
    if not wrap:
        metrics = _metrics(100, bold)
        room = min(width / max(metrics.horizontalAdvance(words), 1.0), height / metrics.height())
        return max(min(largest, int(100 * room * 0.99)), SMALLEST_PIXELS)
    pixels = largest
    while pixels > SMALLEST_PIXELS and not _wraps_into(words, _metrics(pixels, bold), width, height):
        pixels -= max(1, pixels // 16)
    return max(pixels, SMALLEST_PIXELS)


def _cut(words: str, metrics: QFontMetricsF, box: QRectF, way: int) -> str:
    """The words without as many of the last as would stand below the box."""
    kept = words
    while metrics.boundingRect(box, way, kept).height() > box.height() and " " in kept:
        kept = kept.rstrip("…").rpartition(" ")[0] + "…"
    return kept


def _wraps_into(words: str, metrics: QFontMetricsF, width: int, height: int) -> bool:
    need = metrics.boundingRect(QRectF(0, 0, width, 9e3), Qt.TextFlag.TextWordWrap, words)
    return need.width() <= width and need.height() <= height


def apply(application: QApplication, name: str, scale: float = 1.0) -> None:
    """Use these colours and this size from now on, in all widgets."""
    _current.theme, _current.scale = THEMES[name], scale
    for kept in (fitting, _sized, _metrics):
        kept.cache_clear()
    theme = _current.theme
    application.setStyle("Fusion")
    application.setFont(font(15))
    palette = QPalette()
    for role, colour in (
        (QPalette.ColorRole.Window, theme.background),
        (QPalette.ColorRole.WindowText, theme.text),
        (QPalette.ColorRole.Base, theme.panel),
        (QPalette.ColorRole.AlternateBase, theme.background),
        (QPalette.ColorRole.Text, theme.text),
        (QPalette.ColorRole.Button, theme.panel),
        (QPalette.ColorRole.ButtonText, theme.text),
        (QPalette.ColorRole.Highlight, theme.accent),
        (QPalette.ColorRole.HighlightedText, theme.background),
        (QPalette.ColorRole.PlaceholderText, theme.faint),
        (QPalette.ColorRole.ToolTipBase, theme.panel),
        (QPalette.ColorRole.ToolTipText, theme.text),
    ):
        palette.setColor(role, QColor(colour))
    application.setPalette(palette)


class Painted(QWidget):
    """A widget that paints what it was told last, and says the same in words as its accessible description."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setMinimumSize(24, 12)
        self.written: list[tuple[str, QRectF]] = []
        """what was written at the last painting, and where"""

    def tell(self, words: str) -> None:
        """Paint anew, and say this of what is shown."""
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)
        self.update()

    def draw(self, painter: QPainter) -> None:
        """Paint all of it; each kind has its own way."""
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Qt asks for it to be painted."""
        self.written.clear()
        with painting(self) as painter:
            self.draw(painter)

    def changeEvent(self, event: QEvent) -> None:
        """Other colours or sizes were chosen."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.update()
        super().changeEvent(event)

    def pixels(self, designed: float) -> float:
        """A length for this window and the chosen size."""
        window = self.window()
        room = min(window.width() / DESIGNED_FOR[0], window.height() / DESIGNED_FOR[1])
        return designed * _current.scale * max(room, 1.0)

    def card(self, painter: QPainter, fill: str = "panel", edge: str = "line") -> QRectF:
        """Paint the card all stands upon; gives the room within its margins."""
        painter.setPen(QPen(colour(edge), 1.0))
        painter.setBrush(colour(fill))
        radius = self.pixels(10)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        margin = min(self.pixels(12), 0.08 * min(self.width(), self.height()) + 4)
        return QRectF(self.rect()).adjusted(margin, margin, -margin, -margin)

    def write(
        self,
        painter: QPainter,
        box: QRectF,
        words: str,
        pixels: float,
        *,
        ink: str = "text",
        bold: bool = False,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignCenter,
        wrap: bool = False,
        like: str = "",
    ) -> QRectF:
        """Write words into a box, at most this high, smaller where they would not fit, cut short only at last.

        `like` gives the size of other words, so that a number keeps its size. Gives where the words stand.
        """
        if not words or box.width() < 1 or box.height() < 1:
            return QRectF(box.topLeft(), box.topLeft())
        room = int(box.width()), int(box.height())
        size = min(fitting(each, bold, *room, int(self.pixels(pixels)), wrap) for each in {words, like or words})
        flags = align | (align & Qt.AlignmentFlag.AlignVertical_Mask or Qt.AlignmentFlag.AlignVCenter)
        metrics = _metrics(size, bold)
        way = int(flags.value) | (Qt.TextFlag.TextWordWrap.value if wrap else 0)
        words = _cut(words, metrics, box, way) if wrap else metrics.elidedText(words, _RIGHT, box.width())
        painter.setFont(_sized(size, bold))
        painter.setPen(colour(ink))
        painter.drawText(box, way, words)
        stands = metrics.boundingRect(box, way, words)
        self.written.append((words, stands))
        return stands
