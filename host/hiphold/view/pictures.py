"""Pictures of the live session for the documentation: python -m hiphold.view.pictures FOLDER [NAME ...]

The real window, and the real terminal, show real sessions of simulated athletes, drawn from fixed seeds, without a
screen. A picture is taken when what it is about has come, never after a time; the session stands still meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEventLoop
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from hiphold.arguments import say
from hiphold.errors import HipholdError
from hiphold.session import preferences
from hiphold.session.plan import SIMULATED, Plan
from hiphold.session.preferences import Preferences
from hiphold.session.scene import (
    CALIBRATING,
    HOLDING,
    READY,
    Command,
    Finding,
    Heard,
    Message,
    Scene,
    Summary,
    Update,
)
from hiphold.session.texts import text
from hiphold.session.worker import Worker
from hiphold.view.window import Window

SPEED = 10.0
PAINTED_MS = 400
"""for so long it is painted before the picture is taken: more than once"""
LONGEST_MS = 300_000
BEST_COMPRESSION = 0
HOME = "/home/coach/hiphold"
"""where recordings seem to be, so that a picture does not tell whose computer made it"""

FONTS = re.compile(r"@font-face \{[^}]*\}\s*")
"""in an SVG, fonts that would be fetched from elsewhere"""

Scenes = dict[int, Scene]
"""the latest by lane"""


@dataclass(frozen=True)
class Picture:
    """What is on one picture, and when it is taken."""

    when: Callable[[Scenes], bool]
    kinds: tuple[str, ...] = ("good",)
    athletes: tuple[str, ...] = ("A7",)
    size: tuple[int, int] = (1280, 800)
    chosen: Preferences = field(default_factory=Preferences)
    ends: bool = False
    """the session is ended then, and its end is on the picture"""
    faults: tuple[str, ...] = ()
    seed: int = 1
    findings: tuple[Finding, ...] = ()
    """shown instead of a session"""

    def plan(self) -> Plan:
        """The session that leads there."""
        told = {"kinds": self.kinds, "athletes": self.athletes, "faults": self.faults, "seed": self.seed}
        return Plan(source=SIMULATED, reps=4, speed=SPEED, **told)  # type: ignore[arg-type]


def _calibrates(scenes: Scenes) -> bool:
    steps = {step.key: step for step in scenes[0].steps} if 0 in scenes else {}
    still = scenes[0].still if 0 in scenes else None
    raised = "raise_right" in steps and steps["raise_right"].done == 1 and scenes[0].stage == CALIBRATING
    return raised and not any(step.refused for step in steps.values()) and still is not None and still.level < 0.8


def _holds(scenes: Scenes, count: int = 6, reps: int = 3) -> bool:
    return 0 in scenes and scenes[0].stage == HOLDING and scenes[0].count == count and len(scenes[0].reps) >= reps


def _rests(scenes: Scenes) -> bool:
    return 0 in scenes and scenes[0].stage == READY and len(scenes[0].reps) == 5


def _all_train(scenes: Scenes) -> bool:
    return len(scenes) == 4 and all(len(scene.reps) >= 3 for scene in scenes.values()) and _holds(scenes, 5)


NODES = (
    Heard("hiphold-9f31", "C0:00:00:00:00:03", "-71 dBm", "92 %", "unknown", "back"),
    Heard("hip-1", "C0:00:00:00:00:01", "-52 dBm", "81 %", "pelvis", "back"),
    Heard("knee-r", "C0:00:00:00:00:02", "-63 dBm", "64 %", "thigh_right", "right"),
)
LIGHT = Preferences(theme="light")
COACH = Preferences(view="coach")
FOUR = ("good", "shaky", "tired", "dropping"), ("A7", "B2", "C4", "D1")
PICTURES = {
    "live-calibration": Picture(_calibrates),
    "live-hold": Picture(_holds),
    "live-result": Picture(_rests, faults=("low_battery",)),
    "live-coach": Picture(_all_train, *FOUR, size=(1920, 1080), chosen=COACH),
    "live-light": Picture(_holds, ("shaky",), chosen=LIGHT),
    "live-summary": Picture(_rests, ("tired",), ends=True),
    "live-finding": Picture(
        lambda _: True, findings=(Finding("choose", text("finding.choose"), NODES),)
    ),
    "live-terminal": Picture(_holds),
}  # fmt: skip
"""by the file's name"""


