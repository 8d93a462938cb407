"""Whole live sessions without a screen, in virtual time: what the session said, and what a person told it when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from math import isnan
from pathlib import Path
from typing import Any

from hiphold import recording, timeline, wire
from hiphold.live import measure_causal
from hiphold.measurement import Measurement
from hiphold.samples import Frame, Settings
from hiphold.session.engine import Engine
from hiphold.session.nodes import Radio
from hiphold.session.plan import SIMULATED, Plan
from hiphold.session.preferences import AthleteSettings, Preferences
from hiphold.session.scene import Command, Message, Said, Scene, Summary, Update
from hiphold.simulation.sensor import Sensor
from hiphold.sources.simulate import Simulation, simulate
from rig import clock
from rig.rig import Rig
from rig.session import Tabulated, set_up, tell
from rig.skin import Still, Worn, flaws_of

LONGEST_S = 3600.0


@dataclass(repr=False)
class Told:
    """All that a session said."""

    messages: list[Message] = field(default_factory=list)
    latest: dict[int, Scene] = field(default_factory=dict)
    """by lane"""
    ended: list[Summary] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, message: Message) -> None:
        self.messages.append(message)
        if isinstance(message, Update):
            self.latest[message.lane] = message.scene
        elif isinstance(message, Summary):
            self.ended.append(message)
        self.changed.set()

    def updates(self, lane: int = 0) -> list[Update]:
        return [m for m in self.messages if isinstance(m, Update) and m.lane == lane]

    def scenes(self, lane: int = 0) -> list[Scene]:
        return [update.scene for update in self.updates(lane)]

    def scene(self, lane: int = 0) -> Scene:
        return self.scenes(lane)[-1]

    def cues(self, lane: int = 0) -> list[str]:
        return [cue for update in self.updates(lane) for cue in update.cues]

    def notices(self, lane: int = 0) -> list[str]:
        """The keys of all notices there ever were, each once."""
        return list(dict.fromkeys(notice.key for scene in self.scenes(lane) for notice in scene.notices))

    def summaries(self, lane: int = 0) -> list[Summary]:
        return [summary for summary in self.ended if summary.lane == lane]

    def said(self) -> list[str]:
        return [m.text for m in self.messages if isinstance(m, Said)]

    async def until(self, true: Callable[[Scene], object], lane: int = 0) -> Scene:
        """Wait for a scene that is so."""
        async with asyncio.timeout(LONGEST_S):
            while lane not in self.latest or not true(self.latest[lane]):
                self.changed.clear()
                await self.changed.wait()
        return self.latest[lane]

    async def until_message(self, true: Callable[[Message], object]) -> Message:
        """Wait for a message that is so; also one that came already."""
        async with asyncio.timeout(LONGEST_S):
            seen = 0
            while True:
                for message in self.messages[seen:]:
                    if true(message):
                        return message
                seen = len(self.messages)
                self.changed.clear()
                await self.changed.wait()

    async def until_summary(self, lane: int = 0, number: int = 1) -> Summary:
        async with asyncio.timeout(LONGEST_S):
            while len(self.summaries(lane)) < number:
                self.changed.clear()
                await self.changed.wait()
        return self.summaries(lane)[-1]


Person = Callable[[Engine, Told], Coroutine[Any, Any, None]]


async def _to_the_end(engine: Engine, told: Told) -> None:
    for lane in list(engine.lanes):
        await told.until_summary(lane)


async def attend(plan: Plan, preferences: Preferences, person: Person, radio: Radio | None = None) -> Told:
    """A session with a person who tells it things; then it quits."""
    told = Told()
    engine = Engine(plan, preferences, told.take, radio)
    running = asyncio.create_task(engine.run())
    try:
        await asyncio.sleep(0.05)
        await person(engine, told)
    finally:
        engine.tell(Command("quit"))
        await running
    return told


def simulated(
    folder: Path, *kinds: str, person: Person = _to_the_end, preferences: Preferences | None = None, **plan: Any
) -> Told:
    """A session of simulated athletes in virtual time."""
    chosen = preferences or Preferences(folder=folder)
    asked = Plan(source=SIMULATED, kinds=kinds, **plan)
    return clock.run(attend(asked, chosen, person))


# Real nodes


async def put_on(
    rig: Rig,
    who: str,
    placements: tuple[str, ...] = ("pelvis", "thigh_right"),
    *,
    seed: int = 3,
    start_s: float = 0.0,
    simulation: Mapping[str, Any] | None = None,
    **options: Any,
) -> Simulation:
    """Switch on and set up the nodes of a simulated athlete, who begins at `start_s` of the rig's time.

    As rig.session.dress, but of several athletes; the rig knows the nodes as "who placement".
    """
    drawn = simulate(seed=seed, placements=placements, sensor=Sensor.good(), **(simulation or {}))
    for unit in drawn.units:
        node = await rig.node(
            f"{who} {unit.placement}",
            chip=Sensor.good().chip,
            skin=Tabulated(Worn(drawn.truth.motion, unit, drawn.truth.duration_s, start_s)),
            flaws=flaws_of(unit, Sensor.good()),
            skew_ppm=unit.clock_skew * 1e6,
            boot_offset_us=round(unit.clock_offset_s * 1e6),
            **options,
        )
        await set_up(node, unit)
    return drawn


async def lay_out(rig: Rig, **placements: str) -> None:
    """Switch on nodes that lie on a table, by name; "" as placement: one that nobody has ever set up."""
    for name, placement in placements.items():
        node = await rig.node(name, chip="lsm6dsv16x", skin=Still((0.0, 1.0, 0.0)))
        if placement:
            where = wire.encode_command(wire.SET_PLACEMENT, wire.PLACEMENTS.index(placement))
            await tell(node, [where, wire.encode_command(wire.SET_NAME, name=name)])


def addresses(rig: Rig, *beginnings: str) -> tuple[str, ...]:
    """Of the nodes whose label begins so."""
    return tuple(node.options.address for label, node in rig.nodes.items() if label.startswith(beginnings))


def knowing(folder: Path, **nodes: tuple[str, ...]) -> Preferences:
    """Preferences that know whose nodes are whose; the first athlete trained last."""
    athletes = {code: AthleteSettings(nodes=each) for code, each in nodes.items()}
    return Preferences(folder=folder, athletes=athletes, last_athletes=tuple(nodes)[:1])


def radio(rig: Rig) -> Radio:
    """The rig's."""
    return Radio(rig.adapter.scanner, rig.adapter.client)


