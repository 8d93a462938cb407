"""A simulated node: what its sensor reads while it moves, and the packets that the node sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from hiphold import wire
from hiphold.orientation import OrientationFilter, estimate_orientation
from hiphold.samples import G_MPS2, Floats
from hiphold.simulation.body import Motion
from hiphold.simulation.link import Link, Packet
from hiphold.simulation.sensor import DPS_RADPS, Sensor, Unit

STEP_S = 1e-3  # of the central differences
INFO_EVERY_S = 10.0
TIME_EVERY_S = 2.0
NOTIFY_S = 0.05  # notifications come no closer than this
RING_S = 20
BATTERY_MV = 3900
FULL_SCALE = 32767

Fuse = Callable[[Floats, Floats, Floats], Floats]
"""time, rate and force to the node's own orientation (n, 4)"""


def ideal_signals(motion: Motion, unit: Unit, time_s: Floats) -> tuple[Floats, Floats]:
    """What a perfect sensor measures: specific force (n, 3) m/s2 and angular rate (n, 3) rad/s, sensor frame."""
    n = len(time_s)
    around_s = np.concatenate((time_s - STEP_S, time_s, time_s + STEP_S))
    pose = motion.pose(around_s, unit.placement)
    r = pose.r_earth_from_segment @ unit.worn(around_s)
    p = pose.sensor_m
    acc = (p[:n] - 2.0 * p[n : 2 * n] + p[2 * n :]) / STEP_S**2 + np.array((0.0, 0.0, G_MPS2))
    force = np.einsum("nji,nj->ni", r[n : 2 * n], acc)
    # R(t-h)^T R(t+h) turns by 2 h w; its skew part is sin(angle) along the axis.
    turn = np.swapaxes(r[:n], -1, -2) @ r[2 * n :]
    sine = 0.5 * np.stack(
        (turn[:, 2, 1] - turn[:, 1, 2], turn[:, 0, 2] - turn[:, 2, 0], turn[:, 1, 0] - turn[:, 0, 1]), 1
    )
    size = np.linalg.norm(sine, axis=1, keepdims=True)
    stretch = np.where(size > 1e-9, np.arcsin(size) / np.maximum(size, 1e-9), 1.0)
    return force, sine * stretch / (2.0 * STEP_S)


def _counts(values: Floats, per_count: float) -> npt.NDArray[np.int16]:
    return np.clip(np.rint(values / per_count), -FULL_SCALE - 1, FULL_SCALE).astype(np.int16)


def _fuse_all(node_s: Floats, gyr_radps: Floats, acc_mps2: Floats) -> Floats:
    return estimate_orientation(node_s, gyr_radps, acc_mps2, "basicvqf", True)


def sample(
    motion: Motion, sensor: Sensor, unit: Unit, time_s: Floats, rng: np.random.Generator, fuse: Fuse = _fuse_all
) -> npt.NDArray[np.int16]:
    """(n, 10) as a node packs it: acc and gyr in counts, and the orientation it makes of these and its zero."""
    force, rate = ideal_signals(motion, unit, time_s)
    bandwidth = np.sqrt(sensor.rate_hz / 2.0)
    noise = bandwidth * rng.standard_normal((2, len(time_s), 3))
    acc_bias = unit.acc_bias_mps2 + np.outer(time_s, unit.acc_ramp_mps2_per_s)
    gyr_bias = unit.gyr_bias_radps + np.outer(time_s, unit.gyr_ramp_radps_per_s)
    acc = force @ unit.acc_matrix.T + acc_bias + sensor.acc_noise_mps2_rthz * noise[0]
    gyr = rate @ unit.gyr_matrix.T + gyr_bias + sensor.gyr_noise_radps_rthz * noise[1]
    acc_unit = wire.ACC_G_PER_COUNT[sensor.acc_code] * G_MPS2
    gyr_unit = wire.GYR_DPS_PER_COUNT[sensor.gyr_code] * DPS_RADPS
    acc_counts, gyr_counts = _counts(acc, acc_unit), _counts(gyr, gyr_unit)
    acc_read: Floats = acc_counts.astype(np.float64) * acc_unit
    zero = np.array(unit.calibration.gyr_zero_radps if unit.calibration else (0.0,) * 3)
    q = fuse(unit.node_s(time_s), gyr_counts * gyr_unit - zero, acc_read)
    return np.concatenate((acc_counts, gyr_counts, _counts(q, 1.0 / wire.QUATERNION_ONE)), axis=1)


