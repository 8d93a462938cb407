"""What asks a person for something: forms of a few fields, questions, the list of keys, and the wait while saving.

Every form is left with Enter or Escape, from any of its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from hiphold.console.line import Line, Look
from hiphold.session.preferences import why_no_code
from hiphold.session.scene import FAULT
from hiphold.session.texts import text

Values = dict[str, str]
"""a field's key -> what was written or chosen"""
Check = Callable[[Values], str]
"""what is wrong with the values, as a sentence; empty when nothing is"""


@dataclass(frozen=True)
class Field:
    """One thing to write, or to choose."""

    key: str
    label: str
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """value and word of each; empty: to be written"""


class Choice(Static, can_focus=True):
    """One of a few words; the left and right keys go through them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", show=False),
        Binding("right,space", "turn(1)", show=False),
    ]

    def __init__(self, field: Field, terminal: Look) -> None:
        super().__init__(id=field.key, markup=False)
        self._choices = field.choices
        self._arrows = ("<", ">") if terminal.plain else ("◂", "▸")
        values = [value for value, _ in field.choices]
        self._at = values.index(field.value) if field.value in values else 0

    @property
    def value(self) -> str:
        """What is chosen."""
        return self._choices[self._at][0]

    def on_mount(self) -> None:
        """Show the first choice."""
        self.action_turn(0)

    def watch_has_focus(self, value: bool) -> None:
        """Show whether the keys work here."""
        super().watch_has_focus(value)
        self.action_turn(0)

    def action_turn(self, by: int) -> None:
        """Go on by so many words."""
        self._at = (self._at + by) % len(self._choices)
        left, right = self._arrows if self.has_focus else (" ", " ")
        self.update(Content(f"{left} {self._choices[self._at][1]} {right}"))


class Form(ModalScreen[Values | None]):
    """A form, or a question when it has no fields; its result is None when it was left with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("enter", "submit", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(
        self,
        terminal: Look,
        title: str,
        fields: Sequence[Field],
        check: Check | None = None,
        *,
        more: str = "",
        begin: str = "",
    ) -> None:
        super().__init__(classes="-plain" if terminal.plain else "")
        self._terminal = terminal
        self._title, self._more = title, more
        self._fields = fields
        self._check = check
        self._begin = begin
        self._wrong = Line(terminal, name="wrong")

    def compose(self) -> ComposeResult:
        """Title, fields, what is wrong, keys."""
        with Vertical(classes="dialog"):
            yield self._line("dialog_title", self._title)
            yield self._line("dialog_more", self._more)
            for field in self._fields:
                yield self._line(f"label_{field.key}", field.label, "label")
                made = Choice(field, self._terminal) if field.choices else self._input(field)
                made.add_class("field")
                yield made
            yield self._wrong
            keys = "terminal.keys_dialog" if self._fields else "terminal.keys_question"
            yield self._line("dialog_keys", text(keys), "keys")

    def _input(self, field: Field) -> Input:
        return Input(field.value, id=field.key, select_on_focus=True, compact=True)

    def _line(self, name: str, said: str, classes: str = "") -> Line:
        line = Line(self._terminal, name=name, classes=classes)
        line.show(said)
        return line

    def on_mount(self) -> None:
        """Begin in the field that was asked for."""
        if self._begin:
            self.query_one(f"#{self._begin}").focus()

    def on_input_submitted(self) -> None:
        """Enter in a field."""
        self.action_submit()

    def action_submit(self) -> None:
        """Give back the values, unless something is wrong with them."""
        values = {field.key: self._value(field).strip() for field in self._fields}
        wrong = self._check(values) if self._check else ""
        self._wrong.show(wrong and f"{self._terminal.marks.fault} {wrong}", FAULT)
        if not wrong:
            self.dismiss(values)

    def _value(self, field: Field) -> str:
        found = self.query_one(f"#{field.key}")
        return found.value if isinstance(found, Input | Choice) else ""


class Keys(ModalScreen[None]):
    """The list of keys. Any key closes it, but the arrows scroll."""

    def __init__(self, terminal: Look, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__(classes="-plain" if terminal.plain else "")
        self._terminal = terminal
        self._keys = keys

    def compose(self) -> ComposeResult:
        """One key in a line."""
        with VerticalScroll(classes="dialog"):
            lines = [f"{key:<10}{what}" for key, what in self._keys]
            for name, said in (
                ("dialog_title", text("terminal.help_title")),
                ("help_keys", "\n".join(lines)),
                ("dialog_keys", f"{text('terminal.help_scroll')} {text('terminal.help_close')}"),
            ):
                line = Line(self._terminal, name=name)
                line.show(said)
                yield line

    def on_key(self, event: Key) -> None:
        """Close, unless the key scrolls."""
        if event.key not in ("up", "down", "pageup", "pagedown", "home", "end"):
            event.stop()
            self.dismiss()


class Saving(ModalScreen[None]):
    """Shown from the wish to quit until everything is kept."""

    def __init__(self, terminal: Look) -> None:
        super().__init__(classes="-plain" if terminal.plain else "")
        self._terminal = terminal

    def compose(self) -> ComposeResult:
        """What is going on."""
        with Vertical(classes="dialog"):
            for name in ("saving", "saving_more"):
                line = Line(self._terminal, name=name)
                line.show(text(f"terminal.{name}"))
                yield line


def wrong_code(values: Values) -> str:
    """What is wrong with the athlete's code."""
    return why_no_code(values["athlete"])


def number_in(said: str, low: float, high: float) -> float | None:
    """The number that was written, with a point or a comma; None when it is none, or out of range."""
    try:
        value = float(said.replace(",", "."))
    except ValueError:
        return None
    return value if low <= value <= high else None


def in_bytes(said: str, limit: int) -> bool:
    """Whether a name is short enough for a node."""
    return len(said.encode()) <= limit
