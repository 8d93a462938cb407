"""How each sensor sits, from raises and bows made by hand and from the marks on the case.

Case frame: y is the up mark, z out of the lid, x = y cross z. Segment: x anterior, y up, z to the right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hiphold import calibrate, mounting, ritual
from hiphold.alignment import Alignment
from hiphold.beside import Seen
from hiphold.drill import Bout
from hiphold.mounting import Mounting, axes_by_marks, bows_of, is_bow, is_raise, kind, raises_of
from hiphold.ritual import Axes, Excursion, Turning
from hiphold.samples import Event, Floats, Interval
from hiphold.stillness import Poses

BY_LID = {
    "right": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "left": ((-1, 0, 0), (0, 1, 0), (0, 0, -1)),
    "front": ((0, 0, 1), (0, 1, 0), (-1, 0, 0)),
    "back": ((0, 0, -1), (0, 1, 0), (1, 0, 0)),
}
"""anterior, up and right of the wearer in the case, when it is on as its marks ask"""


@dataclass(frozen=True)
class Case:
    placement: str
    lid: str
    chip: str = "lsm6dsv16x"


RIGHT_THIGH, PELVIS, TRUNK = Case("thigh_right", "right"), Case("pelvis", "back"), Case("trunk", "back")


STANDS: list[Interval] = [(0.0, 3.0), (40.0, 43.0), (60.0, 63.0)]
"""the first is the reference"""


def worn_by_marks(lid: str) -> Floats:
    """(3, 3) R_case_from_segment."""
    return np.column_stack(BY_LID[lid]).astype(float)


def rotated(r: Floats, about: str, deg: float) -> Floats:
    """The case turned on the body about one of its own axes: everything else turns the other way in it."""
    return np.asarray(Rotation.from_euler(about, -deg, degrees=True).as_matrix() @ r)


def any_mounting(seed: int) -> Floats:
    return np.asarray(Rotation.random(random_state=seed).as_matrix())


def turned_y(r: Floats, deg: float) -> Floats:
    """A segment frame turned about the bone."""
    return np.asarray(r @ Rotation.from_euler("y", deg, degrees=True).as_matrix())


def turning(axis: Floats) -> Turning:
    """Of a segment that tipped away from the stand about this axis, and came back about the same."""
    return Turning(np.outer(axis, axis), 60 * axis)


def lift(r: Floats, start_s: float = 10.0, top_deg: float = 120.0, off_deg: float = 0.0) -> Excursion:
    """A raise of a thigh that sits like r: about z, or about an axis that is off by so much, seen from above."""
    s, c = np.sin(np.deg2rad(off_deg)), np.cos(np.deg2rad(off_deg))
    return Excursion(start_s, start_s + 2, top_deg, 1.0, float("nan"), turning(r @ np.array((s, 0.0, c))))


def bow(
    r: Floats,
    start_s: float = 20.0,
    top_deg: float = 40.0,
    deep_s: float = 1.0,
    other_deg: float = 5.0,
    off_deg: float = 0.0,
) -> Excursion:
    """A bow of a pelvis or trunk that sits like r: about -z. off_deg: 90 is to the side, 180 backward."""
    s, c = np.sin(np.deg2rad(off_deg)), np.cos(np.deg2rad(off_deg))
    return Excursion(start_s, start_s + 2, top_deg, deep_s, other_deg, turning(r @ np.array((-s, 0.0, -c))))


def tucked(r: Floats, start_s: float = 10.0, off_deg: float = 0.0) -> Excursion:
    """What the pelvis does while a thigh is up: it tips backward by 15 degrees, or to somewhere else."""
    s, c = np.sin(np.deg2rad(off_deg)), np.cos(np.deg2rad(off_deg))
    return Excursion(start_s, start_s + 2, 15.0, 0.0, 120.0, turning(r @ np.array((s, 0.0, c))))


def like_a_bow(r: Floats, start_s: float) -> Excursion:
    """What the pelvis does while a leg without a sensor is up: far backward, and the thigh with one hangs."""
    return bow(r, start_s, top_deg=25.0, off_deg=180.0)


def hanging(r: Floats, *leans_deg: float) -> Floats:
    """(m, 4) orientation in stands in which it leans forward by so much from how it stood at first; NaN: not seen."""
    lean = Rotation.from_euler("y", np.nan_to_num(leans_deg)[:, None], degrees=True)
    upright = Rotation.from_matrix(np.column_stack(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0))) @ r.T)
    q = (lean * upright).as_quat(scalar_first=True)
    return np.where(np.isnan(leans_deg)[:, None], np.nan, q)


def sensor(
    case: Case,
    r: Floats,
    excursions: list[Excursion],
    bouts: tuple[Bout, ...] = (),
    sway_deg: float = 0.4,
    leans_deg: tuple[float, float, float] = (0.0, 2.0, 1.0),
    elsewhere_deg: tuple[float, ...] = (),
) -> Seen:
    aligned = Alignment(r[:, 1], STANDS[0], sway_deg, 0.0)
    return Seen(case, aligned, hanging(r, *leans_deg), hanging(r, *elsewhere_deg), excursions, bouts)


def mount(seen: list[Seen], *events: Event, elsewhere: tuple[Interval, ...] = ()) -> dict[str, Mounting]:
    return calibrate.mount(seen, Poses(STANDS, list(elsewhere)), events)


def check_axes(found: Mounting, r: Floats, by: str, atol: float = 1e-9) -> None:
    assert found.axes is not None
    np.testing.assert_allclose(found.axes.r_sensor_from_segment, r, atol=atol)
    assert found.by == by


def check_none(found: Mounting, *sentence: str) -> None:
    assert found.axes is None
    assert not found.faces_surely
    assert found.why.endswith(".")
    for part in sentence:
        assert part in found.why


# What is a raise, what is a bow


@pytest.mark.parametrize(("top_deg", "is_one"), [(44.9, False), (45.0, True), (140.0, True)])
def test_a_raise_takes_the_thigh_45_degrees_up(top_deg: float, is_one: bool) -> None:
    assert is_raise(lift(np.eye(3), top_deg=top_deg)) == is_one


def test_a_bow_tips_the_pelvis_with_the_legs_hanging() -> None:
    assert is_bow(bow(np.eye(3)))


@pytest.mark.parametrize(("deep_s", "is_one"), [(0.39, False), (0.4, True)])
def test_a_jerk_or_a_nod_is_no_bow(deep_s: float, is_one: bool) -> None:
    """It is deep, that is above 20 degrees, for too short; a nod is never deep."""
    assert is_bow(bow(np.eye(3), deep_s=deep_s)) == is_one


@pytest.mark.parametrize(("top_deg", "is_one"), [(75.0, True), (76.0, False)])
def test_no_pelvis_bows_deeper_than_75_degrees(top_deg: float, is_one: bool) -> None:
    assert is_bow(bow(np.eye(3), top_deg=top_deg)) == is_one


@pytest.mark.parametrize(("other_deg", "is_one"), [(25.0, True), (26.0, False), (90.0, False)])
def test_sitting_down_is_no_bow(other_deg: float, is_one: bool) -> None:
    assert is_bow(bow(np.eye(3), other_deg=other_deg)) == is_one


def test_a_bow_beside_thighs_that_were_not_seen_is_a_bow() -> None:
    assert is_bow(bow(np.eye(3), other_deg=float("nan")))


@pytest.mark.parametrize(
    ("excursion", "name"),
    [
        (lift(np.eye(3)), "raise"),
        (lift(np.eye(3), top_deg=45.0), "raise"),
        (tucked(np.eye(3)), "raise"),
        (replace(tucked(np.eye(3)), other_deg=46.0, deep_s=1.0), "raise"),
        (bow(np.eye(3)), "bow"),
        (bow(np.eye(3), other_deg=float("nan")), "bow"),
        (bow(np.eye(3), deep_s=0.4, top_deg=25.0), "bow"),
        (bow(np.eye(3), deep_s=0.39), "other"),
        (lift(np.eye(3), top_deg=30.0), "bow"),
        (replace(lift(np.eye(3), top_deg=30.0), deep_s=0.0), "other"),
    ],
)
def test_kinds_of_excursions(excursion: Excursion, name: str) -> None:
    """A thigh's raise and what the pelvis does in it; a bow; steps and nods. A lunge is kept among bows."""
    placement = "thigh_right" if np.isnan(excursion.other_deg) else "pelvis"
    assert kind(excursion, placement) == name


