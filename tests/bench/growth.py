"""Whether time and memory grow in proportion to the recording, and what one frame costs live: `make bench`.

Four nodes at 200 Hz: pelvis, both thighs, trunk. Shorter recordings are the beginning of the long one.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench import command
from hiphold import recording
from hiphold.live import Live
from hiphold.samples import Frame, Settings
from hiphold.simulation.script import Script
from hiphold.simulation.sensor import Sensor
from hiphold.sources.simulate import simulate

MINUTES = {"": (15, 30, 60), "--causal": (5, 10)}
WORN = ("pelvis", "thigh_left", "thigh_right", "trunk")
REPETITION_S = 18.0


def hour() -> list[Frame]:
    """One hour of drill with both legs in turn."""
    script = Script(hold_s=(11.0,) * round(60 * max(MINUTES[""]) / REPETITION_S))
    return simulate(1, side="both", script=script, sensor=Sensor(rate_hz=200), placements=WORN).frames


def until(frames: list[Frame], minutes: float) -> list[Frame]:
    end_ns = frames[0].arrival_ns + round(60e9 * minutes)
    return [frame for frame in frames if frame.arrival_ns <= end_ns]


def bench_growth(frames: list[Frame], folder: Path) -> None:
    """Each command in a process of its own; the last columns should not rise from line to line."""
    for option in MINUTES:
        for minutes in MINUTES[option]:
            path = folder / f"{minutes}.mcap"
            if not path.exists():
                recording.write(path, until(frames, minutes))
            results = [command("measure", str(path), *option.split()) for _ in range(2)]
            wall_s, peak_mb = min(r[0] for r in results), max(r[1] for r in results)
            name = f"measure {option} {minutes} min x {len(WORN)} nodes x 200 Hz"
            each = f"{wall_s / minutes:6.3f} s a minute   {peak_mb / minutes:6.1f} MB a minute"
            print(f"{name:44} {wall_s:7.2f} s   {peak_mb:6.0f} MB   {each}", flush=True)


def bench_live(frames: list[Frame]) -> None:
    """Work of Live.push, by the part of the session: it should stay the same to the end."""
    live, spent_s = Live(Settings(causal=True)), []
    for frame in frames:
        started = time.perf_counter()
        live.push(frame)
        spent_s.append(time.perf_counter() - started)
    part = len(spent_s) // 10
    for name, some in (("first tenth", spent_s[:part]), ("all", spent_s), ("last tenth", spent_s[-part:])):
        mean_ms, p99_ms = 1e3 * statistics.fmean(some), 1e3 * sorted(some)[int(0.99 * len(some))]
        print(f"live, {name:12} {2 * mean_ms:6.2f} ms a frame pair   p99 of one frame {p99_ms:5.2f} ms")


def main() -> None:
    print("simulating an hour ...", file=sys.stderr)
    frames = hour()
    bench_live(until(frames, 20))
    with tempfile.TemporaryDirectory() as folder:
        bench_growth(frames, Path(folder))


if __name__ == "__main__":
    main()
