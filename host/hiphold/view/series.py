"""The last minutes of samples of one thigh, kept for the plots in bounded memory; which curves the plots have. No Qt.

What is drawn is decimated: time is cut into buckets that lie at multiples of their own width, so that a bucket keeps
its samples while the plot moves on, and each bucket gives its lowest and its highest value, so that peaks survive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiphold.samples import Floats
from hiphold.session.scene import Trace

QUANTITIES = ("elevation", "rotation", "azimuth", "tilt", "obliquity", "turn")
"""what is kept of each sample, all in degrees"""
KEEP_S = 120.0
"""what a paused plot can be moved back over"""
KEEP_ROWS = 24_000
"""two minutes at 200 Hz: the bound of memory"""
POINTS = 600
"""at most so many points are drawn of one curve"""
GAP_S = 0.25
"""samples further apart than this are not joined by a line"""


@dataclass(frozen=True)
class Line:
    """One curve of a plot."""

    label: str
    """its text is coach_view.line_<label>"""
    quantity: str
    """of QUANTITIES"""
    side: str
    """left or right; empty: of the leg that is up"""
    colour: str
    """which of the theme's"""
    dash: tuple[int, int] = (1, 0)
    """pixels drawn and left out"""


@dataclass(frozen=True)
class Kind:
    """What one plot shows, and over which range of degrees as long as nothing goes beyond."""

    name: str
    """its text is coach_view.plot_<name>"""
    low_deg: float
    high_deg: float
    tick_deg: int
    lines: tuple[Line, ...]


def _both(quantity: str) -> tuple[Line, ...]:
    return Line("right", quantity, "right", "right"), Line("left", quantity, "left", "left", (7, 4))


KINDS = (
    Kind("elevation", -105, 75, 45, _both("elevation")),
    Kind("rotation", -50, 50, 30, _both("rotation")),
    Kind("azimuth", -45, 45, 30, _both("azimuth")),
    Kind(
        "pelvis",
        -40,
        40,
        30,
        (
            Line("tilt", "tilt", "", "text"),
            Line("obliquity", "obliquity", "", "warning", (7, 4)),
            Line("turn", "turn", "", "good", (2, 2)),
        ),
    ),
)


@dataclass(frozen=True)
class Window:
    """A stretch of samples as it is drawn."""

    time_s: Floats
    """(n,), n <= POINTS; NaN where a gap is"""
    degrees: Floats
    """(6, n) in the order of QUANTITIES; NaN where not known"""
    bucket_s: float
    """the width of a bucket; 0 when every sample is there"""

    def quantity(self, name: str) -> Floats:
        """(n,) of one of QUANTITIES."""
        found: Floats = self.degrees[QUANTITIES.index(name)]
        return found

    def stretches(self, name: str) -> list[tuple[int, int]]:
        """First and one-past-last index of each stretch of at least two samples in which it is known."""
        known = np.isfinite(self.quantity(name)) & np.isfinite(self.time_s)
        edges = np.flatnonzero(np.diff(known, prepend=False, append=False)).reshape(-1, 2)
        return [(first, end) for first, end in edges.tolist() if end - first > 1]


class Series:
    """Samples of one thigh, the oldest of which fall out."""

    def __init__(self) -> None:
        self._columns = np.empty((1 + len(QUANTITIES), 2 * KEEP_ROWS))
        """time and QUANTITIES; when it is full, what is to be kept moves to its start"""
        self._first = self._end = 0

    def __len__(self) -> int:
        return self._end - self._first

    @property
    def first_s(self) -> float:
        """Time of the oldest sample that is kept; NaN without any."""
        return float(self._columns[0, self._first]) if len(self) else np.nan

    @property
    def last_s(self) -> float:
        """Time of the newest sample; NaN without any."""
        return float(self._columns[0, self._end - 1]) if len(self) else np.nan

    def add(self, trace: Trace) -> None:
        """Append samples. A trace that lies wholly in the past begins the series anew: the session's clock did, too."""
        new = np.stack((trace.time_s, *(getattr(trace, f"{name}_deg") for name in QUANTITIES)))[:, -KEEP_ROWS:]
        new = new[:, np.isfinite(new[0])]
        if not new.size:
            return
        if new[0, -1] < self.last_s - GAP_S:
            self._first = self._end = 0
        newest = np.fmax.accumulate(np.concatenate(([self.last_s], new[0, :-1])))
        self._append(new[:, ~(new[0] <= newest)])

    def snapshot(self) -> Series:
        """A copy that no later sample changes."""
        copy = Series.__new__(Series)
        copy._columns = self._kept().copy()
        copy._first, copy._end = 0, len(self)
        return copy

    def window(self, span_s: float, until_s: float) -> Window:
        """The samples of the span_s that end at until_s, decimated to at most POINTS."""
        kept = self._kept()
        first, end = np.searchsorted(kept[0], (until_s - span_s, until_s), side="left")
        columns = kept[:, first : end + 1]
        gaps = np.count_nonzero(np.diff(columns[0]) > GAP_S)
        if columns.shape[1] + gaps <= POINTS:
            return _window(columns, GAP_S, 0.0)
        bucket_s = span_s / (POINTS // 2 - 2)
        # a gap of two buckets leaves one of them empty, so that the break in it stays within POINTS
        return _window(_decimated(columns, bucket_s), max(GAP_S, 2 * bucket_s), bucket_s)

    def at(self, time_s: float) -> dict[str, float]:
        """Quantity -> degrees of the sample nearest to that time; all NaN when none is within GAP_S."""
        times = self._kept()[0]
        k = int(np.searchsorted(times, time_s))
        near = min((j for j in (k - 1, k) if 0 <= j < len(times)), key=lambda j: abs(times[j] - time_s), default=None)
        if near is None or not abs(times[near] - time_s) <= GAP_S:
            return dict.fromkeys(QUANTITIES, np.nan)
        return dict(zip(QUANTITIES, self._kept()[1:, near].tolist()))

    def _kept(self) -> Floats:
        return self._columns[:, self._first : self._end]

    def _append(self, new: Floats) -> None:
        count = new.shape[1]
        if self._end + count > self._columns.shape[1]:
            kept = self._columns[:, max(self._first, self._end - KEEP_ROWS + count) : self._end].copy()
            self._first, self._end = 0, kept.shape[1]
            self._columns[:, : self._end] = kept
        self._columns[:, self._end : self._end + count] = new
        self._end += count
        self._first += int(np.searchsorted(self._kept()[0], self.last_s - KEEP_S))
        self._first = max(self._first, self._end - KEEP_ROWS)


def _decimated(columns: Floats, bucket_s: float) -> Floats:
    """Two samples per bucket: the lowest and the highest value of each column, in the order in which it goes."""
    bucket = np.floor(columns[0] / bucket_s)
    first = np.concatenate(([0], np.flatnonzero(np.diff(bucket)) + 1))
    last = np.concatenate((first[1:], [len(bucket)])) - 1
    low, high = np.fmin.reduceat(columns, first, axis=1), np.fmax.reduceat(columns, first, axis=1)
    falls = columns[:, last] < columns[:, first]
    pairs = np.stack((np.where(falls, high, low), np.where(falls, low, high)), axis=2)
    return pairs.reshape(len(columns), -1)


def _window(columns: Floats, gap_s: float, bucket_s: float) -> Window:
    """With a sample of NaN in each gap."""
    breaks = np.flatnonzero(np.diff(columns[0]) > gap_s) + 1
    broken = np.insert(columns, breaks, np.nan, axis=1) if len(breaks) else columns
    return Window(broken[0], broken[1:], bucket_s)
