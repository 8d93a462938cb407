"""What a screen shows of a live session: frozen values, the same for the window and for the terminal.

No logic lives here. Sentences come from `texts` and are ready to be shown. Angles are in degrees, signs as in
docs/reference/conventions.md; NaN where not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan

import numpy as np

from hiphold.samples import Floats

FINDING, CALIBRATING, READY, LIFTING, HOLDING, ENDED = (
    "finding",
    "calibrating",
    "ready",
    "lifting",
    "holding",
    "ended",
)
STAGES = (FINDING, CALIBRATING, READY, LIFTING, HOLDING, ENDED)
"""finding: no samples of a thigh yet; lifting: a leg is up, below the hold; ended: nothing more will come"""

STEPS = ("stand", "raise_right", "raise_left", "bow")
"""what the ritual is made of, and the pictures of the poses that go with it"""

INFO, WARNING, FAULT = "info", "warning", "fault"

CUES = ("tick", "chime", "drop", "step", "fault", "higher", "hips_level", "rotate_out", "across", "done")
"""what can be heard: five sounds, and five that are spoken"""


@dataclass(frozen=True)
class Step:
    """One step of the calibration."""

    key: str
    """of STEPS"""
    done: int
    needed: int
    refused: str = ""
    """why the last try did not count, and what to do, as a sentence; empty when nothing is wrong"""

    @property
    def complete(self) -> bool:
        """Whether nothing more is needed for it."""
        return self.done >= self.needed and not self.refused


@dataclass(frozen=True)
class Still:
    """How still the worn sensors are."""

    level: float
    """the restlessness of the worst sensor as a share of what is allowed: above 1, it moved; NaN while not known"""
    still_s: float
    """for how long all have been quiet together"""
    needed_s: float
    placement: str = ""
    """the worst sensor"""


@dataclass(frozen=True)
class Posture:
    """How the athlete stands, for the stick figure."""

    elevation_left_deg: float = -90.0
    elevation_right_deg: float = -90.0
    azimuth_left_deg: float = 0.0
    azimuth_right_deg: float = 0.0
    """across the body +"""
    rotation_left_deg: float = 0.0
    rotation_right_deg: float = 0.0
    """hip rotation, internal +"""
    tilt_deg: float = 0.0
    """pelvis, anterior +"""
    obliquity_deg: float = 0.0
    """pelvis, right side up +"""
    turn_deg: float = 0.0
    """pelvis, right side forward +"""
    trunk_deg: float = 0.0
    """trunk in the room, forward +"""


@dataclass(frozen=True)
class Rep:
    """One finished repetition."""

    number: int
    side: str
    """left or right"""
    is_hold: bool
    """False: an attempt, shorter than a hold"""
    start_s: float
    hold_s: float
    hold_uncertainty_s: float = nan
    elevation_deg: float = nan
    elevation_uncertainty_deg: float = nan
    """against the athlete's own stand, 95 %"""
    rotation_out_deg: float = nan
    """the outward peak, negative"""
    rotation_in_deg: float = nan
    """the peak across, positive"""
    rotation_range_deg: float = nan
    pelvis_tilt_deg: float = nan
    pelvis_obliquity_deg: float = nan
    pelvis_rotation_deg: float = nan
    """mean shifts from the baseline"""
    full: bool = False
    """held for the whole count"""
    best: bool = False
    """longer than every one before it of this side, of this session and earlier ones"""


@dataclass(frozen=True)
class Best:
    """The longest hold of one side so far, earlier sessions included."""

    side: str
    hold_s: float
    elevation_deg: float
    today: bool
    """in this session"""


@dataclass(frozen=True)
class Notice:
    """Something to attend to."""

    key: str
    """which text it is; one notice per key and node is shown"""
    text: str
    """what is wrong and what to do, one or two sentences"""
    severity: str
    """INFO, WARNING or FAULT"""


@dataclass(frozen=True)
class NodeHealth:
    """How one node is."""

    name: str
    placement: str
    """of wire.PLACEMENTS"""
    severity: str
    """INFO when all is well"""
    state: str
    """in a word or two"""
    samples: int = 0
    lost: int = 0
    """for good"""
    missing: int = 0
    """being fetched"""
    rate_hz: float = nan
    battery: str = ""
    """empty when not known"""
    battery_low: bool = False
    signal: str = ""
    """-60 dBm, USB, or empty"""
    drift_deg_per_min: float = nan
    """of its heading against the pelvis'"""
    disagreement_deg: float = nan
    """between the node's own orientation and the host's, RMS"""
    silent_s: float = 0.0
    """how long nothing has come"""


@dataclass(frozen=True)
class RecordingState:
    """What is being written."""

    state: str
    """recording, off, failed or closed"""
    path: str = ""
    seconds: float = 0.0
    why: str = ""
    """when it failed: why, as a sentence"""


