"""`esp32`: which pin wakes the node from deep sleep."""

import machine

WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True


def wake_on_ext0(pin=None, level=False):
    machine._wake[:] = (0xFF, 0) if pin is None else (pin.id, int(level))


def wake_on_ext1(pins=None, level=False):
    wake_on_ext0(pins[0] if pins else None, level)


wake_on_gpio = wake_on_ext1


def raw_temperature():
    return 105
