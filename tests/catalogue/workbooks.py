"""Makes workbooks for tests: as spreadsheet programs write them, and changed part by part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt
from PIL import Image

from batchgen.catalogue.formats.workbook import read_workbook
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Row, Table
from batchgen.item import Fault


def xlsx(write: Callable[[Any, Any], None], **options: Any) -> bytes:
    """Write a workbook of one sheet; `write` gets the workbook and the sheet."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, options) as book:
        write(book, book.add_worksheet("One"))
    return file.getvalue()


def xls(*columns: Sequence[object], code: str = "General") -> bytes:
    """Write columns of an .xls, numbers with a format."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("One")
    style = xlwt.easyxf(num_format_str=code)
    for column, values in enumerate(columns):
        for at, value in enumerate(values):
            sheet.write(at, column, value, style)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """Pack parts into a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    """Unpack a zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def picture(kind: str = "PNG", color: str = "steelblue") -> bytes:
    """Draw a picture."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), color).save(file, kind)
    return file.getvalue()


def read_table(
    folder: Path, content: bytes, name: str = "c.xlsx", sheet: str | None = None
) -> Table:
    """Write a workbook and read it."""
    path = folder / name
    path.write_bytes(content)
    return read_workbook(Source(name, path, sheet=sheet))


def cells(table: Table) -> list[tuple[str, ...]]:
    """List the cells of the rows that could be read."""
    return [tuple(row.cells.values()) for row in table.entries if isinstance(row, Row)]


def faults(table: Table) -> list[tuple[int | None, str | None, str]]:
    """List the rows that could not be read, as (row, column, code)."""
    return [(one.row, one.column, one.code) for one in table.entries if isinstance(one, Fault)]


def codes(table: Table) -> list[str]:
    """List the codes of the warnings."""
    return [warning.code for warning in table.warnings]
