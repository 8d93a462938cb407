"""What the athlete is asked to do: the session script, by lengths or act by act.

A script speaks of the `lead` and the `other` leg; which of them is right or left is decided by the body.
"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_S = {
    "stand": 4.0,
    "hold": 11.0,
    "dip": 14.0,
    "graze_dip": 11.0,
    "double": 7.0,
    "sit": 6.0,
    "walk": 6.0,
    "step": 6.0,
    "restless": 6.0,
    "tap": 2.0,
    "lean_stand": 6.0,
    "vibrate": 4.0,
    "turn_around": 3.0,
}
"""length of each kind of act that has one, s"""
BOWS = ("bow", "bow_sideways", "bow_backward", "bow_back_only")
KINDS = (*DEFAULT_S, "raise", *BOWS)


@dataclass(frozen=True)
class Act:
    """One thing to do, of KINDS:

    - `stand`: quietly, for `seconds`; the only kind that Truth counts as a stand.
    - `raise`: the thigh up to 5 to 20 degrees and down again. `bow`: pelvis and trunk forward over still thighs.
    - `hold`: `seconds` above the threshold, of any length; a short one is a broken-off attempt.
    - `dip`: a hold whose thigh sinks once to 12 degrees for 0.8 s, which makes it two; `graze_dip`: once to 20 degrees,
      below the threshold for 0.15 s, which leaves it one. `seconds` from the first crossing to the last.
    - `double`: two holds of `seconds` each; between them the thigh comes down to -20 degrees only.
    - `bow_sideways`: to the side of `leg`. `bow_backward`: by 27 degrees or more. `bow_back_only`: the trunk tips as in
      a bow, the pelvis by a fifth of it.
    - `walk`: steps with both legs, `leg` first, as on a treadmill. `step`: lifts each leg in turn on the spot.
    - `sit`: `seconds` on a chair, and up again.
    - `tap`: somebody knocks 4 to 6 times; every sensor jolts, none turns.
    - `restless`: leans to and fro over feet that stay, hardly ever still.
    - `lean_stand`: quietly, but leaning by several degrees to one way; Truth does not count it as a stand.
    - `vibrate`: quietly, on a plate that shakes up and down.
    - `turn_around`: steps on the spot until the whole body faces another way, by 90 to 180 degrees.
    """

    kind: str
    leg: str = "lead"
    """lead or other: which leg is raised, goes first, or is bent over; no matter for the rest"""
    seconds: float | None = None
    """whole length of stand and of what goes on for a while, walk to turn_around; time on the seat; time at the top of
    a raise or bow; time above the threshold of the holds. None: by DEFAULT_S, and a moment for a raise or bow"""
    elevation_deg: float | None = None
    """what the thigh is raised to in raise and holds, or has on the seat; None: drawn"""

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.leg not in ("lead", "other"):
            raise ValueError(f"no such act: {self.kind} with the {self.leg} leg; there are {', '.join(KINDS)}")


@dataclass(frozen=True)
class Script:
    """A session. Durations vary by the relative amount `variation`; stands and rests only ever grow."""

    stand_s: float = 4.0
    """the first, quiet stand"""
    ritual: bool = True
    """two raises with each measured leg and one bow before the holds"""
    between_s: float = 2.0
    """stand between the parts of the ritual"""
    before_holds_s: float = 3.0
    """stand between the ritual and the first hold"""
    hold_s: tuple[float, ...] = (11.0, 11.0, 11.0)
    """each repetition's time above the threshold; 2 to 4 s make a broken-off attempt"""
    rest_s: float = 4.2
    """stand between holds and after the last"""
    variation: float = 0.07
    acts: tuple[Act, ...] = ()
    """when given, all that is done, in this order; of the settings above only `variation` still counts"""

    def all_acts(self, legs: tuple[str, ...]) -> tuple[Act, ...]:
        """What is done, in order. `legs` (lead, or lead and other) take turns in the ritual and the holds."""
        if self.acts:
            return self.acts
        acts = [Act("stand", seconds=self.stand_s)]
        if self.ritual:
            for leg in legs * 2:
                acts += [Act("raise", leg), Act("stand", seconds=self.between_s)]
            acts += [Act("bow"), Act("stand", seconds=self.before_holds_s)]
        for i, seconds in enumerate(self.hold_s):
            acts += [Act("hold", legs[i % len(legs)], seconds), Act("stand", seconds=self.rest_s)]
        return tuple(acts)
