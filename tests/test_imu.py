"""The drivers of firmware/ under real MicroPython, against models that were written from the datasheets only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hiphold import quaternion, wire
from hiphold.samples import G_MPS2, Floats
from hiphold.simulation.sensor import DPS_RADPS
from imu_bench import Bench
from rig.chips import CHIPS, Flaws, Skin
from rig.skin import Still, Turning

RATES_HZ = {"lsm6dsv16x": (60, 120, 240, 480), "mpu6050": (50, 100, 200, 500), "icm42688p": (50, 100, 200, 500)}
ROOM = {"lsm6dsv16x": 85, "mpu6050": 85, "icm42688p": 127}
EACH = pytest.mark.parametrize("name", list(CHIPS))
Make = Callable[..., Bench]

RAMP_RADPS2, RAMP_MPS3 = 0.7, 0.8


class Ramp:
    """Rate and force grow with time, so that both parts of every sample say when it was taken."""

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        ramp = np.column_stack((time_s, -time_s, np.zeros_like(time_s)))
        return ramp * RAMP_MPS3 + (-8.0, 8.0, 5.0), ramp * RAMP_RADPS2 + (0.0, 0.0, 1.0)


class Pushed:
    """At rest, but for a push of 0.5 g along x from `at_s` on for 0.2 s."""

    def __init__(self, at_s: float) -> None:
        self.at_s = at_s

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        force, rate = Still().at(time_s)
        force[:, 0] += 0.5 * G_MPS2 * ((time_s >= self.at_s) & (time_s < self.at_s + 0.2))
        return force, rate


@pytest.fixture
def bench(micropython: str, tmp_path: Path) -> Iterator[Make]:
    made: list[Bench] = []

    def make(name: str, skin: Skin, flaws: Flaws | None = None) -> Bench:
        made.append(Bench(micropython, name, CHIPS[name](skin, flaws), tmp_path))
        return made[-1]

    yield make
    for each in made:
        each.close()


def units(each: Bench) -> tuple[float, float]:
    """m/s2 and rad/s per count, by the codes that the driver announces."""
    acc_code, gyr_code = each.ask("(imu.acc_code, imu.gyr_code)")
    return wire.ACC_G_PER_COUNT[acc_code] * G_MPS2, wire.GYR_DPS_PER_COUNT[gyr_code] * DPS_RADPS


def begin(each: Bench, rate_hz: int = 0) -> None:
    """Start, and let the gyroscope come to within a count of its value; a datasheet allows 1 dps after the start-up."""
    each.ask(f"imu.start({rate_hz or 'imu.DEFAULT_HZ'})")
    each.now_s += 0.1
    each.drain()


def stream(each: Bench, rng: np.random.Generator, length_s: float) -> np.ndarray:
    """What a reader gets that comes at odd times and takes odd amounts, until `length_s` from now."""
    end_s = each.now_s + length_s
    rows = []
    while each.now_s < end_s:
        each.now_s += rng.uniform(0.02, 0.08)
        rows.append(each.drain(rng))
    return np.concatenate(rows)


def check_rows(rows: np.ndarray, each: Bench) -> Floats:
    """Every row is one sample of Ramp, whole and in its place. Returns when they were taken."""
    acc_unit, gyr_unit = units(each)
    taken_s = np.asarray(rows[:, 3] * gyr_unit / RAMP_RADPS2)
    np.testing.assert_allclose(
        rows[:, :6] * ([acc_unit] * 3 + [gyr_unit] * 3), np.hstack(Ramp().at(taken_s)), atol=3e-3
    )
    return taken_s


@EACH
def test_it_knows_its_chip_from_others_and_from_none(name: str, bench: Make) -> None:
    assert bench(name, Still()).ask("imu.probe()") is True
    assert bench(name, Still(), Flaws(who_am_i=0x70 if name == "mpu6050" else 0x68)).ask("imu.probe()") is False
    with pytest.raises(OSError, match="19"):
        bench(name, Still(), Flaws(dead_from_s=0.0)).ask("imu.probe()")
    assert bench(name, Still()).ask("imu.CHIP") == name
    assert bench(name, Still()).ask("imu.RATES_HZ") == RATES_HZ[name]


@pytest.mark.parametrize(("name", "rate_hz"), [(name, hz) for name, rates in RATES_HZ.items() for hz in rates])
def test_every_sample_comes_once_and_in_time(name: str, rate_hz: int, bench: Make) -> None:
    rng = np.random.default_rng(rate_hz)
    each = bench(name, Ramp(), Flaws(rate_error=0.012))
    begin(each, rate_hz)
    from_s = each.now_s
    rows = stream(each, rng, 2.0)
    assert not each.ask("imu.overrun")
    true_hz = rate_hz * 1.012
    taken_s = check_rows(rows, each)
    error_s = 1.0 / true_hz / 4.0  # finer than a count of the ramp is at 50 Hz
    steps_s = np.diff(taken_s)
    _, gyr_unit = units(each)
    np.testing.assert_allclose(steps_s, 1.0 / true_hz, atol=max(1.1 * gyr_unit / RAMP_RADPS2, error_s / 100.0))
    assert taken_s[-1] - taken_s[0] == pytest.approx((len(rows) - 1) / true_hz, abs=1.1 * gyr_unit / RAMP_RADPS2)
    assert each.now_s - taken_s[-1] < 0.02
    assert abs(len(rows) - (each.now_s - from_s) * true_hz) < 0.02 * true_hz + 1.0


@EACH
def test_counts_are_the_skin_seen_through_noise(name: str, bench: Make) -> None:
    flaws = Flaws(acc_noise_mps2_rthz=1e-3, gyr_noise_radps_rthz=5e-5, acc_bias_mps2=np.array((0.2, 0.0, -0.1)))
    each = bench(name, Still((1.0, 2.0, -2.0)), flaws)
    each.ask("imu.start(imu.DEFAULT_HZ)")
    rows = stream(each, np.random.default_rng(0), 1.0)
    acc_unit, gyr_unit = units(each)
    acc = rows[:, :3].mean(axis=0) * acc_unit
    np.testing.assert_allclose(acc, G_MPS2 * np.array((1, 2, -2)) / 3.0 + flaws.acc_bias_mps2, atol=3e-3)
    np.testing.assert_allclose(rows[:, 3:6].mean(axis=0) * gyr_unit, 0.0, atol=5e-4)


@EACH
def test_an_overrun_is_reported_and_leaves_no_torn_sample(name: str, bench: Make) -> None:
    rng = np.random.default_rng(5)
    for pause_s in (1.9, 3.01, 4.37):
        each = bench(name, Ramp())
        begin(each)
        stream(each, rng, 0.3)
        each.now_s += pause_s
        before_s = each.now_s
        late = each.drain(rng)
        assert each.ask("imu.overrun") is True
        assert len(late) <= ROOM[name]
        each.ask("setattr(imu, 'overrun', False)")
        rows = np.concatenate((late, stream(each, rng, 1.0)))
        taken_s = check_rows(rows, each)
        assert (np.diff(taken_s) > 0).all()
        assert not len(late) or before_s - taken_s[len(late) - 1] < 0.05  # the newest are kept, not the oldest
        assert each.ask("imu.overrun") is False
        hz = each.ask("imu.DEFAULT_HZ")
        np.testing.assert_allclose(np.diff(taken_s[-int(0.9 * hz) :]), 1.0 / hz, rtol=0.1)


@EACH
def test_an_overrun_between_waiting_and_fetch_leaves_no_torn_sample(name: str, bench: Make) -> None:
    each = bench(name, Ramp())
    begin(each)
    each.now_s += 0.5
    waiting = min(each.ask("imu.waiting()"), 32)
    each.now_s += 2.0
    check_rows(each.fetch(waiting), each)
    each.drain()
    assert each.ask("imu.overrun") is True
    check_rows(stream(each, np.random.default_rng(1), 0.5), each)


@EACH
def test_readings_stop_at_the_end_of_the_range(name: str, bench: Make) -> None:
    each = bench(name, Turning((0.0, 0.0, 30.0)), Flaws(acc_bias_mps2=np.array((-80.0, 80.0, 0.0))))
    each.ask("imu.start(imu.DEFAULT_HZ)")
    rows = stream(each, np.random.default_rng(0), 0.3)
    assert len(rows) > 20
    assert (rows[:, 0] <= -32767).all()
    assert (rows[:, [1, 5]] == 32767).all()


@EACH
@pytest.mark.parametrize("seed", range(4))
def test_self_test_passes_good_chips_and_fails_bad_ones(name: str, seed: int, bench: Make) -> None:
    noise = Flaws(acc_noise_mps2_rthz=1e-3, gyr_noise_radps_rthz=1e-4, seed=seed)
    assert bench(name, Still((0.2, 0.3, 0.9)), noise).ask("imu.self_test()") is True
    assert bench(name, Still((0.2, 0.3, 0.9)), replace(noise, self_test_fails=True)).ask("imu.self_test()") is False


@EACH
def test_it_starts_again_after_a_self_test_and_another_rate(name: str, bench: Make) -> None:
    each = bench(name, Ramp())
    each.ask("imu.self_test()")
    for rate_hz in RATES_HZ[name]:
        begin(each, rate_hz)
        check_rows(stream(each, np.random.default_rng(rate_hz), 0.3), each)
    each.ask("imu.stop()")
    left = each.ask("imu.waiting()")
    each.now_s += 1.0
    assert each.ask("imu.waiting()") == left


@EACH
@pytest.mark.parametrize("seed", range(3))
def test_a_failing_bus_raises_and_a_new_start_mends_everything(name: str, seed: int, bench: Make) -> None:
    rng = np.random.default_rng(seed)
    each = bench(name, Ramp(), Flaws(fail_rate=0.1, seed=seed))
    failures = 0
    for _ in range(40):
        try:
            each.ask("imu.start(imu.DEFAULT_HZ)")
            stream(each, rng, 0.3)
            each.ask("imu.temperature_cdegc()")
            each.ask("imu.self_test()")
        except OSError as error:
            failures += error.errno == 5
            each.now_s += 0.06  # when it is tried again
    assert failures > 10
    each.chip.flaws = Flaws()
    begin(each)
    each.ask("setattr(imu, 'overrun', False)")
    rows = stream(each, rng, 1.0)
    taken_s = check_rows(rows, each)
    hz = each.ask("imu.DEFAULT_HZ")
    np.testing.assert_allclose(np.diff(taken_s), 1.0 / hz, rtol=0.1)
    assert each.ask("imu.overrun") is False


@EACH
@pytest.mark.parametrize("seed", range(4))
def test_a_burst_that_broke_off_leaves_no_torn_sample(name: str, seed: int, bench: Make) -> None:
    each = bench(name, Ramp(), Flaws(seed=seed))
    begin(each)
    each.now_s += 0.3
    each.ask("imu.waiting()")
    each.chip.flaws = Flaws(fail_rate=1.0)
    with pytest.raises(OSError, match="5"):
        each.fetch(20)
    each.chip.flaws = Flaws()
    rows = stream(each, np.random.default_rng(seed), 1.0)
    check_rows(rows, each)
    assert len(rows) > 60  # at most what was waiting is lost


@EACH
def test_a_chip_that_falls_silent_raises_until_it_is_back(name: str, bench: Make) -> None:
    each = bench(name, Ramp(), Flaws(dead_from_s=1.0, dead_until_s=2.0))
    each.ask("imu.start(imu.DEFAULT_HZ)")
    each.now_s = 1.1
    for call in ("waiting()", "fetch(1)", "temperature_cdegc()", "stop()", "start(imu.DEFAULT_HZ)"):
        with pytest.raises(OSError, match="19"):
            each.ask("imu." + call)
    each.now_s = 2.1
    begin(each)
    check_rows(stream(each, np.random.default_rng(0), 0.5), each)


@EACH
@pytest.mark.parametrize("temperature_degc", [-12.5, 25.0, 41.3])
def test_temperature(name: str, temperature_degc: float, bench: Make) -> None:
    each = bench(name, Still(), Flaws(temperature_degc=temperature_degc))
    each.ask("imu.start(imu.DEFAULT_HZ)")
    assert each.ask("imu.temperature_cdegc()") == pytest.approx(100 * temperature_degc, abs=2)


@EACH
def test_motion_wakes_it_and_rest_does_not(name: str, bench: Make) -> None:
    each = bench(name, Pushed(5.0), Flaws(acc_noise_mps2_rthz=4e-3, seed=1))
    each.ask("imu.start(imu.DEFAULT_HZ)")
    each.ask("imu.wake_on_motion()")
    assert not any(each.chip.interrupt(t) for t in np.arange(each.now_s, 4.9, 0.01).tolist())
    assert any(each.chip.interrupt(t) for t in np.arange(5.0, 5.5, 0.01).tolist())
    assert each.chip.interrupt(8.0)
    each.now_s = 8.0
    each.ask("imu.start(imu.DEFAULT_HZ)")
    assert len(stream(each, np.random.default_rng(0), 0.5)) > 40
    each.ask("imu.wake_on_motion()")
    assert not each.chip.interrupt(each.now_s + 0.5)


def test_chips_without_fusion_give_no_quaternion(bench: Make) -> None:
    for name in ("mpu6050", "icm42688p"):
        each = bench(name, Still())
        each.ask("imu.start(imu.DEFAULT_HZ)")
        assert each.ask("imu.FUSES") is False
        assert not stream(each, np.random.default_rng(0), 0.2)[:, 6:].any()


@pytest.mark.parametrize("rate_hz", RATES_HZ["lsm6dsv16x"])
def test_the_quaternion_of_the_lsm_belongs_to_its_sample(rate_hz: int, bench: Make) -> None:
    skin = Turning((0.6, 0.3, 0.0), from_s=1.0)
    each = bench("lsm6dsv16x", skin, Flaws(gyr_bias_radps=np.radians((0.4, -0.3, 0.2))))
    each.ask(f"imu.start({rate_hz})")
    rows = stream(each, np.random.default_rng(0), 3.0)  # up to 80 degrees: the chip's half precision still suffices
    q = rows[:, 6:] / wire.QUATERNION_ONE
    np.testing.assert_allclose(np.linalg.norm(q, axis=1), 1.0, atol=2e-3)
    assert (q[:, 0] >= 0).all()
    error = np.degrees(quaternion.angle_between(quaternion.up_in_sensor(q), rows[:, :3].astype(float)))
    assert error.max() < 1.0
