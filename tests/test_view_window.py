"""The window: every key tells the session one thing, every message has its page, and nothing in it ends a session."""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeySequence, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from hiphold.session.actions import ACTIONS
from hiphold.session.preferences import Preferences, load
from hiphold.session.scene import CALIBRATING, ENDED, HOLDING, READY, Command, Finding, Said, Scene
from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.closing import CLOSE_S
from hiphold.view.keys import GROUPS
from hiphold.view.lanes import Lanes
from hiphold.view.page_keys import PAGE_KEYS, keys_of
from hiphold.view.painting import painting
from hiphold.view.window import Window
from scripted_link import KNOWN, SUMMARY, ScriptedLink, update


class Heard:
    """What was to be heard."""

    def __init__(self) -> None:
        self.cues: list[str] = []
        self.settings: list[tuple[str, object]] = []

    def play(self, cue: str) -> None:
        self.cues.append(cue)

    def set_volume(self, volume: float) -> None:
        self.settings.append(("volume", volume))

    def mute(self, on: bool) -> None:
        self.settings.append(("mute", on))

    def speech(self, on: bool) -> None:
        self.settings.append(("speech", on))


@pytest.fixture(autouse=True)
def own_preferences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIPHOLD_CONFIG", str(tmp_path / "preferences.json"))


Open = Callable[..., tuple[Window, ScriptedLink, Heard]]


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Open]:
    windows = []

    def open_it(*messages: object, preferences: Preferences | None = None) -> tuple[Window, ScriptedLink, Heard]:
        link, sound = ScriptedLink(*messages, ends_after_s=0.0), Heard()  # type: ignore[arg-type]
        window = Window(link, preferences or Preferences(), sound)
        window.resize(1280, 800)
        with qtbot.waitExposed(window):
            window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        windows.append(window)
        settle()
        return window, link, sound

    yield open_it
    for window in windows:
        window.close()
        window.deleteLater()
    # Windows are cycles in Python: left to its collector, one could go while Qt walks over all of them.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def settle() -> None:
    """Let it take what was said, and paint."""
    for _ in range(2):
        QTest.qWait(40)


def press(keys: str, times: int = 1) -> None:
    """Press a key wherever the focus is, as a person does."""
    combination = QKeySequence(keys)[0]  # type: ignore[index]
    for _ in range(times):
        QTest.keyClick(focused(), combination.key(), combination.keyboardModifiers())


def focused() -> QWidget:
    """Where keys go."""
    found = QApplication.focusWidget() or QApplication.activeWindow()
    assert found is not None
    return found


def shown(window: Window) -> str:
    return next(name for name, page in window.pages.items() if page is window.stack.currentWidget())


# Keys.


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("R", Command("anew", 0, {"quick": False})),
        ("Q", Command("quick", 0, {})),
        ("Z", Command("rezero", 0, {})),
        ("E", Command("end", 0, {})),
        ("F", Command("look", 0, {})),
    ],
)
def test_a_key_tells_one_thing_once(opened: Open, key: str, command: Command) -> None:
    _, link, _ = opened(update())
    press(key)
    settle()
    assert link.told == [command]


def test_commands_go_to_the_chosen_athlete(opened: Open) -> None:
    window, link, _ = opened(update(lane=0), update(lane=1), update(lane=2))
    assert shown(window) == "coach"
    press("3")
    press("E")
    press("1")
    press("Z")
    assert [(each.name, each.lane) for each in link.told] == [("end", 2), ("rezero", 0)]


def test_a_click_in_the_coach_view_chooses_too(opened: Open) -> None:
    window, link, _ = opened(update(lane=0), update(lane=1))
    window.coach.select(1)
    press("Z")
    assert [(each.name, each.lane) for each in link.told] == [("rezero", 1)]


@pytest.mark.parametrize("key", ["R", "Q", "Z", "E", "M", "T", "N"])
def test_nothing_is_told_while_nobody_is_measured(opened: Open, key: str) -> None:
    window, link, _ = opened(KNOWN)
    press(key)
    assert link.told == []
    assert window.strip.said.text == text("window.nobody_yet")


def test_a_marker_has_a_note(opened: Open) -> None:
    _, link, _ = opened(update())
    press("M")
    settle()
    QTest.keyClicks(focused(), "left knee e")
    link.say(update(time_s=131.0))  # the note takes its time
    settle()
    press("Return")
    settle()
    assert link.told == [Command("mark", 0, {"note": "left knee e", "time_s": 127.4})]


