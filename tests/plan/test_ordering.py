"""Rows are bought in the order that the job asks for, the most valuable first."""

from __future__ import annotations

from decimal import Decimal

import pytest

from batchgen.item import Item, ManifestRow
from batchgen.plan.choosing.ordering import Column, number_in, sort_key


def _row(sku: str, **cells: str) -> ManifestRow:
    return ManifestRow(Item(sku, "c.csv", 2, {"sku": sku, **cells}))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", "12"),
        ("1,299.00", "1299.00"),
        ("1.299,00", "1299.00"),
        ("19,90", "19.90"),
        ("¥199", "199"),
        ("19.90 EUR", "19.90"),
        ("EUR 19.90", "19.90"),
        ("199元", "199"),
        ("-5", "-5"),
        ("１２", "12"),
        ("A1", None),
        ("12-13", None),
        ("nan", None),
        ("1e5000000", "1E+5000000"),
        ("", None),
    ],
)
def test_numbers_are_told_from_cells(text: str, number: str | None) -> None:
    """Prices and counts as shops write them are numbers; codes and ranges are not."""
    assert number_in(text) == (None if number is None else Decimal(number))


def test_highest_first_then_by_name() -> None:
    """A leading minus puts the highest number first; equals go by the next column."""
    rows = [_row("B", sold="9"), _row("A", sold="10"), _row("C", sold="9.5"), _row("A2", sold="9")]
    key = sort_key([Column(("sold",), descending=True), Column(("sku",), descending=False)])

    assert [row.item.sku for row in sorted(rows, key=key) if row.item] == ["A", "C", "A2", "B"]


@pytest.mark.parametrize("descending", [False, True])
def test_blank_cells_stand_last(descending: bool) -> None:
    """In either direction numbers come first, then texts, then what is blank or missing."""
    rows = [_row("blank", n=""), _row("text", n="many"), _row("number", n="3"), _row("missing")]
    ordered = sorted(rows, key=sort_key([Column(("n",), descending=descending)]))

    found = [row.item.sku for row in ordered if row.item]
    assert found == ["number", "text", "blank", "missing"]


def test_texts_sort_backwards_too() -> None:
    """Texts compare without regard to capitals, from the end where the job says so."""
    rows = [_row("1", brand="ahorn"), _row("2", brand="Birke"), _row("3", brand="AHORN")]
    ordered = sorted(rows, key=sort_key([Column(("brand",), descending=True)]))

    assert [row.item.sku for row in ordered if row.item] == ["2", "1", "3"]
