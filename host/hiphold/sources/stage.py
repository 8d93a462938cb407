"""Simulated athletes on stage: their frames as they would come, one athlete or several, for as long as is wanted.

Samples are made in pieces of a few seconds when they are due, so that the first frames are there at once and an hour
takes no more memory than a minute. Truth, nodes and links are those of `simulate` with the same seed; the noise and
what is lost are drawn otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush, merge

import numpy as np

from hiphold import wire
from hiphold.samples import Frame
from hiphold.simulation.cast import LOW_BATTERY_MV, Part, play_part, repetitions_for
from hiphold.simulation.link import Link, Packet, deliver
from hiphold.simulation.node import BATTERY_MV, sample_pieces, status_packets, time_packets
from hiphold.simulation.sensor import Sensor, Unit, draw_mounting, draw_unit
from hiphold.simulation.truth import Truth

EPOCH_NS = 1_700_000_000 * 10**9
"""when a session begins, ns since 1970, when nothing else is asked for"""
ROLES = ("pelvis", "thigh_lead", "thigh_other", "shank_lead", "shank_other", "trunk")
"""a branch of the seed each, as in `simulate`"""
PIECE_S = 1.5
"""samples are made for so long ahead, or up to twice as long: not all nodes at once"""
BREATH = 20
"""frames between two chances for others to run, when nothing is waited for"""


@dataclass(frozen=True, eq=False)
class Performance:
    """One athlete's session as it goes on."""

    frames: Iterator[Frame]
    """in order of arrival, made as they are taken"""
    truth: Truth
    """times in seconds since the session began, at the epoch"""
    units: tuple[Unit, ...]
    """the nodes, one per placement"""

    @property
    def first_sample_s(self) -> float:
        """Session time of the earliest sample: truth time is measured time plus this."""
        return min(unit.first_sample_s for unit in self.units)


@dataclass(frozen=True, eq=False)
class _Node:
    """One node and its link, with what is drawn for them."""

    sensor: Sensor
    unit: Unit
    link: Link
    faults: int
    battery_mv: int
    noise: np.random.Generator
    clock: np.random.Generator
    air: np.random.Generator


def stage(part: Part, epoch_ns: int = EPOCH_NS) -> Performance:
    """A part as a performance that begins at `epoch_ns`, ns since 1970."""
    _, for_nodes, for_links = np.random.SeedSequence(part.seed).spawn(3)
    node_seeds, link_seeds = for_nodes.spawn(len(ROLES)), for_links.spawn(len(ROLES))
    nodes = []
    for placement in part.placements:
        role = ROLES.index(part.truth.motion.role(placement))
        nodes.append(_draw_node(part, placement, node_seeds[role], link_seeds[role]))
    frames = merge(*(_frames(part.truth, node, epoch_ns) for node in nodes), key=lambda frame: frame.arrival_ns)
    return Performance(frames, part.truth, tuple(node.unit for node in nodes))


def stream(
    kind: str,
    seed: int = 0,
    minutes: float = 0.0,
    placements: tuple[str, ...] = (),
    faults: tuple[str, ...] = (),
    epoch_ns: int = EPOCH_NS,
) -> Iterator[Frame]:
    """One athlete's frames in order of arrival, repetitions of both legs for at least so many minutes."""
    part = play_part(kind, seed, repetitions_for(kind, minutes), placements=placements, faults=faults)
    return stage(part, epoch_ns).frames


