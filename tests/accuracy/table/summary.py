"""Rows of holds to figures: RMSE, 95th percentile and worst, and how often intervals hold the truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from table.judged import STATED, HoldRow


@dataclass(frozen=True)
class Figure:
    """Errors of one figure over the holds in which it is known."""

    rmse: float
    p95: float
    """of the size of the error per hold"""
    worst: float
    n: int

    def text(self, places: int = 2) -> str:
        """As it stands in a cell."""
        return f"{self.rmse:.{places}f} / {self.p95:.{places}f} / {self.worst:.{places}f}"


def figure(errors: Iterable[float]) -> Figure | None:
    """None of nothing."""
    size = np.abs(np.fromiter(errors, float))
    if not len(size):
        return None
    return Figure(float(np.sqrt(np.mean(size**2))), float(np.percentile(size, 95)), float(size.max()), len(size))


def of(rows: Sequence[HoldRow], name: str) -> Figure | None:
    """One of judged.FIGURES over rows that know it."""
    return figure(row.errors[name] for row in rows if name in row.errors)


@dataclass(frozen=True)
class Coverage:
    """How often an interval held the truth."""

    inside: int
    n: int

    @property
    def percent(self) -> float:
        """Of all that were stated."""
        return 100 * self.inside / self.n

    def interval(self) -> tuple[float, float]:
        """95 % interval of the share in percent by Wilson's score (1927), doi 10.1080/01621459.1927.10502953.

        As if holds were independent; the three of one athlete are not quite.
        """
        z, p, n = 1.96, self.inside / self.n, self.n
        middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        low, high = (100 * (middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
        return max(0.0, float(low)), min(100.0, float(high))


def coverage(rows: Sequence[HoldRow], name: str) -> Coverage | None:
    """Of one of judged.STATED; None where it was never stated."""
    if name not in STATED:
        raise KeyError(name)
    inside = [row.inside[name] for row in rows if name in row.inside]
    return Coverage(sum(inside), len(inside)) if inside else None


def athletes(rows: Iterable[HoldRow]) -> int:
    """How many there are."""
    return len({row.seed for row in rows})
