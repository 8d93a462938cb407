"""The shapes of the marks: they differ without their colour. `theme.mark` paints them."""

from __future__ import annotations

from math import cos, pi, sin

Points = tuple[tuple[float, float], ...]
ROUND: Points = ((0.5, 0.5),)
_STAR: Points = tuple(
    (0.5 + r * sin(k * pi / 5), 0.53 - r * cos(k * pi / 5)) for k in range(10) for r in [0.2 if k % 2 else 0.47]
)
_EIGHT: Points = tuple((0.5 + 0.48 * cos(pi / 8 + k * pi / 4), 0.5 + 0.48 * sin(pi / 8 + k * pi / 4)) for k in range(8))
_CHECK: Points = ((0.28, 0.53), (0.44, 0.69), (0.73, 0.33))
_DASH: Points = ((0.5, 0.26), (0.5, 0.55))
_DOT: Points = ((0.5, 0.74), (0.5, 0.745))
MARKS: dict[str, tuple[Points, ...]] = {
    "up": (((0.5, 0.08), (0.95, 0.55), (0.68, 0.55), (0.68, 0.92), (0.32, 0.92), (0.32, 0.55), (0.05, 0.55)),),
    "down": (((0.5, 0.92), (0.95, 0.45), (0.68, 0.45), (0.68, 0.08), (0.32, 0.08), (0.32, 0.45), (0.05, 0.45)),),
    "check": (ROUND, _CHECK),
    "star": (_STAR,),
    "dot": (ROUND,),
    "info": (ROUND, ((0.5, 0.45), (0.5, 0.74)), ((0.5, 0.26), (0.5, 0.265))),
    "warning": (((0.5, 0.06), (0.96, 0.92), (0.04, 0.92)), ((0.5, 0.36), (0.5, 0.6)), _DOT),
    "fault": (_EIGHT, _DASH, _DOT),
    "cross": (ROUND, ((0.34, 0.34), (0.66, 0.66)), ((0.66, 0.34), (0.34, 0.66))),
}
"""outline in a square of 1, y down (empty for none), then strokes upon it; the severities are among them"""
