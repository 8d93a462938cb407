"""What a hold says of hip and pelvis, each figure against its definition worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hiphold import stability
from hiphold.angles import Angles, unknown
from hiphold.metrics import INCLINATION_RMSE_DEG, Azimuth, Elevation, Hold, Mean, Pelvis, Stance, Tremor, Trunk
from hiphold.samples import G_MPS2, Floats
from hiphold.stability import Repetition
from hiphold.wire import CHIPS

PERIOD_S = 0.01
HOLD = Hold("right", 4.0, 10.0, 6.0, 0.1, 6.0, Elevation(30.0, 30.0, 30.0, 0.0, 5.0, 1.0))


def made_raise(start_s: float = 5.0, speed_degps: float = 90.0) -> tuple[Floats, Floats, float]:
    """Times, elevation from hanging to 30 degrees above level at one speed, and when it passes 25."""
    time_s = np.arange(0.0, 12.0, PERIOD_S)
    return time_s, np.clip(-90 + speed_degps * (time_s - start_s), -90, 30), start_s + 115 / speed_degps


# Baseline


@pytest.mark.parametrize("speed_degps", [45.0, 90.0, 200.0])
def test_the_raise_starts_where_the_thigh_leaves_the_stand(speed_degps: float) -> None:
    time_s, elevation, hold_start_s = made_raise(speed_degps=speed_degps)
    assert stability.raise_start_s(time_s, elevation, hold_start_s) == pytest.approx(5.0, abs=0.015)


def test_an_earlier_raise_is_not_this_ones_start() -> None:
    time_s, elevation, hold_start_s = made_raise(start_s=8.0)
    earlier = 60 * np.clip(1 - np.abs(time_s - 3.0), 0, None)
    assert stability.raise_start_s(time_s, elevation + earlier, hold_start_s) == pytest.approx(8.0, abs=0.015)


def test_a_thigh_never_seen_down_has_no_start_of_its_raise() -> None:
    time_s = np.arange(3.0, 6.0, PERIOD_S)
    assert np.isnan(stability.raise_start_s(time_s, np.full(len(time_s), 30.0), 4.0))
    assert stability.raise_start_s(time_s, -90 + 90 * (time_s - 3), 4.2) == 3.0


def test_the_baseline_is_1_4_s_that_end_a_tenth_before_the_raise() -> None:
    time_s, elevation, hold_start_s = made_raise()
    assert stability.baseline(time_s, elevation, hold_start_s) == pytest.approx((3.5, 4.9), abs=0.015)


# Ranges and cycles


def test_spread_is_p95_less_p5_of_what_is_known() -> None:
    assert stability.spread(np.append(np.arange(101.0), np.nan)) == pytest.approx(90)
    assert stability.spread(np.full(5, 3.0)) == 0


def wave(pairs: float, amplitude_deg: float) -> Floats:
    return np.asarray(amplitude_deg * np.sin(2 * np.pi * pairs * np.linspace(0, 1, 1001)))


@pytest.mark.parametrize(
    ("rotation_deg", "pairs"),
    [
        (np.empty(0), 0),
        (np.array((7.0,)), 0),
        (np.full(100, 7.0), 0),
        (np.linspace(0, 20, 100), 0),
        (wave(1, 10), 1),
        (-wave(1, 10), 1),
        (20 + wave(3, 10), 3),
        (wave(3, 2.4), 0),
        (np.where(np.arange(1001) % 50, wave(3, 10), np.nan), 3),
    ],
    ids=["nothing", "one sample", "still", "one way", "one", "one, inward first", "three", "wobbles", "with gaps"],
)
def test_cycles(rotation_deg: Floats, pairs: int) -> None:
    assert stability.cycles(rotation_deg) == pairs


def test_wobbles_on_a_cycle_do_not_count() -> None:
    assert stability.cycles(wave(3, 15) + wave(40, 1.0)) == 3


def test_turns_of_eight_degrees_about_where_it_started_count() -> None:
    """They lead no more than 4 degrees away from the start, yet five turns go through 8."""
    assert stability.cycles(wave(3, 4)) == 2
    assert stability.cycles(wave(3, 2.6)) == 2


def test_a_turn_of_just_five_degrees_counts() -> None:
    assert stability.cycles(np.array((0.0, 5.0, 0.0))) == 1
    assert stability.cycles(np.array((0.0, 4.999, 0.0))) == 0


def repetition(time_s: Floats, hold: slice) -> Repetition:
    return Repetition(time_s, hold, (1.0, 2.4), facing_sd_deg=3.0, zeroed=True, causal=False)


# Pelvis


def with_pelvis(tilt: Floats, obliquity: Floats, rotation: Floats) -> Angles:
    angles = unknown(len(tilt))
    return replace(angles, pelvis_tilt_deg=tilt, pelvis_obliquity_deg=obliquity, pelvis_rotation_deg=rotation)


FOUR_AND_FOUR = Repetition(np.arange(8.0), slice(4, 8), (0.0, 3.0), facing_sd_deg=3.0, zeroed=True, causal=False)
"""four samples of baseline, four of hold"""


def then(baseline: float, *held: float) -> Floats:
    return np.array((baseline,) * 4 + held, float)


def test_a_shift_is_against_the_baseline_and_rms_about_the_mean() -> None:
    angles = with_pelvis(then(2, 4, 6, 4, 6), then(-1, -2, -2, -2, -2), then(179, -179, -177, -179, -177))
    found = stability.pelvis_stability(angles, FOUR_AND_FOUR)
    assert (found.tilt_deg.mean_shift, found.tilt_deg.rms, found.tilt_deg.range) == pytest.approx((3, 1, 2))
    assert (found.obliquity_deg.mean_shift, found.obliquity_deg.rms) == pytest.approx((-1, 0))
    assert (found.rotation_deg.mean_shift, found.rotation_deg.rms) == pytest.approx((3, 1))  # across the half turn


def test_the_interval_of_tilt_grows_with_obliquity_and_that_of_obliquity_with_tilt() -> None:
    angles = with_pelvis(then(0, -20, -20, -20, -20), then(0, 5, 5, 5, 5), then(0, 0, 0, 0, 0))
    found = stability.pelvis_stability(angles, FOUR_AND_FOUR)
    incline_deg, facing = stability.INCLINE_SD_DEG[True][False], np.deg2rad(3)
    assert found.tilt_deg.uncertainty_95 == pytest.approx(1.96 * np.hypot(incline_deg, 5 * facing))
    assert found.obliquity_deg.uncertainty_95 == pytest.approx(1.96 * np.hypot(incline_deg, 20 * facing))


def test_the_interval_of_rotation_grows_with_the_time_since_the_baseline() -> None:
    still = with_pelvis(*(then(0, 0, 0, 0, 0),) * 3)
    found = stability.pelvis_stability(still, FOUR_AND_FOUR).rotation_deg.uncertainty_95 or 0.0
    per_s = stability.TURN_SD_DEGPS[True][False]  # 1.5 s is the middle of the baseline, 5.5 s that of the hold
    assert found == pytest.approx(1.96 * np.hypot(stability.TURN_SD_DEG, 4 * per_s))
    worse = stability.pelvis_stability(still, replace(FOUR_AND_FOUR, zeroed=False, causal=True))
    assert (worse.rotation_deg.uncertainty_95 or 0.0) > found > 0
    assert (worse.tilt_deg.uncertainty_95 or 0.0) > 1.96 * stability.INCLINE_SD_DEG[True][False]


def test_what_is_not_known_of_the_accelerometer_counts_beside_the_filter() -> None:
    """By 0.3 degrees of tilt and 0.4 of obliquity; of rotation it says nothing."""
    still = with_pelvis(*(then(0, 0, 0, 0, 0),) * 3)
    unsure = stability.pelvis_stability(still, replace(FOUR_AND_FOUR, acc_sd_deg=(0.3, 0.4)))
    incline_deg = FOUR_AND_FOUR.incline_sd_deg
    assert unsure.tilt_deg.uncertainty_95 == pytest.approx(1.96 * np.hypot(incline_deg, 0.3))
    assert unsure.obliquity_deg.uncertainty_95 == pytest.approx(1.96 * np.hypot(incline_deg, 0.4))
    assert unsure.rotation_deg == stability.pelvis_stability(still, FOUR_AND_FOUR).rotation_deg


@pytest.mark.parametrize("chip", ["", "lsm6dsv16x", "icm42688p", "mpu6050"])
def test_a_coarse_gyroscope_turns_a_heading_more(chip: str) -> None:
    of = replace(FOUR_AND_FOUR, chip=chip)
    drift_deg = 4 * stability.TURN_SD_DEGPS[True][False] * (1.4 if chip == "mpu6050" else 1.0)
    assert of.turn_sd_deg == pytest.approx(np.hypot(stability.TURN_SD_DEG, drift_deg))
    assert of.incline_sd_deg == FOUR_AND_FOUR.incline_sd_deg
    assert set(stability.COARSE) <= set(CHIPS)


def test_the_trunk_is_against_its_baseline_and_less_sure_than_the_pelvis() -> None:
    angles = replace(unknown(8), trunk_tilt_deg=then(1, 4, 6, 4, 6), trunk_rotation_deg=then(-2, 0, 2, 0, 2))
    found = stability.trunk_stability(angles, FOUR_AND_FOUR)
    assert (found.tilt_deg.mean_shift, found.tilt_deg.rms, found.rotation_deg.mean_shift) == pytest.approx((4, 1, 3))
    assert found.tilt_deg.uncertainty_95 == pytest.approx(1.96 * np.sqrt(2) * stability.INCLINE_SD_DEG[True][False])
    assert stability.trunk_stability(unknown(8), FOUR_AND_FOUR) == Trunk()


# Orientations that are worse


every_method = pytest.mark.parametrize("method", INCLINATION_RMSE_DEG)
either_way = pytest.mark.parametrize("causal", [False, True])


@every_method
@either_way
def test_a_method_is_as_much_worse_as_its_error_against_optical_truth(method: str, causal: bool) -> None:
    """Never better than vqf; vqf itself has the figures as they are."""
    of = replace(FOUR_AND_FOUR, method=method, causal=causal)
    assert of.worse == pytest.approx(INCLINATION_RMSE_DEG[method][causal] / INCLINATION_RMSE_DEG["vqf"][causal])
    assert (of.worse == 1) == (method == "vqf")
    assert FOUR_AND_FOUR.worse == 1


def test_no_method_is_taken_to_be_better_than_vqf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(INCLINATION_RMSE_DEG, "best", (0.01, 0.01))
    assert replace(FOUR_AND_FOUR, method="best").worse == 1


def range_sd_deg(range_deg: float, worse: float = 1.0) -> float:
    """Of the sensors, who may be worse, and of the skin that they sit on, which is the same below all of them."""
    sensors_deg = worse * np.hypot(stability.RANGE_SD_DEG, stability.RANGE_SD_SHARE * range_deg)
    return float(np.hypot(sensors_deg, stability.SKIN_SD_SHARE * range_deg))


@every_method
@either_way
@pytest.mark.parametrize("zeroed", [False, True])
def test_what_rests_on_a_worse_orientation_is_less_sure(method: str, causal: bool, zeroed: bool) -> None:
    vqf = replace(FOUR_AND_FOUR, zeroed=zeroed, causal=causal)
    of = replace(vqf, method=method)
    assert of.incline_sd_deg == pytest.approx(of.worse * stability.INCLINE_SD_DEG[zeroed][causal])
    drift_deg = 4 * stability.TURN_SD_DEGPS[zeroed][causal]
    assert of.turn_sd_deg == pytest.approx(of.worse * np.hypot(stability.TURN_SD_DEG, drift_deg))
    for range_deg in (0.0, 40.0):
        assert of.range_sd_deg(range_deg) == pytest.approx(range_sd_deg(range_deg, of.worse))
    still = replace(
        with_pelvis(*(then(0, 0, 0, 0, 0),) * 3),
        trunk_tilt_deg=then(0, 0, 0, 0, 0),
        trunk_rotation_deg=then(0, 0, 0, 0, 0),
        hip_rotation_deg=then(0, -5, 5, -5, 5),
    )
    found, usual = (stability.with_angles(HOLD, still, each) for each in (of, vqf))
    for some, others in (
        (found.pelvis.tilt_deg, usual.pelvis.tilt_deg),
        (found.pelvis.obliquity_deg, usual.pelvis.obliquity_deg),
        (found.pelvis.rotation_deg, usual.pelvis.rotation_deg),
        (found.trunk.tilt_deg, usual.trunk.tilt_deg),
        (found.trunk.rotation_deg, usual.trunk.rotation_deg),
    ):
        assert others.uncertainty_95
        assert some.uncertainty_95 == pytest.approx(of.worse * others.uncertainty_95)
    assert found.hip_rotation_range_deg
    expected = 1.96 * range_sd_deg(found.hip_rotation_range_deg, of.worse)
    assert found.hip_rotation_range_uncertainty_95 == pytest.approx(expected)


def test_the_sway_area_is_that_of_the_95_percent_ellipse() -> None:
    """Variances 4/3 and 16/3 (n - 1), no covariance: sqrt(det) is 8/3."""
    angles = with_pelvis(then(0, 1, -1, 1, -1), then(0, 2, 2, -2, -2), then(0, 0, 0, 0, 0))
    found = stability.pelvis_stability(angles, FOUR_AND_FOUR)
    assert found.sway_area_deg2 == pytest.approx(np.pi * 5.991 * 8 / 3)


def test_swaying_along_a_line_has_no_area() -> None:
    line = then(0, 1, -1, 2, -2)
    found = stability.pelvis_stability(with_pelvis(line, 2 * line, line), FOUR_AND_FOUR)
    assert found.sway_area_deg2 == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("missing", [slice(0, 4), slice(4, 8)], ids=["baseline", "hold"])
def test_without_the_pelvis_in_both_nothing_is_said_of_it(missing: slice) -> None:
    tilt = then(2, 4, 6, 4, 6)
    tilt[missing] = np.nan
    assert stability.pelvis_stability(with_pelvis(tilt, tilt, tilt), FOUR_AND_FOUR) == Pelvis()


def test_samples_without_the_pelvis_do_not_count() -> None:
    tilt = then(2, 4, np.nan, 4, 4)
    tilt[0] = np.nan
    found = stability.pelvis_stability(with_pelvis(tilt, tilt, tilt), FOUR_AND_FOUR)
    assert found.tilt_deg.mean_shift == pytest.approx(2)
    assert found.rotation_deg.mean_shift == pytest.approx(2)


def test_dissociation_is_pelvic_over_hip_rotation() -> None:
    hip, pelvis = np.array((10.0, -10.0, 10.0, -10.0, np.nan)), np.array((172.0, 176.0, 172.0, 176.0, 90.0))
    angles = replace(unknown(5), hip_rotation_deg=hip, pelvis_rotation_deg=pelvis)
    assert stability.dissociation(angles, slice(0, 5)) == pytest.approx(0.2)
    wrapping = replace(angles, pelvis_rotation_deg=(pelvis + 6 + 180) % 360 - 180)
    assert stability.dissociation(wrapping, slice(0, 5)) == pytest.approx(0.2)


def test_no_dissociation_of_a_hip_that_did_not_rotate_or_is_not_known() -> None:
    still = replace(unknown(5), hip_rotation_deg=np.full(5, 8.0), pelvis_rotation_deg=np.arange(5.0))
    assert stability.dissociation(still, slice(0, 5)) is None
    assert stability.dissociation(unknown(5), slice(0, 5)) is None


# Tremor


def shaking(hz: float, amplitude_mps2: Floats | float, length_s: float = 9.0) -> tuple[Floats, Floats]:
    """Acceleration with gravity along a slanted up, shaken along x; and that up."""
    time_s = np.arange(round(length_s / PERIOD_S)) * PERIOD_S
    up = np.tile((0.6, 0.0, 0.8), (len(time_s), 1))
    shaken = np.outer(amplitude_mps2 * np.sin(2 * np.pi * hz * time_s), (1.0, 0.0, 0.0))
    return G_MPS2 * up + shaken, up


def test_a_sine_of_8_hz_gives_its_rms() -> None:
    found = stability.tremor(*shaking(8, 0.5), PERIOD_S)
    assert (found.first_3s, found.last_3s) == pytest.approx((0.5 / np.sqrt(2), 0.5 / np.sqrt(2)))


def test_the_last_three_seconds_are_told_from_the_first() -> None:
    growing = np.concatenate((np.full(300, 0.1), np.full(300, 0.3), np.full(300, 0.7)))
    found = stability.tremor(*shaking(8, growing), PERIOD_S)
    assert (found.first_3s, found.last_3s) == pytest.approx((0.1 / np.sqrt(2), 0.7 / np.sqrt(2)))


@pytest.mark.parametrize("hz", [2.0, 20.0])
def test_what_is_slower_or_faster_is_no_tremor(hz: float) -> None:
    found = stability.tremor(*shaking(hz, 0.5), PERIOD_S)
    assert (found.first_3s, found.last_3s) == pytest.approx((0, 0), abs=1e-9)


def test_too_short_for_a_tremor() -> None:
    assert stability.tremor(*shaking(8, 0.5, length_s=2.9), PERIOD_S) == Tremor()
    acc, up = shaking(8, 0.5)
    assert stability.tremor(np.full_like(acc, np.nan), up, PERIOD_S) == Tremor()


# All together


def test_with_angles_fills_what_is_known() -> None:
    n = 1001
    time_s = np.linspace(0, 10.01, n)
    angles = replace(
        unknown(n),
        hip_flexion_deg=np.full(n, 110.0),
        hip_adduction_deg=np.full(n, -4.0),
        hip_rotation_deg=5 + wave(3, 20),
        thigh_azimuth_deg=np.linspace(-30, 20, n),
        pelvis_tilt_deg=np.where(time_s < 4, 0.0, -6.0),
        pelvis_obliquity_deg=np.zeros(n),
        pelvis_rotation_deg=wave(3, 2),
    )
    found = stability.with_angles(HOLD, angles, repetition(time_s, slice(400, n)))
    assert found.hip_flexion_deg.mean == pytest.approx(110)
    assert found.hip_adduction_deg.mean == pytest.approx(-4)
    assert found.hip_rotation_deg.internal_peak == pytest.approx(25, abs=0.01)
    assert found.hip_rotation_deg.external_peak == pytest.approx(-15, abs=0.01)
    assert found.hip_rotation_range_deg == pytest.approx(stability.spread(angles.hip_rotation_deg[400:]))
    assert found.hip_rotation_range_uncertainty_95 == pytest.approx(
        1.96 * range_sd_deg(found.hip_rotation_range_deg or 0.0)
    )
    assert found.rotation_cycles == 2  # in, out, in and half-way out again
    assert found.thigh_azimuth_deg.across_peak == pytest.approx(20)
    assert found.thigh_azimuth_deg.outward_peak == pytest.approx(-10)
    assert found.thigh_azimuth_range_deg == pytest.approx(27)
    assert found.pelvis.tilt_deg.mean_shift == pytest.approx(-6)
    assert found.dissociation == pytest.approx(0.1)
    assert (found.start_s, found.femur_elevation_deg) == (HOLD.start_s, HOLD.femur_elevation_deg)


def test_with_angles_leaves_a_hold_of_which_nothing_is_known_as_it_was() -> None:
    time_s = np.arange(0.0, 10.0, PERIOD_S)
    assert stability.with_angles(HOLD, unknown(len(time_s)), repetition(time_s, slice(400, 1000))) == HOLD


def test_with_angles_leaves_azimuth_empty_under_a_hanging_thigh() -> None:
    time_s = np.arange(0.0, 10.0, PERIOD_S)
    hanging = replace(unknown(1000), hip_flexion_deg=np.full(1000, 5.0), hip_rotation_deg=np.full(1000, 1.0))
    found = stability.with_angles(HOLD, hanging, repetition(time_s, slice(400, 1000)))
    assert (found.thigh_azimuth_deg, found.thigh_azimuth_range_deg) == (Azimuth(), None)
    assert (found.hip_flexion_deg, found.hip_adduction_deg) == (Mean(5.0), Mean())
    assert (found.pelvis, found.dissociation) == (Pelvis(), None)


def test_stance_is_mean_and_maximum_of_the_other_leg() -> None:
    time_s, flexion = np.arange(5.0), np.array((90.0, 2.0, np.nan, 6.0, 90.0))
    assert stability.stance(time_s, flexion, 1.0, 3.0) == Stance(4.0, 6.0)
    assert stability.stance(time_s, flexion, 2.0, 2.0) == Stance()
