"""Gauges and big figures as lines of characters. Numbers in, strings out; a NaN leaves a gauge empty.

Each gauge is as wide as it is told, whatever the number; what lies beyond its scale stands at its edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, isnan

FLOOR_DEG = -30.0
"""where the gauge of elevation begins; a hanging leg leaves it empty"""
CEILING_DEG = 60.0
SWEEP_DEG = 45.0
"""how far the gauge of rotation reaches to each side"""
LEVEL_DEG = 15.0
"""how far the level of the pelvis reaches to each side"""
LIMIT_SHARE = 2 / 3
"""where on its bar the limit of stillness stands"""
PIXELS = {
    "0": "### # # # # # # ###",
    "1": " #  ##   #   #  ###",
    "2": "###   # ### #   ###",
    "3": "###   # ###   # ###",
    "4": "# # # # ###   #   #",
    "5": "### #   ###   # ###",
    "6": "### #   ### # # ###",
    "7": "###   #   #   #   #",
    "8": "### # # ### # # ###",
    "9": "### # # ###   # ###",
    "+": "     #  ###  #     ",
    "-": "        ###        ",
}
PIXEL_ROWS, PIXEL_COLUMNS = 5, 3


@dataclass(frozen=True)
class Marks:
    """The characters that gauges and lines are made of."""

    full: str
    parts: str
    """a cell that is filled by so many parts of len(parts) + 1"""
    empty: str
    band: str
    edges: str
    """left end, line and right end of what shows the band's place"""
    track: str
    reached: str
    middle: str
    here: str
    limit: str
    halves: str
    """upper, lower and both halves of a cell; empty where there are none"""
    done: str
    now: str
    to_do: str
    well: str
    warning: str
    fault: str
    recording: str
    not_recording: str
    best: str
    up: str
    down: str
    nothing: str
    """for a number that is not known"""
    dot: str
    more: str
    """at the end of what is cut"""
    plus_minus: str
    degree: str


