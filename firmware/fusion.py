"""Orientation from gyroscope and accelerometer in 32-bit integers, for chips that have no fusion of their own.

The idea is VQF's (Laidig and Seel 2023, doi 10.1016/j.inffus.2022.10.014): turn the measured force into the earth's
frame, where gravity stands still and motion averages out, low-pass it there, and lean the orientation by what is left
in the horizontal; learn the gyroscope's zero while the node lies still. VQF's low-pass and its second rotation are one
loop here: with v = low-passed lean and w = sqrt(2) / tau,  v' = w (e - sqrt(2) v)  and  lean rate = w v  make the error
of inclination a Butterworth response of second order, without root or division.

Qn: the integer is the value times 2**n. No step leaves 32 bits, and nothing that is kept, passed or returned leaves
-2**30 .. 2**30 - 1, MicroPython's small int, so that nothing is allocated: tests/test_fusion.py runs it checked.
"""

from array import array

import micropython
import wire

TAU_S = 3.0  # of the correction by gravity: VQF's tauAcc
REST_S = 1.5  # still for this long is rest
MEAN_S = 0.5  # of the means that "still" is judged against
REST_DPS = 2.0  # still: every rate this close to its mean,
REST_G = 0.05  # and every force
ZERO_DPS = 10.0  # the gyroscope's zero is looked for this close to the one set
ZERO_S = 30.0  # at rest, of learning it: shorter follows temperature, longer keeps the sway of a stand out
AIM_TURNS = 64  # steps from level to the first sample's gravity


