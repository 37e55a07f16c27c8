"""What every reader gives back: rows of text.

A reader yields `Record`s (cells by position, `tabulate` puts them under a header) or `Row`s (cells
by name), a `Fault` in the place of a row that it cannot read, and what it `Skipped`. Knows no
format and no column's meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from batchgen.catalogue.headers import (
    SUSPECTS,
    Names,
    column_names,
    extent,
    header_at,
    is_separator,
    is_total,
)
from batchgen.catalogue.source import Source
from batchgen.item import Fault
from batchgen.messages import Message, msg
from batchgen.spreadsheet import unguarded

#: Stripped from both ends of every cell: blanks, tabs, line ends, the no-break and the full-width
#: blank, and the byte order mark.
_BLANKS = " \t\r\n\u00a0\u3000\ufeff"
#: Records that are looked at to find and name the columns.
SAMPLE_RECORDS = 200
#: Characters of a line that are shown.
_SHOWN = 60


class Mark(StrEnum):
    """What a reader knows of a cell that its text no longer shows."""

    #: A number of more digits than a workbook keeps.
    DIGITS_LOST = "digits-lost"
    #: A list; its entries are joined by newlines.
    LIST = "list"
    #: A mapping, or a list of more than plain values.
    NESTED = "nested"


#: Of what has none.
NO_MARKS: Mapping[Any, Mark] = MappingProxyType({})


class Record(NamedTuple):
    """One line of a table that has a header, cells by position."""

    #: As a spreadsheet counts.
    number: int
    cells: Sequence[str]
    #: Position -> mark.
    marks: Mapping[int, Mark] = NO_MARKS
    #: Line of the file in which it begins, the first being 1; None in a file without lines.
    line: int | None = None


class Row(NamedTuple):
    """One row, cells by the header of the file; every text is stripped."""

    number: int
    cells: Mapping[str, str]
    marks: Mapping[str, Mark] = NO_MARKS
    #: What was repaired in it.
    warnings: tuple[Fault, ...] = ()
    #: Names that the same product has besides its SKU: its group, the SKUs of its variants.
    others: tuple[str, ...] = ()


class Skipped(NamedTuple):
    """A line of the file of which nothing is made: a total, a separator, a title."""

    reason: Fault


#: What stands in a table, one after another: a fault in the place of a row that could not be read.
Entry = Row | Fault | Skipped


@dataclass(frozen=True, slots=True)
class Table:
    """What a reader finds: the columns at once, the rows while they are asked for."""

    #: Headers in the order of the file.
    columns: tuple[str, ...]
    #: May be iterated over again, which may read the file again. Raises ManifestError where the
    #: rest cannot be read.
    entries: Iterable[Entry]
    warnings: tuple[Fault, ...] = ()
    #: What was told of the file by looking at it: its encoding, its separator, its sheet.
    facts: tuple[Message, ...] = ()
    #: Pictures taken out of the file: the name that stands in its cells -> where each was kept.
    pictures: Mapping[str, Path] = field(default_factory=dict)


#: Reads one format.
Reader = Callable[[Source], Table]


def stripped(text: str) -> str:
    """Take blanks of all kinds off both ends."""
    return text.strip(_BLANKS)


def tabulate(
    source: Source,
    records: Iterable[Record | Fault | Skipped],
    warnings: Iterable[Fault] = (),
    header_row: int | None = None,
    facts: Iterable[Message] = (),
) -> Table:
    """Put records under their header: the one of that number, else the first below titles.

    Everything above a header that is named here or in the source is passed over silently.

    Raises:
        ManifestError: there is no header.
    """
    sample = list(islice(records, SAMPLE_RECORDS))
    named_row = header_row or source.header_row
    number = named_row or header_number(sample)
    by_number = {record.number: texts_of(record) for record in sample if isinstance(record, Record)}
    header = by_number.get(number or 0, ())
    if number is None or not any(header):
        raise source.error(msg("it is empty: its first row must name the columns, one of them sku"))
    below = (texts for at, texts in by_number.items() if at > number and any(texts))
    named = column_names(header, below)
    rows = _Rows(source, named.names, header, number, records, are_titles_told=named_row is None)
    told = (*warnings, *_name_warnings(source, number, named))
    return Table(named.names, rows, told, tuple(facts))


def header_number(sample: Sequence[Record | Fault | Skipped]) -> int | None:
    """Find the header among the first records: give its number; None where all are blank."""
    records = [record for record in sample if isinstance(record, Record)]
    place = header_at([texts_of(record) for record in records])
    return None if place is None else records[place].number


def title_skipped(source: Source, number: int, cells: Iterable[str]) -> Skipped:
    """Say that a line above the header is no row."""
    text = ", ".join(filter(None, cells))
    problem = msg('the line above the header was passed over: "{text}"', text=text[:_SHOWN])
    return Skipped(source.fault(number, "row-title", problem))


def _name_warnings(source: Source, number: int, named: Names) -> Iterator[Fault]:
    for name, header in named.repeated.items():
        problem = msg(
            "the header names {header} twice: the second is called {name} here",
            header=header,
            name=name,
        )
        yield Fault(source.file, number, name, "header-duplicate", problem)
    for name in named.nameless:
        problem = msg("the column has values and no name: it is called {name} here", name=name)
        yield Fault(source.file, number, name, "header-blank", problem)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows below a header, and the faults anywhere; blank rows are passed over."""

    source: Source
    names: tuple[str, ...]
    #: Its cells, to know it again where exports were joined.
    header: Sequence[str]
    number: int
    records: Iterable[Record | Fault | Skipped]
    are_titles_told: bool

    def __iter__(self) -> Iterator[Entry]:
        names, width = self.names, len(self.names)
        first, number = self.header[0], self.number
        for record in self.records:
            if not isinstance(record, Record):
                yield record
            elif any(cells := texts_of(record)):
                if record.number <= number:
                    yield from self._above(record, cells)
                elif len(cells) != width or cells[0] == first or cells[0][:2] in SUSPECTS:
                    yield self._entry(record, cells)
                elif record.marks:
                    yield self._row(record, cells)
                else:
                    yield Row(record.number, dict(zip(names, cells, strict=True)))

    def _above(self, record: Record, cells: Sequence[str]) -> Iterator[Skipped]:
        if record.number == self.number and cells != self.header:
            raise self.source.changed()  # rows under the old names would be mixed up
        if record.number < self.number and self.are_titles_told:
            yield title_skipped(self.source, record.number, cells)

    def _entry(self, record: Record, cells: list[str]) -> Entry:
        """Make what a line is that may be no row, or has another width than the header."""
        reason = self._reason_to_skip(cells)
        if reason is None:
            return self._row(record, cells)
        code, problem = reason
        shown = dict(zip(self.names, cells, strict=False))
        return Skipped(Fault(self.source.file, record.number, None, code, problem, cells=shown))

    def _reason_to_skip(self, cells: list[str]) -> tuple[str, Message] | None:
        if cells == self.header:
            return "header-repeated", msg("the header stands here again: it is no row")
        if is_separator(cells):
            return "row-separator", msg("the line only separates others: it is no row")
        if is_total(cells):
            return "row-total", msg("the line sums others up: it is no row")
        return None

    def _row(self, record: Record, cells: Sequence[str]) -> Row | Fault:
        names = self.names
        width = len(names)
        count = len(cells)
        if count != width and ((count := extent(cells)) > width or len(cells) < width):
            return width_fault(
                self.source, record.number, max(count, min(len(cells), width)), width
            )
        named = dict(zip(names, cells, strict=False))
        if not record.marks:
            return Row(record.number, named)
        marks = {name: record.marks[at] for at, name in enumerate(names) if at in record.marks}
        return Row(record.number, named, marks)


def width_fault(
    source: Source, number: int, count: int, width: int, line: int | None = None
) -> Fault:
    """Make the fault of a row with other cells than the header, at that line of the text."""
    place = msg(", line {line} of the file,", line=line) if line else ""
    return source.fault(
        number,
        "row-too-long" if count > width else "row-too-short",
        msg(
            "the row{place} has {count} cells, the header {expected}: put texts that hold the"
            " separator in quotes",
            place=place,
            count=count,
            expected=width,
        ),
    )


def texts_of(record: Record) -> list[str]:
    """Give the cells of a record, stripped, and without our own guard against formulas."""
    return [
        unguarded(text) if (text := cell.strip(_BLANKS))[:1] == "'" else text
        for cell in record.cells
    ]
