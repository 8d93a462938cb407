"""The recorded data sets: one sensor against optics, two against an encoder, people against what was said of them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat
from scipy.spatial.transform import Rotation
from test_people import DEVICE_PEAK_DEG, HAND_TUNED_DEG, RAISED_DEG, seat

from hiphold.formats import ximu3
from hiphold.measure import measure
from hiphold.orientation import estimate_orientation
from hiphold.samples import G_MPS2, Bools, Floats, Settings
from table import filters
from table.runs import LIVE, OFFLINE

SIX = (
    "02_undisturbed_slow_rotation_B",
    "04_undisturbed_slow_rotation_with_breaks_A",
    "11_undisturbed_slow_translation_B",
    "16_undisturbed_fast_translation_B",
    "24_disturbed_tapping_A",
    "28_disturbed_stationary_magnet_A",
)
"""the trials of BROAD that the targets are set on"""
BROAD_CODES = 7, 9
"""+-16 g and +-2000 deg/s, for the node's filter: the tapping reaches 15.8 g"""
ENCODER_CODES = 5, 9
ENCODER_S = 300.0
"""of each encoder record; the slow filters need long for more"""
AXES = {"roll": (0, 1), "pitch": (1, 1), "yaw": (2, -1)}
"""component of the turn that the encoder counts, and which way"""


@dataclass(frozen=True)
class Judged:
    """One method on one recording."""

    recording: str
    method: str
    rmse: float
    p95: float
    worst: float
    n: int
    """samples, or windows"""
    median: float


def judged(recording: str, method: str, errors_deg: Floats) -> Judged:
    """Figures of errors (n,)."""
    size = np.abs(errors_deg)
    rmse, p95 = float(np.sqrt(np.mean(size**2))), float(np.percentile(size, 95))
    return Judged(recording, method, rmse, p95, float(size.max()), len(size), float(np.median(size)))


def oriented(method: str, time_s: Floats, samples: filters.Samples) -> Floats:
    """(n, 4) by hiphold with the stamps, or by a filter that takes a fixed period."""
    if method in filters.FILTERS:
        return filters.FILTERS[method](samples)
    return estimate_orientation(time_s, samples.gyr_radps, samples.acc_mps2, causal=method == LIVE)


def methods() -> tuple[str, ...]:
    """All that give an orientation."""
    return (OFFLINE, LIVE, *filters.available())


def load(path: Path) -> dict[str, Any]:
    """Arrays of an .npz file, or of an original .mat file."""
    return dict(np.load(path)) if path.suffix == ".npz" else loadmat(path, squeeze_me=True)


def inclination_deg(q: Floats, q_optical: Floats) -> Floats:
    """(n,) as BROAD defines it: e = q_imu q_opt^-1 in the earth frame, inclination = 2 acos sqrt(ew^2 + ez^2)."""
    error = Rotation.from_quat(q, scalar_first=True) * Rotation.from_quat(q_optical, scalar_first=True).inv()
    w, _, _, z = error.as_quat(scalar_first=True).T
    return np.asarray(np.rad2deg(2 * np.arccos(np.clip(np.hypot(w, z), 0, 1))))


def broad(path: Path, only: Sequence[str] = ()) -> list[Judged]:
    """Inclination against optics, over the samples that BROAD scores; by all methods, or only these."""
    trial = load(path)
    period_s = 1 / float(trial["sampling_rate"])
    gyr, acc = (np.ascontiguousarray(trial[name], dtype=np.float64) for name in ("imu_gyr", "imu_acc"))
    samples = filters.rounded(period_s, gyr, acc, *BROAD_CODES)
    scored: Bools = trial["movement"].astype(bool) & np.isfinite(trial["opt_quat"]).all(axis=1)
    time_s: Floats = np.arange(len(acc), dtype=np.float64) * period_s
    return [
        judged(path.stem, method, inclination_deg(oriented(method, time_s, samples)[scored], trial["opt_quat"][scored]))
        for method in only or methods()
    ]


def _even(time_s: Floats, values: Floats, grid_s: Floats) -> Floats:
    """Columns at even times; stamps that repeat are left out."""
    rising = np.concatenate(([True], np.diff(np.maximum.accumulate(time_s)) > 0))
    return np.column_stack([np.interp(grid_s, time_s[rising], column[rising]) for column in values.T])


