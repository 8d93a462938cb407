"""The live session in a terminal: draws what a session tells, and tells it what a person asks for.

Rule 1: nothing that goes wrong here ends the session; it is said at the bottom edge, and the next message is drawn.
Rule 2: a timer asks the session for news; only texts that changed go to the terminal.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import ClassVar, Protocol

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from hiphold.console import asking, wording
from hiphold.console.athlete import AthletePanel
from hiphold.console.dialogs import Form, Keys, Saving, Values
from hiphold.console.finding import FindingPage
from hiphold.console.gauges import cut
from hiphold.console.keys import WITHOUT_MEANING, bindings, listed
from hiphold.console.line import Line, Look, look
from hiphold.console.sheet import COLOURS, CSS
from hiphold.session.scene import (
    CALIBRATING,
    FAULT,
    FINDING,
    INFO,
    LANES,
    Command,
    Finding,
    Message,
    Scene,
    Summary,
    Update,
)
from hiphold.session.texts import text

DRAWN_HZ = 12.0
QUIT_S = 8.0
"""for so long the session may take to end"""
SAID_S = 12.0
"""for so long a sentence stays at the bottom edge"""
LANE_COLUMNS = 38
"""what an athlete needs beside others"""
HEARD_CUES = {"chime", "drop"}
"""cues that ring the bell"""


class Link(Protocol):
    """The way to a session that runs elsewhere."""

    @property
    def alive(self) -> bool:
        """Whether the session still runs, or still writes."""

    def tell(self, command: Command) -> None:
        """Ask the session for something."""

    def drain(self) -> list[Message]:
        """All messages since the last call, oldest first."""


class SessionApp(App[None]):
    """The whole terminal. link: to the session; bell: whether the terminal's bell rings when a hold is full or lost."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = bindings()
    CSS = CSS

    def __init__(self, link: Link, *, bell: bool, encoding: str | None = None) -> None:
        super().__init__()
        self.register_theme(COLOURS)
        self.theme = COLOURS.name
        self.bell_on = bell
        self._link = link
        stderr = sys.__stderr__  # where textual writes
        self._terminal: Look = look(encoding or (stderr.encoding if stderr else None))
        self._began_s = time.monotonic()
        self._quit_s: float | None = None
        self._said_until_s = 0.0
        self._is_finding = True
        self._stopped = False
        self.lane = 0
        self._header, self._others, self._said, self._keys = (
            Line(self._terminal, name=name) for name in ("header", "others", "said", "keys")
        )
        self._finding = FindingPage(self._terminal, self.tell)
        self._panels = [AthletePanel(self._terminal, lane) for lane in range(LANES)]
        self._athletes = Horizontal(*self._panels, id="athletes")

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._header
        yield self._finding
        yield self._athletes
        yield self._others
        yield self._said
        yield self._keys

    def on_mount(self) -> None:
        """Begin to draw."""
        self.screen.set_class(self._terminal.plain, "-plain")
        self._guarded(lambda: self._finding.show(Finding("looking", "")))
        self._tick()
        self.set_interval(1 / DRAWN_HZ, self._tick)

    def tell(self, command: Command) -> None:
        """Pass a command on to the session."""
        self._guarded(lambda: self._link.tell(command))

    def say(self, said: str, severity: str = INFO) -> None:
        """Show a sentence at the bottom edge for a while."""
        sign = "" if severity == INFO else f"{wording.sign(severity, self._terminal.marks)} "
        self._said.show(f"{sign}{said}", severity)
        self._said_until_s = time.monotonic() + SAID_S

    def _guarded(self, do: Callable[[], object]) -> None:
        try:
            do()
        except Exception as error:
            self.say(text("terminal.trouble", why=f"{type(error).__name__}: {error}"), FAULT)

    def _tick(self) -> None:
        messages: list[Message] = []
        alive = self._link.alive  # asked before the last messages are fetched
        self._guarded(lambda: messages.extend(self._link.drain()))
        for message in messages:
            self._guarded(lambda message=message: self._take(message))  # type: ignore[misc]
        if time.monotonic() > self._said_until_s:
            self._said.show("")
        self._end_when_kept(alive)
        self._guarded(self._draw)

    def _end_when_kept(self, alive: bool) -> None:
        if self._quit_s is not None:
            late = time.monotonic() - self._quit_s > QUIT_S
            if late or not alive:
                self.exit(message=text("terminal.not_saved") if alive else None)
        elif not alive and not self._stopped:
            self._stopped = True
            self.say(text("terminal.stopped"), FAULT)
            self._said_until_s = float("inf")

    def _take(self, message: Message) -> None:
        if isinstance(message, Update):
            self._panels[message.lane].update_scene(message.scene)
            self._is_finding = False
            if self.bell_on and HEARD_CUES & set(message.cues):
                self.bell()
        elif isinstance(message, Summary):
            self._panels[message.lane].summary = message
            self._is_finding = False
        elif isinstance(message, Finding):
            self._finding.show(message)
            runs = any(each.phase in ("calibration", "drill") for each in self._panels)
            self._is_finding = (self._is_finding or message.state != "ready") and not runs
        else:
            self.say(message.text, message.severity)

    @property
    def _panel(self) -> AthletePanel:
        return self._panels[self.lane]

    @property
    def page(self) -> str:
        """finding, or what the chosen athlete does: waiting, calibration, drill or summary."""
        return "finding" if self._is_finding else self._panel.phase

    def _draw(self) -> None:
        marks, width = self._terminal.marks, self.size.width
        bell = text("terminal.sound_on" if self.bell_on else "terminal.sound_off")
        self._header.show(wording.between(text("terminal.title"), bell, width - 2, marks))
        self._finding.display = self._is_finding
        self._athletes.display = not self._is_finding
        self._keys.show(cut(text(f"terminal.keys_{self._keys_page()}"), width - 2, marks))
        if self._is_finding:
            self._others.show("")
            self._finding.draw(time.monotonic() - self._began_s)
        else:
            self._draw_athletes(width)

    def _keys_page(self) -> str:
        if self.page == "finding":
            return "choose" if self._finding.choosing else "looking"
        return {"calibration": "calibrating", "summary": "summary"}.get(self.page, "session")

    def _draw_athletes(self, width: int) -> None:
        used = [each for each in self._panels if each.phase != "waiting"]
        if self._panel not in used:
            self.lane = used[0].lane
        beside = len(used) > 1 and width >= LANE_COLUMNS * len(used)
        for panel in self._panels:
            panel.display = panel in used and (beside or panel is self._panel)
            panel.set_class(beside, "-beside")
            panel.set_class(beside and panel is not used[0], "-after")
        hidden = [each for each in used if not each.display]
        self._others.show("\n".join(self._in_one_line(each, width - 2) for each in hidden))
        for panel in used:
            if panel.display:
                self._guarded(lambda panel=panel: panel.draw(chosen=panel is self._panel))  # type: ignore[misc]
        asks = isinstance(self.screen, Form | Keys | Saving)
        if not asks and (self.focused is None or not self.focused.region):  # what is hidden must not swallow keys
            self._panel.focus_table()

    def _in_one_line(self, panel: AthletePanel, width: int) -> str:
        scene = panel.scene or Scene(panel.summary.athlete if panel.summary else "", "ended")
        return wording.other(scene, panel.lane, width, self._terminal.marks)

    def action_press(self, name: str) -> None:
        """Do what an action's key asks for, as far as it makes sense now. name: of session.actions."""
        self._guarded(lambda: self._press(name))

    def _press(self, name: str) -> None:
        if name == "quit":
            self._quit()
        elif name == "mute":
            self.bell_on = not self.bell_on
        elif name in WITHOUT_MEANING:
            self.say(text("terminal.no_volume"))
        elif name == "keys":
            self.push_screen(Keys(self._terminal, listed()))
        elif self.page == "finding":
            self._press_finding(name)
        elif name.startswith("lane_"):
            self._choose(int(name[-1]) - 1)
        elif self.page == "summary":
            self._press_summary(name)
        elif self._panel.scene:
            self._press_session(name, self._panel.scene)

    def _quit(self) -> None:
        if self._quit_s is None:
            self._quit_s = time.monotonic()
            self.tell(Command("quit"))
            self.push_screen(Saving(self._terminal))

    async def action_quit(self) -> None:
        """End everything, keep everything."""
        self._quit()

    def _press_finding(self, name: str) -> None:
        if name == "anew" or (name == "go_on" and not self._finding.choosing):
            self.tell(Command("look"))
        elif name == "go_on":
            self._finding.begin()

    def _choose(self, lane: int) -> None:
        if self._panels[lane].phase != "waiting":
            self.lane = lane
            self._panel.focus_table()

    def _press_summary(self, name: str) -> None:
        summary = self._panel.summary
        if summary and name == "go_on":
            self._ask(asking.save(self._terminal, summary), "save", "terminal.keeping")
        elif summary and name == "next_athlete":
            self._ask(asking.following(self._terminal), "next", "terminal.beginning")

    def _press_session(self, name: str, scene: Scene) -> None:
        calibrating = scene.stage in (FINDING, CALIBRATING)
        if name == "mark":
            self._ask(asking.mark(self._terminal, scene), "mark", fixed={"time_s": scene.time_s})
        elif name == "aims":
            self._ask(asking.aims(self._terminal, scene), "retarget")
        elif name == "rezero":
            self.tell(Command("rezero", self.lane))
        elif name == "quick" and calibrating:
            self.tell(Command("quick", self.lane))
        elif name == "anew" and calibrating:
            self.tell(Command("anew", self.lane, {"quick": False}))
        elif name == "anew":
            self._ask(asking.anew(self._terminal, scene), "anew", fixed={"quick": False})
        elif name == "end":
            self._ask(asking.end(self._terminal, scene), "end")
        elif name == "next_athlete":
            form = asking.following(self._terminal, scene.athlete or text("terminal.this_athlete"))
            self._ask(form, "next", "terminal.beginning")

    def _ask(self, form: Form, command: str, then: str = "", fixed: dict[str, object] | None = None) -> None:
        """Show a form; what is written there goes to the session, for the athlete who was chosen when it opened."""
        lane = self.lane

        def answered(values: Values | None) -> None:
            if values is None:
                return
            self.tell(Command(command, lane, {**asking.typed(values), **(fixed or {})}))
            if then:
                self.say(text(then, athlete=values["athlete"]))

        self.push_screen(form, answered)
