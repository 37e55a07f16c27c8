"""XML that is damaged, harmful or in a strange encoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.catalogue.formats.feed import read_feed
from batchgen.errors import ManifestError
from tests.catalogue.reading import ReadTable, column, reading, rows

ITEM = "<a><item><sku>A</sku><title>橡木餐椅</title></item></a>"
BILLION = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))


@pytest.fixture
def read(tmp_path: Path) -> ReadTable:
    """Write and read one feed."""
    return reading(tmp_path, read_feed, "feed.xml")


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        pytest.param(
            "<a>\n<item><b>1</b>", "line 2, column 15: the file ends too early", id="cut short"
        ),
        pytest.param(
            "<a>\n<b>x & y</b></a>", "line 2, column 7: a character that may not", id="bare &"
        ),
        pytest.param("<a><b></a>", "mismatched tag", id="crossed"),
        pytest.param("<a><b>&nbsp;</b></a>", "entity such as &nbsp;", id="HTML's entity"),
        pytest.param("<a><b>\x0b</b></a>", "may not stand there", id="control character"),
        pytest.param("", "ends too early", id="nothing"),
        pytest.param("sku,title\nA,B\n", "not whole XML", id="a table"),
        pytest.param("<a/>", "none of its elements looks like a list", id="no rows"),
        pytest.param("<!DOCTYPE html><html><br></html>", "it is a web page", id="web page"),
        pytest.param("<html><body>Sign in", "it is a web page", id="web page without doctype"),
    ],
)
def test_what_is_no_feed_is_refused(read: ReadTable, xml: str, words: str) -> None:
    """Half a feed is never read: what is wrong is told with its line, and nothing is made."""
    with pytest.raises(ManifestError, match=words):
        read(xml)


def test_damage_behind_good_rows_is_found_first(read: ReadTable) -> None:
    """A feed that breaks off after many rows gives none of them."""
    with pytest.raises(ManifestError, match="line 3001, column 1: the file ends too early"):
        read("<a>" + "<item><sku>A</sku></item>\n" * 3000)


@pytest.mark.parametrize(
    "subset",
    [
        pytest.param(f'<!ENTITY l0 "ha">{BILLION}', id="entities without end"),
        pytest.param('<!ENTITY l8 SYSTEM "file:///etc/hostname">', id="file"),
        pytest.param('<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;', id="outer part"),
        pytest.param("<!ELEMENT a ANY>", id="harmless"),
    ],
)
def test_declarations_are_refused(read: ReadTable, subset: str) -> None:
    """A DTD inside the file is not read, whatever it declares."""
    with pytest.raises(ManifestError, match="parts of its own"):
        read(f"<!DOCTYPE a [{subset}]><a><item><sku>&l8;</sku></item></a>")


def test_named_dtd_is_not_opened(read: ReadTable, tmp_path: Path) -> None:
    """A DTD beside the file is passed over: what it would declare is not known."""
    (tmp_path / "shops.dtd").write_text('<!ENTITY oak "Oak">')
    head = '<!DOCTYPE a SYSTEM "shops.dtd">'

    assert column(read(f"{head}{ITEM}"), "sku") == ["A"]
    with pytest.raises(ManifestError, match="names the entity &oak;"):
        read(f"{head}<a><item><sku>&oak;</sku></item></a>")


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("gb2312", "gb2312"),
        ("GBK", "gb18030"),
        ("GB2312", "gb18030"),
        ("big5", "big5"),
        ("utf-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
    ],
)
def test_declared_encoding_is_used(read: ReadTable, declared: str, encoding: str) -> None:
    """A feed is read in the encoding that its first line names, also where expat has none."""
    text = ITEM if encoding != "big5" else ITEM.replace("橡木餐椅", "橡木餐椅臺灣")
    xml = f'<?xml version="1.0" encoding="{declared}"?>{text}'

    assert column(read(xml.encode(encoding)), "title")[0] in {"橡木餐椅", "橡木餐椅臺灣"}


def test_characters_beyond_gb2312_are_read(read: ReadTable) -> None:
    """Files that declare gb2312 and hold more, as most do, are read."""
    xml = '<?xml version="1.0" encoding="gb2312"?><a><item><sku>朱镕基€</sku></item></a>'

    assert column(read(xml.encode("gb18030")), "sku") == ["朱镕基€"]


def test_mark_counts_more_than_the_declaration(read: ReadTable) -> None:
    """A byte order mark that contradicts the declaration is believed."""
    xml = '<?xml version="1.0" encoding="gb2312"?>' + ITEM

    assert column(read(xml.encode("utf-8-sig")), "title") == ["橡木餐椅"]


def test_job_counts_more_than_the_declaration(read: ReadTable) -> None:
    """The encoding that the job names is used whatever the file says."""
    xml = '<?xml version="1.0" encoding="utf-8"?>' + ITEM

    assert column(read(xml.encode("gb18030"), encoding="gb18030"), "title") == ["橡木餐椅"]


@pytest.mark.parametrize("declared", ["utf-8", "klingon"])
def test_wrong_declaration_is_told(read: ReadTable, declared: str) -> None:
    """A declaration that does not fit, or is not known, is an error that names it."""
    xml = f'<?xml version="1.0" encoding="{declared}"?>{ITEM}'

    with pytest.raises(ManifestError, match=declared):
        read(xml.encode("gb18030"))


def test_ids_as_names_are_no_catalogue(read: ReadTable) -> None:
    """A file of ever new elements is refused before it fills the memory."""
    with pytest.raises(ManifestError, match="more than 20000 kinds of elements"):
        read("<a>" + "".join(f"<p{n}/>" for n in range(20_001)) + "</a>")


def test_bottomless_file_is_refused(read: ReadTable) -> None:
    """Elements in one another without end are refused."""
    with pytest.raises(ManifestError, match="kinds of elements"):
        read("<a>" * 100_000)


def test_changed_file_is_told(read: ReadTable, tmp_path: Path) -> None:
    """A feed that gets new elements between the passes is not read half."""
    table = read(ITEM)
    (tmp_path / "feed.xml").write_text("<a><item><new>A</new></item></a>")

    with pytest.raises(ManifestError, match="changed while it was read"):
        rows(table)
