"""Nodes on the virtual radio and cable: the real firmware on real MicroPython, received by real bleak."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from hiphold import wire
from hiphold.samples import Floats
from rig import backend, clock
from rig.chips import Flaws
from rig.process import NodeProcess
from rig.rig import FIRMWARE, Rig
from rig.skin import Still

START, STOP, GET_INFO, GET_COUNTERS = (bytes((opcode,)) for opcode in (wire.START, wire.STOP, wire.GET_INFO, 15))
RUBBISH = [b"", b"\0", b"\xff" * 80, b"\x01\x01", bytes(range(100, 164)), wire.encode_command(wire.SET_RATE, 7)]
AWAKE = {"IDLE_SLEEP_MIN": None}

pytestmark = pytest.mark.usefixtures("micropython")


class Link:
    """One computer's connection to a node, and all messages that came over it."""

    def __init__(self, rig: Rig, client: Any) -> None:
        self.rig, self.client = rig, client
        self.got: list[tuple[float, Any]] = []

    def take(self, value: bytearray) -> None:
        self.got += [(self.rig.now_s, message) for message in wire.messages(bytes(value))]

    async def write(self, data: bytes, response: bool = True) -> None:
        await self.client.write_gatt_char(wire.CONTROL_UUID, data, response=response)

    async def ask(self, data: bytes, wait_s: float = 0.5) -> list[Any]:
        """What comes back for a command, but for the stream."""
        before = len(self.got)
        await self.write(data)
        await asyncio.sleep(wait_s)
        return [message for _, message in self.got[before:] if not isinstance(message, wire.Samples)]

    async def status(self, opcode: int, *args: float, name: str = "") -> int:
        (answer,) = await self.ask(wire.encode_command(opcode, *args, name=name))
        assert answer.opcode == opcode
        return int(answer.status)

    async def counters(self) -> dict[str, int]:
        await asyncio.sleep(1.1)  # memory is tidied up once a second
        (answer,) = await self.ask(GET_COUNTERS)
        return dict(zip(wire.COUNTER_NAMES, answer.values))

    def frames(self, resent: bool = False) -> list[Any]:
        frames = [message for _, message in self.got if isinstance(message, wire.Samples)]
        return [frame for frame in frames if bool(frame.flags & wire.RESENT) == resent]


@asynccontextmanager
async def linked(rig: Rig, adapter: backend.Adapter | None = None) -> AsyncIterator[Link]:
    adapter = adapter or rig.adapter
    found = await adapter.scanner.discover(1.5, service_uuids=[wire.SERVICE_UUID])
    async with adapter.client(found[0]) as client:
        link = Link(rig, client)
        await client.start_notify(wire.FRAMES_UUID, lambda _, value: link.take(value))
        yield link


async def worn(rig: Rig, config: dict[str, object] | None = None, **options: Any) -> NodeProcess:
    settings = {"skin": Still(), "chip": "lsm6dsv16x", **options}
    return await rig.node(
        "node", config=AWAKE | {"CHIP": settings["chip"] or "lsm6dsv16x"} | (config or {}), **settings
    )


def unbroken(frames: list[Any]) -> bool:
    """No sample is missing or out of order, and their times are evenly spaced."""
    steps = pairwise(frames)
    return all(
        b.seq == a.seq + a.count and abs(b.node_us - a.node_us - a.count * a.period_ns / 1000) < 2000 for a, b in steps
    )


def in_rig(session: Coroutine[Any, Any, None]) -> None:
    clock.run(session)


@pytest.mark.parametrize("chip", ["lsm6dsv16x", "mpu6050", "icm42688p"])
def test_frames_of_every_chip_come_in_order(chip: str) -> None:
    async def session() -> None:
        async with Rig(loss=0.05) as rig:
            await worn(rig, chip=chip)
            async with linked(rig) as link:
                info, calibration = await link.ask(GET_INFO)
                assert (info.chip, info.faults, info.boot, info.rate_hz) == (chip, 0, 1, 120 if "6dsv" in chip else 100)
                assert calibration.acc_matrix == (1, 0, 0, 0, 1, 0, 0, 0, 1)
                start_s = rig.now_s
                assert await link.status(wire.START) == wire.OK
                await asyncio.sleep(20)
                frames = link.frames()
                samples = sum(frame.count for frame in frames)
                assert unbroken(frames)
                assert samples == pytest.approx(info.rate_hz * (rig.now_s - start_s), abs=30)
                assert not any(frame.flags for frame in frames)
                assert await link.status(wire.STOP) == wire.OK
                stopped = len(link.frames())
                await asyncio.sleep(2)
                assert len(link.frames()) == stopped

    in_rig(session())


