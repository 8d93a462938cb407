"""ICM-42688-P: accelerometer and gyroscope out of the FIFO.

From the datasheet DS-000347 revision 1.8 ("DS"). Full scales +-4 g and +-1000 dps. The chip has no 400 Hz, so 500 Hz
stands there. Registers other than range, rate and mode must not change while a sensor runs (DS 12.9).
"""

import errno
import struct
import time
from array import array

import machine
import micropython
from micropython import const

_DEVICE_CONFIG = const(0x11)  # DS 14.1: reset 0x01
_DRIVE_CONFIG = const(0x13)  # DS 14.2
_INT_CONFIG = const(0x14)  # DS 14.3: INT1 latched 0x04, push-pull 0x02, active high 0x01
_FIFO_CONFIG = const(0x16)  # DS 14.4: 0x40 stream
_TEMP_DATA1 = const(0x1D)  # DS 14.5 and 14.6: counts / 132.48 + 25 degrees Celsius
_ACCEL_DATA_X1 = const(0x1F)  # DS 14.7 to 14.12
_GYRO_DATA_X1 = const(0x25)  # DS 14.13 to 14.18
_INT_STATUS = const(0x2D)  # DS 14.21: reset done 0x10, FIFO full 0x02; reading clears them. The FIFO's count follows
_FIFO_DATA = const(0x30)  # DS 14.24
_INT_STATUS2 = const(0x37)  # DS 14.31
_SIGNAL_PATH_RESET = const(0x4B)  # DS 14.33: empty the FIFO 0x02
_PWR_MGMT0 = const(0x4E)  # DS 14.36: accelerometer low noise 0x03, low power 0x02; gyroscope low noise 0x0C
_GYRO_CONFIG0 = const(0x4F)  # DS 14.37: 0x20 is 1000 dps, 0x60 is 250 dps; rate below
_ACCEL_CONFIG0 = const(0x50)  # DS 14.38: 0x40 is 4 g; rate below
_GYRO_CONFIG1 = const(0x51)  # DS 14.39
_GYRO_ACCEL_CONFIG0 = const(0x52)  # DS 14.40: low-pass filters
_ACCEL_CONFIG1 = const(0x53)  # DS 14.41
_SMD_CONFIG = const(0x57)  # DS 14.44
_FIFO_CONFIG1 = const(0x5F)  # DS 14.45: go on after a partial read 0x40, thermometer, gyroscope, accelerometer 0x07
_INT_CONFIG1 = const(0x64)  # DS 14.50: must be 0 for the interrupt pins to work (DS 12.6)
_INT_SOURCE0 = const(0x65)  # DS 14.51: "reset done" is on INT1 after a reset
_INT_SOURCE1 = const(0x66)  # DS 14.52: wake on motion of x y z on INT1 0x07
_SELF_TEST_CONFIG = const(0x70)  # DS 14.57: gyroscope x y z 0x07, accelerometer x y z and its power 0x78
_WHO_AM_I = const(0x75)  # DS 14.58
_REG_BANK_SEL = const(0x76)  # DS 14.59, in every bank
_XG_ST_DATA = const(0x5F)  # bank 1, DS 15.11 to 15.13
_INTF_CONFIG6 = const(0x7C)  # bank 1, DS 15.19
_XA_ST_DATA = const(0x3B)  # bank 2, DS 13.3
_ACCEL_WOM_X_THR = const(0x4A)  # bank 4, DS 13.5; 1 g / 256 per count

_PACKET = const(16)  # packet 3: header, accelerometer, gyroscope, thermometer, time stamp (DS 6.1)
_HEADER = const(0x68)  # of packet 3, less the two bits that tell of a change of rate (DS 6.4)
_NEARLY_FULL = const(2032)  # 2 kB less the packet that is kept free (DS 6.3)


@micropython.viper
def _unpack(raw: ptr8, count: int, out: ptr16) -> int:
    """Packets to rows of 10, without a quaternion. Left out: no packet 3; no data yet (-32768, DS 14.34). Rows made."""
    made = 0
    for packet in range(count):
        at = packet * _PACKET
        whole = raw[at] & 0xFC == _HEADER
        row = made * 10
        for column in range(6):
            value = raw[at + 1 + 2 * column] << 8 | raw[at + 2 + 2 * column]
            out[row + column] = value
            if value == 0x8000:
                whole = False
        for column in range(6, 10):
            out[row + column] = 0
        if whole:
            made += 1
    return made


