"""The pelvis in the earth: rotation, obliquity, tilt in that order (Baker 2001, doi 10.1016/S0966-6362(00)00083-7).

Segment frame: x anterior, y up, z right. Earth: z up; a heading is an angle about it, counter-clockwise from above.
"""

from __future__ import annotations

import numpy as np

from hiphold.samples import Floats


def heading_rad(r_earth_from_segment: Floats) -> Floats:
    """(n,) where the segment faces: at right angles to its z axis, in the horizontal plane.

    For a segment that faces along heading h, z points right, that is, along h - pi/2.
    """
    z = r_earth_from_segment[:, :, 2]
    return np.asarray(np.arctan2(z[:, 0], -z[:, 1]))


def pelvis_angles_deg(r_earth_from_pelvis: Floats, side: str) -> Floats:
    """(n, 3) tilt (anterior +), obliquity (measured side up +), rotation (measured side forward +).

    With Y up and Z right, R = Ry(rotation) Rx(-obliquity) Rz(-tilt) for the right side. The rotation is the heading
    as it comes; it is of use against a baseline only.
    """
    sign = 1 if side == "right" else -1
    x, y, z = np.moveaxis(r_earth_from_pelvis, 2, 0)
    tilt = np.arctan2(-x[:, 2], y[:, 2])
    obliquity = np.arcsin(np.clip(z[:, 2], -1, 1))
    rotation = heading_rad(r_earth_from_pelvis)
    return np.asarray(np.rad2deg(np.column_stack((tilt, sign * obliquity, sign * rotation))))
