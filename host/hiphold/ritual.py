"""What a segment's turning shows: its excursions from the stand, and the medio-lateral axis that they give.

An excursion is a stretch in which a segment is tipped away from how it stood: a thigh in a raise, the pelvis in a bow.
z is the first eigenvector of the sum of w w^T over the clean part of the excursions, at right angles to y, signed by
which way the segment went (axes from motion: Seel et al. 2014, doi 10.3390/s140406891).

`step` is pure, like that of `drill`: the whole recording is one block, live it is one frame, and the result does not
depend on how blocks are cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from hiphold.quaternion import angle_between, cross, norm
from hiphold.samples import Bools, Floats


@dataclass(frozen=True)
class Limits:
    """What counts in the excursions of one kind of segment."""

    from_deg: float
    """tipped by more than this"""
    clean_degps: float
    """a segment that tips more slowly than this shows no axis"""
    clean_below_deg: float
    """tipped by more than this, other motions begin"""
    deep_deg: float


GAP_S = 0.1
"""over a longer gap it is not known that a segment stayed tipped"""
_NOTHING = 1e-9  # of the whole turning: what rounding leaves at right angles to y
THIGH = Limits(from_deg=15.0, clean_degps=60.0, clean_below_deg=130.0, deep_deg=45.0)
PELVIS = Limits(from_deg=10.0, clean_degps=10.0, clean_below_deg=90.0, deep_deg=20.0)


@dataclass(frozen=True)
class Turning:
    """Sums over the clean samples of an excursion, or of several."""

    power: Floats = field(default_factory=lambda: np.zeros((3, 3)))
    """sum of w w^T, (rad/s)^2, sensor frame"""
    outward: Floats = field(default_factory=lambda: np.zeros(3))
    """(3,) sum of w times the rate of tipping: along the axis that tips the segment away from the stand"""

    def plus(self, other: Turning) -> Turning:
        """Both together."""
        return Turning(self.power + other.power, self.outward + other.outward)


@dataclass(frozen=True)
class Excursion:
    """One stretch away from the stand."""

    start_s: float
    end_s: float
    top_deg: float
    """most that the segment was tipped"""
    deep_s: float
    """how long it was tipped by more than Limits.deep_deg"""
    other_deg: float
    """most that a thigh was tipped meanwhile; NaN when none was seen"""
    turning: Turning


@dataclass(frozen=True)
class Following:
    """All that is remembered between blocks."""

    open: Excursion | None = None
    last_s: float = float("nan")


@dataclass(frozen=True)
class Axes:
    """A segment in its sensor."""

    r_sensor_from_segment: Floats
    """(3, 3) columns x anterior, y up, z right"""
    spread_deg: float
    """how far the turning strayed from one axis, RMS; NaN when the axes are not from turning"""

    @property
    def z_sensor(self) -> Floats:
        """(3,) the medio-lateral axis, to the right."""
        return self.r_sensor_from_segment[:, 2]


def tip_rate_degps(up_sensor: Floats, y_sensor: Floats, gyr_radps: Floats) -> Floats:
    """(n,) how fast the angle between up u and y grows: w . (u x y) / |u x y|, from du/dt = -w x u; 0 where u = y."""
    normal = cross(up_sensor, y_sensor)
    size = norm(normal)[:, 0]
    along = np.einsum("ij,ij->i", gyr_radps, normal)
    return np.asarray(np.rad2deg(np.divide(along, size, out=np.zeros(len(size)), where=size > 1e-9)))


def step(
    state: Following,
    limits: Limits,
    time_s: Floats,
    tipped_deg: Floats,
    rate_degps: Floats,
    gyr_radps: Floats,
    other_deg: Floats,
) -> tuple[Following, list[Excursion]]:
    """The next block of one segment: new state, and the excursions that ended in it.

    tipped_deg (n,): angle from the stand, NaN where not known, which ends an excursion. other_deg (n,): most that a
    thigh is tipped, for the pelvis; NaN where not known.
    """
    out = tipped_deg > limits.from_deg
    if not len(time_s) or not (out.any() or state.open):
        return replace(state, last_s=float(time_s[-1])) if len(time_s) else state, []
    edges = [0, *(np.flatnonzero(out[1:] != out[:-1]) + 1).tolist(), len(out)]
    dt = np.diff(time_s, prepend=time_s[0] if np.isnan(state.last_s) else state.last_s)
    ended = []
    for first, end in pairwise(edges):
        if out[first]:
            part = slice(first, end)
            clean = (np.abs(rate_degps[part]) > limits.clean_degps) & (tipped_deg[part] < limits.clean_below_deg)
            deep_s = float(np.minimum(dt[part], GAP_S)[tipped_deg[part] > limits.deep_deg].sum())
            piece = _piece(time_s[part], tipped_deg[part], deep_s, other_deg[part])
            piece = replace(piece, turning=_turning(gyr_radps[part], rate_degps[part], clean))
            state = Following(_joined(state.open, piece))
        elif state.open:
            ended.append(state.open)
            state = Following()
    return Following(state.open, float(time_s[-1])), ended


def finish(state: Following) -> list[Excursion]:
    """The excursion that the samples did not see the end of, if there is one."""
    return [state.open] if state.open else []


def _piece(time_s: Floats, tipped_deg: Floats, deep_s: float, other_deg: Floats) -> Excursion:
    other = float(np.fmax.reduce(other_deg))
    return Excursion(float(time_s[0]), float(time_s[-1]), float(tipped_deg.max()), deep_s, other, Turning())


def _turning(gyr_radps: Floats, rate_degps: Floats, clean: Bools) -> Turning:
    gyr, rate = gyr_radps[clean & np.isfinite(rate_degps)], rate_degps[clean & np.isfinite(rate_degps)]
    return Turning(gyr.T @ gyr, rate @ gyr)


def _joined(before: Excursion | None, after: Excursion) -> Excursion:
    """One excursion from two pieces that follow each other."""
    if before is None:
        return after
    return Excursion(
        before.start_s,
        after.end_s,
        max(before.top_deg, after.top_deg),
        before.deep_s + after.deep_s,
        float(np.fmax(before.other_deg, after.other_deg)),
        before.turning.plus(after.turning),
    )


def total(excursions: Iterable[Excursion]) -> Turning:
    """The turning of several excursions together."""
    turning = Turning()
    for excursion in excursions:
        turning = turning.plus(excursion.turning)
    return turning


def around(y_sensor: Floats, z_sensor: Floats, spread_deg: float) -> Axes:
    """Right-handed axes from up and right, unit vectors (3,) at right angles: x = y cross z."""
    (a, b, c), (d, e, f) = y_sensor, z_sensor
    x_sensor = np.array((b * f - c * e, c * d - a * f, a * e - b * d))
    return Axes(np.column_stack((x_sensor, y_sensor, z_sensor)), spread_deg)


def axes(y_sensor: Floats, turning: Turning, way: int) -> Axes | None:
    """Axes of a segment; way: +1 when tipping away from the stand turns it about +z, -1 when about -z.

    None when y is not known, and when the segment hardly turned, or only about y.
    """
    (z,), (spread_deg,) = z_axes(y_sensor, turning.power[None], turning.outward[None], way)
    return around(y_sensor, z, float(spread_deg)) if np.isfinite(z).all() else None


def z_axes(y_sensor: Floats, power: Floats, outward: Floats, way: int) -> tuple[Floats, Floats]:
    """(m, 3) medio-lateral axes and (m,) their spread in degrees, one for each of m turnings; NaN as in `axes`.

    power (m, 3, 3) and outward (m, 3) are those of Turning.
    """
    z, spread_deg = np.full((len(power), 3), np.nan), np.full(len(power), np.nan)
    if not len(power) or not np.isfinite(y_sensor).all():
        return z, spread_deg
    across = np.eye(3) - np.outer(y_sensor, y_sensor)  # what is along y is no part of z
    found, directions = np.linalg.eigh(across @ power @ across)
    turned = found[:, 2] > _NOTHING * np.trace(power, axis1=1, axis2=2)
    largest = directions[turned, :, 2]
    z[turned] = largest * np.sign(way * np.einsum("ij,ij->i", outward[turned], largest))[:, None]
    spread_deg[turned] = np.rad2deg(np.arctan(np.sqrt(np.maximum(found[turned, 1], 0) / found[turned, 2])))
    return z, spread_deg


def z_axes_of(y_sensor: Floats, excursions: Sequence[Excursion], way: int) -> Floats:
    """(m, 3) the axis that each excursion alone gives."""
    power, outward = turnings(excursions)
    return z_axes(y_sensor, power, outward, way)[0]


def turnings(excursions: Sequence[Excursion]) -> tuple[Floats, Floats]:
    """(m, 3, 3) and (m, 3): power and outward of each."""
    power = np.array([e.turning.power for e in excursions]).reshape(-1, 3, 3)
    return power, np.array([e.turning.outward for e in excursions]).reshape(-1, 3)


def between_deg(a: Axes, b: Axes) -> float:
    """Angle between two medio-lateral axes of one segment."""
    return float(np.rad2deg(angle_between(a.z_sensor, b.z_sensor)))
