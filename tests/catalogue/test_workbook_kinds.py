"""What is no .xlsx, whatever its name: OpenDocument, HTML, locked and foreign files."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlwt

from batchgen.catalogue.formats.workbook.behind.package import Package
from batchgen.catalogue.formats.workbook.older import xlsb_warnings
from batchgen.catalogue.source import Source
from batchgen.errors import ManifestError
from tests.catalogue.opendocuments import ODS_CODE, ODS_TEXT, ods
from tests.catalogue.workbooks import cells, codes, faults, picture, read_table, xls, zipped


def test_ods_shows_leading_zeros(tmp_path: Path) -> None:
    """The least number of digits of a style is what zeros are in an Excel format."""
    table = read_table(tmp_path, ods(ODS_CODE.format(123, "") + ODS_TEXT.format("Mug")), "c.ods")

    assert cells(table) == [("00123", "Mug", "")]


def test_ods_merged_cells(tmp_path: Path) -> None:
    """Merged cells mean their value in each row."""
    first = ODS_CODE.format(7, 'table:number-rows-spanned="2"') + ODS_TEXT.format("red")
    table = read_table(
        tmp_path, ods(first, "<table:covered-table-cell/>" + ODS_TEXT.format("blue")), "c.ods"
    )

    assert cells(table) == [("00007", "red", ""), ("00007", "blue", "")]
    assert codes(table) == ["cells-merged"]


def test_ods_picture_and_error(tmp_path: Path) -> None:
    """A picture is taken out of its cell; a row with an error is a fault."""
    frame = '<draw:frame><draw:image xlink:href="Pictures/1.png"/></draw:frame>'
    error = 'office:value-type="string" calcext:value-type="error"><text:p>#N/A</text:p>'
    table = read_table(
        tmp_path,
        ods(
            ODS_TEXT.format("S1")
            + ODS_TEXT.format("Mug")
            + f"<table:table-cell>{frame}</table:table-cell>",
            ODS_TEXT.format("S2") + f"<table:table-cell {error}</table:table-cell>",
        ),
        "c.ods",
    )

    assert cells(table) == [("S1", "Mug", "c.ods#C2")]
    assert table.pictures["c.ods#C2"].read_bytes() == picture()
    assert faults(table) == [(3, "title", "cell-error")]


_PAGE = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="utf-8">
<style>td {mso-number-format:"\\@"}</style></head><body><table><tr><td>Shop</td></tr></table>
<table border=1><tr><th>sku</th><th>title</th><th>image</th></tr>
<tr><td rowspan="2">00123</td><td> Red &amp; <b>big</b><br>mug</td>
<td><img src="https://a.example/1.jpg"></td></tr>
<tr><td>Blue mug<td>b.jpg
<tr><td colspan=2>S2</td><td></td></tr></table></body></html>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_page_of_html_is_read(tmp_path: Path, encoding: str) -> None:
    """Shops save pages as .xls: the longest table is read, codes exact, spans filled down."""
    table = read_table(tmp_path, _PAGE.encode(encoding), "c.xls")

    assert cells(table) == [
        ("00123", "Red & big\nmug", "https://a.example/1.jpg"),
        ("00123", "Blue mug", "b.jpg"),
        ("S2", "", ""),
    ]
    assert codes(table) == ["html-table"]


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        ("00000", 123, "00123"),
        ('"SKU-"0000', 42, "SKU-0042"),
        ("0000000000000", 693216935829, "0693216935829"),
        ('"货号"-000', 7, "货号-007"),
        ("0%", 0.25, "25%"),
        ("0.00", 19.9, "19.9"),
        ("yyyy-mm-dd", 46024, "2026-01-02"),
    ],
)
def test_formats_of_an_xls(tmp_path: Path, code: str, number: float, text: str) -> None:
    """The formats of the older kind are read as well, among many texts too."""
    words = ["title", *[f"a title long enough to fill a few sectors {at}" for at in range(99)]]
    table = read_table(tmp_path, xls(["sku", number, number], words, code=code), "c.xls")

    assert [row[0] for row in cells(table)[:3]] == [text, text, ""]


def test_error_of_an_xls(tmp_path: Path) -> None:
    """A cell with an error makes its row a fault."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("One", cell_overwrite_ok=True)
    for at, texts in enumerate([("sku", "title"), ("S1", "Mug"), ("S2", "")]):
        sheet.row(at).write(0, texts[0])
        sheet.row(at).write(1, texts[1])
    sheet.row(2).set_cell_error(1, 0x2A)
    book.save(str(tmp_path / "o.xls"))
    table = read_table(tmp_path, (tmp_path / "o.xls").read_bytes(), "c.xls")

    assert cells(table) == [("S1", "Mug")]
    assert faults(table) == [(3, "title", "cell-error")]


def test_pictures_of_an_xls_are_told_to_stay(tmp_path: Path) -> None:
    """Pictures of the older format are not taken out, and a warning says so."""
    content = xls(["sku"]) + picture()

    assert codes(read_table(tmp_path, content, "c.xls")) == ["pictures-unknown"]


def test_what_an_xlsb_hides_is_told(tmp_path: Path) -> None:
    """Formats of zeros and pictures of the binary kind are not looked for: warnings say so."""
    styles = 'x\0"000"'.encode("utf-16-le")
    parts = {"xl/workbook.bin": b"", "xl/styles.bin": styles, "xl/media/1.png": picture()}
    source = Source("c.xlsb", tmp_path / "c.xlsb")

    found = [warning.code for warning in xlsb_warnings(source, Package(zipped(parts)))]
    assert found == ["formats-unknown", "pictures-unknown"]


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_XML = b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"sku,title\n", "it is text: give its name", id="text"),
        pytest.param("sku,标题\n".encode("gb18030"), "it is text", id="GBK text"),
        pytest.param(b"%PDF-1.7 ...", "a PDF document", id="PDF"),
        pytest.param(_XML, "XML of Excel 2003", id="Excel 2003 XML"),
        pytest.param(b"", "it is empty", id="empty"),
        pytest.param(_OLE + bytes(600), "damaged", id="damaged .xls"),
        pytest.param(
            _OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le"), "password", id="locked"
        ),
        pytest.param(zipped({"a.txt": "a"}), "cannot be read", id="another zip"),
        pytest.param(b"<html><p>Please log in</p></html>", "without a table", id="page"),
    ],
)
def test_foreign_file_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    """A file that is no workbook is refused by saying what it is and what to do."""
    with pytest.raises(ManifestError, match=words):
        read_table(tmp_path, content)