class Watched(Still):
    """At rest; `taken_s`: when the chip sampled it."""

    def __init__(self) -> None:
        super().__init__()
        self.taken_s: list[Floats] = []

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        self.taken_s.append(time_s)
        return super().at(time_s)


def bias_us(chip: str, rate_error: float, files: dict[str, str]) -> float:
    """By how much the stamps of a node's samples are off, in the mean, from 15 s to 35 s after its start."""

    async def session() -> float:
        async with Rig() as rig:
            skin = Watched()
            node = await worn(rig, chip=chip, skin=skin, flaws=Flaws(rate_error=rate_error), files=files)
            async with linked(rig) as link:
                await link.status(wire.START)
                await asyncio.sleep(35)
            node_us = [f.node_us + i * f.period_ns / 1000 for f in link.frames() for i in range(f.count)]
            stamped_s = node.starts[0][0] + 1e-6 * np.array(node_us)  # the node's clock is 0 when it starts
            stamped_s = stamped_s[stamped_s > node.starts[0][0] + 15]
            taken_s = np.concatenate(skin.taken_s)
            after = np.searchsorted(taken_s, stamped_s)
            off_s = stamped_s[:, None] - taken_s[np.column_stack((after - 1, after))]
            nearest_s = np.where(abs(off_s[:, 0]) < abs(off_s[:, 1]), off_s[:, 0], off_s[:, 1])
            return 1e6 * float(nearest_s.mean())

    return clock.run(session())


@pytest.mark.parametrize("chip", ["mpu6050", "icm42688p"])
@pytest.mark.parametrize("rate_error", [0.0, 1e-3, -1e-3])
def test_a_chip_in_step_with_the_boards_ticks_is_stamped_right(chip: str, rate_error: float) -> None:
    assert abs(bias_us(chip, rate_error, {})) < 500


@pytest.mark.parametrize("chip", ["mpu6050", "icm42688p"])
def test_sleeps_that_end_at_ticks_would_not_do(chip: str) -> None:
    """What the test before guards against; and the rig shows it."""
    text = (FIRMWARE / "main.py").read_text("utf-8")
    assert text.count(" await sleep_ms(") == 1
    ticked = {"main.py": text.replace(" await sleep_ms(", " await asyncio.sleep_ms(")}
    assert abs(bias_us(chip, 0.0, ticked)) > 2000


def test_the_fastest_rate_over_a_lossy_link_loses_nothing() -> None:
    async def session() -> None:
        async with Rig(loss=0.2) as rig:
            await worn(rig)
            async with linked(rig) as link:
                await link.status(wire.START)
                assert await link.status(wire.SET_RATE, 480) == wire.OK
                await asyncio.sleep(10)
                fast = [frame for frame in link.frames() if frame.period_ns < 2_200_000]
                assert unbroken(fast)
                assert sum(frame.count for frame in fast) > 4000
                assert fast[0].flags == wire.GAP
                assert not any(frame.flags for frame in fast[1:])

    in_rig(session())


def test_what_the_stack_refuses_is_kept_and_sent_later() -> None:
    async def session() -> None:
        async with Rig() as rig:
            await worn(rig)
            async with linked(rig) as link:
                await link.status(wire.START)
                await asyncio.sleep(2)
                rig.blackout(3)  # the link just survives it
                await asyncio.sleep(8)
                counters = await link.counters()
                assert counters["retries"] > 10
                assert counters["frames_lost"] == 0
                assert unbroken(link.frames())
                assert sum(frame.count for frame in link.frames()) > 1200

    in_rig(session())


