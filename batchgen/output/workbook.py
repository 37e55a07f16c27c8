"""`results.xlsx`, row after row into the file: no sheet is in memory or in a temporary file.

XlsxWriter makes everything but the rows: a workbook with the header alone, made anew when their
number is known. The rows are put into its sheet as text and numbers; no formula, no link.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from batchgen.messages import Message, Say, msg
from batchgen.output.rows import COLUMNS
from batchgen.output.sheets import Record, printable

#: Rows of a sheet, the header included (Excel's limit).
SHEET_ROWS = 1_048_576
#: Characters of one cell (Excel's limit).
_CELL_LIMIT = 32_767
_WIDE = {"sku": 18, "prompt": 50, "error": 50}
_WIDE |= dict.fromkeys(("file", "poster", "images", "finished_file"), 34)
_USUAL_WIDTH = 14
_NUMBERS = frozenset({"take", "bytes", "width", "height", "attempts", "duration_s", "cost"})
#: Columns of numbers with a format, as Excel writes it.
_FORMATS = {"cost": "0.00"}

_SHEET = "xl/worksheets/sheet1.xml"
#: Half the time of the usual level, for a tenth more bytes.
_COMPRESSION = 3
#: What Excel takes for the code of a character.
_CODE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


@contextmanager
def workbook(file: BinaryIO, say: Say, sheet_rows: int = SHEET_ROWS) -> Iterator[ResultSheet]:
    """Write an `.xlsx` of one sheet; `say` words its last line where not all rows have a place."""
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_COMPRESSION) as archive:
        with archive.open(_entry(_SHEET), "w", force_zip64=True) as part:
            sheet = ResultSheet(part, sheet_rows)
            yield sheet
            sheet.end(say)
        for name, content in _parts(sheet.rows).items():
            if name != _SHEET:
                archive.writestr(_entry(name), content)


class ResultSheet:
    """The sheet `results`: a header, rows, and a last line where the rows are too many."""

    def __init__(self, part: IO[bytes], sheet_rows: int) -> None:
        head, _ = _around_rows(1)
        self._part = part
        self._part.write(head)
        self._columns = tuple(_columns(head.decode()))
        self._last = sheet_rows
        #: Rows so far, the header included.
        self.rows = 1
        #: The row that may have the last line, if no other comes.
        self._held: Record | None = None
        self._left_out = 0

    @property
    def shortage(self) -> Message | None:
        """Say how many rows the sheet has, if not all."""
        if not self._left_out:
            return None
        shown = self.rows - 1
        return msg(
            "results.xlsx has the first {shown} of {total} rows, a sheet takes no more:"
            " results.csv has them all",
            shown=shown,
            total=shown + self._left_out,
        )

    def add(self, record: Record) -> None:
        """Write the next row, or count it where there is no place."""
        if self.rows < self._last - 1:
            self._write(record)
        elif self._held is None and not self._left_out:
            self._held = record
        else:
            self._left_out += 1 if self._held is None else 2
            self._held = None

    def end(self, say: Say) -> None:
        """Fill the last line, and write what follows the rows."""
        if self._held is not None:
            self._write(self._held)
        if self.shortage is not None:
            y, line = self.rows + 1, _text(say(self.shortage))
            self._part.write(f'<row r="{y}"><c r="A{y}"{line}</c></row>'.encode())
        _, tail = _around_rows(self.rows)
        self._part.write(tail)

    def _write(self, record: Record) -> None:
        self.rows += 1
        cells = [
            f'<c r="{letter}{self.rows}"{_number(cell, style) if is_number else _text(cell)}</c>'
            for name, letter, style, is_number in self._columns
            if (cell := record[name]) is not None and cell != ""
        ]
        self._part.write(f'<row r="{self.rows}">{"".join(cells)}</row>'.encode())


def _number(cell: object, style: str) -> str:
    return f"{style}><v>{cell}</v>"


def _cut(text: str) -> str:
    """Cut a text to what a cell takes, which Excel counts in UTF-16."""
    if len(text) * 2 <= _CELL_LIMIT:
        return text
    return text.encode("utf-16-le")[: 2 * _CELL_LIMIT].decode("utf-16-le", "ignore")


def _text(cell: object) -> str:
    text = escape(_cut(printable(cell)))
    if "_x" in text:
        text = _CODE.sub("_x005F_", text)
    text = text.replace("\r", "_x000D_")
    return f' t="inlineStr"><is><t xml:space="preserve">{text}</t></is>'


def _columns(head: str) -> Iterator[tuple[str, str, str, bool]]:
    """Yield each column's name and letter, the style of its cells, and whether it has numbers."""
    styles = dict(re.findall(r'<col min="(\d+)" max="\1" [^>]*\bstyle="(\d+)"', head))
    for x, name in enumerate(COLUMNS):
        style = styles.get(str(x + 1))
        given = "" if style is None else f' s="{style}"'
        yield name, xl_col_to_name(x), given, name in _NUMBERS


def _around_rows(rows: int) -> tuple[bytes, bytes]:
    """Give what stands before and after the rows of a sheet of so many, the header included."""
    head, end, tail = _parts(rows)[_SHEET].partition(b"</sheetData>")
    return re.sub(rb"<dimension [^>]*>", b"", head), end + tail


def _parts(rows: int) -> dict[str, bytes]:
    """Make a workbook that has a header, and a filter over so many rows; give its files."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet("results")
        bold = book.add_format({"bold": True})
        for x, name in enumerate(COLUMNS):
            form = _FORMATS.get(name)
            style = None if form is None else book.add_format({"num_format": form})
            sheet.set_column(x, x, _WIDE.get(name, _USUAL_WIDTH), style)
            sheet.write_string(0, x, name, bold)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, rows - 1, len(COLUMNS) - 1)
    with ZipFile(target) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _entry(name: str) -> ZipInfo:
    """Name a file of the archive; its time is always the same."""
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    return entry
