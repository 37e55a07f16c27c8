"""Decides what a reconciled bill settles: money at risk, wrong tasks, charges taken for none. Pure.

    on the bill        UNKNOWN  -> ACCEPTED        with the task that the bill names
                       FAILED   -> WRITTEN_OFF     charged; REFUSED when it was refunded
                       VANISHED -> WRITTEN_OFF     charged; DECLARED_UNPAID when it was refunded
                       REFUSED, DECLARED_UNPAID -> WRITTEN_OFF     charged after all
      as another task  VANISHED, or adopted by a person -> ACCEPTED     with the bill's task
    not on the bill    FAILED   -> REFUSED         provably within its time and its rows
                       UNKNOWN, VANISHED -> DECLARED_UNPAID

What is not on the bill proves something only where the bill surely would have it. Everything that
is not sure is left, with the reason. The price in our rows is never touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from batchgen.bill.cells import write_time
from batchgen.bill.values import Bill, Period
from batchgen.clip import Attempt, AttemptState, TaskId
from batchgen.messages import Message, msg
from batchgen.provider.parsing import is_task_id
from batchgen.state.ledger import BUDGET_ZONE
from batchgen.state.reconcile import SLACK_S, Charge, Match, Reconciliation, last_touched_at

_S = AttemptState

#: States that a bill can settle; with the lock of the state held, an INTENT is in the air no more.
_IN_DOUBT = frozenset({_S.INTENT, _S.UNKNOWN, _S.VANISHED, _S.FAILED})
#: Taken for free; a bill that charges it knows better.
_FREE = frozenset({_S.REFUSED, _S.DECLARED_UNPAID})
#: Alive as far as we know; where its task is the wrong one, that says nothing.
_RUNNING = frozenset({_S.ACCEPTED, _S.STALLED})
#: SUCCESS was seen: its charge is on every complete bill.
_SURELY_BOUGHT = frozenset({_S.SUCCEEDED, _S.VERIFIED, _S.SAVED, _S.EXPIRED, _S.PAID_NO_RESULT})
#: Clips named in a sentence.
_NAMED = 5
#: Sent, and no answer with a task id was kept.
_WITHOUT_TASK = frozenset({_S.INTENT, _S.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Settlement:
    """A purchase that the bill settles."""

    attempt: Attempt
    to: AttemptState
    #: Which bill, and what it says; the event keeps it.
    reason: Message
    #: The task to adopt.
    task_id: TaskId | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A purchase in doubt that stays so, and why."""

    attempt: Attempt
    why: Message
    #: Unexplained charges that it may be.
    candidates: tuple[Charge, ...] = ()


#: What becomes of one purchase in doubt.
Decision: TypeAlias = Settlement | Left


def settle(found: Reconciliation) -> list[Decision]:
    """Decide about every purchase in doubt that the bill has, or that was made in its time.

    Besides, about those of which the bill proves that we took them for free, or for another task.
    """
    on_bill = [_by_charge(found, it) for it in found.found if _is_open(found, it)]
    missing = [it for it in (*found.ours_only, *found.undated) if it.state in _IN_DOUBT]
    if incomplete := _why_incomplete(found):
        by_absence: list[Decision] = [Left(it, incomplete, found.may_be(it)) for it in missing]
    else:
        earliest = _earliest(found)
        by_absence = [_by_absence(found, earliest, it) for it in missing]
    return [*_adopted_once(on_bill), *by_absence]


def _why_incomplete(found: Reconciliation) -> Message | None:
    """Say that the bill lacks what was bought for sure: then it shows nothing by what it lacks.

    A charge that may be booked later than the bill ends is no such thing.
    """
    period = found.bill.period
    booked = [
        attempt
        for attempt in (*found.ours_only, *found.undated)
        if attempt.state in _SURELY_BOUGHT
        and (period is None or last_touched_at(attempt) <= period.last - SLACK_S)
    ]
    if not booked:
        return None
    return msg(
        "the bill is not complete: of the clips that were surely bought it lacks {count} ({clips})",
        count=len(booked),
        clips=", ".join(str(attempt.key) for attempt in booked[:_NAMED]),
    )


def _earliest(found: Reconciliation) -> dict[str, float]:
    """Give model -> when the first purchase of it was made that the bill has."""
    earliest: dict[str, float] = {}
    for attempt in (match.attempt for match in found.found):
        known = earliest.get(attempt.model, attempt.created_at)
        earliest[attempt.model] = min(known, attempt.created_at)
    return earliest


def _is_open(found: Reconciliation, match: Match) -> bool:
    state, is_charged = match.attempt.state, match.charge.amount > 0
    return state in _IN_DOUBT or (state in _FREE and is_charged) or _has_wrong_task(found, match)


