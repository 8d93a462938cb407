"""The node's clock and ring: frames byte for byte as wire.py says, on a 32-bit node."""

from __future__ import annotations

import random
import subprocess
from array import array
from collections.abc import Iterator
from typing import Any

import pytest

import node32
from hiphold import wire

PERIOD_NS = 8_333_333
ZERO = array("I", (0, 0))


@pytest.fixture
def ring_module() -> Iterator[Any]:
    with node32.modules("wire", "clock", "ring") as (_, _, ring):
        yield ring


def rows(first: int, count: int) -> array[int]:
    """Samples that carry their number in every column."""
    return array("h", [at % 30000 for at in range(first * 10, (first + count) * 10)])


def put(ring: Any, count: int, at_us: int | None = None) -> int:
    """`count` more samples, on time when `at_us` is not given."""
    at_us = ring.seq_next * PERIOD_NS // 1000 if at_us is None else at_us
    base = array("I", (at_us & 0xFFFFFFFF, at_us >> 32))
    clipped: int = ring.append(rows(ring.seq_next, count), count, base, 0, PERIOD_NS)
    return clipped


def frame(ring: Any, number: int) -> wire.Samples:
    message, end = wire.decode(bytes(ring.frame(number))) or (None, 0)
    assert isinstance(message, wire.Samples)
    assert end == len(ring.frame(number))
    return message


def test_frames_are_what_wire_encodes(ring_module: Any) -> None:
    ring = ring_module.Ring(8)
    ring.boot, ring.temperature_cdegc = 201, -512
    ring.configure(wire.SAMPLES, 1, 3)
    put(ring, 32)
    assert ring.next == 2, "ten samples wait for the eleventh"
    for number in range(2):
        payload = rows(11 * number, 11).tobytes()
        us = 11 * number * PERIOD_NS // 1000
        said = wire.Samples(wire.SAMPLES, 0, 11, 201, 11 * number, us, PERIOD_NS, 1, 3, -512, payload)
        assert bytes(ring.frame(number)) == wire.encode_samples(said)


def test_orientation_frames_hold_the_quaternion_only(ring_module: Any) -> None:
    ring = ring_module.Ring(8)
    ring.configure(wire.ORIENTATION, 1, 3)
    put(ring, 11)
    assert frame(ring, 0).kind == wire.ORIENTATION
    assert frame(ring, 0).payload == b"".join(rows(i, 1)[6:].tobytes() for i in range(11))


@pytest.mark.parametrize("sizes", [[1] * 60, [7, 32, 3, 18], [11] * 5, [32, 28]])
def test_any_batches_give_the_same_frames(ring_module: Any, sizes: list[int]) -> None:
    once, many = ring_module.Ring(20), ring_module.Ring(20)
    for size in sizes:
        put(many, size)
    for _ in range(60):
        put(once, 1)
    assert [bytes(many.frame(n))[24:] for n in range(5)] == [bytes(once.frame(n))[24:] for n in range(5)]
    assert all(abs(frame(many, n).node_us - frame(once, n).node_us) <= 1 for n in range(5))


def test_keeps_the_newest_and_forgets_the_oldest(ring_module: Any) -> None:
    ring = ring_module.Ring(5)
    for frames in range(1, 23):
        put(ring, 11)
        assert (ring.first, ring.next) == (max(0, frames - 4), frames)
        assert ring.frame(ring.first - 1) is None
        assert ring.frame(ring.next) is None
        assert all(frame(ring, n).seq == 11 * n for n in range(ring.first, ring.next))


def test_an_open_frame_does_not_touch_what_is_kept(ring_module: Any) -> None:
    ring = ring_module.Ring(4)
    put(ring, 55)
    kept = [bytes(ring.frame(n)) for n in range(ring.first, ring.next)]
    put(ring, 10)
    assert [bytes(ring.frame(n)) for n in range(ring.first, ring.next)] == kept


def test_finds_the_frame_that_holds_a_sample(ring_module: Any) -> None:
    ring = ring_module.Ring(12)
    chance = random.Random(4)
    for _ in range(40):
        put(ring, chance.randint(1, 11))
        ring.flush()
    holds = {s: n for n in range(ring.first, ring.next) for s in range(frame(ring, n).seq, ring.seq_next)}
    assert all(ring.find(seq) == number for seq, number in holds.items())
    assert ring.find(0) == ring.first, "gone: the first that is kept"
    assert ring.find(ring.seq_next) == ring.next
    assert ring_module.Ring(4).find(0) == 0


