"""A driver of firmware/ under real MicroPython, its bus ending in a model of the rig. Time passes only as told.

The driver's process asks over its standard output, one line each, and is answered over its standard input:
`r address register size`, `w address register hex`, `s microseconds`; and at the end of a call `= result`, `! errno`
for an OSError, `x text` for any other exception.
"""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from rig.chips import BusError, Chip

FIRMWARE = Path(__file__).resolve().parent.parent / "firmware"
BYTE_S = 9 / 400e3  # of a 400 kHz bus, with its acknowledgement

TIME = """
import sys

def sleep_us(us):
    print("s", int(us))
    sys.stdin.readline()

def sleep_ms(ms):
    sleep_us(ms * 1000)
"""
MACHINE = "class I2C: pass\n"
NODE = """
import array, binascii, sys, micropython

class Bus:
    def _answer(self):
        line = sys.stdin.readline().strip()
        if line[:1] == "!":
            raise OSError(int(line[1:]))
        return binascii.unhexlify(line)

    def readfrom_mem(self, address, register, size):
        print("r", address, register, size)
        return self._answer()

    def readfrom_mem_into(self, address, register, buffer):
        buffer[:] = self.readfrom_mem(address, register, len(buffer))

    def writeto_mem(self, address, register, data):
        print("w", address, register, binascii.hexlify(data).decode())
        self._answer()

def fetch(count):
    imu.fetch(count)
    micropython.heap_lock()  # unpack must not allocate
    try:
        made = imu.unpack(count, out)
    finally:
        micropython.heap_unlock()
    return binascii.hexlify(bytes(out)[: 20 * made]).decode()

imu = __import__("imu_" + sys.argv[1]).Imu(Bus())
out = array.array("h", [0] * 10 * (imu.MAX_FETCH + 1))
print("=", True)
while True:
    try:
        print("=", repr(eval(sys.stdin.readline())))
    except OSError as error:
        print("!", error.errno)
    except Exception as error:
        print("x", repr(error))
"""


class Bench:
    """One driver and one chip. `now_s` is the true time."""

    def __init__(self, micropython: str, name: str, chip: Chip, folder: Path) -> None:
        self.chip, self.now_s = chip, 0.0
        for file, text in (("time.py", TIME), ("machine.py", MACHINE), ("node.py", NODE)):
            (folder / file).write_text(text, "utf-8")
        self._process = subprocess.Popen(
            [micropython, str(folder / "node.py"), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "MICROPYPATH": f"{folder}:{FIRMWARE}"},
        )
        self._until_result()

    def close(self) -> None:
        """End the driver's process."""
        self._process.kill()
        self._process.communicate()

    def ask(self, expression: str) -> Any:
        """What the expression gives, for example `imu.waiting()`. Raises OSError as the driver does."""
        self._say(expression)
        return self._until_result()

    def fetch(self, count: int) -> np.ndarray:
        """(made, 10) rows of `count` samples taken from the FIFO."""
        return np.frombuffer(bytes.fromhex(self.ask(f"fetch({count})")), "<i2").reshape(-1, 10)

    def drain(self, sizes: np.random.Generator | None = None) -> np.ndarray:
        """All that is waiting, in bites of odd sizes."""
        bites = [np.empty((0, 10), np.int16)]
        waiting = self.ask("imu.waiting()")
        while waiting:
            bite = min(waiting, 32 if sizes is None else int(sizes.integers(1, 33)))
            bites.append(self.fetch(bite))
            waiting -= bite
        return np.concatenate(bites)

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _until_result(self) -> Any:
        assert self._process.stdout
        while True:
            line = self._process.stdout.readline()
            kind, _, rest = line.rstrip("\n").partition(" ")
            if kind == "=":
                return ast.literal_eval(rest)
            if kind == "!":
                raise OSError(int(rest), "the driver raises it")
            if kind == "s":
                self.now_s += int(rest) / 1e6
                self._say("")
            elif kind in ("r", "w"):
                self._say(self._transfer(kind, rest.split()))
            else:
                raise AssertionError(rest if kind == "x" else line + self._process.communicate()[0])

    def _transfer(self, kind: str, words: list[str]) -> str:
        address, register = int(words[0]), int(words[1])
        if address != self.chip.ADDRESS:
            return "!19"
        data = b"" if kind == "r" else bytes.fromhex(words[2])
        size = int(words[2]) if kind == "r" else len(data)
        begun_s, self.now_s = self.now_s, self.now_s + (size + 3) * BYTE_S
        try:
            if kind == "r":
                return self.chip.read(register, size, begun_s).hex()
            self.chip.write(register, data, begun_s)
        except BusError as error:
            return f"!{error.errno}"
        return ""
