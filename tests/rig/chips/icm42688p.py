"""ICM-42688-P as its datasheet DS-000347 describes it, seen from I2C.

Not modelled, and refused as MisuseError: 20-bit packets, APEX but for wake on motion, notch and anti-alias filters,
FSYNC, offsets, accelerometer and gyroscope in one FIFO at different rates.
"""

from __future__ import annotations

import numpy as np

from hiphold.samples import G_MPS2, Floats
from hiphold.simulation.sensor import DPS_RADPS
from rig.chips import icm42688p_map as reg
from rig.chips.model import Chip, Flaws, MisuseError, Skin
from rig.chips.parts import Counts, Indices, Stimulus, counts, every


class Model(Chip):
    """One specimen."""

    ADDRESS = 0x68  # AP_AD0 low
    MAP = reg.MAP

    def __init__(self, skin: Skin, flaws: Flaws | None = None) -> None:
        super().__init__(skin, flaws)
        self._codes = np.concatenate((self._trim.integers(80, 140, 3), self._trim.integers(120, 150, 3)))  # acc, gyr
        factor = 0.3 if self.flaws.self_test_fails else self._trim.uniform(0.8, 1.2, 6)
        response = factor * 1.01 ** (self._codes - 1.0)
        self._acc_response = response[:3] * reg.SELF_TEST_ACC_G * G_MPS2
        self._gyr_response = response[3:] * reg.SELF_TEST_GYR_DPS * DPS_RADPS
        self._start()

    def _start(self) -> None:
        self._forget()
        self._ticks.start(self._now_s, np.inf)
        self._acc_test, self._gyr_test = Stimulus(), Stimulus()
        self._acc = self._gyr = np.full(3, reg.INVALID, np.int16)
        self._acc_from_s = self._gyr_from_s = np.inf
        self._quiet_until_s, self._reset_until_s, self._event_s = -np.inf, -np.inf, -np.inf
        self._status, self._status2, self._count, self._at, self._new_rate = reg.RESET_DONE, 0, 0, 0, 0
        self._reference: Floats | None = None
        self._empty()

    def _empty(self) -> None:
        unit = 16 if self._regs[reg.FIFO_CONFIG1] & 3 == 3 else 8
        self._fifo.shape(unit, reg.FIFO_BYTES // unit - 1)
        self._at = 0

    def _odr_hz(self, register: int) -> float:
        """Hz of a sensor that is on, else 0."""
        mode = self._regs[reg.PWR_MGMT0] >> (0 if register == reg.ACCEL_CONFIG0 else 2) & 3
        code = self._regs[register] & 15
        if code not in reg.ODR_HZ or (register == reg.GYRO_CONFIG0 and 12 <= code <= 14):
            raise MisuseError(f"the rate {code} in register {register:#04x} is reserved")
        return reg.ODR_HZ[code] if mode in (2, 3) else 0.0

    # Writing

    def _opened(self) -> None:
        if self._now_s < self._reset_until_s:
            raise MisuseError("accessed within 1 ms after a soft reset")
        if not self._regs[reg.FIFO_CONFIG1] & 0x40:  # RESUME_PARTIAL_RD 0: what was read in part is read again
            self._at = 0

    def _put(self, register: int, value: int) -> None:
        if self._now_s < self._quiet_until_s:
            raise MisuseError("written to within 200 us after a sensor was switched on in PWR_MGMT0")
        key = register if register == reg.REG_BANK_SEL else self._regs[reg.REG_BANK_SEL] << 8 | register
        before = self._store(key, value)
        if key == reg.DEVICE_CONFIG and value & 1:
            self._start()
            self._reset_until_s = self._now_s + reg.RESET_S
        elif key == reg.PWR_MGMT0:
            self._switch(before, value)
        elif key in (reg.GYRO_CONFIG0, reg.ACCEL_CONFIG0):
            self._new_rate |= (before ^ value) & 15 and (1 if key == reg.GYRO_CONFIG0 else 2)
            self._set_rate()
        elif key == reg.SELF_TEST_CONFIG:
            powered = value >> 6 & 1  # ACCEL_ST_POWER
            self._acc_test.aim(self._acc_response * powered * _axes(value >> 3), self._now_s)
            self._gyr_test.aim(self._gyr_response * _axes(value), self._now_s)
        elif key == reg.SIGNAL_PATH_RESET:
            self._regs[key] = 0
            if value & 0x02:  # FIFO_FLUSH
                self._empty()
        elif key == reg.FIFO_CONFIG1 or (key == reg.FIFO_CONFIG and value >> 6 == 0):
            self._empty()
        elif key == reg.SMD_CONFIG:
            self._reference = None

    def _switch(self, before: int, value: int) -> None:
        """PWR_MGMT0: which sensors run."""
        if value & 3 == 1 or value >> 2 & 3 == 2:
            raise MisuseError("a reserved power mode")
        if value & 3 > 0 and not before & 3:
            self._acc_from_s = self._now_s + reg.ACC_START_S
        if value & 12 == 12 and before & 12 != 12:
            self._gyr_from_s = self._now_s + reg.GYR_START_S
        if value & 15 & ~before:
            self._quiet_until_s = self._now_s + reg.SETTLE_S
        self._set_rate()

    def _set_rate(self) -> None:
        base_hz = max(self._odr_hz(reg.ACCEL_CONFIG0), self._odr_hz(reg.GYRO_CONFIG0))
        self._ticks.start(self._now_s, 1.0 / (base_hz * (1.0 + self.flaws.rate_error)) if base_hz else np.inf)

    # Sampling

    def _band_hz(self, register: int) -> float:
        code = self._regs[reg.GYRO_ACCEL_CONFIG0] >> (4 if register == reg.ACCEL_CONFIG0 else 0) & 15
        odr_hz = self._odr_hz(register)
        return odr_hz / 2.0 if code == 0 or code > 7 else max(400.0, odr_hz) / reg.BANDWIDTH[code]

    def _sample(self, k: Indices, time_s: Floats) -> None:
        acc_hz, gyr_hz = self._odr_hz(reg.ACCEL_CONFIG0), self._odr_hz(reg.GYRO_CONFIG0)
        base_hz = max(acc_hz, gyr_hz)
        force, rate = self._measure(time_s, self._band_hz(reg.ACCEL_CONFIG0), self._band_hz(reg.GYRO_CONFIG0))
        hold = bool(self._regs[reg.INTF_CONFIG0] & 0x80)
        low = reg.INVALID if hold else reg.INVALID + 1
        acc = counts(force, G_MPS2 / reg.ACC_COUNTS_PER_G[self._regs[reg.ACCEL_CONFIG0] >> 5 & 3], low)
        gyr = counts(rate, DPS_RADPS / reg.GYR_COUNTS_PER_DPS[self._regs[reg.GYRO_CONFIG0] >> 5], low)
        acc_valid, gyr_valid = (time_s >= self._acc_from_s) & (acc_hz > 0), (time_s >= self._gyr_from_s) & (gyr_hz > 0)
        acc[~acc_valid], gyr[~gyr_valid] = reg.INVALID, reg.INVALID
        for name, values, odr_hz in (("_acc", acc, acc_hz), ("_gyr", gyr, gyr_hz)):
            due = every(k, base_hz, odr_hz)
            if due.any():
                setattr(self, name, values[due][-1])
        self._raise(reg.DATA_RDY, float(time_s[-1]))
        self._detect_motion(force[acc_valid], float(time_s[-1]))
        if self._regs[reg.FIFO_CONFIG] >> 6 and self._regs[reg.FIFO_CONFIG1] & 3:
            self._batch(time_s, acc, gyr)

    def _batch(self, time_s: Floats, acc: Counts, gyr: Counts) -> None:
        """Section 6.1: packets 1 (acc), 2 (gyr) and 3 (both, with time). Section 6.4: how many there is room for."""
        enabled, n = self._regs[reg.FIFO_CONFIG1], len(time_s)
        both = enabled & 3 == 3
        if both and self._odr_hz(reg.ACCEL_CONFIG0) != self._odr_hz(reg.GYRO_CONFIG0):
            raise MisuseError("both sensors in one FIFO at different rates")
        stamped = both and self._regs[reg.TMST_CONFIG] & 1  # FIFO_TMST_FSYNC_EN matters with FSYNC only
        packets = np.zeros((n, self._fifo.unit), np.uint8)
        packets[:, 0] = (0, 0x40, 0x20, 0x60)[enabled & 3] | (8 if stamped else 0)
        packets[0, 0] |= self._new_rate  # HEADER_ODR_ACCEL, HEADER_ODR_GYRO: not the rate of the packet before
        self._new_rate = 0
        order = ">i2" if self._regs[reg.INTF_CONFIG0] & 0x10 else "<i2"  # SENSOR_DATA_ENDIAN
        chosen = np.concatenate([acc] * (enabled & 1) + [gyr] * (enabled >> 1 & 1), axis=1)
        end = 1 + 2 * chosen.shape[1]
        packets[:, 1:end] = np.ascontiguousarray(chosen.astype(order)).view(np.uint8)
        packets[:, end] = round((self.flaws.temperature_degc - 25.0) * 2.07) & 0xFF if enabled & 4 else 0x80
        if stamped:
            packets[:, end + 1 :] = self._stamps(time_s).astype(order)[:, None].view(np.uint8)
        lost = self._fifo.push(packets.tobytes(), self._regs[reg.FIFO_CONFIG] >> 6 > 1)
        at_s = float(time_s[-1])
        if lost or self._fifo.level == self._fifo.capacity:
            self._raise(reg.FIFO_FULL, at_s)
        mark = self._regs[reg.FIFO_CONFIG3] << 8 | self._regs[reg.FIFO_CONFIG2]
        if mark and self._level() >= mark:
            self._raise(reg.FIFO_THS, at_s)

    def _stamps(self, time_s: Floats) -> Counts:
        """TMST_CONFIG: low 16 bits of the chip's own time, 1 or 16 us per count."""
        unit_s = 16e-6 if self._regs[reg.TMST_CONFIG] & 8 else 1e-6
        ticks = np.floor(time_s * (1.0 + self.flaws.rate_error) / unit_s).astype(np.int64)
        return (ticks & 0xFFFF).astype(np.uint16).view(np.int16)

    def _detect_motion(self, force: Floats, at_s: float) -> None:
        """SMD_CONFIG, ACCEL_WOM_X_THR: a sample against the first one or the one before, 1 g / 256 per count."""
        config = self._regs[reg.SMD_CONFIG]
        if config & 3 != 1 or not len(force):
            return
        first = force[0] if self._reference is None else self._reference
        if config & 4:  # WOM_MODE
            before = np.concatenate((first[None], force[:-1]))
            self._reference = force[-1]
        else:
            before, self._reference = np.broadcast_to(first, force.shape), first
        threshold = np.array([self._regs[reg.ACCEL_WOM_X_THR + axis] for axis in range(3)]) * G_MPS2 / 256.0
        moved = np.abs(force - before) > threshold
        if config & 8:  # WOM_INT_MODE: all axes together
            moved = np.repeat(moved.all(axis=1)[:, None], 3, axis=1)
        bits = int(moved.any(axis=0) @ (1, 2, 4))  # INT_STATUS2
        self._status2 |= bits
        if bits & self._regs[reg.INT_SOURCE1]:
            self._event_s = at_s

    def _raise(self, bit: int, at_s: float) -> None:
        self._status |= bit
        if bit & self._regs[reg.INT_SOURCE0]:
            self._event_s = at_s

    # Reading

    def _after(self, register: int) -> int:
        return register if register == reg.FIFO_DATA else register + 1

    def _level(self) -> int:
        """FIFO_COUNTH: records or bytes, by FIFO_COUNT_REC."""
        return self._fifo.level * (1 if self._regs[reg.INTF_CONFIG0] & 0x40 else self._fifo.unit)

    def _get(self, register: int) -> int:
        key = register if register == reg.REG_BANK_SEL else self._regs[reg.REG_BANK_SEL] << 8 | register
        if reg.TEMP_DATA1 <= key < reg.GYRO_DATA_X1 + 6:
            order = ">i2" if self._regs[reg.INTF_CONFIG0] & 0x10 else "<i2"
            temperature = round((self.flaws.temperature_degc - 25.0) * 132.48)  # section 4.13
            return np.concatenate(((temperature,), self._acc, self._gyr)).astype(order).tobytes()[key - reg.TEMP_DATA1]
        if key == reg.FIFO_DATA:
            return self._fifo_byte()
        if key in (reg.FIFO_COUNTH, reg.FIFO_COUNTL):
            if key == reg.FIFO_COUNTH:  # takes both
                self._count = self._level()
            high = (key == reg.FIFO_COUNTH) == bool(self._regs[reg.INTF_CONFIG0] & 0x20)  # FIFO_COUNT_ENDIAN
            return self._count >> 8 if high else self._count & 0xFF
        if key == reg.INT_STATUS:
            status, self._status = self._status, 0
            return status
        if key == reg.INT_STATUS2:
            status, self._status2 = self._status2, 0
            return status
        return self._fixed(key)

    def _fixed(self, key: int) -> int:
        """Registers that reading does not change."""
        lost = min(self._fifo.lost, 0xFFFF)
        identity = 0x47 if self.flaws.who_am_i is None else self.flaws.who_am_i
        values = {reg.WHO_AM_I: identity, reg.FIFO_LOST_PKT0: lost & 0xFF, reg.FIFO_LOST_PKT1: lost >> 8}
        acc, gyr = self._codes[:3].tolist(), self._codes[3:].tolist()
        values |= {reg.XA_ST_DATA + axis: acc[axis] for axis in range(3)} | {
            reg.XG_ST_DATA + axis: gyr[axis] for axis in range(3)
        }
        return values.get(key, self._regs.get(key, 0))

    def _fifo_byte(self) -> int:
        """Section 6: packets leave whole; 0xFF when it is empty, which is a header that says so."""
        if not self._fifo.level:
            return 0xFF
        byte = self._fifo.data[self._at]
        self._at = (self._at + 1) % self._fifo.unit
        if self._at == 0:
            self._fifo.pop()
        return byte

    def _pin(self) -> bool:
        config = self._regs[reg.INT_CONFIG]
        active = bool(self._status & self._regs[reg.INT_SOURCE0] or self._status2 & self._regs[reg.INT_SOURCE1])
        if not config & 4:  # INT1_MODE pulsed
            active = active and self._now_s - self._event_s < reg.PULSE_S
        if self._regs[reg.INT_CONFIG1] & 0x10:  # INT_ASYNC_RESET must be 0 for proper operation of the pin
            active = False
        return active == bool(config & 1)  # INT1_POLARITY: active low unless told


def _axes(bits: int) -> Floats:
    """Bits 0, 1, 2 for x, y, z."""
    return np.array((bits & 1, bits >> 1 & 1, bits >> 2 & 1), float)
