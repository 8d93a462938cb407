"""A node: a MicroPython process, its clock, its flash folder, its starts and ends.

The process runs only when it is granted a turn, and a turn ends when it waits. Its clock counts microseconds from
`boot_offset_us` at each start, `skew_ppm` too fast. While it runs, bus transfers carry its clock ahead of the rig's;
what it does to the radio then happens at that later time.
"""

from __future__ import annotations

import asyncio
import struct
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from bumble import hci

from rig.board import Board
from rig.bridge import Door, Line, NodeHangsError
from rig.interpreter import NodeFailedError, Options, launch
from rig.peripheral import Peripheral
from rig.radio import Air
from rig.timing import Deferred, NodeClock, Watchdog

PWRON_RESET, WDT_RESET, DEEPSLEEP_RESET = 1, 3, 4  # of machine.reset_cause()
PIN_WAKE, TIMER_WAKE = 3, 4  # of machine.wake_reason()
FOREVER = 0xFFFFFFFFFFFFFFFF
NO_PIN = 0xFF
DOZE_S = 0.05  # how often a sleeping node's wake pin is looked at


class Port:
    """The host's end of a node's USB cable. `on_data` gets what the node sends; all of it is kept in `received`."""

    def __init__(self, post: Callable[[str, bytes], None]) -> None:
        self._post = post
        self.received = bytearray()
        self.on_data: Callable[[bytes], None] = lambda _data: None

    def write(self, data: bytes) -> None:
        for at in range(0, len(data), 4096):
            self._post("S", data[at : at + 4096])

    def stall(self, stalled: bool) -> None:
        """The host stops taking what the node sends, or goes on."""
        self._post("T", bytes((stalled,)))

    def take(self, data: bytes) -> None:
        self.received += data
        self.on_data(data)


