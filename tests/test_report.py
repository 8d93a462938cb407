"""What people see of a measurement: nothing cut off, nothing on top of another, nothing left half written."""

from __future__ import annotations

import io
import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from rich.console import Console

from hiphold import report
from hiphold.errors import MissingExtraError
from hiphold.measurement import Measurement, RaiseReport, Stretch
from hiphold.metrics import Attempt, Stability, Tremor
from hiphold.samples import Reason, Settings, Track
from made_sessions import HOLD_S, RATE_HZ, measured, session


@pytest.fixture(scope="module")
def one_leg(tmp_path_factory: pytest.TempPathFactory) -> Measurement:
    return measured(tmp_path_factory.mktemp("one"), session())


@pytest.fixture(scope="module")
def both_legs(tmp_path_factory: pytest.TempPathFactory) -> Measurement:
    return measured(tmp_path_factory.mktemp("both"), session(("pelvis", "thigh_left", "thigh_right")))


def printed(measurement: Measurement, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False)
    for part in report.tables(measurement):
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that were saved."""
    figures: list[Figure] = []
    save = Figure.savefig

    def keep(figure: Figure, *args: object, **kwargs: object) -> None:
        figures.append(figure)
        save(figure, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", keep)
    return figures


def draw(measurement: Measurement, folder: Path, drawn: list[Figure]) -> Figure:
    report.draw(measurement, folder / "picture.png")
    return drawn[-1]


# --- tables


HIPS, PELVIS, OTHERS = "Hip in the holds", "Pelvis in the holds", "Stance leg, and trunk"


def rows_of(text: str, title: str) -> list[list[str]]:
    """The rows of numbers of the table with this title; ± and what follows it are cells too."""
    lines = text[text.index(title) :].splitlines()
    rule = next(i for i, line in enumerate(lines) if "──" in line)
    return [line.split() for line in itertools.takewhile(str.strip, lines[rule + 1 :])]


def shift(stability: Stability) -> list[str]:
    return [f"{stability.mean_shift:+.1f}", "±", f"{stability.uncertainty_95:.1f}"]


def test_tables_fit_a_terminal_of_80_columns(both_legs: Measurement) -> None:
    """Long sentences go on in the next line, and no figure or heading is cut off."""
    anew = "begin anew: a new recording, a still stand, raises, bow."
    why = f"the strap slipped, or it was no proper stand; fasten it and {anew}"
    reason = Reason("hip_adduction, hip_rotation, thigh_azimuth (right)", f"thigh_right hangs 12 degrees off: {why}")
    measurement = replace(both_legs, reasons=(*both_legs.reasons, reason))
    narrow, wide = printed(measurement), printed(measurement, 200)
    assert all(title in narrow for title in (HIPS, PELVIS, OTHERS))
    assert "…" not in narrow
    assert max(map(len, narrow.splitlines())) <= 80
    assert why in " ".join(narrow.split())
    assert narrow.replace("─", "").split() == wide.replace("─", "").split()


def test_hip_and_pelvis_of_a_hold_in_the_tables(one_leg: Measurement) -> None:
    (hold,), text = one_leg.holds, printed(one_leg)
    rotation, azimuth, pelvis, tremor = hold.hip_rotation_deg, hold.thigh_azimuth_deg, hold.pelvis, hold.tremor_mps2
    ((number, *hip),) = rows_of(text, HIPS)
    means = [f"{hold.hip_flexion_deg.mean:+.1f}", f"{hold.hip_adduction_deg.mean:+.1f}"]
    turned = [f"{rotation.external_peak:+.1f}", f"{rotation.internal_peak:+.1f}", f"{hold.hip_rotation_range_deg:.1f}"]
    went = [f"{azimuth.outward_peak:+.1f}", f"{azimuth.across_peak:+.1f}", f"{hold.thigh_azimuth_range_deg:.1f}"]
    assert number == "1"
    assert hip == [*means, *turned, str(hold.rotation_cycles), *went]
    ((_, *row),) = rows_of(text, PELVIS)
    assert row[:9] == [*shift(pelvis.tilt_deg), *shift(pelvis.obliquity_deg), *shift(pelvis.rotation_deg)]
    assert row[9] == f"{pelvis.sway_area_deg2:.0f}"
    assert row[-2:] == [f"{tremor.first_3s:.2f}", f"{tremor.last_3s:.2f}"]
    assert hold.hip_flexion_deg.mean == pytest.approx(122.0, abs=1)
    assert OTHERS not in text


def test_the_stance_leg_in_the_tables(both_legs: Measurement) -> None:
    rows = rows_of(printed(both_legs), OTHERS)
    assert len(rows) == len(both_legs.holds)
    for row, hold in zip(rows, both_legs.holds, strict=True):
        assert row[1:] == [f"{hold.stance_hip_flexion_deg.mean:+.1f}", f"{hold.stance_hip_flexion_deg.max:+.1f}"]


def test_without_a_pelvis_there_is_no_table_of_it(tmp_path: Path) -> None:
    """Only tremor, which needs none."""
    measurement = measured(tmp_path, session(("thigh_right",)))
    (hold,), text = measurement.holds, printed(measurement)
    assert all(title not in text for title in (HIPS, OTHERS))
    assert rows_of(text, PELVIS) == [["1", f"{hold.tremor_mps2.first_3s:.2f}", f"{hold.tremor_mps2.last_3s:.2f}"]]
    still = replace(measurement, holds=(replace(hold, tremor_mps2=Tremor(None, None)),))
    assert PELVIS not in printed(still)
    assert "there is no pelvis sensor" in printed(measurement, 160)


def test_what_was_held_comes_first_and_the_sensors_last(both_legs: Measurement) -> None:
    text = printed(replace(both_legs, attempts=(Attempt("left", 1.25, 4.5, 3.25),)))
    parts = ("Holds", HIPS, PELVIS, OTHERS, "Attempt, left", "Raise, right", "Sensors", "Reference stand", "Empty")
    at = [text.index(part) for part in parts]
    assert at == sorted(at)
    assert at[0] == 0


@pytest.mark.parametrize(
    ("method", "how"),
    [
        ("full", "full, from raises and bow."),
        ("quick", "quick start, by the marks on the case where motion did not tell."),
        ("stand", "stand only; hip and pelvis are not measured."),
    ],
)
def test_how_it_was_calibrated_is_told(one_leg: Measurement, method: str, how: str) -> None:
    told = replace(one_leg, calibration=replace(one_leg.calibration, method=method))
    assert f"Reference stand 0.0 to 3.0 s; calibration: {how}" in printed(told, 120).splitlines()


def test_a_hold_in_the_table(one_leg: Measurement) -> None:
    (hold,) = one_leg.holds
    row = next(line.split() for line in printed(one_leg).splitlines() if " right " in line)
    elevation = hold.femur_elevation_deg
    assert row[:3] == ["1", "right", f"{hold.start_s:.1f}"]
    assert row[3:6] == [f"{hold.hold_s:.2f}", "±", f"{hold.hold_s_uncertainty_95:.2f}"]
    assert row[7:10] == [f"{elevation.mean:+.1f}", "±", f"{elevation.uncertainty_rezeroed_95:.1f}"]
    assert row[10:] == [f"{elevation.min:+.1f}", f"{elevation.max:+.1f}", f"{elevation.slope_deg_per_s:+.2f}"]
    assert hold.hold_s == pytest.approx(HOLD_S, abs=0.7)
    assert f"against true vertical it is ± {elevation.uncertainty_95:.1f}°.\n" in printed(one_leg, 120)


def test_sensors_are_in_the_order_of_the_body_and_their_losses_told(both_legs: Measurement) -> None:
    nodes = [replace(node, lost=250, saturated=3) for node in reversed(both_legs.nodes)]
    lines = printed(replace(both_legs, nodes=tuple(nodes))).splitlines()
    rows = [line.split() for line in lines if line.startswith((" pelvis", " thigh"))]
    assert [row[0] for row in rows] == ["pelvis", "thigh_left", "thigh_right"]
    assert all(row[1:7] == ["50.0", "750", "250", "(25.0", "%)", "3"] for row in rows)


def test_a_node_that_says_little(one_leg: Measurement) -> None:
    nodes = [replace(node, rate_hz=None, samples=0, lost=0) for node in one_leg.nodes]
    rows = [
        line.split()
        for line in printed(replace(one_leg, nodes=tuple(nodes))).splitlines()
        if line.startswith(" pelvis")
    ]
    assert rows == [["pelvis", "0", "0", "(0.0", "%)"]]


def test_all_that_is_known_is_said(one_leg: Measurement) -> None:
    measurement = replace(
        one_leg,
        holds=(),
        settings=Settings(target_deg=20, band_deg=2.5),
        attempts=(Attempt("left", 1.25, 4.5, 3.25),),
        raises=(RaiseReport("left", 2.04, -3.26),),
        reasons=(Reason("trunk", "there is no trunk sensor."),),
        calibration=replace(one_leg.calibration, method="full", warnings=("the accelerometer is off.",)),
    )
    said = printed(measurement, 120).splitlines()
    assert "Reference stand 0.0 to 3.0 s; calibration: full, from raises and bow." in said
    assert "No hold: no thigh stayed above 17.5° for 5 s." in said
    assert "Attempt, left: 3.2 s from 1.2 s." in said
    assert "Raise, left: -3.3° at 2.0 s." in said
    assert "Warning: the accelerometer is off." in said
    assert said[-2:] == ["Empty or to be doubted, and why:", "- trunk: there is no trunk sensor."]
    assert "Empty" not in printed(replace(measurement, reasons=()))


# --- pictures


def assert_readable(figure: Figure) -> None:
    """No text lies on another, and none leaves the picture."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    boxes = []
    for axes in figure.axes:
        legend = axes.get_legend()
        assert legend is not None
        texts = (*axes.texts, *legend.get_texts(), axes.title, axes.yaxis.label, axes.xaxis.label)
        found = [text.get_window_extent(renderer) for text in texts if text.get_text()]
        inside = axes.get_window_extent(renderer)
        assert all(inside.y0 <= box.y0 and box.y1 <= inside.y1 for box in found[: len(axes.texts)])
        boxes += found
    assert all(not a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert all(figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1 for box in boxes)


def curve(figure: Figure, label: str) -> Line2D:
    (line,) = [line for line in figure.axes[0].lines if line.get_label() == label]
    return line


def test_a_picture_of_one_leg(one_leg: Measurement, tmp_path: Path, drawn: list[Figure]) -> None:
    figure = draw(one_leg, tmp_path, drawn)
    assert_readable(figure)
    (hold,) = one_leg.holds
    assert [text.get_text() for text in figure.axes[0].texts] == [
        f"#1  {hold.hold_s:.1f} s\n{hold.femur_elevation_deg.mean:+.1f}°"
    ]
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]  # type: ignore[union-attr]
    assert labels == ["target 30° ± 5°", "stand", "right thigh", "raise (peak)", "hold, mean elevation"]
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_both_legs_at_once_are_told_apart(both_legs: Measurement, tmp_path: Path, drawn: list[Figure]) -> None:
    figure = draw(both_legs, tmp_path, drawn)
    assert_readable(figure)
    texts = figure.axes[0].texts
    assert len(texts) == 2
    assert {text.get_color() for text in texts} == {report.BLUE, report.ORANGE}
    assert curve(figure, "left thigh").get_linestyle() != curve(figure, "right thigh").get_linestyle()