def test_a_marker_that_is_given_up_is_not_told(opened: Open) -> None:
    _, link, _ = opened(update())
    press("M")
    settle()
    press("Esc")
    settle()
    assert link.told == []


def test_aims_are_told(opened: Open) -> None:
    _, link, _ = opened(update())
    press("T")
    settle()
    QTest.keyClicks(focused(), "25")
    press("Return")
    settle()
    assert link.told == [Command("retarget", 0, {"target_deg": 25.0, "band_deg": 5.0, "count_s": 10})]


def test_the_next_athlete_has_a_code(opened: Open) -> None:
    window, link, _ = opened(update())
    press("N")
    settle()
    field = focused()
    assert isinstance(field, QLineEdit)
    QTest.keyClicks(field, "B 2")
    press("Return")
    assert link.told == []  # no code: the dialog stays
    field.clear()
    QTest.keyClicks(field, "B2")
    press("Return")
    settle()
    assert link.told == [Command("next", 0, {"athlete": "B2"})]
    assert window.findChildren(QDialog) == []


def test_keys_of_the_window_tell_the_session_nothing(opened: Open) -> None:
    window, link, sound = opened(update())
    for key in ("A", "C", "S", "+", "-", "V", "P", "W", "D", "Ctrl++", "Ctrl+-", "H", "H", "F11", "F11", "1", "4"):
        press(key)
    settle()
    assert link.told == []
    assert ("volume", 0.8) in sound.settings
    assert sound.settings[-3:] == [("volume", 0.8), ("volume", 0.7), ("speech", True)]
    assert window.preferences.muted
    assert window.preferences.span_s == 60
    assert not window.guard.failed


def test_letters_go_into_a_field_that_has_the_focus(opened: Open) -> None:
    window, link, _ = opened(KNOWN)
    window.finding.code.edit.setFocus()
    window.finding.code.edit.clear()
    for key in "erqz12":
        press(key)
    assert window.finding.code.code() == "erqz12"
    assert link.told == []


def test_every_action_is_in_the_menu_with_its_keys(opened: Open) -> None:
    window, _, _ = opened()
    menus = [menu.menu() for menu in window.menuBar().actions()]
    every = [action for menu in menus for action in menu.actions() if not action.isSeparator()]  # type: ignore[attr-defined]
    found = {action.objectName(): action for action in every}
    named = {action.name for action in ACTIONS}
    assert named == {name for names in GROUPS.values() for name in names}
    assert set(found) - named == {action.objectName() for action in window.habits.actions}
    for action in ACTIONS:
        assert [key.toString() for key in found[action.name].shortcuts()] == [
            QKeySequence(key).toString() for key in action.keys
        ]
        assert found[action.name].text() == text(f"action.{action.name}")


def test_space_begins_once_with_who_waits(opened: Open) -> None:
    window, link, _ = opened(update(CALIBRATING, waiting=True), preferences=Preferences(quick=True))
    assert line(window)[0] == f"Space: {text('window.short_begin')}"
    press("Space", 3)
    link.say(update(CALIBRATING, waiting=True))  # made before it was told
    settle()
    press("Space")
    assert link.told == [Command("anew", 0, {"quick": True})]
    link.say(update(CALIBRATING))
    settle()
    assert not any(key.startswith("Space") for key in line(window))
    press("Space")
    assert link.names == ["anew"]
    link.say(update(CALIBRATING, waiting=True))  # the computer slept
    settle()
    press("Space")
    assert link.names == ["anew", "anew"]


def test_the_coach_begins_with_the_chosen_one(opened: Open) -> None:
    window, link, _ = opened(update(CALIBRATING, 0, waiting=True), update(CALIBRATING, 1, waiting=True))
    press("2")
    press("Space")
    press("1")
    press("Space")
    assert shown(window) == "coach"
    assert [(each.name, each.lane) for each in link.told] == [("anew", 1), ("anew", 0)]


@pytest.mark.parametrize("stage", [CALIBRATING, READY, HOLDING])
def test_space_and_esc_do_nothing_while_a_session_runs(opened: Open, stage: str) -> None:
    window, link, _ = opened(update(stage))
    before = shown(window)
    for key in ("Space", "Return", "Esc"):
        press(key)
    assert (link.told, shown(window)) == ([], before)


def line(window: Window) -> list[str]:
    return window.key_line.accessibleDescription().split(", ")


