"""A plan as `plan --json` tells it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from batchgen.item import Fault
from batchgen.messages import Message, msg
from batchgen.plan.values import Action, Plan, PlannedClip, plain


def plan_summary(plan: Plan, say: Callable[[Message], str]) -> dict[str, Any]:
    """Give the figures of a plan, ready for JSON; `say` words a warning for its reader.

    `clips`, `cost` and `by_model` are what `run` would buy; `invalid` counts rows.
    """
    models = sorted({entry.clip.request.model for entry in plan.to_buy})
    return {
        **_sum(plan.to_buy),
        "currency": plan.currency,
        "by_model": {
            model: _sum(entry for entry in plan.to_buy if entry.clip.request.model == model)
            for model in models
        },
        "already_done": sum(entry.action is Action.DONE for entry in plan.clips),
        "changed": _sum(entry for entry in plan.clips if entry.action is Action.CHANGED),
        "invalid": len({(fault.file, fault.row) for fault in plan.faults}),
        "duplicates": plan.duplicates,
        "eta": {tier: round(seconds) for tier, seconds in plan.eta.items()},
        "over_budget": any(warning.code == "over-budget" for warning in plan.warnings),
        "warnings": [say(_placed(warning)) for warning in plan.warnings],
    }


def _sum(entries: Iterable[PlannedClip]) -> dict[str, Any]:
    prices = [entry.clip.price for entry in entries]
    return {"clips": len(prices), "cost": plain(sum(prices, Decimal(0)))}


def _placed(warning: Fault) -> Message:
    if warning.row is None:
        return warning.message
    return msg("row {row}: {message}", row=warning.row, message=warning.message)
