"""What every reader gives back: rows of text.

A reader yields `Record`s (cells by position, `tabulate` puts them under a header) or `Row`s (cells
by name), a `Fault` in the place of a row that it cannot read, and what it `Skipped`. Knows no format and no column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from batchgen.catalogue.source import Source
from batchgen.item import Fault
from batchgen.messages import Message, msg
from batchgen.spreadsheet import unguarded

#: Stripped from both ends of every cell: blanks, tabs, line ends, the no-break and the full-width
#: blank, and the byte order mark.
_BLANKS = " \t\r\n\u00a0\u3000\ufeff"


class Mark(StrEnum):
    """What a reader knows of a cell that its text no longer shows."""

    #: A number of more digits than a workbook keeps.
    DIGITS_LOST = "digits-lost"
    #: A list; its entries are joined by newlines.
    LIST = "list"
    #: A mapping, or a list of more than plain values.
    NESTED = "nested"


_NO_MARKS: Mapping[Any, Mark] = MappingProxyType({})


class Record(NamedTuple):
    """One line of a table that has a header, cells by position."""

    #: As a spreadsheet counts.
    number: int
    cells: Sequence[str]
    #: Position -> mark.
    marks: Mapping[int, Mark] = _NO_MARKS


class Row(NamedTuple):
    """One row, cells by the header of the file; every text is stripped."""

    number: int
    cells: Mapping[str, str]
    marks: Mapping[str, Mark] = _NO_MARKS
    #: What was repaired in it.
    warnings: tuple[Fault, ...] = ()


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


#: Reads one format.
Reader = Callable[[Source], Table]


def stripped(text: str) -> str:
    """Take blanks of all kinds off both ends."""
    return text.strip(_BLANKS)


def tabulate(
    source: Source, records: Iterable[Record | Fault], warnings: Iterable[Fault] = ()
) -> Table:
    """Put records under their header, the first one that is not blank.

    Raises:
        ManifestError: there is no header, or it names a column twice.
    """
    texts = (_texts(record) for record in records if isinstance(record, Record))
    cells = next(filter(any, texts), None)
    if cells is None:
        raise source.error(msg("it is empty: its first row must name the columns, one of them sku"))
    header = _header(source, cells)
    return Table(header, _Rows(source, header, records), tuple(warnings))


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows below a header, and the faults anywhere; blank rows are passed over."""

    source: Source
    header: tuple[str, ...]
    records: Iterable[Record | Fault]

    def __iter__(self) -> Iterator[Row | Fault]:
        is_below = False
        for record in self.records:
            if isinstance(record, Fault):
                yield record
            elif any(cells := _texts(record)):
                if is_below:
                    yield _row(self.source, self.header, record, cells)
                is_below = True


def _texts(record: Record) -> list[str]:
    cells = [cell.strip(_BLANKS) for cell in record.cells]
    return [unguarded(cell) if cell[:1] == "'" else cell for cell in cells]


def _header(source: Source, cells: Sequence[str]) -> tuple[str, ...]:
    twice = [name for name, count in Counter(filter(None, cells)).items() if count > 1]
    if twice:
        raise source.error(
            msg("its header names {columns} twice: rename one", columns=", ".join(twice))
        )
    return tuple(cells[: _width(cells)])


def _row(
    source: Source, header: Sequence[str], record: Record, cells: Sequence[str]
) -> Row | Fault:
    width = len(header)
    if len(cells) != width and ((width := _width(cells)) > len(header) or len(cells) < len(header)):
        return source.fault(
            record.number,
            "row-too-long" if width > len(header) else "row-too-short",
            msg(
                "the row has {count} cells, the header {expected}: put texts that hold the"
                " separator in quotes",
                count=max(width, min(len(cells), len(header))),
                expected=len(header),
            ),
        )
    named = dict(zip(header, cells, strict=False))
    named.pop("", None)
    if not record.marks:
        return Row(record.number, named)
    marks = {name: record.marks[at] for at, name in enumerate(header) if at in record.marks}
    return Row(record.number, named, marks)


def _width(cells: Sequence[str]) -> int:
    """Count the cells up to the last one that is not blank."""
    return max((at for at, cell in enumerate(cells, 1) if cell), default=0)
