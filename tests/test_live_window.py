"""`hiphold live` as a person has it: whole sessions on a real screen and in a real terminal, by keys only.

A test waits for what is to be seen, never for a time, so that a slow machine is only slower. What comes and goes by
itself, as a notice does, may be gone again when a slow test looks: the witness has seen it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hiphold import recording, timeline
from hiphold.live import measure_causal
from hiphold.measurement import to_json
from hiphold.samples import Settings
from hiphold.session.course import NOTE
from hiphold.session.texts import text
from screen import LONGEST_S, Shown, display, environment, shown
from test_console import Terminal

__all__ = ["display"]  # a fixture
COLUMNS, LINES = 120, 36
SETTLED_S = 2.0
"""which field of a terminal's form takes the keys is not to be seen in its text"""
CODE = "from hiphold.cli import main; main()"


def figures(path: Path, target_deg: float, band_deg: float) -> object:
    """What `hiphold measure --causal --json` makes of a recording, which must be whole."""
    found = recording.read(path)
    assert found.damage == ()
    settings = Settings(causal=True, target_deg=target_deg, band_deg=band_deg)
    return json.loads(to_json(measure_causal(found.frames, settings, found.events, (), found.started_at)))


def test_a_session_by_keys(display: str, tmp_path: Path) -> None:
    faults = ("--fault", "bad_bow", "--fault", "lost_node")
    simulated = ("live", "--simulate", "good", *faults, "--athlete", "A7", "--reps", "6", "--speed", "5")
    with shown(display, tmp_path, *simulated, "--out", str(tmp_path / "kept")) as live:
        see_the_calibration(live)
        see_a_node_lost(live)
        mark_and_aim(live)
        look_around(live)
        end_and_save(live)
        begin_with_the_next(live)
        live.press("ctrl+q")
        assert live.wait() == 0
        told = live.stderr.splitlines()
    kept = tmp_path / "kept" / "A7" / "evening-set.mcap"
    events = [event.label for event in recording.read(kept).events]
    assert events == [f"{NOTE}left knee e"]
    measured = json.loads(kept.with_suffix(".json").read_text("utf-8"))
    assert len(measured["holds"]) >= 3
    assert measured == figures(kept, 27.0, 5.0)
    (next_one,) = (tmp_path / "kept" / "B2").glob("*.mcap")
    assert recording.read(next_one).frames
    assert told == [
        f"B2: 0 repetitions, recorded in {next_one}",
        f"the same figures again: hiphold measure {next_one} --causal --target-deg 30 --band-deg 5",
    ]


def see_the_calibration(live: Shown) -> None:
    """The first bow goes sideways and is refused with a reason; the second one is right."""
    live.until_page("calibration")
    live.until_shown("steps", "done")
    live.picture("1-calibration")
    live.until_ever("advice", "The bow was not straight forward")
    live.picture("2-refused")
    live.until_page("athlete")


def see_a_node_lost(live: Shown) -> None:
    live.until(lambda seen: counted(seen["count"]) > 2, "a hold")
    live.picture("3-hold")
    live.until_ever("results", "repetition 1, right; ")
    live.picture("4-result")
    silent = f"Nothing from the {text('notice.placement_thigh_right')} sensor"
    live.until_ever("notices", silent)
    live.picture("5-lost")
    live.until(lambda seen: silent not in seen["notices"], "the node's return")


def mark_and_aim(live: Shown) -> None:
    live.press("m")
    live.until(lambda seen: seen.focus == "marker_note", "the dialog of markers")
    live.write("left knee e")
    live.until_shown("marker_note", "left knee e")
    live.picture("6-marker")
    live.press("Return")
    live.until_ever("strip", text("window.marked"))
    live.until_page("athlete")
    live.press("t")
    live.until(lambda seen: seen.front == "aims", "the dialog of aims")
    live.write("27")
    live.until_shown("aims_target", "27")
    live.press("Return")
    live.until_ever("strip", text("window.aims", target="27", band="5", count=10))
    live.until_shown("dial", text("athlete_view.target", low="+22°", high="+32°"))


def look_around(live: Shown) -> None:
    """Every key of the window, and three repetitions meanwhile."""
    live.press("c")
    live.until_page("coach")
    said = ("paused", "p"), ("resumed", "p"), ("theme_light", "d"), ("theme_dark", "d")
    for key, pressed in said:
        live.press(pressed)
        live.until_ever("strip", text(f"window.{key}"))
    live.press("w")
    live.until_ever("strip", text("window.span", seconds=60))
    live.picture("7-coach")
    live.press("ctrl+plus")
    live.until_ever("strip", text("window.scale", percent=110))
    live.press("d")
    live.until(lambda seen: seen.ever["strip"][-1].endswith(text("window.theme_light")), "light")
    live.press("h")
    live.until(lambda seen: "keys_overlay" in seen, "all keys")
    live.picture("8-keys")
    live.press("Escape")
    live.until(lambda seen: "keys_overlay" not in seen, "all keys closed")
    live.press("a")
    live.until_page("athlete")
    live.until(lambda seen: repetitions(seen["results"]) >= 3, "three repetitions")
    live.picture("9-light")


