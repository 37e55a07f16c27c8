"""Names the columns of rows of XML by the outline of the file. Pure.

    <g:price>9 EUR</g:price>                        price
    <g:shipping><g:price>5</g:price></g:shipping>   shipping.price
    <images><image>a</image></images>               images.image
    <offer id="A1"><picture main="yes">             id, picture, picture.main
    <text>Solid <b>oak</b></text>                   text = Solid oak: words beside elements are text

Names lose the prefix of Google's fields and that of the row itself; where `g:title` and `title` are
both there, Google's counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from batchgen.catalogue.formats.feed.outline import Kind

#: Levels below a row whose elements have columns of their own.
_LEVELS = 3


@dataclass(slots=True)
class Layout:
    """The columns of one kind of row, and which elements and attributes fill each."""

    #: Prefixes that names lose.
    prefixes: frozenset[str]
    #: Column -> what fills it; the first that has any text counts.
    columns: dict[str, list[Kind]] = field(default_factory=dict)

    def add_elements(self, kind: Kind, above: str = "", level: int = 1) -> None:
        """Name the columns of everything in a kind, whose own column is `above`."""
        for child in kind.children.values():
            column = above + self._name(child)
            if child.is_words or level == _LEVELS:
                child.is_cell = True
                # What lost a prefix is the more certain one.
                at = 0 if column != above + child.name else len(self.columns.get(column, ()))
                self.columns.setdefault(column, []).insert(at, child)
            else:
                self.add_elements(child, f"{column}.", level + 1)
        self.add_attributes(kind, above)
        for child in kind.children.values():
            if child.is_cell:
                self.add_attributes(child, f"{above}{self._name(child)}.")

    def add_attributes(self, kind: Kind, above: str) -> None:
        """Name the columns of a kind's attributes; elements of the same name come first."""
        for attribute in kind.attributes.values():
            column = above + self._name(attribute)
            if column in self.columns:
                column = f"{above}@{self._name(attribute)}"
            self.columns.setdefault(column, []).append(attribute)

    def _name(self, kind: Kind) -> str:
        prefix, _, local = kind.name.rpartition(":")
        return local if prefix in self.prefixes else kind.name


def layout_of(row: Kind, google: Iterable[str]) -> Layout:
    """Name the columns of a kind of row."""
    own_prefix = row.name.rpartition(":")[0]
    layout = Layout(frozenset((*google, own_prefix)))
    layout.add_elements(row)
    return layout
