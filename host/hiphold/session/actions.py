"""Everything a person can do in a live session, with its key: the same in the window and in the terminal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Action:
    """One thing to do."""

    name: str
    """its text is `action.<name>` in `texts`"""
    keys: tuple[str, ...]
    """as Qt writes them; the first is the one that is shown"""
    where: str = "session"
    """session: on an athlete; window: only there; everywhere"""


ACTIONS = (
    Action("go_on", ("Space",)),
    Action("anew", ("R",)),
    Action("quick", ("Q",)),
    Action("mark", ("M",)),
    Action("rezero", ("Z",)),
    Action("aims", ("T",)),
    Action("end", ("E",)),
    Action("next_athlete", ("N",)),
    Action("lane_1", ("1",)),
    Action("lane_2", ("2",)),
    Action("lane_3", ("3",)),
    Action("lane_4", ("4",)),
    Action("athlete_view", ("A",), "window"),
    Action("coach_view", ("C",), "window"),
    Action("mute", ("S",), "everywhere"),
    Action("louder", ("+", "="), "everywhere"),
    Action("softer", ("-",), "everywhere"),
    Action("speech", ("V",), "window"),
    Action("pause", ("P",), "window"),
    Action("span", ("W",), "window"),
    Action("nodes", ("F",), "window"),
    Action("theme", ("D",), "window"),
    Action("bigger", ("Ctrl++", "Ctrl+="), "window"),
    Action("smaller", ("Ctrl+-",), "window"),
    Action("full_screen", ("F11",), "window"),
    Action("keys", ("H", "F1", "?"), "everywhere"),
    Action("quit", ("Ctrl+Q",), "everywhere"),
)
