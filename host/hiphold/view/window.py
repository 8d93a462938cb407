"""The window of a live session: takes what the session says, shows the page it belongs on, and has a key for all else.

Rule 1: nothing that goes wrong in drawing ends a session; it is said once, and the session goes on.
Rule 2: the window keeps the latest scene of each lane and nothing else of a session.
Rule 3: closing asks nothing and loses nothing: the session is told, and waited for.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QMainWindow

from hiphold.session.preferences import Preferences
from hiphold.session.scene import FAULT, INFO, LANES, Command, Finding, Message, Said, Summary, Update
from hiphold.session.texts import text
from hiphold.view.asking import Asking
from hiphold.view.choices import Choices, Sounding
from hiphold.view.closing import veil_over, wait_under
from hiphold.view.dressing import dress, dress_application, remember, restore, toggle_full_screen
from hiphold.view.frame import add_menus, framed
from hiphold.view.guard import Guard
from hiphold.view.habits import Habits
from hiphold.view.key_line import KeyLine
from hiphold.view.keys import bind
from hiphold.view.lanes import Lanes
from hiphold.view.link import Link
from hiphold.view.overlay import KeysOverlay
from hiphold.view.pages import Pages
from hiphold.view.strip import Strip

FRAME_MS = 33
KEPT_LATENCIES = 20_000
_log = logging.getLogger(__name__)


class Window(QMainWindow):
    """All pages, the keys, and the line at the bottom edge."""

    def __init__(self, link: Link, preferences: Preferences, sound: Sounding) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle(text("window.title"))
        self.link, self.preferences, self.sound = link, preferences, sound
        self.lanes = Lanes(preferences.view)
        dress_application(preferences)
        self.latencies_s: deque[float] = deque(maxlen=KEPT_LATENCIES)
        """from the making of each update to the painting after it"""
        self.frames_painted = 0
        self._unpainted: list[float] = []
        self._closed = False
        self.shown = Pages(self.lanes)
        self.pages, self.stack = self.shown.by_name, self.shown.stack
        self.finding, self.summary, self.coach = self.shown.finding, self.shown.summary, self.shown.coach
        self._lay_out()
        self.guard = Guard(lambda: self.strip.say(Said(text("window.picture_failed"), FAULT)))
        self.asking = Asking(link, self.lanes, preferences, self._note, self)
        self.choices = Choices(preferences, sound, self.coach, self._note, self._dress)
        self._connect()
        self._dress()
        restore(self, preferences)
        self._timer = QTimer(self, interval=FRAME_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._show()

    def _lay_out(self) -> None:
        actions = bind(self, self.press)
        self.key_line, self.strip = KeyLine(actions), Strip()
        self.setCentralWidget(framed(self.stack, self.key_line, self.strip))
        self.habits = Habits(self.preferences, self._note, self)
        add_menus(self, actions, self.habits.actions)
        self.overlay, self.veil = KeysOverlay(self), veil_over(self)

    def _connect(self) -> None:
        self.finding.asked.connect(self.asking.of_nodes)
        self.finding.back_wanted.connect(self._back)
        self.summary.asked.connect(self.link.tell)
        self.summary.next_wanted.connect(lambda: self.press("next_athlete"))
        self.coach.selection_changed.connect(self._choose)
        self._keys = {**self.asking.keys(), **self.choices.keys(), **self._own_keys()}

    def _own_keys(self) -> dict[str, Callable[[], object]]:
        return {
            "go_on": self._go_on,
            "next_athlete": self._next_athlete,
            "nodes": self._nodes,
            "quit": self.close,
            "athlete_view": lambda: self._view("athlete"),
            "coach_view": lambda: self._view("coach"),
            "full_screen": lambda: toggle_full_screen(self),
            "keys": self.overlay.toggle,
            **{f"lane_{lane + 1}": partial(self._choose, lane) for lane in range(LANES)},
        }

    def press(self, name: str) -> None:
        """Do what the key of this action does (of actions.ACTIONS)."""
        self._keys[name]()
        self._show()

    # What the session says.

    def _tick(self) -> None:
        """Take all that was said since the last time, and show it once."""
        messages: list[Message] = []
        self.guard.attempt(lambda: messages.extend(self.link.drain()))
        for message in messages:
            self.guard.attempt(partial(self._take, message))
        if messages:
            self._show()
        self.guard.attempt(self.shown.tick)

    def _take(self, message: Message) -> None:
        if isinstance(message, Update):
            self._take_update(message)
        elif isinstance(message, Finding):
            self.lanes.hear(message)
            self.shown.hear(message)
        elif isinstance(message, Summary):
            self._take_summary(message)
        else:
            self._say(message)

    def _take_update(self, update: Update) -> None:
        self.lanes.update(update)
        self.asking.heard(update)
        if update.made_s:
            self._unpainted.append(update.made_s)
        self.shown.take(update)
        if update.lane == self.lanes.lane:
            for cue in update.cues:
                self.sound.play(cue)

    def _take_summary(self, summary: Summary) -> None:
        if not self.lanes.end(summary):
            told = {"athlete": summary.athlete, "number": summary.lane + 1}
            self._say(Said(text("window.ended_elsewhere", **told)))

    def _say(self, said: Said) -> None:
        self.strip.say(said)
        if said.severity == FAULT:
            self.summary.keeping.refuse()

    def _note(self, key: str, **fields: object) -> None:
        """Say something of the window's own."""
        self.strip.say(Said(text(f"window.{key}", **fields), INFO))

    # What is shown.

    def _show(self) -> None:
        """Show the page that it is time for, with what is known."""
        self.shown.turn()
        self.guard.attempt(self.shown.fill)
        self.guard.attempt(lambda: self.key_line.show_keys(self.shown.keys()))

    def event(self, event: QEvent) -> bool:
        """Note when what was told has been painted."""
        try:
            done = super().event(event)
        except Exception as error:  # of a painter further down
            self.guard.fail(error)
            done = True
        if event.type() == QEvent.Type.UpdateRequest and self._unpainted:  # others paint nothing new
            now = time.monotonic()
            self.frames_painted += 1
            self.latencies_s.extend(now - made_s for made_s in self._unpainted)
            self._unpainted.clear()
        return done

    # What a person asks.

    def _go_on(self) -> None:
        """Press what has the focus, else do what the page is for."""
        focused, page = QApplication.focusWidget(), self.shown.current
        if isinstance(focused, QAbstractButton) and focused.isVisible():
            focused.click()
        elif page is self.finding:
            self.finding.go_on()
        elif page is self.summary:
            self.summary.keeping.go_on()
        elif page is self.coach and self.lanes.lane in self.lanes.summaries:
            self.lanes.at_end = True
        elif page in (self.shown.calibration, self.coach):
            self.asking.begin()

    def _next_athlete(self) -> None:
        """Keep what is written on the page of the one who ends, then ask who comes."""
        keeping = self.summary.keeping
        unsaved = keeping.touched and self.lanes.page() == "summary"
        if not unsaved or keeping.save():
            self.asking.next_athlete()

    def _choose(self, lane: int) -> None:
        if not self.lanes.choose(lane):
            self._note("no_such_lane", number=lane + 1)

    def _view(self, view: str) -> None:
        self.lanes.view = self.preferences.view = view
        self.lanes.finding = self.lanes.at_end = False

    def _nodes(self) -> None:
        """Look who is in reach, or go back."""
        if self.lanes.finding and self.lanes.scenes:
            self.lanes.finding = False
        else:
            self.lanes.finding = True
            self.link.tell(Command("look"))

    def _back(self) -> None:
        """Close what lies over the pages, or leave the nodes, or the end of one of several athletes."""
        if self.overlay.isVisible():
            self.overlay.hide()
        else:
            self.lanes.back()
            self._show()

    # How it looks, and its beginning and end.

    def _dress(self) -> None:
        """Use the theme and the size that are chosen."""
        dress(self, self.preferences)
        self.key_line.rescale()
        self.strip.rescale()
        self.shown.restyle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back."""
        if event.key() == Qt.Key.Key_Escape:
            self._back()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What lies over the pages is as large as the window."""
        super().resizeEvent(event)
        self.key_line.regrow()
        self.strip.rescale()
        self.overlay.setGeometry(self.rect())
        self.veil.setGeometry(self.rect())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell the session, wait until it has written all, and remember what was chosen."""
        if self._closed:
            event.setAccepted(not self.veil.isVisible())  # closed a second time while it waits
            return
        self._closed = True
        self.link.tell(Command("quit"))
        wait_under(self.veil, self.link)
        self._timer.stop()
        why = remember(self, self.preferences)
        if why:
            _log.warning(why)
        self.guard.stop()
        event.accept()