# Events


STEP, FIRST, SECOND, THIRD = (
    lift(np.eye(3), 5.0, top_deg=30.0),
    lift(np.eye(3), 10.0),
    lift(np.eye(3), 20.0),
    lift(np.eye(3), 30.0),
)
"""2 s each"""


def test_without_events_every_raise_counts_and_a_step_does_not() -> None:
    others = (Event(10.0, 12.0, "raise_left"), Event(10.0, 12.0, "bow"), Event(10.0, 12.0, "hold_right"))
    assert raises_of([STEP, FIRST, SECOND], "right", (), ()) == [FIRST, SECOND]
    assert raises_of([STEP, FIRST, SECOND], "right", others, ()) == [FIRST, SECOND]


def test_events_say_which_raises_count() -> None:
    marked = (Event(19.0, 21.0, "raise_right"), Event(4.0, 8.0, "raise_right"), Event(9.0, 13.0, "raise_left"))
    assert raises_of([STEP, FIRST, SECOND], "right", marked, ()) == [SECOND]
    assert raises_of([STEP, FIRST, SECOND], "left", marked, ()) == [FIRST]


def test_raises_that_lead_into_holds_count_beside_those_that_are_marked() -> None:
    """A hold of 5 s, and an attempt of 4."""
    marked = (Event(19.0, 21.0, "raise_right"),)
    assert raises_of([FIRST, SECOND, THIRD], "right", marked, [Bout(11.0, 16.0)]) == [FIRST, SECOND]
    assert raises_of([FIRST, SECOND, THIRD], "right", marked, [Bout(11.0, 15.0)]) == [SECOND]


def test_a_marked_raise_that_is_none_leaves_none() -> None:
    assert raises_of([FIRST], "right", (Event(50.0, 52.0, "raise_right"),), ()) == []


