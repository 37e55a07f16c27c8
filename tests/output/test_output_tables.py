from __future__ import annotations

import csv
import json
import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from batchgen.clip import Status
from batchgen.item import Fault, Item
from batchgen.messages import Message, msg
from batchgen.output.rows import COLUMNS, ResultRow, record_of
from batchgen.output.tables import write_results
from batchgen.output.workbook import workbook

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


def column_of_workbook(root: Path) -> list[str]:
    """Give the first column of `results.xlsx`."""
    sheet = CalamineWorkbook.from_path(str(root / "results.xlsx")).get_sheet_by_index(0)
    return [str(row[0]) for row in sheet.to_python()]


def shouted(message: Message) -> str:
    """Speak a language of our own."""
    return str(message).upper()


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


@pytest.mark.parametrize(
    "text", ["a & b < c > d", " two  blanks ", "two\nlines", "tab\there", "_x0041_", "杯 🫖", "'=1"]
)
def test_a_workbook_holds_every_text_as_it_is(tmp_path: Path, text: str) -> None:
    """Markup, blanks, line ends and what Excel takes for a code are just text."""
    write_results(tmp_path, [replace(DONE, sku=text)], ITEMS, [])
    assert column_of_workbook(tmp_path) == ["sku", text]


def test_a_workbook_shows_money_with_two_decimals(tmp_path: Path) -> None:
    """The cells of the column have the column's own format; other numbers have none."""
    write_results(tmp_path, [DONE], ITEMS, [])
    with ZipFile(tmp_path / "results.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    (style,) = re.findall(r'<c r="F2" s="(\d)"><v>1.25</v></c>', sheet)
    formats = re.findall(r'<xf numFmtId="(\d+)"', styles.partition("<cellXfs")[2])
    assert f'<numFmt numFmtId="{formats[int(style)]}" formatCode="0.00"/>' in styles
    assert '<c r="C2"><v>1</v></c>' in sheet
    assert '<autoFilter ref="A1:AC2"/>' in sheet


def test_a_workbook_is_the_same_file_again_but_for_its_date(tmp_path: Path) -> None:
    """What is written twice differs in nothing but the moment of writing."""
    contents = []
    for _ in range(2):
        write_results(tmp_path, [DONE, FAILED], ITEMS, [])
        with ZipFile(tmp_path / "results.xlsx") as archive:
            contents.append({n: archive.read(n) for n in archive.namelist() if "docProps" not in n})
    assert contents[0] == contents[1]


def test_jsonl_loses_nothing(tmp_path: Path) -> None:
    """Each line is one row with every column; money is text, nothing is null."""
    write_results(tmp_path, [DONE, INVALID], ITEMS, FAULTS)
    lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert tuple(records[0]) == COLUMNS
    assert records[0]["prompt"] == DONE.prompt
    assert (records[0]["cost"], records[1]["cost"], records[1]["take"]) == ("1.25", None, None)


def test_a_workbook_holds_as_many_rows_as_a_sheet_takes(tmp_path: Path) -> None:
    """With the header they fill the sheet to its last line, and nothing is said."""
    rows = [replace(DONE, sku=f"S-{n}") for n in range(4)]
    assert write_results(tmp_path, rows, ITEMS, [], sheet_rows=5) == []
    assert column_of_workbook(tmp_path) == ["sku", "S-0", "S-1", "S-2", "S-3"]


@pytest.mark.parametrize("count", [5, 6, 7])
def test_a_workbook_says_which_rows_it_does_not_hold(tmp_path: Path, count: int) -> None:
    """Its last line, and a warning, name the file that has them all."""
    rows = [replace(DONE, sku=f"S-{n}") for n in range(count)]
    (warning,) = write_results(tmp_path, iter(rows), ITEMS, [], say=shouted, sheet_rows=5)
    told = f"results.xlsx has the first 3 of {count} rows, a sheet takes no more:"
    assert str(warning) == f"{told} results.csv has them all"
    assert column_of_workbook(tmp_path)[1:] == ["S-0", "S-1", "S-2", str(warning).upper()]
    assert len(read_csv(tmp_path / "results.csv")) == count


def test_results_of_very_many_clips_are_never_in_memory(tmp_path: Path) -> None:
    """Their rows are read once, one after another; what is held at any time is far less."""
    rows = (replace(DONE, sku=f"S-{n:05}", prompt=f"{n} {'x' * 9000}") for n in range(2_000))
    tracemalloc.start()
    write_results(tmp_path, rows, [], [])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "results.jsonl").stat().st_size > 18_000_000
    assert peak < 2_000_000


def test_results_are_replaced_only_when_they_are_whole(tmp_path: Path) -> None:
    """Rows that break off in the middle leave the old files and no half ones."""

    def breaking() -> Iterator[ResultRow]:
        yield FAILED
        raise OSError(28, "No space left on device")

    write_results(tmp_path, [DONE], ITEMS, [])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(OSError, match="No space"):
        write_results(tmp_path, breaking(), ITEMS, [])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full: Linux has one")
def test_a_workbook_on_a_full_disk_fails_as_a_file_does() -> None:
    """What the library makes of it does not get out."""
    with (
        Path("/dev/full").open("wb", buffering=0) as file,
        pytest.raises(OSError, match="No space"),
        workbook(file, str) as sheet,
    ):
        sheet.add(record_of(DONE))
