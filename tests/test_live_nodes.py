"""Live sessions on real nodes: known ones begin by themselves, new ones are named, placed and remembered."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hiphold import recording, wire
from hiphold.samples import Frame
from hiphold.session.engine import Engine
from hiphold.session.plan import Plan
from hiphold.session.preferences import Preferences
from hiphold.session.scene import HOLDING, READY, Command, Finding, Message, Summary
from hiphold.simulation.script import Act, Script
from hiphold.sources.simulate import Simulation
from live_sessions import (
    Told,
    addresses,
    assert_as_measured,
    at,
    attend,
    knowing,
    lay_out,
    put_on,
    radio,
    whole,
)
from rig import clock
from rig.rig import Rig
from rig.session import ask
from rig.usb import SerialPort

pytestmark = pytest.mark.usefixtures("micropython")

LOSS = 0.05
RAISE = Act("raise"), Act("stand", seconds=2.2)
RITUAL = (Act("stand", seconds=4.0), *RAISE, *RAISE, Act("bow"), Act("stand", seconds=3.0))
BEGINS_S = 20.0
GAP_S = 22.0
AS_THEY_COME = {("thigh_right", "", "")}
"""placement, owner and problem of new nodes"""


def messages(frames: list[Frame], node: str, kind: type) -> list[Any]:
    return [m for frame in frames if frame.node == node for m in wire.messages(frame.data) if isinstance(m, kind)]


# Known nodes, and the next athlete on them


@dataclass(repr=False)
class Course:
    """What came of a session, and when."""

    told: Told = field(default_factory=Told)
    preferences: Preferences = field(default_factory=Preferences)
    drawn: Simulation | None = None
    first: Summary | None = None
    second: Summary | None = None
    waits_s: float = 0.0
    anew_s: float = 0.0
    """when the athlete said that the sensors are on, by the rig's time"""


async def two_athletes_in_turn(folder: Path) -> Course:
    kept = Course()
    async with Rig(seed=3, loss=LOSS) as rig:
        acts = (*RITUAL, Act("hold", seconds=11.0), Act("stand", seconds=GAP_S), Act("hold", seconds=11.0))
        script = Script(acts=(*acts, Act("stand", seconds=6.0)))
        wanted = {"script": script, "mounting": "worn"}
        kept.drawn = await put_on(rig, "anna", start_s=BEGINS_S, simulation=wanted)
        await lay_out(rig, belt="pelvis", leg="thigh_left")
        await rig.stranger()
        await asyncio.sleep(2.0)
        kept.preferences = knowing(folder, anna=addresses(rig, "anna"), ben=addresses(rig, "belt", "leg"))

        async def person(engine: Engine, told: Told) -> None:
            began_s = rig.now_s
            await told.until(lambda s: len(s.nodes) == 2 and s.waiting and all(n.severity == "info" for n in s.nodes))
            kept.waits_s = rig.now_s - began_s
            await at(rig, BEGINS_S - 0.5)
            kept.anew_s = rig.now_s
            engine.tell(Command("anew"))
            await told.until(lambda scene: len(scene.reps) == 1 and scene.stage == READY)
            await asyncio.sleep(2.0)
            engine.tell(Command("end"))
            await told.until_summary()
            engine.tell(Command("save", 0, {"athlete": "anna", "name": "morning"}))
            kept.first = await told.until_summary(number=2)
            engine.tell(Command("next", 0, {"athlete": "carl"}))
            await told.until(lambda scene: scene.athlete == "carl" and scene.waiting)
            await asyncio.sleep(3.0)
            engine.tell(Command("anew", 0, {"quick": True}))
            await told.until(lambda scene: len(scene.reps) == 1 and scene.stage == READY)
            await asyncio.sleep(2.0)
            engine.tell(Command("end"))
            kept.second = await told.until_summary(number=3)

        kept.told = await attend(Plan(), kept.preferences, person, radio(rig))
    return kept


@pytest.fixture(scope="module")
def in_turn(tmp_path_factory: pytest.TempPathFactory, micropython: str) -> Course:  # noqa: ARG001
    return clock.run(two_athletes_in_turn(tmp_path_factory.mktemp("in turn")))


