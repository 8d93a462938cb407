"""The nodes that send for one athlete: what they last said of themselves, what came of them, and what did not."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping

from hiphold import wire
from hiphold.receive.arrivals import Arrivals
from hiphold.samples import Frame

TIMES_KEPT = 200
"""clock exchanges of each node that a new recording begins with"""
LATE_S = 1.0
"""what has not come for less than this is not silent"""


class Senders:
    """All nodes of one athlete, over all recordings."""

    def __init__(self) -> None:
        self.latest_ns = 0
        """when the last packet of any node arrived"""
        self._first_ns = 0
        self._said: dict[str, dict[type, Frame]] = defaultdict(dict)
        self._times: dict[str, deque[Frame]] = defaultdict(lambda: deque(maxlen=TIMES_KEPT))
        self._rings: dict[str, int] = {}
        self._arrivals: dict[str, Arrivals] = defaultdict(Arrivals)
        self._came_ns: dict[str, int] = {}

    def take(self, frame: Frame) -> None:
        """One packet; a broken one tells nothing."""
        self._first_ns = self._first_ns or frame.arrival_ns
        self.latest_ns = max(self.latest_ns, frame.arrival_ns)
        self._came_ns[frame.node] = frame.arrival_ns
        try:
            messages = wire.messages(frame.data)
        except wire.WireError:
            return
        for message in messages:
            self._take(frame, message)

    def _take(self, frame: Frame, message: object) -> None:
        if isinstance(message, wire.Samples):
            arrivals = self._arrivals[frame.node]
            arrivals.take(1e-9 * frame.arrival_ns, message)
            if frame.node in self._rings:
                arrivals.settle(self._rings[frame.node])
        elif isinstance(message, wire.Time):
            self._times[frame.node].append(frame)
        elif isinstance(message, (wire.Info, wire.Calibration)):
            self._said[frame.node][type(message)] = frame
            if isinstance(message, wire.Info):
                self._rings[frame.node] = message.ring_samples

    @property
    def introduced(self) -> bool:
        """Whether any node has said who it is."""
        return bool(self._said)

    @property
    def since_s(self) -> float:
        """How long anything has been received."""
        return 1e-9 * (self.latest_ns - self._first_ns)

    def introductions(self) -> list[Frame]:
        """What a recording that begins now begins with, so that it can be measured by itself. In order of arrival."""
        said = [frame for kinds in self._said.values() for frame in kinds.values()]
        times = [frame for frames in self._times.values() for frame in frames]
        unique = {(frame.node, frame.arrival_ns, frame.data): frame for frame in (*said, *times)}
        return sorted(unique.values(), key=lambda frame: frame.arrival_ns)

    def infos(self) -> Mapping[str, Frame | None]:
        """The packet with the last INFO of each node; None where there was none."""
        return {node: self._said[node].get(wire.Info) for node in self._came_ns}

    def silent_s(self, idle_s: float) -> Mapping[str, float]:
        """For how long nothing came from each node; idle_s: for how long nothing came from any, by the clock.

        By arrivals among each other, so that it is the session's time, whatever speed it is played at.
        """
        late_s = max(idle_s - LATE_S, 0.0)
        return {node: 1e-9 * (self.latest_ns - came_ns) + late_s for node, came_ns in self._came_ns.items()}

    def absent(self) -> Mapping[str, int]:
        """Samples of each node that were taken since `count_anew` and have not come, late or not."""
        return {node: arrivals.absent for node, arrivals in self._arrivals.items()}

    def forget_clocks(self) -> None:
        """What was exchanged is no longer true: the clock of this computer has stood still."""
        self._times.clear()

    def count_anew(self) -> None:
        """Another recording begins."""
        self._arrivals.clear()
