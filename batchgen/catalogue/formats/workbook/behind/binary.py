"""Looks behind the values of an .xls sheet: its number formats and errors.

Records: MS-XLS 2.4 (BIFF8), read 2026-11-23. Older kinds than Excel 97 are left alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from batchgen.catalogue.formats.workbook.behind.findings import Findings, Place, cell_error
from batchgen.catalogue.formats.workbook.behind.number_formats import (
    BUILT_IN,
    ShownFormat,
    shown_format,
)
from batchgen.catalogue.formats.workbook.behind.package import DamagedPart

_BOF, _EOF, _SHEET, _FORMAT, _XF = 0x0809, 0x000A, 0x0085, 0x041E, 0x00E0
_NUMBER, _RK, _MULTIPLE_RK, _FORMULA, _ERROR = 0x0203, 0x027E, 0x00BD, 0x0006, 0x0205
_TEXTS, _EXTENT = 0x00FC, 0x0200
#: Of a sheet of this kind.
_ROWS, _COLUMNS = 65_536, 256
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
#: A flag of texts: two bytes a character.
_WIDE = 0x01


def look_behind(stream: bytes, sheet: str) -> Findings:
    """Find what the values of a sheet of a `Workbook` stream do not say.

    Raises:
        DamagedPart: a record is cut short.
    """
    found = Findings()
    try:
        formats, start = _globals(stream, sheet)
        for kind, record in _records(stream, start) if start else ():
            _take(found, formats, kind, record)
    except (struct.error, IndexError) as error:
        message = f"Workbook: {error}"
        raise DamagedPart(message) from error
    return found


def refuse_excess(stream: bytes) -> None:
    """Refuse counts beyond reason: the fast reader asks for memory for as much as they say.

    Raises:
        DamagedPart: there is one.
    """
    at = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        record = stream[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == _TEXTS and struct.unpack_from("<I", record.ljust(8), 4)[0] > len(stream):
            message = "count of texts"
            raise DamagedPart(message)
        if kind == _EXTENT:
            top, bottom, left, right = struct.unpack_from("<IIHH", record.ljust(12))
            if not (top <= bottom <= _ROWS and left <= right <= _COLUMNS):
                message = "count of rows"
                raise DamagedPart(message)


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Give the records from the beginning of a part of the stream up to its end."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        if depth == 1:  # charts lie deeper
            yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _globals(stream: bytes, sheet: str) -> tuple[Mapping[int, ShownFormat], int]:
    """Give the formats by the number of a cell's style, and where the sheet begins."""
    codes = {int(number): code for number, code in BUILT_IN.items()}
    styles: list[int] = []
    start = 0
    for kind, record in _records(stream, 0):
        if kind == _FORMAT:
            number, length = struct.unpack_from("<HH", record)
            codes[number] = _text(record[4:], length)
        elif kind == _XF:
            styles.append(struct.unpack_from("<H", record, 2)[0])
        elif kind == _SHEET and _text(record[7:], record[6]) == sheet:
            (start,) = struct.unpack_from("<I", record)
    known = {number: shown_format(code) for number, code in codes.items()}
    shown = {at: known.get(number) for at, number in enumerate(styles)}
    return {at: each for at, each in shown.items() if each is not None}, start


def _text(record: bytes, length: int) -> str:
    if record[0] & _WIDE:
        return record[1 : 1 + 2 * length].decode("utf-16-le", "replace")
    return record[1 : 1 + length].decode("latin-1")


def _take(found: Findings, formats: Mapping[int, ShownFormat], kind: int, record: bytes) -> None:
    if kind in {_NUMBER, _RK, _FORMULA}:
        row, column, style = struct.unpack_from("<HHH", record)
        if style in formats:
            found.formats[Place(row, column)] = formats[style]
        if kind == _FORMULA and record[6] == 2 and record[12:14] == b"\xff\xff":
            _take_error(found, Place(row, column), record[8])
    elif kind == _MULTIPLE_RK:
        row, first = struct.unpack_from("<HH", record)
        for at in range((len(record) - 6) // 6):
            (style,) = struct.unpack_from("<H", record, 4 + 6 * at)
            if style in formats:
                found.formats[Place(row, first + at)] = formats[style]
    elif kind == _ERROR and record[7]:
        row, column = struct.unpack_from("<HH", record)
        _take_error(found, Place(row, column), record[6])


def _take_error(found: Findings, place: Place, code: int) -> None:
    found.troubles[place] = cell_error(place, _ERRORS.get(code, "?"))
