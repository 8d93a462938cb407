"""The conversation with one node over links that lose, repeat, disorder and break off, in simulated time."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hiphold import wire
from hiphold.receive.dialogue import DEAD_S, FINISH_S, INFO_EVERY_S, Dialogue, fault_words, refusal
from hiphold.samples import Frame
from hiphold.timeline import assemble
from scripted_node import ScriptedNode

EPOCH_NS = 1_700_000_000 * 10**9
STEP_S = 0.02


@dataclass
class Link:
    """Carries packets between a dialogue and a node, as well as it can."""

    dialogue: Dialogue
    node: ScriptedNode
    loss: float = 0.0
    twice: float = 0.0
    late: float = 0.0
    delay_s: float = 0.02
    step_s: float = STEP_S
    seed: int = 1
    now_s: float = 100.0
    up: bool = False
    frames: list[Frame] = field(default_factory=list)
    sent: list[tuple[float, wire.Command]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._flying: list[tuple[float, int, bytes]] = []
        self._number = 0

    def connect(self) -> None:
        self.up = True
        self.dialogue.connected(self.now_s)

    def drop(self) -> None:
        self.up = False
        self._flying.clear()
        self.node.disconnected()
        self.dialogue.disconnected(self.now_s)

    def run(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while self.now_s < end_s and not self.dialogue.finished:
            self.now_s += self.step_s
            self._send(self.node.packets(self.now_s))
            self._deliver()
            if self.dialogue.next_s <= self.now_s:
                self._say(self.dialogue.due(self.now_s))

    def _say(self, commands: list[bytes]) -> None:
        for command in commands:
            self.sent.append((self.now_s, wire.decode_command(command)))
            if self._random.random() >= self.loss:
                self._send(self.node.answer(self.now_s, command))

    def _send(self, packets: list[bytes]) -> None:
        for packet in packets if self.up else ():
            for _ in range(1 + (self._random.random() < self.twice)):
                if self._random.random() >= self.loss:
                    late_s = 0.3 * self._random.random() if self._random.random() < self.late else 0.0
                    self._number += 1
                    heapq.heappush(self._flying, (self.now_s + self.delay_s + late_s, self._number, packet))

    def _deliver(self) -> None:
        while self._flying and self._flying[0][0] <= self.now_s:
            self.arrive(heapq.heappop(self._flying)[2])

    def arrive(self, packet: bytes) -> None:
        self.frames.append(Frame("hip-1", EPOCH_NS + round(self.now_s * 1e9), packet))
        self.dialogue.received(self.now_s, packet)

    def opcodes(self) -> list[int]:
        return [command.opcode for _, command in self.sent]


def talk(**how: float) -> Link:
    about = {name: how.pop(name) for name in ("rate_hz", "ring_samples", "skew_ppm") if name in how}
    node = ScriptedNode(100.0, **about)  # type: ignore[arg-type] # the three are numbers
    return Link(Dialogue("hip-1", EPOCH_NS, seed=3), node, **how)  # type: ignore[arg-type] # as are these


def numbers(link: Link) -> dict[int, set[int]]:
    """Sample numbers that arrived, by boot: what was received, in the plainest words."""
    found: dict[int, set[int]] = {}
    for frame in link.frames:
        for message in wire.messages(frame.data):
            if isinstance(message, wire.Samples):
                found.setdefault(message.boot, set()).update(range(message.seq, message.seq + message.count))
    return found


def absent(link: Link) -> int:
    """Numbers that did not arrive: of the first start since the oldest that did, of later ones from 0 on."""
    starts = list(numbers(link).values())
    return sum(max(each) - (0 if each is not starts[0] else min(each)) + 1 - len(each) for each in starts)


def test_info_is_asked_first_then_it_starts_and_receives() -> None:
    link = talk()
    link.connect()
    link.run(3.0)
    assert link.opcodes()[0] == wire.GET_INFO
    assert link.opcodes().index(wire.START) > 0
    assert link.opcodes().count(wire.START) == 1
    assert link.dialogue.streaming
    assert link.dialogue.info is not None
    assert link.dialogue.info.name == "hip-1"
    assert link.dialogue.arrivals.samples == len(numbers(link)[7]) > 250
    assert (link.dialogue.missing, link.dialogue.lost, link.dialogue.arrivals.strange) == (0, 0, 0)
    assert link.dialogue.arrivals.rate_hz == 100.0
    assert link.dialogue.packet_s == pytest.approx(link.now_s, abs=0.2)


def test_the_clock_is_asked_often_at_first_then_seldom_and_never_in_step() -> None:
    link = talk()
    link.connect()
    link.run(60.0)
    asked_s = [at_s for at_s, command in link.sent if command.opcode == wire.GET_TIME]
    dense = [b - a for a, b in pairwise(asked_s) if b < 110.0]
    sparse = [b - a for a, b in pairwise(asked_s) if a > 111.0]
    assert 90 < len(dense) < 160
    assert 150 < len(sparse) < 350
    assert max(dense) < 0.2
    assert 0.14 < min(sparse) < max(sparse) < 0.3
    assert len({round(s, 2) for s in sparse}) > 5


def test_a_question_tells_the_time_at_which_it_is_sent() -> None:
    link = talk()
    link.connect()
    link.run(2.0)
    at_s, command = next((at, each) for at, each in link.sent if each.opcode == wire.GET_TIME)
    assert command.args[1] == EPOCH_NS // 1000 + round(at_s * 1e6)


@pytest.mark.parametrize("skew_ppm", [-40.0, 25.0])
def test_how_fast_the_nodes_clock_runs(skew_ppm: float) -> None:
    link = talk(skew_ppm=skew_ppm, delay_s=0.0, step_s=0.002)
    link.connect()
    link.run(10.0)
    assert link.dialogue.skew_ppm is None
    link.run(110.0)
    assert link.dialogue.skew_ppm == pytest.approx(skew_ppm, abs=10.0)


def test_what_was_lost_on_the_way_is_fetched() -> None:
    link = talk(loss=0.1, twice=0.05, late=0.1)
    link.connect()
    link.run(30.0)
    link.loss = 0.0
    link.run(3.0)
    assert link.dialogue.missing == link.dialogue.lost == absent(link) == 0
    assert link.dialogue.arrivals.resent > 100
    assert link.dialogue.arrivals.duplicates > 0
    assert link.dialogue.arrivals.samples == len(numbers(link)[7])


def test_after_a_reconnection_the_gap_is_fetched() -> None:
    link = talk(ring_samples=2400)
    link.connect()
    link.run(5.0)
    link.drop()
    assert not link.dialogue.streaming
    link.run(10.0)
    link.connect()
    link.run(5.0)
    assert link.dialogue.link_losses == 1
    assert link.dialogue.missing == link.dialogue.lost == absent(link) == 0
    assert 900 < link.dialogue.arrivals.resent < 1200
    requests = [command.args[2] for command in dict(enumerate(c for _, c in link.sent)).values() if command.opcode == 4]
    assert max(requests) <= 220


def test_what_the_node_no_longer_keeps_is_lost_and_no_longer_asked_for() -> None:
    link = talk(ring_samples=550)
    link.connect()
    link.run(5.0)
    link.drop()
    link.run(10.0)
    link.connect()
    link.run(10.0)
    assert link.dialogue.missing == 0
    assert 400 < link.dialogue.lost == absent(link) < 600
    link.sent.clear()
    link.run(5.0)
    assert wire.RESEND not in link.opcodes()


def test_what_was_never_taken_is_lost_at_once_as_offline() -> None:
    link = talk()
    link.connect()
    link.run(5.0)
    link.node.stall(40)
    link.run(5.0)
    assert (link.dialogue.lost, link.dialogue.missing) == (40, 0)
    assert assemble(link.frames)[0].lost == 40
    assert wire.RESEND not in link.opcodes()


def test_a_hole_in_the_node_inside_a_lost_stretch_is_counted_once() -> None:
    link = talk(ring_samples=330)
    link.connect()
    link.run(5.0)
    link.drop()
    link.run(4.0)
    link.node.stall(70)
    link.run(4.0)
    link.connect()
    link.run(5.0)
    assert link.dialogue.lost == assemble(link.frames)[0].lost > 70


def test_a_restart_without_a_lost_link_is_noticed() -> None:
    link = talk()
    link.connect()
    link.run(5.0)
    link.node.restart(link.now_s)
    link.run(8.0)
    assert link.dialogue.arrivals.restarts == 1
    assert link.dialogue.streaming
    assert link.dialogue.arrivals.boot == 8
    assert link.dialogue.lost == absent(link) == 0
    assert set(numbers(link)) == {7, 8}
    assert min(numbers(link)[8]) == 0  # what it took between its start and ours is fetched, too


def test_what_was_missing_of_an_earlier_start_is_lost() -> None:
    link = talk()
    link.connect()
    link.run(5.0)
    link.drop()
    link.run(2.0)
    link.connect()
    link.loss = 0.0
    while not link.dialogue.missing:
        link.run(STEP_S)
    before = link.dialogue.missing
    link.drop()
    link.node.restart(link.now_s)
    link.connect()
    link.run(5.0)
    assert (link.dialogue.lost, link.dialogue.missing) == (before, 0)
    assert link.dialogue.lost == absent(link)


def test_a_busy_node_is_asked_again_until_it_is_free() -> None:
    link = talk()
    link.node.start_status = wire.BUSY
    link.connect()
    link.run(5.0)
    assert "another computer" in link.dialogue.problem
    assert 3 <= link.opcodes().count(wire.START) <= 7
    link.node.start_status = wire.OK
    link.run(3.0)
    assert link.dialogue.streaming
    assert link.dialogue.problem == ""


def test_a_node_that_cannot_sample_says_why() -> None:
    link = talk()
    link.node.start_status, link.node.faults = wire.FAULT, wire.NO_IMU | wire.LOW_BATTERY
    link.connect()
    link.run(3.0)
    assert link.dialogue.problem == "takes no samples (no imu, low battery); `hiphold node info` says what to do"
    assert fault_words(0) == ""


def test_a_link_for_short_packets_only_is_told() -> None:
    link = talk()
    link.connect()
    link.run(0.02)
    link.dialogue.received(link.now_s, wire.encode_reply(wire.Reply(wire.GET_INFO, wire.FAULT)))
    assert "another adapter" in link.dialogue.problem


@pytest.mark.parametrize(("version", "what"), [(2, "update hiphold on this computer"), (0, "firmware on the node")])
def test_another_protocol_version_is_refused_with_what_to_update(version: int, what: str) -> None:
    link = talk()
    link.node.version = version
    link.connect()
    link.run(5.0)
    assert link.dialogue.refusal == refusal("hip-1", version)
    assert what in link.dialogue.refusal
    assert set(link.opcodes()) == {wire.GET_INFO}


def test_lost_answers_are_asked_for_again() -> None:
    link = talk(loss=0.6)
    link.connect()
    link.run(20.0)
    assert link.dialogue.info is not None
    assert link.dialogue.streaming


def test_battery_and_faults_are_asked_for_again() -> None:
    link = talk()
    link.connect()
    link.run(5.0)
    link.node.faults = wire.LOW_BATTERY
    link.run(INFO_EVERY_S)
    assert link.dialogue.info is not None
    assert link.dialogue.info.faults == wire.LOW_BATTERY


def test_the_end_fetches_what_is_missing_and_stops_the_node() -> None:
    link = talk()
    link.connect()
    link.run(5.0)
    link.drop()
    link.run(8.0)
    link.connect()
    link.run(0.3)
    assert link.dialogue.missing > 300
    link.dialogue.finish(link.now_s)
    link.run(FINISH_S)
    assert link.dialogue.finished
    assert link.opcodes()[-1] == wire.STOP
    assert not link.node.started
    assert link.dialogue.missing == link.dialogue.lost == absent(link) == 0


def test_the_end_takes_no_longer_than_it_may() -> None:
    link = talk()
    link.connect()
    link.run(5.0)
    link.loss = 1.0
    link.run(1.0)
    link.dialogue.finish(link.now_s)
    asked_s = link.now_s
    link.run(2 * FINISH_S)
    assert link.dialogue.finished
    assert link.now_s - asked_s <= FINISH_S + 2 * STEP_S
    assert link.opcodes().count(wire.STOP) > 1


def test_what_is_still_missing_at_the_end_is_lost() -> None:
    link = talk()
    link.connect()
    link.run(5.0)
    link.drop()
    link.run(3.0)
    link.node.forget()
    link.connect()
    link.run(0.3)
    link.dialogue.finish(link.now_s)
    link.run(2 * FINISH_S)
    assert link.dialogue.finished
    assert link.dialogue.missing == 0
    assert link.dialogue.lost == absent(link) > 100


def test_the_end_waits_for_a_link_that_has_just_gone_but_not_for_one_long_gone() -> None:
    for away_s, finished in ((2.0, False), (7.0, True)):
        link = talk()
        link.connect()
        link.run(5.0)
        link.drop()
        link.run(away_s)
        link.dialogue.finish(link.now_s)
        assert link.dialogue.finished is finished
        link.connect()
        link.run(4.0)
        assert link.dialogue.lost == 0
        assert (absent(link) == 0 and link.dialogue.arrivals.resent > 100) is not finished


def test_the_end_of_a_talk_that_never_began() -> None:
    link = talk()
    link.dialogue.finish(link.now_s)
    assert link.dialogue.finished
    link = talk()
    link.node.start_status = wire.BUSY
    link.connect()
    link.run(3.0)
    link.dialogue.finish(link.now_s)
    link.run(2 * FINISH_S)
    assert link.dialogue.finished
    assert link.node.commands.count(wire.RESEND) == 0


def test_a_link_that_brings_nothing_is_dead() -> None:
    link = talk()
    assert not link.dialogue.silent(1000.0)
    link.connect()
    link.run(5.0)
    assert not link.dialogue.silent(link.now_s)
    link.loss = 1.0
    link.run(DEAD_S + 1)
    assert link.dialogue.silent(link.now_s)


def test_broken_packets_are_counted_and_change_nothing() -> None:
    link = talk()
    link.connect()
    link.run(3.0)
    samples = link.dialogue.arrivals.samples
    link.dialogue.received(link.now_s, b"\xff" * 30)
    link.dialogue.received(link.now_s, b"")
    link.dialogue.received(link.now_s, b"\x11\x00\x0b")
    assert link.dialogue.malformed == 2  # nothing at all is no broken message
    assert link.dialogue.arrivals.samples == samples
    assert link.dialogue.refusal == ""


@settings(max_examples=60)
@given(st.integers(0, 255), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.integers(1, 2**32 - 1))
def test_a_damaged_frame_that_decodes_asks_for_nothing_absurd(boot: int, seq: int, us: int, period_ns: int) -> None:
    link = talk(ring_samples=2400)
    link.connect()
    link.run(3.0)
    frame = wire.Samples(1, 0, 1, boot, seq, us, period_ns, 5, 8, 0, bytes(20))
    link.arrive(wire.encode_samples(frame))
    link.sent.clear()
    link.run(10.0)
    asked = sum(command.args[2] for _, command in link.sent if command.opcode == wire.RESEND)
    assert asked <= 10 * 3 * 220
    assert link.dialogue.streaming
    before = link.dialogue.arrivals.samples
    link.run(5.0)
    assert link.dialogue.arrivals.samples - before > 450
    assert link.dialogue.missing == 0


@pytest.mark.parametrize(
    "what", [{"seq": 5_000_000}, {"boot": 99}, {"node_us": 2**63}, {"node_us": 0}, {"period_ns": 2**30}]
)
def test_one_damaged_frame_is_strange_and_no_more(what: dict[str, int]) -> None:
    link = talk()
    link.connect()
    link.run(3.0)
    (good,) = wire.messages(next(f.data for f in link.frames[::-1] if f.data[0] == 0x11))
    assert isinstance(good, wire.Samples)
    late = good._replace(seq=good.seq + 11, node_us=good.node_us + 110_000)
    link.dialogue.received(link.now_s, wire.encode_samples(late._replace(**what)))
    link.run(3.0)
    arrivals = link.dialogue.arrivals
    assert (arrivals.strange, arrivals.restarts, link.dialogue.lost, link.dialogue.missing) == (1, 0, 0, 0)
    assert arrivals.samples == len(numbers(link)[7])


def test_a_wrong_boot_in_answers_stops_nothing() -> None:
    link = talk()
    link.connect()
    link.run(3.0)
    link.dialogue.received(link.now_s, wire.encode_info(link.node.info()._replace(boot=77)))
    link.run(5.0)
    assert link.dialogue.arrivals.restarts == 0
    assert link.dialogue.arrivals.said_boot == 7
    assert link.dialogue.streaming


def test_answers_to_questions_that_were_not_asked_are_left_alone() -> None:
    link = talk()
    link.connect()
    link.run(1.0)
    link.dialogue.received(link.now_s, wire.encode_time(wire.Time(200, 4_000_000, 1, 2, 3)))
    assert link.dialogue.arrivals.said_boot == 7


u8, u16, u32, u64 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32, 64))
few = st.integers(0, 3)
some_message = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda flags, boot, seq, us, ns: wire.encode_samples(
            wire.Samples(1, flags, 2, boot, seq, us, ns, 5, 8, 0, bytes(40))
        ),
        u8,
        few,
        u32 | st.integers(0, 3000),
        u64 | st.integers(0, 30_000_000),
        st.integers(1, 2**32 - 1) | st.just(10_000_000),
    ),
    st.builds(
        lambda boot, ring: wire.encode_info(ScriptedNode().info()._replace(boot=boot, ring_samples=ring)), few, u16
    ),
    st.builds(lambda *fields: wire.encode_time(wire.Time(*fields)), few, few, u64, u64, u64),
    st.builds(lambda opcode, status: wire.encode_reply(wire.Reply(opcode, status)), u8, u8),
)


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.floats(0, 4), st.sampled_from(["in", "in", "in", "on", "off"]), some_message), max_size=40),
    st.booleans(),
)
def test_nothing_that_arrives_breaks_it(steps: list[tuple[float, str, bytes]], is_finishing: bool) -> None:
    dialogue, now_s = Dialogue("hip-1", EPOCH_NS), 50.0
    dialogue.connected(now_s)
    for wait_s, what, packet in steps:
        now_s += wait_s
        if what == "in":
            dialogue.received(now_s, packet)
        elif what == "on":
            dialogue.connected(now_s)
        else:
            dialogue.disconnected(now_s)
        for _ in range(3):  # then it has nothing more to say, whatever came
            for command in dialogue.due(now_s):
                wire.decode_command(command)
        assert dialogue.next_s > now_s
        assert min(dialogue.missing, dialogue.lost, dialogue.arrivals.samples, dialogue.arrivals.strange) >= 0
        assert dialogue.missing <= 2**16
        assert dialogue.skew_ppm is None or abs(dialogue.skew_ppm) < 1e6
    if is_finishing:
        dialogue.finish(now_s)
        dialogue.due(now_s + FINISH_S)
        assert dialogue.finished
        assert dialogue.due(now_s + FINISH_S) == []


outages = st.lists(
    st.tuples(st.floats(0.5, 6.0), st.floats(0.2, 9.0), st.sampled_from(["drop", "drop", "restart", "stall"])),
    max_size=4,
)


@settings(max_examples=40)
@given(
    st.floats(0.0, 0.3),
    st.floats(0.0, 0.2),
    st.floats(0.0, 0.2),
    st.sampled_from([330, 1100, 2400]),
    st.integers(0, 1000),
    outages,
)
def test_all_that_stays_in_the_ring_is_fetched_and_what_is_lost_is_what_is_missing(
    loss: float, twice: float, late: float, ring: int, seed: int, breaks: list[tuple[float, float, str]]
) -> None:
    link = talk(loss=loss, twice=twice, late=late, ring_samples=ring, seed=seed)
    link.connect()
    stalled = 0
    for up_s, down_s, what in breaks:
        link.run(up_s)
        if what == "stall":
            link.node.stall(25)
            stalled += 1
            continue
        link.drop()
        link.run(down_s)
        if what == "restart":
            link.node.restart(link.now_s)
        link.connect()
    link.loss = link.late = 0.0
    link.run(ring / 100 + 6.0)  # a good link, until all that is asked for has come or is gone
    assert link.dialogue.missing == 0
    arrivals = link.dialogue.arrivals
    there = numbers(link)
    assert arrivals.samples == sum(map(len, there.values()))
    newest = there[arrivals.boot or 0]
    kept = set(range(max(newest) + 1 - ring, max(newest) + 1))
    assert not {number for number in kept - newest if number > min(newest)}
    assert absent(link) <= link.dialogue.lost <= absent(link) + 25 * stalled
    if len(there) == 1:
        assert link.dialogue.lost == assemble(link.frames)[0].lost
