"""Tells from the outline of an XML file which of its elements are the rows. Pure.

The outline is a tree of every kind of element there is: the place counts, not the single element.
Rows are the elements called as feeds call them (`item`, `product`, ...), else those that come again
and again nearest to the root. Knows no column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from batchgen.catalogue.formats.feed.parsing import web_page
from batchgen.catalogue.source import Source
from batchgen.errors import ManifestError
from batchgen.messages import msg

#: What feeds call a row: RSS, Atom; Magento and most shops; Yandex; Heureka; databases.
#: Read from public feeds and templates on 2026-11-23.
_ROW_NAMES = frozenset(
    ("item", "entry", "product", "offer", "article", "listing", "shopitem", "row", "record")
)
#: Root -> what its rows are called.
FEEDS = {"rss": "item", "rdf:RDF": "item", "feed": "entry"}
#: Google's own fields and its custom ones (support.google.com/merchants, read 2026-11-23).
_GOOGLE = frozenset(("http://base.google.com/ns/1.0", "http://base.google.com/cns/1.0"))
#: Elements that only lay out words, where a shop writes HTML into its feed as it is.
_MARKUP = frozenset(
    ("p", "br", "b", "strong", "em", "u", "div", "span", "ul", "ol", "li", "h1", "h2", "h3", "h4")
)
#: Kinds of elements that a catalogue may have; files whose ids are names of elements have more.
_KINDS_LIMIT = 20_000


@dataclass(slots=True, eq=False)
class Kind:
    """All elements of one name in one place; or an attribute of theirs."""

    #: As written, with its prefix.
    name: str
    children: dict[str, Kind] = field(default_factory=dict)
    attributes: dict[str, Kind] = field(default_factory=dict)
    count: int = 0
    #: Whether it has text of its own, besides that of the elements in it.
    has_text: bool = False
    is_row: bool = False
    #: Whether its text, with that of the elements in it, is a cell.
    is_cell: bool = False

    @property
    def local_name(self) -> str:
        """The name without its prefix."""
        return self.name.rpartition(":")[2]

    @property
    def is_words(self) -> bool:
        """Whether it is text, with markup or without, or nothing at all."""
        is_markup = bool(self.children) and self.children.keys() <= _MARKUP
        return self.has_text or is_markup or not (self.children or self.attributes)

    def fields(self) -> int:
        """Count what may be cells in it."""
        return len(self.attributes) + sum(not kind.children for kind in self.children.values())


@dataclass(slots=True)
class Outline:
    """The outline of a file while it is gone through."""

    source: Source
    root: Kind = field(default_factory=lambda: Kind(""))
    #: Prefixes of Google's fields; feeds use `g` even where they forget to declare it.
    google: set[str] = field(default_factory=lambda: {"g"})
    _open: list[Kind] = field(default_factory=list)
    _kinds: int = 0

    def start(self, name: str, attributes: list[str]) -> None:
        """Note an element that begins; the attributes are name, value, name, value."""
        parent = self._open[-1] if self._open else self.root
        kind = parent.children.get(name)
        if kind is None:
            if parent is self.root and name.lower() == "html":
                raise web_page(self.source)
            kind = parent.children[name] = self._new(name)
            self.google |= _google_prefixes(attributes)
        kind.count += 1
        for attribute in attributes[::2]:
            if attribute not in kind.attributes and not attribute.startswith("xmlns"):
                kind.attributes[attribute] = self._new(attribute)
        self._open.append(kind)

    def end(self, _name: str) -> None:
        """Note that the element ends."""
        self._open.pop()

    def text(self, text: str) -> None:
        """Note text in the open element."""
        if not text.isspace():
            self._open[-1].has_text = True

    def _new(self, name: str) -> Kind:
        self._kinds += 1
        if self._kinds > _KINDS_LIMIT:
            raise self.source.error(
                msg(
                    "it has more than {limit} kinds of elements: no list of products looks"
                    " like that",
                    limit=_KINDS_LIMIT,
                )
            )
        return Kind(name)


def _google_prefixes(attributes: list[str]) -> set[str]:
    return {
        name.removeprefix("xmlns:")
        for name, value in zip(attributes[::2], attributes[1::2], strict=True)
        if name.startswith("xmlns:") and value in _GOOGLE
    }


def find_rows(source: Source, outline: Outline) -> tuple[list[Kind], list[Kind]]:
    """Find the kinds whose elements are rows, and kinds beside them that might have been meant.

    All rows have one name, and none lies in another.

    Raises:
        ManifestError: nothing in the file looks like rows, or what the job names is not there.
    """
    (root,) = outline.root.children.values()
    levels = list(_levels(root))
    name = source.sheet or _likeliest(root.name, levels)
    rows = list(_outermost(root, name)) if name else []
    if not rows and (source.sheet or root.name not in FEEDS):
        raise _no_rows(source, levels)
    for row in rows:
        row.is_row = True
    return rows, list(_beside(levels))


def _beside(levels: Iterable[Iterable[Kind]]) -> Iterator[Kind]:
    """Yield the lists on the level of the first rows that are no rows."""
    level = next((level for level in levels if any(kind.is_row for kind in level)), ())
    return (kind for kind in level if not kind.is_row and kind.children and _is_list(kind))


def _levels(root: Kind) -> Iterator[list[Kind]]:
    """Yield, from the root down, the kinds of each level that may hold several cells."""
    level = [root]
    while level:
        yield [kind for kind in level if kind.children or len(kind.attributes) > 1]
        level = [child for kind in level for child in kind.children.values()]


def _likeliest(root: str, levels: list[list[Kind]]) -> str | None:
    """Choose what is called a row, else what comes again and again, else what has most fields.

    What is nearer to the root counts more; in one level, what comes more often.
    """
    kinds = [kind for level in levels for kind in sorted(level, key=lambda kind: -kind.count)]
    if FEEDS.get(root) in {kind.name for kind in kinds}:
        return FEEDS[root]
    called_so = next((kind for kind in kinds if kind.local_name.lower() in _ROW_NAMES), None)
    if called_so or root in FEEDS:
        return called_so.name if called_so else None
    repeated = sorted(filter(_is_list, kinds), key=lambda kind: not kind.children)
    found = repeated[0] if repeated else max(kinds, key=Kind.fields, default=None)
    return found.name if found else None


def _is_list(kind: Kind) -> bool:
    return kind.count > 1 and not kind.has_text


def _outermost(root: Kind, name: str) -> Iterator[Kind]:
    level = [root]
    while level:
        yield from (kind for kind in level if kind.name == name)
        inner = (kind.children.values() for kind in level if kind.name != name)
        level = [child for children in inner for child in children]


def _no_rows(source: Source, levels: Iterable[Iterable[Kind]]) -> ManifestError:
    names = dict.fromkeys(kind.name for level in levels for kind in level)
    return source.error(
        msg(
            "none of its elements looks like a list of products. It has: {names}. Name the right"
            " one in manifest.sheet",
            names=", ".join(names) or "-",
        )
    )
