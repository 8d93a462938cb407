"""Nodes over Bluetooth: real firmware, a simulated radio, and bleak's own scanner and client; see tests/rig."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
)
from click.testing import CliRunner, Result

from hiphold import cli, recording, wire
from hiphold.errors import HipholdError
from hiphold.receive import capture
from hiphold.receive.capture import Node
from hiphold.receive.carrier import LinkError
from hiphold.samples import NodeData
from hiphold.sources import ble
from hiphold.timeline import assemble
from rig import clock
from rig.backend import Faults
from rig.rig import Rig
from rig.skin import Still

pytestmark = pytest.mark.usefixtures("micropython")

NAMES = ("belt", "leg")
PLACES = ("pelvis", "thigh_left")
CHIPS = ("lsm6dsv16x", "mpu6050")
Meanwhile = Callable[[list[Node]], Coroutine[Any, Any, None]]


async def worn(rig: Rig, count: int = 2) -> None:
    """So many nodes, each with another chip, name and place."""
    for number, chip in enumerate(CHIPS[:count]):
        await rig.node(NAMES[number], chip=chip, skin=Still(), config={"CHIP": chip}, skew_ppm=15.0)
        new = [each for each in await ble.scan(2.0, rig.adapter.scanner) if each.name.startswith("hiphold-")]
        async with rig.adapter.client(new[0].device) as client:
            for command in (
                wire.encode_command(wire.SET_NAME, name=NAMES[number]),
                wire.encode_command(wire.SET_PLACEMENT, wire.PLACEMENTS.index(PLACES[number])),
            ):
                await client.write_gatt_char(wire.CONTROL_UUID, command, response=True)
                await asyncio.sleep(0.5)


async def recorded(
    rig: Rig,
    path: Path,
    seconds: float,
    meanwhile: Meanwhile | None = None,
    nodes: tuple[str, ...] = (),
) -> tuple[list[Node], list[NodeData], list[str]]:
    """Record what is heard; what was said of it live, and what the file holds."""
    said: list[str] = []
    found = await capture.find(nodes, (), said.append, scanner=rig.adapter.scanner)
    shown: list[Node] = []
    task = asyncio.create_task(meanwhile(shown)) if meanwhile else None

    def show(now: Any) -> None:
        shown[:] = now

    radio = rig.adapter.scanner, rig.adapter.client
    talked = await capture.record(path, found, asyncio.Event(), said.append, show, seconds, *radio)
    if task:
        await task
    return talked, assemble(recording.read(path).frames), said


def assert_whole(talked: list[Node], held: list[NodeData]) -> None:
    for node, data in zip(sorted(talked, key=lambda each: each.found.name), sorted(held, key=lambda each: each.node)):
        told = node.dialogue
        assert (told.missing, told.lost, data.lost, data.gaps) == (0, 0, 0, ())
        assert told.arrivals.samples == len(data.block) > 0


def test_a_scan_shows_nodes_as_they_are_and_no_others() -> None:
    async def session() -> list[ble.Seen]:
        async with Rig(seed=1) as rig:
            await worn(rig)
            await rig.stranger()
            await rig.stranger("Sensor", bytes((0xFF, 0xFF, 1, 2, 3, 4)))
            await asyncio.sleep(1)
            return await ble.scan(3.0, rig.adapter.scanner)

    seen = clock.run(session())
    assert [(each.name, each.advert.placement) for each in seen] == [("belt", "pelvis"), ("leg", "thigh_left")]
    assert [each.advert.battery_percent for each in seen] == [wire.NO_PERCENT] * 2
    assert all(-60 < each.rssi_dbm < -40 for each in seen)


def test_two_nodes_a_lossy_radio_and_a_blackout_of_10_s_lose_nothing(tmp_path: Path) -> None:
    async def session() -> tuple[list[Node], list[NodeData], list[str]]:
        async with Rig(seed=2, loss=0.05) as rig:
            await worn(rig)

            async def darken(_: list[Node]) -> None:
                await asyncio.sleep(10)
                rig.blackout(10.0)

            return await recorded(rig, tmp_path / "a.mcap", 40.0, darken)

    talked, held, said = clock.run(session())
    assert said == []
    assert [data.placement for data in held] == ["pelvis", "thigh_left"]
    assert_whole(talked, held)
    for node in talked:
        assert node.dialogue.link_losses == 1
        assert node.dialogue.arrivals.resent > 800
        assert node.dialogue.skew_ppm == pytest.approx(15.0, abs=60.0)


def test_damaged_and_repeated_notifications_do_not_lead_astray(tmp_path: Path) -> None:
    async def session() -> tuple[list[Node], list[NodeData], list[str]]:
        async with Rig(seed=4, faults=Faults(corrupt=0.2, duplicate=0.05)) as rig:
            await worn(rig)
            return await recorded(rig, tmp_path / "a.mcap", 60.0)

    talked, _, _ = clock.run(session())
    for node in talked:
        told = node.dialogue
        assert told.streaming or told.finished
        assert told.malformed + told.arrivals.strange > 5
        assert told.arrivals.duplicates > 0
        assert told.arrivals.restarts == 0
        assert told.missing == 0
        assert told.lost < 50
        assert told.arrivals.samples > 57 * told.arrivals.rate_hz
        assert told.arrivals.resent < 0.2 * told.arrivals.samples


def test_a_node_that_loses_power_is_taken_up_again(tmp_path: Path) -> None:
    async def session() -> tuple[list[Node], list[NodeData], list[str]]:
        async with Rig(seed=5) as rig:
            await worn(rig)

            async def cut(_: list[Node]) -> None:
                await asyncio.sleep(8)
                rig.nodes["belt"].kill()
                await asyncio.sleep(2)
                await rig.nodes["belt"].start()

            return await recorded(rig, tmp_path / "a.mcap", 40.0, cut)

    talked, held, _ = clock.run(session())
    by_name = {node.found.name: node.dialogue for node in talked}
    assert by_name["belt"].arrivals.restarts == 1
    assert by_name["belt"].link_losses == 1
    assert by_name["leg"].arrivals.restarts == by_name["leg"].link_losses == 0
    assert len(held) == 2
    assert by_name["belt"].arrivals.samples == len(held[[data.node for data in held].index("belt")].block)


def test_a_node_of_another_computer_is_waited_for(tmp_path: Path) -> None:
    problems: list[str] = []

    async def session() -> tuple[list[Node], list[NodeData], list[str]]:
        async with Rig(seed=6) as rig:
            await worn(rig, 1)
            other = await rig.central("other")
            (seen,) = await ble.scan(2.0, other.scanner)
            client = other.client(seen.device)
            await client.connect()
            await client.write_gatt_char(wire.CONTROL_UUID, wire.encode_command(wire.START), response=True)

            async def free(shown: list[Node]) -> None:
                await asyncio.sleep(12)
                problems.extend(node.dialogue.problem for node in shown)
                await client.disconnect()

            return await recorded(rig, tmp_path / "a.mcap", 20.0, free)

    talked, held, _ = clock.run(session())
    assert problems == ["sends to another computer; stop the recording there"]
    assert_whole(talked, held)


def run_in(lab: Callable[[], Rig], prepare: Callable[[Rig], Awaitable[None]], *args: object) -> Result:
    """A command as typed, with the rig's radio in place of this computer's."""
    radio = SimpleNamespace()

    def runner(command: Coroutine[Any, Any, Any]) -> Any:
        async def session() -> Any:
            async with lab() as rig:
                radio.scanner, radio.client = rig.adapter.scanner, rig.adapter.client
                await prepare(rig)
                return await command

        return clock.run(session())

    given = {
        "runner": runner,
        "scanner": lambda *a, **k: radio.scanner(*a, **k),
        "client": lambda *a, **k: radio.client(*a, **k),
    }
    result = CliRunner().invoke(cli.main, [str(arg) for arg in args], obj=given)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_scan_as_a_command() -> None:
    result = run_in(Rig, worn, "scan", "--seconds", 3)
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines() if line.strip()]
    assert rows[0] == ["node", "worn", "at", "lid", "signal", "battery", "state"]
    leg = next(row for row in rows if row[0] == "leg")
    assert leg[:3] + leg[4:] == ["leg", "thigh_left", "right", "dBm", "none", "free"]
    assert -60 < int(leg[3]) < -40


def test_record_as_a_command_then_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    result = run_in(Rig, worn, "record", path, "--seconds", 12, "--node", "BELT")
    assert result.exit_code == 0, result.stderr
    (summary,) = result.stdout.splitlines()
    assert summary.startswith("belt (pelvis): ")
    assert " 0 lost, " in summary
    assert f"hiphold measure {path}" in result.stderr
    assert sum("receiving" in line for line in result.stderr.splitlines()) >= 2
    assert {frame.node for frame in recording.read(path).frames} == {"belt"}


def examples(name: str) -> list[str]:
    text = CliRunner().invoke(cli.main, [name, "--help"]).stdout
    lines = [line.strip().split("  ")[0] for line in text.partition("Examples:\n")[2].splitlines()]
    return [line.removeprefix("hiphold ") for line in lines if line and "--usb" not in line]


@pytest.mark.parametrize("line", [*examples("scan"), *examples("record")])
def test_examples_run(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    args = line.replace("hip-1", "belt").replace("hip-2", "leg").split()
    result = run_in(Rig, worn, *args, *(("--seconds", 5) if args[0] == "record" else ()))
    assert result.exit_code == 0, result.stderr
    assert "belt" in result.stdout
    assert "leg" in result.stdout


def test_record_refuses_what_exists_or_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    path.write_bytes(b"mine")
    result = run_in(Rig, worn, "record", path)
    assert (result.exit_code, path.read_bytes()) == (1, b"mine")
    assert "exists already" in result.stderr
    other = tmp_path / "b.mcap"
    result = run_in(Rig, worn, "record", other, "--node", "trunk")
    assert (result.exit_code, other.exists()) == (1, False)
    assert "No node 'trunk' was heard, only belt, leg" in result.stderr

    async def nobody(rig: Rig) -> None:
        await rig.stranger()

    for command in (("scan",), ("record", other)):
        result = run_in(Rig, nobody, *command)
        assert result.exit_code == 1
        assert "No node was heard; switch the nodes on" in result.stderr


# What bleak says, in sentences; without a radio.


def advertised(data: bytes | None, services: list[str], name: str | None = None) -> ble.Seen | None:
    maker = {} if data is None else {wire.COMPANY_ID: data}
    device = BLEDevice("AA:BB:CC:DD:EE:FF", "by the system", None)
    return ble._node(device, AdvertisementData(name, maker, {}, services, None, -60, ()))


def test_only_what_has_service_and_a_fitting_advertisement_is_a_node() -> None:
    good = wire.encode_advert(wire.Advert(1, "trunk", "back", 0, 80, 0))
    assert advertised(good, []) is None
    assert advertised(None, [wire.SERVICE_UUID]) is None
    assert advertised(good[:-1], [wire.SERVICE_UUID]) is None
    assert advertised(b"", [wire.SERVICE_UUID]) is None
    seen = advertised(good, [wire.SERVICE_UUID])
    assert seen is not None
    assert (seen.name, seen.advert.placement) == ("by the system", "trunk")
    newer = advertised(b"\x02whatever", [wire.SERVICE_UUID], "hip")
    assert newer is not None
    assert (newer.name, newer.advert.version) == ("hip", 2)


REASON = BleakBluetoothNotAvailableReason


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BleakBluetoothNotAvailableError("x", REASON.NO_BLUETOOTH), "has no Bluetooth"),
        (BleakBluetoothNotAvailableError("x", REASON.NO_BLE_CENTRAL_ROLE), "newer adapter"),
        (BleakBluetoothNotAvailableError("x", REASON.POWERED_OFF), "switched off"),
        (BleakBluetoothNotAvailableError("x", REASON.DENIED_BY_USER), "privacy settings"),
        (BleakDeviceNotFoundError("AA"), "not in reach"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["no"]), "privacy settings"),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["no"]), "systemctl start bluetooth"),
        (BleakDBusError("org.bluez.Error.Failed", ["Operation already in progress"]), "already in progress"),
        (BleakError("strange things"), "strange things"),
        (TimeoutError(), "does not answer"),
        (FileNotFoundError(2, "No such file"), "no Bluetooth adapter"),
    ],
)
def test_what_goes_wrong_is_a_sentence(
    error: Exception, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ble, "ADAPTERS", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")

    class Scanner:
        def __init__(self, *_: object, **__: object) -> None: ...

        async def __aenter__(self) -> None:
            raise error

        async def __aexit__(self, *_: object) -> None: ...

    with pytest.raises(LinkError) as caught:
        asyncio.run(ble.scan(0.1, Scanner))  # type: ignore[arg-type] # only what a scan does with it
    assert said in str(caught.value)
    assert str(caught.value).endswith((".", "?"))
    assert isinstance(caught.value, HipholdError)
