"""Sessions made by formula, as interchange CSV: a stand, one hold, a stand. Exact, small, and quick to measure.

The thigh turns about its z axis only, y is up the bone, so its elevation is the turn minus 90 degrees.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hiphold.formats import interchange
from hiphold.measure import measure
from hiphold.measurement import Measurement
from hiphold.samples import G_MPS2, Floats, Settings

HEADER = ",".join(interchange.COLUMNS)
RATE_HZ = 50
STAND_S, RAISE_S, HOLD_S = 3.0, 1.0, 7.0
END_S = 2 * STAND_S + 2 * RAISE_S + HOLD_S
THIGH_AND_PELVIS = ("pelvis", "thigh_right")


def turn_rad(time_s: Floats, top_deg: float) -> Floats:
    """(n,) from 0 to `top_deg` above the hanging thigh and back, with smooth ends."""
    up = np.clip((time_s - STAND_S) / RAISE_S, 0, 1)
    down = np.clip((time_s - STAND_S - RAISE_S - HOLD_S) / RAISE_S, 0, 1)
    smooth = (3 - 2 * up) * up**2 - (3 - 2 * down) * down**2
    return np.asarray(np.deg2rad(top_deg) * smooth)


def sensor_rows(placement: str, time_s: Floats, turn: Floats, seed: int = 0) -> list[str]:
    """CSV rows of a sensor that turns about z, with a little noise."""
    rng = np.random.default_rng(seed)
    acc = G_MPS2 * np.column_stack([np.sin(turn), np.cos(turn), np.zeros_like(turn)])
    gyr = np.column_stack([np.zeros_like(turn), np.zeros_like(turn), np.gradient(turn, time_s)])
    noisy = np.hstack([acc + rng.normal(0, 0.02, acc.shape), gyr + rng.normal(0, 0.002, gyr.shape)])
    return [
        f"{t!r},{placement},{','.join(map(repr, row))}" for t, row in zip(time_s.tolist(), noisy.tolist(), strict=True)
    ]


def session(placements: tuple[str, ...] = THIGH_AND_PELVIS, top_deg: float = 122.0, end_s: float = END_S) -> str:
    """A session as the text of an interchange CSV; every thigh makes the same hold."""
    time_s = np.arange(0, end_s, 1 / RATE_HZ)
    rows = []
    for number, placement in enumerate(placements):
        turn = turn_rad(time_s, top_deg if placement.startswith("thigh") else 0.0)
        rows += sensor_rows(placement, time_s, turn, number)
    return "\n".join([HEADER, *sorted(rows, key=lambda row: float(row.split(",")[0]))]) + "\n"


def measured(folder: Path, text: str, settings: Settings | None = None) -> Measurement:
    """The measurement of a session given as text."""
    path = folder / "made.csv"
    path.write_text(text)
    frames, events = interchange.read(path)
    return measure(frames, settings or Settings(), events)
