"""What goes wrong in a live session on real nodes: it is told with what to do, and nothing recorded is lost."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError

from hiphold import recording, timeline, wire
from hiphold.measure import measure
from hiphold.recording import Recorder
from hiphold.samples import Settings
from hiphold.session import engine as session_engine
from hiphold.session import sleep
from hiphold.session.engine import Engine
from hiphold.session.nodes import Radio
from hiphold.session.notices import notices
from hiphold.session.plan import Plan
from hiphold.session.scene import ENDED, FAULT, HOLDING, READY, Command, Finding, Scene
from hiphold.simulation.script import Act, Script
from hiphold.sources import ble
from hiphold.sources.simulate import Simulation
from live_sessions import (
    Told,
    addresses,
    assert_as_measured,
    at,
    attend,
    figures,
    knowing,
    lay_out,
    put_on,
    radio,
    whole,
)
from rig import clock
from rig.rig import Rig
from rig.session import tell

pytestmark = pytest.mark.usefixtures("micropython")

BEGINS_S = 15.0
RAISE = Act("raise"), Act("stand", seconds=2.2)
SHORT = Script(acts=(Act("stand", seconds=5.0), Act("hold", seconds=11.0), Act("stand", seconds=4.0)))


def texts(told: Told, key: str, lane: int = 0) -> list[str]:
    """What was told under a key, each wording once."""
    found = [n.text for scene in told.scenes(lane) for n in scene.notices if n.key == key]
    return list(dict.fromkeys(found))


def has(key: str, words: str = "") -> Any:
    """Whether a scene has that notice."""
    return lambda scene: any(n.key == key and words in n.text for n in scene.notices)


def lacks(key: str) -> Any:
    return lambda scene: not has(key)(scene)


async def begin(engine: Engine, told: Told, nodes: int = 2, quick: bool = True) -> Scene:
    """Wait for the nodes, and calibrate while they lie still."""
    await told.until(lambda scene: scene.waiting and len(scene.nodes) == nodes)
    engine.tell(Command("anew", 0, {"quick": quick}))
    return await told.until(lambda scene: scene.stage == READY)


async def begin_with(rig: Rig, engine: Engine, told: Told) -> None:
    """Calibrate with the athlete, by quick start."""
    await told.until(lambda scene: scene.waiting and len(scene.nodes) == 2)
    await at(rig, BEGINS_S - 0.5)
    engine.tell(Command("anew", 0, {"quick": True}))


# No radio, no node


def broken_radio(rig: Rig, faults: list[Exception]) -> Radio:
    """The rig's, whose scanner fails with each of these first."""

    class Scanner(rig.adapter.scanner):  # type: ignore[name-defined, misc]
        async def start(self) -> None:
            if faults:
                raise faults.pop(0)
            await super().start()

    return Radio(Scanner, rig.adapter.client)


FAULTS = {
    "This computer has no Bluetooth; plug in an adapter, or connect the nodes by USB.": (
        BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.NO_BLUETOOTH)
    ),
    "Bluetooth is switched off; switch it on and try again.": (
        BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.POWERED_OFF)
    ),
    "This program may not use Bluetooth; allow it in the system's privacy settings and try again.": (
        BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", [])
    ),
}


def test_without_radio_or_nodes_it_says_what_to_do_and_looking_again_begins(tmp_path: Path) -> None:
    async def person(rig: Rig, engine: Engine, told: Told) -> None:
        for number in range(1, len(FAULTS) + 2):
            await told.until_message(lambda _, n=number: len(failures(told)) == n)  # type: ignore[misc]
            if number > len(FAULTS):
                await rig.nodes["leg"].start()
            engine.tell(Command("look"))
        await begin(engine, told, nodes=1)

    async def session() -> Told:
        async with Rig(seed=1) as rig:
            await lay_out(rig, leg="thigh_right")
            rig.nodes["leg"].kill()
            chosen = knowing(tmp_path, anna=addresses(rig, "leg"))
            return await attend(Plan(), chosen, partial(person, rig), broken_radio(rig, list(FAULTS.values())))

    told = clock.run(session())
    none = "No sensor was heard. Switch the sensors on, bring them within a few metres, and charge those whose light"
    assert failures(told) == [*FAULTS, f"{none} stays dark."]
    assert told.scene().athlete == "anna"
    assert told.said() == []


