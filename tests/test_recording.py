"""The recording file: exact round trips, and what is left of a file that was cut, flipped or never closed."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap.writer import Writer

from hiphold import recording
from hiphold.errors import BadInputError
from hiphold.samples import Event, Frame

STARTED_AT = "2026-11-22T10:00:00+01:00"
EVENTS = (Event(0.1, 3.3, "still"), Event(7.0, 8.25, "raise_left"))
START_NS = 1_700_000_000_000_000_000


def packets(count: int, seed: int = 1) -> list[Frame]:
    """Packets of two nodes in turn, 244 bytes that hardly compress, 50 ms apart."""
    source = random.Random(seed)
    return [
        Frame(("pelvis", "thigh ü")[k % 2], START_NS + k * 50_000_000, source.randbytes(24) + bytes(220))
        for k in range(count)
    ]


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return packets(200)


@pytest.fixture(scope="module")
def whole(frames: list[Frame], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "a.mcap"
    recording.write(path, frames, EVENTS, STARTED_AT)
    return path.read_bytes()


def read_bytes(path: Path, data: bytes) -> recording.Recording | None:
    """What is read of these bytes; None when they are refused."""
    path.write_bytes(data)
    try:
        return recording.read(path)
    except BadInputError:
        return None


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def is_subsequence(part: list[Frame], of: list[Frame]) -> bool:
    rest = iter(of)
    return all(frame in rest for frame in part)


def test_round_trip_is_exact(tmp_path: Path, frames: list[Frame]) -> None:
    path = tmp_path / "a.mcap"
    recording.write(path, iter(frames), EVENTS, STARTED_AT)
    assert recording.read(path) == recording.Recording(frames, EVENTS, STARTED_AT, ())
    assert names_in(tmp_path) == ["a.mcap"]


def test_recorder_keeps_the_order_of_frames_and_events(tmp_path: Path, frames: list[Frame]) -> None:
    with recording.Recorder(tmp_path / "a.mcap") as recorder:
        for frame in frames[:50]:
            recorder.frame(frame)
        recorder.event(EVENTS[1])
        recorder.event(EVENTS[0])
        for frame in frames[50:]:
            recorder.frame(frame)
        recorder.close()
    assert recording.read(tmp_path / "a.mcap") == recording.Recording(frames, EVENTS[::-1], None, ())


def test_recording_without_packets_is_a_recording(tmp_path: Path) -> None:
    recording.write(tmp_path / "a.mcap", [], [], STARTED_AT)
    assert recording.read(tmp_path / "a.mcap") == recording.Recording([], (), STARTED_AT, ())


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.builds(
            Frame,
            st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
            st.integers(0, 2**64 - 1),
            st.binary(max_size=600),
        ),
        max_size=30,
    ),
    st.lists(
        st.builds(Event, st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.text(st.characters(exclude_categories=["Cs"]))),
        max_size=5,
    ),
)
def test_any_packets_and_events_round_trip(
    tmp_path_factory: pytest.TempPathFactory, frames: list[Frame], events: list[Event]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.mcap"
    recording.write(path, frames, events)
    assert recording.read(path) == recording.Recording(frames, tuple(events), None, ())


def test_others_can_read_it(tmp_path: Path, frames: list[Frame]) -> None:
    recording.write(tmp_path / "a.mcap", frames, EVENTS, STARTED_AT)
    with (tmp_path / "a.mcap").open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        found = [(channel.topic, message.log_time, message.data) for _, channel, message in reader.iter_messages()]
        metadata = {record.name: record.metadata for record in reader.iter_metadata()}
        summary = reader.get_summary()
    wire = [(topic, log_time, data) for topic, log_time, data in found if topic.startswith("/node/")]
    assert wire == [(f"/node/{frame.node}", frame.arrival_ns, frame.data) for frame in frames]
    events = [json.loads(data) for topic, _, data in found if topic == "/events"]
    assert events == [{"start_s": e.start_s, "end_s": e.end_s, "label": e.label} for e in EVENTS]
    assert metadata["hiphold"]["version"] == "1"
    assert metadata["hiphold"]["started_at"] == STARTED_AT
    assert summary is not None
    assert {schema.name for schema in summary.schemas.values()} == {"hiphold.wire/1", "hiphold.event/1"}


def assert_loss_is_told(found: recording.Recording | None, frames: list[Frame]) -> None:
    if found is None:
        return
    assert is_subsequence(found.frames, frames)
    assert set(found.events) <= set(EVENTS)
    if len(found.frames) < len(frames) or found.events != EVENTS or found.started_at != STARTED_AT:
        assert found.damage


def test_cut_anywhere_gives_a_prefix_and_says_so(tmp_path: Path) -> None:
    few = packets(12)
    recording.write(tmp_path / "few.mcap", few, EVENTS, STARTED_AT)
    data = (tmp_path / "few.mcap").read_bytes()
    for size in range(len(data)):
        found = read_bytes(tmp_path / "cut.mcap", data[:size])
        assert_loss_is_told(found, few)
        assert found is None or (found.damage and found.frames == few[: len(found.frames)])


def test_cut_of_a_longer_file_keeps_all_chunks_before_it(tmp_path: Path, whole: bytes, frames: list[Frame]) -> None:
    kept = []
    for size in range(1000, len(whole), 137):
        found = read_bytes(tmp_path / "cut.mcap", whole[:size])
        assert found is not None
        assert found.frames == frames[: len(found.frames)]
        assert found.damage
        assert found.started_at == STARTED_AT
        kept.append(len(found.frames))
    assert kept == sorted(kept)
    assert kept[-1] == len(frames)
    half = kept[len(kept) // 2]
    assert 70 < half < 130


def test_flipped_bytes_never_make_up_a_packet(tmp_path: Path, whole: bytes, frames: list[Frame]) -> None:
    source = random.Random(3)
    for position in source.sample(range(len(whole)), 700):
        data = bytearray(whole)
        data[position] ^= 1 << source.randrange(8)
        found = read_bytes(tmp_path / "flip.mcap", bytes(data))
        assert found is not None
        assert_loss_is_told(found, frames)
        assert len(found.frames) >= len(frames) - 40


def test_many_kinds_of_damage_at_once(tmp_path: Path, whole: bytes, frames: list[Frame]) -> None:
    source = random.Random(4)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(source.randrange(1, 6)):
            at, size = source.randrange(len(data)), source.randrange(1, 400)
            data[at : at + size] = source.choice([b"", bytes(size), source.randbytes(size), data[at : at + 2 * size]])
        found = read_bytes(tmp_path / "bad.mcap", bytes(data))
        if found is not None:
            known = {(frame.arrival_ns, frame.data) for frame in frames}
            assert all((frame.arrival_ns, frame.data) in known for frame in found.frames)
            assert found.damage or found.frames == frames


def chunk_starts(data: bytes) -> list[int]:
    starts, at = [], data.find(b"\x04\x00\x00\x00zstd")
    while at >= 0:
        if data[at - 37] == 6 and data[at + 16 : at + 20] == b"\x28\xb5\x2f\xfd":
            starts.append(at - 37)
        at = data.find(b"\x04\x00\x00\x00zstd", at + 1)
    return starts


def test_a_lost_chunk_is_told_with_bytes_seconds_and_messages(
    tmp_path: Path, whole: bytes, frames: list[Frame]
) -> None:
    starts = chunk_starts(whole)
    data = bytearray(whole)
    data[starts[3] + 100] ^= 0xFF
    found = read_bytes(tmp_path / "a.mcap", bytes(data))
    assert found is not None
    lost = [k for k, frame in enumerate(frames) if frame not in found.frames]
    before, after = (lost[0] - 1) * 0.05, (lost[-1] + 1) * 0.05
    size = starts[4] - starts[3]
    assert found.damage == (
        f"{size} bytes at byte {starts[3]} cannot be read, between the packets at {before:.2f} s and {after:.2f} s.",
        f"{len(lost)} of {len(frames) + 2} messages are missing.",
    )


def test_a_broken_record_length_hides_nothing(tmp_path: Path, whole: bytes, frames: list[Frame]) -> None:
    start = chunk_starts(whole)[1]
    data = whole[: start + 1] + struct.pack("<Q", 1 << 62) + whole[start + 9 :]
    found = read_bytes(tmp_path / "a.mcap", data)
    assert found is not None
    assert found.frames == frames


def test_names_survive_the_loss_of_the_chunk_that_told_them(tmp_path: Path, whole: bytes, frames: list[Frame]) -> None:
    first, second = chunk_starts(whole)[:2]
    data = whole[:first] + bytes(second - first) + whole[second:]
    closed = read_bytes(tmp_path / "a.mcap", data)
    assert closed is not None
    assert {frame.node for frame in closed.frames} == {"pelvis", "thigh ü"}
    assert closed.started_at == STARTED_AT
    unfinished = read_bytes(tmp_path / "a.mcap", data[: chunk_starts(whole)[-1]])
    assert unfinished is not None
    assert {frame.node for frame in unfinished.frames} == {"node 2", "node 3"}
    assert [frame.data for frame in unfinished.frames] == [
        frame.data for frame in frames if frame.data in {kept.data for kept in unfinished.frames}
    ]
    assert unfinished.started_at == STARTED_AT
    assert any("node 2, node 3" in sentence for sentence in unfinished.damage)


RECORD_UNTIL_KILLED = """
import itertools, sys, time
from hiphold import recording
from hiphold.samples import Frame
recording._SYNC_S = 0.05
recorder = recording.Recorder(sys.argv[1], "2026-11-22T10:00:00")
for k in itertools.count():
    recorder.frame(Frame("pelvis", k * 5_000_000, k.to_bytes(4, "little") * 50))
    print(k, flush=True)
    time.sleep(0.005)
