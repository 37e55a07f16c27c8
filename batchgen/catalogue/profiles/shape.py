"""How a table becomes rows under batchgen's own names, one after another.

Knows what columns are called; knows no format, and opens no picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Entry, Row, Table
from batchgen.item import Fault
from batchgen.job.schema import Manifest
from batchgen.messages import Message, msg

#: Columns that mean something here; all others are free ones for the prompt template.
COLUMNS = (
    "sku",
    "title",
    "prompt",
    "image",
    "images",
    "start_image",
    "end_image",
    "model",
    "size",
    "aspect_ratio",
    "movement_amplitude",
    "with_audio",
    "variant",
    "take",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What was recognised in a table."""

    #: Name of the profile.
    profile: str
    #: Our name -> headers of the file, the one that is looked at first in front.
    columns: Mapping[str, tuple[str, ...]]
    #: What was recognised, and why.
    facts: tuple[Message, ...] = ()
    #: What is told of the table as a whole.
    warnings: tuple[Fault, ...] = ()

    def rows(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Put our names beside the file's own; of several rows of one product, make one."""
        pairs = [(name, headers[0]) for name, headers in self.columns.items()]
        for entry in entries:
            if not isinstance(entry, Row):
                yield entry
                continue
            cells = entry.cells
            named = {name: cells[header] for name, header in pairs if header in cells}
            marks = entry.marks
            if marks:
                marks = {**marks, **{name: marks[key] for name, key in pairs if key in marks}}
            yield Row(entry.number, {**cells, **named}, marks, entry.warnings)


def shape_of(source: Source, table: Table, manifest: Manifest) -> Shape:
    """Find our columns in a table: as the job names them, else the same but for case.

    A list without a single entry has no columns at all, which is no error.

    Raises:
        ManifestError: a named header or the `sku` is not there, or two headers mean one column.
    """
    named = manifest.columns
    matched: dict[str, str] = {}
    for header in table.columns:
        name = re.sub(r"[ -]+", "_", header).casefold()
        if name not in COLUMNS or name in named:
            continue
        if name in matched:
            raise source.error(
                msg(
                    "its columns {first} and {second} both mean {name}: rename one",
                    first=matched[name],
                    second=header,
                    name=name,
                )
            )
        matched[name] = header
    matched |= {name: _named_header(source, table, name, named[name]) for name in named}
    if "sku" not in matched and table.columns:
        raise source.error(
            msg(
                "it has no column sku; it has: {columns}. Name the right one in the job:"
                " manifest.columns: {{sku: ...}}",
                columns=", ".join(filter(None, table.columns)),
            )
        )
    return Shape("plain", {name: (header,) for name, header in matched.items()})


def _named_header(source: Source, table: Table, name: str, header: str) -> str:
    wanted = header.strip().casefold()
    for column in table.columns:
        if column.casefold() == wanted:
            return column
    raise source.error(
        msg(
            "manifest.columns.{name}: it has no column {header}; it has: {columns}",
            name=name,
            header=header,
            columns=", ".join(filter(None, table.columns)),
        )
    )
