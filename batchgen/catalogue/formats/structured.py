"""Reads lists of entries: YAML, JSON and JSON Lines, every value as text.

A manifest is a list of mappings, or `{defaults: {...}, items: [...]}`. In JSON the list may lie
under other keys, as shops' interfaces answer it: `{"products": [...]}`, `{"data": {...}}`. A row is
the number of its entry, the first being 1. JSON and JSON Lines are told apart by their content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from batchgen.catalogue.formats.entries import columns_of, not_blank, row_of, unwrapped
from batchgen.catalogue.formats.json_lines import beginning, is_json_lines, lines_table, parse_json
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Table
from batchgen.errors import ManifestError
from batchgen.item import Fault
from batchgen.job.text_yaml import TextYamlError, parse_text_yaml
from batchgen.messages import Message, msg

_PARTS = {"defaults", "items"}
#: Keys on the way down to a list that are looked at.
_DEPTH_LIMIT = 4
#: What only one entry has: the lists in it are no lists of entries.
_OF_AN_ENTRY = {"sku", "variants", "images"}


def read_yaml(source: Source) -> Table:
    """Read a YAML manifest.

    Raises:
        ManifestError: no YAML, or neither a list nor `defaults` and `items`.
    """
    try:
        document = parse_text_yaml(source.text())
    except TextYamlError as error:
        raise source.error(error.message) from error
    return _table(source, _own_entries(source, document.value), msg("YAML: a list of entries"))


def read_json(source: Source) -> Table:
    """Read a JSON manifest; one that has an entry on each line is read as JSON Lines.

    Raises:
        ManifestError: no JSON, or no list of entries is found in it.
    """
    if is_json_lines(source):
        return lines_table(source)
    try:
        value = parse_json(source.text())
    except (ValueError, RecursionError) as error:
        raise source.error(msg("it is not JSON: {reason}", reason=str(error))) from error
    if isinstance(value, list) or (isinstance(value, dict) and value.keys() <= _PARTS):
        return _table(source, _own_entries(source, value), msg("JSON: a list of entries"))
    return _list_table(source, value)


def read_json_lines(source: Source) -> Table:
    """Read one JSON object a line; a file that is one document is read as JSON.

    Raises:
        ManifestError: wrong encoding, or no line holds anything.
    """
    first = next(beginning(source), None)
    if first is None:
        raise _not_a_list(source)
    is_document = first.startswith("[") or first == "{"
    return read_json(source) if is_document else lines_table(source)


def _table(
    source: Source, entries: Iterable[Any], fact: Message, warnings: tuple[Fault, ...] = ()
) -> Table:
    rows = list(not_blank(row_of(source, number, entry) for number, entry in enumerate(entries, 1)))
    facts, doubts = source.notes()
    return Table(columns_of(rows), rows, (*doubts, *warnings), (*facts, fact))


def _own_entries(source: Source, value: Any) -> list[Any]:
    """Give the entries of a list, or of `{defaults: ..., items: [...]}`."""
    defaults: Any = {}
    if isinstance(value, dict) and value.keys() <= _PARTS:
        defaults, value = value.get("defaults") or {}, value.get("items")
    if not isinstance(value, list) or not isinstance(defaults, dict):
        raise _not_a_list(source)
    return [{**defaults, **entry} if isinstance(entry, dict) else entry for entry in value]


def _list_table(source: Source, value: Any) -> Table:
    """Read the list of mappings that lies under some key: the one named, else the longest."""
    lists = dict(_lists(value)) if isinstance(value, dict) else {}
    longest = max(lists, key=lambda key: len(lists[key]), default=None)
    key = source.sheet or longest
    if longest is None or key is None:
        raise _not_a_list(source)
    if key not in lists:
        raise source.error(
            msg("it has no list {key}; it has {keys}", key=key, keys=", ".join(lists))
        )
    entries = lists[key]
    others = [other for other in lists if other != key]
    warnings = (_longest_taken(source, key, others),) if others and not source.sheet else ()
    fact = msg("JSON: the list {key}, {count} entries", key=key, count=len(entries))
    return _table(source, entries, fact, warnings)


def _lists(value: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, list[Any]]]:
    """Find the lists of mappings, and the empty ones, under their dotted keys."""
    if value.keys() & _OF_AN_ENTRY:
        return
    for key, wrapped in value.items():
        place, inner = (*path, key), unwrapped(wrapped)
        if isinstance(inner, list) and all(isinstance(entry, dict) for entry in inner):
            yield ".".join(place), inner
        elif isinstance(inner, dict) and len(place) < _DEPTH_LIMIT:
            yield from _lists(inner, place)


def _longest_taken(source: Source, key: str, others: list[str]) -> Fault:
    return source.warning(
        "list-chosen",
        msg(
            "it has several lists: {key}, the longest, was read; {others} was not: name another in"
            " manifest.sheet",
            key=key,
            others=", ".join(others),
        ),
    )


def _not_a_list(source: Source) -> ManifestError:
    return source.error(
        msg("it must be a list of entries with a sku each, or {{defaults: ..., items: [...]}}")
    )
