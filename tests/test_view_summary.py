"""The page of a session at its end: its figures, left against right, and where it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import nan

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from hiphold.session.scene import Command, Rep, Summary
from hiphold.session.texts import text
from hiphold.view.readings import with_half_width
from hiphold.view.repetitions import COLUMNS, cells
from hiphold.view.summary import SummaryPage, lasting
from scripted_link import REPS, SUMMARY

Shown = Callable[..., tuple[SummaryPage, list[Command], list[str]]]


@pytest.fixture
def shown(qtbot: QtBot) -> Iterator[Shown]:
    pages = []

    def show(summary: Summary = SUMMARY) -> tuple[SummaryPage, list[Command], list[str]]:
        page, asked, wanted = SummaryPage(), list[Command](), list[str]()
        page.asked.connect(asked.append)
        page.next_wanted.connect(lambda: wanted.append("next"))
        page.show_summary(summary)
        page.resize(1280, 720)
        with qtbot.waitExposed(page):
            page.show()
        page.activateWindow()
        qtbot.waitUntil(page.isActiveWindow)
        page.keeping.save_button.setFocus()
        pages.append(page)
        return page, asked, wanted

    yield show
    for page in pages:
        page.close()
        page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def key(which: Qt.Key) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, which)


def save_of(name: str, athlete: str = "A7") -> Command:
    return Command("save", 0, {"athlete": athlete, "name": name})


@pytest.mark.parametrize(
    ("value", "unit", "uncertainty", "signed", "words"),
    [
        (12.64, " s", 0.2, False, "12.6 ± 0.2 s"),
        (-18.2, "°", nan, True, "−18.2°"),
        (22.9, "", nan, True, "+22.9"),
        (nan, "°", 0.2, False, "–"),
        (11.7, " s", 0.02, False, "11.7 ± 0.1 s"),
    ],
)
def test_a_figure_has_its_uncertainty(value: float, unit: str, uncertainty: float, signed: bool, words: str) -> None:
    assert with_half_width(value, unit, uncertainty, signed=signed) == words


def test_a_row_has_all_of_a_repetition() -> None:
    row = dict(zip(COLUMNS, cells(REPS[3])))
    assert row == {
        "number": "4", "side": "right", "held": "12.6 ± 0.2", "result": "✓ ★", "elevation": "33.0 ± 1.4",
        "out": "−19.9", "across": "+24.1", "range": "41.0", "tilt": "+1.8", "obliquity": "−0.8", "turn": "+2.9",
    }  # fmt: skip
    attempt = dict(zip(COLUMNS, cells(REPS[2])))
    assert attempt["result"] == "attempt"
    assert attempt["range"] == "–"


def test_a_duration_is_in_minutes() -> None:
    assert lasting(214.6) == "3 min 35 s"
    assert lasting(59.7) == "1 min 00 s"


def test_the_whole_session_is_there(shown: Shown) -> None:
    page, _, _ = shown()
    assert page.title.text() == "Session of A7"
    assert page.overview.text() == "3 min 35 s · holds: 4, attempts: 1 · samples lost: 3"
    table = [[page.table.item(row, k).text() for k in range(len(COLUMNS))] for row in range(page.table.rowCount())]  # type: ignore[union-attr]
    assert table == [list(cells(rep)) for rep in SUMMARY.reps]
    assert page.outcome.bests["right"].text() == "12.6 s ★"
    assert page.outcome.reasons.text() == f"• {SUMMARY.reasons[0]}"
    assert page.keeping.path.line.text() == SUMMARY.path
    words = page.outcome.compared.accessibleDescription()
    assert "mean time held: left 8.9 s, right 11.5 s" in words  # attempts are no holds


def test_all_columns_can_be_seen(shown: Shown) -> None:
    page, _, _ = shown()
    QTest.qWait(50)
    assert sum(page.table.columnWidth(k) for k in range(len(COLUMNS))) <= page.table.viewport().width()
    for k in range(len(COLUMNS)):
        assert page.table.columnWidth(k) >= page.table.sizeHintForColumn(k)


def test_many_reasons_take_no_room_from_what_is_kept(shown: Shown) -> None:
    page, _, _ = shown(replace(SUMMARY, reasons=SUMMARY.reasons * 12))
    QTest.qWait(50)
    line = page.keeping.command.line
    assert page.rect().contains(line.mapTo(page, line.rect().bottomRight()))


def test_one_side_alone_has_no_other(shown: Shown) -> None:
    page, _, _ = shown(replace(SUMMARY, reps=REPS[:1], bests=SUMMARY.bests[1:], reasons=()))
    assert "left –, right 10.4 s" in page.outcome.compared.accessibleDescription()
    assert page.outcome.bests["left"].text() == "–"
    assert not page.outcome.reasons.isVisible()


def test_a_session_without_anything_can_be_shown(shown: Shown) -> None:
    page, asked, wanted = shown(Summary(0, "", "", 0.0, (), ()))
    assert page.table.rowCount() == 0
    assert page.findChild(QLabel, "no_reps").isVisible()  # type: ignore[union-attr]
    assert not page.keeping.save_button.isEnabled()
    assert page.keeping.path.line.text() == text("summary_view.not_recorded")
    assert not page.keeping.path.button.isEnabled()
    page.grab()
    page.keeping.go_on()
    assert (asked, wanted) == ([], ["next"])


@pytest.mark.parametrize("which", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_saves_once(shown: Shown, which: Qt.Key) -> None:
    page, asked, wanted = shown()
    page.keeping.name.setFocus()
    QTest.keyClicks(page.keeping.name, "evening")
    key(which)
    key(which)
    assert asked == [save_of("evening")]
    assert page.keeping.saved.text() == text("summary_view.saving")
    page.show_summary(replace(SUMMARY, path="/kept/evening.mcap"))
    assert page.keeping.saved.text() == text("summary_view.saved")
    assert page.keeping.path.line.text() == "/kept/evening.mcap"
    assert page.keeping.name.text() == "evening"
    assert wanted == []
    key(which)
    assert wanted == ["next"]
    assert asked == [save_of("evening")]


def test_the_same_summary_again_says_that_it_is_saved(shown: Shown) -> None:
    page, _, _ = shown()
    page.keeping.go_on()
    page.show_summary(replace(SUMMARY))
    assert page.keeping.state == "saved"


def test_a_save_that_failed_can_be_tried_again(shown: Shown) -> None:
    page, asked, _ = shown()
    page.keeping.go_on()
    page.keeping.refuse()
    page.keeping.go_on()
    assert asked == [save_of(""), save_of("")]


def test_a_bad_code_is_not_saved(shown: Shown) -> None:
    page, asked, _ = shown()
    page.keeping.code.edit.setText("A 7")
    page.keeping.go_on()
    assert asked == []
    assert page.keeping.code.edit.hasFocus()
    assert page.keeping.code.said.property("role") == "warning"
    page.keeping.code.edit.setText("B2")
    page.keeping.go_on()
    assert asked == [save_of("", "B2")]


def test_another_name_after_saving_is_saved_again(shown: Shown) -> None:
    page, asked, _ = shown()
    page.keeping.go_on()
    page.show_summary(replace(SUMMARY))
    page.keeping.name.setFocus()
    QTest.keyClicks(page.keeping.name, "x")
    key(Qt.Key.Key_Return)
    assert asked == [save_of(""), save_of("x")]


def test_another_athlete_begins_with_empty_fields(shown: Shown) -> None:
    page, _, _ = shown()
    page.keeping.name.setText("evening")
    page.keeping.go_on()
    page.show_summary(replace(SUMMARY, lane=1, athlete="B2"))
    assert (page.keeping.code.code(), page.keeping.name.text(), page.keeping.state) == ("B2", "", "open")


def test_path_and_command_can_be_copied(shown: Shown) -> None:
    page, _, _ = shown()
    page.keeping.path.button.click()
    assert QApplication.clipboard().text() == SUMMARY.path
    page.keeping.command.button.setFocus()
    key(Qt.Key.Key_Return)
    assert QApplication.clipboard().text() == SUMMARY.command


def test_nothing_here_deletes(shown: Shown) -> None:
    page, _, _ = shown()
    assert {button.objectName() for button in page.findChildren(QPushButton)} == {
        "save", "next", "copy_path", "copy_command",
    }  # fmt: skip


def test_a_side_without_figures_is_left_out_of_the_mean(shown: Shown) -> None:
    page, _, _ = shown(replace(SUMMARY, reps=(*REPS[:1], Rep(2, "right", True, 70.0, 12.4))))
    assert "mean elevation: left –, right 31.8°" in page.outcome.compared.accessibleDescription()