def test_without_events_a_bow_is_what_looks_like_one() -> None:
    good, seat = bow(np.eye(3), 20.0), bow(np.eye(3), 30.0, other_deg=80.0)
    assert bows_of([good, seat], ()) == [good]
    assert bows_of([good, seat], (Event(30.0, 31.0, "raise_left"),)) == [good]


@pytest.mark.parametrize(("top_deg", "counts"), [(9.9, False), (12.0, True), (75.0, True), (80.0, False)])
def test_events_say_which_bow_counts_however_small(top_deg: float, counts: bool) -> None:
    small, other = bow(np.eye(3), 20.0, top_deg, deep_s=0.0), bow(np.eye(3), 30.0)
    assert bows_of([small, other], (Event(19.0, 23.0, "bow"),)) == ([small] if counts else [])


# The marks on the case


both_thighs = pytest.mark.parametrize("placement", ["thigh_right", "thigh_left"])
every_lid = pytest.mark.parametrize("lid", list(BY_LID))


def by_marks(r: Floats, lid: str, placement: str = "pelvis", chip: str = "lsm6dsv16x") -> Axes | str:
    return axes_by_marks(Case(placement, lid, chip), r[:, 1])


@every_lid
@pytest.mark.parametrize("placement", ["thigh_right", "thigh_left", "pelvis", "trunk"])
def test_the_lid_tells_which_way_is_forward(lid: str, placement: str) -> None:
    """The same for both legs: right and left are the wearer's, not inner and outer."""
    found = by_marks(worn_by_marks(lid), lid, placement)
    assert isinstance(found, Axes)
    np.testing.assert_allclose(found.r_sensor_from_segment, worn_by_marks(lid), atol=1e-9)
    assert np.isnan(found.spread_deg)


@every_lid
@both_thighs
@pytest.mark.parametrize("off_deg", [-25.0, 25.0])
def test_a_case_that_is_on_somewhat_crooked_is_put_right_by_gravity(lid: str, placement: str, off_deg: float) -> None:
    """Turned in the plane of its lid: exact. And with the lid leaning up or down: exact too."""
    for about in ("z", "x"):
        r = rotated(worn_by_marks(lid), about, off_deg)
        found = by_marks(r, lid, placement)
        assert isinstance(found, Axes)
        np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)


@every_lid
def test_turned_about_the_vertical_the_marks_are_wrong_by_as_much(lid: str) -> None:
    """Which is why two raises and a bow are better."""
    r = rotated(worn_by_marks(lid), "y", 20.0)
    found = by_marks(r, lid)
    assert isinstance(found, Axes)
    assert ritual.between_deg(found, Axes(r, 0.0)) == pytest.approx(20)


@every_lid
@pytest.mark.parametrize(("off_deg", "said"), [(29.0, ""), (31.0, "31 degrees"), (90.0, "90 deg"), (180.0, "180 deg")])
def test_a_case_whose_up_mark_is_not_up_is_refused(lid: str, off_deg: float, said: str) -> None:
    """Upside down included."""
    found = by_marks(rotated(worn_by_marks(lid), "z", off_deg), lid)
    if said:
        assert isinstance(found, str)
        assert "up mark" in found
        assert said in found
    else:
        assert isinstance(found, Axes)


@pytest.mark.parametrize("off_deg", [-36.0, 36.0, 90.0])
@pytest.mark.parametrize("chip", ["lsm6dsv16x", "x-imu3", "imported", ""])
def test_a_lid_that_faces_up_or_down_is_refused(off_deg: float, chip: str) -> None:
    found = by_marks(rotated(worn_by_marks("back"), "x", off_deg), "back", chip=chip)
    assert isinstance(found, str)
    assert f"lid faces {abs(off_deg):.0f} degrees" in found


@every_lid
@pytest.mark.parametrize("off_deg", [31.0, 90.0, 180.0, -90.0])
def test_an_x_imu3_has_no_up_mark_and_may_be_on_the_pelvis_any_way_up(lid: str, off_deg: float) -> None:
    r = rotated(worn_by_marks(lid), "z", off_deg)
    found = by_marks(r, lid, chip="x-imu3")
    assert isinstance(found, Axes)
    np.testing.assert_allclose(found.r_sensor_from_segment, r, atol=1e-9)


@pytest.mark.parametrize("placement", ["thigh_right", "thigh_left", "trunk"])
def test_of_an_x_imu3_elsewhere_the_marks_tell_nothing(placement: str) -> None:
    assert by_marks(worn_by_marks("right"), "right", placement, "x-imu3") == "its case has no up mark"


# Thigh


UPSIDE_DOWN = rotated(worn_by_marks("right"), "z", 180.0)
"""the marks say nothing of such a case"""


def thigh(r: Floats, *raises: Excursion, case: Case = RIGHT_THIGH) -> Mounting:
    return mounting.thigh(case, r[:, 1], raises)


@pytest.mark.parametrize("seed", range(4))
def test_two_raises_give_the_thigh_in_any_mounting(seed: int) -> None:
    r = any_mounting(seed)
    found = thigh(r, lift(r), lift(r, 20.0))
    check_axes(found, r, "raises")
    assert (found.times, found.why) == (2, "")
    assert found.faces_surely


