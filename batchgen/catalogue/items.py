"""Turns rows into items, or into faults: every fault of every row at once, each with its remedy.

Rows come under batchgen's own names (`profiles`). Knows no format and opens no picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from batchgen.catalogue.duplicates import Duplicates, Place
from batchgen.catalogue.pictures.facts import PictureProblem
from batchgen.catalogue.pictures.finder import PictureFinder
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Mark, Row, stripped
from batchgen.clip import LocalPicture, Picture
from batchgen.item import Fault, Item, LeftOut, ManifestRow
from batchgen.job.schema import OnDuplicate
from batchgen.messages import Message, msg

_PAIR = ("start_image", "end_image")
#: Columns that say something of a product in as many entries as they like.
_MAY_BE_LISTS = frozenset({"image", "images", "category", "brand", "description"})
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
    duplicates: Duplicates
    #: What is done with a name that an earlier row has.
    on_duplicate: OnDuplicate = "error"

    def make(self, row: Row) -> ManifestRow:
        """Make the item of a row as far as it goes, and list everything that is wrong in it."""
        faults: list[Fault] = []
        if row.marks:
            faults.extend(self._nested_faults(row))
        if _has_control(row.cells.values()):
            faults.extend(self._control_faults(row))
        fault = self._sku_fault(row)
        if fault is None:
            first = self.duplicates.first_of(self.source.file, row)
            if first is not None:
                return self._repeated(row, first, faults)
        else:
            faults.append(fault)
        return self._made(row, faults)

    def _made(self, row: Row, faults: list[Fault], namesake: str | None = None) -> ManifestRow:
        pictures = self._pictures(row, faults)
        cells = row.cells
        if row.marks and Mark.NESTED in row.marks.values():  # no text that a prompt could take
            cells = {c: text for c, text in cells.items() if row.marks.get(c) is not Mark.NESTED}
        sku = cells.get("sku", "")
        place = (self.source.file, row.number)
        item = Item(sku, *place, cells, pictures, self.headers, namesake, row.others)
        return ManifestRow(item, tuple(faults), row.warnings)

    def _repeated(self, row: Row, first: Place, faults: list[Fault]) -> ManifestRow:
        """Do with a row whose name an earlier one has what the job says."""
        said = {"sku": row.cells["sku"], "place": self._place(first)}
        match self.on_duplicate:
            case "error":
                problem = msg(
                    "SKU {sku} stands in {place} already: give each its own SKU, or tell them"
                    " apart in a column variant; manifest.on_duplicate can take the first one or"
                    " number them",
                    **said,
                )
                return self._made(row, [*faults, self._fault(row, "sku", "sku-duplicate", problem)])
            case "first":
                problem = msg("SKU {sku} stands in {place} already: that row is taken", **said)
                warning = self._fault(row, "sku", "sku-duplicate", problem)
                return ManifestRow(None, (), (*row.warnings, warning), LeftOut.DUPLICATE)
            case "suffix":
                own = self.duplicates.free_name(self.source.file, row)
                problem = msg(
                    "SKU {sku} stands in {place} already: this row is called {own}", own=own, **said
                )
                warning = self._fault(row, "sku", "sku-duplicate", problem)
                cells = {**row.cells, "sku": own}
                renamed = row._replace(cells=cells, warnings=(*row.warnings, warning))
                return self._made(renamed, faults, namesake=row.cells["sku"])

    def _place(self, first: Place) -> Message:
        if first.file == self.source.file:
            return msg("row {row}", row=first.row)
        return msg("row {row} of {file}", row=first.row, file=first.file)

    def _fault(self, row: Row, column: str, code: str, message: Message) -> Fault:
        """Make a fault in one of our columns, or in one of the file's own."""
        header = self.headers.get(column, column)
        sku = row.cells.get("sku") or None
        return Fault(self.source.file, row.number, header, code, message, sku, row.cells)

    def _nested_faults(self, row: Row) -> Iterator[Fault]:
        for column in self.headers:
            mark = row.marks.get(column)
            if mark is Mark.NESTED or (mark is Mark.LIST and column not in _MAY_BE_LISTS):
                problem = msg("the cell holds a list or a mapping: only images may be a list")
                yield self._fault(row, column, "cell-nested", problem)

    def _control_faults(self, row: Row) -> Iterator[Fault]:
        twins = {name for name, header in self.headers.items() if header != name}
        for column, text in row.cells.items():
            sign = _CONTROL.search(text)
            if sign and column not in twins:  # told under the file's own name
                problem = msg(
                    "the cell holds the control character U+{code}: is the encoding right?"
                    " Else delete it",
                    code=f"{ord(sign[0]):04X}",
                )
                yield self._fault(row, column, "cell-control-character", problem)

    def _sku_fault(self, row: Row) -> Fault | None:
        sku = row.cells.get("sku", "")
        if not sku:
            problem = msg(
                "the row has no SKU: give it one, delete the row, or take SKUs from another column:"
                " manifest.columns: {{sku: ...}}"
            )
            return self._fault(row, "sku", "sku-missing", problem)
        if _SCIENTIFIC.fullmatch(sku):
            return self._fault(row, "sku", "sku-scientific", _lost_digits(sku))
        if row.marks.get("sku") is Mark.DIGITS_LOST:
            return self._fault(row, "sku", "sku-digits-lost", _lost_digits(sku))
        return None

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
        elif name == "images":
            parts = _SEPARATORS.split(text)
        else:
            return [text]
        return [entry for part in parts if (entry := stripped(part))]


def _has_control(texts: Iterable[str]) -> bool:
    joined = "".join(texts)
    return not joined.isprintable() and _CONTROL.search(joined) is not None


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
