"""Numbers are read as a sheet shows them: leading zeros, prefixes, percent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from batchgen.catalogue.formats.workbook.behind.number_formats import plain_number, shown_format
from batchgen.catalogue.table import Mark, Row
from tests.catalogue.workbooks import cells, parts_of, read_table, xlsx, zipped


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        ("00000", 123, "00123"),
        ("00000", 0, "00000"),
        ("00000", 1234567, "1234567"),
        ("0000000000000", 693216935829, "0693216935829"),
        ('"SKU-"0000', 7, "SKU-0007"),
        ('"SKU-"0', 7, "SKU-7"),
        (r"\A\-000", 7, "A-007"),
        ("00-000", 1234, "01-234"),
        ("00-000", 1234567, "1234-567"),
        ("[Red]00000;[Blue]-00000", 5, "00005"),
        ("[$-804]000", 5, "005"),
        ('00000_);"no; "00000', 5, "00005"),
        ("00000;@", 12.5, None),
        ("00000", -5, None),
        ("0%", 0.25, "25%"),
        ("0.00%", 0.256, "25.6%"),
        ("0%", 3, "300%"),
    ],
)
def test_format_shows_a_number(code: str, number: float, text: str | None) -> None:
    """Zeros, texts and percent are shown; a number that does not fit stays bare."""
    shown = shown_format(code)

    assert shown is not None
    assert shown.show(number) == text


@pytest.mark.parametrize(
    "code",
    ["General", "0", "0.00", "#,##0", "#,##0.00", "yyyy-mm-dd", "[h]:mm", "@", "0.00E+00",
     '"¥"0', '0"件"', "[$¥-804]00", "00/00", "00:00", "[>=100]000;00", "[DBNum1]000", "# ?/?", ""],
)  # fmt: skip
def test_format_that_shows_no_more_than_the_number(code: str) -> None:
    """Dates, money, units and plain numbers are none of these formats."""
    assert shown_format(code) is None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (19.9, "19.9"),
        (1e-7, "0.0000001"),
        (6932169358293.0, "6932169358293"),
        (-2.0, "-2"),
        (1234567.125, "1234567.125"),
    ],
)
def test_plain_number(number: float, text: str) -> None:
    """A number has 15 digits at most, no exponent, and no point without digits behind it."""
    assert plain_number(number) == text


def coded(book: Any, sheet: Any) -> None:
    """Write codes as numbers with formats of zeros, and the same as text."""
    sheet.write_row("A1", ["sku", "price", "share"])
    sheet.write_row("A2", [123], book.add_format({"num_format": "00000"}))
    sheet.write_string("A3", "00123")
    sheet.write_number("A4", 6932169358293)
    sheet.write_number("A5", 27863382069984436, book.add_format({"num_format": "0" * 18}))
    sheet.write_number("B2", 0.1 + 0.2)
    sheet.write_number("C2", 0.5, book.add_format({"num_format": "0%"}))


def test_leading_zeros_come_back(tmp_path: Path) -> None:
    """A code that is stored as a number is read with the zeros that its format shows."""
    table = read_table(tmp_path, xlsx(coded))

    assert cells(table)[:3] == [
        ("00123", "0.3", "50%"),
        ("00123", "", ""),
        ("6932169358293", "", ""),
    ]
    assert "numbers read as their cell format shows them: 2" in map(str, table.facts)


def test_lost_digits_stay_lost(tmp_path: Path) -> None:
    """A format of many zeros does not make up for digits that are gone."""
    rows = [row for row in read_table(tmp_path, xlsx(coded)).entries if isinstance(row, Row)]

    assert rows[3].marks == {"sku": Mark.DIGITS_LOST}


def test_formats_of_another_writer(tmp_path: Path) -> None:
    """Openpyxl writes attributes and texts differently; the same comes out."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["sku", "title"])
    sheet.append([42, "Mug"])
    sheet["A2"].number_format = '"SKU-"0000'
    book.save(tmp_path / "o.xlsx")

    assert cells(read_table(tmp_path, (tmp_path / "o.xlsx").read_bytes())) == [("SKU-0042", "Mug")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb' r="A2" s="1"', rb' s="1"  r="A2"'),
        (rb'<c r="A2" s="1">', rb"<c r='A2' s='1'>"),
        (rb'<c r="A2" s="1">', rb'<c s="1">'),
        (rb'<row r="2" spans="1:3"><c r="A2" s="1">', rb'<row><c s="1">'),
    ],
)
def test_ways_to_write_a_cell(tmp_path: Path, old: bytes, new: bytes) -> None:
    """The order of attributes, their quotes, and whether a cell says its place do not matter."""
    parts = parts_of(xlsx(coded))
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(old, new)

    assert parts["xl/worksheets/sheet1.xml"] != sheet
    assert cells(read_table(tmp_path, zipped(parts)))[0] == ("00123", "0.3", "50%")


def test_namespace_prefix(tmp_path: Path) -> None:
    """Some programs write every element with a prefix."""
    parts = parts_of(xlsx(coded))
    sheet = parts["xl/worksheets/sheet1.xml"].replace(b"</", b"</x:").replace(b"<", b"<x:")
    sheet = (
        sheet.replace(b"<x:/x:", b"</x:").replace(b"<x:?", b"<?").replace(b"xmlns=", b"xmlns:x=")
    )
    parts["xl/worksheets/sheet1.xml"] = sheet

    assert cells(read_table(tmp_path, zipped(parts)))[0] == ("00123", "0.3", "50%")
