"""Turns rows into items, or into faults: every fault of every row at once, each with its remedy.

Rows come under batchgen's own names (`profiles`). Knows no format and opens no picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from batchgen.catalogue.pictures.finder import PictureFinder, PictureProblem
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Mark, Row, stripped
from batchgen.clip import LocalPicture, Picture
from batchgen.first_seen import FirstSeen
from batchgen.item import Fault, Item, ManifestRow
from batchgen.messages import Message, msg

_PAIR = ("start_image", "end_image")
_FEWEST_TO_REPEAT = 2
_SEPARATORS = re.compile(r"[|;；\n]|,\s+")
_SCIENTIFIC = re.compile(r"\d+([.,]\d+)?[Ee]\+\d+")
#: Control characters save tab and line ends, and halves of surrogate pairs.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(slots=True)
class ItemMaker:
    """Makes items of the rows of one manifest, one after another."""

    source: Source
    #: Our name -> header of the file, to say where a fault is.
    headers: Mapping[str, str]
    finder: PictureFinder
    #: (SKU, variant, take) -> the row that had it first.
    _seen: FirstSeen = field(default_factory=FirstSeen)

    def make(self, row: Row) -> ManifestRow:
        """Make the item of a row as far as it goes, and list everything that is wrong in it."""
        faults: list[Fault] = []
        if row.marks or _CONTROL.search("".join(row.cells.values())):
            faults.extend(self._cell_faults(row))
        faults.extend(self._sku_faults(row))
        pictures = self._pictures(row, faults)
        item = Item(row.cells.get("sku", ""), self.source.file, row.number, row.cells, pictures)
        return ManifestRow(item, tuple(faults), row.warnings)

    def _fault(self, row: Row, column: str, code: str, message: Message) -> Fault:
        """Make a fault in one of our columns, or in one of the file's own."""
        header = self.headers.get(column, column)
        sku = row.cells.get("sku") or None
        return Fault(self.source.file, row.number, header, code, message, sku, row.cells)

    def _cell_faults(self, row: Row) -> Iterator[Fault]:
        lists = {"image", "images", self.headers.get("image"), self.headers.get("images")}
        twins = {name for name, header in self.headers.items() if header != name}
        for column, text in row.cells.items():
            if column in twins:  # told under the file's own name
                continue
            mark = row.marks.get(column)
            if mark is Mark.NESTED or (mark is Mark.LIST and column not in lists):
                problem = msg("the cell holds a list or a mapping: only images may be a list")
                yield self._fault(row, column, "cell-nested", problem)
            if sign := _CONTROL.search(text):
                problem = msg(
                    "the cell holds the control character U+{code}: is the encoding right?"
                    " Else delete it",
                    code=f"{ord(sign[0]):04X}",
                )
                yield self._fault(row, column, "cell-control-character", problem)

    def _sku_faults(self, row: Row) -> Iterator[Fault]:
        sku = row.cells.get("sku", "")
        if not sku:
            problem = msg("the row has no SKU: give it one, or delete the row")
            yield self._fault(row, "sku", "sku-missing", problem)
        elif _SCIENTIFIC.fullmatch(sku):
            yield self._fault(row, "sku", "sku-scientific", _lost_digits(sku))
        elif row.marks.get("sku") is Mark.DIGITS_LOST:
            yield self._fault(row, "sku", "sku-digits-lost", _lost_digits(sku))
        else:
            yield from self._duplicate(row, sku)

    def _duplicate(self, row: Row, sku: str) -> Iterator[Fault]:
        key = (sku, row.cells.get("variant", ""), row.cells.get("take") or "1")
        first = self._seen.note(key, row.number)
        if first != row.number:
            problem = msg(
                "SKU {sku} stands in row {first} already: give each its own SKU, or tell them"
                " apart in a column variant",
                sku=sku,
                first=first,
            )
            yield self._fault(row, "sku", "sku-duplicate", problem)

    def _pictures(self, row: Row, faults: list[Fault]) -> tuple[Picture, ...]:
        """Find the row's pictures in order; what is wrong with them is added to `faults`."""
        cells = row.cells
        found: list[Picture] = []
        is_pair = bool(cells.get("start_image") and cells.get("end_image"))
        for name in _PAIR if is_pair else ("image", "images"):
            for entry in self._entries(row, name) if cells.get(name) else ():
                picture = self.finder.find(entry)
                if isinstance(picture, PictureProblem):
                    faults.append(self._fault(row, name, picture.code, picture.message))
                else:
                    found.append(picture)
        return tuple(found) if is_pair or len(found) < _FEWEST_TO_REPEAT else _each_once(found)

    @staticmethod
    def _entries(row: Row, name: str) -> list[str]:
        """List the pictures that a cell names."""
        text = row.cells[name]
        if row.marks.get(name) is Mark.LIST:
            parts = text.split("\n")
        else:
            parts = _SEPARATORS.split(text) if name == "images" else [text]
        return [entry for part in parts if (entry := stripped(part))]


def _each_once(pictures: Iterable[Picture]) -> tuple[Picture, ...]:
    """Drop repetitions: many exports name the main picture again among the further ones."""
    places: dict[str, Picture] = {}
    for picture in pictures:
        place = picture.path if isinstance(picture, LocalPicture) else picture.url
        places.setdefault(place, picture)
    return tuple(places.values())


def _lost_digits(sku: str) -> Message:
    return msg(
        "{sku} was a longer number once, and the spreadsheet dropped its digits: format the column"
        " as text and fill it again from the source",
        sku=sku,
    )
