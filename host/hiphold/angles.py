"""Hip, azimuth, pelvis and trunk of one side at the thigh's instants, with the sensors' headings brought together.

Without a magnetometer each sensor has a heading of its own, which drifts. In the first stand all segments face the same
way by definition, in later ones nearly; between and after them the difference is what such a drift most likely does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from hiphold import quaternion
from hiphold.hip import hip_angles_deg, thigh_azimuth_deg
from hiphold.pelvis import heading_rad, pelvis_angles_deg
from hiphold.ritual import Axes
from hiphold.samples import Floats, Interval

FOOT_RAD = np.deg2rad(3.0)
"""1 SD of the way a thigh faces when the foot was put back"""
DRIFT_RADPS = {True: np.deg2rad(0.05), False: np.deg2rad(0.2)}
"""1 SD of the rate at which the headings of two sensors part, by whether their gyroscopes were zeroed"""
WALK_RAD2PS = {True: np.deg2rad(0.1) ** 2, False: np.deg2rad(0.2) ** 2}
"""how fast the variance of what parts them besides grows"""
UNKNOWN_RAD = np.pi


@dataclass(frozen=True)
class Angles:
    """All (n,) in degrees at the thigh's samples; NaN where not known."""

    hip_flexion_deg: Floats
    hip_adduction_deg: Floats
    hip_rotation_deg: Floats
    """internal +"""
    thigh_azimuth_deg: Floats
    """across the body +, not zeroed"""
    pelvis_tilt_deg: Floats
    """anterior +"""
    pelvis_obliquity_deg: Floats
    """measured side up +"""
    pelvis_rotation_deg: Floats
    """measured side forward +, from where the pelvis faced in the first stand that shows it, with the drift since"""
    trunk_tilt_deg: Floats
    """forward +, against the pelvis; zero in the stand"""
    trunk_rotation_deg: Floats
    """measured side forward +, against the pelvis; zero in the stands"""

    def __len__(self) -> int:
        return len(self.hip_flexion_deg)


NEEDS_FACING = ("hip_adduction_deg", "hip_rotation_deg", "thigh_azimuth_deg")
"""what cannot be had from a thigh that is not known to face one way"""


def unknown(n: int) -> Angles:
    """Angles of n samples of which nothing is known."""
    return Angles(*(np.full(n, np.nan) for _ in fields(Angles)))