def _has_wrong_task(found: Reconciliation, match: Match) -> bool:
    """Tell whether the bill's task is to be taken for ours, which is surely wrong.

    The provider does not know ours; or ours was named by a person, and the ids that the bill has
    for other purchases are the very ones that the API gave for them.
    """
    if not match.is_misnamed or match.charge.amount <= 0:
        return False
    if match.attempt.state in _RUNNING:
        return match.attempt.is_adopted and found.names_our_tasks
    return match.attempt.state is _S.VANISHED


def _by_charge(found: Reconciliation, match: Match) -> Decision:
    attempt, charge = match.attempt, match.charge
    says = msg("{file}, row {row}", file=found.bill.file, row=charge.numbers)
    if attempt.state in _WITHOUT_TASK or _has_wrong_task(found, match):
        return _adoption(attempt, charge, says)
    if charge.amount > 0:
        return Settlement(attempt, _S.WRITTEN_OFF, msg("charged: {says}", says=says))
    if attempt.state is _S.FAILED:
        return Settlement(attempt, _S.REFUSED, msg("not charged: {says}", says=says))
    if any(row.amount < 0 for row in charge.rows):
        return Settlement(attempt, _S.DECLARED_UNPAID, msg("refunded: {says}", says=says))
    why = msg("the bill lists it at nothing: a package may have paid for it")
    return Left(attempt, why, (charge,))


def _adoption(attempt: Attempt, charge: Charge, says: Message) -> Decision:
    if not charge.task_ids:
        why = msg("the bill has its request, but names no task: it is paid, its clip is not found")
        return Left(attempt, why, (charge,))
    if len(charge.task_ids) > 1 or not is_task_id(charge.task_ids[0]):
        why = msg("the bill names the tasks {tasks} for it", tasks=", ".join(charge.task_ids))
        return Left(attempt, why, (charge,))
    adopted = msg("adopted: {says}", says=says)
    if attempt.task_id:
        adopted = msg("adopted, not task {task}: {says}", task=attempt.task_id, says=says)
    return Settlement(attempt, _S.ACCEPTED, adopted, TaskId(charge.task_ids[0]))


def _adopted_once(decided: list[Decision]) -> Iterator[Decision]:
    """Leave purchases that would adopt one and the same task."""
    wanted = Counter(it.task_id for it in decided if isinstance(it, Settlement) and it.task_id)
    for it in decided:
        if isinstance(it, Settlement) and it.task_id and wanted[it.task_id] > 1:
            yield Left(it.attempt, msg("the bill names task {task} twice", task=it.task_id))
        else:
            yield it


def _by_absence(found: Reconciliation, earliest: Mapping[str, float], attempt: Attempt) -> Decision:
    why = _why_it_may_be_missing(found.bill, earliest.get(attempt.model), attempt)
    candidates = found.may_be(attempt)
    if why is None and candidates:
        why = msg("a charge without a purchase of ours may be it")
    if why is not None:
        return Left(attempt, why, candidates)
    to = _S.REFUSED if attempt.state is _S.FAILED else _S.DECLARED_UNPAID
    return Settlement(attempt, to, msg("not on {file}", file=found.bill.file))


def _why_it_may_be_missing(bill: Bill, earliest: float | None, attempt: Attempt) -> Message | None:
    """Say why a purchase may be missing from the bill although it was charged; None: it cannot.

    The bill must be readable to its last row, reach beyond the purchase by more than bookings
    take, and have purchases of the same model: it is neither another account's nor filtered, nor
    are its ids ones that we do not know. That it reaches back far enough shows an earlier purchase
    on it, by our own clock; its times alone may be of another zone.
    `earliest` is when the first purchase of this model was made that the bill has.
    """
    period = bill.period
    if bill.faults:
        return msg("rows of the bill cannot be read, and one of them may be it")
    if period is None:
        return msg("the bill does not say what time it covers")
    if last_touched_at(attempt) > period.last - SLACK_S:
        return _why_it_ends_too_early(period, last_touched_at(attempt) + SLACK_S)
    if earliest is None:
        return msg("the bill has no purchase of {model} at all", model=attempt.model)
    if not period.is_said and earliest > attempt.created_at:
        return msg("the bill may begin too late to have it: say what it covers with --bill-period")
    return None


def _why_it_ends_too_early(period: Period, needed: float) -> Message:
    """Say what bill it takes: one that reaches to a moment, in UTC seconds."""
    moment = write_time(needed + 1, BUDGET_ZONE)
    if period.is_cut:
        return msg(
            "a charge may be booked a day late, and the bill cannot reach beyond now: come back"
            " with one made after {moment}",
            moment=moment,
        )
    if period.is_said:
        return msg(
            "a charge may be booked a day late: it takes a bill that reaches beyond {moment}",
            moment=moment,
        )
    return msg(
        "a charge may be booked a day late, and the last row is earlier: it takes a bill that"
        " reaches beyond {moment}; if this one does, say so with --bill-period",
        moment=moment,
    )


def restated(settlement: Settlement) -> Attempt:
    """Give the purchase as it stands once it is settled."""
    task_id = settlement.task_id or settlement.attempt.task_id
    return replace(settlement.attempt, state=settlement.to, task_id=task_id)
