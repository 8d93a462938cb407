"""Signs that a sensor no longer sits as it was learned: it hangs otherwise in later stands, or turns otherwise.

In both, the times a leg was put down or raised are split in two, and the split that is least likely by chance counts:
angle / (sd sqrt(1 / before + 1 / after)) > SURE. Over feet that stay much less is no chance: `over_still_feet`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from hiphold import ritual
from hiphold.quaternion import angle_between, known, up_in_sensor
from hiphold.ritual import Excursion
from hiphold.samples import Bools, Floats, Interval
from hiphold.stillness import STAND_CONE_DEG, WINDOW_S

LEAN_SD_DEG, PELVIS_LEAN_SD_DEG = 3.0, 1.5
"""1 SD, in each direction, of how a thigh hangs when the foot was put back, and of the pelvis, which hardly cares"""
STILL_SD_DEG = 0.9
"""1 SD, in each direction, of the same from one quiet second to the next over feet that stay: 0.6 of sway in each"""
RAISE_SD_DEG = 6.0
"""1 SD of the axis of one raise, from the adduction and rotation that come with it"""
SURE = 4.0
"""standard deviations that are no chance"""
AWAY = 3
"""so many quiet poses in a row that are no stand, and no stand after them, are a stand that looks otherwise"""
AWAY_DEG = (10.0, 45.0)
"""less is how one stands; more is a seat or a lift, unless no later pose at all was a stand"""
JUMP_DEG, TWIST_DEG = 20.0, 12.0
"""a foot that is put back otherwise turns a thigh by 4 degrees, 1 SD, and the pelvis twists over feet that stay"""
DRIFT_DEGPS = {True: 0.1, False: 0.3}
"""no heading drifts faster, by whether the gyroscopes were zeroed"""


def hangs_otherwise(
    y_sensor: Floats,
    stands: Sequence[Interval],
    q_stands: Floats,
    moved_s: Sequence[float],
    sd_deg: float = LEAN_SD_DEG,
) -> tuple[float, float] | None:
    """Since when, s, and by how much, degrees, a segment hangs otherwise than in the reference stand; None if as then.

    q_stands (m, 4) of the m stands. moved_s: when the segment was put elsewhere; stands between two of these are one,
    because the foot stayed where it was. sd_deg: LEAN_SD_DEG, or that of the pelvis.
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
    score = np.rad2deg(angle_between(before, after)) / (sd_deg * np.sqrt(1 / k + 1 / rest))
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


def left_alone(
    y_sensor: Floats, stands: Sequence[Interval], elsewhere: Sequence[Interval], q_elsewhere: Floats, least: int = 2
) -> tuple[float, float] | None:
    """The same from the last poses in which all other sensors are as in the reference stand, which is no seat.

    At least so many, all alike, and no stand after them: nobody bows twice by the same angle and stays there.
    """
    last_stand_s = stands[-1][1]
    after = np.array([start_s > last_stand_s for start_s, _ in elsewhere], bool) & known(q_elsewhere)
    up = up_in_sensor(q_elsewhere[after])
    if len(up) < least:
        return None
    other = np.flatnonzero(np.rad2deg(angle_between(up, up[-1])) >= STAND_CONE_DEG)
    away_deg = np.rad2deg(angle_between(up[other[-1] + 1 if len(other) else 0 :], y_sensor))
    if len(away_deg) < least or not (away_deg > STAND_CONE_DEG).all():
        return None
    return last_stand_s, float(np.median(away_deg))


def never_back(
    y_sensor: Floats,
    stands: Sequence[Interval],
    elsewhere: Sequence[Interval],
    q_elsewhere: Floats,
    excursions: Sequence[Interval],
    held: Sequence[Interval],
) -> tuple[float, float] | None:
    """The same from one such pose, which lies in an excursion that began before a hold ended.

    Who does something else after a hold comes upright first, for WINDOW_S at least. excursions: of this segment;
    held: when a leg was.
    """
    out = [(a, z) for a, z in _joined(excursions) if any(a < end_s and start_s < z for start_s, end_s in held)]
    for (start_s, end_s), q in zip(elsewhere, q_elsewhere):
        # a leg that is held quite still is quiet, too: only what comes after that hold counts
        after = any(a < put_down_s <= start_s and end_s <= z for a, z in out for _, put_down_s in held)
        if after and known(q[None])[0]:
            off_deg = float(np.rad2deg(angle_between(up_in_sensor(q), y_sensor)))
            return max((z for _, z in stands if z <= start_s), default=stands[0][1]), off_deg
    return None


