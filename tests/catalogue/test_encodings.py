from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from batchgen.catalogue.formats.delimited import read_delimited
from batchgen.errors import ManifestError
from batchgen.item import Fault
from tests.catalogue.generated import ASCII_HEADER, LANGUAGES
from tests.catalogue.reading import ReadTable, column, reading, told

TABLE = "sku,title\nA1,Kettle\nA2,茶壶\n"


@pytest.fixture
def read(tmp_path: Path) -> ReadTable:
    """Read a delimited file."""
    return reading(tmp_path, read_delimited, "c.csv")


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        pytest.param(TABLE.encode("utf-8-sig"), "utf-8, told by its byte order mark", id="BOM"),
        pytest.param(TABLE.encode("utf-16"), "utf-16, told by its", id="UTF-16"),
        pytest.param(
            codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), "utf-16, told by its", id="UTF-16 BE"
        ),
        pytest.param(TABLE.encode("utf-32"), "utf-32, told by its byte order mark", id="UTF-32"),
        pytest.param(TABLE.encode("utf-16-le"), "utf-16-le, told by its zero", id="no mark, LE"),
        pytest.param(TABLE.encode("utf-16-be"), "utf-16-be, told by its zero", id="no mark, BE"),
        pytest.param(TABLE.encode(), "utf-8: all of it fits", id="UTF-8"),
        pytest.param(("\ufeff" + TABLE).encode("utf-8-sig"), "utf-8, told by its", id="BOM twice"),
    ],
)
def test_unicode_is_told(read: ReadTable, content: bytes, fact: str) -> None:
    """Every form of Unicode is read unasked, with and without its mark, and what it was is told."""
    table = read(content)

    assert (table.columns, column(table, "title")) == (("sku", "title"), ["Kettle", "茶壶"])
    assert f"encoding {fact}" in told(table)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("has_own_header", [True, False])
def test_windows_encoding_is_told(read: ReadTable, language: str, has_own_header: bool) -> None:
    """What Windows writes in eight languages is read unasked, by the header or by the letters."""
    encoding, header, words = LANGUAGES[language]
    titles = [" ".join(words[at : at + 3]) for at in range(0, 15, 3)]
    columns = header if has_own_header else ASCII_HEADER
    lines = [",".join(columns), *(f"A{at},{title},," for at, title in enumerate(titles))]

    table = read("\r\n".join(lines).encode(encoding))

    assert column(table, columns[1]) == titles
    assert f"encoding {encoding}, told by" in told(table)


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("gb18030", "真丝 连衣裙 保温杯 儿童"),
        ("cp932", "ステンレスケトル"),
        ("cp949", "도자기 주전자 투명"),
        ("cp1252", "Théière brûlée"),
        ("cp1251", "Чайник керамический"),
    ],
)
def test_one_row_is_enough(read: ReadTable, encoding: str, title: str) -> None:
    """A file with one row is told by what no text of the language has."""
    assert column(read(f"sku,title\nA1,{title}\n".encode(encoding)), "title") == [title]


def test_few_letters_are_a_warning(read: ReadTable) -> None:
    """With a word or two in the file the encoding is a guess, and a warning says so."""
    table = read("sku,title\nA1,茶壶\n".encode("gb18030"))

    assert [warning.code for warning in table.warnings] == ["encoding-doubtful"]
    assert "manifest.encoding" in str(table.warnings[0].message)


@pytest.mark.parametrize("title", ["标题", "品名"])
def test_named_column_settles_few_letters(read: ReadTable, title: str) -> None:
    """A header that reads as names of columns in one encoding only leaves no doubt."""
    table = read(f"sku,{title}\nA1,茶壶\n".encode("gb18030"))

    assert (column(table, title), table.warnings) == (["茶壶"], ())
    assert "gb18030, told by the names of its columns" in told(table)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "cp950", "cp932", "cp949"])
def test_damaged_bytes_cost_their_row(read: ReadTable, encoding: str) -> None:
    """A few bytes that fit no text are faults of their rows; the encoding stays what it is."""
    language = next((k for k, made in LANGUAGES.items() if made[0] == encoding), "zh")
    words = LANGUAGES[language][2][:12]
    lines = ["sku,title", *(f"A{at},{word}" for at, word in enumerate(words))]
    content = "\n".join(lines).encode(encoding) + b"\nB,\x81 x\nC,x\n"

    table = read(content)

    assert column(table, "title") == [*words, "x"]
    faults = [(e.row, e.code) for e in table.entries if isinstance(e, Fault)]
    assert faults == [(14, "row-undecodable")]


