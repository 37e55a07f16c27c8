"""Tells how a delimited text is written: separator, `sep=` line, escaped quotes. Pure."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from batchgen.messages import Message, msg

#: Characters of one cell; descriptions in HTML pass the module's own limit of 131,072.
CELL_LIMIT = 10_000_000

_SEPARATORS = {",": msg("commas"), ";": msg("semicolons"), "\t": msg("tabs"), "|": msg("bars")}
_FULL_WIDTH_COMMA = "，"
#: Records that are looked at, and lines above a header.
_SAMPLE_ROWS = 50
_TITLES = 10
#: Excel obeys such a first line and does not show it (seen in public exports, 2026-11-23). One
#: that names nothing leaves the separator to be found.
_SEP_LINE = re.compile(r'"?sep=([^"\r\n\0])?"?[\r\n]*', re.IGNORECASE)
#: A quote with one backslash before it, as PHP's fputcsv and MySQL write it (php/doc-en issue
#: 2372, read 2026-11-23).
_ESCAPED_QUOTE = re.compile(r'(?<!\\)\\"')
#: Rows of one width that make a separator certain.
_FEWEST_ALIKE = 3


class Records(Protocol):
    """What `csv.reader` gives."""

    @property
    def line_num(self) -> int:
        """Lines that were taken so far."""

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """How records are written."""

    separator: str = ","
    #: The first line only names the separator.
    has_sep_line: bool = False
    #: Quotes inside quoted cells have a backslash before them.
    is_backslashed: bool = False
    #: Blanks stand outside of the quotes of cells, as in tables that are lined up in columns.
    is_padded: bool = False
    #: Some cells are in quotes.
    has_quotes: bool = False

    def lines(self, lines: Iterable[str]) -> Iterator[str]:
        """Give the lines of records, with quotes as `csv` wants them."""
        rest: Iterator[str] = islice(lines, int(self.has_sep_line), None)
        if self.is_padded:
            rest = _without_padding(rest, self.separator)
        return map(_with_doubled_quotes, rest) if self.is_backslashed else rest

    def facts(self) -> tuple[Message, ...]:
        """Say for people how cells and quotes are told."""
        sign = _SEPARATORS.get(self.separator, self.separator)
        facts = [msg("cells are separated by {sign}", sign=sign)]
        if self.has_sep_line:
            facts.append(msg("the first line only names the separator"))
        if self.is_backslashed:
            facts.append(msg('quotes inside of texts are written \\"'))
        if self.is_padded:
            facts.append(msg("blanks around texts in quotes are left out"))
        return tuple(facts)


def find_dialect(lines: Sequence[str]) -> Dialect:
    """Tell the dialect from the first lines of a file."""
    named = _SEP_LINE.fullmatch(lines[0]) if lines else None
    lines = lines[1:] if named else lines
    separator = (named[1] if named else None) or _separator(lines)
    is_padded = _is_padded(lines, separator)
    if is_padded:
        lines = list(_without_padding(lines, separator))
    has_quotes = any(line.startswith('"') or f'{separator}"' in line for line in lines)
    is_backslashed = _is_backslashed(lines, separator)
    return Dialect(separator, bool(named), is_backslashed, is_padded, has_quotes)


def strict_reader(lines: Iterable[str], separator: str) -> Records:
    """Read records; text after a closing quote, and a quote that never closes, raise csv.Error."""
    csv.field_size_limit(CELL_LIMIT)
    return csv.reader(lines, delimiter=separator, strict=True)


def _with_doubled_quotes(line: str) -> str:
    return _ESCAPED_QUOTE.sub('""', line) if '\\"' in line else line


def _padded(separator: str) -> re.Pattern[str]:
    """Match a cell in quotes that ends on its line, and the blanks before and behind it."""
    sign = re.escape(separator)
    return re.compile(rf'(?:^|(?<={sign})) *("(?:[^"]|"")*") *(?={sign}|[\r\n]|$)')


def _without_padding(lines: Iterable[str], separator: str) -> Iterator[str]:
    pattern = _padded(separator)
    return (pattern.sub(r"\1", line) if '"' in line else line for line in lines)


def _is_padded(lines: Sequence[str], separator: str) -> bool:
    """Tell quotes with blanks outside of them: only without those all records are whole.

    Vendure's own sample of products is lined up so (github.com/vendure-ecommerce/vendure,
    packages/core/mock-data, read 2026-11-23).
    """
    if not any(f"{separator} " in line and '"' in line for line in lines):
        return False
    return _is_even(_widths(_without_padding(lines, separator), separator)) and not _is_even(
        _widths(lines, separator)
    )


def _is_backslashed(lines: Sequence[str], separator: str) -> bool:
    """Tell an escaped quote from a backslash at the end: only so all records are whole."""
    if not any('\\"' in line for line in lines):
        return False
    escaped = _widths(map(_with_doubled_quotes, lines), separator)
    return _is_even(escaped) and not _is_even(_widths(lines, separator))


def _widths(lines: Iterable[str], separator: str) -> list[int] | None:
    reader = strict_reader(lines, separator)
    try:
        return [len(cells) for cells in islice(reader, _SAMPLE_ROWS) if any(cells)]
    except csv.Error:
        return None


def _is_even(widths: list[int] | None) -> bool:
    return widths is not None and len(widths) > 1 and len(set(widths)) == 1


def _separator(lines: Sequence[str]) -> str:
    """Choose what cuts the first line into most cells and the rows into as many.

    Titles may stand above the header: then it is the first line that reads as one. The full-width
    comma is one only where no other is, and every line has as many.
    """
    tables = {sign: _sample(lines, sign) for sign in _SEPARATORS}
    fitness = {sign: _fitness(table, 0) for sign, table in tables.items()}
    best = max(fitness, key=lambda sign: fitness[sign])
    if fitness[best] > 1:
        return best
    below = {sign: _fitness_below(table) for sign, table in tables.items()}
    best_below = max(below, key=lambda sign: below[sign])
    if below[best_below] > max(1.0, fitness[best]):
        return best_below
    widths = [len(cells) for cells in _sample(lines, _FULL_WIDTH_COMMA)]
    if not fitness[best] and _is_even(widths) and widths[0] > 1 and len(widths) >= _FEWEST_ALIKE:
        return _FULL_WIDTH_COMMA
    return best


def _sample(lines: Sequence[str], sign: str) -> list[list[str]]:
    csv.field_size_limit(CELL_LIMIT)
    reader = csv.reader(lines, delimiter=sign)
    try:
        return [cells for cells in islice(reader, _SAMPLE_ROWS) if any(map(str.strip, cells))]
    except csv.Error:  # a cell above the limit: the reading itself will tell
        return []


def _fitness(table: Sequence[Sequence[str]], at: int) -> float:
    """Give the cells of a header at this place, times the part of lines from it that fit it."""
    widths = [len(cells) for cells in table[at:]]
    if not widths or widths[0] == 1:
        return 0.0
    return widths[0] * sum(width == widths[0] for width in widths) / len(widths)


def _fitness_below(table: Sequence[Sequence[str]]) -> float:
    """Give the best fitness of a header that stands below titles."""
    counts = Counter(len(cells) for cells in table)
    places = range(1, min(_TITLES, len(table)))
    return max(
        (
            _fitness(table, at)
            for at in places
            if counts[len(table[at])] * 2 > len(table) and all(map(_is_name, table[at]))
        ),
        default=0.0,
    )


def _is_name(cell: str) -> bool:
    return "://" not in cell and not cell.strip().replace(".", "").isdigit()
