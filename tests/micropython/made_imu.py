"""A made-up chip in made-up time, for tests of the sampler: it knows when each of its samples was really taken.

Runs under MicroPython and under CPython, with the same outcome to the last bit. A sample carries its own number:
accelerometer x holds the low 14 bits, y the rest.
"""

import errno
from array import array


class World:
    """True time, in us; the node's clock is perfect. `bus_us` is what a reading of the FIFO level takes."""

    def __init__(self, seed=1, bus_us=150):
        self.now_us = 0
        self.bus_us = bus_us
        self._state = seed & 0xFFFF

    def random(self):
        """0 <= x < 1, the same on every machine."""
        for _ in range(3):
            self._state = (self._state * 4093 + 12345) & 0xFFFF
        return self._state / 65536

    def read(self, out):
        """The world is the sampler's clock."""
        out[0] = int(self.now_us) & 0xFFFFFFFF
        out[1] = int(self.now_us) >> 32


class Imu:
    CHIP = "made"
    RATES_HZ = (50, 60, 100, 120, 240, 400, 480)
    DEFAULT_HZ = 100
    FUSES = True
    MAX_FETCH = 32
    acc_code = 5
    gyr_code = 8

    def __init__(self, world, error=0.0, drift_per_s=0.0, fifo=73):
        """The true period is nominal * (1 + error + drift_per_s * time), the drift ends after a minute."""
        self.world, self.error, self.drift_per_s, self.fifo = world, error, drift_per_s, fifo
        self.overrun = False
        self.fails = 0  # bus transactions that fail from now on
        self.is_asleep = False  # as after a brown-out: answers, but does not sample
        self.starts = 0
        self.taken_us = array("d")  # when sample i was taken
        self.dropped = 0  # by the FIFO
        self._first = 0

    def start(self, rate_hz):
        self._bus()
        self.starts += 1
        self.is_asleep = False
        self._nominal_us = 1e6 / rate_hz
        self._due_us = self.world.now_us + self._nominal_us * (0.2 + self.world.random())
        self._first = len(self.taken_us)

    def stop(self):
        self._bus()

    def _bus(self):
        if self.fails:
            self.fails -= 1
            raise OSError(errno.EIO)

    def _sample(self):
        while self._due_us <= self.world.now_us:
            if not self.is_asleep:
                self.taken_us.append(self._due_us)
            drift = self.drift_per_s * min(self.world.now_us * 1e-6, 60)
            self._due_us += self._nominal_us * (1 + self.error + drift)
        over = len(self.taken_us) - self._first - self.fifo
        if over > 0:
            self.overrun = True
            self.dropped += over
            self._first += over

    def waiting(self):
        self._bus()
        self.world.now_us += self.world.bus_us // 2
        self._sample()
        self.world.now_us += self.world.bus_us // 2
        return len(self.taken_us) - self._first

    def fetch(self, count):
        self._bus()
        self.world.now_us += 350 * count
        self._fetched = self._first
        self._first += count

    def unpack(self, count, out):
        for i in range(count):
            number = self._fetched + i
            for column in range(10):
                out[10 * i + column] = 0
            out[10 * i] = number & 0x3FFF
            out[10 * i + 1] = number >> 14
            out[10 * i + 6] = 32767
        return count

    def temperature_cdegc(self):
        self._bus()
        return -512
