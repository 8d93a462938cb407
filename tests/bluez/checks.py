"""What the recordings and the rig's own account say, judged: one Check after another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from hiphold import recording, timeline, wire
from hiphold.samples import Frame, NodeData

PLACEMENTS = ("pelvis", "thigh_right")
WHOLE_FRAME = 11  # samples, 244 bytes: what an MTU of 247 carries
RATE_HZ = 120
CALM_S = 20.0  # from the first packet of the first node on
LATER_S = 4.0  # at most, for the other node: an adapter connects to one after the other
BLACKOUT_S = 8.0
RESTART_S = 15.0  # at most, without samples: power-on, advertising, being found and told to start
UNSURE_S = 5e-3
LATE_S = 0.5  # a machine that is too slow for this makes a radio that no real one is like


@dataclass(frozen=True)
class Check:
    """One thing that must be so, and what was found."""

    name: str
    passed: bool
    found: str


def checks(out: Path) -> Iterator[Check]:
    """All checks of a run, from what the machine left in `out`. Raises OSError, KeyError or HipholdError."""
    told = json.loads((out / "what.json").read_text("utf-8"))
    yield from _of_the_rig(told["rig"])
    yield from _of_scan(told["commands"]["scan"], (out / "scan.log").read_text("utf-8"))
    for name, judge in (("calm", _of_calm), ("trouble", _of_trouble)):
        command = told["commands"][name]
        yield Check(f"{name}: recorded", command["exit"] == 0, f"exit {command['exit']}")
        if command["exit"] == 0:
            frames = recording.read(out / f"{name}.mcap").frames
            nodes = {node.placement: node for node in timeline.assemble(frames)}
            here = set(nodes) == set(PLACEMENTS)
            yield Check(f"{name}: nodes", here, ", ".join(sorted(nodes)))
            yield from _of_packets(name, frames)
            if here:
                yield from judge(nodes, frames)


def _of_the_rig(rig: dict[str, Any]) -> Iterator[Check]:
    lost, sent, late_s = rig["lost_packets"], rig["packets"], rig["late_s"]
    yield Check("radio: packets were lost", lost > 100, f"{lost} lost and sent again, {sent} arrived")
    found = ", ".join(f"{name} at most {seconds:.2f} s late" for name, seconds in late_s.items())
    yield Check("rig: kept pace with real time", late_s["calm"] < LATE_S, found)


def _of_scan(command: dict[str, Any], said: str) -> Iterator[Check]:
    seen = [placement for placement in PLACEMENTS if placement in said]
    passed = command["exit"] == 0 and len(seen) == len(PLACEMENTS)
    yield Check("scan: sees both nodes", passed, f"exit {command['exit']}, {', '.join(seen) or 'none'}")


def _of_packets(name: str, frames: list[Frame]) -> Iterator[Check]:
    sizes: Counter[int] = Counter()
    broken = 0
    for frame in frames:
        try:
            found = wire.messages(frame.data)
        except wire.WireError:
            broken += 1
            continue
        sizes.update(message.count for message in found if isinstance(message, wire.Samples))
    whole = sizes[WHOLE_FRAME] / max(sum(sizes.values()), 1)
    said = f"{whole:.0%} of {sum(sizes.values())} frames carry {WHOLE_FRAME} samples, {broken} packets broken"
    yield Check(f"{name}: frames arrive whole", not broken and whole > 0.5, said)


def _of_calm(nodes: dict[str, NodeData], _frames: list[Frame]) -> Iterator[Check]:
    for placement, node in nodes.items():
        count = len(node.block.time_s)
        passed = not node.lost and not node.gaps and count > (CALM_S - LATER_S) * RATE_HZ
        yield Check(f"calm: {placement} complete", passed, f"{count} samples, {node.lost} missing")
        unsure_s = node.clock_uncertainty_s
        yield Check(f"calm: {placement}'s clock is known", unsure_s < UNSURE_S, f"to {1e3 * unsure_s:.1f} ms")


def _of_trouble(nodes: dict[str, NodeData], frames: list[Frame]) -> Iterator[Check]:
    pelvis, thigh = (nodes[placement] for placement in PLACEMENTS)
    silent_s = _longest_silence_s([frame for frame in frames if frame.node == pelvis.node])
    yield Check("trouble: the blackout ended the connection", silent_s > BLACKOUT_S, f"nothing for {silent_s:.1f} s")
    found = f"{len(pelvis.block.time_s)} samples, {pelvis.lost} missing"
    yield Check("trouble: what was missed was fetched", not pelvis.lost and not pelvis.gaps, found)
    boots = _boots([frame for frame in frames if frame.node == thigh.node])
    gap_s = [end - start for start, end in thigh.gaps]
    found = f"{boots} starts, samples missing for {', '.join(f'{each:.1f} s' for each in gap_s) or 'no time'}"
    passed = boots == 2 and len(gap_s) == 1 and gap_s[0] < RESTART_S
    yield Check("trouble: a node that restarts is received again", passed, found)


def _longest_silence_s(frames: list[Frame]) -> float:
    times_ns = [frame.arrival_ns for frame in frames]
    return max((after - before for before, after in pairwise(times_ns)), default=0) * 1e-9


def _boots(frames: list[Frame]) -> int:
    found = (message for frame in frames for message in wire.messages(frame.data))
    return len({message.boot for message in found if isinstance(message, wire.Samples)})
