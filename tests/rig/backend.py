"""bleak's backend classes over a Bumble central: this computer's Bluetooth adapter in the rig.

`Adapter.scanner` and `Adapter.client` stand in the place of bleak's BleakScanner and BleakClient. Faults can be put
between the radio and the program: notifications that arrive damaged or twice, as with a bad stack or driver.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Any

from bleak import BleakClient, BleakScanner
from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner
from bumble import hci
from bumble.core import AdvertisingData
from bumble.device import Advertisement, Connection, Device

from rig.client import BumbleClient, uuid_text
from rig.controller import RigController, device_on
from rig.radio import Air

UUID_LISTS = (
    AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
)
SERVICE_DATA = (AdvertisingData.SERVICE_DATA_16_BIT_UUID, AdvertisingData.SERVICE_DATA_128_BIT_UUID)


@dataclass
class Faults:
    """Probabilities for each notification, on its way from the stack to the program."""

    corrupt: float = 0.0
    duplicate: float = 0.0


class Adapter:
    """One Bluetooth adapter and what its host program uses of bleak."""

    def __init__(self, air: Air, name: str, address: str, faults: Faults, seed: int) -> None:
        self.controller = RigController(name, air, hci.Address(address))
        self.device: Device = device_on(self.controller, name)
        self.faults = faults
        self.rng = random.Random(seed)
        self.connecting = asyncio.Lock()  # an adapter makes one connection at a time
        self.scanners = 0
        adapter = self

        class Scanner(BleakScanner):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, backend=BumbleScanner, rig_adapter=adapter, **kwargs)

        class Client(BleakClient):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, backend=BumbleClient, rig_adapter=adapter, **kwargs)

        self.scanner: type[BleakScanner] = Scanner
        self.client: type[BleakClient] = Client

    async def power_on(self) -> None:
        await self.device.power_on()

    async def connect(self, address: hci.Address, timeout_s: float) -> Connection:
        """Raises TimeoutError or a Bumble error; a cancelled attempt is taken back."""
        async with self.connecting:
            try:
                return await self.device.connect(address, timeout=timeout_s)
            finally:
                self.controller.pending_le_connection = None

    def damaged(self, value: bytes) -> list[bytes]:
        """What the program gets to see of a notification: usually just that."""
        if self.rng.random() < self.faults.corrupt and value:
            at = self.rng.randrange(len(value))
            value = value[:at] + bytes((value[at] ^ 1 << self.rng.randrange(8),)) + value[at + 1 :]
        return [value, value] if self.rng.random() < self.faults.duplicate else [value]


class BumbleScanner(BaseBleakScanner):
    """Scans with an adapter; several scanners may run on one."""

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str = "active",
        *,
        rig_adapter: Adapter,
        **_kwargs: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._adapter = rig_adapter
        self._active = scanning_mode == "active"
        self._heard: dict[str, AdvertisementData] = {}

    async def start(self) -> None:
        self.seen_devices = {}
        self._adapter.device.on("advertisement", self._on_advertisement)
        self._adapter.scanners += 1
        if self._adapter.scanners == 1:
            await self._adapter.device.start_scanning(active=self._active, filter_duplicates=False)

    async def stop(self) -> None:
        self._adapter.device.remove_listener("advertisement", self._on_advertisement)
        self._adapter.scanners -= 1
        if self._adapter.scanners == 0:
            await self._adapter.device.stop_scanning()

    def _on_advertisement(self, heard: Advertisement) -> None:
        address = heard.address.to_string(False)
        data = merged(self._heard.get(address), heard)
        self._heard[address] = data
        if self.is_allowed_uuid(data.service_uuids):
            device = self.create_or_update_device(address, address, data.local_name, heard.address, data)
            self.call_detection_callbacks(device, data)


def merged(before: AdvertisementData | None, heard: Advertisement) -> AdvertisementData:
    """What is known of a device: advertisement and scan response together, the newest of each."""
    data: Any = heard.data  # typed as a union of all fields there are
    name = data.get(AdvertisingData.COMPLETE_LOCAL_NAME) or data.get(AdvertisingData.SHORTENED_LOCAL_NAME)
    maker = dict(data.get_all(AdvertisingData.MANUFACTURER_SPECIFIC_DATA))
    service = {uuid_text(uuid): value for kind in SERVICE_DATA for uuid, value in data.get_all(kind)}
    uuids = [uuid_text(uuid) for kind in UUID_LISTS for group in data.get_all(kind) for uuid in group]
    return AdvertisementData(
        local_name=str(name) if name else before.local_name if before else None,
        manufacturer_data=(before.manufacturer_data if before else {}) | maker,
        service_data=(before.service_data if before else {}) | service,
        service_uuids=list(dict.fromkeys((before.service_uuids if before else []) + uuids)),
        tx_power=None,
        rssi=heard.rssi,
        platform_data=(heard,),
    )
