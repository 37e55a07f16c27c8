"""How a plan looks on a terminal."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from batchgen.cli.hints import again
from batchgen.cli.showing.changes import tell_changes
from batchgen.cli.showing.samples import tell_samples
from batchgen.cli.speech import heard, tell, tell_faults, tell_table
from batchgen.engine import Workspace
from batchgen.item import LeftOut
from batchgen.messages import Message, msg
from batchgen.plan.forecasting.forecast import finishing_times
from batchgen.plan.forecasting.queues import Forecast
from batchgen.plan.values import BUYING, Action, Plan, plain

_REASONS = {
    Action.BUY: msg("new"),
    Action.BUY_TAKE: msg("more takes"),
    Action.BUY_CHANGED: msg("changed"),
    Action.BUY_ORDERED: msg("ordered again"),
}
#: More minutes than this are told as hours.
_MANY_MINUTES = 120
_MANY_HOURS = 48


def show_plan(workspace: Workspace, plan: Plan) -> None:
    """Print a plan: the count and the sum first."""
    _show_sum(plan)
    _show_rows(workspace, plan)
    _show_reasons(plan)
    if plan.to_buy:
        _show_models(plan)
        _show_times(workspace, plan)
        tell_samples(plan)
    _show_others(plan)
    tell_changes(plan)
    if plan.warnings:
        tell(msg("warnings:"))
        tell_faults(plan.warnings)


def _show_sum(plan: Plan) -> None:
    """Print what is bought now; of a selection also how much of all it is."""
    clips = len(plan.to_buy)
    line = msg(
        "clips to buy: {clips}, for {cost} {currency}",
        clips=clips,
        cost=plain(plan.cost),
        currency=plan.currency,
    )
    later = plan.count_of(Action.NOT_NOW)
    if later or plan.selection.is_narrowed:
        line = msg("{line} ({clips} of {all} selected)", line=line, clips=clips, all=clips + later)
    tell(line)


def _show_rows(workspace: Workspace, plan: Plan) -> None:
    """Print where the clips come from and how many rows became some."""
    tell(
        msg(
            "job {job}, account {account}, {rows} rows of {file}",
            job=plan.job,
            account=str(plan.account),
            rows=plan.rows,
            file=workspace.job.manifest.name,
        )
    )
    tell_left_out(plan)
    _show_skipped(plan)


def tell_left_out(plan: Plan) -> None:
    """Say how many rows nothing is made of, and why."""
    wanted, repeated = plan.left_out.get(LeftOut.WHERE, 0), plan.left_out.get(LeftOut.DUPLICATE, 0)
    if wanted:
        tell(msg("rows left out by manifest.where: {count}", count=wanted))
    if repeated:
        tell(msg("rows left out because their SKU stood before: {count}", count=repeated))


def _show_skipped(plan: Plan) -> None:
    """Say how many rows the job leaves out for their faults."""
    if plan.skip_invalid and plan.faults:
        tell(
            msg(
                "rows left out for their faults: {count}; `{command}` lists them",
                count=len({(fault.file, fault.row) for fault in plan.faults}),
                command=again("check"),
            )
        )


def _show_reasons(plan: Plan) -> None:
    """Say why clips are bought, where some are not simply new."""
    if plan.count_of(*BUYING - {Action.BUY}):
        counts = [(words, plan.count_of(action)) for action, words in _REASONS.items()]
        reasons = ", ".join(f"{heard(words)} {count}" for words, count in counts if count)
        tell(msg("why they are bought: {reasons}", reasons=reasons))


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


def _show_others(plan: Plan) -> None:
    """Say what is not bought, and why; what changed is told by `tell_changes`."""
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
        Action.NOT_NOW: msg("left for later: {count}", count=counts[Action.NOT_NOW]),
    }
    for action, line in lines.items():
        if counts[action]:
            tell(line)
