"""1. Any catalogue becomes rows, and rows become items: all faults at once.

    a file ──► formats: Table of Rows ──► profiles: Rows with our names ──► selection: those wanted
           ──► ItemMaker ──► Items and Faults
                  └─► pictures: PictureFinder

`read_manifest` is the way in. A manifest of several files is their rows one after another.
"""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from batchgen.catalogue.duplicates import Duplicates
from batchgen.catalogue.formats import read_table
from batchgen.catalogue.formats.pictures_folder import read_pictures_folder
from batchgen.catalogue.items import ItemMaker
from batchgen.catalogue.pictures.facts import remembered_facts
from batchgen.catalogue.pictures.finder import PictureFinder
from batchgen.catalogue.profiles.loading import own_profiles
from batchgen.catalogue.profiles.schema import Profile
from batchgen.catalogue.profiles.shape import Shape, header_row_below, shape_of
from batchgen.catalogue.selection import Where, columns_named, require_columns
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Row, Skipped, Table
from batchgen.errors import ManifestError
from batchgen.item import Fault, LeftOut, ManifestRow
from batchgen.job.schema import Job, Manifest, PictureIdentity
from batchgen.messages import msg
from batchgen.plan.choosing.ordering import Column


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a manifest, opened; its rows are read when they are asked for."""

    source: Source
    table: Table
    shape: Shape

    @property
    def headers(self) -> dict[str, str]:
        """Our name of a column -> header of the file that is looked at first."""
        return {name: headers[0] for name, headers in self.shape.columns.items()}

    @property
    def columns(self) -> tuple[str, ...]:
        """Every name under which its rows have cells: the file's, then ours."""
        return (*self.table.columns, *self.shape.columns)

    def sha256(self) -> str:
        """Give the hash of the file's bytes; of a folder, of its rows."""
        if not self.source.path.is_dir():
            return self.source.sha256()
        rows = tuple(read_pictures_folder(self.source).entries)
        return hashlib.sha256(repr(rows).encode()).hexdigest()


@dataclass(frozen=True)
class Catalogue:
    """A manifest that was opened."""

    manifest: Manifest
    parts: tuple[Part, ...]
    #: Where pictures may lie.
    picture_folders: tuple[Path, ...]
    #: By what pictures on the web are known again.
    identity: PictureIdentity = "picture_url"
    #: Whether what was wrong with pictures on the web is still a fault of their rows.
    believes: bool = True

    def rows(self) -> Iterator[ManifestRow]:
        """Read the rows in file order, and look at every local picture that they name.

        Raises:
            ManifestError: a file cannot be read any further.
        """
        taken_out = {
            name: file for part in self.parts for name, file in part.table.pictures.items()
        }
        with remembered_facts() as facts:
            finder = PictureFinder(
                self.picture_folders,
                facts,
                self.manifest.picture_base,
                taken_out,
                by_bytes=self.identity == "picture_bytes",
                believes=self.believes,
            )
            duplicates = Duplicates()
            for part in self.parts:
                maker = ItemMaker(
                    part.source, part.headers, finder, duplicates, self.manifest.on_duplicate
                )
                yield from self._rows_of(part, maker)
            if finder.unread:
                yield ManifestRow(None, warnings=(self._unread(finder),), left_out=LeftOut.NO_ROW)

    def _unread(self, finder: PictureFinder) -> Fault:
        message = msg(
            "pictures on the web not read yet, which count by their address: {count};"
            " `batchgen check JOB --probe` reads them",
            count=finder.unread,
        )
        return Fault(self.manifest.name, None, None, "picture-not-probed", message)

    def _rows_of(self, part: Part, maker: ItemMaker) -> Iterator[ManifestRow]:
        where = Where.of(self.manifest.where, part.columns)
        for entry in part.shape.rows(part.table.entries):
            match entry:
                case Row():
                    if where.takes(entry.cells):
                        yield maker.make(entry)
                    else:
                        yield ManifestRow(None, left_out=LeftOut.WHERE)
                case Skipped(reason):
                    yield ManifestRow(None, warnings=(reason,), left_out=LeftOut.NO_ROW)
                case Fault():
                    yield ManifestRow(None, (entry,))

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What is told of the files as a whole; nothing is held back for it."""
        return tuple(
            warning
            for part in self.parts
            for warning in (*part.table.warnings, *part.shape.warnings)
        )

    def warnings_with(self, rows: int) -> tuple[Fault, ...]:
        """Give the warnings of the whole, that it has no rows among them; `rows` is their count."""
        if rows:
            return self.warnings
        message = msg("it has no rows: nothing to make")
        return (
            *self.warnings,
            Fault(self.manifest.name, None, None, "manifest-empty", message),
        )

    def sha256(self) -> str:
        """Give the hash of the manifest's bytes: of several files, that of their hashes."""
        hashes = [part.sha256() for part in self.parts]
        return (
            hashes[0] if len(hashes) == 1 else hashlib.sha256(" ".join(hashes).encode()).hexdigest()
        )

    def columns_named(self, name: str) -> tuple[str, ...]:
        """Give the columns, of any file, that a name of the job means."""
        return columns_named(name, (column for part in self.parts for column in part.columns))

    def order_by(self) -> tuple[Column, ...]:
        """Give the columns by which the job wants the rows sorted."""
        return tuple(
            Column(self.columns_named(name.removeprefix("-")), name.startswith("-"))
            for name in self.manifest.order_by
        )


