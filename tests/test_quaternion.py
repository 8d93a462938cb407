"""Quaternion algebra against scipy's rotations, on random ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hiphold import quaternion
from hiphold.samples import Floats

part = st.floats(-1.0, 1.0)
raw = st.tuples(part, part, part, part).map(np.array).filter(lambda q: bool(np.linalg.norm(q) > 0.1))
unit = raw.map(lambda q: np.asarray(q / np.linalg.norm(q)))
vector = st.tuples(part, part, part).map(np.array).filter(lambda v: bool(np.linalg.norm(v) > 0.1))


def rotation(q: Floats) -> Rotation:
    return Rotation.from_quat(q, scalar_first=True)


@given(unit, unit)
def test_multiply_composes_rotations(a: Floats, b: Floats) -> None:
    ours = rotation(quaternion.multiply(a, b)).as_matrix()
    np.testing.assert_allclose(ours, (rotation(a) * rotation(b)).as_matrix(), atol=1e-12)


def test_multiply_has_hamiltons_signs() -> None:
    i, j, k = np.eye(4)[1:]
    np.testing.assert_array_equal(quaternion.multiply(i, j), k)
    np.testing.assert_array_equal(quaternion.multiply(j, i), -k)


def test_multiply_broadcasts() -> None:
    many, one = np.tile(np.eye(4), (3, 1, 1)), np.array((0.0, 1.0, 0.0, 0.0))
    product = quaternion.multiply(many, one)
    assert product.shape == (3, 4, 4)
    np.testing.assert_array_equal(product[2, 3], quaternion.multiply(np.eye(4)[3], one))


@given(unit)
def test_conjugate_is_the_way_back(q: Floats) -> None:
    back = rotation(quaternion.conjugate(q)).as_matrix()
    np.testing.assert_allclose(back, rotation(q).inv().as_matrix(), atol=1e-12)
    there_and_back = quaternion.multiply(q, quaternion.conjugate(q))
    np.testing.assert_allclose(there_and_back, (1.0, 0.0, 0.0, 0.0), atol=1e-12)


@given(raw)
def test_normalize_keeps_the_direction(q: Floats) -> None:
    scaled = quaternion.normalize(q)
    assert np.linalg.norm(scaled) == pytest.approx(1.0)
    assert np.dot(scaled, q) == pytest.approx(np.linalg.norm(q))


def test_four_zeros_are_no_orientation() -> None:
    rows = quaternion.normalize(np.array(((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 2.0, 0.0))))
    assert np.isnan(rows[0]).all()
    np.testing.assert_array_equal(rows[1], (0.0, 0.0, 1.0, 0.0))


@given(unit)
def test_up_in_sensor_is_earth_z_seen_from_the_sensor(q: Floats) -> None:
    np.testing.assert_allclose(quaternion.up_in_sensor(q), rotation(q).inv().apply((0.0, 0.0, 1.0)), atol=1e-12)


def test_up_in_sensor_of_a_quarter_turn() -> None:
    """Rx(90 degrees) takes the sensor's y to the earth's z."""
    half = np.sqrt(0.5)
    np.testing.assert_allclose(quaternion.up_in_sensor(np.array((half, half, 0, 0))), (0.0, 1.0, 0.0), atol=1e-15)


@given(vector)
@example(np.array((0.0, 0.0, -1.0)))
@example(np.array((0.0, 0.0, 1.0)))
@example(np.array((1e-7, 0.0, -1.0)))
@example(np.array((1e-5, -1e-5, -1.0)))
def test_from_up_turns_the_direction_up_the_shortest_way(up: Floats) -> None:
    q = quaternion.from_up(up)
    assert np.linalg.norm(q) == pytest.approx(1.0)
    direction = up / np.linalg.norm(up)
    np.testing.assert_allclose(rotation(q).apply(direction), (0.0, 0.0, 1.0), atol=3e-6)
    shortest = quaternion.angle_between(direction, np.array((0.0, 0.0, 1.0)))
    assert rotation(q).magnitude() == pytest.approx(float(shortest), abs=3e-6)


@given(unit)
@example(np.array((1.0, 0.0, 0.0, 0.0)))
@example(np.array((1.0, 1e-13, 0.0, 0.0)))
def test_rotation_vector(q: Floats) -> None:
    ours = quaternion.rotation_vector(q)
    assert np.linalg.norm(ours) <= np.pi + 1e-12
    # near a half turn the vector and its opposite are the same rotation, so the rotations are compared
    np.testing.assert_allclose(Rotation.from_rotvec(ours).as_matrix(), rotation(q).as_matrix(), atol=1e-12)


def test_rotation_vector_keeps_small_angles() -> None:
    tiny = 1e-9
    q = np.array((np.cos(tiny / 2), 0.0, np.sin(tiny / 2), 0.0))
    for same in (q, -q):
        np.testing.assert_allclose(quaternion.rotation_vector(same), (0.0, tiny, 0.0), rtol=1e-12)


@given(vector, st.floats(0.0, 4 * np.pi))
@example(np.array((0.0, 1.0, 0.0)), 1e-9)
@example(np.array((0.0, 1.0, 0.0)), np.pi)
def test_from_rotation_vector_is_scipys(axis: Floats, angle: float) -> None:
    turn = angle * axis / np.linalg.norm(axis)
    ours = quaternion.from_rotation_vector(turn)
    assert np.linalg.norm(ours) == pytest.approx(1.0)
    np.testing.assert_allclose(rotation(ours).as_matrix(), Rotation.from_rotvec(turn).as_matrix(), atol=1e-12)


@given(vector, st.floats(0.0, 3.14))
def test_rotation_vector_is_the_inverse_of_from_rotation_vector(axis: Floats, angle: float) -> None:
    turn = angle * axis / np.linalg.norm(axis)
    np.testing.assert_allclose(quaternion.rotation_vector(quaternion.from_rotation_vector(turn)), turn, atol=1e-12)


@given(unit)
@example(np.array((1.0, 0.0, 0.0, 0.0)))
@example(np.array((0.0, 1.0, 0.0, 0.0)))
def test_from_rotation_vector_is_the_inverse_of_rotation_vector(q: Floats) -> None:
    """Up to the sign: q and -q are one rotation."""
    back = quaternion.from_rotation_vector(quaternion.rotation_vector(q))
    assert abs(back @ q) == pytest.approx(1.0, abs=1e-12)


def test_from_rotation_vector_keeps_small_angles_and_leading_axes() -> None:
    none = quaternion.from_rotation_vector(np.zeros(3))
    np.testing.assert_array_equal(none, (1.0, 0.0, 0.0, 0.0))
    np.testing.assert_allclose(
        quaternion.from_rotation_vector(np.array((0.0, 1e-9, 0.0))), (1.0, 0.0, 5e-10, 0.0), rtol=1e-12
    )
    many = np.zeros((2, 5, 3))
    many[1, 4] = (0.0, 0.0, np.pi)
    found = quaternion.from_rotation_vector(many)
    assert found.shape == (2, 5, 4)
    np.testing.assert_allclose(found[1, 4], (0.0, 0.0, 0.0, 1.0), atol=1e-15)
    assert np.isnan(quaternion.from_rotation_vector(np.full(3, np.nan))).all()


@given(vector, unit, st.floats(0.0, np.pi))
def test_angle_between(a: Floats, q: Floats, angle: float) -> None:
    """b is a turned by a known angle about an axis across it."""
    across = np.cross(a, rotation(q).apply((1.0, 0.0, 0.0)))
    if np.linalg.norm(across) < 1e-3:
        across = np.cross(a, rotation(q).apply((0.0, 1.0, 0.0)))
    b = Rotation.from_rotvec(angle * across / np.linalg.norm(across)).apply(a)
    assert quaternion.angle_between(a, 3.0 * b) == pytest.approx(angle, abs=1e-12)


def test_angle_between_is_exact_where_arccos_is_not() -> None:
    a, b = np.array((1.0, 0.0, 0.0)), np.array((1.0, 1e-9, 0.0))
    assert quaternion.angle_between(a, b) == pytest.approx(1e-9, rel=1e-6)
    assert quaternion.angle_between(a, -a) == pytest.approx(np.pi)


def test_norm_and_known_are_those_of_numpy() -> None:
    rows = np.array(((3.0, 4.0, 0.0), (np.nan, 1.0, 2.0), (np.inf, -np.inf, 0.0), (0.0, 0.0, 0.0)))
    np.testing.assert_array_equal(quaternion.norm(rows[[0, 3]]), ((5.0,), (0.0,)))
    np.testing.assert_array_equal(quaternion.known(rows), (True, False, False, True))


@given(unit)
def test_to_matrix_is_scipys(q: Floats) -> None:
    np.testing.assert_allclose(quaternion.to_matrix(q), rotation(q).as_matrix(), atol=1e-12)


@given(unit, vector)
def test_to_matrix_turns_vectors_of_b_into_a(q: Floats, v: Floats) -> None:
    np.testing.assert_allclose(quaternion.to_matrix(q) @ v, rotation(q).apply(v), atol=1e-12)


def test_to_matrix_keeps_leading_axes() -> None:
    many = np.tile(np.array((np.sqrt(0.5), 0, 0, np.sqrt(0.5))), (2, 5, 1))
    assert quaternion.to_matrix(many).shape == (2, 5, 3, 3)
    np.testing.assert_allclose(quaternion.to_matrix(many)[1, 4] @ (1, 0, 0), (0, 1, 0), atol=1e-15)


@given(unit, vector, st.floats(0, 1), st.booleans())
def test_interpolate_is_slerp_for_the_few_degrees_between_samples(
    q: Floats, axis: Floats, part: float, flipped: bool
) -> None:
    """Ten degrees apart, whichever of the two signs the second sample came with."""
    turn = Rotation.from_rotvec(np.deg2rad(10) * axis / np.linalg.norm(axis))
    second = (rotation(q) * turn).as_quat(scalar_first=True)
    ours = quaternion.interpolate(
        np.array((part,)), np.array((0.0, 1.0)), np.vstack((q, -second if flipped else second))
    )
    exact = rotation(q) * Rotation.from_rotvec(part * turn.as_rotvec())
    assert (rotation(ours[0]).inv() * exact).magnitude() < np.deg2rad(0.01)
    assert np.linalg.norm(ours[0]) == pytest.approx(1.0)


def test_interpolate_follows_signs_that_flip_again_and_again() -> None:
    """A steady turn about z, every second sample with the other sign."""
    half = np.deg2rad(np.arange(0.0, 360.0, 5.0)) / 2
    steady = np.column_stack((np.cos(half), 0 * half, 0 * half, np.sin(half)))
    time_s = np.arange(float(len(half)))
    at_s = np.array((0.5, 20.0, 33.5, 70.5))
    ours = quaternion.interpolate(at_s, time_s, steady * np.where(time_s % 2, -1.0, 1.0)[:, None])
    turned = np.unwrap(rotation(ours).as_euler("zyx")[:, 0])
    np.testing.assert_allclose(np.rad2deg(turned) % 360, 5 * at_s, atol=1e-9)


def test_interpolate_knows_nothing_outside_the_samples() -> None:
    q = np.tile(np.array((1.0, 0.0, 0.0, 0.0)), (2, 1))
    ours = quaternion.interpolate(np.array((-0.1, 0.0, 1.0, 1.1)), np.array((0.0, 1.0)), q)
    np.testing.assert_array_equal(quaternion.known(ours), (False, True, True, False))


GAPPY_S = np.array((0.0, 0.5, 1.0, 3.0, 3.5, 4.5, 5.6))


def test_interpolate_knows_nothing_in_gaps_that_are_too_long() -> None:
    """Of 2 and of 1.1 s; one of a whole second is not."""
    q = Rotation.from_euler("z", 10 * GAPPY_S[:, None], degrees=True).as_quat(scalar_first=True)
    at_s = np.array((-0.1, 0.0, 0.25, 0.5, 1.0, 1.01, 2.0, 2.99, 3.01, 4.0, 4.5, 4.6, 5.5, 5.7))
    ours = quaternion.interpolate(at_s, GAPPY_S, q, longest_s=1.0)
    unknown = (at_s < 0) | ((at_s > 1) & (at_s < 3)) | (at_s > 4.5)
    np.testing.assert_array_equal(quaternion.known(ours), ~unknown)
    turned = np.rad2deg(rotation(ours[~unknown]).as_rotvec()[:, 2])
    np.testing.assert_allclose(turned, 10 * at_s[~unknown], atol=0.01)


def test_interpolate_draws_over_any_gap_unless_told() -> None:
    q = np.tile(np.array((1.0, 0.0, 0.0, 0.0)), (len(GAPPY_S), 1))
    at_s = np.linspace(0.0, 5.6, 50)
    assert quaternion.known(quaternion.interpolate(at_s, GAPPY_S, q)).all()
    assert quaternion.known(quaternion.interpolate(at_s, GAPPY_S, q, 2.0)).all()


def test_interpolate_of_a_single_sample_knows_its_own_instant_whatever_the_longest_gap() -> None:
    ours = quaternion.interpolate(np.array((0.9, 1.0, 1.1)), np.array((1.0,)), np.array(((0.0, 1.0, 0.0, 0.0),)), 0.1)
    np.testing.assert_array_equal(quaternion.known(ours), (False, True, False))


def test_interpolate_knows_the_sample_on_either_side_of_a_gap() -> None:
    q = np.tile(np.array((1.0, 0.0, 0.0, 0.0)), (len(GAPPY_S), 1))
    assert quaternion.known(quaternion.interpolate(GAPPY_S, GAPPY_S, q, 1.0)).all()


@given(st.lists(vector, min_size=1, max_size=8), unit)
def test_the_mean_direction_turns_with_the_directions(directions: list[Floats], q: Floats) -> None:
    given_ = np.array(directions)
    turn = rotation(q)
    if np.linalg.norm(given_.mean(axis=0)) > 0.01:
        mean = quaternion.mean_direction(given_)
        assert np.linalg.norm(mean) == pytest.approx(1.0)
        np.testing.assert_allclose(quaternion.mean_direction(turn.apply(given_)), turn.apply(mean), atol=1e-9)


def test_the_mean_direction_by_hand() -> None:
    """Between x and y; a row of which not all is known does not count, and of none there is none."""
    rows = np.array(((1.0, 0.0, 0.0), (np.nan, 5.0, 5.0), (0.0, 1.0, 0.0)))
    np.testing.assert_allclose(quaternion.mean_direction(rows), (np.sqrt(0.5), np.sqrt(0.5), 0.0))
    for nothing in (rows[1:2], rows[:0]):
        np.testing.assert_array_equal(quaternion.mean_direction(nothing), np.full(3, np.nan))
