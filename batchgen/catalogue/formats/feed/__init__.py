"""Reads XML feeds: RSS and Atom with Google's fields, and any other file of repeated elements.

    parsing   expat over the file, chunk by chunk, refusing DTDs and entities
    outline   first pass: which elements are there, and which of them are the rows
    columns   the names of the columns
    here      second pass, each time the rows are asked for: their cells

Memory is that of one chunk and its rows. A damaged file is refused as a whole in the first pass:
half a feed is never bought. A row's number is that of its element, the first being 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from batchgen.catalogue.formats.feed.columns import Layout, layout_of
from batchgen.catalogue.formats.feed.outline import FEEDS, Kind, Outline, find_rows
from batchgen.catalogue.formats.feed.parsing import declared, parse
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Mark, Row, Table, stripped
from batchgen.item import Fault
from batchgen.messages import Message, msg

_FORMATS = {"rss": "RSS", "rdf:RDF": "RSS", "feed": "Atom"}


def read_feed(source: Source) -> Table:
    """Read an XML feed.

    Raises:
        ManifestError: damaged XML, XML with a DTD, or no elements that look like rows.
    """
    decoded = declared(source)
    outline = Outline(decoded)
    for _ in parse(decoded, outline.start, outline.end, outline.text):
        pass
    rows, beside = find_rows(decoded, outline)
    layouts = {row: layout_of(row, outline.google) for row in rows}
    columns = dict.fromkeys(column for layout in layouts.values() for column in layout.columns)
    facts, warnings = decoded.notes()
    if beside:
        warnings = (*warnings, _not_read(source, rows, beside))
    entries = _Rows(decoded, outline.root, layouts)
    return Table(tuple(columns), entries, warnings, (*facts, _fact(outline, rows)))


def _fact(outline: Outline, rows: list[Kind]) -> Message:
    root = next(iter(outline.root.children))
    return msg(
        "XML ({format}), {count} elements <{name}>",
        format=_FORMATS.get(root, root),
        count=sum(row.count for row in rows),
        name=rows[0].name if rows else FEEDS[root],
    )


def _not_read(source: Source, rows: list[Kind], beside: list[Kind]) -> Fault:
    return source.warning(
        "list-chosen",
        msg(
            "its elements <{name}> were read as rows, <{others}> were not: name another in"
            " manifest.sheet",
            name=rows[0].name,
            others=">, <".join(dict.fromkeys(kind.name for kind in beside)),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a feed, read anew each time they are iterated over; blank ones are left out."""

    source: Source
    root: Kind
    layouts: Mapping[Kind, Layout]

    def __iter__(self) -> Iterator[Row]:
        reading = _Reading(self.source, self.layouts, [self.root])
        for _ in parse(self.source, reading.start, reading.end, reading.text):
            yield from reading.rows
            reading.rows.clear()


@dataclass(slots=True)
class _Reading:
    """One pass over the file."""

    source: Source
    layouts: Mapping[Kind, Layout]
    #: The kinds of the open elements, from the top down.
    open: list[Kind]
    rows: list[Row] = field(default_factory=list)
    number: int = 0
    #: What the open row has so far; None between rows.
    texts: dict[Kind, list[str]] | None = None
    #: The open cell, and its text.
    cell: Kind | None = None
    parts: list[str] = field(default_factory=list)

    def start(self, name: str, attributes: list[str]) -> None:
        """Begin an element, which may be a row or a cell of one."""
        kind = self.open[-1].children.get(name)
        if kind is None:
            raise self.source.changed()
        self.open.append(kind)
        if self.cell is not None:
            self.parts.append(" ")
            return
        if kind.is_row:
            self.texts = {}
            self.number += 1
        if self.texts is not None:
            for at in range(0, len(attributes), 2):
                self._put(kind.attributes.get(attributes[at]), attributes[at + 1])
            if kind.is_cell:
                self.cell = kind

    def text(self, text: str) -> None:
        """Take text, if a cell is open."""
        if self.cell is not None:
            self.parts.append(text)

    def end(self, _name: str) -> None:
        """End an element; a row that ends is read."""
        kind = self.open.pop()
        if kind is self.cell:
            text = "".join(self.parts)
            self._put(kind, " ".join(text.split()) if kind.children else text)
            self.parts.clear()
            self.cell = None
        elif kind.is_row and self.texts is not None:
            row = _row(self.number, self.layouts[kind].columns, self.texts)
            if any(row.cells.values()):
                self.rows.append(row)
            self.texts = None

    def _put(self, kind: Kind | None, text: str) -> None:
        if kind is not None and self.texts is not None:
            self.texts.setdefault(kind, []).append(stripped(text))


def _row(
    number: int, columns: Mapping[str, Sequence[Kind]], found: Mapping[Kind, list[str]]
) -> Row:
    cells: dict[str, str] = {}
    marks: dict[str, Mark] = {}
    for column, kinds in columns.items():
        kind = next((kind for kind in kinds if any(found.get(kind, ()))), None)
        texts = found[kind] if kind else [""]
        cells[column] = texts[0]
        if len(texts) > 1:
            cells[column] = "\n".join(text.replace("\n", " ") for text in texts)
            marks[column] = Mark.LIST
        if kind and kind.children and not kind.is_words:
            marks[column] = Mark.NESTED
    return Row(number, cells, marks) if marks else Row(number, cells)
