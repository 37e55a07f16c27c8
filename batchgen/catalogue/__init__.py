"""1. Any catalogue becomes rows, and rows become items: one reader a format, all faults at once.

    a file ──► READERS[suffix] ──► Table of Rows ──► ItemMaker ──► Items and Faults
               (delimited, ...)                       └─► PictureFinder

`read_manifest` is the way in. A new format is one more reader and its suffixes in `READERS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from batchgen.catalogue.delimited import read_delimited
from batchgen.catalogue.items import ItemMaker, match_columns
from batchgen.catalogue.picture_facts import remembered_facts
from batchgen.catalogue.pictures import PictureFinder
from batchgen.catalogue.pictures_folder import read_pictures_folder
from batchgen.catalogue.structured import read_json, read_json_lines, read_yaml
from batchgen.catalogue.table import Reader, Source, Table
from batchgen.catalogue.workbook import read_workbook
from batchgen.item import Fault, ManifestRow
from batchgen.job.schema import Job
from batchgen.messages import msg

#: File name suffix -> reader. A folder is read by `read_pictures_folder`.
READERS: Mapping[str, Reader] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".xlsx": read_workbook,
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A manifest that was opened; its rows are read when they are asked for."""

    source: Source
    table: Table
    #: batchgen's name of a column -> header of the file.
    columns: Mapping[str, str]
    #: Where pictures may lie.
    picture_folders: tuple[Path, ...]

    @property
    def file(self) -> str:
        """The manifest, as the job names it."""
        return self.source.file

    def rows(self) -> Iterator[ManifestRow]:
        """Read the rows in file order, and look at every local picture that they name.

        Raises:
            ManifestError: the file cannot be read any further.
        """
        with remembered_facts() as facts:
            finder = PictureFinder(self.picture_folders, facts)
            maker = ItemMaker(self.source, self.columns, finder)
            for entry in self.table.entries:
                yield ManifestRow(None, (entry,)) if isinstance(entry, Fault) else maker.make(entry)

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What is told of the manifest as a whole; nothing is held back for it."""
        return self.table.warnings

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
    source = Source(manifest.path, job.resolve(manifest.path), manifest.encoding, manifest.sheet)
    table = read_pictures_folder(source) if source.path.is_dir() else _reader_of(source)(source)
    folders = _picture_folders(job, source)
    return Catalogue(source, table, match_columns(source, table, manifest.columns), folders)


def _reader_of(source: Source) -> Reader:
    reader = READERS.get(source.path.suffix.lower())
    if reader is None:
        raise source.error(
            msg(
                "its kind is not known: it must end in {suffixes}, or be a folder of pictures",
                suffixes=", ".join(READERS),
            )
        )
    return reader


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
