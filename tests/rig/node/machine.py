"""`machine` of the ESP32 port, as far as nodes use it: the pins and buses end in the rig's models of the board."""

import struct

import _rig

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5
EXT0_WAKE = 2
EXT1_WAKE = 3
TIMER_WAKE = 4
PIN_WAKE = 2

_MESSAGE_US = 60  # from the call to the first clock of a transfer
_boot = {}
_wake = [0xFF, 0]  # pin and level that end deep sleep; esp32.py sets them
_pins = {}


def booted(greeting):
    """Take over what the rig says at the start: the clock, why the board starts, who it is, its RTC memory."""
    clock_us, cause, reason, mac = struct.unpack_from("<QBB6s", greeting)
    _boot.update(cause=cause, reason=reason, mac=mac, memory=bytes(greeting[16:]))
    _rig.set_clock(clock_us)
    _rig.handlers["P"] = _on_pin


def unique_id():
    return _boot["mac"]


def reset_cause():
    return _boot["cause"]


def wake_reason():
    return _boot["reason"]


def freq(hz=None):
    return 240000000 if hz is None else None


def idle():
    _rig.breathe()


def disable_irq():
    return 0


def enable_irq(state=None):
    pass


def reset():
    _rig.send("X", bytes((HARD_RESET,)))
    _rig.halt()


def soft_reset():
    _rig.send("X", bytes((SOFT_RESET,)))
    _rig.halt()


def deepsleep(time_ms=None):
    _rig.send("D", struct.pack("<qBB", -1 if time_ms is None else time_ms * 1000, *_wake))
    _rig.halt()


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    WAKE_LOW = 4
    WAKE_HIGH = 5

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=0, hold=None):
        self.id = id
        self._handler, self._trigger = None, 0
        self._mode = mode
        _pins.setdefault(id, []).append(self)
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=0, hold=None):
        self._mode = self._mode if mode < 0 else mode
        self._level = 0
        if value is not None:
            self.value(value)

    def value(self, x=None):
        if x is not None:
            self._level = 1 if x else 0
            _rig.send("Q", struct.pack("<BB", self.id, self._level))
            return None
        if self._mode == Pin.OUT:
            return self._level
        return _rig.ask("p", bytes((self.id,)))[0]

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def toggle(self):
        self.value(not self._level)

    def irq(self, handler=None, trigger=3, *, priority=1, wake=None, hard=False):
        self._handler, self._trigger = handler, trigger


def _on_pin(body):
    pin, level = body
    for one in _pins.get(pin, ()):
        if one._handler and one._trigger & (Pin.IRQ_RISING if level else Pin.IRQ_FALLING):
            one._handler(one)


def _number(pin):
    return pin.id if isinstance(pin, Pin) else pin


class I2C:
    def __init__(self, id=0, *, scl=None, sda=None, freq=400000, timeout=50000):
        self._id = id
        self._freq = freq

    def _spend(self, size):
        _rig.spend(9 * (size + 3) * 1000000 // self._freq + _MESSAGE_US)  # 9 clocks a byte, two addresses, register

    def _transfer(self, addr, memaddr, size, data=b""):
        self._spend(size or len(data))
        return _rig.ask("B", struct.pack("<BBBH", self._id, addr, memaddr, size) + data)

    def scan(self):
        self._spend(112)
        return list(_rig.ask("N", bytes((self._id,))))

    def readfrom_mem(self, addr, memaddr, nbytes, *, addrsize=8):
        return bytes(self._transfer(addr, memaddr, nbytes))

    def readfrom_mem_into(self, addr, memaddr, buf, *, addrsize=8):
        buf[:] = self._transfer(addr, memaddr, len(buf))

    def writeto_mem(self, addr, memaddr, buf, *, addrsize=8):
        self._transfer(addr, memaddr, 0, bytes(buf))

    def deinit(self):
        pass


SoftI2C = I2C


class ADC:
    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3

    def __init__(self, pin, *, sample_ns=0, atten=ATTN_0DB):
        self._pin = _number(pin)

    def init(self, *, sample_ns=0, atten=ATTN_0DB):
        pass

    def read_uv(self):
        _rig.spend(50)
        return struct.unpack("<i", _rig.ask("A", bytes((self._pin,))))[0]

    def read_u16(self):
        return max(0, min(65535, self.read_uv() * 65535 // 3300000))


class PWM:
    def __init__(self, dest, *, freq=0, duty_u16=0, duty_ns=0, invert=False):
        self._pin = _number(dest)
        self._freq, self._duty = freq, duty_u16
        self._send()

    def _send(self):
        _rig.send("M", struct.pack("<BIH", self._pin, self._freq, self._duty))

    def init(self, *, freq=None, duty_u16=None, duty_ns=0, invert=False):
        self._freq = self._freq if freq is None else freq
        self._duty = self._duty if duty_u16 is None else duty_u16
        self._send()

    def freq(self, value=None):
        if value is None:
            return self._freq
        self._freq = value
        return self._send()

    def duty_u16(self, value=None):
        if value is None:
            return self._duty
        self._duty = value
        return self._send()

    def deinit(self):
        self._duty = 0
        self._send()


class WDT:
    def __init__(self, id=0, timeout=5000):
        self._timeout_ms = timeout
        self.feed()

    def feed(self):
        _rig.send("W", struct.pack("<I", self._timeout_ms))
        _rig.flush()  # the firmware may never wait again


class RTC:
    def memory(self, data=None):
        if data is None:
            return _boot["memory"]
        _boot["memory"] = bytes(data)
        return _rig.send("K", bytes(data))
