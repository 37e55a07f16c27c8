"""Opens workbooks, chooses the sheet and says in plain words what cannot be read."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from batchgen.catalogue.formats.workbook.compound import SIGNATURE
from batchgen.catalogue.source import Source
from batchgen.item import Fault
from batchgen.messages import Message, msg

_LOCKED = "EncryptedPackage".encode("utf-16-le")
_PDF, _ZIP = b"%PDF", b"PK\x03\x04"
_BEGINNING_BYTES = 2048
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
#: A sheet of one column is a note to people, unless there is no other.
_FEWEST_COLUMNS = 2


@contextmanager
def open_workbook(source: Source, content: bytes) -> Iterator[CalamineWorkbook]:
    """Open a workbook of any kind, and word what goes wrong with it while the block lasts.

    Raises:
        ManifestError: it is locked, damaged or none.
    """
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            yield workbook
    except (CalamineError, OverflowError) as error:  # also a span of time that is too long
        is_locked = isinstance(error, PasswordError)
        problem = _locked() if is_locked else _unreadable(content, str(error))
        raise source.error(problem) from error
    except BaseException as error:
        # A reader written in Rust panics over some damaged files, with a class of its own that
        # cannot be imported and is no `Exception`.
        if type(error).__name__ != "PanicException":
            raise
        raise source.error(_unreadable(content, str(error))) from error


def refuse_locked(source: Source, content: bytes) -> None:
    """Refuse a locked .xlsx, which is an OLE file around it.

    Raises:
        ManifestError: it is one.
    """
    if _LOCKED in content:
        raise source.error(_locked())


def _locked() -> Message:
    return msg("the workbook has a password: open it, save it without one, and try again")


def _unreadable(content: bytes, reason: str) -> Message:
    kind = _kind(content[:_BEGINNING_BYTES])
    if kind is None:
        return msg("the workbook cannot be read ({reason}): save it again as .xlsx", reason=reason)
    return msg("the workbook cannot be read, because it is {kind}", kind=kind)


def _kind(beginning: bytes) -> Message | None:
    """Say what a file is that is no workbook; None when that is not known."""
    if not beginning:
        return msg("empty: export it again")
    if beginning.startswith(_PDF):
        return msg("a PDF document: export the table as .xlsx or .csv")
    if b"urn:schemas-microsoft-com:office:spreadsheet" in beginning:
        return msg("XML of Excel 2003: open it in Excel or WPS, and save it as .xlsx")
    if beginning.startswith((SIGNATURE, _ZIP)) or _BINARY.search(beginning):
        return None
    return msg("text: give its name the ending .csv")


def choose_sheet(source: Source, workbook: CalamineWorkbook) -> tuple[CalamineSheet, list[Fault]]:
    """Give the named sheet, else the first one shown that has a table; warn of a choice.

    Raises:
        ManifestError: there is no such sheet.
    """
    names = [sheet.name for sheet in workbook.sheets_metadata if _has_cells(sheet.typ)]
    if source.sheet is not None:
        name = _named(source, names)
        return workbook.get_sheet_by_name(name), []
    if not names:
        raise source.error(msg("the workbook has no sheet with cells: save the catalogue as one"))
    every = workbook.sheets_metadata
    hidden = {sheet.name for sheet in every if sheet.visible is not SheetVisibleEnum.Visible}
    sheet = _first_table(workbook, [name for name in names if name not in hidden] or names)
    if len(names) == 1:
        return sheet, []
    return sheet, [_chosen(source, sheet.name, names, [name for name in names if name in hidden])]


def _has_cells(kind: SheetTypeEnum) -> bool:
    return kind is SheetTypeEnum.WorkSheet


def _named(source: Source, names: list[str]) -> str:
    wanted = (source.sheet or "").strip().casefold()
    for name in names:
        if name.strip().casefold() == wanted:
            return name
    raise source.error(
        msg("it has no sheet {sheet}; it has {sheets}", sheet=source.sheet, sheets=", ".join(names))
    )


def _first_table(workbook: CalamineWorkbook, names: list[str]) -> CalamineSheet:
    narrow = None
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.width >= _FEWEST_COLUMNS:
            return sheet
        if narrow is None and sheet.width:
            narrow = sheet
    return narrow or workbook.get_sheet_by_name(names[0])


def _chosen(source: Source, name: str, names: list[str], hidden: list[str]) -> Fault:
    if hidden:
        message = msg(
            "it has the sheets {sheets} (hidden: {hidden}): {name} was read, name another in"
            " manifest.sheet",
            sheets=", ".join(names),
            hidden=", ".join(hidden),
            name=name,
        )
    else:
        message = msg(
            "it has the sheets {sheets}: {name} was read, name another in manifest.sheet",
            sheets=", ".join(names),
            name=name,
        )
    return source.warning("sheet-chosen", message)