class NodeProcess:
    """One node. `state`: off, starting, running, hanging, sleeping or failed; `starts`: times and reset causes."""

    def __init__(self, air: Air, door: Door, options: Options, flash: Path, board: Board) -> None:
        self.options = options
        self.flash = flash
        self.board = board
        self.state = "off"
        self.starts: list[tuple[float, int]] = []
        self.failure: Exception | None = None
        self.port = Port(self._post)
        self.peripheral: Peripheral | None = None
        self._air, self._door = air, door
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._life = 0  # counts starts and ends; what belongs to an earlier life is dropped
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Line | None = None
        self._memory = b""  # of the RTC, kept while there is power
        self._clock = NodeClock(options.boot_offset_us, options.skew_ppm)
        self._node_us = 0  # what its clock showed when it was last heard of
        self._turn_timer: asyncio.TimerHandle | None = None
        self._watchdog = Watchdog(lambda: self._start_again(WDT_RESET))
        self._events: list[tuple[str, bytes]] = []
        self._deferred = Deferred()
        self._refusal = 0
        self._in_turn = False

    # Starting and ending

    async def start(self, cause: int = PWRON_RESET, reason: int = 0) -> None:
        """Switch on; returns when the firmware waits for the first time."""
        self._end("starting")
        if cause == PWRON_RESET:
            self.board.power_on()
            self._memory = b""
        life = self._life
        await asyncio.sleep(self.options.boot_time_s)
        if life != self._life:
            return
        address = hci.Address(self.options.address)
        label, rssi_dbm = self.options.label, self.options.rssi_dbm
        self.peripheral = Peripheral(self._air, label, address, rssi_dbm, self._post, self._ask)
        await self.peripheral.power_on()
        if life == self._life:
            self._launch(cause, reason)

    def kill(self) -> None:
        """Power is lost."""
        self._end("off")

    async def restart(self) -> None:
        """Power is lost and comes back."""
        self.kill()
        await self.start()

    def _end(self, state: str) -> None:
        self._life += 1
        self.state = state
        self._cancel_turn()
        self._watchdog.stop()
        self._events.clear()
        self._deferred.clear()
        if self.peripheral:
            self.peripheral.power_off()
            self.peripheral = None
        self._stop_process()

    def _stop_process(self) -> None:
        if self._line:
            self._line.close()
            self._line = None
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def set_input(self, pin: int, level: bool) -> None:
        """Somebody presses a button, or lets it go."""
        self.board.inputs[pin] = lambda _now_s: level
        self._post("P", bytes((pin, level)))

    def _launch(self, cause: int, reason: int) -> None:
        self.starts.append((self._loop.time(), cause))
        self._node_us = self._clock.start(self._loop.time())
        self._process = launch(self.options, self.flash, self._door.address, self.log_file)
        self.state = "running"
        mac = bytes(hci.Address(self.options.address))[::-1]
        greeting = struct.pack("<QBB6s", self._node_us, cause, reason, mac) + self._memory
        with self._Turn(self):
            self._line = self._door.open()
            self._line.receive()
            self._line.send(("R", greeting))
            self._listen()

    @property
    def log_file(self) -> Path:
        """What the interpreter itself printed; the firmware's own output is in `port.received`."""
        return self.flash.with_suffix(".log")

    def _start_again(self, cause: int) -> None:
        self._end("off")
        self._later(self.start(cause))

    def _later(self, action: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(action)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Turns

    class _Turn:
        """While the process runs: what goes wrong ends the node, not the rig, and is told by Rig at its end."""

        def __init__(self, node: NodeProcess) -> None:
            self._node = node

        def __enter__(self) -> None:
            self._node._in_turn = True

        def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
            node = self._node
            node._in_turn = False
            if isinstance(error, NodeHangsError) and node._watchdog.is_armed:
                node._stop_process()  # nothing happens until the watchdog bites; the radio keeps its connections
                node.state = "hanging"
            elif isinstance(error, Exception):
                node._fail(error)
            return error is None or isinstance(error, Exception)

    def _fail(self, error: Exception) -> None:
        log = self.log_file.read_text("utf-8", "replace")[-2000:]
        said = bytes(self.port.received[-2000:]).decode("utf-8", "replace")
        self.failure = NodeFailedError(f"node {self.options.label}: {type(error).__name__} {error}\n{log}\n{said}")
        self.failure.__cause__ = error
        self._end("failed")

    def _turn(self) -> None:
        self._cancel_turn()
        if self._line is None:
            return
        events, self._events = self._events, []
        self._node_us = max(self._node_us, self._clock.local_us(self._loop.time()))
        with self._Turn(self):
            self._line.send(*events, ("G", struct.pack("<Q", self._node_us)))
            self._listen()

    def _cancel_turn(self) -> None:
        if self._turn_timer:
            self._turn_timer.cancel()
            self._turn_timer = None

    def _listen(self) -> None:
        """Serve the process until it waits or ends."""
        life = self._life
        line = self._line
        while life == self._life and line is not None:
            kind, self._node_us, body = line.receive()
            if kind == "I":
                self._schedule(struct.unpack("<Q", body)[0])
                return
            answer = self._serve(kind, body)
            if answer is not None:
                line.send(answer)

    def _schedule(self, until_us: int) -> None:
        if self._events:
            until_us = self._node_us
        if until_us != FOREVER:
            due_s = max(self._loop.time(), self._clock.true_s(until_us))
            self._turn_timer = self._loop.call_at(due_s, self._turn)

    def _post(self, kind: str, body: bytes) -> None:
        """An event for the node: it runs as soon as its clock allows."""
        if self._line is None:
            return
        self._events.append((kind, body))
        if not self._in_turn:
            self._cancel_turn()
            self._schedule(FOREVER)

    def _ask(self, kind: str, body: bytes) -> int:
        self._refusal = 0
        if self._line:
            self._events.append((kind, body))
            self._turn()
        return self._refusal

    # What the node asks for

    def _serve(self, kind: str, body: bytes) -> tuple[str, bytes] | None:
        now_s = self._clock.true_s(self._node_us)
        board, radio = self.board, self.peripheral
        assert radio is not None
        if kind in "BNpA":
            ask = {"B": board.transfer, "N": board.scan, "p": board.read_pin, "A": board.read_analog}[kind]
            try:
                return "R", ask(body, now_s)
            except OSError as error:
                return "E", struct.pack("<H", error.errno or 5)
        if kind == "g":
            return "R", radio.register(body)
        if kind in "QM":
            (board.write_pin if kind == "Q" else board.write_pwm)(body, now_s)
        elif kind == "v":
            radio.write_value(body)
        elif kind in "acdnV":
            act = {"a": radio.advertise, "c": radio.configure, "d": radio.disconnect, "n": radio.notify}
            self._deferred.add(act.get(kind, radio.activate), body, now_s)
        else:
            self._control(kind, body, now_s)
        return None

    def _control(self, kind: str, body: bytes, now_s: float) -> None:
        if kind == "O":
            self.port.take(body)
        elif kind == "W":
            self._watchdog.feed(now_s + struct.unpack("<I", body)[0] * 1e-3)
        elif kind == "K":
            self._memory = body
        elif kind == "r":
            self._refusal = body[0]
        elif kind == "Z":
            if not self.options.may_crash:
                raise NodeFailedError("the firmware ended with an exception")
        elif kind == "X":
            self._start_again(body[0])
        elif kind == "D":
            self._end("sleeping")
            self._later(self._doze(self._life, now_s, *struct.unpack("<qBB", body)))

    async def _doze(self, life: int, since_s: float, sleep_us: int, pin: int, level: int) -> None:
        until_s = since_s + sleep_us * 1e-6 if sleep_us >= 0 else float("inf")
        while life == self._life:
            now_s = self._loop.time()
            if pin != NO_PIN and self.board.level(pin, now_s) == bool(level):
                await self.start(DEEPSLEEP_RESET, PIN_WAKE)
            elif now_s >= until_s:
                await self.start(DEEPSLEEP_RESET, TIMER_WAKE)
            else:
                await asyncio.sleep(min(DOZE_S, until_s - now_s))

    async def close(self) -> None:
        """End the process and whatever still waits to start it again."""
        self._end("off")
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
