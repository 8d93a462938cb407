"""A million random and damaged byte strings into everything that takes bytes from outside, on CPython.

On MicroPython fewer: tests/test_wire.py runs the same fuzz of `wire` there and compares every outcome, and
tests/test_node_control.py sends 25 000 commands to a node's own control.
"""

from __future__ import annotations

import gc
import json
import math
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wire_vectors
from hiphold import wire
from hiphold.receive.dialogue import FINISH_S, Dialogue
from scripted_node import ScriptedNode

GOLDEN: Any = json.loads((Path(__file__).parent / "golden" / "wire.json").read_text(encoding="utf-8"))
ROUNDS = 25_000
PARTS = 10
GROWTH_BYTES = 32_768
"""what the interpreter itself may keep: interned values, free lists"""
STEP_S, BAD_S, SETTLE_S = 0.02, 200.0, 90.0
RING_MOST = 0xFFFF
"""what a node can say that it keeps"""
MOST_COMMANDS = 8
"""one of each kind, and the requests for what is missing"""
TURNS = 3
"""after so many looks nothing more is due at the same instant"""
DIALOGUE_GROWTH_BYTES = 65_536


def grown(work: Callable[[int], object]) -> int:
    """Bytes more that are held after `work` of many than after `work` of few rounds."""
    work(ROUNDS // 50)
    tracemalloc.start()
    try:
        work(ROUNDS // 50)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        work(ROUNDS // 5)
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("seed", range(100, 100 + PARTS))
def test_every_input_is_a_value_or_none_or_a_wire_error(seed: int) -> None:
    """Decoders, COBS, the cable's buffer, commands and advertisements; what is decoded encodes to the same bytes."""
    inputs, _ = wire_vectors.fuzz(wire, GOLDEN, ROUNDS, seed)
    assert inputs * PARTS == 1_000_000


def test_decoding_keeps_nothing() -> None:
    assert grown(lambda rounds: wire_vectors.fuzz(wire, GOLDEN, rounds, seed=7)) < GROWTH_BYTES


class Trial:
    """A dialogue with a sound node over a link on which packets are damaged, forged, lost and broken off."""

    def __init__(self, seed: int) -> None:
        self.dice, self.spoiler = random.Random(seed), wire_vectors.Dice(seed)
        self.node = ScriptedNode(0.0)
        self.dialogue = Dialogue("hip-1", 10**18, seed)
        self.now_s, self.packets, self.is_bad = 0.0, 0, True

    def run(self, seconds: float) -> None:
        """So many seconds of talk, with all that must hold after every step."""
        end_s = self.now_s + seconds
        while self.now_s < end_s and not self.dialogue.finished:
            self.now_s += STEP_S
            if self.is_bad and self.dice.random() < 0.005:
                self._befall()
            if not self.dialogue.connected_now:
                if self.is_bad and self.dice.random() < 0.95:
                    continue
                self.dialogue.connected(self.now_s)
            self._step()
            self._check()

    def _befall(self) -> None:
        what = self.dice.choice(("link", "restart", "stall", "forget"))
        if what == "restart":
            self.node.restart(self.now_s)
        elif what == "stall":
            self.node.stall(self.dice.randrange(1, 3000))
        elif what == "forget":
            self.node.forget()
        self.node.disconnected()
        self.dialogue.disconnected(self.now_s)

    def _step(self) -> None:
        packets = self.node.packets(self.now_s)
        for _ in range(TURNS):
            commands = self.dialogue.due(self.now_s) if self.dialogue.next_s <= self.now_s else []
            assert len(commands) <= MOST_COMMANDS
            for command in commands:
                packets += self.node.answer(self.now_s, command)
        assert self.dialogue.next_s > self.now_s
        self.node.commands.clear()
        for packet in packets:
            for each in self._carried(packet):
                self.packets += 1
                self.dialogue.received(self.now_s, each)

    def _carried(self, packet: bytes) -> list[bytes]:
        """What becomes of a packet: most arrive, some damaged, some lost, some with a forged one beside."""
        chance = self.dice.random() if self.is_bad else 1.0
        if chance < 0.05:
            return []
        if chance < 0.25:
            return [wire_vectors.spoilt(self.spoiler, [packet])]
        return [packet, self._forged(packet)] if chance < 0.35 else [packet]

    def _forged(self, packet: bytes) -> bytes:
        """A sound message that says something else."""
        message: Any = wire.messages(packet)[0]
        if isinstance(message, wire.Samples):
            fields = {"seq": 32, "node_us": 64, "boot": 8, "flags": 8, "period_ns": 32}
        elif isinstance(message, wire.Info):
            fields = {"boot": 8, "faults": 16, "rate_hz": 16, "ring_samples": 16}
        else:
            fields = {name: 8 for name in ("boot", "opcode", "status") if name in message._fields}
        name, bits = self.dice.choice(list(fields.items()))
        near = getattr(message, name) + self.dice.randrange(-40, 41)
        value = near if self.dice.random() < 0.5 else self.dice.getrandbits(self.dice.randrange(1, bits + 1))
        changed = message._replace(**{name: value % (1 << bits) or 1})
        return bytes(wire_vectors.encode(wire, changed))

    def _check(self) -> None:
        dialogue, arrivals = self.dialogue, self.dialogue.arrivals
        assert dialogue.packets == self.packets >= dialogue.malformed
        assert dialogue.refusal == ""
        assert 0 <= dialogue.missing <= RING_MOST
        assert 0 <= dialogue.lost <= arrivals.absent
        assert 0 <= arrivals.resent <= arrivals.samples <= self.packets * wire.MAX_SAMPLES
        assert not math.isnan(dialogue.next_s)
        assert dialogue.connected_now or not dialogue.streaming


@pytest.mark.parametrize("seed", range(8))
def test_a_dialogue_survives_any_packets_and_recovers(seed: int) -> None:
    trial = Trial(seed)
    trial.run(BAD_S)
    trial.is_bad = False
    trial.run(SETTLE_S)
    arrivals = trial.dialogue.arrivals
    assert trial.packets > 5 * BAD_S
    assert trial.dialogue.malformed > 0
    before, lost = arrivals.samples, trial.dialogue.lost
    trial.run(10.0)
    assert trial.dialogue.streaming
    assert arrivals.samples - before == pytest.approx(10.0 * trial.node.rate_hz, abs=2 * wire.MAX_SAMPLES)
    assert (trial.dialogue.missing, trial.dialogue.lost) == (0, lost)
    trial.dialogue.finish(trial.now_s)
    trial.run(FINISH_S)
    assert trial.dialogue.finished


def test_a_dialogue_keeps_its_size() -> None:
    """After twenty minutes of such talk it takes as much memory as after five minutes."""
    trial = Trial(50)
    tracemalloc.start()
    try:
        trial.run(300.0)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        trial.run(900.0)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < DIALOGUE_GROWTH_BYTES
    finally:
        tracemalloc.stop()
