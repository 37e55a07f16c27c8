"""XML feeds in the shapes of Google, Atom, Magento, Yandex and databases, of made-up shops."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.catalogue.formats.feed import read_feed
from batchgen.catalogue.table import Mark
from tests.catalogue.reading import ReadTable, column, lists, memory_of, reading, rows, told

GOOGLE = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0" xmlns:c="http://base.google.com/cns/1.0">
<channel><title>Dubu</title><link>https://shop.example</link>
<item>
  <g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping>
  <g:id>00123</g:id><title><![CDATA[Oak & <b>linen</b>]]></title><link>https://shop.example/1</link>
  <g:image_link>https://cdn.example/1.jpg?a=1&amp;b=2</g:image_link>
  <g:additional_image_link>https://cdn.example/2.jpg</g:additional_image_link>
  <g:additional_image_link>https://cdn.example/3.jpg</g:additional_image_link>
  <g:price>199.00 EUR</g:price><c:season>winter</c:season>
</item>
<item><g:id>00124</g:id><title>seen by readers</title><g:title>seen by Google</g:title></item>
</channel></rss>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<title>Dubu</title><link rel="self" href="https://shop.example"/>
<entry><g:id>A1</g:id><title>Oak chair</title><link href="https://shop.example/a1"/>
<g:image_link>https://cdn.example/1.jpg</g:image_link></entry></feed>
"""
YANDEX = """<?xml version="1.0" encoding="windows-1251"?>
<!DOCTYPE yml_catalog SYSTEM "shops.dtd">
<yml_catalog date="2026-11-20 10:00"><shop><name>Дубу</name>
<currencies><currency id="RUR" rate="1"/><currency id="USD" rate="CB"/></currencies>
<categories><category id="1">Мебель</category>
<category id="2" parentId="1">Стулья</category></categories>
<offers><offer id="7" available="true"><name>Стул дубовый</name><price>1990</price>
<picture>https://cdn.example/7.jpg</picture><picture>https://cdn.example/7b.jpg</picture>
<param name="Цвет">дуб</param><param name="Вес" unit="кг">5</param></offer></offers></shop>
</yml_catalog>
"""
MAGENTO = """<products>
<product type="simple"><sku>A1</sku><name>Oak chair</name>
 <images><image><file>/a/1.jpg</file><label/></image>
 <image><file>/a/2.jpg</file><label>back</label></image></images>
 <categories><category>Chairs</category><category>Oak</category></categories></product>
<product type="simple"><sku>A2</sku><name>Table</name>
 <images><image><file>/a/3.jpg</file><label>top</label></image></images></product>
</products>
"""


@pytest.fixture
def read(tmp_path: Path) -> ReadTable:
    """Write and read one feed."""
    return reading(tmp_path, read_feed, "feed.xml")


def test_google_fields_lose_their_prefix(read: ReadTable) -> None:
    """A price is the item's own, never that of its shipping; further pictures are a list."""
    table = read(GOOGLE)

    first, second = rows(table)
    assert (first.number, first.cells["id"], first.cells["price"]) == (1, "00123", "199.00 EUR")
    assert first.cells["shipping.price"] == "4.90 EUR"
    assert first.cells["image_link"] == "https://cdn.example/1.jpg?a=1&b=2"
    assert lists(first) == {
        "additional_image_link": ["https://cdn.example/2.jpg", "https://cdn.example/3.jpg"]
    }
    assert first.cells["season"] == "winter"
    assert second.cells["title"] == "seen by Google"


def test_markup_in_texts_is_kept(read: ReadTable) -> None:
    """HTML in a CDATA section comes out as it is written."""
    assert column(read(GOOGLE), "title")[0] == "Oak & <b>linen</b>"


def test_feed_tells_what_it_is(read: ReadTable) -> None:
    """The kind of feed and the number of its rows are told."""
    assert "XML (RSS), 2 elements <item>" in told(read(GOOGLE))
    assert "XML (Atom), 1 elements <entry>" in told(read(ATOM))


