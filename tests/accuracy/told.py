"""Truth of the simulated drill as a person would tell it, by scipy's Euler angles and not by the measuring code.

Everything is re-zeroed at the first stand: each y axis was vertical there, and all segments faced one way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from hiphold.measurement import Measurement
from hiphold.metrics import Hold
from hiphold.samples import Bools, Floats, Track
from hiphold.simulation.truth import TrueMove
from hiphold.sources.simulate import Simulation

COLUMNS = (
    "femur_elevation",
    "hip_flexion",
    "hip_adduction",
    "hip_rotation",
    "thigh_azimuth",
    "pelvis_tilt",
    "pelvis_obliquity",
    "pelvis_rotation",
    "trunk_tilt",
    "trunk_rotation",
)
SHIFTS = ("pelvis", "trunk")
"""what is judged against each repetition's baseline"""
BASELINE_S = (1.7, 0.3)
"""before the leg leaves the floor, by the script: where truth takes its pelvic baseline"""
# earth x, y, z is forward, left, up; Y up, X forward, Z right is what the angles of pelvis and trunk are told in
UP_FORWARD = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)))


def rezeroed(r_earth: Floats, stood: Bools) -> Floats:
    """The segment with its y axis where up was on average in the stand, and z as near to the true one as may be."""
    y = r_earth[stood][:, 2, :].mean(axis=0)
    y /= np.linalg.norm(y)
    z = np.array((0.0, 0.0, 1.0)) - y * y[2]
    z /= np.linalg.norm(z)
    return np.asarray(r_earth @ np.column_stack((np.cross(y, z), y, z)))


def faces(r_earth: Floats) -> Floats:
    """(n,) heading: a quarter turn left of the right-pointing z axis."""
    return np.asarray(np.arctan2(r_earth[:, 1, 2], r_earth[:, 0, 2]) + np.pi / 2)


def wrapped(angle_deg: Floats) -> Floats:
    return np.asarray((angle_deg + 180) % 360 - 180)


def truth(simulation: Simulation, time_s: Floats, side: str) -> dict[str, Floats]:
    """(n,) of each of COLUMNS at session times, for one leg."""
    stand = simulation.truth.stands[0]
    grid_s = np.arange(stand[0], stand[1], 0.01)
    every_s = np.concatenate((grid_s, time_s))
    stood = np.arange(len(every_s)) < len(grid_s)

    def segment(placement: str) -> Floats:
        return rezeroed(simulation.truth.motion.rotation(every_s, placement), stood)

    pelvis = segment("pelvis")

    def beside(r_earth: Floats) -> Floats:
        ahead = np.angle(np.exp(1j * (faces(r_earth) - faces(pelvis)))[stood].mean())
        return np.asarray(Rotation.from_rotvec((0.0, 0.0, -ahead)).as_matrix() @ r_earth)

    thigh, trunk = beside(segment(f"thigh_{side}")), beside(segment("trunk"))
    sign = 1 if side == "right" else -1
    joint = Rotation.from_matrix(np.swapaxes(pelvis, 1, 2) @ thigh).as_euler("ZXY", degrees=True)
    femur = -thigh[:, :, 1]
    across = np.angle(np.exp(1j * (np.arctan2(femur[:, 1], femur[:, 0]) - faces(pelvis))))
    turn, lift, tip = Rotation.from_matrix(UP_FORWARD @ pelvis).as_euler("YXZ", degrees=True).T
    trunk_turn, _, trunk_tip = Rotation.from_matrix(UP_FORWARD @ trunk).as_euler("YXZ", degrees=True).T
    values = (
        np.rad2deg(np.arcsin(np.clip(femur[:, 2], -1, 1))),
        joint[:, 0],
        sign * joint[:, 1],
        sign * joint[:, 2],
        sign * np.rad2deg(across),
        -tip,
        -sign * lift,
        sign * turn,
        -(trunk_tip - tip),
        wrapped(sign * (trunk_turn - turn)),
    )
    return {name: value[~stood] for name, value in zip(COLUMNS, values)}


