"""The terminal's live session: every phase and key in a headless terminal, and one session in a real one."""

from __future__ import annotations

import asyncio
import os
import re
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import nan
from pathlib import Path

import pyte
import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Input

from hiphold.console import app as console
from hiphold.console.app import SessionApp
from hiphold.console.dialogs import Choice
from hiphold.console.keys import keys_of
from hiphold.console.line import Line
from hiphold.session.actions import ACTIONS
from hiphold.session.scene import (
    CALIBRATING,
    ENDED,
    FAULT,
    HOLDING,
    INFO,
    LIFTING,
    READY,
    WARNING,
    Best,
    Command,
    Finding,
    Heard,
    Message,
    NodeHealth,
    Notice,
    RecordingState,
    Rep,
    Said,
    Scene,
    Step,
    Still,
    Summary,
    Update,
)
from hiphold.session.texts import text

REPS = (
    Rep(1, "right", True, 20.0, 10.4, 0.1, 31.2, 1.8, -28.0, 14.0, 42.0, 1.2, -2.1, 0.4, full=True),
    Rep(2, "left", False, 45.0, 3.1),
    Rep(3, "right", True, 95.0, 12.0, 0.1, 30.2, 1.8, -33.0, 18.0, 51.0, 0.2, -1.1, 0.4, full=True, best=True),
)
NODES = (
    NodeHealth("hip-1", "pelvis", INFO, "ok", battery="87 %"),
    NodeHealth("hip-2", "thigh_right", INFO, "ok", battery="76 %"),
    NodeHealth("hip-3", "thigh_left", WARNING, "weak signal", battery="12 %", battery_low=True, lost=3, silent_s=4.2),
)
HOLD = Scene(
    "Anna", HOLDING, 133.0, "Hold. Rotate out, then across.", "Hips level.", sides=("left", "right"),
    elevation_deg=28.4, held_s=7.3, count=7, rotation_deg=-12.0, rotation_out_deg=-32.0, rotation_in_deg=15.0,
    tilt_deg=1.2, obliquity_deg=3.4, turn_deg=-2.0, reps=REPS,
    bests=(Best("left", 9.9, 29.0, today=False), Best("right", 12.0, 30.2, today=True)),
    notices=(
        Notice("weak", "The node at the left thigh is hardly heard. Bring the computer nearer.", WARNING),
        Notice("old", "Its firmware is older than the computer's.", INFO),
    ),
    nodes=NODES, recording=RecordingState("recording", "anna.mcap", 133.0),
)  # fmt: skip
STANDING = replace(
    HOLD, athlete="Ben", stage=READY, prompt="Raise a knee.", hint="", elevation_deg=-88.2, count=0, reps=(), notices=()
)
LIFT = replace(HOLD, athlete="Carla", stage=LIFTING, prompt="Higher.", elevation_deg=12.0, count=0, side="left")
CALIBRATION = Scene(
    "Dora", CALIBRATING, 12.0, "Raise the right knee.", "As high as is easy.", pose="raise_right",
    steps=(
        Step("stand", 1, 1), Step("raise_right", 1, 2, "That was too quick. Raise it again."), Step("raise_left", 0, 2),
        Step("bow", 0, 1),
    ),
    still=Still(0.6, 1.2, 3.0, "thigh_left"), nodes=NODES, recording=RecordingState("recording", "x", 12.0),
)  # fmt: skip
UNKNOWN = Scene(prompt="Stand still.", stage=READY)
HEARD = (
    Heard("hip-1", "AA:01", "-60 dBm", "87 %", "pelvis", "back"),
    Heard("hip-2", "AA:02", "-66 dBm", "80 %", "thigh_right", "right"),
    Heard("hip-3", "AA:03", "-71 dBm", "15 %", "thigh_right", "right"),
    Heard("old-7", "AA:04", "-80 dBm", "50 %", "trunk", "front", problem="Its firmware is too old; update it."),
)
CHOOSE = Finding("choose", "Four nodes are in reach.", HEARD)
SUMMARY = Summary(
    0, "Anna", "/home/anna/2026-11-03_anna.mcap", 754.0, REPS, HOLD.bests, ("Pelvic rotation: no real bow.",), 17,
    "hiphold measure /home/anna/2026-11-03_anna.mcap --causal",
)  # fmt: skip
FOUR: list[Message] = [
    Update(0, HOLD), Update(1, STANDING), Update(2, LIFT), Update(3, CALIBRATION),
]  # fmt: skip
PHASES: dict[str, list[Message]] = {
    "looking": [Finding("looking", "Switch the nodes on.")],
    "failed": [Finding("failed", "Bluetooth is off. Switch it on.")],
    "connecting": [Finding("connecting", "Two nodes are being connected.")],
    "choose": [CHOOSE],
    "many": [
        Finding("choose", "Many.", tuple(replace(HEARD[1], address=str(k)) for k in range(40)), "hip-2 blinks."),
    ],
    "calibration": [Update(0, CALIBRATION)],
    "moved": [Update(0, replace(CALIBRATION, still=Still(1.6, 0.0, 3.0, "pelvis"), steps=(), quick=True))],
    "standing": [Update(0, STANDING)],
    "lifting": [Update(0, LIFT)],
    "holding": [Update(0, HOLD)],
    "unknown": [Update(0, UNKNOWN)],
    "two": FOUR[:2],
    "four": FOUR,
    "summary": [Update(0, HOLD), SUMMARY],
    "empty summary": [Summary(0, "", "", nan, (), ())],
}


