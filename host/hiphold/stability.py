"""What a hold says of hip, azimuth and pelvis: peaks, ranges, cycles, shifts against the baseline, sway, tremor.

Sway as the 95 % ellipse of Prieto 1996, doi 10.1109/10.532130; tremor in the band of McAuley and Marsden 2000, doi
10.1093/brain/123.8.1545. A range is P95 - P5; a shift is the mean over the hold minus that over the pelvic baseline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hiphold import drill
from hiphold.angles import Angles, wrapped_deg
from hiphold.metrics import (
    INCLINATION_RMSE_DEG,
    Azimuth,
    Hold,
    Mean,
    Pelvis,
    Rotation,
    Stability,
    Stance,
    Tremor,
    Trunk,
)
from hiphold.samples import G_MPS2, Floats, Interval

BASELINE_S, BEFORE_RAISE_S = 1.4, 0.1
SETTLED_DEGPS = 10.0
"""a raise starts where the thigh, followed back from the hold, stops rising faster than this"""
LOOK_BACK_S = 20.0
"""no raise takes longer"""
CYCLE_DEG = 5.0
TREMOR_HZ = (4.0, 12.0)
TREMOR_S = 3.0
INCLINE_SD_DEG = {True: (0.17, 0.25), False: (0.2, 0.45)}
"""1 SD of a change of inclination within half a minute, offline and causal, by whether the gyroscope was zeroed"""
TURN_SD_DEG, TURN_SD_DEGPS = 0.3, {True: (0.05, 0.06), False: (0.13, 0.17)}
"""1 SD of a change of heading: at once, and the same per second since the baseline"""
COARSE = {"mpu6050": 1.4}
"""by chip: how much more its gyroscope's scale and crossed axes turn a heading"""
RANGE_SD_DEG, RANGE_SD_SHARE = 0.3, 0.012
"""1 SD of a range of hip rotation of the sensors: at once, and of the range"""
SKIN_SD_SHARE = 1.12
"""the same of what skin hides of the bone: a thigh sensor follows about half (docs/explanation/soft-tissue.md)"""


def raise_start_s(time_s: Floats, elevation_deg: Floats, hold_start_s: float) -> float:
    """When the raise that leads into a hold began; NaN when the thigh was not seen hanging in LOOK_BACK_S before."""
    before = slice(np.searchsorted(time_s, hold_start_s - LOOK_BACK_S), np.searchsorted(time_s, hold_start_s))
    time_s, elevation_deg = time_s[before], elevation_deg[before]
    down = np.flatnonzero(elevation_deg < drill.STAND_DEG + drill.LIFTED_DEG)
    if not len(down):
        return float("nan")
    last = int(down[-1]) + 1
    step_s = np.diff(time_s[:last])
    rise_deg = np.diff(elevation_deg[:last])
    settled = np.flatnonzero(rise_deg < SETTLED_DEGPS * step_s + 1e-9)  # live, times may repeat
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


@dataclass(frozen=True)
class Repetition:
    """Where in a side's series one hold and its baseline lie, and what the angles in it rest on."""

    time_s: Floats
    """(n,) of the series"""
    hold: slice
    baseline: Interval
    facing_sd_deg: float
    """1 SD of the way the pelvis is taken to face"""
    zeroed: bool
    """whether the gyroscope of the pelvis was"""
    causal: bool
    acc_sd_deg: tuple[float, float] = (0.0, 0.0)
    """1 SD of the shifts of tilt and obliquity by what is not known of the pelvis' accelerometer"""
    drift_degps: float = 0.0
    """what the pelvis' heading was seen to drift by, beyond what people do"""
    chip: str = ""
    method: str = "vqf"
    """whose orientation the pelvis has; as in metrics.INCLINATION_RMSE_DEG"""

    @property
    def worse(self) -> float:
        """How much worse inclination and heading of this method are than those of vqf."""
        return max(1.0, INCLINATION_RMSE_DEG[self.method][self.causal] / INCLINATION_RMSE_DEG["vqf"][self.causal])

    @property
    def incline_sd_deg(self) -> float:
        """1 SD of a change of inclination."""
        return self.worse * INCLINE_SD_DEG[self.zeroed][self.causal]

    def range_sd_deg(self, range_deg: float) -> float:
        """1 SD of a range of hip rotation, as one of the bone."""
        sensors_deg = self.worse * float(np.hypot(RANGE_SD_DEG, RANGE_SD_SHARE * range_deg))
        return float(np.hypot(sensors_deg, SKIN_SD_SHARE * range_deg))

    @property
    def stood(self) -> slice:
        """The samples of the baseline."""
        start_s, end_s = self.baseline
        return slice(np.searchsorted(self.time_s, start_s), np.searchsorted(self.time_s, end_s, "right"))

    @property
    def turn_sd_deg(self) -> float:
        """1 SD of a change of heading from the baseline to the middle of the hold."""
        middle_s = (self.time_s[self.hold][0] + self.time_s[self.hold][-1]) / 2
        rate = np.hypot(COARSE.get(self.chip, 1.0) * TURN_SD_DEGPS[self.zeroed][self.causal], self.drift_degps)
        drift_deg = rate * (middle_s - np.mean(self.baseline))
        return self.worse * float(np.hypot(TURN_SD_DEG, drift_deg))


