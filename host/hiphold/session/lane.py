"""One athlete of a live session: what comes from their nodes, its recording, and what is made of both.

Rule 1: a packet is in the recorder before anything else sees it.
Rule 2: a fault in measuring does not end the recording, and a recording that fails does not end the measuring.
Rule 3: a new recording begins with what the nodes last said of themselves, so that it can be measured by itself.
"""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from hiphold import recording, wire
from hiphold.errors import BadInputError, HipholdError
from hiphold.known import Learned
from hiphold.measure import REZERO
from hiphold.measurement import Measurement, to_json
from hiphold.samples import Event, Frame
from hiphold.session import archive
from hiphold.session.course import NOTE, REZERO_S, Aims, Change, Course, again, improved
from hiphold.session.notices import Health, Link, health, notices
from hiphold.session.record import Record
from hiphold.session.scene import (
    CALIBRATING,
    ENDED,
    FAULT,
    FINDING,
    INFO,
    WARNING,
    Best,
    Notice,
    RecordingState,
    Rep,
    Scene,
    Step,
    Summary,
    Update,
)
from hiphold.session.senders import Senders
from hiphold.session.texts import text

HEALTH_S = 1.0
"""the nodes are looked at this often"""
NOTE_LENGTH = 200
PLACES = ("unknown", *wire.PLACEMENTS)
OF_NODES = ("unheard", "other_owner")
"""notices that a new recording does not end"""


