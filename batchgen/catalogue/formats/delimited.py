"""Reads tables of delimited text (csv, tsv, txt); the separator is told from the content.

Rows are counted as a spreadsheet counts them: one a record, however many lines its quoted texts
take. A row with broken quotes is a fault, and the rows after it are still read.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice

from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Record, Table, tabulate
from batchgen.item import Fault
from batchgen.messages import msg

_DELIMITERS = (",", ";", "\t", "|")
#: Records that are looked at to tell the separator, and lines that they may take.
_SAMPLE_ROWS = 50
_SAMPLE_LINES = 1000
#: Characters of one cell; descriptions in HTML pass the module's own limit of 131,072.
_CELL_LIMIT = 10_000_000


def read_delimited(source: Source) -> Table:
    """Read the table.

    Raises:
        ManifestError: wrong encoding, no header, or a column named twice.
    """
    csv.field_size_limit(_CELL_LIMIT)
    delimiter = _delimiter_of(list(islice(source.lines(), _SAMPLE_LINES)))
    return tabulate(source, _Records(source, delimiter))


@dataclass(frozen=True, slots=True)
class _Records:
    """The records of a file, read anew each time they are iterated over."""

    source: Source
    delimiter: str

    def __iter__(self) -> Iterator[Record | Fault]:
        reader = csv.reader(self.source.lines(), delimiter=self.delimiter, strict=True)
        for number in count(1):
            line = reader.line_num + 1
            try:
                yield Record(number, next(reader))
            except StopIteration:
                return
            except csv.Error as error:
                yield _broken(self.source, number, line, error)


def _broken(source: Source, number: int, line: int, error: csv.Error) -> Fault:
    if "unexpected end of data" in str(error):
        return source.fault(
            number,
            "quote-unclosed",
            msg(
                'a quote (") opens in this row, line {line} of the file, and never closes:'
                " everything after it was taken for one cell",
                line=line,
            ),
        )
    return source.fault(
        number,
        "row-broken",
        msg(
            "the row, line {line} of the file, cannot be read ({reason}): a quote inside a quoted"
            ' text is written twice ("")',
            line=line,
            reason=str(error),
        ),
    )


def _delimiter_of(lines: Sequence[str]) -> str:
    """Choose the separator that cuts the header into most cells and the rows into as many."""
    return max(_DELIMITERS, key=lambda delimiter: _fitness(lines, delimiter))


def _fitness(lines: Sequence[str], delimiter: str) -> float:
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        widths = [len(cells) for cells in islice(reader, _SAMPLE_ROWS) if any(cells)]
    except csv.Error:  # a cell above the limit: the reading itself will tell
        return 0.0
    if not widths or widths[0] == 1:
        return 0.0
    return widths[0] * sum(width == widths[0] for width in widths) / len(widths)
