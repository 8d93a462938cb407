"""The generated part of the page: Markdown tables from results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from table import filters, runs, summary
from table.cells import BASE, LOSSY, SENSORS, Cell
from table.data import Data
from table.judged import FIGURES, STATED, HoldRow
from table.recorded import ENCODER_S, SIX, Agreement, Judged
from table.runs import LIVE, OFFLINE, OURS, Counts, Results
from table.targets import LIMITS, six, targets

MARKS = "<!-- table -->", "<!-- end of table -->"
HEADS = {
    "femur_elevation": "elevation",
    "hip_flexion": "flexion",
    "hip_adduction": "adduction",
    "hip_rotation": "internal rotation",
    "thigh_azimuth": "azimuth",
    "rotation_range": "rotation range",
    "pelvis_tilt": "tilt shift",
    "pelvis_obliquity": "obliquity shift",
    "pelvis_rotation": "pelvic rotation shift",
    "hold_time": "hold time, s",
    "elevation_rezeroed": "elevation, re-zeroed",
    "elevation_absolute": "elevation, absolute",
}
PICTURES = {
    "accuracy-methods.svg": "RMSE of each angle in holds, by method, good sensors; logarithmic",
    "accuracy-coverage.svg": "How often stated 95 % intervals hold the truth, by quantity and sensor class",
    "accuracy-hold.svg": "One hold: truth, what was measured, and its interval",
}


@dataclass(frozen=True)
class Everything:
    """All that the page is made from."""

    counts: Counts
    results: Results
    broad: Sequence[Judged]
    encoder: Sequence[Judged]
    people: Sequence[Agreement]
    data: Data


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def generated(all_: Everything) -> str:
    """What stands between the marks: the same bytes for the same results."""
    sections = (_sizes, _targets, _methods, _paired, _cells, _coverage, _broad, _encoder, _people)
    return "\n\n".join("\n".join(section(all_)) for section in sections)


def write(page: Path, text: str) -> None:
    """Replace what stands between the marks; the rest is written by hand."""
    old = page.read_text("utf-8")
    before, _, rest = old.partition(MARKS[0])
    _, mark, after = rest.partition(MARKS[1])
    if not mark:
        raise SystemExit(f"{page} has no marks to put the table between: {' ... '.join(MARKS)}")
    page.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}", "utf-8")


def named(cell: Cell) -> list[str]:
    """Conditions in words."""
    skin, ritual = "yes" if cell.skin else "no", "quick start" if cell.quick else "full"
    return [cell.sensor, skin, ritual, "2 %, holes" if cell.lossy else "none"]


def found(rows: Sequence[HoldRow]) -> str:
    """Holds found of those there were."""
    return f"{sum(row.found for row in rows)} of {len(rows)}"


def figures(rows: Sequence[HoldRow]) -> list[str]:
    """A cell for each figure; with its number of holds where that differs from the number there were."""
    cells = []
    for name in FIGURES:
        figure = summary.of(rows, name)
        few = f" (n {figure.n})" if figure and figure.n != len(rows) else ""
        cells.append(figure.text(3 if name == "hold_time" else 2) + few if figure else "-")
    return cells


def _sizes(all_: Everything) -> list[str]:
    c = all_.counts
    versions = ", ".join(f"{name} {found}" for name, found in filters.versions().items())
    lines = [
        "### What was run",
        "",
        f"Seeds 0 to {c.offline - 1}, one athlete each, even seeds right leg, odd left, three holds each. hiphold "
        f"offline ran on all of them in every cell; live on the first {c.live} in the base cells and on "
        f"{c.live_elsewhere} in the others; in the base cells also hiphold from recorded quaternions and vqf on all, "
        f"and the other filters on the first {c.slow}. Loss means {100 * LOSSY.loss:g} % of packets and "
        f"{LOSSY.holes_per_min:g} holes of 60 to 300 ms a minute. Hold time leaves out holds whose true elevation "
        "lingers at the threshold, where nobody can tell.",
        "",
        f"Versions: {versions}.",
        "",
        *(f"- {name}: {said}." for name, said in (OURS | filters.SAID).items()),
    ]
    if filters.NODE not in filters.available():
        lines += ["", "There is no MicroPython here: the rows of `fusion.py` are missing."]
    problems = all_.data.problems()
    good = ["", "All recorded files are those of `tests/accuracy/table/SHA256SUMS`."]
    return lines + (["", *(f"- {each}" for each in problems)] if problems else good)


def _targets(all_: Everything) -> list[str]:
    rows = []
    for target in targets(all_.results, all_.broad):
        value = "-" if target.reached is None else f"{target.reached:.3g} {target.unit}"
        limit = LIMITS.get(target.name, "")
        rows.append([target.text, target.asked, value, str(target.n), target.verdict, limit])
    heads = ("target", "aim", "reached", "n", "", "what limits it")
    return [
        "### Targets",
        "",
        "Full ritual, no loss; good sensors where none are named; skin motion for the interval of the rotation range.",
        "",
        *table(heads, rows),
    ]


def _methods(all_: Everything) -> list[str]:
    lines = ["### Methods, base cells", "", "RMSE / P95 / worst over holds, degrees; truth: the simulator, re-zeroed."]
    for cell in BASE:
        kept = [(key[0], rows) for key, rows in all_.results.items() if key[1] == cell]
        lines += ["", f"Sensor class {cell.sensor}:", "", *_by_method(kept)]
    return lines


def _by_method(kept: Iterable[tuple[str, Sequence[HoldRow]]]) -> list[str]:
    order = (*OURS, *filters.FILTERS)
    rows = sorted(kept, key=lambda each: order.index(each[0]))
    cells = [[name, str(summary.athletes(some)), found(some), *figures(some)] for name, some in rows]
    return table(("method", "athletes", "holds found", *(HEADS[name] for name in FIGURES)), cells)


def _paired(all_: Everything) -> list[str]:
    n = all_.counts.slow
    lines = [
        "### Methods, the same athletes",
        "",
        f"The first {n} athletes only, so that every row saw the same sessions.",
    ]
    for cell in BASE:
        kept = [(key[0], list(runs.upto(rows, n))) for key, rows in all_.results.items() if key[1] == cell]
        lines += ["", f"Sensor class {cell.sensor}:", "", *_by_method(kept)]
    return lines


def _cells(all_: Everything) -> list[str]:
    lines = [
        "### hiphold under all conditions",
        "",
        "RMSE / P95 / worst over holds, degrees; truth: the simulator, re-zeroed.",
    ]
    heads = ("sensors", "skin", "ritual", "loss", "athletes", "holds found", *(HEADS[name] for name in FIGURES))
    for method in (OFFLINE, LIVE):
        kept = _under_all(all_, method)
        rows = [[*named(cell), str(summary.athletes(some)), found(some), *figures(some)] for cell, some in kept]
        lines += ["", f"{method}:", "", *table(heads, rows)]
    return lines


def _under_all(all_: Everything, method: str) -> list[tuple[Cell, Sequence[HoldRow]]]:
    """A method's rows cell by cell, sensor classes from the best to the worst."""
    kept = [(cell, rows) for (name, cell), rows in all_.results.items() if name == method]
    return sorted(kept, key=lambda each: (list(SENSORS).index(each[0].sensor), each[0]))


