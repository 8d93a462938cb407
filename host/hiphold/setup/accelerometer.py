"""Six positions taken with a node at hand: what to do next, what was found, and the calibration written to the node.

Rule 1: the node is changed once, at the very end; whatever goes wrong before leaves it as it was.
Rule 2: samples are taken apart without the calibration that the node has already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from hiphold import wire
from hiphold.clock import NS
from hiphold.errors import HipholdError
from hiphold.samples import Block, Frame, empty_block
from hiphold.setup.node import Talk
from hiphold.setup.six_positions import FACES, REST_S, Position, SixPositions, position, solve
from hiphold.unpack import NodeLog, in_order

SILENT_S = 5.0
PATIENCE_S = 180.0
"""without a new position"""
ALIVE_S = 2.0
"""a host that says nothing for longer may be taken for gone, when there is only a cable"""
WINDOW_NS = round(1.05 * REST_S * NS)
"""of arrivals; somewhat more, because packets come in bursts"""
_HEAD = bytes((wire.SAMPLES << 4 | wire.VERSION,))
_SEEN_FROM_OUTSIDE = {"y up": "its up mark up", "y down": "its up mark down", "z up": "lid up", "z down": "lid down"}

Say = Callable[[str], None]


async def calibrate(node: Talk, say: Say, show: Say) -> SixPositions:
    """Lead through the six positions and store what they tell in the node.

    say: a line that stays; show: what is so just now. Raises HipholdError for a bad set, or a node that does not store.
    """
    say(f"Lay {node.name} down on each of its six faces, on something that does not rock, and let go of it each time.")
    await node.must(wire.START)
    try:
        positions = await _six(node, say, show)
    finally:
        with suppress(HipholdError):
            await node.ask(wire.STOP, tries=1)
    found = solve(positions)
    await _store(node, found)
    return found


async def _six(node: Talk, say: Say, show: Say) -> dict[int, Position]:
    positions: dict[int, Position] = {}
    now_s = asyncio.get_running_loop().time
    asked_s, until_s = now_s(), now_s() + PATIENCE_S
    while len(positions) < len(FACES):
        found = position(await _look(node))
        if found is None:
            show(f"{len(positions)} of 6 done; hold still ...")
        elif found.face in positions:
            show(f"{len(positions)} of 6 done; {_named(found.face)} is done, turn it to another face")
        else:
            positions[found.face] = found
            until_s = now_s() + PATIENCE_S
            say(f"{_named(found.face)}: done ({len(positions)} of 6){_left(positions)}")
        if now_s() > asked_s + ALIVE_S:
            asked_s = now_s()
            await node.write(wire.encode_command(wire.GET_TIME, 0, 0))
        if now_s() > until_s:
            raise HipholdError(
                f"{node.name} lay on no new face for {PATIENCE_S / 60:.0f} minutes; nothing was changed."
            )
    return positions


def _named(face: int) -> str:
    hint = _SEEN_FROM_OUTSIDE.get(FACES[face])
    return f"{FACES[face]} ({hint})" if hint else FACES[face]


def _left(positions: Iterable[int]) -> str:
    names = [FACES[face] for face in range(len(FACES)) if face not in positions]
    return f"; still to do: {', '.join(names)}" if names else ""


async def _look(node: Talk) -> Block:
    """Wait for the next frame; the samples of the last REST_S, in units but not calibrated, on the node's clock."""
    try:
        async with asyncio.timeout(SILENT_S):
            while not isinstance(frame := await node.message(), wire.Samples):
                continue
    except TimeoutError:
        raise HipholdError(f"{node.name} sends no samples; `hiphold node info {node.name}` says why.") from None
    if frame.kind != wire.SAMPLES:
        raise HipholdError(
            f"{node.name} sends its orientation only, not what its sensors measure; set it to send samples "
            "(SET_MODE, see the protocol), then calibrate it."
        )
    return _block(node.recent)


def _block(recent: Sequence[Frame]) -> Block:
    log, since_ns = NodeLog(""), recent[-1].arrival_ns - WINDOW_NS
    for packet in recent:
        if packet.arrival_ns >= since_ns and packet.data[:1] == _HEAD:
            log.add(packet, 0)
    taken = log.take()
    rows = in_order(taken) if taken else None
    return replace(rows.block, time_s=rows.own_s) if rows else empty_block()


async def _store(node: Talk, found: SixPositions) -> None:
    """Write the calibration, keeping the gyroscope's zero, and see that the node holds exactly that."""
    offset, matrix = found.offset_mps2.tolist(), np.diag(found.scale).ravel().tolist()
    wanted = wire.Calibration(tuple(node.calibration.gyr_zero_radps), tuple(offset), tuple(matrix))
    await node.change(wire.SET_CALIBRATION, *wanted.gyr_zero_radps, *offset, *matrix)
    await node.learn()
    if wire.encode_calibration(node.calibration) != wire.encode_calibration(wanted):
        raise HipholdError(f"{node.name} holds another calibration than the one it was given; calibrate it again.")
