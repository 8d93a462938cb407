"""Gauges and lines of the terminal as strings: what stands there for each number, NaN and extremes included."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiphold.console import cells, gauges, wording
from hiphold.console.gauges import ASCII, UNICODE, Marks
from hiphold.session.scene import (
    FAULT,
    HOLDING,
    INFO,
    READY,
    WARNING,
    Best,
    NodeHealth,
    Notice,
    RecordingState,
    Rep,
    Scene,
    Step,
    Still,
)

BOTH = pytest.mark.parametrize("marks", [UNICODE, ASCII], ids=["unicode", "ascii"])
ANY = st.one_of(st.floats(-1e6, 1e6), st.just(nan))


@pytest.mark.parametrize(
    ("elevation_deg", "bar"),
    [
        (nan, "···········░░░······"),
        (-88.0, "···········░░░······"),
        (0.0, "██████▋····░░░······"),
        (30.0, "█████████████▎······"),
        (45.0, "████████████████▋···"),
        (90.0, "████████████████████"),
    ],
)
def test_elevation(elevation_deg: float, bar: str) -> None:
    assert gauges.elevation_bar(elevation_deg, 22.0, 32.0, 20, UNICODE) == bar


@pytest.mark.parametrize(
    ("width", "marks", "scale"),
    [
        (20, UNICODE, "      0     ╰─╯ 30° "),
        (45, UNICODE, "               0           ╰30°─╯            "),
        (45, ASCII, "               0           [-30-]            "),
    ],
)
def test_the_band_has_its_number(width: int, marks: Marks, scale: str) -> None:
    assert gauges.elevation_scale(25.0, 30.0, 35.0, width, marks) == scale


@pytest.mark.parametrize(
    ("now", "out", "across", "bar"),
    [
        (nan, nan, nan, "──────────┼──────────"),
        (0.0, nan, nan, "──────────●──────────"),
        (-20.0, -30.0, 15.0, "───━━●━━━━┼━━━━──────"),
        (15.0, nan, 15.0, "──────────┼━━━●──────"),
        (-90.0, -90.0, 90.0, "●━━━━━━━━━┼━━━━━━━━━━"),
    ],
)
def test_rotation(now: float, out: float, across: float, bar: str) -> None:
    assert gauges.rotation_bar(now, out, across, 21, UNICODE) == bar


@pytest.mark.parametrize(
    ("tipped_deg", "bar"),
    [(nan, "-----+-----"), (0.0, "-----O-----"), (6.0, "-----+-O---"), (-6.0, "---O-+-----"), (40.0, "-----+----O")],
)
def test_level(tipped_deg: float, bar: str) -> None:
    assert gauges.level_bar(tipped_deg, 11, ASCII) == bar


@pytest.mark.parametrize(
    ("level", "bar"),
    [
        (nan, "........|..."),
        (0.0, "........|..."),
        (0.5, "####....|..."),
        (1.0, "########|..."),
        (1.01, "########|#.."),
        (9.0, "########|###"),
    ],
)
def test_stillness_shows_its_limit(level: float, bar: str) -> None:
    assert gauges.stillness_bar(level, 12, ASCII) == bar


@given(ANY, ANY, ANY, st.integers(8, 120))
def test_every_gauge_keeps_its_width(a: float, b: float, c: float, width: int) -> None:
    for marks in (UNICODE, ASCII):
        drawn = (
            gauges.elevation_bar(a, 25.0, 35.0, width, marks),
            gauges.elevation_scale(25.0, 30.0, 35.0, width, marks),
            gauges.rotation_bar(a, b, c, width, marks),
            gauges.level_bar(a, width, marks),
            gauges.stillness_bar(abs(a), width, marks),
        )
        assert [len(each) for each in drawn] == [width] * len(drawn)


def test_more_elevation_never_fills_less() -> None:
    rank = {each: k for k, each in enumerate("·░▏▎▍▌▋▊▉█")}
    bars = [gauges.elevation_bar(deg / 4, 25.0, 35.0, 40, UNICODE) for deg in range(-160, 260)]
    filled = [sum(max(rank[each] - 1, 0) for each in bar) for bar in bars]
    assert all(a <= b for a, b in pairwise(filled))
    assert filled[0] == 0
    assert filled[-1] == 40 * 8


@pytest.mark.parametrize(
    ("text", "size", "marks", "lines"),
    [
        ("10", 0, UNICODE, ["▄█  █▀█", " █  █ █", "▀▀▀ ▀▀▀"]),
        ("-7", 0, ASCII, ["    ###", "      #", "###   #", "      #", "      #"]),
        ("1", 1, UNICODE, ["  ██  ", "████  ", "  ██  ", "  ██  ", "██████"]),
        ("", 0, UNICODE, ["", "", ""]),
        ("°", 0, UNICODE, ["", "", ""]),
    ],
)
def test_large(text: str, size: int, marks: Marks, lines: list[str]) -> None:
    assert gauges.large(text, size, marks).split("\n") == lines


def test_large_figures_differ_in_every_form() -> None:
    for marks in (UNICODE, ASCII):
        for size in (0, 1, 2):
            assert len({gauges.large(each, size, marks) for each in gauges.PIXELS}) == len(gauges.PIXELS)
            lines = gauges.large("+-0123456789", size, marks).split("\n")
            assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("width", "height", "size"), [(38, 4, 0), (38, 5, 1), (21, 9, 0), (60, 9, 1), (60, 10, 2), (99, 40, 3), (0, 0, 0)]
)
def test_large_as_large_as_there_is_room(width: int, height: int, size: int) -> None:
    assert gauges.large_size(3, width, height) == size
    drawn = gauges.large("+28", size, UNICODE).split("\n")
    if size:
        assert max(map(len, drawn)) <= width
        assert len(drawn) <= height


def test_a_word_stands_beside_or_below() -> None:
    assert gauges.beside("ab\ncd\nef", "word", 20, 10) == "ab\ncd   word\nef"
    assert gauges.beside("ab\ncd\nef", "word", 11, 10) == "ab\ncd\nef\nword"
    assert gauges.beside("ab\ncd\nef", "", 11, 10) == "ab\ncd\nef\n "  # the line stays, so that nothing jumps


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "00:00"), (133.9, "02:13"), (3723, "1:02:03"), (nan, "00:00"), (-5, "00:00")]
)
def test_clock(seconds: float, said: str) -> None:
    assert gauges.clock(seconds) == said


@pytest.mark.parametrize(("value", "said"), [(28.4, "+28°"), (-0.2, "+0°"), (-88.6, "-89°"), (nan, "–"), (inf, "–")])
def test_signed(value: float, said: str) -> None:
    assert gauges.signed(value, UNICODE, "°") == said


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        ("Jürgen ±2° ✓", "utf-8", "Jürgen ±2° ✓"),
        ("Jürgen ±2° ✓", "latin-1", "Jürgen ±2° ok"),
        ("Jürgen ±2° …", "ascii", "J?rgen +-2 ..."),
    ],
)
def test_printable(text: str, encoding: str, said: str) -> None:
    assert gauges.printable(text, encoding) == said


def test_cut_says_that_it_cut() -> None:
    assert gauges.cut("0123456789", 10, UNICODE) == "0123456789"
    assert gauges.cut("0123456789", 6, UNICODE) == "01234…"
    assert gauges.cut("0123456789", 6, ASCII) == "0123.."
    assert gauges.cut("0123456789", 0, UNICODE) == ""


REP = Rep(4, "right", True, 95.0, 12.04, 0.1, 30.2, 1.8, -33.0, 18.0, 51.0, 0.2, -1.1, 2.4, full=True, best=True)


def test_a_repetition_in_a_wide_and_in_a_narrow_table() -> None:
    wide = cells.row(REP, cells.columns(78), UNICODE)
    assert wide == ("4", "right", "12.0 ±0.1", "+30° ±1.8", "-33/+18", "+0/-1/+2", "✓ full ★ best")
    assert cells.row(REP, cells.columns(36), UNICODE) == ("4", "right", "12.0", "+30°", "✓ ★")
    attempt = Rep(2, "left", False, 45.0, 3.1)
    assert cells.row(attempt, cells.columns(78), UNICODE) == ("2", "left", "3.1", "–", "–", "–", "attempt")
    assert cells.columns(70) == ("number", "leg", "held", "elevation", "rotation", "best")


NOTICES = (
    Notice("a", "Something small.", INFO),
    Notice("b", "The node at the left thigh is hardly heard. Bring the computer nearer.", WARNING),
    Notice("c", "The recording cannot be written: the disk is full. Make room.", FAULT),
)


@pytest.mark.parametrize("rows", [1, 2, 3, 6])
@pytest.mark.parametrize("width", [36, 78])
@BOTH
def test_notices_fit_and_say_how_many_are_hidden(rows: int, width: int, marks: Marks) -> None:
    said, severity = wording.notices(NOTICES, width, rows, marks)
    lines = said.split("\n")
    assert severity == FAULT
    assert lines[0].startswith(f"{marks.fault} Fault: The record")  # the worst first
    assert len(lines) <= rows
    assert all(len(line) <= width for line in lines)
    shown = sum(f"{text}:" in said for text in ("Fault", "Warning", "Note"))
    assert (f"(and {3 - shown} more)" in said) == (shown < 3)


def test_no_notices() -> None:
    assert wording.notices((), 78, 3, UNICODE) == ("", "")


NODES = (
    NodeHealth("hip-1", "pelvis", INFO, "ok", battery="87 %"),
    NodeHealth("hip-2", "thigh_right", INFO, "ok", battery="76 %"),
    NodeHealth("hip-3", "thigh_left", WARNING, "weak signal", battery="12 %", battery_low=True, lost=3, silent_s=4.2),
)


def test_health() -> None:
    assert wording.health((), 78, 1, UNICODE) == ("", "")
    assert wording.health(NODES[:2], 78, 1, UNICODE) == ("nodes      ✓ pelvis: 87 %   ✓ right thigh: 76 %", INFO)
    said, severity = wording.health(NODES, 100, 1, UNICODE)
    assert severity == WARNING
    troubled = "nodes      ! left thigh: weak signal, silent 4 s, battery 12 %, 3 lost   ✓ "
    assert said == troubled + "pelvis   ✓ right thigh"
    assert wording.health(NODES, 84, 1, UNICODE)[0] == troubled + "2 others"
    narrow = wording.health(NODES, 36, 4, UNICODE)[0].split("\n")
    assert len(narrow) <= 4
    assert all(len(line) <= 36 for line in narrow)
    assert len(wording.health(NODES, 36, 1, UNICODE)[0].split("\n")) == 1


def test_recording() -> None:
    assert wording.recording(RecordingState("recording", seconds=133), UNICODE) == "● recording 02:13"
    assert wording.recording(RecordingState("recording", seconds=133), ASCII, short=True) == "* 02:13"
    assert wording.recording(RecordingState("failed"), UNICODE, short=True) == "✗ RECORDING FAILED"
    assert wording.recording(RecordingState("off"), UNICODE) == "○ not recorded"


HOLD = Scene(
    "Anna", HOLDING, elevation_deg=28.4, held_s=7.3, count=7, rotation_deg=-12.0, rotation_out_deg=-32.0,
    rotation_in_deg=15.0, tilt_deg=1.2, obliquity_deg=3.4, turn_deg=-2.0,
    bests=(Best("left", 9.9, 29.0, today=False), Best("right", 12.0, 30.2, today=True)),
)  # fmt: skip


@pytest.mark.parametrize("width", [36, 38, 58, 78, 118, 158])
@pytest.mark.parametrize("scene", [HOLD, Scene(), replace(HOLD, elevation_deg=-90.0, rotation_out_deg=-123.0)])
@BOTH
def test_no_line_is_wider_than_its_room(width: int, scene: Scene, marks: Marks) -> None:
    drawn = [
        wording.title(scene, 3, width, marks, marked=True),
        *wording.captions(scene, width // 2 - 1, marks),
        *wording.elevation(scene, width, marks),
        *wording.rotation(scene, width, marks, low=False),
        *wording.rotation(scene, max(width, 54), marks, low=True),
        wording.pelvis(scene, width, marks),
        wording.bests(scene.bests, width, marks),
        wording.other(scene, 1, width, marks),
        *wording.stillness(Still(0.5, 1.0, 3.0), width, marks),
    ]
    assert [line for said in drawn for line in said.split("\n") if len(line) > max(width, 54)] == []
    if width < 54:
        wide = [line for said in drawn[:6] + drawn[8:] for line in said.split("\n") if len(line) > width]
        assert wide == []


@pytest.mark.parametrize(
    ("elevation_deg", "said"),
    [(12.0, "▲ below the band"), (28.4, "✓ in the band"), (41.0, "▼ above the band"), (nan, "")],
)
def test_zone(elevation_deg: float, said: str) -> None:
    assert wording.zone(replace(HOLD, elevation_deg=elevation_deg), UNICODE) == said
    assert wording.zone(replace(HOLD, elevation_deg=elevation_deg, stage=READY), UNICODE) == ""


def test_pelvis_says_each_shift() -> None:
    assert wording.pelvis(HOLD, 78, ASCII).endswith("  side +3  tilt +1  turn -2")
    assert len(wording.pelvis(HOLD, 36, ASCII).split("\n")) == 2


def test_another_athlete_in_one_line() -> None:
    scene = replace(HOLD, notices=NOTICES, recording=RecordingState("failed"))
    said = wording.other(scene, 1, 100, UNICODE)
    assert said == "2 Anna: holding, right   +28°   ✓ in the band   7 s   ! 2 to attend to   ✗ RECORDING FAILED"
    assert wording.other(scene, 1, 30, UNICODE) == "2 Anna: holding, right   +28°…"


@pytest.mark.parametrize(
    ("step", "current", "line"),
    [
        (Step("stand", 1, 1), False, "✓ 1  Stand still            done"),
        (Step("raise_right", 1, 2), True, "▸ 1  Raise the right knee   1 of 2"),
        (Step("bow", 0, 1), False, "○ 1  Bow"),
        (Step("bow", 1, 1, "Bow deeper."), True, "▸ 1  Bow                    1 of 1"),
    ],
)
def test_step(step: Step, current: bool, line: str) -> None:
    assert wording.step(step, current=current, number_=1, marks=UNICODE) == line


def test_seconds_left_are_whole_and_never_negative() -> None:
    times = (0.0, 0.1, 1.0, 2.9, 3.0, 4.0)
    assert [wording.seconds_left(Still(0.2, each, 3.0)) for each in times] == ["3", "3", "2", "1", "0", "0"]
    assert wording.seconds_left(None) == ""


def test_movement_names_the_worst_sensor() -> None:
    assert "! it moves: left thigh" in wording.stillness(Still(1.2, 0.0, 3.0, "thigh_left"), 78, UNICODE)[1]
    assert "✓ still: 2 of 3 s" in wording.stillness(Still(0.2, 2.0, 3.0, "thigh_left"), 78, UNICODE)[1]
