"""Battery, idle time, sleep and watchdog on a board made of stand-ins: micropython life_power.py"""

import sys
import time
from array import array


class Adc:
    """Reads what the test puts into `readings_uv`, in turn."""

    ATTN_11DB = 3
    readings_uv = []

    def __init__(self, pin, atten):
        assert (pin.number, atten) == (1, 3)

    def read_uv(self):
        Adc.readings_uv.append(Adc.readings_uv.pop(0))
        return Adc.readings_uv[-1]


class Pin:
    """Knows its number and what it was made as."""

    IN, OUT, PULL_DOWN = 1, 2, 3

    def __init__(self, number, *how):
        self.number, self.how = number, how


class Wdt:
    """Counts how often it is fed."""

    fed = 0

    def __init__(self, timeout):
        assert timeout == 8000

    def feed(self):
        Wdt.fed += 1


class Machine:
    """What power.py needs of machine."""

    WDT_RESET = 3
    ADC, WDT = Adc, Wdt
    done = []

    def __init__(self):
        self.Pin = Pin

    def deepsleep(self):
        self.done.append("deepsleep")

    def reset_cause(self):
        return self.cause


class Esp32S3:
    """The ways to wake of an ESP32-S3."""

    WAKEUP_ANY_HIGH = True

    def wake_on_ext1(self, pins, level):
        Machine.done.append(("ext1", pins[0].number, level))

    def wake_on_gpio(self, pins, level):
        raise AssertionError("works from light sleep only on this chip")


class Esp32C3:
    """The one way to wake of an ESP32-C3."""

    WAKEUP_ANY_HIGH = True

    def wake_on_gpio(self, pins, level):
        Machine.done.append(("gpio", pins[0].number, level))


class Ble:
    """Notes that it was switched off."""

    def active(self, active):
        Machine.done.append(("radio", active))


class Bluetooth:
    """What power.py needs of bluetooth."""

    BLE = Ble


class Imu:
    """Notes that it was told to watch for motion."""

    def wake_on_motion(self):
        Machine.done.append("imu")


class BrokenImu:
    """Does not answer."""

    def wake_on_motion(self):
        raise OSError(19)


machine = sys.modules["machine"] = Machine()
sys.modules["esp32"] = Esp32S3()
sys.modules["bluetooth"] = Bluetooth
import power


def cell(*mv):
    """Battery readings behind two equal resistors."""
    Adc.readings_uv = [each * 500 for each in mv]


def the_battery():
    none = power.Battery(None)
    assert (none.read(), none.mv, none.percent, none.low) == (0, 0, 255, False)
    battery = power.Battery(1, 2.0)
    cell(3900, 3900, 4900, 3900, 3900, 2000, 3900, 3905, 3895)  # single wild readings
    assert (battery.read(), battery.mv, battery.low) == (3900, 3900, False)
    assert 60 < battery.percent < 70
    for mv, low in ((3510, False), (3499, True), (3550, True), (3599, True), (3600, False), (3510, False)):
        cell(mv)
        battery.read()
        assert battery.low == low, mv
    cell(3400)
    battery.read()
    cell(300)  # taken out, and the node runs from the cable
    assert (battery.read(), battery.percent, battery.low) == (0, 255, False)


def the_curve():
    assert [power.percent_left(mv) for mv in (2500, 3270, 3271, 3800, 3820, 4200, 4300)] == [0, 0, 0, 40, 45, 100, 100]
    percents = [power.percent_left(mv) for mv in range(3000, 4400)]
    assert percents == sorted(percents)
    assert set(percents) == set(range(101))


def rows(*rates):
    """Samples with these rates about the second axis, all else far from zero but steady."""
    return array("h", [value for rate in rates for value in (1, 2, 3, -700, rate, 700, 0, 0, 0, 0)])


def motion():
    assert not power.moving(rows(), 0)
    assert not power.moving(rows(-20, 80, 30), 3)
    assert power.moving(rows(-20, 81, 30), 3)
    assert not power.moving(rows(-20, 30, 81), 2)  # the third is not there yet
    assert power.moving(rows(-32768, 32767), 2)


def idle_time():
    start = time.ticks_add(0, -60_000)  # ticks wrap a minute later
    idle = power.Idle(2, start)

    def at(s, connected=False, moves=False):
        return idle.step(time.ticks_add(start, 1000 * s), connected, moves)

    assert not at(119)
    assert at(120)
    assert not at(130, connected=True)
    assert not at(140, moves=True)
    assert not at(259)
    assert at(260)
    never = power.Idle(None, 0)
    assert not any(never.step(ms, False, False) for ms in range(0, 1 << 29, 1 << 25))


def sleeping():
    power.sleep(Imu(), 4)
    assert Machine.done == ["imu", ("ext1", 4, True), ("radio", False), "deepsleep"]
    Machine.done.clear()
    power.esp32 = Esp32C3()
    power.sleep(Imu(), 3)
    assert Machine.done == ["imu", ("gpio", 3, True), ("radio", False), "deepsleep"]
    Machine.done.clear()
    try:
        power.sleep(BrokenImu(), 4)
        raise AssertionError("asleep, and nothing would wake it")
    except OSError:
        assert Machine.done == []


def watchdog():
    watch = power.Watch(("sampler", "radio"))
    for second in range(10):
        watch.alive("sampler")
        watch.alive("radio")
        assert watch.feed_if_all_alive(1000 * second)
    assert Wdt.fed == 10
    for second in range(10, 20):  # the radio has stopped
        watch.alive("sampler")
        assert watch.feed_if_all_alive(1000 * second) == (second <= 13), second
    assert Wdt.fed == 14
    watch.alive("radio")
    assert watch.feed_if_all_alive(20_000)
    for machine.cause, expected in ((1, False), (3, True), (4, False)):
        assert power.restarted_by_watchdog() == expected


the_battery()
the_curve()
motion()
idle_time()
sleeping()
watchdog()