@pytest.mark.parametrize("top_deg", [122.0, 178.0])
@pytest.mark.parametrize("target_deg", [-15.0, 30.0, 90.0])
def test_no_curve_and_no_target_is_cut_off(
    tmp_path: Path, drawn: list[Figure], top_deg: float, target_deg: float
) -> None:
    measurement = measured(tmp_path, session(top_deg=top_deg), Settings(target_deg=target_deg))
    figure = draw(measurement, tmp_path, drawn)
    assert_readable(figure)
    low, high = figure.axes[0].get_ylim()
    elevation_deg = np.concatenate([track.elevation_deg for track in measurement.tracks])
    assert low < np.min(elevation_deg)
    assert high > max(np.max(elevation_deg), target_deg + 5)
    assert "−" in curve_label(figure) if target_deg < 0 else "-" not in curve_label(figure)


def curve_label(figure: Figure) -> str:
    return str(figure.axes[0].get_legend_handles_labels()[1][0])


def labels_of(axes: Axes) -> list[str]:
    return [str(label) for label in axes.get_legend_handles_labels()[1]]


def test_hip_and_pelvis_are_drawn_below_in_holds_only(
    one_leg: Measurement, tmp_path: Path, drawn: list[Figure]
) -> None:
    _, *panels = draw(one_leg, tmp_path, drawn).axes
    assert [axes.get_ylabel() for axes in panels] == list(report.PANELS)
    (hold,), (track,) = one_leg.holds, one_leg.tracks
    inside = (track.time_s >= hold.start_s) & (track.time_s <= hold.end_s)
    for axes, panel in zip(panels, report.PANELS.values(), strict=True):
        assert labels_of(axes) == [f"{label}, right" for label in panel.values()]
        for name, line in zip(panel, (line for line in axes.lines if line.get_label() in labels_of(axes)), strict=True):
            values = np.asarray(line.get_ydata(), float)
            np.testing.assert_array_equal(np.isfinite(values), inside)
            np.testing.assert_array_equal(values[inside], track.others[name][inside])


