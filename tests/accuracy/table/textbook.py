"""A textbook alignment, written apart from hiphold: what a filter gives to somebody who follows the literature.

Up of a segment is its mean gravity in the first stand; its medio-lateral axis is the first principal component of its
angular rate in the raises (thigh) or the bow (pelvis), Seel et al. 2014, doi 10.3390/s140406891. Headings are zeroed
once, in the first stand. It is told from the script when the athlete stood, raised the knee and bowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.spatial.transform import Rotation, Slerp
from told import UP_FORWARD

from hiphold import timeline
from hiphold.samples import Bools, Floats, Interval, NodeData
from hiphold.sources.simulate import Simulation
from table import filters
from table.filters import Samples

VERTICAL_DEG = 20.0
"""a thigh closer to vertical than this has no azimuth"""


def _within(time_s: Floats, intervals: Sequence[Interval]) -> Bools:
    return np.asarray(np.any([(time_s >= a) & (time_s <= z) for a, z in intervals], axis=0))


def axes(time_s: Floats, samples: Samples, stand: Interval, turns: Sequence[tuple[float, float, float]]) -> Floats:
    """(3, 3) sensor from segment, columns x anterior, y up, z right.

    turns: start, top and end of each movement, all of which begin with a turn about +z.
    """
    y = samples.acc_mps2[_within(time_s, [stand])].mean(axis=0)
    y /= np.linalg.norm(y)
    moving = samples.gyr_radps[_within(time_s, [(start, end) for start, _, end in turns])]
    z = np.linalg.svd(moving, full_matrices=False)[2][0]
    z -= y * (y @ z)
    out = samples.gyr_radps[_within(time_s, [(start, top) for start, top, _ in turns])].sum(axis=0)
    z *= np.sign(z @ out) / np.linalg.norm(z)
    return np.column_stack((np.cross(y, z), y, z))


def _facing(r_earth: Floats, stood: Bools) -> Floats:
    """The segment turned about the vertical so that on average it faced earth x in the stand."""
    right = r_earth[stood][:, :2, 2].mean(axis=0)
    heading = np.arctan2(right[1], right[0]) + np.pi / 2
    return np.asarray(Rotation.from_rotvec((0.0, 0.0, -heading)).as_matrix() @ r_earth)


def angles(pelvis: Floats, thigh: Floats, side: str) -> dict[str, Floats]:
    """(n,) degrees of hip, thigh and pelvis from earth-from-segment rotations (n, 3, 3), signs as for the side."""
    sign = 1 if side == "right" else -1
    joint = Rotation.from_matrix(np.swapaxes(pelvis, 1, 2) @ thigh).as_euler("ZXY", degrees=True)
    turn, lift, tip = Rotation.from_matrix(UP_FORWARD @ pelvis).as_euler("YXZ", degrees=True).T
    down = -thigh[:, :, 1]
    across = np.rad2deg(np.arctan2(down[:, 1], down[:, 0])) - turn
    upright = np.hypot(down[:, 0], down[:, 1]) < np.sin(np.deg2rad(VERTICAL_DEG))
    return {
        "femur_elevation": np.rad2deg(np.arcsin(np.clip(down[:, 2], -1, 1))),
        "hip_flexion": joint[:, 0],
        "hip_adduction": sign * joint[:, 1],
        "hip_rotation": sign * joint[:, 2],
        "thigh_azimuth": np.where(upright, np.nan, sign * across),
        "pelvis_tilt": -tip,
        "pelvis_obliquity": -sign * lift,
        "pelvis_rotation": sign * turn,
    }


def measure(simulation: Simulation, name: str) -> tuple[Floats, dict[str, Floats]]:
    """Session times of the thigh's samples (n,) and the angles there (n,), by the named filter and this alignment."""
    side = simulation.truth.sides[0]
    nodes = {data.placement: data for data in timeline.assemble(simulation.frames)}
    moves = simulation.truth.moves
    turns = {
        f"thigh_{side}": [(m.start_s, m.top_s, m.end_s) for m in moves if m.kind == "raise" and m.side == side],
        "pelvis": [(m.start_s, m.top_s, m.end_s) for m in moves if m.kind == "bow"],
    }
    stand = simulation.truth.stands[0]
    found = {
        placement: _segment(simulation, nodes[placement], turns[placement], stand, filters.FILTERS[name])
        for placement in turns
    }
    (time_s, thigh), (pelvis_s, pelvis) = found[f"thigh_{side}"], found["pelvis"]
    at = np.clip(time_s, pelvis_s[0], pelvis_s[-1])
    beside = Slerp(pelvis_s, Rotation.from_matrix(pelvis))(at).as_matrix()
    return time_s, angles(np.asarray(beside), thigh, side)


def _segment(
    simulation: Simulation,
    data: NodeData,
    turns: Sequence[tuple[float, float, float]],
    stand: Interval,
    fuse: Callable[[Samples], Floats],
) -> tuple[Floats, Floats]:
    """Session times (n,) and earth-from-segment rotations (n, 3, 3) of one segment."""
    time_s = data.block.time_s + simulation.first_sample_s
    samples = filters.sent(data, simulation.frames)
    backwards = data.placement == "pelvis"  # a bow turns the pelvis about -z
    columns = axes(time_s, samples, stand, turns) * ((-1, 1, -1) if backwards else (1, 1, 1))
    r_earth = Rotation.from_quat(fuse(samples), scalar_first=True).as_matrix() @ columns
    return time_s, _facing(r_earth, _within(time_s, [stand]))
