"""What stands around the pages: the line at the bottom edge, and the menus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from hiphold.session.texts import text
from hiphold.view.key_line import KeyLine
from hiphold.view.keys import GROUPS
from hiphold.view.sheet import give, named
from hiphold.view.strip import Strip
from hiphold.view.theme import scaled


def framed(pages: QWidget, key_line: KeyLine, strip: Strip) -> QWidget:
    """The pages above; the keys, and what is said, below."""
    frame = QWidget()
    rows = QVBoxLayout(frame)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(0)
    rows.addWidget(pages, 1)
    rows.addWidget(_bar(key_line, strip))
    return frame


def _bar(key_line: KeyLine, strip: Strip) -> QWidget:
    bar = named(QWidget(), "bar")
    bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    give(bar, "bar")
    row = QHBoxLayout(bar)
    row.setContentsMargins(scaled(28), scaled(6), scaled(28), scaled(6))
    row.setSpacing(scaled(20))
    row.addWidget(key_line, 1)
    row.addWidget(strip)
    return bar


def _explain(actions: Iterable[QAction], why: str) -> None:
    for action in actions:
        action.setToolTip(why)
        action.setStatusTip(why)


def add_menus(window: QMainWindow, actions: Mapping[str, QAction], habits: Iterable[QAction]) -> None:
    """Every action in the menu of its group; habits have no keys and stand before the end of the first menu."""
    for group, names in GROUPS.items():
        menu = window.menuBar().addMenu(text(f"window.menu_{group}"))
        menu.setObjectName(f"menu_{group}")
        menu.setToolTipsVisible(True)
        menu.addActions([actions[name] for name in names])
        if group == "sound":
            _explain(menu.actions(), text("window.menu_sound_why"))
        if actions["quit"] in menu.actions():
            menu.insertSeparator(actions["quit"])
            menu.insertActions(actions["quit"], list(habits))
            menu.insertSeparator(actions["quit"])
