"""A kind of sensor and how it errs, and one specimen of it as it is worn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiphold import wire
from hiphold.samples import G_MPS2, Floats
from hiphold.simulation.body import MIRROR_SEGMENT, rotate_x, rotate_y, rotate_z
from hiphold.simulation.curves import minimum_jerk
from hiphold.simulation.skin import Give

MG_MPS2 = G_MPS2 / 1000.0
DPS_RADPS = np.pi / 180.0
MARKS_SD_DEG = 4.0  # how well a case is put on by its marks, about each axis
SLIP_S = 0.3

# Where the lid faces, in segment axes: columns x, y, z of the case as worn (y up, z out of the lid, x = y cross z).
_OUT = {"front": (1.0, 0.0, 0.0), "back": (-1.0, 0.0, 0.0), "right": (0.0, 0.0, 1.0), "left": (0.0, 0.0, -1.0)}
LID = {"pelvis": "back", "trunk": "back"} | {f"{s}_{d}": d for s in ("thigh", "shank") for d in ("left", "right")}


@dataclass(frozen=True)
class Sensor:
    """A kind of sensor. `_sd` values are one standard deviation per axis over specimens."""

    chip: str = "lsm6dsv16x"
    rate_hz: int = 120
    rate_error_sd: float = 0.01
    """relative"""
    rate_error: float | None = None
    """relative, given instead of drawn; None: drawn"""
    acc_code: int = 1
    """index of wire.ACC_G_PER_COUNT"""
    gyr_code: int = 3
    """index of wire.GYR_DPS_PER_COUNT"""
    acc_noise_mps2_rthz: float = 60e-6 * G_MPS2
    gyr_noise_radps_rthz: float = 2.8e-3 * DPS_RADPS
    acc_bias_sd_mps2: float = 15 * MG_MPS2
    """as soldered"""
    acc_left_sd_mps2: float | None = 5 * MG_MPS2
    """what six-position calibration leaves; None: never done"""
    gyr_bias_sd_radps: float = 0.5 * DPS_RADPS
    """as soldered"""
    gyr_left_sd_radps: float | None = 0.03 * DPS_RADPS
    """what zeroing on the table leaves; None: never done"""
    scale_sd: float = 0.003
    """relative, of both sensors"""
    cross_axis_sd: float = 0.002
    """of both sensors"""
    gyr_ramp_dps_per_min: float = 0.0
    """bias that grows from the beginning of the session on, as in a sensor that warms up: length of a vector in a
    drawn direction, which no calibration knows"""
    acc_ramp_mg_per_min: float = 0.0
    """the same, in thousandths of standard gravity"""
    clock_offset_s: float = 300.0
    """the node was switched on at most this long before"""
    clock_skew_sd_ppm: float = 20.0

    @staticmethod
    def good() -> Sensor:
        """LSM6DSV16X (noise: DS13510 table 3), six-position calibrated and zeroed."""
        return Sensor()

    @staticmethod
    def typical() -> Sensor:
        """The same chip, zeroed on the table but never calibrated in six positions."""
        return Sensor(acc_left_sd_mps2=None)

    @staticmethod
    def mpu6050() -> Sensor:
        """The budget part, zeroed; its raw gyroscope is off by several degrees per second."""
        return Sensor(
            chip="mpu6050",
            rate_hz=100,
            acc_code=5,
            gyr_code=7,
            acc_noise_mps2_rthz=400e-6 * G_MPS2,
            gyr_noise_radps_rthz=5e-3 * DPS_RADPS,
            acc_bias_sd_mps2=30 * MG_MPS2,
            acc_left_sd_mps2=None,
            gyr_bias_sd_radps=4.0 * DPS_RADPS,
            gyr_left_sd_radps=0.05 * DPS_RADPS,
            scale_sd=0.01,
            cross_axis_sd=0.01,
        )

    @staticmethod
    def ideal() -> Sensor:
        """No error but the rounding to counts."""
        return Sensor(
            rate_error_sd=0.0,
            acc_noise_mps2_rthz=0.0,
            gyr_noise_radps_rthz=0.0,
            acc_bias_sd_mps2=0.0,
            acc_left_sd_mps2=None,
            gyr_bias_sd_radps=0.0,
            gyr_left_sd_radps=None,
            scale_sd=0.0,
            cross_axis_sd=0.0,
            clock_offset_s=0.0,
            clock_skew_sd_ppm=0.0,
        )


@dataclass(frozen=True)
class Slip:
    """A sensor turns on its segment, where it sits, and stays so."""

    placement: str
    at_s: float
    """session time when it begins; it is over 0.3 s later"""
    rotation_deg: tuple[float, float, float]
    """rotation vector, x, y and z of the segment; not mirrored when the left leg leads"""

    def rotation(self, time_s: Floats) -> Floats:
        """(n, 3, 3) how far it has turned, in segment axes."""
        vector = np.radians(self.rotation_deg)
        whole = float(np.linalg.norm(vector))
        x, y, z = vector / max(whole, 1e-12)
        across = np.array(((0.0, -z, y), (z, 0.0, -x), (-y, x, 0.0)))
        angle = whole * minimum_jerk((time_s - self.at_s) / SLIP_S)[:, None, None]
        # Rodrigues: I + sin(a) K + (1 - cos(a)) K K
        return np.asarray(np.eye(3) + np.sin(angle) * across + (1.0 - np.cos(angle)) * (across @ across))


@dataclass(frozen=True, eq=False)
class Unit:
    """One specimen, as it is worn: what a test may want to know of it."""

    name: str
    placement: str
    """where it is"""
    says: str
    """the placement it claims"""
    lid: str
    """the side its lid faces, as it claims"""
    boot: int
    r_segment_from_sensor: Floats
    """(3, 3) as it was put on"""
    slips: tuple[Slip, ...]
    """in order of time"""
    period_s: float
    """true distance between samples"""
    first_sample_s: float
    """session time of the first"""
    clock_offset_s: float
    """what the node's clock showed when the session began"""
    clock_skew: float
    """node seconds per true second, less 1"""
    acc_matrix: Floats
    """(3, 3) measured = matrix @ true + bias"""
    gyr_matrix: Floats
    acc_bias_mps2: Floats
    """at the beginning of the session"""
    gyr_bias_radps: Floats
    acc_ramp_mps2_per_s: Floats
    """(3,) growth of the bias"""
    gyr_ramp_radps_per_s: Floats
    calibration: wire.Calibration | None
    """what the node tells the host to apply; None when it was never calibrated"""
    give: Give | None = None
    """how it turns on the bone, because skin and muscle give; None: not at all"""

    def worn(self, time_s: Floats) -> Floats:
        """(n, 3, 3) or (3, 3) segment from sensor at session times (n,), slips and soft tissue included."""
        r = self.r_segment_from_sensor
        for slip in self.slips:
            r = slip.rotation(time_s) @ r
        return r if self.give is None else np.asarray(self.give.rotation(time_s) @ r)

    def node_s(self, time_s: Floats) -> Floats:
        """The node's clock at session times."""
        return np.asarray(self.clock_offset_s + time_s * (1.0 + self.clock_skew))


