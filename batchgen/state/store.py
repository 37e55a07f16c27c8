"""The port to the state: everything the product may ask of it, whatever database holds it. Pure.

One state holds many accounts, jobs and runs. Reading is open to everybody at any time; writing is
for the one process that holds the state's lock. Every write is one durable transaction: when the
call returns, it is on disk. The state machine is `clip.MOVES`; an implementation must refuse any
other move by itself, and must write one event for each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypedDict, Unpack

from batchgen.clip import (
    AccountScope,
    Attempt,
    AttemptState,
    Balance,
    ClipKey,
    Intent,
    MoneyPlace,
    TaskId,
)
from batchgen.deciding import deciding_attempt


@dataclass(frozen=True, slots=True)
class Purse:
    """One thing that money is counted by."""

    #: `run`, `job`, `day`, `month`, `sku` or `by:<column>`.
    kind: str
    #: Run id, job name, `2026-11-23`, `2026-11`, the SKU, or the column's value.
    key: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A budget: the committed money of the purse may not pass the ceiling."""

    purse: Purse
    ceiling: Decimal
    #: The time zone by which its days and months are counted.
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a job, over all the starts it took."""

    id: str
    job: str
    account: AccountScope
    #: Absolute path of the output folder.
    output: str
    #: The ceiling of this run. Kept: the budget that was said; where none was, each start's own
    #: plan is the ceiling.
    budget: Decimal | None
    started_at: float
    #: None while it is open: killed or interrupted runs are continued by the next start.
    ended_at: float | None = None
    exit_code: int | None = None
    #: The `stopped` field of `run --json`.
    stopped: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A person's durable wish to buy some clips again."""

    id: int
    job: str
    #: `failed`, `lost`, `sku` or `uncertain`.
    kind: str
    created_at: float
    keys: tuple[ClipKey, ...]
    #: Those of `keys` that were not bought for this order yet.
    outstanding: tuple[ClipKey, ...]


@dataclass(frozen=True, slots=True)
class JobCounts:
    """How many clips of a job there are, by the state of their newest attempt."""

    job: str
    account: AccountScope
    currency: str
    counts: Mapping[AttemptState, int]


class Facts(TypedDict, total=False):
    """Columns of an attempt that a move may set, named and measured as in `Attempt`."""

    submitted_at: float
    finished_at: float
    downloaded_at: float
    task_id: TaskId
    error_code: str | None
    error: str | None
    video_url: str | None
    cover_url: str | None
    url_expires_at: float | None
    file: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    duration_s: float


class StateReader(Protocol):
    """The reading side: safe beside a running writer."""

    @property
    def state_id(self) -> str:
        """The state's own name, given once at its making."""

    @property
    def epoch(self) -> int:
        """How many starts have written to the state so far."""

    @property
    def changes(self) -> int:
        """How many attempts and events the state has; it only grows."""

    def newest_attempts(self, account: AccountScope | None = None) -> Iterator[Attempt]:
        """Yield the newest attempt of every clip (of one account), oldest id first."""

    def attempts(self, account: AccountScope | None = None) -> Iterator[Attempt]:
        """Yield every attempt (of one account), oldest id first."""

    def attempts_of(self, account: AccountScope, skus: Collection[str]) -> Iterator[Attempt]:
        """Yield every attempt of some SKUs of an account, oldest id first."""

    def attempts_by_id(self, ids: Collection[int]) -> Iterator[Attempt]:
        """Yield the attempts with these ids, lowest first."""

    def unfinished(self, account: AccountScope) -> list[Attempt]:
        """List attempts of any job that hold a slot, are in doubt or wait for their file.

        States: intent, unknown, accepted, stalled, vanished, succeeded, verified.
        """

    def unsaved(
        self,
        account: AccountScope | None,
        states: Collection[AttemptState],
        *,
        newest: bool = False,
    ) -> Iterator[Attempt]:
        """Yield the attempts (of one account) in some states other than saved, oldest id first.

        `newest`: only those after which their clip was not bought again.
        """

    def standings(self) -> list[JobCounts]:
        """Count the clips of every job by the state of their newest attempt, oldest job first."""

    def task_seconds(self, account: AccountScope, model: str, newest: int = 200) -> list[float]:
        """List how long the newest tasks of a model took from submit to end, newest first.

        What is older than the last 20,000 purchases says nothing of today.
        """

    def balance(self, account: AccountScope, purse: Purse) -> Balance:
        """Sum an account's money in one purse; zeros when it was never used."""

    def last_run(self, job: str, account: AccountScope) -> Run | None:
        """Give the newest run of a job, open or ended."""

    def runs(self) -> Iterator[Run]:
        """Yield all runs, oldest first."""

    def open_orders(self, job: str, account: AccountScope) -> list[Order]:
        """List the orders of a job that still have clips to buy, oldest first."""

    def events(self, attempt_id: int) -> list[tuple[float, str, str, str]]:
        """List an attempt's moves as (time, from, to, reason), oldest first."""

    def close(self) -> None:
        """Release the connection."""