async def perform(
    kinds: Sequence[str],
    seed: int = 0,
    speed: float = 1.0,
    reps: int = 3,
    faults: Mapping[int, tuple[str, ...]] | None = None,
    placements: tuple[str, ...] = (),
    epoch_ns: int = EPOCH_NS,
) -> AsyncIterator[tuple[int, Frame]]:
    """Several athletes at once: lane (from 0) and frame, in order of arrival, as it is due by the loop's clock.

    `kinds`: of cast.CAST, one per lane, all beginning at `epoch_ns`. `speed` 2 plays twice as fast, 0 as fast as frames
    are taken; arrivals stay as at speed 1. `reps`: with each leg. `faults`: of cast.FAULTS, by lane. `placements`: worn
    by everybody; empty: pelvis and thighs. It ends when the last athlete is done, in or out of reach of the host.
    Raises ValueError for an unknown kind or fault.
    """
    parts = [
        play_part(kind, seed + lane, reps, placements=placements, faults=(faults or {}).get(lane, ()))
        for lane, kind in enumerate(kinds)
    ]
    lanes = [_in_lane(lane, stage(part, epoch_ns).frames) for lane, part in enumerate(parts)]
    clock = asyncio.get_running_loop().time
    started_s, taken = clock(), 0

    async def wait(session_s: float) -> None:
        if speed > 0:
            await asyncio.sleep(max(0.0, started_s + session_s / speed - clock()))
        elif taken % BREATH == 0:
            await asyncio.sleep(0.0)

    for lane, frame in merge(*lanes, key=lambda pair: pair[1].arrival_ns):
        await wait((frame.arrival_ns - epoch_ns) * 1e-9)
        taken += 1
        yield lane, frame
    await wait(max((part.truth.duration_s for part in parts), default=0.0))


def _in_lane(lane: int, frames: Iterator[Frame]) -> Iterator[tuple[int, Frame]]:
    return ((lane, frame) for frame in frames)


def _draw_node(
    part: Part, placement: str, node_seed: np.random.SeedSequence, link_seed: np.random.SeedSequence
) -> _Node:
    for_mounting, for_unit, for_noise = (np.random.default_rng(child) for child in node_seed.spawn(3))
    for_clock, for_air = (np.random.default_rng(child) for child in link_seed.spawn(2))
    put_on = draw_mounting(part.mounting, placement, part.truth.motion.lead == "left", for_mounting)
    slips = tuple(slip for slip in part.slips if slip.placement == placement)
    unit = draw_unit(part.sensor, placement, put_on, for_unit, part.says.get(placement), slips)
    low = placement in part.low_battery
    return _Node(
        part.sensor,
        unit,
        part.links.get(placement, Link()),
        wire.LOW_BATTERY if low else 0,
        LOW_BATTERY_MV if low else BATTERY_MV,
        for_noise,
        for_clock,
        for_air,
    )


def _sent(truth: Truth, node: _Node, epoch_ns: int) -> Iterator[list[Packet]]:
    """All that a node sends, a piece at a time: all of each piece was sent before all of the next."""
    others = status_packets(node.sensor, node.unit, truth.duration_s, node.faults, node.battery_mv)
    others += time_packets(node.unit, node.link, epoch_ns // 1000, truth.duration_s, node.clock)
    others.sort(key=lambda packet: packet.sent_s, reverse=True)
    piece_s = PIECE_S * (1.0 + node.noise.uniform())
    for samples in sample_pieces(truth.motion, node.sensor, node.unit, truth.duration_s, node.noise, piece_s):
        piece = [*samples]
        while others and others[-1].sent_s <= samples[-1].sent_s:
            piece.append(others.pop())
        yield piece
    if others:
        yield others


def _frames(truth: Truth, node: _Node, epoch_ns: int) -> Iterator[Frame]:
    """What reaches the host of one node, in order of arrival."""
    waiting: list[tuple[int, int, Frame]] = []
    last_ns, number = 0, 0
    for packets in _sent(truth, node, epoch_ns):
        sent_ns = epoch_ns + round(max(packet.sent_s for packet in packets) * 1e9)
        for frame in deliver(packets, node.link, node.unit.name, epoch_ns, node.air):
            if not _is_resent(frame):  # the link keeps the order from piece to piece
                last_ns = max(last_ns, frame.arrival_ns)
                frame = replace(frame, arrival_ns=last_ns)
            number += 1
            heappush(waiting, (frame.arrival_ns, number, frame))
        while waiting and waiting[0][0] <= sent_ns:  # what is sent from now on arrives later
            yield heappop(waiting)[2]
    yield from (frame for _, _, frame in sorted(waiting))


def _is_resent(frame: Frame) -> bool:
    first = next(iter(wire.messages(frame.data)))
    return isinstance(first, wire.Samples) and bool(first.flags & wire.RESENT)
