"""What the parts of one run share: the state, the clock, who watches, and the reason to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Unpack
from zoneinfo import ZoneInfo

from batchgen.clip import MEANING, Attempt, AttemptState, Balance, MoneyPlace, Status
from batchgen.job.schema import Budget, Window
from batchgen.run.backlog import Backlog
from batchgen.run.outlook import Outlook
from batchgen.run.ports import Clock, Ends, Observer, Progress
from batchgen.run.slots import Slots, SlotsByModel
from batchgen.run.stopping import Stop
from batchgen.run.sweep import Sweep
from batchgen.state.ledger import BUDGET_ZONE
from batchgen.state.store import Facts, Run, StateWriter

#: A clip with one of these has nothing more to wait for in this run.
_SETTLED = frozenset({Status.DONE, Status.FAILED, Status.LOST, Status.UNCERTAIN})


@dataclass(slots=True)
class Tally:
    """Counts moves of attempts; knows nothing of how they come about."""

    job: str
    currency: str
    #: Clips this run has to buy or bring home.
    total: int
    #: Money of the job before this start.
    before: Balance
    #: Model -> clips not yet submitted.
    waiting: Counter[str]
    #: Model -> seconds that tasks took, oldest first.
    seconds: dict[str, list[float]]
    _states: dict[int, AttemptState] = field(default_factory=dict)
    _statuses: Counter[Status] = field(default_factory=Counter)
    _changes: dict[MoneyPlace, Decimal] = field(
        default_factory=lambda: dict.fromkeys(MoneyPlace, Decimal(0))
    )

    def know(self, attempt: Attempt) -> None:
        """Start from an attempt that was there before."""
        self._states[attempt.id] = attempt.state
        if attempt.job == self.job:
            self._statuses[attempt.status] += 1

    def moved(self, attempt: Attempt) -> None:
        """Count a move that is durable."""
        old = self._states.get(attempt.id)
        self._states[attempt.id] = attempt.state
        self._learn(old, attempt)
        if attempt.job != self.job:
            return
        if old is None:
            self.waiting[attempt.model] -= 1
        else:
            self._statuses[MEANING[old][0]] -= 1
            self._changes[MEANING[old][1]] -= attempt.price
        self._statuses[attempt.status] += 1
        self._changes[attempt.money] += attempt.price
        if attempt.state is AttemptState.REJECTED:
            self.waiting[attempt.model] += 1

    def seen(self, model: str) -> Sequence[float]:
        """Give the seconds that tasks of a model took."""
        return self.seconds.get(model, ())

    @property
    def left_to_buy(self) -> int:
        """Clips that were not submitted yet."""
        return sum(count for count in self.waiting.values() if count > 0)

    @property
    def has_more_to_buy(self) -> bool:
        """Clips are left that were not submitted yet."""
        return self.left_to_buy > 0

    def progress(self, held: int, slots: int, in_doubt: int = 0) -> Progress:
        """Give the figures of this moment; of the slots held, so many are by clips in doubt."""
        return Progress(
            settled=sum(self._statuses[status] for status in _SETTLED),
            total=self.total,
            done=self._statuses[Status.DONE],
            spent=self.before.spent + self._changes[MoneyPlace.SPENT],
            at_risk=self.before.at_risk + self._changes[MoneyPlace.AT_RISK],
            reserved=self.before.reserved + self._changes[MoneyPlace.RESERVED],
            currency=self.currency,
            in_flight=held - in_doubt,
            slots=slots,
            ends=None,
            in_doubt=in_doubt,
        )

    def _learn(self, old: AttemptState | None, attempt: Attempt) -> None:
        has_ended = attempt.state in {AttemptState.SUCCEEDED, AttemptState.FAILED}
        was_alive = old in {AttemptState.ACCEPTED, AttemptState.STALLED, AttemptState.VANISHED}
        if has_ended and was_alive and attempt.finished_at and attempt.submitted_at:
            seconds = attempt.finished_at - attempt.submitted_at
            self.seconds.setdefault(attempt.model, []).append(max(seconds, 0.0))


@dataclass(slots=True)
class RunContext:
    """One run while it goes on."""

    run: Run
    budget: Budget
    currency: str
    state: StateWriter
    clock: Clock
    observer: Observer
    stop: Stop
    slots: Slots | SlotsByModel
    tally: Tally
    #: The hours in which may be bought; None: at any time.
    window: Window | None = None
    #: The zone by which budgets count days.
    zone: ZoneInfo = BUDGET_ZONE
    #: Ids of attempts whose POST is not answered yet.
    in_air: set[int] = field(default_factory=set)
    #: Asyncio tasks between their intent and the record of its answer: not to be cancelled.
    submitting: set[asyncio.Task[Any] | None] = field(default_factory=set)
    #: Set whenever one of them has recorded its answer.
    landed: asyncio.Event = field(default_factory=asyncio.Event)
    #: A budget of one SKU or one column value kept a clip from being bought.
    held_by_budget: bool = False
    #: Until when the brake lets nothing be bought, in UTC seconds.
    paused_until: float = 0.0
    #: Id of an attempt in doubt -> until when it holds a slot, in UTC seconds.
    _doubts: dict[int, float] = field(default_factory=dict)
    #: Model -> slots held by its attempts in doubt.
    _in_doubt: Counter[str] = field(default_factory=Counter)
    #: Attempt id and since when it counts -> the monotonic moment this start met it so.
    _met_at: dict[tuple[int, float], float] = field(default_factory=dict)
    #: What is paid and not saved yet.
    backlog: Backlog = field(init=False)

    #: Who is to be asked for after the machine slept.
    sweep: Sweep = field(init=False)

    #: When it will be done.
    outlook: Outlook = field(init=False)

    def __post_init__(self) -> None:
        self.outlook = Outlook(self.clock, self.age_s)
        self.sweep = Sweep(self.clock)
        self.backlog = Backlog(self.clock, self.stop, self.observer, self.slots)

    @contextlib.contextmanager
    def not_cancelled(self) -> Iterator[None]:
        """Keep the current asyncio task from being cancelled by a first signal."""
        task = asyncio.current_task()
        self.submitting.add(task)
        try:
            yield
        finally:
            self.submitting.discard(task)
            self.landed.set()

    def know(self, attempt: Attempt) -> None:
        """Start from an attempt that was there before."""
        self._meet(attempt)
        self.tally.know(attempt)
        self.outlook.note(attempt)
        self.backlog.take_in(attempt)

    def age_s(self, attempt: Attempt) -> float:
        """Give the seconds since an attempt was submitted (or made, if that is not known).

        Where the wall clock was set back meanwhile, those since this start met it as submitted.
        """
        since = attempt.submitted_at or attempt.created_at
        now = self.clock.monotonic()
        met_at = self._met_at.get((attempt.id, since), now)
        return max(self.clock.now() - since, now - met_at)

    def _meet(self, attempt: Attempt) -> None:
        since = attempt.submitted_at or attempt.created_at
        self._met_at.setdefault((attempt.id, since), self.clock.monotonic())

    async def move(
        self, attempt: Attempt, to: AttemptState, reason: str = "", **facts: Unpack[Facts]
    ) -> Attempt:
        """Move an attempt durably, then tell who watches."""
        moved = await self.state.move(attempt.id, to, reason, **facts)
        self.tell(moved)
        return moved

    def tell(self, attempt: Attempt) -> None:
        """Tell who watches of a change that is already durable."""
        self._meet(attempt)
        self.tally.moved(attempt)
        self.outlook.note(attempt)
        self.backlog.take_in(attempt)
        self.observer.moved(attempt)
        self._tell_figures()

    @contextlib.contextmanager
    def slot_in_doubt(self, attempt: Attempt, seconds: float) -> Iterator[None]:
        """Show that a slot is held, for so long, by an attempt that may be alive or not."""
        self._doubts[attempt.id] = self.clock.now() + seconds
        self._in_doubt[attempt.model] += 1
        self._tell_figures()
        try:
            with self.slots.of(attempt.model).in_doubt():
                yield
        finally:
            del self._doubts[attempt.id]
            self._in_doubt[attempt.model] -= 1

    def _tell_figures(self) -> None:
        slots = self.slots
        figures = self.tally.progress(slots.held, slots.limit, in_doubt=len(self._doubts))
        self.observer.progress(replace(figures, ends=self._ends(), waits_until=self._waits_until()))

    def _ends(self) -> Ends | None:
        """Give when the run ends: where it stops, with what is alive."""
        waiting = self.tally.waiting if self.stop.reason is None else {}
        return self.outlook.ends(self.slots, self._in_doubt, waiting, self.tally.seconds)

    def _waits_until(self) -> float | None:
        """Give the moment before which nothing can be bought, if something is left to buy."""
        if self.stop.reason is not None or not self.tally.has_more_to_buy:
            return None
        until = self.paused_until
        if len(self._doubts) >= self.slots.held >= self.slots.limit:
            to_free = self.slots.held - self.slots.limit
            until = max(until, sorted(self._doubts.values())[to_free])
        return until if until > self.clock.now() else None
