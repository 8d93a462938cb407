"""How the nodes of a session are, and what a person should attend to: one sentence each, with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan

from hiphold import wire
from hiphold.known import Condition, Learned
from hiphold.live import Live
from hiphold.reasons import DISAGREEMENT_LIMIT_DEG
from hiphold.samples import Frame
from hiphold.segments import THIGHS
from hiphold.session.scene import CALIBRATING, FAULT, FINDING, INFO, WARNING, NodeHealth, Notice
from hiphold.session.texts import text

SILENT_S = 2.5
"""a node that sends nothing for so long is told of"""
FIRST_S = 10.0
"""so long the first connection may take: an adapter makes one at a time"""
INTRODUCED_S = 3.0
"""by then every node has said where it is worn"""
CABLE = "USB"
"""the signal of a node that is no radio's"""
LOW_MV = 3400
"""below this a lithium cell is nearly empty, whatever the node thinks of it"""


@dataclass(frozen=True)
class Link:
    """What is known of a node's connection beyond what it sends."""

    connected: bool = True
    problem: str = ""
    """why it sends nothing; empty when it does"""
    missing: int = 0
    """samples that are being fetched"""
    signal: str = ""
    placement: str = "unknown"
    """as it was heard before it was connected"""
    waited_s: float = 0.0
    """for how long it has been waited for; 0 once anything came"""

    @property
    def refuses(self) -> bool:
        """Whether it is there and says that it sends nothing."""
        return self.connected and bool(self.problem)


@dataclass(frozen=True)
class Health:
    """One node, as it is shown and as it is judged."""

    shown: NodeHealth
    faults: tuple[str, ...] = ()
    """of wire.FAULTS"""
    battery_mv: int = 0
    problem: str = ""
    never: bool = False
    """nothing has come from it yet"""


def health(
    live: Live | None,
    links: Mapping[str, Link],
    statuses: Mapping[str, Frame | None],
    silent_s: Mapping[str, float],
    absent: Mapping[str, int],
) -> list[Health]:
    """How every node is that is known of in any way.

    statuses: its last INFO; silent_s: since its last packet; absent: samples that have not come, by node.
    """
    conditions = {each.node: each for each in live.conditions()} if live else {}
    names = dict.fromkeys((*conditions, *links, *statuses))
    return [
        _one(
            name,
            conditions.get(name),
            links.get(name, Link()),
            _info(statuses.get(name)),
            silent_s.get(name, 0.0),
            absent.get(name, 0),
        )
        for name in names
    ]


def _info(frame: Frame | None) -> wire.Info | None:
    messages = wire.messages(frame.data) if frame else []
    return next((message for message in messages if isinstance(message, wire.Info)), None)


def _one(name: str, seen: Condition | None, link: Link, info: wire.Info | None, silent_s: float, absent: int) -> Health:
    faults = tuple(fault for bit, fault in enumerate(wire.FAULTS) if info and info.faults >> bit & 1)
    battery_mv = info.battery_mv if info else 0
    low = "low_battery" in faults or 0 < battery_mv < LOW_MV
    severity, state = _state(link, silent_s, [fault for fault in faults if fault != "low_battery"])
    said = (seen.placement if seen else "", info.placement if info else "", link.placement)
    placement = next((each for each in said if each not in ("", "unknown")), "unknown")
    shown = NodeHealth(
        name=name,
        placement=placement,
        severity=WARNING if low and severity == INFO else severity,
        state=state,
        samples=seen.samples if seen else 0,
        lost=max(absent - link.missing, 0),
        missing=link.missing,
        rate_hz=seen.rate_hz if seen else nan,
        battery=f"{battery_mv / 1000:.2f} V" if battery_mv else "",
        battery_low=low,
        signal=link.signal,
        drift_deg_per_min=_or_nan(seen.drift_deg_per_min if seen else None),
        disagreement_deg=_or_nan(seen.disagreement_deg if seen else None),
        silent_s=max(silent_s, link.waited_s),
    )
    return Health(shown, faults, battery_mv, link.problem, link.waited_s > 0)


