"""Signs that a sensor no longer sits as it was learned: it hangs otherwise in later stands, or turns otherwise.

In both, the times a leg was put down or raised are split in two, and the split that is least likely by chance counts:
angle / (sd sqrt(1 / before + 1 / after)) > SURE.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hiphold import ritual
from hiphold.quaternion import angle_between, known, up_in_sensor
from hiphold.ritual import Excursion
from hiphold.samples import Floats, Interval

LEAN_SD_DEG = 3.0
"""1 SD, in each direction, of how a segment hangs when the foot was put back"""
RAISE_SD_DEG = 6.0
"""1 SD of the axis of one raise, from the adduction and rotation that come with it"""
SURE = 4.0
"""standard deviations that are no chance"""
AWAY = 3
"""so many quiet poses in a row that are no stand, and no stand after them, are a stand that looks otherwise"""
AWAY_DEG = (10.0, 45.0)
"""less is how one stands; more is a seat or a lift, unless no later pose at all was a stand"""
JUMP_DEG = 20.0
"""a foot that is put back otherwise turns a thigh by 4 degrees, 1 SD"""
DRIFT_DEGPS = {True: 0.1, False: 0.3}
"""no heading drifts faster, by whether the gyroscopes were zeroed"""


def hangs_otherwise(
    y_sensor: Floats, stands: Sequence[Interval], q_stands: Floats, moved_s: Sequence[float]
) -> tuple[float, float] | None:
    """Since when, s, and by how much, degrees, a segment hangs otherwise than in the reference stand; None if as then.

    q_stands (m, 4) of the m stands. moved_s: when the segment was put elsewhere; stands between two of these are one,
    because the foot stayed where it was.
    """
    up = up_in_sensor(q_stands)
    seen = np.flatnonzero(np.isfinite(up).all(axis=1))
    start_s, end_s = np.array(stands, float).reshape(-1, 2)[seen].T
    between = np.searchsorted(np.sort(np.array(moved_s, float)), start_s)
    first = np.flatnonzero(np.diff(between, prepend=-1))
    if len(first) < 2:
        return None
    size = np.diff(first, append=len(seen))
    sums = np.cumsum(np.add.reduceat(up[seen], first) / size[:, None], axis=0)
    k = np.arange(1, len(first))
    rest = len(first) - k
    before, after = sums[:-1] / k[:, None], (sums[-1] - sums[:-1]) / rest[:, None]
    score = np.rad2deg(angle_between(before, after)) / (LEAN_SD_DEG * np.sqrt(1 / k + 1 / rest))
    best = int(np.argmax(score))
    if score[best] <= SURE:
        return None
    return float(end_s[first[best + 1] - 1]), float(np.rad2deg(angle_between(after[best], y_sensor)))


def stands_otherwise(
    y_sensor: Floats, stands: Sequence[Interval], elsewhere: Sequence[Interval], q_elsewhere: Floats
) -> tuple[float, float] | None:
    """The same from the last poses that were no stand: quiet, again and again, and never as in the reference stand."""
    last_stand_s = stands[-1][1]
    after = np.array([start_s > last_stand_s for start_s, _ in elsewhere], bool) & known(q_elsewhere)
    leans_deg = np.rad2deg(angle_between(up_in_sensor(q_elsewhere[after]), y_sensor))[-AWAY:]
    least, most = AWAY_DEG[0], AWAY_DEG[1] if len(stands) > 1 else np.inf
    if len(leans_deg) < AWAY or not ((leans_deg > least) & (leans_deg < most)).all():
        return None
    return last_stand_s, float(np.median(leans_deg))


def faces_otherwise(
    stands: Sequence[Interval], ahead_rad: Floats, breaks_s: Sequence[float], zeroed: bool
) -> tuple[float, float] | None:
    """Since when, s, and by how much, degrees, a thigh faces another way beside the pelvis; None if as at first.

    ahead_rad (m,): its heading minus the pelvis' in each stand; NaN where not known. Drift is slow, a slip is a jump
    from one stand to the next. breaks_s: when one of the headings began anew, which is no slip.
    """
    both = np.flatnonzero(np.isfinite(ahead_rad))
    end_s = np.array([stands[i][1] for i in both.tolist()])
    jump_deg = np.abs(np.rad2deg(np.angle(np.exp(1j * np.diff(ahead_rad[both])))))
    anew = np.diff(np.searchsorted(np.sort(np.array(breaks_s, float)), end_s)) > 0
    slipped = (jump_deg > JUMP_DEG + DRIFT_DEGPS[zeroed] * np.diff(end_s)) & ~anew
    if not slipped.any():
        return None
    first = int(np.argmax(slipped))
    return float(end_s[first]), float(jump_deg[first])


def _axes_of_first(y_sensor: Floats, raises: Sequence[Excursion]) -> Floats:
    """(m, 3) the axes that the first one, the first two, ... of the raises give; NaN where they give none."""
    power, outward = ritual.turnings(raises)
    return ritual.z_axes(y_sensor, power.cumsum(axis=0), outward.cumsum(axis=0), +1)[0]


def turns_otherwise(y_sensor: Floats, raises: Sequence[Excursion]) -> tuple[int, float] | None:
    """The first raise after which the axis is another one, and by how many degrees; None when all agree."""
    if len(raises) < 2:
        return None
    before, after = _axes_of_first(y_sensor, raises)[:-1], _axes_of_first(y_sensor, raises[::-1])[:-1][::-1]
    k = np.arange(1, len(raises))
    off_deg = np.rad2deg(angle_between(before, after))
    score = np.nan_to_num(off_deg / (RAISE_SD_DEG * np.sqrt(1 / k + 1 / (len(raises) - k))))
    best = int(np.argmax(score))
    return (int(k[best]), float(off_deg[best])) if score[best] > SURE else None
