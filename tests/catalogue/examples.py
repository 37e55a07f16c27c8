"""What the tests of this room share: names of fixtures' types, and a short form of faults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.catalogue.whole import WholeCatalogue

Read = Callable[..., WholeCatalogue]
Draw = Callable[..., Path]


def places(catalogue: WholeCatalogue) -> list[tuple[str, int | None, str | None, str]]:
    """List where and what each fault is, as (file, row, column, code)."""
    return [(fault.file, fault.row, fault.column, fault.code) for fault in catalogue.faults]


def skus(catalogue: WholeCatalogue) -> list[str]:
    """List the SKUs of the items in order."""
    return [item.sku for item in catalogue.items]
