from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from batchgen.errors import ManifestError
from tests.catalogue.examples import Read


def test_catalogue_tells_where_it_comes_from(read: Read) -> None:
    """The catalogue and its items carry the name in the job; the hash is that of the bytes."""
    content = b"sku\nA1\n"

    found = read("c.csv", content)

    assert (found.file, found.items[0].file) == ("c.csv", "c.csv")
    assert found.sha256 == hashlib.sha256(content).hexdigest()


def test_missing_manifest_is_refused(read: Read, tmp_path: Path) -> None:
    """A manifest that is not there is named with the path that was looked at."""
    with pytest.raises(ManifestError) as caught:
        read("gone.csv", None)

    assert str(tmp_path / "gone.csv") in str(caught.value)


def test_unknown_kind_is_refused(read: Read) -> None:
    """A suffix without a reader is refused with those that there are."""
    with pytest.raises(ManifestError, match=r"must end in \.csv, \.tsv"):
        read("catalog.pdf", "x")


def test_path_that_cannot_be_followed_is_refused(read: Read, tmp_path: Path) -> None:
    """Links in a circle, and a name that no disk takes, are an error in words like any other."""
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    for name in ("loop.csv", "x" * 300 + ".csv"):
        with pytest.raises(ManifestError, match="cannot be read"):
            read(name, None)


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(b"title,sku\nCup,A1\n", id="columns in another order"),
        pytest.param("sku,title\nA1,茶壶\n".encode("gb18030"), id="another encoding"),
    ],
)
def test_file_that_is_changed_while_it_is_read_is_refused(
    read: Read, tmp_path: Path, later: bytes
) -> None:
    """Rows of a new file are never put under the columns of the old one."""
    opened = read("c.csv", "sku,title\nA1,Cup\n").opened
    (tmp_path / "c.csv").write_bytes(later)

    with pytest.raises(ManifestError, match="changed while it was read"):
        list(opened.rows())
