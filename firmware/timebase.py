"""When samples were taken: the line of sample number against the node's clock, and nothing else.

The chip samples by its own oscillator, which is up to 5 % off and moves with temperature. All that is known of it
is how many samples it had taken at the moment its FIFO level was read: the newest of them is then between zero and
one period old. A growing-memory alpha-beta filter (Brookner 1998, "Tracking and Kalman Filtering Made Easy",
ISBN 0-471-18407-1, chapter 6) puts a line through these readings; where a reading proves the line wrong,
because a sample came before it was due or was overdue, the proof weighs more than the mean.

Every number here stays under 2**30, the small int of a 32-bit MicroPython: nothing is allocated. That is also why
time is told from the latest reading backwards. Plain Python, the same on CPython.
"""

UNIT = 16000  # parts of a microsecond: the period is kept in 1/16 ns
POLL_US = 43500  # mean time between readings; scales the gain of the period only
FIRST, LAST = 4, 512  # readings of memory: at the start, where the nominal period is good to some percent, and at most
ROUGH = 16  # up to here the line may be off by more than a sample: nothing is proven, residuals are not cut
SETTLED = 200  # readings after which corrections are slewed
SLEW_US = 150  # largest correction at one reading from then on; a frame of 11 samples sees at most six readings
FAR_US = 20000  # residuals beyond are cut there, so that products stay small
FAR_BEHIND_US = 4000000  # a line this far behind starts anew: it cannot tell which sample is which any more


class TimeBase:
    """`newest_us`: when the newest sample was taken, as microseconds after the latest reading (so mostly negative)."""

    def __init__(self, rate_hz: int) -> None:
        self._nominal = UNIT * 1000 // rate_hz * 1000 + UNIT * 1000 % rate_hz * 1000 // rate_hz
        self._period = self._nominal
        self.anchor()

    def anchor(self) -> None:
        """Forget where the samples lie, not how far apart: the next reading with a sample starts a new line."""
        self._memory = 0
        self.newest_us = 0
        self._part = 0  # of a microsecond, in UNITs

    @property
    def period_ns(self) -> int:
        """Time between two samples."""
        return self._period >> 4

    @property
    def is_anchored(self) -> bool:
        """Whether there was a reading with a sample since the start or `anchor`."""
        return self._memory > 0

    def span_us(self, samples: int) -> int:
        """How long `samples` periods last."""
        return samples * (self._period // UNIT) + samples * (self._period % UNIT) // UNIT

    def advance(self, elapsed_us: int, samples: int) -> None:
        """`elapsed_us` after the last reading there are `samples` more samples."""
        part = self._part + samples * (self._period % UNIT)
        self._part = part % UNIT
        self.newest_us += samples * (self._period // UNIT) + part // UNIT - elapsed_us

    def is_clear(self, late_us: int) -> bool:
        """Whether a reading `late_us` before the last `advance` was at least an eighth of a period from any sample."""
        period_us = self._period // UNIT
        phase_us = (-late_us - self.newest_us) % period_us
        return not self.is_anchored or period_us <= 8 * phase_us <= 7 * period_us

    def lost(self, waiting: int, late_us: int) -> int:
        """How many samples are missing besides the `waiting` ones at that reading; the line moves on by as many."""
        age_us = -late_us - self.newest_us
        if not self.is_anchored:
            return 0
        lost = max(0, age_us // (self._period // UNIT) - waiting)
        if age_us > FAR_BEHIND_US:
            self.anchor()
        else:
            self.advance(0, lost)
        return lost

    def observe(self, late_us: int) -> None:
        """Fit the line to a reading `late_us` microseconds before the latest call of `advance`, between two samples."""
        period_us = self._period // UNIT
        if self._memory == 0:
            self.newest_us = -late_us - period_us // 2
            self._memory = FIRST
            return
        age_us = max(-FAR_US, min(FAR_US + period_us, -late_us - self.newest_us))
        proof_us = min(age_us, 0) + max(age_us - period_us, 0)
        self._correct(age_us - period_us // 2, proof_us)
        if self._memory < LAST:
            self._memory += 1

    def _correct(self, residual_us: int, proof_us: int) -> None:
        """Move and turn the line: by the filter's share of the residual, and by all that is proven wrong."""
        k = self._memory
        half_us = self._period // (2 * UNIT)
        if k <= ROUGH:
            residual_us = max(-FAR_US, min(FAR_US, residual_us))
            proof_us = 0
        else:  # half the filter's gains: together with the proofs, that came out best
            residual_us = max(-half_us, min(half_us, residual_us)) // 2
        move = residual_us * (((4 * k - 2) << 14) // (k * (k + 1)))  # alpha = 2 (2 k - 1) / (k (k + 1)), in us / 2**14
        move += proof_us << 14
        if k >= SETTLED:  # a line that is off by a whole sample after an overrun slides back; its slope was right
            move = max(-SLEW_US << 14, min(SLEW_US << 14, move))
            proof_us = max(-SLEW_US, min(SLEW_US, proof_us))
        part = self._part + ((move & 16383) * UNIT >> 14)
        self._part = part % UNIT
        self.newest_us += (move >> 14) + part // UNIT
        self._turn(residual_us, proof_us, (POLL_US + half_us) // (2 * half_us))

    def _turn(self, residual_us: int, proof_us: int, samples: int) -> None:
        """Correct the period, `samples` to a reading: by beta = 6 / (k (k + 1)) and, for a proof, beta / alpha."""
        k = self._memory
        turn = _rounded(residual_us * 48000, k * (k + 1) // 2 * samples)
        turn += _rounded(proof_us * 48000, (2 * k - 1) * samples)
        room = self._nominal >> 3
        self._period = max(self._nominal - room, min(self._nominal + room, self._period + turn))


def _rounded(dividend: int, divisor: int) -> int:
    return (dividend + divisor // 2) // divisor