@pytest.mark.parametrize("value", [32767, -32768])
@pytest.mark.parametrize("column", range(6))
def test_a_reading_at_the_end_of_its_range_flags_its_frame(ring_module: Any, value: int, column: int) -> None:
    ring = ring_module.Ring(8)
    some = rows(0, 22)
    some[10 * 15 + column] = value
    some[10 * 16 + column] = value
    assert ring.append(some, 22, ZERO, 0, PERIOD_NS) == 2
    assert [frame(ring, n).flags for n in range(2)] == [0, wire.CLIPPED]


def test_nearly_clipped_readings_and_quaternions_of_one_are_not_flagged(ring_module: Any) -> None:
    ring = ring_module.Ring(8)
    some = rows(0, 11)
    some[0], some[1], some[6], some[7] = 32766, -32767, 32767, -32768
    assert ring.append(some, 11, ZERO, 0, PERIOD_NS) == 0
    assert frame(ring, 0).flags == 0


def test_a_mark_starts_a_new_frame_and_flags_that_one_only(ring_module: Any) -> None:
    ring = ring_module.Ring(8)
    put(ring, 4)
    ring.mark(wire.GAP)
    ring.mark(wire.OVERRUN)
    put(ring, 22, at_us=10**6)
    assert [(frame(ring, n).flags, frame(ring, n).count, frame(ring, n).seq) for n in range(3)] == [
        (0, 4, 0),
        (wire.GAP | wire.OVERRUN, 11, 4),
        (0, 11, 15),
    ]
    assert frame(ring, 1).node_us == 10**6


def test_another_kind_starts_a_new_frame(ring_module: Any) -> None:
    ring = ring_module.Ring(8)
    put(ring, 4)
    ring.configure(wire.ORIENTATION, 5, 8)
    put(ring, 11)
    assert [(frame(ring, n).kind, frame(ring, n).count, frame(ring, n).acc_code) for n in range(2)] == [
        (wire.SAMPLES, 4, 0),
        (wire.ORIENTATION, 11, 5),
    ]


def test_time_never_turns_back(ring_module: Any) -> None:
    ring = ring_module.Ring(8)
    put(ring, 11, at_us=2**32 - 50_000)
    put(ring, 11, at_us=2**32 - 50_000)
    last_us = 2**32 - 50_000 + 10 * PERIOD_NS / 1000
    assert last_us + 0.4 * PERIOD_NS / 1000 < frame(ring, 1).node_us < last_us + PERIOD_NS / 1000


def test_the_ring_and_its_frames_fit_the_board(ring_module: Any) -> None:
    ring = ring_module.Ring(219)
    assert len(ring._slots) == 219 * 244 == 53436


STEPS = [1, 2**29 - 1, 0, 7, *[480_000_000] * 40, 123_456_789]


def test_the_clock_does_not_wrap_with_its_ticks(micropython: str) -> None:
    truth = [sum(STEPS[: i + 1]) for i in range(len(STEPS))]
    assert truth[-1] > 2**34
    script = str(node32.REPOSITORY / "tests/micropython/clock_steps.py")
    done = subprocess.run(
        [micropython, script, *map(str, STEPS)], env=node32.ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert [int(word) for word in done.stdout.split()] == truth


def test_the_clock_on_32_bits() -> None:
    with node32.modules("clock", "clock_steps") as (clock, steps):
        words = array("I", (0, 0))
        exact, chance = 2**32 - 10**6, random.Random(1)
        words[0] = exact
        for _ in range(500):
            step = chance.randint(-(2**30), 2**30 - 1) if exact > 2**31 else chance.randint(0, 2**30 - 1)
            before = array("I", words)
            clock.add(words, words, step)
            exact += step
            assert words[1] << 32 | words[0] == exact
            assert clock.is_before(words, before) == (step < 0)
            if abs(step) < 2**29:
                assert clock.difference_us(words, before) == step
        steps.clock = clock
        node = clock.Clock
        clock.time = ticks = steps.Ticks()
        now, total = node(), 0
        for step in STEPS:
            ticks.now += step
            total += step
            now.read(words)
            assert words[1] << 32 | words[0] == total
