"""The athlete's dials and figures one by one: what they say, where they write it, what they look like."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from math import inf, nan
from time import process_time

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from hiphold.session.body import pose
from hiphold.session.scene import HOLDING, Best, Posture, Rep, Scene
from hiphold.view import theme
from hiphold.view.colours import DARK, LIGHT, THEMES, Theme
from hiphold.view.count import Count
from hiphold.view.dial import Dial, degrees, seconds
from hiphold.view.figure import Figure, Pose
from hiphold.view.level import Level
from hiphold.view.marks import MARKS
from hiphold.view.reps import Results
from hiphold.view.sweep import Sweep
from hiphold.view.theme import Painted, fitting, mark

KINDS = (Dial, Count, Sweep, Level, Figure, Results)
SIZES: dict[type, tuple[int, int]] = {
    Dial: (520, 418),
    Count: (316, 418),
    Sweep: (190, 162),
    Level: (190, 162),
    Figure: (390, 243),
}
SIZES |= {Results: (1252, 180)}


def rep(number: int, side: str, hold_s: float = 8.2, **more: object) -> Rep:
    known: dict[str, object] = {
        "hold_uncertainty_s": 0.2,
        "elevation_deg": 31.2,
        "elevation_uncertainty_deg": 1.4,
        "rotation_out_deg": -32.0,
        "rotation_in_deg": 18.0,
        "rotation_range_deg": 50.0,
    }
    return Rep(number, side, hold_s >= 5.0, 30.0 * number, hold_s, **(known | more))  # type: ignore[arg-type]


REPS = tuple(rep(k, ("right", "left")[k % 2], 4.0 + k, full=k >= 6, best=k == 12) for k in range(1, 13))
BESTS = (Best("left", 15.0, 31.0, True), Best("right", 112.6, 30.0, False))
HOLD = Scene(
    stage=HOLDING,
    elevation_deg=31.4,
    held_s=6.43,
    count=6,
    rotation_deg=-20.0,
    rotation_out_deg=-32.0,
    rotation_in_deg=18.0,
    tilt_deg=-4.0,
    obliquity_deg=3.0,
    turn_deg=4.0,
    posture=Posture(elevation_right_deg=31.4, rotation_right_deg=-20.0),
    reps=REPS[:5],
    bests=BESTS,
)
LEFT = replace(HOLD, side="left", posture=Posture(elevation_left_deg=31.4))
NOTHING = Scene(posture=Posture(*[nan] * 10))
UNKNOWN = replace(HOLD, reps=(Rep(1, "left", True, 0.0, 6.0),), bests=())
EXTREMES = replace(
    HOLD,
    elevation_deg=75.0,
    held_s=188.8,
    count=188,
    rotation_deg=-120.0,
    rotation_out_deg=-120.0,
    rotation_in_deg=119.0,
    tilt_deg=-88.0,
    obliquity_deg=-60.0,
    turn_deg=170.0,
    posture=Posture(75.0, 75.0, 60.0, 60.0, 60.0, 60.0, 40.0, 30.0, 60.0, 90.0),
    reps=REPS,
)
LOWEST = replace(HOLD, elevation_deg=-90.0, rotation_deg=90.0, obliquity_deg=60.0, target_deg=0.0, count_s=60)
FLAT_TARGET = replace(HOLD, target_deg=8.0, band_deg=2.0)
HIGH_TARGET = replace(HOLD, target_deg=70.0, band_deg=10.0)
SCENES = {
    "hold": HOLD,
    "left": LEFT,
    "nothing": NOTHING,
    "unknown": UNKNOWN,
    "extremes": EXTREMES,
    "lowest": LOWEST,
    "flat target": FLAT_TARGET,
    "high target": HIGH_TARGET,
}


@pytest.fixture(autouse=True)
def _usual_look(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp, "dark", 1.0)
    yield
    theme.apply(qapp, "dark", 1.0)


@pytest.fixture
def paint(qtbot: QtBot) -> Callable[..., QImage]:
    """Shows a widget in a window of the size it is designed for, and gives what it looks like."""
    windows = []

    def made(widget: QWidget, size: tuple[int, int] | None = None) -> QImage:
        if widget.parent() is None:
            window = QWidget()
            qtbot.addWidget(window)
            windows.append(window)
            window.resize(*theme.DESIGNED_FOR)
            widget.setParent(window)
            widget.show()
        width, height = size or SIZES[type(widget)]
        widget.setGeometry(QRect(0, 0, width, height))
        return widget.grab().toImage()

    return made


def words(widget: Painted) -> list[str]:
    return [each for each, _ in widget.written]


def spot(widget: Painted, said: str) -> QRectF:
    """Where these words stand."""
    return next(box for each, box in widget.written if each == said)


def outside(widget: Painted) -> list[str]:
    """What does not lie within the widget, or was cut short."""
    room = QRectF(widget.rect()).adjusted(-0.5, -0.5, 0.5, 0.5)
    return [each for each, box in widget.written if not room.contains(box) or each.endswith("…")]


def upon_each_other(widget: Painted) -> list[tuple[str, str]]:
    """Pairs of words that cover each other by more than the empty edges of letters."""
    found = []
    for (a, box_a), (b, box_b) in combinations(widget.written, 2):
        both = box_a.intersected(box_b)
        if both.width() > 3.0 and both.height() > 0.3 * min(box_a.height(), box_b.height()):
            found.append((a, b))
    return found


def colours(image: QImage, box: QRect) -> dict[str, int]:
    """How often each colour stands in a part of an image."""
    pixels, number = np.unique(rgb(image.copy(box & image.rect())), return_counts=True)
    return {f"#{pixel:06x}": int(n) for pixel, n in zip(pixels, number)}


def rgb(image: QImage) -> npt.NDArray[np.uint32]:
    """0xrrggbb of each pixel."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    found = np.frombuffer(plain.constBits(), np.uint32).reshape(plain.height(), -1)
    return found[:, : plain.width()] & np.uint32(0xFFFFFF)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
