"""The MicroPython prompt of a board at a serial port. Only this module knows mpremote.

mpremote is used as a library rather than as a program: one open port for the whole installation (opening it restarts
some boards), answers as values and not as text to be searched, and an end to every wait. Its interface is not promised
to stay, so little of it is used: SerialTransport with enter_raw_repl, exec, exec_raw_no_follow, fs_writefile, close.

Rule: a file arrives under another name, and takes its place once the board has read back the right bytes.
"""

from __future__ import annotations

import ast
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from hiphold import wire
from hiphold.errors import HipholdError, MissingExtraError

ARCHITECTURES = (
    "", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp",
    "xtensa", "xtensawin", "rv32imc",
)  # fmt: skip
"""by the number that sys.implementation._mpy holds in its bits 10 to 13 (MicroPython, "MicroPython .mpy files")"""
REPL_S = 5.0
RESTART_S = 2.0
"""for a board to be at its port again"""
TRIES = 3
READ_S = 3.0
CHUNK = 1024

Say = Callable[[str], None]

_LOOK = """
import os, sys
name, version = sys.platform, tuple(sys.implementation[1][:3])
flash = os.statvfs(".")
print(repr((name, version, getattr(sys.implementation, "_mpy", 0), flash[0] * flash[3])))
"""
_HASHES = """
import hashlib, os
def _hash(name):
    h, buffer = hashlib.sha256(), bytearray(512)
    with open(name, "rb") as file:
        while True:
            n = file.readinto(buffer)
            if not n:
                return h.digest()
            h.update(memoryview(buffer)[:n])
there = os.listdir()
print(repr({name: _hash(name) for name in %r if name in there}))
"""
_MOVE = """
import os
try:
    os.rename(%r, %r)
except OSError:  # FAT does not replace
    os.remove(%r)
    os.rename(%r, %r)
"""


@dataclass(frozen=True)
class About:
    """What a board says of itself."""

    platform: str
    version: tuple[int, ...]
    """of MicroPython"""
    mpy: int
    """sys.implementation._mpy"""
    free_bytes: int

    @property
    def architecture(self) -> str:
        """What to compile for; empty when there is nothing of that number."""
        number = self.mpy >> 10 & 15
        return ARCHITECTURES[number] if number < len(ARCHITECTURES) else ""


def sha(data: bytes) -> bytes:
    """What `Board.hashes` gives for a file of these bytes."""
    return hashlib.sha256(data).digest()


@contextmanager
def stopped(port: str, say: Say) -> Iterator[Board]:
    """The board at a port, its program stopped; it starts anew at the end, also when something fails."""
    board = Board(port)
    try:
        board.stop(say)
        try:
            yield board
        except BaseException:
            with suppress(HipholdError):
                board.restart()
            raise
        board.restart()
    finally:
        board.close()


