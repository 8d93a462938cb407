"""Speed and memory, side by side in one run: `make bench`.

Ratios are taken pair by pair, A B A B ..., and their median is quoted: absolute times of a shared machine are not
comparable. Whole commands are timed from outside, with the peak memory the operating system saw.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from vqf import offlineVQF

from hiphold import measurement, recording, timeline
from hiphold.formats import interchange
from hiphold.measure import measure
from hiphold.samples import Frame, NodeData, Settings
from hiphold.simulation.script import Script
from hiphold.simulation.sensor import Sensor
from hiphold.sources.simulate import simulate

HIPHOLD = Path(sys.executable).parent / "hiphold"


def ten_minutes() -> list[Frame]:
    """10 min of two nodes at 100 Hz: 36 repetitions."""
    return simulate(1, script=Script(hold_s=(11.0,) * 34), sensor=Sensor(rate_hz=100)).frames


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def vqf_alone(nodes: list[NodeData]) -> None:
    """The floor: nothing but offlineVQF over the same samples."""
    for node in nodes:
        block = node.block
        offlineVQF(np.ascontiguousarray(block.gyr_radps), np.ascontiguousarray(block.acc_mps2), None, node.period_s)


LAUNCHER = """
import resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(done.returncode, time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""
"""a small process between: a child's peak memory starts at that of the process that forked it"""


def command(*arguments: str) -> tuple[float, float]:
    """Wall seconds and peak memory in MB of one run of hiphold, start-up included."""
    launch = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(HIPHOLD), *arguments]
    status, wall_s, peak_mb = subprocess.run(launch, capture_output=True, text=True, check=True).stdout.split()
    if status != "0":
        raise SystemExit(f"hiphold {' '.join(arguments)} failed")
    return float(wall_s), float(peak_mb)


def bench_elevation(frames: list[Frame]) -> None:
    """The thigh alone: the path to elevation, raises and holds."""
    thigh = [frame for frame in frames if frame.node.startswith("thigh")]
    nodes = timeline.assemble(thigh)
    pairs = [(seconds(lambda: vqf_alone(nodes)), seconds(lambda: measure(thigh, Settings()))) for _ in range(7)]
    ratio = statistics.median(alone / whole for alone, whole in pairs)
    print(f"measure, thigh only: {ratio:.3f} of the speed of offlineVQF alone on the same samples")


def bench_path(frames: list[Frame]) -> None:
    """Thigh and pelvis: hip and pelvis too."""
    nodes = timeline.assemble(frames)
    samples = sum(len(node.block) for node in nodes)
    print(f"\n{samples} samples, {len(frames)} frames, {nodes[0].block.time_s[-1] / 60:.1f} min of two nodes\n")
    rows: dict[str, list[float]] = {"offlineVQF alone": [], "measure": [], "measure --causal": []}
    from hiphold.live import measure_causal

    for _ in range(7):
        rows["offlineVQF alone"].append(seconds(lambda: vqf_alone(nodes)))
        rows["measure"].append(seconds(lambda: measure(frames, Settings())))
    rows["measure --causal"].append(seconds(lambda: measure_causal(frames, Settings(causal=True))))
    rows["measure --method madgwick"] = [seconds(lambda: measure(frames, Settings(method="madgwick")))]
    floor = rows["offlineVQF alone"]
    for name, times in rows.items():
        speed = samples / statistics.median(times)
        ratio = statistics.median(a / b for a, b in zip(floor, times))
        print(f"{name:28} {speed / 1000:8.0f} k samples/s   {ratio:6.3f} of the speed of offlineVQF alone")


def bench_commands(frames: list[Frame], folder: Path) -> None:
    recording.write(folder / "ten.mcap", frames)
    interchange.write(folder / "ten.csv", timeline.assemble(frames), ())
    runs = (
        ("hiphold --help", ("--help",)),
        ("hiphold measure", ("measure", str(folder / "ten.mcap"), "--json", str(folder / "ten.json"))),
        ("hiphold import csv", ("import", "csv", str(folder / "ten.csv"), str(folder / "imported.mcap"))),
        ("hiphold measure (imported)", ("measure", str(folder / "imported.mcap"))),
    )
    print()
    for name, arguments in runs:
        results = [command(*arguments) for _ in range(5)]
        wall_s, peak_mb = statistics.median(r[0] for r in results), max(r[1] for r in results)
        print(f"{name:28} {wall_s:8.2f} s   {peak_mb:6.0f} MB")


def main() -> None:
    frames = ten_minutes()
    print(f"hiphold {measurement.SCHEMA}, Python {sys.version.split()[0]}, numpy {np.__version__}")
    bench_path(frames)
    bench_elevation(frames)
    with tempfile.TemporaryDirectory() as folder:
        bench_commands(frames, Path(folder))


if __name__ == "__main__":
    main()
