"""Refuses workbooks that would not fit into memory, before they are opened. Pure.

A workbook is a zip of XML. The reader unpacks a sheet whole and lays its cells out as a full
rectangle, so a small file can ask for any amount of memory in two ways: XML that packs very well,
and one cell far away from the others. Both are measured here in one pass over the packed parts.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import IO

from batchgen.catalogue.formats.workbook.behind.findings import column_number
from batchgen.catalogue.formats.workbook.behind.package import PART_ERRORS, DamagedPart, damage
from batchgen.messages import Message, msg

#: Bytes of all parts unpacked, save pictures: those are taken out one by one.
_UNPACKED_BYTES_LIMIT = 256 * 1024 * 1024
#: Times that parts may be larger unpacked, above `_SMALL_BYTES`; real ones are below 40.
_RATIO_LIMIT = 100
_SMALL_BYTES = 10_000_000
#: Positions of a sheet: some are free, further ones need a byte of XML each, up to a ceiling.
_FREE_POSITIONS = 1_000_000
_POSITIONS_LIMIT = 10_000_000

_CHUNK_BYTES = 1 << 20
#: Digits of a row's number that are looked at; real ones have seven at most.
_DIGITS = 12
_PICTURES = re.compile(r"(?:^|/)(?:media|Pictures)/")
#: What XML begins with; pictures and the sheets of .xlsb have no cells to be counted.
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<|\xff\xfe|\xfe\xff")
#: A tag that says to have more entries than there can be: memory for all would be asked for.
_BOAST = re.compile(rb"ount\s*=\s*[\"'][0-9]{8,}")
#: Longer tags than this do not count when they lie across two chunks.
_OVERLAP_BYTES = 512
#: Cells that hold something: with their place, and without one; then the place is their row's.
_CELL = re.compile(rb"[<:]c\s[^>]*?\br\s*=\s*[\"']([A-Za-z]{1,3})([0-9]+)[\"'][^>]*(?<!/)>(?!</)")
_UNPLACED = re.compile(rb"[<:]c(?:>|\s(?![^>]*\br\s*=))")
_ROW = re.compile(rb"[<:]row\s(?:[^>]*\s)?r\s*=\s*[\"']([0-9]+)[\"']")


def workbook_problem(content: bytes) -> Message | None:
    """Say why a workbook is too large to be read; None also for what is no zip at all."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None  # the reader says what it is instead
    try:
        return _problem(archive, len(content))
    except (*PART_ERRORS, DamagedPart) as error:  # also a part that is larger than it says
        return damage(error)


def _problem(archive: zipfile.ZipFile, packed_bytes: int) -> Message | None:
    unpacked_bytes = sum(part.file_size for part in archive.infolist())
    is_bomb = unpacked_bytes > max(_SMALL_BYTES, packed_bytes * _RATIO_LIMIT)
    picture_bytes = sum(
        part.file_size for part in archive.infolist() if _PICTURES.search(part.filename)
    )
    if unpacked_bytes - picture_bytes > _UNPACKED_BYTES_LIMIT or is_bomb:
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
        if not read_bytes and not _XML.match(chunk):
            break
        read_bytes += len(chunk)
        text = rest + chunk
        _refuse_boasts(text)
        if cells := _CELL.findall(text):
            letters = {name.decode() for name, _ in cells}
            column = max(column, *map(column_number, letters))
            numbers = {digits for _, digits in cells}
            cell_row = max(cell_row, *(int(digits[:_DIGITS]) for digits in numbers))
        row = max(row, *(int(digits[:_DIGITS]) for digits in _ROW.findall(text)), 0)
        is_placed = is_placed and not _UNPLACED.search(text)
        rest = chunk[-_OVERLAP_BYTES:]
    return (cell_row if is_placed else max(cell_row, row)) * max(column, 1), read_bytes


def _refuse_boasts(xml: bytes) -> None:
    for match in _BOAST.finditer(xml):
        start = match.start()
        if xml.rfind(b"<", 0, start) > xml.rfind(b">", 0, start):  # it is no text
            message = match[0].decode()
            raise DamagedPart(message)
