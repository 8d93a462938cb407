"""The node: puts its parts together and keeps five loops running. Everything of substance is in the other files."""

import asyncio
import sys
import time

import bluetooth
import machine
import wire

import config
import power
import settings as store
import signals
from cable import Cable
from clock import Clock
from control import Node
from fusion import Fusion
from radio import Radio
from ring import Ring
from sampler import Sampler
from state import FOLDER, State
from ticks import ticks_ms, ticks_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

RING_SLOTS = 219  # frames kept, 54 KB: 20 s at 120 Hz
SELF_TESTS = 3  # tries: the chip must be at rest for it, and the hand that switches the node on is not
FAILURES = 5  # of one loop, after which the watchdog restarts the node
BATTERY_SECONDS = 10
TICK_MS = 10  # of FreeRTOS in MicroPython for the ESP32; asyncio's sleeps end at one of them
RESTART_MS = 2000  # for somebody at the prompt to break in
REPL_MS = 3_600_000  # the watchdog cannot be stopped, but be given an hour


class Motion:
    """What looks at every sample before it is kept: the orientation, the hold's count, whether the node moves."""

    def __init__(self, fusion: "Fusion | None", beeper: signals.Beeper) -> None:
        self.fusion, self.beeper = fusion, beeper
        heard = config.BUZZER_PIN is not None  # the count is for nothing else, and costs memory
        self.counter = __import__("count").Counter(config.TARGET_DEG) if heard else None
        self.on_thigh = self.moved = False

    def update(self, rows: "Any", samples: int) -> None:
        """As Fusion.update; the sampler calls this."""
        if self.fusion:
            self.fusion.update(rows, samples)
        if self.counter and self.on_thigh:
            self.beeper.beep(signals.BEEP_MS[self.counter.feed(rows, samples, ticks_ms())])
        self.moved = power.moving(rows, samples) or self.moved

    def set_period_ns(self, period_ns: int) -> None:
        """As Fusion.set_period_ns."""
        if self.fusion:
            self.fusion.set_period_ns(period_ns)

    def set_gyr_zero(self, x: int, y: int, z: int) -> None:
        """As Fusion.set_gyr_zero."""
        if self.fusion:
            self.fusion.set_gyr_zero(x, y, z)


