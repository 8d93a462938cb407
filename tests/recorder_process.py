"""A process that records two nodes of the rig in real time, to be killed: recorder_process.py RECORDING JOURNAL

Each packet is written to JOURNAL as the radio hands it over, before the product sees it: wall clock in ns, arrival in
seconds of the loop's clock, node's address, packet in hex.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bleak import BleakClient

from hiphold.receive import capture
from rig import clock
from rig.rig import Rig
from rig.skin import Still

SCAN_S = 0.8
NODES = ("one", "two")


def journalled(client: type[BleakClient], journal: int) -> type[BleakClient]:
    """A client that writes down each notification before anybody else gets it."""

    class Client(client):  # type: ignore[misc, valid-type]  # a class made at run time
        async def start_notify(self, uuid: str, callback: Callable[..., None], **options: Any) -> None:
            def note(sender: Any, data: bytearray) -> None:
                at_s = asyncio.get_running_loop().time()
                os.write(journal, f"{time.time_ns()} {at_s!r} {self.address} {data.hex()}\n".encode())
                callback(sender, data)

            await super().start_notify(uuid, note, **options)

    return Client


async def session(path: Path, journal: int) -> None:
    """Until somebody kills it."""
    async with Rig(seed=os.getpid(), loss=0.02) as rig:
        for label in NODES:
            await rig.node(label, chip="lsm6dsv16x", skin=Still(), config={"CHIP": "lsm6dsv16x"})
        found = await capture.find([], [], print, SCAN_S, rig.adapter.scanner)
        clients = journalled(rig.adapter.client, journal)
        await capture.record(path, found, asyncio.Event(), print, lambda _: None, None, rig.adapter.scanner, clients)


if __name__ == "__main__":
    logging.getLogger("bumble").setLevel(logging.ERROR)
    recording, notes = sys.argv[1:]
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    clock.run(session(Path(recording), os.open(notes, flags)), pace=1.0)
