"""Variants that name their parent, or are listed by it, wherever they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalogue.profiles.shaped import pictures, shaped_text

HEADER = "ID,Type,SKU,Name,Visibility in catalog,Regular price,Categories,Images,Parent\n"
PARENT = "7,variable,P,Parent,visible,,Cats,p.jpg,\n"


@pytest.mark.parametrize("parent", ["P", "id:7"])
@pytest.mark.parametrize("is_first", [True, False], ids=["after", "before"])
def test_variant_finds_its_parent(tmp_path: Path, parent: str, *, is_first: bool) -> None:
    """By SKU or id, before or after it, a variant is folded into its parent."""
    child = f"8,variation,V,V,visible,3,,v.jpg,{parent}\n"
    rows = PARENT + child if is_first else child + PARENT

    found = shaped_text(tmp_path, HEADER + rows)

    assert found.column("sku") == ["P"]
    assert pictures(found.rows[0]) == ["p.jpg", "v.jpg"]


def test_variants_take_what_they_leave_blank(tmp_path: Path) -> None:
    """A variant keeps what it says, and takes title, category and pictures from its parent."""
    children = "8,variation,V1,,visible,3,,,P\n9,variation,V2,Own,visible,4,Mine,v.jpg,P\n"

    found = shaped_text(tmp_path, HEADER + PARENT + children, per="variant")

    assert found.products == [(3, "V1", "Parent", ["p.jpg"]), (4, "V2", "Own", ["v.jpg"])]
    assert found.column("category") == ["Cats", "Mine"]


def test_simple_product_with_a_parent_is_no_variant(tmp_path: Path) -> None:
    """Only rows of the kind `variation` are variants: a grouped product's parts stay."""
    rows = "7,grouped,P,Set,visible,,,p.jpg,\n8,simple,S,Part,visible,1,,s.jpg,P\n"

    assert shaped_text(tmp_path, HEADER + rows).column("sku") == ["P", "S"]


def test_parent_without_sku_is_known_by_its_id(tmp_path: Path) -> None:
    """A parent without SKU is called by its id, and its variants find it so."""
    rows = "7,variable,,Parent,visible,,,p.jpg,\n8,variation,V,V,visible,3,,v.jpg,id:7\n"

    assert shaped_text(tmp_path, HEADER + rows).products == [(2, "7", "Parent", ["p.jpg", "v.jpg"])]


@pytest.mark.parametrize("per", ["product", "variant"])
def test_orphan_is_made_and_told(tmp_path: Path, per: str) -> None:
    """A variant whose parent is not in the file is a product of its own, with a warning."""
    found = shaped_text(tmp_path, f"{HEADER}8,variation,V,V,visible,3,,v.jpg,P\n", per=per)

    assert found.column("sku") == ["V"]
    assert found.codes == [(2, "parent-missing")]


def test_magento_attributes_do_not_hide_columns(tmp_path: Path) -> None:
    """An attribute gets a cell of its name, unless the file has such a column or a clip's field."""
    found = shaped_text(
        tmp_path,
        "sku,attribute_set_code,product_type,name,additional_attributes\n"
        'A,D,simple,Cup,"name=other,model=X1,glaze=""blue, matt"",empty=,junk"\n',
    )

    cells = found.rows[0].cells
    assert [cells["name"], cells["product_model"], cells["glaze"]] == ["Cup", "X1", "blue, matt"]
    assert "model" not in cells
