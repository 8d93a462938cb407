"""What a receiver gets out of the ring, frame by frame. Prints "ok"; an AssertionError says what is wrong."""

import struct
from array import array

import wire

from ring import Ring
from stream import LIVE_RUN, MAX_RANGES, MIN_LIMIT, Stream

PERIOD_NS = 8_333_333


class Source:
    """A ring of few slots, fed with samples that carry their own number."""

    def __init__(self, slots=8, kind=wire.SAMPLES):
        self.ring = Ring(slots)
        self.ring.configure(kind, 1, 3)
        self.rows = array("h", [0] * 10)
        self.n = 0

    def feed(self, count):
        for _ in range(count):
            time_us = 5_000_000_000 + self.n * PERIOD_NS // 1000
            base = array("I", (time_us & 0xFFFFFFFF, time_us >> 32))
            for column in range(10):
                self.rows[column] = self.n % 30000
            self.ring.append(self.rows, 1, base, 0, PERIOD_NS)
            self.n += 1


def take(stream, limit=2034, old=True):
    """The next frame, decoded and checked against the numbers it must carry; None when there is none."""
    packet = stream.packet(limit, old)
    if packet is None:
        return None
    assert len(packet) <= limit
    assert bytes(stream.packet(limit, old)) == bytes(packet), "looking twice changed something"
    (frame,) = wire.messages(bytes(packet))
    assert stream.done() == bool(frame.flags & wire.RESENT)
    size = len(frame.payload) // frame.count
    for i in range(frame.count):
        assert struct.unpack_from("<h", frame.payload, i * size)[0] == (frame.seq + i) % 30000
    assert abs(frame.node_us - 5_000_000_000 - frame.seq * PERIOD_NS // 1000) <= 1
    return frame


def live_in_order():
    source = Source()
    source.feed(30)
    stream = Stream(source.ring)
    assert take(stream) is None
    stream.start()
    assert take(stream) is None
    source.feed(25)
    frames = [take(stream) for _ in range(3)]
    assert [(f.seq, f.count, f.flags) for f in frames] == [(22, 11, 0), (33, 11, 0), (44, 11, 0)]
    assert take(stream) is None
    assert (stream.sent, stream.lost) == (3, 0)


def overwritten_is_counted():
    source = Source(4)
    stream = Stream(source.ring)
    stream.start()
    source.feed(11 * 10)
    seqs = []
    frame = take(stream)
    while frame:
        seqs.append(frame.seq)
        frame = take(stream)
    assert seqs == [77, 88, 99]
    assert stream.lost == 7


def small_packets(kind, size):
    source = Source(8, kind)
    stream = Stream(source.ring)
    for limit in range(MIN_LIMIT, 260):
        stream.start()
        source.feed(11)
        seq, counts = source.n - 11, []
        while sum(counts) < 11:
            frame = take(stream, limit)
            assert frame.seq == seq + sum(counts)
            counts.append(frame.count)
        assert max(counts) == min(11, (limit - wire.FRAME_SIZE) // size)
        assert take(stream, limit) is None
    stream.start()
    source.feed(11)
    assert stream.packet(MIN_LIMIT - 1) is None


def flags_of_parts():
    source = Source()
    stream = Stream(source.ring)
    stream.start()
    source.ring.mark(wire.GAP)
    source.feed(11)
    assert [take(stream, 24 + 4 * 20).flags for _ in range(3)] == [wire.GAP, 0, 0]


def asked_again():
    source = Source()
    source.feed(11 * 6)
    stream = Stream(source.ring)
    kept = bytes(source.ring.frame(1))
    stream.start()
    assert stream.want(15, 20)
    frames = [take(stream) for _ in range(3)]
    assert [(f.seq, f.count) for f in frames] == [(15, 7), (22, 11), (33, 2)]
    assert all(f.flags == wire.RESENT for f in frames)
    assert take(stream) is None
    assert bytes(source.ring.frame(1)) == kept, "the ring itself was changed"
    assert stream.resent == 3


def asked_for_what_is_gone_or_to_come():
    source = Source(4)
    source.feed(11 * 10 + 5)
    stream = Stream(source.ring)
    assert stream.want(0, 50)
    assert take(stream) is None
    assert stream.want(70, 10)
    assert take(stream).seq == 77
    assert take(stream) is None
    assert stream.want(source.n + 100, 10)
    assert take(stream) is None
    assert stream.want(108, 65535)
    assert [take(stream).seq, take(stream)] == [108, None], "the open frame comes live"
    assert stream.want(0xFFFFFFFF, 65535)
    assert stream.want(77, 0)
    assert take(stream) is None


def many_requests():
    source = Source()
    source.feed(11 * 7)
    stream = Stream(source.ring)
    for i in range(MAX_RANGES):
        assert stream.want(11 + i * 5, 1)
    assert not stream.want(70, 2)
    assert stream.want(11, 1), "a repeated request takes no place"
    got = [take(stream).seq for _ in range(MAX_RANGES)]
    assert got == [11 + i * 5 for i in range(MAX_RANGES)]
    assert take(stream) is None
    stream.want(11, 3)
    stream.start()
    assert take(stream) is None, "what was asked for before START is forgotten"


def fair():
    source = Source(300)
    source.feed(11 * 30)
    stream = Stream(source.ring)
    stream.start()
    stream.want(0, 11 * 30)
    source.feed(11 * 3)
    assert [take(stream).flags for _ in range(5)] == [0, 0, 0, wire.RESENT, wire.RESENT]
    assert take(stream, old=False) is None
    flags = []
    for _ in range(200):  # live frames never cease to wait
        source.feed(11)
        flags.append(take(stream).flags)
    assert 200 // (LIVE_RUN + 1) <= sum(flag == wire.RESENT for flag in flags) <= 200 // LIVE_RUN + 1
    assert stream.lost == 0


live_in_order()
overwritten_is_counted()
small_packets(wire.SAMPLES, wire.SAMPLE_SIZE)
small_packets(wire.ORIENTATION, wire.ORIENTATION_SIZE)
flags_of_parts()
asked_again()
asked_for_what_is_gone_or_to_come()
many_requests()
fair()
print("ok")
