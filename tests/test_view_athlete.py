"""The athlete's page as a whole: every part shows the scene, nothing moves, nothing is clipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from hiphold.session.scene import FAULT, INFO, WARNING, Notice, RecordingState, Scene
from hiphold.view import theme
from hiphold.view.athlete import AthletePage
from hiphold.view.theme import Painted
from hiphold.view.tooltips import tip
from test_view_widgets import BESTS, HOLD, REPS, SCENES, outside, upon_each_other, words

SIZES = ((1280, 800), (1920, 1080))
LONG = "The sensor on the right thigh has been silent for three seconds. " * 4
NOTICES = (
    Notice("note", "The battery of the pelvis sensor is half empty.", INFO),
    Notice("silent", "The right thigh sensor is silent. Bring it nearer or check its battery.", WARNING),
    Notice("disk", "Nothing is recorded: the disk is full. Make room, then calibrate anew.", FAULT),
)
TOLD = replace(
    HOLD,
    athlete="A-07",
    prompt="Hold: rotate the leg out",
    hint="then slowly across the body; hips still",
    recording=RecordingState("recording", "somewhere.mcap", 83.7),
)
LONGEST = replace(
    TOLD,
    athlete="Marieke van der Berg-Oosterhout",
    prompt="Raise the right knee higher and then turn the lower leg slowly out",
    hint="and after that as slowly across the body while both hips stay where they were before",
    notices=tuple(Notice(str(k), LONG, WARNING) for k in range(4)),
    reps=REPS,
    recording=RecordingState("failed", "", 8000.0, "the disk is full"),
)


@pytest.fixture(autouse=True)
def _usual_look(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "dark", 1.0)
    yield
    theme.apply(qapp, "dark", 1.0)


@pytest.fixture
def page(qtbot: QtBot) -> AthletePage:
    made = AthletePage()
    qtbot.addWidget(made)
    made.resize(*SIZES[0])
    made.show()
    return made


def part(page: QWidget, name: str) -> Painted:
    return page.findChild(Painted, name)  # type: ignore[return-value]


def said(page: QWidget, name: str) -> str:
    return part(page, name).accessibleDescription()


def places(page: QWidget) -> dict[str, tuple[int, int, int, int]]:
    page.grab()
    return {each.objectName(): (each.x(), each.y(), each.width(), each.height()) for each in page.findChildren(Painted)}


def test_every_part_says_what_the_scene_says(page: AthletePage) -> None:
    page.show_scene(TOLD)
    assert said(page, "athlete") == "A-07"
    assert said(page, "prompt") == "Hold: rotate the leg out"
    assert said(page, "hint") == "then slowly across the body; hips still"
    assert said(page, "recording") == "REC 1:23"
    assert said(page, "dial").startswith("right thigh: +31°, in the band")
    assert said(page, "count") == "count to 10: 6; 6.4 s held"
    assert said(page, "sweep").startswith("leg rotation: out 20°")
    assert said(page, "level").startswith("hips level")
    assert said(page, "figure").startswith("the athlete with the right thigh at 31")
    assert said(page, "results").startswith("repetition 5, left")
    assert said(page, "notices") == ""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("look", "scale"), [("dark", 1.0), ("light", 1.0), ("dark", 1.6)])
@pytest.mark.parametrize("scene", [*SCENES.values(), TOLD], ids=[*SCENES, "told"])
def test_nothing_is_clipped(
    qapp: QApplication, page: AthletePage, scene: Scene, look: str, scale: float, size: tuple[int, int]
) -> None:
    theme.apply(qapp, look, scale)
    page.resize(*size)
    page.show_scene(replace(scene, prompt=TOLD.prompt, hint=TOLD.hint, notices=NOTICES))
    page.grab()
    for each in page.findChildren(Painted):
        assert outside(each) == [], each.objectName()
        if each.objectName() != "figure":
            assert upon_each_other(each) == [], each.objectName()
        assert page.rect().contains(QRect(each.mapTo(page, QPoint()), each.size())), each.objectName()


@pytest.mark.parametrize("scale", [1.0, 1.6])
def test_the_longest_texts_stay_in_their_places(qapp: QApplication, page: AthletePage, scale: float) -> None:
    theme.apply(qapp, "dark", scale)
    page.show_scene(LONGEST)
    page.grab()
    for each in page.findChildren(Painted):
        cut = each.objectName() == "notices"  # the whole text is in its description and tool tip
        assert [words for words in outside(each) if not (cut and words.endswith("…"))] == [], each.objectName()
    assert LONG.strip() in said(page, "notices")
    assert part(page, "notices").toolTip() == tip(said(page, "notices"))


def test_nothing_moves_when_texts_come_and_go(page: AthletePage) -> None:
    page.show_scene(Scene())
    before = places(page)
    for scene in (TOLD, LONGEST, replace(TOLD, notices=NOTICES, reps=REPS, bests=BESTS)):
        page.show_scene(scene)
        assert places(page) == before


def test_dial_and_count_have_most_of_the_room(page: AthletePage) -> None:
    found = places(page)
    area = {name: width * height for name, (_, _, width, height) in found.items()}
    assert area["dial"] > area["count"] > max(area[name] for name in ("figure", "sweep", "level"))
    assert area["dial"] + area["count"] > 0.33 * page.width() * page.height()
    assert found["prompt"][3] > found["hint"][3]


def test_the_worst_notice_comes_first_and_the_rest_are_counted(page: AthletePage) -> None:
    page.show_scene(replace(TOLD, notices=NOTICES))
    page.grab()
    strip = part(page, "notices")
    assert [text.split()[0] for text in words(strip)] == ["Nothing", "The", "+"]
    assert words(strip)[-1] == "+ 1 more"
    lines = strip.accessibleDescription().split("\n")
    assert [line.split(":")[0] for line in lines] == ["Fault", "Warning", "Note"]
    page.show_scene(TOLD)
    page.grab()
    assert words(strip) == []


def test_notices_are_read_in_full_by_who_comes_by_the_keys(page: AthletePage, qtbot: QtBot) -> None:
    page.activateWindow()
    page.setFocus()
    page.show_scene(TOLD)
    QTest.keyClick(page, Qt.Key.Key_Tab)
    assert not part(page, "notices").hasFocus()
    page.show_scene(replace(TOLD, notices=NOTICES))
    before = part(page, "notices").grab().toImage()
    QTest.keyClick(page, Qt.Key.Key_Tab)
    assert part(page, "notices").hasFocus()
    qtbot.waitUntil(QToolTip.isVisible)
    assert QToolTip.text() == tip(said(page, "notices"))
    assert part(page, "notices").grab().toImage() != before
    QToolTip.hideText()


def test_what_others_wrote_is_never_taken_for_markup(page: AthletePage) -> None:
    state = RecordingState("failed", "", 1.0, "no <b>room</b>")
    page.show_scene(replace(TOLD, notices=(Notice("x", "<b>hh-1</b> is silent", FAULT),), recording=state))
    assert "&lt;b&gt;hh-1" in part(page, "notices").toolTip()
    assert "&lt;b&gt;room" in part(page, "recording").toolTip()


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (RecordingState("off"), "not recording"),
        (RecordingState("recording", "x", 3.9), "REC 0:03"),
        (RecordingState("recording", "x", 3683.0), "REC 1:01:23"),
        (RecordingState("failed", "x", 3.0, "the disk is full"), "recording failed: the disk is full"),
        (RecordingState("closed", "x", 65.0), "recorded 1:05"),
    ],
)
def test_the_recording_state_is_in_words(page: AthletePage, state: RecordingState, expected: str) -> None:
    page.show_scene(replace(TOLD, recording=state))
    page.grab()
    assert said(page, "recording") == expected
    assert words(part(page, "recording")) == [expected.partition(": the")[0]]


def test_recording_and_not_recording_differ_in_shape(page: AthletePage) -> None:
    seen = []
    for state in ("off", "recording", "failed", "closed"):
        page.show_scene(replace(TOLD, recording=RecordingState(state, "x", 3.0)))
        seen.append(part(page, "recording").grab().toImage())
    assert all(a != b for k, a in enumerate(seen) for b in seen[k + 1 :])


def test_an_athlete_without_a_code(page: AthletePage) -> None:
    page.show_scene(Scene())
    assert said(page, "athlete") == "no code"


def test_another_size_of_everything_takes_effect_at_once(qapp: QApplication, page: AthletePage) -> None:
    page.show_scene(TOLD)
    before = places(page)
    theme.apply(qapp, "dark", 1.6)
    qapp.processEvents()
    after = places(page)
    assert after["results"][3] > before["results"][3]
    assert after["prompt"][3] > before["prompt"][3]
