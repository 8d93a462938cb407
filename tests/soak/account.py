"""The rig's own account of a recording: what the chips took and when, against what came, and why the rest did not.

Nothing here asks the product how many samples are missing; `soak` holds the product's own figures against this.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hiphold.samples import Bools, Floats, Frame
from rig.chips import lsm6dsv16x
from rig.chips import lsm6dsv16x_map as reg
from rig.chips.parts import Counts, Indices
from rig_sessions import samples
from soak.incidents import Incident

AFTER_S = 1.0
"""what was on its way, or in a frame that was not full, when contact was lost"""
AHEAD_S = 0.05
"""a node that talks to its chip is this much ahead of the rig's clock"""
FETCH_S = 1.0
"""how far the ring has turned on until what it kept is fetched: the connection, the first answer, the queue"""


class Counted(lsm6dsv16x.Model):
    """A chip that keeps when it took each sample that it put into its FIFO since that was last emptied."""

    taken: array[float]

    def _start(self) -> None:
        self.taken = array("d")
        super()._start()

    def _put(self, register: int, value: int) -> None:
        if self._key(register) == reg.FIFO_CTRL4:
            del self.taken[:]
        super()._put(register, value)

    def _sample(self, k: Indices, time_s: Floats) -> None:
        self._instants_s = time_s
        super()._sample(k, time_s)

    def _batch(self, columns: list[tuple[int, Counts, Bools]]) -> None:
        parts = [due for sensor, _, due in columns if sensor in (reg.GYR, reg.ACC, reg.GAME)]
        self.taken.extend(self._instants_s[np.logical_and.reduce(parts)])
        super()._batch(columns)


@dataclass
class Life:
    """A node from one start to its end."""

    taken_s: Floats
    """(n,) when its chip took each sample, by the rig's true time"""
    came: Bools
    """(n,) which of them the recording has"""
    late_s: float
    """largest difference between when the node says it took a sample and when it did, its clock's rate apart"""

    def holes(self) -> list[tuple[int, int]]:
        """[first, end) of what did not come."""
        edges = np.flatnonzero(np.diff(np.concatenate(([1], self.came, [1]))))
        return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


@dataclass
class Account:
    """How many samples of one node there were, came, and are missing by reason."""

    taken: int = 0
    came: int = 0
    beyond_ring: int = 0
    """overwritten in the node before the host was back"""
    unsent: int = 0
    """not sent yet when power was lost"""
    before_start: int = 0
    """by a node that had started anew, before the host asked it to send"""
    unexplained: list[str] = field(default_factory=list)
    holes: int = 0
    """in how many places samples are missing within a life"""


def lives(node: str, chips: Sequence[Counted], frames: Sequence[Frame]) -> list[Life]:
    """The lives of a node, in order."""
    messages = [message for frame in frames if frame.node == node for message in samples(frame)]
    found = []
    for number, chip in enumerate(chips):
        taken_s = np.array(chip.taken)
        mine = [m for m in messages if m.boot == (messages[0].boot + number) % 256]
        came = np.zeros(len(taken_s), bool)
        for message in mine:
            came[message.seq : message.seq + message.count] = True
        said_s = np.array([1e-6 * message.node_us for message in mine])
        found.append(Life(taken_s, came, _late_s(said_s, taken_s[[message.seq for message in mine]])))
    return found


def _late_s(said_s: Floats, true_s: Floats) -> float:
    if len(said_s) < 3:
        return 0.0
    middle_s = true_s.mean()
    line = np.polyfit(true_s - middle_s, said_s, 1)
    return float(np.abs(said_s - np.polyval(line, true_s - middle_s)).max())


def account(
    node: str, found: Sequence[Life], incidents: Sequence[Incident], arrivals_s: Floats, ring_s: float
) -> Account:
    """What became of all samples between the first and the last that came. `arrivals_s`: of packets with samples."""
    made = Account()
    for number, life in enumerate(found):
        at = np.flatnonzero(life.came)
        low = int(at[0]) if number == 0 else 0
        high = int(at[-1]) + 1 if number == len(found) - 1 else len(life.came)
        made.taken += high - low
        made.came += int(life.came.sum())
        for first, end in life.holes():
            if low <= first and end <= high:
                _explain(made, node, life, (first, end), incidents, arrivals_s, ring_s)
    return made


def _explain(
    made: Account,
    node: str,
    life: Life,
    hole: tuple[int, int],
    incidents: Sequence[Incident],
    arrivals_s: Floats,
    ring_s: float,
) -> None:
    """Put a hole down to the last incident before it, if that can have made it."""
    first, end = hole
    first_s, last_s, size = float(life.taken_s[first]), float(life.taken_s[end - 1]), end - first
    before = [each for each in incidents if each.node == node and each.start_s - AFTER_S < first_s]
    if not before:
        made.unexplained.append(f"{node}: {size} samples of {first_s:.2f} to {last_s:.2f} s, before any incident")
        return
    incident = before[-1]
    back_s = float(arrivals_s[np.searchsorted(arrivals_s, incident.end_s)])
    if end == len(life.came):
        made.unsent += size
        fits = incident.off_s is not None and last_s < incident.off_s + AHEAD_S
    elif first == 0:
        made.before_start += size
        fits = incident.off_s is not None and incident.off_s < first_s and last_s < back_s
    else:
        made.beyond_ring += size
        made.holes += 1
        fits = incident.off_s is None and last_s < back_s - ring_s + FETCH_S
    if not fits:
        made.unexplained.append(
            f"{node}: {size} samples of {first_s:.2f} to {last_s:.2f} s after {incident}, host back at {back_s:.2f} s"
        )
