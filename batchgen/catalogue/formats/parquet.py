"""Reads Parquet, batch by batch, every value as the text that a person would write.

Needs pyarrow (`batchgen[parquet]`), which is imported when the first such file is read. A row's
number is that of its entry, the first being 1.
"""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from importlib import import_module
from typing import Any

from batchgen.catalogue.formats.entries import Real, columns_of, not_blank, row_of
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Row, Table, stripped
from batchgen.item import Fault
from batchgen.messages import msg

_BATCH_ROWS = 1000
#: A file that lies there as it is is read in parts; one that is packed is unpacked as a whole.
_SUFFIXES = frozenset({".parquet", ".pq"})


def read_parquet(source: Source) -> Table:
    """Read a Parquet file.

    Raises:
        ManifestError: no Parquet, damaged, pyarrow is not installed, or a column is named twice.
    """
    with _opened(source) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
    twice = [name for name, count in Counter(schema.names).items() if count > 1]
    if twice:
        raise source.error(
            msg("its header names {columns} twice: rename one", columns=", ".join(twice))
        )
    types = import_module("pyarrow.types")
    binary = [field.name for field in schema if _is_binary(types, field.type)]
    texts = [name for name in schema.names if name not in binary]
    entries = _Entries(source, texts)
    is_flat = not any(types.is_nested(schema.field(name).type) for name in texts)
    columns = tuple(map(stripped, texts)) if is_flat else columns_of(entries)
    warnings = (_not_text(source, binary),) if binary else ()
    return Table(columns, entries, warnings, (msg("Parquet, {rows} rows", rows=rows),))


def _is_binary(types: Any, kind: Any) -> bool:
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
        or types.is_fixed_size_binary(kind)
    )


def _not_text(source: Source, columns: Sequence[str]) -> Fault:
    return source.warning(
        "column-binary",
        msg(
            "its columns {columns} hold bytes, not text, and were left out: write them as strings",
            columns=", ".join(columns),
        ),
    )


@contextmanager
def _opened(source: Source) -> Iterator[Any]:
    """Open the file, and word what goes wrong with it while the block lasts."""
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise source.error(
            msg("Parquet is read with pyarrow, which is missing: pip install 'batchgen[parquet]'")
        ) from error
    is_plain = source.path.suffix.lower() in _SUFFIXES
    place = source.path if is_plain else io.BytesIO(source.content())
    try:
        with parquet.ParquetFile(place, page_checksum_verification=True) as file:
            yield file
    # The last two: text that is no UTF-8, and dates that no calendar has.
    except (arrow.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise source.error(
            msg("it cannot be read as Parquet ({reason}): write it again", reason=reason)
        ) from error


@dataclass(frozen=True, slots=True)
class _Entries:
    """The rows of a file, read anew each time they are iterated over."""

    source: Source
    #: Columns that can be read as text.
    columns: Sequence[str]

    def __iter__(self) -> Iterator[Row | Fault]:
        entries = enumerate(self._entries(), 1)
        return not_blank(row_of(self.source, number, entry) for number, entry in entries)

    def _entries(self) -> Iterator[dict[str, Any]]:
        with _opened(self.source) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(self.columns)):
                cells = [_values(column) for column in batch.columns]
                names = batch.schema.names
                for values in zip(*cells, strict=True):
                    yield dict(zip(names, values, strict=True))


def _values(column: Any) -> list[Any]:
    """Give a column's values as text, lists and mappings of text; None for what is missing."""
    kind = str(column.type)
    if kind in ("string", "large_string"):
        return list(column.to_pylist())
    if kind == "float":  # of 32 bits: Python would show digits that it never had
        column = column.cast("string").cast("double")
    return [_text(value) for value in column.to_pylist()]


def _text(value: Any) -> Any:
    """Turn a value into text, what lies in it too; switches and nothing stay what they are."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, list):
        is_map = bool(value) and isinstance(value[0], tuple)
        return _text(dict(value)) if is_map else [_text(entry) for entry in value]
    if isinstance(value, dict):
        return {str(key): _text(entry) for key, entry in value.items()}
    return _plain_text(value)


def _plain_text(value: Any) -> str | None:
    if isinstance(value, bytes):  # inside another value; a column of them is left out
        return None
    if isinstance(value, float):
        return _fraction(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _fraction(value: float) -> Real | None:
    """Write a fraction as a person would: whole ones without `.0`, what is no number not at all.

    pandas keeps whole numbers as fractions as soon as one is missing, which is NaN then.
    """
    if math.isnan(value):
        return None
    return Real(int(value) if value.is_integer() else value)