@dataclass(frozen=True)
class Scene:
    """All that is shown of one athlete at one instant."""

    athlete: str = ""
    stage: str = FINDING
    time_s: float = 0.0
    """since the session's first sample"""
    prompt: str = ""
    """what to do now, in a few words"""
    hint: str = ""
    """a second, smaller line; may be empty"""
    pose: str = "stand"
    """of STEPS: which pose to show while calibrating"""
    steps: tuple[Step, ...] = ()
    quick: bool = False
    """quick start: stand still only"""
    waiting: bool = False
    """the sensors are there, and nothing is recorded before a person says that they are on: command `anew`"""
    still: Still | None = None
    sides: tuple[str, ...] = ()
    """the legs that wear a sensor"""
    side: str = "right"
    """the leg that is up, or was last"""
    target_deg: float = 30.0
    band_deg: float = 5.0
    count_s: int = 10
    elevation_deg: float = nan
    """of that leg"""
    held_s: float = nan
    """NaN outside a hold"""
    count: int = 0
    """whole seconds held; stays after a hold until the leg is raised again"""
    rotation_deg: float = nan
    rotation_out_deg: float = nan
    rotation_in_deg: float = nan
    """furthest outward (negative) and across (positive) in this repetition, or in the last; NaN before any"""
    azimuth_deg: float = nan
    tilt_deg: float = nan
    obliquity_deg: float = nan
    turn_deg: float = nan
    """pelvis against before the raise; obliquity: measured side up +"""
    posture: Posture = Posture()
    reps: tuple[Rep, ...] = ()
    bests: tuple[Best, ...] = ()
    notices: tuple[Notice, ...] = ()
    nodes: tuple[NodeHealth, ...] = ()
    recording: RecordingState = RecordingState("off")
    markers: tuple[tuple[float, str], ...] = ()
    """time and note of each marker"""

    @property
    def low_deg(self) -> float:
        """The lower edge of the target band."""
        return self.target_deg - self.band_deg

    @property
    def zone(self) -> str:
        """Where the elevation is: below, in or above the band; empty when not known."""
        if np.isnan(self.elevation_deg):
            return ""
        if self.elevation_deg < self.low_deg:
            return "below"
        return "in" if self.elevation_deg <= self.target_deg + self.band_deg else "above"


@dataclass(frozen=True)
class Trace:
    """New samples of one thigh, for plots. All (n,)."""

    side: str
    time_s: Floats
    elevation_deg: Floats
    rotation_deg: Floats
    azimuth_deg: Floats
    tilt_deg: Floats
    obliquity_deg: Floats
    turn_deg: Floats
    """pelvis as in the series"""


@dataclass(frozen=True)
class Update:
    """What one step of the session changed for one athlete."""

    lane: int
    """which athlete, from 0"""
    scene: Scene
    traces: tuple[Trace, ...] = ()
    cues: tuple[str, ...] = ()
    """of CUES"""
    made_s: float = 0.0
    """when, by time.monotonic()"""


@dataclass(frozen=True)
class Heard:
    """A node in reach, for the dialog that names and places nodes."""

    name: str
    address: str
    signal: str
    battery: str
    placement: str
    lid: str
    owner: str = ""
    """the athlete whose node it is known to be; empty for an unknown one"""
    problem: str = ""
    """why it cannot be used, and what to do"""


@dataclass(frozen=True)
class Finding:
    """What is in reach, before a session runs."""

    state: str
    """looking, choose (a person must say whose nodes these are), failed, connecting, or ready"""
    text: str
    """what goes on or what to do, a sentence"""
    heard: tuple[Heard, ...] = ()
    busy: str = ""
    """what is being done to a node now; empty when nothing is"""


@dataclass(frozen=True)
class Summary:
    """One athlete's session at its end."""

    lane: int
    athlete: str
    path: str
    """where the recording is; empty when nothing was recorded"""
    duration_s: float
    reps: tuple[Rep, ...]
    bests: tuple[Best, ...]
    reasons: tuple[str, ...] = ()
    """what could not be measured, and why"""
    lost: int = 0
    command: str = ""
    """what makes the same figures again from the recording"""


@dataclass(frozen=True)
class Said:
    """A sentence that concerns nobody in particular."""

    text: str
    severity: str = INFO


Message = Update | Finding | Summary | Said
"""what a session tells a screen"""


@dataclass(frozen=True)
class Command:
    """What a person asks of the session."""

    name: str
    """of COMMANDS"""
    lane: int = 0
    arguments: dict[str, object] = field(default_factory=dict)


LANES = 4
"""so many athletes at once"""

AIM_LIMITS = {"target_deg": (-90.0, 90.0), "band_deg": (1.0, 60.0), "count_s": (1, 600)}
"""what an athlete may aim at"""

COMMANDS = {
    "anew": "calibrate anew, in a new recording: quick (bool)",
    "quick": "go on without the rest of the ritual",
    "mark": "set a marker: note (str)",
    "rezero": "take the next second as a stand: headings begin there",
    "retarget": "judge by other aims: target_deg, band_deg (float), count_s (int)",
    "end": "end this athlete's session: a Summary follows",
    "save": "keep the ended session: athlete (str), name (str)",
    "next": "begin with the next athlete on the same nodes: athlete (str)",
    "look": "listen for nodes again",
    "identify": "have a node blink: address (str)",
    "setup": "name and place a node: address, name, placement, lid (str)",
    "wear": "begin with these nodes: athlete (str), addresses (tuple of str)",
    "quit": "end everything, keep everything",
}
