"""A node's settings survive what flash and power do to them, on real MicroPython."""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path

TESTS = Path(__file__).parent
SCRIPTS = TESTS / "micropython"
KILLS = 100


def test_damaged_and_forged_files_are_never_taken_and_never_raise(micropython: str, node: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [micropython, str(SCRIPTS / "settings_damage.py"), str(tmp_path)],
        cwd=node,
        env={"MICROPYPATH": str(node)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) > 2000


def test_power_that_fails_at_any_byte_leaves_the_settings_before_or_after(
    micropython: str, node: Path, tmp_path: Path
) -> None:
    rng = random.Random(1)
    saved, torn = 0, 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [micropython, str(SCRIPTS / "settings_writer.py"), str(tmp_path)],
            cwd=node,
            env={"MICROPYPATH": str(node)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        number, is_whole, lost = json.loads(process.stdout.readline())
        assert (is_whole, lost) == (True, False), "half a state, or none"
        assert number in (saved, saved + 1), "not the last state, nor the one that was being written"
        time.sleep(rng.uniform(0, 0.02))
        process.kill()
        numbers = process.communicate()[0].split("\n")[:-1]
        saved = int(numbers[-1]) if numbers else number
        torn += len({path.stat().st_size for path in tmp_path.iterdir()}) > 1
    assert saved > KILLS, "it was killed before it saved anything"
    assert torn > KILLS // 10, "too few of the kills came while a file was being written"
