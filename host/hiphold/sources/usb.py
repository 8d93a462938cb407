"""Nodes over a USB cable: the same packets, COBS coded, on a serial port. Only this module knows pyserial."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hiphold import wire
from hiphold.errors import HipholdError
from hiphold.receive import carrier
from hiphold.receive.carrier import LinkError, Opener, Received, Write
from hiphold.receive.dialogue import Dialogue
from hiphold.samples import Frame

if TYPE_CHECKING:
    from serial import Serial

BAUD = 115200
"""MicroPython's; a port that is USB all the way does not care"""
READ_S = 0.1
"""a reader looks this often whether it shall end"""
WRITE_S = 2.0
PIECES = 64
"""pieces of received bytes that may wait for the event loop; beyond that, the port waits"""
VENDORS = {0x303A: "Espressif", 0x10C4: "CP210x", 0x1A86: "CH34x"}
"""USB vendors of ESP32 boards: the chip's own USB, and the usual bridges"""
NO_PORT = (errno.ENOTTY, errno.EISDIR)
"""error numbers of what is no serial port"""
TAKEN = (errno.EACCES, errno.EPERM, errno.EAGAIN, errno.EBUSY)
"""error numbers of a port that another program has, or this user may not use"""


@dataclass(frozen=True)
class Port:
    """A serial port that may be a board."""

    device: str
    """what to open: COM3, /dev/ttyACM0"""
    kind: str
    """one of VENDORS' names"""


def ports() -> list[Port]:
    """The ports at which a board may be, by their vendor's number."""
    from serial.tools.list_ports import comports

    found = (Port(port.device, VENDORS[port.vid]) for port in comports() if port.vid in VENDORS)
    return sorted(found, key=lambda port: port.device)


def opening_error(port: str) -> OSError | None:
    """What the system says to the opening of a port; None when it opens."""
    import serial

    try:
        serial.Serial(port, BAUD, exclusive=True).close()
    except OSError as error:
        return error
    return None


def frames(port: str, dialogue: Dialogue, stop: asyncio.Event) -> AsyncGenerator[Frame, None]:
    """Every packet of the node at a port, opening it again when it was unplugged; as `carrier.frames`.

    Raises HipholdError when the port cannot be opened the first time.
    """
    return carrier.frames(dialogue, opener(port), stop)


def opener(port: str) -> Opener:
    """What opens a port: HipholdError when it cannot be opened the first time, LinkError later."""
    return _Link(port).open


class _Link:
    def __init__(self, port: str) -> None:
        self._port = port
        self._was_open = False

    @asynccontextmanager
    async def open(self, received: Received, lost: Callable[[], None]) -> AsyncIterator[Write]:
        """Open the port and read it in a thread; see `carrier`."""
        import serial

        with self._told():
            port = serial.Serial(self._port, BAUD, timeout=READ_S, write_timeout=WRITE_S, exclusive=True)
        self._was_open = True
        reader = _Reader(port, received, lost)

        async def write(command: bytes) -> None:
            with self._told():
                await asyncio.to_thread(port.write, wire.cable_encode(command))

        try:
            reader.start()
            with self._told():
                await asyncio.to_thread(port.write, b"\0")  # ends whatever noise came before
            yield write
        finally:
            await asyncio.to_thread(reader.end)
            port.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in a sentence what the system said: for good at the first opening, later as something that may pass."""
        try:
            yield
        except OSError as error:  # pyserial's errors are of this kind
            kind = LinkError if self._was_open else HipholdError
            raise kind(_sentence(self._port, error)) from error


def _sentence(port: str, error: OSError) -> str:
    number = error_number(error)
    if number in TAKEN:
        return (
            f"{port} may not be opened; close the program that uses it (on Linux, also join the group that owns it: "
            "`sudo usermod -a -G dialout $USER`, then log in again)."
        )
    if number == errno.ENOENT:
        return f"There is no port {port}; plug the node in, `hiphold scan` lists the ports."
    if number in NO_PORT:
        return f"{port} is no serial port; `hiphold scan` lists the ports."
    return f"{port} does not work{f' ({os.strerror(number)})' if number else ''}; plug it in again."


def error_number(error: OSError) -> int | None:
    """The errno behind an error of pyserial, which often has it in its words or in its cause only."""
    for name, number in (("PermissionError", errno.EACCES), ("FileNotFoundError", errno.ENOENT)):
        if name in str(error):  # Windows
            return number
    cause = error.__context__.args if error.__context__ else ()  # OSError or termios.error
    return error.errno or next((each for each in cause[:1] if isinstance(each, int)), None)


class _Reader:
    """Reads a port in a thread and hands packets to the event loop."""

    def __init__(self, port: Serial, received: Received, lost: Callable[[], None]) -> None:
        self._port = port
        self._received = received
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._room = threading.Semaphore(PIECES)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hiphold-usb", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        port = self._port
        try:
            while not self._ended.is_set():
                data = port.read(1)
                if data:
                    data += port.read(port.in_waiting)
                    self._hand_over(self._take, self._loop.time(), data)
        except OSError:
            self._hand_over(self._lost)

    def _hand_over(self, what: Callable[..., None], *arguments: object) -> None:
        while not self._room.acquire(timeout=READ_S):
            if self._ended.is_set():
                return
        self._loop.call_soon_threadsafe(self._do, what, arguments)

    def _do(self, what: Callable[..., None], arguments: tuple[object, ...]) -> None:
        self._room.release()
        if not self._ended.is_set():
            what(*arguments)

    def _take(self, at_s: float, data: bytes) -> None:
        """Whole packets out of what came; noise is dropped, what is missing then is asked for by number."""
        self._buffer += data
        while True:
            try:
                packet = wire.cable_take(self._buffer)
            except wire.WireError:
                continue
            if packet is None:
                return
            self._received(at_s, packet)