class Script:
    """A session that says what it was told to say."""

    def __init__(self, messages: list[Message], ends_after_s: float = 0.0) -> None:
        self.alive = True
        self.told: list[Command] = []
        self._waiting = list(messages)
        self._ends_after_s = ends_after_s
        self._ends_s = float("inf")

    def say(self, *messages: Message) -> None:
        self._waiting += messages

    def end(self) -> None:
        self._ends_s = 0.0

    def tell(self, command: Command) -> None:
        self.told.append(command)
        if command.name == "quit":
            self._ends_s = time.monotonic() + self._ends_after_s

    def drain(self) -> list[Message]:
        self.alive = time.monotonic() < self._ends_s
        said, self._waiting = self._waiting, []
        return said


Play = Callable[[SessionApp, Script, Pilot[None]], Awaitable[None]]


def play(
    messages: list[Message],
    act: Play,
    size: tuple[int, int] = (80, 24),
    *,
    encoding: str = "utf-8",
    link: Script | None = None,
) -> Script:
    """Run a session without a terminal, with what a person does in it."""
    script = link or Script(messages)

    async def run() -> None:
        app = SessionApp(script, bell=True, encoding=encoding)
        async with app.run_test(size=size) as pilot:
            await settled(pilot)
            await act(app, script, pilot)

    asyncio.run(run())
    return script


async def settled(pilot: Pilot[None]) -> None:
    """Wait until what was said has been drawn."""
    await pilot.pause(5 / console.DRAWN_HZ)
    await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def shown(app: SessionApp, within: str = "") -> dict[str, str]:
    """What each line shows, by its name; of the screen in front, or of one athlete (`lane_1`)."""
    screen = app.screen_stack[0] if within else app.screen
    root = screen.query_one(f"#{within}") if within else screen
    return {line.id or "": line.text for line in root.query(Line) if line.text and line.region}


def rows(app: SessionApp, within: str) -> list[list[str]]:
    table = next(each for each in app.screen_stack[0].query_one(f"#{within}").query(DataTable) if each.region)
    return [list(map(str, table.get_row_at(k))) for k in range(table.row_count)]


