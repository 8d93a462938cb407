"""What really happened: angles at any instant, and the holds, by the definitions in the conventions.

It reaches tests and the demonstration only; nothing that measures may see it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiphold.samples import Bools, Floats, Interval
from hiphold.simulation.body import MIRROR_SEGMENT, R_EARTH_FROM_UPRIGHT, Motion
from hiphold.simulation.plan import Plan

GRID_S = 1e-3
RUN_S = 0.3  # a crossing counts when it lasts
MINIMUM_HOLD_S = 5.0
GRAZE_DEG, GRAZE_S, GRAZE_NEAR_S = 1.0, 0.1, 1.0
GRAZE_DIP_S = 0.25  # a dip of nearly RUN_S might be taken for the end; a shorter one cannot
STAND_S = 1.0  # a shorter one is no reference
VERTICAL_DEG = 20.0  # closer to vertical than this, a thigh has no azimuth


@dataclass(frozen=True, eq=False)
class Angles:
    """All (n,), degrees, signs as for the side asked for."""

    femur_elevation_deg: Floats
    hip_flexion_deg: Floats
    hip_adduction_deg: Floats
    hip_rotation_deg: Floats
    """internal +"""
    thigh_azimuth_deg: Floats
    """NaN while the thigh is near vertical"""
    pelvis_tilt_deg: Floats
    pelvis_obliquity_deg: Floats
    pelvis_rotation_deg: Floats
    """from where the athlete faces on average, not from a baseline"""
    trunk_tilt_deg: Floats
    trunk_rotation_deg: Floats
    """from where the athlete faces on average"""


@dataclass(frozen=True)
class TrueHold:
    """A hold or attempt, seconds since the session began."""

    side: str
    start_s: float
    end_s: float
    grazes: bool
    """elevation lingers at a threshold, so that no measurement can tell when the hold starts or ends"""

    @property
    def hold_s(self) -> float:
        """Length."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class TrueMove:
    """One departure from standing as it was planned."""

    kind: str
    """of script.KINDS, but no stand"""
    side: str
    start_s: float
    top_s: float
    leave_s: float
    end_s: float


def _turned(r_earth_from_segment: Floats) -> tuple[Floats, Floats, Floats]:
    """Rotation, obliquity and tilt (rad) of pelvis or trunk, right side.

    S = Ry(rotation) Rx(-obliquity) Rz(-tilt): S z = (sin r cos o, sin o, cos r cos o), and row y begins with
    cos o (-sin t, cos t).
    """
    s = R_EARTH_FROM_UPRIGHT.T @ r_earth_from_segment
    return np.arctan2(s[..., 0, 2], s[..., 2, 2]), np.arcsin(s[..., 1, 2]), np.arctan2(-s[..., 1, 0], s[..., 1, 1])


def _hip(r_pelvis_from_thigh: Floats) -> tuple[Floats, Floats, Floats]:
    """Flexion, adduction and internal rotation (rad), right leg.

    J = Rz(f) Rx(a) Ry(i): J y = (-sin f cos a, cos f cos a, sin a), and row z begins and ends with
    cos a (-sin i, cos i).
    """
    j = r_pelvis_from_thigh
    flexion, rotation = np.arctan2(-j[..., 0, 1], j[..., 1, 1]), np.arctan2(-j[..., 2, 0], j[..., 2, 2])
    return flexion, np.arcsin(np.clip(j[..., 2, 1], -1.0, 1.0)), rotation


def _runs(mask: Bools, least: int) -> list[tuple[int, int]]:
    """First and last+1 index of each stretch of True that is at least `least` long."""
    edges = np.flatnonzero(np.diff(np.concatenate(((False,), mask, (False,)))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2]) if b - a >= least]


