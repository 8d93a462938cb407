"""sys.stdin and sys.stdout as the board's USB serial port, which the rig holds the other end of.

As on a board: reads block until all that was asked for has come, and a received ctrl-C raises KeyboardInterrupt until
micropython.kbd_intr(-1) says otherwise.
"""

import builtins
import io
import sys

import _rig
import micropython

_POLL = 3  # MP_STREAM_POLL
_NOT_KNOWN = -22  # EINVAL; 0 would say to select.poll that this is file descriptor 0

_received = bytearray()
_interrupt = 3
_stalled = 0  # the host does not take what the board sends
_print = print


class Copy:
    """A built-in module with some of its names replaced."""

    def __init__(self, module, **replaced):
        for name in dir(module):
            setattr(self, name, getattr(module, name))
        for name, value in replaced.items():
            setattr(self, name, value)


class Input(io.IOBase):
    def __init__(self, buffer=None):
        self.buffer = buffer

    def ioctl(self, request, flags):
        if request != _POLL:
            return _NOT_KNOWN
        return flags & 1 if _received else 0

    def readinto(self, out, size=-1):
        size = len(out) if size < 0 else size
        while len(_received) < size:
            _rig.wait(_rig.FOREVER)
        out[:size] = _received[:size]
        _received[:size] = b""
        return size

    def read(self, size):
        out = bytearray(size)
        self.readinto(out)
        return bytes(out) if self.buffer is None else out.decode().replace("\r", "\n")


class Output(io.IOBase):
    def __init__(self, buffer=None):
        self.buffer = buffer

    def ioctl(self, request, flags):
        if request != _POLL:
            return _NOT_KNOWN
        return 0 if _stalled else flags & 4

    def write(self, data):
        text = self.buffer is not None
        data = bytes(data, "utf-8") if isinstance(data, str) else bytes(data)
        _rig.send("O", data.replace(b"\n", b"\r\n") if text else data)
        _rig.spend(len(data))
        return len(data)


def _on_received(body):
    if _interrupt >= 0 and bytes(body).find(bytes((_interrupt,))) >= 0:
        raise KeyboardInterrupt
    _received.extend(body)


def _on_stall(body):
    global _stalled
    _stalled = body[0]


def _kbd_intr(char):
    global _interrupt
    _interrupt = char


def install(modules):
    """Put the port in the place of the process's own standard streams."""
    out = Output(Output())

    def to_port(*args, file=out, **kwargs):
        _print(*args, file=file, **kwargs)

    def print_exception(error, file=out):
        sys.print_exception(error, file)

    builtins.print = to_port
    modules["sys"] = Copy(sys, stdin=Input(Input()), stdout=out, stderr=out, print_exception=print_exception)
    modules["micropython"] = Copy(micropython, kbd_intr=_kbd_intr)
    _rig.handlers["S"] = _on_received
    _rig.handlers["T"] = _on_stall
