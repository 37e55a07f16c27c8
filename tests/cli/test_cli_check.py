"""`batchgen check`: every fault at once, exit 2 with faults, 0 without."""

from __future__ import annotations

from tests.cli.shop import Shop

MANIFEST = "sku,title,image\nA,Cup,cup.png\nA,Mug,cup.png\n,Jar,cup.png\n6.93E+12,Pot,cup.png\n"


def write_faults(shop: Shop) -> None:
    """Write a catalogue with a good row and three faulty ones."""
    (shop.folder / "catalogue.csv").write_text(MANIFEST + "D,Bowl,gone.png\nE,Pan,cup.png\n")


def test_a_good_catalogue_exits_0(shop: Shop) -> None:
    """Without faults `check` says so and exits 0."""
    assert shop.json("check") == {"rows": 3, "valid": 3, "faults": []}


def test_all_faults_are_told_at_once(shop: Shop) -> None:
    """Each fault has file, row as a spreadsheet counts it, column, code and remedy."""
    write_faults(shop)
    told = shop.json("check", code=2)
    assert set(told) == {"rows", "valid", "faults"}
    assert told["rows"] == 6
    assert all(set(f) == {"file", "row", "column", "code", "message"} for f in told["faults"])
    assert {fault["row"] for fault in told["faults"]} == {3, 4, 5, 6}
    assert told["valid"] == 2


def test_faults_are_results(shop: Shop) -> None:
    """The faults stand on stdout, one a line, with the row and the code."""
    write_faults(shop)
    result = shop.call("check")
    assert result.exit_code == 2
    assert "row 6" in result.stdout
    assert "gone.png" in result.stdout


def test_the_encoding_can_be_named(shop: Shop) -> None:
    """`--encoding` reads a catalogue that says its encoding nowhere."""
    text = "sku,title,image\nA,杯子,cup.png\n"
    (shop.folder / "catalogue.csv").write_bytes(text.encode("gb18030"))
    shop.json("check", "--encoding=gb18030")
    assert shop.call("check", "--encoding=utf-8").exit_code == 2


def test_check_needs_no_key_and_leaves_nothing(shop: Shop) -> None:
    """Nothing is written: no state, no output."""
    shop.json("check")
    assert {path.name for path in shop.folder.iterdir()} == {
        "job.yaml",
        "catalogue.csv",
        "cup.png",
    }
