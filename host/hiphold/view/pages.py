"""The pages of the window: which one is to be seen now, and what each is told of the lanes."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QWidget

from hiphold.session.scene import Finding, Summary, Update
from hiphold.view.athlete import AthletePage
from hiphold.view.calibration import CalibrationPage
from hiphold.view.coach import CoachPage
from hiphold.view.finding import FindingPage
from hiphold.view.keeping import NOTHING, SAVED
from hiphold.view.lanes import Lanes
from hiphold.view.page_keys import Shown, keys_of
from hiphold.view.sheet import named
from hiphold.view.summary import SummaryPage


class Pages:
    """All pages, one of them in sight."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self.finding, self.summary = FindingPage(), SummaryPage()
        self.athlete, self.calibration, self.coach = AthletePage(), CalibrationPage(), CoachPage()
        self.by_name: dict[str, QWidget] = {
            "finding": self.finding,
            "calibration": self.calibration,
            "athlete": self.athlete,
            "coach": self.coach,
            "summary": self.summary,
        }
        self.stack = named(QStackedWidget(), "pages")
        for page in self.by_name.values():
            self.stack.addWidget(page)

    @property
    def current(self) -> QWidget | None:
        """The one in sight."""
        return self.stack.currentWidget()

    def turn(self) -> None:
        """Put the page in sight that it is time for; keys go to it then."""
        page = self.by_name[self._lanes.page()]
        if self.current is not page:
            self.stack.setCurrentWidget(page)
            self.summary.focus_first() if page is self.summary else page.setFocus()

    def fill(self) -> None:
        """Show on it what is known."""
        lanes, page = self._lanes, self.current
        if page is self.finding:
            self.finding.let_back(bool(lanes.scenes))
        elif page is self.summary:
            self._show_summary(lanes.summaries[lanes.lane])
        elif page is self.coach:
            self._show_coach()
        elif page is self.calibration:
            self.calibration.show_scene(lanes.scenes[lanes.lane])
        elif page is self.athlete:
            self.athlete.show_scene(lanes.scenes[lanes.lane])

    def _show_summary(self, summary: Summary) -> None:
        """Keys go to what is to be done with another one; who writes in a field goes on writing."""
        if summary is self.summary.summary:
            return
        self.summary.show_summary(summary)
        if self.summary.keeping.state != SAVED:
            self.summary.focus_first()

    def keys(self) -> Shown:
        """The keys that matter on it now."""
        lanes = self._lanes
        return keys_of(
            lanes.page(),
            lanes.scenes.get(lanes.lane),
            self.finding.finding,
            ended=lanes.lane in lanes.summaries,
            saved=self.summary.keeping.state in (SAVED, NOTHING),
        )

    def hear(self, finding: Finding) -> None:
        """What is in reach, in sight or not."""
        self.finding.show_finding(finding)

    def take(self, update: Update) -> None:
        """The coach's plots need every sample, in sight or not."""
        if set(self._lanes.scenes) != set(self.coach.lanes):
            self._show_coach()
        if update.traces:
            self.coach.add_traces(update.lane, update.traces)

    def tick(self) -> None:
        """The coach's plots move on."""
        if self.current is self.coach:
            self.coach.tick()

    def _show_coach(self) -> None:
        """Every lane, and which one the keys act on; only a person's choice comes back as a signal."""
        self.coach.blockSignals(True)
        self.coach.show_scenes(self._lanes.scenes)
        self.coach.select(self._lanes.lane)
        self.coach.blockSignals(False)

    def restyle(self) -> None:
        """Take the colours and sizes that are in use now."""
        self.summary.restyle()
        for page in self.by_name.values():
            page.update()
