"""What every reader is given, and what it gives back: a source, and rows of text.

A reader yields `Record`s (cells by position, `tabulate` puts them under a header) or `Row`s (cells
by name), and a `Fault` in the place of a row that it cannot read. Knows no format and no column.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from batchgen.errors import ManifestError
from batchgen.item import Fault
from batchgen.messages import Message, msg
from batchgen.spreadsheet import unguarded

#: Stripped from both ends of every cell: blanks, tabs, line ends, the no-break and the full-width
#: blank, and the byte order mark.
_BLANKS = " \t\r\n\u00a0\u3000\ufeff"
#: Byte order mark -> encoding; a UTF-8 one is an ordinary character that `text` takes off.
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
#: Bytes of a file that is read as a whole; delimited text is read line by line.
WHOLE_BYTES_LIMIT = 500_000_000


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
    #: `auto` or a Python name of an encoding.
    encoding: str = "auto"
    #: Sheet of a workbook; None for the first.
    sheet: str | None = None

    def content(self) -> bytes:
        """Read the whole file.

        Raises:
            ManifestError: it cannot be read, or has more than `WHOLE_BYTES_LIMIT`.
        """
        try:
            if self.path.stat().st_size > WHOLE_BYTES_LIMIT:
                limit = WHOLE_BYTES_LIMIT // 1_000_000
                raise self.error(msg("it has more than {limit} MB", limit=limit))
            return self.path.read_bytes()
        except OSError as error:
            raise self.unreadable(error) from error

    def text(self) -> str:
        """Read and decode the whole file.

        Raises:
            ManifestError: it cannot be read, is too big, or is not text in its encoding.
        """
        content = self.content()
        with self._decoding() as encoding:
            text = content.decode(encoding)
        if "\0" in text:
            raise self._no_text(encoding)
        return text.removeprefix("\ufeff")

    def lines(self) -> Iterator[str]:
        """Read and decode line by line, line ends included, in memory of one line.

        Raises:
            ManifestError: the file cannot be read, or is not text in its encoding.
        """
        try:
            with (
                self._decoding() as encoding,
                self.path.open(encoding=encoding, newline="") as file,
            ):
                for number, line in enumerate(file):
                    if "\0" in line:
                        raise self._no_text(encoding)
                    yield line if number else line.removeprefix("\ufeff")
        except OSError as error:
            raise self.unreadable(error) from error

    def sha256(self) -> str:
        """Give the hash of the file's bytes.

        Raises:
            ManifestError: it cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise self.unreadable(error) from error

    @contextmanager
    def _decoding(self) -> Iterator[str]:
        """Give the encoding, and word what goes wrong with it while the block lasts."""
        encoding = self._guessed() if self.encoding == "auto" else self.encoding
        try:
            yield encoding
        except LookupError as error:
            raise self.error(
                msg("{encoding} is no encoding that is known here", encoding=encoding)
            ) from error
        except UnicodeError as error:
            raise self.error(_undecodable(encoding)) from error

    def _guessed(self) -> str:
        """Tell the encoding by the byte order mark; UTF-8 without one."""
        try:
            with self.path.open("rb") as file:
                beginning = file.read(2)
        except OSError as error:
            raise self.unreadable(error) from error
        return _BYTE_ORDER_MARKS.get(beginning, "utf-8")

    def unreadable(self, error: OSError) -> ManifestError:
        """Make the error for a file that cannot be read."""
        return self.error(
            msg("{path} cannot be read: {reason}", path=self.path, reason=error.strerror)
        )

    def _no_text(self, encoding: str) -> ManifestError:
        return self.error(
            msg(
                "it does not read as {encoding} text: name the encoding in"
                " manifest.encoding or --encoding (utf-16-le?)",
                encoding=encoding,
            )
        )

    def error(self, problem: Message) -> ManifestError:
        """Make the error for a manifest that cannot be read as a whole."""
        return ManifestError(msg("{file}: {problem}", file=self.file, problem=problem))

    def fault(self, row: int, code: str, message: Message) -> Fault:
        """Make the fault of a row that cannot be read."""
        return Fault(self.file, row, None, code, message)

    def warning(self, code: str, message: Message) -> Fault:
        """Make a warning that concerns the whole file."""
        return Fault(self.file, None, None, code, message)


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


@dataclass(frozen=True, slots=True)
class Table:
    """What a reader finds: the columns at once, the rows while they are asked for."""

    #: Headers in the order of the file.
    columns: tuple[str, ...]
    #: May be iterated over again, which may read the file again; a fault stands in the place of a
    #: row that could not be read. Raises ManifestError where the rest cannot be read.
    entries: Iterable[Row | Fault]
    warnings: tuple[Fault, ...] = ()


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


def _undecodable(encoding: str) -> Message:
    return msg(
        "it is not {encoding} text: name its encoding in manifest.encoding or with --encoding"
        " (gb18030 for Chinese Excel, cp1252 for western Windows)",
        encoding=encoding,
    )
