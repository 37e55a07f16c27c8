from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter

from batchgen.errors import ManifestError
from tests.catalogue.examples import Read, places, skus


def workbook(*sheets: list[list[Any]], names: tuple[str, ...] = ("One", "Two")) -> bytes:
    """Write sheets of cells as a spreadsheet program would."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"default_date_format": "yyyy-mm-dd hh:mm"})
    for name, rows in zip(names, sheets, strict=False):
        sheet = book.add_worksheet(name)
        for at, cells in enumerate(rows):
            sheet.write_row(at, 0, cells)
    book.close()
    return file.getvalue()


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (6901234567890.0, "6901234567890"),
        (19.9, "19.9"),
        ("00123", "00123"),
        (True, "TRUE"),
        (False, "FALSE"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),  # noqa: DTZ001 - cells have no zone
        ("  a\u3000", "a"),
    ],
)
def test_cell_becomes_text(read: Read, cell: object, text: str) -> None:
    """Numbers, switches and dates become the text that a person would copy."""
    found = read("c.xlsx", workbook([["sku", "x"], ["A1", cell]]))

    assert found.items[0].cells["x"] == text


def test_rows_count_as_the_sheet_shows_them(read: Read) -> None:
    """Blank rows above the header and between the rows keep the numbers of the sheet."""
    found = read("c.xlsx", workbook([[], ["sku", "x"], [], ["A1", "x"], ["", ""]]))

    assert [(item.sku, item.row) for item in found.items] == [("A1", 4)]


def test_number_of_too_many_digits_is_no_sku(read: Read) -> None:
    """More than 15 digits were rounded by the workbook: fine in a price, a fault as a SKU."""
    long = 27863382069984436
    found = read("c.xlsx", workbook([["SKU", "x"], [long, 1], ["A2", long], [123456789012345, 1]]))

    assert places(found) == [("c.xlsx", 2, "SKU", "sku-digits-lost")]
    assert skus(found) == ["A2", "123456789012345"]


def test_named_sheet_is_read(read: Read) -> None:
    """`manifest.sheet` chooses among the sheets."""
    content = workbook([["sku"], ["A1"]], [["sku"], ["B1"]])

    assert skus(read("c.xlsx", content, sheet="Two")) == ["B1"]


def test_first_of_several_sheets_is_read_with_a_warning(read: Read) -> None:
    """Without a name the first sheet is read, and the others are named."""
    found = read("c.xlsx", workbook([["sku"], ["A1"]], [["sku"], ["B1"]]))

    assert skus(found) == ["A1"]
    assert [warning.code for warning in found.warnings] == ["sheet-chosen"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(workbook([["sku"]]), "it has One", id="no such sheet"),
        pytest.param(b"sku,title\n", "cannot be read", id="no workbook"),
        pytest.param(workbook([["sku"]])[:400], "cannot be read", id="cut off"),
    ],
)
def test_unreadable_workbook_is_refused(read: Read, content: bytes, words: str) -> None:
    """A file that is no whole workbook, or lacks the sheet, is refused with what is there."""
    with pytest.raises(ManifestError, match=words):
        read("c.xlsx", content, sheet="Three")
