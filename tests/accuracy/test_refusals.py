"""Rituals that go wrong, drawn at random: is every wrong figure warned of, and is nothing said of good rituals?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import rituals

pytestmark = pytest.mark.accuracy

Figure = Callable[[str, str, str], None]
LONG, SHORT = (25, 150), (3, 10)
"""rituals of each faulty and of each harmless kind"""
OUTCOMES = ("refused", "warned", "right", "WRONG")


def outcomes(figure: Figure, kinds: dict[str, rituals.Fault], each: int) -> tuple[Counter[str], list[str]]:
    """How often what became of a ritual, over all these kinds, and which were not right."""
    total: Counter[str] = Counter()
    others = []
    for kind in kinds:
        found = {seed: rituals.judged(rituals.drawn(kind, seed)) for seed in range(each)}
        counts = Counter(verdict.outcome for verdict in found.values())
        line = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)
        figure(f"rituals, {each} with: {kind}", line, "WRONG: outside twice the interval, unsaid")
        others += [f"{kind}, {seed}: {_what(verdict)}" for seed, verdict in found.items() if verdict.outcome != "right"]
        total += counts
    return total, others


def _what(verdict: rituals.Verdict) -> str:
    wrong = [f"{v.name} {v.side} off {v.off:.1f}, stated {v.stated:.1f}" for v in verdict.unseen]
    return "; ".join([verdict.outcome, *wrong, *(reason.why for reason in verdict.said)])


def test_what_is_wrong_after_a_faulty_ritual_is_warned_of(is_long: bool, figure: Figure) -> None:
    total, others = outcomes(figure, rituals.FAULTS, (LONG if is_long else SHORT)[0])
    share = total["WRONG"] / total.total()
    figure(f"rituals, {total.total()} faulty: wrong and not warned of", f"{100 * share:.1f} %", "at most 1 %")
    wrong = [line for line in others if ": WRONG" in line]
    assert len(wrong) <= max(1, 0.01 * total.total()), "\n".join(wrong)


def test_of_good_rituals_nothing_is_refused_or_doubted(is_long: bool, figure: Figure) -> None:
    total, others = outcomes(figure, rituals.HARMLESS, (LONG if is_long else SHORT)[1])
    refused = total["refused"] + total["warned"]
    share = refused / total.total()
    figure(f"rituals, {total.total()} good: refused or doubted", f"{100 * share:.1f} %", "at most 1 %")
    assert total["WRONG"] + refused <= 0.01 * total.total(), "\n".join(others)


def test_of_what_cannot_be_noticed_nothing_is_said(is_long: bool, figure: Figure) -> None:
    """Should this ever fail, it can be noticed: then it belongs to the other faults."""
    total, _ = outcomes(figure, rituals.UNSEEN, 5 if is_long else 2)
    assert total["WRONG"] == total.total()
