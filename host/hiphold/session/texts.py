"""Every word that a live session shows or speaks, from one file per language in `languages/`.

`text("ready.prompt", side="right")` looks up a key and fills in its fields. A translation is a copy of `en.toml` with
the same keys; what it lacks is shown in English.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

_state = {"language": "en"}


def languages() -> list[str]:
    """The languages there are."""
    return sorted(each.name.removesuffix(".toml") for each in files(__package__).joinpath("languages").iterdir())


def speak(language: str) -> None:
    """Use this language from now on; English when there is no such file."""
    short = language.replace("-", "_").partition("_")[0].lower()
    _state["language"] = short if short in languages() else "en"


def text(key: str, **fields: object) -> str:
    """The text of a key, with its fields filled in. Raises KeyError for a key that English does not have."""
    own = _table(_state["language"])
    return (own.get(key) or _table("en")[key]).format(**fields)


@cache
def _table(language: str) -> dict[str, str]:
    """All texts of a language by dotted key."""
    tree = tomllib.loads(files(__package__).joinpath("languages", f"{language}.toml").read_text("utf-8"))
    return dict(_flat("", tree))


def _flat(stem: str, tree: dict[str, object]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in tree.items():
        found += _flat(f"{stem}{name}.", value) if isinstance(value, dict) else [(stem + name, str(value))]
    return found
