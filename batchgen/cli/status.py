"""`batchgen status JOB`: what is done, running, waiting, at risk, about to expire."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import click

from batchgen.cli.options import as_json, job_argument, job_options
from batchgen.cli.speech import heard, tell, tell_json, tell_table
from batchgen.clip import FETCHABLE, Attempt, Status
from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace, reading
from batchgen.messages import msg
from batchgen.output.rows import iso_time
from batchgen.plan.values import Plan, Selection, plain
from batchgen.state.store import Purse

#: What a person should look at, in the order of urgency.
_TROUBLE = (Status.READY, Status.UNCERTAIN, Status.LOST, Status.FAILED)


@click.command(
    "status", help=heard(msg("Show what is done, running, waiting, at risk, about to expire."))
)
@job_argument
@job_options
@as_json
def command(job: Path, options: Options, *, as_json: bool) -> None:
    """Tell how the clips of a job stand."""
    workspace = open_workspace(job, options, os.environ)
    now = SystemClock().now()
    with reading(workspace.state_path) as reader:
        plan = workspace.plan(reader, Selection(), now)
        purse = Purse("job", plan.job)
        money = None if reader is None else reader.balance(plan.account, purse)
    summary: dict[str, Any] = {
        "job": plan.job,
        "account": str(plan.account),
        **{status.value: count for status, count in _counts(plan).items()},
        "spent": plain(money.spent) if money else "0.00",
        "at_risk": plain(money.at_risk) if money else "0.00",
        "reserved": plain(money.reserved) if money else "0.00",
        "currency": plan.currency,
    }
    trouble = [attempt for status in _TROUBLE for attempt in _of_status(plan, status)]
    if as_json:
        tell_json(summary | {"attention": [_line(attempt) for attempt in trouble]})
        return
    tell_table(
        [msg("status"), msg("clips")],
        [(status.value, count) for status, count in _counts(plan).items() if count],
    )
    tell(
        msg(
            "{spent} {currency} spent, {at_risk} at risk, {reserved} in the air",
            **{name: summary[name] for name in ("spent", "at_risk", "reserved", "currency")},
        )
    )
    for attempt in trouble:
        tell(
            msg(
                "{status}: {clip}, task {task}, {price} {currency} {money}, {reason}",
                status=attempt.status,
                clip=str(attempt.key),
                task=attempt.task_id or "?",
                price=plain(attempt.price),
                currency=attempt.currency,
                money=attempt.money,
                reason=_reason(attempt),
            )
        )


def _counts(plan: Plan) -> dict[Status, int]:
    counts = Counter(entry.status for entry in plan.clips)
    counts[Status.INVALID] = len({(fault.file, fault.row) for fault in plan.faults})
    return {status: counts[status] for status in Status}


def _of_status(plan: Plan, status: Status) -> list[Attempt]:
    found = [
        entry.attempt
        for entry in plan.clips
        if entry.attempt is not None and entry.status is status
    ]
    return sorted(found, key=lambda attempt: attempt.url_expires_at or 0)


def _reason(attempt: Attempt) -> str:
    if attempt.state in FETCHABLE:
        return heard(msg("its link dies at {at}", at=iso_time(attempt.url_expires_at)))
    return attempt.error or attempt.state


def _line(attempt: Attempt) -> dict[str, Any]:
    return {
        "status": attempt.status,
        "sku": attempt.key.sku,
        "variant": attempt.key.variant,
        "take": attempt.key.take,
        "task_id": attempt.task_id,
        "request_id": attempt.request_id,
        "cost": plain(attempt.price),
        "money": attempt.money,
        "error": attempt.error,
        "url_expires_at": iso_time(attempt.url_expires_at),
    }
