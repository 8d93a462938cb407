from __future__ import annotations

from itertools import pairwise
from math import nan, radians, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiphold.session.body import (
    BONES,
    HIP_HEIGHT,
    SHANK,
    THIGH,
    TRUNK,
    Joints,
    front_view,
    joints,
    pose,
    side_view,
)
from hiphold.session.scene import STEPS, Posture

SIDES = ("left", "right")
OUTWARD = {"left": 1.0, "right": -1.0}
"""the sign of y that leads away from the body"""
ANGLE = st.floats(-90.0, 90.0) | st.just(nan)


def raised(side: str, elevation_deg: float, **more: float) -> Joints:
    angles = {f"elevation_{side}_deg": elevation_deg} | {f"{name}_{side}_deg": value for name, value in more.items()}
    return joints(Posture(**angles))


def test_standing_is_upright_on_the_ground() -> None:
    found = joints(Posture())
    for side in SIDES:
        assert found[f"knee_{side}"][:2] == pytest.approx(found[f"hip_{side}"][:2])
        assert found[f"ankle_{side}"][:2] == pytest.approx(found[f"hip_{side}"][:2])
        assert 0.0 < found[f"toe_{side}"][2] < found[f"ankle_{side}"][2] < 0.12
        assert found[f"toe_{side}"][0] > found[f"ankle_{side}"][0] + 0.1
    assert found["head"][2] > found["neck"][2] > found["hips"][2] == HIP_HEIGHT


def test_hands_are_behind_the_head_and_elbows_out() -> None:
    found = joints(Posture())
    for side in SIDES:
        assert found[f"hand_{side}"][0] < found["head"][0]
        assert found[f"hand_{side}"][2] == pytest.approx(found["head"][2], abs=0.05)
        assert OUTWARD[side] * found[f"elbow_{side}"][1] > OUTWARD[side] * found[f"shoulder_{side}"][1] + 0.1


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("elevation_deg", [-90.0, -30.0, 0.0, 30.0, 75.0])
def test_the_knee_is_as_high_as_the_elevation_says(side: str, elevation_deg: float) -> None:
    found = raised(side, elevation_deg)
    rise = found[f"knee_{side}"] - found[f"hip_{side}"]
    assert rise[2] == pytest.approx(THIGH * sin(radians(elevation_deg)))
    assert rise[0] >= -1e-9
    other = "left" if side == "right" else "right"
    assert found[f"knee_{other}"] == pytest.approx(joints(Posture())[f"knee_{other}"])


@pytest.mark.parametrize("elevation_deg", [-60.0, 0.0, 30.0])
def test_the_shank_hangs(elevation_deg: float) -> None:
    found = raised("right", elevation_deg)
    assert found["ankle_right"] == pytest.approx(found["knee_right"] - [0.0, 0.0, SHANK])


@pytest.mark.parametrize("side", SIDES)
def test_internal_rotation_swings_the_foot_outward_and_external_inward(side: str) -> None:
    still, inner, outer = (raised(side, 0.0, rotation=deg) for deg in (0.0, 30.0, -30.0))
    ankle = f"ankle_{side}"
    assert OUTWARD[side] * (inner[ankle] - still[ankle])[1] == pytest.approx(SHANK * sin(radians(30.0)))
    assert OUTWARD[side] * (outer[ankle] - still[ankle])[1] == pytest.approx(-SHANK * sin(radians(30.0)))
    assert inner[f"knee_{side}"] == pytest.approx(still[f"knee_{side}"])


@pytest.mark.parametrize("side", SIDES)
def test_azimuth_leads_across_the_body(side: str) -> None:
    knee = raised(side, 0.0, azimuth=20.0)[f"knee_{side}"] - raised(side, 0.0)[f"knee_{side}"]
    assert OUTWARD[side] * knee[1] == pytest.approx(-THIGH * sin(radians(20.0)))


def test_a_hanging_thigh_has_no_azimuth() -> None:
    assert raised("right", -75.0, azimuth=60.0)["toe_right"] == pytest.approx(raised("right", -75.0)["toe_right"])


