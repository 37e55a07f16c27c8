"""Settles clips in doubt by the one choice that a person named.

What frees or closes the money of several clips is listed and asked first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import click

from batchgen.cli.adopting import adopt
from batchgen.cli.beside import in_doubt
from batchgen.cli.hints import again
from batchgen.cli.running import Manners
from batchgen.cli.speech import heard, remark, tell, tell_json
from batchgen.clip import Attempt, AttemptState, ClipKey, Status
from batchgen.errors import InputError
from batchgen.execution import Session
from batchgen.messages import Message, msg
from batchgen.plan.values import PlannedClip, Selection, plain
from batchgen.state.reconcile import SLACK_S, last_touched_at
from batchgen.words import MONEY_WORDS, STATUS_WORDS, local_time

#: Choice -> state a clip in doubt is settled as.
_SETTLED = {"unpaid": AttemptState.DECLARED_UNPAID, "write_off": AttemptState.WRITTEN_OFF}
#: Clips named in one sentence.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person said about clips in doubt."""

    #: `adopt`, `unpaid` or `write_off`.
    choice: str
    #: For `adopt`.
    task_id: str
    #: Empty: all of the job.
    skus: frozenset[str]
    #: Request ids of single purchases; empty: all of `skus`.
    requests: frozenset[str] = frozenset()


async def settle(session: Session, wish: Wish, manners: Manners) -> None:
    """Settle clips in doubt as the person says, and tell what follows from it.

    Raises:
        InputError: there are none, several of one clip, nobody agreed, or the task to adopt is not
            theirs.
        NotAnswered: the provider did not tell about the task to adopt.
    """
    found = await doubtful(session, wish.skus)
    if wish.requests:
        found = [attempt for attempt in found if attempt.request_id in wish.requests]
    if not found:
        raise _none_in_doubt(session)
    _refuse_several_of_one(found)
    clips = _clips_of(session, found)
    if wish.choice == "adopt":
        settled = [await adopt(session, _the_one(found), wish.task_id)]
    else:
        _agree(session, wish, found, clips, manners)
        to, move = _SETTLED[wish.choice], session.writer.move
        settled = [await move(it.id, to, "settled by a person") for it in found]
    if manners.as_json:
        tell_json([_record(attempt) for attempt in settled])
        return
    for attempt in settled:
        tell(_settled(attempt))
    tell(_what_follows(session, wish, {entry.clip.key for entry in clips}))


async def doubtful(session: Session, skus: frozenset[str]) -> list[Attempt]:
    """List the job's attempts in doubt, of clips that the catalogue no longer has too.

    Calls that a killed run left open are recorded as not answered first. For each named SKU
    without doubt is said how its clips stand.

    Raises:
        InputError: neither the catalogue nor the state has an SKU.
    """
    standing = _standing(session)
    session.workspace.require_skus(skus - {key.sku for key in standing})
    found = [attempt for attempt in _in_doubt(session) if not skus or attempt.key.sku in skus]
    for sku in sorted(skus - {attempt.key.sku for attempt in found}):
        _tell_standing(sku, standing)
    for attempt in found:
        if attempt.state is AttemptState.INTENT:
            await session.writer.move(attempt.id, AttemptState.UNKNOWN, "not answered")
    return found


def _in_doubt(session: Session) -> list[Attempt]:
    workspace = session.workspace
    return in_doubt(session.reader, workspace.job.name, workspace.account)


def _standing(session: Session) -> dict[ClipKey, Status]:
    """Give how every clip of the job stands, those included that the catalogue lost."""
    workspace = session.workspace
    newest = session.reader.newest_attempts(workspace.account)
    bought = {it.key: it.status for it in newest if it.job == workspace.job.name}
    planned = session.plan(Selection()).clips
    return bought | {entry.clip.key: entry.status for entry in planned}


def _tell_standing(sku: str, standing: Mapping[ClipKey, Status]) -> None:
    clips = [(key, status) for key, status in sorted(standing.items()) if key.sku == sku]
    for key, status in clips:
        remark(
            msg(
                "{clip} is not in doubt (any more): it is {status}",
                clip=str(key),
                status=STATUS_WORDS[status],
            )
        )
    if not clips:
        remark(msg("{sku} is not in doubt: nothing was bought for it", sku=sku))


def _none_in_doubt(session: Session) -> InputError:
    others = _in_doubt(session)
    if not others:
        return InputError(
            msg("nothing was settled: no clip of job {job} is in doubt", job=_job(session))
        )
    return InputError(msg("nothing was settled. In doubt: {clips}", clips=_names(others)))


def _job(session: Session) -> str:
    return session.workspace.job.name


def _names(attempts: Sequence[Attempt]) -> str:
    rest = ["..."] if len(attempts) > _NAMED else []
    return ", ".join([str(attempt.key) for attempt in attempts[:_NAMED]] + rest)


