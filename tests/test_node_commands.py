"""The commands for one node at hand: against a scripted node, and against the real firmware in the rig."""

from __future__ import annotations

import ast
import asyncio
import math
import os
import select
import struct
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from conftest import REPOSITORY
from hiphold import cli_node, wire
from hiphold.cli_node import node as commands
from hiphold.errors import HipholdError
from hiphold.receive.capture import distinct
from hiphold.receive.carrier import LinkError, Opener, Received, Write
from hiphold.samples import G_MPS2, Floats
from hiphold.setup import accelerometer as node_calibrate
from hiphold.setup import node as talks
from hiphold.setup.node import Talk
from hiphold.setup.six_positions import FACES
from hiphold.sources.ble import Seen
from rig import clock
from scripted_node import ScriptedNode

TURN_S = 0.05
UP = np.vstack([sign * np.eye(3)[axis] for axis in range(3) for sign in (1, -1)])
OFFSET_MPS2 = np.array((0.20, -0.12, 0.31))
SCALE = np.array((1.01, 0.995, 1.004))


class Scripted(ScriptedNode):
    """A node with settings, which stores them a second later; it lies on each face for `face_s`."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.lid, self.chip_rates = "right", (50, 100, 200, 500)
        self.calibration = wire.Calibration((0.01, 0.0, -0.02), (0.1, 0.0, 0.0), (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
        self.stores, self.moves, self.orders = True, False, range(6)
        self.face_s, self.face_at = 4.0, 0.0
        self.writes_due: list[float] = []
        self.silent: set[int] = set()
        self.refuses: dict[int, int] = {}
        self.kind = wire.SAMPLES

    def answer(self, now_s: float, command: bytes) -> list[bytes]:
        asked = wire.decode_command(command)
        if asked.opcode in self.silent:
            self.silent.remove(asked.opcode)
            return []
        if asked.opcode in self.refuses:
            return [wire.encode_reply(wire.Reply(asked.opcode, self.refuses[asked.opcode]))]
        if asked.opcode == wire.GET_INFO and self.version == wire.VERSION:
            self.commands.append(asked.opcode)
            return [wire.encode_info(self.info()._replace(lid=self.lid)), wire.encode_calibration(self.calibration)]
        if asked.opcode == wire.GET_COUNTERS:
            values = [0] * len(wire.COUNTER_NAMES)
            values[wire.COUNTER_NAMES.index("settings_writes")] = sum(due_s <= now_s for due_s in self.writes_due)
            return [wire.encode_counters(wire.Counters(self.boot, values))]
        packets = super().answer(now_s, command)
        if asked.opcode not in (wire.START, wire.STOP, wire.IDENTIFY, wire.GET_INFO) and self.stores:
            self.writes_due.append(now_s + 1)
        if asked.opcode == wire.START:
            self.face_at = now_s
        return packets

    def _do(self, asked: wire.Command) -> int:
        if asked.opcode == wire.SET_NAME:
            self.name = asked.args[0]
        elif asked.opcode == wire.SET_PLACEMENT:
            self.placement = wire.PLACEMENTS[asked.args[0]]
        elif asked.opcode == wire.SET_LID:
            self.lid = wire.LID_SIDES[asked.args[0]]
        elif asked.opcode == wire.SET_CALIBRATION:
            self.calibration = wire.Calibration(asked.args[:3], asked.args[3:6], asked.args[6:])
        elif asked.opcode == wire.SET_RATE:
            if asked.args[0] not in self.chip_rates:
                return wire.BAD_ARGUMENT
            self.rate_hz = asked.args[0]
        elif asked.opcode == wire.ZERO_GYRO:
            return wire.FAULT if self.moves else wire.OK
        elif asked.opcode != wire.IDENTIFY:
            return super()._do(asked)
        return wire.OK

    def true_up(self, seq: int) -> Floats:
        """(3,) the direction of up, which changes every face_s."""
        turn = int((seq / self.rate_hz - self.face_at) / self.face_s)
        return np.asarray(UP[list(self.orders)[max(turn, 0) % len(self.orders)]])

    def _frame(self) -> wire.Samples:
        frame = super()._frame()
        acc = G_MPS2 * self.true_up(frame.seq) / SCALE + OFFSET_MPS2
        counts = np.round(acc / (wire.ACC_G_PER_COUNT[frame.acc_code] * G_MPS2)).astype(int).tolist()
        if self.kind == wire.ORIENTATION:
            return frame._replace(kind=self.kind, payload=struct.pack("<4h", 32767, 0, 0, 0) * frame.count)
        return frame._replace(payload=struct.pack("<10h", *counts, 5, -3, 2, 0, 0, 0, 0) * frame.count)


def over(scripted: ScriptedNode) -> Opener:
    """A link to a scripted node, in the time of the running loop."""

    @asynccontextmanager
    async def opened(received: Received, _lost: Callable[[], None]) -> AsyncIterator[Write]:
        now_s = asyncio.get_running_loop().time

        async def write(command: bytes) -> None:
            for packet in scripted.answer(now_s(), command):
                received(now_s(), packet)

        async def pump() -> None:
            while True:
                await asyncio.sleep(TURN_S)
                for packet in scripted.packets(now_s()):
                    received(now_s(), packet)

        pumping = asyncio.create_task(pump())
        try:
            yield write
        finally:
            pumping.cancel()
            scripted.disconnected()

    return opened


def told(scripted: ScriptedNode, act: Callable[[Talk], Awaitable[Any]], wanted: str | None = None) -> Any:
    """What `act` gives, in virtual time."""

    async def session() -> Any:
        async with talks.talk(over(scripted), "it", wanted) as found:
            return await act(found)

    return clock.run(session())


# --- a scripted node


def test_who_it_is() -> None:
    scripted = Scripted()
    scripted.faults = wire.NO_IMU | wire.LOW_BATTERY

    async def act(found: Talk) -> list[tuple[str, str]]:
        return talks.describe(found.info, found.calibration, await found.counters())

    rows = told(scripted, act)
    said = dict(rows)
    assert said["name"] == "hip-1"
    assert said["battery"] == "3.90 V"
    assert said["keeps"] == "2400 samples, 24 s"
    assert [text.split(":")[0] for what, text in rows if what == "fault"] == ["no imu", "low battery"]
    assert said["gyroscope"] == "zero at +0.57 +0.00 -1.15 deg/s"
    assert said["accelerometer"] == "calibrated: offset +10.2 +0.0 +0.0 mg"
    assert {name.replace("_", " ") for name in wire.COUNTER_NAMES} <= set(said)


def test_every_fault_has_advice() -> None:
    assert set(talks.ADVICE) == set(wire.FAULTS)


def offered(driver: str) -> set[int]:
    """The rates of a driver's RATES_HZ: a tuple, or the keys of a dictionary."""
    for statement in ast.walk(ast.parse(driver)):
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "RATES_HZ":
            return set(ast.literal_eval(statement.value))
    raise AssertionError("no RATES_HZ")


