"""A screen of its own for a test: Xvfb, `hiphold` shown on it, keys pressed as a person does, and what is to be seen.

Keys are real ones: xdotool presses them on the X server, and Qt gets them as from a keyboard. There is no window
manager, which would give the focus to the dialog that opened last, so `press` does that first.

What is to be seen is told by `witness`, which runs in the process that is looked at.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from conftest import missing, why_no_qt

LONGEST_S = 120.0
"""for any one thing to come; a machine that is slow or busy is not wrong"""
WITNESS = Path(__file__).with_name("witness.py")


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A screen that nobody else has, as $DISPLAY has it."""
    if why := why_no_qt():
        missing(why)
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            missing(f"no {program} here: `make qt-packages` gets Debian's")
    ours, theirs = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=(theirs,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    try:
        if not select.select([ours], [], [], LONGEST_S)[0] or not (number := os.read(ours, 16).decode().strip()):
            pytest.fail("Xvfb did not start")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()
        os.close(ours)


def environment(folder: Path, **own: str) -> dict[str, str]:
    """For a program that is to leave nothing outside of a folder, and finds no screen but the one it is told."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "NO_COLOR", "COLUMNS", "LINES")
    kept = {name: value for name, value in os.environ.items() if name not in screens}
    runtime = folder / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    places = {"HOME": folder, "XDG_CACHE_HOME": folder / "cache", "XDG_RUNTIME_DIR": runtime}
    settings = {
        "HIPHOLD_CONFIG": str(folder / "preferences.json"),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    return {**kept, **{name: str(place) for name, place in places.items()}, **settings, **own}


class Seen(dict[str, str]):
    """What is shown at one instant: name of each widget that is visible -> its words. Empty for what is not shown."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told["words"])
        self.page: str = told["page"]
        """which page of the window"""
        self.front: str = told["front"]
        """the window or the dialog that takes keys"""
        self.front_id: int = told["front_id"]
        self.focus: str = told["focus"]
        self.recorded_s: float = told["recorded_s"]
        self.ever: dict[str, list[str]] = told["ever"]
        """all words that those of witness.SAMPLED ever had, in order"""
        self.colours: int = told.get("colours", 0)
        """how many there are in the picture that was asked for"""

    def __missing__(self, name: str) -> str:
        return ""


class Shown:
    """One run of `hiphold` on a screen."""

    def __init__(self, display: str, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.environment = environment(folder, DISPLAY=display, QT_QPA_PLATFORM="xcb")
        self._errors = (folder / "stderr.txt").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, str(WITNESS), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=self.environment,
            start_new_session=True,
        )

    @property
    def stderr(self) -> str:
        """All that it said there so far."""
        return Path(self._errors.name).read_text("utf-8", "replace")

    def close(self) -> None:
        """End it, however the test went."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self._errors):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()

    def ask(self, **request: str) -> Seen:
        """Let the witness answer: what is shown, and a picture of it in the file `picture`, if asked for."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
            ready = select.select([self.process.stdout], [], [], LONGEST_S)[0]
            line = self.process.stdout.readline() if ready else b""
        except BrokenPipeError:
            line = b""
        if not line:
            pytest.fail(f"the window does not answer; it said\n{self.stderr}")
        return Seen(json.loads(line))

    def until(self, true: Callable[[Seen], object], what: str) -> Seen:
        """Look until it is so."""
        end_s = time.monotonic() + LONGEST_S
        while not true(seen := self.ask()):
            if time.monotonic() > end_s:
                shown = json.dumps([seen.page, seen.front, seen.focus, seen, seen.ever], indent=1, ensure_ascii=False)
                pytest.fail(f"never came: {what}\n{shown}\n{self.stderr}")
            time.sleep(0.05)
        return seen

    def until_shown(self, name: str, words: str) -> Seen:
        """Look until the widget of this name shows these words."""
        return self.until(lambda seen: words in seen[name], f"{words!r} in {name}")

    def until_ever(self, name: str, words: str) -> Seen:
        """Look until it has shown them, even if it does no longer. name: of witness.SAMPLED."""
        return self.until(lambda seen: any(words in each for each in seen.ever[name]), f"ever {words!r} in {name}")

    def until_page(self, page: str) -> Seen:
        """Look until the window shows this page, and no dialog is before it."""
        return self.until(lambda seen: (seen.page, seen.front) == (page, "window"), f"the page {page}")

    def picture(self, name: str) -> None:
        """Take a picture of what is in front, and see that there is something on it."""
        path = self.folder / f"{name}.png"
        colours = self.ask(picture=str(path)).colours
        assert colours > 40, f"{path} is blank: {colours} colours"

    def press(self, *keys: str) -> None:
        """Press keys, as xdotool calls them, where they go now."""
        self._on_screen("key", "--delay", "40", *keys)

    def write(self, words: str) -> None:
        """Type these."""
        self._on_screen("type", "--delay", "40", words)

    def _on_screen(self, *orders: str) -> None:
        front = str(self.ask().front_id)
        subprocess.run(
            ["xdotool", "windowfocus", "--sync", front, *orders], env=self.environment, check=True, timeout=LONGEST_S
        )

    def wait(self) -> int:
        """For the process to end by itself; its exit code."""
        return self.process.wait(LONGEST_S)


@contextmanager
def shown(display: str, folder: Path, *arguments: str) -> Iterator[Shown]:
    """`hiphold` with these arguments on this screen; ended on the way out."""
    program = Shown(display, folder, *arguments)
    try:
        yield program
    finally:
        program.close()