def _or_nan(value: float | None) -> float:
    return nan if value is None else value


def _state(link: Link, silent_s: float, faults: Sequence[str]) -> tuple[str, str]:
    if not link.connected:
        late = silent_s > SILENT_S or link.waited_s > FIRST_S
        return FAULT if late else INFO, text("notice.state_connecting")
    if silent_s > SILENT_S or link.refuses:
        return FAULT, text("notice.state_silent")
    if faults:
        return WARNING, text("notice.state_fault")
    return INFO, text("notice.state_ok")


def placed(placement: str) -> str:
    """A placement in words."""
    return text(f"notice.placement_{placement}")


def notices(found: Sequence[Health], learned: Iterable[Learned], stage: str, since_s: float) -> list[Notice]:
    """What to attend to now. learned: once the calibration is over. since_s: how long anything has been received."""
    told = [notice for each in found for notice in _of_node(each)]
    told += _conflicts([each.shown for each in found])
    if since_s > INTRODUCED_S:
        told += _unplaced([each.shown for each in found], stage)
    for each in learned:
        told += _of_mounting(each)
    return told


def _of_node(each: Health) -> list[Notice]:
    shown, where = each.shown, {"where": placed(each.shown.placement), "name": each.shown.name}
    told = []
    faults = [f"fault_{fault}" for fault in each.faults if fault != "low_battery"]
    if shown.severity == FAULT and not (faults and shown.silent_s < SILENT_S):  # a fault says why nothing comes
        told.append(Notice("silent", _silent(each, where), FAULT))
    if shown.battery_low:
        told.append(Notice("battery", text("notice.battery", battery=shown.battery or "?", **where), WARNING))
    told += [Notice(key, text(f"notice.{key}", **where), WARNING) for key in faults]
    if shown.disagreement_deg > DISAGREEMENT_LIMIT_DEG:
        degrees = shown.disagreement_deg
        told.append(Notice("disagree", text("notice.disagree", degrees=degrees, **where), WARNING))
    return told


def _silent(each: Health, where: Mapping[str, str]) -> str:
    """Why a node sends nothing, and what to do."""
    silent_s, problem = each.shown.silent_s, each.problem.rstrip(".")
    if problem and not each.never and silent_s < SILENT_S:  # it speaks, and says so itself
        return text("notice.sends_nothing", why=problem, **where)
    key = "not_connected" if each.never else "unplugged" if each.shown.signal == CABLE else "silent"
    return text(f"notice.{key}", seconds=silent_s, why=problem and text("notice.why", why=problem), **where)


def _conflicts(nodes: Sequence[NodeHealth]) -> list[Notice]:
    """Nodes that say that they are worn in the same place."""
    told = []
    for placement in sorted({node.placement for node in nodes} - {"unknown"}):
        names = [node.name for node in nodes if node.placement == placement]
        if len(names) > 1:
            said = {"names": text("notice.and").join(names), "where": placed(placement)}
            told.append(Notice("conflict", text("notice.conflict", **said), FAULT))
    return told


def _unplaced(nodes: Sequence[NodeHealth], stage: str) -> list[Notice]:
    placements = {node.placement for node in nodes}
    nowhere = [node.name for node in nodes if node.placement == "unknown" and node.severity != FAULT]
    if nowhere:
        return [Notice("nowhere", text("notice.nowhere", name=name), WARNING) for name in nowhere]
    if nodes and stage in (FINDING, CALIBRATING) and not placements & set(THIGHS):
        return [Notice("no_thigh", text("notice.no_thigh"), FAULT)]
    return []


def _of_mounting(each: Learned) -> list[Notice]:
    why = each.mounting.slipped or each.mounting.why
    if not why:
        return []
    key, severity = ("slipped", WARNING) if each.mounting.slipped else ("not_measured", INFO)
    where = placed(each.placement)
    return [Notice(key, text(f"notice.{key}", where=where, why=why[:1].upper() + why[1:]), severity)]