def test_rates_are_those_of_the_firmware() -> None:
    for chip, rates_hz in talks.RATES_HZ.items():
        source = (REPOSITORY / "firmware" / f"imu_{chip}.py").read_text("utf-8")
        assert offered(source) == set(rates_hz)
    assert set(talks.RATES_HZ) == set(wire.CHIPS) - {"imported", "x-imu3"}


def test_a_change_is_done_when_it_is_stored() -> None:
    scripted = Scripted()
    told(scripted, lambda found: found.change(wire.SET_NAME, name="left"))
    assert scripted.name == "left"
    scripted = Scripted()
    scripted.stores = False
    with pytest.raises(HipholdError, match=r"hip-1 uses this, but has not stored it.*try again"):
        told(scripted, lambda found: found.change(wire.SET_PLACEMENT, 0))


def test_a_question_without_an_answer_is_asked_again() -> None:
    scripted = Scripted()
    scripted.silent = {wire.GET_INFO, wire.SET_NAME}
    told(scripted, lambda found: found.change(wire.SET_NAME, name="left"))
    assert scripted.name == "left"


def test_a_node_that_never_answers() -> None:
    scripted = Scripted()
    scripted.answer = lambda *_: []  # type: ignore[method-assign]  # deaf
    with pytest.raises(LinkError, match="it does not answer; bring it closer"):
        told(scripted, Talk.learn)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (wire.BUSY, "hip-1 is busy: it sends to another computer; stop the recording there"),
        (wire.UNKNOWN_COMMAND, "firmware of hip-1 does not know this command; update it: `hiphold node install`"),
        (wire.FAULT, "hip-1 reports a fault; `hiphold node info hip-1` says which"),
        (wire.BAD_ARGUMENT, "hip-1 refuses this value"),
    ],
)
def test_refusals_in_words(status: int, said: str) -> None:
    scripted = Scripted()
    scripted.refuses = {wire.SET_PLACEMENT: status}
    with pytest.raises(HipholdError, match=said):
        told(scripted, lambda found: found.change(wire.SET_PLACEMENT, 1))


