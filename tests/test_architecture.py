"""The shape of the package: imports point down, each heavy library has one door, names and docstrings are there.

The rules work on source text, so that the last tests here can show that each of them fails when it should.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from conftest import REPOSITORY

PACKAGE = REPOSITORY / "host" / "hiphold"

# From the bottom up. A trailing * stands for every module of a package.
LAYERS = (
    ("__init__",),
    ("wire", "errors", "files"),
    ("samples",),
    ("quaternion",),
    (
        "orientation",
        "clock",
        "stillness",
        "gravity",
        "joint_centres",
        "posture",
        "bone",
        "drill",
        "recording",
    ),
    ("alignment",),
    ("metrics",),
    ("measurement",),
    ("simulation.*", "receive.__init__", "receive.spans", "receive.resend", "setup.__init__", "setup.six_positions"),
    ("receive.arrivals",),
    ("unpack",),
    ("timeline",),
    ("receive.dialogue",),
    ("receive.carrier",),
    ("sources.*", "formats.*"),
    ("receive.capture",),
    ("setup.node", "setup.board", "setup.doctor"),
    ("setup.accelerometer", "setup.install"),
    ("pelvis", "ritual"),
    ("hip", "slips", "kept", "shank"),
    ("angles",),
    ("mounting",),
    ("crooked", "beside"),
    ("calibrate",),
    ("stability", "segments"),
    ("reasons",),
    ("describe", "lower_leg"),
    ("measure", "report"),
    ("worn", "shown"),
    ("known", "standing"),
    ("live",),
    ("session.__init__", "session.scene", "session.actions", "session.texts", "session.tones", "session.sleep"),
    ("session.body", "session.guide", "session.repetition", "session.notices", "session.preferences"),
    ("session.archive", "session.course", "session.senders"),
    ("session.plan", "session.record"),
    ("session.feeds", "session.nodes", "session.lane"),
    ("session.search",),
    ("session.engine",),
    ("session.worker",),
    ("terminal", "demo", "arguments", "view.*", "console.*"),
    ("cli_capture", "cli_node", "cli_live"),
    ("cli",),
)
STRANGERS = ("sources", "formats")
"""packages whose modules do not know each other"""
SHARED = ("formats.cells", "formats.imported")
"""what the modules of a package of strangers may share"""
DOORS = {
    "vqf": "orientation",
    "ahrs": "orientation",
    "mcap": "recording",
    "matplotlib": "report",
    "bleak": "sources.ble",
    "serial": "sources.usb",
    "mpremote": "setup.board",
    "sqlalchemy": "store",
    "PySide6": "view.*",
    "pyqtgraph": "view.*",
    "textual": "console.*",
}
"""library -> the only module that may import it"""
EMPTY_NAMES = ("utils", "helpers", "manager", "core", "common", "base")
HEAVY = (
    *("numpy", "scipy", "vqf", "ahrs", "mcap", "zstandard", "matplotlib", "rich", "bleak", "serial", "sqlalchemy"),
    *("PySide6", "pyqtgraph", "textual", "platformdirs"),
)

Sources = dict[str, str]
"""module without the leading `hiphold.` -> source text; a package is `name.__init__`, the root `__init__`"""


def package_sources() -> Sources:
    files = sorted(PACKAGE.rglob("*.py"))
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text("utf-8") for path in files}


def matches(module: str, pattern: str) -> bool:
    return module == pattern or (pattern.endswith(".*") and module.startswith(pattern[:-1]))


def layer(module: str) -> int | None:
    return next((k for k, names in enumerate(LAYERS) if any(matches(module, name) for name in names)), None)


def imported(module: str, tree: ast.AST) -> Iterator[str]:
    """Full dotted names of all that a module imports, wherever in it, with what is taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ["hiphold", *module.split(".")][: -node.level] if node.level else []
            stem = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{stem}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield f"?{ast.unparse(node)}"


