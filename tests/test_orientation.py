"""Orientation from raw samples: rotations whose truth is known by construction, and a recording with optical truth."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hiphold import quaternion
from hiphold.errors import BadInputError
from hiphold.orientation import (
    METHODS,
    OrientationFilter,
    breaks,
    estimate_orientation,
    far_off_radps,
    inclination_difference,
    raw_from_quaternions,
    typical_period,
)
from hiphold.samples import G_MPS2, Block, Floats

WAYS = [("vqf", False)] + [(method, True) for method in (*METHODS, "basicvqf")]


def rocking(time_s: Floats, amplitude_deg: float = 60.0, period_s: float = 4.0) -> tuple[Floats, Floats, Floats]:
    """A sensor turning to and fro about its level x axis: rates, specific force, and true up (n, 3)."""
    angle = np.deg2rad(amplitude_deg) * np.sin(2 * np.pi * time_s / period_s)
    rate = np.deg2rad(amplitude_deg) * 2 * np.pi / period_s * np.cos(2 * np.pi * time_s / period_s)
    zero = np.zeros_like(angle)
    up = np.column_stack((zero, np.sin(angle), np.cos(angle)))
    return np.column_stack((rate, zero, zero)), G_MPS2 * up, up


def spinning(time_s: Floats, degps: float = 90.0) -> tuple[Floats, Floats]:
    """A level sensor turning evenly about the vertical: gravity says nothing about its heading."""
    rate, up = np.zeros((len(time_s), 3)), np.tile((0.0, 0.0, G_MPS2), (len(time_s), 1))
    rate[:, 2] = np.deg2rad(degps)
    return rate, up


def off_deg(q: Floats, up: Floats) -> Floats:
    return np.asarray(np.rad2deg(quaternion.angle_between(quaternion.up_in_sensor(q), up)))


def heading_turned_deg(q: Floats) -> Floats:
    """(n,) heading since the first sample, unwrapped; for level sensors."""
    heading = 2 * np.arctan2(q[:, 3], q[:, 0])
    return np.asarray(np.rad2deg(np.unwrap(heading - heading[0])))


@pytest.mark.parametrize(("method", "causal"), WAYS)
def test_every_method_follows_a_rotation(method: str, causal: bool) -> None:
    time_s = np.arange(0.0, 12.0, 0.01)
    gyr, acc, up = rocking(time_s)
    q = estimate_orientation(time_s, gyr, acc, method, causal)
    assert q.shape == (1200, 4)
    np.testing.assert_allclose(np.linalg.norm(q, axis=1), 1.0, atol=1e-6)
    # madgwick and mahony lean on an acceleration that is always right here; ekf settles more slowly
    assert off_deg(q, up).max() < 2.0
    assert np.sqrt(np.mean(off_deg(q, up) ** 2)) < 1.0


@pytest.mark.parametrize(("method", "causal"), WAYS)
def test_a_sensor_that_lies_upside_down_is_upside_down(method: str, causal: bool) -> None:
    time_s = np.arange(0.0, 3.0, 0.01)
    acc = np.tile((0.0, 0.0, -G_MPS2), (300, 1))
    q = estimate_orientation(time_s, np.zeros((300, 3)), acc, method, causal)
    assert off_deg(q, np.array((0.0, 0.0, -1.0))).max() < 0.1


@pytest.mark.parametrize(("method", "causal"), WAYS)
def test_one_sample_gives_its_inclination(method: str, causal: bool) -> None:
    up = np.array((0.6, 0.0, 0.8))
    q = estimate_orientation(np.array((5.0,)), np.zeros((1, 3)), G_MPS2 * up[None], method, causal)
    assert q.shape == (1, 4)
    assert off_deg(q, up)[0] < 0.01


@pytest.mark.parametrize(("method", "causal"), WAYS)
def test_no_samples_give_no_orientation(method: str, causal: bool) -> None:
    nothing = estimate_orientation(np.empty(0), np.empty((0, 3)), np.empty((0, 3)), method, causal)
    assert nothing.shape == (0, 4)


def test_a_live_filter_takes_a_node_whose_period_is_not_known_yet() -> None:
    up = np.array(((0.0, 1.0, 0.0),))
    q = OrientationFilter("vqf", float("nan")).step(np.zeros(1), np.zeros((1, 3)), G_MPS2 * up)
    assert off_deg(q, up)[0] < 0.01


T, XYZ = np.arange(5.0) * 0.01, np.ones((5, 3))


@pytest.mark.parametrize(
    ("time_s", "gyr", "acc", "says"),
    [
        (T, XYZ[:4], XYZ, r"\(5,\), \(4, 3\) and \(5, 3\)"),
        (T, XYZ, XYZ[:, :2], r"\(5, 2\)"),
        (T[:, None], XYZ, XYZ, r"\(5, 1\)"),
        (np.array(1.0), XYZ, XYZ, r"\(\), \(5, 3\)"),
        (T, XYZ, np.where(XYZ > 0, np.nan, 0), "finite"),
        (T, np.full((5, 3), np.inf), XYZ, "finite"),
        (np.where(T == 0.02, np.nan, T), XYZ, XYZ, "finite"),
        (T[[0, 1, 3, 2, 4]], XYZ, XYZ, "falls at sample 3"),
    ],
)
def test_bad_arrays_are_refused(time_s: Floats, gyr: Floats, acc: Floats, says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        estimate_orientation(time_s, gyr, acc)


@pytest.mark.parametrize("n", [0, 5])
def test_an_unknown_method_is_refused_by_name(n: int) -> None:
    with pytest.raises(BadInputError, match=r"'magic'.*vqf, madgwick, mahony, ekf"):
        estimate_orientation(T[:n], XYZ[:n], XYZ[:n], "magic")


@pytest.mark.parametrize(("method", "causal"), WAYS)
def test_the_turned_angle_does_not_depend_on_the_regularity_of_time(method: str, causal: bool) -> None:
    """Each rate stands for the time since the sample before, however long that was; some of it is repeated."""
    rng = np.random.default_rng(1)
    steps = 0.01 * rng.uniform(0.6, 1.4, 400)
    steps[50::40] = 0.0
    time_s = np.cumsum(steps)
    q = estimate_orientation(time_s, *spinning(time_s), method, causal)
    np.testing.assert_allclose(heading_turned_deg(q), 90.0 * (time_s - time_s[0]), atol=0.5)


@pytest.mark.parametrize("method", ["vqf", "basicvqf", "madgwick"])
def test_a_clock_that_is_two_percent_off_the_filters_period_turns_as_far(method: str) -> None:
    time_s = np.arange(400.0) * 0.0102
    q = OrientationFilter(method, 0.01).step(time_s, *spinning(time_s))
    assert heading_turned_deg(q)[-1] == pytest.approx(90.0 * time_s[-1], abs=0.1)


@pytest.mark.parametrize(("method", "causal"), WAYS)
def test_a_short_gap_is_bridged(method: str, causal: bool) -> None:
    """Half a second is missing; the turn in it is made up from the rates around it."""
    time_s = np.arange(0.0, 5.0, 0.01)
    kept = (time_s < 2.0) | (time_s >= 2.5)
    gyr, acc = spinning(time_s[kept])
    q = estimate_orientation(time_s[kept], gyr, acc, method, causal)
    assert q.shape == (kept.sum(), 4)
    np.testing.assert_allclose(heading_turned_deg(q), 90.0 * time_s[kept], atol=0.5)


@pytest.mark.parametrize(("method", "causal"), WAYS)
def test_after_a_long_gap_gravity_is_believed_at_once(method: str, causal: bool) -> None:
    """The sensor came back lying on its side: no blend of before and after."""
    time_s = np.concatenate((np.arange(0.0, 3.0, 0.01), np.arange(5.0, 8.0, 0.01)))
    up = np.where((time_s < 4.0)[:, None], (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
    q = estimate_orientation(time_s, np.zeros((600, 3)), G_MPS2 * up, method, causal)
    assert off_deg(q, up).max() < 0.1


def test_what_was_learned_of_the_gyroscope_survives_a_long_gap() -> None:
    """A zero that is 1 deg/s off is learned in half a minute of rest; forgetting it costs 3 degrees in 3 s."""
    time_s = np.concatenate((np.arange(0.0, 30.0, 0.01), np.arange(40.0, 43.0, 0.01)))
    gyr, acc = spinning(time_s, 1.0)
    q = estimate_orientation(time_s, gyr, acc, "vqf", causal=True)
    assert abs(heading_turned_deg(q[-300:])[-1]) < 0.3


def swaying(seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Who stands for two minutes and slowly turns to and fro, by some degrees: time, rates, forces, true heading (n,).

    The gyroscope was zeroed, so that there is nothing to learn about it.
    """
    rng, time_s = np.random.default_rng(seed), np.arange(0.0, 120.0, 0.01)
    phases, periods_s = rng.uniform(0.0, 2 * np.pi, 5), np.array((10.0, 16.0, 20.0, 28.0, 44.0))
    angle = 2 * np.pi * time_s / periods_s[:, None] + phases[:, None]
    heading_deg = 1.3 * np.sin(angle).sum(axis=0)
    rate_degps = (1.3 * 2 * np.pi / periods_s[:, None] * np.cos(angle)).sum(axis=0)
    gyr = np.deg2rad(np.outer(rate_degps, (0.0, 0.0, 1.0)) + rng.normal(0.0, 0.07, (len(time_s), 3)))
    acc = np.array((0.0, 0.0, G_MPS2)) + rng.normal(0.0, 0.02, (len(time_s), 3))
    return time_s, gyr, acc, heading_deg - heading_deg[0]


