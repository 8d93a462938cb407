"""What is asked of one node by hand: who it is, its settings, the zero of its gyroscope.

Rule 1: a change is done when the node has stored it, not when it has said yes.
Rule 2: a question is asked again when no answer comes; every command here may come twice.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from hiphold import wire
from hiphold.clock import NS
from hiphold.errors import HipholdError
from hiphold.receive.carrier import LinkError, Opener, Write
from hiphold.receive.dialogue import refusal
from hiphold.samples import G_MPS2, Frame

if TYPE_CHECKING:
    from hiphold.receive.capture import Found
    from hiphold.sources.ble import Seen

ANSWER_S = 1.5
TRIES = 4
ZERO_S = 12.0
"""the node measures for 3 s, and gives up after 8"""
STORED_S = 5.0
LOOK_S = 0.5
"""the node stores once a second"""
RECENT = 256

INSTALL, UPGRADE = "hiphold node install", "pip install -U hiphold"
RATES_HZ = {"lsm6dsv16x": (60, 120, 240, 480), "mpu6050": (50, 100, 200, 500), "icm42688p": (50, 100, 200, 500)}
"""what each chip offers"""
ADVICE = {
    "no_imu": "no motion sensor answers, or another than config.py says: check its four wires, CHIP and IMU_ADDRESS",
    "bus_error": "the motion sensor stopped answering: check its wires, then switch the node off and on",
    "low_battery": "charge it",
    "settings_lost": "its settings were lost: name it, place it and calibrate it anew",
    "self_test_failed": "the motion sensor failed its own test: switch the node on while it lies still; if that does "
    "not help, replace the sensor",
    "watchdog_reset": "it hung and started itself anew: if this comes back, install the current firmware",
}
"""fault -> what to do"""


class Talk:
    """A conversation with one node over one connection: questions, and what the node sends by itself."""

    def __init__(self, name: str) -> None:
        self.name = name
        """for sentences; the node's own once it has said it"""
        self.info: Any = None
        """wire.Info"""
        self.calibration: Any = None
        """wire.Calibration"""
        self.write: Write = _nowhere
        self.recent: deque[Frame] = deque(maxlen=RECENT)
        """the packets that came last, of any kind"""
        self._inbox: asyncio.Queue[object] = asyncio.Queue()
        self._version = wire.VERSION

    def received(self, at_s: float, packet: bytes) -> None:
        """One packet, as it came; a broken one is dropped. One version that is not ours, twice, is no damage."""
        self.recent.append(Frame(self.name, round(at_s * NS), packet))
        try:
            for message in wire.messages(packet):
                self._inbox.put_nowait(message)
        except wire.WireError:
            version = packet[0] & 15 if packet else wire.VERSION
            if version == self._version != wire.VERSION:
                self._inbox.put_nowait(HipholdError(other_version(self.name, version)))
            self._version = version

    def lost(self) -> None:
        """The link has ended."""
        self._inbox.put_nowait(LinkError(f"The connection to {self.name} was lost; bring it closer and try again."))

    async def message(self) -> object:
        """The next message; raises HipholdError when there will be none."""
        message = await self._inbox.get()
        if isinstance(message, HipholdError):
            raise message
        return message

    async def ask(self, opcode: int, *args: float, name: str = "", wait_s: float = ANSWER_S, tries: int = TRIES) -> int:
        """Send a command; the status of its REPLY."""
        command = wire.encode_command(opcode, *args, name=name)
        (reply,) = await self._asked(command, (wire.Reply,), wait_s, tries)
        return int(reply.status)

    async def must(self, opcode: int, *args: float, name: str = "") -> None:
        """Send a command; HipholdError says why when the node does not carry it out."""
        self.check(await self.ask(opcode, *args, name=name))

    def check(self, status: int) -> None:
        """Raise what a REPLY's status means."""
        if status != wire.OK:
            raise HipholdError(_refused(self.name, status))

    async def learn(self) -> None:
        """Ask who it is."""
        command = wire.encode_command(wire.GET_INFO)
        info, self.calibration = await self._asked(command, (wire.Info, wire.Calibration))
        # On a terminal, control characters in a name would act.
        self.info = info._replace(name="".join(each if each.isprintable() else "?" for each in info.name))
        self.name = self.info.name or self.name

    async def counters(self) -> dict[str, int]:
        """What it has counted since its start, by wire.COUNTER_NAMES."""
        (found,) = await self._asked(wire.encode_command(wire.GET_COUNTERS), (wire.Counters,))
        return dict(zip(wire.COUNTER_NAMES, found.values))

    async def change(self, opcode: int, *args: float, name: str = "") -> None:
        """Send a command that changes a setting, and see it stored."""
        await self.stored(lambda: self.must(opcode, *args, name=name))

    async def stored(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do what changes a setting; HipholdError when the node has not stored it STORED_S later."""
        before = (await self.counters())["settings_writes"]
        await act()
        for _ in range(round(STORED_S / LOOK_S)):
            await asyncio.sleep(LOOK_S)
            if (await self.counters())["settings_writes"] != before:
                return
        raise HipholdError(
            f"{self.name} uses this, but has not stored it, so it would forget it when switched off; try again, and "
            f"if its flash is at fault, `{INSTALL}` again."
        )

    async def _asked(
        self, command: bytes, kinds: tuple[type, ...], wait_s: float = ANSWER_S, tries: int = TRIES
    ) -> list[Any]:
        why = f"{self.name} does not answer; bring it closer, or switch it off and on."
        for _ in range(tries):
            await self.write(command)
            try:
                async with asyncio.timeout(wait_s):
                    return await self._answers(command[0], kinds)
            except TimeoutError:
                continue
            except _TooLongError:  # the size of packets may still be under negotiation
                why = f"The connection to {self.name} carries too short packets; use another adapter, or a cable."
                await asyncio.sleep(wait_s)
        raise LinkError(why)

    async def _answers(self, opcode: int, kinds: tuple[type, ...]) -> list[Any]:
        """One message of each kind; whatever else comes meanwhile is dropped."""
        found: dict[type, object] = {}
        while len(found) < len(kinds):
            message = await self.message()
            if not isinstance(message, wire.Reply):
                found.update({type(message): message} if type(message) in kinds else {})
            elif message.opcode == opcode:
                if wire.Reply in kinds:
                    return [message]
                if message.status == wire.FAULT:
                    raise _TooLongError
                self.check(message.status)
        return [found[kind] for kind in kinds]


class _TooLongError(Exception):
    """The node's answer does not fit into a packet of this link."""


async def _nowhere(_command: bytes) -> None:
    raise LinkError("There is no connection.")


def other_version(name: str, version: int) -> str:
    """Why a node of another protocol version cannot be talked to, and the command that mends it."""
    return f"{refusal(name, version)} The command: `{UPGRADE if version > wire.VERSION else INSTALL}`."


def _refused(name: str, status: int) -> str:
    if status == wire.UNKNOWN_COMMAND:
        return f"The firmware of {name} does not know this command; update it: `{INSTALL}`."
    if status == wire.BUSY:
        return f"{name} is busy: it sends to another computer; stop the recording there."
    if status == wire.FAULT:
        return f"{name} reports a fault; `hiphold node info {name}` says which."
    return f"{name} refuses this value (status {status})."


@asynccontextmanager
async def talk(opener: Opener, label: str, wanted: str | None = None) -> AsyncIterator[Talk]:
    """Connect, and ask who it is. `label`: name until then; `wanted`: how its name must begin, where that is known."""
    found = Talk(label)
    async with opener(found.received, found.lost) as found.write:
        await found.learn()
        if wanted and not found.name.lower().startswith(wanted.lower()):
            raise HipholdError(f"At {label} is {found.name}, not {wanted}; nothing was changed.")
        yield found


def pick(heard: Sequence[Found], wanted: str | None) -> Seen:
    """The one node that `wanted` means: its name, its address, or how its name begins; None: the only one there."""
    own = {each: (each.name.lower(), each.seen.name.lower(), each.seen.address.lower()) for each in heard if each.seen}
    word = (wanted or "").lower()
    exact = [each for each, names in own.items() if word in names]
    found = exact or [each for each, names in own.items() if any(name.startswith(word) for name in names)]
    if len(found) == 1 and found[0].seen:
        seen = found[0].seen
        if seen.advert.version != wire.VERSION:
            raise HipholdError(other_version(seen.name, seen.advert.version))
        return seen
    if not heard:
        raise HipholdError("No node was heard; switch it on and bring it within a few metres.")
    if not found:
        raise HipholdError(f"No node called {wanted} was heard; there are {_listed(heard)}.")
    what = f"{wanted} means several nodes" if wanted else "Several nodes are there"
    raise HipholdError(f"{what}: {_listed(found)}; name one of them.")


def _listed(found: Sequence[Found]) -> str:
    return ", ".join(sorted(each.name for each in found))


async def set_rate(node: Talk, rate_hz: int) -> None:
    """Sample at this rate; HipholdError says which rates the chip has."""

    async def act() -> None:
        status = await node.ask(wire.SET_RATE, rate_hz)
        if status == wire.BAD_ARGUMENT:
            rates = ", ".join(map(str, RATES_HZ.get(node.info.chip, ()))) or "others"
            raise HipholdError(f"{node.name} ({node.info.chip}) does not sample at {rate_hz} Hz; it offers {rates}.")
        node.check(status)

    await node.stored(act)


async def zero(node: Talk) -> tuple[float, float, float]:
    """Have the gyroscope's zero measured, the node lying still; what it is, deg/s."""

    async def act() -> None:
        status = await node.ask(wire.ZERO_GYRO, wait_s=ZERO_S, tries=1)
        if status == wire.FAULT and not node.info.faults & (wire.NO_IMU | wire.BUS_ERROR):
            raise HipholdError(
                f"{node.name} moved, so its zero stays as it was; lay it on something solid, let go, and try again."
            )
        node.check(status)

    await node.stored(act)
    await node.learn()
    x, y, z = (math.degrees(value) for value in node.calibration.gyr_zero_radps)
    return x, y, z


def describe(info: Any, calibration: Any, counters: dict[str, int]) -> list[tuple[str, str]]:
    """What a node said of itself (wire.Info, wire.Calibration), in words: rows of what and how."""
    faults = [name for bit, name in enumerate(wire.FAULTS) if info.faults >> bit & 1]
    battery = f"{info.battery_mv / 1000:.2f} V" if info.battery_mv else "none, or not wired to be measured"
    ring_s = f", {info.ring_samples / info.rate_hz:.0f} s" if info.rate_hz else ""
    return [
        ("name", info.name),
        ("worn at", info.placement),
        ("lid faces", info.lid),
        ("chip", info.chip),
        ("rate", f"{info.rate_hz} Hz" if info.rate_hz else "not set"),
        ("firmware", ".".join(map(str, info.firmware))),
        ("protocol", str(wire.VERSION)),
        ("battery", battery),
        *([("fault", f"{name.replace('_', ' ')}: {ADVICE[name]}") for name in faults] or [("faults", "none")]),
        ("keeps", f"{info.ring_samples} samples{ring_s}"),
        ("gyroscope", _zero_words(calibration)),
        ("accelerometer", _acc_words(calibration)),
        *((name.replace("_", " "), str(value)) for name, value in counters.items()),
    ]


def _zero_words(calibration: Any) -> str:
    zero_dps = [math.degrees(value) for value in calibration.gyr_zero_radps]
    if not any(zero_dps):
        return "not zeroed; `hiphold node zero`"
    return "zero at " + " ".join(f"{value:+.2f}" for value in zero_dps) + " deg/s"


def _acc_words(calibration: Any) -> str:
    diagonal = calibration.acc_matrix[::4]
    if not any(calibration.acc_offset_mps2) and set(diagonal) == {1.0}:
        return "not calibrated; `hiphold node calibrate`"
    return f"calibrated: {millig(calibration.acc_offset_mps2)}"


def millig(offset_mps2: Sequence[float]) -> str:
    """An accelerometer's offset in words."""
    return "offset " + " ".join(f"{1e3 * value / G_MPS2:+.1f}" for value in offset_mps2) + " mg"
