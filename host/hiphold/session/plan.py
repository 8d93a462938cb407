"""What a live session is to be: where its frames come from, who takes part, and how it is judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from hiphold.session.course import Aims
from hiphold.session.preferences import AthleteSettings, Preferences
from hiphold.session.scene import LANES

SIMULATED, REPLAYED, NODES = "simulated", "replayed", "nodes"
UNNAMED = "athlete"
"""the code of somebody who has not said who they are"""


@dataclass(frozen=True)
class Plan:
    """What was asked for at the start."""

    source: str = NODES
    """SIMULATED, REPLAYED or NODES"""
    kinds: tuple[str, ...] = ()
    """of simulation.cast.CAST: who is simulated, one per lane"""
    faults: tuple[str, ...] = ()
    """of simulation.cast.FAULTS: what befalls the first of them"""
    seed: int = 1
    reps: int = 3
    """of each leg, simulated"""
    speed: float = 1.0
    """how many times faster than it was, simulated or replayed"""
    recording: Path | None = None
    """what is replayed"""
    nodes: tuple[str, ...] = ()
    """names, addresses or beginnings of them; empty: as it is known or chosen"""
    ports: tuple[str, ...] = ()
    athletes: tuple[str, ...] = ()
    """codes, by lane; empty: whose nodes are heard"""
    keep: bool = True
    """False: the recording is deleted at the end"""
    quick: bool = False
    aims: Aims | None = None
    """for everybody; None: each athlete's own"""
    standing_elevation_deg: tuple[tuple[str, float], ...] = ()
    """of the first of the athletes, as in Settings"""

    def athlete(self, lane: int) -> str:
        """The code of the athlete of a lane, when nothing else is known."""
        if lane < len(self.athletes):
            return self.athletes[lane]
        if self.source == SIMULATED and lane < len(self.kinds):
            return f"{self.kinds[lane]}-{lane + 1}" if self.kinds.count(self.kinds[lane]) > 1 else self.kinds[lane]
        return UNNAMED if lane == 0 else f"{UNNAMED}-{lane + 1}"

    def aims_of(self, athlete: str, preferences: Preferences) -> Aims:
        """What an athlete aims at: as asked for now, else as it was last."""
        own = preferences.athletes.get(athlete)
        aims = self.aims or (Aims(own.target_deg, own.band_deg, own.count_s) if own else Aims())
        stood = self.standing_elevation_deg if self.athletes[:1] == (athlete,) else ()
        return replace(aims, standing_elevation_deg=stood)


def remember(preferences: Preferences, athlete: str, aims: Aims, nodes: tuple[str, ...] = ()) -> None:
    """Keep what an athlete aims at, and which nodes are theirs: those of others no longer."""
    if nodes:
        for code, other in preferences.athletes.items():
            left = tuple(address for address in other.nodes if address not in nodes)
            preferences.athletes[code] = replace(other, nodes=left)
    own = preferences.athletes.get(athlete, AthleteSettings())
    own = replace(own, target_deg=aims.target_deg, band_deg=aims.band_deg, count_s=aims.count_s)
    preferences.athletes[athlete] = replace(own, nodes=nodes or own.nodes)
    if preferences.athletes[athlete].nodes:  # who has none is not looked for at the next start
        others = [code for code in preferences.last_athletes if code != athlete]
        preferences.last_athletes = (athlete, *others)[:LANES]


def owner(preferences: Preferences, address: str) -> str:
    """The athlete whose node this is known to be; empty for nobody's."""
    return next((code for code, each in preferences.athletes.items() if address in each.nodes), "")