def drift_deg(seed: int, causal: bool, zeroed: bool, method: str = "vqf") -> float:
    """RMS error of the heading while swaying."""
    time_s, gyr, acc, heading_deg = swaying(seed)
    q = estimate_orientation(time_s, gyr, acc, method, causal, zeroed)
    return float(np.sqrt(np.mean(np.square(heading_turned_deg(q) - heading_deg))))


@pytest.mark.parametrize("causal", [False, True])
def test_the_sway_of_a_stand_is_not_learned_as_a_zero_of_a_gyroscope_that_has_none(causal: bool) -> None:
    """In the median of eight stands the heading drifts by less than two thirds of what it does otherwise."""
    untold, told = (np.median([drift_deg(seed, causal, zeroed) for seed in range(8)]) for zeroed in (False, True))
    assert told < 2 / 3 * untold
    assert told < 2.0


@pytest.mark.parametrize("causal", [False, True])
def test_a_small_rest_of_a_zero_is_still_learned(causal: bool) -> None:
    """Of 0.05 deg/s, 1 SD, that goes on for five minutes at rest: 15 degrees."""
    time_s = np.arange(0.0, 300.0, 0.01)
    q = estimate_orientation(time_s, *spinning(time_s, 0.05), "vqf", causal, zeroed=True)
    assert abs(heading_turned_deg(q)[-1]) < 2.0