def failures(told: Told) -> list[str]:
    return [m.text for m in told.messages if isinstance(m, Finding) and m.state == "failed"]


# Nodes that cannot be used


async def free_it_later(rig: Rig, problems: list[str], engine: Engine, told: Told) -> None:
    other = await rig.central("other")
    (seen,) = await ble.scan(2.0, other.scanner)
    client = other.client(seen.device)
    await client.connect()
    await client.write_gatt_char(wire.CONTROL_UUID, wire.encode_command(wire.START), response=True)
    engine.tell(Command("look"))
    await told.until(has("silent", "another computer"))
    problems += [node.state for node in told.scene().nodes if node.severity == FAULT]
    await asyncio.sleep(3.0)
    await client.disconnect()
    await told.until(lacks("silent"))
    await begin(engine, told, nodes=1)
    problems.append(told.scene().stage)


def test_a_node_of_another_computer_is_waited_for(tmp_path: Path) -> None:
    problems: list[str] = []

    async def session() -> Told:
        async with Rig(seed=2) as rig:
            await lay_out(rig, leg="thigh_right")
            chosen = knowing(tmp_path, anna=addresses(rig, "leg"))
            faults: list[Exception] = [BleakDBusError("org.bluez.Error.NotReady", [])]
            person = partial(free_it_later, rig, problems)
            return await attend(Plan(), chosen, person, broken_radio(rig, faults))

    told = clock.run(session())
    assert texts(told, "silent") == [
        "The right thigh sensor (leg) sends to another computer; stop the recording there."
    ]
    assert problems == ["silent", READY]


def test_two_sensors_at_one_place_and_one_without_a_chip(tmp_path: Path) -> None:
    async def person(engine: Engine, told: Told) -> None:
        await begin(engine, told, nodes=4)
        await told.until(has("conflict"))
        engine.tell(Command("end"))
        await told.until_summary()

    async def session() -> Told:
        async with Rig(seed=3) as rig:
            await lay_out(rig, belt="pelvis", spare="pelvis", leg="thigh_right")
            dead = await rig.node("dead")
            await tell(dead, [wire.encode_command(wire.SET_PLACEMENT, wire.PLACEMENTS.index("thigh_left"))])
            chosen = knowing(tmp_path, anna=addresses(rig, ""))
            return await attend(Plan(), chosen, person, radio(rig))

    told = clock.run(session())
    told_of = {n.key: n.text for scene in told.scenes() for n in scene.notices}
    assert told_of["conflict"].startswith(("belt and spare both say", "spare and belt both say"))
    assert "Take one away, or press F and give it its own place." in told_of["conflict"]
    assert told_of["fault_no_imu"].endswith("Switch it off and on; if that does not help, check its wires.")
    assert "silent" not in told_of
    (summary,) = told.summaries()
    assert any("pelvis" in reason for reason in summary.reasons)
    assert Path(summary.path).exists()
    assert {frame.node for frame in recording.read(summary.path).frames} >= {"belt", "spare", "leg"}


# Out of reach and without power


