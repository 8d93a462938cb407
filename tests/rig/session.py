"""Nodes worn by a simulated athlete: the same motion and the same specimens as hiphold's own simulation draws."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from hiphold import wire
from hiphold.samples import Floats
from hiphold.simulation.sensor import Sensor, Unit
from hiphold.sources.simulate import Simulation, simulate
from rig.chips import Skin
from rig.interpreter import NodeFailedError
from rig.process import NodeProcess
from rig.rig import Rig
from rig.skin import Worn, flaws_of

ANSWER_S = 8.0  # ZERO_GYRO apart, a node answers within a turn
STEP_S = 1 / 250
PIECE = 5000  # steps of a table


class Tabulated:
    """A skin looked up in tables of its values at 250 Hz, made 20 s at a time: asking the athlete costs by the call.

    Cubic in between (Lagrange, four points): at 10 Hz, the end of what a body does, 0.01 % of the amplitude off.
    """

    def __init__(self, skin: Skin) -> None:
        self._skin = skin
        self._tables: dict[int, Floats] = {}

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        """Specific force and rate."""
        steps = time_s / STEP_S
        pieces = (steps // PIECE).astype(int)
        rows = np.empty((len(time_s), 6))
        for piece in np.unique(pieces):
            here = pieces == piece
            within = steps[here] - piece * PIECE
            first = within.astype(int)
            table = self._table(int(piece))
            rows[here] = sum(table[first + n] * weight for n, weight in enumerate(_cubic(within - first)))
        return rows[:, :3], rows[:, 3:]

    def _table(self, piece: int) -> Floats:
        """Row 0 lies one step before the piece begins."""
        if piece not in self._tables:
            self._tables.pop(piece - 2, None)
            times_s = np.asarray((piece * PIECE + np.arange(-1.0, PIECE + 2)) * STEP_S)
            self._tables[piece] = np.hstack(self._skin.at(times_s))
        return self._tables[piece]


def _cubic(part: Floats) -> tuple[Floats, ...]:
    """Weights (n, 1) of the points at -1, 0, 1, 2 for the places `part` (n,) between 0 and 1."""
    t = part[:, None]
    return (
        -t * (t - 1) * (t - 2) / 6,
        (t + 1) * (t - 1) * (t - 2) / 2,
        -(t + 1) * t * (t - 2) / 2,
        (t + 1) * t * (t - 1) / 6,
    )


async def dress(
    rig: Rig,
    placements: Sequence[str] = ("pelvis", "thigh_right"),
    *,
    seed: int = 0,
    sensor: Sensor | None = None,
    start_s: float = 0.0,
    simulation: dict[str, Any] | None = None,
    **options: Any,
) -> Simulation:
    """Switch on a node per placement, told over its cable where it is worn. The session begins at `start_s`.

    `simulation`: more arguments of hiphold.sources.simulate.simulate. options: of Rig.node, for all nodes.
    Its frames are the pure simulation's; its truth is what is to be measured, in seconds since `start_s`.
    """
    sensor = sensor or Sensor.good()
    drawn = simulate(seed=seed, placements=tuple(placements), sensor=sensor, **(simulation or {}))
    for unit in drawn.units:
        node = await rig.node(
            unit.placement,
            chip=sensor.chip,
            skin=Tabulated(Worn(drawn.truth.motion, unit, drawn.truth.duration_s, start_s)),
            flaws=flaws_of(unit, sensor),
            skew_ppm=unit.clock_skew * 1e6,
            boot_offset_us=round(unit.clock_offset_s * 1e6),
            config={"CHIP": sensor.chip} | options.pop("config", {}),
            **options,
        )
        await set_up(node, unit)
    return drawn


async def set_up(node: NodeProcess, unit: Unit) -> None:
    """What `hiphold node` does once per node: placement, lid, name and calibration."""
    commands = [
        wire.encode_command(wire.SET_PLACEMENT, wire.PLACEMENTS.index(unit.says)),
        wire.encode_command(wire.SET_LID, wire.LID_SIDES.index(unit.lid)),
        wire.encode_command(wire.SET_NAME, name=unit.name),
    ]
    if unit.calibration:
        zero, offset, matrix = unit.calibration
        commands.append(wire.encode_command(wire.SET_CALIBRATION, *zero, *offset, *matrix))
    await tell(node, commands)


async def tell(node: NodeProcess, commands: Sequence[bytes]) -> None:
    """Give a node commands over its cable. Raises NodeFailedError when it refuses one.

    GET_INFO comes first: until a packet has been understood, byte 3 on the cable is Ctrl-C.
    """
    for command in (wire.encode_command(wire.GET_INFO), *commands):
        answer = await ask(node, command)
        if isinstance(answer, wire.Reply) and answer.status != wire.OK:
            raise NodeFailedError(f"command {command[0]} was answered with status {answer.status}")


async def ask(node: NodeProcess, command: bytes) -> Any:
    """Send one command over the cable; its answer: the INFO to GET_INFO, the REPLY to others. Raises TimeoutError."""
    del node.port.received[:]
    node.port.write(b"\0" + wire.cable_encode(command))
    async with asyncio.timeout(ANSWER_S):
        while True:
            await asyncio.sleep(0.02)
            for message in messages(node.port.received):
                if command[0] == wire.GET_INFO and isinstance(message, wire.Info):
                    return message
                if isinstance(message, wire.Reply) and message.opcode == command[0]:
                    return message


def messages(received: bytearray) -> list[object]:
    """What came over a cable, taken off the buffer."""
    found: list[object] = []
    while True:
        try:
            packet = wire.cable_take(received)
        except wire.WireError:
            continue
        if packet is None:
            return found
        found += wire.messages(packet)
