"""From virtual skin to result: one simulated drill through chip, driver, radio and recording, and without them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hiphold.clock import NS
from hiphold.samples import Floats, Frame
from hiphold.simulation.sensor import Sensor, Unit
from hiphold.sources.simulate import Simulation, simulate
from hiphold.unpack import NodeLog
from rig import clock
from rig.rig import Rig
from rig.skin import Worn, flaws_of
from rig_sessions import Outcome, record, wear

CONNECTED_S = 6.0
LOSS = 0.02
SHAKEN_HZ, SHAKEN_MPS2 = 5.0, 0.4

SENSORS = {  # at the full scales that the drivers set
    "lsm6dsv16x": Sensor.good(),
    "mpu6050": replace(Sensor.mpu6050(), gyr_code=8),
    "icm42688p": replace(Sensor.good(), chip="icm42688p", rate_hz=100, acc_code=5, gyr_code=8),
}


@dataclass(frozen=True)
class Twins:
    """The same athlete, mounting and specimens of sensors, twice."""

    pure: Simulation
    rigged: Simulation
    """with the frames that the rig's nodes sent; their first sample is told in the drill's own time"""


class Handled(Worn):
    """Shaken, as by hands that put it on, until the drill begins: no one stands still before."""

    def at(self, time_s: Floats) -> tuple[Floats, Floats]:
        """Specific force and rate."""
        force, rate = super().at(time_s)
        shake = np.where(time_s < self._start_s, np.sin(2 * np.pi * SHAKEN_HZ * time_s), 0.0)[:, None]
        return force + SHAKEN_MPS2 * shake, rate

    def begin(self, at_s: float) -> None:
        """When the drill begins, by the rig's time."""
        self._start_s = at_s


def drill(chip: str, seed: int, folder: Path, fusion: str = "chip") -> Twins:
    """One session of the simulated drill, right leg for even seeds, both ways."""
    pure = simulate(seed, side=("right", "left")[seed % 2], sensor=SENSORS[chip])
    path = folder / f"{chip}-{fusion}-{seed}.mcap"
    outcome, began_s = clock.run(_through_the_rig(chip, pure, path, seed, fusion))
    first_s = _first_sample_s(outcome.frames, outcome) - began_s
    units = tuple(replace(unit, first_sample_s=first_s) for unit in pure.units)
    return Twins(pure, replace(pure, frames=outcome.frames, units=units))


async def _through_the_rig(chip: str, pure: Simulation, path: Path, seed: int, fusion: str) -> tuple[Outcome, float]:
    units = {unit.placement: unit for unit in pure.units}
    skins = {placement: _handled(pure, unit) for placement, unit in units.items()}
    async with Rig(seed=seed, loss=LOSS) as rig:
        await wear(
            rig,
            list(units),
            chip=chip,
            config={"FUSION": fusion},
            skins=skins,
            flaws={placement: flaws_of(unit, SENSORS[chip]) for placement, unit in units.items()},
            calibrations={placement: unit.calibration for placement, unit in units.items() if unit.calibration},
        )
        began_s = rig.now_s + CONNECTED_S
        for skin in skins.values():
            skin.begin(began_s)
        return await record(rig, path, CONNECTED_S + pure.truth.duration_s), began_s


def _handled(pure: Simulation, unit: Unit) -> Handled:
    return Handled(pure.truth.motion, unit, pure.truth.duration_s, start_s=np.inf)


def _first_sample_s(frames: list[Frame], outcome: Outcome) -> float:
    """The rig's time of the earliest sample, as the host's clock has it."""
    logs = {frame.node: NodeLog(frame.node) for frame in frames}
    for frame in frames:
        logs[frame.node].add(frame, frames[0].arrival_ns)
    epoch_ns = next(iter(outcome.nodes.values())).dialogue.epoch_ns
    earliest_s = min(float(rows.block.time_s.min()) for log in logs.values() for rows in log.take())
    return (frames[0].arrival_ns - epoch_ns) / NS + earliest_s
