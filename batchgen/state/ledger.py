"""The money rules: which budgets a purchase must keep, and sums of what was bought. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from batchgen.clip import Attempt, Balance, Intent, MoneyPlace
from batchgen.job.schema import Budget
from batchgen.state.store import Limit, Run, purses_of

#: Days and months of budgets follow this zone (contract, section 9).
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


#: What money can be grouped by; a day is that of the attempt's making.
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
    """Sum attempts grouped by the named dimensions, sorted by them; currencies stay apart."""
    groups: dict[tuple[str, ...], dict[MoneyPlace, Decimal]] = {}
    counts: dict[tuple[str, ...], int] = {}
    for attempt in attempts:
        key = (*(_DIMENSIONS[name](attempt, zone) for name in by), attempt.currency)
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


def day_of(now: float) -> str:
    """Give the day of a time (UTC seconds) in the budgets' zone, as `2026-11-23`."""
    return datetime.fromtimestamp(now, UTC).astimezone(BUDGET_ZONE).date().isoformat()


def limits_of(budget: Budget, run: Run, intent: Intent, day: str) -> list[Limit]:
    """List every limit that the purchase must keep: the run's own, and those of the job file."""
    ceilings: dict[str, Decimal | None] = {**budget.ceilings(), "run": run.budget}
    return [
        Limit(purse, ceiling)
        for purse in purses_of(intent, run.id, run.job, day)
        if (ceiling := ceilings.get(purse.kind)) is not None
    ]
