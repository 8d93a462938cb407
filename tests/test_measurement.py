"""The measurement's files: the JSON's keys by the conventions, strictness, the series, writing whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np

from hiphold.measurement import (
    SERIES_COLUMNS,
    Calibration,
    Measurement,
    NodeReport,
    RaiseReport,
    RecordingReport,
    Stretch,
    to_json,
    to_series_csv,
)
from hiphold.metrics import Attempt, Elevation, Hold
from hiphold.samples import PHASES, Reason, Settings, Track

MOVES = {"mean_shift": None, "range": None, "rms": None, "uncertainty_95": None}
HOLD_KEYS: dict[str, Any] = {
    "side": None,
    "start_s": None,
    "end_s": None,
    "hold_s": None,
    "hold_s_uncertainty_95": None,
    "in_band_s": None,
    "femur_elevation_deg": {
        "mean": None,
        "min": None,
        "max": None,
        "slope_deg_per_s": None,
        "uncertainty_95": None,
        "uncertainty_rezeroed_95": None,
    },
    "hip_flexion_deg": {"mean": None},
    "hip_adduction_deg": {"mean": None},
    "hip_rotation_deg": {"internal_peak": None, "external_peak": None},
    "hip_rotation_range_deg": None,
    "hip_rotation_range_uncertainty_95": None,
    "rotation_cycles": None,
    "thigh_azimuth_deg": {"across_peak": None, "outward_peak": None},
    "thigh_azimuth_range_deg": None,
    "pelvis": {"tilt_deg": MOVES, "obliquity_deg": MOVES, "rotation_deg": MOVES, "sway_area_deg2": None},
    "dissociation": None,
    "tremor_mps2": {"first_3s": None, "last_3s": None},
    "stance_hip_flexion_deg": {"mean": None, "max": None},
    "trunk": {"tilt_deg": MOVES, "rotation_deg": MOVES},
}
KEYS: dict[str, Any] = {
    "schema": None,
    "settings": {
        "target_deg": None,
        "band_deg": None,
        "causal": None,
        "method": None,
        "orientation": None,
        "standing_elevation_deg": [],
        "shank": None,
    },
    "recording": {"duration_s": None, "started_at": None},
    "nodes": [
        {
            "placement": None,
            "rate_hz": None,
            "samples": None,
            "lost": None,
            "gaps": [{"start_s": None, "end_s": None}],
            "saturated": None,
            "heading_drift_deg_per_min": None,
            "orientation_disagreement_deg": None,
        }
    ],
    "calibration": {"method": None, "stand": {"start_s": None, "end_s": None}, "quality": {}, "warnings": []},
    "reasons": [{"what": None, "why": None}],
    "raises": [{"side": None, "peak_s": None, "femur_elevation_peak_deg": None}],
    "attempts": [{"side": None, "start_s": None, "end_s": None, "hold_s": None}],
    "holds": [HOLD_KEYS],
}
"""the key tree of CONVENTIONS; a list stands for its entries, None for a value"""


def track(side: str, time_s: list[float], elevation_deg: list[float], phase: list[str]) -> Track:
    codes = np.array([PHASES.index(name) for name in phase], np.int8)
    return Track(side, np.array(time_s), np.array(elevation_deg), codes)


def whole(*tracks: Track) -> Measurement:
    """One of everything, with numbers that JSON cannot hold among them."""
    nan = float("nan")
    return Measurement(
        settings=Settings(),
        recording=RecordingReport(60.0, None),
        nodes=(NodeReport("thigh_left", 100.0, 6000, 5, (Stretch(1.0, 1.06),), None, None, nan),),
        calibration=Calibration("stand", Stretch(0.0, 4.0), {"thigh_left_stand_sway_deg": float("inf")}, ("mind",)),
        reasons=(Reason("hip", "there is no pelvis sensor."),),
        raises=(RaiseReport("left", 12.0, 31.5),),
        attempts=(Attempt("left", 5.0, 7.0, 2.0),),
        holds=(Hold("left", 20.0, 31.0, 11.0, 0.04, 9.5, Elevation(31.0, 26.0, 34.0, -0.2, nan, -float("inf"))),),
        tracks=tracks,
        stands=(Stretch(0.0, 4.0),),
    )


def check_keys(found: Any, expected: Any, where: str) -> None:
    if isinstance(expected, dict) and expected:
        assert set(found) == set(expected), where
        for key, inner in expected.items():
            check_keys(found[key], inner, f"{where}.{key}")
    elif isinstance(expected, list) and expected:
        assert isinstance(found, list), where
        assert found, where
        for entry in found:
            check_keys(entry, expected[0], f"{where}[]")
    elif expected is None:
        assert not isinstance(found, (dict, list)), where


def refuse(word: str) -> float:
    raise ValueError(word)


def test_the_json_has_every_key_of_the_conventions_and_no_other() -> None:
    check_keys(json.loads(to_json(whole())), KEYS, "measurement")


def test_the_json_is_strict() -> None:
    text = to_json(whole())
    found = json.loads(text, parse_constant=refuse)  # NaN and Infinity are not JSON
    assert found["schema"] == "hiphold.measurement/1"
    assert found["nodes"][0]["orientation_disagreement_deg"] is None
    assert found["calibration"]["quality"] == {"thigh_left_stand_sway_deg": None}
    assert found["calibration"]["warnings"] == ["mind"]
    elevation = found["holds"][0]["femur_elevation_deg"]
    assert (elevation["mean"], elevation["uncertainty_95"], elevation["uncertainty_rezeroed_95"]) == (31.0, None, None)
    assert found["holds"][0]["pelvis"]["tilt_deg"] == MOVES
    assert found["nodes"][0]["saturated"] is None
    assert found["settings"]["causal"] is False


def test_numbers_come_back_from_json_exactly() -> None:
    found = json.loads(to_json(whole()))
    assert found["holds"][0]["hold_s"] == 11.0
    assert found["nodes"][0]["gaps"] == [{"start_s": 1.0, "end_s": 1.06}]
    assert found["raises"] == [{"side": "left", "peak_s": 12.0, "femur_elevation_peak_deg": 31.5}]


def test_the_series_has_the_columns_of_the_conventions() -> None:
    header = (
        "time_s,side,femur_elevation_deg,hip_flexion_deg,hip_adduction_deg,hip_rotation_deg,thigh_azimuth_deg,"
        "pelvis_tilt_deg,pelvis_obliquity_deg,pelvis_rotation_deg,trunk_tilt_deg,trunk_rotation_deg,phase"
    )
    assert to_series_csv(whole()) == header + "\n"
    assert ",".join(SERIES_COLUMNS) == header


def test_the_series_is_by_time_and_empty_where_nothing_is_known() -> None:
    left = track("left", [0.0, 0.02, 0.04], [-90.0, float("nan"), 31.23456], ["stand", "", "hold"])
    right = track("right", [0.01, 0.03], [-89.5, -1.0], ["raise", "lower"])
    rows = list(csv.DictReader(io.StringIO(to_series_csv(whole(left, right)))))
    assert [(row["time_s"], row["side"], row["phase"]) for row in rows] == [
        ("0.0", "left", "stand"),
        ("0.01", "right", "raise"),
        ("0.02", "left", ""),
        ("0.03", "right", "lower"),
        ("0.04", "left", "hold"),
    ]
    assert [row["femur_elevation_deg"] for row in rows] == ["-90.0000", "-89.5000", "", "-1.0000", "31.2346"]
    assert all(row[name] == "" for row in rows for name in SERIES_COLUMNS[3:-1])


def test_series_times_are_those_of_the_input() -> None:
    """To the last bit, so that rows can be joined to the input's."""
    series = to_series_csv(whole(track("left", [0.1 + 0.2, 1234.567891234], [0.0, 0.0], ["", ""])))
    assert [line.split(",")[0] for line in series.splitlines()[1:]] == ["0.30000000000000004", "1234.567891234"]
