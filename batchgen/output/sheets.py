"""Tables that are written row after row: JSON lines for programs, CSV for spreadsheets.

No cell of a CSV can become a formula. Knows columns and cells, no clip and no folder.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from batchgen.spreadsheet import guarded

#: Lone surrogates and control characters, which XML and UTF-8 cannot hold; not tab and newline.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

#: One row: column -> JSON value, nothing being None.
Record = Mapping[str, Any]
#: Writes the next row.
Add = Callable[[Record], None]


@contextmanager
def json_lines(file: BinaryIO) -> Iterator[Add]:
    """Write one JSON object a line; a lone surrogate becomes its JSON escape: nothing is lost."""

    def add(record: Record) -> None:
        line = json.dumps(record, ensure_ascii=False)
        file.write(f"{line}\n".encode("utf-8", "backslashreplace"))

    yield add


@contextmanager
def csv_table(file: BinaryIO, columns: Sequence[str]) -> Iterator[Add]:
    """Write CSV as spreadsheets read it: byte-order mark, CRLF, no live cell, empty for nothing."""
    file.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(map(guarded, columns))

    def add(record: Record) -> None:
        cells = map(record.get, columns)
        rows.writerow(["" if cell is None else guarded(printable(cell)) for cell in cells])

    yield add
    text.detach()


def printable(cell: object) -> str:
    """Give a cell as text that XML and UTF-8 can hold."""
    text = str(cell)
    return text if text.isprintable() else _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
