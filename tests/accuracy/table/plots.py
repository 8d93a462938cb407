"""The pictures of the page: SVG, told apart by shape as well as by colour, the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from hiphold.measure import measure
from hiphold.samples import Settings
from table import filters, runs, summary
from table.cells import SENSORS, Cell, whole
from table.judged import FIGURES, STATED, of_hiphold, told
from table.page import HEADS, PICTURES
from table.runs import OFFLINE, OURS, Results

# Okabe and Ito's colours, in an order in which their greys differ too.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#999999")
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "*")
GOOD = Cell("good")
SEED = 0
HOLD = 1


def draw(folder: Path, results: Results, athletes: int) -> None:
    """All of page.PICTURES into a folder. athletes: how many every method saw."""
    with mpl.rc_context({"svg.hashsalt": "hiphold", "svg.fonttype": "none", "font.size": 9}):
        canvases = (_methods(results, athletes), _coverage(results), _hold())
        for name, canvas in zip(PICTURES, canvases):
            canvas.savefig(folder / name, metadata={"Date": None, "Creator": None})


def _axes(width: float, height: float) -> tuple[Canvas, Axes]:
    canvas = Canvas(figsize=(width, height), layout="constrained")
    axes = canvas.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return canvas, axes


def _rows_of_names(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [HEADS[name] for name in names])
    axes.invert_yaxis()
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)


def _methods(results: Results, athletes: int) -> Canvas:
    canvas, axes = _axes(7.5, 4.2)
    names = FIGURES[:-1]
    methods = [each for each in (*OURS, *filters.FILTERS) if (each, GOOD) in results]
    for place, method in enumerate(methods):
        rows = list(runs.upto(results[method, GOOD], athletes))
        rmse = [(y, figure.rmse) for y, name in enumerate(names) if (figure := summary.of(rows, name))]
        offset = 0.7 * (place / max(1, len(methods) - 1) - 0.5)
        axes.plot(
            [x for _, x in rmse],
            [y + offset for y, _ in rmse],
            SHAPES[place],
            color=COLOURS[place],
            markersize=6 if method in OURS else 4.5,
            markerfacecolor=COLOURS[place] if method in OURS else "none",
            label=method,
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
    axes.set_xlabel(f"RMSE in holds, degrees; good sensors, the first {athletes} athletes")
    _rows_of_names(axes, names)
    canvas.legend(loc="outside right upper", frameon=False)
    return canvas


def _coverage(results: Results) -> Canvas:
    canvas, axes = _axes(7.5, 3.2)
    for place, sensor in enumerate(SENSORS):
        rows = results[OFFLINE, Cell(sensor)]
        for y, name in enumerate(STATED):
            share = summary.coverage(rows, name)
            if share is None:
                continue
            low, high = share.interval()
            at = y + 0.25 * (place - 1)
            axes.plot((low, high), (at, at), color=COLOURS[place], linewidth=1)
            label = sensor if y == 0 else None
            axes.plot(share.percent, at, SHAPES[place], color=COLOURS[place], markersize=5, label=label)
    axes.axvspan(93, 97, color="#eeeeee", zorder=0)
    axes.axvline(95, color="#777777", linewidth=0.8)
    axes.set_xlabel("intervals that hold the truth, %; bars: 95 % interval of the share; band: 93 to 97 %")
    _rows_of_names(axes, STATED)
    canvas.legend(loc="outside right upper", frameon=False)
    return canvas


def _hold() -> Canvas:
    """The middle hold of the first athlete."""
    simulation = whole(GOOD, SEED)
    truth, result = told(simulation, SEED), measure(simulation.frames, Settings())
    hold, said = truth.holds[HOLD], of_hiphold(simulation, result)
    near = (said.time_s > hold.start_s - 1.5) & (said.time_s < hold.end_s + 1.5)
    shown = near & (said.series["femur_elevation"] > 0)
    time_s, measured = said.time_s[shown], said.series["femur_elevation"][shown]
    half = said.stated[HOLD].femur_elevation_deg.uncertainty_rezeroed_95
    canvas, axes = _axes(7.5, 2.8)
    since_s, some = time_s - hold.start_s, slice(None, None, 6)
    axes.fill_between(
        since_s[some], (measured - half)[some], (measured + half)[some], color="#cccccc", label="95 % interval"
    )
    true = np.interp(time_s, truth.time_s, truth.angles["femur_elevation"])
    axes.plot(since_s[some], measured[some], color=COLOURS[1], linewidth=1.2, label="measured, offline")
    axes.plot(since_s[some], true[some], "--", color=COLOURS[0], linewidth=1.2, label="truth")
    axes.set_ylim(0, None)
    axes.set_xlabel("time since the true start of the hold, s")
    axes.set_ylabel("femur elevation, degrees")
    canvas.legend(loc="outside right upper", frameon=False)
    return canvas