def figures(path: str | Path, **settings: Any) -> Measurement:
    """What `measure --causal` makes of a recording, which must be whole."""
    found = recording.read(path)
    assert found.damage == ()
    return measure_causal(found.frames, replace(Settings(causal=True), **settings), found.events, (), found.started_at)


async def at(rig: Rig, time_s: float) -> None:
    """Wait for a time of the rig."""
    await asyncio.sleep(max(time_s - rig.now_s, 0.0))


def whole(path: str | Path) -> list[Frame]:
    """The packets of a recording in which nothing is missing."""
    frames = recording.read(path).frames
    for data in timeline.assemble(frames):
        assert (data.lost, data.gaps) == (0, ()), data.node
    return frames


def assert_as_measured(summary: Summary, **settings: Any) -> None:
    """Every figure of the summary is the one that the recording gives."""
    holds, found = [rep for rep in summary.reps if rep.is_hold], figures(summary.path, **settings).holds
    assert len(holds) == len(found)
    for rep, hold in zip(holds, found, strict=True):
        assert (rep.side, rep.start_s, rep.hold_s) == (hold.side, hold.start_s, hold.hold_s)
        assert rep.elevation_deg == hold.femur_elevation_deg.mean
        assert rep.elevation_uncertainty_deg == hold.femur_elevation_deg.uncertainty_rezeroed_95
        for shown, known in (
            (rep.rotation_range_deg, hold.hip_rotation_range_deg),
            (rep.pelvis_obliquity_deg, hold.pelvis.obliquity_deg.mean_shift),
        ):
            assert shown == known or (isnan(shown) and known is None)