def test_an_old_firmware_without_counters() -> None:
    scripted = Scripted()
    scripted.refuses = {wire.GET_COUNTERS: wire.UNKNOWN_COMMAND}
    with pytest.raises(HipholdError, match="does not know this command; update it"):
        told(scripted, Talk.counters)


def test_packets_that_are_too_short_are_named() -> None:
    scripted = Scripted()
    scripted.refuses = {wire.GET_INFO: wire.FAULT}
    with pytest.raises(LinkError, match="carries too short packets; use another adapter, or a cable"):
        told(scripted, Talk.learn)


@pytest.mark.parametrize(("version", "command"), [(2, "pip install -U hiphold"), (0, "hiphold node install")])
def test_another_protocol_names_what_to_update(version: int, command: str) -> None:
    scripted = Scripted()
    scripted.version = version
    with pytest.raises(HipholdError, match=f"speaks version {version} .*`{command}`"):
        told(scripted, Talk.learn)
    with pytest.raises(HipholdError, match=f"`{command}`"):
        talks.pick(distinct([seen("hip-1", version=version)]), None)


def test_one_damaged_packet_is_no_other_protocol() -> None:
    found = Talk("it")
    for packet in (b"\x42", b"\x43", b"\x42", wire.encode_reply(wire.Reply(1, 0))):
        found.received(0.0, packet)
    assert asyncio.run(found.message()) == wire.Reply(1, 0)
    found.received(0.0, b"\x42")
    found.received(0.0, b"\x42")
    with pytest.raises(HipholdError, match="speaks version 2"):
        asyncio.run(found.message())


def test_a_lost_link_ends_the_wait() -> None:
    found = Talk("it")
    found.lost()
    with pytest.raises(LinkError, match="connection to it was lost"):
        asyncio.run(found.message())


def test_the_node_at_a_port_must_be_the_one_that_was_named() -> None:
    told(Scripted(), Talk.learn, "HIP")
    with pytest.raises(HipholdError, match="At it is hip-1, not pelvis; nothing was changed"):
        told(Scripted(), Talk.learn, "pelvis")


def test_a_name_that_would_act_on_a_terminal_is_made_harmless() -> None:
    scripted = Scripted()
    scripted.name = "\x1b[2Jhip\n"

    async def act(found: Talk) -> tuple[str, str]:
        return found.name, dict(talks.describe(found.info, found.calibration, {}))["name"]

    assert told(scripted, act) == ("?[2Jhip?", "?[2Jhip?")


def test_a_rate_the_chip_lacks_is_refused_with_those_it_has() -> None:
    scripted = Scripted()
    told(scripted, lambda found: talks.set_rate(found, 200))
    assert scripted.rate_hz == 200
    with pytest.raises(HipholdError, match=r"icm42688p. does not sample at 120 Hz; it offers 50, 100, 200, 500"):
        told(scripted, lambda found: talks.set_rate(found, 120))


def test_a_zero_that_moved() -> None:
    scripted = Scripted()
    zero_dps = told(scripted, talks.zero)
    assert zero_dps == pytest.approx((math.degrees(0.01), 0.0, math.degrees(-0.02)), rel=1e-6)
    scripted.moves = True
    with pytest.raises(HipholdError, match="hip-1 moved, so its zero stays as it was; lay it on"):
        told(scripted, talks.zero)
    scripted.faults = wire.NO_IMU
    with pytest.raises(HipholdError, match="reports a fault"):
        told(scripted, talks.zero)