def test_two_raises_win_over_the_marks() -> None:
    """The marks are 40 degrees off: the case is on the front of the thigh as much as on its side."""
    r = rotated(worn_by_marks("right"), "y", 40.0)
    check_axes(thigh(r, lift(r), lift(r, 20.0)), r, "raises")


def test_two_raises_that_stray_to_either_side_give_what_lies_between() -> None:
    r = any_mounting(3)
    found = thigh(r, lift(r, off_deg=10.0), lift(r, off_deg=-10.0))
    check_axes(found, r, "raises")
    assert found.axes is not None
    assert found.axes.spread_deg == pytest.approx(10)


def test_one_raise_alone_gives_axes_that_are_not_sure() -> None:
    found = thigh(UPSIDE_DOWN, lift(UPSIDE_DOWN))
    check_axes(found, UPSIDE_DOWN, "raises")
    assert found.times == 1
    assert not found.faces_surely
    assert "the right knee was raised only once" in found.why
    assert "raise it twice" in found.why


@both_thighs
def test_one_raise_and_marks_that_agree_are_sure_and_meet_halfway(placement: str) -> None:
    r = worn_by_marks("right")
    found = thigh(r, lift(r, off_deg=20.0), case=Case(placement, "right"))
    check_axes(found, rotated(r, "y", -10.0), "marks")
    assert found.times == 1
    assert found.faces_surely


@pytest.mark.parametrize("off_deg", [30.0, 180.0])
def test_one_raise_that_the_marks_contradict_is_not_sure(off_deg: float) -> None:
    r = worn_by_marks("right")
    found = thigh(r, lift(r, off_deg=off_deg))
    check_axes(found, rotated(r, "y", -off_deg), "raises")
    assert not found.faces_surely
    assert found.why


@every_lid
def test_a_thigh_that_was_never_raised_is_known_by_its_marks(lid: str) -> None:
    found = thigh(worn_by_marks(lid), case=Case("thigh_left", lid))
    check_axes(found, worn_by_marks(lid), "marks")
    assert (found.times, found.faces_surely) == (0, True)


def test_a_thigh_that_was_never_raised_and_whose_marks_are_off_is_not_known() -> None:
    check_none(thigh(UPSIDE_DOWN), "the right leg was never raised", "up mark points 180 degrees", "twice")
    lying = rotated(worn_by_marks("left"), "x", 50.0)
    check_none(thigh(lying, case=Case("thigh_left", "left")), "the left leg", "lid faces 50 degrees")
    check_none(thigh(worn_by_marks("right"), case=Case("thigh_right", "right", "x-imu3")), "no up mark")


def test_of_a_thigh_that_was_raised_too_slowly_it_is_not_said_that_it_never_was() -> None:
    # A leg that rises by less than 60 degrees a second turns without a clean sample.
    slow = replace(lift(UPSIDE_DOWN), turning=Turning())
    assert "never raised" not in thigh(UPSIDE_DOWN, slow, slow).why


@pytest.mark.parametrize(("off_deg", "slipped"), [(15.0, False), (40.0, True)])
def test_a_thigh_is_known_from_its_raises_until_they_turn_another_axis(off_deg: float, slipped: bool) -> None:
    """Three before the strap slipped, three after. By 15 degrees it may be chance; then all count."""
    r = any_mounting(2)
    before = [lift(r, start_s) for start_s in (10.0, 20.0, 30.0)]
    after = [lift(r, start_s, off_deg=off_deg) for start_s in (40.0, 50.0, 60.0)]
    found = thigh(r, *before, *after)
    if slipped:
        check_axes(found, r, "raises")
        assert (found.times, found.until_s) == (3, 40.0)
        assert "since 40 s the right thigh turns about another axis, 40 degrees off" in found.slipped
    else:
        check_axes(found, turned_y(r, off_deg / 2), "raises")
        assert (found.times, found.until_s, found.slipped) == (6, np.inf, "")
    assert found.faces_surely


def test_a_strap_that_slipped_twice_is_known_until_the_first_time() -> None:
    # At 40 s by 40 degrees, at 70 s by 90 more. The split found first is a later one; what is before it is split again.
    r = any_mounting(2)
    off_deg = (0.0, 0.0, 0.0, 40.0, 40.0, 40.0, 130.0, 130.0, 130.0)
    found = thigh(r, *(lift(r, 10.0 * (i + 1), off_deg=off) for i, off in enumerate(off_deg)))
    check_axes(found, r, "raises")
    assert found.until_s == 40.0


# Pelvis


def pelvis(
    r: Floats, *excursions: Excursion, raised: bool = True, case: Case = PELVIS, marked: bool = False
) -> Mounting:
    return mounting.pelvis(case, r[:, 1], excursions, [] if marked else bows_of(excursions, ()), raised, marked)


@pytest.mark.parametrize("seed", range(4))
def test_a_bow_gives_the_pelvis_in_any_mounting(seed: int) -> None:
    """With raises that agree, and without any."""
    r = any_mounting(seed)
    for others in ([], [tucked(r), tucked(r, 15.0)]):
        found = pelvis(r, *others, bow(r))
        check_axes(found, r, "bow")
        assert (found.times, found.why) == (1, "")
        assert found.faces_surely


