"""The recording file: every packet exactly as received, with when it came, in MCAP. Nothing else opens one.

Rule 1: a packet's bytes are kept untouched; a node has one channel, `/node/<name>`, log time = arrival.
Rule 2: what was received is readable again without being closed properly: small chunks, synced twice a second.
Rule 3: reading gives all that is whole, found by its CRC wherever it lies, and says in words what is lost.

`sequence` numbers all messages of the file from 0, so a hole tells how many it swallowed. The layout is in
the MCAP specification, https://mcap.dev/spec.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any

from hiphold.errors import BadInputError
from hiphold.files import replacing, told
from hiphold.samples import Event, Frame

FORMAT = "1"
NODE_TOPIC = "/node/"
EVENTS_TOPIC = "/events"

_SYNC_S = 0.5
_CHUNK_BYTES = 4096  # about a second of two nodes at 100 Hz, for files that are written faster than in real time
_WIRE_SCHEMA = (
    b"One radio packet of hiphold, bytes as received: whole messages of protocol version 1 end to end, "
    b"little endian; the layout is in docs/reference/wire.md."
)
_EVENT_SCHEMA = {
    "title": "hiphold.event",
    "description": "A marked stretch of time, in seconds on the recording's own time axis.",
    "type": "object",
    "properties": {"start_s": {"type": "number"}, "end_s": {"type": "number"}, "label": {"type": "string"}},
    "required": ["start_s", "end_s", "label"],
}

# Bounds on what an untrusted file may ask for.
_MAX_CHUNK = 16 << 20  # bytes, packed or not; other tools that rewrite the file use up to 4 MiB
_MAX_TOTAL = 1 << 30  # bytes of all chunks, with what a Frame costs beside its bytes, or
_MAX_RATIO = 32  # times the size of the file: recorded packets reach about 3
_FRAME_COST = 256
_MAX_PLACES = 8  # damaged places told one by one

_MAGIC = b"\x89MCAP0\r\n"
_ZSTD_NAME = b"\x04\x00\x00\x00zstd"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_CHANNEL, _MESSAGE, _CHUNK, _STATISTICS, _METADATA, _LAST = 0x04, 0x05, 0x06, 0x0B, 0x0C, 0x0F
_RECORD = struct.Struct("<BQ")  # opcode, length of the content
_CHUNK_HEAD = struct.Struct("<QQQI8sQ")  # start, end, size, crc, compression, packed size
_MESSAGE_HEAD = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
_FOOTER = struct.Struct("<BQQQI")  # opcode, length, summary start, summary offset start, crc


@dataclass(frozen=True)
class Recording:
    """What a recording file holds."""

    frames: list[Frame]
    """in the order in which they were received"""
    events: tuple[Event, ...]
    started_at: str | None
    """date and time, ISO 8601; None when the input does not tell"""
    damage: tuple[str, ...]
    """sentences on what was lost; empty for a file that is whole"""


class Recorder:
    """Writes a recording packet by packet; use as a context manager.

    What was given to it more than about half a second before survives the death of the process, and of the computer.
    Raises BadInputError when the file exists or cannot be written.
    """

    def __init__(self, path: Path | str, started_at: str | None = None) -> None:
        from importlib.metadata import version

        from mcap.writer import Writer

        self._path = Path(path)
        with told(self._path):
            self._file = self._path.open("xb")
        self._channels: dict[str, int] = {}
        self._count = 0
        self._latest_ns = 0
        self._synced_s = time.monotonic()
        creator = f"hiphold {version('hiphold')}"
        self._about = {"version": FORMAT, "creator": creator} | ({"started_at": started_at} if started_at else {})
        self._writer = Writer(self._file, chunk_size=_CHUNK_BYTES)
        self._writer.start(profile="hiphold", library=creator)
        self._writer.add_metadata("hiphold", self._about)
        self._wire = self._writer.register_schema("hiphold.wire/1", "x-text", _WIRE_SCHEMA)
        event = self._writer.register_schema("hiphold.event/1", "jsonschema", json.dumps(_EVENT_SCHEMA).encode())
        self._events = self._channel(EVENTS_TOPIC, "json", event)
        with told(self._path):
            self._file.flush()

    def _channel(self, topic: str, encoding: str, schema: int) -> int:
        # The facts about the file travel with each channel too: there they are under a CRC.
        return self._writer.register_channel(topic, encoding, schema, self._about)

    def _add(self, channel: int, log_time_ns: int, data: bytes) -> None:
        with told(self._path):
            self._writer.add_message(channel, log_time_ns, data, log_time_ns, self._count & 0xFFFFFFFF)
            self._count += 1
            now_s = time.monotonic()
            if now_s - self._synced_s >= _SYNC_S:
                self._sync()
                self._synced_s = now_s

    def sync(self) -> None:
        """Put all that was kept so far on the disk."""
        with told(self._path):
            self._sync()

    def _sync(self) -> None:
        self._writer.flush()  # type: ignore[no-untyped-call]
        os.fsync(self._file.fileno())

    def frame(self, frame: Frame) -> None:
        """Keep one packet."""
        if frame.node not in self._channels:
            self._channels[frame.node] = self._channel(NODE_TOPIC + frame.node, "x-hiphold-wire", self._wire)
        self._latest_ns = frame.arrival_ns
        self._add(self._channels[frame.node], frame.arrival_ns, frame.data)

    def event(self, event: Event) -> None:
        """Keep one event; its log time is the arrival of the packet before it."""
        body = {"start_s": event.start_s, "end_s": event.end_s, "label": event.label}
        self._add(self._events, self._latest_ns, json.dumps(body, allow_nan=False).encode())

    def close(self) -> None:
        """Finish the file; closing twice is allowed."""
        if self._file.closed:
            return
        with told(self._path), self._file:
            self._writer.finish()  # type: ignore[no-untyped-call]
            self._file.flush()
            os.fsync(self._file.fileno())

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def write(
    path: Path | str, frames: Iterable[Frame], events: Iterable[Event] = (), started_at: str | None = None
) -> None:
    """Write a whole recording at once, atomically: on failure `path` is as it was. Raises BadInputError."""
    with replacing(path) as part, Recorder(part, started_at) as recorder:
        for frame in frames:
            recorder.frame(frame)
        for event in events:
            recorder.event(event)


@dataclass(frozen=True)
class _Place:
    """A stretch of the file that cannot be read."""

    start: int
    end: int
    frames_before: int


@dataclass
class _Found:
    """What has been read so far."""

    channels: dict[int, tuple[str, dict[str, str]]] = field(default_factory=dict)
    """topic and metadata by channel number"""
    about: dict[str, str] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    places: list[_Place] = field(default_factory=list)
    count: int = 0
    """messages read"""
    expected: int = 0
    """messages known to have been written"""
    unnamed: set[str] = field(default_factory=set)
    """nodes whose name is lost"""
    bad_events: int = 0
    closed: bool = False
    """the file has its end"""


def read(path: Path | str) -> Recording:
    """Everything in a recording that is whole, however the file was ended or damaged.

    Raises BadInputError when there is no such file, it is not a recording, or a newer hiphold wrote it.
    """
    path = Path(path)
    with _mapped(path) as data:
        found = _Found()
        _read_summary(data, found)
        _read_data(path, data, found)
    _check_ours(path, found)
    return Recording(found.frames, tuple(found.events), found.about.get("started_at"), tuple(_damage(found)))


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    with told(path):
        if path.exists() and not path.is_file():
            raise BadInputError(f"{path} is not a file; name a recording (.mcap).")
        if path.stat().st_size == 0:
            raise BadInputError(f"{path} is empty: nothing was recorded in it.")
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data


def _records(data: mmap.mmap | bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(opcode, start, end) of the content of each record; stops at the first that does not fit."""
    # One walk for file, summary and chunk; mcap's own reader raises at the first bad record and tells no place.
    while at + _RECORD.size <= end:
        opcode, length = _RECORD.unpack_from(data, at)
        start = at + _RECORD.size
        at = start + length
        if at > end:
            return
        yield opcode, start, at