# --- which node is meant


def seen(name: str, address: str = "AA:00", version: int = wire.VERSION) -> Seen:
    advert = wire.Advert(version, "pelvis", "back", 0, 90, 0)
    return Seen(name, address, -50, advert, None)  # type: ignore[arg-type]  # nobody connects to it


HEARD = distinct([seen("hip-1", "AA:01"), seen("hip-10", "AA:02"), seen("pelvis", "AA:03"), seen("pelvis", "AA:04")])


@pytest.mark.parametrize(
    ("wanted", "address"),
    [("hip-1", "AA:01"), ("HIP-1", "AA:01"), ("hip-10", "AA:02"), ("aa:03", "AA:03"), ("pelvis-AA04", "AA:04")],
)
def test_a_node_is_named(wanted: str, address: str) -> None:
    assert talks.pick(HEARD, wanted).address == address


def test_the_beginning_of_a_name_or_nothing_is_enough_where_it_is_clear() -> None:
    assert talks.pick(HEARD[:1], "h").name == "hip-1"
    assert talks.pick(HEARD[:1], None).name == "hip-1"


@pytest.mark.parametrize(
    ("heard", "wanted", "said"),
    [
        (HEARD, "hi", "hi means several nodes: hip-1, hip-10; name one of them"),
        (HEARD, "pelvis", "pelvis means several nodes: pelvis-AA03, pelvis-AA04; name one"),
        (HEARD[:2], None, "Several nodes are there: hip-1, hip-10; name one of them"),
        (HEARD[:2], "x", "No node called x was heard; there are hip-1, hip-10"),
        ([], None, "No node was heard; switch it on"),
    ],
)
def test_an_unclear_name_is_refused(heard: list[Any], wanted: str | None, said: str) -> None:
    with pytest.raises(HipholdError, match=said):
        talks.pick(heard, wanted)


# --- six positions


def calibrated(scripted: Scripted) -> tuple[Any, list[str], list[str]]:
    said: list[str] = []
    shown: list[str] = []
    found = told(scripted, lambda found: node_calibrate.calibrate(found, said.append, shown.append))
    return found, said, shown


def test_six_positions_end_in_the_node() -> None:
    scripted = Scripted(now_s=0.0)
    found, said, shown = calibrated(scripted)
    np.testing.assert_allclose(found.offset_mps2, OFFSET_MPS2, atol=2e-3 * G_MPS2)
    assert scripted.calibration.gyr_zero_radps == pytest.approx((0.01, 0.0, -0.02))
    assert scripted.calibration.acc_offset_mps2 == pytest.approx(tuple(found.offset_mps2), rel=1e-6)
    assert scripted.calibration.acc_matrix[::4] == pytest.approx(tuple(found.scale), rel=1e-6)
    assert not scripted.started
    assert scripted.commands.count(wire.GET_TIME) > 5  # a cable does not tell that the host is still there
    assert len(said) == 7
    assert said[1] == "x up: done (1 of 6); still to do: x down, y up, y down, z up, z down"
    assert said[6] == "z down (lid down): done (6 of 6)"
    assert any("hold still" in line for line in shown)
    assert any("is done, turn it" in line for line in shown)


def test_a_bad_set_leaves_the_node_as_it_was() -> None:
    scripted = Scripted()
    before, true_up = scripted.calibration, scripted.true_up
    scripted.true_up = lambda seq: true_up(seq) * (1.3 if true_up(seq)[1] > 0 else 1)  # type: ignore[method-assign]
    with pytest.raises(HipholdError, match="no sound sensor has: lay it down anew"):
        calibrated(scripted)
    assert scripted.calibration == before
    assert wire.SET_CALIBRATION not in scripted.commands
    assert not scripted.started


def test_breaking_off_leaves_the_node_as_it_was() -> None:
    scripted = Scripted()
    before = scripted.calibration

    async def act(found: Talk) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await node_calibrate.calibrate(found, lambda _: None, lambda _: None)

    told(scripted, act)
    assert scripted.calibration == before
    assert scripted.commands[-1] == wire.STOP