class StateWriter(Protocol):
    """The writing side. Every coroutine returns after the commit; cancelling one undoes nothing."""

    async def start_run(self, run: Run) -> None:
        """Record a run as open (inserts it, or opens it again)."""

    async def end_run(self, run_id: str, exit_code: int, stopped: str | None) -> None:
        """Record that a run ended."""

    async def reserve(self, run: Run, intent: Intent, day: str, limits: Sequence[Limit]) -> Attempt:
        """Write the intent and reserve its price in one transaction with the check of all limits.

        `day` (`2026-11-23`) is the day the purchase is counted to.

        Raises:
            BudgetExceeded: a limit would be passed; nothing was written.
            IllegalTransition: `second_purchase` forbids it.
        """

    async def move(
        self, attempt_id: int, to: AttemptState, reason: str = "", **facts: Unpack[Facts]
    ) -> Attempt:
        """Move an attempt, set facts, move its money and write the event, in one transaction.

        Raises:
            IllegalTransition: `clip.MOVES` does not have this move.
            TaskIdTaken: another attempt of the account has this task.
        """

    async def place_order(
        self, job: str, account: AccountScope, kind: str, keys: Sequence[ClipKey]
    ) -> Order:
        """Record a wish to buy clips again; an open order of the same kind takes in what is new."""

    async def close(self) -> None:
        """Write everything queued and release the connection."""


def second_purchase(attempts: Sequence[Attempt], intent: Intent, *, is_ordered: bool) -> bool:
    """Tell whether buying a clip again would be a purchase that nobody asked for.

    `attempts` are all of the clip, oldest first; `is_ordered`: the intent's order still asks for
    it. What is reserved is never bought beside itself. Without an order, what is at risk stays, and
    what is spent or was refused is bought only for another request.
    """
    deciding = deciding_attempt(attempts, intent.fingerprint)
    if deciding is not None and deciding.money is MoneyPlace.RESERVED:
        return True
    if intent.order_id is not None:
        return not is_ordered
    if deciding is None:
        return False
    if deciding.state in {AttemptState.REJECTED, AttemptState.DECLARED_UNPAID}:
        return False
    return deciding.money is MoneyPlace.AT_RISK or deciding.fingerprint == intent.fingerprint


def purses_of(intent: Intent, run_id: str, job: str, day: str) -> tuple[Purse, ...]:
    """Name every purse that an intent is counted by; `day` is `2026-11-23`.

    Day and month belong to the time zone that the job's budgets follow; the caller knows it.
    """
    return (
        Purse("run", run_id),
        Purse("job", job),
        Purse("day", day),
        Purse("month", day[:7]),
        Purse("sku", intent.key.sku),
        *(Purse(f"by:{column}", value) for column, value in intent.tags.items()),
    )
