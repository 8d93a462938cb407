"""Run a hiphold command against virtual nodes worn by a simulated athlete:

    PYTHONPATH=tests python -m rig --nodes pelvis,thigh_right --loss 0.05 -- record session.mcap --seconds 90
    PYTHONPATH=tests python -m rig --usb pelvis=/tmp/pelvis -- record session.mcap --usb /tmp/pelvis --seconds 90

Real MicroPython runs the firmware; `--pace fast` runs as fast as the machine can (not with --usb).
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hiphold.cli import main as hiphold
from hiphold.simulation.sensor import Sensor
from rig import clock
from rig.backend import Faults
from rig.rig import Rig
from rig.session import dress
from rig.usb import SerialPort

T = TypeVar("T")


def icm42688p() -> Sensor:
    """The simulation has no such specimen of its own: the usual spreads, at this chip's rate and scales."""
    return Sensor(chip="icm42688p", rate_hz=100, acc_code=5, gyr_code=8)


SENSORS: dict[str, Callable[[], Sensor]] = {
    "lsm6dsv16x": Sensor.good,
    "mpu6050": Sensor.mpu6050,
    "icm42688p": icm42688p,
}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("rig", description="A hiphold command with virtual nodes instead of real ones.")
    made.add_argument("--nodes", default="pelvis,thigh_right", help="placements, separated by commas")
    made.add_argument("--chip", choices=SENSORS, default="lsm6dsv16x")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--loss", type=float, default=0.0, help="probability that a radio packet is lost")
    made.add_argument("--corrupt", type=float, default=0.0, help="probability that a notification arrives damaged")
    made.add_argument("--pace", default="1", help="how many times faster than real time, or 'fast'")
    made.add_argument("--start", type=float, default=12.0, help="when the athlete begins, in seconds")
    made.add_argument("--usb", action="append", default=[], metavar="PLACEMENT=PATH", help="a node's serial port")
    made.add_argument("command", nargs="+", help="of hiphold, with its arguments, after --")
    return made


class Host:
    """Gives the command line a loop and an adapter inside a rig."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._rig: Rig | None = None

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        pace = None if self._given.pace == "fast" else float(self._given.pace)
        return clock.run(self._inside(main), pace)

    async def _inside(self, main: Coroutine[Any, Any, T]) -> T:
        given = self._given
        async with Rig(seed=given.seed, loss=given.loss, faults=Faults(corrupt=given.corrupt)) as self._rig:
            placements, sensor = given.nodes.split(","), SENSORS[given.chip]()
            await dress(self._rig, placements, seed=given.seed, sensor=sensor, start_s=given.start)
            cables = (each.split("=", 1) for each in given.usb)
            ports = [SerialPort(self._rig.nodes[label].port, Path(path)) for label, path in cables]
            try:
                return await main
            finally:
                for port in ports:
                    port.unplug()

    def scanner(self, *args: Any, **kwargs: Any) -> Any:
        assert self._rig is not None
        return self._rig.adapter.scanner(*args, **kwargs)

    def client(self, *args: Any, **kwargs: Any) -> Any:
        assert self._rig is not None
        return self._rig.adapter.client(*args, **kwargs)


def main() -> None:
    logging.getLogger("bumble").setLevel(logging.ERROR)  # it warns of every link that is lost
    given = parser().parse_args()
    host = Host(given)
    hiphold.main(given.command, "hiphold", obj={"runner": host.run, "scanner": host.scanner, "client": host.client})


if __name__ == "__main__":
    main()