def test_a_sensor_that_nobody_turns() -> None:
    scripted = Scripted()
    scripted.orders = range(2)
    with pytest.raises(HipholdError, match="hip-1 lay on no new face for 3 minutes; nothing was changed"):
        calibrated(scripted)


def test_a_node_without_samples_or_without_raw_ones() -> None:
    scripted = Scripted()
    scripted.packets = lambda *_: []  # type: ignore[method-assign]
    with pytest.raises(HipholdError, match="sends no samples; `hiphold node info hip-1` says why"):
        calibrated(scripted)
    scripted = Scripted()
    scripted.kind = wire.ORIENTATION
    with pytest.raises(HipholdError, match="sends its orientation only"):
        calibrated(scripted)


def test_a_node_that_holds_something_else_is_not_believed() -> None:
    scripted = Scripted()
    own = scripted._do
    scripted._do = lambda asked: wire.OK if asked.opcode == wire.SET_CALIBRATION else own(asked)  # type: ignore[method-assign]
    with pytest.raises(HipholdError, match="holds another calibration than the one it was given"):
        calibrated(scripted)


def test_a_node_that_sends_elsewhere_is_not_calibrated() -> None:
    scripted = Scripted()
    scripted.start_status = wire.BUSY
    with pytest.raises(HipholdError, match="busy: it sends to another computer"):
        calibrated(scripted)


def test_faces_have_words() -> None:
    assert [node_calibrate._named(face) for face in range(6)][2:] == [
        "y up (its up mark up)",
        "y down (its up mark down)",
        "z up (lid up)",
        "z down (lid down)",
    ]
    assert set(node_calibrate._SEEN_FROM_OUTSIDE) < set(FACES)


# --- the real firmware, by radio

ACC_BIAS_MPS2 = np.array((0.15, -0.22, 0.09))
GYR_BIAS_RADPS = np.radians((0.8, -0.5, 0.3))


