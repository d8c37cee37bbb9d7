"""Tables in text files: comma, semicolon, tab or blanks between the columns, decimal point or comma, with or without
header.

Nothing is held but one line at a time.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from .errors import InvalidArgument
from .files import number, one_line

_MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "nil", "?", "-", "--", "."})
_LOOKED_AT = 50
_LONGEST_LINE = 2**24


@dataclass(frozen=True)
class TextTable:
    """The layout of a table: how its lines are read.

    Attributes
    ----------
    argument, file : what messages name.
    delimiter : ",", ";", a tab, or "" where blanks divide.
    header : names of the columns; None where the first line holds numbers.
    columns : their number.
    decimal_comma : whether 1,5 is one and a half.
    """

    argument: str
    file: Path
    delimiter: str
    header: tuple[str, ...] | None
    columns: int
    decimal_comma: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns; their numbers, from 1, where there is no header."""
        return self.header or tuple(str(k + 1) for k in range(self.columns))

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Number of the line and its cells, one for each column."""
        for k, (line, cells) in enumerate(_cells(self.argument, self.file, self.delimiter)):
            if k == 0 and self.header is not None:
                continue
            if len(cells) != self.columns:
                row = k + (self.header is None)
                text = f"a table with {self.columns} entries in every row; row {row}, line {line}, has {len(cells)}"
                raise InvalidArgument(self.argument, str(self.file), text)
            yield line, cells

    def number(self, text: str) -> float:
        """The number in a cell.

        Raises
        ------
        ValueError : it holds something else.
        """
        return number(text.replace(",", ".") if self.decimal_comma else text)


def missing(text: str) -> bool:
    """Whether a cell says that nothing was measured: empty, NA, nan, null, ? and the like."""
    return text.strip().lower() in _MISSING


def open_table(argument: str, path: str | Path, *, header: bool | None = None) -> TextTable:
    """Find out how a table is written.

    Parameters
    ----------
    argument : its name in messages.
    path : of the file.
    header : whether the first line holds the names; by default it does where no cell of it is a number, or where one
        is none and the cell below is.

    Raises
    ------
    InvalidArgument : a file that is not text, has no line, or has names that are not distinct.
    """
    file = Path(path)
    delimiter = _delimiter(argument, file)
    first = list(islice(_cells(argument, file, delimiter), _LOOKED_AT))
    if not first:
        raise InvalidArgument(argument, str(path), "not empty")
    rows = [cells for _, cells in first]
    below = [cell for cells in rows[1:] for cell in cells]
    # With commas between the columns there is none left for a number.
    commas = delimiter != "," and any(_with_comma(cell) for cell in below or rows[0])
    if commas and any("." in cell and _is_number(cell) for cell in below or rows[0]):
        text = "a table with one decimal mark; it has commas and points"
        raise InvalidArgument(argument, str(path), text)
    table = TextTable(argument, file, delimiter, None, len(rows[0]), commas)
    if header is None:
        header = _named(rows, lambda cell: _is_number(cell) or (commas and _with_comma(cell)))
    if not header:
        return table
    names = tuple(rows[0])
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidArgument(
            argument, str(path), f"a table with a header of distinct names; {twice!r} is twice"
        )
    return TextTable(argument, file, delimiter, names, len(names), commas)


def _named(rows: list[list[str]], numeric: Callable[[str], bool]) -> bool:
    """Whether the first of some rows holds names."""
    top = [numeric(cell) for cell in rows[0]]
    if not any(top):
        return not all(missing(cell) for cell in rows[0])
    if len(rows) < 2:
        return False
    if all(top):
        # Frames whose columns have no names write 0, 1, 2, ... above them.
        count = len(top)
        counted = count > 2 and rows[0] == [str(k) for k in range(count)]
        return counted and rows[1] != [str(k + count) for k in range(count)]
    return any(not a and numeric(cell) for a, cell in zip(top, rows[1], strict=False))


def _is_number(text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return False
    return True


def _with_comma(text: str) -> bool:
    return text.count(",") == 1 and _is_number(text.replace(",", ".")) and not text.startswith(",")


def _delimiter(argument: str, file: Path) -> str:
    """The mark that divides every one of the first lines into as many cells, more than one."""
    lines = [text for _, text in islice(_lines(argument, file), _LOOKED_AT)]
    counts = {
        mark: [len(cells) for _, cells in _split(argument, file, mark, enumerate(lines))] for mark in "\t;,"
    }
    for found in (counts, {mark: count[:1] for mark, count in counts.items()}):
        for mark, count in found.items():
            if count and min(count) > 1 and min(count) == max(count):
                return mark
    words = [line.split() for line in lines]
    below = [cell for row in words[1:] for cell in row]
    same = bool(words) and len({len(row) for row in words}) == 1 and len(words[0]) > 1
    return "" if same and all(_is_number(cell) for cell in below or words[0]) else ","


def _cells(argument: str, file: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    return _split(argument, file, delimiter, _lines(argument, file))


def _split(
    argument: str, file: Path, delimiter: str, lines: Iterator[tuple[int, str]]
) -> Iterator[tuple[int, list[str]]]:
    if not delimiter:
        yield from ((line, text.split()) for line, text in lines)
        return
    place = 0

    def feed() -> Iterator[str]:
        nonlocal place
        for place, text in lines:  # noqa: B007 (read by the loop below, when the row is complete)
            yield text

    try:
        for cells in csv.reader(feed(), delimiter=delimiter, skipinitialspace=True):
            yield place, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise InvalidArgument(argument, str(file), f"a table ({one_line(error)}, line {place})") from None


def _lines(argument: str, file: Path) -> Iterator[tuple[int, str]]:
    """The lines that hold something, with their numbers; those that begin with # above the table are remarks."""
    begun, k = False, 0
    try:
        with file.open(encoding="utf-8-sig") as stream:
            while text := stream.readline(_LONGEST_LINE):
                k += 1
                if len(text) == _LONGEST_LINE:
                    raise InvalidArgument(argument, str(file), f"a table; line {k} has no end")
                begun = begun or not text.startswith("#")
                if begun and text.strip():
                    yield k, text
    except (UnicodeDecodeError, OSError) as error:
        text = f"a text file in UTF-8 ({one_line(error)})"
        raise InvalidArgument(argument, str(file), text) from None
