"""The result of a measurement, as reported, and its files: strict JSON and the series CSV.

Everything is frozen; None is "not known", and then `reasons` says why. Field names are those of the JSON.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hiphold.metrics import Attempt, Hold
from hiphold.samples import PHASES, Reason, Settings, Track

SCHEMA = "hiphold.measurement/1"
SERIES_COLUMNS = (
    "time_s",
    "side",
    "femur_elevation_deg",
    "hip_flexion_deg",
    "hip_adduction_deg",
    "hip_rotation_deg",
    "thigh_azimuth_deg",
    "pelvis_tilt_deg",
    "pelvis_obliquity_deg",
    "pelvis_rotation_deg",
    "trunk_tilt_deg",
    "trunk_rotation_deg",
    "phase",
)


@dataclass(frozen=True)
class Stretch:
    """start and end on the input's time axis, s"""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class NodeReport:
    """What one node delivered."""

    placement: str
    rate_hz: float | None
    samples: int
    lost: int
    gaps: tuple[Stretch, ...]
    saturated: int | None
    heading_drift_deg_per_min: float | None
    orientation_disagreement_deg: float | None


@dataclass(frozen=True)
class Calibration:
    """How the sensors were tied to the body."""

    method: str
    stand: Stretch
    quality: dict[str, float | str]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class RaiseReport:
    """One raise of a knee."""

    side: str
    peak_s: float
    femur_elevation_peak_deg: float


@dataclass(frozen=True)
class RecordingReport:
    """The recording as a whole."""

    duration_s: float
    started_at: str | None


@dataclass(frozen=True)
class Measurement:
    """All that is said of one recording."""

    settings: Settings
    recording: RecordingReport
    nodes: tuple[NodeReport, ...]
    calibration: Calibration
    reasons: tuple[Reason, ...]
    raises: tuple[RaiseReport, ...]
    attempts: tuple[Attempt, ...]
    holds: tuple[Hold, ...]
    tracks: tuple[Track, ...]
    """the series, one per thigh; in the series CSV, not in the JSON"""
    stands: tuple[Stretch, ...]
    """for pictures; the JSON has the reference stand"""


def _strict(value: Any) -> Any:
    """The same with None for every number JSON cannot hold."""
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_json(measurement: Measurement) -> str:
    """The measurement JSON, strict: no NaN, null where unknown."""
    whole = {name: value for name, value in vars(measurement).items() if name not in ("tracks", "stands")}
    plain = {
        name: [asdict(v) for v in value] if isinstance(value, tuple) else asdict(value) for name, value in whole.items()
    }
    return json.dumps({"schema": SCHEMA, **_strict(plain)}, indent=1, allow_nan=False) + "\n"


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4f}"


def _series_rows(tracks: tuple[Track, ...]) -> Iterator[tuple[float, list[str]]]:
    for track in tracks:
        unknown = np.full(len(track.time_s), np.nan)
        columns = [track.elevation_deg, *(track.others.get(name, unknown) for name in SERIES_COLUMNS[3:-1])]
        angles = np.column_stack(columns).tolist()
        for time_s, values, phase in zip(track.time_s.tolist(), angles, track.phase.tolist()):
            yield time_s, [repr(time_s), track.side, *map(_cell, values), PHASES[phase]]


def to_series_csv(measurement: Measurement) -> str:
    """The series CSV: a row at each of the thigh's samples, by time; an empty cell where not known."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(SERIES_COLUMNS)
    writer.writerows(row for _, row in sorted(_series_rows(measurement.tracks), key=lambda pair: pair[0]))
    return out.getvalue()
