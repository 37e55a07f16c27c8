"""Products of several rows, one after another."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.catalogue.table import Row
from batchgen.item import Fault
from tests.catalogue.profiles.shaped import pictures, shaped_text

HEADER = "Handle,Title,Vendor,Option1 Value,Variant SKU,Variant Price,Image Src,Image Position\n"


def test_fill_down_ends_with_the_product(tmp_path: Path) -> None:
    """A blank vendor is taken from the rows above of the same handle, never of another."""
    found = shaped_text(
        tmp_path, f"{HEADER}a,A,Nord,S,A-S,1,,\na,,,M,A-M,2,,\nb,B,,S,B-S,3,,\n", per="variant"
    )

    assert found.column("brand") == ["Nord", "Nord", ""]
    assert found.column("Variant Price") == ["1", "2", "3"]


def test_what_is_a_variants_own_is_not_filled(tmp_path: Path) -> None:
    """A variant without price or SKU does not get those of the one above it."""
    found = shaped_text(tmp_path, f"{HEADER}a,A,,S,A-S,1,,\na,,,M,,,,\n", per="variant")

    assert found.column("price") == ["1", ""]
    assert found.column("sku") == ["A-S", "a-M"]


@pytest.mark.parametrize("per", ["product", "variant"])
def test_product_that_goes_on_further_down_is_a_fault(tmp_path: Path, per: str) -> None:
    """Rows of a product that do not stand together are refused, with all that must be known."""
    found = shaped_text(
        tmp_path,
        f"{HEADER}a,A,,S,A-S,1,a.jpg,1\nb,B,,,B,1,b.jpg,1\na,,,M,A-M,1,x.jpg,2\na,,,,,,y.jpg,3\n",
        per=per,
    )

    assert found.column("sku") == ["A-S", "B"]
    fault = found.entries[-1]
    assert isinstance(fault, Fault)
    assert (fault.row, fault.column, fault.code) == (4, "Handle", "product-split")
    assert "a began in row 2 and goes on here, up to row 5" in str(fault.message)


def test_broken_row_inside_a_product_keeps_its_fault(tmp_path: Path) -> None:
    """A fault between the rows of a product comes right behind it, and splits nothing."""
    found = shaped_text(
        tmp_path, f'{HEADER}a,A,,S,A-S,1,a.jpg,1\na,"x"y\na,,,,,,b.jpg,2\nb,B,,,B,1,c.jpg,1\n'
    )

    assert [entry.number if isinstance(entry, Row) else "fault" for entry in found.entries] == [
        2,
        "fault",
        5,
    ]
    assert pictures(found.rows[0]) == ["a.jpg", "b.jpg"]


def test_rows_below_one_that_was_not_read_are_not_put_to_another_product(tmp_path: Path) -> None:
    """What may go on with a broken row's product is a fault, up to the next that has a title."""
    found = shaped_text(
        tmp_path,
        f"{HEADER}a,A,,,A,1,a.jpg,1\nb,B, too,,many,S,B-S,1,,\nb,,,M,B-M,2,b.jpg,1\n"
        "b,,,L,B-L,2,,\nc,C,,,C,1,c.jpg,1\n",
        per="variant",
    )

    assert found.column("sku") == ["A", "C"]
    assert found.codes == [(3, "row-too-long"), (4, "product-unread"), (5, "product-unread")]


@pytest.mark.parametrize(("sku", "rows"), [("", [(5, "product-unread")]), ("T,", [])])
def test_variant_without_a_name_below_a_broken_row_has_no_product(
    tmp_path: Path, sku: str, rows: list[tuple[int, str]]
) -> None:
    """A variant that leaves its product's name blank belongs to the row above, if that was read."""
    found = shaped_text(
        tmp_path,
        "name,slug,assets,optionGroups,optionValues,sku,price\nLamp,lamp,l.jpg,c,red,L-R,1\n"
        f",,,,blue,L-B,1\nTray,tray,t.jpg,{'' if sku else 'one,more,'}c,red,T-R,1\n"
        ",,,,blue,T-B,1\n",
        per="variant",
    )

    assert [code for code in found.codes if code[1] == "product-unread"] == rows
    titles = {"L-R": "Lamp", "L-B": "Lamp"} | ({} if rows else {"T-R": "Tray", "T-B": "Tray"})
    assert dict(zip(found.column("sku"), found.column("title"), strict=True)) == titles


def test_sku_of_the_first_variant_that_has_one(tmp_path: Path) -> None:
    """A product takes the first SKU among its variants."""
    found = shaped_text(tmp_path, f"{HEADER}a,A,,S,,1,,\na,,,M,A-M,2,,\n")

    assert found.column("sku") == ["A-M"]
    assert found.codes == []


def test_row_without_handle_and_sku_has_none(tmp_path: Path) -> None:
    """Without SKU and handle nothing is invented: such rows are each alone, and get their fault."""
    found = shaped_text(tmp_path, f"{HEADER},A,,,,1,a.jpg,1\n,B,,,,1,b.jpg,1\n")

    assert found.column("sku") == ["", ""]


@pytest.mark.parametrize(
    ("positions", "order"),
    [
        (("2", "10", "1"), ["c", "a", "b"]),
        (("", "", ""), ["a", "b", "c"]),
        (("", "1", ""), ["b", "a", "c"]),
        (("1", "x", "0"), ["c", "a", "b"]),
    ],
    ids=["numbers", "none", "some", "no number"],
)
def test_pictures_stand_by_their_position(
    tmp_path: Path, positions: tuple[str, str, str], order: list[str]
) -> None:
    """Positions count as numbers; pictures without one follow in the order of the file."""
    rows = zip("abc", positions, strict=True)
    text = "".join(f"h,{'T' if name == 'a' else ''},,,,,{name},{at}\n" for name, at in rows)

    assert pictures(shaped_text(tmp_path, HEADER + text).rows[0]) == order


def test_product_of_very_many_rows_is_not_held_whole(tmp_path: Path) -> None:
    """After ten thousand rows under one handle the rest is refused as going on further down."""
    rows = "".join(f"h,T,,{number},S{number},1,,\n" for number in range(10_002))

    found = shaped_text(tmp_path, HEADER + rows)

    assert [row.cells["sku"] for row in found.rows] == ["S0"]
    assert found.codes == [(10_002, "product-split")]
