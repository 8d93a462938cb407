"""LSM6DSV16X: accelerometer, gyroscope and the chip's own fusion (SFLP), all three out of its FIFO.

From the datasheet DS13510 ("DS"); from ST's own driver and examples what it leaves out (github.com/STMicroelectronics:
lsm6dsv16x-pid, STMems_Standard_C_drivers). Full scales +-4 g and +-1000 dps. The chip fuses at 15 to 480 Hz only; the
rates offered are those at which all three are batched together. The quaternion is the chip's "game rotation vector":
x y z as half-precision floats, w >= 0 left out, taken to turn the sensor's axes into earth, z up (DS does not say).
Half precision costs 0.2 degrees RMS and up to 2.7 where w is near 0; the host fuses the raw readings itself.
"""

import errno
import struct
import time
from array import array

import machine
import micropython
from micropython import const

_FUNC_CFG_ACCESS = const(0x01)  # DS 9.1; bit 7 puts the embedded functions' registers in place of the others
_FIFO_CTRL3 = const(0x09)  # DS 9.7, table 38: batch rates, gyroscope in the high half
_FIFO_CTRL4 = const(0x0A)  # DS 9.8, table 40: 0 bypass, which empties it (DS 6.12), 6 continuous
_WHO_AM_I = const(0x0F)  # DS 9.13
_CTRL1 = const(0x10)  # DS 9.14, tables 51 and 52: accelerometer mode and rate
_CTRL2 = const(0x11)  # DS 9.15, tables 54 and 55: gyroscope mode and rate
_CTRL3 = const(0x12)  # DS 9.16, table 57: BDU 0x40, IF_INC 0x04, SW_RESET 0x01
_CTRL6 = const(0x15)  # DS 9.19, table 63: gyroscope full scale, 3 is 1000 dps, 4 is 2000 dps
_CTRL8 = const(0x17)  # DS 9.21, table 68: accelerometer full scale, 1 is 4 g
_CTRL10 = const(0x19)  # DS 9.23, table 73: self-test, accelerometer 0x01, gyroscope 0x04 (positive sign)
_FIFO_STATUS1 = const(0x1B)  # DS 9.25, 9.26, tables 77 and 79: words waiting, 9 bits; overrun 0x40, latched 0x08
_STATUS_REG = const(0x1E)  # DS 9.28, table 83: new data, accelerometer 0x01, gyroscope 0x02
_OUT_TEMP_L = const(0x20)  # DS 9.29; 256 counts per degree, 0 at 25 degrees (DS table 6)
_OUTX_L_G = const(0x22)  # DS 9.30 to 9.32
_OUTX_L_A = const(0x28)  # DS 9.33 to 9.35
_FUNCTIONS_ENABLE = const(0x50)  # DS table 148: basic interrupts 0x80
_INACTIVITY_DUR = const(0x54)  # DS table 153: 0x30 is 62.5 mg per count of the wake-up threshold
_TAP_CFG0 = const(0x56)  # DS table 157: latched 0x01, not while the accelerometer settles 0x20
_WAKE_UP_THS = const(0x5B)  # DS table 169
_MD1_CFG = const(0x5E)  # DS 9.65, table 176: wake-up on INT1 0x20
_FIFO_DATA_OUT_TAG = const(0x78)  # DS 9.84 to 9.87; a burst goes on from 0x7E at 0x78 (AN6119, of its sister chips)

# With the embedded functions' registers in place:
_EMB_FUNC_EN_A = const(0x04)  # DS 13.2, table 266: SFLP_GAME_EN 0x02
_EMB_FUNC_FIFO_EN_A = const(0x44)  # DS 13.17, table 296: SFLP_GAME_FIFO_EN 0x02
_SFLP_ODR = const(0x5E)  # DS 13.30, tables 323 and 324: bits 6, 1 and 0 must be 1; 2 is 60 Hz in bits 5 to 3
_EMB_FUNC_INIT_A = const(0x66)  # DS 13.35, table 336: SFLP_GAME_INIT 0x02

_WORD = const(7)  # bytes: tag and three axes (DS 6.12.8). The tags are those of DS table 218:
_GYROSCOPE = const(0x01)
_ACCELEROMETER = const(0x02)
_ROTATION = const(0x13)

# Behind the 10 columns of the sample that is being put together:
_TIME_SLOT = const(10)  # its TAG_CNT, DS table 217
_PARTS = const(11)  # 1 accelerometer, 2 gyroscope, 4 rotation
_NO_SLOT = const(4)  # unlike any TAG_CNT

_NONE = const(-32768)  # no part of a unit quaternion


