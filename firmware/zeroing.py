"""What the gyroscope reads at rest: the mean over three seconds, refused when the node moved in one of them."""

from array import array

import micropython
import wire

REST_S = 3
WINDOWS_PER_S = 4
STILL_DPS = 2.0  # readings of one window differ by less at rest; the chips' noise is 0.3 to 0.6 dps peak to peak
STILL_G = 0.06  # and 0.01 to 0.03 g

# The state, unsigned 32-bit words: 0 samples left, 1 left of this window, 2 samples in a window, 3 moved, 4 to 6 sums,
# 7 to 12 least and 13 to 18 greatest reading of this window, 19 and 20 how far they may lie apart (acc, gyr).
# Readings are kept + 32768, so nothing is negative and a sum stays under 2**27.


@micropython.viper
def _add(rows, count: int, state):  # type: ignore[no-untyped-def]  # viper takes any buffer
    """Gyroscope sums over `count` rows, and the range of all six readings within each window."""
    values = ptr16(rows)
    s = ptr32(state)
    for i in range(0, count * 10, 10):
        if s[0] == 0:
            return
        is_new = s[1] == 0
        if is_new:
            s[1] = s[2]
        for j in range(6):
            value = values[i + j] ^ 0x8000
            if is_new or value < s[7 + j]:
                s[7 + j] = value
            if is_new or value > s[13 + j]:
                s[13 + j] = value
            if s[13 + j] - s[7 + j] > s[19 + j // 3]:
                s[3] = 1
            if j >= 3:
                s[1 + j] += value
        s[1] -= 1
        s[0] -= 1


class Zeroing:
    """One measurement; feed it samples by `add` until `result` is not None."""

    def __init__(self, rate_hz: int, acc_code: int, gyr_code: int) -> None:
        self._samples = rate_hz * REST_S
        self._state = array("I", (self._samples, 0, rate_hz // WINDOWS_PER_S) + (0,) * 16)
        self._state.append(int(STILL_G / wire.ACC_G_PER_COUNT[acc_code]))
        self._state.append(int(STILL_DPS / wire.GYR_DPS_PER_COUNT[gyr_code]))

    def add(self, rows: "array[int]", count: int) -> None:
        """`count` rows of ten counts, gyroscope in columns 3 to 5; allocates nothing."""
        _add(rows, count, self._state)

    def result(self) -> "tuple[int, ...] | str | None":
        """Gyroscope x, y, z in counts * 16; "moved"; None while measuring."""
        if self._state[3]:
            return "moved"
        if self._state[0]:
            return None
        half = self._samples // 2
        return tuple((self._state[axis] * 16 + half) // self._samples - 32768 * 16 for axis in (4, 5, 6))
