from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.catalogue.formats.delimited import read_delimited
from batchgen.catalogue.table import Table
from batchgen.errors import ManifestError
from batchgen.item import Fault
from tests.catalogue.reading import ReadTable, column, reading, rows

ROWS = "A1,x,1\nA2,y,2\nA3,z,3\n"


@pytest.fixture
def read(tmp_path: Path) -> ReadTable:
    """Read a delimited file."""
    return reading(tmp_path, read_delimited, "c.csv")


def faults(table: Table) -> list[tuple[int | None, str]]:
    """List the faults, as (row, code)."""
    return [(entry.row, entry.code) for entry in table.entries if isinstance(entry, Fault)]


def words(table: Table) -> list[str]:
    """List the messages of the faults."""
    return [str(entry.message) for entry in table.entries if isinstance(entry, Fault)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        pytest.param("B,a,b,c", "row-too-long", id="separator in the text"),
        pytest.param("B,red, round,", "row-too-long", id="separator in the text, blank at the end"),
        pytest.param("B,a", "row-too-short", id="cell missing"),
        pytest.param('B,"5" pan,c', "row-broken", id="text after a quote"),
        pytest.param('B,"x\ny",c,d', "row-too-long", id="several lines"),
    ],
)
def test_bad_row_is_a_fault_with_its_line(read: ReadTable, row: str, code: str) -> None:
    """A row of another width or with broken quotes is a fault; the rows around it stand."""
    table = read(f"sku,title,n\nA0,x,0\n{row}\n{ROWS}")

    assert (faults(table), column(table, "sku")) == ([(3, code)], ["A0", "A1", "A2", "A3"])
    assert "line 3" in words(table)[0] or "lines 3 to 4" in words(table)[0]


@pytest.mark.parametrize(
    ("content", "code", "lines"),
    [
        pytest.param('B,"x,0\n' + ROWS, "quote-unclosed", "line 3", id="never closes"),
        pytest.param('B,"x,0\n' + ROWS + 'A4,"a b",4\n', "row-broken", "line 3", id="closes later"),
        pytest.param(
            'B,"x\nmore text\nand more,0\n' + ROWS, "quote-unclosed", "lines 3 to 5", id="tall"
        ),
    ],
)
def test_missing_quote_costs_its_own_row(
    read: ReadTable, content: str, code: str, lines: str
) -> None:
    """A quote that does not close loses its row and its own lines; the rows below are read."""
    table = read(f"sku,title,n\nA0,x,0\n{content}")

    assert faults(table) == [(3, code)]
    assert words(table)[0].startswith(f"{lines} of the file: ")
    assert column(table, "sku")[:4] == ["A0", "A1", "A2", "A3"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('A1,"x,1\nA2,y,2\nA3,z",3\n', id="whole row inside"),
        pytest.param('A1,x,"1\nA2,y,2"\n', id="end of another row"),
        pytest.param('"A1,x,1\nA2",y,2\n', id="in the first column"),
    ],
)
def test_swallowed_rows_are_a_fault(read: ReadTable, content: str) -> None:
    """A quoted text that holds rows of the table is no cell, though the row has the right width."""
    table = read(f"sku,title,n\nA0,x,0\n{content}A9,x,9\n")

    assert faults(table) == [(3, "rows-swallowed")]
    assert words(table)[0].startswith("lines 3 to ")
    assert column(table, "sku") == ["A0", "A9"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("soft,\nwarm", id="comma at the end"),
        pytest.param("two\nlines", id="two lines"),
        pytest.param("one\n\nthree, and more, text", id="prose with commas"),
        pytest.param("<ul>\n<li>a, b, c</li>\n</ul>", id="HTML"),
    ],
)
def test_text_of_several_lines_is_a_cell(read: ReadTable, text: str) -> None:
    """Descriptions of several lines are cells, with the commas of their sentences."""
    table = read(f'sku,title,n\nA1,"{text}",1\nA2,y,2\n')

    assert (column(table, "title"), faults(table)) == ([text, "y"], [])


def test_separator_behind_every_row_is_ignored(read: ReadTable) -> None:
    """Rows that all end with a separator the header has not are not moved by a column."""
    table = read("id;name;price\n1;Mug;3,50;\n2;Pan;12,90;\n3;Pot;;\n")

    assert [tuple(row.cells.values()) for row in rows(table)] == [
        ("1", "Mug", "3,50"),
        ("2", "Pan", "12,90"),
        ("3", "Pot", ""),
    ]
    assert [warning.code for warning in table.warnings] == ["rows-trailing-separator"]


def test_row_without_the_usual_separator_at_its_end_is_a_fault(read: ReadTable) -> None:
    """Where all rows end with a separator, one without it lacks a separator elsewhere."""
    many = "".join(f"{at};Mug;3;\n" for at in range(12))

    assert faults(read(f"id;name;price\n{many}99;Mug;3\n")) == [(14, "row-too-short")]


def test_rows_that_end_early_are_filled(read: ReadTable) -> None:
    """An exporter that leaves out blanks at the end is recognised, and a warning says so."""
    table = read("sku,title,n\nA1,x,1\nA2,y\nA3,z\nA4,v,4\nA5,w,5\n")

    assert (column(table, "n"), faults(table)) == (["1", "", "", "4", "5"], [])
    assert [warning.code for warning in table.warnings] == ["rows-end-early"]


def test_short_rows_beside_blank_ends_are_faults(read: ReadTable) -> None:
    """Where blanks at the end are written, a short row lacks a cell anywhere."""
    table = read("sku,title,n\nA1,x,1\nA2,y\nA3,z\nA4,v,\nA5,w,5\n")

    assert faults(table) == [(3, "row-too-short"), (4, "row-too-short")]


def test_header_that_no_row_fits_is_refused(read: ReadTable) -> None:
    """A file whose rows have a cell more than the header is refused as a whole, with the count."""
    with pytest.raises(ManifestError, match="3 of its first 3 rows have 4 cells, and the header"):
        read("sku,title,n\nA1,x,1,r\nA2,y,2,s\nA3,z,3,t\n")


def test_stray_end_of_a_quoted_text_is_a_fault(read: ReadTable) -> None:
    """After a row that lost its opening quote, the line with the closing one is no row."""
    table = read('sku,title,n\nA1,soft\nA1,warm",1\nA2,y,2\n')

    assert faults(table) == [(2, "row-too-short"), (3, "row-broken")]
    assert column(table, "sku") == ["A2"]


def test_inch_marks_are_text(read: ReadTable) -> None:
    """A quote inside an unquoted cell is a sign like others."""
    assert column(read('sku,title\nA1,5" pan\nA2,19"\n'), "title") == ['5" pan', '19"']


def test_inch_marks_are_quoted_where_texts_are(read: ReadTable) -> None:
    """Where an export quotes texts, a bare quote at the end of a cell is one of a lost text."""
    table = read('sku,title,n\nA1,"x, y",1\nA2,"19""",2\nA3,19",3\nA4,z,4\n')

    assert column(table, "title") == ["x, y", '19"', "z"]
    assert faults(table) == [(4, "row-broken")]
