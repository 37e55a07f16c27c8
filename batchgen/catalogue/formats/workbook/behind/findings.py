"""What a sheet holds besides the values that the fast reader gives. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from batchgen.catalogue.formats.workbook.behind.number_formats import ShownFormat
from batchgen.catalogue.formats.workbook.behind.package import Relation
from batchgen.messages import Message, msg

_LETTERS = 26
_PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


class Place(NamedTuple):
    """A cell; both are counted from 0."""

    row: int
    column: int

    def __str__(self) -> str:
        """Name the cell as a spreadsheet does: `D2`."""
        letters, rest = "", self.column + 1
        while rest:
            rest, letter = divmod(rest - 1, _LETTERS)
            letters = chr(ord("A") + letter) + letters
        return f"{letters}{self.row + 1}"


def place_of(name: str) -> Place | None:
    """Find the cell that is named `D2` or `$D$2`; None when it is no such name."""
    match = _PLACE.fullmatch(name)
    if match is None:
        return None
    return Place(int(match[2]) - 1, column_number(match[1]) - 1)


def column_number(letters: str) -> int:
    """Give the number of a column: `A` is 1, `AA` is 27."""
    number = 0
    for letter in letters.upper():
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number


#: Upper left and lower right cell, both of it.
Span = tuple[tuple[int, int], tuple[int, int]]


class Trouble(NamedTuple):
    """Why a cell's value cannot be had."""

    #: Stable code of the fault.
    code: str
    message: Message
    #: What is written in the cell for want of its value.
    shown: str = ""


def cell_error(place: Place, error: str) -> Trouble:
    """Say that a cell holds an error such as `#N/A`."""
    message = msg(
        "{cell} holds the error {error}: mend the formula there, or clear the cell",
        cell=str(place),
        error=error,
    )
    return Trouble("cell-error", message, error)


def no_value(place: Place, formula: str) -> Trouble:
    """Say that a formula was never calculated, as libraries write them."""
    message = msg(
        "{cell} holds a formula that was never calculated: open the workbook in Excel or WPS and"
        " save it",
        cell=str(place),
    )
    return Trouble("formula-without-value", message, f"={formula}")


def no_picture(place: Place) -> Trouble:
    """Say that a cell shows a picture that is not there."""
    message = msg(
        "the picture that {cell} shows is not in the workbook: put it in again, or write its file"
        " name or link",
        cell=str(place),
    )
    return Trouble("picture-embedded-missing", message)


class Floating(NamedTuple):
    """A picture that lies on the sheet."""

    #: The cell it belongs to, or its upper left one where it does not lie clearly in one row.
    place: Place
    picture: Relation
    is_clear: bool = True


@dataclass(slots=True)
class Findings:
    """All of it, by cell."""

    #: Formats that show more than the number.
    formats: dict[Place, ShownFormat] = field(default_factory=dict)
    #: Texts that stand in the place of the value: the address of a picture, the text shown.
    texts: dict[Place, str] = field(default_factory=dict)
    #: Cells that show what another one names: `IMAGE(B2)`.
    references: dict[Place, Place] = field(default_factory=dict)
    #: Addresses of links to pictures.
    links: dict[Place, str] = field(default_factory=dict)
    #: Cells that are pictures themselves.
    pictures: dict[Place, Relation] = field(default_factory=dict)
    #: Pictures that lie above the cells.
    floating: list[Floating] = field(default_factory=list)
    #: Cells that are merged, where the reader does not know it: the first and the last one.
    spans: list[Span] = field(default_factory=list)
    troubles: dict[Place, Trouble] = field(default_factory=dict)
    #: Formulas whose value may be the 0 that a library wrote for want of the right one.
    doubtful: list[Place] = field(default_factory=list)
    #: Rows that the sheet does not show.
    hidden_rows: list[int] = field(default_factory=list)
