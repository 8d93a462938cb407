"""Output files: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from hiphold import files
from hiphold.errors import BadInputError


def test_writing_replaces_a_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text("old and longer")
    files.write(path, "new ±")
    assert path.read_text(encoding="utf-8") == "new ±"
    files.write(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.json"
    path.write_text("old")

    def full(*_: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(BadInputError, match="No space left"):
        files.write(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_text_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        files.write(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_something_else_than_a_file_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="not a file"):
        files.write(tmp_path, "new")
    assert tmp_path.is_dir()
