"""Under which conditions the simulated drill is run: sensor class x skin x ritual x radio."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from hiphold.samples import Frame
from hiphold.simulation.athlete import Athlete
from hiphold.simulation.link import Link
from hiphold.simulation.script import Act, Script
from hiphold.simulation.sensor import Sensor
from hiphold.simulation.skin import Skin
from hiphold.sources.simulate import EPOCH_NS, Simulation, simulate

SENSORS = {"good": Sensor.good(), "typical": Sensor.typical(), "mpu6050": Sensor.mpu6050()}
REST = Act("stand", seconds=4.2)
QUICK_START = Script(acts=(Act("stand", seconds=4.0), *(Act("hold", seconds=11.0), REST) * 3))
LOSSY = Link(loss=0.02, holes_per_min=3.0)
FIRST_S = 0.1
"""who a node is and its calibration are read until the host has them: nothing of the first moment is lost"""


@dataclass(frozen=True, order=True)
class Cell:
    """One set of conditions."""

    sensor: str
    """of SENSORS"""
    skin: bool = False
    """sensors move on the skin"""
    quick: bool = False
    """put on by the marks and no ritual, instead of put on anyhow and the full ritual"""
    lossy: bool = False
    """2 % of packets lost, and three holes of 60 to 300 ms a minute"""

    @property
    def is_base(self) -> bool:
        """No skin, full ritual, no loss."""
        return not (self.skin or self.quick or self.lossy)


BASE = tuple(Cell(sensor) for sensor in SENSORS)


SKINS = {False: Skin.none(), True: Skin.typical()}
ATHLETE = Athlete(posture_sd_deg=(4.0, 2.0, 4.0))
"""whose thighs stand as far off the vertical as the stated absolute interval takes them to"""


def all_cells() -> tuple[Cell, ...]:
    """The full factorial, base cells first."""
    found = [Cell(*each) for each in product(SENSORS, SKINS, (False, True), (False, True))]
    return tuple(sorted(found, key=lambda cell: (not cell.is_base, list(SENSORS).index(cell.sensor), cell)))


def whole(cell: Cell, seed: int) -> Simulation:
    """A random athlete and mounting, even seeds right, odd left; every packet arrives."""
    return simulate(
        seed,
        side=("right", "left")[seed % 2],
        sensor=SENSORS[cell.sensor],
        script=QUICK_START if cell.quick else Script(),
        mounting="worn" if cell.quick else "any",
        athlete=ATHLETE,
        skin=SKINS[cell.skin],
    )


def lossy(simulation: Simulation, seed: int) -> Simulation:
    """The same session with packets lost as LOSSY says: samples are the same ones, so only the loss differs."""
    kept: list[Frame] = []
    for which, unit in enumerate(simulation.units):
        rng = np.random.default_rng((seed, which))
        mine = [frame for frame in simulation.frames if frame.node == unit.name]
        at_s = np.array([1e-9 * (frame.arrival_ns - EPOCH_NS) for frame in mine])
        lost = rng.uniform(size=len(mine)) < LOSSY.loss
        for start_s, end_s in LOSSY.all_holes(rng, float(at_s[-1])):
            lost |= (at_s >= start_s) & (at_s < end_s)
        kept += [frame for frame, gone in zip(mine, lost & (at_s > FIRST_S)) if not gone]
    return replace(simulation, frames=sorted(kept, key=lambda frame: frame.arrival_ns))
