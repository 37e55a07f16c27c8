"""`batchgen status [JOB]`: what is done, running, waiting, at risk, about to expire."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from batchgen.cli.beside import beside, in_doubt
from batchgen.cli.options import as_json, job_options, optional_job
from batchgen.cli.speech import heard, tell, tell_json, tell_table
from batchgen.clip import FETCHABLE, AccountScope, Attempt, AttemptState, Balance, Status
from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace, reading, state_without_job
from batchgen.messages import Message, msg
from batchgen.output.rows import iso_time
from batchgen.plan.values import Selection, plain
from batchgen.state.store import Purse
from batchgen.words import MONEY_WORDS, STATUS_WORDS

#: What a person should look at, in the order of urgency.
_TROUBLE = (Status.READY, Status.UNCERTAIN, Status.LOST, Status.FAILED)

#: State -> why the clip is where it is, when the provider gave no reason.
_REASONS = {
    AttemptState.INTENT: msg("sent, perhaps not answered"),
    AttemptState.VANISHED: msg("the provider does not know the task"),
    AttemptState.EXPIRED: msg("the link and the task are dead"),
    AttemptState.PAID_NO_RESULT: msg("SUCCESS without a result"),
    AttemptState.WRITTEN_OFF: msg("written off"),
}


@dataclass(frozen=True, slots=True)
class _Standing:
    """How the clips of one job stand."""

    job: str
    account: AccountScope
    counts: Counter[Status]
    money: Balance
    currency: str
    #: The newest of each clip that has any, and what else of the job may need a person.
    attempts: Sequence[Attempt]

    def trouble(self) -> list[Attempt]:
        """List what a person should look at, the most urgent first."""
        found = [attempt for attempt in self.attempts if attempt.status in _TROUBLE]
        return sorted(found, key=lambda a: (_TROUBLE.index(a.status), a.url_expires_at or 0))


@click.command(
    "status", help=heard(msg("Show what is done, running, waiting, at risk, about to expire."))
)
@optional_job
@job_options
@as_json
def command(job: Path | None, options: Options, *, as_json: bool) -> None:
    """Tell how the clips of a job stand; without a job, those of all jobs of a state."""
    standings = _of_all(options) if job is None else [_of_job(job, options)]
    if as_json:
        summaries = [_summary(standing) for standing in standings]
        tell_json(summaries if job is None else summaries[0])
        return
    for standing in standings:
        _show(standing)
    if not standings:
        tell(msg("nothing was bought yet"))


def _of_job(job: Path, options: Options) -> _Standing:
    workspace = open_workspace(job, options, os.environ)
    with reading(workspace.state_path) as reader:
        plan = workspace.plan(reader, Selection(), SystemClock().now())
        purse = Purse("job", plan.job)
        money = Balance() if reader is None else reader.balance(plan.account, purse)
        others = [] if reader is None else beside(plan, reader)
        doubts = [] if reader is None else in_doubt(reader, plan.job, plan.account)
    attempts = [entry.attempt for entry in plan.clips if entry.attempt is not None]
    # A clip that was bought again while in doubt has a doubt of its own and a newer attempt.
    by_id = {attempt.id: attempt for attempt in (*attempts, *others, *doubts)}
    counts = Counter(entry.status for entry in plan.clips)
    counts.update(attempt.status for attempt in others)
    counts[Status.INVALID] = len({(fault.file, fault.row) for fault in plan.faults})
    return _Standing(
        job=plan.job,
        account=plan.account,
        counts=counts,
        money=money,
        currency=plan.currency,
        attempts=list(by_id.values()),
    )


def _of_all(options: Options) -> list[_Standing]:
    """Give every job of the state, from what was bought alone: no catalogue is read."""
    by_job: dict[tuple[str, AccountScope], list[Attempt]] = {}
    with reading(state_without_job(options, os.environ)) as reader:
        for attempt in () if reader is None else reader.newest_attempts():
            by_job.setdefault((attempt.job, attempt.account), []).append(attempt)
        return [
            _Standing(
                job=job,
                account=account,
                counts=Counter(attempt.status for attempt in attempts),
                money=reader.balance(account, Purse("job", job)) if reader else Balance(),
                currency=attempts[0].currency,
                attempts=attempts,
            )
            for (job, account), attempts in by_job.items()
        ]


def _summary(standing: _Standing) -> dict[str, Any]:
    return {
        "job": standing.job,
        "account": str(standing.account),
        **{status.value: standing.counts[status] for status in Status},
        "spent": plain(standing.money.spent),
        "at_risk": plain(standing.money.at_risk),
        "reserved": plain(standing.money.reserved),
        "currency": standing.currency,
        "attention": [_line(attempt) for attempt in standing.trouble()],
    }


def _show(standing: _Standing) -> None:
    tell(msg("job {job}, account {account}", job=standing.job, account=str(standing.account)))
    tell_table(
        [msg("status"), msg("clips")],
        [
            (heard(STATUS_WORDS[status]), standing.counts[status])
            for status in Status
            if standing.counts[status]
        ],
    )
    tell(
        msg(
            "{spent} {currency} spent, {at_risk} at risk, {reserved} in the air",
            spent=plain(standing.money.spent),
            at_risk=plain(standing.money.at_risk),
            reserved=plain(standing.money.reserved),
            currency=standing.currency,
        )
    )
    for attempt in standing.trouble():
        tell(
            msg(
                "{status}: {clip}, task {task}, {price} {currency} {money}, {reason}",
                status=STATUS_WORDS[attempt.status],
                clip=str(attempt.key),
                task=attempt.task_id or "?",
                price=plain(attempt.price),
                currency=attempt.currency,
                money=MONEY_WORDS[attempt.money],
                reason=_reason(attempt),
            )
        )


def _reason(attempt: Attempt) -> Message | str:
    if attempt.state in FETCHABLE:
        return msg("its link dies at {at}", at=iso_time(attempt.url_expires_at))
    return attempt.error or _REASONS.get(attempt.state) or str(attempt.state)


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
