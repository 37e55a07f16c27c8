"""The money rules: which budgets a purchase must keep, and sums of what was bought. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from batchgen.clip import Attempt, Balance, Intent, MoneyPlace
from batchgen.job.schema import Budget, Window
from batchgen.messages import Message, msg
from batchgen.provider.port import StopReason
from batchgen.state.store import Limit, Purse, Run, purses_of

#: Days and months of budgets follow this zone, where the job's window names none (contract,
#: section 9).
BUDGET_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """The money of all attempts that share the same values of the chosen dimensions."""

    #: Dimension -> value, in the order asked for.
    group: Mapping[str, str]
    currency: str
    #: Attempts counted, released ones included.
    attempts: int
    balance: Balance
    released: Decimal


#: What money can be grouped by, beside the columns that budgets count by; a day is that of the
#: attempt's making.
_DIMENSIONS: Mapping[str, Callable[[Attempt, tzinfo], str]] = {
    "job": lambda attempt, _: attempt.job,
    "sku": lambda attempt, _: attempt.key.sku,
    "model": lambda attempt, _: attempt.model,
    "day": lambda attempt, zone: (
        datetime.fromtimestamp(attempt.created_at, UTC).astimezone(zone).date().isoformat()
    ),
    "variant": lambda attempt, _: attempt.key.variant,
    "run": lambda attempt, _: attempt.run_id,
    "account": lambda attempt, _: str(attempt.account),
}
DIMENSIONS = tuple(_DIMENSIONS)


def ledger(
    attempts: Iterable[Attempt], by: Sequence[str], zone: tzinfo = BUDGET_ZONE
) -> list[LedgerLine]:
    """Sum attempts grouped by dimensions or budgets' columns, sorted; currencies stay apart."""
    groups: dict[tuple[str, ...], dict[MoneyPlace, Decimal]] = {}
    counts: dict[tuple[str, ...], int] = {}
    for attempt in attempts:
        key = (*(_value(attempt, name, zone) for name in by), attempt.currency)
        sums = groups.setdefault(key, dict.fromkeys(MoneyPlace, Decimal(0)))
        sums[attempt.money] += attempt.price
        counts[key] = counts.get(key, 0) + 1
    return [
        LedgerLine(
            group=dict(zip(by, key[:-1], strict=True)),
            currency=key[-1],
            attempts=counts[key],
            balance=Balance(
                reserved=sums[MoneyPlace.RESERVED],
                at_risk=sums[MoneyPlace.AT_RISK],
                spent=sums[MoneyPlace.SPENT],
            ),
            released=sums[MoneyPlace.RELEASED],
        )
        for key, sums in sorted(groups.items())
    ]


def columns_of(attempts: Iterable[Attempt], budget: Collection[str] = ()) -> list[str]:
    """List the columns that money is counted by: those of the job's `budget`, and of purchases."""
    return sorted({*budget, *(column for it in attempts for column in it.tags)} - {*DIMENSIONS})


def _value(attempt: Attempt, name: str, zone: tzinfo) -> str:
    """Give a dimension's value; a column that no budget counted by then is empty."""
    if name in _DIMENSIONS:
        return _DIMENSIONS[name](attempt, zone)
    return attempt.tags.get(name, "")


def budget_zone(window: Window | None) -> ZoneInfo:
    """Give the zone by which a job's budgets count days and months."""
    return BUDGET_ZONE if window is None else ZoneInfo(window.timezone)


def day_of(now: float, zone: tzinfo = BUDGET_ZONE) -> str:
    """Give the day of a time (UTC seconds) in the budgets' zone, as `2026-11-23`."""
    return datetime.fromtimestamp(now, UTC).astimezone(zone).date().isoformat()


def limits_of(
    budget: Budget, run: Run, intent: Intent, day: str, zone: ZoneInfo = BUDGET_ZONE
) -> list[Limit]:
    """List every limit that the purchase must keep: the run's own, and those of the job file."""
    ceilings: dict[str, Decimal | None] = {**budget.ceilings(), "run": run.budget}
    return [
        Limit(purse, ceiling, zone.key)
        for purse in purses_of(intent, run.id, run.job, day)
        if (ceiling := ceilings.get(purse.kind)) is not None
    ]


def budget_name(purse: Purse, zone: str) -> Message:
    """Name the budget of one purse, and when it is fresh again."""
    if purse.kind.startswith("by:"):
        column = purse.kind.removeprefix("by:")
        return msg("the budget of {column} {value}", column=column, value=purse.key)
    names = {
        "run": msg("the budget of this run"),
        "job": msg("the budget of job {value}", value=purse.key),
        "day": msg(
            "the budget of day {value} ({zone}), fresh at 00:00 there",
            value=purse.key,
            zone=zone,
        ),
        "month": msg(
            "the budget of month {value} ({zone}), fresh on the 1st there",
            value=purse.key,
            zone=zone,
        ),
        "sku": msg("the budget of SKU {value}", value=purse.key),
    }
    return names[purse.kind]


def continues(last: Run, asked: Decimal | None, opened_at: float | None = None) -> bool:
    """Tell whether a start goes on with the job's last run instead of opening a new one.

    A killed or interrupted run is continued. So is one that a budget stopped, unless another
    budget is asked for, or the job's window opened since (at `opened_at`): a scheduler's retry gets
    no fresh money.
    """
    if last.ended_at is None or last.stopped == StopReason.SIGNAL:
        return True
    if opened_at is not None and last.ended_at < opened_at:
        return False
    return last.stopped == StopReason.BUDGET and (asked is None or asked == last.budget)
