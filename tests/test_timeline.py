"""From frames to samples: units, order, what is missing, and one time axis."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiphold import wire
from hiphold.formats.imported import imported_frames
from hiphold.samples import G_MPS2, Block, Floats, Frame, NodeData, concatenate
from hiphold.timeline import NodeStream, assemble, missing
from hiphold.unpack import Rows

EPOCH_NS = 1_700_000_000 * 10**9
REST = (0, 0, 8192, 0, 0, 0, 32767, 0, 0, 0)
PERIOD_S = 0.01


def at(arrival_s: float, data: bytes, node: str = "a") -> Frame:
    return Frame(node, EPOCH_NS + round(arrival_s * 1e9), data)


def samples(
    seq: int,
    rows: Sequence[tuple[int, ...]] | int = 4,
    node_s: float | None = None,
    boot: int = 1,
    kind: int = wire.SAMPLES,
    codes: tuple[int, int] = (1, 3),
    flags: int = 0,
) -> bytes:
    """A message; sample `seq` was taken at seq * PERIOD_S by the node's clock unless said otherwise."""
    rows = [REST] * rows if isinstance(rows, int) else rows
    table = np.array(rows, "<i2")[:, 6 if kind == wire.ORIENTATION else 0 :]
    node_us = round((seq * PERIOD_S if node_s is None else node_s) * 1e6)
    period_ns = round(PERIOD_S * 1e9)
    head = wire.Samples(kind, flags, len(table), boot, seq, node_us, period_ns, *codes, 2500, table.tobytes())
    return wire.encode_samples(head)


def info(placement: str = "thigh_left", boot: int = 1) -> bytes:
    return wire.encode_info(wire.Info(boot, placement, "left", "lsm6dsv16x", (0, 1, 0), 0, 3900, 100, 2000, "a"))


def answer(host_s: float, node_s: float, boot: int = 1) -> bytes:
    """A clock exchange without delay: the host's host_s is the node's node_s."""
    host_us = EPOCH_NS // 1000 + round(host_s * 1e6)
    return wire.encode_time(wire.Time(boot, 1, host_us, round(node_s * 1e6), round(node_s * 1e6)))


def numbered(first: int, count: int = 4) -> list[tuple[int, ...]]:
    """Rows that carry their own number in the first reading."""
    return [(first + i, *REST[1:]) for i in range(count)]


def numbers(data: NodeData) -> list[int]:
    """The numbers that the samples carry."""
    counts = data.block.acc_mps2[:, 0] / (wire.ACC_G_PER_COUNT[1] * G_MPS2)
    return [round(count) for count in counts.tolist()]


def one(frames: list[Frame]) -> NodeData:
    (data,) = assemble(frames)
    return data


# Counts to units

MPS2_OF_1000 = (
    # 0.061, 0.122, 0.244, 0.488 mg per count, then 1 g over 16384, 8192, 4096, 2048 counts; times 9.80665
    (0, 0.59820565),
    (1, 1.1964113),
    (2, 2.3928226),
    (3, 4.7856452),
    (4, 0.59855042),
    (5, 1.19710083),
    (6, 2.39420166),
    (7, 4.78840332),
)
DPS_OF_1000 = (
    (0, 4.375),
    (1, 8.75),
    (2, 17.5),
    (3, 35.0),
    (4, 70.0),
    (5, 140.0),
    (6, 1000 / 131),
    (7, 1000 / 65.5),
    (8, 1000 / 32.8),
    (9, 1000 / 16.4),
)


@pytest.mark.parametrize(("code", "mps2"), MPS2_OF_1000)
def test_accelerometer_counts_to_mps2(code: int, mps2: float) -> None:
    rows = [(1000, -2000, 0, 0, 0, 0, 32767, 0, 0, 0)]
    data = one([at(0, samples(0, rows, codes=(code, 0)))])
    np.testing.assert_allclose(data.block.acc_mps2, [(mps2, -2 * mps2, 0.0)], rtol=1e-7)


