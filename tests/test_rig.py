"""The rig itself: virtual time, the radio, a node's life. The firmware here is a small one of the tests' own."""

from __future__ import annotations

import asyncio
import errno
import logging
import struct
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest

pytest.importorskip("bumble", reason="the radio of the rig needs bumble: pip install bumble")
pytest.importorskip("bleak", reason="the rig is received by bleak: pip install bleak")

from bleak import BleakClient
from bleak.exc import BleakDeviceNotFoundError, BleakError

from hiphold import wire
from rig import clock
from rig.backend import Adapter, Faults
from rig.board import Board
from rig.interpreter import NodeFailedError
from rig.rig import Rig
from rig.session import dress
from rig.usb import SerialPort

pytestmark = pytest.mark.usefixtures("micropython")

T = TypeVar("T")
FIRMWARE = Path(__file__).parent / "micropython" / "rig"
SERVICE, DATA, CONTROL, STATUS = (f"6f5a000{n}-7d2c-4f0b-9a11-00a1b2c3d4e5" for n in range(1, 5))
LED = 2
PWRON, HARD, WDT, DEEPSLEEP = 1, 2, 3, 4


class Counting:
    """A chip with one register block: how often it was read."""

    def __init__(self) -> None:
        self.reads = 0
        self.times_s: list[float] = []

    def read(self, register: int, size: int, now_s: float) -> bytes:
        assert (register, size) == (0, 4)
        self.reads += 1
        self.times_s.append(now_s)
        return struct.pack("<I", self.reads)

    def write(self, _register: int, _data: bytes, _now_s: float, /) -> None:
        raise OSError(5, "this one is read only")

    def interrupt(self, now_s: float) -> bool:
        return now_s > 30.0


class Received:
    """Notifications of one client: arrival, number, chip's word, node's microseconds."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, int, int, int]] = []
        self.raw: list[bytes] = []

    def take(self, _: object, value: bytearray) -> None:
        now_s = asyncio.get_running_loop().time()
        self.raw.append(bytes(value))
        self.rows.append((now_s, *struct.unpack_from("<IIQ", value)))

    @property
    def numbers(self) -> list[int]:
        return [row[1] for row in self.rows]


@asynccontextmanager
async def connected(rig: Rig, adapter: Adapter | None = None, number: int = 0) -> AsyncIterator[BleakClient]:
    adapter = adapter or rig.adapter
    found = await adapter.scanner.discover(1.0, service_uuids=[SERVICE])
    async with adapter.client(sorted(found, key=lambda device: device.address)[number]) as client:
        yield client


@asynccontextmanager
async def streaming(rig: Rig, received: Received, **where: Any) -> AsyncIterator[BleakClient]:
    async with connected(rig, **where) as client:
        await client.start_notify(DATA, received.take)
        await client.write_gatt_char(CONTROL, b"start", response=True)
        yield client


async def status(client: BleakClient) -> tuple[int, int, int]:
    """The node's microseconds, how often its stack had no buffer, its reset cause."""
    microseconds, refused, cause = struct.unpack("<QHB", await client.read_gatt_char(STATUS))
    return microseconds, refused, cause


def run(main: Coroutine[Any, Any, T]) -> T:
    logging.getLogger("bumble").setLevel(logging.ERROR)  # it warns of every link that is lost
    return clock.run(main)


def consecutive(numbers: list[int]) -> bool:
    return all(after - before == 1 for before, after in pairwise(numbers))


# The clock


def test_time_leaps() -> None:
    async def main() -> tuple[float, float]:
        begin_s = asyncio.get_running_loop().time()
        await asyncio.gather(*(asyncio.sleep(3600.0 + n) for n in range(3)))
        return begin_s, asyncio.get_running_loop().time()

    begin = time.monotonic()
    before_s, after_s = clock.run(main())
    assert after_s - before_s == pytest.approx(3602.0)
    assert time.monotonic() - begin < 2.0


def test_a_thread_holds_the_clock() -> None:
    async def main() -> float:
        sleeper = asyncio.create_task(asyncio.sleep(3600.0))
        await asyncio.to_thread(time.sleep, 0.1)
        assert not sleeper.done()
        sleeper.cancel()
        return asyncio.get_running_loop().time()

    assert clock.run(main()) == clock.START_S


def test_paced_time_is_real_time_times_pace() -> None:
    begin = time.monotonic()
    clock.run(asyncio.sleep(2.0), pace=10.0)
    assert 0.19 < time.monotonic() - begin < 1.0


