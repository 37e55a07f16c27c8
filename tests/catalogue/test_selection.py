"""Which rows are taken: those that have the wanted values, of all files, each name once."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.errors import JobFileError, ManifestError
from batchgen.item import LeftOut
from tests.catalogue.examples import Read, places, skus

SHOP = "sku,Status,Stock Level\nA,active,5\nB,Draft,5\nC,ACTIVE,0\nD,,\n"


@pytest.mark.parametrize(
    ("where", "taken"),
    [
        ({}, ["A", "B", "C", "D"]),
        ({"Status": "active"}, ["A", "C"]),
        ({"status": ["active", "draft"]}, ["A", "B", "C"]),
        ({"status": "active", "stock_level": "5"}, ["A"]),
        ({"status": ""}, ["D"]),
        ({"sku": ["D", "A"]}, ["A", "D"]),
    ],
)
def test_rows_are_taken_by_their_values(
    read: Read, where: dict[str, str | list[str]], taken: list[str]
) -> None:
    """A row needs one of the values in each column; capitals do not count, blanks can be wanted."""
    assert skus(read("c.csv", SHOP, where=where)) == taken


def test_rows_not_wanted_are_counted_apart(read: Read) -> None:
    """What is left out has no faults, and is no row of the job."""
    found = read("c.csv", "sku,image,live\nA,,yes\nB,gone.jpg,no\n", where={"live": "yes"})

    assert (found.rows, found.faults) == (1, ())
    assert [row.left_out for row in found.all_rows] == [None, LeftOut.WHERE]


@pytest.mark.parametrize("key", ["where", "order_by"])
def test_an_unknown_column_is_refused(read: Read, key: str) -> None:
    """A name that means no column is told with the columns that there are."""
    said = {"where": {"colour": "red"}, "order_by": ["-colour"]}[key]
    with pytest.raises(JobFileError, match=f"manifest.{key} names the column colour.*Stock Level"):
        read("c.csv", SHOP, **{key: said})


def test_several_files_are_one_manifest(read: Read, tmp_path: Path) -> None:
    """Files of a list and of a pattern follow one another; faults name the file."""
    (tmp_path / "part-2.csv").write_text("sku\nC\n\nA\n")
    (tmp_path / "part-1.csv").write_text("sku\nB\n")

    found = read("a.csv", "sku\nA\n", path=["a.csv", "part-*.csv"])

    assert skus(found) == ["A", "B", "C"]
    assert places(found) == [("part-2.csv", 4, "sku", "sku-duplicate")]
    assert "row 2 of a.csv" in str(found.faults[0].message)


@pytest.mark.parametrize("paths", [["a.csv", "*.csv"], ["*.csv", "./a.csv"], ["a.csv", "a.csv"]])
def test_a_file_that_is_named_twice_is_read_once(read: Read, paths: list[str]) -> None:
    """Patterns may overlap: where duplicates are numbered, all of it would be bought twice."""
    found = read("a.csv", "sku\nA\nB\n", path=paths, on_duplicate="suffix")

    assert (skus(found), found.warnings) == (["A", "B"], ())


def test_a_pattern_without_files_is_refused(read: Read) -> None:
    """It says what it looked for and from where."""
    with pytest.raises(ManifestError, match=r"no file is called \*\.xlsx"):
        read("a.csv", "sku\n", path="*.xlsx")


def test_several_files_have_a_hash_of_their_own(read: Read, tmp_path: Path) -> None:
    """The hash of a manifest moves with each of its files."""
    (tmp_path / "b.csv").write_text("sku\nB\n")
    before = read("a.csv", "sku\nA\n", path=["a.csv", "b.csv"]).sha256
    (tmp_path / "b.csv").write_text("sku\nC\n")

    assert read("a.csv", None, path=["a.csv", "b.csv"]).sha256 != before


@pytest.mark.parametrize(
    ("rule", "taken", "faults"),
    [
        ("error", ["A", "B"], [(3, "sku-duplicate"), (5, "sku-duplicate")]),
        ("first", ["A", "B"], []),
        ("suffix", ["A", "A-2", "B", "A-3"], []),
    ],
)
def test_repeated_skus_go_by_the_jobs_rule(
    read: Read, rule: str, taken: list[str], faults: list[tuple[int, str]]
) -> None:
    """A second row of one SKU is a fault, or left out, or numbered; the last two are told."""
    found = read("c.csv", "sku,title\nA,1\nA,2\nB,3\nA,4\n", on_duplicate=rule)

    assert skus(found) == taken
    assert [(fault.row, fault.code) for fault in found.faults] == faults
    told = [(warning.row, warning.code) for warning in found.warnings]
    assert told == ([] if rule == "error" else [(3, "sku-duplicate"), (5, "sku-duplicate")])


def test_a_number_never_takes_a_name_that_is_there(read: Read) -> None:
    """A numbered SKU steps over names of earlier rows; a later row of that name is numbered too."""
    found = read("c.csv", "sku\nA-2\nA\nA\nA-3\n", on_duplicate="suffix")

    assert skus(found) == ["A-2", "A", "A-3", "A-3-2"]