def _share(rows: Sequence[HoldRow], name: str) -> str:
    share = summary.coverage(rows, name)
    if share is None:
        return "-"
    low, high = share.interval()
    return f"{share.percent:.0f} % ({low:.0f}-{high:.0f}) of {share.n}"


def _coverage(all_: Everything) -> list[str]:
    lines = [
        "### How often the stated 95 % intervals hold the truth",
        "",
        "In brackets the 95 % interval of that share itself, by Wilson's score.",
    ]
    heads = ("sensors", "skin", "ritual", "loss", *(HEADS[name] for name in STATED))
    for method in (OFFLINE, LIVE):
        kept = _under_all(all_, method)
        cells = [[*named(cell), *(_share(some, name) for name in STATED)] for cell, some in kept]
        lines += ["", f"{method}:", "", *table(heads, cells)]
    return lines


def _recordings(rows: Sequence[Judged]) -> list[str]:
    return sorted({each.recording for each in rows})


def _broad(all_: Everything) -> list[str]:
    lines = ["### BROAD: inclination of one sensor against optics", ""]
    if not all_.broad:
        return [*lines, "No trial of BROAD is here: see above."]
    methods = list(dict.fromkeys(each.method for each in all_.broad))
    known = {(each.recording, each.method): each for each in all_.broad}
    rows = [
        [name, str(known[name, methods[0]].n), *(_three(known[name, method]) for method in methods)]
        for name in _recordings(all_.broad)
    ]
    of_six = [six(all_.broad, method) for method in methods]
    rows.append(["mean RMSE of the six", "6 trials", *("-" if each is None else f"{each:.3f}" for each in of_six)])
    more = len(_recordings(all_.broad))
    if more > len(SIX):
        means = [sum(e.rmse for e in all_.broad if e.method == method) / more for method in methods]
        rows.append(["mean RMSE of all", f"{more} trials", *(f"{each:.3f}" for each in means)])
    said = (
        "RMSE / P95 / worst over the scored samples, degrees. fusion.py gets them rounded to 16 bits, as from a chip."
    )
    return [*lines, said, "", *table(("trial", "samples", *methods), rows)]


def _three(each: Judged) -> str:
    return f"{each.rmse:.2f} / {each.p95:.2f} / {each.worst:.2f}"


def _encoder(all_: Everything) -> list[str]:
    lines = ["### Two MPU-6050 against an encoder: relative angle inside 10 s", ""]
    if not all_.encoder:
        return [*lines, "No record of the encoder is here: see above."]
    methods = list(dict.fromkeys(each.method for each in all_.encoder))
    known = {(each.recording, each.method): each for each in all_.encoder}
    rows = [
        [name, str(known[name, methods[0]].n)]
        + [f"{k.median:.2f} / {k.p95:.2f} / {k.worst:.2f}" for k in (known[name, method] for method in methods)]
        for name in _recordings(all_.encoder)
    ]
    said = (
        f"Median / P95 / worst over windows of 10 s, every 5 s, of the first {ENCODER_S:g} s; RMS in each, degrees. "
        "Errors of tens of degrees about roll are windows in which the headings of the two sensors had drifted apart "
        "by almost half a turn, where a turn about one axis means little."
    )
    return [*lines, said, "", *table(("record", "windows", *methods), rows)]


def _people(all_: Everything) -> list[str]:
    lines = ["### People: agreement, not truth", ""]
    if not all_.people:
        return [*lines, "No recording of people is here: see above."]
    rows = [
        [
            e.recording,
            e.figure,
            f"{e.ours_deg:+.1f}",
            f"{e.theirs_deg:+.1f}",
            f"{e.ours_deg - e.theirs_deg:+.1f}",
            e.whose,
        ]
        for e in all_.people
    ]
    said = "One value each, degrees. Nobody knows which of the two is right."
    return [*lines, said, "", *table(("recording", "figure", "hiphold", "said", "difference", "said by"), rows)]
