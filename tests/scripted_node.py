"""A node as the protocol describes it, for tests of the receiving side: a ring of samples and answers to commands."""

from __future__ import annotations

import struct
from collections import deque

from hiphold import wire

CALIBRATION = wire.Calibration((0.0,) * 3, (0.0,) * 3, (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))


class ScriptedNode:
    """Samples at rate_hz since it was made or started anew, whoever listens; times are the caller's."""

    def __init__(self, now_s: float = 0.0, rate_hz: int = 100, ring_samples: int = 2400, skew_ppm: float = 0.0) -> None:
        self.rate_hz, self.ring_samples, self.skew_ppm = rate_hz, ring_samples, skew_ppm
        self.boot = 6
        self.placement, self.name, self.faults, self.start_status = "thigh_left", "hip-1", 0, wire.OK
        self.version = wire.VERSION
        self.commands: list[int] = []
        self.restart(now_s)

    def restart(self, now_s: float) -> None:
        """Power off and on."""
        self.boot = (self.boot + 1) % 256
        self._zero_s = now_s
        self.seq = 0
        self.holes_us = 0  # time without samples, inside the node
        self._flags = 0  # of the next frame
        self._frames: deque[wire.Samples] = deque()
        self.disconnected()

    def disconnected(self) -> None:
        self.started = False
        self._again: deque[wire.Samples] = deque()

    def clock_us(self, now_s: float) -> int:
        return round((now_s - self._zero_s) * 1e6 * (1 + 1e-6 * self.skew_ppm))

    @property
    def period_ns(self) -> int:
        return 10**9 // self.rate_hz

    def forget(self) -> None:
        """Keep nothing of what was taken, whatever INFO says."""
        self._frames.clear()

    def stall(self, samples: int) -> None:
        """So many samples are never taken."""
        self.holes_us += samples * self.period_ns // 1000
        self._flags = wire.OVERRUN

    def packets(self, now_s: float, again: int = 4) -> list[bytes]:
        """What goes out by now: whole live frames, then some that were asked for again."""
        sent = []
        while self._taken_us(self.seq + wire.MAX_SAMPLES) <= self.clock_us(now_s):
            frame = self._frame()
            self._frames.append(frame)
            while self.seq - self._frames[0].seq > self.ring_samples:
                self._frames.popleft()
            if self.started:
                sent.append(wire.encode_samples(frame))
        for _ in range(min(again, len(self._again))):
            frame = self._again.popleft()
            sent.append(wire.encode_samples(frame._replace(flags=frame.flags | wire.RESENT)))
        return sent

    def _taken_us(self, seq: int) -> int:
        return self.holes_us + seq * self.period_ns // 1000

    def _frame(self) -> wire.Samples:
        n, seq = wire.MAX_SAMPLES, self.seq
        payload = b"".join(struct.pack("<10h", seq & 0x7FFF, k, 4098, 0, 0, 0, 0, 0, 0, 0) for k in range(n))
        self.seq += n
        flags, self._flags = self._flags, 0
        return wire.Samples(
            wire.SAMPLES, flags, n, self.boot, seq, self._taken_us(seq), self.period_ns, 5, 8, 2500, payload
        )

    def info(self) -> wire.Info:
        chip = "icm42688p"
        about = self.boot, self.placement, "right", chip, (1, 0, 0), self.faults, 3900, self.rate_hz
        return wire.Info(*about, self.ring_samples, self.name)

    def answer(self, now_s: float, command: bytes) -> list[bytes]:
        """The packets that a command brings."""
        asked = wire.decode_command(command)
        self.commands.append(asked.opcode)
        if asked.opcode == wire.GET_INFO:
            packet = wire.encode_info(self.info()) + wire.encode_calibration(CALIBRATION)
            return [bytes([packet[0] & 0xF0 | self.version]) + packet[1:]]
        if asked.opcode == wire.GET_TIME:
            token, host_us = asked.args
            us = self.clock_us(now_s)
            return [wire.encode_time(wire.Time(self.boot, token, host_us, us, us + 300))]
        return [wire.encode_reply(wire.Reply(asked.opcode, self._do(asked)))]

    def _do(self, asked: wire.Command) -> int:
        if asked.opcode == wire.START:
            self.started = self.start_status == wire.OK
            return self.start_status
        if asked.opcode == wire.STOP:
            self.disconnected()
            return wire.OK
        if asked.opcode == wire.RESEND:
            boot, first, count = asked.args
            if boot != self.boot:
                return wire.BAD_ARGUMENT
            self._again += [f for f in self._frames if f.seq < first + count and first < f.seq + f.count]
            return wire.OK
        return wire.UNKNOWN_COMMAND
