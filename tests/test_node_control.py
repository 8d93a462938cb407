"""A node's commands and the place of its receivers in the ring, on real MicroPython without board and radio."""

from __future__ import annotations

import subprocess
from pathlib import Path

TESTS = Path(__file__).parent
SCRIPTS = TESTS / "micropython"


def run(micropython: str, node: Path, script: str, *arguments: str) -> str:
    command = [micropython, "-X", "heapsize=1m", str(SCRIPTS / script), *arguments]
    environment = {"MICROPYPATH": f"{node}:{SCRIPTS}"}
    done = subprocess.run(command, cwd=node, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_frames_come_in_order_at_every_packet_size_and_old_ones_never_starve_new_ones(
    micropython: str, node: Path
) -> None:
    assert run(micropython, node, "stream_cases.py") == "ok\n"


def test_every_command_does_what_the_protocol_says(micropython: str, node: Path) -> None:
    assert run(micropython, node, "control_cases.py") == "ok\n"


def test_no_bytes_raise_or_change_anything_unless_they_are_a_valid_command(micropython: str, node: Path) -> None:
    told = run(micropython, node, "control_fuzz.py", "25000", "1")
    invalid, _, tried, _, resets, _ = told.split()
    assert int(tried) == 25000
    assert int(invalid) > 10000
    assert int(resets) > 0