def shifted(values: Floats, of: Repetition) -> Stability:
    """An angle in the hold against its baseline, not yet with its uncertainty; empty when not known in both."""
    stood, held = (values[part][np.isfinite(values[part])] for part in (of.stood, of.hold))
    if not (len(stood) and len(held)):
        return Stability()
    zero = stood[-1]  # so that neither part is cut where an angle wraps
    held = wrapped_deg(held - zero)
    shift = held.mean() - wrapped_deg(stood - zero).mean()
    return Stability(mean_shift=float(shift), range=spread(held), rms=float(held.std()))


def _sure(stability: Stability, *sd_deg: float) -> Stability:
    """With its 95 % interval, from independent parts of 1 SD each."""
    if stability.mean_shift is None:
        return stability
    return replace(stability, uncertainty_95=1.96 * float(np.linalg.norm(sd_deg)))


def pelvis_stability(angles: Angles, of: Repetition) -> Pelvis:
    """Pelvic angles in the hold against the baseline.

    A pelvis taken to face e beside where it does mixes tilt and obliquity: an error of e times the other's shift.
    """
    tilt, obliquity = shifted(angles.pelvis_tilt_deg, of), shifted(angles.pelvis_obliquity_deg, of)
    rotation = shifted(angles.pelvis_rotation_deg, of)
    incline_deg, facing = of.incline_sd_deg, np.deg2rad(of.facing_sd_deg)
    both = np.vstack([values[of.hold] for values in (angles.pelvis_tilt_deg, angles.pelvis_obliquity_deg)])
    both = both[:, np.isfinite(both).all(axis=0)]
    # 95 % ellipse of two normal variables: pi chi2(0.95, 2) sqrt(det cov)
    area = float(np.pi * 5.991 * np.sqrt(max(np.linalg.det(np.cov(both)), 0.0))) if both.shape[1] > 2 else None
    return Pelvis(
        _sure(tilt, incline_deg, of.acc_sd_deg[0], facing * (obliquity.mean_shift or 0.0)),
        _sure(obliquity, incline_deg, of.acc_sd_deg[1], facing * (tilt.mean_shift or 0.0)),
        _sure(rotation, of.turn_sd_deg),
        None if tilt.mean_shift is None else area,
    )


def trunk_stability(angles: Angles, of: Repetition) -> Trunk:
    """Trunk against pelvis in the hold, against the baseline: two sensors, each with errors of its own."""
    tilt, rotation = shifted(angles.trunk_tilt_deg, of), shifted(angles.trunk_rotation_deg, of)
    mixed_deg = np.deg2rad(of.facing_sd_deg) * (shifted(angles.pelvis_obliquity_deg, of).mean_shift or 0.0)
    incline_deg, turn_deg = of.incline_sd_deg, of.turn_sd_deg
    return Trunk(_sure(tilt, incline_deg, incline_deg, mixed_deg), _sure(rotation, turn_deg, turn_deg))


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


def with_angles(hold: Hold, angles: Angles, of: Repetition) -> Hold:
    """The hold with hip, azimuth, pelvis and trunk."""
    inside = of.hold
    rotation = angles.hip_rotation_deg[inside]
    azimuth = angles.thigh_azimuth_deg[inside]
    rotation, azimuth = rotation[np.isfinite(rotation)], azimuth[np.isfinite(azimuth)]
    flexion = Mean(_mean(angles.hip_flexion_deg[inside]))
    hold = replace(
        hold, hip_flexion_deg=flexion, pelvis=pelvis_stability(angles, of), trunk=trunk_stability(angles, of)
    )
    if len(azimuth):
        peaks = Azimuth(across_peak=float(azimuth.max()), outward_peak=float(azimuth.min()))
        hold = replace(hold, thigh_azimuth_deg=peaks, thigh_azimuth_range_deg=spread(azimuth))
    if not len(rotation):
        return hold
    return replace(
        hold,
        hip_adduction_deg=Mean(_mean(angles.hip_adduction_deg[inside])),
        hip_rotation_deg=Rotation(internal_peak=float(rotation.max()), external_peak=float(rotation.min())),
        hip_rotation_range_deg=spread(rotation),
        hip_rotation_range_uncertainty_95=1.96 * of.range_sd_deg(spread(rotation)),
        rotation_cycles=cycles(rotation),
        dissociation=dissociation(angles, inside),
    )


def stance(time_s: Floats, hip_flexion_deg: Floats, start_s: float, end_s: float) -> Stance:
    """Hip flexion of the other leg during a hold."""
    inside = hip_flexion_deg[np.searchsorted(time_s, start_s) : np.searchsorted(time_s, end_s, "right")]
    some = inside[np.isfinite(inside)]
    return Stance(float(some.mean()), float(some.max())) if len(some) else Stance()