def _random_rotation(rng: np.random.Generator) -> Floats:
    """Uniform over all rotations: three turns about random axes would not be."""
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    return np.asarray(q * np.linalg.det(q))


def draw_mounting(mounting: str, placement: str, mirrored: bool, rng: np.random.Generator) -> Floats:
    """(3, 3) segment from sensor: `any` way round, or as `worn` by the marks a few degrees off."""
    anyhow, error_rad = _random_rotation(rng), np.radians(MARKS_SD_DEG) * rng.standard_normal(3)
    if mounting == "any":
        return anyhow
    out, up = np.array(_OUT[LID[placement]]), np.array((0.0, 1.0, 0.0))
    case = np.stack((np.cross(up, out), up, out), axis=-1)
    error = rotate_x(error_rad[0]) @ rotate_y(error_rad[1]) @ rotate_z(error_rad[2])
    return np.asarray((MIRROR_SEGMENT @ error @ MIRROR_SEGMENT if mirrored else error) @ case)


def draw_unit(
    sensor: Sensor,
    placement: str,
    r_segment_from_sensor: Floats,
    rng: np.random.Generator,
    says: str | None = None,
    slips: tuple[Slip, ...] = (),
    give: Give | None = None,
) -> Unit:
    """One specimen of a kind of sensor. `says`: the placement it claims, and is named after; None: the true one."""
    says = says or placement
    name, boot = f"{says}-{rng.integers(1 << 16):04x}", int(rng.integers(1, 256))
    drawn_error = sensor.rate_error_sd * rng.standard_normal()
    period = 1.0 / (sensor.rate_hz * (1.0 + (drawn_error if sensor.rate_error is None else sensor.rate_error)))
    first, offset = period * rng.uniform(), sensor.clock_offset_s * rng.uniform()
    skew = 1e-6 * sensor.clock_skew_sd_ppm * rng.standard_normal()
    cross = sensor.cross_axis_sd * rng.standard_normal((2, 3, 3)) * (1.0 - np.eye(3))
    matrices = np.eye(3) * (1.0 + sensor.scale_sd * rng.standard_normal((2, 1, 3))) + cross
    acc_bias, gyr_bias, acc_error, gyr_error = rng.standard_normal((4, 3))
    acc_bias, gyr_bias = sensor.acc_bias_sd_mps2 * acc_bias, sensor.gyr_bias_sd_radps * gyr_bias
    calibration = None
    if sensor.acc_left_sd_mps2 is not None or sensor.gyr_left_sd_radps is not None:
        zero = np.zeros(3) if sensor.gyr_left_sd_radps is None else gyr_bias + sensor.gyr_left_sd_radps * gyr_error
        level = np.zeros(3) if sensor.acc_left_sd_mps2 is None else acc_bias + sensor.acc_left_sd_mps2 * acc_error
        calibration = wire.Calibration(tuple(zero), tuple(level), tuple(np.eye(3).ravel()))
    acc_warms, gyr_warms = (axis / np.linalg.norm(axis) for axis in rng.standard_normal((2, 3)))
    return Unit(
        name=name,
        placement=placement,
        says=says,
        lid=LID[says],
        boot=boot,
        r_segment_from_sensor=r_segment_from_sensor,
        slips=slips,
        period_s=float(period),
        first_sample_s=float(first),
        clock_offset_s=float(offset),
        clock_skew=float(skew),
        acc_matrix=matrices[0],
        gyr_matrix=matrices[1],
        acc_bias_mps2=acc_bias,
        gyr_bias_radps=gyr_bias,
        acc_ramp_mps2_per_s=sensor.acc_ramp_mg_per_min * MG_MPS2 / 60.0 * acc_warms,
        gyr_ramp_radps_per_s=sensor.gyr_ramp_dps_per_min * DPS_RADPS / 60.0 * gyr_warms,
        calibration=calibration,
        give=give,
    )
