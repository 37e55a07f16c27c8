"""`batchgen status [JOB]`: what is done, running, waiting, at risk, about to expire."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from batchgen.cli.beside import beside, in_doubt
from batchgen.cli.options import as_json, job_options, optional_job
from batchgen.cli.speech import heard, tell, tell_json, tell_table
from batchgen.clip import AccountScope, Attempt, AttemptState, Balance, MoneyPlace, Status
from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace, reading, state_without_job
from batchgen.messages import Message, msg
from batchgen.output.rows import iso_time
from batchgen.plan.values import Selection, plain
from batchgen.state.store import Purse
from batchgen.words import MONEY_WORDS, STATUS_WORDS, local_time, time_left

#: What a person should look at, in the order of urgency.
_TROUBLE = (Status.READY, Status.UNCERTAIN, Status.LOST, Status.FAILED)
#: After every link that dies.
_NEVER = float("inf")

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
    #: What names the job on the command line.
    job_file: str
    account: AccountScope
    #: When this was so, in UTC seconds.
    now: float
    counts: Counter[Status]
    money: Balance
    currency: str
    #: The newest of each clip that has any, and what else of the job may need a person.
    attempts: Sequence[Attempt]

    def trouble(self, *statuses: Status) -> list[Attempt]:
        """List what a person should look at, the most urgent first; all of it, or some statuses."""
        wanted = statuses or _TROUBLE
        found = [attempt for attempt in self.attempts if attempt.status in wanted]
        return sorted(found, key=lambda it: (_TROUBLE.index(it.status), _death(it, self.now)))

    @property
    def next_death(self) -> float | None:
        """The moment at which the next link dies, of those that somebody still needs."""
        first = min((_death(it, self.now) for it in self.trouble(Status.READY)), default=_NEVER)
        return None if first == _NEVER else first

    @property
    def oldest(self) -> float | None:
        """The moment since which a paid clip has waited longest to be saved."""
        ready = self.trouble(Status.READY)
        return min((it.finished_at for it in ready if it.finished_at is not None), default=None)


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
    now = SystemClock().now()
    with reading(workspace.state_path) as reader:
        plan = workspace.plan(reader, Selection(), now)
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
        job_file=str(job),
        account=plan.account,
        now=now,
        counts=counts,
        money=money,
        currency=plan.currency,
        attempts=list(by_id.values()),
    )


def _of_all(options: Options) -> list[_Standing]:
    """Give every job of the state, from what was bought alone: no catalogue is read."""
    by_job: dict[tuple[str, AccountScope], list[Attempt]] = {}
    now = SystemClock().now()
    with reading(state_without_job(options, os.environ)) as reader:
        for attempt in () if reader is None else reader.newest_attempts():
            by_job.setdefault((attempt.job, attempt.account), []).append(attempt)
        return [
            _Standing(
                job=job,
                job_file="JOB",
                account=account,
                now=now,
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
        "next_link_dies_at": iso_time(standing.next_death),
        "oldest_ready_at": iso_time(standing.oldest),
        "attention": [_line(attempt, standing.now) for attempt in standing.trouble()],
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
    _show_ready(standing)
    for status in _TROUBLE[1:]:
        for attempt in standing.trouble(status):
            _show_trouble(attempt)
    for advice in _advice(standing):
        tell(advice)


def _show_ready(standing: _Standing) -> None:
    """Print what is paid and not here yet, the next link to die first."""
    ready = standing.trouble(Status.READY)
    if not ready:
        return
    tell(
        msg(
            "paid and not here yet; `batchgen run {job}` fetches these without paying:",
            job=standing.job_file,
        )
    )
    tell_table(
        [msg("link dies at"), msg("time left"), msg("clip"), msg("task"), msg("ready since")],
        [
            (
                _moment(attempt.url_expires_at),
                heard(_time_left(attempt, standing.now)),
                str(attempt.key),
                attempt.task_id or "?",
                _moment(attempt.finished_at),
            )
            for attempt in ready
        ],
    )
    if standing.next_death is not None and standing.oldest is not None:
        tell(
            msg(
                "the next link dies in {left}, at {at}; the oldest clip has waited since {since}",
                left=time_left(standing.next_death - standing.now),
                at=local_time(standing.next_death),
                since=local_time(standing.oldest),
            )
        )


def _show_trouble(attempt: Attempt) -> None:
    tell(
        msg(
            "{status}: {clip}, {price} {currency} {money}, {reason}",
            status=STATUS_WORDS[attempt.status],
            clip=_named(attempt),
            price=plain(attempt.price),
            currency=attempt.currency,
            money=MONEY_WORDS[attempt.money],
            reason=attempt.error or _REASONS.get(attempt.state) or str(attempt.state),
        )
    )


def _named(attempt: Attempt) -> str:
    """Name a clip with its task, where it has one."""
    if attempt.task_id is None:
        return str(attempt.key)
    return f"{attempt.key}, task {attempt.task_id}"


def _advice(standing: _Standing) -> Iterator[Message]:
    """Say what to do about each kind of clip that is not done."""
    job = standing.job_file
    if standing.counts[Status.RUNNING]:
        yield msg("running: `batchgen run {job}` goes on with them", job=job)
    if standing.trouble(Status.UNCERTAIN):
        yield msg(
            "uncertain: look at the bill, then `batchgen retry {job} --uncertain` with --adopt ID,"
            " --unpaid, --write-off or --buy-again",
            job=job,
        )
    if standing.trouble(Status.LOST):
        yield msg("lost: `batchgen retry {job} --lost` buys them again", job=job)
    places = {attempt.money for attempt in standing.trouble(Status.FAILED)}
    if MoneyPlace.AT_RISK in places:
        yield msg(
            "failed, at risk: `batchgen retry {job} --failed` buys them again, which may be for the"
            " second time",
            job=job,
        )
    if MoneyPlace.RELEASED in places:
        yield msg("failed, not charged: mend their rows; the next run sends what is mended")


def _death(attempt: Attempt, now: float) -> float:
    """Give the moment its link dies; never, where no hurry can save or spoil the clip any more."""
    at = attempt.url_expires_at
    return at if at is not None and at > now and _needs_link(attempt) else _NEVER


def _needs_link(attempt: Attempt) -> bool:
    return attempt.state is not AttemptState.VERIFIED


def _seconds_left(attempt: Attempt, now: float) -> int | None:
    at = attempt.url_expires_at
    return None if at is None or attempt.status is not Status.READY else max(0, int(at - now))


def _time_left(attempt: Attempt, now: float) -> Message:
    if not _needs_link(attempt):
        return msg("its bytes are here")
    left_s = _seconds_left(attempt, now)
    if attempt.video_url is None or left_s is None:
        return msg("it has no link yet")
    return time_left(left_s) if left_s else msg("its life is over: another link is asked for")


def _moment(at: float | None) -> str:
    return "?" if at is None else local_time(at)


def _line(attempt: Attempt, now: float) -> dict[str, Any]:
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
        "finished_at": iso_time(attempt.finished_at),
        "url_expires_at": iso_time(attempt.url_expires_at),
        "seconds_left": _seconds_left(attempt, now),
    }
