"""The battery's charge, the decision to sleep and how to wake, the watchdog.

A node never light-sleeps: that would break the radio link. It either runs or sleeps deeply, which ends in a restart.
"""

import time

import bluetooth
import esp32
import machine
import micropython
import wire
from micropython import const

READINGS = 9  # of which the median counts; the radio's current makes single ones jump
PRESENT_MV = 2500  # a protected cell cuts off above this: less is no cell
LOW_MV, RECOVERED_MV = 3500, 3600

# Percent left at a voltage, for a typical single LiPo cell under a light load at room temperature.
CURVE = (
    (3270, 0),
    (3610, 5),
    (3690, 10),
    (3730, 20),
    (3770, 30),
    (3800, 40),
    (3840, 50),
    (3870, 60),
    (3950, 70),
    (4020, 80),
    (4110, 90),
    (4200, 100),
)

_MOVING_COUNTS = const(100)  # of the gyroscope at +-1000 dps: about 3 deg/s, thirty times its noise
WATCHDOG_MS = 8000
SILENT_MS = 4000


def percent_left(mv: int) -> int:
    """0 to 100 by CURVE, linear between its points."""
    low_mv, low = CURVE[0]
    for high_mv, high in CURVE:
        if mv <= high_mv:
            return low + (high - low) * max(mv - low_mv, 0) // max(high_mv - low_mv, 1)
        low_mv, low = high_mv, high
    return 100


class Battery:
    """A cell behind a voltage divider: `mv`, `percent` and `low` as of the last `read`.

    pin: number of the ADC pin, or None where there is no battery (0 mV, wire.NO_PERCENT, never low).
    divider: cell voltage over pin voltage; 2 for two equal resistors.
    """

    def __init__(self, pin: "int | None", divider: float = 2.0) -> None:
        self._adc = None if pin is None else machine.ADC(machine.Pin(pin), atten=machine.ADC.ATTN_11DB)
        self._divider = divider
        self.mv = 0
        self.percent = wire.NO_PERCENT
        self.low = False

    def read(self) -> int:
        """Measure; gives `mv`. Takes about a millisecond; once in 10 s is plenty."""
        if self._adc is None:
            return 0
        pin_uv = sorted([self._adc.read_uv() for _ in range(READINGS)])[READINGS // 2]
        mv = round(pin_uv * self._divider / 1000)
        if mv < PRESENT_MV:
            self.mv, self.percent, self.low = 0, wire.NO_PERCENT, False
            return 0
        self.mv, self.percent = mv, percent_left(mv)
        self.low = mv < (RECOVERED_MV if self.low else LOW_MV)
        return mv


@micropython.viper
def moving(rows: ptr16, count: int) -> bool:
    """Whether the gyroscope varied over these samples; rows as from Imu.unpack. A constant rate is its zero."""
    for axis in range(3, 6):
        least = 32767
        most = -32768
        for at in range(count):
            value = (int(rows[10 * at + axis]) ^ 0x8000) - 0x8000
            if value < least:
                least = value
            if value > most:
                most = value
        if most - least > _MOVING_COUNTS:
            return True
    return False


class Idle:
    """Whether it is time to sleep: nobody connected and no motion for `minutes`; None: never."""

    def __init__(self, minutes: "int | None", now_ms: int) -> None:
        self._after_ms = (minutes or 0) * 60_000
        self._busy_ms = now_ms

    def step(self, now_ms: int, connected: bool, moves: bool) -> bool:
        """True when it is time. now_ms: time.ticks_ms(); called at least once an hour."""
        if connected or moves or not self._after_ms:
            self._busy_ms = now_ms
            return False
        return time.ticks_diff(now_ms, self._busy_ms) >= self._after_ms


def sleep(imu: object, pin: int) -> None:
    """Sleep until INT1 of the chip, on `pin` and active high, reports motion. The node then starts anew.

    imu: any Imu. Pins that can wake (ESP-IDF, "Sleep Modes"): GPIO 0 to 21 of an ESP32-S3; 0, 2, 4, 12 to 15, 25 to
    27 and 32 to 39 of an ESP32; 0 to 5 of an ESP32-C3. ValueError for another, OSError when the chip does not answer;
    the node is then awake still, and sampling must be started again.
    """
    imu.wake_on_motion()  # type: ignore[attr-defined]  # the drivers share no base class
    wake = machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_DOWN)
    if hasattr(esp32, "wake_on_ext1"):
        esp32.wake_on_ext1((wake,), esp32.WAKEUP_ANY_HIGH)
    else:  # ESP32-C3, which has neither ext0 nor ext1
        esp32.wake_on_gpio((wake,), esp32.WAKEUP_ANY_HIGH)
    bluetooth.BLE().active(False)  # ESP-IDF, "Sleep Modes": before deep sleep, or the radio keeps drawing current
    machine.deepsleep()


class Watch:
    """The watchdog, fed only while every named loop makes progress. It cannot be stopped once it runs."""

    def __init__(self, names: "tuple[str, ...]") -> None:
        self._silent_since_ms: dict[str, int | None] = dict.fromkeys(names)
        self._wdt = machine.WDT(timeout=WATCHDOG_MS)

    def alive(self, name: str) -> None:
        """The loop of this name has made progress."""
        self._silent_since_ms[name] = None

    def feed_if_all_alive(self, now_ms: int) -> bool:
        """Feed, unless a loop has been silent for SILENT_MS. now_ms: time.ticks_ms(); called every second or so."""
        for name, since_ms in self._silent_since_ms.items():
            if since_ms is None:
                self._silent_since_ms[name] = now_ms
            elif time.ticks_diff(now_ms, since_ms) > SILENT_MS:
                return False
        self._wdt.feed()
        return True


def restarted_by_watchdog() -> bool:
    """Whether the watchdog caused this start (fault WATCHDOG_RESET)."""
    return machine.reset_cause() == machine.WDT_RESET
