"""A simulated session as a source of frames: athlete, nodes and links put together from one seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from hiphold.samples import Frame
from hiphold.simulation.athlete import Athlete
from hiphold.simulation.body import Motion, draw_motion
from hiphold.simulation.link import Link, deliver
from hiphold.simulation.node import sample_packets, status_packets, time_packets
from hiphold.simulation.plan import draw_plan
from hiphold.simulation.script import Script
from hiphold.simulation.sensor import Sensor, Slip, Unit, draw_mounting, draw_unit
from hiphold.simulation.skin import Give, Skin, draw_give
from hiphold.simulation.truth import Truth

EPOCH_NS = 1_700_000_000 * 10**9
"""when every simulated session begins, ns since 1970"""

ROLES = ("pelvis", "thigh_lead", "thigh_other", "shank_lead", "shank_other", "trunk")
SIDES = {"right": ("right",), "left": ("left",), "both": ("right", "left")}
DEFAULT_ATHLETE, DEFAULT_SCRIPT, DEFAULT_SENSOR, DEFAULT_LINK = Athlete(), Script(), Sensor(), Link()
NO_SKIN = Skin.none()

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Simulation:
    """A session as it reached the host, and what really happened."""

    frames: list[Frame]
    """in order of arrival"""
    truth: Truth
    """times in seconds since the session began, at EPOCH_NS"""
    units: tuple[Unit, ...]
    """the nodes, one per placement"""

    @property
    def first_sample_s(self) -> float:
        """Session time of the earliest sample: truth time is measured time plus this."""
        return min(unit.first_sample_s for unit in self.units)


def default_placements(side: str) -> tuple[str, ...]:
    """Pelvis and the measured thigh or thighs."""
    return ("pelvis", *(f"thigh_{each}" for each in SIDES[side]))


def simulate(
    seed: int = 0,
    side: str = "right",
    athlete: Athlete = DEFAULT_ATHLETE,
    script: Script = DEFAULT_SCRIPT,
    sensor: Sensor | Mapping[str, Sensor] = DEFAULT_SENSOR,
    link: Link | Mapping[str, Link] = DEFAULT_LINK,
    placements: tuple[str, ...] = (),
    mounting: str = "any",
    slips: tuple[Slip, ...] = (),
    says: Mapping[str, str] | None = None,
    skin: Skin = NO_SKIN,
) -> Simulation:
    """One whole session; equal arguments give equal bytes.

    `side`: right, left, or both in turn. `placements`: from wire.PLACEMENTS, empty for `default_placements`.
    `sensor`, `link`: for all nodes, or by placement; the default for those left out.
    `mounting`: any (every way round) or worn (by the marks on the case, a few degrees off).
    `slips`: sensors that turn on their segment. `says`: true placement -> what the node claims instead.
    `skin`: how sensors turn against the bone; truth stays the bone's.
    Motion, nodes, links and skin draw from separate branches of the seed, and each node from its own, so changing one
    leaves the others as they were. `left` is the mirror image of `right`.
    """
    for_motion, for_nodes, for_links, for_skin = np.random.SeedSequence(seed).spawn(4)
    truth = _draw_truth(side, athlete, script, for_motion)
    node_seeds, link_seeds = for_nodes.spawn(len(ROLES)), for_links.spawn(len(ROLES))
    for_loss, *skin_seeds = for_skin.spawn(1 + len(ROLES))
    loss = skin.draw_loss(np.random.default_rng(for_loss))
    placements, says = placements or default_placements(side), says or {}
    each = [given for given in (sensor, link, says) if isinstance(given, Mapping)]
    _refuse_absent(placements, (*(slip.placement for slip in slips), *(name for given in each for name in given)))
    frames: list[Frame] = []
    units = []
    for placement in placements:
        role = ROLES.index(truth.motion.role(placement))
        node = _Node(
            placement,
            _of(sensor, placement, DEFAULT_SENSOR),
            _of(link, placement, DEFAULT_LINK),
            mounting,
            tuple(sorted((slip for slip in slips if slip.placement == placement), key=lambda slip: slip.at_s)),
            says.get(placement, placement),
            draw_give(skin, truth, placement, loss, np.random.default_rng(skin_seeds[role])),
        )
        unit, received = _one_node(truth, node, node_seeds[role], link_seeds[role])
        units.append(unit)
        frames += received
    return Simulation(sorted(frames, key=lambda frame: frame.arrival_ns), truth, tuple(units))


@dataclass(frozen=True)
class _Node:
    """What is asked of one node."""

    placement: str
    sensor: Sensor
    link: Link
    mounting: str
    slips: tuple[Slip, ...]
    says: str
    give: Give | None


def _of(one_or_each: T | Mapping[str, T], placement: str, default: T) -> T:
    return one_or_each.get(placement, default) if isinstance(one_or_each, Mapping) else one_or_each


def _refuse_absent(placements: tuple[str, ...], named: Iterable[str]) -> None:
    """A fault given to a sensor that nobody wears would go unnoticed."""
    if absent := set(named) - set(placements):
        raise ValueError(f"nobody wears {', '.join(sorted(absent))} here; worn: {', '.join(placements)}")


def _draw_truth(side: str, athlete: Athlete, script: Script, seed: np.random.SeedSequence) -> Truth:
    for_plan, for_body = seed.spawn(2)
    legs = ("lead", "other")[: len(SIDES[side])]
    plan = draw_plan(script, legs, athlete.hold_elevation_deg, np.random.default_rng(for_plan))
    return Truth(draw_motion(athlete, plan, SIDES[side][0], for_body), plan, SIDES[side])


def _one_node(
    truth: Truth, node: _Node, node_seed: np.random.SeedSequence, link_seed: np.random.SeedSequence
) -> tuple[Unit, list[Frame]]:
    for_mounting, for_unit, for_noise = (np.random.default_rng(child) for child in node_seed.spawn(3))
    for_clock, for_air = (np.random.default_rng(child) for child in link_seed.spawn(2))
    motion: Motion = truth.motion
    sensor, link = node.sensor, node.link
    put_on = draw_mounting(node.mounting, node.placement, motion.lead == "left", for_mounting)
    unit = draw_unit(sensor, node.placement, put_on, for_unit, node.says, node.slips, node.give)
    packets = status_packets(sensor, unit, truth.duration_s)
    packets += time_packets(unit, link, EPOCH_NS // 1000, truth.duration_s, for_clock)
    packets += sample_packets(motion, sensor, unit, truth.duration_s, for_noise)
    return unit, deliver(packets, link, unit.name, EPOCH_NS, for_air)
