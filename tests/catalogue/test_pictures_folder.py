from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.clip import LocalPicture
from batchgen.errors import ManifestError
from tests.catalogue.examples import Draw, Read, places, skus


def test_pictures_named_by_sku_are_a_manifest(read: Read, draw: Draw, tmp_path: Path) -> None:
    """Every plain name is a SKU; other files, hidden files and folders are passed over."""
    for name in ("MUG.jpg", "茶壶.png", "00123.WEBP", ".hidden.png", "more/x.png"):
        draw(f"photos/{name}")
    (tmp_path / "photos" / "notes.txt").touch()

    found = read("photos", None)

    assert [(item.sku, item.row) for item in found.items] == [("00123", 1), ("MUG", 2), ("茶壶", 3)]
    assert found.rows == 3


def test_numbered_pictures_belong_to_the_plain_one(read: Read, draw: Draw) -> None:
    """Further pictures follow the plain one in the order of their numbers."""
    names = ["MUG.jpg", "MUG-2.png", "MUG_3.jpg", "MUG (4).jpg", "MUG_10.webp"]
    for name in reversed(names):
        draw(f"photos/{name}")

    (item,) = read("photos", None).items

    assert [p.name for p in item.pictures if isinstance(p, LocalPicture)] == names


def test_numbers_without_a_plain_picture_are_skus(read: Read, draw: Draw) -> None:
    """Where no plain MUG is, MUG-01 and MUG-02 are two products."""
    draw("photos/MUG-01.jpg")
    draw("photos/MUG-02.jpg")

    assert skus(read("photos", None)) == ["MUG-01", "MUG-02"]


def test_broken_picture_is_a_fault_of_its_sku(read: Read, draw: Draw, tmp_path: Path) -> None:
    """A file that is no picture is a fault; the others stand."""
    draw("photos/A.png")
    (tmp_path / "photos" / "B.png").write_text("no picture")

    found = read("photos", None)

    assert places(found) == [("photos", 2, "images", "picture-format")]
    assert (skus(found), found.faults[0].sku) == (["A"], "B")


def test_hash_follows_the_names(read: Read, draw: Draw) -> None:
    """The hash of a folder stays while its files do, and moves when one comes."""
    draw("photos/A.png")
    before = read("photos", None).sha256
    same = read("photos", None).sha256
    draw("photos/B.png")

    assert (same == before, read("photos", None).sha256 == before) == (True, False)


def test_folder_without_pictures_is_refused(read: Read, tmp_path: Path) -> None:
    """A folder that holds no picture is a slip in the path."""
    (tmp_path / "photos").mkdir()

    with pytest.raises(ManifestError, match="holds no picture"):
        read("photos", None)
