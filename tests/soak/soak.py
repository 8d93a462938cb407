"""Half an hour with four nodes, a bad radio, blackouts and losses of power: `make soak`.

In virtual time, with real MicroPython and the product's own recording. It fails when a single sample is missing that
could have been had, when host and rig disagree on what is lost, when memory of host or nodes grows, or when a node
restarts by itself or writes down an error.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from hiphold import recording, timeline, wire
from hiphold.receive import capture
from hiphold.samples import NodeData
from hiphold.simulation.script import Script
from hiphold.simulation.sensor import Sensor
from hiphold.sources.simulate import simulate
from rig import clock
from rig.board import Board
from rig.process import PWRON_RESET, NodeProcess
from rig.rig import INT1_PIN, Rig
from rig.session import Tabulated, messages, set_up
from rig.skin import Worn, flaws_of
from soak.account import Account, Counted, Life, account, lives
from soak.incidents import SETTLED_S, Incident, befall
from soak.memory import FILE, HOST, own_bytes, resident_bytes

PLACEMENTS = ("pelvis", "thigh_left", "thigh_right", "trunk")
NEVER_OFF = "trunk"
"""the node that keeps its power, so that its memory is seen over the whole time"""
LOSS = 0.03
REPETITION_S = 18.0
MINUTE_S = 60.0
WARM_MINUTES = 5
LEAST_MINUTES = 2 * WARM_MINUTES
ANSWER_S = 0.5
HOST_BYTES_PER_10_MIN = 64 << 10
FILE_BYTES_PER_10_MIN = 1536 << 10
"""the index of the file, which MCAP's writer keeps until the end: about 600 bytes for every chunk"""
RSS_BYTES_PER_10_MIN = 8 << 20
"""of the whole process: what the rig keeps for its account is a third of that"""
NODE_BYTES = 4096
"""by how much the free memory of a node may fall: lists that wait to be sent"""
LATE_S = 3e-3


@dataclass
class Soak:
    """What was seen while it ran, and the parts that are asked at the end."""

    rig: Rig
    minutes: int
    chips: dict[str, list[Counted]] = field(default_factory=dict)
    incidents: list[Incident] = field(default_factory=list)
    host_bytes: list[int] = field(default_factory=list)
    file_bytes: list[int] = field(default_factory=list)
    rss_bytes: list[int] = field(default_factory=list)
    counters: dict[str, list[dict[str, int]]] = field(default_factory=dict)
    """by node; each with its boot"""
    faults: list[str] = field(default_factory=list)

    def demand(self, condition: bool, sentence: str) -> None:
        """Keep what is wrong."""
        if not condition:
            self.faults.append(sentence)


async def put_on(soak: Soak, seed: int) -> None:
    """Four nodes on an athlete who goes on for as long as the soak lasts."""
    script = Script(hold_s=(11.0,) * round((MINUTE_S * soak.minutes + SETTLED_S) / REPETITION_S))
    sensor = Sensor.good()
    drawn = simulate(seed, side="both", script=script, sensor=sensor, placements=PLACEMENTS)
    for unit in drawn.units:
        skin = Tabulated(Worn(drawn.truth.motion, unit, drawn.truth.duration_s, soak.rig.now_s))
        chips, flaws = soak.chips.setdefault(unit.placement, []), flaws_of(unit, sensor)

        def power_on(skin: Any = skin, flaws: Any = flaws, chips: Any = chips) -> Any:
            chips.append(Counted(skin, flaws))
            return {Counted.ADDRESS: chips[-1]}

        board = Board(power_on, int1_pin=INT1_PIN)
        clock_of: dict[str, Any] = {
            "skew_ppm": unit.clock_skew * 1e6,
            "boot_offset_us": round(unit.clock_offset_s * 1e6),
        }
        node = await soak.rig.node(unit.placement, board=board, config={"CHIP": sensor.chip}, **clock_of)
        await set_up(node, replace(unit, name=unit.placement))


async def ask_counters(node: NodeProcess) -> tuple[int, dict[str, int]] | None:
    """(boot, counters) over the cable; None from a node that is off."""
    del node.port.received[:]
    node.port.write(b"\0" + wire.cable_encode(wire.encode_command(wire.GET_COUNTERS)))
    await asyncio.sleep(ANSWER_S)
    for message in messages(node.port.received):
        if isinstance(message, wire.Counters):
            return message.boot, dict(zip(wire.COUNTER_NAMES, message.values))
    return None


