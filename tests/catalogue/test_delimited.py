from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.catalogue.formats.delimited import read_delimited
from batchgen.errors import ManifestError
from tests.catalogue.examples import Read, places, skus
from tests.catalogue.reading import column, reading, told

TABLE = "sku,title\nA1,Kettle\nA2,茶壶\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["catalog.csv", "catalog.tsv", "catalog.txt"])
def test_separator_is_told_from_the_content(read: Read, delimiter: str, name: str) -> None:
    """The separator comes from the content, whatever the file is called."""
    found = read(name, TABLE.replace(",", delimiter))

    assert [dict(item.cells) for item in found.items] == [
        {"sku": "A1", "title": "Kettle"},
        {"sku": "A2", "title": "茶壶"},
    ]


def test_separators_inside_texts_do_not_mislead(read: Read) -> None:
    """Commas in titles and bars in image lists do not hide the semicolons."""
    found = read("c.csv", "sku;title;note\nA1;red, round, new;a|b\nA2;x, y;c|d|e\n")

    assert found.items[1].cells == {"sku": "A2", "title": "x, y", "note": "c|d|e"}


def test_blanks_outside_of_quotes_are_no_text(read: Read) -> None:
    """A table that is lined up in columns has blanks before and behind its quoted cells."""
    rows = ' A1  , "red, round" , 1.00\n A2  ,"say ""x"", y"  , 2.00 \n'
    found = read("c.csv", f"sku , title , price\n{rows}")

    assert [list(item.cells.values()) for item in found.items] == [
        ["A1", "red, round", "1.00"],
        ["A2", 'say "x", y', "2.00"],
    ]


def test_quotes_behind_blanks_stay_where_rows_are_whole(read: Read) -> None:
    """Where rows are whole as they are, a quote behind a blank is a part of the text."""
    found = read("c.csv", 'sku,title\nA1, 24" wide\nA2, "oak"\n')

    assert [item.cells["title"] for item in found.items] == ['24" wide', '"oak"']


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marked_encodings_are_read_unasked(read: Read, encoding: str) -> None:
    """UTF-8 with and without a byte order mark and UTF-16 with one need no setting."""
    assert read("c.csv", TABLE.encode(encoding)).items[1].cells["title"] == "茶壶"


def test_named_encoding_is_honoured(read: Read) -> None:
    """A job that names gb18030 gets the text of a Chinese spreadsheet program."""
    found = read("c.csv", TABLE.encode("gb18030"), encoding="gb18030")

    assert found.items[1].cells["title"] == "茶壶"


@pytest.mark.parametrize(
    ("content", "encoding", "words"),
    [
        pytest.param(TABLE.encode(), "ascii", "not ascii text", id="wrong name"),
        pytest.param(TABLE.encode(), "klingon", "klingon is no encoding", id="unknown name"),
        pytest.param(b"", "auto", "is empty", id="no bytes"),
        pytest.param(b"\n , \n", "auto", "is empty", id="blank rows only"),
    ],
)
def test_unreadable_table_is_refused(read: Read, content: bytes, encoding: str, words: str) -> None:
    """What cannot be a table is refused as a whole, with the file and the way out."""
    with pytest.raises(ManifestError, match=r"^c\.csv: ") as caught:
        read("c.csv", content, encoding=encoding)

    assert words in str(caught.value)


def test_every_cell_is_text(read: Read) -> None:
    """Leading zeros, dates, exponents and words for nothing stay as they are written."""
    found = read("c.csv", "sku,a,b,c\n00123,1E5,NA,2026-01-02\n")

    assert found.items[0].cells == {"sku": "00123", "a": "1E5", "b": "NA", "c": "2026-01-02"}


def test_blanks_of_all_kinds_are_stripped(read: Read) -> None:
    """Tabs, no-break, full-width and byte-order blanks around a cell or header are not text."""
    found = read("c.csv", " sku\t,\u00a0title\n6901234567890\t,\u3000a b\ufeff\u00a0\n")

    assert found.items[0].cells == {"sku": "6901234567890", "title": "a b"}


def test_row_is_the_record_not_the_line(read: Read) -> None:
    """Rows count as in a spreadsheet: quoted line breaks do not count, blank rows do."""
    found = read("c.csv", 'sku,note\nA1,"two\nlines"\n\n,\nA2,x\n')

    assert [(item.row, item.cells["note"]) for item in found.items] == [
        (2, "two lines"),
        (5, "x"),
    ]
    assert found.rows == 2


def test_trailing_separators_are_no_cells(read: Read) -> None:
    """An export that ends every row with a separator reads as if it did not."""
    assert read("c.csv", "sku,title,\nA1,x,\nA2,y,\n").items[1].cells == {
        "sku": "A2",
        "title": "y",
    }