def _clips_of(session: Session, attempts: Iterable[Attempt]) -> list[PlannedClip]:
    """List the clips of the plan that stand in doubt by these attempts."""
    ids = {attempt.id for attempt in attempts}
    planned = session.plan(Selection()).clips
    return [it for it in planned if it.attempt is not None and it.attempt.id in ids]


def _the_one(found: Sequence[Attempt]) -> Attempt:
    """Give the only attempt.

    Raises:
        InputError: there are several.
    """
    if len(found) > 1:
        raise InputError(
            msg(
                "--adopt settles exactly one clip, and {count} are in doubt ({clips}): name it"
                " with --sku, or its purchase with --request",
                count=len(found),
                clips=_names(found),
            )
        )
    return found[0]


def _refuse_several_of_one(found: Sequence[Attempt]) -> None:
    """Refuse to settle several purchases of one clip alike: one may be billed, another not.

    Raises:
        InputError: names their requests.
    """
    by_clip: dict[ClipKey, list[str]] = {}
    for attempt in found:
        by_clip.setdefault(attempt.key, []).append(attempt.request_id)
    for key, requests in by_clip.items():
        if len(requests) > 1:
            raise InputError(
                msg(
                    "{clip} was bought {count} times, and each purchase is in doubt by itself:"
                    " name one with --request ({requests})",
                    clip=str(key),
                    count=len(requests),
                    requests=", ".join(requests),
                )
            )


# ------------------------------------------------------------------ agreeing


def _agree(
    session: Session,
    wish: Wish,
    found: Sequence[Attempt],
    clips: Sequence[PlannedClip],
    manners: Manners,
) -> None:
    """List and ask, unless the person named one clip; without a terminal only `--yes` agrees.

    Raises:
        InputError: nobody agreed.
    """
    if wish.choice == "unpaid":
        _warn_of_late_bookings(session, found)
    if len(found) == 1 and (wish.skus or wish.requests):
        return
    for attempt in found:
        remark(_call(attempt))
    if manners.yes or session.workspace.account.provider == "simulator":
        return
    question = _question(wish, found, clips)
    if not sys.stdin.isatty():
        raise InputError(
            msg("{question} Nobody is here to ask: agree with --yes", question=question)
        )
    if not click.confirm(heard(question), err=True):
        raise InputError(msg("nothing was settled"))


def _warn_of_late_bookings(session: Session, found: Iterable[Attempt]) -> None:
    """Say that the youngest calls may still come onto a bill."""
    now = session.clock.now()
    young = [at for at in map(last_touched_at, found) if now - at < SLACK_S]
    if young:
        remark(
            msg(
                "{count} of these calls are less than a day old: a charge may be booked a day"
                " late, so only a bill that reaches beyond {until} shows that it is missing",
                count=len(young),
                until=local_time(max(young) + SLACK_S),
            )
        )


def _call(attempt: Attempt) -> Message:
    return msg(
        "  {clip}: {price} {currency}, called at {at}, request {request}",
        clip=str(attempt.key),
        price=plain(attempt.price),
        currency=attempt.currency,
        at=local_time(attempt.created_at),
        request=attempt.request_id,
    )


def _question(wish: Wish, found: Sequence[Attempt], clips: Sequence[PlannedClip]) -> Message:
    if wish.choice == "write_off":
        return msg(
            "clips that count as paid ({price} {currency}) and are given up: {count}. Is that so?",
            count=len(found),
            price=plain(sum((it.price for it in found), Decimal(0))),
            currency=found[0].currency,
        )
    return msg(
        "clips that count as not charged: {count}; the next run buys {again} of them again"
        " for {cost} {currency}. Is each of them missing on a bill made a day after the call?",
        count=len(found),
        again=len(clips),
        cost=plain(sum((entry.clip.price for entry in clips), Decimal(0))),
        currency=found[0].currency,
    )


# ------------------------------------------------------------------ telling


def _settled(attempt: Attempt) -> Message:
    return msg(
        "{clip}: {price} {currency} are now {money}, the clip is {status}",
        clip=str(attempt.key),
        price=plain(attempt.price),
        currency=attempt.currency,
        money=MONEY_WORDS[attempt.money],
        status=STATUS_WORDS[attempt.status],
    )


def _what_follows(session: Session, wish: Wish, clips: set[ClipKey]) -> Message:
    """Say what becomes of the clips now; `clips` are their names in the plan."""
    if wish.choice == "adopt":
        return msg("`{command}` fetches it; nothing more is paid for it", command=again("run"))
    if wish.choice == "write_off":
        return msg(
            "no run touches them any more; only `{command}` buys one again",
            command=again("retry", "--sku", "SKU"),
        )
    plan = session.plan(Selection())
    prices = [entry.clip.price for entry in plan.to_buy if entry.clip.key in clips]
    if not prices:
        return msg(
            "no run buys them again: the catalogue has them no more, or they were bought again"
            " already"
        )
    return msg(
        "`{command}` buys {count} of them again, for {cost} {currency}",
        command=again("run"),
        count=len(prices),
        cost=plain(sum(prices, Decimal(0))),
        currency=plan.currency,
    )


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
