"""The input side's nouns: a valid row of the catalogue, and what is wrong with a bad one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from batchgen.clip import Picture
from batchgen.messages import Message


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


class ManifestRow(NamedTuple):
    """One row of a manifest with any text in it, good or bad; or a line that is none.

    A line of which nothing is made on purpose (a total, a separator) has no item and no faults.
    """

    #: As far as it goes; None when the row could not be read at all.
    item: Item | None
    #: What is wrong with it; nothing is made of a row with a fault.
    faults: tuple[Fault, ...] = ()
    #: What was repaired in it, or why it was passed over.
    warnings: tuple[Fault, ...] = ()