def test_a_loop_with_nothing_to_wait_for_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(clock, "STUCK_S", 0.05)
    with pytest.raises(RuntimeError, match="stuck"):
        clock.run(main())


# The radio


async def a_lossy_minute(seed: int) -> tuple[list[tuple[float, int, int, int]], int]:
    received = Received()
    async with Rig(seed=seed, loss=0.1) as rig:
        await rig.node("one", firmware=FIRMWARE, board=Board(lambda: {0x6A: Counting()}), skew_ppm=20.0)
        await rig.node("two", firmware=FIRMWARE)
        async with streaming(rig, received), streaming(rig, received, number=1):
            await asyncio.sleep(20.0)
        return received.rows, rig.air.lost


def test_the_same_seed_gives_the_same_bytes_at_the_same_times() -> None:
    first, again, other = (run(a_lossy_minute(seed)) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_what_is_lost_is_sent_again() -> None:
    async def main() -> tuple[Received, int]:
        received = Received()
        async with Rig(loss=0.2) as rig:
            await rig.node("one", firmware=FIRMWARE)
            async with streaming(rig, received):
                await asyncio.sleep(30.0)
            return received, rig.air.lost

    received, lost = run(main())
    assert lost > 100
    assert len(received.rows) > 280
    assert consecutive(received.numbers)


def test_notifications_arrive_with_the_connection_events() -> None:
    async def main() -> Received:
        received = Received()
        async with Rig(interval_s=0.05) as rig:
            await rig.node("one", firmware=FIRMWARE, config={"PERIOD_MS": 33})
            async with streaming(rig, received):
                await asyncio.sleep(10.0)
        return received

    times_s = [row[0] for row in run(main()).rows]
    phases_s = [(at_s - times_s[0] + 0.025) % 0.05 - 0.025 for at_s in times_s]
    assert max(phases_s) - min(phases_s) < 0.006  # within one event, a packet of 251 bytes takes 2.1 ms


def test_a_full_stack_says_enomem_and_nothing_is_lost() -> None:
    async def main() -> tuple[Received, int]:
        received = Received()
        async with Rig(loss=0.6) as rig:
            await rig.node("one", firmware=FIRMWARE, config={"BURST": 6})
            async with streaming(rig, received) as client:
                await asyncio.sleep(20.0)
                _, refused, _ = await status(client)
        return received, refused

    received, refused = run(main())
    assert refused > 10
    assert consecutive(received.numbers)


def test_mtu_and_value_sizes() -> None:
    async def main() -> None:
        async with Rig() as rig:
            await rig.node("one", firmware=FIRMWARE)
            received = Received()
            async with streaming(rig, received) as client:
                await asyncio.sleep(1.0)
                assert client.mtu_size == 256
                await client.write_gatt_char(CONTROL, b"x" * 100, response=True)
                assert await client.read_gatt_char(CONTROL) == b"x" * 100
            assert {len(value) for value in received.raw} == {244}

    run(main())


def test_supervision_timeout_and_reconnection() -> None:
    async def main() -> None:
        gone: list[float] = []
        async with Rig(supervision_s=4.0) as rig:
            await rig.node("one", firmware=FIRMWARE)
            received = Received()
            found = await rig.adapter.scanner.discover(1.0, service_uuids=[SERVICE])
            client = rig.adapter.client(found[0], lambda _: gone.append(rig.now_s))
            await client.connect()
            begin_s = rig.now_s
            rig.blackout(6.0, "one")
            await asyncio.sleep(1.0)
            with pytest.raises(BleakError):
                await client.read_gatt_char(STATUS)
            await asyncio.sleep(6.0)
            assert not client.is_connected
            assert len(gone) == 1
            assert 3.9 < gone[0] - begin_s < 4.1
            async with streaming(rig, received):
                await asyncio.sleep(2.0)
            assert len(received.rows) > 15

    run(main())


def test_a_short_blackout_only_delays() -> None:
    async def main() -> Received:
        received = Received()
        async with Rig() as rig:
            await rig.node("one", firmware=FIRMWARE)
            async with streaming(rig, received):
                rig.blackout(2.0, start_s=rig.now_s + 3.0)
                await asyncio.sleep(10.0)
        return received

    received = run(main())
    assert consecutive(received.numbers)
    arrivals_s = [row[0] for row in received.rows]
    assert 1.9 < max(after - before for before, after in pairwise(arrivals_s)) < 2.2


def test_nothing_is_heard_in_a_blackout() -> None:
    async def main() -> None:
        async with Rig() as rig:
            await rig.node("one", firmware=FIRMWARE)
            (device,) = await rig.adapter.scanner.discover(1.0, service_uuids=[SERVICE])
            rig.blackout(20.0)
            assert await rig.adapter.scanner.discover(1.0) == []
            begin_s = rig.now_s
            with pytest.raises(BleakDeviceNotFoundError):
                await rig.adapter.client(device, timeout=5.0).connect()
            assert 4.9 < rig.now_s - begin_s < 5.5

    run(main())


def test_advertisement_with_scan_response_and_strength() -> None:
    async def main() -> None:
        async with Rig() as rig:
            await rig.node("one", firmware=FIRMWARE, rssi_dbm=-80)
            await rig.stranger("Watch")
            found = await rig.adapter.scanner.discover(1.0, return_adv=True)
            by_name = {data.local_name: data for _, data in found.values()}
            assert by_name.keys() == {"rig", "Watch"}
            assert by_name["rig"].service_uuids == [SERVICE]
            assert -83 <= by_name["rig"].rssi <= -77
            assert by_name["Watch"].manufacturer_data == {0x004C: b"\x10\x05"}

    run(main())


def test_two_computers_on_one_node() -> None:
    async def main() -> None:
        mine, theirs = Received(), Received()
        async with Rig() as rig:
            await rig.node("one", firmware=FIRMWARE)
            other = await rig.central("other")
            async with streaming(rig, mine):
                async with streaming(rig, theirs, adapter=other):
                    await asyncio.sleep(3.0)
                await asyncio.sleep(3.0)
        assert len(mine.rows) > 60
        assert 25 < len(theirs.rows) < 35
        assert consecutive(mine.numbers)

    run(main())


def test_four_nodes_run_much_faster_than_real_time() -> None:
    async def main() -> int:
        received = Received()
        async with Rig(loss=0.05) as rig, AsyncExitStack() as clients:
            for label in "abcd":
                await rig.node(label, firmware=FIRMWARE, config={"PERIOD_MS": 90})
            for device in await rig.adapter.scanner.discover(2.0, service_uuids=[SERVICE]):
                client = await clients.enter_async_context(rig.adapter.client(device))
                await client.start_notify(DATA, received.take)
                await client.write_gatt_char(CONTROL, b"start", response=True)
            await asyncio.sleep(60.0)
        return len(received.rows)

    begin = time.monotonic()
    assert run(main()) > 4 * 11 * 55
    assert time.monotonic() - begin < 60.0 / 4


def test_damaged_and_doubled_notifications() -> None:
    async def main() -> Received:
        received = Received()
        async with Rig(faults=Faults(corrupt=0.1, duplicate=0.1)) as rig:
            await rig.node("one", firmware=FIRMWARE, config={"PERIOD_MS": 50})
            async with streaming(rig, received):
                await asyncio.sleep(30.0)
        return received

    received = run(main())
    damaged = sum(value[16:] != bytes(228) for value in received.raw)
    doubled = sum(before == after for before, after in pairwise(received.raw))
    assert 30 < damaged < 100
    assert 30 < doubled < 100


# A node's life


def test_bus_pins_and_the_order_of_time() -> None:
    async def main() -> None:
        made: list[Counting] = []

        def chips() -> dict[int, Any]:
            made.append(Counting())
            return {0x6A: made[-1]}

        board = Board(chips)
        received = Received()
        async with Rig() as rig:
            node = await rig.node("one", firmware=FIRMWARE, board=board)
            async with streaming(rig, received):
                await asyncio.sleep(3.0)
            assert made[0].times_s == sorted(made[0].times_s)
            assert made[0].times_s[-1] <= rig.now_s
            await node.restart()
        assert len(made) == 2
        assert [row[2] - row[1] for row in received.rows] == [1] * len(received.rows)
        levels = [level for _, pin, level in board.history if pin == LED]
        assert len(levels) > 30
        assert all(before != after for before, after in pairwise(levels))

    run(main())


def test_no_chip_is_enodev() -> None:
    async def main() -> Received:
        received = Received()
        async with Rig() as rig:
            await rig.node("one", firmware=FIRMWARE)
            async with streaming(rig, received):
                await asyncio.sleep(1.0)
        return received

    assert {row[2] for row in run(main()).rows} == {19}


def test_skew_and_offset_of_the_clock() -> None:
    async def main() -> None:
        received = Received()
        async with Rig() as rig:
            wrap = 1 << 30
            await rig.node("one", firmware=FIRMWARE, skew_ppm=1000.0, boot_offset_us=wrap - 10_000_000)
            async with streaming(rig, received):
                await asyncio.sleep(20.0)
        arrivals_s = [row[0] for row in received.rows]
        ticks = [row[3] for row in received.rows]
        assert max(ticks) < wrap
        passed_us = (ticks[-1] - ticks[0]) % wrap
        assert passed_us / (arrivals_s[-1] - arrivals_s[0]) == pytest.approx(1.001e6, abs=4e3)

    run(main())


def test_power_loss_and_what_stays_in_flash() -> None:
    async def main() -> None:
        gone: list[float] = []
        async with Rig() as rig:
            node = await rig.node("one", firmware=FIRMWARE)
            for kept in ("x", "xx"):
                found = await rig.adapter.scanner.discover(1.0, service_uuids=[SERVICE])
                client = rig.adapter.client(found[0], lambda _: gone.append(rig.now_s))
                await client.connect()
                await client.write_gatt_char(CONTROL, b"keep", response=True)
                node.kill()
                begin_s = rig.now_s
                await asyncio.sleep(5.0)
                assert not client.is_connected
                assert 3.9 < gone[-1] - begin_s < 4.1
                assert (node.flash / "kept").read_text() == kept
                assert await rig.adapter.scanner.discover(1.0) == []
                await node.start()
            assert [cause for _, cause in node.starts] == [PWRON] * 3

    run(main())


def test_watchdog() -> None:
    async def main() -> None:
        async with Rig() as rig:
            node = await rig.node("one", firmware=FIRMWARE, config={"WDT_MS": 3000})
            async with connected(rig) as client:
                await client.write_gatt_char(CONTROL, b"hang", response=True)
                begin_s = rig.now_s
                await asyncio.sleep(10.0)
            assert [cause for _, cause in node.starts] == [PWRON, WDT]
            assert 2.4 < node.starts[1][0] - begin_s < 3.5
            async with connected(rig) as client:
                assert (await status(client))[2] == WDT

    run(main())


SPINNER = """
import machine
if machine.reset_cause() == machine.PWRON_RESET:
    machine.WDT(timeout=3000)
    while True:
        pass
"""


def test_watchdog_of_a_firmware_that_computes_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with Rig() as rig:
            node = await rig.node("one", firmware=FIRMWARE, files={"main.py": SPINNER})
            assert node.state == "hanging"
            await asyncio.sleep(5.0)
            assert [cause for _, cause in node.starts] == [PWRON, WDT]
            assert node.starts[1][0] - node.starts[0][0] == pytest.approx(3.3, abs=0.01)

    monkeypatch.setattr("rig.bridge.PATIENCE_S", 0.5)
    run(main())


def test_deep_sleep_ends_with_time() -> None:
    async def main() -> None:
        async with Rig() as rig:
            node = await rig.node("one", firmware=FIRMWARE)
            async with connected(rig) as client:
                await client.write_gatt_char(CONTROL, b"sleep", response=False)
                begin_s = rig.now_s
                await asyncio.sleep(1.0)
                assert node.state == "sleeping"
                await asyncio.sleep(5.0)
            assert [cause for _, cause in node.starts] == [PWRON, DEEPSLEEP]
            assert 2.2 < node.starts[1][0] - begin_s < 2.6

    run(main())


SLEEPER = """
import esp32, machine
if machine.reset_cause() == machine.DEEPSLEEP_RESET:
    print("woken", machine.wake_reason(), bytes(machine.RTC().memory()))
else:
    machine.RTC().memory(b"kept")
    esp32.wake_on_ext1((machine.Pin(7, machine.Pin.IN),), esp32.WAKEUP_ANY_HIGH)
    machine.deepsleep()
"""


def test_deep_sleep_ends_with_the_pin() -> None:
    async def main() -> None:
        async with Rig() as rig:
            board = Board(lambda: {0x6A: Counting()}, int1_pin=7)  # high from 30 s on
            node = await rig.node("one", firmware=FIRMWARE, files={"main.py": SLEEPER}, board=board)
            await asyncio.sleep(40.0)
            assert node.starts[1][0] == pytest.approx(30.3, abs=0.1)
            assert node.port.received == b"woken 3 b'kept'\r\n"

    run(main())


RESETTER = """
import machine, time
print(machine.reset_cause(), machine.unique_id())
time.sleep(5)
machine.reset()
"""


def test_reset() -> None:
    async def main() -> None:
        async with Rig() as rig:
            node = await rig.node("one", firmware=FIRMWARE, files={"main.py": RESETTER}, address="F0:01:02:03:04:05")
            await asyncio.sleep(7.0)
            assert [cause for _, cause in node.starts] == [PWRON, HARD]
            assert node.starts[1][0] - node.starts[0][0] == pytest.approx(5.3, abs=0.01)
            assert b"b'\\xf0\\x01\\x02\\x03\\x04\\x05'" in node.port.received

    run(main())


ECHO = """
import asyncio, sys, micropython
async def main():
    reader = asyncio.StreamReader(sys.stdin.buffer)
    micropython.kbd_intr(-1)
    while True:
        sys.stdout.buffer.write(b"<" + await reader.read(1) + b">")
asyncio.run(main())
"""


REFUSED = """
import bluetooth
ble = bluetooth.BLE()
def told(call, *args):
    try:
        call(*args)
    except OSError as error:
        print(error.errno, end=" ")
told(ble.gap_advertise, 100_000)
ble.active(True)
told(ble.gap_advertise, 100_000, bytes(32))
told(ble.gatts_notify, 1, 16, b"")
print(ble.gap_disconnect(1))
"""


def test_what_the_stack_refuses() -> None:
    async def main() -> bytearray:
        async with Rig() as rig:
            node = await rig.node("one", firmware=FIRMWARE, files={"main.py": REFUSED})
            return node.port.received

    assert run(main()) == f"{errno.ENODEV} {errno.EINVAL} {errno.ENOTCONN} False\r\n".encode()


def test_nodes_on_an_athlete() -> None:
    """The firmware itself, on the specimens and the motion of the pure simulation."""

    async def main() -> None:
        frames: list[bytes] = []
        async with Rig(loss=0.05) as rig:
            drawn = await dress(rig, ("thigh_left",), seed=3, simulation={"side": "left"})
            found = await rig.adapter.scanner.discover(2.0, service_uuids=[wire.SERVICE_UUID])
            assert found[0].name == drawn.units[0].name
            async with rig.adapter.client(found[0]) as client:
                info = wire.messages(bytes(await client.read_gatt_char(wire.STATUS_UUID)))[0]
                assert isinstance(info, wire.Info)
                assert (info.placement, info.lid, info.chip, info.faults) == ("thigh_left", "left", "lsm6dsv16x", 0)
                await client.start_notify(wire.FRAMES_UUID, lambda _, value: frames.append(bytes(value)))
                await client.write_gatt_char(wire.CONTROL_UUID, bytes((wire.START,)), response=True)
                await asyncio.sleep(10.0)
        received = [message for frame in frames for message in wire.messages(frame)]
        samples = [message for message in received if isinstance(message, wire.Samples)]
        assert sum(message.count for message in samples) > 1100
        assert samples[-1].period_ns == pytest.approx(drawn.units[0].period_s * 1e9, rel=2e-3)

    run(main())


def test_usb_cable() -> None:
    async def main() -> None:
        async with Rig() as rig:
            node = await rig.node("one", firmware=FIRMWARE, files={"main.py": ECHO})
            node.port.write(b"a\x03\n")
            await asyncio.sleep(0.1)
            assert node.port.received == b"<a><\x03><\n>"

    run(main())


BUTTON = """
import machine
button = machine.Pin(9, machine.Pin.IN, machine.Pin.PULL_UP)
button.irq(lambda pin: print("pressed", pin.value()), machine.Pin.IRQ_FALLING)
print(machine.ADC(machine.Pin(1), atten=machine.ADC.ATTN_11DB).read_uv())
"""


def test_button_and_battery() -> None:
    async def main() -> None:
        async with Rig() as rig:
            files = {"main.py": BUTTON}
            node = await rig.node("one", firmware=FIRMWARE, files=files, battery_v=lambda _now_s: 3.9)
            for level in (True, False, True):
                node.set_input(9, level)
                await asyncio.sleep(0.1)
            assert node.port.received == b"1950000\r\npressed 0\r\n"

    run(main())


def test_usb_serial_port(tmp_path: Path) -> None:
    serial = pytest.importorskip("serial", reason="a serial port needs pyserial: pip install pyserial")

    def talk(path: str) -> bytes:
        with serial.Serial(path, timeout=5.0) as port:
            port.write(bytes(range(4, 200)))
            return bytes(port.read(3 * 196))

    async def main() -> bytes:
        async with Rig() as rig:
            node = await rig.node("one", firmware=FIRMWARE, files={"main.py": ECHO})
            port = SerialPort(node.port, tmp_path / "one")
            try:
                return await asyncio.to_thread(talk, str(tmp_path / "one"))
            finally:
                port.unplug()

    expected = b"".join(b"<" + bytes((value,)) + b">" for value in range(4, 200))
    assert clock.run(main(), pace=2.0) == expected


def test_what_the_host_does_not_read_stalls_the_node() -> None:
    async def main() -> None:
        async with Rig() as rig:
            node = await rig.node("one", firmware=FIRMWARE, files={"main.py": TALKER})
            port = SerialPort(node.port)
            await asyncio.sleep(2.0)
            sent = len(node.port.received)
            await asyncio.sleep(1.0)
            assert len(node.port.received) == sent > 1000
            port.unplug()

    clock.run(main(), pace=20.0)


TALKER = """
import select, sys, time
poll = select.poll()
poll.register(sys.stdout, select.POLLOUT)
while True:
    if poll.poll(0):
        sys.stdout.buffer.write(bytes(200))
    time.sleep_ms(5)
"""


def test_a_crashed_firmware_fails_the_rig() -> None:
    async def main() -> None:
        async with Rig() as rig:
            await rig.node("one", firmware=FIRMWARE)
            async with connected(rig) as client:
                await client.write_gatt_char(CONTROL, b"crash", response=True)
                await asyncio.sleep(10.0)

    with pytest.raises(NodeFailedError, match="ValueError: as told"):
        run(main())


def test_a_firmware_that_may_crash_waits_at_its_prompt() -> None:
    async def main() -> None:
        async with Rig() as rig:
            files = {"main.py": "import machine\nmachine.WDT(timeout=2000)\n1 / 0\n"}
            node = await rig.node("one", firmware=FIRMWARE, files=files, may_crash=True)
            await asyncio.sleep(2.2)
            assert [cause for _, cause in node.starts] == [PWRON]
            assert b"ZeroDivisionError" in node.port.received
            await asyncio.sleep(1.0)
            assert [cause for _, cause in node.starts] == [PWRON, WDT]

    run(main())


def test_the_board_waits_like_asyncio() -> None:
    """Orders of tasks, cancelling, waiting with a limit, flags: with the rig's queue under MicroPython's asyncio."""

    async def main() -> str:
        async with Rig() as rig:
            node = await rig.node("one", firmware=FIRMWARE, files={"main.py": ASYNCIO})
            await asyncio.sleep(10.0)
            return node.port.received.decode()

    assert run(main()).split() == ["a0", "b0", "flag", "a100", "timeout300", "cancelled", "gathered3", "error", "end"]


ASYNCIO = """
import asyncio, time
async def say(word, ms):
    await asyncio.sleep_ms(ms)
    print(word + str(ms))
    return ms
async def forever():
    try:
        await asyncio.sleep(1000)
    except asyncio.CancelledError:
        print("cancelled")
        raise
async def main():
    begin = time.ticks_ms()
    flag = asyncio.ThreadSafeFlag()
    async def flagged():
        await flag.wait()
        print("flag")
    tasks = [asyncio.create_task(one) for one in (say("a", 0), say("b", 0), flagged(), say("a", 100))]
    await asyncio.sleep_ms(50)
    flag.set()
    try:
        await asyncio.wait_for_ms(asyncio.Event().wait(), 300)
    except asyncio.TimeoutError:
        print("timeout300")
    long = asyncio.create_task(forever())
    await asyncio.sleep_ms(0)
    long.cancel()
    assert 350 <= time.ticks_diff(time.ticks_ms(), begin) <= 360
    for ms in (1, 13, 25):
        await asyncio.sleep_ms(ms)
        assert time.ticks_ms() % 10 == 0, "asyncio's sleeps end at ticks of FreeRTOS"
    async def one(n):
        return n
    print("gathered" + str(sum(await asyncio.gather(one(1), one(2)))))
    async def wrong():
        raise ValueError
    try:
        await asyncio.create_task(wrong())
    except ValueError:
        print("error")
    print("end")
asyncio.run(main())
"""
