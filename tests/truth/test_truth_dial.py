"""The text of faults is read exactly, and the same seed plays the same faults."""

from __future__ import annotations

import random

import pytest

from tests.truth.dial import Dial, Fault, sections

KNOWN = {"reset", "close", "code"}


def _played(text: str, count: int, seed: int = 0) -> list[str]:
    dial = Dial(text, KNOWN, random.Random(seed))
    return [str(dial.next() or "-") for _ in range(count)]


def test_counted_entries_come_first_in_their_order() -> None:
    """After them, nothing goes wrong."""
    assert _played("reset+made*2, none*1, close*1", 6) == [
        "reset+made", "reset+made", "-", "close", "-", "-",
    ]  # fmt: skip


def test_an_entry_without_a_number_happens_always() -> None:
    """`reset` alone is every request."""
    assert _played("code-1305", 3) == ["code-1305"] * 3


def test_shares_are_kept() -> None:
    """A fifth and a tenth of a thousand, about."""
    played = _played("reset 20%, close+made 10%", 1000)
    assert 150 < played.count("reset") < 250
    assert 60 < played.count("close+made") < 140


def test_the_same_seed_plays_the_same() -> None:
    """Another seed plays something else."""
    text = "reset 50%"
    assert _played(text, 50, seed=7) == _played(text, 50, seed=7) != _played(text, 50, seed=8)


def test_a_number_in_brackets_belongs_to_the_fault() -> None:
    """It may be a fraction."""
    assert Dial("close(0.5)", KNOWN, random.Random(0)).next() == Fault("close", amount=0.5)


@pytest.mark.parametrize("text", ["melt", "reset 5", "reset x2", "code-77777", "reset+made+made"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    """A spelling mistake does not become a run without faults."""
    with pytest.raises(ValueError, match="is n"):
        Dial(text, KNOWN, random.Random(0))


def test_sections_are_split_by_name() -> None:
    """Those not named are empty."""
    assert sections("poll: a 5%; ", ["submit", "poll"]) == {"submit": "", "poll": " a 5%"}


def test_an_unknown_section_is_refused() -> None:
    """`polls` is not `poll`."""
    with pytest.raises(ValueError, match="'polls'"):
        sections("polls: reset", ["poll"])
