"""What a person has chosen: kept, read without trust, and never in the way."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import fields
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiphold.session import preferences
from hiphold.session.preferences import AthleteSettings, Preferences, load

CHOSEN = Preferences(
    theme="light",
    scale=1.6,
    volume=0.25,
    muted=True,
    speech=True,
    view="coach",
    span_s=60,
    language="de-CH",
    folder=Path("/somewhere/else").absolute(),
    geometry="AdnQywADAAA=",
    quick=True,
    athletes={
        "anna-1": AthleteSettings(35.0, 4.0, 12, ("C8:2B:96:00:00:01", "C8:2B:96:00:00:02"), ("right",)),
        "B": AthleteSettings(),
    },
    last_athletes=("anna-1", "B"),
)
FIRST = Preferences()
BAD: dict[str, list[object]] = {
    "theme": ["blue", 1, None, [], {}, ""],
    "scale": ["1", 0, 100, True, float("nan"), None],
    "volume": ["loud", 1e9, -0.1, True, float("nan"), float("inf"), 10**400, []],
    "muted": [1, "yes", None],
    "speech": [0, [], "true"],
    "view": ["judge", None, 0],
    "span_s": [20, "30", 30.0, True, 1e300],
    "language": ["", "../de", "english language", 7, "de\n"],
    "folder": ["", "not/absolute", 5, "/nul\0", "/lone\ud800", "/" + "x" * 5000, None],
    "geometry": ["?", 1, "A" * 30_000, "\u00e9"],
    "quick": ["no", 1],
    "athletes": [[], "anna", 3],
    "last_athletes": ["anna", ["con"], [1], ["a"] * 40, [["a"]]],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "preferences.json"


def written(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def test_all_is_kept(path: Path) -> None:
    assert CHOSEN.save(path) == ""
    assert load(path) == (CHOSEN, "")
    assert all(getattr(CHOSEN, each.name) != getattr(FIRST, each.name) for each in fields(FIRST)[:-1])


def test_nothing_chosen_yet(path: Path) -> None:
    assert load(path) == (FIRST, "")
    assert FIRST.folder == platformdirs.user_documents_path() / "hiphold"
    assert not path.exists()


def test_the_place_is_the_platforms_or_as_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HIPHOLD_CONFIG", raising=False)
    assert preferences.place().parent == platformdirs.user_config_path("hiphold", appauthor=False)
    monkeypatch.setenv("HIPHOLD_CONFIG", str(tmp_path / "mine.json"))
    assert CHOSEN.save() == ""
    assert json.loads((tmp_path / "mine.json").read_text())["theme"] == "light"
    assert load() == (CHOSEN, "")
    monkeypatch.setenv("HIPHOLD_CONFIG", str(tmp_path))
    assert preferences.place() == tmp_path / "preferences.json"


def test_what_a_newer_version_wrote_is_kept(path: Path) -> None:
    CHOSEN.save(path)
    tree = json.loads(path.read_text())
    newer = {**tree, "aroma": {"of": ["pine", None, "\ud800"]}, "others": 5}
    newer["athletes"]["B"]["height_m"] = 1.75
    found, sentence = load(written(path, newer))
    assert sentence == ""
    found.theme = "dark"
    assert found.save(path) == ""
    assert json.loads(path.read_text()) == {**newer, "theme": "dark"}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_what_cannot_be_is_as_at_first_and_said(path: Path, name: str, value: object) -> None:
    CHOSEN.save(path)
    tree = json.loads(path.read_text())
    found, sentence = load(written(path, {**tree, name: value}))
    assert getattr(found, name) == getattr(FIRST, name)
    assert name in sentence
    assert all(getattr(found, each.name) == getattr(CHOSEN, each.name) for each in fields(found) if each.name != name)


def test_every_setting_is_tried() -> None:
    assert set(BAD) == {each.name for each in fields(Preferences)} - {"others"}


def test_an_athlete_that_cannot_be_leaves_the_others(path: Path) -> None:
    wrong = {"target_deg": 200, "band_deg": 0, "count_s": 10.5, "nodes": ["x" * 99], "sides": ["middle"]}
    right = {"target_deg": -15, "count_s": 20, "sides": ["left", "left"], "nodes": ["a", "b"]}
    athletes = {"lpt1": right, "a b": right, "c": 5, "d": wrong, "e": right}
    found, sentence = load(written(path, {"athletes": athletes}))
    assert sentence == ""
    assert found.athletes == {"d": AthleteSettings(), "e": AthleteSettings(-15.0, 5.0, 20, ("a", "b"), ("left",))}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"a": ' * 100_000, b"[" * 100_000, b"9" * 9999])
def test_a_damaged_file_is_kept_aside(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    found, sentence = load(path)
    assert found == FIRST
    assert "preferences.json.damaged" in sentence
    assert path.with_name("preferences.json.damaged").read_bytes() == content
    assert not path.exists()
    assert found.save(path) == ""
    assert load(path) == (FIRST, "")


def test_a_file_that_is_far_too_large_is_damaged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CHOSEN.save(path)
    monkeypatch.setattr(preferences, "MAX_BYTES", path.stat().st_size - 1)
    assert "damaged" in load(path)[1]


def test_a_folder_in_its_place_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    found, sentence = load(path)
    assert found == FIRST
    assert "cannot be read" in sentence
    assert "is not a file" in found.save(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read and write everything")
def test_a_file_that_may_not_be_read_is_told_and_stays(path: Path) -> None:
    CHOSEN.save(path)
    path.chmod(0)
    assert "cannot be read" in load(path)[1]
    assert path.exists()


def test_what_cannot_be_saved_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sentence = CHOSEN.save(tmp_path / "file" / "preferences.json")
    assert "not kept" in sentence
    assert str(tmp_path / "file") in sentence
    strange = Preferences(others={"thing": object()})
    assert "not kept" in strange.save(tmp_path / "other.json")
    assert not (tmp_path / "other.json").exists()


def test_the_former_file_stays_when_saving_fails(path: Path) -> None:
    CHOSEN.save(path)
    deep: dict[str, object] = {}
    for _ in range(sys.getrecursionlimit() * 2):
        deep = {"deep": deep}
    assert "not kept" in Preferences(others={"all": deep}).save(path)
    assert load(path) == (CHOSEN, "")


@given(st.binary(max_size=200))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.json"
    path.write_bytes(content)
    found, sentence = load(path)
    assert found == FIRST
    assert sentence or content.strip() == b"{}"
    path.with_name("bytes.json.damaged").unlink(missing_ok=True)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
SETTINGS = st.sampled_from([*BAD, *(each.name for each in fields(AthleteSettings))]) | st.text(max_size=5)
VALUES = LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(SETTINGS, LEAVES, max_size=3)
ATHLETES = st.fixed_dictionaries({}, optional={"athletes": st.dictionaries(st.just("a"), VALUES, max_size=2)})


@given(st.dictionaries(SETTINGS, VALUES, max_size=6), ATHLETES)
def test_no_settings_raise_and_what_was_read_can_be_kept(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, object], athletes: dict[str, object]
) -> None:
    path = tmp_path_factory.getbasetemp() / "tree.json"
    path.write_text(json.dumps(tree | athletes))
    found, _ = load(path)
    assert found.save(path) == ""
    again, sentence = load(path)
    assert sentence == ""
    assert repr(again) == repr(found)


@pytest.mark.parametrize("code", ["a", "Anna-2", "x_y", "0", "a" * 24, "console", "com", "com10", "-"])
def test_a_code(code: str) -> None:
    assert preferences.is_code(code)
    assert preferences.why_no_code(code) == ""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "Give the athlete a code"),
        ("a" * 25, "at most 24"),
        ("a b", "only the letters"),
        ("../x", "only the letters"),
        ("Jürg", "only the letters"),
        ("a\n", "only the letters"),
        ("٣", "only the letters"),
        ("con", "Windows"),
        ("NUL", "Windows"),
        ("Com1", "Windows"),
    ],
)
def test_no_code(code: str, said: str) -> None:
    assert not preferences.is_code(code)
    assert said in preferences.why_no_code(code)
