"""The line of keys at the bottom edge: those that matter now, each can be clicked."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from hiphold.session.texts import text
from hiphold.view.keys import draw_cap, shown_key
from hiphold.view.page_keys import Shown
from hiphold.view.painting import painting
from hiphold.view.roomy import room_of
from hiphold.view.theme import current, font, scaled


class Key(QAbstractButton):
    """A key's cap and what it does; can be clicked, takes no focus."""

    def __init__(self, action: QAction, short: str, room: float) -> None:
        """short: the key of its text here. room: how much larger than in a small window."""
        super().__init__()
        self.setObjectName(f"key_{action.objectName()}")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(action.text())
        self._key, self._room = shown_key(action.objectName()), room
        self.setText(text(f"window.short_{short}"))
        self.setAccessibleDescription(f"{self._key}: {self.text()}")
        self.clicked.connect(action.trigger)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """As wide as its text."""
        metrics = QFontMetrics(font(13 * self._room))
        high, gap = scaled(22 * self._room), scaled(8 * self._room)
        cap = max(high, metrics.horizontalAdvance(self._key) + high * 0.6)
        return QSize(round(cap) + gap + metrics.horizontalAdvance(self.text()) + scaled(4), scaled(28 * self._room))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw it."""
        with painting(self) as painter:
            self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        painter.setFont(font(13 * self._room))
        width = draw_cap(painter, QPointF(0, self.height() / 2), scaled(22 * self._room), self._key)
        painter.setPen(QColor(current().text if self.underMouse() else current().faint))
        box = QRectF(width + scaled(8 * self._room), 0, self.width() - width, self.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self.text())


class KeyLine(QWidget):
    """The keys that matter now, as many as there is room for."""

    def __init__(self, actions: dict[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("key_line")
        self._actions = actions
        self._keys: list[Key] = []
        self._shown: Shown = ()
        self._room = 1.0
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text("window.keys_title"))

    def show_keys(self, shown: Shown) -> None:
        """Show these."""
        if shown != self._shown:
            self._shown = shown
            self.rescale()

    def regrow(self) -> None:
        """Be as large as suits the window, which may have another size now."""
        if self._room != room_of(self):
            self.rescale()

    def rescale(self) -> None:
        """Make the keys anew, for other ones or another size of everything."""
        for key in self._keys:
            self._row.removeWidget(key)
            key.hide()
            key.deleteLater()
        room = self._room = room_of(self)
        self._keys = [Key(self._actions[name], short, room) for name, short in self._shown]
        for at, key in enumerate(self._keys):
            self._row.insertWidget(at, key)
        self._row.setSpacing(scaled(18 * room))
        self.setFixedHeight(scaled(32 * room))
        self.setAccessibleDescription(", ".join(key.accessibleDescription() for key in self._keys))
        self._fit()

    def _fit(self) -> None:
        """Hide what would be cut off; the last one, all keys, stays longest."""
        width = left = self.width()
        for key in (*self._keys[-1:], *self._keys[:-1]):
            left -= key.sizeHint().width() + self._row.spacing()
            key.setVisible(left >= 0)
        if self.width() != width:  # what was shown or hidden has moved the others
            self._fit()
        self._row.activate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what fits."""
        self._fit()
        super().resizeEvent(event)
