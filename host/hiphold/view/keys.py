"""The keys: actions with their shortcuts, in groups, and how the cap of one is drawn."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QFontMetrics, QKeySequence, QPainter
from PySide6.QtWidgets import QWidget

from hiphold.session.actions import ACTIONS
from hiphold.session.texts import text
from hiphold.view.theme import current

GROUPS = {
    "session": ("go_on", "quick", "anew", "mark", "rezero", "aims", "end", "next_athlete", "nodes", "quit"),
    "view": (
        "athlete_view", "coach_view", "lane_1", "lane_2", "lane_3", "lane_4", "pause", "span", "theme", "bigger",
        "smaller", "full_screen",
    ),
    "sound": ("mute", "louder", "softer", "speech"),
    "help": ("keys",),
}  # fmt: skip
"""menu -> its actions, as in the overlay"""
REPEATING = ("louder", "softer", "bigger", "smaller")


def shown_key(name: str) -> str:
    """The key of an action as a person reads it."""
    keys = next(action.keys for action in ACTIONS if action.name == name)
    return text("window.space") if keys[0] == "Space" else keys[0]


def bind(owner: QWidget, press: Callable[[str], None]) -> dict[str, QAction]:
    """An action for each of ACTIONS: its keys, wherever the focus is in `owner`, call `press(name)`."""
    found = {}
    for action in ACTIONS:
        made = QAction(text(f"action.{action.name}"), owner)
        made.setObjectName(action.name)
        made.setShortcuts([QKeySequence(key) for key in action.keys])
        made.setAutoRepeat(action.name in REPEATING)
        made.setMenuRole(QAction.MenuRole.NoRole)
        made.triggered.connect(lambda _checked=False, name=action.name: press(name))
        owner.addAction(made)
        found[action.name] = made
    return found


def draw_cap(painter: QPainter, at: QPointF, height: float, key: str) -> float:
    """Draw a key's cap with its left middle at `at`; its width."""
    theme = current()
    width = max(height, QFontMetrics(painter.font()).horizontalAdvance(key) + height * 0.6)
    box = QRectF(at.x() + 1, at.y() - height / 2, width - 2, height)
    painter.setPen(QColor(theme.faint))
    painter.setBrush(QColor(theme.background))
    painter.drawRoundedRect(box, height / 5, height / 5)
    painter.setPen(QColor(theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
    return width
