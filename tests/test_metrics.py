"""What is said of a hold, on trajectories whose figures can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hiphold import gravity, metrics
from hiphold.alignment import Alignment
from hiphold.drill import Bout
from hiphold.gravity import Correction
from hiphold.metrics import Hold, accelerometer_sd_deg, describe_hold, elevation_sd_deg, hold_s_uncertainty_95
from hiphold.samples import G_MPS2, Floats, Interval, NodeData, Settings, empty_block

STAND = Alignment(np.array((0.0, 1.0, 0.0)), (0.0, 4.0), sway_deg=0.4, gravity_error=0.001)
LEVEL_UP = np.array((1.0, 0.0, 0.0))
"""up in the sensor of a thigh that is level"""
SETTINGS = Settings()

# Up from hanging at 120 deg/s, level for 10 s, down at 60 deg/s, 100 Hz: 25 is crossed at 2.0 - 5 / 120 s.
TIME_S = np.round(0.01 * np.arange(1600.0), 9)
LEVEL = np.interp(TIME_S, (1.0, 2.0, 12.0, 14.0), (-90.0, 30.0, 30.0, -90.0))
BOUT = Bout(1.96, 12.14)


def node(gaps: tuple[Interval, ...] = (), period_s: float = 0.01) -> NodeData:
    return NodeData("a", "thigh_left", "left", empty_block(), period_s, gaps=gaps)


def hold(elevation_deg: Floats, bout: Bout = BOUT, sd_deg: float = 0.5, settings: Settings = SETTINGS) -> Hold:
    return describe_hold("left", TIME_S, elevation_deg, bout, sd_deg, node(), settings)


def test_times_are_those_of_the_bout() -> None:
    found = hold(LEVEL)
    assert (found.side, found.start_s, found.end_s) == ("left", 1.96, 12.14)
    assert found.hold_s == pytest.approx(10.18)


def test_elevation_figures_are_over_the_hold_and_nothing_else() -> None:
    """31 for the first half, 33 for the second, with -90 before and after."""
    elevation = np.where((TIME_S < 2.0) | (TIME_S > 12.0), -90.0, np.where(TIME_S < 7.0, 31.0, 33.0))
    found = hold(elevation, Bout(2.0, 12.0)).femur_elevation_deg
    assert (found.min, found.max) == (31.0, 33.0)
    assert found.mean == pytest.approx((500 * 31 + 501 * 33) / 1001)


def test_the_slope_is_that_of_the_least_squares_line() -> None:
    """Sinking by 0.6 degrees a second, with a ripple that has no slope."""
    elevation = 36.0 - 0.6 * (TIME_S - 2.0)
    found = hold(elevation, Bout(2.0, 12.0)).femur_elevation_deg
    assert found.slope_deg_per_s == pytest.approx(-0.6)
    rippled = elevation + np.cos(2 * np.pi * TIME_S / 0.5)
    assert hold(rippled, Bout(2.0, 12.0)).femur_elevation_deg.slope_deg_per_s == pytest.approx(-0.6, abs=0.01)


def test_in_band_counts_both_edges_and_neither_above_nor_below() -> None:
    """2 s at 40, 3 s at 35, 4 s at 25, 1 s at 24, each to its last sample; the band is 25 to 35."""
    levels = ((2.0, -90.0), (4.0, 40.0), (7.0, 35.0), (11.0, 25.0), (12.0, 24.0))
    elevation = np.select([end > TIME_S for end, _ in levels], [level for _, level in levels], -90.0)
    assert hold(elevation, Bout(2.0, 12.0)).in_band_s == pytest.approx(7.0)
    higher = Settings(target_deg=40.0, band_deg=2.0)
    assert hold(elevation, Bout(2.0, 12.0), settings=higher).in_band_s == pytest.approx(2.0)


def test_what_is_not_known_is_left_out() -> None:
    elevation = np.where((TIME_S > 5.0) & (TIME_S < 6.0), np.nan, LEVEL)
    found = hold(elevation)
    assert found.femur_elevation_deg.max == 30.0
    assert np.isfinite(found.femur_elevation_deg.mean)
    assert np.isfinite(found.hold_s_uncertainty_95)


# Uncertainty of elevation


def up_at(elevation_deg: float) -> Floats:
    """(3,) up in the sensor of a thigh that hung along y."""
    e = np.deg2rad(elevation_deg)
    return np.array((np.cos(e), -np.sin(e), 0.0))


def test_the_two_uncertainties_by_hand() -> None:
    """A level thigh is off by the offset along x in the stand, along y now, and by how far x and y are askew, twice.

    3 mg, 4 mg and 2 * 0.001 are 0.3086 degrees; 0.05 of the filter, and a share of 0.4 of sway over 4 s.
    """
    known = Correction(np.zeros(9), np.diag((0.003 * G_MPS2, 0.004 * G_MPS2, 1.0, 1.0, 1.0, 1.0, 0.001, 1.0, 1.0)) ** 2)
    aligned = replace(STAND, correction=known)
    assert accelerometer_sd_deg(aligned, LEVEL_UP) == pytest.approx(0.3086, abs=1e-4)
    sd_deg = elevation_sd_deg(aligned, LEVEL_UP, "vqf", causal=False)
    assert sd_deg == pytest.approx(np.sqrt(0.3086**2 + 0.05**2 + (metrics.SWAY_SHARE * 0.2) ** 2), abs=1e-4)
    found = hold(LEVEL, sd_deg=sd_deg).femur_elevation_deg
    assert found.uncertainty_rezeroed_95 == pytest.approx(1.96 * sd_deg)
    # and 4 degrees of "did the thigh hang straight down?"
    assert found.uncertainty_95 == pytest.approx(1.96 * np.sqrt(sd_deg**2 + 16.0))


def correlated(seed: int) -> Correction:
    """Some errors of which not each is unsure for itself."""
    mixed = np.random.default_rng(seed).standard_normal((9, 9)) * ([0.05] * 3 + [0.003] * 6)
    return Correction(np.zeros(9), mixed.T @ mixed)


@pytest.mark.parametrize("elevation_deg", [-60.0, 0.0, 30.0, 60.0])
@pytest.mark.parametrize("seed", range(3))
def test_what_the_accelerometer_does_is_what_its_errors_do(elevation_deg: float, seed: int) -> None:
    """Errors drawn, put on the force in stand and hold alike."""
    aligned, up = replace(STAND, correction=correlated(seed)), up_at(elevation_deg)
    rng, found = np.random.default_rng(9), []
    for errors in rng.multivariate_normal(np.zeros(9), aligned.correction.covariance, 4000):
        y, u = Correction(-errors, np.eye(9)).apply(G_MPS2 * np.array((aligned.y_sensor, up)))
        found.append(np.arcsin(-y @ u / np.linalg.norm(y) / np.linalg.norm(u)))
    assert accelerometer_sd_deg(aligned, up) == pytest.approx(np.rad2deg(np.std(found)), rel=0.05)


@pytest.mark.parametrize("elevation_deg", [-90.0, -89.0, 89.0, 90.0])
def test_of_a_thigh_that_hangs_or_points_up_the_uncertainty_is_bounded(elevation_deg: float) -> None:
    """There elevation turns over."""
    assert 0 <= accelerometer_sd_deg(STAND, up_at(elevation_deg)) < 5 * accelerometer_sd_deg(STAND, LEVEL_UP)


@pytest.mark.parametrize(
    ("worse", "method", "causal"),
    [
        (replace(STAND, sway_deg=2.0), "vqf", False),
        (replace(STAND, correction=gravity.nothing_known(gravity.ELSE_AS_SOLDERED)), "vqf", False),
        (replace(STAND, stand=(0.0, 1.0)), "vqf", False),
        (STAND, "vqf", True),
        (STAND, "madgwick", False),
        (STAND, "ekf", False),
        (STAND, "mahony", False),
        (STAND, "recorded", False),
    ],
)
def test_what_makes_elevation_less_certain(worse: Alignment, method: str, causal: bool) -> None:
    usual = elevation_sd_deg(STAND, LEVEL_UP, "vqf", causal=False)
    assert elevation_sd_deg(worse, LEVEL_UP, method, causal) > 1.001 * usual


def test_what_was_learned_of_the_accelerometer_makes_elevation_more_certain() -> None:
    """Only as far as it is about directions that are in it: not of the sensor's third axis."""
    before = gravity.nothing_known()
    known = [before.covariance.copy() for _ in range(2)]
    known[0][:2, :2] /= 100
    known[1][2, 2] /= 100
    bettered, as_it_was = (replace(STAND, correction=Correction(np.zeros(9), each)) for each in known)
    assert accelerometer_sd_deg(bettered, LEVEL_UP) < 0.6 * accelerometer_sd_deg(STAND, LEVEL_UP)
    assert accelerometer_sd_deg(as_it_was, LEVEL_UP) == pytest.approx(accelerometer_sd_deg(STAND, LEVEL_UP))


