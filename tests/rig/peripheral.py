"""The Bluetooth stack of one node: what its `bluetooth.BLE` calls do, on a Bumble device with its own controller.

Messages come as bytes from tests/rig/node/bluetooth.py, which is the other half of this file.
"""

from __future__ import annotations

import json
import struct
from collections import deque
from collections.abc import Callable

from bumble import att, hci
from bumble.core import UUID
from bumble.device import AdvertisingType, Connection, Device, LegacyAdvertiser
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.host import DataPacketQueue

from rig.controller import UNIT_S, Advertiser, RigController, device_on
from rig.radio import Air

Post = Callable[[str, bytes], None]
"""hand an event to the node: kind, body"""
Ask = Callable[[str, bytes], int]
"""hand an event to the node and let it run at once; 0, or the ATT error that it answers with"""

CONNECT, DISCONNECT, MTU_EXCHANGED, CONNECTION_UPDATE = 1, 2, 21, 27
HUNG_UP = hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR


class Peripheral:
    """One node's radio from power-on to the loss of power."""

    def __init__(self, air: Air, name: str, address: hci.Address, rssi_dbm: int, post: Post, ask: Ask) -> None:
        self.controller = RigController(name, air, address, rssi_dbm)
        self.device: Device = device_on(self.controller, name)
        self._air = air
        self._post = post
        self._ask = ask
        self._connections: dict[int, Connection] = {}
        self._values: dict[int, bytes] = {}
        self._characteristics: dict[int, Characteristic[bytes]] = {}
        self._lent: deque[tuple[int, int]] = deque()  # packets queued until then, buffers that come back after them

    async def power_on(self) -> None:
        await self.device.power_on()
        self.device.on("connection", self._on_connection)

    def power_off(self) -> None:
        self._air.switch_off(self.controller)

    def configure(self, body: bytes) -> None:
        self.device.gatt_server.max_mtu = struct.unpack_from("<H", body)[0]

    def activate(self, body: bytes) -> None:
        if not body[0]:
            self.controller.le_legacy_advertiser.stop()
            for handle in list(self._connections):
                self.disconnect(struct.pack("<H", handle))

    def advertise(self, body: bytes) -> None:
        """Interval in us (0: stop), connectable, then advertising data and scan response: length 255 keeps the old."""
        interval_us, connectable = struct.unpack_from("<IB", body)
        advertiser = self.controller.le_legacy_advertiser
        assert isinstance(advertiser, Advertiser)
        at, data = 5, []
        for kept in (advertiser.advertising_data, advertiser.scan_response_data):
            size = body[at]
            data.append(kept if size == 255 else bytes(body[at + 1 : at + 1 + size]))
            at += 1 if size == 255 else 1 + size
        advertiser.advertising_data, advertiser.scan_response_data = data
        advertiser.own_address_type = hci.Address.RANDOM_DEVICE_ADDRESS
        advertiser.connectable = bool(connectable)
        advertiser.advertising_interval_min = round(interval_us * 1e-6 / UNIT_S)
        if interval_us:
            own, none = hci.OwnAddressType.RANDOM, hci.Address.ANY
            self.device.legacy_advertiser = LegacyAdvertiser(  # the device asks it for its address at a connection
                self.device, AdvertisingType.UNDIRECTED_CONNECTABLE_SCANNABLE, own, none, auto_restart=False
            )
            advertiser.start()
        else:
            advertiser.stop()

    def register(self, body: bytes) -> bytes:
        """Services as [[uuid, [[uuid, flags], ...]], ...]; answers the value handles in the same shape."""
        handles = []
        for service_uuid, members in json.loads(body):
            made = [self._characteristic(uuid, flags) for uuid, flags in members]
            self.device.add_service(Service(UUID.from_bytes(bytes.fromhex(service_uuid)), made))
            self._characteristics.update({one.handle: one for one in made})
            handles.append([one.handle for one in made])
        return json.dumps(handles).encode()

    def _characteristic(self, uuid: str, flags: int) -> Characteristic[bytes]:
        made: list[Characteristic[bytes]] = []

        def read(connection: Connection) -> bytes:
            handle = made[0].handle
            refusal = self._ask("q", struct.pack("<HH", connection.handle, handle))
            if refusal:
                raise att.ATT_Error(att.ErrorCode(refusal))
            return self._values.get(handle, b"")

        def write(connection: Connection, value: bytes) -> None:
            handle = made[0].handle
            self._values[handle] = value
            self._post("w", struct.pack("<HH", connection.handle, handle) + value)

        permissions = Characteristic.Permissions(0)
        if flags & Characteristic.Properties.READ:
            permissions |= Characteristic.READABLE
        if flags & (Characteristic.Properties.WRITE | Characteristic.Properties.WRITE_WITHOUT_RESPONSE):
            permissions |= Characteristic.WRITEABLE
        made.append(
            Characteristic(
                UUID.from_bytes(bytes.fromhex(uuid)),
                Characteristic.Properties(flags & 0xFF),
                permissions,
                CharacteristicValue(read=read, write=write),
            )
        )
        return made[0]

    def write_value(self, body: bytes) -> None:
        handle, send_update = struct.unpack_from("<HB", body)
        self._values[handle] = body[3:]
        if send_update:
            for connection in self._connections.values():
                self._send(connection, handle, body[3:])

    def notify(self, body: bytes) -> None:
        """Connection, value handle, buffers lent, value."""
        handle, value_handle, buffers = struct.unpack_from("<HHB", body)
        connection = self._connections.get(handle)
        if connection is None:  # gone in the meantime
            self._post("C", struct.pack("<H", buffers))
            return
        self._send(connection, value_handle, body[5:])
        self._lent.append((queue_of(connection).queued, buffers))

    def _send(self, connection: Connection, value_handle: int, value: bytes) -> None:
        """NimBLE sends whether or not the central subscribed, and cuts to the MTU."""
        pdu = att.ATT_Handle_Value_Notification(
            attribute_handle=value_handle, attribute_value=value[: connection.att_mtu - 3]
        )
        self.device.gatt_server.send_gatt_pdu(connection, bytes(pdu))

    def disconnect(self, body: bytes) -> None:
        handle = struct.unpack("<H", body)[0]
        connection = self.controller.find_le_connection_by_handle(handle)
        if connection is not None:
            self._air.terminate(self.controller, connection, HUNG_UP)

    def _on_connection(self, connection: Connection) -> None:
        self._connections[connection.handle] = connection
        self._tell(CONNECT, connection)
        connection.on("connection_att_mtu_update", lambda: self._tell(MTU_EXCHANGED, connection))
        connection.on("connection_parameters_update", lambda: self._tell(CONNECTION_UPDATE, connection))
        connection.on("disconnection", lambda _reason: self._on_disconnection(connection))
        queue_of(connection).on("flow", self._give_back)

    def _on_disconnection(self, connection: Connection) -> None:
        self._connections.pop(connection.handle, None)
        self._give_back()
        self._tell(DISCONNECT, connection)

    def _give_back(self) -> None:
        queue = self.device.host.le_acl_packet_queue
        completed = queue.completed if queue else 0
        buffers = 0
        while self._lent and self._lent[0][0] <= completed:
            buffers += self._lent.popleft()[1]
        if buffers:
            self._post("C", struct.pack("<H", buffers))

    def _tell(self, event: int, connection: Connection) -> None:
        peer = connection.peer_address
        values = [int(peer.address_type), 0, 0, 0]
        if event == MTU_EXCHANGED:
            values[0] = connection.att_mtu
        elif event == CONNECTION_UPDATE:
            told = connection.parameters
            values = [
                round(told.connection_interval / 1.25),
                told.peripheral_latency,
                round(told.supervision_timeout / 10),
                0,
            ]
        self._post("E", struct.pack("<BHHHHH", event, connection.handle, *values) + bytes(peer)[::-1])


def queue_of(connection: Connection) -> DataPacketQueue:
    """Where the host keeps packets until the controller has room; all connections of a device share one."""
    queue = connection.data_packet_queue
    assert queue is not None
    return queue