def test_what_is_asked_for_again_comes_beside_the_live_stream() -> None:
    async def session() -> None:
        async with Rig() as rig:
            await worn(rig)
            async with linked(rig) as link:
                await asyncio.sleep(5)
                await link.status(wire.START)
                await asyncio.sleep(2)
                first = link.frames()[0].seq
                assert await link.status(wire.RESEND, 1, 100, first - 100) == wire.OK
                await asyncio.sleep(3)
                old = link.frames(resent=True)
                assert unbroken(old)
                assert old[0].seq == 100
                assert old[-1].seq + old[-1].count == first
                assert unbroken(link.frames())
                assert await link.status(wire.RESEND, 2, 100, 5) == wire.BAD_ARGUMENT
                counters = await link.counters()
                assert counters["frames_resent"] == len(old)
                assert counters["frames_lost"] == 0

    in_rig(session())


def test_the_receiver_keeps_its_stream_whatever_others_do() -> None:
    async def session() -> None:
        async with Rig() as rig:
            await worn(rig)
            other = await rig.central("other")
            async with linked(rig) as link:
                await link.status(wire.START)
                async with linked(rig, other) as rude:
                    assert await rude.status(wire.START) == wire.BUSY
                    assert await rude.status(wire.SET_NAME, name="mine") == wire.BUSY
                    assert [type(answer) for answer in await rude.ask(GET_INFO)] == [wire.Info, wire.Calibration]
                    for turn in range(300):
                        await rude.write(RUBBISH[turn % len(RUBBISH)], response=False)
                        await asyncio.sleep(0.002)
                    await asyncio.sleep(2)
                    counters = await link.counters()
                    assert not rude.frames()
                    assert counters["bad_commands"] > 50
                    assert counters["dropped_commands"] > 50
                await asyncio.sleep(2)
                assert unbroken(link.frames())
                assert link.got[-1][0] > rig.now_s - 0.3
            async with linked(rig, other) as next_one:
                assert await next_one.status(wire.START) == wire.OK, "free again after the receiver went away"

    in_rig(session())


def test_twenty_connections_leave_nothing_behind() -> None:
    async def session() -> None:
        async with Rig() as rig:
            node = await worn(rig)
            free: list[int] = []
            seen = 0
            for turn in range(20):
                async with linked(rig) as link:
                    assert await link.status(wire.START) == wire.OK
                    await asyncio.sleep(1)
                    if seen:  # what was missed while nobody was there is still kept
                        missed = link.frames()[0].seq - seen
                        await link.status(wire.RESEND, 1, seen, missed)
                        await asyncio.sleep(2)
                        assert sum(frame.count for frame in link.frames(resent=True)) == missed
                    assert unbroken(link.frames())
                    counters = await link.counters()
                    free.append(counters["heap_free"])
                    assert counters["connections"] == turn + 1
                    seen = link.frames()[-1].seq + link.frames()[-1].count
            assert min(free[10:]) > free[1] - 2048, free
            assert len(node.starts) == 1

    in_rig(session())


def test_links_that_break_off_are_forgotten_and_the_stream_is_free_again() -> None:
    async def session() -> None:
        async with Rig() as rig:
            await worn(rig)
            for _ in range(6):  # more than the stack has places
                async with linked(rig) as link:
                    await link.status(wire.START)
                    rig.blackout(6)
                    await asyncio.sleep(7)
                    assert not link.client.is_connected
            async with linked(rig) as link:
                assert await link.status(wire.START) == wire.OK
                assert (await link.counters())["connections"] == 7

    in_rig(session())


async def advert(rig: Rig, adapter: backend.Adapter | None = None) -> tuple[wire.Advert, str | None]:
    found = await (adapter or rig.adapter).scanner.discover(3, return_adv=True)
    ((_, told),) = found.values()
    assert told.service_uuids == [wire.SERVICE_UUID]
    return wire.decode_advert(told.manufacturer_data[wire.COMPANY_ID]), told.local_name


def test_the_advertisement_says_who_where_and_how_it_is() -> None:
    async def session() -> None:
        volts = [3.9]
        async with Rig() as rig:
            await worn(rig, battery_v=lambda _now_s: volts[0])
            assert (await advert(rig))[0] == wire.Advert(1, "thigh_right", "right", 0, 63, 0)
            async with linked(rig) as link:
                await link.status(wire.SET_PLACEMENT, 1)
                await link.status(wire.SET_LID, 2)
                await link.status(wire.SET_NAME, name="links, Oberschenkel")
                await link.status(wire.START)
                told, name = await advert(rig, await rig.central("other"))
                assert told == wire.Advert(1, "thigh_left", "left", 0, 63, wire.STREAMING)
                assert name == "links, Oberschenkel"
                level = await link.client.read_gatt_char("00002a19-0000-1000-8000-00805f9b34fb")
                assert list(level) == [63]
                volts[0] = 3.4
                await asyncio.sleep(12)
            told, _ = await advert(rig)
            assert (told.faults, told.state) == (wire.LOW_BATTERY, 0)
            assert told.battery_percent < 5

    in_rig(session())


