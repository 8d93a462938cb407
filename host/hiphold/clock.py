"""A node's clock against the host's, from two-way exchanges (Mills 1991, doi 10.1109/26.103043)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hiphold import wire
from hiphold.samples import Floats

NS = 1_000_000_000
SKEW_FROM_S = 10.0
"""skew is fitted once the exchanges span this"""
SKEW_FROM_EXCHANGES = 4
LEAST_DOUBT_S = 1e-3
"""how far off the fastest exchange may still be"""


@dataclass(frozen=True)
class Clock:
    """host_s = offset_s + rate * node_s, in seconds since the session's first frame and the node's start."""

    offset_s: float
    rate: float = 1.0

    def host_s(self, node_us: Floats) -> Floats:
        """Node time in us to host time in s."""
        return self.offset_s + self.rate * 1e-6 * node_us


@dataclass(frozen=True)
class Exchange:
    """One question and answer."""

    boot: int
    """which start of the node answered"""
    node_s: float
    """the middle of it by the node's clock"""
    ahead_s: float
    """host clock minus node clock then"""
    delay_s: float
    """time on the way, there and back"""


def exchange(message: wire.Time, arrival_s: float, epoch_ns: int) -> Exchange:
    """The exchange that a TIME message ends; arrival_s is since epoch_ns."""
    sent_s = (message.host_us * 1000 - epoch_ns) / NS
    received_s, answered_s = 1e-6 * message.node_rx_us, 1e-6 * message.node_tx_us
    node_s = (received_s + answered_s) / 2
    delay_s = (arrival_s - sent_s) - (answered_s - received_s)
    return Exchange(message.boot, node_s, (sent_s + arrival_s) / 2 - node_s, delay_s)


def fit_clock(exchanges: Sequence[Exchange], least_ahead_s: float) -> Clock:
    """The line through the exchanges, each with weight 1 / (delay - least delay + LEAST_DOUBT_S).

    An exchange is wrong by at most half its delay, so slow ones hardly count. Without any, the fastest frame stands in:
    least_ahead_s = min(arrival - node time), late by one unknown radio delay.
    """
    if not exchanges:
        return Clock(least_ahead_s)
    node_s, ahead_s, delay_s = np.array([(e.node_s, e.ahead_s, e.delay_s) for e in exchanges]).T
    weight = 1 / (delay_s - delay_s.min() + LEAST_DOUBT_S)
    if len(exchanges) < SKEW_FROM_EXCHANGES or np.ptp(node_s) < SKEW_FROM_S:
        return Clock(float(np.average(ahead_s, weights=weight)))
    slope, offset = np.polyfit(node_s - node_s.mean(), ahead_s, 1, w=weight)
    return Clock(float(offset - slope * node_s.mean()), 1 + float(slope))
