"""LSM6DSV16X as its datasheet DS13510 and application note AN5763 describe it, seen from I2C.

AN is AN5763. Not modelled, and refused as MisuseError: FIFO compression, ODR-triggered and high-accuracy modes, EIS,
OIS, Qvar, sensor hub, MLC, FSM, tap, the bias and gravity outputs of SFLP.
"""

from __future__ import annotations

import numpy as np

from hiphold.samples import G_MPS2, Floats
from hiphold.simulation.sensor import DPS_RADPS, MG_MPS2
from rig.chips import lsm6dsv16x_map as reg
from rig.chips.model import Chip, Flaws, MisuseError, Skin
from rig.chips.parts import Counts, Indices, Stimulus, counts, every
from rig.chips.sflp import Sflp


class Model(Chip):
    """One specimen."""

    ADDRESS = 0x6A  # SA0 low; 0x6B with SA0 high
    MAP = reg.MAP

    def __init__(self, skin: Skin, flaws: Flaws | None = None) -> None:
        super().__init__(skin, flaws)
        # Offsets in the middle of the datasheet's self-test range (table 3: 50 to 1700 mg, 150 to 700 dps at 2000 dps).
        weak = 0.05 if self.flaws.self_test_fails else 1.0
        self._acc_offset = weak * self._trim.uniform(300.0, 900.0, 3) * MG_MPS2
        self._gyr_offset = weak * self._trim.uniform(250.0, 550.0, 3) * DPS_RADPS
        self._start()

    def _start(self) -> None:
        self._forget()
        self._fifo.shape(7, reg.WORDS)
        self._ticks.start(self._now_s, np.inf)
        self._acc_test, self._gyr_test = Stimulus(), Stimulus()
        self._busy_until_s = self._now_s
        self._gyr_from_s = np.inf
        self._acc = self._gyr = np.zeros(3, np.int16)
        self._ready, self._slot, self._wake, self._quick = 0, 0, 0, 0
        self._overrun = self._latched = False
        self._sflp: Sflp | None = None
        self._before: Counts | None = None

    def _rate(self, register: int) -> float:
        """Hz that CTRL1 or CTRL2 asks for."""
        code, mode = self._regs[register] & 15, self._regs[register] >> 4
        if code >= len(reg.RATES_HZ) or mode not in ((0, 4, 5, 6, 7) if register == reg.CTRL1 else (0, 5)):
            raise MisuseError(f"mode {mode} or rate {code} in CTRL{register - 15} is reserved or not modelled")
        return float(reg.RATES_HZ[code])

    def _base_hz(self) -> float:
        return max(self._rate(reg.CTRL1), self._rate(reg.CTRL2))

    # Writing

    def _key(self, register: int) -> int:
        embedded = self._regs[reg.FUNC_CFG_ACCESS] & 0x80 and register != reg.FUNC_CFG_ACCESS
        return register | 0x100 if embedded else register

    def _put(self, register: int, value: int) -> None:
        if self._now_s < self._busy_until_s:
            raise MisuseError("written to while it resets; wait until SW_RESET is 0")
        key = self._key(register)
        before = self._store(key, value)
        if key in (reg.CTRL1, reg.CTRL2):
            self._switch(key, before)
        elif (key == reg.CTRL3 and value & 0x81) or (key == reg.FUNC_CFG_ACCESS and value & 0x04):
            self._start()
            self._busy_until_s = self._now_s + (reg.RESET_S if key == reg.CTRL3 and value & 1 else reg.BOOT_S)
        elif key == reg.CTRL10:
            self._acc_test.aim(self._acc_offset * (0, 1, -1, 0)[value & 3], self._now_s)
            self._gyr_test.aim(self._gyr_offset * (0, 1, -1, 0)[value >> 2], self._now_s)
        elif key == reg.FIFO_CTRL4 and value & 7 not in (0, 1, 6):
            raise MisuseError("a FIFO mode that is not modelled")
        elif key == reg.FIFO_CTRL4 and value & 7 == 0:  # bypass empties it
            self._fifo.shape(7, reg.WORDS)
            self._overrun = self._latched = False
        elif key in (reg.EMB_FUNC_EN_A, reg.EMB_FUNC_INIT_A, reg.SFLP_ODR):
            self._set_fusion()

    def _switch(self, register: int, before: int) -> None:
        """A sensor's rate changes: the clock that both share begins anew."""
        base_hz = self._base_hz()
        true_hz = base_hz * (1.0 + self.flaws.rate_error)
        self._ticks.start(self._now_s, 1.0 / true_hz if base_hz else np.inf)
        if register == reg.CTRL1:
            self._before = None
        elif not before & 15:
            self._gyr_from_s = self._now_s + reg.GYR_START_S

    def _set_fusion(self) -> None:
        """The algorithm begins from nothing whenever it is switched on or told to."""
        self._regs[reg.EMB_FUNC_INIT_A] = 0
        code = self._regs[reg.SFLP_ODR] >> 3 & 7
        if code >= len(reg.SFLP_RATES_HZ):
            raise MisuseError(f"SFLP rate {code} is reserved")
        self._sflp = Sflp(reg.SFLP_RATES_HZ[code]) if self._regs[reg.EMB_FUNC_EN_A] & 2 else None
        self._sflp_hz = reg.SFLP_RATES_HZ[code]

    # Sampling

    def _sample(self, k: Indices, time_s: Floats) -> None:
        base_hz, acc_hz, gyr_hz = self._base_hz(), self._rate(reg.CTRL1), self._rate(reg.CTRL2)
        force, rate = self._measure(time_s, acc_hz / 2.0, gyr_hz / 2.0)
        acc_unit = float(reg.ACC_G[self._regs[reg.CTRL8] & 3] * G_MPS2)
        gyr_unit = float(reg.GYR_DPS[self._regs[reg.CTRL6] & 15] * DPS_RADPS)
        acc, gyr = counts(force, acc_unit), counts(rate, gyr_unit)
        acc_due, settled = every(k, base_hz, acc_hz), time_s >= self._gyr_from_s
        gyr_due = every(k, base_hz, gyr_hz)
        if acc_due.any():
            self._detect_wake(acc[acc_due], acc_unit)
            self._acc, self._ready = acc[acc_due][-1], self._ready | 1
        if (gyr_due & settled).any():
            self._gyr, self._ready = gyr[gyr_due & settled][-1], self._ready | 2
        self._ready |= 4  # TDA
        fused = np.zeros((len(k), 3), np.int16)
        fuse = np.zeros(len(k), bool)
        if self._sflp and acc_hz and gyr_hz:
            fuse = every(k, base_hz, self._sflp_hz) & settled
            fused[fuse] = self._sflp.update(gyr_unit * gyr[fuse].astype(float), acc_unit * acc[fuse].astype(float))
        if self._regs[reg.FIFO_CTRL4] & 7:
            masked = bool(self._regs[reg.CTRL4] & 8)
            gyr[~settled] = reg.NOT_SETTLED
            acc_bdr, gyr_bdr = (reg.RATES_HZ[self._regs[reg.FIFO_CTRL3] >> shift & 15] for shift in (0, 4))
            batch_fused = bool(self._regs[reg.EMB_FUNC_FIFO_EN_A] & 2)
            columns = [
                (reg.GYR, gyr, gyr_due & (settled | masked) & every(k, base_hz, gyr_bdr)),
                (reg.ACC, acc, acc_due & every(k, base_hz, acc_bdr)),
                (reg.GAME, fused, fuse & batch_fused),
                (reg.TEMPERATURE, self._temperatures(len(k)), every(k, base_hz, self._temperature_hz())),
                (reg.TIMESTAMP, self._stamps(time_s), every(k, base_hz, self._stamp_hz(base_hz))),
            ]
            self._batch(columns)

    def _batch(self, columns: list[tuple[int, Counts, np.ndarray]]) -> None:
        """Words into the FIFO. All of one instant bear one TAG_CNT; bit 0 of the tag is not used."""
        present = np.stack([due for _, _, due in columns], axis=1)
        used = present.any(axis=1)
        slots = self._slot + np.cumsum(used)
        self._slot = int(slots[-1]) & 3
        words = np.zeros((*present.shape, 7), np.uint8)
        for column, (sensor, values, _) in enumerate(columns):
            words[:, column, 0] = sensor << 3 | (slots & 3) << 1
            words[:, column, 1:] = np.ascontiguousarray(values, "<i2").view(np.uint8)
        if self._fifo.push(words[present].tobytes(), self._regs[reg.FIFO_CTRL4] & 7 == 1):
            self._overrun = self._latched = True

    def _temperature_hz(self) -> float:
        return (0, 1.875, 15, 60)[self._regs[reg.FIFO_CTRL4] >> 4 & 3]

    def _temperatures(self, n: int) -> Counts:
        rows = np.zeros((n, 3), np.int16)
        rows[:, 0] = self._temperature()
        return rows

    def _stamp_hz(self, base_hz: float) -> float:
        on = self._regs[reg.FUNCTIONS_ENABLE] & 0x40
        return base_hz / (1, 1, 8, 32)[self._regs[reg.FIFO_CTRL4] >> 6] if on and self._regs[reg.FIFO_CTRL4] >> 6 else 0

    def _stamps(self, time_s: Floats) -> Counts:
        """AN, "Timestamp": 21.7 us per count, by the chip's own clock."""
        rows = np.zeros((len(time_s), 3), "<i2")
        rows[:, :2] = self._ticks_of(time_s).astype("<u4")[:, None].view("<i2")
        return rows

    def _ticks_of(self, time_s: Floats) -> Indices:
        return np.floor(time_s * (1.0 + self.flaws.rate_error) * 46080.0).astype(np.int64) & 0xFFFFFFFF

    def _detect_wake(self, acc: Counts, unit_mps2: float) -> None:
        """AN, "Wake-up interrupt": half the difference of two samples, against the threshold, for a while."""
        before = acc[:1] if self._before is None else self._before
        slope = np.abs(np.diff(np.concatenate((before, acc)).astype(float), axis=0)) / 2.0 * unit_mps2
        self._before = acc[-1:]
        weight = reg.WAKE_MG[self._regs[reg.INACTIVITY_DUR] >> 4 & 7] * MG_MPS2
        over = slope > (self._regs[reg.WAKE_UP_THS] & 0x3F) * weight
        if not self._regs[reg.FUNCTIONS_ENABLE] & 0x80:
            return
        for axes in over:
            self._quick = self._quick + 1 if axes.any() else 0
            awake = self._quick > (self._regs[reg.WAKE_UP_DUR] >> 5 & 3)
            source = 8 | int(axes @ (4, 2, 1)) if awake else 0
            self._wake = source or (self._wake if self._regs[reg.TAP_CFG0] & 1 else 0)

    # Reading

    def _after(self, register: int) -> int:
        if register == reg.FIFO_DATA_OUT_Z_H:  # AN, "FIFO reading": rolls over, so that one burst reads many words
            return reg.FIFO_DATA_OUT_TAG
        return register + (self._regs[reg.CTRL3] >> 2 & 1)  # IF_INC

    def _temperature(self) -> int:
        return round((self.flaws.temperature_degc - 25.0) * 256.0)

    def _get(self, register: int) -> int:
        key = self._key(register)
        if reg.FIFO_DATA_OUT_TAG <= key <= reg.FIFO_DATA_OUT_Z_H:
            word = bytes(self._fifo.data[:7]) or bytes(7)  # empty: tag 0
            if key == reg.FIFO_DATA_OUT_Z_H:
                self._fifo.pop()
                self._overrun = False
            return word[key - reg.FIFO_DATA_OUT_TAG]
        if reg.OUT_TEMP_L <= key < reg.OUTX_L_A + 6:
            return self._output(key)
        if reg.TIMESTAMP0 <= key < reg.TIMESTAMP0 + 4:
            stamp = int(self._ticks_of(np.array((self._now_s,)))[0]) if self._regs[reg.FUNCTIONS_ENABLE] & 0x40 else 0
            return stamp >> 8 * (key - reg.TIMESTAMP0) & 0xFF
        if key in (reg.FIFO_STATUS1, reg.FIFO_STATUS2):
            return self._fifo_status(key)
        if key in (reg.WAKE_UP_SRC, reg.ALL_INT_SRC):
            source, self._wake = self._wake, 0
            return source if key == reg.WAKE_UP_SRC else source >> 2 & 2
        if key == reg.CTRL3:
            return self._regs[reg.CTRL3] | (self._now_s < self._busy_until_s)
        if key == reg.WHO_AM_I:
            return 0x70 if self.flaws.who_am_i is None else self.flaws.who_am_i
        fine = round(self.flaws.rate_error / reg.FREQ_FINE) & 0xFF
        return {reg.STATUS_REG: self._ready, reg.INTERNAL_FREQ: fine}.get(key, self._regs.get(key, 0))

    def _output(self, register: int) -> int:
        """Output registers; a high byte takes its "data ready" back."""
        rows = np.concatenate(((self._temperature(),), self._gyr, self._acc)).astype("<i2").tobytes()
        if register & 1:
            self._ready &= ~(4 if register < reg.OUTX_L_G else 2 if register < reg.OUTX_L_A else 1)
        return rows[register - reg.OUT_TEMP_L]

    def _fifo_status(self, register: int) -> int:
        level, mark = self._fifo.level, self._regs[reg.FIFO_CTRL1]
        if register == reg.FIFO_STATUS1:
            return level & 0xFF
        latched, self._latched = self._latched, False
        return (0 < mark <= level) << 7 | self._overrun << 6 | (level >= reg.WORDS) << 5 | latched << 3 | level >> 8

    def _pin(self) -> bool:
        status, enabled = self._ready & 3, self._regs[reg.INT1_CTRL]
        level = self._fifo.level
        status |= (0 < self._regs[reg.FIFO_CTRL1] <= level) << 3 | (level >= reg.WORDS) * 0x30
        woken = bool(self._wake and self._regs[reg.MD1_CFG] & 0x20)
        active = bool(status & enabled) or woken
        return active != bool(self._regs[reg.IF_CFG] & 0x10)  # H_LACTIVE
