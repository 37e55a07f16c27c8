"""Finds in the XML of one .xlsx sheet what the fast reader does not give; by patterns, for speed.

Looked at are only the cells that have a number format worth it, an error, a formula, or a value
of more than text. Knows no file; what a cell's picture is, `embedded` says.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from batchgen.catalogue.formats.workbook.behind.findings import Place, place_of

#: Of a cell: its place, its style, its kind, its rich value.
_OF_A_CELL = re.compile(rb"""(?<![\w:])(r|s|t|vm)\s*=\s*["'](\w+)["']""")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


@dataclass(frozen=True, slots=True)
class XmlCell:
    """One cell as the XML has it."""

    place: Place
    #: Number of its style.
    style: str
    #: `t`: `e` for an error, `str` for the text of a formula; no text for a number.
    kind: str
    #: Which of the rich values it has, counted from 1; 0 for none.
    rich: int
    #: What an error says: `#N/A`.
    error: str


@dataclass(frozen=True, slots=True)
class XmlFormula:
    """One cell with a formula."""

    place: Place
    kind: str
    rich: int
    #: No text for one that is shared with a cell above.
    text: str
    #: None when no value was stored.
    value: str | None


class SheetXml:
    """The XML of a sheet."""

    def __init__(self, xml: bytes) -> None:
        root = re.search(rb"<(\w+:)?worksheet\b", xml)
        self._prefix = (root[1] or b"") if root else b""
        self._xml = _with_places(xml, self._prefix)

    def cells(self, styles: Collection[str]) -> Iterator[XmlCell]:
        """Find the cells that have one of the styles, an error or a rich value."""
        wanted = [rb"vm=", rb"""t=["']e["']"""]
        if styles:
            wanted.append(rb"""s=["'](?:%s)["']""" % b"|".join(map(str.encode, styles)))
        pattern = re.compile(
            rb"<%sc\s(?:[^>]*?\s)??(?:%s)[^>]*>" % (self._prefix, b"|".join(wanted))
        )
        for match in pattern.finditer(self._xml):
            said = _said(match[0])
            if (place := _place(said)) is not None:
                kind = said.get("t", "")
                error = self._error(match.end()) if kind == "e" else ""
                yield XmlCell(place, said.get("s", ""), kind, _rich(said), error)

    def _error(self, start: int) -> str:
        """Give the value of the cell whose content starts there."""
        inner = self._xml[start : self._xml.find(b"</%sc>" % self._prefix, start)]
        return _text(inner.rpartition(b"</%sv>" % self._prefix)[0].rpartition(b">")[2])

    def formulas(self) -> Iterator[XmlFormula]:
        """Find the cells that have a formula."""
        p = self._prefix
        if b"<%sf" % p not in self._xml:
            return
        pattern = re.compile(
            rb"<%sc\s([^>]*)>\s*<%sf\b(?:[^>]*/>|[^>]*>([^<]*)</%sf\s*>)\s*"
            rb"(?:<%sv\b[^>]*?(?:/>|>([^<]*)<))?" % (p, p, p, p)
        )
        for match in pattern.finditer(self._xml):
            said = _said(match[1])
            if (place := _place(said)) is not None:
                value = _text(match[3]) if match[3] is not None else None
                text = _text(match[2] or b"")
                yield XmlFormula(place, said.get("t", ""), _rich(said), text, value)

    def tags(self, name: str) -> Iterator[dict[str, str]]:
        """Give the attributes of all elements of a name besides cells, without namespaces."""
        pattern = re.compile(rb"<%s%s\b([^>]*)>" % (self._prefix, name.encode()))
        for part in self._edges:
            for match in pattern.finditer(part):
                yield _attributes(match[1])

    def rows(self, mark: str) -> Iterator[dict[str, str]]:
        """Give the attributes of the rows that have the attribute `mark`."""
        pattern = re.compile(rb"<%srow\s([^>]*\b%s\s*=[^>]*)>" % (self._prefix, mark.encode()))
        return (_attributes(match[1]) for match in pattern.finditer(self._xml))

    @cached_property
    def _edges(self) -> tuple[bytes, bytes]:
        """Give what stands before the cells and after them."""
        start = self._xml.find(b"<%ssheetData" % self._prefix)
        end = self._xml.rfind(b"</%ssheetData" % self._prefix)
        return self._xml[: max(start, 0)], self._xml[max(start, end, 0) :]


def _with_places(xml: bytes, prefix: bytes) -> bytes:
    """Write the place into cells that have none: they follow one another from the left."""
    if not re.search(rb"<%sc(?:>|/>|\s(?![^>]*\br\s*=))" % prefix, xml):
        return xml
    row, column = -1, -1

    def placed(match: re.Match[bytes]) -> bytes:
        nonlocal row, column
        name, attributes = match[1], match[2]
        if name == b"row":
            number = re.search(rb"""\br\s*=\s*["']([0-9]{1,7})["']""", attributes)
            row, column = int(number[1]) - 1 if number else row + 1, -1
            return match[0]
        place = _place(_said(attributes))
        column = place.column if place else column + 1
        own = b"" if place else b' r="%s"' % str(Place(row, column)).encode()
        return b"<%sc%s%s>" % (prefix, own, attributes)

    return re.sub(rb"<%s(row|c)\b([^>]*)>" % prefix, placed, xml)


def _said(tag: bytes) -> dict[str, str]:
    """Give what the tag of a cell says; much quicker than all its attributes."""
    return {key.decode(): value.decode() for key, value in _OF_A_CELL.findall(tag)}


def _place(said: Mapping[str, str]) -> Place | None:
    return place_of(said.get("r", ""))


def _rich(said: Mapping[str, str]) -> int:
    number = said.get("vm", "")
    return int(number) if number.isdecimal() else 0


def _attributes(tag: bytes) -> dict[str, str]:
    return {
        key.decode().rpartition(":")[2]: _text(double or single)
        for key, double, single in _ATTRIBUTE.findall(tag)
    }


def _text(xml: bytes) -> str:
    return html.unescape(xml.decode("utf-8", "replace"))
