"""Cuts lines into records, and keeps what broken quotes spoil as small as can be. Pure.

    lines ─► csv ─► a record on one line, of any width               (nearly all)
                 ├► one over several lines: were rows swallowed?    Broken "rows-swallowed"
                 └► broken quotes, or the wrong width: Broken, and on from the next line
                    that is a row by itself

A quote that opens and does not close takes the following rows into its cell, up to the next quote
anywhere. So of a broken record only the first line is given up for certain; the lines after it
are tried one by one, and what is no row by itself is counted as lost with it.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from batchgen.catalogue.table import NO_MARKS, Record
from batchgen.catalogue.text.dialects import strict_reader

#: Lines that one record may take; a quote that has not closed by then never will.
_LINES_LIMIT = 5000
#: Lines that are read at once: few after a broken record, more after good ones.
_SMALLEST_BATCH, _LARGEST_BATCH = 32, 1024

_LINE_END = re.compile(r"\r\n|\r|\n")
#: What stands before the first separator of a row: a SKU, no sentence.
_ID = re.compile(r"[A-Za-z0-9_.-]+")


class Broken(NamedTuple):
    """Lines from which no record can be made."""

    number: int
    line: int
    last_line: int
    #: `quote-unclosed`, `cell-too-long`, `row-broken`, `rows-swallowed`; None for a wrong width.
    code: str | None
    #: Cells that were read, where they could be.
    width: int = 0


@dataclass(slots=True)
class Widths:
    """How many cells a record may have."""

    #: Of every record below the header.
    usual: int
    #: Records may end early, as exporters write them that leave out blanks at the end.
    may_be_short: bool = False
    #: Number of the header's record; those above it may have any width.
    header: int = 1
    #: Cells that need it are in quotes: then a quote at the end of one without is a lost one's.
    are_quoted: bool = False

    def fit(self, count: int) -> bool:
        """Tell whether a record below the header has a right number of cells."""
        return count == self.usual or (self.may_be_short and count < self.usual)


@dataclass(slots=True)
class _Lines:
    """Lines that can be given back; counts them, and keeps those of the current record."""

    lines: Iterator[str]
    #: Number of the last line that was taken.
    at: int = 0
    taken: list[str] = field(default_factory=list)
    _returned: deque[str] = field(default_factory=deque)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _LINES_LIMIT:
            raise StopIteration
        line = self._returned.popleft() if self._returned else next(self.lines)
        self.taken.append(line)
        self.at += 1
        return line

    def batch(self, size: int) -> list[str]:
        """Look at the next lines; none at the end."""
        missing = size - len(self._returned)
        self._returned.extend(islice(self.lines, max(missing, 0)))
        return list(islice(self._returned, size))

    def skip(self, count: int) -> None:
        """Go on behind lines of a batch."""
        for _ in range(count):
            self._returned.popleft()
        self.at += count

    def give_back(self, keep: int) -> None:
        """Return the lines of the current record, but for the first `keep` of them."""
        self._returned.extendleft(reversed(self.taken[keep:]))
        self.at -= len(self.taken[keep:])
        del self.taken[keep:]


def read_records(
    lines: Iterable[str], separator: str, widths: Widths | None, first_line: int = 1
) -> Iterator[Record | Broken]:
    """Read records, numbered from 1 as a spreadsheet counts them; widths other than usual too.

    Without `widths` nothing is judged but the quotes.

    Records are read by the batch; the first that is broken, or not ended in it, by itself.
    """
    source = _Lines(iter(lines), first_line - 1)
    reading = _Reading(source, separator, widths)
    number = 0
    size = _SMALLEST_BATCH
    is_quoted = widths is not None and widths.are_quoted
    while batch := source.batch(size):
        used, before = 0, source.at
        reader = strict_reader(batch, separator)
        with suppress(csv.Error):
            for cells in reader:
                end = reader.line_num
                if end - used > 1 and not reading.is_sound(number + 1, cells):
                    break
                if is_quoted and has_stray_end(batch[used:end], cells):
                    break
                number += 1
                yield Record(number, cells, NO_MARKS, before + used + 1)
                used = end
        source.skip(used)
        size = min(size * 2, _LARGEST_BATCH)
        if used < len(batch):
            size = _SMALLEST_BATCH
            number += 1
            yield reading.record(number)


@dataclass(slots=True)
class _Reading:
    """Reads the records that are more than one line, or less than one."""

    source: _Lines
    separator: str
    widths: Widths | None

    def record(self, number: int) -> Record | Broken:
        """Read one record; there must be a line."""
        source = self.source
        source.taken.clear()
        line = source.at + 1
        try:
            cells = next(strict_reader(source, self.separator))
        except csv.Error as error:
            return self._broken(number, line, _code_of(error))
        if (
            self.widths is not None
            and self.widths.are_quoted
            and has_stray_end(source.taken, cells)
        ):
            return self._broken(number, line, "row-broken")
        if len(source.taken) == 1 or self.is_sound(number, cells):
            return Record(number, cells, line=line)
        if self.widths is not None and self.widths.fit(len(cells)):
            return Broken(number, line, source.at, "rows-swallowed")
        return self._broken(number, line, None, len(cells))

    def is_sound(self, number: int, cells: Sequence[str]) -> bool:
        """Tell whether a record of several lines has the right width, and no rows in its cells."""
        widths = self.widths
        if widths is None or number <= widths.header or not any(cells):
            return True
        return widths.fit(len(cells)) and not _has_swallowed(cells, self.separator, widths.usual)

    def _broken(self, number: int, line: int, code: str | None, count: int = 0) -> Broken:
        """Give up the first line, and every further one that is no row by itself."""
        self.source.give_back(1)
        while not self._is_row_next():
            self.source.give_back(1)
        return Broken(number, line, self.source.at, code, count)

    def _is_row_next(self) -> bool:
        """Tell whether a row begins on the next line, or nothing follows; reads it if not."""
        self.source.taken.clear()
        try:
            cells = next(strict_reader(self.source, self.separator))
        except StopIteration:
            return True
        except csv.Error:
            return False
        is_row = self._is_plain_row(cells)
        if is_row:
            self.source.give_back(0)
        return is_row

    def _is_plain_row(self, cells: Sequence[str]) -> bool:
        """Tell whether lines after a broken record are surely a row: no stray quote, no prose."""
        usual = self.widths.usual if self.widths else len(cells)
        text = "".join(self.source.taken)
        has_stray = any('"' in cell for cell in cells) and '""' not in text
        return len(cells) == usual and not has_stray and not _is_prose(cells)


def _code_of(error: csv.Error) -> str:
    """Tell what the csv module means; it has one class for all."""
    if "unexpected end of data" in str(error):
        return "quote-unclosed"
    return "cell-too-long" if "field limit" in str(error) else "row-broken"


def has_stray_end(lines: Sequence[str], cells: Sequence[str]) -> bool:
    """Tell a cell that ends with a quote and did not begin with one."""
    if not any('"' in line for line in lines):
        return False
    suspects = [cell for cell in cells if cell.endswith('"') and cell.count('"') % 2 == 1]
    if not suspects:
        return False
    text = "".join(lines)
    return any('"{}"'.format(cell.replace('"', '""')) not in text for cell in suspects)


def _has_swallowed(cells: Sequence[str], separator: str, width: int) -> bool:
    """Tell whether a cell of several lines holds a row of the table, or the end of one.

    A line inside is a row if it has as many cells as the table. The last line ends another row if
    it has as many cells as the column's place says: then this row would get the other's end.
    """
    for at, cell in enumerate(cells):
        if "\n" not in cell and "\r" not in cell:
            continue
        first, *inner, last = _LINE_END.split(cell)
        lines = inner if at else [first, *inner]
        if any(_is_row(line, separator, width) for line in lines):
            return True
        if (
            at
            and _is_row(last, separator, at + 1)
            and (at > 1 or _ID.fullmatch(last.partition(separator)[0]))
        ):
            return True
    return False


def _is_row(line: str, separator: str, width: int) -> bool:
    return line.count(separator) == width - 1 > 0 and not _is_prose(line.split(separator))


def _is_prose(cells: Sequence[str]) -> bool:
    """Tell a sentence with commas from cells: blanks follow its commas."""
    return any(cell.startswith(" ") for cell in cells[1:])