def test_the_line_names_the_keys_that_do_something() -> None:
    waiting, going = Scene(stage=CALIBRATING, waiting=True), Scene(stage=READY)
    names = {
        "choose": dict(keys_of("finding", finding=KNOWN)),
        "looking": dict(keys_of("finding", finding=Finding("looking", ""))),
        "failed": dict(keys_of("finding", finding=Finding("failed", ""))),
        "back": dict(keys_of("finding", going, Finding("ready", ""))),
        "waiting": dict(keys_of("calibration", waiting)),
        "summary": dict(keys_of("summary", going, ended=True)),
        "saved": dict(keys_of("summary", going, ended=True, saved=True)),
        "ended": dict(keys_of("coach", going, ended=True)),
    }
    assert {name: keys.get("go_on") for name, keys in names.items()} == {
        "choose": "tick", "looking": None, "failed": "again", "back": None, "waiting": "begin", "summary": "save",
        "saved": None, "ended": "summary",
    }  # fmt: skip
    assert {name: keys.get("nodes") for name, keys in names.items() if name in ("choose", "failed", "back")} == {
        "choose": "again", "failed": None, "back": "back",
    }  # fmt: skip
    for page, keys in PAGE_KEYS.items():
        assert {name for name, _ in keys_of(page, going, KNOWN)} <= set(keys)
        assert all(text(f"window.short_{name}") for name in keys)


def test_each_key_stands_for_one_action() -> None:
    keys = [QKeySequence(key).toString() for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))
    assert {name for names in PAGE_KEYS.values() for name in names} <= {action.name for action in ACTIONS}


def test_the_overlay_names_all_keys_and_closes(opened: Open) -> None:
    window, _, _ = opened(update())
    for opening, closing in (("H", "Esc"), ("F1", "H"), ("?", "?")):
        press(opening)
        assert window.overlay.isVisible()
        press(closing)
        assert not window.overlay.isVisible()
    words = window.overlay.accessibleDescription()
    assert all(text(f"action.{action.name}") in words for action in ACTIONS)


def test_the_line_of_keys_fits_beside_a_long_sentence(opened: Open) -> None:
    window, link, _ = opened(update())
    link.say(Said("There is little room on the disk; " * 4))
    window.choices.scale(0.8)
    settle()
    keys = [key for key in window.key_line._keys if key.isVisible()]
    edges = [(key.geometry().left(), key.geometry().right()) for key in keys]
    assert keys
    assert all(a[1] < b[0] for a, b in pairwise(edges))
    assert edges[-1][1] <= window.key_line.width()


# Messages and pages.


def test_each_message_has_its_page(opened: Open) -> None:
    window, link, _ = opened(Finding("looking", "Listening."))
    pages = [shown(window)]
    for message in (KNOWN, update(CALIBRATING), update(READY), update(HOLDING), SUMMARY, update(CALIBRATING, 0)):
        link.say(message)
        settle()
        pages.append(shown(window))
    assert pages == ["finding", "finding", "calibration", "athlete", "athlete", "summary", "calibration"]
    assert not window.guard.failed


def test_the_nodes_can_be_looked_at_while_a_session_runs(opened: Open) -> None:
    window, link, _ = opened(update())
    press("F")
    link.say(update(), KNOWN, update())
    settle()
    assert shown(window) == "finding"
    press("Esc")
    assert shown(window) == "athlete"
    link.say(replace(KNOWN, text="Signals have changed."))
    settle()
    assert shown(window) == "athlete"


def test_a_second_athlete_gets_a_lane_of_her_own(opened: Open) -> None:
    window, link, _ = opened(update())
    press("F")
    link.say(KNOWN)
    settle()
    press("Space")
    assert [(each.name, each.lane) for each in link.told] == [("look", 0), ("wear", 1)]
    link.say(update(CALIBRATING, 1))
    settle()
    assert shown(window) == "coach"


def test_one_athlete_is_seen_by_the_coach_when_asked_for(opened: Open) -> None:
    window, link, _ = opened(update(CALIBRATING))
    press("C")
    assert shown(window) == "coach"
    link.say(update(READY))
    settle()
    assert shown(window) == "coach"
    press("A")
    assert shown(window) == "athlete"
    assert window.preferences.view == "athlete"


def test_the_end_of_another_athlete_does_not_take_the_page(opened: Open) -> None:
    window, link, _ = opened(update(lane=0), update(lane=1))
    link.say(replace(SUMMARY, lane=1, athlete="A8"))
    settle()
    assert shown(window) == "coach"
    assert "A8" in window.strip.said.text
    press("2")
    assert shown(window) == "summary"
    press("C")
    assert shown(window) == "coach"
    press("1")
    assert shown(window) == "coach"


