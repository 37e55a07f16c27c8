"""The nouns of a provider's bill. Pure values; knows no file and nothing of what we bought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from batchgen.item import Fault


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of the bill as it was read: the header of each column -> its text."""

    #: As a spreadsheet counts: the header is row 1.
    number: int
    cells: Mapping[str, str]
    #: Headers of the cells whose last digits a workbook lost.
    cut: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BillRow:
    """One charge, correction or refund. It has a task id, a request id, or both."""

    #: As `BillLine.number`.
    number: int
    #: Exact, in the bill's currency; a refund is negative.
    amount: Decimal
    task_id: str | None = None
    request_id: str | None = None
    #: UTC seconds, or None when the bill does not say.
    at: float | None = None
    #: As the bill names it, or None.
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """The time that a bill covers, in UTC seconds, both ends included."""

    first: float
    last: float
    #: A person said it; else it reaches from the first row to the last.
    is_said: bool = False
    #: It was said to reach beyond the moment at which it was read, and ends there.
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Bill:
    """Everything that a bill says."""

    #: As the person named it.
    file: str
    currency: str
    #: What is known (`columns.NAMES`) -> header of the file.
    columns: Mapping[str, str]
    rows: tuple[BillRow, ...]
    #: None when no row has a time and nobody said it.
    period: Period | None
    #: Rows that cannot be used: each may be any charge.
    faults: tuple[Fault, ...] = ()
    #: Numbers of the lines that only sum the others up; they are left out.
    sums: tuple[int, ...] = ()
    #: Headers that mean nothing known, over cells that look like times.
    time_like: tuple[str, ...] = ()
