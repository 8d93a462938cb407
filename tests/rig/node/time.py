"""`time` with the rig's clock: MicroPython's own module, but for everything that tells or spends time."""

# ruff: noqa: E402, F401  # order matters

import sys

_path = sys.path
sys.path = ()
try:
    from time import gmtime, localtime, mktime  # the built-in module, hidden by this file
finally:
    sys.path = _path

import _rig

_PERIOD = 1 << 30  # ticks wrap as on the ESP32
_HALF = _PERIOD >> 1


def ticks_us():
    _rig.now_us += 1  # looking takes time: a loop that only looks at the clock comes to an end
    return _rig.now_us & (_PERIOD - 1)


def ticks_ms():
    _rig.now_us += 1
    return _rig.now_us // 1000 & (_PERIOD - 1)


def ticks_cpu():
    return ticks_us()


def ticks_add(ticks, delta):
    return ticks + delta & (_PERIOD - 1)


def ticks_diff(ticks1, ticks2):
    return (ticks1 - ticks2 + _HALF & (_PERIOD - 1)) - _HALF


def sleep_us(us):
    _rig.sleep_us(us)


def sleep_ms(ms):
    _rig.sleep_us(ms * 1000)


def sleep(seconds):
    _rig.sleep_us(int(seconds * 1000000))


def time():
    return _rig.now_us // 1000000


def time_ns():
    return _rig.now_us * 1000
