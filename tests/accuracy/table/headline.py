"""The short version for `make test`: a few athletes, against figures kept in headline.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from table import recorded, runs, summary
from table.cells import BASE
from table.data import Data
from table.judged import FIGURES

KEPT = Path(__file__).with_name("headline.json")
RENEW = "PYTHONPATH=tests:tests/accuracy .venv/bin/python -m table --renew-headline"
COUNTS = runs.Counts(offline=6, live=1, live_elsewhere=0, slow=0)
WORSE = 1.1
FLOOR = {"hold_time": 0.002}
"""what an error may grow by whatever it was; s"""
FLOOR_DEG = 0.02

Figures = dict[str, float]


def drill() -> Figures:
    """RMSE of every figure in the base cells, offline for all athletes, live for the first."""
    found: Figures = {}
    jobs = [runs.Job(seed, BASE, COUNTS) for seed in range(COUNTS.offline)]
    results = runs.merged(runs.run(job, (runs.OFFLINE, runs.LIVE)) for job in jobs)
    for (method, cell), rows in results.items():
        for name in FIGURES:
            if figure := summary.of(rows, name):
                found[f"{method}, {cell.sensor}: {name}"] = figure.rmse
        found[f"{method}, {cell.sensor}: holds missed"] = float(sum(not row.found for row in rows))
    return found


def broad(data: Data) -> Figures:
    """Mean inclination RMSE of the six trials; nothing when one of them is not as it was."""
    paths = [path for path in data.files("broad/*.npz") if path.stem in recorded.SIX]
    if len(paths) < len(recorded.SIX):
        return {}
    ours = (runs.OFFLINE, runs.LIVE)
    found = [recorded.broad(path, ours) for path in paths]
    return {f"BROAD, {method}": float(np.mean([row[k].rmse for row in found])) for k, method in enumerate(ours)}


@dataclass(frozen=True)
class Change:
    """One figure, as it was and as it is."""

    name: str
    old: float
    new: float

    @property
    def is_worse(self) -> bool:
        """By more than a tenth, and by more than the floor."""
        floor = FLOOR.get(self.name.partition(": ")[2], FLOOR_DEG)
        return not self.new <= max(WORSE * self.old, self.old + floor)

    def __str__(self) -> str:
        return f"{self.name:<55} {self.old:8.3f} -> {self.new:8.3f}{'  WORSE' if self.is_worse else ''}"


def changes(kept: Mapping[str, float], found: Mapping[str, float]) -> list[Change]:
    """Figures that are kept; one that is not found any more counts as worse than any."""
    return [Change(name, old, found.get(name, float("inf"))) for name, old in kept.items()]


def kept(part: str) -> Figures:
    """The reference figures of `drill` or `broad`."""
    figures: Figures = json.loads(KEPT.read_text("utf-8"))[part]
    return figures


def renew(data: Data) -> None:
    """Take the figures of now as reference; those of BROAD stay when the data are not here."""
    old = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {"drill": {}, "broad": {}}
    new = {"drill": drill(), "broad": broad(data) or old["broad"]}
    rounded = {part: {name: round(value, 5) for name, value in sorted(new[part].items())} for part in new}
    for part in new:
        print(*changes(old[part], new[part]), sep="\n")
    KEPT.write_text(json.dumps(rounded, indent=1) + "\n", "utf-8")
