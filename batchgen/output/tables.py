"""Write the results as tables for people and for programs, and read them back.

`results.jsonl` is the lossless record. CSV and XLSX are for spreadsheets: no cell can become a
formula or a link, and where a spreadsheet holds a file open, the next free name is used. Knows
rows and items only, no state and no provider. Everything here blocks.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from batchgen.clip import Status
from batchgen.errors import InputError
from batchgen.item import Fault, Item
from batchgen.messages import Message, msg
from batchgen.output.disk import sync_folder, write_free_name
from batchgen.output.rows import COLUMNS, ResultRow, by_manifest_row
from batchgen.plan.values import plain
from batchgen.spreadsheet import guarded

_TIMES = ("url_expires_at", "submitted_at", "finished_at", "downloaded_at")
_WHOLE_NUMBERS = ("take", "bytes", "width", "height", "attempts")
_NUMBERS = (*_WHOLE_NUMBERS, "duration_s", "cost")
#: Rows that a person mends in the manifest.
_TO_MEND = frozenset({Status.FAILED, Status.INVALID})

#: Characters of one cell (Excel's limit).
_CELL_LIMIT = 32_767
_WIDE = {"sku": 18, "prompt": 50, "error": 50, "file": 34, "poster": 34, "images": 34}
_USUAL_WIDTH = 14

#: Lone surrogates and control characters, which XML and UTF-8 cannot hold; not tab and newline.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def results_frame(rows: Iterable[ResultRow]) -> pd.DataFrame:
    """Make a table of result rows, one column for each of `rows.COLUMNS`, in that order.

    Dtypes: `cost` is object, holding `Decimal` or None, so that sums are exact; `take bytes width
    height attempts` are Int64; `duration_s` is Float64; `url_expires_at submitted_at finished_at
    downloaded_at` are datetimes in UTC; all others are string, `<NA>` where there is nothing.
    """
    return _frame([asdict(row) for row in rows])


def read_results(output: Path) -> pd.DataFrame:
    """Read an output folder's `results.jsonl` as `results_frame` would have made it.

    Raises:
        InputError: the folder holds no readable results.
    """
    path = output / "results.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        records = [json.loads(line) for line in lines if line]
    except (OSError, ValueError) as error:
        raise InputError(
            msg(
                "{path} cannot be read: write it anew with `batchgen report JOB`",
                path=path,
            )
        ) from error
    for record in records:
        record["cost"] = record["cost"] and Decimal(record["cost"])
    return _frame(records)


def write_results(
    root: Path, rows: Sequence[ResultRow], items: Sequence[Item], faults: Sequence[Fault]
) -> list[Message]:
    """Write `results.jsonl`, `.csv`, `.xlsx` and `failed.csv`; give a warning for each other name.

    `items` and `faults` give `failed.csv` the cells of its rows; there is no such file when nothing
    is to mend.
    """
    root.mkdir(parents=True, exist_ok=True)
    contents = {
        "results.jsonl": _jsonl(rows),
        "results.csv": _csv(COLUMNS, map(_cells, rows)),
        "results.xlsx": _xlsx(rows),
    }
    failed = [row for row in rows if row.status in _TO_MEND]
    if failed:
        contents["failed.csv"] = _failed_csv(failed, items, faults)
    else:
        (root / "failed.csv").unlink(missing_ok=True)
    warnings = [_write(root / name, content) for name, content in contents.items()]
    sync_folder(root)
    return [warning for warning in warnings if warning is not None]


def _frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    columns: dict[str, pd.Series[Any]] = {}
    for name in COLUMNS:
        values = [record.get(name) for record in records]
        if name in _TIMES:
            columns[name] = pd.to_datetime(pd.Series(values, dtype="object"), utc=True)
        else:
            columns[name] = pd.Series(values, dtype=_dtype(name))
    return pd.DataFrame(columns)


def _dtype(column: str) -> str:
    if column in _WHOLE_NUMBERS:
        return "Int64"
    return {"duration_s": "Float64", "cost": "object"}.get(column, "string")


def _record(row: ResultRow) -> dict[str, Any]:
    """Give a row as JSON values; money is text with two decimals."""
    cost = None if row.cost is None else plain(row.cost)
    return asdict(row) | {"cost": cost}


def _jsonl(rows: Iterable[ResultRow]) -> bytes:
    lines = (json.dumps(_record(row), ensure_ascii=False) + "\n" for row in rows)
    # A lone surrogate becomes its JSON escape, so nothing is lost.
    return "".join(lines).encode("utf-8", "backslashreplace")


def _cells(row: ResultRow) -> dict[str, str]:
    """Give a row as text; nothing is an empty cell."""
    return {key: "" if value is None else str(value) for key, value in _record(row).items()}


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([guarded(column) for column in columns])
    for row in rows:
        cells = (_printable(row.get(column, "")) for column in columns)
        writer.writerow([guarded(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def _failed_csv(
    failed: Sequence[ResultRow], items: Sequence[Item], faults: Sequence[Fault]
) -> bytes:
    """Repeat the manifest rows that failed, with the reasons in two more columns."""
    reasons = ("error_code", "error")
    sources = [item.cells for item in items] + [fault.cells for fault in faults]
    columns = dict.fromkeys(name for cells in sources for name in cells) or {"sku": None}
    by_sku: dict[str, list[ResultRow]] = {}
    for row in failed:
        if row.status is not Status.INVALID:
            by_sku.setdefault(row.sku, []).append(row)
    lines: list[dict[str, str]] = []
    for item in items:
        own = [row for row in by_sku.get(item.sku, ()) if _is_of(row, item)]
        if own:
            lines.append(dict(item.cells) | _reasons(own))
    invalid = [row for row in failed if row.status is Status.INVALID]
    for row, found in zip(invalid, by_manifest_row(faults), strict=True):
        cells = next((fault.cells for fault in found if fault.cells), {"sku": row.sku})
        lines.append(dict(cells) | _reasons([row]))
    return _csv([*(name for name in columns if name not in reasons), *reasons], lines)


def _is_of(row: ResultRow, item: Item) -> bool:
    """Tell whether a clip of the item's SKU is of its `variant` cell (axes follow it by `-`)."""
    own = item.cells.get("variant", "")
    return not own or row.variant == own or row.variant.startswith(f"{own}-")


