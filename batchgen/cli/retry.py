"""`batchgen retry JOB`: a person's durable wish to buy clips again, or to settle clips in doubt.

An order is written down before anything is bought for it: given twice, it is continued, and `run`
finishes it. A clip in doubt is settled by one named choice; nothing chooses for the person.
"""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import click

from batchgen.cli.beside import in_doubt
from batchgen.cli.exit_codes import ExitCode
from batchgen.cli.options import as_json, job_argument, job_options
from batchgen.cli.running import Manners, complete, confirm, run_and_tell
from batchgen.cli.speech import heard, remark, tell, tell_json
from batchgen.clip import Attempt, AttemptState, Status, TaskId
from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace
from batchgen.errors import InputError
from batchgen.execution import Session, open_session
from batchgen.messages import msg
from batchgen.plan.values import BUYING, Action, Plan, PlannedClip, Selection, plain
from batchgen.provider.parsing import is_task_id
from batchgen.words import MONEY_WORDS, STATUS_WORDS

#: Choice -> state a clip in doubt is settled as.
_SETTLED = {"unpaid": AttemptState.DECLARED_UNPAID, "write_off": AttemptState.WRITTEN_OFF}
_CHOICES = ("adopt", "unpaid", "write_off", "buy_again")


@click.command(
    "retry", help=heard(msg("Buy failed or lost clips again, or settle clips in doubt."))
)
@job_argument
@job_options
@click.option("--failed", is_flag=True, help=heard(msg("Clips that failed.")))
@click.option("--lost", is_flag=True, help=heard(msg("Clips that were paid and lost.")))
@click.option("--uncertain", is_flag=True, help=heard(msg("Clips in doubt; name a choice.")))
@click.option("--sku", "skus", multiple=True, help=heard(msg("Only this SKU; may be repeated.")))
@click.option("--adopt", metavar="ID", help=heard(msg("It is this task of the provider.")))
@click.option("--unpaid", is_flag=True, help=heard(msg("It was not billed.")))
@click.option("--write-off", is_flag=True, help=heard(msg("It is paid and given up.")))
@click.option("--buy-again", is_flag=True, help=heard(msg("Buy it again, perhaps twice.")))
@click.option("--yes", is_flag=True, help=heard(msg("Agree to the price without being asked.")))
@click.option("--no-progress", is_flag=True, help=heard(msg("Show no moving line.")))
@as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    job: Path,
    options: Options,
    skus: tuple[str, ...],
    **said: bool | str,
) -> None:
    """Carry out a retry."""
    kind = _kind(said, skus)
    choice = _choice(kind, said)
    workspace = open_workspace(job, options, os.environ)
    manners = Manners(
        as_json=bool(said["as_json"]), yes=bool(said["yes"]), no_progress=bool(said["no_progress"])
    )

    async def retry() -> int:
        async with open_session(workspace, SystemClock()) as session:
            doubtful = await _doubtful(session, frozenset(skus)) if kind == "uncertain" else []
            if choice is None or choice == "buy_again":
                selected = _selected(session.plan(Selection()), kind, frozenset(skus))
                _tell_unbuyable(doubtful, selected)
                return await _buy_again(session, kind, selected, manners)
            settled = await _settle(session, doubtful, choice, str(said["adopt"] or "").strip())
            _tell_settled(settled, manners)
            return ExitCode.DONE

    if kind != "uncertain":
        workspace.require_skus(skus)
    ctx.exit(complete(retry()))


def _kind(said: dict[str, bool | str], skus: tuple[str, ...]) -> str:
    """Name what is selected.

    Raises:
        UsageError: nothing, or several things at once.
    """
    kinds = [name for name in ("failed", "lost", "uncertain") if said[name]]
    if len(kinds) > 1 or not (kinds or skus):
        raise click.UsageError(
            heard(msg("name one of --failed, --lost, --uncertain, or clips by --sku"))
        )
    return kinds[0] if kinds else "sku"


def _choice(kind: str, said: dict[str, bool | str]) -> str | None:
    """Give the one choice that was named for clips in doubt; None where it is not about them.

    Raises:
        UsageError: none or several were named, or clips in doubt are not meant.
    """
    choices = [name for name in _CHOICES if said[name]]
    if len(choices) != (1 if kind == "uncertain" else 0):
        raise click.UsageError(
            heard(
                msg(
                    "--uncertain needs one of --adopt ID, --unpaid, --write-off, --buy-again,"
                    " and only --uncertain takes them"
                )
            )
        )
    return choices[0] if choices else None


def _selected(plan: Plan, kind: str, skus: frozenset[str]) -> list[PlannedClip]:
    """List the clips whose newest attempt the selection means.

    A clip that was written off in doubt was given up: only its own SKU selects it.
    """
    statuses = {
        "failed": {Status.FAILED},
        "lost": {Status.LOST},
        "uncertain": {Status.UNCERTAIN},
        "sku": {Status.FAILED, Status.LOST, Status.DONE},
    }[kind]
    return [
        entry
        for entry in plan.clips
        if entry.status in statuses
        and (not skus or entry.clip.key.sku in skus)
        and (kind == "sku" or not _is_given_up(entry))
    ]


def _is_given_up(entry: PlannedClip) -> bool:
    return entry.attempt is not None and entry.attempt.is_given_up


