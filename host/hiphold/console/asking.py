"""The forms of a running session: marker, aims, new calibration, end, keeping, next athlete."""

from __future__ import annotations

from pathlib import PurePath

from hiphold.console.dialogs import Field, Form, Values, number_in, wrong_code
from hiphold.console.gauges import clock
from hiphold.console.line import Look
from hiphold.session.scene import AIM_LIMITS, Scene, Summary
from hiphold.session.texts import text

LABELS = {"target_deg": "terminal.target", "band_deg": "terminal.band", "count_s": "terminal.count"}


def mark(terminal: Look, scene: Scene) -> Form:
    """The note of a marker that stands where the session is now."""
    title = text("terminal.mark_title", clock=clock(scene.time_s))
    return Form(terminal, title, (Field("note", text("terminal.note")),))


def aims(terminal: Look, scene: Scene) -> Form:
    """Other aims, beginning with those that hold now."""
    values = {"target_deg": scene.target_deg, "band_deg": scene.band_deg, "count_s": scene.count_s}
    fields = [Field(key, text(LABELS[key]), f"{value:g}") for key, value in values.items()]
    return Form(terminal, text("terminal.aims_title"), fields, _wrong_aims)


def _wrong_aims(values: Values) -> str:
    for key, (low, high) in AIM_LIMITS.items():
        value = number_in(values[key], low, high)
        if value is None or (key == "count_s" and value != int(value)):
            return text("terminal.bad_number", label=text(LABELS[key]), low=f"{low:g}", high=f"{high:g}")
    return ""


def typed(values: Values) -> dict[str, object]:
    """What was written in a form as a command's arguments: aims as numbers, all else as text."""
    found: dict[str, object] = {}
    for key, said in values.items():
        value = number_in(said, *AIM_LIMITS[key]) if key in AIM_LIMITS else None
        found[key] = said if value is None else int(value) if key == "count_s" else value
    return found


def anew(terminal: Look, scene: Scene) -> Form:
    """Whether to calibrate anew."""
    name = scene.athlete or text("terminal.this_athlete")
    return Form(terminal, text("terminal.anew_title", athlete=name), (), more=text("terminal.anew_more"))


def end(terminal: Look, scene: Scene) -> Form:
    """Whether to end."""
    name = scene.athlete or text("terminal.this_athlete")
    return Form(terminal, text("terminal.end_title", athlete=name), (), more=text("terminal.end_more"))


def save(terminal: Look, summary: Summary) -> Form:
    """For whom, and under what name, to keep a session."""
    fields = (
        Field("athlete", text("terminal.athlete"), summary.athlete),
        Field("name", text("terminal.name"), PurePath(summary.path).stem),
    )
    return Form(terminal, text("terminal.save_title"), fields, wrong_code)


def following(terminal: Look, ends: str = "") -> Form:
    """Who is next. ends: the athlete whose session this ends; empty when it has ended."""
    more = text("terminal.next_ends", athlete=ends) if ends else ""
    field = Field("athlete", text("terminal.athlete"))
    return Form(terminal, text("terminal.next_title"), (field,), wrong_code, more=more)
