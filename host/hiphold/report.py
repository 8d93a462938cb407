"""A measurement for people: the table in a terminal, the picture in a file."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hiphold import files
from hiphold.drill import HOLD_MIN_S
from hiphold.errors import MissingExtraError
from hiphold.measurement import Measurement
from hiphold.metrics import Stability
from hiphold.samples import Floats, Settings, Track
from hiphold.wire import PLACEMENTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rich.console import RenderableType
    from rich.table import Table

# Okabe and Ito's colours, told apart by every kind of colour vision; marks differ in shape as well.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#999999"
SIDE_COLOUR = {"right": BLUE, "left": ORANGE}
SIDE_LINE = {"right": "-", "left": "--"}
PANELS = {
    "hip in holds (°)": {"hip_rotation_deg": "internal rotation", "thigh_azimuth_deg": "azimuth, across"},
    "pelvis in holds (°)": {
        "pelvis_tilt_deg": "tilt",
        "pelvis_obliquity_deg": "obliquity",
        "pelvis_rotation_deg": "rotation",
    },
}
"""what is drawn below elevation: title of the panel, then curves"""
METHOD = {
    "full": "full, from raises and bow",
    "quick": "quick start, by the marks on the case where motion did not tell",
    "stand": "stand only; hip and pelvis are not measured",
}
MAX_POINTS = 4000
"""points drawn per curve; more than a screen is wide"""
_GAP_S = 0.5  # a curve is broken where there was no sample for so long
_ROW_DEG = 20  # height of a bar and its figures
_LABEL_SHARE = 0.06  # of the width of the picture: what the figures of a hold need


def _table(title: str, *headings: str) -> Table:
    """A table of numbers, words to the left; narrow enough for a terminal of 80 columns."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(
            heading.replace(" (", "\n("), justify="left" if heading in ("leg", "placement") else "right", no_wrap=True
        )
    return table


def _target(settings: Settings) -> str:
    return f"target {settings.target_deg:g}° ± {settings.band_deg:g}°"


def _holds_table(measurement: Measurement) -> RenderableType:
    headings = ("#", "leg", "from (s)", "held (s)", "in band (s)", "elevation (°)", "lowest", "highest", "slope (°/s)")
    table = _table(f"Holds, {_target(measurement.settings)}", *headings)
    for number, hold in enumerate(measurement.holds, 1):
        elevation = hold.femur_elevation_deg
        table.add_row(
            str(number),
            hold.side,
            f"{hold.start_s:.1f}",
            f"{hold.hold_s:.2f} ± {hold.hold_s_uncertainty_95:.2f}",
            f"{hold.in_band_s:.1f}",
            f"{elevation.mean:+.1f} ± {elevation.uncertainty_rezeroed_95:.1f}",
            f"{elevation.min:+.1f}",
            f"{elevation.max:+.1f}",
            f"{elevation.slope_deg_per_s:+.2f}",
        )
    return table


def _nodes_table(measurement: Measurement) -> RenderableType:
    headings = ("placement", "rate (Hz)", "samples", "lost", "saturated", "own, host (° apart)", "drift (°/min)")
    table = _table("Sensors", *headings)
    for node in sorted(measurement.nodes, key=lambda node: PLACEMENTS.index(node.placement)):
        share = 100 * node.lost / max(1, node.lost + node.samples)
        table.add_row(
            node.placement,
            "" if node.rate_hz is None else f"{node.rate_hz:.1f}",
            str(node.samples),
            f"{node.lost} ({share:.1f} %)",
            "" if node.saturated is None else str(node.saturated),
            _number(node.orientation_disagreement_deg, ".1f"),
            _number(node.heading_drift_deg_per_min),
        )
    return table


def _number(value: float | None, form: str = "+.1f") -> str:
    return "" if value is None else format(value, form)


def _shift(stability: Stability) -> str:
    """A mean shift with its 95 % interval."""
    if stability.mean_shift is None or stability.uncertainty_95 is None:
        return ""
    return f"{stability.mean_shift:+.1f} ± {stability.uncertainty_95:.1f}"


def _hips_table(measurement: Measurement) -> RenderableType:
    """Hip and azimuth in each hold: means, and how far it was turned out and in."""
    headings = (
        "#",
        "flexion",
        "adduction",
        "rotation (out",
        "in)",
        "range",
        "turns",
        "azimuth (out",
        "across)",
        "range",
    )
    table = _table("Hip in the holds (°)", *headings)
    for number, hold in enumerate(measurement.holds, 1):
        rotation, azimuth = hold.hip_rotation_deg, hold.thigh_azimuth_deg
        table.add_row(
            str(number),
            _number(hold.hip_flexion_deg.mean),
            _number(hold.hip_adduction_deg.mean),
            _number(rotation.external_peak),
            _number(rotation.internal_peak),
            _number(hold.hip_rotation_range_deg, ".1f"),
            "" if hold.rotation_cycles is None else str(hold.rotation_cycles),
            _number(azimuth.outward_peak),
            _number(azimuth.across_peak),
            _number(hold.thigh_azimuth_range_deg, ".1f"),
        )
    return table


