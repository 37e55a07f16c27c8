"""Matches a provider's bill with our purchases: what agrees, and what only one side has. Pure.

A row of the bill belongs to a purchase by its task id, else by its request id, else by a task id
that another row names together with a request id of ours. Model, price and time never match a
row: they only say which unexplained charges a purchase in doubt may be (`may_be`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from batchgen.bill.values import Bill, BillRow, Period
from batchgen.clip import Attempt, MoneyPlace
from batchgen.video_models import MODELS

#: Seconds that bill and state may lie apart. Clouds book a call up to a day after it (Alibaba
#: Cloud, "QueryAccountBill", read 2026-11-23), and a bill's times may be of another zone.
SLACK_S = 24 * 3600.0


@dataclass(frozen=True)
class Charge:
    """All rows of the bill that concern one task: a charge, and what corrects it."""

    rows: tuple[BillRow, ...]

    @cached_property
    def amount(self) -> Decimal:
        """The sum of the rows."""
        return sum((row.amount for row in self.rows), Decimal(0))

    @cached_property
    def task_ids(self) -> tuple[str, ...]:
        """The tasks that the rows name, each once."""
        return tuple(dict.fromkeys(row.task_id for row in self.rows if row.task_id))

    @cached_property
    def request_ids(self) -> tuple[str, ...]:
        """The requests that the rows name, each once."""
        return tuple(dict.fromkeys(row.request_id for row in self.rows if row.request_id))

    @cached_property
    def at(self) -> float | None:
        """When the first of its rows was booked, in UTC seconds."""
        return min((row.at for row in self.rows if row.at is not None), default=None)

    @cached_property
    def model(self) -> str | None:
        """The model as the bill names it."""
        return next((row.model for row in self.rows if row.model), None)

    @cached_property
    def numbers(self) -> str:
        """Where it stands in the bill: `12, 40`."""
        return ", ".join(str(row.number) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Match:
    """A purchase of ours with what the bill charges for it."""

    attempt: Attempt
    charge: Charge
    #: The bill names another task for it than we do.
    is_misnamed: bool = False

    @property
    def ours(self) -> Decimal:
        """What it costs by our rows."""
        return our_price(self.attempt)

    @property
    def difference(self) -> Decimal:
        """What the bill charges more than our rows say."""
        return self.charge.amount - self.ours


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Each row of the bill and each purchase of the account, in exactly one of the lists."""

    bill: Bill
    #: Both sides have it at the same price.
    matched: tuple[Match, ...]
    #: Both sides have it, at different prices; what we call free counts as 0.
    differing: tuple[Match, ...]
    #: Both sides have it, at whatever price, but by its request it is another task than ours.
    misnamed: tuple[Match, ...]
    #: Money of ours in the bill's period that the bill does not charge.
    ours_only: tuple[Attempt, ...]
    #: Charges that no purchase of ours explains.
    theirs_only: tuple[Charge, ...]
    #: Money of ours that the bill does not charge, made before it begins, or after it ends.
    before: tuple[Attempt, ...]
    after: tuple[Attempt, ...]
    #: The same where the bill does not say what time it covers.
    undated: tuple[Attempt, ...]
    #: Purchases that cost nothing on either side.
    free: tuple[Attempt, ...]
    #: The task ids on the bill are those that the API gave us.
    names_our_tasks: bool
    #: The request ids on the bill are those that we sent, not ones of the provider's making.
    names_our_requests: bool

    @property
    def agrees(self) -> bool:
        """Both sides have the same money, as far as the bill could be read and reaches."""
        return not (
            self.differing
            or self.misnamed
            or self.ours_only
            or self.theirs_only
            or self.undated
            or self.bill.faults
        )

    @property
    def found(self) -> tuple[Match, ...]:
        """Every purchase that the bill has, at whatever price."""
        return self.matched + self.differing + self.misnamed

    @property
    def ours(self) -> Decimal:
        """Our money for what is compared."""
        return sum(
            [match.ours for match in self.found] + [our_price(it) for it in self.ours_only],
            Decimal(0),
        )

    @property
    def theirs(self) -> Decimal:
        """The provider's total."""
        return sum((row.amount for row in self.bill.rows), Decimal(0))

    def may_be(self, attempt: Attempt) -> tuple[Charge, ...]:
        """List the unexplained charges that this purchase may be, by model, time and ids.

        The amount does not count: a bill may carry a discount.
        """
        return tuple(it for it in self.theirs_only if it.amount > 0 and self._is_like(it, attempt))

    def _is_like(self, charge: Charge, attempt: Attempt) -> bool:
        if charge.request_ids and self.names_our_requests:
            return False
        if charge.task_ids and attempt.task_id and self.names_our_tasks:
            return False
        model = (charge.model or "").casefold()
        if model in MODELS and model != attempt.model:
            return False
        first, last = attempt.created_at - SLACK_S, last_touched_at(attempt) + SLACK_S
        return charge.at is None or first <= charge.at <= last


