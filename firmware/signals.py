"""What a node shows by one LED and one buzzer or vibration motor: rhythm only, no colour to tell apart."""

import time

import machine

# States, as bits: any may hold at once, and the highest is shown.
ADVERTISING, CONNECTED, STREAMING, LOW_BATTERY, FAULT, IDENTIFY, SLEEPING = 1, 2, 4, 8, 16, 32, 64

# On and off in turn, ms, over and over.
PATTERNS = {
    0: (),
    ADVERTISING: (50, 1950),  # a short blink
    CONNECTED: (50, 150, 50, 1750),  # two
    STREAMING: (500, 1500),  # a long one
    LOW_BATTERY: (500, 200, 50, 1250),  # long, short
    FAULT: (100, 100, 100, 100, 100, 1500),  # three quick ones
    IDENTIFY: (80, 80),  # fast
    SLEEPING: (),
}
IDENTIFY_MS, IDENTIFY_BEEP_MS = 5000, 300

BEEP_MS = (0, 60, 500, 200)  # by the event of count.Counter: nothing, a second, ten seconds, dropped


def shown(states: int) -> int:
    """The state of the highest priority among `states`."""
    bit = SLEEPING
    while bit and not states & bit:
        bit >>= 1
    return bit


class Led:
    """An LED that never waits. pin: its number, or None where there is none."""

    def __init__(self, pin: "int | None", active_low: bool = False) -> None:
        self._pin = None if pin is None else machine.Pin(pin, machine.Pin.OUT)
        self._active_low = active_low
        self._state = 0
        self._since_ms = 0
        self._identify = False
        self._identify_since_ms = 0
        self.is_on = False

    def identify(self, now_ms: int) -> None:
        """Blink fast for IDENTIFY_MS from now on."""
        self._identify, self._identify_since_ms = True, now_ms

    def step(self, now_ms: int, states: int) -> None:
        """Show the highest of `states` (bits). now_ms: time.ticks_ms(); called every 50 ms or so."""
        if self._identify:
            self._identify = time.ticks_diff(now_ms, self._identify_since_ms) < IDENTIFY_MS
            states |= IDENTIFY if self._identify else 0
        state = shown(states)
        if state != self._state:
            self._state, self._since_ms = state, now_ms
        self.is_on = self._lit(now_ms)
        if self._pin is not None:
            self._pin.value(self.is_on != self._active_low)

    def _lit(self, now_ms: int) -> bool:
        pattern = PATTERNS[self._state]
        if not pattern:
            return False
        at_ms = time.ticks_diff(now_ms, self._since_ms) % sum(pattern)
        lit = True
        for part_ms in pattern:
            if at_ms < part_ms:
                return lit
            at_ms -= part_ms
            lit = not lit
        return False


class Beeper:
    """A buzzer or vibration motor. pin None: none. tone_hz 0: it sounds by itself; else it is driven by PWM."""

    def __init__(self, pin: "int | None", tone_hz: int = 0) -> None:
        self._pin = self._pwm = None
        if pin is not None and tone_hz:
            self._pwm = machine.PWM(machine.Pin(pin), freq=tone_hz, duty_u16=0)
        elif pin is not None:
            self._pin = machine.Pin(pin, machine.Pin.OUT, value=0)
        self._asked_ms = 0
        self._since_ms = 0
        self._length_ms = 0

    def beep(self, length_ms: int) -> None:
        """Sound for length_ms from the next `step` on; one that still sounds is cut short. 0: nothing."""
        self._asked_ms = length_ms or self._asked_ms

    def step(self, now_ms: int) -> None:
        """Start and stop what was asked for. now_ms: time.ticks_ms(); called every 50 ms or so."""
        if self._asked_ms:
            self._since_ms, self._length_ms, self._asked_ms = now_ms, self._asked_ms, 0
            self._drive(True)
        elif self._length_ms and time.ticks_diff(now_ms, self._since_ms) >= self._length_ms:
            self._length_ms = 0
            self._drive(False)

    def _drive(self, on: bool) -> None:
        if self._pwm is not None:
            self._pwm.duty_u16(32768 if on else 0)
        elif self._pin is not None:
            self._pin.value(on)