@pytest.mark.parametrize(("code", "dps"), DPS_OF_1000)
def test_gyroscope_counts_to_radps(code: int, dps: float) -> None:
    rows = [(0, 0, 0, 1000, 0, -500, 32767, 0, 0, 0)]
    data = one([at(0, samples(0, rows, codes=(0, code)))])
    np.testing.assert_allclose(data.block.gyr_radps, [(dps * np.pi / 180, 0.0, -dps * np.pi / 360)], rtol=1e-12)


def test_the_hand_written_tables_know_every_scale() -> None:
    assert [code for code, _ in MPS2_OF_1000] == list(range(len(wire.ACC_G_PER_COUNT)))
    assert [code for code, _ in DPS_OF_1000] == list(range(len(wire.GYR_DPS_PER_COUNT)))


def test_quaternion_counts_are_scaled_to_unit_norm_and_zeros_are_none() -> None:
    rows = [(*REST[:6], 0, 0, -32767, 0), (*REST[:6], 19660, 0, 0, 26214), (*REST[:6], 0, 0, 0, 0)]
    q = one([at(0, samples(0, rows))]).block.q_recorded
    np.testing.assert_allclose(q[:2], [(0, 0, -1, 0), (0.6, 0, 0, 0.8)], atol=3e-5)
    np.testing.assert_allclose(np.linalg.norm(q[:2], axis=1), 1.0, atol=1e-12)
    assert np.isnan(q[2]).all()