async def watch(soak: Soak, nodes: Sequence[capture.Node], stop: asyncio.Event) -> None:
    """A line every minute of virtual time; the recording ends with it."""
    began = time.monotonic()
    try:
        for minute in range(1, soak.minutes + 1):
            await asyncio.sleep(MINUTE_S - ANSWER_S)
            await look(soak)
            samples = sum(node.dialogue.arrivals.samples for node in nodes)
            missing, lost = (sum(getattr(node.dialogue, name) for node in nodes) for name in ("missing", "lost"))
            restarts = sum(len(node.starts) - 1 for node in soak.rig.nodes.values())
            own, index, process = (sizes[-1] / 1024 for sizes in (soak.host_bytes, soak.file_bytes, soak.rss_bytes))
            print(
                f"{minute:3} min  {samples:7} samples  {missing:5} missing  {lost:6} lost  {restarts:3} restarts  "
                f"host {own:4.0f} + {index:4.0f} KB, process {process / 1024:4.0f} MB  "
                f"({time.monotonic() - began:4.0f} s)",
                flush=True,
            )
    finally:
        stop.set()


async def look(soak: Soak) -> None:
    """Ask the nodes for their counters, and see how large the host is."""
    answers = await asyncio.gather(*(ask_counters(node) for node in soak.rig.nodes.values()))
    for label, told in zip(soak.rig.nodes, answers):
        if told:
            soak.counters.setdefault(label, []).append({"boot": told[0], **told[1]})
    soak.host_bytes.append(own_bytes(HOST))
    soak.file_bytes.append(own_bytes(FILE))
    soak.rss_bytes.append(resident_bytes())


async def run(minutes: int, seed: int, path: Path) -> tuple[Soak, list[capture.Node]]:
    """The whole soak; the rig raises at its end when a node crashed."""
    async with Rig(seed=seed, loss=LOSS) as rig:
        soak = Soak(rig, minutes)
        await put_on(soak, seed)
        found = await capture.find([], [], print, scanner=rig.adapter.scanner)
        until_s = rig.now_s + MINUTE_S * minutes - SETTLED_S
        work = [
            asyncio.create_task(befall(rig, node, until_s, label != NEVER_OFF, seed * 100 + number))
            for number, (label, node) in enumerate(rig.nodes.items())
        ]
        watching, stop = list[asyncio.Task[None]](), asyncio.Event()

        def show(nodes: Sequence[capture.Node]) -> None:
            if not watching:
                watching.append(asyncio.create_task(watch(soak, nodes, stop)))

        radio = rig.adapter.scanner, rig.adapter.client
        nodes = await capture.record(path, found, stop, print, show, None, *radio)
        await asyncio.gather(*watching)
        soak.incidents = [incident for each in await asyncio.gather(*work) for incident in each]
        for label, node in rig.nodes.items():
            soak.demand(not (node.flash / "crash.txt").exists(), f"{label} wrote down an error: crash.txt")
            causes = [cause for _, cause in node.starts]
            soak.demand(set(causes) == {PWRON_RESET}, f"{label} restarted by itself: causes {causes}")
        return soak, nodes


def judge_samples(soak: Soak, nodes: Sequence[capture.Node], path: Path) -> dict[str, tuple[Account, list[Life]]]:
    """Every sample that the chips took, against what came, and against what host and file say of it."""
    frames = recording.read(path).frames
    data = {each.node: each for each in timeline.assemble(frames)}
    accounts = {}
    for node in nodes:
        name, dialogue = node.found.name, node.dialogue
        ring = dialogue.info.ring_samples if dialogue.info else 0
        with_samples = [f.arrival_ns for f in frames if f.node == name and f.data[0] >> 4 == wire.SAMPLES]
        arrivals_s = 1e-9 * (np.array(with_samples) - dialogue.epoch_ns)
        found = lives(name, soak.chips[name], frames)
        made = account(name, found, soak.incidents, arrivals_s, ring / dialogue.arrivals.rate_hz)
        accounts[name] = made, found
        soak.faults += made.unexplained
        judge_host(soak, node, made, data[name])
        late_s = max(life.late_s for life in found)
        soak.demand(late_s < LATE_S, f"{name} was up to {1e3 * late_s:.2f} ms wrong about when it took a sample")
    return accounts


