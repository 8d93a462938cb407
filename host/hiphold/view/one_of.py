"""Of several buttons, one is chosen: how the tab key and the arrow keys go about in them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QButtonGroup


def let_tab_reach(group: QButtonGroup) -> None:
    """Have the tab key go to the chosen button of a group; Qt does so only for what was clicked."""
    chosen = group.checkedButton() or group.buttons()[0]
    for button in group.buttons():
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if button is chosen else Qt.FocusPolicy.ClickFocus)


def choose_none(group: QButtonGroup) -> None:
    """Let none be chosen, which no click can do."""
    group.setExclusive(False)
    for button in group.buttons():
        button.setChecked(False)
    group.setExclusive(True)


def grouped(buttons: Iterable[QAbstractButton], group: QButtonGroup) -> QButtonGroup:
    """The group, with these in it."""
    for button in buttons:
        button.setCheckable(True)
        group.addButton(button)
        button.toggled.connect(lambda _checked: let_tab_reach(group))
    return group
