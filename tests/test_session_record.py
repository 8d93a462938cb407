"""The recording of a session and what it begins with: nodes introduced, failures told, nothing unwanted left."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from hiphold import recording, wire
from hiphold.errors import BadInputError
from hiphold.samples import Event, Frame
from hiphold.session.record import Record
from hiphold.session.senders import TIMES_KEPT, Senders
from hiphold.sources import stage

SECOND_NS = 10**9


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    """The first seconds of a simulated athlete."""
    found = []
    for frame in stage.stream("good", 1):
        found.append(frame)
        if frame.arrival_ns - found[0].arrival_ns > 12 * SECOND_NS:
            return found
    raise AssertionError("too short")


def kinds(frame: Frame) -> set[type]:
    return {type(message) for message in wire.messages(frame.data)}


def test_what_nodes_said_is_kept_for_the_next_recording(frames: list[Frame]) -> None:
    senders = Senders()
    for frame in frames:
        senders.take(frame)
    said = senders.introductions()
    assert [f.arrival_ns for f in said] == sorted(f.arrival_ns for f in said)
    for node in {frame.node for frame in frames}:
        mine = [kind for frame in said if frame.node == node for kind in kinds(frame)]
        assert mine.count(wire.Info) == mine.count(wire.Calibration) == 1
        assert mine.count(wire.Time) == 6  # one every 2 s
    assert all(frame in frames for frame in said)


def test_clock_exchanges_are_kept_in_bounded_number(frames: list[Frame]) -> None:
    senders = Senders()
    exchange = next(frame for frame in frames if wire.Time in kinds(frame))
    for n in range(3 * TIMES_KEPT):
        senders.take(Frame(exchange.node, exchange.arrival_ns + n, exchange.data))
    assert len(senders.introductions()) == TIMES_KEPT


def test_lost_samples_are_counted_and_late_ones_are_not_lost(frames: list[Frame]) -> None:
    senders = Senders()
    for frame in frames:
        senders.take(frame)
    whole = sum(senders.absent().values())
    without = Senders()
    left_out = [f for f in frames if f.node.startswith("pelvis") and kinds(f) == {wire.Samples}][20]
    for frame in [f for f in frames if f is not left_out] + [left_out]:
        without.take(frame)
        if frame is frames[-1]:
            assert sum(without.absent().values()) - whole in (11, 22)
    assert sum(without.absent().values()) == whole


def test_a_node_is_silent_by_the_sessions_time_and_all_are_by_the_clock(frames: list[Frame]) -> None:
    senders = Senders()
    thigh = next(f.node for f in frames if f.node.startswith("thigh_right"))
    for frame in frames:
        if frame.node != thigh or frame.arrival_ns - frames[0].arrival_ns < 4 * SECOND_NS:
            senders.take(frame)
    silent_s = senders.silent_s(idle_s=0.1)
    assert silent_s[thigh] == pytest.approx(8.0, abs=0.3)
    assert max(s for node, s in silent_s.items() if node != thigh) < 0.3
    assert min(senders.silent_s(idle_s=7.0).values()) == pytest.approx(6.0, abs=0.3)


@pytest.mark.parametrize("data", [b"", b"\xff" * 20, b"\x01"])
def test_broken_packets_tell_nothing(data: bytes) -> None:
    senders = Senders()
    senders.take(Frame("x", 1, data))
    assert not senders.introduced
    assert senders.introductions() == []


def test_a_record_says_what_is_written_and_how_long(tmp_path: Path, frames: list[Frame]) -> None:
    record = Record(tmp_path, "anna", keep=True)
    old = Frame(frames[0].node, frames[0].arrival_ns - 40 * SECOND_NS, frames[0].data)
    record.introduce(old)
    assert record.state.seconds == 0
    for frame in frames:
        record.frame(frame)
    assert record.state.seconds == pytest.approx(12.0, abs=0.2)
    assert (record.state.state, record.state.path) == ("recording", str(record.path))
    record.event(Event(1.0, 1.0, "note: x"))
    record.close()
    assert record.state.state == "closed"
    found = recording.read(record.kept_path)
    assert found.frames == [old, *frames]
    assert found.started_at == record.started_at
    assert [event.label for event in found.events] == ["note: x"]


def test_an_unwanted_record_is_gone(tmp_path: Path, frames: list[Frame]) -> None:
    record = Record(tmp_path, "anna", keep=False)
    record.frame(frames[0])
    record.sync()
    assert record.path is not None
    assert recording.read(record.path).frames == frames[:1]
    assert (record.state.state, record.kept_path) == ("off", "")
    record.close()
    assert not list(tmp_path.rglob("*.mcap"))


def test_a_full_disk_ends_the_record_in_a_sentence_and_keeps_what_there_is(
    tmp_path: Path, frames: list[Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Record(tmp_path, "anna", keep=True)
    for frame in frames[:100]:
        record.frame(frame)
    record.sync()

    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    record.frame(frames[100])
    record.sync()
    monkeypatch.undo()
    assert not record.is_open
    assert record.state.state == "failed"
    assert "No space left" in record.why_failed
    record.frame(frames[101])  # and nothing happens
    record.close()
    assert recording.read(record.kept_path).frames[:100] == frames[:100]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    record = Record(tmp_path / "file", "anna", keep=True)
    assert record.state.state == "failed"
    assert record.why_failed
    with pytest.raises(BadInputError):
        recording.read(tmp_path / "file")
