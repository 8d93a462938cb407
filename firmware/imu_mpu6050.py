"""MPU-6050: accelerometer and gyroscope out of the FIFO.

From the register map RM-MPU-6000A-00 revision 4.2 ("RM", by register number in section 4) and the product
specification PS-MPU-6000A-00 revision 3.4 ("PS"). Full scales +-4 g and +-1000 dps. With its low-pass filter on, the
chip samples at 1 kHz divided by a whole number, so 500 Hz stands where others have 400.
"""

import errno
import struct
import time
from array import array

import machine
import micropython
from micropython import const

_SELF_TEST_X = const(0x0D)  # RM 4.1, registers 13 to 16: factory trim
_SMPLRT_DIV = const(0x19)  # RM 4.2, register 25: 1 kHz / (1 + this), with the filter on
_CONFIG = const(0x1A)  # RM 4.3, register 26: filter, 1 to 6
_GYRO_CONFIG = const(0x1B)  # RM 4.4, register 27: 0 is 250 dps, 0x10 is 1000 dps; self-test of x y z 0xE0
_ACCEL_CONFIG = const(0x1C)  # RM 4.5, register 28: 0x08 is 4 g, 0x10 is 8 g; self-test of x y z 0xE0
_MOT_THR = const(0x1F)  # RM revision 4.0 section 4.6, register 31; 32 mg per count (PS 6.2)
_MOT_DUR = const(0x20)  # RM revision 3.2, register 32: ms
_FIFO_EN = const(0x23)  # RM 4.6, register 35: gyroscope x y z 0x70, accelerometer 0x08
_INT_PIN_CFG = const(0x37)  # RM 4.14, register 55: high until the status is read 0x20
_INT_ENABLE = const(0x38)  # RM 4.15, register 56: motion 0x40, FIFO overflow 0x10
_INT_STATUS = const(0x3A)  # RM 4.16, register 58: the same bits; reading clears them
_ACCEL_XOUT_H = const(0x3B)  # RM 4.17, registers 59 to 64
_TEMP_OUT_H = const(0x41)  # RM 4.18, registers 65 and 66: counts / 340 + 36.53 degrees Celsius
_GYRO_XOUT_H = const(0x43)  # RM 4.19, registers 67 to 72
_USER_CTRL = const(0x6A)  # RM 4.27, register 106: FIFO on 0x40; emptied by 0x04 while off
_PWR_MGMT_1 = const(0x6B)  # RM 4.28, register 107: reset 0x80, sleep 0x40, cycle 0x20, thermometer off 0x08
_PWR_MGMT_2 = const(0x6C)  # RM 4.29, register 108: wake at 20 Hz 0x80, gyroscopes off 0x07
_FIFO_COUNTH = const(0x72)  # RM 4.30, registers 114 and 115: the high byte must be read first
_FIFO_R_W = const(0x74)  # RM 4.31, register 116: in the order of the registers, so accelerometer first
_WHO_AM_I = const(0x75)  # RM 4.32, register 117

_PACKET = const(12)  # bytes of a sample in the FIFO
_FULL = const(1020)  # as many whole samples as go into its 1024 bytes
_TRIM_TOLERANCE = 0.14  # PS 6.1 and 6.2


@micropython.viper
def _unpack(raw: ptr8, count: int, out: ptr16) -> int:
    """Big-endian samples to rows of 10, without a quaternion. Rows made."""
    for sample in range(count):
        at = sample * _PACKET
        row = sample * 10
        for column in range(6):
            out[row + column] = raw[at] << 8 | raw[at + 1]
            at += 2
        for column in range(6, 10):
            out[row + column] = 0
    return count


