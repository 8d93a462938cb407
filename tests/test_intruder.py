"""Another computer within reach, which means no good, and a node of another protocol: the recording goes on.

The intruder is a second Bluetooth adapter of the rig; what it does to a node must cost no sample and change nothing.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bleak import BleakClient
from click.testing import CliRunner

from hiphold import recording, timeline, wire
from hiphold.cli import main as hiphold
from hiphold.receive.dialogue import refusal
from hiphold.sources import ble
from rig import clock
from rig.backend import Adapter
from rig.rig import WIRE, Rig
from rig.skin import Still
from rig_sessions import SCAN_S, Outcome, holes, record, tell, wear

pytestmark = pytest.mark.usefixtures("micropython")
PLACEMENTS = ("pelvis", "thigh_right")
VICTIM = "thigh_right"
SECONDS = 40.0
COMES_S, GOES_S = 10.0, 30.0
"""when the intruder comes, since the recording began, and when it goes"""
BURST, EVERY_S = 8, 0.03
"""twice what a connection can carry"""
MEAN = (
    wire.encode_command(wire.START),
    wire.encode_command(wire.STOP),
    wire.encode_command(wire.SET_RATE, 480),
    wire.encode_command(wire.SET_MODE, wire.ORIENTATION),
    wire.encode_command(wire.SET_PLACEMENT, 5),
    wire.encode_command(wire.SET_LID, 0),
    wire.encode_command(wire.SET_NAME, name="mine"),
    wire.encode_command(wire.SET_CALIBRATION, *[0.5] * 15),
    wire.encode_command(wire.ZERO_GYRO),
    wire.encode_command(wire.RESEND, 1, 0, 60_000),
    wire.encode_command(wire.RESET),
)

Act = Callable[[Rig, "Intruder"], Awaitable[None]]


@dataclass
class Intruder:
    """The other computer, and the node it is after."""

    adapter: Adapter
    device: Any
    until_s: float
    heard: list[bytes]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[BleakClient]:
        """A connection to the node, listening."""
        async with self.adapter.client(self.device) as client:
            await client.start_notify(wire.FRAMES_UUID, lambda _, data: self.heard.append(bytes(data)))
            yield client


async def stay(rig: Rig, intruder: Intruder) -> None:
    """Connected, and nothing else."""
    async with intruder.connected():
        await asyncio.sleep(intruder.until_s - rig.now_s)


async def flood(rig: Rig, intruder: Intruder) -> None:
    """Questions without end, as fast as the connection carries them, and faster."""
    async with intruder.connected() as client:

        async def insist() -> None:
            while rig.now_s < intruder.until_s:
                await client.write_gatt_char(wire.CONTROL_UUID, wire.encode_command(wire.GET_INFO), response=True)

        insisting = asyncio.create_task(insist())
        while rig.now_s < intruder.until_s:
            for token in range(BURST):
                question = wire.encode_command(wire.GET_TIME, token, 0)
                await client.write_gatt_char(wire.CONTROL_UUID, question, response=False)
            await asyncio.sleep(EVERY_S)
        insisting.cancel()
        await asyncio.wait((insisting,))


async def rubbish(rig: Rig, intruder: Intruder) -> None:
    """Bytes without sense, too long ones, and every command that would change something."""
    dice = random.Random(3)
    async with intruder.connected() as client:
        while rig.now_s < intruder.until_s:
            for data in (dice.randbytes(dice.randrange(64)), dice.randbytes(dice.randrange(65, 240)), *MEAN):
                await client.write_gatt_char(wire.CONTROL_UUID, data, response=dice.random() < 0.5)
            await asyncio.sleep(0.1)


async def come_and_go(rig: Rig, intruder: Intruder) -> None:
    """Connections, one after the other, at once closed again."""
    while rig.now_s < intruder.until_s:
        async with intruder.connected():
            pass


async def said(rig: Rig) -> list[object]:
    """What the node says of itself and of its calibration: boot, place, name, rate, faults."""
    (seen,) = [each for each in await ble.scan(SCAN_S, rig.adapter.scanner) if each.name == VICTIM]
    packets = await tell(rig, seen, wire.encode_command(wire.GET_INFO))
    return [message for packet in packets for message in wire.messages(packet)]


def intruded(path: Path, act: Act) -> tuple[Outcome, list[bytes], dict[str, int]]:
    """A recording of two nodes during which the intruder acts; what it was sent, and the victim's counters after it.

    Settings are the same after it, and no node has restarted.
    """
    heard: list[bytes] = []

    async def session() -> tuple[Outcome, dict[str, int]]:
        async with Rig(seed=11, loss=0.02) as rig:
            other = await rig.central("other")
            await wear(rig, PLACEMENTS)
            before = await said(rig)

            async def during(rig: Rig, began_s: float) -> None:
                await asyncio.sleep(COMES_S)
                seen = next(each for each in await ble.scan(SCAN_S, other.scanner) if each.name == VICTIM)
                assert seen.advert.state & wire.STREAMING
                await act(rig, Intruder(other, seen.device, began_s + GOES_S, heard))

            outcome = await record(rig, path, SECONDS, during)
            assert await said(rig) == before
            assert [len(node.starts) for node in rig.nodes.values()] == [1, 1]
            (seen,) = [each for each in await ble.scan(SCAN_S, rig.adapter.scanner) if each.name == VICTIM]
            (packet,) = await tell(rig, seen, wire.encode_command(wire.GET_COUNTERS))
            (counters,) = wire.messages(packet)
            assert isinstance(counters, wire.Counters)
            return outcome, dict(zip(wire.COUNTER_NAMES, counters.values))

    outcome, counters = clock.run(session())
    return outcome, heard, counters


def assert_nothing_missing(outcome: Outcome) -> None:
    for name in PLACEMENTS:
        samples, lost = outcome.counts(name)
        assert lost == 0, name
        assert holes(outcome.frames, name) == []
        assert samples > (SECONDS - 5.0) * 120, name
        dialogue = outcome.nodes[name].dialogue
        assert (dialogue.missing, dialogue.lost, dialogue.link_losses, dialogue.arrivals.restarts) == (0, 0, 0, 0)


def test_one_that_just_stays_gets_nothing(tmp_path: Path) -> None:
    outcome, heard, counters = intruded(tmp_path / "session.mcap", stay)
    assert_nothing_missing(outcome)
    assert heard == []
    assert counters["connections"] >= 4


def test_a_flood_of_questions_costs_no_sample(tmp_path: Path) -> None:
    outcome, heard, counters = intruded(tmp_path / "session.mcap", flood)
    assert_nothing_missing(outcome)
    assert {type(message) for packet in heard for message in wire.messages(packet)} == {
        wire.Info,
        wire.Calibration,
        wire.Time,
    }
    assert counters["dropped_commands"] > 1000


def test_rubbish_and_commands_that_would_change_something_change_nothing(tmp_path: Path) -> None:
    outcome, heard, counters = intruded(tmp_path / "session.mcap", rubbish)
    assert_nothing_missing(outcome)
    replies = [m for packet in heard for m in wire.messages(packet) if isinstance(m, wire.Reply)]
    assert len(replies) > 100
    assert not any(reply.status == wire.OK for reply in replies if reply.opcode != wire.IDENTIFY)
    refused = {reply.opcode for reply in replies if reply.status == wire.BUSY}
    assert refused == {command[0] for command in MEAN}
    assert counters["bad_commands"] > 50
    assert counters["settings_writes"] < 5


def test_connections_that_come_and_go_cost_no_sample(tmp_path: Path) -> None:
    outcome, _, counters = intruded(tmp_path / "session.mcap", come_and_go)
    assert_nothing_missing(outcome)
    assert counters["connections"] > 10


NEWER = {"VERSION = 1": "VERSION = 2"}
DISGUISED = NEWER | {"struct.pack(_ADVERT, advert.version, ": "struct.pack(_ADVERT, 1, "}
"""it says so only once it is asked"""


def patched(changes: dict[str, str]) -> dict[str, str]:
    """The node's wire.py with these changes."""
    text = WIRE.read_text("utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return {"wire.py": text}


async def with_stranger(rig: Rig, changes: dict[str, str]) -> str:
    """A sound node, and one of another version, whose name is returned."""
    await wear(rig, PLACEMENTS[:1])
    await rig.node("newer", chip="lsm6dsv16x", skin=Still(), config={"CHIP": "lsm6dsv16x"}, files=patched(changes))
    return next(each.name for each in await ble.scan(SCAN_S, rig.adapter.scanner) if each.name not in PLACEMENTS)


class Host:
    """Runs the command line inside a rig."""

    def __init__(self, changes: dict[str, str]) -> None:
        self._changes = changes
        self.rig: Rig
        self.stranger = ""

    def run(self, main: Any) -> Any:
        async def inside() -> Any:
            async with Rig(seed=12) as self.rig:
                self.stranger = await with_stranger(self.rig, self._changes)
                return await main

        return clock.run(inside())

    def invoke(self, *arguments: str) -> str:
        """A command's whole output; it must succeed."""
        obj = {
            "runner": self.run,
            "scanner": lambda *args, **options: self.rig.adapter.scanner(*args, **options),
            "client": lambda *args, **options: self.rig.adapter.client(*args, **options),
        }
        result = CliRunner().invoke(hiphold, arguments, obj=obj)
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())


def test_scan_says_what_to_update() -> None:
    host = Host(NEWER)
    said = host.invoke("scan")
    assert host.stranger in said
    assert "update hiphold on this computer" in said
    assert re.search(r"pelvis pelvis right -\d+ dBm none free", said)


@pytest.mark.parametrize("changes", [NEWER, DISGUISED], ids=["advertised", "found out"])
def test_record_refuses_a_node_of_another_version_and_goes_on_with_the_others(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    host = Host(changes)
    path = tmp_path / "session.mcap"
    said = host.invoke("record", str(path), "--seconds", "15")
    assert refusal(host.stranger, 2) in said
    (data,) = timeline.assemble(recording.read(path).frames)
    assert (data.node, data.lost) == ("pelvis", 0)
    assert len(data.block) > 12 * 120  # the first packet may be the other node's
