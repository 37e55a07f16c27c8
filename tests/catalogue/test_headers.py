from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.catalogue.formats.delimited import read_delimited
from batchgen.catalogue.headers import (
    column_names,
    habit_of,
    header_at,
    is_separator,
    is_total,
    listed,
)
from batchgen.catalogue.table import Skipped, Table
from tests.catalogue.reading import ReadTable, column, reading, rows

HEADER = ["sku", "title", "price", "image"]
ROW = ["A1", "Kettle", "19.90", "a.jpg"]


@pytest.fixture
def read(tmp_path: Path) -> ReadTable:
    """Read a delimited file."""
    return reading(tmp_path, read_delimited, "c.csv")


def skipped(table: Table) -> list[tuple[int | None, str]]:
    """List what was passed over, as (row, code)."""
    reasons = [entry.reason for entry in table.entries if isinstance(entry, Skipped)]
    return [(reason.row, reason.code) for reason in reasons]


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        pytest.param([HEADER, ROW], 0, id="first line"),
        pytest.param([["", "", ""], HEADER, ROW], 1, id="blank line above"),
        pytest.param([["Export 2026"], HEADER, ROW], 1, id="title"),
        pytest.param([["Export 2026", "", "", ""], HEADER, ROW], 1, id="title of a spreadsheet"),
        pytest.param([["Shop"], ["as of:"], [""], HEADER, ROW, ROW], 3, id="several lines"),
        pytest.param([["商品列表"], ["SKU", "标题"], ["A1", "壶"]], 1, id="known narrow header"),
        pytest.param([["报价单"], ["产品编码", "品名"], ["A1", "壶"]], 1, id="names of a profile"),
        pytest.param([["Export"], HEADER], 1, id="known header without rows"),
        pytest.param([["sku"], ["A1", "x", "y"]], 0, id="header of one column"),
        pytest.param([["list"], ["A1", "19.90", "3"], ["A2", "5", "1"]], 0, id="rows of numbers"),
        pytest.param([["list"], ["a", "b", "http://x/1.jpg"], ["c", "d", "e"]], 0, id="link"),
        pytest.param([["sku", "title"], [*ROW, *ROW], [*ROW, *ROW]], 0, id="rows too long"),
        pytest.param([[""], []], None, id="blank"),
    ],
)
def test_header_is_found_below_titles(lines: list[list[str]], place: int | None) -> None:
    """A title is passed over only where a header and its rows below make it certain."""
    assert header_at(lines) == place


def test_titles_are_told(read: ReadTable) -> None:
    """Lines above the header are no rows, and each is told with its row."""
    table = read("Export 2026-11-23\n\nsku;title;image\nA1;Kettle;a.jpg\nA2;Pan;b.jpg\n")

    assert (table.columns, column(table, "sku")) == (("sku", "title", "image"), ["A1", "A2"])
    assert skipped(table) == [(1, "row-title")]
    assert [row.number for row in rows(table)] == [4, 5]


def test_named_header_row_is_taken(read: ReadTable) -> None:
    """Where a vendor's layout says which line is the header, all above it is passed over unsaid."""
    content = "version 1.00\ntitle\tid\n名称\t编号\n茶壶\tA1\n"

    table = read(content, header_row=3)

    assert (table.columns, column(table, "编号"), skipped(table)) == (("名称", "编号"), ["A1"], [])


def test_repeated_name_gets_a_number(read: ReadTable) -> None:
    """A column named twice is kept under a name of its own, and a warning says which."""
    table = read("sku,img,img,img (2),img\nA1,a,b,c,d\n")

    assert table.columns == ("sku", "img", "img (3)", "img (2)", "img (4)")
    assert [row.cells["img (3)"] for row in rows(table)] == ["b"]
    assert [(w.row, w.column, w.code) for w in table.warnings] == [
        (1, "img (3)", "header-duplicate"),
        (1, "img (4)", "header-duplicate"),
    ]


