"""Reads JSON Lines (one JSON object a line) in the memory of one line.

The file is gone through once for the columns, and again each time the rows are asked for. A line
that is no object is a fault of its own and stops no other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from batchgen.catalogue.formats.entries import Real, columns_of, not_blank, row_of, unique_keys
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Row, Table, stripped
from batchgen.catalogue.text.encodings import REPLACEMENT
from batchgen.item import Fault
from batchgen.messages import msg

#: Characters of one line.
_LINE_LIMIT = 20_000_000
#: Made once: `json.loads` makes one a line.
_DECODER = json.JSONDecoder(
    parse_int=str, parse_float=Real, parse_constant=str, object_pairs_hook=unique_keys
)


def parse_json(text: str) -> Any:
    """Parse, numbers as they are written.

    Raises:
        ValueError: it is not JSON, or gives a key twice.
        RecursionError: it is too deep.
    """
    return _DECODER.decode(text)


def beginning(source: Source) -> Iterator[str]:
    """Yield the lines that hold anything, stripped.

    Raises:
        ManifestError: the file cannot be read.
    """
    return filter(None, map(stripped, source.lines()))


def is_json_lines(source: Source) -> bool:
    """Tell a file of one object a line from a JSON document: two lines that both begin one.

    Raises:
        ManifestError: the file cannot be read.
    """
    lines = list(islice(beginning(source), 2))
    if not all(line.startswith("{") for line in lines) or len(lines) == 1:
        return False
    try:
        return bool(lines) and isinstance(parse_json(lines[0]), dict)
    except (ValueError, RecursionError):
        return False


def lines_table(source: Source) -> Table:
    """Read a file that is known to be JSON Lines.

    Raises:
        ManifestError: wrong encoding.
    """
    lines = _Lines(source)
    facts, warnings = source.notes()
    fact = msg("JSON Lines: one entry a line")
    return Table(columns_of(lines), lines, warnings, (*facts, fact))


@dataclass(frozen=True, slots=True)
class _Lines:
    """The entries of a file, read anew each time they are iterated over."""

    source: Source

    def __iter__(self) -> Iterator[Row | Fault]:
        return not_blank(self._entries())

    def _entries(self) -> Iterator[Row | Fault]:
        number = 0
        for at, line in enumerate(self.source.lines(), 1):
            text = stripped(line)
            if text:
                number += 1
                yield _entry(self.source, number, at, text)


def _entry(source: Source, number: int, line_number: int, text: str) -> Row | Fault:
    if len(text) > _LINE_LIMIT:
        problem = msg(
            "line {line} has more than {limit} characters: no product is that long",
            line=line_number,
            limit=_LINE_LIMIT,
        )
        return source.fault(number, "row-too-long", problem)
    if source.decoding.is_damaged and REPLACEMENT in text:
        problem = msg(
            "line {line} holds bytes that are no {codec} text: write it again",
            line=line_number,
            codec=source.codec,
        )
        return source.fault(number, "row-undecodable", problem)
    try:
        return row_of(source, number, parse_json(text))
    except (ValueError, RecursionError) as error:
        problem = msg("line {line} is not JSON: {reason}", line=line_number, reason=str(error))
        return source.fault(number, "row-broken", problem)