def end_and_save(live: Shown) -> None:
    live.press("e")
    seen = live.until_page("summary")
    assert seen["reps"].count("✓") >= 3
    for _ in range(20):
        if live.ask().focus == "session_name":
            break
        live.press("Tab")
    live.write("evening set")
    live.until_shown("session_name", "evening set")
    live.picture("10-summary")
    live.press("Return")
    seen = live.until_shown("saved", text("summary_view.saved"))
    assert seen["path"].endswith("kept/A7/evening-set.mcap")
    live.picture("11-saved")


def begin_with_the_next(live: Shown) -> None:
    live.press("n")
    live.until(lambda seen: seen.focus == "next_code", "the question who comes next")
    live.write("B2")
    live.until_shown("next_code", "B2")
    live.press("Return")
    live.until_page("calibration")
    live.until_shown("athlete", "B2")


def test_a_window_killed_in_a_hold_loses_at_most_a_second(display: str, tmp_path: Path) -> None:
    simulated = ("live", "--simulate", "good", "--athlete", "A7", "--speed", "8", "--out", str(tmp_path / "kept"))
    with shown(display, tmp_path, *simulated) as live:
        live.until(
            lambda seen: seen.page == "athlete" and "; " in seen["count"] and counted(seen["count"]) > 2, "a hold"
        )
        seen = live.ask(die="now")
        assert live.wait() == -signal.SIGKILL
    (path,) = (tmp_path / "kept").rglob("*.mcap")
    frames = recording.read(path).frames
    kept_s = 1e-9 * (frames[-1].arrival_ns - frames[0].arrival_ns)
    assert seen.recorded_s > 20.0
    assert kept_s > seen.recorded_s - 1.0
    for data in timeline.assemble(frames):
        assert len(data.block) > 0
    found = subprocess.run(
        [sys.executable, "-c", CODE, "measure", str(path), "--causal"],
        capture_output=True, text=True, check=False, env=environment(tmp_path),
    )  # fmt: skip
    assert (found.returncode, "Traceback" in found.stderr) == (0, False)


def repetitions(words: str) -> int:
    """How many there have been."""
    found = re.search(text("athlete_view.rep_count", count=r"(\d+)"), words)
    return int(found[1]) if found else 0


def counted(words: str) -> int:
    """The whole seconds of a hold that runs."""
    running = text("athlete_view.held", held="").strip() in words
    return int(words.partition(": ")[2].partition(";")[0]) if running else 0


def run(tmp_path: Path, *arguments: str, **own: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CODE, *arguments], capture_output=True, text=True, check=False, timeout=120,
        env=environment(tmp_path, **own),
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
def test_without_a_screen_it_says_so(tmp_path: Path) -> None:
    found = run(tmp_path, "live", "--simulate")
    assert found.returncode == 1
    assert found.stderr.strip().endswith(
        "There is no screen here that a window could open on; add --terminal to have the session in this terminal."
    )
    assert not list(tmp_path.rglob("*.mcap"))


def test_without_qt_it_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "PySide6.py").write_text("raise ImportError('no such library')\n", "utf-8")
    first = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    found = run(tmp_path, "live", "--simulate", PYTHONPATH=first, DISPLAY=":99")
    assert found.returncode == 1
    assert 'pip install "hiphold[gui]" brings them' in found.stderr.replace("`", "")
    assert "Traceback" not in found.stderr


def test_a_session_in_a_terminal_by_keys(tmp_path: Path) -> None:
    simulated = (
        "--simulate",
        "good",
        "--athlete",
        "A7",
        "--reps",
        "1",
        "--speed",
        "8",
        "--out",
        str(tmp_path / "kept"),
    )
    with in_terminal(tmp_path, "live", "--terminal", *simulated) as (seen, child):
        see(seen, text("terminal.steps"))
        seen.press("m")
        see(seen, "Marker at")
        seen.read(SETTLED_S)
        seen.press("left knee e\r")
        see(seen, text("terminal.keys_session"))
        see(seen, "✓ full")
        see(seen, text("terminal.summary", athlete="A7"))
        seen.press("\r")
        see(seen, text("terminal.save_title"))
        seen.read(SETTLED_S)
        seen.press("\t")
        seen.read(SETTLED_S)
        seen.press("morning set")
        see(seen, "morning set")
        seen.press("\r")
        see(seen, "morning-set.mcap")
        seen.press("\x11")  # Ctrl+Q
        kept = tmp_path / "kept" / "A7" / "morning-set.mcap"
        see(seen, "A7: 2 repetitions, recorded in")
        assert child.wait(LONGEST_S) == 0
    assert [event.label for event in recording.read(kept).events] == [f"{NOTE}left knee e"]
    measured = json.loads(kept.with_suffix(".json").read_text("utf-8"))
    assert [hold["side"] for hold in measured["holds"]] == ["right", "left"]
    assert measured == figures(kept, 30.0, 5.0)


def see(seen: Terminal, words: str) -> None:
    assert seen.read(LONGEST_S, words), f"{words!r} is not in\n" + "\n".join(seen.lines)


@contextmanager
def in_terminal(folder: Path, *arguments: str) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    """`hiphold` in a pseudo-terminal; ended on the way out."""
    pty, fcntl, termios = (pytest.importorskip(each) for each in ("pty", "fcntl", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    child = subprocess.Popen(
        [sys.executable, "-c", CODE, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env=environment(folder, TERM="xterm-256color", PYTHONIOENCODING="utf-8"),
    )  # fmt: skip
    os.close(theirs)
    try:
        yield Terminal(ours, COLUMNS, LINES), child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        os.close(ours)