class Quiet:
    """Plays nothing."""

    def play(self, cue: str) -> None:
        """Nothing."""

    def set_volume(self, volume: float) -> None:
        """Of nothing."""

    def mute(self, on: bool) -> None:
        """It is."""

    def speech(self, on: bool) -> None:
        """None."""


class Posed:
    """A session that stands still from the moment of its picture on."""

    def __init__(self, picture: Picture, worker: Worker) -> None:
        self._picture, self._worker = picture, worker
        self._waiting: deque[Message] = deque(picture.findings)
        self._scenes: Scenes = {}
        self._ending = False
        self.reached = False
        """whether all has been handed out that is on the picture"""
        if not picture.findings:
            worker.start()

    @property
    def alive(self) -> bool:
        """Whether the session runs."""
        return self._worker.alive

    def tell(self, command: Command) -> None:
        """Ask the session for something."""
        self._worker.tell(command)

    def drain(self) -> list[Message]:
        """What it says, up to the moment of the picture."""
        taken: list[Message] = []
        self._waiting += self._worker.drain()
        while self._waiting and not self.reached:
            message = self._waiting.popleft()
            if self._ending and isinstance(message, Update):
                continue  # it went on until it heard that it is to end
            taken.append(_elsewhere(message) if isinstance(message, Summary) else message)
            self._look(message)
        return taken

    def _look(self, message: Message) -> None:
        if isinstance(message, Update):
            self._scenes[message.lane] = message.scene
        if isinstance(message, Summary):
            self.reached = True
        elif self._picture.when(self._scenes) and self._picture.ends:
            self._ending = True
            self.tell(Command("end"))
        elif self._picture.when(self._scenes):
            self.reached = not self._waiting if self._picture.findings else True


def _elsewhere(summary: Summary) -> Summary:
    path = f"{HOME}/{summary.athlete}/2026-11-30_181500.mcap"
    return replace(summary, path=path, command=summary.command.replace(summary.path, path))


def take(picture: Picture, path: Path) -> None:
    """Take a picture of the window and write it as PNG. Raises HipholdError when its moment never comes."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = replace(picture.chosen, folder=Path(folder))
        link = Posed(picture, Worker(picture.plan(), chosen))
        window = Window(link, chosen, Quiet())
        window.resize(*picture.size)
        window.show()
        window.setUpdatesEnabled(False)  # painting what nobody looks at takes most of the time
        try:
            _pass(lambda: link.reached, path.stem)
            window.setUpdatesEnabled(True)
            _pass_ms(PAINTED_MS)
            image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
            image.save(str(path), "PNG", BEST_COMPRESSION)  # type: ignore[call-overload]
        finally:
            window.close()
            window.deleteLater()


def _pass(true: Callable[[], bool], what: str) -> None:
    clock = QElapsedTimer()
    clock.start()
    while not true():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        if clock.elapsed() > LONGEST_MS:
            raise HipholdError(f"what is on {what} never came")


def _pass_ms(milliseconds: int) -> None:
    clock = QElapsedTimer()
    clock.start()
    _pass(lambda: clock.elapsed() > milliseconds, "")


def take_terminal(picture: Picture, path: Path, size: tuple[int, int] = (110, 34)) -> None:
    """Take a picture of the terminal, of so many columns and lines, and write it as SVG."""
    from hiphold.console.app import SessionApp

    async def pose() -> str:
        app = SessionApp(link, bell=True, encoding="utf-8")
        async with app.run_test(size=size) as pilot:
            while not link.reached:
                await pilot.pause(0.05)
            await pilot.pause(0.5)
            return FONTS.sub("", app.export_screenshot(title="hiphold live --terminal"))

    with tempfile.TemporaryDirectory() as folder:
        chosen = replace(picture.chosen, folder=Path(folder))
        worker = Worker(picture.plan(), chosen)
        link = Posed(picture, worker)
        try:
            path.write_text(asyncio.run(pose()), "utf-8")
        finally:
            worker.tell(Command("quit"))
            worker.join()


def main(folder: str, names: Iterable[str] = ()) -> None:
    """Take these pictures, or all, into a folder."""
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as settings:
        os.environ |= {preferences.PLACE: settings, "QT_QPA_PLATFORM": "offscreen"}
        application = QApplication.instance() or QApplication(["hiphold"])
        for name in names or PICTURES:
            if name == "live-terminal":
                take_terminal(PICTURES[name], out / f"{name}.svg")
            else:
                take(PICTURES[name], out / f"{name}.png")
            say(f"{name}: {sum(each.stat().st_size for each in out.glob(f'{name}.*')) / 1000:.0f} kB")
        del application


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
