"""Takes the pictures out of a workbook: each is kept as a file, and its cell names it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from batchgen.catalogue.formats.workbook.behind.findings import (
    Findings,
    Floating,
    Place,
    Trouble,
    no_picture,
)
from batchgen.catalogue.formats.workbook.behind.package import Package, Relation
from batchgen.catalogue.formats.workbook.grid import Grid, Merged
from batchgen.catalogue.pictures.first_bytes import format_of, other_format_of
from batchgen.catalogue.pictures.store import PictureStore
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Mark
from batchgen.item import Fault
from batchgen.messages import Message, msg
from batchgen.video_models import PICTURE_BYTES_LIMIT

#: Header of pictures in a column that has none.
EMBEDDED = "embedded picture"
#: What would end a name in a list of them.
_SEPARATORS = re.compile(r"[|;；,\n]")
_NAMED = re.compile(r"(?:https?:)?//\S+|.*\.(?:jpe?g|png|webp|gif|bmp)", re.IGNORECASE)


@dataclass(slots=True)
class TakingOut:
    """The pictures of one sheet on their way into its cells."""

    source: Source
    package: Package
    grid: Grid
    store: PictureStore
    #: Name in the cells -> file.
    kept: dict[str, Path] = field(default_factory=dict)
    warnings: list[Fault] = field(default_factory=list)
    troubles: dict[Place, Trouble] = field(default_factory=dict)

    def take(self, found: Findings, merged: Merged) -> None:
        """Take out every picture that a row shows.

        Raises:
            DamagedPart: one cannot be unpacked.
            OSError: one cannot be kept.
        """
        for place, picture in found.pictures.items():
            self._put(place, [picture], [])
        by_place: dict[Place, list[Relation]] = defaultdict(list)
        for each in sorted(self._placed(found.floating, merged), key=lambda one: one.place):
            by_place[self._cell_for(each.place)].append(each.picture)
        for place, pictures in by_place.items():
            before = self.grid.text(place)
            self._put(place, pictures, [before] if before else [])

    def _placed(self, floating: Iterable[Floating], merged: Merged) -> Iterator[Floating]:
        """Give the pictures that belong to a row, each at its cell; warn of the others."""
        first = self.grid.first_row()
        for each in floating:
            place = each.place
            first_of_merged = merged.first_of(place)
            if first_of_merged is not None:
                place = first_of_merged
            elif not each.is_clear:
                self._warn(place, "picture-unclear", _unclear(place))
                continue
            if place.row > first and self.grid.is_filled(place.row):
                yield Floating(place, each.picture)
            else:
                self._warn(place, "picture-without-row", _left_out(place))

    def _warn(self, place: Place, code: str, message: Message) -> None:
        self.warnings.append(Fault(self.source.file, place.row + 1, None, code, message))

    def _cell_for(self, place: Place) -> Place:
        """Find the cell for a picture: its own, unless that holds a text that is no picture."""
        text = self.grid.text(place)
        header = Place(self.grid.header_row(), place.column)
        is_free = not text or _NAMED.fullmatch(text) or text in self.kept
        if is_free and self.grid.text(header):
            return place
        return Place(place.row, self._own_column(header.row))

    def _own_column(self, header: int) -> int:
        """Find the column of pictures that stand in none; make it when there is none yet."""
        cells = self.grid.texts[header]
        if EMBEDDED not in cells:
            self.grid.put(Place(header, self.grid.width()), EMBEDDED)
            self.warnings.append(
                self.source.warning(
                    "picture-column-added",
                    msg(
                        "pictures lie in a column without header, or over other texts: they are"
                        " the column {name} here, which manifest.columns can name",
                        name=EMBEDDED,
                    ),
                )
            )
        return self.grid.texts[header].index(EMBEDDED)

    def _put(self, place: Place, pictures: list[Relation], names: list[str]) -> None:
        for picture in pictures:
            if picture.is_outside:
                names.append(picture.target)
                continue
            name = self._name(place)
            names.append(name)
            taken = self._taken(name, place, picture)
            if isinstance(taken, Trouble):
                self.troubles[place] = taken
            else:
                self.kept[name] = taken
        self.grid.put(place, "\n".join(names), Mark.LIST if len(names) > 1 else None)

    def _taken(self, name: str, place: Place, picture: Relation) -> Path | Trouble:
        """Keep a picture as a file, or say why it is not taken."""
        if self.package.size_bytes(picture.target) > PICTURE_BYTES_LIMIT:
            limit = PICTURE_BYTES_LIMIT // 1_000_000
            problem = msg(
                "{name} has more than {limit} MB: save it smaller", name=name, limit=limit
            )
            return Trouble("picture-too-big", problem)
        content = self.package.part(picture.target)
        if not content:
            return no_picture(place)
        picture_format = format_of(content)
        if picture_format is not None:
            return self.store.keep(content, picture_format)
        suffix = picture.target.rpartition(".")[2].upper()
        problem = msg(
            "the picture at {cell} is of the kind {kind}, which is not taken: put it in again"
            " as PNG or JPEG",
            cell=str(place),
            kind=other_format_of(content) or suffix or "?",
        )
        return Trouble("picture-embedded-kind", problem)

    def _name(self, place: Place) -> str:
        file = _SEPARATORS.sub("_", self.source.file)
        name, number = f"{file}#{place}", 1
        while name in self.kept:
            number += 1
            name = f"{file}#{place}({number})"
        return name


def _unclear(place: Place) -> Message:
    return msg(
        "the picture at {cell} lies over several rows and is used for none of them: move it"
        " into one row, or choose Place in Cell",
        cell=str(place),
    )


def _left_out(place: Place) -> Message:
    return msg(
        "the picture at {cell} lies beside no product and is left out: move it into its row",
        cell=str(place),
    )
