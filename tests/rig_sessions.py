"""Recordings that the product itself makes in the rig: nodes set up, found, received, written, read again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hiphold import recording, timeline, wire
from hiphold.receive import capture
from hiphold.samples import Frame, Interval
from hiphold.sources import ble
from rig import session
from rig.chips import Flaws, Skin
from rig.rig import Rig
from rig.skin import Still

SCAN_S = 2.0
SETTLE_S = 0.4
RING_S = 20.0
"""what a node keeps at its default rate, at least"""

During = Callable[[Rig, float], Coroutine[Any, Any, None]]
"""what befalls a recording while it runs; the second argument is when it began, by the rig's time"""


@dataclass(frozen=True)
class Outcome:
    """A recording and what the receiver said of it."""

    frames: list[Frame]
    nodes: dict[str, capture.Node]
    began_s: float
    """by the rig's true time"""

    def counts(self, name: str) -> tuple[int, int]:
        """(samples kept, samples known to be lost) of a node, as `measure` would see them."""
        data = next(node for node in timeline.assemble(self.frames) if node.node == name)
        return len(data.block), data.lost


async def tell(rig: Rig, seen: ble.Seen, *commands: bytes) -> list[bytes]:
    """Send commands over a radio connection of their own; what came back."""
    came: list[bytes] = []
    async with rig.adapter.client(seen.device) as client:
        await client.start_notify(wire.FRAMES_UUID, lambda _, data: came.append(bytes(data)))
        for command in commands:
            await client.write_gatt_char(wire.CONTROL_UUID, command, response=True)
            await asyncio.sleep(0.1)
        await asyncio.sleep(SETTLE_S)
    return came


async def wear(
    rig: Rig,
    placements: Sequence[str],
    *,
    chip: str = "lsm6dsv16x",
    rate_hz: int = 0,
    skins: Mapping[str, Skin] | None = None,
    flaws: Mapping[str, Flaws] | None = None,
    calibrations: Mapping[str, wire.Calibration] | None = None,
    config: Mapping[str, object] | None = None,
    **options: Any,
) -> None:
    """Switch nodes on, one per placement, and tell each where it is worn; its name is its placement then."""
    skins, flaws, calibrations = skins or {}, flaws or {}, calibrations or {}
    for number, placement in enumerate(placements):
        device = await rig.node(
            placement,
            chip=chip,
            skin=skins.get(placement, Still()),
            flaws=flaws.get(placement),
            config={"CHIP": chip} | dict(config or {}),
            **({"skew_ppm": (-1) ** number * 20.0 * number} | options),
        )
        commands = [
            wire.encode_command(wire.SET_PLACEMENT, wire.PLACEMENTS.index(placement)),
            wire.encode_command(wire.SET_NAME, name=placement),
        ]
        if rate_hz:
            commands.append(wire.encode_command(wire.SET_RATE, rate_hz))
        if placement in calibrations:
            zero, offset, matrix = calibrations[placement]
            commands.append(wire.encode_command(wire.SET_CALIBRATION, *zero, *offset, *matrix))
        await session.tell(device, commands)


async def record(rig: Rig, path: Path, seconds: float, during: During | None = None) -> Outcome:
    """Find all nodes and record them, as `hiphold record` does."""
    radio = rig.adapter.scanner, rig.adapter.client
    found = await capture.find([], [], lambda _: None, SCAN_S, radio[0])
    began_s, stop = rig.now_s, asyncio.Event()
    befalling = asyncio.create_task(during(rig, began_s)) if during else None
    nodes = await capture.record(path, found, stop, lambda _: None, lambda _: None, seconds, *radio)
    if befalling:
        await befalling
    return Outcome(recording.read(path).frames, {node.found.name: node for node in nodes}, began_s)


def samples(frame: Frame) -> list[wire.Samples]:
    """The frames of samples in a packet; none in one that was damaged."""
    try:
        return [message for message in wire.messages(frame.data) if isinstance(message, wire.Samples)]
    except wire.WireError:
        return []


def holes(frames: Sequence[Frame], name: str) -> list[tuple[Interval, int]]:
    """Where samples of a node are missing within one start of it, by number: (from, to) seq and how many."""
    messages = [m for frame in frames if frame.node == name for m in samples(frame)]
    seqs = np.unique(np.concatenate([m.seq + np.arange(m.count) for m in messages]))
    jumps = np.flatnonzero(np.diff(seqs) > 1)
    return [((float(seqs[i]), float(seqs[i + 1])), int(seqs[i + 1] - seqs[i] - 1)) for i in jumps]
