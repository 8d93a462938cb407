"""MPU-6050 as its register map RM-MPU-6000A-00 r4.2 ("RM") and product specification PS-MPU-6000A ("PS") describe it.

RM numbers are registers, in hexadecimal. MOT_DUR and the high-pass bits of ACCEL_CONFIG stand in RM r3.2 only; without
them motion detection does not work. Not modelled, and refused as MisuseError: the auxiliary bus, FSYNC, the DMP, clocks
from outside.
"""

from __future__ import annotations

import numpy as np

from hiphold.samples import G_MPS2, Floats
from hiphold.simulation.sensor import DPS_RADPS, MG_MPS2
from rig.chips import mpu6050_map as reg
from rig.chips.model import Chip, Flaws, MisuseError, Skin
from rig.chips.parts import Counts, Indices, Stimulus, counts


class Model(Chip):
    """One specimen."""

    ADDRESS = 0x68  # AD0 low
    MAP = reg.MAP

    def __init__(self, skin: Skin, flaws: Flaws | None = None) -> None:
        super().__init__(skin, flaws)
        self._codes = self._trim.integers(1, 32, 6)  # factory trim, acc x y z and gyr x y z; RM 0D to 10
        factor = 0.5 if self.flaws.self_test_fails else self._trim.uniform(0.93, 1.07, 6)  # PS 6.1, 6.2: +-14 %
        response = factor * self._factory_response()
        self._acc_response, self._gyr_response = response[:3] * G_MPS2, response[3:] * DPS_RADPS
        self._start()

    def _factory_response(self) -> Floats:
        """RM 4.1: what self-test adds, acc in g and gyr in dps."""
        acc = 0.34 * (0.92 / 0.34) ** ((self._codes[:3] - 1) / 30.0)
        gyr = 25.0 * 1.046 ** (self._codes[3:] - 1.0) * (1.0, -1.0, 1.0)
        return np.concatenate((acc, gyr))

    def _start(self) -> None:
        self._forget()
        self._fifo.shape(1, reg.FIFO_BYTES)
        self._ticks.start(self._now_s, np.inf)
        self._acc_test, self._gyr_test = Stimulus(), Stimulus()
        self._busy_until_s = self._now_s
        self._awake_s = self._now_s
        self._acc = self._gyr = np.zeros(3, np.int16)
        self._status, self._event_s, self._level, self._last_byte, self._moving = 0, -np.inf, 0, 0, 0
        self._reference: Floats | None = None

    # Writing

    def _put(self, register: int, value: int) -> None:
        if self._now_s < self._busy_until_s:
            raise MisuseError("written to while it resets; wait until DEVICE_RESET is 0, or 100 ms")
        before = self._store(register, value)
        if register == reg.PWR_MGMT_1 and value & 0x80:  # DEVICE_RESET
            self._start()
            self._busy_until_s = self._now_s + reg.RESET_S
        elif register in (reg.PWR_MGMT_1, reg.PWR_MGMT_2, reg.SMPLRT_DIV, reg.CONFIG):
            if register == reg.PWR_MGMT_1 and before & 0x40:
                self._awake_s = self._now_s
            self._set_rate()
        elif register == reg.USER_CTRL:
            self._control(value)
        elif register == reg.SIGNAL_PATH_RESET:
            self._regs[register] = 0
            self._reference = None
        elif register == reg.FIFO_R_W:
            self._fifo.push(bytes((value,)), False)
        elif register == reg.GYRO_CONFIG:
            self._gyr_test.aim(self._gyr_response * _bits(value), self._now_s)
        elif register == reg.ACCEL_CONFIG:
            self._acc_test.aim(self._acc_response * _bits(value), self._now_s)
            self._reference = None

    def _control(self, value: int) -> None:
        """RM 6A: FIFO_RESET empties the FIFO "while FIFO_EN equals 0"; the reset bits go back to 0."""
        if value & 0x04 and not value & 0x40:
            self._fifo.shape(1, reg.FIFO_BYTES)
        if value & 0x01:  # SIG_COND_RESET: signal paths and sensor registers
            self._acc = self._gyr = np.zeros(3, np.int16)
        self._regs[reg.USER_CTRL] = value & 0x40

    def _set_rate(self) -> None:
        power, config = self._regs[reg.PWR_MGMT_1], self._regs[reg.CONFIG]
        if power & 7 in (4, 5, 6, 7) or config == 7:
            raise MisuseError("an external or stopped clock, or the reserved filter 7")
        rate_hz = (1000.0 if config else 8000.0) / (1 + self._regs[reg.SMPLRT_DIV])  # RM 19
        if power & 0x20:  # CYCLE
            rate_hz = reg.WAKE_RATES_HZ[self._regs[reg.PWR_MGMT_2] >> 6]
        self._ticks.start(self._now_s, np.inf if power & 0x40 else 1.0 / (rate_hz * (1.0 + self.flaws.rate_error)))

    # Sampling

    def _sample(self, _k: Indices, time_s: Floats) -> None:
        band = self._regs[reg.CONFIG]
        force, rate = self._measure(time_s, reg.ACC_BANDWIDTH_HZ[band], reg.GYR_BANDWIDTH_HZ[band])
        started = np.minimum((time_s - self._awake_s)[:, None] / reg.GYR_START_S, 100.0)
        rate += DPS_RADPS * reg.GYR_START_DPS ** (1.0 - started)
        standby = self._regs[reg.PWR_MGMT_2]
        acc = counts(force, G_MPS2 / reg.ACC_COUNTS_PER_G[self._regs[reg.ACCEL_CONFIG] >> 3 & 3]) * _on(standby >> 3)
        gyr = counts(rate, DPS_RADPS / reg.GYR_COUNTS_PER_DPS[self._regs[reg.GYRO_CONFIG] >> 3 & 3]) * _on(standby)
        if self._regs[reg.PWR_MGMT_1] & 0x20:
            gyr = np.zeros_like(gyr)  # CYCLE: the accelerometer only
        self._acc, self._gyr = acc[-1], gyr[-1]
        self._raise(reg.DATA_READY, float(time_s[-1]))
        self._detect_motion(force, time_s)
        if self._regs[reg.USER_CTRL] & 0x40:
            self._batch(acc, gyr, float(time_s[-1]))

    def _batch(self, acc: Counts, gyr: Counts, at_s: float) -> None:
        """RM 74: enabled registers in order of their numbers, high byte first. When full, the oldest BYTES are lost."""
        enabled = self._regs[reg.FIFO_EN]
        temperature = np.full((len(acc), 1), self._temperature(), np.int16)
        chosen = [acc] * (enabled >> 3 & 1) + [temperature] * (enabled >> 7)
        chosen += [gyr[:, axis : axis + 1] for axis in range(3) if enabled << axis & 0x40]
        if chosen and self._fifo.push(np.concatenate(chosen, axis=1).astype(">i2").tobytes(), False):
            self._raise(reg.OVERFLOW, at_s)

    def _detect_motion(self, force: Floats, time_s: Floats) -> None:
        """RM r3.2 1F, 20: the high-passed acceleration over the threshold on any axis, for MOT_DUR samples."""
        mode, threshold = self._regs[reg.ACCEL_CONFIG] & 7, self._regs[reg.MOT_THR] * reg.MOTION_MG * MG_MPS2
        if mode == 0 or self._regs[reg.PWR_MGMT_1] & 0x40:
            return
        last_s = float(time_s[0])
        for each, at_s in zip(force, time_s.tolist()):
            if self._reference is None:
                self._reference = each
            over = bool((np.abs(each - self._reference) > threshold).any())
            if mode in reg.HIGH_PASS_HZ:
                share = 1.0 - np.exp(-2.0 * np.pi * reg.HIGH_PASS_HZ[mode] * (at_s - last_s))
                self._reference = self._reference + share * (each - self._reference)
            self._moving = self._moving + 1 if over else 0
            if self._moving and self._moving >= self._regs[reg.MOT_DUR]:
                self._raise(reg.MOTION, at_s)
            last_s = at_s

    def _raise(self, bit: int, at_s: float) -> None:
        self._status |= bit
        if bit & self._regs[reg.INT_ENABLE]:
            self._event_s = at_s

    def _temperature(self) -> int:
        return round((self.flaws.temperature_degc - 36.53) * 340.0)  # RM 41

    # Reading

    def _after(self, register: int) -> int:
        return register if register == reg.FIFO_R_W else register + 1  # RM 74: a burst stays at the FIFO

    def _get(self, register: int) -> int:
        if self._regs[reg.INT_PIN_CFG] & 0x10:  # INT_RD_CLEAR: any reading clears
            status, self._status = self._status, 0
        else:
            status = self._status
        if register == reg.INT_STATUS:
            self._status = 0
            return status
        if reg.ACCEL_XOUT_H <= register < reg.GYRO_XOUT_H + 6:
            rows = np.concatenate((self._acc, (self._temperature(),), self._gyr)).astype(">i2").tobytes()
            return rows[register - reg.ACCEL_XOUT_H]
        if register == reg.FIFO_R_W:
            return self._fifo_byte()
        if register == reg.FIFO_COUNT_H:  # RM 72: reading the high byte takes both
            self._level = self._fifo.level
            return self._level >> 8
        if reg.SELF_TEST_X <= register <= reg.SELF_TEST_A:
            return self._trim_byte(register)
        if register == reg.PWR_MGMT_1:
            return self._regs[reg.PWR_MGMT_1] | (self._now_s < self._busy_until_s) << 7
        identity = 0x68 if self.flaws.who_am_i is None else self.flaws.who_am_i
        return {reg.FIFO_COUNT_L: self._level & 0xFF, reg.WHO_AM_I: identity}.get(register, self._regs.get(register, 0))

    def _fifo_byte(self) -> int:
        """RM 74: the last byte again when it is empty. RM 6A: it cannot be read while FIFO_EN is 0."""
        if self._regs[reg.USER_CTRL] & 0x40 and self._fifo.level:
            self._last_byte = self._fifo.pop()[0]
        return self._last_byte

    def _trim_byte(self, register: int) -> int:
        """RM 0D to 10: XA_TEST[4:2] XG_TEST, the same for y and z, and the low two bits of the three accelerometers."""
        acc, gyr = self._codes[:3].tolist(), self._codes[3:].tolist()
        if register == reg.SELF_TEST_A:
            return int((acc[0] & 3) << 4 | (acc[1] & 3) << 2 | acc[2] & 3)
        axis = register - reg.SELF_TEST_X
        return int(acc[axis] >> 2 << 5 | gyr[axis])

    def _pin(self) -> bool:
        latched = self._regs[reg.INT_PIN_CFG] & 0x20
        active = bool(self._status & self._regs[reg.INT_ENABLE])
        if not latched:
            active = active and self._now_s - self._event_s < reg.PULSE_S
        return active != bool(self._regs[reg.INT_PIN_CFG] & 0x80)  # INT_LEVEL


def _bits(value: int) -> Floats:
    """Bits 7, 6, 5 for x, y, z: RM 1B, 1C."""
    return np.array((value >> 7 & 1, value >> 6 & 1, value >> 5 & 1), float)


def _on(standby: int) -> Counts:
    """0 for an axis in standby, bits 2, 1, 0 for x, y, z: RM 6C."""
    return 1 - np.array((standby >> 2 & 1, standby >> 1 & 1, standby & 1), np.int16)
