"""What a hold says of hip, azimuth and pelvis: peaks, ranges, cycles, shifts against the baseline, sway, tremor.

A range is P95 - P5; a shift is the mean over the hold minus the mean over the pelvic baseline.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hiphold import drill
from hiphold.angles import Angles, wrapped_deg
from hiphold.metrics import Azimuth, Hold, Mean, Pelvis, Rotation, Stability, Stance, Tremor
from hiphold.samples import G_MPS2, Floats, Interval

BASELINE_S, BEFORE_RAISE_S = 1.4, 0.1
SETTLED_DEGPS = 10.0
"""a raise starts where the thigh, followed back from the hold, stops rising faster than this"""
LOOK_BACK_S = 20.0
"""no raise takes longer"""
CYCLE_DEG = 5.0
TREMOR_HZ = (4.0, 12.0)
TREMOR_S = 3.0
PELVIS_SD_DEG = {"tilt": 0.3, "obliquity": 1.2, "rotation": 1.2}
RANGE_SD_DEG = 1.0
"""1 SD of a shift of the pelvis, and of a hip rotation range: what the simulated drill is held to, not soft tissue"""


def raise_start_s(time_s: Floats, elevation_deg: Floats, hold_start_s: float) -> float:
    """When the raise that leads into a hold began; NaN when the thigh was not seen hanging in LOOK_BACK_S before."""
    before = slice(np.searchsorted(time_s, hold_start_s - LOOK_BACK_S), np.searchsorted(time_s, hold_start_s))
    time_s, elevation_deg = time_s[before], elevation_deg[before]
    down = np.flatnonzero(elevation_deg < drill.STAND_DEG + drill.LIFTED_DEG)
    if not len(down):
        return float("nan")
    last = int(down[-1]) + 1
    slope = np.gradient(elevation_deg[:last], time_s[:last]) if last > 1 else np.zeros(1)
    settled = np.flatnonzero(slope < SETTLED_DEGPS)
    return float(time_s[settled[-1]] if len(settled) else time_s[0])


def baseline(time_s: Floats, elevation_deg: Floats, hold_start_s: float) -> Interval:
    """The pelvic baseline of a repetition: BASELINE_S that end BEFORE_RAISE_S before the raise starts."""
    end_s = raise_start_s(time_s, elevation_deg, hold_start_s) - BEFORE_RAISE_S
    return end_s - BASELINE_S, end_s


def spread(values: Floats) -> float:
    """P95 - P5 of the known ones."""
    low, high = np.percentile(values[np.isfinite(values)], (5, 95))
    return float(high - low)


def cycles(rotation_deg: Floats) -> int:
    """Pairs of outward and inward turns of at least CYCLE_DEG."""
    signal = rotation_deg[np.isfinite(rotation_deg)]
    turning = np.flatnonzero(np.diff(np.sign(np.diff(signal))) != 0) + 1
    points = signal[np.concatenate(([0], turning, [len(signal) - 1]))] if len(signal) > 1 else signal
    swings, way, low, high = 0, 0, np.inf, -np.inf
    for point in points.tolist():  # a few per second
        low, high = min(low, point), max(high, point)
        if way <= 0 and point - low >= CYCLE_DEG:
            way, high, swings = 1, point, swings + 1
        elif way >= 0 and high - point >= CYCLE_DEG:
            way, low, swings = -1, point, swings + 1
    return swings // 2


def _stability(values: Floats, start: float, sd_deg: float) -> Stability:
    shifted = values - start
    return Stability(
        mean_shift=float(shifted.mean()),
        range=spread(values),
        rms=float(values.std()),
        uncertainty_95=1.96 * sd_deg,
    )


def pelvis_stability(time_s: Floats, angles: Angles, hold: slice, before: Interval) -> Pelvis:
    """Pelvic angles in the hold against the baseline; empty where the pelvis sensor was not there for both."""
    stood = slice(np.searchsorted(time_s, before[0]), np.searchsorted(time_s, before[1], "right"))
    series = {
        "tilt": angles.pelvis_tilt_deg,
        "obliquity": angles.pelvis_obliquity_deg,
        "rotation": angles.pelvis_rotation_deg,
    }
    known = np.isfinite(angles.pelvis_tilt_deg)
    if not (known[hold].any() and known[stood].any()):
        return Pelvis()
    found = {}
    for name, values in series.items():
        zero = values[stood][known[stood]][-1]  # so that neither part is cut where an angle wraps
        start = float(wrapped_deg(values[stood][known[stood]] - zero).mean())
        found[name] = _stability(wrapped_deg(values[hold][known[hold]] - zero), start, PELVIS_SD_DEG[name])
    both = np.vstack([series[name][hold][known[hold]] for name in ("tilt", "obliquity")])
    # 95 % ellipse of two normal variables: pi chi2(0.95, 2) sqrt(det cov)
    area = float(np.pi * 5.991 * np.sqrt(max(np.linalg.det(np.cov(both)), 0.0))) if both.shape[1] > 2 else None
    return Pelvis(found["tilt"], found["obliquity"], found["rotation"], area)


def dissociation(angles: Angles, hold: slice) -> float | None:
    """SD of pelvic rotation over SD of hip rotation; None where the hip did not rotate or is not known."""
    hip, pelvis = angles.hip_rotation_deg[hold], angles.pelvis_rotation_deg[hold]
    both = np.isfinite(hip) & np.isfinite(pelvis)
    if both.sum() < 3 or hip[both].std() == 0:
        return None
    return float(np.unwrap(np.deg2rad(pelvis[both])).std() / np.unwrap(np.deg2rad(hip[both])).std())


def _band_rms(acc_mps2: Floats, period_s: float) -> float:
    """RMS of the part of (n, 3) that lies in TREMOR_HZ, by the Fourier transform (Parseval)."""
    spectrum = np.fft.rfft(acc_mps2 - acc_mps2.mean(axis=0), axis=0)
    hz = np.fft.rfftfreq(len(acc_mps2), period_s)
    power = 2 * np.square(np.abs(spectrum[(hz >= TREMOR_HZ[0]) & (hz <= TREMOR_HZ[1])])).sum()
    return float(np.sqrt(power) / len(acc_mps2))


def tremor(acc_mps2: Floats, up_sensor: Floats, period_s: float) -> Tremor:
    """Gravity-free acceleration of the thigh (n, 3) over a hold, its first and last TREMOR_S."""
    free = acc_mps2 - G_MPS2 * up_sensor
    free = free[np.isfinite(free).all(axis=1)]
    n = round(TREMOR_S / period_s)
    return Tremor(_band_rms(free[:n], period_s), _band_rms(free[-n:], period_s)) if len(free) >= n else Tremor()


def _mean(values: Floats) -> float | None:
    some = values[np.isfinite(values)]
    return float(some.mean()) if len(some) else None


def with_angles(hold: Hold, time_s: Floats, angles: Angles, inside: slice, before: Interval) -> Hold:
    """The hold with hip, azimuth and pelvis; `inside` are its samples, `before` is the pelvic baseline."""
    rotation = angles.hip_rotation_deg[inside]
    azimuth = angles.thigh_azimuth_deg[inside]
    rotation, azimuth = rotation[np.isfinite(rotation)], azimuth[np.isfinite(azimuth)]
    hold = replace(hold, pelvis=pelvis_stability(time_s, angles, inside, before))
    if len(azimuth):
        peaks = Azimuth(across_peak=float(azimuth.max()), outward_peak=float(azimuth.min()))
        hold = replace(hold, thigh_azimuth_deg=peaks, thigh_azimuth_range_deg=spread(azimuth))
    if not len(rotation):
        return hold
    return replace(
        hold,
        hip_flexion_deg=Mean(_mean(angles.hip_flexion_deg[inside])),
        hip_adduction_deg=Mean(_mean(angles.hip_adduction_deg[inside])),
        hip_rotation_deg=Rotation(internal_peak=float(rotation.max()), external_peak=float(rotation.min())),
        hip_rotation_range_deg=spread(rotation),
        hip_rotation_range_uncertainty_95=1.96 * RANGE_SD_DEG,
        rotation_cycles=cycles(rotation),
        dissociation=dissociation(angles, inside),
    )


def stance(time_s: Floats, hip_flexion_deg: Floats, start_s: float, end_s: float) -> Stance:
    """Hip flexion of the other leg during a hold."""
    inside = hip_flexion_deg[np.searchsorted(time_s, start_s) : np.searchsorted(time_s, end_s, "right")]
    some = inside[np.isfinite(inside)]
    return Stance(float(some.mean()), float(some.max())) if len(some) else Stance()
