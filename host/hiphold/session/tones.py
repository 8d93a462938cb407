"""The five sounds of a live session, made by formula: mono WAV, 16 bit, 44.1 kHz, about equally loud.

Loudness is judged as a sound level meter does: A-weighted, over the loudest 125 ms. What a small loudspeaker cannot
carry, the overtones of the low sounds do.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from hiphold.files import told, write
from hiphold.samples import Floats

RATE_HZ = 44100
PEAK = 0.9
"""no sound goes above this share of full scale"""
_FAST_S = 0.125
"""the time weighting "fast" of a sound level meter (IEC 61672-1)"""
_RISE_S, _FALL_S = 0.003, 0.012
"""nothing starts or ends more suddenly: that would click"""


def wav(cue: str) -> bytes:
    """The WAV file of one of SOUNDS. Raises KeyError for any other cue."""
    sound = np.rint(_levelled()[cue] * 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(sound.tobytes())
    return file.getvalue()


def write_all(folder: Path) -> dict[str, Path]:
    """The WAV file of each of SOUNDS in this folder, which is made; written only where missing or different.

    Raises BadInputError when the folder cannot be written.
    """
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
    paths = {cue: folder / f"{cue}.wav" for cue in SOUNDS}
    for cue, path in paths.items():
        content = wav(cue)
        if not _holds(path, content):
            write(path, content)
    return paths


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def _tick() -> Floats:
    """Short and dry, well above the others."""
    time_s = _times(0.04)
    return _faded(_partials(time_s, 1850, {1: 1.0, 1.51: 0.4}) * np.exp(-time_s / 0.009))


def _chime() -> Floats:
    """A small bell: the higher the partial, the sooner it is gone."""
    time_s = _times(0.6)
    ringing = ((880.0, 1.0, 0.22), (880.0 * 2.76, 0.4, 0.1), (880.0 * 5.4, 0.15, 0.04))
    parts = [a * np.sin(2 * np.pi * f * time_s) * np.exp(-time_s / fall) for f, a, fall in ringing]
    return _faded(np.sum(parts, axis=0))


def _drop() -> Floats:
    """Low, and going down from 150 to 118 Hz."""
    time_s = _times(0.35)
    frequency_hz = 150 - 32 * np.clip(time_s / 0.12, 0, 1)
    return _faded(_partials(time_s, frequency_hz, {1: 1.0, 2: 0.8, 3: 0.7, 4: 0.5, 6: 0.3}), 0.005, 0.12)


def _step() -> Floats:
    """A soft fifth upwards."""
    first, second = (_faded(_partials(_times(0.16), hz, {1: 1.0, 2: 0.12}), 0.02, 0.06) for hz in (523.25, 783.99))
    return np.concatenate((first, second))


def _fault() -> Floats:
    """Two low beeps with the hollow sound of odd overtones."""
    beep = _faded(_partials(_times(0.15), 220, {1: 1.0, 3: 0.55, 5: 0.3}), 0.006, 0.02)
    return np.concatenate((beep, np.zeros(round(0.09 * RATE_HZ)), beep))


_MADE: dict[str, Callable[[], Floats]] = {
    "tick": _tick,
    "chime": _chime,
    "drop": _drop,
    "step": _step,
    "fault": _fault,
}
SOUNDS = tuple(_MADE)
"""those of the scene's CUES that are sounds; the others are spoken"""


def _times(duration_s: float) -> Floats:
    return np.arange(round(duration_s * RATE_HZ)) / RATE_HZ


def _partials(time_s: Floats, frequency_hz: Floats | float, strengths: dict[float, float]) -> Floats:
    """Sines at multiples of a frequency, which may change over time, all beginning at 0."""
    cycles = (np.cumsum(np.broadcast_to(frequency_hz, time_s.shape)) - np.ravel(frequency_hz)[0]) / RATE_HZ
    return np.asarray(sum(a * np.sin(2 * np.pi * multiple * cycles) for multiple, a in strengths.items()))


def _faded(sound: Floats, rise_s: float = _RISE_S, fall_s: float = _FALL_S) -> Floats:
    """With a smooth beginning and end."""
    left_s = np.arange(len(sound)) / RATE_HZ
    rise, fall = (np.clip(t / length, 0, 1) for t, length in ((left_s, rise_s), (left_s[::-1], fall_s)))
    return np.asarray(sound * np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2)


@cache
def _levelled() -> dict[str, Floats]:
    """All sounds as loud as the one that is softest when each is as strong as it may be."""
    full = {cue: sound / np.max(np.abs(sound)) * PEAK for cue, make in _MADE.items() for sound in (make(),)}
    level = {cue: loudness(sound) for cue, sound in full.items()}
    return {cue: sound * (min(level.values()) / level[cue]) for cue, sound in full.items()}


def loudness(sound: Floats) -> float:
    """How loud samples (n,) are: root of the A-weighted mean power over the loudest 125 ms."""
    window = round(_FAST_S * RATE_HZ)
    padded = np.concatenate((np.zeros(window), sound, np.zeros(window)))
    spectrum = np.fft.rfft(padded) * a_weight(np.asarray(np.fft.rfftfreq(len(padded), 1 / RATE_HZ), float))
    power = np.cumsum(np.fft.irfft(spectrum, len(padded)) ** 2)
    return float(np.sqrt(np.max(power[window:] - power[:-window]) / window))


def a_weight(frequency_hz: Floats) -> Floats:
    """How strongly the ear takes each frequency (n,), 1 at 1 kHz: the A-weighting of IEC 61672-1."""
    f2 = frequency_hz**2
    low = (f2 + 20.598997**2) * np.sqrt((f2 + 107.65265**2) * (f2 + 737.86223**2))
    return np.asarray(10 ** (2.0 / 20) * 12194.217**2 * f2**2 / (low * (f2 + 12194.217**2)))
