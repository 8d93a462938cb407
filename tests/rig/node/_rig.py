"""The node's end of the line to the rig: the socket, the node's clock, and the events that the rig hands in.

A message to the rig is `<HBQ`: length of the body, kind, the node's clock in microseconds; then the body. They are
kept back until the node waits, so that one turn of the firmware costs one exchange. A message from the rig is `<HB`
and a body. The clock stands still while code runs and moves with grants, with bus transfers and with each look at it.
"""

import os
import socket
import struct

FOREVER = 0xFFFFFFFFFFFFFFFF
SYNC_US = 1000  # how far the node may run ahead of the last grant before it asks for the next

now_us = 0
granted_us = 0
handlers = {}  # kind of event -> function(body)
_socket = None
_out = bytearray()
_head = bytearray(3)


def connect():
    """Join the rig. Returns the body of its greeting: see NodeProcess in the rig's process.py."""
    global _socket
    host, port = os.getenv("HIPHOLD_RIG").split(":")
    _socket = socket.socket()
    _socket.connect(socket.getaddrinfo(host, int(port))[0][-1])
    _socket.setsockopt(6, 1, b"\x01\0\0\0")  # TCP_NODELAY
    return ask("H", os.getenv("HIPHOLD_NODE").encode())


def send(kind, body=b""):
    """Something the rig shall do, without an answer."""
    _out.extend(struct.pack("<HBQ", len(body), ord(kind), now_us))
    _out.extend(body)


def ask(kind, body=b""):
    """Something the rig shall answer. Raises OSError with the rig's error number."""
    send(kind, body)
    flush()
    kind, body = _receive()
    if kind == 69:  # 'E'
        raise OSError(struct.unpack("<H", body)[0])
    return body


def spend(us):
    """Let the node's clock move on by the time that something takes."""
    global now_us
    now_us += us


def set_clock(us):
    global now_us, granted_us
    now_us = granted_us = us


def wait(until_us):
    """Sleep until the clock says so or an event comes in, whichever is first; events are handled before it returns."""
    send("I", struct.pack("<Q", until_us))
    flush()
    events = []
    kind, body = _receive()
    while kind != 71:  # 'G'
        events.append((chr(kind), body))
        kind, body = _receive()
    set_clock(struct.unpack("<Q", body)[0])
    for kind, body in events:
        handlers[kind](body)


def sleep_us(us):
    until = now_us + us
    if us < SYNC_US and until - granted_us < SYNC_US:
        spend(us)
    while now_us < until:
        wait(until)


def breathe():
    """Called where firmware may spin without sleeping: time must pass for the rest of the world, too."""
    if now_us - granted_us > SYNC_US:
        wait(now_us)


def halt():
    """Nothing runs any more until the rig ends this process."""
    flush()
    while True:
        _receive()


def flush():
    """Hand over what was kept back."""
    global _out
    if _out:
        _socket.write(_out)
        _out = bytearray()


def _receive():
    _read(_head)
    size, kind = struct.unpack("<HB", _head)
    body = bytearray(size)
    _read(body)
    return kind, body


def _read(buffer):
    if len(buffer) and _socket.readinto(buffer) != len(buffer):
        raise SystemExit  # the rig is gone
