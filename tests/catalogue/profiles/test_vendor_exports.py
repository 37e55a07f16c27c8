"""Each vendor's export, made up in its shape: the right rows, SKUs, titles and pictures."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.catalogue.profiles.expected import BY_PRODUCT, BY_VARIANT, Products
from tests.catalogue.profiles.shaped import EXPORTS, shaped, shaped_export, shaped_text


@pytest.mark.parametrize(("export", "products"), BY_PRODUCT, ids=[name for name, _ in BY_PRODUCT])
def test_export_gives_its_products(export: str, products: Products) -> None:
    """One row a product, under the right SKU and title, with all its pictures in order."""
    assert shaped_export(export).products == products


@pytest.mark.parametrize(("export", "products"), BY_VARIANT, ids=[name for name, _ in BY_VARIANT])
def test_export_gives_its_variants(export: str, products: Products) -> None:
    """One row a variant, its own picture first, and what it leaves blank from its product."""
    assert shaped_export(export, per="variant").products == products


@pytest.mark.parametrize("export", [path.name for path in sorted(EXPORTS.iterdir())])
def test_flat_exports_are_the_same_per_variant(export: str) -> None:
    """Without variants in the file, `per` changes nothing."""
    if export not in dict(BY_VARIANT):
        assert shaped_export(export, per="variant").products == dict(BY_PRODUCT)[export]


@pytest.mark.parametrize(
    ("export", "name", "cells"),
    [
        ("shopify.csv", "brand", ["Nordhem", "Nordhem", "Teppico"]),
        ("shopify.csv", "category", ["Apparel", "Furniture", "Rug"]),
        ("shopify.csv", "price", ["49.00", "120.00", "300.00"]),
        ("shopify.csv", "description", ["Light linen. Made in spring.", "", ""]),
        ("shopify.csv", "group", ["linen-shirt", "oak-stool", "wool-rug"]),
        ("shopify.csv", "status", ["active", "draft", "active"]),
        ("woocommerce.csv", "price", ["", "9", "", "7.50", "12"]),
        ("woocommerce.csv", "category", ["Clothing > Tees, Sale", "Music", "Sets", "Prints", ""]),
        ("woocommerce.csv", "description", ["A soft tee.", "Songs.", "", "", ""]),
        ("google.tsv", "price", ["89.90", "79.00"]),
        ("google.tsv", "currency", ["EUR", "EUR"]),
        ("google.tsv", "category", ["Shoes > Trail", "Apparel > Shoes"]),
        ("google.tsv", "status", ["in_stock", "out_of_stock"]),
        ("google.tsv", "product_size", ["M", "L"]),
        ("google.tsv", "size", ["(none)", "(none)"]),
        ("magento.csv", "brand", ["Packwell", ""]),
        ("magento.csv", "material", ["Cotton, washed", "(none)"]),
        ("magento.csv", "product_size", ["40 l", "(none)"]),
        ("magento.csv", "price", ["", "9.5000"]),
        ("prestashop.csv", "brand", ["Atelier Sol", ""]),
        ("prestashop.csv", "description", ["Douce", ""]),
        ("medusa.csv", "price", ["39.5", "15"]),
        ("medusa.csv", "currency", ["EUR", "USD"]),
        ("vendure.csv", "price", ["29.90", "2.00"]),
        ("amazon_old.txt", "brand", ["Sonnig", "Sonnig"]),
        ("amazon_unified.csv", "category", ["HAT"]),
        ("taobao.csv", "description", ['手工 "青瓷"', ""]),
        ("chinese.csv", "brand", ["宜兴堂", "None"]),
        ("chinese.csv", "category", ["茶具", "NA"]),
        ("chinese.csv", "price", ["199", "1299.00"]),
        ("chinese.csv", "currency", ["¥", ""]),
        ("chinese.csv", "prompt", ["壶身缓慢旋转，<特写>", ""]),
        ("german.csv", "price", ["19.90"]),
        ("wix.csv", "brand", ["Tonwerk", ""]),
        ("wix.csv", "price", ["", "45.0"]),
        ("squarespace.csv", "price", ["11.00", "10.00", "9.00"]),
        ("bigcommerce.csv", "status", ["Y", "N"]),
        ("etsy.csv", "currency", ["EUR", "EUR"]),
        ("shopee.csv", "category", ["Kitchen/Cups", "Kitchen/Plates"]),
        ("german.csv", "currency", ["EUR"]),
    ],
)
def test_export_gives_its_other_columns(export: str, name: str, cells: list[str]) -> None:
    """What describes the product stands under our names, cleaned, whatever the vendor calls it."""
    assert shaped_export(export).column(name) == cells


@pytest.mark.parametrize(
    ("export", "codes"),
    [
        ("shopify.csv", [(7, "sku-derived"), (8, "sku-derived")]),
        ("woocommerce.csv", [(8, "parent-missing")]),
        ("magento.csv", [(5, "row-translation")]),
        ("medusa.csv", [(2, "sku-derived")]),
        ("amazon_unified.csv", [(2, "row-example")]),
        ("wix.csv", [(5, "sku-derived")]),
        ("bigcommerce.csv", [(3, "row-no-product"), (4, "row-no-product")]),
        ("shopee.csv", [(row, "row-template") for row in range(2, 7)]),
    ],
)
def test_what_was_repaired_or_passed_over_is_told(
    export: str, codes: list[tuple[int, str]]
) -> None:
    """SKUs that were made, orphans, translations and examples are named by their row."""
    assert shaped_export(export).codes == codes


def test_second_line_of_names_is_passed_over() -> None:
    """The Chinese names below the English ones of a Taobao assistant's file are no product."""
    assert (3, "row-names") in shaped_export("taobao.csv").codes


def test_pictures_beside_a_taobao_file_are_named_as_they_lie(tmp_path: Path) -> None:
    """A picture without a link is the file of its name in the folder called like the export."""
    export = tmp_path / "taobao.csv"
    export.write_bytes((EXPORTS / "taobao.csv").read_bytes())
    (tmp_path / "taobao").mkdir()
    (tmp_path / "taobao" / f"{'d' * 32}.jpg").write_bytes(b"")

    assert shaped(export).products[1][3] == [f"taobao/{'d' * 32}.jpg"]


_ORDERED = [name for name, _ in BY_PRODUCT if name.endswith(".csv") and name != "taobao.csv"]


@pytest.mark.parametrize("export", _ORDERED)
@settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(choice=st.data())
def test_order_of_columns_does_not_matter(
    export: str, tmp_path: Path, choice: st.DataObject
) -> None:
    """The same columns in any other order give the same rows."""
    with (EXPORTS / export).open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file, delimiter=_delimiter(export)))
    order = choice.draw(st.permutations(range(len(lines[0]))))
    path = tmp_path / "c.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([line[at] for at in order] for line in lines)

    assert shaped(path).products == dict(BY_PRODUCT)[export]


def _delimiter(export: str) -> str:
    return ";" if export in {"prestashop.csv", "medusa.csv", "german.csv"} else ","


def test_own_names_stay_as_they_are(tmp_path: Path) -> None:
    """A table under our own names is left alone: nothing split, nothing added."""
    shaped_here = shaped_text(
        tmp_path, "sku,image,images,price,size,Colour\nA,a.jpg,b.jpg;c.jpg,19 EUR,720x1280,red\n"
    )

    assert shaped_here.shape.profile == "plain"
    assert shaped_here.rows[0].cells == {
        "sku": "A",
        "image": "a.jpg",
        "images": "b.jpg;c.jpg",
        "price": "19 EUR",
        "size": "720x1280",
        "Colour": "red",
    }