def judge_host(soak: Soak, node: capture.Node, made: Account, data: NodeData) -> None:
    """Whether host and file know what is missing."""
    name, dialogue = node.found.name, node.dialogue
    said = dialogue.arrivals.samples, dialogue.lost, dialogue.missing
    soak.demand(said == (made.came, made.beyond_ring, 0), f"{name}: host says {said} came, lost, missing; not {made}")
    restarts = len(soak.chips[name]) - 1
    soak.demand(dialogue.arrivals.restarts == restarts, f"{name}: host saw {dialogue.arrivals.restarts} restarts")
    read = len(data.block), len(data.gaps)
    soak.demand(read == (made.came, made.holes + restarts), f"{name}: file has {read} samples and gaps; not {made}")


def judge_memory(soak: Soak) -> str:
    """Neither host nor nodes grow once they are warm. Returns how much the host does."""
    said = []
    for what, sizes, most in (
        ("host", soak.host_bytes, HOST_BYTES_PER_10_MIN),
        ("index of the file", soak.file_bytes, FILE_BYTES_PER_10_MIN),
        ("process", soak.rss_bytes, RSS_BYTES_PER_10_MIN),
    ):
        warm = sizes[WARM_MINUTES:]
        slope = 10 * float(np.polyfit(np.arange(len(warm)), warm, 1)[0])
        said.append(f"{what} {slope / 1024:.0f} KB")
        soak.demand(slope < most, f"memory of the {what} grows by {slope / 1024:.0f} KB in 10 minutes")
    for label, told in soak.counters.items():
        judge_node(soak, label, told)
    return "memory grows in 10 minutes by: " + ", ".join(said)


def judge_node(soak: Soak, label: str, told: list[dict[str, int]]) -> None:
    """Memory of a node, by its own word, in each of its lives; and that it had no trouble with its chip."""
    for boot in {each["boot"] for each in told}:
        free = [each["heap_free"] for each in told if each["boot"] == boot and each["heap_free"]]
        fell = free[0] - min(free) if free else 0
        soak.demand(fell < NODE_BYTES, f"{label}: {fell} bytes of memory less than at first, {min(free)} are free")
    for trouble in ("overruns", "lost", "bus_errors", "bad_commands"):
        count = max(each[trouble] for each in told)
        soak.demand(count == 0, f"{label}: {count} {trouble}")


def table(soak: Soak, nodes: Sequence[capture.Node], accounts: dict[str, tuple[Account, list[Life]]]) -> None:
    """One line per node."""
    head = ("node", "taken", "came", "beyond ring", "unsent", "before start", "unexplained", "host: lost", "resent")
    more = ("starts", "links lost", "late ms", "least free", "dropped")
    rows: list[Sequence[object]] = [(*head, *more)]
    for node in nodes:
        name, dialogue = node.found.name, node.dialogue
        made, found = accounts[name]
        told = soak.counters[name]
        free = min(each["heap_free"] for each in told if each["heap_free"])
        dropped = sum({each["boot"]: each["dropped_commands"] for each in told}.values())
        late_ms = f"{1e3 * max(life.late_s for life in found):.2f}"
        missing = made.beyond_ring, made.unsent, made.before_start, len(made.unexplained)
        after = dialogue.lost, dialogue.arrivals.resent, len(found), dialogue.link_losses, late_ms, free, dropped
        rows.append((name, made.taken, made.came, *missing, *after))
    for row in rows:
        print("".join(f"{cell!s:>13}" for cell in row))


def main() -> int:
    parser = argparse.ArgumentParser("soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.minutes < LEAST_MINUTES:
        parser.error(f"at least {LEAST_MINUTES} minutes, or nothing can be said of memory")
    logging.getLogger("bumble").setLevel(logging.ERROR)  # it warns of every link that is lost
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "soak.mcap"
        soak, nodes = clock.run(run(given.minutes, given.seed, path))
        accounts = judge_samples(soak, nodes, path)
    growth = judge_memory(soak)
    table(soak, nodes, accounts)
    kinds = [each.kind for each in soak.incidents]
    print(", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds))), "incidents")
    print(f"{growth}; {time.monotonic() - began:.0f} s in all")
    for fault in soak.faults:
        print("FAULT", fault)
    return bool(soak.faults)


if __name__ == "__main__":
    sys.exit(main())