def _sample_messages(
    sensor: Sensor, unit: Unit, time_s: Floats, rows: npt.NDArray[np.int16], first: int
) -> Iterator[bytes]:
    node_us = np.rint(unit.node_s(time_s) * 1e6).astype(np.int64)
    period_ns = round(unit.period_s * (1.0 + unit.clock_skew) * 1e9)
    clipped = ((rows[:, :6] == FULL_SCALE) | (rows[:, :6] == -FULL_SCALE - 1)).any(axis=1)
    for at in range(0, len(rows), wire.MAX_SAMPLES):
        part = rows[at : at + wire.MAX_SAMPLES]
        yield wire.encode_samples(
            wire.Samples(
                kind=wire.SAMPLES,
                flags=wire.CLIPPED if clipped[at : at + wire.MAX_SAMPLES].any() else 0,
                count=len(part),
                boot=unit.boot,
                seq=first + at,
                node_us=int(node_us[at]),
                period_ns=period_ns,
                acc_code=sensor.acc_code,
                gyr_code=sensor.gyr_code,
                temperature_cdegc=3100,
                payload=part.astype("<i2").tobytes(),
            )
        )


def _together(unit: Unit) -> int:
    """Messages in one packet."""
    return max(1, int(np.ceil(NOTIFY_S / (wire.MAX_SAMPLES * unit.period_s))))


def _packed(sensor: Sensor, unit: Unit, time_s: Floats, rows: npt.NDArray[np.int16], first: int = 0) -> list[Packet]:
    """Samples (n, 10), of which the first bears the number `first`, as packets sent when their last was taken."""
    messages, together = list(_sample_messages(sensor, unit, time_s, rows, first)), _together(unit)
    packets = []
    for at in range(0, len(messages), together):
        last = min((at + together) * wire.MAX_SAMPLES, len(time_s)) - 1
        packets.append(Packet(float(time_s[last]), b"".join(messages[at : at + together]), resendable=True))
    return packets


def sample_packets(
    motion: Motion, sensor: Sensor, unit: Unit, duration_s: float, rng: np.random.Generator
) -> list[Packet]:
    """All samples of a session, each packet sent when its last sample was taken."""
    time_s = np.arange(unit.first_sample_s, duration_s, unit.period_s)
    return _packed(sensor, unit, time_s, sample(motion, sensor, unit, time_s, rng))


def sample_pieces(
    motion: Motion, sensor: Sensor, unit: Unit, duration_s: float, rng: np.random.Generator, piece_s: float
) -> Iterator[list[Packet]]:
    """The same in pieces of about `piece_s`, each made when it is asked for; only the noise is drawn otherwise."""
    fuse = OrientationFilter("basicvqf", unit.period_s * (1.0 + unit.clock_skew)).step
    whole = wire.MAX_SAMPLES * _together(unit)
    n, step = (int(np.ceil(s / unit.period_s)) for s in (duration_s - unit.first_sample_s, piece_s))
    step = max(1, step // whole) * whole
    for first in range(0, n, step):
        time_s = np.asarray(unit.first_sample_s + unit.period_s * np.arange(first, min(first + step, n)), float)
        yield _packed(sensor, unit, time_s, sample(motion, sensor, unit, time_s, rng, fuse), first)


def status_packets(
    sensor: Sensor, unit: Unit, duration_s: float, faults: int = 0, battery_mv: int = BATTERY_MV
) -> list[Packet]:
    """Who the node is and its calibration, at once and then every 10 s. The host reads the first ones itself.

    `faults`, `battery_mv`: what it says of itself, as in wire.Info.
    """
    info = wire.Info(
        boot=unit.boot,
        placement=unit.says,
        lid=unit.lid,
        chip=sensor.chip,
        firmware=(0, 1, 0),
        faults=faults,
        battery_mv=battery_mv,
        rate_hz=sensor.rate_hz,
        ring_samples=RING_S * sensor.rate_hz,
        name=unit.name,
    )
    said = [wire.encode_info(info)]
    if unit.calibration is not None:
        said.append(wire.encode_calibration(unit.calibration))
    times_s = np.arange(0.0, duration_s, INFO_EVERY_S).tolist()
    return [Packet(time_s, data, certain=time_s == 0.0) for time_s in times_s for data in said]


def time_packets(unit: Unit, link: Link, epoch_us: int, duration_s: float, rng: np.random.Generator) -> list[Packet]:
    """Answers to the host's clock questions: sent, received, answered, each by its own clock."""
    asked_s = np.arange(0.2, duration_s, TIME_EVERY_S)
    received_s = asked_s + link.delays_s(rng, len(asked_s)) + link.asymmetry_s
    answered_s = received_s + rng.uniform(0.0002, 0.002, len(asked_s))
    rx_us, tx_us = (np.rint(unit.node_s(t) * 1e6).astype(np.int64) for t in (received_s, answered_s))
    return [
        Packet(
            float(answered_s[i]),
            wire.encode_time(
                wire.Time(unit.boot, i + 1, epoch_us + round(asked_s[i] * 1e6), int(rx_us[i]), int(tx_us[i]))
            ),
        )
        for i in range(len(asked_s))
    ]
