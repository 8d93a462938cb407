"""The coach's page: what is told of one to four athletes, what can be reached, what has room."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import nan

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QRegion, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from hiphold.session.scene import (
    ENDED,
    FAULT,
    HOLDING,
    INFO,
    LIFTING,
    STAGES,
    WARNING,
    NodeHealth,
    Notice,
    RecordingState,
    Rep,
    Scene,
    Trace,
)
from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.coach import CoachPage
from hiphold.view.coach_lane import Lane
from hiphold.view.colours import LIGHT
from hiphold.view.heading import Heading
from hiphold.view.health import HealthTable
from hiphold.view.readings import figure
from hiphold.view.rows import Row, Rows
from hiphold.view.series import KINDS
from hiphold.view.tooltips import tip
from hiphold.view.words import Words, broken
from hiphold.wire import PLACEMENTS

LOW = Notice("battery", "The battery of the right thigh's node is low (12 %). Charge it after this set.", WARNING)
SILENT = Notice("silent", "Nothing has come from the left thigh's node for 4 s. Move closer, or restart it.", FAULT)
NODES = (
    NodeHealth("hh-1", "pelvis", INFO, "good", 900, 0, 0, 119.8, "87 %", False, "−58 dBm", nan, 0.4),
    NodeHealth("hh-2", "thigh_right", WARNING, "weak signal", 900, 3, 2, 101.2, "12 %", True, "−83 dBm", -2.16, 0.6),
    NodeHealth("hh-3", "thigh_left", FAULT, "silent for 4 s", 800, 0, 44, nan, "", False, "", nan, nan),
)
REPS = (
    Rep(1, "right", True, 10.0, 10.4, 0.1, 31.2, 1.6, rotation_range_deg=51.0, full=True),
    Rep(2, "left", False, 30.0, 3.6, 0.1, 28.0),
    Rep(3, "right", True, 50.0, 12.1, 0.1, 30.0, full=True, best=True),
    Rep(4, "left", True, 70.0, 6.0, 0.1, 29.0),
)


def scene(athlete: str = "A-01", **values: object) -> Scene:
    known = Scene(
        athlete=athlete,
        stage=HOLDING,
        time_s=80.0,
        sides=("right", "left"),
        elevation_deg=31.3,
        held_s=4.56,
        count=4,
        reps=REPS,
        nodes=NODES,
        recording=RecordingState("recording", "/home/coach/2026-11-30_A-01.mcap", 75.4),
    )
    return replace(known, **values)  # type: ignore[arg-type]


def trace(side: str, start_s: float, end_s: float) -> Trace:
    time_s = np.arange(round(start_s * 120), round(end_s * 120)) / 120
    wave = np.sin(time_s)
    return Trace(side, time_s, 60 * wave, 30 * wave, np.where(wave > 0, 20 * wave, nan), 5 * wave, 6 * wave, 7 * wave)


Make = Callable[..., CoachPage]


@pytest.fixture
def make(qtbot: QtBot, qapp: QApplication) -> Iterator[Make]:
    """A shown page with so many athletes."""

    def page(count: int, size: tuple[int, int] = (1280, 740), name: str = "dark", scale: float = 1.0) -> CoachPage:
        theme.apply(qapp, name, scale)
        found = CoachPage()
        qtbot.addWidget(found)
        found.resize(*size)
        found.show()
        qtbot.waitExposed(found)
        found.show_scenes({lane: scene(f"A-0{lane + 1}") for lane in range(count)})
        for lane in range(count):
            found.add_traces(lane, (trace("right", 0, 80), trace("left", 0, 80)))
        QApplication.processEvents()
        found.tick()
        return found

    yield page
    theme.apply(qapp, "dark")


def said(page: CoachPage, name: str, lane: int = 0) -> str:
    found = page.lanes[lane].findChild(QWidget, name)
    assert isinstance(found, QWidget)
    return found.accessibleDescription()


def test_without_athletes_it_says_so(make: Make) -> None:
    page = make(0)
    page.tick()
    page.add_traces(2, (trace("right", 0, 1),))
    words = page.findChild(Words, "no_athletes")
    assert isinstance(words, Words)
    assert words.isVisible()
    assert words.words == "No athlete yet"
    page.select(3)
    assert page.selected == 0


def test_the_figures_are_told(make: Make) -> None:
    page = make(1)
    assert said(page, "athlete") == "1  A-01"
    assert said(page, "stage") == "Holding, right"
    assert said(page, "elevation") == "Elevation 31°"
    assert said(page, "count") == "Count 4 of 10"
    assert said(page, "held") == "of 10, 4.6 s held"
    assert said(page, "aim") == "Target 30 ± 5° for 10 s"
    assert said(page, "zone") == "all well: in the band"


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_a_word(make: Make, stage: str) -> None:
    page = make(1)
    page.show_scenes({0: scene(stage=stage, side="left")})
    assert text(f"coach_view.stage_{stage}") in said(page, "stage")
    assert ("left" in said(page, "stage")) == (stage in (LIFTING, HOLDING))


@pytest.mark.parametrize(
    ("elevation_deg", "words"),
    [(20.4, "5° below the band"), (24.9, "1° below the band"), (40.0, "5° above the band"), (nan, "")],
)
def test_the_zone_says_how_far_off(make: Make, elevation_deg: float, words: str) -> None:
    page = make(1)
    page.show_scenes({0: scene(elevation_deg=elevation_deg, stage=LIFTING)})
    assert said(page, "zone") == words


def test_what_is_not_known_is_a_dash(make: Make) -> None:
    page = make(1)
    page.show_scenes({0: Scene(athlete="New")})
    assert said(page, "elevation") == "Elevation –"
    assert said(page, "held") == "of 10"
    assert said(page, "reps") == "No repetitions yet"
    assert said(page, "nodes") == "No nodes"
    assert said(page, "recording") == "warning: Not recording"
    page.show_scenes({0: scene(held_s=nan, stage=ENDED)})
    assert said(page, "held") == "of 10"


def test_the_newest_repetitions_come_first(make: Make) -> None:
    for count in (1, 4):
        lines = said(make(count), "reps").splitlines()
        assert lines[0] == "Repetition 4, left: held 6.0 s, elevation 29°, rotation over –, short"
        assert lines[1].endswith("held 12.1 s, elevation 30°, rotation over –, best")
        assert lines[2].endswith("attempt")
        assert len(lines) == (4 if count == 1 else 3)


def test_signs_of_repetitions_are_shapes(make: Make) -> None:
    page = make(1)
    rows = page.lanes[0].findChild(Rows, "reps")
    assert isinstance(rows, Rows)
    assert [row.sign for row in rows.rows] == ["", "best", "", "good"]


def test_the_worst_notice_comes_first_and_all_can_be_read(make: Make) -> None:
    page = make(4)
    page.show_scenes({lane: scene(notices=(LOW, SILENT) if lane == 3 else ()) for lane in range(4)})
    assert said(page, "notices", 3) == f"Fault: {SILENT.text}\nWarning: {LOW.text}"
    first = page.lanes[3].notices.lines[0]
    assert first.words.startswith("(+1 more) Nothing has come")
    assert first.sign == FAULT
    assert first.toolTip() == tip(f"{SILENT.text}\n{LOW.text}")
    assert first.focusPolicy() == Qt.FocusPolicy.TabFocus
    assert said(page, "notice_0", 2) == "all well: Nothing to attend to"
    page.show_scenes({lane: scene() for lane in range(4)})
    assert first.words == "Nothing to attend to"
    assert first.focusPolicy() == Qt.FocusPolicy.NoFocus


def test_a_lone_athlete_has_room_for_all_notices(make: Make) -> None:
    page = make(1)
    page.show_scenes({0: scene(notices=(LOW, SILENT))})
    lines = [line.words for line in page.lanes[0].notices.lines if line.isVisible()]
    assert lines == [SILENT.text, LOW.text]


def test_the_whole_text_is_shown_to_who_comes_by_the_keys(make: Make, qtbot: QtBot) -> None:
    page = make(4)
    page.show_scenes({lane: scene(notices=(LOW, SILENT)) for lane in range(4)})
    page.activateWindow()
    page.lanes[0].notices.lines[0].setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(QToolTip.isVisible)
    assert QToolTip.text() == tip(f"{SILENT.text}\n{LOW.text}")
    qtbot.wait(50)
    assert QToolTip.isVisible()
    QToolTip.hideText()


def test_the_keys_reach_plots_notices_repetitions_and_nodes(make: Make) -> None:
    page = make(2)
    page.show_scenes({lane: scene(notices=(LOW,)) for lane in range(2)})
    page.activateWindow()
    page.lanes[0].plots.setFocus()
    reached = set()
    for _ in range(30):
        QTest.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus
        reached.add((focus.objectName(), next(lane for lane in (0, 1) if page.lanes[lane].isAncestorOf(focus))))
    wanted = {(name, lane) for name in ("plots", "notice_0", "reps", "nodes", "recording") for lane in (0, 1)}
    assert reached == wanted


@pytest.mark.parametrize("compact", [False, True])
def test_nodes_are_told_in_full(qtbot: QtBot, compact: bool) -> None:
    table = HealthTable()
    qtbot.addWidget(table)
    table.set_compact(compact=compact)
    table.show_scene(scene())
    rows = table.short if compact else table.full
    pelvis, right, left = rows.accessibleDescription().splitlines()
    assert pelvis.startswith("Pelvis (hh-1), all well: good.")
    assert right == (
        "Right thigh (hh-2), warning: weak signal. Rate 101 Hz, Lost 3, Missing 2, Battery low, 12 %, "
        "Signal −83 dBm, Drift −2.2°/min, Differs 0.6°"
    )
    assert left.startswith("Left thigh (hh-3), fault: silent for 4 s. Rate –, Lost 0, Missing 44, Battery –")
    assert [row.sign for row in rows.rows] == ["good", WARNING, FAULT]


def test_the_short_table_shows_the_same_figures(qtbot: QtBot) -> None:
    table = HealthTable()
    qtbot.addWidget(table)
    table.show_scene(scene())
    right = table.short.rows[1]
    assert right.cells == ("R thigh", "weak signal", "low, 12 %", "−83 dBm")
    assert right.below == "101 Hz, lost 3, missing 2, −2.2°/min, Δ 0.6°"
    assert dict(right.colours) == {1: "warning", 2: "warning"}


def test_every_placement_has_its_words(qtbot: QtBot) -> None:
    """A node that nothing is known of yet has none."""
    placements = (*PLACEMENTS, "unknown")
    table = HealthTable()
    qtbot.addWidget(table)
    table.show_scene(scene(nodes=tuple(NodeHealth(f"n{k}", name, INFO, "good") for k, name in enumerate(placements))))
    assert len(table.full.rows) == len({row.cells[0] for row in table.short.rows}) == len(placements)


@pytest.mark.parametrize(
    ("recording", "words"),
    [
        (RecordingState("recording", "/a/b.mcap", 75.4), "all well: Recording 1:15  b.mcap\n/a/b.mcap"),
        (RecordingState("recording", "C:\\a\\b.mcap", 5), "all well: Recording 0:05  b.mcap\nC:\\a\\b.mcap"),
        (RecordingState("recording", "b.mcap", 3765), "all well: Recording 1:02:45  b.mcap\nb.mcap"),
        (RecordingState("off"), "warning: Not recording"),
        (RecordingState("closed", "b.mcap", 600), "Recorded 10:00  b.mcap\nb.mcap"),
        (RecordingState("failed", "", 3, "The disk is full."), "fault: Recording failed.\nThe disk is full."),
    ],
)
def test_the_recording_is_told(make: Make, recording: RecordingState, words: str) -> None:
    page = make(1)
    page.show_scenes({0: scene(recording=recording)})
    assert said(page, "recording") == words


def test_the_selected_lane_says_so_and_can_be_clicked(make: Make, qtbot: QtBot) -> None:
    page = make(4)
    assert page.selected == 0
    assert said(page, "selected", 0) == "selected"
    with qtbot.waitSignal(page.selection_changed) as signal:
        QTest.mouseClick(page.lanes[2], Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert signal.args == [2]
    assert [lane.accessibleDescription() for lane in page.lanes.values()] == ["", "", "selected", ""]
    framed = page.lanes[2].grab().toImage().pixelColor(1, 200).name()
    plain = page.lanes[1].grab().toImage().pixelColor(1, 200).name()
    assert framed == theme.current().accent
    assert plain != framed


def test_lanes_come_and_go(make: Make) -> None:
    page = make(4)
    page.select(3)
    page.show_scenes({0: scene(), 2: scene("B")})
    assert sorted(page.lanes) == [0, 2]
    assert page.selected == 0
    page.show_scenes({lane: scene() for lane in range(3)})
    QApplication.processEvents()
    places = [page.lanes[lane].x() for lane in range(3)]
    assert places == sorted(places)
    page.show_scenes({})
    assert page.lanes == {}


def test_a_lane_that_comes_later_has_the_span_and_the_pause(make: Make) -> None:
    page = make(1)
    page.set_span(60)
    page.set_paused(True)
    page.show_scenes({0: scene(), 1: scene("B")})
    assert page.lanes[1].plots.span_s == 60
    assert page.lanes[1].plots.paused


def test_paused_the_keys_go_to_the_plots_of_the_selected_lane(make: Make) -> None:
    page = make(2)
    page.activateWindow()
    page.set_paused(True)
    assert page.lanes[0].plots.hasFocus()
    page.select(1)
    assert page.lanes[1].plots.hasFocus()
    QTest.keyClick(page.lanes[1].plots, Qt.Key.Key_Left)
    assert page.lanes[1].plots.cursor_s == pytest.approx(-0.1)
    assert page.lanes[0].plots.cursor_s == 0.0
    page.set_paused(False)
    assert not page.lanes[1].plots.paused


def parts(page: CoachPage, lane: int) -> list[QWidget]:
    found = page.lanes[lane]
    return [found.figures, found.reps, found.notices, found.plots, found.health]


LONG = "Anna-Maria von und zu Hohenstein-Wittelsbach, second boat " * 3


@pytest.mark.parametrize("scale", [1.0, 1.4, 1.6])
@pytest.mark.parametrize(("size", "name"), [((1280, 740), "dark"), ((1920, 1020), "light")])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_nothing_overlaps_or_leaves_its_lane(
    make: Make, count: int, size: tuple[int, int], scale: float, name: str
) -> None:
    page = make(count, size, name, scale)
    long = Notice("long", LONG, FAULT)
    page.show_scenes({k: scene(LONG, notices=(long, SILENT, LOW), elevation_deg=-90.0) for k in range(count)})
    QApplication.processEvents()
    page.tick()
    for lane in range(count):
        whole = page.lanes[lane].rect()
        boxes = [part.geometry() for part in parts(page, lane)]
        assert all(whole.contains(box) for box in boxes)
        assert not any(a.intersects(b) for k, a in enumerate(boxes) for b in boxes[:k])
        for words in [each for each in page.lanes[lane].findChildren(Words) if each.isVisible()]:
            assert words.height() >= words.sizeHint().height(), words.objectName()
        for plot in page.lanes[lane].plots.plots:
            assert plot.box.height() >= 30
    page.grab()


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1280, 740), (1920, 1020)])
def test_all_is_in_view_at_once(make: Make, count: int, size: tuple[int, int]) -> None:
    page = make(count, size)
    area = page.findChild(QScrollArea)
    assert isinstance(area, QScrollArea)
    assert area.verticalScrollBar().maximum() == area.horizontalScrollBar().maximum() == 0


def test_selecting_brings_a_lane_into_view(make: Make) -> None:
    page = make(4, (900, 600), scale=1.6)
    page.select(3)
    QApplication.processEvents()
    left = page.lanes[3].mapTo(page, QPoint(0, 0)).x()
    assert left >= 0
    assert left + page.lanes[3].width() <= page.width()


def test_big_numbers_shrink_rather_than_lose_a_digit(make: Make) -> None:
    page = make(4, scale=1.6)
    page.show_scenes({lane: scene(elevation_deg=-88.0) for lane in range(4)})
    words = page.lanes[0].figures.elevation
    assert broken(words.words, words.fitting(words.width()), words.width(), 1) == ["−88°"]


def test_a_change_of_colours_and_size_is_taken_up(make: Make, qapp: QApplication) -> None:
    page = make(2)
    before = page.lanes[0].figures.elevation.height()
    theme.apply(qapp, "light", 1.4)
    QApplication.processEvents()
    QApplication.processEvents()
    assert page.lanes[0].figures.elevation.height() > 1.3 * before
    middle = page.lanes[0].plots.plots[1].view.grab().toImage()
    assert middle.pixelColor(middle.width() - 2, 2).name() == LIGHT.panel


def test_words_break_into_lines_and_the_last_is_shortened(qapp: QApplication) -> None:
    theme.apply(qapp, "dark")
    words = "one two three four five six seven eight nine ten"
    lines = broken(words, theme.font(12), 120, 2)
    assert len(lines) == 2
    assert words.startswith(lines[0])
    assert lines[1].endswith("…")
    assert broken(words, theme.font(12), 1000, 2) == [words]


def test_four_athletes_are_drawn_in_time(make: Make) -> None:
    """20 ms on a quiet machine; the bound holds on a loaded one, by the time of this process alone."""
    page = make(4)
    page.set_span(60)
    spent = []
    for step in range(20):
        now_s = 80 + step / 25
        for lane in range(4):
            page.add_traces(lane, tuple(trace(side, now_s, now_s + 0.04) for side in ("right", "left")))
        page.show_scenes({lane: scene(time_s=now_s, held_s=step / 25) for lane in range(4)})
        before = time.process_time()
        page.tick()
        QApplication.processEvents()
        spent.append(time.process_time() - before)
    assert np.median(spent) < 0.06


MARKUP = "<b>hh</b> & <img src=x>"


def plain(tooltip: str) -> str:
    """What a tooltip shows."""
    document = QTextDocument()
    document.setHtml(tooltip)
    return document.toPlainText()


def test_what_others_wrote_is_never_taken_for_markup(make: Make) -> None:
    page = make(1)
    node = NodeHealth(MARKUP, "pelvis", INFO, MARKUP)
    page.show_scenes({0: scene(MARKUP, nodes=(node,), notices=(Notice("x", MARKUP, FAULT),))})
    lane = page.lanes[0]
    widgets = (lane.figures.athlete, lane.notices.lines[0], lane.health.full, lane.health.short)
    assert all(MARKUP in plain(widget.toolTip()) for widget in widgets)


def row_of_one() -> Rows:
    rows = Rows("rows", wide=0, right=())
    rows.show_rows((Row(("a",)),), whole="a")
    return rows


@pytest.mark.parametrize(
    "made",
    [lambda: Words("words", 12), row_of_one, lambda: Lane(0), lambda: Heading(KINDS[0])],
    ids=["words", "rows", "lane", "heading"],
)
def test_what_fails_in_painting_goes_no_further(
    made: Callable[[], QWidget], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would come up again in the next painter and end the process there: see `painting`."""
    widget = made()
    qtbot.addWidget(widget)
    widget.resize(300, 60)
    failed: list[type[BaseException]] = []

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sys, "excepthook", lambda error, *_: failed.append(error))
    for name in ("current", "colour"):
        monkeypatch.setattr(theme, name, fail)
    widget.render(QImage(300, 60, QImage.Format.Format_RGB32), QPoint(), QRegion(), QWidget.RenderFlag(0))
    assert failed == [ZeroDivisionError]


def test_a_lane_that_is_laid_out_anew_keeps_its_samples(make: Make) -> None:
    """Out of sight it gets samples but no scenes, and its last one says nothing of now."""
    page = make(1)
    page.hide()
    page.add_traces(0, (trace("right", 80, 110),))
    page.restyle()
    page.show()
    page.show_scenes({0: scene(time_s=110.0)})
    page.tick()
    told = page.lanes[0].plots.plots[0].heading.accessibleDescription()
    assert told.startswith(f"Elevation: right {figure(60 * np.sin(109.99))}")
