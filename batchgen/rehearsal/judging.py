"""Holds the promises against what the simulator itself saw. Pure.

The bill decides what was bought; our own state is only asked how it explains each line of it. The
bill of a rehearsal charges every task that was made, also those that ended with FAIL.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from batchgen.clip import Attempt, AttemptState, MoneyPlace, Status
from batchgen.job.schema import Budget
from batchgen.messages import Message, msg
from batchgen.plan.values import Plan, plain
from batchgen.state.ledger import BUDGET_ZONE, day_of
from batchgen.state.store import Purse

#: A purchase with one of these and without a task id says "this may have been bought".
_IN_DOUBT = frozenset({AttemptState.INTENT, AttemptState.UNKNOWN})
#: A paid clip with one of these is here, on its way, or known to be in doubt.
_NOT_LOST = frozenset({Status.DONE, Status.READY, Status.RUNNING, Status.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of the simulator's bill."""

    task_id: str
    request_id: str
    price: Decimal
    #: The task ended with FAIL.
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen at the end of a rehearsal."""

    #: The whole job, as it was planned before the first start.
    plan: Plan
    budget: Budget
    bill: Sequence[Charge]
    #: The simulator's own counters.
    stats: Mapping[str, Any]
    #: Every attempt of the state.
    attempts: Sequence[Attempt]
    #: Files that the state has as saved and that are not there byte by byte.
    damaged: Sequence[str] = ()
    #: What was said of each start that neither was killed nor ended as a run may.
    broken_starts: Sequence[Message] = ()
    #: The zone by which budgets count days.
    zone: tzinfo = BUDGET_ZONE
    #: Attempt by request id.
    by_request: Mapping[str, Attempt] = field(init=False)

    def __post_init__(self) -> None:
        by_request = {attempt.request_id: attempt for attempt in self.attempts}
        object.__setattr__(self, "by_request", by_request)


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise, what was measured for it, and each way in which it was broken."""

    #: Stable, for programs.
    name: str
    text: Message
    measured: Message
    breaches: tuple[Message, ...]


def judge(evidence: Evidence) -> tuple[Promise, ...]:
    """Hold every promise against the evidence, the money first."""
    return (
        _bought_twice(evidence),
        _paid_and_lost(evidence),
        _over_budget(evidence),
        _over_tier(evidence),
        _unexplained(evidence),
        _damaged_files(evidence),
        _broken_starts(evidence),
    )


def in_doubt(evidence: Evidence) -> list[tuple[Attempt, bool]]:
    """List the clips that a person would have to settle, and whether each was charged."""
    charged = {charge.request_id for charge in evidence.bill}
    return [
        (attempt, attempt.request_id in charged)
        for attempt in sorted(evidence.attempts, key=lambda attempt: attempt.key)
        if attempt.status is Status.UNCERTAIN
    ]


def standing(evidence: Evidence) -> Counter[Status]:
    """Count the clips of the plan by how they stand now."""
    newest = {attempt.key: attempt.status for attempt in evidence.attempts}
    return Counter(newest.get(entry.clip.key, Status.PLANNED) for entry in evidence.plan.clips)


def total(charges: Iterable[Charge]) -> Decimal:
    """Sum a bill."""
    return sum((charge.price for charge in charges), Decimal(0))


def _explained(evidence: Evidence) -> Iterator[tuple[Charge, Attempt]]:
    """Yield each line of the bill that an attempt stands for."""
    for charge in evidence.bill:
        attempt = evidence.by_request.get(charge.request_id)
        if attempt is None:
            continue
        is_open = attempt.task_id is None and attempt.state in _IN_DOUBT
        if attempt.task_id == charge.task_id or is_open:
            yield charge, attempt


def _bought_twice(evidence: Evidence) -> Promise:
    bought = [
        evidence.by_request[charge.request_id].key
        for charge in evidence.bill
        if charge.request_id in evidence.by_request
    ]
    wanted = {entry.clip.key for entry in evidence.plan.clips}
    return Promise(
        "bought_twice",
        msg("bought twice"),
        msg("{charges} charges, {clips} clips", charges=len(evidence.bill), clips=len(wanted)),
        tuple(
            msg("{clip} was bought {count} times", clip=str(key), count=count)
            for key, count in sorted(Counter(bought).items())
            if count > 1 or key not in wanted
        ),
    )