def read_manifest(job: Job) -> Catalogue:
    """Open the job's manifest and find its columns; asks no network.

    Raises:
        ManifestError: a file of the manifest as a whole cannot be read.
        JobFileError: the job names a column that no file has, or a profile beside it is wrong.
    """
    manifest = job.manifest
    sources = [
        Source(file, path, manifest.encoding, manifest.sheet, manifest.header_row)
        for file, path in _files(job)
    ]
    folders = _picture_folders(job, sources)
    own = own_profiles(job.path.parent, manifest.profile)
    parts = tuple(_part(source, manifest, own) for source in sources)
    catalogue = Catalogue(manifest, parts, folders, job.identity)
    columns = list(dict.fromkeys(name for part in catalogue.parts for name in part.columns))
    require_columns("manifest.where", manifest.where, columns)
    order = (name.removeprefix("-") for name in manifest.order_by)
    require_columns("manifest.order_by", order, columns)
    return catalogue


def _part(source: Source, manifest: Manifest, own: Sequence[Profile]) -> Part:
    table = read_table(source)
    below = None if source.header_row else header_row_below(table, manifest, own)
    if below is not None:
        source = replace(source, header_row=below)
        table = read_table(source)
    return Part(source, table, shape_of(source, table, manifest, own))


def _files(job: Job) -> Iterator[tuple[str, Path]]:
    """Yield the files that the job means, each once: as people are told of it, where it lies."""
    seen: set[Path] = set()
    for name, path in _named_files(job):
        if path.resolve() not in seen:
            seen.add(path.resolve())
            yield name, path


def _named_files(job: Job) -> Iterator[tuple[str, Path]]:
    for name in job.manifest.path:
        try:
            path = job.resolve(name)
            is_file = path.exists() or not glob.has_magic(name)
        except (OSError, RuntimeError) as error:  # a name no disk takes, a loop of links
            raise _no_path(name, error) from error
        if is_file:
            yield name, path
            continue
        root = Path(path.anchor)
        found = sorted(file for file in root.glob(str(path.relative_to(root))) if file.is_file())
        if not found:
            raise ManifestError(
                msg(
                    "manifest.path: no file is called {pattern}, seen from {folder}",
                    pattern=name,
                    folder=job.path.parent,
                )
            )
        for file in found:
            yield _told(file, job.path.parent), file


def _no_path(name: str, error: OSError | RuntimeError) -> ManifestError:
    reason = error.strerror if isinstance(error, OSError) else None
    return ManifestError(
        msg(
            "{path} cannot be read: {reason}",
            path=name,
            reason=reason or msg("its links go round in a circle"),
        )
    )


def _told(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


def _picture_folders(job: Job, sources: list[Source]) -> tuple[Path, ...]:
    own = [source.path if source.path.is_dir() else source.path.parent for source in sources]
    named = {name: job.resolve(name) for name in job.manifest.picture_folders}
    missing = [name for name, folder in named.items() if not folder.is_dir()]
    if missing:
        raise ManifestError(
            msg(
                "manifest.picture_folders names {folders}, which is no folder",
                folders=", ".join(missing),
            )
        )
    return tuple(dict.fromkeys((*own, *named.values())))
