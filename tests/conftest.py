"""What all tests share: the recorded data, the long versions, and the table of figures at the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# machines differ: what is too slow here is not wrong
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

REPOSITORY = Path(__file__).resolve().parent.parent
FIGURES = pytest.StashKey[list[tuple[str, str, str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="judge accuracy on all seeds, as `make accuracy` does")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash[FIGURES]
    if figures:
        terminalreporter.section("figures against truth")
        width = max(len(name) for name, _, _ in figures)
        for name, value, aim in figures:
            terminalreporter.write_line(f"{name:<{width}}  {value:<22}  {aim}")


@pytest.fixture(scope="session")
def data() -> Path:
    """Recorded data: $HIPHOLD_DATA, or ../shared/data beside the repository. Tests skip where there is none."""
    folder = Path(os.environ.get("HIPHOLD_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(
            "recorded data not present; set HIPHOLD_DATA to the folder that holds broad/, ximu3_lower_body/, ..."
        )
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