def _pelvis_table(measurement: Measurement) -> RenderableType:
    """The pelvis in each hold: shifts from the baseline before the raise, and how still it was."""
    headings = ("#", "tilt", "obliquity", "turned", "sway (°²)", "dissociation", "tremor (first 3 s", "last)")
    table = _table("Pelvis in the holds (°, against before the raise); tremor (m/s²)", *headings)
    for number, hold in enumerate(measurement.holds, 1):
        table.add_row(
            str(number),
            *map(_shift, (hold.pelvis.tilt_deg, hold.pelvis.obliquity_deg, hold.pelvis.rotation_deg)),
            _number(hold.pelvis.sway_area_deg2, ".0f"),
            _number(hold.dissociation, ".2f"),
            _number(hold.tremor_mps2.first_3s, ".2f"),
            _number(hold.tremor_mps2.last_3s, ".2f"),
        )
    return table


def _others_table(measurement: Measurement) -> RenderableType:
    """Stance leg and trunk, where they are worn."""
    headings = ("#", "stance hip (mean", "most bent)", "trunk (tilt", "turned)")
    table = _table("Stance leg, and trunk against the pelvis, in the holds (°)", *headings)
    for number, hold in enumerate(measurement.holds, 1):
        stance, trunk = hold.stance_hip_flexion_deg, hold.trunk
        shifts = map(_shift, (trunk.tilt_deg, trunk.rotation_deg))
        table.add_row(str(number), _number(stance.mean), _number(stance.max), *shifts)
    return table


def _has_others(measurement: Measurement) -> bool:
    return any(
        h.stance_hip_flexion_deg.mean is not None or h.trunk.tilt_deg.mean_shift is not None for h in measurement.holds
    )


def _no_hold(settings: Settings) -> str:
    return f"No hold: no thigh stayed above {settings.target_deg - settings.band_deg:g}° for {HOLD_MIN_S:g} s."


def tables(measurement: Measurement) -> list[RenderableType]:
    """What `hiphold measure` prints, as things rich can print."""
    stand = measurement.calibration.stand
    lines: list[RenderableType] = []
    lines.append(_holds_table(measurement) if measurement.holds else _no_hold(measurement.settings))
    if measurement.holds:
        wide = max(hold.femur_elevation_deg.uncertainty_95 for hold in measurement.holds)
        lines.append(
            f"± is 95 %. Elevation is against the athlete's own stand; against true vertical it is ± {wide:.1f}°.\n"
        )
    if any(hold.hip_flexion_deg.mean is not None for hold in measurement.holds):
        lines.append(_hips_table(measurement))
    if any(h.pelvis.tilt_deg.mean_shift is not None or h.tremor_mps2.first_3s is not None for h in measurement.holds):
        lines.append(_pelvis_table(measurement))
    if _has_others(measurement):
        lines.append(_others_table(measurement))
    lines += [f"Attempt, {a.side}: {a.hold_s:.1f} s from {a.start_s:.1f} s." for a in measurement.attempts]
    lines += [f"Raise, {r.side}: {r.femur_elevation_peak_deg:+.1f}° at {r.peak_s:.1f} s." for r in measurement.raises]
    lines.append("")
    lines.append(_nodes_table(measurement))
    how = METHOD[measurement.calibration.method]
    lines.append(f"Reference stand {stand.start_s:.1f} to {stand.end_s:.1f} s; calibration: {how}.")
    lines += [f"Warning: {warning}" for warning in measurement.calibration.warnings]
    if measurement.reasons:
        lines.append("\nEmpty or to be doubted, and why:")
    lines += [f"- {reason.what}: {reason.why}" for reason in measurement.reasons]
    return lines


