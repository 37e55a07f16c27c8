from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from batchgen.catalogue.formats.delimited import read_delimited
from batchgen.errors import ManifestError
from tests.catalogue.mutated import ROWS, Mutant, mutant
from tests.catalogue.reading import reading, rows

#: Damaged files in all; `make soak` reads 100,000.
FILES = int(os.environ.get("BATCHGEN_FUZZ_FILES", "2000"))
PARTS = 8


@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_file_never_mixes_rows(tmp_path: Path, part: int) -> None:
    """A damaged file is refused or read, and no row without a fault has texts of another one."""
    read = reading(tmp_path, read_delimited, "c.csv")
    mixed = []
    for number in range(part, FILES, PARTS):
        damaged = mutant(number)
        try:
            table = read(damaged.content)
        except ManifestError:
            continue
        mixed += [(number, row.number) for row in rows(table) if damaged.is_mixed(row.cells)]

    assert mixed == []


def test_most_rows_of_damaged_files_are_read(tmp_path: Path) -> None:
    """Damage to a row or two costs these rows, not the file: three of five of all are read."""
    read = reading(tmp_path, read_delimited, "c.csv")
    found = 0
    for number in range(200):
        with suppress(ManifestError):
            found += len(rows(read(mutant(number).content)))

    assert found > 200 * ROWS * 3 / 5


@pytest.mark.parametrize(
    ("lines", "cells", "is_mixed"),
    [
        pytest.param(("r1c0x,r1c1x",), ("r1c0x", "r1c1x"), False, id="as it was"),
        pytest.param(("r1c0x,r2c1x",), ("r1c0x", "r2c1x"), False, id="the file says so"),
        pytest.param(("r1c0x,r1c1x",), ("r1c1x", "r1c0x"), True, id="under another column"),
        pytest.param(("r2c1x,r2c2x",), ("r2c1x", "r2c2x"), False, id="begins no more"),
        pytest.param(("r2c0x,r2c1x,r2c2x",), ("r2c1x", "r2c2x"), True, id="beginning dropped"),
        pytest.param(("r3c0x", "r1c0x,r1c1x", "r2c1x"), ("r3c0x", "r2c1x"), True, id="of two rows"),
    ],
)
def test_mixing_is_recognised(
    lines: tuple[str, ...], cells: tuple[str, ...], is_mixed: bool
) -> None:
    """The judge of these tests tells a mixed row from one that the damaged line itself says."""
    whole = frozenset({"r1c0x,r1c1x"})
    untouched = whole | {"r2c1x,r2c2x", "r2c0x,r2c1x,r2c2x"}
    damaged = Mutant(0, b"", lines, untouched, whole)

    assert damaged.is_mixed(dict(zip("ab", cells, strict=True))) is is_mixed
