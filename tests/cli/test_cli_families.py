"""SKUs that move among the rows they name: what was bought is found again."""

from __future__ import annotations

import hashlib

import pytest

from tests.cli.shop import Shop


def write_namesakes(shop: Shop, titles: str) -> None:
    """Write one row a letter, all of one SKU."""
    lines = "".join(f"A,Cup {title},cup.png\n" for title in titles)
    (shop.folder / "catalogue.csv").write_text(f"sku,title,image\n{lines}")


@pytest.mark.parametrize(("then", "now", "new"), [("ab", "nab", 1), ("abc", "bc", 0)])
def test_a_row_put_between_buys_only_itself(trading: Shop, then: str, now: str, new: int) -> None:
    """The others are not paid again, even with --changed, and each film is that of its row."""
    trading.write_job(manifest={"path": "catalogue.csv", "on_duplicate": "suffix"})
    write_namesakes(trading, then)
    trading.json("run", "--yes")
    films = {row["prompt"]: row["sha256"] for row in trading.results()}
    write_namesakes(trading, now)
    told = trading.json("run", "--yes", "--changed")
    assert told["spent"] == f"{1.25 * (len(then) + new):.2f}"
    for row, title in zip(trading.results(), now, strict=True):
        film = hashlib.sha256((trading.output / row["file"]).read_bytes()).hexdigest()
        assert (row["prompt"], row["sha256"]) == (f"Cup {title} turns", film)
        assert films.get(row["prompt"], film) == film


def test_a_new_first_variant_buys_its_product_not_again(trading: Shop) -> None:
    """A size is put before the others and gives the product its SKU; its film is put there."""
    catalogue = trading.folder / "catalogue.csv"
    header = "Handle,Title,Option1 Value,Variant SKU,Variant Price,Image Src\n"
    trading.write_job(on_change="regenerate")
    catalogue.write_text(f"{header}tee,Tee,S,TEE-S,10,cup.png\ntee,,M,TEE-M,10,\n")
    assert trading.json("run", "--yes")["spent"] == "1.25"
    catalogue.write_text(f"{header}tee,Tee,XS,TEE-XS,10,cup.png\ntee,,S,TEE-S,10,\n")
    told = trading.json("run", "--yes")
    assert (told["spent"], told["done"]) == ("1.25", 1)
    (row,) = trading.results()
    assert (row["sku"], row["file"]) == ("TEE-XS", "clips/TEE-XS/main.mp4")
    assert (trading.output / row["file"]).is_file()