@pytest.mark.parametrize(("name", "scale"), [("dark", 1.0), ("light", 1.6)])
def test_all_is_written_within_the_widget(
    qapp: QApplication, paint: Callable[..., QImage], kind: type[Dial], scene: Scene, name: str, scale: float
) -> None:
    theme.apply(qapp, name, scale)
    widget = kind()
    widget.show_scene(scene)
    paint(widget)
    assert outside(widget) == []
    assert widget.written
    if widget.objectName() != "figure":  # there letters go with the knees
        assert upon_each_other(widget) == []
    assert widget.objectName()
    assert widget.accessibleDescription()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(60, 40), (10, 10), (900, 60), (60, 700)])
def test_no_size_is_too_small(paint: Callable[..., QImage], kind: type[Dial], size: tuple[int, int]) -> None:
    widget = kind()
    widget.show_scene(HOLD)
    assert not paint(widget, size).isNull()


@pytest.mark.parametrize("kind", KINDS)
def test_dark_and_light_differ_at_once(qapp: QApplication, paint: Callable[..., QImage], kind: type[Dial]) -> None:
    widget = kind()
    widget.show_scene(HOLD)
    dark = paint(widget)
    theme.apply(qapp, "light")
    light = paint(widget)
    assert DARK.panel in colours(dark, dark.rect())
    assert LIGHT.panel in colours(light, light.rect())


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_painted_anew_only_when_something_changed(
    qtbot: QtBot, paint: Callable[..., QImage], kind: type[Dial]
) -> None:
    times = []

    class Counted(kind):  # type: ignore[valid-type, misc]
        def draw(self, painter: QPainter) -> None:
            times.append(1)
            super().draw(painter)

    widget = Counted()
    widget.show_scene(HOLD)
    paint(widget, SIZES[kind])
    window = widget.window()
    window.show()
    qtbot.waitExposed(window)
    qtbot.wait(20)
    times.clear()
    same = replace(HOLD, elevation_deg=31.43, rotation_deg=-20.1, obliquity_deg=3.05, held_s=6.44, time_s=9.0)
    widget.show_scene(replace(same, reps=tuple(replace(each) for each in HOLD.reps)))
    qtbot.wait(20)
    assert times == []
    widget.show_scene(replace(EXTREMES, side="left"))
    qtbot.waitUntil(lambda: times == [1])