def test_both_legs_have_their_curves_below(both_legs: Measurement, tmp_path: Path, drawn: list[Figure]) -> None:
    _, hip, pelvis = draw(both_legs, tmp_path, drawn).axes
    for axes in (hip, pelvis):
        sides = [label.split(", ")[-1] for label in labels_of(axes)]
        assert {sides.count("left"), sides.count("right")} == {len(sides) // 2}


def test_without_a_hold_or_a_pelvis_there_is_nothing_below(
    one_leg: Measurement, tmp_path: Path, drawn: list[Figure]
) -> None:
    assert len(draw(replace(one_leg, holds=()), tmp_path, drawn).axes) == 1
    alone = draw(measured(tmp_path, session(("thigh_right",))), tmp_path, drawn)
    assert_readable(alone)
    assert len(alone.axes) == 1


def test_many_holds_have_numbers_only(one_leg: Measurement, tmp_path: Path, drawn: list[Figure]) -> None:
    (hold,), (track,) = one_leg.holds, one_leg.tracks
    holds = tuple(replace(hold, start_s=k * 30.0, end_s=k * 30.0 + 10, hold_s=10.0) for k in range(40))
    long = Track("right", np.arange(0, 1200, 0.01), np.full(120_000, -90.0), np.zeros(120_000, np.int8))
    figure = draw(replace(one_leg, holds=holds, tracks=(long,)), tmp_path, drawn)
    assert_readable(figure)
    assert [text.get_text() for text in figure.axes[0].texts] == [str(k) for k in range(1, 41)]
    assert len(curve(figure, "right thigh").get_xdata()) <= report.MAX_POINTS + 40  # type: ignore[arg-type]
    assert track.side == "right"


def test_a_curve_breaks_where_samples_are_missing(one_leg: Measurement, tmp_path: Path, drawn: list[Figure]) -> None:
    (track,) = one_leg.tracks
    here = (track.time_s < 5) | (track.time_s > 6)
    others = {name: values[here] for name, values in track.others.items()}
    arrays = track.time_s[here], track.elevation_deg[here], track.phase[here]
    holed = Track("right", *arrays, others)
    line = curve(draw(replace(one_leg, tracks=(holed,)), tmp_path, drawn), "right thigh")
    assert np.isnan(np.asarray(line.get_ydata(), float)).sum() == 1
    whole = curve(draw(one_leg, tmp_path, drawn), "right thigh")
    assert np.isfinite(np.asarray(whole.get_ydata(), float)).all()
    assert len(whole.get_xdata()) == len(track.time_s)  # type: ignore[arg-type]


def test_a_long_session_is_not_broken_by_its_own_thinning(
    one_leg: Measurement, tmp_path: Path, drawn: list[Figure]
) -> None:
    hours = Track(
        "right", np.arange(0, 7200, 1 / RATE_HZ), np.full(7200 * RATE_HZ, -90.0), np.zeros(7200 * RATE_HZ, np.int8)
    )
    line = curve(draw(replace(one_leg, holds=(), tracks=(hours,)), tmp_path, drawn), "right thigh")
    assert np.isfinite(np.asarray(line.get_ydata(), float)).all()


def test_elevation_that_is_not_known_yet(one_leg: Measurement, tmp_path: Path, drawn: list[Figure]) -> None:
    (track,) = one_leg.tracks
    unknown = replace(track, elevation_deg=np.full_like(track.elevation_deg, np.nan))
    figure = draw(replace(one_leg, tracks=(unknown,), holds=(), raises=()), tmp_path, drawn)
    assert_readable(figure)
    assert figure.axes[0].get_ylim()[1] > 35


def test_every_stand_is_marked(one_leg: Measurement, tmp_path: Path, drawn: list[Figure]) -> None:
    stands = (Stretch(0, 1), Stretch(2, 3), Stretch(12, 13))
    figure = draw(replace(one_leg, stands=stands, holds=()), tmp_path, drawn)
    assert len(figure.axes[0].patches) == len(stands) + 1  # and the target


@pytest.mark.parametrize(("name", "first"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.SVG", b"<?xml")])
def test_the_ending_says_what_is_drawn(one_leg: Measurement, tmp_path: Path, name: str, first: bytes) -> None:
    path = tmp_path / name
    path.write_text("older")
    report.draw(one_leg, path)
    assert path.read_bytes().startswith(first)
    assert list(tmp_path.iterdir()) == [path]


def test_a_picture_that_fails_leaves_the_older_one(
    one_leg: Measurement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_text("older")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'hiphold\[report\]'"):
        report.draw(one_leg, path)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["older"]
