"""Many nodes at once: names, order, what is on disk before it is seen, what befalls one and not the others."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from bleak.backends.device import BLEDevice

from hiphold import recording, wire
from hiphold.errors import BadInputError, HipholdError
from hiphold.receive import capture
from hiphold.receive.capture import Capture, Found, Node, distinct
from hiphold.receive.dialogue import Dialogue
from hiphold.recording import Recorder
from hiphold.samples import Frame
from hiphold.sources import usb
from hiphold.sources.ble import Seen
from rig import clock
from scripted_node import ScriptedNode


def seen(name: str, address: str = "F0:00:00:00:00:01", version: int = 1) -> Seen:
    advert = wire.Advert(version, "pelvis", "back", 0, 80, 0)
    return Seen(name, address, -60, advert, BLEDevice(address, name, None))


def scripted(monkeypatch: pytest.MonkeyPatch) -> dict[str, ScriptedNode]:
    """Scripted nodes by port, to be put in, in place of the ports of this computer."""
    made: dict[str, ScriptedNode] = {}

    async def frames(port: str, dialogue: Dialogue, stop: asyncio.Event) -> AsyncIterator[Frame]:
        if port not in made:
            raise HipholdError(f"There is no port {port}.")
        loop, node = asyncio.get_running_loop(), made[port]
        node.restart(loop.time())
        dialogue.connected(loop.time())
        while not dialogue.finished:
            await asyncio.sleep(0.02)
            now_s = loop.time()
            if stop.is_set():
                dialogue.finish(now_s)
            packets = [packet for command in dialogue.due(now_s) for packet in node.answer(now_s, command)]
            for packet in (*packets, *node.packets(now_s)):
                dialogue.received(now_s, packet)
                yield Frame(dialogue.node, dialogue.epoch_ns + round(now_s * 1e9), packet)

    monkeypatch.setattr(usb, "frames", frames)
    return made


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> dict[str, ScriptedNode]:
    return scripted(monkeypatch)


def two(nodes: dict[str, ScriptedNode]) -> list[Found]:
    nodes["A"], nodes["B"] = ScriptedNode(), ScriptedNode(rate_hz=120)
    nodes["B"].placement = "pelvis"
    return [Found("leg", port="A"), Found("belt", port="B")]


def record(path: Path, found: Sequence[Found], seconds: float, show: Any = lambda _: None) -> tuple[Any, list[str]]:
    said: list[str] = []

    async def session() -> list[Node]:
        return await capture.record(path, found, asyncio.Event(), said.append, show, seconds)

    return clock.run(session()), said


def test_two_nodes_of_one_name_are_told_apart_for_good() -> None:
    heard = [seen("hip", "F0:00:00:00:AB:CD"), seen("hip", "F0:00:00:00:00:02"), seen("leg")]
    assert [each.name for each in distinct(heard)] == ["hip-ABCD", "hip-0002", "leg"]
    assert [each.name for each in distinct(heard[::-1])] == ["leg", "hip-0002", "hip-ABCD"]
    same = distinct([seen("hip", "F0:00:00:01:AB:CD"), seen("hip", "F0:00:00:02:AB:CD")])
    assert len({each.name for each in same}) == 2


def test_what_is_named_is_taken_by_name_or_address() -> None:
    heard = distinct([seen("hip", "F0:00:00:00:AB:CD"), seen("hip", "F0:00:00:00:00:02"), seen("Leg")])
    chosen = capture._chosen
    assert [each.name for each in chosen((), heard)] == ["hip-ABCD", "hip-0002", "Leg"]
    assert [each.name for each in chosen(("leg",), heard)] == ["Leg"]
    assert [each.name for each in chosen(("hip",), heard)] == ["hip-ABCD", "hip-0002"]
    assert [each.name for each in chosen(("HIP-0002", "f0:00:00:00:00:02"), heard)] == ["hip-0002"]
    with pytest.raises(HipholdError, match="No node 'arm' was heard, only hip-ABCD, hip-0002, Leg"):
        chosen(("leg", "arm"), heard)
    with pytest.raises(HipholdError, match="No node was heard"):
        chosen((), [])


def test_nodes_of_another_version_are_left_out_with_a_word() -> None:
    said: list[str] = []
    old, new = distinct([seen("old", version=2), seen("new", "F0:00:00:00:00:02")])
    assert capture._received([old, new], said.append) == [new]
    assert "update hiphold on this computer" in said[0]
    with pytest.raises(HipholdError, match="old speaks version 2"):
        capture._received([old], said.append)


def test_ports_have_the_names_of_their_devices(nodes: dict[str, ScriptedNode]) -> None:
    nodes.clear()
    find = capture.find((), ("/dev/ttyACM0", "/dev/ttyACM1"), print)
    assert [(each.name, each.port) for each in asyncio.run(find)] == [
        ("ttyACM0", "/dev/ttyACM0"),
        ("ttyACM1", "/dev/ttyACM1"),
    ]


def test_each_packet_is_on_record_before_it_is_seen_and_in_order(
    nodes: dict[str, ScriptedNode], tmp_path: Path
) -> None:
    found = two(nodes)

    async def session() -> list[Frame]:
        kept: list[Frame] = []
        with Recorder(tmp_path / "a.mcap") as recorder:
            receiving = Capture(found, recorder)
            before_ns = time.time_ns()
            async for frame in receiving.frames():
                kept.append(frame)
                assert recorder._count >= len(kept)
                if len(kept) == 200:
                    receiving.stop.set()
        assert abs(kept[0].arrival_ns - before_ns) < 10**9
        return kept

    kept = clock.run(session())
    assert kept == recording.read(tmp_path / "a.mcap").frames
    assert {frame.node for frame in kept} == {"leg", "belt"}
    arrivals = [frame.arrival_ns for frame in kept]
    assert arrivals == sorted(arrivals)
    assert not nodes["A"].started
    assert not nodes["B"].started


def test_a_recording_ends_by_itself_and_says_what_came(nodes: dict[str, ScriptedNode], tmp_path: Path) -> None:
    shown: list[int] = []
    found = two(nodes)
    talked, said = record(tmp_path / "a.mcap", found, 10.0, lambda now: shown.append(len(now)))
    assert said == []
    assert len(shown) >= 10
    assert [node.dialogue.lost for node in talked] == [0, 0]
    assert talked[0].dialogue.arrivals.samples == pytest.approx(1000, abs=50)
    held = recording.read(tmp_path / "a.mcap")
    assert held.damage == ()
    assert held.started_at is not None


def test_two_nodes_in_one_place_are_told_once(nodes: dict[str, ScriptedNode], tmp_path: Path) -> None:
    found = two(nodes)
    nodes["B"].placement = "thigh_left"
    _, said = record(tmp_path / "a.mcap", found, 10.0)
    assert [sentence.split(":")[0] for sentence in said] == ["leg and belt both say that they are worn at thigh_left"]


def test_what_befalls_one_node_does_not_end_the_others(nodes: dict[str, ScriptedNode], tmp_path: Path) -> None:
    found = [*two(nodes), Found("gone", port="C")]
    nodes["A"].version = 2
    talked, said = record(tmp_path / "a.mcap", found, 10.0)
    assert said == ["There is no port C."]
    assert capture.why_nothing(talked[2]) == "gone: There is no port C."
    assert talked[1].dialogue.arrivals.samples > 1000


def test_when_nothing_comes_no_file_is_left(nodes: dict[str, ScriptedNode], tmp_path: Path) -> None:
    found = two(nodes)
    for node in nodes.values():
        node.start_status, node.faults = wire.FAULT, wire.NO_IMU
    with pytest.raises(HipholdError, match=r"Nothing was received. leg: takes no samples \(no imu\)"):
        record(tmp_path / "a.mcap", found, 5.0)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_left_alone(nodes: dict[str, ScriptedNode], tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    path.write_bytes(b"mine")
    with pytest.raises(BadInputError, match="exists already"):
        capture.check_new(path)
    with pytest.raises(BadInputError, match=r"exists already[^.]*\.$"):
        record(path, two(nodes), 5.0)
    assert path.read_bytes() == b"mine"


def test_a_full_disk_is_one_sentence_and_what_was_written_stays(
    nodes: dict[str, ScriptedNode], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = 0
    keep = Recorder._sync

    def sync(self: Recorder) -> None:
        nonlocal frames
        frames += 1
        keep(self)
        if frames > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Recorder, "_sync", sync)
    monkeypatch.setattr("hiphold.recording._SYNC_S", 0.0)
    path = tmp_path / "a.mcap"
    with pytest.raises(BadInputError) as caught:
        record(path, two(nodes), 60.0)
    assert "No space left on device" in str(caught.value)
    assert "What was received until then is in it" in str(caught.value)
    assert len(recording.read(path).frames) >= 3


RECORDING_IN_ANOTHER_PROCESS = """
import sys
sys.path[:0] = {paths!r}
import pytest
from test_capture import scripted, two
from hiphold import cli
two(scripted(pytest.MonkeyPatch()))
cli.main(["record", {out!r}, "--usb", "A", "--usb", "B"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent another way there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_recording_cleanly(tmp_path: Path, number: int) -> None:
    out = tmp_path / "a.mcap"
    code = RECORDING_IN_ANOTHER_PROCESS.format(paths=[path for path in sys.path if path], out=str(out))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "receiving" in line:
                break
        time.sleep(1.0)
        process.send_signal(number)
        shown, said = process.communicate(timeout=20)
    assert process.returncode == 0, said
    assert [line.split(":")[0] for line in shown.splitlines()] == ["A (thigh_left)", "B (pelvis)"]
    assert f"hiphold measure {out}" in said
    assert recording.read(out).damage == ()