def only_shows(check: Callable[[SessionApp], None]) -> Play:
    async def act(app: SessionApp, _: Script, __: Pilot[None]) -> None:
        check(app)

    return act


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw more often than for a person, so that the tests need not wait."""
    monkeypatch.setattr(console, "DRAWN_HZ", 60.0)


# What is shown.


def test_holding() -> None:
    def check(app: SessionApp) -> None:
        lines = shown(app, "lane_1")
        assert lines["title"].startswith("1 Anna  ·  holding, right ")
        assert lines["title"].endswith("● recording 02:13")
        assert lines["prompt"] == HOLD.prompt
        assert lines["hint"] == HOLD.hint
        assert lines["elevation_caption"] == "ELEVATION in degrees, right leg"
        assert "✓ in the band" in lines["elevation_number"]
        assert lines["count_number"].split("\n")[0] == "▀▀█"  # a big 7
        assert lines["elevation"].count("█") > 30
        assert lines["elevation_scale"].strip().startswith("0")
        assert "30°" in lines["elevation_scale"]
        assert lines["rotation"].startswith("rotation   out -32° ─")
        assert lines["rotation"].endswith("─ across +15°")
        assert lines["pelvis"].endswith("side +3°  tilt +1°  turn -2°")
        assert lines["bests"] == "best       left 9.9 s at +29°   right 12.0 s at +30° ★ today"
        assert "! Warning: The node at the left thigh" in lines["notices"]
        assert "(and 1 more)" in lines["notices"]
        assert lines["health"].startswith("nodes      ! left thigh: weak signal, silent 4 s")
        assert rows(app, "lane_1") == [
            ["3", "right", "12.0 ±0.1", "+30° ±1.8", "-33/+18", "+0/-1/+0", "✓ full ★ best"],
            ["2", "left", "3.1", "–", "–", "–", "attempt"],
            ["1", "right", "10.4 ±0.1", "+31° ±1.8", "-28/+14", "+1/-2/+0", "✓ full"],
        ]

    play(PHASES["holding"], only_shows(check))


def test_what_is_not_known_is_left_open() -> None:
    def check(app: SessionApp) -> None:
        lines = shown(app, "lane_1")
        assert lines["title"].startswith("Athlete 1  ·  ready")
        assert lines["title"].endswith("○ not recorded")
        assert "▀▀▀ ▀▀▀" in lines["elevation_number"]  # two dashes
        assert "█" not in lines["elevation"]
        assert "●" not in lines["rotation"] + lines["pelvis"]
        assert "nan" not in " ".join(lines.values()).lower()

    play(PHASES["unknown"], only_shows(check))


def test_calibration() -> None:
    def check(app: SessionApp) -> None:
        lines = shown(app, "lane_1")
        assert lines["steps"].split("\n") == [
            "✓ 1  Stand still            done",
            "▸ 2  Raise the right knee   1 of 2",
            "○ 3  Raise the left knee    0 of 2",
            "○ 4  Bow",
        ]
        assert lines["refused"] == "! That was too quick. Raise it again."
        assert "▲ limit" in lines["still"]
        assert lines["verdict"].strip() == "✓ still: 1 of 3 s"
        assert "seconds to go" in lines["countdown"]
        assert "o" in lines["pose"]

    play(PHASES["calibration"], only_shows(check))


def test_who_moves_is_named() -> None:
    def check(app: SessionApp) -> None:
        lines = shown(app, "lane_1")
        assert lines["verdict"].strip() == "! it moves: pelvis"
        assert lines["steps_title"] == "QUICK START"

    play(PHASES["moved"], only_shows(check))


def test_four_athletes_beside_one_another() -> None:
    def check(app: SessionApp) -> None:
        for lane, name in enumerate(("▸ 1 Anna", "2 Ben", "3 Carla", "4 Dora"), start=1):
            assert shown(app, f"lane_{lane}")["title"].startswith(name)
        assert "others" not in shown(app)
        assert rows(app, "lane_1")[0] == ["3", "right", "12.0", "+30°", "✓ ★"]

    play(FOUR, only_shows(check), (160, 45))


def test_one_athlete_in_full_and_three_in_a_line_each() -> None:
    async def act(app: SessionApp, _: Script, pilot: Pilot[None]) -> None:
        assert shown(app, "lane_1")["prompt"] == HOLD.prompt
        assert shown(app, "lane_2") == {}
        assert shown(app)["others"].split("\n") == [
            "2 Ben: ready",
            "3 Carla: lifting, left   +12°   ▲ below the band   ! 1 to attend to",
            "4 Dora: calibrating   Raise the right knee.",
        ]
        await press(pilot, "4")
        await settled(pilot)
        assert shown(app, "lane_1") == {}
        assert shown(app, "lane_4")["prompt"] == CALIBRATION.prompt
        assert shown(app)["others"].startswith("1 Anna: holding, right   +28°   ✓ in the band   7 s   ! 1 to")
        await pilot.resize_terminal(160, 45)
        await settled(pilot)
        assert shown(app, "lane_1")["prompt"] == HOLD.prompt
        assert shown(app, "lane_4")["title"].startswith("▸ 4 Dora")

    play(FOUR, act)


def test_the_summary() -> None:
    def check(app: SessionApp) -> None:
        lines = shown(app, "lane_1")
        assert lines["title"] == "Session of Anna"
        assert lines["figures"] == "Length 12:34   Holds 2   Attempts 1"
        assert "! Not measured: Pelvic rotation: no real bow." in lines["reasons"]
        assert "! 17 samples were lost for good" in lines["reasons"]
        assert lines["written"].split("\n")[0] == "Recording  /home/anna/2026-11-03_anna.mcap"
        assert "hiphold measure /home/anna/2026-11-03_anna.mcap" in lines["written"]
        assert [row[0] for row in rows(app, "lane_1")] == ["1", "2", "3"]
        assert "prompt" not in lines

    play(PHASES["summary"], only_shows(check))


def clipped(app: SessionApp) -> Iterator[str]:
    """Every line and table that is not seen whole."""
    wrapping = ("prompt", "hint", "refused", "reasons", "finding_text", "finding_problem")
    for line in app.screen.query(Line):
        if line.text and line.region:
            lines, room = line.text.split("\n"), line.content_region
            too_long = max(map(len, lines)) > room.width and line.id not in wrapping
            if too_long or room.height < len(lines) or not app.screen.region.contains_region(line.region):
                yield f"{line.id} in {room}: {line.text!r}"
    for table in app.screen.query(DataTable):
        if table.region and table.row_count:
            fits = table.region.height >= 3 and table.virtual_size.width <= table.region.width
            if not fits or not app.screen.region.contains_region(table.region):
                yield f"{table} of {table.virtual_size} in {table.region}"


@pytest.mark.parametrize("phase", PHASES)
def test_nothing_is_clipped(phase: str) -> None:
    async def act(app: SessionApp, _: Script, pilot: Pilot[None]) -> None:
        for size in ((80, 24), (100, 30), (120, 40), (160, 45), (80, 24)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert list(clipped(app)) == [], size

    play(PHASES[phase], act)


@pytest.mark.parametrize("phase", PHASES)
def test_without_unicode(phase: str) -> None:
    def check(app: SessionApp) -> None:
        assert list(clipped(app)) == []
        assert [said for said in shown(app).values() if not said.isascii()] == []
        assert shown(app)

    play(PHASES[phase], only_shows(check), encoding="ascii")


# Keys.

ASKED: dict[str, list[tuple[str, list[Command]]]] = {
    "holding": [
        ("z", [Command("rezero")]),
        ("Z", [Command("rezero")]),
        ("q", []),
        ("space", []),
        ("d", []),
        ("r enter", [Command("anew", 0, {"quick": False})]),
        ("r escape", []),
        ("e enter", [Command("end")]),
        ("E escape", []),
        ("n B e n enter", [Command("next", 0, {"athlete": "Ben"})]),
        ("m s l i p enter", [Command("mark", 0, {"note": "slip", "time_s": 133.0})]),
        ("m enter", [Command("mark", 0, {"note": "", "time_s": 133.0})]),
        ("m x escape", []),
        ("t 2 5 tab 4 tab 8 enter", [Command("retarget", 0, {"target_deg": 25.0, "band_deg": 4.0, "count_s": 8})]),
        ("t down 2 comma 5 enter", [Command("retarget", 0, {"target_deg": 30.0, "band_deg": 2.5, "count_s": 10})]),
    ],
    "calibration": [
        ("q", [Command("quick")]),
        ("r", [Command("anew", 0, {"quick": False})]),
    ],
    "four": [
        ("2 z", [Command("rezero", 1)]),
        ("4 q", [Command("quick", 3)]),
        ("3 m enter", [Command("mark", 2, {"note": "", "time_s": 133.0})]),
    ],
    "two": [
        ("4 z", [Command("rezero", 0)]),
    ],
    "looking": [
        ("r", [Command("look")]),
        ("m z e", []),
    ],
    "failed": [
        ("enter", [Command("look")]),
        ("space", [Command("look")]),
    ],
    "choose": [
        ("up up up b", [Command("identify", 0, {"address": "AA:01"})]),
        ("up up up down B", [Command("identify", 0, {"address": "AA:02"})]),
        ("up up up enter A 7 enter", [Command("wear", 0, {"athlete": "A7", "addresses": ("AA:01", "AA:02")})]),
        ("up up up enter enter", []),
        (
            "home p right right enter",
            [Command("setup", 0, {"address": "AA:01", "name": "hip-1", "placement": "thigh_right", "lid": "back"})],
        ),
        (
            "home n n e w tab left enter",
            [Command("setup", 0, {"address": "AA:01", "name": "new", "placement": "trunk", "lid": "back"})],
        ),
        ("up up up n escape", []),
        ("up up up r", [Command("look")]),
        ("up up up space enter A 7 enter", [Command("wear", 0, {"athlete": "A7", "addresses": ("AA:02",)})]),
    ],
    "summary": [
        ("enter enter", [Command("save", 0, {"athlete": "Anna", "name": "2026-11-03_anna"})]),
        ("space B o tab m y enter", [Command("save", 0, {"athlete": "Bo", "name": "my"})]),
        ("n B e n enter", [Command("next", 0, {"athlete": "Ben"})]),
        ("n enter", []),
        ("m z e r t", []),
    ],
}
"""phase -> keys, and what the session is asked for"""


@pytest.mark.parametrize("phase", ASKED)
def test_keys_ask_the_session(phase: str) -> None:
    async def act(_: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        for keys, commands in ASKED[phase]:
            script.told.clear()
            await press(pilot, *keys.split())
            assert script.told == commands, keys
            await press(pilot, "escape")  # out of a form that refuses

    play(PHASES[phase], act)


def test_a_marker_stands_where_its_key_was_pressed() -> None:
    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        await press(pilot, "m")
        script.say(Update(0, replace(HOLD, time_s=141.0, prompt="Lower.")))
        await settled(pilot)
        assert shown(app)["dialog_title"] == "Marker at 02:13"
        assert shown(app, "lane_1")["prompt"] == "Lower."  # the session is drawn behind the form
        await press(pilot, "x", "enter")
        assert script.told == [Command("mark", 0, {"note": "x", "time_s": 133.0})]

    play(PHASES["holding"], act)


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ("x", "✗ target, degrees above horizontal: give a number from -90 to 90."),
        ("9 9", "✗ target, degrees above horizontal: give a number from -90 to 90."),
        ("tab 0", "✗ band, degrees to each side: give a number from 1 to 60."),
        ("tab tab 1 full_stop 5", "✗ count, seconds: give a number from 1 to 600."),
        ("n a n", "✗ target, degrees above horizontal: give a number from -90 to 90."),
    ],
)
def test_wrong_aims_are_refused(keys: str, wrong: str) -> None:
    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        await press(pilot, "t", *keys.split(), "enter")
        assert shown(app)["wrong"] == wrong
        assert script.told == []

    play(PHASES["holding"], act)


def test_nodes_that_cannot_be_worn_together() -> None:
    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        assert rows_of_nodes(app) == ["[✓]", "[✓]", "[ ]", " ✗"]
        await press(pilot, "down", "down", "space")
        assert shown(app)["finding_problem"].startswith("! Two of the chosen nodes are set to the right thigh.")
        await press(pilot, "enter")
        assert shown(app)["finding_problem"].startswith("✗ Two of")
        await press(pilot, "space", "up", "space")
        assert rows_of_nodes(app) == ["[✓]", "[ ]", "[ ]", " ✗"]
        assert shown(app)["finding_problem"].startswith("! No chosen node is set to a thigh.")
        await press(pilot, "down", "down", "space")
        assert shown(app)["finding_problem"] == "! Its firmware is too old; update it."
        assert rows_of_nodes(app)[-1] == " ✗"
        assert script.told == []

    play(PHASES["choose"], act)


def rows_of_nodes(app: SessionApp) -> list[str]:
    return [row[0] for row in rows(app, "finding")]


def test_a_choice_stays_when_more_is_heard() -> None:
    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        await press(pilot, "down", "space")
        script.say(replace(CHOOSE, heard=(*HEARD, replace(HEARD[1], address="AA:05")), busy="hip-2 blinks."))
        await settled(pilot)
        assert rows_of_nodes(app) == ["[✓]", "[ ]", "[ ]", " ✗", "[ ]"]
        assert shown(app)["finding_busy"] == "▸ hip-2 blinks."
        await press(pilot, "b")
        assert script.told == [Command("identify", 0, {"address": "AA:02"})]  # the cursor stayed

    play(PHASES["choose"], act)


def test_nodes_of_a_known_athlete_are_chosen_first() -> None:
    owned = tuple(replace(each, owner="A7") if k in (0, 2) else each for k, each in enumerate(HEARD))

    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        assert rows_of_nodes(app) == ["[✓]", "[ ]", "[✓]", " ✗"]
        await press(pilot, "enter")
        assert app.screen.query_one("#athlete", Input).value == "A7"
        await press(pilot, "enter")
        assert script.told == [Command("wear", 0, {"athlete": "A7", "addresses": ("AA:01", "AA:03")})]

    play([replace(CHOOSE, heard=owned)], act)


def test_a_name_that_is_too_long_for_a_node() -> None:
    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        await press(pilot, "n", *"x" * 25, "enter")
        assert shown(app)["wrong"] == "✗ name: at most 24 bytes."
        await press(pilot, "backspace", "enter")
        assert [each.name for each in script.told] == ["setup"]

    play(PHASES["choose"], act)


def test_a_placement_is_chosen_with_arrow_keys_that_are_shown() -> None:
    async def act(app: SessionApp, _: Script, pilot: Pilot[None]) -> None:
        await press(pilot, "p", "right")
        choice = app.screen.query_one("#placement", Choice)
        assert str(choice.render()) == "◂ left thigh ▸"
        await press(pilot, "tab")
        assert str(choice.render()).strip() == "left thigh"
        assert choice.value == "thigh_left"

    play(PHASES["choose"], act)


def test_the_list_of_keys() -> None:
    async def act(app: SessionApp, _: Script, pilot: Pilot[None]) -> None:
        for opening, closing in (("h", "escape"), ("question_mark", "x"), ("f1", "h")):
            await press(pilot, opening)
            listed = shown(app)["help_keys"]
            for action in ACTIONS:
                here = action.where != "window" and action.name not in ("louder", "softer")
                assert (text(f"action.{action.name}") in listed) == here
            await press(pilot, closing)
            assert "help_keys" not in shown(app)

    assert play(PHASES["holding"], act).told == []


def test_the_bell_is_turned_off_and_on() -> None:
    async def act(app: SessionApp, _: Script, pilot: Pilot[None]) -> None:
        assert shown(app)["header"].endswith("bell on")
        await press(pilot, "s")
        await settled(pilot)
        assert shown(app)["header"].endswith("bell off")
        await press(pilot, "S")
        await settled(pilot)
        assert shown(app)["header"].endswith("bell on")
        await press(pilot, "plus")
        assert shown(app)["said"].startswith("A terminal's bell has one volume")

    play(PHASES["holding"], act)


def test_every_action_has_its_key() -> None:
    bound = {key for binding in SessionApp.BINDINGS for key in binding.key.split(",")}  # type: ignore[union-attr]
    for action in ACTIONS:
        if action.where != "window":
            assert set(keys_of(action.keys).split(",")) <= bound


def test_arrow_keys_scroll_the_repetitions() -> None:
    many = tuple(replace(REPS[0], number=k + 1) for k in range(30))

    async def act(app: SessionApp, _: Script, pilot: Pilot[None]) -> None:
        table = app.screen.query_one("#lane_1").query(DataTable).first()
        assert table.has_focus
        await press(pilot, "pagedown")
        await pilot.pause(0.5)
        assert table.scroll_offset.y > 0

    play([Update(0, replace(HOLD, reps=many))], act)


# From one phase to another.


def test_from_finding_to_the_summary_and_the_next_athlete() -> None:
    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        pages = [app.page]
        for message in (
            CHOOSE,
            Finding("connecting", "Connecting."),
            Finding("ready", "Ready."),
            Update(0, CALIBRATION),
            Finding("looking", "One fell silent."),  # a session that runs stays in view
            Update(0, HOLD),
            Update(0, replace(HOLD, stage=ENDED)),
            SUMMARY,
            Update(0, replace(HOLD, stage=ENDED)),
            Update(0, STANDING),
        ):
            script.say(message)
            await settled(pilot)
            pages.append(app.page)
        assert pages == ["finding"] * 4 + ["calibration"] * 2 + ["drill"] * 2 + ["summary"] * 2 + ["drill"]

    play(PHASES["looking"], act)


def test_what_was_asked_for_at_the_end_is_said() -> None:
    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        await press(pilot, "enter", "enter")
        assert shown(app)["said"] == "Keeping this session for Anna ..."
        script.say(Said("It could not be kept: the disk is full.", FAULT))
        await settled(pilot)
        assert shown(app)["said"] == "✗ It could not be kept: the disk is full."

    play(PHASES["summary"], act)


def test_a_sentence_goes_after_a_while() -> None:
    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        script.say(Said("Marker set."))
        await settled(pilot)
        assert shown(app)["said"] == "Marker set."
        app._said_until_s -= console.SAID_S
        await settled(pilot)
        assert "said" not in shown(app)

    play(PHASES["holding"], act)


# Quitting, and what goes wrong.


@pytest.mark.parametrize("keys", ["ctrl+q", "m x ctrl+q", "h ctrl+c", "ctrl+c ctrl+q"])
def test_quitting_waits_until_all_is_kept(keys: str) -> None:
    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        await press(pilot, *keys.split())
        assert shown(app)["saving"] == "Saving what was recorded ..."
        assert script.told == [Command("quit")]
        await settled(pilot)
        assert app.is_running
        script.end()
        await settled(pilot)
        assert app._exit
        assert app.return_code == 0

    play([], act, link=Script(PHASES["holding"], ends_after_s=60.0))


def test_quitting_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(app: SessionApp, _: Script, pilot: Pilot[None]) -> None:
        await press(pilot, "ctrl+q")
        await settled(pilot)
        assert not app._exit
        monkeypatch.setattr(console, "QUIT_S", 0.0)
        await settled(pilot)
        assert app._exit

    play([], act, link=Script(PHASES["holding"], ends_after_s=60.0))


def test_a_session_that_stops_by_itself_is_said() -> None:
    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        script.say(Said("The disk is full.", FAULT))
        script.end()
        await settled(pilot)
        await settled(pilot)
        assert shown(app)["said"].startswith("✗ The session has stopped by itself.")
        assert shown(app, "lane_1")["prompt"] == HOLD.prompt  # what was measured stays in view
        await press(pilot, "ctrl+q")
        await settled(pilot)
        assert app._exit

    play(PHASES["holding"], act)


@pytest.mark.parametrize(
    "message",
    [
        Update(0, replace(HOLD, side="middle")),
        Update(0, replace(HOLD, reps=(replace(REPS[0], side="middle"),))),
        Update(9, HOLD),
        Update(0, replace(CALIBRATION, steps=(Step("jump", 0, 1),))),
        Finding("choose", "", (replace(HEARD[0], placement="elbow"),)),
    ],
    ids=["side", "rep", "lane", "step", "placement"],
)
def test_what_cannot_be_drawn_does_not_end_the_session(message: Message) -> None:
    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        script.say(message, Update(1, STANDING))
        await settled(pilot)
        assert shown(app)["said"].startswith("✗ This screen could not show something (")
        script.say(Update(0, HOLD))
        await settled(pilot)
        assert shown(app, "lane_1")["prompt"] == HOLD.prompt
        assert app.is_running

    play([] if isinstance(message, Finding) else PHASES["standing"], act, (120, 40))


class Broken(Script):
    """A session that cannot be reached for a while."""

    broken = True

    def tell(self, command: Command) -> None:
        if self.broken:
            raise OSError("no pipe")
        super().tell(command)

    def drain(self) -> list[Message]:
        if self.broken:
            raise OSError("no pipe")
        return super().drain()


def test_a_link_that_fails_does_not_end_the_screen() -> None:
    async def act(app: SessionApp, script: Script, pilot: Pilot[None]) -> None:
        assert "OSError: no pipe" in shown(app)["said"]
        await press(pilot, "r")
        assert isinstance(script, Broken)
        script.broken = False
        await settled(pilot)
        assert app.page == "drill"

    play([], act, (160, 45), link=Broken(PHASES["holding"]))


# In a real terminal.

CHILD = """
import sys
sys.path.insert(0, {tests!r})
from test_console import PHASES, Script, HOLD, Update
from hiphold.console.app import SessionApp
script = Script([*PHASES[{phase!r}]], ends_after_s=1.0)
if {phase!r} == "holding":
    script.say(*(Update(0, HOLD, cues=cues) for cues in (("tick", "chime"), ("step",), ("drop",))))
