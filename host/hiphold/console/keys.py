"""The keys: actions as textual's bindings, and the list of them for a person."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from hiphold.session.actions import ACTIONS
from hiphold.session.texts import text

WITHOUT_MEANING = ("louder", "softer")
"""actions that a terminal has no means for"""
KEY_NAMES = {"Space": "space", "+": "plus", "=": "equals_sign", "-": "minus", "?": "question_mark"}


def keys_of(names: Iterable[str]) -> str:
    """Keys as Qt writes them, as a list of textual's; letters count in both cases."""
    found = []
    for name in names:
        if len(name) == 1 and name.isalpha():
            found += [name.lower(), name.upper()]
        else:
            found.append(KEY_NAMES.get(name, name.lower()))
    return ",".join(found)


def bindings() -> list[BindingType]:
    """One binding for each action that a terminal has; quitting works everywhere, in dialogs too."""
    return [
        Binding("ctrl+q,ctrl+c", "press('quit')", show=False, priority=True),
        Binding("enter", "press('go_on')", show=False),
        *(
            Binding(keys_of(each.keys), f"press('{each.name}')", show=False)
            for each in ACTIONS
            if each.where != "window" and each.name != "quit"
        ),
    ]


def listed() -> list[tuple[str, str]]:
    """Key and meaning of all that can be done in a terminal."""
    return [
        (", ".join(each.keys), text(f"action.{each.name}"))
        for each in ACTIONS
        if each.where != "window" and each.name not in WITHOUT_MEANING
    ]
