"""A sheet as text: what the reader gave, to be put right cell by cell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from batchgen.catalogue.formats.workbook.behind.findings import Place, Span
from batchgen.catalogue.formats.workbook.behind.number_formats import (
    EXACT_LIMIT,
    ShownFormat,
    plain_number,
)
from batchgen.catalogue.formats.workbook.behind.package import DamagedPart
from batchgen.catalogue.headers import extent
from batchgen.catalogue.table import Mark, Record

#: What a reader gives; dates include moments.
Cell = int | float | str | bool | time | date | timedelta

_HEADER_ROWS = 10
#: Columns beside the table in which pictures may lie over merged cells.
_BESIDE = 20


@dataclass(slots=True)
class Grid:
    """The cells of a sheet, from its first row and column on."""

    texts: list[list[str]]
    #: The same as they were read.
    values: list[list[Cell]]
    marks: dict[int, dict[int, Mark]] = field(default_factory=dict)

    def text(self, place: Place) -> str:
        """Give the text of a cell; no text outside of the sheet."""
        row = self.texts[place.row] if place.row < len(self.texts) else []
        return row[place.column] if place.column < len(row) else ""

    def put(self, place: Place, text: str, mark: Mark | None = None) -> None:
        """Write a cell, also one beyond those that were read."""
        self.texts.extend([] for _ in range(place.row + 1 - len(self.texts)))
        row = self.texts[place.row]
        row.extend([""] * (place.column + 1 - len(row)))
        row[place.column] = text
        if mark is not None:
            self.marks.setdefault(place.row, {})[place.column] = mark

    def records(self) -> Iterator[Record]:
        """Give the rows as a sheet counts them."""
        for at, cells in enumerate(self.texts):
            marks = self.marks.get(at)
            yield Record(at + 1, cells) if marks is None else Record(at + 1, cells, marks)

    def first_row(self) -> int:
        """Find the first row with any text."""
        return next((at for at, row in enumerate(self.texts) if any(row)), len(self.texts))

    def header_row(self) -> int:
        """Find the row that is the header by its look: the fullest of the first few."""
        first = self.first_row()
        rows = range(first, min(first + _HEADER_ROWS, len(self.texts)))
        return max(rows, key=lambda at: sum(map(bool, self.texts[at])), default=first)

    def width(self) -> int:
        """Count the columns up to the last one that holds anything."""
        return max((extent(row) for row in self.texts), default=0)

    def show(self, formats: Mapping[Place, ShownFormat]) -> int:
        """Write numbers as their formats show them; tell how many that changed."""
        changed = 0
        for place, shown in formats.items():
            row = self.values[place.row] if place.row < len(self.values) else []
            cell = row[place.column] if place.column < len(row) else ""
            if type(cell) is float or type(cell) is int:
                text = shown.show(cell)
                if text is not None and text != self.text(place):
                    self.put(place, text)
                    changed += 1
        return changed

    def is_filled(self, row: int) -> bool:
        """Tell whether a row has any text."""
        return 0 <= row < len(self.texts) and any(self.texts[row])

    def fill(self, merged: Merged) -> list[str]:
        """Give each row of cells that were merged downwards the value; name those that were.

        Only rows that have a text of their own get it; the header stays as it is.
        """
        first = self.first_row()
        filled = [any(row) for row in self.texts]
        names = []
        for (top, left), (bottom, right) in merged.spans:
            place = Place(top, left)
            text = self.text(place)
            rows = [at for at in range(top + 1, min(bottom + 1, len(filled))) if filled[at]]
            if top > first and text and rows:
                names.append(f"{place}:{Place(bottom, right)}")
                for at in rows:
                    self.put(Place(at, left), text, self.marks.get(top, {}).get(left))
        return names


class Merged:
    """The merged cells of a sheet, as far as it goes."""

    def __init__(self, spans: Iterable[Span], grid: Grid) -> None:
        """Note which row has which.

        Raises:
            DamagedPart: they overlap, so that going through them would not end.
        """
        rows, columns = len(grid.texts), grid.width() + _BESIDE
        self.spans = [span for span in spans if span[0][0] < rows and span[0][1] < columns]
        self._by_row: dict[int, list[Span]] = {}
        left = rows * columns
        for span in self.spans:
            reached = range(span[0][0], min(span[1][0] + 1, rows))
            left -= len(reached)
            if left < 0:
                message = "merged cells that overlap"
                raise DamagedPart(message)
            for row in reached:
                self._by_row.setdefault(row, []).append(span)

    def first_of(self, place: Place) -> Place | None:
        """Give the first of the merged cells that hold a place."""
        for (top, left), (_, right) in self._by_row.get(place.row, ()):
            if left <= place.column <= right:
                return Place(top, left)
        return None


def grid_of(values: list[list[Cell]]) -> Grid:
    """Turn the values of a sheet into text."""
    texts = [[cell if type(cell) is str else _text(cell) for cell in row] for row in values]
    grid = Grid(texts, values)
    for at, row in enumerate(values):
        for column, cell in enumerate(row):
            if type(cell) is not str and _is_too_long(cell):
                grid.marks.setdefault(at, {})[column] = Mark.DIGITS_LOST
    return grid


def _is_too_long(cell: Cell) -> bool:
    return isinstance(cell, int | float) and abs(cell) >= EXACT_LIMIT


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return plain_number(cell)
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return _hours(cell)
    return str(cell)


def _hours(span: timedelta) -> str:
    """Write a span of time as `26:00:00`."""
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