@pytest.mark.parametrize("kind", [Dial, Count, Sweep, Level, Figure])
def test_painting_is_cheap(paint: Callable[..., QImage], kind: type[Dial]) -> None:
    widget = kind()
    widget.show_scene(HOLD)
    paint(widget)
    image = QImage(widget.size(), QImage.Format.Format_RGB32)
    spent = []
    for _ in range(15):
        start = process_time()
        with QPainter(image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            widget.draw(painter)
        spent.append(process_time() - start)
    assert min(spent) < 6e-3  # a few ms at most; twice that for slow machines


@pytest.mark.parametrize(
    ("value", "signed", "said"),
    [
        (31.4, True, "+31°"),
        (-0.4, True, "0°"),
        (-12.0, True, "−12°"),
        (-12.0, False, "12°"),
        (nan, True, "–"),
        (inf, True, "–"),
    ],
)
def test_degrees_are_whole_and_signed(value: float, signed: bool, said: str) -> None:
    assert degrees(value, signed=signed) == said


def test_seconds_have_one_decimal() -> None:
    assert (seconds(6.43), seconds(nan)) == ("6.4", "–")


@pytest.mark.parametrize(
    ("elevation", "number", "zone"),
    [
        (-90.0, "−90°", "higher"),
        (24.9, "+25°", "higher"),
        (25.0, "+25°", "in the band"),
        (35.0, "+35°", "in the band"),
        (75.0, "+75°", "above"),
        (nan, "–", "no reading"),
    ],
)
def test_the_dial_says_the_angle_and_the_zone(
    paint: Callable[..., QImage], elevation: float, number: str, zone: str
) -> None:
    dial = Dial()
    dial.show_scene(replace(HOLD, elevation_deg=elevation))
    paint(dial)
    assert {number, zone, "right thigh", "−90°", "0°", "+30°", "target +25° to +35°"} <= set(words(dial))
    assert dial.accessibleDescription() == f"right thigh: {number}, {zone}; target +25° to +35°"


def test_the_angle_is_the_largest_writing_and_keeps_its_size(paint: Callable[..., QImage]) -> None:
    dial = Dial()
    heights = set()
    for elevation in (-88.0, 5.0, 31.0):
        dial.show_scene(replace(HOLD, elevation_deg=elevation))
        paint(dial)
        box = spot(dial, degrees(elevation))
        assert box.height() == max(each.height() for _, each in dial.written)
        heights.add(box.height())
    assert len(heights) == 1
    assert heights.pop() > 80


def test_the_hand_moves_with_the_thigh(paint: Callable[..., QImage]) -> None:
    dial = Dial()
    seen = {}
    for elevation in (-80.0, 0.0, 50.0):
        dial.show_scene(replace(HOLD, elevation_deg=elevation))
        image = paint(dial)
        between = rgb(image)[:, 330:420]  # the hip and the arc
        rows = np.flatnonzero((between == int(DARK.right[1:], 16)).any(axis=1))
        seen[elevation] = rows.mean() if len(rows) else float(len(between))
    assert seen[50.0] < seen[0.0] < seen[-80.0]


def test_the_band_lights_up_when_the_thigh_is_in_it(paint: Callable[..., QImage]) -> None:
    dial = Dial()
    there = QRect(380, 40, 130, 90)
    found = {}
    for elevation in (0.0, 30.0):
        dial.show_scene(replace(HOLD, elevation_deg=elevation))
        found[elevation] = colours(paint(dial), there).get(DARK.good, 0)
    assert found[30.0] > found[0.0]


@pytest.mark.parametrize(("count", "filled"), [(0, 0), (1, 1), (6, 6), (10, 10), (14, 10)])
def test_the_count_fills_as_many_pips(paint: Callable[..., QImage], count: int, filled: int) -> None:
    widget = Count()
    widget.show_scene(replace(HOLD, count=count, held_s=count + 0.43))
    image = paint(widget)
    assert str(count) in words(widget)
    assert f"{count}.4 s held" in words(widget)
    assert widget.accessibleDescription() == f"count to 10: {count}; {count}.4 s held"
    green = colours(image, image.rect()).get(DARK.good, 0)
    widget.show_scene(replace(HOLD, count=1))
    one = colours(paint(widget), image.rect())[DARK.good]
    assert green == pytest.approx(filled * one, abs=0.1 * one * max(filled, 1))


def test_pips_follow_the_count_that_is_asked_for(paint: Callable[..., QImage]) -> None:
    widget = Count()
    widget.show_scene(replace(HOLD, count=5, count_s=5))
    whole = paint(widget)
    widget.show_scene(replace(HOLD, count=5, count_s=20))
    quarter = paint(widget)
    assert "count to 20" in words(widget)
    assert whole != quarter


@pytest.mark.parametrize(("count", "said"), [(0, "not holding"), (4, "not holding"), (10, "count complete")])
def test_outside_a_hold_the_count_says_so(paint: Callable[..., QImage], count: int, said: str) -> None:
    widget = Count()
    widget.show_scene(Scene(count=count))
    paint(widget)
    assert said in words(widget)


@pytest.mark.parametrize(("side", "out_is_right"), [("right", True), ("left", False)])
def test_the_sweep_is_mirrored_for_the_left_leg(paint: Callable[..., QImage], side: str, out_is_right: bool) -> None:
    sweep = Sweep()
    sweep.show_scene(replace(HOLD, side=side, rotation_deg=nan, rotation_out_deg=-80.0, rotation_in_deg=0.0))
    image = paint(sweep)
    edge = getattr(DARK, side)
    half = image.width() // 2
    left = colours(image, QRect(0, 0, half - 6, image.height())).get(edge, 0)
    right = colours(image, QRect(half + 6, 0, half, image.height())).get(edge, 0)
    assert (right > left) == out_is_right
    assert (spot(sweep, "out 80°").center().x() > half) == out_is_right
    assert (spot(sweep, "across 0°").center().x() > half) != out_is_right


@pytest.mark.parametrize(
    ("rotation", "said"), [(-20.0, "out 20°"), (8.0, "across 8°"), (0.2, "across 0°"), (-0.2, "out 0°"), (nan, "–")]
)
def test_the_sweep_says_the_present_angle(rotation: float, said: str) -> None:
    sweep = Sweep()
    sweep.show_scene(replace(HOLD, rotation_deg=rotation))
    assert sweep.accessibleDescription() == f"leg rotation: {said}; out 32°; across 18°"


def test_a_leg_that_never_came_across_says_so() -> None:
    sweep = Sweep()
    sweep.show_scene(replace(HOLD, rotation_out_deg=-30.0, rotation_in_deg=-10.0))
    assert "across −10°" in sweep.accessibleDescription()
    sweep.show_scene(replace(HOLD, rotation_out_deg=nan, rotation_in_deg=nan))
    assert "out –; across –" in sweep.accessibleDescription()


@pytest.mark.parametrize(
    ("side", "obliquity", "said"),
    [
        ("right", 0.0, "hips level"),
        ("right", 4.9, "hips level"),
        ("right", -4.9, "hips level"),
        ("right", 5.0, "left hip drops"),
        ("right", -8.0, "right hip drops"),
        ("left", 8.0, "right hip drops"),
        ("left", -8.0, "left hip drops"),
        ("left", nan, "hips: no reading"),
    ],
)
def test_the_level_names_the_hip_that_drops(
    paint: Callable[..., QImage], side: str, obliquity: float, said: str
) -> None:
    level = Level()
    level.show_scene(replace(HOLD, side=side, obliquity_deg=obliquity))
    paint(level)
    assert said in words(level)
    assert {"tilt −4°", "turn +4°"} <= set(words(level))
    assert level.accessibleDescription() == f"{said} ({degrees(obliquity)}); tilt −4°; turn +4°"


@pytest.mark.parametrize(("side", "obliquity"), [("right", 10.0), ("left", -10.0)])
def test_the_bar_leans_to_the_hip_that_drops(paint: Callable[..., QImage], side: str, obliquity: float) -> None:
    level = Level()
    level.show_scene(replace(HOLD, side=side, obliquity_deg=obliquity))
    paint(level)
    left, right = spot(level, "L"), spot(level, "R")
    assert left.center().x() < right.center().x()
    assert left.center().y() > right.center().y() + 10


def test_the_figure_labels_and_colours_the_leg_that_is_up(paint: Callable[..., QImage]) -> None:
    figure = Figure()
    for scene, own, other in ((HOLD, DARK.right, DARK.left), (LEFT, DARK.left, DARK.right)):
        figure.show_scene(scene)
        image = paint(figure)
        found = colours(image, image.rect())
        assert found[own] > 200 > found.get(other, 0)
        letter = "R" if scene is HOLD else "L"
        assert words(figure).count(letter) == 2
        assert figure.accessibleDescription() == f"the athlete with the {scene.side} thigh at 31 degrees"
        half = image.width() * 0.75
        knee = [box for each, box in figure.written if each == letter][-1]
        assert (knee.center().x() > half) == (scene is HOLD)


def test_the_figure_moves_with_the_athlete(paint: Callable[..., QImage]) -> None:
    figure = Figure()
    figure.show_scene(HOLD)
    before = paint(figure)
    figure.show_scene(replace(HOLD, posture=Posture(elevation_right_deg=-20.0)))
    assert paint(figure) != before


def test_a_pose_moves_only_while_it_is_seen(qtbot: QtBot) -> None:
    shown = Pose()
    qtbot.addWidget(shown)
    timer = shown.findChild(type(shown._timer))
    assert timer is not None
    assert not timer.isActive()
    shown.show_pose("raise_left")
    shown.resize(400, 300)
    shown.show()
    assert timer.isActive()
    first = shown.grab().toImage()
    qtbot.waitUntil(lambda: shown.grab().toImage() != first, timeout=5000)
    shown.hide()
    assert not timer.isActive()
    assert shown.accessibleDescription().startswith("Raise the left knee")


def test_a_posture_without_a_leg_up_has_no_colour(paint: Callable[..., QImage]) -> None:
    figure = Figure()
    figure.show_posture(pose("bow", 0.5))
    image = paint(figure)
    assert colours(image, image.rect()).get(DARK.right, 0) < 100
    assert figure.accessibleDescription() == "the athlete, standing"


def test_no_results_yet(paint: Callable[..., QImage]) -> None:
    results = Results()
    paint(results)
    assert "Your results appear here" in results.accessibleDescription()
    assert words(results)[0].startswith("Your results appear here")


def test_the_last_repetition_is_large_with_its_uncertainties(paint: Callable[..., QImage]) -> None:
    results = Results()
    results.show_scene(replace(HOLD, reps=(rep(1, "left"), rep(2, "right", 10.43, full=True))))
    paint(results)
    expected = (
        "repetition 2, right",
        "whole count",
        "10.4 ± 0.2 s",
        "elevation 31.2 ± 1.4°",
        "rotation 50°: out 32°, across 18°",
    )
    assert set(expected) <= set(words(results))
    assert spot(results, "10.4 ± 0.2 s").height() == max(box.height() for _, box in results.written)
    assert results.accessibleDescription() == (
        "repetition 2, right; 10.4 ± 0.2 s; elevation 31.2 ± 1.4°; rotation 50°: out 32°, across 18°; "
        "best left hold 15.0 s, today; best right hold 112.6 s, before today; 2 so far"
    )


def test_a_best_and_an_attempt_are_named(paint: Callable[..., QImage]) -> None:
    results = Results()
    results.show_scene(replace(HOLD, reps=(rep(1, "left", 11.0, full=True, best=True),)))
    paint(results)
    assert "personal best" in words(results)
    results.show_scene(replace(HOLD, reps=(rep(1, "left", 3.1),)))
    paint(results)
    assert "3.1 ± 0.2 s, too short" in words(results)


def test_earlier_repetitions_stand_beside_it_newest_first(paint: Callable[..., QImage]) -> None:
    results = Results()
    results.show_scene(replace(HOLD, reps=REPS))
    paint(results)
    cards = [each for each in words(results) if each in {f"{k} {letter}" for k in range(1, 13) for letter in "LR"}]
    assert cards == ["11 L", "10 R", "9 L", "8 R", "7 L"]
    assert "+ 6 more" in words(results)


def test_left_is_compared_with_right(paint: Callable[..., QImage]) -> None:
    results = Results()
    results.show_scene(replace(HOLD, reps=(rep(1, "left", 9.0), rep(2, "right", 7.0), rep(3, "right", 2.0))))
    image = paint(results)
    assert {"best, today", "best, earlier", "15.0 s", "112.6 s", "last", "9.0 s", "7.0 s"} <= set(words(results))
    middle = (spot(results, "left").right() + spot(results, "right").left()) / 2
    area = QRect(int(middle) - 180, 60, 360, 120)
    left, right = (colours(image, area).get(each, 0) for each in (DARK.left, DARK.right))
    assert right > 2 * left > 0  # the bars are as long as the holds
    results.show_scene(Scene())
    paint(results)
    assert words(results).count("–") == 4


def test_what_is_not_known_of_a_repetition_is_said(paint: Callable[..., QImage]) -> None:
    results = Results()
    results.show_scene(UNKNOWN)
    paint(results)
    assert {"6.0 s", "elevation not known", "rotation not known"} <= set(words(results))


def test_marks_differ_in_shape() -> None:
    seen = []
    for kind in MARKS:
        for filled in (True, False):
            image = QImage(48, 48, QImage.Format.Format_Grayscale8)
            image.fill(QColor(DARK.panel))
            with QPainter(image) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                mark(painter, kind, QRectF(0, 0, 48, 48), "text", filled)
            seen.append((rgb(image) & 0xFF).astype(int))
    assert all((abs(a - b) > 60).sum() > 40 for a, b in combinations(seen, 2))


@pytest.mark.parametrize("wrap", [False, True])
def test_words_are_made_to_fit(qapp: QApplication, wrap: bool) -> None:  # noqa: ARG001
    wide, narrow = (fitting("some words that are long", True, width, 60, 50, wrap) for width in (900, 120))
    assert wide == 50
    assert 8 <= narrow < wide


def test_what_fails_in_drawing_goes_no_further(paint: Callable[..., QImage], monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would come up again in the next painter and end the process there: see `painting`."""

    class Broken(Painted):
        def draw(self, painter: QPainter) -> None:  # noqa: ARG002
            raise ZeroDivisionError

    failed: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda error, *_: failed.append(error))
    paint(Broken("broken"), (80, 24))
    assert failed == [ZeroDivisionError]


def test_words_that_never_fit_are_cut_short(paint: Callable[..., QImage]) -> None:
    class Written(Painted):
        def draw(self, painter: QPainter) -> None:
            for wrap in (False, True):
                self.write(painter, QRectF(0, 0, 80, 24), "word " * 60, 20, wrap=wrap, align=Qt.AlignmentFlag.AlignLeft)

    widget = Written("written")
    paint(widget, (80, 24))
    assert all(each.endswith("…") for each in words(widget))
    assert all(box.height() <= 24 for _, box in widget.written)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    named = QColor(colour)
    parts = named.redF(), named.greenF(), named.blueF()
    linear: list[float] = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", THEMES.values(), ids=THEMES.keys())
def test_writing_stands_out(look: Theme) -> None:
    for ink in ("text", "faint", "left", "right"):
        assert contrast(getattr(look, ink), look.panel) >= 4.5, ink
        assert contrast(getattr(look, ink), look.background) >= 4.5, ink
    for ink in ("accent", "good", "warning", "fault"):
        assert contrast(getattr(look, ink), look.panel) >= 3.0, ink
    assert contrast(look.good, look.panel) >= 4.5  # the zone is written upon it