class Fusion:
    """Quaternion sensor to earth (z up, heading free) of one node, sample by sample."""

    def __init__(self, acc_code: int, gyr_code: int, rate_hz: int) -> None:
        """Codes as in wire.ACC_G_PER_COUNT and wire.GYR_DPS_PER_COUNT; rate_hz 50 to 500."""
        self._dps = wire.GYR_DPS_PER_COUNT[gyr_code]
        self._acc_shift = 5 - (acc_code & 3)  # 1 g is 2**14 counts in the smallest range, half of that in the next
        force, rate = int(REST_G * 2**28) >> (acc_code & 3), int(REST_DPS / self._dps * 2**14)
        self._limits = array("i", (force, force, force, rate, rate, rate))  # counts Q14
        self._zero_limit = int(ZERO_DPS / self._dps * 2**14)  # counts Q14
        self._zero_set = array("i", (0, 0, 0))  # counts Q14
        self._zero = array("i", (0, 0, 0))  # as learnt since, counts Q14
        self._mean = array("i", (0, 0, 0, 0, 0, 0))  # low-passed readings, counts Q14
        self._q = array("i", (0, 0, 0, 0))  # Q29
        self._q15 = array("i", (0, 0, 0, 0))  # the same, rounded to Q15
        self._lag = array("i", (0, 0))  # v: about the earth's x and y, g Q24
        self._half = array("i", (0, 0, 0))  # half the angle to turn by, about the sensor's axes, Q29 rad
        self._rows = array("h", ())
        self.set_period_ns(1_000_000_000 // rate_hz)
        self.set_gyr_zero(0, 0, 0)
        self.reset()

    def set_gyr_zero(self, x: int, y: int, z: int) -> None:
        """What the gyroscope reads at rest, in counts * 16; it is learnt further from there. All 0: not known."""
        for i, value in enumerate((x, y, z)):
            self._zero[i] = self._zero_set[i] = max(-0x7FFFF, min(0x7FFFF, value)) << 10
        self._learn = self._learn_least if x or y or z else 2**29  # Q30

    def set_period_ns(self, ns: int) -> None:
        """Time between samples as measured; within 1 and 22 ms. This and what is above may allocate, `update` not."""
        period_s = max(1_000_000, min(22_000_000, ns)) * 1e-9
        scale, self._rate_shift = self._dps * 0.017453293 * period_s * 2**28, -1  # half an angle Q29 per count
        while scale < 2**14:
            scale, self._rate_shift = scale * 2, self._rate_shift + 1
        self._rate_scale = int(scale + 0.5)  # Q15 with the shift
        self._pull_least = int(2**30 * period_s * 1.4142 / TAU_S)  # w dt Q30
        self._learn_least = int(2**30 * period_s / ZERO_S)  # Q30
        self._rest_after = int(REST_S / period_s)
        self._mean_shift = 0
        while period_s * 1.41 * 2**self._mean_shift < MEAN_S:
            self._mean_shift += 1

    def reset(self) -> None:
        """Start again from the next sample's gravity; the gyroscope's zero stays."""
        self._still = 0
        self._is_aimed = False
        self._pull = 2**28  # Q30

    def update(self, rows: "array[int]", count: int) -> None:
        """Fill columns 6 to 9 of `count` samples of 10 columns: acc x y z, gyr x y z in counts, then w x y z Q15."""
        self._rows = rows
        if count and not self._is_aimed:
            self._aim(rows)
        for at in range(0, count * 10, 10):
            self._rest(at)
            self._rates(at)
            self._turn(at)
            self._lean(at)

    def _aim(self, rows: "array[int]") -> None:
        """From level, or upside down, turn until the first force points up: each step by a quarter of e."""
        for i in range(4):
            self._q[i] = self._q15[i] = 0
        first = 1 if rows[2] < 0 else 0
        self._q[first], self._q15[first] = 2**29, 2**15
        for i in range(6):
            self._mean[i] = rows[i] << 14
        for _ in range(AIM_TURNS):
            self._lag[0] = self._lag[1] = 0
            self._pull = 2**29
            self._lean(0)
            self._turn(0)
        self._half[0] = self._half[1] = self._half[2] = 0
        self._pull = 2**28
        self._is_aimed = True

    @micropython.viper
    def _rest(self, at: int):  # type: ignore[no-untyped-def]  # viper knows no None
        """Still? mean += (reading - mean) / 2**n;  at rest: zero += learn (mean - zero), where learn falls as 1/n."""
        rows = self._rows
        mean = self._mean
        limits = self._limits
        shift = int(self._mean_shift)
        still = int(self._still) + 1
        for i in range(6):
            off = (int(rows[at + i]) << 14) - int(mean[i])
            mean[i] = int(mean[i]) + (off >> shift)
            limit = int(limits[i])
            if off > limit or -off > limit:
                still = 0
        limit = int(self._zero_limit)
        for i in range(3):
            off = int(mean[3 + i]) - int(self._zero_set[i])
            if off > limit or -off > limit:
                still = 0
        if still > int(self._rest_after):
            still -= 1
            learn = int(self._learn) >> 15  # Q15
            for i in range(3):
                zero = int(self._zero[i])
                self._zero[i] = zero + int(_times(int(mean[3 + i]) - zero, learn))
            if int(self._learn) > int(self._learn_least):
                self._learn = int(self._learn) - learn * learn
        self._still = still

    @micropython.viper
    def _rates(self, at: int):  # type: ignore[no-untyped-def]  # viper knows no None
        """Turned by the gyroscope: half += (reading - zero) dt / 2, each within 1 rad."""
        rows = self._rows
        half = self._half
        scale = int(self._rate_scale)
        shift = int(self._rate_shift)
        for i in range(3):
            rate = (int(rows[at + 3 + i]) << 14) - int(self._zero[i])  # counts Q14
            angle = int(half[i]) + (int(_times(rate, scale)) >> shift)
            if angle > 0x1FFFFFFF:
                angle = 0x1FFFFFFF
            if angle < -0x1FFFFFFF:
                angle = -0x1FFFFFFF
            half[i] = angle

    @micropython.viper
    def _turn(self, at: int):  # type: ignore[no-untyped-def]  # viper knows no None
        """Turn: q <- q (cos |h|, h sin |h| / |h|), h = half;  then Newton's step to |q| = 1: q <- q (3 - |q|^2) / 2."""
        rows = self._rows
        q = self._q
        q15 = self._q15
        half = self._half
        s = 0
        for i in range(3):
            h = int(half[i]) >> 15  # Q14
            s += h * h
        s >>= 13  # |h|^2, Q15
        sinc = 32768 - ((s * (((32768 - ((s * 1638) >> 15)) * 5461) >> 15)) >> 15)  # 1 - s/6 (1 - s/20), Q15
        versine = (s * ((32768 - ((s * 2731) >> 15)) >> 1)) >> 15  # 1 - cos |h| = s/2 (1 - s/12), Q15
        i = int(_times(int(half[0]), sinc))  # Q29
        j = int(_times(int(half[1]), sinc))
        k = int(_times(int(half[2]), sinc))
        i_low = i & 0x7FFF  # i = (i >> 15) * 2**15 + i_low, so that products with q in Q15 fit
        j_low = j & 0x7FFF
        k_low = k & 0x7FFF
        i >>= 15
        j >>= 15
        k >>= 15
        w = int(q15[0])
        x = int(q15[1])
        y = int(q15[2])
        z = int(q15[3])
        dw = ((-x * i_low - y * j_low - z * k_low + 0x4000) >> 15) - x * i - y * j - z * k  # Hamilton's product, Q29
        dx = ((w * i_low + y * k_low - z * j_low + 0x4000) >> 15) + w * i + y * k - z * j
        dy = ((w * j_low + z * i_low - x * k_low + 0x4000) >> 15) + w * j + z * i - x * k
        dz = ((w * k_low + x * j_low - y * i_low + 0x4000) >> 15) + w * k + x * j - y * i
        q[0] = int(q[0]) - ((w * versine) >> 1) + dw
        q[1] = int(q[1]) - ((x * versine) >> 1) + dx
        q[2] = int(q[2]) - ((y * versine) >> 1) + dy
        q[3] = int(q[3]) - ((z * versine) >> 1) + dz
        short = 0x3FFFFFFF
        for i in range(4):
            w = (int(q[i]) + 0x2000) >> 14
            q15[i] = w
            short -= w * w
        short = (short + 0x8000) >> 16  # (1 - |q|^2) / 2, Q15
        for i in range(4):
            w = int(q[i]) + ((int(q15[i]) * short) >> 1)
            q[i] = w
            w = (w + 0x2000) >> 14
            q15[i] = w
            if w > 32767:
                w = 32767
            rows[at + 6 + i] = w

    @micropython.viper
    def _lean(self, at: int):  # type: ignore[no-untyped-def]  # viper knows no None
        """Lean: e = R acc x z;  v += a (e - 11/8 v);  half = a R^T v / 2, where a = pull falls as 4/n to w dt."""
        rows = self._rows
        half = self._half
        ax = int(rows[at])
        ay = int(rows[at + 1])
        az = int(rows[at + 2])
        w = int(self._q15[0])
        x = int(self._q15[1])
        y = int(self._q15[2])
        z = int(self._q15[3])
        xx = 32768 - ((y * y + z * z) >> 14)  # the first two rows of R, sensor to earth, Q15
        xy = (x * y - w * z) >> 14
        xz = (x * z + w * y) >> 14
        yx = (x * y + w * z) >> 14
        yy = 32768 - ((x * x + z * z) >> 14)
        yz = (y * z - w * x) >> 14
        shift = int(self._acc_shift)
        pull = int(self._pull) >> 15  # Q15
        vx = int(_lagged(int(self._lag[0]), (yx * ax + yy * ay + yz * az) >> shift, pull))  # g Q24
        vy = int(_lagged(int(self._lag[1]), -((xx * ax + xy * ay + xz * az) >> shift), pull))
        self._lag[0] = vx
        self._lag[1] = vy
        vx = (vx + 0x200) >> 10  # Q14
        vy = (vy + 0x200) >> 10
        half[0] = int(_times(xx * vx + yx * vy, pull)) >> 1  # v is Q29
        half[1] = int(_times(xy * vx + yy * vy, pull)) >> 1
        half[2] = int(_times(xz * vx + yz * vy, pull)) >> 1
        if int(self._pull) > int(self._pull_least):
            self._pull = int(self._pull) - ((pull * pull) >> 2)


@micropython.viper
def _times(x: int, factor: int) -> int:
    """Rounded x * factor / 2**15, in two products that fit: |x| < 2**30, |factor| <= 2**15."""
    return (x >> 15) * factor + (((x & 0x7FFF) * factor + 0x4000) >> 15)


@micropython.viper
def _lagged(v: int, e: int, pull: int) -> int:
    """Next v: v + pull (e - 11/8 v), within 1 g; v and e in g Q24, pull Q15. 11/8 stands for sqrt(2)."""
    v += int(_times(e - ((v * 11) >> 3), pull))
    if v > 0xFFFFFF:
        v = 0xFFFFFF
    if v < -0xFFFFFF:
        v = -0xFFFFFF
    return v
