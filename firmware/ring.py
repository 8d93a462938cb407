"""The frames the node keeps: written once, in place, exactly as they go on the air (wire.py, SAMPLES and ORIENTATION).

A slot is one frame: 24 bytes of header and up to 11 samples. The frame being filled has the number `next`; closed
frames are `first` ... `next - 1`, and one slot is always the open frame's. Frame numbers and `seq` are small ints up
to 2**30: `seq` gets there after 25 days at 480 Hz (103 days at 120 Hz). From then on Python keeps them on the heap,
some bytes per poll, and nothing else changes up to 2**32, before which a node restarts.
"""

import struct
from array import array

import micropython
import wire

from clock import add, is_before

SLOT = wire.FRAME_SIZE + wire.MAX_SAMPLES * wire.SAMPLE_SIZE


@micropython.viper
def _stamp(slots, at: int, seq: int, time, period_ns: int):  # type: ignore[no-untyped-def]  # viper takes any buffer
    """The 32-bit fields of the header that begins at byte `at`."""
    header = ptr32(slots)
    t = ptr32(time)
    at >>= 2
    header[at + 1] = seq
    header[at + 2] = t[0]
    header[at + 3] = t[1]
    header[at + 4] = period_ns


@micropython.viper
def _copy(slots, at: int, rows, row: int, count: int, skip: int) -> int:  # type: ignore[no-untyped-def]  # as above
    """Columns `skip` to 9 of `count` rows, to byte `at`. Returns how many rows have acc or gyr at 32767 or -32768."""
    out = ptr16(slots)
    values = ptr16(rows)
    to = at >> 1
    clipped = 0
    for i in range(row * 10, (row + count) * 10, 10):
        full = 0
        for j in range(6):
            if (values[i + j] + 1) & 0xFFFE == 0x8000:
                full = 1
        clipped += full
        for j in range(skip, 10):
            out[to] = values[i + j]
            to += 1
    return clipped


class Ring:
    """Frames in `slots` places. Set `boot` and `temperature_cdegc`: they go into the headers of new frames."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.boot = 0
        self.temperature_cdegc = 0
        self.next = 0
        self.seq_next = 0
        self._slots = bytearray(slots * SLOT)
        self._view = memoryview(self._slots)
        self._time = array("I", (0, 0))
        self._earliest = array("I", (0, 0))  # time for the next frame: no correction may turn time back
        self._at = 0  # byte where the open frame begins
        self._count = 0  # samples in it
        self._period_ns = 0  # as in its header
        self._flags = 0  # for the next frame
        self.configure(wire.SAMPLES, 0, 0)

    def configure(self, kind: int, acc_code: int, gyr_code: int) -> None:
        """What the samples from now on are; closes a partial frame."""
        self.flush()
        self._head = kind << 4 | wire.VERSION
        self._skip = 0 if kind == wire.SAMPLES else 6
        self._size = wire.SAMPLE_SIZE if kind == wire.SAMPLES else wire.ORIENTATION_SIZE
        self._acc_code = acc_code
        self._gyr_code = gyr_code

    def mark(self, flag: int) -> None:
        """Samples are missing before the next one: it begins a new frame, with this flag (wire.OVERRUN, wire.GAP)."""
        self.flush()
        self._flags |= flag

    def append(self, rows: "array[int]", count: int, base: "array[int]", first_us: int, period_ns: int) -> int:
        """`count` rows of ten counts; the first was taken `first_us` after `base`. Returns how many are clipped.

        Allocates nothing. first_us + count * period_ns / 1000 must be a small int: a FIFO of samples is.
        """
        done = clipped = 0
        while done < count:
            if self._count == 0:
                self._open(base, first_us + done * period_ns // 1000, period_ns)
            taken = min(count - done, wire.MAX_SAMPLES - self._count)
            clipped += self._fill(rows, done, taken)
            done += taken
        return clipped

    def _open(self, base: "array[int]", offset_us: int, period_ns: int) -> None:
        add(self._time, base, offset_us)
        if is_before(self._time, self._earliest):
            add(self._time, self._earliest, 0)
        self._period_ns = period_ns
        self._at = at = self.next % self.slots * SLOT
        slots = self._slots
        slots[at] = self._head
        slots[at + 1] = self._flags
        slots[at + 3] = self.boot
        _stamp(slots, at, self.seq_next, self._time, period_ns)
        slots[at + 20] = self._acc_code
        slots[at + 21] = self._gyr_code
        slots[at + 22] = self.temperature_cdegc & 255
        slots[at + 23] = self.temperature_cdegc >> 8 & 255
        self._flags = 0

    def _fill(self, rows: "array[int]", row: int, count: int) -> int:
        at = self._at + wire.FRAME_SIZE + self._count * self._size
        clipped = _copy(self._slots, at, rows, row, count, self._skip)
        if clipped:
            self._slots[self._at + 1] |= wire.CLIPPED
        self._count += count
        self.seq_next += count
        if self._count == wire.MAX_SAMPLES:
            self.flush()
        return clipped

    def flush(self) -> None:
        """Close a partial frame. The next begins at least half a period after this one's last sample."""
        if self._count == 0:
            return
        self._slots[self._at + 2] = self._count
        add(self._earliest, self._time, (2 * self._count - 1) * self._period_ns // 2000)
        self._count = 0
        self.next += 1

    @property
    def first(self) -> int:
        """Number of the oldest frame kept."""
        return max(0, self.next - self.slots + 1)

    def frame(self, number: int) -> "memoryview | None":
        """One closed frame as sent; None when it is gone or not closed yet. Valid until the ring comes round again."""
        if not self.first <= number < self.next:
            return None
        at = number % self.slots * SLOT
        size = wire.SAMPLE_SIZE if self._slots[at] >> 4 == wire.SAMPLES else wire.ORIENTATION_SIZE
        return self._view[at : at + wire.FRAME_SIZE + self._slots[at + 2] * size]

    def find(self, seq: int) -> int:
        """Number of the frame that holds sample `seq`, or of the first kept after it; `next` when there is none."""
        low, high = self.first, self.next
        while low < high:
            middle = (low + high) // 2
            at = middle % self.slots * SLOT
            if struct.unpack_from("<I", self._slots, at + 4)[0] + self._slots[at + 2] > seq:
                high = middle
            else:
                low = middle + 1
        return low
