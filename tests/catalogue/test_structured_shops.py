"""JSON as shops' interfaces answer it: lists under keys, nested products, both kinds of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batchgen.catalogue.formats.structured import read_json, read_json_lines
from batchgen.catalogue.table import Mark
from batchgen.errors import ManifestError
from batchgen.item import Fault
from tests.catalogue.reading import ReadTable, column, lists, reading, rows, told

#: In the shape of a shop's /products.json, of a shop that does not exist.
CHAIR = {
    "id": 27863382069984436,
    "title": "Oak chair",
    "tags": ["oak", "chair"],
    "image": {"id": 5, "src": "https://cdn.example/1.jpg"},
    "images": [
        {"id": 5, "position": 1, "src": "https://cdn.example/1.jpg"},
        {"id": 6, "position": 2, "src": "https://cdn.example/2.jpg"},
    ],
    "variants": [
        {"sku": "CH-1", "price": "199.00", "option2": None, "featured_image": None},
        {"sku": "CH-2", "price": "209.00", "option2": "red", "featured_image": {"src": "r.jpg"}},
    ],
}


@pytest.fixture
def read(tmp_path: Path) -> ReadTable:
    """Write and read one JSON file."""
    return reading(tmp_path, read_json, "c.json")


@pytest.mark.parametrize(
    ("document", "key"),
    [
        pytest.param({"products": [{"sku": "A"}], "count": 1}, "products", id="under a key"),
        pytest.param({"data": {"items": [{"sku": "A"}]}}, "data.items", id="under two keys"),
        pytest.param(
            {"data": {"products": {"edges": [{"cursor": "x", "node": {"sku": "A"}}]}}},
            "data.products",
            id="edges and nodes",
        ),
        pytest.param({"items": [{"sku": "A"}], "total": 1}, "items", id="items beside a total"),
    ],
)
def test_list_is_found_under_its_key(read: ReadTable, document: object, key: str) -> None:
    """The one list of mappings is read wherever it lies, and its key is told."""
    table = read(json.dumps(document))

    assert column(table, "sku") == ["A"]
    assert f"the list {key}, 1 entries" in told(table)
    assert table.warnings == ()


def test_longest_list_is_read_with_a_warning(read: ReadTable) -> None:
    """Of several lists the longest is read, and the others are named."""
    table = read(json.dumps({"kinds": [{"name": "x"}], "goods": [{"sku": "A"}, {"sku": "B"}]}))

    assert column(table, "sku") == ["A", "B"]
    assert [(w.code, "kinds was not" in str(w.message)) for w in table.warnings] == [
        ("list-chosen", True)
    ]


def test_job_names_the_list(read: ReadTable) -> None:
    """`manifest.sheet` names the list that is meant."""
    document = json.dumps({"old": [{"sku": "A"}, {"sku": "B"}], "new": [{"sku": "C"}]})

    assert column(read(document, sheet="new"), "sku") == ["C"]
    with pytest.raises(ManifestError, match="it has no list gone; it has old, new"):
        read(document, sheet="gone")


@pytest.mark.parametrize(
    "document",
    [
        pytest.param('{"error": "no access"}', id="refusal"),
        pytest.param('{"ids": [1, 2]}', id="list of numbers"),
        pytest.param(
            json.dumps({"product": CHAIR}), id="one product: its variants are no products"
        ),
        pytest.param("7", id="number"),
    ],
)
def test_document_without_a_list_is_refused(read: ReadTable, document: str) -> None:
    """An answer that holds no list of mappings is refused."""
    with pytest.raises(ManifestError, match="must be a list of entries"):
        read(document)


def test_product_is_one_row_with_its_pictures(read: ReadTable) -> None:
    """Pictures of a product are a list of addresses; what else it nests has dotted names."""
    (row,) = rows(read(json.dumps({"products": [CHAIR]})))

    assert row.cells["id"] == "27863382069984436"
    assert row.cells["image"] == "https://cdn.example/1.jpg"
    assert lists(row)["images"] == ["https://cdn.example/1.jpg", "https://cdn.example/2.jpg"]
    assert lists(row)["images.position"] == ["1", "2"]
    assert lists(row)["tags"] == ["oak", "chair"]


def test_variants_stay_in_step(read: ReadTable) -> None:
    """Lists that come from one list have its length, blanks included."""
    (row,) = rows(read(json.dumps({"products": [CHAIR]})))

    assert row.marks["variants"] is Mark.NESTED
    assert lists(row)["variants.sku"] == ["CH-1", "CH-2"]
    assert lists(row)["variants.option2"] == ["", "red"]
    assert lists(row)["variants.featured_image"] == ["", "r.jpg"]


def test_only_variant_is_plain(read: ReadTable) -> None:
    """What lies in a list of one mapping is no list."""
    (row,) = rows(read('[{"variants": [{"sku": "A", "prices": [{"amount": 9}, {"amount": 8}]}]}]'))

    assert row.cells["variants.sku"] == "A"
    assert row.marks == {"variants": Mark.NESTED, "variants.prices": Mark.NESTED}


@pytest.mark.parametrize(
    ("value", "cells", "marks"),
    [
        pytest.param(
            {"amount": 9.50, "currency": "EUR"},
            {"x": '{"amount": "9.5", "currency": "EUR"}', "x.amount": "9.5", "x.currency": "EUR"},
            {"x": Mark.NESTED},
            id="mapping",
        ),
        pytest.param(
            [{"attribute_code": "brand", "value": "Oak"}, {"attribute_code": "new", "value": "1"}],
            {"x.brand": "Oak", "x.new": "1"},
            {"x": Mark.NESTED},
            id="list of codes and values",
        ),
        pytest.param(
            [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
            {"x.key": "a\na", "x.value": "1\n2"},
            {"x": Mark.NESTED, "x.key": Mark.LIST, "x.value": Mark.LIST},
            id="the same key again",
        ),
        pytest.param(
            {"id": 3, "name": "Chairs", "url": "https://shop.example/chairs"},
            {"x.url": "https://shop.example/chairs"},
            {"x": Mark.NESTED},
            id="page of a category is no picture",
        ),
        pytest.param(
            [{"url": "https://cdn.example/a.webp?v=1"}],
            {"x": "https://cdn.example/a.webp?v=1"},
            {"x": Mark.LIST},
            id="one picture, told by its suffix",
        ),
        pytest.param(
            ["two\nlines", "b"], {"x": "two lines\nb"}, {"x": Mark.LIST}, id="line end in a list"
        ),
        pytest.param([None, ""], {"x": ""}, {}, id="list of nothing"),
        pytest.param([], {"x": ""}, {}, id="empty list"),
        pytest.param({}, {"x": ""}, {}, id="empty mapping"),
        pytest.param(
            {"edges": [{"node": {"url": "a.jpg"}}, {"node": {"url": "b.jpg"}}], "pageInfo": {}},
            {"x": "a.jpg\nb.jpg"},
            {"x": Mark.LIST, "x.url": Mark.LIST},
            id="edges and nodes",
        ),
        pytest.param([["a"]], {"x": '[["a"]]'}, {"x": Mark.NESTED}, id="list of lists"),
    ],
)
def test_nested_values_are_laid_out(
    read: ReadTable, value: object, cells: dict[str, str], marks: dict[str, Mark]
) -> None:
    """Mappings and lists are found under dotted names, one level deep."""
    (row,) = rows(read(json.dumps([{"sku": "A", "x": value}])))

    assert row.cells.items() >= cells.items()
    assert row.marks == marks


@pytest.mark.parametrize(
    ("number", "mark"),
    [
        ("27863382069984436", None),
        ("27863382069984436.0", Mark.DIGITS_LOST),
        ("2.7863382069984436e16", Mark.DIGITS_LOST),
        ('"2.7863382069984436e16"', None),
        ("1234567890123.0", None),
    ],
)
def test_ids_that_became_fractions_are_marked(
    read: ReadTable, number: str, mark: Mark | None
) -> None:
    """A number is kept as written; a fraction too large to hold every digit is marked."""
    (row,) = rows(read(f'[{{"sku": {number}}}]'))

    assert row.cells["sku"] == number.strip('"')
    assert row.marks.get("sku") is mark


@pytest.mark.parametrize(
    "entry", [{"a": {"b": "1"}, "a.b": "2"}, {"a": 1, " a ": 2}], ids=["dotted", "padded"]
)
def test_name_that_comes_twice_is_a_fault(read: ReadTable, entry: dict[str, Any]) -> None:
    """An entry in which two values have one name is a fault of its row."""
    (fault,) = read(json.dumps([entry])).entries

    assert isinstance(fault, Fault)
    assert (fault.code, "given twice" in str(fault.message)) == ("row-broken", True)


@pytest.mark.parametrize("name", ["c.json", "c.jsonl"])
@pytest.mark.parametrize(
    "content",
    [
        '{"sku": "A"}\n{"sku": "B"}\n',
        '[{"sku": "A"}, {"sku": "B"}]',
        '[\n{"sku": "A"},\n{"sku": "B"}\n]\n',
        '{\n"products": [{"sku": "A"}, {"sku": "B"}]\n}\n',
    ],
    ids=["lines", "list", "list over lines", "document"],
)
def test_both_kinds_of_json_are_told_by_content(tmp_path: Path, name: str, content: str) -> None:
    """JSON in a .jsonl and JSON Lines in a .json are read as what they are."""
    reader = read_json_lines if name.endswith("l") else read_json

    assert column(reading(tmp_path, reader, name)(content), "sku") == ["A", "B"]
