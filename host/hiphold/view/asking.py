"""What a person asks of the session, for the athlete whom the keys act on: told at once, or after a dialog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from hiphold.session.preferences import Preferences
from hiphold.session.scene import Command, Scene, Update
from hiphold.view.aims import AimsDialog
from hiphold.view.athlete_code import CodeDialog
from hiphold.view.lanes import Lanes
from hiphold.view.link import Link
from hiphold.view.marker import MarkerDialog


class Asking:
    """One method for each thing to ask. `note` says something of the window's own; `over`: what dialogs lie upon."""

    def __init__(
        self, link: Link, lanes: Lanes, preferences: Preferences, note: Callable[..., None], over: QWidget
    ) -> None:
        self._link, self._lanes, self._preferences = link, lanes, preferences
        self._note, self._over = note, over
        self._begun: set[int] = set()
        """lanes that were told to begin and still wait"""

    def keys(self) -> dict[str, Callable[[], object]]:
        """What the keys of these actions do."""
        return {
            "anew": self.anew,
            "quick": lambda: self.tell("quick"),
            "rezero": self.rezero,
            "end": lambda: self.tell("end"),
            "mark": self.mark,
            "aims": self.aims,
        }

    def scene(self) -> Scene | None:
        """The scene that keys act on; None, and that is said, when nobody is measured there."""
        found = self._lanes.acted_on()
        if found is None:
            self._note("has_ended" if self._lanes.lane in self._lanes.summaries else "nobody_yet")
        return found

    def tell(self, name: str, **arguments: object) -> None:
        """Tell it, if somebody is measured."""
        if self.scene():
            self._link.tell(Command(name, self._lanes.lane, arguments))

    def anew(self) -> None:
        """A new recording with a calibration of the kind that was chosen."""
        self.tell("anew", quick=self._preferences.quick)

    def begin(self) -> None:
        """Begin, once, with an athlete who has put the sensors on."""
        scene, lane = self._lanes.acted_on(), self._lanes.lane
        if scene and scene.waiting and lane not in self._begun:
            self._begun.add(lane)
            self.anew()

    def heard(self, update: Update) -> None:
        """Who does not wait any more may be asked to begin another time."""
        if not update.scene.waiting:
            self._begun.discard(update.lane)

    def rezero(self) -> None:
        """Headings begin anew."""
        if self.scene():
            self.tell("rezero")
            self._note("rezeroed")

    def of_nodes(self, command: Command) -> None:
        """What the page of nodes asks; who begins gets a lane of his own."""
        free = self._lanes.free()
        if command.name != "wear":
            self._link.tell(command)
        elif free is None:
            self._note("all_taken")
        else:
            self._link.tell(replace(command, lane=free))

    def mark(self) -> None:
        """A marker, with a note."""
        scene, lane = self.scene(), self._lanes.lane
        if scene:
            dialog = MarkerDialog(scene.athlete, scene.time_s, self._over)
            self._open(dialog, lambda: self._mark(lane, dialog))

    def _mark(self, lane: int, dialog: MarkerDialog) -> None:
        """At the time when the key was pressed, not when the note was written."""
        self._link.tell(Command("mark", lane, {"note": dialog.note, "time_s": dialog.time_s}))
        self._note("marked")

    def aims(self) -> None:
        """Other aims."""
        scene, lane = self.scene(), self._lanes.lane
        if scene:
            dialog = AimsDialog(scene.athlete, scene.target_deg, scene.band_deg, scene.count_s, self._over)
            self._open(dialog, lambda: self._retarget(lane, dialog))

    def _retarget(self, lane: int, dialog: AimsDialog) -> None:
        target_deg, band_deg, count_s = dialog.aims()
        self._link.tell(Command("retarget", lane, dialog.arguments()))
        self._note("aims", target=f"{target_deg:g}", band=f"{band_deg:g}", count=count_s)

    def next_athlete(self) -> None:
        """Who comes next on these nodes."""
        lane = self._lanes.lane
        if lane not in self._lanes.scenes and lane not in self._lanes.summaries:
            self._note("nobody_yet")
            return
        dialog = CodeDialog(self._over)
        self._open(dialog, lambda: self._link.tell(Command("next", lane, {"athlete": dialog.field.code()})))

    def _open(self, dialog: QDialog, then: Callable[[], None]) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(then)
        dialog.open()
