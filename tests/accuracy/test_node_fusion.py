"""The node's own filter, firmware/fusion.py under MicroPython, against optical truth and beside filters in doubles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import node_fusion
from hiphold import wire
from hiphold.orientation import estimate_orientation
from hiphold.samples import G_MPS2, Floats
from node_fusion import Rows, Setup

pytestmark = pytest.mark.accuracy

ACC_CODE, GYR_CODE = 7, 9  # +-16 g and +-2000 deg/s: the tapping reaches 15.8 g, the fastest turn 752 deg/s
ACC_MPS2 = wire.ACC_G_PER_COUNT[ACC_CODE] * G_MPS2
GYR_RADPS = float(np.deg2rad(wire.GYR_DPS_PER_COUNT[GYR_CODE]))


def counts(trial: dict[str, Floats]) -> Rows:
    """What a node's sensor would have delivered."""
    rows = np.zeros((len(trial["imu_acc"]), 10))
    rows[:, :3] = np.rint(trial["imu_acc"] / ACC_MPS2)
    rows[:, 3:6] = np.rint(trial["imu_gyr"] / GYR_RADPS)
    assert np.abs(rows).max() < 32767
    return rows.astype(np.int16)


def errors(q: Floats, trial: dict[str, Floats]) -> tuple[float, float]:
    """Inclination RMSE in degrees as BROAD defines it, and drift of the heading in degrees per minute."""
    scored = trial["movement"].astype(bool) & np.isfinite(trial["opt_quat"]).all(axis=1)
    optical = Rotation.from_quat(trial["opt_quat"][scored], scalar_first=True)
    w, x, y, z = (Rotation.from_quat(q[scored], scalar_first=True) * optical.inv()).as_quat(scalar_first=True).T
    inclination = np.rad2deg(2 * np.arctan2(np.hypot(x, y), np.hypot(w, z)))
    heading = np.rad2deg(np.unwrap(2 * np.arctan2(z, w)))
    minutes = np.flatnonzero(scored) / float(trial["sampling_rate"]) / 60
    return float(np.sqrt(np.mean(inclination**2))), float(np.polyfit(minutes, heading, 1)[0])


def test_broad_on_the_node(data: Path, figure: Callable[[str, str, str], None], micropython: str) -> None:
    names = ("fusion.py", "basicvqf", "madgwick", "vqf")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    trials = sorted((data / "broad").glob("*.npz"))
    assert len(trials) == 6
    for path in trials:
        trial = dict(np.load(path))
        rows, rate_hz = counts(trial), float(trial["sampling_rate"])
        filled, _ = node_fusion.under_micropython(micropython, rows, Setup(ACC_CODE, GYR_CODE, round(1e9 / rate_hz)))
        found["fusion.py"].append(errors(filled[:, 6:] / wire.QUATERNION_ONE, trial))
        time_s: Floats = np.arange(len(rows)) / rate_hz
        gyr: Floats = rows[:, 3:6].astype(np.float64) * GYR_RADPS
        acc: Floats = rows[:, :3].astype(np.float64) * ACC_MPS2
        for name in names[1:]:
            found[name].append(errors(estimate_orientation(time_s, gyr, acc, method=name, causal=True), trial))
    inclination = {name: float(np.mean([each[0] for each in found[name]])) for name in names}
    drift = {name: float(np.mean([abs(each[1]) for each in found[name]])) for name in names}
    for name in names:
        aim = "at most 1.0; 2 x basicvqf" if name == "fusion.py" else "same rounded input, to compare with"
        value = f"{inclination[name]:.3f} deg; {drift[name]:.1f} deg/min"
        figure(f"broad in int16 counts, inclination RMSE; heading drift, mean of 6 trials, {name}", value, aim)
    assert inclination["fusion.py"] <= 0.75
    assert max(each[0] for each in found["fusion.py"]) <= 1.3
    assert inclination["fusion.py"] < inclination["basicvqf"]
    assert drift["fusion.py"] <= 2 * drift["basicvqf"]