def _reasons(rows: Sequence[ResultRow]) -> dict[str, str]:
    """Join what is wrong with some clips, each reason once."""
    codes = dict.fromkeys(row.error_code for row in rows if row.error_code)
    errors = dict.fromkeys(row.error for row in rows if row.error)
    return {"error_code": ";".join(codes), "error": "; ".join(errors)}


def _xlsx(rows: Sequence[ResultRow]) -> bytes:
    content = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    frame = pd.DataFrame([_typed_cells(row) for row in rows], columns=list(COLUMNS), dtype="object")
    with pd.ExcelWriter(
        content, engine="xlsxwriter", engine_kwargs={"options": options | {"in_memory": True}}
    ) as writer:
        frame.to_excel(writer, sheet_name="results", index=False, freeze_panes=(1, 0))
        sheet = writer.sheets["results"]
        money = writer.book.add_format({"num_format": "0.00"})
        for x, column in enumerate(COLUMNS):
            width = _WIDE.get(column, _USUAL_WIDTH)
            sheet.set_column(x, x, width, money if column == "cost" else None)
        sheet.autofilter(0, 0, len(rows), len(COLUMNS) - 1)
    return content.getvalue()


def _typed_cells(row: ResultRow) -> dict[str, float | str | None]:
    """Give numbers as numbers and everything else as text that a workbook can hold."""
    return {
        name: float(text) if text and name in _NUMBERS else _printable(text)[:_CELL_LIMIT] or None
        for name, text in _cells(row).items()
    }


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _write(target: Path, content: bytes) -> Message | None:
    """Write one file; warn when it got another name."""
    written = write_free_name(target, content)
    if written == target:
        return None
    return msg(
        "{name} is held open by another program: the new one is {written}",
        name=target.name,
        written=written.name,
    )
