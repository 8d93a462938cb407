"""Whether the computer slept, from clocks that do and clocks that do not go on meanwhile."""

from __future__ import annotations

import sys
import time

BEAT_S = 0.5
"""between two looks at the clocks"""
SLEPT_S = 4.0
"""a clock that leaps by more than this between two beats: the computer slept"""
STOOD_S = 0.5
"""a clock that stood still for so long no longer agrees with those of the nodes: the recording begins anew"""
ANEW_S = 20.0
"""nodes keep so much: after a longer sleep the recording has a hole, and begins anew"""


def sleepless_s() -> float:
    """A clock that goes on while the computer sleeps, and that nobody sets: the wall clock leaps when it is set."""
    names = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC_RAW"}
    number = getattr(time, names.get(sys.platform, ""), None)
    return time.monotonic() if number is None else time.clock_gettime(number)


def slept(stood_s: float, loop_s: float) -> float:
    """For how long the computer slept between two beats, s; 0 when it did not.

    stood_s: by how much the system's monotonic clock fell behind one that goes on in sleep; loop_s: what passed by the
    loop's clock, which goes on as well on some systems.
    """
    over_s = max(stood_s, loop_s - BEAT_S)
    return over_s if stood_s > STOOD_S or over_s > SLEPT_S else 0.0
