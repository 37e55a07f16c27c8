"""Reads a provider's bill from its file, in whatever format and encoding it was exported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import Any

import click

from batchgen.bill.cells import looks_like_time
from batchgen.bill.columns import NAMES, recognise
from batchgen.bill.rows import read_rows
from batchgen.bill.values import Bill, BillLine, BillRow, Period
from batchgen.catalogue.formats import READERS
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Mark, Row, Skipped, Table
from batchgen.cli.speech import heard
from batchgen.errors import InputError
from batchgen.item import Fault
from batchgen.messages import msg
from batchgen.state.ledger import BUDGET_ZONE

#: Rows that tell whether a column has times.
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class BillOptions:
    """What a command line says of a bill."""

    path: Path
    #: Name (`bill.columns.NAMES`) -> header, where it was said.
    columns: Mapping[str, str]
    #: What the bill covers, where it was said.
    period: Period | None
    encoding: str | None


def _columns(ctx: click.Context, param: click.Parameter, value: str | None) -> dict[str, str]:
    said: dict[str, str] = {}
    for part in (value or "").split(","):
        name, _, header = part.strip().partition("=")
        if part.strip() and (name not in NAMES or not header):
            names = ", ".join(NAMES)
            raise click.BadParameter(
                heard(msg("write name=HEADER,...; the names are {names}", names=names))
            )
        if header:
            said[name] = header
    return said


def _period(ctx: click.Context, param: click.Parameter, value: str | None) -> Period | None:
    """Read `2026-11-01..2026-11-30`: whole days, both included."""
    if value is None:
        return None
    try:
        first, last = map(_midnight, map(date.fromisoformat, value.split("..")))
    except ValueError as error:
        raise click.BadParameter(heard(msg("write FIRST..LAST as 2026-11-01..2026-11-30"))) from (
            error
        )
    return Period(first.timestamp(), (last + timedelta(days=1)).timestamp() - 1, is_said=True)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BUDGET_ZONE)


_OPTIONS = (
    click.option(
        "--reconcile",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="BILL",
        help=heard(
            msg(
                "Match the provider's bill (csv, xlsx, json) with these rows. Rows of the bill are"
                " named as a spreadsheet counts them; in JSON the first is 1."
            )
        ),
    ),
    click.option(
        "--bill-columns",
        callback=_columns,
        metavar="NAME=HEADER,...",
        help=heard(msg("Which column of the bill is which: {names}.", names=", ".join(NAMES))),
    ),
    click.option(
        "--bill-period",
        callback=_period,
        metavar="FIRST..LAST",
        help=heard(msg("The days that the bill covers, if its rows do not show it.")),
    ),
)


def bill_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a bill; it receives them as one `bill`, None without one."""

    @wraps(command)
    def with_bill(**values: Any) -> Any:
        path, columns = values.pop("reconcile"), values.pop("bill_columns")
        period, encoding = values.pop("bill_period"), values["options"].encoding
        bill = None if path is None else BillOptions(path, columns, period, encoding)
        return command(bill=bill, **values)

    for option in reversed(_OPTIONS):
        with_bill = option(with_bill)
    return with_bill


def read_bill(said: BillOptions, currency: str, now: float) -> Bill:
    """Read the bill of an account that pays in `currency`; `now` is UTC seconds.

    Raises:
        InputError: the file cannot be read, or has no column of amounts or of ids.
    """
    source = _open(said)
    reader = READERS.get(source.suffix)
    if reader is None:
        raise source.error(
            msg("a bill ends in {suffixes}: export it as one of these", suffixes=", ".join(READERS))
        )
    table = reader(source)
    columns = recognise(table.columns, said.columns)
    rows, faults, sums = read_rows(
        (_line(entry) for entry in table.entries if isinstance(entry, Row)),
        file=source.file,
        columns=columns,
        currency=currency,
        zone=BUDGET_ZONE,
    )
    totals = (entry.reason.row for entry in table.entries if isinstance(entry, Skipped))
    is_dated = "at" in columns
    return Bill(
        file=source.file,
        currency=currency,
        columns=columns,
        rows=tuple(rows),
        period=_covered(said.period, rows, now),
        faults=_in_order(table, faults),
        sums=(*sums, *(row for row in totals if row is not None)),
        time_like=() if is_dated else tuple(_time_like(table, columns)),
    )


def _open(said: BillOptions) -> Source:
    source = Source(said.path.name, said.path, said.encoding or "auto")
    if not source.content().strip():
        raise InputError(msg("the bill {file} is empty", file=source.file))
    return source


def _line(row: Row) -> BillLine:
    cut = frozenset(name for name, mark in row.marks.items() if mark is Mark.DIGITS_LOST)
    return BillLine(row.number, row.cells, cut)


def _in_order(table: Table, faults: list[Fault]) -> tuple[Fault, ...]:
    unread = [entry for entry in table.entries if isinstance(entry, Fault)]
    return tuple(sorted((*unread, *faults), key=lambda fault: fault.row or 0))


def _time_like(table: Table, columns: Mapping[str, str]) -> Iterator[str]:
    """Name the columns that mean nothing yet, and in which the first rows have times."""
    rows = (entry for entry in table.entries if isinstance(entry, Row))
    looked_at = list(islice(rows, _LOOKED_AT))
    for header in table.columns:
        cells = [row.cells.get(header, "") for row in looked_at]
        filled = [cell for cell in cells if cell.strip()]
        if header not in columns.values() and filled and all(map(looks_like_time, filled)):
            yield header


def _covered(said: Period | None, rows: list[BillRow], now: float) -> Period | None:
    """Give what the bill covers; it cannot cover what is still to come."""
    if said is not None:
        return Period(said.first, min(said.last, now), is_said=True, is_cut=said.last > now)
    times = [row.at for row in rows if row.at is not None]
    return Period(min(times), max(times)) if times else None
