"""Faults and warnings that are many: told once for people, each for programs."""

from __future__ import annotations

import pytest

from batchgen.cli.speech import tell_faults
from batchgen.item import Fault
from batchgen.messages import msg
from tests.cli.shop import Shop, skus


def write_missing_pictures(shop: Shop, count: int) -> None:
    """Write a good row, rows without their picture, and a row without SKU."""
    lines = ["OK,Cup,cup.png", *(f"{sku},Cup,{sku}.png" for sku in skus(count)), ",Jar,cup.png"]
    text = "\n".join(["sku,title,image", *lines]) + "\n"
    (shop.folder / "catalogue.csv").write_text(text, encoding="utf-8")


def fault_lines(shop: Shop) -> list[str]:
    """Give the lines of `check` that tell faults."""
    result = shop.call("check")
    assert result.exit_code == 2
    return [line for line in result.stdout.splitlines() if line.startswith("catalogue.csv, row")]


def test_a_fault_of_many_rows_is_told_once(shop: Shop) -> None:
    """With the first rows, their count and what the first one lacks; others are told as ever."""
    write_missing_pictures(shop, 21)
    many, single = fault_lines(shop)
    assert many.startswith(
        "catalogue.csv, rows 3, 4, 5, 6, 7, ... [picture-not-found], 21 rows in all; the first: "
    )
    assert "S001.png" in many
    assert single.startswith("catalogue.csv, row 24, ")


def test_a_fault_of_some_rows_is_told_for_each(shop: Shop) -> None:
    """Twenty are few enough to mend by reading them."""
    write_missing_pictures(shop, 20)
    assert len(fault_lines(shop)) == 21


def test_programs_are_told_every_fault(shop: Shop) -> None:
    """However many there are."""
    write_missing_pictures(shop, 30)
    told = shop.json("check", code=2)
    assert [fault["row"] for fault in told["faults"]] == list(range(3, 34))


def test_rows_of_several_files_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """The first rows are named with their files."""
    places = [("a.csv", 2), ("a.csv", 3), *(("b.csv", row) for row in range(2, 30))]
    tell_faults([Fault(file, row, None, "odd", msg("it is odd")) for file, row in places])
    assert capsys.readouterr().out == (
        "a.csv, rows 2, 3; b.csv, rows 2, 3, 4, ... [odd], 30 rows in all; the first: it is odd\n"
    )


def test_a_fault_of_the_whole_file_is_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    """It is told where it stands, beside the many of its code."""
    whole = Fault("a.csv", None, None, "odd", msg("all is odd"))
    rows = [Fault("a.csv", row, None, "odd", msg("it is odd")) for row in range(2, 40)]
    tell_faults([whole, *rows])
    assert [line[:12] for line in capsys.readouterr().out.splitlines()] == [
        "a.csv [odd]:",
        "a.csv, rows ",
    ]


def test_check_tells_warnings_with_their_place(shop: Shop) -> None:
    """On stderr, many of a kind once."""
    shop.write_rows(*skus(30))
    shop.write_job(clip={"prompt": "{{ title }} turns", "size": "720x480"})
    result = shop.call("check")
    head, *told = result.stderr.splitlines()
    assert (result.exit_code, head, len(told)) == (0, "warnings:", 1)
    assert told[0].startswith("catalogue.csv, rows 2, 3, 4, 5, 6, ... [undocumented-size]")
