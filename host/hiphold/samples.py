"""The frozen values passed between the stages; unit and frame stand under each field.

No logic lives here beyond slicing. Arrays are float64 and are never written to after they are made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]
Interval = tuple[float, float]
"""start_s, end_s on the session's time axis"""

G_MPS2 = 9.80665
"""standard gravity, m/s2 (CGPM 1901)"""

PHASES = ("", "raise", "lower", "hold", "stand")
"""empty: nothing the drill has a name for"""


@dataclass(frozen=True)
class Frame:
    """One packet as it arrived: the only thing a source yields and a recording keeps."""

    node: str
    """who sent it: a stable name within the session"""
    arrival_ns: int
    """when the host had it, ns since 1970 (imported samples: since the first of them)"""
    data: bytes
    """the bytes, untouched; see `wire`"""


@dataclass(frozen=True)
class Event:
    """A marked stretch of time: `still`, `raise_left`, `bow`, `hold_right`, ... or a note."""

    start_s: float
    """on the input's own time axis"""
    end_s: float
    label: str


@dataclass(frozen=True)
class Block:
    """Consecutive samples of one node, calibrated, on the session's time axis.

    One frame live, a whole recording offline: every stage takes either.
    """

    time_s: Floats
    """(n,) when each sample was taken; never falls"""
    acc_mps2: Floats
    """(n, 3) specific force in the sensor frame, +g up at rest; NaN where only a quaternion came"""
    gyr_radps: Floats
    """(n, 3) angular rate in the sensor frame; NaN where only a quaternion came"""
    q_recorded: Floats
    """(n, 4) earth from sensor, w x y z, by the node or the file; NaN where none came"""

    def __len__(self) -> int:
        return len(self.time_s)

    def select(self, which: Bools | npt.NDArray[np.int64] | slice) -> Block:
        """The samples picked by a mask, indices or a slice."""
        return Block(self.time_s[which], self.acc_mps2[which], self.gyr_radps[which], self.q_recorded[which])

    def between(self, interval: Interval) -> Block:
        """The samples with start_s <= time_s <= end_s."""
        first, last = np.searchsorted(self.time_s, interval[0]), np.searchsorted(self.time_s, interval[1], "right")
        return self.select(slice(int(first), int(last)))

    def shifted(self, by_s: float) -> Block:
        """The same samples with by_s added to their times."""
        return Block(self.time_s + by_s, self.acc_mps2, self.gyr_radps, self.q_recorded)

    def not_before(self, time_s: float) -> Block:
        """The same samples with times that never fall and start at time_s or later."""
        rising = np.maximum.accumulate(np.maximum(self.time_s, time_s))
        return Block(rising, self.acc_mps2, self.gyr_radps, self.q_recorded)


def empty_block() -> Block:
    """A block without samples."""
    return Block(np.empty(0), np.empty((0, 3)), np.empty((0, 3)), np.empty((0, 4)))


def concatenate(blocks: list[Block]) -> Block:
    """Blocks end to end; an empty list gives an empty block."""
    parts = [block for block in blocks if len(block)] or [empty_block()]
    if len(parts) == 1:
        return parts[0]
    names = ("time_s", "acc_mps2", "gyr_radps", "q_recorded")
    return Block(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class NodeData:
    """All that came from one node, and what did not."""

    node: str
    placement: str
    """one of wire.PLACEMENTS"""
    lid: str
    """one of wire.LID_SIDES: where the lid faces"""
    block: Block
    period_s: float
    """median distance between samples; NaN with fewer than two"""
    lost: int = 0
    """samples known to be missing"""
    gaps: tuple[Interval, ...] = ()
    """stretches without samples: from the last before to the first after"""
    saturated: int | None = None
    """samples at the end of the sensor's range; None when the input does not tell its range"""
    warnings: tuple[str, ...] = ()
    chip: str = ""
    """one of wire.CHIPS; empty when the node never said"""
    zeroed: bool = False
    """whether a zero of the gyroscope, taken at rest, is off its rates already"""
    levelled: bool = False
    """whether the accelerometer was calibrated in six positions"""
    clock_uncertainty_s: float = math.nan
    """95 % half-width of where its samples lie on the common time axis; NaN when its clock was never asked"""
    clock_skew_ppm: float = math.nan
    """by how much the host's clock is faster than the node's"""

    def with_block(self, block: Block) -> NodeData:
        """The same node with other samples."""
        return replace(self, block=block)


@dataclass(frozen=True)
class Reason:
    """Why a figure is empty, or should be doubted."""

    what: str
    """the figure or stage, as named in the measurement"""
    why: str
    """one sentence, and what to do about it"""


@dataclass(frozen=True)
class Settings:
    """What a user may choose; everything else follows from the data."""

    target_deg: float = 30.0
    """femur elevation aimed at, above horizontal"""
    band_deg: float = 5.0
    """half-width of the target band"""
    causal: bool = False
    """as live: each figure from what had arrived by then"""
    method: str = "vqf"
    """vqf, madgwick, mahony or ekf: the host's orientation filter"""
    orientation: str = "host"
    """host: fuse raw samples here; recorded: use the quaternions that came with them"""
    standing_elevation_deg: tuple[tuple[str, float], ...] = ()
    """by side, what an inclinometer along the thigh showed in the stand: -86 with knee before hip, -94 behind"""
    shank: bool = False
    """offline: learn from shank sensors how the thigh stood, and how the hip rotates under the skin"""


@dataclass(frozen=True)
class Track:
    """One thigh over time: what the drill is judged on."""

    side: str
    """left or right"""
    time_s: Floats
    """(n,) the thigh's own sample instants"""
    elevation_deg: Floats
    """(n,) femur elevation: hip-to-knee axis against the horizontal, -90 hanging; NaN where not known"""
    phase: Codes
    """(n,) index into PHASES"""
    others: dict[str, Floats] = field(default_factory=dict)
    """(n,) each, degrees: further columns of the series, by name; NaN where not known"""
