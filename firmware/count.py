"""The hold counted by the node alone, from its own orientation, for an athlete without a phone.

Elevation of the thigh is the angle between "up" now and "up" in the stand, both as the sensor sees them: the thigh
hangs along -up in the stand, so sin(elevation) = -dot(up_now, up_stand). Holds are as in the conventions. All in Q14
(16384 = 1) and milliseconds; nothing is allocated after the start.

Stand: the first quiet time of at least a second with the case's up mark (sensor y) within 45 degrees of up, so that
neither a table nor a seat is taken for it. As on the host, later ones within 15 degrees change nothing: people stand
a few degrees differently each time. One that is further off and lasts 3 s replaces it: the case was put on anew.
"""

import math
import time
from array import array

import micropython

NOTHING, TICK, TEN, DROPPED = 0, 1, 2, 3  # events: a second of the hold is full; ten are; the hold is over

RUN_MS = 300  # a hold starts and ends when it has lasted that long
HYSTERESIS_DEG = 3
HOLD_MIN_MS = 5000  # a shorter one is an attempt
ANEW_S = 3
QUIET_MOST_S = 100  # the rest of a longer quiet time does not count; keeps the sums in 32 bits
QUIET_Q14 = 500  # about 1.75 degrees, each axis
MARK_UP_Q14 = 11585  # cos 45 degrees
NEAR_Q14 = 15826  # cos 15 degrees
BELOW, BETWEEN, ABOVE = -1, 0, 1


@micropython.viper
def _read_up(rows: ptr16, sample: int, up: ptr16) -> int:
    """Third row of R_earth_from_sensor of this sample's quaternion, Q14, into `up`; 0 when there is no quaternion."""
    at = 10 * sample + 6
    w = (int(rows[at]) ^ 0x8000) - 0x8000
    x = (int(rows[at + 1]) ^ 0x8000) - 0x8000
    y = (int(rows[at + 2]) ^ 0x8000) - 0x8000
    z = (int(rows[at + 3]) ^ 0x8000) - 0x8000
    up[0] = (x * z - w * y) >> 15
    up[1] = (y * z + w * x) >> 15
    up[2] = (w * w - x * x - y * y + z * z) >> 16
    return w | x | y | z


@micropython.viper
def _dot(a: ptr16, b: ptr16) -> int:
    """Scalar product in Q14."""
    total = 0
    for axis in range(3):
        total += ((int(a[axis]) ^ 0x8000) - 0x8000) * ((int(b[axis]) ^ 0x8000) - 0x8000)
    return total >> 14


def _vector() -> "ptr16":
    """Three int16."""
    return array("h", (0, 0, 0))  # type: ignore[return-value]  # viper takes any buffer as a pointer


class Counter:
    """Counts one thigh's holds.

    `seconds`: full seconds of the hold so far; `hold_ms`: length of the last hold or attempt that ended; `holds`:
    how many lasted HOLD_MIN_MS; `ready`: a stand is known.
    """

    def __init__(self, target_deg: float = 30, band_deg: float = 5) -> None:
        low_deg = target_deg - band_deg
        self._start_q14 = round(16384 * math.sin(math.radians(low_deg)))
        self._end_q14 = round(16384 * math.sin(math.radians(low_deg - HYSTERESIS_DEG)))
        self._up, self._stand, self._anchor, self._mean = (_vector() for _ in range(4))
        self._sums = array("i", (0, 0, 0))
        self._summed = 0
        self._quiet_since_ms = 0
        self._quiet_s = 0
        self._ticks_ms = -1  # no samples yet
        self._now_ms = 0  # since the first samples: unlike ticks, it does not wrap
        self._side = BETWEEN
        self._side_since_ms = 0
        self._start_ms = 0
        self.zero()
        self.hold_ms = 0
        self.holds = 0

    def zero(self) -> None:
        """Forget the stand and the hold that goes on: the next stand counts."""
        self.ready = self._taking = self.holding = False
        self.seconds = 0
        for axis in range(3):
            self._anchor[axis] = 0  # no direction is near it: the quiet time begins anew

    def feed(self, rows: "ptr16", count: int, now_ms: int) -> int:
        """Take the `count` samples that came since the last call; gives an event.

        rows: 10 per sample as from Imu.unpack, the quaternion in columns 6 to 9. now_ms: time.ticks_ms().
        """
        span_ms = time.ticks_diff(now_ms, self._ticks_ms) if self._ticks_ms >= 0 else 0
        event = known = 0
        for sample in range(count):
            known = _read_up(rows, sample, self._up)
            if known and self.ready:
                event = max(event, self._judge(self._now_ms + span_ms * (sample + 1) // count))
        self._ticks_ms, self._now_ms = now_ms, self._now_ms + span_ms
        if known:
            self._settle(self._now_ms)
        return event

    def _judge(self, now_ms: int) -> int:
        """One sample's elevation against the thresholds."""
        sine = -_dot(self._up, self._stand)
        side = ABOVE if sine > self._start_q14 else BELOW if sine < self._end_q14 else BETWEEN
        if side != self._side:
            self._side, self._side_since_ms = side, now_ms
        lasted = now_ms - self._side_since_ms >= RUN_MS
        if lasted and side == ABOVE and not self.holding:
            self.holding, self._start_ms, self.seconds = True, self._side_since_ms, 0
        if lasted and side == BELOW and self.holding:
            return self._drop()
        return self._tick(now_ms) if self.holding and side != BELOW else NOTHING

    def _drop(self) -> int:
        self.holding = False
        self.hold_ms = self._side_since_ms - self._start_ms
        self.holds += self.hold_ms >= HOLD_MIN_MS
        return DROPPED

    def _tick(self, now_ms: int) -> int:
        before, self.seconds = self.seconds, (now_ms - self._start_ms) // 1000
        if self.seconds == before:
            return NOTHING
        return TEN if self.seconds // 10 > before // 10 else TICK

    def _settle(self, now_ms: int) -> None:
        """Follow whether "up" stays where it is; after each quiet second, the mean so far may be the stand."""
        if self._turned():
            for axis in range(3):
                self._anchor[axis] = self._up[axis]
                self._sums[axis] = 0
            self._quiet_since_ms, self._quiet_s, self._summed = now_ms, 0, 0
            self._taking = False
        for axis in range(3):
            self._sums[axis] += self._up[axis]
        self._summed += 1
        if now_ms - self._quiet_since_ms >= 1000 * (self._quiet_s + 1) and self._quiet_s < QUIET_MOST_S:
            self._quiet_s += 1
            self._end_of_second()

    def _turned(self) -> bool:
        far = False
        for axis in range(3):  # any() would allocate
            far = far or abs(self._up[axis] - self._anchor[axis]) > QUIET_Q14
        return far

    def _end_of_second(self) -> None:
        for axis in range(3):
            self._mean[axis] = self._sums[axis] // self._summed
        if self._mean[1] < MARK_UP_Q14:
            return
        anew = self._quiet_s >= ANEW_S and _dot(self._mean, self._stand) < NEAR_Q14
        if self._taking or anew or not self.ready:
            self._stand[0], self._stand[1], self._stand[2] = self._mean[0], self._mean[1], self._mean[2]
            self.ready = self._taking = True
