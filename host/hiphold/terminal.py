"""A live session in a terminal: a line when something changes, and one for each second held."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from hiphold.drill import HOLD_MIN_S
from hiphold.samples import PHASES
from hiphold.segments import THIGHS
from hiphold.shown import Snapshot


def _line(snapshot: Snapshot, side: str, what: str) -> str:
    return f"{snapshot.block.time_s[-1]:8.1f} s  {side:5}  {snapshot.angle_deg[-1]:+6.1f}°  {what}"


def _news(snapshot: Snapshot, shown: dict[str, str]) -> list[str]:
    """Lines for what this snapshot changed; `shown` remembers what each side showed last."""
    side = THIGHS[snapshot.placement]
    lines = []
    for bout in snapshot.bouts:
        name = "hold" if bout.hold_s >= HOLD_MIN_S else "attempt"
        lines.append(_line(snapshot, side, f"{name} of {bout.hold_s:.1f} s from {bout.start_s:.1f} s"))
    phase = PHASES[int(snapshot.phase[-1])]
    now = phase if snapshot.held_s is None else f"hold {int(snapshot.held_s)}"
    if now and now != shown.get(side):
        shown[side] = now
        lines.append(_line(snapshot, side, now))
    return lines


async def show(snapshots: AsyncIterator[Snapshot], echo: Callable[[str], None]) -> list[Snapshot]:
    """Print the session as it goes; all snapshots, for the summary at the end."""
    kept: list[Snapshot] = []
    shown: dict[str, str] = {}
    async for snapshot in snapshots:
        kept.append(snapshot)
        if snapshot.placement in THIGHS:
            for line in _news(snapshot, shown):
                echo(line)
    return kept
