"""What the node is at this moment: its settings, its chip, its faults and counters; and what it says of them.

What takes long (flash, the chip's restart) is only noted while a command is carried out, and done by `step` and
`second`.
"""

import gc
import math

import wire

import settings as store
from stream import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from power import Battery
    from ring import Ring
    from sampler import Sampler

FIRMWARE = (0, 1, 0)
FOLDER = "."  # of the settings; a board starts in the root of its flash
ZERO_MAX_RADPS = 10.0  # no gyroscope's zero is anywhere near; a host may store what it likes
NO_CALIBRATION = wire.Calibration((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))


class State:
    """`found`: the configured chip answers. `faults_kept`: those that nothing else remembers. `counts`: see wire."""

    def __init__(
        self,
        settings: store.Settings,
        lost: bool,
        imu: "Any",
        ring: "Ring",
        sampler: "Sampler",
        fusion: "Any",
        battery: "Battery",
    ) -> None:
        """lost: whether stored settings were lost. imu: an Imu of a driver; fusion: what has set_gyr_zero."""
        self.settings, self.imu, self.ring, self.sampler = settings, imu, ring, sampler
        self.fusion, self.battery = fusion, battery
        self.stream = Stream(ring)
        self.found = False
        self.faults_kept = wire.SETTINGS_LOST if lost else 0
        self.counts = dict.fromkeys(("connections", "bad_commands", "dropped_commands", "noise", "retries"), 0)
        self._writes = self._heap_free = 0
        self._unsaved = self._restart = False

    @property
    def rate_hz(self) -> int:
        """The rate in use; the stored one may be another chip's."""
        rate_hz = self.settings.rate_hz
        return rate_hz if rate_hz in self.imu.RATES_HZ else int(self.imu.DEFAULT_HZ)

    @property
    def scale_radps(self) -> float:
        """A sixteenth of a count of the gyroscope, which is the unit of its zero."""
        return wire.GYR_DPS_PER_COUNT[self.imu.gyr_code] * math.pi / 180 / 16

    # What changes.

    def changed(self, restart: bool = False) -> None:
        """Settings are to be saved; with `restart` the chip is to be started anew."""
        self._unsaved = True
        self._restart = self._restart or restart

    def set_calibration(self, calibration: wire.Calibration) -> None:
        """In use at once."""
        self.settings.calibration = calibration
        self._tell_zero()
        self.changed()

    def set_zero(self, zero: "tuple[int, ...]") -> None:
        """The gyroscope's zero, in counts * 16; the accelerometer's calibration stays."""
        before = self.settings.calibration or NO_CALIBRATION
        zero_radps = tuple(value * self.scale_radps for value in zero)
        self.set_calibration(wire.Calibration(zero_radps, before.acc_offset_mps2, before.acc_matrix))

    def _tell_zero(self) -> None:
        """The fusion starts from the calibrated zero; what is sent stays raw."""
        zero_radps = (self.settings.calibration or NO_CALIBRATION).gyr_zero_radps
        sane = [max(-ZERO_MAX_RADPS, min(ZERO_MAX_RADPS, value)) for value in zero_radps]
        self.fusion.set_gyr_zero(*[round(value / self.scale_radps) for value in sane])

    def step(self) -> None:
        """Start the chip anew where a command asked for it."""
        if self._restart:
            self.start_chip()

    def second(self) -> None:
        """What is done about once a second: look for a chip that is missing, save, tidy up memory."""
        if not self.found:
            self.start_chip()
        self.save()
        gc.collect()  # often and little, rather than seldom and long
        self._heap_free = gc.mem_free()

    def start_chip(self) -> None:
        """Start sampling as the settings say. Without the right chip the node answers all the same (NO_IMU)."""
        self._restart = False
        try:
            self.found = self.imu.probe()
            if self.found:
                self.sampler.start(self.rate_hz, self.settings.mode)
                self._tell_zero()
        except OSError:
            self.found = False

    def save(self) -> None:
        """Store settings that have changed. A flash that fails is a fault until it is written."""
        if not self._unsaved:
            return
        self._unsaved = False
        try:
            store.save(self.settings, FOLDER)
            self._writes += 1
            self.faults_kept &= ~wire.SETTINGS_LOST
        except OSError:
            self.faults_kept |= wire.SETTINGS_LOST

    # What the node says of itself.

    def faults(self) -> int:
        """Bits of wire.FAULTS."""
        bus = wire.BUS_ERROR if self.sampler.bus_failed else 0
        chip = bus if self.found else wire.NO_IMU
        return self.faults_kept | chip | (wire.LOW_BATTERY if self.battery.low else 0)

    def info(self) -> bytes:
        """The INFO message."""
        own = self.settings
        where = own.placement, own.lid, self.imu.CHIP
        ring_samples = (self.ring.slots - 1) * wire.MAX_SAMPLES
        return wire.encode_info(
            wire.Info(own.boot, *where, FIRMWARE, self.faults(), self.battery.mv, self.rate_hz, ring_samples, own.name)
        )

    def calibration(self) -> bytes:
        """The CALIBRATION message."""
        return wire.encode_calibration(self.settings.calibration or NO_CALIBRATION)

    def counters(self) -> bytes:
        """The COUNTERS message."""
        counts = dict(self.sampler.counters)
        counts.update(self.counts)
        counts["frames_sent"], counts["frames_resent"] = self.stream.sent, self.stream.resent
        counts["frames_lost"] = self.stream.lost
        counts["settings_writes"], counts["heap_free"] = self._writes, self._heap_free
        return wire.encode_counters(wire.Counters(self.settings.boot, [counts[name] for name in wire.COUNTER_NAMES]))

    def advert(self) -> bytes:
        """The manufacturer data of the advertisement, after the company number."""
        own, percent = self.settings, self.battery.percent
        state = wire.STREAMING if self.stream.live else 0
        return wire.encode_advert(wire.Advert(wire.VERSION, own.placement, own.lid, self.faults(), percent, state))