@pytest.mark.parametrize(
    ("row", "code"),
    [
        pytest.param("A2,a,b", "row-too-long", id="separator in the text"),
        pytest.param("A2", "row-too-short", id="cell missing"),
        pytest.param('A2,"5" pan', "row-broken", id="text after a quote"),
    ],
)
def test_bad_row_is_a_fault_and_the_next_is_read(read: Read, row: str, code: str) -> None:
    """A row of another width or with broken quotes is a fault; the rows around it stand."""
    found = read("c.csv", f"sku,title\nA1,x\n{row}\nA3,y\n")

    assert places(found) == [("c.csv", 3, None, code)]
    assert skus(found) == ["A1", "A3"]
    assert found.rows == 3


def test_quote_that_never_closes_is_a_fault(read: Read) -> None:
    """The row where the quote opens is named, with its line in the file."""
    found = read("c.csv", 'sku,title\nA1,"a\nb"\nA2,"open\nA3,x\n')

    assert places(found) == [("c.csv", 3, None, "quote-unclosed")]
    assert "line 4" in str(found.faults[0].message)
    assert skus(found) == ["A1", "A3"]


def test_long_cells_are_read(read: Read) -> None:
    """A description longer than the csv module's own limit is an ordinary cell."""
    text = "x" * 200_000

    assert read("c.csv", f"sku,body\nA1,{text}\n").items[0].cells["body"] == text


def test_cell_of_ten_megabytes_is_the_limit(read: Read) -> None:
    """A cell beyond ten million characters is a fault of its row, not of the file."""
    text = "x" * 10_000_001

    assert places(read("c.csv", f'sku,body\nA1,"{text}"\nA2,y\n')) == [
        ("c.csv", 2, None, "cell-too-long")
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends_of_all_kinds(read: Read, end: str) -> None:
    """Lines end as on any system; the last one need not end."""
    found = read("c.csv", f"sku,title{end}A1,x{end}A2,y{end}A3,z")

    assert skus(found) == ["A1", "A2", "A3"]


def test_line_ends_may_be_mixed(read: Read) -> None:
    """Files put together on several systems are read like others."""
    assert skus(read("c.csv", "sku,title\r\nA1,x\nA2,y\rA3,z\r\n")) == ["A1", "A2", "A3"]


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        pytest.param("sku;title\nA1;x\nA2;y\n", "separated by semicolons", id="plain"),
        pytest.param("sep=;\nsku;title\nA1;x\nA2;y\n", "only names the separator", id="sep line"),
        pytest.param('"sep=;"\r\nsku;title\r\nA1;x\r\nA2;y\r\n', "only names", id="quoted"),
        pytest.param("sep=\r\nsku;title\r\nA1;x\r\nA2;y\r\n", "by semicolons", id="sep of nothing"),
        pytest.param("sku，title\nA1，x\nA2，y\n", "separated by ，", id="full-width"),
        pytest.param("Shop, all\n\nsku;title\nA1;x\nA2;y\n", "by semicolons", id="below a title"),
        pytest.param(
            "sku;title;l\nA1;x;a://a,a://b,a://c\nA2;y;b://a,b://b,b://c\n",
            "by semicolons",
            id="lists of links",
        ),
    ],
)
def test_separator_is_told(tmp_path: Path, content: str, fact: str) -> None:
    """The separator is the one that makes a table, or the one that the first line names."""
    table = reading(tmp_path, read_delimited, "c.csv")(content)

    assert column(table, "sku") == ["A1", "A2"]
    assert fact in told(table)


def test_backslashed_quotes_are_recognised(read: Read) -> None:
    """Exports of PHP and MySQL write quotes with a backslash; other backslashes stay."""
    found = read("c.csv", 'sku,note\nA1,"a \\"b\\" c"\nA2,"x, \\"y\\""\nA3,C:\\new\n')

    assert [item.cells["note"] for item in found.items] == ['a "b" c', 'x, "y"', "C:\\new"]


def test_backslash_before_a_closing_quote_stays(read: Read) -> None:
    """A text that ends with a backslash is read by the usual rule where that fits all rows."""
    found = read("c.csv", 'sku,note\nA1,"C:\\"\nA2,"x, y"\n')

    assert [item.cells["note"] for item in found.items] == ["C:\\", "x, y"]


def test_long_file_is_read_to_its_end(read: Read) -> None:
    """Rows far below those that are looked at first are read by the same rules."""
    lines = "".join(f'A{at},"t, {at}"\n' for at in range(5000))
    found = read("c.csv", f'sku,note\n{lines}B1,"two\nlines"\nB2,x,y\nB3,z\n')

    assert (len(found.items), found.items[-1].sku, found.items[-1].row) == (5002, "B3", 5004)
    assert places(found) == [("c.csv", 5003, None, "row-too-long")]


def test_no_rows_is_a_warning(read: Read) -> None:
    """A header without rows is nothing to make, not an error: exports have quiet nights."""
    found = read("c.csv", "sku,title\n")

    assert [warning.code for warning in found.warnings] == ["manifest-empty"]
    assert (found.items, found.faults, found.rows) == ((), (), 0)
