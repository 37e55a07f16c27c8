"""1. Any catalogue becomes rows, and rows become items: one reader a format, all faults at once.

    a file ──► READERS[suffix] ──► Table of Rows ──► ItemMaker ──► Items and Faults
               (delimited, ...)                       └─► PictureFinder

`read_manifest` is the way in. A new format is one more reader and its suffixes in `READERS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from batchgen.catalogue.delimited import read_delimited
from batchgen.catalogue.items import ItemMaker, match_columns
from batchgen.catalogue.pictures import PictureFinder
from batchgen.catalogue.pictures_folder import read_pictures_folder
from batchgen.catalogue.structured import read_json, read_json_lines, read_yaml
from batchgen.catalogue.table import Reader, Source
from batchgen.catalogue.workbook import read_workbook
from batchgen.item import Fault, Item
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

#: Bytes of a manifest; it is read as a whole.
MANIFEST_BYTES_LIMIT = 500_000_000


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a manifest holds."""

    #: The manifest, as the job names it.
    file: str
    #: One for each row without a fault, in file order.
    items: tuple[Item, ...]
    #: Rows with faults as far as they go, so that the plan can find what else is wrong in them.
    broken: tuple[Item, ...]
    #: Everything that is wrong, in file order.
    faults: tuple[Fault, ...]
    #: Same shape as a fault, but nothing is held back for it.
    warnings: tuple[Fault, ...]
    #: Rows with any text in them, faulty ones included.
    rows: int
    #: Hash of the manifest's bytes; of a folder, of its rows.
    sha256: str


def read_manifest(job: Job) -> Catalogue:
    """Read the job's manifest and look at every local picture that it names; asks no network.

    Raises:
        ManifestError: the manifest as a whole cannot be read.
    """
    source = _open(job)
    is_folder = source.path.is_dir()
    table = read_pictures_folder(source) if is_folder else _reader_of(source)(source)
    folders = _picture_folders(job, source)
    maker = ItemMaker(
        source, match_columns(source, table, job.manifest.columns), PictureFinder(folders)
    )
    items: list[Item] = []
    broken: list[Item] = []
    faults = list(table.faults)
    warnings = list(table.warnings)
    if not table.rows and not table.faults:
        warnings.append(source.warning("manifest-empty", msg("it has no rows: nothing to make")))
    for row in table.rows:
        item, found = maker.make(row)
        (broken if found else items).append(item)
        faults.extend(found)
    return Catalogue(
        file=source.file,
        items=tuple(items),
        broken=tuple(broken),
        faults=tuple(sorted(faults, key=lambda fault: fault.row or 0)),
        warnings=tuple(warnings),
        rows=len(table.rows) + len(table.faults),
        sha256=hashlib.sha256(
            repr(table.rows).encode() if is_folder else source.content
        ).hexdigest(),
    )


def _open(job: Job) -> Source:
    manifest = job.manifest
    path = job.resolve(manifest.path)
    source = Source(manifest.path, path, b"", manifest.encoding, manifest.sheet)
    if path.is_dir():
        return source
    try:
        if path.stat().st_size > MANIFEST_BYTES_LIMIT:
            raise source.error(
                msg("it has more than {limit} MB", limit=MANIFEST_BYTES_LIMIT // 1_000_000)
            )
        return replace(source, content=path.read_bytes())
    except OSError as error:
        raise source.error(
            msg("{path} cannot be read: {reason}", path=path, reason=error.strerror)
        ) from error


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