@pytest.mark.parametrize(
    ("header", "below", "names", "nameless"),
    [
        pytest.param(["a", "", "b"], [["1", "", "2"]], ("a", "column 2", "b"), (), id="empty"),
        pytest.param(
            ["a", "", "b"], [["1", "x", "2"]], ("a", "column 2", "b"), ("column 2",), id="filled"
        ),
        pytest.param(["a", ""], [["1", "x"]], ("a", "column 2"), ("column 2",), id="at the end"),
        pytest.param(["a", ""], [["1", ""]] * 3 + [["1", "x"]], ("a",), (), id="one cell too many"),
        pytest.param(["a", "", ""], [], ("a",), (), id="no rows"),
    ],
)
def test_nameless_column_is_named_by_its_place(
    header: list[str], below: list[list[str]], names: tuple[str, ...], nameless: tuple[str, ...]
) -> None:
    """A column without a name is called by its place, and told only if it has values."""
    found = column_names(header, below)

    assert (found.names, found.nameless) == (names, nameless)


def test_padded_names_are_trimmed(read: ReadTable) -> None:
    """Blanks and byte order marks around names are no part of them; a required mark is."""
    assert read("\ufeffsku   ,\u3000title* ,*name\nA1,x,y\n").columns == ("sku", "title*", "*name")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["合计", "", "199.00", ""], True),
        (["", "Total:", "3", "EUR 19.90"], True),
        (["Grand Total", "", "1,299.00", "-"], True),
        (["合 计", "", "¥199", ""], True),
        (["Итого", "", "", ""], True),
        (["합계", "", "5", ""], True),
        (["Summe", "", "12,90 €", ""], True),
        (["Total", "Total body lotion", "12", ""], False),
        (["Total body lotion", "", "12", ""], False),
        (["SUM-1", "", "12", ""], False),
    ],
)
def test_total_is_told_from_a_row(cells: list[str], expected: bool) -> None:
    """A total has a word for it and only amounts besides."""
    assert is_total(cells) is expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["-----", "-----"], True),
        (["=====", ""], True),
        (["————", "", ""], True),
        (["-", "-"], False),
        (["---", "Kettle"], False),
    ],
)
def test_separator_is_told_from_a_row(cells: list[str], expected: bool) -> None:
    """A line of dashes is no row; single dashes are cells that somebody left empty."""
    assert is_separator(cells) is expected


def test_lines_that_are_no_rows_are_told(read: ReadTable) -> None:
    """Separators, totals and headers of joined exports are passed over, each with its row."""
    table = read("sku,title,n\nA1,x,1\n---,---,---\nsku,title,n\nA2,y,2\n,,\n合计,,3\nTotal\n")

    assert column(table, "sku") == ["A1", "A2"]
    assert skipped(table) == [
        (3, "row-separator"),
        (4, "header-repeated"),
        (7, "row-total"),
        (8, "row-total"),
    ]


@pytest.mark.parametrize(
    ("width", "counts", "usual", "is_certain"),
    [
        pytest.param(3, [3, 3, 3, 4], 3, True, id="as the header"),
        pytest.param(3, [4, 4, 4, 4], 4, True, id="one blank more"),
        pytest.param(3, [4], 3, True, id="one row is no habit"),
        pytest.param(3, [4, 4, 4, 3, 3], 3, False, id="most, but not all"),
        pytest.param(3, [2, 2, 2, 2], 3, False, id="a cell less"),
    ],
)
def test_habit_needs_nearly_every_row(
    width: int, counts: list[int], usual: int, is_certain: bool
) -> None:
    """Another width than the header's is right only if nearly all rows have it."""
    table = [["x"] * min(count, width) + [""] * (count - width) for count in counts]
    found = habit_of(["name"] * width, table)

    assert (found.usual, found.contradiction is None) == (usual, is_certain)


def test_headers_of_a_wide_table_are_not_all_listed() -> None:
    """A message names the first of very many headers and the beginning of a long one."""
    told = listed(["sku", "", "x" * 500, *(f"c{at}" for at in range(1000))])

    assert told.startswith("sku, xxx")
    assert told.endswith("c57, … (+942)")
    assert len(told) < 500
