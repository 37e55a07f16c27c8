"""Turns rows into items, or into faults: every fault of every row at once, each with its remedy.

Knows what the columns mean, whatever the file calls them; knows no format and opens no picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from batchgen.catalogue.pictures.finder import PictureFinder, PictureProblem
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Mark, Row, Table, stripped
from batchgen.clip import LocalPicture, Picture
from batchgen.first_seen import FirstSeen
from batchgen.item import Fault, Item, ManifestRow
from batchgen.messages import Message, msg

#: Columns that mean something here; all others are free ones for the prompt template.
COLUMNS = (
    "sku",
    "title",
    "prompt",
    "image",
    "images",
    "start_image",
    "end_image",
    "model",
    "size",
    "aspect_ratio",
    "movement_amplitude",
    "with_audio",
    "variant",
    "take",
)
_PAIR = ("start_image", "end_image")
_FEWEST_TO_REPEAT = 2
_SEPARATORS = re.compile(r"[|;；\n]|,\s+")
_SCIENTIFIC = re.compile(r"\d+([.,]\d+)?[Ee]\+\d+")
#: Control characters save tab and line ends, and halves of surrogate pairs.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def match_columns(source: Source, table: Table, named: Mapping[str, str]) -> dict[str, str]:
    """Give our name -> header of the file: as the job `named` it, else the same but for case.

    A list without a single entry has no columns at all, which is no error.

    Raises:
        ManifestError: a named header or the `sku` is not there, or two headers mean one column.
    """
    matched: dict[str, str] = {}
    for header in table.columns:
        name = re.sub(r"[ -]+", "_", header).casefold()
        if name not in COLUMNS or name in named:
            continue
        if name in matched:
            raise source.error(
                msg(
                    "its columns {first} and {second} both mean {name}: rename one",
                    first=matched[name],
                    second=header,
                    name=name,
                )
            )
        matched[name] = header
    matched |= {name: _named_header(source, table, name, named[name]) for name in named}
    if "sku" not in matched and table.columns:
        raise source.error(
            msg(
                "it has no column sku; it has: {columns}. Name the right one in the job:"
                " manifest.columns: {{sku: ...}}",
                columns=", ".join(filter(None, table.columns)),
            )
        )
    return matched


def _named_header(source: Source, table: Table, name: str, header: str) -> str:
    wanted = header.strip().casefold()
    for column in table.columns:
        if column.casefold() == wanted:
            return column
    raise source.error(
        msg(
            "manifest.columns.{name}: it has no column {header}; it has: {columns}",
            name=name,
            header=header,
            columns=", ".join(filter(None, table.columns)),
        )
    )


@dataclass(slots=True)
class ItemMaker:
    """Makes items of the rows of one manifest, one after another."""

    source: Source
    #: Our name -> header of the file.
    columns: Mapping[str, str]
    finder: PictureFinder
    #: (SKU, variant, take) -> the row that had it first.
    _seen: FirstSeen = field(default_factory=FirstSeen)

    def make(self, row: Row) -> ManifestRow:
        """Make the item of a row as far as it goes, and list everything that is wrong in it."""
        named = {
            name: row.cells[header] for name, header in self.columns.items() if header in row.cells
        }
        faults: list[Fault] = []
        if row.marks or _CONTROL.search("".join(row.cells.values())):
            faults.extend(self._cell_faults(row))
        faults.extend(self._sku_faults(row, named))
        pictures = self._pictures(row, named, faults)
        cells = {**row.cells, **named}
        item = Item(named.get("sku", ""), self.source.file, row.number, cells, pictures)
        return ManifestRow(item, tuple(faults), row.warnings)

    def _fault(self, row: Row, column: str, code: str, message: Message) -> Fault:
        sku = row.cells.get(self.columns["sku"]) or None
        return Fault(self.source.file, row.number, column, code, message, sku, row.cells)

    def _cell_faults(self, row: Row) -> Iterator[Fault]:
        lists = {self.columns.get("image"), self.columns.get("images")}
        for column, text in row.cells.items():
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

    def _sku_faults(self, row: Row, named: Mapping[str, str]) -> Iterator[Fault]:
        column = self.columns["sku"]
        sku = named.get("sku", "")
        if not sku:
            problem = msg("the row has no SKU: give it one, or delete the row")
            yield self._fault(row, column, "sku-missing", problem)
        elif _SCIENTIFIC.fullmatch(sku):
            yield self._fault(row, column, "sku-scientific", _lost_digits(sku))
        elif row.marks.get(column) is Mark.DIGITS_LOST:
            yield self._fault(row, column, "sku-digits-lost", _lost_digits(sku))
        else:
            yield from self._duplicate(row, column, named)

    def _duplicate(self, row: Row, column: str, named: Mapping[str, str]) -> Iterator[Fault]:
        key = (named["sku"], named.get("variant", ""), named.get("take") or "1")
        first = self._seen.note(key, row.number)
        if first != row.number:
            problem = msg(
                "SKU {sku} stands in row {first} already: give each its own SKU, or tell them"
                " apart in a column variant",
                sku=named["sku"],
                first=first,
            )
            yield self._fault(row, column, "sku-duplicate", problem)

    def _pictures(
        self, row: Row, named: Mapping[str, str], faults: list[Fault]
    ) -> tuple[Picture, ...]:
        """Find the row's pictures in order; what is wrong with them is added to `faults`."""
        found: list[Picture] = []
        is_pair = bool(named.get("start_image") and named.get("end_image"))
        for name in _PAIR if is_pair else ("image", "images"):
            for entry in self._entries(row, name) if named.get(name) else ():
                picture = self.finder.find(entry)
                if isinstance(picture, PictureProblem):
                    column = self.columns[name]
                    faults.append(self._fault(row, column, picture.code, picture.message))
                else:
                    found.append(picture)
        return tuple(found) if is_pair or len(found) < _FEWEST_TO_REPEAT else _each_once(found)

    def _entries(self, row: Row, name: str) -> list[str]:
        """List the pictures that a cell names."""
        header = self.columns.get(name, "")
        text = row.cells.get(header, "")
        if row.marks.get(header) is Mark.LIST:
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
