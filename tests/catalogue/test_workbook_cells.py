"""Which sheet is read, and what becomes of merged cells, errors, formulas and links."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt

from batchgen.errors import ManifestError
from batchgen.item import Fault
from tests.catalogue.workbooks import cells, codes, faults, parts_of, read_table, xlsx, zipped


def several(book: Any, sheet: Any) -> None:
    """Write a hidden sheet, a note, a catalogue and another one."""
    sheet.write_row("A1", ["sku", "hidden"])
    book.add_worksheet("Note").write("A1", "How to fill in this workbook")
    book.add_worksheet("商品").write_row("A1", ["sku", "title"])
    book.add_worksheet("Old").write_row("A1", ["sku", "old"])
    book.get_worksheet_by_name("商品").activate()
    book.get_worksheet_by_name("商品").set_first_sheet()
    sheet.hide()


def test_first_sheet_shown_with_a_table_is_read(tmp_path: Path) -> None:
    """Hidden sheets and notes of one column are passed over, and named in the warning."""
    table = read_table(tmp_path, xlsx(several))

    assert table.columns == ("sku", "title")
    assert "(hidden: One): 商品 was read" in str(table.warnings[0].message)
    assert "sheet 商品: 1 rows, 2 columns" in map(str, table.facts)


@pytest.mark.parametrize(("name", "column"), [("One", "hidden"), (" old ", "old")])
def test_named_sheet_may_be_hidden(tmp_path: Path, name: str, column: str) -> None:
    """A sheet that is named is read whether it is shown or not, without a warning."""
    table = read_table(tmp_path, xlsx(several), sheet=name)

    assert (table.columns, codes(table)) == (("sku", column), [])


def merged(_: Any, sheet: Any) -> None:
    """Merge a title over the columns, a SKU over two rows and over a blank one."""
    sheet.write_row("A1", ["sku", "title", "more"])
    sheet.merge_range("A2:A3", "S1")
    sheet.write_column("B2", ["red", "blue"])
    sheet.merge_range("A4:A6", "S2")
    sheet.write("B4", "green")
    sheet.merge_range("B7:C7", "over two columns")
    sheet.write("A7", "S3")


def test_merged_cells_mean_their_value_in_each_row(tmp_path: Path) -> None:
    """A value reaches down to rows that say something, and never into another column."""
    table = read_table(tmp_path, xlsx(merged))

    assert cells(table) == [
        ("S1", "red", ""),
        ("S1", "blue", ""),
        ("S2", "green", ""),
        ("S3", "over two columns", ""),
    ]
    assert [(one.code, str(one.message)[:5]) for one in table.warnings] == [
        ("cells-merged", "A2:A3")
    ]


def test_merged_cells_of_an_xls(tmp_path: Path) -> None:
    """The older format knows merged cells too."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("One")
    for at, text in enumerate(["title", "red", "blue"]):
        sheet.write(at, 1, text)
    sheet.write(0, 0, "sku")
    sheet.write_merge(1, 2, 0, 0, "S1")
    book.save(str(tmp_path / "o.xls"))

    table = read_table(tmp_path, (tmp_path / "o.xls").read_bytes(), "c.xls")
    assert cells(table) == [("S1", "red"), ("S1", "blue")]


def test_merged_header_is_left_alone(tmp_path: Path) -> None:
    """A title above the columns does not become a value of rows."""

    def write(_: Any, sheet: Any) -> None:
        sheet.merge_range("A1:A2", "sku")
        sheet.write_column("B1", ["title", "red"])

    assert cells(read_table(tmp_path, xlsx(write))) == [("", "red")]


def wrong(_: Any, sheet: Any) -> None:
    """Write errors and formulas: a good one, one without value, one filled down too far."""
    sheet.write_row("A1", ["sku", "price", "title"])
    sheet.write_row("A2", ["S1", 1, "red"])
    sheet.write_row("A3", ["S2"])
    sheet.write_formula("B3", "=VLOOKUP(A3,X:Y,2)", None, "#N/A")
    sheet.write_row("A4", ["S3"])
    sheet.write_formula("B4", "=1+1", None, 2)
    sheet.write_formula("C4", '=""', None, "")
    sheet.write_formula("B5", "=VLOOKUP(A5,X:Y,2)", None, "#REF!")


