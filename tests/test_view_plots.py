"""The plots: what is kept, how it is thinned out, and what can be seen and reached while paused."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QPainterPath, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from hiphold.samples import Floats
from hiphold.session.scene import HOLDING, Scene, Trace
from hiphold.view import theme
from hiphold.view.colours import LIGHT
from hiphold.view.plots import AthletePlots
from hiphold.view.readings import clock, figure
from hiphold.view.series import GAP_S, KEEP_ROWS, KEEP_S, KINDS, POINTS, QUANTITIES, Series
from hiphold.view.strokes import line_pen

RATE_HZ = 100.0


def trace(start_s: float, end_s: float, *, side: str = "right", scale: float = 1.0, rate_hz: float = RATE_HZ) -> Trace:
    """Sines whose amplitude tells the quantities apart."""
    time_s = np.arange(round(start_s * rate_hz), round(end_s * rate_hz)) / rate_hz
    waves = [scale * amplitude * np.sin(time_s) for amplitude in (60.0, 30.0, 20.0, 5.0, 8.0, 10.0)]
    return Trace(side, time_s, *waves)


def flat(time_s: Floats, elevation_deg: Floats) -> Trace:
    rest = np.zeros(len(time_s))
    return Trace("right", time_s, elevation_deg, rest, rest, rest, rest, rest)


def test_few_samples_are_all_there() -> None:
    series = Series()
    given = trace(0, 4)
    series.add(given)
    window = series.window(10, 4)
    assert window.bucket_s == 0
    np.testing.assert_array_equal(window.time_s, given.time_s)
    np.testing.assert_array_equal(window.quantity("turn"), given.turn_deg)


def test_a_peak_of_one_sample_survives() -> None:
    series = Series()
    time_s = np.arange(6000) / RATE_HZ
    elevation = np.sin(time_s)
    elevation[[1234, 4321]] = 71.0, -80.0
    series.add(flat(time_s, elevation))
    window = series.window(60, 60)
    shown = window.quantity("elevation")
    assert len(shown) <= POINTS
    assert shown.max() == 71.0
    assert shown.min() == -80.0
    assert abs(window.time_s[shown.argmax()] - 12.34) <= window.bucket_s


def test_thinning_keeps_a_step_in_its_direction() -> None:
    series = Series()
    time_s = np.arange(6000) / RATE_HZ
    series.add(flat(time_s, np.where(time_s < 30.03, 10.0, -10.0)))
    shown = series.window(60, 60).quantity("elevation")
    assert np.all(np.diff(shown) <= 0)


def test_buckets_stay_while_the_plot_moves_on() -> None:
    series = Series()
    series.add(trace(0, 62))
    before, after = series.window(60, 61.0), series.window(60, 61.13)
    inside = (before.time_s > 3) & (before.time_s < 60)
    assert np.isin(before.time_s[inside], after.time_s).all()


def test_points_stay_few_however_many_gaps_there_are() -> None:
    series = Series()
    time_s = np.arange(24_000) / 200.0
    series.add(flat(time_s[time_s % 0.6 < 0.25], np.ones(np.count_nonzero(time_s % 0.6 < 0.25))))
    for span_s in (10, 30, 60, 120):
        assert len(series.window(span_s, 120).time_s) <= POINTS


def test_a_gap_is_not_bridged() -> None:
    series = Series()
    series.add(trace(0, 2))
    series.add(trace(2 + 2 * GAP_S, 4))
    window = series.window(10, 4)
    assert np.count_nonzero(np.isnan(window.time_s)) == 1
    (first, second) = window.stretches("elevation")
    assert window.time_s[first[1] - 1] < 2 < window.time_s[second[0]]


def test_unknown_values_are_not_drawn() -> None:
    series = Series()
    given = trace(0, 3)
    given.azimuth_deg[100:200] = np.nan
    series.add(given)
    window = series.window(10, 3)
    assert window.stretches("azimuth") == [(0, 100), (200, 300)]
    assert window.stretches("rotation") == [(0, 300)]


def test_nothing_gives_nothing() -> None:
    series = Series()
    series.add(trace(5, 5))
    assert len(series) == 0
    assert np.isnan(series.last_s)
    assert len(series.window(10, 5).time_s) == 0
    assert np.isnan(series.at(5)["elevation"])


def test_memory_is_bounded_and_the_newest_stay() -> None:
    series = Series()
    for start in range(0, 400, 10):
        series.add(trace(start, start + 10, rate_hz=240))
    assert len(series) <= KEEP_ROWS
    assert series.last_s == pytest.approx(400, abs=0.01)
    assert 60 <= series.last_s - series.first_s <= KEEP_S
    assert series.at(399.0)["elevation"] == pytest.approx(60 * np.sin(399.0), abs=0.3)
    series.add(trace(400, 900, rate_hz=240))  # more at once than is kept
    assert len(series) == KEEP_ROWS
    assert series.last_s == pytest.approx(900, abs=0.01)


def test_what_was_there_already_is_not_taken_twice() -> None:
    series = Series()
    series.add(trace(0, 2))
    series.add(trace(1.9, 2.1))
    assert len(series) == 210
    assert np.all(np.diff(series.window(10, 2.1).time_s) > 0)


def test_a_clock_that_begins_again_begins_the_series_anew() -> None:
    series = Series()
    series.add(trace(50, 60))
    series.add(trace(0, 1))
    assert (series.first_s, len(series)) == (0.0, 100)


def test_a_snapshot_is_left_alone() -> None:
    series = Series()
    series.add(trace(0, 2))
    copy = series.snapshot()
    series.add(trace(2, 4))
    assert (len(copy), len(series)) == (200, 400)


def test_the_nearest_sample_is_read() -> None:
    series = Series()
    series.add(flat(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 30.0])))
    assert series.at(1.9)["elevation"] == 20.0
    assert np.isnan(series.at(2.5)["elevation"])
    assert series.at(3.1)["elevation"] == 30.0


@pytest.mark.parametrize(
    ("value", "words"),
    [(30.4, "30°"), (float("inf"), "–"), (-12.5, "−12°"), (-0.2, "0°"), (float("nan"), "–"), (-90.0, "−90°")],
)
def test_figures_have_a_real_minus(value: float, words: str) -> None:
    assert figure(value) == words


@pytest.mark.parametrize(
    ("seconds", "digits", "words"),
    [(5.9, 0, "0:05"), (75.0, 0, "1:15"), (3683.0, 0, "1:01:23"), (59.97, 1, "1:00.0"), (float("nan"), 0, "–")],
)
def test_long_times_have_minutes_and_hours(seconds: float, digits: int, words: str) -> None:
    assert clock(seconds, digits) == words


@pytest.fixture(params=["dark", "light"])
def plots(request: pytest.FixtureRequest, qtbot: QtBot, qapp: QApplication) -> Iterator[AthletePlots]:
    theme.apply(qapp, request.param)
    widget = AthletePlots()
    qtbot.addWidget(widget)
    widget.resize(420, 420)
    widget.show()
    qtbot.waitExposed(widget)
    yield widget
    theme.apply(qapp, "dark")


def scene(time_s: float, **values: object) -> Scene:
    return Scene(athlete="A", stage=HOLDING, time_s=time_s, sides=("right", "left"), **values)  # type: ignore[arg-type]


def fill(plots: AthletePlots, end_s: float = 40.0, **values: object) -> None:
    plots.add((trace(0, end_s), trace(0, end_s, side="left", scale=0.5)))
    plots.show_scene(scene(end_s, **values))
    plots.tick()


def told(plots: AthletePlots, kind: int) -> str:
    return plots.plots[kind].heading.accessibleDescription()


def seconds(plots: AthletePlots) -> tuple[float, float]:
    ranges = {tuple(round(each, 6) for each in plot.box.viewRange()[0]) for plot in plots.plots}
    assert len(ranges) == 1, "the plots do not share their time"
    low, high = ranges.pop()
    return low, high


def test_the_newest_values_are_told_with_their_names(plots: AthletePlots) -> None:
    fill(plots)
    last = np.sin(39.99)
    assert told(plots, 0) == f"Elevation: right {figure(60 * last)}, left {figure(30 * last)}"
    assert told(plots, 3) == f"Pelvis: tilt {figure(5 * last)}, obl. {figure(8 * last)}, turn {figure(10 * last)}"
    assert "The last 10 s" in plots.accessibleDescription()


def test_the_pelvis_is_that_of_the_leg_that_is_up(plots: AthletePlots) -> None:
    fill(plots, side="left")
    assert f"turn {figure(5 * np.sin(39.99))}" in told(plots, 3)


def test_a_leg_without_a_sensor_has_no_curve(plots: AthletePlots) -> None:
    plots.add((trace(0, 5),))
    plots.show_scene(Scene(sides=("right",), time_s=5.0))
    plots.tick()
    assert "left" not in told(plots, 0)


def test_without_samples_there_is_nothing_to_tell(plots: AthletePlots) -> None:
    plots.tick()
    plots.show_scene(scene(3.0))
    plots.tick()
    assert told(plots, 0) == "Elevation"
    plots.set_paused(True)
    plots.move_cursor(-1)
    assert plots.cursor_s == 0.0


def test_silence_is_not_shown_as_the_newest(plots: AthletePlots) -> None:
    fill(plots)
    plots.show_scene(scene(45.0))
    plots.tick()
    assert told(plots, 0) == "Elevation: right –, left –"


def test_all_spans_end_now(plots: AthletePlots) -> None:
    fill(plots)
    for span_s in (10, 30, 60):
        plots.set_span(span_s)
        plots.tick()
        assert seconds(plots) == (-span_s, 0.0)
        assert plots.span_s == span_s


def curve_heights(plots: AthletePlots, kind: int) -> tuple[float, float]:
    low, high = plots.plots[kind].box.viewRange()[1]
    return low, high


def test_the_vertical_range_is_fixed_and_grows_by_steps(plots: AthletePlots) -> None:
    fill(plots)
    assert curve_heights(plots, 3) == (KINDS[3].low_deg, KINDS[3].high_deg)
    plots.add((trace(40, 50, scale=7.0),))
    plots.tick()
    low, high = curve_heights(plots, 3)
    assert (low, high) == (-80, 80)
    plots.add((trace(50, 61),))
    plots.tick()
    assert curve_heights(plots, 3) == (KINDS[3].low_deg, KINDS[3].high_deg)


def test_curves_are_told_apart_without_colour() -> None:
    for kind in KINDS:
        assert len({line.dash for line in kind.lines}) == len(kind.lines)
        assert len({line.label for line in kind.lines}) == len(kind.lines)


def test_the_target_is_written_at_the_axis(plots: AthletePlots) -> None:
    fill(plots, target_deg=20.0, band_deg=7.0)
    ticks = plots.plots[0]._item.getAxis("left")._tickLevels[0]
    assert (20.0, "20") in ticks
    assert plots.plots[0]._band.rect().top() == 13.0
    assert plots.plots[0]._band.rect().height() == 14.0


def test_markers_stand_where_they_were_set(plots: AthletePlots) -> None:
    long = "a note that is far too long to be written beside its line in full " * 3
    fill(plots, markers=((2.0, "long ago"), (33.0, long), (38.0, "")))
    path = plots.plots[2]._marks.path()
    assert [path.elementAt(k).x for k in range(0, path.elementCount(), 2)] == [-7.0, -2.0]
    shown = [note.text() for note in plots.plots[0]._notes if note.isVisible()]
    assert len(shown) == 2
    assert "marker" in shown
    assert next(words for words in shown if words != "marker").endswith("…")
    plots.set_paused(True)
    plots.move_cursor(-7.0)
    assert long.strip() in plots.plots[0].heading.remark


def test_paused_the_view_stays_and_resuming_goes_to_now(plots: AthletePlots) -> None:
    fill(plots)
    plots.set_paused(True)
    assert plots.paused
    before = told(plots, 0)
    plots.add((trace(40, 48), trace(40, 48, side="left")))
    plots.show_scene(scene(48.0))
    plots.tick()
    assert told(plots, 0) == before
    assert "Paused" in plots.accessibleDescription()
    QTest.keyClick(plots, Qt.Key.Key_Up)
    assert seconds(plots)[1] - seconds(plots)[0] < 10
    plots.set_paused(False)
    plots.tick()
    assert seconds(plots) == (-10.0, 0.0)
    assert plots.cursor_s is None
    assert f"right {figure(60 * np.sin(47.99))}" in told(plots, 0)


def test_paused_out_of_sight_the_newest_samples_stay(qtbot: QtBot, qapp: QApplication) -> None:
    theme.apply(qapp, "dark")
    widget = AthletePlots()
    qtbot.addWidget(widget)
    widget.add((trace(0, 300),))
    widget.show_scene(scene(300.0))
    widget.set_paused(True)
    widget.show()
    qtbot.waitExposed(widget)
    assert told(widget, 0) == f"Elevation: right {figure(60 * np.sin(299.99))}"
    assert not widget.plots[0]._curves[0].path().isEmpty()


def test_a_leg_of_the_session_before_does_not_hide_the_new_one(plots: AthletePlots) -> None:
    fill(plots, 300.0)
    plots.add((trace(0, 5),))  # the next session wears one thigh only
    plots.show_scene(scene(5.0))
    plots.tick()
    assert told(plots, 0) == f"Elevation: right {figure(60 * np.sin(4.99))}"
    assert plots.plots[0]._curves[0].path().elementCount() == 500


def test_a_note_under_the_cursor_can_be_read_in_full(plots: AthletePlots) -> None:
    note = "<i>far too long</i> to be written beside its line " * 3
    fill(plots, markers=((33.0, note),))
    plots.set_paused(True)
    plots.move_cursor(-7.0)
    assert note.strip() in plots.accessibleDescription()
    assert "&lt;i&gt;far" in plots.plots[0].heading.toolTip()


@pytest.mark.parametrize(("ratio", "width", "offset"), [(1.0, 0, 5.0), (1.25, 0, 9.0), (1.5, 2, 1.0), (2.0, 2, 5.0)])
def test_curves_are_as_wide_on_a_fine_screen_and_their_dashes_stay(ratio: float, width: int, offset: float) -> None:
    """An offset is counted in widths of the pen: 16 of Qt's pixels are 32 of a fine screen's, or 16 widths."""
    pen = line_pen(KINDS[0].lines[1], 16.0, ratio)
    assert (pen.width(), pen.isCosmetic()) == (width, True)
    assert pen.dashOffset() == pytest.approx(offset)


def test_the_cursor_goes_by_the_keys_and_reads_every_plot(plots: AthletePlots) -> None:
    fill(plots)
    plots.set_paused(True)
    for _ in range(20):
        QTest.keyClick(plots, Qt.Key.Key_Left)
    assert plots.cursor_s == pytest.approx(-2.0)
    at = np.sin(38.0)
    assert told(plots, 0) == f"Elevation: right {figure(60 * at)}, left {figure(30 * at)}"
    assert told(plots, 1) == f"Hip rotation: right {figure(30 * at)}, left {figure(15 * at)}"
    assert f"obl. {figure(8 * at)}" in told(plots, 3)
    QTest.keyClick(plots, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert plots.cursor_s == pytest.approx(-1.99)
    QTest.keyClick(plots, Qt.Key.Key_Home)
    assert plots.cursor_s == pytest.approx(-40.0)
    assert seconds(plots)[0] <= -40.0 + 1e-6
    QTest.keyClick(plots, Qt.Key.Key_End)
    assert plots.cursor_s == 0.0
    assert seconds(plots)[1] >= 0.0


def test_keys_do_nothing_while_the_plots_run(plots: AthletePlots) -> None:
    fill(plots)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Home):
        QTest.keyClick(plots, key)
    assert seconds(plots) == (-10.0, 0.0)
    assert plots.cursor_s is None


def wheel(plots: AthletePlots) -> None:
    view = plots.plots[1].view
    where = QPointF(view.viewport().rect().center())
    buttons, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    phase = Qt.ScrollPhase.NoScrollPhase
    up = QPoint(0, 120)
    event = QWheelEvent(where, view.mapToGlobal(where), QPoint(), up, buttons, keys, phase, False)
    QApplication.sendEvent(view.viewport(), event)


def test_the_wheel_zooms_all_plots_only_while_paused(plots: AthletePlots) -> None:
    fill(plots)
    wheel(plots)
    assert seconds(plots) == (-10.0, 0.0)
    plots.set_paused(True)
    wheel(plots)
    low, high = seconds(plots)
    assert -10 < low < high < 0
    assert curve_heights(plots, 1) == (KINDS[1].low_deg, KINDS[1].high_deg)


def test_zooming_in_shows_every_sample(plots: AthletePlots) -> None:
    plots.set_span(60)
    plots.add((trace(0, 60, rate_hz=200),))
    plots.show_scene(scene(60.0))
    plots.tick()
    assert plots.plots[0]._curves[0].path().elementCount() <= POINTS
    plots.set_paused(True)
    plots.plots[2].box.setXRange(-12, -10, padding=0)
    assert seconds(plots) == (-12, -10)
    assert plots.plots[0]._curves[0].path().elementCount() == pytest.approx(400, abs=2)


def test_the_cursor_follows_the_mouse_and_leaves_with_it(plots: AthletePlots) -> None:
    fill(plots)
    view = plots.plots[3].view
    box = plots.plots[3].box.sceneBoundingRect()
    view.scene().sigMouseMoved.emit(box.center())
    assert plots.cursor_s == pytest.approx(-5.0, abs=0.05)
    assert f"right {figure(60 * np.sin(35.0))}" in told(plots, 0)
    QApplication.sendEvent(plots, QEvent(QEvent.Type.Leave))
    assert plots.cursor_s is None


def test_hidden_plots_draw_nothing(qtbot: QtBot, qapp: QApplication) -> None:
    theme.apply(qapp, "dark")
    widget = AthletePlots()
    qtbot.addWidget(widget)
    fill(widget)
    assert widget.plots[0]._curves[0].path().isEmpty()
    widget.show()
    qtbot.waitExposed(widget)
    widget.tick()
    assert not widget.plots[0]._curves[0].path().isEmpty()


def test_a_tick_without_news_draws_nothing(plots: AthletePlots) -> None:
    fill(plots)
    curve = plots.plots[0]._curves[0]
    curve.setPath(QPainterPath())
    plots.tick()
    assert curve.path().isEmpty()


def test_colours_and_sizes_change_while_it_runs(plots: AthletePlots, qapp: QApplication) -> None:
    fill(plots)
    theme.apply(qapp, "light", 1.4)
    plots.restyle()
    plots.tick()
    assert plots.plots[0]._curves[0].pen().color().name() == LIGHT.right
    assert plots.plots[0].heading.sizeHint().height() == 25


def test_quantities_are_fields_of_a_trace() -> None:
    assert all(hasattr(trace(0, 1), f"{name}_deg") for name in QUANTITIES)
