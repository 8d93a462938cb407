"""The air between the controllers: advertising, connection events, loss, blackouts, supervision timeouts.

A connection lives in connection events, each connection's at its own phase (Core specification, volume 6, part B,
4.5). In an event the two ends send packets in turn until both have nothing left, the limit is reached, or one packet
is lost: then the event closes, and the packet is sent again in the next. The sender's host learns that a packet is
gone (Number Of Completed Packets) only then: a slow radio is felt as back-pressure. What is not modelled: collisions
between the events of several connections, and channels.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.link import LocalLink

from rig.controller import RigController

TERMINATED_HERE = hci.HCI_ErrorCode.CONNECTION_TERMINATED_BY_LOCAL_HOST_ERROR
TIMED_OUT = hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR
IFS_S = 150e-6  # between two packets (4.1.1)


def air_time_s(size: int) -> float:
    """How long a data packet of `size` bytes is on the air at 1 Mbit/s, with preamble, address, header and CRC."""
    return (size + 10) * 8e-6


@dataclass(eq=False)
class End:
    """One side of a connection, with what it still has to send."""

    controller: RigController
    connection: Connection
    queue: deque[hci.HCI_AclDataPacket] = field(default_factory=deque)


@dataclass
class Blackout:
    """A time without any radio contact: for one controller, or for all (None)."""

    start_s: float
    end_s: float
    controller: Controller | None


class Contact:
    """One connection: its events, and the watch over it."""

    def __init__(self, air: Air, central: End, peripheral: End) -> None:
        self.air = air
        self.ends = central, peripheral
        self.interval_s = air.interval_s
        self.closing: tuple[End, int] | None = None  # who wants to end it, and the reason for the other side
        self.is_over = False
        self._loop = asyncio.get_running_loop()
        self._heard_s = self._loop.time()
        self._next_s = self._heard_s + self.interval_s * (0.1 + 0.9 * air.rng.random())
        self._timer = self._loop.call_at(self._next_s, self._event)

    def _event(self) -> None:
        now_s = self._loop.time()
        if self.air.in_contact(*(end.controller for end in self.ends)) and self._exchange():
            self._heard_s = now_s
        if now_s - self._heard_s >= self.air.supervision_s:
            self.lose()
        if self.is_over:
            return
        self._next_s += self.interval_s
        self._timer = self._loop.call_at(self._next_s, self._event)

    def _exchange(self) -> bool:
        """Send in turn until done. True when both ends have heard each other."""
        central, peripheral = self.ends
        at_s = 0.0
        for number in range(self.air.packets_per_event):
            for end, other in ((central, peripheral), (peripheral, central)):
                at_s += air_time_s(len(end.queue[0].data) if end.queue else 0)
                if self.air.is_lost():
                    return number > 0
                if end.queue:
                    self._deliver(end, other, at_s)
                at_s += IFS_S
            if not (central.queue or peripheral.queue):
                break
        if self.closing:
            self._close(*self.closing)
        return True

    def _deliver(self, end: End, other: End, after_s: float) -> None:
        packet = end.queue.popleft()
        self.air.delivered += 1
        received = hci.HCI_AclDataPacket(
            other.connection.handle, packet.pb_flag or 2, 0, packet.data_total_length, packet.data
        )
        done = hci.HCI_Number_Of_Completed_Packets_Event([end.connection.handle], [1])
        self._loop.call_later(after_s, self._arrive, other, received)
        self._loop.call_later(after_s, self._arrive, end, done)

    def _arrive(self, end: End, packet: hci.HCI_Packet) -> None:
        if end.connection.peer_address in end.controller.le_connections:
            end.controller.send_hci_packet(packet)

    def _close(self, asker: End, reason: int) -> None:
        for end in self.ends:
            self._end(end, TERMINATED_HERE if end is asker else reason)
        self.stop()

    def lose(self) -> None:
        """The supervision timeout: each end gives up by itself."""
        for end in self.ends:
            self._end(end, TIMED_OUT)
        self.stop()

    def _end(self, end: End, reason: int) -> None:
        here = end.controller.le_connections.get(end.connection.peer_address)
        if end.controller.is_on and here is end.connection:
            end.controller.on_le_disconnected(end.connection, reason)

    def stop(self) -> None:
        self.is_over = True
        self._timer.cancel()
        self.air.contacts.remove(self)


class Air(LocalLink):
    """All controllers in radio range of each other.

    loss: probability that a packet is lost (each time it is sent). supervision_s: silence after which a connection
    is given up. All chance comes from `seed`.
    """

    def __init__(
        self,
        *,
        interval_s: float = 0.030,
        packets_per_event: int = 4,
        loss: float = 0.0,
        supervision_s: float = 4.0,
        seed: int = 1,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Bumble's has no annotations
        self.interval_s = interval_s
        self.packets_per_event = packets_per_event
        self.loss = loss
        self.supervision_s = supervision_s
        self.rng = random.Random(seed)
        self.contacts: list[Contact] = []
        self.blackouts: list[Blackout] = []
        self.lost = 0
        self.delivered = 0
        self._in_order: list[RigController] = []  # Bumble keeps a set, whose order differs from run to run

    def add_controller(self, controller: Controller) -> None:
        super().add_controller(controller)
        assert isinstance(controller, RigController)
        self._in_order.append(controller)

    def switch_off(self, controller: RigController) -> None:
        """Power is gone: no word to anybody. The other ends find out by their supervision timeout."""
        controller.is_on = False
        controller.le_legacy_advertiser.stop()
        self._in_order.remove(controller)
        self.remove_controller(controller)

    def close(self) -> None:
        """Stop all events and timers of this air."""
        for contact in list(self.contacts):
            contact.stop()
        for controller in list(self._in_order):
            self.switch_off(controller)

    def blackout(self, duration_s: float, controller: Controller | None = None, start_s: float | None = None) -> None:
        """No contact for `duration_s` from now, or from `start_s` of the loop's clock, for one controller or all."""
        start_s = asyncio.get_running_loop().time() if start_s is None else start_s
        self.blackouts.append(Blackout(start_s, start_s + duration_s, controller))

    def in_contact(self, one: RigController, other: RigController) -> bool:
        if not (one.is_on and other.is_on):
            return False
        now_s = asyncio.get_running_loop().time()
        return not any(
            blackout.start_s <= now_s < blackout.end_s and blackout.controller in (None, one, other)
            for blackout in self.blackouts
        )

    def is_lost(self) -> bool:
        lost = self.loss > 0 and self.rng.random() < self.loss
        self.lost += lost
        return lost

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        assert isinstance(sender_controller, RigController)
        if isinstance(packet, ll.ConnectInd):
            self._connect(sender_controller, packet)
        elif isinstance(packet, ll.AdvInd):
            for controller in list(self._in_order):
                listens = controller.le_scan_enable or controller.pending_le_connection
                heard = listens and controller is not sender_controller and not self.is_lost()
                if heard and self.in_contact(sender_controller, controller):
                    controller.hear(sender_controller, packet)

    def _connect(self, central: RigController, packet: ll.ConnectInd) -> None:
        for peripheral in self._in_order:
            advertiser = peripheral.le_legacy_advertiser
            if advertiser.enabled and advertiser.address == packet.advertiser_address:
                peripheral.on_le_connect_ind(packet)
                ends = (
                    End(central, central.le_connections[packet.advertiser_address]),
                    End(peripheral, peripheral.le_connections[packet.initiator_address]),
                )
                self.contacts.append(Contact(self, *ends))

    def _contact(self, controller: Controller, handle: int) -> tuple[Contact, End] | None:
        for contact in self.contacts:
            for end in contact.ends:
                if end.controller is controller and end.connection.handle == handle:
                    return contact, end
        return None

    def enqueue(self, controller: RigController, packet: hci.HCI_AclDataPacket) -> None:
        """Data from a host: it waits for the next connection event."""
        found = self._contact(controller, packet.connection_handle)
        if found:
            found[1].queue.append(packet)

    def terminate(self, controller: RigController, connection: Connection, reason: int) -> None:
        """A host hangs up: at the next event that succeeds, or else by timeout."""
        found = self._contact(controller, connection.handle)
        if found:
            contact, end = found
            contact.closing = end, reason

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        for contact in self.contacts:
            for end, other in (contact.ends, contact.ends[::-1]):
                same = end.connection.self_address == sender_address
                if same and other.connection.self_address == receiver_address:
                    if isinstance(packet, ll.ConnectionUpdateInd):
                        contact.interval_s = packet.interval * 0.00125
                    asyncio.get_running_loop().call_soon(other.controller.on_ll_control_pdu, sender_address, packet)
