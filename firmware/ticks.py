"""MicroPython's ticks, which its stubs make classes of their own, as the integers that they are."""

import time


def ticks_ms() -> int:
    """Milliseconds; compare only by time.ticks_diff."""
    return time.ticks_ms()  # type: ignore[return-value]  # see above


def ticks_us() -> int:
    """Microseconds; compare only by time.ticks_diff."""
    return time.ticks_us()  # type: ignore[return-value]  # see above
