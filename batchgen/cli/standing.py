"""How the clips of a job stand, read from the state: counts, money, what needs a person."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from batchgen.cli.beside import beside
from batchgen.cli.looking import looking, looking_at_job
from batchgen.clip import (
    MEANING,
    AccountScope,
    Attempt,
    AttemptState,
    Balance,
    MoneyPlace,
    Status,
)
from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace, state_without_job
from batchgen.plan.values import Selection
from batchgen.state.store import Purse, StateReader

#: What a person should look at, in the order of urgency.
TROUBLE = (Status.READY, Status.UNCERTAIN, Status.LOST, Status.FAILED)
_TROUBLED = frozenset(state for state, (status, _) in MEANING.items() if status in TROUBLE)
#: States of purchases of which a person, or a bill, still has to say what they cost.
_UNSETTLED = frozenset(
    state
    for state, (status, place) in MEANING.items()
    if status is Status.UNCERTAIN or place is MoneyPlace.AT_RISK
)
#: After every link that dies.
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Standing:
    """How the clips of one job stand."""

    job: str
    account: AccountScope
    #: When this was so, in UTC seconds.
    now: float
    counts: Counter[Status]
    money: Balance
    currency: str
    #: The newest of each clip that is in trouble.
    attempts: Sequence[Attempt]
    #: In doubt or at risk, of clips that were bought again since.
    earlier: Sequence[Attempt]

    def trouble(self, *statuses: Status) -> list[Attempt]:
        """List what a person should look at, the most urgent first; all of it, or some statuses."""
        wanted = statuses or TROUBLE
        doubts = [attempt for attempt in self.earlier if attempt.status is Status.UNCERTAIN]
        found = [it for it in (*self.attempts, *doubts) if it.status in wanted]
        return sorted(found, key=lambda it: (TROUBLE.index(it.status), _death(it, self.now)))

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


def of_job(job: Path, options: Options) -> Standing:
    """Give how the clips of a job stand, its catalogue being read.

    Raises:
        InputError: job, catalogue or a setting cannot be used.
        StateError: the state cannot be read.
    """
    workspace = open_workspace(job, options, os.environ)
    now = SystemClock().now()
    with looking_at_job(workspace) as reader:
        plan = workspace.plan(reader, Selection(), now)
        purse = Purse("job", plan.job)
        money = Balance() if reader is None else reader.balance(plan.account, purse)
        others = [] if reader is None else beside(plan, reader)
        doubtful = [] if reader is None else list(reader.unsaved(plan.account, _UNSETTLED))
        attempts = [it.attempt for it in plan.not_done() if it.attempt and it.status in TROUBLE]
        shown = set(plan.attempt_ids()) if doubtful else set()
        counts = Counter(plan.statuses)
    by_id = {attempt.id: attempt for attempt in (*attempts, *others)}
    shown |= by_id.keys()
    counts.update(attempt.status for attempt in others)
    counts[Status.INVALID] = len({(fault.file, fault.row) for fault in plan.faults})
    return Standing(
        job=plan.job,
        account=plan.account,
        now=now,
        counts=counts,
        money=money,
        currency=plan.currency,
        attempts=list(by_id.values()),
        earlier=[it for it in doubtful if it.job == plan.job and it.id not in shown],
    )


def of_all(options: Options) -> list[Standing]:
    """Give every job of the state, from what was bought alone: no catalogue is read."""
    with looking(state_without_job(options, os.environ)) as reader:
        return [] if reader is None else list(_each_job(reader, SystemClock().now()))


def _each_job(reader: StateReader, now: float) -> Iterator[Standing]:
    newest = _by_job(reader.unsaved(None, _TROUBLED, newest=True))
    unsettled = _by_job(reader.unsaved(None, _UNSETTLED))
    for found in reader.standings():
        counts: Counter[Status] = Counter()
        for state, clips in found.counts.items():
            counts[MEANING[state][0]] += clips
        name = (found.job, found.account)
        attempts = newest.get(name, [])
        ids = {attempt.id for attempt in attempts}
        yield Standing(
            job=found.job,
            account=found.account,
            now=now,
            counts=counts,
            money=reader.balance(found.account, Purse("job", found.job)),
            currency=found.currency,
            attempts=attempts,
            earlier=[
                it for it in unsettled.get((found.job, found.account), ()) if it.id not in ids
            ],
        )


def _by_job(attempts: Iterable[Attempt]) -> dict[tuple[str, AccountScope], list[Attempt]]:
    by_job: dict[tuple[str, AccountScope], list[Attempt]] = {}
    for attempt in attempts:
        by_job.setdefault((attempt.job, attempt.account), []).append(attempt)
    return by_job


def _death(attempt: Attempt, now: float) -> float:
    """Give the moment its link dies; never, where no hurry can save or spoil the clip any more."""
    at = attempt.url_expires_at
    return at if at is not None and at > now and needs_link(attempt) else _NEVER


def needs_link(attempt: Attempt) -> bool:
    """Tell whether a paid clip is still to be had by its link alone."""
    return attempt.state is not AttemptState.VERIFIED