@pytest.mark.parametrize(("method", "causal"), WAYS)
def test_a_zeroed_gyroscope_is_followed_as_well(method: str, causal: bool) -> None:
    time_s = np.arange(0.0, 12.0, 0.01)
    gyr, acc, up = rocking(time_s)
    assert off_deg(estimate_orientation(time_s, gyr, acc, method, causal, zeroed=True), up).max() < 2.0


@pytest.mark.parametrize(("causal", "from_s", "most_deg"), [(False, 0.0, 0.5), (True, 1.2, 0.8)])
@pytest.mark.parametrize("seed", range(3))
def test_a_gyroscope_that_was_never_zeroed_stands_still_in_two_minutes_of_rest(
    seed: int, causal: bool, from_s: float, most_deg: float
) -> None:
    """An MPU-6050 as soldered, 4.5 deg/s off. Live, its first second has to be seen before that is known."""
    rng, time_s = np.random.default_rng(seed), np.arange(12000) / 100
    offset = rng.standard_normal(3)
    wander = np.cumsum(0.0002 * rng.standard_normal((len(time_s), 3)), axis=0)
    gyr = np.deg2rad(4.5 * offset / np.linalg.norm(offset) + 0.05 * rng.standard_normal((len(time_s), 3)) + wander)
    up = rng.standard_normal(3)
    acc = G_MPS2 * up / np.linalg.norm(up) + 0.03 * rng.standard_normal((len(time_s), 3))
    q = Rotation.from_quat(estimate_orientation(time_s, gyr, acc, causal=causal), scalar_first=True)
    seen = q[time_s >= from_s]
    assert np.rad2deg((seen * seen[0].inv()).magnitude().max()) < most_deg