def reconcile(bill: Bill, attempts: Sequence[Attempt]) -> Reconciliation:
    """Compare a bill with all purchases of its account, oldest first."""
    charges, unexplained = _charges(bill.rows, attempts)
    found = _told_apart([Match(it, charges[it.id]) for it in attempts if it.id in charges])
    alike = [match for match in found if not match.is_misnamed]
    missing = [it for it in attempts if it.id not in charges]
    charged = [it for it in missing if our_price(it)]
    period = bill.period
    return Reconciliation(
        bill=bill,
        matched=tuple(match for match in alike if not match.difference),
        differing=tuple(match for match in alike if match.difference),
        misnamed=tuple(match for match in found if match.is_misnamed),
        ours_only=tuple(it for it in charged if period and _is_in(it, period)),
        theirs_only=unexplained,
        before=tuple(it for it in charged if period and it.created_at < period.first),
        after=tuple(it for it in charged if period and it.created_at > period.last),
        undated=tuple(it for it in charged if period is None),
        free=tuple(it for it in missing if not our_price(it)),
        names_our_tasks=any(it.attempt.task_id in it.charge.task_ids for it in found),
        names_our_requests=any(it.attempt.request_id in it.charge.request_ids for it in found),
    )


def our_price(attempt: Attempt) -> Decimal:
    """Give what a purchase costs by our rows: nothing, once its money is released."""
    return Decimal(0) if attempt.money is MoneyPlace.RELEASED else attempt.price


def last_touched_at(attempt: Attempt) -> float:
    """Give when the provider last had reason to charge a purchase, in UTC seconds.

    A request whose answer was lost may have been sent again later, and a task may end late.
    """
    return max(attempt.created_at, attempt.submitted_at or 0.0, attempt.finished_at or 0.0)


def _told_apart(found: Sequence[Match]) -> list[Match]:
    """Mark what the bill has by its request, but as another task.

    Where that is so of several and of no other, the ids are of the bill's own making: they tell
    nothing, and none is marked.
    """
    named = [it for it in found if it.attempt.task_id and it.charge.task_ids]
    others = {it.attempt.id for it in named if it.attempt.task_id not in it.charge.task_ids}
    if len(others) > 1 and len(others) == len(named):
        return list(found)
    return [replace(it, is_misnamed=it.attempt.id in others) for it in found]


def _is_in(attempt: Attempt, period: Period) -> bool:
    return period.first <= attempt.created_at <= period.last


def _charges(
    rows: Sequence[BillRow], attempts: Sequence[Attempt]
) -> tuple[dict[int, Charge], tuple[Charge, ...]]:
    """Give the charge of each purchase by its id, and the others joined by what they name."""
    by_task = {str(it.task_id): it.id for it in attempts if it.task_id}
    by_request = {it.request_id: it.id for it in attempts}
    learnt = {
        row.task_id: by_request[row.request_id]
        for row in rows
        if row.task_id and row.request_id in by_request
    }
    ours: dict[int, list[BillRow]] = {}
    others: dict[str, list[BillRow]] = {}
    for row in rows:
        task, request = row.task_id or "", row.request_id or ""
        owner = by_task.get(task) or by_request.get(request) or learnt.get(task)
        if owner is None:
            others.setdefault(task or request, []).append(row)
        else:
            ours.setdefault(owner, []).append(row)
    unexplained = tuple(Charge(tuple(rows)) for rows in others.values())
    return {owner: Charge(tuple(rows)) for owner, rows in ours.items()}, unexplained
