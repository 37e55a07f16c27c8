"""Looks behind the values of an .ods sheet, row by row: formats, merged cells, links, pictures.

Facts of the format: OpenDocument 1.3 part 3, sections 9.1 (tables) and 16.29 (number styles),
read 2026-11-23; from documentation only, but for files of the tests.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import ExpatError, ParserCreate

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from batchgen.catalogue.formats.workbook.behind.findings import (
    Findings,
    Floating,
    Place,
    cell_error,
    no_value,
)
from batchgen.catalogue.formats.workbook.behind.number_formats import ShownFormat, shows_more
from batchgen.catalogue.formats.workbook.behind.package import (
    DamagedPart,
    Package,
    Relation,
    attribute,
    inside,
    local,
)

_CONTENT, _MANIFEST = "content.xml", "META-INF/manifest.xml"
#: More digits than this no format has.
_DIGITS = 50
_CELLS = ("table-cell", "covered-table-cell")


class Extent(NamedTuple):
    """How far a sheet's values go: repetitions beyond it are of no interest."""

    rows: int
    columns: int


def look_behind(package: Package, sheet: str, extent: Extent) -> Findings:
    """Find everything that the values of a sheet do not say.

    Raises:
        DamagedPart: a part cannot be read.
    """
    try:
        return _Look(extent).findings(package.part(_CONTENT), sheet)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        message = f"{_CONTENT}: {error}"
        raise DamagedPart(message) from error


def refuse_broken(package: Package) -> None:
    """Refuse XML that is not well formed: the fast reader would wait for its end for ever.

    Raises:
        DamagedPart: it is not.
    """
    for name in (_CONTENT, _MANIFEST) if _CONTENT in package.names else ():
        try:
            ParserCreate().Parse(package.part(name), True)
        except (ExpatError, LookupError) as error:  # also an encoding that is none
            message = f"{name}: {error}"
            raise DamagedPart(message) from error


class _Look:
    """One look behind one sheet."""

    def __init__(self, extent: Extent) -> None:
        self._extent = extent
        self._found = Findings()
        #: Name of a cell style -> its format.
        self._formats: dict[str, ShownFormat] = {}
        #: Styles of the columns, for cells that name none.
        self._columns: list[str] = []
        self._row = 0

    def findings(self, content: bytes, sheet: str) -> Findings:
        """Walk over the styles and over the rows of the sheet."""
        is_here = False
        for event, element in iterparse(io.BytesIO(content), events=("start", "end")):
            name = local(element)
            if name == "table":
                is_here = event == "start" and attribute(element, "name") == sheet
            elif event == "start":
                continue
            elif name == "automatic-styles":
                self._formats = _cell_formats(element)
            elif name == "table-column" and is_here:
                repeated = _repeated(element, "number-columns-repeated", self._extent.columns)
                self._columns += [attribute(element, "default-cell-style-name")] * repeated
            elif name == "table-row":
                if is_here:
                    self._take_row(element)
                element.clear()
        return self._found

    def _take_row(self, row: Element) -> None:
        repeated = _repeated(row, "number-rows-repeated", self._extent.rows - self._row)
        if attribute(row, "visibility") in {"collapse", "filter"}:
            self._found.hidden_rows += range(self._row, self._row + repeated)
        for _ in range(repeated):
            column = 0
            for cell in row:
                if local(cell) in _CELLS:
                    column = self._take_cells(cell, row, column)
            self._row += 1

    def _take_cells(self, cell: Element, row: Element, column: int) -> int:
        """Look at one cell, as often as it is repeated, and give the column behind it."""
        left = self._extent.columns - column
        repeated = _repeated(cell, "number-columns-repeated", left)
        for at in range(column, column + repeated):
            place = Place(self._row, at)
            style = attribute(cell, "style-name") or attribute(row, "default-cell-style-name")
            if not style and at < len(self._columns):
                style = self._columns[at]
            if style in self._formats:
                self._found.formats[place] = self._formats[style]
            if len(cell) or attribute(cell, "formula"):
                self._take_content(cell, place)
        return column + repeated

    def _take_content(self, cell: Element, place: Place) -> None:
        kinds = {text for key, text in cell.items() if key.endswith("}value-type")}
        text = "".join("".join(each.itertext()) for each in inside(cell, "p"))
        if "error" in kinds:
            self._found.troubles[place] = cell_error(place, text)
        elif attribute(cell, "formula") and not kinds and not text:
            self._found.troubles[place] = no_value(place, attribute(cell, "formula"))
        self._take_span(cell, place)
        for link in inside(cell, "a"):
            self._found.links[place] = attribute(link, "href")
        self._found.floating.extend(Floating(place, picture) for picture in _pictures(cell))

    def _take_span(self, cell: Element, place: Place) -> None:
        below = int(attribute(cell, "number-rows-spanned") or 1) - 1
        beside = int(attribute(cell, "number-columns-spanned") or 1) - 1
        if below or beside:
            self._found.spans.append((place, (place.row + below, place.column + beside)))


def _pictures(cell: Element) -> Iterator[Relation]:
    """Give the pictures that are anchored to a cell; the first form of each that is PNG or JPEG."""
    for frame in inside(cell, "frame"):
        for image in inside(frame, "image"):
            if target := attribute(image, "href"):
                name = target.removeprefix("./")
                yield Relation("image", name, is_outside="://" in target)
                break


def _repeated(element: Element, name: str, limit: int) -> int:
    return max(min(int(attribute(element, name) or 1), limit), 0)


def _cell_formats(styles: Element) -> dict[str, ShownFormat]:
    numbers = {
        attribute(each, "name"): shown
        for name, read in (("number-style", _number_format), ("percentage-style", _percent))
        for each in inside(styles, name)
        if (shown := read(each)) is not None
    }
    return {
        attribute(each, "name"): numbers[data_style]
        for each in inside(styles, "style")
        if (data_style := attribute(each, "data-style-name")) in numbers
    }


def _percent(_: Element) -> ShownFormat:
    return ShownFormat((), is_percent=True)


def _number_format(style: Element) -> ShownFormat | None:
    parts: list[str | None] = []
    for each in style:
        if local(each) == "text":
            parts.append(each.text or "")
        elif local(each) == "number" and not len(each):
            if attribute(each, "decimal-places") not in {"", "0"}:
                return None
            digits = int(attribute(each, "min-integer-digits") or 1)
            parts += [None] * min(digits, _DIGITS)
        elif local(each) not in {"text-properties", "map"}:
            return None
    return ShownFormat(tuple(parts)) if shows_more(parts) else None
