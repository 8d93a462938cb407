"""A board's raw prompt on a serial line, for tests of the installer: standard input and output are that line.

Speaks what MicroPython's pyexec.c speaks: Ctrl-A, Ctrl-B, Ctrl-C, Ctrl-D, and raw paste with flow control. Programs run
in the current folder, the board's flash, and reach nothing outside it: to them it is "/".

Arguments: what sys.platform shall be; a file that arrives damaged ("-":
none); bytes that must come first, in hex, as with a node that takes packets and no Ctrl-C. machine.reset ends it.
"""

import binascii
import io
import os
import struct
import sys

WINDOW = 128
PROMPT = b"raw REPL; CTRL-B to exit\r\n>"
line_in, line_out = sys.stdin.buffer, sys.stdout.buffer


class Board:
    """Stands for sys, with the name of another platform."""

    platform = sys.argv[1]
    implementation = sys.implementation


class Machine:
    """Stands for machine."""

    @staticmethod
    def reset():
        raise SystemExit


ROOT = os.getcwd()


def inside(path):
    """A path of the board as one of this computer."""
    if ".." in path.split("/"):
        raise OSError(13)
    return ROOT + path if path.startswith("/") else path


class Flash:
    """Stands for os, whose every path lies in the flash."""

    sep = "/"

    @staticmethod
    def getcwd():
        return os.getcwd()[len(ROOT) :] or "/"

    @staticmethod
    def rename(old, new):
        os.rename(inside(old), inside(new))

    @staticmethod
    def sync():
        pass


def confined(function):
    return staticmethod(lambda path="/" if function is os.statvfs else ".": function(inside(path)))


for name in ("chdir", "ilistdir", "listdir", "mkdir", "remove", "rmdir", "stat", "statvfs", "unlink"):
    setattr(Flash, name, confined(getattr(os, name)))


def damaging(name, mode="r"):
    """open, but for one file, whose third byte never arrives right."""
    file = open(inside(name), mode)
    if not (name.startswith(sys.argv[2]) and "w" in mode):
        return file
    return Damaged(file)


class Damaged:
    def __init__(self, file):
        self.file, self.written = file, 0

    def write(self, data):
        data = bytearray(data)
        if self.written <= 2 < self.written + len(data):
            data[2 - self.written] ^= 64
        self.written += len(data)
        return self.file.write(data)

    def close(self):
        self.file.close()


def send(data):
    line_out.write(data)


def receive():
    byte = line_in.read(1)
    if not byte:
        raise SystemExit
    return byte


def plain():
    """A program up to Ctrl-D; None when Ctrl-B ends the raw prompt; b"" asks for a soft reset."""
    code = bytearray()
    while True:
        byte = receive()
        if byte == b"\x04":
            send(b"OK")
            return bytes(code)
        if byte == b"\x02":
            return None
        if byte == b"\x05" and not code:
            receive(), receive()  # A and Ctrl-A
            return pasted()
        if byte == b"\x01":
            code = bytearray()
            send(PROMPT)
        elif byte == b"\x03":
            code = bytearray()
        else:
            code += byte


def pasted():
    send(b"R\x01" + struct.pack("<H", WINDOW) + b"\x01")
    code, room = bytearray(), 2 * WINDOW
    while True:
        byte = receive()
        if byte == b"\x04":
            send(b"\x04")
            return bytes(code)
        code += byte
        room -= 1
        if room < WINDOW:
            send(b"\x01")
            room += WINDOW


def execute(code, names):
    try:
        exec(code.decode(), names)
    except SystemExit:
        raise
    except BaseException as error:
        text = io.StringIO()
        sys.print_exception(error, text)
        send(b"\x04" + text.getvalue().encode() + b"\x04>")
    else:
        send(b"\x04\x04>")


def fresh():
    return {"open": damaging, "__name__": "__main__"}


def raw():
    names = fresh()
    send(PROMPT)
    while True:
        code = plain()
        if code is None:
            return
        if code == b"":
            send(b"\r\nMPY: soft reboot\r\n" + PROMPT)
            names = fresh()
        else:
            execute(code, names)


def packets(reset):
    """Take what comes until it is `reset`."""
    last = b""
    while reset and last != reset:
        last = (last + receive())[-len(reset) :]


packets(binascii.unhexlify(sys.argv[3]))
sys.modules["sys"] = Board
sys.modules["os"] = Flash
sys.modules["machine"] = Machine
while True:
    if receive() == b"\x01":
        raw()
