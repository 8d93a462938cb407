"""The calibration page: the pose, the steps, how still all is, and what was refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import nan

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from hiphold.session.scene import CALIBRATING, STEPS, WARNING, Notice, RecordingState, Scene, Step, Still
from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.calibration import CalibrationPage
from hiphold.view.colours import DARK
from hiphold.wire import PLACEMENTS
from test_view_athlete import LONG, SIZES, part, places, said
from test_view_widgets import colours, outside, upon_each_other, words

WRONG = "That was the left knee. Raise the right one, straight ahead, twice."


def steps(*done: int, refused: str = "") -> tuple[Step, ...]:
    """The whole ritual; what is refused is the first raise."""
    return tuple(
        Step(key, done[k], needed, refused if key == "raise_right" else "")
        for k, (key, needed) in enumerate(zip(STEPS, (1, 2, 2, 1)))
    )


STAND = Scene(
    athlete="A-07",
    stage=CALIBRATING,
    prompt="Stand tall, do not move",
    hint="hands behind the head",
    pose="stand",
    steps=steps(0, 0, 0, 0),
    still=Still(0.45, 1.2, 3.0, "thigh_right"),
    recording=RecordingState("recording", "x", 4.0),
)
REFUSED = replace(
    STAND,
    prompt="Raise your right knee",
    pose="raise_right",
    steps=steps(1, 1, 0, 0, refused=WRONG),
    still=Still(1.45, 0.0, 3.0, "thigh_right"),
    notices=(Notice("silent", LONG, WARNING),),
)
BOW = replace(STAND, prompt="Bow from the hips", pose="bow", steps=steps(1, 2, 2, 0), still=Still(0.0, 3.0, 3.0))
QUICK = replace(STAND, quick=True, steps=(Step("stand", 0, 1),), still=None)
UNKNOWN = replace(STAND, still=Still(nan, 0.0, 3.0), athlete="", hint="")
LONGEST = replace(REFUSED, steps=steps(1, 1, 0, 0, refused=WRONG * 3), still=Still(99.0, 0.0, 20.0, "shank_right"))
SCENES = {"stand": STAND, "refused": REFUSED, "bow": BOW, "quick": QUICK, "unknown": UNKNOWN, "longest": LONGEST}


@pytest.fixture(autouse=True)
def _usual_look(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "dark", 1.0)
    yield
    theme.apply(qapp, "dark", 1.0)


@pytest.fixture
def page(qtbot: QtBot) -> CalibrationPage:
    made = CalibrationPage()
    qtbot.addWidget(made)
    made.resize(*SIZES[0])
    made.show()
    return made


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("look", "scale"), [("dark", 1.0), ("light", 1.0), ("light", 1.6)])
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
def test_nothing_is_clipped(
    qapp: QApplication, page: CalibrationPage, scene: Scene, look: str, scale: float, size: tuple[int, int]
) -> None:
    theme.apply(qapp, look, scale)
    page.resize(*size)
    page.show_scene(scene)
    page.grab()
    for name in places(page):
        cut = name == "notices"  # the whole text is in its description and tool tip
        assert [each for each in outside(part(page, name)) if not (cut and each.endswith("…"))] == [], name
        if name != "pose":
            assert upon_each_other(part(page, name)) == [], name


def test_nothing_moves_when_texts_come_and_go(page: CalibrationPage) -> None:
    page.show_scene(STAND)
    before = places(page)
    for scene in SCENES.values():
        page.show_scene(scene)
        assert places(page) == before


def test_steps_are_counted_and_the_present_one_is_named(page: CalibrationPage) -> None:
    page.show_scene(replace(STAND, pose="raise_right", steps=steps(1, 1, 0, 0)))
    page.grab()
    assert said(page, "steps") == (
        "Calibration; Stand still: done; Raise right knee  1 of 2: now; Raise left knee  0 of 2: to do; "
        "Bow from the hips: to do"
    )
    expected = ["Calibration", "Stand still", "done", "Raise right knee  1 of 2", "now", "Raise left knee  0 of 2"]
    assert words(part(page, "steps")) == [*expected, "to do", "Bow from the hips", "to do"]


def test_a_refused_step_says_why_in_large_letters(page: CalibrationPage) -> None:
    page.show_scene(REFUSED)
    page.grab()
    assert "Raise right knee  1 of 2: again" in said(page, "steps")
    advice = part(page, "advice")
    assert said(page, "advice") == WRONG
    assert words(advice) == [WRONG]
    image = advice.grab().toImage()
    assert colours(image, image.rect())[DARK.fault] > 500
    page.show_scene(replace(REFUSED, steps=steps(1, 2, 0, 0)))
    assert said(page, "advice") == text("calibration_view.pose_raise_right")
    image = advice.grab().toImage()
    assert colours(image, image.rect()).get(DARK.fault, 0) == 0


def test_two_refused_steps_are_both_told(page: CalibrationPage) -> None:
    both = (Step("stand", 0, 1, "You moved. Stand still."), Step("bow", 0, 1, "Bow deeper."))
    page.show_scene(replace(STAND, steps=both))
    assert said(page, "advice") == "You moved. Stand still.\nBow deeper."


@pytest.mark.parametrize(
    ("still", "verdict", "countdown"),
    [
        (Still(0.0, 0.0, 3.0, "pelvis"), "still enough", "3"),
        (Still(0.45, 1.2, 3.0, "thigh_right"), "still enough", "2"),
        (Still(1.0, 2.95, 3.0, "pelvis"), "still enough", "1"),
        (Still(1.001, 0.0, 3.0, "pelvis"), "moved: pelvis sensor", "3"),
        (Still(8.0, 0.0, 3.0, "thigh_left"), "moved: left thigh sensor", "3"),
        (Still(2.0, 0.0, 3.0), "moved", "3"),
        (Still(nan, 0.0, 3.0), "no readings yet", "3"),
        (None, "no readings yet", "–"),
    ],
)
def test_stillness_is_said_and_counted_down(
    page: CalibrationPage, still: Still | None, verdict: str, countdown: str
) -> None:
    page.show_scene(replace(STAND, still=still))
    page.grab()
    assert {verdict, countdown, "limit"} <= set(words(part(page, "stillness")))
    told = f"{verdict}; {countdown} s to go" if still else verdict
    assert said(page, "stillness") == told


def test_the_countdown_ends_in_a_check(page: CalibrationPage) -> None:
    page.show_scene(BOW)
    page.grab()
    assert "0" not in words(part(page, "stillness"))
    assert said(page, "stillness") == "still enough; 0 s to go"


def test_the_bar_grows_with_the_level_and_crosses_the_limit(page: CalibrationPage) -> None:
    lengths = []
    for level, ink in ((0.3, DARK.good), (0.9, DARK.good), (1.1, DARK.fault), (1.9, DARK.fault), (50.0, DARK.fault)):
        page.show_scene(replace(STAND, still=Still(level, 0.0, 3.0)))
        image = part(page, "stillness").grab().toImage()
        lengths.append(colours(image, image.rect()).get(ink, 0))
    assert lengths[0] < lengths[1] < lengths[2] < lengths[3] <= lengths[4]


@pytest.mark.parametrize("placement", [*PLACEMENTS, "unknown"])
def test_every_placement_has_a_name(page: CalibrationPage, placement: str) -> None:
    page.show_scene(replace(STAND, still=Still(2.0, 0.0, 3.0, placement)))
    assert said(page, "stillness").startswith("moved: ")
    assert "_" not in said(page, "stillness")


@pytest.mark.parametrize("key", STEPS)
def test_each_step_has_its_picture(page: CalibrationPage, key: str) -> None:
    page.show_scene(replace(STAND, pose=key))
    assert said(page, "pose") == text(f"calibration_view.pose_{key}")


def test_the_picture_moves_only_while_the_page_is_seen(page: CalibrationPage) -> None:
    page.show_scene(BOW)
    timers = page.findChildren(QTimer)
    assert [each.isActive() for each in timers] == [True]
    page.hide()
    assert [each.isActive() for each in timers] == [False]
    page.show()
    assert [each.isActive() for each in timers] == [True]


def test_keys_and_quick_start_are_told(page: CalibrationPage) -> None:
    page.show_scene(STAND)
    assert "Q  quick start" in said(page, "keys")
    assert "R  begin the calibration anew" in said(page, "keys")
    page.show_scene(QUICK)
    assert said(page, "steps") == "Quick start: stand still only; Stand still: now"
    assert "R  begin the calibration anew" in said(page, "keys")
    assert "Q " not in said(page, "keys")


def test_prompt_notices_and_recording_are_there_too(page: CalibrationPage) -> None:
    page.show_scene(REFUSED)
    assert said(page, "prompt") == "Raise your right knee"
    assert said(page, "hint") == "hands behind the head"
    assert said(page, "athlete") == "A-07"
    assert said(page, "recording") == "REC 0:04"
    assert said(page, "notices").startswith("Warning: The sensor")