def test_a_stand_under_a_second_is_one_sway() -> None:
    brief, second = (replace(STAND, stand=(0.0, end_s)) for end_s in (0.2, 1.0))
    found = elevation_sd_deg(brief, LEVEL_UP, "vqf", causal=False)
    assert found == elevation_sd_deg(second, LEVEL_UP, "vqf", causal=False)


def test_every_method_a_user_may_choose_has_a_figure() -> None:
    for method in ("vqf", "madgwick", "mahony", "ekf", "recorded"):
        for causal in (False, True):
            found = elevation_sd_deg(STAND, LEVEL_UP, method, causal)
            assert found > metrics.FILTER_SD_DEG[method][causal] > 0
            # a mean over a hold is never less sure than what moves fast all the time
            assert metrics.FILTER_SD_DEG[method][causal] <= metrics.INCLINATION_RMSE_DEG[method][causal]


# Uncertainty of the time held


def time_uncertainty(data: NodeData, sd_deg: float = 0.6, elevation: Floats = LEVEL) -> float:
    return hold_s_uncertainty_95(TIME_S, elevation, BOUT, sd_deg, data)


def test_the_time_held_by_hand() -> None:
    """Over 0.3 s about the start the thigh rises from 7.2 to 30: 76 deg/s; about the end it sinks by 17.4: 58 deg/s.

    sqrt((0.6 (1/76 + 1/58))^2 + 2 * 0.01^2 / 12) = 0.01868 s.
    """
    assert time_uncertainty(node()) == pytest.approx(1.96 * 0.01868, rel=1e-3)


