"""A bill compared with the state, for programs: JSON, and CSV with one line for each entry."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from typing import Any

from batchgen.cli.speech import heard
from batchgen.clip import Attempt
from batchgen.item import Fault
from batchgen.output.rows import iso_time
from batchgen.plan.values import plain
from batchgen.spreadsheet import guarded
from batchgen.state.reconcile import Charge, Match, Reconciliation
from batchgen.state.settling import Decision, Settlement, restated

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sums:
    """One of the lists in figures."""

    count: int
    ours: Decimal
    theirs: Decimal

    @property
    def difference(self) -> Decimal:
        """What the bill charges more than our rows say."""
        return self.theirs - self.ours


def sums_of(found: Reconciliation) -> dict[str, Sums]:
    """Sum up the lists by their names."""
    return {
        "matched": _sums_of_matches(found.matched),
        "price_differs": _sums_of_matches(found.differing),
        "task_differs": _sums_of_matches(found.misnamed),
        "ours_only": Sums(
            len(found.ours_only), sum((it.price for it in found.ours_only), _ZERO), _ZERO
        ),
        "theirs_only": Sums(
            len(found.theirs_only), _ZERO, sum((it.amount for it in found.theirs_only), _ZERO)
        ),
    }


def _sums_of_matches(matches: Sequence[Match]) -> Sums:
    return Sums(
        count=len(matches),
        ours=sum((match.ours for match in matches), _ZERO),
        theirs=sum((match.charge.amount for match in matches), _ZERO),
    )


def comparison_json(
    found: Reconciliation, decisions: Iterable[Decision], settled: Iterable[Settlement]
) -> dict[str, Any]:
    """Give everything but the exit code."""
    bill = found.bill
    period = bill.period
    return {
        "bill": bill.file,
        "columns": dict(bill.columns),
        "first": None if period is None else iso_time(period.first),
        "last": None if period is None else iso_time(period.last),
        "currency": bill.currency,
        **{name: _figures(sums) for name, sums in sums_of(found).items()},
        "total": {
            "ours": plain(found.ours),
            "theirs": plain(found.theirs),
            "difference": plain(found.theirs - found.ours),
        },
        "not_compared": {
            "before": len(found.before),
            "after": len(found.after),
            "undated": len(found.undated),
        },
        "lines": [asdict(line) for line in _lines(found)],
        "settled": [_decision(settlement) for settlement in settled],
        "at_risk": [_decision(decision) for decision in decisions],
        "faults": [_fault(fault) for fault in bill.faults],
    }


def comparison_csv(found: Reconciliation) -> str:
    """Give the entries of the lists, safe to open in a spreadsheet."""
    text = io.StringIO()
    names = [field.name for field in fields(_Line)]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for line in _lines(found):
        writer.writerow(_guarded(asdict(line)))
    return text.getvalue().rstrip("\n")


@dataclass(frozen=True, slots=True)
class _Line:
    """One purchase, one charge, or both; money as text."""

    list: str
    currency: str
    ours: str = "0.00"
    theirs: str = "0.00"
    difference: str = "0.00"
    sku: str | None = None
    variant: str | None = None
    take: int | None = None
    status: str | None = None
    money: str | None = None
    task_id: str | None = None
    request_id: str | None = None
    model: str | None = None
    #: When the purchase was made, else when the charge was booked.
    at: str | None = None
    #: Where the bill has it, with commas.
    rows: str | None = None
    #: The task by which the bill has it, where that is not ours.
    bill_task_id: str | None = None


_AMOUNTS = ("ours", "theirs", "difference")


def _lines(found: Reconciliation) -> Iterator[_Line]:
    currency = found.bill.currency
    for name, matches in (
        ("matched", found.matched),
        ("price_differs", found.differing),
        ("task_differs", found.misnamed),
    ):
        for match in matches:
            line = _with_money(_Line(name, currency), match.ours, match.charge.amount)
            yield _with_attempt(_with_bill(line, match), match.attempt)
    for attempt in found.ours_only:
        yield _with_attempt(
            _with_money(_Line("ours_only", currency), attempt.price, _ZERO), attempt
        )
    for charge in found.theirs_only:
        yield _with_charge(_Line("theirs_only", currency), charge)


def _with_bill(line: _Line, match: Match) -> _Line:
    task_ids = ", ".join(match.charge.task_ids) if match.is_misnamed else None
    return replace(line, rows=match.charge.numbers, bill_task_id=task_ids)


def _with_money(line: _Line, ours: Decimal, theirs: Decimal) -> _Line:
    return replace(line, ours=plain(ours), theirs=plain(theirs), difference=plain(theirs - ours))


def _with_attempt(line: _Line, attempt: Attempt) -> _Line:
    return replace(
        line,
        sku=attempt.key.sku,
        variant=attempt.key.variant,
        take=attempt.key.take,
        status=attempt.status.value,
        money=attempt.money.value,
        task_id=attempt.task_id,
        request_id=attempt.request_id,
        model=attempt.model,
        at=iso_time(attempt.created_at),
    )


def _with_charge(line: _Line, charge: Charge) -> _Line:
    return replace(
        _with_money(line, _ZERO, charge.amount),
        task_id=", ".join(charge.task_ids) or None,
        request_id=", ".join(charge.request_ids) or None,
        model=charge.model,
        at=iso_time(charge.at),
        rows=charge.numbers,
    )


def _guarded(line: Mapping[str, Any]) -> dict[str, Any]:
    """Guard the texts; amounts are ours, and their minus sign is no formula."""
    return {
        name: guarded(value) if isinstance(value, str) and name not in _AMOUNTS else value
        for name, value in line.items()
    }


def _figures(sums: Sums) -> dict[str, Any]:
    return {
        "count": sums.count,
        "ours": plain(sums.ours),
        "theirs": plain(sums.theirs),
        "difference": plain(sums.difference),
    }


def _decision(decision: Decision) -> dict[str, Any]:
    """Tell what becomes of a purchase in doubt; one that stays as it is has its candidates."""
    attempt = decision.attempt
    after = restated(decision) if isinstance(decision, Settlement) else attempt
    told = {
        "sku": attempt.key.sku,
        "variant": attempt.key.variant,
        "take": attempt.key.take,
        "task_id": after.task_id,
        "request_id": attempt.request_id,
        "cost": plain(attempt.price),
        "money": after.money.value,
        "status": after.status.value,
    }
    if isinstance(decision, Settlement):
        return told | {"settles": True, "reason": heard(decision.reason)}
    rows = [charge.numbers for charge in decision.candidates]
    return told | {"settles": False, "reason": heard(decision.why), "candidates": rows}


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "file": fault.file,
        "row": fault.row,
        "column": fault.column,
        "code": fault.code,
        "message": heard(fault.message),
    }