def test_what_other_programs_read_of_any_device() -> None:
    async def session() -> None:
        async with Rig() as rig:
            await worn(rig)
            async with linked(rig) as link:
                texts = [
                    bytes(await link.client.read_gatt_char(f"0000{number}-0000-1000-8000-00805f9b34fb")).decode()
                    for number in ("2a29", "2a24", "2a26", "2a25", "2a19")
                ]
                serial = link.client.address.replace(":", "").lower()
                assert texts == ["hiphold", "lsm6dsv16x", "0.1.0", serial, ""]
                await link.status(wire.SET_NAME, name="Nr. 7")
                (info,) = wire.messages(bytes(await link.client.read_gatt_char(wire.STATUS_UUID)))
                assert isinstance(info, wire.Info)
                assert (info.name, info.rate_hz) == ("Nr. 7", 120)

    in_rig(session())


def test_a_node_shows_which_one_it_is_to_anybody_who_asks() -> None:
    async def session() -> None:
        async with Rig() as rig:
            node = await worn(rig, config={"BUZZER_PIN": 2})
            other = await rig.central("other")
            async with linked(rig) as link:
                await link.status(wire.START)
                async with linked(rig, other) as curious:
                    before_s = rig.now_s
                    assert await curious.status(wire.IDENTIFY) == wire.OK
                    await asyncio.sleep(8)
            blinks = [at_s for at_s, pin, level in node.board.history if pin == 21 and level == 0 and at_s > before_s]
            assert sum(at_s < before_s + 5.5 for at_s in blinks) > 25
            assert sum(at_s > before_s + 6 for at_s in blinks) < 4
            (on_s, off_s) = [at_s for at_s, pin, _ in node.board.history if pin == 2 and at_s > before_s]
            assert off_s - on_s == pytest.approx(0.3, abs=0.06)

    in_rig(session())


@pytest.mark.parametrize(("mtu", "samples"), [(47, 1), (60, 1), (100, 3), (247, 11)])
def test_small_packets_carry_smaller_frames(monkeypatch: pytest.MonkeyPatch, mtu: int, samples: int) -> None:
    async def session() -> None:
        async with Rig() as rig:
            await worn(rig)
            async with linked(rig) as link:
                assert await link.status(wire.START) == wire.OK
                await asyncio.sleep(5)
                assert unbroken(link.frames())
                assert max(frame.count for frame in link.frames()) == samples
                assert await link.status(wire.RESEND, 1, link.frames()[0].seq, 30) == wire.OK
                await asyncio.sleep(3)
                assert sum(frame.count for frame in link.frames(resent=True)) == 30
                assert unbroken(link.frames(resent=True))
                assert unbroken(link.frames())

    monkeypatch.setattr("rig.client.MTU", mtu)
    in_rig(session())


def test_a_packet_too_small_for_a_sample_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async def session() -> None:
        async with Rig() as rig:
            await worn(rig)
            async with linked(rig) as link:
                assert await link.status(wire.START) == wire.FAULT
                assert [answer.opcode for answer in await link.ask(GET_COUNTERS)] == [wire.GET_COUNTERS]

    monkeypatch.setattr("rig.client.MTU", 46)
    in_rig(session())