def _joined(intervals: Sequence[Interval]) -> list[Interval]:
    """Those with less than WINDOW_S between them as one."""
    joined: list[Interval] = []
    for start_s, end_s in sorted(intervals):
        if joined and start_s - joined[-1][1] < WINDOW_S:
            start_s, end_s = joined[-1][0], max(joined.pop()[1], end_s)
        joined.append((start_s, end_s))
    return joined


def feet_stayed(poses: Sequence[Interval], lifted: Sequence[Interval]) -> Bools:
    """(n - 1,) from which pose to the next no leg was lifted or put down. Poses by time."""
    between = [(a[0], b[1]) for a, b in pairwise(poses)]
    return np.array([not any(a <= at_s <= z for each in lifted for at_s in each) for a, z in between], bool)


def over_still_feet(up: Floats, stayed: Bools) -> dict[int, int]:
    """Which sensors turned from one pose to the next over feet that stayed: sensor -> the pose before.

    up (s, n, 3): of s sensors in n poses by time, the reference stand first; NaN where not known. Who leans turns all
    sensors: that counts on the feet of the reference stand only, which was no proper one. One that turns alone slipped.
    """
    step_deg = np.rad2deg(angle_between(up[:, :-1], up[:, 1:]))
    found: dict[int, int] = {}
    for i in np.flatnonzero(stayed).tolist():
        for sensor in np.flatnonzero(step_deg[:, i] > SURE * STILL_SD_DEG).tolist():
            others = np.delete(step_deg[:, i], sensor)
            others = others[np.isfinite(others)]
            alone = len(others) > 0 and bool((others < step_deg[sensor, i] / 2).all())
            if (alone or stayed[:i].all()) and _stayed_so(up[sensor], i):
                found.setdefault(sensor, i)
    return found


def _stayed_so(up: Floats, before: int) -> bool:
    """Whether earlier poses are rather like the one `before` than like the next, and later ones the other way about.

    Without later ones it is not known: people lean and shift a foot as they stand. Getting up is no slip.
    """
    old, new = up[before], up[before + 1]
    earlier, later = (some[np.isfinite(some).all(axis=1)] for some in (up[: before + 1], up[before + 2 :]))
    if not len(later) or np.rad2deg(angle_between(old, up[0])) > STAND_CONE_DEG:
        return False
    return _nearer(earlier.mean(axis=0), old, new) and _nearer(later.mean(axis=0), new, old)


def _nearer(to: Floats, one: Floats, other: Floats) -> bool:
    return bool(angle_between(to, one) < angle_between(to, other))


def faces_otherwise(
    stands: Sequence[Interval], ahead_rad: Floats, breaks_s: Sequence[float], zeroed: bool, stayed: Bools | None = None
) -> tuple[float, float] | None:
    """Since when, s, and by how much, degrees, a thigh faces another way beside the pelvis; None if as at first.

    ahead_rad (m,): its heading minus the pelvis' in each stand; NaN where not known. Drift is slow, a slip is a jump
    from one stand to the next. breaks_s: when one of the headings began anew, which is no slip. stayed (m - 1,): from
    which stand to the next the feet stayed; none when not given.
    """
    both = np.flatnonzero(np.isfinite(ahead_rad))
    end_s = np.array([stands[i][1] for i in both.tolist()])
    jump_deg = np.abs(np.rad2deg(np.angle(np.exp(1j * np.diff(ahead_rad[both])))))
    anew = np.diff(np.searchsorted(np.sort(np.array(breaks_s, float)), end_s)) > 0
    still = np.zeros(max(len(ahead_rad) - 1, 0), bool) if stayed is None else stayed
    still = np.array([bool(still[a:b].all()) for a, b in pairwise(both.tolist())], bool)
    least_deg = np.where(still, TWIST_DEG, JUMP_DEG)
    slipped = (jump_deg > least_deg + DRIFT_DEGPS[zeroed] * np.diff(end_s)) & ~anew
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
