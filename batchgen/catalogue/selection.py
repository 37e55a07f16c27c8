"""Which rows of a catalogue the job wants, by their cells. Pure.

Columns may be named as the file writes them, as batchgen does, or in small letters with
underscores (`item.column_name`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from batchgen.catalogue.headers import listed
from batchgen.errors import JobFileError
from batchgen.item import column_name
from batchgen.messages import msg


def columns_named(name: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Give the columns that a name of the job means: the one written so, else all alike."""
    columns = list(dict.fromkeys(columns))
    if name in columns:
        return (name,)
    wanted = column_name(name)
    return tuple(column for column in columns if column_name(column) == wanted)


def require_columns(key: str, names: Iterable[str], columns: Collection[str]) -> None:
    """Refuse names of the job's `key` that mean no column.

    Raises:
        JobFileError: names the columns that there are.
    """
    for name in names:
        if columns and not columns_named(name, columns):
            raise JobFileError(
                msg(
                    "{key} names the column {name}, which the catalogue does not have; it has:"
                    " {columns}",
                    key=key,
                    name=name,
                    columns=listed(columns),
                )
            )


@dataclass(frozen=True, slots=True)
class Where:
    """Keeps the rows that have one of the wanted values in each of some columns."""

    #: Columns that one name means -> wanted values, as `_plain` writes them.
    wanted: Mapping[tuple[str, ...], frozenset[str]]

    @classmethod
    def of(cls, where: Mapping[str, Collection[str]], columns: Iterable[str]) -> Where:
        """Make it of the job's `where`, for a table with some columns."""
        columns = list(columns)
        return cls(
            {
                columns_named(name, columns): frozenset(map(_plain, values))
                for name, values in where.items()
            }
        )

    def takes(self, cells: Mapping[str, str]) -> bool:
        """Tell whether a row is wanted; a column that it lacks is a blank cell."""
        return not self.wanted or all(
            any(_plain(cells.get(name, "")) in values for name in names or ("",))
            for names, values in self.wanted.items()
        )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
