"""Nodes over Bluetooth Low Energy: who is there, and what they send. Only this module knows bleak."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
)

from hiphold import wire
from hiphold.receive import carrier
from hiphold.receive.carrier import LinkError, Opener, Received, Write
from hiphold.receive.dialogue import Dialogue
from hiphold.samples import Frame

CONNECT_S = 8.0
"""for one attempt; meanwhile no other node can connect, because an adapter makes one connection at a time"""
CONNECT_SLACK_S = 2.0
"""for bleak to end by its own limit, which on some systems is what takes the attempt back"""
FIND_S = 2.0
"""a node advertises at least twice a second; one that is gone holds the adapter no longer than this"""
LOOK_S = 0.1
"""between two looks at what was heard"""
WRITE_S = 5.0
CLOSE_S = 3.0

Scanner = Callable[..., BleakScanner]
Client = Callable[..., BleakClient]

_NOT_AVAILABLE = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: "This computer has no Bluetooth; plug in an adapter, or connect "
    "the nodes by USB.",
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: "This computer's Bluetooth does not know Low Energy; plug "
    "in a newer adapter (4.2 or later), or connect the nodes by USB.",
    BleakBluetoothNotAvailableReason.POWERED_OFF: "Bluetooth is switched off; switch it on and try again.",
}
_DENIED = "This program may not use Bluetooth; allow it in the system's privacy settings and try again."
ADAPTERS = Path("/sys/class/bluetooth")
_NO_ADAPTER = "This computer has no Bluetooth adapter; plug one in (4.2 or later), or connect the nodes by USB."
_NO_SERVICE = (
    "This computer's Bluetooth service does not answer; start it (on Linux: `sudo systemctl start bluetooth`), "
    "or connect the nodes by USB."
)


@dataclass(frozen=True)
class Seen:
    """A node that was heard."""

    name: str
    address: str
    rssi_dbm: int
    """received signal strength"""
    advert: wire.Advert
    """what it says of itself"""
    device: BLEDevice
    """what to connect to"""


async def scan(
    seconds: float, scanner: Scanner | None = None, enough: Callable[[Collection[str]], bool] | None = None
) -> list[Seen]:
    """The nodes that are heard within so many seconds, by name; other devices are left out. Raises LinkError.

    enough: looks at the addresses heard so far; the scan ends when it says so.
    """
    heard: dict[str, Seen] = {}

    def hear(device: BLEDevice, advertisement: AdvertisementData) -> None:
        if seen := _node(device, advertisement):
            heard[device.address] = seen

    with _told("Bluetooth"):
        async with (scanner or BleakScanner)(hear, [wire.SERVICE_UUID]):
            if enough is None:
                await asyncio.sleep(seconds)
            else:
                await _until(lambda: enough(heard), seconds)
    return sorted(heard.values(), key=lambda seen: (seen.name, seen.address))


async def _until(true: Callable[[], bool], seconds: float) -> None:
    """Wait so long, or until that is so."""
    end_s = asyncio.get_running_loop().time() + seconds
    while not true() and asyncio.get_running_loop().time() < end_s:
        await asyncio.sleep(LOOK_S)


def _node(device: BLEDevice, advertisement: AdvertisementData) -> Seen | None:
    """The node behind an advertisement; None for another device: company number and service must both fit."""
    data = advertisement.manufacturer_data.get(wire.COMPANY_ID)
    if data is None or wire.SERVICE_UUID not in advertisement.service_uuids:
        return None
    try:
        advert = wire.decode_advert(bytes(data))
    except wire.WireError:
        return None
    name = advertisement.local_name or device.name or device.address
    name = "".join(letter if letter.isprintable() else "?" for letter in name)  # it may be anything
    return Seen(name, device.address, advertisement.rssi, advert, device)


def frames(
    device: BLEDevice,
    dialogue: Dialogue,
    stop: asyncio.Event,
    adapter: asyncio.Lock,
    client: Client | None = None,
    scanner: Scanner | None = None,
) -> AsyncGenerator[Frame, None]:
    """Every packet of one node, reconnecting for ever until `stop` is set; as `carrier.frames`.

    `adapter` is shared by all nodes: whoever scans or connects holds it. `client` and `scanner` make bleak's objects.
    """
    return carrier.frames(dialogue, opener(device, dialogue.node, adapter, client, scanner), stop)


def opener(
    device: BLEDevice, node: str, adapter: asyncio.Lock, client: Client | None = None, scanner: Scanner | None = None
) -> Opener:
    """What connects to a node; errors name it `node`. The other arguments as in `frames`."""
    return _Link(device, node, adapter, client or BleakClient, scanner or BleakScanner).open


class _Link:
    def __init__(self, device: BLEDevice, node: str, adapter: asyncio.Lock, client: Client, scanner: Scanner) -> None:
        self._device = device
        self._node = node
        self._adapter = adapter
        self._client = client
        self._scanner = scanner
        self._known = True  # the system still knows the device

    @asynccontextmanager
    async def open(self, received: Received, lost: Callable[[], None]) -> AsyncIterator[Write]:
        """Connect and subscribe; see `carrier`."""
        now_s = asyncio.get_running_loop().time

        async def write(command: bytes) -> None:
            with _told(self._node):
                async with asyncio.timeout(WRITE_S):
                    # A clock question that waited for the answer to its writing would hold up what comes after it.
                    await link.write_gatt_char(wire.CONTROL_UUID, command, response=command[0] != wire.GET_TIME)

        async with self._adapter:
            link = await self._connect(lost)
        try:
            with _told(self._node):
                async with asyncio.timeout(WRITE_S):
                    await link.start_notify(wire.FRAMES_UUID, lambda _, data: received(now_s(), bytes(data)))
            yield write
        finally:
            await _give_up(link)

    async def _connect(self, lost: Callable[[], None]) -> BleakClient:
        with _told(self._node):
            if not self._known:
                await self._find()
            link = self._client(self._device, disconnected_callback=lambda _: lost(), timeout=CONNECT_S)
            connected = False
            try:
                async with asyncio.timeout(CONNECT_S + CONNECT_SLACK_S):
                    await link.connect()
                connected = True
            finally:
                if not connected:
                    self._known = False  # it may be gone, and some systems forget a device: listen before the next try
                    await _give_up(link)
        return link

    async def _find(self) -> None:
        async with asyncio.timeout(FIND_S), self._scanner(service_uuids=[wire.SERVICE_UUID]) as scanner:
            async for device, _ in scanner.advertisement_data():
                if device.address == self._device.address:
                    self._device, self._known = device, True
                    return


async def _give_up(link: BleakClient) -> None:
    """Disconnect, in whatever state it is."""
    with suppress(Exception):
        async with asyncio.timeout(CLOSE_S):
            await link.disconnect()


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Say in a sentence what bleak and the system said."""
    try:
        yield
    except BleakBluetoothNotAvailableError as error:
        raise LinkError(_NOT_AVAILABLE.get(error.reason, _DENIED)) from error
    except BleakDeviceNotFoundError as error:
        raise LinkError(f"{what} is not in reach; is it switched on?") from error
    except TimeoutError as error:
        raise LinkError(f"{what} does not answer; bring it closer, or switch it off and on.") from error
    except BleakDBusError as error:
        raise LinkError(_dbus_sentence(what, error)) from error
    except BleakError as error:
        raise LinkError(f"{what}: {error}.") from error
    except (OSError, EOFError) as error:
        if sys.platform != "linux":  # there the way to the system's Bluetooth service; elsewhere any fault of a link
            raise LinkError(f"{what}: {error}.") from error
        raise LinkError(_NO_SERVICE if _has_adapter() else _NO_ADAPTER) from error
    except Exception as error:  # bleak's backends raise much; none of it is a reason to end a recording
        raise LinkError(f"{what}: {error!r}.") from error


def _has_adapter() -> bool:
    """Whether Linux knows of one."""
    return ADAPTERS.is_dir() and any(ADAPTERS.iterdir())


def _dbus_sentence(what: str, error: BleakDBusError) -> str:
    if error.dbus_error.endswith("AccessDenied"):
        return _DENIED
    if error.dbus_error.endswith(("ServiceUnknown", "NameHasNoOwner", "NoReply")):
        return _NO_SERVICE
    return f"{what}: {error.dbus_error_details or error.dbus_error}."
