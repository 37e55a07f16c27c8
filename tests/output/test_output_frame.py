"""Results as a pandas table, read back from the folder."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

import batchgen
from batchgen.clip import Status
from batchgen.errors import InputError
from batchgen.item import Fault
from batchgen.messages import msg
from batchgen.output.frame import read_results, results_frame
from batchgen.output.rows import COLUMNS, ResultRow
from batchgen.output.tables import write_results

DONE = ResultRow(
    sku="00123",
    take=1,
    status=Status.DONE,
    cost=Decimal("1.25"),
    bytes=2_000_000_000,
    duration_s=4.0,
    prompt="one\u2028line \ud800",
    submitted_at="2026-11-23T04:05:06+00:00",
)
INVALID = ResultRow(sku="", status=Status.INVALID, error="row 3: no SKU", error_code="sku-missing")


def test_results_are_read_back_as_they_were(tmp_path: Path) -> None:
    """The frame read from disk equals the frame of the rows, with its documented dtypes."""
    rows = [DONE, INVALID]
    write_results(tmp_path, rows, [], [Fault("a.csv", 3, "sku", "sku-missing", msg("no SKU"))])
    frame = read_results(tmp_path)
    pd.testing.assert_frame_equal(frame, results_frame(rows))
    assert frame["cost"].dropna().sum() == Decimal("1.25")
    assert str(frame["take"].dtype) == "Int64"
    assert str(frame["duration_s"].dtype) == "Float64"
    assert frame["submitted_at"].iloc[0] == pd.Timestamp("2026-11-23T04:05:06Z")


def test_the_package_itself_reads_results(tmp_path: Path) -> None:
    """`batchgen.results_frame(folder)` is the table of that folder."""
    write_results(tmp_path, [DONE], [], [])
    pd.testing.assert_frame_equal(batchgen.results_frame(str(tmp_path)), results_frame([DONE]))


def test_an_empty_frame_has_the_same_columns() -> None:
    """No rows still make a table with every column."""
    assert tuple(results_frame([]).columns) == COLUMNS


@pytest.mark.parametrize("content", [None, b"{", b"\xff"])
def test_missing_or_damaged_results_name_the_next_step(
    tmp_path: Path, content: bytes | None
) -> None:
    """The error says which command writes the file."""
    if content is not None:
        (tmp_path / "results.jsonl").write_bytes(content)
    with pytest.raises(InputError, match="batchgen report"):
        read_results(tmp_path)
