"""Commands: what a host may ask, who receives, what is sent next. Knows no transport.

Rule 1: a command that is refused changes nothing.
Rule 2: one host receives (`reader`); while it streams, others may ask but not change anything.
"""

import time

import machine
import wire

from host import MAX_WAITING, Host
from stream import MIN_LIMIT
from ticks import ticks_ms, ticks_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from clock import Clock
    from state import State

COMMANDS_PER_TURN = 4  # of one host
RESET_MS = 300  # time for the REPLY to go out
ZERO_MS = 8000  # the measurement takes 3 s; one that a failing bus holds up is given up
TIME_BYTES = 32  # of a TIME message


def reply(opcode: int, status: int) -> bytes:
    """A REPLY message."""
    return wire.encode_reply(wire.Reply(opcode, status))


class Node:
    """What hosts deal with."""

    def __init__(self, state: "State", clock: "Clock", identify: "Callable[[], None]") -> None:
        """identify: show the person which node this is."""
        self.state, self.clock, self.identify = state, clock, identify
        self.settings, self.stream, self.counts = state.settings, state.stream, state.counts
        self.reader: "Host | None" = None
        self._reset_ms: "int | None" = None  # since when it is asked for
        self._zero: "tuple[Host, int] | None" = None  # who waits for the gyroscope's zero, and since when
        self._of_host: "dict[int, Callable[..., int | None]]" = {
            wire.START: self._start,
            wire.STOP: self._stop,
            wire.RESEND: self._resend,
            wire.ZERO_GYRO: self._zero_gyro,
        }
        self._of_node: "dict[int, Callable[..., int]]" = {
            wire.SET_RATE: self._set_rate,
            wire.SET_MODE: self._set_mode,
            wire.SET_PLACEMENT: self._set_placement,
            wire.SET_LID: self._set_lid,
            wire.SET_NAME: self._set_name,
            wire.SET_CALIBRATION: self._set_calibration,
            wire.RESET: self._reset,
        }

    # What hosts send, and what goes to them.

    def serve(self, host: Host) -> bool:
        """Carry out what `host` sent, as far as there is room for the answers. True when there was anything."""
        self.counts["dropped_commands"] += host.dropped
        host.dropped = 0
        for turn in range(COMMANDS_PER_TURN):
            if not host.inbox or len(host.outbox) + len(host.questions) >= MAX_WAITING:
                return turn > 0
            came_us, data = host.inbox.pop(0)
            age_us = time.ticks_diff(ticks_us(), came_us)
            host.outbox += self.answer(data, self.clock.now_us() - age_us, host)
        return True

    def packet(self, host: Host, old: bool = True) -> "bytes | memoryview | None":
        """What to send to `host` next; the same again until `sent`. `old`: may it be a frame asked for again?"""
        if host.outbox:
            return host.outbox[0]
        if host.questions:
            boot, token, host_us, rx_us, _ = host.questions[0]
            return wire.encode_time(wire.Time(boot, token, host_us, rx_us, self.clock.now_us()))
        return self.stream.packet(host.limit, old) if host is self.reader else None

    def sent(self, host: Host) -> bool:
        """The last `packet` went out. True when it was a frame that had been asked for again."""
        if host.outbox or host.questions:
            (host.outbox or host.questions).pop(0)
            return False
        return self.stream.done()

    def gone(self, host: Host) -> None:
        """The host's connection has ended."""
        if host is self.reader:
            self.stream.stop()
            self.reader = None

    def answer(self, data: bytes, rx_us: int, host: Host) -> "list[bytes]":
        """Carry out one command; what to send back, in packets that fit. A clock question goes to host.questions."""
        opcode = data[0] if data else 0
        try:
            args = wire.decode_command(data).args
        except wire.WireError:
            self.counts["bad_commands"] += 1
            return [reply(opcode, wire.BAD_ARGUMENT if opcode in wire.COMMANDS else wire.UNKNOWN_COMMAND)]
        if opcode == wire.GET_TIME:
            if host.limit < TIME_BYTES:
                return [reply(opcode, wire.FAULT)]
            host.questions.append(wire.Time(self.settings.boot, args[0], args[1], rx_us, 0))
            return []
        if opcode == wire.GET_INFO:
            return self._fitting(opcode, host, [self.state.info(), self.state.calibration()])
        if opcode == wire.GET_COUNTERS:
            return self._fitting(opcode, host, [self.state.counters()])
        if opcode == wire.IDENTIFY:
            self.identify()
            return [reply(opcode, wire.OK)]
        if self.stream.live and host is not self.reader:
            return [reply(opcode, wire.BUSY)]
        status = self._of_host[opcode](host, *args) if opcode in self._of_host else self._of_node[opcode](*args)
        self.counts["bad_commands"] += status == wire.BAD_ARGUMENT
        return [] if status is None else [reply(opcode, status)]

    def _fitting(self, opcode: int, host: Host, messages: "list[bytes]") -> "list[bytes]":
        """The messages as packets; a message cannot be divided, so FAULT instead of those that are too long."""
        packets = [message for message in messages if len(message) <= host.limit]
        return packets if len(packets) == len(messages) else packets + [reply(opcode, wire.FAULT)]

    # Commands: each gives a status, or None when the reply comes later.

    def _start(self, host: Host) -> int:
        if not self.state.found or host.limit < MIN_LIMIT:
            return wire.FAULT
        self.stream.start()
        self.reader = host
        return wire.OK

    def _stop(self, host: Host) -> int:
        if host is self.reader:
            self.stream.stop()
        return wire.OK

    def _resend(self, host: Host, boot: int, first: int, count: int) -> int:
        if boot != self.settings.boot:
            return wire.BAD_ARGUMENT
        if host.limit < MIN_LIMIT:
            return wire.FAULT
        if host is not self.reader:  # nobody streams: the node is free
            self.stream.stop()
            self.reader = host
        return wire.OK if self.stream.want(first, count) else wire.BUSY

    def _set_rate(self, rate_hz: int) -> int:
        if rate_hz not in self.state.imu.RATES_HZ:
            return wire.BAD_ARGUMENT
        restart = rate_hz != self.state.rate_hz
        self.settings.rate_hz = rate_hz
        return self._changed(restart)

    def _set_mode(self, mode: int) -> int:
        restart = mode != self.settings.mode
        self.settings.mode = mode
        return self._changed(restart)

    def _set_placement(self, index: int) -> int:
        self.settings.placement = wire.PLACEMENTS[index]
        return self._changed()

    def _set_lid(self, index: int) -> int:
        self.settings.lid = wire.LID_SIDES[index]
        return self._changed()

    def _set_name(self, name: str) -> int:
        self.settings.name = name
        return self._changed()

    def _changed(self, restart: bool = False) -> int:
        self.state.changed(restart)
        return wire.OK

    def _reset(self) -> int:
        self._reset_ms = ticks_ms() if self._reset_ms is None else self._reset_ms
        return wire.OK

    def _set_calibration(self, *values: float) -> int:
        self.state.set_calibration(wire.Calibration(values[:3], values[3:6], values[6:]))
        return wire.OK

    def _zero_gyro(self, host: Host) -> "int | None":
        if self._zero is not None:
            return wire.BUSY
        if not self.state.found:
            return wire.FAULT
        self.state.sampler.begin_zero()
        self._zero = host, ticks_ms()
        return None

    # What is done later.

    def step(self) -> None:
        """Go on with what commands began: restart of the chip, the gyroscope's zero, the reset. Every 50 ms or so."""
        self.state.step()
        if self._zero is not None:
            self._end_zero(*self._zero)
        if self._reset_ms is not None and time.ticks_diff(ticks_ms(), self._reset_ms) >= RESET_MS:
            self.state.save()
            machine.reset()

    def _end_zero(self, host: Host, since_ms: int) -> None:
        found, status = self.state.sampler.zero_result(), wire.FAULT
        if found is None and time.ticks_diff(ticks_ms(), since_ms) < ZERO_MS:
            return
        if isinstance(found, tuple):
            self.state.set_zero(found)
            status = wire.OK
        self._zero = None
        host.outbox.append(reply(wire.ZERO_GYRO, status))
