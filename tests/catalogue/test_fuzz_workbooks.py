"""Mutated workbooks of every kind: rows, faults or one clear error, nothing else."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchgen.catalogue.formats.workbook import read_workbook
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Row
from batchgen.errors import ManifestError
from batchgen.item import Fault
from tests.catalogue.opendocuments import ODS_CODE, ODS_TEXT, ods
from tests.catalogue.workbooks import parts_of, xls, xlsx, zipped

#: Damaged files in all; `make soak` reads 100,000.
FILES = int(os.environ.get("BATCHGEN_FUZZ_FILES", "400")) // 4
SNIPPETS = (b"<", b">", b'"', b"&", b"\0", b"-1", b"99999999", b'r="ZZ9"', b't="e"', b's="7"')


def workbook() -> bytes:
    """Write padded codes, merged cells, a formula, a link, an error and a date."""

    def write(book: Any, sheet: Any) -> None:
        padded = book.add_format({"num_format": "00000"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ("sku", "title", "image", "price", "day"))
        for row in range(1, 9):
            sheet.write_number(row, 0, row, padded)
            sheet.write_string(row, 1, f"Cup {row}")
            sheet.write_url(row, 2, f"https://e.com/{row}.jpg", string="picture")
            sheet.write_formula(row, 3, f"=A{row + 1}*2", None, row * 2 if row % 2 else "#N/A")
            sheet.write_number(row, 4, 45_000 + row, day)
        sheet.merge_range(9, 1, 10, 1, "Jar")
        sheet.set_row(4, None, None, {"hidden": True})

    return xlsx(write)


PARTS = parts_of(workbook())
SHEET = "".join(ODS_TEXT.format(text) for text in ("A", "Cup", "https://e.com/a.jpg"))
ODS_PARTS = parts_of(ods(SHEET, ODS_CODE.format(7, "") + ODS_TEXT.format("Jar")))


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Cut, double, overwrite or insert something, once or a few times."""
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(damaged) + 1)
        end = at + chance.choice((1, 2, 8, 40))
        damaged[at:end] = chance.choice(
            (b"", damaged[at:end] * 2, chance.choice(SNIPPETS), chance.randbytes(1))
        )
    return bytes(damaged)


def with_mutated_part(parts: dict[str, bytes], chance: random.Random) -> bytes:
    """Damage what is packed, and pack it again."""
    name = chance.choice([name for name, part in parts.items() if part])
    return zipped({**parts, name: mutated(parts[name], chance)})


@pytest.mark.parametrize("kind", ["packed", "part", "xls", "ods"])
def test_damaged_workbooks_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    """Whatever is done to a workbook, it is rows, faults or a ManifestError, the same each time."""
    chance = random.Random(5)
    makers: dict[str, Callable[[], bytes]] = {
        "packed": lambda: mutated(zipped(PARTS), chance),
        "part": lambda: with_mutated_part(PARTS, chance),
        "xls": lambda: mutated(xls(("sku", 1, 2), ("title", "Cup", "Jar"), code="00000"), chance),
        "ods": lambda: with_mutated_part(ODS_PARTS, chance),
    }
    path = tmp_path / "mutant"
    for _ in range(FILES):
        path.write_bytes(makers[kind]())
        try:
            table = read_workbook(Source("mutant", path))
            entries = list(table.entries)
        except ManifestError:
            continue
        assert list(table.entries) == entries
        rows = [entry for entry in entries if isinstance(entry, Row)]
        faults = [entry for entry in entries if isinstance(entry, Fault)]
        assert all(row.cells.keys() <= set(table.columns) for row in rows)
        assert len({entry.number for entry in rows}) == len(rows)
        assert all(fault.row is not None for fault in faults)
