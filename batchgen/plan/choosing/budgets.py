"""Which budgets a plan passes. Pure arithmetic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from batchgen.job.schema import Budget
from batchgen.messages import Message, msg
from batchgen.plan.values import Clip, History, Plan, plain

_WIDE = ("run", "job", "day", "month")


def passed_budgets(budget: Budget, plan: Plan, history: History) -> Iterator[Message]:
    """Say of each budget that buying all of a plan would pass it."""
    ceilings = budget.ceilings()
    for kind in _WIDE:
        if kind in ceilings and plan.to_buy:
            committed = history.committed.get(kind, Decimal(0))
            yield from _passed(kind, ceilings[kind], plan.cost + committed)
    for (kind, name), cost in _narrow_costs(plan, ceilings).items():
        committed = history.purchases.committed(kind, name)
        label = f"{kind.removeprefix('by:')} {name}".rstrip()
        yield from _passed(label, ceilings[kind], cost + committed)


def _passed(budget: str, ceiling: Decimal, need: Decimal) -> Iterator[Message]:
    if need > ceiling:
        yield msg(
            "budget {budget} allows {ceiling}, with this plan it would be {need}:"
            " raise it, or the run stops there",
            budget=budget,
            ceiling=plain(ceiling),
            need=plain(need),
        )


def _narrow_costs(plan: Plan, ceilings: Mapping[str, Decimal]) -> dict[tuple[str, str], Decimal]:
    """Sum what each part of the job that has a budget would cost: SKU, or value of a column."""
    kinds = ceilings.keys() - set(_WIDE)
    costs: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in plan.to_buy if kinds else ():
        for kind, name in _narrow_purses(entry.clip):
            if kind in kinds:
                costs[kind, name] += entry.clip.price
    return costs


def _narrow_purses(clip: Clip) -> Iterator[tuple[str, str]]:
    yield "sku", clip.key.sku
    for column, value in clip.tags.items():
        yield f"by:{column}", value
