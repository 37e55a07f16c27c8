"""Long texts of a catalogue, cut for a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgen.cli.showing.shortening import shortened, where_apart
from batchgen.wrapping import is_wide


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("", 10, ""),
        ("a mug", 5, "a mug"),
        ("a mug turns", 8, "a mug..."),
        ("红色的杯子", 10, "红色的杯子"),
        ("红色的杯子", 9, "红色的..."),
        ("红色的杯子", 8, "红色..."),
        ("a\nb\x1b", 20, r"a\nb\x1b"),
    ],
)
def test_a_text_is_cut_to_columns(text: str, columns: int, shown: str) -> None:
    """Wide characters take two; what a terminal would obey is written out."""
    assert shortened(text, columns) == shown


@given(st.text(), st.integers(3, 30))
def test_no_text_is_wider_than_asked(text: str, columns: int) -> None:
    """Whatever stands in it."""
    shown = shortened(text, columns)
    assert sum(2 if is_wide(character) else 1 for character in shown) <= columns
    assert shown.isprintable() or "\t" in shown or not text.isprintable()


def test_two_long_texts_are_cut_to_where_they_differ() -> None:
    """With some characters before it."""
    start = "the very same beginning of both prompts, "
    old, new = where_apart(f"{start}on a table of oak", f"{start}on a marble table", 30)
    assert (old, new) == ("...ompts, on a table of oak", "...ompts, on a marble table")


@pytest.mark.parametrize(
    ("old", "new"), [("a mug turns", "a mug falls"), ("x" * 50, "y" * 50), ("", "a mug")]
)
def test_texts_that_fit_or_differ_at_once_begin_at_their_beginning(old: str, new: str) -> None:
    """Nothing is taken from the front."""
    assert where_apart(old, new, 20) == (shortened(old, 20), shortened(new, 20))
