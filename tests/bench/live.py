"""The live session's own cost: a frame to what is shown, how many nodes one core carries, an hour of it, the window.

    python tests/bench/live.py            all
    python tests/bench/live.py push       one of push, nodes, hour, window (needs a screen; `xvfb-run` gives one)

Times are of this machine and of this run; the lines say what they were made beside.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from hiphold.live import Live
from hiphold.samples import Floats, Frame, Settings
from hiphold.session.course import Aims
from hiphold.session.lane import Lane
from hiphold.simulation.cast import play_part, repetitions_for
from hiphold.simulation.sensor import Sensor
from hiphold.sources.stage import stage

FOUR = ("pelvis", "thigh_left", "thigh_right", "trunk")
AT_200_HZ = Sensor(chip="icm42688p", rate_hz=200, acc_code=5, gyr_code=8)
KINDS = ("good", "shaky", "tired", "dropping")
AIM_MS = 5.0


def frames(kind: str, minutes: float, seed: int = 1, sensor: Sensor | None = None) -> Iterator[Frame]:
    """One athlete with four nodes."""
    part = play_part(kind, seed, repetitions_for(kind, minutes), placements=FOUR)
    return stage(replace(part, sensor=sensor) if sensor else part).frames


def timed_ms(work: Iterator[object]) -> Floats:
    """Milliseconds that each step takes."""
    spent: list[float] = []
    while True:
        started = time.perf_counter()
        try:
            next(work)
        except StopIteration:
            return np.array(spent) * 1e3
        spent.append(time.perf_counter() - started)


def describe(what: str, spent_ms: Floats) -> None:
    p50, p99 = np.percentile(spent_ms, (50, 99))
    print(f"{what:52} median {p50:5.2f} ms   p99 {p99:5.2f} ms   most {spent_ms.max():6.1f} ms   of {len(spent_ms)}")


def bench_push() -> None:
    """A frame to its Snapshot, four nodes at 200 Hz, whole session with calibration and holds."""
    made = list(frames("good", 3.0, sensor=AT_200_HZ))
    live = Live(Settings(causal=True))
    describe("frame to Snapshot, 4 nodes at 200 Hz", timed_ms(live.push(frame) for frame in made))
    with tempfile.TemporaryDirectory() as folder:
        lane = Lane(0, "bench", Aims(), folder=lambda: Path(folder))
        describe("frame to disk and scene, 4 nodes at 200 Hz", timed_ms(lane.receive(frame) for frame in made))
    print(f"  the aim: p99 of frame to Snapshot below {AIM_MS:g} ms")


def bench_nodes() -> None:
    """How many nodes at 200 Hz one core carries: session time over processor time."""
    made = list(frames("good", 3.0, sensor=AT_200_HZ))
    session_s = (made[-1].arrival_ns - made[0].arrival_ns) * 1e-9
    shares = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            lane = Lane(0, "bench", Aims(), folder=lambda: Path(folder))
            started = time.process_time()
            for frame in made:
                lane.receive(frame)
            shares.append((time.process_time() - started) / session_s)
    share = statistics.median(shares)
    print(f"one athlete with 4 nodes at 200 Hz takes {100 * share:.1f} % of a core, recording and scenes included:")
    print(f"  one core carries {int(4 / share)} nodes at 200 Hz before it falls behind")


def bench_hour() -> None:
    """An hour of one athlete, as fast as it goes: memory and time of each sixth."""
    print("an hour of one athlete with four nodes, as fast as it goes")
    with tempfile.TemporaryDirectory() as folder:
        lane = Lane(0, "bench", Aims(), folder=lambda: Path(folder))
        spent: list[float] = []
        first_ns, part = 0, 1
        for frame in frames("good", 60.0):
            first_ns = first_ns or frame.arrival_ns
            started = time.perf_counter()
            lane.receive(frame)
            spent.append(time.perf_counter() - started)
            if frame.arrival_ns - first_ns > part * 600e9:
                describe(f"  {10 * part} min, {memory_mb():.0f} MB", np.array(spent) * 1e3)
                spent, part = [], part + 1
        started = time.perf_counter()
        reps = len(lane.end().reps)
        print(f"  ended in {time.perf_counter() - started:.2f} s with {reps} repetitions")


def memory_mb() -> float:
    """Resident memory now; the most there was where the system does not tell."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bench_window(seconds: float = 60.0) -> None:
    """Four athletes in the coach's view, in real time: from Snapshot to screen, frames a second, processor time."""
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # painted all the same, and shown nowhere
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from hiphold.session.plan import SIMULATED, Plan
    from hiphold.session.preferences import Preferences
    from hiphold.session.worker import Worker
    from hiphold.view.sound import Sound
    from hiphold.view.window import Window

    application = QApplication(sys.argv[:1])
    os.environ["HIPHOLD_CONFIG"] = tempfile.mkdtemp()
    with tempfile.TemporaryDirectory() as folder:
        preferences = Preferences(folder=Path(folder))
        worker = Worker(Plan(source=SIMULATED, kinds=KINDS, reps=10), preferences)
        worker.start()
        sound = Sound()
        window = Window(worker, preferences, sound)
        window.resize(1280, 800)
        window.show()
        started = time.perf_counter(), time.process_time()
        QTimer.singleShot(round(seconds * 1000), window.close)
        application.exec()
        wall_s, busy_s = time.perf_counter() - started[0], time.process_time() - started[1]
        sound.close()
        worker.join()
    late_ms = np.array(window.latencies_s) * 1e3
    where = application.platformName()
    fps = window.frames_painted / wall_s
    print(f"window ({where}), four athletes with 3 nodes each for {wall_s:.0f} s: {fps:.1f} fps")
    describe("  from Snapshot to screen", late_ms)
    print(
        f"  {100 * busy_s / wall_s:.0f} % of a core, session, recordings and simulation included; {memory_mb():.0f} MB"
    )
    print("  the aims: 15 fps or more, p99 below 100 ms")


BENCHES = {"push": bench_push, "nodes": bench_nodes, "hour": bench_hour, "window": bench_window}


def main() -> None:
    for name in sys.argv[1:] or BENCHES:
        BENCHES[name]()


if __name__ == "__main__":
    main()
