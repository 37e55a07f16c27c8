"""How a plan looks on a terminal."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from batchgen.cli.hints import again
from batchgen.cli.speech import heard, tell, tell_faults, tell_table
from batchgen.engine import Workspace
from batchgen.messages import Message, msg
from batchgen.plan.forecast import finishing_times
from batchgen.plan.values import BUYING, Action, Forecast, Plan, PlannedClip, plain

#: Prompts shown of each model, so that a wrong column is seen before money moves.
_SAMPLES = 3
#: More minutes than this are told as hours.
_MANY_MINUTES = 120
_MANY_HOURS = 48


def show_plan(workspace: Workspace, plan: Plan) -> None:
    """Print a plan: the count and the sum first."""
    tell(
        msg(
            "clips to buy: {clips}, for {cost} {currency}",
            clips=len(plan.to_buy),
            cost=plain(plan.cost),
            currency=plan.currency,
        )
    )
    tell(
        msg(
            "job {job}, account {account}, {rows} rows of {file}",
            job=plan.job,
            account=str(plan.account),
            rows=plan.rows,
            file=workspace.job.manifest.name,
        )
    )
    if plan.to_buy:
        _show_models(plan)
        _show_times(workspace, plan)
        _show_prompts(plan)
    _show_others(plan)
    if plan.warnings:
        tell(msg("warnings:"))
        tell_faults(plan.warnings)


def _show_models(plan: Plan) -> None:
    counts = Counter[tuple[str, Decimal]]()
    for kind, count in plan.counts.items():
        if kind.action in BUYING:
            counts[kind.model, kind.price] += count
    tell_table(
        [msg("model"), msg("clips"), msg("price"), msg("cost")],
        [(model, clips, price, clips * price) for (model, price), clips in sorted(counts.items())],
    )


def _show_times(workspace: Workspace, plan: Plan) -> None:
    """Print the finishing times; a simulator's say nothing of a real night."""
    if plan.account.provider == "simulator":
        return
    times = (heard(_time(tier, time)) for tier, time in finishing_times(plan).items())
    tell(
        msg(
            "finishing time by tier (in brackets: 8 times in 10): {times}; this account is {tier}",
            times=", ".join(times),
            tier=workspace.job.account.tier,
        )
    )
    window = workspace.job.window
    if window is not None:
        start = "" if window.start is None else f"{window.start:%H:%M}"
        tell(
            msg(
                "these are hours of buying: only {start}-{end} ({zone}) of each day is bought",
                start=start,
                end=f"{window.finish_by:%H:%M}",
                zone=window.timezone,
            )
        )


def _time(tier: str, time: Forecast) -> Message:
    """Word a finishing time in minutes, or in hours or days where those are many."""
    if time.high_s >= _MANY_HOURS * 3600:
        return msg("{tier} about {about} days ({low}-{high})", tier=tier, **_in(time, 86400, 1))
    if time.high_s >= _MANY_MINUTES * 60:
        return msg("{tier} about {about} h ({low}-{high})", tier=tier, **_in(time, 3600, 1))
    return msg("{tier} about {about} min ({low}-{high})", tier=tier, **_in(time, 60, 0))


def _in(time: Forecast, unit_s: int, digits: int) -> dict[str, str]:
    """Give a forecast in a unit; below one it is one."""
    spans = {"about": time.expected_s, "low": time.low_s, "high": time.high_s}
    least = 0.1 if digits else 1
    return {name: f"{max(span_s / unit_s, least):.{digits}f}" for name, span_s in spans.items()}


def _show_prompts(plan: Plan) -> None:
    tell(msg("sample prompts:"))
    for entry in _samples(plan):
        tell(
            msg(
                "  {model}  {clip}: {prompt}",
                model=entry.clip.request.model,
                clip=str(entry.clip.key),
                prompt=entry.clip.request.prompt,
            )
        )


def _samples(plan: Plan) -> list[PlannedClip]:
    """Give the first clips of each model, by model; looks no further than it must."""
    missing = {model: min(count, _SAMPLES) for model, count in plan.bought_models.items()}
    found: list[PlannedClip] = []
    for entry in plan.to_buy:
        model = entry.clip.request.model
        if missing[model]:
            missing[model] -= 1
            found.append(entry)
        if not any(missing.values()):
            break
    return sorted(found, key=lambda entry: entry.clip.request.model)


def _show_others(plan: Plan) -> None:
    """Say what is not bought, and why."""
    counts = {action: plan.count_of(action) for action in Action}
    lines = {
        Action.DONE: msg("done already: {count}", count=counts[Action.DONE]),
        Action.BRING_HOME: msg(
            "paid or running, will be brought home: {count}", count=counts[Action.BRING_HOME]
        ),
        Action.LEAVE: msg(
            "in doubt, refused, failed or lost: {count}; `{command}` lists them and says what to"
            " do",
            count=counts[Action.LEAVE],
            command=again("status"),
        ),
        Action.CHANGED: msg(
            "changed since they were bought: {count}; {cost} {currency} more with --changed",
            count=counts[Action.CHANGED],
            cost=plain(plan.cost_of(Action.CHANGED)),
            currency=plan.currency,
        ),
        Action.NOT_NOW: msg("left for later: {count}", count=counts[Action.NOT_NOW]),
    }
    for action, line in lines.items():
        if counts[action]:
            tell(line)
