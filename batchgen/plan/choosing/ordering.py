"""In what order rows become clips, and so are bought: by columns that the job names. Pure.

A budget or a window cuts what stands last, so the most valuable should stand first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from typing import NamedTuple

from batchgen.item import ManifestRow

#: A currency before or behind a number: a sign, three letters, or the word of one.
_CURRENCY = re.compile(r"^(?:[A-Z]{3}|[^\w.,+-])+\s*|\s*(?:[A-Z]{3}|[^\w.,]|元|円|원|руб\.?)+$")
#: Marks of thousands: not those of decimals, which have other than three digits behind them.
_THOUSANDS = re.compile(r"(?<=\d)[,' \u00a0\u202f](?=\d{3}(?:\D|$))")


class _Rank(IntEnum):
    """Numbers stand before texts, and blank cells behind both, in either direction."""

    NUMBER = 0
    TEXT = 1
    BLANK = 2


@dataclass(frozen=True, slots=True)
class _Descending:
    """A text that sorts the other way round."""

    text: str

    def __lt__(self, other: _Descending) -> bool:
        return self.text > other.text


class Column(NamedTuple):
    """One column to sort by."""

    #: Where its cell may stand; the first that is there counts.
    names: Collection[str]
    descending: bool


SortKey = Callable[[ManifestRow], tuple[object, ...]]


def sort_key(columns: Sequence[Column]) -> SortKey:
    """Give what rows are sorted by; rows that compare equal stay in the order of the file.

    Numbers are told from the cells: `1,299.00`, `¥199` and `19,90` are numbers.
    """

    def key(row: ManifestRow) -> tuple[object, ...]:
        cells = _cells(row)
        return tuple(part for column in columns for part in _value(column, cells))

    return key


def _cells(row: ManifestRow) -> Mapping[str, str]:
    if row.item is not None:
        return row.item.cells
    return next((fault.cells for fault in row.faults if fault.cells), {})


def _value(column: Column, cells: Mapping[str, str]) -> tuple[object, object]:
    text = next((cells[name] for name in column.names if cells.get(name)), "")
    if not text:
        return _Rank.BLANK, 0
    number = number_in(text)
    if number is not None:
        return _Rank.NUMBER, -number if column.descending else number
    folded = text.casefold()
    return _Rank.TEXT, _Descending(folded) if column.descending else folded


def number_in(text: str) -> Decimal | None:
    """Read a number as shops write it; None for what is none."""
    plain = _CURRENCY.sub("", unicodedata.normalize("NFKC", text).strip())
    if plain.rfind(",") > plain.rfind(".") > 0:
        plain = plain.replace(".", "")  # 1.299,00
    plain = _THOUSANDS.sub("", plain).replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
