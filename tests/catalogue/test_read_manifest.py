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
