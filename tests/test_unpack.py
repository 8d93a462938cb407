"""Full frames taken apart all at once against the protocol's own decoder."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiphold import wire
from hiphold.samples import Frame
from hiphold.unpack import FULL_FRAME, NodeLog, in_order

HEADER = FULL_FRAME.names[:-1] if FULL_FRAME.names else ()
full_frames = st.binary(min_size=FULL_FRAME.itemsize - 1, max_size=FULL_FRAME.itemsize - 1).map(
    lambda rest: bytes([wire.SAMPLES << 4 | wire.VERSION]) + rest
)


def frame(data: bytes) -> Frame:
    return Frame("a", 0, data)


def sound(seq: int, **fields: int) -> bytes:
    said = {"boot": 1, "node_us": 10_000 * seq, "period_ns": 10_000_000, "acc_code": 1, "gyr_code": 3, **fields}
    message = wire.Samples(
        kind=wire.SAMPLES,
        flags=0,
        count=wire.MAX_SAMPLES,
        seq=seq,
        temperature_cdegc=0,
        payload=bytes(range(wire.MAX_SAMPLES * wire.SAMPLE_SIZE)),
        **said,
    )
    return wire.encode_samples(message)


@given(full_frames)
def test_the_table_has_the_fields_of_the_protocol(data: bytes) -> None:
    row = np.frombuffer(data, FULL_FRAME)[0]
    assert tuple(row[name].item() for name in HEADER) == struct.unpack_from("<BBBBIQIBBh", data)


@given(full_frames)
def test_what_the_protocol_refuses_is_refused(data: bytes) -> None:
    log = NodeLog("a")
    log.add(frame(data), 0)
    rows = log.take()
    try:
        wire.messages(data)
    except wire.WireError:
        assert (rows, log.broken) == ([], 1)
    else:
        assert log.broken == 0
        assert sum(len(each.seq) for each in rows) == wire.MAX_SAMPLES


def test_a_full_frame_is_the_same_as_its_samples_in_shorter_ones() -> None:
    whole = sound(22)
    message = wire.messages(whole)[0]
    assert isinstance(message, wire.Samples)
    parts = []
    for first, count in ((0, 4), (4, 7)):
        payload = message.payload[first * wire.SAMPLE_SIZE : (first + count) * wire.SAMPLE_SIZE]
        at = {"seq": 22 + first, "node_us": message.node_us + 10_000 * first}
        parts.append(wire.encode_samples(message._replace(count=count, payload=payload, **at)))
    logs = NodeLog("a"), NodeLog("a")
    logs[0].add(frame(whole), 0)
    for part in parts:
        logs[1].add(frame(part), 0)
    a, b = (in_order(log.take()) for log in logs)
    assert np.array_equal(a.seq, b.seq)
    assert np.allclose(a.own_s, b.own_s, rtol=0, atol=1e-12)
    assert np.array_equal(a.block.acc_mps2, b.block.acc_mps2)
    assert np.array_equal(a.block.gyr_radps, b.block.gyr_radps)
    assert np.array_equal(a.block.q_recorded, b.block.q_recorded, equal_nan=True)


@pytest.mark.parametrize("field", [{"acc_code": 2}, {"gyr_code": 4}])
def test_frames_that_differ_are_not_mixed(field: dict[str, int]) -> None:
    log = NodeLog("a")
    for data in (sound(0), sound(11, **field), sound(22)):
        log.add(frame(data), 0)
    assert sorted(len(rows.seq) for rows in log.take()) == [11, 22]
