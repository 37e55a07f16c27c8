"""Which workbooks are too large to be opened, and which only look so."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from batchgen.catalogue.formats.workbook.limits import workbook_problem
from batchgen.errors import ManifestError
from tests.catalogue.examples import Read, skus
from tests.catalogue.opendocuments import ods
from tests.catalogue.workbooks import parts_of, read_table, xls, xlsx, zipped


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


def test_a_count_beyond_reason_is_refused(read: Read) -> None:
    """Readers ask for memory by the count in a tag; the same words in a cell are a text."""
    parts = parts_of(workbook("B1", 'count="99999999999"'))
    assert skus(read("a.xlsx", zipped(parts))) == ["MUG-001", "MUG-002"]

    texts = parts["xl/sharedStrings.xml"]
    parts["xl/sharedStrings.xml"] = texts.replace(b'uniqueCount="', b'uniqueCount="99999999')
    with pytest.raises(ManifestError, match="damaged"):
        read("a.xlsx", zipped(parts))


def test_chain_in_a_circle_is_refused(tmp_path: Path) -> None:
    """A damaged table of sectors that would be followed for ever is told before."""
    content = bytearray(xls(["sku", "S1"]))
    (table,) = struct.unpack_from("<I", content, 76)
    (directory,) = struct.unpack_from("<I", content, 48)
    struct.pack_into("<I", content, (table + 1) * 512 + 4 * directory, directory)

    with pytest.raises(ManifestError, match="runs in a circle"):
        read_table(tmp_path, bytes(content), "c.xls")


@pytest.mark.parametrize(
    ("record", "at"),
    [
        pytest.param(b"\xfc\x00", 8, id="count of texts"),
        pytest.param(b"\x00\x02\x0e\x00", 8, id="last row"),
    ],
)
def test_count_of_an_xls_beyond_reason_is_refused(tmp_path: Path, record: bytes, at: int) -> None:
    """Counts of the older kind ask for memory as well."""
    content = bytearray(xls(["sku", "S1"]))
    start = content.index(record, 512)
    content[start + at : start + at + 4] = b"\xff\xff\xff\x7f"

    with pytest.raises(ManifestError, match="damaged \\(count of"):
        read_table(tmp_path, bytes(content), "c.xls")


def test_xml_of_an_ods_that_never_ends_is_refused(tmp_path: Path) -> None:
    """A reader that waits for an end that never comes is not asked."""
    parts = parts_of(ods())
    parts["content.xml"] = parts["content.xml"].replace(b"</table:table>", b"</table:tablo>")

    with pytest.raises(ManifestError, match="mismatched tag"):
        read_table(tmp_path, zipped(parts), "c.ods")


def test_merged_cells_that_overlap_are_refused(tmp_path: Path) -> None:
    """No program writes them, and going through a million of them would not end."""
    parts = parts_of(workbook("B1", "title"))
    merged = b'<mergeCell ref="A1:B1000"/>' * 99
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(
        b"</sheetData>", b"</sheetData><mergeCells>" + merged + b"</mergeCells>"
    )

    with pytest.raises(ManifestError, match="overlap"):
        read_table(tmp_path, zipped(parts))


def test_span_of_time_beyond_reason_is_refused(tmp_path: Path) -> None:
    """A number of hours that no clock has is an error of ours, not of the reader's."""

    def write(book: Any, sheet: Any) -> None:
        sheet.write_column("A1", ["sku"])
        sheet.write_number("A2", 1e15, book.add_format({"num_format": "[h]:mm"}))

    with pytest.raises(ManifestError, match="cannot be read"):
        read_table(tmp_path, xlsx(write))


def test_what_is_no_workbook_is_left_to_the_reader() -> None:
    """The limits judge zips only; the reader says what another file is."""
    assert workbook_problem(b"sku,title\n") is None


def test_a_line_above_the_usual_cell_limit_is_read(read: Read) -> None:
    """A row of 300,000 characters is a row, whatever separator is tried on it."""
    text = f"sku;title;text\nMUG-001;Mug;{'x' * 300_000}\n"
    assert skus(read("a.csv", text)) == ["MUG-001"]
