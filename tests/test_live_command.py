"""The command `live` from outside: what it refuses, and that no end of a terminal loses a recording."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from hiphold import cli_live, recording
from hiphold.cli import main
from hiphold.formats import interchange
from made_sessions import session

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals and signals of Unix")
ENDS_S = 30.0


class Terminal:
    """`hiphold live --terminal` in a terminal of its own."""

    def __init__(self, out: Path) -> None:
        import pty

        self._mine, theirs = pty.openpty()
        command = [
            "-c",
            "from hiphold.cli import main; main()",
            "live",
            "--terminal",
            "--simulate",
            "good",
            "--speed",
            "4",
            "--out",
            str(out),
        ]
        environment = os.environ | {"TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        self._out = out

    def until_recorded(self) -> Path:
        """Wait until there is something in the recording."""
        end_s = time.monotonic() + ENDS_S
        while time.monotonic() < end_s:
            if select.select([self._mine], [], [], 0.1)[0]:
                os.read(self._mine, 1 << 16)
            for path in self._out.glob("*/*.mcap"):
                if path.stat().st_size > 60_000:
                    return path
        raise AssertionError("nothing was recorded")

    def hang_up(self) -> None:
        """As a connection that breaks."""
        os.close(self._mine)


def test_a_terminal_that_goes_away_ends_the_session_and_keeps_all(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    try:
        path = terminal.until_recorded()
        terminal.hang_up()
        assert terminal.process.wait(ENDS_S) in (1, -signal.SIGHUP)
    finally:
        terminal.process.kill()
        terminal.process.wait()
    found = recording.read(path)
    assert len(found.frames) > 100
    assert found.damage == ()  # it was closed


@pytest.mark.parametrize("way", ["simulate", "replay"])
def test_a_window_that_is_told_to_end_keeps_all_and_says_where(tmp_path: Path, way: str) -> None:
    made = tmp_path / "made.csv"
    made.write_text(session())
    frames, events = interchange.read(made)
    recording.write(tmp_path / "made.mcap", frames, events)
    source = ["--simulate"] if way == "simulate" else ["--replay", str(tmp_path / "made.mcap")]
    command = [sys.executable, "-c", "from hiphold.cli import main; main()", "live", *source, "--out", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    began_s = time.monotonic()
    while time.monotonic() < began_s + ENDS_S and not under_way(tmp_path, way, began_s):
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=ENDS_S)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    if way == "simulate":
        (path,) = tmp_path.glob("good/*.mcap")
        assert recording.read(path).damage == ()
        assert str(path) in said


def under_way(folder: Path, way: str, began_s: float) -> bool:
    """Whether something is in the file, or, where nothing is kept, some seconds have passed."""
    if way == "replay":
        return time.monotonic() - began_s > 8.0
    return any(path.stat().st_size > 30_000 for path in folder.glob("good/*.mcap"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--simulate", "lazy"], "'lazy' is no simulated athlete"),
        (["--simulate", "good,good,good,good,good"], "at most four"),
        (["--simulate", "good", "--node", "x"], "Choose one of"),
        (["--athlete", "a b"], "letters"),
        (["--simulate", "good", "--fault", "thunder"], "thunder"),
        (["--target-deg", "nan"], "not a finite number"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_begins(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["live", *arguments])
    assert result.exit_code == 2
    assert said in result.output


def test_without_a_terminal_there_is_no_session_in_one() -> None:
    result = CliRunner().invoke(main, ["live", "--terminal", "--simulate", "good"])
    assert result.exit_code == 1
    assert "needs a terminal" in result.output


def test_a_screen_is_known_by_what_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert not cli_live.has_screen({})
    assert cli_live.has_screen({"DISPLAY": ":0"})
    assert cli_live.has_screen({"WAYLAND_DISPLAY": "wayland-0"})
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cli_live.has_screen({})


def test_how_a_thigh_stood_is_one_athletes_own() -> None:
    refused = CliRunner().invoke(main, ["live", "--standing-elevation", "right=-94", "--terminal"])
    assert refused.exit_code == 2
    assert "--athlete CODE" in refused.stderr
