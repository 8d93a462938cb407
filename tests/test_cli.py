"""The command line as its users meet it: a coach, a researcher with a table, a sceptic with broken files."""

from __future__ import annotations

import json
import math
import os
import random
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from mcap.writer import Writer

from hiphold import cli, recording, wire
from hiphold.formats import ximu3
from hiphold.samples import G_MPS2, Event
from made_sessions import END_S, HEADER, HOLD_S, RATE_HZ, session

INSTALLED = Path(sys.executable).with_name("hiphold")


def run(*args: object) -> Result:
    """A command in this process. A traceback that a user would see fails the test."""
    result = CliRunner().invoke(cli.main, [str(arg) for arg in args])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def done(*args: object) -> Result:
    result = run(*args)
    assert result.exit_code == 0, result.stderr
    return result


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(code: int, folder: Path, *args: object) -> str:
    """Run what must be refused, leaving every file in the folder as it was; what it says."""
    before = contents(folder)
    result = run(*args)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert contents(folder) == before
    lines = [line for line in result.stderr.splitlines() if not line.endswith(" ...")]
    if code == 2:
        assert [line.split()[0] for line in lines if line] == ["Usage:", "Try", "Error:"]
    else:
        # what a damaged file lost comes before, because it may be why
        assert lines[-1].startswith("hiphold: ")
        assert all("missing or damaged" in line or "bytes at byte" in line for line in lines[:-1])
    assert len(lines[-1]) < 500
    assert lines[-1].endswith((".", "chest."))
    return lines[-1].removeprefix("hiphold: ").removeprefix("Error: ")