def inside(name: str, sources: Sources) -> str | None:
    """The module of ours that an imported name is, or lies in; None for another library."""
    parts = name.split(".")
    if parts[0] != "hiphold":
        return None
    for end in range(len(parts), 0, -1):
        stem = ".".join(parts[1:end])
        for candidate in (stem, f"{stem}.__init__" if stem else "__init__"):
            if candidate in sources:
                return candidate
    return None


def graph(sources: Sources) -> dict[str, set[str]]:
    found = {}
    for module, text in sources.items():
        names = imported(module, ast.parse(text))
        found[module] = {ours for name in names if (ours := inside(name, sources)) and ours != module}
    return found


def wrong_directions(sources: Sources) -> Iterator[str]:
    for module, targets in graph(sources).items():
        mine = layer(module)
        if mine is None:
            yield f"{module} has no layer: say in LAYERS where it belongs"
            continue
        for target in sorted(targets):
            theirs = layer(target)
            if theirs is not None and theirs > mine:
                yield f"{module} imports {target}, which is above it"
            package = module.split(".")[0]
            strange = package in STRANGERS and target.startswith(f"{package}.") and target not in SHARED
            if strange and not target.endswith("__init__"):
                yield f"{module} imports its sibling {target}"


def second_doors(sources: Sources) -> Iterator[str]:
    for module, text in sources.items():
        for name in imported(module, ast.parse(text)):
            if name.startswith("?"):
                yield f"{module} imports by name: {name[1:]}"
            library = name.split(".")[0]
            if library in DOORS and not matches(module, DOORS[library]):
                yield f"{module} imports {library}, which only {DOORS[library]} may"


def cycles(sources: Sources) -> Iterator[str]:
    """Modules that nothing can be taken away from: what is left after all leaves are gone goes in circles."""
    left = graph(sources)
    while leaves := {module for module, targets in left.items() if not targets}:
        left = {module: targets - leaves for module, targets in left.items() if module not in leaves}
    if left:
        yield f"imports go in circles among {', '.join(sorted(left))}"


def empty_names(sources: Sources) -> Iterator[str]:
    for module in sources:
        yield from (f"{module} says nothing by its name" for part in module.split(".") if part in EMPTY_NAMES)


def undocumented(sources: Sources) -> Iterator[str]:
    for module, text in sources.items():
        tree = ast.parse(text)
        if not ast.get_docstring(tree):
            yield f"{module} does not say what lives in it"
        yield from (f"{module}.{name} has no docstring" for name in _silent(tree.body, ""))


