"""`batchgen status [JOB]`: what is done, running, waiting, at risk, about to expire."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from batchgen.cli.hints import about_doubt, again_for
from batchgen.cli.options import as_json, job_options, optional_job
from batchgen.cli.speech import heard, tell, tell_json, tell_table
from batchgen.cli.standing import TROUBLE, Standing, needs_link, of_all, of_job
from batchgen.clip import Attempt, AttemptState, MoneyPlace, Status
from batchgen.engine import Options
from batchgen.messages import Message, msg
from batchgen.output.rows import iso_time
from batchgen.plan.values import plain
from batchgen.words import MONEY_WORDS, STATUS_WORDS, local_time, time_left

#: State -> why the clip is where it is, when the provider gave no reason.
_REASONS = {
    AttemptState.INTENT: msg("batchgen waits for the answer, or was stopped while it waited"),
    AttemptState.UNKNOWN: msg("batchgen was stopped while it waited for the answer"),
    AttemptState.VANISHED: msg("the provider does not know the task"),
    AttemptState.EXPIRED: msg("the link and the task are dead"),
    AttemptState.PAID_NO_RESULT: msg("SUCCESS without a result"),
    AttemptState.WRITTEN_OFF: msg("written off"),
}


@click.command(
    "status", help=heard(msg("Show what is done, running, waiting, at risk, about to expire."))
)
@optional_job
@job_options
@as_json
def command(job: Path | None, options: Options, *, as_json: bool) -> None:
    """Tell how the clips of a job stand; without a job, those of all jobs of a state."""
    standings = of_all(options) if job is None else [of_job(job, options)]
    if as_json:
        summaries = [_summary(standing) for standing in standings]
        tell_json(summaries if job is None else summaries[0])
        return
    for standing in standings:
        _show(standing)
    if not standings:
        tell(msg("nothing was bought yet"))


def _summary(standing: Standing) -> dict[str, Any]:
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


def _show(standing: Standing) -> None:
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
    for status in TROUBLE[1:]:
        for attempt in standing.trouble(status):
            _show_trouble(attempt, is_earlier=attempt in standing.earlier)
    _show_earlier(standing)
    for advice in _advice(standing):
        tell(advice)


def _show_ready(standing: Standing) -> None:
    """Print what is paid and not here yet, the next link to die first."""
    ready = standing.trouble(Status.READY)
    if not ready:
        return
    tell(
        msg(
            "paid and not here yet; `{command}` fetches these without paying:",
            command=again_for(standing.account, "run"),
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


def _show_trouble(attempt: Attempt, *, is_earlier: bool) -> None:
    line = msg(
        "{status}: {clip}, {price} {currency} {money}, {reason}",
        status=STATUS_WORDS[attempt.status],
        clip=_named(attempt),
        price=plain(attempt.price),
        currency=attempt.currency,
        money=MONEY_WORDS[attempt.money],
        reason=attempt.error or _REASONS.get(attempt.state) or str(attempt.state),
    )
    tell(msg("{line} (bought again since)", line=line) if is_earlier else line)


def _named(attempt: Attempt) -> Message | str:
    """Name a clip with its task, where it has one, and in doubt by what a bill may show."""
    name = str(attempt.key)
    if attempt.task_id is not None:
        name = f"{name}, task {attempt.task_id}"
    if attempt.status is not Status.UNCERTAIN:
        return name
    return msg(
        "{clip}, sent {time}, request {request}",
        clip=name,
        time=local_time(attempt.created_at),
        request=attempt.request_id,
    )


def _show_earlier(standing: Standing) -> None:
    """Explain the money at risk that no line above explains."""
    prices = [it.price for it in standing.earlier if it.money is MoneyPlace.AT_RISK]
    if prices:
        tell(
            msg(
                "at risk from earlier purchases of clips that are done or were bought again:"
                " {count}, {cost} {currency}; `{command}` settles them from the bill",
                count=len(prices),
                cost=plain(sum(prices, Decimal(0))),
                currency=standing.currency,
                command=again_for(standing.account, "ledger", "--reconcile", "BILL", "--settle"),
            )
        )


def _advice(standing: Standing) -> Iterator[Message]:
    """Say what to do about each kind of clip that is not done."""
    account = standing.account
    if standing.counts[Status.RUNNING]:
        yield msg(
            "running: `{command}` goes on with them; a link dies a day after its clip is ready",
            command=again_for(account, "run"),
        )
    if standing.trouble(Status.UNCERTAIN):
        yield from about_doubt(account)
    if standing.trouble(Status.LOST):
        command = again_for(account, "retry", "--lost")
        yield msg("lost: `{command}` buys them again", command=command)
    places = {attempt.money for attempt in standing.trouble(Status.FAILED)}
    if MoneyPlace.AT_RISK in places:
        yield msg(
            "failed, at risk: `{command}` buys them again, which may be for the second time",
            command=again_for(account, "retry", "--failed"),
        )
    if MoneyPlace.RELEASED in places:
        yield msg("failed, not charged: mend their rows; the next run sends what is mended")


def _seconds_left(attempt: Attempt, now: float) -> int | None:
    at = attempt.url_expires_at
    return None if at is None or attempt.status is not Status.READY else max(0, int(at - now))


def _time_left(attempt: Attempt, now: float) -> Message:
    if not needs_link(attempt):
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
