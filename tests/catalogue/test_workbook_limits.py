"""Which workbooks are too large to be opened, and which only look so."""

from __future__ import annotations

import io

import pytest
import xlsxwriter

from batchgen.catalogue.formats.workbook_limits import workbook_problem
from batchgen.errors import ManifestError
from tests.catalogue.examples import Read, skus


def workbook(place: str, text: str) -> bytes:
    """Write two products, and a cell somewhere else that is empty or not."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        sheet.write_column("A1", ["sku", "MUG-001", "MUG-002"])
        bold = book.add_format({"bold": True})
        sheet.write(place, text, bold)
        sheet.set_row(1_048_575, 30)
    return content.getvalue()


def test_a_format_far_away_does_no_harm(read: Read) -> None:
    """Rows and cells that only have a look, down to the last one, are no reason to refuse."""
    assert skus(read("a.xlsx", workbook("XFD1048576", ""))) == ["MUG-001", "MUG-002"]


def test_a_cell_far_away_is_refused(read: Read) -> None:
    """One text in the last cell of a sheet would ask for 17 billion of them."""
    with pytest.raises(ManifestError, match="so far from the others"):
        read("a.xlsx", workbook("XFD1048576", "x"))


def test_a_damaged_part_is_refused(read: Read) -> None:
    """A part whose bytes do not add up is refused before the reader meets it."""
    content = bytearray(workbook("B1", "title"))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(ManifestError):
        read("a.xlsx", bytes(content))


def test_what_is_no_workbook_is_left_to_the_reader() -> None:
    """The limits judge zips only; the reader says what another file is."""
    assert workbook_problem(b"sku,title\n") is None


def test_a_line_above_the_usual_cell_limit_is_read(read: Read) -> None:
    """A row of 300,000 characters is a row, whatever separator is tried on it."""
    text = f"sku;title;text\nMUG-001;Mug;{'x' * 300_000}\n"
    assert skus(read("a.csv", text)) == ["MUG-001"]
