"""From the chip's FIFO to frames in the ring: taking samples, timing them, and what to do when that fails.

`poll` does it all. Nothing that happens to every sample (`_digest`) allocates memory.
"""

import errno
from array import array

import wire

from clock import add, difference_us
from timebase import TimeBase
from zeroing import Zeroing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from clock import Clock
    from fusion import Fusion
    from ring import Ring

SLOW_US = 1500  # a FIFO level that took longer to read says too little about time
SILENT_US = 500000  # a chip that gives no sample for so long has lost its settings: that counts as a bus error
MAX_FAILURES = 10  # polls in a row; then the chip is started anew, once a second
RETRY_US = 1000000
MAX_READINGS = 8  # of the FIFO level in one poll: where the bus is slower than the chip, others get their turn
CARE_POLLS = 46  # between two looks at what changes slowly: about 2 s


class Sampler:
    """One chip, sampled into one ring.

    `counters`: by names of wire.COUNTER_NAMES. `bus_failed`: the chip does not answer; the sampler keeps trying.
    """

    def __init__(self, imu: "Any", ring: "Ring", clock: "Clock", fusion: "Fusion | None" = None, boot: int = 0) -> None:
        """`imu`: an Imu of one of the drivers; `fusion`: for chips that do not fuse."""
        self.imu = imu
        self.ring = ring
        self.clock = clock
        self.fusion = fusion
        self.counters = {"samples": 0, "overruns": 0, "lost": 0, "bus_errors": 0, "clipped": 0}
        self.bus_failed = False
        ring.boot = boot
        self._rate_hz = 0  # 0: stopped
        self._base = TimeBase(imu.DEFAULT_HZ)
        self._zeroing: Zeroing | None = None
        self._rows = array("h", bytes(2 * 10 * imu.MAX_FETCH))
        self._asked = array("I", (0, 0))  # node time before and after reading the FIFO level
        self._told = array("I", (0, 0))
        self._last = array("I", (0, 0))  # node time that the time base stands at
        self._heard = array("I", (0, 0))  # node time of the last reading that found samples
        self._tried = array("I", (0, 0))  # node time of the last start of the chip
        self._left = 0  # samples counted, but not fetched
        self._missing = 0  # flag of wire.py: samples may be missing, which the clock has to say
        self._failures = 0
        self._care = 0
        self._dither = 1

    @property
    def period_ns(self) -> int:
        """Time between two samples, as measured."""
        return self._base.period_ns

    def start(self, rate_hz: int, mode: int) -> None:
        """Sample at one of the chip's RATES_HZ into frames of kind `mode` (wire.SAMPLES or wire.ORIENTATION).

        Raises ValueError for another rate. A bus that fails shows in `bus_failed`; `poll` tries again.
        """
        if rate_hz not in self.imu.RATES_HZ:
            raise ValueError(f"{self.imu.CHIP} cannot sample at {rate_hz} Hz; choose one of {self.imu.RATES_HZ}")
        self._rate_hz = rate_hz
        self._base = TimeBase(rate_hz)
        self._zeroing = None
        self.ring.configure(mode, self.imu.acc_code, self.imu.gyr_code)
        if self.ring.seq_next:
            self.ring.mark(wire.GAP)
        try:
            self._start_chip()
        except OSError:
            self._fail()
            self.bus_failed = True

    def stop(self) -> None:
        """The chip to low power; closes a partial frame."""
        self._rate_hz = 0
        self.flush()
        try:
            self.imu.stop()
        except OSError:
            self.counters["bus_errors"] += 1

    def flush(self) -> None:
        """Close a partial frame, so that it can be sent."""
        self.ring.flush()

    def next_poll_ms(self) -> int:
        """When to poll again: 37 to 50 ms, uneven, so that polls do not keep step with the chip.

        To be kept to the millisecond: asyncio's own sleeps end every 10 ms, in step with a chip at 100 Hz.
        """
        self._dither = (self._dither * 4093 + 1) & 0xFFFF
        return 37 + ((self._dither >> 8) * 14 >> 8)

    def begin_zero(self) -> None:
        """Measure what the gyroscope reads at rest, from the next sample on, for three seconds."""
        self._zeroing = Zeroing(self._rate_hz, self.imu.acc_code, self.imu.gyr_code)

    def zero_result(self) -> "tuple[int, ...] | str | None":
        """Gyroscope x, y, z in counts * 16, or "moved"; None while measuring, and for as long as the bus fails."""
        return self._zeroing.result() if self._zeroing else None

    def poll(self) -> int:
        """Take what the chip has. Returns how many samples; never raises OSError."""
        if self._rate_hz == 0:
            self.clock.read(self._last)  # or it would miss a wrap of the ticks
            return 0
        before = self.counters["samples"]
        try:
            if self.bus_failed:
                self._try_again()
            else:
                for _ in range(MAX_READINGS):
                    if self._take() < self.imu.MAX_FETCH:
                        break
                self._failures = 0
                self._take_care()
        except OSError:
            self._fail()
        return self.counters["samples"] - before

    def _start_chip(self) -> None:
        self.clock.read(self._tried)
        self.imu.start(self._rate_hz)
        self.imu.overrun = False
        self._base.anchor()
        self.clock.read(self._last)
        self.clock.read(self._heard)
        self._missing = 0
        self._care = 0
        self.ring.temperature_cdegc = self.imu.temperature_cdegc()
        self._failures = 0
        self.bus_failed = False

    def _try_again(self) -> None:
        self.clock.read(self._last)
        if difference_us(self._last, self._tried) >= RETRY_US:
            self._start_chip()

    def _fail(self) -> None:
        self.counters["bus_errors"] += 1
        self._failures += 1
        self.bus_failed = self.bus_failed or self._failures >= MAX_FAILURES
        self._uncount(self._left)
        self.ring.mark(wire.GAP)

    def _uncount(self, samples: int) -> None:
        """Samples that were counted did not come; by the next reading the clock says whether they are lost."""
        self._base.advance(0, -samples)
        self._left = 0
        self._missing = wire.GAP

    def _take(self) -> int:
        """Read the FIFO level, then fetch as many samples. Returns how many; 0 too when a later reading says more."""
        waiting = self._read_level()
        reading_us = difference_us(self._told, self._asked)
        if self._missing and not self._count_lost(waiting, reading_us // 2):
            return 0
        self._base.advance(0, waiting)
        if (waiting or self._base.is_anchored) and (reading_us < SLOW_US or not self._base.is_anchored):
            self._base.observe(reading_us // 2)
        self._left = waiting
        while self._left:
            self._fetch()
        return waiting

    def _read_level(self) -> int:
        self.clock.read(self._asked)
        waiting: int = self.imu.waiting()
        self.clock.read(self._told)
        self._base.advance(difference_us(self._told, self._last), 0)
        add(self._last, self._told, 0)
        if waiting or self.imu.overrun:
            add(self._heard, self._told, 0)
        elif difference_us(self._told, self._heard) > SILENT_US:
            raise OSError(errno.ETIMEDOUT)
        if self.imu.overrun:
            self.imu.overrun = False
            self.counters["overruns"] += self._missing != wire.OVERRUN
            self._missing = wire.OVERRUN
            self.ring.mark(wire.OVERRUN)
        return waiting

    def _count_lost(self, waiting: int, late_us: int) -> bool:
        """Count the samples that are missing, by the clock. False: a later reading will tell more surely.

        A driver may have emptied the FIFO while it was asked, so an empty one says too little about when.
        """
        if waiting == 0 or not self._base.is_clear(late_us):
            return False
        lost = self._base.lost(waiting, late_us)
        self.counters["lost"] += lost
        if lost:
            self.ring.mark(self._missing)
        self._missing = 0
        return True

    def _fetch(self) -> None:
        count = min(self._left, self.imu.MAX_FETCH)
        self.imu.fetch(count)
        came = self._digest(count)
        self._left -= count
        if came < count:  # the driver keeps the beginning of a sample, or threw away what was broken
            self._uncount(self._left + count - came)

    def _digest(self, count: int) -> int:
        """The bytes that were fetched, to frames. Returns how many samples they held."""
        rows = self._rows
        came: int = self.imu.unpack(count, rows)
        if self._zeroing:
            self._zeroing.add(rows, came)
        if self.fusion:
            self.fusion.update(rows, came)
        first_us = self._base.newest_us - self._base.span_us(self._left - 1)
        clipped = self.ring.append(rows, came, self._told, first_us, self._base.period_ns)
        self.counters["samples"] += came
        self.counters["clipped"] += clipped
        return came

    def _take_care(self) -> None:
        """What changes slowly: the temperature, and the period for the fusion."""
        self._care -= 1
        if self._care > 0:
            return
        self._care = CARE_POLLS
        self.ring.temperature_cdegc = self.imu.temperature_cdegc()
        if self.fusion:
            self.fusion.set_period_ns(self._base.period_ns)
