"""Reads lists of entries: YAML, JSON and JSON Lines, every value as text.

A YAML or JSON manifest is a list of mappings, or `{defaults: {...}, items: [...]}`. A row is the
number of its entry, the first being 1. A list of plain values is kept, newline-joined and marked,
for the columns that take several pictures; anything deeper is marked as nested.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Mark, Row, Table, stripped
from batchgen.errors import ManifestError
from batchgen.item import Fault
from batchgen.job.text_yaml import TextYamlError, parse_text_yaml
from batchgen.messages import msg

_PARTS = {"defaults", "items"}


def read_yaml(source: Source) -> Table:
    """Read a YAML manifest.

    Raises:
        ManifestError: no YAML, or neither a list nor `defaults` and `items`.
    """
    try:
        document = parse_text_yaml(source.text())
    except TextYamlError as error:
        raise source.error(error.message) from error
    return _table(_entries(source, document.value))


def read_json(source: Source) -> Table:
    """Read a JSON manifest.

    Raises:
        ManifestError: no JSON, or neither a list nor `defaults` and `items`.
    """
    try:
        value = _parse_json(source.text())
    except (ValueError, RecursionError) as error:
        raise source.error(msg("it is not JSON: {reason}", reason=str(error))) from error
    return _table(_entries(source, value))


def read_json_lines(source: Source) -> Table:
    """Read one JSON object a line; blank lines are skipped.

    Raises:
        ManifestError: wrong encoding, or no line holds anything.
    """
    lines = [(at, line) for at, line in enumerate(source.text().split("\n"), 1) if stripped(line)]
    if not lines:
        raise _not_a_list(source)
    entries = [_json_line(source, number, at, line) for number, (at, line) in enumerate(lines, 1)]
    return _table(entries)


def _json_line(source: Source, number: int, line_number: int, line: str) -> Row | Fault:
    try:
        return _row(source, number, _parse_json(line))
    except (ValueError, RecursionError) as error:
        return source.fault(
            number,
            "row-broken",
            msg("line {line} is not JSON: {reason}", line=line_number, reason=str(error)),
        )


def _parse_json(text: str) -> Any:
    """Parse, numbers as they are written; raises ValueError or RecursionError."""
    return json.loads(
        text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_unique_keys
    )


def _unique_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    entry = dict(pairs)
    if len(entry) < len(pairs):
        message = "a key is given twice in one entry"
        raise ValueError(message)
    return entry


def _entries(source: Source, value: Any) -> list[Row | Fault]:
    defaults: Any = {}
    if isinstance(value, dict) and value.keys() <= _PARTS:
        defaults, value = value.get("defaults") or {}, value.get("items")
    if not isinstance(value, list) or not isinstance(defaults, dict):
        raise _not_a_list(source)
    return [
        _row(source, number, {**defaults, **entry} if isinstance(entry, dict) else entry)
        for number, entry in enumerate(value, 1)
    ]


def _not_a_list(source: Source) -> ManifestError:
    return source.error(
        msg("it must be a list of entries with a sku each, or {{defaults: ..., items: [...]}}")
    )


def _row(source: Source, number: int, entry: Any) -> Row | Fault:
    if not isinstance(entry, dict):
        return source.fault(
            number, "row-broken", msg("the entry is no mapping: write `sku: ...` and so on")
        )
    cells: dict[str, str] = {}
    marks: dict[str, Mark] = {}
    for key, value in entry.items():
        name = stripped(key)
        cells[name] = _text(value)
        mark = _mark(value)
        if mark:
            marks[name] = mark
    return Row(number, cells, marks)


def _mark(value: object) -> Mark | None:
    if isinstance(value, list):
        is_flat = not any(isinstance(entry, list | dict) for entry in value)
        return Mark.LIST if is_flat else Mark.NESTED
    return Mark.NESTED if isinstance(value, dict) else None


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "\n".join(_text(entry) for entry in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return stripped(str(value))


def _table(entries: Sequence[Row | Fault]) -> Table:
    kept = [entry for entry in entries if not _is_blank(entry)]
    rows = [entry for entry in kept if isinstance(entry, Row)]
    columns = dict.fromkeys(name for row in rows for name in row.cells)
    return Table(tuple(columns), kept)


def _is_blank(entry: Row | Fault) -> bool:
    return isinstance(entry, Row) and not any(entry.cells.values())