def test_several_bows_count_together() -> None:
    r = any_mounting(5)
    found = pelvis(r, bow(r, off_deg=8.0), bow(r, 30.0, off_deg=-8.0))
    check_axes(found, r, "bow")
    assert found.times == 2


def test_without_a_bow_the_marks_tell() -> None:
    r = worn_by_marks("back")
    check_axes(pelvis(r), r, "marks")
    check_axes(pelvis(r, tucked(r)), r, "marks")
    in_front = worn_by_marks("front")
    check_axes(pelvis(in_front, tucked(in_front), case=Case("pelvis", "front")), in_front, "marks")


def test_without_a_bow_or_marks_it_is_said_how_far_the_pelvis_tipped_and_what_to_do() -> None:
    r = rotated(worn_by_marks("back"), "z", 180.0)
    check_none(pelvis(r, tucked(r)), "no bow", "less than 10 degrees", "a bow is 20 or more", "180 degrees", "bow once")
    nod = bow(r, top_deg=14.0, deep_s=0.0)
    check_none(pelvis(r, nod, tucked(r)), "tipped by 14 degrees with the legs down", "a bow is 20 or more")


@pytest.mark.parametrize(("top_deg", "deep_s"), [(30.0, 0.2), (78.0, 1.0)])
def test_of_a_bow_too_short_or_too_deep_it_is_not_said_that_it_was_not_deep_enough(
    top_deg: float, deep_s: float
) -> None:
    # `the pelvis tipped by 30 degrees with the legs down, and a bow is 20 or more`
    r = rotated(worn_by_marks("back"), "z", 180.0)
    assert "20 or more" not in pelvis(r, bow(r, top_deg=top_deg, deep_s=deep_s)).why


@pytest.mark.parametrize("off_deg", [70.0, 90.0, -90.0, 180.0])
def test_a_bow_to_the_side_or_backward_is_contradicted_by_the_raises(off_deg: float) -> None:
    """In a raise the pelvis tips backward, about the axis about which it bows forward."""
    r = any_mounting(6)
    figure = f"{abs(off_deg):.0f} degrees"
    check_none(pelvis(r, tucked(r), bow(r, off_deg=off_deg)), "not straight forward", figure, "bow once")


def test_a_bow_somewhat_to_the_side_is_accepted() -> None:
    r = any_mounting(6)
    check_axes(pelvis(r, tucked(r), bow(r, off_deg=50.0)), turned_y(r, 50.0), "bow")


def test_a_sideways_bow_without_evidence_in_the_raises_is_believed() -> None:
    """A pelvis that stays within 10 degrees in the raises says nothing."""
    r = any_mounting(6)
    check_axes(pelvis(r, bow(r, off_deg=90.0)), turned_y(r, 90.0), "bow")


def forceful(excursion: Excursion) -> Excursion:
    """The same, a hundred times as much of it."""
    return replace(excursion, turning=Turning(100 * excursion.turning.power, 100 * excursion.turning.outward))


def test_each_raise_has_one_vote_on_the_bow_however_fast_it_was() -> None:
    """In one of three the pelvis was thrown to the side, or forward."""
    r = any_mounting(6)
    for off_deg in (90.0, -90.0, 180.0):
        odd = forceful(tucked(r, 15.0, off_deg))
        for raises in ([odd, tucked(r), tucked(r, 20.0)], [tucked(r), odd, tucked(r, 20.0)]):
            found = pelvis(r, *raises, bow(r, 30.0))
            check_axes(found, r, "bow")
            assert found.faces_surely
        sideways = bow(r, 30.0, off_deg=off_deg)
        check_none(pelvis(r, odd, tucked(r), tucked(r, 20.0), sideways), "not straight forward")


def test_each_raise_has_one_vote_on_the_marks() -> None:
    r = worn_by_marks("back")
    odd = forceful(tucked(r, 15.0, 90.0))
    check_axes(pelvis(r, odd, tucked(r), tucked(r, 20.0)), r, "marks")
    check_none(pelvis(r, tucked(r, 15.0), tucked(r, 10.0, 90.0), tucked(r, 20.0, 90.0)), "lid does not face")


@pytest.mark.parametrize(("off_deg", "agrees"), [(59.0, True), (61.0, False)])
def test_a_bow_may_lie_60_degrees_from_the_raises_in_the_median(off_deg: float, agrees: bool) -> None:
    r = any_mounting(6)
    raises = [tucked(r, 5.0, off_deg=20.0), tucked(r, 10.0, off_deg=off_deg), tucked(r, 15.0, off_deg=120.0)]
    found = pelvis(r, *raises, bow(r, 30.0))
    if agrees:
        check_axes(found, r, "bow")
    else:
        check_none(found, "not straight forward", "61 degrees")


def test_a_raise_in_which_the_pelvis_shows_no_axis_has_no_vote() -> None:
    r = any_mounting(6)
    unseen = [replace(tucked(r, start_s), turning=Turning()) for start_s in (5.0, 10.0)]
    check_none(pelvis(r, *unseen, tucked(r, 15.0), bow(r, 30.0, off_deg=90.0)), "not straight forward", "90 degrees")
    check_axes(pelvis(r, *unseen, bow(r, 30.0, off_deg=90.0)), turned_y(r, 90.0), "bow")