def _read_summary(data: mmap.mmap, found: _Found) -> None:
    """Channels and the number of messages from the end of a closed file; its CRC must be right."""
    footer = len(data) - len(_MAGIC) - _FOOTER.size
    if footer < len(_MAGIC) or data[-len(_MAGIC) :] != _MAGIC:
        return
    opcode, length, start, _, crc = _FOOTER.unpack_from(data, footer)
    if (opcode, length) != (0x02, 20) or not len(_MAGIC) <= start <= footer:
        return
    if zlib.crc32(data[start : footer + _FOOTER.size - 4]) != crc:
        return
    found.closed = True
    for opcode, first, last in _records(data, start, footer):
        if opcode == _CHANNEL:
            _read_channel(data[first:last], found)
        elif opcode == _STATISTICS and last - first >= 8:
            found.expected = struct.unpack_from("<Q", data, first)[0]


def _read_channel(content: bytes, found: _Found) -> None:
    from mcap.data_stream import ReadDataStream
    from mcap.exceptions import McapError
    from mcap.records import Channel

    with suppress(McapError, ValueError, struct.error):
        channel = Channel.read(ReadDataStream(BytesIO(content)))
        found.channels[channel.id] = channel.topic, channel.metadata
        if _is_ours(channel.topic):
            found.about |= channel.metadata