def test_a_slow_turn_is_no_offset() -> None:
    """5 deg/s about a level axis: the force turns with it."""
    time_s = np.arange(100) / 100
    tilt = np.deg2rad(5.0) * time_s
    acc = G_MPS2 * np.column_stack((np.zeros(100), np.sin(tilt), np.cos(tilt)))
    gyr = np.tile((np.deg2rad(5.0), 0.0, 0.0), (100, 1))
    assert far_off_radps(gyr, acc) is None
    assert far_off_radps(gyr, np.tile((0.0, 0.0, G_MPS2), (100, 1))) is not None


def test_only_vqf_is_told_that_a_gyroscope_was_zeroed() -> None:
    time_s, gyr, acc, _ = (part[:500] for part in swaying(0))
    for method in ("madgwick", "mahony", "ekf", "basicvqf"):
        untold, told = (estimate_orientation(time_s, gyr, acc, method, True, zeroed) for zeroed in (False, True))
        np.testing.assert_array_equal(told, untold)


def test_a_live_filter_that_is_told_gives_what_the_causal_one_gives() -> None:
    time_s, gyr, acc, _ = (part[:2000] for part in swaying(1))
    live = OrientationFilter("vqf", typical_period(time_s), zeroed=True)
    parts = [live.step(time_s[i : i + 100], gyr[i : i + 100], acc[i : i + 100]) for i in range(0, 2000, 100)]
    whole = estimate_orientation(time_s, gyr, acc, "vqf", causal=True, zeroed=True)
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-12)


def test_a_filter_begins_anew_after_gaps_of_more_than_a_second() -> None:
    """At the first sample after each."""
    np.testing.assert_array_equal(breaks(np.array((0.0, 0.01, 1.01, 2.5, 2.51, 2.51, 7.0))), (2.5, 7.0))
    assert breaks(np.empty(0)).shape == breaks(np.zeros(1)).shape == (0,)


def test_from_a_break_on_the_heading_is_another_one_and_not_before() -> None:
    """A sensor that turns evenly starts again where it faced at first."""
    time_s = np.concatenate((np.arange(0.0, 3.0, 0.01), np.arange(3.5, 6.0, 0.01), np.arange(8.0, 9.0, 0.01)))
    q = estimate_orientation(time_s, *spinning(time_s, 20.0))
    (anew_s,) = breaks(time_s)
    since = heading_turned_deg(q)
    before = time_s < anew_s
    np.testing.assert_allclose(since[before], 20.0 * time_s[before], atol=0.5)
    assert since[~before][0] == pytest.approx(0.0, abs=0.5)


JUMPY_S = np.cumsum(np.where(np.arange(300) % 70 == 69, 0.3, np.where(np.arange(300) % 110 == 109, 1.5, 0.01)))


@hypothesis_settings(max_examples=40)
@given(cuts=st.lists(st.integers(0, 300), max_size=12), method=st.sampled_from(["vqf", "basicvqf", "madgwick"]))
def test_a_causal_result_does_not_depend_on_how_blocks_are_cut(cuts: list[int], method: str) -> None:
    """With gaps that are bridged and gaps that are not, also right at a cut; empty blocks included."""
    gyr, acc, _ = rocking(JUMPY_S)
    whole = OrientationFilter(method, 0.01).step(JUMPY_S, gyr, acc)
    pieces, edges = OrientationFilter(method, 0.01), [0, *sorted(cuts), 300]
    parts = [pieces.step(JUMPY_S[a:z], gyr[a:z], acc[a:z]) for a, z in pairwise(edges)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-12)


def test_single_samples_give_what_one_block_gives() -> None:
    gyr, acc, _ = rocking(JUMPY_S)
    whole = OrientationFilter("vqf", 0.01).step(JUMPY_S, gyr, acc)
    one = OrientationFilter("vqf", 0.01)
    parts = [one.step(JUMPY_S[i : i + 1], gyr[i : i + 1], acc[i : i + 1]) for i in range(300)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-12)


def test_a_causal_result_uses_no_future() -> None:
    time_s = np.arange(0.0, 4.0, 0.01)
    gyr, acc, _ = rocking(time_s)
    for method in ("vqf", "ekf"):
        part = estimate_orientation(time_s[:200], gyr[:200], acc[:200], method, causal=True)
        whole = estimate_orientation(time_s, gyr, acc, method, causal=True)
        np.testing.assert_array_equal(part, whole[:200])