def test_the_end_of_one_of_several_can_be_seen_and_left(opened: Open) -> None:
    window, link, _ = opened(update(lane=0), update(lane=1))
    link.say(update(ENDED, 1), replace(SUMMARY, lane=1, athlete="A8"))
    settle()
    window.coach.select(1)
    press("C")
    assert shown(window) == "coach"
    press("Space")
    assert shown(window) == "summary"
    assert link.told == []
    press("Esc")
    assert shown(window) == "coach"


def test_keys_on_an_ended_session_say_so(opened: Open) -> None:
    window, link, _ = opened(update(), SUMMARY)
    press("R")
    assert (link.told, window.strip.said.text) == ([], text("window.has_ended"))


def test_the_end_of_another_session_has_its_own_focus(opened: Open) -> None:
    window, link, _ = opened(update(), SUMMARY)
    press("Space")
    link.say(replace(SUMMARY, path="/kept.mcap"))
    settle()
    assert window.summary.keeping.state == "saved"
    link.say(update(CALIBRATING), replace(SUMMARY, athlete="B2"))
    settle()
    assert window.summary.keeping.save_button.hasFocus()


def test_lanes_choose_the_page_without_a_window() -> None:
    lanes = Lanes()
    assert lanes.page() == "finding"
    lanes.update(update(READY, 2))
    assert (lanes.lane, lanes.page(), lanes.free()) == (2, "athlete", 0)
    lanes.end(replace(SUMMARY, lane=2))
    assert (lanes.page(), lanes.live()) == ("summary", [])
    lanes.update(update(ENDED, 2))  # late
    assert lanes.page() == "summary"
    lanes.hear(KNOWN)
    assert lanes.page() == "summary"
    lanes.hear(Finding("failed", "It is gone."))
    assert lanes.page() == "finding"
    lanes.update(update(READY, 2))
    assert (lanes.page(), lanes.live()) == ("athlete", [2])


def test_cues_are_heard_of_the_chosen_athlete_only(opened: Open) -> None:
    _, link, sound = opened(update(lane=0, cues=("tick",)), update(lane=1, cues=("drop",)))
    link.say(update(lane=0, cues=("chime", "done")))
    settle()
    assert sound.cues == ["tick", "chime", "done"]


def test_what_is_said_goes_after_a_while_but_a_fault_stays(opened: Open) -> None:
    window, link, _ = opened(update())
    window.strip._timer.setInterval(100)
    link.say(Said("Good to know."))
    settle()
    QTest.qWait(150)
    assert window.strip.said.text == ""
    link.say(Said("It broke.", "fault"))
    settle()
    QTest.qWait(200)
    assert window.strip.accessibleDescription() == "Fault: It broke."
    link.say(Said("Take care.", "warning"))
    settle()
    assert window.strip.said.text == "Take care."


def test_painting_is_timed(opened: Open) -> None:
    window, link, _ = opened(update(HOLDING))
    before = window.frames_painted
    for second in range(10):
        link.say(update(HOLDING, elevation_deg=30.0 + second / 2, held_s=float(second)))
        settle()
    assert window.frames_painted - before >= 10
    assert len(window.latencies_s) == 11
    assert all(0 < latency_s < 2 for latency_s in window.latencies_s)


# What fails.


def test_a_page_that_fails_is_said_once_and_the_session_goes_on(opened: Open) -> None:
    window, link, _ = opened(update())

    def fail(_: Scene) -> None:
        raise ZeroDivisionError("drawn badly")

    window.shown.athlete.show_scene = fail  # type: ignore[assignment,method-assign]
    link.say(update())
    settle()
    assert window.strip.said == Said(text("window.picture_failed"), "fault")
    link.say(Said("Later."), update(), update())
    settle()
    assert window.strip.said.text == "Later."
    press("E")
    assert link.names == ["end"]


def test_a_painter_that_fails_does_not_end_the_process(opened: Open) -> None:
    window, link, _ = opened(update())

    class Broken(QWidget):
        painted = 0

        def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802
            with painting(self):
                self.painted += 1
                raise ValueError("no such colour")

    broken = Broken(window.shown.athlete)
    broken.resize(300, 300)
    broken.show()
    for _ in range(5):
        broken.update()
        settle()
    assert broken.painted >= 5
    assert window.strip.said.text == text("window.picture_failed")
    press("E")
    assert link.names == ["end"]


