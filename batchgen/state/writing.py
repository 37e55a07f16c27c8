"""The writing side of the SQLite state: one connection, in one thread, committing in groups.

Every call queues a change; the thread takes all that is queued, runs each change inside one
transaction (a change that fails is undone alone), commits once, then wakes the callers:

    1. take the first queued change, then all others that wait
    2. BEGIN IMMEDIATE; each change between a savepoint and its release
    3. COMMIT: from here on the changes survive a power cut; note it in the high-water mark
    4. give every caller its result

A caller that is cancelled undoes nothing: its change is committed all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, Unpack

from batchgen.clip import AccountScope, Attempt, AttemptState, ClipKey, Intent
from batchgen.crash_points import crash_point
from batchgen.errors import StateError
from batchgen.messages import msg
from batchgen.state import changes
from batchgen.state.marks import Mark, height_of
from batchgen.state.opening import open_for_writing
from batchgen.state.store import Facts, Limit, Order, Run

#: Changes that are committed together at most.
_GROUP = 500


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Queued(Generic[T]):
    change: Callable[[sqlite3.Connection], T]
    result: asyncio.Future[T]
    loop: asyncio.AbstractEventLoop

    def settle(self, outcome: Any) -> None:
        """Give the caller its value or exception, from the writer's thread."""
        with contextlib.suppress(RuntimeError):  # the caller's loop is closed: nobody waits
            self.loop.call_soon_threadsafe(self._wake, outcome)

    def _wake(self, outcome: Any) -> None:
        if isinstance(outcome, BaseException):
            self.result.set_exception(outcome)
        else:
            self.result.set_result(outcome)


class SqliteWriter:
    """A `StateWriter` over one SQLite file; `now` gives UTC seconds since the epoch."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        """Open the state, making it when it is not there.

        Raises:
            StateError: the file is damaged, foreign, too new or not writable.
        """
        self._path = path
        self._now = now
        self._connection = open_for_writing(path)
        self._mark = Mark(path)
        self._mark.write(height_of(self._connection))
        self._queue: queue.SimpleQueue[_Queued[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="batchgen-state")
        self._thread.start()

    async def start_run(self, run: Run) -> None:
        """Record a run as open (inserts it, or opens it again)."""
        await self._commit(lambda connection: changes.start_run(connection, run))

    async def end_run(self, run_id: str, exit_code: int, stopped: str | None) -> None:
        """Record that a run ended."""
        now = self._now()
        await self._commit(
            lambda connection: changes.end_run(connection, run_id, exit_code, stopped, now)
        )

    async def reserve(self, run: Run, intent: Intent, day: str, limits: Sequence[Limit]) -> Attempt:
        """Write the intent and reserve its price in one transaction with the check of all limits.

        Raises:
            BudgetExceeded: a limit would be passed; nothing was written.
            IllegalTransition: it would be a second purchase that nobody asked for.
        """
        now = self._now()
        return await self._commit(
            lambda connection: changes.reserve(connection, run, intent, day, limits, now)
        )

    async def move(
        self, attempt_id: int, to: AttemptState, reason: str = "", **facts: Unpack[Facts]
    ) -> Attempt:
        """Move an attempt, set facts, move its money and write the event, in one transaction.

        Raises:
            IllegalTransition: `clip.MOVES` does not have this move.
            TaskIdTaken: another attempt of the account has this task.
        """
        now = self._now()
        return await self._commit(
            lambda connection: changes.move(connection, attempt_id, to, reason, facts, now)
        )

    async def place_order(
        self, job: str, account: AccountScope, kind: str, keys: Sequence[ClipKey]
    ) -> Order:
        """Record a wish to buy clips again; an open order of the same kind takes in what is new."""
        now = self._now()
        return await self._commit(
            lambda connection: changes.place_order(connection, job, account, kind, keys, now)
        )

    async def close(self) -> None:
        """Write everything queued and release the connection."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()
        self._mark.close()

    async def _commit(self, change: Callable[[sqlite3.Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Queued(change, result, loop))
        return await asyncio.shield(result)

    def _serve(self) -> None:
        """Commit group after group until told to stop; runs in the writer's thread."""
        while (first := self._queue.get()) is not None:
            group = [first]
            stopping = False
            while len(group) < _GROUP and not stopping and not self._queue.empty():
                queued = self._queue.get()
                stopping = queued is None
                if queued is not None:
                    group.append(queued)
            self._commit_group(group)
            if stopping:
                return

    def _commit_group(self, group: list[_Queued[Any]]) -> None:
        outcomes: list[object] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes.extend(self._try_change(queued.change) for queued in group)
            crash_point("commit-before")
            self._connection.execute("COMMIT")
            crash_point("commit-after")
            self._mark.write(height_of(self._connection))
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):  # the transaction may have ended with it
                self._connection.execute("ROLLBACK")
            outcomes = [self._not_written(error)] * len(group)
        for queued, outcome in zip(group, outcomes, strict=True):
            queued.settle(outcome)

    def _try_change(self, change: Callable[[sqlite3.Connection], object]) -> object:
        """Run one change; one that fails is undone alone and gives its error as the outcome.

        Only trouble of the database itself is raised: then nothing of the group is written. A bug
        in a change must reach its caller, for if this thread ended, everybody would wait for ever.
        """
        self._connection.execute("SAVEPOINT change")
        try:
            outcome = change(self._connection)
        except Exception as error:
            if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
                raise
            self._connection.execute("ROLLBACK TO change")
            outcome = error
        self._connection.execute("RELEASE change")
        return outcome

    def _not_written(self, error: sqlite3.Error) -> StateError:
        return StateError(
            msg(
                "the state {path} cannot be written ({reason}): free the disk or mend the"
                " file's rights, then run again",
                path=self._path,
                reason=str(error),
            )
        )
