"""A node's USB cable as a serial port of this computer, for pyserial. It needs a paced loop."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from pathlib import Path

from rig.process import Port


class SerialPort:
    """A pseudo terminal at `path` whose other end is a node's port. What the host does not read stalls the node."""

    def __init__(self, port: Port, link: Path | None = None) -> None:
        """`link`: an additional name for the path, which is free now."""
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self._waiting = bytearray()
        self._stalled = False
        self._link = link
        self.path = os.ttyname(self._theirs)
        if link is not None:
            link.symlink_to(self.path)
        self._loop.add_reader(self._ours, self._on_readable)
        port.on_data = self._on_data

    def _on_readable(self) -> None:
        self._port.write(os.read(self._ours, 4096))

    def _on_data(self, data: bytes) -> None:
        self._waiting += data
        self._flush()

    def _flush(self) -> None:
        try:
            written = os.write(self._ours, self._waiting)
        except BlockingIOError:
            written = 0
        del self._waiting[:written]
        stalled = len(self._waiting) > 0
        if stalled == self._stalled:
            return
        self._stalled = stalled
        self._port.stall(stalled)
        if stalled:
            self._loop.add_writer(self._ours, self._flush)
        else:
            self._loop.remove_writer(self._ours)

    def unplug(self) -> None:
        """The cable is pulled: the host's end breaks."""
        self._port.on_data = lambda _data: None
        self._loop.remove_reader(self._ours)
        self._loop.remove_writer(self._ours)
        if self._link is not None:
            self._link.unlink()
        os.close(self._ours)
        os.close(self._theirs)