def _is_ours(topic: str) -> bool:
    return topic == EVENTS_TOPIC or topic.startswith(NODE_TOPIC)


def _read_data(path: Path, data: mmap.mmap, found: _Found) -> None:
    """All whole chunks, and what lies between them."""
    at, total = len(_MAGIC) if data[: len(_MAGIC)] == _MAGIC else 0, 0
    for start, end, content in _whole_chunks(data):
        _read_between(data, at, start, found)
        before = len(found.frames)
        if not _read_messages(content, found):
            found.places.append(_Place(start, end, before))
        at, total = end, total + len(content) + (len(found.frames) - before) * _FRAME_COST
        if total > max(_MAX_TOTAL, _MAX_RATIO * len(data)):
            raise BadInputError(f"{path} unpacks to far more than a recording of its size can hold; it is not used.")
    _read_between(data, at, len(data) - (len(_MAGIC) if data[-len(_MAGIC) :] == _MAGIC else 0), found)


def _whole_chunks(data: mmap.mmap) -> Iterator[tuple[int, int, bytes]]:
    """(start, end, unpacked content) of every chunk whose CRC is right, wherever it lies."""
    import zstandard

    # Found by their mark, not by the lengths of the records before: one broken length would hide the rest.
    head = _RECORD.size + _CHUNK_HEAD.size
    mark = _RECORD.size + 28
    unpacker = zstandard.ZstdDecompressor()
    at = data.find(_ZSTD_NAME, mark)
    while at >= 0:
        start = at - mark
        content, size = _unpacked(data, start, unpacker)
        if content is not None:
            yield start, start + head + size, content
        at = data.find(_ZSTD_NAME, at + 1 if content is None else start + head + size)


def _unpacked(data: mmap.mmap, start: int, unpacker: Any) -> tuple[bytes | None, int]:
    """The content of a chunk record and its packed size, or None when it is not whole."""
    import zstandard

    at = start + _RECORD.size
    body = at + _CHUNK_HEAD.size
    if data[body : body + 4] != _ZSTD_MAGIC:
        return None, 0
    _, _, _, crc, _, size = _CHUNK_HEAD.unpack_from(data, at)
    if size > _MAX_CHUNK or body + size > len(data):
        return None, 0
    packed = data[body : body + size]
    try:
        # A frame that states its size is unpacked to that size whatever the limit says: look first.
        if zstandard.frame_content_size(packed) > _MAX_CHUNK:
            return None, 0
        content: bytes = unpacker.decompress(packed, max_output_size=_MAX_CHUNK)
    except (zstandard.ZstdError, MemoryError):
        return None, 0
    whole = crc in (0, zlib.crc32(content))  # 0: the writer made none
    return (content, size) if whole else (None, 0)


def _read_between(data: mmap.mmap, start: int, end: int, found: _Found) -> None:
    """Indexes and the like: nothing received is in them, but a chunk that is no longer whole may lie here."""
    at = start
    for opcode, first, last in _records(data, start, end):
        if opcode == _CHUNK or not 0 < opcode <= _LAST:
            break
        if opcode == _METADATA and not found.about:
            found.about = _metadata(data[first:last])
        at = last
    if at < end:
        found.places.append(_Place(at, end, len(found.frames)))


