"""What a person has chosen, kept between sessions in one JSON file at the platform's own place.

Rule 1: nothing in the file is trusted; what is not as it should be has its default, and that is said.
Rule 2: what is not known here was written by a newer version, and is written back as it was.
Rule 3: a file that cannot be read as JSON is kept aside; choices that cannot be saved do not end a session.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import platformdirs

from hiphold.errors import BadInputError
from hiphold.files import told, write
from hiphold.session.scene import AIM_LIMITS
from hiphold.session.texts import text

PLACE = "HIPHOLD_CONFIG"
"""the environment variable that says where the file is instead; a folder, or the file itself"""
FILE = "preferences.json"
MAX_BYTES = 20_000_000
THEMES = ("dark", "light")
VIEWS = ("", "athlete", "coach")
SPANS_S = (10, 30, 60)
SIDES = ("left", "right")
CODE_LENGTH = 24
_DEVICES = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.ASCII | re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z0-9_-]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}")


def is_code(code: object) -> bool:
    """Whether an athlete can be called this: it also names a folder, on every system."""
    return isinstance(code, str) and not why_no_code(code)


def why_no_code(code: str) -> str:
    """Why an athlete cannot be called this, as a sentence; empty when it is a code."""
    if not code:
        return text("preferences.code_empty")
    if len(code) > CODE_LENGTH:
        return text("preferences.code_long", most=CODE_LENGTH)
    if not _CODE.fullmatch(code):
        return text("preferences.code_characters")
    return text("preferences.code_device", code=code) if _DEVICES.fullmatch(code) else ""


def place() -> Path:
    """Where the file is."""
    chosen = os.environ.get(PLACE)
    if not chosen:
        return platformdirs.user_config_path("hiphold", appauthor=False) / FILE
    return Path(chosen) / FILE if Path(chosen).is_dir() else Path(chosen)


def _recordings() -> Path:
    return platformdirs.user_documents_path() / "hiphold"


@dataclass(frozen=True)
class AthleteSettings:
    """What is remembered of one athlete."""

    target_deg: float = 30.0
    band_deg: float = 5.0
    count_s: int = 10
    nodes: tuple[str, ...] = ()
    """addresses of the athlete's own"""
    sides: tuple[str, ...] = ()
    """the legs that wear a sensor, of SIDES; empty when not chosen"""
    others: dict[str, object] = field(default_factory=dict)
    """what a newer version wrote"""


@dataclass
class Preferences:
    """Every choice, with what it is at first. Changed in place, and kept by `save`."""

    theme: str = "dark"
    """of THEMES"""
    scale: float = 1.0
    """size of everything"""
    volume: float = 0.7
    """0 to 1"""
    muted: bool = False
    speech: bool = False
    """spoken cues"""
    view: str = ""
    """of VIEWS; empty: as it suits the number of athletes"""
    span_s: int = 30
    """of SPANS_S: how far back plots go"""
    language: str = "en"
    folder: Path = field(default_factory=_recordings)
    """where recordings go"""
    geometry: str = ""
    """of the window, as the window system gives it, in base64"""
    quick: bool = False
    """quick start"""
    athletes: dict[str, AthleteSettings] = field(default_factory=dict)
    """by code"""
    last_athletes: tuple[str, ...] = ()
    """codes, of the last session"""
    others: dict[str, object] = field(default_factory=dict)
    """what a newer version wrote"""

    def save(self, path: Path | None = None) -> str:
        """Write the file. Returns why it could not be written, as a sentence; empty when it was."""
        path = path or place()
        athletes = {code: _plain(athlete) for code, athlete in self.athletes.items()}
        try:
            content = json.dumps({**_plain(self), "folder": str(self.folder), "athletes": athletes}, indent=1)
            with told(path.parent):
                path.parent.mkdir(parents=True, exist_ok=True)
            write(path, content + "\n")
        except (BadInputError, ValueError, TypeError, RecursionError) as error:
            return text("preferences.not_saved", why=str(error))
        return ""


def _plain(chosen: Preferences | AthleteSettings) -> dict[str, object]:
    """As for JSON; what is not known here does not hide what is."""
    known = {each.name: getattr(chosen, each.name) for each in fields(chosen) if each.name != "others"}
    return {**chosen.others, **known}