@micropython.viper
def _q15(half: int) -> int:
    """IEEE 754 binary16 in counts of 32768 to 1, at most 32767; _NONE for what is beyond 1, infinite or no number."""
    exponent = (half >> 10) & 31
    value = half & 0x3FF
    if exponent:
        value |= 0x400  # 11 bits
    else:
        exponent = 1
    if exponent > 15:
        return _NONE
    if exponent >= 10:
        value <<= exponent - 10  # 16 bits: at most 2047 << 5
    else:
        value = (value + (1 << (9 - exponent))) >> (10 - exponent)
    if value > 33280:  # more than rounding can do
        return _NONE
    if value > 32767:
        value = 32767
    return 0 - value if half & 0x8000 else value


@micropython.viper
def _scalar(x: int, y: int, z: int) -> int:
    """The w >= 0 that makes this a unit quaternion, all in counts; -1 when there is none. |x|, |y|, |z| <= 32767."""
    rest = 32767 * 32767  # below 2**30; less three squares of at most that it stays above -2**31
    rest -= x * x
    rest -= y * y
    rest -= z * z
    if rest < -33554432:  # 3 % of a square beyond 1: garbage, not rounding
        return -1
    if rest < 0:
        rest = 0
    root = 0
    bit = 1 << 28  # the highest power of four below 2**30: nothing here exceeds 2**30
    while bit:
        if rest >= root + bit:
            rest -= root + bit
            root = (root >> 1) + bit
        else:
            root >>= 1
        bit >>= 2
    return root


@micropython.viper
def _unpack(raw: ptr8, words: int, slot: ptr16, out: ptr16) -> int:
    """FIFO words to rows of 10; `slot` keeps the sample being put together between calls. Rows made."""
    made = 0
    for word in range(words):
        at = word * _WORD
        sensor = raw[at] >> 3
        part = 0  # an empty FIFO or a tag that was not asked for
        column = 0
        if sensor == _ACCELEROMETER:
            part = 1
        elif sensor == _GYROSCOPE:
            part = 2
            column = 3
        elif sensor == _ROTATION:
            part = 4
            column = 7
        if part:
            time_slot = (raw[at] >> 1) & 3
            if time_slot != slot[_TIME_SLOT]:  # what the slot before lacks was lost
                slot[_TIME_SLOT] = time_slot
                slot[_PARTS] = 0
            for axis in range(3):
                slot[column + axis] = raw[at + 1 + 2 * axis] | raw[at + 2 + 2 * axis] << 8
            slot[_PARTS] = slot[_PARTS] | part
            if slot[_PARTS] == 7:
                slot[_PARTS] = 0
                x = int(_q15(slot[7]))
                y = int(_q15(slot[8]))
                z = int(_q15(slot[9]))
                w = -1
                if x != _NONE and y != _NONE and z != _NONE:
                    w = int(_scalar(x, y, z))
                row = made * 10
                for column in range(6):
                    out[row + column] = slot[column]
                out[row + 6] = w if w >= 0 else 0
                out[row + 7] = x if w >= 0 else 0
                out[row + 8] = y if w >= 0 else 0
                out[row + 9] = z if w >= 0 else 0
                made += 1
    return made