class Faces:
    """Lies on one face after the other, `up` (m, 3) being up in the sensor's frame: first for 15 s, then 5 s each."""

    def __init__(self, up: Floats = UP) -> None:
        self._up = up

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        turn = np.maximum((time_s - 10) // 5, 0).astype(int)
        return G_MPS2 * self._up[turn % len(self._up)], np.zeros((len(time_s), 3))


def lying(up: Floats) -> Any:
    """A node's chip and what it feels; the chip errs as chips do."""
    from rig.chips import Flaws

    flaws = Flaws(
        acc_bias_mps2=ACC_BIAS_MPS2,
        gyr_bias_radps=GYR_BIAS_RADPS,
        acc_matrix=np.diag(1 / SCALE),
        acc_noise_mps2_rthz=60e-6 * G_MPS2,
        gyr_noise_radps_rthz=math.radians(0.003),
    )
    return {"chip": "lsm6dsv16x", "skin": Faces(up), "flaws": flaws}


@pytest.fixture
def rig(micropython: str) -> Any:  # noqa: ARG001  (nodes run in it)
    """The laboratory; tests that need it skip where it cannot be."""
    pytest.importorskip("bumble", reason="the rig's radio")
    from rig.rig import Rig

    return Rig


def in_rig(rig: Any, act: Callable[[Any, Callable[[], Any]], Awaitable[Any]], **worn: Any) -> Any:
    """What `act` gives for a node and a function that opens a conversation with it."""
    from hiphold.sources import ble

    async def session() -> Any:
        async with rig(seed=4) as lab:
            other = await lab.central("other")
            node = await lab.node("hip", **(worn or lying(UP[4:5])))

            @asynccontextmanager
            async def conversation(elsewhere: bool = False) -> AsyncIterator[Talk]:
                adapter = other if elsewhere else lab.adapter
                found = talks.pick(distinct(await ble.scan(2, adapter.scanner)), None)
                link = ble.opener(found.device, found.name, asyncio.Lock(), adapter.client, adapter.scanner)
                async with talks.talk(link, found.name) as talk:
                    yield talk

            return await act(node, conversation)

    return clock.run(session())


def test_settings_survive_the_loss_of_power(rig: Any) -> None:
    async def act(node: Any, conversation: Any) -> Any:
        async with conversation() as talk:
            await talk.change(wire.SET_NAME, name="left thigh")
            await talk.change(wire.SET_PLACEMENT, wire.PLACEMENTS.index("thigh_left"))
            await talk.change(wire.SET_LID, wire.LID_SIDES.index("front"))
            await talks.set_rate(talk, 240)
        await node.restart()
        async with conversation() as talk:
            return talk.info

    info = in_rig(rig, act)
    assert (info.name, info.placement, info.lid, info.rate_hz) == ("left thigh", "thigh_left", "front", 240)


def test_a_zero_at_rest_and_one_that_moved(rig: Any) -> None:
    async def act(_node: Any, conversation: Any) -> Any:
        async with conversation() as talk:
            return await talks.zero(talk)

    assert in_rig(rig, act) == pytest.approx(np.degrees(GYR_BIAS_RADPS), abs=0.03)

    from rig.skin import Turning

    with pytest.raises(HipholdError, match="moved, so its zero stays as it was"):
        in_rig(rig, act, chip="lsm6dsv16x", skin=Turning((0.5, 0.2, 0.1)))


def test_six_faces_find_the_offset(rig: Any) -> None:
    said: list[str] = []

    async def act(node: Any, conversation: Any) -> Any:
        async with conversation() as talk:
            await talks.zero(talk)
            found = await node_calibrate.calibrate(talk, said.append, lambda _: None)
        await node.restart()
        async with conversation() as talk:
            return found, talk.calibration

    found, kept = in_rig(rig, act, **lying(np.roll(UP, 2, axis=0)))
    assert np.abs(found.offset_mps2 - ACC_BIAS_MPS2).max() < 2e-3 * G_MPS2
    assert np.abs(found.scale - SCALE).max() < 2e-3
    np.testing.assert_allclose(kept.acc_offset_mps2, found.offset_mps2, rtol=1e-6)
    assert np.degrees(kept.gyr_zero_radps) == pytest.approx(np.degrees(GYR_BIAS_RADPS), abs=0.03)
    assert len(said) == 7


def test_a_bad_set_is_refused_and_the_nodes_calibration_stays(rig: Any) -> None:
    pressed = UP.copy()
    pressed[1] *= 1.4

    async def act(_node: Any, conversation: Any) -> Any:
        async with conversation() as talk:
            await talks.zero(talk)
            before = talk.calibration
            with pytest.raises(HipholdError, match="no sound sensor has: lay it down anew"):
                await node_calibrate.calibrate(talk, lambda _: None, lambda _: None)
            await talk.learn()
            return before, talk.calibration

    before, after = in_rig(rig, act, **lying(pressed))
    assert before == after
    assert any(before.gyr_zero_radps)


def test_a_node_that_sends_to_another_computer_is_left_alone(rig: Any) -> None:
    async def act(_node: Any, conversation: Any) -> Any:
        async with conversation() as first, conversation(elsewhere=True) as second:
            await first.must(wire.START)
            await second.must(wire.IDENTIFY)
            with pytest.raises(HipholdError, match="is busy: it sends to another computer"):
                await second.change(wire.SET_PLACEMENT, 0)

    in_rig(rig, act)


# --- the commands themselves


def command(rig: Any, *arguments: str) -> Result:
    """A command, with a node in the rig."""
    given: dict[str, Any] = {}

    async def session(command: Any) -> Any:
        async with rig(seed=4) as lab:
            given.update(scanner=lab.adapter.scanner, client=lab.adapter.client)
            await lab.node("hip", **lying(UP[4:5]), config={"NAME": "hip"})
            return await command

    given["runner"] = lambda coroutine: clock.run(session(coroutine))
    return CliRunner().invoke(commands, arguments, obj=given)


def test_info_in_the_terminal(rig: Any) -> None:
    result = command(rig, "info")
    assert result.exit_code == 0, result.output
    rows = dict(line.split(maxsplit=1) for line in result.stdout.splitlines() if line.strip())
    assert rows["chip"].strip() == "lsm6dsv16x"
    assert rows["gyroscope"].startswith("not zeroed; `hiphold node zero`")
    assert result.stderr == "looking for nodes ...\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("identify",), "hip-0202 blinks now"),
        (("name", "hip", "left thigh"), "hip-0202 is called left thigh now"),
        (("place", "hip", "pelvis"), "hip-0202 is worn at pelvis now, its lid facing right"),
        (("place", "hip", "pelvis", "--lid", "back"), "hip-0202 is worn at pelvis now, its lid facing back"),
        (("rate", "hip-0202", "480"), "hip-0202 measures at 480 Hz now"),
    ],
)
def test_what_commands_say(rig: Any, arguments: tuple[str, ...], said: str) -> None:
    result = command(rig, *arguments)
    assert (result.exit_code, result.stdout) == (0, said + "\n"), result.output