def _curve(track: Track, values_deg: Floats) -> tuple[Floats, Floats]:
    """What is drawn of a track: at most MAX_POINTS, with a break where samples are missing."""
    every = slice(None, None, max(1, len(track.time_s) // MAX_POINTS))
    time_s, values_deg = track.time_s[every], values_deg[every]
    step_s = (time_s[-1] - time_s[0]) / len(time_s)
    after = np.flatnonzero(np.diff(time_s) > max(_GAP_S, 3 * step_s)) + 1
    return np.insert(time_s, after, time_s[after - 1]), np.insert(values_deg, after, np.nan)


def _draw_elevation(axes: Axes, measurement: Measurement) -> None:
    settings = measurement.settings
    low, high = settings.target_deg - settings.band_deg, settings.target_deg + settings.band_deg
    axes.axhspan(low, high, color=GREEN, alpha=0.18, linewidth=0, label=_target(settings).replace("-", "−"))
    axes.axhline(0, color=GREY, linewidth=0.6)
    for stand in measurement.stands:
        label = "stand" if stand is measurement.stands[0] else None
        axes.axvspan(stand.start_s, stand.end_s, ymax=0.02, color=GREY, linewidth=0, label=label)
    for track in measurement.tracks:
        style: dict[str, Any] = {"color": SIDE_COLOUR[track.side], "linestyle": SIDE_LINE[track.side]}
        axes.plot(*_curve(track, track.elevation_deg), linewidth=1.2, label=f"{track.side} thigh", **style)
    peaks = [(r.peak_s, r.femur_elevation_peak_deg) for r in measurement.raises]
    if peaks:
        axes.plot(*zip(*peaks), "v", color="black", markersize=5, linestyle="none", label="raise (peak)")


def _mark_holds(axes: Axes, measurement: Measurement, bottom_deg: float) -> int:
    """A bar over each hold with its figures, a row for each leg: both may hold at once. How many rows there are."""
    sides = [side for side in SIDE_COLOUR if any(hold.side == side for hold in measurement.holds)]
    first_s, last_s = axes.get_xlim()
    for number, hold in enumerate(measurement.holds, 1):
        colour, row_deg = SIDE_COLOUR[hold.side], bottom_deg + _ROW_DEG * sides.index(hold.side)
        axes.axvspan(hold.start_s, hold.end_s, color=colour, alpha=0.08, linewidth=0)
        label = "hold, mean elevation" if number == 1 else None
        bar: dict[str, Any] = {"color": colour, "linewidth": 3, "solid_capstyle": "butt", "label": label}
        axes.plot((hold.start_s, hold.end_s), (row_deg, row_deg), **bar)
        roomy = hold.hold_s > _LABEL_SHARE * (last_s - first_s)
        elevation = f"{hold.femur_elevation_deg.mean:+.1f}°".replace("-", "−")
        text = f"#{number}  {hold.hold_s:.1f} s\n{elevation}" if roomy else str(number)
        middle = (hold.start_s + hold.end_s) / 2
        axes.text(middle, row_deg + 2, text, ha="center", va="bottom", fontsize=9 if roomy else 8, color=colour)
    return len(sides)


def _top_of_curves(measurement: Measurement) -> float:
    """The highest thing that is drawn: a curve or the target band."""
    angles_deg = np.concatenate([track.elevation_deg for track in measurement.tracks])
    band_deg = measurement.settings.target_deg + measurement.settings.band_deg
    return float(np.max(angles_deg, initial=band_deg, where=np.isfinite(angles_deg)))


def _draw(axes: Axes, measurement: Measurement) -> None:
    times = np.concatenate([track.time_s for track in measurement.tracks])
    axes.set_xlim(float(times.min()), float(times.max()))
    _draw_elevation(axes, measurement)
    bars_deg = _top_of_curves(measurement) + 8
    rows = _mark_holds(axes, measurement, bars_deg)
    axes.set_yticks(range(-90, 91, 30))
    axes.set_ylim(-95, bars_deg + _ROW_DEG * rows)
    axes.set_ylabel("femur elevation (°), −90 hanging, 0 level")
    axes.set_title("Standing psoas hold", loc="left")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


def _draw_panel(axes: Axes, measurement: Measurement, panel: dict[str, str], title: str) -> None:
    """Further angles over time, by name and label; drawn in holds only, which is where they are said to be right."""
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.set_ylabel(title)
    for track in measurement.tracks:
        inside = np.zeros(len(track.time_s), bool)
        for hold in (hold for hold in measurement.holds if hold.side == track.side):
            inside |= (track.time_s >= hold.start_s) & (track.time_s <= hold.end_s)
        for (name, label), colour in zip(panel.items(), (BLUE, ORANGE, GREEN)):
            if name in track.others:
                style: dict[str, Any] = {"color": colour, "linestyle": SIDE_LINE[track.side]}
                drawn = np.where(inside, track.others[name], np.nan)
                axes.plot(*_curve(track, drawn), linewidth=1.2, label=f"{label}, {track.side}", **style)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


def draw(measurement: Measurement, path: Path) -> None:
    """Elevation over time with target, holds, raises and stands, hip and pelvis below where they are known. Atomic.

    PNG or SVG by the file's ending.

    Raises MissingExtraError without matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("pictures need matplotlib; install it with: pip install 'hiphold[report]'") from None
    panels = PANELS if measurement.holds and any(track.others for track in measurement.tracks) else {}
    figure = Figure(figsize=(12, 5 + 2.2 * len(panels)), layout="constrained")
    heights = [5.0, *[2.2] * len(panels)]
    first, *more = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    _draw(first, measurement)
    for axes, (title, panel) in zip(more, panels.items()):
        _draw_panel(axes, measurement, panel, title)
    (more or [first])[-1].set_xlabel("time (s)")
    drawn = BytesIO()
    figure.savefig(drawn, format=path.suffix[1:].lower(), dpi=110)
    files.write(path, drawn.getvalue())