class Parts:
    """All parts of the node, and the loops that drive them."""

    def __init__(self) -> None:
        bluetooth.BLE().active(True)  # before the ring: a heap that grows may leave it no memory
        settings, lost = store.next_boot(FOLDER)
        bus = machine.I2C(0, sda=machine.Pin(config.SDA_PIN), scl=machine.Pin(config.SCL_PIN), freq=config.I2C_HZ)
        self.imu = __import__("imu_" + config.CHIP).Imu(bus, config.IMU_ADDRESS)
        self.led = signals.Led(config.LED_PIN, config.LED_ACTIVE_LOW)
        self.beeper = signals.Beeper(config.BUZZER_PIN, config.BUZZER_HZ)
        self.battery = power.Battery(config.BATTERY_PIN, config.BATTERY_DIVIDER)
        clock, ring = Clock(), Ring(RING_SLOTS)
        codes = self.imu.acc_code, self.imu.gyr_code
        by_chip = self.imu.FUSES and config.FUSION == "chip"
        self.motion = Motion(None if by_chip else Fusion(*codes, self.imu.DEFAULT_HZ), self.beeper)
        motion: "Any" = self.motion  # in the place of a Fusion
        self.sampler = Sampler(self.imu, ring, clock, motion, settings.boot)
        self.state = State(settings, lost, self.imu, ring, self.sampler, self.motion, self.battery)
        self.node = Node(self.state, clock, self.identify)
        self.battery.read()
        self.radio, self.cable = Radio(self.node), Cable(self.node)
        self.examine()  # last, since it starts the chip, whose FIFO holds 150 ms at the highest rate
        self.watch = power.Watch(("sample", "radio", "cable", "care"))

    def identify(self) -> None:
        """Show the person which node this is."""
        self.led.identify(ticks_ms())
        self.beeper.beep(signals.IDENTIFY_BEEP_MS)

    def examine(self) -> None:
        """Faults that show at the start only. A chip is tested at power-on only: later it may be worn, not at rest."""
        if power.restarted_by_watchdog():
            self.state.faults_kept |= wire.WATCHDOG_RESET
        try:
            fresh = machine.reset_cause() == machine.PWRON_RESET
            if fresh and self.imu.probe() and not any(self.imu.self_test() for _ in range(SELF_TESTS)):
                self.state.faults_kept |= wire.SELF_TEST_FAILED
        except OSError:
            pass  # start_chip says so
        self.state.start_chip()

    async def sample(self) -> None:
        """Chip to ring; lights and sounds; what commands began."""
        while True:
            self.watch.alive("sample")
            self.motion.on_thigh = self.state.settings.placement.startswith("thigh")
            self.sampler.poll()
            self.node.step()
            self.led.step(ticks_ms(), self.states())
            self.beeper.step(ticks_ms())
            await sleep_ms(self.sampler.next_poll_ms())

    async def air(self) -> None:
        """Hosts on the air."""
        await self.radio.run(lambda: self.watch.alive("radio"))

    async def line(self) -> None:
        """The host on the cable."""
        await self.cable.run(lambda: self.watch.alive("cable"))

    async def care(self) -> None:
        """Once a second: memory, flash, battery, sleep, watchdog."""
        idle, seconds = power.Idle(config.IDLE_SLEEP_MIN, ticks_ms()), 0
        while True:
            await asyncio.sleep_ms(1000)
            self.watch.alive("care")
            self.watch.feed_if_all_alive(ticks_ms())
            self.state.second()
            seconds += 1
            if seconds % BATTERY_SECONDS == 0:
                self.battery.read()
            if idle.step(ticks_ms(), self.is_connected(), self.motion.moved):
                self.sleep(config.INT1_PIN)
                idle.step(ticks_ms(), True, True)  # awake still: not again every second
            self.motion.moved = False

    def sleep(self, pin: "int | None") -> None:
        """Until the chip feels a movement; without its interrupt wire on `pin` the node stays awake."""
        if pin is None or not self.state.found:
            return
        self.led.step(ticks_ms(), signals.SLEEPING)
        self.sampler.stop()
        try:
            power.sleep(self.imu, pin)
        except (OSError, ValueError):
            self.state.start_chip()

    def is_connected(self) -> bool:
        """Whether any host is there, by radio or cable."""
        return bool(self.radio.hosts) or self.cable.host is not None

    def states(self) -> int:
        """What the light may show, as bits of signals."""
        faults = self.state.faults()
        return (
            (signals.CONNECTED if self.is_connected() else signals.ADVERTISING)
            | (signals.STREAMING if self.state.stream.live else 0)
            | (signals.LOW_BATTERY if faults & wire.LOW_BATTERY else 0)
            | (signals.FAULT if faults & ~wire.LOW_BATTERY else 0)
        )


async def sleep_ms(ms: int) -> None:
    """Sleep just so long: to the last 10 ms by asyncio, the rest, 5 ms on average, busy. Callbacks still come.

    A machine.Timer started for every sleep would stop an ESP32's clock or watchdog at the 255th start, in MicroPython
    1.28 at least (https://github.com/micropython/micropython/issues/19162).
    """
    begin_us = ticks_us()
    await asyncio.sleep_ms(max(ms - TICK_MS, 0))
    time.sleep_us(max(1000 * ms - time.ticks_diff(ticks_us(), begin_us), 0))


def write_down(error: Exception) -> None:
    """Keep the last error in crash.txt."""
    try:
        with open("crash.txt", "w") as file:
            sys.print_exception(error, file)
    except OSError:
        pass  # the flash is full or broken; the node goes on without


async def keep(loop: "Callable[[], Awaitable[None]]") -> None:
    """Run a loop for ever; one that fails begins anew, and its last error lies in crash.txt."""
    for _ in range(FAILURES):
        try:
            await loop()
            return
        except Exception as error:
            write_down(error)
        await asyncio.sleep_ms(500)


async def main() -> None:
    """The loops, until power ends or Ctrl-C comes."""
    try:
        parts = Parts()
    except Exception as error:
        write_down(error)
        await asyncio.sleep_ms(RESTART_MS)
        machine.reset()
    await asyncio.gather(*(keep(f) for f in (parts.sample, parts.air, parts.line, parts.cable.read, parts.care)))


try:
    asyncio.run(main())
except KeyboardInterrupt:  # somebody at the prompt: leave the board to them
    bluetooth.BLE().active(False)
    machine.WDT(timeout=REPL_MS)
