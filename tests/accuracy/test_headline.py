"""No headline figure gets worse unseen: a few athletes of each sensor class and BROAD, against what they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from table import headline
from table.data import Data
from table.headline import Change

pytestmark = pytest.mark.accuracy


def judge(kept: headline.Figures, found: headline.Figures) -> None:
    changes = headline.changes(kept, found)
    print(*changes, f"if this is meant to be: {headline.RENEW}", sep="\n")
    assert changes
    worse = [str(change) for change in changes if change.is_worse]
    assert not worse, "\n".join([*worse, f"if this is meant to be: {headline.RENEW}"])


def test_simulated_drill() -> None:
    judge(headline.kept("drill"), headline.drill())


def test_broad(data: Path) -> None:
    found = headline.broad(Data(data, (), ()))
    if not found:
        pytest.skip("not all six trials of BROAD are here")
    judge(headline.kept("broad"), found)


@pytest.mark.parametrize(
    ("name", "old", "new", "is_worse"),
    [
        ("a: hip_rotation", 1.0, 1.09, False),
        ("a: hip_rotation", 1.0, 1.11, True),
        ("a: pelvis_tilt", 0.05, 0.065, False),
        ("a: hold_time", 0.010, 0.013, True),
        ("a: holds missed", 0.0, 1.0, True),
        ("a: hip_rotation", 1.0, float("nan"), True),
        ("a: hip_rotation", 1.0, 0.5, False),
    ],
)
def test_what_counts_as_worse(name: str, old: float, new: float, is_worse: bool) -> None:
    assert Change(name, old, new).is_worse is is_worse


def test_a_figure_that_is_gone_is_worse() -> None:
    (change,) = headline.changes({"a: hip_rotation": 1.0}, {})
    assert change.is_worse