def test_columns_are_in_the_order_of_the_file(read: ReadTable) -> None:
    """Columns of all rows are known at once."""
    assert read(GOOGLE).columns == (
        *("shipping.country", "shipping.price", "id", "title", "link", "image_link"),
        *("additional_image_link", "price", "season"),
    )


def test_atom_entries_are_rows(read: ReadTable) -> None:
    """An Atom feed is read, the attributes of its elements too."""
    (row,) = rows(read(ATOM))

    assert row.cells == {
        "id": "A1",
        "title": "Oak chair",
        "image_link": "https://cdn.example/1.jpg",
        "link.href": "https://shop.example/a1",
    }


def test_other_prefix_of_google_is_known(read: ReadTable) -> None:
    """Google's fields are told by what their prefix stands for; `g` needs no declaration."""
    declared = GOOGLE.replace("xmlns:g=", "xmlns:goo=").replace("g:id", "goo:id")
    undeclared = GOOGLE.replace('xmlns:g="http://base.google.com/ns/1.0"', "")

    assert column(read(declared), "id") == column(read(undeclared), "id") == ["00123", "00124"]


def test_other_fields_keep_their_prefix(read: ReadTable) -> None:
    """Fields of other kinds do not mix with those of the row."""
    table = read(
        '<rss xmlns:media="http://search.yahoo.com/mrss/"><channel><item><title>A</title>'
        '<media:title>B</media:title><media:content url="u.jpg"/></item></channel></rss>'
    )
    (row,) = rows(table)

    assert row.cells == {"title": "A", "media:title": "B", "media:content.url": "u.jpg"}


def test_yandex_offers_are_rows(read: ReadTable) -> None:
    """Offers have their attributes and pictures; the encoding is the declared one."""
    table = read(YANDEX.encode("cp1251"))

    (row,) = rows(table)
    assert (row.cells["id"], row.cells["name"], row.cells["available"]) == (
        *("7", "Стул дубовый"),
        "true",
    )
    assert lists(row)["picture"] == ["https://cdn.example/7.jpg", "https://cdn.example/7b.jpg"]
    assert lists(row)["param.name"] == ["Цвет", "Вес"]
    assert table.warnings == ()


def test_magento_products_are_rows(read: ReadTable) -> None:
    """Lists inside a product have dotted names and keep in step."""
    chair, table = rows(read(MAGENTO))

    assert (chair.cells["sku"], chair.cells["type"]) == ("A1", "simple")
    assert lists(chair) == {
        "images.image.file": ["/a/1.jpg", "/a/2.jpg"],
        "images.image.label": ["", "back"],
        "categories.category": ["Chairs", "Oak"],
    }
    assert (table.cells["images.image.file"], table.marks) == ("/a/3.jpg", {})


@pytest.mark.parametrize(
    ("xml", "skus"),
    [
        pytest.param(
            "<a><ware><sku>A</sku></ware><ware><sku>B</sku></ware></a>", ["A", "B"], id="repeated"
        ),
        pytest.param("<a><ware><sku>A</sku><t>x</t></ware></a>", ["A"], id="only one"),
        pytest.param('<a><w sku="A" t="x"/><w sku="B" t="y"/></a>', ["A", "B"], id="attributes"),
        pytest.param("<product><sku>A</sku></product>", ["A"], id="the root"),
        pytest.param(
            "<a><kind><name>x</name><product><sku>A</sku></product></kind>"
            "<kind><name>y</name><kind><product><sku>B</sku></product></kind></kind></a>",
            ["A", "B"],
            id="below kinds of several levels",
        ),
        pytest.param(
            "<s:a xmlns:s='x'><s:Product><s:sku>A</s:sku></s:Product></s:a>", ["A"], id="prefixed"
        ),
        pytest.param("<feed><product><sku>A</sku></product></feed>", ["A"], id="no Atom"),
    ],
)
def test_rows_of_any_file_are_found(read: ReadTable, xml: str, skus: list[str]) -> None:
    """Rows are the elements called so, else those that come again, wherever they lie."""
    assert column(read(xml), "sku") == skus


