"""Decides what a reconciled bill settles among the purchases whose money is at risk. Pure.

    on the bill        UNKNOWN  -> ACCEPTED        with the task that the bill names
                       FAILED   -> WRITTEN_OFF     charged; REFUSED when it was refunded
                       VANISHED -> WRITTEN_OFF     charged; DECLARED_UNPAID when it was refunded
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

from batchgen.bill.values import Bill
from batchgen.clip import Attempt, AttemptState, TaskId
from batchgen.messages import Message, msg
from batchgen.provider.parsing import is_task_id
from batchgen.state.reconcile import SLACK_S, Charge, Match, Reconciliation, last_touched_at

_S = AttemptState

#: States that a bill can settle; with the lock of the state held, an INTENT is in the air no more.
_IN_DOUBT = frozenset({_S.INTENT, _S.UNKNOWN, _S.VANISHED, _S.FAILED})
#: Sent, and no answer with a task id was kept.
_WITHOUT_TASK = frozenset({_S.INTENT, _S.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Settlement:
    """A purchase in doubt that the bill settles."""

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
    """Decide about every purchase in doubt that the bill has, or that was made in its time."""
    on_bill = [_by_charge(found, it) for it in found.found if it.attempt.state in _IN_DOUBT]
    missing = [it for it in (*found.ours_only, *found.undated) if it.state in _IN_DOUBT]
    earliest = _earliest(found)
    return [*_adopted_once(on_bill), *(_by_absence(found, earliest, it) for it in missing)]


def _earliest(found: Reconciliation) -> dict[str, float]:
    """Give model -> when the first purchase of it was made that the bill has."""
    earliest: dict[str, float] = {}
    for attempt in (match.attempt for match in found.found):
        known = earliest.get(attempt.model, attempt.created_at)
        earliest[attempt.model] = min(known, attempt.created_at)
    return earliest


def _by_charge(found: Reconciliation, match: Match) -> Decision:
    attempt, charge = match.attempt, match.charge
    says = msg("{file}, row {row}", file=found.bill.file, row=charge.numbers)
    if attempt.state in _WITHOUT_TASK:
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
    if period is None or last_touched_at(attempt) > period.last - SLACK_S:
        return msg(
            "a charge may be booked a day late, and the bill may end before: take a later one, or"
            " say how far it reaches with --bill-period"
        )
    if earliest is None:
        return msg("the bill has no purchase of {model} at all", model=attempt.model)
    if not period.is_said and earliest > attempt.created_at:
        return msg("the bill may begin too late to have it: say what it covers with --bill-period")
    return None


def restated(settlement: Settlement) -> Attempt:
    """Give the purchase as it stands once it is settled."""
    task_id = settlement.task_id or settlement.attempt.task_id
    return replace(settlement.attempt, state=settlement.to, task_id=task_id)
