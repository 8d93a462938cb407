"""The score of a session: where each channel of the body is to be, and when, while a plan is written out.

Channels are angles in degrees (`lead_elevation`, `pelvis_tilt`, ...), shifts of the point between the hips in metres
(`root_forward`, `root_up`, `root_right`), and multiples (`sway`, `lead_tremor`). `body` says what each of them turns.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from hiphold.samples import Floats
from hiphold.simulation.curves import Curve
from hiphold.simulation.plan import Move

LEGS = ("lead", "other")
ANKLE_TO_HIP_M = 0.9
"""how far the hips are above what a straight leg leans about"""


class Score:
    """Keyframes of all channels."""

    def __init__(self) -> None:
        self._keys: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def begin(self, channel: str, value: float) -> None:
        """Where a channel is when the session starts; 0 when never said."""
        self._keys[channel].append((0.0, value))

    def now(self, channel: str) -> float:
        """Where the channel was last sent; 0 when never."""
        return self._keys[channel][-1][1] if channel in self._keys else 0.0

    def go(self, channel: str, start_s: float, end_s: float, value: float) -> None:
        """Stay until start_s, be at `value` at end_s."""
        before = self.now(channel)
        keys = self._keys[channel]
        if not keys or start_s > keys[-1][0]:
            keys.append((start_s, before))
        keys.append((end_s, value))

    def there_and_back(self, channel: str, move: Move, change: float) -> None:
        """Out by `change` at the move's top, and back."""
        before = self.now(channel)
        self.go(channel, move.start_s, move.top_s, before + change)
        self.go(channel, move.leave_s, move.end_s, before)

    def follow(self, channel: str, start_s: float, time_s: Floats, values: Floats) -> None:
        """From start_s through each value (n,) at its instant (n,)."""
        for begin, end, value in zip((start_s, *time_s), time_s, values):
            self.go(channel, begin, end, value)

    def curves(self) -> dict[str, Curve]:
        """One curve per channel that was ever touched."""
        padded = {name: [*keys, (keys[-1][0] + 1.0, keys[-1][1])] for name, keys in self._keys.items()}
        return {name: Curve(*np.array(keys).T) for name, keys in padded.items()}
