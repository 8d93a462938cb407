"""What is said of a hold: the figures, their uncertainty, and the shape in which they are reported.

The dataclasses carry the names of the measurement JSON; None is "not known". Definitions are in
docs/reference/conventions.md, the uncertainty budget in docs/reference/metrics.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from hiphold import gravity
from hiphold.alignment import Alignment
from hiphold.drill import RUN_S, Bout
from hiphold.posture import ASSUMED_SD_DEG
from hiphold.samples import Floats, Interval, NodeData, Settings

INCLINATION_RMSE_DEG = {
    "vqf": (0.46, 0.67),
    "madgwick": (1.9, 1.9),
    "mahony": (9.1, 9.1),
    "ekf": (3.3, 3.3),
    "recorded": (1.2, 1.2),
}
"""offline, causal: against optical truth in BROAD (Laidig 2021, doi 10.3390/data6070072), where all moves fast"""
FILTER_SD_DEG = INCLINATION_RMSE_DEG | {"vqf": (0.05, 0.25), "recorded": (0.5, 0.5)}
"""1 SD of a mean inclination in a hold, beside the accelerometer: in the simulated drill, else taken as in BROAD"""
SWAY_SHARE = 0.1
"""of the sway in a stand so much is left in the mean specific force, which the hips' acceleration disturbs"""
LEAST_ACROSS = 0.2
"""the least cosine of an elevation that errors are divided by"""
EDGE_S = 0.15
"""half of the stretch over which the speed at the start and end of a hold is taken"""
SLOWEST_DEGPS = 2.0
"""an edge crossed more slowly than this is treated as this slow: the limit of what its time can mean"""


@dataclass(frozen=True)
class Elevation:
    """Femur elevation in a hold."""

    mean: float
    min: float
    max: float
    slope_deg_per_s: float
    uncertainty_95: float
    uncertainty_rezeroed_95: float


@dataclass(frozen=True)
class Mean:
    """A mean over the hold."""

    mean: float | None = None


@dataclass(frozen=True)
class Rotation:
    """Hip rotation peaks."""

    internal_peak: float | None = None
    external_peak: float | None = None


@dataclass(frozen=True)
class Azimuth:
    """Thigh azimuth peaks."""

    across_peak: float | None = None
    outward_peak: float | None = None


@dataclass(frozen=True)
class Stability:
    """A pelvic or trunk angle relative to its baseline."""

    mean_shift: float | None = None
    range: float | None = None
    rms: float | None = None
    uncertainty_95: float | None = None


@dataclass(frozen=True)
class Pelvis:
    """Pelvic stability."""

    tilt_deg: Stability = Stability()
    obliquity_deg: Stability = Stability()
    rotation_deg: Stability = Stability()
    sway_area_deg2: float | None = None


@dataclass(frozen=True)
class Tremor:
    """Thigh acceleration in 4-12 Hz."""

    first_3s: float | None = None
    last_3s: float | None = None


@dataclass(frozen=True)
class Stance:
    """Stance hip flexion."""

    mean: float | None = None
    max: float | None = None


@dataclass(frozen=True)
class Trunk:
    """Trunk against pelvis and stand."""

    tilt_deg: Stability = Stability()
    rotation_deg: Stability = Stability()


@dataclass(frozen=True)
class Attempt:
    """A bout shorter than a hold."""

    side: str
    start_s: float
    end_s: float
    hold_s: float


@dataclass(frozen=True)
class Hold:
    """One hold, all of it."""

    side: str
    start_s: float
    end_s: float
    hold_s: float
    hold_s_uncertainty_95: float
    in_band_s: float
    femur_elevation_deg: Elevation
    hip_flexion_deg: Mean = Mean()
    hip_adduction_deg: Mean = Mean()
    hip_rotation_deg: Rotation = Rotation()
    hip_rotation_range_deg: float | None = None
    hip_rotation_range_uncertainty_95: float | None = None
    rotation_cycles: int | None = None
    thigh_azimuth_deg: Azimuth = Azimuth()
    thigh_azimuth_range_deg: float | None = None
    pelvis: Pelvis = field(default_factory=Pelvis)
    dissociation: float | None = None
    tremor_mps2: Tremor = Tremor()
    stance_hip_flexion_deg: Stance = Stance()
    trunk: Trunk = field(default_factory=Trunk)


def accelerometer_sd_deg(alignment: Alignment, up_sensor: Floats) -> float:
    """1 SD of an elevation at which up is up_sensor (3,), by what is not known of the accelerometer.

    It tilts y in the stand and u in the hold. From sin e = -y . u, with T(v) the tilt of a direction v per error,
    de = -(u T(y) + y T(u)) d(errors) / cos e.
    """
    y = alignment.y_sensor
    per_error = (up_sensor @ gravity.tilt_per_error(y) + y @ gravity.tilt_per_error(up_sensor)) / _across(y, up_sensor)
    return float(np.rad2deg(np.sqrt(per_error @ alignment.correction.covariance @ per_error)))


