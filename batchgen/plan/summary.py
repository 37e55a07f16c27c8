"""A plan as `plan --json` tells it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from batchgen.item import LeftOut
from batchgen.messages import Message, msg
from batchgen.plan.choosing.changes import Change, ChangedClip, Delta, delta_of
from batchgen.plan.forecasting.forecast import finishing_times
from batchgen.plan.values import BUYING, Action, Kind, Plan, plain

#: Changed clips that are told one by one.
LISTED = 1000
#: Why clips are bought.
_REASONS = {
    "new": Action.BUY,
    "takes": Action.BUY_TAKE,
    "changed": Action.BUY_CHANGED,
    "ordered": Action.BUY_ORDERED,
}


def plan_summary(plan: Plan, say: Callable[[Message], str]) -> dict[str, Any]:
    """Give the figures of a plan, ready for JSON; `say` words a warning for its reader.

    `clips`, `cost` and `by_model` are what `run` would buy; `invalid` counts rows; `eta` is in
    seconds, and so is `eta_band`, in which it lies in 8 of 10 cases. `reasons` says why clips are
    bought. `changed` has those that are not bought again, without `--changed`; its reasons, and
    `changes`, are of all whose request changed.
    """
    times = finishing_times(plan)
    delta = delta_of(plan, LISTED)
    return {
        **_sum(plan, lambda kind: kind.action in BUYING),
        "currency": plan.currency,
        "by_model": {model: _sum(plan, _bought_of(model)) for model in sorted(plan.bought_models)},
        "already_done": plan.count_of(Action.DONE),
        "reasons": {name: plan.count_of(action) for name, action in _REASONS.items()},
        "changed": _sum(plan, lambda kind: kind.action is Action.CHANGED) | _reasons(delta),
        "changes": [_changed(clip) for clip in delta.listed],
        "changes_left_out": delta.left_out,
        "invalid": len({(fault.file, fault.row) for fault in plan.faults}),
        "duplicates": plan.duplicates,
        "left_out": {
            reason.value: plan.left_out.get(reason, 0)
            for reason in (LeftOut.WHERE, LeftOut.DUPLICATE)
        },
        "eta": {tier: round(time.expected_s) for tier, time in times.items()},
        "eta_band": {tier: [round(time.low_s), round(time.high_s)] for tier, time in times.items()},
        "over_budget": any(warning.code == "over-budget" for warning in plan.warnings),
        "warnings": [say(message) for message in _placed(plan)],
    }


def _bought_of(model: str) -> Callable[[Kind], bool]:
    return lambda kind: kind.action in BUYING and kind.model == model


def _sum(plan: Plan, counts: Callable[[Kind], bool]) -> dict[str, Any]:
    """Count the clips of some kinds, and sum their prices."""
    found = [(kind, count) for kind, count in plan.counts.items() if counts(kind)]
    cost = sum((kind.price * count for kind, count in found), plan.cost * 0)
    return {"clips": sum(count for _, count in found), "cost": plain(cost)}


def _reasons(delta: Delta) -> dict[str, Any]:
    """Count the changed clips by what changed; one with several reasons counts for each."""
    return {
        "reasons": {reason.value: clips for reason, clips, _ in delta.reasons()},
        "parameters": dict(sorted(delta.parameters.items())),
    }


def _changed(clip: ChangedClip) -> dict[str, Any]:
    return {
        "sku": clip.key.sku,
        "variant": clip.key.variant,
        "take": clip.key.take,
        "price": plain(clip.price),
        "reasons": [_change(change) for change in clip.changes],
    }


def _change(change: Change) -> dict[str, str | None]:
    return {
        "reason": change.reason.value,
        "what": change.what,
        "old": change.old,
        "new": change.new,
    }


def _placed(plan: Plan) -> Iterator[Message]:
    """Say where each warning stands: its row, and its file where rows of several are told of."""
    placed = [report for report in (*plan.warnings, *plan.faults) if report.row is not None]
    is_one_file = len({report.file for report in placed}) <= 1
    for warning in plan.warnings:
        row, message = warning.row, warning.message
        if row is None:
            yield message
        elif is_one_file:
            yield msg("row {row}: {message}", row=row, message=message)
        else:
            yield msg("{file}, row {row}: {message}", file=warning.file, row=row, message=message)
