"""Bumble's Bluetooth controller with what this rig needs: its air is `radio.Air`, and some faults are mended.

Bumble's own controller answers a scan with the advertising data in place of the scan response, does not know that a
connection attempt can be cancelled, takes the advertising interval for milliseconds, and formats every packet for a
log that nobody reads.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bumble import hci, ll
from bumble.controller import Controller, LegacyAdvertiser
from bumble.device import Device
from bumble.host import Host

if TYPE_CHECKING:
    from rig.radio import Air

Report = hci.HCI_LE_Advertising_Report_Event.Report
EventType = hci.HCI_LE_Advertising_Report_Event.EventType
UNIT_S = 0.000625  # of intervals (Core specification, volume 4, part E, 7.8.5)
ADV_DELAY_S = 0.010  # a random delay up to this follows each advertising event (volume 6, part B, 4.4.2.2.1)


class Advertiser(LegacyAdvertiser):
    """Advertising events at the interval that was asked for, plus the random delay of the specification."""

    connectable = True

    def _on_timer_fired(self) -> None:
        self.send_advertising_data()
        controller = self.controller
        assert isinstance(controller, RigController)
        wait_s = self.advertising_interval_min * UNIT_S + controller.air.rng.random() * ADV_DELAY_S
        self.timer_handle = asyncio.get_running_loop().call_later(wait_s, self._on_timer_fired)


class RigController(Controller):
    """One radio. `rssi_dbm` is how loud the others hear it; `is_on` is False once its power is gone."""

    le_acl_data_packet_length = 251  # LE data length extension, which the ESP32 and today's adapters have
    total_num_le_acl_data_packets = 12
    le_features = Controller.le_features & ~(
        hci.LeFeatureMask.LL_PRIVACY
        | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
        | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
    )

    def __init__(self, name: str, air: Air, address: hci.Address, rssi_dbm: int = -50) -> None:
        super().__init__(name, link=air)
        self.air = air
        self.rssi_dbm = rssi_dbm
        self.is_on = True
        self.random_address = address
        self.le_legacy_advertiser = Advertiser(self)

    def hear(self, source: RigController, pdu: ll.AdvInd) -> None:
        """An advertisement is received: report it when scanning, connect when that is what the host waits for."""
        advertiser = source.le_legacy_advertiser
        assert isinstance(advertiser, Advertiser)
        if self.le_scan_enable:
            self._report(source, EventType.ADV_IND if advertiser.connectable else EventType.ADV_NONCONN_IND, pdu.data)
            if self.le_scan_type and advertiser.scan_response_data:
                self._report(source, EventType.SCAN_RSP, advertiser.scan_response_data)
        pending = self.pending_le_connection
        wanted = pending is not None and pending.peer_address == pdu.advertiser_address
        free = advertiser.enabled and pdu.advertiser_address not in self.le_connections
        if wanted and free and advertiser.connectable:
            self.create_le_connection(pdu.advertiser_address)

    def _report(self, source: RigController, event_type: EventType, data: bytes) -> None:
        address = source.le_legacy_advertiser.address
        rssi_dbm = source.rssi_dbm + self.air.rng.randrange(-3, 4)
        report = Report(event_type, address.address_type, address, data, rssi_dbm)
        self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))

    def on_hci_packet(self, packet: hci.HCI_Packet) -> None:
        if isinstance(packet, hci.HCI_AclDataPacket):
            self.air.enqueue(self, packet)
        elif isinstance(packet, hci.HCI_Command):
            self.on_hci_command_packet(packet)

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        if self.host and self.is_on:
            asyncio.get_running_loop().call_soon(self.host.on_packet, bytes(packet))

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        self.send_hci_packet(
            hci.HCI_LE_Connection_Complete_Event(
                status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                connection_handle=0,
                role=hci.Role.CENTRAL,
                peer_address_type=pending.peer_address.address_type,
                peer_address=pending.peer_address,
                connection_interval=0,
                peripheral_latency=0,
                supervision_timeout=0,
                central_clock_accuracy=0,
            )
        )
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_hci_disconnect_command(self, command: hci.HCI_Disconnect_Command) -> None:
        self._send_hci_command_status(hci.HCI_COMMAND_STATUS_PENDING, command.op_code)
        connection = self.find_le_connection_by_handle(command.connection_handle)
        if connection is not None:
            self.air.terminate(self, connection, command.reason)


def device_on(controller: RigController, name: str) -> Device:
    """A Bumble device whose host talks to this controller; power it on before use."""
    host = Host()
    host.set_packet_sink(controller)
    controller.set_packet_sink(host)
    return Device(name=name, address=controller.random_address, host=host)
