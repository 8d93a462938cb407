"""One worn sensor live: its stream, its filters, what it has learned of how it sits, and where it is in the drill."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hiphold import alignment, drill, gravity, orientation, quaternion, ritual, stillness
from hiphold.alignment import Alignment
from hiphold.angles import facing_rad, mean_orientation, segment_rotation
from hiphold.beside import Seen
from hiphold.bone import told
from hiphold.kept import Kept
from hiphold.measure import choose, fuse
from hiphold.mounting import Mounting, kind
from hiphold.samples import Block, Floats, Interval, Settings
from hiphold.segments import THIGHS
from hiphold.stillness import Poses
from hiphold.timeline import NodeStream

LEARNED_FROM = 50
"""excursions that are remembered"""
LOOK_BACK_S = 1.0
"""other sensors are at most so far behind"""


class WornSensor:
    """One node of a session as it goes on."""

    def __init__(self, node: str, epoch_ns: int, settings: Settings) -> None:
        self.stream = NodeStream(node, epoch_ns)
        self._settings = settings
        self._filter: orientation.OrientationFilter | None = None
        self._stillness: stillness.Stillness | None = None
        self._gravity: gravity.Watch | None = None
        self._ended: list[Interval] = []
        self._square_sum, self._compared = 0.0, 0
        self.kept = Kept()
        self.method: str | None = None
        """whose orientation it is; None before there was any"""
        self.nameless = 0
        """samples that came before the node said where it is worn"""
        self.alignment: Alignment | None = None
        self.q_stands: list[Floats] = []
        """mean orientation (4,) in each stand of the session; NaN where it was not there"""
        self.q_elsewhere: list[Floats] = []
        """the same in each quiet pose that is no stand"""
        self.drill = drill.DrillState()
        self.following = ritual.Following()
        self._excursions: dict[str, deque[ritual.Excursion]] = defaultdict(lambda: deque(maxlen=LEARNED_FROM))
        self.bouts: deque[drill.Bout] = deque(maxlen=LEARNED_FROM)
        self.mounting = Mounting()
        self.breaks_s: list[float] = []
        """when its heading began anew, after a gap that no filter bridges or because a person said so"""
        self.zeroed = False
        """whether the filter was told of a zeroed gyroscope"""

    @property
    def placement(self) -> str:
        """Where the node says it is worn."""
        return self.stream.info.placement if self.stream.info else "unknown"

    @property
    def has_samples(self) -> bool:
        """Whether any came that are of use."""
        return len(self.kept) > 0

    def orient(self, block: Block) -> tuple[Block, Floats]:
        """The block as the later stages use it, and (n, 4) its orientation."""
        if self._filter is None or self._stillness is None:
            self._filter = orientation.OrientationFilter(
                self._settings.method, self.stream.period_s, self.stream.zeroed
            )
            self.zeroed = self.stream.zeroed and self._settings.method == "vqf"
            self._stillness = stillness.Stillness(self.stream.period_s)
        fused = fuse(replace(block, time_s=self.stream.elapsed_s, acc_mps2=self._feel(block)), self._filter.step)
        difference = orientation.inclination_difference(fused, block.q_recorded)
        self._square_sum += float(difference @ difference)
        self._compared += len(difference)
        block, q, method = choose(block, fused, self._settings)
        self.method = method or self.method
        self._ended += self._stillness.step(block)
        before = self.kept.time_s[-1:]
        self.breaks_s.extend(orientation.breaks(np.concatenate((before, block.time_s))).tolist())
        self.kept.add(block, q)
        self._ended = [interval for interval in self._ended if interval[1] > self.kept.span[0]]
        return block, q

    def _feel(self, block: Block) -> Floats:
        """(n, 3) specific force without what the accelerometer is by now known to be wrong by; the stand anew by it."""
        if self._gravity is None:
            self._gravity = gravity.Watch(self.stream.period_s, self._beforehand)
        corrected = self._gravity.step(block)
        if self.alignment and self.alignment.correction is not self._correction:
            self.alignment = alignment.corrected(self.alignment, self._correction)
        return corrected

    @property
    def _correction(self) -> gravity.Correction:
        """What is known of the accelerometer by now."""
        if self.method == "recorded" or not self._gravity:
            return gravity.nothing_known(self._beforehand)
        return self._gravity.correction

    @property
    def _beforehand(self) -> gravity.Prior:
        return gravity.prior(self.stream.chip, self.stream.levelled)

    @property
    def aligned(self) -> Alignment:
        """Its alignment, when it stood; only then may it be asked for."""
        if self.alignment is None:
            raise RuntimeError(f"{self.placement} never stood")
        return self.alignment

    @property
    def restlessness(self) -> float:
        """How much it moves now, as a share of what is quiet; infinite while that is not known."""
        return self._stillness.level if self._stillness else float("inf")

    @property
    def disagreement_deg(self) -> float | None:
        """RMS angle between host's and node's up so far."""
        return float(np.rad2deg(np.sqrt(self._square_sum / self._compared))) if self._compared else None

    @property
    def quiet(self) -> list[Interval]:
        """Quiet intervals, as far as samples are kept; the last may still grow."""
        latest = [self._stillness.open] if self._stillness and self._stillness.open else []
        from_s = self.kept.span[0]
        return [(max(a, from_s), z) for a, z in self._ended + latest]

    def direction(self, interval: Interval) -> Floats:
        """(3,) gravity in the interval."""
        return stillness.gravity_direction(self.kept.block, interval)

    def covers(self, interval: Interval) -> bool:
        """Whether a kept sample lies in the interval."""
        return len(self.kept.block.between(interval)) > 0

    def rest(self, poses: list[Floats], number: int, interval: Interval, *, align: bool) -> None:
        """Take part in the pose of that number; poses: q_stands or q_elsewhere. align: learn the up axis from it."""
        poses += [np.full(4, np.nan)] * (number + 1 - len(poses))
        first, end = (
            np.searchsorted(self.kept.time_s, interval[0]),
            np.searchsorted(self.kept.time_s, interval[1], "right"),
        )
        q = self.kept.q_earth_from_sensor[first:end]
        poses[number] = mean_orientation(q)
        if align:
            block = self.kept.block.select(slice(int(first), int(end)))
            aligned = alignment.align_to_stand(block, quaternion.up_in_sensor(q), interval, self._correction)
            side = THIGHS.get(self.placement, "")
            self.alignment = replace(aligned, bone=told(dict(self._settings.standing_elevation_deg), side))

    def angle_deg(self, up_sensor: Floats) -> Floats:
        """(n,) femur elevation of a thigh; of others how far they are tipped; NaN before the reference stand."""
        if self.alignment is None:
            return np.full(len(up_sensor), np.nan)
        of = alignment.femur_elevation_deg if self.placement in THIGHS else alignment.tipped_deg
        return of(up_sensor, self.alignment)

    def tipped_since(self, from_s: float) -> tuple[Floats, Floats]:
        """Time and angle from the stand of the kept samples from about from_s on."""
        first = int(np.searchsorted(self.kept.time_s, min(from_s, self.kept.span[1]) - LOOK_BACK_S))
        up_sensor = quaternion.up_in_sensor(self.kept.q_earth_from_sensor[first:])
        if self.alignment is None:
            return self.kept.time_s[first:], np.full(len(up_sensor), np.nan)
        return self.kept.time_s[first:], alignment.tipped_deg(up_sensor, self.alignment)

    def excurse(
        self, block: Block, up_sensor: Floats, tipped_deg: Floats, thighs: list[WornSensor]
    ) -> list[ritual.Excursion]:
        """The excursions that end in this block; thighs: what else moves, for pelvis and trunk."""
        limits = ritual.THIGH if self.placement in THIGHS else ritual.PELVIS
        if not (self.alignment and (self.following.open or (tipped_deg > limits.from_deg).any())):
            self.following = ritual.Following(None, float(block.time_s[-1]))
            return []
        rate, other = (
            ritual.tip_rate_degps(up_sensor, self.alignment.y_sensor, block.gyr_radps),
            np.full(len(block), np.nan),
        )
        if self.placement not in THIGHS and thighs:
            seen = [thigh.tipped_since(float(block.time_s[0])) for thigh in thighs]
            other = np.fmax.reduce([np.interp(block.time_s, *each) for each in seen])
        self.following, ended = ritual.step(
            self.following, limits, block.time_s, tipped_deg, rate, block.gyr_radps, other
        )
        for excursion in ended:
            self._excursions[kind(excursion, self.placement)].append(excursion)
        return ended

    @property
    def excursions(self) -> tuple[ritual.Excursion, ...]:
        """The latest of each kind, by time."""
        return tuple(sorted((e for some in self._excursions.values() for e in some), key=lambda e: e.start_s))

    def at(self, poses: Poses) -> tuple[Floats, Floats]:
        """(m, 4) mean orientation in each stand of the session and in each other pose; NaN where it was not there."""
        pairs = (self.q_stands, len(poses.stands)), (self.q_elsewhere, len(poses.elsewhere))
        stands, elsewhere = (np.array([*q, *[np.full(4, np.nan)] * (n - len(q))]).reshape(-1, 4) for q, n in pairs)
        return stands, elsewhere

    def seen(self, poses: Poses) -> Seen | None:
        """What its mounting is learned from; None before the reference stand."""
        if self.alignment is None or self.stream.info is None:
            return None
        return Seen(
            self.stream.info,
            self.alignment,
            *self.at(poses),
            self.excursions,
            self.bouts,
            self.breaks_s,
            self.zeroed,
            self.following.open,
        )

    def facing_rad(self, numbers: Sequence[int]) -> Floats:
        """(m,) heading of the segment in the stands of these numbers; NaN where that or its axes are not known."""
        unknown = np.full(4, np.nan)
        q = np.array([self.q_stands[k] if k < len(self.q_stands) else unknown for k in numbers]).reshape(-1, 4)
        return facing_rad(q, self.mounting.axes) if self.mounting.axes else np.full(len(q), np.nan)

    def rotation_at(self, time_s: Floats) -> Floats:
        """(n, 3, 3) R_earth_from_segment at the instants of another sensor; NaN where not known."""
        if self.mounting.axes is None:
            return np.full((len(time_s), 3, 3), np.nan)
        return segment_rotation(self.kept.orientation_at(time_s), self.mounting.axes)
