"""Mutated files of every structured format: rows, faults or one clear error, nothing else."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from batchgen.catalogue.formats.feed import read_feed
from batchgen.catalogue.formats.parquet import read_parquet
from batchgen.catalogue.formats.structured import read_json, read_json_lines, read_yaml
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Row, Table
from batchgen.errors import ManifestError
from batchgen.item import Fault

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

FILES = int(os.environ.get("BATCHGEN_FUZZ_FILES", "1000")) // 5
ENTRY = b'{"sku": "A1", "price": {"amount": 9.50}, "images": [{"src": "1.jpg"}], "tags": ["a"]}'
XML = (
    b'<?xml version="1.0" encoding="windows-1251"?><a xmlns:g="http://base.google.com/ns/1.0">'
    b'<item id="7"><g:sku>\xd1\xf2\xf3</g:sku><t><![CDATA[<p>x</p>]]></t><i>1</i><i>2</i></item>'
    b"<item><g:sku>B</g:sku><t>a &amp; <b>c</b></t><s><p>5</p></s></item></a>"
)
YAML = b"- {sku: A1, images: [a, b]}\n- sku: B\n  price: {amount: 9.50}\n"
SNIPPETS = (b'"', b"<", b">", b"&", b"{", b"}", b"[", b"]", b"\n", b"\0", b"\xff\xfe", b",", b":")


def parquet() -> bytes:
    """Write a small Parquet file."""
    file = io.BytesIO()
    columns = {"sku": [f"S{n}" for n in range(50)], "n": range(50), "s": [{"a": 1.5}] * 50}
    pq.write_table(pa.table({name: list(values) for name, values in columns.items()}), file)
    return file.getvalue()


def mutant(content: bytes, chance: random.Random) -> bytes:
    """Cut, double, overwrite or insert something, once or a few times."""
    mutated = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(mutated) + 1)
        end = at + chance.choice((1, 2, 8, 40))
        mutated[at:end] = chance.choice(
            (b"", mutated[at:end] * 2, chance.choice(SNIPPETS), chance.randbytes(1))
        )
    return bytes(mutated)


@pytest.mark.parametrize(
    ("reader", "content"),
    [
        pytest.param(read_json, b'{"products": [' + b",".join([ENTRY] * 3) + b"]}", id="JSON"),
        pytest.param(read_json_lines, b"\n".join([ENTRY] * 4), id="JSON Lines"),
        pytest.param(read_yaml, YAML, id="YAML"),
        pytest.param(read_feed, XML, id="XML"),
        pytest.param(read_parquet, parquet(), id="Parquet"),
    ],
)
def test_mutants_are_read_or_refused(
    tmp_path: Path, reader: Callable[[Source], Table], content: bytes
) -> None:
    """Whatever is done to a file, it is rows that say nothing twice, faults, or a ManifestError."""
    chance = random.Random(5)
    path = tmp_path / "mutant"
    for _ in range(FILES):
        path.write_bytes(mutant(content, chance))
        try:
            table = reader(Source("mutant", path))
            entries = list(table.entries)
        except ManifestError:
            continue
        assert list(table.entries) == entries
        rows = [entry for entry in entries if isinstance(entry, Row)]
        assert len(rows) + sum(isinstance(entry, Fault) for entry in entries) == len(entries)
        assert all(row.cells.keys() <= set(table.columns) for row in rows)