def test_the_typical_period_is_the_median_of_the_steps_forward() -> None:
    assert typical_period(np.array((0.0, 0.0, 0.01, 0.02, 0.5, 0.5))) == pytest.approx(0.01)
    assert np.isnan(typical_period(np.array((1.0,))))
    assert np.isnan(typical_period(np.array((1.0, 1.0))))


def only_quaternions(time_s: Floats, q: Floats) -> Block:
    nothing = np.full((len(q), 3), np.nan)
    return Block(time_s, nothing, nothing, q)


def test_raw_from_quaternions_is_the_rate_and_gravity_they_imply() -> None:
    """Turning about the sensor's x at 0.5 rad/s from lying flat; one quaternion comes with the other sign."""
    time_s = np.array((0.0, 0.1, 0.2, 0.2, 0.5))
    angle = 0.5 * time_s
    q = np.column_stack((np.cos(angle / 2), np.sin(angle / 2), 0 * angle, 0 * angle))
    q[2] *= -1
    raw = raw_from_quaternions(only_quaternions(time_s, q))
    expected = np.array(((0.5, 0, 0), (0.5, 0, 0), (0.5, 0, 0), (0, 0, 0), (0.5, 0, 0)))
    np.testing.assert_allclose(raw.gyr_radps, expected, atol=1e-12)
    up = np.column_stack((0 * angle, np.sin(angle), np.cos(angle)))
    np.testing.assert_allclose(raw.acc_mps2, G_MPS2 * up, atol=1e-12)
    np.testing.assert_array_equal(raw.time_s, time_s)


def test_one_quaternion_has_no_rate() -> None:
    raw = raw_from_quaternions(only_quaternions(np.zeros(1), np.array(((1.0, 0, 0, 0),))))
    np.testing.assert_array_equal(raw.gyr_radps, np.zeros((1, 3)))


def test_inclination_difference_sees_tilt_and_not_heading() -> None:
    turned = np.deg2rad(40.0)
    level = np.tile((1.0, 0.0, 0.0, 0.0), (20, 1))
    headed = np.tile((np.cos(turned / 2), 0.0, 0.0, np.sin(turned / 2)), (20, 1))
    tipped = np.tile((np.cos(turned / 2), 0.0, np.sin(turned / 2), 0.0), (20, 1))
    np.testing.assert_allclose(inclination_difference(level, headed), 0.0, atol=1e-12)
    np.testing.assert_allclose(inclination_difference(level, tipped), turned, atol=1e-12)
    tipped[:10] = np.nan
    assert 0 < len(inclination_difference(level, tipped)) < len(inclination_difference(level, headed))
    assert len(inclination_difference(level, np.full((20, 4), np.nan))) == 0


def broad(data: Path, seconds: float) -> tuple[Floats, Floats, Floats, Floats, npt.NDArray[np.bool_]]:
    trial = np.load(data / "broad" / "04_undisturbed_slow_rotation_with_breaks_A.npz")
    n = int(seconds * float(trial["sampling_rate"]))
    time_s = np.arange(n) / float(trial["sampling_rate"])
    scored = trial["movement"][:n] & ~np.isnan(trial["opt_quat"][:n]).any(axis=1)
    return time_s, trial["imu_gyr"][:n], trial["imu_acc"][:n], trial["opt_quat"][:n], scored


@pytest.mark.parametrize(("causal", "limit_deg"), [(True, 0.9), (False, 0.8)])
def test_vqf_against_optical_truth(data: Path, causal: bool, limit_deg: float) -> None:
    """BROAD trial 04: its authors' vqf has 0.79 degrees here, causally."""
    time_s, gyr, acc, truth, scored = broad(data, 210.0)
    q = estimate_orientation(time_s, gyr, acc, "vqf", causal)
    off = off_deg(q[scored], quaternion.up_in_sensor(truth[scored]))
    assert scored.sum() > 10_000
    assert np.sqrt(np.mean(off**2)) < limit_deg


@pytest.mark.parametrize("method", ["madgwick", "mahony", "ekf"])
def test_the_other_filters_are_sane_on_a_recording(data: Path, method: str) -> None:
    """None of them upside down, in other units, or with the axes swapped."""
    time_s, gyr, acc, truth, scored = broad(data, 40.0)
    off = off_deg(estimate_orientation(time_s, gyr, acc, method)[scored], quaternion.up_in_sensor(truth[scored]))
    assert scored.sum() > 2_500
    assert np.sqrt(np.mean(off**2)) < 4.0
