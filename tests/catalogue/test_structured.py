from __future__ import annotations

import json

import pytest

from batchgen.clip import RemotePicture
from batchgen.errors import ManifestError
from tests.catalogue.examples import Read, places, skus

URLS = ["https://cdn.example/1.jpg;v=2", "https://cdn.example/2.jpg"]


def test_yaml_values_stay_text(read: Read) -> None:
    """Ratios, leading zeros, yes and no, and dates are read as they are written."""
    found = read("c.yaml", "- {sku: 00123, aspect_ratio: 9:16, stock: no, day: 2026-01-02, x: ~}\n")

    assert found.items[0].cells == {
        "sku": "00123",
        "aspect_ratio": "9:16",
        "stock": "no",
        "day": "2026-01-02",
        "x": "",
    }


def test_json_values_become_text(read: Read) -> None:
    """Numbers keep every digit; switches and null become text."""
    found = read("c.json", '[{"sku": 27863382069984436, "a": 1.50, "b": true, "c": null}]')

    assert found.items[0].cells == {"sku": "27863382069984436", "a": "1.50", "b": "true", "c": ""}


@pytest.mark.parametrize("name", ["c.yaml", "c.yml", "c.json"])
def test_defaults_stand_in_for_missing_keys(read: Read, name: str) -> None:
    """`defaults` fill what an entry does not say itself."""
    manifest = {
        "defaults": {"model": "vidu2-reference", "surface": "oak"},
        "items": [{"sku": "A1"}, {"sku": "A2", "surface": "linen"}],
    }
    found = read(name, json.dumps(manifest))

    assert [(item.row, item.cells["surface"]) for item in found.items] == [(1, "oak"), (2, "linen")]
    assert found.items[1].cells["model"] == "vidu2-reference"


def test_json_lines_count_entries(read: Read) -> None:
    """Blank lines are skipped; a row is the number of its entry; a bad line stops no other."""
    found = read("c.jsonl", '{"sku": "A1"}\r\n\n{"sku": \n{"sku": "A3"}\n')

    assert [(item.sku, item.row) for item in found.items] == [("A1", 1), ("A3", 3)]
    assert places(found) == [("c.jsonl", 2, None, "row-broken")]
    assert "line 3" in str(found.faults[0].message)


@pytest.mark.parametrize("name", ["c.yaml", "c.json"])
def test_pictures_may_be_a_list(read: Read, name: str) -> None:
    """A list of pictures is taken entry by entry, whatever separators its URLs hold."""
    found = read(name, json.dumps([{"sku": "A1", "images": URLS}]))

    assert found.items[0].pictures == tuple(map(RemotePicture, URLS))


@pytest.mark.parametrize(
    "value", [{"a": "b"}, ["a", "b"], [["a"]]], ids=["mapping", "list", "list of lists"]
)
def test_nested_value_is_a_fault(read: Read, value: object) -> None:
    """A list or mapping where one text belongs is a fault of its cell."""
    found = read("c.json", json.dumps([{"sku": "A1", "title": value}, {"sku": "A2"}]))

    assert places(found) == [("c.json", 1, "title", "cell-nested")]
    assert skus(found) == ["A2"]


def test_entry_that_is_no_mapping_is_a_fault(read: Read) -> None:
    """A bare text among the entries is a fault of its row."""
    assert places(read("c.yaml", "- sku: A1\n- A2\n")) == [("c.yaml", 2, None, "row-broken")]


def test_blank_entries_are_skipped(read: Read) -> None:
    """An entry without any text is skipped, is no row, and keeps its number."""
    found = read("c.yaml", "- sku: A1\n- {sku: ~, title: ''}\n- sku: A3\n")

    assert [item.row for item in found.items] == [1, 3]
    assert found.rows == 2


def test_empty_list_is_a_warning(read: Read) -> None:
    """A list without entries is nothing to make, not an error."""
    assert [warning.code for warning in read("c.json", "[]").warnings] == ["manifest-empty"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("c.yaml", "a: [", "line 2: this is not YAML", id="broken YAML"),
        pytest.param("c.yaml", "sku: A1", "must be a list of entries", id="one mapping"),
        pytest.param("c.yaml", "- {sku: A, sku: B}", "sku is given twice", id="key twice"),
        pytest.param("c.json", "{", "is not JSON", id="broken JSON"),
        pytest.param("c.json", "[" * 100_000, "is not JSON", id="bottomless JSON"),
        pytest.param("c.json", '[{"sku": 1, "sku": 2}]', "given twice", id="JSON key twice"),
        pytest.param("c.json", '{"items": 5}', "must be a list of entries", id="items no list"),
        pytest.param("c.jsonl", "\n", "must be a list of entries", id="no lines"),
    ],
)
def test_unreadable_list_is_refused(read: Read, name: str, content: str, words: str) -> None:
    """What is no list of entries is refused as a whole."""
    with pytest.raises(ManifestError, match=words):
        read(name, content)