def test_the_hook_is_given_back(opened: Open) -> None:
    before = sys.excepthook
    window, _, _ = opened()
    assert sys.excepthook != before
    window.close()
    assert sys.excepthook == before


# Closing, and what is remembered.


def test_closing_in_a_hold_waits_for_the_session(opened: Open) -> None:
    window, link, _ = opened(update(HOLDING))
    link.ends_after_s = 0.5
    seen = []
    window._timer.timeout.connect(lambda: seen.append(window.veil.isVisible()))
    before_s = time.monotonic()
    press("Ctrl+Q")
    assert 0.5 <= time.monotonic() - before_s < CLOSE_S
    assert link.told == [Command("quit")]
    assert seen
    assert all(seen)
    assert text("window.saving") in window.veil.text()
    assert not window.isVisible()


def test_closing_twice_tells_once(opened: Open) -> None:
    window, link, _ = opened(update())
    link.ends_after_s = 0.3
    window._timer.timeout.connect(window.close)
    window.close()
    window.close()
    assert link.names == ["quit"]


def test_a_session_that_does_not_end_is_not_waited_for_forever(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiphold.view.closing.CLOSE_S", 0.3)
    window, link, _ = opened(update())
    link.ends_after_s = 1e9
    window.close()
    assert not window.isVisible()


def test_what_was_chosen_is_remembered(opened: Open) -> None:
    window, _, _ = opened(update())
    for key in ("D", "Ctrl++", "Ctrl++", "S", "+", "V", "W", "C"):
        press(key)
    window.resize(1111, 777)
    settle()
    window.close()
    kept, wrong = load()
    assert wrong == ""
    assert (kept.theme, kept.scale, kept.muted, kept.volume) == ("light", 1.2, True, 0.8)
    assert (kept.speech, kept.span_s, kept.view) == (True, 60, "coach")
    again, _, sound = opened(update(), preferences=kept)
    assert shown(again) == "coach"
    assert base64.b64decode(kept.geometry)
    assert ("mute", True) in sound.settings
    assert theme.current().name == "light"


def test_habits_are_chosen_in_the_menu(opened: Open, tmp_path: Path) -> None:
    window, link, _ = opened(update())
    assert not window.habits.quick.isChecked()
    window.habits.quick.trigger()
    press("R")
    assert link.told == [Command("anew", 0, {"quick": True})]
    window.habits.folder.trigger()
    dialog = window.findChild(QFileDialog, "folder_dialog")
    assert isinstance(dialog, QFileDialog)
    (tmp_path / "elsewhere").mkdir()
    dialog.selectFile(str(tmp_path / "elsewhere"))
    dialog.accept()
    settle()
    assert str(tmp_path / "elsewhere") in window.strip.said.text
    window.close()
    kept, _ = load()
    assert (kept.quick, kept.folder) == (True, tmp_path / "elsewhere")
    again, _, _ = opened(update(), preferences=kept)
    assert again.habits.quick.isChecked()


def test_whose_sounds_are_heard_is_said(opened: Open) -> None:
    window, _, _ = opened(update())
    assert text("window.keys_sound") in window.overlay.accessibleDescription()
    menu = window.findChild(QMenu, "menu_sound")
    assert isinstance(menu, QMenu)
    assert {action.statusTip() for action in menu.actions()} == {text("window.menu_sound_why")}


def test_theme_and_size_change_at_once(opened: Open) -> None:
    window, _, _ = opened(KNOWN)
    before = window.finding.title.height()
    dark = window.grab().toImage().pixelColor(5, 400).lightness()
    press("D")
    press("Ctrl++", 6)
    settle()
    assert window.grab().toImage().pixelColor(5, 400).lightness() > dark + 100
    assert window.finding.title.height() > 1.4 * before
    press("Ctrl++", 20)
    assert window.preferences.scale == 2.0
    press("Ctrl+-", 20)
    assert window.preferences.scale == 0.8


def test_all_that_can_be_operated_says_what_it_is(opened: Open) -> None:
    window, _, _ = opened(KNOWN)
    for page in (window.finding, window.summary):
        for widget in page.findChildren(QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.objectName().startswith("qt_") is False:
                said = widget.accessibleName() or getattr(widget, "text", lambda: "")()
                assert widget.objectName(), widget
                assert said, widget.objectName()