"""


def numbers_until(process: subprocess.Popen[str], last: int) -> Iterator[int]:
    assert process.stdout is not None
    for line in process.stdout:
        yield int(line)
        if int(line) >= last:
            return


def test_what_was_synced_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "killed.mcap"
    process = subprocess.Popen(
        [sys.executable, "-c", RECORD_UNTIL_KILLED, str(path)], stdout=subprocess.PIPE, text=True
    )
    with process:
        for _ in numbers_until(process, 150):
            pass
        process.kill()
    found = recording.read(path)
    assert len(found.frames) > 100
    assert found.frames == [
        Frame("pelvis", k * 5_000_000, k.to_bytes(4, "little") * 50) for k in range(len(found.frames))
    ]
    assert found.started_at == "2026-11-22T10:00:00"
    assert "end of the file is missing" in found.damage[0]


def test_closes_cleanly_when_the_body_fails(tmp_path: Path, frames: list[Frame]) -> None:
    with suppress(ZeroDivisionError), recording.Recorder(tmp_path / "a.mcap") as recorder:
        recorder.frame(frames[0])
        raise ZeroDivisionError
    assert recording.read(tmp_path / "a.mcap") == recording.Recording(frames[:1], (), None, ())


def test_recorder_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "a.mcap").write_text("mine")
    with pytest.raises(BadInputError, match=r"a\.mcap exists already"):
        recording.Recorder(tmp_path / "a.mcap")
    assert (tmp_path / "a.mcap").read_text() == "mine"


def failing(frames: list[Frame]) -> Iterator[Frame]:
    yield from frames
    raise ZeroDivisionError


@pytest.mark.parametrize("before", [None, b"older"])
def test_a_failed_write_leaves_all_as_it_was(tmp_path: Path, frames: list[Frame], before: bytes | None) -> None:
    path = tmp_path / "a.mcap"
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(ZeroDivisionError):
        recording.write(path, failing(frames))
    assert names_in(tmp_path) == ([] if before is None else ["a.mcap"])
    assert before is None or path.read_bytes() == before


def test_write_replaces(tmp_path: Path, frames: list[Frame]) -> None:
    path = tmp_path / "a.mcap"
    path.write_text("older")
    recording.write(path, frames)
    assert recording.read(path).frames == frames


@pytest.mark.parametrize("where", ["missing/a.mcap", "folder", "file/a.mcap"])
def test_places_that_cannot_be_written(tmp_path: Path, frames: list[Frame], where: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(BadInputError, match=where):
        recording.write(tmp_path / where, frames)
    assert names_in(tmp_path) == ["file", "folder"]


def test_not_a_recording(tmp_path: Path) -> None:
    refused = {
        "missing.mcap": None,
        "empty.mcap": b"",
        "text.mcap": b"time_s,placement\n0,pelvis\n" * 100,
        "noise.mcap": random.Random(5).randbytes(50_000),
        "magic.mcap": b"\x89MCAP0\r\n",
    }
    for name, data in refused.items():
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(BadInputError, match=name):
            recording.read(tmp_path / name)
    with pytest.raises(BadInputError, match="not a file"):
        recording.read(tmp_path)


def write_mcap(path: Path, topic: str, payload: bytes, metadata: dict[str, str]) -> None:
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start()
        channel = writer.register_channel(topic, "json", 0, metadata)
        writer.add_message(channel, 1, payload, 1)
        writer.finish()  # type: ignore[no-untyped-call]


def test_somebody_elses_mcap_is_refused(tmp_path: Path) -> None:
    write_mcap(tmp_path / "a.mcap", "/imu", b"{}", {})
    with pytest.raises(BadInputError, match=r"without /node/\.\.\. topics"):
        recording.read(tmp_path / "a.mcap")


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    write_mcap(tmp_path / "a.mcap", "/node/a", b"x", {"version": "2"})
    with pytest.raises(BadInputError, match="update"):
        recording.read(tmp_path / "a.mcap")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"start_s": 1}',
        b'{"start_s": NaN, "end_s": 1, "label": "x"}',
        b'{"start_s": 1' + b"0" * 400 + b', "end_s": 1, "label": "x"}',
        b"[" * 100_000,
    ],
)
def test_malformed_events_are_left_out_and_counted(tmp_path: Path, body: bytes) -> None:
    write_mcap(tmp_path / "a.mcap", "/events", body, {})
    found = recording.read(tmp_path / "a.mcap")
    assert found.events == ()
    assert found.damage == ("1 events are malformed and left out.",)


def chunk(packed: bytes) -> bytes:
    """A chunk record whose writer made no CRC."""
    head = struct.pack("<QQQI8sQ", 0, 0, 0, 0, b"\x04\x00\x00\x00zstd", len(packed))
    return struct.pack("<BQ", 6, len(head) + len(packed)) + head + packed


def message(payload: bytes) -> bytes:
    """A message record of the second channel."""
    return struct.pack("<BQHIQQ", 5, 22 + len(payload), 2, 0, START_NS, START_NS) + payload


def with_chunk(whole: bytes, packed: bytes) -> tuple[bytes, int, int]:
    """An unfinished file with one more chunk in it, and where that stands."""
    starts = chunk_starts(whole)
    extra = chunk(packed)
    return whole[: starts[2]] + extra + whole[starts[2] : starts[-1]], starts[2], len(extra)


def assert_only_the_extra_chunk_is_bad(path: Path, whole: bytes, packed: bytes, frames: list[Frame]) -> None:
    data, start, size = with_chunk(whole, packed)
    found = read_bytes(path, data)
    assert found is not None
    assert found.frames == frames[: len(found.frames)]
    assert len(found.frames) > 150
    assert len(found.damage) == 2
    assert found.damage[1].startswith(f"{size} bytes at byte {start} cannot be read, between the packets at ")


def test_a_chunk_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, whole: bytes, frames: list[Frame]) -> None:
    huge = message(bytes(64 << 20))
    for packer in (zstandard.ZstdCompressor(), zstandard.ZstdCompressor(write_content_size=False)):
        assert_only_the_extra_chunk_is_bad(tmp_path / "a.mcap", whole, packer.compress(huge), frames)


@pytest.mark.parametrize("content", [b"\x05" + struct.pack("<Q", 5) + b"short", b"\x05" + struct.pack("<Q", 500), b"?"])
def test_a_chunk_with_broken_records_is_told(tmp_path: Path, whole: bytes, frames: list[Frame], content: bytes) -> None:
    assert_only_the_extra_chunk_is_bad(tmp_path / "a.mcap", whole, zstandard.compress(content), frames)


def test_many_chunks_that_unpack_to_too_much_are_refused(
    tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_MAX_TOTAL", 1 << 20)
    extra = chunk(zstandard.compress(message(bytes(1 << 20))))
    (tmp_path / "a.mcap").write_bytes(whole + extra * 2)
    with pytest.raises(BadInputError, match=r"a\.mcap unpacks to far more"):
        recording.read(tmp_path / "a.mcap")


def test_a_damaged_summary_is_not_believed(tmp_path: Path, whole: bytes, frames: list[Frame]) -> None:
    at = whole.rindex(struct.pack("<Q", len(frames) + len(EVENTS)))
    found = read_bytes(tmp_path / "a.mcap", whole[:at] + b"\xff\xff" + whole[at + 2 :])
    assert found is not None
    assert found.frames == frames
    assert len(found.damage) == 1
    assert "end of the file is missing or damaged" in found.damage[0]