def encoder(path: Path) -> list[Judged]:
    """Relative angle of two sensors against the encoder: RMS inside windows of 10 s, every 5 s.

    Filters of a fixed period get the samples on an even grid of 10 ms; hiphold the stamps as they are.
    """
    record = load(path)
    time_s = record["time_ms"] / 1000
    some = time_s <= time_s[0] + ENCODER_S
    time_s = time_s[some]
    grid_s = np.arange(time_s[0], time_s[-1], 0.01)
    truth = _even(time_s, np.deg2rad(record["encoder_deg_x100"][some] / 100)[:, None], grid_s)[:, 0]
    found = []
    for method in methods():
        q = [_sensor(record, some, number, method, time_s, grid_s) for number in (1, 2)]
        found.append(judged(path.stem, method, _windows(_turn(q, path.stem.partition("_")[0]) - truth)))
    return found


def _sensor(record: dict[str, Any], some: Bools, number: int, method: str, time_s: Floats, grid_s: Floats) -> Rotation:
    gyr = np.deg2rad(record[f"imu{number}_gyr_x100"][some] / 100)
    acc = record[f"imu{number}_acc_x100"][some] / 100 * G_MPS2
    if method in filters.FILTERS:
        even = filters.rounded(0.01, _even(time_s, gyr, grid_s), _even(time_s, acc, grid_s), *ENCODER_CODES)
        return Rotation.from_quat(filters.FILTERS[method](even), scalar_first=True)
    q = estimate_orientation(time_s, gyr, acc, causal=method == LIVE)
    flips = np.cumprod(np.concatenate(([1.0], np.where(np.einsum("ij,ij->i", q[1:], q[:-1]) < 0, -1.0, 1.0))))
    return Rotation.from_quat(_even(time_s, q * flips[:, None], grid_s), scalar_first=True)


def _turn(q: list[Rotation], axis: str) -> Floats:
    component, way = AXES[axis]
    relative = q[0].inv() * q[1]
    turn = (relative[0].inv() * relative).as_quat()
    return np.asarray(way * np.unwrap(2 * np.arctan2(turn[:, component], turn[:, 3])))


def _windows(error_rad: Floats) -> Floats:
    """(m,) degrees: against the median of the first 0.2 s of each."""
    error = np.rad2deg(np.unwrap(error_rad))
    starts = range(0, len(error) - 1000, 500)
    off = [error[i : i + 1000] - np.median(error[i : i + 20]) for i in starts]
    return np.array([np.sqrt(np.mean(np.square((each + 180) % 360 - 180))) for each in off])


@dataclass(frozen=True)
class Agreement:
    """What hiphold says of a person, and what somebody else said: neither is known to be right."""

    recording: str
    figure: str
    ours_deg: float
    theirs_deg: float
    whose: str


def people(folder: Path) -> list[Agreement]:
    """All that there is of recorded people; empty where their files are missing."""
    found: list[Agreement] = []
    if (folder / "ximu3_lower_body").is_dir():
        found += _ximu3(folder)
    if (folder / "qmt_lower_body" / "qmt_lower_body.npz").is_file():
        found += _qmt(folder)
    return found


def _ximu3(folder: Path) -> list[Agreement]:
    frames, _, _ = ximu3.read(folder / "ximu3_lower_body")
    found = []
    for orientation in ("host", "recorded"):
        result = measure(frames, Settings(orientation=orientation))
        tracks = {track.side: track for track in result.tracks}
        for each in result.raises:
            track, name = tracks[each.side], f"{each.side}, {orientation} orientation"
            flexion = float(np.interp(each.peak_s, track.time_s, track.others["hip_flexion_deg"]))
            peak, theirs = each.femur_elevation_peak_deg, DEVICE_PEAK_DEG[each.side]
            device = "the device's own fusion, thigh taken as vertical in the first 0.5 s"
            found.append(Agreement("ximu3", f"peak elevation, {name}", peak, theirs, device))
            found.append(Agreement("ximu3", f"hip flexion at the peak, {name}", flexion, RAISED_DEG[each.side], device))
    return found


def _qmt(folder: Path) -> list[Agreement]:
    with tempfile.TemporaryDirectory() as place:
        result = seat(folder, Path(place))
    found = []
    for track in sorted(result.tracks, key=lambda track: track.side):
        seated = track.elevation_deg[(track.time_s >= 52) & (track.time_s < 78)]
        theirs, whose = HAND_TUNED_DEG[track.side], "the authors' hand-tuned sensor-to-segment turns"
        found.append(Agreement("qmt", f"mean elevation on a seat, {track.side}", float(seated.mean()), theirs, whose))
    return found