def load(path: Path | None = None) -> tuple[Preferences, str]:
    """What was chosen, and a sentence on what was wrong with the file; empty when all is well. Never raises."""
    path = path or place()
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Preferences(), ""
    except (OSError, ValueError) as error:
        return Preferences(), text("preferences.unreadable", path=path, why=getattr(error, "strerror", "") or error)
    tree = _tree(content)
    return _put_aside(path) if tree is None else _chosen(tree)


def _tree(content: bytes) -> dict[str, object] | None:
    """The file as JSON; None when it is damaged."""
    try:
        found = json.loads(content) if len(content) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _put_aside(path: Path) -> tuple[Preferences, str]:
    aside = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(aside)
    except OSError:
        return Preferences(), text("preferences.damaged", path=path)
    return Preferences(), text("preferences.damaged_aside", path=path, aside=aside.name)


def _chosen(tree: dict[str, object]) -> tuple[Preferences, str]:
    values, refused = _checked(tree, _CHECKS)
    sentence = text("preferences.refused", names=", ".join(refused)) if refused else ""
    return Preferences(**values, others=_unknown(tree, _CHECKS)), sentence


Checks = dict[str, tuple[Callable[[Any], bool], Callable[[Any], Any]]]
"""by name: whether what was read can be used, and what makes a value of it"""


def _checked(tree: dict[str, object], checks: Checks) -> tuple[dict[str, Any], list[str]]:
    """What passes, and the names of what does not."""
    there = [name for name in checks if name in tree]
    refused = [name for name in there if not checks[name][0](tree[name])]
    return {name: checks[name][1](tree[name]) for name in there if name not in refused}, refused


def _unknown(tree: dict[str, object], checks: Checks) -> dict[str, object]:
    return {name: value for name, value in tree.items() if name not in checks}


def _is(kind: type) -> Callable[[Any], bool]:
    """Of just this type: true is no number."""
    return lambda value: type(value) is kind


def _within(low: float, high: float, *kinds: type) -> Callable[[Any], bool]:
    """A number in this range, which NaN is not."""
    return lambda value: type(value) in (kinds or (int, float)) and low <= value <= high


def _one_of(choices: tuple[str | int, ...]) -> Callable[[Any], bool]:
    return lambda value: type(value) is type(choices[0]) and value in choices


def _all(check: Callable[[Any], bool], most: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is list and len(value) <= most and all(map(check, value))


def _distinct(values: list[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def _is_address(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 64 and value.isprintable()


def _is_language(value: object) -> bool:
    return isinstance(value, str) and bool(_LANGUAGE.fullmatch(value))


def _is_folder(value: object) -> bool:
    try:
        os.fsencode(value)  # type: ignore[arg-type]
        return isinstance(value, str) and len(value) <= 4096 and "\0" not in value and Path(value).is_absolute()
    except (TypeError, ValueError):
        return False


def _is_base64(value: object) -> bool:
    try:
        return isinstance(value, str) and len(value) <= 20_000 and base64.b64decode(value, validate=True) is not None
    except ValueError:
        return False


def _athletes(tree: dict[str, Any]) -> dict[str, AthleteSettings]:
    """Those that can be; one that cannot does not take the others along."""
    return {code: _athlete(each) for code, each in tree.items() if is_code(code) and isinstance(each, dict)}


def _athlete(tree: dict[str, object]) -> AthleteSettings:
    values, _ = _checked(tree, _ATHLETE_CHECKS)
    return AthleteSettings(**values, others=_unknown(tree, _ATHLETE_CHECKS))


_ATHLETE_CHECKS: Checks = {
    "target_deg": (_within(*AIM_LIMITS["target_deg"]), float),
    "band_deg": (_within(*AIM_LIMITS["band_deg"]), float),
    "count_s": (_within(*AIM_LIMITS["count_s"], int), int),
    "nodes": (_all(_is_address, 12), _distinct),
    "sides": (_all(_one_of(SIDES), 2), _distinct),
}
_CHECKS: Checks = {
    "theme": (_one_of(THEMES), str),
    "scale": (_within(0.5, 3.0), float),
    "volume": (_within(0.0, 1.0), float),
    "muted": (_is(bool), bool),
    "speech": (_is(bool), bool),
    "view": (_one_of(VIEWS), str),
    "span_s": (_one_of(SPANS_S), int),
    "language": (_is_language, str),
    "folder": (_is_folder, Path),
    "geometry": (_is_base64, str),
    "quick": (_is(bool), bool),
    "athletes": (_is(dict), _athletes),
    "last_athletes": (_all(is_code, 16), _distinct),
}
