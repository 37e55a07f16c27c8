"""1. Any catalogue becomes rows, and rows become items: one reader a format, all faults at once.

    a file ──► READERS[suffix] ──► Table of Rows ──► ItemMaker ──► Items and Faults
               (delimited, ...)                       └─► PictureFinder

`read_manifest` is the way in. A new format is one more reader and its suffixes in `READERS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batchgen.catalogue.formats import read_table
from batchgen.catalogue.formats.pictures_folder import read_pictures_folder
from batchgen.catalogue.items import ItemMaker
from batchgen.catalogue.pictures.facts import remembered_facts
from batchgen.catalogue.pictures.finder import PictureFinder
from batchgen.catalogue.profiles.shape import Shape, shape_of
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Row, Skipped, Table
from batchgen.item import Fault, ManifestRow
from batchgen.job.schema import Job
from batchgen.messages import msg


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A manifest that was opened; its rows are read when they are asked for."""

    source: Source
    table: Table
    shape: Shape
    #: Where pictures may lie.
    picture_folders: tuple[Path, ...]

    @property
    def file(self) -> str:
        """The manifest, as the job names it."""
        return self.source.file

    @property
    def headers(self) -> dict[str, str]:
        """Our name of a column -> header of the file that is looked at first."""
        return {name: headers[0] for name, headers in self.shape.columns.items()}

    def rows(self) -> Iterator[ManifestRow]:
        """Read the rows in file order, and look at every local picture that they name.

        Raises:
            ManifestError: the file cannot be read any further.
        """
        with remembered_facts() as facts:
            finder = PictureFinder(self.picture_folders, facts)
            maker = ItemMaker(self.source, self.headers, finder)
            for entry in self.shape.rows(self.table.entries):
                match entry:
                    case Fault():
                        yield ManifestRow(None, (entry,))
                    case Skipped(reason):
                        yield ManifestRow(None, warnings=(reason,))
                    case Row():
                        yield maker.make(entry)

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What is told of the manifest as a whole; nothing is held back for it."""
        return (*self.table.warnings, *self.shape.warnings)

    def when_empty(self) -> Fault:
        """Make the warning for a manifest that has no rows."""
        return self.source.warning("manifest-empty", msg("it has no rows: nothing to make"))

    def sha256(self) -> str:
        """Give the hash of the manifest's bytes; of a folder, of its rows."""
        if not self.source.path.is_dir():
            return self.source.sha256()
        rows = tuple(read_pictures_folder(self.source).entries)
        return hashlib.sha256(repr(rows).encode()).hexdigest()


def read_manifest(job: Job) -> Catalogue:
    """Open the job's manifest and find its columns; asks no network.

    Raises:
        ManifestError: the manifest as a whole cannot be read.
    """
    manifest = job.manifest
    source = Source(
        manifest.path[0], job.resolve(manifest.path[0]), manifest.encoding, manifest.sheet
    )
    table = read_table(source)
    folders = _picture_folders(job, source)
    return Catalogue(source, table, shape_of(source, table, manifest), folders)


def _picture_folders(job: Job, source: Source) -> tuple[Path, ...]:
    own = source.path if source.path.is_dir() else source.path.parent
    named = {name: job.resolve(name) for name in job.manifest.picture_folders}
    missing = [name for name, folder in named.items() if not folder.is_dir()]
    if missing:
        raise source.error(
            msg(
                "manifest.picture_folders names {folders}, which is no folder",
                folders=", ".join(missing),
            )
        )
    return (own, *named.values())
