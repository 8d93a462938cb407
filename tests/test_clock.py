"""A node's clock against the host's: what exchanges tell, and what stands in for them."""

from __future__ import annotations

import numpy as np
import pytest

from hiphold import wire
from hiphold.clock import SKEW_FROM_EXCHANGES, SKEW_FROM_S, Clock, Exchange, exchange, fit_clock

EPOCH_NS = 1_700_000_000 * 10**9
OFFSET_S, RATE = -123.456, 1 + 30e-6
"""host = OFFSET_S + RATE * node"""


def answered(node_s: float, there_s: float, back_s: float, boot: int = 1) -> Exchange:
    """An exchange that met these delays, through the message that it is made of."""
    host_s = OFFSET_S + RATE * node_s
    sent_us = EPOCH_NS // 1000 + round((host_s - there_s) * 1e6)
    node_us = round(node_s * 1e6)
    return exchange(wire.Time(boot, 7, sent_us, node_us, node_us), host_s + back_s, EPOCH_NS)


def test_one_exchange_in_numbers() -> None:
    """Asked at 10 s, received at 100.020 and answered at 100.021 by the node, back at 10.031: 15 ms each way."""
    message = wire.Time(3, 7, EPOCH_NS // 1000 + 10_000_000, 100_020_000, 100_021_000)
    found = exchange(message, 10.031, EPOCH_NS)
    assert found.boot == 3
    assert found.node_s == pytest.approx(100.0205)
    assert found.delay_s == pytest.approx(0.030)
    assert found.ahead_s == pytest.approx(10.0155 - 100.0205)


def test_a_clock_turns_node_microseconds_into_host_seconds() -> None:
    np.testing.assert_allclose(Clock(-5.0, 1.5).host_s(np.array((0.0, 4e6))), (-5.0, 1.0))


def test_offset_and_skew_come_back_from_even_delays() -> None:
    exchanges = [answered(200.0 + 2 * i, 0.01, 0.01) for i in range(20)]
    clock = fit_clock(exchanges, least_ahead_s=99.0)
    assert clock.rate - 1 == pytest.approx(30e-6, abs=1e-7)
    for node_s in (200.0, 240.0, 600.0):
        assert clock.host_s(np.array(node_s * 1e6)) == pytest.approx(OFFSET_S + RATE * node_s, abs=5e-5)


def test_noisy_and_uneven_delays_cost_about_a_millisecond() -> None:
    """60 exchanges in 2 minutes; each way 4 to 30 ms, most near 4, as the radio does it."""
    off_s = []
    for seed in range(40):
        ways = 0.004 + 0.026 * np.random.default_rng(seed).uniform(0, 1, (60, 2)) ** 2
        clock = fit_clock([answered(200.0 + 2 * i, *ways[i]) for i in range(60)], least_ahead_s=99.0)
        off_s.append(clock.host_s(np.array((200e6, 260e6))) - (OFFSET_S + RATE * np.array((200.0, 260.0))))
    at_start_s, in_the_middle_s = np.sqrt(np.mean(np.square(off_s), axis=0))
    assert at_start_s < 2e-3
    assert in_the_middle_s < 1e-3


def test_slow_exchanges_are_not_listened_to() -> None:
    """Two in five were held up for up to a second on the way back; the line is that of the others."""
    rng = np.random.default_rng(1)
    fast = [answered(200.0 + 2 * i, 0.005, 0.005) for i in range(12)]
    slow = [answered(201.0 + 2 * i, 0.005, 0.3 + 0.7 * rng.uniform()) for i in range(8)]
    clock = fit_clock([*slow, *fast], least_ahead_s=99.0)
    assert clock.host_s(np.array(220e6)) == pytest.approx(OFFSET_S + RATE * 220.0, abs=5e-5)
    assert clock.rate - 1 == pytest.approx(30e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("count", "step_s"), [(SKEW_FROM_EXCHANGES - 1, SKEW_FROM_S), (SKEW_FROM_EXCHANGES + 4, SKEW_FROM_S / 10)]
)
def test_few_or_close_exchanges_give_an_offset_and_no_skew(count: int, step_s: float) -> None:
    clock = fit_clock([answered(200.0 + step_s * i, 0.01, 0.01) for i in range(count)], least_ahead_s=99.0)
    assert clock.rate == 1.0
    middle_s = 200.0 + step_s * (count - 1) / 2
    assert clock.host_s(np.array(middle_s * 1e6)) == pytest.approx(OFFSET_S + RATE * middle_s, abs=1e-5)


def test_without_exchanges_the_fastest_frame_stands_in() -> None:
    clock = fit_clock([], least_ahead_s=-42.0)
    assert clock == Clock(-42.0, 1.0)