def test_other_lists_are_named(read: ReadTable) -> None:
    """A second list beside the rows is not read, which is told; `manifest.sheet` takes it."""
    xml = "<a><product><sku>A</sku></product>" + "<part><sku>P</sku></part>" * 2 + "</a>"
    table = read(xml)

    assert [(w.code, "<part> were not" in str(w.message)) for w in table.warnings] == [
        ("list-chosen", True)
    ]
    assert column(read(xml, sheet="part"), "sku") == ["P", "P"]


@pytest.mark.parametrize(
    ("inner", "cells", "marks"),
    [
        pytest.param("<t>Solid <b>oak</b>,<br/>new</t>", {"t": "Solid oak, new"}, {}, id="markup"),
        pytest.param("<t><p>Hi</p><p>ho</p></t>", {"t": "Hi ho"}, {}, id="only markup"),
        pytest.param("<t>\n two\n lines </t>", {"t": "two\n lines"}, {}, id="line ends"),
        pytest.param("<t>a\nb</t><t>c</t>", {"t": "a b\nc"}, {"t": Mark.LIST}, id="in a list"),
        pytest.param("<t/><t> </t>", {"t": ""}, {}, id="nothing, twice"),
        pytest.param('<id>x</id><t id="y"/>', {"id": "x", "t.id": "y"}, {}, id="inner attribute"),
        pytest.param(
            "<k><l><m><n>x</n></m></l></k>", {"k.l.m": "x"}, {"k.l.m": Mark.NESTED}, id="deep"
        ),
    ],
)
def test_elements_become_cells(
    read: ReadTable, inner: str, cells: dict[str, str], marks: dict[str, Mark]
) -> None:
    """Words beside elements are one text, repetitions a list, what is too deep is marked."""
    (row,) = rows(read(f"<a><item>{inner}<sku>A</sku></item></a>"))

    assert row.cells == {"sku": "A", **cells}
    assert row.marks == marks


def test_attribute_and_element_of_one_name_are_apart(read: ReadTable) -> None:
    """An attribute that is called as an element is gets a sign."""
    (row,) = rows(read('<a><item id="7"><id>A</id></item></a>'))

    assert row.cells == {"id": "A", "@id": "7"}


def test_blank_rows_keep_the_numbers_of_others(read: ReadTable) -> None:
    """An element without any text is no row and counts all the same."""
    table = read("<a><item><sku>A</sku></item><item><sku/></item><item><sku>C</sku></item></a>")

    assert [(row.number, row.cells["sku"]) for row in rows(table)] == [(1, "A"), (3, "C")]


def test_feed_without_items_has_no_rows(read: ReadTable) -> None:
    """A feed whose shop has nothing to sell is empty, not wrong."""
    table = read("<rss><channel><title>Dubu</title></channel></rss>")

    assert (table.columns, rows(table)) == ((), [])


def test_rows_are_read_again_each_time(read: ReadTable) -> None:
    """The entries may be gone through twice."""
    table = read(GOOGLE)

    assert rows(table) == rows(table)


@pytest.mark.parametrize("is_one_line", [False, True])
def test_large_feed_takes_little_memory(read: ReadTable, is_one_line: bool) -> None:
    """What is held does not grow with the number of items, nor with the length of a line."""
    item = "<item>\n<sku>{}</sku>\n<text>" + "x" * 1000 + "</text>\n</item>\n"
    xml = "<a>" + "".join(item.format(n) for n in range(5000)) + "</a>"
    table = read(xml.replace("\n", "") if is_one_line else xml)

    assert memory_of(table, entries=5000) < 2_000_000
