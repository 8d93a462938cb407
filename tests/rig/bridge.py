"""The socket between the rig and one node's process, and how its messages are framed.

The exchange is strictly by turns and blocks the loop: while a node runs, nothing else does and virtual time stands
still. That is what makes a run repeat exactly, whatever the machine is busy with. The other half of this file is
tests/rig/node/_rig.py.
"""

from __future__ import annotations

import socket
import struct

HEAD = struct.Struct("<HBQ")  # from the node: length of the body, kind, the node's clock in us
PATIENCE_S = 20.0  # real time in which a node must take its turn


class NodeGoneError(Exception):
    """The process has closed its end."""


class NodeHangsError(Exception):
    """The process has been computing for PATIENCE_S without waiting."""


class Door:
    """Where node processes knock, one at a time, because the rig starts one at a time."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(PATIENCE_S)
        self.address = "{}:{}".format(*self._socket.getsockname())

    def open(self) -> Line:
        try:
            return Line(self._socket.accept()[0])
        except TimeoutError:
            raise NodeGoneError(f"the node's process has not started within {PATIENCE_S:.0f} s") from None

    def close(self) -> None:
        self._socket.close()


class Line:
    """One node's line."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(PATIENCE_S)
        self._received = b""

    def send(self, *messages: tuple[str, bytes]) -> None:
        data = b"".join(struct.pack("<HB", len(body), ord(kind)) + body for kind, body in messages)
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise NodeGoneError from None

    def receive(self) -> tuple[str, int, bytes]:
        """Kind, the node's clock in us, body."""
        size, kind, node_us = HEAD.unpack(self._read(HEAD.size))
        return chr(kind), node_us, self._read(size)

    def _read(self, size: int) -> bytes:
        while len(self._received) < size:
            try:
                data = self._socket.recv(65536)
            except ConnectionResetError:
                data = b""
            except TimeoutError:
                raise NodeHangsError from None
            if not data:
                raise NodeGoneError
            self._received += data
        taken, self._received = self._received[:size], self._received[size:]
        return taken

    def close(self) -> None:
        self._socket.close()
