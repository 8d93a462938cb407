"""A live session from its beginning to its end: feeds, lanes, and what a person asks of them.

It lives in one asyncio loop, knows no screen, and says what there is to show through `post`. Whatever befalls one
athlete is told and does not end the others.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hiphold.errors import HipholdError
from hiphold.samples import Frame
from hiphold.session.course import Aims
from hiphold.session.feeds import Feed, Received, Replayed, Simulated
from hiphold.session.lane import Lane
from hiphold.session.nodes import Group, Radio
from hiphold.session.plan import NODES, REPLAYED, SIMULATED, Plan, remember
from hiphold.session.preferences import Preferences, why_no_code
from hiphold.session.scene import AIM_LIMITS, FAULT, INFO, LANES, WARNING, Command, Finding, Message, Said
from hiphold.session.search import Search
from hiphold.session.sleep import ANEW_S, BEAT_S, STOOD_S, sleepless_s, slept
from hiphold.session.texts import text

STOP_S = 6.0
FETCH_S, LOOK_S = 5.0, 0.1
"""so long an end waits for what is missing, and looks so often whether anything still is"""

Post = Callable[[Message], None]


class Engine:
    """The whole session."""

    def __init__(self, plan: Plan, preferences: Preferences, post: Post, radio: Radio | None = None) -> None:
        self.lanes: dict[int, Lane] = {}
        self._plan, self._preferences, self._post, self._radio = plan, preferences, post, radio or Radio()
        self._commands: asyncio.Queue[Command] = asyncio.Queue()
        self._feeds: dict[int, Feed] = {}
        self._pumps: dict[int, asyncio.Task[None]] = {}
        self._turns: dict[int, int] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._search = Search(plan, preferences, self._radio, post, self._worn, self._begin, self._job)
        self._failures: set[str] = set()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def tell(self, command: Command) -> None:
        """What a person asks; from within the loop."""
        self._commands.put_nowait(command)

    async def run(self) -> None:
        """Until `quit`. Everything is closed and kept then, whatever ended it."""
        beat = asyncio.create_task(self._beat())
        try:
            await self._start()
            while (command := await self._commands.get()).name != "quit":
                self._do(command)
        finally:
            beat.cancel()
            await self._close()

    # Beginning

    async def _start(self) -> None:
        plan = self._plan
        if plan.source == SIMULATED:
            for lane in range(len(plan.kinds)):
                self._add_lane(lane, plan.athlete(lane))
                self._feed(lane, Simulated(plan, lane, 0))
        elif plan.source == REPLAYED:
            self._add_lane(0, plan.athlete(0))
            self._feed(0, Replayed(plan))
        else:
            self._search.look(begin=True)

    def _add_lane(self, number: int, athlete: str) -> Lane:
        plan, real = self._plan, self._plan.source == NODES
        keep = plan.keep and plan.source != REPLAYED
        self.lanes[number] = lane = Lane(
            number,
            athlete,
            plan.aims_of(athlete, self._preferences),
            folder=lambda: self._preferences.folder if keep else self._scratch_folder(),
            bests_from=lambda: self._preferences.folder,
            keep=keep,
            quick=plan.quick,
            waits=real,
            replays=plan.source == REPLAYED,
            links=lambda: self._feeds[number].links() if number in self._feeds else {},
            clock=asyncio.get_running_loop().time,
        )
        self._post(lane.update())
        return lane

    def _scratch_folder(self) -> Path:
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="hiphold-")
        return Path(self._scratch.name)

    def _feed(self, number: int, feed: Feed) -> None:
        if number in self._pumps:
            self._pumps.pop(number).cancel()
        self._feeds[number] = feed
        self._pumps[number] = asyncio.create_task(self._pump(number, feed))

    async def _pump(self, number: int, feed: Feed) -> None:
        """Frames into the lane until there are no more; then the lane ends."""
        lane = self.lanes[number]
        try:
            async for frame in feed.frames():
                if isinstance(feed, Replayed):
                    lane.events = feed.events
                self._deliver(lane, frame)
        except HipholdError as error:
            self._post(Said(str(error), FAULT))
            lane.say("ended_link", FAULT, why=str(error))
            self._post(lane.update())
        except Exception as error:
            self._fail(error)
        if self._feeds.get(number) is feed and not lane.summary:
            self._end(lane)

    def _deliver(self, lane: Lane, frame: Frame) -> None:
        try:
            update = lane.receive(frame)
        except Exception as error:  # of showing it, as it is in the recorder by then: the next frame is to come in too
            self._fail(error)
            return
        if update:
            self._post(update)

    def _fail(self, error: Exception) -> None:
        """A fault of ours: it is said, each once, and the session goes on."""
        said = text("notice.failed", error=repr(error))
        if said not in self._failures:
            self._failures.add(said)
            self._post(Said(said, FAULT))

    # Nodes

    def _begin(self, groups: Sequence[Group]) -> None:
        """Those whose own nodes are here begin, unless somebody has chosen meanwhile."""
        for number, group in enumerate(groups[:LANES] if not self.lanes else ()):
            self._wear(number, group)
            self._tell_unheard(number, group)
        self._tell_of_others()

    def _worn(self, *, but: int | None = None) -> set[str]:
        """The addresses of all nodes that this session has connected; those of one lane left out."""
        feeds = [feed for lane, feed in self._feeds.items() if lane != but and isinstance(feed, Received)]
        return {address for feed in feeds for address in feed.addresses}

    def _in_use(self, address: str) -> bool:
        """Whether a node's session is going on."""
        return any(
            isinstance(feed, Received) and address in feed.addresses and not self.lanes[lane].summary
            for lane, feed in self._feeds.items()
        )

    def _tell_unheard(self, number: int, group: Group) -> None:
        """Nodes of this athlete that are not there stay theirs."""
        lane, own = self.lanes[number], self._preferences.athletes[group.athlete].nodes
        if group.unheard:
            remember(self._preferences, group.athlete, lane.aims, tuple(dict.fromkeys((*own, *group.unheard))))
            lane.say("unheard", WARNING, count=len(group.unheard), of=len(own) + len(group.unheard))
            self._post(lane.update())

    def _wear(self, number: int, group: Group) -> None:
        """Connect these nodes for one athlete."""
        self._post(Finding("connecting", text("finding.connecting", athlete=group.athlete)))
        if number in self.lanes:
            self._leave(number)
        lane = self._add_lane(number, group.athlete)
        remember(self._preferences, group.athlete, lane.aims, group.addresses)
        self._feed(number, Received(group.found, self._search.adapter, self._radio.scanner, self._radio.client))

    def _tell_of_others(self) -> None:
        """Nodes in reach that belong to somebody who does not train now."""
        worn = self._worn()
        whose = [(each.name, each.owner) for each in self._search.heard() if each.address not in worn and each.owner]
        names = ", ".join(f"{name} ({code})" for name, code in whose)
        for lane in self.lanes.values() if names else ():
            lane.say("other_owner", INFO, names=names)

    def _leave(self, number: int) -> None:
        """Keep what a lane has recorded, before other nodes are connected for it."""
        if number in self._pumps:
            self._pumps.pop(number).cancel()
        self._feeds.pop(number, None)
        self.lanes[number].close()

    # What a person asks

    def _do(self, command: Command) -> None:
        """Carry it out, or begin to; what goes wrong is said."""
        act = getattr(self, f"_do_{command.name}", None)
        lane = self.lanes.get(command.lane)
        if act is None or (lane is None and command.name not in ("look", "identify", "setup", "wear")):
            return
        try:
            act(command, lane)
        except (HipholdError, KeyError, TypeError, ValueError) as error:
            self._post(Said(str(error), FAULT))
        if command.lane in self.lanes and command.name not in ("end", "save"):
            self._post(self.lanes[command.lane].update())

    def _do_anew(self, command: Command, lane: Lane) -> None:
        lane.begin(bool(command.arguments.get("quick", lane.quick)))
        self._play_again(lane)

    def _play_again(self, lane: Lane) -> None:
        """Who is simulated begins anew as well, and so does a recording."""
        if self._plan.source == NODES:
            return
        turn = self._turns[lane.number] = self._turns.get(lane.number, 0) + 1
        lane.forget_nodes()
        replays = self._plan.source == REPLAYED
        self._feed(lane.number, Replayed(self._plan) if replays else Simulated(self._plan, lane.number, turn))

    def _do_quick(self, _: Command, lane: Lane) -> None:
        lane.go_on_without_ritual()

    def _do_mark(self, command: Command, lane: Lane) -> None:
        lane.mark(str(command.arguments.get("note", "")), _float(command.arguments.get("time_s")))

    def _do_rezero(self, _: Command, lane: Lane) -> None:
        lane.rezero()

    def _do_retarget(self, command: Command, lane: Lane) -> None:
        said = command.arguments
        aims = Aims(
            _within(said["target_deg"], *AIM_LIMITS["target_deg"]),
            _within(said["band_deg"], *AIM_LIMITS["band_deg"]),
            int(_within(said["count_s"], *AIM_LIMITS["count_s"])),
            lane.aims.standing_elevation_deg,
        )
        remember(self._preferences, lane.athlete, aims)
        self._job(self._retarget(lane, aims))

    async def _retarget(self, lane: Lane, aims: Aims) -> None:
        await lane.retarget(aims)
        self._post(lane.update())

    def _do_end(self, _: Command, lane: Lane) -> None:
        if missing := self._missing(lane):
            lane.say("fetching", INFO, missing=missing)
            self._job(self._end_whole(lane))
        else:
            self._end_now(lane)

    def _missing(self, lane: Lane) -> int:
        """Samples that are being fetched, and would not be in a recording that is closed now."""
        links = self._feeds[lane.number].links() if lane.number in self._feeds else {}
        return 0 if lane.summary else sum(link.missing for link in links.values() if link.connected)

    async def _end_whole(self, lane: Lane) -> None:
        """End it once nothing is missing, or that has taken too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FETCH_S):
                while self._missing(lane):
                    await asyncio.sleep(LOOK_S)
        if self.lanes.get(lane.number) is lane and not lane.summary:
            self._end_now(lane)

    def _end_now(self, lane: Lane) -> None:
        self._end(lane)
        if self._plan.source != NODES and lane.number in self._pumps:
            self._pumps.pop(lane.number).cancel()

    def _end(self, lane: Lane) -> None:
        summary = lane.end()
        self._post(lane.update())
        self._post(summary)

    def _do_save(self, command: Command, lane: Lane) -> None:
        athlete = str(command.arguments.get("athlete") or lane.athlete)
        if why := why_no_code(athlete):
            raise HipholdError(why)
        saved = lane.save(athlete, str(command.arguments.get("name", "")))
        self._post(saved)
        remember(self._preferences, athlete, lane.aims)
        self._post(Said(text("notice.saved", path=saved.path)))

    def _do_next(self, command: Command, lane: Lane) -> None:
        athlete = str(command.arguments.get("athlete") or lane.athlete)
        if why := why_no_code(athlete):
            raise HipholdError(why)
        lane.hand_over(athlete, self._plan.aims_of(athlete, self._preferences), waits=self._plan.source == NODES)
        remember(self._preferences, athlete, lane.aims)
        self._play_again(lane)

    def _do_look(self, *_: object) -> None:
        if self._plan.source == NODES:
            self._search.look(begin=not self.lanes)
        else:
            self._post(Finding("ready", text("finding.not_nodes")))

    def _do_identify(self, command: Command, _: object) -> None:
        self._search.identify(self._free(command))

    def _do_setup(self, command: Command, _: object) -> None:
        said = {key: str(command.arguments.get(key, "")) for key in ("name", "placement", "lid")}
        self._search.set_up(self._free(command), **said)

    def _free(self, command: Command) -> str:
        """The address of a node that may be talked to. Raises HipholdError."""
        address = str(command.arguments["address"])
        if self._in_use(address):
            raise HipholdError(text("finding.in_use"))
        return address

    def _do_wear(self, command: Command, _: object) -> None:
        athlete = str(command.arguments["athlete"])
        if why := why_no_code(athlete):
            raise HipholdError(why)
        wanted = command.arguments["addresses"]
        found = self._search.chosen(tuple(wanted) if isinstance(wanted, (tuple, list)) else ())
        group = Group(athlete, found)
        if self._worn(but=command.lane) & set(group.addresses):
            raise HipholdError(text("finding.worn"))
        self._wear(command.lane, group)
        self._tell_of_others()

    # All the time

    def _job(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._safe(job))
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return task

    async def _safe(self, job: Coroutine[Any, Any, None]) -> None:
        try:
            await job
        except Exception as error:  # a fault of ours, or of the system's Bluetooth: the session goes on
            self._fail(error)

    async def _beat(self) -> None:
        """Twice a second: what is silent shows, and a computer that slept is noticed."""
        clocks = sleepless_s, time.monotonic, asyncio.get_running_loop().time
        before = [clock() for clock in clocks]
        while True:
            await asyncio.sleep(BEAT_S)
            now = [clock() for clock in clocks]
            passed_s, awake_s, loop_s = (a - b for a, b in zip(now, before, strict=True))
            stood_s, before = passed_s - awake_s, now
            slept_s = slept(stood_s, loop_s)
            for lane in self.lanes.values():
                if slept_s and self._plan.source == NODES:
                    lane.slept(slept_s, anew=slept_s > ANEW_S or stood_s > STOOD_S)
                try:
                    self._post(lane.update())
                except Exception as error:
                    self._fail(error)

    async def _close(self) -> None:
        """Stop all nodes, which fetches what is missing; close all recordings."""
        for task in self._jobs:
            task.cancel()
        if self._jobs:
            await asyncio.wait(self._jobs, timeout=STOP_S)
        await asyncio.gather(*(feed.stop() for feed in self._feeds.values()), return_exceptions=True)
        if self._plan.source == NODES and self._pumps:
            await asyncio.wait(self._pumps.values(), timeout=STOP_S)
        for pump in self._pumps.values():
            pump.cancel()
        if self._pumps:
            await asyncio.wait(self._pumps.values(), timeout=STOP_S)
        for lane in self.lanes.values():
            lane.close()
        if self._scratch:
            self._scratch.cleanup()


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _within(value: object, low: float, high: float) -> float:
    number = float(value)  # type: ignore[arg-type]
    if not low <= number <= high:
        raise HipholdError(text("notice.out_of_range", low=low, high=high))
    return number
