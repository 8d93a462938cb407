"""Whether nodes can be worn together, and whose nodes are proposed. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence

from hiphold.session.scene import Heard
from hiphold.session.texts import text
from hiphold.view.body_picture import SPOTS, place


def why_not_worn(nodes: Sequence[Heard]) -> str:
    """Why these cannot be worn together, as a sentence; empty when they can."""
    places = [node.placement for node in nodes]
    twice = next((each for each in places if places.count(each) > 1 and each in SPOTS), "")
    troubled = next((node for node in nodes if node.problem), None)
    nowhere = next((node for node in nodes if node.placement not in SPOTS), None)
    if not nodes:
        return text("finding_view.choose_some")
    if troubled:
        return text("finding_view.troubled", name=troubled.name, problem=troubled.problem)
    if nowhere:
        return text("finding_view.nowhere", name=nowhere.name)
    if twice:
        names = text("finding_view.and").join(node.name for node in nodes if node.placement == twice)
        return text("finding_view.same_place", names=names, place=place(twice).lower())
    return "" if any(each.startswith("thigh") for each in places) else text("finding_view.no_thigh")


def owner_of(heard: Sequence[Heard], code: str) -> str:
    """Whose nodes are worn unless someone says otherwise: those of the code that is written, or the first heard."""
    owners = [node.owner for node in heard if node.owner]
    if code:
        return code if code in owners else ""
    return owners[0] if owners else ""
