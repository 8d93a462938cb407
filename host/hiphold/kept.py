"""The last samples of one sensor, in arrays that can be sliced: what live stages look back on."""

from __future__ import annotations

import numpy as np

from hiphold import orientation, quaternion
from hiphold.samples import Block, Floats, Interval

KEPT_S = 12.0
"""a stand is learned from at most so much"""
EXTRAPOLATED_S = 0.3
"""an orientation is carried on for so long beyond the last sample, at the rate it had"""
RATE_S = 0.05
"""the rate is taken over about so much"""
_FEW = 256


class Kept:
    """Samples are appended; those older than KEPT_S go, and memory stays within twice what is kept."""

    def __init__(self) -> None:
        self._columns = [np.empty((_FEW, width)) for width in (1, 3, 3, 4, 4)]
        self._first = self._end = 0

    def __len__(self) -> int:
        return self._end - self._first

    def add(self, block: Block, q_earth_from_sensor: Floats) -> None:
        """Append the next samples and their orientation (n, 4)."""
        parts = (block.time_s[:, None], block.acc_mps2, block.gyr_radps, block.q_recorded, q_earth_from_sensor)
        if self._end + len(block) > len(self._columns[0]):
            self._make_room(len(block))
        for column, part in zip(self._columns, parts):
            column[self._end : self._end + len(block)] = part
        self._end += len(block)
        self._first += int(np.searchsorted(self.time_s, block.time_s[-1] - KEPT_S))

    def _make_room(self, n: int) -> None:
        """Move what is kept to the front of arrays that have at least twice the room."""
        size = max(2 * (len(self) + n), _FEW)
        for i, old in enumerate(self._columns):
            self._columns[i] = np.empty((size, old.shape[1]))
            self._columns[i][: len(self)] = old[self._first : self._end]
        self._first, self._end = 0, len(self)

    def _column(self, i: int) -> Floats:
        return self._columns[i][self._first : self._end]

    @property
    def time_s(self) -> Floats:
        """(n,)"""
        return self._columns[0][self._first : self._end, 0]

    @property
    def block(self) -> Block:
        """All that is kept; a view."""
        return Block(self.time_s, self._column(1), self._column(2), self._column(3))

    @property
    def q_earth_from_sensor(self) -> Floats:
        """(n, 4) the orientation that the stages use; a view."""
        return self._column(4)

    @property
    def span(self) -> Interval:
        """From the first to the last sample."""
        return float(self._columns[0][self._first, 0]), float(self._columns[0][self._end - 1, 0])

    def orientation_at(self, time_s: Floats) -> Floats:
        """(m, 4) between the samples; up to EXTRAPOLATED_S beyond the last by the rate it had; NaN elsewhere."""
        first = max(0, int(np.searchsorted(self.time_s, time_s[0])) - 1)
        before = int(np.searchsorted(self.time_s, self.span[1] - RATE_S))
        before = min(before, int(np.searchsorted(self.time_s, self.span[1])) - 1)
        first = max(0, min(first, before))
        known_s, q = self.time_s[first:], self.q_earth_from_sensor[first:]
        if known_s[-1] < time_s[-1] and before >= 0:
            turn = quaternion.multiply(quaternion.conjugate(q[before - first]), q[-1])
            share = EXTRAPOLATED_S / (known_s[-1] - known_s[before - first])
            further = quaternion.from_rotation_vector(quaternion.rotation_vector(turn) * share)
            known_s = np.append(known_s, known_s[-1] + EXTRAPOLATED_S)
            q = np.vstack((q, quaternion.multiply(q[-1], further)))
        return quaternion.interpolate(time_s, known_s, q, orientation.MAX_BRIDGE_S)
