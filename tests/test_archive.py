"""Where recordings go, and the bests that are read from what lies there."""

from __future__ import annotations

import json
import os
import time
from datetime import datetime
from math import isnan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiphold import measurement
from hiphold.errors import BadInputError
from hiphold.measurement import Measurement, to_json
from hiphold.session import archive
from hiphold.session.archive import achieved, athletes, bests, new_recording, save
from hiphold.session.scene import Best
from made_sessions import measured, session

STARTED = datetime(2026, 11, 30, 18, 15)
BOTH = ("pelvis", "thigh_left", "thigh_right")


@pytest.fixture(scope="module")
def measured_both(tmp_path_factory: pytest.TempPathFactory) -> Measurement:
    return measured(tmp_path_factory.mktemp("made"), session(BOTH))


@pytest.fixture(scope="module")
def figures(measured_both: Measurement) -> str:
    """Real ones: a hold of each leg."""
    return to_json(measured_both)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = new_recording(tmp_path, "anna", STARTED)
    path.write_bytes(b"recorded")
    return path


def changed(figures: str, hold_s: object, mean_deg: object, side: object = "right") -> str:
    """With one hold as given."""
    tree = json.loads(figures)
    hold = tree["holds"][0] | {"side": side, "hold_s": hold_s}
    hold["femur_elevation_deg"] = hold["femur_elevation_deg"] | {"mean": mean_deg}
    return json.dumps(tree | {"holds": [hold]})


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / "anna" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_recording_is_named_after_its_start(tmp_path: Path) -> None:
    path = new_recording(tmp_path / "new", "anna", STARTED)
    assert path == tmp_path / "new" / "anna" / "2026-11-30_181500.mcap"
    assert path.parent.is_dir()
    assert not path.exists()


def test_a_second_recording_of_the_same_second_has_its_own_name(tmp_path: Path, recording: Path) -> None:
    recording.with_name("2026-11-30_181500-2.json").write_text("")
    assert new_recording(tmp_path, "anna", STARTED).name == "2026-11-30_181500-3.mcap"
    assert new_recording(tmp_path, "ben", STARTED).name == "2026-11-30_181500.mcap"


@pytest.mark.parametrize("code", ["", "../x", "a b", "con", "a" * 30])
def test_a_recording_needs_a_code(tmp_path: Path, code: str) -> None:
    with pytest.raises(BadInputError, match="code"):
        new_recording(tmp_path, code, STARTED)
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "anna").write_text("")
    with pytest.raises(BadInputError, match="anna"):
        new_recording(tmp_path, "anna", STARTED)


def test_figures_stand_beside_the_recording(recording: Path, figures: str) -> None:
    assert save(recording, figures) == recording
    assert names(recording.parent) == ["2026-11-30_181500.json", "2026-11-30_181500.mcap"]
    assert recording.with_suffix(".json").read_text() == figures
    assert save(recording, figures) == recording


def test_a_named_session_has_its_name_in_both_files(recording: Path, figures: str) -> None:
    path = save(recording, figures, "  evening: with/band  ")
    assert names(path.parent) == ["evening_-with_band.json", "evening_-with_band.mcap"]
    assert path.read_bytes() == b"recorded"
    assert path.with_suffix(".json").read_text() == figures


def test_a_name_can_be_given_later(recording: Path, figures: str) -> None:
    path = save(save(recording, figures), figures, "evening")
    assert names(path.parent) == ["evening.json", "evening.mcap"]
    assert save(path, figures, "evening") == path
    assert names(path.parent) == ["evening.json", "evening.mcap"]


@pytest.mark.parametrize("taken", ["evening.mcap", "evening.json"])
def test_a_name_that_is_taken_gets_a_number(recording: Path, figures: str, taken: str) -> None:
    recording.with_name(taken).write_text("another")
    path = save(recording, figures, "evening")
    assert names(path.parent) == sorted([taken, "evening-2.json", "evening-2.mcap"])
    assert path.with_name(taken).read_text() == "another"


def test_a_recording_that_is_not_there_gets_no_name(recording: Path, figures: str) -> None:
    recording.unlink()
    with pytest.raises(BadInputError, match="is not there"):
        save(recording, figures, "evening")
    assert names(recording.parent) == []