def test_known_nodes_begin_by_themselves_and_the_session_waits(in_turn: Course) -> None:
    assert in_turn.waits_s < 8.0
    findings = [m for m in in_turn.told.messages if isinstance(m, Finding)]
    assert [found.state for found in findings] == ["looking", "connecting"]
    waiting = [scene for scene in in_turn.told.scenes() if scene.waiting and scene.athlete == "anna"]
    assert {scene.prompt for scene in waiting} == {"Put the sensors on, stand tall"}
    assert {scene.recording.state for scene in waiting} == {"off"}
    assert in_turn.drawn
    assert {node.name for node in waiting[-1].nodes} == {unit.name for unit in in_turn.drawn.units}
    assert {node.placement for node in waiting[-1].nodes} == {"pelvis", "thigh_right"}


def test_nothing_is_told_of_that_is_not_so(in_turn: Course) -> None:
    notices = {n.key: n.text for scene in in_turn.told.scenes() for n in scene.notices}
    others = "Sensors of others are in reach and are left alone: belt (ben), leg (ben)."
    assert notices == {"other_owner": f"{others} Press F to wear one of them here."}
    assert in_turn.told.said() == [f"Saved as {in_turn.first and in_turn.first.path}"]


def test_the_summary_is_what_the_recording_gives_and_near_the_truth(in_turn: Course) -> None:
    assert in_turn.first
    assert in_turn.drawn
    summary, true = in_turn.first, in_turn.drawn.truth.holds("right")[0]
    assert Path(summary.path).name == "morning.mcap"
    assert summary.lost == 0
    whole(summary.path)
    assert_as_measured(summary)
    (rep,) = summary.reps
    assert rep.full
    assert rep.hold_s == pytest.approx(true.hold_s, abs=0.2)


def test_a_recording_begins_with_what_the_nodes_said_before_it(in_turn: Course) -> None:
    for summary in (in_turn.first, in_turn.second):
        assert summary
        frames = whole(summary.path)
        for node in {frame.node for frame in frames}:
            mine = [frame for frame in frames if frame.node == node]
            kinds = [type(m) for frame in mine for m in wire.messages(frame.data)]
            assert {wire.Info, wire.Calibration, wire.Time} <= set(kinds[: kinds.index(wire.Samples)])
            samples_ns = next(f.arrival_ns for f in mine if messages([f], node, wire.Samples))
            assert samples_ns - mine[0].arrival_ns > 1e9  # said long before


def test_the_next_athlete_has_a_session_of_their_own(in_turn: Course) -> None:
    first, second = in_turn.first, in_turn.second
    assert first
    assert second
    assert second.athlete == "carl"
    assert Path(second.path).parent.name == "carl"
    assert [rep.number for rep in second.reps] == [1]
    assert_as_measured(second)
    assert second.reps[0].full
    assert second.lost == 0
    assert len(in_turn.preferences.athletes["anna"].nodes) == 2  # they stay hers
    assert "carl" in in_turn.preferences.athletes  # whose session was not saved under a name
    assert len(in_turn.told.summaries()) == 3  # once each; quitting tells nothing twice


# Two athletes at once


BENS_AIMS: dict[str, object] = {"target_deg": 27.0, "band_deg": 6.0, "count_s": 6}


async def two_at_once(folder: Path) -> Course:
    kept = Course()
    async with Rig(seed=5, loss=LOSS) as rig:
        for who, seed, seconds in (("anna", 3, (11.0,)), ("ben", 4, (12.0, 7.0))):
            acts = [Act("stand", seconds=5.0)]
            for each in seconds:
                acts += [Act("hold", seconds=each), Act("stand", seconds=4.5)]
            wanted = {"script": Script(acts=tuple(acts)), "mounting": "worn"}
            await put_on(rig, who, seed=seed, start_s=BEGINS_S, simulation=wanted)
        await asyncio.sleep(2.0)
        kept.preferences = knowing(folder, anna=addresses(rig, "anna"), ben=addresses(rig, "ben"))
        kept.preferences.last_athletes = ("anna", "ben")

        async def person(engine: Engine, told: Told) -> None:
            for lane in (0, 1):
                await told.until(lambda s: s.waiting and len(s.nodes) == 2, lane)
            kept.waits_s = rig.now_s
            await at(rig, BEGINS_S - 0.5)
            for lane in (0, 1):
                engine.tell(Command("anew", lane, {"quick": True}))
            await told.until(lambda scene: len(scene.reps) == 1 and scene.stage == READY)
            engine.tell(Command("retarget", 1, BENS_AIMS))
            await told.until(lambda scene: scene.stage == HOLDING and scene.count == 3 and len(scene.reps) == 1, 1)
            engine.tell(Command("end", 0))
            kept.first = await told.until_summary(0)
            engine.tell(Command("next", 0, {"athlete": "carl"}))
            await told.until(lambda scene: len(scene.reps) == 2 and scene.stage == READY, 1)
            engine.tell(Command("end", 1))
            kept.second = await told.until_summary(1)

        kept.told = await attend(Plan(), kept.preferences, person, radio(rig))
    return kept