def test_raises_of_a_leg_without_a_sensor_that_look_like_bows_are_not_used() -> None:
    r = any_mounting(6)
    others = [like_a_bow(r, start_s) for start_s in (30.0, 35.0, 40.0)]
    assert all(is_bow(other) for other in others)
    for excursions in ([tucked(r), bow(r, 50.0), *others], [*others, tucked(r), bow(r, 50.0)]):
        found = pelvis(r, *excursions)
        check_axes(found, r, "bow")
        assert (found.times, found.faces_surely) == (1, True)


def test_bows_that_agree_with_the_raises_are_picked_among_several() -> None:
    r = any_mounting(6)
    bows = [bow(r, 30.0, off_deg=10.0), bow(r, 35.0, off_deg=-10.0), forceful(bow(r, 40.0, off_deg=100.0))]
    found = pelvis(r, tucked(r), *bows)
    check_axes(found, r, "bow")
    assert found.times == 2
    assert pelvis(r, *bows).times == 3


def test_when_all_that_looks_like_a_bow_is_a_raise_of_the_other_leg_the_pelvis_is_not_known() -> None:
    r = any_mounting(6)
    others = [like_a_bow(r, start_s) for start_s in (30.0, 35.0)]
    check_none(pelvis(r, tucked(r), *others), "not straight forward", "180 degrees", "bow once")


def test_a_bow_that_shows_no_axis_is_not_counted_beside_one_that_does() -> None:
    r = any_mounting(6)
    unseen = replace(bow(r, 20.0), turning=Turning())
    found = pelvis(r, tucked(r), unseen, bow(r, 30.0))
    check_axes(found, r, "bow")
    assert found.times == 1


def test_where_an_event_marks_a_bow_and_there_is_none_this_is_said() -> None:
    r = rotated(worn_by_marks("back"), "z", 180.0)
    found = pelvis(r, bow(r), marked=True)
    check_none(found, "there is no bow where the event says one is", "180 degrees", "bow once")
    assert "20 or more" not in found.why
    check_axes(pelvis(worn_by_marks("back"), marked=True), worn_by_marks("back"), "marks")


@pytest.mark.parametrize("worn", ["front", "left", "right"])
def test_a_lid_that_faces_elsewhere_than_it_is_said_to_is_contradicted_by_the_raises(worn: str) -> None:
    r = worn_by_marks(worn)
    figure = "180 degrees" if worn == "front" else "90 degrees"
    check_none(pelvis(r, tucked(r)), "lid does not face where it is said to", figure, "--lid")


def test_a_pelvis_that_was_lifted_like_a_leg_is_swapped_with_a_thigh_that_never_was() -> None:
    r = worn_by_marks("back")
    lifted = replace(lift(r), other_deg=10.0)
    check_none(pelvis(r, lifted, raised=False), "120 degrees", "swapped")
    check_none(pelvis(r, lifted, bow(r), raised=False), "swapped")


def test_a_pelvis_is_not_swapped_when_every_thigh_was_raised_or_when_it_sat_down() -> None:
    r = worn_by_marks("back")
    check_axes(pelvis(r, replace(lift(r), other_deg=10.0), bow(r)), r, "bow")
    lying = replace(lift(r, top_deg=90.0), other_deg=90.0, turning=Turning())
    check_axes(pelvis(r, lying, bow(r), raised=False), r, "bow")


# Trunk


def trunk(r: Floats, bows: list[Excursion], pelvis_bows: list[Excursion]) -> Mounting:
    return mounting.trunk(TRUNK, r[:, 1], bows, pelvis_bows)


def test_of_the_trunks_bows_those_count_that_the_pelvis_made_too() -> None:
    """It leaned to the side on its own."""
    r, p = any_mounting(7), any_mounting(8)
    found = trunk(r, [bow(r, 5.0, off_deg=90.0), bow(r, 20.3)], [bow(p, 20.0)])
    check_axes(found, r, "bow")
    assert found.times == 1


def test_where_the_pelvis_made_none_the_trunks_own_bows_count() -> None:
    r, p = any_mounting(7), any_mounting(8)
    check_axes(trunk(r, [bow(r)], []), r, "bow")
    check_axes(trunk(r, [bow(r)], [bow(p, 50.0)]), r, "bow")


def test_a_trunk_without_a_bow_is_known_by_its_marks_or_not_at_all() -> None:
    r = worn_by_marks("back")
    check_axes(trunk(r, [], []), r, "marks")
    check_none(trunk(rotated(r, "z", 90.0), [], []), "no bow", "90 degrees", "bow once")


def test_a_trunk_that_goes_level_in_a_bow_of_the_pelvis_has_bowed() -> None:
    # The pelvis tips by 55 degrees and the back rounds by 35 more.
    r, p = any_mounting(7), any_mounting(8)
    seen = [sensor(PELVIS, p, [bow(p, top_deg=55.0)]), sensor(TRUNK, r, [bow(r, top_deg=90.0)])]
    check_axes(mount(seen)["trunk"], r, "bow")


# All of it


