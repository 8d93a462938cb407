"""The whole laboratory: the air, this computer's adapter, the nodes, and strangers nearby. See rig/__init__.py."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from bumble import hci
from bumble.core import AdvertisingData

from rig.backend import Adapter, Faults
from rig.board import Board
from rig.board import Chip as BusChip
from rig.bridge import Door
from rig.chips import CHIPS, Flaws, Skin
from rig.controller import RigController, device_on
from rig.interpreter import Options
from rig.process import NodeProcess
from rig.radio import Air

REPOSITORY = Path(__file__).resolve().parents[2]
FIRMWARE = REPOSITORY / "firmware"
WIRE = REPOSITORY / "host" / "hiphold" / "wire.py"
INT1_PIN, BATTERY_PIN, DIVIDER = 4, 1, 2.0  # as firmware/config.py has them
STRANGER_MS = 200  # between advertisements


class Rig:
    """An async context manager. Keyword arguments are those of radio.Air; `faults` are of the first adapter.

    At the end a node that failed raises, so that no test passes over a crashed firmware; so does a failed callback.
    """

    def __init__(self, *, seed: int = 1, faults: Faults | None = None, **air: Any) -> None:
        self.air = Air(seed=seed, **air)
        self.nodes: dict[str, NodeProcess] = {}
        self._seed = seed
        self._faults = faults or Faults()
        self._devices = 0
        self._errors: list[Exception] = []
        self.adapter: Adapter

    async def __aenter__(self) -> Rig:
        self._folder = tempfile.TemporaryDirectory(prefix="hiphold-rig-")
        self._door = Door()
        asyncio.get_running_loop().set_exception_handler(self._on_error)
        self.adapter = await self.central("adapter", self._faults)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in self.nodes.values():
            await node.close()
        self.air.close()
        self._door.close()
        self._folder.cleanup()
        failures = self._errors + [node.failure for node in self.nodes.values() if node.failure]
        if failures:
            raise failures[0] from error

    def _on_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What goes wrong in a callback would otherwise only be printed."""
        error = context.get("exception")
        if isinstance(error, Exception):
            self._errors.append(error)
        loop.default_exception_handler(context)

    @property
    def now_s(self) -> float:
        """The rig's true time."""
        return asyncio.get_running_loop().time()

    def _address(self, kind: int) -> str:
        self._devices += 1
        return f"F0:1D:00:00:{kind:02X}:{self._devices:02X}"

    async def central(self, name: str, faults: Faults | None = None) -> Adapter:
        """Another computer's adapter."""
        adapter = Adapter(self.air, name, self._address(1), faults or Faults(), self._seed + self._devices)
        await adapter.power_on()
        return adapter

    async def stranger(self, name: str = "Watch", data: bytes = b"\x4c\x00\x10\x05", rssi_dbm: int = -70) -> None:
        """A foreign device that advertises nearby, with this manufacturer data."""
        controller = RigController(name, self.air, hci.Address(self._address(3)), rssi_dbm)
        device = device_on(controller, name)
        await device.power_on()
        fields = [(AdvertisingData.COMPLETE_LOCAL_NAME, name.encode()), (0xFF, data)]
        device.advertising_data = bytes(AdvertisingData(fields))
        await device.start_advertising(
            auto_restart=True, advertising_interval_min=STRANGER_MS, advertising_interval_max=STRANGER_MS
        )

    async def node(
        self,
        label: str,
        *,
        chip: str | None = None,
        skin: Skin | None = None,
        flaws: Flaws | None = None,
        board: Board | None = None,
        firmware: Path = FIRMWARE,
        files: dict[str, str] | None = None,
        config: dict[str, object] | None = None,
        int1_pin: int | None = INT1_PIN,
        battery_v: Callable[[float], float] = lambda _now_s: 0.0,
        start: bool = True,
        **options: Any,
    ) -> NodeProcess:
        """A new node, switched on unless `start` is False.

        chip, skin, flaws: see rig/chips; or give a whole `board`. files: more files of its flash, by name; config:
        values that replace those of the firmware's config.py. battery_v: the cell's voltage by time, behind two
        equal resistors. options: see interpreter.Options.
        """
        flash = Path(self._folder.name) / label
        write_flash(flash, firmware, files or {}, config or {})
        if board is None:
            board = Board(chips_of(chip, skin, flaws), int1_pin=int1_pin, analog_uv=divided(battery_v))
        options.setdefault("address", self._address(2))
        self.nodes[label] = NodeProcess(self.air, self._door, Options(label, **options), flash, board)
        if start:
            await self.nodes[label].start()
        return self.nodes[label]

    def blackout(self, duration_s: float, label: str | None = None, start_s: float | None = None) -> None:
        """No radio contact with one node, or at all, from now or from `start_s` on."""
        controller = None
        if label is not None:
            peripheral = self.nodes[label].peripheral
            controller = peripheral.controller if peripheral else None
        self.air.blackout(duration_s, controller, start_s)


def divided(battery_v: Callable[[float], float]) -> Callable[[int, float], int]:
    """The voltage at the ADC pins."""
    return lambda pin, now_s: round(battery_v(now_s) * 1e6 / DIVIDER) if pin == BATTERY_PIN else 0


def chips_of(chip: str | None, skin: Skin | None, flaws: Flaws | None) -> Callable[[], dict[int, BusChip]]:
    """What is on the bus at each power-on: one chip of this kind, or nothing."""

    def make() -> dict[int, BusChip]:
        if chip is None or skin is None:
            return {}
        model = CHIPS[chip](skin, flaws)
        return {model.ADDRESS: model}

    return make


def write_flash(flash: Path, firmware: Path, files: dict[str, str], config: dict[str, object]) -> None:
    """A node's flash as the installer would write it: the firmware's files, wire.py, and the builder's changes."""
    flash.mkdir(parents=True)
    for source in sorted(firmware.glob("*.py")):
        shutil.copy(source, flash)
    shutil.copy(WIRE, flash)
    for name, text in files.items():
        (flash / name).write_text(text, "utf-8")
    if config:
        with (flash / "config.py").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value!r}\n" for name, value in config.items())
