"""Six positions at rest: offset and scale come back, and a bad set is refused with what to do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiphold import quaternion
from hiphold.errors import BadInputError
from hiphold.samples import G_MPS2, Block, Floats
from hiphold.setup.six_positions import FACES, Position, face_of, position, solve

RATE_HZ = 120
UP = np.vstack([sign * np.eye(3)[axis] for axis in range(3) for sign in (1, -1)])


def lying(
    face: int, rng: np.random.Generator, offset: Floats, scale: Floats, askew_deg: float = 0.0, seconds: float = 2.2
) -> Block:
    """What a sensor of this offset and scale measures on one face, askew about a random axis; noise of 60 ug/rtHz."""
    n = int(seconds * RATE_HZ)
    turn = quaternion.from_rotation_vector(np.radians(askew_deg) * quaternion.normalize(rng.standard_normal(3)))
    true = G_MPS2 * quaternion.to_matrix(turn) @ UP[face]
    acc = true / scale + offset + 60e-6 * G_MPS2 * np.sqrt(RATE_HZ / 2) * rng.standard_normal((n, 3))
    gyr = 0.02 + 1e-3 * rng.standard_normal((n, 3))
    return Block(np.arange(n) / RATE_HZ, acc, gyr, np.full((n, 4), np.nan))


def six(rng: np.random.Generator, offset: Floats, scale: Floats, askew_deg: float) -> dict[int, Position]:
    found = [position(lying(face, rng, offset, scale, askew_deg)) for face in range(6)]
    assert [each and each.face for each in found] == list(range(6))
    return {each.face: each for each in found if each}


@given(
    st.integers(0, 10**6),
    st.floats(0, 8),
    st.tuples(*[st.floats(-0.5, 0.5)] * 3),
    st.tuples(*[st.floats(0.97, 1.03)] * 3),
)
def test_offset_and_scale_come_back_however_askew_it_lay(
    seed: int, askew_deg: float, offset: tuple[float, ...], scale: tuple[float, ...]
) -> None:
    found = solve(six(np.random.default_rng(seed), np.array(offset), np.array(scale), askew_deg))
    np.testing.assert_allclose(found.offset_mps2, offset, atol=1.5e-3 * G_MPS2)
    np.testing.assert_allclose(found.scale, scale, atol=1e-3)
    assert found.left_mg < 3


def test_what_is_left_is_said_honestly() -> None:
    left = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        offset, scale = 0.3 * rng.uniform(-1, 1, 3), 1 + 0.01 * rng.uniform(-1, 1, 3)
        found = solve(six(rng, offset, scale, 5.0))
        left.append(1e3 * np.abs(found.offset_mps2 - offset).max() / G_MPS2 < found.left_mg)
    assert np.mean(left) > 0.93


def test_faces_are_told_apart_and_an_edge_is_none() -> None:
    assert [face_of(9.8 * up) for up in UP] == list(range(6))
    assert face_of(np.array((7.0, 7.0, 0.0))) is None
    assert face_of(np.zeros(3)) is None


def test_a_sensor_that_moves_or_stands_on_an_edge_or_too_briefly_is_in_no_position() -> None:
    rng = np.random.default_rng(1)
    still = lying(0, rng, np.zeros(3), np.ones(3))
    assert position(still)
    sway = 0.2 * np.sin(10 * still.time_s)[:, None]
    assert position(Block(still.time_s, still.acc_mps2 + sway, still.gyr_radps, still.q_recorded)) is None
    assert position(Block(still.time_s, still.acc_mps2, still.gyr_radps + sway, still.q_recorded)) is None
    assert position(lying(0, rng, np.zeros(3), np.ones(3), askew_deg=40.0)) is None
    assert position(lying(0, rng, np.zeros(3), np.ones(3), seconds=1.0)) is None


def test_a_missing_face_is_named() -> None:
    positions = six(np.random.default_rng(1), np.zeros(3), np.ones(3), 0.0)
    del positions[3]
    with pytest.raises(BadInputError, match=f"{FACES[3]} are missing"):
        solve(positions)


@pytest.mark.parametrize(("face", "change"), [(0, 3.0), (2, -2.0), (4, 4.0)])
def test_a_position_that_was_held_against_a_moving_hand_is_refused(face: int, change: float) -> None:
    positions = six(np.random.default_rng(1), np.zeros(3), np.ones(3), 0.0)
    good = positions[face]
    positions[face] = Position(face, good.acc_mps2 + change * UP[face], good.noise_mps2)
    with pytest.raises(BadInputError, match="no sound sensor has: lay it down anew"):
        solve(positions)


def test_a_table_that_shakes_leaves_too_much_doubt() -> None:
    positions = six(np.random.default_rng(1), np.zeros(3), np.ones(3), 0.0)
    shaken = {face: Position(face, each.acc_mps2, 0.05) for face, each in positions.items()}
    with pytest.raises(BadInputError, match="mg of doubt"):
        solve(shaken)
