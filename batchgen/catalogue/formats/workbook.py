"""Reads a sheet of an Excel workbook; every cell becomes the text that a person would copy.

Formulas give their stored value. Numbers carry no leading zeros and at most 15 digits there: what
was lost before the file was saved is marked, not repaired.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook

from batchgen.catalogue.formats.workbook_limits import workbook_problem
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Mark, Record, Table, tabulate
from batchgen.errors import ManifestError
from batchgen.item import Fault
from batchgen.messages import msg

_Cell = int | float | str | bool | time | date | datetime | timedelta

#: Excel keeps 15 significant digits of a number.
_DIGITS = 15


def read_workbook(source: Source) -> Table:
    """Read the named sheet, else the first.

    Raises:
        ManifestError: no workbook, one too large to read, no such sheet, no header, or a column
            named twice.
    """
    content = source.content()
    problem = workbook_problem(content)
    if problem is not None:
        raise source.error(problem)
    workbook = _open(source, content)
    sheets = workbook.sheet_names
    name = source.sheet or sheets[0]
    if name not in sheets:
        raise source.error(
            msg("it has no sheet {sheet}; it has {sheets}", sheet=name, sheets=", ".join(sheets))
        )
    try:
        lines = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except CalamineError as error:
        raise _unreadable(source, error) from error
    is_guess = source.sheet is None and len(sheets) > 1
    return tabulate(
        source, list(_records(lines)), [_first_taken(source, sheets)] if is_guess else []
    )


def _open(source: Source, content: bytes) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except CalamineError as error:
        raise _unreadable(source, error) from error


def _unreadable(source: Source, error: CalamineError) -> ManifestError:
    return source.error(
        msg("the workbook cannot be read ({reason}): save it again as .xlsx", reason=str(error))
    )


def _first_taken(source: Source, sheets: Sequence[str]) -> Fault:
    return source.warning(
        "sheet-chosen",
        msg(
            "it has the sheets {sheets}: the first was read, name another in manifest.sheet",
            sheets=", ".join(sheets),
        ),
    )


def _records(lines: list[list[_Cell]]) -> Iterator[Record]:
    for number, cells in enumerate(lines, 1):
        marks = {at: Mark.DIGITS_LOST for at, cell in enumerate(cells) if _is_too_long(cell)}
        yield Record(number, [_text(cell) for cell in cells], marks)


def _is_too_long(cell: _Cell) -> bool:
    return isinstance(cell, int | float) and abs(cell) >= 10**_DIGITS


def _text(cell: _Cell) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)
