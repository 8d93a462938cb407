"""What one sensor shows beside the others: a slip over still feet, a reference stand that leaned, a crooked bow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hiphold import calibrate, crooked, slips
from hiphold.alignment import Alignment
from hiphold.beside import Seen
from hiphold.mounting import Mounting
from hiphold.ritual import Excursion, around
from hiphold.samples import Floats, Interval
from hiphold.stillness import Poses
from test_mounting import (
    PELVIS,
    R_PELVIS,
    R_THIGH,
    RIGHT_THIGH,
    Case,
    bow,
    lift,
    tucked,
    turned_y,
    worn_by_marks,
)
from test_slips import SIX, STILL, UP, bowing, every_10_s, forward, mount, raises, worn

NAN = float("nan")


def up(*leans_deg: float) -> Floats:
    """(n, 3) where up is in a sensor that leans forward by so much."""
    lean = np.deg2rad(leans_deg)
    return np.column_stack((np.sin(lean), np.zeros(len(lean)), np.cos(lean)))


def turned(*leans_deg: tuple[float, ...], moved: tuple[int, ...] = ()) -> dict[int, int]:
    """Over feet that stayed but between the poses of `moved` and the next."""
    stayed = np.array([i not in moved for i in range(len(leans_deg[0]) - 1)])
    return slips.over_still_feet(np.array([up(*each) for each in leans_deg]), stayed)


# Over still feet


def test_one_that_turns_alone_and_stays_so_slipped() -> None:
    assert turned((0, 0, 5, 6, 4), (0, 0, 0, 1, -2)) == {0: 1}


@pytest.mark.parametrize(("lean_deg", "slipped"), [(3.5, False), (3.7, True)])
def test_less_than_4_sd_of_standing_still_is_no_slip(lean_deg: float, slipped: bool) -> None:
    assert bool(turned((0, 0, lean_deg, lean_deg), (0, 0, 0, 0))) == slipped


def test_where_the_feet_moved_as_much_is_no_slip() -> None:
    assert turned((0, 0, 6, 6), (0, 0, 0, 0), moved=(1,)) == {}


def test_what_is_not_seen_to_last_is_a_lean_and_no_slip() -> None:
    assert turned((0, 0, 6, 0, 1), (0, 0, 0, 0, 0)) == {}
    assert turned((0, 0, 6), (0, 0, 0)) == {}


def test_who_leans_turns_all_sensors_which_counts_on_its_first_feet_only() -> None:
    assert turned((0, 0, 6, 6), (0, 0, 5, 5), moved=(0,)) == {}
    assert turned((0, 0, 6, 6), (0, 0, 5, 5), moved=(2,)) == {0: 1, 1: 1}
    assert turned((0, 6, 6, 6), (0, 5, 5, 4)) == {0: 0, 1: 0}


def test_getting_up_from_a_seat_is_no_slip() -> None:
    assert turned((0, 80, 0, 1), (0, 0, 0, 0)) == {}


def test_a_sensor_that_was_not_seen_turned_nowhere() -> None:
    assert turned((0, NAN, 6, 6), (0, 0, 0, 0)) == {}
    assert turned((0, 0, 6, NAN, 6), (0, 0, NAN, 0, 0), moved=(0,)) == {}


def test_feet_stay_unless_a_leg_was_lifted_or_put_down_from_one_pose_to_the_next() -> None:
    poses = every_10_s(3)
    assert slips.feet_stayed(poses, []).tolist() == [True, True]
    assert slips.feet_stayed(poses, [(4.0, 6.0)]).tolist() == [False, True]
    assert slips.feet_stayed(poses, [(4.0, 40.0)]).tolist() == [False, True]
    assert slips.feet_stayed(poses, [(-5.0, 15.0)]).tolist() == [True, False]
    assert slips.feet_stayed(poses, [(-5.0, 40.0)]).tolist() == [True, True]


# Alone


AFTER = [(100.0, 103.0), (110.0, 113.0), (120.0, 123.0)]


@pytest.mark.parametrize(
    ("leans_deg", "slipped"),
    [((70, 71), True), ((30, 70, 71), True), ((71,), False), ((30, 70), False), ((14, 14), False), ((16, 16), True)],
)
def test_two_alike_poses_in_which_only_one_sensor_is_away_are_a_slip(
    leans_deg: tuple[float, ...], slipped: bool
) -> None:
    found = slips.left_alone(UP, every_10_s(6), AFTER[: len(leans_deg)], forward(*leans_deg))
    assert (found is not None) == slipped
    assert found is None or found[1] == pytest.approx(leans_deg[-1], abs=1.0)


@pytest.mark.parametrize(("out", "slipped"), [((90.0, 130.0), True), ((97.0, 130.0), False), ((90.0, 99.0), False)])
def test_who_never_came_back_from_a_hold_slipped_in_it(out: Interval, slipped: bool) -> None:
    """A sensor that comes upright first and goes away again is on somebody who sat down."""
    found = slips.never_back(UP, every_10_s(6), AFTER[:1], forward(40), [out], [(91.0, 96.0)])
    assert (found is not None) == slipped
    assert found is None or (found[0], round(found[1])) == (53.0, 40)


@pytest.mark.parametrize(("back_s", "slipped"), [(0.4, True), (0.6, False)])
def test_passing_by_how_it_hung_is_no_coming_back(back_s: float, slipped: bool) -> None:
    out = [(98.0 + back_s, 130.0), (90.0, 98.0)]
    assert bool(slips.never_back(UP, every_10_s(6), AFTER[:1], forward(40), out, [(91.0, 96.0)])) == slipped


# What becomes of it


def test_a_thigh_that_turned_alone_over_still_feet_is_known_until_then() -> None:
    """Six degrees, which a foot that is put back might be off by, too."""
    lifted = [each for each in raises(*SIX) if each.start_s != 25.0]
    found = mount(worn("thigh_right", forward(0, 0, 0, 6, 6, 6), lifted), worn("pelvis", STILL, [bowing()]))
    assert found["thigh_right"].until_s == 23.0
    assert found["thigh_right"].hangs_off_deg == pytest.approx(6.0)
    assert (found["pelvis"].slipped, found["pelvis"].until_s) == ("", np.inf)
    again = mount(worn("thigh_right", forward(0, 0, 0, 6, 6, 6), raises(*SIX)), worn("pelvis", STILL, [bowing()]))
    assert again["thigh_right"].slipped == ""


def test_a_pelvis_that_leaned_in_the_reference_stand_makes_the_thighs_doubted_too() -> None:
    pelvis, thigh = worn("pelvis", forward(0, *[8.0] * 5), [bowing()]), worn("thigh_right", forward(0, *[7] * 5), [])
    found = mount(replace(thigh, excursions=raises(*SIX)), pelvis)
    assert [each.until_s for each in found.values()] == [3.0, 3.0]
    assert found["thigh_right"].hangs_off_deg == pytest.approx(7.0)
    assert found["pelvis"].hangs_off_deg == pytest.approx(8.0)


def test_a_pelvis_hangs_more_alike_than_a_thigh() -> None:
    found = mount(
        worn("pelvis", forward(0, 0, 0, 7, 7, 7), [bowing()]),
        worn("thigh_right", forward(0, 0, 0, 7, 7, 7), raises(*SIX)),
    )
    assert (found["pelvis"].until_s, found["thigh_right"].until_s) == (23.0, np.inf)


# A crooked bow, thighs that were swapped


def ritual(off_deg: float, legs: int = 2, case: Case = PELVIS, r_case: Floats = R_PELVIS) -> dict[str, Mounting]:
    """Two raises with each leg, and a bow that goes so much astray."""
    stands = [(0.0, 3.0)]
    q = np.array([[1.0, 0.0, 0.0, 0.0]])
    starts = {"thigh_right": (5.0, 10.0), "thigh_left": (15.0, 20.0)}

    def seen(of: Case, r: Floats, excursions: list[Excursion]) -> Seen:
        return Seen(of, Alignment(r[:, 1], stands[0], 0.4, 0.0), q, np.empty((0, 4)), excursions)

    tips = [tucked(r_case, start_s) for each in list(starts.values())[:legs] for start_s in each]
    sensors = [seen(case, r_case, [*tips, bow(r_case, 25.0, off_deg=off_deg)])]
    for place, start in list(starts.items())[:legs]:
        sensors.append(seen(replace(RIGHT_THIGH, placement=place), R_THIGH, [lift(R_THIGH, s) for s in start]))
    return calibrate.mount(sensors, Poses(stands), ())


@pytest.mark.parametrize(
    ("off_deg", "legs", "doubted"),
    [(0, 2, False), (11, 2, False), (13, 2, True), (-13, 2, True), (26, 1, False), (29, 1, True)],
)
def test_a_crooked_bow_is_doubted_and_empties_nothing(off_deg: float, legs: int, doubted: bool) -> None:
    """With one leg it may be the hike of that side, too."""
    found = ritual(off_deg, legs)["pelvis"]
    assert (found.by, found.why) == ("bow", "")
    assert bool(found.doubt) == doubted
    if doubted:
        assert found.doubt == (
            f"in the raises the pelvis tips {abs(off_deg)} degrees from where it seems to face: its bow was crooked, "
            "and obliquity takes some of the tilt; bow again, straight forward."
        )


def test_marks_that_agree_with_the_raises_speak_against_a_bow_too() -> None:
    r = worn_by_marks("back")
    assert not ritual(20.0, 1)["pelvis"].doubt
    assert "20 degrees" in ritual(20.0, 1, Case("pelvis", "back"), r)["pelvis"].doubt
    # about marks that lie elsewhere altogether nothing is said
    assert not ritual(20.0, 1, Case("pelvis", "left"), r)["pelvis"].doubt


@pytest.mark.parametrize(("lids", "opposite"), [(("left", "right"), True), (("right", "right"), False)])
def test_lids_that_both_face_the_other_way_are_on_thighs_that_were_swapped(
    lids: tuple[str, str], opposite: bool
) -> None:
    seen = []
    for place, lid, really in zip(("thigh_right", "thigh_left"), lids, ("right", "left")):
        r = worn_by_marks(really)
        q = np.array([[1.0, 0.0, 0.0, 0.0]])
        lifted = [lift(r, 5.0), lift(r, 10.0)]
        seen.append(Seen(Case(place, lid), Alignment(r[:, 1], (0.0, 3.0), 0.4, 0.0), q, np.empty((0, 4)), lifted))
    found = calibrate.mount(seen, Poses([(0.0, 3.0)]), ())
    for each in found.values():
        assert each.faces_surely
        assert ("seem to be swapped" in each.doubt) == opposite


def test_axes_that_nobody_raised_or_marked_are_not_opposite() -> None:
    r = worn_by_marks("right")
    axes = around(r[:, 1], turned_y(r, 180.0)[:, 2], 1.0)
    case = Case("thigh_right", "right")
    assert crooked.opposite(Mounting(axes, "raises", 2), case, r[:, 1])
    assert not crooked.opposite(Mounting(axes, "marks"), case, r[:, 1])
    assert not crooked.opposite(Mounting(), case, r[:, 1])
    assert not crooked.opposite(Mounting(axes, "raises", 2), case, -r[:, 1])
