"""What is heard, and above all that a sound system of whatever kind disturbs nothing."""

from __future__ import annotations

import ctypes.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from hiphold.session.texts import text
from hiphold.view import player, sound
from hiphold.view.sound import Sound

ANSWERS = {"tones": {"ready", "no_device"}, "speech": {"ready", "no_voice"}}
"""what a player may say on a machine with, and without, what it needs"""
SCRIPTED = """
import json, os, sys
kind, log = sys.argv[1], open({folder!r} + "/" + sys.argv[1], "a", buffering=1)
log.write(json.dumps({{"started": os.getpid()}}) + "\\n")
print("ready", flush=True)
for line in sys.stdin:
    log.write(line)
    if "fault" in line:
        sys.exit(1)
log.write(json.dumps({{"ended": True}}) + "\\n")
"""


class Clock:
    """Time as a test sets it."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Orders:
    """Players that write down their orders, and end on a "fault"."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "player.py").write_text(SCRIPTED.format(folder=str(folder)))

    def to(self, kind: str) -> list[dict[str, object]]:
        path = self._folder / kind
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def played(self, kind: str = "tones") -> list[object]:
        return [order["play"] for order in self.to(kind) if "play" in order]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "START_AFTER_MS", 0)


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Orders:
    monkeypatch.setattr(sound, "PROGRAM", (str(tmp_path / "player.py"),))
    return Orders(tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def heard(qtbot: QtBot, orders: Orders, clock: Clock) -> Iterator[Sound]:
    """Sound with players that write down what they are asked."""
    assert not orders.played()
    made = Sound(clock=clock)
    qtbot.waitUntil(lambda: made.available)
    yield made
    made.close()


def speaking(qtbot: QtBot, heard: Sound) -> None:
    heard.speech(True)
    qtbot.waitUntil(lambda: heard.speech_available)


def settled(qtbot: QtBot, made: Sound) -> None:
    qtbot.waitUntil(lambda: made.why != text("sound.starting"), timeout=20_000)


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_player_says_how_it_goes_obeys_and_ends_with_its_input(kind: str, tmp_path: Path) -> None:
    command = [sys.executable, *sound.PROGRAM, kind, str(tmp_path), "20"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as player:
        assert player.stdin
        assert player.stdout
        assert player.stdout.readline().strip() in ANSWERS[kind]
        player.send_signal(signal.SIGINT)  # as Ctrl+C in a terminal does
        for order in ('{"volume": 0.5}', "rubbish", "5", '{"play": "tick", "at_s": 0}', '{"volume": 0}'):
            player.stdin.write(order + "\n")
        now = {"play": "drop", "at_s": time.monotonic()}
        player.stdin.write(json.dumps(now) + "\n")
        player.stdin.close()
        assert player.wait(20) == 0


def test_nothing_of_qts_sound_is_loaded_into_the_window() -> None:
    names = "[name for name in sys.modules if 'Multimedia' in name or 'Speech' in name]"
    code = f"import sys, hiphold.view.sound; print({names})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_whatever_this_machine_has_the_window_goes_on(qtbot: QtBot, tmp_path: Path) -> None:
    started_s = time.perf_counter()
    made = Sound(folder=tmp_path / "sounds")
    made.play("tick")
    assert time.perf_counter() - started_s < 0.5
    assert (made.available, made.why) == (False, text("sound.starting"))
    settled(qtbot, made)
    assert made.available == (made.why == "")
    assert made.available or made.why == text("sound.no_device")
    made.speech(True)
    qtbot.waitUntil(lambda: made.speech_why != text("sound.starting"), timeout=20_000)
    assert made.speech_available or made.speech_why == text("sound.no_voice")
    for cue in ("tick", "chime", "drop", "step", "fault", "higher", "done", "no such cue"):
        made.play(cue)
    started_s = time.perf_counter()
    made.close()
    assert time.perf_counter() - started_s < 1.5
    assert not made.available
    assert made.why == text("sound.closed")
    made.play("tick")
    made.speech(False)
    made.close()


def test_sounds_are_ordered_at_once_with_their_time(qtbot: QtBot, heard: Sound, orders: Orders) -> None:
    before_s = time.monotonic()
    heard.play("tick")
    heard.play("drop")
    heard.play("no such cue")
    qtbot.waitUntil(lambda: orders.played() == ["tick", "drop"])
    sent_s = [order["at_s"] for order in orders.to("tones") if "play" in order]
    assert all(isinstance(at_s, float) and before_s <= at_s <= time.monotonic() for at_s in sent_s)


def test_the_volume_is_kept_and_bounded(qtbot: QtBot, orders: Orders) -> None:
    made = Sound()
    for volume in (0.3, 7.0, -1.0, float("nan"), 0.25):
        made.set_volume(volume)
    qtbot.waitUntil(lambda: orders.to("tones")[1:] == [{"volume": 0.25}])
    made.set_volume(3)
    made.set_volume(float("inf"))
    made.set_volume(-3)
    qtbot.waitUntil(lambda: [o["volume"] for o in orders.to("tones")[2:]] == [1.0, 1.0, 0.0])
    made.close()


def test_muted_nothing_is_heard(qtbot: QtBot, heard: Sound, orders: Orders) -> None:
    speaking(qtbot, heard)
    heard.set_volume(0.5)
    heard.mute(True)
    heard.play("tick")
    heard.play("higher")
    heard.mute(False)
    heard.play("drop")
    heard.play("higher")
    qtbot.waitUntil(lambda: orders.played() == ["drop"])
    qtbot.waitUntil(lambda: orders.played("speech") == [text("spoken.higher")])
    volumes = [order["volume"] for order in orders.to("speech") if "volume" in order]
    assert volumes[-3:] == [0.5, 0.0, 0.5]


def test_words_are_spoken_only_when_asked_for(qtbot: QtBot, heard: Sound, orders: Orders, clock: Clock) -> None:
    heard.play("higher")
    assert heard.speech_why == text("sound.speech_off")
    speaking(qtbot, heard)
    heard.play("across")
    heard.speech(False)
    heard.play("done")
    assert not heard.speech_available
    speaking(qtbot, heard)
    clock.now_s += 10
    heard.play("done")
    qtbot.waitUntil(lambda: orders.played("speech") == [text("spoken.across"), text("spoken.done")])
    volumes = [order["volume"] for order in orders.to("speech") if "volume" in order]
    assert volumes[-2:] == [0.0, 1.0]


def test_the_same_words_come_only_so_often(qtbot: QtBot, heard: Sound, orders: Orders, clock: Clock) -> None:
    speaking(qtbot, heard)
    for seconds, cue in ((0, "higher"), (3.9, "higher"), (0, "across"), (0.2, "higher"), (0.1, "across")):
        clock.now_s += seconds
        heard.play(cue)
    words = [text(f"spoken.{cue}") for cue in ("higher", "across", "higher")]
    qtbot.waitUntil(lambda: orders.played("speech") == words)
    heard.play("done")
    qtbot.waitUntil(lambda: orders.played("speech") == [*words, text("spoken.done")])


def test_a_player_that_ends_is_started_again_but_not_for_ever(
    qtbot: QtBot, heard: Sound, orders: Orders, clock: Clock
) -> None:
    for started in range(1, sound.RETRIES + 2):
        assert len([order for order in orders.to("tones") if "started" in order]) == started
        heard.play("fault")
        qtbot.waitUntil(lambda: heard.why == text("sound.no_answer"))
        heard.play("tick")  # too soon to try again
        assert heard.why == text("sound.no_answer")
        clock.now_s += sound.RETRY_S
        heard.play("tick")
        if started <= sound.RETRIES:
            qtbot.waitUntil(lambda: heard.available)
    assert heard.why == text("sound.no_answer")
    assert "tick" not in orders.played()


def test_what_changes_is_told(qtbot: QtBot, heard: Sound) -> None:
    with qtbot.waitSignal(heard.changed):
        heard.speech(True)
    with qtbot.waitSignal(heard.changed):
        heard.play("fault")


def test_a_player_that_cannot_be_started(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    made = Sound()
    settled(qtbot, made)
    assert made.why == text("sound.no_player")
    made.close()


def test_a_part_of_qt_that_is_missing(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["import sys"] + [f"sys.modules['PySide6.{name}'] = None" for name in ("QtMultimedia", "QtTextToSpeech")]
    (tmp_path / "sitecustomize.py").write_text("\n".join(lines))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    made = Sound(folder=tmp_path)
    made.speech(True)
    settled(qtbot, made)
    assert made.why == text("sound.no_package")
    qtbot.waitUntil(lambda: made.speech_why == text("sound.no_package"), timeout=20_000)
    made.close()


def test_sounds_that_cannot_be_written(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = Sound(folder=tmp_path / "file" / "sounds")
    settled(qtbot, made)
    assert made.why in (text("sound.no_files"), text("sound.no_package"))
    made.close()


@pytest.mark.skipif(
    ctypes.util.find_library("pulse") is None or ctypes.util.find_library("pipewire-0.3") is not None,
    reason="Qt plays by something else than PulseAudio here",
)
def test_a_sound_system_that_hangs_stops_neither_the_window_nor_any_thread(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "pulse"))
        server.listen()  # and never a word
        monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'pulse'}")
        beats_s = [time.monotonic()]
        beat = QTimer(interval=20)
        beat.timeout.connect(lambda: beats_s.append(time.monotonic()))
        beat.start()
        made = Sound(folder=tmp_path, patience_s=3, clock=clock)
        settled(qtbot, made)
        assert made.why == text("sound.no_answer")
        clock.now_s += sound.RETRY_S
        made.play("tick")
        assert made.why == text("sound.starting")
        qtbot.wait(1500)  # it hangs again
        made.close()
        assert max(b - a for a, b in pairwise(beats_s)) < 0.8


@pytest.mark.skipif(sys.platform == "win32", reason="asks the system with signals")
def test_players_end_when_the_window_is_killed(orders: Orders, tmp_path: Path) -> None:
    code = (
        "from PySide6.QtCore import QCoreApplication\nfrom hiphold.view import sound\n"
        f"sound.PROGRAM = ({str(tmp_path / 'player.py')!r},)\n"
        "application = QCoreApplication([])\nheard = sound.Sound()\napplication.exec()"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as window:
        _wait(lambda: orders.to("tones"))
        window.kill()
    _wait(lambda: orders.to("tones")[-1] == {"ended": True})


def _wait(until: Callable[[], object]) -> None:
    end_s = time.monotonic() + 20
    while not until():
        assert time.monotonic() < end_s
        time.sleep(0.05)


class Written:
    """A voice that writes down what it is to do."""

    def __init__(self) -> None:
        self.done: list[object] = []

    def play(self, what: str) -> None:
        self.done.append(what)

    def set_volume(self, volume: float) -> None:
        self.done.append(volume)


def test_what_comes_too_late_is_not_played() -> None:
    voice = Written()
    now_s = time.monotonic()
    for at_s, what in ((now_s, "tick"), (now_s - 2 * player.STALE_S, "drop"), (now_s, "chime")):
        player.obey(voice, json.dumps({"play": what, "at_s": at_s}))
    assert voice.done == ["tick", "chime"]


@pytest.mark.parametrize("line", ["", "x", "5", "[]", "null", '"play"', '{"play": "tick"}', '{"volume": "loud"}'])
def test_an_order_that_makes_no_sense_is_passed_over(line: str) -> None:
    voice = Written()
    player.obey(voice, line)
    assert voice.done == []
