"""Refuses workbooks that would not fit into memory, before they are opened. Pure.

A workbook is a zip of XML. The reader unpacks a sheet whole and lays its cells out as a full
rectangle, so a small file can ask for any amount of memory in two ways: XML that packs very well,
and one cell far away from the others. Both are measured here in one pass over the packed parts.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from typing import IO

from batchgen.messages import Message, msg

#: Bytes of all parts unpacked.
UNPACKED_BYTES_LIMIT = 256 * 1024 * 1024
#: Times that parts may be larger unpacked, above `_SMALL_BYTES`; real ones are below 40.
_RATIO_LIMIT = 100
_SMALL_BYTES = 10_000_000
#: Positions of a sheet: some are free, further ones need a byte of XML each, up to a ceiling.
_FREE_POSITIONS = 1_000_000
_POSITIONS_LIMIT = 10_000_000

_CHUNK_BYTES = 1 << 20
#: Digits of a row's number that are looked at; real ones have seven at most.
_DIGITS = 12
#: What unpacking a damaged, locked or strangely packed part raises.
_PART_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
#: Longer tags than this do not count when they lie across two chunks.
_OVERLAP_BYTES = 512
#: Cells that hold something: with their place, and without one; then the place is their row's.
_CELL = re.compile(
    rb"<(?:\w+:)?c\s[^>]*?\br\s*=\s*[\"']([A-Za-z]{1,3})([0-9]+)[\"'][^>]*(?<!/)>(?!</)"
)
_UNPLACED = re.compile(rb"<(?:\w+:)?c(?:>|\s(?![^>]*\br\s*=))")
_ROW = re.compile(rb"<(?:\w+:)?row\s(?:[^>]*\s)?r\s*=\s*[\"']([0-9]+)[\"']")


def workbook_problem(content: bytes) -> Message | None:
    """Say why a workbook is too large to be read; None also for what is no zip at all."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None  # the reader says what it is instead
    try:
        return _problem(archive, len(content))
    except _PART_ERRORS as error:  # also a part that is larger than it says
        return msg("a part of the workbook is damaged ({reason})", reason=str(error))


def _problem(archive: zipfile.ZipFile, packed_bytes: int) -> Message | None:
    unpacked_bytes = sum(part.file_size for part in archive.infolist())
    is_bomb = unpacked_bytes > max(_SMALL_BYTES, packed_bytes * _RATIO_LIMIT)
    if unpacked_bytes > UNPACKED_BYTES_LIMIT or is_bomb:
        return msg(
            "the workbook holds {size} MB of data, too much to read: save it as .csv",
            size=unpacked_bytes // 1_000_000,
        )
    for part in archive.infolist():
        with archive.open(part) as content:
            positions, read_bytes = _extent(content)
        if positions > min(_FREE_POSITIONS + read_bytes, _POSITIONS_LIMIT):
            return msg(
                "a cell stands so far from the others that the sheet has {count} cells:"
                " delete it, or save the sheet as .csv",
                count=positions,
            )
    return None


def _extent(xml: IO[bytes]) -> tuple[int, int]:
    """Give how many positions a sheet's rectangle has, and how many bytes its XML."""
    column = cell_row = row = read_bytes = 0
    is_placed = True
    rest = b""
    while chunk := xml.read(_CHUNK_BYTES):
        read_bytes += len(chunk)
        text = rest + chunk
        for letters, digits in _CELL.findall(text):
            column = max(column, _column(letters))
            cell_row = max(cell_row, int(digits[:_DIGITS]))
        row = max(row, *(int(digits[:_DIGITS]) for digits in _ROW.findall(text)), 0)
        is_placed = is_placed and not _UNPLACED.search(text)
        rest = chunk[-_OVERLAP_BYTES:]
    return (cell_row if is_placed else max(cell_row, row)) * max(column, 1), read_bytes


def _column(letters: bytes) -> int:
    """Give the number of a column: `A` is 1, `AA` is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
