"""A table read and put under our names, without looking for its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from batchgen.catalogue.formats import read_table
from batchgen.catalogue.profiles.schema import Profile
from batchgen.catalogue.profiles.shape import Shape, header_row_below, shape_of
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Entry, Row, Skipped
from batchgen.item import Fault
from batchgen.job.schema import Manifest

EXPORTS = Path(__file__).parent / "exports"


@dataclass(frozen=True)
class Shaped:
    """What came of a table."""

    shape: Shape
    entries: tuple[Entry, ...]

    @property
    def rows(self) -> list[Row]:
        """The rows of which items are made."""
        return [entry for entry in self.entries if isinstance(entry, Row)]

    @property
    def products(self) -> list[tuple[int, str, str, list[str]]]:
        """Row, SKU, title and pictures of each."""
        return [
            (row.number, row.cells["sku"], row.cells["title"], pictures(row)) for row in self.rows
        ]

    def column(self, name: str) -> list[str]:
        """Cells of one column."""
        return [row.cells.get(name, "(none)") for row in self.rows]

    @property
    def codes(self) -> list[tuple[int | None, str]]:
        """Row and code of everything that is told, in order."""
        told: list[Fault] = []
        for entry in self.entries:
            match entry:
                case Fault():
                    told.append(entry)
                case Skipped(reason):
                    told.append(reason)
                case Row():
                    told.extend(entry.warnings)
        return [(fault.row, fault.code) for fault in told]


def pictures(row: Row) -> list[str]:
    """List the pictures that a row names, in order."""
    cells = (row.cells.get("image", ""), *row.cells.get("images", "").split("\n"))
    return [name for name in cells if name]


def shaped(path: Path, own: Sequence[Profile] = (), **manifest: Any) -> Shaped:
    """Read a file and shape it as a job would."""
    said = Manifest(path=(path.name,), **manifest)
    source = Source(path.name, path)
    table = read_table(source)
    if row := header_row_below(table, said, own):
        source = replace(source, header_row=row)
        table = read_table(source)
    shape = shape_of(source, table, said, own)
    return Shaped(shape, tuple(shape.rows(table.entries)))


def shaped_export(name: str, **manifest: Any) -> Shaped:
    """Shape one of the exports that lie here."""
    return shaped(EXPORTS / name, **manifest)


def shaped_text(folder: Path, text: str, **manifest: Any) -> Shaped:
    """Write a CSV file and shape it."""
    path = folder / "c.csv"
    path.write_text(text, encoding="utf-8")
    return shaped(path, **manifest)
