"""What the tests of this room share: names of fixtures' types, and a short form of faults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from batchgen.catalogue import Catalogue

Read = Callable[..., Catalogue]
Draw = Callable[..., Path]


def places(catalogue: Catalogue) -> list[tuple[str, int | None, str | None, str]]:
    """List where and what each fault is, as (file, row, column, code)."""
    return [(fault.file, fault.row, fault.column, fault.code) for fault in catalogue.faults]


def skus(catalogue: Catalogue) -> list[str]:
    """List the SKUs of the items in order."""
    return [item.sku for item in catalogue.items]
