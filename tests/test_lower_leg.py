"""What worn shanks add to a measurement, on a simulated athlete whose skin gives."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from hiphold.measure import measure
from hiphold.measurement import Measurement
from hiphold.samples import Floats, Settings
from hiphold.simulation.sensor import Slip
from hiphold.simulation.skin import Skin
from hiphold.sources.simulate import Simulation, simulate

WORN = ("pelvis", "thigh_right", "shank_right")
WHY = "hip_rotation (right)"


@cache
def session(slipped: bool = False, worn: tuple[str, ...] = WORN) -> Simulation:
    slips = (Slip("shank_right", 40.0, (25.0, 0.0, 0.0)),) if slipped else ()
    return simulate(2, skin=Skin.typical(), placements=worn, slips=slips)


@cache
def measured(shank: bool, slipped: bool = False, worn: tuple[str, ...] = WORN) -> Measurement:
    return measure(session(slipped, worn).frames, Settings(shank=shank))


def ranges_off_deg(found: Measurement) -> Floats:
    """Of each hold, against the bone."""
    (track,), simulation = found.tracks, session()
    true = simulation.truth.angles(track.time_s + simulation.first_sample_s, "right").hip_rotation_deg
    spans = [(track.time_s >= h.start_s) & (track.time_s <= h.end_s) for h in found.holds]
    bone = np.array([np.subtract(*np.percentile(true[span], (95, 5))) for span in spans])
    return np.asarray(np.array([h.hip_rotation_range_deg for h in found.holds], float) - bone)


def test_the_range_is_the_bones_by_the_shank_and_half_of_it_without() -> None:
    alone, found = measured(shank=False), measured(shank=True)
    assert (ranges_off_deg(alone) < -10).all()
    assert (np.abs(ranges_off_deg(found)) < 2).all()
    for result in (alone, found):  # each says how far off it may be
        stated = [hold.hip_rotation_range_uncertainty_95 for hold in result.holds]
        assert (np.abs(ranges_off_deg(result)) <= np.array(stated, float)).all()
    assert max(hold.hip_rotation_range_uncertainty_95 or np.inf for hold in found.holds) < 4
    more_deg = found.calibration.quality["shank_right_rotation_range_more_deg"]
    assert more_deg == pytest.approx(float(np.mean(ranges_off_deg(found) - ranges_off_deg(alone))), abs=0.3)


def test_nothing_changes_unasked() -> None:
    without, ignored = measured(shank=False, worn=WORN[:2]), measured(shank=False)
    assert [h.hip_rotation_range_deg for h in ignored.holds] == pytest.approx(
        [h.hip_rotation_range_deg for h in without.holds]
    )
    assert measured(shank=False).calibration.quality["thigh_right_posture"] == "assumed"
    assert measured(shank=True).calibration.quality["thigh_right_posture"] == "joint_centres"


def test_a_shank_that_slips_is_named_and_no_more_believed() -> None:
    (why,) = [reason.why for reason in measured(shank=True, slipped=True).reasons if reason.what == WHY]
    assert "shank_right slipped after" in why
    assert all(reason.what != WHY for reason in measured(shank=True).reasons)
