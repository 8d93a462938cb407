"""The node over Bluetooth Low Energy: its own service, battery, device information, advertising.

Rule 1: the interrupt handler only stamps and stores; one task does everything else, once per turn.
Rule 2: notifications go out in batches, because some hosts disconnect when they come closer than 50 ms apart.
Rule 3: what the stack has no buffer for (ENOMEM) stays where it was and is sent at a later turn.
"""

import asyncio
import binascii
import struct
import time

import bluetooth
import wire

from control import Node
from host import Host
from state import FIRMWARE
from ticks import ticks_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Events of bluetooth.BLE.irq; MicroPython has no names for them.
CENTRAL_CONNECT, CENTRAL_DISCONNECT, GATTS_WRITE, MTU_EXCHANGED = 1, 2, 3, 21

MAX_HOSTS = 3  # the ESP32's stack takes four
MTU = 256  # offered; hosts answer with their own, and the smaller one counts
LEAST_MTU = 23  # before that
CONTROL_BYTES = 64  # more than the longest command, so that a longer write is not cut into a valid one
TURN_MS = 50
TURNS_PER_REFRESH = 17  # about a second
PACKETS_PER_TURN = 24  # a frame of one sample each, at 480 Hz
OLD_PER_TURN = 4  # of these, frames that were asked for again
QUICK_US, SLOW_US = 100_000, 500_000  # between advertisements: at first and after a connection ends, then
QUICK_S = 30
DITHER_US, TICK_US = 3700, 10_000


def uuid_bytes(text: str) -> bytes:
    """A UUID as advertised: least significant byte first."""
    return bytes(reversed(binascii.unhexlify(text.replace("-", ""))))


def field(kind: int, data: bytes) -> bytes:
    """One field of an advertisement (Bluetooth Core Specification, volume 3, part C, section 11)."""
    return bytes((len(data) + 1, kind)) + data


