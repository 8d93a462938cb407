"""What each line of the terminal says of a scene: values in, strings of a given width out.

Signs and words carry the meaning, so that nothing is lost without colour.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from hiphold.console import gauges
from hiphold.console.gauges import Marks, cut, number, signed
from hiphold.session.scene import (
    CALIBRATING,
    FAULT,
    FINDING,
    HOLDING,
    INFO,
    LIFTING,
    WARNING,
    Best,
    NodeHealth,
    Notice,
    RecordingState,
    Scene,
    Step,
    Still,
)
from hiphold.session.texts import text

SEVERITIES = (FAULT, WARNING, INFO)
LABEL = 11
"""columns for the name of a gauge"""
NARROW = 54
"""columns below which words are left out"""
BAR_MAX = 96


def who(scene: Scene, lane: int) -> str:
    """The athlete, or which one when nobody said."""
    return scene.athlete or text("terminal.nobody", number=lane + 1)


def stage(scene: Scene) -> str:
    """What the athlete is doing."""
    return text(f"terminal.stage_{scene.stage}", side=text(f"side.{scene.side}"))


def sign(severity: str, marks: Marks) -> str:
    """The sign that stands for a severity."""
    return {FAULT: marks.fault, WARNING: marks.warning}.get(severity, marks.well)


def between(left: str, right: str, width: int, marks: Marks) -> str:
    """Two texts at the two ends of a line; the left one is cut when both do not fit."""
    left = cut(left, width - len(right) - 2, marks)
    return f"{left}{' ' * (width - len(left) - len(right))}{right}" if width > len(right) else cut(left, width, marks)


def recording(state: RecordingState, marks: Marks, *, short: bool = False) -> str:
    """Whether anything is written, and for how long; the short form is for what goes well."""
    known = {"recording": "recording", "failed": "recording_failed", "closed": "recording_closed"}
    signs = {"recording": marks.recording, "failed": marks.fault, "closed": marks.done}
    key = "recording_short" if short and state.state == "recording" else known.get(state.state, "recording_off")
    said = text(f"terminal.{key}", clock=gauges.clock(state.seconds))
    return f"{signs.get(state.state, marks.not_recording)} {said}"


def title(scene: Scene, lane: int, width: int, marks: Marks, *, marked: bool = False) -> str:
    """Who it is, marked as the chosen one, what they do, and whether it is recorded."""
    name = f"{lane + 1} {who(scene, lane)}" if scene.athlete else who(scene, lane)
    said = f"{marks.now + ' ' if marked else ''}{name}  {marks.dot}  {stage(scene)}"
    return between(said, recording(scene.recording, marks, short=width < NARROW), width, marks)


def zone(scene: Scene, marks: Marks) -> str:
    """Where the leg is against the band; empty while it hangs or is not known."""
    if scene.stage not in (LIFTING, HOLDING) or not scene.zone:
        return ""
    signs = {"below": marks.up, "in": marks.done, "above": marks.down}
    return f"{signs[scene.zone]} {text(f'terminal.zone_{scene.zone}')}"


def captions(scene: Scene, width: int, marks: Marks) -> tuple[str, str]:
    """What stands above the two big numbers, each in so many columns."""
    short = "_short" if width < 32 else ""
    above = text(f"terminal.elevation{short}", side=text(f"side.{scene.side}"))
    return cut(above, width, marks), cut(text(f"terminal.held{short}", count=scene.count_s), width, marks)


def _bar_width(width: int) -> int:
    return max(min(width - LABEL, BAR_MAX), 8)


def _indented(said: str) -> str:
    return f"{'':{LABEL}}{said}".rstrip()


def elevation(scene: Scene, width: int, marks: Marks) -> tuple[str, str]:
    """The gauge of elevation and the scale below it."""
    bar, low, high = _bar_width(width), scene.low_deg, scene.target_deg + scene.band_deg
    gauge = gauges.elevation_bar(scene.elevation_deg, low, high, bar, marks)
    scale = gauges.elevation_scale(low, scene.target_deg, high, bar, marks)
    return _labelled("elevation", gauge), _indented(scale)


def rotation(scene: Scene, width: int, marks: Marks, *, low: bool) -> tuple[str, str]:
    """The gauge of the sweep, and its three numbers below it; low: in one line, without the number of now."""
    values = (scene.rotation_out_deg, scene.rotation_deg, scene.rotation_in_deg)
    out, now, across = (
        text(f"terminal.{key}", degrees=signed(value, marks, marks.degree))
        for key, value in zip(("out", "now", "across"), values)
    )
    bar = _bar_width(width)
    room = bar - (len(out) + len(across) + 2 if low else 0)
    gauge = gauges.rotation_bar(scene.rotation_deg, scene.rotation_out_deg, scene.rotation_in_deg, max(room, 5), marks)
    if low:
        return _labelled("rotation", f"{out} {gauge} {across}"), ""
    gap = max(bar - len(out) - len(across), 2)
    return _labelled("rotation", gauge), _indented(f"{out}{now if len(now) < gap - 1 else '':^{gap}}{across}")


def pelvis(scene: Scene, width: int, marks: Marks) -> str:
    """The level of the pelvis, and its shifts from before the raise; in two lines where there is little room."""
    values = {"obliquity": scene.obliquity_deg, "tilt": scene.tilt_deg, "turn": scene.turn_deg}
    said = text("terminal.pelvis", **{key: signed(value, marks, marks.degree) for key, value in values.items()})
    bar = _bar_width(width)
    room = bar - len(said) - 2
    if room < 9:
        gauge = gauges.level_bar(scene.obliquity_deg, bar - 1 + bar % 2, marks)
        return f"{_labelled('pelvis', gauge)}\n{'':{max(min(LABEL, width - len(said)), 0)}}{said}"
    return _labelled("pelvis", f"{gauges.level_bar(scene.obliquity_deg, min(room - 1 + room % 2, 41), marks)}  {said}")


def _labelled(key: str, said: str) -> str:
    return f"{text(f'terminal.{key}_label'):{LABEL}}{said}"


def notices(found: Sequence[Notice], width: int, rows: int, marks: Marks) -> tuple[str, str]:
    """What to attend to, the worst first, in at most so many lines, and the worst severity of it."""
    ranked = sorted(found, key=lambda each: SEVERITIES.index(each.severity))
    lines: list[str] = []
    left = len(ranked)
    for each in ranked:
        mark = marks.dot if each.severity == INFO else sign(each.severity, marks)
        more = textwrap.wrap(f"{mark} {text(f'terminal.{each.severity}')} {each.text}", width, subsequent_indent="  ")
        if lines and len(lines) + len(more) > rows:
            break
        lines += more if len(more) <= rows else [*more[: rows - 1], cut(_rest(more[rows - 1 :]), width, marks)]
        left -= 1
    if left:
        rest = f" ({text('terminal.more_notices', count=left)})"
        lines[-1] = cut(lines[-1], width - len(rest), marks) + rest
    return "\n".join(lines), ranked[0].severity if ranked else ""


def _rest(lines: Sequence[str]) -> str:
    """Wrapped lines as one again, indented as the first of them."""
    return " ".join([lines[0], *map(str.strip, lines[1:])])


def health(nodes: Sequence[NodeHealth], width: int, rows: int, marks: Marks) -> tuple[str, str]:
    """How the nodes are: the troubled ones in detail, the others in short; and the worst severity."""
    if not nodes:
        return "", ""
    ranked = sorted(nodes, key=lambda each: SEVERITIES.index(each.severity))
    troubled = [each for each in ranked if each.severity != INFO]
    rest = text("terminal.nodes_well", count=len(ranked) - len(troubled))
    forms = (
        [_node(each, marks, detailed=True) for each in ranked],
        [_node(each, marks, detailed=False) for each in ranked],
        [*(_node(each, marks, detailed=False) for each in troubled), *([f"{marks.well} {rest}"] if troubled else [])],
    )
    fitting = [said for form in forms if len(said := "   ".join(form)) <= width - LABEL]
    lines = fitting[:1] or textwrap.wrap("   ".join(forms[-1]), width - LABEL)
    if len(lines) > rows:
        lines = [*lines[: rows - 1], cut(" ".join(lines[rows - 1 :]), width - LABEL, marks)]
    return "\n".join([_labelled("nodes", lines[0]), *map(_indented, lines[1:])]), ranked[0].severity


def _node(node: NodeHealth, marks: Marks, *, detailed: bool) -> str:
    details = []
    if node.severity != INFO:
        details.append(node.state)
    if node.silent_s >= 1:
        details.append(text("terminal.silent", seconds=round(node.silent_s)))
    if node.battery and (detailed or node.battery_low):
        details.append(text("terminal.battery", battery=node.battery) if node.battery_low else node.battery)
    if node.missing and detailed:
        details.append(text("terminal.missing", count=node.missing))
    if node.lost:
        details.append(text("terminal.lost", count=node.lost))
    return f"{sign(node.severity, marks)} {place(node.placement)}{': ' if details else ''}{', '.join(details)}"


def place(placement: str) -> str:
    """Where a node is worn, in words."""
    return text(f"terminal.place_{placement}")


def bests(found: Sequence[Best], width: int, marks: Marks) -> str:
    """The longest holds so far."""
    if not found:
        return ""
    said = []
    for each in found:
        angle = signed(each.elevation_deg, marks, marks.degree)
        held = number(each.hold_s, 1, marks)
        best = text("terminal.best", side=text(f"side.{each.side}"), held=held, elevation=angle)
        star = f" {marks.best}" + (f" {text('terminal.today')}" if width >= NARROW else "")
        said.append(best + star if each.today else best)
    together = _labelled("best", "   ".join(said))
    return together if len(together) <= width else "\n".join([_labelled("best", said[0]), *map(_indented, said[1:])])


def other(scene: Scene, lane: int, width: int, marks: Marks) -> str:
    """An athlete in one line, while another one is shown in full."""
    parts = [text("terminal.other", number=lane + 1, name=scene.athlete, stage=stage(scene)).replace(" : ", ": ")]
    if scene.stage in (LIFTING, HOLDING):
        parts += [signed(scene.elevation_deg, marks, marks.degree), zone(scene, marks)]
    if scene.stage == HOLDING:
        parts.append(text("terminal.other_held", seconds=scene.count))
    if scene.stage in (FINDING, CALIBRATING):
        parts.append(scene.prompt)
    urgent = [each for each in scene.notices if each.severity != INFO]
    if urgent:
        parts.append(f"{marks.warning} {text('terminal.other_notices', count=len(urgent))}")
    if scene.recording.state == "failed":
        parts.append(recording(scene.recording, marks))
    return cut("   ".join(part for part in parts if part), width, marks)


def step(each: Step, *, current: bool, number_: int, marks: Marks) -> str:
    """One step of the calibration, with its check mark."""
    mark = marks.done if each.complete else marks.now if current else marks.to_do
    name = text(f"terminal.step_{each.key}")
    done = text("terminal.step_done") if each.complete else ""
    if not each.complete and (each.needed > 1 or each.done):
        done = text("terminal.step_of", done=each.done, needed=each.needed)
    return f"{mark:<{len(marks.done)}} {number_}  {name:<23}{done}".rstrip()


def stillness(still: Still, width: int, marks: Marks) -> tuple[str, str]:
    """The bar of movement with its limit, and what it means."""
    bar = min(_bar_width(width), 60)
    gauge = gauges.stillness_bar(still.level, bar, marks)
    if still.level > 1:
        where = place(still.placement) if still.placement else ""
        said = text("terminal.moves", placement=where) if where else text("terminal.moves_any")
        said = f"{marks.warning} {said}"
    else:
        seconds = f"{still.still_s:.0f}", f"{still.needed_s:.0f}"
        said = f"{marks.done} {text('terminal.still', still_s=seconds[0], needed_s=seconds[1])}"
    word = text("terminal.limit")
    limit = f"{'':{LABEL}}{'':{gauge.index(marks.limit)}}{marks.up} {word}"
    return f"{_labelled('stillness', gauge)}\n{limit}", f"{'':{LABEL}}{said}"


def seconds_left(still: Still | None) -> str:
    """Whole seconds until quiet enough, for the big countdown; empty when there is nothing to wait for."""
    if still is None or still.needed_s <= 0:
        return ""
    return str(max(int(-(-(still.needed_s - still.still_s) // 1)), 0))
