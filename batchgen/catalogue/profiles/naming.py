"""Puts batchgen's names beside a row's own cells, one row at a time. Pure.

A name gets the first cell that says something; pictures become one list, texts are cleaned, and a
price is parted from its currency. Knows nothing of products that have several rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from batchgen.catalogue.profiles.cleaning import cleaned, is_clean, split_price
from batchgen.catalogue.profiles.recognition import all_matching, header_key, matching
from batchgen.catalogue.profiles.schema import COLUMNS, PLAIN, Profile
from batchgen.catalogue.table import Mark, Row, stripped

#: Names whose cells are sent or looked up as they are written.
_AS_WRITTEN = frozenset(COLUMNS) - {"title"}
#: Parts pictures wherever it stands; a comma does before a blank, or before another link.
_SEPARATOR = re.compile(r"[|;；\t\n]|,\s+|[,，]\s*(?=(?:https?:)?//)|\s+(?=https?://)", re.I)
#: Without one of these a cell names one picture.
_MAY_PART = re.compile(r"[|;；,，、\s]")
_COMMA = re.compile(r"[,，、]")
_PICTURE_FILE = re.compile(r"[^:]*\.(?:jpe?g|png|webp|gif|bmp|tiff?|avif|heic|tbi)", re.I)
#: `md5:1:0:|link`; with 2 and a property it is a variant's. The link is empty when the picture
#: lies in the folder that is called like the file.
_TAOBAO_PICTURE = re.compile(r"([0-9A-Fa-f]{32}):(\d+):(\d+):[^|;]*\|([^;\s]*)")
_PICTURES = ("image", "images")
#: Headers of batchgen's own columns of pictures.
_OWN_PICTURES = tuple((name,) for name in _PICTURES)
_LISTED = {"images": Mark.LIST}
_ATTRIBUTE = re.compile(r",(?=[A-Za-z]\w*=)")


def split_pictures(text: str, separator: str | None = None) -> list[str]:
    """List the pictures that a cell names; a comma that belongs to a link stays in it."""
    if text[:5].lower() == "data:":
        return [text]
    if separator is None and not _MAY_PART.search(text):
        return [text]
    parts = text.split(separator) if separator else _SEPARATOR.split(text)
    found: list[str] = []
    for part in parts:
        pieces = [part] if "//" in part else _COMMA.split(part)
        is_list = all(_PICTURE_FILE.fullmatch(stripped(piece)) for piece in pieces)
        found.extend(pieces if is_list else [part])
    return [name for piece in found if (name := stripped(piece))]


def split_taobao_pictures(text: str, file_of: Callable[[str], str]) -> list[str]:
    """List the pictures of a Taobao assistant's cell: the main ones by position, then variants'."""
    found = [
        (int(kind), int(position), link or file_of(md5))
        for md5, kind, position, link in _TAOBAO_PICTURE.findall(text)
    ]
    return [name for _, _, name in sorted(found, key=lambda one: one[:2])]


@dataclass(frozen=True, slots=True)
class _Price:
    """A column of prices."""

    header: str
    #: That the header names, else "".
    currency: str


class Naming:
    """How the rows of one table get our names."""

    def __init__(
        self,
        profile: Profile,
        columns: Mapping[str, tuple[str, ...]],
        headers: Sequence[str],
        file_of: Callable[[str], str] = str,
    ) -> None:
        """Take `columns`: our name -> headers, the one that is looked at first in front.

        `file_of` gives the name of the file of a Taobao picture that has no link.
        """
        self.profile = profile
        self.columns = columns
        self._file_of = file_of
        self._splits_pictures = _splits_pictures(profile, columns)
        self._picture_headers = [header for name in _PICTURES for header in columns.get(name, ())]
        self._copied = [
            (name, of)
            for name, of in columns.items()
            if of != (name,) and not (self._splits_pictures and name in _PICTURES)
        ]
        self.variant_pictures = all_matching(profile.variants.picture, headers)
        written = (columns.get(name, ()) for name in _AS_WRITTEN)
        self._as_written = _AS_WRITTEN.union(self.variant_pictures, *written)
        self._foreign = _foreign(profile, headers)
        self._prices = list(_prices(profile, columns))
        self._attributes = all_matching(profile.attributes, headers)
        self._attribute_names = _attribute_names(profile, columns) if self._attributes else {}
        added = (self._copied, self._foreign, self._prices, self._attributes)
        self._adds = self._splits_pictures or any(added)

    @property
    def shared(self) -> dict[str, tuple[str, ...]]:
        """Give our names whose cells are part of what stands in another column."""
        found = dict.fromkeys(self._attribute_names.values(), self._attributes)
        if self._prices and "currency" not in self.columns:
            found["currency"] = self.columns["price"]
        return found

    def named(self, row: Row) -> Row:
        """Put our names beside the file's own, each with the first cell that says something."""
        cells = row.cells
        if not is_clean("".join(cells.values())):
            cells = self._cleaned(row)
        if not self._adds:
            return row if cells is row.cells else Row(row.number, cells, row.marks, row.warnings)
        named = dict(cells) if not self._foreign else self._set_aside(cells)
        for attributes in self._attributes:
            self._spread(cells.get(attributes, ""), named)
        marks = self._copy(row, cells, named)
        if self._prices:
            self._price(cells, named)
        if self._splits_pictures:
            pictures = self.pictures(row)
            named["image"] = pictures[0] if pictures else ""
            named["images"] = "\n".join(pictures[1:])
            if len(pictures) > 1:
                marks = {**marks, **_LISTED}
        return Row(row.number, named, marks, row.warnings)

    def _set_aside(self, cells: Mapping[str, str]) -> dict[str, str]:
        """Put the vendor's cells that look like fields of a clip under other names."""
        return {self._foreign.get(name, name): text for name, text in cells.items()}

    def _copy(
        self, row: Row, cells: Mapping[str, str], named: dict[str, str]
    ) -> Mapping[str, Mark]:
        """Fill `named` with our names; give the marks of the row under them too."""
        marks = row.marks
        for name, headers in self._copied:
            header = headers[0]
            if len(headers) > 1:
                header = next((one for one in headers if cells.get(one)), header)
            if header in cells:
                named[name] = cells[header]
                if header in marks:
                    marks = {**marks, name: marks[header]}
        return marks

    def pictures(self, row: Row) -> list[str]:
        """List the pictures of a row's product, as it names them, each once."""
        return self._listed(row, self._picture_headers)

    def own_pictures(self, row: Row) -> list[str]:
        """List the pictures of a row's variant alone."""
        return self._listed(row, self.variant_pictures)

    def first(self, row: Row, headers: Iterable[str]) -> str:
        """Give the first cell of some columns that says something."""
        return next((text for header in headers if (text := row.cells.get(header, ""))), "")

    def _listed(self, row: Row, headers: Iterable[str]) -> list[str]:
        found: list[str] = []
        for header in headers:
            if text := row.cells.get(header):
                found += self._split(text, row.marks.get(header))
        return list(dict.fromkeys(found)) if len(found) > 1 else found

    def _split(self, text: str, mark: Mark | None) -> list[str]:
        if mark is Mark.LIST:
            return [name for part in text.split("\n") if (name := stripped(part))]
        if self.profile.picture_list == "taobao":
            found = split_taobao_pictures(text, self._file_of)
            if found:
                return found
        return split_pictures(text, self.profile.picture_separator)

    def _cleaned(self, row: Row) -> Mapping[str, str]:
        """Clean the texts that may reach a prompt; the same mapping when there are none."""
        kept = self._as_written
        changed = {
            name: text
            for name, dirty in row.cells.items()
            if name not in kept
            and not is_clean(dirty)
            and name not in row.marks
            and (text := cleaned(dirty)) != dirty
        }
        return {**row.cells, **changed} if changed else row.cells

    def _spread(self, text: str, named: dict[str, str]) -> None:
        """Make cells of a list `name=value,name=value`; the file's own columns come first."""
        for pair in _ATTRIBUTE.split(text):
            name, sign, value = pair.partition("=")
            if not sign:
                continue
            name, value = name.strip(), cleaned(value.strip().strip('"'))
            named.setdefault(f"product_{name}" if name in COLUMNS else name, value)
            if ours := self._attribute_names.get(header_key(name)):
                named[ours] = value
        for ours in self._attribute_names.values():
            named.setdefault(ours, "")

    def _price(self, cells: Mapping[str, str], named: dict[str, str]) -> None:
        price = next((one for one in self._prices if cells.get(one.header)), self._prices[0])
        text = cells.get(price.header)
        if text is None:
            return
        named["price"], written = split_price(text)
        named["currency"] = named.get("currency") or written or (price.currency if text else "")


