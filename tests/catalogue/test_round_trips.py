from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.catalogue.formats.delimited import read_delimited
from tests.catalogue.generated import QUIRKS, examples
from tests.catalogue.reading import reading, rows

#: Eight languages, six encodings, eight quirks; separators, line ends and lengths by chance.
FILES = 480
PARTS = 8


@pytest.mark.parametrize("part", range(PARTS))
def test_generated_file_is_read_exactly(tmp_path: Path, part: int) -> None:
    """Whatever its encoding, separator, line ends and quirks, each cell is what was written."""
    read = reading(tmp_path, read_delimited, "c.csv")
    wrong = []
    for example in list(examples(FILES))[part::PARTS]:
        table = read(example.content)
        found = [tuple(row.cells.values()) for row in rows(table)]
        if (table.columns, found) != (example.columns, example.rows):
            wrong.append(example.name)

    assert wrong == []


def test_generated_files_are_of_all_kinds() -> None:
    """The files have every language in every encoding of its own, and every quirk."""
    kinds = [(made.language, made.encoding, made.quirk) for made in examples(FILES)]

    assert len({(language, encoding) for language, encoding, _ in kinds}) == 8 * 5
    assert {quirk for *_, quirk in kinds} == set(QUIRKS)
