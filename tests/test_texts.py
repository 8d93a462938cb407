"""All words of a live session are in one file, all of them are used, and another language needs no other change."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import REPOSITORY
from hiphold.session import texts
from hiphold.session.actions import ACTIONS
from hiphold.session.scene import CUES

SOURCES = REPOSITORY / "host" / "hiphold"
ENGLISH = texts._table("en")
SPOKEN = CUES[5:]


def asked() -> Iterator[tuple[str, str]]:
    """Where in the source a text is asked for, and by which key; what is filled in later is `*`."""
    for path in [
        *(SOURCES / "session").rglob("*.py"),
        *(SOURCES / "view").rglob("*.py"),
        *(SOURCES / "console").rglob("*.py"),
    ]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path.name, node.value
            elif isinstance(node, ast.JoinedStr):
                parts = [str(v.value) if isinstance(v, ast.Constant) else "*" for v in node.values]
                yield path.name, "".join(parts)


def called() -> Iterator[tuple[str, str]]:
    """Only the keys in calls of `text`."""
    for path in [
        *(SOURCES / "session").rglob("*.py"),
        *(SOURCES / "view").rglob("*.py"),
        *(SOURCES / "console").rglob("*.py"),
    ]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("text", "texts.text") and node.args:
                key = node.args[0]
                if isinstance(key, ast.Constant):
                    yield path.name, str(key.value)
                elif isinstance(key, ast.JoinedStr):
                    parts = [str(v.value) if isinstance(v, ast.Constant) else "*" for v in key.values]
                    yield path.name, "".join(parts)


def fits(key: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", r"[\w.]+"), key) is not None


def test_each_key_that_is_asked_for_is_there() -> None:
    missing = [(where, key) for where, key in called() if not any(fits(known, key) for known in ENGLISH)]
    assert missing == []


def test_each_text_is_used() -> None:
    patterns = {pattern for _, pattern in asked() if re.fullmatch(r"[\w.*]+", pattern)}
    stems = {pattern for pattern in patterns if "." in pattern and "*" not in pattern.partition(".")[0]}
    ends = {pattern for pattern in patterns if "." not in pattern}
    unused = [
        key
        for key in ENGLISH
        if not any(fits(key, pattern) for pattern in stems)
        and key.partition(".")[2] not in ends
        and not any(fits(key.partition(".")[2], pattern) for pattern in ends if "*" in pattern and len(pattern) > 3)
    ]
    assert unused == []


def test_every_action_and_spoken_cue_has_its_words() -> None:
    assert {f"action.{action.name}" for action in ACTIONS} <= set(ENGLISH)
    assert {f"spoken.{cue}" for cue in SPOKEN} <= set(ENGLISH)


def test_the_fields_of_a_text_are_names() -> None:
    fields = {key: [name for _, name, _, _ in string.Formatter().parse(words)] for key, words in ENGLISH.items()}
    assert [
        key for key, names in fields.items() if not all(name is None or name.isidentifier() for name in names)
    ] == []


def test_another_language_is_a_file_and_what_it_lacks_is_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "languages"
    folder.mkdir()
    (folder / "en.toml").write_text('[side]\nleft = "left"\nright = "right"\n', "utf-8")
    (folder / "de.toml").write_text('[side]\nleft = "links"\n', "utf-8")
    monkeypatch.setattr(texts, "files", lambda _package: tmp_path)
    texts._table.cache_clear()
    try:
        assert texts.languages() == ["de", "en"]
        texts.speak("de_AT.UTF-8")
        assert (texts.text("side.left"), texts.text("side.right")) == ("links", "right")
        texts.speak("xx")
        assert texts.text("side.left") == "left"
        with pytest.raises(KeyError):
            texts.text("side.up")
    finally:
        texts.speak("en")
        texts._table.cache_clear()
