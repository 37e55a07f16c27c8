"""Finished clips whose files are gone, renamed or in the way, while a run goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.shop import Shop


def write_variants(shop: Shop, *rows: tuple[str, str]) -> None:
    """Write a catalogue of one product: variant and title of each row."""
    lines = [f"A,{title},cup.png,{variant}" for variant, title in rows]
    text = "\n".join(["sku,title,image,variant", *lines]) + "\n"
    (shop.folder / "catalogue.csv").write_text(text, encoding="utf-8")


def standing(shop: Shop) -> dict[str, str]:
    """Give the task whose film stands under each name, by its provenance, if the film is whole."""
    tasks = {}
    for path in shop.output.glob("clips/A/*.mp4"):
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert told["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        tasks[path.stem] = told["task_id"]
    return tasks


def test_a_deleted_film_comes_home_under_the_name_it_has_by_now(trading: Shop) -> None:
    """Its old name is bought for another film in the same run: each stands under its own."""
    write_variants(trading, ("one", "Spinning cup"))
    trading.json("run", "--yes")
    first = trading.results()[0]["task_id"]
    (trading.output / "clips/A/one.mp4").unlink()
    write_variants(trading, ("one", "Jumping cup"), ("two", "Spinning cup"))
    told = trading.json("run", "--yes", "--changed")
    assert (told["done"], told["spent"]) == (2, "2.50")
    rows = {row["variant"]: row["task_id"] for row in trading.results()}
    assert rows["two"] == first != rows["one"]
    assert standing(trading) == rows


def linked_away(folder: Path) -> None:
    """Put a link in the place of a folder whose films are gone."""
    elsewhere = folder.with_name("elsewhere")
    folder.rename(elsewhere)
    for film in elsewhere.iterdir():
        film.unlink()
    folder.symlink_to(elsewhere)


def shut(folder: Path) -> None:
    """Put a file in the place of a folder."""
    folder.rename(folder.with_name("aside"))
    folder.write_text("in the way")


@pytest.mark.parametrize(("spoil", "code"), [(linked_away, 3), (shut, 4)])
def test_a_place_that_cannot_be_used_leaves_the_others_alone(
    trading: Shop, spoil: Callable[[Path], None], code: int
) -> None:
    """One finished clip has no place any more: it is named, the rest is bought and written."""
    trading.write_rows("A")
    trading.json("run", "--yes")
    spoil(trading.output / "clips/A")
    (trading.output / "results.jsonl").unlink()
    trading.write_rows("A", "B")
    result = trading.call("run", "--yes", "--json")
    assert result.exit_code == code, result.output
    assert json.loads(result.stdout)["spent"] == "2.50"
    assert "A / main" in result.stderr or str(trading.output / "clips/A") in result.stderr
    assert {row["sku"]: row["status"] for row in trading.results()} == {"A": "ready", "B": "done"}
