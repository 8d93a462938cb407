"""The protocol: golden vectors on both runtimes, then what must hold for any value and any bytes."""

from __future__ import annotations

import ast
import itertools
import json
import re
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wire_vectors
from hiphold import wire

# A busy machine is no failure.
HERE = Path(__file__).parent
GOLDEN_PATH = HERE / "golden" / "wire.json"
GOLDEN: Any = json.loads(GOLDEN_PATH.read_text(encoding="utf-8"))
LAYOUT = HERE.parent / "docs" / "reference" / "wire.md"
MESSAGES = [wire_vectors.build(wire, vector)[1] for vector in GOLDEN["messages"]]
COMMANDS = [wire_vectors.joined(vector["parts"]) for vector in GOLDEN["commands"]]


def unsigned(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


# The values any field may have, independent of the golden ones.
NUMBERS = st.floats(-999_000, 999_000, width=32)
NAMES = st.text(max_size=8).filter(lambda name: len(name.encode()) <= wire.MAX_NAME)


@st.composite
def frames(draw: st.DrawFn) -> wire.Samples:
    kind, count = draw(st.sampled_from((wire.SAMPLES, wire.ORIENTATION))), draw(st.integers(1, wire.MAX_SAMPLES))
    size = count * (wire.SAMPLE_SIZE if kind == wire.SAMPLES else wire.ORIENTATION_SIZE)
    return wire.Samples(
        kind,
        draw(unsigned(8)),
        count,
        draw(unsigned(8)),
        draw(unsigned(32)),
        draw(unsigned(64)),
        draw(st.integers(1, 2**32 - 1)),
        draw(st.integers(0, len(wire.ACC_G_PER_COUNT) - 1)),
        draw(st.integers(0, len(wire.GYR_DPS_PER_COUNT) - 1)),
        draw(st.integers(-(2**15), 2**15 - 1)),
        draw(st.binary(min_size=size, max_size=size)),
    )


@st.composite
def imported(draw: st.DrawFn) -> wire.Imported:
    flags = draw(st.sampled_from((1, 2, 3, 5, 6, 7)))
    count = draw(st.one_of(st.integers(1, 4), st.just(wire.MAX_IMPORTED)))
    size = count * wire.imported_columns(flags) * 8
    return wire.Imported(flags, count, draw(unsigned(32)), draw(st.binary(min_size=1, max_size=1)) * size)


INFOS = st.builds(
    wire.Info,
    unsigned(8),
    st.sampled_from(wire.PLACEMENTS),
    st.sampled_from(wire.LID_SIDES),
    st.sampled_from(wire.CHIPS),
    st.tuples(unsigned(8), unsigned(8), unsigned(8)),
    unsigned(16),
    unsigned(16),
    unsigned(16),
    unsigned(16),
    NAMES,
)
CALIBRATIONS = st.builds(
    wire.Calibration, st.tuples(*[NUMBERS] * 3), st.tuples(*[NUMBERS] * 3), st.tuples(*[NUMBERS] * 9)
)
TIMES = st.builds(wire.Time, unsigned(8), unsigned(32), unsigned(64), unsigned(64), unsigned(64))
REPLIES = st.builds(wire.Reply, unsigned(8), unsigned(8))
COUNTERS = st.builds(wire.Counters, unsigned(8), st.lists(unsigned(32), max_size=wire.MAX_COUNTERS).map(tuple))
ANY_MESSAGE = st.one_of(frames(), imported(), INFOS, CALIBRATIONS, TIMES, REPLIES, COUNTERS)
ARGUMENTS = {
    wire.GET_TIME: st.tuples(unsigned(32), unsigned(64)),
    wire.RESEND: st.tuples(unsigned(8), unsigned(32), unsigned(16)),
    wire.SET_RATE: st.tuples(unsigned(16)),
    wire.SET_MODE: st.tuples(st.sampled_from((wire.SAMPLES, wire.ORIENTATION))),
    wire.SET_PLACEMENT: st.tuples(st.integers(0, len(wire.PLACEMENTS) - 1)),
    wire.SET_LID: st.tuples(st.integers(0, len(wire.LID_SIDES) - 1)),
    wire.SET_CALIBRATION: st.tuples(*[NUMBERS] * 15),
}


@st.composite
def spoilt(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Any bytes at all, or a sound input cut anywhere, changed anywhere."""
    data = bytearray(draw(st.one_of(st.binary(max_size=120), st.sampled_from(seeds))))
    for at, value in draw(st.lists(st.tuples(unsigned(12), unsigned(8)), max_size=3)):
        start = at % max(1, len(data))
        data[start : start + 1] = bytes((value,))
    return bytes(data[: draw(st.integers(0, len(data)))]) if draw(st.booleans()) else bytes(data)


def test_golden_vectors_on_cpython() -> None:
    assert wire_vectors.check_all(wire, GOLDEN) > len(MESSAGES) + len(COMMANDS)


def test_micropython_agrees_in_every_vector_and_every_fuzzed_outcome(micropython: str) -> None:
    folder = HERE.parent / "host" / "hiphold"
    command = [micropython, str(HERE / "wire_vectors.py"), str(folder), str(GOLDEN_PATH)]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False)
    inputs, digest = wire_vectors.fuzz(wire, GOLDEN)
    checks = wire_vectors.check_all(wire, GOLDEN) + inputs
    assert run.stdout.splitlines() == [f"fuzz {inputs} inputs, digest {digest:08x}", f"ok {checks}"], run.stderr


def test_imports_only_what_micropython_has() -> None:
    tree = ast.parse(Path(wire.__file__).read_text(encoding="utf-8"))
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert found == {"struct", "binascii", "collections.namedtuple"}


def test_the_documented_layout_is_the_one_in_the_code() -> None:
    codes = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i16": "h", "u8[3]": "3x", "f32[3]": "3f", "f32[9]": "9f"}
    expected = {"SAMPLES": wire._FRAME, "IMPORTED": wire._IMPORTED, "INFO": wire._INFO, "TIME": wire._TIME}
    expected |= {"COUNTERS": wire._COUNTERS}
    expected |= {"REPLY": wire._REPLY, "CALIBRATION": wire._CALIBRATION.replace("15f", "3f3f9f")}
    sections = re.split(r"^##+ ", LAYOUT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    tables = {section.split()[0]: re.findall(r"^\| (\d+) \| (\S+) \| ", section, re.MULTILINE) for section in sections}
    for name, form in expected.items():
        kinds = [codes[kind] for _, kind in tables[name]]
        assert "<" + "".join(kinds) == form
        offsets = [struct.calcsize("<" + "".join(kinds[:at])) for at in range(len(kinds))]
        assert [int(at) for at, _ in tables[name]] == offsets
    assert {opcode: getattr(wire, name) for opcode, name in tables["Commands"]} == {str(o): o for o in wire.COMMANDS}


@given(ANY_MESSAGE)
def test_any_message_comes_back(message: Any) -> None:
    data = wire_vectors.encode(wire, message)
    assert len(data) <= wire.MAX_MESSAGE
    assert wire.decode(data) == (message, len(data))
    assert type(wire.decode(data)[0]) is type(message)  # type: ignore[index]


@given(ANY_MESSAGE, st.randoms(use_true_random=False))
def test_a_message_cut_short_asks_for_more(message: Any, random: Any) -> None:
    data = wire_vectors.encode(wire, message)
    sizes = range(len(data)) if len(data) < 300 else random.sample(range(len(data)), 50)
    assert all(wire.decode(data[:size]) is None for size in sizes)


@given(st.lists(ANY_MESSAGE, max_size=4))
def test_messages_end_to_end_come_back_in_order(sent: list[Any]) -> None:
    assert wire.messages(b"".join(wire_vectors.encode(wire, message) for message in sent)) == sent


@given(st.data(), st.sampled_from(sorted(wire.COMMANDS)))
def test_any_command_comes_back(data: st.DataObject, opcode: int) -> None:
    if opcode == wire.SET_NAME:
        name = data.draw(NAMES.filter(bool))
        assert wire.decode_command(wire.encode_command(opcode, name=name)) == wire.Command(opcode, (name,))
        return
    args = data.draw(ARGUMENTS.get(opcode, st.just(())))
    assert wire.decode_command(wire.encode_command(opcode, *args)) == wire.Command(opcode, args)


@given(st.text(min_size=1, max_size=40))
def test_a_long_name_is_cut_after_a_whole_character(name: str) -> None:
    sent = wire.decode_command(wire.encode_command(wire.SET_NAME, name=name)).args[0]
    info = wire.Info(0, "trunk", "front", "mpu6050", (0, 1, 0), 0, 0, 0, 0, name)
    assert wire.messages(wire.encode_info(info)) == [info._replace(name=sent)]
    assert name.startswith(sent)
    assert sent == name or len((sent + name[len(sent)]).encode()) > wire.MAX_NAME


@pytest.mark.parametrize(
    ("opcode", "args", "name"),
    [
        (99, (), ""),
        (wire.START, (), "stray"),
        (wire.SET_NAME, (), ""),
        (wire.SET_MODE, (wire.IMPORTED,), ""),
        (wire.SET_PLACEMENT, (6,), ""),
        (wire.SET_CALIBRATION, (float("nan"),) * 15, ""),
    ],
)
def test_a_command_the_node_would_refuse_is_not_sent(opcode: int, args: tuple[float, ...], name: str) -> None:
    with pytest.raises(wire.WireError):
        wire.encode_command(opcode, *args, name=name)


@given(ANY_MESSAGE, st.data())
def test_a_message_no_one_would_take_is_not_sent(message: Any, data: st.DataObject) -> None:
    refused: dict[str, list[dict[str, object]]] = {
        "Samples": [{"kind": 3}, {"count": 0}, {"count": 12}, {"acc_code": 8}, {"gyr_code": 10}, {"period_ns": 0}],
        "Imported": [{"count": 0}, {"count": 513}, {"flags": 0}, {"flags": 9}],
        "Counters": [{"values": (0,) * 33}],
        "Info": [{"placement": "left"}, {"lid": "top"}, {"chip": ""}],
        "Calibration": [{"acc_matrix": (1.0,) * 8}, {"gyr_zero_radps": (0.0, 0.0, 1e6)}],
    }
    wrong = refused.get(type(message).__name__, [])
    if "payload" in message._fields:
        wrong = [*wrong, {"payload": message.payload + b"\0"}]
    if wrong:
        with pytest.raises(ValueError):  # noqa: PT011  tuple.index for names, WireError otherwise
            wire_vectors.encode(wire, message._replace(**data.draw(st.sampled_from(wrong))))


@settings(max_examples=400)
@given(spoilt(MESSAGES))
def test_decode_takes_any_bytes(data: bytes) -> None:
    wire_vectors.check_outcome(wire, data)
    found = wire_vectors.outcome(wire, wire.messages, data)
    assert isinstance(found, str) or len(found) <= len(data) // 4


@settings(max_examples=400)
@given(spoilt(COMMANDS))
def test_decode_command_takes_any_bytes(data: bytes) -> None:
    wire_vectors.check_command_outcome(wire, data)


def received(stream: bytes, cuts: list[int]) -> list[bytes]:
    """The packets found in a stream that arrives in pieces."""
    buffer, found = bytearray(), []
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for first, last in itertools.pairwise(edges):
        buffer += stream[first:last]
        found += [taken for taken in wire_vectors.take_all(wire, buffer) if isinstance(taken, bytes)]
        assert len(buffer) <= wire.MAX_CABLE
    return found


PACKETS = st.one_of(st.sampled_from(MESSAGES[:5]), st.binary(min_size=1, max_size=600))
CUTS = st.lists(st.integers(0, 10_000), max_size=8)
NOISE = st.one_of(
    st.binary(max_size=80),
    st.integers(wire.MAX_CABLE - 3, wire.MAX_CABLE + 3).map(lambda size: b"\x55" * size),
    st.integers(0, 3 * wire.MAX_CABLE).map(lambda size: b"\xff" * size),
)


@given(st.one_of(st.binary(max_size=600), st.integers(0, 1100).map(lambda size: b"\x07" * size)))
def test_cobs_has_no_zero_and_comes_back(data: bytes) -> None:
    coded = wire.cobs_encode(data)
    assert 0 not in coded
    assert len(coded) <= len(data) + max(1, -(-len(data) // 254))
    assert wire.cobs_decode(coded) == data


@settings(max_examples=400)
@given(spoilt([wire.cobs_encode(message) for message in MESSAGES]))
def test_cobs_decode_takes_any_bytes(data: bytes) -> None:
    plain = wire_vectors.outcome(wire, wire.cobs_decode, data)
    assert plain == "broken COBS coding" or len(plain) <= len(data)


def test_the_longest_packet_that_fits_the_cable_and_the_first_that_does_not() -> None:
    assert received(wire.cable_encode(b"\x01" * 2034), []) == [b"\x01" * 2034]
    for packet in (b"\x01" * 2040, b""):
        with pytest.raises(wire.WireError):
            wire.cable_encode(packet)


@given(NOISE.map(lambda noise: noise.replace(b"\0", b"")), st.lists(PACKETS, max_size=5), CUTS)
def test_every_packet_after_noise_is_found(noise: bytes, packets: list[bytes], cuts: list[int]) -> None:
    assert received(noise + b"\0" + b"".join(map(wire.cable_encode, packets)), cuts) == packets


@settings(max_examples=300)
@given(st.lists(st.one_of(PACKETS.map(wire.cable_encode), NOISE), max_size=5), CUTS)
def test_pieces_of_any_size_give_the_same_packets(pieces: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pieces)
    assert received(stream, cuts) == received(stream, [])


@settings(max_examples=300)
@given(st.lists(PACKETS, min_size=1, max_size=3), st.integers(0, 10**6))
def test_one_flipped_bit_loses_packets_but_never_makes_one(packets: list[bytes], at: int) -> None:
    stream = bytearray(b"".join(map(wire.cable_encode, packets)))
    stream[at // 8 % len(stream)] ^= 1 << at % 8
    left = iter(packets)
    assert all(packet in left for packet in received(bytes(stream), []))  # in order: each search goes on from the last
