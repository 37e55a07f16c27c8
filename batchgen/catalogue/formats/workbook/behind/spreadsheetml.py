"""Looks behind the values of an .xlsx sheet: formats, formulas, links, errors and pictures."""

from __future__ import annotations

import re

from batchgen.catalogue.formats.workbook.behind.embedded import (
    Sizes,
    cell_images,
    floating_pictures,
    rich_pictures,
)
from batchgen.catalogue.formats.workbook.behind.findings import (
    Findings,
    Place,
    cell_error,
    no_picture,
    no_value,
    place_of,
)
from batchgen.catalogue.formats.workbook.behind.number_formats import shown_formats
from batchgen.catalogue.formats.workbook.behind.package import (
    DamagedPart,
    Package,
    Relation,
    attribute,
    inside,
)
from batchgen.catalogue.formats.workbook.behind.sheet_xml import SheetXml, XmlFormula

_DISPIMG = re.compile(r'=?(?:_xlfn\.)?DISPIMG\(\s*"([^"]+)"', re.IGNORECASE)
_IMAGE = re.compile(
    r'=?(?:_xlfn\.)?IMAGE\(\s*(?:"(?P<url>[^"]+)"|(?P<cell>\$?[A-Z]{1,3}\$?\d+)\s*[,)])?',
    re.IGNORECASE,
)
_HYPERLINK = re.compile(r'=?HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)


def look_behind(package: Package, sheet: str) -> Findings:
    """Find everything that the values of a sheet do not say.

    Raises:
        DamagedPart: a part cannot be read.
    """
    workbook = package.related("", "officeDocument") or "xl/workbook.xml"
    part = _part_of(package, workbook, sheet)
    if not part:
        return Findings()
    try:
        return _Look(package, workbook, part).findings()
    except (ValueError, KeyError, OverflowError) as error:  # a number that is none
        message = f"{part}: {error}"
        raise DamagedPart(message) from error


def _part_of(package: Package, workbook: str, sheet: str) -> str:
    relations = package.relations(workbook)
    for entry in inside(package.xml(workbook), "sheet"):
        if entry.get("name") == sheet and (found := relations.get(attribute(entry, "id"))):
            return found.target
    return ""


class _Look:
    """One look behind one sheet."""

    def __init__(self, package: Package, workbook: str, part: str) -> None:
        self._package = package
        self._workbook = workbook
        self._part = part
        self._sheet = SheetXml(package.part(part))
        self._found = Findings()
        self._rich: dict[int, Relation] | None = None
        self._images: dict[str, Relation] | None = None

    def findings(self) -> Findings:
        """Look at everything."""
        self._cells()
        self._formulas()
        self._links()
        self._drawings()
        self._found.hidden_rows += [
            int(row.get("r", "0")) - 1
            for row in self._sheet.rows("hidden")
            if row.get("hidden") in {"1", "true"}
        ]
        return self._found

    def _cells(self) -> None:
        part = self._package.related(self._workbook, "styles")
        formats = shown_formats(self._package.xml(part))
        for cell in self._sheet.cells(formats.keys()):
            if cell.style in formats:
                self._found.formats[cell.place] = formats[cell.style]
            if cell.rich and self._take_rich(cell.place, cell.rich):
                continue
            if cell.kind == "e":
                self._found.troubles[cell.place] = cell_error(cell.place, cell.error)

    def _take_rich(self, place: Place, number: int) -> bool:
        """Take the picture that is the value of a cell, or the address of one on the web."""
        if self._rich is None:
            self._rich = rich_pictures(self._package, self._workbook)
        picture = self._rich.get(number)
        if picture is None or not picture.target:
            return False
        self._take(place, picture)
        return True

    def _take(self, place: Place, picture: Relation) -> None:
        self._found.troubles.pop(place, None)
        if picture.is_outside:
            self._found.texts[place] = picture.target
        else:
            self._found.pictures[place] = picture

    def _formulas(self) -> None:
        is_to_calculate = any(
            entry.get("fullCalcOnLoad") in {"1", "true"}
            for entry in inside(self._package.xml(self._workbook), "calcPr")
        )
        for formula in self._sheet.formulas():
            if self._is_picture(formula):
                continue
            if link := _HYPERLINK.match(formula.text):
                self._found.links[formula.place] = link[1]
            if not formula.value and formula.kind not in {"str", "e", "s"}:
                self._found.troubles[formula.place] = no_value(formula.place, formula.text)
            elif is_to_calculate and formula.value == "0":
                self._found.doubtful.append(formula.place)

    def _is_picture(self, formula: XmlFormula) -> bool:
        """Tell whether a formula is there to show a picture; if so, the picture is taken."""
        place = formula.place
        if place in self._found.pictures or place in self._found.texts:
            return True
        shown = _DISPIMG.match(formula.text) or _DISPIMG.match(formula.value or "")
        if shown:
            self._take_image(place, shown[1])
            return True
        image = _IMAGE.match(formula.text)
        if image is None:
            return False
        named = place_of(image["cell"] or "")
        if image["url"]:
            self._take(place, Relation("image", image["url"], is_outside=True))
        elif named is not None:
            self._found.troubles.pop(place, None)
            self._found.references[place] = named
        else:
            self._found.troubles[place] = no_picture(place)
        return True

    def _take_image(self, place: Place, name: str) -> None:
        if self._images is None:
            self._images = cell_images(self._package, self._workbook)
        picture = self._images.get(name)
        if picture is not None:
            self._take(place, picture)
        else:
            self._found.troubles[place] = no_picture(place)

    def _links(self) -> None:
        relations = self._package.relations(self._part)
        for link in self._sheet.tags("hyperlink"):
            place = place_of(link.get("ref", "").partition(":")[0])
            relation = relations.get(link.get("id", ""))
            if place is not None and relation is not None and relation.is_outside:
                self._found.links[place] = relation.target

    def _drawings(self) -> None:
        drawing = self._package.related(self._part, "drawing")
        if not drawing:
            return
        rows = {
            int(row["r"]) - 1: Sizes.of_points(float(row["ht"]))
            for row in self._sheet.rows("ht")
            if "r" in row
        }
        columns = {
            at: Sizes.of_characters(float(span["width"]))
            for span in self._sheet.tags("col")
            if "width" in span
            for at in range(int(span["min"]) - 1, min(int(span["max"]), int(span["min"]) + 999))
        }
        usual = next(
            (
                float(row["defaultRowHeight"])
                for row in self._sheet.tags("sheetFormatPr")
                if "defaultRowHeight" in row
            ),
            15.0,
        )
        sizes = Sizes(rows, columns, Sizes.of_points(usual))
        self._found.floating.extend(floating_pictures(self._package, drawing, sizes))
