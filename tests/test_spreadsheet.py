"""Cells that a spreadsheet might take for formulas."""

from __future__ import annotations

import pytest

from batchgen.spreadsheet import guarded, unguarded


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "+1",
        "-1",
        "@a",
        "\tx",
        "\rx",
        " =1",
        "\u00a0=1",
        "\ufeff=1",
        "＝1",
        "\u200b@a",
        "a\n=1",
    ],
)
def test_live_cells_get_an_apostrophe(text: str) -> None:
    """No spelling of a formula start gets through."""
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "MUG-001", "a=b", "1280x720", "红色"])
def test_other_cells_stay(text: str) -> None:
    """Ordinary text is not touched."""
    assert guarded(text) == text


@pytest.mark.parametrize("text", ["-X", "=1+1", "plain", "'quoted'", "'-X", "", "'"])
def test_a_guarded_cell_reads_back_as_it_was(text: str) -> None:
    """What is written to a CSV of ours and read again is the same text."""
    assert unguarded(guarded(text)) == text
