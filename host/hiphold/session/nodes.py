"""Nodes before a session: who is in reach, whose they are, and naming and placing them by the first-time path."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from hiphold import wire
from hiphold.receive.dialogue import fault_words, refusal
from hiphold.segments import THIGHS
from hiphold.session.plan import Plan, owner
from hiphold.session.preferences import Preferences
from hiphold.session.scene import Heard
from hiphold.session.texts import text

if TYPE_CHECKING:
    from hiphold.receive.capture import Found
    from hiphold.setup.node import Talk
    from hiphold.sources.ble import Client, Scanner

SCAN_S = 6.0
"""at most; known nodes that are all heard end it sooner"""
MORE_S = 1.0
"""then, for those of others who trained lately, and for names: a node says its own in a second packet"""


@dataclass(frozen=True)
class Radio:
    """What makes bleak's objects; tests put their own there."""

    scanner: Scanner | None = None
    client: Client | None = None


@dataclass(frozen=True)
class Group:
    """Nodes that begin a session together."""

    athlete: str
    found: tuple[Found, ...]
    unheard: tuple[str, ...] = ()
    """addresses of nodes that belong to them as well"""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of those over the air."""
        return tuple(each.seen.address for each in self.found if each.seen)


async def look(plan: Plan, preferences: Preferences, radio: Radio, say: Callable[[str], None]) -> list[Found]:
    """All nodes in reach; of those that were named, these. Raises HipholdError without them, or without a radio."""
    from hiphold.receive.capture import distinct, find
    from hiphold.sources import ble

    if plan.nodes or plan.ports:
        return await find(plan.nodes, plan.ports, say, SCAN_S, radio.scanner)
    return distinct(await ble.scan(SCAN_S, radio.scanner, _enough(_expected(plan, preferences))))


def _enough(wanted: set[str]) -> Callable[[Collection[str]], bool]:
    """Whether all that are wanted have been heard, MORE_S ago."""
    now_s = asyncio.get_running_loop().time
    until_s = inf

    def enough(addresses: Collection[str]) -> bool:
        nonlocal until_s
        if until_s == inf and wanted and wanted <= set(addresses):
            until_s = now_s() + MORE_S
        return now_s() >= until_s

    return enough


def _expected(plan: Plan, preferences: Preferences) -> set[str]:
    """The addresses of those who are expected to train."""
    codes = plan.athletes or preferences.last_athletes[:1]
    return {address for code in codes if code in preferences.athletes for address in preferences.athletes[code].nodes}


def heard(found: Sequence[Found], preferences: Preferences, worn: Collection[str] = ()) -> tuple[Heard, ...]:
    """The same for a screen. worn: addresses of those that this session has connected."""
    return tuple(_heard(each, preferences, worn) for each in found)


def _heard(each: Found, preferences: Preferences, worn: Collection[str]) -> Heard:
    seen = each.seen
    if seen is None:
        return Heard(each.name, each.port, "USB", "", "unknown", "")
    advert = seen.advert
    if advert.version != wire.VERSION:
        problem = refusal(each.name, advert.version)
        return Heard(each.name, seen.address, f"{seen.rssi_dbm} dBm", "", "unknown", "", "", problem)
    battery = "" if advert.battery_percent == wire.NO_PERCENT else f"{advert.battery_percent} %"
    taken = text("finding.taken") if advert.state & wire.STREAMING and seen.address not in worn else ""
    faults = advert.faults and text("finding.faults", faults=fault_words(advert.faults))
    return Heard(
        name=each.name,
        address=seen.address,
        signal=f"{seen.rssi_dbm} dBm",
        battery=battery,
        placement=advert.placement,
        lid=advert.lid,
        owner=owner(preferences, seen.address),
        problem=taken or faults or "",
    )


def groups(found: Sequence[Found], plan: Plan, preferences: Preferences) -> list[Group]:
    """Who can begin without being asked: named nodes, or athletes whose nodes are here. Empty: a person must say."""
    usable = [each for each in found if each.seen is None or each.seen.advert.version == wire.VERSION]
    if plan.nodes or plan.ports:
        return [Group(plan.athlete(0), tuple(usable))]
    codes = plan.athletes or preferences.last_athletes
    named: Mapping[str, tuple[Found, ...]] = {
        code: tuple(each for each in usable if each.seen and each.seen.address in preferences.athletes[code].nodes)
        for code in codes
        if code in preferences.athletes
    }
    there = [_group(code, each, preferences) for code, each in named.items() if any(map(_on_thigh, each))]
    if there or plan.athletes:
        return there if len(there) == len(plan.athletes) or not plan.athletes else []
    return []


def _group(code: str, found: tuple[Found, ...], preferences: Preferences) -> Group:
    addresses = Group(code, found).addresses
    return Group(code, found, tuple(each for each in preferences.athletes[code].nodes if each not in addresses))


def _on_thigh(found: Found) -> bool:
    return found.seen is not None and found.seen.advert.placement in THIGHS


async def identify(found: Found, radio: Radio, adapter: asyncio.Lock) -> None:
    """Have a node blink. Raises HipholdError."""

    async def act(talk: Talk) -> None:
        await talk.must(wire.IDENTIFY)

    await _talk(found, radio, adapter, act)


async def set_up(found: Found, radio: Radio, adapter: asyncio.Lock, name: str, placement: str, lid: str) -> Found:
    """Name and place a node, and see that it has stored it; the node as it is then. Raises HipholdError."""
    said: list[wire.Info] = []

    async def act(talk: Talk) -> None:
        if name and name != talk.info.name:
            await talk.change(wire.SET_NAME, name=name)
        if placement != talk.info.placement:
            await talk.change(wire.SET_PLACEMENT, wire.PLACEMENTS.index(placement))
        if lid and lid != talk.info.lid:
            await talk.change(wire.SET_LID, wire.LID_SIDES.index(lid))
        await talk.learn()
        said.append(talk.info)

    await _talk(found, radio, adapter, act)
    return _changed(found, said[0])


def _changed(found: Found, info: wire.Info) -> Found:
    if found.seen is None:
        return found
    advert = found.seen.advert._replace(placement=info.placement, lid=info.lid)
    return replace(found, seen=replace(found.seen, name=info.name, advert=advert))


def named(found: Sequence[Found]) -> list[Found]:
    """The same by the names that they have now, which stay apart."""
    from hiphold.receive.capture import distinct

    return [*distinct([each.seen for each in found if each.seen]), *(each for each in found if not each.seen)]


async def _talk(found: Found, radio: Radio, adapter: asyncio.Lock, act: Callable[[Talk], Awaitable[None]]) -> None:
    from hiphold.setup.node import talk
    from hiphold.sources import ble, usb

    if found.seen:
        opener = ble.opener(found.seen.device, found.name, adapter, radio.client, radio.scanner)
    else:
        opener = usb.opener(found.port)
    async with talk(opener, found.name) as open_talk:
        await act(open_talk)
