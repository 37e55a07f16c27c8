"""What every reader is given, and what it gives back: a source, and rows of text.

A reader yields `Record`s (cells by position, `tabulate` puts them under a header) or `Row`s (cells
by name), and a `Fault` in the place of a row that it cannot read. Knows no format and no column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from batchgen.errors import ManifestError
from batchgen.item import Fault
from batchgen.messages import Message, msg
from batchgen.spreadsheet import unguarded

#: Stripped from both ends of every cell: blanks, tabs, line ends, the no-break and the full-width
#: blank, and the byte order mark.
_BLANKS = " \t\r\n\u00a0\u3000\ufeff"
#: Byte order mark -> encoding; a UTF-8 one is an ordinary character that `text` takes off.
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class Mark(StrEnum):
    """What a reader knows of a cell that its text no longer shows."""

    #: A number of more digits than a workbook keeps.
    DIGITS_LOST = "digits-lost"
    #: A list; its entries are joined by newlines.
    LIST = "list"
    #: A mapping, or a list of more than plain values.
    NESTED = "nested"


@dataclass(frozen=True, slots=True)
class Source:
    """One manifest as it lies on disk."""

    #: As the job names it.
    file: str
    path: Path
    #: The file's bytes; empty for a folder.
    content: bytes = field(repr=False)
    #: `auto` or a Python name of an encoding.
    encoding: str = "auto"
    #: Sheet of a workbook; None for the first.
    sheet: str | None = None

    def text(self) -> str:
        """Decode the content.

        Raises:
            ManifestError: the bytes are not text in that encoding.
        """
        encoding = _encoding_of(self.content) if self.encoding == "auto" else self.encoding
        try:
            text = self.content.decode(encoding)
        except LookupError as error:
            raise self.error(
                msg("{encoding} is no encoding that is known here", encoding=encoding)
            ) from error
        except UnicodeError as error:
            raise self.error(_undecodable(encoding)) from error
        if "\0" in text:
            raise self.error(
                msg(
                    "it does not read as {encoding} text: name the encoding in"
                    " manifest.encoding or --encoding (utf-16-le?)",
                    encoding=encoding,
                )
            )
        return text.removeprefix("\ufeff")

    def error(self, problem: Message) -> ManifestError:
        """Make the error for a manifest that cannot be read as a whole."""
        return ManifestError(msg("{file}: {problem}", file=self.file, problem=problem))

    def fault(self, row: int, code: str, message: Message) -> Fault:
        """Make the fault of a row that cannot be read."""
        return Fault(self.file, row, None, code, message)

    def warning(self, code: str, message: Message) -> Fault:
        """Make a warning that concerns the whole file."""
        return Fault(self.file, None, None, code, message)


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a table that has a header, cells by position."""

    #: As a spreadsheet counts.
    number: int
    cells: Sequence[str]
    #: Position -> mark.
    marks: Mapping[int, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One row, cells by the header of the file; every text is stripped."""

    number: int
    cells: Mapping[str, str]
    marks: Mapping[str, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """Everything a reader found."""

    #: Headers in the order of the file.
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    #: One for each row that could not be read.
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()

    @classmethod
    def of(
        cls,
        columns: Iterable[str],
        entries: Iterable[Row | Fault],
        *,
        warnings: Iterable[Fault] = (),
    ) -> Table:
        """Sort what a reader yielded into rows and faults."""
        rows: list[Row] = []
        faults: list[Fault] = []
        for entry in entries:
            if isinstance(entry, Row):
                rows.append(entry)
            else:
                faults.append(entry)
        return cls(tuple(columns), tuple(rows), tuple(faults), tuple(warnings))


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
    header: tuple[str, ...] = ()
    entries: list[Row | Fault] = []
    for record in records:
        if isinstance(record, Fault):
            entries.append(record)
            continue
        cells = [unguarded(stripped(cell)) for cell in record.cells]
        if not any(cells):
            continue
        if header:
            entries.append(_row(source, header, record, cells))
        else:
            header = _header(source, cells)
    if not header:
        raise source.error(msg("it is empty: its first row must name the columns, one of them sku"))
    return Table.of(header, entries, warnings=warnings)


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
    width = _width(cells)
    if width > len(header) or len(cells) < len(header):
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
    named = [(at, name) for at, name in enumerate(header) if name]
    return Row(
        record.number,
        {name: cells[at] for at, name in named},
        {name: record.marks[at] for at, name in named if at in record.marks},
    )


def _width(cells: Sequence[str]) -> int:
    """Count the cells up to the last one that is not blank."""
    return max((at for at, cell in enumerate(cells, 1) if cell), default=0)


def _encoding_of(content: bytes) -> str:
    return next(
        (name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8"
    )


def _undecodable(encoding: str) -> Message:
    return msg(
        "it is not {encoding} text: name its encoding in manifest.encoding or with --encoding"
        " (gb18030 for Chinese Excel, cp1252 for western Windows)",
        encoding=encoding,
    )
