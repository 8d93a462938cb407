"""The simulated drill, session by session: which methods run on which athlete, in worker processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

from hiphold.errors import NothingToMeasureError
from hiphold.live import measure_causal
from hiphold.measure import measure
from hiphold.samples import Settings
from hiphold.sources.simulate import Simulation
from table import filters, textbook
from table.cells import Cell, all_cells, lossy, whole
from table.judged import NOTHING, HoldRow, Measured, Told, of_hiphold, of_series, rows, told

OFFLINE, LIVE, RECORDED = "hiphold offline", "hiphold live", "hiphold recorded"
OURS = {
    OFFLINE: "`hiphold.measure.measure`: the whole recording at once",
    LIVE: "`hiphold.live.measure_causal`: each figure from what had arrived by then",
    RECORDED: "offline from the nodes' quaternions (`--orientation recorded`); here BasicVQF plays the node's filter",
}
WORKERS = 2
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""in each worker: two of them have two cores, and results must not depend on how many there are"""

Item = TypeVar("Item")
Found = TypeVar("Found")
Key = tuple[str, Cell]
"""method, conditions"""
Results = dict[Key, list[HoldRow]]
"""by seed, then by hold"""


@dataclass(frozen=True)
class Counts:
    """How many athletes each method gets in each cell; always the first ones, from seed 0."""

    offline: int = 100
    live: int = 20
    """in the base cell"""
    live_elsewhere: int = 2
    slow: int = 10
    """the other filters, base cell"""

    def fast(self) -> Counts:
        """A tenth, and never none."""
        return Counts(*(max(each // 10, 2) for each in (self.offline, self.live, self.live_elsewhere, self.slow)))

    def of(self, method: str, cell: Cell) -> int:
        """Athletes of one method in one cell."""
        if method == OFFLINE:
            return self.offline
        if method == LIVE:
            return self.live if cell.is_base else self.live_elsewhere
        if not cell.is_base:
            return 0
        return self.offline if method in (RECORDED, filters.VQF) else self.slow

    def methods(self, cell: Cell, seed: int) -> list[str]:
        """What runs on one athlete."""
        return [each for each in (*OURS, *filters.available()) if seed < self.of(each, cell)]


def measured(method: str, simulation: Simulation) -> Measured:
    """What a method says of a session; NOTHING where it refuses."""
    if method in filters.FILTERS:
        return of_series(*textbook.measure(simulation, method))
    settings = Settings(causal=method == LIVE, orientation="recorded" if method == RECORDED else "host")
    try:
        return of_hiphold(simulation, (measure_causal if method == LIVE else measure)(simulation.frames, settings))
    except NothingToMeasureError:
        return NOTHING


@dataclass(frozen=True)
class Job:
    """One athlete, with or without the ritual, under all other conditions."""

    seed: int
    cells: tuple[Cell, ...]
    """in all of which the athlete moves alike"""
    counts: Counts


def run(job: Job, only: Sequence[str] = ()) -> Results:
    """Every method on one athlete, or only these."""
    found: Results = {}
    truth: Told | None = None
    for cell in job.cells:
        if not cell.lossy:
            simulation = whole(cell, job.seed)
        truth = truth or told(simulation, job.seed)
        heard = lossy(simulation, job.seed) if cell.lossy else simulation
        for method in job.counts.methods(cell, job.seed):
            if not only or method in only:
                found[method, cell] = rows(truth, measured(method, heard))
    return found


def jobs(counts: Counts) -> list[Job]:
    """All of them; cells in an order in which each lossy one follows the whole one it is made from."""
    cells = sorted(all_cells())
    kinds = [tuple(cell for cell in cells if cell.quick == quick) for quick in (False, True)]
    return [Job(seed, kind, counts) for seed in range(counts.offline) for kind in kinds]


def merged(parts: Iterable[Results]) -> Results:
    """All rows of each method and cell, in order."""
    found: Results = {}
    for part in parts:
        for key, some in part.items():
            found.setdefault(key, []).extend(some)
    return {key: sorted(some, key=lambda row: (row.seed, row.number)) for key, some in sorted(found.items())}


def spread(name: str, work: Callable[[Item], Found], items: Sequence[Item], workers: int = WORKERS) -> list[Found]:
    """work of each item, in order, by so many processes; progress goes to stderr."""
    began_s = time.monotonic()
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(work, item): place for place, item in enumerate(items)}
        for done, _ in enumerate(as_completed(waiting), 1):
            _show(name, done, len(items), time.monotonic() - began_s)
        return [each.result() for each in waiting]


def _show(name: str, done: int, of: int, gone_s: float) -> None:
    if not sys.stderr.isatty() and done != of and done % max(1, of // 20):
        return
    left_s = gone_s / done * (of - done)
    end = "\r" if sys.stderr.isatty() and done < of else "\n"
    print(
        f"{name}: {done} of {of}, {gone_s:.0f} s gone, about {left_s:.0f} s left   ",
        end=end,
        file=sys.stderr,
        flush=True,
    )


def upto(some: Sequence[HoldRow], athletes: int) -> Iterator[HoldRow]:
    """Those of the first athletes."""
    return (row for row in some if row.seed < athletes)
