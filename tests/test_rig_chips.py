"""What all of the rig's chips have in common, against their datasheets. No driver is involved."""

from __future__ import annotations

import errno

import numpy as np
import pytest

from chip_registers import RATE_HZ, START_S, get, level, per_count, put, rows, start
from hiphold import quaternion
from hiphold.orientation import estimate_orientation
from hiphold.samples import G_MPS2
from hiphold.simulation.sensor import Sensor
from hiphold.sources.simulate import simulate
from rig.chips import CHIPS, BusError, Flaws, MisuseError
from rig.skin import Still, Turning, Worn, flaws_of

WHO_AM_I = {"lsm6dsv16x": (0x0F, 0x70), "mpu6050": (0x75, 0x68), "icm42688p": (0x75, 0x47)}
EACH = pytest.mark.parametrize("name", list(CHIPS))


@EACH
def test_identity_is_right_or_that_of_another_chip(name: str) -> None:
    register, identity = WHO_AM_I[name]
    assert get(CHIPS[name](Still()), register, 0.0) == identity
    assert get(CHIPS[name](Still(), Flaws(who_am_i=0x12)), register, 0.0) == 0x12


@EACH
def test_samples_come_at_the_true_rate(name: str) -> None:
    chip = CHIPS[name](Still(), Flaws(rate_error=0.013))
    start(name, chip)
    taken, now_s = 0, START_S
    while now_s < 10.0:
        now_s += 0.0437
        count = level(name, chip, now_s)
        assert len(rows(name, chip, count, now_s)) == count
        taken += count
    true_hz = RATE_HZ[name] * 1.013
    assert taken == int(now_s * true_hz) - int(START_S * true_hz)


@EACH
def test_counts_are_what_the_skin_feels_through_the_specimen(name: str) -> None:
    rng = np.random.default_rng(1)
    flaws = Flaws(
        acc_bias_mps2=rng.normal(0, 0.3, 3),
        gyr_bias_radps=rng.normal(0, 0.05, 3),
        acc_matrix=np.eye(3) + rng.normal(0, 0.01, (3, 3)),
        gyr_matrix=np.eye(3) + rng.normal(0, 0.01, (3, 3)),
    )
    skin = Turning((0.7, -1.3, 2.1))
    chip = CHIPS[name](skin, flaws)
    start(name, chip)
    measured = rows(name, chip, level(name, chip, 0.5), 0.5)
    hz = RATE_HZ[name]
    time_s = np.arange(int(START_S * hz) + 1, int(0.5 * hz) + 1) / hz
    force, rate = skin.at(time_s)
    acc_unit, gyr_unit = per_count(name)
    acc = np.rint((force @ flaws.acc_matrix.T + flaws.acc_bias_mps2) / acc_unit)
    gyr = np.rint((rate @ flaws.gyr_matrix.T + flaws.gyr_bias_radps) / gyr_unit)
    np.testing.assert_allclose(measured, np.hstack((acc, gyr)), atol=1 if name == "mpu6050" else 0)


@EACH
def test_noise_has_the_density_that_was_asked_for(name: str) -> None:
    flaws = Flaws(acc_noise_mps2_rthz=1e-2, gyr_noise_radps_rthz=1e-3, seed=3)
    chip = CHIPS[name](Still(), flaws)
    start(name, chip)
    measured = np.vstack([rows(name, chip, level(name, chip, t), t) for t in np.arange(0.5, 20.0, 0.4)])
    bandwidth_hz = {"lsm6dsv16x": (60, 60), "mpu6050": (44, 42), "icm42688p": (100, 100)}[name]
    for part, unit, density, hz in zip((0, 3), per_count(name), (1e-2, 1e-3), bandwidth_hz):
        spread = measured[:, part : part + 3].std() if part else measured[:, :2].std()
        assert spread * unit == pytest.approx(density * hz**0.5, rel=0.05)