UNICODE = Marks(
    full="█", parts="▏▎▍▌▋▊▉", empty="·", band="░", edges="╰─╯", track="─", reached="━", middle="┼", here="●",
    limit="│", halves="▀▄█", done="✓", now="▸", to_do="○", well="✓", warning="!", fault="✗", recording="●",
    not_recording="○", best="★", up="▲", down="▼", nothing="–", dot="·", more="…", plus_minus="±", degree="°",
)  # fmt: skip
ASCII = Marks(
    full="#", parts="", empty=".", band="=", edges="[-]", track="-", reached="=", middle="+", here="O",
    limit="|", halves="", done="ok", now=">", to_do=" ", well="ok", warning="!", fault="X", recording="*",
    not_recording="o", best="*", up="^", down="v", nothing="--", dot="-", more="..", plus_minus="+-", degree="",
)  # fmt: skip
SPELT = {
    **dict(zip("▏▎▍▌▋▊▉█░▒▓", " .:||###.=#")),
    **{"°": "", "±": "+-", "×": "x", "–": "-", "—": "-", "−": "-", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"'},
    **{"→": "->", "←": "<-", "↑": "^", "↓": "v", "·": "-", "•": "-", "≥": ">=", "≤": "<=", "✓": "ok", "µ": "u"},
}


def printable(text: str, encoding: str) -> str:
    """A text in what this encoding has; what it lacks is spelt in ASCII, or becomes a question mark."""
    kept = "".join(each if _has(encoding, each) else SPELT.get(each, each) for each in text)
    return kept.encode(encoding, "replace").decode(encoding)


def _has(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def cut(text: str, width: int, marks: Marks) -> str:
    """A text in at most this many characters, with a sign where something was cut off."""
    if len(text) <= width:
        return text
    return text[: max(width - len(marks.more), 0)].rstrip() + marks.more[: max(width, 0)]


def signed(number: float, marks: Marks, unit: str = "") -> str:
    """A whole number with its sign and unit, or the sign for nothing."""
    return f"{_whole(number):+d}{unit}" if isfinite(number) else marks.nothing


def number(value: float, digits: int, marks: Marks) -> str:
    """A number with so many decimals, or the sign for nothing."""
    return f"{value:.{digits}f}" if isfinite(value) else marks.nothing


def clock(seconds: float) -> str:
    """A duration as 02:13, or 1:02:13; 00:00 for NaN."""
    minutes, rest = divmod(int(max(seconds, 0.0)) if isfinite(seconds) else 0, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def elevation_bar(elevation_deg: float, low_deg: float, high_deg: float, width: int, marks: Marks) -> str:
    """How high the thigh is: filled from the left up to the elevation, the band shaded."""
    ceiling_deg = _ceiling(high_deg)
    first, last = _band_cells(low_deg, high_deg, width)
    cells = [marks.band if first <= k <= last else marks.empty for k in range(width)]
    if isnan(elevation_deg):
        return "".join(cells)
    filled = _share(elevation_deg, FLOOR_DEG, ceiling_deg) * width
    whole, part = int(filled), int((filled % 1) * (len(marks.parts) + 1))
    cells[:whole] = marks.full * whole
    if part and whole < width:
        cells[whole] = marks.parts[part - 1]
    return "".join(cells)


def elevation_scale(low_deg: float, target_deg: float, high_deg: float, width: int, marks: Marks) -> str:
    """What stands below `elevation_bar`: the horizontal, where the band lies, and its middle in degrees."""
    first, last = _band_cells(low_deg, high_deg, width)
    cells = [" "] * width
    zero = _cell(0.0, FLOOR_DEG, _ceiling(high_deg), width)
    if zero < first - 1:
        cells[zero] = "0"
    cells[first : last + 1] = marks.edges[1] * (last + 1 - first)
    cells[first], cells[last] = marks.edges[0], marks.edges[2]
    said = f"{_whole(target_deg)}{marks.degree}"
    begin = min(last + 2, width - len(said))
    if last - first > len(said) + 1:
        begin = (first + last + 1 - len(said)) // 2
    cells[begin : begin + len(said)] = said
    return "".join(cells)[:width]


def rotation_bar(now_deg: float, out_deg: float, across_deg: float, width: int, marks: Marks) -> str:
    """Where the leg is turned, out to the left and across to the right, upon the range that was reached."""
    cells = [marks.track] * width
    if not (isnan(out_deg) and isnan(across_deg)):
        reached = [value for value in (out_deg, across_deg, 0.0) if not isnan(value)]
        first, last = (_cell(value, -SWEEP_DEG, SWEEP_DEG, width) for value in (min(reached), max(reached)))
        cells[first : last + 1] = marks.reached * (last + 1 - first)
    return _with_mark(cells, now_deg, SWEEP_DEG, marks)


def level_bar(tipped_deg: float, width: int, marks: Marks) -> str:
    """A spirit level: in the middle when level, to the right when positive."""
    return _with_mark([marks.track] * width, tipped_deg, LEVEL_DEG, marks)


def stillness_bar(level: float, width: int, marks: Marks) -> str:
    """Restlessness as a share of what is allowed, with the limit at LIMIT_SHARE of the width."""
    limit = _cell(LIMIT_SHARE, 0.0, 1.0, width)
    filled = 0 if isnan(level) else min(round(level * limit), width)
    if not isnan(level) and level > 1:
        filled = max(filled, min(limit + 2, width))
    cells = [marks.full if k < filled else marks.empty for k in range(width)]
    cells[limit] = marks.limit
    return "".join(cells)


def progress(done: float, needed: float, width: int, marks: Marks) -> str:
    """How much of something is done, filled from the left."""
    filled = round(_share(done, 0.0, needed) * width) if needed > 0 and isfinite(done) else 0
    return marks.full * filled + marks.empty * (width - filled)


def large(text: str, size: int, marks: Marks) -> str:
    """Figures and signs as big letters, in lines of equal length: 3 lines for size 0, 5 for each further size.

    Without half cells, size 0 is 5 lines of single characters. What has no big form is left out.
    """
    shown = [PIXELS[each].ljust(19) for each in text if each in PIXELS]
    rows = [[each[4 * row : 4 * row + PIXEL_COLUMNS] for each in shown] for row in range(PIXEL_ROWS)]
    if size == 0 and marks.halves:
        blank = [" " * PIXEL_COLUMNS] * len(shown)
        pairs = zip(rows[0::2], [*rows[1::2], blank])
        return "\n".join(" ".join(_halved(*cell, marks) for cell in zip(*pair)) for pair in pairs)
    wide = max(2 * size, 1)
    lines = [(" " * wide).join(_stretched(each, wide, marks) for each in row) for row in rows]
    return "\n".join(line for line in lines for _ in range(max(size, 1)))


def beside(big: str, word: str, width: int, room: int) -> str:
    """A word to the right of a big number, in its middle line; below it when so many columns are not left for it."""
    rows = big.split("\n")
    if len(rows[0]) + room > width:
        return f"{big}\n{word or ' '}"
    if word:
        rows[len(rows) // 2] += f"   {word}"
    return "\n".join(rows)


def large_size(characters: int, width: int, height: int) -> int:
    """The largest size at which so many big letters fit into these columns and lines; 0 when none does."""
    fitting = [size for size in (1, 2, 3) if characters * 8 * size - 2 * size <= width and PIXEL_ROWS * size <= height]
    return max(fitting, default=0)


def _stretched(pixels: str, wide: int, marks: Marks) -> str:
    return "".join((marks.full if pixel == "#" else " ") * wide for pixel in pixels)


def _halved(upper: str, lower: str, marks: Marks) -> str:
    cells = {"  ": " ", "# ": marks.halves[0], " #": marks.halves[1], "##": marks.halves[2]}
    return "".join(cells[pair[0] + pair[1]] for pair in zip(upper, lower))


def _with_mark(cells: list[str], value_deg: float, reach_deg: float, marks: Marks) -> str:
    cells[len(cells) // 2] = marks.middle
    if not isnan(value_deg):
        cells[_cell(value_deg, -reach_deg, reach_deg, len(cells))] = marks.here
    return "".join(cells)


def _ceiling(high_deg: float) -> float:
    return max(CEILING_DEG, high_deg + 15.0)


def _band_cells(low_deg: float, high_deg: float, width: int) -> tuple[int, int]:
    """The first and the last cell of the band; at least two."""
    first, last = (_cell(value, FLOOR_DEG, _ceiling(high_deg), width) for value in (low_deg, high_deg))
    return (first, last) if last > first else (min(first, width - 2), min(first, width - 2) + 1)


def _share(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _cell(value: float, low: float, high: float, width: int) -> int:
    return min(int(_share(value, low, high) * width), width - 1)


def _whole(value: float) -> int:
    return round(value)
