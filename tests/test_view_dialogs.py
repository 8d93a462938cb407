"""The dialogs of the coach: what they take, within what limits, and how the keys end them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QDoubleSpinBox, QLabel, QLineEdit, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from hiphold.session.lane import NOTE_LENGTH
from hiphold.session.scene import COMMANDS
from hiphold.view import theme
from hiphold.view.aims import AimsDialog
from hiphold.view.marker import NOTE_MAX, MarkerDialog

LONG = "Anna-Maria von und zu Hohenstein-Wittelsbach, rowing, second boat"


@pytest.fixture(params=[("dark", 1.0), ("light", 1.4)])
def look(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, *request.param)
    yield
    theme.apply(qapp, "dark")


def shown(dialog: QDialog, qtbot: QtBot) -> None:
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)


def aims(qtbot: QtBot, athlete: str = "A-01") -> AimsDialog:
    dialog = AimsDialog(athlete, 30.0, 5.0, 10)
    shown(dialog, qtbot)
    return dialog


def box(dialog: QDialog, name: str) -> QDoubleSpinBox:
    found = dialog.findChild(QDoubleSpinBox, name)
    assert isinstance(found, QDoubleSpinBox)
    return found


def note(dialog: QDialog) -> QLineEdit:
    found = dialog.findChild(QLineEdit, "marker_note")
    assert isinstance(found, QLineEdit)
    return found


def outside(parent: QWidget) -> list[str]:
    """The texts that have less room than they need."""
    labels = [each for each in parent.findChildren(QLabel) if each.isVisible()]
    short = [each.text() for each in labels if each.height() < each.heightForWidth(each.width())]
    buttons = [each for each in parent.findChildren(QPushButton) if each.isVisible()]
    return short + [each.text() for each in buttons if each.width() < each.sizeHint().width()]


@pytest.mark.usefixtures("look")
def test_aims_are_given_back_as_the_command_takes_them(qtbot: QtBot) -> None:
    dialog = aims(qtbot)
    assert dialog.aims() == (30.0, 5.0, 10)
    assert set(dialog.arguments()) == {"target_deg", "band_deg", "count_s"}
    assert all(name in COMMANDS["retarget"] for name in dialog.arguments())


@pytest.mark.usefixtures("look")
def test_aims_are_typed_and_entered(qtbot: QtBot) -> None:
    dialog = aims(qtbot)
    QTest.keyClicks(box(dialog, "aims_target"), "12.5")
    QTest.keyClick(box(dialog, "aims_target"), Qt.Key.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert dialog.aims() == (12.5, 5.0, 10)


def test_escape_leaves_the_aims(qtbot: QtBot) -> None:
    dialog = aims(qtbot)
    QTest.keyClick(box(dialog, "aims_target"), Qt.Key.Key_Up)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.result() == QDialog.DialogCode.Rejected
    assert not dialog.isVisible()


def test_aims_stay_within_their_limits(qtbot: QtBot) -> None:
    dialog = aims(qtbot)
    count = dialog.findChild(QSpinBox, "aims_count")
    assert isinstance(count, QSpinBox)
    box(dialog, "aims_target").setValue(-200)
    box(dialog, "aims_band").setValue(0)
    count.setValue(0)
    assert dialog.aims() == (-90.0, 1.0, 1)
    box(dialog, "aims_target").setValue(200)
    box(dialog, "aims_band").setValue(99)
    count.setValue(999)
    assert dialog.aims() == (90.0, 60.0, 600)


@pytest.mark.parametrize("given", [(-90.0, 1.0, 1), (90.0, 60.0, 600)])
def test_aims_that_the_session_takes_are_not_changed_by_being_looked_at(
    qtbot: QtBot, given: tuple[float, float, int]
) -> None:
    dialog = AimsDialog("A-01", *given)
    shown(dialog, qtbot)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.aims() == given


def test_aims_say_what_they_mean(qtbot: QtBot) -> None:
    dialog = aims(qtbot)
    box(dialog, "aims_target").setValue(-10)
    assert "from −15° to −5°" in dialog.accessibleDescription()
    assert "whole session" in dialog.accessibleDescription()
    assert "judged anew" in dialog.accessibleDescription()


@pytest.mark.usefixtures("look")
def test_nothing_is_cut_off(qtbot: QtBot) -> None:
    marker = MarkerDialog(LONG, 4000.0)
    shown(marker, qtbot)
    assert outside(aims(qtbot, LONG)) == []
    assert outside(marker) == []


def test_a_marker_keeps_the_time_at_which_it_was_opened(qtbot: QtBot) -> None:
    dialog = MarkerDialog("A-01", 83.24)
    shown(dialog, qtbot)
    QTest.keyClicks(note(dialog), "  hips dropped ")
    QTest.keyClick(note(dialog), Qt.Key.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert (dialog.time_s, dialog.note) == (83.24, "hips dropped")
    assert "1:23.2" in dialog.accessibleDescription()
    assert "hips dropped" in dialog.accessibleDescription()


@pytest.mark.parametrize(("time_s", "words"), [(59.97, "1:00.0"), (0.0, "0:00.0"), (119.94, "1:59.9")])
def test_the_time_of_a_marker_is_rounded_as_a_whole(qtbot: QtBot, time_s: float, words: str) -> None:
    dialog = MarkerDialog("A-01", time_s)
    qtbot.addWidget(dialog)
    assert f"At {words}," in dialog.accessibleDescription()


def test_a_marker_may_be_empty_and_has_an_end(qtbot: QtBot) -> None:
    dialog = MarkerDialog("A-01", 1.0)
    shown(dialog, qtbot)
    assert dialog.note == ""
    note(dialog).setText("x" * 300)
    assert dialog.note == "x" * NOTE_MAX == "x" * NOTE_LENGTH  # no more than the session keeps
    left = dialog.findChild(QLabel, "marker_left")
    assert isinstance(left, QLabel)
    assert left.text() == "0 characters left"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.result() == QDialog.DialogCode.Rejected
