"""Finds the pictures that lie in an .xlsx: in cells, as WPS and Excel keep them, and above cells.

WPS: the formula `DISPIMG("ID_...",1)` names an entry of `xl/cellimages.xml`. Excel: the cell's
`vm` counts the value metadata, which leads over the rich values to a relation. Read 2026-11-23
off files written by XlsxWriter's `embed_image` (the parts that Excel writes) and off public
readers of WPS workbooks; the rich value of IMAGE() from documentation only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from batchgen.catalogue.formats.workbook.behind.findings import Floating, Place
from batchgen.catalogue.formats.workbook.behind.package import (
    Package,
    Relation,
    attribute,
    inside,
    local,
)

_RICH_TYPE = "XLRICHVALUE"
#: Structure of a rich value -> its field that says which picture, and where those are counted.
_LOCAL, _WEB = "_rvRel:LocalImageIdentifier", "WebImageIdentifier"
#: Lengths in EMU: 12,700 to a point, 9,525 to a pixel.
_POINT, _PIXEL = 12_700, 9_525
_ROW_POINTS, _COLUMN_CHARACTERS = 15.0, 8.43
#: A picture set down by a program begins at the very edge of its cell.
_EDGE = 2 * _PIXEL
#: Part of a picture that must lie in one row, for it to be that row's.
_CLEAR_SHARE = 0.6


def cell_images(package: Package, workbook: str) -> dict[str, Relation]:
    """Give the pictures that WPS keeps for cells: the id in the formula -> picture."""
    part = next(
        (
            relation.target
            for relation in package.relations(workbook).values()
            if relation.kind.lower() == "cellimage"
            or relation.target.lower().endswith("cellimages.xml")
        ),
        "xl/cellimages.xml",
    )
    relations = package.relations(part)
    found: dict[str, Relation] = {}
    for picture in inside(package.xml(part), "pic"):
        name = next((each.get("name", "") for each in inside(picture, "cNvPr")), "")
        if (relation := _picture(picture, relations)) is not None:
            found[name] = relation
    return found


def rich_pictures(package: Package, workbook: str) -> dict[int, Relation]:
    """Give the pictures among the rich values: the cell's `vm`, counted from 1 -> picture."""
    metadata = package.xml(package.related(workbook, "sheetMetadata"))
    values = _rich_values(package, workbook)
    types = [entry.get("name") for entry in inside(metadata, "metadataType")]
    blocks = [
        int(entry.get("i", "-1"))
        for future in inside(metadata, "futureMetadata")
        if future.get("name") == _RICH_TYPE
        for entry in inside(future, "rvb")
    ]
    found: dict[int, Relation] = {}
    for table in inside(metadata, "valueMetadata"):
        for number, block in enumerate(table, 1):
            for record in block:
                kind, at = int(record.get("t", "0")), int(record.get("v", "-1"))
                is_rich = 0 < kind <= len(types) and types[kind - 1] == _RICH_TYPE
                if is_rich and 0 <= at < len(blocks) and blocks[at] in values:
                    found[number] = values[blocks[at]]
    return found


def _rich_values(package: Package, workbook: str) -> dict[int, Relation]:
    """Give the pictures by the place of their rich value."""
    fields = [
        [key.get("n", "") for key in structure]
        for structure in package.xml(package.related(workbook, "rdRichValueStructure"))
    ]
    slots = {
        _LOCAL: _slots(package, package.related(workbook, "richValueRel"), "rel"),
        _WEB: _slots(package, package.related(workbook, "rdRichValueWebImage"), "address"),
    }
    found: dict[int, Relation] = {}
    for number, value in enumerate(package.xml(package.related(workbook, "rdRichValue"))):
        structure = int(value.get("s", "-1"))
        names = fields[structure] if 0 <= structure < len(fields) else []
        texts = [entry.text or "" for entry in value if local(entry) == "v"]
        for name, text in zip(names, texts, strict=False):
            at = int(text) if name in slots and text.isdecimal() else -1
            if 0 <= at < len(slots.get(name, ())):
                found[number] = slots[name][at]
    return found


def _slots(package: Package, part: str, name: str) -> list[Relation]:
    relations = package.relations(part) if part else {}
    ids = (attribute(entry, "id") for entry in inside(package.xml(part), name))
    nothing = Relation("", "", is_outside=False)
    return [relations.get(each, nothing) for each in ids]


def _picture(element: Element, relations: Mapping[str, Relation]) -> Relation | None:
    for blip in inside(element, "blip"):
        relation = relations.get(attribute(blip, "embed")) or relations.get(attribute(blip, "link"))
        if relation is not None:
            return relation
    return None


@dataclass(frozen=True, slots=True)
class Sizes:
    """How high rows are and how wide columns, where they differ from the rest; in EMU."""

    rows: Mapping[int, int]
    columns: Mapping[int, int]
    row: int = int(_ROW_POINTS * _POINT)
    column: int = int((_COLUMN_CHARACTERS * 7 + 5) * _PIXEL)

    @staticmethod
    def of_points(height: float) -> int:
        """Give the height of a row."""
        return int(height * _POINT)

    @staticmethod
    def of_characters(width: float) -> int:
        """Give the width of a column: a digit is 7 pixels wide."""
        return int((width * 7 + 5) * _PIXEL)


def floating_pictures(package: Package, drawing: str, sizes: Sizes) -> Iterator[Floating]:
    """Find the pictures above the cells, each with the cell it belongs to."""
    relations = package.relations(drawing)
    for anchor in package.xml(drawing):
        for element in inside(anchor, "pic"):
            picture = _picture(element, relations)
            if picture is not None:
                place, is_clear = _anchored(anchor, sizes)
                yield Floating(place, picture, is_clear)


def _anchored(anchor: Element, sizes: Sizes) -> tuple[Place, bool]:
    """Find the cell of a picture, and tell whether its row is clear."""
    start = {
        local(entry): int(entry.text or 0) for each in _child(anchor, "from") for entry in each
    }
    end = {local(entry): int(entry.text or 0) for each in _child(anchor, "to") for entry in each}
    if not start:
        return Place(0, 0), False
    if not end:  # one cell is all that such an anchor names
        return Place(start["row"], start["col"]), True
    row, share = _largest(
        (start["row"], start.get("rowOff", 0)),
        (end["row"], end.get("rowOff", 0)),
        sizes.rows,
        sizes.row,
    )
    column, _ = _largest(
        (start["col"], start.get("colOff", 0)),
        (end["col"], end.get("colOff", 0)),
        sizes.columns,
        sizes.column,
    )
    return Place(row, column), share >= _CLEAR_SHARE


def _child(element: Element, name: str) -> Iterator[Element]:
    return (each for each in element if local(each) == name)


def _largest(
    start: tuple[int, int], end: tuple[int, int], lengths: Mapping[int, int], usual: int
) -> tuple[int, float]:
    """Give the row or column that holds most of a picture, and which part of it."""
    first, offset = start
    last, end_offset = end
    if offset <= _EDGE or first >= last:
        return first, 1.0
    shares = {at: lengths.get(at, usual) for at in range(first, min(last, first + 100) + 1)}
    shares[first] = max(shares[first] - offset, 0)
    shares[last] = min(shares.get(last, end_offset), end_offset)
    most = max(shares, key=lambda at: shares[at])
    return most, shares[most] / max(sum(shares.values()), 1)