def test_calibration_is_matrix_times_reading_less_offset_and_rate_less_zero() -> None:
    """True = M (measured - offset): x and y change places here, so that a transposed M is seen."""
    matrix = (0.0, 2.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    message = wire.encode_calibration(wire.Calibration((0.25, 0.0, -0.5), (1.0, 0.5, 0.0), matrix))
    rows = [(1000, 2000, 0, 0, 0, 0, 32767, 0, 0, 0)]  # 1.1964113 and 2.3928226 m/s2
    data = one([at(0, message), at(0.01, samples(0, rows))])
    np.testing.assert_allclose(data.block.acc_mps2, [(2 * 1.8928226, 0.1964113, 0.0)], rtol=1e-6)
    np.testing.assert_allclose(data.block.gyr_radps, [(-0.25, 0.0, 0.5)], atol=1e-12)


def test_a_new_calibration_applies_from_then_on() -> None:
    unit = (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)
    first, second = (wire.encode_calibration(wire.Calibration((zero, 0, 0), (0, 0, 0), unit)) for zero in (1.0, 2.0))
    frames = [at(0, samples(0)), at(1, first), at(2, samples(4)), at(3, second), at(4, samples(8))]
    rates = one(frames).block.gyr_radps[:, 0]
    # what came before any takes the first: nobody zeroes a gyroscope and then sends counts that do not need it
    np.testing.assert_allclose(rates, np.repeat((-1.0, -1.0, -2.0), 4), atol=1e-12)


SOLDERED, ZEROED, LEVELLED, SCALED = (
    wire.encode_calibration(wire.Calibration(zero, offset, (scale, 0, 0, 0, 1.0, 0, 0, 0, 1.0)))
    for zero, offset, scale in (
        ((0.0,) * 3, (0.0,) * 3, 1.0),
        ((0.01, 0.0, 0.0), (0.0,) * 3, 1.0),
        ((0.0,) * 3, (0.0, 0.1, 0.0), 1.0),
        ((0.0,) * 3, (0.0,) * 3, 1.01),
    )
)


@pytest.mark.parametrize(
    ("said", "zeroed", "levelled"),
    [
        (b"", False, False),
        (SOLDERED, False, False),
        (ZEROED, True, False),
        (LEVELLED, False, True),
        (SCALED, False, True),
    ],
    ids=["nothing", "as soldered", "zeroed", "offset", "scale"],
)
def test_what_a_node_was_calibrated_for_is_known_live_and_offline(said: bytes, zeroed: bool, levelled: bool) -> None:
    frames = [at(0, info() + said), at(0.05, samples(0))]
    data, (stream, _) = one(frames), stream_all(frames)
    live = stream.data(concatenate([]), 0.0)
    for each in (data, live, stream):
        assert (each.zeroed, each.levelled, each.chip) == (zeroed, levelled, "lsm6dsv16x")


def test_until_a_node_said_who_it_is_it_has_no_chip() -> None:
    frames = [at(0, samples(0))]
    data, (stream, _) = one(frames), stream_all(frames)
    for each in (data, stream):
        assert (each.zeroed, each.levelled, each.chip) == (False, False, "")


@pytest.mark.parametrize(("reading", "saturated"), [(32766, 0), (32767, 1), (-32767, 0), (-32768, 1)])
def test_readings_at_the_end_of_the_range_are_counted(reading: int, saturated: int) -> None:
    rows = [REST, (0, 0, 8192, 0, reading, 0, 32767, 0, 0, 0), REST]
    assert one([at(0, samples(0, rows))]).saturated == saturated


def test_orientation_only_frames_have_no_raw_samples() -> None:
    data = one([at(0, samples(0, kind=wire.ORIENTATION)), at(1, samples(4))])
    np.testing.assert_array_equal(np.isnan(data.block.acc_mps2[:, 0]), [True] * 4 + [False] * 4)
    np.testing.assert_array_equal(np.isnan(data.block.gyr_radps[:, 2]), [True] * 4 + [False] * 4)
    np.testing.assert_allclose(data.block.q_recorded, [(1.0, 0, 0, 0)] * 8)
    assert data.saturated == 0


# Order, loss, restarts


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_arrival_does_not_matter_offline(order: tuple[int, ...]) -> None:
    data = one([at(0.05 + i, samples(4 * k, numbered(4 * k))) for i, k in enumerate(order)])
    assert numbers(data) == list(range(16))
    np.testing.assert_allclose(data.block.time_s, PERIOD_S * np.arange(16.0), atol=1e-9)
    assert (data.lost, data.gaps) == (0, ())


def test_samples_sent_twice_are_there_once() -> None:
    again = samples(2, numbered(2, 6), flags=wire.RESENT)  # cut in other places than at first
    frames = [at(0, samples(0, numbered(0))), at(1, samples(8, numbered(8))), at(2, again), at(3, samples(0))]
    data = one(frames)
    assert numbers(data) == list(range(12))
    assert data.lost == 0


def test_loss_is_counted_exactly_and_said_where() -> None:
    data = one([at(0, samples(0)), at(1, samples(7)), at(2, samples(11)), at(3, samples(16, 1))])
    assert len(data.block) == 13
    assert data.lost == 3 + 1
    np.testing.assert_allclose(data.gaps, [(0.03, 0.07), (0.14, 0.16)], atol=1e-9)


def test_a_gap_that_the_numbers_do_not_show_is_seen_in_time() -> None:
    """The node's FIFO overran: its numbers go on, its clock shows that five samples are missing."""
    data = one([at(0, samples(0)), at(1, samples(4, node_s=0.09, flags=wire.OVERRUN))])
    assert data.lost == 5
    np.testing.assert_allclose(data.gaps, [(0.03, 0.09)], atol=1e-9)


def rows(own_s: tuple[float, ...], seq: tuple[int, ...]) -> Rows:
    """Samples of one start of a node, numbered and timed as given."""
    n, nothing = len(seq), np.zeros((len(seq), 3))
    block = Block(np.array(own_s), nothing, nothing, np.zeros((n, 4)))
    return Rows(np.zeros(n, np.int64), np.array(seq), np.array(own_s), np.zeros(n, bool), block)


@pytest.mark.parametrize(("step_s", "lost"), [(0.0, 0), (0.0149, 0), (0.0151, 1), (0.02, 1), (0.0249, 1), (0.0251, 2)])
def test_missing_by_time_rounds_to_whole_samples(step_s: float, lost: int) -> None:
    assert missing(rows((0.0, step_s), (0, 1)), 0.01).tolist() == [lost]


def test_missing_takes_the_larger_of_number_and_time() -> None:
    assert missing(rows((0.0, 0.01, 0.05), (0, 3, 5)), 0.01).tolist() == [2, 3]


def test_a_restart_goes_on_after_what_was_before() -> None:
    """Boot 9 ran until 0.03 s; boot 2 came up with its own numbers and clock, and its first sample at 5 s."""
    frames = [
        at(0.03, samples(0, numbered(0), boot=9)),
        at(5.0, info(boot=2)),
        at(5.03, samples(0, numbered(100), boot=2, node_s=1.0)),
        at(5.07, samples(4, numbered(104), boot=2, node_s=1.04)),
    ]
    data = one(frames)
    assert numbers(data) == [0, 1, 2, 3, *range(100, 108)]
    expected = np.concatenate((0.01 * np.arange(4.0), 5 + 0.01 * np.arange(8.0)))
    np.testing.assert_allclose(data.block.time_s, expected, atol=1e-6)
    np.testing.assert_allclose(data.gaps, [(0.03, 5.0)], atol=1e-6)
    assert data.lost == 496
    assert any("restarted 1 times" in warning for warning in data.warnings)


def test_a_restart_that_no_one_announced_is_believed_once_three_frames_bear_it_out() -> None:
    frames = [at(0.03, samples(0, boot=9))]
    frames += [at(5.03 + 0.04 * k, samples(4 * k, boot=2, node_s=1.0 + 0.04 * k)) for k in range(3)]
    assert [len(one(frames[:n]).block) for n in (2, 3, 4)] == [4, 4, 16]


@pytest.mark.parametrize(
    "damaged",
    [
        samples(4_000_004, node_s=0.04),
        samples(4, node_s=4e6),
        samples(4, node_s=-0.0, boot=1),
        samples(4, boot=7),
    ],
    ids=["number", "node time ahead", "node time behind", "start"],
)
def test_a_frame_that_contradicts_all_others_is_left_out_live_and_offline(damaged: bytes) -> None:
    """It would be millions of samples lost, or a node that never is in time again."""
    frames = [at(0.03 + 0.04 * k, samples(4 * k)) for k in range(6)]
    spoilt = [*frames[:1], at(0.071, damaged), *frames[1:]]
    data, sound = one(spoilt), one(frames)
    assert data.lost == 0
    np.testing.assert_array_equal(data.block.time_s, sound.block.time_s)
    assert any("1 packets of a contradict all others" in warning for warning in data.warnings)
    live = NodeStream("a", EPOCH_NS)
    assert sum(len(live.push(frame)) for frame in spoilt) == len(sound.block)
    assert live.lost == 0


def test_a_node_that_falls_silent_is_told_of() -> None:
    frames = [
        at(0.03 + 0.04 * k, samples(4 * k), node) for k in range(100) for node in ("a", "b") if node == "b" or k < 40
    ]
    a, b = assemble(frames)
    assert any("a sent nothing in the last 2 s" in warning for warning in a.warnings)
    assert not any("sent nothing" in warning for warning in b.warnings)


def test_a_broken_packet_is_counted_and_not_fatal() -> None:
    cut = samples(4)[:-1]
    frames = [at(0, samples(0)), at(1, cut), at(2, b"\xff\x00"), at(3, samples(8))]
    data = one(frames)
    assert len(data.block) == 8
    assert data.lost == 4
    assert any(warning.startswith("2 packets of a") for warning in data.warnings)


def test_a_packet_may_hold_several_messages() -> None:
    data = one([at(0, info("pelvis") + samples(0) + answer(0.0, 0.0) + samples(4))])
    assert (data.placement, data.lid, len(data.block)) == ("pelvis", "left", 8)


def test_a_node_that_never_said_who_it_is() -> None:
    assert one([at(0, samples(0))]).placement == "unknown"


def test_a_node_without_samples_is_not_there() -> None:
    assert assemble([at(0, info())]) == []
    assert assemble([]) == []


# One time axis


def test_nodes_meet_on_the_hosts_clock() -> None:
    """b's clock runs 50 s ahead of a's; its first sample was taken 0.5 s later. Zero is a's first sample."""
    frames = [
        at(0.0, samples(0, node_s=100.0) + answer(0.0, 100.1), "a"),
        at(0.8, samples(0, node_s=150.6) + answer(0.7, 150.8), "b"),
    ]
    frames[0], frames[1] = (Frame(f.node, EPOCH_NS + t, f.data) for f, t in zip(frames, (0, 700_000_000)))
    a, b = assemble(frames)
    assert a.block.time_s[0] == 0.0
    assert b.block.time_s[0] == pytest.approx(0.5 + 0.1, abs=1e-9)


def test_a_drifting_clock_is_straightened() -> None:
    """The node's clock gains 100 ppm: 100 s of the host are 100.01 of its own."""
    frames = [at(10.0 * i, answer(10.0 * i, 10.001 * i) + samples(1000 * i, 2, node_s=10.001 * i)) for i in range(11)]
    data = one(frames)
    np.testing.assert_allclose(data.block.time_s[::2], 10.0 * np.arange(11.0), atol=1e-5)


def imported(time_s: Floats, device_clock: bool, node: str = "a") -> list[Frame]:
    """At rest, flat."""
    n = len(time_s)
    acc = np.tile((0.0, 0.0, G_MPS2), (n, 1))
    return imported_frames(
        node, "pelvis", "back", time_s, acc, np.zeros((n, 3)), None, device_clock=device_clock, zero_s=0.0
    )


@pytest.mark.parametrize(("device_clock", "zero_s"), [(False, 0.0), (True, 7.0)])
def test_imported_stamps_keep_their_own_zero_unless_it_is_a_devices(device_clock: bool, zero_s: float) -> None:
    late, early = 7.25 + 0.02 * np.arange(5.0), 7.0 + 0.01 * np.arange(300.0)
    a, b = assemble([*imported(late, device_clock, "a"), *imported(early, device_clock, "b")])
    np.testing.assert_allclose(a.block.time_s, late - zero_s, atol=1e-12)
    np.testing.assert_allclose(b.block.time_s, early - zero_s, atol=1e-12)
    assert a.saturated is None
    assert np.isnan(a.block.q_recorded).all()


def test_imported_gaps_are_seen_in_time() -> None:
    time_s = np.delete(0.01 * np.arange(250.0), slice(50, 60))
    data = one(imported(time_s, False))
    assert data.lost == 10
    np.testing.assert_allclose(data.gaps, [(0.49, 0.60)], atol=1e-9)
    assert data.period_s == pytest.approx(0.01)


# Live


def stream_all(frames: list[Frame]) -> tuple[NodeStream, list[Floats]]:
    stream = NodeStream("a", EPOCH_NS)
    return stream, [stream.push(frame).time_s for frame in frames]


def test_a_stream_gives_what_assemble_gives_when_nothing_is_late() -> None:
    frames = [at(0.0, info() + answer(0.0, 0.0))]
    frames += [at(0.05 + 0.04 * i, samples(4 * i, numbered(4 * i))) for i in range(20) if i not in (7, 8)]
    frames.append(at(2.0, samples(0, numbered(200), boot=2, node_s=0.3)))
    stream = NodeStream("a", EPOCH_NS)
    block = concatenate([stream.push(frame) for frame in frames])
    live, whole = stream.data(block, 0.0), one(frames)
    assert numbers(live) == numbers(whole)
    np.testing.assert_allclose(live.block.time_s, whole.block.time_s, atol=1e-6)
    np.testing.assert_array_equal(live.block.acc_mps2, whole.block.acc_mps2)
    np.testing.assert_array_equal(live.block.gyr_radps, whole.block.gyr_radps)
    np.testing.assert_array_equal(live.block.q_recorded, whole.block.q_recorded)
    np.testing.assert_allclose(live.gaps, whole.gaps, atol=1e-6)
    assert live.period_s == pytest.approx(whole.period_s)
    same = ("node", "placement", "lid", "lost", "saturated", "warnings")
    assert [getattr(live, name) for name in same] == [getattr(whole, name) for name in same]


@pytest.mark.parametrize("device_clock", [False, True])
def test_imported_samples_have_no_known_range_live_either(device_clock: bool) -> None:
    stream, _ = stream_all(imported(0.01 * np.arange(150.0), device_clock))
    assert stream.own_zero is not device_clock
    assert stream.data(concatenate([]), 0.0).saturated is None


def test_a_stream_counts_broken_packets() -> None:
    stream, _ = stream_all([at(0, samples(0)), at(1, b"\xff")])
    broken, bare = stream.data(concatenate([]), 0.0).warnings
    assert broken == "1 packets of a were not of this protocol and are left out."
    assert "sent no calibration" in bare


def test_late_samples_are_dropped_live() -> None:
    frames = [at(0, samples(0)), at(1, samples(8)), at(2, samples(4, flags=wire.RESENT)), at(3, samples(10))]
    stream, times = stream_all(frames)
    assert [len(t) for t in times] == [4, 4, 0, 2]
    assert stream.lost == 4
    np.testing.assert_allclose(np.concatenate(times), 0.01 * np.array((0, 1, 2, 3, 8, 9, 10, 11, 12, 13)) - 0.03)


def test_time_never_falls_when_an_exchange_sets_the_clock_back() -> None:
    """The first frame came 300 ms late, which the first exchange reveals; the frames after it overlap it in time."""
    frames = [at(0.33, samples(0)), at(0.335, answer(0.33, 0.33))]
    frames += [at(0.34 + 0.04 * i, samples(4 * i)) for i in range(1, 20)]
    _, times = stream_all(frames)
    joined = np.concatenate(times)
    assert len(joined) == 80
    assert (np.diff(joined) >= 0).all()
    assert joined[-1] == pytest.approx(0.79, abs=0.01)  # and in the end the clock is right


@given(late_s=st.lists(st.floats(0.0, 0.5), min_size=30, max_size=30), asked=st.sets(st.integers(0, 29)))
def test_time_never_falls(late_s: list[float], asked: set[int]) -> None:
    """Whatever the delays of frames and exchanges."""
    frames = []
    arrival_s = 0.0
    for i, late in enumerate(late_s):
        arrival_s = max(arrival_s, 0.04 * i + late)
        frames.append(at(arrival_s, samples(4 * i) + (answer(arrival_s - late, 0.04 * i) if i in asked else b"")))
    _, times = stream_all(frames)
    assert sum(len(t) for t in times) == 120
    assert (np.diff(np.concatenate(times)) >= 0).all()


def test_frames_of_one_sample_still_tell_the_period() -> None:
    stream, times = stream_all([at(0.01 * i, samples(i, 1)) for i in (0, 1, 2, 5)])
    assert stream.period_s == pytest.approx(PERIOD_S)
    assert [len(t) for t in times] == [1, 1, 1, 1]
    assert stream.lost == 2


def test_a_stream_knows_no_period_before_its_first_samples() -> None:
    stream, _ = stream_all([at(0, info())])
    assert np.isnan(stream.period_s)
    assert stream.info is not None
    assert stream.info.placement == "thigh_left"