def test_two_athletes_at_once_do_not_mix_nor_disturb_each_other(tmp_path: Path) -> None:
    kept = clock.run(two_at_once(tmp_path))
    assert kept.first
    assert kept.second
    assert (kept.first.athlete, kept.second.athlete) == ("anna", "ben")
    names = [{frame.node for frame in whole(summary.path)} for summary in (kept.first, kept.second)]
    assert [len(each) for each in names] == [2, 2]
    assert not names[0] & names[1]
    assert [round(rep.hold_s) for rep in kept.second.reps] == [12, 7]
    assert_as_measured(kept.first)
    assert_as_measured(kept.second, target_deg=27.0, band_deg=6.0)
    assert kept.told.scene(1).count_s == 6
    assert {n.key for lane in (0, 1) for scene in kept.told.scenes(lane) for n in scene.notices} == set()
    assert kept.preferences.last_athletes[:2] in (("anna", "ben"), ("ben", "anna"))


# New nodes


def finding(state: str, busy: bool = False) -> Any:
    """Whether a message says that the search is there."""

    def is_it(message: Message) -> bool:
        return isinstance(message, Finding) and message.state == state and bool(message.busy) is busy

    return is_it


async def heard_as(told: Told, **placements: str) -> Finding:
    """Wait for a list of nodes with these names and placements that nothing is being done to."""

    def fits(message: Message) -> bool:
        if not isinstance(message, Finding) or message.busy or message.state != "choose":
            return False
        return placements.items() <= {each.name: each.placement for each in message.heard}.items()

    found = await told.until_message(fits)
    assert isinstance(found, Finding)
    return found


async def name_place_and_wear(rig: Rig, blinked: dict[str, int], engine: Engine, now: Told) -> None:
    """The first-time path."""
    found = await now.until_message(finding("choose"))
    assert isinstance(found, Finding)
    assert found.text == "Choose the sensors to wear"
    assert {(each.placement, each.owner, each.problem) for each in found.heard} == AS_THEY_COME
    before = {name: len(rig.nodes[name].board.history) for name in "ab"}
    engine.tell(Command("identify", 0, {"address": addresses(rig, "a")[0]}))
    await now.until_message(finding("choose", busy=True))
    await asyncio.sleep(4.0)
    blinked.update({name: len(rig.nodes[name].board.history) - before[name] for name in "ab"})
    names = {addresses(rig, "a")[0]: ("belt", "pelvis", "back"), addresses(rig, "b")[0]: ("leg", "thigh_right", "")}
    for address, (name, placement, lid) in names.items():
        engine.tell(Command("setup", 0, {"address": address, "name": name, "placement": placement, "lid": lid}))
        await heard_as(now, **{name: placement})
    await heard_as(now, belt="pelvis", leg="thigh_right")
    engine.tell(Command("wear", 0, {"athlete": "dora", "addresses": tuple(names)}))
    await now.until(lambda scene: scene.waiting and len(scene.nodes) == 2)
    engine.tell(Command("anew", 0, {"quick": True}))
    await now.until(lambda scene: scene.stage == READY)


async def until_it_waits(_engine: Engine, now: Told) -> None:
    await now.until(lambda scene: scene.waiting and len(scene.nodes) == 2)


def test_new_nodes_are_shown_named_placed_worn_and_remembered(tmp_path: Path) -> None:
    preferences, blinked = Preferences(folder=tmp_path), dict[str, int]()

    async def session() -> tuple[Told, list[Any], Told]:
        async with Rig(seed=6) as rig:
            await lay_out(rig, a="", b="")
            await asyncio.sleep(1.0)
            person = partial(name_place_and_wear, rig, blinked)
            first = await attend(Plan(), preferences, person, radio(rig))
            await asyncio.sleep(2.0)
            infos = [await ask(rig.nodes[name], wire.encode_command(wire.GET_INFO)) for name in "ab"]
            return first, infos, await attend(Plan(), preferences, until_it_waits, radio(rig))

    first, infos, second = clock.run(session())
    assert blinked["a"] > 30 > blinked["b"]  # 80 ms on, 80 ms off
    there = [(info.name, info.placement, info.lid) for info in infos]
    assert there == [("belt", "pelvis", "back"), ("leg", "thigh_right", "right")]
    assert preferences.last_athletes == ("dora",)
    assert first.said() == []
    assert [m.state for m in first.messages if isinstance(m, Finding)].count("looking") == 1
    assert second.scene().athlete == "dora"
    assert [m.state for m in second.messages if isinstance(m, Finding)] == ["looking", "connecting"]
    (path,) = tmp_path.glob("dora/*.mcap")
    assert {frame.node for frame in recording.read(path).frames} == {"belt", "leg"}


