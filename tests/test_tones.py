"""The sounds of a session: what is in the WAV files, and when they are written."""

from __future__ import annotations

import io
import os
import wave
from pathlib import Path

import numpy as np
import pytest

from hiphold.errors import BadInputError
from hiphold.samples import Floats
from hiphold.session import scene, tones

LENGTHS_S = {
    "tick": (0.03, 0.05),
    "chime": (0.55, 0.65),
    "drop": (0.3, 0.4),
    "step": (0.25, 0.4),
    "fault": (0.3, 0.5),
}
LOW_HZ = 110, 160
"""where a drop is, and small loudspeakers are weak"""


def played(cue: str) -> Floats:
    with wave.open(io.BytesIO(tones.wav(cue))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, tones.RATE_HZ)
        frames = file.readframes(file.getnframes())
    return np.frombuffer(frames, "<i2") / 32768


def spectrum(sound: Floats) -> tuple[Floats, Floats]:
    """Frequencies and strengths, 1 Hz apart."""
    strength = np.abs(np.fft.rfft(sound, tones.RATE_HZ))
    return np.arange(len(strength), dtype=float), strength


def dominant_hz(sound: Floats) -> float:
    frequency_hz, strength = spectrum(sound)
    return float(frequency_hz[np.argmax(strength)])


def test_the_sounds_are_those_of_the_scene() -> None:
    assert scene.CUES[: len(tones.SOUNDS)] == tones.SOUNDS


def test_what_is_spoken_has_no_sound() -> None:
    with pytest.raises(KeyError):
        tones.wav("higher")


@pytest.mark.parametrize("cue", tones.SOUNDS)
def test_a_sound_lasts_as_it_should(cue: str) -> None:
    low, high = LENGTHS_S[cue]
    assert low <= len(played(cue)) / tones.RATE_HZ <= high


@pytest.mark.parametrize("cue", tones.SOUNDS)
def test_nothing_is_clipped_and_nothing_clicks(cue: str) -> None:
    sound = played(cue)
    assert 0.1 < np.max(np.abs(sound)) <= tones.PEAK + 1e-3
    assert np.max(np.abs(sound[[0, -1]])) < 1e-3
    edge = round(0.001 * tones.RATE_HZ)
    assert np.max(np.abs(sound[:edge])) < 0.3 * np.max(np.abs(sound))
    assert np.max(np.abs(sound[-edge:])) < 0.05 * np.max(np.abs(sound))
    assert abs(np.mean(sound)) < 0.01


def test_each_sound_is_where_it_should_be() -> None:
    found = {cue: dominant_hz(played(cue)) for cue in tones.SOUNDS}
    assert 1500 < found["tick"] < 2500
    assert found["chime"] == pytest.approx(880, abs=5)
    assert LOW_HZ[0] < found["drop"] < LOW_HZ[1]
    assert found["fault"] == pytest.approx(220, abs=5)


def test_a_tick_and_a_drop_are_worlds_apart() -> None:
    tick, drop = played("tick"), played("drop")
    assert dominant_hz(tick) / dominant_hz(drop) > 8
    assert len(drop) / len(tick) > 6


def test_a_drop_goes_down_and_a_step_goes_up() -> None:
    drop, step = played("drop"), played("step")
    assert dominant_hz(drop[: len(drop) // 4]) > dominant_hz(drop[len(drop) // 2 :]) + 10
    assert dominant_hz(step[: len(step) // 2]) == pytest.approx(523, abs=6)
    assert dominant_hz(step[len(step) // 2 :]) == pytest.approx(784, abs=6)


def test_a_fault_is_two_beeps() -> None:
    loud = np.abs(played("fault")) > 0.02
    times_s = np.flatnonzero(loud) / tones.RATE_HZ
    assert len(np.flatnonzero(np.diff(times_s) > 0.05)) == 1


def test_a_small_loudspeaker_carries_the_low_sounds() -> None:
    for cue in ("drop", "fault"):
        frequency_hz, strength = spectrum(played(cue))
        heard = frequency_hz > 250
        assert np.sum(strength[heard] ** 2) > 0.2 * np.sum(strength**2)


def test_all_are_about_equally_loud() -> None:
    levels = [tones.loudness(played(cue)) for cue in tones.SOUNDS]
    assert max(levels) / min(levels) < 1.02
    assert min(levels) > 0.02


def test_the_ear_is_weighted_as_in_the_standard() -> None:
    found_db = 20 * np.log10(tones.a_weight(np.array([100.0, 125.0, 1000.0, 2000.0, 8000.0])))
    assert found_db == pytest.approx([-19.1, -16.1, 0.0, 1.2, -1.1], abs=0.1)


def test_files_are_written_once_and_mended(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "sounds"
    paths = tones.write_all(folder)
    assert tuple(paths) == tones.SOUNDS
    assert sorted(folder.iterdir()) == sorted(paths.values())
    for path in paths.values():
        os.utime(path, (1, 1))
    paths["drop"].write_bytes(b"RIFF" + paths["drop"].read_bytes()[4:-1] + b"x")
    paths["tick"].unlink()
    os.utime(paths["drop"], (1, 1))
    assert tones.write_all(folder) == paths
    assert {cue for cue, path in paths.items() if path.stat().st_mtime > 1} == {"tick", "drop"}
    assert all(path.read_bytes() == tones.wav(cue) for cue, path in paths.items())


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInputError, match="cannot be used"):
        tones.write_all(tmp_path / "file" / "sounds")
