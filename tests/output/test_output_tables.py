from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

import batchgen
from batchgen.clip import Status
from batchgen.errors import InputError
from batchgen.item import Fault, Item
from batchgen.messages import msg
from batchgen.output.disk import replace_patiently, write_free_name
from batchgen.output.rows import COLUMNS, ResultRow
from batchgen.output.tables import read_results, results_frame, write_results

DONE = ResultRow(
    sku="00123",
    variant="main",
    take=1,
    model="vidu2-image",
    status=Status.DONE,
    cost=Decimal("1.25"),
    currency="CNY",
    money="spent",
    video_url="https://files.example/clip.mp4?a=1",
    bytes=2_000_000_000,
    duration_s=4.0,
    prompt='红色马克杯,\n"慢慢"转 \ud800',
    attempts=1,
    submitted_at="2026-11-23T04:05:06+00:00",
)
FAILED = ResultRow(sku="=1+1", status=Status.FAILED, variant="spin", error="@no", error_code="1301")
INVALID = ResultRow(sku="", status=Status.INVALID, error="row 3: no SKU", error_code="sku-missing")
ITEMS = [
    Item("00123", "a.csv", 2, {"sku": "00123", "title": "Mug"}),
    Item("=1+1", "a.csv", 4, {"sku": "=1+1", "title": "Cup", "error": "stale"}),
    Item("=1+1", "a.csv", 5, {"sku": "=1+1", "title": "Other", "variant": "table"}),
]
FAULTS = [
    Fault("catalog.csv", 4, "sku", "sku-missing", msg("no SKU"), cells={"sku": "", "title": "Bowl"})
]


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV file as a program would."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_is_made_for_spreadsheets(tmp_path: Path) -> None:
    """CSV has a BOM, CRLF, text money and no live cell."""
    assert write_results(tmp_path, [DONE, FAILED], ITEMS, []) == []
    content = (tmp_path / "results.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfsku,variant,take,")
    assert content.count(b"\r\n") == 3
    rows = read_csv(tmp_path / "results.csv")
    assert (rows[0]["sku"], rows[0]["cost"], rows[0]["status"]) == ("00123", "1.25", "done")
    assert (rows[1]["sku"], rows[1]["error"]) == ("'=1+1", "'@no")


def test_xlsx_holds_text_and_numbers_but_no_formula(tmp_path: Path) -> None:
    """SKUs keep their zeros, money and sizes can be summed, and `=1+1` is just text."""
    write_results(tmp_path, [DONE, FAILED], ITEMS, [])
    sheet = CalamineWorkbook.from_path(str(tmp_path / "results.xlsx")).get_sheet_by_index(0)
    header, done, failed = sheet.to_python()
    assert tuple(header) == COLUMNS
    assert done[:6] == ["00123", "main", 1.0, "vidu2-image", "done", 1.25]
    assert done[COLUMNS.index("bytes")] == 2_000_000_000
    assert failed[0] == "=1+1"
    assert failed[COLUMNS.index("cost")] == ""


def test_jsonl_loses_nothing(tmp_path: Path) -> None:
    """Each line is one row with every column; money is text, nothing is null."""
    write_results(tmp_path, [DONE, INVALID], ITEMS, FAULTS)
    lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert tuple(records[0]) == COLUMNS
    assert records[0]["prompt"] == DONE.prompt
    assert (records[0]["cost"], records[1]["cost"], records[1]["take"]) == ("1.25", None, None)


def test_results_are_read_back_as_they_were(tmp_path: Path) -> None:
    """The frame read from disk equals the frame of the rows, with its documented dtypes."""
    rows = [DONE, INVALID]
    write_results(tmp_path, rows, ITEMS, FAULTS)
    frame = read_results(tmp_path)
    pd.testing.assert_frame_equal(frame, results_frame(rows))
    assert frame["cost"].dropna().sum() == Decimal("1.25")
    assert str(frame["take"].dtype) == "Int64"
    assert str(frame["duration_s"].dtype) == "Float64"
    assert frame["submitted_at"].iloc[0] == pd.Timestamp("2026-11-23T04:05:06Z")


def test_the_package_itself_reads_results(tmp_path: Path) -> None:
    """`batchgen.results_frame(folder)` is the table of that folder."""
    write_results(tmp_path, [DONE], ITEMS, [])
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


def test_failed_csv_repeats_the_rows_to_mend(tmp_path: Path) -> None:
    """A failed item and a faulty row keep their cells, each with its reasons."""
    write_results(tmp_path, [DONE, FAILED, INVALID], ITEMS, FAULTS)
    rows = read_csv(tmp_path / "failed.csv")
    assert list(rows[0]) == ["sku", "title", "variant", "error_code", "error"]
    assert [row["title"] for row in rows] == ["Cup", "Bowl"]
    assert [row["error_code"] for row in rows] == ["1301", "sku-missing"]
    assert rows[0]["error"] == "'@no"


def test_failed_csv_goes_when_nothing_is_to_mend(tmp_path: Path) -> None:
    """A file of an earlier run does not outlive its reasons."""
    write_results(tmp_path, [FAILED], ITEMS, [])
    write_results(tmp_path, [DONE], ITEMS, [])
    assert {path.name for path in tmp_path.iterdir()} == {
        "results.csv",
        "results.jsonl",
        "results.xlsx",
    }


def test_a_held_file_gets_another_name(tmp_path: Path) -> None:
    """Where a spreadsheet holds the file, the next free name takes the content."""

    def held(source: Path, target: Path) -> None:
        if target.name == "results.xlsx":
            raise PermissionError
        source.replace(target)

    written = write_free_name(tmp_path / "results.xlsx", b"new", replace=held)
    assert written == tmp_path / "results (2).xlsx"
    assert [path.name for path in tmp_path.iterdir()] == ["results (2).xlsx"]


def test_a_replace_waits_for_a_scanner(tmp_path: Path) -> None:
    """A file that is held for a moment is replaced when it is let go."""
    (tmp_path / "a").write_bytes(b"new")
    pauses: list[float] = []

    def held_twice(source: Path, target: Path) -> None:
        if len(pauses) < 2:
            raise PermissionError
        source.replace(target)

    replace_patiently(tmp_path / "a", tmp_path / "b", replace=held_twice, pause=pauses.append)
    assert (tmp_path / "b").read_bytes() == b"new"
    assert pauses == [0.2, 0.2]
