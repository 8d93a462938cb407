"""Tables of numbers in text files: read strictly, refused with file, line and column.

A cell is a plain decimal number or it is refused: no NaN, no infinity, nothing empty where a number must be.
Lines are counted from 1, the header is line 1.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from hiphold.errors import BadInputError
from hiphold.samples import Bools, Floats

_BLOCK_ROWS = 128  # few enough to stay in the cache: half the time of thousands
_MAX_BYTES = 512 << 20
_NUMERIC = "0123456789+-.eE \t"


@dataclass(frozen=True)
class Table:
    """The rows of a file, by column."""

    path: Path
    numbers: dict[str, Floats]
    """column -> (n,); NaN where a cell that may be empty is"""
    words: dict[str, list[str]]
    """column -> n texts"""

    def columns(self, names: Sequence[str]) -> Floats:
        """(n, len(names)) of the named columns."""
        return np.column_stack([self.numbers[name] for name in names])

    def refuse(self, row: int, column: str, what: str) -> NoReturn:
        """Raise BadInputError for a cell; rows count from 0."""
        refuse(self.path, row + 2, column, what)

    def refuse_first(self, bad: Bools, column: str, what: str) -> None:
        """Raise BadInputError for the first row that is bad, if any; `{}` in `what` is its number there."""
        if bad.any():
            row = int(np.argmax(bad))
            self.refuse(row, column, what.format(self.numbers[column][row]))


def refuse(path: Path, line: int, column: str, what: str) -> NoReturn:
    """Raise BadInputError for a place in a file."""
    raise BadInputError(f"{path}, line {line}, column {column}: {what}")


def read_table(path: Path, numbers: Sequence[str], words: Sequence[str] = (), optional: Sequence[str] = ()) -> Table:
    """A CSV file with exactly these columns, in any order.

    `optional` columns hold numbers too; they are there all or not at all, and in a row all or none may be
    empty. Raises BadInputError for anything else, with the place.
    """
    rows = _rows(path, _text(path))
    header = [name.strip() for name in next(rows)]
    _check_header(path, header, [*numbers, *words], optional)
    blocks: dict[str, list[Floats]] = {name: [] for name in header if name not in words}
    texts: dict[str, list[str]] = {name: [] for name in words}
    line = 2
    while block := list(itertools.islice(rows, _BLOCK_ROWS)):
        _check_widths(path, line, block, header)
        for name, cells in zip(header, zip(*block, strict=True), strict=True):
            if name in texts:
                texts[name] += cells
            else:
                blocks[name].append(_numbers(path, line, name, cells, name in optional))
        line += len(block)
    table = Table(path, {name: np.concatenate(parts or [np.empty(0)]) for name, parts in blocks.items()}, texts)
    _check_groups(table, [name for name in optional if name in header])
    return table


def _text(path: Path) -> bytes:
    """The bytes of a text file, checked."""
    try:
        if path.exists() and not path.is_file():
            raise BadInputError(f"{path} is not a file; name a CSV file.")
        if path.stat().st_size > _MAX_BYTES:
            raise BadInputError(f"{path} is larger than {_MAX_BYTES >> 20} MiB; split it.")
        data = path.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not data.removeprefix(b"\xef\xbb\xbf"):
        raise BadInputError(f"{path} is empty; a header line with the names of the columns is expected.")
    _check_encoding(path, data)
    return data


def _check_encoding(path: Path, data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInputError(f"{path}, line {line}: this is not UTF-8 text; save the file as CSV in UTF-8.") from error
    nul = data.find(b"\0")
    if nul >= 0:
        line = data.count(b"\n", 0, nul) + 1
        raise BadInputError(f"{path}, line {line}: a zero byte; the file is damaged, export it again.")


def _rows(path: Path, data: bytes) -> Iterator[list[str]]:
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    reader = csv.reader(text, skipinitialspace=True)
    try:
        yield from reader
    except csv.Error as error:
        raise BadInputError(f"{path}, line {reader.line_num}: {error}; is a quotation mark not closed?") from error


def _check_header(path: Path, header: list[str], needed: Sequence[str], optional: Sequence[str]) -> None:
    expected = f"expected are {','.join(needed)}" + (f" and optionally {','.join(optional)}." if optional else ".")
    if len(header) == 1 and ";" in header[0]:
        raise BadInputError(f"{path}, line 1: the columns are separated by ';', they must be by ','.")
    for number, name in enumerate(header, 1):
        if name not in needed and name not in optional:
            refuse(path, 1, _shown(name) if name else str(number), f"this column is not known; {expected}")
        if header.count(name) > 1:
            refuse(path, 1, name, "this column is there twice; remove one.")
    wanted = [*needed, *optional] if any(name in header for name in optional) else needed
    for name in wanted:
        if name not in header:
            refuse(path, 1, name, f"this column is missing; {expected}")


def _check_widths(path: Path, line: int, block: list[list[str]], header: list[str]) -> None:
    if set(map(len, block)) == {len(header)}:
        return
    for offset, row in enumerate(block):
        if len(row) != len(header):
            at = header[len(row)] if len(row) < len(header) else str(len(header) + 1)
            refuse(path, line + offset, at, f"the row has {len(row)} cells, the header {len(header)}; complete it.")


def _numbers(path: Path, line: int, name: str, cells: Sequence[str], may_be_empty: bool) -> Floats:
    """A column of a block as float64; single cells are looked at only where the block is not all numbers."""
    try:
        # float() alone would take '1_000', line breaks and digits of other scripts.
        text = "".join(cells)
        if text.isascii() and "_" not in text and "\n" not in text and "\r" not in text:
            found = np.fromiter(map(float, cells), np.float64, len(cells))
            if np.isfinite(found).all():
                return found
    except ValueError:
        pass
    return np.array([_number(path, line + k, name, cell, may_be_empty) for k, cell in enumerate(cells)])


def _number(path: Path, line: int, name: str, cell: str, may_be_empty: bool) -> float:
    if not cell.strip():
        if may_be_empty:
            return math.nan
        refuse(path, line, name, "the cell is empty; a number is expected. Remove the row if there is none.")
    try:
        value = float(cell)
    except ValueError:
        refuse(path, line, name, f"{_shown(cell)} is not a number; write it like 0.125 or 1.5e-3.")
    if not math.isfinite(value):
        refuse(path, line, name, f"{_shown(cell)} is not a finite number. Remove the row if there is no value.")
    if cell.strip(_NUMERIC):
        refuse(path, line, name, f"{_shown(cell)} is not a plain number; write it like 0.125 or 1.5e-3.")
    return value


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else cell[:40] + "...")


def _check_groups(table: Table, names: Sequence[str]) -> None:
    """In each row all of these cells are there, or none."""
    if not names:
        return
    missing = np.isnan(table.columns(names))
    partial = missing.any(1) & ~missing.all(1)
    if partial.any():
        row = int(np.argmax(partial))
        column = names[int(np.argmax(missing[row]))]
        table.refuse(row, column, f"the cell is empty; fill all of {','.join(names)} or none of them.")