# A node that joins late


async def fetch_the_other(rig: Rig, engine: Engine, now: Told) -> None:
    await now.until(lambda scene: scene.waiting)
    engine.tell(Command("anew", 0, {"quick": True}))
    await now.until(lambda scene: scene.stage == READY)
    engine.tell(Command("look"))
    only = await heard_as(now, leg="thigh_right")
    assert [node.problem for node in only.heard] == [""]
    assert only.text == "No sensor was heard but those that are in use. Switch others on, and look again."
    await rig.nodes["belt"].start()
    engine.tell(Command("look"))
    await heard_as(now, belt="pelvis", leg="thigh_right")
    both = addresses(rig, "belt", "leg")
    engine.tell(Command("identify", 0, {"address": both[1]}))
    engine.tell(Command("wear", 1, {"athlete": "ben", "addresses": both}))
    engine.tell(Command("wear", 0, {"athlete": "anna", "addresses": both}))
    await now.until(lambda scene: scene.waiting and len(scene.nodes) == 2 and {n.samples for n in scene.nodes} == {0})
    engine.tell(Command("anew", 0, {"quick": True}))
    await now.until(lambda scene: scene.stage == READY and len(scene.nodes) == 2)
    await asyncio.sleep(3.0)


def test_a_node_that_was_not_heard_stays_the_athletes_and_can_join(tmp_path: Path) -> None:
    preferences = Preferences(folder=tmp_path)

    async def session() -> Told:
        async with Rig(seed=7) as rig:
            await lay_out(rig, belt="pelvis", leg="thigh_right")
            preferences.athletes.update(knowing(tmp_path, anna=addresses(rig, "belt", "leg")).athletes)
            preferences.last_athletes = ("anna",)
            rig.nodes["belt"].kill()
            await asyncio.sleep(1.0)
            return await attend(Plan(), preferences, partial(fetch_the_other, rig), radio(rig))

    told = clock.run(session())
    unheard = "1 of this athlete's 2 sensors was not heard, and the session begins without."
    assert f"{unheard} To wear it, switch it on and press F." in [n.text for s in told.scenes() for n in s.notices]
    assert len(preferences.athletes["anna"].nodes) == 2
    assert told.said() == [
        "This sensor is in use. End the session first (E).",
        "Another athlete wears one of these sensors. End that session first, or choose others.",
    ]
    first, second = (recording.read(path) for path in sorted(tmp_path.glob("anna/*.mcap")))
    assert (first.damage, second.damage) == ((), ())
    assert {frame.node for frame in first.frames} == {"leg"}
    assert {frame.node for frame in second.frames} == {"belt", "leg"}


# A node at a cable


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are of POSIX systems")
def test_a_node_at_a_cable_has_a_session_and_may_be_unplugged(tmp_path: Path) -> None:
    async def session() -> Told:
        async with Rig(seed=8) as rig:
            await lay_out(rig, leg="thigh_right")
            port = SerialPort(rig.nodes["leg"].port, tmp_path / "ttyHIP")

            async def person(engine: Engine, now: Told) -> None:
                await now.until(lambda scene: scene.waiting)
                engine.tell(Command("anew", 0, {"quick": True}))
                await now.until(lambda scene: scene.stage == READY)
                port.unplug()
                scene = await now.until(lambda scene: any(n.key == "silent" for n in scene.notices))
                assert "Plug its cable in again; it keeps its last 20 s" in scene.notices[0].text
                engine.tell(Command("end"))
                await now.until_summary()

            plan = Plan(ports=(str(tmp_path / "ttyHIP"),))
            return await attend(plan, Preferences(folder=tmp_path), person)

    told = clock.run(session(), pace=2.0)
    assert {node.signal for scene in told.scenes() for node in scene.nodes} == {"USB"}
    (summary,) = told.summaries()
    assert Path(summary.path).parent.name == "athlete"
    assert len(whole(summary.path)) > 40
