"""Write the results of a job into its output folder, in one pass over the rows.

`results.jsonl` is the lossless record. CSV and XLSX are for spreadsheets; where one holds a file
open, the next free name is used. Knows rows and items only, no state and no provider. Blocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from batchgen.clip import Status
from batchgen.item import Fault, Item
from batchgen.messages import Message, Say, msg
from batchgen.output.disk import beside, sync_folder, take_free_name, temporary_name
from batchgen.output.mending import lines_to_mend
from batchgen.output.rows import COLUMNS, ResultRow, record_of
from batchgen.output.sheets import csv_table, json_lines
from batchgen.output.workbook import SHEET_ROWS, workbook

_RESULTS = ("results.jsonl", "results.csv", "results.xlsx")
#: The rows that a person mends in the manifest.
_TO_MEND = "failed.csv"


def write_results(
    root: Path,
    rows: Iterable[ResultRow],
    items: Iterable[Item],
    faults: Iterable[Fault],
    say: Say = str,
    sheet_rows: int = SHEET_ROWS,
) -> list[Message]:
    """Write `results.jsonl`, `.csv`, `.xlsx` and `failed.csv`; give warnings for people.

    Rows are read once, and none is kept but those that failed. `items` and `faults` give
    `failed.csv` the cells of its rows; there is no such file when nothing is to mend. Of more rows
    than a sheet takes, the workbook has the first, and says so.
    """
    root.mkdir(parents=True, exist_ok=True)
    failed: list[ResultRow] = []
    with ExitStack() as stack:
        jsonl, csv, xlsx = (stack.enter_context(beside(root / name)) for name in _RESULTS)
        sheet = stack.enter_context(workbook(xlsx, say, sheet_rows))
        adding = (
            stack.enter_context(json_lines(jsonl)),
            stack.enter_context(csv_table(csv, COLUMNS)),
            sheet.add,
        )
        for row in rows:
            record = record_of(row)
            for add in adding:
                add(record)
            if row.status in {Status.FAILED, Status.INVALID}:
                failed.append(row)
    renamed = [_put_in_place(root / name) for name in _RESULTS]
    renamed.append(_write_failed(root / _TO_MEND, failed, items, faults))
    sync_folder(root)
    return [warning for warning in (*renamed, sheet.shortage) if warning is not None]


def _write_failed(
    target: Path, failed: list[ResultRow], items: Iterable[Item], faults: Iterable[Fault]
) -> Message | None:
    if not failed:
        target.unlink(missing_ok=True)
        return None
    columns, lines = lines_to_mend(failed, items, faults)
    with beside(target) as file, csv_table(file, columns) as add:
        for line in lines:
            add(line)
    return _put_in_place(target)


def _put_in_place(target: Path) -> Message | None:
    """Give a file that is written whole its name; warn when it got another one."""
    written = take_free_name(temporary_name(target), target)
    if written == target:
        return None
    return msg(
        "{name} is held open by another program: the new one is {written}",
        name=target.name,
        written=written.name,
    )
