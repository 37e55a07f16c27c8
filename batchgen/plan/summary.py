"""A plan as `plan --json` tells it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from batchgen.item import Fault
from batchgen.messages import Message, msg
from batchgen.plan.forecast import finishing_times
from batchgen.plan.values import BUYING, Action, Kind, Plan, plain


def plan_summary(plan: Plan, say: Callable[[Message], str]) -> dict[str, Any]:
    """Give the figures of a plan, ready for JSON; `say` words a warning for its reader.

    `clips`, `cost` and `by_model` are what `run` would buy; `invalid` counts rows; `eta` is in
    seconds, and so is `eta_band`, in which it lies in 8 of 10 cases.
    """
    times = finishing_times(plan)
    return {
        **_sum(plan, lambda kind: kind.action in BUYING),
        "currency": plan.currency,
        "by_model": {model: _sum(plan, _bought_of(model)) for model in sorted(plan.bought_models)},
        "already_done": plan.count_of(Action.DONE),
        "changed": _sum(plan, lambda kind: kind.action is Action.CHANGED),
        "invalid": len({(fault.file, fault.row) for fault in plan.faults}),
        "duplicates": plan.duplicates,
        "eta": {tier: round(time.expected_s) for tier, time in times.items()},
        "eta_band": {tier: [round(time.low_s), round(time.high_s)] for tier, time in times.items()},
        "over_budget": any(warning.code == "over-budget" for warning in plan.warnings),
        "warnings": [say(_placed(warning)) for warning in plan.warnings],
    }


def _bought_of(model: str) -> Callable[[Kind], bool]:
    return lambda kind: kind.action in BUYING and kind.model == model


def _sum(plan: Plan, counts: Callable[[Kind], bool]) -> dict[str, Any]:
    """Count the clips of some kinds, and sum their prices."""
    found = [(kind, count) for kind, count in plan.counts.items() if counts(kind)]
    cost = sum((kind.price * count for kind, count in found), plan.cost * 0)
    return {"clips": sum(count for _, count in found), "cost": plain(cost)}


def _placed(warning: Fault) -> Message:
    if warning.row is None:
        return warning.message
    return msg("row {row}: {message}", row=warning.row, message=warning.message)
