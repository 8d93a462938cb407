"""What a person chooses of sound, size, colours and plots: done at once, said, and kept in the preferences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hiphold.session.preferences import SPANS_S, Preferences
from hiphold.view.coach import CoachPage

SCALES = 0.8, 2.0


class Sounding(Protocol):
    """What plays the cues."""

    def play(self, cue: str) -> None:
        """Play one of scene.CUES."""

    def set_volume(self, volume: float) -> None:
        """From 0 to 1."""

    def mute(self, on: bool) -> None:
        """Play nothing, or again."""

    def speech(self, on: bool) -> None:
        """Whether the spoken cues are spoken."""


class Choices:
    """One method for each choice. `say` tells a person, `dress` uses another theme or size."""

    def __init__(
        self,
        preferences: Preferences,
        sound: Sounding,
        coach: CoachPage,
        say: Callable[..., None],
        dress: Callable[[], None],
    ) -> None:
        self.preferences = preferences
        self.paused = False
        self._sound, self._coach = sound, coach
        self._say, self._dress = say, dress
        sound.set_volume(preferences.volume)
        sound.mute(preferences.muted)
        sound.speech(preferences.speech)
        coach.set_span(preferences.span_s)

    def keys(self) -> dict[str, Callable[[], object]]:
        """What the keys of these actions do."""
        return {
            "mute": self.mute,
            "louder": lambda: self.volume(0.1),
            "softer": lambda: self.volume(-0.1),
            "speech": self.speech,
            "pause": self.pause,
            "span": self.span,
            "theme": self.theme,
            "bigger": lambda: self.scale(0.1),
            "smaller": lambda: self.scale(-0.1),
        }

    def mute(self) -> None:
        """Sound off, or on again."""
        self.preferences.muted = not self.preferences.muted
        self._sound.mute(self.preferences.muted)
        self._say("muted" if self.preferences.muted else "unmuted")

    def volume(self, by: float) -> None:
        """Louder or softer, by a share of all."""
        self.preferences.volume = round(min(max(self.preferences.volume + by, 0.0), 1.0), 1)
        self._sound.set_volume(self.preferences.volume)
        self._say("volume", percent=round(100 * self.preferences.volume))

    def speech(self) -> None:
        """Spoken cues on, or off again."""
        self.preferences.speech = not self.preferences.speech
        self._sound.speech(self.preferences.speech)
        self._say("speech_on" if self.preferences.speech else "speech_off")

    def pause(self) -> None:
        """Plots stand still, or run again."""
        self.paused = not self.paused
        self._coach.set_paused(self.paused)
        self._say("paused" if self.paused else "resumed")

    def span(self) -> None:
        """The next of the spans that plots can show."""
        at = SPANS_S.index(self.preferences.span_s) + 1
        self.preferences.span_s = SPANS_S[at % len(SPANS_S)]
        self._coach.set_span(self.preferences.span_s)
        self._say("span", seconds=self.preferences.span_s)

    def theme(self) -> None:
        """Dark after light, light after dark."""
        self.preferences.theme = "light" if self.preferences.theme == "dark" else "dark"
        self._dress()
        self._say(f"theme_{self.preferences.theme}")

    def scale(self, by: float) -> None:
        """Everything larger or smaller, by a share."""
        self.preferences.scale = round(min(max(self.preferences.scale + by, SCALES[0]), SCALES[1]), 1)
        self._dress()
        self._say("scale", percent=round(100 * self.preferences.scale))
