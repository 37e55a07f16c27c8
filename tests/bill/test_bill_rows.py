"""Cells of a bill as people, Excel and Chinese exports write them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from batchgen.bill.cells import (
    looks_like_time,
    read_amount,
    read_currency,
    read_id,
    read_time,
    write_time,
)
from batchgen.bill.rows import read_rows
from batchgen.bill.values import BillLine, BillRow
from batchgen.item import Fault

ZONE = ZoneInfo("Asia/Shanghai")
COLUMNS = {name: name for name in ("task_id", "request_id", "price", "at", "model", "currency")}


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("1.25", "1.25", None),
        ("¥1.25", "1.25", "CNY"),
        ("1.25元", "1.25", "CNY"),
        ("US$ 0.20", "0.20", "USD"),
        ("1,234.50", "1234.50", None),
        ("１．２５", "1.25", None),
        ("-1.25", "-1.25", None),
        ("\u22121.25", "-1.25", None),
        ("￥-1.25", "-1.25", "CNY"),
        ("(1.25)", "-1.25", None),
        ("0.001234", "0.001234", None),
        ("1.2E-05", "0.000012", None),
    ],
)
def test_an_amount_is_read_exactly(text: str, amount: str, currency: str | None) -> None:
    """Signs, separators and every decimal are kept."""
    assert read_amount(text) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    "text", ["", "-", "1,25", "12,34", "1.2.3", "nan", "1e99", "1E-99", "one", "9" * 19]
)
def test_an_amount_is_never_guessed(text: str) -> None:
    """What could be read in two ways, or is no money, is refused."""
    with pytest.raises(ValueError, match=r".*"):
        read_amount(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23 09:05:01", "2026-11-23T01:05:01+00:00"),
        ("2026/1/3 9:05", "2026-01-03T01:05:00+00:00"),
        ("2026年11月23日 09:05:01", "2026-11-23T01:05:01+00:00"),
        ("2026-11-23", "2026-11-22T16:00:00+00:00"),
        ("20261123", "2026-11-22T16:00:00+00:00"),
        ("2026-11-23T01:05:01.500Z", "2026-11-23T01:05:01.500000+00:00"),
        ("2026-11-23 09:05:01 GMT+08:00", "2026-11-23T01:05:01+00:00"),
        ("2026-11-22T20:05:01-0500", "2026-11-23T01:05:01+00:00"),
        ("1795394701", "2026-11-23T00:45:01+00:00"),
        ("1795394701000", "2026-11-23T00:45:01+00:00"),
    ],
)
def test_a_time_is_read(text: str, moment: str) -> None:
    """With its zone where it names one, else in the account's."""
    assert read_time(text, ZONE) == datetime.fromisoformat(moment).timestamp()


@pytest.mark.parametrize(
    "text", ["2026-11", "202611", "2026年11月", "2026-11-01 ~ 2026-11-30", "2026/11/1至2026/11/30"]
)
def test_a_billing_period_tells_no_moment(text: str) -> None:
    """A month or a span is no fault, and no time of a charge."""
    assert read_time(text, ZONE) is None


def test_a_time_is_written_as_bills_do() -> None:
    """What was read in a zone is told in it."""
    text = "2026-11-23 09:05:01"
    moment = read_time(text, ZONE)
    assert moment is not None
    assert write_time(moment, ZONE) == text


@pytest.mark.parametrize(
    ("text", "is_time"),
    [("2026-11-23 09:05", True), ("1795394701", False), ("2026-11", False), ("cup", False)],
)
def test_what_looks_like_a_time_is_told(text: str, is_time: bool) -> None:
    """Figures alone may be an id or an amount."""
    assert looks_like_time(text) is is_time


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2026-11-23 25:00", "0001-01-01", "45000"])
def test_a_time_is_never_guessed(text: str) -> None:
    """What is no time of this century is refused."""
    with pytest.raises(ValueError, match=r".*"):
        read_time(text, ZONE)


@pytest.mark.parametrize(
    ("text", "name"),
    [("123", "123"), ("'123", "123"), ("`123", "123"), ('="123"', "123"), ("--", None), ("", None)],
)
def test_an_id_loses_what_guards_it(text: str, name: str | None) -> None:
    """Signs that keep Excel from rounding are no part of an id."""
    assert read_id(text) == name


def test_currencies_have_one_name() -> None:
    """Words and signs become codes; others stay."""
    assert [read_currency(text) for text in ("人民币", "￥", "usd", "eur")] == [
        "CNY",
        "CNY",
        "USD",
        "EUR",
    ]


def read(*lines: BillLine) -> tuple[list[BillRow], list[Fault], list[int]]:
    """Read lines of a bill in yuan."""
    return read_rows(lines, file="bill.csv", columns=COLUMNS, currency="CNY", zone=ZONE)


def a_line(number: int = 2, **cells: str) -> BillLine:
    """Make a line; what is not said is an ordinary charge."""
    return BillLine(number, {"task_id": "t1", "price": "1.25"} | cells)


def test_a_row_is_read_whole() -> None:
    """Every cell that means something."""
    line = a_line(request_id="r1", at="1795394701", model="vidu2-image", currency="元")
    rows, faults, sums = read(line)
    assert rows == [BillRow(2, Decimal("1.25"), "t1", "r1", 1795394701.0, "vidu2-image")]
    assert (faults, sums) == ([], [])


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        pytest.param({"price": ""}, "price", "bill-amount", id="no amount"),
        pytest.param({"price": "1,25"}, "price", "bill-amount", id="an unclear amount"),
        pytest.param({"task_id": "-"}, "task_id", "bill-id", id="no id"),
        pytest.param({"task_id": "2.02611E+17"}, "task_id", "bill-id", id="a rounded id"),
        pytest.param({"at": "soon"}, "at", "bill-time", id="no time"),
        pytest.param({"currency": "USD"}, "currency", "bill-currency", id="another currency"),
        pytest.param({"price": "$1.25"}, "price", "bill-currency", id="another sign"),
    ],
)
def test_a_row_that_cannot_be_used_is_a_fault(
    cells: dict[str, str], column: str, code: str
) -> None:
    """It is named by file, row, column and code, and is no row of money."""
    rows, (fault,), _ = read(a_line(7, **cells))
    assert rows == []
    assert (fault.file, fault.row, fault.column, fault.code) == ("bill.csv", 7, column, code)


def test_an_id_that_a_workbook_cut_is_a_fault() -> None:
    """An id of which Excel kept 15 digits would match a wrong task."""
    _, (fault,), _ = read(
        BillLine(2, {"task_id": "2026112300000000", "price": "1"}, frozenset({"task_id"}))
    )
    assert fault.code == "bill-id"


def test_every_fault_of_a_row_is_told() -> None:
    """One reading of the bill is enough to mend it."""
    _, faults, _ = read(a_line(price="x", at="x"))
    assert [fault.code for fault in faults] == ["bill-amount", "bill-time"]


@pytest.mark.parametrize("cells", [{"task_id": "合计"}, {"task_id": "", "model": "Total:"}])
def test_a_line_that_sums_up_is_no_charge(cells: dict[str, str]) -> None:
    """It is left out by its number; a charge whose model begins so is none."""
    assert read(a_line(9, **cells)) == ([], [], [9])
    assert len(read(a_line(model="Total recall"))[0]) == 1
