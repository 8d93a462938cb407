"""The interchange CSV: what it holds comes back bit for bit, and what is wrong in it is named by its place."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hiphold import wire
from hiphold.errors import BadInputError
from hiphold.formats import interchange
from hiphold.formats.imported import DEFAULT_LID, imported_frames
from hiphold.samples import Block, Event, Floats, Frame, NodeData

HEADER = "time_s,placement,acc_x_mps2,acc_y_mps2,acc_z_mps2,gyr_x_radps,gyr_y_radps,gyr_z_radps"
QUATERNION = ",quat_w,quat_x,quat_y,quat_z"
ROWS = [
    "0.0,pelvis,0.1,9.8,0.2,0.01,-0.02,0.03",
    "0.005,thigh_left,0.2,9.7,0.1,0.5,0.25,-1e-3",
    "0.01,pelvis,0.1,9.8,0.2,0.01,-0.02,0.03",
    "0.015,thigh_left,0.2,9.7,0.1,0.5,0.25,-1e-3",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "squat.csv"


def text(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def changed(line: int, column: str, cell: str) -> str:
    """The good table with one cell replaced; lines count from 1."""
    rows = [row.split(",") for row in [HEADER, *ROWS]]
    rows[line - 1][rows[0].index(column)] = cell
    return "\n".join(map(",".join, rows))


def rows_of(frames: list[Frame], node: str) -> tuple[wire.Info, int, Floats]:
    """The INFO, the flags and the (n, columns) rows of one node."""
    messages = [message for frame in frames if frame.node == node for message in wire.messages(frame.data)]
    info, imported = messages[0], [message for message in messages if isinstance(message, wire.Imported)]
    assert isinstance(info, wire.Info)
    flags = {message.flags for message in imported}
    assert len(flags) == 1
    counts = [message.count for message in imported]
    assert [message.seq for message in imported] == list(np.cumsum([0, *counts[:-1]]))
    payload = b"".join(message.payload for message in imported)
    flag = flags.pop()
    return info, flag, np.frombuffer(payload, "<f8").reshape(-1, wire.imported_columns(flag))


def refusal(path: Path, content: str | bytes) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadInputError) as caught:
        interchange.read(path)
    return str(caught.value)


def test_reads_samples_as_they_stand(path: Path) -> None:
    path.write_text(text(*ROWS))
    frames, events = interchange.read(path)
    assert events == ()
    assert [frame.node for frame in frames] == ["pelvis", "thigh_left", "pelvis", "thigh_left"]
    assert [frame.arrival_ns for frame in frames] == [0, 5_000_000, 10_000_000, 15_000_000]
    info, flags, rows = rows_of(frames, "thigh_left")
    assert (info.placement, info.lid, info.chip, info.name) == ("thigh_left", "left", "imported", "thigh_left")
    assert flags == wire.HAS_RAW
    assert rows.tolist() == [[0.005, 0.2, 9.7, 0.1, 0.5, 0.25, -1e-3], [0.015, 0.2, 9.7, 0.1, 0.5, 0.25, -1e-3]]


def test_columns_in_any_order_with_bom_crlf_quotes_and_spaces(path: Path) -> None:
    names = HEADER.split(",")[::-1]
    rows = ['"' + '", "'.join(row.split(",")[::-1]) + '"' for row in ROWS]
    path.write_bytes("\r\n".join(["\ufeff" + ", ".join(names), *rows, "", ""]).encode())
    other = path.with_name("plain.csv")
    other.write_text(text(*ROWS))
    assert interchange.read(path) == interchange.read(other)


def test_one_row_is_a_table(path: Path) -> None:
    path.write_text(text(ROWS[0]))
    _, _, rows = rows_of(interchange.read(path)[0], "pelvis")
    assert len(rows) == 1


def test_quaternions_where_there_are_some(path: Path) -> None:
    rows = [f"{ROWS[0]},1,0,0,0", f"{ROWS[1]},,,,", f"{ROWS[2]},,,,", f"{ROWS[3]},,,,"]
    path.write_text(text(*rows, header=HEADER + QUATERNION))
    frames, _ = interchange.read(path)
    _, flags, pelvis = rows_of(frames, "pelvis")
    assert flags == wire.HAS_RAW | wire.HAS_QUATERNION
    assert pelvis[0, 7:].tolist() == [1, 0, 0, 0]
    assert np.isnan(pelvis[1, 7:]).all()
    assert rows_of(frames, "thigh_left")[1] == wire.HAS_RAW


def test_long_tables_come_in_messages_that_a_recording_takes(path: Path) -> None:
    rows = [f"{k / 100},pelvis,0,9.8,0,0.1,0,0" for k in range(1234)]
    path.write_text(text(*rows))
    frames, _ = interchange.read(path)
    assert len(rows_of(frames, "pelvis")[2]) == 1234
    assert max(len(frame.data) for frame in frames) <= wire.MAX_MESSAGE
    assert [frame.arrival_ns for frame in frames] == sorted(frame.arrival_ns for frame in frames)


def test_milliseconds_are_not_seconds(path: Path) -> None:
    rows = [f"{10 * k},pelvis,0,9.8,0,0.1,0,0" for k in range(100)]
    assert "follow each other by 10 s; check the unit of the time" in refusal(path, text(*rows))


def test_lids(path: Path) -> None:
    path.write_text(text(*ROWS))
    frames, _ = interchange.read(path, {"thigh_left": "front"})
    assert rows_of(frames, "thigh_left")[0].lid == "front"
    assert rows_of(frames, "pelvis")[0].lid == "back"
    assert set(DEFAULT_LID) == set(wire.PLACEMENTS)
    with pytest.raises(BadInputError, match="'hip' is not a placement; known are pelvis, thigh_left"):
        interchange.read(path, {"hip": "front"})
    with pytest.raises(BadInputError, match="'outer' is not a side of pelvis; known are front, back"):
        interchange.read(path, {"pelvis": "outer"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\ufeff\n\n", "is empty"),
        (HEADER, "no rows after its header"),
        (HEADER.replace("gyr_y_radps,", ""), "line 1, column gyr_y_radps: this column is missing"),
        (HEADER + ",temperature", "line 1, column 'temperature': this column is not known"),
        (HEADER + ",", "line 1, column 9: this column is not known"),
        (HEADER + ",time_s", "line 1, column time_s: this column is there twice"),
        (HEADER + ",quat_w,quat_x", "line 1, column quat_y: this column is missing"),
        (HEADER.replace(",", ";"), "line 1: the columns are separated by ';'"),
        (text(ROWS[0], ROWS[1][:-6]), "line 3, column gyr_z_radps: the row has 7 cells, the header 8"),
        (text(ROWS[0] + ",1"), "line 2, column 9: the row has 9 cells, the header 8"),
        (text(ROWS[0], "", ROWS[1]), "line 3, column time_s: the row has 0 cells"),
        (changed(3, "acc_y_mps2", "fast"), "line 3, column acc_y_mps2: 'fast' is not a number"),
        (changed(3, "acc_y_mps2", "1_0"), "line 3, column acc_y_mps2: '1_0' is not a plain number"),
        (changed(3, "acc_y_mps2", "٩"), "line 3, column acc_y_mps2: '٩' is not a plain number"),
        (changed(3, "acc_y_mps2", '"9.8\n"'), "line 3, column acc_y_mps2: '9.8\\n' is not a plain number"),
        (changed(4, "gyr_x_radps", ""), "line 4, column gyr_x_radps: the cell is empty"),
        (changed(4, "gyr_x_radps", "NaN"), "line 4, column gyr_x_radps: 'NaN' is not a finite number"),
        (changed(5, "time_s", "inf"), "line 5, column time_s: 'inf' is not a finite number"),
        (changed(5, "acc_x_mps2", "1e999"), "line 5, column acc_x_mps2: '1e999' is not a finite number"),
        (changed(5, "acc_x_mps2", "x" * 100), "line 5, column acc_x_mps2: 'xxxx"),
        (changed(5, "acc_x_mps2", "-2001"), "line 5, column acc_x_mps2: -2001 m/s2 is more than"),
        (changed(5, "gyr_z_radps", "101"), "line 5, column gyr_z_radps: 101 rad/s is more than"),
        (changed(5, "time_s", "1.1e10"), "line 5, column time_s: 1.1e+10 is no time"),
        (changed(5, "time_s", "1e9"), "check the unit of the time"),
        (changed(4, "time_s", "0.004"), "line 4, column time_s: 0.004 s is earlier than the row before"),
        (changed(4, "time_s", "-1"), "line 4, column time_s: -1 s is earlier"),
        (text(ROWS[0], ROWS[0]), "line 3, column time_s: 0 s is there twice for pelvis"),
        (changed(3, "placement", "knee"), "line 3, column placement: 'knee' is not a placement; known are pelvis,"),
        (text(*ROWS)[:-1].encode() + b"\xff\n", "line 5: this is not UTF-8 text"),
        (text(*ROWS).encode("utf-16"), "not UTF-8 text"),
        (text(*ROWS).encode() + b"\0", "line 6: a zero byte"),
        (changed(3, "placement", '"pelvis'), "line 3"),
        (text(ROWS[0]) + '"' + "x" * 200_000, "is a quotation mark not closed?"),
    ],
)
def test_refusals_name_the_place(path: Path, content: str | bytes, said: str) -> None:
    message = refusal(path, content)
    assert said in message
    assert "squat.csv" in message


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("1,0,0,", "line 2, column quat_z: the cell is empty"),
        (",,,1", "line 2, column quat_w: the cell is empty"),
        ("nan,nan,nan,nan", "line 2, column quat_w: 'nan' is not a finite number"),
        ("0,0,0,0", "line 2, column quat_w: the quaternion of this row does not have length 1"),
        ("1,1,0,0", "line 2, column quat_w: the quaternion of this row does not have length 1"),
    ],
)
def test_refused_quaternions(path: Path, cells: str, said: str) -> None:
    assert said in refusal(path, text(f"{ROWS[0]},{cells}", header=HEADER + QUATERNION))


@pytest.mark.parametrize(
    ("acc", "gyr", "said"),
    [
        ("0,1,0", "0.1,0,0", "accelerometer of pelvis reads 1 in the median, so it is in g; multiply acc_x_mps2"),
        ("0,9.8,0", "40,0,0", "gyroscope of pelvis reads up to 40, so it is in deg/s; multiply gyr_x_radps"),
        ("0,0.1,0", "0.1,0,0", "accelerometer of pelvis reads 0.1 m/s2 in the median"),
        ("0,98,0", "0.1,0,0", "accelerometer of pelvis reads 98 m/s2 in the median"),
        ("0,0,0", "0.1,0,0", "the accelerometer of pelvis is zero throughout"),
        ("0,9.8,0", "0,0,0", "the gyroscope of pelvis is zero throughout"),
    ],
)
def test_wrong_units_and_dead_sensors(path: Path, acc: str, gyr: str, said: str) -> None:
    assert said in refusal(path, text(*(f"{k / 100},pelvis,{acc},{gyr}" for k in range(50))))


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for name in ("none.csv", "."):
        with pytest.raises(BadInputError):
            interchange.read(tmp_path / name)


def test_events_beside_the_file(path: Path) -> None:
    path.write_text(text(*ROWS))
    path.with_name("squat.events.csv").write_text("label,start_s,end_s\nstill,-1.5,2\nhold_right,3,3\n")
    assert interchange.read(path)[1] == (Event(-1.5, 2.0, "still"), Event(3.0, 3.0, "hold_right"))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("0,1,jump", "line 2, column label: 'jump' is not a label; known are still,"),
        ("2,1,still", "line 2, column end_s: the event ends at 1 s, before it starts"),
        ("soon,1,still", "line 2, column start_s: 'soon' is not a number"),
        ("0,1e11,still", "line 2, column end_s: 1e+11 is no time"),
        ("0,1", "line 2, column label: the row has 2 cells"),
    ],
)
def test_refused_events(path: Path, row: str, said: str) -> None:
    path.with_name("squat.events.csv").write_text(f"start_s,end_s,label\n{row}\n")
    message = refusal(path, text(*ROWS))
    assert said in message
    assert "squat.events.csv" in message


def node(placement: str, time_s: list[float], raw: list[list[float]], q: list[list[float]]) -> NodeData:
    values = np.array(raw)
    block = Block(np.array(time_s), values[:, :3], values[:, 3:], np.array(q))
    return NodeData(placement, placement, DEFAULT_LID[placement], block, math.nan)


NO_TURN = [math.nan] * 4
near_g = st.tuples(st.floats(-5, 5), st.floats(9, 12), st.floats(-5, 5))
turning = st.tuples(*[st.floats(-30, 30)] * 3)
quaternions = st.one_of(
    st.just(NO_TURN), st.floats(-math.pi, math.pi).map(lambda angle: [math.cos(angle), math.sin(angle), 0.0, -0.0])
)


@st.composite
def tables(draw: st.DrawFn) -> list[NodeData]:
    nodes = []
    for placement in draw(st.lists(st.sampled_from(wire.PLACEMENTS), min_size=1, unique=True)):
        time_s = sorted(draw(st.lists(st.floats(-4e6, 4e6), min_size=1, max_size=19, unique=True)))
        raw = [[*draw(near_g), *draw(turning)] for _ in time_s]
        nodes.append(node(placement, time_s, raw, [draw(quaternions) for _ in time_s]))
    return nodes


events = st.lists(
    st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.sampled_from(interchange.EVENT_LABELS)).map(
        lambda cells: Event(min(cells[:2]), max(cells[:2]), cells[2])
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables(), events)
def test_any_table_comes_back_bit_for_bit(path: Path, nodes: list[NodeData], marked: list[Event]) -> None:
    interchange.write(path, nodes, marked)
    frames, found = interchange.read(path)
    assert found == tuple(marked)
    for one in nodes:
        _, flags, rows = rows_of(frames, one.placement)
        block = one.block
        parts = [block.time_s[:, None], block.acc_mps2, block.gyr_radps]
        if flags & wire.HAS_QUATERNION:
            parts.append(block.q_recorded)
        else:
            assert np.isnan(block.q_recorded).all()
        assert rows.tobytes() == np.hstack(parts).tobytes()
    times = [float(row.split(",")[0]) for row in path.read_text().splitlines()[1:]]
    assert times == sorted(times)


pieces = st.sampled_from(["", ",", "\n", "\r", '"', "-", "1e400", "nan", "\x00", "é", ";", "0.0,", "pelvis", " ", "_"])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 5), pieces), min_size=1, max_size=4), st.booleans())
def test_mutated_text_is_read_or_refused(path: Path, edits: list[tuple[int, int, str]], with_q: bool) -> None:
    content = text(*(f"{row},1,0,0,0" for row in ROWS), header=HEADER + QUATERNION) if with_q else text(*ROWS)
    for at, removed, piece in edits:
        content = content[:at] + piece + content[at + removed :]
    path.write_bytes(content.encode())
    with suppress(BadInputError):
        frames, _ = interchange.read(path)
        assert all(wire.messages(frame.data) for frame in frames)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(path: Path, tail: bytes) -> None:
    assert "squat.csv" in refusal(path, tail)
    assert "squat.csv" in refusal(path, HEADER.encode() + b"\n0,pelvis," + tail)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


ONE = node("pelvis", [0.0, 0.01], [[0, 9.8, 0, 0.1, 0, 0]] * 2, [NO_TURN] * 2)


def test_writing_replaces_the_events_as_well(path: Path) -> None:
    interchange.write(path, [ONE], [Event(0, 1, "still"), Event(0, 1, "a note")])
    assert interchange.read(path)[1] == (Event(0, 1, "still"),)
    interchange.write(path, [ONE])
    assert names_in(path.parent) == ["squat.csv"]


def test_what_the_format_cannot_hold_is_not_written(path: Path) -> None:
    path.write_text("older")
    no_raw = node("pelvis", [0.0], [[math.nan] * 6], [[1, 0, 0, 0]])
    repeated = node("pelvis", [0.0, 0.0], [[0, 9.8, 0, 0.1, 0, 0]] * 2, [NO_TURN] * 2)
    for nodes, said in (
        ([], "no samples"),
        ([ONE, ONE], "same place"),
        ([no_raw], "without raw samples"),
        ([repeated], "same time"),
    ):
        with pytest.raises(BadInputError, match=said):
            interchange.write(path, nodes)
    assert path.read_text() == "older"
    assert names_in(path.parent) == ["squat.csv"]


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="missing"):
        interchange.write(tmp_path / "missing" / "a.csv", [ONE])
    (tmp_path / "a.events.csv").mkdir()
    with pytest.raises(BadInputError, match=r"a\.events\.csv"):
        interchange.write(tmp_path / "a.csv", [ONE], [Event(0, 1, "still")])
    assert names_in(tmp_path) == ["a.events.csv"]


def test_frames_of_quaternions_alone() -> None:
    time_s, q = np.array([5.0, 5.5]), np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    name = "ä" * 20
    frames = imported_frames(name, "trunk", "back", time_s, None, None, q, device_clock=True, zero_s=4.0)
    info, flags, rows = rows_of(frames, name)
    assert info.name == "ä" * 12
    assert flags == wire.HAS_QUATERNION | wire.DEVICE_CLOCK
    assert rows.tolist() == [[5.0, 1, 0, 0, 0], [5.5, 0, 1, 0, 0]]
    assert [frame.arrival_ns for frame in frames] == [1_000_000_000, 1_500_000_000]
