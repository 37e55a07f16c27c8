"""Finds rows that have the same name as an earlier one, over all files of a manifest. Pure.

A row's name is its SKU with `variant` and `take`. Keeps some twenty bytes a row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import NamedTuple

from batchgen.catalogue.table import Row
from batchgen.first_seen import FirstSeen
from batchgen.item import FIRST_NUMBER, numbered_sku


class Place(NamedTuple):
    """Where a row stands."""

    file: str
    row: int


class Duplicates:
    """The names of the rows so far."""

    def __init__(self) -> None:
        #: Name -> number of its first row: rows of later files follow those of earlier ones.
        self._seen = FirstSeen()
        #: Each file, and the number that its row 0 would have.
        self._files: list[str] = [""]
        self._starts: list[int] = [0]
        self._end = 0
        self._counts = Counter[str]()

    def first_of(self, file: str, row: Row) -> Place | None:
        """Give the row that had this row's name first; None: nobody had it, now it has."""
        number = self._number(file, row.number)
        first = self._seen.note(_name(row, row.cells["sku"]), number)
        if first == number:
            return None
        at = bisect_right(self._starts, first) - 1
        return Place(self._files[at], first - self._starts[at])

    def free_name(self, file: str, row: Row) -> str:
        """Give a SKU that nobody has: `MUG-2` for the second row called `MUG`, and so on."""
        sku = row.cells["sku"]
        number = self._number(file, row.number)
        while True:
            own = numbered_sku(sku, FIRST_NUMBER + self._counts[sku])
            self._counts[sku] += 1
            name = _name(row, own)
            if name not in self._seen:
                self._seen.note(name, number)
                return own

    def _number(self, file: str, row: int) -> int:
        if self._files[-1] != file:
            self._files.append(file)
            self._starts.append(self._end)
        number = self._starts[-1] + row
        if number >= self._end:
            self._end = number + 1
        return number


def _name(row: Row, sku: str) -> tuple[str, str, str]:
    return sku, row.cells.get("variant", ""), row.cells.get("take") or "1"