@dataclass(frozen=True, eq=False)
class Truth:
    """Ground truth of one simulated session."""

    motion: Motion
    plan: Plan
    sides: tuple[str, ...]
    """the sides that were trained"""

    @property
    def duration_s(self) -> float:
        """Length of the session."""
        return self.plan.duration_s

    @property
    def stands(self) -> tuple[Interval, ...]:
        """When the athlete stood quietly, in order; the first of at least 1 s is the reference."""
        return self.plan.stands

    @property
    def moves(self) -> tuple[TrueMove, ...]:
        """All but the stands, as planned; what is done with both bears the side of the leg that was said."""
        lead = self.motion.lead
        other = "left" if lead == "right" else "right"
        side = {"lead": lead, "other": other}
        return tuple(TrueMove(m.kind, side[m.leg], m.start_s, m.top_s, m.leave_s, m.end_s) for m in self.plan.moves)

    def angles(self, time_s: Floats, side: str) -> Angles:
        """Everything about one side at any instants (n,)."""
        sign = 1.0 if side == "right" else -1.0
        pelvis = self.motion.rotation(time_s, "pelvis")
        thigh = self.motion.rotation(time_s, f"thigh_{side}")
        joint = np.swapaxes(pelvis, -1, -2) @ thigh
        hip = _hip(joint if side == "right" else MIRROR_SEGMENT @ joint @ MIRROR_SEGMENT)
        rotation, obliquity, tilt = _turned(pelvis)
        trunk_rotation, _, trunk_tilt = _turned(self.motion.rotation(time_s, "trunk"))
        femur = -thigh[..., :, 1]  # hip to knee, earth axes
        elevation = np.arcsin(np.clip(femur[..., 2], -1.0, 1.0))
        # Seen from above, left is counter-clockwise of forward, and across the body for the right leg.
        azimuth = np.angle(np.exp(1j * (np.arctan2(femur[..., 1], femur[..., 0]) - rotation)))
        azimuth[np.degrees(elevation) < VERTICAL_DEG - 90.0] = np.nan
        pelvis_angles = (tilt, sign * obliquity, sign * rotation)
        all_rad = (elevation, *hip, sign * azimuth, *pelvis_angles, trunk_tilt, sign * trunk_rotation)
        return Angles(*(np.degrees(angle) for angle in all_rad))

    def rezeroed_elevation_deg(self, time_s: Floats, side: str, stand: Interval | None = None) -> Floats:
        """Elevation of the axis, fixed in the thigh, that was vertical on average over a stand (default: reference)."""
        stand = stand or next((each for each in self.stands if each[1] - each[0] >= STAND_S), self.stands[0])
        over = np.arange(stand[0], stand[1], 10 * GRID_S)
        axis = self.motion.rotation(over, f"thigh_{side}")[..., 2, :].mean(axis=0)
        axis /= np.linalg.norm(axis)
        up = self.motion.rotation(time_s, f"thigh_{side}")[..., 2, :]
        return np.asarray(np.degrees(np.arcsin(np.clip(-up @ axis, -1.0, 1.0))))

    def runs(self, side: str, target_deg: float = 30.0, band_deg: float = 5.0) -> tuple[TrueHold, ...]:
        """Holds and attempts of one side, from the re-zeroed elevation at 1 kHz."""
        time_s = np.arange(0.0, self.duration_s, GRID_S)
        elevation = self.rezeroed_elevation_deg(time_s, side)
        above, below = target_deg - band_deg, target_deg - band_deg - 3.0
        least = round(RUN_S / GRID_S)
        ends = [first for first, _ in _runs(elevation < below, least)] + [len(time_s) - 1]
        found: list[TrueHold] = []
        free_from = 0
        for start, _ in _runs(elevation > above, least):
            if start < free_from:
                continue
            free_from = next(end for end in ends if end > start)
            dips = _runs(elevation[start:free_from] < below + GRAZE_DEG, round(GRAZE_DIP_S / GRID_S))
            grazes = _lingers(elevation, start, above) or _lingers(elevation, free_from, below) or bool(dips)
            found.append(TrueHold(side, float(time_s[start]), float(time_s[free_from]), grazes))
        return tuple(found)

    def holds(self, side: str, target_deg: float = 30.0, band_deg: float = 5.0) -> tuple[TrueHold, ...]:
        """Runs of at least 5 s."""
        return tuple(run for run in self.runs(side, target_deg, band_deg) if run.hold_s >= MINIMUM_HOLD_S)

    def attempts(self, side: str, target_deg: float = 30.0, band_deg: float = 5.0) -> tuple[TrueHold, ...]:
        """Runs under 5 s."""
        return tuple(run for run in self.runs(side, target_deg, band_deg) if run.hold_s < MINIMUM_HOLD_S)


def _lingers(elevation_deg: Floats, at: int, threshold_deg: float) -> bool:
    reach = round(GRAZE_NEAR_S / GRID_S)
    near = np.abs(elevation_deg[max(at - reach, 0) : at + reach] - threshold_deg) < GRAZE_DEG
    return bool(np.sum(near) * GRID_S > GRAZE_S)
