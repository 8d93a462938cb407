"""A session that says what a test wrote down, and remembers what it was told: the other end of the window's link."""

from __future__ import annotations

import time
from math import nan

from hiphold.session.scene import (
    CALIBRATING,
    HOLDING,
    READY,
    Best,
    Command,
    Finding,
    Heard,
    Message,
    NodeHealth,
    Posture,
    RecordingState,
    Rep,
    Scene,
    Step,
    Still,
    Summary,
    Update,
)


class ScriptedLink:
    """Says what it is given, once, and ends so many seconds after it was told to quit."""

    def __init__(self, *messages: Message, ends_after_s: float = 0.1) -> None:
        self.told: list[Command] = []
        self.ends_after_s = ends_after_s
        self._waiting: list[Message] = list(messages)
        self._quit_s = nan

    def say(self, *messages: Message) -> None:
        self._waiting += messages

    def tell(self, command: Command) -> None:
        self.told.append(command)
        if command.name == "quit":
            self._quit_s = time.monotonic()

    def drain(self) -> list[Message]:
        said, self._waiting = self._waiting, []
        return said

    @property
    def alive(self) -> bool:
        return not time.monotonic() - self._quit_s >= self.ends_after_s

    @property
    def names(self) -> list[str]:
        return [command.name for command in self.told]


PELVIS = Heard("hip-1", "C0:00:00:00:00:01", "-52 dBm", "81 %", "pelvis", "back", "A7")
RIGHT = Heard("knee-r", "C0:00:00:00:00:02", "-63 dBm", "64 %", "thigh_right", "right", "A7")
LEFT = Heard("knee-l", "C0:00:00:00:00:03", "-71 dBm", "12 %", "thigh_left", "left", "A7")
NEW = Heard("hiphold-9f31", "C0:00:00:00:00:04", "-88 dBm", "", "pelvis", "back")
OLD = Heard(
    "hiphold-77aa", "C0:00:00:00:00:05", "", "40 %", "trunk", "back", "",
    "It speaks an older version; install the current firmware with: hiphold node install",
)  # fmt: skip
KNOWN = Finding("choose", "Three nodes of A7 are in reach. Begin, or tick others.", (PELVIS, RIGHT, LEFT))
FIRST_TIME = Finding("choose", "Say which node is which, and where each is worn.", (NEW, PELVIS, RIGHT, LEFT, OLD))

REPS = (
    Rep(1, "right", True, 61.2, 10.4, 0.2, 31.8, 1.4, -18.2, 22.9, 38.4, 2.1, -1.2, 3.4, True, False),
    Rep(2, "left", True, 82.9, 8.1, 0.2, 27.9, 1.6, -14.0, 17.5, 29.8, 4.6, -2.9, 5.2, False, False),
    Rep(3, "right", False, 99.0, 3.2, 0.3, 26.1, 1.5),
    Rep(4, "right", True, 120.5, 12.6, 0.2, 33.0, 1.4, -19.9, 24.1, 41.0, 1.8, -0.8, 2.9, True, True),
    Rep(5, "left", True, 147.3, 9.7, 0.2, 29.4, 1.6, -15.1, 18.8, 31.9, 4.1, -2.2, 4.8, False, True),
)
BESTS = (Best("left", 9.7, 29.4, True), Best("right", 12.6, 33.0, True))
SUMMARY = Summary(
    0, "A7", "/home/coach/hiphold/A7/2026-11-30T18-20-11.mcap", 214.6, REPS, BESTS,
    ("Hip rotation of the left leg between 82 and 84 s: the thigh was too near the vertical.",), 3,
    "hiphold measure /home/coach/hiphold/A7/2026-11-30T18-20-11.mcap --causal",
)  # fmt: skip


def scene(stage: str = READY, athlete: str = "A7", **changed: object) -> Scene:
    """A scene of this stage as it would be in a session that goes well."""
    stages: dict[str, dict[str, object]] = {
        CALIBRATING: {
            "prompt": "Stand still",
            "hint": "Arms at your sides, weight on both feet.",
            "steps": (Step("stand", 1, 3), Step("raise_right", 0, 2), Step("raise_left", 0, 2), Step("bow", 0, 1)),
            "still": Still(0.4, 1.2, 3.0, "pelvis"),
        },
        READY: {"prompt": "Raise one knee", "reps": REPS, "bests": BESTS},
        HOLDING: {
            "prompt": "Hold", "hint": "Rotate out, then across.", "reps": REPS, "bests": BESTS,
            "elevation_deg": 31.2, "held_s": 6.4, "count": 6, "rotation_deg": -9.0, "rotation_out_deg": -17.5,
            "rotation_in_deg": 4.0, "azimuth_deg": 3.0, "tilt_deg": 1.8, "obliquity_deg": -1.1, "turn_deg": 2.0,
            "posture": Posture(elevation_right_deg=31.2, rotation_right_deg=-9.0),
        },
    }  # fmt: skip
    nodes = tuple(
        NodeHealth(node.name, node.placement, "info", "well", 9000, 0, 0, 120.0, node.battery, signal=node.signal)
        for node in (PELVIS, RIGHT, LEFT)
    )
    always: dict[str, object] = {
        "athlete": athlete, "stage": stage, "time_s": 127.4, "sides": ("left", "right"), "nodes": nodes,
        "recording": RecordingState("recording", SUMMARY.path, 127.4),
    }  # fmt: skip
    return Scene(**{**always, **stages.get(stage, {}), **changed})  # type: ignore[arg-type]


def update(stage: str = READY, lane: int = 0, cues: tuple[str, ...] = (), **changed: object) -> Update:
    """An update of this stage, made now."""
    shown = scene(stage, **{"athlete": f"A{7 + lane}", **changed})  # type: ignore[arg-type]
    return Update(lane, shown, (), cues, time.monotonic())
