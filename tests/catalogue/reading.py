"""A file for one reader, and what it read, in short forms."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Mark, Row, Table

ReadTable = Callable[..., Table]


def reading(folder: Path, reader: Callable[[Source], Table], name: str) -> ReadTable:
    """Give a function that writes text or bytes into a file and reads it."""

    def write_and_read(content: str | bytes, **source: Any) -> Table:
        path = folder / source.pop("name", name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return reader(Source(path.name, path, **source))

    return write_and_read


def rows(table: Table) -> list[Row]:
    """List the rows, without the faults."""
    return [entry for entry in table.entries if isinstance(entry, Row)]


def column(table: Table, name: str) -> list[str | None]:
    """List the cells of one column; None where a row has none."""
    return [row.cells.get(name) for row in rows(table)]


def lists(row: Row) -> dict[str, list[str]]:
    """Give the entries of the cells that are lists."""
    return {name: row.cells[name].split("\n") for name, m in row.marks.items() if m is Mark.LIST}


def told(table: Table) -> str:
    """Give all facts as one text."""
    return "; ".join(map(str, table.facts))


def memory_of(table: Table, *, entries: int) -> int:
    """Give the most bytes that are held at a time while a table of so many entries is read."""
    tracemalloc.start()
    try:
        assert sum(1 for _ in table.entries) == entries
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