class Radio:
    """The one BLE stack: who is connected, and the handles of what they read and write."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.hosts: "dict[int, Host]" = {}  # by connection handle
        self._gone: "list[Host]" = []
        self._advertised: "tuple[int, bytes, str] | None" = None  # interval, data, name
        self._status = b""
        self._quick = QUICK_S
        self._stale = True
        self._dither_us = 0
        self.ble: "Any" = bluetooth.BLE()  # the stubs have its handles wrong
        if not self.ble.active():  # a second True would start the stack anew
            self.ble.active(True)
        self.ble.config(mtu=MTU, gap_name=node.settings.name)
        self._register()
        self.ble.irq(self._irq)

    def _register(self) -> None:
        uuid, read, notify = bluetooth.UUID, bluetooth.FLAG_READ, bluetooth.FLAG_NOTIFY
        write = bluetooth.FLAG_WRITE | bluetooth.FLAG_WRITE_NO_RESPONSE
        own = ((uuid(wire.FRAMES_UUID), notify), (uuid(wire.CONTROL_UUID), write), (uuid(wire.STATUS_UUID), read))
        battery = ((uuid(0x2A19), read | notify),)
        about = {
            0x2A29: "hiphold",  # manufacturer
            0x2A24: self.node.state.imu.CHIP,  # model
            0x2A26: "%d.%d.%d" % FIRMWARE,
            0x2A25: binascii.hexlify(self.ble.config("mac")[1]).decode(),  # serial number
        }
        device = tuple((uuid(number), read) for number in about)
        handles = self.ble.gatts_register_services(
            ((uuid(wire.SERVICE_UUID), own), (uuid(0x180F), battery), (uuid(0x180A), device))
        )
        (self._frames, self._control, self._info), (self._battery,), about_handles = handles
        self.ble.gatts_set_buffer(self._control, CONTROL_BYTES)
        for handle, text in zip(about_handles, about.values()):
            self.ble.gatts_write(handle, text.encode())

    def _irq(self, event: int, data: "tuple[Any, ...]") -> None:
        """Called by the stack at any time, between any two steps of the task."""
        now_us = ticks_us()
        handle = data[0]
        if event == GATTS_WRITE and data[1] == self._control and handle in self.hosts:
            self.hosts[handle].put(now_us, bytes(self.ble.gatts_read(self._control)))
        elif event == MTU_EXCHANGED and handle in self.hosts:
            self.hosts[handle].limit = data[1] - 3
        elif event == CENTRAL_CONNECT:
            self.hosts[handle] = Host(LEAST_MTU - 3)
            self.node.counts["connections"] += 1
            self._advertised, self._stale = None, True  # the stack stops advertising
        elif event == CENTRAL_DISCONNECT:
            if handle in self.hosts:  # else a connection that failed before it stood; that stops advertising, too
                self._gone.append(self.hosts.pop(handle))
            self._advertised, self._quick, self._stale = None, QUICK_S, True

    async def run(self, alive: "Callable[[], None]") -> None:
        """Serve hosts for ever; `alive` is called at each turn."""
        turn = 0
        while True:
            alive()
            self._serve()
            turn += 1
            if turn % TURNS_PER_REFRESH == 0:
                self._quick, self._stale = max(self._quick - 1, 0), True
            if self._stale:
                self._refresh()
            await asyncio.sleep_ms(TURN_MS + turn * 5 % 16)  # uneven, as _dither

    def _serve(self) -> None:
        while self._gone:
            self.node.gone(self._gone.pop())
        hosts = list(self.hosts.items())
        hosts.sort(key=lambda item: item[1] is not self.node.reader)  # who receives comes first
        for handle, host in hosts:
            self._stale = self.node.serve(host) or self._stale
            self._send(handle, host)

    def _send(self, handle: int, host: Host) -> None:
        self._dither(host)
        old = OLD_PER_TURN
        for _ in range(PACKETS_PER_TURN):
            packet = self.node.packet(host, old > 0)
            if packet is None:
                return
            try:
                self.ble.gatts_notify(handle, self._frames, packet)
            except OSError:
                self.node.counts["retries"] += 1
                return
            old -= self.node.sent(host)

    def _dither(self, host: Host) -> None:
        """Clock answers must not keep step with the connection's events, or none ever just catches one.

        asyncio sleeps until a tick of FreeRTOS, whole multiples of 10 ms: too coarse to get out of step.
        """
        if host.questions:
            self._dither_us = (self._dither_us + DITHER_US) % TICK_US
            time.sleep_us(self._dither_us)

    def _refresh(self) -> None:
        """Bring up to date what can be seen without asking: STATUS, battery level, advertisement."""
        self._stale = False
        status = self.node.state.info()
        if status != self._status:
            self._status = status
            self.ble.gatts_write(self._info, status)
            percent = self.node.state.battery.percent
            level = bytes((percent,)) if percent <= 100 else b""  # no battery: no value, since any would mean something
            self.ble.gatts_write(self._battery, level, True)
        self._advertise()

    def _advertise(self) -> None:
        if len(self.hosts) >= MAX_HOSTS:
            return
        name = self.node.settings.name
        wanted = QUICK_US if self._quick else SLOW_US, self._advertisement(), name
        if wanted == self._advertised:
            return
        self._advertised = wanted  # before the call: a connection right after it must be able to take this back
        try:
            self.ble.gap_advertise(wanted[0], wanted[1], resp_data=field(0x09, name.encode()))
            self.ble.config(gap_name=name)
        except OSError:
            self._advertised = None  # tried again at the next refresh

    def _advertisement(self) -> bytes:
        """Flags, the service, and the manufacturer data of wire: exactly the 31 bytes there are."""
        company = struct.pack("<H", wire.COMPANY_ID)
        service = field(0x07, uuid_bytes(wire.SERVICE_UUID))
        return field(0x01, b"\x06") + service + field(0xFF, company + self.node.state.advert())
