"""`batchgen retry JOB`: a person's durable wish to buy clips again, or to settle clips in doubt.

An order is written down before anything is bought for it: given twice, it is continued, and `run`
finishes it. A clip in doubt is settled by one named choice; nothing chooses for the person.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import click

from batchgen.cli.options import as_json, job_argument, job_options
from batchgen.cli.running import Manners, confirm, run_and_tell
from batchgen.cli.speech import heard, tell
from batchgen.clip import Attempt, AttemptState, Status, TaskId
from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace
from batchgen.errors import InputError
from batchgen.execution import Session, open_session
from batchgen.messages import msg
from batchgen.plan.values import BUYING, Plan, PlannedClip, Selection, plain

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
    choice = next((name for name in _CHOICES if said[name]), None)
    _check_choice(kind, choice)
    workspace = open_workspace(job, options, os.environ)
    manners = Manners(
        as_json=bool(said["as_json"]), yes=bool(said["yes"]), no_progress=bool(said["no_progress"])
    )

    async def retry() -> int:
        async with open_session(workspace, SystemClock()) as session:
            selected = _selected(session.plan(Selection()), kind, frozenset(skus))
            if kind == "uncertain" and choice != "buy_again":
                await _settle(session, selected, str(choice), str(said["adopt"] or ""))
                return 0
            return await _buy_again(session, kind, selected, manners)

    ctx.exit(asyncio.run(retry()))


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


def _check_choice(kind: str, choice: str | None) -> None:
    if (kind == "uncertain") != (choice is not None):
        raise click.UsageError(
            heard(
                msg(
                    "--uncertain needs one of --adopt ID, --unpaid, --write-off, --buy-again,"
                    " and only --uncertain takes them"
                )
            )
        )


def _selected(plan: Plan, kind: str, skus: frozenset[str]) -> list[PlannedClip]:
    """List the clips whose newest attempt the selection means."""
    statuses = {
        "failed": {Status.FAILED},
        "lost": {Status.LOST},
        "uncertain": {Status.UNCERTAIN},
        "sku": {Status.FAILED, Status.LOST, Status.DONE},
    }[kind]
    return [
        entry
        for entry in plan.clips
        if entry.status in statuses and (not skus or entry.clip.key.sku in skus)
    ]


async def _settle(session: Session, selected: list[PlannedClip], choice: str, task_id: str) -> None:
    """Settle clips in doubt as the person says."""
    doubtful = [entry.attempt for entry in selected if entry.attempt is not None]
    if not doubtful or (choice == "adopt" and len(doubtful) != 1):
        raise InputError(
            msg(
                "{count} clips in doubt match; --adopt settles exactly one (name it with --sku),"
                " the other choices at least one",
                count=len(doubtful),
            )
        )
    for attempt in doubtful:
        if attempt.state is AttemptState.INTENT:
            attempt = await session.writer.move(attempt.id, AttemptState.UNKNOWN, "not answered")
        settled = await _settle_one(session, attempt, choice, task_id)
        tell(
            msg(
                "{clip}: {price} {currency} are now {money}, the clip is {status}",
                clip=str(settled.key),
                price=plain(settled.price),
                currency=settled.currency,
                money=settled.money,
                status=settled.status,
            )
        )
    tell(msg("`batchgen run` goes on from here"))


async def _settle_one(session: Session, attempt: Attempt, choice: str, task_id: str) -> Attempt:
    move = session.writer.move
    if choice == "adopt":
        return await move(
            attempt.id,
            AttemptState.ACCEPTED,
            "adopted by a person",
            task_id=TaskId(task_id),
            submitted_at=attempt.submitted_at or attempt.created_at,
        )
    return await move(attempt.id, _SETTLED[choice], "settled by a person")


async def _buy_again(
    session: Session, kind: str, selected: list[PlannedClip], manners: Manners
) -> int:
    """Write the order down, then buy what it asks for and nothing else."""
    session.workspace.key()
    job, account = session.workspace.job.name, session.workspace.account
    unfinished = [order for order in session.reader.open_orders(job, account) if order.kind == kind]
    keys = [key for order in unfinished for key in order.outstanding]
    keys = keys or [entry.clip.key for entry in selected]
    prices = [e.clip.price for e in session.plan(Selection()).clips if e.clip.key in set(keys)]
    if not prices:
        tell(msg("nothing to buy again"))
        return 0
    confirm(len(prices), sum(prices, Decimal(0)), account, manners)
    order = await session.writer.place_order(job, account, kind, keys)
    return await run_and_tell(session, _only(session.plan(Selection()), order.id), manners)


def _only(plan: Plan, order_id: int) -> Plan:
    """Cut a plan down to the clips that one order asks for."""
    clips = (
        entry.put_off() if entry.action in BUYING and entry.order_id != order_id else entry
        for entry in plan.clips
    )
    return replace(plan, clips=tuple(clips))