def test_clock_answers_bound_the_true_offset_and_do_not_keep_step_with_the_link() -> None:
    async def session() -> None:
        async with Rig() as rig:
            node = await worn(rig, boot_offset_us=2**30 - 8_000_000)  # the ticks wrap on the way
            async with linked(rig) as link:
                phases = set()
                for token in range(40):
                    sent_us = round(rig.now_s * 1e6)
                    (answer,) = await link.ask(wire.encode_command(wire.GET_TIME, token, sent_us), 0.3)
                    came_us = round(link.got[-1][0] * 1e6)
                    assert (answer.token, answer.host_us, answer.boot) == (token, sent_us, 1)
                    offset_us = node.starts[0][0] * 1e6  # the node's clock is 0 when it starts
                    assert sent_us - 100 <= answer.node_rx_us + offset_us + 5_000
                    assert answer.node_rx_us <= answer.node_tx_us
                    assert answer.node_tx_us + offset_us <= came_us + 5_000
                    phases.add(answer.node_tx_us // 1000 % 30)
                assert len(phases) > 10

    in_rig(session())


def test_settings_last_and_boot_counts_up() -> None:
    async def session() -> None:
        async with Rig() as rig:
            node = await worn(rig)
            values = tuple(index / 8 for index in range(15))
            async with linked(rig) as link:
                await link.status(wire.SET_NAME, name="Nr. 7")
                await link.status(wire.SET_MODE, wire.ORIENTATION)
                await link.status(wire.SET_RATE, 240)
                await link.status(wire.SET_CALIBRATION, *values)
                assert (await link.counters())["settings_writes"] <= 3
            await node.restart()
            async with linked(rig) as link:
                info, calibration = await link.ask(GET_INFO)
                assert (info.name, info.rate_hz, info.boot) == ("Nr. 7", 240, 2)
                assert calibration.gyr_zero_radps + calibration.acc_offset_mps2 + calibration.acc_matrix == values
                await link.status(wire.START)
                await asyncio.sleep(1)
                frame = next(message for _, message in link.got if isinstance(message, wire.Samples))
                assert (frame.kind, frame.boot) == (wire.ORIENTATION, 2)
                assert await link.status(wire.RESET) == wire.OK
                await asyncio.sleep(0.1)
            await asyncio.sleep(1)
            assert [cause for _, cause in node.starts] == [1, 1, 2]

    in_rig(session())


@pytest.mark.parametrize("chip", ["lsm6dsv16x", "mpu6050"])
def test_the_gyroscope_is_zeroed_at_rest_only(chip: str) -> None:
    async def session() -> None:
        bias = [0.01, -0.02, 0.005]
        flaws = Flaws(gyr_bias_radps=np.array(bias), gyr_noise_radps_rthz=1e-4, acc_noise_mps2_rthz=1e-3)
        async with Rig() as rig:
            await worn(rig, chip=chip, flaws=flaws)
            async with linked(rig) as link:
                assert await link.ask(bytes((wire.ZERO_GYRO,)), 2.5) == []
                assert await link.ask(GET_INFO, 1.5) != []
                replies = [message for _, message in link.got if isinstance(message, wire.Reply)]
                assert replies == [wire.Reply(wire.ZERO_GYRO, wire.OK)]
                calibration = (await link.ask(GET_INFO))[1]
                assert calibration.gyr_zero_radps == pytest.approx(bias, abs=3e-4)

    in_rig(session())


def test_the_gyroscope_is_not_zeroed_while_it_moves() -> None:
    async def session() -> None:
        async with Rig() as rig:
            await worn(rig, skin=Shaken())
            await asyncio.sleep(2)  # its self-test is tried three times
            async with linked(rig) as link:
                (answer,) = await link.ask(bytes((wire.ZERO_GYRO,)), 5)
                assert answer == (wire.ZERO_GYRO, wire.FAULT)
                info, calibration = await link.ask(GET_INFO)
                assert calibration.gyr_zero_radps == (0, 0, 0)
                assert info.faults in (0, wire.SELF_TEST_FAILED)

    in_rig(session())


class Shaken:
    """Turned to and fro by hand, once a second."""

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        force, rate = Still().at(time_s)
        rate[:, 0] = np.sin(2 * np.pi * time_s)
        return force, rate


@pytest.mark.parametrize(
    ("flaws", "fault"),
    [
        (Flaws(who_am_i=0x68), wire.NO_IMU),
        (Flaws(dead_from_s=0.0), wire.NO_IMU),
        (Flaws(dead_from_s=1.5), wire.BUS_ERROR),
        (Flaws(self_test_fails=True), wire.SELF_TEST_FAILED),
    ],
)
def test_a_node_whose_chip_fails_answers_and_says_so(flaws: Flaws, fault: int) -> None:
    async def session() -> None:
        async with Rig() as rig:
            await worn(rig, flaws=flaws)
            await asyncio.sleep(3)
            assert (await advert(rig))[0].faults == fault
            async with linked(rig) as link:
                info, _ = await link.ask(GET_INFO)
                assert info.faults == fault
                assert await link.status(wire.START) == (wire.FAULT if fault == wire.NO_IMU else wire.OK)

    in_rig(session())


def test_a_chip_that_comes_back_goes_on() -> None:
    async def session() -> None:
        async with Rig() as rig:
            await worn(rig, flaws=Flaws(dead_from_s=6.0, dead_until_s=10.0))
            async with linked(rig) as link:
                await link.status(wire.START)
                await asyncio.sleep(12)
                assert link.frames()[-1].node_us / 1e6 > 13
                gaps = [frame for frame in link.frames() if frame.flags & wire.GAP]
                assert len(gaps) == 1
                assert (await link.ask(GET_INFO))[0].faults == 0

    in_rig(session())


def test_a_loop_that_fails_begins_anew_and_one_that_keeps_failing_restarts_the_node() -> None:
    async def session() -> None:
        text = (FIRMWARE / "power.py").read_text("utf-8")
        broken = text + "\n\ndef moving(rows, count):\n    import machine\n    raise ValueError('of the test')\n"
        async with Rig() as rig:
            node = await worn(rig, files={"power.py": broken})
            await asyncio.sleep(5)
            assert "of the test" in (node.flash / "crash.txt").read_text("utf-8")
            await asyncio.sleep(20)
            assert [cause for _, cause in node.starts][:2] == [1, 3]
            assert (await advert(rig))[0].faults == wire.WATCHDOG_RESET

    in_rig(session())


@pytest.mark.parametrize(("cause", "faults"), [(1, wire.SELF_TEST_FAILED), (2, 0), (5, 0)])
def test_a_chip_is_tested_at_power_on_only(cause: int, faults: int) -> None:
    """Not after a restart (2) or soft reset (5): then the node may be worn, and the test would fail by movement."""

    async def session() -> None:
        async with Rig() as rig:
            node = await worn(rig, flaws=Flaws(self_test_fails=True), start=False)
            node.board.power_on()
            await node.start(cause)
            await asyncio.sleep(3)
            assert (await advert(rig))[0].faults == faults

    in_rig(session())


def test_a_node_that_cannot_be_put_together_writes_down_why_and_starts_again() -> None:
    async def session() -> None:
        text = (FIRMWARE / "sampler.py").read_text("utf-8")
        broken = text + "\n\ndef Sampler(*_):\n    raise ValueError('of the test')\n"
        async with Rig() as rig:
            node = await worn(rig, files={"sampler.py": broken})
            await asyncio.sleep(10)
            assert "of the test" in (node.flash / "crash.txt").read_text("utf-8")
            assert [cause for _, cause in node.starts][:3] == [1, 2, 2]
            apart_s = np.diff([at_s for at_s, _ in node.starts])
            assert all(2 < each < 3 for each in apart_s)
            node.port.write(b"\x03")  # Ctrl-C
            await asyncio.sleep(10)
            starts = len(node.starts)
            await asyncio.sleep(10)
            assert len(node.starts) == starts, "it was left to somebody at the prompt"

    in_rig(session())


def test_a_node_left_alone_sleeps_and_wakes_when_it_is_moved() -> None:
    async def session() -> None:
        async with Rig() as rig:
            node = await worn(rig, config={"IDLE_SLEEP_MIN": 1}, int1_pin=4, skin=PickedUp(90.0))
            await asyncio.sleep(80)
            assert node.state == "sleeping"
            await asyncio.sleep(20)
            assert node.state == "running"
            assert [cause for _, cause in node.starts] == [1, 4]
            assert (await advert(rig))[0].faults == 0

    in_rig(session())


class PickedUp:
    """At rest, then shaken for two seconds."""

    def __init__(self, at_s: float) -> None:
        self.at_s = at_s

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        force, rate = Still().at(time_s)
        moves = (time_s >= self.at_s) & (time_s < self.at_s + 2)
        force[:, 0] += 6 * moves * np.sin(20 * time_s)
        return force, rate