class Imu:
    """The chip on a bus. All methods raise OSError when the bus fails or the chip does not do as told in time."""

    CHIP = "icm42688p"
    ADDRESS = 0x68  # DS 9.3: AP_AD0 low; 0x69 with AP_AD0 high
    RATES_HZ = (50, 100, 200, 500)
    DEFAULT_HZ = 100
    FUSES = False
    MAX_FETCH = 32  # samples; the FIFO holds 127

    def __init__(self, bus: "machine.I2C", address: "int | None" = None) -> None:
        self.acc_code = 5
        self.gyr_code = 8
        self.overrun = False
        self.raw = bytearray(self.MAX_FETCH * _PACKET)
        self._bus = bus
        self._address = self.ADDRESS if address is None else address
        view = memoryview(self.raw)
        self._views = tuple(view[: samples * _PACKET] for samples in range(self.MAX_FETCH + 1))
        self._three = bytearray(3)

    def probe(self) -> bool:
        """Whether the chip at this address is an ICM-42688-P."""
        return self._bus.readfrom_mem(self._address, _WHO_AM_I, 1) == b"\x47"

    def start(self, rate_hz: int) -> None:
        """Reset, then both sensors into the empty FIFO at one of RATES_HZ (ValueError for another)."""
        step = self.RATES_HZ.index(rate_hz)
        rate = (9, 8, 7, 15)[step]  # DS 14.37, 14.38
        self._reset()
        self._write(_GYRO_CONFIG0, 0x20 | rate)
        self._write(_ACCEL_CONFIG0, 0x40 | rate)
        self._write(_GYRO_ACCEL_CONFIG0, (6, 4, 2, 1)[step] * 0x11)  # 19, 39, 77, 115 Hz: below half the rate (DS 5.5)
        self._write(_FIFO_CONFIG1, 0x47)
        self._write(_FIFO_CONFIG, 0x40)
        self._write(_PWR_MGMT0, 0x0F)
        time.sleep_ms(60)  # both sensors settle (DS 3.1, 3.2: 30 and 20 ms)
        self._write(_SIGNAL_PATH_RESET, 0x02)
        self._bus.readfrom_mem_into(self._address, _INT_STATUS, self._three)  # forgets what was full

    def stop(self) -> None:
        """Both sensors off (DS 14.36); what is in the FIFO goes with the next start."""
        self._write(_PWR_MGMT0, 0)

    def waiting(self) -> int:
        """Complete samples in the FIFO; sets `overrun` when it was full since the last call."""
        three = self._three
        self._bus.readfrom_mem_into(self._address, _INT_STATUS, three)
        size = three[1] << 8 | three[2]
        if three[0] & 0x02 or size >= _NEARLY_FULL:
            self.overrun = True
        return size // _PACKET

    def fetch(self, count: int) -> None:
        """`count` samples, at most MAX_FETCH, from the FIFO to `raw`."""
        self._bus.readfrom_mem_into(self._address, _FIFO_DATA, self._views[count])

    def unpack(self, count: int, out: "array[int]") -> int:
        """`raw` to rows of 10 in `out`; how many samples there are."""
        return _unpack(self.raw, count, out)  # type: ignore[arg-type]  # viper takes any buffer

    def temperature_cdegc(self) -> int:
        """Of the chip, 0.01 degrees Celsius."""
        counts: int = struct.unpack(">h", self._bus.readfrom_mem(self._address, _TEMP_DATA1, 2))[0]
        return counts * 625 // 828 + 2500

    def self_test(self) -> bool:
        """At rest, 0.6 s, ends stopped. DS 4.9 gives what is compared; steps and limits are those of TDK's own driver.

        Response on against off, at 1 kHz, +-250 dps and +-4 g: the gyroscope's above half of the one at manufacture
        and its reading off below 20 dps, the accelerometer's within half and one and a half of it. Without a value
        from manufacture: above 60 dps, 50 to 1200 mg.
        """
        self._reset()
        self._write(_GYRO_CONFIG0, 0x66)
        self._write(_ACCEL_CONFIG0, 0x46)
        self._write(_GYRO_ACCEL_CONFIG0, 0x44)  # a tenth of the rate
        self._write(_GYRO_CONFIG1, 0x1A)  # filters of third order
        self._write(_ACCEL_CONFIG1, 0x15)
        gyroscope = self._respond(_GYRO_DATA_X1, 0x0C, 0x07, 200)
        accelerometer = self._respond(_ACCEL_DATA_X1, 0x03, 0x78, 25)
        gyroscope_codes = self._read_bank(1, _XG_ST_DATA, 3)
        accelerometer_codes = self._read_bank(2, _XA_ST_DATA, 3)
        good = True
        for axis in range(3):
            still, response = gyroscope[axis]
            least, _ = _limits(gyroscope_codes[axis], 2620, 60 * 131, 0)
            good = good and response > least and abs(still) < 20 * 131
            _, response = accelerometer[axis]
            least, most = _limits(accelerometer_codes[axis], 1310, 410, 9830)
            good = good and least < response < most
        return good

    def _respond(self, register: int, mode: int, stimulus: int, settle_ms: int) -> "list[tuple[int, int]]":
        """Of each axis the reading at rest and how far the stimulus moves it, counts."""
        self._write(_PWR_MGMT0, mode)
        time.sleep_ms(60)
        still = self._mean(register)
        self._write(_SELF_TEST_CONFIG, stimulus)
        time.sleep_ms(settle_ms)
        pushed = self._mean(register)
        self._write(_PWR_MGMT0, 0)
        self._write(_SELF_TEST_CONFIG, 0)
        return [(still[axis], abs(pushed[axis] - still[axis])) for axis in range(3)]

    def _mean(self, register: int) -> "list[int]":
        sums = [0, 0, 0]
        for _ in range(40):
            time.sleep_ms(1)
            axes = struct.unpack(">hhh", self._bus.readfrom_mem(self._address, register, 6))
            for axis in range(3):
                sums[axis] += axes[axis]
        return [total // 40 for total in sums]

    def wake_on_motion(self) -> None:
        """A change of 125 mg between two readings at 50 Hz makes INT1 high until the next start; gyroscope off.

        Sequence of DS 8.7.
        """
        self._reset()
        self._write(_INT_CONFIG, 0x07)
        self._write(_INT_SOURCE0, 0)
        self._write(_ACCEL_CONFIG0, 0x49)
        self._write(_PWR_MGMT0, 0x02)
        time.sleep_ms(1)
        for axis in range(3):
            self._write_bank(4, _ACCEL_WOM_X_THR + axis, 32)
        time.sleep_ms(1)
        self._write(_INT_SOURCE1, 0x07)
        time.sleep_ms(50)
        self._write(_SMD_CONFIG, 0x05)  # against the reading before; any axis
        self._bus.readfrom_mem(self._address, _INT_STATUS2, 1)  # what happened before does not count

    def _reset(self) -> None:
        self._write(_REG_BANK_SEL, 0)  # a failed bus may have left another
        self._write(_DEVICE_CONFIG, 0x01)
        time.sleep_ms(2)
        for _ in range(50):
            if self._bus.readfrom_mem(self._address, _INT_STATUS, 1)[0] & 0x10:
                break
            time.sleep_ms(1)
        else:
            raise OSError(errno.ETIMEDOUT)
        self._write(_DRIVE_CONFIG, 0x09)  # for I2C, and below (DS 12.3)
        self._write_bank(1, _INTF_CONFIG6, 0x5C)
        self._write(_INT_CONFIG1, 0)

    def _write(self, register: int, value: int) -> None:
        self._bus.writeto_mem(self._address, register, bytes((value,)))

    def _write_bank(self, bank: int, register: int, value: int) -> None:
        self._write(_REG_BANK_SEL, bank)
        try:
            self._write(register, value)
        finally:
            self._write(_REG_BANK_SEL, 0)

    def _read_bank(self, bank: int, register: int, size: int) -> bytes:
        self._write(_REG_BANK_SEL, bank)
        try:
            return self._bus.readfrom_mem(self._address, register, size)
        finally:
            self._write(_REG_BANK_SEL, 0)


def _limits(code: int, full: int, least: int, most: int) -> "tuple[float, float]":
    """What a self-test response must lie between, counts: by the value at manufacture, else `least` and `most`."""
    if code == 0:
        return least, most
    made = full * 1.01 ** (code - 1)
    return made / 2, made * 1.5
