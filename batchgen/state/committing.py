"""Committing changes to SQLite: one connection, in one thread, in groups.

Every call queues a change; the thread takes all that is queued, runs each change inside one
transaction (a change that fails is undone alone), commits once, then wakes the callers:

    1. take the first queued change, then all others that wait
    2. BEGIN IMMEDIATE; each change between a savepoint and its release
    3. COMMIT: from here on the changes survive a power cut; note it in the high-water mark
    4. give every caller its result

A caller that is cancelled undoes nothing: its change is committed all the same.

When the database refuses a whole group: a full disk gets the kept-back space, once, and the group
is tried again; after an error of reading, writing or syncing nobody knows what is on the disk, so
nothing is written any more. A task id that cannot be recorded goes to the spool.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from batchgen.crash_points import crash_point
from batchgen.errors import DiskFull, StateError, TaskIdKept
from batchgen.messages import msg
from batchgen.state.disk_reserve import release_reserve
from batchgen.state.marks import Mark, height_of
from batchgen.state.spool import Receipt, keep, spool_path

#: Changes that are committed together at most.
_GROUP = 500
#: The low byte of SQLite's extended codes names the kind of error.
_KIND = 0xFF

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], T]


@dataclass(frozen=True, slots=True)
class _Queued(Generic[T]):
    change: Change[T]
    receipt: Receipt | None
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


class Committer:
    """The thread that writes one state; its connection is used by nobody else."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._mark = Mark(path)
        self._mark.write(height_of(connection))
        #: Set when the disk was full: what was kept back is in use, nothing more may be bought.
        self.is_disk_full = False
        self._broken: sqlite3.Error | None = None
        self._queue: queue.SimpleQueue[_Queued[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="batchgen-state")
        self._thread.start()

    async def commit(self, change: Change[T], receipt: Receipt | None = None) -> T:
        """Run a change and commit it; `receipt` is what must be kept if that fails.

        Raises:
            TaskIdKept: it was not written, and the receipt is in the spool.
            DiskFull: it was not written, the disk is full.
            StateError: it was not written.
            Exception: whatever the change raises; it alone is undone.
        """
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Queued(change, receipt, result, loop))
        return await asyncio.shield(result)

    async def close(self) -> None:
        """Write everything queued and release the connection."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()
        self._mark.close()

    def _serve(self) -> None:
        """Commit group after group until told to stop; runs in the thread."""
        while (first := self._queue.get()) is not None:
            group = [first]
            stopping = False
            while len(group) < _GROUP and not stopping and not self._queue.empty():
                queued = self._queue.get()
                stopping = queued is None
                if queued is not None:
                    group.append(queued)
            self._settle(group)
            if stopping:
                return

    def _settle(self, group: list[_Queued[Any]]) -> None:
        """Write a group, or save of it what can be saved; give every caller its outcome."""
        try:
            outcomes = self._write(group)
        except sqlite3.Error as error:
            outcomes = self._after_refusal(group, error)
        for queued, outcome in zip(group, outcomes, strict=True):
            queued.settle(outcome)

    def _write(self, group: list[_Queued[Any]]) -> list[object]:
        """Run a group's changes in one transaction; give their values, or their errors.

        Raises:
            sqlite3.Error: nothing of the group was written.
        """
        if self._broken is not None:
            raise self._broken
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._try_change(queued.change) for queued in group]
            crash_point("commit-before")
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):  # the transaction may have ended with it
                self._connection.execute("ROLLBACK")
            raise
        crash_point("commit-after")
        with contextlib.suppress(sqlite3.Error):  # the mark may stay behind
            self._mark.write(height_of(self._connection))
        return outcomes

    def _try_change(self, change: Change[object]) -> object:
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

    def _after_refusal(self, group: list[_Queued[Any]], error: sqlite3.Error) -> list[object]:
        """Try a group once more on a full disk; else keep its task ids, and give errors."""
        kind = _kind_of(error)
        if kind == sqlite3.SQLITE_FULL and release_reserve(self._path):
            self.is_disk_full = True
            try:
                return self._write(group)
            except sqlite3.Error as again:
                error = again
        if kind == sqlite3.SQLITE_IOERR:
            self._broken = error
        return [self._not_written(queued.receipt, error) for queued in group]

    def _not_written(self, receipt: Receipt | None, error: sqlite3.Error) -> StateError:
        if receipt is not None and keep(self._path, receipt):
            return TaskIdKept(
                msg(
                    "task {task} was bought, but the state {path} could not record it ({reason});"
                    " its id is kept in {spool}, and the next run takes it in",
                    task=receipt.task_id,
                    path=self._path,
                    reason=str(error),
                    spool=spool_path(self._path).name,
                )
            )
        is_full = _kind_of(error) == sqlite3.SQLITE_FULL
        return (DiskFull if is_full else StateError)(
            msg(
                "the state {path} cannot be written ({reason}): free the disk or mend the"
                " file's rights, then run again",
                path=self._path,
                reason=str(error),
            )
        )


def _kind_of(error: sqlite3.Error) -> int:
    """Give SQLite's primary error code; 0 for an error of the Python module itself."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & _KIND
