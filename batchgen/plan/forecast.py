"""What lies ahead of a plan: how long it takes, and which budgets it passes. Pure arithmetic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from statistics import median

from batchgen.clip import Attempt
from batchgen.job.schema import Budget
from batchgen.messages import Message, msg
from batchgen.plan.values import Clip, plain

#: Seconds of one task of a model that has no history here. The provider publishes no figure;
#: users of its and of like models report 30 to 155 s for a 4 s clip, most about a minute.
PRIOR_TASK_S = 60.0


def eta_s(
    clips_by_model: Mapping[str, int],
    slots: int,
    task_seconds: Mapping[str, Sequence[float]],
) -> float:
    """Expect how many seconds it takes to make all clips with so many tasks alive at once.

    `sum(clips x median) / slots`, and never less than the longest single task; 0 without clips.
    """
    lengths_s = {
        model: median(task_seconds.get(model) or [PRIOR_TASK_S])
        for model, count in clips_by_model.items()
        if count > 0
    }
    total_s = sum(lengths_s[model] * clips_by_model[model] for model in lengths_s)
    return max([total_s / slots, *lengths_s.values()])


def passed_budgets(
    budget: Budget, clips: Iterable[Clip], committed: Mapping[tuple[str, str], Decimal]
) -> Iterator[Message]:
    """Say of each budget that buying all the clips would pass it.

    `committed` is the money that each already has against it, as (kind, SKU or column's value).
    """
    ceilings = budget.ceilings()
    costs: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for clip in clips:
        for purse in _purses(clip):
            costs[purse] += clip.price
    for (kind, name), cost in costs.items():
        need = cost + committed.get((kind, name), Decimal(0))
        if kind in ceilings and need > ceilings[kind]:
            yield msg(
                "budget {budget} allows {ceiling}, with this plan it would be {need}:"
                " raise it, or the run stops there",
                budget=f"{kind.removeprefix('by:')} {name}".rstrip(),
                ceiling=plain(ceilings[kind]),
                need=plain(need),
            )


def _purses(clip: Clip) -> Iterator[tuple[str, str]]:
    """Name every sum that the clip's price counts in, as (kind, SKU or value of the column)."""
    for kind in ("run", "job", "day", "month"):
        yield kind, ""
    yield from narrow_purses(clip)


def narrow_purses(bought: Clip | Attempt) -> Iterator[tuple[str, str]]:
    """Name the sums of a part of the job: that of the SKU, and of each column's value."""
    yield "sku", bought.key.sku
    for column, value in bought.tags.items():
        yield f"by:{column}", value
