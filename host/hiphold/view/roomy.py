"""How much larger the line at the bottom edge is in a large window, so that it is read from as far as the pages are."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from hiphold.view.theme import DESIGNED_FOR

LARGEST = 1.5


def room_of(widget: QWidget) -> float:
    """The factor, 1 in a window of the size that all is designed for."""
    window = widget.window()
    room = min(window.width() / DESIGNED_FOR[0], window.height() / DESIGNED_FOR[1])
    return round(min(max(room, 1.0), LARGEST), 2)
