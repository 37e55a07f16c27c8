"""What a run that is over tells: how every clip stands, where the money is, what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from batchgen.cli.hints import about_doubt, again
from batchgen.cli.speech import heard, remark, tell
from batchgen.clip import Attempt, MoneyPlace, Status
from batchgen.execution import Ending, Session
from batchgen.messages import Message, msg
from batchgen.plan.values import Action, Plan, plain
from batchgen.provider.port import StopReason
from batchgen.state.store import Purse
from batchgen.words import STATUS_WORDS

#: Told of every run, also where there are none.
_ALWAYS = (Status.DONE, Status.FAILED, Status.UNCERTAIN)
_ELSE = (Status.LOST, Status.READY, Status.RUNNING, Status.PLANNED)


#: What a person may have to look at, or another start to do.
_OPEN = frozenset(Status) - {Status.DONE, Status.PLANNED, Status.INVALID}


@dataclass(frozen=True)
class Outcome:
    """How a run ended and how the clips of its job stand then."""

    session: Session
    ending: Ending
    #: The plan as it was run, and as it is now.
    before: Plan
    after: Plan
    #: The job's purchases that no clip of the plan has.
    others: Sequence[Attempt]

    @cached_property
    def open(self) -> list[Attempt]:
        """The newest attempts of clips that are neither done nor simply not bought."""
        found = [it.attempt for it in self.after.not_done() if it.attempt is not None]
        return [attempt for attempt in (*found, *self.others) if attempt.status in _OPEN]

    def attempts(self, status: Status) -> list[Attempt]:
        """List those that have a status."""
        return [attempt for attempt in self.open if attempt.status is status]

    def counts(self) -> dict[Status, int]:
        """Count the clips by status; what is over for a clip no longer wanted is left out."""
        counts = Counter(self.after.statuses)
        counts.update(it.status for it in self.others if it.status is not Status.FAILED)
        return {status: counts[status] for status in Status if status is not Status.INVALID}


def summary(outcome: Outcome) -> dict[str, Any]:
    """Give `run --json` (contract, section 7) but for its exit code."""
    after = outcome.after
    money = outcome.session.reader.balance(after.account, Purse("job", after.job))
    return {
        "run": outcome.ending.run.id,
        **{status.value: count for status, count in outcome.counts().items()},
        "changed": after.count_of(Action.CHANGED),
        "invalid": len({(fault.file, fault.row) for fault in after.faults}),
        "skipped": outcome.before.count_of(Action.DONE),
        "spent": plain(money.spent),
        "at_risk": plain(money.at_risk),
        "reserved": plain(money.reserved),
        "currency": after.currency,
        "seconds": round(outcome.ending.seconds, 1),
        "stopped": outcome.ending.stopped,
    }


def tell_ending(outcome: Outcome, told: Mapping[str, Any]) -> None:
    """Print how a run ended; `told` is its summary."""
    for message in _remarks(outcome):
        remark(message)
    tell(
        msg(
            "{clips} | {spent} {currency} spent, {at_risk} at risk, {reserved} in the air"
            " | {seconds} s",
            clips=_counted(outcome.counts()),
            spent=told["spent"],
            at_risk=told["at_risk"],
            reserved=told["reserved"],
            currency=told["currency"],
            seconds=told["seconds"],
        )
    )
    tell(msg("open {report}", report=outcome.session.workspace.output / "report.html"))


def _counted(counts: Mapping[Status, int]) -> str:
    shown = [*_ALWAYS, *(status for status in _ELSE if counts[status])]
    return ", ".join(f"{heard(STATUS_WORDS[status])} {counts[status]}" for status in shown)


def _remarks(outcome: Outcome) -> Iterator[Message]:
    yield from _about_failed(outcome.after)
    if outcome.attempts(Status.LOST):
        command = again("retry", "--lost")
        yield msg("lost: `{command}` buys them again", command=command)
    doubtful = outcome.attempts(Status.UNCERTAIN)
    if doubtful:
        yield msg(
            "clips in doubt: {count}, {cost} {currency}; settle them first",
            count=len(doubtful),
            cost=_cost(doubtful),
            currency=outcome.after.currency,
        )
        yield from about_doubt(outcome.after.account)
    yield from _about_unfinished(outcome)


def tell_stop(ending: Ending) -> None:
    """Say why a run stopped early, if it did."""
    if ending.stopped is StopReason.BUDGET:
        remark(
            msg(
                "stopped early: {reason}. Raise that budget to go on; one of the run alone starts"
                " afresh with `{command}`",
                reason=ending.message,
                command=again("run", "--new-run"),
            )
        )
    elif ending.message is not None:
        remark(msg("stopped early: {reason}", reason=ending.message))


def _about_failed(after: Plan) -> Iterator[Message]:
    """Name the failed clips, and say what became of their money."""
    places: set[MoneyPlace] = set()
    for entry in after.not_done():
        if entry.status is not Status.FAILED or entry.attempt is None:
            continue
        places.add(entry.attempt.money)
        reason = entry.attempt.error or "FAIL"
        yield msg("{clip} failed: {reason}", clip=str(entry.clip.key), reason=reason)
    if MoneyPlace.RELEASED in places:
        yield msg(
            "nothing was charged for a clip that the provider refused: mend its row and run again"
        )
    if MoneyPlace.AT_RISK in places:
        yield msg(
            "a clip that the provider reported as FAIL may have been billed; `{command}` buys it"
            " again at its price",
            command=again("retry", "--failed"),
        )


def _about_unfinished(outcome: Outcome) -> Iterator[Message]:
    """Say what another start still has to do, and the command for it."""
    running, ready = outcome.attempts(Status.RUNNING), outcome.attempts(Status.READY)
    currency = outcome.after.currency
    if running:
        yield msg(
            "clips still being made: {count} ({cost} {currency}); run again within a day to"
            " fetch them, later their links are dead",
            count=len(running),
            cost=_cost(running),
            currency=currency,
        )
    if ready:
        yield msg(
            "clips paid and not here yet: {count} ({cost} {currency}); run again to fetch"
            " them, `{command}` says when their links die",
            count=len(ready),
            cost=_cost(ready),
            currency=currency,
            command=again("status"),
        )
    if not (running or ready or outcome.ending.stopped):
        return
    planned = outcome.counts()[Status.PLANNED]
    if planned:
        yield msg("clips not bought: {count}", count=planned)
    if running or ready or outcome.ending.stopped is not StopReason.BUDGET:
        yield msg("`{command}` goes on from here", command=again("run"))


def _cost(attempts: Iterable[Attempt]) -> str:
    return plain(sum((attempt.price for attempt in attempts), Decimal(0)))
