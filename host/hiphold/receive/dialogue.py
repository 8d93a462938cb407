"""The host's side of the conversation with one node, whatever carries it: what came, what to say next, and when.

Rule 1: no input or output and no clock in here: the carrier tells what came and when, and asks what is due.
Rule 2: bytes are untrusted; `arrivals` judges samples, a broken packet is counted and changes nothing.
Rule 3: nothing is asked for without end: what a node no longer keeps is lost, and counted as that.

Times are seconds of the carrier's clock; `epoch_ns` is when it read zero, in ns since 1970.
"""

from __future__ import annotations

import math
import random
from collections import deque

import numpy as np

from hiphold import wire
from hiphold.clock import NS, Exchange, exchange, fit_clock
from hiphold.receive.arrivals import Arrivals
from hiphold.receive.resend import Requests

ANSWER_S = 1.0
"""a command without an answer is sent again after this"""
SILENT_S = 2.0
"""a node that should send and does not is told to start again after this"""
DEAD_S = 10.0
"""a link that brings nothing at all for so long is no link"""
INFO_EVERY_S = 30.0
"""battery and faults are asked for this often"""
DENSE_S = 10.0
"""so long after a connection the clock is asked often"""
DENSE_EVERY_S = (0.06, 0.10)
SPARSE_EVERY_S = (0.15, 0.25)
"""then nodes agree within 1 ms after 10 s over connection events 30 ms apart, and within 0.3 ms after 2 minutes"""
SKEW_FROM_S = 30.0
"""how long exchanges must span before they tell how fast a clock runs"""
FINISH_S = 5.0
"""how long the end may take"""
STOP_S = 1.5
"""of which is kept for stopping"""

_DUE = ("clock", "info", "start", "resend", "stop")


