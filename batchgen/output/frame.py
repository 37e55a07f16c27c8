"""Results as a table for programs, read back from `results.jsonl`.

Knows the columns of the results only. pandas loads slowly, so import this where it is used.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.extensions import ExtensionDtype

from batchgen.errors import InputError
from batchgen.messages import msg
from batchgen.output.rows import COLUMNS, ResultRow, record_of

_TIMES = ("url_expires_at", "submitted_at", "finished_at", "downloaded_at")
_WHOLE_NUMBERS = ("take", "bytes", "width", "height", "attempts")


def results_frame(rows: Iterable[ResultRow]) -> pd.DataFrame:
    """Make a table of result rows, one column for each of `rows.COLUMNS`, in that order.

    Dtypes: `cost` is object, holding `Decimal` or None, so that sums are exact; `take bytes width
    height attempts` are Int64; `duration_s` is Float64; `url_expires_at submitted_at finished_at
    downloaded_at` are datetimes in UTC; all others are string, `<NA>` where there is nothing.
    """
    return _frame([record_of(row) for row in rows])


def read_results(output: Path) -> pd.DataFrame:
    """Read an output folder's `results.jsonl` as `results_frame` would have made it.

    Raises:
        InputError: the folder holds no readable results.
    """
    path = output / "results.jsonl"
    try:
        with path.open(encoding="utf-8", newline="\n") as lines:
            records = [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        raise InputError(
            msg(
                "{path} cannot be read: write it anew with `batchgen report JOB`",
                path=path,
            )
        ) from error
    return _frame(records)


def _frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    columns: dict[str, pd.Series[Any]] = {}
    for name in COLUMNS:
        values = [record.get(name) for record in records]
        if name in _TIMES:
            columns[name] = pd.to_datetime(pd.Series(values, dtype="object"), utc=True)
        elif name == "cost":
            exact = [None if value is None else Decimal(value) for value in values]
            columns[name] = pd.Series(exact, dtype="object")
        else:
            columns[name] = pd.Series(values, dtype=_dtype(name))
    return pd.DataFrame(columns)


def _dtype(column: str) -> str | ExtensionDtype:
    """Give a column's dtype; text is kept by Python: Arrow refuses what is no Unicode."""
    if column in _WHOLE_NUMBERS:
        return "Int64"
    return "Float64" if column == "duration_s" else pd.StringDtype("python")
