"""A receiver's place in the ring: which frame goes out next.

Rule 1: live frames first; what was asked for again goes when no live frame waits, or after LIVE_RUN live ones.
Rule 2: `packet` only looks, `done` moves on. What the stack refused is simply asked for again.
"""

import struct

import wire

from ring import Ring

MIN_LIMIT = wire.FRAME_SIZE + wire.SAMPLE_SIZE  # a packet that cannot hold one sample holds nothing
MAX_RANGES = 8  # requests that may wait
LIVE_RUN = 16  # live packets in a row before a re-sent one may pass


class Stream:
    """What one host receives, and how far it is."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.sent = self.resent = self.lost = 0  # packets, packets, frames overwritten before they were sent
        self._copy = bytearray(wire.FRAME_SIZE + wire.MAX_SAMPLES * wire.SAMPLE_SIZE)
        self._view = memoryview(self._copy)
        self._ranges: "list[list[int]]" = []  # [first, end) by sample number, oldest request first
        self._taken = self._left = self._run = 0
        self._again = False
        self.stop()

    def start(self) -> None:
        """From the next frame on, and nothing that was asked for before."""
        self.stop()
        self.live = True
        self._number, self._offset = self.ring.next, 0

    def stop(self) -> None:
        """Neither live frames nor old ones."""
        self.live = False
        self._number = self._offset = 0
        self._ranges.clear()

    def want(self, first: int, count: int) -> bool:
        """Send `count` samples from number `first` again, as far as they are kept. False: too much waits already."""
        end = min(first + count, self.ring.seq_next)
        for waiting in self._ranges:
            if waiting[0] <= first and end <= waiting[1]:
                return True  # a host that is impatient repeats itself
        if len(self._ranges) >= MAX_RANGES:
            return False
        if first < end:
            self._ranges.append([first, end])
        return True

    def packet(self, limit: int, old: bool = True) -> "memoryview | None":
        """The next frame, of at most `limit` bytes, or None. `old`: may it be one that was asked for again?

        Valid until the next sample is taken. The same one comes again until `done` is called.
        """
        if limit < MIN_LIMIT:
            return None
        if old and self._run >= LIVE_RUN:
            return self._old(limit) or self._newest(limit)
        return self._newest(limit) or (self._old(limit) if old else None)

    def done(self) -> bool:
        """The last packet went out. True when it was one that had been asked for again."""
        if self._again:
            self._ranges[0][0] += self._taken
            self.resent += 1
            self._run = 0
            return True
        self.sent += 1
        self._run += 1
        self._offset += self._taken
        if self._left == 0:
            self._number, self._offset = self._number + 1, 0
        return False

    def _newest(self, limit: int) -> "memoryview | None":
        if not self.live:
            return None
        if self._number < self.ring.first:
            self.lost += self.ring.first - self._number
            self._number, self._offset = self.ring.first, 0
        frame = self.ring.frame(self._number)
        if frame is None:
            return None
        self._again = False
        return self._part(frame, self._offset, wire.MAX_SAMPLES, limit, 0)

    def _old(self, limit: int) -> "memoryview | None":
        while self._ranges:
            first, end = self._ranges[0]
            frame = self.ring.frame(self.ring.find(first)) if first < end else None
            seq = struct.unpack_from("<I", frame, 4)[0] if frame is not None else end
            if frame is not None and seq < end:
                self._ranges[0][0] = first = max(first, seq)  # what is older is gone
                self._again = True
                return self._part(frame, first - seq, end - first, limit, wire.RESENT)
            self._ranges.pop(0)
        return None

    def _part(self, frame: memoryview, offset: int, wanted: int, limit: int, flag: int) -> memoryview:
        """Samples of a frame from `offset` on as a frame of their own; the frame itself where that is all of it."""
        size = wire.SAMPLE_SIZE if frame[0] >> 4 == wire.SAMPLES else wire.ORIENTATION_SIZE
        count = min(frame[2] - offset, wanted, (limit - wire.FRAME_SIZE) // size)
        self._taken, self._left = count, frame[2] - offset - count
        if count == frame[2] and not flag:
            return frame
        header = self._view[: wire.FRAME_SIZE]
        header[:] = frame[: wire.FRAME_SIZE]
        seq, node_us, period_ns = struct.unpack_from("<IQI", frame, 4)
        struct.pack_into("<IQ", header, 4, seq + offset, node_us + (offset * period_ns + 500) // 1000)
        lost_before = wire.OVERRUN | wire.GAP if offset else 0  # true of the first part only
        header[1] = (header[1] | flag) & ~lost_before
        header[2] = count
        start = wire.FRAME_SIZE + offset * size
        end = wire.FRAME_SIZE + count * size
        self._view[wire.FRAME_SIZE : end] = frame[start : start + count * size]
        return self._view[:end]
