"""Quaternion algebra on arrays (..., 4), order (w, x, y, z), Hamilton product, unit norm unless said otherwise.

`q_a_from_b` turns the coordinates of a vector in frame b into its coordinates in frame a.
"""

from __future__ import annotations

import numpy as np

from hiphold.samples import Bools, Floats


def multiply(q_a_from_b: Floats, q_b_from_c: Floats) -> Floats:
    """q_a_from_c: the Hamilton product, broadcast over leading axes."""
    a, b = q_a_from_b, q_b_from_c
    w1, x1, y1, z1, w2, x2, y2, z2 = (q[..., i] for q in (a, b) for i in range(4))
    out = np.empty((*np.broadcast_shapes(w1.shape, w2.shape), 4))  # filled column by column: these arrays are short
    out[..., 0] = w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2
    out[..., 1] = w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2
    out[..., 2] = w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2
    out[..., 3] = w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2
    return out


def conjugate(q_a_from_b: Floats) -> Floats:
    """q_b_from_a."""
    return np.asarray(q_a_from_b * np.array((1.0, -1.0, -1.0, -1.0)))


def normalize(q: Floats) -> Floats:
    """Scaled to unit norm; a row of zeros becomes NaN, because it is no orientation."""
    length = norm(q)
    return np.asarray(np.divide(q, length, out=np.full(np.shape(q), np.nan), where=length > 0))


def cross(a: Floats, b: Floats) -> Floats:
    """(..., 3) the cross product of vectors (..., 3), as np.cross, which costs four times as much for a few rows."""
    a1, a2, a3, b1, b2, b3 = (v[..., i] for v in (a, b) for i in range(3))
    out = np.empty((*np.broadcast_shapes(a1.shape, b1.shape), 3))
    out[..., 0], out[..., 1], out[..., 2] = a2 * b3 - a3 * b2, a3 * b1 - a1 * b3, a1 * b2 - a2 * b1
    return out


def mean_direction(directions: Floats) -> Floats:
    """(3,) unit vector of the mean of directions (n, 3); those that are not known are left out, NaN of none."""
    some = directions[known(directions)]
    return normalize(some.mean(axis=0)) if len(some) else np.full(3, np.nan)


def up_in_sensor(q_earth_from_sensor: Floats) -> Floats:
    """(..., 3) the earth's up axis in sensor coordinates: R^T (0, 0, 1), the third row of R."""
    q = q_earth_from_sensor
    w, x, y, z = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    half = np.empty((*w.shape, 3))
    half[..., 0] = x * z - w * y
    half[..., 1] = y * z + w * x
    half[..., 2] = 0.5 - (x * x + y * y)
    return half + half


def from_up(up_sensor: Floats) -> Floats:
    """(4,) the shortest q_earth_from_sensor that turns the direction `up_sensor` (3,) into the earth's up."""
    x, y, z = up_sensor / np.linalg.norm(up_sensor)
    if z < -1 + 1e-12:  # upside down: any half turn about a horizontal axis
        return np.array((0.0, 1.0, 0.0, 0.0))
    # q ~ (1 + a.b, a x b) with a = up_sensor, b = (0, 0, 1)
    return normalize(np.array((1 + z, y, -x, 0.0)))


def to_matrix(q_a_from_b: Floats) -> Floats:
    """(..., 3, 3) the rotation matrix R_a_from_b."""
    w, x, y, z = (q_a_from_b[..., i] for i in range(4))
    r = np.empty((*np.shape(w), 3, 3))
    r[..., 0, 0], r[..., 0, 1], r[..., 0, 2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
    r[..., 1, 0], r[..., 1, 1], r[..., 1, 2] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    r[..., 2, 0], r[..., 2, 1], r[..., 2, 2] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
    return r


def interpolate(at_s: Floats, time_s: Floats, q: Floats, longest_s: float = np.inf) -> Floats:
    """(m, 4) orientation at the instants at_s (m,) between samples q (n, 4) at time_s.

    NaN outside them, and where the samples around are more than longest_s apart.

    Linear and normalized: for the few degrees between two samples as good as spherical.
    """
    flips = np.where(np.einsum("ij,ij->i", q[1:], q[:-1]) < 0, -1.0, 1.0)
    aligned = q * np.concatenate(([1.0], np.cumprod(flips)))[:, None]
    between = np.column_stack([np.interp(at_s, time_s, part, left=np.nan, right=np.nan) for part in aligned.T])
    after = np.searchsorted(time_s, at_s)
    apart_s = time_s[np.clip(after, 0, len(time_s) - 1)] - time_s[np.clip(after - 1, 0, None)]
    between[(apart_s > longest_s) & (time_s[np.clip(after, 0, len(time_s) - 1)] != at_s)] = np.nan
    return normalize(between)


def rotation_vector(q: Floats) -> Floats:
    """(..., 3) axis times angle in rad, angle in [0, pi]."""
    q = np.where(q[..., :1] < 0, -q, q)
    sine = norm(q[..., 1:])
    angle = 2 * np.arctan2(sine, q[..., :1])
    # angle / sin(angle / 2) -> 2 as the angle goes to zero
    scale = np.divide(angle, sine, out=np.full(np.shape(sine), 2.0), where=sine > 1e-12)
    return np.asarray(q[..., 1:] * scale)


def from_rotation_vector(turn_rad: Floats) -> Floats:
    """(..., 4) the rotation about an axis (..., 3) by its length in rad: q = (cos |v| / 2, v / |v| sin |v| / 2)."""
    angle = norm(turn_rad)
    # sinc(x) = sin(pi x) / (pi x), so v sinc(|v| / 2 pi) / 2 = v / |v| sin(|v| / 2)
    return np.concatenate((np.cos(angle / 2), turn_rad * np.sinc(angle / (2 * np.pi)) / 2), axis=-1)


def norm(v: Floats) -> Floats:
    """(..., 1) lengths of vectors (..., k), several times faster than numpy.linalg.norm along short axes."""
    return np.asarray(np.sqrt(np.einsum("...i,...i->...", v, v))[..., None])


def known(rows: Floats) -> Bools:
    """(n,) which rows of (n, k) are finite throughout; several times faster than isfinite(rows).all(axis=1)."""
    return np.asarray(np.isfinite(np.einsum("ij->i", rows)))


def angle_between(a: Floats, b: Floats) -> Floats:
    """(...,) angle in rad between vectors (..., 3); exact near 0 and pi, unlike arccos of the dot product.

    angle = 2 atan2(|a/|a| - b/|b||, |a/|a| + b/|b||), Kahan 2006.
    """
    a, b = a / norm(a), b / norm(b)
    return np.asarray(2 * np.arctan2(norm(a - b), norm(a + b))[..., 0])
