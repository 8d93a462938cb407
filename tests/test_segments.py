"""One worn sensor as the stages hand it on: how it sits, and its heading against the pelvis' in the stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hiphold import orientation
from hiphold.alignment import Alignment
from hiphold.drill import Bout
from hiphold.mounting import UNKNOWN, Mounting
from hiphold.ritual import Axes, Excursion, Turning
from hiphold.samples import Block, Event, Floats, Interval, NodeData, empty_block
from hiphold.segments import THIGHS, Segment, ahead_in_stands, faces_in_stands, mounted
from hiphold.stillness import Poses

STANDS: list[Interval] = [(0.0, 4.0), (20.0, 22.0), (40.0, 44.0)]
UPRIGHT = np.column_stack(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)))
NAN = float("nan")


def sits(seed: int) -> Floats:
    """(3, 3) R_sensor_from_segment."""
    return np.asarray(Rotation.random(random_state=seed).as_matrix())


def standing(r: Floats, *headings_deg: float) -> Floats:
    """(m, 4) orientation of a sensor on an upright segment that faces so in each stand; NaN: not seen."""
    turns = Rotation.from_euler("z", np.nan_to_num(headings_deg)[:, None], degrees=True)
    q = (turns * Rotation.from_matrix(UPRIGHT @ r.T)).as_quat(scalar_first=True)
    return np.where(np.isnan(headings_deg)[:, None], np.nan, q)


def segment(placement: str, r: Floats, *headings_deg: float, lid: str = "back") -> Segment:
    return Segment(
        data=NodeData("n", placement, lid, empty_block(), NAN),
        alignment=Alignment(r[:, 1], STANDS[0], 0.4, 0.0),
        angle_deg=np.array((-90.0, 30.0)),
        phase=np.zeros(2, np.int8),
        bouts=(),
        method="vqf",
        q_earth_from_sensor=np.empty((0, 4)),
        q_stands=standing(r, *(headings_deg or (0.0, 0.0, 0.0))),
        q_elsewhere=np.empty((0, 4)),
    )


def known(placement: str, seed: int, *headings_deg: float) -> Segment:
    r = sits(seed)
    return replace(segment(placement, r, *headings_deg), mounting=Mounting(Axes(r, 1.0), "raises", 2))


def sampled(segment: Segment, *time_s: float, zeroed: bool = False) -> Segment:
    """The same with samples at these times."""
    n = len(time_s)
    block = Block(np.array(time_s), np.zeros((n, 3)), np.zeros((n, 3)), np.full((n, 4), NAN))
    breaks_s = tuple(orientation.breaks(block.time_s).tolist())
    return replace(segment, data=replace(segment.data, block=block, zeroed=zeroed), breaks_s=breaks_s)


def excursion(axis: Floats, start_s: float, top_deg: float, other_deg: float = NAN) -> Excursion:
    return Excursion(start_s, start_s + 2, top_deg, 1.0, other_deg, Turning(np.outer(axis, axis), 60 * axis))


def mounts(segments: list[Segment], *events: Event) -> list[Segment]:
    return mounted(segments, Poses(STANDS, []), events)


# Placements


@pytest.mark.parametrize(("placement", "side"), THIGHS.items())
def test_a_thigh_has_a_side_and_is_tipped_by_its_elevation_above_hanging(placement: str, side: str) -> None:
    thigh = segment(placement, sits(0))
    assert thigh.side == side
    np.testing.assert_allclose(thigh.tipped_deg, (0, 120))


@pytest.mark.parametrize("placement", ["pelvis", "trunk"])
def test_other_segments_are_tipped_by_their_angle(placement: str) -> None:
    np.testing.assert_allclose(segment(placement, sits(0)).tipped_deg, (-90, 30))


def test_a_heading_began_anew_after_each_gap_that_is_too_long_to_bridge() -> None:
    found = sampled(segment("pelvis", sits(0)), 0.0, 0.01, 1.0, 1.01, 2.5, 2.51, 9.0, 9.01)
    np.testing.assert_array_equal(found.breaks_s, (2.5, 9.0))


@pytest.mark.parametrize(
    ("method", "taken_off", "zeroed"),
    [("vqf", True, True), ("vqf", False, False), ("recorded", True, False), ("madgwick", True, False)],
)
def test_only_vqf_is_told_of_a_zeroed_gyroscope(method: str, taken_off: bool, zeroed: bool) -> None:
    found = sampled(replace(segment("pelvis", sits(0)), method=method), 0.0, zeroed=taken_off)
    assert found.zeroed is zeroed


# How they sit


def test_every_segment_is_mounted_by_its_own_excursions() -> None:
    """In the order that they came in; of a shank nothing is learned."""
    thigh, pelvis = sits(1), sits(2)
    raises = (excursion(thigh[:, 2], 5.0, 120.0), excursion(thigh[:, 2], 10.0, 120.0))
    bow = (excursion(-pelvis[:, 2], 15.0, 40.0, other_deg=4.0),)
    found = mounts(
        [
            replace(segment("pelvis", pelvis), excursions=bow),
            segment("shank_left", sits(3)),
            replace(segment("thigh_left", thigh), excursions=raises),
        ]
    )
    assert [each.data.placement for each in found] == ["pelvis", "shank_left", "thigh_left"]
    assert [(each.mounting.by, each.mounting.times) for each in found] == [("bow", 1), ("", 0), ("raises", 2)]
    assert found[1].mounting == UNKNOWN
    for each, r in ((found[0], pelvis), (found[2], thigh)):
        assert each.mounting.axes is not None
        np.testing.assert_allclose(each.mounting.axes.r_sensor_from_segment, r, atol=1e-9)


def test_events_and_holds_are_heeded() -> None:
    """Of three raises one is marked and one leads into a hold."""
    r = sits(1)
    raises = tuple(excursion(r[:, 2], start_s, 120.0) for start_s in (5.0, 10.0, 25.0))
    thigh = replace(segment("thigh_right", r), excursions=raises, bouts=(Bout(26.0, 32.0),))
    assert mounts([thigh])[0].mounting.times == 3
    assert mounts([thigh], Event(5.0, 6.0, "raise_right"))[0].mounting.times == 2


def facing_otherwise(pelvis: Segment, jump_deg: float) -> Segment:
    """The pelvis, beside a thigh that faces otherwise from the stand at 20 s on."""
    r = sits(1)
    raises = tuple(excursion(r[:, 2], start_s, 120.0) for start_s in (5.0, 10.0))
    thigh = replace(segment("thigh_left", r, 0.0, jump_deg, jump_deg), excursions=raises)
    return mounts([sampled(thigh, 0.0, zeroed=True), pelvis])[1]


def bowed() -> Segment:
    r = sits(2)
    return replace(segment("pelvis", r), excursions=(excursion(-r[:, 2], 12.0, 40.0, other_deg=4.0),))


def test_breaks_and_zeros_are_heeded() -> None:
    """Unless its heading began anew. Within 18 s it may drift by 1.8 degrees, or by 5.4 unless zeroed."""
    assert facing_otherwise(sampled(bowed(), 0.0), 60.0).mounting.until_s == 4.0
    assert facing_otherwise(sampled(bowed(), 0.0, 12.0), 60.0).mounting.until_s == np.inf
    assert facing_otherwise(sampled(bowed(), 0.0, zeroed=True), 24.0).mounting.until_s == 4.0
    assert facing_otherwise(sampled(bowed(), 0.0), 24.0).mounting.until_s == np.inf


def test_a_segment_is_the_same_but_for_its_mounting() -> None:
    before = segment("pelvis", sits(4))
    (found,) = mounts([before])
    assert before.mounting == UNKNOWN
    assert found.mounting.why or found.mounting.axes
    for name, value in vars(before).items():
        assert name == "mounting" or getattr(found, name) is value
    assert mounts([]) == []


# Headings in the stands


def test_ahead_in_stands_is_the_segments_heading_minus_the_pelvis_in_any_mounting() -> None:
    found = ahead_in_stands(known("thigh_right", 5, 100.0, 110.0, 130.0), known("pelvis", 6, 70.0, 70.0, 80.0), STANDS)
    np.testing.assert_allclose(found.middle_s, (2, 21, 42))
    np.testing.assert_allclose(np.rad2deg(found.angle_rad), (30, 40, 50), atol=1e-6)


def test_ahead_in_stands_goes_on_where_it_wraps() -> None:
    found = ahead_in_stands(known("trunk", 5, 170.0, 185.0, 200.0), known("pelvis", 6, 0.0, 0.0, 0.0), STANDS)
    np.testing.assert_allclose(np.rad2deg(np.diff(found.angle_rad)), (15, 15), atol=1e-6)
    assert found.drift_deg_per_min is not None


def test_ahead_in_stands_leaves_out_stands_in_which_one_of_them_is_not_seen() -> None:
    found = ahead_in_stands(known("thigh_left", 5, 30.0, NAN, 50.0), known("pelvis", 6, NAN, 0.0, 10.0), STANDS)
    np.testing.assert_allclose(found.middle_s, (42,))
    np.testing.assert_allclose(np.rad2deg(found.angle_rad), (40,), atol=1e-6)
    assert found.drift_deg_per_min is None


@pytest.mark.parametrize("unknown", ["thigh_right", "pelvis", "both"])
def test_while_axes_are_not_known_no_stand_shows_a_heading(unknown: str) -> None:
    both = [known("thigh_right", 5, 30.0, 30.0, 30.0), known("pelvis", 6, 0.0, 0.0, 0.0)]
    thigh, pelvis = (replace(s, mounting=UNKNOWN) if unknown in (s.data.placement, "both") else s for s in both)
    found = ahead_in_stands(thigh, pelvis, STANDS)
    assert len(found.middle_s) == len(found.angle_rad) == 0
    assert found.drift_deg_per_min is None


def until(segment: Segment, until_s: float) -> Segment:
    """The same, slipped then."""
    return replace(segment, mounting=replace(segment.mounting, until_s=until_s))


@pytest.mark.parametrize("slipped", ["thigh_right", "pelvis"])
@pytest.mark.parametrize(("until_s", "middles_s"), [(44.0, (2, 21, 42)), (43.9, (2, 21)), (22.0, (2, 21)), (3.0, ())])
def test_only_stands_before_one_of_them_slipped_bring_the_headings_together(
    slipped: str, until_s: float, middles_s: tuple[float, ...]
) -> None:
    both = known("thigh_right", 5, 30.0, 31.0, 90.0), known("pelvis", 6, 0.0, 0.0, 0.0)
    thigh, pelvis = (until(each, until_s) if each.data.placement == slipped else each for each in both)
    found = ahead_in_stands(thigh, pelvis, STANDS)
    np.testing.assert_allclose(found.middle_s, middles_s)
    np.testing.assert_allclose(np.rad2deg(found.angle_rad), (30, 31, 90)[: len(middles_s)], atol=1e-6)


def test_headings_are_brought_together_on_either_side_of_a_gap_of_one_of_them() -> None:
    thigh = sampled(known("thigh_right", 5, 30.0, 100.0, 160.0), 0.0, 30.0)
    pelvis = sampled(known("pelvis", 6, 0.0, 0.0, 0.0), 0.0, 10.0)
    found = ahead_in_stands(thigh, pelvis, STANDS)
    np.testing.assert_array_equal(found.breaks_s, (10.0, 30.0))
    np.testing.assert_allclose(np.rad2deg(found.at(np.array((9.0, 11.0, 29.0, 31.0)))), (30, 100, 100, 160), atol=1e-6)


@pytest.mark.parametrize(("thigh", "pelvis"), [(True, True), (True, False), (False, True), (False, False)])
def test_headings_drift_as_of_zeroed_gyroscopes_when_both_are(thigh: bool, pelvis: bool) -> None:
    both = known("thigh_right", 5, 30.0, 40.0, 60.0), known("pelvis", 6, 0.0, 0.0, 0.0)
    one, other = (sampled(each, 0.0, zeroed=zeroed) for each, zeroed in zip(both, (thigh, pelvis)))
    assert ahead_in_stands(one, other, STANDS).zeroed is (thigh and pelvis)


def test_faces_in_stands_is_the_heading_of_the_pelvis_in_those_that_show_it() -> None:
    found = faces_in_stands(sampled(known("pelvis", 6, NAN, 70.0, 80.0), 0.0, 30.0), STANDS)
    np.testing.assert_allclose(found.middle_s, (21, 42))
    np.testing.assert_allclose(np.rad2deg(found.angle_rad), (70, 80), atol=1e-6)
    np.testing.assert_array_equal(found.breaks_s, (30.0,))
    np.testing.assert_allclose(np.rad2deg(found.first(np.array((0.0, 29.0, 30.0)))), (70, 70, 80), atol=1e-6)


def test_of_a_pelvis_that_is_not_known_no_stand_shows_a_heading() -> None:
    found = faces_in_stands(segment("pelvis", sits(6)), STANDS)
    assert len(found.middle_s) == 0
    assert np.isnan(found.first(np.array((0.0, 50.0)))).all()
