"""The latest samples of one athlete: as they come, or, paused, as they were at that moment. No Qt.

Now is where the newest sample is. It stands still while paused.
"""

from __future__ import annotations

from math import nan

from hiphold.session.scene import Trace
from hiphold.view.series import GAP_S, QUANTITIES, Series, Window

STALE_S = 1.0
"""a value older than this is not the newest any more"""


class Recent:
    """The samples of both legs."""

    def __init__(self) -> None:
        self.now_s = nan
        """on the session's clock; NaN before `go_on`"""
        self._series: dict[str, Series] = {}
        self._frozen: dict[str, Series] | None = None

    @property
    def paused(self) -> bool:
        """Whether the samples stand still."""
        return self._frozen is not None

    @property
    def sides(self) -> tuple[str, ...]:
        """Of which legs there are samples."""
        return tuple(self._shown())

    def add(self, trace: Trace) -> None:
        """Take new samples."""
        self._series.setdefault(trace.side, Series()).add(trace)

    def forget_later(self, time_s: float) -> None:
        """Samples of later than the session is are of one before it, whose clock is gone: they would hide what is."""
        self._series = {side: each for side, each in self._series.items() if not each.last_s > time_s + GAP_S}

    def go_on(self, time_s: float) -> None:
        """Now is the newest sample, or this time of the session where that is later."""
        self.now_s = max([time_s, *(each.last_s for each in self._series.values() if len(each))])

    def pause(self) -> None:
        """Keep what is there now, however many samples come."""
        self._frozen = {side: series.snapshot() for side, series in self._series.items()}

    def resume(self) -> None:
        """Have what came meanwhile, too."""
        self._frozen = None

    def windows(self, low_s: float, high_s: float) -> dict[str, Window]:
        """What is to be drawn of each leg between two times before now."""
        return {side: each.window(high_s - low_s, self.now_s + high_s) for side, each in self._shown().items()}

    def values(self, side: str, before_now_s: float | None) -> dict[str, float]:
        """Quantity -> degrees at this second before now; None: the newest, NaN where it is stale."""
        series = self._shown().get(side)
        if series is None or not len(series):
            return dict.fromkeys(QUANTITIES, nan)
        if before_now_s is not None:
            return series.at(self.now_s + before_now_s)
        return series.at(series.last_s if self.now_s - series.last_s < STALE_S else nan)

    def oldest_s(self) -> float:
        """The oldest sample, in seconds before now; 0 without any."""
        firsts = [series.first_s - self.now_s for series in self._shown().values() if len(series)]
        return min(firsts, default=0.0)

    def _shown(self) -> dict[str, Series]:
        return self._series if self._frozen is None else self._frozen
