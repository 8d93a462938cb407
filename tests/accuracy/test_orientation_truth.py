"""Orientation against truth: optical (BROAD) and a rotary encoder (two MPU-6050)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hiphold.orientation import estimate_orientation
from hiphold.samples import G_MPS2, Floats

pytestmark = pytest.mark.accuracy


def rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def inclination_rmse_deg(path: Path, causal: bool) -> float:
    """As BROAD defines it: e = q_imu q_opt^-1 in the earth frame, inclination = 2 acos sqrt(ew^2 + ez^2)."""
    trial = np.load(path)
    time_s = np.arange(len(trial["imu_acc"])) / float(trial["sampling_rate"])
    q = estimate_orientation(time_s, trial["imu_gyr"], trial["imu_acc"], causal=causal)
    scored = trial["movement"] & np.isfinite(trial["opt_quat"]).all(axis=1)
    estimated = Rotation.from_quat(q[scored], scalar_first=True)
    optical = Rotation.from_quat(trial["opt_quat"][scored], scalar_first=True)
    error = (estimated * optical.inv()).as_quat(scalar_first=True)
    return rms(np.rad2deg(2 * np.arccos(np.clip(np.hypot(error[:, 0], error[:, 3]), 0, 1))))


@pytest.mark.parametrize(("causal", "most_deg"), [(True, 0.67), (False, 0.46)])
def test_broad_inclination(data: Path, figure: Callable[[str, str, str], None], causal: bool, most_deg: float) -> None:
    trials = sorted((data / "broad").glob("*.npz"))
    assert len(trials) == 6
    mean = float(np.mean([inclination_rmse_deg(trial, causal) for trial in trials]))
    name = f"broad, inclination RMSE, mean of 6 trials, {'causal' if causal else 'offline'}"
    figure(name, f"{mean:.3f} deg", f"at most {most_deg}")
    assert mean <= most_deg


def on_grid(time_s: Floats, values: Floats, grid_s: Floats) -> Floats:
    """Columns at even times; stamps that repeat are left out."""
    rising = np.concatenate(([True], np.diff(time_s) > 0))
    return np.column_stack([np.interp(grid_s, time_s[rising], column[rising]) for column in values.T])


def relative_angle_error_deg(record: dict[str, Floats], causal: bool) -> Floats:
    """On a 10 ms grid: the turn of sensor 2 against sensor 1 about z, minus the encoder's (it counts the other way)."""
    time_s = record["time_ms"] / 1000
    turned = []
    for sensor in (1, 2):
        gyr = np.deg2rad(record[f"imu{sensor}_gyr_x100"] / 100)
        acc = record[f"imu{sensor}_acc_x100"] / 100 * G_MPS2
        turned.append(Rotation.from_quat(estimate_orientation(time_s, gyr, acc, causal=causal), scalar_first=True))
    relative = turned[0].inv() * turned[1]
    q = (relative[0].inv() * relative).as_quat()
    encoder = np.deg2rad(record["encoder_deg_x100"] / 100)
    error = np.unwrap(-2 * np.arctan2(q[:, 2], q[:, 3]) - (encoder - encoder[0]))
    return np.rad2deg(on_grid(time_s, error[:, None], np.arange(time_s[0], time_s[-1], 0.01))[:, 0])


def window_rms_deg(error_deg: Floats) -> Floats:
    """RMS inside windows of 10 s, every 5 s, against the median of the first 0.2 s of each."""
    starts = range(0, len(error_deg) - 1000, 500)
    return np.array([rms(error_deg[i : i + 1000] - np.median(error_deg[i : i + 20])) for i in starts])


def test_mpu6050_relative_angle(data: Path, figure: Callable[[str, str, str], None]) -> None:
    record = dict(np.load(data / "mpu6050_encoder" / "yaw_slow_first300s.npz"))
    for causal in (False, True):
        windows = window_rms_deg(relative_angle_error_deg(record, causal))
        median, p95 = float(np.median(windows)), float(np.percentile(windows, 95))
        name = f"mpu6050 yaw_slow, relative angle in 10 s, median / p95, {'causal' if causal else 'offline'}"
        figure(name, f"{median:.2f} / {p95:.2f} deg", "offline at most 0.79 / 1.34")
        assert causal or (median <= 0.79 and p95 <= 1.34)
        assert median <= 0.85
        assert p95 <= 1.70