def test_error_is_no_text(tmp_path: Path) -> None:
    """A row with an error is a fault at its column; a formula filled down too far is nothing."""
    parts = parts_of(xlsx(wrong))
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b'<c r="C4">', b'<c r="C4" t="str">')
    table = read_table(tmp_path, zipped(parts))

    assert cells(table) == [("S1", "1", "red"), ("S3", "2", "")]
    assert faults(table) == [(3, "price", "cell-error")]
    told = [str(entry.message) for entry in table.entries if isinstance(entry, Fault)]
    assert told == ["B3 holds the error #N/A: mend the formula there, or clear the cell"]


def test_formula_without_value_is_a_fault(tmp_path: Path) -> None:
    """Libraries write formulas without values: no row of them is blank, nor read as blank."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["sku", "title"], ["S1", "red"], ["S2", '="a"&"b"'], ['="S"&3', '="c"']):
        sheet.append(row)
    book.save(tmp_path / "o.xlsx")
    table = read_table(tmp_path, (tmp_path / "o.xlsx").read_bytes())

    assert cells(table) == [("S1", "red")]
    assert faults(table) == [
        (3, "title", "formula-without-value"),
        (4, "sku", "formula-without-value"),
    ]


def test_zero_of_a_library_is_doubtful(tmp_path: Path) -> None:
    """A formula that gives 0 in a workbook that asks to be calculated gets a warning."""

    def write(_: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["sku", "price"])
        sheet.write("A2", "S1")
        sheet.write_formula("B2", "=1+1")

    table = read_table(tmp_path, xlsx(write))
    assert (cells(table), codes(table)) == ([("S1", "0")], ["formula-doubtful"])


@pytest.mark.parametrize(
    ("label", "link", "text"),
    [
        ("查看图片", "https://a.example/1.jpg", "https://a.example/1.jpg"),
        ("View image", "https://a.example/1.PNG?x=1", "https://a.example/1.PNG?x=1"),
        ("Red mug", "https://a.example/1.jpg", "Red mug"),
        ("link", "https://a.example/page", "link"),
        ("b.jpg", "https://a.example/1.jpg", "b.jpg"),
    ],
)
@pytest.mark.parametrize("is_formula", [True, False])
def test_link_behind_a_label(
    tmp_path: Path, label: str, link: str, text: str, is_formula: bool
) -> None:
    """A link to a picture is read where the cell says no more than that there is one."""

    def write(_: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["sku", "image"])
        sheet.write("A2", "S1")
        if is_formula:
            sheet.write_formula("B2", f'=HYPERLINK("{link}","{label}")', None, label)
        else:
            sheet.write_url("B2", link, string=label)

    table = read_table(tmp_path, xlsx(write))
    assert cells(table) == [("S1", text)]
    assert codes(table) == (["link-taken"] if text == link else [])


def test_hidden_rows_are_read_and_told(tmp_path: Path) -> None:
    """Rows that a filter hides cost money like the others: a warning counts them."""

    def write(_: Any, sheet: Any) -> None:
        sheet.write_column("A1", ["sku", "S1", "S2"])
        sheet.set_row(2, None, None, {"hidden": True})

    table = read_table(tmp_path, xlsx(write))
    assert (cells(table), codes(table)) == ([("S1",), ("S2",)], ["rows-hidden"])


def test_blank_rows_with_a_look(tmp_path: Path) -> None:
    """Forty formatted rows below the table are no rows."""

    def write(book: Any, sheet: Any) -> None:
        sheet.write_column("A1", ["sku", "S1"])
        for at in range(2, 42):
            sheet.write_blank(at, 0, None, book.add_format({"bold": True}))

    assert cells(read_table(tmp_path, xlsx(write))) == [("S1",)]


def test_damaged_part_is_named(tmp_path: Path) -> None:
    """XML that ends too early in a part that holds pictures or styles is an error of ours."""
    parts = parts_of(xlsx(merged))
    parts["xl/styles.xml"] = parts["xl/styles.xml"][:-20]

    with pytest.raises(ManifestError, match=r"c\.xlsx: "):
        read_table(tmp_path, zipped(parts))
