"""How a plan looks on a terminal."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from batchgen.cli.hints import again
from batchgen.cli.speech import tell, tell_faults, tell_table
from batchgen.engine import Workspace
from batchgen.messages import msg
from batchgen.plan.values import Action, Plan, plain

#: Prompts shown of each model, so that a wrong column is seen before money moves.
_SAMPLES = 3


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
            file=workspace.job.manifest.path,
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
    counts = Counter((entry.clip.request.model, entry.clip.price) for entry in plan.to_buy)
    tell_table(
        [msg("model"), msg("clips"), msg("price"), msg("cost")],
        [(model, clips, price, clips * price) for (model, price), clips in sorted(counts.items())],
    )


def _show_times(workspace: Workspace, plan: Plan) -> None:
    """Print the finishing times; a simulator's say nothing of a real night."""
    if plan.account.provider == "simulator":
        return
    times = ", ".join(f"{tier} {_clock_face(seconds)}" for tier, seconds in plan.eta.items())
    tell(
        msg(
            "finishing time by tier (h:mm:ss): {times}; this account is {tier}",
            times=times,
            tier=workspace.job.account.tier,
        )
    )


def _show_prompts(plan: Plan) -> None:
    tell(msg("sample prompts:"))
    by_model = sorted(plan.to_buy, key=lambda entry: entry.clip.request.model)
    for model, entries in groupby(by_model, key=lambda entry: entry.clip.request.model):
        for entry in list(entries)[:_SAMPLES]:
            tell(
                msg(
                    "  {model}  {clip}: {prompt}",
                    model=model,
                    clip=str(entry.clip.key),
                    prompt=entry.clip.request.prompt,
                )
            )


def _show_others(plan: Plan) -> None:
    """Say what is not bought, and why."""
    counts = Counter(entry.action for entry in plan.clips)
    changed = [entry.clip.price for entry in plan.clips if entry.action is Action.CHANGED]
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
            count=len(changed),
            cost=plain(sum(changed, start=plan.cost * 0)),
            currency=plan.currency,
        ),
        Action.NOT_NOW: msg("left for later: {count}", count=counts[Action.NOT_NOW]),
    }
    for action, line in lines.items():
        if counts[action]:
            tell(line)


def _clock_face(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