def with_pictures(row: Row, pictures: Sequence[str]) -> Row:
    """Give a named row other pictures: the first as `image`, the rest as the list `images`."""
    cells = {
        **row.cells,
        "image": pictures[0] if pictures else "",
        "images": "\n".join(pictures[1:]),
    }
    return row._replace(cells=cells, marks={**row.marks, **_LISTED})


def _splits_pictures(profile: Profile, columns: Mapping[str, tuple[str, ...]]) -> bool:
    """Tell whether pictures are made one list: not where the file has our own columns for them."""
    if profile.name == PLAIN:
        return False
    found = [columns[name] for name in _PICTURES if name in columns]
    return any(profile.required or headers not in _OWN_PICTURES for headers in found)


def _foreign(profile: Profile, headers: Sequence[str]) -> dict[str, str]:
    """Give other names to the vendor's columns that look like fields of a clip."""
    return {
        header: f"product_{header.casefold()}"
        for header in all_matching(profile.foreign, headers)
        if header.casefold() in COLUMNS
    }


def _attribute_names(profile: Profile, columns: Collection[str]) -> dict[str, str]:
    """Give what attributes are called, compared as headers are -> our names without a column."""
    return {
        header_key(alias): name
        for name, aliases in profile.columns.items()
        for alias in aliases
        if name not in columns and "{" not in alias
    }


def _prices(profile: Profile, columns: Mapping[str, tuple[str, ...]]) -> Iterable[_Price]:
    if profile.name == PLAIN:
        return
    for header in columns.get("price", ()):
        yield _Price(header, _currency_of(profile, header))


def _currency_of(profile: Profile, header: str) -> str:
    """Give the currency that a header names: `Variant Price EUR`."""
    aliases = profile.columns.get("price", ())
    is_named = any("{currency}" in alias and matching(alias, [header]) for alias in aliases)
    return stripped(header)[-3:].upper() if is_named else ""
