"""Products whose rows stand one after another become one row each, or one a variant. Pure.

Reads in a stream and holds the rows of one product. What is blank in a later row is filled from
above inside a product only. A product that goes on further down is refused, never put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from batchgen.catalogue.profiles.naming import Naming, with_pictures
from batchgen.catalogue.profiles.recognition import all_matching
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Entry, Row
from batchgen.first_seen import FirstSeen
from batchgen.item import Fault
from batchgen.job.schema import Per
from batchgen.messages import msg

#: Rows of one product that are held; Shopify allows 2,048 variants and 250 pictures
#: (help.shopify.com, 2026-11-23).
_ROWS_LIMIT = 10_000
#: What Shopify writes for a product without options.
_NO_OPTION = "default title"


@dataclass
class _Product:
    """The rows of one product as far as they were read."""

    group: str
    rows: list[Row] = field(default_factory=list)
    #: What stood between its rows and is no row.
    others: list[Entry] = field(default_factory=list)
    #: The row above that could not be read, where the product may have begun in it.
    unread: Fault | None = None


class Grouping:
    """Makes rows of products of the rows of one table."""

    def __init__(self, source: Source, naming: Naming, headers: Sequence[str], per: Per) -> None:
        self._source, self._naming, self._per = source, naming, per
        variants = naming.profile.variants
        columns = naming.columns
        self._continues = variants.blank_group_continues
        self._group = columns.get("group", ())
        self._skus = columns.get("sku", ())
        self._title = columns.get("title", ())
        self._kind = all_matching(variants.kind, headers)
        self._child_kinds = {kind.casefold() for kind in variants.child_kinds}
        self._position = all_matching(variants.position, headers)
        self._options = all_matching(variants.options, headers)
        self._of_variant = (*self._skus, *self._options, *columns.get("price", ()))
        own = all_matching(variants.own, headers)
        pictures = chain(columns.get("image", ()), columns.get("images", ()))
        self._own = {*own, *self._of_variant, *self._position, *naming.variant_pictures, *pictures}
        self._first_rows = FirstSeen()

    def rows(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Give the rows of each product when its last one was read, faults behind them."""
        product: _Product | None = None
        unread: Fault | None = None
        for entry in entries:
            if not isinstance(entry, Row):
                unread = entry if isinstance(entry, Fault) else unread
                if product is None:
                    yield entry
                else:
                    product.others.append(entry)
                continue
            if product and self._belongs(entry, product, unread):
                product.rows.append(entry)
            else:
                if product:
                    yield from self._finished(product)
                product = self._begun(entry, unread)
            unread = None
        if product:
            yield from self._finished(product)

    def _belongs(self, row: Row, product: _Product, unread: Fault | None) -> bool:
        """Tell whether a row goes on with the product above; `unread` is what stands between."""
        if len(product.rows) >= _ROWS_LIMIT:
            return False
        if group := self._naming.first(row, self._group):
            return group == product.group
        is_below_one = bool(product.group or product.unread)
        return self._continues and unread is None and is_below_one

    def _begun(self, row: Row, unread: Fault | None) -> _Product:
        """Begin a product; below an unread row one that names neither itself nor its title."""
        group = self._naming.first(row, self._group)
        is_headed = bool(self._naming.first(row, self._title)) if self._title else bool(group)
        return _Product(group, [row], unread=None if is_headed else unread)

    def _finished(self, product: _Product) -> Iterator[Entry]:
        if product.unread:
            yield from (self._headless(row, product.unread) for row in product.rows)
            yield from product.others
            return
        first = product.rows[0]
        seen = self._first_rows.note(product.group, first.number) if product.group else first.number
        if seen != first.number:
            yield self._split(product, seen)
        else:
            filled = list(self._filled(product.rows))
            variants = self._variants(filled)
            if self._per == "product":
                yield self._whole(product.group, filled, variants)
            else:
                pictures = self._pictures(filled)
                yield from (self._variant(product.group, row, pictures) for row in variants)
        yield from product.others

    def _variants(self, rows: Sequence[Row]) -> list[Row]:
        """Find the rows that are variants; a product without any is its own."""
        if self._kind:
            kinds = (self._naming.first(row, self._kind).casefold() for row in rows)
            told = [row for row, kind in zip(rows, kinds, strict=True) if kind in self._child_kinds]
        else:
            told = [row for row in rows if self._naming.first(row, self._of_variant)]
        return told or [rows[0]]

    def _filled(self, rows: Sequence[Row]) -> Iterator[Row]:
        """Fill what is blank in a row from those above; what is a variant's own stays blank."""
        above: dict[str, str] = {}
        for row in rows:
            given = {name: text for name, text in row.cells.items() if text}
            above |= {name: text for name, text in given.items() if name not in self._own}
            yield row._replace(cells={**row.cells, **above}) if above else row

    def _whole(self, group: str, rows: Sequence[Row], variants: Sequence[Row]) -> Row:
        """Make the one row of a product: its pictures are those of all its rows."""
        naming = self._naming
        own = (name for row in variants for name in naming.own_pictures(row))
        pictures = list(dict.fromkeys(chain(self._pictures(rows), own)))
        priced = next((row for row in variants if naming.first(row, self._of_price)), variants[0])
        first = rows[0]._replace(cells={**rows[0].cells, **self._price_cells(priced)})
        row = with_pictures(naming.named(first), pictures)
        owner = next((row for row in rows if naming.first(row, self._skus)), None)
        warnings = tuple(chain.from_iterable(one.warnings for one in rows))
        others = dict.fromkeys((group, *(naming.first(one, self._skus) for one in rows)))
        row = row._replace(warnings=warnings, others=tuple(filter(None, others)))
        if owner is None:
            return self._derived(row, group)
        header = next(header for header in self._skus if owner.cells.get(header))
        marks = {name: mark for name, mark in row.marks.items() if name != "sku"}
        if header in owner.marks:
            marks["sku"] = owner.marks[header]
        return row._replace(cells={**row.cells, "sku": owner.cells[header]}, marks=marks)

    @property
    def _of_price(self) -> tuple[str, ...]:
        return self._naming.columns.get("price", ())

    def _price_cells(self, row: Row) -> Mapping[str, str]:
        return {header: row.cells[header] for header in self._of_price if header in row.cells}

    def _variant(self, group: str, row: Row, pictures: Sequence[str]) -> Row:
        """Make the row of a variant: its own pictures come before those of the product."""
        own = self._naming.own_pictures(row)
        named = with_pictures(self._naming.named(row), list(dict.fromkeys((*own, *pictures))))
        if self._naming.first(row, self._skus):
            return named
        options = [row.cells.get(header, "") for header in self._options]
        told = [text for text in options if text and text.casefold() != _NO_OPTION]
        return self._derived(named, "-".join([group, *told]) if group else "")

    def _pictures(self, rows: Sequence[Row]) -> list[str]:
        """List the pictures of all rows of a product by their position, each once."""
        placed = [(self._place(row), name) for row in rows for name in self._naming.pictures(row)]
        placed.sort(key=lambda one: one[0])
        return list(dict.fromkeys(name for _, name in placed))

    def _place(self, row: Row) -> float:
        text = self._naming.first(row, self._position)
        try:
            return float(text)
        except ValueError:
            return float("inf")

    def _derived(self, row: Row, sku: str) -> Row:
        """Give a row without SKU one made of its group, and say so."""
        if not sku:
            return row
        message = msg("it has no SKU: {sku} was made of its group and options", sku=sku)
        warning = Fault(self._source.file, row.number, None, "sku-derived", message, sku)
        return row._replace(cells={**row.cells, "sku": sku}, warnings=(*row.warnings, warning))

    def _headless(self, row: Row, unread: Fault) -> Fault:
        fault = self._source.fault(
            row.number,
            "product-unread",
            msg(
                "row {unread} above, in which its product may have begun, could not be read:"
                " mend that row",
                unread=unread.row,
            ),
        )
        return replace(fault, cells=row.cells)

    def _split(self, product: _Product, first_row: int) -> Fault:
        header = self._group[0] if self._group else None
        fault = self._source.fault(
            product.rows[0].number,
            "product-split",
            msg(
                "{group} began in row {first} and goes on here, up to row {last}: sort the file by"
                " {column}, so that the rows of a product stand together",
                group=product.group,
                first=first_row,
                last=product.rows[-1].number,
                column=header,
            ),
        )
        return replace(fault, column=header, cells=product.rows[0].cells)