def _silent(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            if not ast.get_docstring(node):
                yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from _silent(node.body, f"{prefix}{node.name}.")


def test_imports_point_down() -> None:
    assert list(wrong_directions(package_sources())) == []


def test_heavy_libraries_have_one_door() -> None:
    assert list(second_doors(package_sources())) == []


def test_imports_go_in_no_circle() -> None:
    assert list(cycles(package_sources())) == []


def test_names_say_something() -> None:
    assert list(empty_names(package_sources())) == []


def test_all_that_is_public_is_documented() -> None:
    assert list(undocumented(package_sources())) == []


def test_the_walk_sees_the_package() -> None:
    edges = graph(package_sources())
    assert {"measure", "live"} <= edges["cli"]  # inside functions
    assert "recording" in edges["cli"]  # for the type checker only
    assert "__init__" in edges["cli"]  # the version
    assert "simulation.truth" in edges["sources.simulate"]
    assert edges["wire"] == set()


@pytest.mark.parametrize("module", ["hiphold", "hiphold.cli"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    names = ", ".join(map(repr, HEAVY))
    code = f"import sys, {module}; print(sorted({{{names}}} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


UP = "which is above it"


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ({"wire": "import hiphold.errors", "errors": "", "samples": ""}, None),
        ({"wire": "from hiphold.samples import Frame", "samples": ""}, f"wire imports samples, {UP}"),
        ({"wire": "from hiphold import samples", "samples": "", "__init__": ""}, f"wire imports samples, {UP}"),
        ({"wire": "import hiphold.samples as s", "samples": ""}, f"wire imports samples, {UP}"),
        ({"wire": "from .samples import Frame", "samples": ""}, f"wire imports samples, {UP}"),
        ({"wire": "from . import samples", "samples": ""}, f"wire imports samples, {UP}"),
        ({"wire": "def f():\n    import hiphold.cli", "cli": ""}, f"wire imports cli, {UP}"),
        ({"wire": "if 0:\n    from hiphold import cli", "cli": ""}, f"wire imports cli, {UP}"),
        ({"drill": "from hiphold.measure import WORN", "measure": ""}, f"drill imports measure, {UP}"),
        ({"__init__": "from hiphold.wire import VERSION", "wire": ""}, f"__init__ imports wire, {UP}"),
        ({"simulation.body": "from ..sources import replay", "sources.replay": ""}, "imports sources.replay"),
        ({"recording": "from hiphold.formats import ximu3", "formats.ximu3": ""}, "imports formats.ximu3"),
        ({"report": "from hiphold.live import Live", "live": ""}, f"report imports live, {UP}"),
        ({"sources.ble": "from hiphold.sources import usb", "sources.usb": ""}, "its sibling sources.usb"),
        ({"sources.ble": "from .usb import take", "sources.usb": ""}, "its sibling sources.usb"),
        ({"formats.bids": "from .ximu3 import read", "formats.ximu3": ""}, "its sibling formats.ximu3"),
        ({"formats.bids": "from .cells import Table", "formats.cells": ""}, None),
        ({"gadgets": ""}, "gadgets has no layer"),
        ({"formats.x.y": "from ...cli import main", "cli": ""}, "imports cli"),
    ],
)
def test_a_wrong_direction_is_found(sources: Sources, said: str | None) -> None:
    found = list(wrong_directions(sources))
    assert (found == []) if said is None else [said in line for line in found] == [True]


@pytest.mark.parametrize("library", sorted(DOORS))
@pytest.mark.parametrize(
    "text", ["import {}", "import {}.a as b", "from {} import a", "def f():\n    from {}.a import b"]
)
def test_a_second_door_is_found(library: str, text: str) -> None:
    source = text.format(library)
    owner = DOORS[library].replace("*", "window")
    assert list(second_doors({owner: source, "wire": "", "clock": "from hiphold import vqf"})) == []
    found = list(second_doors({owner: source, "measure": source}))
    assert found == [f"measure imports {library}, which only {DOORS[library]} may"]


@pytest.mark.parametrize("text", ["import importlib\nimportlib.import_module('vqf')", "__import__('vqf')"])
def test_a_hidden_door_is_found(text: str) -> None:
    assert len(list(second_doors({"orientation": text}))) == 1


def test_a_circle_is_found() -> None:
    straight = {"clock": "", "drill": "from hiphold import clock", "metrics": "from hiphold.drill import Bout"}
    assert list(cycles(straight)) == []
    bent = straight | {"clock": "def f():\n    from hiphold import metrics"}
    assert list(cycles(bent)) == ["imports go in circles among clock, drill, metrics"]
    assert list(cycles({"clock": "from hiphold.clock import Clock"})) == []


def test_an_empty_name_is_found() -> None:
    assert list(empty_names({"utils": "", "formats.helpers": "", "core.cli": "", "encore": ""})) == [
        "utils says nothing by its name",
        "formats.helpers says nothing by its name",
        "core.cli says nothing by its name",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "wire does not say what lives in it"),
        ('"""A."""\ndef f(): ...', "wire.f has no docstring"),
        ('"""A."""\nasync def f(): ...', "wire.f has no docstring"),
        ('"""A."""\nclass C: ...', "wire.C has no docstring"),
        ('"""A."""\nclass C:\n    """C."""\n    def f(self): ...', "wire.C.f has no docstring"),
        ('"""A."""\nclass _C:\n    def f(self): ...\ndef _g(): ...', None),
        ('"""A."""\ndef f():\n    """F."""\n    def g(): ...', None),
    ],
)
def test_silence_is_found(text: str, said: str | None) -> None:
    assert list(undocumented({"wire": text})) == ([] if said is None else [said])