def watched(rig: Rig, times: dict[str, float]) -> Any:
    """The person of the rough session."""

    async def person(engine: Engine, told: Told) -> None:
        await told.until(lambda scene: scene.waiting and len(scene.nodes) == 2)
        await at(rig, BEGINS_S - 0.5)
        engine.tell(Command("anew"))
        await told.until(lambda scene: any(s.key == "raise_right" and s.done == 1 for s in scene.steps))
        await lose_power(told, 3.0)
        await told.until(lambda scene: scene.stage == HOLDING and scene.count == 2)
        rig.blackout(10.0)
        await told.until(has("silent"))
        await told.until(lacks("silent"))
        await told.until(lambda scene: len(scene.reps) == 1 and scene.stage == HOLDING and scene.count == 3)
        times["cut"] = told.scene().time_s
        await lose_power(told, 2.0)
        await told.until(lambda scene: scene.reps and scene.reps[-1].start_s > times["cut"] + 10.0)
        await asyncio.sleep(2.0)
        engine.tell(Command("end"))
        await told.until_summary()

    async def lose_power(told: Told, seconds: float) -> None:
        node = rig.nodes["anna thigh_right"]
        node.kill()
        await told.until(has("silent"))
        await asyncio.sleep(seconds)
        await node.start()
        await told.until(lacks("silent"))

    return person


ROUGH = (
    *(Act("stand", seconds=4.0), Act("raise"), Act("stand", seconds=14.0), *RAISE, *RAISE, *RAISE),
    *(Act("bow"), Act("stand", seconds=4.0), Act("hold", seconds=19.0), Act("stand", seconds=7.0)),
    *(Act("hold", seconds=15.0), Act("stand", seconds=9.0), Act("hold", seconds=11.0), Act("stand", seconds=6.0)),
)


@pytest.fixture(scope="module")
def rough(tmp_path_factory: pytest.TempPathFactory, micropython: str) -> tuple[Told, Simulation]:  # noqa: ARG001
    """A thigh sensor without power in the ritual and in the second hold, and all out of reach in the first."""
    folder, times = tmp_path_factory.mktemp("rough"), dict[str, float]()

    async def session() -> tuple[Told, Simulation]:
        async with Rig(seed=4, loss=0.05) as rig:
            wanted = {"script": Script(acts=ROUGH), "mounting": "worn"}
            drawn = await put_on(rig, "anna", start_s=BEGINS_S, simulation=wanted, battery_v=lambda _: 3.3)
            await asyncio.sleep(2.0)
            chosen = knowing(folder, anna=addresses(rig, "anna"))
            return await attend(Plan(), chosen, watched(rig, times), radio(rig)), drawn

    return clock.run(session())


def test_a_rough_session_has_all_its_holds(rough: tuple[Told, Simulation]) -> None:
    told, drawn = rough
    (summary,) = told.summaries()
    assert_as_measured(summary)
    assert summary.lost == 0
    true_s = [hold.hold_s for hold in drawn.truth.holds("right")]
    assert [rep.hold_s for rep in summary.reps] == pytest.approx(true_s, abs=0.3)
    assert all(rep.full for rep in summary.reps)
    assert summary.reps[2].rotation_range_deg > 30.0
    assert [told.cues().count(cue) for cue in ("step", "chime")] == [4, 3]


def test_and_says_what_is_missing_of_which_hold(rough: tuple[Told, Simulation]) -> None:
    (summary,) = rough[0].summaries()
    missing = [reason for reason in summary.reasons if "in a hold; the leg may have come down unseen" in reason]
    assert len(missing) == 2
    assert all(reason.endswith("Keep the sensor near the host.") for reason in missing)
    assert any("restarted 2 times while recording" in reason for reason in summary.reasons)


def test_after_a_blackout_all_is_in_the_recording(rough: tuple[Told, Simulation]) -> None:
    (summary,) = rough[0].summaries()
    frames = recording.read(summary.path).frames
    pelvis, thigh = sorted(timeline.assemble(frames), key=lambda data: data.placement)
    assert (pelvis.lost, pelvis.gaps) == (0, ())
    assert len(thigh.gaps) == 2  # it was off
    assert thigh.lost == pytest.approx(sum(end_s - start_s for start_s, end_s in thigh.gaps) / thigh.period_s, abs=4)
    offline = measure(frames, Settings())
    (missing,) = [reason.why for reason in offline.reasons if "in a hold" in reason.why]
    assert "of thigh_right are missing" in missing  # in the second one, where it was off


