"""Pictures without a file of their own are kept once, whole, and for nobody else to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.catalogue.pictures.store import PictureStore, own_pictures


def test_picture_is_kept_under_its_hash(tmp_path: Path) -> None:
    """The name is the SHA-256 of the content with the suffix of its format."""
    path = PictureStore(tmp_path / "kept").keep(b"abc", "png")

    assert path.name == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.png"
    assert path.read_bytes() == b"abc"


def test_same_content_is_kept_once(tmp_path: Path) -> None:
    """The second time nothing is written, and nothing is left over."""
    store = PictureStore(tmp_path)
    first = store.keep(b"abc", "png")
    written_at = first.stat().st_mtime_ns

    assert store.keep(b"abc", "png") == first
    assert first.stat().st_mtime_ns == written_at
    assert list(tmp_path.iterdir()) == [first]


def test_torn_file_is_written_again(tmp_path: Path) -> None:
    """A file that somebody cut short is replaced."""
    store = PictureStore(tmp_path)
    store.keep(b"abc", "png").write_bytes(b"a")

    assert store.keep(b"abc", "png").read_bytes() == b"abc"


def test_only_the_user_may_read(tmp_path: Path) -> None:
    """The folder has the mode 0700, each file 0600."""
    path = PictureStore(tmp_path / "kept").keep(b"abc", "png")

    assert [oct(each.stat().st_mode & 0o777) for each in (path.parent, path)] == ["0o700", "0o600"]


def test_own_pictures_lie_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's store lies in the cache folder, which may be deleted."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert own_pictures().folder.is_relative_to(tmp_path)