def test_a_recording_stays_when_its_figures_cannot_be_written(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: str) -> None:
        raise BadInputError(f"{path} cannot be used: no space left ({len(content)}).")

    monkeypatch.setattr(archive, "write", full)
    with pytest.raises(BadInputError, match="no space"):
        save(recording, "{}", "evening")
    assert names(recording.parent) == ["2026-11-30_181500.mcap"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("evening", "evening"),
        ("Set 2, heavy", "Set-2_-heavy"),
        ("../../etc/passwd", "etc_passwd"),
        ("NUL", "NUL_"),
        ("com1", "com1_"),
        ("", ""),
        ("...", ""),
        ("a\0b\n c", "a_b-c"),
        ("Übung\u0308 夜", "Übung\u0308-夜"),
        ("-rf", "rf"),
        ("x" * 500, "x" * 60),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert archive.safe_name(name) == safe


@given(st.text(max_size=300))
def test_any_name_can_be_a_files(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = folder / f"{archive.safe_name(name) or 'none'}.mcap"
    assert path.parent == folder
    (folder / f".{path.stem}.json.1234567.part").write_text("")
    assert archive.safe_name(path.stem) == path.stem


def test_bests_come_from_real_figures(tmp_path: Path, measured_both: Measurement, figures: str) -> None:
    put(tmp_path, "a.json", figures)
    put(tmp_path, "b.json", changed(figures, 12.5, 33.0))
    put(tmp_path, "c.json", changed(figures, 11.0, 50.0))
    left = next(hold for hold in measured_both.holds if hold.side == "left")
    assert bests(tmp_path, "anna") == {
        "left": Best("left", left.hold_s, left.femur_elevation_deg.mean, today=False),
        "right": Best("right", 12.5, 33.0, today=False),
    }
    assert achieved(tmp_path, "anna").sessions == 3


def test_a_saved_session_counts(tmp_path: Path, recording: Path, figures: str) -> None:
    save(recording, figures, "evening")
    assert set(bests(tmp_path, "anna")) == {"left", "right"}


def test_nothing_before(tmp_path: Path) -> None:
    assert bests(tmp_path, "anna") == {}
    assert bests(tmp_path / "none", "anna") == {}
    assert bests(tmp_path, "../..") == {}
    assert bests(Path("nul\0"), "anna") == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\x00",
        b"[" * 100_000,
        b'{"schema": "hiphold.measurement/1"}',
        b'{"schema": "hiphold.measurement/1", "holds": {}}',
        b'{"schema": "hiphold.measurement/1", "holds": [5]}',
        b'{"schema": "hiphold.measurement/2", "holds": []}',
        b'{"schema": ["hiphold.measurement/1"], "holds": []}',
        b'{"holds": []}',
    ],
)
def test_what_is_malformed_is_passed_over_and_counted(tmp_path: Path, figures: str, content: bytes) -> None:
    put(tmp_path, "good.json", changed(figures, 9.0, 31.0))
    put(tmp_path, "bad.json", content)
    found = achieved(tmp_path, "anna")
    assert (found.sessions, found.skipped) == (1, 1)
    assert found.bests == {"right": Best("right", 9.0, 31.0, today=False)}


@pytest.mark.parametrize("hold_s", ["9", None, -1, 1e9, True, [], float("nan"), 10**400])
def test_a_hold_that_cannot_be_is_passed_over(tmp_path: Path, figures: str, hold_s: object) -> None:
    put(tmp_path, "bad.json", changed(figures, hold_s, 31.0))
    assert achieved(tmp_path, "anna") == archive.Achieved({}, 0, 1)


@pytest.mark.parametrize("side", ["middle", None, ["left"], {}, 1])
def test_a_side_that_cannot_be_is_passed_over(tmp_path: Path, figures: str, side: object) -> None:
    put(tmp_path, "bad.json", changed(figures, 9.0, 31.0, side))
    assert achieved(tmp_path, "anna") == archive.Achieved({}, 0, 1)


@pytest.mark.parametrize("mean_deg", ["31", None, 120, float("inf"), False])
def test_an_elevation_that_cannot_be_is_not_known(tmp_path: Path, figures: str, mean_deg: object) -> None:
    put(tmp_path, "a.json", changed(figures, 9.0, mean_deg))
    best = bests(tmp_path, "anna")["right"]
    assert best.hold_s == 9.0
    assert isnan(best.elevation_deg)


def test_what_is_too_large_or_no_file_is_not_read(
    tmp_path: Path, figures: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "large.json", figures)
    (tmp_path / "anna" / "folder.json").mkdir()
    (tmp_path / "anna" / ".hidden.json.12.part").write_text("")
    (tmp_path / "anna" / "gone.json").symlink_to("nowhere")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "anna" / "waits-for-ever.json")
    monkeypatch.setattr(archive, "MAX_BYTES", len(figures) - 1)
    assert achieved(tmp_path, "anna") == archive.Achieved({}, 0, len(names(tmp_path / "anna")) - 1)


def test_a_file_that_changes_is_read_again(tmp_path: Path, figures: str) -> None:
    path = put(tmp_path, "a.json", changed(figures, 9.0, 31.0))
    assert bests(tmp_path, "anna")["right"].hold_s == 9.0
    path.write_text(changed(figures, 8.0, 31.0))
    os.utime(path, (1, 1))
    assert bests(tmp_path, "anna")["right"].hold_s == 8.0
    path.unlink()
    assert bests(tmp_path, "anna") == {}


def test_a_thousand_sessions_are_read_once(tmp_path: Path, figures: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1000):
        put(tmp_path, f"{number}.json", figures)
    archive.bests(tmp_path, "anna")
    monkeypatch.setattr(archive, "_holds", None)
    started_s = time.perf_counter()
    assert set(bests(tmp_path, "anna")) == {"left", "right"}
    assert time.perf_counter() - started_s < 1


CELLS: Any = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["left", "right", ""])
HOLDS = st.fixed_dictionaries(
    {"side": CELLS | st.lists(CELLS, max_size=2), "hold_s": CELLS},
    optional={"femur_elevation_deg": CELLS | st.dictionaries(st.just("mean"), CELLS)},
)


@given(
    st.binary(max_size=100)
    | st.lists(HOLDS | CELLS, max_size=4).map(
        lambda holds: json.dumps({"schema": measurement.SCHEMA, "holds": holds}).encode()
    )
)
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = put(folder, "fuzzed.json", content)
    archive._read.clear()
    found = achieved(folder, "anna")
    assert found.sessions + found.skipped == 1
    assert all(best.side == side and 0 <= best.hold_s <= archive.LONGEST_S for side, best in found.bests.items())
    path.unlink()


def test_athletes_are_who_has_a_folder(tmp_path: Path) -> None:
    for name in ("ben", "anna", ".hidden", "not a code", "con"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("")
    assert athletes(tmp_path) == ["anna", "ben"]
    assert athletes(tmp_path / "none") == []
    assert athletes(Path("nul\0")) == []
