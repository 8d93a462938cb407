"""This computer's own Bluetooth stack in the rig's air: a controller on /dev/vhci, which Linux takes for a chip.

It needs the module hci_vhci, the right to open the device, and a loop that is paced to real time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bumble import hci
from bumble.transport import open_transport

from rig.controller import RigController
from rig.radio import Air

ADDRESS = "00:11:22:33:44:55"


@asynccontextmanager
async def adapter(air: Air, address: str = ADDRESS) -> AsyncIterator[RigController]:
    """A new adapter of this computer. It has a public address: without one the kernel leaves it unconfigured."""
    transport = await open_transport("vhci")
    controller = RigController("vhci", air, hci.Address(address, hci.Address.RANDOM_DEVICE_ADDRESS))
    controller.public_address = hci.Address(address, hci.Address.PUBLIC_DEVICE_ADDRESS)
    controller.set_packet_sink(transport.sink)
    transport.source.set_packet_sink(controller)
    try:
        yield controller
    finally:
        await transport.close()