R_THIGH, R_LEFT, R_PELVIS, R_TRUNK = (any_mounting(seed) for seed in range(10, 14))


def full_ritual() -> list[Seen]:
    """Both thighs twice, then a bow; the left foot steps in between."""
    left = Case("thigh_left", "left")
    raises = [tucked(R_PELVIS, start_s) for start_s in (5.0, 10.0, 15.0, 20.0)]
    return [
        sensor(RIGHT_THIGH, R_THIGH, [lift(R_THIGH, 5.0), lift(R_THIGH, 10.0)]),
        sensor(left, R_LEFT, [lift(R_LEFT, 8.0, 30.0, 90.0), lift(R_LEFT, 15.0), lift(R_LEFT, 20.0)]),
        sensor(PELVIS, R_PELVIS, [*raises, bow(R_PELVIS, 30.0)]),
        sensor(TRUNK, R_TRUNK, [bow(R_TRUNK, 3.0, off_deg=90.0), bow(R_TRUNK, 30.1)]),
        sensor(Case("shank_right", "right"), np.eye(3), [lift(np.eye(3))]),
    ]


def test_the_full_ritual_gives_every_segment_in_any_mounting_and_leaves_out_the_shank() -> None:
    found = mount(full_ritual())
    assert set(found) == {"thigh_right", "thigh_left", "pelvis", "trunk"}
    for placement, r, by in (
        ("thigh_right", R_THIGH, "raises"),
        ("thigh_left", R_LEFT, "raises"),
        ("pelvis", R_PELVIS, "bow"),
        ("trunk", R_TRUNK, "bow"),
    ):
        check_axes(found[placement], r, by)
        assert found[placement].faces_surely
    assert [found[place].times for place in ("thigh_right", "thigh_left", "pelvis", "trunk")] == [2, 2, 1, 1]


def test_events_choose_among_raises_and_bows() -> None:
    events = (Event(4.0, 8.0, "raise_right"), Event(29.0, 33.0, "bow"))
    found = mount(full_ritual(), *events)
    assert [found[place].times for place in ("thigh_right", "thigh_left", "pelvis", "trunk")] == [1, 2, 1, 1]
    assert not found["thigh_right"].faces_surely
    holding = [replace(seen, bouts=(Bout(10.5, 16.0),)) for seen in full_ritual()[:1]]
    assert mount(holding, *events)["thigh_right"].times == 2


def test_an_event_that_marks_a_bow_where_none_is_leaves_the_pelvis_unknown() -> None:
    check_none(mount(full_ritual(), Event(50.0, 52.0, "bow"))["pelvis"], "no bow where the event says one is")


SEAT: Interval = (20.0, 30.0)


def sitting(r: Floats, start_s: float) -> Excursion:
    """What the pelvis does when someone sits down or stands up: it tips forward with the thighs up."""
    return bow(r, start_s, other_deg=85.0)


@pytest.mark.parametrize("start_s", [15.5, 18.0, 25.0, 29.0, 32.5])
def test_sitting_down_and_standing_up_are_no_evidence_against_the_bow(start_s: float) -> None:
    """From 3 s before the seat to 3 s after it. Two of them would outvote the raise."""
    sits = [sitting(R_PELVIS, start_s), sitting(R_PELVIS, 28.0)]
    seen = [
        sensor(RIGHT_THIGH, R_THIGH, [lift(R_THIGH, 5.0), lift(R_THIGH, 10.0)], elsewhere_deg=(85.0,)),
        sensor(PELVIS, R_PELVIS, [tucked(R_PELVIS, 5.0), *sits, bow(R_PELVIS, 50.0)], elsewhere_deg=(20.0,)),
    ]
    found = mount(seen, elsewhere=(SEAT,))["pelvis"]
    check_axes(found, R_PELVIS, "bow")
    assert (found.times, found.faces_surely, found.slipped) == (1, True, "")
    without_seat = [replace(each, q_elsewhere=np.empty((0, 4))) for each in seen]
    check_none(mount(without_seat)["pelvis"], "not straight forward", "180 degrees")


@pytest.mark.parametrize("start_s", [14.5, 33.5])
def test_what_the_pelvis_does_long_before_or_after_a_seat_is_evidence(start_s: float) -> None:
    tips = [replace(tucked(R_PELVIS, each, off_deg=90.0), other_deg=85.0) for each in (start_s, start_s)]
    seen = [sensor(PELVIS, R_PELVIS, [*tips, bow(R_PELVIS, 50.0)], elsewhere_deg=(20.0,))]
    check_none(mount(seen, elsewhere=(SEAT,))["pelvis"], "not straight forward", "90 degrees")


def test_a_pelvis_that_lies_down_is_not_swapped_with_a_thigh() -> None:
    """It goes level by 90 degrees in a pose that is no stand, with the thighs as they hung."""
    lying = replace(lift(R_PELVIS, 22.0, top_deg=90.0), other_deg=10.0)
    thigh = sensor(RIGHT_THIGH, R_THIGH, [lift(R_THIGH, 5.0, 70.0), lift(R_THIGH, 10.0, 70.0)], elsewhere_deg=(10.0,))
    seen = [thigh, sensor(PELVIS, R_PELVIS, [lying, bow(R_PELVIS, 50.0)], elsewhere_deg=(90.0,))]
    check_axes(mount(seen, elsewhere=(SEAT,))["pelvis"], R_PELVIS, "bow")
    upright = [replace(each, q_elsewhere=np.empty((0, 4))) for each in seen]
    check_none(mount(upright)["pelvis"], "swapped")


