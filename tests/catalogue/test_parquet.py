from __future__ import annotations

import sys
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from batchgen.catalogue.formats.parquet import read_parquet
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Mark, Table
from batchgen.errors import ManifestError
from tests.catalogue.reading import column, lists, rows, told

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def read(folder: Path, table: Any, **options: Any) -> Table:
    """Write a Parquet file of a dictionary of columns or a whole table, and read it."""
    path = folder / "c.parquet"
    pq.write_table(pa.table(table), path, **options)
    return read_parquet(Source("c.parquet", path))


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        pytest.param(["00123", " NA ", None, "x"], ["00123", "NA", "", "x"], id="text"),
        pytest.param([27863382069984436, None, -1], ["27863382069984436", "", "-1"], id="whole"),
        pytest.param([19.9, 20.0, float("nan"), None], ["19.9", "20", "", ""], id="fractions"),
        pytest.param(pa.array([19.9, 1.0], pa.float32()), ["19.9", "1"], id="short fractions"),
        pytest.param([Decimal("9.50"), Decimal("1000.00")], ["9.50", "1000.00"], id="decimals"),
        pytest.param([True, False, None], ["true", "false", ""], id="switches"),
        pytest.param([date(2026, 1, 2)], ["2026-01-02"], id="dates"),
        pytest.param([datetime(2026, 1, 2, 3, 4)], ["2026-01-02T03:04:00"], id="times"),  # noqa: DTZ001 (Parquet times need no zone)
        pytest.param(pa.array(["a", "a"]).dictionary_encode(), ["a", "a"], id="categories"),
    ],
)
def test_values_become_the_text_a_person_writes(tmp_path: Path, values: Any, texts: Any) -> None:
    """Every value comes out exactly, without signs of how it was stored."""
    table = read(tmp_path, {"sku": [f"S{n}" for n in range(len(values))], "x": values})

    assert column(table, "x") == texts
    assert all(not row.marks for row in rows(table))


def test_ids_that_pandas_made_fractions_are_marked(tmp_path: Path) -> None:
    """A long id in a column that pandas turned into fractions has lost digits; a short one not."""
    frame = pd.DataFrame({"sku": [27863382069984436, None, 123], "t": ["a", "b", "c"]})

    table = read(tmp_path, pa.Table.from_pandas(frame))

    assert [(row.cells["sku"], row.marks.get("sku")) for row in rows(table)] == [
        ("27863382069984436", Mark.DIGITS_LOST),
        ("", None),
        ("123", None),
    ]


def test_nested_columns_have_dotted_names(tmp_path: Path) -> None:
    """Lists and structures are laid out as those of JSON are."""
    columns = {
        "sku": ["A", "B"],
        "images": [["1.jpg", "2.jpg"], []],
        "price": [{"amount": 9.5, "currency": "EUR"}, None],
        "more": pa.array([[("color", "red")], None], pa.map_(pa.string(), pa.string())),
    }
    table = read(tmp_path, columns)

    first, second = rows(table)
    assert table.columns == (
        *("sku", "images", "price", "price.amount", "price.currency"),
        *("more", "more.color"),
    )
    assert lists(first) == {"images": ["1.jpg", "2.jpg"]}
    assert (first.cells["price.amount"], first.cells["more.color"]) == ("9.5", "red")
    assert (second.cells["images"], second.marks) == ("", {})


def test_columns_of_bytes_are_left_out_with_a_warning(tmp_path: Path) -> None:
    """Bytes are no text: their column is named and left out."""
    table = read(tmp_path, {"sku": ["A"], "photo": [b"\xff\xd8"]})

    assert table.columns == ("sku",)
    assert [(w.code, "photo" in str(w.message)) for w in table.warnings] == [
        ("column-binary", True)
    ]


def test_rows_are_read_in_parts_and_again(tmp_path: Path) -> None:
    """Rows of several groups come in order, each time; blank ones keep the numbers of others."""
    skus = [f"S{n}" if n != 1500 else None for n in range(2500)]
    table = read(tmp_path, {"sku": skus}, row_group_size=700)

    expected = [(n + 1, sku) for n, sku in enumerate(skus) if sku]
    assert [(row.number, row.cells["sku"]) for row in rows(table)] == expected
    assert rows(table) == rows(table)
    assert "Parquet, 2500 rows" in told(table)


def test_packed_file_is_read(tmp_path: Path) -> None:
    """A Parquet file in a zip is read without being unpacked to the disk."""
    read(tmp_path, {"sku": ["A"]})
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as packed:
        packed.write(tmp_path / "c.parquet", "c.parquet")

    assert column(read_parquet(Source("c.zip", tmp_path / "c.zip")), "sku") == ["A"]


@pytest.mark.parametrize("content", [b"", b"sku,title\nA,B\n", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_what_is_no_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    """Other files and damaged ones are refused as a whole."""
    path = tmp_path / "c.parquet"
    path.write_bytes(content)

    with pytest.raises(ManifestError, match="cannot be read as Parquet"):
        read_parquet(Source("c.parquet", path))


def test_damage_in_the_middle_is_told(tmp_path: Path) -> None:
    """A file whose pages are damaged is an error, wherever the reading meets it."""
    table = read(tmp_path, {"sku": [f"S{n}" for n in range(5000)]})
    path = tmp_path / "c.parquet"
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)

    with pytest.raises(ManifestError, match="cannot be read as Parquet"):
        rows(table)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(pa.array([b"\xb2\xfa"]).view(pa.string()), id="text in GBK"),
        pytest.param(pa.array([10**9], pa.int32()).view(pa.date32()), id="date beyond years"),
    ],
)
def test_values_that_are_none_are_refused(tmp_path: Path, values: Any) -> None:
    """Text that is no text, and dates that are no dates, are an error and no guess."""
    with pytest.raises(ManifestError, match="cannot be read as Parquet"):
        rows(read(tmp_path, {"sku": ["A"], "x": values}))


def test_column_named_twice_is_refused(tmp_path: Path) -> None:
    """Two columns of one name cannot be told apart."""
    columns = pa.Table.from_arrays([pa.array(["A"]), pa.array(["B"])], names=["sku", "sku"])

    with pytest.raises(ManifestError, match="names sku twice"):
        read(tmp_path, columns)


def test_missing_pyarrow_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow the error says what to install."""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    with pytest.raises(ManifestError, match=r"pip install 'batchgen\[parquet\]'"):
        read_parquet(Source("c.parquet", tmp_path / "c.parquet"))
