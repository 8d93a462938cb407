"""Which keys the line at the bottom edge shows, and what each is called there. Knows no widget.

A page has its keys, the most useful first; what is to be done there now changes them.
"""

from __future__ import annotations

from hiphold.session.scene import Finding, Scene

PAGE_KEYS = {
    "finding": ("go_on", "nodes", "theme", "bigger", "full_screen", "keys"),
    "calibration": ("quick", "anew", "mute", "end", "coach_view", "keys"),
    "athlete": ("mark", "aims", "rezero", "end", "coach_view", "keys"),
    "coach": ("athlete_view", "mark", "pause", "span", "end", "keys"),
    "summary": ("go_on", "next_athlete", "coach_view", "nodes", "theme", "keys"),
}
"""page -> its keys"""
Shown = tuple[tuple[str, str], ...]
"""actions, each with the key of its text in `window.short_...`"""


def keys_of(
    page: str, scene: Scene | None = None, finding: Finding | None = None, *, ended: bool = False, saved: bool = False
) -> Shown:
    """The keys of a page. scene: of the athlete whom keys act on, ended: whose session has; None: there is nobody.

    finding: what is in reach. saved: the summary that is shown is kept.
    """
    if page == "finding":
        return _of_finding(finding or Finding("looking", ""), back=scene is not None)
    if page == "summary":
        return _named(PAGE_KEYS[page], go_on="save") if not saved else _without("go_on", page)
    if page == "coach" and ended:
        return _named(("go_on", "next_athlete", "nodes", "theme", "keys"), go_on="summary")
    if page in ("calibration", "coach") and scene is not None and scene.waiting:
        return _named(("go_on", *(name for name in PAGE_KEYS[page] if name not in ("anew", "mark"))), go_on="begin")
    return _named(PAGE_KEYS[page])


def _of_finding(finding: Finding, *, back: bool) -> Shown:
    """Back: to the athletes who are measured; else F looks again, which Space does after a failure."""
    says = {"choose": "tick", "failed": "again"}.get(finding.state)
    names = tuple(name for name in PAGE_KEYS["finding"] if name != "go_on" or says)
    if not back and finding.state != "choose":
        names = tuple(name for name in names if name != "nodes")
    return _named(names, go_on=says or "", nodes="back" if back else "again")


def _without(name: str, page: str) -> Shown:
    return _named(tuple(each for each in PAGE_KEYS[page] if each != name))


def _named(names: tuple[str, ...], **own: str) -> Shown:
    return tuple((name, own.get(name, name)) for name in names)
