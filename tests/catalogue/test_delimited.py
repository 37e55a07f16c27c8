from __future__ import annotations

import pytest

from batchgen.errors import ManifestError
from tests.catalogue.examples import Read, places, skus

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
        pytest.param(TABLE.encode("gb18030"), "auto", "manifest.encoding", id="unmarked GB18030"),
        pytest.param(TABLE.encode("utf-16-le"), "auto", "manifest.encoding", id="unmarked UTF-16"),
        pytest.param(TABLE.encode(), "ascii", "not ascii text", id="wrong name"),
        pytest.param(TABLE.encode(), "klingon", "klingon is no encoding", id="unknown name"),
        pytest.param(b"", "auto", "is empty", id="no bytes"),
        pytest.param(b"\n , \n", "auto", "is empty", id="blank rows only"),
        pytest.param(b"sku,title,title\n", "auto", "names title twice", id="column twice"),
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
    found = read("c.csv", 'sku,title\nA1,"two\nlines"\n\n,\nA2,x\n')

    assert [(item.row, item.cells["title"]) for item in found.items] == [
        (2, "two\nlines"),
        (5, "x"),
    ]
    assert found.rows == 2


def test_trailing_separators_are_no_cells(read: Read) -> None:
    """An export that ends every row with a separator reads as if it did not."""
    assert read("c.csv", "sku,title,\nA1,x,\nA2,y,,\n").items[1].cells == {
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
    assert skus(found) == ["A1"]


def test_long_cells_are_read(read: Read) -> None:
    """A description longer than the csv module's own limit is an ordinary cell."""
    text = "x" * 200_000

    assert read("c.csv", f"sku,body\nA1,{text}\n").items[0].cells["body"] == text


def test_no_rows_is_a_warning(read: Read) -> None:
    """A header without rows is nothing to make, not an error: exports have quiet nights."""
    found = read("c.csv", "sku,title\n")

    assert [warning.code for warning in found.warnings] == ["manifest-empty"]
    assert (found.items, found.faults, found.rows) == ((), (), 0)
