"""Turns the lines of a bill into rows of money, or into faults that say how to mend them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TypeVar

from batchgen.bill.cells import read_amount, read_currency, read_id, read_time
from batchgen.bill.values import BillLine, BillRow
from batchgen.item import Fault
from batchgen.messages import Message, msg

T = TypeVar("T")

#: How a line begins that only sums the others up.
_SUM = re.compile(r"(合计|总计|小计|总额|(sub|grand )?total\b|sum\b)", re.IGNORECASE)
_IDS = ("task_id", "request_id")


def read_rows(
    lines: Iterable[BillLine],
    *,
    file: str,
    columns: Mapping[str, str],
    currency: str,
    zone: tzinfo,
) -> tuple[list[BillRow], list[Fault], list[int]]:
    """Give the rows, what is wrong with the others, and the numbers of mere sums.

    `columns` is name -> header; `currency` is what the account pays in, and any other is a fault;
    `zone` is that of times that name none.
    """
    rows: list[BillRow] = []
    faults: list[Fault] = []
    sums: list[int] = []
    for line in lines:
        reading = _Reading(line, file, columns)
        if reading.is_sum():
            sums.append(line.number)
            continue
        row = reading.row(currency, zone)
        faults.extend(reading.faults)
        if row is not None and not reading.faults:
            rows.append(row)
    return rows, faults, sums


@dataclass(slots=True)
class _Reading:
    """The reading of one line; every fault of it is noted."""

    line: BillLine
    file: str
    columns: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)

    def cell(self, name: str) -> str:
        return self.line.cells.get(self.columns.get(name, ""), "").strip()

    def is_sum(self) -> bool:
        if any(self.cell(name) for name in _IDS if not _SUM.match(self.cell(name))):
            return False
        return any(_SUM.match(cell.strip()) for cell in self.line.cells.values())

    def row(self, currency: str, zone: tzinfo) -> BillRow | None:
        amount = self._read("price", read_amount, "bill-amount", _NO_AMOUNT, is_needed=True)
        task_id, request_id = (self._id(name) for name in _IDS)
        at = self._read("at", lambda text: read_time(text, zone), "bill-time", _NO_TIME)
        if task_id is None and request_id is None and not self._has("bill-id"):
            self._fault(next(name for name in _IDS if name in self.columns), "bill-id", _NO_ID)
        if amount is None:
            return None
        self._check_currency(amount[1], currency)
        return BillRow(
            number=self.line.number,
            amount=amount[0],
            task_id=task_id,
            request_id=request_id,
            at=at,
            model=self.cell("model") or None,
        )

    def _read(
        self,
        name: str,
        read: Callable[[str], T],
        code: str,
        remedy: Message,
        *,
        is_needed: bool = False,
    ) -> T | None:
        """Read one cell; an empty one is a fault only where it is needed."""
        text = self.cell(name)
        if not text and not is_needed:
            return None
        try:
            return read(text)
        except ValueError:
            self._fault(name, code, remedy)
            return None

    def _id(self, name: str) -> str | None:
        if self.columns.get(name) in self.line.cut:
            self._fault(name, "bill-id", _ID_CUT)
            return None
        return self._read(name, read_id, "bill-id", _ID_CUT)

    def _has(self, code: str) -> bool:
        return any(fault.code == code for fault in self.faults)

    def _check_currency(self, beside: str | None, currency: str) -> None:
        said = {beside, read_currency(self.cell("currency")) or None} - {None}
        if said - {currency}:
            name = "currency" if self.cell("currency") else "price"
            message = msg(
                "the account pays in {currency}: take rows of another currency out of the bill",
                currency=currency,
            )
            self._fault(name, "bill-currency", message)

    def _fault(self, name: str, code: str, remedy: Message) -> None:
        message = remedy
        text = self.cell(name)
        if text:
            message = msg("{cell}: {problem}", cell=text, problem=remedy)
        self.faults.append(
            Fault(self.file, self.line.number, self.columns.get(name), code, message)
        )


_NO_AMOUNT = msg("an amount is needed, such as 1.25, ¥1.25 or -1.25")
_NO_TIME = msg("a time is needed, such as 2026-11-23 14:05:00")
_NO_ID = msg("neither a task id nor a request id: fill one in, or take the row out of the bill")
_ID_CUT = msg("the workbook rounded this id: save the bill as .csv from the provider, not Excel")
