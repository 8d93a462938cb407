"""The node over its USB serial line: the same packets, COBS coded.

Rule 1: not a byte goes out before a whole valid packet came in, and until then Ctrl-C stops the program, so that
mpremote and a terminal work as on any board; from then on it does not, until the next start. A host therefore sends
GET_INFO first, which has no byte 3 in it: that is Ctrl-C.
Rule 2: output goes in small portions, each only when the line takes it: a host that stalls must not stop sampling. An
ESP32 calls its line free always; a write that nobody takes waits there for up to half a second. Then the line rests.
Rule 3: a host that has been silent for SILENT_MS is gone; a pulled cable does not say so.
"""

import asyncio
import select
import sys
import time

import micropython
import wire

from control import Node
from host import Host
from ticks import ticks_ms, ticks_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 2034  # any packet of this size fits a cable frame
PORTION = 64  # bytes; one USB packet
PORTIONS_PER_TURN = 16
TURN_MS = 20
SLOW_MS = 100  # a write that takes longer had no reader
REST_MS = 1000  # after it
OLD_PER_TURN = 2
SILENT_MS = 10_000  # a host that receives asks for the time every second or two


class Cable:
    """The line and the one host there may be at its end."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.host: "Host | None" = None
        self._heard_ms = 0
        self._in = bytearray()
        self._out = memoryview(b"")
        self._writable = select.poll()
        self._writable.register(sys.stdout, select.POLLOUT)

    async def read(self) -> None:
        """Take what comes in, for ever or until the line is closed."""
        reader = asyncio.StreamReader(sys.stdin.buffer)
        while True:
            byte = await reader.read(1)  # more would wait for more
            if not byte:
                return
            self._take(byte, ticks_us())

    def _take(self, byte: bytes, now_us: int) -> None:
        if byte != b"\0":
            if len(self._in) < wire.MAX_CABLE:  # what is longer is noise; its end is not needed to know that
                self._in += byte
            return
        if not self._in:
            return  # a zero before the first packet, as every sender puts it
        self._in += byte
        try:
            packet = wire.cable_take(self._in)
        except wire.WireError:
            self.node.counts["noise"] += 1
            return
        if packet is not None:
            self._heard_ms = ticks_ms()
            self._talk().put(now_us, packet)

    def _talk(self) -> Host:
        """The host at the other end, from now on at the latest."""
        if self.host is None:
            micropython.kbd_intr(-1)
            self.host = Host(LIMIT)
            self._out = memoryview(b"\0")
        return self.host

    def _end(self, host: Host) -> None:
        self.node.gone(host)
        self.host = None
        self._out = memoryview(b"")

    async def run(self, alive: "Callable[[], None]") -> None:
        """Answer and send for ever; `alive` is called at each turn."""
        while True:
            alive()
            slow = False
            if self.host is not None:
                self.node.serve(self.host)
                slow = self._send(self.host)
                if time.ticks_diff(ticks_ms(), self._heard_ms) > SILENT_MS:
                    self._end(self.host)
            await asyncio.sleep_ms(REST_MS if slow else TURN_MS)

    def _send(self, host: Host) -> bool:
        """True when the line was slow to take it."""
        old = OLD_PER_TURN
        for _ in range(PORTIONS_PER_TURN):
            if not self._out:
                packet = self.node.packet(host, old > 0)
                if packet is None:
                    return False
                self._out = memoryview(wire.cable_encode(bytes(packet)))
                old -= self.node.sent(host)
            if not self._writable.poll(0):
                return False
            began_ms = ticks_ms()
            written = sys.stdout.buffer.write(self._out[:PORTION])
            self._out = self._out[written or 0 :]
            if time.ticks_diff(ticks_ms(), began_ms) > SLOW_MS:
                return True
        return False