def strict_json(path: Path) -> dict[str, Any]:
    def fail(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    whole: dict[str, Any] = json.loads(path.read_text("utf-8"), parse_constant=fail)
    assert whole["schema"] == "hiphold.measurement/1"
    return whole


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a demo; never written to."""
    folder = tmp_path_factory.mktemp("demo")
    done("demo", "--out", folder, "--seed", 2)
    return folder / "session.mcap"


@pytest.fixture(scope="session")
def demo_holds(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path = tmp_path_factory.mktemp("whole") / "whole.json"
    done("measure", demo, "--json", path)
    holds: list[dict[str, Any]] = strict_json(path)["holds"]
    assert len(holds) == 4
    return holds


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return brought_in(tmp_path_factory.mktemp("made"), session())


@pytest.fixture
def made(made_once: Path, tmp_path: Path) -> Path:
    """A recording of one hold, beside the table that it was made from."""
    shutil.copy(made_once.with_suffix(".csv"), tmp_path)
    return Path(shutil.copy(made_once, tmp_path))


def brought_in(folder: Path, text: str, name: str = "made") -> Path:
    source, target = folder / f"{name}.csv", folder / f"{name}.mcap"
    source.write_text(text)
    done("import", "csv", source, target)
    return target


# --- good input


def test_a_table_all_the_way(tmp_path: Path) -> None:
    source, first = tmp_path / "squat.csv", tmp_path / "squat.mcap"
    source.write_text(session(("pelvis", "thigh_left", "thigh_right", "shank_left")))
    (tmp_path / "squat.events.csv").write_text("start_s,end_s,label\n0.5,2.5,still\n3.5,10,hold_left\n")
    done("import", "csv", source, first)
    outputs = [tmp_path / name for name in ("m.json", "m.csv", "m.png")]
    result = done("measure", first, "--json", outputs[0], "--series", outputs[1], "--picture", outputs[2])
    assert [line for line in result.stderr.splitlines() if not line.endswith(" ...")] == []
    holds = strict_json(outputs[0])["holds"]
    assert [hold["side"] for hold in holds] == ["left", "right"]
    assert all(abs(hold["femur_elevation_deg"]["mean"] - 32) < 1 for hold in holds)
    assert len(outputs[1].read_text().splitlines()) == 1 + 2 * END_S * RATE_HZ
    assert outputs[2].read_bytes().startswith(b"\x89PNG")

    done("export", first, "--format", "csv", "-o", tmp_path / "out")
    again = tmp_path / "again.mcap"
    done("import", "csv", tmp_path / "out" / "squat.csv", again)
    assert recording.read(again).frames == recording.read(first).frames
    assert recording.read(again).events == (Event(0.5, 2.5, "still"), Event(3.5, 10, "hold_left"))


def test_series_has_the_columns_and_times_of_the_input(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    done("measure", made, "--series", path)
    header, *rows = [line.split(",") for line in path.read_text().splitlines()]
    assert ",".join(header) == (
        "time_s,side,femur_elevation_deg,hip_flexion_deg,hip_adduction_deg,hip_rotation_deg,thigh_azimuth_deg,"
        "pelvis_tilt_deg,pelvis_obliquity_deg,pelvis_rotation_deg,trunk_tilt_deg,trunk_rotation_deg,phase"
    )
    lines = made.with_suffix(".csv").read_text().splitlines()[1:]
    times_s = [float(line.split(",")[0]) for line in lines if "thigh" in line]
    assert [float(row[0]) for row in rows] == pytest.approx(times_s, rel=0, abs=1e-9)
    assert {row[-1] for row in rows} <= {"", "stand", "raise", "hold", "lower"}
    assert sum(row[-1] == "hold" for row in rows) / RATE_HZ == pytest.approx(HOLD_S, abs=0.7)
    assert all(row[2] for row in rows)


def test_real_x_imu3_log(data: Path, tmp_path: Path) -> None:
    result = done("import", "ximu3", data / "ximu3_lower_body", tmp_path / "x.mcap")
    assert [line.split(" ")[1] for line in result.stderr.splitlines() if "skipped" in line] == ["Foot", "Foot"]
    for orientation in ("host", "recorded"):
        out = tmp_path / f"{orientation}.json"
        table = done("measure", tmp_path / "x.mcap", "--json", out, "--orientation", orientation)
        found = strict_json(out)
        raises = [(each["side"], each["peak_s"]) for each in found["raises"]]
        assert raises == [("right", pytest.approx(5.0, abs=0.15)), ("left", pytest.approx(6.5, abs=0.15))]
        assert found["holds"] == []
        assert "No hold" in table.stdout
        lost = {node["placement"]: node["lost"] for node in found["nodes"]}
        assert set(lost) == {"pelvis", "thigh_left", "thigh_right", "shank_left", "shank_right"}
        assert all(5 <= count <= 35 for count in lost.values())
        assert found["calibration"]["method"] == "quick"
        for side in ("right", "left"):
            what = f"hip_adduction, hip_rotation, thigh_azimuth ({side})"
            (why,) = [reason["why"] for reason in found["reasons"] if reason["what"] == what]
            assert f"the {side} knee was raised only once" in why
            assert "raise it twice" in why
        assert "raised only once" in table.stdout
        assert all(node["orientation_disagreement_deg"] < 3 for node in found["nodes"])


def test_causal_and_recorded_orientation_agree_with_the_whole(
    demo: Path, demo_holds: list[dict[str, Any]], tmp_path: Path
) -> None:
    for option in (["--causal"], ["--orientation", "recorded"], ["--method", "madgwick"]):
        done("measure", demo, "--json", tmp_path / "m.json", *option)
        found = strict_json(tmp_path / "m.json")
        assert found["settings"]["causal"] == (option == ["--causal"])
        starts = [hold["start_s"] for hold in found["holds"]]
        assert starts == pytest.approx([hold["start_s"] for hold in demo_holds], abs=0.3)


def test_replay_ends_with_what_causal_measures(made: Path) -> None:
    table = done("measure", made, "--causal").stdout
    replayed = done("replay", made, "--speed", 0)
    assert replayed.stdout.endswith(table)
    lines = replayed.stdout.removesuffix(table).splitlines()
    counts = [line.split("  ")[-1] for line in lines if line.split("  ")[-1].startswith("hold ")]
    seconds = [int(count.removeprefix("hold ")) for count in counts[:-1]]
    assert seconds == sorted(set(seconds))
    assert seconds[-1] >= HOLD_S - 2
    assert counts[-1].startswith("hold of 7.")


def test_the_target_is_the_users(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.json"
    for target, holds in ((45, 0), (-15, 1), (30, 1)):
        table = done("measure", made, "--json", out, "--target-deg", target, "--band-deg", 4).stdout
        assert len(strict_json(out)["holds"]) == holds
        assert (f"Holds, target {target}° ± 4°" in table) == bool(holds)
        assert ("No hold: no thigh stayed above 41° for 5 s." in table) == (not holds)


def test_lids_reach_the_recording(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text(session(end_s=1.0))
    done("import", "csv", source, tmp_path / "a.mcap", "--lid", "thigh_right=front, pelvis=left")
    frames = recording.read(tmp_path / "a.mcap").frames
    infos = [m for frame in frames for m in wire.messages(frame.data) if isinstance(m, wire.Info)]
    assert {(info.placement, info.lid) for info in infos} == {("thigh_right", "front"), ("pelvis", "left")}


def test_an_older_output_is_replaced(made: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / name for name in ("m.json", "m.csv", "m.svg")]
    for path in outputs:
        path.write_text("older")
    done("measure", made, "--json", outputs[0], "--series", outputs[1], "--picture", outputs[2])
    assert all(path.stat().st_size > 1000 for path in outputs)
    done("import", "csv", made.with_suffix(".csv"), made)
    assert {path.name for path in tmp_path.iterdir()} == {"made.csv", "made.mcap", "m.json", "m.csv", "m.svg"}


def test_text_in_brackets_is_shown_as_it_stands(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiphold.report.tables", lambda _: ["[bold]a[/nothing] :smile:"])
    assert done("measure", made).stdout == "[bold]a[/nothing] :smile:\n"


# --- tables that are wrong


def with_cell(row: int, column: str, cell: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        lines = text.splitlines()
        cells = lines[row].split(",")
        cells[HEADER.split(",").index(column)] = cell
        return "\n".join([*lines[:row], ",".join(cells), *lines[row + 1 :]]) + "\n"

    return change


def scaled(columns: str, factor: float) -> Callable[[str], str]:
    which = [k for k, name in enumerate(HEADER.split(",")) if name.startswith(columns)]

    def change(text: str) -> str:
        rows = [line.split(",") for line in text.splitlines()[1:]]
        for row in rows:
            for k in which:
                row[k] = repr(float(row[k]) * factor)
        return "\n".join([HEADER, *map(",".join, rows)]) + "\n"

    return change


def without_line_end(text: str) -> str:
    return text[: text.rindex(",")]


WRONG_TABLES: dict[str, tuple[Callable[[str], str], str]] = {
    "empty": (lambda _: "", "is empty"),
    "header only": (lambda _: HEADER + "\n", "has no rows after its header"),
    "prose": (lambda _: "Dear coach,\nplease find attached\n", "line 1, column 'Dear coach': this column is not known"),
    "wrong column": (
        lambda t: t.replace("gyr_x_radps", "gyr_x_dps", 1),
        "column 'gyr_x_dps': this column is not known",
    ),
    "missing column": (lambda t: t.replace("gyr_x_radps,", "", 1), "column gyr_x_radps: this column is missing"),
    "semicolons": (lambda t: t.replace(",", ";"), "separated by ';', they must be by ','"),
    "NaN": (with_cell(7, "gyr_y_radps", "nan"), "line 8, column gyr_y_radps: 'nan' is not a finite number"),
    "infinite": (with_cell(7, "acc_y_mps2", "-inf"), "line 8, column acc_y_mps2: '-inf' is not a finite number"),
    "absurd": (with_cell(7, "acc_y_mps2", "9e9"), "line 8, column acc_y_mps2: 9e+09 m/s2 is more than"),
    "text": (with_cell(7, "acc_y_mps2", "fast"), "line 8, column acc_y_mps2: 'fast' is not a number"),
    "no cell": (with_cell(7, "acc_y_mps2", ""), "line 8, column acc_y_mps2: the cell is empty"),
    "falling": (with_cell(9, "time_s", "0.01"), "line 10, column time_s: 0.01 s is earlier than the row before"),
    "repeated": (lambda t: t.replace(t.splitlines()[7], "\n".join(t.splitlines()[5:6] * 2)), "is there twice for"),
    "short row": (without_line_end, "the row has 7 cells, the header 8"),
    "NUL": (with_cell(7, "acc_y_mps2", "\0"), "line 8: a zero byte"),
    "in g": (scaled("acc", 1 / G_MPS2), "so it is in g; multiply acc_x_mps2, acc_y_mps2, acc_z_mps2 by 9.80665"),
    "in deg/s": (scaled("gyr", 180 / math.pi), "if it is in deg/s, multiply by pi/180"),
    "gravity removed": (scaled("acc", 0.01), "Check its unit and that gravity was not removed"),
    "acc zero": (scaled("acc", 0.0), "the accelerometer of pelvis is zero throughout"),
    "gyr zero": (scaled("gyr", 0.0), "the gyroscope of pelvis is zero throughout"),
    "placement": (
        with_cell(7, "placement", "knee"),
        "line 8, column placement: 'knee' is not a placement; known are pel",
    ),
}


@pytest.mark.parametrize("case", WRONG_TABLES)
@pytest.mark.parametrize("older", [False, True])
def test_a_wrong_table_is_refused_by_its_place(tmp_path: Path, case: str, older: bool) -> None:
    change, said = WRONG_TABLES[case]
    source, target = tmp_path / "walk.csv", tmp_path / "walk.mcap"
    source.write_text(change(session()))
    if older:
        target.write_text("older")
    message = refused(1, tmp_path, "import", "csv", source, target)
    assert said in message
    assert str(source) in message


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ("", "is empty"),
        ("start_s,end_s\n0,1\n", "column label: this column is missing"),
        ("start_s,end_s,label\n0,1,coffee\n", "line 2, column label: 'coffee' is not a label; known are still"),
        ("start_s,end_s,label\n2,1,still\n", "line 2, column end_s: the event ends at 1 s, before it starts"),
        ("start_s,end_s,label\nnan,1,still\n", "line 2, column start_s: 'nan' is not a finite number"),
    ],
)
def test_wrong_events_are_refused_by_their_place(tmp_path: Path, events: str, said: str) -> None:
    (tmp_path / "walk.csv").write_text(session())
    (tmp_path / "walk.events.csv").write_text(events)
    message = refused(1, tmp_path, "import", "csv", tmp_path / "walk.csv", tmp_path / "walk.mcap")
    assert said in message
    assert "walk.events.csv" in message


@pytest.mark.parametrize("content", [b"\xff\xfe\x00x", b"\x89MCAP0\r\n", bytes(range(256)) * 40])
def test_bytes_are_no_table(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "walk.csv").write_bytes(content)
    message = refused(1, tmp_path, "import", "csv", tmp_path / "walk.csv", tmp_path / "walk.mcap")
    assert "this is not UTF-8 text; save the file as CSV in UTF-8." in message


# --- recordings that cannot be measured

NOTHING: dict[str, tuple[str, str]] = {
    "one row": ("\n".join(session().splitlines()[:3:2]), "no quiet stand of at least 1 s"),
    "no thigh": (session(("pelvis", "shank_left")), "no thigh sensor in this recording (found: pelvis, shank_left)"),
    "no stand": (
        "\n".join([HEADER, *(line for line in session().splitlines()[1:] if 3.1 < float(line.split(",")[0]) < 3.9)]),
        "no quiet stand of at least 1 s",
    ),
    "still elsewhere": (session(), "the event still at 90 s lies where a worn sensor has no samples"),
}


@pytest.mark.parametrize("case", NOTHING)
@pytest.mark.parametrize("causal", [False, True])
def test_nothing_to_measure_is_said_and_nothing_written(tmp_path: Path, case: str, causal: bool) -> None:
    text, said = NOTHING[case]
    if case == "still elsewhere":
        (tmp_path / "made.events.csv").write_text("start_s,end_s,label\n90,91,still\n")
    path = brought_in(tmp_path, text)
    (tmp_path / "m.csv").write_text("older")
    outputs = ["--json", tmp_path / "m.json", "--series", tmp_path / "m.csv", "--picture", tmp_path / "m.png"]
    assert said in refused(1, tmp_path, "measure", path, *outputs, *(["--causal"] if causal else []))
    if causal:
        assert run("replay", path, "--speed", 0).exit_code == 1


def test_recorded_orientation_that_is_not_there(made: Path, tmp_path: Path) -> None:
    for causal in ([], ["--causal"]):
        message = refused(1, tmp_path, "measure", made, "--orientation", "recorded", *causal)
        assert "brought an orientation of its own; measure with --orientation host." in message


def foreign_mcap(path: Path) -> None:
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start()
        channel = writer.register_channel("/imu", "json", writer.register_schema("Imu", "jsonschema", b"{}"))
        writer.add_message(channel, 0, b"{}", 0)
        writer.finish()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty: nothing was recorded in it"),
        (b"these are not the data you are looking for\n" * 100, "is not a recording"),
        (session().encode(), "is not a recording"),
        (b"\x89MCAP0\r\n", "is not a recording"),
        (b"\0" * 100_000, "is not a recording"),
        (None, "without /node/... topics, so not a recording of hiphold"),
    ],
)
@pytest.mark.parametrize("command", ["measure", "export", "replay"])
def test_foreign_files_are_no_recordings(tmp_path: Path, content: bytes | None, said: str, command: str) -> None:
    path = tmp_path / "rec.mcap"
    if content is None:
        foreign_mcap(path)
    else:
        path.write_bytes(content)
    options = {"measure": ["--json", tmp_path / "m.json"], "export": ["--format", "csv", "-o", tmp_path / "out"]}
    assert said in refused(1, tmp_path, command, path, *options.get(command, []))
    assert not (tmp_path / "out").exists()


# --- recordings that are damaged


def damaged(demo: Path, folder: Path, change: Callable[[bytearray], None]) -> Path:
    data = bytearray(demo.read_bytes())
    change(data)
    path = folder / "damaged.mcap"
    path.write_bytes(data)
    return path


def told_losses(found: dict[str, Any]) -> list[str]:
    return [reason["why"] for reason in found["reasons"] if reason["what"] == "recording"]


@pytest.mark.parametrize("share", [0.999, 0.95, 0.8, 0.6, 0.4, 0.2])
def test_a_cut_recording_gives_what_is_whole(
    demo: Path, demo_holds: list[dict[str, Any]], tmp_path: Path, share: float
) -> None:
    path = damaged(demo, tmp_path, lambda data: data.__delitem__(slice(int(share * len(data)), None)))
    result = done("measure", path, "--json", tmp_path / "m.json")
    found = strict_json(tmp_path / "m.json")
    last_s = found["recording"]["duration_s"]
    assert last_s == pytest.approx(share * 107, abs=8)
    assert any("The end of the file is missing" in loss for loss in told_losses(found))
    assert "The end of the file is missing" in result.stdout
    whole = [hold["start_s"] for hold in demo_holds if hold["end_s"] < last_s - 1]
    assert [hold["start_s"] for hold in found["holds"]][: len(whole)] == pytest.approx(whole, abs=0.1)
    done("export", path, "--format", "csv", "-o", tmp_path / "out")


@pytest.mark.parametrize("size", [1, 7, 100, 500])
def test_too_little_is_left(demo: Path, tmp_path: Path, size: int) -> None:
    path = damaged(demo, tmp_path, lambda data: data.__delitem__(slice(size, None)))
    refused(1, tmp_path, "measure", path, "--json", tmp_path / "m.json")


@pytest.mark.parametrize("share", [0.15, 0.5, 0.85])
def test_a_hole_in_a_recording_is_told(demo: Path, tmp_path: Path, share: float) -> None:
    def punch(data: bytearray) -> None:
        start = int(share * len(data))
        data[start : start + 2000] = b"\xff" * 2000

    done("measure", damaged(demo, tmp_path, punch), "--json", tmp_path / "m.json")
    found = strict_json(tmp_path / "m.json")
    assert any("messages are missing" in loss for loss in told_losses(found))
    assert sum(node["lost"] for node in found["nodes"]) > 10
    assert len(found["holds"]) >= 2


def test_flipped_bytes_never_end_in_a_traceback(demo: Path, tmp_path: Path) -> None:
    rng = random.Random(1)
    size = demo.stat().st_size
    places = [*range(0, 60, 9), *(size - k for k in range(1, 60, 9)), *(rng.randrange(size) for _ in range(6))]
    for place in places:

        def flip(data: bytearray, place: int = place) -> None:
            data[place] ^= 1 << rng.randrange(8)

        result = run("measure", damaged(demo, tmp_path, flip), "--json", tmp_path / "m.json")
        assert result.exit_code == 0, (place, result.stderr)
        assert len(strict_json(tmp_path / "m.json")["holds"]) >= 2


# --- usage


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["measure", "nothing.mcap"], "File 'nothing.mcap' does not exist."),
        (["measure", "folder"], "File 'folder' is a directory."),
        (["measure", "made.mcap", "--json", "nowhere/m.json"], "There is no folder 'nowhere'; make it first."),
        (["measure", "made.mcap", "--series", "folder"], "File 'folder' is a directory."),
        (["measure", "made.mcap", "--picture", "m.jpg"], "'m.jpg' must end in .png or .svg."),
        (["measure", "made.mcap", "--picture", "m"], "'m' must end in .png or .svg."),
        (["measure", "made.mcap", "--json", "made.mcap"], "'made.mcap' is named twice"),
        (["measure", "made.mcap", "--json", "m", "--series", "folder/../m"], "'m' is named twice"),
        (["measure", "made.mcap", "--band-deg", "0"], "0.0 is not in the range 0<x<=60."),
        (["measure", "made.mcap", "--band-deg", "nan"], "nan is not a finite number."),
        (["measure", "made.mcap", "--target-deg", "NaN"], "NaN is not a finite number."),
        (["measure", "made.mcap", "--target-deg", "high"], "'high' is not a valid float range."),
        (["measure", "made.mcap", "--target-deg", "91"], "91.0 is not in the range -90<=x<=90."),
        (["measure", "made.mcap", "--method", "magic"], "'magic' is not one of 'vqf', 'madgwick', 'mahony', 'ekf'."),
        (["measure", "made.mcap", "--loud"], "No such option '--loud'."),
        (["measure"], "Missing argument 'RECORDING'."),
        (["measure", "made.mcap", "made.mcap"], "Got unexpected extra argument (made.mcap)"),
        (["replay", "made.mcap", "--speed", "-1"], "-1.0 is not in the range x>=0."),
        (["replay", "made.mcap", "--speed", "inf"], "inf is not a finite number."),
        (["import", "csv", "nothing.csv", "x.mcap"], "File 'nothing.csv' does not exist."),
        (["import", "csv", "made.csv", "nowhere/x.mcap"], "There is no folder 'nowhere'; make it first."),
        (["import", "csv", "made.csv", "folder"], "File 'folder' is a directory."),
        (["import", "csv", "made.csv", "made.csv"], "'made.csv' is named twice"),
        (["import", "csv", "made.csv", "made.events.csv"], "'made.events.csv' is named twice"),
        (["import", "csv", "made.csv", "x.mcap", "--lid", "pelvis"], "'' in 'pelvis' is not a side; known are front"),
        (["import", "csv", "made.csv", "x.mcap", "--lid", "pelvis=up"], "'up' in 'pelvis=up' is not a side"),
        (["import", "csv", "made.csv", "x.mcap", "--lid", "knee=front"], "'knee' in 'knee=front' is not a placement"),
        (["import", "csv", "made.csv", "x.mcap", "--lid", "pelvis=back,,"], "'' in '' is not a placement"),
        (["import", "csv", "made.csv", "x.mcap", "--lid", "pelvis=back,pelvis=front"], "pelvis is there twice."),
        (["import", "ximu3", "made.csv", "x.mcap"], "Directory 'made.csv' is a file."),
        (["export", "made.mcap", "-o", "folder"], "Missing option '--format'."),
        (["export", "made.mcap", "--format", "docx", "-o", "folder"], "'docx' is not 'csv'."),
        (["export", "made.mcap", "--format", "csv", "-o", "made.csv"], "Directory 'made.csv' is a file."),
        (["demo", "--seed", "-1"], "-1 is not in the range x>=0."),
        (["demo", "--out", "made.csv"], "Directory 'made.csv' is a file."),
        (["juggle"], "No such command 'juggle'."),
    ],
)
def test_usage(made: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], said: str) -> None:
    monkeypatch.chdir(made.parent)
    (made.parent / "folder").mkdir()
    result = run(*args)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert said in result.stderr.replace("\n", " ")
    assert {path.name for path in made.parent.iterdir()} == {"made.csv", "made.mcap", "folder"}
    assert list((made.parent / "folder").iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_not_replaced(made: Path) -> None:
    # A pipe of our own stands for every device: where the check fails, the thing named is replaced.
    pipe = made.with_name("pipe")
    os.mkfifo(pipe)
    for args in (["measure", made, "--json", pipe], ["import", "csv", made.with_suffix(".csv"), pipe]):
        assert f"'{pipe}' is not a file." in refused(2, made.parent, *args)
        assert pipe.is_fifo()


def test_export_never_replaces_its_own_input(made: Path) -> None:
    recorded = made.rename(made.with_suffix(".csv"))
    message = refused(2, made.parent, "export", recorded, "--format", "csv", "-o", made.parent)
    assert "'made.csv' is named twice" in message


def test_a_place_that_cannot_be_written(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiphold.arguments.os.access", lambda path, _: Path(path) != tmp_path)
    out = tmp_path / "m.json"
    assert "cannot be written; choose another place." in refused(2, tmp_path, "measure", made, "--json", out)


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may write everywhere")
def test_a_read_only_output_is_kept(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.json"
    out.write_text("older")
    out.chmod(0o400)
    assert "cannot be written; choose another place." in refused(2, tmp_path, "measure", made, "--json", out)


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("command", ["measure --json m.json", "measure --picture m.png", "import", "export"])
def test_a_full_disk_leaves_everything_as_it_was(
    made: Path, monkeypatch: pytest.MonkeyPatch, command: str, older: bool
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    folder = made.parent
    word, *options = command.split()
    outputs = [*options[1:], *([] if options else ["made.csv"] if word == "export" else ["other.mcap"])]
    for name in outputs if older else ():
        (folder / name).write_text("older")
    args = {
        "measure": ["measure", "made.mcap", *options],
        "import": ["import", "csv", "made.csv", "other.mcap"],
        "export": ["export", "made.mcap", "--format", "csv", "-o", "."],
    }
    monkeypatch.chdir(folder)
    monkeypatch.setattr(Path, "replace", full)
    assert "No space left on device" in refused(1, folder, *args[word])


# --- help

Commands = dict[str, click.Command]


def all_commands(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for word, inner in command.commands.items():
            yield from all_commands(inner, f"{name} {word}".strip())


COMMANDS = dict(all_commands(cli.main))


def help_of(name: str) -> str:
    return done(*name.split(), "--help").stdout


def examples(name: str) -> list[str]:
    """The lines below "Examples:" in what --help prints, without what is said beside them."""
    _, _, below = help_of(name).partition("Examples:\n")
    return [line.strip().split("  ")[0] for line in below.splitlines() if line.strip()]


ELSEWHERE = ("scan", "record", "node", "doctor", "live")
"""commands whose examples need nodes or a person, or tell of this computer: tests of their own run them"""
EXAMPLES = sorted({line for name in COMMANDS for line in examples(name) if line.split()[1] not in ELSEWHERE})


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_it_does_and_shows_how(name: str) -> None:
    text = help_of(name)
    assert help_of(name) == done(*name.split(), "-h").stdout
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.replace("[ARGS]...", "").replace("PLACEMENT=SIDE,...", "").replace("ATHLETE,...", "")
    mine = examples(name)
    assert mine
    assert all(line.startswith(f"hiphold {name}".strip()) for line in mine)
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help or parameter.is_eager


def x_imu3_log(folder: Path) -> None:
    """A log of two sensors that stand still."""
    rng = random.Random(0)
    for name in ("pelvis A (UDP)", "Right Upper Leg B (UDP)"):
        rows = [",".join([ximu3.STAMP, *ximu3.GYR, *ximu3.ACC])]
        rows += [f"{k * 20_000},{rng.gauss(0, 0.1)},0.1,0,0,{rng.gauss(1, 0.001)},0" for k in range(100)]
        (folder / name).mkdir(parents=True)
        (folder / name / "Inertial.csv").write_text("\n".join(rows) + "\n")


@pytest.mark.parametrize("line", EXAMPLES)
def test_examples_run(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    x_imu3_log(Path("Logs/2023-09-16"))
    Path("walk.csv").write_text(session(end_s=1.3))
    for name in ("session", "seated", "walk"):
        done("import", "csv", "walk.csv", f"{name}.mcap")
    before = set(contents(tmp_path))
    program, *args = shlex.split(line)
    assert program == "hiphold"
    done(*args)
    named = {tmp_path / arg for arg in args if arg.endswith((".json", ".csv", ".png", ".mcap"))}
    assert named <= set(contents(tmp_path))
    if args[0] in ("demo", "export"):
        assert set(contents(tmp_path)) > before


# --- the program as it is installed


def installed(*args: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [INSTALLED, *map(str, args)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=cwd,
        env=os.environ | environment,
    )


def test_installed_tells_its_version() -> None:
    from hiphold import __version__

    assert installed("--version").stdout == f"hiphold, version {__version__}\n"


def test_installed_measures_with_the_result_alone_on_stdout(made: Path) -> None:
    result = installed("measure", made.name, "--json", "m.json", cwd=made.parent)
    assert result.returncode == 0
    assert result.stdout.startswith("Holds, target 30° ± 5°\n")
    assert result.stderr == "reading made.mcap ...\nmeasuring ...\n"
    assert len(strict_json(made.parent / "m.json")["holds"]) == 1


def test_installed_ends_with_1_and_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "rec.mcap").write_text("no recording")
    result = installed("measure", "rec.mcap", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines()[1].startswith("hiphold: rec.mcap is not a recording")
    assert len(result.stderr.splitlines()) == 2


def test_installed_in_a_terminal_without_the_degree_sign(made: Path) -> None:
    result = installed("measure", made, PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert "Holds, target 30? ? 5?" in result.stdout


def test_installed_into_a_pipe_that_closes(made: Path) -> None:
    command = f"{shlex.quote(str(INSTALLED))} replay {shlex.quote(str(made))} --speed 0 | true"
    if shutil.which("bash") is None:
        pytest.skip("bash is needed to make a pipe that closes")
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert result.stderr == "reading made.mcap ...\n"


@pytest.mark.parametrize("said", ["up=-90", "right", "right=x", "right=-60", "right=-94,right=-92", "right=nan"])
def test_a_standing_elevation_that_is_none_is_refused(said: str, tmp_path: Path) -> None:
    (tmp_path / "made.mcap").write_bytes(b"")
    result = run("measure", tmp_path / "made.mcap", "--standing-elevation", said)
    assert result.exit_code == 2
    assert "--standing-elevation" in result.stderr


def test_shanks_are_no_matter_for_the_live_view(tmp_path: Path) -> None:
    (tmp_path / "made.mcap").write_bytes(b"")
    result = run("measure", tmp_path / "made.mcap", "--shank", "--causal")
    assert result.exit_code == 2
    assert "leave one out" in result.stderr