class Board:
    """The prompt, once `stop` has come to it."""

    def __init__(self, port: str) -> None:
        try:
            from mpremote.transport import TransportError  # type: ignore[import-untyped]  # it has no types
            from mpremote.transport_serial import SerialTransport  # type: ignore[import-untyped]  # it has no types
        except ImportError as error:
            raise MissingExtraError('mpremote is not installed; `pip install "hiphold[node]"` brings it.') from error
        self._error: Any = TransportError
        self._port = port
        self._open = SerialTransport
        self._line = self._opened()

    def _opened(self) -> Any:
        try:
            line = self._open(self._port)
        except (self._error, OSError) as error:
            raise HipholdError(_closed(self._port)) from error
        line.serial.timeout = READ_S  # its own waits have no end
        return line

    def stop(self, say: Say) -> None:
        """Interrupt what runs and come to the prompt, with memory cleared."""
        for left in reversed(range(TRIES)):
            try:
                with redirect_stdout(StringIO()):  # it prints what it read
                    self._line.enter_raw_repl(timeout_overall=REPL_S)
                return
            except (self._error, OSError) as error:
                if not left:
                    raise HipholdError(
                        f"At {self._port} no MicroPython answers; flash it first (firmware/README.md says how, with "
                        "esptool), or press the board's reset button and try again."
                    ) from error
            say("no answer yet; telling the node to start anew ...")
            self._start_anew()

    def _start_anew(self) -> None:
        """A node that has talked to a host over this cable cannot be interrupted; but it takes commands."""
        with suppress(self._error, OSError):
            self._line.serial.write(b"\0" + wire.cable_encode(wire.encode_command(wire.RESET)))
            self._line.serial.flush()
        time.sleep(RESTART_S)
        self.close()  # a port that is USB all the way went away with the board
        self._line = self._opened()

    def run(self, code: str) -> str:
        """Run a program on the board; what it prints. Raises HipholdError."""
        try:
            return bytes(self._line.exec(code)).decode()
        except (self._error, OSError) as error:
            last = str(error).strip().splitlines()[-1:] or ["no answer"]
            raise HipholdError(f"The board at {self._port} failed ({last[0]}); unplug it, and try again.") from error

    def look(self) -> About:
        """What it is."""
        return About(*ast.literal_eval(self.run(_LOOK)))

    def hashes(self, names: Iterable[str]) -> dict[str, bytes]:
        """SHA-256 of those files that are there, as the board computes it."""
        return dict(ast.literal_eval(self.run(_HASHES % (tuple(names),))))

    def read(self, name: str) -> bytes:
        """A file of the board."""
        return bytes(ast.literal_eval(self.run(f"print(repr(open({name!r}, 'rb').read()))")))

    def remove(self, name: str) -> None:
        """Remove a file."""
        self.run(f"import os; os.remove({name!r})")

    def put(self, name: str, data: bytes) -> None:
        """Write a file. Raises HipholdError, the former file being there still, when it does not arrive whole."""
        arriving = f"{name}.new"
        try:
            self._line.fs_writefile(arriving, data, CHUNK)
        except (self._error, OSError) as error:
            raise HipholdError(f"{name} could not be written ({error}); unplug the board, and try again.") from error
        if self.hashes([arriving]).get(arriving) != sha(data):
            self.remove(arriving)
            raise HipholdError(f"{name} arrived damaged; try again, with another cable or without a hub.")
        self.run(_MOVE % (arriving, name, name, arriving, name))

    def restart(self) -> None:
        """Start the board anew; the line is dead after that."""
        try:
            self._line.exec_raw_no_follow("import machine; machine.reset()")
        except (self._error, OSError) as error:
            raise HipholdError("All is installed, but the board does not restart; press its reset button.") from error

    def close(self) -> None:
        """Leave the port."""
        with suppress(OSError):  # it may be gone
            self._line.close()


def _closed(port: str) -> str:
    """Why a port could not be opened. mpremote does not say, so look, and try it without."""
    from hiphold.sources import usb

    device, boards = Path(port), [each.device for each in usb.ports()]
    if not (device.exists() if os.name == "posix" else port in boards):
        where = f"boards are at {', '.join(boards)}" if boards else "plug the board in"
        return f"There is no port {port}; {where}."
    if os.name == "posix" and not os.access(device, os.R_OK | os.W_OK):
        return (
            f"{port} may not be opened; on Linux, join the group that owns it: `sudo usermod -a -G dialout $USER`, "
            "then log in again."
        )
    error = usb.opening_error(port)
    number = usb.error_number(error) if error else None
    if number in usb.TAKEN:
        return f"{port} is in use; close the program that has it open: a recording, a terminal, an editor."
    if number in usb.NO_PORT:
        return f"{port} could not be opened, it is no serial port; choose another with --port."
    cause = f" ({os.strerror(number)})" if number else ""
    return f"{port} could not be opened{cause}; plug the board in again, or choose another with --port."
