"""Signs that a sensor slipped on its segment, from stands and raises made by hand. Segment axes: z is up in the earth.

The sensor stands as the earth does: its z axis is up in the reference stand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hiphold import calibrate, slips
from hiphold.alignment import Alignment
from hiphold.beside import Seen
from hiphold.mounting import Mounting
from hiphold.ritual import Excursion, Turning
from hiphold.samples import Floats, Interval
from hiphold.stillness import Poses

NAN = float("nan")
UP = np.array((0.0, 0.0, 1.0))
SEEDS = range(20)


def every_10_s(n: int) -> list[Interval]:
    """Stands of 3 s."""
    return [(10.0 * i, 10.0 * i + 3.0) for i in range(n)]


def between(n: int) -> list[float]:
    """A raise between each of so many stands and the next."""
    return [10.0 * i + 5.0 for i in range(n - 1)]


def leaning(leans_deg: Floats) -> Floats:
    """(n, 4) orientations that lean by (n, 2) degrees forward and sideways; NaN: not seen."""
    about = np.column_stack((np.deg2rad(np.nan_to_num(leans_deg)), np.zeros(len(leans_deg))))
    q = Rotation.from_rotvec(about).as_quat(scalar_first=True)
    seen = np.isfinite(leans_deg[:, :1]) & np.isfinite(leans_deg[:, 1:])
    return np.where(seen, q, NAN)


def forward(*leans_deg: float) -> Floats:
    """(n, 4) orientations that lean forward by so much."""
    return leaning(np.column_stack((leans_deg, np.zeros(len(leans_deg)))))


def placed(n: int, seed: int) -> Floats:
    """(n, 2) how a leg leans from the first stand, when the foot is put otherwise in each of them."""
    leans_deg = np.random.default_rng(seed).normal(0.0, slips.LEAN_SD_DEG, (n, 2))
    return np.asarray(leans_deg - leans_deg[0])


# In stands


def hangs(q: Floats, moved_s: list[float] | None = None) -> tuple[float, float] | None:
    n = len(q)
    return slips.hangs_otherwise(UP, every_10_s(n), q, between(n) if moved_s is None else moved_s)


def test_a_thigh_that_hangs_otherwise_from_a_stand_on_has_slipped_since_the_one_before() -> None:
    found = hangs(forward(0, 2, -2, 12, 14, 13))
    assert found is not None
    assert found[0] == 23.0
    assert found[1] == pytest.approx(13.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_slip_of_15_degrees_is_seen_through_the_noise_of_putting_the_foot_back(seed: int) -> None:
    """To the stand, give or take one; by how much, within 3 SD of one stand against the mean of three."""
    leans_deg = placed(6, seed) + np.where(np.arange(6)[:, None] >= 3, (15.0, 0.0), 0.0)
    found = hangs(leaning(leans_deg))
    assert found is not None
    assert found[0] in (13.0, 23.0, 33.0)
    assert found[1] == pytest.approx(15.0, abs=3 * slips.LEAN_SD_DEG * np.sqrt(1 + 1 / 3))


@pytest.mark.parametrize("n", [2, 4, 12])
@pytest.mark.parametrize("seed", SEEDS)
def test_putting_the_foot_back_somewhat_otherwise_is_no_slip(n: int, seed: int) -> None:
    """3 degrees, 1 SD, in each direction; the reference stand is one stand like another."""
    assert hangs(leaning(placed(n, seed))) is None


def test_of_many_sessions_hardly_one_is_said_to_have_slipped() -> None:
    """Eleven stands with a raise between each; the split is the worst of ten."""
    assert sum(hangs(leaning(placed(11, seed))) is not None for seed in range(1000)) <= 10


def test_one_odd_stand_among_others_is_no_slip() -> None:
    assert hangs(forward(0, 1, 12, -1, 0, 1)) is None
    assert hangs(forward(0, 12, 0)) is None


def test_a_leg_that_was_not_moved_stands_once_however_often_it_is_quiet() -> None:
    """The foot is 14 degrees off and stays there: seen once, that is chance; seen after each raise, it is not."""
    q = forward(0, 14, 14, 14, 14, 14)
    assert hangs(q, [5.0]) is None
    assert hangs(q, []) is None
    found = hangs(q)
    assert found is not None
    assert found[0] == 3.0


def test_stands_in_which_it_is_not_known_are_passed_over() -> None:
    found = hangs(forward(0, NAN, 1, NAN, 15, 15))
    assert found is not None
    assert found[0] == 23.0
    assert found[1] == pytest.approx(15.0)
    assert hangs(forward(0, 1, NAN, 2, NAN)) is None
    assert hangs(forward(*[NAN] * 4)) is None


def test_too_few_stands_show_no_slip() -> None:
    assert hangs(forward(0)) is None
    assert hangs(forward(0, NAN, NAN)) is None
    assert hangs(np.empty((0, 4))) is None


@pytest.mark.parametrize(("lean_deg", "slipped"), [(16.5, False), (17.5, True)])
def test_a_single_later_stand_must_be_off_by_4_sd_of_two(lean_deg: float, slipped: bool) -> None:
    assert (hangs(forward(0, lean_deg)) is not None) == slipped


# In poses that are no stand


def rests(leans_deg: tuple[float, ...], stands: int = 2) -> tuple[float, float] | None:
    """Poses every 10 s after the stands."""
    elsewhere = [(start_s + 100.0, end_s + 100.0) for start_s, end_s in every_10_s(len(leans_deg))]
    return slips.stands_otherwise(UP, every_10_s(stands), elsewhere, forward(*leans_deg))


def test_three_quiet_poses_in_a_row_that_are_no_stand_are_a_slip_since_the_last_stand() -> None:
    found = rests((22.0, 20.0, 19.0))
    assert found is not None
    assert found[0] == 13.0
    assert found[1] == pytest.approx(20.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_slip_of_25_degrees_is_seen_in_poses_through_the_noise_of_putting_the_foot_back(seed: int) -> None:
    leans = 25.0 + np.random.default_rng(seed).normal(0.0, slips.LEAN_SD_DEG, 5)
    found = rests(tuple(leans.tolist()))
    assert found is not None
    assert found[1] == pytest.approx(25.0, abs=6.0)


def test_one_pose_among_them_that_may_be_a_stand_is_no_slip() -> None:
    """It is the thigh of the other leg, or the pelvis, that keeps it from being one."""
    assert rests((20.0, 2.0, 20.0)) is None
    assert rests((20.0, 20.0, -8.0)) is None
    assert rests((2.0, 20.0, 20.0, 20.0)) is not None


def test_a_seat_is_no_slip() -> None:
    assert rests((80.0, 80.0, 80.0)) is None
    assert rests((20.0, 80.0, 20.0)) is None


def test_a_reference_stand_to_which_nobody_came_back_was_none() -> None:
    """As when it was a seat."""
    found = rests((80.0, 81.0, 82.0), stands=1)
    assert found is not None
    assert found[0] == 3.0
    assert found[1] == pytest.approx(81.0)


def test_poses_in_which_it_is_not_known_or_before_the_last_stand_are_passed_over() -> None:
    found = rests((20.0, NAN, 21.0, NAN, 22.0))
    assert found is not None
    assert found[0] == 13.0
    assert found[1] == pytest.approx(21.0)
    early = every_10_s(3)
    assert slips.stands_otherwise(UP, [(0.0, 1.0), (50.0, 53.0)], early, forward(20, 20, 20)) is None


@pytest.mark.parametrize("leans_deg", [(), (20.0,), (20.0, 20.0), (20.0, NAN, 20.0), (NAN, NAN, NAN)])
def test_fewer_than_three_poses_are_no_slip(leans_deg: tuple[float, ...]) -> None:
    assert rests(leans_deg) is None
    assert rests(leans_deg, stands=1) is None


# In headings


def faces(
    *ahead_deg: float, breaks_s: tuple[float, ...] = (), zeroed: bool = True, every_s: float = 10.0
) -> tuple[float, float] | None:
    stands = [(every_s * i, every_s * i + 3.0) for i in range(len(ahead_deg))]
    return slips.faces_otherwise(stands, np.deg2rad(ahead_deg), breaks_s, zeroed)


def test_a_heading_that_jumps_has_slipped_since_the_stand_before() -> None:
    found = faces(5.0, 3.0, 6.0, 36.0, 35.0)
    assert found is not None
    assert found[0] == 23.0
    assert found[1] == pytest.approx(30.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_foot_that_is_put_back_otherwise_and_a_heading_that_drifts_are_no_slip(seed: int) -> None:
    """4 degrees, 1 SD, and 60 in an hour of stands, one every half a minute."""
    noise = np.random.default_rng(seed).normal(0.0, 4.0, 10)
    assert faces(*noise) is None
    assert faces(*np.linspace(0.0, 60.0, 120)) is None


def test_south_is_south_from_either_side() -> None:
    assert faces(175.0, -178.0, 179.0, -176.0) is None
    found = faces(170.0, -160.0)
    assert found is not None
    assert found[0] == 3.0
    assert found[1] == pytest.approx(30.0)


@pytest.mark.parametrize(("zeroed", "most_deg"), [(True, 21.0), (False, 23.0)])
@pytest.mark.parametrize("way", [1, -1])
def test_a_jump_is_more_than_20_degrees_and_what_a_heading_drifts_in_10_s(
    zeroed: bool, most_deg: float, way: int
) -> None:
    assert faces(0.0, way * (most_deg - 0.1), zeroed=zeroed) is None
    assert faces(0.0, way * (most_deg + 0.1), zeroed=zeroed) is not None
    assert faces(0.0, way * 180.0, zeroed=zeroed) is not None


@pytest.mark.parametrize(("zeroed", "degps"), [(True, 0.09), (False, 0.29)])
@pytest.mark.parametrize("way", [1, -1])
def test_a_slow_drift_over_minutes_is_no_slip_but_a_jump_on_top_of_it_is(zeroed: bool, degps: float, way: int) -> None:
    """A stand every four minutes: the heading went on by 22, or by 70 degrees."""
    drift_deg = way * 240.0 * degps * np.arange(8)
    assert faces(*drift_deg, zeroed=zeroed, every_s=240.0) is None
    found = faces(*drift_deg + np.where(np.arange(8) >= 5, way * 30.0, 0.0), zeroed=zeroed, every_s=240.0)
    assert found is not None
    assert found[0] == 4 * 240.0 + 3.0
    assert found[1] == pytest.approx(240.0 * degps + 30.0)


def test_as_much_as_drifts_in_minutes_is_a_jump_within_seconds() -> None:
    assert faces(0.0, 40.0, every_s=240.0) is None
    assert faces(0.0, 40.0) is not None


def test_the_time_of_stands_that_were_passed_over_counts() -> None:
    """40 s: it may drift by 4 degrees."""
    assert faces(0.0, NAN, NAN, NAN, 23.9) is None
    assert faces(0.0, NAN, NAN, NAN, 24.1) is not None


def test_a_heading_that_began_anew_is_no_slip() -> None:
    for break_s in (15.0, 21.0):  # between two stands, or in the second of them
        assert faces(0.0, 0.0, 150.0, 151.0, breaks_s=(break_s,)) is None


def test_a_jump_elsewhere_than_where_a_heading_began_anew_is_a_slip() -> None:
    for breaks_s in ((5.0,), (25.0,), (5.0, 25.0), (25.0, 5.0), (-1.0, 100.0)):
        found = faces(0.0, 0.0, 60.0, 60.0, breaks_s=breaks_s)
        assert found is not None
        assert found[0] == 13.0
        assert found[1] == pytest.approx(60.0)


def test_after_a_heading_began_anew_a_jump_counts_again() -> None:
    found = faces(0.0, 100.0, 101.0, 160.0, 160.0, breaks_s=(5.0,))
    assert found is not None
    assert found[0] == 23.0
    assert found[1] == pytest.approx(59.0)


def test_a_break_between_stands_that_were_passed_over_counts_too() -> None:
    assert faces(0.0, NAN, NAN, 150.0, breaks_s=(15.0,)) is None
    assert faces(0.0, NAN, NAN, 150.0) is not None


def test_the_first_of_two_jumps_counts() -> None:
    found = faces(0.0, 30.0, 31.0, 80.0)
    assert found is not None
    assert found[0] == 3.0
    assert found[1] == pytest.approx(30.0)


def test_stands_without_a_heading_are_passed_over() -> None:
    found = faces(NAN, 0.0, NAN, NAN, 30.0, NAN)
    assert found is not None
    assert found[0] == 13.0
    assert found[1] == pytest.approx(30.0)


@pytest.mark.parametrize("ahead_deg", [(), (10.0,), (NAN, NAN), (NAN, 40.0, NAN)])
def test_too_few_headings_show_no_jump(ahead_deg: tuple[float, ...]) -> None:
    assert faces(*ahead_deg) is None


# In raises


def raising(axis: Floats, start_s: float) -> Excursion:
    return Excursion(start_s, start_s + 2.0, 120.0, 1.0, NAN, Turning(np.outer(axis, axis), 60.0 * axis))


def raises(*off_deg: float) -> list[Excursion]:
    """One after each stand, each about an axis that is off by so much, seen from above."""
    off = np.deg2rad(off_deg)
    axes = np.column_stack((np.sin(off), np.cos(off), np.zeros(len(off))))
    return [raising(axis, 10.0 * i + 5.0) for i, axis in enumerate(axes)]


def test_raises_that_turn_about_another_axis_from_one_on_are_a_slip() -> None:
    found = slips.turns_otherwise(UP, raises(0.0, 2.0, -2.0, 40.0, 41.0, 39.0))
    assert found is not None
    assert found[0] == 3
    assert found[1] == pytest.approx(40.0, abs=0.1)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_slip_of_45_degrees_is_seen_through_the_noise_of_the_raises(seed: int) -> None:
    """Two raises before it, three after."""
    off_deg = np.random.default_rng(seed).normal(0.0, slips.RAISE_SD_DEG, 5) + np.array((0, 0, 45, 45, 45))
    found = slips.turns_otherwise(UP, raises(*off_deg))
    assert found is not None
    assert found[0] == 2
    assert found[1] == pytest.approx(45.0, abs=3 * slips.RAISE_SD_DEG * np.sqrt(1 / 2 + 1 / 3))


@pytest.mark.parametrize("n", [2, 5, 12])
@pytest.mark.parametrize("seed", SEEDS)
def test_raises_that_stray_are_no_slip(n: int, seed: int) -> None:
    off_deg = np.random.default_rng(seed).normal(0.0, slips.RAISE_SD_DEG, n)
    assert slips.turns_otherwise(UP, raises(*off_deg)) is None


def test_one_odd_raise_among_others_is_no_slip() -> None:
    assert slips.turns_otherwise(UP, raises(0.0, 1.0, 25.0, 0.0, -1.0, 1.0)) is None


def test_a_raise_that_shows_no_axis_splits_nothing() -> None:
    """It was too slow, or not all of it was seen."""
    first, second, *others = raises(0.0, 0.0, 45.0, 45.0, 45.0)
    unseen = Excursion(0.0, 1.0, 120.0, 1.0, NAN, Turning())
    found = slips.turns_otherwise(UP, [unseen, first, second, *others])
    assert found is not None
    assert found[0] == 3
    assert slips.turns_otherwise(UP, [unseen, unseen, unseen]) is None
    assert slips.turns_otherwise(np.full(3, NAN), [first, *others]) is None


@pytest.mark.parametrize("off_deg", [(), (0.0,), (0.0, 30.0)])
def test_too_few_raises_show_no_slip(off_deg: tuple[float, ...]) -> None:
    """Two that are 30 degrees apart may be chance."""
    assert slips.turns_otherwise(UP, raises(*off_deg)) is None


# What becomes of it


@dataclass(frozen=True)
class Case:
    placement: str
    lid: str = "back"
    chip: str = "lsm6dsv16x"


def worn(
    place: str,
    q_stands: Floats,
    excursions: list[Excursion],
    q_elsewhere: Floats | None = None,
    breaks_s: tuple[float, ...] = (),
    zeroed: bool = False,
) -> Seen:
    """A sensor whose z axis was up and whose y axis points to the right."""
    elsewhere = np.empty((0, 4)) if q_elsewhere is None else q_elsewhere
    aligned = Alignment(UP, (0.0, 3.0), 0.4, 0.0)
    return Seen(Case(place), aligned, q_stands, elsewhere, excursions, breaks_s=breaks_s, zeroed=zeroed)


def bowing() -> Excursion:
    """Forward, after the first stand."""
    axis = np.array((0.0, -1.0, 0.0))
    return Excursion(4.0, 6.0, 40.0, 1.0, 5.0, Turning(np.outer(axis, axis), 60.0 * axis))


def turned(*heading_deg: float) -> Floats:
    """(n, 4) orientations that were turned about the vertical."""
    return np.asarray(Rotation.from_euler("z", np.array(heading_deg)[:, None], degrees=True).as_quat(scalar_first=True))


def mount(*seen: Seen, elsewhere: list[Interval] | None = None, stands: int = 6) -> dict[str, Mounting]:
    return calibrate.mount(seen, Poses(every_10_s(stands), elsewhere or []), ())


STILL = forward(*[0.0] * 6)
SIX = (0.0,) * 6
JUMPED = turned(0, 0, 0, 30, 30, 30)
BEGIN_ANEW = "begin anew: a new recording, a still stand, raises, bow."


def test_all_that_sits_as_it_did_is_known_to_the_end() -> None:
    found = mount(worn("thigh_right", STILL, raises(*SIX)), worn("pelvis", STILL, [bowing()]))
    for each in found.values():
        assert each.faces_surely
        assert (each.until_s, each.slipped, each.hangs_off_deg) == (np.inf, "", 0.0)


def test_a_thigh_that_hangs_otherwise_is_known_until_then() -> None:
    seen = worn("thigh_right", forward(0, 0, 0, 15, 15, 15), raises(*SIX))
    found = mount(seen, worn("pelvis", STILL, [bowing()]))
    thigh = found["thigh_right"]
    assert thigh.axes is not None
    assert thigh.until_s == 23.0
    assert thigh.hangs_off_deg == pytest.approx(15.0)
    assert "thigh_right hangs 15 degrees from how it stood at first, since 23 s" in thigh.slipped
    assert thigh.slipped.endswith(BEGIN_ANEW)
    assert found["pelvis"].slipped == ""


def test_a_pelvis_that_hangs_otherwise_is_known_until_then_and_the_thigh_on() -> None:
    pelvis = worn("pelvis", forward(0, 0, 12, 12, 12, 12), [bowing()])
    found = mount(worn("thigh_right", STILL, raises(*SIX)), pelvis)
    assert (found["pelvis"].until_s, found["thigh_right"].until_s) == (13.0, np.inf)
    assert "pelvis hangs 12 degrees" in found["pelvis"].slipped


def test_poses_that_are_no_stand_any_more_tell_of_a_slip_too() -> None:
    elsewhere = [(70.0, 73.0), (80.0, 83.0), (90.0, 93.0)]
    seen = worn("thigh_right", STILL, raises(*SIX), forward(25, 26, 27))
    found = mount(seen, elsewhere=elsewhere)["thigh_right"]
    assert found.until_s == 53.0
    assert found.hangs_off_deg == pytest.approx(26.0)


def test_a_thigh_that_turns_about_another_axis_is_known_until_that_raise() -> None:
    found = mount(worn("thigh_right", STILL, raises(0.0, 0.0, 0.0, 50.0, 50.0, 50.0)))["thigh_right"]
    assert (found.by, found.times, found.until_s, found.hangs_off_deg) == ("raises", 3, 35.0, 0.0)
    assert "since 35 s the right thigh turns about another axis, 50 degrees off" in found.slipped
    assert found.slipped.endswith(BEGIN_ANEW)


THREE_POSES = [(70.0, 73.0), (80.0, 83.0), (90.0, 93.0)]


@pytest.mark.parametrize(("thigh_deg", "slipped"), [(10.0, True), (44.0, True), (46.0, False), (85.0, False)])
def test_a_pelvis_that_leans_in_poses_in_which_the_thighs_do_not_hang_has_not_slipped(
    thigh_deg: float, slipped: bool
) -> None:
    """On a seat it leans back by 25 degrees. Of two thighs one that is up is enough."""
    pelvis = worn("pelvis", STILL, [bowing()], forward(25, 26, 27))
    left = worn("thigh_left", STILL, raises(*SIX), forward(2, 2, 2))
    right = worn("thigh_right", STILL, raises(*SIX), forward(*[thigh_deg] * 3))
    for thighs in ((right,), (left, right), (right, left)):
        found = mount(*thighs, pelvis, elsewhere=THREE_POSES)["pelvis"]
        assert bool(found.slipped) == slipped
        assert found.until_s == (53.0 if slipped else np.inf)


def test_of_poses_only_those_in_which_the_thighs_hang_count() -> None:
    """A seat between two of them, and after the last."""
    elsewhere = [(70.0 + 10.0 * i, 73.0 + 10.0 * i) for i in range(5)]
    pelvis = worn("pelvis", STILL, [bowing()], forward(20, 40, 21, 22, 40))
    thigh = worn("thigh_right", STILL, raises(*SIX), forward(3, 85, 4, 3, 85))
    found = mount(thigh, pelvis, elsewhere=elsewhere)
    assert found["pelvis"].until_s == 53.0
    assert found["pelvis"].hangs_off_deg == pytest.approx(21.0)
    assert found["thigh_right"].slipped == ""


def test_of_a_thigh_that_was_not_seen_in_a_pose_it_is_not_said_that_it_was_up() -> None:
    pelvis = worn("pelvis", STILL, [bowing()], forward(25, 26, 27))
    thigh = worn("thigh_right", STILL, raises(*SIX), forward(NAN, NAN, NAN))
    assert mount(thigh, pelvis, elsewhere=THREE_POSES)["pelvis"].until_s == 53.0


def test_when_nobody_came_back_to_the_reference_stand_poses_with_the_thighs_up_count() -> None:
    """It was a seat itself: the thighs hang 85 degrees from there."""
    thigh = worn("thigh_right", forward(0), raises(0.0, 0.0), forward(85, 86, 85))
    found = mount(thigh, elsewhere=THREE_POSES, stands=1)["thigh_right"]
    assert found.until_s == 3.0
    assert found.hangs_off_deg == pytest.approx(85.0)


def test_of_two_signs_the_earlier_one_counts() -> None:
    """From then on elevation is off by as much as it hangs otherwise at the end."""
    turns = raises(0.0, 0.0, 0.0, 50.0, 50.0, 50.0)
    found = mount(worn("thigh_right", forward(0, 15, 15, 15, 15, 15), turns))["thigh_right"]
    assert found.until_s == 3.0
    assert found.hangs_off_deg == pytest.approx(15.0)
    found = mount(worn("thigh_right", forward(0, 0, 0, 0, 0, 20), turns))["thigh_right"]
    assert found.until_s == 35.0
    assert found.hangs_off_deg == pytest.approx(20.0)


@pytest.mark.parametrize("slipped", ["thigh_left", "pelvis"])
def test_a_thigh_that_faces_otherwise_beside_the_pelvis_leaves_the_pelvis_known_until_then(slipped: str) -> None:
    """Which of the two slipped is not known, so that all that rests on the pelvis ends."""
    thigh, pelvis = (JUMPED, STILL) if slipped == "thigh_left" else (STILL, JUMPED)
    found = mount(worn("thigh_left", thigh, raises(*SIX)), worn("pelvis", pelvis, [bowing()]))
    assert found["pelvis"].axes is not None
    assert (found["pelvis"].until_s, found["pelvis"].hangs_off_deg) == (23.0, 0.0)
    assert "thigh_left and pelvis face 30 degrees otherwise since 23 s" in found["pelvis"].slipped
    assert found["pelvis"].slipped.endswith(BEGIN_ANEW)
    assert found["thigh_left"].until_s == np.inf


@pytest.mark.parametrize("slipped", ["thigh_left", "thigh_right"])
@pytest.mark.parametrize("order", [1, -1])
def test_of_two_thighs_the_one_that_faces_otherwise_slipped_itself(slipped: str, order: int) -> None:
    """The other one and the pelvis agree."""
    thighs = [
        worn(place, JUMPED if place == slipped else STILL, raises(*SIX)) for place in ("thigh_left", "thigh_right")
    ]
    found = mount(*thighs[::order], worn("pelvis", STILL, [bowing()]))
    assert found[slipped].axes is not None
    assert (found[slipped].until_s, found[slipped].hangs_off_deg) == (23.0, 0.0)
    assert f"{slipped} and pelvis face 30 degrees otherwise since 23 s" in found[slipped].slipped
    for place, each in found.items():
        assert place == slipped or (each.until_s, each.slipped) == (np.inf, "")


def test_when_both_thighs_face_otherwise_the_pelvis_slipped() -> None:
    thighs = [worn(place, STILL, raises(*SIX)) for place in ("thigh_left", "thigh_right")]
    found = mount(*thighs, worn("pelvis", JUMPED, [bowing()]))
    assert found["pelvis"].until_s == 23.0
    assert [found[place].slipped for place in ("thigh_left", "thigh_right")] == ["", ""]


@pytest.mark.parametrize("both", [False, True], ids=["one thigh", "two thighs"])
def test_a_thigh_whose_raises_say_that_it_slipped_did_so_when_it_faces_otherwise(both: bool) -> None:
    """The pelvis is known on, and what is said of the thigh is what its raises say."""
    left = worn("thigh_left", JUMPED, raises(0.0, 0.0, 0.0, 50.0, 50.0, 50.0))
    others = [worn("thigh_right", STILL, raises(*SIX))] if both else []
    found = mount(left, *others, worn("pelvis", STILL, [bowing()]))
    assert found["thigh_left"].until_s == 23.0
    assert "the left thigh turns about another axis, 50 degrees off" in found["thigh_left"].slipped
    assert (found["pelvis"].until_s, found["pelvis"].slipped) == (np.inf, "")
    assert all(found[seen.case.placement].slipped == "" for seen in others)


def test_a_jump_after_the_raises_said_so_adds_nothing() -> None:
    left = worn("thigh_left", turned(0, 0, 0, 0, 0, 30), raises(0.0, 0.0, 0.0, 50.0, 50.0, 50.0))
    found = mount(left, worn("pelvis", STILL, [bowing()]))
    assert (found["thigh_left"].until_s, found["pelvis"].until_s) == (35.0, np.inf)


@pytest.mark.parametrize("place", ["thigh_left", "pelvis"])
def test_a_sensor_whose_heading_began_anew_after_a_gap_has_not_slipped(place: str) -> None:
    def found(break_s: float) -> dict[str, Mounting]:
        breaks = {place: (break_s,)}
        q = {place: JUMPED}
        thigh, pelvis = (
            worn(each, q.get(each, STILL), learned, breaks_s=breaks.get(each, ()))
            for each, learned in (("thigh_left", raises(*SIX)), ("pelvis", [bowing()]))
        )
        return mount(thigh, pelvis)

    assert [each.slipped for each in found(25.0).values()] == ["", ""]
    assert found(35.0)["pelvis"].until_s == 23.0


@pytest.mark.parametrize(("thigh", "pelvis"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_heading_may_drift_faster_unless_both_gyroscopes_were_zeroed(thigh: bool, pelvis: bool) -> None:
    """By 22 degrees in 10 s: 21 are the most of two that were."""
    left = worn("thigh_left", turned(0, 0, 0, 22, 22, 22), raises(*SIX), zeroed=thigh)
    found = mount(left, worn("pelvis", STILL, [bowing()], zeroed=pelvis))
    assert found["pelvis"].until_s == (23.0 if thigh and pelvis else np.inf)


def test_who_turns_about_as_a_whole_has_not_slipped() -> None:
    about = turned(0, 90, 180, 200, 10, 5)
    found = mount(worn("thigh_left", about, raises(*SIX)), worn("pelvis", about, [bowing()]))
    assert [each.slipped for each in found.values()] == ["", ""]


@pytest.mark.parametrize("order", [1, -1])
def test_the_first_thigh_that_faces_otherwise_counts(order: int) -> None:
    left = worn("thigh_left", turned(0, 0, 0, 0, 30, 30), raises(*SIX))
    right = worn("thigh_right", turned(0, 0, 40, 40, 40, 40), raises(*SIX))
    found = mount(*(left, right)[::order], worn("pelvis", STILL, [bowing()]))["pelvis"]
    assert found.until_s == 13.0
    assert "thigh_right and pelvis face 40 degrees" in found.slipped


def test_a_jump_after_the_pelvis_was_known_to_hang_otherwise_adds_nothing() -> None:
    pelvis = worn("pelvis", forward(0, 15, 15, 15, 15, 15), [bowing()])
    found = mount(worn("thigh_left", turned(0, 0, 0, 0, 30, 30), raises(*SIX)), pelvis)["pelvis"]
    assert found.until_s == 3.0
    assert "pelvis hangs" in found.slipped
