"""The input side's nouns: a valid row of the catalogue, and what is wrong with a bad one. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from batchgen.clip import Picture
from batchgen.messages import Message

#: Of the row that has a SKU as the second one.
FIRST_NUMBER = 2


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the catalogue, every cell as text, its pictures found and measured."""

    sku: str
    #: The manifest file, as the job names it.
    file: str
    #: The row as a spreadsheet counts it: the header is row 1. For lists: 1 is the first entry.
    row: int
    #: Column -> text. Columns that the job maps stand under batchgen's name (`sku`, `title`, ...)
    #: as well as under their own.
    cells: Mapping[str, str]
    #: In order: `start_image`, `end_image` where both are given, else `image`, then `images`.
    pictures: tuple[Picture, ...] = ()
    #: Our name of a column -> header of the file, to say where a fault is.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: The SKU that the file has, where that stands several times and this row was numbered.
    namesake: str | None = None
    #: Other names by which the same product may have been bought: the SKUs of its variants.
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in one row, with the way to mend it."""

    file: str
    #: As `Item.row`; None when it concerns the whole file.
    row: int | None
    #: The header as the file has it; None when it concerns the whole row.
    column: str | None
    #: Stable lower-case code with dashes, e.g. `sku-duplicate`.
    code: str
    message: Message
    sku: str | None = None
    #: The row's cells, where they could be read; so that it can be written down to be mended.
    cells: Mapping[str, str] = field(default_factory=dict, repr=False)


class LeftOut(StrEnum):
    """Why nothing is made of a row that has no fault."""

    #: It is none: a total, a separator, a title.
    NO_ROW = "no-row"
    #: It has none of the values that the job's `where` asks for.
    WHERE = "where"
    #: Its SKU stands in an earlier row, and the job takes the first.
    DUPLICATE = "duplicate"


class ManifestRow(NamedTuple):
    """One row of a manifest with any text in it, good or bad."""

    #: As far as it goes; None when the row could not be read at all.
    item: Item | None
    #: What is wrong with it; nothing is made of a row with a fault.
    faults: tuple[Fault, ...] = ()
    #: What was repaired in it, or why it was passed over.
    warnings: tuple[Fault, ...] = ()
    left_out: LeftOut | None = None


def numbered_sku(sku: str, number: int) -> str:
    """Name a further row of one SKU: `MUG-2` for the second."""
    return f"{sku}-{number}"


@lru_cache(maxsize=10_000)
def column_name(header: str) -> str:
    """Give a header as templates and jobs may write it: `Option1 Value` is `option1_value` too."""
    plain = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"\W+", "_", plain).strip("_")
