"""The program that plays: tones, or spoken words, as standard input asks for them in lines of JSON.

It runs in a process of its own, says in a word how it goes, and ends itself when the sound system hangs. Qt's sound is
loaded only when the program runs, so that the window can know what is said here.
"""

from __future__ import annotations

import faulthandler
import json
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QCoreApplication, QLocale, QObject, QTimer, QUrl, Signal

from hiphold.errors import BadInputError
from hiphold.session import tones

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QSoundEffect

STALE_S = 0.5
"""what comes later than this is no longer true, and not played"""
READY, WORDS = "ready", ("ready", "no_device", "no_voice", "no_package", "no_files")
"""what a player says"""


class _Voice(Protocol):
    """What the program plays with."""

    def play(self, what: str) -> None: ...

    def set_volume(self, volume: float) -> None: ...


class _Tones(QObject):
    """The sounds, made anew whenever a loudspeaker comes or goes."""

    def __init__(self, folder: str) -> None:
        from PySide6.QtMultimedia import QMediaDevices

        super().__init__()
        self._paths = tones.write_all(Path(folder))
        self._effects: dict[str, QSoundEffect] = {}
        self._volume = 1.0
        self._settled = QTimer(self, singleShot=True, interval=500)
        self._settled.timeout.connect(self._load)
        self._devices = QMediaDevices(self)
        self._devices.audioOutputsChanged.connect(self._settled.start)
        self._load()

    def _load(self) -> None:
        from PySide6.QtMultimedia import QSoundEffect

        for former in self._effects.values():
            former.deleteLater()
        self._effects = {cue: QSoundEffect(self) for cue in self._paths}
        for cue, effect in self._effects.items():
            effect.statusChanged.connect(self._tell)
            effect.setSource(QUrl.fromLocalFile(str(self._paths[cue])))
        self.set_volume(self._volume)

    def _tell(self) -> None:
        """Once all are one or the other."""
        states = {effect.status().name for effect in self._effects.values()}
        if states <= {"Error", "Ready"}:
            _say("no_device" if "Error" in states else READY)

    def play(self, what: str) -> None:
        if what in self._effects:
            self._effects[what].play()

    def set_volume(self, volume: float) -> None:
        self._volume = volume
        for effect in self._effects.values():
            effect.setVolume(volume**2)  # closer to what the ear takes for half
            if not volume:
                effect.stop()


class _Speech(QObject):
    """The computer's voice."""

    def __init__(self, language: str) -> None:
        from PySide6.QtTextToSpeech import QTextToSpeech

        super().__init__()
        self._engine = QTextToSpeech(self)
        self._engine.stateChanged.connect(self._tell)
        self._engine.setLocale(QLocale(language))
        self._tell()

    def _tell(self) -> None:
        is_voice = self._engine.state().name != "Error" and self._engine.engine() != "mock"
        _say(READY if is_voice else "no_voice")

    def play(self, what: str) -> None:
        self._engine.say(what)

    def set_volume(self, volume: float) -> None:
        self._engine.setVolume(volume)
        if not volume:
            self._engine.stop()


class _Ear(QObject):
    """Reads orders in a thread of its own, as standard input cannot be waited for everywhere."""

    heard = Signal(str)
    ended = Signal()

    def listen(self) -> None:
        for line in sys.stdin:
            self.heard.emit(line)
        self.ended.emit()


def _say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def obey(voice: _Voice, line: str) -> None:
    """Do what a line of JSON asks; one that makes no sense is passed over."""
    try:
        order = json.loads(line)
        if "volume" in order:
            voice.set_volume(float(order["volume"]))
        if "play" in order and time.monotonic() - float(order["at_s"]) < STALE_S:
            voice.play(str(order["play"]))
    except (ValueError, TypeError, KeyError):
        return


def main(arguments: list[str]) -> None:
    """The program: play what standard input asks for until it ends, or until nothing is done for too long."""
    kind, about, patience = arguments
    # Ctrl+C goes to all processes of a terminal; this one ends with the window
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    application = QCoreApplication(["hiphold"])

    def alive() -> None:
        faulthandler.dump_traceback_later(float(patience), exit=True)

    alive()
    try:
        voice: _Voice = _Tones(about) if kind == "tones" else _Speech(about)
    except ImportError:
        return _say("no_package")
    except BadInputError:
        return _say("no_files")
    pulse = QTimer(application, interval=round(float(patience) * 250))
    pulse.timeout.connect(alive)
    pulse.start()
    ear = _Ear()
    ear.heard.connect(lambda line: obey(voice, line))
    ear.ended.connect(application.quit)
    threading.Thread(target=ear.listen, daemon=True).start()
    application.exec()
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
