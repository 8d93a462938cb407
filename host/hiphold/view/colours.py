"""The colours there are, dark and light. Which of them are in use is a matter of `theme`.

Colour is never the only sign of anything. Hues after Okabe and Ito (2008), which people with colour-blindness can
tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """One set of colours, as #rrggbb."""

    name: str
    background: str
    panel: str
    """of cards and panels upon the background"""
    text: str
    faint: str
    """of lesser text; still 4.5:1 against panel"""
    line: str
    accent: str
    """of what is active or focused"""
    good: str
    warning: str
    fault: str
    band: str
    """of the target band"""
    left: str
    right: str


DARK = Theme(
    "dark", "#101418", "#1b2228", "#f2f5f7", "#a3b1bd", "#36424d", "#56b4e9", "#2bbf8f", "#e69f00", "#ff7a3d",
    "#1f6f57", "#cc79a7", "#56b4e9",
)  # fmt: skip
LIGHT = Theme(
    "light", "#f3f5f7", "#ffffff", "#11181f", "#52606d", "#cfd7de", "#0072b2", "#00755a", "#9a5b00", "#c1440e",
    "#b5e3d3", "#a2467a", "#0072b2",
)  # fmt: skip
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}
