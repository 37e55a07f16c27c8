"""The manifest rows that a person has to mend, as a manifest again, with the reasons. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from batchgen.clip import Status
from batchgen.item import Fault, Item
from batchgen.output.rows import ResultRow, by_manifest_row

_REASONS = ("error_code", "error")

#: Column -> text.
Line = Mapping[str, str]


def lines_to_mend(
    failed: Sequence[ResultRow], items: Iterable[Item], faults: Iterable[Fault]
) -> tuple[list[str], list[Line]]:
    """Give the columns of the manifest with two for the reasons, and the rows that failed.

    `failed` has the failed and the invalid result rows. Items are read once, and only those that
    failed are kept.
    """
    faults = list(faults)
    columns: dict[str, None] = {}
    lines = list(_of_items(failed, items, columns))
    for fault in faults:
        columns |= dict.fromkeys(fault.cells)
    named = [name for name in columns or {"sku": None} if name not in _REASONS]
    return [*named, *_REASONS], [*lines, *_of_faults(failed, faults)]


def _of_items(
    failed: Iterable[ResultRow], items: Iterable[Item], columns: dict[str, None]
) -> Iterator[Line]:
    """Yield the rows of clips that failed; note the columns of all rows."""
    by_sku: dict[str, list[ResultRow]] = {}
    for row in failed:
        if row.status is not Status.INVALID:
            by_sku.setdefault(row.sku, []).append(row)
    for item in items:
        if not columns.keys() >= item.cells.keys():
            columns |= dict.fromkeys(item.cells)
        own = [row for row in by_sku.get(item.sku, ()) if _is_of(row, item)]
        if own:
            yield dict(item.cells) | _reasons(own)


def _of_faults(failed: Iterable[ResultRow], faults: Iterable[Fault]) -> Iterator[Line]:
    """Yield the faulty rows of the manifest, which are the invalid result rows, in their order."""
    invalid = [row for row in failed if row.status is Status.INVALID]
    for row, found in zip(invalid, by_manifest_row(faults), strict=True):
        cells = next((fault.cells for fault in found if fault.cells), {"sku": row.sku})
        yield dict(cells) | _reasons([row])


def _is_of(row: ResultRow, item: Item) -> bool:
    """Tell whether a clip of the item's SKU is of its `variant` cell (axes follow it by `-`)."""
    own = item.cells.get("variant", "")
    return not own or row.variant == own or row.variant.startswith(f"{own}-")


def _reasons(rows: Sequence[ResultRow]) -> dict[str, str]:
    """Join what is wrong with some clips, each reason once."""
    codes = dict.fromkeys(row.error_code for row in rows if row.error_code)
    errors = dict.fromkeys(row.error for row in rows if row.error)
    return {"error_code": ";".join(codes), "error": "; ".join(errors)}
