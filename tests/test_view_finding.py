"""The page of nodes: which one is which, where each is worn, and who wears them, by keys alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from hiphold.formats.imported import DEFAULT_LID
from hiphold.session.scene import Command, Finding, Heard
from hiphold.session.texts import text
from hiphold.view.athlete_code import CodeField
from hiphold.view.body_picture import SPOTS
from hiphold.view.finding import FindingPage
from hiphold.view.heard import bars, described, signal_word
from hiphold.wire import LID_SIDES, PLACEMENTS
from scripted_link import FIRST_TIME, KNOWN, LEFT, NEW, OLD, PELVIS, RIGHT

Shown = Callable[..., tuple[FindingPage, list[Command]]]


@pytest.fixture
def shown(qtbot: QtBot) -> Iterator[Shown]:
    pages = []

    def show(*findings: Finding) -> tuple[FindingPage, list[Command]]:
        page, asked = FindingPage(), list[Command]()
        page.asked.connect(asked.append)
        page.resize(1280, 720)
        with qtbot.waitExposed(page):
            page.show()
        page.activateWindow()
        qtbot.waitUntil(page.isActiveWindow)
        for finding in findings:
            page.show_finding(finding)
        pages.append(page)
        return page, asked

    yield show
    for page in pages:
        page.close()
        page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def key(which: Qt.Key, times: int = 1) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    for _ in range(times):
        QTest.keyClick(focused, which)


def tab_to(widget: QWidget) -> None:
    """Go there by the tab key, as a person does."""
    for _ in range(60):
        if QApplication.focusWidget() is widget:
            return
        key(Qt.Key.Key_Tab)
    raise AssertionError(f"{widget.objectName()} cannot be reached")


def obstacle(page: FindingPage) -> str:
    return page.obstacle.text()


def ticked(page: FindingPage) -> list[str]:
    return [node.name for node in page.worn()]


def test_the_six_places_are_there() -> None:
    assert set(SPOTS) == set(PLACEMENTS)
    left = {name: spot[0] for name, spot in SPOTS.items() if name.endswith("left")}
    assert all(x < 0 for x in left.values())  # from behind, the wearer's left is at the left
    assert all(SPOTS[name.replace("left", "right")][0] == -x for name, x in left.items())


@pytest.mark.parametrize("state", ["looking", "connecting", "failed", "ready"])
def test_each_state_says_its_sentence(shown: Shown, state: str) -> None:
    page, _ = shown(Finding(state, "This is so."))
    assert page.waiting.sentence.isVisible()
    assert page.waiting.sentence.text() == "This is so."
    assert "This is so." in page.accessibleDescription()
    assert page.waiting.again.isVisible() == (state == "failed")
    assert page.waiting.spinner._timer.isActive() == (state in ("looking", "connecting"))


def test_after_a_failure_enter_looks_again(shown: Shown) -> None:
    page, asked = shown(Finding("failed", "No node was heard."))
    page.setFocus()
    key(Qt.Key.Key_Return)
    page.go_on()
    assert asked == [Command("look"), Command("look")]


def test_known_nodes_need_one_key(shown: Shown) -> None:
    page, asked = shown(Finding("looking", "Listening."), KNOWN)
    assert page.code.code() == "A7"
    assert page.begin_button.hasFocus()
    key(Qt.Key.Key_Return)
    wanted = (PELVIS.address, RIGHT.address, LEFT.address)
    assert asked == [Command("wear", 0, {"athlete": "A7", "addresses": wanted})]


def test_a_new_node_is_named_and_placed_by_keys_alone(shown: Shown) -> None:
    page, asked = shown(Finding("choose", "Say where.", (NEW,)))
    assert page.list.hasFocus()
    tab_to(page.placing.blink_button)
    key(Qt.Key.Key_Space)
    tab_to(page.placing.body.places["pelvis"])
    key(Qt.Key.Key_Down, 2)
    place = page.placing.body.placement()
    assert place not in ("", "pelvis")
    tab_to(page.placing.name)
    key(Qt.Key.Key_Backspace, 40)
    QTest.keyClicks(page.placing.name, "knee")
    tab_to(page.placing.set_button)
    key(Qt.Key.Key_Space)
    assert asked == [
        Command("identify", 0, {"address": NEW.address}),
        Command("setup", 0, {"address": NEW.address, "name": "knee", "placement": place, "lid": page_lid(page)}),
    ]


def page_lid(page: FindingPage) -> str:
    return next(side for side in LID_SIDES if page.placing.lids[side].isChecked())


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_a_place_proposes_its_lid(shown: Shown, placement: str) -> None:
    page, asked = shown(Finding("choose", "Say where.", (NEW,)))
    page.placing.body.places[placement].click()
    assert page_lid(page) == DEFAULT_LID[placement]
    page.placing.lids["front"].click()
    page.placing.set_button.click()
    assert asked[-1].arguments == {
        "address": NEW.address, "name": NEW.name, "placement": placement, "lid": "front"
    }  # fmt: skip


def test_places_say_who_is_there(shown: Shown) -> None:
    page, _ = shown(FIRST_TIME)
    places = page.placing.body.places
    assert places["thigh_left"].accessibleName() == "Left thigh"
    assert "knee-l" in places["thigh_left"].accessibleDescription()
    assert {"hip-1", NEW.name} == set(places["pelvis"].worn_by.split(", "))
    assert places["shank_left"].worn_by == ""


def test_what_is_edited_stays_while_signals_change(shown: Shown) -> None:
    page, _ = shown(FIRST_TIME)
    page.list.setCurrentRow(0)
    page.placing.name.setText("mine")
    page.placing.body.places["trunk"].click()
    nearer = tuple(replace(node, signal="-50 dBm") for node in FIRST_TIME.heard)
    page.show_finding(replace(FIRST_TIME, heard=nearer))
    page.show_finding(replace(FIRST_TIME, heard=nearer[:3]))
    assert (page.placing.name.text(), page.placing.body.placement()) == ("mine", "trunk")
    assert page.list.currentRow() == 0
    assert "near (-50 dBm)" in page.list.item(0).text()


def test_two_at_one_place_are_refused_with_the_reason(shown: Shown) -> None:
    page, asked = shown(FIRST_TIME)
    assert ticked(page) == ["hip-1", "knee-r", "knee-l"]
    page.list.setFocus()
    page.list.setCurrentRow(0)
    page.go_on()  # Space ticks the new one too
    assert NEW.name in ticked(page)
    page.begin()
    assert asked == []
    assert "hip-1" in obstacle(page)
    assert NEW.name in obstacle(page)
    assert page.obstacle.property("role") == "warning"
    page.go_on()
    page.begin()
    assert [command.name for command in asked] == ["wear"]


@pytest.mark.parametrize(
    ("heard", "code", "said"),
    [
        ((), "A7", "choose_some"),
        ((PELVIS,), "A7", "no_thigh"),
        ((replace(OLD, owner="A7"),), "A7", "choose_some"),  # a node with a problem is not ticked by itself
    ],
)
def test_begin_says_what_is_missing(shown: Shown, heard: tuple[Heard, ...], code: str, said: str) -> None:
    page, asked = shown(Finding("choose", "Say who.", heard))
    page.code.edit.setText(code)
    page.begin()
    assert asked == []
    assert obstacle(page) == text(f"finding_view.{said}")


def test_a_node_with_a_problem_cannot_be_worn(shown: Shown) -> None:
    page, asked = shown(Finding("choose", "Say who.", (PELVIS, RIGHT, OLD)))
    page.list.setFocus()
    page.list.setCurrentRow(2)
    page.go_on()
    page.begin()
    assert asked == []
    assert OLD.problem in obstacle(page)
    assert OLD.problem in page.list.item(2).text()


@pytest.mark.parametrize("code", ["", "B 2", "Ä1", "a/b", "../x"])
def test_begin_needs_a_code(shown: Shown, code: str) -> None:
    page, asked = shown(KNOWN)
    page.code.edit.setText(code)
    for row in range(page.list.count()):
        page.list.item(row).setCheckState(Qt.CheckState.Checked)
    page.begin()
    assert asked == []
    assert page.code.edit.hasFocus()
    assert obstacle(page)


def test_another_code_ticks_its_own_nodes(shown: Shown) -> None:
    other = replace(RIGHT, name="k2", address="C0:00:00:00:00:09", owner="B2")
    page, _ = shown(Finding("choose", "Whose?", (PELVIS, RIGHT, other)))
    assert ticked(page) == ["hip-1", "knee-r"]
    page.code.edit.setText("B2")
    assert ticked(page) == ["k2"]


def test_nothing_can_be_begun_while_a_node_is_busy(shown: Shown) -> None:
    page, asked = shown(replace(KNOWN, busy="Storing the place of hip-1"))
    page.begin()
    assert asked == []
    assert page.busy_text.isVisible()
    assert page.busy_text.text() == "Storing the place of hip-1"
    assert not page.placing.set_button.isEnabled()
    assert not page.placing.blink_button.isEnabled()
    page.show_finding(KNOWN)
    assert page.placing.set_button.isEnabled()


def test_a_long_name_is_refused(shown: Shown) -> None:
    page, _ = shown(KNOWN)
    page.placing.name.setText("é" * 13)  # 26 bytes
    assert not page.placing.set_button.isEnabled()
    assert page.placing.said.isVisible()
    page.placing.name.setText("é" * 12)
    assert page.placing.set_button.isEnabled()
    assert not page.placing.said.isVisible()


@pytest.mark.parametrize(
    ("signal", "lit", "word"),
    [
        ("-50 dBm", 4, "near"),
        ("-60 dBm", 3, "good"),
        ("-75 dBm", 2, "fair"),
        ("-99 dBm", 1, "far"),
        ("USB", 4, "near"),
        ("", 0, "signal not known"),
        ("strong", 0, "signal not known"),
    ],
)
def test_a_signal_has_bars_and_a_word(signal: str, lit: int, word: str) -> None:
    assert bars(signal) == lit
    assert signal_word(signal).startswith(word)


def test_after_a_failure_other_ways_can_be_copied(shown: Shown) -> None:
    page, _ = shown(Finding("failed", "No node was heard."))
    assert page.waiting.others.isVisible()
    copy = page.findChild(QPushButton, "copy_other_simulate")
    assert isinstance(copy, QPushButton)
    copy.click()
    assert QApplication.clipboard().text() == "hiphold live --simulate"
    page.show_finding(Finding("looking", "Listening."))
    assert not page.waiting.others.isVisible()


def test_back_is_there_when_somebody_is_measured(shown: Shown) -> None:
    page, _ = shown(Finding("ready", "There is nothing to look for."))
    wanted = []
    page.back_wanted.connect(lambda: wanted.append("back"))
    assert not page.back.isVisible()
    page.let_back(True)
    page.back.click()
    assert wanted == ["back"]


def test_a_node_without_a_place_is_placed_first(shown: Shown) -> None:
    port = Heard("node at USB", "/dev/ttyACM0", "USB", "", "unknown", "", "A7")
    page, asked = shown(Finding("choose", "Say where.", (PELVIS, RIGHT, port)))
    page.list.setCurrentRow(0)
    page.list.setCurrentRow(2)
    assert (page.placing.body.placement(), page.placing.lid()) == ("", "")  # not those of the one before
    assert not page.placing.set_button.isEnabled()
    page.begin()
    assert obstacle(page) == text("finding_view.nowhere", name=port.name)
    page.placing.body.places["trunk"].click()
    page.placing.set_button.click()
    assert [command.name for command in asked] == ["setup"]
    assert text("finding_view.no_place") in described(port)


def test_a_name_is_shown_as_it_is_written(shown: Shown) -> None:
    page, _ = shown(Finding("choose", "Say where.", (replace(NEW, name="<b>x</b>"),)))
    assert page.placing.title.textFormat() == Qt.TextFormat.PlainText
    assert "&lt;b&gt;" in page.list.item(0).toolTip()


def test_a_node_is_described_in_words() -> None:
    assert described(LEFT) == "knee-l, Left thigh, A7, fair (-71 dBm), battery 12 %"


@pytest.mark.parametrize(("code", "fine"), [("A7", True), ("a_-9", True), ("A 7", False), ("x" * 25, False)])
def test_a_code_is_judged_as_it_is_written(qtbot: QtBot, code: str, fine: bool) -> None:
    field = CodeField("code")
    qtbot.addWidget(field)
    field.edit.setText(code)
    assert field.said.property("role") == ("faint" if fine else "warning")


def test_no_text_is_cut_off(shown: Shown) -> None:
    page, _ = shown(FIRST_TIME)
    QTest.qWait(50)
    for words in page.findChildren(QLabel):
        if words.isVisible() and words.text():
            assert words.height() >= words.heightForWidth(words.width()) or not words.wordWrap(), words.objectName()