@EACH
def test_equal_seeds_give_equal_bytes_however_it_is_read(name: str) -> None:
    flaws = Flaws(acc_noise_mps2_rthz=1e-2, gyr_noise_radps_rthz=1e-3, seed=3)
    streams = []
    for step_s in (0.05, 0.31):
        chip = CHIPS[name](Still(), flaws)
        start(name, chip)
        times_s = np.append(np.arange(START_S, 2.0, step_s), 2.0)
        streams.append(np.vstack([rows(name, chip, level(name, chip, t), t) for t in times_s]))
    np.testing.assert_array_equal(streams[0], streams[1])


@EACH
def test_outputs_stop_at_the_end_of_the_range(name: str) -> None:
    chip = CHIPS[name](Turning((0.0, 0.0, 30.0)), Flaws(acc_bias_mps2=np.array((-80.0, 80.0, 0.0))))
    start(name, chip)
    acc_x, acc_y, _, _, _, gyr_z = rows(name, chip, level(name, chip, 0.3), 0.3)[-1]
    assert acc_x == (-32767 if name == "icm42688p" else -32768)  # DS-000347 6.1 keeps -32768 for "no sample"
    assert acc_y == gyr_z == 32767


@EACH
def test_transactions_break_off_and_nobody_answers(name: str) -> None:
    register, _ = WHO_AM_I[name]
    chip = CHIPS[name](Still(), Flaws(fail_rate=0.25, seed=1))
    numbers = []
    for _ in range(400):
        try:
            get(chip, register, 0.0)
        except BusError as error:
            numbers.append(error.errno)
    assert set(numbers) == {errno.EIO}
    assert 70 < len(numbers) < 130
    dead = CHIPS[name](Still(), Flaws(dead_from_s=1.0, dead_until_s=2.0))
    get(dead, register, 0.9)
    with pytest.raises(BusError, match="nobody"):
        get(dead, register, 1.5)
    get(dead, register, 2.0)


@EACH
def test_a_broken_off_burst_has_taken_what_it_has_taken(name: str) -> None:
    chip = CHIPS[name](Still(), Flaws(seed=2))
    start(name, chip)
    before = level(name, chip, 0.4)
    chip.flaws = Flaws(fail_rate=1.0)
    with pytest.raises(BusError):
        rows(name, chip, 8, 0.4)
    chip.flaws = Flaws()
    assert before - 8 <= level(name, chip, 0.4) < before


@EACH
def test_reserved_bits_are_refused(name: str) -> None:
    register = {"lsm6dsv16x": 0x10, "mpu6050": 0x1A, "icm42688p": 0x4F}[name]
    with pytest.raises(MisuseError, match="reserved"):
        put(CHIPS[name](Still()), 0.0, (register, 0x90))


@EACH
def test_a_worn_chip_is_the_specimen_of_the_pure_simulation(name: str) -> None:
    sensor = Sensor(chip=name, rate_hz=RATE_HZ[name])
    session = simulate(seed=4, sensor=sensor)
    unit = session.units[1]
    flaws = flaws_of(unit, sensor)
    assert flaws.rate_error == pytest.approx(1.0 / (unit.period_s * sensor.rate_hz) - 1.0)
    skin = Worn(session.truth.motion, unit, session.truth.duration_s)
    force, rate = skin.at(np.array((-1.0, 1.0, session.truth.duration_s + 5.0)))
    np.testing.assert_allclose(np.linalg.norm(force, axis=1), G_MPS2, atol=0.3)
    assert not rate[[0, 2]].any()
    chip = CHIPS[name](skin, flaws)
    start(name, chip)
    measured = rows(name, chip, level(name, chip, 0.5), 0.5)
    assert np.linalg.norm(measured[:, :3].mean(axis=0)) * per_count(name)[0] == pytest.approx(G_MPS2, abs=0.5)


def test_turning_is_one_motion() -> None:
    skin = Turning((0.5, -0.2, 0.1), from_s=0.5)
    time_s = np.arange(0.0, 3.0, 0.01)
    force, rate = skin.at(time_s)
    up = quaternion.up_in_sensor(estimate_orientation(time_s, rate, force, causal=True))
    assert np.degrees(quaternion.angle_between(up, force)).max() < 0.5
