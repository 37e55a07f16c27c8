"""Reads tables of delimited text (csv, tsv, txt), however it is encoded, separated and quoted.

    the first lines ─► dialect, header, widths ─► text.records, over the whole file ─► tabulate

Rows are counted as a spreadsheet counts them: one a record, however many lines its quoted texts
take. A row that is broken or has another width is a fault, and the rows after it are still read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from batchgen.catalogue.formats.html_table import is_html, read_html_table
from batchgen.catalogue.headers import Habit, habit_of, has_stray_quote, is_separator, is_total
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import (
    SAMPLE_RECORDS,
    Record,
    Skipped,
    Table,
    header_number,
    tabulate,
    texts_of,
    title_skipped,
    width_fault,
)
from batchgen.catalogue.text.dialects import CELL_LIMIT, Dialect, find_dialect
from batchgen.catalogue.text.encodings import REPLACEMENT
from batchgen.catalogue.text.magic import other_text_kind
from batchgen.catalogue.text.records import Broken, Widths, read_records
from batchgen.errors import ManifestError
from batchgen.item import Fault
from batchgen.messages import Message, msg

#: Lines that are looked at to tell how the table is written.
_SAMPLE_LINES = 1000
#: Characters that tell a text of another kind.
_BEGINNING = 4000


def read_delimited(source: Source) -> Table:
    """Read the table.

    Raises:
        ManifestError: no text, not in its encoding, or without a header.
    """
    facts, warnings = source.notes()
    lines = list(islice(source.lines(), _SAMPLE_LINES))
    beginning = "".join(lines[:10])[:_BEGINNING]
    if is_html(beginning.encode()):
        return read_html_table(source)
    kind = other_text_kind(beginning)
    if kind is not None:
        raise source.error(kind)
    dialect = find_dialect(lines)
    sample = _sample(lines, dialect)
    number = source.header_row or header_number(sample) or 1
    habit = _habit(sample, number)
    if habit.contradiction is not None:
        raise _contradicted(source, habit.usual, *habit.contradiction)
    records = _Records(source, dialect, habit, number)
    return tabulate(
        source,
        records,
        (*warnings, *_habit_warnings(source, number, habit)),
        number,
        (*facts, *dialect.facts()),
    )


def _sample(lines: Sequence[str], dialect: Dialect) -> list[Record]:
    """Give the first whole records; the last of them may have been cut where the lines end."""
    found = read_records(dialect.lines(lines), dialect.separator, None)
    whole = (record for record in found if isinstance(record, Record))
    records = list(islice(whole, SAMPLE_RECORDS))
    return records[:-1] if len(lines) == _SAMPLE_LINES and len(records) > 1 else records


def _habit(sample: Sequence[Record], number: int) -> Habit:
    tables = {record.number: texts_of(record) for record in sample}
    below = [cells for at, cells in tables.items() if at > number and any(cells)]
    rows = [cells for cells in below if not (is_separator(cells) or is_total(cells))]
    return habit_of(tables.get(number, ()), rows)


def _contradicted(
    source: Source, expected: int, alike: int, rows: int, count: int
) -> ManifestError:
    return source.error(
        msg(
            "{alike} of its first {rows} rows have {count} cells, and the header has {expected}:"
            " name every column, and put texts that hold the separator in quotes",
            alike=alike,
            rows=rows,
            count=count,
            expected=expected,
        )
    )


def _habit_warnings(source: Source, number: int, habit: Habit) -> Iterator[Fault]:
    if habit.has_trailing:
        problem = msg("every row ends with separators that the header has not: they were ignored")
        yield Fault(source.file, number, None, "rows-trailing-separator", problem)
    if habit.may_be_short:
        problem = msg("rows end at their last text: the cells that are left out were read as blank")
        yield Fault(source.file, number, None, "rows-end-early", problem)


@dataclass(frozen=True, slots=True)
class _Records:
    """The records of a file, read anew each time they are iterated over."""

    source: Source
    dialect: Dialect
    habit: Habit
    #: Number of the header's record.
    header: int

    def __iter__(self) -> Iterator[Record | Fault | Skipped]:
        found = self._found()
        return self._without_undecodable(found) if self.source.decoding.is_damaged else found

    def _found(self) -> Iterator[Record | Fault | Skipped]:
        usual, header = self.habit.usual, self.header
        widths = Widths(usual, self.habit.may_be_short, header, self.dialect.has_quotes)
        lines = self.dialect.lines(self.source.lines())
        first_line = 2 if self.dialect.has_sep_line else 1
        is_shaky = False
        for record in read_records(lines, self.dialect.separator, widths, first_line):
            if isinstance(record, Broken):
                yield self._fault(record)
            elif len(record.cells) == usual and record.number > header:
                if is_shaky and has_stray_quote(record.cells):
                    yield self._piece(record)
                    continue
                is_shaky = False
                yield record
            elif record.number <= header:
                yield self._above(record)
            else:
                entry = self._of_other_width(record)
                is_shaky = is_shaky or isinstance(entry, Fault)
                yield entry

    def _piece(self, record: Record) -> Fault:
        problem = msg(
            "line {line} of the file: it follows a row with too few or too many cells and ends a"
            ' quoted text that opened nowhere: mend the quotes (") of both',
            line=record.line,
        )
        return self.source.fault(record.number, "row-broken", problem)

    def _above(self, record: Record) -> Record | Skipped:
        """Say what stands above the header, unless a vendor's layout has it there."""
        is_title = record.number < self.header and self.source.header_row is None
        if is_title and any(cells := texts_of(record)):
            return title_skipped(self.source, record.number, cells)
        return record

    def _of_other_width(self, record: Record) -> Record | Fault:
        usual = self.habit.usual
        count = len(record.cells)
        cells = texts_of(record)
        if not any(cells) or is_separator(cells) or is_total(cells):
            return record
        if self.habit.may_be_short and count < usual and not has_stray_quote(cells):
            return Record(record.number, [*record.cells, *[""] * (usual - count)])
        return width_fault(self.source, record.number, count, usual, record.line)

    def _fault(self, broken: Broken) -> Fault:
        if broken.code is None:
            width = self.habit.usual
            fault = width_fault(self.source, broken.number, broken.width, width, broken.line)
        else:
            problem = _PROBLEMS[broken.code]
            fault = self.source.fault(broken.number, broken.code, problem)
        lines = msg("lines {first} to {last}", first=broken.line, last=broken.last_line)
        line = msg("line {line}", line=broken.line)
        place = line if broken.last_line == broken.line else lines
        message = msg("{place} of the file: {problem}", place=place, problem=fault.message)
        return self.source.fault(broken.number, fault.code, message)

    def _without_undecodable(
        self, records: Iterable[Record | Fault | Skipped]
    ) -> Iterator[Record | Fault | Skipped]:
        """Put a fault in the place of each row with bytes that are no text."""
        for record in records:
            if isinstance(record, Record) and any(REPLACEMENT in cell for cell in record.cells):
                yield self._undecodable(record)
            else:
                yield record

    def _undecodable(self, record: Record) -> Fault:
        problem = msg(
            "line {line} of the file: the row has bytes that are no {codec} text: write its texts"
            " anew, or name the encoding in manifest.encoding",
            line=record.line,
            codec=self.source.codec,
        )
        return self.source.fault(record.number, "row-undecodable", problem)


_PROBLEMS: dict[str, Message] = {
    "quote-unclosed": msg(
        'a quote (") opens in this row and never closes: close it, or take it away'
    ),
    "cell-too-long": msg(
        "a cell of the row has more than {limit} characters, far more than a product's text: take"
        ' it out, or mend the quotes (") around it',
        limit=CELL_LIMIT,
    ),
    "row-broken": msg(
        'the quotes of the row are broken: a quote inside a quoted text is written twice ("")'
    ),
    "rows-swallowed": msg(
        'a quoted text of the row holds whole other rows: a quote (") is missing in one of these'
        " lines, or too many"
    ),
}
