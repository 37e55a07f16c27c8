"""Which way the entries of a table go, by the layout of its profile. Pure.

A second line of names, a template's own rows and examples, and rows that only say more of the
product above are left out, and said to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchgen.catalogue.profiles.children import Children
from batchgen.catalogue.profiles.grouping import Grouping
from batchgen.catalogue.profiles.naming import Naming
from batchgen.catalogue.profiles.recognition import matching
from batchgen.catalogue.profiles.schema import Profile
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Entry, Row, Skipped
from batchgen.item import Fault
from batchgen.job.schema import Per
from batchgen.messages import Message, msg

#: Columns that a second line of names must name to be one.
_FEWEST_NAMES = 2
_PASSED_OVER: dict[str, Message] = {
    "row-names": msg("the row names the columns once more: nothing is made of it"),
    "row-example": msg("the row is an example of the template: nothing is made of it"),
    "row-template": msg("the row is one of the template's own: nothing is made of it"),
    "row-no-product": msg("the row says more of the product above: nothing is made of it"),
}


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes rows of the entries of one table."""

    source: Source
    naming: Naming
    headers: tuple[str, ...]
    per: Per
    #: What columns are usually called, to tell a second line of names.
    general: Profile

    def rows(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Give them, faults and what was passed over among them."""
        kept = _Kept(self.source, self.naming, self.general, entries)
        match self.naming.profile.layout:
            case "flat":
                return self._flat(kept)
            case "grouped":
                return Grouping(self.source, self.naming, self.headers, self.per).rows(kept)
            case "children":
                return Children(self.source, self.naming, self.headers, self.per).rows(kept)

    def _flat(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        named = self.naming.named
        for entry in entries:
            yield named(entry) if isinstance(entry, Row) else entry


@dataclass(frozen=True, slots=True)
class _Kept:
    """Entries without those that are no products."""

    source: Source
    naming: Naming
    general: Profile
    entries: Iterable[Entry]

    def __iter__(self) -> Iterator[Entry]:
        entries = iter(self.entries)
        for entry in entries:
            if not isinstance(entry, Row):
                yield entry
                continue
            yield self._skipped(entry, "row-names") if self._is_names(entry) else self._known(entry)
            break
        profile = self.naming.profile
        if not (profile.examples or profile.no_products or profile.first_row):
            yield from entries
            return
        for entry in entries:
            yield self._known(entry) if isinstance(entry, Row) else entry

    def _known(self, row: Row) -> Entry:
        profile = self.naming.profile
        if profile.first_row and row.number < profile.first_row:
            return self._skipped(row, "row-template")
        if _has_one(row, profile.examples):
            return self._skipped(row, "row-example")
        return self._skipped(row, "row-no-product") if _has_one(row, profile.no_products) else row

    def _is_names(self, row: Row) -> bool:
        """Tell whether a row names the columns once more, in another language."""
        told = [
            (name, text)
            for name, headers in self.naming.columns.items()
            for header in headers
            if (text := row.cells.get(header))
        ]
        return len(told) >= _FEWEST_NAMES and all(self._names(*one) for one in told)

    def _names(self, name: str, text: str) -> bool:
        profiles = (self.naming.profile, self.general)
        aliases = (alias for one in profiles for alias in one.columns.get(name, ()))
        return any(matching(alias, [text]) for alias in (name, *aliases))

    def _skipped(self, row: Row, code: str) -> Skipped:
        return Skipped(Fault(self.source.file, row.number, None, code, _PASSED_OVER[code]))


def _has_one(row: Row, known: Mapping[str, Sequence[str]]) -> bool:
    return any(
        row.cells[name] in texts
        for header, texts in known.items()
        for name in matching(header, list(row.cells))
    )
