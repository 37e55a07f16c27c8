"""The streams of an OLE file, which an .xls is. Pure.

Chains of sectors that run in a circle are refused here: the fast reader would follow them until
memory is gone. Layout: MS-CFB 2.2 to 2.6, read 2026-11-23.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator

from batchgen.catalogue.formats.workbook.behind.package import DamagedPart

#: How one begins: older workbooks, and locked ones of any age.
SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Sector numbers from here on are marks: the end of a chain, a free sector.
_MARKS = 0xFFFFFFFA
_ENTRY_BYTES = 128
_MINI_BYTES = 64
_SHIFTS = (9, 12)


class Compound:
    """An OLE file, its streams by name."""

    def __init__(self, content: bytes) -> None:
        """Read its tables.

        Raises:
            DamagedPart: they are damaged, or a chain of sectors never ends.
        """
        try:
            self._open(content)
        except (struct.error, ValueError, IndexError) as error:
            raise DamagedPart(str(error)) from error

    def _open(self, content: bytes) -> None:
        (shift,) = struct.unpack_from("<H", content, 30)
        if shift not in _SHIFTS:
            message = f"sectors of 2^{shift} bytes"
            raise DamagedPart(message)
        self._content = content
        self._sector_bytes = 1 << shift
        directory, self._mini_limit = struct.unpack_from("<I4xI", content, 48)
        (mini,) = struct.unpack_from("<I", content, 60)
        self._table = self._numbers(self._table_sectors())
        self._mini_table = self._numbers(self._chain(self._table, mini))
        entries = list(self._entries(self._joined(self._chain(self._table, directory))))
        self._mini_stream = (
            self._joined(self._chain(self._table, entries[0][1])) if entries else b""
        )
        self._streams = {name: (start, size) for name, start, size in entries[1:]}
        for start, size in self._streams.values():
            self._chain(self._mini_table if size < self._mini_limit else self._table, start)

    def stream(self, name: str) -> bytes:
        """Give the content of a stream; nothing when there is none."""
        start, size = self._streams.get(name, (_MARKS, 0))
        if size >= self._mini_limit:
            return self._joined(self._chain(self._table, start))[:size]
        parts = self._chain(self._mini_table, start)
        at = (number * _MINI_BYTES for number in parts)
        return b"".join(self._mini_stream[each : each + _MINI_BYTES] for each in at)[:size]

    def _table_sectors(self) -> list[int]:
        """List the sectors that hold the table of sectors."""
        numbers = list(struct.unpack_from("<109I", self._content, 76))
        (further,) = struct.unpack_from("<I", self._content, 68)
        most = len(self._content) // self._sector_bytes
        for _ in range(most + 1):
            if further >= _MARKS:
                return [number for number in numbers if number < _MARKS]
            *more, further = self._numbers([further])
            numbers += more
        return self._endless()

    def _chain(self, table: array[int], start: int) -> list[int]:
        numbers: list[int] = []
        while start < len(table):
            numbers.append(start)
            start = table[start]
            if len(numbers) > len(table):
                return self._endless()
        return numbers

    def _endless(self) -> list[int]:
        message = "a chain of sectors runs in a circle"
        raise DamagedPart(message)

    def _joined(self, numbers: list[int]) -> bytes:
        size = self._sector_bytes
        return b"".join(self._content[(at + 1) * size : (at + 2) * size] for at in numbers)

    def _numbers(self, sectors: list[int]) -> array[int]:
        content = self._joined(sectors)
        return array("I", struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4]))

    def _entries(self, directory: bytes) -> Iterator[tuple[str, int, int]]:
        """Give the name, the first sector and the bytes of each stream; the root comes first."""
        if len(directory) % _ENTRY_BYTES:
            message = "the directory is cut short"
            raise DamagedPart(message)
        for at in range(0, len(directory), _ENTRY_BYTES):
            entry = directory[at : at + _ENTRY_BYTES]
            name_bytes, kind = struct.unpack_from("<HB", entry, 64)
            start, size = struct.unpack_from("<II", entry, 116)
            name = entry[: max(name_bytes - 2, 0)].decode("utf-16-le", "replace")
            if kind:
                yield name, start, size
