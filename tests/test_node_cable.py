"""Nodes on the virtual USB cable: the real firmware on real MicroPython, and bytes as a computer writes them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

import pytest

from hiphold import wire
from rig import clock
from rig.process import NodeProcess
from rig.rig import Rig
from rig.skin import Still

GET_INFO, GET_COUNTERS = (bytes((opcode,)) for opcode in (wire.GET_INFO, wire.GET_COUNTERS))
CTRL_C = b"\x03"

pytestmark = pytest.mark.usefixtures("micropython")


class Line:
    """A computer's end of the cable. `noise` counts what was no packet."""

    def __init__(self, node: NodeProcess) -> None:
        self.node = node
        self.got: list[Any] = []
        self.noise = 0
        self._buffer = bytearray()
        node.port.on_data = self._take

    def _take(self, data: bytes) -> None:
        self._buffer += data
        while b"\0" in self._buffer:
            if self._buffer[0] == 0:
                del self._buffer[0]
                continue
            try:
                packet = wire.cable_take(self._buffer)
            except wire.WireError:
                self.noise += 1
            else:
                self.got += wire.messages(packet or b"")

    async def ask(self, command: bytes, wait_s: float = 0.3) -> list[Any]:
        """What comes back for a command, but for the stream."""
        before = len(self.got)
        self.node.port.write(wire.cable_encode(command))
        await asyncio.sleep(wait_s)
        return [message for message in self.got[before:] if not isinstance(message, wire.Samples)]

    async def status(self, opcode: int, *args: float) -> int:
        (answer,) = await self.ask(wire.encode_command(opcode, *args))
        assert answer.opcode == opcode
        return int(answer.status)

    async def listen(self, seconds: float) -> None:
        """Receive, and ask for the time as any receiving host does."""
        for token in range(round(seconds)):
            await self.ask(wire.encode_command(wire.GET_TIME, token, 0x0303030303), 1.0)

    def frames(self) -> list[Any]:
        return [message for message in self.got if isinstance(message, wire.Samples)]


def unbroken(frames: list[Any]) -> bool:
    return len(frames) > 1 and all(b.seq == a.seq + a.count for a, b in pairwise(frames))


async def plugged(rig: Rig, **options: Any) -> NodeProcess:
    node = await rig.node("node", chip="lsm6dsv16x", skin=Still(), config={"IDLE_SLEEP_MIN": None}, **options)
    await asyncio.sleep(1)  # it tests its chip first
    return node


def in_rig(session: Coroutine[Any, Any, None]) -> None:
    clock.run(session)


def test_silent_until_a_host_speaks_then_a_whole_stream() -> None:
    async def session() -> None:
        async with Rig() as rig:
            node = await plugged(rig)
            await asyncio.sleep(5)
            node.port.write(b"help()\r\n\0\0" + wire.cable_encode(GET_INFO)[:-2] + b"\x55\0")
            await asyncio.sleep(1)
            assert bytes(node.port.received) == b""
            line = Line(node)
            info, calibration = await line.ask(GET_INFO)
            assert node.port.received[0] == 0
            assert (info.chip, info.boot, calibration.acc_matrix[0]) == ("lsm6dsv16x", 1, 1.0)
            assert await line.status(wire.START) == wire.OK
            await line.listen(10)
            assert unbroken(line.frames())
            assert sum(frame.count for frame in line.frames()) > 1150
            first = line.frames()[0].seq
            assert await line.status(wire.RESEND, 1, first - 50, 50) == wire.OK
            await line.listen(1)
            old = [frame for frame in line.frames() if frame.flags & wire.RESENT]
            assert sum(frame.count for frame in old) == 50
            (counters,) = await line.ask(GET_COUNTERS)
            assert dict(zip(wire.COUNTER_NAMES, counters.values))["noise"] == 2
            assert line.noise == 0

    in_rig(session())


def test_noise_of_every_kind_is_survived_and_counted() -> None:
    async def session() -> None:
        rng = random.Random(1)
        async with Rig() as rig:
            node = await plugged(rig)
            line = Line(node)
            await line.ask(GET_INFO)
            await line.status(wire.START)
            for _ in range(60):
                node.port.write(bytes(rng.choices(range(256), k=rng.randrange(400))))
                await asyncio.sleep(0.05)
            node.port.write(b"\x01" * 5000)
            await asyncio.sleep(1)
            node.port.write(b"\0")
            assert len(await line.ask(GET_INFO, 1)) == 2
            (counters,) = await line.ask(GET_COUNTERS)
            counted = dict(zip(wire.COUNTER_NAMES, counters.values))
            assert 20 < counted["noise"] < 200
            assert counted["lost"] == 0
            assert unbroken(line.frames())
            assert len(node.starts) == 1

    in_rig(session())


def test_a_host_that_stalls_does_not_stop_sampling_and_loses_nothing() -> None:
    async def session() -> None:
        async with Rig() as rig:
            node = await plugged(rig)
            line = Line(node)
            await line.ask(GET_INFO)
            await line.status(wire.START)
            await line.listen(2)
            node.port.stall(True)
            before = len(line.got)
            await asyncio.sleep(8)
            assert len(line.got) == before
            node.port.stall(False)
            await line.listen(6)
            assert unbroken(line.frames())
            (counters,) = await line.ask(GET_COUNTERS)
            counted = dict(zip(wire.COUNTER_NAMES, counters.values))
            assert (counted["lost"], counted["overruns"], counted["frames_lost"]) == (0, 0, 0)
            assert sum(frame.count for frame in line.frames()) > 1800

    in_rig(session())


def test_cable_and_radio_do_not_take_the_stream_from_each_other() -> None:
    async def session() -> None:
        async with Rig() as rig:
            node = await plugged(rig)
            line = Line(node)
            await line.ask(GET_INFO)
            assert await line.status(wire.START) == wire.OK
            (device,) = await rig.adapter.scanner.discover(2, service_uuids=[wire.SERVICE_UUID])
            got: list[Any] = []
            async with rig.adapter.client(device) as client:
                await client.start_notify(wire.FRAMES_UUID, lambda _, value: got.extend(wire.messages(bytes(value))))
                await client.write_gatt_char(wire.CONTROL_UUID, bytes((wire.START,)), response=True)
                await line.listen(2)
                assert got == [wire.Reply(wire.START, wire.BUSY)]
                await asyncio.sleep(12)  # the cable was pulled: nobody asks any more
                await client.write_gatt_char(wire.CONTROL_UUID, bytes((wire.START,)), response=True)
                await asyncio.sleep(2)
                assert got[1] == wire.Reply(wire.START, wire.OK)
                assert unbroken(got[2:])
            assert len(await line.ask(GET_INFO)) == 2, "plugged in again"

    in_rig(session())


def test_ctrl_c_leaves_the_board_to_its_prompt_until_a_host_speaks() -> None:
    async def session() -> None:
        async with Rig() as rig:
            node = await plugged(rig)
            line = Line(node)
            await line.ask(GET_INFO)
            node.port.write(CTRL_C + b"\0")
            assert len(await line.ask(GET_INFO)) == 2, "a byte like any other now"
            await node.restart()
            await asyncio.sleep(2)
            node.port.write(CTRL_C)
            await asyncio.sleep(60)
            assert await rig.adapter.scanner.discover(3) == []
            assert await line.ask(GET_INFO) == []
            assert len(node.starts) == 2, "the watchdog leaves whoever works at the prompt in peace"

    in_rig(session())