class Lane:
    """One athlete, over all recordings that the nodes make for them."""

    def __init__(
        self,
        number: int,
        athlete: str,
        aims: Aims,
        *,
        folder: Callable[[], Path],
        bests_from: Callable[[], Path] | None = None,
        keep: bool = True,
        quick: bool = False,
        waits: bool = False,
        replays: bool = False,
        links: Callable[[], Mapping[str, Link]] = dict,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """folder: of all recordings, or where one that is not kept lies until the end; asked for each anew.

        bests_from: the folder of earlier sessions; None: the same. waits: until `begin`. replays: what comes is a
        recording already: it is judged as it is, and never begun anew by itself.
        """
        self.number, self.athlete, self.aims, self.quick = number, athlete, aims, quick
        self.summary: Summary | None = None
        self.events: tuple[Event, ...] = ()
        """that a replayed recording brings"""
        self._folder, self._keep, self._waits, self._replays, self._links = folder, keep, waits, replays, links
        self._bests_from = bests_from or folder
        self._senders = Senders()
        self._course: Course | None = None
        self._record: Record | None = None
        self._measurement: Measurement | None = None
        self._earlier: list[Rep] = []
        self._said: dict[str, Notice] = {}
        self._health: list[Health] = []
        self._learned: list[Learned] = []
        self._clock = clock
        self._received_s, self._looked_s, self._looked_ns = clock(), -np.inf, 0
        self._pending: list[Frame] | None = None  # what comes while the session is judged anew
        self._ended = False
        self._before: Summary | None = None  # of what a sleep of the computer ended

    # Frames

    def receive(self, frame: Frame) -> Update | None:
        """The next packet of one of this athlete's nodes; what it changed, None when that is nothing to show."""
        self._received_s = self._clock()
        if self._course is None and not (self._waits or self._ended):
            self.begin()
        self._senders.take(frame)
        if self._ended:
            return None
        if self._course is None or self._record is None:
            return self.update() if self._due() else None
        self._record.frame(frame)
        if self._pending is not None:
            self._pending.append(frame)
        change = self._judge(frame)
        return self.update(change) if change.traces or change.cues or self._due() else None

    def _due(self) -> bool:
        """Whether the nodes are to be looked at, by the clock or by the session's own time."""
        passed_ns = self._senders.latest_ns - self._looked_ns
        return self._clock() - self._looked_s > HEALTH_S or passed_ns > HEALTH_S * 1e9

    def _judge(self, frame: Frame) -> Change:
        if self._course is None:
            return Change()
        try:
            change = self._course.take(frame)
        except Exception as error:  # a fault of ours: what comes is recorded, and can be measured later
            self.say("failed", FAULT, error=repr(error))
            return Change()
        if self._course.guide.anew and not self._replays:
            why = self._course.guide.anew
            self.begin()
            self._said["anew"] = Notice("anew", why, INFO)
            change = Change(cues=["fault"])
        elif self._course.guide.done:
            self._said.pop("anew", None)
        return change

    # Recordings

    def begin(self, quick: bool | None = None) -> None:
        """A new recording, and the calibration from its start."""
        self._put_away()
        self.quick = self.quick if quick is None else quick
        self._course = Course(self.aims, self.quick, self._bests(), self.events)
        self._record = Record(self._folder(), self.athlete, keep=self._keep)
        for frame in self._senders.introductions():
            self._record.introduce(frame)
            self._judge(frame)

    def _put_away(self) -> None:
        """Close what goes on; its repetitions stay in sight."""
        self.close()
        if self._course:
            self._earlier += [replace(rep, number=len(self._earlier) + rep.number) for rep in self._course.reps]
        self._course = self._record = self._measurement = self.summary = self._pending = self._before = None
        self._waits = self._ended = False
        self._said = {key: notice for key, notice in self._said.items() if key in OF_NODES}
        self._senders.count_anew()

    def hand_over(self, athlete: str, aims: Aims, *, waits: bool) -> None:
        """The next athlete wears the same nodes."""
        self._put_away()
        self.athlete, self.aims, self._waits, self._earlier = athlete, aims, waits, []

    def slept(self, seconds: float, *, anew: bool) -> None:
        """The computer did; anew: for so long that the recording has a hole."""
        if anew and self._course and not self._ended:
            before = self.end()
            self._put_away()
            self._waits, self._before = True, before
        if anew:
            self._senders.forget_clocks()
        self.say("slept", WARNING, seconds=seconds)

    def forget_nodes(self) -> None:
        """Other nodes will send from now on."""
        self._senders = Senders()

    def _bests(self) -> Mapping[str, Best]:
        return improved(archive.bests(self._bests_from(), self.athlete), self._earlier)

    # What a person asks

    def go_on_without_ritual(self) -> None:
        """Quick start from now on."""
        self.quick = True
        if self._course:
            self._course.guide.quick = True

    def mark(self, note: str, time_s: float | None = None) -> None:
        """A marker with a note, at that time of the session, or now."""
        note = "".join(each if each.isprintable() else " " for each in note)[:NOTE_LENGTH].strip()
        self._note(NOTE + note, 0.0, time_s)

    def rezero(self) -> None:
        """Take the next second as a stand."""
        self._note(REZERO, REZERO_S)

    def _note(self, label: str, seconds: float, time_s: float | None = None) -> None:
        if self._course is None or self._record is None or self._ended:
            return
        start_s = self._course.now_s if time_s is None else min(time_s, self._course.now_s)
        event = Event(start_s, start_s + seconds, label)
        self._record.event(event)
        self._course.note(event)

    async def retarget(self, aims: Aims) -> None:
        """Judge the whole session by other aims, from its recording; what comes meanwhile is judged after it."""
        course, record = self._course, self._record
        if course is None or record is None or self._ended:
            self.aims = self.aims if self._ended else aims
            return
        self.say("judging")
        record.sync()
        if not record.is_open or record.path is None:
            self._said.pop("judging", None)
            self.say("not_judged_anew", WARNING)
            return
        self._pending, n, events = [], record.frames, tuple(record.events)
        try:
            fresh = await asyncio.to_thread(_judged_again, course, record.path, n, events, aims, self._bests())
        except HipholdError as error:
            self.say("failed", FAULT, error=str(error))
        else:
            if self._course is course and not self._ended:  # nothing else has begun meanwhile
                self._catch_up(fresh, record.events[len(events) :])
                self._course, self.aims = fresh, aims
        self._pending = None
        self._said.pop("judging", None)

    def _catch_up(self, course: Course, events: Sequence[Event]) -> None:
        """What came while the session was judged anew."""
        for event in events:
            course.note(event)
        for frame in self._pending or ():
            course.take(frame)

    def end(self) -> Summary:
        """End the session: close the recording, and say what came of it."""
        self._ended = True
        if self._course is None and self._before:  # the computer slept, and nothing was begun since
            self.summary = self._before
        if self.summary is None:
            reasons = self._conclude()
            if self._record:
                self._record.close()
            self.summary = self._summarise(reasons)
        return self.summary

    def _conclude(self) -> list[str]:
        """The measurement; why it has gaps, or why there is none."""
        if self._course is None or self._record is None:
            return []
        try:
            self._measurement = self._course.conclude((), self._record.started_at)
        except HipholdError as error:
            return [str(error)]
        reasons = [reason.why[:1].upper() + reason.why[1:] for reason in self._measurement.reasons]
        late = any(node.lost for node in self._measurement.nodes) and not any(self._senders.absent().values())
        return [text("notice.came_late"), *reasons] if late and reasons else reasons

    def _summarise(self, reasons: Sequence[str]) -> Summary:
        course, path = self._course, self._record.kept_path if self._record else ""
        reps = course.reps_of(self._measurement) if course else []
        return Summary(
            lane=self.number,
            athlete=self.athlete,
            path=path,
            duration_s=course.now_s if course else 0.0,
            reps=tuple(reps),
            bests=tuple(improved(self._bests(), reps).values()),
            reasons=tuple(reasons),
            lost=sum(self._senders.absent().values()),
            command=self._command(path),
        )

    def _command(self, path: str) -> str:
        """What makes the same figures again."""
        aims = [f"--target-deg {self.aims.target_deg:g}", f"--band-deg {self.aims.band_deg:g}"]
        if stood := ",".join(f"{side}={angle:g}" for side, angle in self.aims.standing_elevation_deg):
            aims.append(f"--standing-elevation {stood}")
        return " ".join(["hiphold measure", shlex.quote(path), "--causal", *aims]) if path else ""

    def save(self, athlete: str, name: str) -> Summary:
        """Keep the ended session under this athlete and name. Raises HipholdError when that cannot be."""
        summary = self.end()
        if not summary.path or self._record is None:
            raise HipholdError(text("notice.nothing_to_save"))
        path = Path(summary.path)
        if athlete != self.athlete:
            path = self._record.path = archive.move(path, self._folder(), athlete)
            self.athlete = athlete
        if self._measurement:
            path = self._record.path = archive.save(path, to_json(self._measurement), name)
        self.summary = replace(summary, athlete=athlete, path=str(path), command=self._command(str(path)))
        return self.summary

    def close(self) -> None:
        """End whatever goes on; the figures of a recording that is kept are put beside it."""
        if self._course is None:
            return
        summary = self.end()
        if summary.path and self._measurement and self._measurement.holds:
            with suppress(HipholdError, OSError):
                archive.save(Path(summary.path), to_json(self._measurement))

    # What is shown

    def say(self, key: str, severity: str = INFO, **fields: object) -> None:
        """Show a notice until the next recording."""
        self._said[key] = Notice(key, text(f"notice.{key}", **fields), severity)

    def update(self, change: Change | None = None) -> Update:
        """All that is shown of this athlete now."""
        change = change or Change()
        if self._due() and not self._ended:
            self._look()
        return Update(self.number, self._scene(), tuple(change.traces), tuple(change.cues), time.monotonic())

    def _look(self) -> None:
        """Look at the nodes, and at the recording."""
        senders, live = self._senders, self._course.live if self._course else None
        self._looked_s, self._looked_ns = self._clock(), senders.latest_ns
        self._learned = live.learned() if live and self._course and self._course.guide.done else []
        silent_s = senders.silent_s(self._looked_s - self._received_s)
        self._health = health(live, self._links(), senders.infos(), silent_s, senders.absent())
        if self._record and self._record.why_failed:
            self.say("not_recorded", FAULT, why=self._record.why_failed)

    def _scene(self) -> Scene:
        found = self._course.scene(self.athlete) if self._course else self._waiting_scene()
        earlier = tuple(self._earlier)
        later = (replace(rep, number=len(earlier) + rep.number) for rep in found.reps)
        told = notices(self._health, self._learned, found.stage, self._senders.since_s)
        found = replace(
            found,
            reps=(*earlier, *later),
            notices=(*self._said.values(), *told),
            nodes=tuple(sorted((each.shown for each in self._health), key=lambda node: PLACES.index(node.placement))),
            recording=self._record.state if self._record else RecordingState("off"),
        )
        if not self._ended:
            return found
        return replace(found, stage=ENDED, prompt=text("guide.ended"), hint="", notices=tuple(self._said.values()))

    def _waiting_scene(self) -> Scene:
        there = self._senders.introduced
        return Scene(
            athlete=self.athlete,
            stage=CALIBRATING if there else FINDING,
            prompt=text("guide.put_on" if there else "guide.waiting"),
            hint=text("guide.put_on_hint") if there else "",
            steps=(Step("stand", 0, 1),),
            waiting=there,
            quick=self.quick,
            target_deg=self.aims.target_deg,
            band_deg=self.aims.band_deg,
            count_s=self.aims.count_s,
        )


def _judged_again(
    course: Course, path: Path, n: int, events: tuple[Event, ...], aims: Aims, bests: Mapping[str, Best]
) -> Course:
    """From the first n frames of a recording that is still being written."""
    frames = recording.read(path).frames[:n]
    if len(frames) < n:
        raise BadInputError(text("notice.not_all_there"))
    return again(course, frames, events, aims, bests)