def test_file_cut_inside_a_character_stays_what_it_is(read: ReadTable) -> None:
    """A download that was cut short loses its last row, and stays UTF-8."""
    table = read("sku,title\nA1,茶壶\nA2,杯子".encode()[:-1])

    assert column(table, "title") == ["茶壶"]
    assert [e.code for e in table.entries if isinstance(e, Fault)] == ["row-undecodable"]


def test_accent_at_the_end_is_no_cut_character(read: ReadTable) -> None:
    """A western text whose last byte is an accent is no UTF-8 that was cut."""
    assert column(read("sku,title\nA1,Café".encode("cp1252")), "title") == ["Café"]


@pytest.mark.parametrize(("encoding", "named"), [("gb18030", "gbk"), ("utf-16", "utf-16-le")])
def test_named_encoding_is_used(read: ReadTable, encoding: str, named: str) -> None:
    """The encoding that the job names is taken; that of the byte order mark may be named too."""
    table = read(TABLE.encode(encoding), encoding=named)

    assert (column(table, "title"), table.warnings) == (["Kettle", "茶壶"], ())


def test_mark_wins_over_the_name(read: ReadTable) -> None:
    """A file that begins with a mark is what that says; a warning asks to correct the job."""
    table = read(TABLE.encode("utf-8-sig"), encoding="gb18030")

    assert column(table, "title") == ["Kettle", "茶壶"]
    assert [warning.code for warning in table.warnings] == ["encoding-doubtful"]


@pytest.mark.parametrize(
    ("content", "encoding", "words"),
    [
        pytest.param(TABLE.encode(), "ascii", "not ascii text (line 3)", id="wrong name"),
        pytest.param(TABLE.encode("gb18030"), "utf-8", "not utf-8 text (line 3)", id="GB18030"),
        pytest.param(TABLE.encode(), "klingon", "klingon is no encoding", id="unknown name"),
        pytest.param(TABLE.encode(), "hex", "hex is no encoding", id="no text encoding"),
        pytest.param(b"%PDF-1.7\n%x", "auto", "it is a PDF", id="PDF"),
        pytest.param(b"\x89PNG\r\n\x1a\nx", "auto", "it is a PNG picture", id="PNG"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "auto", "(.xls)", id="xls"),
        pytest.param(b'[{"sku": 1}]', "auto", "it is JSON", id="JSON"),
        pytest.param(b'<?xml version="1.0"?><rss/>', "auto", "it is XML", id="XML"),
        pytest.param(b"\xff\xfe" + TABLE.encode("utf-16-le")[1:], "auto", "is none", id="shifted"),
        pytest.param(bytes(range(128, 256)) * 9, "auto", "cannot be told", id="noise"),
    ],
)
def test_other_content_is_refused(
    read: ReadTable, content: bytes, encoding: str, words: str
) -> None:
    """What is no text, or not in the named encoding, is refused before a row is read."""
    with pytest.raises(ManifestError, match=r"^c\.csv: ") as caught:
        read(content, encoding=encoding)

    assert words in str(caught.value)


def test_page_under_a_false_name_is_read(read: ReadTable) -> None:
    """A table of HTML that a shop calls .csv is read, with a warning."""
    table = read("<html><table><tr><td>sku<td>title<tr><td>A1<td>茶壶</table>")

    assert column(table, "title") == ["茶壶"]
    assert [warning.code for warning in table.warnings] == ["html-table"]


def test_few_damaged_characters_leave_utf8_what_it_is(read: ReadTable) -> None:
    """Where most of a few lines are damaged, whole characters still tell UTF-8 from a code page."""
    good = "登山床单背包保温杯台灯茶壶充电线".encode()
    content = b"sku,title\nA," + good + b"\xe6\nB," + good[:-1] + b"\nC,x\n"

    table = read(content)

    assert "encoding utf-8: all but a few bytes fit" in told(table)
    assert column(table, "sku") == ["C"]
