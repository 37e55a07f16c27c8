"""Variants that name their parent, or are named by it, are folded into it or take from it. Pure.

They may stand anywhere, so the rows are read three times. Kept between the readings: a few names
for each variant, and for each parent its pictures, or what its variants take from it; about one
kilobyte a product with variants, none for the others.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from batchgen.catalogue.profiles.naming import Naming, with_pictures
from batchgen.catalogue.profiles.recognition import all_matching
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Entry, Row, Skipped
from batchgen.item import Fault
from batchgen.job.schema import Per
from batchgen.messages import msg

#: What a variant takes from its parent where it says nothing itself.
_TAKEN = ("title", "brand", "category", "description", "status", "price", "currency")
_LISTED_SKU = re.compile(r"(?:^|[|,])\s*sku=([^,|]+)")


@dataclass
class _Families:
    """Who belongs to whom in one table; parents are known by their SKU, or `id:` and their id."""

    #: SKU of a variant -> key of the parent that lists it.
    listed: dict[str, str] = field(default_factory=dict)
    #: Keys of parents that some row is a variant of.
    wanted: set[str] = field(default_factory=set)
    #: Keys of parents that were found.
    parents: set[str] = field(default_factory=set)
    #: Key of a parent -> what its variants take.
    taken: dict[str, Row] = field(default_factory=dict)
    #: Key that a variant names -> pictures of its variants, in file order.
    pictures: defaultdict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))


class Children:
    """Makes rows of products of the rows of one table."""

    def __init__(self, source: Source, naming: Naming, headers: Sequence[str], per: Per) -> None:
        self._source, self._naming, self._per = source, naming, per
        variants = naming.profile.variants
        self._sku = naming.columns.get("sku", ())
        self._id = all_matching(variants.id, headers)
        self._parent = all_matching(variants.parent, headers)
        self._kind = all_matching(variants.kind, headers)
        self._child_kinds = {kind.casefold() for kind in variants.child_kinds}
        self._listed = all_matching(variants.listed, headers)
        self._translation = all_matching(variants.translation, headers)

    def rows(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Give the rows of products in file order; `entries` are iterated over three times."""
        families = _Families()
        for row in self._products(entries):
            self._relate(row, families)
        if families.wanted:
            for row in self._products(entries):
                self._collect(row, families)
        for entry in entries:
            if not isinstance(entry, Row):
                yield entry
            elif self._is_translation(entry):
                yield self._translated(entry)
            else:
                yield from self._made(entry, families)

    def _products(self, entries: Iterable[Entry]) -> Iterator[Row]:
        return (row for row in entries if isinstance(row, Row) and not self._is_translation(row))

    def _is_translation(self, row: Row) -> bool:
        return bool(self._naming.first(row, self._translation))

    def _relate(self, row: Row, families: _Families) -> None:
        if parent := self._named_parent(row):
            families.wanted.add(parent)
        listed = self._naming.first(row, self._listed)
        sku = self._naming.first(row, self._sku)
        for child in _LISTED_SKU.findall(listed) if listed and sku else ():
            families.listed[child.strip()] = sku
            families.wanted.add(sku)

    def _collect(self, row: Row, families: _Families) -> None:
        if parent := self._parent_of(row, families):
            if self._per == "product":
                naming = self._naming
                found = chain(naming.pictures(row), naming.own_pictures(row))
                families.pictures[parent] |= dict.fromkeys(found)
            return
        for key in self._keys(row):
            if key in families.wanted:
                families.parents.add(key)
                if self._per == "variant":
                    families.taken[key] = self._given(row)

    def _given(self, row: Row) -> Row:
        named = self._naming.named(row)
        cells = {name: named.cells[name] for name in _TAKEN if named.cells.get(name)}
        return with_pictures(Row(row.number, cells), self._naming.pictures(row))

    def _made(self, row: Row, families: _Families) -> Iterator[Row]:
        named = self._naming.named(row)
        if parent := self._parent_of(row, families):
            if parent not in families.parents:
                yield self._orphan(named, parent)
            elif self._per == "variant":
                yield _taking(named, families.taken[parent])
            return
        keys = [key for key in self._keys(row) if key in families.wanted]
        if not keys:
            yield named
        elif self._per == "product":
            of_variants = (families.pictures.get(key, {}) for key in keys)
            yield with_pictures(
                named, list(dict.fromkeys(chain(self._naming.pictures(row), *of_variants)))
            )

    def _keys(self, row: Row) -> list[str]:
        sku = self._naming.first(row, self._sku)
        number = self._naming.first(row, self._id)
        return [key for key in (sku, f"id:{number}" if number else "") if key]

    def _parent_of(self, row: Row, families: _Families) -> str:
        """Give the key of the row's parent; "" when it is no variant."""
        return self._named_parent(row) or families.listed.get(
            self._naming.first(row, self._sku), ""
        )

    def _named_parent(self, row: Row) -> str:
        parent = self._naming.first(row, self._parent)
        if not parent or not self._kind:
            return parent
        kinds = self._naming.first(row, self._kind).casefold().split(",")
        return parent if self._child_kinds.intersection(map(str.strip, kinds)) else ""

    def _orphan(self, row: Row, parent: str) -> Row:
        message = msg(
            "it is a variant of {parent}, which is not in the file: it is made as a product of its"
            " own",
            parent=parent,
        )
        warning = Fault(self._source.file, row.number, None, "parent-missing", message)
        return row._replace(warnings=(*row.warnings, warning))

    def _translated(self, row: Row) -> Skipped:
        message = msg(
            "the row is a translation of {sku} for {view}: nothing is made of it",
            sku=self._naming.first(row, self._sku) or "?",
            view=self._naming.first(row, self._translation),
        )
        return Skipped(Fault(self._source.file, row.number, None, "row-translation", message))


def _taking(row: Row, parent: Row) -> Row:
    """Fill what a variant leaves blank with what its parent says; its own pictures go alone."""
    blank = {
        name: text
        for name, text in parent.cells.items()
        if name in _TAKEN and not row.cells.get(name)
    }
    filled = row._replace(cells={**row.cells, **blank})
    if row.cells.get("image"):
        return filled
    pictures = [parent.cells["image"], *parent.cells["images"].split("\n")]
    return with_pictures(filled, [name for name in pictures if name])
