"""Light and sound on stand-in pins, in steps of 10 ms: micropython life_signals.py

Prints, as JSON, what each state looks like: state -> lengths of on and off over 4 s, from its beginning.
"""

import json
import sys
import time


class Pin:
    """Remembers its level."""

    OUT = 2
    made = {}

    def __init__(self, number, mode=OUT, value=0):
        self.level = value
        Pin.made[number] = self

    def value(self, level):
        self.level = int(level)


class Pwm:
    """Remembers its duty."""

    def __init__(self, pin, freq, duty_u16):
        assert freq == 2700
        self.pin = pin
        self.duty_u16(duty_u16)

    def duty_u16(self, duty):
        self.pin.level = duty


class Machine:
    """What signals.py needs of machine."""


Machine.Pin, Machine.PWM = Pin, Pwm
sys.modules["machine"] = Machine
import signals


def lengths(levels):
    """[1, 1, 0, ...] every 10 ms -> [20, 10, ...], on first."""
    runs, last = [0], 1
    for level in levels:
        if level != last:
            runs.append(0)
            last = level
        runs[-1] += 10
    return runs


def seen(states, start_ms=1000):
    led = signals.Led(21, active_low=True)
    levels = []
    for ms in range(0, 4000, 10):
        led.step(time.ticks_add(start_ms, ms), states)
        assert Pin.made[21].level == (not led.is_on)
        levels.append(int(led.is_on))
    return lengths(levels)


def all_states():
    return (
        signals.ADVERTISING,
        signals.CONNECTED,
        signals.STREAMING,
        signals.LOW_BATTERY,
        signals.FAULT,
        signals.IDENTIFY,
        signals.SLEEPING,
    )


def the_highest_state_shows():
    states = all_states()
    for number, state in enumerate(states):
        lower = sum(states[:number])
        assert signals.shown(state | lower) == state
        assert seen(state | lower) == seen(state)
    assert signals.shown(0) == 0
    assert seen(0) == [0, 4000]
    for state in states:
        assert seen(state, time.ticks_add(0, -1500)) == seen(state)  # while the ticks wrap


def identify_lasts_five_seconds():
    led = signals.Led(None)
    led.step(0, signals.ADVERTISING)
    led.identify(100)
    changes = []
    for ms in range(100, 8000, 10):
        was = led.is_on
        led.step(ms, signals.ADVERTISING | signals.FAULT)
        if led.is_on != was:
            changes.append(ms)
    fast = [ms for ms in changes if ms < 5100]
    assert len(fast) == 62 or len(fast) == 63, len(fast)
    assert len([ms for ms in changes if ms >= 5100]) < 20


def sounds():
    for number, tone_hz, loud in ((1, 0, 1), (2, 2700, 32768)):
        beeper = signals.Beeper(number, tone_hz)
        pin = Pin.made[number]
        on = []
        for ms in range(0, 2000, 10):
            if ms == 100:
                beeper.beep(60)
            if ms in (200, 400):  # the second cuts the first short and sounds in full
                beeper.beep(500)
            if ms == 410:
                beeper.beep(0)
            beeper.step(time.ticks_add(0, ms - 300))
            assert pin.level in (0, loud)
            if pin.level:
                on.append(ms)
        assert on == list(range(100, 160, 10)) + list(range(200, 900, 10)), on
    silent = signals.Beeper(None)
    silent.beep(60)
    silent.step(0)
    silent.step(100)


the_highest_state_shows()
identify_lasts_five_seconds()
sounds()
print(json.dumps([seen(state) for state in all_states()]))