class Dialogue:
    """The conversation with one node, over all its connections and restarts."""

    def __init__(self, node: str, epoch_ns: int, seed: int = 0) -> None:
        self.node = node
        self.epoch_ns = epoch_ns
        self.info: wire.Info | None = None
        """what the node last said of itself"""
        self.arrivals = Arrivals()
        self.refusal = ""
        """why this node cannot be received at all, as a sentence; empty when it can"""
        self.problem = ""
        """why it does not send, in words; empty when it does"""
        self.connected_now = self.streaming = self.finished = False
        """there is a link; samples come; there is nothing left to say"""
        self.packets = self.malformed = self.link_losses = 0
        self.packet_s: float | None = None
        """when the last packet came"""
        self._random = random.Random(seed)  # noqa: S311 (it spreads questions over time and keeps no secret)
        self._changed_s = -math.inf  # when the link last came or went
        self._at_s = dict.fromkeys(_DUE, math.inf)
        self._knows_info = self._told_start = self._saw_live = self._told_stop = False  # on this connection
        self._requests = Requests()
        self._token = 0
        self._tokens: deque[int] = deque(maxlen=32)
        self._exchanges: deque[Exchange] = deque(maxlen=512)
        self._finish_by_s = math.inf
        self._version: int | None = None

    # What came of it.

    @property
    def missing(self) -> int:
        """Samples that are missing and can still come."""
        return sum(end - first for first, end in self._missing())

    @property
    def lost(self) -> int:
        """Samples that are lost for good: in the node, or no longer kept by it. Not those while it was off."""
        return self.arrivals.absent - self.missing

    @property
    def skew_ppm(self) -> float | None:
        """How much faster than the host's the node's clock runs, in parts per million; None until that is known."""
        here = [each for each in self._exchanges if each.boot == self.arrivals.said_boot]
        if not here or here[-1].received_s - here[0].received_s < SKEW_FROM_S:
            return None
        return -1e6 * float(fit_clock(here, 0.0).skew(np.array(1e6 * here[-1].received_s)))

    def silent(self, now_s: float) -> bool:
        """Whether the link is one in name only."""
        return self.connected_now and now_s - max(self._changed_s, self.packet_s or -math.inf) > DEAD_S

    # What the carrier tells.

    def connected(self, now_s: float) -> None:
        """There is a link; the conversation begins anew, what came stays."""
        self.connected_now, self._changed_s = True, now_s
        self._knows_info = self._told_start = self._saw_live = self._told_stop = False
        self._version = None
        self._requests.forget()
        self._tokens.clear()
        self._at_s["info"] = now_s
        if self._finish_by_s < math.inf:
            self._at_s["stop"] = now_s

    def disconnected(self, now_s: float) -> None:
        """The link is gone."""
        if not self.connected_now:
            return
        self.connected_now, self._changed_s = False, now_s
        self.streaming = False
        self._quiet()
        self.finished = self.finished or self._told_stop
        self.link_losses += not self.finished

    def received(self, now_s: float, packet: bytes) -> None:
        """One packet, as it came."""
        self.packets += 1
        self.packet_s = now_s
        try:
            messages = wire.messages(packet)
        except wire.WireError:
            self.malformed += 1
            self._judge_version(packet)
            return
        for message in messages:
            self._take(now_s, message)

    def finish(self, now_s: float) -> None:
        """Come to an end: fetch what is missing, stop the node; `finished` at the latest FINISH_S later."""
        self._finish_by_s = min(self._finish_by_s, now_s + FINISH_S)
        long_gone = (
            not self.connected_now and now_s - self._changed_s > FINISH_S
        )  # one that has just gone may come back
        self.finished = self.finished or long_gone or not (self._told_start or self.arrivals.samples)
        self._at_s["stop"] = now_s

    # What to say, and when.

    @property
    def next_s(self) -> float:
        """When something is due next; infinity when nothing is."""
        return min(*self._at_s.values(), self._finish_by_s)

    def due(self, now_s: float) -> list[bytes]:
        """The commands to send now, in this order."""
        self.finished = self.finished or now_s >= self._finish_by_s
        if self.finished or self.refusal or not self.connected_now:
            self._quiet()
            return []
        say = (self._ask_time, self._ask_info, self._start, self._resend, self._stop)
        # A clock question goes first: waiting behind another command would be time on the way.
        return [command for what, each in zip(_DUE, say) if self._at_s[what] <= now_s for command in each(now_s)]

    def _quiet(self) -> None:
        self._at_s = dict.fromkeys(_DUE, math.inf)

    def _ask_time(self, now_s: float) -> list[bytes]:
        dense = now_s - self._changed_s < DENSE_S
        # At a random distance, so that questions do not keep step with the link's own rhythm.
        self._at_s["clock"] = now_s + self._random.uniform(*(DENSE_EVERY_S if dense else SPARSE_EVERY_S))
        self._token = (self._token + 1) & 0xFFFFFFFF
        self._tokens.append(self._token)
        return [wire.encode_command(wire.GET_TIME, self._token, (self.epoch_ns + round(now_s * NS)) // 1000)]

    def _ask_info(self, now_s: float) -> list[bytes]:
        self._at_s["info"] = now_s + ANSWER_S
        return [wire.encode_command(wire.GET_INFO)]

    def _start(self, now_s: float) -> list[bytes]:
        if self.streaming:  # it fell silent: has it started anew?
            self.streaming = False
            self._at_s["info"] = now_s
        self._told_start = True
        self._at_s["start"] = now_s + ANSWER_S
        return [wire.encode_command(wire.START)]

    def _resend(self, now_s: float) -> list[bytes]:
        ranges, self._at_s["resend"] = self._requests.due(now_s, self._missing())
        boot = self.arrivals.boot or 0
        return [wire.encode_command(wire.RESEND, boot, first, end - first) for first, end in ranges]

    def _stop(self, now_s: float) -> list[bytes]:
        waits = self._missing() or not self._saw_live  # only a live frame shows what was missed before it
        if waits and now_s < self._finish_by_s - STOP_S and not self._told_stop:
            self._at_s["stop"] = now_s + 0.05
            return []
        self._told_stop = True
        self._quiet()
        self._at_s["stop"] = now_s + STOP_S / 3
        return [wire.encode_command(wire.STOP)]

    def _missing(self) -> list[tuple[int, int]]:
        return self.arrivals.missing(self.info.ring_samples) if self.info and not self.finished else []

    # What the node says.

    def _take(self, now_s: float, message: object) -> None:
        if isinstance(message, wire.Samples):
            self._take_samples(now_s, message)
        elif isinstance(message, wire.Info):
            self._take_info(now_s, message)
        elif isinstance(message, wire.Time) and message.token in self._tokens:
            self._take_boot(message.boot)
            if found := exchange(message, now_s, self.epoch_ns):
                self._exchanges.append(found)
        elif isinstance(message, wire.Reply):
            self._take_reply(now_s, message)

    def _take_samples(self, now_s: float, message: wire.Samples) -> None:
        if not self.arrivals.take(now_s, message):
            return
        if message.flags & wire.RESENT:
            self._requests.progressed(now_s)
        elif self._told_start and not self._told_stop:
            self.streaming = self._saw_live = True
            self.problem = ""
            self._at_s["start"] = now_s + SILENT_S
        if self.info:
            self.arrivals.settle(self.info.ring_samples)
        if self.connected_now and not self._told_stop and self._missing():
            self._at_s["resend"] = now_s

    def _take_info(self, now_s: float, info: wire.Info) -> None:
        self.info = info
        self._take_boot(info.boot)
        if self._told_stop or not self.connected_now:
            return
        self._at_s["info"] = now_s + INFO_EVERY_S
        if not self._knows_info:
            self._knows_info = True
            self._at_s |= {"clock": now_s, "start": now_s}

    def _take_boot(self, boot: int) -> None:
        if boot != self.arrivals.said_boot:
            self.arrivals.said_boot = boot
            self._requests.forget()

    def _take_reply(self, now_s: float, reply: wire.Reply) -> None:
        if reply.opcode == wire.START and self._told_start and not self._told_stop:
            self.streaming = reply.status == wire.OK
            self.problem = "" if self.streaming else self._why_not(reply.status)
            self._at_s["start"] = now_s + (SILENT_S if self.streaming else ANSWER_S)
            self.finished = self.finished or (self._finish_by_s < math.inf and not self.streaming)
        elif reply.opcode == wire.STOP and self._told_stop:
            self.finished = True
        elif reply.opcode == wire.RESEND and reply.status != wire.OK:
            self._requests.refused(now_s)
        elif reply.opcode == wire.GET_INFO and reply.status != wire.OK:
            self.problem = "the connection carries too short packets; use another adapter, or a cable"

    def _why_not(self, status: int) -> str:
        if status == wire.BUSY:
            return "sends to another computer; stop the recording there"
        if status == wire.FAULT:
            faults = self.info.faults if self.info else 0
            return f"takes no samples ({fault_words(faults) or 'a fault'}); `hiphold node info` says what to do"
        return f"refuses to start (status {status})"

    def _judge_version(self, packet: bytes) -> None:
        """Refuse a node that answers in another version, twice, and has never answered in this one."""
        version = packet[0] & 15 if packet else wire.VERSION
        if self.info is None and version != wire.VERSION:
            if version == self._version:
                self.refusal = refusal(self.node, version)
            self._version = version


def refusal(node: str, version: int) -> str:
    """Why a node of another protocol version cannot be received, and what to update."""
    what = "update hiphold on this computer" if version > wire.VERSION else "install the current firmware on the node"
    return f"{node} speaks version {version} of the protocol, this computer version {wire.VERSION}: {what}."


def fault_words(faults: int) -> str:
    """The bits of `faults` in words; empty for none."""
    return ", ".join(name.replace("_", " ") for bit, name in enumerate(wire.FAULTS) if faults >> bit & 1)
