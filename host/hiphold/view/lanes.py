"""Who is measured on which lane, and which page shows it. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass, field

from hiphold.session.scene import CALIBRATING, ENDED, FINDING, LANES, Finding, Scene, Summary, Update


@dataclass
class Lanes:
    """Who is measured, and which page shows it."""

    view: str = ""
    """athlete or coach, as a person chose; empty: coach for more than one"""
    lane: int = 0
    """the one that keys act on"""
    scenes: dict[int, Scene] = field(default_factory=dict)
    summaries: dict[int, Summary] = field(default_factory=dict)
    finding: bool = True
    """the nodes are to be seen"""
    at_end: bool = False
    """a summary is to be seen, whatever the view"""

    def live(self) -> list[int]:
        """The lanes whose session runs."""
        return [lane for lane, scene in self.scenes.items() if lane not in self.summaries and scene.stage != ENDED]

    def acted_on(self) -> Scene | None:
        """The scene of the athlete whom keys act on; None when nobody is measured there."""
        return self.scenes[self.lane] if self.lane in self.live() else None

    def choose(self, lane: int) -> bool:
        """Let keys act on this lane; False when there is nobody."""
        if lane not in self.scenes and lane not in self.summaries:
            return False
        self.lane, self.finding = lane, False
        self.at_end = lane in self.summaries
        return True

    def back(self) -> None:
        """Leave the nodes, or the end of one of several athletes."""
        if self.finding:
            self.finding = not self.scenes
        else:
            self.at_end = False

    def update(self, update: Update) -> None:
        """Take a scene; a session that begins is shown."""
        lane, scene = update.lane, update.scene
        if lane not in self.scenes or (lane in self.summaries and scene.stage != ENDED):
            self.summaries.pop(lane, None)
            self.finding = False
            if self.lane not in self.live():
                self.lane = lane
            self.at_end = self.at_end and self.lane in self.summaries
        self.scenes[lane] = scene

    def end(self, summary: Summary) -> bool:
        """Take a summary; whether it is shown."""
        self.summaries[summary.lane] = summary
        if not self.live():
            self.lane = self.lane if self.lane in self.summaries else summary.lane
        self.at_end = self.at_end or self.lane == summary.lane
        return self.lane == summary.lane

    def hear(self, finding: Finding) -> None:
        """Show the nodes when nobody is measured, but do not hide a summary for what is merely in reach."""
        if not self.live() and (not self.summaries or finding.state in ("connecting", "failed")):
            self.finding = True

    def free(self) -> int | None:
        """The lane that the next one to begin has; None when all are taken."""
        return next((lane for lane in range(LANES) if lane not in self.live()), None)

    def page(self) -> str:
        """Which page is to be seen now, of keys.PAGE_KEYS."""
        if self.finding or not (self.scenes or self.summaries):
            return "finding"
        many = len(self.scenes) > 1
        coach = (self.view or ("coach" if many else "athlete")) == "coach"
        if self.lane in self.summaries and (self.at_end or not coach):
            return "summary"
        if coach:
            return "coach"
        return "calibration" if self.scenes[self.lane].stage in (FINDING, CALIBRATING) else "athlete"