def test_the_pelvis_turns_and_tips_as_the_signs_say() -> None:
    turned = joints(Posture(turn_deg=10.0))
    assert turned["hip_right"][0] > 0.0 > turned["hip_left"][0]
    tipped = joints(Posture(obliquity_deg=10.0))
    assert tipped["hip_right"][2] > HIP_HEIGHT > tipped["hip_left"][2]


def test_a_bow_bends_the_trunk_over_straight_legs() -> None:
    bowed, still = joints(Posture(tilt_deg=40.0, trunk_deg=60.0)), joints(Posture())
    assert bowed["neck"][0] == pytest.approx(TRUNK * sin(radians(60.0)))
    assert bowed["knee_left"] == pytest.approx(still["knee_left"])
    unmeasured = joints(Posture(tilt_deg=40.0))
    assert unmeasured["neck"][0] == pytest.approx(TRUNK * sin(radians(40.0)))


def test_nan_counts_as_standing() -> None:
    found, still = joints(Posture(*[nan] * 10)), joints(Posture())
    assert found.keys() == still.keys()
    for name, at in still.items():
        assert found[name] == pytest.approx(at)


@given(angles=st.lists(ANGLE, min_size=10, max_size=10))
def test_bones_keep_their_lengths(angles: list[float]) -> None:
    found = joints(Posture(*angles))
    assert all(np.isfinite(at).all() and at.shape == (3,) for at in found.values())
    still = joints(Posture())
    for a, b in BONES:
        if {a, b} != {"hips", "neck"}:
            assert np.linalg.norm(found[a] - found[b]) == pytest.approx(np.linalg.norm(still[a] - still[b]))


def test_left_is_right_in_the_mirror() -> None:
    right = joints(Posture(elevation_right_deg=20.0, azimuth_right_deg=10.0, rotation_right_deg=-25.0))
    left = joints(Posture(elevation_left_deg=20.0, azimuth_left_deg=10.0, rotation_left_deg=-25.0))
    for name in ("knee", "ankle", "toe"):
        assert left[f"{name}_left"] == pytest.approx(right[f"{name}_right"] * [1.0, -1.0, 1.0])


def test_views_show_forward_to_the_right_and_the_right_leg_on_the_right() -> None:
    found = raised("right", 0.0)
    side, front = side_view(found), front_view(found)
    assert side["knee_right"] == pytest.approx([THIGH, HIP_HEIGHT])
    assert front["hip_right"][0] > 0.0 > front["hip_left"][0]
    assert front["knee_right"][1] == side["knee_right"][1]
    assert side.keys() == front.keys() == found.keys()


@pytest.mark.parametrize("key", STEPS)
def test_poses_are_loops_without_a_jump(key: str) -> None:
    frames = [joints(pose(key, phase)) for phase in np.linspace(0.0, 1.0, 101)]
    steps = [max(float(np.linalg.norm(b[name] - a[name])) for name in a) for a, b in pairwise(frames)]
    assert max(steps) < 0.08
    assert sum(steps) > 0.01
    for name, at in frames[0].items():
        assert frames[-1][name] == pytest.approx(at, abs=1e-9)


@pytest.mark.parametrize(("key", "side", "other"), [("raise_right", "right", "left"), ("raise_left", "left", "right")])
def test_the_raises_show_the_leg_they_name(key: str, side: str, other: str) -> None:
    top = pose(key, 0.5)
    assert getattr(top, f"elevation_{side}_deg") == pytest.approx(30.0)
    assert getattr(top, f"elevation_{other}_deg") == -90.0
    assert pose(key, 0.0) == Posture()


def test_the_bow_is_a_bow_and_the_stand_a_stand() -> None:
    assert pose("bow", 0.5).trunk_deg == pytest.approx(60.0)
    assert pose("bow", 0.5).tilt_deg > 30.0
    assert all(abs(pose("stand", phase).trunk_deg) < 3.0 for phase in np.linspace(0, 1, 20))


def test_an_unknown_pose_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no pose 'jump'"):
        pose("jump", 0.0)
