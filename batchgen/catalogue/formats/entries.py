"""Lays entries (mappings with text keys, as JSON has them) out as rows of text. Pure.

What lies in an entry is found under dotted names, one level deep, so that it can be mapped:

    {"price": {"amount": 9}}                     price.amount = 9
    {"tags": ["oak", "chair"]}                   tags = oak, chair (a list)
    {"variants": [{"sku": "A"}, {"sku": "B"}]}   variants.sku = A, B (a list; one alone is plain)
    {"images": [{"src": "https://..."}]}         images = https://... (a list), images.src
    {"more": [{"key": "color", "value": "red"}]} more.color = red

Lists that come from one list keep its order and its length, so that their n-th entries belong
together. The nested value itself stays under its own name, marked as nested, unless it is pictures.
Knows no format and no vendor.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Entry, Mark, Row, stripped
from batchgen.item import Fault
from batchgen.messages import msg

#: Keys of a picture's address, the surest first. Read from public exports on 2026-11-23: `src` is
#: Shopify's and WooCommerce's, `url` Medusa's, `source` Vendure's, `file` Magento's (REST).
_ADDRESSES = ("src", "originalSrc", "url", "source", "file")
#: Keys of lists that are mappings in disguise: Magento's custom_attributes, and the usual two.
_PAIRS = ({"attribute_code", "value"}, {"key", "value"}, {"name", "value"})
_PICTURE_NAME = re.compile(r"image|img|picture|photo|media|gallery|asset|thumb|图", re.IGNORECASE)
_PICTURE_FILE = re.compile(r"\.(jpe?g|png|webp|gif|avif|bmp)([?#]|$)", re.IGNORECASE)
#: From here on, a binary fraction no longer holds every whole number.
_EXACT_LIMIT = 2.0**53


class Real(str):
    """A number that was written, or kept, as a fraction: a long id that became one is damaged."""

    __slots__ = ()


class KeyGivenTwice(ValueError):
    """An entry says one thing twice."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key} is given twice in one entry")
        self.key = key


def unique_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Make a mapping of pairs (the hook of `json.loads`).

    Raises:
        KeyGivenTwice: a key comes again.
    """
    entry = dict(pairs)
    if len(entry) < len(pairs):
        keys = [key for key, _ in pairs]
        raise KeyGivenTwice(next(key for key in keys if keys.count(key) > 1))
    return entry


def row_of(source: Source, number: int, entry: object) -> Row | Fault:
    """Lay out one entry; what is no mapping, or says a thing twice, is a fault."""
    if not isinstance(entry, dict):
        problem = msg("the entry is no mapping: write `sku: ...` and so on")
        return source.fault(number, "row-broken", problem)
    try:
        cells = _Cells()
        for key, value in entry.items():
            cells.put(stripped(key), value)
    except KeyGivenTwice as error:
        problem = msg("the key {key} is given twice in one entry: keep one", key=error.key)
        return source.fault(number, "row-broken", problem)
    return Row(number, cells.texts, cells.marks) if cells.marks else Row(number, cells.texts)


def not_blank(entries: Iterable[Row | Fault]) -> Iterator[Row | Fault]:
    """Pass over rows without any text."""
    for entry in entries:
        if isinstance(entry, Fault) or any(entry.cells.values()):
            yield entry


def columns_of(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Name every column that any row has, in the order of their first appearance."""
    columns: dict[str, None] = {}
    for entry in entries:
        if isinstance(entry, Row) and not entry.cells.keys() <= columns.keys():
            columns |= dict.fromkeys(entry.cells)
    return tuple(columns)


@dataclass(slots=True)
class _Cells:
    """The cells of one row as they are found."""

    texts: dict[str, str] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)

    def put(self, name: str, value: object) -> None:
        """Put a value of the entry, and what lies in it, under their names."""
        if isinstance(value, str):  # nearly every one is
            self._put_text(name, value)
            return
        value = unwrapped(value)
        if isinstance(value, dict) and value:
            self._put_nested(name, value, [value])
        elif isinstance(value, list) and value and all(map(_is_filled_mapping, value)):
            self._put_nested(name, value, value)
        else:
            self._put_cell(name, value)

    def _put_nested(
        self, name: str, value: object, entries: Sequence[Mapping[str, object]]
    ) -> None:
        pictures = [_picture(name, entry) for entry in entries]
        if None in pictures:
            self._set(name, json.dumps(value, ensure_ascii=False), Mark.NESTED)
        else:
            self._put_cell(name, pictures if isinstance(value, list) else pictures[0])
        entries = _spelled_out(entries)
        for key in dict.fromkeys(key for entry in entries for key in entry):
            values = [entry.get(key) for entry in entries]
            self._put_cell(f"{name}.{stripped(key)}", values if len(values) > 1 else values[0])

    def _put_cell(self, name: str, value: object) -> None:
        """Put a value under a name, going no deeper."""
        if isinstance(value, str):
            self._put_text(name, value)
            return
        values = value if isinstance(value, list) else [value]
        texts = [_plain(name, entry) for entry in values]
        if None in texts:
            self._set(name, json.dumps(value, ensure_ascii=False), Mark.NESTED)
        elif not isinstance(value, list):
            self._set(name, texts[0] or "", None)
        elif any(texts):
            lines = ((text or "").replace("\n", " ") for text in texts)
            self._set(name, "\n".join(lines), Mark.LIST)
        else:
            self._set(name, "", None)

    def _put_text(self, name: str, text: str) -> None:
        self._set(name, stripped(text), Mark.DIGITS_LOST if _is_damaged(text) else None)

    def _set(self, name: str, text: str, mark: Mark | None) -> None:
        if name in self.texts:
            raise KeyGivenTwice(name)
        self.texts[name] = text
        if mark is not None:
            self.marks[name] = mark


def unwrapped(value: object) -> object:
    """Give the plain list of what GraphQL calls a connection; any other value as it is."""
    match value:
        case {"edges": [*edges]} if all(
            isinstance(edge, dict) and "node" in edge for edge in edges
        ):
            return [edge["node"] for edge in edges]
    return value


def _is_filled_mapping(value: object) -> bool:
    return isinstance(value, dict) and bool(value)


def _plain(name: str, value: object) -> str | None:
    """Give the text of a plain value or of a picture; None for what is neither."""
    if isinstance(value, str):
        return stripped(value)
    if value is None or value == {} or value == []:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _picture(name, value) if isinstance(value, dict) else None


def _picture(name: str, entry: Mapping[str, object]) -> str | None:
    """Give the address of an entry that is a picture; None for any other."""
    key = next((key for key in _ADDRESSES if isinstance(entry.get(key), str)), None)
    address = str(entry[key]) if key else ""
    is_picture = key == "src" or _PICTURE_NAME.search(name) or _PICTURE_FILE.search(address)
    return stripped(address) if key and is_picture else None


def _spelled_out(entries: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Turn a list of `{"key": "color", "value": "red"}` into one `{"color": "red"}`."""
    keys = entries[0].keys()
    if keys not in _PAIRS or any(entry.keys() != keys for entry in entries):
        return entries
    (name,) = keys - {"value"}
    spelled_out = {str(entry[name]): entry["value"] for entry in entries}
    return [spelled_out] if len(spelled_out) == len(entries) else entries


def _is_damaged(text: str) -> bool:
    return isinstance(text, Real) and abs(float(text)) >= _EXACT_LIMIT
