"""A whole manifest in memory, for tests that look at all of it."""

from __future__ import annotations

from dataclasses import dataclass

from batchgen.catalogue import Catalogue, read_manifest
from batchgen.item import Fault, Item, ManifestRow
from batchgen.job.schema import Job


@dataclass(frozen=True)
class WholeCatalogue:
    """Everything that a manifest holds."""

    opened: Catalogue
    all_rows: tuple[ManifestRow, ...]

    @property
    def file(self) -> str:
        """The manifest, as the job names it."""
        return self.opened.manifest.name

    @property
    def items(self) -> tuple[Item, ...]:
        """One for each row without a fault."""
        return tuple(row.item for row in self.all_rows if row.item and not row.faults)

    @property
    def broken(self) -> tuple[Item, ...]:
        """Rows with faults, as far as they go."""
        return tuple(row.item for row in self.all_rows if row.item and row.faults)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that is wrong, by row."""
        found = [fault for row in self.all_rows for fault in row.faults]
        return tuple(sorted(found, key=lambda fault: fault.row or 0))

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What is told of the manifest as a whole."""
        of_rows = (warning for row in self.all_rows for warning in row.warnings)
        return (*self.opened.warnings_with(len(self.all_rows)), *of_rows)

    @property
    def rows(self) -> int:
        """Rows with any text in them."""
        return sum(row.left_out is None for row in self.all_rows)

    @property
    def sha256(self) -> str:
        """Hash of the manifest."""
        return self.opened.sha256()


def read_whole(job: Job) -> WholeCatalogue:
    """Read a job's manifest to its end."""
    opened = read_manifest(job)
    return WholeCatalogue(opened, tuple(opened.rows()))
