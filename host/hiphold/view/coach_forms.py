"""How a lane of the coach's page is laid out, by the room it has: what stands where, how large, and how much of it."""

from __future__ import annotations

ALONE, PAIR, TALL, NARROW = "alone", "pair", "tall", "narrow"
"""figures beside the plots; above them in two halves; above them in one column, high or low"""
PLACES = {
    ALONE: {"figures": (0, 0, 1, 1), "reps": (1, 0, 1, 1), "notices": (2, 0, 1, 1), "health": (4, 0, 1, 1),
            "plots": (0, 1, 5, 1)},
    PAIR: {"figures": (0, 0, 1, 1), "reps": (0, 1, 1, 1), "notices": (1, 0, 1, 2), "plots": (2, 0, 1, 2),
           "health": (3, 0, 1, 2)},
    NARROW: {"figures": (0, 0, 1, 1), "reps": (1, 0, 1, 1), "notices": (2, 0, 1, 1), "plots": (3, 0, 1, 1),
             "health": (4, 0, 1, 1)},
}  # fmt: skip
"""row, column, rows, columns"""
PLACES[TALL] = PLACES[NARROW]
ROWS = 5
STRETCHED = {ALONE: 3, PAIR: 2, TALL: 3, NARROW: 3}
"""the row that takes what height is left"""
SHARES = {ALONE: (0, 1), PAIR: (1, 1), TALL: (1, 0), NARROW: (1, 0)}
"""how the two columns share the width"""
REPS = {ALONE: 8, PAIR: 5, TALL: 5, NARROW: 3}
NOTICES = {ALONE: (4, 3), PAIR: (2, 1), TALL: (2, 2), NARROW: (1, 2)}
"""so many notices are shown, each in so many lines"""
BIG = {ALONE: 72, PAIR: 48, TALL: 56, NARROW: 44}
"""how large the two numbers that count are written"""
LANE_MIN = 216
TALL_MIN = 880
ALONE_MIN, PAIR_MIN, FULL_TABLE_MIN = 680, 510, 540
"""from which width and height on, unscaled, which form fits"""
ASIDE = 340
"""the width of the figures of a lone athlete"""


def form_for(count: int, width: float, height: float) -> tuple[str, bool]:
    """The form of each of so many lanes of this size, unscaled; and whether its table of nodes is the short one."""
    form = TALL if height > TALL_MIN else NARROW
    if width > PAIR_MIN:
        form = ALONE if count == 1 and width > ALONE_MIN else PAIR
    return form, form == ALONE or width - 20 < FULL_TABLE_MIN
