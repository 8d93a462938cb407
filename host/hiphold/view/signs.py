"""The signs of severity and success: each has a shape before it has a colour."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from hiphold.session.scene import FAULT, INFO, WARNING, Notice
from hiphold.session.texts import text
from hiphold.view import theme

GOOD, BEST = "good", "best"
SIGNS = {
    GOOD: ("check", "good"),
    BEST: ("star", "accent"),
    INFO: ("info", "accent"),
    WARNING: ("warning", "warning"),
    FAULT: ("fault", "fault"),
}
"""sign -> its shape, and which of the theme's colours it has"""
WORST_FIRST = (FAULT, WARNING, INFO)
SIGN_WIDTH = 20
"""so much, unscaled, is left of a line for its sign"""


def by_severity(notices: tuple[Notice, ...]) -> tuple[Notice, ...]:
    """The worst first; equals stay in their order."""
    return tuple(sorted(notices, key=lambda notice: WORST_FIRST.index(notice.severity)))


def described(notices: tuple[Notice, ...]) -> str:
    """A line for each, with its severity in a word."""
    return "\n".join(f"{text(f'window.{notice.severity}')}: {notice.text}" for notice in notices)


def draw_sign(painter: QPainter, top: float, height: float, sign: str) -> None:
    """Draw one of SIGNS at the left of a line; nothing for any other."""
    if sign in SIGNS:
        shape, ink = SIGNS[sign]
        side = theme.scaled(14)
        theme.mark(painter, shape, QRectF(theme.scaled(1), top + (height - side) / 2, side, side), ink)
