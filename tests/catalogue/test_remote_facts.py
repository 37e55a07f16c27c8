"""What is remembered of pictures on the web, and what a row is told of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from batchgen.catalogue.pictures.facts import (
    PictureFacts,
    PictureProblem,
    RemoteFacts,
    remembered_facts,
)
from batchgen.catalogue.pictures.finder import PictureFinder
from batchgen.clip import RemotePicture
from batchgen.messages import msg

URL = "https://shop.example/mug.jpg"
SHA256 = "ab" * 32
FOUND = RemoteFacts("jpeg", 800, 600, 4000, SHA256, "/kept/a.jpg", '"1"', "yesterday")
GONE = RemoteFacts(
    problem=PictureProblem(
        "picture-remote-gone", msg("{name} is not there ({status})", name="杯", status=404)
    )
)


def change(place: Path, how: str) -> None:
    """Change what is remembered, behind its back."""
    with sqlite3.connect(place) as connection:
        connection.execute(f"UPDATE remote_picture SET {how}")
    connection.close()


@pytest.mark.parametrize("found", [FOUND, GONE, RemoteFacts()])
def test_what_was_found_is_remembered(tmp_path: Path, found: RemoteFacts) -> None:
    """The next command is told the same, sentence and values apart."""
    place = tmp_path / "pictures.db"
    with remembered_facts(place) as facts:
        assert (facts.knows_remote, facts.seen(URL)) == (False, None)
        facts.note(URL, found)
    with remembered_facts(place) as facts:
        assert (facts.knows_remote, facts.seen(URL)) == (True, found)


@pytest.mark.parametrize(
    ("how", "is_fresh"),
    [
        ("asked_at = asked_at - 80000", True),
        ("asked_at = asked_at - 90000", False),
        ("asked_at = asked_at + 90000", False),
    ],
    ids=["today", "yesterday", "tomorrow"],
)
def test_facts_grow_old(tmp_path: Path, how: str, is_fresh: bool) -> None:
    """After a day they are asked for again; nor is a clock believed that went back."""
    place = tmp_path / "pictures.db"
    with remembered_facts(place) as facts:
        facts.note(URL, FOUND)
        change(place, how)
        seen = facts.seen(URL)
        assert seen is not None
        assert (seen.is_fresh, seen.sha256) == (is_fresh, SHA256)


@pytest.mark.parametrize(
    "how", ["facts = replace(facts, '800', '900')", "facts = '{'", "checksum = 1"]
)
def test_a_damaged_memory_is_not_believed(tmp_path: Path, how: str) -> None:
    """A flipped bit would be another picture."""
    place = tmp_path / "pictures.db"
    with remembered_facts(place) as facts:
        facts.note(URL, FOUND)
        change(place, how)
        assert facts.seen(URL) is None


def test_without_a_place_nothing_is_known(tmp_path: Path) -> None:
    """A cache that cannot be written costs only time."""
    facts = PictureFacts()
    facts.note(URL, FOUND)
    assert (facts.seen(URL), facts.knows_remote) == (None, False)


@pytest.mark.parametrize(
    ("by_bytes", "picture", "unread"),
    [
        (False, RemotePicture(URL, None, 800, 600), 0),
        (True, RemotePicture(URL, SHA256, 800, 600), 0),
    ],
)
def test_a_row_is_told_what_is_known(
    tmp_path: Path, by_bytes: bool, picture: RemotePicture, unread: int
) -> None:
    """Its size always; its hash only where pictures count by their bytes."""
    with remembered_facts(tmp_path / "pictures.db") as facts:
        facts.note(URL, FOUND)
    with remembered_facts(tmp_path / "pictures.db") as facts:
        finder = PictureFinder([tmp_path], facts, by_bytes=by_bytes)
        assert (finder.find(URL), finder.unread) == (picture, unread)


@pytest.mark.parametrize(
    ("found", "is_known"),
    [(None, False), (RemoteFacts("jpeg", 800, 600), True)],
    ids=["never asked for", "only its header was read"],
)
def test_pictures_that_were_not_read_are_counted(
    tmp_path: Path, found: RemoteFacts | None, is_known: bool
) -> None:
    """They count by their address until a probe reads them."""
    with remembered_facts(tmp_path / "pictures.db") as facts:
        facts.note(URL if found else f"{URL}?other", found or FOUND)
    with remembered_facts(tmp_path / "pictures.db") as facts:
        finder = PictureFinder([tmp_path], facts, by_bytes=True)
        assert finder.find(URL) == RemotePicture(URL, None, *((800, 600) if is_known else ()))
        assert finder.unread == 1


def test_what_was_wrong_is_a_fault_for_a_day(tmp_path: Path) -> None:
    """Then it is the provider's to say, until somebody asks again."""
    place = tmp_path / "pictures.db"
    with remembered_facts(place) as facts:
        facts.note(URL, GONE)
    with remembered_facts(place) as facts:
        problem = PictureFinder([tmp_path], facts).find(URL)
        assert isinstance(problem, PictureProblem)
        assert problem.code == "picture-remote-gone"
        assert "`check --probe` looks again" in str(problem.message)
        change(place, "asked_at = asked_at - 90000")
        assert PictureFinder([tmp_path], facts).find(URL) == RemotePicture(URL)
