"""Nodes over a cable: real pyserial on one end of a pseudo terminal, a scripted node at the other."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import serial

from hiphold import wire
from hiphold.errors import HipholdError
from hiphold.receive import carrier
from hiphold.receive.carrier import LinkError, Received, Write
from hiphold.receive.dialogue import Dialogue
from hiphold.samples import Frame
from hiphold.sources import usb
from hiphold.timeline import assemble
from rig import clock
from rig.rig import Rig
from rig.skin import Still
from scripted_node import ScriptedNode

if sys.platform == "win32":
    pytest.skip("pseudo terminals are of POSIX systems", allow_module_level=True)

BOOT_TEXT = b"ESP-ROM:esp32s3-20210327\r\nrst:0x1 (POWERON)\r\n"


def packets(buffer: bytearray) -> Iterator[bytes]:
    """The whole packets at the front of what came, without the noise between them."""
    while True:
        try:
            packet = wire.cable_take(buffer)
        except wire.WireError:
            continue
        if packet is None:
            return
        yield packet


class Board:
    """A scripted node at the far end of a pseudo terminal, in a thread of its own."""

    def __init__(self, link: Path, rate_hz: int = 200) -> None:
        self.node = ScriptedNode(time.monotonic(), rate_hz=rate_hz)
        self._link = link
        self.damage = 0
        """one packet in so many is broken on the way"""
        self._dice = random.Random(1)
        self.plug()

    def plug(self) -> None:
        self._far, self._near = os.openpty()
        os.set_blocking(self._far, False)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(os.ttyname(self._near))
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        self._gone.set()
        self._thread.join()
        self._link.unlink()
        os.close(self._near)
        os.close(self._far)
        self.node.disconnected()

    def _run(self) -> None:
        buffer = bytearray()
        self._send(BOOT_TEXT + b"\0")
        while not self._gone.wait(0.01):
            with suppress(BlockingIOError):
                buffer += os.read(self._far, 4096)
            now_s = time.monotonic()
            for command in packets(buffer):
                self._packets(self.node.answer(now_s, command))
            self._packets(self.node.packets(now_s))

    def _packets(self, packets: list[bytes]) -> None:
        for packet in packets:
            coded = wire.cable_encode(packet)
            if self.damage and self._dice.randrange(self.damage) == 0:
                coded = coded[:9] + bytes([coded[9] ^ 0x55 or 1]) + coded[10:]
            self._send(coded)

    def _send(self, data: bytes) -> None:
        with suppress(BlockingIOError):
            os.write(self._far, data)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    made = Board(tmp_path / "ttyNODE")
    yield made
    with suppress(OSError):
        made.unplug()


def receive(tmp_path: Path, script: Callable[[Dialogue], Any]) -> tuple[Dialogue, list[Frame]]:
    """Receive until the script, which runs meanwhile, has ended and the node is stopped."""
    kept: list[Frame] = []

    async def session() -> Dialogue:
        stop = asyncio.Event()
        epoch_ns = time.time_ns() - round(asyncio.get_running_loop().time() * 1e9)
        dialogue = Dialogue("hip-1", epoch_ns)

        async def act() -> None:
            await script(dialogue)
            stop.set()

        acting = asyncio.create_task(act())
        kept.extend([frame async for frame in usb.frames(str(tmp_path / "ttyNODE"), dialogue, stop)])
        await acting
        return dialogue

    return asyncio.run(session()), kept


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to that")


def test_a_node_at_a_port_is_received_and_stopped(board: Board, tmp_path: Path) -> None:
    async def script(dialogue: Dialogue) -> None:
        await until(lambda: dialogue.arrivals.samples > 300)

    before_ns = time.time_ns()
    dialogue, kept = receive(tmp_path, script)
    assert dialogue.finished
    assert not board.node.started
    assert (dialogue.malformed, dialogue.missing, dialogue.lost) == (0, 0, 0)
    assert before_ns < kept[0].arrival_ns <= kept[-1].arrival_ns < time.time_ns()
    (data,) = assemble(kept)
    assert len(data.block) == dialogue.arrivals.samples > 300


def test_what_the_cable_breaks_is_fetched(board: Board, tmp_path: Path) -> None:
    async def script(dialogue: Dialogue) -> None:
        board.damage = 5
        await until(lambda: dialogue.arrivals.samples > 300)
        board.damage = 0

    dialogue, kept = receive(tmp_path, script)
    assert dialogue.arrivals.resent > 0
    assert (dialogue.missing, dialogue.lost, assemble(kept)[0].lost) == (0, 0, 0)


def test_a_cable_that_is_pulled_and_plugged_in_again(board: Board, tmp_path: Path) -> None:
    problems: list[str] = []

    async def script(dialogue: Dialogue) -> None:
        await until(lambda: dialogue.arrivals.samples > 100)
        await asyncio.to_thread(board.unplug)
        await until(lambda: not dialogue.connected_now)
        await asyncio.sleep(0.6)
        problems.append(dialogue.problem)
        board.plug()
        before = dialogue.arrivals.samples
        await until(lambda: dialogue.arrivals.samples > before + 100)

    dialogue, kept = receive(tmp_path, script)
    assert dialogue.link_losses == 1
    assert len(problems[0]) > 10
    assert dialogue.arrivals.resent > 50
    assert (dialogue.missing, dialogue.lost, assemble(kept)[0].lost) == (0, 0, 0)


def test_a_port_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    async def session() -> None:
        async for _ in usb.frames(str(tmp_path / "ttyNONE"), Dialogue("x", 0), asyncio.Event()):
            pass

    with pytest.raises(HipholdError, match=r"There is no port .*ttyNONE; plug the node in") as caught:
        asyncio.run(session())
    assert not isinstance(caught.value, LinkError)


def test_two_programs_cannot_share_a_port(board: Board, tmp_path: Path) -> None:
    async def session() -> None:
        async for _ in usb.frames(str(tmp_path / "ttyNODE"), Dialogue("x", 0), asyncio.Event()):
            pass

    with (
        serial.Serial(str(tmp_path / "ttyNODE"), exclusive=True),
        pytest.raises(HipholdError, match="close the program that uses it"),
    ):
        asyncio.run(session())
    assert board.node.commands == []


def test_a_port_without_permission_says_what_to_do() -> None:
    said = usb._sentence("/dev/ttyACM0", serial.SerialException(errno.EACCES, "could not open port"))
    assert "dialout" in said


@pytest.mark.parametrize("device", ["/dev/null", "/"])
def test_what_is_no_serial_port_is_named_so(device: str) -> None:
    error = usb.opening_error(device)
    assert error is not None
    assert usb._sentence(device, error) == f"{device} is no serial port; `hiphold scan` lists the ports."


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (serial.SerialException(errno.EBUSY, "could not open port"), "may not be opened; close the program"),
        (serial.SerialException("could not open port 'X': PermissionError(13, 'Denied.')"), "close the program"),
        (serial.SerialException("could not open port 'X': FileNotFoundError(2, 'Gone.')"), "There is no port X; "),
        (serial.SerialException(errno.EIO, "write failed: [Errno 5]"), f"X does not work ({os.strerror(5)}); plug it"),
        (serial.SerialTimeoutException("Write timeout"), "X does not work; plug it in again."),
    ],
)
def test_what_the_system_says_is_one_clean_sentence(error: OSError, said: str) -> None:
    sentence = usb._sentence("X", error)
    assert said in sentence
    assert "Errno" not in sentence
    assert sentence.endswith(".")


def test_the_error_number_may_be_in_the_cause_only() -> None:
    try:
        raise OSError(errno.EIO, "gone")
    except OSError as cause:
        error = serial.SerialException(f"write failed: {cause}")
        error.__context__ = cause
    assert usb.error_number(error) == errno.EIO


def test_closing_breaks_off_at_once(board: Board, tmp_path: Path) -> None:
    async def session() -> float:
        dialogue = Dialogue("hip-1", 0)
        source = usb.frames(str(tmp_path / "ttyNODE"), dialogue, asyncio.Event())
        await anext(source)
        began_s = asyncio.get_running_loop().time()
        await source.aclose()
        assert not dialogue.connected_now
        return asyncio.get_running_loop().time() - began_s

    assert asyncio.run(session()) < 1.0
    assert "hiphold-usb" not in [thread.name for thread in threading.enumerate()]
    assert board.node.commands.count(wire.STOP) == 0


def test_ports_are_told_by_their_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [
        SimpleNamespace(device="COM7", vid=0x303A),
        SimpleNamespace(device="COM3", vid=0x1A86),
        SimpleNamespace(device="COM1", vid=None),
        SimpleNamespace(device="COM9", vid=0x046D),
        SimpleNamespace(device="COM4", vid=0x10C4),
    ]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: there)
    assert [(port.device, port.kind) for port in usb.ports()] == [
        ("COM3", "CH34x"),
        ("COM4", "CP210x"),
        ("COM7", "Espressif"),
    ]


@pytest.mark.usefixtures("micropython")
def test_the_firmware_at_the_other_end_of_a_noisy_cable() -> None:
    """In virtual time: the dialogue and its carrier on one end, firmware/cable.py on real MicroPython at the other."""

    async def session() -> tuple[Dialogue, list[Frame]]:
        dialogue, stop, noise = Dialogue("hip-1", 0), asyncio.Event(), random.Random(1)
        async with Rig(seed=1) as rig:
            node = await rig.node("node", chip="lsm6dsv16x", skin=Still(), config={"CHIP": "lsm6dsv16x"})

            @asynccontextmanager
            async def opener(received: Received, _lost: Callable[[], None]) -> AsyncIterator[Write]:
                buffer = bytearray()

                def take(data: bytes) -> None:
                    nonlocal buffer
                    buffer += bytes(b ^ 0x10 if noise.random() < 2e-4 else b for b in data)
                    for packet in packets(buffer):
                        received(rig.now_s, packet)

                async def write(command: bytes) -> None:
                    node.port.write(wire.cable_encode(command))

                node.port.on_data = take
                yield write

            asyncio.get_running_loop().call_later(30.0, stop.set)
            kept = [frame async for frame in carrier.frames(dialogue, opener, stop)]
        return dialogue, kept

    dialogue, kept = clock.run(session())
    (data,) = assemble(kept)
    assert (dialogue.missing, dialogue.lost, data.lost, data.gaps) == (0, 0, 0, ())
    assert dialogue.arrivals.samples == len(data.block) > 27 * 120
    assert dialogue.arrivals.resent > 100