async def _doubtful(session: Session, skus: frozenset[str]) -> list[Attempt]:
    """List the job's attempts in doubt, of clips that the catalogue no longer has too.

    Calls that a killed run left open are recorded as not answered first.

    Raises:
        InputError: an SKU is neither in doubt nor in the catalogue.
    """
    workspace = session.workspace
    found = in_doubt(session.reader, workspace.job.name, workspace.account)
    workspace.require_skus(skus - {attempt.key.sku for attempt in found})
    found = [attempt for attempt in found if not skus or attempt.key.sku in skus]
    for attempt in found:
        if attempt.state is AttemptState.INTENT:
            await session.writer.move(attempt.id, AttemptState.UNKNOWN, "not answered")
    return found


def _tell_unbuyable(doubtful: list[Attempt], selected: list[PlannedClip]) -> None:
    """Name the clips in doubt that are not bought again."""
    ids = {entry.attempt.id for entry in selected if entry.attempt is not None}
    for attempt in doubtful:
        if attempt.id not in ids:
            remark(
                msg(
                    "{clip} stays in doubt: the catalogue has no such clip any more, or it was"
                    " bought again; settle it with --adopt ID, --unpaid or --write-off",
                    clip=str(attempt.key),
                )
            )


async def _settle(
    session: Session, doubtful: list[Attempt], choice: str, task_id: str
) -> list[Attempt]:
    """Settle clips in doubt as the person says; give their attempts as they stand then.

    Raises:
        InputError: there are none, or the task to adopt cannot be theirs.
    """
    if not doubtful or (choice == "adopt" and len(doubtful) != 1):
        raise InputError(
            msg(
                "{count} clips in doubt match; --adopt settles exactly one (name it with --sku),"
                " the other choices at least one",
                count=len(doubtful),
            )
        )
    if choice == "adopt":
        return [await _adopt(session, doubtful[0], task_id)]
    move = session.writer.move
    return [await move(it.id, _SETTLED[choice], "settled by a person") for it in doubtful]


async def _adopt(session: Session, attempt: Attempt, task_id: str) -> Attempt:
    """Take a task of the provider for what became of a clip in doubt."""
    if not is_task_id(task_id):
        raise InputError(msg("{task} cannot be a task id: copy it again", task=task_id))
    for other in session.reader.attempts(attempt.account):
        if other.task_id == task_id and other.id != attempt.id:
            raise InputError(
                msg("{task} is the task of {clip} already", task=task_id, clip=str(other.key))
            )
    return await session.writer.move(
        attempt.id,
        AttemptState.ACCEPTED,
        "adopted by a person",
        task_id=TaskId(task_id),
        submitted_at=attempt.submitted_at or attempt.created_at,
    )


def _tell_settled(settled: list[Attempt], manners: Manners) -> None:
    if manners.as_json:
        tell_json([_record(attempt) for attempt in settled])
        return
    for attempt in settled:
        tell(
            msg(
                "{clip}: {price} {currency} are now {money}, the clip is {status}",
                clip=str(attempt.key),
                price=plain(attempt.price),
                currency=attempt.currency,
                money=MONEY_WORDS[attempt.money],
                status=STATUS_WORDS[attempt.status],
            )
        )
    tell(msg("`batchgen run` goes on from here"))


def _record(attempt: Attempt) -> dict[str, str | int]:
    return {
        "sku": attempt.key.sku,
        "variant": attempt.key.variant,
        "take": attempt.key.take,
        "status": attempt.status,
        "cost": plain(attempt.price),
        "currency": attempt.currency,
        "money": attempt.money,
    }


async def _buy_again(
    session: Session, kind: str, selected: list[PlannedClip], manners: Manners
) -> int:
    """Write the order down, then buy what it asks for and nothing else.

    An order that is still open is continued, with what is selected beside it. With nothing to
    buy, what an earlier start bought is brought home all the same.
    """
    session.workspace.key()
    job, account = session.workspace.job.name, session.workspace.account
    unfinished = [order for order in session.reader.open_orders(job, account) if order.kind == kind]
    settled = {key for order in unfinished for key in set(order.keys) - set(order.outstanding)}
    keys = {key for order in unfinished for key in order.outstanding}
    keys |= {entry.clip.key for entry in selected if entry.action is not Action.BRING_HOME}
    plan = session.plan(Selection())
    prices = [entry.clip.price for entry in plan.clips if entry.clip.key in keys - settled]
    order_id: int | None = None
    if prices:
        _show_price(prices, plan.currency, manners)
        confirm(len(prices), sum(prices, Decimal(0)), account, manners)
        order = await session.writer.place_order(job, account, kind, sorted(keys))
        order_id = order.id
    elif not session.reader.unfinished(account):
        remark(msg("nothing to buy again"))
        return ExitCode.DONE
    return await run_and_tell(session, _only(session.plan(Selection()), order_id), manners)


def _show_price(prices: list[Decimal], currency: str, manners: Manners) -> None:
    if not manners.as_json:
        tell(
            msg(
                "clips to buy again: {clips}, for {cost} {currency}",
                clips=len(prices),
                cost=plain(sum(prices, Decimal(0))),
                currency=currency,
            )
        )


def _only(plan: Plan, order_id: int | None) -> Plan:
    """Cut a plan down to the clips that one order asks for, or to none."""

    def keep(entry: PlannedClip) -> PlannedClip:
        is_ordered = entry.order_id is not None and entry.order_id == order_id
        return entry if is_ordered or entry.action not in BUYING else entry.put_off()

    return replace(plan, clips=tuple(map(keep, plan.clips)))