def _metadata(content: bytes) -> dict[str, str]:
    """The facts about the file, where no channel has told them: this record has no CRC."""
    from mcap.data_stream import ReadDataStream
    from mcap.exceptions import McapError
    from mcap.records import Metadata

    with suppress(McapError, ValueError, struct.error):
        record = Metadata.read(ReadDataStream(BytesIO(content)))
        return dict(record.metadata) if record.name == "hiphold" else {}
    return {}


def _read_messages(content: bytes, found: _Found) -> bool:
    """The messages of one chunk; False when its records do not fill it."""
    at = 0
    for opcode, first, last in _records(content, 0, len(content)):
        at = last
        if opcode == _CHANNEL:
            _read_channel(content[first:last], found)
        elif opcode == _MESSAGE:
            if last - first < _MESSAGE_HEAD.size:
                return False
            channel, sequence, log_time, _ = _MESSAGE_HEAD.unpack_from(content, first)
            found.count += 1
            found.expected = max(found.expected, sequence + 1)
            _keep(channel, log_time, content[first + _MESSAGE_HEAD.size : last], found)
    return at == len(content)


def _keep(channel: int, log_time_ns: int, data: bytes, found: _Found) -> None:
    topic = found.channels[channel][0] if channel in found.channels else None
    if topic is None and not data.startswith(b"{"):
        # The chunk that named it is lost; what was received is not.
        found.unnamed.add(f"node {channel}")
        found.frames.append(Frame(f"node {channel}", log_time_ns, data))
    elif topic is None or topic == EVENTS_TOPIC:
        _keep_event(data, found)
    elif topic.startswith(NODE_TOPIC):
        found.frames.append(Frame(topic[len(NODE_TOPIC) :], log_time_ns, data))


def _keep_event(data: bytes, found: _Found) -> None:
    try:
        body: dict[str, Any] = json.loads(data)
        event = Event(float(body["start_s"]), float(body["end_s"]), str(body["label"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        event = Event(math.nan, math.nan, "")
    if math.isfinite(event.start_s) and math.isfinite(event.end_s):
        found.events.append(event)
    else:
        found.bad_events += 1


def _check_ours(path: Path, found: _Found) -> None:
    topics = sorted({topic for topic, _ in found.channels.values()})
    named = bool(found.about) or any(map(_is_ours, topics))
    if not named and topics:
        raise BadInputError(f"{path} is an MCAP file without {NODE_TOPIC}... topics, so not a recording of hiphold.")
    if not named and not found.frames:
        raise BadInputError(
            f"{path} is not a recording: no MCAP data of hiphold can be found in it. "
            "Bring other formats in with hiphold import."
        )
    if found.about.get("version", FORMAT) != FORMAT:
        raise BadInputError(
            f"{path} has format {found.about['version'][:20]!r}, this hiphold reads {FORMAT}: update it."
        )


def _damage(found: _Found) -> Iterator[str]:
    """What was lost, in sentences."""
    if not found.closed:
        last = f", at {_since_start_s(found, -1):.2f} s," if found.frames else ""
        yield f"The end of the file is missing or damaged: packets after the last one kept{last} may be lost."
    for place in found.places[:_MAX_PLACES]:
        yield f"{place.end - place.start} bytes at byte {place.start} cannot be read, {_where(place, found)}."
    more = found.places[_MAX_PLACES:]
    if more:
        yield f"{sum(place.end - place.start for place in more)} bytes in {len(more)} more places cannot be read."
    missing = found.expected - found.count
    if missing > 0:
        yield f"{missing} of {found.expected} messages are missing."
    elif found.places and found.closed:
        yield "No message is missing."
    if found.bad_events:
        yield f"{found.bad_events} events are malformed and left out."
    if found.unnamed:
        yield f"The names of {len(found.unnamed)} nodes are lost; they are called {', '.join(sorted(found.unnamed))}."


def _where(place: _Place, found: _Found) -> str:
    before = place.frames_before
    if before == 0:
        return "before the first packet kept"
    if before >= len(found.frames):
        return "after the last packet kept"
    return f"between the packets at {_since_start_s(found, before - 1):.2f} s and {_since_start_s(found, before):.2f} s"


def _since_start_s(found: _Found, index: int) -> float:
    return (found.frames[index].arrival_ns - found.frames[0].arrival_ns) * 1e-9