SessionApp(script, bell=True).run()
print("told:", [each.name for each in script.told])
"""


class Terminal:
    """A pseudo-terminal with a screen that a person could look at."""

    def __init__(self, descriptor: int, columns: int, lines: int) -> None:
        self.written = b""
        self._descriptor = descriptor
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    def read(self, seconds: float, until: str = "") -> bool:
        """Read for so long, or until this is on the screen."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            if until and any(until in line for line in self.lines):
                return True
            if select.select([self._descriptor], [], [], 0.05)[0]:
                try:
                    said = os.read(self._descriptor, 65536)
                except OSError:  # it was closed at the other end
                    break
                if not said:
                    break
                self.written += said
                self._stream.feed(said)
        return bool(until) and any(until in line for line in self.lines)

    def see(self, said: str) -> None:
        assert self.read(20.0, said), f"{said!r} is not in\n" + "\n".join(self.lines)

    def press(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())


NOT_OURS = ("NO_COLOR", "COLUMNS", "LINES")
"""what whoever runs the tests says of another terminal"""


@contextmanager
def terminal(
    phase: str, columns: int = 80, lines: int = 24, **environment: str
) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    """A session in a real terminal; the process is ended on the way out."""
    pty, fcntl, termios = (pytest.importorskip(each) for each in ("pty", "fcntl", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(
        theirs, termios.TIOCSWINSZ, lines.to_bytes(2, sys.byteorder) + columns.to_bytes(2, sys.byteorder) + b"\0" * 4
    )
    code = textwrap.dedent(CHILD).format(tests=str(Path(__file__).parent), phase=phase)
    known = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONIOENCODING": "utf-8"}
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**{k: v for k, v in os.environ.items() if k not in NOT_OURS}, **known, **environment},
    )  # fmt: skip
    os.close(theirs)
    try:
        yield Terminal(ours, columns, lines), child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
        child.wait()
        os.close(ours)


