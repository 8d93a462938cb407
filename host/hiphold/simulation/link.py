"""The radio between a node and the host: delays, losses, holes, and frames that come late because sent again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiphold import wire
from hiphold.samples import Bools, Floats, Frame, Interval

HOLE_S = (0.06, 0.3)  # bounds of a random hole
LATE_S = (0.05, 0.5)  # bounds of the extra delay of a frame that is sent again


@dataclass(frozen=True)
class Packet:
    """What a node hands to its radio."""

    sent_s: float
    """session time"""
    data: bytes
    resendable: bool = False
    """samples, which the node keeps and can send again"""
    certain: bool = False
    """read by the host until it has it"""


@dataclass(frozen=True)
class Link:
    """Settings of one node's radio link."""

    loss: float = 0.0
    """probability that a packet never arrives"""
    late: float = 0.0
    """probability that a frame of samples is lost at first and arrives after its successors, flagged RESENT"""
    holes: tuple[Interval, ...] = ()
    """(start_s, duration_s) in session time where nothing gets through"""
    holes_per_min: float = 0.0
    """random holes of 60 to 300 ms"""
    base_delay_s: float = 0.004
    jitter_s: float = 0.026
    """delays lie between the base and this much more, most of them near the base"""
    asymmetry_s: float = 0.0
    """how much longer the way from the host to the node takes: the two-way exchanges cannot show it, and put the node's
    samples half of it too early"""

    def delays_s(self, rng: np.random.Generator, n: int) -> Floats:
        """(n,) random times on the air, both directions independently."""
        return np.asarray(self.base_delay_s + self.jitter_s * rng.uniform(0.0, 1.0, n) ** 2)

    def all_holes(self, rng: np.random.Generator, duration_s: float) -> list[Interval]:
        """(start_s, end_s) of the given and the random holes."""
        n = rng.poisson(self.holes_per_min * duration_s / 60.0)
        chance = zip(rng.uniform(0.0, duration_s, n), rng.uniform(*HOLE_S, n))
        return [(float(start), float(start + length)) for start, length in (*self.holes, *chance)]


def _resent(data: bytes) -> bytes:
    again = (m._replace(flags=m.flags | wire.RESENT) for m in wire.messages(data) if isinstance(m, wire.Samples))
    return b"".join(wire.encode_samples(message) for message in again)


def _arrivals_s(packets: list[Packet], link: Link, late: Bools, rng: np.random.Generator) -> Floats:
    """A link keeps the order of what it sends; only what is sent again comes later."""
    n = len(packets)
    arrival = np.array([packet.sent_s for packet in packets]) + link.delays_s(rng, n)
    extra = rng.uniform(*LATE_S, n)
    in_order = np.maximum.accumulate(np.where(late, -np.inf, arrival))
    return np.where(late, np.maximum(arrival, in_order) + extra, in_order)


def deliver(packets: list[Packet], link: Link, node: str, epoch_ns: int, rng: np.random.Generator) -> list[Frame]:
    """What reaches the host of one node's packets, in order of arrival.

    `epoch_ns`: ns since 1970 when the session began.
    """
    packets = sorted(packets, key=lambda packet: packet.sent_s)
    sent = np.array([packet.sent_s for packet in packets])
    chance = rng.uniform(0.0, 1.0, (2, len(packets)))
    lost = chance[0] < link.loss
    for start, end in link.all_holes(rng, float(sent[-1])):
        lost |= (sent >= start) & (sent < end)
    lost &= ~np.array([packet.certain for packet in packets])
    late = (chance[1] < link.late) & np.array([packet.resendable for packet in packets])
    arrival_ns = epoch_ns + np.rint(_arrivals_s(packets, link, late, rng) * 1e9).astype(np.int64)
    frames = [
        Frame(node, int(arrival_ns[i]), _resent(packets[i].data) if late[i] else packets[i].data)
        for i in np.flatnonzero(~lost)
    ]
    return sorted(frames, key=lambda frame: frame.arrival_ns)