class Imu:
    """The chip on a bus. All methods raise OSError when the bus fails or the chip does not do as told in time."""

    CHIP = "mpu6050"
    ADDRESS = 0x68  # PS 9.2: AD0 low; 0x69 with AD0 high
    RATES_HZ = (50, 100, 200, 500)
    DEFAULT_HZ = 100
    FUSES = False
    MAX_FETCH = 32  # samples; the FIFO holds 85

    def __init__(self, bus: "machine.I2C", address: "int | None" = None) -> None:
        self.acc_code = 5
        self.gyr_code = 8
        self.overrun = False
        self.raw = bytearray(self.MAX_FETCH * _PACKET)
        self._bus = bus
        self._address = self.ADDRESS if address is None else address
        view = memoryview(self.raw)
        self._views = tuple(view[: samples * _PACKET] for samples in range(self.MAX_FETCH + 1))
        self._one, self._two = bytearray(1), bytearray(2)
        self._torn = False  # the FIFO overflowed: `raw` may start in the middle of a sample

    def probe(self) -> bool:
        """Whether the chip at this address says it is an MPU-6050.

        MPU-6500 (0x70), MPU-9250 (0x71), ICM-20689 (0x98) and the like are sold under its name. Their registers look
        the same, but thermometer, self-test and the accelerometer's filter are others, so they are refused.
        """
        return self._bus.readfrom_mem(self._address, _WHO_AM_I, 1) == b"\x68"

    def start(self, rate_hz: int) -> None:
        """Reset, then both sensors into the empty FIFO at one of RATES_HZ (ValueError for another)."""
        step = self.RATES_HZ.index(rate_hz)
        self._reset()
        self._write(_SMPLRT_DIV, 1000 // rate_hz - 1)
        self._write(_CONFIG, 4 - step)  # 21, 44, 94, 184 Hz: the widest below half the rate (RM 4.3)
        self._write(_GYRO_CONFIG, 0x10)
        self._write(_ACCEL_CONFIG, 0x08)
        self._write(_INT_ENABLE, 0x10)
        time.sleep_ms(50)  # the gyroscope takes 30 ms to settle (PS 6.1)
        self._write(_FIFO_EN, 0x78)
        self._empty()

    def _empty(self) -> None:
        self._write(_USER_CTRL, 0)
        self._write(_USER_CTRL, 0x04)
        self._write(_USER_CTRL, 0x40)
        self._bus.readfrom_mem_into(self._address, _INT_STATUS, self._one)  # forgets the overflow
        self._torn = False

    def stop(self) -> None:
        """FIFO and both sensors off: 5 uA (PS 6.3)."""
        self._write(_USER_CTRL, 0)
        self._write(_PWR_MGMT_1, 0x40)

    def waiting(self) -> int:
        """Complete samples in the FIFO. It overflows by bytes: then it is emptied and `overrun` set."""
        two = self._two
        self._bus.readfrom_mem_into(self._address, _FIFO_COUNTH, two)
        size = two[0] << 8 | two[1]
        if size <= _FULL and not self._torn:
            return size // _PACKET
        self.overrun = True
        self._empty()
        return 0

    def fetch(self, count: int) -> None:
        """`count` samples, at most MAX_FETCH, from the FIFO to `raw`; none when it overflowed meanwhile."""
        self._torn = True  # a burst that breaks off has taken any number of bytes
        self._bus.readfrom_mem_into(self._address, _FIFO_R_W, self._views[count])
        self._bus.readfrom_mem_into(self._address, _INT_STATUS, self._one)
        self._torn = bool(self._one[0] & 0x10)
        self.overrun = self.overrun or self._torn

    def unpack(self, count: int, out: "array[int]") -> int:
        """`raw` to rows of 10 in `out`; how many samples there are."""
        if self._torn:
            return 0
        return _unpack(self.raw, count, out)  # type: ignore[arg-type]  # viper takes any buffer

    def temperature_cdegc(self) -> int:
        """Of the chip, 0.01 degrees Celsius."""
        self._bus.readfrom_mem_into(self._address, _TEMP_OUT_H, self._two)
        counts: int = struct.unpack(">h", self._two)[0]
        return counts * 5 // 17 + 3653

    def self_test(self) -> bool:
        """Procedure of RM 4.1 at rest, limits of PS 6.1 and 6.2; 0.5 s. Ends stopped. False without factory trim."""
        self._reset()
        self._write(_CONFIG, 2)
        still = self._mean(0)
        pushed = self._mean(0xE0)
        trim = _factory_trim(self._bus.readfrom_mem(self._address, _SELF_TEST_X, 4))
        self.stop()
        return all(
            trim[axis] != 0 and abs((pushed[axis] - still[axis]) / trim[axis] - 1) <= _TRIM_TOLERANCE
            for axis in range(6)
        )

    def _mean(self, stimulus: int) -> "list[float]":
        """Of 20 readings at +-8 g and +-250 dps: accelerometer x y z, gyroscope x y z, counts."""
        self._write(_ACCEL_CONFIG, stimulus | 0x10)
        self._write(_GYRO_CONFIG, stimulus)
        time.sleep_ms(150)
        sums = [0.0] * 6
        for _ in range(20):
            time.sleep_ms(2)
            axes = struct.unpack(">hhhhhhh", self._bus.readfrom_mem(self._address, _ACCEL_XOUT_H, 14))
            for axis in range(6):
                sums[axis] += axes[axis if axis < 3 else axis + 1] / 20  # the thermometer stands between them
        return sums

    def wake_on_motion(self) -> None:
        """A change of 128 mg from now on, looked for at 20 Hz, makes INT high until the next start; gyroscope off.

        Sequence of PS revision 3.1 sections 8.2 and 8.3. The high-pass filter's setting 7 holds the present reading.
        """
        self._reset()
        self._write(_INT_PIN_CFG, 0x20)
        self._write(_PWR_MGMT_2, 0x07)
        self._write(_ACCEL_CONFIG, 0)
        self._write(_CONFIG, 0)
        self._write(_INT_ENABLE, 0x40)
        self._write(_MOT_DUR, 1)
        self._write(_MOT_THR, 4)
        time.sleep_ms(50)  # a first reading to hold
        self._write(_ACCEL_CONFIG, 7)
        self._write(_PWR_MGMT_2, 0x87)
        self._write(_PWR_MGMT_1, 0x28)

    def _reset(self) -> None:
        self._write(_PWR_MGMT_1, 0x80)
        time.sleep_ms(100)  # it may not answer meanwhile
        if self._bus.readfrom_mem(self._address, _PWR_MGMT_1, 1)[0] & 0x80:
            raise OSError(errno.ETIMEDOUT)
        self._write(_PWR_MGMT_1, 0x01)  # awake, on the gyroscope's clock, which is the steadier one (RM 4.28)
        self._torn = False

    def _write(self, register: int, value: int) -> None:
        self._bus.writeto_mem(self._address, register, bytes((value,)))


def _factory_trim(codes: bytes) -> "list[float]":
    """Self-test response at manufacture, counts: accelerometer x y z, gyroscope x y z; 0 where unknown (RM 4.1)."""
    trim = []
    for axis in range(3):
        code = (codes[axis] >> 5) << 2 | codes[3] >> (4 - 2 * axis) & 3
        trim.append(4096 * 0.34 * (0.92 / 0.34) ** ((code - 1) / 30) if code else 0.0)
    for axis in range(3):
        code = codes[axis] & 31
        trim.append((-25 if axis == 1 else 25) * 131 * 1.046 ** (code - 1) if code else 0.0)
    return trim
