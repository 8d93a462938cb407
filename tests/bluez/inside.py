"""What runs in the virtual machine: two nodes on the rig's air, and the product on BlueZ as processes of its own.

Leaves in the current folder the recordings, what each command said, and what.json: what was done, and how it ended.
"""

from __future__ import annotations

import asyncio
import json
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

from hiphold import wire
from rig import clock, vhci
from rig.process import NodeProcess
from rig.rig import Rig
from rig.session import ask
from rig.skin import Turning

LOSS = 0.05
PLACEMENTS = ("pelvis", "thigh_right")
BLACKOUT_S = 8.0
CALM_S = 7.0  # before, between and after troubles
POWER_S = 30.0  # for the kernel and bluetoothd to bring the adapter up
PATIENCE_S = 60.0  # beyond what a command is told to take


class Commands:
    """Runs programs and keeps what they said."""

    def __init__(self) -> None:
        self.done: dict[str, dict[str, Any]] = {}

    async def run(self, name: str, *command: str, within_s: float = PATIENCE_S) -> int:
        """Exit code; 124 when it had to be killed."""
        began_s = asyncio.get_running_loop().time()
        with Path(f"{name}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=asyncio.subprocess.STDOUT)
            try:
                async with asyncio.timeout(within_s):
                    code = await process.wait()
            except TimeoutError:
                process.kill()
                code = 124
        took_s = asyncio.get_running_loop().time() - began_s
        self.done[name] = {"command": " ".join(command), "exit": code, "took_s": round(took_s, 1)}
        return code

    async def hiphold(self, name: str, *arguments: str, seconds: float) -> int:
        return await self.run(name, "hiphold", *arguments, "--seconds", f"{seconds:g}", within_s=seconds + PATIENCE_S)


async def power_on(commands: Commands) -> None:
    async with asyncio.timeout(POWER_S):
        while (
            await commands.run("adapter", "bluetoothctl", "show")
            or "Powered: yes" not in Path("adapter.log").read_text()
        ):
            await commands.run("power", "bluetoothctl", "--timeout", "2", "power", "on")


async def node_at(rig: Rig, placement: str) -> NodeProcess:
    """A node that turns slowly and has been told where it is worn."""
    node = await rig.node(
        placement,
        chip="lsm6dsv16x",
        skin=Turning((0.2, 0.1, 0.0)),
        skew_ppm=30,
        config={"CHIP": "lsm6dsv16x"},
    )
    await ask(node, wire.encode_command(wire.GET_INFO))
    await ask(node, wire.encode_command(wire.SET_PLACEMENT, wire.PLACEMENTS.index(placement)))
    return node


async def trouble(rig: Rig) -> None:
    """A blackout, then a loss of power, while a recording runs."""
    while len(rig.air.contacts) < len(PLACEMENTS):
        await asyncio.sleep(0.5)
    await asyncio.sleep(CALM_S)
    rig.blackout(BLACKOUT_S, "pelvis")
    await asyncio.sleep(BLACKOUT_S + CALM_S)
    await rig.nodes["thigh_right"].restart()


async def watch(late_s: dict[str, float], phase: str, origin_s: float) -> None:
    """How far the rig falls behind real time, at most, in this phase."""
    late_s[phase] = 0.0
    while True:
        late_s[phase] = max(late_s[phase], time.monotonic() - origin_s - asyncio.get_running_loop().time())
        await asyncio.sleep(0.05)


async def session(commands: Commands) -> dict[str, Any]:
    """All that happens; what of it only the rig knows."""
    late_s: dict[str, float] = {}
    async with Rig(loss=LOSS) as rig, vhci.adapter(rig.air):
        origin_s = time.monotonic() - rig.now_s
        await power_on(commands)
        for placement in PLACEMENTS:
            await node_at(rig, placement)
        await commands.hiphold("scan", "scan", seconds=5)
        watching = asyncio.create_task(watch(late_s, "calm", origin_s))
        await commands.hiphold("calm", "record", "calm.mcap", seconds=20)
        watching.cancel()
        watching = asyncio.create_task(watch(late_s, "trouble", origin_s))
        troubling = asyncio.create_task(trouble(rig))
        await commands.hiphold("trouble", "record", "trouble.mcap", seconds=3 * CALM_S + BLACKOUT_S + 4)
        troubling.cancel()
        watching.cancel()
        return {"late_s": late_s, "packets": rig.air.delivered, "lost_packets": rig.air.lost}


def main() -> None:
    clock.REBASE_S = 30.0  # a node's start takes this machine a second, which the rig must make up for
    commands, found = Commands(), {}
    try:
        found = clock.run(session(commands), pace=1.0)
    finally:
        bluetoothd = subprocess.run(("bluetoothctl", "--version"), capture_output=True, text=True, check=False).stdout
        system = {"kernel": platform.release(), "bluez": bluetoothd.split()[-1], "python": platform.python_version()}
        Path("what.json").write_text(json.dumps({"system": system, "commands": commands.done, "rig": found}, indent=1))


if __name__ == "__main__":
    main()
