"""A session without an athlete: the same each time, near the truth, and whole or not there at all."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hiphold import cli, demo, recording
from hiphold.measurement import Measurement
from hiphold.samples import Frame

FILES = ("session.mcap", "session.json", "session.png")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Measurement, list[str]]:
    """The folder, the measurement, and what was said."""
    folder, said = tmp_path_factory.mktemp("demo") / "a" / "b", list[str]()
    return folder, demo.run(folder, 2, said.append), said


def test_calibration_and_two_repetitions_with_each_leg(session: tuple[Path, Measurement, list[str]]) -> None:
    folder, result, _ = session
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert [node.placement for node in sorted(result.nodes, key=lambda node: node.placement)] == [
        "pelvis",
        "thigh_left",
        "thigh_right",
        "trunk",
    ]
    assert [hold.side for hold in result.holds] == ["right", "left"] * 2
    assert len(result.raises) == 8  # two with each leg in the calibration, four that lead into the holds
    assert result.calibration.method == "full"
    assert result.reasons == ()
    for hold in result.holds:
        assert hold.hip_rotation_range_deg is not None
        assert hold.stance_hip_flexion_deg.mean is not None
        assert hold.trunk.tilt_deg.mean_shift is not None
    assert result.attempts == ()
    assert json.loads((folder / "session.json").read_text())["recording"]["started_at"].startswith(
        "2023-11-14T22:13:20"
    )


def test_it_says_how_it_goes_on_and_how_far_off_it_is(session: tuple[Path, Measurement, list[str]]) -> None:
    folder, _, said = session
    assert [line for line in said if line.endswith("recorded")] == [
        f"  {s:3d} s recorded" for s in (20, 40, 60, 80, 100)
    ]
    assert f"wrote session.mcap, session.json and session.png to {folder}" in said
    truth = said[said.index("Measured minus true, which only a simulation knows:") + 1 :]
    assert [line.split(":")[0] for line in truth] == [f"  hold {number}" for number in (1, 2, 3, 4)]
    for line in truth:
        assert abs(float(line.split("elevation ")[1].split("°")[0])) < 2
        assert abs(float(line.split("held ")[1].split(" s")[0])) < 0.3
        assert "-0.00 s" not in line


def test_one_seed_is_one_session_and_older_files_are_replaced(
    session: tuple[Path, Measurement, list[str]], tmp_path: Path
) -> None:
    for name in FILES:
        (tmp_path / name).write_text("older")
    result = CliRunner().invoke(cli.main, ["demo", "--out", str(tmp_path), "--seed", "2"])
    assert result.exit_code == 0
    assert result.stdout.startswith("Holds, target 30° ± 5°\n")
    assert result.stderr.startswith("simulating an athlete")
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    for name in FILES[:2]:
        assert (tmp_path / name).read_bytes() == (session[0] / name).read_bytes()


def test_another_seed_is_another_session(session: tuple[Path, Measurement, list[str]], tmp_path: Path) -> None:
    other = demo.run(tmp_path, 3, lambda _: None)
    assert other.holds[0].start_s != session[1].holds[0].start_s


def test_without_matplotlib_there_is_all_but_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    said: list[str] = []
    demo.run(tmp_path, 2, said.append)
    assert {path.name for path in tmp_path.iterdir()} == {"session.mcap", "session.json"}
    assert "no picture: pictures need matplotlib; install it with: pip install 'hiphold[report]'" in said
    assert f"wrote session.mcap, session.json to {tmp_path}" in said


def test_what_stops_half_way_leaves_the_older_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "session.mcap").write_text("older")
    kept = recording.Recorder.frame
    left = [50]

    def stop(recorder: recording.Recorder, frame: Frame) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        kept(recorder, frame)

    monkeypatch.setattr(recording.Recorder, "frame", stop)
    with pytest.raises(KeyboardInterrupt):
        demo.run(tmp_path, 2, lambda _: None)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("session.mcap", "older")]