def test_with_a_perfect_elevation_the_sampling_is_left() -> None:
    assert time_uncertainty(node(), sd_deg=0.0) == pytest.approx(1.96 * 0.01 / np.sqrt(6))
    assert time_uncertainty(node(period_s=0.02), sd_deg=0.0) == pytest.approx(1.96 * 0.02 / np.sqrt(6))


@pytest.mark.parametrize("gap", [(1.8, 1.96), (1.9, 2.1), (12.0, 12.2), (12.1, 12.14)])
def test_a_gap_at_an_edge_widens_it(gap: Interval) -> None:
    width = gap[1] - gap[0]
    expected = 1.96 * np.sqrt((width**2 + 0.01**2) / 12)
    assert time_uncertainty(node(gaps=(gap,)), sd_deg=0.0) == pytest.approx(expected)
    assert time_uncertainty(node(gaps=(gap,))) > time_uncertainty(node())


def test_gaps_at_both_edges_add_up_and_gaps_elsewhere_do_not_count() -> None:
    both = time_uncertainty(node(gaps=((1.8, 2.0), (12.0, 12.3))), sd_deg=0.0)
    assert both == pytest.approx(1.96 * np.sqrt((0.2**2 + 0.3**2) / 12))
    assert time_uncertainty(node(gaps=((0.2, 1.9), (5.0, 6.0), (12.2, 15.0)))) == time_uncertainty(node())


def test_a_slow_edge_is_less_certain_and_a_still_one_is_bounded() -> None:
    slow = np.interp(TIME_S, (0.0, 1.96, 3.0, 12.0, 14.0), (0.0, 24.99, 30.0, 30.0, -90.0))
    assert time_uncertainty(node(), elevation=slow) > 2 * time_uncertainty(node())
    flat = time_uncertainty(node(), sd_deg=1.0, elevation=np.full(len(TIME_S), 25.0))
    assert flat == pytest.approx(1.96 * 2 / metrics.SLOWEST_DEGPS, rel=1e-3)


def test_twice_the_error_of_elevation_is_twice_that_of_time() -> None:
    sampling = time_uncertainty(node(), sd_deg=0.0) ** 2
    once, twice = (time_uncertainty(node(), sd_deg=sd) ** 2 - sampling for sd in (0.5, 1.0))
    assert twice == pytest.approx(4 * once)