def test_a_thigh_alone_is_mounted_alone() -> None:
    assert set(mount(full_ritual()[:1])) == {"thigh_right"}
    assert mount([]) == {}


def test_after_the_stand_alone_the_marks_tell_of_all() -> None:
    worn = {"thigh_right": "right", "thigh_left": "left", "pelvis": "back", "trunk": "front"}
    seen = [sensor(Case(place, lid), worn_by_marks(lid), []) for place, lid in worn.items()]
    found = mount(seen)
    for place, lid in worn.items():
        check_axes(found[place], worn_by_marks(lid), "marks")


def test_a_pelvis_and_a_thigh_that_were_swapped_are_found_out() -> None:
    """The sensor called pelvis is lifted by 120 degrees; that called thigh tips by 15 meanwhile and bows by 40."""
    r = worn_by_marks("back")
    on_thigh = [replace(lift(r, start_s), other_deg=15.0) for start_s in (5.0, 10.0)]
    on_pelvis = [tucked(r, 5.0), tucked(r, 10.0), bow(r, 30.0)]
    found = mount([sensor(PELVIS, r, on_thigh), sensor(RIGHT_THIGH, r, on_pelvis)])
    check_none(found["pelvis"], "swapped")


def test_a_pelvis_and_a_thigh_that_were_swapped_are_found_out_after_a_deep_bow() -> None:
    # As above, the bow 50 degrees deep: not as high as a knee goes.
    r = worn_by_marks("back")
    on_thigh = [replace(lift(r, start_s), other_deg=15.0) for start_s in (5.0, 10.0)]
    on_pelvis = [tucked(r, 5.0), tucked(r, 10.0), bow(r, 30.0, top_deg=50.0)]
    found = mount([sensor(PELVIS, r, on_thigh), sensor(RIGHT_THIGH, r, on_pelvis)])
    check_none(found["pelvis"], "swapped")


# What is doubted afterwards


def test_a_sensor_that_moved_in_the_reference_stand_is_not_known() -> None:
    found = mount([sensor(RIGHT_THIGH, R_THIGH, [lift(R_THIGH), lift(R_THIGH, 20.0)], sway_deg=2.1)])
    check_none(found["thigh_right"], "moved while standing, by 2.1 degrees", "stand still for 3 s")


def test_only_the_sensor_that_moved_is_not_known() -> None:
    seen = full_ritual()
    seen[2] = sensor(PELVIS, R_PELVIS, [bow(R_PELVIS, 30.0)], sway_deg=5.0)
    found = mount(seen)
    assert [found[place].faces_surely for place in ("thigh_right", "thigh_left", "pelvis", "trunk")] == [
        True,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    "leans_deg", [(0.0, 20.0, 20.0), (0.0, float("nan"), 20.0)], ids=["both after", "not seen between"]
)
def test_a_segment_that_hangs_otherwise_in_later_stands_has_slipped_since_the_last_good_one(
    leans_deg: tuple[float, float, float],
) -> None:
    """What was learned holds until then."""
    raises = [lift(R_THIGH, start_s) for start_s in (10.0, 20.0, 50.0)]
    found = mount([sensor(RIGHT_THIGH, R_THIGH, raises, leans_deg=leans_deg)])["thigh_right"]
    check_axes(found, R_THIGH, "raises")
    assert found.until_s == STANDS[0][1]
    assert found.hangs_off_deg == pytest.approx(20)
    assert "hangs 20 degrees from how it stood at first, since 3 s" in found.slipped


@pytest.mark.parametrize("leans_deg", [(0.0, 3.0, -2.0), (0.0, float("nan"), 1.0)])
def test_a_foot_that_is_put_back_otherwise_is_no_slip(leans_deg: tuple[float, float, float]) -> None:
    raises = [lift(R_THIGH, start_s) for start_s in (10.0, 20.0, 50.0)]
    found = mount([sensor(RIGHT_THIGH, R_THIGH, raises, leans_deg=leans_deg)])["thigh_right"]
    assert (found.until_s, found.slipped, found.hangs_off_deg) == (np.inf, "", 0.0)


@pytest.mark.parametrize(("place", "case", "r"), [(2, PELVIS, R_PELVIS), (3, TRUNK, R_TRUNK)])
def test_a_pelvis_or_trunk_that_hangs_otherwise_has_slipped_too(place: int, case: Case, r: Floats) -> None:
    # All stands are one group, so that there is no split to try.
    seen = full_ritual()
    seen[place] = sensor(case, r, list(seen[place].excursions), leans_deg=(0.0, 25.0, 25.0))
    assert mount(seen)[case.placement].slipped


def test_a_deep_bow_is_remembered_as_a_bow() -> None:
    assert kind(bow(np.eye(3), top_deg=60.0), "pelvis") == "bow"
    assert kind(bow(np.eye(3), top_deg=60.0), "trunk") == "bow"
