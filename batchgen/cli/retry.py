"""`batchgen retry JOB`: a person's durable wish to buy clips again, or to settle clips in doubt.

An order is written down before anything is bought for it: given twice, it is continued, and `run`
finishes it. A clip in doubt is settled by one named choice (`cli.settling`); nothing chooses for
the person.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import click

from batchgen.cli.exit_codes import ExitCode
from batchgen.cli.options import as_json, job_argument, job_options
from batchgen.cli.running import Manners, complete, confirm, run_and_tell
from batchgen.cli.settling import Wish, doubtful, settle
from batchgen.cli.speech import heard, remark, tell
from batchgen.cli.waiting import waited_session
from batchgen.clip import Attempt, AttemptState, MoneyPlace, Status
from batchgen.clock import SystemClock
from batchgen.engine import Options, Workspace, open_workspace
from batchgen.execution import Session
from batchgen.messages import Message, msg
from batchgen.plan.values import BUYING, Action, Plan, PlannedClip, Selection, plain
from batchgen.words import MONEY_WORDS, STATUS_WORDS

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
@click.option(
    "--request",
    "requests",
    metavar="ID",
    multiple=True,
    help=heard(msg("Only this purchase in doubt, by its request id; may be repeated.")),
)
@click.option(
    "--adopt",
    metavar="ID",
    help=heard(msg("It is this task of the provider, which is asked whether that is so.")),
)
@click.option(
    "--unpaid", is_flag=True, help=heard(msg("It was not billed: the next run buys it again."))
)
@click.option("--write-off", is_flag=True, help=heard(msg("It counts as paid and is given up.")))
@click.option("--buy-again", is_flag=True, help=heard(msg("Buy it again, perhaps twice.")))
@click.option(
    "--yes",
    is_flag=True,
    help=heard(
        msg(
            "Agree without being asked: to the price, and to --unpaid or --write-off of several"
            " clips. One clip named by --sku is settled unasked."
        )
    ),
)
@click.option("--wait", is_flag=True, help=heard(msg("Wait for another run to end.")))
@click.option("--no-progress", is_flag=True, help=heard(msg("Show no moving line.")))
@as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    job: Path,
    options: Options,
    skus: tuple[str, ...],
    requests: tuple[str, ...],
    **said: bool | str,
) -> None:
    """Carry out a retry."""
    kind = _kind(said, skus)
    choice = _choice(kind, said)
    if requests and choice in {None, "buy_again"}:
        raise click.UsageError(
            heard(msg("--request goes with --uncertain and --adopt, --unpaid or --write-off"))
        )
    workspace = open_workspace(job, options, os.environ)
    manners = Manners(
        as_json=bool(said["as_json"]), yes=bool(said["yes"]), no_progress=bool(said["no_progress"])
    )

    def reopen() -> Workspace:
        return open_workspace(job, options, os.environ)

    async def retry() -> int:
        wait = bool(said["wait"])
        async with waited_session(workspace, SystemClock(), reopen, wait=wait) as session:
            if choice is not None and choice != "buy_again":
                task_id = str(said["adopt"] or "").strip()
                wish = Wish(choice, task_id, frozenset(skus), frozenset(requests))
                await settle(session, wish, manners)
                return ExitCode.DONE
            found = await doubtful(session, frozenset(skus)) if kind == "uncertain" else []
            plan = session.plan(Selection())
            selected = _selected(plan, kind, frozenset(skus))
            _tell_unbuyable(plan, found, selected)
            return await _buy_again(session, kind, selected, manners)

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


def _tell_unbuyable(plan: Plan, doubtful: list[Attempt], selected: list[PlannedClip]) -> None:
    """Name the clips in doubt that are not bought again, and say why."""
    ids = {
        entry.attempt.id
        for entry in selected
        if entry.attempt is not None and entry.action is not Action.BRING_HOME
    }
    now = {entry.clip.key: entry for entry in plan.clips}
    for attempt in doubtful:
        if attempt.id not in ids:
            remark(_unbuyable(attempt, now.get(attempt.key)))


def _unbuyable(attempt: Attempt, now: PlannedClip | None) -> Message:
    """Say why a clip in doubt is not bought again; `now` is how its clip stands."""
    if now is None:
        return msg(
            "{clip} stays in doubt: the catalogue has no such clip any more; settle it with"
            " --adopt ID, --unpaid or --write-off",
            clip=str(attempt.key),
        )
    if now.attempt is not None and now.attempt.id == attempt.id:
        return msg(
            "{clip} stays in doubt: it has a task, for which each run asks; settle it with"
            " --adopt ID, --unpaid or --write-off before it is bought again",
            clip=str(attempt.key),
        )
    return msg(
        "{clip}: request {request} stays in doubt; the clip was bought again since and is {status},"
        " so it is not bought a third time. Settle the request with --adopt ID, --unpaid or"
        " --write-off",
        clip=str(attempt.key),
        request=attempt.request_id,
        status=STATUS_WORDS[now.status],
    )


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
    wanted = [entry for entry in plan.clips if entry.clip.key in keys - settled]
    prices = [entry.clip.price for entry in wanted]
    order_id: int | None = None
    if prices:
        _show_wanted(session, wanted)
        _show_price(prices, plan.currency, manners)
        confirm(len(prices), sum(prices, Decimal(0)), account, manners)
        order = await session.writer.place_order(job, account, kind, sorted(keys))
        order_id = order.id
    elif not session.reader.unfinished(account):
        remark(msg("nothing to buy again"))
        return ExitCode.DONE
    return await run_and_tell(session, _only(session.plan(Selection()), order_id), manners)


def _show_wanted(session: Session, wanted: Sequence[PlannedClip]) -> None:
    """List what is to be bought again: how each clip stands, and how often it was bought before."""
    attempts = session.reader.attempts(session.workspace.account)
    before = Counter(it.key for it in attempts if it.money is not MoneyPlace.RELEASED)
    for entry in wanted:
        if entry.attempt is not None:
            remark(_standing(entry.attempt, before[entry.clip.key]))
    refused = sum(map(_is_as_refused, wanted))
    if refused:
        remark(
            msg(
                "clips among these that were refused as they are now: {count}; nothing was"
                " bought, and the same request is likely to be refused again: mend their rows"
                " instead",
                count=refused,
            )
        )


def _standing(attempt: Attempt, before: int) -> Message:
    return msg(
        "  {clip}: {status}, {price} {currency} {money}, {reason}; bought before: {count}",
        clip=str(attempt.key),
        status=STATUS_WORDS[attempt.status],
        price=plain(attempt.price),
        currency=attempt.currency,
        money=MONEY_WORDS[attempt.money],
        reason=attempt.error or str(attempt.state),
        count=before,
    )


def _is_as_refused(entry: PlannedClip) -> bool:
    """Tell whether the provider refused this very request."""
    attempt = entry.attempt
    return (
        attempt is not None
        and attempt.state is AttemptState.REFUSED
        and attempt.finished_at is None  # else the bill did not charge a FAIL
        and attempt.fingerprint == entry.clip.fingerprint
    )


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

    return plan.changed(keep)
