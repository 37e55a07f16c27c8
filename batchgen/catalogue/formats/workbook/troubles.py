"""Cells whose value cannot be had: their rows become faults, since nobody knows what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batchgen.catalogue.formats.workbook.behind.findings import Place, Trouble
from batchgen.catalogue.formats.workbook.grid import Grid
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Entry, Row, Table
from batchgen.item import Fault


def write_troubles(grid: Grid, troubles: Mapping[Place, Trouble]) -> None:
    """Show what is wrong in the cells, so that no row with a trouble looks blank.

    Formulas are often filled down below the last product, where all they give is an error: such
    rows stay blank.
    """
    filled = {at for at, row in enumerate(grid.texts) if any(row)}
    for place, trouble in troubles.items():
        is_product = place.row in filled or trouble.code != "cell-error"
        if is_product and not grid.text(place):
            grid.put(place, trouble.shown)


@dataclass(frozen=True, slots=True)
class Troubled:
    """The entries of a table, with a fault for each row that has a trouble."""

    source: Source
    table: Table
    troubles: Mapping[Place, Trouble]

    def __iter__(self) -> Iterator[Entry]:
        first = {place.row + 1: place for place in sorted(self.troubles, reverse=True)}
        for entry in self.table.entries:
            place = first.get(entry.number) if isinstance(entry, Row) else None
            if isinstance(entry, Row) and place is not None:
                yield self._fault(entry, place)
            else:
                yield entry

    def _fault(self, row: Row, place: Place) -> Fault:
        trouble = self.troubles[place]
        columns = self.table.columns
        header = columns[place.column] if place.column < len(columns) else None
        return Fault(
            self.source.file,
            row.number,
            header or None,
            trouble.code,
            trouble.message,
            cells=row.cells,
        )