def test_a_silent_node_and_a_low_battery_are_told_of_while_they_are(rough: tuple[Told, Simulation]) -> None:
    told, _ = rough
    assert set(told.notices()) == {"battery", "silent"}
    shown = [has("silent")(scene) for scene in told.scenes()]
    assert [shown[i : i + 2] for i in range(len(shown))].count([False, True]) == 3
    for each in texts(told, "silent"):
        assert re.fullmatch(
            r"Nothing from the (pelvis|right thigh) sensor for \d+ s( \(.*\))?\. Come closer, or switch it off and on; "
            r"it keeps its last 20 s, and they are fetched\.",
            each,
        )
    low = "battery is low (3.30 V). It will last this session at most: charge it, or take another."
    assert set(texts(told, "battery")) == {f"The {where} sensor's {low}" for where in ("pelvis", "right thigh")}


# The computer, the disk, the end


def still(seed: int, tmp_path: Path, person: Any) -> Told:
    """A session of two nodes that lie still. person: asked with the rig first."""

    async def session() -> Told:
        async with Rig(seed=seed) as rig:
            await lay_out(rig, belt="pelvis", leg="thigh_right")
            chosen = knowing(tmp_path, anna=addresses(rig, "belt", "leg"))
            return await attend(Plan(), chosen, partial(person, rig), radio(rig))

    return clock.run(session())


def test_who_walks_away_for_good_is_called_back_and_the_end_is_near(tmp_path: Path) -> None:
    took_s: list[float] = []

    async def person(rig: Rig, engine: Engine, told: Told) -> None:
        await begin(engine, told)
        rig.blackout(1000.0)
        await asyncio.sleep(60.0)
        engine.tell(Command("end"))
        await told.until_summary()
        took_s.append(-rig.now_s)
        engine.tell(Command("quit"))
        await asyncio.sleep(0.1)
        while any(not pump.done() for pump in engine._pumps.values()):
            await asyncio.sleep(0.1)
        took_s.append(rig.now_s)

    told = still(5, tmp_path, person)
    assert "Come closer, or switch it off and on" in texts(told, "silent")[-1]
    last = [scene for scene in told.scenes() if scene.stage != ENDED][-1]
    assert len({n.text.partition(" for ")[0] for n in last.notices if n.key == "silent"}) == 2
    assert told.scene().notices == ()  # who has ended is not called back
    assert sum(took_s) < 8.0
    assert recording.read(told.summaries()[0].path).damage == ()
    assert told.said() == []


def test_an_end_right_after_a_blackout_waits_for_what_is_missing(tmp_path: Path) -> None:
    async def person(rig: Rig, engine: Engine, told: Told) -> None:
        await begin(engine, told)
        rig.blackout(10.0)
        await told.until(has("silent"))
        await told.until(lambda scene: any(node.missing > 100 for node in scene.nodes))
        engine.tell(Command("end"))
        engine.tell(Command("end"))
        await told.until_summary()

    told = still(11, tmp_path, person)
    (fetching, *_) = texts(told, "fetching")
    assert fetching.endswith("samples are still being fetched; the session ends in a moment.")
    (summary,) = told.summaries()
    assert summary.lost == 0
    whole(summary.path)


@pytest.mark.parametrize(
    ("stood_s", "loop_s", "expected_s"),
    [(0.0, 0.6, 0.0), (0.001, 3.0, 0.0), (9.0, 0.5, 9.0), (0.0, 9.5, 9.0), (1.0, 0.5, 1.0)],
)
def test_a_sleep_is_seen_whether_or_not_the_clock_goes_on_in_it(
    stood_s: float, loop_s: float, expected_s: float
) -> None:
    assert sleep.slept(stood_s, loop_s) == expected_s


