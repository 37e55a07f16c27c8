"""One reader a format: each turns a `Source` into a `Table` of rows of text.

A new format is one more reader and its suffixes in `READERS`. Readers know no column's meaning.
"""

from __future__ import annotations

from collections.abc import Mapping

from batchgen.catalogue.formats.delimited import read_delimited
from batchgen.catalogue.formats.feed import read_feed
from batchgen.catalogue.formats.parquet import read_parquet
from batchgen.catalogue.formats.pictures_folder import read_pictures_folder
from batchgen.catalogue.formats.structured import read_json, read_json_lines, read_yaml
from batchgen.catalogue.formats.workbook import read_workbook
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Reader, Table
from batchgen.messages import msg

#: File name suffix -> reader. A folder is read by `read_pictures_folder`.
READERS: Mapping[str, Reader] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".xlsx": read_workbook,
    ".xlsm": read_workbook,
    ".xlsb": read_workbook,
    ".xls": read_workbook,
    ".ods": read_workbook,
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".xml": read_feed,
    ".rss": read_feed,
    ".atom": read_feed,
    ".parquet": read_parquet,
    ".pq": read_parquet,
}


def read_table(source: Source) -> Table:
    """Read a file by its kind, or a folder of pictures.

    Raises:
        ManifestError: its kind is not known, or it cannot be read as a whole.
    """
    if source.path.is_dir():
        return read_pictures_folder(source)
    reader = READERS.get(source.suffix)
    if reader is None:
        raise source.error(
            msg(
                "its kind is not known: it must end in {suffixes}, or be a folder of pictures",
                suffixes=", ".join(READERS),
            )
        )
    return reader(source)
