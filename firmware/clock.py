"""The node's clock: microseconds since the start in 64 bits, and arithmetic on them without big integers.

`time.ticks_us` wraps after 2**30 us (18 minutes), and a Python integer beyond 2**30 is an object on the heap. The
sampling path therefore carries a time as two 32-bit words, array("I", (low, high)), added to in viper by halves of
16 bits, which come out the same where a viper int has 32 bits and where it has 64.
"""

import time
from array import array

import micropython


@micropython.viper
def _extend(state, ticks: int, out):  # type: ignore[no-untyped-def]  # viper takes any buffer
    """Bring `state` (low, high, ticks) to `ticks`, which may be up to 2**29 us to either side; time -> `out`."""
    s = ptr32(state)
    o = ptr32(out)
    step = ((ticks - s[2] + 0x20000000) & 0x3FFFFFFF) - 0x20000000
    low = (s[0] & 0xFFFF) + (step & 0xFFFF)
    middle = ((s[0] >> 16) & 0xFFFF) + (step >> 16) + (low >> 16)
    s[0] = (low & 0xFFFF) | ((middle & 0xFFFF) << 16)
    s[1] += middle >> 16
    s[2] = ticks & 0x3FFFFFFF
    o[0] = s[0]
    o[1] = s[1]


@micropython.viper
def add(out, base, offset_us: int):  # type: ignore[no-untyped-def]  # viper takes any buffer
    """`out` = `base` + `offset_us`; the offset has any sign."""
    b = ptr32(base)
    o = ptr32(out)
    low = (b[0] & 0xFFFF) + (offset_us & 0xFFFF)
    middle = ((b[0] >> 16) & 0xFFFF) + (offset_us >> 16) + (low >> 16)
    o[0] = (low & 0xFFFF) | ((middle & 0xFFFF) << 16)
    o[1] = b[1] + (middle >> 16)


@micropython.viper
def is_before(a, b) -> bool:  # type: ignore[no-untyped-def]  # viper takes any buffer
    """Whether time a is earlier than time b."""
    x = ptr32(a)
    y = ptr32(b)
    low = (x[0] & 0xFFFF) - (y[0] & 0xFFFF)
    middle = ((x[0] >> 16) & 0xFFFF) - ((y[0] >> 16) & 0xFFFF) + (low >> 16)
    return x[1] - y[1] + (middle >> 16) < 0


@micropython.viper
def difference_us(a, b) -> int:  # type: ignore[no-untyped-def]  # viper takes any buffer
    """A - b, for times less than 2**29 us (8.9 minutes) apart."""
    return ((ptr32(a)[0] - ptr32(b)[0] + 0x20000000) & 0x3FFFFFFF) - 0x20000000


class Clock:
    """Never wraps or steps. Read it at least every 8 minutes, or a wrap of the ticks goes unseen."""

    def __init__(self) -> None:
        self._state = array("I", (0, 0, 0))
        self.read(self._state)
        self._state[0] = self._state[1] = 0

    def read(self, out: "array[int]") -> None:
        """The time into two words; allocates nothing. For tasks: the radio's callback stamps with the ticks alone."""
        _extend(self._state, time.ticks_us(), out)  # type: ignore[arg-type]  # the stubs give ticks a type of their own

    def now_us(self) -> int:
        """The time as one integer."""
        words = array("I", (0, 0))
        self.read(words)
        return words[1] << 32 | words[0]
