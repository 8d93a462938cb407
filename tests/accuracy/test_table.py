"""The machine behind `make accuracy`: that it is fair to the others, and that it says what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from table import cells, data, filters, headline, judged, page, recorded, runs, summary, textbook
from table.cells import Cell
from table.judged import HoldRow

from hiphold.simulation.athlete import Athlete
from hiphold.simulation.sensor import Sensor
from hiphold.sources.simulate import simulate

NO_DATA = data.Data(Path("nowhere"), (), ())


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", filters.available())
def test_the_textbook_alignment_is_right_where_nothing_is_wrong(name: str, side: str) -> None:
    """A perfect athlete with faultless sensors put on anyhow: what is left is the filter's."""
    simulation = simulate(3, side=side, athlete=Athlete.perfect(), sensor=Sensor.ideal())
    rows = judged.rows(judged.told(simulation, 3), judged.of_series(*textbook.measure(simulation, name)))
    assert [row.found for row in rows] == [True] * 3
    for angle in judged.ANGLES:
        figure = summary.of(rows, angle)
        assert figure is not None
        assert figure.rmse < (0.5 if name in (filters.VQF, filters.NODE) else 4.0), angle


def test_lost_packets_are_lost_and_nothing_else_changes() -> None:
    whole = cells.whole(Cell("good"), 1)
    heard = cells.lossy(whole, 1)
    lost = len(whole.frames) - len(heard.frames)
    assert 0.015 < lost / len(whole.frames) < 0.05
    assert set(map(id, heard.frames)) < set(map(id, whole.frames))
    with pytest.raises(ValueError, match="lost samples"):
        textbook.measure(heard, filters.VQF)


def test_the_full_factorial() -> None:
    found = cells.all_cells()
    assert len(found) == len(set(found)) == 24
    assert found[:3] == cells.BASE


def test_every_cell_runs_and_gives_the_same_page_twice() -> None:
    counts = runs.Counts(offline=1, live=0, live_elsewhere=0, slow=0)
    results = runs.merged(map(runs.run, runs.jobs(counts)))
    assert {cell for _, cell in results} == set(cells.all_cells())
    methods = {method for method, cell in results if cell == Cell("good")}
    assert methods == {runs.OFFLINE, runs.RECORDED, filters.VQF}
    assert all(len(rows) == 3 for rows in results.values())
    everything = page.Everything(counts, results, [], [], [], NO_DATA)
    assert page.generated(everything) == page.generated(everything)
    assert "No trial of BROAD is here" in page.generated(everything)


def test_a_method_that_refuses_a_session_misses_its_holds() -> None:
    truth = judged.told(cells.whole(Cell("good"), 0), 0)
    rows = judged.rows(truth, judged.NOTHING)
    assert [(row.found, dict(row.errors)) for row in rows] == [(False, {})] * 3


def test_figures_and_coverage() -> None:
    rows = [
        HoldRow(k, "right", 0, True, False, {"hold_time": off}, {"hold_time": off < 0.2})
        for k, off in enumerate((0.1, -0.1, 0.1, 0.3))
    ]
    figure, share = summary.of(rows, "hold_time"), summary.coverage(rows, "hold_time")
    assert figure is not None
    assert share is not None
    assert figure.rmse == pytest.approx(np.sqrt(0.03))
    assert (figure.worst, figure.n) == (0.3, 4)
    assert (share.percent, share.n) == (75, 4)
    low, high = share.interval()  # (0.75 + 0.48 -+ 1.96 sqrt(0.0469 + 0.0600)) / 1.96
    assert [low, high] == pytest.approx([30.06, 95.44], abs=0.05)


def test_data_that_differ_or_are_missing_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "broad/24_disturbed_tapping_A.npz"
    (tmp_path / "broad").mkdir()
    (tmp_path / name).write_bytes(b"something else")
    monkeypatch.setenv("HIPHOLD_DATA", str(tmp_path))
    found = data.find()
    assert found.different == (name,)
    assert len(found.missing) == len(data.listed()) - 1
    assert sum(name in problem for problem in found.problems()) == 1
    monkeypatch.setenv("HIPHOLD_DATA", str(tmp_path / "nowhere"))
    assert "set HIPHOLD_DATA" in data.find().problems()[0]


def test_original_files_of_broad_are_read_as_they_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 600
    arrays = {
        "imu_gyr": 0.001 * rng.standard_normal((n, 3)),
        "imu_acc": 0.01 * rng.standard_normal((n, 3)) + (0.0, 0.0, 9.81),
        "opt_quat": np.tile((1.0, 0.0, 0.0, 0.0), (n, 1)),
        "movement": np.arange(n) > 100,
        "sampling_rate": 285.714,
    }
    savemat(tmp_path / "a.mat", arrays)
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
    original, ours = (recorded.broad(tmp_path / f"a.{end}", (runs.OFFLINE,)) for end in ("mat", "npz"))
    assert original == ours
    assert original[0].n == n - 101
    assert original[0].rmse < 0.5


def test_a_page_without_marks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("nothing")
    with pytest.raises(SystemExit, match="no marks"):
        page.write(tmp_path / "page.md", "table")


def test_only_what_stands_between_the_marks_is_replaced(tmp_path: Path) -> None:
    text = tmp_path / "page.md"
    text.write_text(f"before\n{page.MARKS[0]}\nold\n{page.MARKS[1]}\nafter\n")
    page.write(text, "new")
    assert text.read_text() == f"before\n{page.MARKS[0]}\nnew\n{page.MARKS[1]}\nafter\n"


def test_reference_figures_are_of_what_is_run_now() -> None:
    ours = {f"{method}, {cell.sensor}" for method in (runs.OFFLINE, runs.LIVE) for cell in cells.BASE}
    assert {name.partition(": ")[0] for name in headline.kept("drill")} == ours
    assert len(headline.kept("broad")) == 2