def joined(parts: Sequence[Angles]) -> Angles:
    """Angles of consecutive blocks end to end."""
    names = [field.name for field in fields(Angles)]
    return Angles(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def without_facing(angles: Angles) -> Angles:
    """The same without what depends on the way the thigh faces."""
    return replace(angles, **{name: np.full(len(angles), np.nan) for name in NEEDS_FACING})


def until(angles: Angles, time_s: Floats, thigh_s: float, pelvis_s: float, trunk_s: float) -> Angles:
    """The same, with what rests on a sensor empty from the time on that it slipped; time_s (n,)."""
    last_s = {"hip": min(thigh_s, pelvis_s), "thigh": min(thigh_s, pelvis_s), "pelvis": pelvis_s}
    last_s["trunk"] = min(trunk_s, pelvis_s)
    if not len(time_s) or time_s[-1] < min(last_s.values()):
        return angles
    return Angles(
        **{
            name: np.where(time_s < last_s[name.partition("_")[0]], values, np.nan)
            for name, values in vars(angles).items()
        }
    )


def segment_rotation(q_earth_from_sensor: Floats, axes: Axes) -> Floats:
    """(n, 3, 3) R_earth_from_segment."""
    flat = quaternion.to_matrix(q_earth_from_sensor).reshape(-1, 3) @ axes.r_sensor_from_segment  # one product, not n
    return np.asarray(flat.reshape(-1, 3, 3))


def mean_orientation(q: Floats) -> Floats:
    """(4,) mean of orientations (n, 4) that differ by a few degrees; NaN of none. Rows that are not known are left out.

    q and -q are one rotation, so all are brought to the side of the first.
    """
    q = q[quaternion.known(q)]
    if not len(q):
        return np.full(4, np.nan)
    return quaternion.normalize(np.where(q @ q[0] < 0, -1.0, 1.0) @ q)


def at_stands(time_s: Floats, q_earth_from_sensor: Floats, stands: Sequence[Interval]) -> Floats:
    """(m, 4) mean orientation of a sensor in each stand; NaN where it has no samples."""
    edges = [(np.searchsorted(time_s, a), np.searchsorted(time_s, z, "right")) for a, z in stands]
    return np.array([mean_orientation(q_earth_from_sensor[first:end]) for first, end in edges]).reshape(-1, 4)


def facing_rad(q_stands: Floats, axes: Axes) -> Floats:
    """(m,) heading of a segment in each stand."""
    return heading_rad(segment_rotation(q_stands, axes))


def drifting(time_s: Floats, known_s: Floats, angle_rad: Floats, level_rad: float, zeroed: bool) -> Floats:
    """(n,) a drifting angle at time_s, from what it seemed to be, angle_rad (m,), at known_s (m,), rising.

    Most likely course of a Gaussian process (Rasmussen and Williams 2006, chapter 2) that begins at the first known
    instant, up to level_rad (1 SD) away, and drifts at an unknown constant rate and at random; what it seems to be is
    wrong by FOOT_RAD each time but the first, when level_rad is 0. Before the first instant it is as there.
    """
    rate, walk = DRIFT_RADPS[zeroed], WALK_RAD2PS[zeroed]

    def together(a_s: Floats, b_s: Floats) -> Floats:
        a, b = np.maximum(a_s - known_s[0], 0.0)[:, None], (b_s - known_s[0])[None]
        return np.asarray(level_rad**2 + rate**2 * a * b + walk * np.minimum(a, b))

    noise = np.full(len(known_s), FOOT_RAD**2)
    noise[0] = FOOT_RAD**2 if level_rad else 1e-12
    weights = np.linalg.solve(together(known_s, known_s) + np.diag(noise), angle_rad - angle_rad[0])
    return np.asarray(angle_rad[0] + together(time_s, known_s) @ weights)


@dataclass(frozen=True)
class Ahead:
    """A segment's heading minus the pelvis', at the stands that show both."""

    middle_s: Floats
    """(m,) middle of each stand"""
    angle_rad: Floats
    """(m,) unwrapped"""
    breaks_s: Floats
    """(b,) rising: when one of the headings began anew, after a gap that no filter bridges"""
    zeroed: bool = False
    """whether both gyroscopes were"""

    def at(self, time_s: Floats) -> Floats:
        """(n,) rad at time_s, by all stands: see `drifting`; NaN where no stand tells.

        Nothing is carried from one side of a break to the other.
        """
        out = np.full(len(time_s), np.nan)
        mine, of_stand = np.searchsorted(self.breaks_s, time_s, "right"), self._epochs
        for epoch in np.unique(of_stand):
            here, stood = mine == epoch, of_stand == epoch
            known_s, angle = self.middle_s[stood], np.unwrap(self.angle_rad[stood])
            # all headings are zero in the reference stand, and only there
            level_rad = 0.0 if epoch == of_stand[0] == 0 else UNKNOWN_RAD
            out[here] = drifting(time_s[here], known_s, angle, level_rad, self.zeroed)
        return out

    def first(self, time_s: Floats) -> Floats:
        """(n,) rad: at each of time_s that of the first stand since the last break; NaN without any."""
        out = np.full(len(time_s), np.nan)
        for epoch in np.unique(self._epochs):
            out[np.searchsorted(self.breaks_s, time_s, "right") == epoch] = self.angle_rad[self._epochs == epoch][0]
        return out

    @property
    def _epochs(self) -> npt.NDArray[np.int64]:
        return np.searchsorted(self.breaks_s, self.middle_s, "right")

    @property
    def drift_deg_per_min(self) -> float | None:
        """From a straight line through the stands before the first break; None with fewer than two."""
        before = self._epochs == 0
        if before.sum() < 2:
            return None
        return float(60 * np.rad2deg(np.polyfit(self.middle_s[before], self.angle_rad[before], 1)[0]))


def ahead_of_pelvis(
    stands: Sequence[Interval],
    segment_rad: Floats,
    pelvis_rad: Floats | float,
    breaks_s: Sequence[float] = (),
    zeroed: bool = False,
) -> Ahead:
    """Headings (m,) of a segment and of the pelvis in m stands brought together.

    breaks_s: of either of the two. zeroed: whether both gyroscopes were.
    """
    difference = np.angle(np.exp(1j * (segment_rad - pelvis_rad)))
    both = np.isfinite(difference)
    middle_s = np.array([(a + z) / 2 for a, z in stands])
    return Ahead(middle_s[both], np.unwrap(difference[both]), np.sort(np.array(breaks_s, float)), zeroed)


def turned(r_earth: Floats, angle_rad: Floats | float) -> Floats:
    """(n, 3, 3) the same turned about the earth's z axis by (n,) angles or one: Rz(angle) R."""
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    out = r_earth.copy()
    x, y = np.moveaxis(r_earth[:, :2], 0, 2)
    out[:, 0], out[:, 1] = (cosine * x - sine * y).T, (sine * x + cosine * y).T
    return out


def side_angles(
    side: str, r_thigh: Floats, r_pelvis: Floats, faced_rad: Floats | float, r_trunk: Floats | None
) -> Angles:
    """Angles of one side from the segments (n, 3, 3) in one earth frame, at the thigh's instants.

    faced_rad: the pelvis' heading in the first stand, of all or (n,) of each. r_trunk: None without a trunk sensor.
    """
    hip = hip_angles_deg(np.einsum("nki,nkj->nij", r_pelvis, r_thigh), side)
    pelvis = pelvis_angles_deg(r_pelvis, side)
    trunk = np.full((len(hip), 3), np.nan) if r_trunk is None else pelvis_angles_deg(r_trunk, side) - pelvis
    sign = 1 if side == "right" else -1
    return Angles(
        hip_flexion_deg=hip[:, 0],
        hip_adduction_deg=hip[:, 1],
        hip_rotation_deg=hip[:, 2],
        thigh_azimuth_deg=thigh_azimuth_deg(r_thigh, r_pelvis, side),
        pelvis_tilt_deg=pelvis[:, 0],
        pelvis_obliquity_deg=pelvis[:, 1],
        pelvis_rotation_deg=wrapped_deg(pelvis[:, 2] - sign * np.rad2deg(faced_rad)),
        trunk_tilt_deg=trunk[:, 0],
        trunk_rotation_deg=wrapped_deg(trunk[:, 2]),
    )


def wrapped_deg(angle_deg: Floats) -> Floats:
    """The same angles in [-180, 180)."""
    return np.asarray((angle_deg + 180) % 360 - 180)