def test_a_session_in_a_real_terminal() -> None:
    with terminal("holding") as (seen, child):
        seen.see("1 Anna  ·  holding, right")
        seen.see("● recording 02:13")
        seen.see("▀█▀ █▀▀ █▀█   ✓ in the band")
        seen.see("3  right  12.0 ±0.1  +30° ±1.8  -33/+18     +0/-1/+0        ✓ full ★ best")
        seen.see("M marker   T aims   Z re-zero   R anew   E end   S bell   H keys   Ctrl+Q quit")
        commands = re.compile(rb"\x1b\][^\x07]*\x07")  # they end with a bell that nobody hears
        assert commands.sub(b"", seen.written).count(b"\x07") == 2  # of chime and drop, not of tick and step
        seen.read(1.0)
        before = len(seen.written)
        seen.read(1.0)
        assert len(seen.written) == before  # nothing changed, so nothing was sent
        seen.press("m")
        seen.see("Marker at 02:13")
        seen.press("slipped\r")
        seen.read(1.0)
        assert not any("Marker at" in line for line in seen.lines)
        seen.press("?")
        seen.see("Calibrate anew")
        seen.press("x")
        seen.read(1.0)
        seen.press("\x11")  # Ctrl+Q
        seen.see("Saving what was recorded ...")
        seen.see("told: ['mark', 'quit']")  # on the screen that was there before
        assert child.wait(10) == 0


def test_the_end_of_a_session_in_a_real_terminal() -> None:
    with terminal("summary") as (seen, _):
        seen.see("Session of Anna")
        seen.press("\r")
        seen.see("Keep this session")
        seen.press("\x1b")
        seen.read(1.0)
        seen.press("n")
        seen.see("Next athlete, on the same nodes")


def test_ctrl_c_in_a_real_terminal() -> None:
    with terminal("four", 160, 45) as (seen, child):
        seen.see("▸ 1 Anna  ·  holding, right")
        seen.see("HELD of 10 s")
        seen.see("4 Dora  ·  calibrating")
        seen.press("\x03")
        seen.see("told: ['quit']")
        assert child.wait(10) == 0


def test_without_colour_and_without_unicode() -> None:
    with terminal("holding", NO_COLOR="1", PYTHONIOENCODING="ascii") as (seen, _):
        seen.see("ok in the band")
        seen.see("[--30---]")
        assert all(line.isascii() for line in seen.lines)
        colours = re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", seen.written)
        assert all(red == green == blue for red, green, blue in colours)
        seen.press("t")
        seen.see("+----")
        assert all(line.isascii() for line in seen.lines)
        assert not any("\\u" in line for line in seen.lines)
