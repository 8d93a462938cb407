"""The recording process killed with SIGKILL: at most a second is lost, and what is left opens and can be read."""

from __future__ import annotations

import math
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from hiphold import recording, timeline

pytestmark = pytest.mark.usefixtures("micropython")
HERE = Path(__file__).parent
SEED, KILLS, AT_ONCE = 20, 20, 7
AFTER_S = (1.0, 5.0)
"""when the process is killed, since its first packet"""
LOST_S = 1.0
START_S = 60.0


@dataclass(frozen=True)
class Packet:
    """What the journal says of one."""

    wall_s: float
    arrival_ns: int
    """by the loop's clock"""
    data: bytes


class Victim:
    """One recording process."""

    def __init__(self, folder: Path, after_s: float) -> None:
        folder.mkdir()
        self.recording, self._journal = folder / "session.mcap", folder / "journal.txt"
        self._folder, self._after_s, self._due_s = folder, after_s, math.inf
        self.killed_s = math.inf

    def start(self) -> None:
        """Begin to record."""
        command = [sys.executable, str(HERE / "recorder_process.py"), str(self.recording), str(self._journal)]
        environment = os.environ | {
            "TMPDIR": str(self._folder),
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        }
        self._log = (self._folder / "log.txt").open("w+b")
        self._process = subprocess.Popen(
            command, env=environment, stdout=self._log, stderr=self._log, start_new_session=True
        )

    def is_due(self) -> bool:
        """Whether its time has come."""
        if self._process.poll() is not None:
            self._log.seek(0)
            raise AssertionError(f"the process ended by itself: {self._log.read()[-2000:].decode()}")
        if self._due_s == math.inf and self._journal.exists() and (text := self._journal.read_text("ascii")):
            self._due_s = 1e-9 * int(text.split(maxsplit=1)[0]) + self._after_s
        return time.time() >= self._due_s

    def kill(self) -> None:
        """The process alone: its nodes notice by themselves."""
        self.killed_s = time.time()
        self._process.kill()
        self._process.wait()

    def clear(self) -> None:
        """End what is left of it, however the test went."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._log.close()

    def received(self) -> dict[str, list[Packet]]:
        """By address, what had reached the process when it died; a line cut short is of the moment of death."""
        found: dict[str, list[Packet]] = {}
        for line in self._journal.read_text("ascii").splitlines(keepends=True):
            if line.endswith("\n"):
                wall_ns, arrival_s, address, data = line.split()
                packet = Packet(1e-9 * int(wall_ns), round(float(arrival_s) * 1e9), bytes.fromhex(data))
                found.setdefault(address, []).append(packet)
        return found


def kill_all(folder: Path, instants_s: list[float]) -> list[Victim]:
    """Run and kill one process per instant, some side by side."""
    waiting = [Victim(folder / str(number), after_s) for number, after_s in enumerate(instants_s)]
    end_s, running, dead = time.monotonic() + START_S, list[Victim](), list[Victim]()
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                running.append(waiting.pop(0))
                running[-1].start()
            for victim in [each for each in running if each.is_due()]:
                victim.kill()
                running.remove(victim)
                dead.append(victim)
            assert time.monotonic() < end_s, "the processes take too long to receive anything"
            time.sleep(0.002)
    finally:
        for victim in (*running, *dead):
            victim.clear()
    return dead


def lost_s(victim: Victim) -> float:
    """How long before its death the oldest packet came that the file does not have. All before it must be there."""
    kept: dict[str, list[tuple[int, bytes]]] = {}
    for frame in recording.read(victim.recording).frames:
        kept.setdefault(frame.node, []).append((frame.arrival_ns, frame.data))
    oldest_s, epochs_ns = victim.killed_s, set[int]()
    for address, received in victim.received().items():
        packets = kept.pop(f"hiphold-{address.replace(':', '')[-4:].lower()}", [])
        assert [data for _, data in packets] == [each.data for each in received[: len(packets)]]
        epochs_ns |= {arrival_ns - each.arrival_ns for (arrival_ns, _), each in zip(packets, received)}
        oldest_s = min([oldest_s, *(each.wall_s for each in received[len(packets) : len(packets) + 1])])
    assert len(epochs_ns) <= 1, "arrival times are not as they were"
    assert not kept, "packets that nobody sent"
    return victim.killed_s - oldest_s


def test_a_recording_process_killed_at_any_instant_loses_at_most_a_second(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    victims = kill_all(tmp_path, [dice.uniform(*AFTER_S) for _ in range(KILLS)])
    losses_s = [lost_s(victim) for victim in victims]
    print(f"seed {SEED}: lost at most {max(losses_s):.2f} s, on average {sum(losses_s) / KILLS:.2f} s")
    assert len(losses_s) == KILLS
    assert max(losses_s) <= LOST_S
    for victim in victims:
        for data in timeline.assemble(recording.read(victim.recording).frames):
            assert len(data.block) > 0
            assert data.lost == 0