class Imu:
    """The chip on a bus. All methods raise OSError when the bus fails or the chip does not do as told in time."""

    CHIP = "lsm6dsv16x"
    ADDRESS = 0x6A  # DS 5.1.2: SA0 low; 0x6B with SA0 high
    RATES_HZ = (60, 120, 240, 480)
    DEFAULT_HZ = 120
    FUSES = True
    MAX_FETCH = 32  # samples; the FIFO holds 73 (1.5 kB of words, DS 6.12)

    def __init__(self, bus: "machine.I2C", address: "int | None" = None) -> None:
        self.acc_code = 1
        self.gyr_code = 3
        self.overrun = False
        self.raw = bytearray(self.MAX_FETCH * 3 * _WORD)
        self._bus = bus
        self._address = self.ADDRESS if address is None else address
        view = memoryview(self.raw)
        self._views = tuple(view[: samples * 3 * _WORD] for samples in range(self.MAX_FETCH + 1))
        self._two = bytearray(2)
        self._slot = array("H", (0,) * 10 + (_NO_SLOT, 0))

    def probe(self) -> bool:
        """Whether the chip at this address is an LSM6DSV16X."""
        return self._bus.readfrom_mem(self._address, _WHO_AM_I, 1) == b"\x70"

    def start(self, rate_hz: int) -> None:
        """Reset, then all three into the empty FIFO at one of RATES_HZ (ValueError for another)."""
        step = self.RATES_HZ.index(rate_hz)
        self._reset()
        self._write(_CTRL6, 3)
        self._write(_CTRL8, 1)
        self._write(_FIFO_CTRL3, (5 + step) * 0x11)
        self._fuse(2 + step)
        self._write(_CTRL1, 5 + step)  # high-performance mode
        self._write(_CTRL2, 5 + step)
        time.sleep_ms(50)  # the gyroscope takes 30 ms to turn on (DS table 4)
        self._write(_FIFO_CTRL4, 6)

    def _fuse(self, code: int) -> None:
        self._write(_FUNC_CFG_ACCESS, 0x80)
        try:
            self._write(_SFLP_ODR, 0x43 | code << 3)
            self._write(_EMB_FUNC_FIFO_EN_A, 0x02)
            self._write(_EMB_FUNC_EN_A, 0x02)
            self._write(_EMB_FUNC_INIT_A, 0x02)
        finally:
            self._write(_FUNC_CFG_ACCESS, 0)

    def stop(self) -> None:
        """FIFO and both sensors off: 2.6 uA (DS table 4)."""
        self._write(_FIFO_CTRL4, 0)
        self._write(_CTRL1, 0)
        self._write(_CTRL2, 0)

    def waiting(self) -> int:
        """Complete samples in the FIFO. One that ran over is emptied and `overrun` set."""
        two = self._two
        self._bus.readfrom_mem_into(self._address, _FIFO_STATUS1, two)
        if two[1] & 0x48:
            self.overrun = True
            self._slot[_PARTS] = 0
            self._write(_FIFO_CTRL4, 0)  # else it would go on in the middle of a sample, each then one period late
            self._write(_FIFO_CTRL4, 6)
            return 0
        return ((two[1] & 1) << 8 | two[0]) // 3

    def fetch(self, count: int) -> None:
        """`count` samples, at most MAX_FETCH, from the FIFO to `raw`."""
        self._bus.readfrom_mem_into(self._address, _FIFO_DATA_OUT_TAG, self._views[count])

    def unpack(self, count: int, out: "array[int]") -> int:
        """`raw` to rows of 10 in `out`; how many samples became complete."""
        return _unpack(self.raw, 3 * count, self._slot, out)  # type: ignore[arg-type]  # viper takes any buffer

    def temperature_cdegc(self) -> int:
        """Of the chip, 0.01 degrees Celsius."""
        self._bus.readfrom_mem_into(self._address, _OUT_TEMP_L, self._two)
        counts: int = struct.unpack("<h", self._two)[0]
        return counts * 25 // 64 + 2500

    def self_test(self) -> bool:
        """At rest, 0.6 s, ends stopped. Limits of DS table 3, steps of ST's example lsm6dsv16x_self_test.c."""
        self._reset()
        self._write(_CTRL6, 4)
        self._write(_CTRL8, 1)
        self._write(_CTRL1, 5)  # 60 Hz
        accelerometer = self._responds(_OUTX_L_A, 0x01, 0x01, 410, 13934)  # 50 to 1700 mg at 0.122 mg
        self._write(_CTRL1, 0)
        self._write(_CTRL2, 7)  # 240 Hz
        gyroscope = self._responds(_OUTX_L_G, 0x02, 0x04, 2143, 10000)  # 150 to 700 dps at 70 mdps
        self.stop()
        return accelerometer and gyroscope

    def _responds(self, register: int, ready: int, stimulus: int, least: int, most: int) -> bool:
        time.sleep_ms(100)
        still = self._mean(register, ready)
        self._write(_CTRL10, stimulus)
        time.sleep_ms(100)
        pushed = self._mean(register, ready)
        self._write(_CTRL10, 0)
        return all(least <= abs(pushed[axis] - still[axis]) <= most for axis in range(3))

    def _mean(self, register: int, ready: int) -> "list[int]":
        """Mean of five new readings, after one that is thrown away."""
        sums = [0, 0, 0]
        for reading in range(6):
            self._wait(_STATUS_REG, ready, ready)
            axes = struct.unpack("<hhh", self._bus.readfrom_mem(self._address, register, 6))
            for axis in range(3):
                sums[axis] += axes[axis] if reading else 0
        return [total // 5 for total in sums]

    def wake_on_motion(self) -> None:
        """A change of 125 mg between two readings at 30 Hz makes INT1 high until the next start; gyroscope off."""
        self._reset()
        self._write(_INACTIVITY_DUR, 0x30)
        self._write(_WAKE_UP_THS, 2)
        self._write(_TAP_CFG0, 0x21)
        self._write(_MD1_CFG, 0x20)
        self._write(_FUNCTIONS_ENABLE, 0x80)
        self._write(_CTRL1, 0x44)  # low-power mode 1

    def _reset(self) -> None:
        self._write(_FUNC_CFG_ACCESS, 0)  # a failed bus may have left the other registers in place
        self._write(_CTRL1, 0)  # both sensors off before a reset, as in ST's driver
        self._write(_CTRL2, 0)
        self._write(_CTRL3, 0x01)
        self._wait(_CTRL3, 0x01, 0)
        self._write(_CTRL3, 0x44)
        self._slot[_TIME_SLOT] = _NO_SLOT
        self._slot[_PARTS] = 0

    def _write(self, register: int, value: int) -> None:
        self._bus.writeto_mem(self._address, register, bytes((value,)))

    def _wait(self, register: int, mask: int, value: int) -> None:
        for _ in range(100):
            if self._bus.readfrom_mem(self._address, register, 1)[0] & mask == value:
                return
            time.sleep_ms(1)
        raise OSError(errno.ETIMEDOUT)