def _across(y: Floats, up: Floats) -> float:
    """The cosine of e; near a thigh that hangs or points up, elevation turns over, and its error is no more linear."""
    return max(LEAST_ACROSS, float(np.linalg.norm(np.cross(y, up))))


def elevation_sd_deg(alignment: Alignment, up_sensor: Floats, method: str, causal: bool) -> float:
    """1 SD of a mean elevation against the athlete's own stand.

    var = filter^2 + accelerometer^2 + (SWAY_SHARE sway)^2 / n; a stand of T seconds holds about n = max(1, T)
    independent sways. method: as in FILTER_SD_DEG. up_sensor (3,): mean up in the hold.
    """
    acc_deg = accelerometer_sd_deg(alignment, up_sensor)
    n = max(1.0, alignment.stand[1] - alignment.stand[0])
    sway_deg = SWAY_SHARE * alignment.sway_deg / np.sqrt(n)
    return float(np.sqrt(FILTER_SD_DEG[method][causal] ** 2 + acc_deg**2 + sway_deg**2))


def _elevation(time_s: Floats, elevation_deg: Floats, sd_deg: float, posture_sd_deg: float) -> Elevation:
    slope = np.polyfit(time_s - time_s[0], elevation_deg, 1)[0] if len(time_s) > 2 else 0.0
    return Elevation(
        mean=float(elevation_deg.mean()),
        min=float(elevation_deg.min()),
        max=float(elevation_deg.max()),
        slope_deg_per_s=float(slope),
        uncertainty_95=1.96 * float(np.hypot(sd_deg, posture_sd_deg)),
        uncertainty_rezeroed_95=1.96 * sd_deg,
    )


def _edge_speed(time_s: Floats, elevation_deg: Floats, at_s: float) -> float:
    around = np.interp((at_s - EDGE_S, at_s + EDGE_S), time_s, elevation_deg)
    return max(SLOWEST_DEGPS, float(abs(around[1] - around[0])) / (2 * EDGE_S))


def _blind_s(gaps: tuple[Interval, ...], at_s: float) -> float:
    """Length of the gap that an edge fell into, or 0."""
    return max((z - a for a, z in gaps if a <= at_s <= z), default=0.0)


def hold_s_uncertainty_95(time_s: Floats, elevation_deg: Floats, bout: Bout, sd_deg: float, node: NodeData) -> float:
    """Half-width of the 95 % interval of the time held, s.

    An elevation that is wrong by e moves the start by e / speed one way and the end by e / speed the other:
    var = (sd (1 / v_start + 1 / v_end))^2 + (w_start^2 + w_end^2) / 12,
    with w the sample period, or the gap an edge fell into.
    """
    blind = [max(node.period_s, _blind_s(node.gaps, at_s)) for at_s in (bout.start_s, bout.end_s)]
    return 1.96 * float(np.sqrt((sd_deg * slowness(time_s, elevation_deg, bout)) ** 2 + np.square(blind).sum() / 12))


def slowness(time_s: Floats, elevation_deg: Floats, bout: Bout) -> float:
    """1 / v_start + 1 / v_end, s per degree: how much an error of the elevation moves start and end apart."""
    return sum(1 / _edge_speed(time_s, elevation_deg, at_s) for at_s in (bout.start_s, bout.end_s))


def doubted(hold: Hold, off_deg: float, slowness: float) -> Hold:
    """The same hold, when the thigh's sensor turns out to have hung otherwise by off_deg: its intervals grow."""
    known = hold.femur_elevation_deg
    wider = [float(np.hypot(each, 1.96 * off_deg)) for each in (known.uncertainty_95, known.uncertainty_rezeroed_95)]
    return replace(
        hold,
        hold_s_uncertainty_95=float(np.hypot(hold.hold_s_uncertainty_95, 1.96 * off_deg * slowness)),
        femur_elevation_deg=replace(known, uncertainty_95=wider[0], uncertainty_rezeroed_95=wider[1]),
    )


def describe_hold(
    side: str,
    time_s: Floats,
    elevation_deg: Floats,
    bout: Bout,
    sd_deg: float,
    node: NodeData,
    settings: Settings,
    posture_sd_deg: float = ASSUMED_SD_DEG,
) -> Hold:
    """Every figure of one hold from the thigh's elevation (n,) at time_s (n,). posture_sd_deg: of how it stood."""
    inside = slice(np.searchsorted(time_s, bout.start_s), np.searchsorted(time_s, bout.end_s, "right"))
    known = np.isfinite(elevation_deg[inside])
    t, elevation = time_s[inside][known], elevation_deg[inside][known]
    steps = np.diff(t)
    in_band = (np.abs(elevation[:-1] - settings.target_deg) <= settings.band_deg) & (steps <= RUN_S)
    return Hold(
        side=side,
        start_s=bout.start_s,
        end_s=bout.end_s,
        hold_s=bout.hold_s,
        hold_s_uncertainty_95=hold_s_uncertainty_95(time_s, elevation_deg, bout, sd_deg, node),
        in_band_s=float(steps[in_band].sum()),
        femur_elevation_deg=_elevation(t, elevation, sd_deg, posture_sd_deg),
    )
