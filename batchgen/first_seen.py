"""Remembers where each of very many names was seen first, in some twenty bytes a name. Pure.

Names are kept by their 64-bit hash alone. Two different names of a million are taken for one with
a chance of three in a hundred million; what follows is a row that is refused without reason.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable

#: Places of a new table; a power of two, as every later size is.
_SMALLEST = 1024
#: It is made twice as large when more than 6 of 10 places are taken.
_FULL = 0.6
#: Stands for the hash that marks a free place.
_FREE, _NOT_FREE = 0, 1
_SIGN = 1 << 63


class FirstSeen:
    """Name -> number (from 0 to 4,294,967,295) that it was first given."""

    def __init__(self) -> None:
        self._size = 0
        self._lay(_SMALLEST)

    def __len__(self) -> int:
        return self._size

    def __contains__(self, name: Hashable) -> bool:
        mark = (hash(name) + _SIGN) or _NOT_FREE
        return self._marks[self._place(mark)] == mark

    def note(self, name: Hashable, number: int) -> int:
        """Give the number that came with the name the first time; this one if that is now."""
        mark = (hash(name) + _SIGN) or _NOT_FREE
        at = mark & self._cut
        found = self._marks[at]
        if found not in (_FREE, mark):
            at = self._place(mark)
            found = self._marks[at]
        if found == mark:
            return self._numbers[at]
        if self._size >= self._room:
            self._grow()
            at = self._place(mark)
        self._marks[at], self._numbers[at] = mark, number
        self._size += 1
        return number

    def _place(self, mark: int) -> int:
        """Find the place of a hash: its own, or the next free one."""
        marks, cut = self._marks, self._cut
        at = mark & cut
        while marks[at] not in (_FREE, mark):
            at = (at + 1) & cut
        return at

    def _lay(self, places: int) -> None:
        self._cut = places - 1
        self._room = int(places * _FULL)
        self._marks = array("Q", bytes(8 * places))
        self._numbers = array("I", bytes(4 * places))

    def _grow(self) -> None:
        marks, numbers = self._marks, self._numbers
        self._lay(2 * len(marks))
        for mark, number in zip(marks, numbers, strict=True):
            if mark != _FREE:
                at = self._place(mark)
                self._marks[at], self._numbers[at] = mark, number