def test_the_clock_that_sleeps_never_is_not_set() -> None:
    before = sleep.sleepless_s(), time.monotonic()
    time.sleep(0.05)
    passed = sleep.sleepless_s() - before[0], time.monotonic() - before[1]
    assert passed[0] == pytest.approx(passed[1], abs=0.01)


ASLEEP_S = 12.0
DROWSY = (
    *(Act("stand", seconds=5.0), Act("hold", seconds=7.0), Act("stand", seconds=26.0)),
    *(Act("hold", seconds=9.0), Act("stand", seconds=5.0)),
)


def test_after_a_sleep_in_which_the_clock_stood_still_a_new_recording_is_measured_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Linux and macOS: by this computer's clock, those of the nodes have leapt ahead."""
    offset_s = 0.0
    clock_s = sleep.sleepless_s
    monkeypatch.setattr(session_engine, "sleepless_s", lambda: clock_s() + offset_s)

    async def person(rig: Rig, engine: Engine, told: Told) -> None:
        nonlocal offset_s
        await begin_with(rig, engine, told)
        await told.until(lambda scene: len(scene.reps) == 1 and scene.stage == READY)
        offset_s = ASLEEP_S
        for node in rig.nodes.values():
            node._clock._offset_us += round(ASLEEP_S * 1e6)
        rig.blackout(5.0)
        await told.until(lambda scene: scene.waiting)
        assert told.scene().prompt == "Put the sensors on, stand tall"
        await told.until(has("silent"))
        await told.until(lambda scene: lacks("silent")(scene) and not any(node.missing for node in scene.nodes))
        await asyncio.sleep(1.0)
        engine.tell(Command("anew", 0, {"quick": True}))
        await told.until(lambda scene: len(scene.reps) == 2 and scene.stage == READY)
        await asyncio.sleep(1.0)
        engine.tell(Command("end"))
        await told.until_summary()

    async def session() -> tuple[Told, Simulation]:
        async with Rig(seed=6) as rig:
            wanted = {"script": Script(acts=DROWSY), "mounting": "worn"}
            drawn = await put_on(rig, "anna", start_s=BEGINS_S, simulation=wanted)
            await asyncio.sleep(2.0)
            chosen = knowing(tmp_path, anna=addresses(rig, "anna"))
            return await attend(Plan(), chosen, partial(person, rig), radio(rig)), drawn

    told, drawn = clock.run(session())
    after = "The sensors connect again by themselves; stand still for a moment, so that headings begin anew."
    assert texts(told, "slept") == [f"This computer slept for 12 s. {after}"]
    true_s = [hold.hold_s for hold in drawn.truth.holds("right")]
    assert [rep.hold_s for rep in told.scene().reps] == pytest.approx(true_s, abs=0.5)
    first, second = sorted(tmp_path.glob("anna/*.mcap"))
    assert [len(figures(path).holds) for path in (first, second)] == [1, 1]
    assert_as_measured(told.summaries()[0])
    whole(second)


def test_a_full_disk_stops_the_recording_and_not_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = False
    sync = Recorder._sync

    def failing(self: Recorder) -> None:
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(self)

    monkeypatch.setattr(Recorder, "_sync", failing)
    monkeypatch.setattr("hiphold.recording._SYNC_S", 0.05)
    samples: list[int] = []

    async def person(_: Rig, engine: Engine, told: Told) -> None:
        nonlocal full
        await begin(engine, told)
        await asyncio.sleep(5.0)
        full = True
        await told.until(has("not_recorded"))
        samples.append(told.scene().nodes[0].samples)
        await asyncio.sleep(5.0)
        samples.append(told.scene().nodes[0].samples)
        engine.tell(Command("anew", 0, {"quick": True}))
        await asyncio.sleep(3.0)
        assert told.scene().recording.state == "failed"
        full = False
        engine.tell(Command("anew", 0, {"quick": True}))
        await told.until(lambda scene: scene.recording.state == "recording" and scene.stage == READY)

    told = still(7, tmp_path, person)
    assert samples[1] > samples[0] + 400
    (said, *_) = texts(told, "not_recorded")
    assert said.startswith("Nothing more is recorded: ")
    assert "No space left on device" in said
    ending = "Free some space or choose another folder, then press R for a new recording. What was recorded is kept."
    assert said.endswith(ending)
    first, *_, last = sorted(tmp_path.glob("anna/*.mcap"))
    assert len(recording.read(first).frames) > 50
    whole(last)