@dataclass
class Errors:
    """What was wrong in the holds of several sessions; one number per hold."""

    mean_square: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    """deg^2 over the samples of the hold"""
    range_deg: list[float] = field(default_factory=list)
    """of hip rotation"""
    stance_deg: list[float] = field(default_factory=list)
    """of the mean flexion of the stance hip"""
    inside: dict[str, list[bool]] = field(default_factory=dict)
    """whether the stated 95 % interval holds the truth"""

    def rmse(self) -> dict[str, float]:
        """Root mean square of each angle that was measured at all."""
        return {name: float(np.sqrt(np.mean(values))) for name, values in self.mean_square.items() if values}

    def range_rmse(self) -> float:
        return float(np.sqrt(np.mean(np.square(self.range_deg))))

    def add(self, simulation: Simulation, result: Measurement) -> None:
        """Take in the holds of one session."""
        moves = [move for move in simulation.truth.moves if move.kind == "hold"]
        for track in result.tracks:
            true = truth(simulation, track.time_s + simulation.first_sample_s, track.side)
            mine = [move for move in moves if move.side == track.side]
            for hold, move in zip((h for h in result.holds if h.side == track.side), mine, strict=True):
                self._add_hold(simulation, track, hold, move, true)
        for hold in result.holds:
            self._add_stance(simulation, hold)

    def _add_hold(
        self, simulation: Simulation, track: Track, hold: Hold, move: TrueMove, true: dict[str, Floats]
    ) -> None:
        time_s = track.time_s + simulation.first_sample_s
        inside = (track.time_s >= hold.start_s) & (track.time_s <= hold.end_s)
        before = (time_s > move.start_s - BASELINE_S[0]) & (time_s < move.start_s - BASELINE_S[1])
        series = track.others | {"femur_elevation_deg": track.elevation_deg}
        for name, values in true.items():
            if f"{name}_deg" not in series or not np.isfinite(series[f"{name}_deg"][inside]).any():
                continue
            off = wrapped(series[f"{name}_deg"] - values)
            off = wrapped(off - np.nanmean(off[before])) if name.startswith(SHIFTS) else off
            self.mean_square[name].append(float(np.nanmean(np.square(off[inside]))))
        low, high = np.percentile(true["hip_rotation"][inside], (5, 95))
        if hold.hip_rotation_range_deg is not None:
            self.range_deg.append(hold.hip_rotation_range_deg - float(high - low))
            self._state("hip_rotation_range", self.range_deg[-1], hold.hip_rotation_range_uncertainty_95)
        self._add_intervals(
            hold, {name: values[inside].mean() - values[before].mean() for name, values in true.items()}
        )

    def _add_intervals(self, hold: Hold, shifts: dict[str, float]) -> None:
        """Whether each stated interval of a shift holds the true one."""
        for part, said in (("pelvis", hold.pelvis), ("trunk", hold.trunk)):
            for name, stability in vars(said).items():
                if name.endswith("_deg") and stability.mean_shift is not None:
                    angle = f"{part}_{name.removesuffix('_deg')}"
                    self._state(angle, stability.mean_shift - shifts[angle], stability.uncertainty_95)

    def _state(self, name: str, off_deg: float, stated_deg: float | None) -> None:
        assert stated_deg is not None
        self.inside.setdefault(name, []).append(abs(off_deg) <= stated_deg)

    def _add_stance(self, simulation: Simulation, hold: Hold) -> None:
        if hold.stance_hip_flexion_deg.mean is None:
            return
        time_s = np.arange(hold.start_s, hold.end_s, 0.01) + simulation.first_sample_s
        other = "left" if hold.side == "right" else "right"
        true = truth(simulation, time_s, other)["hip_flexion"]
        self.stance_deg.append(hold.stance_hip_flexion_deg.mean - float(true.mean()))
