"""x-IMU3 logs: a real one, and small made ones that are wrong in one place each."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from hiphold import wire
from hiphold.errors import BadInputError
from hiphold.formats import ximu3
from hiphold.samples import G_MPS2, Floats, Frame

REAL = Path(__file__).parents[2] / "shared" / "data" / "ximu3_lower_body"
INERTIAL = ",".join(["Timestamp (us)", *ximu3.GYR, *ximu3.ACC])
ROWS = ["1000000,1,2,-3,0.1,0.2,0.97", "1020000,2,2,-3,0.1,0.2,0.97", "1040000,3,2,-3,0.1,0.2,0.97"]


def make_sensor(folder: Path, name: str, rows: list[str] = ROWS) -> Path:
    sensor = folder / name
    sensor.mkdir(parents=True)
    (sensor / "Inertial.csv").write_text("\n".join([INERTIAL, *rows]) + "\n")
    return sensor


def rows_of(frames: list[Frame], placement: str) -> tuple[wire.Info, Floats]:
    """The INFO and the (n, 11) rows of one placement, NaN where it has no quaternions."""
    infos = [message for frame in frames for message in wire.messages(frame.data) if isinstance(message, wire.Info)]
    info, *again = [info for info in infos if info.placement == placement]
    assert all(later == info for later in again)
    parts = []
    for frame in frames:
        for message in wire.messages(frame.data):
            if frame.node.startswith(info.name) and isinstance(message, wire.Imported):
                assert message.flags & wire.DEVICE_CLOCK
                values = np.frombuffer(message.payload, "<f8").reshape(message.count, -1)
                parts.append(np.pad(values, ((0, 0), (0, 11 - values.shape[1])), constant_values=np.nan))
    return info, np.concatenate(parts)


@pytest.mark.parametrize(
    ("name", "placement"),
    [
        ("pelvis 64F0EDBF (UDP)", "pelvis"),
        ("Left Upper Leg 64F61CC4 (UDP)", "thigh_left"),
        ("RIGHT_UPPER_LEG", "thigh_right"),
        ("Left Lower Leg", "shank_left"),
        ("right lower leg (USB)", "shank_right"),
        ("Chest", "trunk"),
        ("torso 1", "trunk"),
        ("Trunk", "trunk"),
        ("Upper Back", "trunk"),
        ("Left Foot 64F0EBCE (UDP)", None),
        ("Upper Leg", None),
        ("Left Upper Arm", None),
        ("Backpack", None),
    ],
)
def test_placement_from_the_folder(name: str, placement: str | None) -> None:
    assert ximu3.placement_of(name) == placement


def test_units_stamps_and_arrival(tmp_path: Path) -> None:
    make_sensor(tmp_path, "Pelvis")
    make_sensor(tmp_path, "Left Upper Leg 1 (UDP)", [f"{k * 20_000 + 990_000},1,0,0,0,1,0" for k in range(250)])
    frames, notes, started_at = ximu3.read(tmp_path, {"pelvis": "front"})
    info, rows = rows_of(frames, "pelvis")
    assert info.lid == "front"
    assert rows[:, 0].tolist() == [1.0, 1.02, 1.04]
    assert rows[0, 1:4].tolist() == [0.1 * G_MPS2, 0.2 * G_MPS2, 0.97 * G_MPS2]
    assert rows[0, 4:7].tolist() == [math.pi / 180, 2 * (math.pi / 180), -3 * (math.pi / 180)]
    assert np.isnan(rows[:, 7:]).all()
    assert len(rows_of(frames, "thigh_left")[1]) == 250
    assert {frame.node for frame in frames} == {"Pelvis", "Left Upper Leg 1"}
    arrivals = [frame.arrival_ns for frame in frames]
    assert arrivals == sorted(arrivals)
    assert arrivals[0] == 0
    assert started_at is None
    assert notes == [f"{name}: Command.json gives no date and time." for name in ("Left Upper Leg 1 (UDP)", "Pelvis")]


def test_quaternions_go_to_the_sample_of_the_same_time(tmp_path: Path) -> None:
    sensor = make_sensor(tmp_path, "pelvis")
    rows = ["1000000,1,0,0,0", "1020001,0,1,0,0", "1040000,0,0,1,0", "1060000,0,0,0,1"]
    (sensor / "Quaternion.csv").write_text("\n".join(["Timestamp (us),W,X,Y,Z", *rows]))
    frames, notes, _ = ximu3.read(tmp_path)
    q = rows_of(frames, "pelvis")[1][:, 7:]
    assert q[0].tolist() == [1, 0, 0, 0]
    assert np.isnan(q[1]).all()
    assert q[2].tolist() == [0, 0, 1, 0]
    assert notes[0] == "pelvis: 2 quaternions have no sample of the same time."


def test_start_time_is_the_earliest(tmp_path: Path) -> None:
    for name, time in (("pelvis", "2023-09-16 02:06:25"), ("chest", "2023-09-16 02:06:24")):
        sensor = make_sensor(tmp_path, name)
        (sensor / "Command.json").write_text(f'[{{"ping":{{"name":"x"}}}},{{"time":"{time}"}}]')
    assert ximu3.read(tmp_path)[1:] == ([], "2023-09-16T02:06:24")


@pytest.mark.parametrize("content", ["", "[", "3", '{"time": 3}', '[{"time": "soon"}]', "[{}]", "[" * 100_000, "\xff"])
def test_a_bad_command_file_only_costs_the_start_time(tmp_path: Path, content: str) -> None:
    sensor = make_sensor(tmp_path, "pelvis")
    (sensor / "Command.json").write_bytes(content.encode("latin1"))
    _, notes, started_at = ximu3.read(tmp_path)
    assert started_at is None
    assert notes == ["pelvis: Command.json gives no date and time."]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no rows after its header"),
        (["1,2,3"], "Inertial.csv, line 2, column Gyroscope Z (deg/s): the row has 3 cells"),
        ([ROWS[0], "1020000,x,0,0,0,0,1"], "Inertial.csv, line 3, column Gyroscope X (deg/s): 'x' is not a number"),
        ([ROWS[0], ROWS[0]], "Inertial.csv, line 3, column Timestamp (us): 1000000 is not later than the row before"),
        ([ROWS[1], ROWS[0]], "Inertial.csv, line 3, column Timestamp (us): 1000000 is not later than the row before"),
        (["1e17,1,0,0,0,0,1"], "Inertial.csv, line 2, column Timestamp (us): 1e+17 is no time"),
        (["1,9000,0,0,0,0,1"], "Inertial.csv, line 2, column Gyroscope X (deg/s): 9000 is more than"),
        (["1,1,0,0,0,0,300"], "Inertial.csv, line 2, column Accelerometer Z (g): 300 is more than"),
        (["1,1,0,0,0,0,0.1"], "the accelerometer of pelvis reads 0.981 m/s2 in the median"),
        ([f"{k},0,0,0,0,0,1" for k in range(50)], "the gyroscope of pelvis is zero throughout"),
    ],
)
def test_bad_cells_are_named(tmp_path: Path, rows: list[str], said: str) -> None:
    make_sensor(tmp_path, "pelvis", rows)
    with pytest.raises(BadInputError) as caught:
        ximu3.read(tmp_path)
    assert said in str(caught.value)


def test_another_unit_in_the_header_is_refused(tmp_path: Path) -> None:
    sensor = make_sensor(tmp_path, "pelvis")
    (sensor / "Inertial.csv").write_text("\n".join([INERTIAL.replace("deg/s", "rad/s"), *ROWS]))
    with pytest.raises(BadInputError, match=r"line 1, column 'Gyroscope X \(rad/s\)': this column is not known"):
        ximu3.read(tmp_path)


def test_a_bad_quaternion_is_named(tmp_path: Path) -> None:
    sensor = make_sensor(tmp_path, "pelvis")
    (sensor / "Quaternion.csv").write_text("Timestamp (us),W,X,Y,Z\n1000000,1,0,0,0\n1020000,0,0,0,0\n")
    with pytest.raises(BadInputError, match=r"Quaternion\.csv, line 3, column W: the quaternion"):
        ximu3.read(tmp_path)


def test_an_empty_quaternion_file_is_none(tmp_path: Path) -> None:
    sensor = make_sensor(tmp_path, "pelvis")
    (sensor / "Quaternion.csv").write_text("Timestamp (us),W,X,Y,Z\n")
    assert np.isnan(rows_of(ximu3.read(tmp_path)[0], "pelvis")[1][:, 7:]).all()


def test_folders_that_are_no_log(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"cannot be read.*One folder per sensor is expected"):
        ximu3.read(tmp_path / "missing")
    with pytest.raises(BadInputError, match="no folder of a sensor that can be placed"):
        ximu3.read(tmp_path)
    (tmp_path / "pelvis").mkdir()
    with pytest.raises(BadInputError, match=r"pelvis has no Inertial\.csv"):
        ximu3.read(tmp_path)
    shutil.rmtree(tmp_path / "pelvis")
    make_sensor(tmp_path, "Left Upper Leg A")
    make_sensor(tmp_path, "Left Upper Leg B")
    with pytest.raises(BadInputError, match="'Left Upper Leg A' and 'Left Upper Leg B' are both thigh_left"):
        ximu3.read(tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/data/ximu3_lower_body")
def test_a_real_log() -> None:
    frames, notes, started_at = ximu3.read(REAL)
    assert started_at == "2023-09-16T02:06:24"
    assert [note.split(" 64")[0] for note in notes] == ["Left Foot", "Right Foot"]
    for placement in wire.PLACEMENTS[:-1]:
        rows = rows_of(frames, placement)[1]
        assert 900 <= len(rows) <= 921
        assert rows[-1, 0] - rows[0, 0] == pytest.approx(18.6, abs=0.1)
        assert np.median(np.linalg.norm(rows[:, 1:4], axis=1)) == pytest.approx(G_MPS2, rel=0.05)
        assert np.isfinite(rows).all(1).mean() > 0.95
    pelvis = rows_of(frames, "pelvis")[1]
    assert pelvis[0, 0] == 917.418209
    assert pelvis[0, 1] == 0.903545 * G_MPS2
    assert pelvis[0, 7:].tolist() == [0.850093, -0.040743, -0.524145, -0.034592]
