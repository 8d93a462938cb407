"""What befalls the nodes of a soak, by chance but reproducibly: blackouts, losses of power, both at once.

Every incident is kept with the rig's own times, so that what is missing at the end can be held against it.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from rig.process import NodeProcess
from rig.rig import Rig

SETTLED_S = 70.0
"""calm before the first incident, and after the last: enough to come back and to fetch a whole ring"""
CALM_S = (20.0, 60.0)
"""between two incidents of a node; the shorter ones fall into the fetching after the one before"""
BLACKOUT_S = (2.0, 30.0)
OFF_S = (0.2, 6.0)
KINDS = ("blackout", "blackout", "power", "both")


@dataclass
class Incident:
    """Times are the rig's true ones."""

    kind: str
    node: str
    start_s: float
    end_s: float
    """radio contact is possible again: the blackout is over, or the node has started"""
    off_s: float | None = None
    """when power was lost"""


async def befall(rig: Rig, node: NodeProcess, until_s: float, restarts: bool, seed: int) -> list[Incident]:
    """Incidents of one node until then; without `restarts` blackouts only."""
    dice, label, found = random.Random(seed), node.options.label, list[Incident]()
    await asyncio.sleep(SETTLED_S)
    while rig.now_s < until_s:
        kind = dice.choice(KINDS) if restarts else "blackout"
        found.append(Incident(kind, label, rig.now_s, rig.now_s))
        incident = found[-1]
        if kind != "power":
            duration_s = dice.uniform(*BLACKOUT_S)
            rig.blackout(duration_s, label)
            await asyncio.sleep(duration_s * (dice.uniform(0.1, 0.9) if kind == "both" else 1.0))
        if kind != "blackout":
            incident.off_s = rig.now_s
            node.kill()
            await asyncio.sleep(dice.uniform(*OFF_S))
            await node.start()
        incident.end_s = rig.now_s
        await asyncio.sleep(dice.uniform(*CALM_S))
    return found
