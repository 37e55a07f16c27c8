from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.catalogue.formats.structured import read_json_lines
from batchgen.item import Fault
from tests.catalogue.reading import ReadTable, column, memory_of, reading, told


@pytest.fixture
def read(tmp_path: Path) -> ReadTable:
    """Write and read one JSON Lines file."""
    return reading(tmp_path, read_json_lines, "c.jsonl")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_lines_are_read_in_any_encoding(read: ReadTable, encoding: str, end: str) -> None:
    """Byte order marks, line ends of Windows and Chinese encodings change nothing."""
    entries = [f'{{"sku": "{n}", "title": "橡木餐椅，软包坐垫"}}' for n in range(3)]

    table = read(end.join(["", *entries, "", ""]).encode(encoding))

    assert column(table, "sku") == ["0", "1", "2"]
    assert column(table, "title") == ["橡木餐椅，软包坐垫"] * 3


def test_columns_of_all_lines_are_known_at_once(read: ReadTable) -> None:
    """A column that only the last line has is a column of the table."""
    table = read('{"sku": "A", "a": 1}\n{"sku": "B"}\n{"b": {"c": 2}, "sku": "C"}\n')

    assert table.columns == ("sku", "a", "b", "b.c")
    assert "JSON Lines" in told(table)


def test_lines_are_read_again_each_time(read: ReadTable) -> None:
    """The entries may be gone through twice."""
    table = read('{"sku": "A"}\n\n{"sku": "B"}\n')

    assert list(table.entries) == list(table.entries)
    assert column(table, "sku") == ["A", "B"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param('{"sku": ', "line 3 is not JSON", id="cut short"),
        pytest.param('{"sku": "B"} {"sku": "C"}', "line 3 is not JSON", id="two in a line"),
        pytest.param('{"sku": "B", "sku": "C"}', "key sku is given twice", id="key twice"),
        pytest.param("[" * 100_000, "line 3 is not JSON", id="bottomless"),
        pytest.param('"B"', "the entry is no mapping", id="no mapping"),
    ],
)
def test_bad_line_stops_no_other(read: ReadTable, line: str, words: str) -> None:
    """A line that cannot be read is a fault of its row, with its line."""
    table = read(f'{{"sku": "A"}}\n\n{line}\n{{"sku": "D"}}\n')

    (fault,) = (entry for entry in table.entries if isinstance(entry, Fault))
    assert (fault.row, fault.code) == (2, "row-broken")
    assert words in str(fault.message)
    assert column(table, "sku") == ["A", "D"]


def test_endless_line_is_a_fault(read: ReadTable) -> None:
    """A line of more characters than any product has is not parsed."""
    table = read('{"sku": "A"}\n{"sku": "' + "x" * 20_000_000 + '"}\n{"sku": "C"}\n')

    assert [entry.code for entry in table.entries if isinstance(entry, Fault)] == ["row-too-long"]
    assert column(table, "sku") == ["A", "C"]


def test_bytes_that_do_not_fit_are_a_fault_of_their_line(read: ReadTable) -> None:
    """One damaged character costs one row, never the text of it."""
    lines = [f'{{"sku": "{n}", "title": "橡木餐椅"}}'.encode() for n in range(200)]
    lines[7] = lines[7].replace("橡".encode(), b"\xe6\xa9")

    table = read(b"\n".join(lines))

    (fault,) = (entry for entry in table.entries if isinstance(entry, Fault))
    assert (fault.row, fault.code) == (8, "row-undecodable")
    assert len(column(table, "sku")) == 199


def test_many_lines_take_the_memory_of_one(read: ReadTable) -> None:
    """What is held does not grow with the number of lines."""
    line = '{"sku": "%d", "title": "' + "x" * 1000 + '"}\n'
    table = read("".join(line % n for n in range(5000)))

    assert memory_of(table, entries=5000) < 1_500_000