def test_zero_and_calibrate_in_the_terminal(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    result = command(rig, "zero", "hip")
    assert "hip-0202 is zeroed at +0.80 -0.50 +0.30 deg/s" in result.stdout, result.output
    assert "lay hip-0202 still and let go; in 2 s it measures for 3 s" in result.stderr
    monkeypatch.setattr(node_calibrate, "PATIENCE_S", 12.0)
    result = command(rig, "calibrate", "hip")
    assert isinstance(result.exception, HipholdError)
    assert "z up (lid up): done (1 of 6)" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("place", "hip", "head"),
        ("place", "hip", "pelvis", "--lid", "up"),
        ("name", "hip", " "),
        ("name", "hip", "x" * 25),
        ("name", "hip", "a\nb"),
        ("rate", "hip", "0"),
        ("rate",),
        ("zero",),
        ("calibrate",),
        ("install", "--chip", "bno055"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(commands, arguments).exit_code == 2


def test_usage_errors_read_well() -> None:
    said = CliRunner().invoke(commands, ("place", "hip", "head")).stderr
    assert "place [OPTIONS] NAME PLACEMENT\n" in said
    assert "Invalid value for 'PLACEMENT': 'head' is not one of 'pelvis'" in said
    assert "use printable characters." in CliRunner().invoke(commands, ("name", "hip", "a\nb")).stderr


def test_rows_are_printed_without_rich_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "rich.box", None)
    cli_node._print([("problem", "rich", "not installed"), ("ok", "disk", "")])
    assert capsys.readouterr().out == "problem  rich  not installed\nok  disk  \n"


@contextmanager
def cable(scripted: ScriptedNode) -> Iterator[str]:
    """The port of a scripted node, in real time."""
    import tty

    master, slave = os.openpty()
    tty.setraw(slave)
    stop, buffer = threading.Event(), bytearray()

    def serve() -> None:
        while not stop.is_set():
            if not select.select([master], [], [], 0.02)[0]:
                continue
            buffer.extend(os.read(master, 4096))
            while buffer:
                try:
                    asked = wire.cable_take(buffer)
                except wire.WireError:
                    continue
                if asked is None:
                    break
                for packet in scripted.answer(time.monotonic() - began_s, asked):
                    os.write(master, wire.cable_encode(packet))

    began_s = time.monotonic()
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        stop.set()
        thread.join()
        os.close(master)
        os.close(slave)


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo terminals here")
def test_over_the_cable(monkeypatch: pytest.MonkeyPatch) -> None:
    with cable(Scripted()) as port:
        result = CliRunner().invoke(commands, ("place", "hip", "trunk", "--usb", port), catch_exceptions=False)
        assert result.stdout == "hip-1 is worn at trunk now, its lid facing right\n"
        result = CliRunner().invoke(commands, ("info", "--usb", port), catch_exceptions=False)
        assert "trunk" in result.stdout
        monkeypatch.setattr(cli_node, "SETTLE_S", 0.0)
        result = CliRunner().invoke(commands, ("zero", "--usb", port), catch_exceptions=False)
        assert result.stdout == "hip-1 is zeroed at +0.57 +0.00 -1.15 deg/s\n"
        result = CliRunner().invoke(commands, ("identify", "pelvis", "--usb", port))
        assert str(result.exception) == f"At {port} is hip-1, not pelvis; nothing was changed."
    result = CliRunner().invoke(commands, ("info", "--usb", "/dev/ttyNOSUCH"))
    assert isinstance(result.exception, HipholdError)
    assert "no port /dev/ttyNOSUCH" in str(result.exception)