def test_a_fault_in_what_is_shown_costs_no_packet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def person(_: Rig, engine: Engine, told: Told) -> None:
        await begin(engine, told)
        monkeypatch.setattr("hiphold.session.lane.notices", lambda *_: 1 / 0)
        await asyncio.sleep(5.0)
        monkeypatch.setattr("hiphold.session.lane.notices", notices)
        await asyncio.sleep(2.0)

    told = still(8, tmp_path, person)
    (said,) = told.said()
    assert said.endswith("The recording goes on and can be measured later.")
    (path,) = tmp_path.glob("anna/*.mcap")
    assert len(whole(path)) > 200


@pytest.mark.parametrize("way", ["quit", "cancelled"])
def test_an_end_in_the_middle_of_a_hold_keeps_all_of_it(tmp_path: Path, way: str) -> None:
    async def session() -> None:
        told = Told()
        async with Rig(seed=9, loss=0.05) as rig:
            await put_on(rig, "anna", start_s=BEGINS_S, simulation={"script": SHORT, "mounting": "worn"})
            chosen = knowing(tmp_path, anna=addresses(rig, "anna"))
            engine = Engine(Plan(), chosen, told.take, radio(rig))
            running = asyncio.create_task(engine.run())
            await begin_with(rig, engine, told)
            await told.until(lambda scene: scene.stage == HOLDING and scene.count == 6)
            began_s = rig.now_s
            if way == "quit":
                engine.tell(Command("quit"))
            else:
                running.cancel()
            await asyncio.wait((running,))
            assert running.cancelled() is (way == "cancelled")
            assert rig.now_s - began_s < 3.0
            await asyncio.sleep(2.0)
            for seen in await ble.scan(2.0, rig.adapter.scanner):
                assert not seen.advert.state & wire.STREAMING

    clock.run(session())
    (path,) = tmp_path.glob("anna/*.mcap")
    whole(path)
    (hold,) = figures(path).holds
    assert hold.hold_s >= 6.0
    assert path.with_suffix(".json").exists()


# Worn in another way than it says


def test_a_sensor_on_the_other_leg_is_told_of(tmp_path: Path) -> None:
    acts = (Act("stand", seconds=5.0), Act("raise"), Act("stand", seconds=4.0))

    async def person(rig: Rig, engine: Engine, told: Told) -> None:
        await told.until(lambda scene: scene.waiting and len(scene.nodes) == 2)
        await at(rig, BEGINS_S - 0.5)
        engine.tell(Command("anew"))
        await at(rig, BEGINS_S + 16.0)

    async def session() -> Told:
        async with Rig(seed=10) as rig:
            wanted = {"script": Script(acts=acts), "says": {"thigh_left": "thigh_right"}}
            await put_on(rig, "anna", ("pelvis", "thigh_left"), start_s=BEGINS_S, simulation=wanted)
            chosen = knowing(tmp_path, anna=addresses(rig, "anna"))
            return await attend(Plan(), chosen, partial(person, rig), radio(rig))

    told = clock.run(session())
    refused = dict.fromkeys(step.refused for scene in told.scenes() for step in scene.steps if step.refused)
    other = "If you raised a knee, the sensor is on the other leg: move it to the right one and press R."
    assert list(refused) == [f"The hips moved, but the right thigh sensor did not. {other}"]
