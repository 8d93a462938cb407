"""bleak's client backend over a Bumble central: one connection of an adapter of the rig."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bleak.assigned_numbers import CharacteristicPropertyName
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError
from bleak.uuids import normalize_uuid_str
from bumble import hci
from bumble.core import UUID, BaseBumbleError, ProtocolError
from bumble.device import Connection, Peer
from bumble.gatt_client import CharacteristicProxy

if TYPE_CHECKING:
    from rig.backend import Adapter

MTU = 517  # what BlueZ, Windows and Apple ask for, or near it
PROPERTIES: tuple[tuple[int, CharacteristicPropertyName], ...] = (
    (0x01, "broadcast"),
    (0x02, "read"),
    (0x04, "write-without-response"),
    (0x08, "write"),
    (0x10, "notify"),
    (0x20, "indicate"),
)


def uuid_text(uuid: UUID) -> str:
    return normalize_uuid_str(uuid.to_hex_str("-") if len(uuid.uuid_bytes) == 16 else uuid.to_hex_str())


class BumbleClient(BaseBleakClient):
    """One connection of an adapter."""

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        services: set[str] | None = None,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,
        rig_adapter: Adapter,
        **_kwargs: Any,
    ) -> None:
        super().__init__(address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout)
        self._adapter = rig_adapter
        self._wanted = services
        self._connection: Connection | None = None
        self._peer: Peer | None = None
        self._subscribed: dict[int, Callable[[bytes], None]] = {}

    @property
    def name(self) -> str:
        return self.address

    @property
    def mtu_size(self) -> int:
        return self._peer.gatt_client.mtu if self._peer else 23

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **_kwargs: Any) -> None:  # noqa: ARG002  # bleak's signature
        address = hci.Address(self.address, hci.Address.RANDOM_DEVICE_ADDRESS)
        try:
            connection = await self._adapter.connect(address, self._timeout)
        except (TimeoutError, BaseBumbleError) as error:
            raise BleakDeviceNotFoundError(self.address, f"no answer from {self.address}") from error
        self._connection = connection
        connection.on("disconnection", self._on_disconnection)
        try:
            await self._discover(Peer(connection))
        except BaseException as error:
            await self.disconnect()
            if isinstance(error, (TimeoutError, BaseBumbleError)):
                raise BleakError(f"the connection to {self.address} was lost while it was set up") from error
            raise

    async def _discover(self, peer: Peer) -> None:
        self._peer = peer
        await peer.request_mtu(MTU)
        found = BleakGATTServiceCollection()
        for service in await peer.discover_services():
            if self._wanted and uuid_text(service.uuid) not in self._wanted:
                continue
            ours = BleakGATTService(service, service.handle, uuid_text(service.uuid))
            found.add_service(ours)
            for member in await service.discover_characteristics():
                found.add_characteristic(self._characteristic(member, ours))
                for descriptor in await member.discover_descriptors():
                    owner = found.get_characteristic(member.handle)
                    assert owner is not None
                    made = BleakGATTDescriptor(descriptor, descriptor.handle, uuid_text(descriptor.type), owner)
                    found.add_descriptor(made)
        self.services = found

    def _characteristic(self, member: CharacteristicProxy[Any], service: BleakGATTService) -> BleakGATTCharacteristic:
        properties = [name for mask, name in PROPERTIES if int(member.properties) & mask]
        return BleakGATTCharacteristic(
            member, member.handle, uuid_text(member.uuid), properties, lambda: self.mtu_size - 3, service
        )

    def _on_disconnection(self, _reason: int) -> None:
        self._connection = self._peer = None
        self._subscribed.clear()
        if self._disconnected_callback:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        if self._connection:
            await self._connection.disconnect()

    async def pair(self, *_args: Any, **_kwargs: Any) -> None:
        raise BleakError("the rig knows no pairing")

    async def unpair(self) -> None:
        raise BleakError("the rig knows no pairing")

    def _gatt(self) -> Peer:
        if self._peer is None:
            raise BleakError("Not connected")
        return self._peer

    async def read_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        *,
        use_cached: bool = False,  # noqa: ARG002
        **_kwargs: Any,
    ) -> bytearray:
        return await self._read(characteristic.handle)

    async def read_gatt_descriptor(
        self,
        descriptor: BleakGATTDescriptor,
        *,
        use_cached: bool = False,  # noqa: ARG002
        **_kwargs: Any,
    ) -> bytearray:
        return await self._read(descriptor.handle)

    async def _read(self, handle: int) -> bytearray:
        try:
            return bytearray(await self._gatt().gatt_client.read_value(handle))
        except (ProtocolError, TimeoutError, asyncio.CancelledError) as error:
            raise self._lost(error) from error

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:
        await self._write(characteristic.handle, bytes(data), response)

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: Any) -> None:
        await self._write(descriptor.handle, bytes(data), True)

    async def _write(self, handle: int, data: bytes, response: bool) -> None:
        try:
            await self._gatt().gatt_client.write_value(handle, data, with_response=response)
        except (ProtocolError, TimeoutError, asyncio.CancelledError) as error:
            raise self._lost(error) from error

    def _lost(self, error: BaseException) -> BaseException:
        """Bumble cancels what waits on a lost connection; bleak's users expect BleakError, and cancelling to cancel."""
        if isinstance(error, asyncio.CancelledError) and self._connection is not None:
            return error
        return BleakError(str(error) or "the connection was lost")

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_kwargs: Any
    ) -> None:
        def on_value(value: bytes) -> None:
            for one in self._adapter.damaged(bytes(value)):
                callback(bytearray(one))

        self._gatt()
        self._subscribed[characteristic.handle] = on_value
        await characteristic.obj.subscribe(on_value)

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        self._gatt()
        await characteristic.obj.unsubscribe(self._subscribed.pop(characteristic.handle))