def _paid_and_lost(evidence: Evidence) -> Promise:
    counts = standing(evidence)
    return Promise(
        "paid_and_lost",
        msg("paid and lost"),
        msg(
            "{saved} saved, {doubtful} in doubt, {failed} failed, {planned} not bought",
            saved=counts[Status.DONE],
            doubtful=counts[Status.UNCERTAIN],
            failed=counts[Status.FAILED],
            planned=counts[Status.PLANNED],
        ),
        tuple(
            msg(
                "{clip}: task {task} was charged {price}, but the state has it as {state}",
                clip=str(attempt.key),
                task=charge.task_id,
                price=charge.price,
                state=attempt.state,
            )
            for charge, attempt in _explained(evidence)
            if not (
                attempt.status in _NOT_LOST
                or (attempt.state is AttemptState.FAILED and charge.has_failed)
            )
        ),
    )


def _over_budget(evidence: Evidence) -> Promise:
    plan = evidence.plan
    ceilings = {"run": plan.cost} | evidence.budget.ceilings()
    worst = {purse: amount for purse, amount in _worst(evidence).items() if purse.kind in ceilings}
    runs = [amount for purse, amount in worst.items() if purse.kind == "run"]
    return Promise(
        "over_budget",
        msg("over budget"),
        msg(
            "{most} of {ceiling} {currency}, budgets watched: {count}",
            most=plain(max(runs, default=Decimal(0))),
            ceiling=plain(ceilings["run"]),
            currency=plan.currency,
            count=len(worst),
        ),
        tuple(
            msg(
                "budget {kind} {key}: {amount} of {ceiling} {currency}",
                kind=purse.kind,
                key=purse.key,
                amount=plain(amount),
                ceiling=plain(ceilings[purse.kind]),
                currency=plan.currency,
            )
            for purse, amount in worst.items()
            if amount > ceilings[purse.kind]
        ),
    )


def _worst(evidence: Evidence) -> dict[Purse, Decimal]:
    """Sum every purse by the bill and by what our own books commit to; give the larger sum."""
    tags = {entry.clip.key: entry.clip.tags for entry in evidence.plan.clips}
    billed: defaultdict[Purse, Decimal] = defaultdict(Decimal)
    committed: defaultdict[Purse, Decimal] = defaultdict(Decimal)
    for charge, attempt in _explained(evidence):
        for purse in _purses(attempt, tags.get(attempt.key, {}), evidence.zone):
            billed[purse] += charge.price
    for attempt in evidence.attempts:
        if attempt.money is not MoneyPlace.RELEASED:
            for purse in _purses(attempt, tags.get(attempt.key, {}), evidence.zone):
                committed[purse] += attempt.price
    return {purse: max(billed[purse], committed[purse]) for purse in {**committed, **billed}}


def _purses(attempt: Attempt, tags: Mapping[str, str], zone: tzinfo) -> tuple[Purse, ...]:
    day = day_of(attempt.created_at, zone)
    return (
        Purse("run", attempt.run_id),
        Purse("job", attempt.job),
        Purse("day", day),
        Purse("month", day[:7]),
        Purse("sku", attempt.key.sku),
        *(Purse(f"by:{column}", value) for column, value in tags.items()),
    )


def _over_tier(evidence: Evidence) -> Promise:
    cap, most = evidence.stats["cap"], evidence.stats["max_in_flight"]
    turned_away = evidence.stats["over_cap"]
    breaches = []
    if most > cap:
        breaches.append(msg("{most} tasks were alive at once, of {cap}", most=most, cap=cap))
    if turned_away:
        breaches.append(
            msg("{count} purchases were tried while every place was taken", count=turned_away)
        )
    return Promise(
        "over_tier",
        msg("over the tier"),
        msg("{most} of {cap} at once", most=most, cap=cap),
        tuple(breaches),
    )


def _unexplained(evidence: Evidence) -> Promise:
    explained = {charge.task_id for charge, _ in _explained(evidence)}
    return Promise(
        "unexplained_charges",
        msg("unexplained charges"),
        msg(
            "{count} of {charges} charges found in the state",
            count=len(explained),
            charges=len(evidence.bill),
        ),
        tuple(
            msg(
                "task {task} ({request}) was charged {price} and nothing accounts for it",
                task=charge.task_id,
                request=charge.request_id,
                price=charge.price,
            )
            for charge in evidence.bill
            if charge.task_id not in explained
        ),
    )


def _damaged_files(evidence: Evidence) -> Promise:
    saved = sum(attempt.state is AttemptState.SAVED for attempt in evidence.attempts)
    return Promise(
        "damaged_files",
        msg("damaged files"),
        msg("{count} files compared byte by byte", count=saved),
        tuple(msg("{file} is not what was saved", file=file) for file in evidence.damaged),
    )


def _broken_starts(evidence: Evidence) -> Promise:
    return Promise(
        "broken_starts",
        msg("runs that broke down"),
        msg("each start was killed, or ended by itself"),
        tuple(evidence.broken_starts),
    )
