"""What is heard: sounds and spoken words, played by processes of their own.

A sound system that hangs would take the window and the recording with it: Qt waits for it without end, and holds
Python's lock meanwhile. So nothing of Qt's sound is loaded here: `Sound` only sends orders, a line of JSON each, to
the program in `player`, and is told in a word how that goes. A player that hangs ends itself.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import platformdirs
from PySide6.QtCore import QCoreApplication, QObject, QProcess, QTimer, Signal

from hiphold.session import tones
from hiphold.session.texts import text
from hiphold.view.player import READY, WORDS

PROGRAM = ("-P", "-m", "hiphold.view.player")
"""what Python is given to run a player"""
START_AFTER_MS = 300
"""the window is there first"""
PATIENCE_S = 8.0
"""a player that does nothing for so long hangs"""
RETRY_S = 30.0
RETRIES = 3
SAME_WORDS_S = 4.0
"""the same words are not said again before"""
_CLOSE_MS = 300
_MAX_WAITING = 4096
"""bytes of orders that a player has not taken yet"""


class Sound(QObject):
    """All that is heard of a session. Nothing here waits, and nothing raises when there is nothing to hear with."""

    changed = Signal()
    """whether there is sound, or speech, is another than before"""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        folder: Path | None = None,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Sounds are written to `folder`; the platform's place for such files unless told."""
        super().__init__(parent)
        place = folder or platformdirs.user_cache_path("hiphold", appauthor=False) / "sounds"
        self._tones = Player("tones", str(place), patience_s, clock, self)
        self._speech = Player("speech", text("sound.voice"), patience_s, clock, self)
        self._clock = clock
        self._said_s: dict[str, float] = {}
        self._volume, self._muted, self._speaks = 1.0, False, False
        for player in (self._tones, self._speech):
            player.changed.connect(self._tell)
        self._tones.start_soon()
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)

    @property
    def available(self) -> bool:
        """Whether sounds can be heard."""
        return self._tones.available

    @property
    def why(self) -> str:
        """Why not, as a sentence; empty when they can."""
        return self._tones.why

    @property
    def speech_available(self) -> bool:
        """Whether words can be heard; False unless they are asked for."""
        return self._speaks and self._speech.available

    @property
    def speech_why(self) -> str:
        """Why not, as a sentence; empty when they can."""
        return self._speech.why if self._speaks else text("sound.speech_off")

    def play(self, cue: str) -> None:
        """Let one of the scene's CUES be heard now, if it can be; an unknown one is not."""
        if self._muted:
            return
        if cue in tones.SOUNDS:
            self._tones.play(cue)
        elif self._speaks and self._clock() - self._said_s.get(cue, -math.inf) >= SAME_WORDS_S:
            self._said_s[cue] = self._clock()
            self._say(cue)

    def _say(self, cue: str) -> None:
        try:
            words = text(f"spoken.{cue}")
        except KeyError:
            return
        self._speech.play(words)

    def set_volume(self, volume: float) -> None:
        """From 0 to 1; the nearest of these for anything else."""
        self._volume = min(max(volume, 0.0), 1.0) if math.isfinite(volume) else self._volume
        self._tell_volume()

    def mute(self, muted: bool) -> None:
        """Nothing is heard until it is taken back; what is being said breaks off."""
        self._muted = muted
        self._tell_volume()

    def _tell_volume(self) -> None:
        volume = 0.0 if self._muted else self._volume
        self._tones.set_volume(volume)
        self._speech.set_volume(volume if self._speaks else 0.0)

    def speech(self, on: bool) -> None:
        """Whether cues are spoken, too."""
        if on == self._speaks:
            return
        self._speaks = on
        if on:
            self._speech.start_soon()
        self._tell_volume()
        self._tell()

    def _tell(self) -> None:
        self.changed.emit()

    def close(self) -> None:
        """End the players; takes a second at most. Nothing is heard from then on."""
        for player in (self._tones, self._speech):
            player.close()


class Player(QObject):
    """A process that plays one kind of thing, tones or speech; started again a few times when it hung."""

    changed = Signal()

    def __init__(self, kind: str, about: str, patience_s: float, clock: Callable[[], float], parent: QObject) -> None:
        """`about`: the folder of the sounds, or the language of the voice."""
        super().__init__(parent)
        self._clock = clock
        self._arguments = [*PROGRAM, kind, about, str(patience_s)]
        self._word, self._is_closed = "closed", False
        self._volume = 1.0
        self._retries, self._retry_s = RETRIES, math.inf
        self._process = QProcess(self)
        self._process.setStandardErrorFile(QProcess.nullDevice())  # what sound systems have to say of themselves
        self._process.readyReadStandardOutput.connect(self._hear)
        self._process.finished.connect(self._ended)
        self._process.errorOccurred.connect(self._failed)
        self._soon = QTimer(self, singleShot=True, interval=START_AFTER_MS)
        self._soon.timeout.connect(self._start)

    @property
    def available(self) -> bool:
        """Whether it can be heard."""
        return self._word == READY

    @property
    def why(self) -> str:
        """Why not, as a sentence; empty when it can."""
        return "" if self.available else text(f"sound.{self._word}")

    def start_soon(self) -> None:
        """Start it when the window has had its turn, unless it runs or was ended."""
        if not self._is_closed and self._process.state() == QProcess.ProcessState.NotRunning:
            self._retries = RETRIES
            self._become("starting")
            self._soon.start()

    def _start(self) -> None:
        self._retry_s = math.inf
        self._become("starting")
        self._process.start(sys.executable, self._arguments)

    def play(self, what: str) -> None:
        """A cue, or words; nothing is kept for later."""
        if self.available:
            self._order({"play": what, "at_s": time.monotonic()})
        elif self._clock() >= self._retry_s:
            self._start()

    def set_volume(self, volume: float) -> None:
        """From 0 to 1; at 0, what is heard breaks off."""
        self._volume = volume
        if self._process.state() == QProcess.ProcessState.Running:
            self._order({"volume": volume})

    def close(self) -> None:
        """End it, kindly at first."""
        self._soon.stop()
        self._is_closed = True
        self._become("closed")
        if self._process.state() == QProcess.ProcessState.NotRunning:
            return
        self._process.closeWriteChannel()
        if not self._process.waitForFinished(_CLOSE_MS):
            self._process.kill()
            self._process.waitForFinished(_CLOSE_MS)

    def _order(self, order: dict[str, object]) -> None:
        if self._process.bytesToWrite() < _MAX_WAITING:
            self._process.write(json.dumps(order).encode() + b"\n")

    def _hear(self) -> None:
        while self._process.canReadLine():
            word = bytes(self._process.readLine().data()).decode(errors="replace").strip()
            if word in WORDS and not self._is_closed:
                self.set_volume(self._volume)
                self._become(word)

    def _become(self, word: str) -> None:
        if word != self._word:
            self._word = word
            self.changed.emit()

    def _ended(self) -> None:
        """It has ended, of itself, or because it hung; one that has said why not need not be tried again."""
        if self._word not in ("starting", READY):
            return
        if self._retries:
            self._retries -= 1
            self._retry_s = self._clock() + RETRY_S
        self._become("no_answer")

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and not self._is_closed:
            self._become("no_player")
